/* SPDX-License-Identifier: BSD-2-Clause */
#include "ir.h"

/*
 * The IR as a person reads it. Nothing that a rebuild of the same source moves is
 * printed: PCs are function + offset, and tables are shown by what they say and not
 * by the numbers of their rows, so a changed line means a changed behaviour.
 */

/* The function of a text offset: the last one that begins at or before it. */
static const struct ir_address *address_of(const struct ir *ir, uint32_t pc)
{
	size_t lo = 0, hi = ir->addresses_count;

	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;

		if (ir->addresses[middle].lo < pc) /* a return PC may equal its function's end */
			lo = middle + 1;
		else
			hi = middle;
	}
	return lo ? &ir->addresses[lo - 1] : NULL;
}

static void print_limits(const struct ir *ir, struct strbuf *out)
{
	const struct schema *schema = &ir->schema;

	strbuf_puts(out, "limits\n");
	for (uint32_t i = 0; i < schema->limits_count; i++) {
		const struct ask_limits *limits = &schema->limits[i];

		strbuf_printf(out, "  %" PRIu32 ": depth %u string %u slice %u map %u\n", i,
			      limits->depth, limits->string, limits->slice, limits->map);
	}
	strbuf_printf(out, "  frames leaf %u root %u\n", schema->layout.frames_leaf,
		      schema->layout.frames_root);
	strbuf_printf(out, "  bytes %" PRIu64 "\n", schema->meta.bytes_limit);
}

static const char *type_name(const struct schema *schema, uint32_t type)
{
	return schema_text(schema, schema->types[type].name);
}

static void print_pointer(const struct ir *ir, uint32_t index, struct strbuf *out)
{
	static const char *const kinds[] = {
		[ASK_POINTER_PLAIN] = "pointer to",
		[ASK_POINTER_STRING] = "string of",
		[ASK_POINTER_SLICE] = "slice of",
		[ASK_POINTER_FREE] = "inner pointer to",
		[ASK_POINTER_COUNTED] = "counted array of",
		[ASK_POINTER_BUCKETS] = "buckets of",
		[ASK_POINTER_DIRECTORY] = "directory of",
		[ASK_POINTER_GROUPS] = "groups of",
		[ASK_POINTER_ANY] = "any",
		[ASK_POINTER_INTERFACE] = "interface",
		[ASK_POINTER_FUNC] = "func",
		[ASK_POINTER_CONTEXT] = "context",
		[ASK_POINTER_CONTEXT_VALUE] = "context value",
		[ASK_POINTER_NODE] = "entry or node",
	};
	const struct ask_pointer *row = &ir->schema.pointers[index];

	strbuf_printf(out, "    +%u %s", row->offset, kinds[row->kind]);
	if (row->kind < ASK_POINTER_ANY || row->kind == ASK_POINTER_NODE)
		strbuf_printf(out, " %s", type_name(&ir->schema, row->target));
	if (row->repeat > 1)
		strbuf_printf(out, ", %u times every %u", row->repeat, row->stride);
	strbuf_putc(out, '\n');
}

/* Bytes that are copied, where not all are. */
static void print_span(const struct ir *ir, uint32_t index, struct strbuf *out)
{
	const struct ask_span *row = &ir->schema.spans[index];

	strbuf_printf(out, "    copies +%u, %u bytes", row->offset, row->size);
	if (row->repeat > 1)
		strbuf_printf(out, ", %u times every %u", row->repeat, row->stride);
	strbuf_putc(out, '\n');
}

static void print_types(const struct ir *ir, struct strbuf *out)
{
	const struct schema *schema = &ir->schema;

	strbuf_puts(out, "types\n");
	for (uint32_t i = 0; i < schema->types_count; i++) {
		const struct schema_type *type = &schema->types[i];
		const struct ask_type *engine = &schema->engine_types[i];

		strbuf_printf(out, "  %s: %s, %" PRIu64 " bytes\n", type_name(schema, i),
			      schema_kind_name(type->kind), type->size);
		for (uint32_t p = 0; p < engine->pointers; p++)
			print_pointer(ir, engine->first_pointer + p, out);
		for (uint32_t s = 0; s < engine->spans; s++)
			print_span(ir, engine->first_span + s, out);
	}
}

/* What interfaces and func values may lead to. How many there are is the binary's affair. */
static void print_dynamic(const struct ir *ir, struct strbuf *out)
{
	const struct schema *schema = &ir->schema;
	uint32_t captured = 0;

	for (uint32_t i = 0; i < schema->rtypes_count; i++)
		captured += schema->rtypes[i].type != ASK_ABSENT;
	if (schema->rtypes_count)
		strbuf_printf(out, "runtime types %" PRIu32 ", %" PRIu32 " captured\n",
			      schema->rtypes_count, captured);
	if (schema->closures_count)
		strbuf_printf(out, "closures %" PRIu32 "\n", schema->closures_count);
}

/* Contexts, and the types that have to do with them. */
static void print_contexts(const struct ir *ir, struct strbuf *out)
{
	const struct schema *schema = &ir->schema;

	if (schema->contexts_count)
		strbuf_puts(out, "contexts\n");
	for (uint32_t i = 0; i < schema->contexts_count; i++)
		strbuf_printf(out, "  %s: %s as %s\n",
			      schema_text(schema, schema->contexts[i].expr),
			      type_name(schema, schema->contexts[i].type),
			      schema_text(schema, schema->contexts[i].column));
	for (uint32_t i = 0; i < schema->context_types_count; i++) {
		const struct ask_context_type *row = &schema->context_types[i];

		strbuf_printf(out, "    %s", ir->context_comments[i]);
		if (row->view)
			strbuf_printf(out, " at +%" PRIu32 " by %s", row->skip,
				      type_name(schema, row->view));
		strbuf_putc(out, '\n');
	}
}

static void print_functions(const struct ir *ir, struct strbuf *out)
{
	const struct schema *schema = &ir->schema;

	strbuf_puts(out, "functions\n");
	for (uint32_t i = 0; i < schema->functions_count; i++) {
		const struct schema_function *function = &schema->functions[i];

		strbuf_printf(out, "  %s: table %s\n", schema_text(schema, function->name),
			      schema_text(schema, function->table));
		for (uint32_t c = 0; c < function->captures; c++) {
			const struct schema_capture *capture =
				&schema->captures[function->first_capture + c];

			strbuf_printf(out, "    %s: %s as %s, limits %" PRIu32 "%s\n",
				      schema_text(schema, capture->expr),
				      type_name(schema, capture->type),
				      schema_text(schema, capture->column), capture->limits,
				      capture->flags & SCHEMA_CAPTURE_REDACTED ? ", redacted" : "");
		}
	}
}

static void print_op(const struct ask_op *op, struct strbuf *out)
{
	switch ((enum ask_op_kind)op->kind) {
	case ASK_OP_CFA:
		strbuf_printf(out, "CFA%+lld", op->a);
		return;
	case ASK_OP_DEREF:
		strbuf_puts(out, "deref");
		return;
	case ASK_OP_ADD:
		strbuf_printf(out, "add %lld", op->a);
		return;
	case ASK_OP_COPY:
		strbuf_printf(out, "copy [%+lld] to %u..%u", op->a, op->b, op->b + op->c);
		return;
	case ASK_OP_REGISTER:
		if (op->c)
			strbuf_printf(out, "register %lld to %u..%u", op->a, op->b, op->b + op->c);
		else
			strbuf_printf(out, "register %lld", op->a);
		return;
	case ASK_OP_STATIC:
		strbuf_puts(out, "static"); /* its name is in the comment; an address would move */
		return;
	case ASK_OP_INDEX:
		if (op->c == ASK_LOOK)
			strbuf_printf(out, "length beyond %lld", op->a);
		else
			strbuf_printf(out, "element %lld of %u bytes", op->a, op->b);
		return;
	case ASK_OP_ASSERT:
		/* likewise */
		strbuf_puts(out, op->c == ASK_LOOK ? "look at dynamic type" : "assert dynamic type");
		return;
	}
}

/* The first gap of an expression; gaps are sorted by it. */
static uint32_t first_gap(const struct schema *schema, uint32_t expr)
{
	uint32_t lo = 0, hi = schema->gaps_count;

	while (lo < hi) {
		uint32_t middle = lo + (hi - lo) / 2;

		if (schema->gaps[middle].expr < expr)
			lo = middle + 1;
		else
			hi = middle;
	}
	return lo;
}

static void print_expr(const struct ir *ir, uint32_t index, struct strbuf *out)
{
	const struct schema *schema = &ir->schema;
	const struct ask_expr *expr = &schema->exprs[index];

	strbuf_printf(out, "      %s: ", schema_text(schema, schema->captures[expr->capture].expr));
	if (!expr->ops) {
		strbuf_printf(out, "unavailable: %s\n", ir_reason_text(expr->reason));
		return;
	}
	for (uint32_t o = 0; o < expr->ops; o++) {
		if (o)
			strbuf_puts(out, ", ");
		print_op(&schema->ops[expr->first_op + o], out);
	}
	strbuf_putc(out, '\n');
	for (uint32_t g = first_gap(schema, index);
	     g < schema->gaps_count && schema->gaps[g].expr == index; g++)
		strbuf_printf(out, "        gap %u..%u: %s\n", schema->gaps[g].offset,
			      schema->gaps[g].offset + schema->gaps[g].size,
			      ir_reason_text(schema->gaps[g].reason));
}

static void print_ranges(const struct ir *ir, struct strbuf *out)
{
	const struct schema *schema = &ir->schema;

	strbuf_puts(out, "ranges\n");
	for (uint32_t i = 0; i < schema->ranges_count; i++) {
		const struct ask_range *range = &schema->ranges[i];
		const struct ir_address *at = address_of(ir, range->lo);

		strbuf_printf(out, "  %s+0x%x..+0x%x\n", at ? at->name : "?",
			      range->lo - (at ? at->lo : 0), range->hi - (at ? at->lo : 0));
		for (uint32_t p = 0; p < range->probes; p++) {
			uint32_t probe = range->first_probe + p;
			const struct ask_probe *row = &schema->probes[probe];

			strbuf_printf(out, "    %s\n", ir->probe_comments[probe]);
			for (uint32_t e = 0; e < row->exprs; e++)
				print_expr(ir, row->first_expr + e, out);
		}
	}
}

void ir_print(const struct ir *ir, struct strbuf *ret)
{
	strbuf_printf(ret, "artifact %s\n", schema_text(&ir->schema, ir->schema.meta.name));
	print_limits(ir, ret);
	print_types(ir, ret);
	print_dynamic(ir, ret);
	print_contexts(ir, ret);
	print_functions(ir, ret);
	print_ranges(ir, ret);
}
