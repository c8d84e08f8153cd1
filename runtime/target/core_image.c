/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which program a core is of, and the pages of it that the core lacks.
 *
 * The program's first page, with ELF header, program headers and build IDs, is in
 * memory; kernels and gdb dump it unless coredump_filter forbids (bit 4, on by
 * default). So the core itself says which build it is. Only where it lacks that page is the program's
 * file believed: one that the user names, or the one at the path in NT_FILE when it was not
 * changed after the core was written.
 *
 * The same file gives the text and read-only data that were not dumped (bit 2, off by
 * default): constants of strings, type descriptors, itabs. Only segments that are not
 * writable in the file count: in the others a missing page may have been changed, and
 * showing its initial bytes would be a wrong value.
 */
#include "core_int.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE_BYTES 4096u
#define LOADS_LIMIT 64u /* programs have two to six */

static bool find_auxv(const struct core_notes *notes, uint64_t type, uint64_t *ret)
{
	for (size_t at = 0; at + 16 <= notes->auxv_size; at += 16) {
		uint64_t pair[2];

		memcpy(pair, (const uint8_t *)notes->auxv + at, sizeof(pair));
		if (pair[0] == AT_NULL)
			return false;
		if (pair[0] == type) {
			*ret = pair[1];
			return true;
		}
	}
	return false;
}

/* The mapping that has the program headers is the program. */
static const struct core_mapping *find_image(const struct core_notes *notes, uint64_t headers)
{
	for (size_t i = 0; i < notes->mappings.length; i++) {
		const struct core_mapping *mapping = &notes->mappings.data[i];

		if (headers >= mapping->start && headers < mapping->end)
			return mapping;
	}
	return NULL;
}

/* The image's own headers in memory; elf64 = false when they are not there, or not whole. */
static void read_image(struct arena *arena, const struct core *core, uint64_t headers,
		       struct elf_facts *ret)
{
	struct target_memory memory = core_memory(core);
	const struct elf_source source = {
		.name = core->path,
		.size = UINT64_MAX,
		.memory = &memory,
		.base = headers & ~(uint64_t)(PAGE_BYTES - 1), /* they follow the ELF header */
	};
	struct error *error = elf_read_source(arena, &source, ret);

	if (!error)
		return;
	error_free(error); /* the program's file may tell instead; else core_identify() says so */
	*ret = (struct elf_facts){.go_build_id = "", .gnu_build_id = ""};
}

/* The program at the path in the core: -1 when it is no readable file. */
static int open_image(const char *path, struct stat *st)
{
	int fd;

	/* A core may name anything, and opening a device can do things. */
	if (path[0] != '/' || stat(path, st) < 0 || !S_ISREG(st->st_mode))
		return -1;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd >= 0 && fstat(fd, st) == 0 && S_ISREG(st->st_mode))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool same_build(const struct elf_facts *a, const struct elf_facts *b)
{
	return strcmp(a->go_build_id, b->go_build_id) == 0 &&
	       strcmp(a->gnu_build_id, b->gnu_build_id) == 0;
}

/* The file that the user named: it must be the right one. */
static struct error *take_named(struct arena *arena, const char *path, const struct elf_facts *image,
				struct core *core, struct elf_facts *ret)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return error_os(ERROR_IO, errno, "%s", path);
	core->memory->binary = fd;
	TRY(elf_read(arena, fd, path, ret));
	if (!ret->elf64)
		return error_new(ERROR_TARGET, "%s: not a program for x86-64", path);
	if (image->elf64 && !same_build(image, ret))
		return error_new(ERROR_TARGET,
				 "%s is another build than the program in %s: its build ID is '%s', "
				 "the core's '%s'",
				 path, core->path, ret->go_build_id, image->go_build_id);
	return NULL;
}

/* The file at the path in the core: taken if it is the right one. */
static void take_found(struct arena *arena, const char *path, const struct elf_facts *image,
		       struct core *core, struct elf_facts *ret)
{
	struct stat st;
	int fd = open_image(path, &st);
	struct error *error;
	int64_t changed;

	if (fd < 0)
		return;
	changed = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	error = elf_read(arena, fd, path, ret);
	if (!error && ret->elf64 &&
	    (image->elf64 ? same_build(image, ret) : changed <= core->time_ns)) {
		core->memory->binary = fd;
		return;
	}
	error_free(error); /* then it is no longer the program that ran */
	*ret = (struct elf_facts){.go_build_id = "", .gnu_build_id = ""};
	close(fd);
}

/* Segments and mappings that core_image_find() may use. */
static void keep_image(struct arena *arena, const struct core_notes *notes,
		       const struct elf_facts *file, struct core *core)
{
	struct core_memory *memory = core->memory;
	VEC(struct core_mapping) mappings = {0};
	VEC(struct elf_load) loads = {0};

	for (size_t i = 0; i < file->loads.length && loads.length < LOADS_LIMIT; i++)
		if (!file->loads.data[i].writable && file->loads.data[i].size)
			*VEC_PUSH(arena, &loads) = file->loads.data[i];
	for (size_t i = 0; memory->image && i < notes->mappings.length; i++)
		if (strcmp(notes->mappings.data[i].path, memory->image) == 0 &&
		    mappings.length < LOADS_LIMIT)
			*VEC_PUSH(arena, &mappings) = notes->mappings.data[i];
	memory->load_bias = core->info.load_bias;
	memory->loads = loads.data;
	memory->loads_count = loads.length;
	memory->mappings = mappings.data;
	memory->mappings_count = mappings.length;
}

/* Texts that tell people whose core it is. */
static void describe(struct arena *arena, const struct core_notes *notes, struct core *core)
{
	static const char deleted[] = " (deleted)"; /* the kernel's mark, see proc_executable() */
	const char *path = core->memory->image ? core->memory->image : "";
	size_t length = strlen(path), tail = sizeof(deleted) - 1;

	if (core->memory->binary < 0 && length > tail &&
	    strcmp(path + length - tail, deleted) == 0)
		length -= tail;
	core->info.pid = notes->pid;
	core->info.executable = arena_strndup(arena, path, length);
	core->info.name = length ? path_base(core->info.executable) : notes->name;
	core->info.command_line = notes->arguments;
	core->info.environment = core->info.hostname = "";
}

struct error *core_identify(struct arena *arena, const struct core_notes *notes, const char *binary,
			    struct core *core)
{
	struct elf_facts image, file = {.go_build_id = "", .gnu_build_id = ""};
	const struct core_mapping *mapping;
	const struct elf_facts *facts;
	uint64_t headers = 0;

	if (!notes->has_process)
		return core_damaged(core->path, "it has no process (NT_PRPSINFO)");
	if (!notes->auxv || !find_auxv(notes, AT_PHDR, &headers))
		return core_damaged(core->path, "it has no auxiliary vector (NT_AUXV)");
	mapping = find_image(notes, headers);
	core->memory->image = mapping ? mapping->path : NULL;
	read_image(arena, core, headers, &image);
	if (binary)
		TRY(take_named(arena, binary, &image, core, &file));
	else if (mapping)
		take_found(arena, mapping->path, &image, core, &file);
	describe(arena, notes, core);
	facts = image.elf64 ? &image : &file;
	if (!facts->elf64)
		return error_new(ERROR_TARGET,
				 "%s: the program's headers were not dumped, and %s%s is not the "
				 "program that ran: name it with --binary",
				 core->path, *core->info.executable ? "" : "no path",
				 core->info.executable);
	TRY(elf_load_bias(facts, notes->auxv, notes->auxv_size, core->path,
			  &core->info.load_bias));
	core->info.go_build_id = facts->go_build_id;
	core->info.gnu_build_id = facts->gnu_build_id;
	core->info.is_go = facts->go_build_id[0] != '\0';
	if (core->memory->binary >= 0)
		keep_image(arena, notes, &file, core);
	return NULL;
}

/* Does the process show the file's `offset` at `address`? How much of it from there on. */
static uint64_t mapped(const struct core_memory *memory, uint64_t address, uint64_t offset)
{
	for (size_t i = 0; i < memory->mappings_count; i++) {
		const struct core_mapping *m = &memory->mappings[i];

		if (address >= m->start && address < m->end &&
		    m->offset + (address - m->start) == offset)
			return m->end - address;
	}
	return 0;
}

size_t core_image_find(const struct core_memory *memory, uint64_t address, size_t size,
		       uint64_t *offset)
{
	for (size_t i = 0; i < memory->loads_count; i++) {
		const struct elf_load *load = &memory->loads[i];
		uint64_t in = address - memory->load_bias - load->address, left;

		if (in >= load->size)
			continue;
		*offset = load->offset + in;
		left = memory->image ? mapped(memory, address, *offset) : UINT64_MAX;
		if (left > load->size - in)
			left = load->size - in;
		return size < left ? size : (size_t)left;
	}
	return 0;
}
