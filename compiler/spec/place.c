/* SPDX-License-Identifier: BSD-2-Clause */
#include "place.h"

static bool starts_character(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

void place_map_init(struct place_map *map, struct arena *arena, const char *text, size_t length)
{
	size_t characters = 0;

	*map = (struct place_map){.text = text, .length = length};
	*VEC_PUSH(arena, &map->lines) = 0;
	for (size_t i = 0; i < length; i++) {
		if (starts_character(text[i]) && characters++ % PLACE_CHUNK == 0)
			*VEC_PUSH(arena, &map->chunks) = (uint32_t)i;
		if (text[i] == '\n')
			*VEC_PUSH(arena, &map->lines) = (uint32_t)i + 1;
	}
	map->ascii = characters == length;
}

size_t place_offset(const struct place_map *map, size_t character)
{
	size_t chunk = character / PLACE_CHUNK, left = character % PLACE_CHUNK, i;

	if (map->ascii)
		return character < map->length ? character : map->length;
	if (chunk >= map->chunks.length)
		return map->length;
	for (i = map->chunks.data[chunk]; i < map->length; i++)
		if (starts_character(map->text[i]) && left-- == 0)
			break;
	return i;
}

struct source_span place_span(const struct place_map *map, size_t from, size_t to)
{
	size_t low = 0, high = map->lines.length, start, end;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (map->lines.data[middle] <= from)
			low = middle;
		else
			high = middle;
	}
	start = map->lines.data[low];
	end = low + 1 < map->lines.length ? map->lines.data[low + 1] - 1 : map->length;
	if (end > to)
		end = to;
	while (end > from && strchr(" \t\r\n", map->text[end - 1]))
		end--;
	if (end < from)
		end = from;
	return (struct source_span){.line = (uint32_t)low + 1,
				    .column = (uint32_t)(from - start) + 1,
				    .end_column = (uint32_t)(end - start) + 1};
}
