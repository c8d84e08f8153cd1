/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "db_int.h"

/*
 * Goroutines grouped by identical stacks, for reading:
 *
 *	98 goroutines  waiting (sync.Mutex.Lock)  longest 3.2 s (goroutine 57)
 *	    sync.(*Mutex).Lock  mutex.go:90  (inlined)
 *	    main.(*server).GetInfo  main.go:57
 *	        request = {"ClientID":7}  ×3
 *	                  {"ClientID":8}  (goroutine 57)
 *	                  … and 94 other values
 *
 * Everything is read in a few passes over whole tables, sorted as it is printed: a query
 * a group would visit every goroutine once for each stack.
 */

#define VALUE_MAX 100u /* characters of a value */
#define VALUES_MAX 3u  /* distinct values of one variable */
#define VALUE_INDENT "        "

struct group {
	int64_t stack; /* 0: no stack */
	const char *stack_status;
	const char *states; /* "waiting (select) ×3, runnable ×1", or just "waiting" */
	size_t states_count;
	int64_t goroutines;
	int64_t longest, longest_goroutine; /* wait; -1: not known */
	int64_t any_goroutine;
};

/* The lines of one variable under a frame. */
struct value {
	int64_t stack, frame;
	size_t order; /* tables and columns in the order of the spec */
	const char *text;
};

struct report {
	struct arena *arena;
	sqlite3 *db;
	FILE *out;
	VEC(struct group) groups;
	VEC(struct value) values;
	sqlite3_stmt *frames;
};

static const char *column_text(struct arena *arena, sqlite3_stmt *statement, int i)
{
	const char *text = (const char *)sqlite3_column_text(statement, i);
	cleanup_strbuf struct strbuf line = STRBUF_INIT;

	if (!text)
		return "";
	cell_line(&line, text, (size_t)sqlite3_column_bytes(statement, i), SIZE_MAX);
	return arena_strndup(arena, line.data, line.length);
}

static struct error *prepare(struct report *r, const char *sql, sqlite3_stmt **ret)
{
	if (sqlite3_prepare_v2(r->db, sql, -1, ret, NULL) != SQLITE_OK)
		return db_error(r->db, ERROR_DAMAGED, "not a database of askance");
	return NULL;
}

static struct error *finished(struct report *r, int rc)
{
	return rc == SQLITE_DONE ? NULL : db_error(r->db, ERROR_DAMAGED, "SQLite");
}

static void print_duration(struct strbuf *out, int64_t ns)
{
	static const struct {
		int64_t ns;
		const char *name;
	} units[] = {{3600000000000, "h"}, {60000000000, "min"}, {1000000000, "s"},
		     {1000000, "ms"},	   {1000, "µs"},	 {1, "ns"}};
	size_t i = 0;

	while (i + 1 < ARRAY_SIZE(units) && ns < units[i].ns)
		i++;
	if (ns % units[i].ns)
		strbuf_printf(out, "%.1f %s", (double)ns / (double)units[i].ns, units[i].name);
	else
		strbuf_printf(out, "%" PRId64 " %s", ns / units[i].ns, units[i].name);
}

/* ---- groups ---- */

/* Appends one state of a group's goroutines, how many have it unless all do, and their wait. */
static void add_state(struct report *r, struct group *group, sqlite3_stmt *s)
{
	const char *status = column_text(r->arena, s, 2);
	const char *reason = column_text(r->arena, s, 3);
	int64_t count = sqlite3_column_int64(s, 4);
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	strbuf_puts(&text, group->states ? group->states : "");
	strbuf_printf(&text, "%s%s", text.length ? ", " : "", status);
	if (reason[0])
		strbuf_printf(&text, " (%s)", reason);
	strbuf_printf(&text, " ×%" PRId64, count);
	group->states_count++;
	group->states = arena_strndup(r->arena, text.data, text.length);
	group->goroutines += count;
	group->any_goroutine = sqlite3_column_int64(s, 6);
	if (sqlite3_column_type(s, 5) != SQLITE_NULL &&
	    sqlite3_column_int64(s, 5) > group->longest) {
		group->longest = sqlite3_column_int64(s, 5);
		group->longest_goroutine = sqlite3_column_int64(s, 6);
	}
}

static int by_count(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	if (!x->stack != !y->stack)
		return !x->stack - !y->stack;
	if (x->goroutines != y->goroutines)
		return x->goroutines > y->goroutines ? -1 : 1;
	if (x->longest != y->longest)
		return x->longest > y->longest ? -1 : 1;
	if (x->stack != y->stack)
		return x->stack < y->stack ? -1 : 1;
	return strcmp(x->stack_status, y->stack_status);
}

static struct error *read_groups(struct report *r, int64_t process)
{
	cleanup_stmt sqlite3_stmt *s = NULL;
	int rc;

	r->groups.length = 0;
	/* max() in an aggregate query picks the row that goroutine_id comes from */
	TRY(prepare(r,
		    "SELECT coalesce(stack_id, 0), stack_status, status, wait_reason, count(*),"
		    " max(wait_for_ns), goroutine_id FROM goroutines WHERE process_id = ?1"
		    " GROUP BY stack_id, CASE WHEN stack_id IS NULL THEN stack_status END,"
		    " status, wait_reason"
		    " ORDER BY stack_id, CASE WHEN stack_id IS NULL THEN stack_status END,"
		    " count(*) DESC, status, wait_reason",
		    &s));
	sqlite3_bind_int64(s, 1, process);
	while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		int64_t stack = sqlite3_column_int64(s, 0);
		const char *status = column_text(r->arena, s, 1);
		struct group *last =
			r->groups.length ? &r->groups.data[r->groups.length - 1] : NULL;

		if (!last || last->stack != stack ||
		    (!stack && strcmp(last->stack_status, status) != 0)) {
			last = VEC_PUSH(r->arena, &r->groups);
			*last = (struct group){
				.stack = stack, .stack_status = status, .longest = -1};
		}
		add_state(r, last, s);
	}
	if (r->groups.length)
		qsort(r->groups.data, r->groups.length, sizeof(*r->groups.data), by_count);
	return finished(r, rc);
}

/* ---- captured values ---- */

/* One variable in one frame of one stack, as its distinct values go by, commonest first. */
struct distinct {
	int64_t stack, frame, shown, others;
	size_t indent; /* where the first value began */
	struct strbuf text;
};

static void next_line(struct distinct *d)
{
	strbuf_putc(&d->text, '\n');
	strbuf_repeat(&d->text, ' ', d->indent);
}

static void end_values(struct report *r, struct distinct *d, size_t order)
{
	struct value *value;

	if (!d->text.length)
		return;
	if (d->others) {
		next_line(d);
		strbuf_printf(&d->text, "… and %" PRId64 " other value%s", d->others,
			      d->others == 1 ? "" : "s");
	}
	value = VEC_PUSH(r->arena, &r->values);
	*value = (struct value){.stack = d->stack,
				.frame = d->frame,
				.order = order,
				.text = arena_strndup(r->arena, d->text.data, d->text.length)};
	strbuf_clear(&d->text);
}

/* One distinct value: how many goroutines have it, or the one that does. */
static void add_value(struct distinct *d, sqlite3_stmt *s)
{
	const char *text = (const char *)sqlite3_column_text(s, 2);
	const char *status = (const char *)sqlite3_column_text(s, 3);
	int64_t count = sqlite3_column_int64(s, 4);

	if (d->shown == VALUES_MAX) {
		d->others++;
		return;
	}
	if (d->shown++)
		next_line(d);
	if (text)
		cell_line(&d->text, text, (size_t)sqlite3_column_bytes(s, 2), VALUE_MAX);
	if (status && strcmp(status, "ok") != 0) {
		strbuf_puts(&d->text, text ? " <" : "<");
		cell_line(&d->text, status, strlen(status), VALUE_MAX);
		strbuf_putc(&d->text, '>');
	}
	if (count > 1)
		strbuf_printf(&d->text, "  ×%" PRId64, count);
	else
		strbuf_printf(&d->text, "  (goroutine %lld)", sqlite3_column_int64(s, 5));
}

static void put_values_sql(struct strbuf *sql, const char *table, const char *column)
{
	cleanup_strbuf struct strbuf status = STRBUF_INIT;

	strbuf_printf(&status, "status_%s", column);
	strbuf_puts(sql, "SELECT g.stack_id, t.frame_idx, t.");
	sql_ident(sql, column);
	strbuf_puts(sql, ", t.");
	sql_ident(sql, status.data);
	strbuf_puts(sql, ", count(*), min(g.goroutine_id) FROM ");
	sql_ident(sql, table);
	strbuf_puts(sql, " t JOIN goroutines g USING (process_id, goroutine_id)"
			 " WHERE g.process_id = ?1 AND g.stack_id IS NOT NULL"
			 " GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, count(*) DESC, 6");
}

static struct error *read_values(struct report *r, int64_t process, const char *table,
				 const char *column, size_t order)
{
	cleanup_strbuf struct strbuf sql = STRBUF_INIT;
	cleanup_stmt sqlite3_stmt *s = NULL;
	struct distinct d = {.text = STRBUF_INIT};
	struct error *error;
	int rc;

	put_values_sql(&sql, table, column);
	TRY(prepare(r, sql.data, &s));
	sqlite3_bind_int64(s, 1, process);
	while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		int64_t stack = sqlite3_column_int64(s, 0), frame = sqlite3_column_int64(s, 1);

		if (!d.text.length || d.stack != stack || d.frame != frame) {
			end_values(r, &d, order);
			d.stack = stack;
			d.frame = frame;
			d.shown = d.others = 0;
			strbuf_puts(&d.text, VALUE_INDENT);
			cell_line(&d.text, column, strlen(column), SIZE_MAX);
			strbuf_puts(&d.text, " = ");
			d.indent = cell_width(d.text.data, d.text.length);
		}
		add_value(&d, s);
	}
	end_values(r, &d, order);
	error = finished(r, rc);
	strbuf_deinit(&d.text);
	return error;
}

static int by_place(const void *a, const void *b)
{
	const struct value *x = a, *y = b;

	if (x->stack != y->stack)
		return x->stack < y->stack ? -1 : 1;
	if (x->frame != y->frame)
		return x->frame < y->frame ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* Every capture: a column that has its raw_ and status_ beside it. */
static struct error *read_all_values(struct report *r, int64_t process)
{
	cleanup_stmt sqlite3_stmt *s = NULL;
	size_t order = 0;
	int rc;

	r->values.length = 0;
	TRY(prepare(r,
		    "SELECT c.table_name, c.column_name FROM _columns c"
		    " JOIN _columns raw ON raw.table_name = c.table_name"
		    " AND raw.column_name = 'raw_' || c.column_name"
		    " JOIN _columns status ON status.table_name = c.table_name"
		    " AND status.column_name = 'status_' || c.column_name"
		    " WHERE c.go_type IS NOT NULL ORDER BY c.rowid",
		    &s));
	while ((rc = sqlite3_step(s)) == SQLITE_ROW)
		TRY(read_values(r, process, (const char *)sqlite3_column_text(s, 0),
				(const char *)sqlite3_column_text(s, 1), order++));
	if (r->values.length)
		qsort(r->values.data, r->values.length, sizeof(*r->values.data), by_place);
	return finished(r, rc);
}

/* ---- printing ---- */

static void print_group_head(struct report *r, const struct group *group)
{
	cleanup_strbuf struct strbuf line = STRBUF_INIT;

	strbuf_printf(&line, "%" PRId64 " goroutine%s  %s", group->goroutines,
		      group->goroutines == 1 ? "" : "s", group->states);
	if (group->states_count == 1) /* all of them: the count stands there already */
		strbuf_truncate(&line,
				(size_t)((char *)memrchr(line.data, ' ', line.length) - line.data));
	if (group->longest >= 0) {
		strbuf_puts(&line, group->goroutines == 1 ? "  for " : "  longest ");
		print_duration(&line, group->longest);
		strbuf_printf(&line, " (goroutine %" PRId64 ")", group->longest_goroutine);
	} else if (group->goroutines == 1) {
		strbuf_printf(&line, "  (goroutine %" PRId64 ")", group->any_goroutine);
	}
	fprintf(r->out, "\n%s\n", line.data);
}

/* The first value of this place or behind it. */
static size_t find_value(const struct report *r, int64_t stack, int64_t frame)
{
	size_t lo = 0, hi = r->values.length;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct value *v = &r->values.data[mid];

		if (v->stack < stack || (v->stack == stack && v->frame < frame))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static struct error *print_frames(struct report *r, const struct group *group)
{
	int64_t expected = 0;
	int rc;

	sqlite3_reset(r->frames);
	sqlite3_bind_int64(r->frames, 1, group->stack);
	while ((rc = sqlite3_step(r->frames)) == SQLITE_ROW) {
		int64_t frame = sqlite3_column_int64(r->frames, 0);
		const char *function = column_text(r->arena, r->frames, 1);
		const char *file = column_text(r->arena, r->frames, 2);

		if (frame > expected)
			fprintf(r->out, "    … %" PRId64 " frames were not captured …\n",
				frame - expected);
		expected = frame + 1;
		fprintf(r->out, "    %s", function[0] ? function : "?");
		if (!function[0])
			fprintf(r->out, "  pc 0x%llx", sqlite3_column_int64(r->frames, 5));
		if (file[0])
			fprintf(r->out, "  %s:%lld", base_name(file),
				sqlite3_column_int64(r->frames, 3));
		fputs(sqlite3_column_int(r->frames, 4) ? "  (inlined)\n" : "\n", r->out);
		for (size_t i = find_value(r, group->stack, frame);
		     i < r->values.length && r->values.data[i].stack == group->stack &&
		     r->values.data[i].frame == frame;
		     i++)
			fprintf(r->out, "%s\n", r->values.data[i].text);
	}
	return finished(r, rc);
}

static struct error *print_process(struct report *r, sqlite3_stmt *process)
{
	cleanup_strbuf struct strbuf pause = STRBUF_INIT;
	const char *name = column_text(r->arena, process, 1);
	const char *host = column_text(r->arena, process, 2);
	const char *when = column_text(r->arena, process, 5);
	int64_t id = sqlite3_column_int64(process, 0), total = 0;
	size_t stacks = 0;

	TRY(read_groups(r, id));
	TRY(read_all_values(r, id));
	for (size_t i = 0; i < r->groups.length; i++) {
		total += r->groups.data[i].goroutines;
		stacks += r->groups.data[i].stack != 0;
	}
	fprintf(r->out, "%sprocess %" PRId64 ": %s, pid %lld%s%s, %s UTC", id > 1 ? "\n" : "", id,
		name[0] ? name : "?", sqlite3_column_int64(process, 3), host[0] ? " on " : "", host,
		when);
	if (sqlite3_column_type(process, 4) != SQLITE_NULL) {
		print_duration(&pause, sqlite3_column_int64(process, 4));
		fprintf(r->out, ", paused %s", pause.data);
	}
	fprintf(r->out, "\n%" PRId64 " goroutine%s, %zu distinct stack%s\n", total,
		total == 1 ? "" : "s", stacks, stacks == 1 ? "" : "s");
	for (size_t i = 0; i < r->groups.length; i++) {
		print_group_head(r, &r->groups.data[i]);
		if (r->groups.data[i].stack)
			TRY(print_frames(r, &r->groups.data[i]));
		else
			fprintf(r->out, "    stack %s\n", r->groups.data[i].stack_status);
	}
	return NULL;
}

static struct error *print_all(struct report *r)
{
	cleanup_stmt sqlite3_stmt *s = NULL, *frames = NULL;
	int rc;

	TRY(prepare(r,
		    "SELECT frame_idx, function, file, line, inlined, pc FROM frames"
		    " WHERE stack_id = ?1 ORDER BY frame_idx",
		    &frames));
	r->frames = frames;
	TRY(prepare(r,
		    "SELECT process_id, name, hostname, pid, pause_ns,"
		    " strftime('%Y-%m-%d %H:%M:%S', capture_time_ns / 1000000000, 'unixepoch')"
		    " FROM processes ORDER BY process_id",
		    &s));
	while ((rc = sqlite3_step(s)) == SQLITE_ROW)
		TRY(print_process(r, s));
	return finished(r, rc);
}

struct error *db_stacks(const char *path, FILE *out)
{
	cleanup_db sqlite3 *db = NULL;
	cleanup_arena struct arena arena;
	struct report report = {.arena = &arena, .out = out};

	arena_init(&arena);
	TRY(db_open_readonly(path, &db));
	report.db = db;
	TRY(print_all(&report));
	if (fflush(out) != 0 || ferror(out))
		return error_new(ERROR_IO, "cannot write the stacks");
	return NULL;
}
