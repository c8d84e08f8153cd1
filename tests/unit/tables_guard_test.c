/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "schema_fixture.h"
#include "tables_int.h"

/* What tables_check() reported: "kind index: message" lines. */
static void collect(void *data, enum tables_item item, uint32_t index, const char *message,
		    const struct tables_missing *missing)
{
	static const char *const kinds[] = {"function", "column", "table", "link"};

	(void)missing;
	strbuf_printf(data, "%s %u: %s\n", kinds[item], index, message);
}

/* What is missing, and whether these names are among those offered: "x: +addr -id". */
static void collect_missing(void *data, enum tables_item item, uint32_t index, const char *message,
			    const struct tables_missing *missing)
{
	static const char *const probes[] = {"cs_addr", "raw_n", "wait_reason", "server_GetInfo",
					     "both", "goroutines", "json_extract"};

	(void)item;
	(void)index;
	(void)message;
	strbuf_printf(data, "%s:", missing ? missing->name : "nothing");
	for (size_t p = 0; missing && p < ARRAY_SIZE(probes); p++)
		for (size_t i = 0; i < missing->count; i++)
			if (strcmp(missing->names[i], probes[p]) == 0)
				strbuf_printf(data, " %s", probes[p]);
	strbuf_puts(data, "\n");
}

static void expect(const struct schema *schema, const char *want)
{
	cleanup_strbuf struct strbuf got = STRBUF_INIT;
	struct error *error = tables_check(schema, collect, &got);

	if (error)
		fail_msg("%s", error->message);
	assert_string_equal(got.data, want);
}

static void test_good(void **state)
{
	static struct fixture f;

	(void)state;
	fixture_init(&f);
	expect(&f.schema, "");
	fixture_deinit(&f);
}

/* All mistakes in one run, the good parts notwithstanding. */
static void test_every_mistake(void **state)
{
	static struct fixture f;

	(void)state;
	fixture_init(&f);
	f.columns[0].expr = S(&f, "cs_adr + 1");
	f.columns[1].expr = S(&f, "n ->> '$.began");
	f.tables[0].sql = S(&f, "SELECT x FROM server_GetInfo");
	f.links[0].to_table = S(&f, "wrok");
	expect(&f.schema, "column 0: column addr: no such column: cs_adr\n"
			  "column 1: column began: a string, name or comment does not end\n"
			  "table 0: table both: no such column: x\n"
			  "table 1: table counted: no such table: both\n"
			  "link 0: link from server_GetInfo to wrok: no such table: wrok\n");
	fixture_deinit(&f);
}

/* A mistake about a name comes with the names that exist. */
static void test_missing_names(void **state)
{
	cleanup_strbuf struct strbuf got = STRBUF_INIT;
	static struct fixture f;

	(void)state;
	fixture_init(&f);
	f.columns[0].expr = S(&f, "raw_m + 1");
	f.columns[1].expr = S(&f, "jsonextract(n)");
	f.tables[0].sql = S(&f, "SELECT g.raw_m FROM server_GetInfo g");
	f.tables[1].sql = S(&f, "SELECT * FROM main.bth");
	f.links[0].to_table = S(&f, "wrok");
	assert_null(tables_check(&f.schema, collect_missing, &got));
	assert_string_equal(got.data, "raw_m: raw_n\n"
				      "jsonextract: json_extract\n"
				      "raw_m: raw_n wait_reason goroutines\n"
				      "bth: server_GetInfo goroutines\n"
				      "wrok: server_GetInfo goroutines\n");
	strbuf_clear(&got);
	f.columns[0].expr = S(&f, "1 +");
	f.schema.columns_count = f.functions[0].columns = 1;
	f.schema.tables_count = f.schema.links_count = 0;
	assert_null(tables_check(&f.schema, collect_missing, &got));
	assert_string_equal(got.data, "nothing:\n");
	fixture_deinit(&f);
}

static void test_names(void **state)
{
	static struct fixture f;

	(void)state;
	fixture_init(&f);
	f.functions[1].table = S(&f, "SERVER_GetInfo");
	f.schema.tables_count = f.schema.links_count = 0;
	expect(&f.schema, "function 1: two functions have a table SERVER_GetInfo\n");
	f.functions[1].table = S(&f, "Goroutines");
	expect(&f.schema, "function 1: table Goroutines: the name of a built-in table\n");
	f.functions[1].table = S(&f, "sqlite_x");
	expect(&f.schema, "function 1: table sqlite_x: the name of a built-in table\n");
	f.functions[1].table = S(&f, "");
	expect(&f.schema, "function 1: table : no name\n");
	f.functions[1].table = S(&f, "work");
	f.captures[1].column = S(&f, "N");
	expect(&f.schema, "function 0: table server_GetInfo: two columns N\n"
			  "column 0: column addr: no such table: server_GetInfo\n"
			  "column 1: column began: no such table: server_GetInfo\n");
	f.captures[1].column = S(&f, "Process_ID");
	f.schema.columns_count = 0;
	f.functions[0].columns = 0;
	expect(&f.schema, "function 0: table server_GetInfo: two columns Process_ID\n");
	f.captures[1].column = S(&f, "oid");
	expect(&f.schema, "");
	f.schema.tables_count = 1;
	f.tables[0].sql = S(&f, "SELECT 1");
	f.tables[0].name = S(&f, "_Columns");
	expect(&f.schema, "table 0: table _Columns: the name of a built-in table\n");
	f.tables[0].name = S(&f, "WORK");
	expect(&f.schema, "table 0: table WORK: another table has this name\n");
	f.tables[0].name = S(&f, "a \"quoted\" name; --");
	expect(&f.schema, "");
	f.schema.tables_count = 2;
	f.tables[1] = f.tables[0];
	expect(&f.schema, "table 1: table a \"quoted\" name; --: another table has this name\n");
	fixture_deinit(&f);
}

static void test_links(void **state)
{
	static struct fixture f;

	(void)state;
	fixture_init(&f);
	f.link_pairs[0].from_column = S(&f, "a");
	f.link_pairs[1].from_column = S(&f, "b");
	expect(&f.schema, "link 0: link from server_GetInfo to work:"
			  " table server_GetInfo has no column a, b\n");
	/* names compare without case; links of built-in tables and of all_captured_data work too */
	f.link_pairs[0] = (struct schema_link_pair){S(&f, "PROCESS_id"), S(&f, "process_ID")};
	f.links[0] =
		(struct schema_link){S(&f, "Goroutines"), S(&f, "All_Captured_Data"), 0, 1, 0, 0};
	expect(&f.schema, "");
	fixture_deinit(&f);
}

/* Each text as a derived table, view and materialised, and as an extra column. */
struct attack {
	const char *sql;
	const char *as_table, *as_column; /* part of the message, NULL: allowed */
};

static const struct attack attacks[] = {
	{"SELECT 1", NULL, NULL},
	{"SELECT 1;", NULL, "a semicolon"},
	{"SELECT 1; ; -- the end\n /* really */", NULL, "a semicolon"},
	{"SELECT 1 -- a comment", NULL, NULL},
	{"SELECT 1 /* not closed", NULL, "does not end"},
	{"SELECT 1; SELECT 2", "more than one statement", "a semicolon"},
	{"SELECT 1; DROP TABLE work", "more than one statement", "a semicolon"},
	{"SELECT 1; garbage", "more than one statement", "a semicolon"},
	{"", "no SQL", "syntax error"},
	{"-- nothing", "no SQL", "syntax error"},
	{"SELECT", "incomplete input", "syntax error"},
	{"ATTACH 'x.db' AS x", "only SELECT on this", "column addr: "},
	{"PRAGMA writable_schema = 1", "only SELECT on this", "column addr: "},
	{"PRAGMA table_info(work)", "only SELECT on this", "column addr: "},
	{"SELECT * FROM pragma_database_list", "only SELECT on this", "only SELECT on this"},
	{"SELECT file FROM pragma_database_list", "only SELECT on this", "only SELECT on this"},
	{"INSERT INTO work (process_id) VALUES (1)", "only SELECT on this", "column addr: "},
	{"INSERT INTO work (process_id) VALUES (1) RETURNING 1", "only SELECT on this", "column addr: "},
	{"UPDATE work SET n = 1", "only SELECT on this", "column addr: "},
	{"WITH x AS (SELECT 1) DELETE FROM work", "only SELECT on this", "column addr: "},
	{"DELETE FROM work RETURNING 1", "only SELECT on this", "column addr: "},
	{"DROP TABLE work", "only SELECT on this", "column addr: "},
	{"CREATE TABLE x (a)", "only SELECT on this", "column addr: "},
	{"CREATE TEMP TABLE x (a)", "only SELECT on this", "column addr: "},
	{"CREATE TEMP TRIGGER x AFTER INSERT ON work BEGIN SELECT 1; END", "only SELECT on this",
	 "a semicolon"},
	{"CREATE VIRTUAL TABLE x USING fts5(a)", "only SELECT on this", "column addr: "},
	{"ALTER TABLE work RENAME TO x", "only SELECT on this", "column addr: "},
	{"BEGIN", "only SELECT on this", "column addr: "},
	{"COMMIT", "only SELECT on this", "column addr: "},
	{"SAVEPOINT x", "only SELECT on this", "column addr: "},
	{"REINDEX", "only SELECT on this", "column addr: "},
	{"ANALYZE", "only SELECT on this", "column addr: "},
	{"VACUUM INTO '/tmp/askance-tables-test'", "not", "syntax error"},
	{"DETACH main", "only SELECT on this", "column addr: "},
	{"EXPLAIN SELECT 1", "not a SELECT", "syntax error"},
	{"EXPLAIN QUERY PLAN SELECT 1", "not a SELECT", "syntax error"},
	{"SELECT load_extension('x')", "not authorized to use function", "not authorized to use function"},
	{"SELECT LOAD_Extension('x', 'y')", "not authorized to use function", "not authorized to use function"},
	{"SELECT fts3_tokenizer('x')", "not authorized to use function", "not authorized to use function"},
	{"SELECT readfile('/etc/passwd')", "no such function", "no such function"},
	{"SELECT writefile('x', 'y')", "no such function", "no such function"},
	{"SELECT edit('x')", "no such function", "no such function"},
	{"SELECT * FROM fsdir('/')", "no such table", "no such table"},
	{"SELECT ?", "parameter", "parameter"},
	{"SELECT :a", "parameter", "parameter"},
	{"SELECT @a", "parameter", "parameter"},
	{"SELECT $a", "parameter", "parameter"},
	{"SELECT ?1", "parameter", "parameter"},
	{"SELECT \"not a column\"", "no such column", "no such column"},
	{"WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c",
	 "too many steps", NULL},
	{"WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 9)"
	 " SELECT max(x) FROM c",
	 NULL, NULL},
	{"SELECT value FROM json_each('[1,2]')", NULL, NULL},
	{"SELECT key FROM server_GetInfo, json_tree(n)", NULL, NULL},
	{"SELECT * FROM dbstat", "dbstat", "dbstat"},
	{"VALUES (1), (2)", NULL, NULL},
	{"SELECT name FROM sqlite_schema LIMIT 1", NULL, NULL},
	{"SELECT zeroblob(1 << 30)", "too big", NULL},
	{"SELECT 1) FROM work; DROP TABLE work; --", "syntax error", "parenthesis too many"},
	{"SELECT 1) --", "syntax error", "parenthesis too many"},
	{"SELECT (1", "incomplete input", "parenthesis is missing"},
};

static void test_attack_as_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(attacks) * 2; i++) {
		const struct attack *attack = &attacks[i / 2];
		cleanup_strbuf struct strbuf got = STRBUF_INIT;
		static struct fixture f;
		struct error *error;

		fixture_init(&f);
		f.tables[0].sql = S(&f, attack->sql);
		f.tables[0].materialize = i % 2;
		f.schema.tables_count = 1;
		error = tables_check(&f.schema, collect, &got);
		if (error)
			fail_msg("%s: %s", attack->sql, error->message);
		if (attack->as_table ? !strstr(got.data, attack->as_table) : got.length)
			fail_msg("%s: %s", attack->sql, got.data);
		fixture_deinit(&f);
	}
	assert_int_equal(access("/tmp/askance-tables-test", F_OK), -1);
}

static void test_attack_as_column(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(attacks); i++) {
		const struct attack *attack = &attacks[i];
		cleanup_strbuf struct strbuf got = STRBUF_INIT;
		static struct fixture f;
		struct error *error;

		fixture_init(&f);
		f.columns[0].expr = S(&f, attack->sql);
		f.schema.columns_count = f.functions[0].columns = 1;
		f.schema.tables_count = f.schema.links_count = 0;
		error = tables_check(&f.schema, collect, &got);
		if (error)
			fail_msg("%s: %s", attack->sql, error->message);
		if (attack->as_column ? !strstr(got.data, attack->as_column) : got.length)
			fail_msg("%s: %s", attack->sql, got.data);
		fixture_deinit(&f);
	}
}

/* What only an expression can try. */
static void test_expressions(void **state)
{
	static const struct {
		const char *sql, *want; /* NULL: allowed */
	} cases[] = {
		{"n ->> '$.a'", NULL},
		{"n || ';?:@$' || ')('", NULL},
		{"\"n\" || [raw_n] || `status_n`", NULL},
		{"'it''s' -- )\n || 'x' /* ) */", NULL},
		{"count(*)", "misuse of aggregate"},
		{"max(n_id)", "misuse of aggregate"},
		{"row_number() OVER ()", "misuse of window function"},
		{"1, 2", "row value misused"},
		{"1, raw_n = 2", "row value misused"},
		{"1) AS x, (2", "parenthesis too many"},
		{"1 AS x", "syntax error"},
		{"1 FROM work", "syntax error"},
		{"'a", "does not end"},
		{"\"a", "does not end"},
		{"[a", "does not end"},
		{"`a", "does not end"},
		{"1 /*", "does not end"},
		{"1 /* ' */ + '", "does not end"},
		{"*", "syntax error"},
		{"v", "no such column: v"},
		{"RAISE(ABORT, 'x')", "RAISE"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases) * 2; i++) {
		cleanup_strbuf struct strbuf got = STRBUF_INIT;
		static struct fixture f;
		struct error *error;

		fixture_init(&f);
		f.columns[0].expr = S(&f, cases[i / 2].sql);
		f.columns[0].type = i % 2 ? SCHEMA_COLUMN_JSON : SCHEMA_COLUMN_TEXT;
		f.schema.columns_count = f.functions[0].columns = 1;
		f.schema.tables_count = f.schema.links_count = 0;
		error = tables_check(&f.schema, collect, &got);
		if (error)
			fail_msg("%s: %s", cases[i / 2].sql, error->message);
		if (cases[i / 2].want ? !strstr(got.data, cases[i / 2].want) : got.length)
			fail_msg("%s: \"%s\"", cases[i / 2].sql, got.data);
		fixture_deinit(&f);
	}
}

static int run(sqlite3 *db, const char *sql)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

/* tables_untrusted() by itself, on and off; our own statements go on afterwards. */
static void test_untrusted(void **state)
{
	sqlite3_stmt *mine;
	sqlite3 *db;

	(void)state;
	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_int_equal(run(db, "CREATE TABLE t (a); CREATE VIEW v AS SELECT readfile(a) FROM t"),
			 SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "INSERT INTO t VALUES (1)", -1, &mine, NULL),
			 SQLITE_OK);
	tables_untrusted(db, true);
	assert_int_equal(run(db, "SELECT * FROM t"), SQLITE_OK);
	assert_int_equal(run(db, "INSERT INTO t VALUES (1)"), SQLITE_AUTH);
	assert_int_equal(run(db, "PRAGMA user_version = 1"), SQLITE_AUTH);
	assert_int_equal(run(db, "ATTACH ':memory:' AS x"), SQLITE_AUTH);
	assert_int_not_equal(run(db, "SELECT * FROM v"), SQLITE_OK);
	tables_untrusted(db, false);
	assert_int_equal(sqlite3_step(mine), SQLITE_DONE);
	sqlite3_finalize(mine);
	assert_int_equal(run(db, "ATTACH ':memory:' AS x"), SQLITE_OK);
	assert_int_equal(run(db, "SELECT zeroblob(20000000)"), SQLITE_OK);
	sqlite3_close(db);
}

static void spec_error(struct error *error, const char *message)
{
	if (!error || !strstr(error->message, message))
		fail_msg("expected \"%s\", got \"%s\"", message,
			 error ? error->message : "no error");
	assert_int_equal(error->code, ERROR_SPEC);
	error_free(error);
}

#define ENDLESS "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x FROM c) "

/* A transaction of ours outlives SQL that fails or is interrupted in it, and keeps no half of it.
 */
static void test_transaction(void **state)
{
	static struct fixture f;
	sqlite3 *db;

	(void)state;
	fixture_init(&f);
	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_null(tables_register_functions(db));
	assert_null(tables_create_builtin(db));
	assert_null(tables_create_function(db, &f.schema, 0));
	assert_int_equal(run(db, "BEGIN; INSERT INTO processes (process_id) VALUES (1)"),
			 SQLITE_OK);
	assert_int_equal(run(db, "INSERT INTO server_GetInfo (process_id, goroutine_id, frame_idx,"
				 " addr) VALUES (1, 1, 0, 'kept'), (1, 2, 0, 'kept')"),
			 SQLITE_OK);
	f.tables[0].materialize = 1;
	f.tables[0].sql = S(&f, ENDLESS "SELECT x FROM c");
	spec_error(tables_derived(db, &f.schema, 0, 10000), "too many steps");
	f.tables[0].sql = S(&f, "SELECT 1 AS x UNION ALL SELECT json_extract('{', '$')");
	spec_error(tables_derived(db, &f.schema, 0, 10000), "malformed JSON");
	f.tables[0].sql = S(&f, "SELECT 1 AS _rowid_");
	spec_error(tables_derived(db, &f.schema, 0, 10000), "must not be called _rowid_");
	f.columns[0].expr = S(&f, "CASE goroutine_id WHEN 1 THEN 'x' ELSE (" ENDLESS
				  "SELECT count(*) FROM c) END");
	spec_error(tables_column(db, &f.schema, 0, 0, 10000), "too many steps");
	/* a link from a view without an end */
	f.tables[0].materialize = 0;
	f.tables[0].sql = S(&f, ENDLESS "SELECT x AS process_id FROM c");
	assert_null(tables_derived(db, &f.schema, 0, 10000));
	f.links[0].to_table = f.tables[0].name;
	f.links[0].pairs = 1;
	spec_error(tables_link(db, &f.schema, 0, 10000), "too many steps");
	assert_false(sqlite3_get_autocommit(db));
	assert_int_equal(run(db, "COMMIT; DROP VIEW both; CREATE TABLE both (it_left_nothing)"),
			 SQLITE_OK);
	assert_int_equal(run(db, "CREATE TABLE proof (ok CHECK (ok));"
				 " INSERT INTO proof SELECT count(*) = 2 FROM server_GetInfo"
				 " WHERE addr = 'kept';"
				 " INSERT INTO proof SELECT count(*) = 0 FROM link_edges"),
			 SQLITE_OK);
	sqlite3_close(db);
	fixture_deinit(&f);
}

/* The limit is on the user's steps: what we write with them does not add up to it. */
static void test_steps_of_writes(void **state)
{
	static struct fixture f;
	struct error *error;
	sqlite3 *db;

	(void)state;
	fixture_init(&f);
	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_null(tables_create_builtin(db));
	f.tables[0].materialize = 1;
	f.tables[0].sql =
		S(&f, "SELECT a.value FROM json_each('[1,2,3,4,5,6,7,8]') AS a"
		      " JOIN json_each('[1,2,3,4,5,6,7,8]') JOIN json_each('[1,2,3,4,5,6,7,8]')"
		      " JOIN json_each('[1,2,3,4,5,6,7,8]')");
	/* 4,096 rows: about 3 steps a row to read, about 6 to write */
	error = tables_derived(db, &f.schema, 0, 20000);
	if (error)
		fail_msg("%s", error->message);
	sqlite3_close(db);
	fixture_deinit(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_every_mistake),
		cmocka_unit_test(test_missing_names),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_attack_as_table),
		cmocka_unit_test(test_attack_as_column),
		cmocka_unit_test(test_expressions),
		cmocka_unit_test(test_untrusted),
		cmocka_unit_test(test_transaction),
		cmocka_unit_test(test_steps_of_writes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
