/* SPDX-License-Identifier: BSD-2-Clause */
#include "value.h"

/*
 * How each Go kind looks. To add one: write its functions (here, or in a file of their
 * own as scalars.c, strings.c and sequences.c have theirs), declare them in value.h, and
 * write its row in value_kinds[] at the end. A function may rely on the schema
 * (schema_read() checked sizes and fields) and on nothing in the bytes: they may be any.
 */

/* ---- pointers ---- */

static struct hole render_pointer(struct render *r, const struct view *v, uint32_t type,
				  uint32_t depth)
{
	uint32_t elem = r->schema->types[type].elem, cost = pointer_cost(r->schema, type);
	size_t ancestors = r->ancestors.length;
	struct view pointee;
	struct hole hole = pointer_follow(r, v, type, depth, &pointee);

	if (!r->raw) {
		if (hole.kind == HOLE_NONE)
			hole = render_value(r, &pointee, elem, depth - cost);
		r->ancestors.length = ancestors;
		return hole;
	}
	if (hole.kind == HOLE_NIL || view_gap(r, v, 0, 8))
		return hole;
	json_object_begin(&r->json);
	render_address(r, "__addr", view_u64(v, 0));
	json_key(&r->json, "__value");
	if (hole.kind == HOLE_NONE)
		render_part(r, &pointee, elem, depth - cost);
	else
		render_hole(r, hole);
	json_object_end(&r->json);
	r->ancestors.length = ancestors;
	return NO_HOLE;
}

uint32_t pointer_target(const struct schema *schema, uint32_t type, uint64_t offset,
			uint32_t otherwise)
{
	const struct ask_type *engine = &schema->engine_types[type];

	for (uint32_t i = 0; i < engine->pointers; i++) {
		const struct ask_pointer *row = &schema->pointers[engine->first_pointer + i];

		if (row->offset == offset && row->kind == ASK_POINTER_FREE)
			return row->target;
	}
	return otherwise;
}

/* ---- structs ---- */

/* The field of this name, or NULL. */
const struct schema_field *struct_field(const struct schema *schema, const struct schema_type *type,
					const char *name)
{
	for (uint32_t i = 0; i < type->fields; i++) {
		const struct schema_field *field = &schema->fields[type->first_field + i];

		if (strcmp(schema_text(schema, field->name), name) == 0)
			return field;
	}
	return NULL;
}

bool struct_number(const struct schema *schema, const struct view *v, uint32_t type,
		   const char *name, uint64_t *ret)
{
	const struct schema_field *field = struct_field(schema, &schema->types[type], name);
	uint64_t size = field ? schema->types[field->type].size : 0;

	if (!size || size > sizeof(*ret))
		return false;
	*ret = 0;
	memcpy(ret, v->data + field->offset, size);
	return true;
}

static struct hole scalar_struct(struct render *r, const struct view *v, uint32_t type, bool *is,
				 struct scalar *ret)
{
	const struct schema_field *field = schema_atomic_number(r->schema, type);
	struct hole hole;
	struct view part;

	if (!field)
		return NO_HOLE;
	part = view_part(v, field->offset, r->schema->types[field->type].size);
	hole = scalar_int(r, &part, field->type, is, ret);
	if (hole.kind != HOLE_NONE ||
	    strcmp(schema_text(r->schema, r->schema->types[type].name), "sync/atomic.Bool") != 0)
		return hole;
	if (ret->cell.integer != 0 && ret->cell.integer != 1)
		return UNAVAILABLE("its word is neither true nor false");
	ret->boolean = true;
	return NO_HOLE;
}

/* What naming a redacted field's type takes. */
static size_t redacted_length(const struct schema *schema, const struct schema_field *field)
{
	return field->flags & SCHEMA_FIELD_REDACTED
		       ? strlen(schema_text(schema, schema->types[field->type].name))
		       : 0;
}

/* A field of which no more than the length of a string or slice was read. */
static void render_redacted(struct render *r, const struct view *v, uint32_t type)
{
	const struct schema_type *t = &r->schema->types[type];

	json_object_begin(&r->json);
	json_key(&r->json, "__status");
	json_text(&r->json, "redacted");
	if (r->raw) {
		json_key(&r->json, "__type");
		json_text(&r->json, schema_text(r->schema, t->name));
		if (t->kind == SCHEMA_KIND_STRING || t->kind == SCHEMA_KIND_SLICE)
			render_word(r, "len", (int64_t)view_u64(v, 8), view_gap(r, v, 8, 8));
	}
	json_object_end(&r->json);
}

static struct hole render_struct(struct render *r, const struct view *v, uint32_t type,
				 uint32_t depth)
{
	const struct schema *schema = r->schema;
	const struct schema_type *t = &schema->types[type];
	size_t ancestors = r->ancestors.length;
	struct hole hole;

	if (schema_atomic_number(schema, type))
		return render_scalar(r, v, type, depth);
	if (render_sync(r, v, type, depth, &hole))
		return hole;
	if (v->address && t->size)
		ancestor_push(r, v->address, type, false);
	json_object_begin(&r->json);
	for (uint32_t i = 0; i < t->fields; i++) {
		const struct schema_field *field = &schema->fields[t->first_field + i];
		const char *name = schema_text(schema, field->name);
		struct view part;

		if (strcmp(name, "_") == 0)
			continue;
		if (!render_room(r, (strlen(name) + redacted_length(schema, field)) * 6)) {
			render_budget(r, true);
			break;
		}
		part = view_part(v, field->offset, schema->types[field->type].size);
		json_key(&r->json, name);
		if (field->flags & SCHEMA_FIELD_REDACTED)
			render_redacted(r, &part, field->type);
		else
			render_part(r, &part, field->type, depth);
	}
	json_object_end(&r->json);
	r->ancestors.length = ancestors;
	return NO_HOLE;
}

/* ---- kinds without a form of their own ---- */

static void render_words(struct render *r, const struct view *v)
{
	json_key(&r->json, "__words");
	json_array_begin(&r->json);
	for (uint64_t i = 0; i < v->size; i += 8) {
		uint64_t size = v->size - i < 8 ? v->size - i : 8, word = 0;
		const char *gap = view_gap(r, v, i, size);

		if (!render_room(r, 0)) {
			render_budget(r, false);
			break;
		}
		memcpy(&word, v->data + i, size);
		if (gap)
			render_hole(r, UNAVAILABLE(gap));
		else
			render_address(r, NULL, word);
	}
	json_array_end(&r->json);
}

/* Type and words, never a guess at what they mean. */
struct hole render_unknown(struct render *r, const struct view *v, uint32_t type,
				  uint32_t depth)
{
	(void)depth;
	json_object_begin(&r->json);
	json_key(&r->json, "__status");
	json_text(&r->json, "unknown_type");
	json_key(&r->json, "__type");
	json_text(&r->json, schema_text(r->schema, r->schema->types[type].name));
	if (r->raw)
		render_words(r, v);
	json_object_end(&r->json);
	if (!r->partial)
		r->partial = "unknown_type";
	return NO_HOLE;
}

const struct kind value_kinds[SCHEMA_KINDS] = {
	[SCHEMA_KIND_UNKNOWN] = {.render = render_unknown},
	[SCHEMA_KIND_BOOL] = {.render = render_scalar, .scalar = scalar_bool},
	[SCHEMA_KIND_INT] = {.render = render_scalar, .scalar = scalar_int},
	[SCHEMA_KIND_UINT] = {.render = render_scalar, .scalar = scalar_int},
	[SCHEMA_KIND_FLOAT] = {.render = render_scalar, .scalar = scalar_float},
	[SCHEMA_KIND_COMPLEX] = {.render = render_complex},
	[SCHEMA_KIND_STRING] = {.render = render_string,
				.scalar = scalar_string,
				.raw_differs = true},
	[SCHEMA_KIND_POINTER] = {.render = render_pointer},
	[SCHEMA_KIND_STRUCT] = {.render = render_struct, .scalar = scalar_struct},
	[SCHEMA_KIND_ARRAY] = {.render = render_array, .scalar = scalar_array},
	[SCHEMA_KIND_SLICE] = {.render = render_slice},
	[SCHEMA_KIND_TIME] = {.render = render_time, .scalar = scalar_time, .raw_differs = true},
	[SCHEMA_KIND_MAP] = {.render = render_map},
	[SCHEMA_KIND_CHAN] = {.render = render_chan},
	[SCHEMA_KIND_FUNC] = {.render = render_func},
	[SCHEMA_KIND_INTERFACE] = {.render = render_interface},
	[SCHEMA_KIND_ANY] = {.render = render_interface},
	[SCHEMA_KIND_UNSAFE_POINTER] = {.render = render_scalar, .scalar = scalar_unsafe_pointer},
};
_Static_assert(ARRAY_SIZE(value_kinds) == SCHEMA_KINDS, "a row for each kind");
