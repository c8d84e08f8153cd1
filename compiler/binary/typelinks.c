/* SPDX-License-Identifier: BSD-2-Clause */
#include "binary_int.h"

#include <stdlib.h>

/*
 * Every type descriptor of the program, also those of types that debug info leaves out:
 * before Go 1.24 or so a type is described only where a variable or another type has it,
 * and one that merely goes into an interface is not. Its name is in its descriptor, and where its
 * kind is a basic one that is all there is to know of it.
 *
 * The runtime keeps no list of all descriptors. It has two of some: moduledata.typelinks
 * (pointer types among them, and each type with a name has a pointer type) and itablinks
 * (what is in an interface with methods). What pointer types point to makes it complete.
 *
 * Go source: internal/abi/type.go (Type, PtrType, UncommonType, Name), runtime/symtab.go
 * (moduledata); before Go 1.21 the same structs are in runtime/type.go. The place of
 * members is from DWARF. Descriptors are data of the program, so no offset is believed.
 */

#define KIND_POINTER 22
#define KIND_MASK 31u
#define TFLAG_UNCOMMON 1u
#define TFLAG_EXTRA_STAR 2u
#define NAME_MAX_BYTES 4096u
#define POINTERS_MAX 8 /* `********T` */

/* Structs of which a descriptor begins, by kind; what has none begins with Type alone. */
static const struct {
	unsigned kind;
	const char *name, *old_name;
} kinds[] = {
	{17, "internal/abi.ArrayType", "runtime.arraytype"},
	{18, "internal/abi.ChanType", "runtime.chantype"},
	{19, "internal/abi.FuncType", "runtime.functype"},
	{20, "internal/abi.InterfaceType", "runtime.interfacetype"},
	{21, "internal/abi.MapType", "runtime.maptype"},
	{KIND_POINTER, "internal/abi.PtrType", "runtime.ptrtype"},
	{23, "internal/abi.SliceType", "runtime.slicetype"},
	{25, "internal/abi.StructType", "runtime.structtype"},
};

/*
 * Kinds of which a descriptor says all there is to know: with a size, a type without debug info
 * is as good as one with it. By reflect.Kind, Go source: internal/abi/type.go.
 */
static const struct {
	enum schema_kind kind;
	uint64_t size;
} basic_kinds[] = {
	[1] = {SCHEMA_KIND_BOOL, 1},	   [2] = {SCHEMA_KIND_INT, 8},
	[3] = {SCHEMA_KIND_INT, 1},	   [4] = {SCHEMA_KIND_INT, 2},
	[5] = {SCHEMA_KIND_INT, 4},	   [6] = {SCHEMA_KIND_INT, 8},
	[7] = {SCHEMA_KIND_UINT, 8},	   [8] = {SCHEMA_KIND_UINT, 1},
	[9] = {SCHEMA_KIND_UINT, 2},	   [10] = {SCHEMA_KIND_UINT, 4},
	[11] = {SCHEMA_KIND_UINT, 8},	   [12] = {SCHEMA_KIND_UINT, 8},
	[13] = {SCHEMA_KIND_FLOAT, 4},	   [14] = {SCHEMA_KIND_FLOAT, 8},
	[15] = {SCHEMA_KIND_COMPLEX, 8},   [16] = {SCHEMA_KIND_COMPLEX, 16},
	[24] = {SCHEMA_KIND_STRING, 16},   [26] = {SCHEMA_KIND_UNSAFE_POINTER, 8},
};

struct walk {
	struct binary *binary;
	struct arena scratch;
	const struct binary_type *type; /* internal/abi.Type */
	uint64_t size, flag, kind, str, elem; /* offsets of members */
	struct map seen;
	VEC(uint64_t) queue; /* descriptors, as offsets from runtime.types */
	VEC(struct binary_descriptor) found;
};

/* ---- reading ---- */

static bool read_number(struct walk *walk, uint64_t offset, size_t size, uint64_t *ret)
{
	uint8_t data[8];
	uint64_t address;
	struct cursor cursor = {.p = data, .end = data + size};

	if (__builtin_add_overflow(walk->binary->info.types, offset, &address) ||
	    offset >= walk->binary->info.types_size ||
	    !binary_read(walk->binary, address, data, size))
		return false;
	*ret = cursor_number(&cursor, size);
	return true;
}

static const struct binary_type *either(struct binary *binary, const char *name,
					const char *old_name)
{
	const struct binary_type *type = binary_type_find(binary, name);

	return type ? type : binary_type_find(binary, old_name);
}

static bool member(const struct binary_type *type, const char *name, const char *old_name,
		   uint64_t *ret)
{
	for (size_t i = 0; type && i < type->fields_count; i++)
		if (!strcmp(type->fields[i].name, name) ||
		    !strcmp(type->fields[i].name, old_name)) {
			*ret = type->fields[i].offset;
			return true;
		}
	return false;
}

/* An abi.Name: a byte of flags, the length as a varint, the bytes. NULL: none that makes sense. */
static const char *read_name(struct walk *walk, uint64_t offset)
{
	uint64_t length = 0, byte = 0x80;
	uint8_t *text;

	offset++;
	for (unsigned shift = 0; byte & 0x80; shift += 7) {
		if (shift > 14 || !read_number(walk, offset++, 1, &byte))
			return NULL;
		length |= (byte & 0x7f) << shift;
	}
	if (!length || length > NAME_MAX_BYTES || offset + length > walk->binary->info.types_size)
		return NULL;
	text = arena_alloc(&walk->scratch, length + 1);
	if (!binary_read(walk->binary, walk->binary->info.types + offset, text, length) ||
	    strlen((char *)text) != length)
		return NULL;
	return (char *)text;
}

/* ---- names ---- */

/* The path of a named type's package, or NULL. */
static const char *package_path(struct walk *walk, uint64_t descriptor, unsigned kind)
{
	const struct binary_type *own = walk->type;
	uint64_t path;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].kind == kind)
			own = either(walk->binary, kinds[i].name, kinds[i].old_name);
	/* UncommonType comes right after; its first member is PkgPath */
	if (!own || !read_number(walk, descriptor + own->size, 4, &path) || !path)
		return NULL;
	return read_name(walk, path);
}

static const char *type_name(struct walk *walk, uint64_t descriptor, int depth);

/* A pointer type without a name of its own has that of what it points to. */
static const char *pointer_name(struct walk *walk, uint64_t descriptor, int depth)
{
	const char *name = NULL;
	uint64_t elem;

	if (depth < POINTERS_MAX && read_number(walk, descriptor + walk->elem, 8, &elem) &&
	    elem > walk->binary->info.types)
		name = type_name(walk, elem - walk->binary->info.types, depth + 1);
	return name ? arena_printf(walk->binary->arena, "*%s", name) : NULL;
}

/*
 * The type's name with its full import path. Go's own string has the package's name
 * alone: "server.Client". Types made of others keep that, but for pointers.
 */
static const char *type_name(struct walk *walk, uint64_t descriptor, int depth)
{
	uint64_t str, kind, flags;
	const char *name =
		read_number(walk, descriptor + walk->str, 4, &str) ? read_name(walk, str) : NULL;
	const char *path = NULL;
	size_t package;

	if (!name || !read_number(walk, descriptor + walk->kind, 1, &kind) ||
	    !read_number(walk, descriptor + walk->flag, 1, &flags))
		return NULL;
	kind &= KIND_MASK;
	name += flags & TFLAG_EXTRA_STAR && *name == '*';
	if (kind == KIND_POINTER && *name == '*' && (path = pointer_name(walk, descriptor, depth)))
		return path;
	package = strcspn(name, ".[ *({");
	if (flags & TFLAG_UNCOMMON && name[package] == '.')
		path = package_path(walk, descriptor, (unsigned)kind);
	if (!path)
		return arena_strdup(walk->binary->arena, name);
	return arena_printf(walk->binary->arena, "%s%s", path, name + package);
}

/* ---- the walk ---- */

static void enqueue(struct walk *walk, uint64_t descriptor)
{
	uint64_t known;

	if (!descriptor || descriptor >= walk->binary->info.types_size ||
	    map_get(&walk->seen, descriptor, &known))
		return;
	map_set(&walk->seen, descriptor, 1);
	*VEC_PUSH(&walk->scratch, &walk->queue) = descriptor;
}

static void enqueue_address(struct walk *walk, uint64_t address)
{
	if (address > walk->binary->info.types)
		enqueue(walk, address - walk->binary->info.types);
}

/* A word of the program's data. */
static bool read_word(struct walk *walk, uint64_t address, uint64_t *ret)
{
	uint8_t data[8];
	struct cursor cursor = {.p = data, .end = data + sizeof(data)};

	if (!binary_read(walk->binary, address, data, sizeof(data)))
		return false;
	*ret = cursor_number(&cursor, sizeof(data));
	return true;
}

/* The slice in a member of runtime.firstmoduledata; empty when there is none. */
static uint64_t module_slice(struct walk *walk, const char *name, uint64_t *data)
{
	const struct binary_global *module =
		binary_global_find(walk->binary, "runtime.firstmoduledata");
	uint64_t offset, count;

	if (!module || !member(module->type, name, name, &offset) ||
	    !read_word(walk, module->address + offset, data) ||
	    !read_word(walk, module->address + offset + 8, &count))
		return 0;
	return count <= UINT32_MAX ? count : 0;
}

static void read_links(struct walk *walk)
{
	const struct binary_type *itab = either(walk->binary, "internal/abi.ITab", "runtime.itab");
	uint64_t data, count = module_slice(walk, "typelinks", &data), type, address;
	uint8_t offset[4];

	for (uint64_t i = 0; i < count; i++) {
		struct cursor cursor = {.p = offset, .end = offset + sizeof(offset)};

		if (!binary_read(walk->binary, data + i * sizeof(offset), offset, sizeof(offset)))
			break;
		enqueue(walk, cursor_number(&cursor, sizeof(offset)));
	}
	count = member(itab, "Type", "_type", &type) ? module_slice(walk, "itablinks", &data) : 0;
	for (uint64_t i = 0; i < count && read_word(walk, data + i * 8, &address); i++)
		if (read_word(walk, address + type, &address))
			enqueue_address(walk, address);
}

/* The type of a descriptor of a basic kind, NULL for any other. */
static const struct binary_type *basic_type(struct walk *walk, uint64_t descriptor, uint64_t kind,
					    const char *name)
{
	struct binary_type *type;
	uint64_t size;

	kind &= KIND_MASK;
	if (kind >= ARRAY_SIZE(basic_kinds) || !basic_kinds[kind].size ||
	    !read_number(walk, descriptor + walk->size, 8, &size) ||
	    size != basic_kinds[kind].size)
		return NULL;
	type = ARENA_NEW(walk->binary->arena, struct binary_type);
	*type = (struct binary_type){.name = name,
				     .kind = basic_kinds[kind].kind,
				     .size = size,
				     .runtime_type = descriptor};
	return type;
}

static void visit(struct walk *walk, uint64_t descriptor)
{
	const struct binary_type *type = NULL;
	uint64_t kind, elem;
	const char *name = type_name(walk, descriptor, 0);

	if (!name)
		return;
	if (read_number(walk, descriptor + walk->kind, 1, &kind)) {
		if ((kind & KIND_MASK) == KIND_POINTER &&
		    read_number(walk, descriptor + walk->elem, 8, &elem))
			enqueue_address(walk, elem);
		type = basic_type(walk, descriptor, kind, name);
	}
	*VEC_PUSH(walk->binary->arena, &walk->found) =
		(struct binary_descriptor){.offset = descriptor, .name = name, .type = type};
}

static int by_offset(const void *left, const void *right)
{
	const struct binary_descriptor *a = left, *b = right;

	return a->offset < b->offset ? -1 : a->offset > b->offset;
}

const struct binary_descriptor *binary_descriptors(struct binary *binary, size_t *count)
{
	struct walk walk = {.binary = binary};
	const struct binary_type *const *types;
	uint64_t elem;
	size_t described;

	if (binary->descriptors) {
		*count = binary->descriptors_count;
		return binary->descriptors;
	}
	types = binary_runtime_types(binary, &described);
	map_init(&walk.seen, &walk.scratch);
	for (size_t i = 0; i < described; i++) {
		map_set(&walk.seen, types[i]->runtime_type, 1);
		*VEC_PUSH(binary->arena, &walk.found) = (struct binary_descriptor){
			.offset = types[i]->runtime_type, .name = types[i]->name, .type = types[i]};
	}
	walk.type = either(binary, "internal/abi.Type", "runtime._type");
	if (member(walk.type, "Size_", "size", &walk.size) &&
	    member(walk.type, "TFlag", "tflag", &walk.flag) &&
	    member(walk.type, "Kind_", "kind", &walk.kind) &&
	    member(walk.type, "Str", "str", &walk.str) &&
	    member(either(binary, "internal/abi.PtrType", "runtime.ptrtype"), "Elem", "elem",
		   &walk.elem)) {
		/* from a described pointer type another one may be reached */
		for (size_t i = 0; i < described; i++)
			if (types[i]->kind == SCHEMA_KIND_POINTER &&
			    read_number(&walk, types[i]->runtime_type + walk.elem, 8, &elem))
				enqueue_address(&walk, elem);
		read_links(&walk);
		for (size_t i = 0; i < walk.queue.length; i++)
			visit(&walk, walk.queue.data[i]);
	}
	arena_deinit(&walk.scratch);
	if (walk.found.length)
		qsort(walk.found.data, walk.found.length, sizeof(*walk.found.data), by_offset);
	binary->descriptors = walk.found.data;
	*count = binary->descriptors_count = walk.found.length;
	return walk.found.data;
}
