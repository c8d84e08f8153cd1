/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "resolve_int.h"

/*
 * What will be there, told before anything is deployed: one row for each capture and
 * each call in the code of its function, for a frame is only ever seen at a call. The
 * rows are read back from the finished tables, so the report says what the engine
 * will do and not what was meant.
 */

struct report {
	VEC(struct ir_availability) rows;
};

/* The range that holds a text offset, or NULL. */
static const struct ask_range *range_at(const struct resolve *resolve, uint32_t pc)
{
	size_t lo = 0, hi = resolve->ranges.length;

	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;

		if (resolve->ranges.data[middle].hi <= pc)
			lo = middle + 1;
		else
			hi = middle;
	}
	if (lo == resolve->ranges.length || resolve->ranges.data[lo].lo > pc)
		return NULL;
	return &resolve->ranges.data[lo];
}

static const struct ask_probe *probe_at(const struct resolve *resolve,
					const struct ask_range *range,
					const struct resolve_site *site)
{
	for (uint32_t i = 0; range && i < range->probes; i++) {
		const struct resolve_probe *probe =
			pool_row(&resolve->probes, range->first_probe + i);

		if (probe->row.function == site->function &&
		    probe->row.inline_node == site->inline_node)
			return &probe->row;
	}
	return NULL;
}

/* The verdict on one expression, in `row`. */
static void judge(const struct resolve *resolve, const struct resolve_expr *expr,
		  struct ir_availability *row)
{
	const struct resolve_gap *gap;

	row->verdict = IR_ALWAYS;
	row->reason = ASK_REASON_NONE;
	if (expr->row.reason == ASK_REASON_REDACTED)
		return; /* all that was asked for */
	if (!expr->row.ops) {
		row->verdict = IR_NEVER;
		row->reason = expr->row.reason;
	} else if (expr->gaps) {
		gap = pool_row(&resolve->gaps, expr->first_gap);
		row->verdict = IR_PARTIAL;
		row->reason = gap->reason;
	}
}

static void report_call(struct resolve *resolve, const struct resolve_site *site,
			const struct resolve_rows *rows, uint64_t pc, struct report *report)
{
	const struct binary_function *function = site->instance.function;
	uint32_t offset = resolve_pc(resolve, pc);
	const struct ask_probe *probe = probe_at(resolve, range_at(resolve, offset), site);
	const char *file = "";
	uint32_t line = symbols_frame_line(resolve, function, rows, site->instance.inline_index,
					   pc - 1, &file);

	assert(probe); /* the site is active here */
	for (uint32_t i = 0; i < probe->exprs; i++) {
		const struct resolve_expr *expr = pool_row(&resolve->exprs, probe->first_expr + i);
		struct ir_availability *row = VEC_PUSH(resolve->arena, &report->rows);

		*row = (struct ir_availability){
			.capture = expr->row.capture,
			.pc = offset,
			.function = site->name,
			.inlined_in = site->inline_node == ASK_NO_INLINE ? NULL : function->name,
			.file = file,
			.line = line,
		};
		judge(resolve, expr, row);
	}
}

static int compare_rows(const void *left, const void *right)
{
	const struct ir_availability *a = left, *b = right;

	if (a->capture != b->capture)
		return a->capture < b->capture ? -1 : 1;
	if (a->pc != b->pc)
		return a->pc < b->pc ? -1 : 1;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	if (a->verdict != b->verdict)
		return a->verdict < b->verdict ? -1 : 1;
	return a->reason < b->reason ? -1 : a->reason > b->reason;
}

static bool has_captures(const struct resolve *resolve, size_t first, size_t end)
{
	for (size_t i = first; i < end; i++)
		if (resolve->functions[resolve->sites.data[i].function].spec->captures.length)
			return true;
	return false;
}

static struct error *report_group(struct resolve *resolve, size_t first, size_t end,
				  struct report *report)
{
	const struct binary_function *function = resolve->sites.data[first].instance.function;
	struct resolve_rows rows = {0};
	const uint64_t *calls;
	size_t count;

	if (!has_captures(resolve, first, end))
		return NULL;
	TRY(binary_call_sites(resolve->binary, function->lo, function->hi, &calls, &count));
	symbols_rows(resolve, function, &rows);
	for (size_t c = 0; c < count; c++)
		for (size_t i = first; i < end; i++)
			if (site_active(&resolve->sites.data[i], calls[c]))
				report_call(resolve, &resolve->sites.data[i], &rows, calls[c],
					    report);
	return NULL;
}

struct error *availability_build(struct resolve *resolve)
{
	struct report report = {0};

	for (size_t first = 0; first < resolve->sites.length;) {
		size_t end = sites_group(resolve, first);

		TRY(report_group(resolve, first, end, &report));
		first = end;
	}
	if (report.rows.length)
		qsort(report.rows.data, report.rows.length, sizeof(report.rows.data[0]),
		      compare_rows);
	resolve->ir->availability = report.rows.data;
	resolve->ir->availability_count = report.rows.length;
	return NULL;
}
