/* SPDX-License-Identifier: BSD-2-Clause */
#include "resolve_int.h"

/*
 * What only the running program knows: which type is behind an interface, which
 * function behind a func value. Two tables answer it. Every type that has a
 * descriptor is in the first one, by the descriptor's place, with its name; so an
 * interface never loses the name of its type, even when the value is not captured.
 * The second one has every closure and method value, by its entry.
 */

/* Types that the compiler makes for maps and their like: no value of them is in an interface. */
#define COMPILER_MADE "noalg."

bool dynamic_may_be(const struct binary_type *type)
{
	return type->kind != SCHEMA_KIND_UNKNOWN && type->kind != SCHEMA_KIND_INTERFACE &&
	       type->kind != SCHEMA_KIND_ANY &&
	       strncmp(type->name, COMPILER_MADE, strlen(COMPILER_MADE)) != 0;
}

struct error *dynamic_closures(struct resolve *resolve)
{
	size_t count;
	const struct binary_function *functions = binary_functions(resolve->binary, &count);
	const struct binary_function *last = NULL;

	for (size_t i = 0; i < count; i++) {
		const struct binary_type *type;

		if (last && last->lo == functions[i].lo)
			continue;
		type = internals_method_value(resolve, &functions[i]);
		if (!type && functions[i].closure)
			TRY(internals_closure(resolve, &functions[i], &type));
		if (!type)
			continue;
		last = &functions[i];
		*VEC_PUSH(resolve->arena, &resolve->closures) =
			(struct resolve_closure){&functions[i], type};
	}
	return NULL;
}

static void build_rtypes(struct resolve *resolve, struct schema *schema)
{
	const struct binary_descriptor *from;
	struct ask_rtype *rows;
	size_t count;

	if (!resolve->has_interfaces && !resolve->contexts.used)
		return;
	from = binary_descriptors(resolve->binary, &count);
	rows = ARENA_ARRAY(resolve->arena, struct ask_rtype, count);
	for (size_t i = 0; i < count; i++) {
		const struct binary_type *type = from[i].type;
		uint32_t index = type ? types_index(resolve, type) : SCHEMA_NONE;
		bool captured = index != SCHEMA_NONE && dynamic_may_be(type) &&
				!resolve->types.data[index].out_of_reach;

		rows[i] = (struct ask_rtype){
			.offset = (ask_u32)from[i].offset,
			.type = captured ? index : ASK_ABSENT,
			.flags = type && binary_type_is_direct(resolve->binary, type)
					 ? ASK_RTYPE_DIRECT
					 : 0,
			.name = resolve_string(resolve, from[i].name),
		};
	}
	schema->rtypes = rows;
	schema->rtypes_count = (uint32_t)count;
}

static void build_closures(struct resolve *resolve, struct schema *schema)
{
	size_t count = resolve->closures.length;
	struct ask_closure *rows = ARENA_ARRAY(resolve->arena, struct ask_closure, count);
	uint32_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		const struct resolve_closure *closure = &resolve->closures.data[i];
		uint32_t index = types_index(resolve, closure->type);

		if (index != SCHEMA_NONE && !resolve->types.data[index].out_of_reach)
			rows[kept++] = (struct ask_closure){
				resolve_pc(resolve, closure->function->lo), index};
	}
	schema->closures = rows;
	schema->closures_count = kept;
}

void dynamic_build(struct resolve *resolve)
{
	struct schema *schema = &resolve->ir->schema;

	build_rtypes(resolve, schema);
	build_closures(resolve, schema);
}
