/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_H
#define CORE_H

#include "target.h"

/*
 * core: a process from its core dump, as gdb's gcore or the kernel writes them. Memory
 * is what the file has of it, and what the program's own file tells of pages that
 * nobody can have changed. The rest cannot be read: it is never taken for zeroes.
 */
struct core {
	const char *path;
	uint64_t missing; /* bytes that segments promise beyond the end of the file */
	int64_t time_ns;  /* Unix time of the file's last change */
	struct target_info info;
	struct target_thread *threads; /* sorted by ns_tid, their registers as the dump has them */
	size_t threads_count;
	struct core_memory *memory; /* private */
};

/*
 * `binary` names the program, NULL: the path that the core itself gives is tried. It
 * is used only when its build IDs are those in the core.
 *
 * In `info` hostname, environment and start time are unknown, the command line is cut to
 * the 79 characters that a core keeps, and a pid is what the process called itself.
 * ERROR_IO: the file cannot be read. ERROR_DAMAGED: it is no core, or its headers and
 * notes are not whole. ERROR_TARGET: of another machine; `binary` is another build;
 * or nothing tells which program it is. A core that is cut behind its notes opens, and
 * `missing` says how much it lacks. The core is closed by core_close().
 */
struct error *core_open(struct arena *arena, const char *path, const char *binary,
			struct core *ret);
/* Safe on a zeroed core. */
void core_close(struct core *core);
#define cleanup_core __attribute__((cleanup(core_close)))

/* What memory there is; reads by pread(), so that a file that shrinks cannot hurt. */
struct target_memory core_memory(const struct core *core);

#endif
