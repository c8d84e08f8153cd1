/* SPDX-License-Identifier: BSD-2-Clause */
#include "schema_int.h"

#include "lines.h"

const struct schema_symbol *schema_symbol_at(const struct schema *schema, uint32_t pc)
{
	size_t lo = 0, hi = schema->symbols_count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (schema->symbols[mid].hi <= pc)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == schema->symbols_count || schema->symbols[lo].lo > pc)
		return NULL;
	return &schema->symbols[lo];
}

/* The last row at or before `pc`; false when the symbol has no lines. */
static bool line_at(const struct schema *schema, const struct schema_symbol *symbol, uint32_t pc,
		    struct schema_line_row *ret)
{
	struct schema_line_reader reader;
	bool found = false;

	schema_lines_begin(&reader, &schema->lines, symbol->rows, symbol->lo);
	while (schema_lines_next(&reader) && reader.row.pc <= pc) {
		*ret = reader.row;
		found = true;
	}
	return found;
}

/*
 * The row gives the innermost function's position. Each function further out
 * stands where the call that was inlined into it stood.
 */
size_t schema_symbolize(const struct schema *schema, uint32_t pc, struct schema_frame *frames,
			size_t room)
{
	const struct schema_symbol *symbol = schema_symbol_at(schema, pc);
	struct schema_line_row row = {0};
	schema_str file;
	uint32_t node = SCHEMA_NONE, line = 0;
	size_t n = 0;

	if (!symbol)
		return 0;
	file = symbol->file;
	if (line_at(schema, symbol, pc, &row)) {
		file = schema->files[row.file];
		line = row.line;
	}
	if (row.node)
		node = symbol->first_node + row.node - 1;
	for (;; n++) {
		const struct schema_inline *call =
			node == SCHEMA_NONE ? NULL : &schema->inline_nodes[node];

		if (n < room)
			frames[n] = (struct schema_frame){
				.function = schema_text(schema, call ? call->name : symbol->name),
				.file = schema_text(schema, file),
				.line = line,
				.inline_node = node,
				.inlined = call != NULL,
			};
		if (!call)
			return n + 1;
		file = call->call_file;
		line = call->call_line;
		node = call->parent;
	}
}
