/* SPDX-License-Identifier: BSD-2-Clause */
#include "db_int.h"

/*
 * Old dumps decode with newer specs. Records mean what the schema says that they were
 * captured with: its types, probes and expressions read them. Tables, columns, derived
 * tables and links come from the newer schema. In between, functions are the same
 * when they have the same name, captures and contexts when they have the same expression and type.
 * What the newer spec captures and the dump does not is `not_captured`.
 */

bool mapping_same_build(const struct schema *a, const struct schema *b)
{
	const char *go_a = schema_text(a, a->meta.go_build_id);
	const char *go_b = schema_text(b, b->meta.go_build_id);
	const char *gnu_a = schema_text(a, a->meta.gnu_build_id);
	const char *gnu_b = schema_text(b, b->meta.gnu_build_id);

	if (go_a[0] || go_b[0])
		return strcmp(go_a, go_b) == 0;
	return gnu_a[0] && strcmp(gnu_a, gnu_b) == 0;
}

static uint32_t find_function(const struct schema *schema, const char *name)
{
	for (uint32_t i = 0; i < schema->functions_count; i++)
		if (strcmp(schema_text(schema, schema->functions[i].name), name) == 0)
			return i;
	return SCHEMA_NONE;
}

/* The place of a capture like `wanted` among the captures of a function. */
static uint32_t find_capture(const struct schema *schema, uint32_t function,
			     const struct schema *other, const struct schema_capture *wanted)
{
	const struct schema_function *f = &schema->functions[function];
	const char *expr = schema_text(other, wanted->expr);
	const char *type = schema_text(other, other->types[wanted->type].name);

	for (uint32_t i = 0; i < f->captures; i++) {
		const struct schema_capture *capture = &schema->captures[f->first_capture + i];

		if (strcmp(schema_text(schema, capture->expr), expr) == 0 &&
		    strcmp(schema_text(schema, schema->types[capture->type].name), type) == 0)
			return i;
	}
	return SCHEMA_NONE;
}

/* The context of `schema` like `wanted`, whose texts are in `other`. */
static uint32_t find_context(const struct schema *schema, const struct schema *other,
			     const struct schema_context *wanted)
{
	const char *expr = schema_text(other, wanted->expr);
	const char *type = schema_text(other, other->types[wanted->type].name);

	for (uint32_t i = 0; i < schema->contexts_count; i++) {
		const struct schema_context *context = &schema->contexts[i];

		if (strcmp(schema_text(schema, context->expr), expr) == 0 &&
		    strcmp(schema_text(schema, schema->types[context->type].name), type) == 0)
			return i;
	}
	return SCHEMA_NONE;
}

static void map_contexts(struct mapping *mapping, struct arena *arena)
{
	const struct schema *tables = mapping->tables;
	struct error *error = tables_check_contexts(tables);

	if (error) { /* it is one of _problems already */
		error_free(error);
		return;
	}
	mapping->contexts = ARENA_ARRAY(arena, uint32_t, tables->contexts_count);
	mapping->contexts_count = tables->contexts_count;
	for (uint32_t i = 0; i < tables->contexts_count; i++)
		mapping->contexts[i] =
			mapping->records == tables
				? i
				: find_context(mapping->records, tables, &tables->contexts[i]);
}

void mapping_init(struct mapping *mapping, struct arena *arena, const struct schema *records,
		  const struct schema *tables)
{
	*mapping = (struct mapping){
		.records = records,
		.tables = tables,
		.functions = ARENA_ARRAY(arena, uint32_t, records->functions_count),
		.captures = ARENA_ARRAY(arena, uint32_t, tables->captures_count),
	};
	map_contexts(mapping, arena);
	for (uint32_t i = 0; i < tables->captures_count; i++)
		mapping->captures[i] = SCHEMA_NONE;
	for (uint32_t i = 0; i < records->functions_count; i++) {
		const struct schema_function *function;
		uint32_t target = i;

		if (records != tables)
			target = find_function(tables,
					       schema_text(records, records->functions[i].name));
		mapping->functions[i] = target;
		if (target == SCHEMA_NONE)
			continue;
		function = &tables->functions[target];
		for (uint32_t c = 0; c < function->captures; c++) {
			uint32_t capture = function->first_capture + c;

			mapping->captures[capture] =
				records == tables ? c
						  : find_capture(records, i, tables,
								 &tables->captures[capture]);
		}
	}
}
