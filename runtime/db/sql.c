/* SPDX-License-Identifier: BSD-2-Clause */
#include "db_int.h"

struct error *db_error(sqlite3 *db, enum error_code code, const char *what)
{
	return error_new(code, "%s: %s", what, sqlite3_errmsg(db));
}

struct error *db_exec(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return db_error(db, ERROR_IO, "SQLite");
	return NULL;
}

struct error *db_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **ret)
{
	sqlite3_stmt *statement;

	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
		return db_error(db, ERROR_IO, "SQLite");
	*ret = statement;
	return NULL;
}

struct error *db_run(sqlite3 *db, sqlite3_stmt *statement)
{
	int rc = sqlite3_step(statement);
	struct error *error = rc == SQLITE_DONE ? NULL : db_error(db, ERROR_IO, "SQLite");

	sqlite3_reset(statement);
	return error;
}

void db_bind_text(sqlite3_stmt *statement, int i, const char *text)
{
	if (text && text[0])
		sqlite3_bind_text(statement, i, text, -1, SQLITE_STATIC);
	else
		sqlite3_bind_null(statement, i);
}

void db_bind_cell(sqlite3_stmt *statement, int i, const struct decode_cell *cell)
{
	switch (cell->type) {
	case DECODE_NULL:
		sqlite3_bind_null(statement, i);
		break;
	case DECODE_INTEGER:
		sqlite3_bind_int64(statement, i, cell->integer);
		break;
	case DECODE_REAL:
		sqlite3_bind_double(statement, i, cell->real);
		break;
	case DECODE_TEXT:
		sqlite3_bind_text64(statement, i, cell->text, cell->length, SQLITE_STATIC,
				    SQLITE_UTF8);
		break;
	}
}

struct error *db_open_readonly(const char *path, sqlite3 **ret)
{
	cleanup_db sqlite3 *db = NULL;
	cleanup_stmt sqlite3_stmt *statement = NULL;
	int rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL);

	if (rc != SQLITE_OK)
		return error_new(ERROR_IO, "%s: %s", path,
				 db ? sqlite3_errmsg(db) : sqlite3_errstr(rc));
	tables_untrusted(db, true);
	TRY(tables_register_functions(db));
	/* opening reads nothing: this does */
	if (sqlite3_prepare_v2(db, "SELECT count(*) FROM sqlite_schema", -1, &statement, NULL) !=
		    SQLITE_OK ||
	    sqlite3_step(statement) != SQLITE_ROW)
		return db_error(db, ERROR_DAMAGED, path);
	*ret = db;
	db = NULL;
	return NULL;
}
