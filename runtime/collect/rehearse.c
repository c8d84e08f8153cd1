/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rehearsal: what can be read of parked goroutines before the pause.
 *
 * The process runs meanwhile, and nothing in it is touched: its memory is read as the native
 * engine does it. The same engine walks the stacks and evaluates the expressions; its records
 * go to chunks behind those of the rings, and a row for each goroutine says where. In the pause the
 * engine compares a few fields of the g, and takes the records over if they certainly hold
 * (engine/replay.h, which has the reasons).
 *
 * The order matters. Of each goroutine first how often anyone began to run (sched.timeToRun), then
 * its g, which has the marks that are compared; then what senders may write to; and then its
 * stack. A batch of 64 at a time, since each call of process_vm_readv() costs a microsecond. Whatever changes while we read changes a mark, or is not kept.
 */
#define ASK_NATIVE
#include "engine/engine.h"

#include <stdlib.h>
#include <time.h>

#include "session.h"

#define REHEARSAL_NS 2000000000ull /* more than a million goroutines take */
#define ROOM_A_ROW 112		  /* bytes of records kept of a goroutine, mostly */
#define MOST_ROWS (1u << 22)
#define SUDOGS 64	    /* of one goroutine */
#define WRITABLES 16	    /* places on its stack that senders write to */

struct span {
	uint64_t lo, hi;
};

/* What is read at once of the goroutines of a batch, in this order. */
enum piece { PIECE_G, PIECE_SUDOG, PIECE_STACK, PIECES };
#define PIECE_MAX ASK_WINDOW /* bytes of the largest */

struct rehearsal {
	struct ask_native engine; /* the first member: what ask_native points to */
	struct session *session;
	struct ask_control control;
	struct ask_shard *shard;
	uint64_t ran;
	struct target_piece pieces[PIECES][ASK_BATCH]; /* a size of 0: none */
	uint8_t *room[PIECES];
	/* the goroutine in work */
	size_t place; /* in the batch */
	bool evaluating; /* what is read is a value */
	bool unsure;	 /* something was read that may change while it is parked */
	struct span stack;
	struct span writable[WRITABLES];
	size_t writable_count;
};

static bool overlap(struct span a, struct span b)
{
	return a.lo < b.hi && b.lo < a.hi;
}

/* A value may come from its own stack only, and not from where a sender writes. */
static void note_read(struct rehearsal *rehearsal, uint64_t from, size_t size)
{
	const struct span span = {from, from + size};

	if (span.hi < span.lo || span.lo < rehearsal->stack.lo || span.hi > rehearsal->stack.hi)
		rehearsal->unsure = true;
	for (size_t i = 0; i < rehearsal->writable_count; i++)
		if (overlap(span, rehearsal->writable[i]))
			rehearsal->unsure = true;
}

static _Bool rehearsal_read(void *data, void *to, size_t size, ask_u64 from)
{
	struct rehearsal *rehearsal = data;

	if (rehearsal->evaluating)
		note_read(rehearsal, from, size);
	for (size_t i = 0; i < PIECES; i++) {
		const struct target_piece *piece = &rehearsal->pieces[i][rehearsal->place];
		uint64_t at = from - piece->address;

		if (piece->data && at < piece->size && size <= piece->size - at) {
			memcpy(to, piece->data + at, size);
			return true;
		}
	}
	if (from + size >= from && session_read(rehearsal->session, from, to, size))
		return true;
	memset(to, 0, size);
	return false;
}

static ask_u64 rehearsal_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (ask_u64)now.tv_sec * 1000000000u + (ask_u64)now.tv_nsec;
}

/* How often goroutines whose time was taken began to run; false: it cannot be told. */
static bool read_ran(const struct session *session, uint64_t *ret)
{
	const struct ask_layout *layout = &session->schema->layout;
	uint64_t counts[ASK_TIME_TO_RUN_MAX / 8];

	*ret = 0;
	if (layout->time_to_run_size > sizeof(counts) ||
	    !session_read(session, layout->time_to_run + session->info.load_bias, counts,
			  layout->time_to_run_size))
		return false;
	for (size_t i = 0; i < layout->time_to_run_size / 8; i++)
		*ret += counts[i];
	return true;
}

static bool read_random(const struct session *session, uint8_t *ret)
{
	return session->info.random && session_read(session, session->info.random, ret,
						    sizeof(session->rehearsal_random));
}

/* Where senders may write to on the stack of the goroutine in work. false: that is not known. */
static bool find_writables(struct rehearsal *rehearsal)
{
	const struct ask_layout *layout = &rehearsal->session->schema->layout;
	uint64_t sudog = ask_g64(rehearsal->shard, layout->g_waiting);

	rehearsal->writable_count = 0;
	for (size_t i = 0; sudog; i++) {
		uint64_t bytes[ASK_SUDOG_MAX / 8], elem, channel;
		uint16_t size;

		if (i == SUDOGS || !rehearsal_read(rehearsal, bytes,
						   rehearsal->session->rehearsal_sudog, sudog))
			return false;
		memcpy(&elem, (char *)bytes + layout->sudog_elem, sizeof(elem));
		memcpy(&channel, (char *)bytes + layout->sudog_c, sizeof(channel));
		memcpy(&sudog, (char *)bytes + layout->sudog_waitlink, sizeof(sudog));
		if (elem < rehearsal->stack.lo || elem >= rehearsal->stack.hi)
			continue;
		if (!channel || rehearsal->writable_count == WRITABLES ||
		    !session_read(rehearsal->session, channel + layout->hchan_elemsize, &size,
				  sizeof(size)))
			return false;
		rehearsal->writable[rehearsal->writable_count++] = (struct span){elem, elem + size};
	}
	return true;
}

/* The goroutine in work was read, and is parked as replay.h wants it. */
static bool is_parked(const struct rehearsal *rehearsal)
{
	const struct ask_layout *layout = &rehearsal->session->schema->layout;
	const struct ask_shard *shard = rehearsal->shard;
	uint64_t pc = ask_g64(shard, layout->g_sched_pc) - rehearsal->control.text;

	return ask_g32(shard, layout->g_atomicstatus) == ASK_G_WAITING &&
	       !ask_g64(shard, layout->g_m) && !ask_g64(shard, layout->g_lockedm) &&
	       pc >= layout->gopark_lo && pc < layout->gopark_hi &&
	       shard->walk_status == ASK_STACK_OK && !shard->leaf_exact && !shard->deep &&
	       shard->depth <= layout->frames_leaf;
}

static uint8_t *chunk_at(const struct rehearsal *rehearsal, uint64_t chunk)
{
	return ask_chunk(ask_ring(rehearsal->shard, chunk));
}

/*
 * Moves the FRAME and VALUE records of the goroutine in work to where its records begin, for the
 * others are made anew. false: there is one that is not to be kept. *ret: their bytes.
 */
static bool keep_records(const struct rehearsal *rehearsal, uint32_t *ret)
{
	const struct ask_shard *shard = rehearsal->shard;
	uint8_t *chunk = chunk_at(rehearsal, shard->undo_chunk);
	uint32_t off = shard->undo_off, first = 0;

	*ret = 0;
	while (off < shard->write_off) {
		const struct ask_record *record = (const void *)(chunk + off);

		off += record->size;
		if (record->kind == ASK_RECORD_GOROUTINE)
			first = off;
		if (record->kind == ASK_RECORD_VALUE && (record->status == ASK_STATUS_READ_FAILED ||
							 record->status == ASK_STATUS_BUDGET))
			return false;
	}
	*ret = shard->write_off - first;
	memmove(chunk + shard->undo_off, chunk + first, *ret);
	return true;
}

/* Evaluates the captured frames of the goroutine in work. false: no room. */
static bool evaluate(struct rehearsal *rehearsal)
{
	struct ask_shard *shard = rehearsal->shard;
	bool room = true;

	rehearsal->evaluating = true;
	while (room && (shard->phase == ASK_PHASE_FRAME || shard->phase == ASK_PHASE_EXPR))
		room = shard->phase == ASK_PHASE_FRAME ? !ask_frame(0) : !ask_expr(0);
	rehearsal->evaluating = false;
	return room;
}

/* Goroutine `index` of the batch in work. false: there is no room for more. */
static bool rehearse_one(struct rehearsal *rehearsal, uint64_t index, struct ask_rehearsed *ret)
{
	const struct ask_layout *layout = &rehearsal->session->schema->layout;
	struct ask_shard *shard = rehearsal->shard;
	uint64_t charged = rehearsal->control.granted - shard->budget;
	struct ask_rehearsed row = {0};

	shard->batch_next = index;
	shard->phase = ASK_PHASE_GOROUTINE;
	if (ask_goroutine(0))
		return false;
	if (shard->write_chunk == shard->undo_chunk && shard->write_off == shard->undo_off)
		return true; /* dead, or it could not be read */
	rehearsal->stack.lo = ask_g64(shard, layout->g_sched_sp);
	rehearsal->stack.hi = shard->walk_hi;
	rehearsal->unsure = !is_parked(rehearsal) || !find_writables(rehearsal);
	if (!rehearsal->unsure && !evaluate(rehearsal))
		return false;
	if (!rehearsal->unsure && shard->write_chunk == shard->undo_chunk &&
	    keep_records(rehearsal, &row.size)) {
		row.goid = ask_g64(shard, layout->g_goid);
		row.pc = ask_g64(shard, layout->g_sched_pc);
		row.sp = rehearsal->stack.lo;
		row.hi = rehearsal->stack.hi;
		row.waitsince = ask_g64(shard, layout->g_waitsince);
		row.ran = rehearsal->ran;
		row.hash[0] = shard->hash[0];
		row.hash[1] = shard->hash[1];
		row.chunk = ask_ring(shard, shard->undo_chunk);
		row.off = shard->undo_off;
		row.charge = (ask_u32)(rehearsal->control.granted - shard->budget - charged);
		row.depth = shard->depth;
		row.seq = ask_g8(shard, layout->g_trackingseq);
		*ret = row;
		shard->write_off = shard->undo_off + row.size;
	} else if (shard->write_chunk == shard->undo_chunk) {
		shard->write_off = shard->undo_off;
	} else {
		shard->write_off = 0; /* it began in the chunk before, which is full */
	}
	return true;
}

/*
 * Reads one piece of each goroutine of the batch that `sizes` is not 0 for. What cannot be read so is
 * read when it is needed.
 */
static void read_pieces(struct rehearsal *rehearsal, enum piece kind, size_t count,
			const uint64_t *addresses, const uint32_t *sizes)
{
	const struct target_memory *memory = &rehearsal->session->memory;
	struct target_piece *pieces = rehearsal->pieces[kind], packed[ASK_BATCH];
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		if (sizes[i])
			packed[n++] = (struct target_piece){addresses[i], sizes[i], NULL};
	if (memory->read_pieces)
		memory->read_pieces(memory->source, packed, n, rehearsal->room[kind]);
	n = 0;
	for (size_t i = 0; i < count; i++)
		pieces[i] = sizes[i] ? packed[n++] : (struct target_piece){0};
}

/* Reads what is needed of the batch's goroutines: first each g, then sudogs, then stacks. */
static void read_batch(struct rehearsal *rehearsal, size_t count)
{
	const struct ask_layout *layout = &rehearsal->session->schema->layout;
	uint32_t sizes[PIECES][ASK_BATCH] = {{0}};
	uint64_t gs[ASK_BATCH] = {0}, sudogs[ASK_BATCH] = {0}, stacks[ASK_BATCH] = {0};

	memset(rehearsal->pieces, 0, sizeof(rehearsal->pieces));
	for (size_t i = 0; i < count; i++) {
		gs[i] = rehearsal->shard->batch[i];
		sizes[PIECE_G][i] = layout->g_size;
	}
	read_pieces(rehearsal, PIECE_G, count, gs, sizes[PIECE_G]);
	for (size_t i = 0; i < count; i++) {
		const uint8_t *g = rehearsal->pieces[PIECE_G][i].data;
		uint64_t hi;

		if (!g)
			continue;
		memcpy(&sudogs[i], g + layout->g_waiting, sizeof(sudogs[i]));
		memcpy(&stacks[i], g + layout->g_sched_sp, sizeof(stacks[i]));
		memcpy(&hi, g + layout->g_stack_hi, sizeof(hi));
		sizes[PIECE_SUDOG][i] = sudogs[i] ? rehearsal->session->rehearsal_sudog : 0;
		if (stacks[i] < hi && hi - stacks[i] <= PIECE_MAX)
			sizes[PIECE_STACK][i] = (uint32_t)(hi - stacks[i]);
	}
	read_pieces(rehearsal, PIECE_SUDOG, count, sudogs, sizes[PIECE_SUDOG]);
	read_pieces(rehearsal, PIECE_STACK, count, stacks, sizes[PIECE_STACK]);
}

/* The batch that begins at `first`. false: there is no more to be done. */
static bool rehearse_batch(struct rehearsal *rehearsal, uint64_t first)
{
	struct session *session = rehearsal->session;
	struct ask_shard *shard = rehearsal->shard;
	uint64_t count = rehearsal->control.goroutines - first;

	if (count > ASK_BATCH)
		count = ASK_BATCH;
	if (!read_ran(session, &rehearsal->ran) ||
	    !session_read(session, rehearsal->control.allgs + first * 8, shard->batch, count * 8))
		return false;
	read_batch(rehearsal, count);
	shard->batch_first = first;
	for (uint64_t i = first; i < first + count; i++) {
		shard->batch_end = i + 1; /* no g but this one is to be read */
		shard->gs_size = 0;
		rehearsal->place = i - first;
		if (!rehearse_one(rehearsal, i, &session->rehearsal[i]))
			return false;
	}
	return true;
}

/* As in the pause, the length first: it is stored last. */
static bool list_goroutines(struct rehearsal *rehearsal)
{
	const struct session *session = rehearsal->session;
	const struct ask_layout *layout = &session->schema->layout;
	struct ask_control *control = &rehearsal->control;
	uint64_t bias = session->info.load_bias;

	if (!session_read(session, layout->allglen + bias, &control->goroutines, 8) ||
	    !session_read(session, layout->allgptr + bias, &control->allgs, 8))
		return false;
	if (control->goroutines > session->rehearsal_rows)
		control->goroutines = session->rehearsal_rows;
	return true;
}

static void set_up(struct rehearsal *rehearsal, struct session *session)
{
	rehearsal->session = session;
	rehearsal->control = (struct ask_control){
		.text = session->control->text,
		.load_bias = session->control->load_bias,
		.bytes_limit = UINT64_MAX,
	};
	rehearsal->shard = calloc(1, sizeof(*rehearsal->shard));
	if (!rehearsal->shard)
		base_out_of_memory();
	for (size_t i = 0; i < PIECES; i++) {
		rehearsal->room[i] = malloc(ASK_BATCH * (size_t)PIECE_MAX);
		if (!rehearsal->room[i])
			base_out_of_memory();
	}
	rehearsal->shard->first_chunk = session->chunk_count;
	rehearsal->shard->chunks = session->rehearsal_chunks;
	rehearsal->shard->retried = 1; /* what cannot be read is left to the pause */
	native_tables(session, &rehearsal->engine);
	rehearsal->engine.control = &rehearsal->control;
	rehearsal->engine.shards = rehearsal->shard;
	rehearsal->engine.read = rehearsal_read;
	rehearsal->engine.now = rehearsal_now;
	rehearsal->engine.data = rehearsal;
}

void rehearse(struct session *session)
{
	uint64_t begin = rehearsal_now();
	struct rehearsal *rehearsal;
	uint64_t first = 0;

	if (!session->rehearsal_rows || !read_random(session, session->rehearsal_random))
		return;
	rehearsal = calloc(1, sizeof(*rehearsal));
	if (!rehearsal)
		base_out_of_memory();
	set_up(rehearsal, session);
	rehearsal->control.deadline = begin + REHEARSAL_NS; /* one stack may be a million frames deep */
	ask_native = &rehearsal->engine;
	if (list_goroutines(rehearsal))
		while (first < rehearsal->control.goroutines && rehearse_batch(rehearsal, first) &&
		       rehearsal_now() < rehearsal->control.deadline)
			first += ASK_BATCH;
	session->rehearsed = rehearsal->control.goroutines;
	session->statistics.rehearsal_ns = rehearsal_now() - begin;
	ask_native = NULL;
	for (size_t i = 0; i < PIECES; i++)
		free(rehearsal->room[i]);
	free(rehearsal->shard);
	free(rehearsal);
}

void rehearsal_begin(struct session *session)
{
	uint8_t random[sizeof(session->rehearsal_random)];
	uint64_t ran;

	session->control->rehearsed = 0;
	/* execve() gives the program another 16 bytes; nothing of what was read would hold. */
	if (!session->rehearsed || !read_random(session, random) ||
	    memcmp(random, session->rehearsal_random, sizeof(random)) != 0 ||
	    !read_ran(session, &ran))
		return;
	session->control->ran = ran;
	session->control->rehearsed = session->rehearsed;
}

void rehearsal_plan(struct session *session, uint64_t room)
{
	const struct ask_layout *layout = &session->schema->layout;
	uint64_t rows = session->goroutines_before, chunks = 1;
	uint32_t end;

	session->rehearsal_rows = session->rehearsal_chunks = 0;
	if (!layout->gopark_hi || session->core ||
	    session->options->pause == COLLECT_PAUSE_NONE || session->options->no_rehearsal)
		return;
	end = layout->sudog_elem > layout->sudog_c ? layout->sudog_elem : layout->sudog_c;
	end = end > layout->sudog_waitlink ? end : layout->sudog_waitlink;
	session->rehearsal_sudog = end + 8;
	if (rows > room / (sizeof(struct ask_rehearsed) + ROOM_A_ROW))
		rows = room / (sizeof(struct ask_rehearsed) + ROOM_A_ROW);
	if (rows > MOST_ROWS)
		rows = MOST_ROWS;
	while (chunks < ASK_SHARD_CHUNKS && chunks * ASK_CHUNK_SIZE < rows * ROOM_A_ROW)
		chunks *= 2;
	session->rehearsal_rows = (uint32_t)rows;
	session->rehearsal_chunks = (uint32_t)chunks;
}
