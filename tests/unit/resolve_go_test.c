/* SPDX-License-Identifier: BSD-2-Clause */
#include "resolve_fixture.h"

/*
 * Specs against real Go programs: fixtures/resolve/main.go, built as DWARF 4 (Go 1.22)
 * and as DWARF 5 (the installed Go). What is asserted holds for both.
 */

static const char *const toolchains[] = {"go1.22.12", "local"};

/* Resolves functions and what follows them, written as YAML. */
static void run(const char *functions)
{
	resolve_text(arena_printf(&arena, "functions:\n%s", functions));
}

static void run_ok(const char *functions)
{
	resolve_ok(arena_printf(&arena, "functions:\n%s", functions));
}

static void assert_mistake(size_t index, const char *code, const char *part, uint32_t line,
			   uint32_t column)
{
	const struct diagnostic *diag = &diags.list.data[index];

	assert_true(index < diags.list.length);
	if (strcmp(diag->code, code) || !strstr(diag->message, part) || diag->span.line != line ||
	    diag->span.column != column)
		fail_msg("%s %s at %u:%u", diag->code, diag->message, diag->span.line,
			 diag->span.column);
}

/* Availability of a capture at the last call in `function` that stands at line `line`. */
static const struct ir_availability *at_line(uint32_t capture, uint32_t line)
{
	const struct ir_availability *found = NULL;

	for (size_t i = 0; i < ir->availability_count; i++)
		if (ir->availability[i].capture == capture && ir->availability[i].line == line)
			found = &ir->availability[i];
	if (!found)
		fail_msg("no call of capture %u at line %u", capture, line);
	return found;
}

static uint32_t line_of(const char *text, size_t nth)
{
	FILE *file = fopen("tests/unit/fixtures/resolve/main.go", "r");
	char buffer[256];
	uint32_t line = 0;

	assert_non_null(file);
	while (fgets(buffer, sizeof(buffer), file)) {
		line++;
		if (strstr(buffer, text) && !nth--) {
			fclose(file);
			return line;
		}
	}
	fclose(file);
	fail_msg("no line %s", text);
	return 0;
}

/* The expression of `capture` at a text offset; the first probe that has it. */
static const struct ask_expr *expr_at(uint32_t capture, uint32_t pc)
{
	const struct schema *s = &ir->schema;

	for (uint32_t r = 0; r < s->ranges_count; r++) {
		if (pc < s->ranges[r].lo || pc >= s->ranges[r].hi)
			continue;
		for (uint32_t p = 0; p < s->ranges[r].probes; p++) {
			const struct ask_probe *probe = &s->probes[s->ranges[r].first_probe + p];

			for (uint32_t e = 0; e < probe->exprs; e++)
				if (s->exprs[probe->first_expr + e].capture == capture)
					return &s->exprs[probe->first_expr + e];
		}
	}
	fail_msg("no expression of capture %u", capture);
	return NULL;
}

static void test_a_heap_escape_is_followed(void **state)
{
	const struct ir_availability *call;
	const struct ask_expr *expr;

	(void)state;
	run_ok("  - {name: main.escape, capture: [o.pad, k, o]}\n");
	call = at_line(0, line_of("park(k)", 0));
	assert_int_equal(call->verdict, IR_ALWAYS);
	expr = expr_at(0, call->pc);
	/* not the parameter's stack slot: that is the value as it came in */
	assert_int_equal(expr->ops, 3);
	assert_int_equal(ir->schema.ops[expr->first_op + 1].kind, ASK_OP_DEREF);
	assert_string_equal(ir->op_comments[expr->first_op + 1], "follow &o");
	assert_int_equal(at_line(1, line_of("park(k)", 0))->verdict, IR_ALWAYS);
	assert_string_equal(
		schema_text(&ir->schema, ir->schema.types[ir->schema.captures[2].type].name),
		"main.order");
}

static void test_inlined_instances(void **state)
{
	const struct ir_availability *call;

	(void)state;
	run_ok("  - {name: main.small, capture: [o, n, o.ID]}\n"
	       "  - {name: main.caller, capture: [k]}\n");
	call = at_line(1, line_of("park(n)", 0));
	assert_string_equal(call->function, "main.small");
	assert_string_equal(call->inlined_in, "main.caller");
	assert_int_equal(call->verdict, IR_ALWAYS);
	call = at_line(3,
		       line_of("return small(o, k)", 0)); /* the same call, a frame further out */
	assert_null(call->inlined_in);
	for (uint32_t r = 0; r < ir->schema.ranges_count; r++) {
		const struct ask_range *range = &ir->schema.ranges[r];
		const struct ask_probe *probe = &ir->schema.probes[range->first_probe];

		if (call->pc < range->lo || call->pc >= range->hi)
			continue;
		assert_int_equal(range->probes, 2); /* innermost first */
		assert_int_equal(probe[0].function, 0);
		assert_string_equal(schema_text(&ir->schema,
						ir->schema.inline_nodes[probe[0].inline_node].name),
				    "main.small");
		assert_int_equal(probe[1].inline_node, ASK_NO_INLINE);
	}
}

static void test_shadowed_names(void **state)
{
	(void)state;
	run("  - {name: main.shadow, capture: [v]}\n");
	assert_int_equal(diags.errors, 1);
	assert_mistake(0, "type-mismatch", "more than one type", 4, 35);
	assert_null(ir);
}

static void test_a_declaration_by_its_line(void **state)
{
	uint32_t inner = line_of("v := \"inner\"", 0), outer = line_of("func shadow", 0);

	(void)state;
	run_ok(arena_printf(&arena, "  - {name: main.shadow, capture: [v@%u, v@%u]}\n", outer,
			    inner));
	assert_int_equal(at_line(0, outer + 1)->verdict, IR_ALWAYS);
	assert_int_equal(at_line(0, outer + 3)->verdict, IR_ALWAYS);
	assert_int_equal(at_line(1, outer + 1)->reason, ASK_REASON_NOT_IN_SCOPE);
	assert_int_equal(at_line(1, outer + 3)->verdict,
			 IR_NEVER); /* its block, not yet declared */
	assert_int_equal(at_line(1, inner + 1)->verdict, IR_ALWAYS);
}

static void test_shared_slots_are_not_believed(void **state)
{
	(void)state;
	run_ok("  - {name: main.merged, capture: [x, n]}\n");
	/* by then x's slot may hold the second big */
	assert_int_equal(at_line(0, line_of("park(s)", 0))->verdict, IR_NEVER);
}

static void test_mistakes_come_together(void **state)
{
	(void)state;
	run("  - {name: main.esacpe, capture: [o]}\n"
	    "  - {name: main.escape, capture: [kk, o.pda, o.ID.x, k@3]}\n"
	    "  - {name: main.small, capture: ['o.grid[1][3]', 'o.any.(*main.ordr)', 'o.pad[0]']}\n"
	    "  - {name: main.caller, capture: [{expr: [o.nope, kk]}]}\n");
	assert_int_equal(diags.errors, 9);
	assert_mistake(0, "unknown-function", "no function main.esacpe", 4, 12);
	assert_string_equal(diags.list.data[0].suggestions.data[0], "main.escape");
	assert_mistake(1, "unknown-variable", "no variable kk", 5, 35);
	assert_string_equal(diags.list.data[1].suggestions.data[0], "k");
	assert_mistake(2, "unknown-field", "main.order has no field pda", 5, 41);
	assert_string_equal(diags.list.data[2].suggestions.data[0], "pad");
	assert_mistake(3, "unknown-field", "int64 has no field x: it is no struct", 5, 51);
	assert_mistake(4, "unknown-variable", "declared at line 3", 5, 54);
	assert_mistake(5, "index-out-of-range", "[3]*main.item has 3 elements", 6, 44);
	assert_mistake(6, "unknown-type", "no type *main.ordr", 6, 58);
	assert_string_equal(diags.list.data[6].suggestions.data[0], "*main.order");
	assert_mistake(7, "not-indexable", "int32 has no elements", 6, 78);
	assert_mistake(8, "no-alternative", "none of these paths", 7, 35);
	assert_int_equal(diags.list.data[8].notes.length, 2);
	assert_string_equal(diags.list.data[8].notes.data[1], "kk: main.caller has no variable kk");
	assert_null(ir);
}

static void test_sql_is_checked(void **state)
{
	(void)state;
	run("  - name: main.escape\n    capture: [k]\n"
	    "    columns: [{name: c, expr: kk + 1, type: INTEGER}]\n"
	    "tables:\n  - {name: t, sql: SELECT nothing FROM escape}\n");
	assert_int_equal(diags.errors, 2);
	assert_mistake(0, "invalid-sql", "kk", 6, 31);
	assert_mistake(1, "invalid-sql", "nothing", 8, 20);
}

static void test_wide_types(void **state)
{
	(void)state;
	run("  - {name: main.takesWide, capture: [w]}\n");
	assert_int_equal(diags.errors, 1);
	assert_mistake(0, "type-too-wide", "main.wide", 4, 38);
}

static void test_depth_prunes_types(void **state)
{
	const struct schema *s;
	uint32_t order;

	(void)state;
	run_ok("  - {name: main.caller, capture: [{expr: o, limits: {depth: 0}}]}\n");
	s = &ir->schema;
	assert_int_equal(s->types_count, 3); /* uint8, *order, and order's name */
	order = s->types[s->captures[0].type].elem;
	assert_string_equal(schema_text(s, s->types[order].name), "main.order");
	assert_int_equal(s->types[order].kind, SCHEMA_KIND_UNKNOWN);
	assert_int_equal(s->pointers_count, 0);
	assert_int_equal(s->limits_count, 2); /* the spec's, and this capture's */
}

static void test_patterns_share_a_table(void **state)
{
	(void)state;
	run_ok("  - {name: 'main.*a*e*', table: some, capture: [k]}\n");
	/* caller has k, and so has escape; takesWide has none, which is no mistake */
	assert_int_equal(ir->schema.functions_count, 1);
	assert_int_equal(at_line(0, line_of("return small(o, k)", 0))->verdict, IR_ALWAYS);
	assert_int_equal(at_line(0, line_of("park(len(w))", 0))->reason, ASK_REASON_NO_VARIABLE);
}

static void test_the_runtime_is_found(void **state)
{
	const struct ask_layout *layout;

	(void)state;
	run_ok("  - {name: main.caller}\n");
	layout = &ir->schema.layout;
	assert_true(layout->allglen && layout->allgptr);
	assert_true(layout->goexit_hi > layout->goexit_lo);
	assert_true(layout->sigpanic_hi > layout->sigpanic_lo);
	assert_true(layout->asyncpreempt_hi > layout->asyncpreempt_lo);
	assert_true(layout->g_size > layout->g_labels && layout->g_size < 1024);
	assert_int_equal(layout->g_stack_lo, 0);
	assert_true(layout->g_parentgoid != ASK_ABSENT);
	assert_int_equal(layout->g_syscallbp == ASK_ABSENT, toolchain == 0); /* Go 1.23 */
	assert_true(ir->schema.meta.memstats_last_gc);
	assert_true(ir->schema.wait_reasons_count > 20);
	assert_string_equal(schema_text(&ir->schema, ir->schema.meta.spec_file), "t.yaml");
}

static void test_symbols(void **state)
{
	struct schema_frame frames[4];
	const struct ir_availability *call;

	(void)state;
	run_ok("  - {name: main.small, capture: [n]}\n");
	call = at_line(0, line_of("park(n)", 0));
	assert_int_equal(schema_symbolize(&ir->schema, call->pc - 1, frames, 4), 2);
	assert_string_equal(frames[0].function, "main.small");
	assert_int_equal(frames[0].line, line_of("park(n)", 0));
	assert_true(frames[0].inlined);
	assert_string_equal(frames[1].function, "main.caller");
	assert_int_equal(frames[1].line, line_of("return small(o, k)", 0));
	assert_int_equal(schema_symbolize(&ir->schema, ir->schema.layout.goexit_lo, frames, 4), 1);
	assert_string_equal(frames[0].function, "runtime.goexit");
}

/* What is written can be read, and the same input gives the same bytes. */
static void test_written_schema(void **state)
{
	static const char spec[] = "functions:\n"
				   "  - {name: main.escape, capture: [o, k, o.items, o.at]}\n"
				   "  - {name: main.small, capture: [o, n]}\n";

	(void)state;
	assert_written_schema(spec);
}

static void test_inventory(void **state)
{
	const struct ir_variable *rows;
	size_t count, found = 0;

	(void)state;
	open_program();
	assert_ok(resolve_variables(&arena, binary, "main.escape", &rows, &count));
	for (size_t i = 0; i < count; i++) {
		if (strcmp(rows[i].name, "o"))
			continue;
		found++;
		assert_string_equal(rows[i].type, "main.order");
		assert_true(rows[i].calls > rows[i].always && rows[i].always);
	}
	assert_int_equal(found, 1); /* the escaped one, not the slot it came in */
	assert_ok(resolve_variables(&arena, binary, "main.shadow", &rows, &count));
	assert_true(count > 1);
	for (size_t i = 1; i < count; i++) {
		/* a variable of a block counts at the calls outside it too: there it is not */
		assert_int_equal(rows[i].calls, rows[0].calls);
		assert_true(rows[i - 1].role <= rows[i].role);
		assert_true(rows[i - 1].role < rows[i].role || rows[i - 1].line <= rows[i].line);
	}
	assert_ok(resolve_variables(&arena, binary, "main.nothing", &rows, &count));
	assert_int_equal(count, 0);
}

/* Temporaries of the compiler that got into debug info are not listed. */
static void test_inventory_of_made_variables(void **state)
{
	const struct binary_instance *instances;
	const struct binary_variable *variables;
	const struct ir_variable *rows;
	size_t names_count, count, found, made = 0;
	const char *const *names;

	(void)state;
	open_program();
	names = binary_function_names(binary, &names_count);
	for (size_t i = 0; i < names_count; i++) {
		size_t made_here = 0;

		if (strncmp(names[i], "runtime.", 8) && strncmp(names[i], "fmt.", 4))
			continue;
		instances = binary_instances(binary, names[i], &count);
		for (size_t k = 0; k < count; k++) {
			assert_ok(binary_variables(binary, &instances[k], &variables, &found));
			for (size_t n = 0; n < found; n++)
				made_here += strstr(variables[n].name, "autotmp") != NULL;
		}
		if (!made_here)
			continue;
		made += made_here;
		assert_ok(resolve_variables(&arena, binary, names[i], &rows, &count));
		for (size_t n = 0; n < count; n++)
			assert_null(strstr(rows[n].name, "autotmp"));
	}
	assert_true(made > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_heap_escape_is_followed),
		TEST(test_inlined_instances),
		TEST(test_shadowed_names),
		TEST(test_a_declaration_by_its_line),
		TEST(test_shared_slots_are_not_believed),
		TEST(test_mistakes_come_together),
		TEST(test_sql_is_checked),
		TEST(test_wide_types),
		TEST(test_depth_prunes_types),
		TEST(test_patterns_share_a_table),
		TEST(test_the_runtime_is_found),
		TEST(test_symbols),
		TEST(test_written_schema),
		TEST(test_inventory),
		TEST(test_inventory_of_made_variables),
	};
	int failed = build_programs("resolve", toolchains, ARRAY_SIZE(toolchains));

	for (toolchain = 0; !failed && toolchain < ARRAY_SIZE(toolchains); toolchain++)
		failed = cmocka_run_group_tests_name(toolchains[toolchain], tests, NULL, NULL);
	return remove_programs() || failed;
}
