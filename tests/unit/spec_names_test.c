/* SPDX-License-Identifier: BSD-2-Clause */
#include "spec_helpers.h"

static void test_table_names(void **state)
{
	static const struct {
		const char *function, *table;
	} cases[] = {
		{"main.(*server).GetInfo", "server_GetInfo"},
		{"main.server.GetInfo", "server_GetInfo"},
		{"main.main.func1", "main_func1"},
		{"main.main.func1.2", "main_func1_2"},
		{"github.com/x/y.(*T).M", "T_M"},
		{"github.com/x/y.F", "F"},
		{"gopkg.in/yaml%2ev3.Unmarshal", "Unmarshal"},
		{"pkg.Map[...]", "Map"},
		{"pkg.(*Box[...]).Hold", "Box_Hold"},
		{"pkg.(*Box[...]).Hold.func1", "Box_Hold_func1"},
		{"pkg.Map[github.com/x/y.T,int]", "Map_github_com_x_y_T_int"},
		{"main.snake_case__x", "snake_case__x"},
		{"main.gr\xc3\xb6\xc3\x9f" "e", "gr\xc3\xb6\xc3\x9f" "e"},
		{"crosscall2", "crosscall2"},
		{"main.f-fm", "f_fm"},
		{"main.", ""},
		{"", ""},
	};
	struct arena arena;

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(spec_table_name(&arena, cases[i].function), cases[i].table);
	arena_deinit(&arena);
}

static void test_column_names(void **state)
{
	static const struct {
		const char *path, *column;
	} cases[] = {
		{"request", "request"},	   {"cs.mu.processing", "cs_mu_processing"},
		{"xs[2].name", "xs_2_name"}, {"v.(*pkg.T)", "v_pkg_T"},
		{"~r0", "r0"},		   {"&x", "x"},
		{".dict", "dict"},	   {"x@12.y", "x_12_y"},
		{"_a.b_", "_a_b_"},	   {"xs[2]", "xs_2"},
	};
	struct arena arena;

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(spec_column_name(&arena, cases[i].path), cases[i].column);
	arena_deinit(&arena);
}

static void test_matches(void **state)
{
	static const struct {
		const char *pattern, *name;
		bool matches;
	} cases[] = {
		{"main.f", "main.f", true},
		{"main.f", "main.ff", false},
		{"main.ff", "main.f", false},
		{"main.f", "", false},
		{"", "", true},
		{"*", "", true},
		{"*", "anything/at.all[int]", true},
		{"main.*", "main.f", true},
		{"main.*", "main.", true},
		{"main.*", "other.f", false},
		{"*.GetInfo", "main.(*server).GetInfo", true},
		{"*.GetInfo", "main.(*server).GetInfo.func1", false},
		/* right after a parenthesis it is a pointer receiver */
		{"main.(*server).GetInfo", "main.(*server).GetInfo", true},
		{"main.(*server).GetInfo", "main.(xserver).GetInfo", false},
		{"main.(*s*).Get*", "main.(*server).GetInfo", true},
		{"main.(**).Get*", "main.(*server).GetInfo", true},
		{"main.(**).Get*", "main.(server).GetInfo", false},
		{"*a*b*c", "xaxbxbxc", true},
		{"*a*b*c", "xaxcxbx", false},
		{"**f", "main.f", true},
		/* instantiations */
		{"pkg.Map[...]", "pkg.Map[int]", true},
		{"pkg.Map[...]", "pkg.Map[...]", true},
		{"pkg.Map[...]", "pkg.Map[map[string]int,[]go.shape.int]", true},
		{"pkg.Map[...]", "pkg.Map", false},
		{"pkg.Map[...]", "pkg.Map[int", false},
		{"pkg.Map[...]", "pkg.Map[int].func1", false},
		{"pkg.Map", "pkg.Map[int]", false},
		{"pkg.Map[int]", "pkg.Map[int]", true},
		{"pkg.Map[int]", "pkg.Map[...]", false},
		{"pkg.(*Box[...]).Hold", "pkg.(*Box[go.shape.int]).Hold", true},
		{"pkg.(*Box[...]).Hold", "pkg.(*Box[int]).Held", false},
		{"*[...]", "pkg.Map[int]", true},
		{"*[...].func*", "pkg.Map[int].func1", true},
		{"pkg.F[pkg.G[...]]", "pkg.F[pkg.G[int]]", true},
		{"pkg.F[pkg.G[...]]", "pkg.F[pkg.G[[]int]]", true},
		{"*[...]*z", "a[b[c]x]d[e]yz", true},
		{"*[...]x", "a[b[c]x]", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (spec_name_matches(cases[i].pattern, cases[i].name) != cases[i].matches)
			fail_msg("`%s` and `%s`", cases[i].pattern, cases[i].name);
}

static void test_is_pattern(void **state)
{
	(void)state;
	assert_true(spec_name_is_pattern("main.*"));
	assert_true(spec_name_is_pattern("pkg.Map[...]"));
	assert_true(spec_name_is_pattern("main.(**).f"));
	assert_false(spec_name_is_pattern("main.(*server).GetInfo"));
	assert_false(spec_name_is_pattern("pkg.Map[int]"));
}

/* Names from a hostile binary, patterns from a hostile spec: no exponential time, no overrun. */
static void test_hostile_lengths(void **state)
{
	size_t length = 20000;
	char *name = malloc(length + 1), *pattern = malloc(2048);
	size_t n = 0;

	(void)state;
	memset(name, 'a', length);
	name[length] = '\0';
	while (n < 200)
		n += (size_t)sprintf(pattern + n, "*a");
	sprintf(pattern + n, "*b");
	assert_false(spec_name_matches(pattern, name));
	memset(name, '[', length);
	assert_false(spec_name_matches("*[...]*[...]x", name));
	free(pattern);
	free(name);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table_names), cmocka_unit_test(test_column_names),
		cmocka_unit_test(test_matches),	    cmocka_unit_test(test_is_pattern),
		cmocka_unit_test(test_hostile_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
