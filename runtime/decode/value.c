/* SPDX-License-Identifier: BSD-2-Clause */
#include "value.h"

/*
 * One captured expression to the three cells X, raw_X and status_X.
 *
 * A value is a tree: the VALUE record holds its root, POINTEE records hold what it
 * points to. kinds.c writes each Go kind as JSON; here is what all kinds share:
 *
 *  - holes. A part that has no value says so in its own place, and the reason of the
 *    first one becomes the status of the whole. Where the whole has no value it is NULL.
 *  - limits. `depth`, `string` and `slice` are applied anew from the capture's own
 *    limits. Pointees are shared between captures, so that one with small limits may
 *    meet what another one fetched: its rows must not depend on that.
 *  - cycles. What is being written is kept on a stack of (address, type). A pointer to
 *    one of those is a cycle; any other pointer is followed, however often.
 *  - size. A shared node is written each time it is reached, so JSON can be far larger
 *    than the capture. It ends at JSON_MAX: each nesting level keeps RESERVE bytes back
 *    for the brackets and the mark that close it, so the text stays valid and bounded.
 *    What is looked at and gives no JSON (the empty buckets of a map) is bounded too.
 */

#define JSON_MAX ((uint64_t)1 << 20)
#define NESTING_MAX 1024u
#define RESERVE 192u
#define WORK_MAX (1u << 18)

/* How a hole looks: its mark in JSON, and status_X where it is the whole value. */
static const struct {
	const char *mark;
	const char *status;
	bool defect; /* the whole is `partial` for its sake */
} hole_words[] = {
	[HOLE_NONE] = {NULL, "ok", false},
	[HOLE_NIL] = {NULL, "nil", false},
	[HOLE_DEPTH] = {"depth", "ok", false},
	[HOLE_CYCLE] = {"cycle", "ok", false},
	[HOLE_READ_FAILED] = {"read_failed", "read_failed", true},
	[HOLE_BUDGET] = {"budget", "not_captured: budget", true},
	[HOLE_NOT_CAPTURED] = {"not_captured", "not_captured", true},
	[HOLE_TRUNCATED] = {"truncated", "truncated", false},
	[HOLE_UNAVAILABLE] = {"unavailable", "unavailable", true},
};

/* ---- views ---- */

struct view view_part(const struct view *v, uint64_t offset, uint64_t size)
{
	assert(offset <= v->size && size <= v->size - offset);
	return (struct view){
		.data = v->data + offset,
		.size = size,
		.address = v->address ? v->address + offset : 0,
		.offset = v->offset + offset,
		.gaps = v->gaps,
	};
}

uint64_t view_u64(const struct view *v, uint64_t offset)
{
	uint64_t word;

	assert(v->size >= 8 && offset <= v->size - 8);
	memcpy(&word, v->data + offset, sizeof(word));
	return word;
}

const char *view_gap(const struct render *r, const struct view *v, uint64_t offset, uint64_t size)
{
	uint64_t lo = v->offset + offset;

	if (!v->gaps)
		return NULL;
	for (uint32_t i = 0; i < r->gaps_count; i++) {
		const struct schema_gap *gap = &r->gaps[i];

		if (gap->offset < lo + size && lo < (uint64_t)gap->offset + gap->size)
			return schema_reason_text(gap->reason);
	}
	return NULL;
}

/* ---- parts ---- */

static uint64_t size_limit(const struct render *r)
{
	return JSON_MAX - (uint64_t)(r->nesting + 1) * RESERVE;
}

bool render_room(struct render *r, uint64_t bytes)
{
	if (!r->full && r->out->length + bytes + RESERVE > size_limit(r))
		r->full = true;
	return !r->full;
}

void render_budget(struct render *r, bool object)
{
	if (object) {
		json_key(&r->json, "__status");
		json_text(&r->json, "budget");
	} else {
		json_object_begin(&r->json);
		json_key(&r->json, "__status");
		json_text(&r->json, "budget");
		json_object_end(&r->json);
	}
	render_partial(r, "budget");
}

bool render_work(struct render *r, uint32_t steps)
{
	if (steps > WORK_MAX - r->work)
		return false;
	r->work += steps;
	return true;
}

void render_partial(struct render *r, const char *reason)
{
	if (!r->partial)
		r->partial = reason;
}

void render_address(struct render *r, const char *key, uint64_t address)
{
	if (key)
		json_key(&r->json, key);
	json_address(&r->json, address);
}

void render_hole(struct render *r, struct hole hole)
{
	if (hole.kind == HOLE_NIL) {
		json_null(&r->json);
		return;
	}
	json_object_begin(&r->json);
	json_key(&r->json, "__status");
	json_text(&r->json, hole_words[hole.kind].mark);
	if (hole.kind == HOLE_CYCLE)
		render_address(r, "__addr", hole.address);
	json_object_end(&r->json);
	if (hole_words[hole.kind].defect)
		render_partial(r, hole.reason ? hole.reason : hole_words[hole.kind].mark);
}

struct hole render_value(struct render *r, const struct view *v, uint32_t type, uint32_t depth)
{
	const struct kind *kind = &value_kinds[r->schema->types[type].kind];
	struct hole hole;

	if (r->nesting == NESTING_MAX)
		return HOLE(HOLE_BUDGET);
	r->nesting++;
	hole = kind->render(r, v, type, depth);
	r->nesting--;
	return hole;
}

void render_part(struct render *r, const struct view *v, uint32_t type, uint32_t depth)
{
	size_t length = r->out->length;
	bool comma = r->json.comma;
	struct hole hole = r->full ? HOLE(HOLE_BUDGET) : render_value(r, v, type, depth);

	if (hole.kind == HOLE_NONE && r->out->length > size_limit(r)) {
		strbuf_truncate(r->out, length);
		r->json.comma = comma;
		r->full = true;
		hole = HOLE(HOLE_BUDGET);
	}
	if (hole.kind != HOLE_NONE)
		render_hole(r, hole);
}

/* ---- pointers ---- */

bool ancestor_push(struct render *r, uint64_t address, uint32_t type, bool array)
{
	for (size_t i = r->ancestors.length; i-- > 0;) {
		const struct ancestor *a = &r->ancestors.data[i];

		if (a->address == address && a->type == type && a->array == array)
			return false;
	}
	*VEC_PUSH(r->arena, &r->ancestors) = (struct ancestor){address, type, array};
	return true;
}

struct hole pointee_view(const struct render *r, uint64_t address, uint32_t type, uint64_t want,
			 uint64_t least, struct view *ret)
{
	const struct pointee *pointee = index_pointee(r->index, address, type);
	bool over_budget = r->index->over_budget || (pointee && pointee->budget);
	uint64_t length = want;

	if (!pointee || pointee->length < want) {
		if (pointee && pointee->read_failed)
			return HOLE(HOLE_READ_FAILED);
		if (over_budget)
			return HOLE(HOLE_BUDGET);
		/* nothing went wrong: the engine has a bound of its own on one read */
		if (!pointee || !pointee->data || pointee->length < least)
			return HOLE(HOLE_NOT_CAPTURED);
		length = pointee->length;
	}
	*ret = (struct view){.data = pointee->data, .size = length, .address = address};
	return NO_HOLE;
}

struct hole address_follow(struct render *r, uint64_t address, uint32_t type, uint32_t depth,
			   uint32_t cost, struct view *ret)
{
	uint64_t size = r->schema->types[type].size;
	struct hole hole;

	if (!address)
		return HOLE(HOLE_NIL);
	if (!size) {
		*ret = (struct view){.data = (const uint8_t *)"", .address = address};
		return depth < cost ? HOLE(HOLE_DEPTH) : NO_HOLE;
	}
	for (size_t i = r->ancestors.length; i-- > 0;) {
		const struct ancestor *a = &r->ancestors.data[i];

		if (a->address == address && a->type == type && !a->array)
			return (struct hole){HOLE_CYCLE, NULL, address};
	}
	if (depth < cost)
		return HOLE(HOLE_DEPTH);
	hole = pointee_view(r, address, type, size, size, ret);
	if (hole.kind == HOLE_NONE)
		ancestor_push(r, address, type, false);
	return hole;
}

uint32_t pointer_cost(const struct schema *schema, uint32_t type)
{
	return pointer_target(schema, type, 0, SCHEMA_NONE) == SCHEMA_NONE;
}

struct hole pointer_follow(struct render *r, const struct view *v, uint32_t type, uint32_t depth,
			   struct view *ret)
{
	const char *gap = view_gap(r, v, 0, 8);

	if (gap)
		return UNAVAILABLE(gap);
	return address_follow(r, view_u64(v, 0), r->schema->types[type].elem, depth,
			      pointer_cost(r->schema, type), ret);
}

/* ---- the whole ---- */

struct decode_cell value_text(struct arena *arena, const char *text, size_t length)
{
	return (struct decode_cell){
		.type = DECODE_TEXT,
		.text = arena_strndup(arena, text, length),
		.length = length,
	};
}

static struct decode_cell static_cell(const char *text)
{
	return (struct decode_cell){.type = DECODE_TEXT, .text = text, .length = strlen(text)};
}

void render_begin(struct render *r, struct strbuf *out, bool raw)
{
	r->out = out;
	r->raw = raw;
	r->full = false;
	r->work = 0;
	r->ancestors.length = 0;
	json_init(&r->json, out);
}

struct hole render_root(struct render *r, const struct view *root, uint32_t root_type, bool raw,
			struct decode_cell *ret)
{
	const struct schema_type *types = r->schema->types;
	cleanup_strbuf struct strbuf out = STRBUF_INIT;
	uint32_t type = root_type, depth = r->limits->depth, hops = 0;
	struct view v = *root;
	struct hole hole = NO_HOLE;
	struct scalar scalar = {0};
	bool is = false;

	render_begin(r, &out, raw);
	/* a scalar behind pointers is the scalar */
	while (!raw && types[type].kind == SCHEMA_KIND_POINTER && hole.kind == HOLE_NONE) {
		struct view next;

		/* what costs nothing is not bounded by depth */
		hole = hops++ < NESTING_MAX ? pointer_follow(r, &v, type, depth, &next)
					    : HOLE(HOLE_BUDGET);
		if (hole.kind == HOLE_NONE) {
			v = next;
			depth -= pointer_cost(r->schema, type);
			type = types[type].elem;
		}
	}
	if (hole.kind == HOLE_NONE) {
		const struct kind *kind = &value_kinds[types[type].kind];

		if (kind->scalar && !(raw && kind->raw_differs))
			hole = kind->scalar(r, &v, type, &is, &scalar);
		if (!is)
			hole = render_value(r, &v, type, depth);
		if (!is && hole.kind == HOLE_NONE && out.length > JSON_MAX) {
			strbuf_clear(&out);
			json_init(&r->json, &out);
			render_hole(r, HOLE(HOLE_BUDGET));
		}
	}
	if (hole.kind == HOLE_DEPTH || hole.kind == HOLE_CYCLE)
		render_hole(r, hole);
	else if (hole.kind != HOLE_NONE)
		return hole;
	*ret = is ? scalar.cell : value_text(r->arena, out.data, out.length);
	return hole;
}

struct decode_cell value_status(struct render *r, struct hole hole)
{
	if (hole.kind == HOLE_UNAVAILABLE)
		return static_cell(arena_printf(r->arena, "unavailable: %s", hole.reason));
	if (hole.kind != HOLE_NONE)
		return static_cell(hole_words[hole.kind].status);
	if (r->partial)
		return static_cell(arena_printf(r->arena, "partial: %s", r->partial));
	return static_cell(r->truncated ? "truncated" : "ok");
}

static void find_gaps(struct render *r, uint32_t expr)
{
	const struct schema *schema = r->schema;
	uint32_t lo = 0, hi = schema->gaps_count;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (schema->gaps[mid].expr < expr)
			lo = mid + 1;
		else
			hi = mid;
	}
	r->gaps = schema->gaps + lo;
	while (lo + r->gaps_count < schema->gaps_count && r->gaps[r->gaps_count].expr == expr)
		r->gaps_count++;
}

bool value_begin(struct render *r, struct arena *arena, const struct index *index,
		 const struct record *record, struct decode_cell cells[3], struct view *ret)
{
	const struct schema *schema = index->schema;

	*r = (struct render){.arena = arena, .index = index, .schema = schema};
	cells[0] = cells[1] = (struct decode_cell){.type = DECODE_NULL};
	if (!record) {
		cells[2] = static_cell("not_captured");
		return false;
	}
	if (absence_redacted(arena, schema, record, cells))
		return false;
	if (record->head.status != ASK_STATUS_OK && record->head.status != ASK_STATUS_PARTIAL) {
		cells[2] = absence_status(arena, schema, record);
		return false;
	}
	r->limits = &schema->limits[schema->exprs[record->value.expr].limits];
	/* a gap is the expression's, whatever the engine says of this one value */
	find_gaps(r, record->value.expr);
	*ret = (struct view){
		.data = record->data,
		.size = record->value.length,
		.address = record->value.address,
		.gaps = r->gaps_count > 0,
	};
	return true;
}

void value_decode(struct arena *arena, const struct index *index, const struct record *record,
		  struct decode_cell cells[3])
{
	struct decode_cell x = {0}, raw = {0};
	struct render r;
	struct hole hole;
	struct view v;
	uint32_t type;

	if (!value_begin(&r, arena, index, record, cells, &v))
		return;
	type = index->schema->exprs[record->value.expr].type;
	hole = render_root(&r, &v, type, false, &x);
	cells[0] = x;
	cells[2] = value_status(&r, hole);
	render_root(&r, &v, type, true, &raw);
	cells[1] = raw;
}
