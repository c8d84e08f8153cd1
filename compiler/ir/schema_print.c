/* SPDX-License-Identifier: BSD-2-Clause */
#include "ir.h"

/* The schema's tables and columns as text: what a spec's SQL can name. */

const char *ir_match_label(enum schema_match_label label)
{
	static const char *const labels[SCHEMA_MATCH_LABELS] = {
#define ROW(label, word) word,
		SCHEMA_MATCH_LABEL_ROWS(ROW)
#undef ROW
	};

	return label < SCHEMA_MATCH_LABELS ? labels[label] : "?";
}

static void print_text(struct strbuf *out, const char *key, const char *text)
{
	size_t length = strlen(text);

	if (!length)
		return;
	strbuf_printf(out, "  %s ", key);
	c_string(out, text, length);
	strbuf_putc(out, '\n');
}

static void print_function(const struct schema *schema, const struct schema_function *function,
			   struct strbuf *out)
{
	strbuf_printf(out, "table %s (%s)\n", schema_text(schema, function->table),
		      schema_text(schema, function->name));
	for (uint32_t i = 0; i < function->captures; i++) {
		const struct schema_capture *capture =
			&schema->captures[function->first_capture + i];
		const struct schema_type *type = &schema->types[capture->type];
		const char *column = schema_text(schema, capture->column);

		strbuf_printf(out, "  %s %s = %s %s\n", column, schema_kind_sql(type->kind),
			      schema_text(schema, capture->expr), schema_text(schema, type->name));
		strbuf_printf(out, "  raw_%s, status_%s\n", column, column);
	}
	for (uint32_t i = 0; i < function->columns; i++) {
		const struct schema_column *column = &schema->columns[function->first_column + i];

		strbuf_printf(out, "  %s %s: ", schema_text(schema, column->name),
			      schema_column_type_name(column->type));
		c_string(out, schema_text(schema, column->expr),
			 strlen(schema_text(schema, column->expr)));
		strbuf_putc(out, '\n');
	}
}

static void print_link(const struct schema *schema, const struct schema_link *link,
		       struct strbuf *out)
{
	strbuf_printf(out, "link %s -> %s\n", schema_text(schema, link->from_table),
		      schema_text(schema, link->to_table));
	for (uint32_t i = 0; i < link->pairs; i++) {
		const struct schema_link_pair *pair = &schema->link_pairs[link->first_pair + i];

		strbuf_printf(out, "  %s = %s\n", schema_text(schema, pair->from_column),
			      schema_text(schema, pair->to_column));
	}
	print_text(out, "note", schema_text(schema, link->note));
}

void ir_print_schema(const struct schema *schema, struct strbuf *ret)
{
	strbuf_printf(ret, "schema %s\n", schema_text(schema, schema->meta.name));
	for (uint32_t i = 0; i < schema->matches_count; i++)
		strbuf_printf(ret, "match %s %s\n", ir_match_label(schema->matches[i].label),
			      schema_text(schema, schema->matches[i].regex));
	for (uint32_t i = 0; i < schema->functions_count; i++)
		print_function(schema, &schema->functions[i], ret);
	for (uint32_t i = 0; i < schema->tables_count; i++) {
		const struct schema_table *table = &schema->tables[i];

		strbuf_printf(ret, "%s %s\n", table->materialize ? "derived table" : "view",
			      schema_text(schema, table->name));
		print_text(ret, "doc", schema_text(schema, table->doc));
		print_text(ret, "sql", schema_text(schema, table->sql));
	}
	for (uint32_t i = 0; i < schema->links_count; i++)
		print_link(schema, &schema->links[i], ret);
}
