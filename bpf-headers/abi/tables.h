/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef ASK_ABI_TABLES_H
#define ASK_ABI_TABLES_H

#include "types.h"

/*
 * The tables that askc computes and the engine obeys. They are constant arrays in
 * the generated C (read-only data of the BPF object), and sections of the schema
 * (read by the native engine and by the decoder): one definition for all.
 */

/* Bytes and counts after which a capture is cut. One row for each distinct set in a spec. */
struct ask_limits {
	ask_u32 depth;	/* pointers and interfaces followed */
	ask_u32 string; /* bytes of one string */
	ask_u32 slice;	/* bytes of one slice's elements; at least one element is kept */
	ask_u32 map;	/* bytes of one map's keys and values */
};
ASK_ABI_CHECK(struct ask_limits, 16);

/* A type as the engine sees it: a size and where its pointers are. */
struct ask_type {
	ask_u32 size;	       /* bytes of one value */
	ask_u32 first_pointer; /* index of its first row in the pointer table */
	ask_u16 pointers;      /* number of rows */
	ask_u16 spans;	       /* number of rows in the span table; 0: all bytes are copied */
	ask_u32 first_span;    /* index of the first of them */
};
ASK_ABI_CHECK(struct ask_type, 16);

/* Bytes of a value that are copied, where not all are: the others stay zero. */
struct ask_span {
	ask_u32 offset; /* from the value's start */
	ask_u32 size;	/* bytes */
	ask_u32 repeat; /* how many there are, 1 for a plain field */
	ask_u32 stride; /* bytes from one to the next */
};
ASK_ABI_CHECK(struct ask_span, 16);

/* Type 0 is one byte of a string. */
#define ASK_TYPE_BYTE 0u

/*
 * To add one: add a row here, where it leads to ask_lead() in engine/chase.h, its
 * name to pointer_kind() in emit/sections.c and its rows to resolve/pointers.c.
 * "Word" is the pointer itself, at the row's offset.
 */
enum ask_pointer_kind {
	ASK_POINTER_PLAIN = 1,	/* *T: target is T; costs one of `depth` */
	ASK_POINTER_STRING = 2, /* {pointer, length}: target is ASK_TYPE_BYTE */
	ASK_POINTER_SLICE = 3,	/* {pointer, length, capacity}: target is the element */
	/*
	 * *T that costs nothing: what a map or channel is made of, a struct that passes a
	 * context on. The target lies `extra` bytes behind where the word points to.
	 */
	ASK_POINTER_FREE = 4,
	/* An array whose length is the word at `extra` from the value's start: runtime.hchan.buf. */
	ASK_POINTER_COUNTED = 5,
	/*
	 * runtime.hmap.buckets and oldbuckets (Go up to 1.23): 1 << B of them. The value begins with
	 * the number of entries (cmd/compile's len() wants it there), a bucket with its marks. extra holds
	 * the offsets of B (byte 0) and flags (byte 1) in the value, and 1 in byte 2 for oldbuckets.
	 */
	ASK_POINTER_BUCKETS = 6,
	/*
	 * internal/runtime/maps.Map.dirPtr and dirLen (Go 1.24 and later): with length 0 the
	 * pointer leads to one group, whose type is `extra`; else to as many pointers to tables (target).
	 * The value begins with the number of entries (len() wants it there), a group with its marks.
	 */
	ASK_POINTER_DIRECTORY = 7,
	/*
	 * internal/runtime/maps.groupsReference {data, lengthMask}: lengthMask + 1 groups. extra is
	 * the offset in the value, a table, of its number of entries, uint16.
	 */
	ASK_POINTER_GROUPS = 8,
	ASK_POINTER_ANY = 9,	    /* {type, data}: target is unused */
	ASK_POINTER_INTERFACE = 10, /* {itab, data}: the captured itab is overwritten, see ASK_DYNAMIC */
	ASK_POINTER_FUNC = 11,	    /* a closure object, {PC, captured variables} */
	/*
	 * A child in the trie of a sync.Map: the first byte there, internal/sync.node.isEntry, tells
	 * whether it is an `extra` (1) or a `target` (0). Costs nothing.
	 */
	ASK_POINTER_NODE = 12,
	/*
	 * A context.Context, {itab, data} as INTERFACE has it: leads to the view of its dynamic
	 * type, see struct ask_context_type; costs nothing.
	 */
	ASK_POINTER_CONTEXT = 13,
	/*
	 * context.valueCtx.val, an `any`: followed only where the spec asks for a value of this
	 * key and value; the key is the `any` at `extra` from the value's start. Costs what a
	 * variable of the value's type does.
	 */
	ASK_POINTER_CONTEXT_VALUE = 14,
};

/*
 * The engine replaces the itab word in its copy of an interface by the address of the
 * dynamic type with this bit set. A word without it was not looked at.
 */
#define ASK_DYNAMIC 1ull

/* A pointer inside a type, or a row of equal ones (an array's). */
struct ask_pointer {
	ask_u32 offset; /* of the first one from the value's start */
	ask_u32 kind;	/* enum ask_pointer_kind */
	ask_u32 target; /* type index of what it points to */
	ask_u32 repeat; /* how many there are, 1 for a plain field */
	ask_u32 stride; /* bytes from one to the next */
	ask_u32 extra;	/* see the kinds; 0 elsewhere */
};
ASK_ABI_CHECK(struct ask_pointer, 24);

/* A type of the running program, by its type descriptor. Sorted by offset; all that DWARF names. */
struct ask_rtype {
	ask_u32 offset; /* of the descriptor from runtime.types */
	ask_u32 type;	/* index in the type table, ASK_ABSENT when its values are not captured */
	ask_u32 flags;	/* ASK_RTYPE_DIRECT */
	ask_u32 name;	/* schema string: for those that are not captured, too */
};
ASK_ABI_CHECK(struct ask_rtype, 16);
/* A pointer-shaped type: an interface's data word is the value itself, not its address. */
#define ASK_RTYPE_DIRECT 1u

/*
 * What a type of the running program has to do with the spec's contexts, by its type
 * descriptor. Sorted by offset. A context of such a type is a link of a chain: the next one
 * is found through its view, a type that consists of no more than what leads there. A
 * context of a type that has no row, or neither a view nor ASK_CONTEXT_END, may
 * hold another one, but nobody knows where.
 */
struct ask_context_type {
	ask_u32 offset; /* of the descriptor from runtime.types */
	ask_u32 view;	/* type index of the view; 0: none */
	ask_u32 skip;	/* where the view lies, from where the interface's data word points to */
	ask_u32 keys;	/* bit n: it is the `key` of the spec's context n */
	ask_u32 values; /* bit n: it is the `value` of context n */
	ask_u32 flags;	/* ASK_CONTEXT_END */
};
ASK_ABI_CHECK(struct ask_context_type, 24);
/* The end of a chain: context.Background(), context.TODO(). */
#define ASK_CONTEXT_END 1u
#define ASK_CONTEXTS_MAX 32u

/* A function that is a closure, and the type of its closure object. Sorted by pc. */
struct ask_closure {
	ask_u32 pc;   /* its entry, offset from runtime.text */
	ask_u32 type; /* a struct that begins with the PC */
};
ASK_ABI_CHECK(struct ask_closure, 8);

/*
 * PCs between which everything the engine does for a frame is the same. Sorted
 * and disjoint. An ordinary frame is looked up by its return PC p: `lo <= p < hi`;
 * the functions that are active are those at p-1, locations are those at p, and
 * askc has folded that difference into the ranges. A frame whose PC is exact
 * (interrupted, not calling) is looked up at p and at p+1: see engine.h.
 */
struct ask_range {
	ask_u32 lo, hi;	     /* offsets from runtime.text */
	ask_u32 first_probe; /* index in the probe table */
	ask_u32 probes;	     /* number of them: nested inlined functions give several */
};
ASK_ABI_CHECK(struct ask_range, 16);

/* One captured function (or inlined instance of it) in a range. */
struct ask_probe {
	ask_u32 function;    /* index in the schema's functions */
	ask_u32 inline_node; /* index in the schema's inline nodes, or ASK_NO_INLINE */
	ask_u32 first_expr;  /* index in the expression table */
	ask_u32 exprs;	     /* number of them */
};
ASK_ABI_CHECK(struct ask_probe, 16);
#define ASK_NO_INLINE 0xffffffffu

/* General registers by their DWARF numbers (System V ABI, AMD64, figure 3.36). */
#define ASK_REGS 16u
#define ASK_REG_BP 6u
#define ASK_REG_SP 7u

/* How one capture is evaluated in one range: a little program. */
struct ask_expr {
	ask_u32 capture;  /* index in the schema's captures */
	ask_u32 type;	  /* of the value */
	ask_u32 size;	  /* bytes of the value: its type's size */
	ask_u32 first_op; /* index in the op table */
	ask_u32 ops;	  /* number of them, at most ASK_MAX_OPS */
	ask_u16 limits;	  /* index in the limits table */
	ask_u16 reason;	  /* enum ask_reason when there is no value (ops is 0), else 0 */
};
ASK_ABI_CHECK(struct ask_expr, 24);
#define ASK_MAX_OPS 64u

/*
 * Operators. An expression keeps an address; it begins as the frame's CFA, or as
 * 0 for a global. To add one: add a row here, its text in ir/print.c, its
 * evaluation in engine/expr.h.
 */
enum ask_op_kind {
	ASK_OP_CFA = 1,	  /* address = CFA + a */
	/*
	 * address = *(address); nil ends the expression with ASK_STATUS_NIL. b: how many characters
	 * of the expression name the pointer, or 0. c = ASK_LOOK: it is a generic function's
	 * dictionary, which the expression does not name.
	 */
	ASK_OP_DEREF = 2,
	ASK_OP_ADD = 3,	  /* address += a */
	/*
	 * Value bytes [b, b + c) = c bytes at address + a. A copy of the whole value (c is its
	 * size) takes of them what the type's spans have.
	 */
	ASK_OP_COPY = 4,
	ASK_OP_STATIC = 5, /* address = load bias + a */
	/* At address lies a slice: address = its element a of b bytes. c = ASK_LOOK: its length alone. */
	ASK_OP_INDEX = 6,
	/*
	 * At address lies an interface (b = 1: with methods, 0: any) that must hold the
	 * dynamic type at offset a from runtime.types: address = its value. c = 1: the type is
	 * pointer-shaped, the data word is the value. c = ASK_LOOK: its first word alone.
	 */
	ASK_OP_ASSERT = 7,
	/*
	 * Value bytes [b, b + c) = the low c bytes of register a (its DWARF number), c a power of
	 * two up to 8. c = 0: address = register a, as if DEREF had read it; b as there. Only in
	 * the leaf of a running goroutine, and what is inlined into it; else the expression ends.
	 */
	ASK_OP_REGISTER = 8,
};
/* The second word lies elsewhere: the length or the type is checked, and address stays. */
#define ASK_LOOK 2u

struct ask_op {
	ask_u32 kind; /* enum ask_op_kind */
	ask_u32 b, c;
	ask_u32 pad;
	ask_s64 a;
};
ASK_ABI_CHECK(struct ask_op, 24);

/*
 * Where the Go runtime of this binary keeps its things. Offsets are bytes from the
 * start of the struct, taken from the binary's DWARF by member name;
 * ASK_ABSENT where this Go version has no such field. Addresses are link-time.
 */
#define ASK_ABSENT 0xffffffffu
#define ASK_TIME_TO_RUN_MAX 4096u /* bytes of sched.timeToRun */
#define ASK_SUDOG_MAX 512u	  /* bytes of a sudog up to the last member that is looked at */
struct ask_layout {
	ask_u64 text;		  /* runtime.text */
	ask_u64 text_size;	  /* runtime.etext - runtime.text */
	ask_u64 allglen;	  /* &runtime.allglen: uintptr, stored after allgptr */
	ask_u64 allgptr;	  /* &runtime.allgptr: **g */
	ask_u64 types_lo;	  /* runtime.types: where type descriptors begin */
	ask_u64 types_size;	  /* runtime.etypes - runtime.types */
	ask_u32 goexit_lo;	  /* runtime.goexit, offsets from text: the root of every stack */
	ask_u32 goexit_hi;
	ask_u32 sigpanic_lo;	  /* runtime.sigpanic: its caller's PC is exact */
	ask_u32 sigpanic_hi;
	ask_u32 sigpanic0_lo;	  /* runtime.sigpanic0, which a signal jumps to: it jumps to sigpanic */
	ask_u32 sigpanic0_hi;
	ask_u32 asyncpreempt_lo;  /* runtime.asyncPreempt: its caller's PC is exact */
	ask_u32 asyncpreempt_hi;
	ask_u32 gogo_lo;	  /* gogo: between the restored SP and the jump its PC says nothing */
	ask_u32 gogo_hi;
	ask_u32 tls_g;		  /* signed: where from fs_base on the thread's g is (runtime.tlsg) */
	ask_u32 g_size;		  /* bytes of runtime.g that the engine reads: up to the last field used */
	ask_u32 g_stack_lo;
	ask_u32 g_stack_hi;
	ask_u32 g_m;
	ask_u32 g_sched_sp;
	ask_u32 g_sched_pc;
	ask_u32 g_sched_bp;
	ask_u32 g_syscallsp;
	ask_u32 g_syscallpc;
	ask_u32 g_syscallbp;	  /* Go 1.23 and later */
	ask_u32 g_atomicstatus;
	ask_u32 g_goid;
	ask_u32 g_waitsince;
	ask_u32 g_waitreason;
	ask_u32 g_parentgoid;	  /* Go 1.21 and later */
	ask_u32 g_gopc;
	ask_u32 g_startpc;
	ask_u32 g_labels;
	ask_u32 m_procid;
	ask_u32 m_curg;
	ask_u32 m_g0;
	ask_u32 m_gsignal;
	ask_u32 m_vdsosp;
	ask_u32 m_vdsopc;
	ask_u32 frames_leaf;	  /* limits.frames.leaf */
	ask_u32 frames_root;	  /* limits.frames.root */
	ask_u32 cfi_rows;	  /* number of struct ask_cfi rows */
	ask_u32 ranges, probes, exprs, ops, types, pointers, limits; /* numbers of rows in the other tables */
	ask_u32 rtypes, closures;
	ask_u32 itab_type;	  /* internal/abi.ITab.Type (runtime.itab._type before Go 1.22) */
	ask_u32 funcval_type;	  /* type index of a closure object of which only the PC is known, ASK_ABSENT */
	ask_u32 spans;		  /* number of rows */
	ask_u32 context_types;	  /* number of rows in ask_context_types */
	ask_u32 any_key;	  /* bit n: context n of the spec takes a key of any type */
	ask_u32 any_value;	  /* bit n: a value of any type */
	ask_u32 labels_type;	  /* type index of runtime/pprof.labelMap, to which g.labels points, ASK_ABSENT */
	ask_u32 labels_limits;	  /* index in the limits table: how much of its strings is kept */
	/*
	 * How goroutines are known not to have run meanwhile (replay.h). All of it, or gopark_hi
	 * is 0. Go source: runtime/runtime2.go (types g, sudog), runtime/chan.go (hchan),
	 * runtime/histogram.go.
	 */
	ask_u32 gopark_lo;	  /* runtime.gopark: where those that park themselves have their leaf */
	ask_u32 gopark_hi;
	ask_u32 g_trackingseq;	  /* counts how often it has stopped running, mod 256 */
	ask_u32 g_lockedm;
	ask_u32 g_waiting;	  /* the sudogs of the channels it waits for */
	ask_u32 sudog_elem;	  /* what a sender writes to */
	ask_u32 sudog_c;	  /* the channel */
	ask_u32 sudog_waitlink;	  /* the next sudog of this goroutine */
	ask_u32 hchan_elemsize;	  /* uint16 */
	ask_u32 time_to_run_size; /* bytes of a timeHistogram: 64-bit counters, and nothing else */
	ask_u64 time_to_run;	  /* &runtime.sched.timeToRun */
};
ASK_ABI_CHECK(struct ask_layout, 320);

/* From this PC on, up to the next row: CFA = SP + cfa. 0: not known (not Go code). Sorted by pc. */
struct ask_cfi {
	ask_u32 pc;  /* offset from runtime.text */
	ask_u32 cfa; /* bytes */
};
ASK_ABI_CHECK(struct ask_cfi, 8);

#endif
