/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SPEC_H
#define SPEC_H

#include "base.h"
#include "diagnostics.h"
#include "schema.h" /* enums shared with the artifact: schema_column_type, schema_match_label */

/*
 * The spec as an AST. Every node keeps its place in the file, so that each later
 * stage can complain under the offending word. Strings and nodes live in the arena.
 */
struct spec_text {
	const char *text; /* NULL: the key is absent */
	struct source_span span; /* without quotes when `exact`; of a block text its `|` or `>` */
	/*
	 * For a text of one line in plain or quoted style: the column of its first byte,
	 * which is span.column (after the quote), so that a part of it can be pointed at:
	 * byte i is in column exact + i. 0 when the text has escapes or several lines.
	 */
	uint32_t exact;
};

/* Values given in the spec; SPEC_UNSET where not. */
#define SPEC_UNSET UINT64_MAX
struct spec_limits {
	uint64_t depth, string, slice, map; /* bytes but for depth */
	uint64_t frames_leaf, frames_root;
	uint64_t bytes;
	struct source_span span;
};

/* One step of a path: `cs.mu.processing`, `xs[2]`, `v.(*pkg.T)`. */
enum spec_step_kind {
	SPEC_STEP_FIELD, /* .name */
	SPEC_STEP_INDEX, /* [n] */
	SPEC_STEP_ASSERT, /* .(type) */
};
struct spec_step {
	enum spec_step_kind kind;
	const char *name; /* FIELD: name; ASSERT: Go type name */
	uint64_t index;	  /* INDEX */
	struct source_span span; /* FIELD: name; INDEX: `[n]`; ASSERT: type */
};

/* A parsed expression: a variable, then steps. */
struct spec_path {
	const char *text; /* as written */
	struct source_span span;
	const char *variable; /* "cs"; for a closure or result also "~r0", "&x" */
	uint64_t line;	      /* name@line: declaration line, 0 when not given */
	struct source_span variable_span;
	VEC(struct spec_step) steps;
};

struct spec_capture {
	struct source_span span;
	VEC(struct spec_path) paths; /* the alternatives, at least one: the first that the binary has */
	struct spec_text as;	     /* column name */
	struct spec_limits limits;
	bool redact;
};

struct spec_column {
	struct spec_text name, expr;
	enum schema_column_type type;
	struct source_span span;
};

struct spec_function {
	struct spec_text name;
	struct spec_text table; /* text NULL: spec_table_name() of the name; checked not to clash */
	VEC(struct spec_capture) captures;
	VEC(struct spec_column) columns;
	struct source_span span;
};

/* `types`: what is captured of a type wherever it is reached. */
struct spec_type {
	struct spec_text name; /* a full Go name, or a pattern as those of functions */
	/*
	 * What is chosen; may be empty. Paths begin at a value of the type: `variable` is "", its
	 * first field is their first step, and all steps are fields. `as` and limits are not set.
	 */
	VEC(struct spec_capture) captures;
	struct source_span span;
};

/*
 * A context: a column made of the topmost link in a chain of contexts whose key has the
 * type `key` and whose value has the type `value`. One of both is there; a missing one is any.
 */
struct spec_context {
	struct spec_text key, value; /* Go type names */
	struct spec_text as;
	const char *column; /* `as`, or made of the key's name (the value's without a key) */
	struct source_span span;
};
/* The engine has a bit for each. */
#define SPEC_MAX_CONTEXTS 32

struct spec_table {
	struct spec_text name, doc, sql;
	bool materialize;
	struct source_span span;
};

struct spec_link_end {
	struct spec_text table;
	VEC(struct spec_text) columns;
};
struct spec_link {
	struct spec_link_end from, to;
	struct spec_text note;
	struct source_span span;
};

struct spec_match {
	enum schema_match_label label;
	struct spec_text regex; /* checked: it compiles as POSIX extended */
};

struct spec {
	const char *file; /* as given */
	const char *text; /* whole text, NUL-terminated */
	size_t text_length;
	struct spec_text name; /* artifact; span all 0 when it was made of the file's name */
	struct spec_limits limits;
	VEC(struct spec_match) matches; /* in the order of enum schema_match_label */
	VEC(struct spec_function) functions;
	VEC(struct spec_type) types; /* names are all different */
	VEC(struct spec_context) contexts;
	VEC(struct spec_table) tables;
	VEC(struct spec_link) links;
};

/* Limits that hold where a spec says nothing (DESIGN 3). */
#define SPEC_DEFAULT_DEPTH 4
#define SPEC_DEFAULT_STRING 512
#define SPEC_DEFAULT_SLICE 512
#define SPEC_DEFAULT_MAP 2048
#define SPEC_DEFAULT_FRAMES_LEAF 512
#define SPEC_DEFAULT_FRAMES_ROOT 64
#define SPEC_DEFAULT_BYTES ((uint64_t)64 << 20)
/* The most that each may be. */
#define SPEC_MAX_DEPTH 64
#define SPEC_MAX_LENGTH ((uint64_t)512 << 10) /* string, slice, map: 512 KiB */
#define SPEC_MAX_FRAMES 4096		      /* leaf + root */
#define SPEC_MAX_BYTES ((uint64_t)16 << 30)

/*
 * Parses a spec. Mistakes go to `diags`; *ret is the AST of what could be
 * understood (later stages run only when diags->errors is 0). An error is
 * returned only when the file cannot be read at all. `path` "-" is stdin, which
 * messages and spec->file call "<stdin>". diags is initialised here, and copies
 * what it keeps. A byte order mark is no part of the text.
 */
struct error *spec_read(struct arena *arena, const char *path, struct diagnostics *diags,
			struct spec **ret);
/* The same from text in memory; `file` is used in messages. */
void spec_parse(struct arena *arena, const char *file, const char *text, size_t length,
		struct diagnostics *diags, struct spec **ret);

/*
 * The default table name of a function: without its package, receivers bare, every
 * run of other characters "_": main.(*server).GetInfo -> server_GetInfo.
 */
char *spec_table_name(struct arena *arena, const char *function);
/* The default column name of a path: cs.mu.processing -> cs_mu_processing. */
char *spec_column_name(struct arena *arena, const char *path);

/*
 * Matches a full Go function name against a pattern: `*` is a wildcard but right
 * after `(`; `[...]` is any instantiation.
 */
bool spec_name_matches(const char *pattern, const char *name);
/* true when the pattern has a wildcard, `*` or `[...]`. */
bool spec_name_is_pattern(const char *pattern);

#endif
