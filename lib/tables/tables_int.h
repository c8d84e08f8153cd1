/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TABLES_INT_H
#define TABLES_INT_H

#include <sqlite3.h>

#include "tables.h"

/* Statements that run user SQL may take this many virtual-machine steps. */
#define TABLES_STEPS_DECODE 2000000000 /* half a minute or so */
#define TABLES_STEPS_CHECK 20000000    /* on empty tables: a query that needs more does not end */

static inline void tables_finalize(sqlite3_stmt **statement)
{
	sqlite3_finalize(*statement);
}
#define cleanup_stmt __attribute__((cleanup(tables_finalize)))

/* "WHAT: SQLite's message" */
struct error *tables_error(sqlite3 *db, enum error_code code, const char *what);
/* Runs our own SQL. */
struct error *tables_exec(sqlite3 *db, const char *sql);
/* Prepares our own SQL, one statement. */
struct error *tables_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **ret);
/* Steps a statement that gives no rows. */
struct error *tables_step_done(sqlite3 *db, sqlite3_stmt *statement);
/* Whether `name` is a table or view of the database, and which. */
struct error *tables_object(sqlite3 *db, const char *name, bool *is_view, bool *ret);

/*
 * What user SQL may do beyond reading: write one column of one table, or add rows to
 * one table. Names are compared without case. Must outlive the statements.
 */
struct tables_grant {
	const char *update_table, *update_column;
	const char *insert_table;
};
/* `grant` may be NULL. tables_guard_off() ends it. */
void tables_guard_on(sqlite3 *db, const struct tables_grant *grant, int steps);
void tables_guard_off(sqlite3 *db);

/*
 * Runs to its end, under a guard, a statement that has user SQL inside; rows are
 * thrown away. ERROR_SPEC.
 */
struct error *tables_run_guarded(sqlite3 *db, sqlite3_stmt *statement);

/* ERROR_SPEC unless `sql` is one SELECT that the guard passes, without parameters. */
struct error *tables_check_select(sqlite3 *db, const char *sql, int steps);
/*
 * NULL when `sql` may stand between parentheses: balanced, every string and comment
 * closed, no semicolon, no parameter. Else what is wrong.
 */
const char *tables_expression_shape(const char *sql);

struct error *tables_derived(sqlite3 *db, const struct schema *schema, uint32_t table, int steps);
struct error *tables_column(sqlite3 *db, const struct schema *schema, uint32_t column,
			    int64_t process_id, int steps);
struct error *tables_link(sqlite3 *db, const struct schema *schema, uint32_t link, int steps);

/* The derived table `name` of the schema, SCHEMA_NONE when it has none. */
uint32_t tables_find_derived(const struct schema *schema, const char *name);
/* true when X or raw_X, status_X or an extra column of the function has this name. */
bool tables_function_has_column(const struct schema *schema, uint32_t function, const char *name);

/* A row of _columns. NULL texts are NULL. An existing row is replaced. */
struct tables_description {
	const char *table, *column, *type, *go_type, *expr, *unit, *doc;
};
struct error *tables_describe(sqlite3 *db, const struct tables_description *row);

/*
 * The nanoseconds since 1970 of an RFC 3339 text; false when it is not one.
 * *in_range is false when 64 bits cannot hold them.
 */
bool tables_parse_rfc3339(const char *text, size_t length, int64_t *ret, bool *in_range);

#endif
