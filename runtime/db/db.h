/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DB_H
#define DB_H

#include <stdio.h>

#include "base.h"
#include "decode.h"

/*
 * db: decoded rows to a SQLite database, and questions to one. The database is
 * written under a temporary name and renamed when it is whole.
 */

/*
 * One dump to decode. Of `schema_overrides` the one for a process's build ID gives tables,
 * columns and links instead of the schema in the dump; one that fits no process of all
 * the dumps is ERROR_TARGET. `name` (may be NULL) is for messages, where the path is no help.
 */
struct db_input {
	const char *path;
	const struct schema *const *schema_overrides;
	size_t schema_overrides_count;
	const char *name;
};
struct db_result {
	size_t processes, goroutines, rows;
	size_t problems;  /* rows of _problems: exit 4 */
	bool cut;	  /* a dump was cut or a process lost something: exit 4 */
	char *first_note; /* malloc'ed line that says what, or NULL */
};
struct error *db_decode(const struct db_input *inputs, size_t inputs_count, const char *output,
			struct db_result *ret);

enum db_format { DB_FORMAT_TABLE, DB_FORMAT_CSV, DB_FORMAT_JSON };
/* Runs one SELECT under the authorizer and prints its rows. ERROR_USAGE for bad SQL. */
struct error *db_query(const char *path, const char *sql, enum db_format format, FILE *out);
/* Goroutines grouped by identical stacks, with counts, waits and captured variables. */
struct error *db_stacks(const char *path, FILE *out);

#endif
