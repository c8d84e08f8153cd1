/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>

#include "driver.h"

/* The commands that need no process: decode, stacks, query. */

struct error *report_database(const struct options *options, const char *path,
			      struct db_result *result)
{
	cleanup_free char *note = result->first_note;

	say(options, "wrote %s: %zu process%s, %zu goroutines, %zu rows of captured functions",
	    path, result->processes, result->processes == 1 ? "" : "es", result->goroutines,
	    result->rows);
	if (result->cut)
		return error_new(ERROR_PARTIAL, "%s", note ? note : "something was dropped");
	if (result->problems)
		return error_new(ERROR_PARTIAL,
				 "%zu columns, tables or links of the spec failed: see _problems",
				 result->problems);
	return NULL;
}

struct error *command_decode(struct options *options)
{
	size_t count = options->arguments_count;
	struct db_input *inputs = ARENA_ARRAY(options->arena, struct db_input, count);
	const struct schema **schemas =
		ARENA_ARRAY(options->arena, const struct schema *, options->schemas.length);
	struct db_result result;

	if (strcmp(options->output, "-") == 0)
		return error_new(ERROR_USAGE, "decode: a database cannot be written to stdout");
	for (size_t i = 0; i < options->schemas.length; i++) {
		struct schema *schema;

		TRY(schema_open(options->arena, options->schemas.data[i], &schema));
		schemas[i] = schema;
	}
	for (size_t i = 0; i < count; i++)
		inputs[i] = (struct db_input){
			.path = options->arguments[i],
			.schema_overrides = schemas,
			.schema_overrides_count = options->schemas.length,
		};
	TRY(db_decode(inputs, count, options->output, &result));
	return report_database(options, options->output, &result);
}

struct error *command_stacks(struct options *options)
{
	return db_stacks(options->arguments[0], stdout);
}

struct error *command_query(struct options *options)
{
	return db_query(options->arguments[0], options->arguments[1], options->format, stdout);
}
