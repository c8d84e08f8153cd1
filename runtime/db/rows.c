/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "db_int.h"

/*
 * The decoder's sink: each row it gives goes through one prepared statement. Stacks are
 * numbered on over all processes of the database; everything else carries process_id.
 */

struct error *rows_init(struct rows *rows, sqlite3 *db, struct db_result *result)
{
	*rows = (struct rows){.db = db, .result = result};
	TRY(db_prepare(db,
		       "INSERT INTO stacks (stack_id, depth, goroutine_count) VALUES (?1, ?2, ?3)",
		       &rows->stack));
	TRY(db_prepare(db,
		       "INSERT INTO frames (stack_id, frame_idx, function, file, line, inlined, pc)"
		       " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
		       &rows->frame));
	return NULL;
}

static void forget_process(struct rows *rows)
{
	for (uint32_t i = 0; i < rows->functions_count; i++)
		sqlite3_finalize(rows->functions[i]);
	rows->functions_count = 0;
	sqlite3_finalize(rows->goroutine);
	rows->goroutine = NULL;
}

void rows_deinit(struct rows *rows)
{
	forget_process(rows);
	sqlite3_finalize(rows->stack);
	sqlite3_finalize(rows->frame);
	*rows = (struct rows){0};
}

static struct error *sink_stack(void *data, uint64_t index, uint64_t depth,
				uint64_t goroutine_count)
{
	struct rows *rows = data;
	int64_t id = rows->stack_base + (int64_t)index + 1;

	if (id > rows->stacks)
		rows->stacks = id;
	sqlite3_bind_int64(rows->stack, 1, id);
	sqlite3_bind_int64(rows->stack, 2, (int64_t)depth);
	sqlite3_bind_int64(rows->stack, 3, (int64_t)goroutine_count);
	return db_run(rows->db, rows->stack);
}

static struct error *sink_frame(void *data, uint64_t stack, const struct decode_frame_row *row)
{
	struct rows *rows = data;
	sqlite3_stmt *s = rows->frame;

	sqlite3_bind_int64(s, 1, rows->stack_base + (int64_t)stack + 1);
	sqlite3_bind_int64(s, 2, (int64_t)row->frame_idx);
	db_bind_text(s, 3, row->function);
	db_bind_text(s, 4, row->file);
	if (row->line)
		sqlite3_bind_int64(s, 5, row->line);
	else
		sqlite3_bind_null(s, 5);
	sqlite3_bind_int(s, 6, row->inlined);
	sqlite3_bind_int64(s, 7, (int64_t)row->pc);
	return db_run(rows->db, s);
}

/* X, raw_X and status_X: value `from` of `values`, SCHEMA_NONE: the dump has it not. */
static void bind_value(sqlite3_stmt *statement, int at, const struct decode_cell *values,
		       uint32_t from)
{
	static const struct decode_cell null = {.type = DECODE_NULL};
	static const char missing[] = "not_captured: not in the spec of this dump";
	static const struct decode_cell not_captured = {
		.type = DECODE_TEXT, .text = missing, .length = sizeof(missing) - 1};

	for (int i = 0; i < 3; i++)
		db_bind_cell(statement, at + i,
			     from != SCHEMA_NONE ? &values[(size_t)from * 3 + (size_t)i]
			     : i == 2		 ? &not_captured
						 : &null);
}

static struct error *sink_goroutine(void *data, const struct decode_goroutine *row)
{
	struct rows *rows = data;
	sqlite3_stmt *s = rows->goroutine;

	sqlite3_bind_int64(s, 1, rows->processes);
	sqlite3_bind_int64(s, 2, (int64_t)row->goroutine_id);
	sqlite3_bind_int(s, 3, row->is_system);
	db_bind_text(s, 4, row->status);
	db_bind_cell(s, 5, &row->wait_reason);
	db_bind_cell(s, 6, &row->wait_for_ns);
	db_bind_cell(s, 7, &row->wait_at_most_ns);
	if (row->stack == UINT64_MAX) {
		sqlite3_bind_null(s, 8);
		sqlite3_bind_null(s, 10);
	} else {
		sqlite3_bind_int64(s, 8, rows->stack_base + (int64_t)row->stack + 1);
		sqlite3_bind_int64(s, 10, (int64_t)row->frame_count);
	}
	db_bind_text(s, 9, row->stack_status);
	db_bind_cell(s, 11, &row->thread_id);
	db_bind_cell(s, 12, &row->parent_goroutine_id);
	db_bind_cell(s, 13, &row->created_by);
	db_bind_cell(s, 14, &row->labels);
	for (uint32_t c = 0; c < rows->mapping->contexts_count; c++)
		bind_value(s, 15 + 3 * (int)c, row->contexts, rows->mapping->contexts[c]);
	rows->result->goroutines++;
	return db_run(rows->db, s);
}

static struct error *sink_row(void *data, const struct decode_row *row)
{
	struct rows *rows = data;
	const struct mapping *mapping = rows->mapping;
	uint32_t target = mapping->functions[row->function];
	const struct schema_function *function;
	sqlite3_stmt *s;

	if (target == SCHEMA_NONE || !rows->functions[target])
		return NULL;
	s = rows->functions[target];
	function = &mapping->tables->functions[target];
	sqlite3_bind_int64(s, 1, rows->processes);
	sqlite3_bind_int64(s, 2, (int64_t)row->goroutine_id);
	sqlite3_bind_int64(s, 3, (int64_t)row->frame_idx);
	for (uint32_t c = 0; c < function->captures; c++)
		bind_value(s, 4 + 3 * (int)c, row->values,
			   mapping->captures[function->first_capture + c]);
	rows->result->rows++;
	return db_run(rows->db, s);
}

static void put_value(struct strbuf *sql, const char *column)
{
	static const char *const prefixes[] = {"", "raw_", "status_"};

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		cleanup_strbuf struct strbuf name = STRBUF_INIT;

		strbuf_printf(&name, "%s%s", prefixes[i], column);
		strbuf_puts(sql, ", ");
		sql_ident(sql, name.data);
	}
}

static void put_columns(struct strbuf *sql, const struct schema *schema,
			const struct schema_function *function)
{
	for (size_t i = 0; tables_fixed_columns[i]; i++) {
		strbuf_puts(sql, i ? ", " : " (");
		sql_ident(sql, tables_fixed_columns[i]);
	}
	for (uint32_t c = 0; c < function->captures; c++)
		put_value(sql, schema_text(schema,
					   schema->captures[function->first_capture + c].column));
	strbuf_puts(sql, ")");
}

/* " VALUES (?1, ?2, …)" */
static void put_parameters(struct strbuf *sql, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		strbuf_printf(sql, "%s?%u", i ? ", " : " VALUES (", i + 1);
	strbuf_puts(sql, ")");
}

/* The INSERT of goroutines, with the contexts of a process. */
static struct error *prepare_goroutine(struct rows *rows)
{
	const struct mapping *mapping = rows->mapping;
	const struct schema *schema = mapping->tables;
	cleanup_strbuf struct strbuf sql = STRBUF_INIT;

	strbuf_puts(&sql,
		    "INSERT INTO goroutines (process_id, goroutine_id, is_system, status,"
		    " wait_reason, wait_for_ns, wait_at_most_ns, stack_id, stack_status,"
		    " frame_count, thread_id, parent_goroutine_id, created_by, labels");
	for (uint32_t c = 0; c < mapping->contexts_count; c++)
		put_value(&sql, schema_text(schema, schema->contexts[c].column));
	strbuf_puts(&sql, ")");
	put_parameters(&sql, 14 + 3 * mapping->contexts_count);
	return db_prepare(rows->db, sql.data, &rows->goroutine);
}

/* The INSERT of one function table; *ret stays NULL when the table could not be made. */
static struct error *prepare_function(struct rows *rows, const struct schema *schema,
				      const struct schema_function *function, sqlite3_stmt **ret)
{
	cleanup_strbuf struct strbuf sql = STRBUF_INIT;
	cleanup_stmt sqlite3_stmt *exists = NULL;
	const char *table = schema_text(schema, function->table);

	TRY(db_prepare(
		rows->db,
		"SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1 COLLATE NOCASE",
		&exists));
	sqlite3_bind_text(exists, 1, table, -1, SQLITE_STATIC);
	if (sqlite3_step(exists) != SQLITE_ROW || tables_is_builtin(table))
		return NULL;
	strbuf_puts(&sql, "INSERT INTO ");
	sql_ident(&sql, table);
	put_columns(&sql, schema, function);
	put_parameters(&sql, 3 + 3 * function->captures);
	return db_prepare(rows->db, sql.data, ret);
}

static struct error *add_process(struct rows *rows, const struct input_process *process)
{
	static const char *const engines[] = {[DUMP_ENGINE_BPF] = "bpf",
					      [DUMP_ENGINE_NATIVE] = "native",
					      [DUMP_ENGINE_CORE] = "core"};
	static const char *const pauses[] = {
		[DUMP_PAUSE_PTRACE] = "ptrace", [DUMP_PAUSE_NONE] = "none"};
	const struct schema *schema = process->schema;
	const struct dump_process *header = &process->header;
	cleanup_stmt sqlite3_stmt *s = NULL;

	TRY(db_prepare(rows->db,
		       "INSERT INTO processes (process_id, name, hostname, pid, executable,"
		       " command_line, environment, program, build_id, go_version,"
		       " process_start_time_ns, capture_time_ns, pause_ns, engine, pause)"
		       " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
		       &s));
	sqlite3_bind_int64(s, 1, ++rows->processes);
	db_bind_text(s, 2, process->texts.name);
	db_bind_text(s, 3, process->texts.hostname);
	sqlite3_bind_int64(s, 4, header->pid);
	db_bind_text(s, 5, process->texts.executable);
	db_bind_text(s, 6, process->texts.command_line);
	db_bind_text(s, 7, process->texts.environment);
	db_bind_text(s, 8, schema_text(schema, schema->meta.name));
	db_bind_text(s, 9, process->texts.build_id);
	db_bind_text(s, 10, process->texts.go_version);
	if (header->process_start_time_ns)
		sqlite3_bind_int64(s, 11, header->process_start_time_ns);
	sqlite3_bind_int64(s, 12, header->capture_time_ns);
	if (process->closed)
		sqlite3_bind_int64(s, 13, (int64_t)process->statistics.pause_ns);
	db_bind_text(s, 14, engines[header->engine]);
	db_bind_text(s, 15, pauses[header->pause]);
	rows->result->processes++;
	return db_run(rows->db, s);
}

static struct error *add_statistics(struct rows *rows, const struct dump_statistics *statistics)
{
	cleanup_stmt sqlite3_stmt *s = NULL;
	int at = 1;

#define X(name, unit, doc) ", \"" #name "\""
#define Y(name, unit, doc) ", ?"
	TRY(db_prepare(rows->db,
		       "INSERT INTO snapshot_statistics (process_id" DUMP_STATISTICS_ROWS(
			       X) ") VALUES (?" DUMP_STATISTICS_ROWS(Y) ")",
		       &s));
#undef X
#undef Y
	sqlite3_bind_int64(s, at++, rows->processes);
#define X(name, unit, doc) sqlite3_bind_int64(s, at++, (int64_t)statistics->name);
	DUMP_STATISTICS_ROWS(X)
#undef X
	return db_run(rows->db, s);
}

struct error *rows_add_process(struct rows *rows, struct arena *arena, const char *name,
			       const struct input_process *process, const struct mapping *mapping)
{
	const struct schema *tables = mapping->tables;
	const struct decode_sink sink = {rows, sink_stack, sink_frame, sink_goroutine, sink_row};
	const struct decode_input input = {
		.name = name,
		.schema = mapping->records,
		.process = &process->header,
		.statistics = process->closed ? &process->statistics : NULL,
		.streams = process->streams.data,
		.streams_count = process->streams.length,
	};

	forget_process(rows);
	rows->functions = ARENA_ARRAY(arena, sqlite3_stmt *, tables->functions_count);
	rows->functions_count = tables->functions_count;
	rows->mapping = mapping;
	rows->stack_base = rows->stacks;
	TRY(prepare_goroutine(rows));
	for (uint32_t i = 0; i < tables->functions_count; i++)
		TRY(prepare_function(rows, tables, &tables->functions[i], &rows->functions[i]));
	TRY(add_process(rows, process));
	if (process->closed)
		TRY(add_statistics(rows, &process->statistics));
	return decode(&input, &sink);
}
