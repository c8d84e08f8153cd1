/* SPDX-License-Identifier: BSD-2-Clause */
#include "value.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/*
 * Func values. Go source: runtime/runtime2.go, funcval {fn uintptr, variable data}.
 *
 * A func value points to an object that begins with the function's PC; behind it lie the
 * variables that the function captured, by value or as pointers to them. The name is the
 * PC's symbol. The variables are known from the schema's `closures`, by PC.
 *
 * Only a closure that captured something is allocated. Any other function has one object
 * in the program's own data, which the compiler addresses relative to code, within 2 GiB of
 * it; heaps and stacks lie elsewhere. So where `closures` has no row, a func value in the
 * program's image captured nothing, and of another one it is not known what it captured:
 * closures before Go 1.23.
 *
 * A variable that the closure's code uses only in the operand of an instruction has no entry in
 * debug info (Go 1.23 to 1.26), but has its place in the object. No Go type is aligned to more
 * than a word, so where a word or more is left out before a variable, one is missing. Behind the last
 * one nothing tells. Variables that the compiler folded into the code are not in the object.
 */
#define IMAGE_REACH ((uint64_t)1 << 31)
#define ALIGNMENT_MAX sizeof(uint64_t)
#define UNDESCRIBED_MAX 64 /* bytes of such a mark */
#define DICTIONARY ".dict" /* of a generic function: captured with -N, and nobody wrote it */

struct function {
	uint64_t address;      /* of its object */
	struct hole no_name;   /* why its name is not known */
	const char *name;
	uint32_t type;	       /* of the object, SCHEMA_NONE when it is not described */
	bool captures_nothing;
};

static uint32_t closure_type(const struct schema *schema, uint64_t pc)
{
	uint32_t lo = 0, hi = schema->closures_count;

	while (lo < hi) {
		uint32_t middle = lo + (hi - lo) / 2;

		if (schema->closures[middle].pc < pc)
			lo = middle + 1;
		else
			hi = middle;
	}
	if (lo == schema->closures_count || schema->closures[lo].pc != pc ||
	    schema->types[schema->closures[lo].type].kind != SCHEMA_KIND_STRUCT)
		return SCHEMA_NONE;
	return schema->closures[lo].type;
}

static struct function function_read(const struct render *r, uint64_t address)
{
	const struct schema *schema = r->schema;
	uint64_t text = r->index->load_bias + schema->layout.text, pc;
	struct function ret = {.address = address, .type = SCHEMA_NONE};
	const struct schema_symbol *symbol;
	struct view funcval;

	ret.no_name = pointee_view(r, address, schema->layout.funcval_type, 8, 8, &funcval);
	if (ret.no_name.kind != HOLE_NONE)
		return ret;
	pc = view_u64(&funcval, 0) - text;
	symbol = pc < schema->layout.text_size ? schema_symbol_at(schema, (uint32_t)pc) : NULL;
	if (!symbol || symbol->lo != pc) {
		ret.no_name = UNAVAILABLE("its PC is no function of this program");
		return ret;
	}
	ret.name = schema_text(schema, symbol->name);
	ret.type = closure_type(schema, pc);
	ret.captures_nothing = address - text + IMAGE_REACH < 2 * IMAGE_REACH;
	return ret;
}

/* A captured variable; one captured by reference is the variable, not the pointer to it. */
static void render_variable(struct render *r, const struct view *object, uint32_t type,
			    const struct schema_field *field, uint32_t depth)
{
	const struct schema *schema = r->schema;
	struct view part = view_part(object, field->offset, schema->types[field->type].size), v;
	size_t ancestors = r->ancestors.length;
	uint32_t cost;
	struct hole hole;

	json_key(&r->json, schema_text(schema, field->name));
	if (r->raw || !(field->flags & SCHEMA_FIELD_BY_REFERENCE) ||
	    schema->types[field->type].kind != SCHEMA_KIND_POINTER) {
		render_part(r, &part, field->type, depth);
		return;
	}
	cost = pointer_target(schema, type, field->offset, SCHEMA_NONE) == SCHEMA_NONE;
	hole = address_follow(r, view_u64(&part, 0), schema->types[field->type].elem, depth, cost,
			      &v);
	if (hole.kind == HOLE_NONE)
		render_part(r, &v, schema->types[field->type].elem, depth - cost);
	else
		render_hole(r, hole);
	r->ancestors.length = ancestors;
}

/* What is captured at a byte of the object and has no name; '@' begins no name. */
static void render_undescribed(struct render *r, uint64_t offset)
{
	char key[24];

	snprintf(key, sizeof(key), "@%" PRIu64, offset);
	json_key(&r->json, key);
	render_hole(r, UNAVAILABLE("a captured variable is not described"));
}

static void render_variables(struct render *r, const struct view *object, uint32_t type,
			     uint32_t depth)
{
	const struct schema_type *t = &r->schema->types[type];
	uint64_t end = sizeof(uint64_t); /* of what came so far: the PC */

	json_object_begin(&r->json);
	for (uint32_t i = 0; i < t->fields; i++) {
		const struct schema_field *field = &r->schema->fields[t->first_field + i];
		const char *name = schema_text(r->schema, field->name);
		uint64_t last = end;

		if (field->offset < sizeof(uint64_t)) /* the PC */
			continue;
		end = (uint64_t)field->offset + r->schema->types[field->type].size;
		if (!render_room(r, strlen(name) * 6 + UNDESCRIBED_MAX)) {
			render_budget(r, true);
			break;
		}
		if (field->offset >= last + ALIGNMENT_MAX)
			render_undescribed(r, last);
		if (strcmp(name, DICTIONARY) != 0)
			render_variable(r, object, type, field, depth);
	}
	json_object_end(&r->json);
}

static void render_captured(struct render *r, const struct function *f, uint32_t depth)
{
	size_t ancestors = r->ancestors.length;
	struct view object;
	struct hole hole;

	json_key(&r->json, "captured");
	if (f->type == SCHEMA_NONE && f->captures_nothing) {
		json_object_begin(&r->json);
		json_object_end(&r->json);
		return;
	}
	hole = f->type == SCHEMA_NONE ? UNAVAILABLE("captured variables are not described")
				      : address_follow(r, f->address, f->type, depth, 1, &object);
	if (hole.kind == HOLE_NONE)
		render_variables(r, &object, f->type, depth - 1);
	else
		render_hole(r, hole);
	r->ancestors.length = ancestors;
}

struct hole render_func(struct render *r, const struct view *v, uint32_t type, uint32_t depth)
{
	const char *gap = view_gap(r, v, 0, 8);
	struct function f;

	if (gap)
		return UNAVAILABLE(gap);
	if (!view_u64(v, 0))
		return HOLE(HOLE_NIL);
	if (r->schema->layout.funcval_type >= r->schema->types_count ||
	    r->schema->types[r->schema->layout.funcval_type].size != 8)
		return render_unknown(r, v, type, depth);
	f = function_read(r, view_u64(v, 0));
	if (f.no_name.kind != HOLE_NONE && !r->raw)
		return f.no_name;
	if (!render_room(r, f.name ? strlen(f.name) * 6 : 0))
		return HOLE(HOLE_BUDGET);
	json_object_begin(&r->json);
	if (r->raw)
		render_address(r, "__addr", f.address);
	json_key(&r->json, "func");
	if (f.no_name.kind != HOLE_NONE) {
		render_hole(r, f.no_name);
	} else {
		json_text(&r->json, f.name);
		render_captured(r, &f, depth);
	}
	json_object_end(&r->json);
	return NO_HOLE;
}
