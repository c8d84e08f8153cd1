/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TABLES_H
#define TABLES_H

#include "base.h"
#include "schema.h"

struct sqlite3;

/*
 * tables: a schema as SQL. askc checks a spec's SQL against an empty database of
 * these tables; askance fills the same tables. So both judge by the same code:
 * what compiles is what decodes.
 *
 * The order, for one database of any number of schemas:
 *   tables_register_functions, tables_create_builtin
 *   tables_create_function        for each function of each schema
 *   tables_add_contexts           for each schema
 *   (rows)
 *   tables_create_all_captured_data
 *   tables_fill_column            for each extra column, in order, for each process; or
 *                                 tables_fill_columns for several
 *   tables_create_derived         for each derived table, in order
 *   tables_fill_link              for each link
 * ERROR_SPEC says that the SQL is the spec's mistake (or takes too long): the rest
 * can go on, also inside a transaction. ERROR_IO says that SQLite itself fails.
 * Functions that run user SQL leave the connection as after tables_untrusted(db, false).
 */

/* Creates the built-in tables (docs/DATABASE.md) and describes them in _columns; no other rows. */
struct error *tables_create_builtin(struct sqlite3 *db);

/*
 * Creates the function table of schema->functions[function] with all its columns
 * and describes them in _columns. Where another schema made it already, columns
 * that it lacks are added.
 */
struct error *tables_create_function(struct sqlite3 *db, const struct schema *schema,
				     uint32_t function);

/*
 * Adds the columns of the schema's contexts to the table goroutines, and describes them
 * in _columns. Where another schema added one of them already, nothing happens. ERROR_SPEC:
 * a name that goroutines has for something else.
 */
struct error *tables_add_contexts(struct sqlite3 *db, const struct schema *schema);
/* ERROR_SPEC when the contexts' columns have names that cannot be, or are taken. */
struct error *tables_check_contexts(const struct schema *schema);

/*
 * Creates the view all_captured_data over the raw columns of all function tables of
 * these schemas, once they exist. Without any, it is an empty view.
 */
struct error *tables_create_all_captured_data(struct sqlite3 *db,
					      const struct schema *const *schemas, size_t count);

/*
 * Creates one derived table (view, or materialised table). Its SQL must be one
 * SELECT that the authorizer passes; a view is then tried. When another schema made
 * the same one, nothing happens; a different one of this name is ERROR_SPEC.
 */
struct error *tables_create_derived(struct sqlite3 *db, const struct schema *schema, uint32_t table);

/*
 * true when `name` is a built-in table (case-insensitively), also when this version
 * does not create it yet, or a name that SQLite keeps for itself.
 */
bool tables_is_builtin(const char *name);

/* true when the built-in table has such a column (case-insensitively). */
bool tables_builtin_has(const char *table, const char *column);

/* The names of the fixed columns of every function table, NULL-terminated: process_id … */
extern const char *const tables_fixed_columns[];

/*
 * From here on `db` runs user SQL: SELECT on this database only, no ATTACH, no
 * PRAGMA, no extension, no file, a limit on virtual-machine steps for each
 * statement (SQLITE_INTERRUPT when it is passed) and on the size of a value.
 * tables_untrusted(db, false) lifts it for our own statements.
 */
void tables_untrusted(struct sqlite3 *db, bool on);
/* SQLite's message about the last error; where SQL was forbidden, what is allowed. */
const char *tables_message(struct sqlite3 *db);

/*
 * Registers the SQL functions that extra columns need. They convert to the
 * column's type, keep NULL and fail on what cannot be converted: a column never
 * holds a made-up zero.
 *   ask_text ask_integer ask_real ask_duration_ns
 *   ask_timestamp_ns(x): RFC 3339 text with any offset and fraction, or integer
 *     nanoseconds since 1970; NULL for a time that 64 bits of nanoseconds cannot
 *     hold, such as Go's zero time
 */
struct error *tables_register_functions(struct sqlite3 *db);

/* What kind of a thing a problem is about. */
enum tables_item { TABLES_ITEM_FUNCTION, TABLES_ITEM_COLUMN, TABLES_ITEM_TABLE, TABLES_ITEM_LINK };

/* A name that SQL uses and the database lacks, and the names that could have stood there. */
struct tables_missing {
	const char *name;
	const char *const *names;
	size_t count;
};

/*
 * Checks every function table, extra column, derived table and link of a schema on
 * an empty in-memory database. Each mistake is given to `report` (index in the
 * schema's functions, columns, tables or links; `missing` is NULL when it is not about
 * a name, and lives as long as the call); the check goes on. An error is returned only
 * when SQLite itself fails.
 */
typedef void tables_report_fn(void *data, enum tables_item item, uint32_t index,
			      const char *message, const struct tables_missing *missing);
struct error *tables_check(const struct schema *schema, tables_report_fn *report, void *data);

/*
 * Fills one extra column in the rows of one process (process_id 0: in all rows): its
 * expression is evaluated under the authorizer, the results are converted and
 * written. All rows or none: on ERROR_SPEC the column is as it was.
 */
struct error *tables_fill_column(struct sqlite3 *db, const struct schema *schema, uint32_t column,
				 int64_t process_id);
/*
 * How many columns from `first` on can be filled together, at least 1: columns of one
 * function of which none reads one before it, and whose SQL can be prepared.
 */
uint32_t tables_columns_together(struct sqlite3 *db, const struct schema *schema, uint32_t first);
/*
 * Fills so many columns in one pass, with the results of tables_fill_column for each of
 * them. All or none: on ERROR_SPEC one of them failed or they take too long together;
 * each alone then tells.
 */
struct error *tables_fill_columns(struct sqlite3 *db, const struct schema *schema, uint32_t first,
				  uint32_t count, int64_t process_id);
/*
 * Adds one link to `links` and a row to link_edges for each pair of rows whose
 * columns are equal, pair by pair; NULLs never match. from_rowid and to_rowid are
 * rowids; for a view the number of the row in SELECT * FROM it, from 1. A link that
 * another schema made already is left as it is.
 */
struct error *tables_fill_link(struct sqlite3 *db, const struct schema *schema, uint32_t link);

/*
 * The SQL type of the values in column X of a capture of schema->types[type]: what
 * is behind its pointers decides. "" where no declared type keeps every value as it
 * is: an 8-byte unsigned number may be TEXT, which an INTEGER column would turn to REAL.
 */
const char *tables_value_sql(const struct schema *schema, uint32_t type);

#endif
