/* SPDX-License-Identifier: BSD-2-Clause */
#include "binary_int.h"

#include <stdlib.h>

/*
 * The concrete type of a type parameter.
 *
 * Code of a generic function is shared by all instantiations of one shape, and so is its
 * debug info: a variable's type is a typedef ".param0" of the shape, with
 * DW_AT_go_dict_index. The function gets a dictionary, whose word at that index is the
 * descriptor of the type in this instantiation. Which dictionary it got, a frame of
 * optimised code does not tell: it is in a register, and not described.
 *
 * But all dictionaries are data of the program: symbols "main..dict.F[main.T]" for function
 * main.F[go.shape.…], "main..dict.Box[main.T]" for the methods of main.Box. Each call passes
 * one, so the linker keeps all that this code can be called with. So the type is certain
 * where they agree about it, which they do when a shape has one instantiation. A dictionary
 * is left out only when one of its types cannot have the shape that the code has for it.
 * Where two remain and differ, or the symbols are gone, the shape is all there is.
 *
 * Code that was compiled with -N keeps the dictionary in its frame, described as ".dict". There a
 * variable whose shape is any pointer becomes an `any`: a type word, which is in the
 * dictionary, and the pointer, which is what an interface that holds it has for a data word.
 *
 * This is not so of inlined calls: those that use no dictionary mention none, and the linker
 * may have dropped it, and kept another. Nor of closures, which may be those of inlined code.
 *
 * Go source: cmd/compile/internal/noder/reader.go, dictNameOf(), shapify(), and
 * cmd/internal/dwarf/dwarf.go, DW_AT_go_dict_index (Go 1.20 to 1.26). A plugin brings
 * dictionaries along that are not here.
 */

#define MARK "..dict."
#define NESTING_MAX 4

bool dictionary_is_symbol(const char *name)
{
	return strstr(name, MARK);
}

static int by_name(const void *left, const void *right)
{
	const struct dictionary *a = left, *b = right;

	return strcmp(a->name, b->name);
}

/* "func1", "gowrap2": what the compiler calls closures. Source: cmd/compile/internal/ir/func.go. */
static bool is_closure_name(const char *name)
{
	static const char *const words[] = {"func", "gowrap", "deferwrap"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		size_t length = strlen(words[i]);

		if (!strncmp(name, words[i], length) && name[length] >= '0' && name[length] <= '9')
			return true;
	}
	return false;
}

/* Whether what follows the type arguments makes a function or method, and no closure of one. */
static bool is_called_by_name(const char *function)
{
	const char *rest = strrchr(function, ']');

	if (!rest || !rest[1])
		return rest;
	rest += rest[1] == ')' ? 2 : 1;
	return rest[0] == '.' && rest[1] && !strpbrk(rest + 1, ".-()[]") &&
	       !is_closure_name(rest + 1);
}

/*
 * What the dictionaries of a function's instantiations begin with: "main..dict.F[" for
 * "main.F[go.shape.int]" and for the methods of main.F. NULL: not generic, or a closure.
 */
static const char *prefix_of(struct arena *arena, const char *function)
{
	const char *bracket = strchr(function, '['), *name = function, *dot;
	size_t length;

	if (!bracket || !is_called_by_name(function))
		return NULL;
	for (const char *slash = function; (slash = strchr(slash, '/')) && slash < bracket; slash++)
		name = slash + 1;
	dot = strchr(name, '.');
	if (!dot || dot > bracket)
		return NULL;
	name = dot + 1;
	name += strncmp(name, "(*", 2) ? 0 : 2;
	length = (size_t)(bracket - name);
	/* a function in a function has no type parameters of its own */
	if (!length || memchr(name, '.', length) || memchr(name, '(', length))
		return NULL;
	return arena_printf(arena, "%.*s" MARK "%.*s[", (int)(dot - function), function,
			    (int)length, name);
}

/* The dictionaries whose names begin so: the first, and how many. */
static size_t find_prefix(struct binary *binary, const char *prefix, size_t *first)
{
	size_t lo = 0, hi = binary->dictionaries.length, length = strlen(prefix), end;

	if (!binary->dictionaries_sorted && hi)
		qsort(binary->dictionaries.data, hi, sizeof(*binary->dictionaries.data), by_name);
	binary->dictionaries_sorted = true;
	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;

		if (strcmp(binary->dictionaries.data[middle].name, prefix) < 0)
			lo = middle + 1;
		else
			hi = middle;
	}
	for (end = lo; end < binary->dictionaries.length; end++)
		if (strncmp(binary->dictionaries.data[end].name, prefix, length) != 0)
			break;
	*first = lo;
	return end - lo;
}

/* ---- shapes ---- */

static enum schema_kind plain_kind(const struct binary_type *type)
{
	if (type->kind == SCHEMA_KIND_UNSAFE_POINTER)
		return SCHEMA_KIND_UNKNOWN;
	return type->kind == SCHEMA_KIND_TIME ? SCHEMA_KIND_STRUCT : type->kind;
}

/* false: no type argument of that shape can make this type. */
static bool may_have_shape(const struct binary_type *type, const struct binary_type *shape,
			   unsigned depth)
{
	if (!type || !shape || type == shape || depth > NESTING_MAX)
		return true;
	if (type->size != shape->size)
		return false;
	if (plain_kind(shape) == SCHEMA_KIND_UNKNOWN || plain_kind(type) == SCHEMA_KIND_UNKNOWN)
		return strcmp(shape->name, ANY_POINTER_SHAPE) != 0 ||
		       plain_kind(type) == SCHEMA_KIND_UNKNOWN || type->kind == SCHEMA_KIND_POINTER;
	if (plain_kind(type) != plain_kind(shape) || type->count != shape->count)
		return false;
	if (plain_kind(type) != SCHEMA_KIND_STRUCT)
		return may_have_shape(type->elem, shape->elem, depth + 1) &&
		       may_have_shape(type->key, shape->key, depth + 1);
	if (type->fields_count != shape->fields_count)
		return false;
	for (size_t i = 0; i < type->fields_count; i++)
		if (type->fields[i].offset != shape->fields[i].offset ||
		    !may_have_shape(type->fields[i].type, shape->fields[i].type, depth + 1))
			return false;
	return true;
}

/* ---- dictionaries ---- */

/* The word at `index` as an offset from runtime.types, 0 when there is none. */
static uint64_t descriptor_at(struct binary *binary, const struct dictionary *dictionary,
			      uint64_t index)
{
	uint64_t word;
	uint8_t data[8];
	struct cursor cursor = {.p = data, .end = data + sizeof(data)};

	if (index >= dictionary->size / sizeof(data) ||
	    !binary_read(binary, dictionary->address + index * sizeof(data), data, sizeof(data)))
		return 0;
	word = cursor_number(&cursor, sizeof(data)) - binary->info.types;
	return word < binary->info.types_size ? word : 0;
}

static const struct binary_type *type_of_descriptor(struct binary *binary, uint64_t descriptor)
{
	size_t count, lo = 0, hi;
	const struct binary_type *const *types = binary_runtime_types(binary, &count);

	for (hi = count; lo < hi;) {
		size_t middle = lo + (hi - lo) / 2;

		if (types[middle]->runtime_type < descriptor)
			lo = middle + 1;
		else
			hi = middle;
	}
	return lo < count && types[lo]->runtime_type == descriptor ? types[lo] : NULL;
}

/* Whether this code may be called with this dictionary. */
static bool is_candidate(struct binary *binary, const struct dictionary *dictionary,
			 const struct binary_variable *variables, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t descriptor;

		if (!variables[i].dictionary_index)
			continue;
		descriptor =
			descriptor_at(binary, dictionary, variables[i].dictionary_index - 1);
		if (descriptor && !may_have_shape(type_of_descriptor(binary, descriptor),
						  variables[i].type, 0))
			return false;
	}
	return true;
}

/* The type that all candidates have for a variable; NULL: they differ, or it is not described. */
static const struct binary_type *agreed_type(struct binary *binary, const struct dictionary *first,
					     const bool *candidates, size_t count,
					     const struct binary_variable *variable)
{
	const struct binary_type *type;
	uint64_t agreed = 0;

	for (size_t d = 0; d < count; d++) {
		uint64_t descriptor;

		if (!candidates[d])
			continue;
		descriptor = descriptor_at(binary, &first[d], variable->dictionary_index - 1);
		if (!descriptor || (agreed && agreed != descriptor))
			return NULL;
		agreed = descriptor;
	}
	type = agreed ? type_of_descriptor(binary, agreed) : NULL;
	return type && type->kind != SCHEMA_KIND_UNKNOWN && type->size == variable->type->size
		       ? type
		       : NULL;
}

/* ---- a dictionary in the frame ---- */

#define WORD 8u

static const struct binary_variable *find_in_frame(const struct binary_variable *variables,
						   size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(variables[i].name, ".dict") && variables[i].parameter)
			return variables[i].type->kind == SCHEMA_KIND_POINTER ? &variables[i] : NULL;
	return NULL;
}

/* The words that the dictionary has: its type is a pointer to an array of them. */
static uint64_t count_words(const struct binary_variable *dictionary)
{
	return dictionary->type->elem ? dictionary->type->elem->size / WORD : 0;
}

/* A pointer of which the shape does not tell to what it points in the end. */
static bool is_any_pointer(const struct binary_type *type)
{
	for (unsigned i = 0; type->kind == SCHEMA_KIND_POINTER && type->elem && i < NESTING_MAX; i++)
		type = type->elem;
	return strcmp(type->name, ANY_POINTER_SHAPE) == 0;
}

/* The `any` that stands for a shape: one for each shape, so that it stays one type. */
static const struct binary_type *any_of_shape(struct binary *binary, const struct binary_type *shape)
{
	struct binary_type *type;
	uint64_t known;

	if (map_get(&binary->any_of_shape, (uintptr_t)shape, &known))
		return (const struct binary_type *)(uintptr_t)known;
	type = ARENA_NEW(binary->arena, struct binary_type);
	*type = (struct binary_type){.name = shape->name, .kind = SCHEMA_KIND_ANY, .size = 2 * WORD};
	map_set(&binary->any_of_shape, (uintptr_t)shape, (uintptr_t)type);
	return type;
}

/* The one piece of a location, to stand at `offset` in another value. */
static struct binary_piece only_piece(const struct binary_location *location, uint32_t offset)
{
	struct binary_piece piece = {.kind = BINARY_PIECE_EMPTY};

	if (!location->contradictory && location->pieces_count == 1)
		piece = location->pieces[0];
	piece.value_offset = offset;
	piece.size = WORD;
	return piece;
}

/* Where both the pointer and the dictionary are while the PC is where both locations hold. */
static void join(struct arena *arena, const struct binary_location *pointer,
		 const struct binary_location *dictionary, uint64_t index,
		 struct binary_location *ret)
{
	struct binary_piece *pieces = ARENA_ARRAY(arena, struct binary_piece, 2);

	pieces[0] = only_piece(dictionary, 0);
	if (pieces[0].kind == BINARY_PIECE_CFA) {
		pieces[0].kind = BINARY_PIECE_DICTIONARY;
		pieces[0].reg = (uint32_t)index;
	} else { /* in a register it is an address, too, and no type word */
		pieces[0].kind = BINARY_PIECE_EMPTY;
	}
	pieces[1] = only_piece(pointer, WORD);
	*ret = (struct binary_location){
		.lo = pointer->lo > dictionary->lo ? pointer->lo : dictionary->lo,
		.hi = pointer->hi < dictionary->hi ? pointer->hi : dictionary->hi,
		.pieces = pieces,
		.pieces_count = 2,
	};
}

static void join_all(struct binary *binary, struct binary_variable *variable,
		     const struct binary_variable *dictionary)
{
	VEC(struct binary_location) locations = {0};

	for (size_t i = 0; i < variable->locations_count; i++)
		for (size_t d = 0; d < dictionary->locations_count; d++) {
			const struct binary_location *pointer = &variable->locations[i];
			struct binary_location joined;

			if (!pointer->pieces_count || !dictionary->locations[d].pieces_count)
				continue;
			join(binary->arena, pointer, &dictionary->locations[d],
			     variable->dictionary_index - 1, &joined);
			if (joined.lo < joined.hi)
				*VEC_PUSH(binary->arena, &locations) = joined;
		}
	variable->locations = locations.data;
	variable->locations_count = locations.length;
	variable->type = any_of_shape(binary, variable->type);
}

static void resolve_in_frame(struct binary *binary, struct binary_variable *variables, size_t count)
{
	const struct binary_variable *dictionary = find_in_frame(variables, count);

	for (size_t i = 0; dictionary && i < count; i++) {
		struct binary_variable *variable = &variables[i];

		if (variable->dictionary_index &&
		    variable->dictionary_index <= count_words(dictionary) &&
		    !variable->closure_offset && is_any_pointer(variable->type))
			join_all(binary, variable, dictionary);
	}
}

/* ---- both ---- */

static void resolve_agreed(struct binary *binary, const char *function,
			   struct binary_variable *variables, size_t count)
{
	cleanup_arena struct arena scratch = {0};
	const struct binary_type **types;
	const char *prefix = prefix_of(&scratch, function);
	uint64_t address, size;
	size_t first, found;
	bool *candidates, any = false;

	for (size_t i = 0; i < count; i++)
		any |= variables[i].dictionary_index != 0;
	if (!any || !prefix || binary_symbol(binary, "plugin.Open", &address, &size))
		return;
	found = find_prefix(binary, prefix, &first);
	candidates = ARENA_ARRAY(&scratch, bool, found);
	types = ARENA_ARRAY(&scratch, const struct binary_type *, count);
	for (size_t d = 0; d < found; d++)
		candidates[d] = is_candidate(binary, &binary->dictionaries.data[first + d],
					     variables, count);
	for (size_t i = 0; i < count; i++)
		if (variables[i].dictionary_index)
			types[i] = agreed_type(binary, &binary->dictionaries.data[first],
					       candidates, found, &variables[i]);
	for (size_t i = 0; i < count; i++) {
		if (!types[i])
			continue;
		if (variables[i].closure_type == variables[i].type)
			variables[i].closure_type = types[i];
		variables[i].type = types[i];
	}
}

void dictionary_resolve(struct binary *binary, const char *function,
			struct binary_variable *variables, size_t count)
{
	resolve_agreed(binary, function, variables, count);
	resolve_in_frame(binary, variables, count);
}
