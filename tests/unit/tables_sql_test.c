/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sqlite3.h>
#include <cmocka.h>

#include "schema_fixture.h"
#include "dump.h"
#include "tables.h"

static void ok(struct error *error)
{
	if (error)
		fail_msg("%s", error->message);
}

static void fails(struct error *error, enum error_code code, const char *message)
{
	if (!error || !strstr(error->message, message))
		fail_msg("expected \"%s\", got \"%s\"", message,
			 error ? error->message : "no error");
	assert_int_equal(error->code, code);
	error_free(error);
}

/* A database with the built-in tables and those of the fixture's functions. */
static sqlite3 *open_database(const struct schema *schema)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	ok(tables_register_functions(db));
	ok(tables_create_builtin(db));
	for (uint32_t i = 0; schema && i < schema->functions_count; i++)
		ok(tables_create_function(db, schema, i));
	return db;
}

static void exec(sqlite3 *db, const char *sql)
{
	char *message = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s: %s", sql, message);
}

/* The rows of a query as "a|b;c|d"; "error: …" when it has none to give. */
static const char *query(sqlite3 *db, const char *sql)
{
	static struct strbuf out = STRBUF_INIT;
	sqlite3_stmt *statement;
	int rc;

	strbuf_clear(&out);
	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK) {
		strbuf_printf(&out, "error: %s", sqlite3_errmsg(db));
		goto end;
	}
	while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
		if (out.length)
			strbuf_putc(&out, ';');
		for (int i = 0; i < sqlite3_column_count(statement); i++) {
			const char *text = (const char *)sqlite3_column_text(statement, i);

			strbuf_printf(&out, "%s%s", i ? "|" : "", text ? text : "NULL");
		}
	}
	if (rc != SQLITE_DONE)
		strbuf_printf(&out, "error: %s", sqlite3_errmsg(db));
	sqlite3_finalize(statement);
end : {
	/* handed out until the next call; a static buffer would look like a leak */
	static char copy[65536];

	snprintf(copy, sizeof(copy), "%s", out.data);
	strbuf_deinit(&out);
	return copy;
}
}

/* Two processes, goroutines 1 and 2 in each, rows in both function tables. */
static void fill(sqlite3 *db)
{
	exec(db, "PRAGMA foreign_keys = ON");
	exec(db, "INSERT INTO processes (process_id) VALUES (1), (2)");
	exec(db, "INSERT INTO goroutines (process_id, goroutine_id)"
		 " VALUES (1, 1), (1, 2), (2, 1), (2, 2)");
	exec(db, "INSERT INTO server_GetInfo (process_id, goroutine_id, frame_idx, n, raw_n, n_id)"
		 " VALUES (1, 1, 0, '{\"began\":\"2026-11-23T10:00:00.5+01:00\"}',"
		 "         '{\"__addr\":\"0xa\"}', '18446744073709551615'),"
		 "        (1, 2, 3, '{}', '{\"__addr\":\"0xb\"}', 7),"
		 "        (2, 1, 0, NULL, NULL, NULL)");
	exec(db, "INSERT INTO work (process_id, goroutine_id, frame_idx, n, raw_n)"
		 " VALUES (1, 2, 0, '{}', '{\"__addr\":\"0xa\"}'), (2, 2, 0, NULL, NULL)");
}

static void test_builtin(void **state)
{
	static const char *const names[] = {
		"processes",  "goroutines",	     "stacks",	 "frames",   "links",
		"link_edges", "snapshot_statistics", "_columns", "_problems"};
	sqlite3 *db = open_database(NULL);
	char sql[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		assert_true(tables_is_builtin(names[i]));
		/* every column is described, and nothing else is */
		snprintf(sql, sizeof(sql),
			 "SELECT (SELECT group_concat(name) FROM pragma_table_info('%s')) ="
			 " (SELECT group_concat(column_name) FROM (SELECT column_name FROM _columns"
			 " WHERE table_name = '%s' ORDER BY rowid))",
			 names[i], names[i]);
		assert_string_equal(query(db, sql), "1");
	}
	assert_true(tables_is_builtin("GOROUTINES"));
	assert_true(tables_is_builtin("Globals"));
	assert_true(tables_is_builtin("all_captured_data"));
	assert_true(tables_is_builtin("SQLite_master"));
	assert_false(tables_is_builtin("goroutine"));
#define X(name, unit, doc) "," #name
	assert_string_equal(query(db, "SELECT group_concat(name) FROM"
				      " pragma_table_info('snapshot_statistics')"),
			    "process_id" DUMP_STATISTICS_ROWS(X));
#undef X
	assert_string_equal(
		query(db, "SELECT group_concat(name) FROM pragma_table_info('goroutines')"),
		"process_id,goroutine_id,is_system,status,wait_reason,wait_for_ns,"
		"wait_at_most_ns,stack_id,stack_status,frame_count,thread_id,"
		"parent_goroutine_id,created_by,labels");
	assert_string_equal(query(db, "SELECT type FROM pragma_table_info('processes')"
				      " WHERE name = 'capture_time_ns'"),
			    "INTEGER");
	assert_string_equal(query(db,
				  "SELECT type, unit FROM _columns WHERE table_name = 'Processes'"
				  " AND column_name = 'capture_time_ns'"),
			    "TIMESTAMP_NS|ns");
	sqlite3_close(db);
}

static void test_foreign_keys(void **state)
{
	static struct fixture f;
	sqlite3 *db;

	(void)state;
	fixture_init(&f);
	db = open_database(&f.schema);
	fill(db);
	exec(db, "INSERT INTO stacks VALUES (1, 2, 1)");
	exec(db, "INSERT INTO frames (stack_id, frame_idx) VALUES (1, 0)");
	assert_string_equal(query(db, "PRAGMA foreign_key_check"), "");
	assert_string_equal(query(db, "INSERT INTO work (process_id, goroutine_id, frame_idx)"
				      " VALUES (1, 3, 0)"),
			    "error: FOREIGN KEY constraint failed");
	assert_string_equal(query(db, "INSERT INTO goroutines (process_id, goroutine_id)"
				      " VALUES (3, 1)"),
			    "error: FOREIGN KEY constraint failed");
	assert_string_equal(query(db, "INSERT INTO frames (stack_id, frame_idx) VALUES (2, 0)"),
			    "error: FOREIGN KEY constraint failed");
	assert_string_equal(query(db, "INSERT INTO frames (stack_id, frame_idx) VALUES (1, 0)"),
			    "error: UNIQUE constraint failed: frames.stack_id, frames.frame_idx");
	assert_string_equal(query(db, "SELECT \"table\", \"from\", \"to\" FROM"
				      " pragma_foreign_key_list('server_GetInfo') ORDER BY seq"),
			    "goroutines|process_id|NULL;goroutines|goroutine_id|NULL");
	sqlite3_close(db);
	fixture_deinit(&f);
}

static void test_function_table(void **state)
{
	static struct fixture f;
	sqlite3 *db;

	(void)state;
	fixture_init(&f);
	db = open_database(&f.schema);
	assert_string_equal(query(db, "SELECT name, type FROM pragma_table_info('server_GetInfo')"),
			    "process_id|INTEGER;goroutine_id|INTEGER;frame_idx|INTEGER;"
			    "n|TEXT;raw_n|TEXT;status_n|TEXT;n_id|;raw_n_id|;status_n_id|TEXT;"
			    "addr|TEXT;began|INTEGER");
	assert_string_equal(query(db, "SELECT column_name, type, go_type, expr, unit FROM _columns"
				      " WHERE table_name = 'server_getinfo' ORDER BY rowid"),
			    "process_id|INTEGER|NULL|NULL|NULL;goroutine_id|INTEGER|NULL|NULL|NULL;"
			    "frame_idx|INTEGER|NULL|NULL|NULL;n|JSON|*main.node|n|NULL;"
			    "raw_n|JSON|*main.node|n|NULL;status_n|TEXT|NULL|n|NULL;"
			    "n_id|INTEGER|uint64|n.id|NULL;raw_n_id|INTEGER|uint64|n.id|NULL;"
			    "status_n_id|TEXT|NULL|n.id|NULL;"
			    "addr|TEXT|NULL|raw_n ->> '$.__addr'|NULL;"
			    "began|TIMESTAMP_NS|NULL|n ->> '$.began'|ns");
	fill(db);
	/* a number beyond 63 bits stays the text it is, and a small one an integer */
	assert_string_equal(query(db, "SELECT n_id, typeof(n_id) FROM server_GetInfo"
				      " WHERE n_id IS NOT NULL ORDER BY rowid"),
			    "18446744073709551615|text;7|integer");
	sqlite3_close(db);
	fixture_deinit(&f);
}

static void test_value_types(void **state)
{
	static struct fixture f;

	(void)state;
	fixture_init(&f);
	assert_string_equal(tables_value_sql(&f.schema, T_INT32), "INTEGER");
	assert_string_equal(tables_value_sql(&f.schema, T_BYTE), "INTEGER");
	assert_string_equal(tables_value_sql(&f.schema, T_UINT64), "");
	assert_string_equal(tables_value_sql(&f.schema, T_TIME), "TEXT");
	assert_string_equal(tables_value_sql(&f.schema, T_NODE_PTR), "TEXT");
	f.types[T_NODE_PTR].elem = T_INT32;
	assert_string_equal(tables_value_sql(&f.schema, T_NODE_PTR), "INTEGER");
	f.types[T_NODE_PTR].elem = T_NODE_PTR; /* type p *p */
	assert_string_equal(tables_value_sql(&f.schema, T_NODE_PTR), "TEXT");
	fixture_deinit(&f);
}

static void test_two_schemas(void **state)
{
	static struct fixture f, g;
	const struct schema *both[2] = {&f.schema, &g.schema};
	sqlite3 *db;

	(void)state;
	fixture_init(&f);
	fixture_init(&g);
	/* another build: work has a capture more, and its n another name in another case */
	g.captures[2].column = S(&g, "N");
	g.captures[1].function = 1;
	g.captures[1].column = S(&g, "extra");
	g.functions[0].captures = 1;
	g.functions[1].first_capture = 1;
	g.functions[1].captures = 2;
	db = open_database(&f.schema);
	ok(tables_create_function(db, &g.schema, 0));
	ok(tables_create_function(db, &g.schema, 1));
	assert_string_equal(query(db, "SELECT group_concat(name) FROM pragma_table_info('work')"),
			    "process_id,goroutine_id,frame_idx,n,raw_n,status_n,"
			    "extra,raw_extra,status_extra");
	fill(db);
	ok(tables_create_all_captured_data(db, both, 2));
	assert_string_equal(query(db, "SELECT process_id, goroutine_id, frame_idx, table_name, expr"
				      " FROM all_captured_data WHERE value LIKE '%0xa%'"
				      " ORDER BY table_name"),
			    "1|1|0|server_GetInfo|n;1|2|0|work|n");
	/* the same derived tables and links come once, other ones of the same name are refused */
	ok(tables_create_derived(db, &f.schema, 0));
	ok(tables_create_derived(db, &f.schema, 1));
	ok(tables_fill_link(db, &f.schema, 0));
	ok(tables_create_derived(db, &g.schema, 0));
	ok(tables_create_derived(db, &g.schema, 1));
	ok(tables_fill_link(db, &g.schema, 0));
	assert_string_equal(query(db, "SELECT count(*) FROM links"), "1");
	g.tables[0].sql = S(&g, "SELECT 1 AS a");
	fails(tables_create_derived(db, &g.schema, 0), ERROR_SPEC,
	      "table both: another table has this name");
	/* a function table where another schema has a derived one */
	g.functions[1].table = S(&g, "both");
	fails(tables_create_function(db, &g.schema, 1), ERROR_SPEC, "a view of this name");
	g.functions[1].table = S(&g, "counted");
	fails(tables_create_function(db, &g.schema, 1), ERROR_SPEC, "a table of this name");
	sqlite3_close(db);
	fixture_deinit(&f);
	fixture_deinit(&g);
}

static void test_contexts(void **state)
{
	static struct fixture f, g;
	struct schema_context one[2], other[1];
	const char *sql;
	sqlite3 *db;

	(void)state;
	fixture_init(&f);
	fixture_init(&g);
	fixture_type(&f, T_PAIR, "interface {}", SCHEMA_KIND_UNKNOWN, 0);
	one[0] = (struct schema_context){S(&f, "context.Value(main.k).(string)"), S(&f, "it's"),
					 T_STRING, 0};
	one[1] = (struct schema_context){S(&f, "context.Value(main.u)"), S(&f, "user"), T_PAIR, 0};
	other[0] = (struct schema_context){S(&g, "context.Value(main.n)"), S(&g, "USER"), T_INT32, 0};
	f.schema.contexts = one;
	f.schema.contexts_count = 2;
	g.schema.contexts = other;
	g.schema.contexts_count = 1;
	db = open_database(&f.schema);
	ok(tables_add_contexts(db, &f.schema));
	ok(tables_add_contexts(db, &g.schema)); /* its column is there, in another case */
	ok(tables_add_contexts(db, &f.schema));
	sql = "SELECT name, type FROM pragma_table_info('goroutines') WHERE cid > 13";
	assert_string_equal(query(db, sql), "it's|TEXT;raw_it's|TEXT;status_it's|TEXT;"
					    "user|;raw_user|TEXT;status_user|TEXT");
	assert_string_equal(query(db, "SELECT column_name, type, go_type, expr FROM _columns WHERE"
				      " table_name = 'goroutines' AND column_name LIKE '%user'"),
			    "raw_user|JSON|interface {}|context.Value(main.u);"
			    "status_user|TEXT|NULL|context.Value(main.u);"
			    "user|TEXT|interface {}|context.Value(main.u)");
	/* values keep their type */
	exec(db, "INSERT INTO processes (process_id) VALUES (1)");
	exec(db, "INSERT INTO goroutines (process_id, goroutine_id, user) VALUES (1, 1, 42)");
	assert_string_equal(query(db, "SELECT typeof(user) FROM goroutines"), "integer");
	one[1].column = S(&f, "Status");
	fails(tables_add_contexts(db, &f.schema), ERROR_SPEC, "cannot be called `Status`");
	one[1].column = S(&f, "raw_IT'S");
	fails(tables_add_contexts(db, &f.schema), ERROR_SPEC, "cannot be called `raw_IT'S`");
	one[1].column = S(&f, "");
	fails(tables_add_contexts(db, &f.schema), ERROR_SPEC, "cannot be called ``");
	assert_true(tables_builtin_has("goroutines", "GOROUTINE_ID"));
	assert_false(tables_builtin_has("goroutines", "user"));
	sqlite3_close(db);
	fixture_deinit(&f);
	fixture_deinit(&g);
}

/* More captures than SQLite takes SELECTs in a compound, and names that need quotes. */
static void test_all_captured_data(void **state)
{
	enum { N = 1201 };
	static struct fixture f;
	const struct schema *schemas[1] = {&f.schema};
	struct schema_function *functions;
	struct schema_capture *captures;
	sqlite3 *db;
	char text[64];

	(void)state;
	fixture_init(&f);
	functions = ARENA_ARRAY(&f.arena, struct schema_function, N);
	captures = ARENA_ARRAY(&f.arena, struct schema_capture, N);
	for (uint32_t i = 0; i < N; i++) {
		snprintf(text, sizeof(text), "t'\"%u", i);
		functions[i] = (struct schema_function){S(&f, text), S(&f, text), i, 1, 0, 0};
		captures[i] =
			(struct schema_capture){i, S(&f, "it's"), S(&f, "c\"'"), T_NODE_PTR, 0, 0, 0};
	}
	f.schema.functions = functions;
	f.schema.captures = captures;
	f.schema.functions_count = f.schema.captures_count = N;
	f.schema.columns_count = 0;
	db = open_database(&f.schema);
	exec(db, "INSERT INTO \"t'\"\"1200\" (process_id, goroutine_id, frame_idx, \"raw_c\"\"'\")"
		 " VALUES (1, 2, 3, 'x')");
	ok(tables_create_all_captured_data(db, schemas, 1));
	assert_string_equal(query(db, "SELECT * FROM all_captured_data"), "1|2|3|t'\"1200|it's|x");
	tables_untrusted(db, true);
	assert_string_equal(query(db, "SELECT count(*) FROM all_captured_data"), "1");
	sqlite3_close(db);
	db = open_database(NULL);
	ok(tables_create_all_captured_data(db, NULL, 0));
	assert_string_equal(query(db, "SELECT * FROM all_captured_data"), "");
	sqlite3_close(db);
	fixture_deinit(&f);
}

static void test_columns(void **state)
{
	static struct fixture f;
	sqlite3 *db;

	(void)state;
	fixture_init(&f);
	db = open_database(&f.schema);
	fill(db);
	/* one process at a time, then all */
	ok(tables_fill_column(db, &f.schema, 0, 2));
	assert_string_equal(query(db, "SELECT addr FROM server_GetInfo ORDER BY rowid"),
			    "NULL;NULL;NULL");
	ok(tables_fill_column(db, &f.schema, 0, 1));
	assert_string_equal(query(db, "SELECT addr FROM server_GetInfo ORDER BY rowid"),
			    "0xa;0xb;NULL");
	ok(tables_fill_column(db, &f.schema, 1, 0));
	assert_string_equal(query(db, "SELECT began, typeof(began) FROM server_GetInfo"
				      " WHERE began IS NOT NULL"),
			    "1795424400500000000|integer");
	/* a column sees the ones before it, and a comment at its end hurts nobody */
	f.columns[1].expr = S(&f, "addr || '-' -- and so on");
	f.columns[1].type = SCHEMA_COLUMN_TEXT;
	ok(tables_fill_column(db, &f.schema, 1, 1));
	assert_string_equal(query(db, "SELECT began FROM server_GetInfo ORDER BY rowid"),
			    "0xa-;0xb-;NULL");
	/* garbage: an error, and no row is touched, also within a transaction */
	exec(db, "BEGIN");
	exec(db, "UPDATE work SET n = 'kept'");
	f.columns[1].expr = S(&f, "CASE goroutine_id WHEN 1 THEN 5 ELSE 'soon' END");
	f.columns[1].type = SCHEMA_COLUMN_INTEGER;
	fails(tables_fill_column(db, &f.schema, 1, 0), ERROR_SPEC,
	      "column began: not a whole number of 64 bits: soon");
	f.columns[1].expr = S(&f, "(WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x FROM c)"
				  " SELECT count(*) FROM c)");
	exec(db, "COMMIT");
	assert_string_equal(query(db, "SELECT group_concat(began) FROM server_GetInfo"),
			    "0xa-,0xb-");
	assert_string_equal(query(db, "SELECT DISTINCT n FROM work"), "kept");
	sqlite3_close(db);
	fixture_deinit(&f);
}

/* Columns that do not read each other are filled in one pass, with the same results. */
static void test_columns_together(void **state)
{
	static struct fixture f;
	sqlite3 *db;

	(void)state;
	fixture_init(&f);
	db = open_database(&f.schema);
	fill(db);
	/* the second reads the first: in whatever spelling, or through a view */
	f.columns[1].type = SCHEMA_COLUMN_TEXT;
	f.columns[1].expr = S(&f, "ADDR || '-'");
	assert_int_equal(tables_columns_together(db, &f.schema, 0), 1);
	exec(db, "CREATE VIEW behind AS SELECT addr AS x FROM server_GetInfo");
	f.columns[1].expr = S(&f, "(SELECT max(x) FROM behind)");
	assert_int_equal(tables_columns_together(db, &f.schema, 0), 1);
	/* nor does one join that cannot be prepared, or reads what it may not */
	f.columns[1].expr = S(&f, "no_such");
	assert_int_equal(tables_columns_together(db, &f.schema, 0), 1);
	f.columns[1].expr = S(&f, "1) UNION SELECT (1");
	assert_int_equal(tables_columns_together(db, &f.schema, 0), 1);
	f.columns[1].expr = S(&f, "load_extension('x')");
	assert_int_equal(tables_columns_together(db, &f.schema, 0), 1);
	assert_int_equal(tables_columns_together(db, &f.schema, 1), 1);
	/* itself it reads as it was: empty */
	f.columns[1].expr = S(&f, "ifnull(began, 'none ') || goroutine_id -- the end");
	assert_int_equal(tables_columns_together(db, &f.schema, 0), 2);
	ok(tables_fill_columns(db, &f.schema, 0, 2, 1));
	assert_string_equal(query(db, "SELECT ifnull(addr, '') || ' ' || ifnull(began, '')"
				      " FROM server_GetInfo ORDER BY rowid"),
			    "0xa none 1;0xb none 2; ");
	/* where one fails neither is written, and who comes next may write */
	exec(db, "UPDATE server_GetInfo SET addr = 'kept', began = 'kept'");
	f.columns[1].expr = S(&f, "CASE goroutine_id WHEN 1 THEN 5 ELSE 'soon' END");
	f.columns[1].type = SCHEMA_COLUMN_INTEGER;
	assert_int_equal(tables_columns_together(db, &f.schema, 0), 2);
	fails(tables_fill_columns(db, &f.schema, 0, 2, 0), ERROR_SPEC,
	      "not a whole number of 64 bits: soon");
	assert_string_equal(query(db, "SELECT DISTINCT addr || ' ' || began FROM server_GetInfo"),
			    "kept kept");
	exec(db, "UPDATE server_GetInfo SET addr = 'written'");
	sqlite3_close(db);
	fixture_deinit(&f);
}

/* What each column type makes of a value. */
static void test_conversions(void **state)
{
	static const struct {
		enum schema_column_type type;
		const char *expr, *want; /* "type|value", or an error */
	} cases[] = {
		{SCHEMA_COLUMN_TEXT, "12", "text|12"},
		{SCHEMA_COLUMN_TEXT, "NULL", "null|NULL"},
		{SCHEMA_COLUMN_TEXT, "x'00'", "not a text"},
		{SCHEMA_COLUMN_INTEGER, "'12'", "integer|12"},
		{SCHEMA_COLUMN_INTEGER, "12.0", "integer|12"},
		{SCHEMA_COLUMN_INTEGER, "12.5", "not a whole number"},
		{SCHEMA_COLUMN_INTEGER, "''", "not a whole number"},
		{SCHEMA_COLUMN_INTEGER, "'12x'", "not a whole number"},
		{SCHEMA_COLUMN_INTEGER, "'18446744073709551615'", "not a whole number"},
		{SCHEMA_COLUMN_INTEGER, "-9223372036854775808", "integer|-9223372036854775808"},
		{SCHEMA_COLUMN_INTEGER, "NULL", "null|NULL"},
		{SCHEMA_COLUMN_REAL, "1", "real|1.0"},
		{SCHEMA_COLUMN_REAL, "'0.5'", "real|0.5"},
		{SCHEMA_COLUMN_REAL, "'NaN'", "not a real number"},
		{SCHEMA_COLUMN_JSON, "'{\"a\":1}'", "text|{\"a\":1}"},
		{SCHEMA_COLUMN_JSON, "'alice'", "text|\"alice\""},
		{SCHEMA_COLUMN_JSON, "5", "text|5"},
		{SCHEMA_COLUMN_JSON, "NULL", "null|NULL"},
		{SCHEMA_COLUMN_DURATION_NS, "1000", "integer|1000"},
		{SCHEMA_COLUMN_DURATION_NS, "'1s'", "not a duration in integer nanoseconds: 1s"},
		{SCHEMA_COLUMN_TIMESTAMP_NS, "12", "integer|12"},
		{SCHEMA_COLUMN_TIMESTAMP_NS, "'2026-11-23T00:00:00Z'",
		 "integer|1795392000000000000"},
		{SCHEMA_COLUMN_TIMESTAMP_NS, "'0001-01-01T00:00:00Z'", "null|NULL"},
		{SCHEMA_COLUMN_TIMESTAMP_NS, "12.5", "not a time"},
		{SCHEMA_COLUMN_TIMESTAMP_NS, "'yesterday'", "not a time"},
		{SCHEMA_COLUMN_TIMESTAMP_NS, "''", "not a time"},
	};
	static struct fixture f;
	sqlite3 *db;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct error *error;

		fixture_init(&f);
		f.columns[0].expr = S(&f, cases[i].expr);
		f.columns[0].type = cases[i].type;
		db = open_database(&f.schema);
		fill(db);
		error = tables_fill_column(db, &f.schema, 0, 0);
		if (error)
			fails(error, ERROR_SPEC, cases[i].want);
		else
			assert_string_equal(query(db, "SELECT DISTINCT typeof(addr), addr"
						      " FROM server_GetInfo"),
					    cases[i].want);
		sqlite3_close(db);
		fixture_deinit(&f);
	}
}

static void test_rfc3339(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"1970-01-01T00:00:00Z", "0"},
		{"1970-01-01T00:00:00.000000001Z", "1"},
		{"1969-12-31T23:59:59.999999999Z", "-1"},
		{"1969-12-31T23:59:59.5Z", "-500000000"},
		{"1970-01-01t01:30:00+01:30", "0"},
		{"1969-12-31 22:00:00-02:00", "0"},
		{"2000-02-29T00:00:00z", "951782400000000000"},
		{"2024-02-29T12:34:56.123456789+05:45", "1709189396123456789"},
		{"2026-11-23T10:00:00.1234567891234Z", "1795428000123456789"},
		{"2016-12-31T23:59:60Z", "1483228800000000000"},
		{"2262-04-11T23:47:16.854775807Z", "9223372036854775807"},
		{"2262-04-11T23:47:16.854775808Z", "NULL"},
		{"1677-09-21T00:12:43.145224192Z", "-9223372036854775808"},
		{"1677-09-21T00:12:43.145224191Z", "NULL"},
		{"0000-01-01T00:00:00Z", "NULL"},
		{"9999-12-31T23:59:59Z", "NULL"},
		{"2023-02-29T00:00:00Z", "error"},
		{"1900-02-29T00:00:00Z", "error"},
		{"2026-04-31T00:00:00Z", "error"},
		{"2026-13-01T00:00:00Z", "error"},
		{"2026-00-01T00:00:00Z", "error"},
		{"2026-01-00T00:00:00Z", "error"},
		{"2026-01-01T24:00:00Z", "error"},
		{"2026-01-01T00:60:00Z", "error"},
		{"2026-01-01T00:00:61Z", "error"},
		{"2026-01-01T00:00:00", "error"},
		{"2026-01-01T00:00:00.Z", "error"},
		{"2026-01-01T00:00:00+0100", "error"},
		{"2026-01-01T00:00:00+24:00", "error"},
		{"2026-01-01T00:00:00Zx", "error"},
		{" 2026-01-01T00:00:00Z", "error"},
		{"2026-01-01", "error"},
		{"26-01-01T00:00:00Z", "error"},
		{"2026-1-01T00:00:00Z", "error"},
		{"", "error"},
	};
	sqlite3 *db = open_database(NULL);
	char sql[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *got;

		snprintf(sql, sizeof(sql), "SELECT ask_timestamp_ns('%s')", cases[i].text);
		got = query(db, sql);
		if (strncmp(cases[i].want, got, strlen(cases[i].want)) != 0)
			fail_msg("%s: %s, not %s", cases[i].text, got, cases[i].want);
	}
	/* a text with a NUL in its middle is no time */
	assert_non_null(
		strstr(query(db, "SELECT ask_timestamp_ns('2026-01-01T00:00:00Z' || char(0))"),
		       "error: not a time"));
	sqlite3_close(db);
}

static void test_derived(void **state)
{
	static struct fixture f;
	sqlite3 *db;

	(void)state;
	fixture_init(&f);
	db = open_database(&f.schema);
	fill(db);
	ok(tables_fill_column(db, &f.schema, 0, 0));
	ok(tables_create_derived(db, &f.schema, 0));
	ok(tables_create_derived(db, &f.schema, 1));
	assert_string_equal(query(db, "SELECT * FROM both"), "1|2");
	assert_string_equal(query(db, "SELECT n FROM counted"), "1");
	assert_string_equal(query(db, "SELECT name, type FROM sqlite_schema"
				      " WHERE name IN ('both', 'counted') ORDER BY 1"),
			    "both|view;counted|table");
	assert_string_equal(query(db, "SELECT column_name, type, doc FROM _columns"
				      " WHERE table_name = 'both' ORDER BY rowid"),
			    "|VIEW|who shares a node;a|INTEGER|;b|INTEGER|");
	/* materialised: no longer follows its sources */
	exec(db, "DELETE FROM work");
	assert_string_equal(query(db, "SELECT n FROM counted"), "1");
	assert_string_equal(query(db, "SELECT * FROM both"), "");
	sqlite3_close(db);
	fixture_deinit(&f);
}

static void test_links(void **state)
{
	static struct fixture f;
	sqlite3 *db;

	(void)state;
	fixture_init(&f);
	f.link_pairs[1] = (struct schema_link_pair){S(&f, "raw_n"), S(&f, "RAW_n")};
	db = open_database(&f.schema);
	fill(db);
	/* a goroutine with NULL on both sides is no pair */
	ok(tables_fill_link(db, &f.schema, 0));
	assert_string_equal(query(db, "SELECT * FROM links"),
			    "1|server_GetInfo|[\"process_id\",\"raw_n\"]|work|"
			    "[\"process_id\",\"RAW_n\"]|a note");
	assert_string_equal(query(db, "SELECT * FROM link_edges"), "1|server_GetInfo|1|work|1");
	assert_string_equal(query(db, "SELECT g.goroutine_id, w.goroutine_id FROM link_edges e"
				      " JOIN server_GetInfo g ON g.rowid = e.from_rowid"
				      " JOIN work w ON w.rowid = e.to_rowid"),
			    "1|2");
	exec(db,
	     "INSERT INTO work (process_id, goroutine_id, frame_idx, n) VALUES (1, 1, 0, '{}')");
	sqlite3_close(db);

	/* a view has no rowid: rows are numbered; a column called oid or _rowid_ takes no name away
	 */
	f.captures[0].column = S(&f, "_rowid_");
	f.captures[1].column = S(&f, "oid");
	f.columns[0].expr = S(&f, "goroutine_id");
	f.columns[1].expr = S(&f, "goroutine_id");
	f.tables[0].sql = S(&f, "SELECT goroutine_id AS r FROM goroutines ORDER BY 1 DESC");
	f.links[0].to_table = f.tables[0].name;
	f.links[0].pairs = 1;
	f.link_pairs[0] = (struct schema_link_pair){S(&f, "addr"), S(&f, "r")};
	db = open_database(&f.schema);
	exec(db, "INSERT INTO goroutines (process_id, goroutine_id) VALUES (1, 1), (1, 2), (1, 3)");
	exec(db, "INSERT INTO server_GetInfo (process_id, goroutine_id, frame_idx, _rowid_)"
		 " VALUES (1, 1, 0, 'x'), (1, 3, 0, 'x')");
	ok(tables_fill_column(db, &f.schema, 0, 0));
	ok(tables_create_derived(db, &f.schema, 0));
	ok(tables_fill_link(db, &f.schema, 0));
	assert_string_equal(query(db, "SELECT from_rowid, to_table, to_rowid FROM link_edges"),
			    "1|both|3;2|both|1");
	sqlite3_close(db);
	fixture_deinit(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_builtin),	       cmocka_unit_test(test_foreign_keys),
		cmocka_unit_test(test_function_table), cmocka_unit_test(test_value_types),
		cmocka_unit_test(test_two_schemas),    cmocka_unit_test(test_contexts),
		cmocka_unit_test(test_all_captured_data),
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_columns_together),	       cmocka_unit_test(test_conversions),
		cmocka_unit_test(test_rfc3339),	       cmocka_unit_test(test_derived),
		cmocka_unit_test(test_links),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
