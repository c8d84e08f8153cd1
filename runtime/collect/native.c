/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The native engine: the same headers as in the kernel, over process_vm_readv() or a
 * core dump.
 *
 * It does three things. It runs whole snapshots where BPF or an idle thread is not
 * to be had. It goes on from any point where the BPF program had to stop for good
 * (the state is the same memory). And it reads what the program could not because
 * a page was not resident: reading it from here brings the page in, and the
 * records that failed are completed in their places.
 *
 * A stopped process's memory does not change, so it is read in blocks that are kept.
 */
#define ASK_NATIVE
#include "engine/engine.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#include "session.h"

#define BLOCK ((size_t)16 << 10)
#define PAGE ((size_t)4 << 10)
#define BLOCKS ((size_t)1 << 10)

struct native_engine {
	struct ask_native engine;
	const struct target_memory *memory;
	bool cached;
	int64_t clock_offset; /* our clock minus the engine's */
	uint64_t tags[BLOCKS]; /* address of the block + 1; 0: empty */
	uint8_t *blocks;
};

static ask_u64 native_now(void)
{
	const struct native_engine *native = ask_native->data;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (ask_u64)now.tv_sec * 1000000000u + (ask_u64)(now.tv_nsec - native->clock_offset);
}

/* When the native engine must end by itself. */
static ask_u64 last_moment(const struct session *session)
{
	return session->control->deadline ? session->control->deadline : UINT64_MAX;
}

static bool read_memory(const struct native_engine *native, uint64_t address, void *data,
			size_t size)
{
	return native->memory->read(native->memory->source, address, data, size);
}

/* The block around `address`, read if need be; NULL when not all of it can be read. */
static const uint8_t *block_at(struct native_engine *native, uint64_t address)
{
	uint64_t base = address & ~(uint64_t)(BLOCK - 1);
	size_t slot = hash_u64(base) & (BLOCKS - 1);
	uint8_t *block = native->blocks + slot * BLOCK;

	if (native->tags[slot] == base + 1)
		return block;
	native->tags[slot] = 0;
	if (!read_memory(native, base, block, BLOCK))
		return NULL;
	native->tags[slot] = base + 1;
	return block;
}

static _Bool native_read(void *data, void *to, size_t size, ask_u64 from)
{
	struct native_engine *native = data;
	uint8_t *out = to;
	size_t left = size;

	if (from + size < from)
		goto failed;
	while (left && native->cached) {
		size_t in = from & (BLOCK - 1), part = BLOCK - in < left ? BLOCK - in : left;
		const uint8_t *block = block_at(native, from);

		if (block)
			memcpy(out, block + in, part);
		else if (!read_memory(native, from, out, part))
			goto failed;
		out += part;
		from += part;
		left -= part;
	}
	if (!left || read_memory(native, from, out, left))
		return true;
failed:
	memset(to, 0, size);
	return false;
}

void native_tables(const struct session *session, struct ask_native *ret)
{
	const struct schema *schema = session->schema;

	*ret = (struct ask_native){
		.control = session->control,
		.shards = session->shards,
		.chunks = session->chunks,
		.chunk_stride = session->chunk_stride,
		.chunk_count = session->chunk_count + session->rehearsal_chunks,
		.visit_count = session->visit_slots * session->shard_limit,
		.thread_count = session->thread_rows,
		.bitmap_words = session->bitmap_words,
		.visits = session->visits,
		.threads = session->threads,
		.bitmap = (ask_u64 *)session->bitmap,
		.rehearsal = session->rehearsal,
		.layout = &schema->layout,
		.limits = schema->limits,
		.types = schema->engine_types,
		.pointers = schema->pointers,
		.spans = schema->spans,
		.ranges = schema->ranges,
		.probes = schema->probes,
		.exprs = schema->exprs,
		.ops = schema->ops,
		.rtypes = schema->rtypes,
		.closures = schema->closures,
		.context_types = schema->context_types,
		.cfis = schema->cfi,
	};
}

void native_create(struct session *session, bool cached)
{
	struct native_engine *native = calloc(1, sizeof(*native));

	if (!native)
		base_out_of_memory();
	native->blocks = mmap(NULL, BLOCK * BLOCKS, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (native->blocks == MAP_FAILED)
		base_out_of_memory();
	native->memory = &session->memory;
	native->cached = cached;
	native->clock_offset = session->clock_offset;
	native_tables(session, &native->engine);
	native->engine.read = native_read;
	native->engine.now = native_now;
	native->engine.data = native;
	session->native = native;
}

void native_destroy(struct session *session)
{
	if (!session->native)
		return;
	munmap(session->native->blocks, BLOCK * BLOCKS);
	free(session->native);
	session->native = NULL;
}

static bool unscanned(const struct ask_shard *shard)
{
	return shard->scan_chunk != shard->write_chunk || shard->scan_off != shard->write_off;
}

uint64_t native_drop_unscanned(struct session *session, uint32_t index)
{
	struct ask_shard *shard = &session->shards[index];
	const struct schema *schema = session->schema;
	uint64_t chunk = shard->scan_chunk, count = 0;
	uint32_t off = shard->scan_off;
	struct ask_record *record;

	while ((record = shard_record(session, index, &chunk, &off))) {
		const struct ask_value *value = (struct ask_value *)record;

		off += record->size;
		if (record->kind >= ASK_RECORD_VALUE && record->status == ASK_STATUS_OK &&
		    value->type < schema->types_count)
			count += schema->engine_types[value->type].pointers > 0;
	}
	shard->scan_chunk = shard->write_chunk;
	shard->scan_off = shard->write_off;
	shard->scan_elem = shard->scan_row = shard->scan_repeat = 0;
	shard->scan_group = shard->scan_live = 0;
	if (shard->phase == ASK_PHASE_SCAN)
		shard->phase = ASK_PHASE_GOROUTINE;
	return count;
}

void native_make_room(struct session *session, uint32_t shard_index)
{
	struct ask_shard *shard = &session->shards[shard_index];

	if (drain_scanned(session, shard_index))
		return;
	if (shard->phase == ASK_PHASE_SCAN) {
		/* The frontier alone fills the ring: it is wider than the buffer. */
		shard->dropped_pointees += native_drop_unscanned(session, shard_index);
	} else if (unscanned(shard)) {
		shard->phase = ASK_PHASE_SCAN;
	} else {
		/* One goroutine alone is larger than the ring. */
		shard->dropped_goroutines++;
		shard->batch_next++;
	}
}

/* Did the goroutine that was just captured change meanwhile? Then only that is told of it. */
static void check_unchanged(struct session *session, uint32_t index, uint64_t g_index)
{
	struct ask_shard *shard = &session->shards[index];
	uint8_t again[ASK_G_MAX];
	uint64_t address = shard->batch[(g_index - shard->batch_first) & (ASK_BATCH - 1)];

	if (ask_read(again, session->schema->layout.g_size, address) == 0 &&
	    !memcmp(again, ask_g(shard), session->schema->layout.g_size))
		return;
	shard->write_chunk = shard->undo_chunk;
	shard->write_off = shard->undo_off;
	if (shard->stack_new < ASK_STACK_SLOTS)
		memset(shard->stacks[shard->stack_new], 0, sizeof(shard->stacks[0]));
	shard->walk_status = ASK_STACK_CHANGED;
	if (!ask_emit_goroutine(shard, g_index, address, 0))
		shard->dropped_goroutines++;
}

/* Step by step, with a second look at each goroutine when it is done. */
static void run_watched(struct session *session, uint32_t index)
{
	struct ask_run run = {.shard = index, .deadline = UINT64_MAX};
	struct ask_shard *shard = &session->shards[index];

	shard->clock = ask_now();
	shard->stop = ASK_STOP_RUNNING;
	for (;;) {
		uint64_t next = shard->batch_next;
		int stopped;

		shard->gs_size = 0; /* each g as it is when its turn comes */
		stopped = (int)ask_step(0, &run);

		if (stopped && shard->stop != ASK_STOP_FULL)
			return;
		if (stopped) {
			native_make_room(session, index);
			shard->stop = ASK_STOP_RUNNING;
		} else if (shard->batch_next == next + 1 &&
			   (shard->write_chunk != shard->undo_chunk ||
			    shard->write_off != shard->undo_off)) {
			/* done, in whatever phase it was, and not passed over */
			check_unchanged(session, index, next);
		}
	}
}

void native_run(struct session *session, uint32_t index, bool watch)
{
	struct ask_shard *shard = &session->shards[index];

	ask_native = &session->native->engine;
	native_retry(session, index);
	shard->retried = 1;
	if (watch)
		run_watched(session, index);
	while (shard->stop != ASK_STOP_DONE && !deadline_over(session)) {
		ask_run(index);
		if (shard->stop == ASK_STOP_FULL && !deadline_over(session))
			native_make_room(session, index);
	}
	shard->retried = 0;
}

/* Runs until the goroutine batch in the cursor is captured and everything is scanned, or it is late. */
static void finish_batch(struct session *session, uint32_t index)
{
	struct ask_run run = {.shard = index, .deadline = last_moment(session)};
	struct ask_shard *shard = &session->shards[index];

	while (shard->phase != ASK_PHASE_GOROUTINE || shard->batch_next < shard->batch_end ||
	       unscanned(shard)) {
		if (ask_step(0, &run)) {
			if (shard->stop != ASK_STOP_FULL)
				return;
			native_make_room(session, index);
		}
	}
}

/* Goroutines whose g or stack was not resident: captured anew, at the end of the stream. */
static void retry_goroutines(struct session *session, uint32_t index)
{
	struct ask_shard *shard = &session->shards[index];
	uint64_t first = shard->batch_first, next = shard->batch_next, end = shard->batch_end;
	uint64_t batch[ASK_BATCH], count = shard->retries;
	uint32_t phase = shard->phase;

	memcpy(batch, shard->batch, sizeof(batch));
	/* The pointers written so far come first: the cursor can stand in only one batch. */
	shard->batch_next = shard->batch_end;
	if (phase == ASK_PHASE_DONE)
		shard->phase = ASK_PHASE_GOROUTINE;
	finish_batch(session, index);
	shard->retries = 0;
	for (uint64_t i = 0; i < count && i < ASK_RETRIES; i++) {
		if (deadline_over(session)) {
			shard->retries = count - i;
			memmove(shard->retry, shard->retry + i, shard->retries * sizeof(*shard->retry));
			break;
		}
		shard->batch_first = shard->batch_next = shard->retry[i];
		shard->batch_end = shard->batch_next + 1;
		ask_read(shard->batch, 8, session->control->allgs + shard->retry[i] * 8);
		session->statistics.native_retries++;
		finish_batch(session, index);
		session->statistics.deadline_goroutines += deadline_give_up_batch(shard);
	}
	memcpy(shard->batch, batch, sizeof(batch));
	shard->batch_first = first;
	shard->batch_next = next;
	shard->batch_end = end;
	shard->phase = phase == ASK_PHASE_DONE ? ASK_PHASE_DONE : ASK_PHASE_GOROUTINE;
}

/* Follows the pointers of the one record at (chunk, off), wherever the scan stands. */
static void scan_record(struct session *session, uint32_t index, uint64_t chunk, uint32_t off)
{
	struct ask_shard *shard = &session->shards[index];
	uint64_t scan_chunk = shard->scan_chunk;
	uint32_t scan_off = shard->scan_off, elem = shard->scan_elem, row = shard->scan_row,
		 repeat = shard->scan_repeat, group = shard->scan_group, live = shard->scan_live,
		 phase = shard->phase;

	if (chunk > scan_chunk || (chunk == scan_chunk && off >= scan_off))
		return; /* the scan itself will come by */
	shard->scan_chunk = chunk;
	shard->scan_off = off;
	shard->scan_elem = shard->scan_row = shard->scan_repeat = 0;
	shard->scan_group = shard->scan_live = 0;
	while (shard->scan_chunk == chunk && shard->scan_off == off) {
		if (deadline_over(session) || ask_scan(index)) {
			/* No time, or no room while older chunks wait: what follows is lost, and counted. */
			shard->dropped_pointees++;
			break;
		}
	}
	shard->scan_chunk = scan_chunk;
	shard->scan_off = scan_off;
	shard->scan_elem = elem;
	shard->scan_row = row;
	shard->scan_repeat = repeat;
	shard->scan_group = group;
	shard->scan_live = live;
	shard->phase = phase;
}

/* Reads a failed VALUE or POINTEE again, in its place. */
static void retry_record(struct session *session, uint32_t index, uint64_t chunk, uint32_t off,
			 struct ask_value *value)
{
	struct ask_shard *shard = &session->shards[index];
	uint32_t place = shard->first_chunk + (uint32_t)(chunk % shard->chunks);
	uint32_t size = value->head.size, edge = shard->edge, live = shard->frame_live;
	uint64_t cfa = shard->cfa, floor = shard->floor;

	session->statistics.native_retries++;
	if (value->head.kind == ASK_RECORD_POINTEE) {
		if (ask_copy_values(place, off + sizeof(*value), value->length, value->address,
				    value->type))
			return;
		value->head.status = ASK_STATUS_OK;
	} else {
		shard->cfa = session->frame_cfa[index];
		shard->edge = 0;
		shard->frame_live = 0; /* its registers are gone */
		shard->floor = 0; /* what was read was above it */
		shard->budget += size - sizeof(*value); /* it was charged the first time */
		ask_evaluate(index, value->expr, place, off);
		value->head.size = size; /* the stream goes on behind it as before */
		shard->cfa = cfa;
		shard->edge = edge;
		shard->frame_live = live;
		shard->floor = floor;
	}
	if (value->head.status == ASK_STATUS_OK)
		scan_record(session, index, chunk, off);
}

/* Looks for failed records in the chunks that are not drained yet. */
static void retry_records(struct session *session, uint32_t index)
{
	struct ask_shard *shard = &session->shards[index];
	uint64_t chunk = shard->drained;
	struct ask_record *record;
	uint32_t off = 0;

	shard->failed_records = 0;
	while ((record = shard_record(session, index, &chunk, &off))) {
		struct ask_value *value = (struct ask_value *)record;

		if (deadline_over(session)) {
			shard->failed_records = 1; /* some are left, or may be */
			return;
		}
		if (record->kind == ASK_RECORD_FRAME) {
			session->frame_cfa[index] = ((struct ask_frame *)record)->cfa;
		} else if (record->kind >= ASK_RECORD_VALUE &&
			   record->status == ASK_STATUS_READ_FAILED) {
			retry_record(session, index, chunk, off, value);
		} else if (record->kind >= ASK_RECORD_VALUE && value->extra & ASK_VALUE_RESCAN) {
			value->extra &= ~ASK_VALUE_RESCAN;
			session->statistics.native_retries++;
			scan_record(session, index, chunk, off);
		}
		off += record->size;
	}
	/* Everything up to here was looked at; drained chunks are left behind. */
	shard->failed_records = 0;
}

void native_retry(struct session *session, uint32_t index)
{
	struct ask_shard *shard = &session->shards[index];
	uint32_t retried = shard->retried;

	if ((!shard->retries && !shard->failed_records) || deadline_over(session))
		return;
	ask_native = &session->native->engine;
	/* What is appended now must not be undone with it: a goroutine in work is begun anew later. */
	shard_undo(shard);
	shard->retried = 1;
	if (shard->failed_records)
		retry_records(session, index);
	if (shard->retries && !deadline_over(session))
		retry_goroutines(session, index);
	shard->retried = retried;
}
