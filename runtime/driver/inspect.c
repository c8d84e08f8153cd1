/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "driver.h"

/*
 * What an object or a dump says about itself. One walk over the schema feeds two
 * printers: text for people, JSON for programs, so that both tell the same.
 */

#define FILE_MAX ((size_t)16 << 30)

struct inspection {
	struct options *options;
	struct json json; /* used with --json */
	struct strbuf out;
};

/* ---- facts: a name and a text or number ---- */

static void fact_text(struct inspection *in, const char *name, const char *value)
{
	if (in->options->json) {
		json_key(&in->json, name);
		json_text(&in->json, value);
	} else if (value[0]) {
		strbuf_printf(&in->out, "%-20s %s\n", name, value);
	}
}

static void fact_number(struct inspection *in, const char *name, uint64_t value)
{
	if (in->options->json) {
		json_key(&in->json, name);
		json_uint(&in->json, value);
	} else {
		strbuf_printf(&in->out, "%-20s %" PRIu64 "\n", name, value);
	}
}

static const char *hex(struct arena *arena, const uint8_t *data, size_t size)
{
	char *text = arena_alloc(arena, size * 2 + 1);

	for (size_t i = 0; i < size; i++)
		snprintf(text + 2 * i, 3, "%02x", data[i]);
	return text;
}

/* ---- a schema ---- */

static void limits(struct inspection *in, const struct schema *schema)
{
	const struct ask_limits *first = schema->limits;

	if (schema->limits_count) {
		fact_number(in, "limit_depth", first->depth);
		fact_number(in, "limit_string", first->string);
		fact_number(in, "limit_slice", first->slice);
		fact_number(in, "limit_map", first->map);
	}
	fact_number(in, "limit_frames_leaf", schema->layout.frames_leaf);
	fact_number(in, "limit_frames_root", schema->layout.frames_root);
	fact_number(in, "limit_bytes", schema->meta.bytes_limit);
}

static void facts(struct inspection *in, const struct schema *schema)
{
	const struct schema_meta *meta = &schema->meta;

	fact_text(in, "name", schema_text(schema, meta->name));
	fact_text(in, "spec_file", schema_text(schema, meta->spec_file));
	fact_text(in, "binary", schema_text(schema, meta->binary));
	fact_text(in, "go_version", schema_text(schema, meta->go_version));
	fact_text(in, "go_build_id", schema_text(schema, meta->go_build_id));
	fact_text(in, "gnu_build_id", schema_text(schema, meta->gnu_build_id));
	fact_text(in, "askc_version", schema_text(schema, meta->askc_version));
	fact_text(in, "schema_id", hex(in->options->arena, schema->id, sizeof(schema->id)));
	fact_number(in, "functions", schema->functions_count);
	fact_number(in, "captures", schema->captures_count);
	fact_number(in, "ranges", schema->ranges_count);
	fact_number(in, "types", schema->types_count);
	fact_number(in, "symbols", schema->symbols_count);
	limits(in, schema);
}

/* ---- its tables, as text ---- */

static void text_tables(struct inspection *in, const struct schema *schema)
{
	struct strbuf *out = &in->out;

	for (uint32_t i = 0; i < schema->functions_count; i++) {
		const struct schema_function *f = &schema->functions[i];

		strbuf_printf(out, "\n%s  %s\n", schema_text(schema, f->table),
			      schema_text(schema, f->name));
		for (uint32_t c = 0; c < f->captures; c++) {
			const struct schema_capture *capture =
				&schema->captures[f->first_capture + c];

			strbuf_printf(out, "    %-24s %s\n", schema_text(schema, capture->column),
				      schema_text(schema, schema->types[capture->type].name));
		}
		for (uint32_t c = 0; c < f->columns; c++) {
			const struct schema_column *column = &schema->columns[f->first_column + c];

			strbuf_printf(out, "    %-24s %s = %s\n", schema_text(schema, column->name),
				      schema_column_type_name(column->type),
				      schema_text(schema, column->expr));
		}
	}
	for (uint32_t i = 0; i < schema->tables_count; i++)
		strbuf_printf(out, "\n%s  %s\n    %s\n",
			      schema_text(schema, schema->tables[i].name),
			      schema_text(schema, schema->tables[i].doc),
			      schema_text(schema, schema->tables[i].sql));
	for (uint32_t i = 0; i < schema->links_count; i++) {
		const struct schema_link *link = &schema->links[i];

		strbuf_printf(out, "\n%s -> %s  %s\n", schema_text(schema, link->from_table),
			      schema_text(schema, link->to_table), schema_text(schema, link->note));
	}
}

/* ---- its tables, as JSON ---- */

static void member(struct json *json, const struct schema *schema, const char *key, schema_str text)
{
	json_key(json, key);
	json_text(json, schema_text(schema, text));
}

static void json_function(struct json *json, const struct schema *schema,
			  const struct schema_function *f)
{
	json_object_begin(json);
	member(json, schema, "name", f->name);
	member(json, schema, "table", f->table);
	json_key(json, "captures");
	json_array_begin(json);
	for (uint32_t c = 0; c < f->captures; c++) {
		const struct schema_capture *capture = &schema->captures[f->first_capture + c];

		json_object_begin(json);
		member(json, schema, "column", capture->column);
		member(json, schema, "expr", capture->expr);
		member(json, schema, "go_type", schema->types[capture->type].name);
		json_object_end(json);
	}
	json_array_end(json);
	json_key(json, "columns");
	json_array_begin(json);
	for (uint32_t c = 0; c < f->columns; c++) {
		const struct schema_column *column = &schema->columns[f->first_column + c];

		json_object_begin(json);
		member(json, schema, "name", column->name);
		json_key(json, "type");
		json_text(json, schema_column_type_name(column->type));
		member(json, schema, "expr", column->expr);
		json_object_end(json);
	}
	json_array_end(json);
	json_object_end(json);
}

static void json_link(struct json *json, const struct schema *schema,
		      const struct schema_link *link)
{
	json_object_begin(json);
	member(json, schema, "from_table", link->from_table);
	member(json, schema, "to_table", link->to_table);
	member(json, schema, "note", link->note);
	json_key(json, "columns");
	json_array_begin(json);
	for (uint32_t i = 0; i < link->pairs; i++) {
		const struct schema_link_pair *pair = &schema->link_pairs[link->first_pair + i];

		json_object_begin(json);
		member(json, schema, "from", pair->from_column);
		member(json, schema, "to", pair->to_column);
		json_object_end(json);
	}
	json_array_end(json);
	json_object_end(json);
}

static void json_tables(struct json *json, const struct schema *schema)
{
	json_key(json, "function_tables");
	json_array_begin(json);
	for (uint32_t i = 0; i < schema->functions_count; i++)
		json_function(json, schema, &schema->functions[i]);
	json_array_end(json);
	json_key(json, "derived_tables");
	json_array_begin(json);
	for (uint32_t i = 0; i < schema->tables_count; i++) {
		json_object_begin(json);
		member(json, schema, "name", schema->tables[i].name);
		member(json, schema, "doc", schema->tables[i].doc);
		member(json, schema, "sql", schema->tables[i].sql);
		json_object_end(json);
	}
	json_array_end(json);
	json_key(json, "links");
	json_array_begin(json);
	for (uint32_t i = 0; i < schema->links_count; i++)
		json_link(json, schema, &schema->links[i]);
	json_array_end(json);
}

static void inspect_schema(struct inspection *in, const struct schema *schema)
{
	facts(in, schema);
	if (in->options->json)
		json_tables(&in->json, schema);
	else if (in->options->tables)
		text_tables(in, schema);
}

/* ---- objects and dumps ---- */

static struct error *inspect_object(struct inspection *in, const char *path, const void *data,
				    size_t size)
{
	struct schema *schema;
	const void *section;
	size_t section_size;

	TRY(schema_section(path, data, size, &section, &section_size));
	TRY(schema_read(in->options->arena, path, section, section_size, &schema));
	fact_text(in, "kind", "object");
	fact_number(in, "object_bytes", size);
	fact_number(in, "schema_bytes", section_size);
	inspect_schema(in, schema);
	return NULL;
}

static const char *time_text(struct arena *arena, int64_t ns)
{
	time_t seconds = (time_t)(ns / 1000000000);
	char text[64] = "";
	struct tm tm;

	if (gmtime_r(&seconds, &tm))
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return arena_strdup(arena, text);
}

static void process_facts(struct inspection *in, const struct dump_process *header,
			  const struct dump_process_texts *texts)
{
	fact_number(in, "pid", header->pid);
	fact_text(in, "process", texts->name);
	fact_text(in, "executable", texts->executable);
	fact_text(in, "hostname", texts->hostname);
	fact_text(in, "build_id", texts->build_id);
	fact_text(in, "captured", time_text(in->options->arena, header->capture_time_ns));
	fact_text(in, "engine",
		  header->engine == DUMP_ENGINE_BPF    ? "bpf"
		  : header->engine == DUMP_ENGINE_CORE ? "core"
						       : "native");
	fact_text(in, "pause", header->pause == DUMP_PAUSE_PTRACE ? "ptrace" : "none");
}

/* One object of a JSON array, or a paragraph. */
static void part_begin(struct inspection *in, const char *kind)
{
	if (in->options->json)
		json_object_begin(&in->json);
	else
		strbuf_putc(&in->out, '\n');
	fact_text(in, "kind", kind);
}

static void part_end(struct inspection *in)
{
	if (in->options->json)
		json_object_end(&in->json);
}

static struct error *inspect_chunk(struct inspection *in, const struct dump_chunk_view *view)
{
	struct arena *arena = in->options->arena;
	struct dump_process_texts texts;
	struct dump_statistics statistics;
	struct dump_process header;
	struct schema *schema;

	switch (view->kind) {
	case DUMP_SCHEMA:
		TRY(schema_read(arena, "schema in the dump", view->data, view->size, &schema));
		part_begin(in, "schema");
		inspect_schema(in, schema);
		break;
	case DUMP_PROCESS:
		TRY(dump_process_parse(arena, view, &header, &texts));
		part_begin(in, "process");
		process_facts(in, &header, &texts);
		break;
	case DUMP_STATISTICS:
		TRY(dump_statistics_parse(view, &statistics));
		part_begin(in, "statistics");
#define X(name, unit, doc) fact_number(in, #name, statistics.name);
		DUMP_STATISTICS_ROWS(X)
#undef X
		break;
	default:
		return NULL;
	}
	part_end(in);
	return NULL;
}

static struct error *inspect_dump(struct inspection *in, const char *path, const void *data,
				  size_t size, const char **cut)
{
	struct dump_reader reader;
	struct dump_chunk_view view;
	uint64_t records = 0;
	bool more;

	TRY(dump_open(&reader, path, data, size));
	fact_text(in, "kind", "dump");
	fact_number(in, "bytes", size);
	if (in->options->json) {
		json_key(&in->json, "parts");
		json_array_begin(&in->json);
	}
	for (;;) {
		TRY(dump_next(&reader, &view, &more));
		if (!more)
			break;
		records += view.kind == DUMP_RECORDS ? view.size : 0;
		TRY(inspect_chunk(in, &view));
	}
	if (in->options->json)
		json_array_end(&in->json);
	else
		strbuf_putc(&in->out, '\n');
	fact_number(in, "record_bytes", records);
	fact_text(in, "complete", reader.ended ? "yes" : reader.cut);
	*cut = reader.ended ? NULL : reader.cut;
	return NULL;
}

static struct error *inspect(struct inspection *in, const char *path, const char **cut)
{
	cleanup_free unsigned char *data = NULL;
	size_t size;

	TRY(file_read(path, FILE_MAX, &data, &size));
	if (in->options->json)
		json_object_begin(&in->json);
	if (size >= 4 && memcmp(data, "\177ELF", 4) == 0)
		TRY(inspect_object(in, path, data, size));
	else if (size >= 3 && memcmp(data, "ASK", 3) == 0)
		TRY(inspect_dump(in, path, data, size, cut));
	else
		return error_new(ERROR_DAMAGED, "%s: neither an object nor a dump", path);
	if (in->options->json) {
		json_object_end(&in->json);
		strbuf_putc(&in->out, '\n');
	}
	return NULL;
}

/* Texts come from files that one may not trust: no control sequence reaches a terminal. */
static void disarm(struct strbuf *out)
{
	for (size_t i = 0; i < out->length; i++) {
		unsigned char c = (unsigned char)out->data[i];

		if ((c < 0x20 && c != '\n') || c == 0x7f)
			out->data[i] = '?';
	}
}

struct error *command_inspect(struct options *options)
{
	struct inspection in = {.options = options, .out = STRBUF_INIT};
	const char *cut = NULL;
	struct error *error;

	json_init(&in.json, &in.out);
	error = inspect(&in, options->arguments[0], &cut);
	if (!error) {
		if (!options->json)
			disarm(&in.out);
		fwrite(in.out.data, 1, in.out.length, stdout);
		if (fflush(stdout) != 0)
			error = error_new(ERROR_IO, "cannot write to stdout");
		else if (cut)
			error = error_new(ERROR_PARTIAL, "%s: %s", options->arguments[0], cut);
	}
	strbuf_deinit(&in.out);
	return error;
}
