/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DB_INT_H
#define DB_INT_H

#include <sqlite3.h>

#include "db.h"
#include "tables.h"

/* ---- sql.c ---- */

static inline void db_finalize(sqlite3_stmt **statement)
{
	sqlite3_finalize(*statement);
}
#define cleanup_stmt __attribute__((cleanup(db_finalize)))

static inline void db_close(sqlite3 **db)
{
	sqlite3_close(*db);
	*db = NULL;
}
#define cleanup_db __attribute__((cleanup(db_close)))

/* "WHAT: SQLite's message" */
struct error *db_error(sqlite3 *db, enum error_code code, const char *what);
struct error *db_exec(sqlite3 *db, const char *sql);
/* Prepares one statement of our own. */
struct error *db_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **ret);
/* Runs a statement that gives no rows, and resets it for the next time. */
struct error *db_run(sqlite3 *db, sqlite3_stmt *statement);
/* NULL or "" is NULL. The text must live until the statement was run. */
void db_bind_text(sqlite3_stmt *statement, int i, const char *text);
void db_bind_cell(sqlite3_stmt *statement, int i, const struct decode_cell *cell);
/* Opens a database that exists, read-only and under the guard for user SQL. */
struct error *db_open_readonly(const char *path, sqlite3 **ret);

/* ---- input.c: a dump, taken apart ---- */

struct input_process {
	uint32_t number; /* in the dump */
	struct dump_process header;
	struct dump_process_texts texts;
	const struct schema *schema; /* what its records were made with */
	VEC(struct decode_stream) streams;
	bool closed; /* statistics are there */
	struct dump_statistics statistics;
};

struct input {
	const char *path; /* or the name that messages use instead */
	struct arena *arena;
	unsigned char *data; /* the whole file: malloc'ed, or mapped */
	size_t size;
	bool mapped;
	const char *cut;		    /* why the dump ends early, NULL when it does not */
	struct map schema_map, process_map; /* number in the dump -> index */
	VEC(const struct schema *) schemas;
	VEC(struct input_process) processes;
};

/* `name` may be NULL. */
struct error *input_open(struct input *input, struct arena *arena, const char *path,
			 const char *name);
void input_close(struct input *input);
#define cleanup_input __attribute__((cleanup(input_close)))

/* ---- mapping.c: the dump's schema to the one that makes the tables ---- */

struct mapping {
	const struct schema *records; /* the dump's */
	const struct schema *tables;  /* the newer one, or the same */
	/* for each function of `records` its function in `tables`, SCHEMA_NONE: left out now */
	uint32_t *functions;
	/* for each capture of `tables` its place within its function in `records`, SCHEMA_NONE: new
	 */
	uint32_t *captures;
	/* for each context of `tables` its number in `records`, SCHEMA_NONE: new */
	uint32_t *contexts;
	uint32_t contexts_count; /* 0 too where their columns could not be made */
};
void mapping_init(struct mapping *mapping, struct arena *arena, const struct schema *records,
		  const struct schema *tables);
/* true when both were made for the same binary. */
bool mapping_same_build(const struct schema *a, const struct schema *b);

/* ---- rows.c: decoded rows into tables ---- */

struct rows {
	sqlite3 *db;
	struct db_result *result;
	int64_t processes; /* rows so far: the last process_id */
	int64_t stacks;	   /* the last stack_id */
	/* of the process that is being written */
	const struct mapping *mapping;
	int64_t stack_base;
	sqlite3_stmt *stack, *frame, *goroutine;
	sqlite3_stmt **functions; /* for each function of mapping->tables, NULL: it has no table */
	uint32_t functions_count;
};

struct error *rows_init(struct rows *rows, sqlite3 *db, struct db_result *result);
void rows_deinit(struct rows *rows);
/* Writes the process itself, its statistics and all of its rows. */
struct error *rows_add_process(struct rows *rows, struct arena *arena, const char *name,
			       const struct input_process *process, const struct mapping *mapping);

/* ---- cells.c: values for people ---- */

/* `text` on one line: control characters visible, at most `most` characters, then `…`. */
void cell_line(struct strbuf *out, const char *text, size_t length, size_t most);
/* Characters, not bytes. */
size_t cell_width(const char *text, size_t length);

#endif
