/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A schema as SQL: tables, checks and user SQL in one place, so that what askc lets
 * through is what askance can run.
 *
 *	builtin.c	the tables every database has, from builtin.def
 *	function.c	a function table for each captured function
 *	extra.c, derived.c, link.c
 *			extra columns, derived tables, links: SQL of the spec's author
 *	guard.c		the fence around that SQL
 *	convert.c	what an extra column's values go through
 *	check.c		all of it, on empty tables, for the compiler
 *
 * Names from a spec reach SQL through sql_ident() alone; values are bound. The one
 * thing that is pasted is the author's own SQL, after guard.c has seen that it is
 * one SELECT, or one expression that cannot leave its parentheses.
 *
 * Types: a column's type in _columns says how to read it (TIMESTAMP_NS, JSON …);
 * the declared SQL type says how SQLite stores it. They differ: a column declared
 * JSON would have numeric affinity and turn the text "1" into a number.
 */
#include "tables_int.h"

#include <strings.h>

#include "dump.h"

const char *const tables_fixed_columns[] = {"process_id", "goroutine_id", "frame_idx", NULL};

static const struct builtin_table {
	const char *name, *constraints;
} tables[] = {
#define TABLE(name, constraints) {#name, constraints},
#define COLUMN(table, name, type, constraint, unit, doc)
#include "builtin.def"
#undef TABLE
#undef COLUMN
	{"snapshot_statistics", ""},
};

static const struct builtin_column {
	const char *table, *name;
	enum schema_column_type type;
	const char *constraint, *unit, *doc;
} columns[] = {
#define TABLE(name, constraints)
#define COLUMN(table, name, type, constraint, unit, doc)                                           \
	{#table, #name, SCHEMA_COLUMN_##type, constraint, unit, doc},
#include "builtin.def"
#undef TABLE
#undef COLUMN
	{"snapshot_statistics", "process_id", SCHEMA_COLUMN_INTEGER,
	 "PRIMARY KEY REFERENCES processes", NULL, ""},
#define X(name, unit, doc)                                                                         \
	{"snapshot_statistics", #name, SCHEMA_COLUMN_INTEGER, "NOT NULL DEFAULT 0", unit, doc},
	DUMP_STATISTICS_ROWS(X)
#undef X
};

/* Made later, or kept for later: no other table may take these names. */
static const char *const reserved[] = {"all_captured_data", "globals"};

bool tables_is_builtin(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		if (strcasecmp(name, tables[i].name) == 0)
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(reserved); i++)
		if (strcasecmp(name, reserved[i]) == 0)
			return true;
	return strncasecmp(name, "sqlite_", strlen("sqlite_")) == 0;
}

bool tables_builtin_has(const char *table, const char *column)
{
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		if (strcmp(columns[i].table, table) == 0 &&
		    strcasecmp(columns[i].name, column) == 0)
			return true;
	return false;
}

static const char *declared_type(enum schema_column_type type)
{
	switch (type) {
	case SCHEMA_COLUMN_INTEGER:
	case SCHEMA_COLUMN_TIMESTAMP_NS:
	case SCHEMA_COLUMN_DURATION_NS:
		return "INTEGER";
	case SCHEMA_COLUMN_REAL:
		return "REAL";
	default:
		return "TEXT";
	}
}

static void put_create(const struct builtin_table *table, struct strbuf *sql)
{
	const char *separator = " (";

	strbuf_puts(sql, "CREATE TABLE ");
	sql_ident(sql, table->name);
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
		if (strcmp(columns[i].table, table->name) != 0)
			continue;
		strbuf_puts(sql, separator);
		separator = ", ";
		sql_ident(sql, columns[i].name);
		strbuf_printf(sql, " %s %s", declared_type(columns[i].type), columns[i].constraint);
	}
	strbuf_printf(sql, "%s)", table->constraints);
}

struct error *tables_create_builtin(sqlite3 *db)
{
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		cleanup_strbuf struct strbuf sql = STRBUF_INIT;

		put_create(&tables[i], &sql);
		TRY(tables_exec(db, sql.data));
	}
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
		struct tables_description row = {
			.table = columns[i].table,
			.column = columns[i].name,
			.type = schema_column_type_name(columns[i].type),
			.unit = columns[i].unit,
			.doc = columns[i].doc,
		};

		TRY(tables_describe(db, &row));
	}
	return NULL;
}
