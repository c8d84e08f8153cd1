/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DIAGNOSTICS_H
#define DIAGNOSTICS_H

#include <stdio.h>

#include "base.h"

/*
 * Mistakes in a spec, gathered over a whole run and printed together. Whoever
 * finds one adds it and goes on; the driver stops after a stage that added errors.
 */

/*
 * A place in the spec: 1-based line and column (in bytes), end_column one past the
 * last byte. A span is of one line. All 0: the spec as a whole, no place in it.
 */
struct source_span {
	uint32_t line, column, end_column;
};

enum severity { SEVERITY_ERROR, SEVERITY_WARNING, SEVERITY_NOTE };

struct diagnostic {
	enum severity severity;
	const char *code; /* stable, kebab-case: "unknown-field" */
	const char *message;
	struct source_span span;
	VEC(const char *) suggestions; /* nearest existing names, best first */
	VEC(const char *) notes;
};

struct diagnostics {
	struct arena *arena;
	const char *file;   /* the spec's name as the user gave it */
	const char *text;   /* its text, for the line under the message */
	size_t text_length;
	VEC(struct diagnostic) list;
	size_t errors;
};

void diagnostics_init(struct diagnostics *diags, struct arena *arena, const char *file,
		      const char *text, size_t text_length);

/* Adds a diagnostic and returns it for suggestions and notes. Valid until the next one is added. */
struct diagnostic *diagnostics_add(struct diagnostics *diags, enum severity severity,
				   const char *code, struct source_span span, const char *format,
				   ...) __attribute__((format(printf, 5, 6)));
void diagnostic_note(struct diagnostics *diags, struct diagnostic *diag, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Adds up to three of `names` that are nearest to `wrong` (edit distance, case and
 * common prefixes considered), nearest first; none when nothing is near. Each costs
 * a comparison with every name, so a run with more diagnostics than
 * DIAGNOSTICS_MAX_SUGGESTED gets none for those past that.
 */
#define DIAGNOSTICS_MAX_SUGGESTED 200
void diagnostic_suggest(struct diagnostics *diags, struct diagnostic *diag, const char *wrong,
			const char *const *names, size_t n);

/*
 * file:line:col: error: message, the line, a caret under the span, "did you mean …".
 * All three are sorted by place, exact repetitions left out. They allocate in the arena.
 */
void diagnostics_print_human(const struct diagnostics *diags, FILE *out);
/* The document of DESIGN 3. */
void diagnostics_print_json(const struct diagnostics *diags, FILE *out);
/* SARIF 2.1.0. */
void diagnostics_print_sarif(const struct diagnostics *diags, FILE *out);

#endif
