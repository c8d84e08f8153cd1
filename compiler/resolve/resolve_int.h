/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef RESOLVE_INT_H
#define RESOLVE_INT_H

#include "pool.h"
#include "resolve.h"
#include "lines.h"
#include "string_table.h"

/* Private to resolve; resolve.c has the essay. */

struct resolve;
struct resolve_flat;

/* ---- paths.c: from a variable to a value ---- */

/* From what lies at an address to another address. */
enum resolve_hop_kind {
	RESOLVE_FOLLOW, /* a pointer: what it points to */
	RESOLVE_INDEX,	/* a slice: one element */
	RESOLVE_ASSERT, /* an interface: its value, if it has the type */
};
struct resolve_hop {
	enum resolve_hop_kind kind;
	const char *name;		/* of what it starts from: "cs.mu" */
	uint64_t add;			/* bytes to go on from where it leads */
	uint64_t index, element_size;	/* INDEX */
	const struct binary_type *type; /* ASSERT: the type */
	bool methods;			/* ASSERT: an interface with methods, no `any` */
	bool direct;			/* ASSERT: the data word is the value itself */
};

/*
 * How a capture's value is reached from one variable: begin `offset` bytes into
 * the variable, then take each hop.
 */
struct resolve_access {
	const struct binary_variable *variable;
	const struct binary_type *type; /* of the value */
	uint64_t offset;
	const struct resolve_hop *hops;
	size_t hops_count;
	bool unsure; /* other things may use the variable's stack slot: see locate_is_unsure() */
	bool redact; /* no byte of the value but the length of a string or slice */
	struct resolve_flat *flat; /* tells what `types:` leaves of the value; may be NULL */
};

/*
 * Walks `path`'s steps from `variable`. A mistake goes to `diags` and makes the
 * result false; `*ret` is set when it is true.
 */
bool path_access(struct arena *arena, struct binary *binary, struct diagnostics *diags,
		 const struct spec_path *path, const struct binary_variable *variable,
		 struct resolve_access *ret);

/* The fields that a path goes through, embedded ones spelt out, pointers between them followed. */
struct resolve_fields {
	const struct binary_field *const *data;
	size_t count;
};
/* Walks the fields of `path` from a value of `type`; else as path_access(). */
bool path_fields(struct arena *arena, struct diagnostics *diags, const struct spec_path *path,
		 const struct binary_type *type, struct resolve_fields *ret);

/* ---- locate.c: from a location to ops ---- */

/* Bytes [offset, offset + size) of a value without a location. */
struct resolve_gap {
	uint32_t offset, size, reason;
};
struct resolve_program {
	uint32_t reason; /* enum ask_reason when there is no value; there are no ops but for
			    REDACTED */
	struct ask_op ops[ASK_MAX_OPS];
	uint32_t ops_count;
	const struct resolve_gap *gaps;
	uint32_t gaps_count;
};

/*
 * The location that holds at return address `pc`, where `variable` is known to be
 * in scope. NULL: none does.
 */
const struct binary_location *locate_at(const struct binary_variable *variable, uint64_t pc);
/* true when one plain expression holds all over the variable's scope. */
bool locate_is_plain(const struct binary_variable *variable);
/*
 * true when a stack slot that DWARF gives for this variable may hold something else by
 * then: large locals share slots. `function` is the one whose frame it is; `inlined`: of an
 * inlined instance.
 */
bool locate_is_unsure(const struct binary_function *function,
		      const struct binary_variable *variable, bool inlined);
/* Compiles an access at one location (NULL: not live). */
void locate(struct arena *arena, const struct resolve_access *access,
	    const struct binary_location *location, struct resolve_program *ret);
/*
 * true when bytes [lo, hi) of the type hold data that a value shows: not padding, not `_`,
 * not what `types:` leaves out. `flat` may be NULL.
 */
bool locate_has_data(struct resolve_flat *flat, const struct binary_type *type, uint64_t lo,
		     uint64_t hi);

/* ---- the run ---- */

/* All variables of an instance through which one capture may be reached there. */
struct resolve_binding {
	const struct resolve_access *accesses;
	size_t count;
	uint32_t reason; /* without any: why, an enum ask_reason; 0: NO_VARIABLE */
};

/* One instance of one spec function. */
struct resolve_site {
	uint32_t function; /* index in spec->functions */
	const char *name;  /* the function's name in the binary */
	struct binary_instance instance;
	uint32_t inline_node; /* in schema.inline_nodes, ASK_NO_INLINE: out of line */
	uint32_t depth;	      /* in the inline tree, 0: out of line */
	const struct binary_variable *variables;
	size_t variables_count;
	struct resolve_binding *bindings; /* one for each capture of the function */
};

struct resolve_function {
	/* as in the spec; of a function that has contexts its captures are followed by theirs */
	const struct spec_function *spec;
	uint32_t own_captures; /* how many of spec->captures the spec lists */
	const char *table;
	uint32_t first_capture; /* in schema.captures */
};

/* A capture of the schema, beside its row. */
struct resolve_capture {
	const struct spec_capture *spec;
	const char *column;
	const struct spec_path *path;	/* of the alternatives, the one that this binary has */
	const struct binary_type *type; /* NULL until a variable was found */
	/* One; several for instantiations of a generic function: then `type` is UNKNOWN and names
	 * them. */
	VEC(const struct binary_type *) types;
	uint32_t type_index;
	uint32_t limits;
	uint32_t depth;
	const struct spec_context *context; /* NULL: the spec writes the capture out */
	const char *comment; /* of its expressions */
};

/* A pointer inside a type, its target not yet a row. */
struct resolve_pointer {
	uint32_t offset, kind, repeat, stride;
	uint32_t extra;			      /* as in struct ask_pointer */
	const struct binary_type *target;     /* NULL: a byte, or nothing in particular */
	const struct binary_type *extra_type; /* DIRECTORY, NODE: extra is its row */
	const char *path;		      /* ".cs.mu", "[].name" */
};
struct resolve_pointers {
	VEC(struct resolve_pointer) rows;
};

/* ---- internals.c: what maps, channels and closures are made of ---- */

/* What a struct of the runtime is part of. Go source: runtime/map.go, runtime/chan.go,
 * internal/runtime/maps. */
enum resolve_part {
	RESOLVE_HASH,	       /* hash<K,V> (runtime.hmap), up to Go 1.23 */
	RESOLVE_BUCKET,	       /* bucket<K,V> */
	RESOLVE_MAP,	       /* map<K,V> (internal/runtime/maps.Map), from Go 1.24 on */
	RESOLVE_TABLE_POINTER, /* *table<K,V>: an element of the directory */
	RESOLVE_TABLE,	       /* table<K,V> */
	RESOLVE_GROUP,	       /* group of 8 slots */
	RESOLVE_CHAN,	       /* hchan<T> */
	RESOLVE_SUDOG,	       /* sudog<T>: a waiting goroutine */
	RESOLVE_CLOSURE,       /* made by us: the PC and the captured variables */
	RESOLVE_CHOSEN_POINTER, /* made by us: a pointer on the way of a path of `types:` */
	/* syncmap.c */
	RESOLVE_SYNC_MAP,   /* sync.Map, up to Go 1.23 */
	RESOLVE_SYNC_ENTRY, /* sync.entry: its value */
	RESOLVE_TRIE,	    /* internal/sync.HashTrieMap[K,V]: sync.Map from Go 1.24 on */
	RESOLVE_TRIE_NODE,  /* internal/sync.indirect[K,V]: 16 children */
	RESOLVE_TRIE_ENTRY, /* internal/sync.entry[K,V] */
	RESOLVE_NO_PART,
};
struct resolve_role {
	enum resolve_part part;
	const struct binary_type *of; /* the MAP or CHAN */
	const bool *by_reference;     /* CLOSURE: for each field */
};

/* A function with captured variables, and its closure object. */
struct resolve_closure {
	const struct binary_function *function;
	const struct binary_type *type;
};

/* Types taken apart so far. */
struct resolve_flat {
	struct arena *arena;
	struct binary *binary; /* NULL: nothing is looked up by name */
	struct map memo;  /* const struct binary_type * -> struct resolve_pointers * */
	struct map roles; /* const struct binary_type * -> struct resolve_role * */

	/* views.c */
	struct resolve *resolve; /* NULL: there are no views */
	struct map views;	 /* const struct binary_type * -> struct resolve_view *, or NULL */
	struct strmap parts;	 /* type and what is chosen of it -> const struct binary_type * */
	struct strmap listed;	 /* exact name -> index in spec->types */
	VEC(uint32_t) patterns;	 /* the others */
	struct map told;	 /* nodes of the spec that a mistake was reported of */
	struct map spans;	 /* const struct binary_type * -> struct resolve_spans * */
};
void flat_init(struct resolve_flat *flat, struct arena *arena, struct binary *binary);
/* The role of a type, NULL for ordinary ones. */
const struct resolve_role *flat_role(const struct resolve_flat *flat,
				     const struct binary_type *type);
/*
 * Gives the structs behind a MAP or CHAN their roles. false: debug info does not describe
 * them as we know them, and the value is not followed.
 */
bool internals_know(struct resolve_flat *flat, const struct binary_type *type);
/* The pointer rows of a type that has a role. false as pointers_flatten(). */
bool internals_flatten(struct resolve_flat *flat, const struct binary_type *type,
		       const struct resolve_role *role, struct resolve_pointers *ret);
/* ---- syncmap.c: what a sync.Map is made of ---- */

/* The role of a struct of sync or internal/sync, which it gets now; NULL: it is an ordinary one. */
const struct resolve_role *syncmap_role(struct resolve_flat *flat, const struct binary_type *type);
/* The pointer rows of such a struct. false as pointers_flatten(). */
bool syncmap_flatten(struct resolve_flat *flat, const struct binary_type *type,
		     const struct resolve_role *role, struct resolve_pointers *ret);
/* A pointer to this is part of a sync.Map up to Go 1.23, and costs nothing. */
bool syncmap_is_inner(const struct binary_type *type);

/* What a func value leads to when no more than its PC is known. */
const struct binary_type *internals_funcval(struct resolve *resolve);
/* The closure object of a closure function; NULL when it has none or debug info contradicts itself.
 */
struct error *internals_closure(struct resolve *resolve, const struct binary_function *function,
				const struct binary_type **ret);
/* The object of a method value, by its wrapper; NULL: another function, or an unknown receiver. */
const struct binary_type *internals_method_value(struct resolve *resolve,
						 const struct binary_function *function);

/* ---- views.c: what `types:` leaves of a struct ---- */

struct resolve_view {
	const struct binary_type *of;	 /* the struct as it was declared */
	const struct binary_type *shape; /* with the chosen fields alone; of the same size */
	const bool *redacted;		 /* for each field of `shape`: its bytes are not read */
	const char *chosen;		 /* "clientID, mu.processing" */
};
/* Reads the spec's list; mistakes go to resolve->diags. */
void views_bind(struct resolve *resolve);
/* The view of a type that is listed, or part of one that is; NULL: all of it is shown. */
const struct resolve_view *flat_view(struct resolve_flat *flat, const struct binary_type *type);
/* "main.clientState, chosen: clientID, mu.processing"; the name alone where all is shown. */
const char *views_comment(struct resolve_flat *flat, const struct binary_type *type);

/* ---- spans.c: which bytes of a value are copied ---- */

/* `repeat` times bytes [offset, offset + size), `stride` bytes apart. */
struct resolve_span {
	uint64_t offset, size, repeat, stride;
	const char *path, *to; /* ".clientID": its field, or the first and last of several */
};
struct resolve_spans {
	bool cut; /* false: all bytes are copied, there are no rows */
	VEC(struct resolve_span) rows;
};
/* NULL: more than POINTERS_MAX rows, or nested absurdly. `depth`: 0 but in spans.c. */
const struct resolve_spans *spans_of(struct resolve_flat *flat, const struct binary_type *type,
				     unsigned depth);
/* Leaves of the COPY ops of a value what its type's spans have; false: more than ASK_MAX_OPS. */
bool spans_cut(struct resolve_flat *flat, const struct binary_type *type,
	       struct resolve_program *program);

/* ---- contexts.c: contexts become captures ---- */

/* What leads from a link of a chain to the next one: a type of our own, of a few words. */
struct resolve_chain {
	const struct binary_type *type;
	const struct resolve_chain *next; /* what its pointer leads to, NULL: it is no pointer */
	uint64_t skip;			 /* bytes from where the pointer leads to `next` */
	struct resolve_pointers pointers;
};

/* A type descriptor that contexts have to do with. */
struct resolve_link {
	const struct binary_descriptor *descriptor;
	const struct resolve_chain *view; /* NULL: it passes no context on */
	uint64_t skip;
	uint32_t keys, values, flags; /* as in struct ask_context_type */
};

struct resolve_contexts {
	struct schema_context *rows;	/* of spec->contexts, without their types */
	const struct binary_type **types; /* of their values */
	const struct spec_capture *captures; /* made of them */
	bool used;			/* a function has one */
	const struct resolve_chain *chain;    /* of a context.Context */
	const struct resolve_chain *value;    /* of a context.valueCtx, NULL: the program has none */
	VEC(struct resolve_chain *) views;
	VEC(struct resolve_link) links; /* by offset */
	uint32_t any_key, any_value;	/* as in struct ask_layout */
};
/* Judges spec->contexts; before functions are bound. */
struct error *contexts_begin(struct resolve *resolve);
/* Adds the contexts to the captures of a function in whose sites there is a context.Context. */
void contexts_function(struct resolve *resolve, struct resolve_function *function,
		       const struct resolve_site *sites, size_t count);
/* Binds the capture of a context in all sites of its function, as their binding `index`. */
void contexts_bind(struct resolve *resolve, struct resolve_capture *capture, uint32_t context,
		   uint32_t index, struct resolve_site *sites, size_t count);
/* Types that contexts reach, NULL-terminated; views are flattened. For types_collect(). */
const struct binary_type *const *contexts_types(struct resolve *resolve);
/* Rows of the schema; after types_collect(). */
void contexts_build(struct resolve *resolve);

/* ---- chains.c: the links of chains ---- */

/* true for context.Context. */
bool chains_is_context(const struct binary_type *type);
/* Makes the views of context.Context and context.valueCtx. */
struct error *chains_begin(struct resolve *resolve);
/* Finds every type that is a link, or a key or value that the spec asks for. */
void chains_find(struct resolve *resolve);

/* A row of the type tables. */
struct resolve_type {
	const struct binary_type *type; /* NULL: row 0, when the binary does not describe uint8 */
	bool out_of_reach;		/* only its name and size are kept: no capture gets here */
	bool unknown_pointee;		/* the row that pointees without debug info share */
	bool own; /* a capture leads here by itself, not by what an interface or func value holds */
	struct resolve_pointers pointers;
	const struct resolve_spans *spans; /* NULL for rows that nothing is copied of */
};

struct resolve_op {
	struct ask_op op;
	const char *comment; /* interned: equal texts are the same pointer */
};
struct resolve_expr {
	struct ask_expr row;
	const char *comment;
	uint32_t first_gap, gaps;
};
struct resolve_probe {
	struct ask_probe row;
	const char *comment;
};

struct resolve {
	struct arena *arena;
	struct arena scratch;	    /* of symbols_rows(), emptied by each call */
	struct arena probe_scratch; /* of one part of ranges.c */
	const struct spec *spec;
	const char *spec_file; /* base name: outputs do not depend on where the spec lies */
	struct binary *binary;
	const struct binary_info *info;
	struct diagnostics *diags;
	struct schema_strings strings;
	struct strmap comments; /* interned comments */
	struct ir *ir;

	struct resolve_function *functions; /* parallel to spec->functions */
	VEC(struct resolve_capture) captures;
	VEC(struct resolve_site) sites; /* in the order of ranges, see bind.c */
	VEC(struct ask_limits) limits;

	/* types.c */
	uint32_t type_groups[IR_TYPE_GROUPS]; /* the first row of each */
	struct map type_index; /* const struct binary_type * -> row of `types` */
	VEC(struct resolve_type) types;
	struct resolve_flat flat;
	bool has_interfaces; /* a capture reaches one: the schema names every runtime type */
	bool has_funcs;
	const struct binary_type *funcval;    /* a closure object of which only the PC is known */
	VEC(struct resolve_closure) closures; /* by PC */
	struct resolve_contexts contexts;
	const struct binary_type *labels; /* runtime/pprof.labelMap; NULL: the program has no labels */
	uint32_t labels_limits;

	/* symbols.c */
	uint32_t *first_node; /* for each binary function: its first row in inline_nodes */
	const struct binary_line *line_rows;
	size_t line_rows_count;
	VEC(schema_str) files;
	struct map file_index;	  /* const char * of binary_line.file -> index */
	struct strmap file_names; /* the same by text */

	/* ranges.c */
	struct pool ops, exprs, gaps, probes;
	VEC(struct ask_range) ranges;
	VEC(const char *) range_comments;
	VEC(struct ir_address) addresses;
};

/* Prepares a run: everything empty, `binary` and `arena` (and `spec`, unless NULL) set before. */
void resolve_begin(struct resolve *resolve);
void resolve_end(struct resolve *resolve);

/* Interns a comment: equal texts give the same pointer, so rows compare by bytes. */
const char *resolve_comment(struct resolve *resolve, const char *text);
/* Adds a string to the schema. */
schema_str resolve_string(struct resolve *resolve, const char *text);
/* A PC as offset from runtime.text; the caller knows that it is in text. */
uint32_t resolve_pc(const struct resolve *resolve, uint64_t pc);

/* bind.c: spec functions -> sites, captures -> accesses. */
struct error *bind_functions(struct resolve *resolve);
/* The row of limits: `own`, else the spec's, else the defaults. NULL: the spec's. */
uint32_t bind_limits(struct resolve *resolve, const struct spec_limits *own);

/* types.c, pointers.c */
struct error *types_collect(struct resolve *resolve);
struct error *types_build(struct resolve *resolve);
/* Row of a type, SCHEMA_NONE when there is none. */
uint32_t types_index(const struct resolve *resolve, const struct binary_type *type);

#define POINTERS_MAX 4096
/*
 * Flattens a type into rows of pointers. false when it wants more than
 * POINTERS_MAX rows or is nested absurdly.
 */
bool pointers_flatten(struct resolve_flat *flat, const struct binary_type *type,
		      struct resolve_pointers *ret);
/* Appends a copy of `row` at `offset` of the type that `ret` is of. false: too many, too far. */
bool pointers_push(struct resolve_flat *flat, struct resolve_pointers *ret,
		   const struct resolve_pointer *row, uint64_t offset, const char *path);
/* The rows of a member of a struct, at its place. */
bool pointers_member(struct resolve_flat *flat, const struct binary_field *field,
		     struct resolve_pointers *ret);
/* What an atomic.Pointer[T] points to; NULL when `type` is none. */
const struct binary_type *pointers_atomic_target(const struct binary_type *type);
/* Nothing lies there, or nothing that could be shown. */
bool pointers_lead_nowhere(const struct binary_type *target);

/* dynamic.c: what only the running program knows. */
/* Whether an interface can hold such a type, and its values can be captured. */
bool dynamic_may_be(const struct binary_type *type);
/* Finds the closures of the binary. */
struct error *dynamic_closures(struct resolve *resolve);
/* The tables of runtime types and closures; after types_collect(). */
void dynamic_build(struct resolve *resolve);

/* symbols.c */
struct error *symbols_number(struct resolve *resolve);
struct error *symbols_build(struct resolve *resolve);
struct resolve_rows {
	VEC(struct schema_line_row) rows;
};
/* Line rows of one function, each with its innermost inline node (1-based). Empties `ret` first. */
void symbols_rows(struct resolve *resolve, const struct binary_function *function,
		  struct resolve_rows *ret);
/*
 * Line, and unless `file` is NULL the file, of the frame of inline node `inline_index`
 * (UINT32_MAX: the function's own) at `pc`. 0 when the node is not active there.
 */
uint32_t symbols_frame_line(struct resolve *resolve, const struct binary_function *function,
			    const struct resolve_rows *rows, uint32_t inline_index, uint64_t pc,
			    const char **file);

/* ranges.c */
enum resolve_standing {
	RESOLVE_OUT_OF_SCOPE, /* in a block that this PC is not in */
	RESOLVE_NOT_DECLARED, /* its block is entered, its declaration is still to come */
	RESOLVE_NOT_SURE,     /* perhaps just being declared: the name means it, it has no value */
	RESOLVE_STANDS,
};
/* How a variable stands at return address `pc`, in a frame at `line` (0: not known). */
enum resolve_standing variable_standing(const struct binary_variable *variable, uint64_t pc,
					uint32_t line);
void ranges_build(struct resolve *resolve);
/* Sites lie together by concrete function: the end of the group that begins at `first`. */
size_t sites_group(const struct resolve *resolve, size_t first);
/* true when the instance runs at a return address, that is, at pc - 1. */
bool site_active(const struct resolve_site *site, uint64_t pc);

/* availability.c: after ranges_build(). */
struct error *availability_build(struct resolve *resolve);

/* layout.c */
/* The member at a dotted path; NULL when there is none. *offset is from the outermost struct. */
const struct binary_type *layout_member(const struct binary_type *type, const char *path,
					uint64_t *offset);
struct error *layout_build(struct resolve *resolve);

/* tables.c: tables, columns, links, match rules of the spec; SQL checks. */
void tables_name(struct resolve *resolve);
void tables_build(struct resolve *resolve);
struct error *tables_validate(struct resolve *resolve);

#endif
