/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ask_TYPE(x): the conversions that extra columns go through. SQLite's own CAST
 * makes 0 of 'abc'; here that is an error, because a wrong value is worse than none.
 */
#include "tables_int.h"

static void refuse(sqlite3_context *context, sqlite3_value *value, const char *type)
{
	cleanup_strbuf struct strbuf message = STRBUF_INIT;
	const char *text = (const char *)sqlite3_value_text(value);

	strbuf_printf(&message, "not a %s: %.60s", type, text ? text : "");
	sqlite3_result_error(context, message.data, (int)message.length);
}

static void to_text(sqlite3_context *context, int count, sqlite3_value **values)
{
	(void)count;
	if (sqlite3_value_type(values[0]) == SQLITE_NULL)
		return;
	if (sqlite3_value_type(values[0]) == SQLITE_BLOB)
		refuse(context, values[0], "text");
	else
		sqlite3_result_text(context, (const char *)sqlite3_value_text(values[0]),
				    sqlite3_value_bytes(values[0]), SQLITE_TRANSIENT);
}

/* Integers, and what is one in all but its type: '12', 12.0. */
static bool integer(sqlite3_value *value, int64_t *ret)
{
	double real;

	switch (sqlite3_value_numeric_type(value)) {
	case SQLITE_INTEGER:
		*ret = sqlite3_value_int64(value);
		return true;
	case SQLITE_FLOAT:
		real = sqlite3_value_double(value);
		/* beyond 2^53 a double no longer tells neighbours apart; NaN fails both */
		if (!(real >= -9007199254740992.0 && real <= 9007199254740992.0))
			return false;
		*ret = (int64_t)real;
		return (double)*ret == real;
	}
	return false;
}

static void to_integer(sqlite3_context *context, int count, sqlite3_value **values)
{
	int64_t number;

	(void)count;
	if (sqlite3_value_type(values[0]) == SQLITE_NULL)
		return;
	if (integer(values[0], &number))
		sqlite3_result_int64(context, number);
	else
		refuse(context, values[0], sqlite3_user_data(context));
}

static void to_real(sqlite3_context *context, int count, sqlite3_value **values)
{
	int type = sqlite3_value_type(values[0]);

	(void)count;
	if (type == SQLITE_NULL)
		return;
	type = sqlite3_value_numeric_type(values[0]);
	if (type == SQLITE_INTEGER || type == SQLITE_FLOAT)
		sqlite3_result_double(context, sqlite3_value_double(values[0]));
	else
		refuse(context, values[0], "real number");
}

static void to_timestamp(sqlite3_context *context, int count, sqlite3_value **values)
{
	int64_t ns;
	bool in_range;

	(void)count;
	switch (sqlite3_value_type(values[0])) {
	case SQLITE_NULL:
		return;
	case SQLITE_INTEGER:
		sqlite3_result_value(context, values[0]);
		return;
	case SQLITE_TEXT: {
		const char *text = (const char *)sqlite3_value_text(values[0]);
		size_t length = (size_t)sqlite3_value_bytes(values[0]);

		if (!tables_parse_rfc3339(text, length, &ns, &in_range))
			break;
		if (in_range)
			sqlite3_result_int64(context, ns);
		return;
	}
	}
	refuse(context, values[0], "time (RFC 3339 or integer nanoseconds)");
}

struct error *tables_register_functions(sqlite3 *db)
{
	static const struct {
		const char *name;
		const char *type; /* for to_integer */
		void (*function)(sqlite3_context *, int, sqlite3_value **);
	} functions[] = {
		{"ask_text", NULL, to_text},
		{"ask_integer", "whole number of 64 bits", to_integer},
		{"ask_real", NULL, to_real},
		{"ask_timestamp_ns", NULL, to_timestamp},
		{"ask_duration_ns", "duration in integer nanoseconds", to_integer},
	};

	for (size_t i = 0; i < ARRAY_SIZE(functions); i++)
		if (sqlite3_create_function_v2(db, functions[i].name, 1,
					       SQLITE_UTF8 | SQLITE_DETERMINISTIC |
						       SQLITE_INNOCUOUS,
					       (void *)functions[i].type, functions[i].function,
					       NULL, NULL, NULL) != SQLITE_OK)
			return tables_error(db, ERROR_IO, functions[i].name);
	return NULL;
}
