/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TABLES_INT_H
#define TABLES_INT_H

#include <sqlite3.h>

#include "tables.h"

/* Statements that run user SQL may take this many virtual-machine steps. */
#define TABLES_STEPS_DECODE 2000000000 /* half a minute or so */
#define TABLES_STEPS_TOGETHER 250000000 /* columns that take more are filled one by one */
#define TABLES_STEPS_CHECK 20000000    /* on empty tables: a query that needs more does not end */

static inline void tables_finalize(sqlite3_stmt **statement)
{
	sqlite3_finalize(*statement);
}
#define cleanup_stmt __attribute__((cleanup(tables_finalize)))

/* "WHAT: SQLite's message" */
struct error *tables_error(sqlite3 *db, enum error_code code, const char *what);
/*
 * What "no such column: x" and its like in `message` are about: the name, and those that
 * exist. Columns are those of `table`, of all tables when it is NULL. *ret is all 0 when
 * the message is about something else. It lives in `arena`.
 */
struct error *tables_find_missing(struct arena *arena, sqlite3 *db, const char *message,
				  const char *table, struct tables_missing *ret);
/* Runs our own SQL. */
struct error *tables_exec(sqlite3 *db, const char *sql);
/* Prepares our own SQL, one statement. */
struct error *tables_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **ret);
/* Steps a statement that gives no rows. */
struct error *tables_step_done(sqlite3 *db, sqlite3_stmt *statement);
/* Whether `name` is a table or view of the database, and which. */
struct error *tables_object(sqlite3 *db, const char *name, bool *is_view, bool *ret);

/*
 * Between these two a connection runs user SQL. Whatever it runs only reads: when a
 * statement that writes is interrupted, SQLite rolls the whole transaction back.
 */
void tables_guard_on(sqlite3 *db, int steps);
void tables_guard_off(sqlite3 *db);
/*
 * Under a guard that is on: `read` is told each column that a statement reads while it is
 * prepared, those behind views too. `watch` must live until the guard is off.
 */
struct tables_watch {
	void (*read)(void *data, const char *column);
	void *data;
};
void tables_guard_watch(sqlite3 *db, const struct tables_watch *watch);

/* Prepares one SELECT of the user under a guard that is on. ERROR_SPEC. */
struct error *tables_prepare_user(sqlite3 *db, const char *sql, sqlite3_stmt **ret);
/* The next row of a user's SELECT: *ret = false after the last. ERROR_SPEC. */
struct error *tables_step_user(sqlite3 *db, sqlite3_stmt *statement, bool *ret);

/*
 * Gives each row of a user's `select` to our statement `write`: column 0 is ?1,
 * column 1 ?2 and so on. On failure nothing of it is written.
 */
struct error *tables_copy_rows(sqlite3 *db, sqlite3_stmt *select, sqlite3_stmt *write);

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
/* A name of the rowid that no column of the function's table takes away. */
const char *tables_rowid(const struct schema *schema, uint32_t function);

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
