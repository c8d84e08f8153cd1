/* SPDX-License-Identifier: BSD-2-Clause */
#include "binary_int.h"

#include <stdlib.h>

/*
 * From Go's location expressions to pieces that can be trusted.
 *
 * DWARF says that pieces follow each other without holes. Go's optimising
 * compiler does not keep to it. It splits a string, slice, interface, complex
 * number or small struct into leaves ("slots": pointer, length, each field), and
 * for each entry of a variable's list writes one piece a leaf, *without the
 * padding* between fields, and only for leaves that are not dead everywhere in
 * the function (cmd/compile/internal/ssa/debug.go, writePendingEntry(); f.Names
 * after deadcode.go; the same in go1.20 to go1.26). If one leaf is left, its
 * location stands alone, without DW_OP_piece. Read literally, this is garbage:
 *
 *	s of type string, only len(s) used:       fbreg -24
 *	sl []T, pointer and capacity used:         fbreg -24, piece 8, fbreg -32, piece 8
 *	p struct{A int32; B int64}:                fbreg -48, piece 4, fbreg -40, piece 8
 *
 * Hence the type decides where a piece belongs. Let n be the number of its leaves.
 *
 * Expression of pieces
 *	n pieces of the leaves' sizes: one a leaf, at the leaf's offset.
 *	More than n, with holes for padding (unoptimised code, and parameters in
 *	  registers there, ComputePadding()): at their literal offsets, if each then is
 *	  exactly a leaf and the last leaf is reached.
 *	Fewer than n: some leaves are missing, DWARF does not say which. A piece is
 *	  certain when its leaf is the same in every assignment that keeps order and
 *	  sizes: when the leftmost and the rightmost one agree. The rest is no location.
 *	Twice the type's size: golang/go#61700; one half if both say the same.
 *	Anything else contradicts the type.
 *
 * Expression without pieces
 *	It is the whole variable if the type is one leaf; or if the type is one that
 *	the compiler never splits (CanSSA() in ssa/value.go); or if it is no list entry
 *	(createSimpleVar() in dwarfgen: a home on the stack); or a pointer to the heap
 *	(fbreg, deref), or static. A list entry for a type of several leaves is either a
 *	variable that lives in memory (OpVarDef) or a lone leaf. The former has one
 *	place, below the saved frame pointer at CFA-16, that says nothing of registers.
 *	A lone leaf betrays itself. It is computed into a register before it is spilled:
 *	its list has a register entry, or, if spilled at once, an entry "register and
 *	memory", shown as memory, that ends where the register is overwritten and is
 *	followed right there by an equal-looking one (every call overwrites all
 *	registers, so none gets past a call site unseen). Or it is an argument passed on
 *	the stack, at or above the CFA. Unoptimised code has pieces in registers first
 *	and then the whole in memory, which optimised code, with a fixed set of leaves a
 *	variable, cannot have.
 */

/* No register-assigned or splittable value has more leaves: 9 integer and 15 float registers. */
#define LEAVES_MAX 32
#define DEPTH_MAX 16
/* ssa.MaxStruct, and CanSSA()'s limit on size: four words. */
#define SSA_FIELDS 4
#define SSA_SIZE 32
#define WORD 8
/* [CFA-16, CFA): the saved frame pointer and the return address. */
#define FRAME_TOP (-16)

struct leaf {
	uint64_t offset, size;
};
struct layout {
	struct leaf leaves[LEAVES_MAX];
	size_t count;
	bool opaque; /* it has no leaves that we know: arrays, unknown types */
	bool ssa;    /* the compiler may keep it in leaves */
};

/* ---- the type's leaves ---- */

static void add_leaf(struct layout *layout, uint64_t offset, uint64_t size)
{
	if (layout->count == LEAVES_MAX) {
		layout->opaque = true;
		return;
	}
	layout->leaves[layout->count++] = (struct leaf){offset, size};
}

static void add_leaves(struct layout *layout, const struct binary_type *type, uint64_t offset,
		       int depth)
{
	if (type->size == 0)
		return;
	if (depth > DEPTH_MAX) {
		layout->opaque = true;
		return;
	}
	switch (type->kind) {
	case SCHEMA_KIND_STRUCT:
	case SCHEMA_KIND_TIME:
		for (size_t i = 0; i < type->fields_count && !layout->opaque; i++)
			add_leaves(layout, type->fields[i].type, offset + type->fields[i].offset,
				   depth + 1);
		break;
	case SCHEMA_KIND_ARRAY:
		if (type->count == 1)
			add_leaves(layout, type->elem, offset, depth + 1);
		else
			layout->opaque = true;
		break;
	case SCHEMA_KIND_STRING:
	case SCHEMA_KIND_SLICE:
	case SCHEMA_KIND_INTERFACE:
	case SCHEMA_KIND_ANY:
		for (uint64_t at = 0; at < type->size; at += WORD)
			add_leaf(layout, offset + at, WORD);
		break;
	case SCHEMA_KIND_COMPLEX:
		add_leaf(layout, offset, type->size / 2);
		add_leaf(layout, offset + type->size / 2, type->size / 2);
		break;
	case SCHEMA_KIND_UNKNOWN:
		layout->opaque = true;
		break;
	default:
		add_leaf(layout, offset, type->size);
		break;
	}
}

/* ssa.CanSSA() */
static bool can_ssa(const struct binary_type *type, int depth)
{
	if (type->size == 0)
		return true;
	if (type->size > SSA_SIZE || depth > DEPTH_MAX)
		return false;
	switch (type->kind) {
	case SCHEMA_KIND_ARRAY:
		return type->count <= 1 && can_ssa(type->elem, depth + 1);
	case SCHEMA_KIND_STRUCT:
	case SCHEMA_KIND_TIME:
		if (type->fields_count > SSA_FIELDS)
			return false;
		for (size_t i = 0; i < type->fields_count; i++)
			if (!can_ssa(type->fields[i].type, depth + 1))
				return false;
		return true;
	default:
		return true;
	}
}

static void layout_of(const struct binary_type *type, struct layout *ret)
{
	*ret = (struct layout){0};
	add_leaves(ret, type, 0, 0);
	if (ret->opaque)
		ret->count = 0;
	ret->ssa = can_ssa(type, 0);
}

/* ---- pieces ---- */

/* Pieces in the making: leaves in offset order, holes filled by finish(). */
struct pieces {
	struct binary_piece data[LEAVES_MAX];
	size_t count;
};

static void put(struct pieces *pieces, const struct binary_piece *piece, uint64_t offset,
		uint64_t size)
{
	struct binary_piece *to;

	assert(pieces->count < LEAVES_MAX);
	to = &pieces->data[pieces->count++];
	*to = *piece;
	to->value_offset = (uint32_t)offset;
	to->size = (uint32_t)size;
}

static bool equal_place(const struct binary_piece *a, const struct binary_piece *b)
{
	return a->kind == b->kind && a->offset == b->offset && a->reg == b->reg;
}

static bool equal_piece(const struct binary_piece *a, const struct binary_piece *b)
{
	return equal_place(a, b) && a->value_offset == b->value_offset && a->size == b->size;
}

/* Whether `b` goes on where `a` ends, in the variable and in its place. */
static bool continues(const struct binary_piece *a, const struct binary_piece *b)
{
	if (a->kind != b->kind || a->value_offset + a->size != b->value_offset)
		return false;
	switch (a->kind) {
	case BINARY_PIECE_CFA:
	case BINARY_PIECE_STATIC:
		return a->offset <= INT64_MAX - UINT32_MAX && a->offset + a->size == b->offset;
	case BINARY_PIECE_EMPTY:
		return true;
	default:
		return false;
	}
}

/*
 * Stores the pieces: padding goes with the piece before it, so that the whole
 * type is covered and a complete struct does not look like a partial one. Only
 * where a leaf has no piece at all there is an EMPTY one (put by the callers).
 */
static void finish(struct arena *arena, const struct binary_type *type, struct pieces *pieces,
		   struct binary_location *ret)
{
	size_t kept = 0;

	for (size_t i = 0; i < pieces->count; i++) {
		uint64_t end =
			i + 1 < pieces->count ? pieces->data[i + 1].value_offset : type->size;

		pieces->data[i].size = (uint32_t)(end - pieces->data[i].value_offset);
		if (kept && continues(&pieces->data[kept - 1], &pieces->data[i]))
			pieces->data[kept - 1].size += pieces->data[i].size;
		else
			pieces->data[kept++] = pieces->data[i];
	}
	ret->pieces = arena_copy(arena, pieces->data, kept * sizeof(*pieces->data));
	ret->pieces_count = kept;
}

static const struct binary_piece no_piece = {.kind = BINARY_PIECE_EMPTY};

/* The whole variable is in one place, or in none. */
static void whole(struct arena *arena, const struct binary_type *type,
		  const struct binary_piece *piece, struct binary_location *ret)
{
	struct pieces pieces = {0};

	put(&pieces, piece, 0, type->size);
	finish(arena, type, &pieces, ret);
}

static void contradict(struct arena *arena, const struct binary_type *type,
		       struct binary_location *ret)
{
	whole(arena, type, &no_piece, ret);
	ret->contradictory = true;
}

/* A register holds 8 bytes, an SSE register 16 (DWARF numbers 17 to 32). */
static bool fits(const struct binary_piece *piece, uint64_t size)
{
	return piece->kind != BINARY_PIECE_REGISTER || size <= (piece->reg >= 17 ? 16 : 8);
}

/* ---- an expression with pieces ---- */

/* As many pieces as leaves, each of its leaf's size. */
static bool match_leaves(const struct layout *layout, const struct binary_piece *pieces,
			 size_t count, struct pieces *ret)
{
	if (count != layout->count)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (pieces[i].size != layout->leaves[i].size || !fits(&pieces[i], pieces[i].size))
			return false;
		put(ret, &pieces[i], layout->leaves[i].offset, pieces[i].size);
	}
	return true;
}

/* Pieces with holes for the padding: each that is no hole must be just a leaf. */
static bool match_literal(const struct layout *layout, const struct binary_piece *pieces,
			  size_t count, struct pieces *ret)
{
	uint64_t offset = 0;
	size_t leaf = 0;

	for (size_t i = 0; i < count; i++) {
		const struct leaf *at = &layout->leaves[leaf];

		if (leaf < layout->count && offset == at->offset && pieces[i].size == at->size &&
		    fits(&pieces[i], at->size)) {
			put(ret, &pieces[i], offset, at->size);
			leaf++;
		} else if (pieces[i].kind != BINARY_PIECE_EMPTY ||
			   (leaf < layout->count && offset + pieces[i].size > at->offset)) {
			return false;
		}
		offset += pieces[i].size;
	}
	return leaf == layout->count;
}

/* Fewer pieces than leaves: keeps those whose leaf is certain. */
static bool match_some(const struct layout *layout, const struct binary_piece *pieces, size_t count,
		       struct pieces *ret)
{
	size_t first[LEAVES_MAX], last[LEAVES_MAX];
	size_t leaf = 0, piece = 0;

	if (count >= layout->count)
		return false;
	for (size_t i = 0; i < count; i++, leaf++) {
		while (leaf < layout->count && layout->leaves[leaf].size != pieces[i].size)
			leaf++;
		if (leaf == layout->count || !fits(&pieces[i], pieces[i].size))
			return false;
		first[i] = leaf;
	}
	leaf = layout->count;
	for (size_t i = count; i-- > 0;) {
		/* It can be done from the left, so it can be done from the right. */
		do
			leaf--;
		while (layout->leaves[leaf].size != pieces[i].size);
		last[i] = leaf;
	}
	for (leaf = 0; leaf < layout->count; leaf++) {
		const struct leaf *at = &layout->leaves[leaf];
		bool certain;

		while (piece < count && last[piece] < leaf)
			piece++;
		certain = piece < count && first[piece] == leaf && last[piece] == leaf;
		put(ret, certain ? &pieces[piece] : &no_piece, at->offset, at->size);
	}
	return true;
}

/* golang/go#61700: every piece twice, in a row or one half after the other. Leaves one. */
static bool undouble(struct binary_piece *pieces, size_t *count)
{
	size_t half = *count / 2;
	bool halves = true, pairs = true;

	if (*count % 2)
		return false;
	for (size_t i = 0; i < half; i++) {
		halves &= equal_place(&pieces[i], &pieces[half + i]) &&
			  pieces[i].size == pieces[half + i].size;
		pairs &= equal_place(&pieces[2 * i], &pieces[2 * i + 1]) &&
			 pieces[2 * i].size == pieces[2 * i + 1].size;
	}
	for (size_t i = 0; pairs && !halves && i < half; i++)
		pieces[i] = pieces[2 * i];
	*count = half;
	return halves || pairs;
}

static void place_pieces(struct arena *arena, const struct binary_type *type,
			 const struct layout *layout, const struct location_entry *entry,
			 struct binary_location *ret)
{
	struct binary_piece pieces[4 * LEAVES_MAX];
	struct pieces placed;
	size_t count = 0;
	uint64_t sum = 0;

	for (size_t i = 0; i < entry->count; i++) {
		if (entry->pieces[i].size == 0)
			continue;
		if (count == ARRAY_SIZE(pieces)) {
			contradict(arena, type, ret);
			return;
		}
		sum += entry->pieces[i].size;
		pieces[count++] = entry->pieces[i];
	}
	if (sum > type->size && (sum != 2 * type->size || !undouble(pieces, &count))) {
		contradict(arena, type, ret);
		return;
	}
	if (layout->opaque) { /* Go does not split it: who knows what these are */
		whole(arena, type, &no_piece, ret);
		return;
	}
	placed.count = 0;
	if (!match_leaves(layout, pieces, count, &placed)) {
		placed.count = 0;
		if (!match_literal(layout, pieces, count, &placed)) {
			placed.count = 0;
			if (!match_some(layout, pieces, count, &placed)) {
				contradict(arena, type, ret);
				return;
			}
		}
	}
	if (placed.count == 0)
		whole(arena, type, &no_piece, ret);
	else
		finish(arena, type, &placed, ret);
}

/* ---- an expression without ---- */

/* Whether a sorted list's entries without pieces are places of the whole variable. */
static bool list_is_whole(const struct binary_type *type, const struct layout *layout,
			  const struct location_entry *entries, size_t count)
{
	const struct location_entry *last = NULL;
	bool in_memory = true, split = false;

	if (layout->opaque || !layout->ssa || layout->count <= 1)
		return true;
	for (size_t i = 0; i < count; i++) {
		const struct location_entry *entry = &entries[i];

		if (entry->count == 0)
			continue;
		if (!entry->whole) {
			split = true;
			continue;
		}
		if (entry->pieces->kind == BINARY_PIECE_REGISTER)
			return false;
		if (entry->pieces->kind != BINARY_PIECE_CFA)
			continue;
		if (entry->pieces->offset > FRAME_TOP - (int64_t)type->size)
			in_memory = false;
		if (last &&
		    (last->hi >= entry->lo || last->pieces->offset != entry->pieces->offset))
			in_memory = false;
		last = entry;
	}
	return in_memory || split;
}

static void place_whole(struct arena *arena, const struct binary_type *type,
			const struct layout *layout, const struct binary_piece *piece,
			bool is_whole, struct binary_location *ret)
{
	bool certain = is_whole || piece->kind == BINARY_PIECE_CFA_DEREF ||
		       piece->kind == BINARY_PIECE_STATIC;

	if (!certain)
		whole(arena, type, &no_piece, ret);
	else if (!fits(piece, layout->count == 1 ? layout->leaves[0].size : type->size))
		contradict(arena, type, ret);
	else
		whole(arena, type, piece, ret);
}

/* ---- lists ---- */

static int by_lo(const void *a, const void *b)
{
	const struct location_entry *x = a, *y = b;

	if (x->lo != y->lo)
		return x->lo < y->lo ? -1 : 1;
	return x->hi < y->hi ? -1 : x->hi > y->hi;
}

static bool equal_location(const struct binary_location *a, const struct binary_location *b)
{
	if (a->pieces_count != b->pieces_count || a->contradictory != b->contradictory)
		return false;
	for (size_t i = 0; i < a->pieces_count; i++)
		if (!equal_piece(&a->pieces[i], &b->pieces[i]))
			return false;
	return true;
}

/*
 * Appends a location. One that says the same as the last one prolongs it. Go
 * never has two places at one PC; if they differ, neither is believed.
 */
static void append(struct arena *arena, const struct binary_type *type,
		   struct binary_location *list, size_t *count, const struct binary_location *next)
{
	struct binary_location *last = *count ? &list[*count - 1] : NULL;

	if (last && next->lo <= last->hi && equal_location(last, next)) {
		if (next->hi > last->hi)
			last->hi = next->hi;
		return;
	}
	if (last && next->lo < last->hi) {
		if (next->hi > last->hi)
			last->hi = next->hi;
		contradict(arena, type, last);
		return;
	}
	list[(*count)++] = *next;
}

void location_normalise(struct arena *arena, const struct binary_type *type, bool list,
			struct location_entry *entries, size_t entries_count,
			const struct binary_location **ret, size_t *count)
{
	struct binary_location *locations =
		ARENA_ARRAY(arena, struct binary_location, entries_count);
	struct layout layout;
	size_t kept = 0;
	bool is_whole;

	layout_of(type, &layout);
	if (entries_count)
		qsort(entries, entries_count, sizeof(*entries), by_lo);
	is_whole = !list || list_is_whole(type, &layout, entries, entries_count);
	for (size_t i = 0; i < entries_count; i++) {
		const struct location_entry *entry = &entries[i];
		struct binary_location next = {.lo = entry->lo, .hi = entry->hi};

		if (entry->lo >= entry->hi)
			continue;
		if (type->size > UINT32_MAX)
			contradict(arena, type, &next);
		else if (entry->count && entry->whole)
			place_whole(arena, type, &layout, entry->pieces, is_whole, &next);
		else if (entry->count)
			place_pieces(arena, type, &layout, entry, &next);
		append(arena, type, locations, &kept, &next);
	}
	*ret = locations;
	*count = kept;
}
