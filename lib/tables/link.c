/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Links: pairs of rows whose columns are equal. A row is named by its rowid, which
 * tables have. Views have none: there it is the number of the row in SELECT * FROM
 * the view, and the view is materialised first, so that the join cannot change the order.
 */
#include "tables_int.h"

#include <strings.h>

static bool is_view(const struct schema *schema, const char *name)
{
	uint32_t derived = tables_find_derived(schema, name);

	if (derived != SCHEMA_NONE)
		return !schema->tables[derived].materialize;
	return strcasecmp(name, "all_captured_data") == 0;
}

/* The name of a row's number in a table that is none of the schema's functions: no column has it.
 */
static const char *rowid(const struct schema *schema, const char *table)
{
	for (uint32_t f = 0; f < schema->functions_count; f++)
		if (strcasecmp(schema_text(schema, schema->functions[f].table), table) == 0)
			return tables_rowid(schema, f);
	return "_rowid_";
}

/* One side as a common table expression: its row numbers as r, its columns as c0, c1 … */
static void put_side(const struct schema *schema, const struct schema_link *link, bool to,
		     struct strbuf *sql)
{
	const char *table = schema_text(schema, to ? link->to_table : link->from_table);
	bool view = is_view(schema, table);

	strbuf_printf(sql, "%s AS MATERIALIZED (SELECT %s AS r", to ? "t" : "f",
		      view ? "row_number() OVER ()" : rowid(schema, table));
	for (uint32_t i = 0; i < link->pairs; i++) {
		const struct schema_link_pair *pair = &schema->link_pairs[link->first_pair + i];

		strbuf_puts(sql, ", ");
		sql_ident(sql, schema_text(schema, to ? pair->to_column : pair->from_column));
		strbuf_printf(sql, " AS c%u", i);
	}
	/* with all its columns a view is read as SELECT * reads it, in the same order */
	strbuf_puts(sql, view ? ", * FROM " : " FROM ");
	sql_ident(sql, table);
	strbuf_putc(sql, ')');
}

/* ?1 is the link; rows come as link_edges has them. */
static void put_select(const struct schema *schema, const struct schema_link *link,
		       struct strbuf *ret)
{
	strbuf_puts(ret, "WITH ");
	put_side(schema, link, false, ret);
	strbuf_puts(ret, ", ");
	put_side(schema, link, true, ret);
	strbuf_puts(ret, " SELECT l.link_id, l.from_table, f.r, l.to_table, t.r"
			 " FROM main.links AS l CROSS JOIN f JOIN t ON ");
	for (uint32_t i = 0; i < link->pairs; i++)
		strbuf_printf(ret, "%sf.c%u = t.c%u", i ? " AND " : "", i, i);
	strbuf_puts(ret, " WHERE l.link_id = ?1 ORDER BY 3, 5");
}

/* The names of one side, as a JSON array. */
static void put_columns(const struct schema *schema, const struct schema_link *link, bool to,
			struct strbuf *ret)
{
	struct json json;

	json_init(&json, ret);
	json_array_begin(&json);
	for (uint32_t i = 0; i < link->pairs; i++) {
		const struct schema_link_pair *pair = &schema->link_pairs[link->first_pair + i];

		json_text(&json, schema_text(schema, to ? pair->to_column : pair->from_column));
	}
	json_array_end(&json);
}

/* Adds the link's definition; *ret is its id, 0 when it was there. */
static struct error *define(sqlite3 *db, const struct schema *schema,
			    const struct schema_link *link, int64_t *ret)
{
	cleanup_strbuf struct strbuf from = STRBUF_INIT, to = STRBUF_INIT;
	cleanup_stmt sqlite3_stmt *statement = NULL;

	put_columns(schema, link, false, &from);
	put_columns(schema, link, true, &to);
	TRY(tables_prepare(
		db,
		"INSERT INTO links (from_table, from_columns, to_table, to_columns, note)"
		" SELECT ?1, ?2, ?3, ?4, ?5 WHERE NOT EXISTS (SELECT 1 FROM links"
		" WHERE from_table = ?1 AND from_columns = ?2 AND to_table = ?3"
		" AND to_columns = ?4)",
		&statement));
	sqlite3_bind_text(statement, 1, schema_text(schema, link->from_table), -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, from.data, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 3, schema_text(schema, link->to_table), -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 4, to.data, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 5, schema_text(schema, link->note), -1, SQLITE_STATIC);
	TRY(tables_step_done(db, statement));
	*ret = sqlite3_changes(db) ? sqlite3_last_insert_rowid(db) : 0;
	return NULL;
}

/* Each name that is missing, before SQLite's one message about the first. */
static struct error *check_side(sqlite3 *db, const struct schema *schema,
				const struct schema_link *link, bool to)
{
	const char *table = schema_text(schema, to ? link->to_table : link->from_table);
	cleanup_strbuf struct strbuf missing = STRBUF_INIT;
	cleanup_stmt sqlite3_stmt *statement = NULL;
	bool exists, view;

	TRY(tables_object(db, table, &view, &exists));
	if (!exists)
		return error_new(ERROR_SPEC, "no such table: %s", table);
	TRY(tables_prepare(db,
			   "SELECT 1 FROM pragma_table_xinfo(?1) WHERE name = ?2 COLLATE NOCASE",
			   &statement));
	for (uint32_t i = 0; i < link->pairs; i++) {
		const struct schema_link_pair *pair = &schema->link_pairs[link->first_pair + i];
		const char *column = schema_text(schema, to ? pair->to_column : pair->from_column);

		sqlite3_reset(statement);
		sqlite3_bind_text(statement, 1, table, -1, SQLITE_STATIC);
		sqlite3_bind_text(statement, 2, column, -1, SQLITE_STATIC);
		if (sqlite3_step(statement) != SQLITE_ROW)
			strbuf_printf(&missing, "%s%s", missing.length ? ", " : "", column);
	}
	if (missing.length)
		return error_new(ERROR_SPEC, "table %s has no column %s", table, missing.data);
	return NULL;
}

static struct error *pair_rows(sqlite3 *db, const struct schema *schema,
			       const struct schema_link *link, int64_t id, int steps)
{
	cleanup_strbuf struct strbuf sql = STRBUF_INIT;
	cleanup_stmt sqlite3_stmt *select = NULL;
	cleanup_stmt sqlite3_stmt *insert = NULL;

	put_select(schema, link, &sql);
	tables_guard_on(db, steps);
	TRY(tables_prepare_user(db, sql.data, &select));
	sqlite3_bind_int64(select, 1, id);
	/* the authorizer judges what is prepared; steps stay counted */
	sqlite3_set_authorizer(db, NULL, NULL);
	TRY(tables_prepare(db, "INSERT INTO link_edges VALUES (?1, ?2, ?3, ?4, ?5)", &insert));
	return tables_copy_rows(db, select, insert);
}

static struct error *fill(sqlite3 *db, const struct schema *schema, const struct schema_link *link,
			  int steps)
{
	struct error *error;
	int64_t id;

	TRY(check_side(db, schema, link, false));
	TRY(check_side(db, schema, link, true));
	TRY(define(db, schema, link, &id));
	if (!id)
		return NULL;
	error = pair_rows(db, schema, link, id, steps);
	tables_guard_off(db);
	return error;
}

struct error *tables_link(sqlite3 *db, const struct schema *schema, uint32_t index, int steps)
{
	const struct schema_link *link = &schema->links[index];
	struct error *error = fill(db, schema, link, steps);

	if (error)
		return error_wrap(error, "link from %s to %s",
				  schema_text(schema, link->from_table),
				  schema_text(schema, link->to_table));
	return NULL;
}

struct error *tables_fill_link(sqlite3 *db, const struct schema *schema, uint32_t link)
{
	return tables_link(db, schema, link, TABLES_STEPS_DECODE);
}
