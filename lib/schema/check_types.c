/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Types: sizes that fit their kind, fields inside their struct, no type inside
 * itself. Readers take a value apart by recursion over its type, within a buffer of
 * its size: these checks are what keeps them in the buffer and the stack.
 */
#include "schema_int.h"

/* Structs and arrays in each other, at most; beyond it a reader's stack would not be safe. */
#define NESTING_MAX 200u

/* Which of its type's references a kind has, and its size where there is only one. */
static const struct kind_shape {
	uint32_t size; /* 0: any, or see number_sizes */
	bool elem, elem_optional, key, fields;
	uint32_t sizes; /* bit n: 1 << n bytes are allowed; 0: see size */
} shapes[] = {
	[SCHEMA_KIND_UNKNOWN] = {0},
	[SCHEMA_KIND_BOOL] = {.size = 1},
	[SCHEMA_KIND_INT] = {.sizes = 0xf},
	[SCHEMA_KIND_UINT] = {.sizes = 0xf},
	[SCHEMA_KIND_FLOAT] = {.sizes = 0xc},
	[SCHEMA_KIND_COMPLEX] = {.sizes = 0x18},
	[SCHEMA_KIND_STRING] = {.size = 16},
	[SCHEMA_KIND_POINTER] = {.size = 8, .elem = true},
	[SCHEMA_KIND_STRUCT] = {.fields = true},
	[SCHEMA_KIND_ARRAY] = {.elem = true},
	[SCHEMA_KIND_SLICE] = {.size = 24, .elem = true},
	[SCHEMA_KIND_TIME] = {.size = 24, .fields = true},
	[SCHEMA_KIND_MAP] = {.size = 8, .elem_optional = true, .key = true},
	[SCHEMA_KIND_CHAN] = {.size = 8, .elem_optional = true},
	[SCHEMA_KIND_FUNC] = {.size = 8},
	[SCHEMA_KIND_INTERFACE] = {.size = 16},
	[SCHEMA_KIND_ANY] = {.size = 16},
	[SCHEMA_KIND_UNSAFE_POINTER] = {.size = 8},
};
_Static_assert(ARRAY_SIZE(shapes) == SCHEMA_KINDS, "a shape for each kind");

static bool size_fits(const struct kind_shape *shape, uint64_t size)
{
	if (shape->sizes)
		return size && !(size & (size - 1)) && size <= 16 &&
		       shape->sizes & 1u << __builtin_ctzll(size);
	return !shape->size || size == shape->size;
}

static struct error *check_fields(struct schema_check *check, uint32_t t)
{
	const struct schema *schema = check->schema;
	const struct schema_type *type = &schema->types[t];
	const struct schema_field *field = schema->fields + type->first_field;
	uint64_t last = 0;

	TRY(schema_check_spend(check, type->fields));
	for (uint32_t i = 0; i < type->fields; i++, field++) {
		uint64_t size = schema->types[field->type].size;

		if (field->offset > type->size || size > type->size - field->offset)
			return schema_check_fail(check, "types", t, "field %u is not inside it", i);
		if (field->offset < last)
			return schema_check_fail(check, "types", t, "field %u is out of order", i);
		last = field->offset;
	}
	return NULL;
}

static struct error *check_type(struct schema_check *check, uint32_t t)
{
	const struct schema *schema = check->schema;
	const struct schema_type *type = &schema->types[t];
	const struct kind_shape *shape = &shapes[type->kind];
	uint64_t size;

	if (type->size != schema->engine_types[t].size)
		return schema_check_fail(check, "types", t, "the engine's size is %u, not %" PRIu64,
					 schema->engine_types[t].size, type->size);
	if (!size_fits(shape, type->size))
		return schema_check_fail(check, "types", t, "%" PRIu64 " bytes of a %s", type->size,
					 schema_kind_name(type->kind));
	if (!shape->elem_optional && (type->elem != SCHEMA_NONE) != shape->elem)
		return schema_check_fail(check, "types", t, "%s element",
					 shape->elem ? "no" : "an");
	if (type->key != SCHEMA_NONE && !shape->key)
		return schema_check_fail(check, "types", t, "a key");
	if (type->fields && !shape->fields)
		return schema_check_fail(check, "types", t, "fields");
	if (type->count && type->kind != SCHEMA_KIND_ARRAY)
		return schema_check_fail(check, "types", t, "a count");
	if (type->kind == SCHEMA_KIND_ARRAY &&
	    (__builtin_mul_overflow(type->count, schema->types[type->elem].size, &size) ||
	     size != type->size))
		return schema_check_fail(check, "types", t, "its elements do not make its size");
	return check_fields(check, t);
}

/* The type of the n-th value inside a type, SCHEMA_NONE when there are no more. */
static uint32_t inner(const struct schema *schema, uint32_t t, uint32_t n)
{
	const struct schema_type *type = &schema->types[t];

	if (type->kind == SCHEMA_KIND_ARRAY)
		return n ? SCHEMA_NONE : type->elem;
	return n < type->fields ? schema->fields[type->first_field + n].type : SCHEMA_NONE;
}

/*
 * Depth first over what types hold by value, with a stack of our own. height[t]
 * is 0 before t was seen, OPEN while it is on the stack, then its nesting.
 */
#define OPEN UINT8_MAX
_Static_assert(NESTING_MAX < OPEN - 1, "a height fits a byte");

static struct error *check_nesting(const struct schema_check *check)
{
	const struct schema *schema = check->schema;
	cleanup_arena struct arena arena = {0};
	uint8_t *height = ARENA_ARRAY(&arena, uint8_t, schema->types_count);
	struct {
		uint32_t type, next, height;
	} stack[NESTING_MAX];

	for (uint32_t t = 0; t < schema->types_count; t++) {
		uint32_t depth = 0;

		if (height[t])
			continue;
		stack[depth++] = (typeof(stack[0])){t, 0, 1};
		height[t] = OPEN;
		while (depth) {
			uint32_t in = inner(schema, stack[depth - 1].type, stack[depth - 1].next++);

			if (in == SCHEMA_NONE) {
				uint32_t h = stack[--depth].height;

				height[stack[depth].type] = (uint8_t)h;
				if (depth && stack[depth - 1].height <= h)
					stack[depth - 1].height = h + 1;
				if (h > NESTING_MAX)
					return schema_check_fail(check, "types", t,
								 "nested too deep");
			} else if (height[in] == OPEN) {
				return schema_check_fail(check, "types", in, "contains itself");
			} else if (height[in]) {
				if (stack[depth - 1].height <= height[in])
					stack[depth - 1].height = height[in] + 1u;
			} else if (depth == NESTING_MAX) {
				return schema_check_fail(check, "types", t, "nested too deep");
			} else {
				stack[depth++] = (typeof(stack[0])){in, 0, 1};
				height[in] = OPEN;
			}
		}
	}
	return NULL;
}

uint32_t schema_pointer_width(uint32_t kind)
{
	switch (kind) {
	case ASK_POINTER_PLAIN:
	case ASK_POINTER_FREE:
	case ASK_POINTER_COUNTED:
	case ASK_POINTER_BUCKETS:
	case ASK_POINTER_FUNC:
	case ASK_POINTER_NODE:
		return 8;
	case ASK_POINTER_STRING:
	case ASK_POINTER_DIRECTORY:
	case ASK_POINTER_GROUPS:
	case ASK_POINTER_ANY:
	case ASK_POINTER_INTERFACE:
	case ASK_POINTER_CONTEXT:
	case ASK_POINTER_CONTEXT_VALUE:
		return 16;
	case ASK_POINTER_SLICE:
		return 24;
	}
	return 0;
}

/* What `extra` refers to must be there: a type, or fields of the value. */
static bool extra_is_sound(const struct schema *schema, const struct ask_type *type,
			   const struct ask_pointer *pointer)
{
	switch (pointer->kind) {
	case ASK_POINTER_FREE:
		return true; /* bytes in the target: wherever they lie, they are read or not */
	case ASK_POINTER_CONTEXT_VALUE:
		return pointer->repeat == 1 && pointer->extra + (uint64_t)16 <= type->size;
	case ASK_POINTER_DIRECTORY:
	case ASK_POINTER_NODE:
		return pointer->extra < schema->types_count;
	case ASK_POINTER_COUNTED:
		return pointer->repeat == 1 && pointer->extra + (uint64_t)8 <= type->size;
	case ASK_POINTER_GROUPS:
		return pointer->repeat == 1 && pointer->extra + (uint64_t)2 <= type->size;
	case ASK_POINTER_BUCKETS:
		return pointer->repeat == 1 && (pointer->extra & 0xff) < type->size &&
		       (pointer->extra >> 8 & 0xff) < type->size && pointer->extra >> 17 == 0;
	}
	return !pointer->extra;
}

static struct error *check_pointers(struct schema_check *check, uint32_t t)
{
	const struct schema *schema = check->schema;
	const struct ask_type *type = &schema->engine_types[t];
	const struct ask_pointer *pointer = schema->pointers + type->first_pointer;

	TRY(schema_check_spend(check, type->pointers));
	for (uint32_t i = 0; i < type->pointers; i++, pointer++) {
		uint64_t width = schema_pointer_width(pointer->kind);
		uint64_t end = pointer->offset + width;

		if (!width || !pointer->repeat || (pointer->repeat > 1 && pointer->stride < width) ||
		    !extra_is_sound(schema, type, pointer))
			return schema_check_fail(check, "engine_types", t,
						 "pointer %u is malformed", i);
		/* repeat - 1 and stride are below 2^32: no overflow */
		end += (uint64_t)(pointer->repeat - 1) * pointer->stride;
		if (end > type->size)
			return schema_check_fail(check, "engine_types", t,
						 "pointer %u is not inside it", i);
	}
	return NULL;
}

static struct error *check_spans(struct schema_check *check, uint32_t t)
{
	const struct schema *schema = check->schema;
	const struct ask_type *type = &schema->engine_types[t];
	const struct ask_span *span = schema->spans + type->first_span;

	TRY(schema_check_spend(check, type->spans));
	for (uint32_t i = 0; i < type->spans; i++, span++) {
		uint64_t end = (uint64_t)span->offset + span->size;

		/* not over each other: what they copy together is no more than the value */
		if (!span->repeat || (span->repeat > 1 && span->stride < span->size) ||
		    (!span->size && type->spans > 1))
			return schema_check_fail(check, "engine_types", t, "span %u is malformed",
						 i);
		/* repeat - 1 and stride are below 2^32: no overflow */
		end += (uint64_t)(span->repeat - 1) * span->stride;
		if (end > type->size)
			return schema_check_fail(check, "engine_types", t,
						 "span %u is not inside it", i);
	}
	return NULL;
}

struct error *schema_check_types(struct schema_check *check)
{
	const struct schema *schema = check->schema;

	if (schema->engine_types_count != schema->types_count)
		return error_new(ERROR_DAMAGED, "%s: damaged schema: %u types, %u in the engine",
				 check->name, schema->types_count, schema->engine_types_count);
	for (uint32_t t = 0; t < schema->types_count; t++) {
		TRY(check_type(check, t));
		TRY(check_pointers(check, t));
		TRY(check_spans(check, t));
	}
	if (!schema->types_count || schema->types[ASK_TYPE_BYTE].kind != SCHEMA_KIND_UINT ||
	    schema->types[ASK_TYPE_BYTE].size != 1)
		return schema_check_fail(check, "types", ASK_TYPE_BYTE, "not a string's byte");
	return check_nesting(check);
}
