/* SPDX-License-Identifier: BSD-2-Clause */
#include "resolve_int.h"

/*
 * A type as the engine sees it: a flat list of the pointers inside it. Structs are
 * laid out in one another; an array of pointers, strings or slices is one row with a
 * repeat. An array of structs gives each pointer of the struct a repeat of its own;
 * only where a pointer in it is repeated already (arrays in arrays that do not join
 * up) the outer array is written out, element by element.
 *
 * A map or channel is a pointer to what it is made of, which costs nothing; internals.c
 * has the rows of those structs. Kinds without rows: unsafe.Pointer, of which nothing is
 * known, and numbers. time.Time's only pointer leads to a time zone that no value shows.
 */

#define NESTING_MAX 200

static struct resolve_pointers *flatten(struct resolve_flat *flat, const struct binary_type *type,
					unsigned depth);

bool pointers_lead_nowhere(const struct binary_type *target)
{
	return !target || !target->size || target->kind == SCHEMA_KIND_UNKNOWN;
}

static bool push(struct resolve_flat *context, struct resolve_pointers *rows,
		 const struct resolve_pointer *row, uint64_t offset, uint64_t repeat,
		 uint64_t stride, const char *path)
{
	if (rows->rows.length >= POINTERS_MAX || offset > UINT32_MAX || repeat > UINT32_MAX ||
	    stride > UINT32_MAX)
		return false;
	*VEC_PUSH(context->arena, &rows->rows) = (struct resolve_pointer){
		.offset = (uint32_t)offset,
		.kind = row->kind,
		.extra = row->extra,
		.extra_type = row->extra_type,
		.repeat = (uint32_t)repeat,
		.stride = (uint32_t)stride,
		.target = row->target,
		.path = path,
	};
	return true;
}

bool pointers_push(struct resolve_flat *flat, struct resolve_pointers *ret,
		   const struct resolve_pointer *row, uint64_t offset, const char *path)
{
	return push(flat, ret, row, offset, row->repeat, row->stride, path);
}

static bool flatten_field(struct resolve_flat *context, const struct binary_field *field,
			  unsigned depth, struct resolve_pointers *ret)
{
	const struct resolve_pointers *inner = flatten(context, field->type, depth + 1);

	if (!inner)
		return false;
	for (size_t i = 0; i < inner->rows.length; i++) {
		const struct resolve_pointer *row = &inner->rows.data[i];

		if (!pointers_push(context, ret, row, field->offset + row->offset,
				   arena_printf(context->arena, ".%s%s", field->name, row->path)))
			return false;
	}
	return true;
}

bool pointers_member(struct resolve_flat *flat, const struct binary_field *field,
		     struct resolve_pointers *ret)
{
	return flatten_field(flat, field, 0, ret);
}

/*
 * Go source: sync/atomic/type.go, Pointer
 * {_ [0]*T; _ noCopy; v unsafe.Pointer}: the blank field, which is there for the compiler,
 * tells what v leads to.
 */
const struct binary_type *pointers_atomic_target(const struct binary_type *type)
{
	static const char name[] = "sync/atomic.Pointer[";

	if (strncmp(type->name, name, sizeof(name) - 1) != 0)
		return NULL;
	for (size_t f = 0; f < type->fields_count; f++) {
		const struct binary_type *blank = type->fields[f].type;

		if (blank->kind == SCHEMA_KIND_ARRAY && !blank->count && blank->elem &&
		    blank->elem->kind == SCHEMA_KIND_POINTER)
			return blank->elem->elem;
	}
	return NULL;
}

static bool flatten_struct(struct resolve_flat *context, const struct binary_type *declared,
			   unsigned depth, struct resolve_pointers *ret)
{
	const struct resolve_view *view = flat_view(context, declared);
	const struct binary_type *type = view ? view->shape : declared;
	const struct resolve_pointer atomic = {
		.kind = ASK_POINTER_PLAIN, .repeat = 1, .target = pointers_atomic_target(type)};

	for (size_t f = 0; f < type->fields_count; f++) {
		const struct binary_field *field = &type->fields[f];

		if (view && view->redacted[f])
			continue;
		if (field->type->kind == SCHEMA_KIND_UNSAFE_POINTER &&
		    !pointers_lead_nowhere(atomic.target) &&
		    !pointers_push(context, ret, &atomic, field->offset, ".v"))
			return false;
		if (strcmp(field->name, "_") && /* left out of every value */
		    !flatten_field(context, field, depth, ret))
			return false;
	}
	return true;
}

static bool flatten_array(struct resolve_flat *context, const struct binary_type *type,
			  unsigned depth, struct resolve_pointers *ret)
{
	const struct resolve_pointers *inner;
	uint64_t size;

	if (!type->elem || !type->count || !type->elem->size)
		return true;
	inner = flatten(context, type->elem, depth + 1);
	if (!inner)
		return false;
	size = type->elem->size;
	for (size_t i = 0; i < inner->rows.length; i++) {
		const struct resolve_pointer *row = &inner->rows.data[i];
		const char *path = arena_printf(context->arena, "[]%s", row->path);

		if (row->repeat == 1) {
			if (!push(context, ret, row, row->offset, type->count, size, path))
				return false;
			continue;
		}
		if ((uint64_t)row->repeat * row->stride == size) { /* the inner rows join up */
			if (!push(context, ret, row, row->offset, row->repeat * type->count,
				  row->stride, path))
				return false;
			continue;
		}
		for (uint64_t n = 0; n < type->count; n++)
			if (!push(context, ret, row, row->offset + n * size, row->repeat,
				  row->stride,
				  arena_printf(context->arena, "[%" PRIu64 "]%s", n, row->path)))
				return false;
	}
	return true;
}

static bool flatten_kind(struct resolve_flat *context, const struct binary_type *type,
			 unsigned depth, struct resolve_pointers *ret)
{
	struct resolve_pointer row = {.repeat = 1, .path = ""};
	const struct resolve_role *role = flat_role(context, type);

	if (!role)
		role = syncmap_role(context, type);
	if (role)
		return internals_flatten(context, type, role, ret);
	switch (type->kind) {
	case SCHEMA_KIND_STRUCT:
		return flatten_struct(context, type, depth, ret);
	case SCHEMA_KIND_ARRAY:
		return flatten_array(context, type, depth, ret);
	case SCHEMA_KIND_STRING:
		row.kind = ASK_POINTER_STRING; /* target NULL: a byte */
		return push(context, ret, &row, 0, 1, 0, "");
	case SCHEMA_KIND_POINTER:
	case SCHEMA_KIND_SLICE:
		if (pointers_lead_nowhere(type->elem))
			return true;
		row.kind = type->kind == SCHEMA_KIND_SLICE ? ASK_POINTER_SLICE
			   : syncmap_is_inner(type->elem)  ? ASK_POINTER_FREE
							   : ASK_POINTER_PLAIN;
		row.target = type->elem;
		return push(context, ret, &row, 0, 1, 0, "");
	case SCHEMA_KIND_MAP:
	case SCHEMA_KIND_CHAN:
		if (!internals_know(context, type))
			return true;
		row.kind = ASK_POINTER_FREE;
		row.target = type->internals;
		return push(context, ret, &row, 0, 1, 0, "");
	case SCHEMA_KIND_ANY:
	case SCHEMA_KIND_INTERFACE:
		row.kind = type->kind == SCHEMA_KIND_ANY ? ASK_POINTER_ANY : ASK_POINTER_INTERFACE;
		return push(context, ret, &row, 0, 1, 0, "");
	case SCHEMA_KIND_FUNC:
		row.kind = ASK_POINTER_FUNC;
		return push(context, ret, &row, 0, 1, 0, "");
	default:
		return true;
	}
}

/* The rows of a type, or NULL when it is too wide or nested too deep. */
static struct resolve_pointers *flatten(struct resolve_flat *context,
					const struct binary_type *type, unsigned depth)
{
	struct resolve_pointers *rows;
	uint64_t known;

	if (map_get(&context->memo, (uintptr_t)type, &known))
		return (struct resolve_pointers *)(uintptr_t)known;
	if (depth > NESTING_MAX)
		return NULL;
	rows = ARENA_NEW(context->arena, struct resolve_pointers);
	if (!flatten_kind(context, type, depth, rows))
		return NULL;
	map_set(&context->memo, (uintptr_t)type, (uintptr_t)rows);
	return rows;
}

bool pointers_flatten(struct resolve_flat *flat, const struct binary_type *type,
		      struct resolve_pointers *ret)
{
	const struct resolve_pointers *rows = flatten(flat, type, 0);

	if (!rows)
		return false;
	*ret = *rows;
	return true;
}
