/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <unistd.h>

#include "db_int.h"

/*
 * From dumps to one database.
 *
 *	input.c		a dump, taken apart
 *	mapping.c	what its records mean for the tables of a newer schema
 *	rows.c		decoded rows into tables
 *	db.c		the order of it all, and the file
 *	query.c		questions: one SELECT
 *	stacks.c	the question most often asked
 *
 * The database is written under a temporary name by one connection that nobody else
 * knows of, so it needs no durability of its own: synchronous is off, the journal is in
 * memory. file_commit() makes the finished file durable and visible at once; whatever
 * fails before, nothing is left behind.
 *
 * Rows go in in one transaction, which is over before any SQL of a spec runs: when SQLite
 * interrupts a writing statement (as the step limit does), it rolls back the whole
 * transaction around it (sqlite3_interrupt()'s contract), not the statement alone. So each
 * derived table, link and extra column (or several that are filled together) is a
 * transaction of its own, fails alone, and becomes a row of _problems.
 *
 * Schemas of several builds may meet in one database. Each is applied once, in the order
 * in which its first process came; where two define the same thing, tables/ decides.
 */

struct decoding {
	struct arena *arena;
	sqlite3 *db;
	struct rows rows;
	struct db_result *result;
	VEC(const struct schema *) schemas; /* whose tables were made, distinct by id */
	VEC(const struct schema *) used_overrides;
	/* each process and the schema that made its tables */
	VEC(const struct schema *) processes;
};

static struct error *add_problem(struct decoding *d, const char *kind, const char *name,
				 struct error *error)
{
	cleanup_stmt sqlite3_stmt *statement = NULL;
	cleanup_free char *message = NULL;

	if (!error || error->code != ERROR_SPEC)
		return error;
	message = strdup(error->message);
	error_free(error);
	if (!message)
		base_out_of_memory();
	TRY(db_prepare(d->db, "INSERT INTO _problems (kind, name, message) VALUES (?1, ?2, ?3)",
		       &statement));
	db_bind_text(statement, 1, kind);
	db_bind_text(statement, 2, name);
	db_bind_text(statement, 3, message);
	d->result->problems++;
	return db_run(d->db, statement);
}

static void note(struct db_result *result, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void note(struct db_result *result, const char *format, ...)
{
	va_list args;

	result->cut = true;
	if (result->first_note)
		return;
	va_start(args, format);
	if (vasprintf(&result->first_note, format, args) < 0)
		base_out_of_memory();
	va_end(args);
}

/* ---- before the rows: tables ---- */

static struct error *create_tables(struct decoding *d, const struct schema *schema)
{
	for (size_t i = 0; i < d->schemas.length; i++)
		if (memcmp(d->schemas.data[i]->id, schema->id, sizeof(schema->id)) == 0)
			return NULL;
	*VEC_PUSH(d->arena, &d->schemas) = schema;
	TRY(add_problem(d, "context", "goroutines", tables_add_contexts(d->db, schema)));
	for (uint32_t i = 0; i < schema->functions_count; i++)
		TRY(add_problem(d, "function", schema_text(schema, schema->functions[i].name),
				tables_create_function(d->db, schema, i)));
	return NULL;
}

/* ---- rows ---- */

static const struct schema *choose_schema(struct decoding *d, const struct db_input *in,
					  const struct schema *records)
{
	for (size_t i = 0; i < in->schema_overrides_count; i++) {
		const struct schema *override = in->schema_overrides[i];

		if (!mapping_same_build(override, records))
			continue;
		*VEC_PUSH(d->arena, &d->used_overrides) = override;
		return override;
	}
	return records;
}

static void note_losses(struct decoding *d, const struct input *input,
			const struct input_process *process)
{
	cleanup_strbuf struct strbuf losses = STRBUF_INIT;

	if (!process->closed)
		note(d->result, "%s: process %u: the dump ends before its last record", input->path,
		     process->header.pid);
	else if (dump_describe_losses(&process->statistics, &losses))
		note(d->result, "%s: process %u: %s", input->path, process->header.pid, losses.data);
}

static struct error *add_dump(struct decoding *d, const struct db_input *in,
			      const struct input *input)
{
	if (input->cut)
		note(d->result, "%s: %s", input->path, input->cut);
	for (size_t i = 0; i < input->processes.length; i++) {
		const struct input_process *process = &input->processes.data[i];
		const struct schema *tables = choose_schema(d, in, process->schema);
		struct mapping mapping;

		TRY(create_tables(d, tables));
		mapping_init(&mapping, d->arena, process->schema, tables);
		TRY(rows_add_process(&d->rows, d->arena, input->path, process, &mapping));
		*VEC_PUSH(d->arena, &d->processes) = tables;
		note_losses(d, input, process);
	}
	return NULL;
}

/* An override that fits no process is a mistake on the command line. */
static struct error *check_overrides(const struct decoding *d, const struct db_input *in)
{
	for (size_t i = 0; i < in->schema_overrides_count; i++) {
		const struct schema *override = in->schema_overrides[i];
		bool used = false;

		for (size_t j = 0; j < d->used_overrides.length; j++)
			used |= d->used_overrides.data[j] == override;
		if (!used)
			return error_new(ERROR_TARGET,
					 "schema %s is for build ID %s, which no process has",
					 schema_text(override, override->meta.name),
					 schema_text(override, override->meta.go_build_id));
	}
	return NULL;
}

static struct error *add_inputs(struct decoding *d, const struct db_input *inputs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		/* its schemas live in d->arena: they are needed when the file is closed */
		cleanup_input struct input input = {0};

		TRY(input_open(&input, d->arena, inputs[i].path, inputs[i].name));
		TRY(add_dump(d, &inputs[i], &input));
	}
	for (size_t i = 0; i < count; i++)
		TRY(check_overrides(d, &inputs[i]));
	return NULL;
}

/* ---- after the rows: what the specs say about them ---- */

static struct error *fill_alone(struct decoding *d, const struct schema *schema, uint32_t first,
				uint32_t count, int64_t process)
{
	for (uint32_t i = first; i < first + count; i++)
		TRY(add_problem(d, "column", schema_text(schema, schema->columns[i].name),
				tables_fill_column(d->db, schema, i, process)));
	return NULL;
}

/* Together is faster; where it fails, each alone tells which column it was. */
static struct error *fill_columns_of(struct decoding *d, const struct schema *schema,
				     int64_t process)
{
	for (uint32_t i = 0, count; i < schema->columns_count; i += count) {
		struct error *error = NULL;
		bool alone;

		count = tables_columns_together(d->db, schema, i);
		if (count > 1)
			error = tables_fill_columns(d->db, schema, i, count, process);
		if (error && error->code != ERROR_SPEC)
			return error;
		alone = error || count == 1;
		error_free(error);
		if (alone)
			TRY(fill_alone(d, schema, i, count, process));
	}
	return NULL;
}

static struct error *fill_columns(struct decoding *d)
{
	for (size_t p = 0; p < d->processes.length; p++)
		TRY(fill_columns_of(d, d->processes.data[p], (int64_t)p + 1));
	return NULL;
}

static struct error *apply_specs(struct decoding *d)
{
	TRY(tables_create_all_captured_data(d->db, d->schemas.data, d->schemas.length));
	TRY(fill_columns(d));
	for (size_t s = 0; s < d->schemas.length; s++) {
		const struct schema *schema = d->schemas.data[s];

		for (uint32_t i = 0; i < schema->tables_count; i++)
			TRY(add_problem(d, "table", schema_text(schema, schema->tables[i].name),
					tables_create_derived(d->db, schema, i)));
	}
	for (size_t s = 0; s < d->schemas.length; s++) {
		const struct schema *schema = d->schemas.data[s];

		for (uint32_t i = 0; i < schema->links_count; i++)
			TRY(add_problem(d, "link", schema_text(schema, schema->links[i].from_table),
					tables_fill_link(d->db, schema, i)));
	}
	return NULL;
}

/* ---- the file ---- */

static struct error *open_new(const char *path, sqlite3 **ret)
{
	cleanup_db sqlite3 *db = NULL;
	/* one thread has it: no lock need be taken */
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
	int rc;

	/*
	 * Nobody asks how much memory SQLite has: counting it takes a lock for each piece. It is
	 * refused once SQLite is in use, and then all is as it was.
	 */
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	rc = sqlite3_open_v2(path, &db, flags, NULL);

	if (rc != SQLITE_OK)
		return error_new(ERROR_IO, "%s: %s", path,
				 db ? sqlite3_errmsg(db) : sqlite3_errstr(rc));
	TRY(db_exec(db, "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF;"
			"PRAGMA locking_mode = EXCLUSIVE; PRAGMA temp_store = MEMORY;"
			"PRAGMA cache_size = -65536; PRAGMA foreign_keys = OFF"));
	TRY(tables_register_functions(db));
	*ret = db;
	db = NULL;
	return NULL;
}

static struct error *write_rows(struct decoding *d, const struct db_input *inputs, size_t count)
{
	struct error *error;

	TRY(db_exec(d->db, "BEGIN"));
	TRY(tables_create_builtin(d->db));
	error = rows_init(&d->rows, d->db, d->result);
	if (!error)
		error = add_inputs(d, inputs, count);
	rows_deinit(&d->rows);
	return error ? error : db_exec(d->db, "COMMIT");
}

static struct error *write_database(const char *path, const struct db_input *inputs, size_t count,
				    struct db_result *result)
{
	cleanup_arena struct arena arena;
	cleanup_db sqlite3 *db = NULL;
	struct decoding d = {.arena = &arena, .result = result};

	arena_init(&arena);
	TRY(open_new(path, &db));
	d.db = db;
	TRY(write_rows(&d, inputs, count));
	TRY(apply_specs(&d));
	if (sqlite3_close(db) != SQLITE_OK)
		return db_error(db, ERROR_IO, path);
	db = NULL;
	return NULL;
}

struct error *db_decode(const struct db_input *inputs, size_t inputs_count, const char *output,
			struct db_result *ret)
{
	cleanup_file_writer struct file_writer writer = {.fd = -1};
	struct db_result result = {0};
	struct error *error;

	TRY(file_create(&writer, output));
	error = write_database(writer.temporary, inputs, inputs_count, &result);
	if (!error)
		error = file_commit(&writer);
	if (error) {
		free(result.first_note);
		return error;
	}
	*ret = result;
	return NULL;
}
