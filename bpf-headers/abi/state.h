/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef ASK_ABI_STATE_H
#define ASK_ABI_STATE_H

#include "records.h"
#include "tables.h"

/*
 * What the engine and the runtime share while a snapshot is taken. All of it lies
 * in memory-mapped BPF maps (or in plain memory for the native engine), so that
 * the runtime can look at it, empty it, and go on where the BPF program stopped.
 */

/* Output is a ring of chunks for each shard. A record never crosses a chunk's end. */
#define ASK_CHUNK_SIZE (1u << 20)
#define ASK_READ_MAX (32u << 10)			  /* bytes of one read; longer ones are split */
#define ASK_CHUNK_STRIDE (ASK_CHUNK_SIZE + ASK_READ_MAX + 64u) /* room that the verifier can see */
#define ASK_RECORD_MAX (ASK_CHUNK_SIZE / 2)		  /* bytes of the longest record */
#define ASK_SHARD_CHUNKS 256u				  /* most chunks of one shard */

#define ASK_MAX_SHARDS 16u
#define ASK_MAX_FRAMES 4096u /* frames kept of one stack: leaf + root */
#define ASK_DEEP_FRAMES 1024u /* captured frames of one stack between its leaf and its root part */
#define ASK_DEEP_ALIKE 64u    /* those of them with one PC: a recursion leaves room for others */
#define ASK_DEEP_KINDS 64u
#define ASK_MAX_THREADS 16384u
#define ASK_WINDOW (8u << 10) /* bytes of stack held while it is walked */
#define ASK_G_MAX 1024u	      /* bytes of runtime.g that can be held */
#define ASK_GS (8u << 10)     /* bytes of g's that are read at once: a power of two */
#define ASK_GS_RUN 24u	      /* most of them */
#define ASK_BATCH 64u	      /* goroutines taken at once */
#define ASK_STACK_SLOTS (1u << 14)
#define ASK_RETRIES 1024u
#define ASK_GRANT (256u << 10) /* bytes of the `bytes` budget that a shard takes at once */

/* The registers of a stopped thread. Sorted by tid. */
struct ask_thread {
	ask_u64 tid; /* as the target sees it: runtime.m.procid */
	ask_u64 pc;
	ask_u64 fs_base; /* its thread-local storage */
	ask_u64 regs[ASK_REGS];
};
ASK_ABI_CHECK(struct ask_thread, 152);

/* Something captured already: (address, type, limits), how long and how far it was followed. */
struct ask_visited {
	ask_u64 address;
	ask_u32 type;
	ask_u32 length;
	ask_u16 limits;
	ask_u16 depth; /* pointers that were followed from it */
	ask_u32 used;  /* 0: free slot */
};
ASK_ABI_CHECK(struct ask_visited, 24);

/* What was found of a parked goroutine before the pause; see engine/replay.h. */
struct ask_rehearsed {
	ask_u64 goid; /* 0: nothing is kept of this one */
	ask_u64 pc, sp; /* g.sched */
	ask_u64 hi;	/* g.stack.hi */
	ask_u64 waitsince;
	ask_u64 ran;	 /* control->ran at that time, or less */
	ask_u64 hash[2]; /* of the stack */
	ask_u32 chunk, off, size; /* where its FRAME and VALUE records lie, and their bytes */
	ask_u32 charge;	 /* bytes of budget that they take */
	ask_u32 depth;
	ask_u32 seq;	 /* g.trackingSeq */
};
ASK_ABI_CHECK(struct ask_rehearsed, 88);

/* One for the whole snapshot; written by the runtime before the first trigger. */
struct ask_control {
	ask_u64 armed;	    /* 0: the program does nothing */
	ask_u64 pidns_dev, pidns_ino; /* the target's pid namespace */
	ask_u64 text;	    /* run-time address of runtime.text */
	ask_u64 load_bias;
	ask_u64 allgs;	    /* address of the array of *g */
	ask_u64 goroutines; /* its length */
	ask_u64 next;	    /* first goroutine that no shard has taken; atomic */
	ask_u64 granted;    /* bytes of budget handed out; atomic */
	ask_u64 bytes_limit;
	ask_u64 trigger_ns; /* a trigger returns after about this long */
	ask_u64 deadline;   /* on the engine's clock: nothing is read after it; 0: none */
	ask_u32 threads;    /* rows in the thread table */
	ask_u32 visited_slots; /* of each shard: a power of two */
	ask_u64 rehearsed;  /* goroutines that were rehearsed, from the first on */
	ask_u64 ran;	    /* times that a goroutine whose time was taken began to run */
};
ASK_ABI_CHECK(struct ask_control, 120);

/* What a shard does next. */
enum ask_phase {
	ASK_PHASE_GOROUTINE = 0, /* take the next goroutine of the batch, walk and emit its stack */
	ASK_PHASE_FRAME = 1,	 /* find the captured functions of its next interesting frame */
	ASK_PHASE_EXPR = 2,	 /* evaluate the next expression of that frame */
	ASK_PHASE_SCAN = 3,	 /* follow the next pointer of the records written so far */
	ASK_PHASE_DONE = 4,
};

/* Why a trigger returned. */
enum ask_stop {
	ASK_STOP_NEVER_RAN = 0,
	ASK_STOP_DONE = 1,  /* no goroutine is left */
	ASK_STOP_TIME = 2,  /* trigger_ns is over: trigger again; or the deadline came: do not */
	ASK_STOP_FULL = 3,  /* no free chunk: empty some, trigger again */
	ASK_STOP_RETRY = 4, /* the retry list is full: work it off natively, trigger again */
	ASK_STOP_RUNNING = 5,
};

/* A frame that was walked. */
struct ask_walked {
	ask_u64 cfa;
	ask_u32 pc;    /* offset from runtime.text */
	ask_u32 flags; /* ASK_WALKED_* */
};
#define ASK_WALKED_MATCH 1u /* the PC bitmap says: look closer */
#define ASK_WALKED_EXACT 2u /* the PC is no return address */

/*
 * The shape of a stack that was walked along frame pointers: what the walk read, and what
 * came of it. Offsets count from the stack pointer.
 */
struct ask_shape_frame {
	ask_u32 word; /* the place of CFA-16, in words; the frame pointer that is saved there … */
	ask_u32 link; /* … as an offset; 0: not looked at */
	ask_u32 pc;   /* of the frame, offset from runtime.text */
	ask_u32 ret;  /* the return address at CFA-8, offset from runtime.text */
};
ASK_ABI_CHECK(struct ask_shape_frame, 16);

#define ASK_SHAPES 32u	     /* that a shard keeps: a power of two */
#define ASK_SHAPE_FRAMES 48u /* of the deepest */
struct ask_shape {
	ask_u64 hash[2];
	ask_u32 pc;    /* of the leaf, offset from runtime.text */
	ask_u32 size;  /* bytes of stack in use */
	ask_u32 depth; /* frames; 0: the shape was met, but is not kept */
	ask_u32 matched; /* frames of captured functions, and their numbers */
	ask_u8 matches[ASK_SHAPE_FRAMES];
	struct ask_shape_frame frames[ASK_SHAPE_FRAMES];
};
ASK_ABI_CHECK(struct ask_shape, 848);

/* An expression in work. */
struct ask_eval {
	ask_u32 chunk, off; /* where the value's bytes go */
	ask_u32 size;	/* of the value */
	ask_u32 type;	/* of the value */
	ask_u32 status; /* enum ask_status */
	ask_u32 detail;
	ask_u32 extra;
	ask_u32 in_frame; /* 1: address is still one in the frame */
	ask_u64 address;
	ask_u64 origin; /* address of the whole value, when one copy fills it */
	ask_u64 cfa, load_bias;
	ask_u64 floor;	 /* of addresses in the frame */
};

/* A PC whose row in the range table was searched for. */
struct ask_range_kept {
	ask_u32 pc;
	ask_u32 found; /* the row's number + 1; ASK_RANGE_NONE; 0: nothing is kept here */
};
#define ASK_RANGES_KEPT 16u /* a power of two */
#define ASK_RANGE_NONE 0xffffffffu /* no row holds it */

/* A signal frame as the kernel lays it down: arch/x86/include/asm/sigframe.h, rt_sigframe. */
struct ask_ucontext {
	ask_u64 flags, link, stack_base, stack_flags, stack_size;
};
/* The words of struct sigcontext that follow: arch/x86/include/uapi/asm/sigcontext.h. */
struct ask_sigcontext {
	ask_u64 r8_to_r15[8], di, si, bp, bx, dx, ax, cx, sp, ip;
};

/* What was read of runtime.m, and the g in its thread's local storage. */
struct ask_m {
	ask_u64 curg, g0, gsignal, vdso_sp, vdso_pc, current;
};

/*
 * A shard's state. What the target's memory is read into lies here too, not on the
 * kernel's stack: before Linux 6.13 all frames of the deepest chain of calls must fit in
 * 512 bytes, each rounded up to 32 (kernel/bpf/verifier.c, check_max_stack_depth()).
 */
struct ask_shard {
	/* set by the runtime */
	ask_u32 tid;	     /* thread that runs this shard, as the target sees it; 0: none */
	ask_u32 first_chunk; /* of its ring in the chunk array */
	ask_u32 chunks;	     /* in its ring: a power of two */
	ask_u32 retried;     /* 1 while the native engine works off retries: failures are final */
	ask_u64 drained;     /* chunks emptied so far; the ring is full at drained + chunks */

	/* cursor: everything needed to go on after a return */
	ask_u32 phase;
	ask_u32 stop;
	ask_u64 batch_next, batch_end; /* indexes in allgs */
	ask_u64 batch_first;	       /* index of batch[0] */
	ask_u64 write_chunk, scan_chunk; /* counted from 0; ring place = n % chunks */
	ask_u32 write_off, scan_off;
	ask_u32 scan_elem, scan_row, scan_repeat;
	ask_u32 scan_group;  /* of a map whose groups are looked at one by one: the one in work */
	ask_u32 scan_live;   /* slots in use in those before it */
	ask_u32 groups_live; /* and with it */
	ask_u32 groups_more; /* 1: another one is to be looked at */
	ask_u32 groups_old;  /* 1: they are buckets */
	ask_u64 groups_at, groups_count, groups_used; /* the array, and its entries */
	ask_u32 undo_off; /* where the goroutine in work began */
	ask_u64 undo_chunk;
	ask_u32 frame;	     /* next one to look at: in `matches`, then in the root part */
	ask_u32 match;	     /* physical number of the frame in work */
	ask_u32 match_pc;    /* its PC */
	ask_u32 probe, probes_end; /* probes of the frame in work */
	ask_u32 expr, exprs_end;   /* expressions of the probe in work */
	ask_u32 edge;	     /* 1: exact PC where locations change: values are unavailable */
	ask_u32 stack_new;   /* 1: this goroutine emitted its STACK */
	ask_u64 cfa;	     /* of the frame in work */
	ask_u64 budget;	     /* bytes left of the last grant */

	/* the walk in work */
	ask_u64 walk_fp, walk_cfa, walk_lo, walk_hi;
	ask_u64 walk_pc;     /* offset from runtime.text */
	ask_u64 hash[2];
	ask_u64 window_base;
	ask_u32 window_size;
	ask_u32 depth;
	ask_u32 walk_status; /* enum ask_stack_status; ASK_WALK_GOING while it goes on */
	ask_u32 walk_cfi;    /* 1: step by call frame information, not by frame pointer */
	ask_u32 walk_inject; /* 1: the frame before was injected: its caller's PC is exact */
	ask_u32 cfi_pc, cfi_cfa; /* the last look-up */
	ask_u32 matched;	 /* frames of the leaf part in `matches` */
	ask_u32 search_lo, search_hi; /* a binary search in work */
	ask_u32 leaf_exact;  /* 1: the leaf's PC is exact */
	ask_u32 recall_at;   /* frames of a shape that were kept */
	ask_u32 leaf_live;   /* 1: `regs` are the leaf's registers */
	ask_u32 frame_live;  /* 1: they are those of the frame in work */
	ask_u64 recall_differs; /* 0: all of a shape's words were found again */
	ask_u64 taken;	     /* the register that an expression took last */
	ask_u64 leaf_pc, leaf_sp, leaf_bp; /* of a running goroutine */
	ask_u64 walk_sp;     /* where the walk began */
	ask_u64 floor;	     /* below this address the frame in work has no variables */
	ask_u64 regs[ASK_REGS];
	struct ask_m m;	     /* of the running goroutine in work */
	struct { /* the search for a signal's frame */
		ask_u64 at;	/* where to begin */
		ask_u64 lo, hi; /* of the signal stack */
		ask_u64 found, count;
		ask_u64 pushed; /* the word at the SP that the signal interrupted */
		struct ask_ucontext frame;
		struct ask_sigcontext saved;
	} signal;
	ask_u32 deep;	     /* frames in `deep_frames` */
	ask_u32 deep_lost;   /* those that found no room there */
	ask_u32 deep_twice;  /* those in `deep_frames` that are in the root part, too */
	ask_u32 deep_here;   /* interesting frames of the root part */
	ask_u32 rtype_row;   /* the last type descriptor that was looked up */
	ask_u32 effort;	     /* what was done since the last look at the clock */

	/* what the records do not tell */
	ask_u64 clock;	  /* when the part in work began */
	ask_u64 triggers; /* times it ran */
	ask_u64 dropped_goroutines; /* their g could not be read, not even natively */
	ask_u64 dead_goroutines, depth_cuts, length_cuts, budget_cuts, dropped_pointees;
	ask_u64 read_failures; /* not counting those that went to `retry` */
	ask_u64 walk_ns, chase_ns;
	ask_u64 deep_cuts;	/* interesting frames that were one too many between leaf and root part */
	ask_u64 replayed;	/* goroutines that were as they were rehearsed */
	ask_u64 failed_records; /* records with ASK_STATUS_READ_FAILED since the last drain */

	/* scratch */
	ask_u32 used[ASK_SHARD_CHUNKS]; /* bytes in each chunk of the ring */
	ask_u64 retry[ASK_RETRIES];	/* goroutines (indexes) whose memory was not resident */
	ask_u64 retries;
	ask_u64 batch[ASK_BATCH];	/* addresses of the g's */
	ask_u64 gs_base, gs_size;	/* what `gs` holds of the target's memory: one g or more */
	ask_u64 g_at;			/* the g in work: bytes from its beginning */
	ask_u64 gs[(ASK_GS + ASK_G_MAX) / 8];
	ask_u64 window[ASK_WINDOW / 8 + 1]; /* the last is never read into */
	struct ask_walked walked[ASK_MAX_FRAMES];
	ask_u16 matches[ASK_MAX_FRAMES]; /* frames of the leaf part that the bitmap lets through */
	struct ask_eval eval;
	struct ask_range_kept ranges_kept[ASK_RANGES_KEPT];
	struct ask_shape shapes[ASK_SHAPES];
	ask_u64 stacks[ASK_STACK_SLOTS][2];
	/* interesting frames behind the leaf part, leaf-most first: cut stacks lose none of them */
	struct ask_walked deep_frames[ASK_DEEP_FRAMES];
	ask_u32 deep_numbers[ASK_DEEP_FRAMES]; /* their physical numbers */
	ask_u64 deep_seen[ASK_DEEP_KINDS];     /* how many of them have PCs of one hash */
};
#define ASK_WALK_GOING 0xffffu
#define ASK_WALK_LATE 0xfffeu /* the deadline came: the goroutine is begun anew, or never */

#endif
