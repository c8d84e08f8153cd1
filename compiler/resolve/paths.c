/* SPDX-License-Identifier: BSD-2-Clause */
#include "resolve_int.h"

/*
 * Paths: `cs.mu.processing` from the variable `cs` on. A step names a field of a
 * struct, or of an embedded one as Go promotes it (the Go specification, "Selectors":
 * the shallowest depth wins, two at the same depth are ambiguous). `[n]` is an element
 * of an array, which is a place in it, or of a slice, which is a hop: the engine looks
 * whether it is there. `.(T)` is the value in an interface, if its dynamic type is T.
 * Pointers on the way are followed by themselves, each one a hop.
 */

/* Where a field was found: how to get there from the struct that the step applies to. */
struct route {
	const struct binary_type *type; /* struct reached so far, or of the field found */
	uint64_t offset;
	VEC(struct resolve_hop) hops;
	const char *text; /* the path so far, embedded fields spelt out */
	VEC(const struct binary_field *) fields; /* all of them, embedded ones too */
};

static void route_add(struct route *route, uint64_t offset)
{
	if (route->hops.length)
		route->hops.data[route->hops.length - 1].add += offset;
	else
		route->offset += offset;
}

static struct resolve_hop *route_hop(struct arena *arena, struct route *route,
				     enum resolve_hop_kind kind)
{
	struct resolve_hop *hop = VEC_PUSH(arena, &route->hops);

	hop->kind = kind;
	hop->name = route->text;
	return hop;
}

static struct route route_copy(struct arena *arena, const struct route *from)
{
	struct route copy = {.type = from->type, .offset = from->offset, .text = from->text};

	for (size_t i = 0; i < from->hops.length; i++)
		*VEC_PUSH(arena, &copy.hops) = from->hops.data[i];
	for (size_t i = 0; i < from->fields.length; i++)
		*VEC_PUSH(arena, &copy.fields) = from->fields.data[i];
	return copy;
}

static bool has_named_fields(const struct binary_type *type)
{
	return type->kind == SCHEMA_KIND_STRUCT || type->kind == SCHEMA_KIND_TIME;
}

/* Follows pointers until something else lies there; false at a pointer to nothing known. */
static bool follow(struct arena *arena, struct route *route)
{
	while (route->type && route->type->kind == SCHEMA_KIND_POINTER) {
		if (route->hops.length >= ASK_MAX_OPS)
			return false;
		route_hop(arena, route, RESOLVE_FOLLOW);
		route->type = route->type->elem;
	}
	return route->type;
}

/* Structs embedded at one depth. */
struct level {
	VEC(struct route) routes;
};

/* Twice is enough to make all that a struct has ambiguous; so levels stay small. */
static bool is_twice(const struct level *level, const struct binary_type *type)
{
	size_t times = 0;

	for (size_t i = 0; i < level->routes.length; i++)
		times += level->routes.data[i].type == type;
	return times >= 2;
}

/* Looks for `name` among the fields of one depth; embedded structs go to `next`. */
static size_t search_level(struct arena *arena, const struct level *level, const char *name,
			   struct map *seen, struct level *next, struct route *found)
{
	size_t hits = 0;

	for (size_t r = 0; r < level->routes.length; r++) {
		const struct route *route = &level->routes.data[r];

		for (size_t f = 0; f < route->type->fields_count; f++) {
			const struct binary_field *field = &route->type->fields[f];
			struct route to;
			uint64_t ignored;

			if (strcmp(field->name, name) && !field->embedded)
				continue;
			to = route_copy(arena, route);
			route_add(&to, field->offset);
			to.type = field->type;
			*VEC_PUSH(arena, &to.fields) = field;
			to.text = arena_printf(arena, "%s.%s", route->text, field->name);
			if (!strcmp(field->name, name)) {
				if (!hits++)
					*found = to;
				continue;
			}
			if (!follow(arena, &to) || !has_named_fields(to.type) ||
			    map_get(seen, (uintptr_t)to.type, &ignored) || is_twice(next, to.type))
				continue;
			*VEC_PUSH(arena, &next->routes) = to;
		}
	}
	/* the same struct twice at one depth is ambiguous, not seen: mark after the level */
	for (size_t r = 0; r < next->routes.length; r++)
		map_set(seen, (uintptr_t)next->routes.data[r].type, 1);
	return hits;
}

/* How many fields of this name there are at the shallowest depth; *found is the first. */
static size_t find_field(struct arena *arena, const struct route *from, const char *name,
			 struct route *found)
{
	struct level level = {0};
	struct map seen;

	map_init(&seen, arena);
	map_set(&seen, (uintptr_t)from->type, 1);
	*VEC_PUSH(arena, &level.routes) = route_copy(arena, from);
	while (level.routes.length) { /* ends: a struct that was seen is not entered again */
		struct level next = {0};
		size_t hits = search_level(arena, &level, name, &seen, &next, found);

		if (hits)
			return hits;
		level = next;
	}
	return 0;
}

static void complain_unknown(struct arena *arena, struct diagnostics *diags,
			     const struct spec_step *step, const struct binary_type *type)
{
	struct diagnostic *diag =
		diagnostics_add(diags, SEVERITY_ERROR, "unknown-field", step->span,
				"%s has no field %s", type->name, step->name);
	VEC(const char *) names = {0};

	for (size_t f = 0; f < type->fields_count; f++)
		if (strcmp(type->fields[f].name, "_"))
			*VEC_PUSH(arena, &names) = type->fields[f].name;
	diagnostic_suggest(diags, diag, step->name, names.data, names.length);
}

static bool step_field(struct arena *arena, struct diagnostics *diags, const struct spec_step *step,
		       struct route *route)
{
	const struct binary_type *before = route->type;
	struct route found = {0};
	size_t hits;

	if (!follow(arena, route)) {
		diagnostics_add(diags, SEVERITY_ERROR, "unknown-field", step->span,
				"%s has no field %s: what it points to is not described",
				before->name, step->name);
		return false;
	}
	if (!has_named_fields(route->type)) {
		diagnostics_add(diags, SEVERITY_ERROR, "unknown-field", step->span,
				"%s has no field %s: it is no struct", route->type->name,
				step->name);
		return false;
	}
	hits = strcmp(step->name, "_") ? find_field(arena, route, step->name, &found) : 0;
	if (!hits) {
		complain_unknown(arena, diags, step, route->type);
		return false;
	}
	if (hits > 1) {
		diagnostics_add(diags, SEVERITY_ERROR, "ambiguous-field", step->span,
				"%s is ambiguous: %zu structs embedded in %s have it", step->name,
				hits, route->type->name);
		return false;
	}
	*route = found;
	return true;
}

static bool step_index(struct arena *arena, struct diagnostics *diags, const struct spec_step *step,
		       struct route *route)
{
	const struct binary_type *before = route->type, *elem;
	struct resolve_hop *hop;

	if (!follow(arena, route) ||
	    (route->type->kind != SCHEMA_KIND_ARRAY && route->type->kind != SCHEMA_KIND_SLICE)) {
		diagnostics_add(diags, SEVERITY_ERROR, "not-indexable", step->span,
				"%s has no elements to take one of: only arrays and slices have",
				before->name);
		return false;
	}
	elem = route->type->elem;
	if (route->type->kind == SCHEMA_KIND_ARRAY) {
		if (step->index >= route->type->count) {
			diagnostics_add(diags, SEVERITY_ERROR, "index-out-of-range", step->span,
					"%s has %" PRIu64 " elements, counted from 0",
					route->type->name, route->type->count);
			return false;
		}
		route_add(route, step->index * elem->size);
	} else {
		if (elem->size > UINT32_MAX) {
			diagnostics_add(diags, SEVERITY_ERROR, "type-too-wide", step->span,
					"elements of %s have more than 4 GiB", route->type->name);
			return false;
		}
		hop = route_hop(arena, route, RESOLVE_INDEX);
		hop->index = step->index;
		hop->element_size = elem->size;
	}
	route->type = elem;
	route->text = arena_printf(arena, "%s[%" PRIu64 "]", route->text, step->index);
	return true;
}

/* The type of that name, if an interface of the program can hold it; else a mistake. */
static const struct binary_type *asserted_type(struct arena *arena, struct binary *binary,
					       struct diagnostics *diags,
					       const struct spec_step *step)
{
	const struct binary_type *type = binary_type_find(binary, step->name);
	const struct binary_type *const *types;
	VEC(const char *) names = {0};
	struct diagnostic *diag;
	size_t count;

	if (type && (type->kind == SCHEMA_KIND_INTERFACE || type->kind == SCHEMA_KIND_ANY)) {
		diagnostics_add(diags, SEVERITY_ERROR, "not-concrete", step->span,
				"%s is an interface: no dynamic type is one", type->name);
		return NULL;
	}
	if (type && type->runtime_type && dynamic_may_be(type))
		return type;
	if (type) {
		diagnostics_add(diags, SEVERITY_ERROR, "unknown-type", step->span,
				"no interface of this binary holds a %s: it has no type descriptor",
				type->name);
		return NULL;
	}
	types = binary_runtime_types(binary, &count);
	for (size_t i = 0; i < count; i++)
		if (dynamic_may_be(types[i]))
			*VEC_PUSH(arena, &names) = types[i]->name;
	diag = diagnostics_add(diags, SEVERITY_ERROR, "unknown-type", step->span,
			       "the binary has no type %s", step->name);
	diagnostic_suggest(diags, diag, step->name, names.data, names.length);
	return NULL;
}

static bool step_assert(struct arena *arena, struct binary *binary, struct diagnostics *diags,
			const struct spec_step *step, struct route *route)
{
	const struct binary_type *before = route->type, *type;
	struct resolve_hop *hop;

	if (!follow(arena, route) ||
	    (route->type->kind != SCHEMA_KIND_INTERFACE && route->type->kind != SCHEMA_KIND_ANY)) {
		diagnostics_add(diags, SEVERITY_ERROR, "not-an-interface", step->span,
				"%s has no dynamic type: it is no interface", before->name);
		return false;
	}
	type = asserted_type(arena, binary, diags, step);
	if (!type)
		return false;
	hop = route_hop(arena, route, RESOLVE_ASSERT);
	hop->type = type;
	hop->methods = route->type->kind == SCHEMA_KIND_INTERFACE;
	hop->direct = binary_type_is_direct(binary, type);
	route->type = type;
	route->text = arena_printf(arena, "%s.(%s)", route->text, type->name);
	return true;
}

static bool walk_step(struct arena *arena, struct binary *binary, struct diagnostics *diags,
		      const struct spec_step *step, struct route *route)
{
	switch (step->kind) {
	case SPEC_STEP_FIELD:
		return step_field(arena, diags, step, route);
	case SPEC_STEP_INDEX:
		return step_index(arena, diags, step, route);
	case SPEC_STEP_ASSERT:
		return step_assert(arena, binary, diags, step, route);
	}
	assert(!"a kind of step");
	return false;
}

bool path_access(struct arena *arena, struct binary *binary, struct diagnostics *diags,
		 const struct spec_path *path, const struct binary_variable *variable,
		 struct resolve_access *ret)
{
	struct route route = {.type = variable->type, .text = variable->name};

	for (size_t i = 0; i < path->steps.length; i++)
		if (!walk_step(arena, binary, diags, &path->steps.data[i], &route))
			return false;
	/* CFA, an add and an op for each hop, a copy */
	if (2 + 2 * route.hops.length > ASK_MAX_OPS) {
		diagnostics_add(diags, SEVERITY_ERROR, "path-too-long", path->span,
				"this path follows %zu pointers: the most is %u", route.hops.length,
				(ASK_MAX_OPS - 2) / 2);
		return false;
	}
	*ret = (struct resolve_access){
		.variable = variable,
		.type = route.type,
		.offset = route.offset,
		.hops = route.hops.data,
		.hops_count = route.hops.length,
	};
	return true;
}

bool path_fields(struct arena *arena, struct diagnostics *diags, const struct spec_path *path,
		 const struct binary_type *type, struct resolve_fields *ret)
{
	struct route route = {.type = type, .text = type->name};

	for (size_t i = 0; i < path->steps.length; i++)
		if (!step_field(arena, diags, &path->steps.data[i], &route))
			return false;
	*ret = (struct resolve_fields){route.fields.data, route.fields.length};
	return true;
}
