/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SCHEMA_LINES_H
#define SCHEMA_LINES_H

#include "schema.h"

/*
 * The line program of one symbol: which inline node, file and line each of its PCs
 * belongs to. Writer and reader side by side; the format is in schema.h.
 */

/* From `pc` on, up to the next row or the symbol's hi. */
struct schema_line_row {
	uint32_t pc;   /* offset from runtime.text */
	uint32_t node; /* 0: the symbol itself, n: inline_nodes[first_node + n - 1] */
	uint32_t file; /* index in schema.files */
	uint32_t line;
};

/*
 * Appends the program of a symbol that begins at `lo`. Rows are in order of their
 * PCs, each larger than the last, and the first is at `lo`. A row that says the same
 * as the one before is left out. The symbol's `rows` is out->length before the call.
 */
void schema_lines_encode(struct strbuf *out, const struct schema_line_row *rows, size_t n,
			 uint32_t lo);

struct schema_line_reader {
	const uint8_t *at, *end;
	uint64_t left; /* rows still to come */
	bool first;
	bool bad; /* the program is malformed */
	struct schema_line_row row;
};

/* Begins to read the program at byte `offset` of `lines`, of a symbol that begins at `lo`. */
void schema_lines_begin(struct schema_line_reader *reader, const struct schema_blob *lines,
			uint32_t offset, uint32_t lo);
/* The next row in reader->row; false at the end, and when the program is malformed (`bad`). */
bool schema_lines_next(struct schema_line_reader *reader);

#endif
