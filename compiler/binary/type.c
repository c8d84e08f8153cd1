/* SPDX-License-Identifier: BSD-2-Clause */
#include "binary_int.h"

#include <dwarf.h>
#include <stdlib.h>

/*
 * Go types from DWARF. The tag says little (a string, a slice and a struct are
 * all DW_TAG_structure_type; a map is a typedef of a pointer), so the linker adds
 * DW_AT_go_kind, a reflect.Kind, which decides. Layout: cmd/link/internal/ld/
 * dwarf.go, newtype() and synthesize*types().
 *
 * A named type appears twice, as `typedef T` of a `struct T`. Users know one T,
 * and the resolver compares types by pointer, so an equally named typedef that
 * says nothing of its own is the same type as what it names. So is ".param0", the
 * linker's name for a type parameter: its shape ("*go.shape.int") is what is known.
 *
 * Types refer to each other in cycles. A type is created empty on its first
 * mention and queued; the queue is drained before anybody outside sees it, so
 * depth of the type graph costs no stack. Then each new type is checked: fields
 * must lie within their struct and nothing may contain itself. What fails is
 * UNKNOWN, which is never shown as bytes.
 */

#define WORD 8u
#define TYPEDEF_MAX 64

/* ---- from DIE to node ---- */

static const char *name_of(Dwarf_Die *die)
{
	const char *name = dwarf_diename(die);

	return name ? name : "";
}

/* The DIE that stands for this type: past typedefs that only repeat a name, or (".param0") name a
 * shape. */
static bool canonical(struct binary *binary, Dwarf_Off offset, Dwarf_Die *ret)
{
	Dwarf_Die target;

	if (!die_at(binary, offset, ret))
		return false;
	for (int i = 0; i < TYPEDEF_MAX; i++) {
		if (dwarf_tag(ret) != DW_TAG_typedef || dwarf_hasattr(ret, DW_AT_go_kind) ||
		    !die_reference(ret, DW_AT_type, &offset) || !die_at(binary, offset, &target) ||
		    (!dwarf_hasattr(ret, DW_AT_go_dict_index) &&
		     strcmp(name_of(&target), name_of(ret)) != 0))
			return true;
		*ret = target;
	}
	return true;
}

static struct type_node *node_at(struct binary *binary, Dwarf_Off offset)
{
	struct type_node *node;
	uint64_t known;
	Dwarf_Die die;

	if (map_get(&binary->types, offset, &known))
		return (struct type_node *)(uintptr_t)known;
	if (canonical(binary, offset, &die) &&
	    map_get(&binary->types, dwarf_dieoffset(&die), &known)) {
		map_set(&binary->types, offset, known);
		return (struct type_node *)(uintptr_t)known;
	}
	node = ARENA_NEW(binary->arena, struct type_node);
	node->type.name = "";
	node->type.die = offset;
	if (canonical(binary, offset, &die)) {
		node->type.die = dwarf_dieoffset(&die);
		node->type.name = arena_strdup(binary->arena, name_of(&die));
	}
	map_set(&binary->types, node->type.die, (uintptr_t)node);
	map_set(&binary->types, offset, (uintptr_t)node);
	*VEC_PUSH(binary->arena, &binary->type_queue) = node;
	return node;
}

/* The type that an attribute refers to, or NULL. */
static const struct binary_type *type_of(struct binary *binary, Dwarf_Die *die, unsigned attribute)
{
	Dwarf_Off offset;

	return die_reference(die, attribute, &offset) ? &node_at(binary, offset)->type : NULL;
}

/* ---- filling ---- */

static void fill_base(struct binary_type *type, Dwarf_Die *die)
{
	uint64_t encoding = 0, size = type->size;
	bool integer = size == 1 || size == 2 || size == 4 || size == 8;

	(void)die_number(die, DW_AT_encoding, &encoding);
	if (encoding == DW_ATE_boolean && size == 1)
		type->kind = SCHEMA_KIND_BOOL;
	else if (encoding == DW_ATE_signed && integer)
		type->kind = SCHEMA_KIND_INT;
	else if (encoding == DW_ATE_unsigned && integer)
		type->kind = SCHEMA_KIND_UINT;
	else if (encoding == DW_ATE_float && (size == 4 || size == 8))
		type->kind = SCHEMA_KIND_FLOAT;
	else if (encoding == DW_ATE_complex_float && (size == 8 || size == 16))
		type->kind = SCHEMA_KIND_COMPLEX;
}

static bool fill_field(struct binary *binary, Dwarf_Die *die, struct binary_field *field)
{
	field->name = arena_strdup(binary->arena, name_of(die));
	field->type = type_of(binary, die, DW_AT_type);
	field->embedded = die_flag(die, DW_AT_go_embedded_field);
	return field->type && die_number(die, DW_AT_data_member_location, &field->offset);
}

/* Members, in the linker's order, which is offset order. false when one is not understood. */
static bool fill_fields(struct binary *binary, struct binary_type *type, Dwarf_Die *die)
{
	VEC(struct binary_field) fields = {0};
	struct error *error;
	Dwarf_Die child;
	int none = 1;
	bool ok = true;

	if (!dwarf_haschildren(die))
		return true;
	error = die_child(binary, die, &child, &none);
	while (!error && !none && ok) {
		if (dwarf_tag(&child) == DW_TAG_member) {
			struct binary_field *field = VEC_PUSH(binary->arena, &fields);
			uint64_t last = fields.length > 1 ? field[-1].offset : 0;

			ok = fill_field(binary, &child, field) && field->offset >= last;
		}
		error = die_sibling(binary, &child, &none);
	}
	if (error)
		ok = false;
	error_free(error);
	type->fields = fields.data;
	type->fields_count = fields.length;
	return ok;
}

static const struct binary_type *field_type(const struct binary_type *type, const char *name)
{
	for (size_t i = 0; i < type->fields_count; i++)
		if (strcmp(type->fields[i].name, name) == 0)
			return type->fields[i].type;
	return NULL;
}

static void fill_struct(struct binary *binary, struct binary_type *type, Dwarf_Die *die,
			uint64_t kind)
{
	if (!fill_fields(binary, type, die)) {
		type->fields = NULL;
		type->fields_count = 0;
		return;
	}
	if (kind == GO_KIND_STRING) {
		type->kind = SCHEMA_KIND_STRING;
	} else if (kind == GO_KIND_SLICE) {
		type->kind = SCHEMA_KIND_SLICE;
		type->elem = type_of(binary, die, DW_AT_go_elem);
	} else if (strcmp(type->name, "time.Time") == 0) {
		type->kind = SCHEMA_KIND_TIME;
	} else {
		type->kind = SCHEMA_KIND_STRUCT;
	}
}

static void fill_array(struct binary *binary, struct binary_type *type, Dwarf_Die *die)
{
	uint64_t count, upper;
	bool counted = false;
	struct error *error;
	Dwarf_Die child;
	int none = 1;

	type->elem = type_of(binary, die, DW_AT_type);
	if (!type->elem || !dwarf_haschildren(die))
		return;
	error = die_child(binary, die, &child, &none);
	while (!error && !none) {
		if (dwarf_tag(&child) == DW_TAG_subrange_type) {
			if (counted) /* two dimensions: Go nests arrays instead */
				break;
			if (die_number(&child, DW_AT_count, &count))
				counted = true;
			else if (die_number(&child, DW_AT_upper_bound, &upper) &&
				 upper != UINT64_MAX)
				counted = (count = upper + 1, true);
		}
		error = die_sibling(binary, &child, &none);
	}
	if (!error && none && counted) {
		type->kind = SCHEMA_KIND_ARRAY;
		type->count = count;
	}
	error_free(error);
}

static void fill_pointer(struct binary *binary, struct binary_type *type, Dwarf_Die *die,
			 uint64_t kind)
{
	type->size = WORD;
	if (strcmp(type->name, ANY_POINTER_SHAPE) == 0)
		return;
	if (kind == GO_KIND_UNSAFE_POINTER || strcmp(type->name, "unsafe.Pointer") == 0) {
		type->kind = SCHEMA_KIND_UNSAFE_POINTER;
		return;
	}
	type->kind = SCHEMA_KIND_POINTER;
	type->elem = type_of(binary, die, DW_AT_type);
}

/* A typedef that means something: map, chan, interface, or another name for its target. */
static void fill_typedef(struct binary *binary, struct binary_type *type, Dwarf_Die *die,
			 Dwarf_Die *target, uint64_t kind)
{
	if (kind == GO_KIND_MAP || kind == GO_KIND_CHAN)
		type->internals = type_of(binary, target, DW_AT_type);
	if (kind == GO_KIND_MAP) {
		type->size = WORD;
		type->key = type_of(binary, die, DW_AT_go_key);
		type->elem = type_of(binary, die, DW_AT_go_elem);
		if (type->key && type->elem)
			type->kind = SCHEMA_KIND_MAP;
	} else if (kind == GO_KIND_CHAN) {
		type->size = WORD;
		type->elem = type_of(binary, die, DW_AT_go_elem);
		if (type->elem)
			type->kind = SCHEMA_KIND_CHAN;
	} else if (kind == GO_KIND_INTERFACE) {
		bool empty = strcmp(name_of(target), "runtime.eface") == 0;

		if ((!empty && strcmp(name_of(target), "runtime.iface") != 0) ||
		    !fill_fields(binary, type, target))
			return;
		type->kind = empty ? SCHEMA_KIND_ANY : SCHEMA_KIND_INTERFACE;
	}
}

static void fill_die(struct binary *binary, struct binary_type *type, Dwarf_Die *die)
{
	uint64_t kind = 0;

	(void)die_number(die, DW_AT_go_kind, &kind);
	kind &= GO_KIND_MASK;
	(void)die_number(die, DW_AT_byte_size, &type->size);
	switch (dwarf_tag(die)) {
	case DW_TAG_base_type:
		fill_base(type, die);
		break;
	case DW_TAG_structure_type:
		fill_struct(binary, type, die, kind);
		break;
	case DW_TAG_array_type:
		fill_array(binary, type, die);
		break;
	case DW_TAG_pointer_type:
		fill_pointer(binary, type, die, kind);
		break;
	case DW_TAG_subroutine_type:
		type->size = WORD;
		type->kind = SCHEMA_KIND_FUNC;
		break;
	default:
		break;
	}
}

static void fill(struct binary *binary, struct type_node *node)
{
	struct binary_type *type = &node->type;
	Dwarf_Die die, target;
	Dwarf_Off offset;
	uint64_t kind = 0;

	node->state = TYPE_FILLED;
	if (!die_at(binary, type->die, &die))
		return;
	type->runtime_type = die_runtime_type(&die);
	target = die;
	for (int i = 0; dwarf_tag(&target) == DW_TAG_typedef; i++) {
		if (kind == 0 && die_number(&target, DW_AT_go_kind, &kind)) {
			kind &= GO_KIND_MASK;
			die = target; /* it has key and elem */
		}
		if (i == TYPEDEF_MAX || !die_reference(&target, DW_AT_type, &offset) ||
		    !die_at(binary, offset, &target))
			return;
	}
	if (kind == GO_KIND_MAP || kind == GO_KIND_CHAN || kind == GO_KIND_INTERFACE) {
		(void)die_number(&target, DW_AT_byte_size, &type->size);
		fill_typedef(binary, type, &die, &target, kind);
	} else {
		fill_die(binary, type, &target);
	}
}

/* ---- checking ---- */

static void make_unknown(struct binary_type *type)
{
	type->kind = SCHEMA_KIND_UNKNOWN;
	type->elem = type->key = type->internals = NULL;
	type->fields = NULL;
	type->fields_count = 0;
	type->count = 0;
}

static bool check(struct type_node *node, int depth);

static bool check_part(const struct binary_type *part, int depth)
{
	return check((struct type_node *)part, depth + 1);
}

static bool check_layout(const struct binary_type *type, int depth)
{
	uint64_t size;

	for (size_t i = 0; i < type->fields_count; i++) {
		const struct binary_field *field = &type->fields[i];

		if (!check_part(field->type, depth) || field->offset > type->size ||
		    field->type->size > type->size - field->offset)
			return false;
	}
	switch (type->kind) {
	case SCHEMA_KIND_ARRAY:
		return check_part(type->elem, depth) &&
		       !__builtin_mul_overflow(type->elem->size, type->count, &size) &&
		       size == type->size;
	case SCHEMA_KIND_STRING:
	case SCHEMA_KIND_INTERFACE:
	case SCHEMA_KIND_ANY:
		return type->size == 2 * WORD;
	case SCHEMA_KIND_SLICE:
		return type->size == 3 * WORD && type->elem;
	case SCHEMA_KIND_TIME:
		return type->size == 3 * WORD && field_type(type, "wall") &&
		       field_type(type, "ext");
	default:
		return true;
	}
}

/* Whether the type may be contained in another one: it is described and holds not itself. */
static bool check(struct type_node *node, int depth)
{
	if (node->state == TYPE_CHECKED)
		return true;
	if (node->state == TYPE_CHECKING || depth > DIE_MAX_DEPTH)
		return false;
	node->state = TYPE_CHECKING;
	if (!check_layout(&node->type, depth))
		make_unknown(&node->type);
	node->state = TYPE_CHECKED;
	return true;
}

void type_check(struct type_node *node)
{
	(void)check(node, 0);
}

const struct binary_type *type_at(struct binary *binary, Dwarf_Off offset)
{
	struct type_node *node = node_at(binary, offset);

	for (size_t i = 0; i < binary->type_queue.length; i++)
		fill(binary, binary->type_queue.data[i]);
	for (size_t i = 0; i < binary->type_queue.length; i++)
		(void)check(binary->type_queue.data[i], 0);
	for (size_t i = 0; i < binary->type_queue.length; i++)
		descriptor_check(binary, &binary->type_queue.data[i]->type);
	binary->type_queue.length = 0;
	return &node->type;
}

const struct binary_type *binary_type_find(struct binary *binary, const char *name)
{
	uint64_t offset;

	if (!strmap_get(&binary->type_index, name, &offset))
		return NULL;
	return type_at(binary, offset);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *const *binary_type_names(struct binary *binary, size_t *count)
{
	if (!binary->type_names_sorted && binary->type_names.length)
		qsort(binary->type_names.data, binary->type_names.length,
		      sizeof(*binary->type_names.data), by_text);
	binary->type_names_sorted = true;
	*count = binary->type_names.length;
	return binary->type_names.data;
}
