/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COLLECT_H
#define COLLECT_H

#include "base.h"
#include "core.h"
#include "dump.h"
#include "schema.h"
#include "target.h"

/*
 * collect: one object, one live process, one snapshot. Loads the engine, stops the
 * process, captures, releases it, and only then writes the dump. Or the same of a
 * core dump.
 */
enum collect_engine { COLLECT_AUTO, COLLECT_BPF, COLLECT_NATIVE };
enum collect_pause { COLLECT_PAUSE_AUTO, COLLECT_PAUSE_PTRACE, COLLECT_PAUSE_NONE };

/* Bounds of collect_options.buffer. */
#define COLLECT_BUFFER_LEAST ((uint64_t)8 << 20)
#define COLLECT_BUFFER_MOST ((uint64_t)512 << 20)

struct collect_group;

struct collect_options {
	enum collect_engine engine;
	enum collect_pause pause;
	uint32_t shards;	/* at most this many threads capture; 0: one a CPU */
	uint64_t buffer;	/* bytes of engine memory for records; 0: what is needed, see collect.c */
	uint64_t max_pause_ns;	/* the target runs again after this long, read or not; 0: no bound */
	bool no_rehearsal;	/* read nothing before the pause */
	bool environment;	/* store the process's environment too */
	struct collect_group *group; /* sessions that run at the same time; NULL: this one is alone */
	void (*talk)(void *data, const char *line); /* one line for -v; may be NULL */
	void *talk_data;
};

/* An object read from disk: its bytes (for libbpf) and its schema. */
struct collect_object {
	const char *path;
	const void *elf; /* whole NAME.ask.o */
	size_t elf_size;
	const struct schema *schema;
	const void *schema_bytes; /* serialised, for the dump */
	size_t schema_size;
};

struct collect_result {
	struct dump_statistics statistics;
	enum dump_engine engine; /* the one that was used */
	const char *fallback;	 /* why not BPF, NULL when BPF was used or native was asked for */
	uint64_t load_ns;	 /* opening, verifying and loading the BPF object */
	uint64_t verified_insns; /* instructions the verifier processed, 0 when not known */
};

/*
 * Takes the snapshot and appends PROCESS, RECORDS and STATISTICS chunks (and the
 * SCHEMA chunk) to `writer` as process number `process`.
 * ERROR_TARGET: other build ID, not Go, gone. ERROR_HOST: engine=bpf and the
 * host refuses. The target is running again whatever the outcome.
 */
struct error *collect(struct arena *arena, const struct collect_object *object, pid_t pid,
		      const struct collect_options *options, struct dump_writer *writer,
		      uint32_t process, struct collect_result *ret);

/*
 * The same of a core dump: no process is touched, nothing is stopped. Of the options
 * only talk and buffer count. ERROR_TARGET: another build ID, or the dump lacks the
 * goroutines; ERROR_DAMAGED when that is because the file is cut off.
 */
struct error *collect_core(const struct collect_object *object, const struct core *core,
			   const struct collect_options *options, struct dump_writer *writer,
			   uint32_t process, struct collect_result *ret);

/*
 * Several processes at once: `members` threads call collect(), each once, with this group in
 * their options, and with the same writer, which must have a mutex. All wait for one another
 * between loading, pausing and writing. `together`: their pauses have one moment in common,
 * at which all of them are read. One that fails does not hold up the others. `talk` is called
 * from all of the threads. Their arenas must be their own.
 */
struct collect_group *collect_group_create(size_t members, bool together);
/* A member whose collect() will not be called. */
void collect_group_absent(struct collect_group *group);
void collect_group_destroy(struct collect_group *group);

/* What this host allows: one line each on `out` with the remedy; *ret = a snapshot would work. */
struct error *collect_doctor(const struct collect_object *object, pid_t pid, FILE *out, bool *ret);

#endif
