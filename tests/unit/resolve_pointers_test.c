/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "resolve_model.h"

/* Where the pointers of a type are. */

static struct arena arena;
static struct resolve_flat flat;
static struct resolve_pointers rows;

static void assert_row(size_t index, uint32_t kind, uint32_t offset, uint32_t repeat,
		       uint32_t stride, const char *path)
{
	const struct resolve_pointer *row;

	assert_true(index < rows.rows.length);
	row = &rows.rows.data[index];
	assert_int_equal(row->kind, kind);
	assert_int_equal(row->offset, offset);
	assert_int_equal(row->repeat, repeat);
	if (repeat > 1)
		assert_int_equal(row->stride, stride);
	assert_string_equal(row->path, path);
}

/* Types of tests lie on the stack, where the next test's lie too. */
static bool flatten_type(const struct binary_type *type, struct resolve_pointers *ret)
{
	flat_init(&flat, &arena, NULL);
	return pointers_flatten(&flat, type, ret);
}

static void flatten(const struct binary_type *type, size_t count)
{
	assert_true(flatten_type(type, &rows));
	assert_int_equal(rows.rows.length, count);
}

static void test_structs(void **state)
{
	const struct binary_field fields[] = {
		{"a", &m_int, 0, false},      {"_", &m_int_ptr, 8, false},
		{"in", &m_padded, 16, false}, {"name", &m_string, 32, false},
		{"list", &m_ints, 48, false},
	};
	const struct binary_type type = T(STRUCT, "t", 72, .fields = fields, .fields_count = 5);

	(void)state;
	flatten(&type, 3); /* blank fields are shown nowhere */
	assert_row(0, ASK_POINTER_PLAIN, 24, 1, 0, ".in.next");
	assert_ptr_equal(rows.rows.data[0].target, &m_int);
	assert_row(1, ASK_POINTER_STRING, 32, 1, 0, ".name");
	assert_null(rows.rows.data[1].target); /* a byte */
	assert_row(2, ASK_POINTER_SLICE, 48, 1, 0, ".list");
}

static void test_what_leads_nowhere(void **state)
{
	const struct binary_type to_empty = T(POINTER, "*struct {}", 8, .elem = &m_empty);
	const struct binary_type to_unknown = T(POINTER, "*weird", 8, .elem = &m_unknown);
	const struct binary_type to_nothing = T(POINTER, "*?", 8);
	const struct binary_type empties = T(SLICE, "[]struct {}", 24, .elem = &m_empty);
	const struct binary_type map = T(MAP, "map", 8, .elem = &m_int, .key = &m_int);
	const struct binary_field loc[] = {{"wall", &m_int, 0, false},
					   {"ext", &m_int, 8, false},
					   {"loc", &m_int_ptr, 16, false}};
	const struct binary_type time = T(TIME, "time.Time", 24, .fields = loc, .fields_count = 3);

	(void)state;
	flatten(&to_empty, 0);
	flatten(&to_unknown, 0);
	flatten(&to_nothing, 0);
	flatten(&empties, 0);
	flatten(&map, 0);
	flatten(&time, 0);
	flatten(&m_int, 0);
}

static void test_arrays(void **state)
{
	const struct binary_type row = T(ARRAY, "[3]*int", 24, .elem = &m_int_ptr, .count = 3);
	const struct binary_type grid = T(ARRAY, "[2][3]*int", 48, .elem = &row, .count = 2);
	const struct binary_type structs =
		T(ARRAY, "[4]main.padded", 64, .elem = &m_padded, .count = 4);
	const struct binary_type deep =
		T(ARRAY, "[2][4]main.padded", 128, .elem = &structs, .count = 2);
	const struct binary_type none = T(ARRAY, "[0]*int", 0, .elem = &m_int_ptr);

	(void)state;
	flatten(&row, 1);
	assert_row(0, ASK_POINTER_PLAIN, 0, 3, 8, "[]");
	flatten(&grid, 1); /* rows that join up are one */
	assert_row(0, ASK_POINTER_PLAIN, 0, 6, 8, "[][]");
	flatten(&structs, 1);
	assert_row(0, ASK_POINTER_PLAIN, 8, 4, 16, "[].next");
	flatten(&deep, 1);
	assert_row(0, ASK_POINTER_PLAIN, 8, 8, 16, "[][].next");
	flatten(&none, 0);
}

static void test_arrays_that_do_not_join(void **state)
{
	const struct binary_type row = T(ARRAY, "[3]*int", 24, .elem = &m_int_ptr, .count = 3);
	const struct binary_field fields[] = {{"n", &m_int, 0, false}, {"row", &row, 8, false}};
	const struct binary_type box = T(STRUCT, "box", 32, .fields = fields, .fields_count = 2);
	const struct binary_type boxes = T(ARRAY, "[2]box", 64, .elem = &box, .count = 2);

	(void)state;
	flatten(&boxes, 2);
	assert_row(0, ASK_POINTER_PLAIN, 8, 3, 8, "[0].row[]");
	assert_row(1, ASK_POINTER_PLAIN, 40, 3, 8, "[1].row[]");
}

static void test_too_wide(void **state)
{
	const struct binary_type row = T(ARRAY, "[3]*int", 24, .elem = &m_int_ptr, .count = 3);
	const struct binary_field fields[] = {{"n", &m_int, 0, false}, {"row", &row, 8, false}};
	const struct binary_type box = T(STRUCT, "box", 32, .fields = fields, .fields_count = 2);
	const struct binary_type most =
		T(ARRAY, "[4096]box", 32 * 4096, .elem = &box, .count = 4096);
	const struct binary_type more =
		T(ARRAY, "[4097]box", 32 * 4097, .elem = &box, .count = 4097);

	(void)state;
	assert_true(flatten_type(&most, &rows));
	assert_int_equal(rows.rows.length, 4096);
	assert_false(flatten_type(&more, &rows));
}

static void test_a_type_inside_itself(void **state)
{
	struct binary_field fields[2] = {{.name = "a"}, {.name = "b"}};
	struct binary_type type = T(STRUCT, "t", 8, .fields = fields, .fields_count = 2);

	(void)state;
	fields[0].type = fields[1].type = &type;
	assert_false(flatten_type(&type, &rows));
}

static int setup(void **state)
{
	(void)state;
	arena_init(&arena);
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
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_structs),	 cmocka_unit_test(test_what_leads_nowhere),
		cmocka_unit_test(test_arrays),	 cmocka_unit_test(test_arrays_that_do_not_join),
		cmocka_unit_test(test_too_wide), cmocka_unit_test(test_a_type_inside_itself),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
