/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What can be said of a spec as a whole without a binary: names that clash, and links
 * that lead nowhere. Names are compared as SQLite compares them, ASCII letters of
 * either case being the same.
 */
#include "spec_int.h"

#include <strings.h>

/* Tables that a database has anyway (DESIGN 8). */
static const char *const builtin_tables[] = {
	"processes", "goroutines", "stacks", "frames", "globals", "all_captured_data", "links",
	"link_edges", "snapshot_statistics", "_columns", "_problems",
};

/* Columns that a function table has anyway; link_edges names rows by their rowid. */
static const char *const builtin_columns[] = {"process_id", "goroutine_id", "frame_idx", "rowid"};

/* A table of the spec, or a built-in one. */
struct owner {
	const char *name;
	const char *what; /* for messages: "function `main.f`" */
	uint32_t line;	  /* 0: built in */
	bool is_function;
	struct strmap columns;	       /* of a function: folded name -> line, 0 for a built-in one */
	VEC(const char *) column_names; /* for suggestions */
};

struct check {
	struct spec_reader *reader;
	VEC(struct owner *) owners;
	VEC(const char *) names; /* theirs, as suggestions */
	struct strmap tables; /* folded name -> index in owners */
};

static const char *fold(struct arena *arena, const char *name)
{
	char *folded = arena_strdup(arena, name);

	for (char *p = folded; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	return folded;
}

static struct owner *find_table(const struct check *c, const char *name)
{
	uint64_t index;

	if (!strmap_get(&c->tables, fold(c->reader->arena, name), &index))
		return NULL;
	return c->owners.data[index];
}

static struct owner *add_table(struct check *c, const char *name, const char *what, uint32_t line)
{
	struct owner *owner = ARENA_NEW(c->reader->arena, struct owner);

	*owner = (struct owner){.name = name, .what = what, .line = line};
	strmap_init(&owner->columns, c->reader->arena);
	strmap_set(&c->tables, fold(c->reader->arena, name), c->owners.length);
	*VEC_PUSH(c->reader->arena, &c->owners) = owner;
	*VEC_PUSH(c->reader->arena, &c->names) = name;
	return owner;
}

/* Adds a table of the spec, unless its name is taken. `key` is the one that gives another name. */
static struct owner *claim_table(struct check *c, const char *name, const char *what,
				 struct source_span span, const char *key)
{
	struct spec_reader *reader = c->reader;
	const struct owner *owner = find_table(c, name);
	const char *quoted = spec_quote(reader->arena, name);
	struct diagnostic *diag;

	if ((owner && !owner->line) || !strncasecmp(name, "sqlite_", strlen("sqlite_"))) {
		diag = spec_error(reader, span, "reserved-table",
				  "table `%s` is a built-in one%s", quoted,
				  owner ? "" : ": names with `sqlite_` are SQLite's");
	} else if (owner) {
		diag = spec_error(reader, span, "duplicate-table", "table `%s` is there twice",
				  quoted);
		diagnostic_note(reader->diags, diag, "the first is that of %s on line %" PRIu32,
				owner->what, owner->line);
	} else {
		return add_table(c, name, what, span.line);
	}
	diagnostic_note(reader->diags, diag, "give it another name with `%s:`", key);
	return NULL;
}

static void add_column(struct check *c, struct owner *owner, const char *name, uint32_t line)
{
	strmap_set(&owner->columns, fold(c->reader->arena, name), line);
	*VEC_PUSH(c->reader->arena, &owner->column_names) = name;
}

/* true when the function's table has a column of that name already: complains. */
static bool column_taken(struct check *c, const struct owner *owner, const char *name,
			 struct source_span span, const char *key)
{
	struct spec_reader *reader = c->reader;
	struct diagnostic *diag;
	uint64_t line;

	if (!strmap_get(&owner->columns, fold(reader->arena, name), &line))
		return false;
	diag = spec_error(reader, span, "duplicate-column", "column `%s` is there twice in `%s`",
			  spec_quote(reader->arena, name),
			  spec_quote(reader->arena, owner->name));
	if (line)
		diagnostic_note(reader->diags, diag, "the first is on line %" PRIu64, line);
	else
		diagnostic_note(reader->diags, diag, "every function table has it");
	diagnostic_note(reader->diags, diag, "give it another name with `%s:`", key);
	return true;
}

/* A value takes three columns. */
static void check_value(struct check *c, struct owner *owner, const char *name,
			struct source_span span)
{
	struct arena *arena = c->reader->arena;
	const char *names[] = {name, arena_printf(arena, "raw_%s", name),
			       arena_printf(arena, "status_%s", name)};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (column_taken(c, owner, names[i], span, "as"))
			return;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		add_column(c, owner, names[i], span.line);
}

static void check_capture(struct check *c, struct owner *owner, const struct spec_capture *capture)
{
	const char *name = capture->as.text
				   ? capture->as.text
				   : spec_column_name(c->reader->arena, capture->paths.data[0].text);

	check_value(c, owner, name,
		    capture->as.text ? capture->as.span : capture->paths.data[0].span);
}

static void check_columns(struct check *c, struct owner *owner,
			  const struct spec_function *function)
{
	owner->is_function = true;
	for (size_t i = 0; i < ARRAY_SIZE(builtin_columns); i++)
		add_column(c, owner, builtin_columns[i], 0);
	for (size_t i = 0; i < function->captures.length; i++)
		check_capture(c, owner, &function->captures.data[i]);
	for (size_t i = 0; i < function->columns.length; i++) {
		const struct spec_text *name = &function->columns.data[i].name;

		if (!column_taken(c, owner, name->text, name->span, "name"))
			add_column(c, owner, name->text, name->span.line);
	}
}

static void check_function(struct check *c, const struct spec_function *function)
{
	struct spec_reader *reader = c->reader;
	const struct spec_text *given = function->table.text ? &function->table : &function->name;
	const char *what = arena_printf(reader->arena, "function `%s`",
					spec_quote(reader->arena, function->name.text));
	const char *name = function->table.text;
	struct owner *owner = NULL;

	if (!name) {
		name = spec_table_name(reader->arena, function->name.text);
		if (!*name || spec_name_has_star(function->name.text)) {
			spec_error(reader, function->name.span, "table-required",
				   "no table name can be made of `%s`: give one with `table:`",
				   spec_quote(reader->arena, function->name.text));
			reader->tables_incomplete = true;
			name = NULL;
		}
	}
	if (name)
		owner = claim_table(c, name, what, given->span, "table");
	if (!owner) {
		/* its columns are checked all the same */
		owner = ARENA_NEW(reader->arena, struct owner);
		owner->name = name ? name : function->name.text;
		strmap_init(&owner->columns, reader->arena);
	}
	check_columns(c, owner, function);
}

/* `goroutines` has no other names of the spec; those that it has anyway, resolve knows. */
static void check_contexts(struct check *c)
{
	const struct spec *spec = c->reader->spec;
	struct arena *arena = c->reader->arena;
	struct owner goroutines = {.name = "goroutines"};

	strmap_init(&goroutines.columns, arena);
	for (size_t i = 0; i < ARRAY_SIZE(builtin_columns); i++)
		add_column(c, &goroutines, builtin_columns[i], 0);
	for (size_t i = 0; i < spec->contexts.length; i++) {
		const struct spec_context *context = &spec->contexts.data[i];

		check_value(c, &goroutines, context->column,
			    context->as.text ? context->as.span : context->span);
	}
}

/* A context may become a column of any function's table: what the binary has decides. */
static bool is_context_column(const struct check *c, const char *column)
{
	const struct spec *spec = c->reader->spec;

	for (size_t i = 0; i < spec->contexts.length; i++) {
		const char *name = spec->contexts.data[i].column;

		if (!strcasecmp(column, name) ||
		    (!strncasecmp(column, "raw_", strlen("raw_")) &&
		     !strcasecmp(column + strlen("raw_"), name)) ||
		    (!strncasecmp(column, "status_", strlen("status_")) &&
		     !strcasecmp(column + strlen("status_"), name)))
			return true;
	}
	return false;
}

static void check_link_column(struct check *c, const struct owner *owner,
			      const struct spec_text *column)
{
	struct spec_reader *reader = c->reader;
	struct diagnostic *diag;
	uint64_t line;

	if (!column->text || reader->columns_incomplete ||
	    strmap_get(&owner->columns, fold(reader->arena, column->text), &line) ||
	    is_context_column(c, column->text))
		return;
	diag = spec_error(reader, column->span, "unknown-column", "table `%s` has no column `%s`",
			  spec_quote(reader->arena, owner->name),
			  spec_quote(reader->arena, column->text));
	diagnostic_suggest(reader->diags, diag, column->text, owner->column_names.data,
			   owner->column_names.length);
}

static void check_link_end(struct check *c, const struct spec_link_end *end)
{
	struct spec_reader *reader = c->reader;
	const struct owner *owner;
	struct diagnostic *diag;

	if (!end->table.text)
		return;
	owner = find_table(c, end->table.text);
	/* what columns the others have is SQLite's to say: later stages ask it */
	for (size_t i = 0; owner && owner->is_function && i < end->columns.length; i++)
		check_link_column(c, owner, &end->columns.data[i]);
	if (owner || reader->tables_incomplete)
		return;
	diag = spec_error(reader, end->table.span, "unknown-table", "no table `%s`",
			  spec_quote(reader->arena, end->table.text));
	diagnostic_suggest(reader->diags, diag, end->table.text, c->names.data, c->names.length);
}

static void check_link(struct check *c, const struct spec_link *link)
{
	size_t from = link->from.columns.length, to = link->to.columns.length;
	const struct spec_text *surplus;

	check_link_end(c, &link->from);
	check_link_end(c, &link->to);
	if (!from || !to || from == to)
		return;
	surplus = from > to ? &link->from.columns.data[to] : &link->to.columns.data[from];
	spec_error(c->reader, surplus->span, "link-columns",
		   "`from` has %zu columns and `to` has %zu: they are compared pair by pair", from,
		   to);
}

void spec_check(struct spec_reader *reader)
{
	struct check c = {.reader = reader};
	const struct spec *spec = reader->spec;

	strmap_init(&c.tables, reader->arena);
	for (size_t i = 0; i < ARRAY_SIZE(builtin_tables); i++)
		add_table(&c, builtin_tables[i], "", 0);
	for (size_t i = 0; i < spec->functions.length; i++)
		check_function(&c, &spec->functions.data[i]);
	check_contexts(&c);
	for (size_t i = 0; i < spec->tables.length; i++) {
		const struct spec_text *name = &spec->tables.data[i].name;

		claim_table(&c, name->text,
			    arena_printf(reader->arena, "derived table `%s`",
					 spec_quote(reader->arena, name->text)),
			    name->span, "name");
	}
	for (size_t i = 0; i < spec->links.length; i++)
		check_link(&c, &spec->links.data[i]);
}
