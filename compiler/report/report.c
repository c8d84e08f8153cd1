/* SPDX-License-Identifier: BSD-2-Clause */
#include "report.h"

#include "json.h"

/*
 * Reports for people and for pipelines: what is where in a binary, and what a spec
 * will find at each call. Everything is in the order of the rows given; stdout is data.
 *
 *   availability: ir->availability is sorted by capture, so one capture's calls lie
 *                 together; a table row sums them up, and the calls that fall short
 *                 follow, by reason
 *   functions:    one line a function, tab-separated: name, place, instances
 *   vars:         one block an instance, one line a variable, in columns
 */

static const char *const verdicts[] = {
	[IR_ALWAYS] = "always", [IR_PARTIAL] = "partial", [IR_NEVER] = "never"};

/* Calls of one capture, by verdict. */
struct tally {
	size_t first, end; /* in ir->availability */
	size_t count[3];
};

/* The rows of `capture`, which begin at or after `from`. */
static struct tally tally_capture(const struct ir *ir, uint32_t capture, size_t from)
{
	struct tally tally = {.first = from, .end = from};

	while (tally.end < ir->availability_count && ir->availability[tally.end].capture == capture)
		tally.count[ir->availability[tally.end++].verdict]++;
	return tally;
}

/* The verdict on a capture that has calls: that of all of them, else partial. */
static size_t sum_up(const struct tally *tally)
{
	for (size_t v = 0; v < ARRAY_SIZE(tally->count); v++)
		if (tally->count[v] == tally->end - tally->first)
			return v;
	return IR_PARTIAL;
}

static const char *verdict_text(const struct tally *tally)
{
	return tally->first == tally->end ? "no call" : verdicts[sum_up(tally)];
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The concrete function that holds a call, and how far the call is into it. */
static const char *place(const struct ir *ir, const struct ir_availability *row, uint32_t *offset)
{
	size_t lo = 0, hi = ir->addresses_count;

	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;

		/* a return PC lies beyond its function's start, and may be its end */
		if (ir->addresses[middle].lo < row->pc)
			lo = middle + 1;
		else
			hi = middle;
	}
	if (!lo) {
		*offset = 0;
		return row->inlined_in ? row->inlined_in : row->function;
	}
	*offset = row->pc - ir->addresses[lo - 1].lo;
	return ir->addresses[lo - 1].name;
}

/* ---- table ---- */

/* Lines that one reason names: a function may have hundreds of calls, JSON has them all. */
#define PLACES_SHOWN 8

static bool same_place(const struct ir_availability *a, const struct ir_availability *b)
{
	return a->line == b->line && !strcmp(a->file, b->file);
}

/* The calls that fall short for the reason that row `first` has. */
static void print_reason(const struct ir *ir, const struct tally *tally, size_t first, FILE *out)
{
	const struct ir_availability *like = &ir->availability[first], *shown[PLACES_SHOWN];
	size_t calls = 0, places = 0;
	bool more = false;

	for (size_t i = first; i < tally->end; i++) {
		const struct ir_availability *row = &ir->availability[i];
		size_t known = 0;

		if (row->verdict != like->verdict || row->reason != like->reason)
			continue;
		calls++;
		while (known < places && !same_place(shown[known], row))
			known++;
		more |= known == PLACES_SHOWN;
		if (known == places && places < PLACES_SHOWN)
			shown[places++] = row;
	}
	fprintf(out, "    %-7s at %zu call%s: %s (", verdicts[like->verdict], calls,
		calls == 1 ? "" : "s", ir_reason_text(like->reason));
	for (size_t i = 0; i < places; i++) {
		if (i && !strcmp(shown[i]->file, shown[i - 1]->file))
			fprintf(out, ", %u", shown[i]->line);
		else
			fprintf(out, "%s%s:%u", i ? ", " : "", base_name(shown[i]->file),
				shown[i]->line);
	}
	fputs(more ? ", …)\n" : ")\n", out);
}

static void print_capture(const struct ir *ir, uint32_t capture, const struct tally *tally,
			  FILE *out)
{
	const struct schema *schema = &ir->schema;
	const struct schema_capture *row = &schema->captures[capture];

	fprintf(out, "  %-7s ", verdict_text(tally));
	if (row->flags & SCHEMA_CAPTURE_CONTEXT)
		fprintf(out, "context %s = ", schema_text(schema, row->column));
	fprintf(out, "%s  %s  (%zu of %zu calls", schema_text(schema, row->expr), schema_text(schema, schema->types[row->type].name),
		tally->count[IR_ALWAYS], tally->end - tally->first);
	if (tally->count[IR_PARTIAL])
		fprintf(out, ", %zu partial", tally->count[IR_PARTIAL]);
	fputs(")\n", out);
	for (size_t i = tally->first; i < tally->end; i++) {
		const struct ir_availability *call = &ir->availability[i];
		size_t earlier = tally->first;

		while (earlier < i && (ir->availability[earlier].verdict != call->verdict ||
				       ir->availability[earlier].reason != call->reason))
			earlier++;
		if (call->verdict != IR_ALWAYS && earlier == i)
			print_reason(ir, tally, i, out);
	}
}

void report_availability_table(const struct ir *ir, FILE *out)
{
	const struct schema *schema = &ir->schema;
	size_t at = 0;

	for (uint32_t f = 0; f < schema->functions_count; f++) {
		const struct schema_function *function = &schema->functions[f];

		fprintf(out, "%s%s  table %s\n", f ? "\n" : "", schema_text(schema, function->name),
			schema_text(schema, function->table));
		for (uint32_t c = 0; c < function->captures; c++) {
			struct tally tally = tally_capture(ir, function->first_capture + c, at);

			print_capture(ir, function->first_capture + c, &tally, out);
			at = tally.end;
		}
		if (!function->captures)
			fputs("  no captures: rows only\n", out);
	}
}

/* ---- JSON ---- */

static void json_field(struct json *json, const char *key, const char *value)
{
	json_key(json, key);
	json_text(json, value);
}

static void json_call(struct json *json, const struct ir *ir, const struct ir_availability *row)
{
	char pc[16];
	uint32_t offset;
	const char *inside = place(ir, row, &offset);

	snprintf(pc, sizeof(pc), "+0x%x", offset);
	json_object_begin(json);
	json_field(json, "function", row->function);
	json_field(json, "in", inside);
	json_field(json, "offset", pc);
	json_key(json, "inlined");
	json_bool(json, row->inlined_in);
	json_field(json, "file", row->file);
	json_key(json, "line");
	json_uint(json, row->line);
	json_field(json, "verdict", verdicts[row->verdict]);
	json_field(json, "reason", row->reason ? ir_reason_text(row->reason) : NULL);
	json_object_end(json);
}

static void json_capture(struct json *json, const struct ir *ir, uint32_t capture,
			 const struct tally *tally)
{
	const struct schema *schema = &ir->schema;
	const struct schema_capture *row = &schema->captures[capture];
	const struct schema_function *function = &schema->functions[row->function];

	json_object_begin(json);
	json_field(json, "function", schema_text(schema, function->name));
	json_field(json, "table", schema_text(schema, function->table));
	json_field(json, "expr", schema_text(schema, row->expr));
	json_field(json, "column", schema_text(schema, row->column));
	json_field(json, "type", schema_text(schema, schema->types[row->type].name));
	for (size_t v = 0; v < ARRAY_SIZE(verdicts); v++) {
		json_key(json, verdicts[v]);
		json_uint(json, tally->count[v]);
	}
	json_key(json, "calls");
	json_array_begin(json);
	for (size_t i = tally->first; i < tally->end; i++)
		json_call(json, ir, &ir->availability[i]);
	json_array_end(json);
	json_object_end(json);
}

void report_availability_json(const struct ir *ir, FILE *out)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct json json;
	size_t at = 0;

	json_init(&json, &text);
	json_object_begin(&json);
	json_key(&json, "captures");
	json_array_begin(&json);
	for (uint32_t c = 0; c < ir->schema.captures_count; c++) {
		struct tally tally = tally_capture(ir, c, at);

		json_capture(&json, ir, c, &tally);
		at = tally.end;
	}
	json_array_end(&json);
	json_object_end(&json);
	strbuf_putc(&text, '\n');
	fwrite(text.data, 1, text.length, out);
}

/* ---- --deny ---- */

size_t report_denied(const struct ir *ir, bool never, bool partial, FILE *out)
{
	const struct schema *schema = &ir->schema;
	size_t denied = 0, at = 0;

	for (uint32_t c = 0; c < schema->captures_count; c++) {
		const struct schema_capture *row = &schema->captures[c];
		struct tally tally = tally_capture(ir, c, at);

		size_t verdict = sum_up(&tally);

		at = tally.end;
		if (tally.first == tally.end ||
		    !((never && verdict == IR_NEVER) || (partial && verdict == IR_PARTIAL)))
			continue;
		denied++;
		fprintf(out, "denied: %s of %s:", schema_text(schema, row->expr),
			schema_text(schema, schema->functions[row->function].name));
		if (tally.count[IR_NEVER])
			fprintf(out, " unavailable at %zu", tally.count[IR_NEVER]);
		if (tally.count[IR_PARTIAL])
			fprintf(out, "%s partial at %zu", tally.count[IR_NEVER] ? "," : "",
				tally.count[IR_PARTIAL]);
		fprintf(out, " of %zu calls\n", tally.end - tally.first);
	}
	return denied;
}

/* ---- functions, vars ---- */

static void print_function(const char *name, const struct binary_instance *instances, size_t count,
			   FILE *out)
{
	const struct binary_function *concrete = NULL;
	size_t inlined = 0;

	for (size_t i = 0; i < count; i++) {
		if (instances[i].inline_index == UINT32_MAX)
			concrete = instances[i].function;
		else
			inlined++;
	}
	fprintf(out, "%s\t", name);
	if (concrete)
		fprintf(out, "%s:%u", concrete->file, concrete->line);
	else
		fputc('-', out);
	fprintf(out, "\t%s", concrete ? "out of line" : "");
	if (inlined)
		fprintf(out, "%sinlined %zu time%s", concrete ? ", " : "", inlined,
			inlined == 1 ? "" : "s");
	if (strchr(name, '['))
		fputs(", generic", out);
	fputc('\n', out);
}

size_t report_functions(struct binary *binary, const char *pattern, report_matches_fn *matches,
			FILE *out)
{
	size_t names_count, instances_count, printed = 0;
	const char *const *names = binary_function_names(binary, &names_count);

	for (size_t i = 0; i < names_count; i++) {
		const struct binary_instance *instances;

		if (pattern && !matches(pattern, names[i]))
			continue;
		instances = binary_instances(binary, names[i], &instances_count);
		print_function(names[i], instances, instances_count, out);
		printed++;
	}
	return printed;
}

static void print_instance(const struct ir_variable *row, FILE *out)
{
	fputs(row->function, out);
	if (row->inlined_in)
		fprintf(out, ", inlined in %s", row->inlined_in);
	if (row->file[0])
		fprintf(out, " at %s:%u", row->file, row->instance_line);
	fputc('\n', out);
}

/* The columns of one block, in characters. Longer cells stick out: a type may be a page long. */
struct widths {
	size_t name, type, where;
};
#define WIDEST_CELL 48u

static const char *const roles[] = {
	[IR_PARAMETER] = "parameter", [IR_RESULT] = "result", [IR_LOCAL] = "local"};

/* Go's names are UTF-8. */
static size_t characters(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += (*text & 0xc0) != 0x80;
	return count;
}

static void widen(size_t *width, size_t cell)
{
	if (cell > *width && cell <= WIDEST_CELL)
		*width = cell;
}

/* "parameter, line 3"; returns its length. */
static size_t put_where(const struct ir_variable *row, char *text, size_t size)
{
	int length = row->line ? snprintf(text, size, "%s, line %u", roles[row->role], row->line)
			       : snprintf(text, size, "%s", roles[row->role]);

	return (size_t)length;
}

static void print_cell(FILE *out, const char *text, size_t width)
{
	size_t length = characters(text);

	fprintf(out, "%s%*s", text, (int)(length < width ? width - length : 0) + 2, "");
}

static void print_variable(const struct ir_variable *row, const struct widths *widths, FILE *out)
{
	char where[32];

	put_where(row, where, sizeof(where));
	fputs("  ", out);
	print_cell(out, row->name, widths->name);
	print_cell(out, row->type, widths->type);
	print_cell(out, where, widths->where);
	fprintf(out, "%u of %u calls", row->always, row->calls);
	if (row->partial)
		fprintf(out, ", %u partial", row->partial);
	if (row->reason)
		fprintf(out, "%s %s", row->always || row->partial ? "; else" : ":",
			ir_reason_text(row->reason));
	fputc('\n', out);
}

void report_variables(const struct ir_variable *variables, size_t count, FILE *out)
{
	for (size_t i = 0, end; i < count; i = end) {
		struct widths widths = {0};

		for (end = i; end < count && variables[end].instance == variables[i].instance; end++) {
			widen(&widths.name, characters(variables[end].name));
			widen(&widths.type, characters(variables[end].type));
			widen(&widths.where, put_where(&variables[end], NULL, 0));
		}
		print_instance(&variables[i], out);
		for (size_t v = i; v < end; v++)
			print_variable(&variables[v], &widths, out);
	}
}
