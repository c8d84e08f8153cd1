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
 */

/* Creates the built-in tables (docs/DATABASE.md), without rows. */
struct error *tables_create_builtin(struct sqlite3 *db);

/* Creates the function table of schema->functions[function] with all its columns. */
struct error *tables_create_function(struct sqlite3 *db, const struct schema *schema,
				     uint32_t function);

/* Creates one derived table (view, or materialised table) under the authorizer. */
struct error *tables_create_derived(struct sqlite3 *db, const struct schema *schema, uint32_t table);

/* true when `name` is a built-in table (case-insensitively). */
bool tables_is_builtin(const char *name);

/* The names of the fixed columns of every function table, NULL-terminated: process_id … */
extern const char *const tables_fixed_columns[];

/*
 * From here on `db` runs user SQL: SELECT on this database only, no ATTACH, no
 * PRAGMA, no extension, a limit on virtual-machine steps. tables_untrusted(db,
 * false) lifts it for our own statements.
 */
void tables_untrusted(struct sqlite3 *db, bool on);

/* Registers the SQL functions that extra columns need (ask_timestamp_ns). */
struct error *tables_register_functions(struct sqlite3 *db);

/* What kind of a thing a problem is about. */
enum tables_item { TABLES_ITEM_FUNCTION, TABLES_ITEM_COLUMN, TABLES_ITEM_TABLE, TABLES_ITEM_LINK };

/*
 * Checks every extra column, derived table and link of a schema on an empty
 * in-memory database. Each mistake is given to `report` (index in the schema's
 * columns, tables or links); the check goes on. An error is returned only when
 * SQLite itself fails.
 */
typedef void tables_report_fn(void *data, enum tables_item item, uint32_t index,
			      const char *message);
struct error *tables_check(const struct schema *schema, tables_report_fn *report, void *data);

/* The SQL of an UPDATE that fills an extra column of its table from its expression. */
void tables_column_update_sql(const struct schema *schema, uint32_t column, struct strbuf *ret);
/* The SQL of an INSERT … SELECT that fills link_edges for one link; ?1 is its link_id. */
void tables_link_edges_sql(const struct schema *schema, uint32_t link, struct strbuf *ret);

#endif
