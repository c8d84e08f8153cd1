/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef ASK_REPLAY_H
#define ASK_REPLAY_H

/*
 * Goroutines that have not run since they were rehearsed.
 *
 * Before the pause the runtime reads the stacks of goroutines that are parked, while the process
 * runs, and keeps for each what it found: the stack's hash and depth, and the FRAME and VALUE
 * records. In the pause that is taken over if it certainly still holds, so that the stack
 * need not be read: it is cold memory, and half of the work.
 *
 * It holds if the goroutine has not run since then, for nobody else writes to what was kept: the
 * runtime keeps nothing of a stack that a sender may write to (struct sudog's elem), nor
 * anything that was read elsewhere. It has not run if it is parked, as it was then, and
 *
 *   - its g.waitsince is the same, and not zero. execute() makes it zero; a GC sets it, once for
 *     each goroutine, to the time when the GC before it had marked everything; or
 *   - its g.trackingSeq is the same, and less than 256 stops lie between. It counts each time
 *     that a goroutine stops running, mod 256 (casgstatus), and each eighth of them adds one to
 *     sched.timeToRun before it stops again. So with ASK_RAN_MOST more there no goroutine has
 *     come around.
 *
 * Parked: status is _Gwaiting, without _Gscan; the leaf is in gopark, so that neither a preemption
 * nor a switch between coroutines, which do not count, brought it there; and g.m is nil, for
 * park_m() counts before it takes that away.
 * Go 1.20 to 1.26: runtime/proc.go (casgstatus, park_m, dropg, execute), runtime/mgcmark.go
 * (markroot), runtime/mgc.go (gcMark: work.tstart), runtime/coro.go, runtime/preempt.go (casGToPreemptScan).
 */
#define ASK_RAN_MOST 24u

/* 1: nothing was read of the goroutine in work since it was rehearsed that could have changed. */
ask_inline int ask_same_as_rehearsed(const struct ask_shard *shard,
				     const struct ask_control *control,
				     const struct ask_rehearsed *kept)
{
	ask_u64 since = ask_g64(shard, ASK_LAYOUT(g_waitsince));

	if (!kept->goid || kept->goid != ask_g64(shard, ASK_LAYOUT(g_goid)) ||
	    kept->pc != ask_g64(shard, ASK_LAYOUT(g_sched_pc)) ||
	    kept->sp != ask_g64(shard, ASK_LAYOUT(g_sched_sp)) ||
	    kept->hi != ask_g64(shard, ASK_LAYOUT(g_stack_hi)) ||
	    ask_g32(shard, ASK_LAYOUT(g_atomicstatus)) != ASK_G_WAITING ||
	    ask_g64(shard, ASK_LAYOUT(g_m)))
		return 0;
	if (since && since == kept->waitsince)
		return 1;
	return kept->seq == ask_g8(shard, ASK_LAYOUT(g_trackingseq)) &&
	       control->ran - kept->ran <= ASK_RAN_MOST;
}

/*
 * 1: goroutine `index`, whose g is the one in work, is as it was rehearsed, and its STACK record was
 * written; the walk's result is set. 0: it must be walked.
 */
ask_global ask_replay(ask_u32 shard_index, ask_u64 index)
{
	struct ask_shard *shard = ask_shard(shard_index);
	struct ask_control *control = ask_control();
	const struct ask_rehearsed *kept;
	ask_u32 slot;

	if (!shard || !control || index >= control->rehearsed)
		return 0;
	kept = ask_rehearsed((ask_u32)index);
	if (!kept || !ask_same_as_rehearsed(shard, control, kept) ||
	    !ask_stack_known(shard, kept->hash[0], kept->hash[1], &slot) ||
	    !ask_charge(shard, kept->charge))
		return 0;
	shard->walk_status = ASK_STACK_OK;
	shard->walk_lo = ask_g64(shard, ASK_LAYOUT(g_stack_lo));
	shard->walk_hi = kept->hi;
	shard->hash[0] = kept->hash[0];
	shard->hash[1] = kept->hash[1];
	shard->depth = kept->depth;
	shard->matched = 0;
	shard->deep = 0;
	shard->leaf_exact = 0;
	return 1;
}

/* Words of a record that one step copies. */
#define ASK_REPLAY_WORDS 16u

struct ask_replaying {
	ask_u32 from, to; /* chunks */
	ask_u32 from_off, to_off;
};

static long ask_replay_step(ask_u64 i, void *context)
{
	struct ask_replaying *replaying = context;
	const ask_u8 *from = ask_chunk(replaying->from);
	ask_u8 *to = ask_chunk(replaying->to);
	ask_u64 from_off = replaying->from_off + i * (ASK_REPLAY_WORDS * 8);
	ask_u64 to_off = replaying->to_off + i * (ASK_REPLAY_WORDS * 8);

	ask_hide(from_off);
	ask_hide(to_off);
	if (!from || !to || from_off >= ASK_CHUNK_SIZE || to_off >= ASK_CHUNK_SIZE)
		return 1;
	for (ask_u32 word = 0; word < ASK_REPLAY_WORDS; word++)
		((ask_u64 *)(to + to_off))[word] = ((const ask_u64 *)(from + from_off))[word];
	return 0;
}

/* The FRAME and VALUE records of goroutine `index`, which ask_replay() let through. 0: the ring is full. */
ask_inline int ask_replay_records(struct ask_shard *shard, ask_u64 index)
{
	const struct ask_rehearsed *kept = ask_rehearsed((ask_u32)index);
	struct ask_replaying replaying;

	if (!kept)
		return 0;
	shard->replayed++;
	if (!kept->size)
		return 1;
	if (!ask_reserve(shard, kept->size))
		return 0;
	replaying.from = kept->chunk;
	replaying.from_off = kept->off;
	replaying.to = ask_ring(shard, shard->write_chunk);
	replaying.to_off = shard->write_off;
	ask_loop((kept->size + ASK_REPLAY_WORDS * 8 - 1) / (ASK_REPLAY_WORDS * 8), ask_replay_step,
		 &replaying);
	ask_commit(shard, kept->size);
	return 1;
}

#endif
