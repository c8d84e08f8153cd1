/* SPDX-License-Identifier: BSD-2-Clause */
#include "tables_int.h"

const char *tables_message(sqlite3 *db)
{
	const char *message = sqlite3_errmsg(db);

	/* the code is not always SQLITE_AUTH: for a PRAGMA as a table it is SQLITE_ERROR */
	return strcmp(message, "not authorized") == 0 ? "only SELECT on this database is allowed"
						      : message;
}

struct error *tables_error(sqlite3 *db, enum error_code code, const char *what)
{
	/* the progress handler is the only one who interrupts */
	if (sqlite3_errcode(db) == SQLITE_INTERRUPT)
		return error_new(code, "%s%stakes too many steps: does it end?", what,
				 what[0] ? ": " : "");
	return error_new(code, "%s%s%s", what, what[0] ? ": " : "", tables_message(db));
}

struct error *tables_exec(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return tables_error(db, ERROR_IO, "SQLite");
	return NULL;
}

struct error *tables_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **ret)
{
	sqlite3_stmt *statement;

	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
		return tables_error(db, ERROR_IO, "SQLite");
	*ret = statement;
	return NULL;
}

struct error *tables_step_done(sqlite3 *db, sqlite3_stmt *statement)
{
	if (sqlite3_step(statement) != SQLITE_DONE)
		return tables_error(db, ERROR_IO, "SQLite");
	return NULL;
}

struct error *tables_object(sqlite3 *db, const char *name, bool *is_view, bool *ret)
{
	cleanup_stmt sqlite3_stmt *statement = NULL;
	int rc;

	TRY(tables_prepare(db,
			   "SELECT type = 'view' FROM main.sqlite_schema"
			   " WHERE type IN ('table', 'view') AND name = ?1 COLLATE NOCASE",
			   &statement));
	sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
	rc = sqlite3_step(statement);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return tables_error(db, ERROR_IO, "SQLite");
	*ret = rc == SQLITE_ROW;
	*is_view = *ret && sqlite3_column_int(statement, 0);
	return NULL;
}

struct error *tables_describe(sqlite3 *db, const struct tables_description *row)
{
	const char *const texts[] = {row->table, row->column, row->type, row->go_type,
				     row->expr,	 row->unit,   row->doc};
	cleanup_stmt sqlite3_stmt *statement = NULL;

	TRY(tables_prepare(db,
			   "INSERT OR REPLACE INTO _columns"
			   " (table_name, column_name, type, go_type, expr, unit, doc)"
			   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
			   &statement));
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		sqlite3_bind_text(statement, (int)i + 1, texts[i], -1, SQLITE_STATIC);
	return tables_step_done(db, statement);
}

static struct error *copy_rows(sqlite3 *db, sqlite3_stmt *select, sqlite3_stmt *write)
{
	int columns = sqlite3_column_count(select);
	bool more;

	for (;;) {
		TRY(tables_step_user(db, select, &more));
		if (!more)
			return NULL;
		for (int i = 0; i < columns; i++)
			sqlite3_bind_value(write, i + 1, sqlite3_column_value(select, i));
		TRY(tables_step_done(db, write));
		sqlite3_reset(write);
		/* its steps must not add up to the limit: a write is never interrupted */
		sqlite3_stmt_status(write, SQLITE_STMTSTATUS_VM_STEP, 1);
	}
}

struct error *tables_copy_rows(sqlite3 *db, sqlite3_stmt *select, sqlite3_stmt *write)
{
	struct error *error, *release;

	TRY(tables_exec(db, "SAVEPOINT ask"));
	error = copy_rows(db, select, write);
	sqlite3_reset(select);
	sqlite3_reset(write);
	if (error)
		error_free(tables_exec(db, "ROLLBACK TO ask"));
	release = tables_exec(db, "RELEASE ask");
	if (!error)
		return release;
	error_free(release); /* the first error tells more */
	return error;
}
