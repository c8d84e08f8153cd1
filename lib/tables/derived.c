/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Derived tables: a SELECT of the spec's author, as a view or, once its rows are
 * wanted often, as a table. First the SELECT alone is judged under the guard. Then
 * it becomes a view, and the view is tried: what it says of names in other views
 * shows only there. A materialised table has the view's columns and takes its place.
 */
#include "tables_int.h"

#include <strings.h>

uint32_t tables_find_derived(const struct schema *schema, const char *name)
{
	for (uint32_t i = 0; i < schema->tables_count; i++)
		if (strcasecmp(schema_text(schema, schema->tables[i].name), name) == 0)
			return i;
	return SCHEMA_NONE;
}

/* Describes the columns of a derived table, and in a row without a column the table itself. */
static struct error *describe(sqlite3 *db, const struct schema *schema,
			      const struct schema_table *table)
{
	cleanup_stmt sqlite3_stmt *names = NULL;
	struct tables_description row = {
		.table = schema_text(schema, table->name),
		.column = "",
		.type = table->materialize ? "TABLE" : "VIEW",
		.expr = schema_text(schema, table->sql),
		.doc = schema_text(schema, table->doc),
	};
	int rc;

	TRY(tables_describe(db, &row));
	row.expr = NULL;
	row.doc = "";
	TRY(tables_prepare(db, "SELECT name, upper(type) FROM pragma_table_info(?1)", &names));
	sqlite3_bind_text(names, 1, row.table, -1, SQLITE_STATIC);
	while ((rc = sqlite3_step(names)) == SQLITE_ROW) {
		const char *type = (const char *)sqlite3_column_text(names, 1);

		row.column = (const char *)sqlite3_column_text(names, 0);
		row.type = type && type[0] ? type : NULL;
		TRY(tables_describe(db, &row));
	}
	return rc == SQLITE_DONE ? NULL : tables_error(db, ERROR_IO, row.table);
}

/* Another schema's table of this name, made from the same SQL? */
static struct error *same_as_before(sqlite3 *db, const char *name, const char *sql, bool *ret)
{
	cleanup_stmt sqlite3_stmt *statement = NULL;

	TRY(tables_prepare(db,
			   "SELECT 1 FROM _columns"
			   " WHERE table_name = ?1 AND column_name = '' AND expr = ?2",
			   &statement));
	sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, sql, -1, SQLITE_STATIC);
	*ret = sqlite3_step(statement) == SQLITE_ROW;
	return NULL;
}

static struct error *check_name(sqlite3 *db, const char *name)
{
	bool exists, is_view;

	if (!name[0])
		return error_new(ERROR_SPEC, "no name");
	if (tables_is_builtin(name))
		return error_new(ERROR_SPEC, "the name of a built-in table");
	TRY(tables_object(db, name, &is_view, &exists));
	return exists ? error_new(ERROR_SPEC, "another table has this name") : NULL;
}

/* "VERB "name" rest", as one statement of ours. */
static struct error *change(sqlite3 *db, const char *verb, const char *name, const char *rest)
{
	cleanup_strbuf struct strbuf sql = STRBUF_INIT;

	strbuf_puts(&sql, verb);
	sql_ident(&sql, name);
	strbuf_puts(&sql, rest);
	if (sqlite3_exec(db, sql.data, NULL, NULL, NULL) != SQLITE_OK)
		return tables_error(db, ERROR_SPEC, "");
	return NULL;
}

/* The SELECT alone: one statement, nothing but reading, no parameter. */
static struct error *check_select(sqlite3 *db, const char *select, int steps)
{
	cleanup_stmt sqlite3_stmt *statement = NULL;
	struct error *error;

	tables_guard_on(db, steps);
	error = tables_prepare_user(db, select, &statement);
	tables_guard_off(db);
	if (!error && sqlite3_bind_parameter_count(statement))
		error = error_new(ERROR_SPEC, "a parameter (? : @ $) has no value here");
	return error;
}

/* SELECT * FROM the view must prepare and, on the compiler's empty tables, come to an end. */
static struct error *try_view(sqlite3 *db, const char *name, int steps)
{
	cleanup_stmt sqlite3_stmt *statement = NULL;
	cleanup_strbuf struct strbuf sql = STRBUF_INIT;
	struct error *error;
	bool more = steps == TABLES_STEPS_CHECK;

	strbuf_puts(&sql, "SELECT * FROM ");
	sql_ident(&sql, name);
	tables_guard_on(db, steps);
	error = tables_prepare_user(db, sql.data, &statement);
	while (!error && more)
		error = tables_step_user(db, statement, &more);
	tables_guard_off(db);
	return error;
}

/* The columns of the view as those of a table, and an INSERT for its rows. */
static struct error *put_table(sqlite3 *db, const char *name, struct strbuf *columns,
			       struct strbuf *insert)
{
	cleanup_stmt sqlite3_stmt *names = NULL;
	int rc, count = 0;

	TRY(tables_prepare(db,
			   "SELECT name, CASE WHEN upper(type) IN ('TEXT', 'INTEGER', 'REAL')"
			   " THEN upper(type) ELSE '' END FROM pragma_table_info(?1)",
			   &names));
	sqlite3_bind_text(names, 1, name, -1, SQLITE_STATIC);
	strbuf_puts(insert, "INSERT INTO ");
	sql_ident(insert, name);
	strbuf_puts(insert, " VALUES (");
	while ((rc = sqlite3_step(names)) == SQLITE_ROW) {
		const char *column = (const char *)sqlite3_column_text(names, 0);

		/* rows of this table are known by this name: link.c */
		if (strcasecmp(column, "_rowid_") == 0)
			return error_new(ERROR_SPEC, "a column must not be called _rowid_");
		strbuf_puts(columns, count ? ", " : " (");
		sql_ident(columns, column);
		strbuf_printf(columns, " %s", (const char *)sqlite3_column_text(names, 1));
		strbuf_printf(insert, "%s?%d", count ? ", " : "", count + 1);
		count++;
	}
	strbuf_putc(columns, ')');
	strbuf_putc(insert, ')');
	return rc == SQLITE_DONE ? NULL : tables_error(db, ERROR_IO, name);
}

static struct error *insert_rows(sqlite3 *db, const char *insert, const char *select, int steps)
{
	cleanup_stmt sqlite3_stmt *from = NULL;
	cleanup_stmt sqlite3_stmt *to = NULL;

	tables_guard_on(db, steps);
	TRY(tables_prepare_user(db, select, &from));
	/* the authorizer judges what is prepared; steps stay counted */
	sqlite3_set_authorizer(db, NULL, NULL);
	TRY(tables_prepare(db, insert, &to));
	return tables_copy_rows(db, from, to);
}

/* Puts a table in the place of a view that works. */
static struct error *materialize(sqlite3 *db, const char *name, const char *select, int steps)
{
	cleanup_strbuf struct strbuf columns = STRBUF_INIT, insert = STRBUF_INIT;
	struct error *error = put_table(db, name, &columns, &insert);

	TRY(change(db, "DROP VIEW ", name, ""));
	if (error)
		return error;
	TRY(change(db, "CREATE TABLE ", name, columns.data));
	error = insert_rows(db, insert.data, select, steps);
	tables_guard_off(db);
	if (error)
		error_free(change(db, "DROP TABLE ", name, ""));
	return error;
}

static struct error *create(sqlite3 *db, const char *name, const struct schema_table *table,
			    const char *select, int steps)
{
	cleanup_strbuf struct strbuf as = STRBUF_INIT;
	struct error *error;

	strbuf_printf(&as, " AS\n%s", select);
	TRY(change(db, "CREATE VIEW ", name, as.data));
	error = try_view(db, name, steps);
	if (error) {
		error_free(change(db, "DROP VIEW ", name, ""));
		return error;
	}
	return table->materialize ? materialize(db, name, select, steps) : NULL;
}

static struct error *derived(sqlite3 *db, const struct schema *schema, uint32_t index, int steps)
{
	const struct schema_table *table = &schema->tables[index];
	const char *name = schema_text(schema, table->name);
	const char *select = schema_text(schema, table->sql);
	bool same;

	/* in one schema a name is used once: what is there comes from another schema */
	TRY(same_as_before(db, name, select, &same));
	if (same && tables_find_derived(schema, name) == index)
		return NULL;
	TRY(check_name(db, name));
	TRY(check_select(db, select, steps));
	TRY(create(db, name, table, select, steps));
	return describe(db, schema, table);
}

struct error *tables_derived(sqlite3 *db, const struct schema *schema, uint32_t table, int steps)
{
	struct error *error = derived(db, schema, table, steps);

	if (error)
		return error_wrap(error, "table %s",
				  schema_text(schema, schema->tables[table].name));
	return NULL;
}

struct error *tables_create_derived(sqlite3 *db, const struct schema *schema, uint32_t table)
{
	return tables_derived(db, schema, table, TABLES_STEPS_DECODE);
}
