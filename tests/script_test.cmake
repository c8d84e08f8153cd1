# SPDX-License-Identifier: BSD-2-Clause
#
# script_test(NAME LABEL SCRIPT args...): a test that is a script under tests/. It finds
# the programs in its environment (tests/e2e/lib.sh). Exit 77 is shown as skipped.
#
# Tests run beside each other (ctest -j). A host that is busy must not make one fail; but where
# something is about time or about the whole host, alone(NAME) keeps the others away.
include_guard(GLOBAL)

# One cache of built Go programs for all presets: they do not depend on how we are built.
set(E2E_CACHE "${CMAKE_SOURCE_DIR}/build/go-programs" CACHE PATH "Go programs that the tests build")

function(script_test name label script)
  add_test(NAME ${name} COMMAND bash "${CMAKE_SOURCE_DIR}/tests/${script}" ${ARGN}
           WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
  set_tests_properties(${name} PROPERTIES LABELS ${label} SKIP_RETURN_CODE 77 TIMEOUT 1800
    ENVIRONMENT "ASKC=$<TARGET_FILE:askc>;ASKANCE=$<TARGET_FILE:askance>;E2E_PROBE=$<TARGET_FILE:e2e_bpf_probe>;E2E_KILLER=$<TARGET_FILE:e2e_kill_in_pause>;E2E_RECORDS=$<TARGET_FILE:e2e_records>;E2E_BPF_LEFT=$<TARGET_FILE:e2e_bpf_left>;E2E_PAGE_OUT=$<TARGET_FILE:e2e_page_out>;E2E_CACHE=${E2E_CACHE}")
endfunction()

# After the others: who is alone waits until none is left.
function(alone)
  set_tests_properties(${ARGN} PROPERTIES RUN_SERIAL ON COST -1)
endfunction()
