# SPDX-License-Identifier: BSD-2-Clause
# embed_files(TARGET NAME files...): compiles the files into TARGET as an array
#   const struct embedded_file NAME[] = { {"path", "contents", size}, …, {0} };
# declared by NAME.h, which the target (and only it) can include.
function(embed_files target name)
  get_target_property(kind ${target} TYPE)
  if(NOT kind STREQUAL STATIC_LIBRARY)
    return()
  endif()
  set(dir "${CMAKE_BINARY_DIR}/embedded/${target}")
  list(TRANSFORM ARGN PREPEND "${CMAKE_SOURCE_DIR}/" OUTPUT_VARIABLE inputs)
  string(REPLACE ";" "|" packed "${ARGN}")
  add_custom_command(
    OUTPUT "${dir}/${name}.c" "${dir}/${name}.h"
    COMMAND "${CMAKE_COMMAND}" -DNAME=${name} "-DFILES=${packed}" -DROOT=${CMAKE_SOURCE_DIR} -DOUT=${dir}
            -P "${CMAKE_SOURCE_DIR}/scripts/embed_run.cmake"
    DEPENDS ${inputs} "${CMAKE_SOURCE_DIR}/scripts/embed_run.cmake"
    VERBATIM)
  target_sources(${target} PRIVATE "${dir}/${name}.c" "${dir}/${name}.h")
  target_include_directories(${target} PRIVATE "${dir}")
endfunction()
