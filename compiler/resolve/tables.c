/* SPDX-License-Identifier: BSD-2-Clause */
#include <strings.h>

#include "resolve_int.h"
#include "tables.h"

/*
 * The spec's tables: names of function tables and of their columns, extra columns,
 * derived tables, links. Names must not clash; SQL folds the case of ASCII letters,
 * so `Cs` and `cs` do. SQL is judged by SQLite itself on the empty tables of the
 * finished schema, by the code that fills them later.
 */

/* ---- names ---- */

struct taken {
	const char *name, *what;
};
struct names {
	VEC(struct taken) list;
};

/* What already has this name, or NULL; adds it then. */
static const char *take(struct arena *arena, struct names *names, const char *name,
			const char *what)
{
	for (size_t i = 0; i < names->list.length; i++)
		if (!strcasecmp(names->list.data[i].name, name))
			return names->list.data[i].what;
	*VEC_PUSH(arena, &names->list) = (struct taken){name, what};
	return NULL;
}

/* false: it is taken, which was said. */
static bool take_column(struct resolve *resolve, struct names *names, const char *column,
			const char *what, struct source_span span, const char *remedy)
{
	const char *taken = take(resolve->arena, names, column, what);

	if (taken)
		diagnostics_add(resolve->diags, SEVERITY_ERROR, "duplicate-column", span,
				"column %s is already that of %s: %s", column, taken, remedy);
	return !taken;
}

/* The names that the columns of a function take. */
static void name_columns(struct resolve *resolve, const struct resolve_function *function)
{
	const struct spec_function *spec = function->spec;
	struct names names = {0};

	for (size_t i = 0; tables_fixed_columns[i]; i++)
		take(resolve->arena, &names, tables_fixed_columns[i], "every function table");
	for (size_t c = 0; c < spec->captures.length; c++) {
		const struct resolve_capture *capture =
			&resolve->captures.data[function->first_capture + c];
		static const char *const prefixes[] = {"", "raw_", "status_"};

		if (!capture->column)
			continue;
		for (size_t p = 0; p < ARRAY_SIZE(prefixes); p++)
			if (!take_column(resolve, &names,
					 arena_printf(resolve->arena, "%s%s", prefixes[p],
						      capture->column),
					 arena_printf(resolve->arena, "the capture %s",
						      capture->spec->paths.data[0].text),
					 capture->spec->as.text ? capture->spec->as.span
								: capture->spec->span,
					 "give this capture another name with `as`"))
				break;
	}
	for (size_t c = 0; c < spec->columns.length; c++)
		take_column(resolve, &names, spec->columns.data[c].name.text, "an extra column",
			    spec->columns.data[c].name.span, "take another name");
}

static void take_table(struct resolve *resolve, struct names *names, const char *name,
		       const char *what, struct source_span span, const char *remedy)
{
	const char *taken;

	if (tables_is_builtin(name)) {
		diagnostics_add(resolve->diags, SEVERITY_ERROR, "duplicate-table", span,
				"%s is a built-in table: %s", name, remedy);
		return;
	}
	taken = take(resolve->arena, names, name, what);
	if (taken)
		diagnostics_add(resolve->diags, SEVERITY_ERROR, "duplicate-table", span,
				"table %s is already that of %s: %s", name, taken, remedy);
}

/* The names that contexts take in `goroutines`. */
static void name_contexts(struct resolve *resolve)
{
	static const char *const prefixes[] = {"", "raw_", "status_"};
	const struct spec *spec = resolve->spec;

	for (size_t i = 0; i < spec->contexts.length; i++) {
		const struct spec_context *context = &spec->contexts.data[i];

		for (size_t p = 0; p < ARRAY_SIZE(prefixes); p++) {
			const char *column = arena_printf(resolve->arena, "%s%s", prefixes[p],
							  context->column);

			if (!tables_builtin_has("goroutines", column))
				continue;
			diagnostics_add(resolve->diags, SEVERITY_ERROR, "duplicate-column",
					context->as.text ? context->as.span : context->span,
					"goroutines has a column %s: give this context another name "
					"with `as`",
					column);
			break;
		}
	}
}

void tables_name(struct resolve *resolve)
{
	const struct spec *spec = resolve->spec;
	struct names names = {0};

	name_contexts(resolve);
	for (size_t i = 0; i < spec->functions.length; i++) {
		struct resolve_function *function = &resolve->functions[i];
		const struct spec_function *from = function->spec;

		function->table = from->table.text
					  ? from->table.text
					  : spec_table_name(resolve->arena, from->name.text);
		take_table(resolve, &names, function->table,
			   arena_printf(resolve->arena, "function %s", from->name.text),
			   from->table.text ? from->table.span : from->name.span,
			   from->table.text ? "take another name"
					    : "name this function's table with the key `table`");
		name_columns(resolve, function);
	}
	for (size_t i = 0; i < spec->tables.length; i++)
		take_table(resolve, &names, spec->tables.data[i].name.text, "a derived table",
			   spec->tables.data[i].name.span, "take another name");
}

/* ---- rows ---- */

static schema_str text(struct resolve *resolve, const struct spec_text *from)
{
	return resolve_string(resolve, from->text ? from->text : "");
}

static void build_functions(struct resolve *resolve)
{
	const struct spec *spec = resolve->spec;
	struct schema *schema = &resolve->ir->schema;
	size_t count = spec->functions.length, captures = resolve->captures.length;
	struct schema_function *rows = ARENA_ARRAY(resolve->arena, struct schema_function, count);
	struct schema_capture *capture_rows =
		ARENA_ARRAY(resolve->arena, struct schema_capture, captures);
	VEC(struct schema_column) columns = {0};

	for (uint32_t i = 0; i < count; i++) {
		const struct spec_function *from = &spec->functions.data[i];

		rows[i] = (struct schema_function){
			.name = text(resolve, &from->name),
			.table = resolve_string(resolve, resolve->functions[i].table),
			.first_capture = resolve->functions[i].first_capture,
			.captures = (uint32_t)resolve->functions[i].spec->captures.length,
			.first_column = (uint32_t)columns.length,
			.columns = (uint32_t)from->columns.length,
		};
		for (uint32_t c = 0; c < rows[i].captures; c++) {
			uint32_t number = rows[i].first_capture + c;
			const struct resolve_capture *capture = &resolve->captures.data[number];

			capture_rows[number] = (struct schema_capture){
				.function = i,
				.expr = resolve_string(resolve, capture->path->text),
				.column = resolve_string(resolve, capture->column),
				.type = capture->type_index,
				.flags = capture->spec->redact ? SCHEMA_CAPTURE_REDACTED : 0,
				.limits = capture->limits,
			};
			if (!capture->context)
				continue;
			capture_rows[number].flags = SCHEMA_CAPTURE_CONTEXT;
			capture_rows[number].context =
				(uint32_t)(capture->context - spec->contexts.data);
		}
		for (uint32_t c = 0; c < from->columns.length; c++)
			*VEC_PUSH(resolve->arena, &columns) = (struct schema_column){
				.function = i,
				.name = text(resolve, &from->columns.data[c].name),
				.expr = text(resolve, &from->columns.data[c].expr),
				.type = from->columns.data[c].type,
			};
	}
	schema->functions = rows;
	schema->functions_count = (uint32_t)count;
	schema->captures = capture_rows;
	schema->captures_count = (uint32_t)captures;
	schema->columns = columns.data;
	schema->columns_count = (uint32_t)columns.length;
}

static void build_derived(struct resolve *resolve)
{
	const struct spec *spec = resolve->spec;
	struct schema *schema = &resolve->ir->schema;
	struct schema_table *tables =
		ARENA_ARRAY(resolve->arena, struct schema_table, spec->tables.length);
	struct schema_match *matches =
		ARENA_ARRAY(resolve->arena, struct schema_match, spec->matches.length);

	for (size_t i = 0; i < spec->tables.length; i++)
		tables[i] = (struct schema_table){
			.name = text(resolve, &spec->tables.data[i].name),
			.doc = text(resolve, &spec->tables.data[i].doc),
			.sql = text(resolve, &spec->tables.data[i].sql),
			.materialize = spec->tables.data[i].materialize,
		};
	for (size_t i = 0; i < spec->matches.length; i++)
		matches[i] = (struct schema_match){
			.label = spec->matches.data[i].label,
			.regex = text(resolve, &spec->matches.data[i].regex),
		};
	schema->tables = tables;
	schema->tables_count = (uint32_t)spec->tables.length;
	schema->matches = matches;
	schema->matches_count = (uint32_t)spec->matches.length;
}

static void build_links(struct resolve *resolve)
{
	const struct spec *spec = resolve->spec;
	struct schema *schema = &resolve->ir->schema;
	struct schema_link *links =
		ARENA_ARRAY(resolve->arena, struct schema_link, spec->links.length);
	VEC(struct schema_link_pair) pairs = {0};

	for (size_t i = 0; i < spec->links.length; i++) {
		const struct spec_link *from = &spec->links.data[i];
		size_t count = from->from.columns.length;

		links[i] = (struct schema_link){
			.from_table = text(resolve, &from->from.table),
			.to_table = text(resolve, &from->to.table),
			.first_pair = (uint32_t)pairs.length,
			.pairs = (uint32_t)count,
			.note = text(resolve, &from->note),
		};
		if (count != from->to.columns.length) {
			diagnostics_add(resolve->diags, SEVERITY_ERROR, "invalid-link", from->span,
					"the link's ends name %zu and %zu columns", count,
					from->to.columns.length);
			links[i].pairs = 0;
			continue;
		}
		for (size_t c = 0; c < count; c++)
			*VEC_PUSH(resolve->arena, &pairs) = (struct schema_link_pair){
				text(resolve, &from->from.columns.data[c]),
				text(resolve, &from->to.columns.data[c]),
			};
	}
	schema->links = links;
	schema->links_count = (uint32_t)spec->links.length;
	schema->link_pairs = pairs.data;
	schema->link_pairs_count = (uint32_t)pairs.length;
}

void tables_build(struct resolve *resolve)
{
	build_functions(resolve);
	build_derived(resolve);
	build_links(resolve);
}

/* ---- SQL ---- */

static void complain(void *data, enum tables_item item, uint32_t index, const char *message,
		     const struct tables_missing *missing)
{
	struct diagnostic *diag;
	struct resolve *resolve = data;
	const struct spec *spec = resolve->spec;
	const struct schema_column *column;
	struct source_span span = {0};
	const char *code = "invalid-sql";

	switch (item) {
	case TABLES_ITEM_FUNCTION:
		span = spec->functions.data[index].name.span;
		code = "invalid-table";
		break;
	case TABLES_ITEM_COLUMN:
		column = &resolve->ir->schema.columns[index];
		index -= resolve->ir->schema.functions[column->function].first_column;
		span = spec->functions.data[column->function].columns.data[index].expr.span;
		break;
	case TABLES_ITEM_TABLE:
		span = spec->tables.data[index].sql.span;
		break;
	case TABLES_ITEM_LINK:
		span = spec->links.data[index].span;
		code = "invalid-link";
		break;
	}
	diag = diagnostics_add(resolve->diags, SEVERITY_ERROR, code, span, "%s", message);
	if (missing)
		diagnostic_suggest(resolve->diags, diag, missing->name, missing->names,
				   missing->count);
}

struct error *tables_validate(struct resolve *resolve)
{
	return tables_check(&resolve->ir->schema, complain, resolve);
}
