/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <sys/random.h>

#include "decode_int.h"

/*
 * Pass 1: looks at every record once, refuses what contradicts the schema or the
 * records before it, and remembers where goroutines begin, each distinct stack and
 * each pointee. Nothing is copied: the index points into the streams.
 *
 * Shards do not talk to each other while they capture, and one memory may be reached
 * under several limits, so the same STACK and POINTEE may come more than once.
 * Stacks with one hash must be equal; of pointees the longest copy counts, as a
 * shorter one is its prefix.
 */

/* What a FRAME or VALUE belongs to, within one shard. */
struct context {
	uint32_t shard;
	bool in_goroutine, in_frame;
	struct ask_goroutine goroutine;
	const struct stack *stack; /* NULL when it is unavailable */
	uint32_t probe;
};

/*
 * Keys are salted: a dump made to put all of its stacks into one chain would have to
 * guess the salt. Nothing is ever walked in hash order, so rows do not depend on it.
 */
static uint64_t salted(const struct index *index, uint64_t a, uint64_t b)
{
	return hash_u64(hash_u64(a ^ index->salt) + b);
}

static uint64_t pointee_key(const struct index *index, uint64_t address, uint32_t type)
{
	return salted(index, address, type);
}

static struct pointee *find_pointee(const struct index *index, uint64_t address, uint32_t type)
{
	uint64_t i;

	if (!map_get(&index->pointee_map, pointee_key(index, address, type), &i))
		return NULL;
	for (;;) {
		struct pointee *pointee = &index->pointees.data[i];

		if (pointee->address == address && pointee->type == type)
			return pointee;
		if (!pointee->next)
			return NULL;
		i = pointee->next - 1;
	}
}

const struct pointee *index_pointee(const struct index *index, uint64_t address, uint32_t type)
{
	return find_pointee(index, address, type);
}

static struct pointee *add_pointee(struct index *index, uint64_t address, uint32_t type)
{
	uint64_t key = pointee_key(index, address, type), newest, first = 0;
	struct pointee *pointee;

	if (map_get(&index->pointee_map, key, &newest))
		first = newest + 1;
	for (uint64_t i = first; i; i = pointee->next) {
		pointee = &index->pointees.data[i - 1];
		if (pointee->address == address && pointee->type == type)
			return pointee;
	}
	pointee = VEC_PUSH(index->arena, &index->pointees);
	pointee->address = address;
	pointee->type = type;
	pointee->next = first;
	map_set(&index->pointee_map, key, index->pointees.length - 1);
	return pointee;
}

static uint64_t stack_key(const struct index *index, const ask_u64 hash[2])
{
	return salted(index, hash[0], hash[1]);
}

struct stack *index_stack(const struct index *index, const ask_u64 hash[2])
{
	uint64_t i;

	if (!map_get(&index->stack_map, stack_key(index, hash), &i))
		return NULL;
	for (;;) {
		struct stack *stack = &index->stacks.data[i];

		if (stack->head.hash[0] == hash[0] && stack->head.hash[1] == hash[1])
			return stack;
		if (!stack->next)
			return NULL;
		i = stack->next - 1;
	}
}

static bool has_stack(const struct ask_goroutine *g)
{
	return g->stack_status == ASK_STACK_OK || g->stack_status == ASK_STACK_CUT;
}

static struct error *take_stack(struct index *index, const struct records *records,
				const struct record *record)
{
	const struct ask_stack *head = &record->stack;
	struct stack *stack = index_stack(index, head->hash);
	uint64_t kept = (uint64_t)head->leaf + head->root, older;

	if (!head->hash[0] && !head->hash[1])
		return records_damaged(records, record, "a stack without a hash");
	if (kept > head->depth)
		return records_damaged(records, record, "a stack of depth %u with %" PRIu64 " PCs",
				       head->depth, kept);
	if (stack) {
		if (stack->head.depth != head->depth || stack->head.leaf != head->leaf ||
		    stack->head.root != head->root || stack->head.flags != head->flags ||
		    memcmp(stack->pcs, record->data, kept * 4) != 0)
			return records_damaged(records, record, "two different stacks, one hash");
		return NULL;
	}
	stack = VEC_PUSH(index->arena, &index->stacks);
	stack->head = *head;
	stack->pcs = record->data;
	stack->number = UINT64_MAX;
	if (map_get(&index->stack_map, stack_key(index, head->hash), &older))
		stack->next = older + 1;
	map_set(&index->stack_map, stack_key(index, head->hash), index->stacks.length - 1);
	return NULL;
}

static struct error *take_goroutine(struct index *index, const struct records *records,
				    const struct record *record, struct context *context)
{
	const struct ask_goroutine *g = &record->goroutine;
	struct goroutine_place *place;

	if (g->stack_status >= ASK_STACK_STATUSES)
		return records_damaged(records, record,
				       "goroutine %llu has unknown stack status %u", g->goid,
				       g->stack_status);
	if (g->goid > INT64_MAX)
		return records_damaged(records, record, "no goroutine has the number %llu",
				       g->goid);
	index->collected_twice |= g->waitsince != 0;
	context->in_goroutine = true;
	context->in_frame = false;
	context->goroutine = *g;
	context->stack = NULL;
	if (has_stack(g)) {
		context->stack = index_stack(index, g->stack_hash);
		if (!context->stack)
			return records_damaged(records, record,
					       "goroutine %llu has a stack that is not there",
					       g->goid);
		if (context->stack->head.depth != g->depth)
			return records_damaged(records, record,
					       "goroutine %llu has %u frames, its stack %u",
					       g->goid, g->depth, context->stack->head.depth);
	}
	*VEC_PUSH(index->arena, &index->addresses) =
		(struct goroutine_address){g->address, g->goid};
	place = VEC_PUSH(index->arena, &index->goroutines);
	place->goid = g->goid;
	place->stream = record->stream;
	place->offset = record->offset;
	return NULL;
}

static struct error *take_frame(const struct index *index, const struct records *records,
				const struct record *record, struct context *context)
{
	const struct ask_frame *frame = &record->frame;
	const struct stack *stack = context->stack;
	uint32_t kept;

	if (!context->in_goroutine)
		return records_damaged(records, record, "a frame before any goroutine");
	if (frame->probe >= index->schema->probes_count)
		return records_damaged(records, record, "no probe %u", frame->probe);
	if (frame->frame >= context->goroutine.depth && stack)
		return records_damaged(records, record, "no frame %u in a stack of %u",
				       frame->frame, context->goroutine.depth);
	if (stack && stack_kept(stack, frame->frame, &kept) && stack_pc(stack, kept) != frame->pc)
		return records_damaged(records, record, "frame %u is at %#x, in the stack at %#x",
				       frame->frame, frame->pc, stack_pc(stack, kept));
	context->in_frame = true;
	context->probe = frame->probe;
	return NULL;
}

static struct error *take_value(const struct index *index, const struct records *records,
				const struct record *record, const struct context *context)
{
	const struct ask_value *value = &record->value;
	const struct schema *schema = index->schema;
	const struct ask_probe *probe;
	const struct ask_expr *expr;

	if (!context->in_frame)
		return records_damaged(records, record, "a value before any frame");
	probe = &schema->probes[context->probe];
	if (value->expr < probe->first_expr || value->expr - probe->first_expr >= probe->exprs ||
	    value->expr >= schema->exprs_count)
		return records_damaged(records, record, "expression %u is not of probe %u",
				       value->expr, context->probe);
	expr = &schema->exprs[value->expr];
	if (record->head.status > ASK_STATUS_REDACTED)
		return records_damaged(records, record, "unknown status %u", record->head.status);
	if (record->head.status != ASK_STATUS_OK && record->head.status != ASK_STATUS_PARTIAL &&
	    record->head.status != ASK_STATUS_REDACTED)
		return NULL;
	if (value->type != expr->type || value->length != schema->types[expr->type].size)
		return records_damaged(records, record,
				       "type %u of %u bytes, where expression %u has type %u",
				       value->type, value->length, value->expr, expr->type);
	return NULL;
}

/*
 * A closure object is a funcval too, {PC}: under that type it is found before its PC, and
 * with it its own type, is known.
 */
static void take_closure(struct index *index, uint64_t address, const uint8_t *data)
{
	struct pointee *funcval = add_pointee(index, address, index->schema->layout.funcval_type);

	if (funcval->data)
		return;
	funcval->data = data;
	funcval->length = sizeof(uint64_t);
}

static struct error *take_pointee(struct index *index, const struct records *records,
				  const struct record *record)
{
	const struct ask_value *value = &record->value;
	struct pointee *pointee;
	uint64_t size;

	if (value->type >= index->schema->types_count)
		return records_damaged(records, record, "no type %u", value->type);
	switch (record->head.status) {
	case ASK_STATUS_OK:
		break;
	case ASK_STATUS_READ_FAILED:
		add_pointee(index, value->address, value->type)->read_failed = true;
		return NULL;
	case ASK_STATUS_BUDGET:
		add_pointee(index, value->address, value->type)->budget = true;
		return NULL;
	default:
		return records_damaged(records, record, "a pointee with status %u",
				       record->head.status);
	}
	size = index->schema->types[value->type].size;
	if (size ? value->length % size : value->length)
		return records_damaged(records, record,
				       "%u bytes of type %u, whose size is %" PRIu64, value->length,
				       value->type, size);
	pointee = add_pointee(index, value->address, value->type);
	if (!pointee->data || value->length > pointee->length) {
		pointee->data = record->data;
		pointee->length = value->length;
	}
	if (index->is_closure[value->type] && value->length >= sizeof(uint64_t))
		take_closure(index, value->address, record->data);
	return NULL;
}

static struct error *take(struct index *index, const struct records *records,
			  const struct record *record, struct context *context)
{
	switch (record->head.kind) {
	case ASK_RECORD_GOROUTINE:
		return take_goroutine(index, records, record, context);
	case ASK_RECORD_STACK:
		return take_stack(index, records, record);
	case ASK_RECORD_FRAME:
		return take_frame(index, records, record, context);
	case ASK_RECORD_VALUE:
		return take_value(index, records, record, context);
	default:
		return take_pointee(index, records, record);
	}
}

static int by_goid(const void *a, const void *b)
{
	const struct goroutine_place *x = a, *y = b;

	return x->goid < y->goid ? -1 : x->goid > y->goid;
}

static int by_address(const void *a, const void *b)
{
	const struct goroutine_address *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return x->goid < y->goid ? -1 : x->goid > y->goid;
}

bool index_goroutine(const struct index *index, uint64_t address, uint64_t *goid)
{
	size_t lo = 0, hi = index->addresses.length;

	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;

		if (index->addresses.data[middle].address < address)
			lo = middle + 1;
		else
			hi = middle;
	}
	if (!address || lo == index->addresses.length ||
	    index->addresses.data[lo].address != address)
		return false;
	*goid = index->addresses.data[lo].goid;
	return true;
}

static const bool *closure_types(struct arena *arena, const struct schema *schema)
{
	bool *ret = ARENA_ARRAY(arena, bool, schema->types_count);

	for (uint32_t i = 0; i < schema->closures_count; i++)
		ret[schema->closures[i].type] = schema->layout.funcval_type != ASK_ABSENT;
	return ret;
}

struct error *index_build(struct index *index, struct arena *arena, struct records *records)
{
	const struct dump_statistics *statistics = records->input->statistics;
	struct context context = {0};
	struct record record;
	bool more;

	*index = (struct index){.arena = arena, .schema = records->input->schema};
	/* without entropy it is the address of something, which is less and still a salt */
	if (getrandom(&index->salt, sizeof(index->salt), GRND_NONBLOCK) != sizeof(index->salt))
		index->salt = (uintptr_t)index;
	index->load_bias = records->input->process->load_bias;
	index->is_closure = closure_types(arena, index->schema);
	index->over_budget = statistics && statistics->budget_cuts;
	index->dropped = statistics && statistics->dropped_pointees;
	map_init(&index->pointee_map, arena);
	map_init(&index->stack_map, arena);
	for (;;) {
		TRY(records_next(records, &record, &more));
		if (!more)
			break;
		if (records_shard(records, &record) != context.shard)
			context = (struct context){.shard = records_shard(records, &record)};
		TRY(take(index, records, &record, &context));
	}
	if (index->goroutines.length)
		qsort(index->goroutines.data, index->goroutines.length,
		      sizeof(*index->goroutines.data), by_goid);
	if (index->addresses.length)
		qsort(index->addresses.data, index->addresses.length,
		      sizeof(*index->addresses.data), by_address);
	for (size_t i = 1; i < index->goroutines.length; i++) {
		const struct goroutine_place *place = &index->goroutines.data[i];

		if (place->goid == place[-1].goid) {
			record.stream = place->stream;
			record.offset = place->offset;
			return records_damaged(records, &record, "goroutine %" PRIu64 " twice",
					       place->goid);
		}
	}
	return NULL;
}
