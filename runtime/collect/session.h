/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SESSION_H
#define SESSION_H

#include "abi/state.h"
#include "collect.h"
#include "group.h"

struct bpf_engine;
struct native_engine;

/*
 * One snapshot in the making. The engine's state (control, shards, chunks …) is
 * either mapped from BPF maps or plain memory; whoever works on it, the BPF
 * program or the native engine, sees the same bytes and can go on from the other.
 */
struct session {
	const struct collect_object *object;
	const struct schema *schema;
	const struct collect_options *options;
	struct target_info info;
	struct target_memory memory; /* the process's, wherever it is */
	struct target target;
	struct dump_writer *writer;
	uint32_t process; /* number in the dump */
	struct seat seat; /* among other sessions */

	/* engine state */
	struct ask_control *control;
	struct ask_shard *shards;
	uint8_t *chunks;
	size_t chunk_stride;
	uint32_t chunk_count;
	struct ask_visited *visits;
	uint64_t goroutines_before; /* listed before the pause: a guess at how many there will be */
	uint32_t visit_slots; /* of one shard, a power of two */
	struct ask_thread *threads;
	uint32_t thread_rows;
	struct ask_cfi *cfis; /* NULL: the schema's own rows are used (native) */
	uint64_t *bitmap;
	uint32_t bitmap_words;
	uint32_t shard_limit; /* shards that there is memory for */

	/* the rehearsal, see rehearse.c; its chunks lie behind the others */
	struct ask_rehearsed *rehearsal;
	uint32_t rehearsal_rows, rehearsal_chunks; /* room for it; 0: there is none */
	uint32_t rehearsal_sudog; /* bytes of a sudog that it reads */
	uint64_t rehearsed;	  /* goroutines that were listed then */
	uint8_t rehearsal_random[16]; /* which program it was of: what AT_RANDOM points to */

	uint32_t shards_used; /* shards that capture */

	struct bpf_engine *bpf;	      /* NULL when the engine is native */
	struct native_engine *native; /* always there: it reads what is not resident */
	const struct core *core;      /* NULL when the process is live */

	/* output */
	bool process_written;
	struct error *output_error; /* the first failed write; nothing is written after it */
	uint64_t frame_cfa[ASK_MAX_SHARDS]; /* of the last FRAME record that a look for failures passed */
	int64_t capture_time_ns, capture_monotonic_ns, last_gc_ns;
	int64_t clock_offset; /* see deadline_clock_offset() */
	struct dump_statistics statistics;
};

/* ---- collect.c: what a live process and a core dump have in common ---- */

/* The object must have been built for exactly this program: ERROR_TARGET. */
struct error *session_identify(const struct session *session);
/* How large everything is, before any of it is made. */
void session_plan(struct session *session);
/* Writes what is left, and the statistics. The process runs again, if there is one. */
struct error *session_finish(struct session *session, struct collect_result *result);

static inline bool session_read(const struct session *session, uint64_t address, void *data,
				size_t size)
{
	return session->memory.read(session->memory.source, address, data, size);
}

static inline enum dump_engine session_engine(const struct session *session)
{
	if (session->core)
		return DUMP_ENGINE_CORE;
	return session->bpf ? DUMP_ENGINE_BPF : DUMP_ENGINE_NATIVE;
}

/* ---- session.c ---- */

/* Plain memory for the native engine. */
struct error *session_allocate(struct session *session);
/* Frees what session_allocate() made. */
void session_free(struct session *session);
/* Fills what is known before the pause: bitmap, control, rings. */
void session_prepare(struct session *session);
/* Reads where the goroutines are and the threads' registers; in the pause. */
struct error *session_begin(struct session *session);
void session_talk(const struct session *session, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * The record at (*chunk, *off) of a shard's stream, or the first of the next chunk where that
 * one ends; NULL at the stream's end. The caller steps on by its size.
 */
struct ask_record *shard_record(struct session *session, uint32_t shard, uint64_t *chunk,
				uint32_t *off);
/* Undoes a goroutine that is half written, if there is one: the cursor is before it again. */
void shard_undo(struct ask_shard *shard);

/* ---- deadline.c ---- */

/* Our monotonic clock minus the engine's, which is the kernel's own. */
int64_t deadline_clock_offset(void);
/* Tells the engine of the deadline that target_stop() has set, if any. */
void deadline_set(struct session *session);
/* Nothing may be read any more. */
bool deadline_over(const struct session *session);
/*
 * After a thread that did not come back in time: disarms the program, and waits until it
 * runs nowhere. ERROR_HOST: it does not end; what the shards hold is then worth nothing.
 */
struct error *deadline_wait_for_programs(struct session *session);
/* Leaves the goroutines of the batch in work that are not captured yet; returns how many. */
uint64_t deadline_give_up_batch(struct ask_shard *shard);
/* Counts what the deadline left undone, so that only whole records remain; after the pause. */
void deadline_settle(struct session *session);

/* ---- drain.c ---- */

/*
 * Gives whole, scanned chunks of a shard to the dump and makes their room free.
 * Returns how many. Write errors are kept in session->output_error.
 */
uint32_t drain_scanned(struct session *session, uint32_t shard);
/* Gives all that is left of every shard to the dump. */
void drain_rest(struct session *session);

/* ---- bpf.c ---- */

/* Opens, loads and maps the object's engine; *load_ns and *insns are measured. */
struct error *bpf_load(struct session *session, uint64_t *load_ns, uint64_t *insns);
/* Attaches to raw_tp/sys_enter. */
struct error *bpf_attach(struct session *session);
void bpf_detach(struct session *session);
void bpf_unload(struct session *session);
/* NULL when this host lets a program of this kind load. */
struct error *bpf_probe_host(void);

/* ---- rehearse.c ---- */

/* How much is rehearsed in `room` bytes. */
void rehearsal_plan(struct session *session, uint64_t room);
/* Reads parked goroutines while the process runs. What cannot be read then is read in the pause. */
void rehearse(struct session *session);
/* Tells the engine what the rehearsal is worth; in the pause. */
void rehearsal_begin(struct session *session);

/* ---- native.c ---- */

struct ask_native;
/* The session's memory and the schema's tables; not what it reads with. */
void native_tables(const struct session *session, struct ask_native *ret);

void native_create(struct session *session, bool cached);
void native_destroy(struct session *session);
/*
 * Runs a shard natively from wherever it stands until it is done, draining when
 * the ring is full. `watch` rolls back goroutines that changed while they were read.
 */
void native_run(struct session *session, uint32_t shard, bool watch);
/* Reads natively what the engine could not: goroutines on the retry list and failed records. */
void native_retry(struct session *session, uint32_t shard);
/*
 * Gives up following the pointers of what was written but not scanned yet. Returns how many
 * values that have pointers are among it.
 */
uint64_t native_drop_unscanned(struct session *session, uint32_t shard);
/* Makes room when the ring is full; drops what cannot be kept, and counts it. */
void native_make_room(struct session *session, uint32_t shard);

#endif
