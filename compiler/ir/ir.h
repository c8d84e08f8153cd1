/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef IR_H
#define IR_H

#include "base.h"
#include "schema.h"

/* Groups of the type table's rows, in their order there; what each is, emit's headings say. */
enum ir_type_group {
	IR_TYPES_OWN,	  /* named by the spec, or reached from there without an interface */
	IR_TYPES_DYNAMIC, /* reached only as what an interface or a func value may hold */
	IR_TYPES_NAMED,	  /* known by name and size: nothing of them is captured */
	IR_TYPE_GROUPS,
};

/*
 * IR: the compiled spec. It is the schema plus, for each row of the engine's
 * tables, words for the reader of the generated C. resolve builds it, ir_validate
 * checks it, ir_print shows it, emit turns it into C and schema_write() into bytes.
 */
struct ir {
	struct schema schema;
	/* One text a row, for the generated C; parallel to the schema's arrays. */
	const char *const *type_comments;    /* engine_types: "main.clientState" */
	uint32_t type_groups[IR_TYPE_GROUPS]; /* row where each begins: the last ones may be empty */
	const char *const *pointer_comments; /* pointers: "main.server.cs *main.clientState" */
	const char *const *span_comments;    /* spans: "main.clientState: .clientID" */
	const char *const *range_comments;   /* ranges: "main.(*server).GetInfo+0x8f .. +0xb4" */
	const char *const *probe_comments;   /* probes: "main.(*server).GetInfo (inlined in …)" */
	const char *const *expr_comments;    /* exprs: "spec.yaml:9 cs.mu.processing bool" */
	const char *const *op_comments;	     /* ops: "cs at CFA+16" */
	const char *const *context_comments; /* context_types: "*context.cancelCtx: goes on" */
	/* Functions whose addresses ranges refer to: symbol names for #defines, sorted by lo. */
	struct ir_address {
		const char *name; /* full Go name */
		uint32_t lo, hi;  /* offsets from runtime.text */
	} *addresses;
	size_t addresses_count;
	/* Availability, for reports: one row for each capture x call site. */
	struct ir_availability {
		uint32_t capture; /* in schema.captures */
		uint32_t pc;	  /* return address, offset from runtime.text */
		const char *function; /* concrete function */
		const char *inlined_in; /* NULL when out of line */
		const char *file;
		uint32_t line;
		enum { IR_ALWAYS, IR_PARTIAL, IR_NEVER } verdict;
		uint32_t reason; /* enum ask_reason unless IR_ALWAYS */
	} *availability;
	size_t availability_count;
};

/*
 * A variable of one instance of a function and how often it can be read: what
 * `askc vars` shows. resolve_variables() makes rows, report_variables() prints them.
 */
struct ir_variable {
	uint32_t instance;	/* number of the instance: rows of one lie together */
	const char *function;	/* of the instance */
	const char *inlined_in; /* NULL when out of line */
	const char *file;	/* where the instance is: the declaration, or the inlined call */
	uint32_t instance_line;
	const char *name; /* as a capture writes it */
	const char *type;
	enum { IR_PARAMETER, IR_RESULT, IR_LOCAL } role;
	uint32_t line; /* of its declaration, 0 when unknown */
	uint32_t calls; /* call sites of the instance, in its scope or not */
	uint32_t always, partial; /* at how many of them it is whole, or in parts */
	uint32_t reason; /* enum ask_reason, the most frequent one where it is not; else 0 */
};

/* Asserts in words: every index in bounds, ranges sorted and disjoint, ops within their type. */
struct error *ir_validate(const struct ir *ir);

/* The readable form of docs and goldens: PCs as function+offset, no addresses, sorted. */
void ir_print(const struct ir *ir, struct strbuf *ret);
/* The schema's tables and columns as text, for goldens and `askance inspect`. */
void ir_print_schema(const struct schema *schema, struct strbuf *ret);

/* The spec's word for a match label: "executable_name". */
const char *ir_match_label(enum schema_match_label label);

/* Text of an enum ask_reason: "lives in a register" … */
const char *ir_reason_text(uint32_t reason);

#endif
