/* SPDX-License-Identifier: BSD-2-Clause */
/* Extra columns: an expression over each row of a function table, converted to its type. */
#include "tables_int.h"

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

/* An expression over one row: in WHERE, SQLite takes no aggregate and no window. */
static struct error *check_expression(sqlite3 *db, const char *table, const char *expr)
{
	const char *wrong = tables_expression_shape(expr);
	cleanup_stmt sqlite3_stmt *statement = NULL;
	cleanup_strbuf struct strbuf sql = STRBUF_INIT;

	if (wrong)
		return error_new(ERROR_SPEC, "%s", wrong);
	strbuf_puts(&sql, "SELECT 1 FROM ");
	sql_ident(&sql, table);
	strbuf_printf(&sql, " WHERE (%s\n)", expr);
	return tables_prepare_user(db, sql.data, &statement);
}

/* ?1 is the process or NULL. The sort keeps what is written out of what is still read. */
static void put_select(const struct schema *schema, const struct schema_column *column,
		       struct strbuf *ret)
{
	const char *rowid = tables_rowid(schema, column->function);

	strbuf_printf(ret, "SELECT %s, ", rowid);
	put_conversion(column->type, schema_text(schema, column->expr), ret);
	strbuf_puts(ret, " FROM ");
	sql_ident(ret, schema_text(schema, schema->functions[column->function].table));
	strbuf_printf(ret, " WHERE ?1 IS NULL OR process_id = ?1 ORDER BY +%s", rowid);
}

static void put_update(const struct schema *schema, const struct schema_column *column,
		       struct strbuf *ret)
{
	strbuf_puts(ret, "UPDATE ");
	sql_ident(ret, schema_text(schema, schema->functions[column->function].table));
	strbuf_puts(ret, " SET ");
	sql_ident(ret, schema_text(schema, column->name));
	strbuf_printf(ret, " = ?2 WHERE %s = ?1", tables_rowid(schema, column->function));
}

static struct error *prepare_column(sqlite3 *db, const struct schema *schema,
				    const struct schema_column *column, int steps,
				    sqlite3_stmt **ret)
{
	const char *table = schema_text(schema, schema->functions[column->function].table);
	cleanup_strbuf struct strbuf sql = STRBUF_INIT;
	struct error *error;

	tables_guard_on(db, steps);
	error = check_expression(db, table, schema_text(schema, column->expr));
	put_select(schema, column, &sql);
	if (!error)
		error = tables_prepare_user(db, sql.data, ret);
	return error;
}

static struct error *fill(sqlite3 *db, const struct schema *schema,
			  const struct schema_column *column, int64_t process_id, int steps)
{
	cleanup_stmt sqlite3_stmt *select = NULL;
	cleanup_stmt sqlite3_stmt *update = NULL;
	cleanup_strbuf struct strbuf sql = STRBUF_INIT;

	put_update(schema, column, &sql);
	TRY(prepare_column(db, schema, column, steps, &select));
	if (process_id)
		sqlite3_bind_int64(select, 1, process_id);
	/* the authorizer judges what is prepared; steps stay counted */
	sqlite3_set_authorizer(db, NULL, NULL);
	TRY(tables_prepare(db, sql.data, &update));
	return tables_copy_rows(db, select, update);
}

struct error *tables_column(sqlite3 *db, const struct schema *schema, uint32_t column,
			    int64_t process_id, int steps)
{
	const struct schema_column *row = &schema->columns[column];
	struct error *error = fill(db, schema, row, process_id, steps);

	tables_guard_off(db);
	if (error)
		return error_wrap(error, "column %s", schema_text(schema, row->name));
	return NULL;
}

struct error *tables_fill_column(sqlite3 *db, const struct schema *schema, uint32_t column,
				 int64_t process_id)
{
	return tables_column(db, schema, column, process_id, TABLES_STEPS_DECODE);
}
