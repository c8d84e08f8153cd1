/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef ASK_GOROUTINE_H
#define ASK_GOROUTINE_H

/*
 * One goroutine: read its g, decide where its stack begins, walk it, write its
 * STACK (once for each distinct one) and GOROUTINE records.
 *
 * Go source: runtime/runtime2.go (type g, status constants), runtime/proc.go.
 */
#define ASK_G_IDLE 0u
#define ASK_G_RUNNABLE 1u
#define ASK_G_RUNNING 2u
#define ASK_G_SYSCALL 3u
#define ASK_G_WAITING 4u
#define ASK_G_DEAD 6u
#define ASK_G_COPYSTACK 8u
#define ASK_G_PREEMPTED 9u
#define ASK_G_DEADEXTRA 11u /* Go 1.26 and later */
#define ASK_G_SCAN 0x1000u

/* The g in work, inside of the g's that were read. */
ask_inline const ask_u8 *ask_g(const struct ask_shard *shard)
{
	ask_u64 at = shard->g_at;

	ask_hide(at);
	return (const ask_u8 *)shard->gs + (at & (ASK_GS - 1));
}

/* A word of it; 0 for a field that this Go version lacks. */
ask_inline ask_u64 ask_g64(const struct ask_shard *shard, ask_u32 offset)
{
	return offset == ASK_ABSENT ? 0 : *(const ask_u64 *)(ask_g(shard) + offset);
}

ask_inline ask_u32 ask_g32(const struct ask_shard *shard, ask_u32 offset)
{
	return *(const ask_u32 *)(ask_g(shard) + offset);
}

ask_inline ask_u32 ask_g8(const struct ask_shard *shard, ask_u32 offset)
{
	return *(ask_g(shard) + offset);
}

/*
 * Bytes from number `place` of the batch, the g at `address`, to the end of the last g that
 * can be read together with it: those that follow in allgs often follow in memory, too.
 */
ask_inline ask_u64 ask_g_run(const struct ask_shard *shard, ask_u64 place, ask_u64 address)
{
	ask_u64 left = shard->batch_end - shard->batch_next, last = address, next;

	for (ask_u32 i = 1; i < ASK_GS_RUN && i < left; i++) {
		ask_u64 at = place + i;

		ask_hide(at);
		next = shard->batch[at & (ASK_BATCH - 1)];
		if (next <= last || next - last > ASK_G_MAX || next - address > ASK_GS - ASK_G_MAX)
			break;
		last = next;
	}
	return last - address + ASK_LAYOUT(g_size);
}

/* Makes number `place` of the batch, at `address`, the g in work; not 0: it cannot be read. */
ask_inline long ask_read_g(struct ask_shard *shard, ask_u64 place, ask_u64 address)
{
	ask_u64 at = address - shard->gs_base, size;

	if (at < shard->gs_size && shard->gs_size - at >= ASK_LAYOUT(g_size)) {
		shard->g_at = at;
		return 0;
	}
	shard->g_at = 0;
	shard->gs_size = 0;
	size = ask_g_run(shard, place, address);
	ask_hide(size);
	if (size > ASK_GS || ask_read(shard->gs, (ask_u32)size, address)) {
		size = ASK_LAYOUT(g_size);
		if (ask_read(shard->gs, (ask_u32)size, address))
			return -1;
	}
	shard->gs_base = address;
	shard->gs_size = size;
	return 0;
}

/* The registers of thread `tid` as the runtime saw them when it stopped; 0: no such thread. */
ask_inline const struct ask_thread *ask_find_thread(ask_u32 shard_index, ask_u64 tid)
{
	struct ask_call call = {shard_index, (ask_u32)tid};
	struct ask_shard *shard = ask_shard(shard_index);
	struct ask_control *control = ask_control();
	const struct ask_thread *row;

	if (!shard || !control)
		return 0;
	row = ask_search_threads(shard, control->threads, &call);
	return row && shard->search_lo < control->threads && row->tid == tid ? row : 0;
}

#include "leaf.h"
#include "replay.h"

/*
 * Finds the leaf of the goroutine in work, whose g lies at `address`, and walks its
 * stack. `m` is what it runs on, `thread` that m's thread, 0 for none. The status is in
 * walk_status.
 */
ask_global ask_goroutine_stack(ask_u32 shard_index, ask_u64 address, ask_u64 m, ask_u64 thread)
{
	struct ask_shard *shard = ask_shard(shard_index);
	ask_u64 pc, sp, bp;
	ask_u32 status;

	if (!shard)
		return 0;
	status = ask_g32(shard, ASK_LAYOUT(g_atomicstatus)) & ~ASK_G_SCAN;
	shard->depth = 0;
	shard->matched = 0;
	shard->deep = 0;
	shard->leaf_exact = 0;
	shard->leaf_live = 0;
	shard->walk_inject = 0;
	shard->walk_cfi = status != ASK_G_WAITING;
	shard->walk_lo = ask_g64(shard, ASK_LAYOUT(g_stack_lo));
	shard->walk_hi = ask_g64(shard, ASK_LAYOUT(g_stack_hi));
	pc = ask_g64(shard, ASK_LAYOUT(g_sched_pc));
	sp = ask_g64(shard, ASK_LAYOUT(g_sched_sp));
	bp = ask_g64(shard, ASK_LAYOUT(g_sched_bp));
	if (status == ASK_G_COPYSTACK) {
		shard->walk_status = ASK_STACK_COPYING;
		return 0;
	}
	if (status == ASK_G_RUNNING) {
		if (!ask_running_leaf(shard_index, address, m, thread))
			return 0;
		pc = shard->leaf_pc;
		sp = shard->leaf_sp;
		bp = shard->leaf_bp;
	} else if (status == ASK_G_SYSCALL) {
		/*
		 * sched.bp is stale here before Go 1.23. In any other status sched alone is
		 * right: exitsyscall that finds no P parks itself by mcall (exitsyscall0,
		 * exitsyscallNoP since Go 1.26) and clears syscallsp only when it runs again.
		 */
		pc = ask_g64(shard, ASK_LAYOUT(g_syscallpc));
		sp = ask_g64(shard, ASK_LAYOUT(g_syscallsp));
		shard->walk_cfi = 1;
	}
	if (!shard->walk_cfi && ask_recall(shard_index, pc, sp))
		return 0;
	ask_walk(shard_index, pc, sp, bp);
	if (!shard->walk_cfi)
		ask_remember(shard_index, pc, sp);
	if (shard->walk_status == ASK_STACK_BAD_CHAIN && !shard->walk_cfi) {
		shard->walk_cfi = 1;
		shard->walk_inject = 0;
		ask_walk(shard_index, pc, sp, bp);
	}
	return 0;
}

/* Frames of the leaf and of the root part that were kept. */
ask_inline ask_u32 ask_kept_leaf(const struct ask_shard *shard)
{
	ask_u32 leaf = ASK_LAYOUT(frames_leaf);

	return shard->depth < leaf ? shard->depth : leaf;
}

ask_inline ask_u32 ask_kept_root(const struct ask_shard *shard)
{
	ask_u32 more = shard->depth - ask_kept_leaf(shard), root = ASK_LAYOUT(frames_root);

	return more < root ? more : root;
}

/* Physical number of the j-th kept frame. */
ask_inline ask_u32 ask_kept_frame(const struct ask_shard *shard, ask_u32 j)
{
	ask_u32 leaf = ask_kept_leaf(shard);

	return j < leaf ? j : shard->depth - ask_kept_root(shard) + (j - leaf);
}

/* Writes the j-th kept PC into the reserved STACK record. */
static long ask_stack_step(ask_u64 j, void *context)
{
	struct ask_call *call = context;
	struct ask_shard *shard = ask_shard(call->shard);
	ask_u64 place, off;
	ask_u8 *chunk;

	if (!shard)
		return 1;
	place = ask_walked_place(ask_kept_frame(shard, (ask_u32)j));
	chunk = ask_chunk(call->index);
	off = shard->write_off + sizeof(struct ask_stack) + j * sizeof(ask_u32);
	ask_hide(place);
	ask_hide(off);
	if (!chunk || place >= ASK_MAX_FRAMES || off >= ASK_CHUNK_SIZE)
		return 1;
	*(ask_u32 *)(chunk + off) = shard->walked[place].pc;
	return 0;
}

/* Writes the STACK record of the walked stack. 0: the ring is full. */
ask_inline int ask_emit_stack(struct ask_shard *shard, ask_u32 shard_index)
{
	ask_u32 leaf = ask_kept_leaf(shard), root = ask_kept_root(shard);
	ask_u32 size = ask_pad8(sizeof(struct ask_stack) + (leaf + root) * sizeof(ask_u32));
	struct ask_call call = {shard_index, 0};
	struct ask_stack *stack;

	if (!ask_reserve(shard, size))
		return 0;
	call.index = ask_ring(shard, shard->write_chunk);
	ask_zero8(call.index, shard->write_off + size - 8);
	stack = (struct ask_stack *)ask_place(shard);
	if (!stack)
		return 0;
	stack->head.size = size;
	stack->head.kind = ASK_RECORD_STACK;
	stack->head.status = 0;
	stack->hash[0] = shard->hash[0];
	stack->hash[1] = shard->hash[1];
	stack->depth = shard->depth;
	stack->leaf = leaf;
	stack->root = root;
	stack->flags = shard->leaf_exact ? ASK_LEAF_EXACT : 0;
	ask_loop(leaf + root, ask_stack_step, &call);
	ask_commit(shard, size);
	return 1;
}

/* Writes the GOROUTINE record of the g at `address`. 0: the ring is full. */
ask_inline int ask_emit_goroutine(struct ask_shard *shard, ask_u64 index, ask_u64 address,
				  ask_u64 thread)
{
	int good = shard->walk_status == ASK_STACK_OK || shard->walk_status == ASK_STACK_CUT;
	struct ask_goroutine *g;

	if (!ask_reserve(shard, sizeof(*g)))
		return 0;
	g = (struct ask_goroutine *)ask_place(shard);
	if (!g)
		return 0;
	g->head.size = sizeof(*g);
	g->head.kind = ASK_RECORD_GOROUTINE;
	g->head.status = 0;
	g->index = index;
	g->address = address;
	g->goid = ask_g64(shard, ASK_LAYOUT(g_goid));
	g->parent_goid = ask_g64(shard, ASK_LAYOUT(g_parentgoid));
	g->gopc = ask_g64(shard, ASK_LAYOUT(g_gopc));
	g->startpc = ask_g64(shard, ASK_LAYOUT(g_startpc));
	g->waitsince = (ask_s64)ask_g64(shard, ASK_LAYOUT(g_waitsince));
	g->labels = ask_g64(shard, ASK_LAYOUT(g_labels));
	g->stack_lo = shard->walk_lo;
	g->stack_hi = shard->walk_hi;
	g->thread = thread;
	g->stack_hash[0] = good ? shard->hash[0] : 0;
	g->stack_hash[1] = good ? shard->hash[1] : 0;
	g->atomicstatus = ask_g32(shard, ASK_LAYOUT(g_atomicstatus));
	g->waitreason = ask_g8(shard, ASK_LAYOUT(g_waitreason));
	g->depth = good ? shard->depth : 0;
	g->stack_status = (ask_u16)shard->walk_status;
	g->flags = good && shard->leaf_exact ? ASK_LEAF_EXACT : 0;
	ask_commit(shard, sizeof(*g));
	return 1;
}

/* Puts goroutine `index` on the list that the native engine works off. 0: the list is full. */
ask_inline int ask_retry_goroutine(struct ask_shard *shard, ask_u64 index)
{
	ask_u64 slot = shard->retries;

	ask_hide(slot);
	if (slot >= ASK_RETRIES) {
		shard->stop = ASK_STOP_RETRY;
		return 0;
	}
	shard->retry[slot] = index;
	shard->retries = slot + 1;
	return 1;
}

/* The goroutine in work is whole: on to the next. */
ask_inline void ask_goroutine_done(struct ask_shard *shard)
{
	ask_u64 slot = shard->stack_new;

	ask_hide(slot);
	if (slot < ASK_STACK_SLOTS) {
		shard->stacks[slot][0] = shard->hash[0];
		shard->stacks[slot][1] = shard->hash[1];
	}
	/* What found no room behind the leaf part is not lost where it is in the root part. */
	if (shard->deep)
		shard->deep_cuts += shard->deep_lost - (shard->deep_here - shard->deep_twice);
	shard->batch_next++;
	shard->phase = ASK_PHASE_GOROUTINE;
}

/* 1 when the goroutine in work has no frame left to look at. */
ask_inline int ask_last_frame(const struct ask_shard *shard)
{
	return shard->frame >= shard->matched + shard->deep + ask_kept_root(shard);
}

/*
 * The next goroutine of the batch. Returns 1 when the trigger must end (shard->stop
 * says why), with the cursor still on this goroutine.
 */
ask_global ask_goroutine(ask_u32 shard_index)
{
	struct ask_shard *shard = ask_shard(shard_index);
	ask_u64 index, address, m, thread = 0;
	ask_u32 status, slot = ASK_STACK_SLOTS;
	int replay = 0;
	long failed;

	if (!shard)
		return 1;
	index = shard->batch_next - shard->batch_first;
	ask_hide(index);
	address = shard->batch[index & (ASK_BATCH - 1)];
	shard->undo_chunk = shard->write_chunk;
	shard->undo_off = shard->write_off;
	shard->stack_new = ASK_STACK_SLOTS;
	failed = ask_read_g(shard, index, address);
	index = shard->batch_next;
	if (failed) {
		if (!shard->retried && !ask_retry_goroutine(shard, index))
			return 1;
		if (shard->retried)
			shard->dropped_goroutines++;
		shard->batch_next++;
		return 0;
	}
	status = ask_g32(shard, ASK_LAYOUT(g_atomicstatus)) & ~ASK_G_SCAN;
	if (status == ASK_G_IDLE || status == ASK_G_DEAD || status == ASK_G_DEADEXTRA) {
		shard->dead_goroutines++;
		shard->batch_next++;
		return 0;
	}
	m = ask_g64(shard, ASK_LAYOUT(g_m));
	if (m && ask_read(&thread, sizeof(thread), m + ASK_LAYOUT(m_procid)))
		thread = 0;
	if (status == ASK_G_WAITING)
		replay = ask_replay(shard_index, index);
	if (!replay)
		ask_goroutine_stack(shard_index, address, m, thread);
	shard->effort += shard->depth / 8;
	if (shard->walk_status == ASK_WALK_LATE) {
		shard->stop = ASK_STOP_TIME;
		return 1;
	}
	if (shard->walk_status == ASK_STACK_READ_FAILED) {
		if (!shard->retried) {
			if (!ask_retry_goroutine(shard, index))
				return 1;
			shard->batch_next++;
			return 0;
		}
		shard->read_failures++;
	}
	if (shard->walk_status == ASK_STACK_OK || shard->walk_status == ASK_STACK_CUT) {
		if (!ask_stack_known(shard, shard->hash[0], shard->hash[1], &slot)) {
			if (!ask_emit_stack(shard, shard_index))
				goto full;
			shard->stack_new = slot;
		}
	} else {
		shard->depth = 0;
		shard->matched = 0;
		shard->deep = 0;
	}
	if (!ask_emit_goroutine(shard, index, address, thread))
		goto full;
	if (replay) {
		if (!ask_replay_records(shard, index))
			goto full;
		ask_goroutine_done(shard);
		return 0;
	}
	shard->frame = 0;
	shard->phase = ASK_PHASE_FRAME;
	if (ask_last_frame(shard))
		ask_goroutine_done(shard);
	return 0;
full:
	shard->write_chunk = shard->undo_chunk;
	shard->write_off = shard->undo_off;
	shard->stop = ASK_STOP_FULL;
	return 1;
}

/* Takes the next goroutines from allgs; phase becomes DONE when none is left. 1: end the trigger. */
ask_global ask_take_batch(ask_u32 shard_index)
{
	struct ask_shard *shard = ask_shard(shard_index);
	struct ask_control *control = ask_control();
	ask_u64 first, count;

	if (!shard || !control)
		return 1;
	if (control->next >= control->goroutines) {
		shard->phase = ASK_PHASE_DONE;
		return 0;
	}
	first = __sync_fetch_and_add(&control->next, ASK_BATCH);
	if (first >= control->goroutines) {
		shard->phase = ASK_PHASE_DONE;
		return 0;
	}
	count = control->goroutines - first;
	if (count > ASK_BATCH)
		count = ASK_BATCH;
	shard->batch_first = first;
	shard->batch_next = first;
	shard->batch_end = first + count;
	ask_hide(count);
	if (count > ASK_BATCH ||
	    ask_read(shard->batch, (ask_u32)(count * sizeof(ask_u64)), control->allgs + first * 8)) {
		/* Not resident: the addresses read as zero, so each goes to the retry list. */
		for (ask_u32 i = 0; i < ASK_BATCH; i++)
			shard->batch[i] = 0;
	}
	return 0;
}

#endif
