/* SPDX-License-Identifier: BSD-2-Clause */
/* `functions`: their captures and extra columns. */
#include "spec_int.h"

typedef bool parse_fn(struct spec_reader *reader, const struct spec_node *node,
		      struct spec_path *ret);

static void read_paths(struct spec_reader *reader, const struct spec_node *value, parse_fn *parse,
		       struct spec_capture *capture)
{
	struct spec_path path;

	if (value->kind != SPEC_NODE_LIST) {
		if (spec_is_text(reader, value, "a path") && parse(reader, value, &path))
			*VEC_PUSH(reader->arena, &capture->paths) = path;
		return;
	}
	if (!value->items.length)
		spec_error(reader, value->span, "empty-value", "`expr` has no path");
	for (size_t i = 0; i < value->items.length; i++) {
		const struct spec_node *item = value->items.data[i];

		if (spec_is_text(reader, item, "a path") && parse(reader, item, &path))
			*VEC_PUSH(reader->arena, &capture->paths) = path;
	}
}

static void read_plain_paths(struct spec_reader *reader, const struct spec_node *value, void *ret)
{
	read_paths(reader, value, spec_parse_path, ret);
}

void spec_read_type_paths(struct spec_reader *reader, const struct spec_node *value, void *ret)
{
	read_paths(reader, value, spec_parse_type_path, ret);
}

bool spec_read_capture(struct spec_reader *reader, const struct spec_node *node, const char *what,
		       const struct spec_key *keys, size_t n, struct spec_capture *ret)
{
	*ret = (struct spec_capture){.span = node->span, .limits = spec_limits_unset()};
	if (node->kind == SPEC_NODE_MAPPING)
		spec_read_mapping(reader, node, what, keys, n, ret);
	else if (node->kind != SPEC_NODE_LIST)
		keys[0].read(reader, node, ret);
	else
		spec_error(reader, node->span, "wrong-type",
			   "%s must be a path or a mapping, this is a list", what);
	return ret->paths.length != 0;
}

static const struct spec_key capture_keys[] = {
	{"expr", read_plain_paths, 0, SPEC_KEY_REQUIRED},
	{"as", spec_read_sql_name, offsetof(struct spec_capture, as), 0},
	{"limits", spec_read_capture_limits, offsetof(struct spec_capture, limits),
	 SPEC_KEY_MAY_BE_EMPTY},
	{"redact", spec_read_bool, offsetof(struct spec_capture, redact), 0},
};

static void read_captures(struct spec_reader *reader, const struct spec_node *value, void *ret)
{
	struct spec_function *function = ret;

	if (!spec_is_list(reader, value))
		return;
	for (size_t i = 0; i < value->items.length; i++) {
		struct spec_capture capture;

		if (spec_read_capture(reader, value->items.data[i], "a capture", capture_keys,
				      ARRAY_SIZE(capture_keys), &capture))
			*VEC_PUSH(reader->arena, &function->captures) = capture;
		else
			reader->columns_incomplete = true;
	}
}

static const char *const column_types[] = {
#define ROW(type) #type,
	SCHEMA_COLUMN_TYPE_ROWS(ROW)
#undef ROW
};

static void read_column_type(struct spec_reader *reader, const struct spec_node *value, void *ret)
{
	struct diagnostic *diag;

	if (!spec_is_text(reader, value, NULL))
		return;
	for (unsigned type = 0; type < ARRAY_SIZE(column_types); type++) {
		if (strcmp(column_types[type], value->text))
			continue;
		*(enum schema_column_type *)ret = type;
		return;
	}
	diag = spec_error(reader, value->span, "unknown-column-type", "unknown column type `%s`",
			  spec_quote(reader->arena, value->text));
	diagnostic_suggest(reader->diags, diag, value->text, column_types,
			   ARRAY_SIZE(column_types));
	if (!diag->suggestions.length)
		diagnostic_note(reader->diags, diag,
				"the types are TEXT, INTEGER, REAL, JSON, TIMESTAMP_NS and "
				"DURATION_NS");
}

static const struct spec_key column_keys[] = {
	{"name", spec_read_sql_name, offsetof(struct spec_column, name), SPEC_KEY_REQUIRED},
	{"expr", spec_read_text, offsetof(struct spec_column, expr), SPEC_KEY_REQUIRED},
	{"type", read_column_type, offsetof(struct spec_column, type), 0},
};

static void read_columns(struct spec_reader *reader, const struct spec_node *value, void *ret)
{
	struct spec_function *function = ret;

	if (!spec_is_list(reader, value))
		return;
	for (size_t i = 0; i < value->items.length; i++) {
		const struct spec_node *item = value->items.data[i];
		struct spec_column column = {.span = item->span, .type = SCHEMA_COLUMN_TEXT};

		spec_read_mapping(reader, item, "a column", column_keys, ARRAY_SIZE(column_keys),
				  &column);
		if (column.name.text)
			*VEC_PUSH(reader->arena, &function->columns) = column;
		else
			reader->columns_incomplete = true;
	}
}

static const struct spec_key function_keys[] = {
	{"name", spec_read_sql_name, offsetof(struct spec_function, name), SPEC_KEY_REQUIRED},
	{"table", spec_read_sql_name, offsetof(struct spec_function, table), 0},
	{"capture", read_captures, 0, SPEC_KEY_MAY_BE_EMPTY},
	{"columns", read_columns, 0, SPEC_KEY_MAY_BE_EMPTY},
};

void spec_read_functions(struct spec_reader *reader, const struct spec_node *value, void *ret)
{
	struct spec *spec = ret;

	if (!spec_is_list(reader, value))
		return;
	for (size_t i = 0; i < value->items.length; i++) {
		const struct spec_node *item = value->items.data[i];
		struct spec_function function = {.span = item->span};

		spec_read_mapping(reader, item, "a function", function_keys,
				  ARRAY_SIZE(function_keys), &function);
		if (function.name.text)
			*VEC_PUSH(reader->arena, &spec->functions) = function;
		else
			reader->tables_incomplete = true;
	}
}
