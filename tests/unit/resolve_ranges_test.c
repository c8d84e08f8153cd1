/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "resolve_model.h"

/*
 * PC ranges of one function [0x1100, 0x1180) with main.inner inlined at
 * [0x1120, 0x1140), text at 0x1000. Return address p stands for the call at p - 1.
 */

#define TEXT 0x1000u

static struct arena arena;
static struct resolve run;
static struct ir ir;
static const struct binary_info info = {.path = "t", .text = TEXT, .text_size = 0x1000};

static const struct binary_piece at_cfa[] = {CFA(16, 0, 8)};
static const struct binary_piece at_cfa_too[] = {CFA(-40, 0, 8)};
static const struct binary_piece in_register[] = {{.kind = BINARY_PIECE_REGISTER, .size = 8}};
static const struct binary_range inner_ranges[] = {{0x1120, 0x1140}};
static const struct binary_range whole[] = {{0x1100, 0x1180}};
static const struct binary_inline inlines[] = {
	{"main.inner", UINT32_MAX, "a.go", 12, inner_ranges, 1, 1}};
static const struct binary_function function = {.name = "main.f",
						.file = "a.go",
						.line = 10,
						.lo = 0x1100,
						.hi = 0x1180,
						.inlines = inlines,
						.inlines_count = 1};
static const struct binary_line lines[] = {
	{0x1100, "a.go", 10}, {0x1110, "a.go", 11}, {0x1120, "b.go", 50},
	{0x1140, "a.go", 13}, {0x1160, "a.go", 14}, {0x1180, NULL, 0},
};

/* A spec function with one capture, or none, bound to one instance through `variables`. */
static void add_site(uint32_t index, bool inlined, bool captures,
		     const struct binary_variable *variables, size_t count)
{
	struct spec_function *spec = ARENA_NEW(&arena, struct spec_function);
	struct resolve_site *site = VEC_PUSH(&arena, &run.sites);
	struct resolve_access *accesses = ARENA_ARRAY(&arena, struct resolve_access, count + 1);
	struct resolve_binding *binding = ARENA_NEW(&arena, struct resolve_binding);
	struct spec_capture *capture;
	struct spec_path *path;

	for (size_t i = 0; i < count; i++)
		accesses[i] = (struct resolve_access){.variable = &variables[i],
						      .type = variables[i].type};
	*binding = (struct resolve_binding){accesses, count, 0};
	run.functions[index] = (struct resolve_function){
		.spec = spec, .first_capture = (uint32_t)run.captures.length};
	*site = (struct resolve_site){
		.function = index,
		.name = inlined ? "main.inner" : "main.f",
		.instance = {&function, inlined ? 0 : UINT32_MAX},
		.inline_node = inlined ? 7 : ASK_NO_INLINE,
		.depth = inlined,
		.bindings = binding,
	};
	if (!captures)
		return;
	capture = VEC_PUSH(&arena, &spec->captures);
	path = VEC_PUSH(&arena, &capture->paths);
	path->text = path->variable = "x";
	*VEC_PUSH(&arena, &run.captures) = (struct resolve_capture){.spec = capture,
								    .path = path,
								    .column = "x",
								    .type = &m_int,
								    .type_index = 3,
								    .comment = "x int"};
}

static void build(void)
{
	ranges_build(&run);
}

/* The range that holds `pc`, or NULL. */
static const struct ask_range *range_at(uint32_t pc)
{
	for (uint32_t i = 0; i < ir.schema.ranges_count; i++)
		if (ir.schema.ranges[i].lo <= pc - TEXT && pc - TEXT < ir.schema.ranges[i].hi)
			return &ir.schema.ranges[i];
	return NULL;
}

/* The expression of probe number `probe` at `pc`. */
static const struct ask_expr *expr_at(uint32_t pc, uint32_t probe)
{
	const struct ask_range *range = range_at(pc);

	assert_non_null(range);
	assert_true(probe < range->probes);
	return &ir.schema.exprs[ir.schema.probes[range->first_probe + probe].first_expr];
}

static void assert_reason(uint32_t pc, uint32_t probe, uint32_t reason)
{
	assert_int_equal(expr_at(pc, probe)->reason, reason);
	assert_int_equal(!expr_at(pc, probe)->ops, reason != 0);
}

/* Where x is read from, as an offset from the CFA. */
static int64_t cfa_at(uint32_t pc, uint32_t probe)
{
	const struct ask_expr *expr = expr_at(pc, probe);

	assert_int_equal(expr->ops, 2);
	assert_int_equal(ir.schema.ops[expr->first_op].kind, ASK_OP_CFA);
	return ir.schema.ops[expr->first_op].a;
}

static void test_bounds_are_those_of_return_addresses(void **state)
{
	(void)state;
	add_site(0, false, false, NULL, 0);
	build();
	assert_int_equal(ir.schema.ranges_count, 1);
	assert_null(range_at(0x1100)); /* the caller's call ends here */
	assert_non_null(range_at(0x1101));
	assert_non_null(range_at(0x1180)); /* our last instruction was a call */
	assert_null(range_at(0x1181));
	assert_string_equal(ir.range_comments[0], "main.f+0x1 .. +0x81");
	assert_int_equal(ir.addresses_count, 1);
	assert_int_equal(ir.addresses[0].lo, 0x100);
}

static void test_locations_count_at_the_return_address(void **state)
{
	const struct binary_location list[] = {{0x1100, 0x1110, in_register, 1, false},
					       {0x1110, 0x1170, at_cfa, 1, false}};
	const struct binary_variable x = {.name = "x",
					  .type = &m_int,
					  .parameter = true,
					  .scope = whole,
					  .scope_count = 1,
					  .locations = list,
					  .locations_count = 2};

	(void)state;
	add_site(0, false, true, &x, 1);
	build();
	assert_reason(0x110f, 0, ASK_REASON_REGISTER);
	assert_reason(0x1110, 0, 0); /* at 0x110f it was still in the register */
	assert_reason(0x116f, 0, 0);
	assert_reason(0x1170, 0, ASK_REASON_NO_LOCATION);
	assert_int_equal(ir.schema.ranges_count, 3);
}

static void test_inlined_instances(void **state)
{
	(void)state;
	add_site(1, true, false, NULL, 0); /* sites come innermost first */
	add_site(0, false, false, NULL, 0);
	build();
	assert_int_equal(range_at(0x1120)->probes, 1); /* that call was before it */
	assert_int_equal(range_at(0x1121)->probes, 2);
	assert_int_equal(range_at(0x1140)->probes, 2);
	assert_int_equal(range_at(0x1141)->probes, 1);
	assert_int_equal(ir.schema.probes[range_at(0x1130)->first_probe].inline_node, 7);
	assert_string_equal(ir.probe_comments[range_at(0x1130)->first_probe],
			    "main.inner (inlined in main.f)");
	assert_int_equal(ir.schema.probes[range_at(0x1130)->first_probe + 1].inline_node,
			 ASK_NO_INLINE);
	/* before and after the inlined call the same run of probes is used */
	assert_int_equal(range_at(0x1110)->first_probe, range_at(0x1150)->first_probe);
}

static void test_only_an_inlined_instance(void **state)
{
	(void)state;
	add_site(0, true, false, NULL, 0);
	build();
	assert_int_equal(ir.schema.ranges_count, 1); /* parts without a probe are left out */
	assert_null(range_at(0x1120));
	assert_non_null(range_at(0x1121));
	assert_null(range_at(0x1141));
}

static void test_shadowing(void **state)
{
	const struct binary_range block[] = {{0x1118, 0x1170}};
	const struct binary_location first[] = {{0x1100, 0x1180, at_cfa, 1, false}};
	const struct binary_location second[] = {{0x1150, 0x1180, at_cfa_too, 1, false}};
	const struct binary_variable x[] = {
		{.name = "x",
		 .type = &m_int,
		 .parameter = true,
		 .scope = whole,
		 .scope_count = 1,
		 .locations = first,
		 .locations_count = 1},
		{.name = "x",
		 .type = &m_int,
		 .line = 13,
		 .block = 1,
		 .scope = block,
		 .scope_count = 1,
		 .locations = second,
		 .locations_count = 1},
	};

	(void)state;
	add_site(0, false, true, x, 2);
	build();
	assert_int_equal(cfa_at(0x1110, 0), 16);
	assert_int_equal(cfa_at(0x111c, 0), 16); /* in the block, before the line of the other */
	/* in the block, at the line of the declaration: the outer one is not meant any more */
	assert_reason(0x1148, 0, ASK_REASON_NO_LOCATION);
	assert_int_equal(cfa_at(0x1150, 0), -40);
	assert_int_equal(cfa_at(0x1170, 0), -40); /* a call that ends the block */
	assert_int_equal(cfa_at(0x1171, 0), 16);  /* the block was left, the slot is not believed */
}

static void test_before_its_declaration(void **state)
{
	const struct binary_range block[] = {{0x1110, 0x1180}};
	const struct binary_location everywhere[] = {{0x1110, 0x1180, at_cfa, 1, false}};
	const struct binary_variable x = {.name = "x",
					  .type = &m_int,
					  .line = 13,
					  .block = 1,
					  .scope = block,
					  .scope_count = 1,
					  .locations = everywhere,
					  .locations_count = 1};

	(void)state;
	add_site(0, false, true, &x, 1);
	build();
	assert_reason(0x1105, 0, ASK_REASON_NOT_IN_SCOPE);
	assert_reason(0x1118, 0, ASK_REASON_NOT_IN_SCOPE); /* line 11: garbage lies there */
	assert_reason(0x1130, 0, ASK_REASON_NOT_IN_SCOPE); /* line 12, the inlined call */
	assert_reason(0x1150, 0, ASK_REASON_NO_LOCATION);  /* line 13 itself */
	assert_reason(0x1168, 0, 0);			   /* line 14 */
	assert_reason(0x1180, 0, 0);
}

static void test_doubled_and_contradictory_declarations(void **state)
{
	const struct binary_location here[] = {{0x1100, 0x1160, at_cfa, 1, false}};
	const struct binary_location there[] = {{0x1140, 0x1180, at_cfa_too, 1, false}};
	struct binary_variable x[] = {
		{.name = "x",
		 .type = &m_int,
		 .parameter = true,
		 .line = 10,
		 .scope = whole,
		 .scope_count = 1},
		{.name = "x",
		 .type = &m_int,
		 .parameter = true,
		 .line = 10,
		 .scope = whole,
		 .scope_count = 1,
		 .locations = here,
		 .locations_count = 1},
		{.name = "x",
		 .type = &m_int,
		 .parameter = true,
		 .line = 10,
		 .scope = whole,
		 .scope_count = 1,
		 .locations = there,
		 .locations_count = 1},
	};

	(void)state;
	add_site(0, false, true, x, 3);
	build();
	assert_int_equal(cfa_at(0x1110, 0), 16); /* the one that is there */
	assert_reason(0x1150, 0, ASK_REASON_PIECES);
	assert_int_equal(cfa_at(0x1170, 0), -40);
}

static void test_no_such_variable_in_this_instance(void **state)
{
	(void)state;
	add_site(0, true, true, NULL, 0);
	build();
	assert_reason(0x1130, 0, ASK_REASON_NO_VARIABLE);
}

static void test_equal_programs_are_shared(void **state)
{
	const struct binary_location list[] = {{0x1100, 0x1110, at_cfa, 1, false},
					       {0x1110, 0x1120, at_cfa_too, 1, false},
					       {0x1120, 0x1130, at_cfa, 1, false}};
	const struct binary_variable x = {.name = "x",
					  .type = &m_int,
					  .parameter = true,
					  .scope = whole,
					  .scope_count = 1,
					  .locations = list,
					  .locations_count = 3};

	(void)state;
	add_site(0, false, true, &x, 1);
	build();
	assert_int_equal(ir.schema.ranges_count, 4);
	assert_int_equal(ir.schema.exprs_count, 3); /* CFA+16, CFA-40, not live */
	assert_int_equal(ir.schema.ops_count, 4);
	assert_string_equal(ir.op_comments[0], "x: int at CFA+16");
	assert_string_equal(ir.op_comments[1], "x: int, 8 bytes");
}

static void test_gaps_belong_to_their_expression(void **state)
{
	const struct binary_piece first_word[] = {CFA(16, 0, 8)};
	const struct binary_location list[] = {{0x1100, 0x1110, at_cfa, 0, false},
					       {0x1110, 0x1180, first_word, 1, false}};
	const struct binary_variable x = {.name = "x",
					  .type = &m_string,
					  .parameter = true,
					  .scope = whole,
					  .scope_count = 1,
					  .locations = list,
					  .locations_count = 2};

	(void)state;
	add_site(0, false, true, &x, 1);
	run.captures.data[0].type = &m_string;
	build();
	assert_reason(0x1108, 0, ASK_REASON_OPTIMIZED_OUT);
	assert_reason(0x1120, 0, 0);
	assert_int_equal(ir.schema.gaps_count, 1);
	assert_ptr_equal(&ir.schema.exprs[ir.schema.gaps[0].expr], expr_at(0x1120, 0));
	assert_int_equal(ir.schema.gaps[0].offset, 8);
	assert_int_equal(ir.schema.gaps[0].size, 8);
}

static void test_lines_of_frames(void **state)
{
	struct resolve_rows rows = {0};
	const char *file = NULL;

	(void)state;
	symbols_rows(&run, &function, &rows);
	assert_int_equal(rows.rows.length, 5);
	assert_int_equal(rows.rows.data[2].node, 1);
	assert_int_equal(symbols_frame_line(&run, &function, &rows, UINT32_MAX, 0x1118, &file), 11);
	assert_string_equal(file, "a.go");
	assert_int_equal(symbols_frame_line(&run, &function, &rows, UINT32_MAX, 0x1130, &file), 12);
	assert_string_equal(file, "a.go");
	assert_int_equal(symbols_frame_line(&run, &function, &rows, 0, 0x1130, &file), 50);
	assert_string_equal(file, "b.go");
	assert_int_equal(symbols_frame_line(&run, &function, &rows, 0, 0x1150, &file), 0);
}

static void test_pool(void **state)
{
	struct pool pool;
	uint32_t rows[] = {1, 2, 3, 1, 2};

	(void)state;
	pool_init(&pool, &arena, sizeof(uint32_t));
	assert_int_equal(pool_add(&pool, rows, 3), 0);
	assert_int_equal(pool_add(&pool, rows + 3, 2), 3);
	assert_int_equal(pool_add(&pool, rows, 2), 3);
	assert_int_equal(pool_add(&pool, rows, 3), 0);
	assert_int_equal(pool_add(&pool, rows, 0), 0);
	assert_int_equal(pool.count, 5);
	for (uint32_t i = 100; i < 5000; i++)
		assert_int_equal(pool_add(&pool, &i, 1), i - 95);
	for (uint32_t i = 100; i < 5000; i++)
		assert_int_equal(pool_add(&pool, &i, 1), i - 95);
}

static int setup(void **state)
{
	(void)state;
	arena_init(&arena);
	memset(&ir, 0, sizeof(ir));
	memset(&run, 0, sizeof(run));
	run.arena = &arena;
	run.info = &info;
	run.ir = &ir;
	run.functions = ARENA_ARRAY(&arena, struct resolve_function, 4);
	run.line_rows = lines;
	run.line_rows_count = ARRAY_SIZE(lines);
	schema_strings_init(&run.strings, &arena);
	strmap_init(&run.comments, &arena);
	strmap_init(&run.file_names, &arena);
	map_init(&run.file_index, &arena);
	*VEC_PUSH(&arena, &run.files) = 0;
	arena_init(&run.scratch);
	arena_init(&run.probe_scratch);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	resolve_end(&run);
	arena_deinit(&arena);
	return 0;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_bounds_are_those_of_return_addresses),
		TEST(test_locations_count_at_the_return_address),
		TEST(test_inlined_instances),
		TEST(test_only_an_inlined_instance),
		TEST(test_shadowing),
		TEST(test_before_its_declaration),
		TEST(test_doubled_and_contradictory_declarations),
		TEST(test_no_such_variable_in_this_instance),
		TEST(test_equal_programs_are_shared),
		TEST(test_gaps_belong_to_their_expression),
		TEST(test_lines_of_frames),
		TEST(test_pool),
	};
#undef TEST

	return cmocka_run_group_tests(tests, NULL, NULL);
}
