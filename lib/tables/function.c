/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Function tables: process_id, goroutine_id, frame_idx; X, raw_X, status_X for each
 * capture; the extra columns. They are ordinary rowid tables: link_edges refers to
 * their rowids. Schemas of different builds may share a database and a table name:
 * the table then has the columns of all.
 */
#include "tables_int.h"

#include <strings.h>

/* Pointers to pointers to …: a type such as `type p *p` has no end. */
#define POINTERS_MAX 64

/*
 * The type that a column of this type shows: pointers are followed, sync/atomic's numbers
 * are numbers. SCHEMA_NONE: there is none.
 */
static uint32_t shown_type(const struct schema *schema, uint32_t type)
{
	for (int i = 0; i < POINTERS_MAX && type != SCHEMA_NONE; i++) {
		const struct schema_field *number = schema_atomic_number(schema, type);

		if (number)
			return number->type;
		if (schema->types[type].kind != SCHEMA_KIND_POINTER)
			return type;
		type = schema->types[type].elem;
	}
	return SCHEMA_NONE;
}

const char *tables_value_sql(const struct schema *schema, uint32_t type)
{
	const struct schema_type *shown;
	const char *sql;

	type = shown_type(schema, type);
	if (type == SCHEMA_NONE)
		return "TEXT";
	shown = &schema->types[type];
	if (shown->kind == SCHEMA_KIND_UINT && shown->size == 8)
		return "";
	sql = schema_kind_sql(shown->kind);
	return strcmp(sql, "JSON") == 0 ? "TEXT" : sql;
}

/* raw_X is the scalar itself where nothing has an address, else JSON text. */
static const char *raw_sql(const struct schema *schema, uint32_t type)
{
	if (schema_atomic_number(schema, type))
		return tables_value_sql(schema, type);
	switch (schema->types[type].kind) {
	case SCHEMA_KIND_BOOL:
	case SCHEMA_KIND_INT:
	case SCHEMA_KIND_UINT:
	case SCHEMA_KIND_FLOAT:
		return tables_value_sql(schema, type);
	default:
		return "TEXT";
	}
}

static const char *extra_sql(enum schema_column_type type)
{
	switch (type) {
	case SCHEMA_COLUMN_TEXT:
	case SCHEMA_COLUMN_JSON:
		return "TEXT";
	case SCHEMA_COLUMN_REAL:
		return "REAL";
	default:
		return "INTEGER";
	}
}

/* A column to be: its declaration and its row of _columns. */
struct column {
	struct tables_description description;
	const char *declared;
};
struct columns {
	struct column *data;
	size_t length, capacity;
};

static void add(struct arena *arena, struct columns *columns, const char *declared,
		struct tables_description description)
{
	*VEC_PUSH(arena, columns) = (struct column){description, declared};
}

static void add_fixed(struct arena *arena, struct columns *columns, const char *table)
{
	static const char *const docs[] = {"", "", "frames.frame_idx of this call"};

	for (size_t i = 0; tables_fixed_columns[i]; i++)
		add(arena, columns, "INTEGER NOT NULL",
		    (struct tables_description){.table = table,
						.column = tables_fixed_columns[i],
						.type = "INTEGER",
						.doc = docs[i]});
}

/* The three columns of a value: a capture's, or a context's in `goroutines`. */
static void add_value(struct arena *arena, struct columns *columns, const char *table,
		      const struct schema *schema, const struct schema_capture *capture)
{
	const char *name = schema_text(schema, capture->column);
	const char *go_type = schema_text(schema, schema->types[capture->type].name);
	const char *sql = tables_value_sql(schema, capture->type);
	bool redacted = capture->flags & SCHEMA_CAPTURE_REDACTED;
	bool context = capture->flags & SCHEMA_CAPTURE_CONTEXT;
	bool any = context && schema->types[capture->type].kind == SCHEMA_KIND_UNKNOWN;
	const char *raw = redacted || context ? "TEXT" : raw_sql(schema, capture->type);
	uint32_t shown = shown_type(schema, capture->type);
	bool duration =
		shown != SCHEMA_NONE && schema->types[shown].kind == SCHEMA_KIND_INT &&
		strcmp(schema_text(schema, schema->types[shown].name), "time.Duration") == 0;
	const char *type =
		shown == SCHEMA_NONE ? "JSON" : schema_kind_sql(schema->types[shown].kind);
	struct tables_description value = {
		.table = table,
		.column = name,
		.type = duration ? "DURATION_NS" : type,
		.go_type = go_type,
		.expr = schema_text(schema, capture->expr),
		.unit = duration ? "ns" : NULL,
		.doc = "",
	};

	if (any) { /* each value is what it is: text, a number, JSON of others */
		sql = "";
		value.type = "TEXT";
		value.doc = "a string or number as it is, other values as JSON";
	}
	add(arena, columns, sql, value);
	value.column = arena_printf(arena, "raw_%s", name);
	value.doc = redacted ? "type and length of the redacted value"
			     : "the value with its addresses";
	if (strcmp(raw, "TEXT") == 0) {
		value.type = "JSON";
		value.unit = NULL;
	}
	add(arena, columns, raw, value);
	add(arena, columns, "TEXT",
	    (struct tables_description){.table = table,
					.column = arena_printf(arena, "status_%s", name),
					.type = "TEXT",
					.expr = value.expr,
					.doc = "ok, or why the value is missing or incomplete"});
}

static void add_extra(struct arena *arena, struct columns *columns, const char *table,
		      const struct schema *schema, const struct schema_column *column)
{
	bool ns = column->type == SCHEMA_COLUMN_TIMESTAMP_NS ||
		  column->type == SCHEMA_COLUMN_DURATION_NS;

	add(arena, columns, extra_sql(column->type),
	    (struct tables_description){.table = table,
					.column = schema_text(schema, column->name),
					.type = schema_column_type_name(column->type),
					.expr = schema_text(schema, column->expr),
					.unit = ns ? "ns" : NULL,
					.doc = ""});
}

static struct columns table_columns(struct arena *arena, const struct schema *schema,
				    const struct schema_function *function)
{
	const char *table = schema_text(schema, function->table);
	struct columns columns = {0};

	add_fixed(arena, &columns, table);
	for (uint32_t i = 0; i < function->captures; i++)
		add_value(arena, &columns, table, schema,
			  &schema->captures[function->first_capture + i]);
	for (uint32_t i = 0; i < function->columns; i++)
		add_extra(arena, &columns, table, schema,
			  &schema->columns[function->first_column + i]);
	return columns;
}

static bool has_column(const struct columns *columns, const char *name)
{
	for (size_t i = 0; i < columns->length; i++)
		if (strcasecmp(columns->data[i].description.column, name) == 0)
			return true;
	return false;
}

const char *tables_rowid(const struct schema *schema, uint32_t function)
{
	static const char *const names[] = {"_rowid_", "rowid", "oid"};
	cleanup_arena struct arena arena = {0};
	struct columns columns = table_columns(&arena, schema, &schema->functions[function]);

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!has_column(&columns, names[i]))
			return names[i];
	return names[0]; /* check_names() lets no such table be */
}

static struct error *create(sqlite3 *db, const char *table, const struct columns *columns)
{
	cleanup_strbuf struct strbuf sql = STRBUF_INIT;

	strbuf_puts(&sql, "CREATE TABLE ");
	sql_ident(&sql, table);
	strbuf_puts(&sql, " (");
	for (size_t i = 0; i < columns->length; i++) {
		sql_ident(&sql, columns->data[i].description.column);
		strbuf_printf(&sql, " %s, ", columns->data[i].declared);
	}
	strbuf_puts(&sql, "FOREIGN KEY (process_id, goroutine_id) REFERENCES goroutines)");
	if (sqlite3_exec(db, sql.data, NULL, NULL, NULL) != SQLITE_OK)
		return tables_error(db, ERROR_SPEC, table);
	return NULL;
}

/* The names of a table's columns, as keys in lower case. */
static struct error *existing_columns(struct arena *arena, sqlite3 *db, const char *table,
				      struct strmap *ret)
{
	cleanup_stmt sqlite3_stmt *statement = NULL;
	int rc;

	TRY(tables_prepare(db, "SELECT lower(name) FROM pragma_table_info(?1)", &statement));
	sqlite3_bind_text(statement, 1, table, -1, SQLITE_STATIC);
	while ((rc = sqlite3_step(statement)) == SQLITE_ROW)
		strmap_set(ret,
			   arena_strdup(arena, (const char *)sqlite3_column_text(statement, 0)), 0);
	return rc == SQLITE_DONE ? NULL : tables_error(db, ERROR_IO, table);
}

static const char *lower(struct arena *arena, const char *name)
{
	char *copy = arena_strdup(arena, name);

	for (char *p = copy; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p += 'a' - 'A';
	return copy;
}

static struct error *add_missing(struct arena *arena, sqlite3 *db, const char *table,
				 const struct columns *columns)
{
	struct strmap existing;
	uint64_t ignored;

	strmap_init(&existing, arena);
	TRY(existing_columns(arena, db, table, &existing));
	for (size_t i = 0; i < columns->length; i++) {
		const struct column *column = &columns->data[i];
		const char *name = lower(arena, column->description.column);
		cleanup_strbuf struct strbuf sql = STRBUF_INIT;

		if (strmap_get(&existing, name, &ignored))
			continue;
		strbuf_puts(&sql, "ALTER TABLE ");
		sql_ident(&sql, table);
		strbuf_puts(&sql, " ADD COLUMN ");
		sql_ident(&sql, column->description.column);
		strbuf_printf(&sql, " %s", column->declared);
		if (sqlite3_exec(db, sql.data, NULL, NULL, NULL) != SQLITE_OK)
			return tables_error(db, ERROR_SPEC, table);
		TRY(tables_describe(db, &column->description));
	}
	return NULL;
}

/* The function table of another schema gets what it lacks. */
static struct error *extend(struct arena *arena, sqlite3 *db, const char *table,
			    const struct columns *columns)
{
	struct strmap existing;
	uint64_t ignored;

	strmap_init(&existing, arena);
	TRY(existing_columns(arena, db, table, &existing));
	if (!strmap_get(&existing, tables_fixed_columns[2], &ignored))
		return error_new(ERROR_SPEC, "%s: another spec has a table of this name", table);
	return add_missing(arena, db, table, columns);
}

static struct columns context_columns(struct arena *arena, const struct schema *schema)
{
	struct columns columns = {0};

	for (uint32_t i = 0; i < schema->contexts_count; i++) {
		const struct schema_context *context = &schema->contexts[i];
		const struct schema_capture value = {
			.expr = context->expr,
			.column = context->column,
			.type = context->type,
			.flags = SCHEMA_CAPTURE_CONTEXT,
		};

		add_value(arena, &columns, "goroutines", schema, &value);
	}
	return columns;
}

struct error *tables_check_contexts(const struct schema *schema)
{
	cleanup_arena struct arena arena = {0};
	struct columns columns = context_columns(&arena, schema);

	for (size_t i = 0; i < columns.length; i++) {
		const char *name = columns.data[i].description.column;
		bool taken = !name[0] || tables_builtin_has("goroutines", name);

		for (size_t before = 0; before < i; before++)
			taken |= strcasecmp(columns.data[before].description.column, name) == 0;
		if (taken)
			return error_new(ERROR_SPEC, "goroutines: a context cannot be called `%s`",
					 name);
	}
	return NULL;
}

struct error *tables_add_contexts(sqlite3 *db, const struct schema *schema)
{
	cleanup_arena struct arena arena = {0};
	struct columns columns = context_columns(&arena, schema);

	TRY(tables_check_contexts(schema));
	return columns.length ? add_missing(&arena, db, "goroutines", &columns) : NULL;
}

/* Two columns of one name, which SQLite would report too, without saying whose they are. */
static struct error *check_names(struct arena *arena, const char *table,
				 const struct columns *columns)
{
	struct strmap names;
	uint64_t ignored;

	if (!table[0] || tables_is_builtin(table))
		return error_new(ERROR_SPEC, "table %s: %s", table,
				 table[0] ? "the name of a built-in table" : "no name");
	strmap_init(&names, arena);
	for (size_t i = 0; i < columns->length; i++) {
		const char *name = columns->data[i].description.column;

		if (!name[0])
			return error_new(ERROR_SPEC, "table %s: a column without a name", table);
		if (strmap_get(&names, lower(arena, name), &ignored))
			return error_new(ERROR_SPEC, "table %s: two columns %s", table, name);
		strmap_set(&names, lower(arena, name), 0);
	}
	if (has_column(columns, "_rowid_") && has_column(columns, "rowid") &&
	    has_column(columns, "oid"))
		return error_new(ERROR_SPEC,
				 "table %s: columns _rowid_, rowid and oid leave no name for rows",
				 table);
	return NULL;
}

struct error *tables_create_function(sqlite3 *db, const struct schema *schema, uint32_t function)
{
	cleanup_arena struct arena arena = {0};
	const char *table = schema_text(schema, schema->functions[function].table);
	struct columns columns = table_columns(&arena, schema, &schema->functions[function]);
	bool exists, is_view;

	TRY(check_names(&arena, table, &columns));
	TRY(tables_object(db, table, &is_view, &exists));
	if (exists && is_view)
		return error_new(ERROR_SPEC, "%s: another spec has a view of this name", table);
	if (exists)
		return extend(&arena, db, table, &columns);
	TRY(create(db, table, &columns));
	for (size_t i = 0; i < columns.length; i++)
		TRY(tables_describe(db, &columns.data[i].description));
	return NULL;
}
