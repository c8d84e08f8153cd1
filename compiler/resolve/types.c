/* SPDX-License-Identifier: BSD-2-Clause */
#include "resolve_int.h"

/*
 * Types: every type that a capture can reach within its depth becomes a row, those
 * reached with the most pointers to go first. Every pointer names its pointee, so
 * pointees out of reach follow as rows of kind UNKNOWN, with their name and size:
 * nothing of them is ever captured, and nothing else is known of them to readers.
 *
 * What is reached is decided by the rows of pointers.c, the very ones that the engine
 * follows. An interface reaches every type that has a descriptor in the program, a func
 * value every closure, each with one pointer less: programs of 100 MB have some 100,000
 * types, and depth is what keeps those out that no interface leads to.
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
	    ((type->kind == SCHEMA_KIND_STRING || type->kind == SCHEMA_KIND_ANY ||
	      type->kind == SCHEMA_KIND_INTERFACE) &&
	     type->size != 16) ||
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

/* A type that is reached, with so many pointers still to go. */
struct reach {
	const struct binary_type *type;
	const struct resolve_capture *capture; /* the first that gets there */
	bool dynamic; /* only as a dynamic type or captured variable: it need not be captured */
};
/* By depth. What is reached goes on with the same depth or less, so each type is taken once, at its
 * most. */
struct queue {
	struct resolve *resolve;
	struct {
		VEC(struct reach) list;
	} depths[SPEC_MAX_DEPTH + 1];
};

static void enqueue(struct queue *queue, const struct reach *from, const struct binary_type *type,
		    uint32_t depth)
{
	if (type)
		*VEC_PUSH(queue->resolve->arena, &queue->depths[depth].list) =
			(struct reach){type, from->capture, from->dynamic};
}

/* What a value consists of. Their pointers are the value's own, so nothing is reached from here. */
static void enqueue_parts(struct queue *queue, const struct reach *from)
{
	const struct resolve_view *view = flat_view(&queue->resolve->flat, from->type);
	const struct binary_type *type = view ? view->shape : from->type;

	switch (type->kind) {
	case SCHEMA_KIND_STRUCT:
	case SCHEMA_KIND_TIME:
		for (size_t i = 0; i < type->fields_count; i++)
			if (!view || !view->redacted[i])
				enqueue(queue, from, type->fields[i].type, 0);
		return;
	case SCHEMA_KIND_MAP:
		enqueue(queue, from, type->key, 0);
		enqueue(queue, from, type->elem, 0);
		return;
	case SCHEMA_KIND_ARRAY:
	case SCHEMA_KIND_SLICE:
	case SCHEMA_KIND_CHAN:
		enqueue(queue, from, type->elem, 0);
		return;
	default:
		return;
	}
}

/* An interface may hold any type that has a descriptor. */
static void enqueue_dynamic(struct queue *queue, const struct reach *from, uint32_t depth)
{
	struct resolve *resolve = queue->resolve;
	struct reach reach = {.capture = from->capture, .dynamic = true};
	const struct binary_descriptor *types;
	size_t count;

	if (resolve->has_interfaces) /* then it was at this depth or more */
		return;
	resolve->has_interfaces = true;
	types = binary_descriptors(resolve->binary, &count);
	for (size_t i = 0; depth && i < count; i++) {
		const struct binary_type *type = types[i].type;

		if (!type || !dynamic_may_be(type))
			continue;
		/* of a pointer-shaped type it holds the pointer itself, whose hop is to come */
		enqueue(queue, &reach, type, depth - !binary_type_is_direct(resolve->binary, type));
	}
}

/* A func value may be any closure. */
static struct error *enqueue_closures(struct queue *queue, const struct reach *from, uint32_t depth)
{
	struct resolve *resolve = queue->resolve;
	struct reach reach = {.capture = from->capture, .dynamic = true};

	if (resolve->has_funcs)
		return NULL;
	resolve->has_funcs = true;
	resolve->funcval = internals_funcval(resolve);
	enqueue(queue, &reach, resolve->funcval, 0);
	if (!depth)
		return NULL;
	TRY(dynamic_closures(resolve));
	for (size_t i = 0; i < resolve->closures.length; i++)
		enqueue(queue, &reach, resolve->closures.data[i].type, depth - 1);
	return NULL;
}

static struct error *enqueue_pointees(struct queue *queue, const struct reach *from,
				      const struct resolve_pointers *pointers, uint32_t depth)
{
	for (size_t i = 0; i < pointers->rows.length; i++) {
		const struct resolve_pointer *row = &pointers->rows.data[i];

		switch (row->kind) {
		case ASK_POINTER_PLAIN:
			if (depth)
				enqueue(queue, from, row->target, depth - 1);
			break;
		case ASK_POINTER_ANY:
		case ASK_POINTER_INTERFACE:
			enqueue_dynamic(queue, from, depth);
			break;
		case ASK_POINTER_FUNC:
			TRY(enqueue_closures(queue, from, depth));
			break;
		default:
			enqueue(queue, from, row->target, depth);
			enqueue(queue, from, row->extra_type, depth);
		}
	}
	return NULL;
}

/* Views, and what the values of contexts may be: each as a variable of its type. */
static void enqueue_contexts(struct queue *queue)
{
	const struct binary_type *const *types = contexts_types(queue->resolve);
	const struct reach reach = {.dynamic = true};
	uint32_t depth = queue->resolve->limits.data[0].depth;

	for (; *types; types++)
		enqueue(queue, &reach, *types, depth);
}

static void complain_wide(struct resolve *resolve, const struct reach *reach)
{
	diagnostics_add(resolve->diags, SEVERITY_ERROR, "type-too-wide", reach->capture->spec->span,
			"this capture reaches type %s, which is too large to be captured: "
			"it holds more than %d pointers or 4 GiB",
			reach->type->name, POINTERS_MAX);
}

/* Makes a row for a type that has none. */
static struct error *add_type(struct resolve *resolve, const struct reach *reach)
{
	const struct binary_type *type = reach->type;
	struct resolve_type *row;

	TRY(check_type(type));
	map_set(&resolve->type_index, (uintptr_t)type, resolve->types.length);
	row = VEC_PUSH(resolve->arena, &resolve->types);
	row->type = type;
	if (type->size <= UINT32_MAX && pointers_flatten(&resolve->flat, type, &row->pointers)) {
		row->spans = spans_of(&resolve->flat, type, 0);
		if (row->spans)
			return NULL;
	}
	row->out_of_reach = true;
	if (!reach->dynamic)
		complain_wide(resolve, reach);
	return NULL;
}

static struct error *collect(struct queue *queue)
{
	struct resolve *resolve = queue->resolve;

	for (uint32_t depth = SPEC_MAX_DEPTH + 1; depth-- > 0;) {
		for (size_t at = 0; at < queue->depths[depth].list.length; at++) {
			struct reach reach = queue->depths[depth].list.data[at];
			struct resolve_pointers pointers;
			uint32_t index;

			index = types_index(resolve, reach.type);
			if (index == SCHEMA_NONE) {
				index = (uint32_t)resolve->types.length;
				TRY(add_type(resolve, &reach));
			} else if (reach.dynamic || resolve->types.data[index].own) {
				continue;
			} /* else the spec gets there by itself, too */
			resolve->types.data[index].own = !reach.dynamic;
			if (resolve->types.data[index].out_of_reach)
				continue;
			pointers = resolve->types.data[index].pointers;
			enqueue_parts(queue, &reach);
			TRY(enqueue_pointees(queue, &reach, &pointers, depth));
		}
	}
	return NULL;
}

/* A row that has no more than a name and a size. */
static void add_name(struct resolve *resolve, const struct binary_type *type)
{
	struct resolve_type *row;

	if (types_index(resolve, type) != SCHEMA_NONE)
		return;
	map_set(&resolve->type_index, (uintptr_t)type, resolve->types.length);
	row = VEC_PUSH(resolve->arena, &resolve->types);
	row->type = type;
	row->out_of_reach = true;
}

/* A row for a type of which nothing is captured but, of a string or slice, the length. */
static struct error *add_redacted(struct resolve *resolve, const struct reach *reach)
{
	if (types_index(resolve, reach->type) != SCHEMA_NONE)
		return NULL;
	if (reach->type->kind != SCHEMA_KIND_STRING && reach->type->kind != SCHEMA_KIND_SLICE) {
		add_name(resolve, reach->type);
		return NULL;
	}
	TRY(add_type(resolve, reach)); /* its length is shown, its pointer not followed */
	resolve->types.data[resolve->types.length - 1].pointers.rows.length = 0;
	resolve->types.data[resolve->types.length - 1].own = true;
	return NULL;
}

/* Rows for the types of captures that were not reached: redacted ones, and what stands for several.
 */
static struct error *add_capture_types(struct resolve *resolve, struct resolve_capture *capture)
{
	for (size_t i = 0; i < capture->types.length; i++) {
		const struct reach reach = {.type = capture->types.data[i], .capture = capture};

		TRY(add_redacted(resolve, &reach));
	}
	add_name(resolve, capture->type);
	return NULL;
}

/* Rows for the redacted fields of listed types. */
static struct error *add_redacted_fields(struct resolve *resolve)
{
	size_t count = resolve->types.length;

	for (size_t i = 0; i < count; i++) {
		const struct binary_type *type = resolve->types.data[i].type;
		const struct resolve_view *view = type ? flat_view(&resolve->flat, type) : NULL;

		for (size_t f = 0; view && f < view->shape->fields_count; f++) {
			const struct reach reach = {.type = view->shape->fields[f].type,
						    .dynamic = true};

			if (view->redacted[f])
				TRY(add_redacted(resolve, &reach));
		}
	}
	return NULL;
}

/* Rows for the pointees, and elements of redacted slices, that no capture reaches. */
static void add_out_of_reach(struct resolve *resolve)
{
	static const struct binary_type unknown = {.name = "?"};
	size_t count = resolve->types.length;
	bool unknown_pointee = false;

	for (size_t i = 0; i < count; i++) {
		const struct binary_type *type = resolve->types.data[i].type;

		if (!type || resolve->types.data[i].out_of_reach ||
		    (type->kind != SCHEMA_KIND_POINTER && type->kind != SCHEMA_KIND_SLICE))
			continue;
		if (type->elem)
			add_name(resolve, type->elem);
		else
			unknown_pointee = true;
	}
	if (unknown_pointee) { /* pointees that debug info does not describe share one row */
		map_set(&resolve->type_index, 0, resolve->types.length);
		*VEC_PUSH(resolve->arena, &resolve->types) =
			(struct resolve_type){
				.type = &unknown, .out_of_reach = true, .unknown_pointee = true};
	}
}

/*
 * What g.labels of every goroutine points to: a map[string]string up to Go 1.23, then a
 * struct around a list of pairs (runtime/pprof/label.go, runtime/pprof/runtime.go).
 */
static void enqueue_labels(struct queue *queue)
{
	struct resolve *resolve = queue->resolve;
	const struct reach reach = {.dynamic = true};

	resolve->labels = binary_type_find(resolve->binary, "runtime/pprof.labelMap");
	if (!resolve->labels)
		return;
	resolve->labels_limits = bind_limits(resolve, NULL);
	enqueue(queue, &reach, resolve->labels, 0);
}

/*
 * The order of the rows, which is the reader's: what the spec names and what that leads to;
 * what interfaces and func values may hold; what has no more than a name.
 */
static enum ir_type_group group_of(const struct resolve_type *row)
{
	if (row->out_of_reach)
		return IR_TYPES_NAMED;
	return row->own || !row->type ? IR_TYPES_OWN : IR_TYPES_DYNAMIC;
}

static void order_types(struct resolve *resolve)
{
	size_t count = resolve->types.length, next = 1;
	struct resolve_type *rows = ARENA_ARRAY(resolve->arena, struct resolve_type, count);

	rows[ASK_TYPE_BYTE] = resolve->types.data[ASK_TYPE_BYTE];
	for (enum ir_type_group group = 0; group < IR_TYPE_GROUPS; group++) {
		resolve->type_groups[group] = group ? (uint32_t)next : 0;
		for (size_t i = 1; i < count; i++)
			if (group_of(&resolve->types.data[i]) == group)
				rows[next++] = resolve->types.data[i];
	}
	for (size_t i = 0; i < count; i++) {
		resolve->types.data[i] = rows[i];
		if (rows[i].type)
			map_set(&resolve->type_index,
				rows[i].unknown_pointee ? 0 : (uintptr_t)rows[i].type, i);
	}
	for (size_t i = 0; i < resolve->captures.length; i++)
		if (resolve->captures.data[i].type)
			resolve->captures.data[i].type_index =
				types_index(resolve, resolve->captures.data[i].type);
}

struct error *types_collect(struct resolve *resolve)
{
	const struct binary_type *byte = binary_type_find(resolve->binary, "uint8");
	struct queue queue = {.resolve = resolve};
	struct resolve_type *row;

	map_init(&resolve->type_index, resolve->arena);
	flat_init(&resolve->flat, resolve->arena, resolve->binary);
	views_bind(resolve);
	row = VEC_PUSH(resolve->arena, &resolve->types); /* ASK_TYPE_BYTE */
	if (byte && byte->kind == SCHEMA_KIND_UINT && byte->size == 1) {
		row->type = byte;
		map_set(&resolve->type_index, (uintptr_t)byte, ASK_TYPE_BYTE);
	}
	for (size_t i = 0; i < resolve->captures.length; i++) {
		const struct resolve_capture *capture = &resolve->captures.data[i];
		const struct reach reach = {.capture = capture};

		for (size_t t = 0; !capture->spec->redact && t < capture->types.length; t++)
			enqueue(&queue, &reach, capture->types.data[t], capture->depth);
	}
	enqueue_contexts(&queue);
	enqueue_labels(&queue);
	TRY(collect(&queue));
	for (size_t i = 0; i < resolve->captures.length; i++)
		if (resolve->captures.data[i].type)
			TRY(add_capture_types(resolve, &resolve->captures.data[i]));
	TRY(add_redacted_fields(resolve));
	for (size_t i = 0; i < resolve->spec->contexts.length; i++)
		add_name(resolve, resolve->contexts.types[i]);
	add_out_of_reach(resolve);
	order_types(resolve);
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
	VEC(struct ask_span) spans;
	VEC(const char *) span_comments;
};

/* sudog<T>.next is a *runtime.sudog in debug info, and captured as the *sudog<T> that it is. */
static const struct binary_type *field_type(const struct resolve_role *role,
					    const struct binary_field *field)
{
	uint64_t ignored;

	if (!role || role->part != RESOLVE_SUDOG || strcmp(field->name, "next"))
		return field->type;
	return layout_member(role->of->internals, "recvq.first", &ignored);
}

static void build_fields(struct resolve *resolve, struct tables *tables,
			 const struct binary_type *type, struct schema_type *row)
{
	const struct resolve_role *role = flat_role(&resolve->flat, type);
	const struct resolve_view *view = flat_view(&resolve->flat, type);

	if (view)
		type = view->shape;
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
			.type = types_index(resolve, field_type(role, field)),
			.flags = field->embedded ? SCHEMA_FIELD_EMBEDDED : 0,
		};
		if (role && role->by_reference && role->by_reference[i])
			to->flags |= SCHEMA_FIELD_BY_REFERENCE;
		if (view && view->redacted[i])
			to->flags |= SCHEMA_FIELD_REDACTED;
	}
}

static const char *pointer_comment(struct resolve *resolve, const struct binary_type *type,
				   const struct resolve_pointer *pointer)
{
	static const char *const words[] = {
		[ASK_POINTER_PLAIN] = "to ",
		[ASK_POINTER_STRING] = "to its bytes",
		[ASK_POINTER_SLICE] = "to its elements, ",
		[ASK_POINTER_FREE] = "to its ",
		[ASK_POINTER_COUNTED] = "to its buffer of ",
		[ASK_POINTER_BUCKETS] = "to 1 << B of ",
		[ASK_POINTER_DIRECTORY] = "to one group, or dirLen of ",
		[ASK_POINTER_GROUPS] = "to lengthMask + 1 of ",
		[ASK_POINTER_ANY] = "to whatever it holds",
		[ASK_POINTER_INTERFACE] = "to whatever it holds",
		[ASK_POINTER_FUNC] = "to its closure",
		[ASK_POINTER_CONTEXT] = "to the next link of the chain",
		[ASK_POINTER_CONTEXT_VALUE] = "to what it holds, if the spec asks for it",
		[ASK_POINTER_NODE] = "to an entry, or to ",
	};

	return arena_printf(resolve->arena, "%s%s: %s%s", type->name, pointer->path,
			    words[pointer->kind], pointer->target ? pointer->target->name : "");
}

/* Row of a pointer's target; SCHEMA_NONE when nothing of it is captured. */
static uint32_t target_index(const struct resolve *resolve, const struct binary_type *target)
{
	uint32_t index = target ? types_index(resolve, target) : ASK_TYPE_BYTE;

	return index != SCHEMA_NONE && resolve->types.data[index].out_of_reach ? SCHEMA_NONE
									       : index;
}

static void build_pointers(struct resolve *resolve, struct tables *tables,
			   const struct resolve_type *type, struct ask_type *row)
{
	row->first_pointer = (uint32_t)tables->pointers.length;
	for (size_t i = 0; i < type->pointers.rows.length; i++) {
		const struct resolve_pointer *pointer = &type->pointers.rows.data[i];
		uint32_t target = target_index(resolve, pointer->target);
		uint32_t extra = pointer->extra_type ? target_index(resolve, pointer->extra_type)
						     : pointer->extra;

		if (target == SCHEMA_NONE || extra == SCHEMA_NONE)
			continue;
		*VEC_PUSH(resolve->arena, &tables->pointers) = (struct ask_pointer){
			.offset = pointer->offset,
			.kind = pointer->kind,
			.target = target,
			.repeat = pointer->repeat,
			.stride = pointer->stride,
			.extra = extra,
		};
		*VEC_PUSH(resolve->arena, &tables->pointer_comments) =
			pointer_comment(resolve, type->type, pointer);
		row->pointers++;
	}
}

static void build_spans(struct resolve *resolve, struct tables *tables,
			const struct resolve_type *type, struct ask_type *row)
{
	size_t count = type->spans ? type->spans->rows.length : 0;

	if (!type->spans || !type->spans->cut)
		return;
	row->first_span = (uint32_t)tables->spans.length;
	row->spans = (ask_u16)(count ? count : 1);
	for (size_t i = 0; i < count; i++) {
		const struct resolve_span *span = &type->spans->rows.data[i];

		*VEC_PUSH(resolve->arena, &tables->spans) = (struct ask_span){
			.offset = (ask_u32)span->offset,
			.size = (ask_u32)span->size,
			.repeat = (ask_u32)span->repeat,
			.stride = (ask_u32)span->stride,
		};
		*VEC_PUSH(resolve->arena, &tables->span_comments) =
			arena_printf(resolve->arena, "%s: %s%s%s", type->type->name, span->path,
				     span->to ? " to " : "", span->to ? span->to : "");
	}
	if (count)
		return;
	/* one row without bytes: no rows at all would mean all bytes */
	*VEC_PUSH(resolve->arena, &tables->spans) = (struct ask_span){.repeat = 1};
	*VEC_PUSH(resolve->arena, &tables->span_comments) =
		arena_printf(resolve->arena, "%s: nothing", type->type->name);
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
		.internals = SCHEMA_NONE,
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
			from->kind == SCHEMA_KIND_ARRAY || from->kind == SCHEMA_KIND_MAP ||
			from->kind == SCHEMA_KIND_CHAN;

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
		.key = from->key ? types_index(resolve, from->key) : SCHEMA_NONE,
		.internals = SCHEMA_NONE,
		.runtime_type = from->runtime_type <= UINT32_MAX ? (uint32_t)from->runtime_type : 0,
	};
	if ((from->kind == SCHEMA_KIND_MAP || from->kind == SCHEMA_KIND_CHAN) &&
	    type->pointers.rows.length)
		row->internals = types_index(resolve, from->internals);
	engine->size = (ask_u32)from->size;
	build_fields(resolve, tables, from, row);
	build_pointers(resolve, tables, type, engine);
	build_spans(resolve, tables, type, engine);
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
		comments[i] = i ? views_comment(&resolve->flat, resolve->types.data[i].type)
				: "uint8: a string's byte";
	}
	if (count >= UINT32_MAX || tables.fields.length >= UINT32_MAX ||
	    tables.pointers.length >= UINT32_MAX || tables.spans.length >= UINT32_MAX)
		return error_new(ERROR_SPEC, "the spec reaches too many types");
	schema->types = rows;
	schema->engine_types = engine;
	schema->types_count = schema->engine_types_count = (uint32_t)count;
	schema->fields = tables.fields.data;
	schema->fields_count = (uint32_t)tables.fields.length;
	schema->pointers = tables.pointers.data;
	schema->pointers_count = (uint32_t)tables.pointers.length;
	schema->spans = tables.spans.data;
	schema->spans_count = (uint32_t)tables.spans.length;
	resolve->ir->span_comments = tables.span_comments.data;
	resolve->ir->type_comments = comments;
	for (size_t i = 0; i < IR_TYPE_GROUPS; i++)
		resolve->ir->type_groups[i] = resolve->type_groups[i];
	resolve->ir->pointer_comments = tables.pointer_comments.data;
	return NULL;
}
