/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "resolve_int.h"

/*
 * `askc vars`: before a capture is written, what could be captured. Each variable of
 * each instance is judged alone, at every call of the instance, by the very rules of
 * ranges.c and locate.c: what is counted here is what `askc check` counts of a capture.
 */

struct inventory {
	struct resolve *resolve;
	const struct binary_instance *instance;
	uint32_t number; /* of the instance */
	struct resolve_site site;
	struct resolve_rows lines;
	const uint64_t *calls;
	size_t calls_count;
	VEC(struct ir_variable) rows;
};

/* One variable at all calls. */
static void judge_calls(struct inventory *inventory, const struct resolve_access *access,
			struct ir_variable *row)
{
	const struct binary_variable *variable = access->variable;
	uint32_t reasons[ASK_REASONS] = {0};
	struct resolve_program program;

	for (size_t i = 0; i < inventory->calls_count; i++) {
		uint64_t pc = inventory->calls[i];
		uint32_t line;
		enum resolve_standing standing;

		if (!site_active(&inventory->site, pc))
			continue;
		line = symbols_frame_line(inventory->resolve, inventory->instance->function,
					  &inventory->lines, inventory->instance->inline_index,
					  pc - 1, NULL);
		standing = variable_standing(variable, pc, line);
		row->calls++;
		if (standing == RESOLVE_OUT_OF_SCOPE || standing == RESOLVE_NOT_DECLARED) {
			reasons[ASK_REASON_NOT_IN_SCOPE]++;
			continue;
		}
		locate(&inventory->resolve->probe_scratch, access,
		       standing == RESOLVE_STANDS ? locate_at(variable, pc) : NULL, &program);
		row->always += program.ops_count && !program.gaps_count;
		row->partial += program.ops_count && program.gaps_count;
		reasons[program.gaps_count ? program.gaps[0].reason : program.reason]++;
	}
	for (uint32_t r = 1; r < ARRAY_SIZE(reasons); r++)
		if (reasons[r] > (row->reason ? reasons[row->reason] : 0))
			row->reason = r;
}

static unsigned role(const struct binary_variable *variable)
{
	return variable->result ? IR_RESULT : variable->parameter ? IR_PARAMETER : IR_LOCAL;
}

static void add_variable(struct inventory *inventory, const struct binary_variable *variable)
{
	const struct binary_function *function = inventory->instance->function;
	const struct binary_inline *node =
		inventory->instance->inline_index == UINT32_MAX
			? NULL
			: &function->inlines[inventory->instance->inline_index];
	struct resolve_access access = {
		.variable = variable,
		.type = variable->type,
		.unsure = locate_is_unsure(function, variable, node),
	};
	struct ir_variable *row = VEC_PUSH(inventory->resolve->arena, &inventory->rows);

	*row = (struct ir_variable){
		.instance = inventory->number,
		.function = inventory->site.name,
		.inlined_in = node ? function->name : NULL,
		.file = node ? node->call_file : function->file,
		.instance_line = node ? node->call_line : function->line,
		.name = variable->name,
		.type = variable->type->name,
		.role = role(variable),
		.line = variable->line,
	};
	arena_reset(&inventory->resolve->probe_scratch);
	judge_calls(inventory, &access, row);
}

/* Parameters, results, locals; each by line, then as DWARF has them: the rows of one array. */
static int compare_variables(const void *left, const void *right)
{
	const struct binary_variable *a = *(const struct binary_variable *const *)left;
	const struct binary_variable *b = *(const struct binary_variable *const *)right;

	if (role(a) != role(b))
		return role(a) < role(b) ? -1 : 1;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return a < b ? -1 : a > b;
}

static const struct binary_variable **sort_variables(struct arena *arena,
						     const struct binary_variable *variables,
						     size_t count)
{
	const struct binary_variable **sorted =
		ARENA_ARRAY(arena, const struct binary_variable *, count);

	for (size_t i = 0; i < count; i++)
		sorted[i] = &variables[i];
	if (count)
		qsort(sorted, count, sizeof(sorted[0]), compare_variables);
	return sorted;
}

/*
 * Whether nobody wrote the variable: a temporary that the compiler kept in memory, the state of
 * a loop over a function. Go source: cmd/compile/internal/typecheck/dcl.go, autotmpname() and
 * cmd/compile/internal/rangefunc/rewrite.go. Its name still works in a path.
 */
static bool is_made(const char *name)
{
	name += name[0] == '&';
	return name[0] == '#' || !strncmp(name, ".autotmp_", 9);
}

static struct error *add_instance(struct inventory *inventory)
{
	const struct binary_function *function = inventory->instance->function;
	struct resolve *resolve = inventory->resolve;
	const struct binary_variable *variables, **sorted;
	size_t count;

	inventory->site.instance = *inventory->instance;
	TRY(binary_variables(resolve->binary, inventory->instance, &variables, &count));
	TRY(binary_call_sites(resolve->binary, function->lo, function->hi, &inventory->calls,
			      &inventory->calls_count));
	symbols_rows(resolve, function, &inventory->lines);
	sorted = sort_variables(resolve->arena, variables, count);
	for (size_t i = 0; i < count; i++)
		if (!is_made(sorted[i]->name))
			add_variable(inventory, sorted[i]);
	return NULL;
}

static struct error *add_instances(struct inventory *inventory, const char *function)
{
	size_t count;
	const struct binary_instance *instances;

	TRY(symbols_number(inventory->resolve));
	instances = binary_instances(inventory->resolve->binary, function, &count);
	inventory->site.name = function;
	for (size_t i = 0; i < count; i++) {
		inventory->instance = &instances[i];
		inventory->number = (uint32_t)i;
		TRY(add_instance(inventory));
	}
	return NULL;
}

struct error *resolve_variables(struct arena *arena, struct binary *binary, const char *function,
				const struct ir_variable **ret, size_t *count)
{
	struct resolve resolve = {.arena = arena, .binary = binary};
	struct inventory inventory = {.resolve = &resolve};
	struct error *error;

	resolve_begin(&resolve);
	error = add_instances(&inventory, arena_strdup(arena, function));
	resolve_end(&resolve);
	if (error)
		return error;
	*ret = inventory.rows.data;
	*count = inventory.rows.length;
	return NULL;
}
