/* SPDX-License-Identifier: BSD-2-Clause */
#include "binary_int.h"

#include <dwarf.h>
#include <stdlib.h>

/*
 * The one walk over all DIEs of Go units: concrete functions with their inline
 * trees, and the names of types and package-level variables. Everything else is
 * read when somebody asks for it.
 *
 * libdw is trusted with attribute values, not with the shape of the tree: a
 * DW_AT_sibling that points backwards would make a walk endless, so each step
 * must go forward, and depth is limited.
 */

struct error *die_damaged(struct binary *binary, Dwarf_Die *die, const char *what)
{
	return error_new(ERROR_DAMAGED, "%s: damaged DWARF: %s (DIE at 0x%" PRIx64 ")",
			 binary->dwarf_image->path, what, (uint64_t)dwarf_dieoffset(die));
}

bool die_at(struct binary *binary, Dwarf_Off offset, Dwarf_Die *ret)
{
	return dwarf_offdie(binary->dwarf, offset, ret) && dwarf_tag(ret) != DW_TAG_invalid;
}

static struct error *step(struct binary *binary, Dwarf_Die *from, Dwarf_Die *to, int result)
{
	if (result < 0)
		return die_damaged(binary, from, dwarf_errmsg(-1));
	if (result == 0 && dwarf_dieoffset(to) <= dwarf_dieoffset(from))
		return die_damaged(binary, from, "a DIE that comes before the one that it follows");
	return NULL;
}

struct error *die_child(struct binary *binary, Dwarf_Die *die, Dwarf_Die *ret, int *result)
{
	*result = dwarf_child(die, ret);
	return step(binary, die, ret, *result);
}

struct error *die_sibling(struct binary *binary, Dwarf_Die *die, int *result)
{
	Dwarf_Die next;
	struct error *error;

	*result = dwarf_siblingof(die, &next);
	error = step(binary, die, &next, *result);
	if (!error && *result == 0)
		*die = next;
	return error;
}

bool die_number(Dwarf_Die *die, unsigned attribute, uint64_t *ret)
{
	Dwarf_Attribute value;
	Dwarf_Word number;

	if (!dwarf_attr(die, attribute, &value) || dwarf_formudata(&value, &number) != 0)
		return false;
	*ret = number;
	return true;
}

bool die_flag(Dwarf_Die *die, unsigned attribute)
{
	Dwarf_Attribute value;
	bool flag;

	return dwarf_attr(die, attribute, &value) && dwarf_formflag(&value, &flag) == 0 && flag;
}

bool die_reference(Dwarf_Die *die, unsigned attribute, Dwarf_Off *ret)
{
	Dwarf_Attribute value;
	Dwarf_Die target;

	if (!dwarf_attr(die, attribute, &value) || !dwarf_formref_die(&value, &target))
		return false;
	*ret = dwarf_dieoffset(&target);
	return true;
}

static int by_lo(const void *a, const void *b)
{
	const struct binary_range *x = a, *y = b;

	return x->lo < y->lo ? -1 : x->lo > y->lo;
}

struct error *die_ranges(struct binary *binary, Dwarf_Die *die, const struct binary_range **ret,
			 size_t *count)
{
	struct binary_range few[16]; /* nearly always enough: no growing array for each DIE */
	VEC(struct binary_range) ranges = {.data = few, .capacity = ARRAY_SIZE(few)};
	Dwarf_Addr base, lo, hi;
	ptrdiff_t offset = 0;
	bool sorted = true;

	while ((offset = dwarf_ranges(die, offset, &base, &lo, &hi)) > 0) {
		if (lo > hi)
			return die_damaged(binary, die, "a range that ends before it begins");
		if (lo == hi)
			continue;
		if (ranges.length && lo < ranges.data[ranges.length - 1].hi)
			sorted = false;
		*VEC_PUSH(binary->arena, &ranges) = (struct binary_range){lo, hi};
	}
	if (offset < 0)
		return die_damaged(binary, die, "its ranges cannot be read");
	if (!sorted)
		qsort(ranges.data, ranges.length, sizeof(*ranges.data), by_lo);
	*ret = arena_copy(binary->arena, ranges.data, ranges.length * sizeof(*ranges.data));
	*count = ranges.length;
	return NULL;
}

/* ---- functions ---- */

struct walk {
	struct binary *binary;
	const struct line_table *lines; /* of the unit, for file names */
	struct map *starts;		/* PC of a sequence's first row -> its file */
	bool own_slots;			/* locals of the unit share no stack slots */
	bool closure;			/* the current function has captured variables */
};

/* The name of a subprogram DIE; names live in the arena, one copy a DIE. */
static const char *subprogram_name(struct binary *binary, Dwarf_Die *die)
{
	uint64_t offset = dwarf_dieoffset(die), known;
	const char *name;

	if (map_get(&binary->names, offset, &known))
		return (const char *)(uintptr_t)known;
	name = dwarf_diename(die);
	name = name ? arena_strdup(binary->arena, name) : "";
	map_set(&binary->names, offset, (uintptr_t)name);
	return name;
}

/* The DIE that a concrete or inlined instance comes from, or the DIE itself. */
static void follow_origin(Dwarf_Die *die, Dwarf_Die *ret)
{
	Dwarf_Attribute value;

	*ret = *die;
	if (dwarf_attr(die, DW_AT_abstract_origin, &value)) {
		Dwarf_Die origin;

		if (dwarf_formref_die(&value, &origin))
			*ret = origin;
	}
}

static const char *file_name(const struct walk *walk, Dwarf_Die *die, unsigned attribute)
{
	uint64_t index;

	if (!walk->lines || !die_number(die, attribute, &index) ||
	    index >= walk->lines->files_count)
		return "";
	return walk->lines->files[index];
}

static uint32_t line_number(Dwarf_Die *die, unsigned attribute)
{
	uint64_t line;

	return die_number(die, attribute, &line) && line <= UINT32_MAX ? (uint32_t)line : 0;
}

static bool has_closure_offset(Dwarf_Die *die)
{
	return dwarf_hasattr_integrate(die, DW_AT_go_closure_offset);
}

static struct error *walk_inlines(struct walk *walk, Dwarf_Die *die, uint32_t parent, int depth);

static struct error *add_inline(struct walk *walk, Dwarf_Die *die, uint32_t parent, int depth)
{
	struct binary *binary = walk->binary;
	uint32_t index = (uint32_t)binary->inlines.length;
	struct binary_inline node = {.parent = parent, .die = dwarf_dieoffset(die)};
	Dwarf_Die origin;

	follow_origin(die, &origin);
	node.name = subprogram_name(binary, &origin);
	node.call_file = file_name(walk, die, DW_AT_call_file);
	node.call_line = line_number(die, DW_AT_call_line);
	TRY(die_ranges(binary, die, &node.ranges, &node.ranges_count));
	*VEC_PUSH(binary->arena, &binary->inlines) = node;
	return walk_inlines(walk, die, index, depth + 1);
}

/* Inlined subroutines below `die`, those in lexical blocks too, parents first. */
static struct error *walk_inlines(struct walk *walk, Dwarf_Die *die, uint32_t parent, int depth)
{
	Dwarf_Die child;
	int none;

	if (depth > DIE_MAX_DEPTH)
		return die_damaged(walk->binary, die, "DIEs are nested too deeply");
	if (!dwarf_haschildren(die))
		return NULL;
	TRY(die_child(walk->binary, die, &child, &none));
	while (!none) {
		int tag = dwarf_tag(&child);

		if (tag == DW_TAG_inlined_subroutine)
			TRY(add_inline(walk, &child, parent, depth));
		else if (tag == DW_TAG_lexical_block)
			TRY(walk_inlines(walk, &child, parent, depth + 1));
		else if (tag == DW_TAG_variable && parent == UINT32_MAX)
			walk->closure |= has_closure_offset(&child);
		TRY(die_sibling(walk->binary, &child, &none));
	}
	return NULL;
}

struct inline_order {
	uint32_t depth, index;
	uint64_t lo;
};

static int by_depth_and_address(const void *a, const void *b)
{
	const struct inline_order *x = a, *y = b;

	if (x->depth != y->depth)
		return x->depth < y->depth ? -1 : 1;
	if (x->lo != y->lo)
		return x->lo < y->lo ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

/* Copies the nodes gathered in binary->inlines: parents before children, else by address. */
static const struct binary_inline *take_inlines(struct binary *binary)
{
	size_t count = binary->inlines.length;
	const struct binary_inline *nodes = binary->inlines.data;
	struct binary_inline *sorted;
	struct inline_order *order;
	uint32_t *moved;

	if (count == 0)
		return NULL;
	sorted = ARENA_ARRAY(binary->arena, struct binary_inline, count);
	order = calloc(count, sizeof(*order));
	moved = calloc(count, sizeof(*moved));
	if (!order || !moved)
		base_out_of_memory();
	for (uint32_t i = 0; i < count; i++) {
		order[i].index = i;
		order[i].lo = nodes[i].ranges_count ? nodes[i].ranges[0].lo : UINT64_MAX;
		if (nodes[i].parent != UINT32_MAX)
			order[i].depth = order[nodes[i].parent].depth + 1;
	}
	qsort(order, count, sizeof(*order), by_depth_and_address);
	for (uint32_t i = 0; i < count; i++)
		moved[order[i].index] = i;
	for (uint32_t i = 0; i < count; i++) {
		sorted[i] = nodes[order[i].index];
		if (sorted[i].parent != UINT32_MAX)
			sorted[i].parent = moved[sorted[i].parent];
	}
	free(order);
	free(moved);
	binary->inlines.length = 0;
	return sorted;
}

static bool has_parameters(Dwarf_Die *die)
{
	Dwarf_Die child;

	if (dwarf_child(die, &child) != 0)
		return false;
	do {
		if (dwarf_tag(&child) == DW_TAG_formal_parameter)
			return true;
	} while (dwarf_siblingof(&child, &child) == 0);
	return false;
}

/* f.func1, f.func1.2: what the compiler calls function literals. */
static bool names_literal(const char *name)
{
	const char *last = strrchr(name, '.');

	if (!last)
		return false;
	last += strncmp(last, ".func", 5) ? 1 : 5;
	return *last && last[strspn(last, "0123456789")] == 0;
}

/*
 * Whether nobody wrote the function. A generic function that uses another one as a value has a
 * literal made for that, which passes the dictionary on: its parameters are those that the
 * value is called with, as if it were written out.
 */
static bool is_wrapper(Dwarf_Die *die, Dwarf_Die *origin, const char *name)
{
	if (!die_flag(die, DW_AT_trampoline) && !die_flag(origin, DW_AT_trampoline))
		return false;
	return !names_literal(name) || (!has_parameters(die) && !has_parameters(origin));
}

/* A subprogram with code. One in several ranges would become several functions of that name. */
static struct error *add_function(struct walk *walk, Dwarf_Die *die,
				  const struct binary_range *ranges, size_t ranges_count)
{
	struct binary *binary = walk->binary;
	struct binary_function function = {.die = dwarf_dieoffset(die),
					   .own_slots = walk->own_slots};
	Dwarf_Die origin;
	uint64_t known;

	follow_origin(die, &origin);
	function.name = subprogram_name(binary, &origin);
	function.line = line_number(die, DW_AT_decl_line);
	if (!function.line)
		function.line = line_number(&origin, DW_AT_decl_line);
	function.file = file_name(walk, die, DW_AT_decl_file);
	/* Go gives abstract subprograms no file; the first row of the code has it. */
	if (!function.file[0] && map_get(walk->starts, ranges[0].lo, &known))
		function.file = (const char *)(uintptr_t)known;
	if (is_wrapper(die, &origin, function.name))
		map_set(&binary->trampolines, function.die, 1);
	walk->closure = false;
	TRY(walk_inlines(walk, die, UINT32_MAX, 1));
	function.closure = walk->closure;
	function.inlines_count = binary->inlines.length;
	function.inlines = take_inlines(binary);
	for (size_t i = 0; i < ranges_count; i++) {
		function.lo = ranges[i].lo;
		function.hi = ranges[i].hi;
		*VEC_PUSH(binary->arena, &binary->functions) = function;
	}
	return NULL;
}

static struct error *walk_subprogram(struct walk *walk, Dwarf_Die *die)
{
	const struct binary_range *ranges;
	struct binary_range range;
	size_t count;

	if (dwarf_hasattr(die, DW_AT_low_pc) && dwarf_hasattr(die, DW_AT_high_pc)) {
		if (dwarf_lowpc(die, &range.lo) != 0 || dwarf_highpc(die, &range.hi) != 0 ||
		    range.lo > range.hi)
			return die_damaged(walk->binary, die, "its code range cannot be read");
		ranges = &range;
		count = range.lo < range.hi;
	} else if (dwarf_hasattr(die, DW_AT_ranges)) {
		TRY(die_ranges(walk->binary, die, &ranges, &count));
	} else {
		return NULL; /* abstract, or a declaration */
	}
	return count ? add_function(walk, die, ranges, count) : NULL;
}

/* ---- units ---- */

/*
 * Types and variables are found by name later. Go describes a named type as a
 * typedef of an equally named struct; type_at() makes the two one, so either will do.
 */
static bool index_name(struct strmap *map, Dwarf_Die *die)
{
	const char *name = dwarf_diename(die);
	uint64_t old;

	if (!name || !name[0] || strmap_get(map, name, &old))
		return false;
	strmap_set(map, name, dwarf_dieoffset(die));
	return true;
}

static void index_type(struct binary *binary, Dwarf_Die *die)
{
	if (index_name(&binary->type_index, die))
		*VEC_PUSH(binary->arena, &binary->type_names) = dwarf_diename(die);
	if (die_runtime_type(die))
		*VEC_PUSH(binary->arena, &binary->described) = dwarf_dieoffset(die);
}

static struct error *walk_unit(struct walk *walk, Dwarf_Die *unit)
{
	struct binary *binary = walk->binary;
	Dwarf_Die die;
	int none;

	TRY(die_child(binary, unit, &die, &none));
	while (!none) {
		switch (dwarf_tag(&die)) {
		case DW_TAG_subprogram:
			TRY(walk_subprogram(walk, &die));
			break;
		case DW_TAG_variable:
			index_name(&binary->global_index, &die);
			break;
		case DW_TAG_base_type:
		case DW_TAG_structure_type:
		case DW_TAG_pointer_type:
		case DW_TAG_array_type:
		case DW_TAG_subroutine_type:
		case DW_TAG_typedef:
			index_type(binary, &die);
			break;
		default:
			break;
		}
		TRY(die_sibling(binary, &die, &none));
	}
	return NULL;
}

static const char *unit_producer(Dwarf_Die *unit)
{
	Dwarf_Attribute value;

	return dwarf_attr(unit, DW_AT_producer, &value) ? dwarf_formstring(&value) : NULL;
}

static bool is_go(Dwarf_Die *unit)
{
	const char *producer;
	uint64_t language;

	if (die_number(unit, DW_AT_language, &language))
		return language == DW_LANG_Go;
	producer = unit_producer(unit);
	return producer && strncmp(producer, "Go cmd/", 7) == 0;
}

/*
 * A unit is a package, and its producer says how it was compiled: "Go cmd/compile go1.26.8;
 * -N -l regabi" (cmd/link/internal/ld/dwarf.go; the flags are those of dwarfgen.RecordFlags()).
 * Locals may share stack slots since Go 1.23, but not with -N: ssa.IsMergeCandidate(). The
 * runtime is never compiled with -N, and its units do not say so.
 */
bool walk_own_slots(const char *producer)
{
	static const char compiler[] = "Go cmd/compile go1.";
	const char *flag;
	char *end;

	if (!producer || strncmp(producer, compiler, sizeof(compiler) - 1) != 0)
		return false;
	producer += sizeof(compiler) - 1;
	if (*producer < '0' || *producer > '9')
		return false;
	if (strtoul(producer, &end, 10) < 23)
		return true;
	for (flag = strchr(end, ';'); flag; flag = strchr(flag + 1, ' '))
		if (!strncmp(flag + 1, "-N", 2) && (flag[3] == ' ' || !flag[3]))
			return true;
	return false;
}

/* The file of the first row of each sequence: the linker makes one sequence a function. */
struct starts {
	struct map *map;
	bool inside;
};

static struct error *note_start(void *arg, uint64_t pc, const char *file, uint32_t line)
{
	struct starts *starts = arg;

	(void)line;
	if (file && !starts->inside)
		map_set(starts->map, pc, (uintptr_t)file);
	starts->inside = file != NULL;
	return NULL;
}

static int by_address(const void *a, const void *b)
{
	const struct binary_function *x = a, *y = b;

	if (x->lo != y->lo)
		return x->lo < y->lo ? -1 : 1;
	return x->die < y->die ? -1 : x->die > y->die;
}

/* Sorts the functions; two that share code contradict each other unless they are one twice. */
static struct error *sort_functions(struct binary *binary)
{
	struct binary_function *rows = binary->functions.data;
	size_t count = binary->functions.length, kept = 0;

	if (count)
		qsort(rows, count, sizeof(*rows), by_address);
	for (size_t i = 0; i < count; i++) {
		const struct binary_function *last = kept ? &rows[kept - 1] : NULL;

		if (last && last->lo == rows[i].lo && last->hi == rows[i].hi &&
		    strcmp(last->name, rows[i].name) == 0)
			continue;
		if (last && rows[i].lo < last->hi)
			return error_new(ERROR_DAMAGED,
					 "%s: damaged DWARF: %s and %s share code at 0x%" PRIx64,
					 binary->dwarf_image->path, last->name, rows[i].name,
					 rows[i].lo);
		rows[kept++] = rows[i];
	}
	binary->functions.length = kept;
	return NULL;
}

struct error *walk_units(struct binary *binary)
{
	cleanup_arena struct arena scratch = {0};
	struct map starts;
	Dwarf_CU *unit = NULL;
	Dwarf_Die die;
	uint8_t kind;
	int result;

	map_init(&starts, &scratch);
	while ((result = dwarf_get_units(binary->dwarf, unit, &unit, NULL, &kind, &die, NULL)) ==
	       0) {
		struct walk walk = {.binary = binary, .starts = &starts};
		uint64_t lines;

		if (kind != DW_UT_compile || dwarf_tag(&die) != DW_TAG_compile_unit || !is_go(&die))
			continue;
		*VEC_PUSH(binary->arena, &binary->units) = dwarf_dieoffset(&die);
		walk.own_slots = walk_own_slots(unit_producer(&die));
		if (die_number(&die, DW_AT_stmt_list, &lines)) {
			struct starts arg = {.map = &starts};

			TRY(line_table_read(binary, lines, &walk.lines));
			TRY(line_table_run(binary, walk.lines, note_start, &arg));
		}
		if (dwarf_haschildren(&die))
			TRY(walk_unit(&walk, &die));
	}
	if (result < 0)
		return error_new(ERROR_DAMAGED, "%s: damaged DWARF: %s", binary->dwarf_image->path,
				 dwarf_errmsg(-1));
	if (binary->units.length == 0)
		return error_new(ERROR_TARGET, "%s: its debug info describes no Go code",
				 binary->dwarf_image->path);
	return sort_functions(binary);
}

const struct binary_function *binary_functions(const struct binary *binary, size_t *count)
{
	*count = binary->functions.length;
	return binary->functions.data;
}
