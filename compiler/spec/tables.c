/* SPDX-License-Identifier: BSD-2-Clause */
/* `tables` and `links`. */
#include "spec_int.h"

static const struct spec_key table_keys[] = {
	{"name", spec_read_sql_name, offsetof(struct spec_table, name), SPEC_KEY_REQUIRED},
	{"doc", spec_read_any_text, offsetof(struct spec_table, doc), 0},
	{"sql", spec_read_text, offsetof(struct spec_table, sql), SPEC_KEY_REQUIRED},
	{"materialize", spec_read_bool, offsetof(struct spec_table, materialize), 0},
};

void spec_read_tables(struct spec_reader *reader, const struct spec_node *value, void *ret)
{
	struct spec *spec = ret;

	if (!spec_is_list(reader, value))
		return;
	for (size_t i = 0; i < value->items.length; i++) {
		const struct spec_node *item = value->items.data[i];
		struct spec_table table = {.span = item->span};

		spec_read_mapping(reader, item, "a table", table_keys, ARRAY_SIZE(table_keys),
				  &table);
		if (table.name.text)
			*VEC_PUSH(reader->arena, &spec->tables) = table;
		else
			reader->tables_incomplete = true;
	}
}

static void read_link_columns(struct spec_reader *reader, const struct spec_node *value, void *ret)
{
	struct spec_link_end *end = ret;

	if (!spec_is_list(reader, value))
		return;
	if (!value->items.length)
		spec_error(reader, value->span, "empty-value", "`columns` has no column");
	for (size_t i = 0; i < value->items.length; i++) {
		const struct spec_node *item = value->items.data[i];
		struct spec_text *column = VEC_PUSH(reader->arena, &end->columns);

		/* a wrong one keeps its place, with NULL: the ends are still as long as they are */
		column->span = item->span;
		if (spec_is_text(reader, item, "a column"))
			spec_read_sql_name(reader, item, column);
	}
}

static const struct spec_key link_end_keys[] = {
	{"table", spec_read_sql_name, offsetof(struct spec_link_end, table), SPEC_KEY_REQUIRED},
	{"columns", read_link_columns, 0, SPEC_KEY_REQUIRED},
};

static void read_link_end(struct spec_reader *reader, const struct spec_node *value, void *ret)
{
	spec_read_mapping(reader, value, "an end of a link", link_end_keys,
			  ARRAY_SIZE(link_end_keys), ret);
}

static const struct spec_key link_keys[] = {
	{"from", read_link_end, offsetof(struct spec_link, from), SPEC_KEY_REQUIRED},
	{"to", read_link_end, offsetof(struct spec_link, to), SPEC_KEY_REQUIRED},
	{"note", spec_read_any_text, offsetof(struct spec_link, note), 0},
};

void spec_read_links(struct spec_reader *reader, const struct spec_node *value, void *ret)
{
	struct spec *spec = ret;

	if (!spec_is_list(reader, value))
		return;
	for (size_t i = 0; i < value->items.length; i++) {
		const struct spec_node *item = value->items.data[i];
		struct spec_link link = {.span = item->span};

		spec_read_mapping(reader, item, "a link", link_keys, ARRAY_SIZE(link_keys), &link);
		*VEC_PUSH(reader->arena, &spec->links) = link;
	}
}
