/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * all_captured_data: every raw value of every function table in one view, to find
 * an address wherever it is. A view, because a table would double the database.
 */
#include "tables_int.h"

/*
 * SQLite takes 500 SELECTs in one compound: more of them are nested, in groups. Two
 * levels are enough for 160,000 captures.
 */
#define GROUP 400u

/* One SELECT of the view: a capture's raw column. */
static void put_capture(struct strbuf *sql, const char *table, const char *expr, const char *column)
{
	/* a view cannot have parameters: %Q is SQLite's own way to write a text */
	char *head = sqlite3_mprintf("SELECT process_id, goroutine_id, frame_idx, %Q AS table_name,"
				     " %Q AS expr, ",
				     table, expr);
	cleanup_strbuf struct strbuf raw = STRBUF_INIT;

	if (!head)
		base_out_of_memory();
	strbuf_printf(&raw, "raw_%s", column);
	strbuf_puts(sql, head);
	sqlite3_free(head);
	sql_ident(sql, raw.data);
	strbuf_puts(sql, " AS value FROM ");
	sql_ident(sql, table);
	strbuf_puts(sql, " WHERE ");
	sql_ident(sql, raw.data);
	strbuf_puts(sql, " IS NOT NULL");
}

/* Appends the captures of one function that are not in the view yet. */
static void put_function(struct arena *arena, struct strmap *seen, const struct schema *schema,
			 const struct schema_function *function, struct strbuf *sql, size_t *count)
{
	const char *table = schema_text(schema, function->table);

	for (uint32_t i = 0; i < function->captures; i++) {
		const struct schema_capture *capture =
			&schema->captures[function->first_capture + i];
		const char *column = schema_text(schema, capture->column);
		char *key = arena_printf(arena, "%s\n%s", table, column);
		uint64_t ignored;

		for (char *p = key; *p; p++)
			if (*p >= 'A' && *p <= 'Z')
				*p += 'a' - 'A';
		if (strmap_get(seen, key, &ignored))
			continue;
		strmap_set(seen, key, 0);
		if (*count % GROUP == 0)
			strbuf_puts(sql,
				    *count ? ") UNION ALL SELECT * FROM (" : "SELECT * FROM (");
		else
			strbuf_puts(sql, " UNION ALL ");
		put_capture(sql, table, schema_text(schema, capture->expr), column);
		++*count;
	}
}

struct error *tables_create_all_captured_data(sqlite3 *db, const struct schema *const *schemas,
					      size_t count)
{
	static const char *const columns[][2] = {
		{"process_id", "INTEGER"}, {"goroutine_id", "INTEGER"},
		{"frame_idx", "INTEGER"},  {"table_name", "TEXT"},
		{"expr", "TEXT"},	   {"value", "JSON"},
	};
	cleanup_arena struct arena arena = {0};
	cleanup_strbuf struct strbuf sql = STRBUF_INIT;
	struct strmap seen;
	size_t captures = 0;

	strmap_init(&seen, &arena);
	strbuf_puts(&sql, "CREATE VIEW all_captured_data"
			  " (process_id, goroutine_id, frame_idx, table_name, expr, value) AS ");
	for (size_t s = 0; s < count; s++)
		for (uint32_t f = 0; f < schemas[s]->functions_count; f++) {
			const struct schema_function *function = &schemas[s]->functions[f];
			bool exists, is_view;

			/* where a function's table could not be made, there is nothing to read */
			TRY(tables_object(db, schema_text(schemas[s], function->table), &is_view,
					  &exists));
			if (exists && !is_view)
				put_function(&arena, &seen, schemas[s], function, &sql, &captures);
		}
	strbuf_puts(&sql, captures ? ")" : "SELECT NULL, NULL, NULL, NULL, NULL, NULL WHERE 0");
	TRY(tables_exec(db, sql.data));
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
		struct tables_description row = {.table = "all_captured_data",
						 .column = columns[i][0],
						 .type = columns[i][1],
						 .doc = ""};

		TRY(tables_describe(db, &row));
	}
	return NULL;
}
