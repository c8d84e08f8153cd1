/* SPDX-License-Identifier: BSD-2-Clause */
/* What a wrong spec is told: code, words and place of every mistake. */
#include "spec_helpers.h"

#define V "askance: 1\n"

static void test_yaml(void **state)
{
	(void)state;
	assert_mistakes("", "1:1-1 empty-spec: the spec is empty\n");
	assert_mistakes("# only a comment\n", "1:1-1 empty-spec: the spec is empty\n");
	assert_mistakes("- a\n", "1:1-2 wrong-type: the spec must be a mapping, this is a list\n");
	assert_mistakes("text", "1:1-5 wrong-type: the spec must be a mapping, this is a text\n");
	assert_mistakes(V "name: a: b\n",
			"2:8-9 syntax: not YAML: mapping values are not allowed in this context\n");
	assert_mistakes(V "functions: [\n",
			"3:1-1 syntax: not YAML: did not find expected node content\n");
	assert_mistakes(V "\tname: x\n",
			"2:1-1 syntax: not YAML: found a tab character that violates indentation\n");
	assert_mistakes(V "---\n" V,
			"2:1-4 multiple-documents: a second document: a spec is one\n");
	assert_mistakes(V "name: a\nname: b\n\"name\": c\n",
			"3:1-5 duplicate-key: key `name` is there twice\n"
			"4:2-6 duplicate-key: key `name` is there twice\n");
	assert_mistakes(V "[a]: b\n",
			"2:1-4 wrong-type: a key must be a text, this is a list\n");
	assert_mistakes(V "name: !!str x\n",
			"2:7-14 unsupported-tag: tag `tag:yaml.org,2002:str`: a spec has no tags\n");
}

static void test_encoding(void **state)
{
	struct parsed p;

	(void)state;
	assert_mistakes(V "name: \xc3\xa9\xff\n", "2:9-9 encoding: the spec is not UTF-8\n");
	assert_mistakes(V "name: \xed\xa0\x80\n", "2:7-7 encoding: the spec is not UTF-8\n");
	assert_mistakes(V "name: \x1b[1m\n",
			"2:7-7 encoding: character U+001B may not stand in a spec\n");
	assert_mistakes(V "name: \"a\\0b\"\n",
			"2:7-13 encoding: a NUL character in a text\n");
	parse_bytes(&p, V "name: a\0b\n", strlen(V) + 10);
	assert_string_equal(summary(&p),
			    "2:8-8 encoding: character U+0000 may not stand in a spec\n");
	parsed_free(&p);
	parse_bytes(&p, "\xff\xfe" "a\0", 4); /* UTF-16 */
	assert_string_equal(summary(&p), "1:1-1 encoding: the spec is not UTF-8\n");
	parsed_free(&p);
}

static void test_bombs(void **state)
{
	cleanup_strbuf struct strbuf buf = STRBUF_INIT;

	(void)state;
	strbuf_puts(&buf, V "name: ");
	strbuf_repeat(&buf, '[', 1000000);
	assert_mistakes(buf.data,
			"2:38-39 too-deep: lists and mappings are nested too deeply\n");

	/* each level is ten of the one before: 10^9 texts */
	strbuf_clear(&buf);
	strbuf_puts(&buf, V "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
	for (int i = 1; i < 9; i++)
		strbuf_printf(&buf, "a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, "
			      "*a%d]\n", i, i, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1,
			      i - 1, i - 1, i - 1);
	assert_mistakes(buf.data, "7:10-13 too-large: the spec has too many nodes\n");

	/* depth by aliases, each level one line further in */
	strbuf_clear(&buf);
	strbuf_puts(&buf, V "a0: &a0 [x]\n");
	for (int i = 1; i < 40; i++)
		strbuf_printf(&buf, "a%d: &a%d [*a%d]\n", i, i, i - 1);
	assert_mistakes(buf.data,
			"33:12-16 too-deep: lists and mappings are nested too deeply\n");

	strbuf_clear(&buf);
	strbuf_puts(&buf, V "name:\n");
	for (int i = 0; i < 200001; i++)
		strbuf_puts(&buf, "- x\n");
	assert_mistakes(buf.data, "199998:3-4 too-large: the spec has too many nodes\n");
}

static void test_aliases(void **state)
{
	(void)state;
	assert_mistakes(V "functions:\n- name: *foo\n",
			"3:9-13 bad-alias: no anchor `&foo` before this alias\n");
	assert_mistakes(V "functions: &f\n- name: *f\n",
			"3:9-11 bad-alias: alias `*f` stands inside the node that it names\n");
	/* one mistake, reached twice, is told once */
	assert_mistakes(V "functions:\n- {name: m.f, capture: &c [a..b]}\n"
			  "- {name: m.g, capture: *c}\n",
			"3:30-31 bad-path: bad path `a..b`: the name of a field is missing here\n");
	/* a variable like &x is an anchor when it is not quoted */
	assert_mistakes(V "functions:\n- name: m.f\n  capture:\n  - &x\n",
			"5:5-7 wrong-type: a path must be a text, this is nothing\n");
}

static void test_keys(void **state)
{
	struct parsed p;
	static const char text[] = V "nmae: x\nfunctions:\n- {name: m.f, tabel: t, xyz: 1}\n";

	(void)state;
	assert_mistakes("name: x\n", "1:1-5 missing-key: missing key `askance` in the spec\n");
	assert_mistakes("askance: 2\n",
			"1:10-11 unsupported-version: version `2` of the spec language is not "
			"known: this askc reads version 1\n");
	assert_mistakes("askance:\n", "1:1-8 empty-value: `askance` has no value\n");
	assert_mistakes(V "globals: []\nmodules: [grpc]\nprocess_name: {}\n",
			"2:1-8 unsupported-key: `globals` is not supported by this version\n"
			"3:1-8 unsupported-key: `modules` is not supported by this version\n"
			"4:1-13 unsupported-key: `process_name` is not supported by this version\n");
	parse_bytes(&p, text, strlen(text));
	assert_string_equal(printed(&p, diagnostics_print_human),
			    "dir/t.ask.yaml:2:1: error: unknown key `nmae` in the spec\n"
			    "nmae: x\n"
			    "^~~~\n"
			    "note: did you mean `name`?\n"
			    "dir/t.ask.yaml:4:15: error: unknown key `tabel` in a function\n"
			    "- {name: m.f, tabel: t, xyz: 1}\n"
			    "              ^~~~~\n"
			    "note: did you mean `table`?\n"
			    "dir/t.ask.yaml:4:25: error: unknown key `xyz` in a function\n"
			    "- {name: m.f, tabel: t, xyz: 1}\n"
			    "                        ^~~\n"
			    "note: the keys are `name`, `table`, `capture`, `columns`\n");
	parsed_free(&p);
}

static void test_missing(void **state)
{
	(void)state;
	assert_mistakes(V "functions:\n- capture: [a]\n",
			"3:3-10 missing-key: missing key `name` in a function\n");
	/* misspelt is not missing as well */
	assert_mistakes(V "functions:\n- nam: m.f\n",
			"3:3-6 unknown-key: unknown key `nam` in a function\n");
	assert_mistakes(V "functions:\n- name: m.f\n  capture: [{as: x}]\n"
			  "  columns: [{name: n}, {expr: e}]\n",
			"4:13-20 missing-key: missing key `expr` in a capture\n"
			"5:13-22 missing-key: missing key `expr` in a column\n"
			"5:24-33 missing-key: missing key `name` in a column\n");
	assert_mistakes(V "tables:\n- {name: t}\n- {sql: SELECT 1}\nlinks:\n- {from: {table: t}}\n",
			"3:3-12 missing-key: missing key `sql` in a table\n"
			"4:3-18 missing-key: missing key `name` in a table\n"
			"6:3-21 missing-key: missing key `to` in a link\n"
			"6:10-20 missing-key: missing key `columns` in an end of a link\n");
}

static void test_types(void **state)
{
	(void)state;
	assert_mistakes(V "functions: x\ntables: {a: b}\nlinks: 1\nlimits: []\nmatch: x\n"
			  "name: [a]\n",
			"2:12-13 wrong-type: `functions` must be a list, this is a text\n"
			"3:9-15 wrong-type: `tables` must be a list, this is a mapping\n"
			"4:8-9 wrong-type: `links` must be a list, this is a text\n"
			"5:9-11 wrong-type: `limits` must be a mapping, this is a list\n"
			"6:8-9 wrong-type: `match` must be a mapping, this is a text\n"
			"7:7-10 wrong-type: `name` must be a text, this is a list\n");
	assert_mistakes(V "functions:\n- m.f\n-\n- name: m.g\n  capture: x\n- name: m.h\n"
			  "  capture: [[a], ~]\n"
			  "  columns: [x]\n",
			"3:3-6 wrong-type: a function must be a mapping, this is a text\n"
			"4:2-2 wrong-type: a function must be a mapping, this is nothing\n"
			"6:12-13 wrong-type: `capture` must be a list, this is a text\n"
			"8:13-16 wrong-type: a capture must be a path or a mapping, this is a list\n"
			"8:18-19 wrong-type: a path must be a text, this is nothing\n"
			"9:13-14 wrong-type: a column must be a mapping, this is a text\n");
	assert_mistakes(V "functions:\n- name: m.f\n  capture:\n  - {expr: a, redact: yes}\n"
			  "  - {expr: b, redact: \"true\"}\n"
			  "  - {expr: []}\n  - {expr: [[a]]}\n  - {expr: {a: b}}\n"
			"  - {expr: c, as: ''}\n",
			"5:23-26 wrong-type: `redact` must be true or false, this is a text\n"
			"6:24-28 wrong-type: `redact` must be true or false, this is a text\n"
			"7:12-14 empty-value: `expr` has no path\n"
			"8:13-16 wrong-type: a path must be a text, this is a list\n"
			"9:12-18 wrong-type: a path must be a text, this is a mapping\n"
			"10:20-20 empty-value: `as` must not be empty\n");
	assert_mistakes(V "functions:\n- name: m.f\n  columns:\n"
			  "  - {name: c, expr: e, type: text}\n"
			"  - {name: d, expr: ' ', type: BLOB}\n"
			  "  - {name: e, expr: , type: JSON}\n",
			"5:30-34 unknown-column-type: unknown column type `text`\n"
			"6:22-23 empty-value: `expr` must not be empty\n"
			"6:32-36 unknown-column-type: unknown column type `BLOB`\n"
			"7:15-19 empty-value: `expr` has no value\n");
}

static void test_names(void **state)
{
	(void)state;
	assert_mistakes(V "name: a/b\n",
			"2:7-10 bad-name: `a/b` cannot be the name of a file: letters, digits, `_`, `-` "
			"and `.`, beginning with one of the first three\n");
	assert_mistakes(V "name: ../x\n",
			"2:7-11 bad-name: `../x` cannot be the name of a file: letters, digits, `_`, "
			"`-` and `.`, beginning with one of the first three\n");
	assert_mistakes(V "functions:\n- {name: m.f, table: ' t'}\n- {name: m.g, table: \"a\\n"
			  "b\"}\n- {name: ''}\n",
			"3:23-25 bad-name: a name must not begin or end with a blank\n"
			"4:22-28 bad-name: a name must not have control characters\n"
			"5:11-11 empty-value: `name` must not be empty\n");
	assert_mistakes(V "functions:\n- name: main.*\n- name: \"[...]\"\n- name: 'm.F[...]'\n"
			  "- {name: '*', table: all}\n",
			"3:9-15 table-required: no table name can be made of `main.*`: give one with "
			"`table:`\n"
			"4:10-15 table-required: no table name can be made of `[...]`: give one with "
			"`table:`\n");
}

static void test_limits(void **state)
{
	(void)state;
	assert_mistakes(V "limits: {depth: 65, string: 0, slice: 513KiB, map: 1GiB, bytes: 17GiB}\n",
			"2:17-19 out-of-range: 65 is out of range: from 0 to 64\n"
			"2:29-30 out-of-range: 0 is out of range: from 1 to 524288\n"
			"2:39-45 out-of-range: 513KiB is out of range: from 1 to 524288\n"
			"2:52-56 out-of-range: 1GiB is out of range: from 1 to 524288\n"
			"2:65-70 out-of-range: 17GiB is out of range: from 1 to 17179869184\n");
	assert_mistakes(V "limits: {depth: 0, string: 512KiB, slice: 1, map: 524288, bytes: 16GiB,\n"
			  "  frames: {leaf: 4096, root: 0}}\n", "");
	assert_mistakes(V "limits: {depth: 1KiB, string: 1KB, slice: -1, map: 1.5KiB, bytes: 0x10}\n",
			"2:17-21 bad-number: `1KiB` is not a whole number\n"
			"2:31-34 bad-number: `1KB` is not a size: a whole number, plain or with KiB, "
			"MiB or GiB\n"
			"2:43-45 bad-number: `-1` is not a size: a whole number, plain or with KiB, MiB "
			"or GiB\n"
			"2:52-58 bad-number: `1.5KiB` is not a size: a whole number, plain or with KiB, "
			"MiB or GiB\n"
			"2:67-71 bad-number: `0x10` is not a size: a whole number, plain or with KiB, "
			"MiB or GiB\n");
	/* 2^64, and what wraps when it is multiplied */
	assert_mistakes(V "limits: {bytes: 18446744073709551616, string: 17179869184GiB, map: 010}\n",
			"2:17-37 out-of-range: 18446744073709551616 is out of range: from 1 to "
			"17179869184\n"
			"2:47-61 out-of-range: 17179869184GiB is out of range: from 1 to 524288\n"
			"2:68-71 bad-number: `010` is not a size: a whole number, plain or with KiB, "
			"MiB or GiB\n");
	assert_mistakes(V "limits: {frames: {leaf: 4090}}\n",
			"2:18-30 out-of-range: leaf 4090 and root 64 are more than 4096 frames "
			"together\n");
	assert_mistakes(V "limits: {frames: 5, slice: [1], bytes: }\n",
			"2:18-19 wrong-type: `frames` must be a mapping, this is a text\n"
			"2:28-31 wrong-type: a limit must be a text, this is a list\n"
			"2:33-38 empty-value: `bytes` has no value\n");
	assert_mistakes(V "functions:\n- name: m.f\n"
			  "  capture: [{expr: a, limits: {depth: 99, bytes: 1, frames: {}}}]\n",
			"4:39-41 out-of-range: 99 is out of range: from 0 to 64\n"
			"4:43-48 unsupported-key: `bytes` holds for the whole spec: it cannot be set "
			"for a capture's `limits`\n"
			"4:53-59 unsupported-key: `frames` holds for the whole spec: it cannot be set "
			"for a capture's `limits`\n");
}

static void test_regexes(void **state)
{
	cleanup_strbuf struct strbuf buf = STRBUF_INIT;

	(void)state;
	assert_mistakes(V "match: {executable_name: 'a(b', hostname: '[z-a]', pid: ''}\n",
			"2:27-30 bad-regex: bad regex `a(b`: Unmatched ( or \\(\n"
			"2:44-49 bad-regex: bad regex `[z-a]`: Invalid range end\n"
			"2:58-58 empty-value: `pid` must not be empty\n");
	assert_mistakes(V "match: {host: x}\n",
			"2:9-13 unknown-key: unknown key `host` in `match`\n");
	/* what would take all memory, or all time, never reaches regcomp() */
	assert_mistakes(V "match: {command_line: '((((a{1,255}){1,255}){1,255}){1,255})'}\n",
			"2:24-61 bad-regex: bad regex `((((a{1,255}){1,255}){1,255}){1,255})`: it "
			"repeats too much\n");
	assert_mistakes(V "match: {command_line: '(a|b)\\1'}\n",
			"2:24-31 bad-regex: bad regex `(a|b)\\1`: back-references are not "
			"supported\n");
	assert_mistakes(V "match: {command_line: '((a*)*){999}'}\n",
			"2:24-36 bad-regex: bad regex `((a*)*){999}`: it repeats too much\n");
	assert_mistakes(V "match: {command_line: '[[:digit:]]{1024}'}\n", "");
	strbuf_puts(&buf, V "match: {command_line: '");
	strbuf_repeat(&buf, '(', 60);
	strbuf_putc(&buf, 'a');
	for (int i = 0; i < 60; i++)
		strbuf_puts(&buf, ")+");
	strbuf_puts(&buf, "'}\n");
	assert_mistakes(buf.data,
			"2:24-205 bad-regex: bad regex `((((((((((((((((((((((((((((((((((((((((((("
			"(((((((((((((((((a)+)+)+)+)+)+)+)+...`: it repeats too much\n");
	assert_mistakes(V "match: {command_line: '^([a-z]{1,20}[[:digit:]]]+|[^]{9}]*){2,9}[{9999}]$',\n"
			  "  environment: '\\(\\{\\.'}\n", "");
}

static void test_paths(void **state)
{
	(void)state;
	assert_mistakes(V "functions:\n- name: m.f\n  capture:\n"
			  "  - 1a\n"
			  "  - a.\n"
			  "  - \"a[b]\"\n"
			  "  - \"a[1\"\n"
			  "  - a b\n"
			  "  - a.(x\n"
			  "  - a.()\n"
			  "  - a@x\n"
			  "  - a@0\n"
			  "  - a[99999999999]\n"
			  "  - '~'\n"
			  "  - a.b@3\n"
			  "  - 'a.\xc3\xa9-\xc3\xa9'\n"
			  "  - \"a\\n.-\"\n",
			"5:5-6 bad-path: bad path `1a`: the name of a variable is missing here\n"
			"6:7-7 bad-path: bad path `a.`: the name of a field is missing here\n"
			"7:8-9 bad-path: bad path `a[b]`: a number is missing here\n"
			"8:9-9 bad-path: bad path `a[1`: `]` is missing here\n"
			"9:6-7 bad-path: bad path `a b`: a step is `.field`, `[number]` or `.(type)`\n"
			"10:7-8 bad-path: bad path `a.(x`: this parenthesis is not closed\n"
			"11:8-9 bad-path: bad path `a.()`: the name of a type is missing here\n"
			"12:7-8 bad-path: bad path `a@x`: a number is missing here\n"
			"13:7-8 bad-path: bad path `a@0`: lines are counted from 1\n"
			"14:7-8 bad-path: bad path `a[99999999999]`: this number is too large\n"
			"15:7-7 bad-path: bad path `~`: the name of a variable is missing here\n"
			"16:8-9 bad-path: bad path `a.b@3`: a step is `.field`, `[number]` or "
			"`.(type)`\n"
			"17:10-11 bad-path: bad path `a.\xc3\xa9-\xc3\xa9`: a step is `.field`, "
			"`[number]` or `.(type)`\n"
			"18:5-12 bad-path: bad path `a\n.-`: a step is `.field`, `[number]` or "
			"`.(type)`\n");
}

static void test_long_path(void **state)
{
	cleanup_strbuf struct strbuf buf = STRBUF_INIT;

	(void)state;
	strbuf_puts(&buf, V "functions:\n- name: m.f\n  capture:\n  - a");
	for (int i = 0; i < 65; i++)
		strbuf_puts(&buf, ".b");
	assert_mistakes(buf.data,
			"5:134-135 bad-path: bad path `a.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b"
			".b.b.b.b.b.b.b.b.b.b.b.b.b.b.b...`: it has more than 64 steps\n");
}

static void test_table_clashes(void **state)
{
	struct parsed p;
	static const char text[] = V "functions:\n- name: a.F\n- name: b.f\n";

	(void)state;
	parse_bytes(&p, text, strlen(text));
	assert_string_equal(printed(&p, diagnostics_print_human),
			    "dir/t.ask.yaml:4:9: error: table `f` is there twice\n"
			    "- name: b.f\n"
			    "        ^~~\n"
			    "note: the first is that of function `a.F` on line 3\n"
			    "note: give it another name with `table:`\n");
	parsed_free(&p);
	assert_mistakes(V "functions:\n- name: a.f\n- {name: b.f, table: g}\n"
			  "- {name: b.h, table: G}\ntables:\n"
			  "- {name: F, sql: S}\n- {name: Links, sql: S}\n"
			"- {name: SQLite_x, sql: S}\n- {name: d, sql: S}\n- {name: D, sql: S}\n",
			"5:22-23 duplicate-table: table `G` is there twice\n"
			"7:10-11 duplicate-table: table `F` is there twice\n"
			"8:10-15 reserved-table: table `Links` is a built-in one\n"
			"9:10-18 reserved-table: table `SQLite_x` is a built-in one: names with "
			"`sqlite_` are SQLite's\n"
			"11:10-11 duplicate-table: table `D` is there twice\n");
}

static void test_every_builtin_table(void **state)
{
	static const char *const names[] = {
		"processes", "goroutines", "stacks", "frames", "globals", "all_captured_data",
		"links", "link_edges", "snapshot_statistics", "_columns", "_problems",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char text[128], expected[128];

		snprintf(text, sizeof(text), V "functions:\n- name: m.%s\n", names[i]);
		snprintf(expected, sizeof(expected),
			 "3:9-%zu reserved-table: table `%s` is a built-in one\n",
			 11 + strlen(names[i]), names[i]);
		/* a default name leaves out no underscore of the author's */
		assert_mistakes(text, expected);
	}
}

static void test_column_clashes(void **state)
{
	(void)state;
	assert_mistakes(V "functions:\n- name: m.f\n  capture:\n  - a.b\n  - a_B\n  - raw_a_b\n"
			  "  - {expr: c, as: frame_idx}\n"
			  "  - process_id\n  - {expr: d, as: status_d}\n  - d\n  columns:\n"
			"  - {name: STATUS_A_B, expr: x}\n"
			  "  - {name: n, expr: x}\n  - {name: N, expr: x}\n"
			"  - {name: rowid, expr: x}\n"
			  "- {name: m.g, capture: [a.b, x]}\n",
			"6:5-8 duplicate-column: column `a_B` is there twice in `f`\n"
			"7:5-12 duplicate-column: column `raw_a_b` is there twice in `f`\n"
			"8:19-28 duplicate-column: column `frame_idx` is there twice in `f`\n"
			"9:5-15 duplicate-column: column `process_id` is there twice in `f`\n"
			"11:5-6 duplicate-column: column `status_d` is there twice in `f`\n"
			"13:12-22 duplicate-column: column `STATUS_A_B` is there twice in `f`\n"
			"15:12-13 duplicate-column: column `N` is there twice in `f`\n"
			"16:12-17 duplicate-column: column `rowid` is there twice in `f`\n");
}

static void test_links(void **state)
{
	struct parsed p;
	static const char text[] =
		V "functions:\n- name: m.(*server).GetInfo\n  capture: [cs]\n"
		"tables: [{name: d, sql: S}]\nlinks:\n"
		  "- {from: {table: server_getinfo, columns: [raw_cs]}, to: {table: d, columns: [any]}}\n"
		  "- {from: {table: servr_GetInfo, columns: [x]}, to: {table: goroutines, columns: [a, b]}}\n"
		  "- {from: {table: server_GetInfo, columns: [statuscs, 1]}, to: {table: nowhere, columns: [y]}}\n";

	(void)state;
	parse_bytes(&p, text, strlen(text));
	assert_string_equal(summary(&p),
			    "8:18-31 unknown-table: no table `servr_GetInfo`\n"
			    "8:85-86 link-columns: `from` has 1 columns and `to` has 2: they are "
			    "compared pair by pair\n"
			    "9:44-52 unknown-column: table `server_GetInfo` has no column `statuscs`\n"
			    "9:54-55 unknown-column: table `server_GetInfo` has no column `1`\n"
			    "9:54-55 link-columns: `from` has 2 columns and `to` has 1: they are "
			    "compared pair by pair\n"
			    "9:71-78 unknown-table: no table `nowhere`\n");
	assert_non_null(strstr(printed(&p, diagnostics_print_human),
			       "did you mean `server_GetInfo`?\n"));
	assert_non_null(strstr(printed(&p, diagnostics_print_human),
			       "did you mean `status_cs`?\n"));
	parsed_free(&p);
	assert_mistakes(V "links:\n"
			  "- {from: {table: frames, columns: []}, to: {table: stacks, columns: [[a], b]}}\n- x\n",
			"3:35-37 empty-value: `columns` has no column\n"
			"3:70-73 wrong-type: a column must be a text, this is a list\n"
			"4:3-4 wrong-type: a link must be a mapping, this is a text\n");
}

/* A table or column that is missing because it was wrong itself is not complained about again. */
static void test_no_consequences(void **state)
{
	(void)state;
	assert_mistakes(V "functions:\n- {nmae: m.f}\n- {name: m.g, capture: [a..b]}\nlinks:\n"
			  "- {from: {table: f, columns: [a]}, to: {table: g, columns: [a_b]}}\n",
			"3:4-8 unknown-key: unknown key `nmae` in a function\n"
			"4:27-28 bad-path: bad path `a..b`: the name of a field is missing here\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_yaml),	      cmocka_unit_test(test_encoding),
		cmocka_unit_test(test_bombs),	      cmocka_unit_test(test_aliases),
		cmocka_unit_test(test_keys),	      cmocka_unit_test(test_missing),
		cmocka_unit_test(test_types),	      cmocka_unit_test(test_names),
		cmocka_unit_test(test_limits),	      cmocka_unit_test(test_regexes),
		cmocka_unit_test(test_paths),	      cmocka_unit_test(test_long_path),
		cmocka_unit_test(test_table_clashes), cmocka_unit_test(test_every_builtin_table),
		cmocka_unit_test(test_column_clashes), cmocka_unit_test(test_links),
		cmocka_unit_test(test_no_consequences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
