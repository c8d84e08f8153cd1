/* SPDX-License-Identifier: BSD-2-Clause */
/* What a right spec becomes. */
#include "spec_helpers.h"

#include <unistd.h>

#define PARSE(p, text)                                                                             \
	do {                                                                                       \
		parse_bytes(&(p), text, strlen(text));                                             \
		assert_string_equal(summary(&(p)), "");                                            \
		assert_int_equal((p).diags.errors, 0);                                             \
	} while (0)

static const char whole[] =
	"# a comment\n"
	"askance: 1\n"
	"name: slow-rpc\n"
	"match:\n"
	"  pid: 42\n"
	"  executable_name: '^server$'\n"
	"limits: {depth: 3, string: 1KiB, slice: 256, map: 2KiB, frames: {leaf: 100}, bytes: 1GiB}\n"
	"functions:\n"
	"  - name: main.(*server).GetInfo  # why\n"
	"    capture:\n"
	"      - request\n"
	"      - cs.mu.processing\n"
	"      - {expr: cs.numCalls, as: calls, limits: {depth: 1}}\n"
	"      - {expr: [a.s.id, a.stream.id], as: stream_id, redact: true}\n"
	"    columns:\n"
	"      - {name: addr, expr: \"raw_request ->> '$.__addr'\", type: INTEGER}\n"
	"      - {name: text, expr: request}\n"
	"  - {name: main.*, table: all}\n"
	"tables:\n"
	"  - name: blocked_by\n"
	"    doc: who waits\n"
	"    sql: SELECT a,\n"
	"         b FROM c\n"
	"    materialize: true\n"
	"  - name: t2\n"
	"    sql: |\n"
	"      SELECT 1\n"
	"links:\n"
	"  - from: {table: server_GetInfo, columns: [process_id, addr]}\n"
	"    to: {table: blocked_by, columns: [process_id, x]}\n"
	"    note: to whom\n";

static void test_whole(void **state)
{
	cleanup_parsed struct parsed p;
	const struct spec_function *f;
	const struct spec_link *link;

	(void)state;
	PARSE(p, whole);
	assert_string_equal(p.spec->file, "dir/t.ask.yaml");
	assert_string_equal(p.spec->text, whole);
	assert_int_equal(p.spec->text_length, strlen(whole));
	assert_string_equal(p.spec->name.text, "slow-rpc");
	assert_span(p.spec->name.span, 3, 7, 15);
	/* in the order of the labels, not of the file */
	assert_int_equal(p.spec->matches.length, 2);
	assert_int_equal(p.spec->matches.data[0].label, SCHEMA_MATCH_EXECUTABLE_NAME);
	assert_string_equal(p.spec->matches.data[0].regex.text, "^server$");
	assert_span(p.spec->matches.data[0].regex.span, 6, 21, 29);
	assert_int_equal(p.spec->matches.data[1].label, SCHEMA_MATCH_PID);
	assert_int_equal(p.spec->limits.depth, 3);
	assert_int_equal(p.spec->limits.string, 1024);
	assert_int_equal(p.spec->limits.slice, 256);
	assert_int_equal(p.spec->limits.map, 2048);
	assert_int_equal(p.spec->limits.frames_leaf, 100);
	assert_true(p.spec->limits.frames_root == SPEC_UNSET);
	assert_int_equal(p.spec->limits.bytes, 1 << 30);

	assert_int_equal(p.spec->functions.length, 2);
	f = &p.spec->functions.data[0];
	assert_string_equal(f->name.text, "main.(*server).GetInfo");
	assert_span(f->name.span, 9, 11, 33);
	assert_int_equal(f->name.exact, 11);
	assert_span(f->span, 9, 5, 9);
	assert_null(f->table.text);
	assert_int_equal(f->captures.length, 4);
	assert_int_equal(f->columns.length, 2);
	assert_string_equal(f->columns.data[0].expr.text, "raw_request ->> '$.__addr'");
	assert_span(f->columns.data[0].expr.span, 16, 29, 55);
	assert_int_equal(f->columns.data[0].type, SCHEMA_COLUMN_INTEGER);
	assert_int_equal(f->columns.data[1].type, SCHEMA_COLUMN_TEXT);
	assert_string_equal(p.spec->functions.data[1].table.text, "all");
	assert_span(p.spec->functions.data[1].span, 18, 5, 31);

	assert_int_equal(p.spec->tables.length, 2);
	assert_string_equal(p.spec->tables.data[0].doc.text, "who waits");
	assert_string_equal(p.spec->tables.data[0].sql.text, "SELECT a, b FROM c");
	assert_int_equal(p.spec->tables.data[0].sql.exact, 0);
	assert_span(p.spec->tables.data[0].sql.span, 22, 10, 19);
	assert_true(p.spec->tables.data[0].materialize);
	assert_string_equal(p.spec->tables.data[1].sql.text, "SELECT 1\n");
	assert_span(p.spec->tables.data[1].sql.span, 26, 10, 11);
	assert_false(p.spec->tables.data[1].materialize);

	assert_int_equal(p.spec->links.length, 1);
	link = &p.spec->links.data[0];
	assert_string_equal(link->from.table.text, "server_GetInfo");
	assert_int_equal(link->from.columns.length, 2);
	assert_span(link->from.columns.data[1].span, 29, 57, 61);
	assert_string_equal(link->to.columns.data[1].text, "x");
	assert_string_equal(link->note.text, "to whom");
}

static void test_captures(void **state)
{
	cleanup_parsed struct parsed p;
	const struct spec_function *f;
	const struct spec_capture *c;

	(void)state;
	PARSE(p, whole);
	f = &p.spec->functions.data[0];
	c = &f->captures.data[0];
	assert_int_equal(c->paths.length, 1);
	assert_string_equal(c->paths.data[0].text, "request");
	assert_string_equal(c->paths.data[0].variable, "request");
	assert_int_equal(c->paths.data[0].steps.length, 0);
	assert_null(c->as.text);
	assert_true(c->limits.depth == SPEC_UNSET);
	c = &f->captures.data[1];
	assert_span(c->paths.data[0].span, 12, 9, 25);
	assert_span(c->paths.data[0].variable_span, 12, 9, 11);
	assert_int_equal(c->paths.data[0].steps.length, 2);
	assert_string_equal(c->paths.data[0].steps.data[1].name, "processing");
	assert_span(c->paths.data[0].steps.data[1].span, 12, 15, 25);
	c = &f->captures.data[2];
	assert_string_equal(c->as.text, "calls");
	assert_int_equal(c->limits.depth, 1);
	assert_true(c->limits.string == SPEC_UNSET);
	assert_false(c->redact);
	assert_span(c->span, 13, 9, 59);
	c = &f->captures.data[3];
	assert_int_equal(c->paths.length, 2);
	assert_string_equal(c->paths.data[1].text, "a.stream.id");
	assert_span(c->paths.data[1].span, 14, 25, 36);
	assert_true(c->redact);
}

static void test_paths(void **state)
{
	cleanup_parsed struct parsed p;
	const struct spec_path *path;

	(void)state;
	PARSE(p, "askance: 1\n"
		 "functions:\n"
		 "- name: m.f\n"
		 "  capture:\n"
		 "  - xs[2].(*a/b.T[int, func(x)]).gr\xc3\xb6\xc3\x9f" "e[0]\n"
		 "  - ~r0\n"
		 "  - \"&x\"\n"
		 "  - .dict\n"
		 "  - y@120.z\n"
		 "  - {expr: \"\\x61.b\"}\n"
		 "  - |\n"
		 "    v.w\n");
	path = &p.spec->functions.data[0].captures.data[0].paths.data[0];
	assert_string_equal(path->variable, "xs");
	assert_int_equal(path->steps.length, 4);
	assert_int_equal(path->steps.data[0].kind, SPEC_STEP_INDEX);
	assert_int_equal(path->steps.data[0].index, 2);
	assert_span(path->steps.data[0].span, 5, 7, 10);
	assert_int_equal(path->steps.data[1].kind, SPEC_STEP_ASSERT);
	assert_string_equal(path->steps.data[1].name, "*a/b.T[int, func(x)]");
	assert_span(path->steps.data[1].span, 5, 12, 32);
	assert_int_equal(path->steps.data[2].kind, SPEC_STEP_FIELD);
	assert_string_equal(path->steps.data[2].name, "gr\xc3\xb6\xc3\x9f" "e");
	assert_span(path->steps.data[2].span, 5, 34, 41);
	assert_span(path->steps.data[3].span, 5, 41, 44);
	assert_string_equal(p.spec->functions.data[0].captures.data[1].paths.data[0].variable, "~r0");
	path = &p.spec->functions.data[0].captures.data[2].paths.data[0];
	assert_string_equal(path->variable, "&x");
	assert_span(path->span, 7, 6, 8);
	assert_string_equal(p.spec->functions.data[0].captures.data[3].paths.data[0].variable,
			    ".dict");
	path = &p.spec->functions.data[0].captures.data[4].paths.data[0];
	assert_string_equal(path->variable, "y");
	assert_int_equal(path->line, 120);
	assert_span(path->variable_span, 9, 5, 10);
	assert_span(path->steps.data[0].span, 9, 11, 12);
	/* what has escapes or is a block can only be pointed at as a whole */
	path = &p.spec->functions.data[0].captures.data[5].paths.data[0];
	assert_string_equal(path->variable, "a");
	assert_span(path->steps.data[0].span, 10, 12, 20);
	path = &p.spec->functions.data[0].captures.data[6].paths.data[0];
	assert_string_equal(path->text, "v.w");
	assert_span(path->steps.data[0].span, 11, 5, 6);
}

/* Columns are bytes, whatever libyaml counts: BOM, CRLF, wide letters, its own line ends. */
static void test_positions(void **state)
{
	cleanup_parsed struct parsed p;

	(void)state;
	PARSE(p, "\xef\xbb\xbf" "askance: 1 # \xe2\x80\xa8 \xc2\x85\r\n"
		 "functions:\r\n"
		 "- {table: \"\xe5\xad\x97\xf0\x9f\x98\x80\", name: 'm.f'}\r\n");
	assert_span(p.spec->functions.data[0].table.span, 3, 12, 19);
	assert_span(p.spec->functions.data[0].name.span, 3, 29, 32);
	assert_span(p.spec->functions.data[0].span, 3, 3, 34);
	assert_true(!memcmp(p.spec->text, "askance", 7));
}

/* The same beyond the first chunk of the character map. */
static void test_positions_far(void **state)
{
	cleanup_strbuf struct strbuf buf = STRBUF_INIT;
	cleanup_parsed struct parsed p;

	(void)state;
	strbuf_puts(&buf, "askance: 1\nfunctions:\n");
	for (int i = 0; i < 500; i++)
		strbuf_printf(&buf, "- {name: \"m.\xc3\xa9%03d\", table: t%03d}\n", i, i);
	PARSE(p, buf.data);
	assert_int_equal(p.spec->functions.length, 500);
	for (uint32_t i = 0; i < 500; i++) {
		const struct spec_function *f = &p.spec->functions.data[i];

		assert_span(f->name.span, i + 3, 11, 18);
		assert_span(f->table.span, i + 3, 28, 32);
	}
}

static void test_empty_parts(void **state)
{
	cleanup_parsed struct parsed p;

	(void)state;
	PARSE(p, "askance: 1\nmatch:\nlimits:\nfunctions:\n- name: m.f\n  capture:\n  columns: ~\n"
		 "- {name: m.g, capture: []}\ntables:\nlinks: []\n");
	assert_int_equal(p.spec->functions.length, 2);
	assert_true(p.spec->limits.depth == SPEC_UNSET && p.spec->limits.bytes == SPEC_UNSET);
	assert_int_equal(p.spec->limits.span.line, 0);
}

static void test_aliases(void **state)
{
	cleanup_parsed struct parsed p;

	(void)state;
	PARSE(p, "askance: 1\nfunctions:\n- name: &n m.f\n  capture: &c [a, b]\n"
		 "- name: m.g\n  capture: *c\n- {name: *n, table: other}\n");
	assert_int_equal(p.spec->functions.data[1].captures.length, 2);
	assert_span(p.spec->functions.data[1].captures.data[0].span, 4, 16, 17);
	assert_string_equal(p.spec->functions.data[2].name.text, "m.f");
	assert_span(p.spec->functions.data[0].name.span, 3, 12, 15);
}

static void test_derived_name(void **state)
{
	static const struct {
		const char *file, *name;
	} cases[] = {
		{"a/b/slow-rpc.ask.yaml", "slow-rpc"},
		{"x.yaml", "x"},
		{"x.yml", "x"},
		{"x y\xc3\xa9.txt", "x-y--.txt"},
		{".ask.yaml", "ask"},
		{"dir/", "spec"},
		{"<stdin>", "stdin"},
	};
	struct arena arena;

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct diagnostics diags;
		struct spec *spec;

		spec_parse(&arena, cases[i].file, "askance: 1", 10, &diags, &spec);
		assert_int_equal(diags.errors, 0);
		assert_string_equal(spec->name.text, cases[i].name);
		assert_int_equal(spec->name.span.line, 0);
	}
	arena_deinit(&arena);
}

static void write_file(const char *path, const char *data, size_t size)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, size, file), size);
	fclose(file);
}

static void test_read(void **state)
{
	char path[] = "/tmp/spec_parse_test.XXXXXX";
	size_t large = ((size_t)4 << 20) + 1;
	char *text = malloc(large);
	struct error *error;
	struct parsed p;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	arena_init(&p.arena);
	write_file(path, "askance: 1\nname: n\n", 19);
	assert_null(spec_read(&p.arena, path, &p.diags, &p.spec));
	assert_string_equal(summary(&p), "");
	assert_string_equal(p.spec->file, path);
	assert_string_equal(p.spec->name.text, "n");

	/* at the limit it is read, beyond it is refused: from a file and from memory */
	memset(text, ' ', large);
	memcpy(text, "askance: 1\n", 11);
	write_file(path, text, large - 1);
	assert_null(spec_read(&p.arena, path, &p.diags, &p.spec));
	assert_string_equal(summary(&p), "");
	write_file(path, text, large);
	assert_null(spec_read(&p.arena, path, &p.diags, &p.spec));
	assert_string_equal(summary(&p), "0:0-0 too-large: the spec is larger than 4 MiB\n");
	spec_parse(&p.arena, "f", text, large, &p.diags, &p.spec);
	assert_string_equal(summary(&p), "0:0-0 too-large: the spec is larger than 4 MiB\n");
	assert_non_null(p.spec->name.text);

	unlink(path);
	error = spec_read(&p.arena, path, &p.diags, &p.spec);
	assert_non_null(error);
	assert_int_equal(error_exit_code(error), 1);
	assert_non_null(strstr(error->message, path));
	error_free(error);
	error = spec_read(&p.arena, "/", &p.diags, &p.spec);
	assert_int_equal(error_exit_code(error), 1);
	error_free(error);
	arena_deinit(&p.arena);
	free(text);
}

/* The example that people copy. */
static void test_documented_example(void **state)
{
	cleanup_free unsigned char *data = NULL;
	const char *start, *end;
	struct parsed p;
	size_t size;

	(void)state;
	assert_null(file_read("docs/SPEC.md", 1 << 20, &data, &size));
	start = strstr((const char *)data, "```yaml\n");
	assert_non_null(start);
	start += strlen("```yaml\n");
	end = strstr(start, "```");
	assert_non_null(end);
	parse_bytes(&p, start, (size_t)(end - start));
	assert_string_equal(summary(&p), "");
	assert_int_equal(p.spec->functions.length, 2);
	parsed_free(&p);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),	    cmocka_unit_test(test_captures),
		cmocka_unit_test(test_paths),	    cmocka_unit_test(test_positions),
		cmocka_unit_test(test_positions_far), cmocka_unit_test(test_empty_parts),
		cmocka_unit_test(test_aliases),	    cmocka_unit_test(test_derived_name),
		cmocka_unit_test(test_read),	    cmocka_unit_test(test_documented_example),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
