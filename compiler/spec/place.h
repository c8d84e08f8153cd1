/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SPEC_PLACE_H
#define SPEC_PLACE_H

#include "base.h"
#include "diagnostics.h"

/*
 * From libyaml's marks to places. A mark counts characters, and a line for it ends
 * at U+0085, U+2028 and U+2029 too; a place counts bytes, and a line ends at "\n"
 * as in every editor. So only the mark's index is used, and lines are counted here.
 */
struct place_map {
	const char *text;
	size_t length;
	bool ascii;		/* characters are bytes */
	VEC(uint32_t) chunks;	/* byte offset of each PLACE_CHUNKth character */
	VEC(uint32_t) lines;	/* byte offset of each line's start */
};
#define PLACE_CHUNK 256

/* `text` is valid UTF-8 of less than 4 GiB. */
void place_map_init(struct place_map *map, struct arena *arena, const char *text, size_t length);
/* Byte offset of a character; the text's length past the end. */
size_t place_offset(const struct place_map *map, size_t character);
/* The span of bytes [from, to), cut where its first line ends, without the blanks there. */
struct source_span place_span(const struct place_map *map, size_t from, size_t to);

#endif
