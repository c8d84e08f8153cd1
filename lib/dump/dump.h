/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DUMP_H
#define DUMP_H

#include <pthread.h>

#include "base.h"

/*
 * NAME.askdump: a 16-byte header {magic "ASKDUMP1", u32 version, u32 flags}, then
 * chunks, each {u32 kind, u32 process, u64 size, u64 XXH64 of the payload} and
 * `size` bytes, and an END chunk. The hash is seeded with kind | process << 32, so
 * that it vouches for them too. Payloads are padded with zeros to a multiple of 8:
 * in a mapped dump every chunk is aligned. A dump can be streamed to a pipe and read
 * up to wherever it was cut. Everything is little-endian. docs/FORMATS.md has more.
 */
enum dump_chunk_kind {
	DUMP_SCHEMA = 1,     /* a serialised schema; process = its number in this dump */
	DUMP_PROCESS = 2,    /* struct dump_process + its texts: opens a process */
	DUMP_RECORDS = 3,    /* u32 shard, u32 0, then whole capture records (abi/records.h) */
	DUMP_STATISTICS = 4, /* struct dump_statistics: closes the process */
	DUMP_END = 5,	     /* empty */
};

/* One snapshotted process. Texts follow the struct, in this order, each u32 length + bytes. */
struct dump_process {
	uint8_t schema_id[32];
	uint32_t schema; /* number of its DUMP_SCHEMA chunk */
	uint32_t pid;
	uint64_t load_bias;		/* run-time minus link-time address */
	int64_t process_start_time_ns;	/* Unix time, 0 when unknown */
	int64_t capture_time_ns;	/* Unix time when the pause began; of a core: the file's */
	/* CLOCK_MONOTONIC at the same moment: runtime.nanotime's clock; 0 when unknown */
	int64_t capture_monotonic_ns;
	int64_t last_gc_ns;		/* Unix time of the last GC's end, 0 when unknown or never */
	uint32_t engine;		/* enum dump_engine */
	uint32_t pause;			/* enum dump_pause */
};
enum dump_engine {
	DUMP_ENGINE_BPF = 1,
	DUMP_ENGINE_NATIVE = 2,
	DUMP_ENGINE_CORE = 3, /* the native engine, over a core dump; since version 2 */
};
enum dump_pause { DUMP_PAUSE_PTRACE = 1, DUMP_PAUSE_NONE = 2 };

/* The texts of a process chunk, decoded. command_line has its arguments joined by spaces. */
struct dump_process_texts {
	const char *name; /* executable's base name */
	const char *hostname, *executable, *command_line, *environment, *build_id, *go_version;
};

/* To add a counter: add a row at the end; columns of snapshot_statistics and the dump follow from it. */
#define DUMP_STATISTICS_ROWS(X)                                                                    \
	X(pause_ns, "ns", "from the first interrupt to the last thread's release")                 \
	X(stop_ns, "ns", "until every thread stood still")                                         \
	X(walk_ns, "ns", "reading goroutines and stacks, added up over shards")                    \
	X(chase_ns, "ns", "following pointers, added up over shards")                              \
	X(release_ns, "ns", "letting the threads go")                                              \
	X(shards, "count", "threads that captured in parallel")                                    \
	X(triggers, "count", "times a shard was started")                                          \
	X(goroutines, "count", "goroutines captured")                                              \
	X(dead_goroutines, "count", "dead goroutines skipped")                                     \
	X(frames, "count", "physical frames walked")                                               \
	X(captured_frames, "count", "frames with captured functions")                              \
	X(captured_values, "count", "expressions evaluated")                                        \
	X(pointees, "count", "pointed-to objects captured")                                        \
	X(bytes, "bytes", "records written")                                                       \
	X(distinct_stacks, "count", "stacks emitted, before merging shards")                       \
	X(native_retries, "count", "reads done natively because pages were not resident")          \
	X(read_failures, "count", "reads that failed for good")                                    \
	X(dropped_goroutines, "count", "goroutines that could not be captured")                    \
	X(dropped_pointees, "count", "pointees lost for want of room or time, not by a limit of the spec") \
	X(budget_cuts, "count", "pointees not captured because `bytes` was used up")               \
	X(depth_cuts, "count", "pointers not followed because of `depth`")                         \
	X(length_cuts, "count", "strings, slices and maps cut to their limit")                     \
	X(frame_cuts, "count", "stacks cut to limits.frames")                                      \
	X(bad_stacks, "count", "goroutines whose stack is unavailable")                            \
	X(listed_goroutines, "count",                                                              \
	  "goroutines that the runtime lists: captured, dead and dropped ones")                    \
	X(max_pause_ns, "ns", "the deadline (--max-pause), 0 when there was none")                 \
	X(deadline_goroutines, "count", "of dropped_goroutines, those that the deadline left out") \
	X(deadline_values, "count",                                                                \
	  "of dropped_pointees: values whose pointers the deadline left unfollowed")               \
	X(deep_cuts, "count", "frames of captured functions left out of the middle of cut stacks") \
	X(rehearsal_ns, "ns", "reading parked goroutines before the pause, while the process ran") \
	X(replayed_goroutines, "count", "goroutines that had not run since, and were not read again")

struct dump_statistics {
#define X(name, unit, doc) uint64_t name;
	DUMP_STATISTICS_ROWS(X)
#undef X
};

/*
 * What was dropped and why, in one sentence without its end: "5 of 9 goroutines …". false, and
 * nothing is appended, when nothing was.
 */
bool dump_describe_losses(const struct dump_statistics *statistics, struct strbuf *ret);

/*
 * Writes. The stream goes to `fd`, which the caller owns; `name` is for messages. Several threads
 * may write chunks, each of a process of its own, when `mutex` is set (after dump_begin()).
 */
struct dump_writer {
	int fd;
	const char *name;
	pthread_mutex_t *mutex; /* held while a chunk is written; the caller's; NULL: one thread */
};
struct error *dump_begin(struct dump_writer *writer, int fd, const char *name);
struct error *dump_chunk(struct dump_writer *writer, enum dump_chunk_kind kind, uint32_t process,
			 const void *data, size_t size);
struct error *dump_process_chunk(struct dump_writer *writer, uint32_t process,
				 const struct dump_process *header,
				 const struct dump_process_texts *texts);
/* A RECORDS chunk without copying the records. */
struct error *dump_records(struct dump_writer *writer, uint32_t process, uint32_t shard,
			   const void *records, size_t size);
struct error *dump_end(struct dump_writer *writer);

/* Reads. The whole dump is mapped or in memory; chunks point into it. */
struct dump_chunk_view {
	uint32_t kind, process;
	const uint8_t *data;
	size_t size;
};
struct dump_reader {
	const char *name;
	const uint8_t *data;
	size_t size, offset;
	bool ended; /* the END chunk was seen */
	const char *cut; /* why reading stopped before it: a static text, NULL when it did not */
};
/* ERROR_DAMAGED when it is no dump or another version. */
struct error *dump_open(struct dump_reader *reader, const char *name, const void *data, size_t size);
/*
 * The next whole chunk with a good checksum: *ret = true. At the end, or where
 * the file was cut or a chunk is damaged, *ret = false; reader->ended tells which.
 * Kinds that this program does not know are given too: skip them. ERROR_DAMAGED
 * when something follows the END chunk.
 */
struct error *dump_next(struct dump_reader *reader, struct dump_chunk_view *view, bool *ret);
/* Decodes a PROCESS chunk; texts are copied to `arena`, none is NULL. */
struct error *dump_process_parse(struct arena *arena, const struct dump_chunk_view *view,
				 struct dump_process *header, struct dump_process_texts *texts);
/* Decodes a RECORDS chunk: *records points into the view. */
struct error *dump_records_parse(const struct dump_chunk_view *view, uint32_t *shard,
				 const uint8_t **records, size_t *size);
/* Decodes a STATISTICS chunk; counters that an older dump lacks are 0. */
struct error *dump_statistics_parse(const struct dump_chunk_view *view,
				    struct dump_statistics *ret);

#endif
