/* SPDX-License-Identifier: BSD-2-Clause */
#include "resolve_int.h"

/*
 * Types: every type that a capture can reach within its depth becomes a row, in the
 * order in which captures reach them, breadth first. Every pointer names its pointee,
 * so pointees out of reach follow as rows of kind UNKNOWN, with their name and size:
 * nothing of them is ever captured, and nothing else is known of them to readers.
 */

/* ---- which types ---- */

static struct error *damaged(const struct binary_type *type, const char *what)
{
	return error_new(ERROR_DAMAGED, "debug info: type %s (0x%" PRIx64 "): %s", type->name,
			 type->die, what);
}

/* Sizes that everything later counts on. */
static struct error *check_type(const struct binary_type *type)
{
	uint64_t size;

	if ((type->kind == SCHEMA_KIND_POINTER && type->size != 8) ||
	    (type->kind == SCHEMA_KIND_STRING && type->size != 16) ||
	    (type->kind == SCHEMA_KIND_SLICE && type->size != 24))
		return damaged(type, "its size is not that of its kind");
	if (type->kind == SCHEMA_KIND_SLICE && !type->elem)
		return damaged(type, "a slice of nothing");
	if (type->kind == SCHEMA_KIND_ARRAY &&
	    (!type->elem || __builtin_mul_overflow(type->count, type->elem->size, &size) ||
	     size != type->size))
		return damaged(type, "its elements do not make up its size");
	if (type->kind != SCHEMA_KIND_STRUCT && type->kind != SCHEMA_KIND_TIME)
		return NULL;
	for (size_t i = 0; i < type->fields_count; i++) {
		const struct binary_field *field = &type->fields[i];

		if (field->offset > type->size || field->type->size > type->size - field->offset)
			return damaged(type, "a field lies outside");
	}
	return NULL;
}

struct reach {
	const struct binary_type *type;
	uint32_t depth;
};
struct queue {
	VEC(struct reach) list;
};

static void enqueue(struct resolve *resolve, struct queue *queue, const struct binary_type *type,
		    uint32_t depth)
{
	if (type)
		*VEC_PUSH(resolve->arena, &queue->list) = (struct reach){type, depth};
}

/* What is reached from a value of `type` with `depth` pointers to go. A time's zone is not. */
static void enqueue_inner(struct resolve *resolve, struct queue *queue,
			  const struct binary_type *type, uint32_t depth)
{
	switch (type->kind) {
	case SCHEMA_KIND_STRUCT:
	case SCHEMA_KIND_TIME:
		for (size_t i = 0; i < type->fields_count; i++)
			enqueue(resolve, queue, type->fields[i].type,
				type->kind == SCHEMA_KIND_TIME ? 0 : depth);
		return;
	case SCHEMA_KIND_ARRAY:
	case SCHEMA_KIND_SLICE:
		enqueue(resolve, queue, type->elem, depth);
		return;
	case SCHEMA_KIND_POINTER:
		if (depth)
			enqueue(resolve, queue, type->elem, depth - 1);
		return;
	default:
		return;
	}
}

static void complain_wide(struct resolve *resolve, const struct resolve_capture *capture,
			  const struct binary_type *type)
{
	diagnostics_add(resolve->diags, SEVERITY_ERROR, "type-too-wide", capture->spec->span,
			"this capture reaches type %s, which is too large to be captured: "
			"it holds more than %d pointers or 4 GiB",
			type->name, POINTERS_MAX);
}

/* Makes a row for a type that has none. */
static struct error *add_type(struct resolve *resolve, const struct resolve_capture *capture,
			      const struct binary_type *type, uint32_t depth)
{
	struct resolve_type *row;

	TRY(check_type(type));
	map_set(&resolve->type_index, (uintptr_t)type, resolve->types.length);
	row = VEC_PUSH(resolve->arena, &resolve->types);
	row->type = type;
	row->depth = depth;
	if (type->size > UINT32_MAX || !pointers_flatten(resolve->arena, type, &row->pointers))
		complain_wide(resolve, capture, type);
	return NULL;
}

static struct error *collect_capture(struct resolve *resolve, struct resolve_capture *capture)
{
	struct queue queue = {0};

	enqueue(resolve, &queue, capture->type, capture->depth);
	for (size_t at = 0; at < queue.list.length; at++) {
		struct reach reach = queue.list.data[at];
		uint32_t index = types_index(resolve, reach.type);

		if (index == SCHEMA_NONE)
			TRY(add_type(resolve, capture, reach.type, reach.depth));
		else if (resolve->types.data[index].depth < reach.depth)
			resolve->types.data[index].depth = reach.depth;
		else
			continue;
		enqueue_inner(resolve, &queue, reach.type, reach.depth);
	}
	capture->type_index = types_index(resolve, capture->type);
	return NULL;
}

/* Rows for the pointees that no capture reaches. */
static void add_out_of_reach(struct resolve *resolve)
{
	size_t count = resolve->types.length;
	bool unknown_pointee = false;

	for (size_t i = 0; i < count; i++) {
		const struct binary_type *type = resolve->types.data[i].type;
		struct resolve_type *row;

		if (!type || type->kind != SCHEMA_KIND_POINTER)
			continue;
		if (!type->elem) {
			unknown_pointee = true;
			continue;
		}
		if (types_index(resolve, type->elem) != SCHEMA_NONE)
			continue;
		map_set(&resolve->type_index, (uintptr_t)type->elem, resolve->types.length);
		row = VEC_PUSH(resolve->arena, &resolve->types);
		row->type = type->elem;
		row->out_of_reach = true;
	}
	if (unknown_pointee) { /* pointees that debug info does not describe share one row */
		static const struct binary_type unknown = {.name = "?"};
		struct resolve_type *row;

		map_set(&resolve->type_index, 0, resolve->types.length);
		row = VEC_PUSH(resolve->arena, &resolve->types);
		row->type = &unknown;
		row->out_of_reach = true;
	}
}

struct error *types_collect(struct resolve *resolve)
{
	const struct binary_type *byte = binary_type_find(resolve->binary, "uint8");
	struct resolve_type *row;

	map_init(&resolve->type_index, resolve->arena);
	row = VEC_PUSH(resolve->arena, &resolve->types); /* ASK_TYPE_BYTE */
	if (byte && byte->kind == SCHEMA_KIND_UINT && byte->size == 1) {
		row->type = byte;
		map_set(&resolve->type_index, (uintptr_t)byte, ASK_TYPE_BYTE);
	}
	for (size_t i = 0; i < resolve->captures.length; i++)
		if (resolve->captures.data[i].type)
			TRY(collect_capture(resolve, &resolve->captures.data[i]));
	add_out_of_reach(resolve);
	return NULL;
}

uint32_t types_index(const struct resolve *resolve, const struct binary_type *type)
{
	uint64_t index;

	return map_get(&resolve->type_index, (uintptr_t)type, &index) ? (uint32_t)index
								      : SCHEMA_NONE;
}

/* ---- rows ---- */

struct tables {
	VEC(struct schema_field) fields;
	VEC(struct ask_pointer) pointers;
	VEC(const char *) pointer_comments;
};

static void build_fields(struct resolve *resolve, struct tables *tables,
			 const struct binary_type *type, struct schema_type *row)
{
	row->first_field = (uint32_t)tables->fields.length;
	if (type->kind != SCHEMA_KIND_STRUCT && type->kind != SCHEMA_KIND_TIME)
		return;
	row->fields = (uint32_t)type->fields_count;
	for (size_t i = 0; i < type->fields_count; i++) {
		const struct binary_field *field = &type->fields[i];
		struct schema_field *first, *to;

		to = VEC_PUSH(resolve->arena, &tables->fields);
		first = &tables->fields.data[row->first_field];
		/* in order of their offsets, as they are in DWARF already */
		for (; to > first && to[-1].offset > field->offset; to--)
			*to = to[-1];
		*to = (struct schema_field){
			.offset = field->offset,
			.name = resolve_string(resolve, field->name),
			.type = types_index(resolve, field->type),
			.flags = field->embedded ? SCHEMA_FIELD_EMBEDDED : 0,
		};
	}
}

static const char *pointer_comment(struct arena *arena, const struct binary_type *type,
				   const struct resolve_pointer *pointer)
{
	const char *target = pointer->target ? pointer->target->name : "";

	switch ((enum ask_pointer_kind)pointer->kind) {
	case ASK_POINTER_PLAIN:
		return arena_printf(arena, "%s%s: to a %s", type->name, pointer->path, target);
	case ASK_POINTER_STRING:
		return arena_printf(arena, "%s%s: to its bytes", type->name, pointer->path);
	case ASK_POINTER_SLICE:
		return arena_printf(arena, "%s%s: to its elements, %s", type->name, pointer->path,
				    target);
	}
	return "";
}

static void build_pointers(struct resolve *resolve, struct tables *tables,
			   const struct resolve_type *type, struct ask_type *row)
{
	row->first_pointer = (uint32_t)tables->pointers.length;
	for (size_t i = 0; i < type->pointers.rows.length; i++) {
		const struct resolve_pointer *pointer = &type->pointers.rows.data[i];
		uint32_t target =
			pointer->target ? types_index(resolve, pointer->target) : ASK_TYPE_BYTE;

		if (target == SCHEMA_NONE || resolve->types.data[target].out_of_reach)
			continue;
		*VEC_PUSH(resolve->arena, &tables->pointers) = (struct ask_pointer){
			.offset = pointer->offset,
			.kind = pointer->kind,
			.target = target,
			.repeat = pointer->repeat,
			.stride = pointer->stride,
		};
		*VEC_PUSH(resolve->arena, &tables->pointer_comments) =
			pointer_comment(resolve->arena, type->type, pointer);
		row->pointers++;
	}
}

/* A pointee that no capture reaches: no more than a name and a size. */
static void build_out_of_reach(struct resolve *resolve, const struct binary_type *from,
			       struct schema_type *row, struct ask_type *engine)
{
	*row = (struct schema_type){
		.name = resolve_string(resolve, from->name),
		.kind = SCHEMA_KIND_UNKNOWN,
		.size = from->size <= UINT32_MAX ? from->size : 0,
		.elem = SCHEMA_NONE,
		.key = SCHEMA_NONE,
	};
	engine->size = (ask_u32)row->size;
}

static void build_type(struct resolve *resolve, struct tables *tables,
		       const struct resolve_type *type, struct schema_type *row,
		       struct ask_type *engine)
{
	static const struct binary_type byte = {
		.name = "uint8", .kind = SCHEMA_KIND_UINT, .size = 1};
	const struct binary_type *from = type->type ? type->type : &byte;
	bool has_elem = from->kind == SCHEMA_KIND_POINTER || from->kind == SCHEMA_KIND_SLICE ||
			from->kind == SCHEMA_KIND_ARRAY;

	if (type->out_of_reach) {
		build_out_of_reach(resolve, from, row, engine);
		return;
	}
	*row = (struct schema_type){
		.name = resolve_string(resolve, from->name),
		.kind = from->kind,
		.size = from->size,
		.count = from->kind == SCHEMA_KIND_ARRAY ? from->count : 0,
		.elem = has_elem ? types_index(resolve, from->elem) : SCHEMA_NONE,
		.key = SCHEMA_NONE,
		.runtime_type = from->runtime_type <= UINT32_MAX ? (uint32_t)from->runtime_type : 0,
	};
	engine->size = (ask_u32)from->size;
	build_fields(resolve, tables, from, row);
	build_pointers(resolve, tables, type, engine);
}

struct error *types_build(struct resolve *resolve)
{
	size_t count = resolve->types.length;
	struct schema *schema = &resolve->ir->schema;
	struct schema_type *rows = ARENA_ARRAY(resolve->arena, struct schema_type, count);
	struct ask_type *engine = ARENA_ARRAY(resolve->arena, struct ask_type, count);
	const char **comments = ARENA_ARRAY(resolve->arena, const char *, count);
	struct tables tables = {0};

	for (size_t i = 0; i < count; i++) {
		build_type(resolve, &tables, &resolve->types.data[i], &rows[i], &engine[i]);
		comments[i] = i ? resolve->types.data[i].type->name : "uint8: a string's byte";
	}
	if (count >= UINT32_MAX || tables.fields.length >= UINT32_MAX ||
	    tables.pointers.length >= UINT32_MAX)
		return error_new(ERROR_SPEC, "the spec reaches too many types");
	schema->types = rows;
	schema->engine_types = engine;
	schema->types_count = schema->engine_types_count = (uint32_t)count;
	schema->fields = tables.fields.data;
	schema->fields_count = (uint32_t)tables.fields.length;
	schema->pointers = tables.pointers.data;
	schema->pointers_count = (uint32_t)tables.pointers.length;
	resolve->ir->type_comments = comments;
	resolve->ir->pointer_comments = tables.pointer_comments.data;
	return NULL;
}
