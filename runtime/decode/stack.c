/* SPDX-License-Identifier: BSD-2-Clause */
#include "decode_int.h"

/*
 * PCs to logical frames. A PC on a stack is a return address: the call stands before
 * it, and the address itself may belong to another line, another inlined function or
 * even the next function. So it is looked up one byte back, but for
 *   - the leaf of a goroutine that was interrupted: it is about to run that very PC;
 *   - the caller of runtime.sigpanic and runtime.asyncPreempt, which was interrupted
 *     too, only that the runtime made it look like a call;
 *   - a function's first PC, which no call can return to: a new goroutine begins there.
 *     (Go source: runtime/traceback.go, type unwinder: the same rule.)
 */

void symbolizer_init(struct symbolizer *symbolizer, struct arena *arena,
		     const struct schema *schema)
{
	symbolizer->arena = arena;
	symbolizer->schema = schema;
	map_init(&symbolizer->cache, arena);
}

uint32_t stack_pc(const struct stack *stack, uint32_t i)
{
	uint32_t pc;

	memcpy(&pc, stack->pcs + (size_t)i * sizeof(pc), sizeof(pc));
	return pc;
}

static bool is_goexit(const struct schema *schema, uint32_t pc)
{
	return pc >= schema->layout.goexit_lo && pc < schema->layout.goexit_hi;
}

/* The frames of the PC at which to look, from the cache. */
static const struct pc_frames *frames_at(struct symbolizer *symbolizer, uint32_t pc)
{
	const size_t usual = 8;
	struct pc_frames *entry;
	struct schema_frame *frames;
	uint64_t cached;
	size_t count;

	if (map_get(&symbolizer->cache, pc, &cached))
		return (const struct pc_frames *)(uintptr_t)cached;
	entry = ARENA_NEW(symbolizer->arena, struct pc_frames);
	frames = ARENA_ARRAY(symbolizer->arena, struct schema_frame, usual);
	count = schema_symbolize(symbolizer->schema, pc, frames, usual);
	if (count > usual) {
		frames = ARENA_ARRAY(symbolizer->arena, struct schema_frame, count);
		schema_symbolize(symbolizer->schema, pc, frames, count);
	}
	if (!count) {
		/* a frame all the same: function and file stay NULL */
		frames[0].inline_node = SCHEMA_NONE;
		count = 1;
	}
	entry->frames = frames;
	entry->count = is_goexit(symbolizer->schema, pc) ? 0 : count;
	map_set(&symbolizer->cache, pc, (uintptr_t)entry);
	return entry;
}

/* The frames of one PC on its own. */
static const struct pc_frames *symbolize_pc(struct symbolizer *symbolizer, uint32_t pc, bool exact)
{
	const struct schema_symbol *symbol = schema_symbol_at(symbolizer->schema, pc);

	if (!exact && !(symbol && symbol->lo == pc))
		pc--;
	return frames_at(symbolizer, pc);
}

/* true when the frame whose PC this is was interrupted where its caller's PC says. */
static bool interrupts(const struct ask_layout *layout, uint32_t pc)
{
	return (pc >= layout->sigpanic_lo && pc < layout->sigpanic_hi) ||
	       (pc >= layout->sigpanic0_lo && pc < layout->sigpanic0_hi) ||
	       (pc >= layout->asyncpreempt_lo && pc < layout->asyncpreempt_hi);
}

const struct pc_frames *stack_frames(struct symbolizer *symbolizer, const struct stack *stack,
				     uint32_t i)
{
	bool exact;

	if (i == 0 && stack->head.leaf)
		exact = stack->head.flags & ASK_LEAF_EXACT;
	else if (i == stack->head.leaf && stack->head.leaf + stack->head.root < stack->head.depth)
		exact = false; /* what it called was skipped */
	else
		exact = i && interrupts(&symbolizer->schema->layout, stack_pc(stack, i - 1));
	return symbolize_pc(symbolizer, stack_pc(stack, i), exact);
}

static bool is_runtime(const char *function)
{
	return function && strncmp(function, "runtime.", 8) == 0;
}

void stack_symbolize(struct symbolizer *symbolizer, struct stack *stack)
{
	uint32_t kept = stack->head.leaf + stack->head.root;
	uint64_t logical = 0;

	stack->first = ARENA_ARRAY(symbolizer->arena, uint64_t, (size_t)kept + 1);
	for (uint32_t i = 0; i < kept; i++) {
		const struct pc_frames *frames = stack_frames(symbolizer, stack, i);

		if (i == stack->head.leaf)
			logical += stack->head.depth - kept;
		stack->first[i] = logical;
		logical += frames->count;
		if (frames->count && !is_runtime(frames->frames[frames->count - 1].function))
			stack->user_code = true;
	}
	if (!stack->head.root)
		logical += stack->head.depth - kept;
	stack->first[kept] = logical;
	stack->frames = logical;
}

bool stack_kept(const struct stack *stack, uint32_t physical, uint32_t *ret)
{
	uint32_t skipped = stack->head.depth - stack->head.leaf - stack->head.root;

	if (physical < stack->head.leaf) {
		*ret = physical;
		return true;
	}
	if (physical - stack->head.leaf < skipped || physical >= stack->head.depth)
		return false;
	*ret = physical - skipped;
	return true;
}

uint64_t stack_logical(const struct stack *stack, uint32_t physical)
{
	uint32_t leaf = stack->head.leaf, skipped, kept;

	if (stack_kept(stack, physical, &kept))
		return stack->first[kept];
	/* among the skipped ones, which count one each and end where the root part begins */
	skipped = stack->head.depth - leaf - stack->head.root;
	return stack->first[leaf] - skipped + (physical - leaf);
}
