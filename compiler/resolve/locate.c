/* SPDX-License-Identifier: BSD-2-Clause */
#include "resolve_int.h"

/*
 * From a DWARF location to a program of ops: here it is decided which bytes of a
 * value are there and which are not, so here a wrong value would be born. The rules
 * (each learnt from real Go binaries):
 *
 * - Only memory counts in a caller's frame: a register does not survive the call that the
 *   frame is in, whatever DWARF says of it at the return address. Registers of a leaf that
 *   was interrupted count where binary/registers.c says so, which is at no return address.
 * - A piece that is missing is missing: it is a gap with a reason, never a zero. Go
 *   leaves trailing dead pieces out, so what no piece covers is a gap too. Only
 *   bytes that no value shows (padding, blank fields) may be absent without harm.
 * - A pointer that is followed must lie in one piece as a whole. So must the two words of a
 *   slice or interface, each for itself: they may lie apart.
 * - Pieces that contradict the type's size or each other make the whole unavailable.
 * - Large locals have no place of their own. Go merges the stack slots of locals and
 *   temporaries whose lives do not meet (cmd/compile/internal/liveness/mergelocals.go,
 *   Go 1.23), but DWARF lets each claim the slot to the end of the function: after its
 *   last use it would show another value. Candidates (ssa.IsMergeCandidate) are more than
 *   three words, not kept in SSA values, and no parameters of the function itself. DWARF
 *   does not tell which of them were merged, so none of them is believed, but in what was
 *   compiled with -N or by an older Go (walk_own_slots()).
 */

#define POINTER_SIZE 8
/* Structs and arrays in each other; Go's own types are a few deep. */
#define NESTING_MAX 200

/* ---- which location ---- */

/* Whether a location is made of whole ranges of the scope, all of it in memory. */
static bool is_of_scope(const struct binary_variable *variable,
			const struct binary_location *location)
{
	bool begins = false, ends = false;

	for (size_t i = 0; i < variable->scope_count; i++) {
		begins |= variable->scope[i].lo == location->lo;
		ends |= variable->scope[i].hi == location->hi;
	}
	for (size_t i = 0; i < location->pieces_count; i++)
		if (location->pieces[i].kind == BINARY_PIECE_REGISTER ||
		    location->pieces[i].kind == BINARY_PIECE_LEAF)
			return false;
	return begins && ends;
}

bool locate_is_plain(const struct binary_variable *variable)
{
	for (size_t i = 0; i < variable->locations_count; i++)
		if (!is_of_scope(variable, &variable->locations[i]))
			return false;
	for (size_t i = 0; i < variable->scope_count; i++) {
		const struct binary_range *range = &variable->scope[i];
		bool covered = false;

		for (size_t l = 0; l < variable->locations_count && !covered; l++)
			covered = variable->locations[l].lo <= range->lo &&
				  range->hi <= variable->locations[l].hi;
		if (!covered)
			return false;
	}
	return variable->locations_count;
}

const struct binary_location *locate_at(const struct binary_variable *variable, uint64_t pc)
{
	/* what holds all over a scope holds also at the end of one that ends with a call */
	uint64_t at = locate_is_plain(variable) ? pc - 1 : pc;

	for (size_t i = 0; i < variable->locations_count; i++)
		if (variable->locations[i].lo <= at && at < variable->locations[i].hi)
			return &variable->locations[i];
	return NULL;
}

/* ---- shared stack slots ---- */

/* Types that the compiler keeps in SSA values: cmd/compile/internal/ssa/value.go, CanSSA. */
#define SSA_WORDS 4
#define MERGE_WORDS 3 /* larger ones are merged */

static bool can_ssa(const struct binary_type *type, unsigned depth)
{
	if (type->size > SSA_WORDS * 8 || depth > NESTING_MAX)
		return false;
	if (type->kind == SCHEMA_KIND_ARRAY)
		return !type->count || (type->count == 1 && can_ssa(type->elem, depth + 1));
	if (type->kind != SCHEMA_KIND_STRUCT && type->kind != SCHEMA_KIND_TIME)
		return type->kind != SCHEMA_KIND_UNKNOWN;
	if (type->fields_count > SSA_WORDS)
		return false;
	for (size_t i = 0; i < type->fields_count; i++)
		if (!can_ssa(type->fields[i].type, depth + 1))
			return false;
	return true;
}

bool locate_is_unsure(const struct binary_function *function,
		      const struct binary_variable *variable, bool inlined)
{
	bool own_slot = function->own_slots ||
			(!inlined && (variable->parameter || variable->result));

	return !own_slot && variable->type->size > MERGE_WORDS * 8 && !can_ssa(variable->type, 0);
}

/* ---- which bytes matter ---- */

#define LENGTH_AT 8 /* of a string or slice: after the pointer */

/* Whether something is left of a value of this type that is redacted: its length. */
static bool has_length(const struct binary_type *type)
{
	return type->kind == SCHEMA_KIND_STRING || type->kind == SCHEMA_KIND_SLICE;
}

static bool has_data(struct resolve_flat *flat, const struct binary_type *type, uint64_t lo,
		     uint64_t hi, unsigned depth)
{
	const struct resolve_view *view = flat_view(flat, type);
	const struct binary_type *shape = view ? view->shape : type;

	if (lo >= hi || lo >= type->size)
		return false;
	if (hi > type->size)
		hi = type->size;
	if (depth > NESTING_MAX)
		return true;
	if (type->kind == SCHEMA_KIND_STRUCT || type->kind == SCHEMA_KIND_TIME) {
		for (size_t i = 0; i < shape->fields_count; i++) {
			const struct binary_field *field = &shape->fields[i];
			uint64_t from = field->offset;

			if (view && view->redacted[i]) {
				if (has_length(field->type) && lo < from + LENGTH_AT + 8 &&
				    from + LENGTH_AT < hi)
					return true;
				continue;
			}
			if (hi <= field->offset || !strcmp(field->name, "_"))
				continue;
			if (has_data(flat, field->type, lo > field->offset ? lo - field->offset : 0,
				     hi - field->offset, depth + 1))
				return true;
		}
		return false;
	}
	if (type->kind == SCHEMA_KIND_ARRAY && type->elem && type->elem->size) {
		uint64_t size = type->elem->size, at = lo % size;

		/* all elements are alike: one whole one, or the parts of two neighbours */
		if (hi - lo >= size)
			return has_data(flat, type->elem, 0, size, depth + 1);
		if (at + (hi - lo) <= size)
			return has_data(flat, type->elem, at, at + (hi - lo), depth + 1);
		return has_data(flat, type->elem, at, size, depth + 1) ||
		       has_data(flat, type->elem, 0, at + (hi - lo) - size, depth + 1);
	}
	return true;
}

bool locate_has_data(struct resolve_flat *flat, const struct binary_type *type, uint64_t lo,
		     uint64_t hi)
{
	return has_data(flat, type, lo, hi, 0);
}

/* ---- ops ---- */

static bool emit(struct resolve_program *program, struct ask_op op)
{
	if (program->ops_count == ASK_MAX_OPS)
		return false;
	program->ops[program->ops_count++] = op;
	return true;
}

/*
 * Puts the address of byte 0 of the variable's piece into the engine's address and
 * returns through *add what must be added to it for byte `at` of the variable.
 */
static bool emit_piece(struct resolve_program *program, const struct binary_piece *piece,
		       uint64_t at, int64_t *add)
{
	int64_t inside = (int64_t)(at - piece->value_offset);

	switch (piece->kind) {
	case BINARY_PIECE_CFA:
		*add = 0;
		return emit(program,
			    (struct ask_op){.kind = ASK_OP_CFA, .a = piece->offset + inside});
	case BINARY_PIECE_STATIC:
		*add = 0;
		return emit(program,
			    (struct ask_op){.kind = ASK_OP_STATIC, .a = piece->offset + inside});
	case BINARY_PIECE_CFA_DEREF:
		*add = inside;
		return emit(program, (struct ask_op){.kind = ASK_OP_CFA, .a = piece->offset}) &&
		       emit(program, (struct ask_op){.kind = ASK_OP_DEREF});
	case BINARY_PIECE_DICTIONARY:
		*add = (int64_t)piece->reg * POINTER_SIZE + inside;
		return emit(program, (struct ask_op){.kind = ASK_OP_CFA, .a = piece->offset}) &&
		       emit(program, (struct ask_op){.kind = ASK_OP_DEREF, .c = ASK_LOOK});
	default:
		assert(!"a located piece");
		return false;
	}
}

static bool is_located(const struct binary_piece *piece)
{
	return piece->kind == BINARY_PIECE_CFA || piece->kind == BINARY_PIECE_CFA_DEREF ||
	       piece->kind == BINARY_PIECE_STATIC || piece->kind == BINARY_PIECE_DICTIONARY;
}

static uint32_t piece_reason(const struct binary_piece *piece)
{
	switch (piece->kind) {
	case BINARY_PIECE_REGISTER:
	case BINARY_PIECE_LEAF:
		return ASK_REASON_REGISTER;
	case BINARY_PIECE_EMPTY:
		return ASK_REASON_OPTIMIZED_OUT;
	default:
		return ASK_REASON_UNSUPPORTED;
	}
}

static void unavailable(struct resolve_program *program, uint32_t reason)
{
	*program = (struct resolve_program){.reason = reason};
}

/* ---- pieces ---- */

static int piece_order(const struct binary_piece *a, const struct binary_piece *b)
{
	if (a->value_offset != b->value_offset)
		return a->value_offset < b->value_offset ? -1 : 1;
	return 0;
}

/* The location's pieces by place in the value; NULL when they contradict the type or each other. */
static const struct binary_piece *
sorted_pieces(struct arena *arena, const struct binary_location *location, uint64_t size)
{
	struct binary_piece *pieces =
		ARENA_ARRAY(arena, struct binary_piece, location->pieces_count + 1);
	uint64_t end = 0;

	/* by insertion: they are few, and in order already */
	for (size_t i = 0; i < location->pieces_count; i++) {
		size_t at = i;

		for (; at && piece_order(&location->pieces[i], &pieces[at - 1]) < 0; at--)
			pieces[at] = pieces[at - 1];
		pieces[at] = location->pieces[i];
	}
	for (size_t i = 0; i < location->pieces_count; i++) {
		if (pieces[i].value_offset < end)
			return NULL;
		end = (uint64_t)pieces[i].value_offset + pieces[i].size;
		if (end > size)
			return NULL;
	}
	return pieces;
}

/* The program of a value, while its bytes are gone through from first to last. */
struct gather {
	struct arena *arena;
	struct resolve_program *program;
	const struct binary_type *type; /* of the value */
	struct resolve_flat *flat;
	uint64_t first;			/* where in the variable the value begins */
	VEC(struct resolve_gap) gaps;
	const struct binary_piece *last; /* of the last COPY: neighbours in memory are joined */
	int64_t base;			 /* offset from the CFA of the last ASK_OP_CFA */
	bool too_many;
	bool cut; /* bytes of the type are left out, so that only COPY will do */
};

/* Bytes [lo, hi) of the variable have no location. */
static void add_gap(struct gather *gather, uint64_t lo, uint64_t hi, uint32_t reason)
{
	uint64_t offset = lo - gather->first;
	struct resolve_gap *last =
		gather->gaps.length ? &gather->gaps.data[gather->gaps.length - 1] : NULL;

	if (lo >= hi || !locate_has_data(gather->flat, gather->type, offset, offset + (hi - lo)))
		return;
	if (last && last->reason == reason && (uint64_t)last->offset + last->size == offset) {
		last->size += (uint32_t)(hi - lo);
		return;
	}
	*VEC_PUSH(gather->arena, &gather->gaps) =
		(struct resolve_gap){(uint32_t)offset, (uint32_t)(hi - lo), reason};
}

/* Bytes [lo, hi) of the variable lie in `piece`. */
static void add_copy(struct gather *gather, const struct binary_piece *piece, uint64_t lo,
		     uint64_t hi)
{
	struct resolve_program *program = gather->program;
	uint64_t offset = lo - gather->first;
	int64_t add = 0;

	if (gather->last && gather->last->kind == BINARY_PIECE_CFA &&
	    piece->kind == BINARY_PIECE_CFA) {
		/* the address is still that of a piece in this frame: no second CFA op */
		struct ask_op *copy = &program->ops[program->ops_count - 1];
		int64_t at = piece->offset + (int64_t)(lo - piece->value_offset) - gather->base;

		if (copy->b + copy->c == offset && copy->a + (int64_t)copy->c == at)
			copy->c += (uint32_t)(hi - lo);
		else
			gather->too_many |=
				!emit(program, (struct ask_op){.kind = ASK_OP_COPY,
							       .a = at,
							       .b = (uint32_t)offset,
							       .c = (uint32_t)(hi - lo)});
		return;
	}
	gather->last = piece;
	gather->base = piece->offset + (int64_t)(lo - piece->value_offset);
	gather->too_many |= !emit_piece(program, piece, lo, &add) ||
			    !emit(program, (struct ask_op){.kind = ASK_OP_COPY,
							   .a = add,
							   .b = (uint32_t)offset,
							   .c = (uint32_t)(hi - lo)});
}

/* Whether bytes [lo, hi) of the variable are the low ones of a register, all for themselves. */
static bool is_register(const struct gather *gather, const struct binary_piece *piece, uint64_t lo,
			uint64_t hi)
{
	uint64_t size = hi - lo;

	return piece->kind == BINARY_PIECE_LEAF && !gather->cut && lo == piece->value_offset &&
	       size && size <= POINTER_SIZE && !(size & (size - 1));
}

static void add_register(struct gather *gather, const struct binary_piece *piece, uint64_t lo,
			 uint64_t hi)
{
	gather->last = NULL;
	gather->too_many |= !emit(gather->program, (struct ask_op){.kind = ASK_OP_REGISTER,
								   .a = piece->reg,
								   .b = (uint32_t)(lo - gather->first),
								   .c = (uint32_t)(hi - lo)});
}

/* Why nothing of a value is there: the most telling reason of its parts. */
static uint32_t worst_reason(const struct gather *gather)
{
	static const uint32_t order[] = {ASK_REASON_REGISTER, ASK_REASON_UNSUPPORTED};

	for (size_t r = 0; r < ARRAY_SIZE(order); r++)
		for (size_t i = 0; i < gather->gaps.length; i++)
			if (gather->gaps.data[i].reason == order[r])
				return order[r];
	return ASK_REASON_OPTIMIZED_OUT;
}

/* A value that lies in the variable itself: a COPY for each located run of its bytes. */
static void locate_direct(struct gather *gather, const struct resolve_access *access,
			  const struct binary_piece *pieces, size_t count)
{
	uint64_t at = access->offset, end = access->offset + access->type->size;
	bool copied_data = false;

	for (size_t i = 0; i < count; i++) {
		uint64_t lo = pieces[i].value_offset, hi = lo + pieces[i].size;

		if (hi <= at || lo >= end)
			continue;
		if (lo < at)
			lo = at;
		if (hi > end)
			hi = end;
		add_gap(gather, at, lo, ASK_REASON_OPTIMIZED_OUT);
		if (is_located(&pieces[i]) || is_register(gather, &pieces[i], lo, hi)) {
			if (is_located(&pieces[i]))
				add_copy(gather, &pieces[i], lo, hi);
			else
				add_register(gather, &pieces[i], lo, hi);
			copied_data |= locate_has_data(access->flat, access->type, lo - access->offset,
						       hi - access->offset);
		} else {
			add_gap(gather, lo, hi, piece_reason(&pieces[i]));
		}
		at = hi;
	}
	add_gap(gather, at, end, ASK_REASON_OPTIMIZED_OUT);
	if (!copied_data && gather->gaps.length) {
		unavailable(gather->program, worst_reason(gather));
		return;
	}
	if (!gather->program->ops_count) { /* a value without bytes, like struct{} */
		emit(gather->program, (struct ask_op){.kind = ASK_OP_CFA});
		return;
	}
	gather->program->gaps = gather->gaps.data;
	gather->program->gaps_count = (uint32_t)gather->gaps.length;
}

/* Bytes that a hop looks at: a pointer, or that and a second word. */
static uint64_t hop_width(const struct resolve_hop *hop)
{
	return hop->kind == RESOLVE_FOLLOW ? POINTER_SIZE : 2 * POINTER_SIZE;
}

static bool emit_hop(struct resolve_program *program, const struct resolve_hop *hop)
{
	switch (hop->kind) {
	case RESOLVE_FOLLOW:
		return emit(program, (struct ask_op){.kind = ASK_OP_DEREF});
	case RESOLVE_INDEX:
		return emit(program, (struct ask_op){.kind = ASK_OP_INDEX,
						     .a = (int64_t)hop->index,
						     .b = (uint32_t)hop->element_size});
	case RESOLVE_ASSERT:
		return emit(program, (struct ask_op){.kind = ASK_OP_ASSERT,
						     .a = (int64_t)hop->type->runtime_type,
						     .b = hop->methods,
						     .c = hop->direct});
	}
	assert(!"a kind of hop");
	return false;
}

/* true when `piece` goes on in memory where `last` ends. */
static bool goes_on(const struct binary_piece *last, const struct binary_piece *piece)
{
	return last->kind == BINARY_PIECE_CFA && piece->kind == BINARY_PIECE_CFA &&
	       piece->value_offset == last->value_offset + last->size &&
	       piece->offset == last->offset + (int64_t)last->size;
}

/* The located piece where bytes [at, end) of the variable begin and lie in one row; NULL and why
 * not. */
static const struct binary_piece *find_whole(const struct binary_piece *pieces, size_t count,
					     uint64_t at, uint64_t end, uint32_t *reason)
{
	const struct binary_piece *holds = NULL;
	uint64_t covered = at;

	*reason = ASK_REASON_OPTIMIZED_OUT;
	for (size_t i = 0; i < count; i++) {
		uint64_t lo = pieces[i].value_offset, hi = lo + pieces[i].size;

		if (hi <= at || lo >= end)
			continue;
		if (!is_located(&pieces[i])) {
			*reason = piece_reason(&pieces[i]);
			return NULL;
		}
		if (lo > covered || (holds && !goes_on(&pieces[i - 1], &pieces[i]))) {
			*reason = ASK_REASON_PIECES;
			return NULL;
		}
		if (!holds)
			holds = &pieces[i];
		covered = hi;
	}
	return covered >= end ? holds : NULL;
}

/* Puts the engine's address on the word at byte `at` of the variable. */
static bool emit_word(struct resolve_program *program, const struct binary_piece *piece,
		      uint64_t at)
{
	int64_t add;

	return emit_piece(program, piece, at, &add) &&
	       (!add || emit(program, (struct ask_op){.kind = ASK_OP_ADD, .a = add}));
}

/*
 * The first hop of a slice or interface whose two words lie apart: the length, or the type,
 * is looked at in its place, then the pointer is followed from its own. What is to be
 * added for the next hop comes back through *add. false: it does not fit, or *reason says why
 * a word is not there.
 */
static bool emit_apart(struct resolve_program *program, const struct resolve_access *access,
		       const struct binary_piece *pieces, size_t count, int64_t *add,
		       uint32_t *reason)
{
	const struct resolve_hop *hop = &access->hops[0];
	uint64_t at = access->offset, skip = 0;
	const struct binary_piece *first, *second;
	struct ask_op look = {.kind = ASK_OP_INDEX, .a = (int64_t)hop->index, .c = ASK_LOOK};

	first = find_whole(pieces, count, at, at + POINTER_SIZE, reason);
	if (!first)
		return false;
	second = find_whole(pieces, count, at + POINTER_SIZE, at + 2 * POINTER_SIZE, reason);
	if (!second)
		return false;
	*reason = ASK_REASON_UNSUPPORTED;
	if ((first->kind != BINARY_PIECE_CFA && first->kind != BINARY_PIECE_DICTIONARY) ||
	    second->kind != BINARY_PIECE_CFA)
		return false;
	if (hop->kind == RESOLVE_ASSERT) {
		look = (struct ask_op){.kind = ASK_OP_ASSERT,
				       .a = (int64_t)hop->type->runtime_type,
				       .b = hop->methods,
				       .c = ASK_LOOK};
		if (!emit_word(program, first, at) || !emit(program, look) ||
		    !emit_word(program, second, at + POINTER_SIZE))
			return false;
		*add = (int64_t)hop->add;
		return hop->direct || emit(program, (struct ask_op){.kind = ASK_OP_DEREF});
	}
	if (__builtin_mul_overflow(hop->index, hop->element_size, &skip) ||
	    __builtin_add_overflow(skip, hop->add, &skip) || skip > INT64_MAX)
		return false;
	*add = (int64_t)skip;
	return emit_word(program, second, at + POINTER_SIZE) && emit(program, look) &&
	       emit_word(program, first, at) && emit(program, (struct ask_op){.kind = ASK_OP_DEREF});
}

/* The register that holds the pointer at byte `at` of the variable, NULL when none does. */
static const struct binary_piece *find_register(const struct binary_piece *pieces, size_t count,
						uint64_t at)
{
	for (size_t i = 0; i < count; i++)
		if (pieces[i].kind == BINARY_PIECE_LEAF && pieces[i].value_offset == at &&
		    pieces[i].size == POINTER_SIZE)
			return &pieces[i];
	return NULL;
}

/* A value behind hops: what the first of them looks at must lie in memory, or
 * be a pointer in a register. */
static void locate_through(struct resolve_program *program, const struct resolve_access *access,
			   const struct binary_piece *pieces, size_t count)
{
	uint64_t at = access->offset;
	const struct binary_piece *holds, *word = NULL;
	int64_t add = 0;
	uint32_t reason;
	size_t first = 0;
	bool fits = true;

	holds = find_whole(pieces, count, at, at + hop_width(&access->hops[0]), &reason);
	if (!holds && access->hops[0].kind == RESOLVE_FOLLOW)
		word = find_register(pieces, count, at);
	if (word) {
		fits = emit(program, (struct ask_op){.kind = ASK_OP_REGISTER, .a = word->reg});
		add = (int64_t)access->hops[0].add;
		first = 1;
	} else if (!holds && access->hops[0].kind != RESOLVE_FOLLOW &&
	    emit_apart(program, access, pieces, count, &add, &reason)) {
		first = 1;
	} else if (!holds) {
		unavailable(program, reason);
		return;
	}
	fits &= !holds || emit_piece(program, holds, at, &add);
	for (size_t i = first; i < access->hops_count; i++) {
		if (add)
			fits &= emit(program, (struct ask_op){.kind = ASK_OP_ADD, .a = add});
		fits &= emit_hop(program, &access->hops[i]);
		add = (int64_t)access->hops[i].add;
	}
	if (access->type->size)
		fits &= emit(program, (struct ask_op){.kind = ASK_OP_COPY,
						      .a = add,
						      .c = (uint32_t)access->type->size});
	if (!fits)
		unavailable(program, ASK_REASON_UNSUPPORTED);
}

static bool is_on_stack(const struct binary_location *location)
{
	for (size_t i = 0; i < location->pieces_count; i++)
		if (location->pieces[i].kind == BINARY_PIECE_CFA)
			return true;
	return false;
}

static void locate_value(struct arena *arena, const struct resolve_access *access,
			 const struct binary_location *location, struct resolve_program *ret)
{
	const struct binary_piece *pieces;
	struct gather gather = {
		.arena = arena,
		.program = ret,
		.type = access->type,
		.flat = access->flat,
		.first = access->offset,
	};

	if (access->flat && !access->hops_count) {
		const struct resolve_spans *spans = spans_of(access->flat, access->type, 0);

		gather.cut = !spans || spans->cut;
	}
	*ret = (struct resolve_program){0};
	if (!access->variable->locations_count || (location && !location->pieces_count)) {
		unavailable(ret, ASK_REASON_OPTIMIZED_OUT);
		return;
	}
	if (!location) {
		unavailable(ret, ASK_REASON_NO_LOCATION);
		return;
	}
	if (access->unsure && is_on_stack(location)) {
		unavailable(ret, ASK_REASON_SHARED_SLOT);
		return;
	}
	pieces = location->contradictory
			 ? NULL
			 : sorted_pieces(arena, location, access->variable->type->size);
	if (!pieces) {
		unavailable(ret, ASK_REASON_PIECES);
		return;
	}
	if (access->hops_count)
		locate_through(ret, access, pieces, location->pieces_count);
	else
		locate_direct(&gather, access, pieces, location->pieces_count);
	if (gather.too_many || (access->flat && !spans_cut(access->flat, access->type, ret)))
		unavailable(ret, ASK_REASON_UNSUPPORTED);
}

/* ---- redacted values ---- */

/*
 * Of a string or slice the word with its length, in its place in a value that is else
 * zero; of anything else nothing at all.
 */
static void locate_redacted(struct arena *arena, const struct resolve_access *access,
			    const struct binary_location *location, struct resolve_program *ret)
{
	static const struct binary_type length = {
		.name = "int", .kind = SCHEMA_KIND_INT, .size = 8};
	struct resolve_access word = *access;
	struct resolve_hop *hops;

	if (!has_length(access->type)) {
		unavailable(ret, ASK_REASON_REDACTED);
		return;
	}
	word.type = &length;
	if (access->hops_count) {
		hops = arena_copy(arena, access->hops, access->hops_count * sizeof(*hops));
		hops[access->hops_count - 1].add += LENGTH_AT;
		word.hops = hops;
	} else {
		word.offset += LENGTH_AT;
	}
	locate_value(arena, &word, location, ret);
	for (uint32_t i = 0; i < ret->ops_count; i++)
		if (ret->ops[i].kind == ASK_OP_COPY ||
		    (ret->ops[i].kind == ASK_OP_REGISTER && ret->ops[i].c))
			ret->ops[i].b += LENGTH_AT;
	if (ret->ops_count)
		ret->reason = ASK_REASON_REDACTED;
}

void locate(struct arena *arena, const struct resolve_access *access,
	    const struct binary_location *location, struct resolve_program *ret)
{
	if (access->redact)
		locate_redacted(arena, access, location, ret);
	else
		locate_value(arena, access, location, ret);
}
