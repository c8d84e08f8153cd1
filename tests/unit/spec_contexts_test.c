/* SPDX-License-Identifier: BSD-2-Clause */
/* `contexts`: what is read, and what a wrong one is told. */
#include "spec_helpers.h"

#define V "askance: 1\ncontexts:\n"

static void test_read(void **state)
{
	struct parsed p;
	static const char text[] = V "- {key: main.k, value: string, as: id}\n"
				     "- {key: github.com/x/y.userKey}\n"
				     "- {value: \"*main.Trace\"}\n";
	const struct spec_context *contexts;

	(void)state;
	parse_bytes(&p, text, strlen(text));
	assert_string_equal(summary(&p), "");
	assert_int_equal(p.spec->contexts.length, 3);
	contexts = p.spec->contexts.data;
	assert_string_equal(contexts[0].key.text, "main.k");
	assert_string_equal(contexts[0].value.text, "string");
	assert_string_equal(contexts[0].column, "id");
	/* of the key's name, without its package; else of the value's */
	assert_string_equal(contexts[1].column, "userKey");
	assert_null(contexts[1].value.text);
	assert_string_equal(contexts[2].column, "Trace");
	assert_null(contexts[2].key.text);
	assert_int_equal(contexts[2].span.line, 5);
	parsed_free(&p);
	assert_mistakes("askance: 1\ncontexts:\n", "");
	assert_mistakes("askance: 1\ncontexts: []\n", "");
}

static void test_mistakes(void **state)
{
	(void)state;
	assert_mistakes("askance: 1\ncontexts: x\n",
			"2:11-12 wrong-type: `contexts` must be a list, this is a text\n");
	assert_mistakes(V "- main.k\n",
			"3:3-9 wrong-type: a context must be a mapping, this is a text\n");
	assert_mistakes(V "- {as: id}\n",
			"3:3-11 missing-key: a context needs a `key`, a `value`, or both\n");
	assert_mistakes(V "- {key: , value: string, as: id}\n",
			"3:4-7 empty-value: `key` has no value\n");
	assert_mistakes(V "- {key: [a], as: id}\n",
			"3:9-12 wrong-type: `key` must be a text, this is a list\n");
	assert_mistakes(V "- {key: main.k, typ: string}\n",
			"3:17-20 unknown-key: unknown key `typ` in a context\n");
	assert_mistakes(V "- {key: \"*\"}\n",
			"3:10-11 missing-key: no column name can be made of `*`: give one with `as:`\n");
}

static void test_too_many(void **state)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	(void)state;
	strbuf_puts(&text, V);
	for (int i = 0; i < SPEC_MAX_CONTEXTS; i++)
		strbuf_printf(&text, "- {key: main.k%d}\n", i);
	assert_mistakes(text.data, "");
	strbuf_puts(&text, "- {key: main.last}\n- {key: main.k0}\n");
	assert_mistakes(text.data, "35:3-19 out-of-range: a spec has at most 32 contexts\n");
}

static void test_clashes(void **state)
{
	(void)state;
	assert_mistakes(V "- {key: main.a, as: id}\n- {key: main.b, as: ID}\n",
			"4:21-23 duplicate-column: column `ID` is there twice in `goroutines`\n");
	assert_mistakes(V "- {key: main.a}\n- {key: main.b, as: raw_a}\n",
			"4:21-26 duplicate-column: column `raw_a` is there twice in `goroutines`\n");
	/* they are columns of function tables too */
	assert_mistakes(V "- {key: main.a, as: frame_idx}\n",
			"3:21-30 duplicate-column: column `frame_idx` is there twice in `goroutines`\n");
}

/* A link may name a context's column of any function: which functions have it, the binary says. */
static void test_links(void **state)
{
	static const char functions[] = "functions: [{name: m.f}, {name: m.g}]\n";
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	(void)state;
	strbuf_printf(&text,
		      "%s- {key: main.id}\n%slinks:\n"
		      "- {from: {table: f, columns: [id, RAW_ID, status_id]},"
		      " to: {table: g, columns: [id, raw_id, status_id]}}\n"
		      "- {from: {table: f, columns: [ide]}, to: {table: g, columns: [id]}}\n",
		      V, functions);
	assert_mistakes(text.data, "7:31-34 unknown-column: table `f` has no column `ide`\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),	 cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_too_many), cmocka_unit_test(test_clashes),
		cmocka_unit_test(test_links),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
