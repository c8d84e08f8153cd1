/* SPDX-License-Identifier: BSD-2-Clause */
#include "resolve_int.h"

/*
 * Which bytes of a value are copied. Of most types it is all of them, and they have no rows. A
 * listed type (views.c), and whatever holds one by value, is copied span by span: bytes of
 * fields that were not chosen never leave the target. A redacted string or slice gives its
 * length word, any other redacted field nothing.
 *
 * An array of structs gives each span of the struct a repeat, as pointers.c does. Padding
 * between two fields that are copied is copied with them: it saves a read.
 */

#define NESTING_MAX 200
#define LENGTH_AT 8 /* of a string or slice: after the pointer */
#define WORD 8

static bool push(struct resolve_flat *flat, struct resolve_spans *spans,
		 const struct resolve_span *span)
{
	if (spans->rows.length >= POINTERS_MAX || span->offset > UINT32_MAX ||
	    span->size > UINT32_MAX || span->repeat > UINT32_MAX || span->stride > UINT32_MAX)
		return false;
	*VEC_PUSH(flat->arena, &spans->rows) = *span;
	return true;
}

/* No field of the struct has bytes in [lo, hi). */
static bool is_padding(const struct binary_type *type, uint64_t lo, uint64_t hi)
{
	for (size_t i = 0; i < type->fields_count; i++) {
		const struct binary_field *field = &type->fields[i];

		if (field->offset < hi && lo < field->offset + field->type->size)
			return false;
	}
	return true;
}

/* Appends a span of a struct, to the one before it where nothing lies between them. */
static bool push_field(struct resolve_flat *flat, const struct binary_type *declared,
		       const struct resolve_span *span, struct resolve_spans *ret)
{
	struct resolve_span *last =
		ret->rows.length ? &ret->rows.data[ret->rows.length - 1] : NULL;
	uint64_t end = last ? last->offset + last->size : 0;

	if (!last || last->repeat != 1 || span->repeat != 1 || span->offset < end ||
	    span->offset - end >= WORD || !is_padding(declared, end, span->offset))
		return push(flat, ret, span);
	last->size = span->offset + span->size - last->offset;
	last->to = span->to ? span->to : span->path;
	return true;
}

static bool spans_field(struct resolve_flat *flat, const struct binary_type *declared,
			const struct binary_field *field, bool redacted, unsigned depth,
			struct resolve_spans *ret)
{
	const struct resolve_spans *inner;
	struct resolve_span span = {
		.offset = field->offset,
		.size = field->type->size,
		.repeat = 1,
		.path = arena_printf(flat->arena, ".%s", field->name),
	};

	if (redacted) {
		if (field->type->kind != SCHEMA_KIND_STRING &&
		    field->type->kind != SCHEMA_KIND_SLICE)
			return true;
		span.offset += LENGTH_AT;
		span.size = WORD;
		span.path = arena_printf(flat->arena, ".%s (length)", field->name);
		return push_field(flat, declared, &span, ret);
	}
	inner = spans_of(flat, field->type, depth + 1);
	if (!inner)
		return false;
	if (!inner->cut)
		return !span.size || push_field(flat, declared, &span, ret);
	for (size_t i = 0; i < inner->rows.length; i++) {
		struct resolve_span row = inner->rows.data[i];

		row.offset += field->offset;
		row.path = arena_printf(flat->arena, ".%s%s", field->name, row.path);
		if (row.to)
			row.to = arena_printf(flat->arena, ".%s%s", field->name, row.to);
		if (!push_field(flat, declared, &row, ret))
			return false;
	}
	return true;
}

/* Whether any part of a struct is cut; -1: nested absurdly. */
static int is_cut(struct resolve_flat *flat, const struct binary_type *type, unsigned depth)
{
	if (flat_view(flat, type))
		return 1;
	for (size_t i = 0; i < type->fields_count; i++) {
		const struct resolve_spans *inner = spans_of(flat, type->fields[i].type, depth + 1);

		if (!inner || inner->cut)
			return inner ? 1 : -1;
	}
	return 0;
}

static bool spans_struct(struct resolve_flat *flat, const struct binary_type *declared,
			 unsigned depth, struct resolve_spans *ret)
{
	const struct resolve_view *view = flat_view(flat, declared);
	const struct binary_type *type = view ? view->shape : declared;
	int cut = is_cut(flat, declared, depth);

	if (cut <= 0)
		return !cut;
	ret->cut = true;
	for (size_t i = 0; i < type->fields_count; i++) {
		const struct binary_field *field = &type->fields[i];

		if (strcmp(field->name, "_") && /* left out of every value */
		    !spans_field(flat, view ? view->of : declared, field,
				 view && view->redacted[i], depth, ret))
			return false;
	}
	return true;
}

static bool spans_array(struct resolve_flat *flat, const struct binary_type *type, unsigned depth,
			struct resolve_spans *ret)
{
	const struct resolve_spans *inner;
	uint64_t size = type->elem ? type->elem->size : 0;

	if (!size || !type->count)
		return true;
	inner = spans_of(flat, type->elem, depth + 1);
	if (!inner)
		return false;
	ret->cut = inner->cut;
	for (size_t i = 0; i < inner->rows.length; i++) {
		struct resolve_span row = inner->rows.data[i];
		bool single = row.repeat == 1, joins = row.repeat * row.stride == size;

		row.path = arena_printf(flat->arena, "[]%s", row.path);
		row.to = row.to ? arena_printf(flat->arena, "[]%s", row.to) : NULL;
		if (single)
			row.stride = size;
		if (single || joins) {
			row.repeat *= type->count;
			if (!push(flat, ret, &row))
				return false;
			continue;
		}
		for (uint64_t n = 0; n < type->count; n++, row.offset += size)
			if (!push(flat, ret, &row))
				return false;
	}
	return true;
}

const struct resolve_spans *spans_of(struct resolve_flat *flat, const struct binary_type *type,
				     unsigned depth)
{
	struct resolve_spans *spans;
	bool fits = true;
	uint64_t known;

	if (map_get(&flat->spans, (uintptr_t)type, &known))
		return (const struct resolve_spans *)(uintptr_t)known;
	if (depth > NESTING_MAX)
		return NULL;
	spans = ARENA_NEW(flat->arena, struct resolve_spans);
	if (type->kind == SCHEMA_KIND_STRUCT)
		fits = spans_struct(flat, type, depth, spans);
	else if (type->kind == SCHEMA_KIND_ARRAY)
		fits = spans_array(flat, type, depth, spans);
	if (fits)
		map_set(&flat->spans, (uintptr_t)type, (uintptr_t)spans);
	return fits ? spans : NULL;
}

/* ---- values in frames: COPY ops ---- */

/* Appends the parts of `copy` that lie in a span; false when there is no room. */
static bool cut_copy(const struct resolve_span *span, const struct ask_op *copy,
		     struct resolve_program *ret)
{
	uint64_t end = (uint64_t)copy->b + copy->c;

	for (uint64_t n = 0; n < span->repeat; n++) {
		uint64_t lo = span->offset + n * span->stride, hi = lo + span->size;

		if (lo >= end)
			return true;
		lo = lo < copy->b ? copy->b : lo;
		hi = hi > end ? end : hi;
		if (lo >= hi)
			continue;
		if (ret->ops_count == ASK_MAX_OPS)
			return false;
		ret->ops[ret->ops_count++] = (struct ask_op){
			.kind = ASK_OP_COPY,
			.a = copy->a + (int64_t)(lo - copy->b),
			.b = (uint32_t)lo,
			.c = (uint32_t)(hi - lo),
		};
	}
	return true;
}

bool spans_cut(struct resolve_flat *flat, const struct binary_type *type,
	       struct resolve_program *program)
{
	const struct resolve_spans *spans = spans_of(flat, type, 0);
	struct resolve_program cut = *program;

	if (spans && !spans->cut)
		return true;
	cut.ops_count = 0;
	for (uint32_t i = 0; spans && i < program->ops_count; i++) {
		const struct ask_op *op = &program->ops[i];
		bool fits = true;

		/* a copy of the whole value obeys the type's spans by itself */
		if (op->kind == ASK_OP_COPY && op->c != type->size) {
			for (size_t s = 0; s < spans->rows.length && fits; s++)
				fits = cut_copy(&spans->rows.data[s], op, &cut);
		} else if ((fits = cut.ops_count < ASK_MAX_OPS)) {
			cut.ops[cut.ops_count++] = *op;
		}
		if (!fits)
			return false;
	}
	*program = cut;
	return spans;
}
