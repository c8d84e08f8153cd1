/* SPDX-License-Identifier: BSD-2-Clause */
#include "spec_helpers.h"

/* `types`: what is parsed, and every mistake that needs no binary. */

#define V "askance: 1\n"

static void test_parsed(void **state)
{
	static const char text[] = V
		"types:\n"
		"  - {name: main.state, capture: [id, mu.busy, {expr: [a.b, c], redact: true}]}\n"
		"  - name: \"pkg.Box[...]\"\n"
		"    capture: []\n";
	cleanup_parsed struct parsed p;
	const struct spec_type *type;
	const struct spec_path *path;

	(void)state;
	parse_bytes(&p, text, strlen(text));
	assert_string_equal(summary(&p), "");
	assert_int_equal(p.spec->types.length, 2);
	type = &p.spec->types.data[0];
	assert_string_equal(type->name.text, "main.state");
	assert_span(type->name.span, 3, 12, 22);
	assert_int_equal(type->captures.length, 3);
	path = &type->captures.data[1].paths.data[0];
	assert_string_equal(path->text, "mu.busy");
	assert_string_equal(path->variable, "");
	assert_int_equal(path->steps.length, 2);
	assert_int_equal(path->steps.data[0].kind, SPEC_STEP_FIELD);
	assert_string_equal(path->steps.data[0].name, "mu");
	assert_span(path->steps.data[0].span, 3, 38, 40);
	assert_string_equal(path->steps.data[1].name, "busy");
	assert_span(path->steps.data[1].span, 3, 41, 45);
	assert_false(type->captures.data[1].redact);
	assert_true(type->captures.data[2].redact);
	assert_int_equal(type->captures.data[2].paths.length, 2);
	assert_string_equal(type->captures.data[2].paths.data[1].steps.data[0].name, "c");
	type = &p.spec->types.data[1];
	assert_string_equal(type->name.text, "pkg.Box[...]");
	assert_int_equal(type->captures.length, 0);
}

static void test_nothing_is_as_if_absent(void **state)
{
	cleanup_parsed struct parsed p;
	static const char text[] = V "types:\n";

	(void)state;
	parse_bytes(&p, text, strlen(text));
	assert_string_equal(summary(&p), "");
	assert_int_equal(p.spec->types.length, 0);
}

static void test_keys(void **state)
{
	(void)state;
	assert_mistakes(V "types: {main.state: [id]}\n",
			"2:8-26 wrong-type: `types` must be a list, this is a mapping\n");
	assert_mistakes(V "types:\n- main.state\n- {name: m.T}\n- {capture: [id]}\n"
			  "- {name: m.U, capture: }\n- {name: m.W, capture: id}\n",
			"3:3-13 wrong-type: a type must be a mapping, this is a text\n"
			"4:3-14 missing-key: missing key `capture` in a type\n"
			"5:3-18 missing-key: missing key `name` in a type\n"
			"6:15-22 empty-value: `capture` has no value\n"
			"7:24-26 wrong-type: `capture` must be a list, this is a text\n");
	/* what a function's captures may have, and these may not */
	assert_mistakes(V "types:\n- {name: m.T, capture: [{expr: a, as: b, limits: {depth: 1}}],"
			  " table: t}\n",
			"3:35-37 unknown-key: unknown key `as` in a choice\n"
			"3:42-48 unknown-key: unknown key `limits` in a choice\n"
			"3:64-69 unknown-key: unknown key `table` in a type\n");
	assert_mistakes(V "types:\n- {name: m.T, capture: [[a], {redact: true}, ~, {expr: []}]}\n",
			"3:25-28 wrong-type: a choice must be a path or a mapping, this is a list\n"
			"3:30-44 missing-key: missing key `expr` in a choice\n"
			"3:46-47 wrong-type: a path must be a text, this is nothing\n"
			"3:56-58 empty-value: `expr` has no path\n");
}

static void test_paths(void **state)
{
	(void)state;
	assert_mistakes(V "types:\n- name: m.T\n  capture:\n  - \"xs[2].id\"\n  - v.(*m.U).x\n"
			  "  - x@12\n  - ~r0\n  - \"&x.y\"\n  - a..b\n",
			"5:8-11 bad-path: bad path `xs[2].id`: a path of a type is made of fields "
			"alone\n"
			"6:8-12 bad-path: bad path `v.(*m.U).x`: a path of a type is made of fields "
			"alone\n"
			"7:5-9 bad-path: bad path `x@12`: a path of a type begins with a field\n"
			"8:5-8 bad-path: bad path `~r0`: a path of a type begins with a field\n"
			"9:6-8 bad-path: bad path `&x.y`: a path of a type begins with a field\n"
			"10:7-8 bad-path: bad path `a..b`: the name of a field is missing here\n");
}

static void test_twice(void **state)
{
	struct parsed p;
	static const char text[] =
		V "types:\n- {name: m.T, capture: [a]}\n- {name: m.U, capture: [a]}\n"
		  "- {name: m.T, capture: [b]}\n";

	(void)state;
	parse_bytes(&p, text, strlen(text));
	assert_string_equal(printed(&p, diagnostics_print_human),
			    "dir/t.ask.yaml:5:10: error: type `m.T` is there twice\n"
			    "- {name: m.T, capture: [b]}\n"
			    "         ^~~\n"
			    "note: the first is on line 3\n");
	parsed_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parsed), cmocka_unit_test(test_nothing_is_as_if_absent),
		cmocka_unit_test(test_keys),   cmocka_unit_test(test_paths),
		cmocka_unit_test(test_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
