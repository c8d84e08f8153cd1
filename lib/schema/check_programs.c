/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the engine obeys: layout, ranges, probes, expressions and their operators.
 * An operator writes into a buffer of the expression's size; a probe's expressions
 * become the columns of its function's row. Both are settled here.
 */
#include "schema_int.h"

/* runtime.g has about 450 bytes; the engine keeps a copy in a buffer of this order. */
#define G_SIZE_MAX 4096u

/* A field of runtime.g lies in the part of it that the engine reads, or is absent. */
static struct error *check_g(const struct schema_check *check)
{
	const struct ask_layout *layout = &check->schema->layout;
	const struct {
		const char *name;
		uint32_t offset, size;
	} fields[] = {
		{"g_stack_lo", layout->g_stack_lo, 8},
		{"g_stack_hi", layout->g_stack_hi, 8},
		{"g_m", layout->g_m, 8},
		{"g_sched_sp", layout->g_sched_sp, 8},
		{"g_sched_pc", layout->g_sched_pc, 8},
		{"g_sched_bp", layout->g_sched_bp, 8},
		{"g_syscallsp", layout->g_syscallsp, 8},
		{"g_syscallpc", layout->g_syscallpc, 8},
		{"g_syscallbp", layout->g_syscallbp, 8},
		{"g_atomicstatus", layout->g_atomicstatus, 4},
		{"g_goid", layout->g_goid, 8},
		{"g_waitsince", layout->g_waitsince, 8},
		{"g_waitreason", layout->g_waitreason, 1},
		{"g_parentgoid", layout->g_parentgoid, 8},
		{"g_gopc", layout->g_gopc, 8},
		{"g_startpc", layout->g_startpc, 8},
		{"g_labels", layout->g_labels, 8},
		{"g_trackingseq", layout->g_trackingseq, 1},
		{"g_lockedm", layout->g_lockedm, 8},
		{"g_waiting", layout->g_waiting, 8},
	};

	if (layout->g_size > G_SIZE_MAX)
		return schema_check_fail(check, "layout", 0, "g_size is %u", layout->g_size);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (fields[i].offset != ASK_ABSENT &&
		    (uint64_t)fields[i].offset + fields[i].size > layout->g_size)
			return schema_check_fail(check, "layout", 0, "%s at %u is beyond g_size %u",
						 fields[i].name, fields[i].offset, layout->g_size);
	return NULL;
}

static struct error *check_layout(const struct schema_check *check)
{
	const struct schema *schema = check->schema;
	const struct ask_layout *layout = &schema->layout;
	const struct {
		const char *name;
		uint32_t told, real;
	} counts[] = {
		{"cfi_rows", layout->cfi_rows, schema->cfi_count},
		{"ranges", layout->ranges, schema->ranges_count},
		{"probes", layout->probes, schema->probes_count},
		{"exprs", layout->exprs, schema->exprs_count},
		{"ops", layout->ops, schema->ops_count},
		{"types", layout->types, schema->engine_types_count},
		{"pointers", layout->pointers, schema->pointers_count},
		{"spans", layout->spans, schema->spans_count},
		{"limits", layout->limits, schema->limits_count},
		{"rtypes", layout->rtypes, schema->rtypes_count},
		{"closures", layout->closures, schema->closures_count},
		{"context_types", layout->context_types, schema->context_types_count},
	};

	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		if (counts[i].told != counts[i].real)
			return schema_check_fail(check, "layout", 0, "%s is %u, there are %u",
						 counts[i].name, counts[i].told, counts[i].real);
	if (layout->funcval_type != ASK_ABSENT && layout->funcval_type >= schema->types_count)
		return schema_check_fail(check, "layout", 0, "funcval_type is %u",
					 layout->funcval_type);
	if (layout->labels_type != ASK_ABSENT &&
	    (layout->labels_type >= schema->types_count ||
	     layout->labels_limits >= schema->limits_count))
		return schema_check_fail(check, "layout", 0, "labels_type is %u, labels_limits %u",
					 layout->labels_type, layout->labels_limits);
	if (layout->gopark_hi &&
	    (layout->gopark_lo >= layout->gopark_hi || layout->gopark_hi > layout->text_size ||
	     layout->g_trackingseq == ASK_ABSENT || layout->g_lockedm == ASK_ABSENT ||
	     layout->g_waiting == ASK_ABSENT))
		return schema_check_fail(check, "layout", 0, "gopark is from %u to %u",
					 layout->gopark_lo, layout->gopark_hi);
	if (layout->sudog_elem > ASK_SUDOG_MAX - 8 || layout->sudog_c > ASK_SUDOG_MAX - 8 ||
	    layout->sudog_waitlink > ASK_SUDOG_MAX - 8)
		return schema_check_fail(check, "layout", 0, "a sudog has members at %u, %u, %u",
					 layout->sudog_elem, layout->sudog_c, layout->sudog_waitlink);
	if (layout->time_to_run_size > ASK_TIME_TO_RUN_MAX || layout->time_to_run_size % 8)
		return schema_check_fail(check, "layout", 0, "time_to_run_size is %u",
					 layout->time_to_run_size);
	if (layout->text_size >= UINT32_MAX)
		return schema_check_fail(check, "layout", 0, "text_size is %llu",
					 layout->text_size);
	return check_g(check);
}

static struct error *check_ranges(const struct schema_check *check)
{
	const struct schema *schema = check->schema;
	uint32_t last = 0;

	for (uint32_t i = 0; i < schema->ranges_count; i++) {
		const struct ask_range *range = &schema->ranges[i];

		if (range->lo >= range->hi || range->lo < last)
			return schema_check_fail(check, "ranges", i, "empty or out of order");
		/* a return PC may be the very end of the text: its call was the last instruction */
		if (range->hi > schema->layout.text_size + 1)
			return schema_check_fail(check, "ranges", i, "beyond the text");
		last = range->hi;
	}
	for (uint32_t i = 1; i < schema->rtypes_count; i++)
		if (schema->rtypes[i].offset <= schema->rtypes[i - 1].offset)
			return schema_check_fail(check, "rtypes", i, "out of order");
	for (uint32_t i = 1; i < schema->closures_count; i++)
		if (schema->closures[i].pc <= schema->closures[i - 1].pc)
			return schema_check_fail(check, "closures", i, "out of order");
	for (uint32_t i = 1; i < schema->context_types_count; i++)
		if (schema->context_types[i].offset <= schema->context_types[i - 1].offset)
			return schema_check_fail(check, "context_types", i, "out of order");
	for (uint32_t i = 1; i < schema->cfi_count; i++)
		if (schema->cfi[i].pc <= schema->cfi[i - 1].pc)
			return schema_check_fail(check, "cfi", i, "out of order");
	return NULL;
}

static struct error *check_expr(struct schema_check *check, uint32_t e)
{
	const struct schema *schema = check->schema;
	const struct ask_expr *expr = &schema->exprs[e];
	const struct ask_op *op = schema->ops + expr->first_op;

	if (expr->size != schema->types[expr->type].size)
		return schema_check_fail(check, "exprs", e, "%u bytes of a type of %" PRIu64,
					 expr->size, schema->types[expr->type].size);
	if (expr->ops > ASK_MAX_OPS)
		return schema_check_fail(check, "exprs", e, "%u operators", expr->ops);
	if (expr->ops ? expr->reason && expr->reason != ASK_REASON_REDACTED
		      : !expr->reason && expr->size)
		return schema_check_fail(check, "exprs", e, "%u operators with reason %u",
					 expr->ops, expr->reason);
	for (uint32_t i = 0; i < expr->ops; i++, op++) {
		if (op->kind < ASK_OP_CFA || op->kind > ASK_OP_REGISTER)
			return schema_check_fail(check, "exprs", e, "operator %u is unknown", i);
		if (op->kind == ASK_OP_COPY && (uint64_t)op->b + op->c > expr->size)
			return schema_check_fail(check, "exprs", e, "operator %u copies too much",
						 i);
		if (op->kind == ASK_OP_REGISTER &&
		    (op->a < 0 || op->a >= ASK_REGS || op->c > 8 || (op->c & (op->c - 1)) ||
		     (op->c && (uint64_t)op->b + op->c > expr->size)))
			return schema_check_fail(check, "exprs", e,
						 "operator %u takes no such register", i);
	}
	return NULL;
}

/*
 * A probe's expressions are captures of the probe's function. Probes may share
 * expressions, so instead of looking at each again, same_until[e] says how far the
 * expressions from e on belong to one function.
 */
static struct error *check_probes(const struct schema_check *check)
{
	const struct schema *schema = check->schema;
	cleanup_arena struct arena arena = {0};
	uint32_t *same_until = ARENA_ARRAY(&arena, uint32_t, schema->exprs_count);

	for (uint32_t e = schema->exprs_count; e-- > 0;) {
		uint32_t function = schema->captures[schema->exprs[e].capture].function;
		bool same = e + 1 < schema->exprs_count &&
			    schema->captures[schema->exprs[e + 1].capture].function == function;

		same_until[e] = same ? same_until[e + 1] : e + 1;
	}
	for (uint32_t p = 0; p < schema->probes_count; p++) {
		const struct ask_probe *probe = &schema->probes[p];
		uint32_t end = probe->first_expr + probe->exprs;

		if (!probe->exprs)
			continue;
		if (schema->captures[schema->exprs[probe->first_expr].capture].function !=
			    probe->function ||
		    same_until[probe->first_expr] < end)
			return schema_check_fail(check, "probes", p,
						 "an expression of another function");
	}
	return NULL;
}

static struct error *check_gaps(const struct schema_check *check)
{
	const struct schema *schema = check->schema;

	for (uint32_t i = 0; i < schema->gaps_count; i++) {
		const struct schema_gap *gap = &schema->gaps[i];
		const struct schema_gap *last = i ? gap - 1 : NULL;

		if (!gap->size || (uint64_t)gap->offset + gap->size > schema->exprs[gap->expr].size)
			return schema_check_fail(check, "gaps", i, "not inside its expression");
		if (!gap->reason)
			return schema_check_fail(check, "gaps", i, "no reason");
		if (last &&
		    (gap->expr < last->expr || (gap->expr == last->expr &&
						gap->offset < (uint64_t)last->offset + last->size)))
			return schema_check_fail(check, "gaps", i, "out of order");
	}
	return NULL;
}

struct error *schema_check_programs(struct schema_check *check)
{
	TRY(check_layout(check));
	TRY(check_ranges(check));
	for (uint32_t e = 0; e < check->schema->exprs_count; e++)
		TRY(check_expr(check, e));
	TRY(check_probes(check));
	return check_gaps(check);
}
