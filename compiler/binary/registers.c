/* SPDX-License-Identifier: BSD-2-Clause */
#include "binary_int.h"

#include <stdlib.h>

/*
 * When a location list may be believed that a variable is in a register, for a thread
 * that was interrupted and is about to run PC p.
 *
 * Go's lists err in three ways (cmd/compile/internal/ssa/debug.go, Go 1.20 to 1.26):
 *
 * 1. They keep what an instruction destroys. processValue() clears the registers in
 *    an op's clobber set and the one that its value lives in; not a tuple's (DIV's remainder,
 *    the sum of an addition of which only the carry is used), nor scratch registers
 *    (needIntTemp). And an entry ends behind the last of a value's instructions,
 *    while the first may have done it already.
 * 2. What was kept wrongly at the end of a block is merged into the next ones.
 * 3. They do not tell the values of a variable apart. After an assignment the old value's
 *    register stays among the variable's (processValue() adds the new one to
 *    `last.Registers`), and the one with the lowest number is written. `a = b` gives b's
 *    value both names, from where b is defined on, before the assignment:
 *
 *	func f(b, a int) { loop using a; a = b; loop using a }	says that a is in AX, b's,
 *								from f's first instruction on
 *
 * Against 3 there is no remedy: nothing in the program tells whether a variable is assigned
 * to. So this file is asked only about those that never are: captured by value by a
 * closure (Go captures a variable of which a copy will do only if it is not assigned
 * to and its address is not taken: cmd/compile/internal/escape, flowClosure()), which have
 * one value, loaded from the closure object.
 *
 * Against 1 and 2 there is the code itself. A piece's register r is certain in a window
 * [lo, end) of PCs of its entry where
 *
 *   - the instruction right before lo writes r, nothing but r, and in the entry before,
 *     if there is one, the piece was not in r: this is the instruction that put it there;
 *   - no instruction of the window writes r but its last, and a call writes all: up to
 *     the moment when p is about to run, p itself included, r is what it was at lo;
 *   - control comes to a PC of the window from the instruction before it or by a jump, both
 *     of the window: each jump of the function to there starts there; what follows an
 *     instruction that does not go on is the target of one; and the function has no jump
 *     whose targets are not known, nor an instruction that was not decoded.
 *
 * So r holds at p what it held when control last passed lo, which is the variable. The
 * code that calls morestack, and what a recovered panic returns to (deferreturn), lie
 * behind the function's end: the first is the target of a jump from the prologue, outside of any
 * window, the other of none.
 *
 * The engine looks an exact PC up at p and p+1, a return address at p alone. A window that
 * ends with the instruction at w ends with w+1 for these look-ups, so end = w+2. No return
 * address is in it: calls end it, and are at least two bytes long.
 */

#define REGISTERS 16
/* Shorter windows without a loop are not worth their rows: hardly any goroutine is met in one. */
#define SHORT_WINDOW 64

/* Index of the instruction at `pc`; `count` when none begins there. */
static size_t instruction_at(const struct binary_instruction *code, size_t count, uint64_t pc)
{
	size_t from = 0, to = count;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (code[middle].pc < pc)
			from = middle + 1;
		else
			to = middle;
	}
	return from < count && code[from].pc == pc ? from : count;
}

static bool is_target(const struct binary_instruction *code, size_t count, uint64_t pc)
{
	for (size_t i = 0; i < count; i++)
		if (code[i].target == pc)
			return true;
	return false;
}

/* Where a straight look at the code from instruction `first` on ends to be certain, at most `hi`. */
static uint64_t straight_end(const struct binary_instruction *code, size_t count, size_t first,
			     uint64_t hi, uint32_t reg)
{
	for (size_t i = first; i < count && code[i].pc < hi; i++) {
		if (i > first && code[i - 1].ends && !is_target(code, count, code[i].pc))
			return code[i].pc;
		if (code[i].call || (code[i].writes & (1u << reg)))
			return code[i].pc + 2 < hi ? code[i].pc + 2 : hi;
	}
	return hi;
}

/* The end of the window that begins with instruction `first`; its beginning when there is none. */
static uint64_t window_end(const struct binary_instruction *code, size_t count, size_t first,
			   uint64_t hi, uint32_t reg)
{
	uint64_t lo = code[first].pc, end = straight_end(code, count, first, hi, reg);
	bool shrank = true;

	while (shrank) {
		shrank = false;
		for (size_t i = 0; i < count; i++) {
			uint64_t to = code[i].target, from = code[i].pc;

			if (!to || to < lo || to >= end || (from >= lo && from + 1 < end))
				continue;
			end = to;
			shrank = true;
		}
	}
	return end;
}

/* Whether a goroutine may stay in [lo, hi): it is long, or a loop. */
static bool is_worth_it(const struct binary_instruction *code, size_t count, uint64_t lo,
			uint64_t hi)
{
	if (hi - lo >= SHORT_WINDOW)
		return true;
	for (size_t i = 0; i < count; i++)
		if (code[i].target >= lo && code[i].target <= code[i].pc && code[i].pc + 1 < hi)
			return true;
	return false;
}

/* The piece of `location` for the same bytes, in the same register; NULL when there is none. */
static const struct binary_piece *same_piece(const struct binary_location *location,
					     const struct binary_piece *piece)
{
	for (size_t i = 0; i < location->pieces_count; i++) {
		const struct binary_piece *other = &location->pieces[i];

		if (other->kind == BINARY_PIECE_REGISTER && other->reg == piece->reg &&
		    other->value_offset == piece->value_offset && other->size == piece->size)
			return other;
	}
	return NULL;
}

/* The window of a piece of location `index`, cut to that location; false: it is empty. */
static bool find_window(const struct binary_instruction *code, size_t count,
			const struct binary_variable *variable, size_t index,
			const struct binary_piece *piece, struct binary_range *ret)
{
	const struct binary_location *location = &variable->locations[index];
	uint64_t lo = location->lo, hi;
	size_t first;

	*ret = (struct binary_range){0};
	if (piece->kind != BINARY_PIECE_REGISTER || piece->reg >= REGISTERS)
		return false;
	for (; index && variable->locations[index - 1].hi == lo &&
	       same_piece(&variable->locations[index - 1], piece);
	     index--)
		lo = variable->locations[index - 1].lo;
	first = instruction_at(code, count, lo);
	if (first == count || !first || !code[first - 1].plain || code[first - 1].ends ||
	    code[first - 1].writes != 1u << piece->reg ||
	    code[first - 1].pc + code[first - 1].size != lo)
		return false;
	lo = location->lo;
	hi = window_end(code, count, first, location->hi, piece->reg);
	if (lo >= hi || !is_worth_it(code, count, lo, hi))
		return false;
	*ret = (struct binary_range){lo, hi};
	return true;
}

static int compare_points(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return a < b ? -1 : a > b;
}

struct parts {
	VEC(struct binary_location) locations;
};

/* Appends the parts of location `index` in each of which its pieces are certain or not. */
static void split(struct arena *arena, const struct binary_instruction *code, size_t count,
		  const struct binary_variable *variable, size_t index, struct parts *ret)
{
	const struct binary_location *location = &variable->locations[index];
	size_t pieces = location->pieces_count, points_count = 0;
	struct binary_range *windows = ARENA_ARRAY(arena, struct binary_range, pieces + 1);
	uint64_t *points = ARENA_ARRAY(arena, uint64_t, pieces + 2);

	points[points_count++] = location->lo;
	points[points_count++] = location->hi;
	for (size_t i = 0; i < pieces; i++)
		if (find_window(code, count, variable, index, &location->pieces[i], &windows[i]))
			points[points_count++] = windows[i].hi;
	qsort(points, points_count, sizeof(*points), compare_points);
	for (size_t p = 0; p + 1 < points_count; p++) {
		struct binary_location part = *location;
		struct binary_piece *copy;

		if (points[p] == points[p + 1])
			continue;
		copy = arena_copy(arena, location->pieces, pieces * sizeof(*copy));
		for (size_t i = 0; i < pieces; i++)
			if (points[p] < windows[i].hi)
				copy[i].kind = BINARY_PIECE_LEAF;
		part.lo = points[p];
		part.hi = points[p + 1];
		part.pieces = copy;
		*VEC_PUSH(arena, &ret->locations) = part;
	}
}

void registers_certify(struct arena *arena, const struct binary_instruction *code, size_t count,
		       struct binary_variable *variable)
{
	struct parts parts = {0};

	for (size_t i = 0; i < count; i++)
		if (code[i].unknown)
			return;
	for (size_t i = 0; i < variable->locations_count; i++) {
		if (variable->locations[i].contradictory)
			*VEC_PUSH(arena, &parts.locations) = variable->locations[i];
		else
			split(arena, code, count, variable, i, &parts);
	}
	variable->locations = parts.locations.data;
	variable->locations_count = parts.locations.length;
}
