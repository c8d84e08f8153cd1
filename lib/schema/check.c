/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a schema must be before anyone reads it. Here: every index, span and text,
 * row by row, straight from arrays.def, and the spec's own arrays. check_types.c
 * has the types, check_programs.c what the engine obeys, check_symbols.c the symbols.
 */
#include "schema_int.h"

struct error *schema_check_fail(const struct schema_check *check, const char *array, size_t row,
				const char *format, ...)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	va_list args;

	va_start(args, format);
	strbuf_vprintf(&text, format, args);
	va_end(args);
	return error_new(ERROR_DAMAGED, "%s: damaged schema: %s[%zu]: %s", check->name, array, row,
			 text.data);
}

struct error *schema_check_spend(struct schema_check *check, uint64_t n)
{
	check->work += n;
	if (check->work > SCHEMA_WORK_MAX)
		return error_new(ERROR_DAMAGED, "%s: damaged schema: its rows overlap too much",
				 check->name);
	return NULL;
}

static struct error *text(const struct schema_check *check, const char *array, size_t row,
			  const char *field, uint32_t value)
{
	if (value < check->schema->strings_size)
		return NULL;
	return schema_check_fail(check, array, row, "%s: no text at %u", field, value);
}

static struct error *below(const struct schema_check *check, const char *array, size_t row,
			   const char *field, uint32_t value, uint32_t limit)
{
	if (value < limit)
		return NULL;
	return schema_check_fail(check, array, row, "%s is %u of %u", field, value, limit);
}

static struct error *span(const struct schema_check *check, const char *array, size_t row,
			  const char *field, uint32_t first, uint32_t count, uint32_t limit)
{
	if ((uint64_t)first + count <= limit)
		return NULL;
	return schema_check_fail(check, array, row, "%s: %u rows from %u of %u", field, count,
				 first, limit);
}

/* clang-format off */
#define STR(field) TRY(text(check, array, i, #field, row->field));
#define INDEX(field, target) \
	TRY(below(check, array, i, #field, row->field, check->schema->target##_count));
#define OPTIONAL(field, target) \
	if (row->field != SCHEMA_NONE) \
		INDEX(field, target)
#define ENUM(field, limit) TRY(below(check, array, i, #field, row->field, limit));
#define SPAN(first, count, target) \
	TRY(span(check, array, i, #count, row->first, row->count, check->schema->target##_count));
#define ZERO(field) TRY(below(check, array, i, #field, row->field, 1));
#define ITSELF TRY(text(check, array, i, "text", *row));

/* check_rows_MEMBER(): the rules of arrays.def for each row of one array */
#define SCHEMA_CHECK_ROWS(member, type, rows, count, rules) \
	static struct error *check_rows_##member(const struct schema_check *check) \
	{ \
		const char *array = #member; \
		for (size_t i = 0; i < (count); i++) { \
			const type *row = &(rows)[i]; \
			(void)row; \
			(void)array; \
			rules \
		} \
		return NULL; \
	}
#define SCHEMA_RECORD(id, member, type, rules) \
	SCHEMA_CHECK_ROWS(member, type, &check->schema->member, 1, rules)
#define SCHEMA_ARRAY_OF(id, member, type, rules) \
	SCHEMA_CHECK_ROWS(member, type, check->schema->member, check->schema->member##_count, rules)
#include "arrays.def"
#undef SCHEMA_RECORD
#undef SCHEMA_ARRAY_OF
/* clang-format on */

static struct error *check_references(const struct schema_check *check)
{
#define SCHEMA_RECORD(id, member, type, rules) TRY(check_rows_##member(check));
#define SCHEMA_ARRAY_OF(id, member, type, rules) TRY(check_rows_##member(check));
#include "arrays.def"
#undef SCHEMA_RECORD
#undef SCHEMA_ARRAY_OF
	return NULL;
}

static struct error *check_strings(const struct schema_check *check)
{
	const struct schema *schema = check->schema;

	/* the first is "" and the last one ends */
	if (!schema->strings_size || schema->strings[0] ||
	    schema->strings[schema->strings_size - 1])
		return error_new(ERROR_DAMAGED, "%s: damaged schema: bad string table",
				 check->name);
	return NULL;
}

/* Masks have a bit for each context. What a context is read from is a context.Context. */
static struct error *check_contexts(struct schema_check *check)
{
	const struct schema *schema = check->schema;

	if (schema->contexts_count > ASK_CONTEXTS_MAX)
		return schema_check_fail(check, "contexts", ASK_CONTEXTS_MAX, "one too many");
	for (uint32_t i = 0; i < schema->exprs_count; i++) {
		const struct ask_expr *expr = &schema->exprs[i];

		if (schema->captures[expr->capture].flags & SCHEMA_CAPTURE_CONTEXT &&
		    schema->types[expr->type].kind != SCHEMA_KIND_INTERFACE)
			return schema_check_fail(check, "exprs", i, "its context is no interface");
	}
	return NULL;
}

/* A function's captures and columns are its own: decoders number them from the first. */
static struct error *check_functions(struct schema_check *check)
{
	const struct schema *schema = check->schema;

	for (uint32_t f = 0; f < schema->functions_count; f++) {
		const struct schema_function *function = &schema->functions[f];

		TRY(schema_check_spend(check, (uint64_t)function->captures + function->columns));
		for (uint32_t i = 0; i < function->captures; i++)
			if (schema->captures[function->first_capture + i].function != f)
				return schema_check_fail(check, "functions", f,
							 "its capture %u is another function's", i);
		for (uint32_t i = 0; i < function->columns; i++)
			if (schema->columns[function->first_column + i].function != f)
				return schema_check_fail(check, "functions", f,
							 "its column %u is another function's", i);
	}
	for (uint32_t i = 0; i < schema->captures_count; i++) {
		const struct schema_function *f = &schema->functions[schema->captures[i].function];
		const struct schema_capture *capture = &schema->captures[i];

		if (i - f->first_capture >= f->captures)
			return schema_check_fail(check, "captures", i, "its function has it not");
		if (capture->flags & SCHEMA_CAPTURE_CONTEXT
			    ? capture->context >= schema->contexts_count
			    : capture->context)
			return schema_check_fail(check, "captures", i, "context is %u of %u",
						 capture->context, schema->contexts_count);
	}
	for (uint32_t i = 0; i < schema->columns_count; i++) {
		const struct schema_function *f = &schema->functions[schema->columns[i].function];

		if (i - f->first_column >= f->columns)
			return schema_check_fail(check, "columns", i, "its function has it not");
	}
	for (uint32_t i = 0; i < schema->links_count; i++)
		if (!schema->links[i].pairs)
			return schema_check_fail(check, "links", i, "no columns");
	return NULL;
}

struct error *schema_check(const char *name, const struct schema *schema)
{
	struct schema_check check = {.name = name, .schema = schema};

	TRY(check_strings(&check));
	TRY(check_references(&check));
	TRY(check_functions(&check));
	TRY(check_contexts(&check));
	TRY(schema_check_types(&check));
	TRY(schema_check_programs(&check));
	return schema_check_symbols(&check);
}
