/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SCHEMA_STRING_TABLE_H
#define SCHEMA_STRING_TABLE_H

#include "schema.h"

/*
 * Builds a schema's string table: each text once, in the order of its first use,
 * so that the same calls give the same bytes. `data` and `size` go into
 * schema.strings and schema.strings_size when all texts are in.
 * (Not named strings.h: <string.h> would find it in place of the C library's.)
 */
struct schema_strings {
	struct arena *arena;
	struct strmap offsets;
	char *data; /* moves when it grows; size bytes, the last one NUL */
	uint32_t size;
	size_t capacity;
};

/* A table that holds "" at offset 0. */
void schema_strings_init(struct schema_strings *strings, struct arena *arena);
/* The offset of `text`, which is copied. */
schema_str schema_strings_add(struct schema_strings *strings, const char *text);

#endif
