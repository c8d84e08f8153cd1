/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "resolve_model.h"

/* Paths: fields, embedded ones as Go promotes them, pointers on the way. */

static struct arena arena;
static struct diagnostics diags;
static struct resolve_access access;

/*
 * type base  struct { ID int }
 * type left  struct { base; Tag string }
 * type right struct { base; Tag string; Own int }
 * type outer struct { *left; right; n *outer }
 */
static const struct binary_field base_fields[] = {{"ID", &m_int, 0, false}};
static const struct binary_type base =
	T(STRUCT, "main.base", 8, .fields = base_fields, .fields_count = 1);
static const struct binary_field left_fields[] = {{"base", &base, 0, true},
						  {"Tag", &m_string, 8, false}};
static const struct binary_type left =
	T(STRUCT, "main.left", 24, .fields = left_fields, .fields_count = 2);
static const struct binary_type left_ptr = T(POINTER, "*main.left", 8, .elem = &left);
static const struct binary_field right_fields[] = {
	{"base", &base, 0, true}, {"Tag", &m_string, 8, false}, {"Own", &m_int, 24, false}};
static const struct binary_type right =
	T(STRUCT, "main.right", 32, .fields = right_fields, .fields_count = 3);
static const struct binary_type outer_ptr;
static const struct binary_field outer_fields[] = {{"left", &left_ptr, 0, true},
						   {"right", &right, 8, true},
						   {"n", &outer_ptr, 40, false},
						   {"_", &m_int, 48, false}};
static const struct binary_type outer =
	T(STRUCT, "main.outer", 56, .fields = outer_fields, .fields_count = 4);
static const struct binary_type outer_ptr = T(POINTER, "*main.outer", 8, .elem = &outer);
static const struct binary_type outer_ptr_ptr = T(POINTER, "**main.outer", 8, .elem = &outer_ptr);

/* Walks x.STEPS from a variable of `type`. */
static bool walk(const struct binary_type *type, const char *steps)
{
	struct binary_variable variable = {.name = "x", .type = type};
	struct spec_path path = {.text = "x", .variable = "x", .span = {1, 1, 2}};
	char *word, *rest = arena_strdup(&arena, steps);
	uint32_t column = 3;

	diagnostics_init(&diags, &arena, "t.yaml", "", 0);
	while ((word = strsep(&rest, ".")) && *word) {
		struct spec_step *step = VEC_PUSH(&arena, &path.steps);

		step->name = word;
		step->span = (struct source_span){1, column, column + (uint32_t)strlen(word)};
		step->index = word[0] == '[' ? strtoull(word + 1, NULL, 10) : 0;
		step->kind = word[0] == '['   ? SPEC_STEP_INDEX
			     : word[0] == '(' ? SPEC_STEP_ASSERT
					      : SPEC_STEP_FIELD;
		column = step->span.end_column + 1;
	}
	return path_access(&arena, NULL, &diags, &path, &variable, &access);
}

static void assert_mistake(const char *code, const char *part, uint32_t column)
{
	assert_int_equal(diags.errors, 1);
	assert_string_equal(diags.list.data[0].code, code);
	assert_int_equal(diags.list.data[0].span.column, column);
	if (!strstr(diags.list.data[0].message, part))
		fail_msg("%s", diags.list.data[0].message);
}

static void test_fields(void **state)
{
	(void)state;
	assert_true(walk(&right, ""));
	assert_ptr_equal(access.type, &right);
	assert_int_equal(access.offset, 0);
	assert_true(walk(&right, "base.ID"));
	assert_ptr_equal(access.type, &m_int);
	assert_true(walk(&right, "Own"));
	assert_int_equal(access.offset, 24);
	assert_int_equal(access.hops_count, 0);
}

static void test_pointers_follow_themselves(void **state)
{
	(void)state;
	assert_true(walk(&outer_ptr_ptr, "n.n.right.Own"));
	assert_ptr_equal(access.type, &m_int);
	assert_int_equal(access.offset, 0);
	assert_int_equal(access.hops_count, 4);
	assert_int_equal(access.hops[0].add, 0);
	assert_int_equal(access.hops[1].add, 40);
	assert_int_equal(access.hops[2].add, 40);
	assert_int_equal(access.hops[3].add, 32);
	assert_string_equal(access.hops[0].name, "x");
	assert_string_equal(access.hops[2].name, "x.n");
	assert_string_equal(access.hops[3].name, "x.n.n");
	assert_true(walk(&outer_ptr, "n")); /* the last pointer is the value */
	assert_ptr_equal(access.type, &outer_ptr);
	assert_int_equal(access.hops_count, 1);
}

static void test_promotion(void **state)
{
	(void)state;
	assert_true(walk(&outer, "Own")); /* through an embedded struct */
	assert_int_equal(access.offset, 32);
	assert_true(walk(&left, "ID"));
	assert_int_equal(access.offset, 0);
	assert_true(walk(&outer, "left.ID")); /* through an embedded pointer, named */
	assert_int_equal(access.hops_count, 1);
	assert_string_equal(access.hops[0].name, "x.left");
}

static void test_ambiguity(void **state)
{
	(void)state;
	assert_false(walk(&outer, "Tag"));
	assert_mistake("ambiguous-field", "Tag is ambiguous", 3);
	assert_false(walk(&outer, "ID"));
	assert_mistake("ambiguous-field", "ID is ambiguous", 3);
}

static void test_shallower_wins(void **state)
{
	const struct binary_field fields[] = {{"outer", &outer_ptr, 0, true},
					      {"Tag", &m_int32, 8, false}};
	const struct binary_type type = T(STRUCT, "t", 16, .fields = fields, .fields_count = 2);

	(void)state;
	assert_true(walk(&type, "Tag"));
	assert_ptr_equal(access.type, &m_int32);
}

static void test_embedding_in_a_circle(void **state)
{
	struct binary_field fields[] = {{"b", NULL, 0, true}};
	struct binary_type type = T(STRUCT, "a", 8, .fields = fields, .fields_count = 1);
	const struct binary_type pointer = T(POINTER, "*a", 8, .elem = &type);

	(void)state;
	fields[0].type = &pointer;
	assert_false(walk(&type, "none"));
	assert_mistake("unknown-field", "a has no field none", 3);
}

static void test_mistakes(void **state)
{
	const struct binary_type to_nothing = T(POINTER, "*hidden", 8);

	(void)state;
	assert_false(walk(&outer, "right.Onw"));
	assert_mistake("unknown-field", "main.right has no field Onw", 9);
	assert_int_equal(diags.list.data[0].suggestions.length > 0, true);
	assert_string_equal(diags.list.data[0].suggestions.data[0], "Own");
	assert_false(walk(&outer, "_"));
	assert_mistake("unknown-field", "no field _", 3);
	assert_false(walk(&m_string, "len"));
	assert_mistake("unknown-field", "string has no field len: it is no struct", 3);
	assert_false(walk(&to_nothing, "x"));
	assert_mistake("unknown-field", "is not described", 3);
}

static void test_indexes(void **state)
{
	const struct binary_type pairs = T(ARRAY, "[3]main.right", 96, .elem = &right, .count = 3);
	const struct binary_type pairs_ptr = T(POINTER, "*[3]main.right", 8, .elem = &pairs);
	const struct binary_type rows = T(SLICE, "[][3]main.right", 24, .elem = &pairs);

	(void)state;
	assert_true(walk(&pairs, "[2].Own")); /* of an array: a place in it */
	assert_int_equal(access.offset, 2 * 32 + 24);
	assert_int_equal(access.hops_count, 0);
	assert_true(walk(&pairs_ptr, "[1]"));
	assert_int_equal(access.hops_count, 1);
	assert_int_equal(access.hops[0].add, 32);
	assert_ptr_equal(access.type, &right);
	assert_true(walk(&rows, "[7].[1].Own")); /* of a slice: a hop */
	assert_int_equal(access.hops_count, 1);
	assert_int_equal(access.hops[0].kind, RESOLVE_INDEX);
	assert_int_equal(access.hops[0].index, 7);
	assert_int_equal(access.hops[0].element_size, 96);
	assert_int_equal(access.hops[0].add, 32 + 24);
	assert_string_equal(access.hops[0].name, "x");
	assert_false(walk(&pairs, "[3]"));
	assert_mistake("index-out-of-range", "3 elements", 3);
	assert_false(walk(&m_string, "[0]"));
	assert_mistake("not-indexable", "string has no elements", 3);
}

static void test_assertions_want_interfaces(void **state)
{
	(void)state;
	assert_false(walk(&m_int, "(*main"));
	assert_mistake("not-an-interface", "int has no dynamic type", 3);
}

static void test_long_paths(void **state)
{
	cleanup_strbuf struct strbuf steps = STRBUF_INIT;

	(void)state;
	for (int i = 0; i < 31; i++)
		strbuf_printf(&steps, "%sn", i ? "." : "");
	assert_true(walk(&outer_ptr, steps.data));
	assert_int_equal(access.hops_count, 31);
	strbuf_puts(&steps, ".n");
	assert_false(walk(&outer_ptr, steps.data));
	assert_mistake("path-too-long", "31", 1);
	for (int i = 0; i < 200; i++)
		strbuf_puts(&steps, ".n");
	assert_false(walk(&outer_ptr, steps.data));
	assert_int_equal(diags.errors, 1);
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
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_pointers_follow_themselves),
		cmocka_unit_test(test_promotion),
		cmocka_unit_test(test_ambiguity),
		cmocka_unit_test(test_shallower_wins),
		cmocka_unit_test(test_embedding_in_a_circle),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_indexes),
		cmocka_unit_test(test_assertions_want_interfaces),
		cmocka_unit_test(test_long_paths),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
