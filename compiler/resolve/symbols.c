/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "resolve_int.h"

/*
 * Symbols travel in the artifact: every function of the binary with its inline tree
 * and line table, so that stripped targets and decoding elsewhere lose nothing.
 *
 * DWARF gives line rows for PCs and, apart from them, ranges for inlined calls. Both
 * are merged into one list of rows (pc, innermost inline node, file, line), which a
 * reader searches once. Functions in assembly are subprograms like others.
 */

/* ---- numbers that the rest refers to ---- */

struct error *symbols_number(struct resolve *resolve)
{
	size_t count;
	const struct binary_function *functions = binary_functions(resolve->binary, &count);
	uint64_t nodes = 0, end = resolve->info->text;

	if (resolve->info->text_size >= UINT32_MAX)
		return error_new(ERROR_TARGET, "%s: more than 4 GiB of code", resolve->info->path);
	resolve->first_node = ARENA_ARRAY(resolve->arena, uint32_t, count);
	for (size_t i = 0; i < count; i++) {
		resolve->first_node[i] = (uint32_t)nodes;
		nodes += functions[i].inlines_count;
		if (nodes >= UINT32_MAX)
			return error_new(ERROR_TARGET, "%s: too many inlined calls",
					 resolve->info->path);
		if (functions[i].lo < end || functions[i].hi <= functions[i].lo ||
		    functions[i].hi > resolve->info->text + resolve->info->text_size)
			return error_new(
				ERROR_DAMAGED,
				"%s: debug info: function %s overlaps another one, or lies "
				"outside the text",
				resolve->info->path, functions[i].name);
		end = functions[i].hi;
	}
	map_init(&resolve->file_index, resolve->arena);
	strmap_init(&resolve->file_names, resolve->arena);
	*VEC_PUSH(resolve->arena, &resolve->files) = 0; /* file 0: not known */
	return binary_lines(resolve->binary, &resolve->line_rows, &resolve->line_rows_count);
}

/* ---- rows of one function ---- */

static uint32_t file_number(struct resolve *resolve, const char *file)
{
	uint64_t index;

	if (!file || !file[0])
		return 0;
	if (map_get(&resolve->file_index, (uintptr_t)file, &index))
		return (uint32_t)index;
	if (!strmap_get(&resolve->file_names, file, &index)) {
		index = resolve->files.length;
		*VEC_PUSH(resolve->arena, &resolve->files) = resolve_string(resolve, file);
		strmap_set(&resolve->file_names, file, index);
	}
	map_set(&resolve->file_index, (uintptr_t)file, index);
	return (uint32_t)index;
}

/* An edge of an inlined call's range. */
struct edge {
	uint64_t pc;
	uint32_t node; /* 1-based */
	bool begins;
};

static int compare_edges(const void *left, const void *right)
{
	const struct edge *a = left, *b = right;

	if (a->pc != b->pc)
		return a->pc < b->pc ? -1 : 1;
	if (a->begins != b->begins) /* ends first: ranges are half open */
		return a->begins ? 1 : -1;
	return a->node < b->node ? -1 : a->node > b->node;
}

struct edges {
	VEC(struct edge) list;
};

static void collect_edges(struct resolve *resolve, const struct binary_function *function,
			  struct edges *edges)
{
	for (size_t n = 0; n < function->inlines_count; n++) {
		for (size_t r = 0; r < function->inlines[n].ranges_count; r++) {
			struct binary_range range = function->inlines[n].ranges[r];

			if (range.lo < function->lo)
				range.lo = function->lo;
			if (range.hi > function->hi)
				range.hi = function->hi;
			if (range.lo >= range.hi)
				continue;
			*VEC_PUSH(&resolve->scratch, &edges->list) =
				(struct edge){range.lo, (uint32_t)n + 1, true};
			*VEC_PUSH(&resolve->scratch, &edges->list) =
				(struct edge){range.hi, (uint32_t)n + 1, false};
		}
	}
	if (edges->list.length)
		qsort(edges->list.data, edges->list.length, sizeof(edges->list.data[0]),
		      compare_edges);
}

/* The nodes that are open at a PC, in any order. */
struct open {
	VEC(uint32_t) nodes;
};

static void open_edge(struct resolve *resolve, struct open *open, const struct edge *edge)
{
	if (edge->begins) {
		*VEC_PUSH(&resolve->scratch, &open->nodes) = edge->node;
		return;
	}
	for (size_t i = 0; i < open->nodes.length; i++) {
		if (open->nodes.data[i] == edge->node) {
			open->nodes.data[i] = open->nodes.data[--open->nodes.length];
			return;
		}
	}
}

static uint32_t node_depth(const struct binary_function *function, uint32_t node)
{
	uint32_t depth = 0;

	for (uint32_t at = node - 1; at != UINT32_MAX; at = function->inlines[at].parent)
		depth++;
	return depth;
}

/* The deepest open node; of equals the later one. 0: none is open. */
static uint32_t innermost(const struct binary_function *function, const struct open *open)
{
	uint32_t best = 0, best_depth = 0;

	for (size_t i = 0; i < open->nodes.length; i++) {
		uint32_t node = open->nodes.data[i], depth = node_depth(function, node);

		if (depth > best_depth || (depth == best_depth && node > best)) {
			best = node;
			best_depth = depth;
		}
	}
	return best;
}

/* The first line row at or after `pc`. */
static size_t line_at(const struct resolve *resolve, uint64_t pc)
{
	size_t lo = 0, hi = resolve->line_rows_count;

	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;

		if (resolve->line_rows[middle].pc < pc)
			lo = middle + 1;
		else
			hi = middle;
	}
	return lo;
}

static void add_row(struct resolve *resolve, struct resolve_rows *ret,
		    const struct schema_line_row *row)
{
	struct schema_line_row *last =
		ret->rows.length ? &ret->rows.data[ret->rows.length - 1] : NULL;

	if (last && last->node == row->node && last->file == row->file && last->line == row->line)
		return;
	if (last && last->pc == row->pc)
		*last = *row;
	else
		*VEC_PUSH(resolve->arena, &ret->rows) = *row;
}

void symbols_rows(struct resolve *resolve, const struct binary_function *function,
		  struct resolve_rows *ret)
{
	struct edges edges = {0};
	struct open open = {0};
	size_t line = line_at(resolve, function->lo), edge = 0;
	struct schema_line_row row = {0};
	uint64_t pc = function->lo;

	ret->rows.length = 0;
	arena_reset(&resolve->scratch);
	collect_edges(resolve, function, &edges);
	while (pc < function->hi) {
		uint64_t next = function->hi;
		bool moved = false;

		for (; line < resolve->line_rows_count && resolve->line_rows[line].pc <= pc;
		     line++) {
			row.file = file_number(resolve, resolve->line_rows[line].file);
			row.line =
				resolve->line_rows[line].file ? resolve->line_rows[line].line : 0;
		}
		for (; edge < edges.list.length && edges.list.data[edge].pc <= pc; edge++) {
			open_edge(resolve, &open, &edges.list.data[edge]);
			moved = true;
		}
		if (moved)
			row.node = innermost(function, &open);
		row.pc = resolve_pc(resolve, pc);
		add_row(resolve, ret, &row);
		if (line < resolve->line_rows_count && resolve->line_rows[line].pc < next)
			next = resolve->line_rows[line].pc;
		if (edge < edges.list.length && edges.list.data[edge].pc < next)
			next = edges.list.data[edge].pc;
		pc = next;
	}
}

/* ---- the frame of one node ---- */

uint32_t symbols_frame_line(struct resolve *resolve, const struct binary_function *function,
			    const struct resolve_rows *rows, uint32_t inline_index, uint64_t pc,
			    const char **file)
{
	uint32_t at = resolve_pc(resolve, pc), node;
	size_t lo = 0, hi = rows->rows.length;
	const struct schema_line_row *row;
	const struct binary_inline *below = NULL;

	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;

		if (rows->rows.data[middle].pc <= at)
			lo = middle + 1;
		else
			hi = middle;
	}
	if (!lo)
		return 0;
	row = &rows->rows.data[lo - 1];
	/* the frame below ours in the inline chain stands at the line of the call to it */
	for (node = row->node ? row->node - 1 : UINT32_MAX;
	     node != inline_index && node != UINT32_MAX; node = below->parent)
		below = &function->inlines[node];
	if (node != inline_index)
		return 0;
	if (file)
		*file = below ? below->call_file
			      : resolve->strings.data + resolve->files.data[row->file];
	return below ? below->call_line : row->line;
}

/* ---- all of them ---- */

static void build_nodes(struct resolve *resolve, const struct binary_function *function,
			uint32_t first, struct schema_inline *nodes)
{
	for (size_t n = 0; n < function->inlines_count; n++) {
		const struct binary_inline *from = &function->inlines[n];

		nodes[n] = (struct schema_inline){
			.name = resolve_string(resolve, from->name),
			.parent = from->parent == UINT32_MAX ? SCHEMA_NONE : first + from->parent,
			.call_file = resolve_string(resolve, from->call_file),
			.call_line = from->call_line,
		};
	}
}

struct error *symbols_build(struct resolve *resolve)
{
	size_t count, nodes = 0;
	const struct binary_function *functions = binary_functions(resolve->binary, &count);
	struct schema *schema = &resolve->ir->schema;
	struct schema_symbol *symbols = ARENA_ARRAY(resolve->arena, struct schema_symbol, count);
	struct schema_inline *tree;
	struct resolve_rows rows = {0};
	cleanup_strbuf struct strbuf lines = STRBUF_INIT;

	for (size_t i = 0; i < count; i++)
		nodes += functions[i].inlines_count;
	tree = ARENA_ARRAY(resolve->arena, struct schema_inline, nodes);
	for (size_t i = 0; i < count; i++) {
		const struct binary_function *function = &functions[i];
		uint32_t lo = resolve_pc(resolve, function->lo);

		symbols_rows(resolve, function, &rows);
		symbols[i] = (struct schema_symbol){
			.lo = lo,
			.hi = resolve_pc(resolve, function->hi),
			.name = resolve_string(resolve, function->name),
			.file = resolve_string(resolve, function->file),
			.line = function->line,
			.first_node = resolve->first_node[i],
			.nodes = (uint32_t)function->inlines_count,
			.rows = (uint32_t)lines.length,
		};
		build_nodes(resolve, function, resolve->first_node[i],
			    tree + resolve->first_node[i]);
		schema_lines_encode(&lines, rows.rows.data, rows.rows.length, lo);
		if (lines.length >= UINT32_MAX)
			return error_new(ERROR_TARGET, "%s: its line table is too large",
					 resolve->info->path);
	}
	schema->symbols = symbols;
	schema->symbols_count = (uint32_t)count;
	schema->inline_nodes = tree;
	schema->inline_nodes_count = (uint32_t)nodes;
	schema->files = resolve->files.data;
	schema->files_count = (uint32_t)resolve->files.length;
	schema->lines.data = arena_copy(resolve->arena, lines.data, lines.length);
	schema->lines.size = lines.length;
	return NULL;
}
