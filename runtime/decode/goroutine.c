/* SPDX-License-Identifier: BSD-2-Clause */
#include "decode_int.h"

/*
 * What a goroutine is and does, from the fields of its g. Go source: runtime/runtime2.go
 * (states), runtime/traceback.go (goroutineheader, isSystemGoroutine).
 */

/* runtime.g.atomicstatus without the bit that says that the GC scans the stack. */
enum {
	GSCAN = 0x1000,
	GWAITING = 4,
	GSYSCALL = 3,
	GLEAKED = 10,
};

static const char *status_text(struct arena *arena, uint32_t status)
{
	static const char *const texts[] = {
		[0] = "idle",		[1] = "runnable", [2] = "running",   [GSYSCALL] = "syscall",
		[GWAITING] = "waiting", [6] = "dead",	  [8] = "copystack", [9] = "preempted",
		[GLEAKED] = "leaked",	[11] = "dead",
	};

	if (status < ARRAY_SIZE(texts) && texts[status])
		return texts[status];
	return arena_printf(arena, "unknown: %u", status);
}

static const char *stack_text(const struct ask_goroutine *g, const struct stack *stack)
{
	static const char *const texts[] = {
		[ASK_STACK_OK] = "ok",
		[ASK_STACK_CUT] = "cut",
		[ASK_STACK_RUNNING] =
			"unavailable: running, and its thread is on another stack",
		[ASK_STACK_COPYING] = "unavailable: the runtime is moving it",
		[ASK_STACK_BAD_LEAF] = "unavailable: the leaf's PC is not in the program's Go code",
		[ASK_STACK_BAD_CHAIN] = "unavailable: the walk left the stack before its root",
		[ASK_STACK_READ_FAILED] = "unavailable: its memory could not be read",
		[ASK_STACK_NO_CFI] = "unavailable: no call frame information for a PC",
		[ASK_STACK_CHANGED] = "unavailable: it changed while it was read",
		[ASK_STACK_NO_THREAD] = "unavailable: running, and its thread was not stopped",
		[ASK_STACK_SIGNAL] = "unavailable: running, and its thread handles a signal",
	};

	if (stack && stack->head.leaf + stack->head.root < stack->head.depth)
		return "cut";
	assert(g->stack_status < ARRAY_SIZE(texts));
	return texts[g->stack_status];
}

static struct decode_cell text_cell(const char *text)
{
	return (struct decode_cell){.type = DECODE_TEXT, .text = text, .length = strlen(text)};
}

static struct decode_cell integer_cell(uint64_t value)
{
	return (struct decode_cell){.type = DECODE_INTEGER, .integer = (int64_t)value};
}

/* A number of which 0 says that there is none. */
static struct decode_cell id_cell(uint64_t value)
{
	return value && value <= INT64_MAX ? integer_cell(value)
					   : (struct decode_cell){.type = DECODE_NULL};
}

/* The symbol of a run-time address; NULL when it is not in the program's text. */
static const struct schema_symbol *symbol_of(const struct decode_input *input, uint64_t address)
{
	uint64_t offset = address - input->process->load_bias - input->schema->layout.text;

	return offset < UINT32_MAX ? schema_symbol_at(input->schema, (uint32_t)offset) : NULL;
}

/*
 * The function with the `go` statement: g.gopc is where its call returns to, or the
 * first PC of a function in which there was no call. Goroutine 1 was made by the startup
 * code (runtime/asm_*.s, rt0_go), which is no `go` statement: tracebacks leave it out too
 * (runtime/traceback.go, printcreatedby).
 */
static const char *created_by(const struct decode_input *input, uint64_t goid, uint64_t gopc)
{
	const struct schema_symbol *symbol = symbol_of(input, gopc);
	uint64_t text = input->process->load_bias + input->schema->layout.text;

	if (!gopc || goid == 1)
		return NULL;
	if (!symbol || symbol->lo != gopc - text)
		symbol = symbol_of(input, gopc - 1);
	return symbol ? schema_text(input->schema, symbol->name) : NULL;
}

static bool is_one_of(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (strcmp(name, *names) == 0)
			return true;
	return false;
}

/*
 * isSystemGoroutine(gp, false): started in package runtime, but for main and what runs
 * user code. The goroutine that runs finalizers (cleanups since Go 1.25) is the user's
 * as long as it is in one, which its stack shows.
 */
static bool is_system(const struct decode_input *input, const struct ask_goroutine *g,
		      const struct stack *stack)
{
	static const char *const users[] = {"runtime.main", "runtime.corostart",
					    "runtime.handleAsyncEvent", NULL};
	static const char *const shared[] = {"runtime.runfinq", "runtime.runFinalizers",
					     "runtime.runCleanups", NULL};
	const struct schema_symbol *symbol = g->startpc ? symbol_of(input, g->startpc) : NULL;
	const char *name = symbol ? schema_text(input->schema, symbol->name) : "";

	if (strncmp(name, "runtime.", 8) != 0 || is_one_of(name, users))
		return false;
	return !(is_one_of(name, shared) && stack && stack->user_code);
}

/*
 * How long it has been waiting. Go source: runtime/mgcmark.go, markroot: a collection
 * that finds a goroutine waiting whose waitsince is 0 sets it to work.tstart, which gcMark()
 * assigns at a collection's end. So waitsince is the end of the collection before the one
 * that saw it wait first: the runtime's own estimate, right to one period.
 *
 * Without waitsince it was not waiting yet when the last collection looked: that bounds
 * its wait. But the first collection of a process finds work.tstart 0 and leaves waitsince
 * 0, whoever waits. That there was a second one shows in any goroutine's waitsince.
 */
static void decode_wait(struct arena *arena, const struct decode_input *input, bool collected_twice,
			const struct ask_goroutine *g, uint32_t status,
			struct decode_goroutine *ret)
{
	const struct schema *schema = input->schema;
	const struct dump_process *process = input->process;
	bool waits = status == GWAITING || status == GLEAKED;
	int64_t since;

	if (waits && g->waitreason >= schema->wait_reasons_count)
		ret->wait_reason = text_cell(arena_printf(arena, "unknown: %u", g->waitreason));
	else if (waits && schema_text(schema, schema->wait_reasons[g->waitreason])[0])
		ret->wait_reason =
			text_cell(schema_text(schema, schema->wait_reasons[g->waitreason]));
	if (!waits && status != GSYSCALL)
		return;
	if (g->waitsince) {
		if (!__builtin_sub_overflow(process->capture_monotonic_ns, g->waitsince, &since) &&
		    since >= 0)
			ret->wait_for_ns = integer_cell((uint64_t)since);
	} else if (collected_twice && process->last_gc_ns > 0) {
		if (!__builtin_sub_overflow(process->capture_time_ns, process->last_gc_ns,
					    &since) &&
		    since >= 0)
			ret->wait_at_most_ns = integer_cell((uint64_t)since);
	}
}

void goroutine_decode(struct arena *arena, const struct decode_input *input,
		      const struct index *index, const struct ask_goroutine *g,
		      const struct stack *stack, struct decode_goroutine *ret)
{
	uint32_t status = g->atomicstatus & ~(uint32_t)GSCAN;
	const char *creator = created_by(input, g->goid, g->gopc);

	*ret = (struct decode_goroutine){
		.goroutine_id = g->goid,
		.is_system = is_system(input, g, stack),
		.status = status_text(arena, status),
		.thread_id = id_cell(g->thread),
		.parent_goroutine_id = id_cell(g->parent_goid),
		.stack = stack ? stack->number : UINT64_MAX,
		.stack_status = stack_text(g, stack),
		.frame_count = stack ? stack->frames : 0,
	};
	if (creator)
		ret->created_by = text_cell(creator);
	ret->labels = labels_decode(arena, index, g->labels);
	decode_wait(arena, input, index->collected_twice, g, status, ret);
}
