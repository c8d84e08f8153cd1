/* SPDX-License-Identifier: BSD-2-Clause */
#include "resolve_int.h"

/*
 * Chains of contexts. Go source: context/context.go. A link of a chain is what an
 * interface context.Context holds: a valueCtx {Context; key, val any}, or some other
 * struct, or pointer to one, that embeds the context which it was derived from, perhaps in
 * structs that it embeds: timerCtx {cancelCtx {Context; …}; …}, *cancelCtx up to Go 1.20;
 * users do the same. The embedded one is found as Go finds what it promotes, at the
 * shallowest depth. Two structs keep the next link in a field with a name; the
 * background contexts have none.
 *
 * Links hold much that nobody asked for. So none is captured as its type; each has a view,
 * which begins where the next link is and ends right behind it:
 *
 *   chain    a context.Context: 16 bytes
 *   value    a valueCtx, whose value is followed only where the spec asks for it
 *   pointer  8 bytes: an embedded pointer, on the way to one of the others
 *
 * Views have rows of pointers like any type and no fields: nothing can show one.
 */

#define CONTEXT_TYPE "context.Context"
#define VALUE_TYPE "context.valueCtx"

/* Structs that keep the next link in a field, not embedded. */
static const struct {
	const char *type, *field;
} named_links[] = {
	{"context.withoutCancelCtx", "c"},    /* context/context.go, Go 1.21 */
	{"net.onlyValuesCtx", "lookupValues"}, /* net/lookup.go: embeds context.Background() */
};

/* Types of context.Background() and context.TODO(); an int and pointers to it up to Go 1.20. */
static const char *const ends[] = {"context.emptyCtx", "context.backgroundCtx", "context.todoCtx"};

bool chains_is_context(const struct binary_type *type)
{
	return type && type->kind == SCHEMA_KIND_INTERFACE && type->size == 16 &&
	       !strcmp(type->name, CONTEXT_TYPE);
}

/* ---- views ---- */

static struct resolve_chain *add_view(struct resolve *resolve, const char *name,
				     enum schema_kind kind, uint64_t size)
{
	struct resolve_chain *view = ARENA_NEW(resolve->arena, struct resolve_chain);
	struct binary_type *type = ARENA_NEW(resolve->arena, struct binary_type);

	type->name = name;
	type->kind = kind;
	type->size = size;
	view->type = type;
	*VEC_PUSH(resolve->arena, &resolve->contexts.views) = view;
	return view;
}

static void add_row(struct resolve *resolve, struct resolve_chain *view,
		    const struct resolve_pointer *row)
{
	*VEC_PUSH(resolve->arena, &view->pointers.rows) = *row;
}

/* A pointer to where `next` lies, `skip` bytes behind what it points to. */
static const struct resolve_chain *pointer_view(struct resolve *resolve,
					       const struct resolve_chain *next, uint64_t skip)
{
	struct resolve_contexts *contexts = &resolve->contexts;
	struct resolve_chain *view;

	for (size_t i = 0; i < contexts->views.length; i++)
		if (contexts->views.data[i]->next == next && contexts->views.data[i]->skip == skip)
			return contexts->views.data[i];
	view = add_view(resolve, "a pointer to an embedded context", SCHEMA_KIND_UNKNOWN, 8);
	view->next = next;
	view->skip = skip;
	add_row(resolve, view,
		&(struct resolve_pointer){.kind = ASK_POINTER_FREE,
					  .repeat = 1,
					  .extra = (uint32_t)skip,
					  .target = next->type,
					  .path = ""});
	return view;
}

static const struct binary_field *field_named(const struct binary_type *type, const char *name)
{
	for (size_t i = 0; i < type->fields_count; i++)
		if (!strcmp(type->fields[i].name, name))
			return &type->fields[i];
	return NULL;
}

struct error *chains_begin(struct resolve *resolve)
{
	struct resolve_contexts *contexts = &resolve->contexts;
	const struct binary_type *type = binary_type_find(resolve->binary, VALUE_TYPE);
	const struct binary_field *next, *key, *val;
	struct resolve_chain *view;

	view = add_view(resolve, CONTEXT_TYPE, SCHEMA_KIND_INTERFACE, 16);
	add_row(resolve, view,
		&(struct resolve_pointer){.kind = ASK_POINTER_CONTEXT, .repeat = 1, .path = ""});
	contexts->chain = view;
	if (!type) /* nothing in this program calls context.WithValue */
		return NULL;
	next = field_named(type, "Context");
	key = field_named(type, "key");
	val = field_named(type, "val");
	if (!next || !key || !val || !chains_is_context(next->type) ||
	    key->type->kind != SCHEMA_KIND_ANY || val->type->kind != SCHEMA_KIND_ANY ||
	    type->size > UINT16_MAX)
		return error_new(ERROR_DAMAGED, "debug info: %s has no fields Context, key and val",
				 VALUE_TYPE);
	view = add_view(resolve, VALUE_TYPE, SCHEMA_KIND_UNKNOWN, type->size);
	add_row(resolve, view,
		&(struct resolve_pointer){.offset = (uint32_t)next->offset,
					  .kind = ASK_POINTER_CONTEXT,
					  .repeat = 1,
					  .path = ".Context"});
	add_row(resolve, view,
		&(struct resolve_pointer){.offset = (uint32_t)val->offset,
					  .kind = ASK_POINTER_CONTEXT_VALUE,
					  .repeat = 1,
					  .extra = (uint32_t)key->offset,
					  .path = ".val"});
	contexts->value = view;
	return NULL;
}

/* ---- links ---- */

/* A struct on the way to the next link: `offset` bytes behind where `via` leads to. */
struct route {
	const struct binary_type *type;
	uint64_t offset;
	const struct route *via; /* a pointer that lies there; NULL: where the link begins */
};
struct level {
	VEC(struct route) routes;
};

/* The field that holds the next link by its name, or NULL. */
static const struct binary_field *named_link(const struct binary_type *type)
{
	for (size_t i = 0; i < ARRAY_SIZE(named_links); i++)
		if (!strcmp(type->name, named_links[i].type))
			return field_named(type, named_links[i].field);
	return NULL;
}

static bool is_link_field(const struct binary_type *type, const struct binary_field *field)
{
	const struct binary_field *named = named_link(type);

	return chains_is_context(field->type) && (named ? field == named : field->embedded);
}

static const struct route *keep(struct resolve *resolve, struct route route)
{
	struct route *copy = ARENA_NEW(resolve->arena, struct route);

	*copy = route;
	return copy;
}

/* The structs that `from` embeds go to `next`. */
static void descend(struct resolve *resolve, const struct route *from, struct map *seen,
		    struct level *next)
{
	for (size_t i = 0; i < from->type->fields_count; i++) {
		const struct binary_field *field = &from->type->fields[i];
		struct route to = {field->type, from->offset + field->offset, from->via};
		uint64_t ignored;

		if (!field->embedded)
			continue;
		if (field->type->kind == SCHEMA_KIND_POINTER && field->type->elem)
			to = (struct route){field->type->elem, 0, keep(resolve, to)};
		if (to.type->kind != SCHEMA_KIND_STRUCT ||
		    map_get(seen, (uintptr_t)to.type, &ignored))
			continue;
		*VEC_PUSH(resolve->arena, &next->routes) = to;
	}
}

/* An embedded interface of another type: perhaps a context too, and it would hide deeper ones. */
static bool may_hide(const struct binary_type *type)
{
	for (size_t i = 0; i < type->fields_count; i++)
		if (type->fields[i].embedded && !chains_is_context(type->fields[i].type) &&
		    type->fields[i].type->kind == SCHEMA_KIND_INTERFACE)
			return true;
	return false;
}

/* What one depth has: the last link found to *ret, structs of the next depth to `next`. */
static size_t search_level(struct resolve *resolve, const struct level *level, struct map *seen,
			   struct level *next, struct route *ret)
{
	size_t hits = 0;

	for (size_t r = 0; r < level->routes.length; r++) {
		const struct route *route = &level->routes.data[r];

		for (size_t i = 0; i < route->type->fields_count; i++) {
			const struct binary_field *field = &route->type->fields[i];

			if (!is_link_field(route->type, field))
				continue;
			hits++;
			*ret = (struct route){field->type, route->offset + field->offset,
					      route->via};
		}
		descend(resolve, route, seen, next);
	}
	return hits;
}

/*
 * Where in a struct the next link is, as its methods find it; false when that is not
 * known: there is none, there are two at the same depth.
 */
static bool find_next(struct resolve *resolve, const struct binary_type *type, struct route *ret)
{
	struct level level = {0};
	struct map seen;

	map_init(&seen, resolve->arena);
	*VEC_PUSH(resolve->arena, &level.routes) = (struct route){.type = type};
	while (level.routes.length) { /* ends: a struct that was seen is not entered again */
		struct level next = {0};
		bool hidden = false;
		size_t hits;

		for (size_t r = 0; r < level.routes.length; r++) {
			hidden |= may_hide(level.routes.data[r].type);
			map_set(&seen, (uintptr_t)level.routes.data[r].type, 1);
		}
		hits = search_level(resolve, &level, &seen, &next, ret);
		if (hits || hidden)
			return hits == 1;
		level = next;
	}
	return false;
}

/* A struct that may be a link: what an interface of such a type holds or points to. */
static const struct binary_type *struct_of(const struct binary_type *type)
{
	if (type->kind == SCHEMA_KIND_POINTER)
		type = type->elem;
	return type && type->kind == SCHEMA_KIND_STRUCT ? type : NULL;
}

/* The view of a struct type, or of a pointer to one. */
static void find_view(struct resolve *resolve, const struct binary_type *type,
		      struct resolve_link *ret)
{
	const struct binary_type *inside = struct_of(type);
	const struct resolve_chain *view = resolve->contexts.chain;
	struct route route = {0};
	uint64_t skip;

	if (!inside)
		return;
	if (!strcmp(inside->name, VALUE_TYPE)) {
		ret->view = resolve->contexts.value;
		return;
	}
	if (!find_next(resolve, inside, &route))
		return;
	skip = route.offset;
	for (const struct route *via = route.via; via; via = via->via) {
		if (skip > UINT32_MAX)
			return;
		/* a struct that consists of this pointer: the interface's data word is it */
		if (!via->via && inside == type && binary_type_is_direct(resolve->binary, type))
			break;
		view = pointer_view(resolve, view, skip);
		skip = via->offset;
	}
	if (skip > UINT32_MAX)
		return;
	ret->view = view;
	ret->skip = skip;
}

static bool is_end(const char *name)
{
	if (*name == '*')
		name++;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (!strcmp(name, ends[i]))
			return true;
	return false;
}

/* The contexts of which a type of this name is the key (or the value). */
static uint32_t mask_of(const struct spec *spec, const char *name, bool keys)
{
	uint32_t mask = 0;

	for (size_t i = 0; i < spec->contexts.length; i++) {
		const struct spec_context *context = &spec->contexts.data[i];
		const char *wanted = keys ? context->key.text : context->value.text;

		if (wanted && !strcmp(wanted, name))
			mask |= 1u << i;
	}
	return mask;
}

void chains_find(struct resolve *resolve)
{
	struct resolve_contexts *contexts = &resolve->contexts;
	size_t count;
	const struct binary_descriptor *all = binary_descriptors(resolve->binary, &count);

	for (size_t i = 0; i < count; i++) {
		struct resolve_link link = {
			.descriptor = &all[i],
			.keys = mask_of(resolve->spec, all[i].name, true),
			.values = mask_of(resolve->spec, all[i].name, false),
		};

		if (is_end(all[i].name))
			link.flags = ASK_CONTEXT_END;
		else if (all[i].type)
			find_view(resolve, all[i].type, &link);
		if (link.view || link.keys || link.values || link.flags)
			*VEC_PUSH(resolve->arena, &contexts->links) = link;
	}
}
