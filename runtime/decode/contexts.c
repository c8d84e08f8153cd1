/* SPDX-License-Identifier: BSD-2-Clause */
#include "value.h"

/*
 * Contexts. The VALUE record of such a capture is an interface context.Context; what it
 * leads to is a chain of POINTEEs, each the view of one link (bpf-headers/engine/contexts.h,
 * compiler/resolve/chains.c). Rows of the engine's pointers tell what a view is: a context
 * (CONTEXT), a pointer to one (FREE), a valueCtx (CONTEXT_VALUE). The chain is walked
 * from the top; the first valueCtx whose key and value have the types that the spec names has
 * the value. Where a link is not known nothing is said of what comes behind it.
 *
 * The value is shown as a variable of its type would be: a string is text and an int a
 * number. raw_X keeps the interface: {"__type":…,"__word":…,"__value":…}.
 */

/* How a walk ends. */
enum walk_end {
	WALK_FOUND, /* `val` is the interface */
	WALK_NIL,   /* the context itself is nil */
	WALK_NONE,  /* the whole chain has no such value */
	WALK_HOLE,  /* the rest of it is not known: `hole` */
};
struct walk {
	struct render *r;
	uint32_t mask; /* the context's bit */
	/* Brent's way to notice a cycle: a link of before, left behind after 1, 2, 4, … steps */
	uint64_t mark;
	uint32_t steps, power;
	struct view val;
	struct hole hole;
};

static const char no_end[] = "the chain of contexts has no end";

static const struct ask_context_type *context_type(const struct schema *schema, uint64_t offset)
{
	uint32_t lo = 0, hi = schema->context_types_count;

	while (lo < hi) {
		uint32_t middle = lo + (hi - lo) / 2;

		if (schema->context_types[middle].offset < offset)
			lo = middle + 1;
		else
			hi = middle;
	}
	return lo < schema->context_types_count && schema->context_types[lo].offset == offset
		       ? &schema->context_types[lo]
		       : NULL;
}

/* Offset of a type descriptor from runtime.types. */
static uint64_t type_offset(const struct render *r, uint64_t descriptor)
{
	return descriptor - r->index->load_bias - r->schema->layout.types_lo;
}

static enum walk_end lost(struct walk *walk, struct hole hole)
{
	walk->hole = hole;
	return WALK_HOLE;
}

/*
 * Steps to a link at `address`. true: the walk was here before, or it takes longer than any
 * program's chain.
 */
static bool runs_in_circles(struct walk *walk, uint64_t address)
{
	if (address == walk->mark || !render_work(walk->r, 1))
		return true;
	if (walk->steps++ == walk->power) {
		walk->mark = address;
		walk->power = walk->power * 2 + 1;
		walk->steps = 0;
	}
	return false;
}

static const struct ask_pointer *row_of(const struct schema *schema, uint32_t type, uint32_t kind)
{
	const struct ask_type *view = &schema->engine_types[type];

	for (uint32_t i = 0; i < view->pointers; i++)
		if (schema->pointers[view->first_pointer + i].kind == kind)
			return &schema->pointers[view->first_pointer + i];
	return NULL;
}

/* Whether a valueCtx has a key and a value of the types that are looked for. */
static bool matches(const struct walk *walk, const struct view *link, const struct ask_pointer *row)
{
	const struct render *r = walk->r;
	const struct ask_context_type *key, *value;
	uint64_t word = view_u64(link, row->offset);
	uint32_t keys = r->schema->layout.any_key, values = r->schema->layout.any_value;

	key = context_type(r->schema, type_offset(r, view_u64(link, row->extra)));
	value = word ? context_type(r->schema, type_offset(r, word)) : NULL;
	if (key)
		keys |= key->keys;
	if (value)
		values |= value->values;
	return keys & values & walk->mask;
}

/*
 * From a link's view at `address` to the context.Context that is the next link, or to the
 * value. Embedded pointers on the way are followed.
 */
static enum walk_end walk_link(struct walk *walk, uint64_t address, uint32_t type,
			       struct view *next)
{
	static const uint8_t nil[16];
	const struct schema *schema = walk->r->schema;

	for (;;) {
		const struct ask_pointer *row;
		uint64_t size = schema->types[type].size, word;
		struct hole hole = pointee_view(walk->r, address, type, size, size, next);

		if (hole.kind != HOLE_NONE)
			return lost(walk, hole);
		row = row_of(schema, type, ASK_POINTER_CONTEXT_VALUE);
		if (row && matches(walk, next, row)) {
			walk->val = view_part(next, row->offset, 16);
			return WALK_FOUND;
		}
		row = row_of(schema, type, ASK_POINTER_CONTEXT);
		if (row) {
			*next = view_part(next, row->offset, 16);
			return WALK_NONE; /* not here */
		}
		row = row_of(schema, type, ASK_POINTER_FREE);
		if (!row || !render_work(walk->r, 1))
			return lost(walk, UNAVAILABLE(no_end));
		word = view_u64(next, row->offset);
		if (!word) { /* an embedded pointer that is nil: no context is behind it */
			*next = (struct view){.data = nil, .size = sizeof(nil)};
			return WALK_NONE;
		}
		address = word + row->extra;
		type = row->target;
	}
}

static enum walk_end walk_chain(struct walk *walk, const struct view *top)
{
	struct render *r = walk->r;
	struct view v = *top;

	for (bool first = true;; first = false) {
		const char *gap = view_gap(r, &v, 0, 16);
		const struct ask_context_type *row;
		const struct ask_rtype *rtype;
		enum walk_end end;
		uint64_t word, offset, address;

		if (gap)
			return lost(walk, UNAVAILABLE(gap));
		word = view_u64(&v, 0);
		if (!word)
			return first ? WALK_NIL : WALK_NONE;
		if (!(word & ASK_DYNAMIC))
			return lost(walk, HOLE(HOLE_READ_FAILED));
		offset = type_offset(r, word & ~ASK_DYNAMIC);
		row = context_type(r->schema, offset);
		if (row && row->flags & ASK_CONTEXT_END)
			return WALK_NONE;
		if (!row || !row->view) {
			rtype = rtype_at(r->schema, offset);
			return lost(walk, UNAVAILABLE(arena_printf(
						  r->arena, "the chain may go on behind %s",
						  rtype ? schema_text(r->schema, rtype->name)
							: "a type without a name")));
		}
		/* where the link leads on: structs that begin with one another share an address */
		address = view_u64(&v, 8) + row->skip;
		if (runs_in_circles(walk, address))
			return lost(walk, UNAVAILABLE(no_end));
		end = walk_link(walk, address, row->view, &v);
		if (end != WALK_NONE)
			return end;
	}
}

/* ---- the value ---- */

/* What the interface holds: its type (NULL: not known), and a view of it. */
static struct hole open_value(struct render *r, const struct view *val,
			      const struct ask_rtype **rtype, struct view *ret)
{
	uint64_t size;

	*rtype = rtype_at(r->schema, type_offset(r, view_u64(val, 0)));
	if (!*rtype || (*rtype)->type == ASK_ABSENT)
		return NO_HOLE;
	size = r->schema->types[(*rtype)->type].size;
	*ret = view_part(val, 8, 8);
	if ((*rtype)->flags & ASK_RTYPE_DIRECT)
		return size == 8 ? NO_HOLE : UNAVAILABLE("its dynamic type is not pointer-shaped");
	if (!size) {
		*ret = (struct view){.data = (const uint8_t *)""};
		return NO_HOLE;
	}
	return pointee_view(r, view_u64(val, 8), (*rtype)->type, size, size, ret);
}

static void put_unknown(struct render *r, const struct ask_rtype *rtype)
{
	json_object_begin(&r->json);
	json_key(&r->json, "__status");
	json_text(&r->json, "unknown_type");
	if (rtype) {
		json_key(&r->json, "__type");
		json_text(&r->json, schema_text(r->schema, rtype->name));
	}
	json_object_end(&r->json);
	render_partial(r, "unknown_type");
}

/* raw_X: the interface. `value` is NULL where there is none. */
static struct decode_cell raw_cell(struct render *r, const struct view *val,
				   const struct ask_rtype *rtype, const struct view *value,
				   struct hole hole)
{
	cleanup_strbuf struct strbuf out = STRBUF_INIT;

	render_begin(r, &out, true);
	json_object_begin(&r->json);
	if (rtype) {
		json_key(&r->json, "__type");
		json_text(&r->json, schema_text(r->schema, rtype->name));
	}
	render_address(r, "__word", view_u64(val, 8));
	json_key(&r->json, "__value");
	if (!value)
		put_unknown(r, rtype);
	else if (hole.kind != HOLE_NONE)
		render_hole(r, hole);
	else
		render_part(r, value, rtype->type, r->limits->depth);
	json_object_end(&r->json);
	return value_text(r->arena, out.data, out.length);
}

static void give_value(struct render *r, const struct view *val, struct decode_cell cells[3])
{
	const struct ask_rtype *rtype;
	struct view value;
	struct hole hole;
	bool known;

	if (!view_u64(val, 0)) { /* context.WithValue(ctx, key, nil) */
		cells[2] = value_status(r, HOLE(HOLE_NIL));
		return;
	}
	hole = open_value(r, val, &rtype, &value);
	known = rtype && rtype->type != ASK_ABSENT;
	if (!known) {
		cleanup_strbuf struct strbuf out = STRBUF_INIT;

		render_begin(r, &out, false);
		put_unknown(r, rtype);
		cells[0] = value_text(r->arena, out.data, out.length);
	} else if (hole.kind == HOLE_NONE) {
		hole = render_root(r, &value, rtype->type, false, &cells[0]);
	}
	cells[2] = value_status(r, hole);
	/* a hole of X that raw_X shows in its place, such as a nil pointer, is no hole there */
	if (known)
		hole = open_value(r, val, &rtype, &value);
	cells[1] = raw_cell(r, val, rtype, known ? &value : NULL, hole);
}

static struct decode_cell words(const char *text)
{
	return (struct decode_cell){.type = DECODE_TEXT, .text = text, .length = strlen(text)};
}

void context_decode(struct arena *arena, const struct index *index, const struct record *record,
		    struct decode_cell cells[3], bool *found)
{
	const struct schema *schema = index->schema;
	struct render r;
	struct walk walk = {.r = &r};
	struct view v;

	*found = false;
	if (!value_begin(&r, arena, index, record, cells, &v))
		return;
	walk.mask = 1u << schema->captures[schema->exprs[record->value.expr].capture].context;
	switch (walk_chain(&walk, &v)) {
	case WALK_FOUND:
		*found = true;
		give_value(&r, &walk.val, cells);
		return;
	case WALK_NIL:
		cells[2] = words("nil: context");
		return;
	case WALK_NONE:
		cells[2] = words("nil: no such value in the chain");
		return;
	case WALK_HOLE:
		cells[2] = value_status(&r, walk.hole);
		return;
	}
}
