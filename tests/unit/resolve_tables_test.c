/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "resolve_model.h"

/* Names of tables and columns that clash, also with those that are built in. */

static struct arena arena;
static struct diagnostics diags;
static struct resolve run;
static struct spec spec;

/* A function with one capture, whose column is `column`. */
static void add_function(const char *name, const char *table, const char *column)
{
	struct spec_function *function = VEC_PUSH(&arena, &spec.functions);
	struct spec_capture *capture = VEC_PUSH(&arena, &function->captures);

	VEC_PUSH(&arena, &capture->paths)->text = column;
	function->name.text = name;
	function->table.text = table;
	*VEC_PUSH(&arena, &run.captures) =
		(struct resolve_capture){.spec = capture, .column = column};
}

static void check(void)
{
	diagnostics_init(&diags, &arena, "t.yaml", "", 0);
	run.spec = &spec;
	run.arena = &arena;
	run.diags = &diags;
	run.functions = ARENA_ARRAY(&arena, struct resolve_function, spec.functions.length);
	for (uint32_t i = 0; i < spec.functions.length; i++)
		run.functions[i] = (struct resolve_function){.spec = &spec.functions.data[i],
							     .first_capture = i};
	tables_name(&run);
}

static void test_names_without_a_clash(void **state)
{
	(void)state;
	add_function("main.(*server).GetInfo", NULL, "cs");
	add_function("main.work", "jobs", "cs");
	check();
	assert_int_equal(diags.errors, 0);
	assert_string_equal(run.functions[0].table, "server_GetInfo");
	assert_string_equal(run.functions[1].table, "jobs");
}

static void test_tables(void **state)
{
	(void)state;
	add_function("a.work", NULL, "x");
	add_function("b.Work", NULL, "x"); /* SQL does not tell them apart */
	add_function("main.f", "goroutines", "x");
	VEC_PUSH(&arena, &spec.tables)->name.text = "work";
	check();
	assert_int_equal(diags.errors, 3);
	for (int i = 0; i < 3; i++)
		assert_string_equal(diags.list.data[i].code, "duplicate-table");
	assert_non_null(strstr(diags.list.data[0].message, "key `table`"));
	assert_non_null(strstr(diags.list.data[1].message, "built-in"));
}

static void test_columns(void **state)
{
	struct spec_column *column;

	(void)state;
	add_function("main.f", NULL, "goroutine_id");
	add_function("main.g", NULL, "x");
	column = VEC_PUSH(&arena, &spec.functions.data[1].columns);
	column->name.text = "RAW_x";
	column->expr.text = "1";
	check();
	assert_int_equal(diags.errors, 2);
	assert_string_equal(diags.list.data[0].code, "duplicate-column");
	assert_string_equal(diags.list.data[1].code, "duplicate-column");
}

static int setup(void **state)
{
	(void)state;
	arena_init(&arena);
	memset(&run, 0, sizeof(run));
	memset(&spec, 0, sizeof(spec));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_deinit(&arena);
	return 0;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_names_without_a_clash),
		TEST(test_tables),
		TEST(test_columns),
	};
#undef TEST

	return cmocka_run_group_tests(tests, NULL, NULL);
}
