/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DIAGNOSTICS_INT_H
#define DIAGNOSTICS_INT_H

#include "diagnostics.h"

/* What the three printers share. */

/* "error", "warning", "note". */
const char *severity_name(enum severity severity);

/*
 * The diagnostics by place (line, column), those of one place in the order they
 * were added, exact repetitions left out: a node that is reached by two aliases
 * is complained about once. *n is their number.
 */
const struct diagnostic **diagnostics_sorted(const struct diagnostics *diags, size_t *n);

/* Walks the lines of the text forwards; each printer makes one pass over sorted places. */
struct line_cursor {
	uint32_t line; /* 1-based; 0 before the first */
	size_t start;  /* byte offset of its first byte */
	size_t end;    /* of its "\n", or of the text's end */
};
#define LINE_CURSOR_INIT {0}

/* The line without its end; false when the text has no such line. Lines must not decrease. */
bool line_cursor_seek(struct line_cursor *cursor, const struct diagnostics *diags, uint32_t line,
		      const char **ret, size_t *length);

#endif
