/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef ASK_ENGINE_H
#define ASK_ENGINE_H

/*
 * The capture engine.
 *
 * The target stands still. The runtime has put into the control map where its
 * goroutines are, and for each shard the id of one of its idle threads. It lets
 * those threads go just far enough to enter the system call again that they were
 * blocked in. There, in the target's own context, this program runs:
 *
 *   take a batch of goroutines
 *   for each: read its g, walk its stack, write STACK and GOROUTINE,
 *             for each interesting frame write FRAME and evaluate VALUEs
 *   then follow all pointers in what was written, writing POINTEEs
 *   and again, until no goroutine is left, the ring of chunks is full, or the
 *   time of one trigger is over (preemption is off meanwhile)
 *
 * All state lies in struct ask_shard, in map memory: a trigger goes on exactly where
 * the last one stopped, the kernel's stack holds a few words, and the verifier
 * sees small functions that know nothing of each other. What to capture is in
 * constant tables; nothing here depends on the spec.
 *
 * The same files compile in user space (ASK_NATIVE): the native engine reads the
 * target's memory with process_vm_readv() and produces the same records.
 */
#ifdef ASK_NATIVE
#include "platform_native.h"
#else
#include "platform_bpf.h"
#endif
#include "abi/maps.h"

#include "output.h"
#include "search.h"
#include "walk.h"
#include "recall.h"
#include "goroutine.h" /* and replay.h */
#include "dynamic.h"
#include "contexts.h"
#include "expr.h"
#include "chase.h"

/* Unscanned output beyond which a batch is interrupted to follow pointers. */
#define ASK_SCAN_AHEAD (128u << 10)
/*
 * Effort between two looks at the clock: a step counts one, and as much again for every eight
 * frames that it walks and every KiB that it copies. Some 20 us.
 */
#define ASK_CLOCK_EFFORT 64u

/* Between goroutines: scan what the batch wrote, or take the next. 1: end the trigger. */
ask_inline int ask_between(struct ask_shard *shard, ask_u32 shard_index)
{
	int behind = shard->scan_chunk != shard->write_chunk || shard->scan_off != shard->write_off;
	ask_u64 now;

	if (shard->batch_next < shard->batch_end &&
	    (shard->scan_chunk == shard->write_chunk &&
	     shard->write_off - shard->scan_off < ASK_SCAN_AHEAD))
		return ask_goroutine(shard_index);
	if (behind) {
		now = ask_now();
		shard->walk_ns += now - shard->clock;
		shard->clock = now;
		shard->phase = ASK_PHASE_SCAN;
		return 0;
	}
	if (shard->batch_next < shard->batch_end)
		return ask_goroutine(shard_index);
	return ask_take_batch(shard_index);
}

struct ask_run {
	ask_u32 shard;
	ask_u32 pad;
	ask_u64 deadline;
};

/*
 * One step: a goroutine, what of its frames comes at once, and a pointer. A turn of bpf_loop() is
 * an indirect call, which costs as much as a phase does, so the phases that follow each
 * other mostly are done in one. The verifier wants to see 0 or 1 from here, whatever a global
 * function returns.
 */
static long ask_step(ask_u64 i, void *context)
{
	struct ask_run *run = context;
	struct ask_shard *shard = ask_shard(run->shard);
	ask_u64 now;

	(void)i;
	if (!shard)
		return 1;
	if (++shard->effort >= ASK_CLOCK_EFFORT) {
		shard->effort = 0;
		if (ask_now() > run->deadline) {
			shard->stop = ASK_STOP_TIME;
			return 1;
		}
	}
	if (shard->phase == ASK_PHASE_DONE) {
		shard->stop = ASK_STOP_DONE;
		return 1;
	}
	if (shard->phase == ASK_PHASE_GOROUTINE && ask_between(shard, run->shard))
		return 1;
	if (shard->phase == ASK_PHASE_FRAME) {
		shard->effort++;
		if (ask_frame(run->shard))
			return 1;
	}
	if (shard->phase == ASK_PHASE_EXPR) {
		shard->effort++;
		if (ask_expr(run->shard))
			return 1;
	}
	if (shard->phase == ASK_PHASE_SCAN) {
		shard->effort++;
		if (ask_scan(run->shard))
			return 1;
		if (shard->phase != ASK_PHASE_SCAN) {
			now = ask_now();
			shard->chase_ns += now - shard->clock;
			shard->clock = now;
		}
	}
	return 0;
}

/* Runs a shard until it must return to the runtime; shard->stop says why. */
ask_inline void ask_run(ask_u32 shard_index)
{
	struct ask_control *control = ask_control();
	struct ask_shard *shard = ask_shard(shard_index);
	struct ask_run run = {.shard = shard_index};
	ask_u64 now;

	if (!shard || !control)
		return;
	shard->clock = ask_now();
	run.deadline = shard->clock + control->trigger_ns;
	if (control->deadline && control->deadline < run.deadline)
		run.deadline = control->deadline;
	shard->stop = ASK_STOP_RUNNING;
	shard->effort = 0;
	/* A thread may have come here so late that the others run again: then nothing is read. */
	if (shard->clock < run.deadline)
		ask_loop(1u << 23, ask_step, &run);
	now = ask_now();
	if (shard->phase == ASK_PHASE_SCAN)
		shard->chase_ns += now - shard->clock;
	else
		shard->walk_ns += now - shard->clock;
	shard->triggers++;
	if (shard->stop == ASK_STOP_RUNNING)
		shard->stop = ASK_STOP_TIME;
}

#ifndef ASK_NATIVE
/*
 * Every system call of the host comes by while the program is attached; all but
 * those of the threads that wait for it leave at once.
 */
SEC("raw_tp/sys_enter")
int askance_capture(void *context)
{
	struct ask_control *control = ask_control();
	struct bpf_pidns_info id = {};

	(void)context;
	if (!control || !control->armed)
		return 0;
	if (bpf_get_ns_current_pid_tgid(control->pidns_dev, control->pidns_ino, &id, sizeof(id)))
		return 0;
	for (ask_u32 i = 0; i < ASK_MAX_SHARDS; i++) {
		struct ask_shard *shard = ask_shard(i);

		if (!shard || !shard->tid)
			return 0;
		if (shard->tid == id.pid && shard->stop != ASK_STOP_DONE) {
			ask_run(i);
			return 0;
		}
	}
	return 0;
}
#endif

#endif
