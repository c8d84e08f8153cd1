/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * User SQL, fenced in.
 *
 * A spec's SQL travels inside objects and dumps, and is run by whoever decodes them.
 * It is given what reading this database takes, and nothing else:
 *
 *  - an authorizer that passes SELECT, READ, recursion and functions, and denies
 *    every other action SQLite knows, now or later: it lists what is allowed;
 *  - so nothing of theirs ever writes: what a SELECT gives is written by statements
 *    of ours, row by row;
 *  - a progress handler that ends a statement after a number of virtual-machine
 *    steps. SQLite counts a statement's steps itself (vdbe.c, nProgressLimit), so no
 *    state of ours must live as long as the connection;
 *  - limits on the size of one value and on attached databases; defensive mode;
 *  - text in double quotes is a name, never a string: a misspelt name is an error,
 *    not a constant.
 *
 * SQLITE_DBCONFIG_TRUSTED_SCHEMA stays on: SQLite 3.40 marks its JSON functions as
 * unsafe, and views over captured values are made of them. The authorizer sees the
 * functions inside views too, so what a view may call is what a query may call.
 */
#include "tables_int.h"

#include <limits.h>
#include <strings.h>

/* The largest string or blob that user SQL may make: a value's JSON is bounded to 1 MiB. */
#define VALUE_MAX ((int)16 << 20)

/*
 * Functions that reach out of the database, or into the process. Most are not in the
 * library but in the shell or in extensions that a distribution may build in.
 */
static const char *const denied_functions[] = {
	"load_extension", "fts3_tokenizer", "readfile", "writefile", "edit",
	"fsdir",	  "lsmode",	    "system",	"getenv",    "sqlite_log",
};

static bool same(const char *a, const char *b)
{
	return a && b && strcasecmp(a, b) == 0;
}

static bool function_allowed(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(denied_functions); i++)
		if (same(name, denied_functions[i]))
			return false;
	return true;
}

static int authorize(void *data, int action, const char *a, const char *b, const char *database,
		     const char *inner)
{
	const struct tables_watch *watch = data;

	(void)a;
	(void)database;
	(void)inner;
	switch (action) {
	case SQLITE_READ:
		if (watch && b)
			watch->read(watch->data, b);
		return SQLITE_OK;
	case SQLITE_SELECT:
	case SQLITE_RECURSIVE:
		return SQLITE_OK;
	case SQLITE_FUNCTION:
		return function_allowed(b) ? SQLITE_OK : SQLITE_DENY;
	}
	return SQLITE_DENY;
}

static int too_many_steps(void *data)
{
	(void)data;
	return 1;
}

static void configure(sqlite3 *db, bool untrusted)
{
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, untrusted, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, untrusted ? 0 : INT_MAX);
	sqlite3_limit(db, SQLITE_LIMIT_LENGTH, untrusted ? VALUE_MAX : INT_MAX);
}

/*
 * Table-valued functions come into being at their first use, by a statement that
 * the authorizer would deny, and then stay. So those of the library that read more
 * than their arguments (dbstat, pragma_…) remain out of reach, and these are made here.
 */
static void make_json_tables(sqlite3 *db)
{
	cleanup_stmt sqlite3_stmt *statement = NULL;

	/* where SQLite has no JSON, the user's SQL will say so */
	(void)sqlite3_prepare_v2(db, "SELECT 1 FROM json_each('1'), json_tree('1')", -1, &statement,
				 NULL);
}

void tables_guard_on(sqlite3 *db, int steps)
{
	sqlite3_set_authorizer(db, NULL, NULL);
	make_json_tables(db);
	configure(db, true);
	sqlite3_set_authorizer(db, authorize, NULL);
	sqlite3_progress_handler(db, steps, too_many_steps, NULL);
}

void tables_guard_watch(sqlite3 *db, const struct tables_watch *watch)
{
	sqlite3_set_authorizer(db, authorize, (void *)watch);
}

void tables_guard_off(sqlite3 *db)
{
	sqlite3_set_authorizer(db, NULL, NULL);
	sqlite3_progress_handler(db, 0, NULL, NULL);
	configure(db, false);
}

void tables_untrusted(sqlite3 *db, bool on)
{
	if (on)
		tables_guard_on(db, TABLES_STEPS_DECODE);
	else
		tables_guard_off(db);
}

struct error *tables_step_user(sqlite3 *db, sqlite3_stmt *statement, bool *ret)
{
	int rc = sqlite3_step(statement);

	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return tables_error(db, ERROR_SPEC, "");
	*ret = rc == SQLITE_ROW;
	return NULL;
}

/* true when nothing but blanks, comments and semicolons is left. */
static bool nothing_left(sqlite3 *db, const char *tail)
{
	while (*tail) {
		cleanup_stmt sqlite3_stmt *more = NULL;
		const char *next;

		if (sqlite3_prepare_v2(db, tail, -1, &more, &next) != SQLITE_OK || more)
			return false;
		if (next == tail)
			return false;
		tail = next;
	}
	return true;
}

struct error *tables_prepare_user(sqlite3 *db, const char *sql, sqlite3_stmt **ret)
{
	cleanup_stmt sqlite3_stmt *statement = NULL;
	const char *tail;

	if (sqlite3_prepare_v2(db, sql, -1, &statement, &tail) != SQLITE_OK)
		return tables_error(db, ERROR_SPEC, "");
	if (!statement)
		return error_new(ERROR_SPEC, "no SQL");
	if (!nothing_left(db, tail))
		return error_new(ERROR_SPEC, "more than one statement");
	if (!sqlite3_column_count(statement) || !sqlite3_stmt_readonly(statement) ||
	    sqlite3_stmt_isexplain(statement))
		return error_new(ERROR_SPEC, "not a SELECT: only SELECT on this database is allowed");
	*ret = statement;
	statement = NULL;
	return NULL;
}

/* Past the string or name that begins at `p`; NULL when it does not end. */
static const char *skip_quoted(const char *p)
{
	char close = *p == '[' ? ']' : *p;

	for (p++; *p; p++) {
		if (*p != close)
			continue;
		if (close == ']' || p[1] != close)
			return p + 1;
		p++;
	}
	return NULL;
}

const char *tables_expression_shape(const char *sql)
{
	const char *p = sql;
	int depth = 0;

	while (p && *p) {
		if (strchr("'\"`[", *p)) {
			p = skip_quoted(p);
			continue;
		}
		if (p[0] == '-' && p[1] == '-') {
			/* a line's end follows the expression, so this may be its last */
			p += strcspn(p, "\n");
			continue;
		}
		if (p[0] == '/' && p[1] == '*') {
			p = strstr(p + 2, "*/");
			p = p ? p + 2 : NULL;
			continue;
		}
		if (*p == ';')
			return "a semicolon: it must be one expression";
		if (strchr("?:@$#", *p))
			return "a parameter (? : @ $) has no value here";
		if (*p == '(')
			depth++;
		if (*p == ')' && depth-- == 0)
			return "a closing parenthesis too many";
		p++;
	}
	if (!p)
		return "a string, name or comment does not end";
	return depth ? "a closing parenthesis is missing" : NULL;
}
