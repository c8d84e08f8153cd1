/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SCHEMA_H
#define SCHEMA_H

#include "base.h"
#include "abi/records.h"
#include "abi/tables.h"

/*
 * The schema: everything that is needed to run an object natively and to decode
 * its records, with neither the binary nor the spec at hand. askc builds it in
 * memory, schema_write() turns it into bytes, schema_read() brings it back after
 * checking every index, offset and string in it. docs/FORMATS.md has the layout.
 *
 * All cross references are indexes into the arrays below. `schema_str` is an
 * offset into `strings` (NUL-terminated texts; offset 0 is "").
 */
typedef uint32_t schema_str;
#define SCHEMA_NONE UINT32_MAX

enum schema_kind {
#define SCHEMA_KIND(name, text, sql) SCHEMA_KIND_##name,
#include "kinds.def"
#undef SCHEMA_KIND
	SCHEMA_KINDS,
};
const char *schema_kind_name(enum schema_kind kind);
/* SQL type of a column that holds a value of this kind. */
const char *schema_kind_sql(enum schema_kind kind);

/* Bytes that the engine looks at for a pointer row of this kind; 0 when there is no such kind. */
uint32_t schema_pointer_width(uint32_t kind);
/* Words for an enum ask_reason; "unknown reason" for any other number. */
const char *schema_reason_text(uint32_t reason);

/* A Go type. Row i describes the same type as row i of `engine_types`. Row 0 is uint8 (a string's byte). */
struct schema_type {
	schema_str name;      /* Go's, with full import path: "*github.com/x/y.T" */
	uint32_t kind;	      /* enum schema_kind */
	uint64_t size;	      /* bytes; equals engine_types[i].size */
	uint64_t count;	      /* ARRAY: elements */
	uint32_t elem;	      /* POINTER SLICE ARRAY MAP CHAN: element type, else SCHEMA_NONE */
	uint32_t key;	      /* MAP: key type, else SCHEMA_NONE */
	uint32_t first_field; /* STRUCT, TIME: fields in offset order */
	uint32_t fields;
	uint32_t runtime_type; /* offset from runtime.types, 0 when not linked in */
	uint32_t internals;    /* MAP CHAN: the struct that it points to (hash<K,V>, map<K,V>, hchan<T>), else SCHEMA_NONE */
};

#define SCHEMA_FIELD_EMBEDDED 1u
/* Of a closure object: a POINTER to a captured variable, which is shown in its place. */
#define SCHEMA_FIELD_BY_REFERENCE 2u
/* Of a listed type: nothing of it was read but the length word of a string or slice. */
#define SCHEMA_FIELD_REDACTED 4u
#define SCHEMA_FIELD_FLAGS                                                                         \
	(SCHEMA_FIELD_EMBEDDED | SCHEMA_FIELD_BY_REFERENCE | SCHEMA_FIELD_REDACTED)
struct schema_field {
	uint64_t offset; /* bytes from the struct's start */
	schema_str name; /* an embedded field's name is its type's, as in Go source */
	uint32_t type;
	uint32_t flags; /* SCHEMA_FIELD_EMBEDDED, SCHEMA_FIELD_BY_REFERENCE, SCHEMA_FIELD_REDACTED */
	uint32_t pad;
};

/* A function of the spec: one function table. */
struct schema_function {
	schema_str name;	/* as in the spec */
	schema_str table;	/* SQL table name */
	uint32_t first_capture; /* its captures, in spec order */
	uint32_t captures;
	uint32_t first_column; /* its extra columns, in spec order */
	uint32_t columns;
};

struct schema_capture {
	uint32_t function;
	schema_str expr;   /* as written */
	schema_str column; /* X; raw_X and status_X beside it */
	uint32_t type;	   /* of the value, as columns are typed by it */
	uint32_t limits;   /* index in `limits` */
	uint32_t flags;	   /* SCHEMA_CAPTURE_REDACTED, SCHEMA_CAPTURE_CONTEXT */
	uint32_t context;  /* CONTEXT: index in `contexts`, else 0 */
};
#define SCHEMA_CAPTURE_REDACTED 1u
/* Its expressions give a context.Context; its value is found in that one's chain. */
#define SCHEMA_CAPTURE_CONTEXT 2u

/* A context of the spec: a column of `goroutines` and of each function that has a context.Context. */
struct schema_context {
	schema_str expr;   /* "context.Value(main.requestIDKey).(string)" */
	schema_str column; /* X; raw_X and status_X beside it */
	uint32_t type;	   /* of the value; UNKNOWN where it may be any */
	uint32_t pad;
};

/* To add a type of extra columns: a row here, and how it is stored in lib/tables/function.c. */
#define SCHEMA_COLUMN_TYPE_ROWS(ROW)                                                               \
	ROW(TEXT)                                                                                  \
	ROW(INTEGER)                                                                               \
	ROW(REAL)                                                                                  \
	ROW(JSON)                                                                                  \
	ROW(TIMESTAMP_NS)                                                                          \
	ROW(DURATION_NS)

enum schema_column_type {
#define ROW(type) SCHEMA_COLUMN_##type,
	SCHEMA_COLUMN_TYPE_ROWS(ROW)
#undef ROW
	SCHEMA_COLUMN_TYPES,
};
const char *schema_column_type_name(enum schema_column_type type);

/* An extra column: SQL over the row of its function's table. */
struct schema_column {
	uint32_t function;
	schema_str name;
	schema_str expr;
	uint32_t type; /* enum schema_column_type */
};

struct schema_table { /* a derived table */
	schema_str name;
	schema_str doc;
	schema_str sql;
	uint32_t materialize; /* 1: a table; 0: a view */
};

/* A link: rows of two tables whose columns are equal, pair by pair. */
struct schema_link {
	schema_str from_table, to_table;
	uint32_t first_pair; /* in `link_pairs` */
	uint32_t pairs;
	schema_str note;
	uint32_t pad;
};
struct schema_link_pair {
	schema_str from_column, to_column;
};

/* To add a label of processes: a row here with its word, and its text in runtime/target/match.c. */
#define SCHEMA_MATCH_LABEL_ROWS(ROW)                                                               \
	ROW(EXECUTABLE_NAME, "executable_name")                                                    \
	ROW(EXECUTABLE_PATH, "executable_path")                                                    \
	ROW(COMMAND_LINE, "command_line")                                                          \
	ROW(ENVIRONMENT, "environment")                                                            \
	ROW(HOSTNAME, "hostname")                                                                  \
	ROW(PID, "pid")

enum schema_match_label {
#define ROW(label, word) SCHEMA_MATCH_##label,
	SCHEMA_MATCH_LABEL_ROWS(ROW)
#undef ROW
	SCHEMA_MATCH_LABELS,
};
struct schema_match {
	uint32_t label; /* enum schema_match_label */
	schema_str regex; /* POSIX extended */
};

/* A piece of a value that has no location in this expression: bytes [offset, offset + size). */
struct schema_gap {
	uint32_t expr;
	uint32_t offset, size;
	uint32_t reason; /* enum ask_reason */
};

/*
 * Symbols: what turns a PC into function, file and line with its inline chain.
 * `symbol_functions` are sorted by entry and disjoint.
 */
struct schema_symbol {
	uint32_t lo, hi;      /* offsets from runtime.text */
	schema_str name;
	schema_str file;      /* of its declaration, "" when unknown */
	uint32_t line;	      /* of its declaration, 0 when unknown */
	uint32_t first_node;  /* its inline nodes in `inline_nodes`, parents before children */
	uint32_t nodes;
	uint32_t rows;	      /* byte offset of its line program in `lines` */
};

/* An inlined call: a DW_TAG_inlined_subroutine. */
struct schema_inline {
	schema_str name;   /* of the inlined function */
	uint32_t parent;   /* index in `inline_nodes`, SCHEMA_NONE: the symbol itself */
	schema_str call_file; /* where the call stood */
	uint32_t call_line;
};

/*
 * `lines`: for each symbol a program of rows, ended by the symbol's hi:
 *   varint  PC delta from the last row (from lo for the first, which must be 0)
 *   varint  node: 0 = the symbol itself, n = inline_nodes[first_node + n - 1]
 *   varint  file: index in `files`
 *   zigzag  line delta from the last row's line (from 0 for the first)
 * Each row holds until the next. Varints are LEB128. The program of one symbol
 * begins with a varint that counts its rows.
 */
struct schema_blob {
	const uint8_t *data;
	size_t size;
};

/* One text or number about the binary or the build. */
struct schema_meta {
	schema_str name;	 /* artifact name */
	schema_str spec_text;	 /* the spec as compiled */
	schema_str spec_file;	 /* base name of the spec file */
	schema_str binary;	 /* base name of the binary */
	schema_str go_build_id;	 /* "" when none */
	schema_str gnu_build_id; /* hex, "" when none */
	schema_str go_version;	 /* "go1.26.8" */
	schema_str askc_version;
	uint32_t pie; /* 1: position-independent */
	uint32_t pad;
	uint64_t bytes_limit;	 /* limits.bytes of the spec */
	uint64_t memstats_last_gc; /* link-time address of runtime.memstats.last_gc_unix (ns), 0 when unknown */
};

#define SCHEMA_ARRAY(type, name)                                                                   \
	const type *name;                                                                          \
	uint32_t name##_count

struct schema {
	uint8_t id[32]; /* SHA-256 of the body; set by schema_write() and schema_read() */
	struct schema_meta meta;
	struct ask_layout layout;
	const char *strings; /* strings_size bytes, the last one NUL */
	uint32_t strings_size;
	SCHEMA_ARRAY(struct schema_type, types);
	SCHEMA_ARRAY(struct schema_field, fields);
	SCHEMA_ARRAY(struct schema_function, functions);
	SCHEMA_ARRAY(struct schema_capture, captures);
	SCHEMA_ARRAY(struct schema_column, columns);
	SCHEMA_ARRAY(struct schema_table, tables);
	SCHEMA_ARRAY(struct schema_link, links);
	SCHEMA_ARRAY(struct schema_link_pair, link_pairs);
	SCHEMA_ARRAY(struct schema_match, matches);
	SCHEMA_ARRAY(struct schema_context, contexts); /* bit n of ask_context_type's masks is row n */
	SCHEMA_ARRAY(struct schema_gap, gaps); /* sorted by expr, offset */
	SCHEMA_ARRAY(struct schema_symbol, symbols);
	SCHEMA_ARRAY(struct schema_inline, inline_nodes);
	SCHEMA_ARRAY(schema_str, files);
	SCHEMA_ARRAY(schema_str, wait_reasons); /* runtime.waitReasonStrings */
	/* the engine's tables, the very rows of the generated C */
	SCHEMA_ARRAY(struct ask_limits, limits);
	SCHEMA_ARRAY(struct ask_type, engine_types);
	SCHEMA_ARRAY(struct ask_pointer, pointers);
	SCHEMA_ARRAY(struct ask_span, spans);
	SCHEMA_ARRAY(struct ask_range, ranges);
	SCHEMA_ARRAY(struct ask_probe, probes);
	SCHEMA_ARRAY(struct ask_expr, exprs);
	SCHEMA_ARRAY(struct ask_op, ops);
	SCHEMA_ARRAY(struct ask_cfi, cfi);
	SCHEMA_ARRAY(struct ask_rtype, rtypes);
	SCHEMA_ARRAY(struct ask_closure, closures);
	SCHEMA_ARRAY(struct ask_context_type, context_types);
	struct schema_blob lines;
};

/*
 * The field that holds the number of a sync/atomic type (Bool, Int32, Int64, Uint32,
 * Uint64, Uintptr), which is shown as that number; NULL when `type` is none of these.
 */
const struct schema_field *schema_atomic_number(const struct schema *schema, uint32_t type);

/* The text at `offset`; never NULL for a checked schema. */
static inline const char *schema_text(const struct schema *schema, schema_str offset)
{
	return schema->strings + offset;
}

/*
 * Appends the serialised schema (header, zstd body) to `ret` and sets schema->id.
 * Same schema, same bytes.
 */
struct error *schema_write(struct schema *schema, struct strbuf *ret);

/*
 * Reads and checks a serialised schema. Arrays live in `arena`. `name` is the
 * file's, for messages. ERROR_DAMAGED for anything that is not a whole, valid schema.
 */
struct error *schema_read(struct arena *arena, const char *name, const void *data, size_t size,
			  struct schema **ret);

/* Finds section .askance.schema in an ELF object in memory; *ret points into `data`. */
struct error *schema_section(const char *name, const void *data, size_t size, const void **ret,
			     size_t *ret_size);

/* Reads NAME.ask.o from disk: file_read + schema_section + schema_read. */
struct error *schema_open(struct arena *arena, const char *path, struct schema **ret);

/* A frame of a symbolised PC; inlined ones first, from innermost to the symbol itself. */
struct schema_frame {
	const char *function;
	const char *file;
	uint32_t line;
	uint32_t inline_node; /* index in inline_nodes, SCHEMA_NONE for the symbol itself */
	bool inlined;
};

/*
 * Symbolises text offset `pc` (pass the return address minus 1, or the exact PC).
 * Fills at most `room` frames and returns how many there are in truth; 0 when
 * the PC is in no known function.
 */
size_t schema_symbolize(const struct schema *schema, uint32_t pc, struct schema_frame *frames,
			size_t room);
/* The symbol that holds `pc`, or NULL. */
const struct schema_symbol *schema_symbol_at(const struct schema *schema, uint32_t pc);

#endif
