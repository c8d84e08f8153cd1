/* SPDX-License-Identifier: BSD-2-Clause */
#include "descriptors.h"

/*
 * Types from their descriptors, for what debug info leaves out: up to Go 1.24 a type that
 * only ever goes into an interface. A descriptor has all that the garbage collector and package
 * reflect need: kind, size, elements, and fields with names and offsets. What a map or a channel is
 * made of is not in it, so these stay UNKNOWN.
 *
 * A part that debug info describes is taken from there. What is filled here passes the
 * same checks as a type from debug info (type.c): parts lie inside, nothing holds itself.
 *
 * Go source: internal/abi/type.go (ArrayType, InterfaceType, PtrType, SliceType,
 * StructType, StructField, Name); before Go 1.21 runtime/type.go.
 */

#define NAME_EMBEDDED (1u << 3) /* in the first byte of an abi.Name */
#define WORD 8u

/* A kind of which a descriptor says all there is to know with its size; by reflect.Kind. */
static const struct {
	enum schema_kind kind;
	uint64_t size;
} basic_kinds[] = {
	[1] = {SCHEMA_KIND_BOOL, 1},
	[2] = {SCHEMA_KIND_INT, 8},
	[3] = {SCHEMA_KIND_INT, 1},
	[4] = {SCHEMA_KIND_INT, 2},
	[5] = {SCHEMA_KIND_INT, 4},
	[6] = {SCHEMA_KIND_INT, 8},
	[7] = {SCHEMA_KIND_UINT, 8},
	[8] = {SCHEMA_KIND_UINT, 1},
	[9] = {SCHEMA_KIND_UINT, 2},
	[10] = {SCHEMA_KIND_UINT, 4},
	[11] = {SCHEMA_KIND_UINT, 8},
	[12] = {SCHEMA_KIND_UINT, 8},
	[13] = {SCHEMA_KIND_FLOAT, 4},
	[14] = {SCHEMA_KIND_FLOAT, 8},
	[15] = {SCHEMA_KIND_COMPLEX, 8},
	[16] = {SCHEMA_KIND_COMPLEX, 16},
	[GO_KIND_FUNC] = {SCHEMA_KIND_FUNC, WORD},
	[24] = {SCHEMA_KIND_STRING, 2 * WORD},
	[26] = {SCHEMA_KIND_UNSAFE_POINTER, WORD},
};

static void place(const struct binary_type *type, const char *name, const char *old_name,
		  uint64_t *ret)
{
	const struct binary_field *field = descriptor_member(type, name, old_name);

	if (field)
		*ret = field->offset;
}

void composite_begin(struct descriptors *walk)
{
	static const unsigned of_elements[] = {GO_KIND_ARRAY, GO_KIND_POINTER, GO_KIND_SLICE};
	const struct binary_type *field;

	for (size_t i = 0; i < ARRAY_SIZE(of_elements); i++)
		place(descriptor_layout(walk->binary, of_elements[i]), "Elem", "elem",
		      &walk->elem[of_elements[i]]);
	place(descriptor_layout(walk->binary, GO_KIND_ARRAY), "Len", "len", &walk->array_count);
	place(descriptor_layout(walk->binary, GO_KIND_INTERFACE), "Methods", "mhdr",
	      &walk->methods);
	field = binary_type_find(walk->binary, "internal/abi.StructField");
	if (!field)
		field = binary_type_find(walk->binary, "runtime.structfield");
	if (!descriptor_member(field, "Name", "name") || !descriptor_member(field, "Typ", "typ") ||
	    !descriptor_member(field, "Offset", "offset") || !field->size)
		return;
	place(field, "Name", "name", &walk->field.name);
	place(field, "Typ", "typ", &walk->field.type);
	place(field, "Offset", "offset", &walk->field.offset);
	walk->field.size = field->size;
	walk->fields_left = walk->binary->info.types_size / field->size;
	place(descriptor_layout(walk->binary, GO_KIND_STRUCT), "Fields", "fields",
	      &walk->fields);
}

/* ---- structs ---- */

static bool fill_field(struct descriptors *walk, uint64_t from, struct binary_field *field)
{
	uint64_t name, type, flags;
	const char *text;

	if (!descriptor_pointer(walk, from + walk->field.name, &name) ||
	    !descriptor_pointer(walk, from + walk->field.type, &type) ||
	    !descriptor_number(walk, from + walk->field.offset, WORD, &field->offset) ||
	    !descriptor_number(walk, name, 1, &flags))
		return false;
	text = descriptor_name(walk, name);
	if (!text)
		return false;
	field->name = arena_strdup(walk->binary->arena, text);
	field->type = &descriptor_node(walk, type)->type;
	field->embedded = flags & NAME_EMBEDDED;
	return true;
}

static void fill_struct(struct descriptors *walk, uint64_t descriptor, struct binary_type *type)
{
	struct binary_field *fields;
	uint64_t first, count;

	if (!walk->fields ||
	    !descriptor_number(walk, descriptor + walk->fields + WORD, WORD, &count) ||
	    count > walk->fields_left)
		return;
	if (count && !descriptor_pointer(walk, descriptor + walk->fields, &first))
		return;
	walk->fields_left -= count;
	fields = ARENA_ARRAY(walk->binary->arena, struct binary_field, count);
	for (uint64_t i = 0; i < count; i++)
		if (!fill_field(walk, first + i * walk->field.size, &fields[i]) ||
		    (i && fields[i].offset < fields[i - 1].offset))
			return;
	type->fields = fields;
	type->fields_count = count;
	type->kind = strcmp(type->name, "time.Time") ? SCHEMA_KIND_STRUCT : SCHEMA_KIND_TIME;
}

/* ---- the others ---- */

static void fill_elements(struct descriptors *walk, uint64_t descriptor, unsigned kind,
			  struct binary_type *type)
{
	uint64_t elem;

	if (!walk->elem[kind] || !descriptor_pointer(walk, descriptor + walk->elem[kind], &elem))
		return;
	if (kind == GO_KIND_ARRAY) {
		if (!walk->array_count || !descriptor_number(walk, descriptor + walk->array_count,
							     WORD, &type->count))
			return;
		type->kind = SCHEMA_KIND_ARRAY;
	} else if (kind == GO_KIND_POINTER && type->size == WORD) {
		type->kind = SCHEMA_KIND_POINTER;
	} else if (kind == GO_KIND_SLICE) {
		type->kind = SCHEMA_KIND_SLICE;
	} else {
		return;
	}
	type->elem = &descriptor_node(walk, elem)->type;
}

static void fill_interface(struct descriptors *walk, uint64_t descriptor, struct binary_type *type)
{
	uint64_t count;

	if (walk->methods &&
	    descriptor_number(walk, descriptor + walk->methods + WORD, WORD, &count))
		type->kind = count ? SCHEMA_KIND_INTERFACE : SCHEMA_KIND_ANY;
}

void composite_fill(struct descriptors *walk, uint64_t descriptor, unsigned kind,
		    struct binary_type *type)
{
	if (!descriptor_number(walk, descriptor + walk->size, WORD, &type->size))
		return;
	type->runtime_type = descriptor;
	switch (kind) {
	case GO_KIND_ARRAY:
	case GO_KIND_POINTER:
	case GO_KIND_SLICE:
		fill_elements(walk, descriptor, kind, type);
		return;
	case GO_KIND_INTERFACE:
		fill_interface(walk, descriptor, type);
		return;
	case GO_KIND_STRUCT:
		fill_struct(walk, descriptor, type);
		return;
	default:
		if (kind < ARRAY_SIZE(basic_kinds) && type->size &&
		    type->size == basic_kinds[kind].size)
			type->kind = basic_kinds[kind].kind;
	}
}
