/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef ASK_ABI_RECORDS_H
#define ASK_ABI_RECORDS_H

#include "types.h"

/*
 * What the capture engine writes: a stream of records for each shard. Every
 * record begins with struct ask_record, is a multiple of 8 bytes long, and is
 * little-endian. A stream is a sequence of
 *
 *   GOROUTINE  one for each goroutine that is not dead
 *   STACK      before the first GOROUTINE of this shard that has this stack
 *   FRAME      after its GOROUTINE: one for each captured function in a frame
 *   VALUE      after its FRAME: one for each captured expression
 *   POINTEE    anywhere: memory that a VALUE or another POINTEE points to
 *
 * FRAME belongs to the nearest GOROUTINE before it, VALUE to the nearest FRAME.
 * POINTEEs stand alone and are found by (address, type). Streams of different
 * shards may repeat the same STACK and POINTEE: readers merge them.
 */
enum ask_record_kind {
	ASK_RECORD_GOROUTINE = 1,
	ASK_RECORD_STACK = 2,
	ASK_RECORD_FRAME = 3,
	ASK_RECORD_VALUE = 4,
	ASK_RECORD_POINTEE = 5,
};

/* Why a VALUE or POINTEE has no bytes, or not all. */
enum ask_status {
	ASK_STATUS_OK = 0,
	ASK_STATUS_NIL = 1,	    /* VALUE: the path crosses a nil pointer; `detail` is the op's index in the expression */
	ASK_STATUS_READ_FAILED = 2, /* the memory could not be read; the room for it is there, zeroed */
	ASK_STATUS_UNAVAILABLE = 3, /* VALUE: no location at this PC; `detail` is an enum ask_reason */
	ASK_STATUS_BUDGET = 4,	    /* POINTEE: the `bytes` limit was used up; no data follows */
	ASK_STATUS_REDACTED = 6,    /* VALUE: only its length was read: 8 bytes for a string or slice, else none */
	ASK_STATUS_PARTIAL = 5,	    /* VALUE: some pieces have no location (struct schema_expr tells which); they are zero here */
};

/* Why an expression has no value at a PC. Decided by askc or met by the engine, carried through as data. */
enum ask_reason {
#define ASK_REASON(name, text) ASK_REASON_##name,
#include "abi/reasons.def"
#undef ASK_REASON
	ASK_REASONS,
};

struct ask_record {
	ask_u32 size;	/* of the whole record with this header; a multiple of 8 */
	ask_u16 kind;	/* enum ask_record_kind */
	ask_u16 status; /* enum ask_status; 0 where it does not apply */
};
ASK_ABI_CHECK(struct ask_record, 8);

/* What is known of a goroutine's stack. */
enum ask_stack_status {
	ASK_STACK_OK = 0,
	ASK_STACK_CUT = 1,	     /* longer than limits.frames; leaf and root parts are there */
	ASK_STACK_RUNNING = 2,	     /* running, and its thread's registers give no sound leaf */
	ASK_STACK_COPYING = 3,	     /* the runtime is moving it (copystack) */
	ASK_STACK_BAD_LEAF = 4,	     /* the leaf's PC is not in the program's Go code */
	ASK_STACK_BAD_CHAIN = 5,     /* the walk left the stack before its root */
	ASK_STACK_READ_FAILED = 6,   /* its memory could not be read */
	ASK_STACK_NO_CFI = 7,	     /* no call frame information for a PC */
	ASK_STACK_CHANGED = 8,	     /* --pause=none: it changed while it was read */
	ASK_STACK_NO_THREAD = 9,     /* running, on a thread that was not stopped */
	ASK_STACK_SIGNAL = 10,	     /* running a signal handler, and what it interrupted is not certain */
	ASK_STACK_STATUSES,
};

/* flags of struct ask_goroutine and ask_stack */
#define ASK_LEAF_EXACT 1u /* the leaf's PC is an instruction about to run, not a return address */

/* One goroutine. Fields are copies of runtime.g's (Go source: runtime/runtime2.go, type g). */
struct ask_goroutine {
	struct ask_record head;
	ask_u64 index;	      /* in runtime.allgs */
	ask_u64 address;      /* of the g */
	ask_u64 goid;	      /* g.goid */
	ask_u64 parent_goid;  /* g.parentGoid, 0 before Go 1.21 */
	ask_u64 gopc;	      /* g.gopc: PC of the go statement */
	ask_u64 startpc;      /* g.startpc: entry of the goroutine's function */
	ask_s64 waitsince;    /* g.waitsince: nanotime when it began to wait, 0 when not known */
	ask_u64 labels;	      /* g.labels: address of the pprof labels, 0 when none */
	ask_u64 stack_lo;     /* g.stack.lo */
	ask_u64 stack_hi;     /* g.stack.hi */
	ask_u64 thread;	      /* g.m.procid: thread id, 0 when on no thread */
	ask_u64 stack_hash[2]; /* identifies its STACK record; 0 when there is none */
	ask_u32 atomicstatus; /* g.atomicstatus with its Gscan bit */
	ask_u32 waitreason;   /* g.waitreason: index in runtime.waitReasonStrings */
	ask_u32 depth;	      /* physical frames, goexit not counted; all of them, also when cut */
	ask_u16 stack_status; /* enum ask_stack_status */
	ask_u16 flags;	      /* ASK_LEAF_EXACT */
};
ASK_ABI_CHECK(struct ask_goroutine, 128);

/*
 * A distinct stack: `leaf` PCs from the leaf on, then `root` PCs that end at the
 * root; depth - leaf - root frames between them were skipped. PCs are offsets
 * from runtime.text. Padded with a zero to a multiple of 8.
 */
struct ask_stack {
	struct ask_record head;
	ask_u64 hash[2];
	ask_u32 depth; /* physical frames in all */
	ask_u32 leaf;
	ask_u32 root;
	ask_u32 flags; /* ASK_LEAF_EXACT */
	ask_u32 pcs[];
};
ASK_ABI_CHECK(struct ask_stack, 40);

/* A captured function was found in a frame. */
struct ask_frame {
	struct ask_record head;
	ask_u64 cfa;   /* canonical frame address */
	ask_u32 frame; /* physical frame, 0 = leaf */
	ask_u32 probe; /* index in the schema's probes: which function, which inlined instance */
	ask_u32 pc;    /* offset from runtime.text */
	ask_u32 pad;
};
ASK_ABI_CHECK(struct ask_frame, 32);

/*
 * The bytes of a captured expression, or of a pointee. Where the status is OK or
 * PARTIAL `length` bytes follow, padded to 8; else what follows means nothing.
 */
struct ask_value {
	struct ask_record head;
	ask_u64 address; /* where it lies in the target; 0 when gathered from pieces */
	ask_u32 type;	 /* index in the schema's types; for a POINTEE the element type */
	ask_u32 length;	 /* bytes of data: type.size, or a multiple of it for a slice's elements */
	ask_u32 expr;	 /* VALUE: index in the schema's exprs. POINTEE: 0 */
	ask_u16 depth;	 /* pointers that may still be followed from here */
	ask_u16 limits;	 /* index in the schema's limits */
	ask_u32 detail;	 /* see enum ask_status */
	ask_u32 extra;	 /* VALUE: see ASK_REASON_DYNAMIC_TYPE; ASK_VALUE_RESCAN while the engine works */
	ask_u8 data[];
};
ASK_ABI_CHECK(struct ask_value, 40);
/* In `extra`: a pointer in it could not be followed, for a type descriptor was not resident. Never in a dump. */
#define ASK_VALUE_RESCAN 0x80000000u

#endif
