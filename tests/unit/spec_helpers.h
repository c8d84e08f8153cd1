/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SPEC_HELPERS_H
#define SPEC_HELPERS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "diagnostics_int.h"
#include "spec.h"

/* A parsed text, with all that hangs on it. */
struct parsed {
	struct arena arena;
	struct diagnostics diags;
	struct spec *spec;
};

static inline void parse_bytes(struct parsed *p, const char *text, size_t length)
{
	arena_init(&p->arena);
	spec_parse(&p->arena, "dir/t.ask.yaml", text, length, &p->diags, &p->spec);
}

static inline void parsed_free(struct parsed *p)
{
	arena_deinit(&p->arena);
}
#define cleanup_parsed __attribute__((cleanup(parsed_free)))

/* "LINE:COLUMN-END CODE: MESSAGE\n" for each diagnostic, in order. */
static inline char *summary(struct parsed *p)
{
	struct strbuf buf = STRBUF_INIT;
	size_t n;
	const struct diagnostic **sorted = diagnostics_sorted(&p->diags, &n);
	char *result;

	for (size_t i = 0; i < n; i++)
		strbuf_printf(&buf, "%u:%u-%u %s: %s\n", sorted[i]->span.line,
			      sorted[i]->span.column, sorted[i]->span.end_column, sorted[i]->code,
			      sorted[i]->message);
	result = arena_strdup(&p->arena, buf.data);
	strbuf_deinit(&buf);
	return result;
}

/* The text gives exactly these diagnostics, each with its span. */
#define assert_mistakes(text, expected)                                                            \
	do {                                                                                       \
		struct parsed p_;                                                                  \
		parse_bytes(&p_, text, strlen(text));                                              \
		assert_string_equal(summary(&p_), expected);                                       \
		parsed_free(&p_);                                                                  \
	} while (0)

/* What a printer writes, in the arena of `p`. */
static inline char *printed(struct parsed *p,
			    void (*print)(const struct diagnostics *diags, FILE *out))
{
	char *text = NULL, *copy;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	print(&p->diags, out);
	fclose(out);
	copy = arena_strndup(&p->arena, text, size);
	free(text);
	return copy;
}

#define assert_span(span, l, c, e)                                                                 \
	do {                                                                                       \
		assert_int_equal((span).line, l);                                                  \
		assert_int_equal((span).column, c);                                                \
		assert_int_equal((span).end_column, e);                                            \
	} while (0)

#endif
