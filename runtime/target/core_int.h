/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_INT_H
#define CORE_INT_H

#include "core.h"
#include "target_int.h"

/* A part of the address space whose bytes are in the core: PT_LOAD. */
struct core_segment {
	uint64_t address, size; /* p_filesz: what p_memsz has beyond it was not dumped */
	uint64_t offset;	/* in the core */
};

/* A row of NT_FILE: [start, end) shows the file at `path` from `offset` on. */
struct core_mapping {
	uint64_t start, end, offset;
	const char *path;
};

/*
 * NT_FILE note: Linux fs/coredump.c, fill_files_note(): u64 count, u64 page size, count
 * rows of u64 start, end, offset in pages; then count paths, each ended by NUL.
 */
struct core_notes {
	VEC(struct target_thread) threads; /* in the order of the file */
	VEC(struct core_mapping) mappings;
	const void *auxv; /* NT_AUXV, NULL when there is none */
	size_t auxv_size;
	bool has_process; /* NT_PRPSINFO: */
	pid_t pid;
	const char *name;      /* the kernel's, cut to 15 characters */
	const char *arguments; /* cut to 79 characters */
};

/* What stands behind core_memory(). */
struct core_memory {
	const char *path;
	int fd;
	uint64_t file_size;
	struct core_segment *segments; /* sorted, disjoint, not empty */
	size_t segments_count;

	/* pages of the program that the dump left out */
	int binary; /* -1: there is no such file */
	const char *image; /* path of the program as mappings have it, NULL: no mappings */
	uint64_t load_bias;
	struct elf_load *loads;
	size_t loads_count;
	struct core_mapping *mappings; /* sorted by start when they come from the kernel; not relied on */
	size_t mappings_count;
};

/* ERROR_DAMAGED: "PATH: not a whole core dump: WHAT" */
struct error *core_damaged(const char *path, const char *what);

/* ---- core_notes.c ---- */

/* Takes one PT_NOTE segment's notes apart; `data` lives in the arena as long as `ret`. */
struct error *core_notes_parse(struct arena *arena, const char *path, const uint8_t *data,
			       size_t size, struct core_notes *ret);

/* ---- core_image.c ---- */

/* Finds out which program it is and where it lies: core->info and the binary of core->memory. */
struct error *core_identify(struct arena *arena, const struct core_notes *notes,
			    const char *binary, struct core *core);
/*
 * The part of [address, address + size) from `address` on that the program's file has, at
 * most `size`; *offset is where. 0: not there, or the process may have changed it.
 */
size_t core_image_find(const struct core_memory *memory, uint64_t address, size_t size,
		       uint64_t *offset);

#endif
