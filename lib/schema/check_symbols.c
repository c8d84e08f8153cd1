/* SPDX-License-Identifier: BSD-2-Clause */
/* Symbols: sorted, with inline trees that end, and line programs that can be read to their end. */
#include "schema_int.h"

#include "lines.h"

/* Inlined calls within each other, at most: how far schema_symbolize() may have to climb. */
#define INLINE_DEPTH_MAX 1024u

static struct error *check_inline_nodes(const struct schema_check *check)
{
	const struct schema *schema = check->schema;
	cleanup_arena struct arena arena = {0};
	uint16_t *depth = ARENA_ARRAY(&arena, uint16_t, schema->inline_nodes_count);

	for (uint32_t i = 0; i < schema->inline_nodes_count; i++) {
		uint32_t parent = schema->inline_nodes[i].parent;

		if (parent == SCHEMA_NONE)
			continue;
		if (parent >= i)
			return schema_check_fail(check, "inline_nodes", i, "before its parent");
		depth[i] = depth[parent] + 1;
		if (depth[i] > INLINE_DEPTH_MAX)
			return schema_check_fail(check, "inline_nodes", i, "nested too deep");
	}
	return NULL;
}

static struct error *check_lines(struct schema_check *check, uint32_t s)
{
	const struct schema *schema = check->schema;
	const struct schema_symbol *symbol = &schema->symbols[s];
	struct schema_line_reader reader;

	schema_lines_begin(&reader, &schema->lines, symbol->rows, symbol->lo);
	while (schema_lines_next(&reader)) {
		TRY(schema_check_spend(check, 1));
		if (reader.row.pc >= symbol->hi)
			return schema_check_fail(check, "symbols", s, "a line beyond its end");
		if (reader.row.node > symbol->nodes)
			return schema_check_fail(check, "symbols", s,
						 "a line of inline node %u of %u", reader.row.node,
						 symbol->nodes);
		if (reader.row.file >= schema->files_count)
			return schema_check_fail(check, "symbols", s, "a line of file %u of %u",
						 reader.row.file, schema->files_count);
	}
	if (reader.bad)
		return schema_check_fail(check, "symbols", s, "its line program is malformed");
	return NULL;
}

struct error *schema_check_symbols(struct schema_check *check)
{
	const struct schema *schema = check->schema;
	uint32_t last = 0;

	TRY(check_inline_nodes(check));
	for (uint32_t s = 0; s < schema->symbols_count; s++) {
		const struct schema_symbol *symbol = &schema->symbols[s];
		const struct schema_inline *node = schema->inline_nodes + symbol->first_node;

		if (symbol->lo >= symbol->hi || symbol->lo < last)
			return schema_check_fail(check, "symbols", s, "empty or out of order");
		last = symbol->hi;
		TRY(schema_check_spend(check, symbol->nodes));
		for (uint32_t i = 0; i < symbol->nodes; i++)
			if (node[i].parent != SCHEMA_NONE && node[i].parent < symbol->first_node)
				return schema_check_fail(check, "symbols", s,
							 "inline node %u is in another symbol", i);
		TRY(check_lines(check, s));
	}
	return NULL;
}
