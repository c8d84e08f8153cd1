/* SPDX-License-Identifier: BSD-2-Clause */
#include "descriptors.h"

#include <stdlib.h>

/*
 * Every type descriptor of the program, also those of types that debug info leaves out:
 * before Go 1.24 or so a type is described only where a variable or another type has it,
 * and one that merely goes into an interface is not. Its name is in its descriptor, and where its
 * kind is a basic one that is all there is to know of it; the rest is in composite.c.
 *
 * The runtime keeps no list of all descriptors. It has two of some: moduledata.typelinks
 * (pointer types among them, and each type with a name has a pointer type) and itablinks
 * (what is in an interface with methods). What pointer types point to makes it complete.
 *
 * Go source: internal/abi/type.go (Type, PtrType, UncommonType, Name), runtime/symtab.go
 * (moduledata); before Go 1.21 the same structs are in runtime/type.go. The place of
 * members is from DWARF. Descriptors are data of the program, so no offset is believed.
 */

#define TFLAG_UNCOMMON 1u
#define TFLAG_EXTRA_STAR 2u
#define NAME_MAX_BYTES 4096u
#define NAMES_SHARE 16u /* of type data: a name is read for each type and each field that has it */
#define NESTING_MAX 8 /* `********T` */

/* Structs of which a descriptor begins, by kind; what has none begins with Type alone. */
static const struct {
	unsigned kind;
	const char *name, *old_name;
} kinds[] = {
	{GO_KIND_ARRAY, "internal/abi.ArrayType", "runtime.arraytype"},
	{GO_KIND_CHAN, "internal/abi.ChanType", "runtime.chantype"},
	{GO_KIND_FUNC, "internal/abi.FuncType", "runtime.functype"},
	{GO_KIND_INTERFACE, "internal/abi.InterfaceType", "runtime.interfacetype"},
	{GO_KIND_MAP, "internal/abi.MapType", "runtime.maptype"},
	{GO_KIND_POINTER, "internal/abi.PtrType", "runtime.ptrtype"},
	{GO_KIND_SLICE, "internal/abi.SliceType", "runtime.slicetype"},
	{GO_KIND_STRUCT, "internal/abi.StructType", "runtime.structtype"},
};

/* ---- reading ---- */

static const struct binary_type *either(struct binary *binary, const char *name,
					const char *old_name)
{
	const struct binary_type *type = binary_type_find(binary, name);

	return type ? type : binary_type_find(binary, old_name);
}

const struct binary_type *descriptor_layout(struct binary *binary, unsigned kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].kind == kind)
			return either(binary, kinds[i].name, kinds[i].old_name);
	return either(binary, "internal/abi.Type", "runtime._type");
}

const struct binary_field *descriptor_member(const struct binary_type *type, const char *name,
					     const char *old_name)
{
	for (size_t i = 0; type && i < type->fields_count; i++)
		if (!strcmp(type->fields[i].name, name) || !strcmp(type->fields[i].name, old_name))
			return &type->fields[i];
	return NULL;
}

static bool member(const struct binary_type *type, const char *name, const char *old_name,
		   uint64_t *ret)
{
	const struct binary_field *field = descriptor_member(type, name, old_name);

	if (field)
		*ret = field->offset;
	return field;
}

bool descriptor_number(struct descriptors *walk, uint64_t offset, size_t size, uint64_t *ret)
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

bool descriptor_pointer(struct descriptors *walk, uint64_t offset, uint64_t *ret)
{
	uint64_t address;

	if (!descriptor_number(walk, offset, sizeof(address), &address) ||
	    address <= walk->binary->info.types ||
	    address - walk->binary->info.types >= walk->binary->info.types_size)
		return false;
	*ret = address - walk->binary->info.types;
	return true;
}

const char *descriptor_name(struct descriptors *walk, uint64_t offset)
{
	uint64_t length = 0, byte = 0x80;
	uint8_t *text;

	offset++;
	for (unsigned shift = 0; byte & 0x80; shift += 7) {
		if (shift > 14 || !descriptor_number(walk, offset++, 1, &byte))
			return NULL;
		length |= (byte & 0x7f) << shift;
	}
	if (!length || length > NAME_MAX_BYTES || length > walk->names_left ||
	    offset + length > walk->binary->info.types_size)
		return NULL;
	walk->names_left -= length;
	text = arena_alloc(&walk->scratch, length + 1);
	if (!binary_read(walk->binary, walk->binary->info.types + offset, text, length) ||
	    strlen((char *)text) != length)
		return NULL;
	return (char *)text;
}

/* ---- names ---- */

/* The path of a named type's package, or NULL. */
static const char *package_path(struct descriptors *walk, uint64_t descriptor, unsigned kind)
{
	const struct binary_type *own = descriptor_layout(walk->binary, kind);
	uint64_t path;

	/* UncommonType comes right after; its first member is PkgPath */
	if (!own || !descriptor_number(walk, descriptor + own->size, 4, &path) || !path)
		return NULL;
	return descriptor_name(walk, path);
}

static const char *type_name(struct descriptors *walk, uint64_t descriptor, int depth);

/* What a pointer, slice or array type without a name of its own is of, after `*`, `[]`, `[3]`. */
static const char *composed_name(struct descriptors *walk, uint64_t descriptor, unsigned kind,
				 const char *name, int depth)
{
	size_t prefix = *name == '*' ? 1 : strcspn(name, "]") + 1;
	const char *elem_name = NULL;
	uint64_t elem;

	if (kind != (*name == '*'  ? GO_KIND_POINTER
		     : prefix == 2 ? GO_KIND_SLICE
				   : GO_KIND_ARRAY))
		return NULL;
	if (depth < NESTING_MAX && walk->elem[kind] &&
	    descriptor_pointer(walk, descriptor + walk->elem[kind], &elem))
		elem_name = type_name(walk, elem, depth + 1);
	return elem_name ? arena_printf(walk->binary->arena, "%.*s%s", (int)prefix, name, elem_name)
			 : NULL;
}

/*
 * The type's name with its full import path. Go's own string has the package's name
 * alone: "server.Client". Funcs, maps and the like keep that.
 */
static const char *type_name(struct descriptors *walk, uint64_t descriptor, int depth)
{
	uint64_t str, kind, flags;
	const char *name =
		descriptor_number(walk, descriptor + walk->str, 4, &str) ? descriptor_name(walk, str) : NULL;
	const char *path = NULL;
	size_t package;

	if (!name || !descriptor_number(walk, descriptor + walk->kind, 1, &kind) ||
	    !descriptor_number(walk, descriptor + walk->flag, 1, &flags))
		return NULL;
	kind &= GO_KIND_MASK;
	name += flags & TFLAG_EXTRA_STAR && *name == '*';
	if ((*name == '*' || *name == '[') &&
	    (path = composed_name(walk, descriptor, (unsigned)kind, name, depth)))
		return path;
	package = strcspn(name, ".[ *({");
	if (flags & TFLAG_UNCOMMON && name[package] == '.')
		path = package_path(walk, descriptor, (unsigned)kind);
	if (!path)
		return arena_strdup(walk->binary->arena, name);
	return arena_printf(walk->binary->arena, "%s%s", path, name + package);
}

/* ---- the walk ---- */

struct type_node *descriptor_node(struct descriptors *walk, uint64_t descriptor)
{
	struct type_node *node;
	uint64_t known;

	if (map_get(&walk->nodes, descriptor, &known))
		return (struct type_node *)(uintptr_t)known;
	node = ARENA_NEW(walk->binary->arena, struct type_node);
	node->type.name = "?";
	map_set(&walk->nodes, descriptor, (uintptr_t)node);
	*VEC_PUSH(&walk->scratch, &walk->queue) = (struct descriptor_queued){descriptor, node};
	return node;
}

static void enqueue(struct descriptors *walk, uint64_t descriptor)
{
	if (descriptor && descriptor < walk->binary->info.types_size)
		(void)descriptor_node(walk, descriptor);
}

static void enqueue_address(struct descriptors *walk, uint64_t address)
{
	if (address > walk->binary->info.types)
		enqueue(walk, address - walk->binary->info.types);
}

/* A word of the program's data. */
static bool read_word(struct descriptors *walk, uint64_t address, uint64_t *ret)
{
	uint8_t data[8];
	struct cursor cursor = {.p = data, .end = data + sizeof(data)};

	if (!binary_read(walk->binary, address, data, sizeof(data)))
		return false;
	*ret = cursor_number(&cursor, sizeof(data));
	return true;
}

/* The slice in a member of runtime.firstmoduledata; empty when there is none. */
static uint64_t module_slice(struct descriptors *walk, const char *name, uint64_t *data)
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

static void read_links(struct descriptors *walk)
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

static void visit(struct descriptors *walk, uint64_t descriptor, struct type_node *node)
{
	uint64_t kind;
	const char *name = type_name(walk, descriptor, 0);

	node->state = TYPE_FILLED;
	if (!name)
		return;
	node->type.name = name;
	if (descriptor_number(walk, descriptor + walk->kind, 1, &kind))
		composite_fill(walk, descriptor, (unsigned)kind & GO_KIND_MASK,
			       &node->type);
	*VEC_PUSH(walk->binary->arena, &walk->found) = (struct binary_descriptor){
		.offset = descriptor, .name = name, .type = &node->type};
}

/* Types that contradict themselves are as good as not described. */
static void check(struct descriptors *walk)
{
	for (size_t i = 0; i < walk->queue.length; i++)
		type_check(walk->queue.data[i].node);
	for (size_t i = 0; i < walk->found.length; i++)
		if (!walk->found.data[i].type->die &&
		    walk->found.data[i].type->kind == SCHEMA_KIND_UNKNOWN)
			walk->found.data[i].type = NULL;
}

static void walk_all(struct descriptors *walk, const struct binary_type *const *types, size_t count)
{
	uint64_t elem;

	/* from a described pointer type another one may be reached */
	for (size_t i = 0; i < count; i++)
		if (types[i]->kind == SCHEMA_KIND_POINTER &&
		    descriptor_pointer(walk,
				       types[i]->runtime_type + walk->elem[GO_KIND_POINTER],
				       &elem))
			enqueue(walk, elem);
	read_links(walk);
	for (size_t i = 0; i < walk->queue.length; i++)
		visit(walk, walk->queue.data[i].descriptor, walk->queue.data[i].node);
	check(walk);
}

static int by_offset(const void *left, const void *right)
{
	const struct binary_descriptor *a = left, *b = right;

	return a->offset < b->offset ? -1 : a->offset > b->offset;
}

const struct binary_descriptor *binary_descriptors(struct binary *binary, size_t *count)
{
	struct descriptors walk = {.binary = binary};
	const struct binary_type *const *types;
	const struct binary_type *layout;
	size_t described;

	if (binary->descriptors) {
		*count = binary->descriptors_count;
		return binary->descriptors;
	}
	types = binary_runtime_types(binary, &described);
	map_init(&walk.nodes, &walk.scratch);
	for (size_t i = 0; i < described; i++) {
		map_set(&walk.nodes, types[i]->runtime_type, (uintptr_t)types[i]);
		*VEC_PUSH(binary->arena, &walk.found) = (struct binary_descriptor){
			.offset = types[i]->runtime_type, .name = types[i]->name, .type = types[i]};
	}
	layout = descriptor_layout(binary, 0);
	if (__builtin_mul_overflow(binary->info.types_size, NAMES_SHARE, &walk.names_left))
		walk.names_left = UINT64_MAX;
	composite_begin(&walk);
	if (member(layout, "Size_", "size", &walk.size) &&
	    member(layout, "TFlag", "tflag", &walk.flag) &&
	    member(layout, "Kind_", "kind", &walk.kind) &&
	    member(layout, "Str", "str", &walk.str) && walk.elem[GO_KIND_POINTER])
		walk_all(&walk, types, described);
	arena_deinit(&walk.scratch);
	if (walk.found.length)
		qsort(walk.found.data, walk.found.length, sizeof(*walk.found.data), by_offset);
	binary->descriptors = walk.found.data;
	*count = binary->descriptors_count = walk.found.length;
	return walk.found.data;
}
