/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "db_int.h"

/*
 * One SELECT, printed. CSV and JSON give every byte, for programs; the table is for eyes:
 * cells are cut at CELL_MAX characters and say so with `…`.
 */
#define CELL_MAX 120u

static struct error *prepare(sqlite3 *db, const char *sql, sqlite3_stmt **ret)
{
	cleanup_stmt sqlite3_stmt *statement = NULL, *more = NULL;
	const char *tail;

	if (sqlite3_prepare_v2(db, sql, -1, &statement, &tail) != SQLITE_OK)
		return error_new(ERROR_USAGE, "SQL: %s", tables_message(db));
	if (!statement || !sqlite3_column_count(statement))
		return error_new(ERROR_USAGE, "SQL: not a SELECT");
	if (sqlite3_prepare_v2(db, tail, -1, &more, NULL) != SQLITE_OK || more)
		return error_new(ERROR_USAGE, "SQL: more than one statement");
	if (sqlite3_bind_parameter_count(statement))
		return error_new(ERROR_USAGE, "SQL: a parameter (? : @ $) has no value here");
	*ret = statement;
	statement = NULL;
	return NULL;
}

/* The next row; ERROR_USAGE when the SQL fails on the way, ERROR_DAMAGED when the file does. */
static struct error *next(sqlite3 *db, sqlite3_stmt *statement, bool *ret)
{
	int rc = sqlite3_step(statement);

	if (rc == SQLITE_INTERRUPT)
		return error_new(ERROR_USAGE, "SQL: takes too many steps: does it end?");
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return db_error(db, rc == SQLITE_CORRUPT ? ERROR_DAMAGED : ERROR_USAGE, "SQL");
	*ret = rc == SQLITE_ROW;
	return NULL;
}

/* ---- CSV: RFC 4180; NULL is nothing, an empty text is "" ---- */

static void csv_cell(FILE *out, const char *text, size_t length)
{
	if (length && !memchr(text, '"', length) && !memchr(text, ',', length) &&
	    !memchr(text, '\n', length) && !memchr(text, '\r', length)) {
		fwrite(text, 1, length, out);
		return;
	}
	fputc('"', out);
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '"')
			fputc('"', out);
		fputc(text[i], out);
	}
	fputc('"', out);
}

static struct error *print_csv(sqlite3 *db, sqlite3_stmt *statement, FILE *out)
{
	int columns = sqlite3_column_count(statement);
	bool more;

	for (int i = 0; i < columns; i++) {
		const char *name = sqlite3_column_name(statement, i);

		fputs(i ? "," : "", out);
		csv_cell(out, name, strlen(name));
	}
	fputs("\r\n", out);
	for (;;) {
		TRY(next(db, statement, &more));
		if (!more)
			return NULL;
		for (int i = 0; i < columns; i++) {
			fputs(i ? "," : "", out);
			if (sqlite3_column_type(statement, i) == SQLITE_NULL)
				continue;
			const char *text = (const char *)sqlite3_column_text(statement, i);
			csv_cell(out, text, (size_t)sqlite3_column_bytes(statement, i));
		}
		fputs("\r\n", out);
	}
}

/* ---- JSON: an array of objects, one a line ---- */

static void json_cell(struct json *json, sqlite3_stmt *statement, int i)
{
	switch (sqlite3_column_type(statement, i)) {
	case SQLITE_INTEGER:
		json_int(json, sqlite3_column_int64(statement, i));
		break;
	case SQLITE_FLOAT:
		json_double(json, sqlite3_column_double(statement, i));
		break;
	case SQLITE_NULL:
		json_null(json);
		break;
	default: {
		const char *text = (const char *)sqlite3_column_text(statement, i);

		json_string(json, text ? text : "", (size_t)sqlite3_column_bytes(statement, i));
	}
	}
}

static struct error *print_json(sqlite3 *db, sqlite3_stmt *statement, FILE *out)
{
	int columns = sqlite3_column_count(statement);
	cleanup_strbuf struct strbuf line = STRBUF_INIT;
	const char *separator = "[";
	bool more;

	for (;;) {
		struct json json;

		TRY(next(db, statement, &more));
		if (!more)
			break;
		strbuf_clear(&line);
		json_init(&json, &line);
		json_object_begin(&json);
		for (int i = 0; i < columns; i++) {
			json_key(&json, sqlite3_column_name(statement, i));
			json_cell(&json, statement, i);
		}
		json_object_end(&json);
		fputs(separator, out);
		fwrite(line.data, 1, line.length, out);
		separator = ",\n";
	}
	fputs(separator[0] == '[' ? "[]\n" : "]\n", out);
	return NULL;
}

/* ---- table ---- */

struct cell {
	const char *text;
	size_t length;
	bool number;
};

static struct cell make_cell(struct arena *arena, const char *text, size_t length, bool number)
{
	cleanup_strbuf struct strbuf line = STRBUF_INIT;

	cell_line(&line, text, length, CELL_MAX);
	return (struct cell){arena_strndup(arena, line.data, line.length), line.length, number};
}

static void print_padded(FILE *out, const struct cell *cell, size_t width, bool last)
{
	size_t pad = width - cell_width(cell->text, cell->length);

	if (cell->number)
		fprintf(out, "%*s", (int)pad, "");
	fwrite(cell->text, 1, cell->length, out);
	if (!cell->number && !last)
		fprintf(out, "%*s", (int)pad, "");
	fputs(last ? "\n" : "  ", out);
}

static void print_rule(FILE *out, const size_t *widths, size_t columns)
{
	for (size_t i = 0; i < columns; i++) {
		for (size_t j = 0; j < widths[i]; j++)
			fputs("─", out);
		fputs(i + 1 < columns ? "  " : "\n", out);
	}
}

static struct error *read_cells(struct arena *arena, sqlite3 *db, sqlite3_stmt *statement,
				struct cell **ret, size_t *count)
{
	int columns = sqlite3_column_count(statement);
	VEC(struct cell) cells = {0};
	bool more;

	for (int i = 0; i < columns; i++) {
		const char *name = sqlite3_column_name(statement, i);

		*VEC_PUSH(arena, &cells) = make_cell(arena, name, strlen(name), false);
	}
	for (;;) {
		TRY(next(db, statement, &more));
		if (!more)
			break;
		for (int i = 0; i < columns; i++) {
			int type = sqlite3_column_type(statement, i);
			const char *text = (const char *)sqlite3_column_text(statement, i);
			size_t length = (size_t)sqlite3_column_bytes(statement, i);

			*VEC_PUSH(arena, &cells) =
				make_cell(arena, text ? text : "", text ? length : 0,
					  type == SQLITE_INTEGER || type == SQLITE_FLOAT);
		}
	}
	*ret = cells.data;
	*count = cells.length;
	return NULL;
}

static struct error *print_table(sqlite3 *db, sqlite3_stmt *statement, FILE *out)
{
	size_t columns = (size_t)sqlite3_column_count(statement), count;
	cleanup_arena struct arena arena;
	struct cell *cells;
	size_t *widths;

	arena_init(&arena);
	TRY(read_cells(&arena, db, statement, &cells, &count));
	widths = ARENA_ARRAY(&arena, size_t, columns);
	for (size_t i = 0; i < count; i++) {
		size_t width = cell_width(cells[i].text, cells[i].length);

		if (width > widths[i % columns])
			widths[i % columns] = width;
	}
	for (size_t i = 0; i < count; i++) {
		print_padded(out, &cells[i], widths[i % columns], i % columns == columns - 1);
		if (i == columns - 1)
			print_rule(out, widths, columns);
	}
	return NULL;
}

struct error *db_query(const char *path, const char *sql, enum db_format format, FILE *out)
{
	static struct error *(*const print[])(sqlite3 *, sqlite3_stmt *, FILE *) = {
		[DB_FORMAT_TABLE] = print_table,
		[DB_FORMAT_CSV] = print_csv,
		[DB_FORMAT_JSON] = print_json,
	};
	cleanup_db sqlite3 *db = NULL;
	cleanup_stmt sqlite3_stmt *statement = NULL;

	TRY(db_open_readonly(path, &db));
	TRY(prepare(db, sql, &statement));
	TRY(print[format](db, statement, out));
	if (fflush(out) != 0 || ferror(out))
		return error_new(ERROR_IO, "cannot write the answer");
	return NULL;
}
