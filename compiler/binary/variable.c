/* SPDX-License-Identifier: BSD-2-Clause */
#include "binary_int.h"

#include <dwarf.h>

/*
 * Variables of an instance and package-level variables: DIEs and expressions in,
 * location.c's pieces out.
 *
 * Go writes expressions as DW_FORM_block1, which libdw refuses to see as
 * locations in DWARF 4 and 5 (there they should be exprloc). The two forms have
 * the same bytes as long as the length needs one byte in LEB128 as well, so such an
 * attribute is handed over under the other name.
 */

#define BLOCK1_AS_EXPRLOC 0x80u

struct variables {
	struct binary *binary;
	Dwarf_Die function;  /* the concrete one: the frame base */
	bool cfa_frame_base; /* DW_OP_call_frame_cfa, as Go always has it */
	VEC(struct binary_variable) found;
	VEC(Dwarf_Off) blocks; /* of each: the DIE of its lexical block */
	VEC(uint32_t) older;   /* of each: the one before with the same name, UINT32_MAX none */
	struct strmap newest;  /* name -> index */
};

/* ---- one expression ---- */

/* Makes a block expression readable. false: not a location that libdw can be made to read. */
static bool location_attribute(Dwarf_Attribute *value)
{
	Dwarf_Block block;

	switch (dwarf_whatform(value)) {
	case DW_FORM_block: /* the very bytes of exprloc */
		break;
	case DW_FORM_block1:
		if (dwarf_formblock(value, &block) != 0 || block.length >= BLOCK1_AS_EXPRLOC)
			return false;
		break;
	case DW_FORM_block2:
	case DW_FORM_block4:
		return false;
	default:
		return true;
	}
	value->form = DW_FORM_exprloc;
	return true;
}

static bool has_cfa_frame_base(Dwarf_Die *function)
{
	Dwarf_Attribute value;
	Dwarf_Op *ops;
	size_t count;

	return dwarf_attr_integrate(function, DW_AT_frame_base, &value) &&
	       location_attribute(&value) && dwarf_getlocation(&value, &ops, &count) == 0 &&
	       count == 1 && ops[0].atom == DW_OP_call_frame_cfa;
}

static bool indexed_address(Dwarf_Attribute *value, const Dwarf_Op *op, int64_t *ret)
{
	Dwarf_Attribute target;
	Dwarf_Addr address;

	if (dwarf_getlocation_attr(value, op, &target) != 0 ||
	    dwarf_formaddr(&target, &address) != 0)
		return false;
	*ret = (int64_t)address;
	return true;
}

/* Applies an operator to the place so far; what Go does not emit makes it UNSUPPORTED. */
static void apply(Dwarf_Attribute *value, const Dwarf_Op *op, bool cfa_frame_base,
		  struct binary_piece *place)
{
	struct binary_piece next = {.kind = BINARY_PIECE_UNSUPPORTED};
	bool first = place->kind == BINARY_PIECE_EMPTY;

	if (op->atom >= DW_OP_reg0 && op->atom <= DW_OP_reg31 && first) {
		next.kind = BINARY_PIECE_REGISTER;
		next.reg = op->atom - DW_OP_reg0;
	} else if (op->atom == DW_OP_regx && first && op->number <= UINT32_MAX) {
		next.kind = BINARY_PIECE_REGISTER;
		next.reg = (uint32_t)op->number;
	} else if (op->atom == DW_OP_call_frame_cfa && first) {
		next.kind = BINARY_PIECE_CFA;
	} else if (op->atom == DW_OP_fbreg && first && cfa_frame_base) {
		next.kind = BINARY_PIECE_CFA;
		next.offset = (int64_t)op->number;
	} else if (op->atom == DW_OP_addr && first) {
		next.kind = BINARY_PIECE_STATIC;
		next.offset = (int64_t)op->number;
	} else if ((op->atom == DW_OP_addrx || op->atom == DW_OP_GNU_addr_index) && first) {
		if (indexed_address(value, op, &next.offset))
			next.kind = BINARY_PIECE_STATIC;
	} else if (op->atom == DW_OP_deref && place->kind == BINARY_PIECE_CFA) {
		next.kind = BINARY_PIECE_CFA_DEREF;
		next.offset = place->offset;
	}
	*place = next;
}

/* Decodes ops into `ret`. What follows the last DW_OP_piece makes all of it unsupported. */
static void decode(struct variables *v, Dwarf_Attribute *value, const Dwarf_Op *ops, size_t count,
		   struct location_entry *ret)
{
	static const struct binary_piece nothing = {.kind = BINARY_PIECE_EMPTY};
	VEC(struct binary_piece) pieces = {0};
	struct binary_piece place = nothing;
	bool open = false;

	for (size_t i = 0; i < count; i++) {
		if (ops[i].atom == DW_OP_piece) {
			place.size =
				ops[i].number <= UINT32_MAX ? (uint32_t)ops[i].number : UINT32_MAX;
			*VEC_PUSH(v->binary->arena, &pieces) = place;
			place = nothing;
			open = false;
		} else {
			apply(value, &ops[i], v->cfa_frame_base, &place);
			open = true;
		}
	}
	if (open) {
		if (pieces.length)
			place.kind = BINARY_PIECE_UNSUPPORTED;
		pieces.length = 0;
		*VEC_PUSH(v->binary->arena, &pieces) = place;
		ret->whole = true;
	}
	ret->pieces = pieces.data;
	ret->count = pieces.length;
}

/* ---- all of a variable's ---- */

struct entries {
	VEC(struct location_entry) data;
	bool list;
};

/* An expression that holds all over the scope: an entry a range. */
static void add_everywhere(struct variables *v, const struct binary_variable *variable,
			   struct location_entry entry, struct entries *ret)
{
	for (size_t i = 0; i < variable->scope_count; i++) {
		entry.lo = variable->scope[i].lo;
		entry.hi = variable->scope[i].hi;
		*VEC_PUSH(v->binary->arena, &ret->data) = entry;
	}
}

static struct error *read_entries(struct variables *v, Dwarf_Die *die,
				  const struct binary_variable *variable, struct entries *ret)
{
	struct location_entry entry = {0};
	Dwarf_Attribute value;
	Dwarf_Addr base, lo, hi;
	ptrdiff_t offset = 0;
	Dwarf_Op *ops;
	size_t count;

	if (!dwarf_attr(die, DW_AT_location, &value)) {
		add_everywhere(v, variable, entry, ret);
		return NULL;
	}
	if (!location_attribute(&value)) {
		entry.pieces = arena_copy(v->binary->arena,
					  &(struct binary_piece){.kind = BINARY_PIECE_UNSUPPORTED},
					  sizeof(*entry.pieces));
		entry.count = 1;
		entry.whole = true;
		add_everywhere(v, variable, entry, ret);
		return NULL;
	}
	if (dwarf_whatform(&value) == DW_FORM_exprloc) {
		if (dwarf_getlocation(&value, &ops, &count) != 0)
			return die_damaged(v->binary, die, dwarf_errmsg(-1));
		decode(v, &value, ops, count, &entry);
		add_everywhere(v, variable, entry, ret);
		return NULL;
	}
	ret->list = true;
	while ((offset = dwarf_getlocations(&value, offset, &base, &lo, &hi, &ops, &count)) > 0) {
		if (lo > hi)
			return die_damaged(v->binary, die, "a location ends before it begins");
		entry = (struct location_entry){.lo = lo, .hi = hi};
		decode(v, &value, ops, count, &entry);
		*VEC_PUSH(v->binary->arena, &ret->data) = entry;
	}
	return offset < 0 ? die_damaged(v->binary, die, dwarf_errmsg(-1)) : NULL;
}

/* ---- variables ---- */

static bool same_locations(const struct binary_variable *a, const struct binary_variable *b)
{
	if (a->locations_count != b->locations_count)
		return false;
	for (size_t i = 0; i < a->locations_count; i++) {
		const struct binary_location *x = &a->locations[i], *y = &b->locations[i];

		if (x->lo != y->lo || x->hi != y->hi || x->contradictory != y->contradictory ||
		    x->pieces_count != y->pieces_count)
			return false;
		for (size_t k = 0; k < x->pieces_count; k++) {
			const struct binary_piece *p = &x->pieces[k], *q = &y->pieces[k];

			if (p->kind != q->kind || p->offset != q->offset || p->reg != q->reg ||
			    p->value_offset != q->value_offset || p->size != q->size)
				return false;
		}
	}
	return true;
}

/* Appends the variable unless the same DIE was there before (Go repeats some). */
static void add_distinct(struct variables *v, const struct binary_variable *variable,
			 Dwarf_Off block)
{
	struct arena *arena = v->binary->arena;
	uint32_t index = (uint32_t)v->found.length, last = UINT32_MAX;
	uint64_t known;

	if (strmap_get(&v->newest, variable->name, &known))
		last = (uint32_t)known;
	for (uint32_t i = last; i != UINT32_MAX; i = v->older.data[i]) {
		const struct binary_variable *other = &v->found.data[i];

		if (v->blocks.data[i] != block)
			break;
		if (other->type == variable->type && other->line == variable->line &&
		    other->parameter == variable->parameter && same_locations(other, variable))
			return;
	}
	*VEC_PUSH(arena, &v->found) = *variable;
	*VEC_PUSH(arena, &v->blocks) = block;
	*VEC_PUSH(arena, &v->older) = last;
	strmap_set(&v->newest, variable->name, index);
}

static struct error *add_variable(struct variables *v, Dwarf_Die *die,
				  const struct binary_variable *model, Dwarf_Off block)
{
	struct binary_variable variable = *model;
	struct entries entries = {0};
	Dwarf_Attribute value;
	Dwarf_Die type;
	Dwarf_Word line;
	const char *name;
	uint64_t index;
	bool flag;

	name = dwarf_attr_integrate(die, DW_AT_name, &value) ? dwarf_formstring(&value) : NULL;
	if (!name || !name[0])
		return NULL; /* without a name nobody can ask for it */
	variable.name = arena_strdup(v->binary->arena, name);
	variable.parameter = dwarf_tag(die) == DW_TAG_formal_parameter;
	if (dwarf_attr_integrate(die, DW_AT_variable_parameter, &value) &&
	    dwarf_formflag(&value, &flag) == 0)
		variable.result = flag;
	if (dwarf_attr_integrate(die, DW_AT_decl_line, &value) &&
	    dwarf_formudata(&value, &line) == 0 && line <= UINT32_MAX)
		variable.line = (uint32_t)line;
	if (!dwarf_attr_integrate(die, DW_AT_type, &value) || !dwarf_formref_die(&value, &type))
		return die_damaged(v->binary, die, "a variable has no type");
	variable.type = type_at(v->binary, dwarf_dieoffset(&type));
	if (dwarf_tag(&type) == DW_TAG_typedef &&
	    die_number(&type, DW_AT_go_dict_index, &index) && index < UINT32_MAX)
		variable.dictionary_index = index + 1;
	if (dwarf_attr_integrate(die, DW_AT_go_closure_offset, &value) &&
	    dwarf_formudata(&value, &line) == 0) {
		variable.closure_offset = line;
		variable.closure_type = variable.type;
	}
	TRY(read_entries(v, die, &variable, &entries));
	location_normalise(v->binary->arena, variable.type, entries.list, entries.data.data,
			   entries.data.length, &variable.locations, &variable.locations_count);
	add_distinct(v, &variable, block);
	return NULL;
}

/* ---- variables that escaped to the heap ---- */

/* The variable x that `pointer` ("&x") points to, or NULL when DWARF has none. */
static struct binary_variable *heap_variable(struct variables *v, uint32_t pointer)
{
	const struct binary_variable *address = &v->found.data[pointer];
	uint64_t known;

	if (!strmap_get(&v->newest, address->name + 1, &known))
		return NULL;
	for (uint32_t i = (uint32_t)known; i != UINT32_MAX; i = v->older.data[i]) {
		struct binary_variable *variable = &v->found.data[i];

		if (v->blocks.data[i] == v->blocks.data[pointer] &&
		    variable->line == address->line && variable->type == address->type->elem)
			return variable;
	}
	return NULL;
}

/* Places `variable` behind a pointer; a pointer in a register leads nowhere. */
static void place_behind(struct arena *arena, struct binary_variable *variable,
			 const struct binary_variable *pointer)
{
	struct binary_location *places =
		ARENA_ARRAY(arena, struct binary_location, pointer->locations_count);

	for (size_t i = 0; i < pointer->locations_count; i++) {
		const struct binary_location *from = &pointer->locations[i];
		struct binary_piece piece = {.kind = BINARY_PIECE_EMPTY,
					     .size = (uint32_t)variable->type->size};

		places[i] = *from;
		if (from->pieces_count == 0)
			continue;
		if (!from->contradictory && from->pieces_count == 1 &&
		    from->pieces[0].kind == BINARY_PIECE_CFA) {
			piece.kind = BINARY_PIECE_CFA_DEREF;
			piece.offset = from->pieces[0].offset;
		}
		places[i].pieces = arena_copy(arena, &piece, sizeof(piece));
		places[i].pieces_count = 1;
	}
	variable->locations = places;
	variable->locations_count = pointer->locations_count;
}

static void forget_heap_pieces(struct arena *arena, struct binary_variable *variable)
{
	struct binary_location *copy;

	copy = arena_copy(arena, variable->locations, variable->locations_count * sizeof(*copy));
	for (size_t i = 0; i < variable->locations_count; i++) {
		struct binary_piece *pieces =
			arena_copy(arena, copy[i].pieces, copy[i].pieces_count * sizeof(*pieces));

		for (size_t k = 0; k < copy[i].pieces_count; k++)
			if (pieces[k].kind == BINARY_PIECE_CFA_DEREF)
				pieces[k].kind = BINARY_PIECE_EMPTY;
		copy[i].pieces = pieces;
	}
	variable->locations = copy;
}

/*
 * A variable x that escaped to the heap is "&x" in DWARF, a pointer whose places
 * are right. It is given back its name and type here. Where there is an x as well,
 * its own places are wrong: for a parameter those from before it moved to the heap; in
 * Go 1.26 "fbreg N, deref" for the whole function, even before the pointer is
 * stored, where N is the saved frame pointer's when the pointer has no slot of its
 * own (dwarfgen, createHeapDerefLocationList(): FrameOffset() is 0 then).
 */
static void place_heap_variables(struct variables *v)
{
	struct arena *arena = v->binary->arena;
	size_t kept = 0;

	for (uint32_t i = 0; i < v->found.length; i++)
		forget_heap_pieces(arena, &v->found.data[i]);
	for (uint32_t i = 0; i < v->found.length; i++) {
		struct binary_variable *pointer = &v->found.data[i], *variable;
		struct binary_variable address = *pointer;

		if (pointer->name[0] != '&' || !pointer->name[1] ||
		    pointer->type->kind != SCHEMA_KIND_POINTER || !pointer->type->elem ||
		    pointer->type->elem->size > UINT32_MAX)
			continue;
		variable = heap_variable(v, i);
		if (variable) {
			pointer->name = NULL; /* dropped below */
			variable->closure_offset = address.closure_offset;
			variable->closure_type = address.closure_type;
		} else {
			variable = pointer; /* keeps its place in the closure */
			variable->name++;
			variable->type = address.type->elem;
		}
		place_behind(arena, variable, &address);
	}
	for (uint32_t i = 0; i < v->found.length; i++)
		if (v->found.data[i].name)
			v->found.data[kept++] = v->found.data[i];
	v->found.length = kept;
}

/* ---- blocks ---- */

/* Variables of a block and of the blocks in it; `model` has their depth and scope. */
static struct error *walk_block(struct variables *v, Dwarf_Die *block,
				const struct binary_variable *model)
{
	Dwarf_Die die;
	int none;

	if (model->block > DIE_MAX_DEPTH)
		return die_damaged(v->binary, block, "blocks are nested too deeply");
	if (!dwarf_haschildren(block))
		return NULL;
	TRY(die_child(v->binary, block, &die, &none));
	while (!none) {
		struct binary_variable inner = {.block = model->block + 1};

		switch (dwarf_tag(&die)) {
		case DW_TAG_formal_parameter:
		case DW_TAG_variable:
			TRY(add_variable(v, &die, model, dwarf_dieoffset(block)));
			break;
		case DW_TAG_lexical_block:
			TRY(die_ranges(v->binary, &die, &inner.scope, &inner.scope_count));
			TRY(walk_block(v, &die, &inner));
			break;
		default: /* an inlined call is an instance of its own */
			break;
		}
		TRY(die_sibling(v->binary, &die, &none));
	}
	return NULL;
}

struct error *binary_variables(struct binary *binary, const struct binary_instance *instance,
			       const struct binary_variable **ret, size_t *count)
{
	const struct binary_function *function = instance->function;
	struct binary_variable model = {0};
	cleanup_arena struct arena scratch = {0};
	struct variables v = {.binary = binary};
	Dwarf_Off offset = function->die;
	Dwarf_Die die;

	strmap_init(&v.newest, &scratch);
	if (instance->inline_index != UINT32_MAX) {
		const struct binary_inline *node = &function->inlines[instance->inline_index];

		offset = node->die;
		model.scope = node->ranges;
		model.scope_count = node->ranges_count;
	} else {
		struct binary_range range = {function->lo, function->hi};

		model.scope = arena_copy(binary->arena, &range, sizeof(range));
		model.scope_count = 1;
	}
	if (!die_at(binary, function->die, &v.function) || !die_at(binary, offset, &die))
		return error_new(ERROR_DAMAGED, "%s: damaged DWARF: %s cannot be read again",
				 binary->dwarf_image->path, function->name);
	v.cfa_frame_base = has_cfa_frame_base(&v.function);
	TRY(walk_block(&v, &die, &model));
	place_heap_variables(&v);
	if (instance->inline_index == UINT32_MAX)
		dictionary_resolve(binary, function->name, v.found.data, v.found.length);
	*ret = v.found.data;
	*count = v.found.length;
	return NULL;
}

/* ---- package-level variables ---- */

const struct binary_global *binary_global_find(struct binary *binary, const char *name)
{
	struct binary_global *global;
	Dwarf_Attribute value;
	Dwarf_Die die, type;
	uint64_t offset, known;
	struct binary_piece place = {.kind = BINARY_PIECE_EMPTY};
	Dwarf_Op *ops;
	size_t count;

	if (strmap_get(&binary->globals, name, &known))
		return (const struct binary_global *)(uintptr_t)known;
	if (!strmap_get(&binary->global_index, name, &offset) || !die_at(binary, offset, &die) ||
	    !dwarf_attr(&die, DW_AT_location, &value) || !location_attribute(&value) ||
	    dwarf_getlocation(&value, &ops, &count) != 0 || count != 1)
		return NULL;
	apply(&value, &ops[0], false, &place);
	if (place.kind != BINARY_PIECE_STATIC || !dwarf_attr(&die, DW_AT_type, &value) ||
	    !dwarf_formref_die(&value, &type))
		return NULL;
	global = ARENA_NEW(binary->arena, struct binary_global);
	global->name = arena_strdup(binary->arena, name);
	global->type = type_at(binary, dwarf_dieoffset(&type));
	global->address = (uint64_t)place.offset;
	strmap_set(&binary->globals, global->name, (uintptr_t)global);
	return global;
}
