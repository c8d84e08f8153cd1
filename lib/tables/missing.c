/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names that SQL uses and the database lacks. SQLite says which one in its message
 * alone; the names that are there it knows as rows. Whoever reports the mistake picks
 * the nearest ones.
 */
#include "tables_int.h"

/* Of "main.both" and "g.cs" the last part; of "a, b" the first. */
static const char *bare_name(struct arena *arena, const char *text)
{
	const char *name = arena_strndup(arena, text, strcspn(text, ","));
	const char *dot = strrchr(name, '.');

	return dot && dot[1] ? dot + 1 : name;
}

static struct error *list_names(struct arena *arena, sqlite3 *db, const char *sql,
				const char *table, struct tables_missing *ret)
{
	cleanup_stmt sqlite3_stmt *statement = NULL;
	VEC(const char *) names = {0};
	int rc;

	TRY(tables_prepare(db, sql, &statement));
	if (sqlite3_bind_parameter_count(statement))
		sqlite3_bind_text(statement, 1, table, -1, SQLITE_STATIC);
	while ((rc = sqlite3_step(statement)) == SQLITE_ROW)
		*VEC_PUSH(arena, &names) =
			arena_strdup(arena, (const char *)sqlite3_column_text(statement, 0));
	if (rc != SQLITE_DONE)
		return tables_error(db, ERROR_IO, "SQLite");
	ret->names = names.data;
	ret->count = names.length;
	return NULL;
}

static const char columns_sql[] =
	"SELECT DISTINCT c.name FROM main.sqlite_schema AS s, pragma_table_info(s.name) AS c"
	" WHERE s.type IN ('table', 'view') AND s.name = ifnull(?1, s.name) COLLATE NOCASE"
	" ORDER BY 1";

/* To add a message: its words up to the name, as SQLite has them or link.c, and its names. */
static const struct {
	const char *words, *sql;
} messages[] = {
	{"no such column: ", columns_sql},
	{" has no column ", columns_sql},
	{"no such table: ", "SELECT name FROM main.sqlite_schema"
			    " WHERE type IN ('table', 'view') ORDER BY 1"},
	{"no such function: ", "SELECT DISTINCT name FROM pragma_function_list"
			       " WHERE name GLOB '[a-z]*' ORDER BY 1"},
};

struct error *tables_find_missing(struct arena *arena, sqlite3 *db, const char *message,
				  const char *table, struct tables_missing *ret)
{
	struct tables_missing missing = {0};

	for (size_t i = 0; i < ARRAY_SIZE(messages) && !missing.name; i++) {
		const char *words = strstr(message, messages[i].words);

		if (!words)
			continue;
		missing.name = bare_name(arena, words + strlen(messages[i].words));
		TRY(list_names(arena, db, messages[i].sql, table, &missing));
	}
	*ret = missing;
	return NULL;
}
