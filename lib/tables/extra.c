/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Extra columns: an expression over each row of a function table, converted to its type.
 *
 * A column sees those before it, and fails alone. So each could be filled on its own: a
 * SELECT that reads the rows, and an UPDATE that rewrites each. But reading and rewriting
 * is what it costs, and SQLite parses a value's JSON once for all expressions of one
 * statement. So columns that do not read each other are filled together; where that
 * fails, whoever asked fills each alone and learns which one it was.
 */
#include "tables_int.h"

#include <strings.h>

/* SQLite takes 2,000 columns in one SELECT, and an expression may be long. */
#define TOGETHER_MAX 100u

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

/* A run of columns of one function. */
struct run {
	const struct schema *schema;
	uint32_t first, count;
};

static const char *run_table(const struct run *run)
{
	const struct schema *schema = run->schema;

	return schema_text(schema, schema->functions[schema->columns[run->first].function].table);
}

static const char *run_rowid(const struct run *run)
{
	return tables_rowid(run->schema, run->schema->columns[run->first].function);
}

/* ?1 is the process or NULL. The sort keeps what is written out of what is still read. */
static void put_select(const struct run *run, struct strbuf *ret)
{
	const struct schema *schema = run->schema;
	const char *rowid = run_rowid(run);

	strbuf_printf(ret, "SELECT %s", rowid);
	for (uint32_t i = 0; i < run->count; i++) {
		const struct schema_column *column = &schema->columns[run->first + i];

		strbuf_puts(ret, ", ");
		put_conversion(column->type, schema_text(schema, column->expr), ret);
	}
	strbuf_puts(ret, " FROM ");
	sql_ident(ret, run_table(run));
	strbuf_printf(ret, " WHERE ?1 IS NULL OR process_id = ?1 ORDER BY +%s", rowid);
}

static void put_update(const struct run *run, struct strbuf *ret)
{
	const struct schema *schema = run->schema;

	strbuf_puts(ret, "UPDATE ");
	sql_ident(ret, run_table(run));
	for (uint32_t i = 0; i < run->count; i++) {
		strbuf_puts(ret, i ? ", " : " SET ");
		sql_ident(ret, schema_text(schema, schema->columns[run->first + i].name));
		strbuf_printf(ret, " = ?%u", i + 2);
	}
	strbuf_printf(ret, " WHERE %s = ?1", run_rowid(run));
}

static struct error *prepare_run(sqlite3 *db, const struct run *run, int steps, sqlite3_stmt **ret)
{
	const struct schema *schema = run->schema;
	cleanup_strbuf struct strbuf sql = STRBUF_INIT;

	tables_guard_on(db, steps);
	for (uint32_t i = 0; i < run->count; i++)
		TRY(check_expression(db, run_table(run),
				     schema_text(schema, schema->columns[run->first + i].expr)));
	put_select(run, &sql);
	return tables_prepare_user(db, sql.data, ret);
}

static struct error *fill(sqlite3 *db, const struct run *run, int64_t process_id, int steps)
{
	cleanup_stmt sqlite3_stmt *select = NULL;
	cleanup_stmt sqlite3_stmt *update = NULL;
	cleanup_strbuf struct strbuf sql = STRBUF_INIT;

	put_update(run, &sql);
	TRY(prepare_run(db, run, steps, &select));
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
	const struct run run = {schema, column, 1};
	struct error *error = fill(db, &run, process_id, steps);

	tables_guard_off(db);
	if (error)
		return error_wrap(error, "column %s",
				  schema_text(schema, schema->columns[column].name));
	return NULL;
}

struct error *tables_fill_column(sqlite3 *db, const struct schema *schema, uint32_t column,
				 int64_t process_id)
{
	return tables_column(db, schema, column, process_id, TABLES_STEPS_DECODE);
}

/* ---- together ---- */

struct error *tables_fill_columns(sqlite3 *db, const struct schema *schema, uint32_t first,
				  uint32_t count, int64_t process_id)
{
	const struct run run = {schema, first, count};
	struct error *error = fill(db, &run, process_id, TABLES_STEPS_TOGETHER);

	tables_guard_off(db);
	return error;
}

/* What is looked for: columns with the name of one of a run, in whatever table or view. */
struct reads {
	const struct run *run;
	bool found;
};

static void note_read(void *data, const char *column)
{
	struct reads *reads = data;
	const struct schema *schema = reads->run->schema;

	for (uint32_t i = 0; i < reads->run->count; i++) {
		const struct schema_column *other = &schema->columns[reads->run->first + i];

		reads->found |= strcasecmp(schema_text(schema, other->name), column) == 0;
	}
}

/* Whether the column behind the run may join it. One whose SQL is wrong is filled alone. */
static bool may_join(sqlite3 *db, const struct run *run)
{
	const struct schema *schema = run->schema;
	const struct schema_column *next = &schema->columns[run->first + run->count];
	struct reads reads = {.run = run};
	struct error *error;

	tables_guard_on(db, TABLES_STEPS_TOGETHER);
	tables_guard_watch(db, &(struct tables_watch){note_read, &reads});
	error = check_expression(db, run_table(run), schema_text(schema, next->expr));
	tables_guard_off(db);
	error_free(error);
	return !error && !reads.found;
}

uint32_t tables_columns_together(sqlite3 *db, const struct schema *schema, uint32_t first)
{
	struct run run = {schema, first, 1};

	while (run.count < TOGETHER_MAX && first + run.count < schema->columns_count &&
	       schema->columns[first + run.count].function == schema->columns[first].function &&
	       may_join(db, &run))
		run.count++;
	return run.count;
}
