/* SPDX-License-Identifier: BSD-2-Clause */
#include "binary_int.h"

/*
 * binary: what askc knows of a Go program.
 *
 * Problem. A spec names functions, variables and types; the object that is
 * compiled from it needs addresses, offsets and sizes, and must never read a
 * wrong one. All of it comes from the program's ELF file and DWARF, which are
 * large (1.5 million DIEs in 147 MB), quirky (Go's compiler and linker bend DWARF
 * in ways that debuggers guess around), and no more trustworthy than any file.
 *
 * Data flow.
 *	image.c     the file in memory, header tables checked, notes
 *	facts.c     symbols, relocations, Go version, initialised data
 *	walk.c      the only full walk: functions, inline trees, name indexes
 *	line.c      line tables: file names for the walk, rows when asked for
 *	type.c      types, on demand, by DIE
 *	instance.c  name -> out-of-line and inlined copies
 *	variable.c  an instance's variables: DIEs, scopes, expressions
 *	location.c  expressions -> pieces that can be trusted; the place where most
 *	            wrong values would come from, and where its essay says why not
 *	frame.c     .debug_frame -> CFA = SP + n
 *	code.c      call sites, by disassembly
 *
 * What is read by libdw and what is not. DIEs, attributes, ranges and location
 * lists are libdw's: it knows all forms and both versions, each unit by its own
 * (cgo mixes them). Line tables and .debug_frame are read here, because libdw's
 * interfaces for them cost more than the whole rest together.
 *
 * Addresses are link-time everywhere; the runtime adds the load bias.
 */

static bool has_debug_info(const struct image *image)
{
	size_t section;

	return image_section(image, ".debug_info", &section) ||
	       image_section(image, ".zdebug_info", &section);
}

/* Build IDs that both files have must be equal, and there must be one. */
static bool same_build(const struct image *a, const struct image *b)
{
	bool go = a->go_build_id[0] && b->go_build_id[0];
	bool gnu = a->gnu_build_id[0] && b->gnu_build_id[0];

	return (go || gnu) && (!go || strcmp(a->go_build_id, b->go_build_id) == 0) &&
	       (!gnu || strcmp(a->gnu_build_id, b->gnu_build_id) == 0);
}

static struct error *use_debug_file(struct binary *binary, const char *path)
{
	TRY(image_open(binary->arena, path, &binary->debug));
	if (!same_build(&binary->image, &binary->debug))
		return error_new(ERROR_TARGET,
				 "%s: its build ID is not that of %s: debug info of another build",
				 path, binary->image.path);
	if (!has_debug_info(&binary->debug))
		return error_new(ERROR_TARGET, "%s: it holds no debug info", path);
	binary->dwarf_image = &binary->debug;
	return NULL;
}

static bool is_readable(const char *path)
{
	FILE *file = fopen(path, "re");

	if (file)
		fclose(file);
	return file;
}

/* Decides whose DWARF to read: the file's own, the given one, the system's. */
static struct error *find_debug_info(struct binary *binary, const char *debug_path)
{
	const char *id = binary->image.gnu_build_id;
	const char *system = NULL;

	binary->dwarf_image = &binary->image;
	if (has_debug_info(&binary->image))
		return NULL;
	if (debug_path)
		return use_debug_file(binary, debug_path);
	if (strlen(id) > 2) {
		system = arena_printf(binary->arena, "/usr/lib/debug/.build-id/%.2s/%s.debug", id,
				      id + 2);
		if (is_readable(system))
			return use_debug_file(binary, system);
	}
	return error_new(ERROR_TARGET,
			 "%s: it has no debug info; build it without -ldflags=-w or -s, or name "
			 "its separate debug info with --debug%s%s",
			 binary->image.path, system ? "; there is none at " : "",
			 system ? system : "");
}

static struct error *open_dwarf(struct binary *binary)
{
	binary->dwarf = dwarf_begin_elf(binary->dwarf_image->elf, DWARF_C_READ, NULL);
	if (!binary->dwarf)
		return error_new(ERROR_DAMAGED, "%s: damaged DWARF: %s", binary->dwarf_image->path,
				 dwarf_errmsg(-1));
	return NULL;
}

static void init_maps(struct binary *binary, struct arena *arena)
{
	strmap_init(&binary->symbol_index, arena);
	map_init(&binary->names, arena);
	map_init(&binary->trampolines, arena);
	strmap_init(&binary->type_index, arena);
	strmap_init(&binary->global_index, arena);
	strmap_init(&binary->instance_index, arena);
	map_init(&binary->types, arena);
	map_init(&binary->any_of_shape, arena);
	strmap_init(&binary->globals, arena);
	map_init(&binary->line_tables, arena);
	strmap_init(&binary->files, arena);
}

static struct error *read_all(struct binary *binary, const char *debug_path)
{
	size_t section;

	if (!image_section(&binary->image, ".go.buildinfo", &section) &&
	    !image_section(&binary->image, ".gopclntab", &section) && !binary->image.go_build_id[0])
		return error_new(ERROR_TARGET,
				 "%s: not a Go program (no Go build information in it)",
				 binary->image.path);
	TRY(find_debug_info(binary, debug_path));
	TRY(facts_read(binary));
	TRY(open_dwarf(binary));
	TRY(walk_units(binary));
	return facts_addresses(binary);
}

struct error *binary_open(struct arena *arena, const char *path, const char *debug_path,
			  struct binary **ret)
{
	struct binary *binary = ARENA_NEW(arena, struct binary);
	struct error *error;

	binary->arena = arena;
	init_maps(binary, arena);
	error = image_open(arena, path, &binary->image);
	if (!error)
		error = read_all(binary, debug_path);
	if (error) {
		binary_close(binary);
		return error;
	}
	*ret = binary;
	return NULL;
}

void binary_close(struct binary *binary)
{
	if (binary->dwarf)
		dwarf_end(binary->dwarf);
	binary->dwarf = NULL;
	image_close(&binary->debug);
	image_close(&binary->image);
}

const struct binary_info *binary_info(const struct binary *binary)
{
	return &binary->info;
}
