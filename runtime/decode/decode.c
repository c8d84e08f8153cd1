/* SPDX-License-Identifier: BSD-2-Clause */
#include "decode_int.h"

/*
 * Decoding: from the engine's record streams to rows.
 *
 * The engine writes as it finds: each shard has its own stream, goroutines come in the
 * order of runtime.allgs, the memory behind a pointer may come long before or after
 * the value that holds the pointer, in any stream. So the streams are read twice:
 *
 *   records.c   one record at a time, its size checked against its own counts
 *   index.c     pass 1: every record once; refuses what contradicts the schema, and
 *               remembers where goroutines begin, each distinct stack, each pointee
 *   stack.c     PCs to functions, files and lines, inlined calls unfolded
 *   decode.c    pass 2: goroutines by goid, whatever shard had them; for each its
 *               frames, for each frame the row of its captured function
 *   ahead.c     pass 2 on one thread, the sink on the caller's
 *   value.c     one expression to X, raw_X and status_X, over kinds.c, scalars.c,
 *               strings.c, sequences.c, interfaces.c, funcs.c, channels.c, maps.c (with
 *               entries.c) and sync.c, which know the Go kinds; absence.c: no bytes
 *   contexts.c  the values that the spec looks for in chains of contexts
 *   goroutine.c states, waits, who started it
 *
 * Same capture, same rows in the same order, however many shards there were. A capture
 * that failed is a row with a status; an error is only a stream that lies.
 *
 * Memory: the index lives as long as the decoding. Rows live in the arenas of a few batches
 * of goroutines, each emptied when the sink has had it.
 */

struct decoder {
	const struct decode_input *input;
	const struct decode_sink *sink;
	struct records records;
	struct index index;
	struct symbolizer symbolizer;
	size_t next; /* goroutine of the index to decode */
};

static struct error *read_at(struct decoder *d, const struct goroutine_place *place,
			     struct record *record)
{
	bool more;

	d->records.stream = place->stream;
	d->records.offset = place->offset;
	TRY(records_next(&d->records, record, &more));
	assert(more && record->head.kind == ASK_RECORD_GOROUTINE);
	return NULL;
}

static struct stack *stack_of(struct decoder *d, const struct ask_goroutine *g)
{
	if (g->stack_status != ASK_STACK_OK && g->stack_status != ASK_STACK_CUT)
		return NULL;
	return index_stack(&d->index, g->stack_hash);
}

/* Stacks are numbered as they first occur, by goid: shards do not show. */
static struct error *number_stacks(struct decoder *d, struct stack ***ret, uint64_t *count)
{
	struct stack **stacks = ARENA_ARRAY(d->index.arena, struct stack *, d->index.stacks.length);
	uint64_t n = 0;

	for (size_t i = 0; i < d->index.goroutines.length; i++) {
		struct record record;
		struct stack *stack;

		TRY(read_at(d, &d->index.goroutines.data[i], &record));
		stack = stack_of(d, &record.goroutine);
		if (!stack)
			continue;
		if (stack->number == UINT64_MAX) {
			stack->number = n;
			stacks[n++] = stack;
		}
		stack->goroutines++;
	}
	*ret = stacks;
	*count = n;
	return NULL;
}

static struct error *give_stack(struct decoder *d, struct stack *stack)
{
	uint64_t text = d->input->process->load_bias + d->input->schema->layout.text;
	uint32_t kept = stack->head.leaf + stack->head.root;

	stack_symbolize(&d->symbolizer, stack);
	TRY(d->sink->stack(d->sink->data, stack->number, stack->frames, stack->goroutines));
	for (uint32_t i = 0; i < kept; i++) {
		const struct pc_frames *frames = stack_frames(&d->symbolizer, stack, i);

		for (size_t j = 0; j < frames->count; j++) {
			const struct schema_frame *frame = &frames->frames[j];
			struct decode_frame_row row = {
				.frame_idx = stack->first[i] + j,
				.function = frame->function,
				.file = frame->file,
				.line = frame->line,
				.inlined = frame->inlined,
				.pc = text + stack_pc(stack, i),
			};

			TRY(d->sink->frame(d->sink->data, stack->number, &row));
		}
	}
	return NULL;
}

static struct error *give_stacks(struct decoder *d)
{
	struct stack **stacks;
	uint64_t count;

	TRY(number_stacks(d, &stacks, &count));
	for (uint64_t i = 0; i < count; i++)
		TRY(give_stack(d, stacks[i]));
	return NULL;
}

/*
 * Which logical frame the probe's function has: within the frames of its PC the one
 * with the same inline node. Where the stack is unavailable, all that is known is the
 * physical index.
 */
static uint64_t logical_frame(struct decoder *d, const struct stack *stack,
			      const struct ask_frame *frame)
{
	uint32_t node = d->input->schema->probes[frame->probe].inline_node, kept;
	const struct pc_frames *frames;
	uint64_t first;

	if (!stack)
		return frame->frame;
	first = stack_logical(stack, frame->frame);
	if (!stack_kept(stack, frame->frame, &kept))
		return first;
	frames = stack_frames(&d->symbolizer, stack, kept);
	for (size_t i = 0; i < frames->count; i++)
		if (frames->frames[i].inline_node == node)
			return first + i;
	return first + (frames->count ? frames->count - 1 : 0);
}
_Static_assert(ASK_NO_INLINE == SCHEMA_NONE, "no inline node is one number");

/* One row: each capture of the function with the VALUE that follows the FRAME, if any. */
struct row {
	struct decode_row row;
	struct decode_cell *cells;
	uint32_t captures;
	bool *seen;
	uint8_t *says; /* of a context: enum says */
};
/* How much a row says of a context: a value counts most, then a reason why none is known. */
enum says {
	SAYS_UNKNOWN, /* it may have one */
	SAYS_NOTHING, /* its function has no context */
	SAYS_NONE,    /* its context has no such value */
	SAYS_VALUE,
};

/* The rows of one goroutine. They go out behind it, and it has columns made of them. */
struct rows {
	VEC(struct row) list;
};

static void begin_row(struct decoder *d, struct arena *arena, const struct stack *stack,
		      uint64_t goid, const struct ask_frame *frame, struct row *ret)
{
	const struct schema *schema = d->input->schema;
	uint32_t function = schema->probes[frame->probe].function;
	uint32_t captures = schema->functions[function].captures;

	ret->captures = captures;
	ret->cells = ARENA_ARRAY(arena, struct decode_cell, (size_t)captures * 3);
	ret->seen = ARENA_ARRAY(arena, bool, captures);
	ret->says = ARENA_ARRAY(arena, uint8_t, captures);
	ret->row = (struct decode_row){
		.goroutine_id = goid,
		.frame_idx = logical_frame(d, stack, frame),
		.function = function,
		.values = ret->cells,
		.values_count = (size_t)captures * 3,
	};
}

static enum says add_context(struct decoder *d, struct arena *arena, const struct record *record,
			     struct decode_cell cells[3])
{
	bool found;

	context_decode(arena, &d->index, record, cells, &found);
	if (found)
		return SAYS_VALUE;
	if (record->head.status == ASK_STATUS_UNAVAILABLE &&
	    record->value.detail == ASK_REASON_NO_CONTEXT)
		return SAYS_NOTHING;
	return strncmp(cells[2].text, "nil", 3) == 0 ? SAYS_NONE : SAYS_UNKNOWN;
}

static void add_value(struct decoder *d, struct arena *arena, struct row *row,
		      const struct record *record)
{
	const struct schema *schema = d->input->schema;
	uint32_t capture = schema->exprs[record->value.expr].capture;
	uint32_t i = capture - schema->functions[row->row.function].first_capture;

	assert(i < row->captures);
	if (row->seen[i])
		return;
	row->seen[i] = true;
	if (schema->captures[capture].flags & SCHEMA_CAPTURE_CONTEXT)
		row->says[i] = add_context(d, arena, record, row->cells + (size_t)i * 3);
	else
		value_decode(arena, &d->index, record, row->cells + (size_t)i * 3);
}

static void end_row(struct decoder *d, struct arena *arena, struct row *row)
{
	for (uint32_t i = 0; i < row->captures; i++)
		if (!row->seen[i])
			value_decode(arena, &d->index, NULL, row->cells + (size_t)i * 3);
}

/* ---- contexts of a goroutine ---- */

static int rank(enum says says)
{
	static const int ranks[] = {
		[SAYS_NOTHING] = 0, [SAYS_NONE] = 1, [SAYS_UNKNOWN] = 2, [SAYS_VALUE] = 3};

	return ranks[says];
}

/* The leaf-most row that has context `context`; else why none has, as the leaf-most says. */
static void goroutine_context(const struct decoder *d, const struct rows *rows, uint32_t context,
			      struct decode_cell cells[3])
{
	static const char none[] = "not_captured: no frame with a context";
	const struct schema *schema = d->input->schema;
	uint64_t frame = UINT64_MAX;
	int most = 0;

	cells[0] = cells[1] = (struct decode_cell){.type = DECODE_NULL};
	cells[2] = (struct decode_cell){
		.type = DECODE_TEXT, .text = none, .length = sizeof(none) - 1};
	for (size_t n = 0; n < rows->list.length; n++) {
		const struct row *row = &rows->list.data[n];
		const struct schema_capture *capture =
			schema->captures + schema->functions[row->row.function].first_capture;

		for (uint32_t i = 0; i < row->captures; i++) {
			int how = rank(row->says[i]);

			if (!(capture[i].flags & SCHEMA_CAPTURE_CONTEXT) ||
			    capture[i].context != context || !how || how < most ||
			    (how == most && row->row.frame_idx >= frame))
				continue;
			most = how;
			frame = row->row.frame_idx;
			memcpy(cells, row->cells + (size_t)i * 3, 3 * sizeof(*cells));
		}
	}
}

static void goroutine_contexts(struct decoder *d, struct arena *arena, const struct rows *rows,
			       struct decode_goroutine *goroutine)
{
	uint32_t count = d->input->schema->contexts_count;
	struct decode_cell *cells = ARENA_ARRAY(arena, struct decode_cell, (size_t)count * 3);

	for (uint32_t i = 0; i < count; i++)
		goroutine_context(d, rows, i, cells + (size_t)i * 3);
	goroutine->contexts = cells;
	goroutine->contexts_count = (size_t)count * 3;
}

/* The rows of a goroutine, up to the next one of the shard. */
static struct error *read_rows(struct decoder *d, struct arena *arena, const struct stack *stack,
			       uint64_t goid, uint32_t shard, struct rows *ret)
{
	struct record record;
	struct row *row = NULL;
	bool more;

	for (;;) {
		TRY(records_next(&d->records, &record, &more));
		if (!more || record.head.kind == ASK_RECORD_GOROUTINE ||
		    records_shard(&d->records, &record) != shard)
			break;
		if (record.head.kind == ASK_RECORD_VALUE) {
			assert(row);
			add_value(d, arena, row, &record);
		} else if (record.head.kind == ASK_RECORD_FRAME) {
			if (row)
				end_row(d, arena, row);
			row = VEC_PUSH(arena, &ret->list);
			begin_row(d, arena, stack, goid, &record.frame, row);
		}
	}
	if (row)
		end_row(d, arena, row);
	return NULL;
}

/* A goroutine and its rows. */
static struct error *decode_one(struct decoder *d, const struct goroutine_place *place,
				struct arena *arena, struct batch_goroutine *ret)
{
	struct rows rows = {0};
	struct record record;
	struct stack *stack;

	TRY(read_at(d, place, &record));
	stack = stack_of(d, &record.goroutine);
	goroutine_decode(arena, d->input, &d->index, &record.goroutine, stack, &ret->goroutine);
	TRY(read_rows(d, arena, stack, ret->goroutine.goroutine_id,
		      records_shard(&d->records, &record), &rows));
	goroutine_contexts(d, arena, &rows, &ret->goroutine);
	ret->rows = ARENA_ARRAY(arena, struct decode_row, rows.list.length);
	ret->rows_count = rows.list.length;
	for (size_t i = 0; i < rows.list.length; i++)
		ret->rows[i] = rows.list.data[i].row;
	return NULL;
}

static struct error *fill(void *data, struct batch *batch)
{
	struct decoder *d = data;

	while (d->next < d->index.goroutines.length && !batch_is_full(batch)) {
		struct batch_goroutine goroutine;

		TRY(decode_one(d, &d->index.goroutines.data[d->next], &batch->arena, &goroutine));
		d->next++;
		*VEC_PUSH(&batch->arena, &batch->goroutines) = goroutine;
	}
	batch->last = d->next == d->index.goroutines.length;
	return NULL;
}

struct error *decode(const struct decode_input *input, const struct decode_sink *sink)
{
	cleanup_arena struct arena arena;
	struct decoder d = {.input = input, .sink = sink};

	arena_init(&arena);
	records_init(&d.records, &arena, input);
	TRY(index_build(&d.index, &arena, &d.records));
	symbolizer_init(&d.symbolizer, &arena, input->schema);
	TRY(give_stacks(&d));
	return ahead_run(fill, &d, sink);
}
