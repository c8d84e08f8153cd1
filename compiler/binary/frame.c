/* SPDX-License-Identifier: BSD-2-Clause */
#include "binary_int.h"

#include <dwarf.h>
#include <stdlib.h>

/*
 * .debug_frame to rows "from this PC on CFA = SP + n". Go describes nothing else
 * (the frame pointer has no rule), with few opcodes; libdw interprets a whole FDE for
 * each address that one asks about, which is too slow for half a million rows. C
 * code of cgo programs may use everything: what is not understood, or not relative
 * to SP, makes rows of 0, for the whole FDE if need be. A wrong row would be worse.
 */

#define DWARF_RSP 7
#define STATES_MAX 16

struct cie {
	uint64_t offset;
	uint64_t code_align;
	int64_t data_align;
	struct cursor program;
	bool understood;
};

struct state {
	uint64_t cfa_reg;
	int64_t cfa_offset;
	bool known; /* CFA is a register plus an offset */
};

struct fde {
	uint64_t lo, hi;
	size_t first, count; /* its rows */
	bool overlaps;
};

struct frames {
	struct arena *arena; /* scratch */
	struct cursor section;
	struct map cies; /* offset -> struct cie * */
	VEC(struct fde) fdes;
	VEC(struct binary_cfi) rows;
};

/* The CIE's or FDE's bytes after its length; false at the end or when it is cut. */
static bool next_entry(struct cursor *section, struct cursor *ret, size_t *offset_size)
{
	uint64_t length = cursor_number(section, 4);
	const uint8_t *data;

	*offset_size = 4;
	if (length == 0xffffffff) {
		*offset_size = 8;
		length = cursor_number(section, 8);
	}
	data = cursor_take(section, length);
	if (!data)
		return false;
	*ret = (struct cursor){.p = data, .end = data + length};
	return true;
}

static bool is_cie(uint64_t id, size_t offset_size)
{
	return id == (offset_size == 4 ? 0xffffffffull : UINT64_MAX);
}

static struct cie *read_cie(struct frames *frames, uint64_t offset)
{
	struct cursor section = frames->section, cursor;
	struct cie *cie;
	const char *augmentation;
	uint64_t known;
	size_t offset_size;
	unsigned version;

	if (map_get(&frames->cies, offset, &known))
		return (struct cie *)(uintptr_t)known;
	cie = ARENA_NEW(frames->arena, struct cie);
	map_set(&frames->cies, offset, (uintptr_t)cie);
	(void)cursor_take(&section, offset);
	if (!next_entry(&section, &cursor, &offset_size) ||
	    !is_cie(cursor_number(&cursor, offset_size), offset_size))
		return cie;
	version = cursor_u8(&cursor);
	augmentation = cursor_text(&cursor);
	if (version == 4 && (cursor_u8(&cursor) != 8 || cursor_u8(&cursor) != 0))
		return cie;
	cie->code_align = cursor_uleb(&cursor);
	cie->data_align = cursor_sleb(&cursor);
	if (version == 1)
		(void)cursor_u8(&cursor);
	else
		(void)cursor_uleb(&cursor);
	cie->program = cursor;
	cie->understood = !cursor.bad && (version == 1 || version == 3 || version == 4) &&
			  augmentation && !augmentation[0] && cie->code_align;
	return cie;
}

/* CFA - SP in this state, 0 when unknown. */
static uint32_t cfa_of(const struct state *state)
{
	if (!state->known || state->cfa_reg != DWARF_RSP || state->cfa_offset <= 0 ||
	    state->cfa_offset > INT32_MAX)
		return 0;
	return (uint32_t)state->cfa_offset;
}

struct run {
	struct frames *frames; /* NULL while a CIE's own program runs: no rows */
	const struct cie *cie;
	struct state state;
	struct state saved[STATES_MAX];
	size_t saved_count;
	uint64_t pc, hi;
};

static void add_row(struct run *run)
{
	if (run->frames && run->pc < run->hi)
		*VEC_PUSH(run->frames->arena, &run->frames->rows) =
			(struct binary_cfi){.pc = run->pc, .cfa = cfa_of(&run->state)};
}

/* The row so far ends `delta` code units further on. */
static bool advance(struct run *run, uint64_t delta)
{
	uint64_t bytes;

	add_row(run);
	return !__builtin_mul_overflow(delta, run->cie->code_align, &bytes) &&
	       !__builtin_add_overflow(run->pc, bytes, &run->pc);
}

/* Signed factored offset; false when it overflows. */
static bool scale(const struct run *run, int64_t offset, int64_t *ret)
{
	return !__builtin_mul_overflow(offset, run->cie->data_align, ret);
}

/* The opcodes that change the CFA. false: not one of them, or not understood. */
static bool run_cfa(struct run *run, struct cursor *program, uint8_t opcode)
{
	struct state *state = &run->state;

	switch (opcode) {
	case DW_CFA_def_cfa:
		state->cfa_reg = cursor_uleb(program);
		state->cfa_offset = (int64_t)cursor_uleb(program);
		state->known = true;
		return true;
	case DW_CFA_def_cfa_sf:
		state->cfa_reg = cursor_uleb(program);
		state->known = true;
		return scale(run, cursor_sleb(program), &state->cfa_offset);
	case DW_CFA_def_cfa_register:
		state->cfa_reg = cursor_uleb(program);
		return true;
	case DW_CFA_def_cfa_offset:
		state->cfa_offset = (int64_t)cursor_uleb(program);
		return true;
	case DW_CFA_def_cfa_offset_sf:
		return scale(run, cursor_sleb(program), &state->cfa_offset);
	case DW_CFA_def_cfa_expression:
		(void)cursor_take(program, cursor_uleb(program));
		state->known = false;
		return true;
	case DW_CFA_remember_state:
		if (run->saved_count == STATES_MAX)
			return false;
		run->saved[run->saved_count++] = *state;
		return true;
	case DW_CFA_restore_state:
		if (run->saved_count == 0)
			return false;
		*state = run->saved[--run->saved_count];
		return true;
	default:
		return false;
	}
}

/* The opcodes about other registers: only their operands matter. */
static bool skip_register(struct cursor *program, uint8_t opcode)
{
	switch (opcode) {
	case DW_CFA_nop:
		return true;
	case DW_CFA_restore_extended:
	case DW_CFA_undefined:
	case DW_CFA_same_value:
	case DW_CFA_GNU_args_size:
		(void)cursor_uleb(program);
		return true;
	case DW_CFA_offset_extended:
	case DW_CFA_register:
	case DW_CFA_offset_extended_sf:
	case DW_CFA_val_offset:
	case DW_CFA_val_offset_sf:
		(void)cursor_uleb(program);
		(void)cursor_uleb(program);
		return true;
	case DW_CFA_expression:
	case DW_CFA_val_expression:
		(void)cursor_uleb(program);
		(void)cursor_take(program, cursor_uleb(program));
		return true;
	default:
		return false;
	}
}

static bool run_program(struct run *run, struct cursor program)
{
	while (cursor_left(&program)) {
		uint8_t opcode = cursor_u8(&program);
		uint64_t pc;
		bool ok = true;

		switch (opcode & 0xc0) {
		case DW_CFA_advance_loc:
			ok = advance(run, opcode & 0x3f);
			break;
		case DW_CFA_offset:
			(void)cursor_uleb(&program);
			break;
		case DW_CFA_restore:
			break;
		default:
			if (opcode == DW_CFA_advance_loc1) {
				ok = advance(run, cursor_number(&program, 1));
			} else if (opcode == DW_CFA_advance_loc2) {
				ok = advance(run, cursor_number(&program, 2));
			} else if (opcode == DW_CFA_advance_loc4) {
				ok = advance(run, cursor_number(&program, 4));
			} else if (opcode == DW_CFA_set_loc) {
				pc = cursor_number(&program, 8);
				ok = pc >= run->pc && advance(run, 0);
				run->pc = pc;
			} else {
				ok = run_cfa(run, &program, opcode) ||
				     skip_register(&program, opcode);
			}
			break;
		}
		if (!ok || program.bad)
			return false;
	}
	return true;
}

static void add_fde(struct frames *frames, const struct cie *cie, struct cursor cursor)
{
	struct run run = {.cie = cie};
	struct fde fde = {0};
	uint64_t size;

	fde.lo = cursor_number(&cursor, 8);
	size = cursor_number(&cursor, 8);
	if (cursor.bad || size == 0 || __builtin_add_overflow(fde.lo, size, &fde.hi))
		return;
	fde.first = frames->rows.length;
	run.hi = fde.hi;
	run.pc = fde.lo;
	if (cie->understood && run_program(&run, cie->program)) {
		run.frames = frames;
		run.pc = fde.lo;
		if (run_program(&run, cursor))
			add_row(&run);
		else
			frames->rows.length = fde.first;
	}
	fde.count = frames->rows.length - fde.first;
	*VEC_PUSH(frames->arena, &frames->fdes) = fde;
}

static int by_lo(const void *a, const void *b)
{
	const struct fde *x = a, *y = b;

	if (x->lo != y->lo)
		return x->lo < y->lo ? -1 : 1;
	return x->first < y->first ? -1 : x->first > y->first;
}

/* Two FDEs for the same code: neither is believed. */
static void mark_overlaps(struct frames *frames)
{
	size_t widest = 0;

	for (size_t i = 1; i < frames->fdes.length; i++) {
		struct fde *fde = &frames->fdes.data[i], *before = &frames->fdes.data[widest];

		if (fde->lo < before->hi)
			fde->overlaps = before->overlaps = true;
		if (fde->hi > before->hi)
			widest = i;
	}
}

struct rows {
	struct arena *arena;
	VEC(struct binary_cfi) data;
};

static void keep(struct rows *rows, uint64_t pc, uint32_t cfa)
{
	struct binary_cfi *last =
		rows->data.length ? &rows->data.data[rows->data.length - 1] : NULL;

	if (last && pc < last->pc)
		return;
	if (last && last->pc == pc)
		last->cfa = cfa;
	else if (!last || last->cfa != cfa)
		*VEC_PUSH(rows->arena, &rows->data) = (struct binary_cfi){pc, cfa};
}

void frame_parse(struct arena *arena, struct cursor section, const struct binary_cfi **ret,
		 size_t *count)
{
	cleanup_arena struct arena scratch = {0};
	struct frames frames = {.arena = &scratch, .section = section};
	struct rows rows = {.arena = &scratch};
	struct cursor entry;
	size_t offset_size;
	uint64_t end = 0;

	map_init(&frames.cies, &scratch);
	while (cursor_left(&section) && next_entry(&section, &entry, &offset_size)) {
		uint64_t id = cursor_number(&entry, offset_size);

		if (!entry.bad && !is_cie(id, offset_size))
			add_fde(&frames, read_cie(&frames, id), entry);
	}
	if (frames.fdes.length)
		qsort(frames.fdes.data, frames.fdes.length, sizeof(*frames.fdes.data), by_lo);
	mark_overlaps(&frames);
	for (size_t i = 0; i < frames.fdes.length; i++) {
		const struct fde *fde = &frames.fdes.data[i];

		if (fde->count == 0 || fde->overlaps || frames.rows.data[fde->first].pc != fde->lo)
			keep(&rows, fde->lo, 0);
		for (size_t k = 0; k < fde->count && !fde->overlaps; k++)
			keep(&rows, frames.rows.data[fde->first + k].pc,
			     frames.rows.data[fde->first + k].cfa);
		if (fde->hi > end)
			end = fde->hi;
		if (i + 1 == frames.fdes.length || frames.fdes.data[i + 1].lo > end)
			keep(&rows, end, 0);
	}
	*ret = arena_copy(arena, rows.data.data, rows.data.length * sizeof(*rows.data.data));
	*count = rows.data.length;
}

struct error *binary_cfi(struct binary *binary, const struct binary_cfi **ret, size_t *count)
{
	struct cursor section = image_debug(binary->dwarf_image, ".debug_frame");

	if (cursor_left(&section) == 0)
		return error_new(ERROR_TARGET, "%s: it has no .debug_frame section",
				 binary->dwarf_image->path);
	frame_parse(binary->arena, section, ret, count);
	return NULL;
}
