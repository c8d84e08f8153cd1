/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SPEC_INT_H
#define SPEC_INT_H

#include "spec.h"

/*
 * What is where: yaml.c makes a tree of nodes from text, reader.c reads nodes by
 * tables of keys, functions.c, contexts.c, tables.c and limits.c are those tables, path.c and
 * regex.c judge small languages, check.c judges the whole.
 */

/* What one file may hold. Beyond these it is refused, before time or memory run away. */
#define SPEC_MAX_TEXT ((size_t)4 << 20) /* bytes of a file */
#define SPEC_MAX_NESTING 32		/* lists and mappings inside each other */
#define SPEC_MAX_NODES 200000		/* an alias counting as all that it names */
#define SPEC_MAX_STEPS 64		/* of one path */
#define SPEC_MAX_REGEX 1024		/* bytes of one regex */
#define SPEC_MAX_NAME 128		/* bytes of the artifact's name, for file names */

enum spec_node_kind {
	SPEC_NODE_BAD, /* a mistake that was reported; readers pass over it in silence */
	SPEC_NODE_SCALAR,
	SPEC_NODE_LIST,
	SPEC_NODE_MAPPING,
};

/* A YAML node. Aliases point to the node of their anchor, so the tree may share branches. */
struct spec_node {
	enum spec_node_kind kind;
	struct source_span span;
	/* SCALAR */
	const char *text;
	uint32_t exact; /* as in struct spec_text */
	bool plain;	/* neither quoted nor a block */
	const char *anchor; /* NULL when it has none */
	/* LIST */
	VEC(struct spec_node *) items;
	/* MAPPING: pairs in order, keys are scalars and all different */
	VEC(struct spec_pair) pairs;
	/* for the bounds on aliases */
	uint32_t weight; /* nodes from here down, aliases expanded */
	uint32_t height; /* lists and mappings from here down */
};

struct spec_pair {
	const struct spec_node *key;
	const struct spec_node *value;
};

/*
 * The tree of a YAML text, which must be NUL-terminated. NULL when it has none (empty,
 * or not YAML); that is in diags.
 */
struct spec_node *spec_yaml(struct arena *arena, const char *text, size_t length,
			    struct diagnostics *diags);

/* What readers need. */
struct spec_reader {
	struct arena *arena;
	struct diagnostics *diags;
	struct spec *spec;
	const char *key; /* whose value is being read, for messages */
	/*
	 * Something that was wrong is not in the AST: then names of tables or columns
	 * that seem unknown may be its names, and are not complained about.
	 */
	bool tables_incomplete, columns_incomplete;
};

/* Reads `value` into *ret, or complains. */
typedef void spec_read_fn(struct spec_reader *reader, const struct spec_node *value, void *ret);

#define SPEC_KEY_REQUIRED 1u
#define SPEC_KEY_MAY_BE_EMPTY 2u /* `key:` with nothing after it is as if it were not there */
#define SPEC_KEY_UNSUPPORTED 4u /* known to the language, refused by this version */
#define SPEC_KEY_ELSEWHERE 8u /* a limit that holds for the whole spec alone */

/* One key of a mapping. */
struct spec_key {
	const char *name;
	spec_read_fn *read;
	size_t offset; /* of what it sets in the struct that the mapping fills */
	unsigned flags;
};

/* Reads a mapping by a table of its keys. `what` names it in messages: "a function". */
void spec_read_mapping(struct spec_reader *reader, const struct spec_node *node, const char *what,
		       const struct spec_key *keys, size_t n, void *ret);
/* true when it is a list; else complains that the value of the key at hand should be one. */
bool spec_is_list(struct spec_reader *reader, const struct spec_node *node);
/*
 * true for a scalar that says something; else complains that `what` should be one
 * (NULL: the value of the key at hand).
 */
bool spec_is_text(struct spec_reader *reader, const struct spec_node *node, const char *what);
/* "a list", "a mapping", "text" */
const char *spec_node_kind_name(const struct spec_node *node);

/* Into a struct spec_text. */
spec_read_fn spec_read_any_text; /* may be "" */
spec_read_fn spec_read_text;	 /* not "" */
spec_read_fn spec_read_sql_name; /* a table or column name */
/* Into a bool. */
spec_read_fn spec_read_bool;

/* Into a struct spec_limits: the spec's, and a capture's. */
spec_read_fn spec_read_limits;
spec_read_fn spec_read_capture_limits;
struct spec_limits spec_limits_unset(void);

/* Into a struct spec. */
spec_read_fn spec_read_match;
spec_read_fn spec_read_functions;
spec_read_fn spec_read_types;
spec_read_fn spec_read_contexts;
spec_read_fn spec_read_tables;
spec_read_fn spec_read_links;

/* Parses a path; false when it is wrong, which is then in the reader's diags. */
bool spec_parse_path(struct spec_reader *reader, const struct spec_node *node,
		     struct spec_path *ret);
/* The same of a path that begins at a value of a type: fields alone. */
bool spec_parse_type_path(struct spec_reader *reader, const struct spec_node *node,
			  struct spec_path *ret);
/*
 * `expr` of a listed type, into a struct spec_capture: a path, or a list of them of which the
 * first that the binary has is taken.
 */
spec_read_fn spec_read_type_paths;
/*
 * A capture: a mapping with `keys`, or what the first of those keys takes. `what` names it in
 * messages: "a capture". false when it has no path, which is then in the reader's diags.
 */
bool spec_read_capture(struct spec_reader *reader, const struct spec_node *node, const char *what,
		       const struct spec_key *keys, size_t n, struct spec_capture *ret);

/* NULL when the regex compiles at a reasonable cost, else why not (in the arena). */
const char *spec_regex_problem(struct arena *arena, const char *regex);

/* What the spec says as a whole: clashes of names, links. */
void spec_check(struct spec_reader *reader);

/* true when the pattern has a `*` that is a wildcard: no table name can be made of it. */
bool spec_name_has_star(const char *pattern);

/* An error at `span`. */
#define spec_error(reader, span, code, ...)                                                        \
	diagnostics_add((reader)->diags, SEVERITY_ERROR, (code), (span), __VA_ARGS__)

/* `text` for a message: at most 80 bytes of it, cut with "...". */
const char *spec_quote(struct arena *arena, const char *text);

#endif
