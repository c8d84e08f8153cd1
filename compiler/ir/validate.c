/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "ir.h"

/*
 * What the engine, the decoder and the reader of the C take for granted is checked
 * here once, before anything is written: the verifier would refuse a bad index
 * late and wordless, and a bad offset would be a wrong value.
 */

#define BAD(...) error_new(ERROR_DAMAGED, "the compiled tables contradict themselves: " __VA_ARGS__)

static bool in_bounds(uint64_t first, uint64_t count, uint64_t total)
{
	return first <= total && count <= total - first;
}

static struct error *check_text(const struct schema *schema, schema_str text, const char *what,
				uint32_t index)
{
	if (text >= schema->strings_size)
		return BAD("%s %" PRIu32 ": text out of bounds", what, index);
	return NULL;
}

static bool type_or_none(const struct schema *schema, uint32_t type)
{
	return type == SCHEMA_NONE || type < schema->types_count;
}

static struct error *check_type(const struct schema *schema, uint32_t i)
{
	const struct schema_type *type = &schema->types[i];

	TRY(check_text(schema, type->name, "type", i));
	if (type->kind >= SCHEMA_KINDS)
		return BAD("type %" PRIu32 ": no such kind", i);
	if (type->size != schema->engine_types[i].size)
		return BAD("type %" PRIu32 ": two sizes", i);
	if (!type_or_none(schema, type->elem) || !type_or_none(schema, type->key) ||
	    !type_or_none(schema, type->internals))
		return BAD("type %" PRIu32 ": element out of bounds", i);
	if (!in_bounds(type->first_field, type->fields, schema->fields_count))
		return BAD("type %" PRIu32 ": fields out of bounds", i);
	for (uint32_t f = 0; f < type->fields; f++) {
		const struct schema_field *field = &schema->fields[type->first_field + f];

		TRY(check_text(schema, field->name, "field", type->first_field + f));
		if (field->type >= schema->types_count ||
		    !in_bounds(field->offset, schema->types[field->type].size, type->size))
			return BAD("type %" PRIu32 ": field %" PRIu32 " lies outside", i, f);
	}
	return NULL;
}

static struct error *check_pointers(const struct schema *schema, uint32_t i)
{
	const struct ask_type *type = &schema->engine_types[i];

	if (!in_bounds(type->first_pointer, type->pointers, schema->pointers_count))
		return BAD("type %" PRIu32 ": pointers out of bounds", i);
	for (uint32_t p = 0; p < type->pointers; p++) {
		const struct ask_pointer *row = &schema->pointers[type->first_pointer + p];
		uint64_t size = schema_pointer_width(row->kind);

		if (!size || !row->repeat || row->target >= schema->types_count)
			return BAD("pointer %" PRIu32 ": bad row", type->first_pointer + p);
		size += row->offset + (uint64_t)(row->repeat - 1) * row->stride;
		if (size > type->size)
			return BAD("pointer %" PRIu32 ": lies outside its type",
				   type->first_pointer + p);
	}
	return NULL;
}

static struct error *check_spans(const struct schema *schema, uint32_t i)
{
	const struct ask_type *type = &schema->engine_types[i];

	if (!in_bounds(type->first_span, type->spans, schema->spans_count))
		return BAD("type %" PRIu32 ": spans out of bounds", i);
	for (uint32_t s = 0; s < type->spans; s++) {
		const struct ask_span *row = &schema->spans[type->first_span + s];
		uint64_t end = (uint64_t)row->offset + row->size;

		if (!row->repeat || (row->repeat > 1 && row->stride < row->size))
			return BAD("span %" PRIu32 ": bad row", type->first_span + s);
		if (end + (uint64_t)(row->repeat - 1) * row->stride > type->size)
			return BAD("span %" PRIu32 ": lies outside its type",
				   type->first_span + s);
	}
	return NULL;
}

static struct error *check_types(const struct schema *schema)
{
	if (!schema->types_count || schema->types_count != schema->engine_types_count)
		return BAD("%" PRIu32 " types, %" PRIu32 " engine types", schema->types_count,
			   schema->engine_types_count);
	if (schema->types[ASK_TYPE_BYTE].size != 1)
		return BAD("type 0 is not a byte");
	for (uint32_t i = 0; i < schema->types_count; i++) {
		TRY(check_type(schema, i));
		TRY(check_pointers(schema, i));
		TRY(check_spans(schema, i));
	}
	return NULL;
}

static struct error *check_functions(const struct schema *schema)
{
	uint32_t captures = 0, columns = 0;

	for (uint32_t i = 0; i < schema->functions_count; i++) {
		const struct schema_function *function = &schema->functions[i];

		TRY(check_text(schema, function->name, "function", i));
		TRY(check_text(schema, function->table, "function", i));
		if (function->first_capture != captures || function->first_column != columns ||
		    !in_bounds(captures, function->captures, schema->captures_count) ||
		    !in_bounds(columns, function->columns, schema->columns_count))
			return BAD("function %" PRIu32 ": captures or columns out of order", i);
		captures += function->captures;
		columns += function->columns;
	}
	if (captures != schema->captures_count || columns != schema->columns_count)
		return BAD("captures or columns of no function");
	for (uint32_t i = 0; i < captures; i++) {
		const struct schema_capture *capture = &schema->captures[i];

		TRY(check_text(schema, capture->expr, "capture", i));
		TRY(check_text(schema, capture->column, "capture", i));
		if (capture->function >= schema->functions_count ||
		    capture->type >= schema->types_count || capture->limits >= schema->limits_count)
			return BAD("capture %" PRIu32 ": index out of bounds", i);
	}
	return NULL;
}

static struct error *check_ranges(const struct schema *schema)
{
	uint32_t end = 0;

	for (uint32_t i = 0; i < schema->ranges_count; i++) {
		const struct ask_range *range = &schema->ranges[i];

		if (range->lo < end || range->hi <= range->lo)
			return BAD("range %" PRIu32 ": not sorted or not disjoint", i);
		if (!range->probes ||
		    !in_bounds(range->first_probe, range->probes, schema->probes_count))
			return BAD("range %" PRIu32 ": probes out of bounds", i);
		end = range->hi;
	}
	return NULL;
}

static struct error *check_probes(const struct schema *schema)
{
	for (uint32_t i = 0; i < schema->probes_count; i++) {
		const struct ask_probe *probe = &schema->probes[i];
		const struct schema_function *function;

		if (probe->function >= schema->functions_count ||
		    (probe->inline_node != ASK_NO_INLINE &&
		     probe->inline_node >= schema->inline_nodes_count) ||
		    !in_bounds(probe->first_expr, probe->exprs, schema->exprs_count))
			return BAD("probe %" PRIu32 ": index out of bounds", i);
		function = &schema->functions[probe->function];
		if (probe->exprs != function->captures)
			return BAD("probe %" PRIu32 ": an expression a capture is wanted", i);
		for (uint32_t e = 0; e < probe->exprs; e++)
			if (schema->exprs[probe->first_expr + e].capture !=
			    function->first_capture + e)
				return BAD("probe %" PRIu32 ": expressions out of order", i);
	}
	return NULL;
}

/* Runs an expression's ops over nothing: sizes and order are all that can be wrong. */
static struct error *check_ops(const struct schema *schema, uint32_t i)
{
	const struct ask_expr *expr = &schema->exprs[i];
	uint64_t copied = 0; /* end of the last copied run: copies go upwards */
	bool address = false;

	for (uint32_t o = 0; o < expr->ops; o++) {
		const struct ask_op *op = &schema->ops[expr->first_op + o];

		switch ((enum ask_op_kind)op->kind) {
		case ASK_OP_CFA:
		case ASK_OP_STATIC:
			address = true;
			continue;
		case ASK_OP_DEREF:
		case ASK_OP_ADD:
		case ASK_OP_INDEX:
		case ASK_OP_ASSERT:
			if (!address)
				return BAD("expr %" PRIu32 ": op %" PRIu32 " has no address", i, o);
			continue;
		case ASK_OP_REGISTER:
			if (op->a < 0 || op->a >= ASK_REGS || op->c > 8 || (op->c & (op->c - 1)) ||
			    (op->c &&
			     (op->b < copied || !in_bounds(op->b, op->c, expr->size))))
				return BAD("expr %" PRIu32 ": register %" PRIu32 " is out of place",
					   i, o);
			if (op->c)
				copied = (uint64_t)op->b + op->c;
			else
				address = true;
			continue;
		case ASK_OP_COPY:
			if (!address || !op->c || op->b < copied ||
			    !in_bounds(op->b, op->c, expr->size))
				return BAD("expr %" PRIu32 ": copy %" PRIu32 " is out of place", i,
					   o);
			copied = (uint64_t)op->b + op->c;
			continue;
		}
		return BAD("expr %" PRIu32 ": no such op", i);
	}
	return NULL;
}

static struct error *check_exprs(const struct schema *schema)
{
	for (uint32_t i = 0; i < schema->exprs_count; i++) {
		const struct ask_expr *expr = &schema->exprs[i];

		if (expr->type >= schema->types_count)
			return BAD("expr %" PRIu32 ": type out of bounds", i);

		if (expr->capture >= schema->captures_count ||
		    expr->limits >= schema->limits_count ||
		    !in_bounds(expr->first_op, expr->ops, schema->ops_count) ||
		    expr->ops > ASK_MAX_OPS)
			return BAD("expr %" PRIu32 ": index out of bounds", i);
		if ((expr->type != schema->captures[expr->capture].type &&
		     !(schema->captures[expr->capture].flags & SCHEMA_CAPTURE_CONTEXT) &&
		     schema->types[schema->captures[expr->capture].type].kind !=
			     SCHEMA_KIND_UNKNOWN) ||
		    expr->limits != schema->captures[expr->capture].limits ||
		    expr->size != schema->types[expr->type].size)
			return BAD("expr %" PRIu32 ": disagrees with its capture", i);
		if (expr->reason == ASK_REASON_REDACTED
			    ? !(schema->captures[expr->capture].flags & SCHEMA_CAPTURE_REDACTED)
			    : !expr->ops == !expr->reason)
			return BAD("expr %" PRIu32 ": wants either ops or a reason", i);
		TRY(check_ops(schema, i));
	}
	return NULL;
}

static struct error *check_gaps(const struct schema *schema)
{
	const struct schema_gap *last = NULL;

	for (uint32_t i = 0; i < schema->gaps_count; i++) {
		const struct schema_gap *gap = &schema->gaps[i];
		const struct ask_expr *expr;

		if (gap->expr >= schema->exprs_count || !gap->reason)
			return BAD("gap %" PRIu32 ": no such expression, or no reason", i);
		if (last &&
		    (gap->expr < last->expr || (gap->expr == last->expr &&
						gap->offset < (uint64_t)last->offset + last->size)))
			return BAD("gap %" PRIu32 ": not sorted", i);
		expr = &schema->exprs[gap->expr];
		if (!gap->size || !expr->ops || !in_bounds(gap->offset, gap->size, expr->size))
			return BAD("gap %" PRIu32 ": lies outside its value", i);
		for (uint32_t o = 0; o < expr->ops; o++) {
			const struct ask_op *op = &schema->ops[expr->first_op + o];

			if ((op->kind == ASK_OP_COPY || op->kind == ASK_OP_REGISTER) && op->b < (uint64_t)gap->offset + gap->size &&
			    gap->offset < (uint64_t)op->b + op->c)
				return BAD("gap %" PRIu32 ": its bytes are copied too", i);
		}
		last = gap;
	}
	return NULL;
}

static struct error *check_symbols(const struct schema *schema)
{
	uint32_t end = 0;

	for (uint32_t i = 0; i < schema->symbols_count; i++) {
		const struct schema_symbol *symbol = &schema->symbols[i];

		if (symbol->lo < end || symbol->hi <= symbol->lo)
			return BAD("symbol %" PRIu32 ": not sorted or not disjoint", i);
		if (symbol->rows >= schema->lines.size ||
		    !in_bounds(symbol->first_node, symbol->nodes, schema->inline_nodes_count))
			return BAD("symbol %" PRIu32 ": index out of bounds", i);
		TRY(check_text(schema, symbol->name, "symbol", i));
		TRY(check_text(schema, symbol->file, "symbol", i));
		for (uint32_t n = 0; n < symbol->nodes; n++) {
			uint32_t node = symbol->first_node + n;
			uint32_t parent = schema->inline_nodes[node].parent;

			if (parent != SCHEMA_NONE &&
			    (parent < symbol->first_node || parent >= node))
				return BAD("inline node %" PRIu32 ": parent out of order", node);
		}
		end = symbol->hi;
	}
	return NULL;
}

static struct error *check_dynamic(const struct schema *schema)
{
	const struct ask_layout *layout = &schema->layout;

	for (uint32_t i = 0; i < schema->rtypes_count; i++) {
		const struct ask_rtype *row = &schema->rtypes[i];

		TRY(check_text(schema, row->name, "runtime type", i));
		if ((i && row->offset <= row[-1].offset) || row->offset >= layout->types_size)
			return BAD("runtime type %" PRIu32 ": not sorted, or outside", i);
		if (!type_or_none(schema, row->type))
			return BAD("runtime type %" PRIu32 ": type out of bounds", i);
		if ((row->flags & ASK_RTYPE_DIRECT) && row->type != ASK_ABSENT &&
		    (schema->types[row->type].size != 8 ||
		     schema->engine_types[row->type].pointers > 1))
			return BAD("runtime type %" PRIu32 ": not pointer-shaped", i);
	}
	for (uint32_t i = 0; i < schema->closures_count; i++) {
		const struct ask_closure *row = &schema->closures[i];

		if ((i && row->pc <= row[-1].pc) || row->pc >= layout->text_size)
			return BAD("closure %" PRIu32 ": not sorted, or outside", i);
		if (row->type >= schema->types_count || schema->types[row->type].size < 8)
			return BAD("closure %" PRIu32 ": bad type", i);
	}
	if (schema->closures_count && layout->funcval_type == ASK_ABSENT)
		return BAD("closures without a func value");
	if (layout->funcval_type != ASK_ABSENT && (layout->funcval_type >= schema->types_count ||
						   schema->types[layout->funcval_type].size != 8))
		return BAD("the func value has no type");
	return NULL;
}

static struct error *check_contexts(const struct schema *schema)
{
	for (uint32_t i = 0; i < schema->context_types_count; i++) {
		const struct ask_context_type *row = &schema->context_types[i];

		if ((i && row->offset <= row[-1].offset) ||
		    row->offset >= schema->layout.types_size)
			return BAD("context type %" PRIu32 ": not sorted, or outside", i);
		if (row->view >= schema->types_count ||
		    (row->view && !schema->engine_types[row->view].pointers))
			return BAD("context type %" PRIu32 ": its view leads nowhere", i);
	}
	for (uint32_t i = 0; i < schema->captures_count; i++) {
		const struct schema_capture *capture = &schema->captures[i];

		if (capture->flags & SCHEMA_CAPTURE_CONTEXT &&
		    (capture->context >= schema->contexts_count ||
		     schema->contexts[capture->context].type != capture->type))
			return BAD("capture %" PRIu32 ": disagrees with its context", i);
	}
	return NULL;
}

static struct error *check_layout(const struct schema *schema)
{
	const struct ask_layout *layout = &schema->layout;

	if (layout->ranges != schema->ranges_count || layout->probes != schema->probes_count ||
	    layout->exprs != schema->exprs_count || layout->ops != schema->ops_count ||
	    layout->types != schema->engine_types_count ||
	    layout->pointers != schema->pointers_count ||
	    layout->spans != schema->spans_count || layout->limits != schema->limits_count ||
	    layout->cfi_rows != schema->cfi_count || layout->rtypes != schema->rtypes_count ||
	    layout->closures != schema->closures_count ||
	    layout->context_types != schema->context_types_count)
		return BAD("the layout miscounts a table");
	for (uint32_t i = 1; i < schema->cfi_count; i++)
		if (schema->cfi[i].pc <= schema->cfi[i - 1].pc)
			return BAD("cfi row %" PRIu32 ": not sorted", i);
	return NULL;
}

static struct error *check_words(const struct ir *ir)
{
	const struct schema *schema = &ir->schema;

	if ((schema->engine_types_count && !ir->type_comments) ||
	    (schema->pointers_count && !ir->pointer_comments) ||
	    (schema->spans_count && !ir->span_comments) ||
	    (schema->ranges_count && !ir->range_comments) ||
	    (schema->context_types_count && !ir->context_comments) ||
	    (schema->probes_count && !ir->probe_comments) ||
	    (schema->exprs_count && !ir->expr_comments) || (schema->ops_count && !ir->op_comments))
		return BAD("a table has no comments");
	for (size_t i = 1; i < ir->addresses_count; i++)
		if (ir->addresses[i].lo < ir->addresses[i - 1].hi)
			return BAD("address %zu: not sorted", i);
	for (size_t i = 0; i < ir->availability_count; i++) {
		const struct ir_availability *row = &ir->availability[i];

		if (row->capture >= schema->captures_count ||
		    (row->verdict == IR_ALWAYS) != !row->reason)
			return BAD("availability %zu: bad row", i);
	}
	return NULL;
}

struct error *ir_validate(const struct ir *ir)
{
	const struct schema *schema = &ir->schema;

	if (!schema->strings_size || schema->strings[schema->strings_size - 1])
		return BAD("strings do not end");
	TRY(check_types(schema));
	TRY(check_functions(schema));
	TRY(check_ranges(schema));
	TRY(check_probes(schema));
	TRY(check_exprs(schema));
	TRY(check_gaps(schema));
	TRY(check_symbols(schema));
	TRY(check_layout(schema));
	TRY(check_dynamic(schema));
	TRY(check_contexts(schema));
	return check_words(ir);
}
