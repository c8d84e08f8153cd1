/* SPDX-License-Identifier: BSD-2-Clause */
#include "driver_int.h"

/* --dump=spec: the spec as it was understood. */

static void dump_limits(const char *indent, const struct spec_limits *limits, FILE *out)
{
	const struct {
		const char *name;
		uint64_t value;
	} rows[] = {
		{"depth", limits->depth},
		{"string", limits->string},
		{"slice", limits->slice},
		{"map", limits->map},
		{"frames.leaf", limits->frames_leaf},
		{"frames.root", limits->frames_root},
		{"bytes", limits->bytes},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].value != SPEC_UNSET)
			fprintf(out, "%slimit %s %" PRIu64 "\n", indent, rows[i].name,
				rows[i].value);
}

static void dump_path(const struct spec_path *path, FILE *out)
{
	fprintf(out, "    path %s", path->variable);
	if (path->line)
		fprintf(out, "@%" PRIu64, path->line);
	for (size_t i = 0; i < path->steps.length; i++) {
		const struct spec_step *step = &path->steps.data[i];

		switch (step->kind) {
		case SPEC_STEP_FIELD:
			fprintf(out, " .%s", step->name);
			break;
		case SPEC_STEP_INDEX:
			fprintf(out, " [%" PRIu64 "]", step->index);
			break;
		case SPEC_STEP_ASSERT:
			fprintf(out, " .(%s)", step->name);
			break;
		}
	}
	fputc('\n', out);
}

static void dump_type(const struct spec_type *type, FILE *out)
{
	fprintf(out, "type %s\n", type->name.text);
	for (size_t i = 0; i < type->captures.length; i++) {
		const struct spec_capture *capture = &type->captures.data[i];

		fprintf(out, "  capture%s\n", capture->redact ? " redacted" : "");
		for (size_t p = 0; p < capture->paths.length; p++)
			dump_path(&capture->paths.data[p], out);
	}
}

static void dump_function(const struct spec_function *function, FILE *out)
{
	fprintf(out, "function %s\n", function->name.text);
	if (function->table.text)
		fprintf(out, "  table %s\n", function->table.text);
	for (size_t i = 0; i < function->captures.length; i++) {
		const struct spec_capture *capture = &function->captures.data[i];

		fprintf(out, "  capture%s%s%s\n", capture->as.text ? " as " : "",
			capture->as.text ? capture->as.text : "",
			capture->redact ? " redacted" : "");
		for (size_t p = 0; p < capture->paths.length; p++)
			dump_path(&capture->paths.data[p], out);
		dump_limits("    ", &capture->limits, out);
	}
	for (size_t i = 0; i < function->columns.length; i++) {
		const struct spec_column *column = &function->columns.data[i];

		fprintf(out, "  column %s %s: %s\n", column->name.text,
			schema_column_type_name(column->type), column->expr.text);
	}
}

static void dump_context(const struct spec_context *context, FILE *out)
{
	fprintf(out, "context as %s", context->column);
	if (context->key.text)
		fprintf(out, " key %s", context->key.text);
	if (context->value.text)
		fprintf(out, " value %s", context->value.text);
	fputc('\n', out);
}

static void dump_link_end(const char *what, const struct spec_link_end *end, FILE *out)
{
	fprintf(out, "  %s %s (", what, end->table.text);
	for (size_t i = 0; i < end->columns.length; i++)
		fprintf(out, "%s%s", i ? ", " : "", end->columns.data[i].text);
	fputs(")\n", out);
}

void dump_spec(const struct spec *spec, FILE *out)
{
	fprintf(out, "spec %s\n", spec->name.text ? spec->name.text : "");
	dump_limits("", &spec->limits, out);
	for (size_t i = 0; i < spec->matches.length; i++)
		fprintf(out, "match %s %s\n", ir_match_label(spec->matches.data[i].label),
			spec->matches.data[i].regex.text);
	for (size_t i = 0; i < spec->functions.length; i++)
		dump_function(&spec->functions.data[i], out);
	for (size_t i = 0; i < spec->types.length; i++)
		dump_type(&spec->types.data[i], out);
	for (size_t i = 0; i < spec->contexts.length; i++)
		dump_context(&spec->contexts.data[i], out);
	for (size_t i = 0; i < spec->tables.length; i++) {
		const struct spec_table *table = &spec->tables.data[i];

		fprintf(out, "%s %s: %s\n", table->materialize ? "table" : "view", table->name.text,
			table->sql.text);
	}
	for (size_t i = 0; i < spec->links.length; i++) {
		const struct spec_link *link = &spec->links.data[i];

		fprintf(out, "link%s%s\n", link->note.text ? " " : "",
			link->note.text ? link->note.text : "");
		dump_link_end("from", &link->from, out);
		dump_link_end("to", &link->to, out);
	}
}
