/* SPDX-License-Identifier: BSD-2-Clause */
#include "tables_int.h"

struct check {
	sqlite3 *db;
	const struct schema *schema;
	tables_report_fn *report;
	void *data;
};

/* The table whose columns an item's SQL may name; NULL: any. */
static const char *table_of(const struct check *check, enum tables_item item, uint32_t index)
{
	const struct schema *schema = check->schema;
	uint32_t function;

	if (item != TABLES_ITEM_COLUMN)
		return NULL;
	function = schema->columns[index].function;
	return schema_text(schema, schema->functions[function].table);
}

/* A mistake of the spec is reported and forgotten; SQLite's own failure is passed on. */
static struct error *judge(const struct check *check, enum tables_item item, uint32_t index,
			   struct error *error)
{
	cleanup_arena struct arena arena = {0};
	struct tables_missing missing = {0};
	struct error *failed;

	if (!error || error->code != ERROR_SPEC)
		return error;
	failed = tables_find_missing(&arena, check->db, error->message,
				     table_of(check, item, index), &missing);
	if (!failed)
		check->report(check->data, item, index, error->message,
			      missing.name ? &missing : NULL);
	error_free(error);
	return failed;
}

/*
 * Two functions with one table name would share rows here, where they are clashes; in
 * a database of several schemas they are the same function.
 */
static struct error *check_functions(const struct check *check)
{
	for (uint32_t i = 0; i < check->schema->functions_count; i++) {
		const char *table = schema_text(check->schema, check->schema->functions[i].table);
		struct error *error;
		bool exists, is_view;

		TRY(tables_object(check->db, table, &is_view, &exists));
		error = exists && !tables_is_builtin(table)
				? error_new(ERROR_SPEC, "two functions have a table %s", table)
				: tables_create_function(check->db, check->schema, i);
		TRY(judge(check, TABLES_ITEM_FUNCTION, i, error));
	}
	return NULL;
}

static void close_database(sqlite3 **db)
{
	sqlite3_close(*db);
}

struct error *tables_check(const struct schema *schema, tables_report_fn *report, void *data)
{
	__attribute__((cleanup(close_database))) sqlite3 *db = NULL;
	struct check check = {.schema = schema, .report = report, .data = data};

	if (sqlite3_open(":memory:", &db) != SQLITE_OK)
		return error_new(ERROR_IO, "SQLite: cannot open a database in memory");
	check.db = db;
	TRY(tables_register_functions(db));
	TRY(tables_create_builtin(db));
	TRY(tables_add_contexts(db, schema));
	TRY(check_functions(&check));
	TRY(tables_create_all_captured_data(db, &schema, 1));
	for (uint32_t i = 0; i < schema->columns_count; i++)
		TRY(judge(&check, TABLES_ITEM_COLUMN, i,
			  tables_column(db, schema, i, 0, TABLES_STEPS_CHECK)));
	for (uint32_t i = 0; i < schema->tables_count; i++)
		TRY(judge(&check, TABLES_ITEM_TABLE, i,
			  tables_derived(db, schema, i, TABLES_STEPS_CHECK)));
	for (uint32_t i = 0; i < schema->links_count; i++)
		TRY(judge(&check, TABLES_ITEM_LINK, i,
			  tables_link(db, schema, i, TABLES_STEPS_CHECK)));
	return NULL;
}
