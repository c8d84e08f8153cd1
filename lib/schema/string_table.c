/* SPDX-License-Identifier: BSD-2-Clause */
#include "string_table.h"

/* The arena never frees a part, so keys may lie in data that has since moved. */
static void grow(struct schema_strings *strings, size_t need)
{
	char *data;

	while (strings->capacity < need)
		strings->capacity = strings->capacity ? strings->capacity * 2 : 4096;
	data = arena_alloc(strings->arena, strings->capacity);
	if (strings->size)
		memcpy(data, strings->data, strings->size);
	strings->data = data;
}

void schema_strings_init(struct schema_strings *strings, struct arena *arena)
{
	*strings = (struct schema_strings){.arena = arena};
	strmap_init(&strings->offsets, arena);
	schema_strings_add(strings, "");
}

schema_str schema_strings_add(struct schema_strings *strings, const char *text)
{
	size_t length = strlen(text) + 1;
	uint64_t offset;

	if (strmap_get(&strings->offsets, text, &offset))
		return (schema_str)offset;
	if (length > UINT32_MAX - strings->size)
		base_out_of_memory();
	if (strings->size + length > strings->capacity)
		grow(strings, strings->size + length);
	offset = strings->size;
	memcpy(strings->data + offset, text, length);
	strmap_set(&strings->offsets, strings->data + offset, offset);
	strings->size += (uint32_t)length;
	return (schema_str)offset;
}
