/* SPDX-License-Identifier: BSD-2-Clause */
#include "binary_int.h"

#include <stdlib.h>

/*
 * Type descriptors: what the program itself knows of its types, and what the first
 * word of an `any` points to. DWARF says for each type where its descriptor is
 * (DW_AT_go_runtime_type), so a dynamic type met in memory has a name and fields.
 *
 * The descriptor is internal/abi.Type (runtime._type before Go 1.21). Its first word is
 * Size_; where other members are is looked up by name.
 */

/* Its form is addr, but it is an offset from runtime.types. */
uint64_t die_runtime_type(Dwarf_Die *die)
{
	Dwarf_Attribute value;
	Dwarf_Addr address;
	Dwarf_Word number;

	if (!dwarf_attr(die, DW_AT_go_runtime_type, &value))
		return 0;
	if (dwarf_formaddr(&value, &address) == 0)
		return address;
	return dwarf_formudata(&value, &number) == 0 ? number : 0;
}

/* Some runtime types are bogus: the one at that offset must have our size (abi.Type.Size_). */
void descriptor_check(struct binary *binary, struct binary_type *type)
{
	uint64_t address, size = 0;
	uint8_t data[8];

	if (type->runtime_type == 0)
		return;
	if (!__builtin_add_overflow(binary->info.types, type->runtime_type, &address) &&
	    binary_read(binary, address, data, sizeof(data))) {
		struct cursor cursor = {.p = data, .end = data + sizeof(data)};

		size = cursor_number(&cursor, sizeof(data));
		if (size == type->size)
			return;
	}
	type->runtime_type = 0;
}

/* The byte of a descriptor in the member with one of two names; 0 when there is none. */
static uint8_t descriptor_byte(struct binary *binary, const struct binary_type *type,
			       const char *name, const char *old_name)
{
	const struct binary_type *layout = binary_type_find(binary, "internal/abi.Type");
	uint8_t value = 0;

	if (!layout)
		layout = binary_type_find(binary, "runtime._type");
	for (size_t i = 0; layout && i < layout->fields_count; i++) {
		const struct binary_field *field = &layout->fields[i];

		if ((!strcmp(field->name, name) || !strcmp(field->name, old_name)) &&
		    field->type->size == 1 &&
		    binary_read(binary, binary->info.types + type->runtime_type + field->offset,
				&value, 1))
			return value;
	}
	return 0;
}

/*
 * Go source: internal/abi/type.go. Up to Go 1.25 KindDirectIface, bit 5 of Kind_, where
 * TFlag has no such bit; from 1.26 on TFlagDirectIface, bit 5 of TFlag, where no kind does.
 */
#define DIRECT_IFACE (1u << 5)

bool binary_type_is_direct(struct binary *binary, const struct binary_type *type)
{
	if (!type->runtime_type || type->size != 8)
		return false;
	return (descriptor_byte(binary, type, "Kind_", "kind") |
		descriptor_byte(binary, type, "TFlag", "tflag")) &
	       DIRECT_IFACE;
}

static int by_descriptor(const void *left, const void *right)
{
	const struct binary_type *a = *(const struct binary_type *const *)left;
	const struct binary_type *b = *(const struct binary_type *const *)right;

	if (a->runtime_type != b->runtime_type)
		return a->runtime_type < b->runtime_type ? -1 : 1;
	return a->die < b->die ? -1 : a->die > b->die;
}

const struct binary_type *const *binary_runtime_types(struct binary *binary, size_t *count)
{
	const struct binary_type **types;
	size_t found = 0, kept = 0;

	if (!binary->runtime_types) {
		types = ARENA_ARRAY(binary->arena, const struct binary_type *,
				    binary->described.length);
		for (size_t i = 0; i < binary->described.length; i++) {
			types[found] = type_at(binary, binary->described.data[i]);
			found += types[found]->runtime_type &&
				 types[found]->runtime_type < binary->info.types_size;
		}
		if (found)
			qsort(types, found, sizeof(*types), by_descriptor);
		for (size_t i = 0; i < found; i++)
			if (!kept || types[kept - 1]->runtime_type != types[i]->runtime_type)
				types[kept++] = types[i];
		binary->runtime_types = types;
		binary->runtime_types_count = kept;
	}
	*count = binary->runtime_types_count;
	return binary->runtime_types;
}
