/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a spec's author writes in SQL: extra columns, derived tables, links. Each
 * is judged and run under the guard, and fails alone: the rest of a database does
 * not depend on it.
 */
#include "tables_int.h"

#include <strings.h>

/* Puts what went wrong, and with what, into one message. */
static struct error *about(struct error *error, const char *kind, const char *name)
{
	return error ? error_wrap(error, "%s %s", kind, name) : NULL;
}

/*
 * JSON columns always hold JSON: a text that is none becomes a JSON string. The
 * other types have a function that converts or refuses.
 */
static void put_conversion(enum schema_column_type type, const char *expr, struct strbuf *ret)
{
	static const char *const functions[] = {
		[SCHEMA_COLUMN_TEXT] = "ask_text",
		[SCHEMA_COLUMN_INTEGER] = "ask_integer",
		[SCHEMA_COLUMN_REAL] = "ask_real",
		[SCHEMA_COLUMN_TIMESTAMP_NS] = "ask_timestamp_ns",
		[SCHEMA_COLUMN_DURATION_NS] = "ask_duration_ns",
	};

	/* the newline ends a comment at the expression's end */
	if (type == SCHEMA_COLUMN_JSON)
		strbuf_printf(ret,
			      "(SELECT CASE WHEN v IS NULL OR json_valid(v) THEN v"
			      " ELSE json_quote(v) END FROM (SELECT (%s\n) AS v))",
			      expr);
	else
		strbuf_printf(ret, "%s((%s\n))", functions[type], expr);
}

void tables_column_update_sql(const struct schema *schema, uint32_t column, struct strbuf *ret)
{
	const struct schema_column *row = &schema->columns[column];
	const struct schema_function *function = &schema->functions[row->function];

	strbuf_puts(ret, "UPDATE ");
	sql_ident(ret, schema_text(schema, function->table));
	strbuf_puts(ret, " SET ");
	sql_ident(ret, schema_text(schema, row->name));
	strbuf_puts(ret, " = ");
	put_conversion(row->type, schema_text(schema, row->expr), ret);
	strbuf_puts(ret, " WHERE ?1 IS NULL OR process_id = ?1");
}

/* Prepares one statement of ours with user SQL inside and, when `run`, runs it. */
static struct error *run_granted(sqlite3 *db, const char *sql, const struct tables_grant *grant,
				 int64_t parameter, int steps)
{
	cleanup_stmt sqlite3_stmt *statement = NULL;
	struct error *error = NULL;

	tables_guard_on(db, grant, steps);
	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK) {
		error = tables_error(db, ERROR_SPEC, "");
	} else {
		if (parameter)
			sqlite3_bind_int64(statement, 1, parameter);
		error = tables_run_guarded(db, statement);
	}
	tables_guard_off(db);
	return error;
}

struct error *tables_column(sqlite3 *db, const struct schema *schema, uint32_t column,
			    int64_t process_id, int steps)
{
	const struct schema_column *row = &schema->columns[column];
	const char *name = schema_text(schema, row->name);
	struct tables_grant grant = {
		.update_table = schema_text(schema, schema->functions[row->function].table),
		.update_column = name,
	};
	const char *wrong = tables_expression_shape(schema_text(schema, row->expr));
	cleanup_strbuf struct strbuf sql = STRBUF_INIT;

	if (wrong)
		return error_new(ERROR_SPEC, "column %s: %s", name, wrong);
	tables_column_update_sql(schema, column, &sql);
	return about(run_granted(db, sql.data, &grant, process_id, steps), "column", name);
}

struct error *tables_fill_column(sqlite3 *db, const struct schema *schema, uint32_t column,
				 int64_t process_id)
{
	return tables_column(db, schema, column, process_id, TABLES_STEPS_DECODE);
}

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
	TRY(tables_prepare(db,
			   "SELECT name, upper(type) FROM pragma_table_info(?1)", &names));
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
			   "SELECT expr FROM _columns WHERE table_name = ?1 AND column_name = ''",
			   &statement));
	sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
	*ret = sqlite3_step(statement) == SQLITE_ROW &&
	       strcmp((const char *)sqlite3_column_text(statement, 0), sql) == 0;
	return NULL;
}

/* Drops what was made for a table that then turned out not to work. */
static void undo(sqlite3 *db, const char *name, bool materialize)
{
	cleanup_strbuf struct strbuf sql = STRBUF_INIT;

	strbuf_puts(&sql, materialize ? "DROP TABLE IF EXISTS " : "DROP VIEW IF EXISTS ");
	sql_ident(&sql, name);
	error_free(tables_exec(db, sql.data));
}

/*
 * CREATE … AS the SELECT that was checked. The authorizer judged it; here it must be
 * off, as it denies CREATE, but steps stay bounded. A view is tried afterwards under
 * the guard: a name that its tables lack, or a query without an end, shows only then.
 */
static struct error *create(sqlite3 *db, const char *name, const struct schema_table *table,
			    const char *select, int steps)
{
	cleanup_strbuf struct strbuf sql = STRBUF_INIT, trial = STRBUF_INIT;
	struct error *error = NULL;

	strbuf_puts(&sql, table->materialize ? "CREATE TABLE " : "CREATE VIEW ");
	sql_ident(&sql, name);
	strbuf_printf(&sql, " AS\n%s", select);
	tables_guard_on(db, NULL, steps);
	sqlite3_set_authorizer(db, NULL, NULL);
	if (sqlite3_exec(db, sql.data, NULL, NULL, NULL) != SQLITE_OK)
		error = tables_error(db, ERROR_SPEC, "");
	tables_guard_off(db);
	if (error || table->materialize)
		return error;
	strbuf_puts(&trial, "SELECT * FROM ");
	sql_ident(&trial, name);
	error = tables_check_select(db, trial.data, steps);
	if (error)
		undo(db, name, false);
	return error;
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
	TRY(tables_check_select(db, select, steps));
	TRY(create(db, name, table, select, steps));
	return describe(db, schema, table);
}

struct error *tables_derived(sqlite3 *db, const struct schema *schema, uint32_t table, int steps)
{
	return about(derived(db, schema, table, steps), "table",
		     schema_text(schema, schema->tables[table].name));
}

struct error *tables_create_derived(sqlite3 *db, const struct schema *schema, uint32_t table)
{
	return tables_derived(db, schema, table, TABLES_STEPS_DECODE);
}
