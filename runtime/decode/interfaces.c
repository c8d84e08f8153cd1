/* SPDX-License-Identifier: BSD-2-Clause */
#include "value.h"

/*
 * Interfaces. Go source: runtime/runtime2.go, eface {_type, data} and iface {tab, data}.
 *
 * The first word tells the dynamic type. Of an `any` it is the address of the type's
 * descriptor; of an interface with methods the engine has put that in the place of the
 * itab, marked by ASK_DYNAMIC. Descriptors lie in the program's read-only data, so their
 * offset from runtime.types is a row of `rtypes`, which names every type of the program.
 * Types that reflection made at run time are in no row: they stay unknown.
 *
 * The second word is the address of the value, or the value itself where its type is
 * pointer-shaped (ASK_RTYPE_DIRECT). The interface and the pointer in it are one hop.
 */

const struct ask_rtype *rtype_at(const struct schema *schema, uint64_t offset)
{
	uint32_t lo = 0, hi = schema->rtypes_count;

	while (lo < hi) {
		uint32_t middle = lo + (hi - lo) / 2;

		if (schema->rtypes[middle].offset < offset)
			lo = middle + 1;
		else
			hi = middle;
	}
	return lo < schema->rtypes_count && schema->rtypes[lo].offset == offset
		       ? &schema->rtypes[lo]
		       : NULL;
}

/* NULL: not known. */
static const struct ask_rtype *dynamic_type(const struct render *r, uint32_t kind, uint64_t word)
{
	if (kind == SCHEMA_KIND_INTERFACE) {
		if (!(word & ASK_DYNAMIC))
			return NULL;
		word &= ~ASK_DYNAMIC;
	}
	return rtype_at(r->schema, word - r->index->load_bias - r->schema->layout.types_lo);
}

bool interface_value(const struct render *r, const struct view *v, uint32_t type,
		     uint32_t *dynamic, struct view *ret)
{
	const struct ask_rtype *rtype =
		dynamic_type(r, r->schema->types[type].kind, view_u64(v, 0));
	uint64_t size;

	if (view_gap(r, v, 0, 16) || !rtype || rtype->type == ASK_ABSENT)
		return false;
	*dynamic = rtype->type;
	size = r->schema->types[rtype->type].size;
	if (rtype->flags & ASK_RTYPE_DIRECT) {
		*ret = view_part(v, 8, 8);
		return size == 8;
	}
	*ret = (struct view){.data = (const uint8_t *)""};
	return !size || pointee_view(r, view_u64(v, 8), rtype->type, size, size, ret).kind ==
				HOLE_NONE;
}

/* The type of the one word that a pointer-shaped type consists of. */
static uint32_t pointer_shape(const struct schema *schema, uint32_t type)
{
	for (;;) {
		const struct schema_type *t = &schema->types[type];
		uint32_t inner = SCHEMA_NONE;

		if (t->kind == SCHEMA_KIND_ARRAY && t->count == 1)
			inner = t->elem;
		for (uint32_t i = 0; t->kind == SCHEMA_KIND_STRUCT && i < t->fields; i++)
			if (schema->types[schema->fields[t->first_field + i].type].size == 8)
				inner = schema->fields[t->first_field + i].type;
		if (inner == SCHEMA_NONE)
			return type;
		type = inner; /* ends: no type is inside itself */
	}
}

/* Writes what the data word holds or points to. */
static void render_dynamic(struct render *r, const struct view *data, const struct ask_rtype *rtype,
			   uint32_t depth)
{
	const struct schema_type *t = &r->schema->types[rtype->type];
	size_t ancestors = r->ancestors.length;
	const char *gap = view_gap(r, data, 0, 8);
	struct hole hole = NO_HOLE;
	struct view v = *data;

	if (gap) {
		hole = UNAVAILABLE(gap);
	} else if (!(rtype->flags & ASK_RTYPE_DIRECT)) {
		hole = address_follow(r, view_u64(data, 0), rtype->type, depth, 1, &v);
		if (hole.kind == HOLE_NIL)
			hole = UNAVAILABLE("an interface without a value");
		depth = depth ? depth - 1 : 0;
	} else if (t->size != 8) {
		hole = UNAVAILABLE("its dynamic type is not pointer-shaped");
	} else {
		uint32_t shape = pointer_shape(r->schema, rtype->type);
		enum schema_kind kind = r->schema->types[shape].kind;

		/* a pointer and a func pay for their hop themselves, but on the way of a path */
		if (kind == SCHEMA_KIND_MAP || kind == SCHEMA_KIND_CHAN ||
		    (kind == SCHEMA_KIND_POINTER && !pointer_cost(r->schema, shape))) {
			if (!depth && view_u64(data, 0))
				hole = HOLE(HOLE_DEPTH);
			depth = depth ? depth - 1 : 0;
		}
	}
	if (hole.kind == HOLE_NONE)
		render_part(r, &v, rtype->type, depth);
	else
		render_hole(r, hole);
	r->ancestors.length = ancestors;
}

/* `no_type`: why the first word is not there. */
static void render_raw(struct render *r, const struct view *data, const struct ask_rtype *rtype,
		       const char *no_type, uint32_t depth)
{
	const char *gap = view_gap(r, data, 0, 8);

	if (rtype || no_type)
		json_key(&r->json, "__type");
	if (rtype)
		json_text(&r->json, schema_text(r->schema, rtype->name));
	else if (no_type)
		render_hole(r, UNAVAILABLE(no_type));
	json_key(&r->json, "__word");
	if (gap)
		render_hole(r, UNAVAILABLE(gap));
	else
		render_address(r, NULL, view_u64(data, 0));
	if (rtype && rtype->type != ASK_ABSENT) {
		json_key(&r->json, "__value");
		render_dynamic(r, data, rtype, depth);
	}
}

struct hole render_interface(struct render *r, const struct view *v, uint32_t type, uint32_t depth)
{
	struct view data = view_part(v, 8, 8);
	const char *gap = view_gap(r, v, 0, 8);
	const struct ask_rtype *rtype;
	bool unknown;

	if (gap && !r->raw)
		return UNAVAILABLE(gap);
	if (!gap && !view_u64(v, 0))
		return HOLE(HOLE_NIL);
	rtype = gap ? NULL : dynamic_type(r, r->schema->types[type].kind, view_u64(v, 0));
	unknown = !gap && (!rtype || rtype->type == ASK_ABSENT);
	if (!render_room(r, rtype ? strlen(schema_text(r->schema, rtype->name)) * 6 : 0))
		return HOLE(HOLE_BUDGET);
	json_object_begin(&r->json);
	if (unknown) {
		json_key(&r->json, "__status");
		json_text(&r->json, "unknown_type");
		render_partial(r, "unknown_type");
	}
	if (r->raw) {
		render_raw(r, &data, rtype, gap, depth);
	} else if (!unknown) {
		json_key(&r->json, schema_text(r->schema, rtype->name));
		render_dynamic(r, &data, rtype, depth);
	} else if (rtype) {
		json_key(&r->json, "__type");
		json_text(&r->json, schema_text(r->schema, rtype->name));
	}
	json_object_end(&r->json);
	return NO_HOLE;
}
