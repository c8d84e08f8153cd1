/* SPDX-License-Identifier: BSD-2-Clause */
#include "spec_helpers.h"

static void start(struct parsed *p, const char *file, const char *text)
{
	arena_init(&p->arena);
	diagnostics_init(&p->diags, &p->arena, file, text, strlen(text));
}

static struct source_span span(uint32_t line, uint32_t column, uint32_t end_column)
{
	return (struct source_span){line, column, end_column};
}

static void test_human(void **state)
{
	cleanup_parsed struct parsed p;
	static const char *const names[] = {"name", "table", "capture", "columns"};
	struct diagnostic *diag;

	(void)state;
	start(&p, "a.yaml", "askance: 1\r\n\t- \tnmae: x\nlast");
	diagnostics_add(&p.diags, SEVERITY_WARNING, "late", span(3, 1, 5), "the %s line", "last");
	diag = diagnostics_add(&p.diags, SEVERITY_ERROR, "unknown-key", span(2, 5, 9), "unknown");
	diagnostic_suggest(&p.diags, diag, "nmae", names, ARRAY_SIZE(names));
	diagnostic_note(&p.diags, diag, "a note, %d", 1);
	diagnostics_add(&p.diags, SEVERITY_ERROR, "whole", span(0, 0, 0), "all of it");
	diagnostics_add(&p.diags, SEVERITY_NOTE, "end", span(1, 11, 11), "past the end");
	diagnostics_add(&p.diags, SEVERITY_ERROR, "none", span(9, 1, 2), "no such line");
	assert_int_equal(p.diags.errors, 3);
	assert_string_equal(printed(&p, diagnostics_print_human),
			    "a.yaml: error: all of it\n"
			    "a.yaml:1:11: note: past the end\n"
			    "askance: 1\n"
			    "          ^\n"
			    "a.yaml:2:5: error: unknown\n"
			    "\t- \tnmae: x\n"
			    "\t  \t^~~~\n"
			    "note: did you mean `name`?\n"
			    "note: a note, 1\n"
			    "a.yaml:3:1: warning: the last line\n"
			    "last\n"
			    "^~~~\n"
			    "a.yaml:9:1: error: no such line\n");
}

/* The caret stands under the letter, also after wide ones, marks and bytes that are none. */
static void test_human_unicode(void **state)
{
	cleanup_parsed struct parsed p;

	(void)state;
	start(&p, "a", "\xc3\xa9\xe5\xad\x97" "e\xcc\x81\xff\x1b[1m x: \xe5\xad\x97.");
	diagnostics_add(&p.diags, SEVERITY_ERROR, "c", span(1, 18, 21), "\x1b[31mred\xe2\x80\xae");
	assert_string_equal(printed(&p, diagnostics_print_human),
			    "a:1:18: error: ?[31mred?\n"
			    "\xc3\xa9\xe5\xad\x97" "e\xcc\x81??[1m x: \xe5\xad\x97.\n"
			    "             ^~\n");
}

static void test_human_long_line(void **state)
{
	cleanup_parsed struct parsed p;
	char *text = malloc(100001), *out;
	const char *line;

	(void)state;
	memset(text, 'a', 100000);
	text[100000] = '\0';
	memcpy(text + 50000, "XYZ", 3);
	start(&p, "a", text);
	diagnostics_add(&p.diags, SEVERITY_ERROR, "c", span(1, 50001, 50004), "m");
	diagnostics_add(&p.diags, SEVERITY_ERROR, "c", span(1, 99999, 100001), "m");
	diagnostics_add(&p.diags, SEVERITY_ERROR, "c", span(1, 1, 100001), "m");
	out = printed(&p, diagnostics_print_human);
	assert_true(strlen(out) < 1200);
	line = strstr(out, "XYZ");
	assert_non_null(line);
	/* the caret is as far into its line as the X is into its own */
	assert_int_equal(line - strstr(out, "...a"), strstr(out, "^~~\n") - strchr(line, '\n') - 1);
	free(text);
}

static const char *suggested(const char *wrong, const char *const *names, size_t n)
{
	static char result[256];
	struct parsed p;
	struct diagnostic *diag;

	start(&p, "a", "");
	diag = diagnostics_add(&p.diags, SEVERITY_ERROR, "c", span(0, 0, 0), "m");
	diagnostic_suggest(&p.diags, diag, wrong, names, n);
	result[0] = '\0';
	for (size_t i = 0; i < diag->suggestions.length; i++)
		snprintf(result + strlen(result), sizeof(result) - strlen(result), "%s%s",
			 i ? " " : "", diag->suggestions.data[i]);
	parsed_free(&p);
	return result;
}

static void test_suggest(void **state)
{
	static const char *const keys[] = {"name", "table", "capture", "columns"};
	static const char *const functions[] = {
		"main.(*server).GetInfo", "main.(*server).GetInfo.func1", "main.main",
		"main.(*server).processClient", "runtime.gopark",
	};
	static const char *const many[] = {"aaaa1", "aaaa2", "aaaa", "aaaa3", "aaab", "aaaa"};
	char *giant = malloc(5001);

	(void)state;
	assert_string_equal(suggested("nam", keys, 4), "name");
	assert_string_equal(suggested("NAME", keys, 4), "name");
	assert_string_equal(suggested("tabel", keys, 4), "table");
	assert_string_equal(suggested("captures", keys, 4), "capture");
	assert_string_equal(suggested("xyzzy", keys, 4), "");
	assert_string_equal(suggested("", keys, 4), "");
	assert_string_equal(suggested("x", keys, 0), "");
	assert_string_equal(suggested("main.server.GetInfo", functions, 5),
			    "main.(*server).GetInfo main.(*server).GetInfo.func1");
	assert_string_equal(suggested("GetInfo", functions, 5),
			    "main.(*server).GetInfo main.(*server).GetInfo.func1");
	assert_string_equal(suggested("main.(*sevrer).GetInfo", functions, 5),
			    "main.(*server).GetInfo main.(*server).GetInfo.func1");
	/* nearest first, three at most, each once */
	assert_string_equal(suggested("AAAA", many, 6), "aaaa aaaa1 aaaa2");
	memset(giant, 'a', 5000);
	giant[5000] = '\0';
	assert_string_equal(suggested(giant, keys, 4), "");
	free(giant);
}

static void test_json(void **state)
{
	cleanup_parsed struct parsed p;
	static const char *const names[] = {"name"};
	struct diagnostic *diag;

	(void)state;
	start(&p, "d\"ir/a.yaml", "x");
	assert_string_equal(printed(&p, diagnostics_print_json), "{\"diagnostics\":[]}\n");
	diagnostics_add(&p.diags, SEVERITY_NOTE, "b", span(2, 1, 1), "\xff\\ \n\x01 \xc3\xa9");
	diag = diagnostics_add(&p.diags, SEVERITY_ERROR, "unknown-key", span(1, 1, 2), "m");
	diagnostic_suggest(&p.diags, diag, "nam", names, 1);
	diagnostic_note(&p.diags, diag, "n1");
	diagnostic_note(&p.diags, diag, "n2");
	assert_string_equal(
		printed(&p, diagnostics_print_json),
		"{\"diagnostics\":[\n"
		"{\"severity\":\"error\",\"code\":\"unknown-key\",\"message\":\"m\","
		"\"file\":\"d\\\"ir/a.yaml\",\"line\":1,\"column\":1,\"end_column\":2,"
		"\"suggestions\":[\"name\"],\"notes\":[\"n1\",\"n2\"]},\n"
		"{\"severity\":\"note\",\"code\":\"b\",\"message\":\"\\ufffd\\\\ \\u000a\\u0001 "
		"\xc3\xa9\",\"file\":\"d\\\"ir/a.yaml\",\"line\":2,\"column\":1,\"end_column\":1,"
		"\"suggestions\":[],\"notes\":[]}\n"
		"]}\n");
}

static void test_sarif(void **state)
{
	cleanup_parsed struct parsed p;
	static const char *const names[] = {"name"};
	struct diagnostic *diag;

	(void)state;
	start(&p, "d ir/a:b.yaml", "\xc3\xa9\xc3\xa9: nam");
	diag = diagnostics_add(&p.diags, SEVERITY_ERROR, "unknown-key", span(1, 7, 10), "m");
	diagnostic_suggest(&p.diags, diag, "nam", names, 1);
	diagnostic_note(&p.diags, diag, "n");
	diagnostics_add(&p.diags, SEVERITY_WARNING, "whole", span(0, 0, 0), "w");
	assert_string_equal(
		printed(&p, diagnostics_print_sarif),
		"{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\","
		"\"version\":\"2.1.0\",\"runs\":[{\"tool\":{\"driver\":{\"name\":\"askc\","
		"\"version\":\"" ASKANCE_VERSION "\",\"rules\":[{\"id\":\"unknown-key\"},"
		"{\"id\":\"whole\"}]}},\"columnKind\":\"unicodeCodePoints\",\"results\":[\n"
		"{\"ruleId\":\"whole\",\"level\":\"warning\",\"message\":{\"text\":\"w\"},"
		"\"locations\":[{\"physicalLocation\":{\"artifactLocation\":"
		"{\"uri\":\"d%20ir/a%3Ab.yaml\"}}}]},\n"
		"{\"ruleId\":\"unknown-key\",\"level\":\"error\",\"message\":{\"text\":"
		"\"m; did you mean `name`?\\u000an\"},\"locations\":[{\"physicalLocation\":"
		"{\"artifactLocation\":{\"uri\":\"d%20ir/a%3Ab.yaml\"},\"region\":"
		"{\"startLine\":1,\"startColumn\":5,\"endLine\":1,\"endColumn\":8}}}]}]}]}\n");
}

/* Exact repetitions are one; other complaints about the same place stay, in their order. */
static void test_order(void **state)
{
	cleanup_parsed struct parsed p;

	(void)state;
	start(&p, "a", "x");
	diagnostics_add(&p.diags, SEVERITY_ERROR, "b", span(1, 1, 2), "second");
	diagnostics_add(&p.diags, SEVERITY_ERROR, "b", span(1, 1, 2), "second");
	diagnostics_add(&p.diags, SEVERITY_ERROR, "a", span(1, 1, 2), "third");
	diagnostics_add(&p.diags, SEVERITY_ERROR, "c", span(0, 0, 0), "first");
	assert_string_equal(summary(&p), "0:0-0 c: first\n1:1-2 b: second\n1:1-2 a: third\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_human),	cmocka_unit_test(test_human_unicode),
		cmocka_unit_test(test_human_long_line), cmocka_unit_test(test_suggest),
		cmocka_unit_test(test_json),	cmocka_unit_test(test_sarif),
		cmocka_unit_test(test_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
