/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef ASK_WALK_H
#define ASK_WALK_H

/*
 * Walking a goroutine's stack.
 *
 * A frame is (PC, CFA): the canonical frame address is the value of SP before the
 * call that made the frame, so the return address lies at CFA-8. Go saves the
 * caller's frame pointer at CFA-16 in every frame larger than 8 bytes.
 *
 * The first frame always goes by call frame information: CFA = SP + N, N from the
 * table of .debug_frame. From there a parked goroutine is walked along its frame
 * pointers: CFA = BP + 16. All others (preempted anywhere, in system calls before
 * Go 1.23, on a thread) are walked by call frame information alone, which needs a
 * binary search for each frame but no register; so is a parked one whose chain of
 * frame pointers breaks (across a cgo callback).
 *
 * runtime.sigpanic, sigpanic0 and asyncPreempt are entered as if the interrupted
 * instruction had called them: their caller may have no frame yet, so it is found
 * by call frame information, and its PC is exact.
 *
 * A stack is good only when its root, runtime.goexit, was reached. Anything else
 * gives a status and no frames.
 */

/* The eight bytes of stack at `address`, through the window. 0 and walk_status on failure. */
ask_inline ask_u64 ask_word(struct ask_shard *shard, ask_u64 address)
{
	ask_u64 at = address - shard->window_base;

	if (address < shard->walk_lo || address + 8 > shard->walk_hi || (address & 7)) {
		shard->walk_status = ASK_STACK_BAD_CHAIN;
		return 0;
	}
	if (address < shard->window_base || at + 8 > shard->window_size) {
		ask_u64 size = shard->walk_hi - address;

		if (size > ASK_WINDOW)
			size = ASK_WINDOW;
		ask_hide(size);
		if (size > ASK_WINDOW || ask_read(shard->window, (ask_u32)size, address)) {
			shard->walk_status = ASK_STACK_READ_FAILED;
			return 0;
		}
		shard->window_base = address;
		shard->window_size = (ask_u32)size;
		at = 0;
	}
	at /= 8;
	ask_hide(at);
	return shard->window[at & (ASK_WINDOW / 8 - 1)];
}

/* N of CFA = SP + N at text offset `pc`; 0 when it is not known. */
ask_global ask_cfi(ask_u32 shard_index, ask_u32 pc)
{
	struct ask_call call = {shard_index, pc};
	struct ask_shard *shard = ask_shard(shard_index);
	const struct ask_cfi *row;

	if (!shard)
		return 0;
	if (shard->cfi_pc == pc && shard->cfi_cfa)
		return (int)shard->cfi_cfa;
	row = ask_search_cfi(shard, ASK_LAYOUT(cfi_rows), &call);
	if (!row || row->pc > pc)
		return 0;
	shard->cfi_pc = pc;
	shard->cfi_cfa = row->cfa;
	return (int)(row->cfa & 0x7fffffff);
}

/* Where frame number `depth` is kept: the leaf part in order, the root part as a ring. */
ask_inline ask_u32 ask_walked_place(ask_u32 depth)
{
	ask_u32 leaf = ASK_LAYOUT(frames_leaf), root = ASK_LAYOUT(frames_root);

	if (depth < leaf)
		return depth;
	return root ? leaf + (depth - leaf) % root : ASK_MAX_FRAMES;
}

/*
 * 1 when the 64 bytes of text around `pc` hold a return address of a captured
 * function, or belong to a function that is entered without a call.
 */
ask_inline ask_u32 ask_interesting(ask_u32 pc)
{
	ask_u64 *word = ask_bitmap_word(pc >> 12);

	return word ? (*word >> ((pc >> 6) & 63)) & 1 : 0;
}

ask_inline int ask_within(ask_u64 pc, ask_u32 lo, ask_u32 hi)
{
	return pc >= lo && pc < hi;
}

ask_inline void ask_mix(ask_u64 *h0, ask_u64 *h1, ask_u32 pc)
{
	*h0 = (*h0 ^ pc) * 0x9e3779b97f4a7c15ull;
	*h0 ^= *h0 >> 29;
	*h1 = (*h1 + pc) * 0xc2b2ae3d27d4eb4full;
	*h1 ^= *h1 >> 31;
}

/* Keeps an interesting frame behind the leaf part, which may be in the gap of a deep stack. */
ask_inline void ask_keep_deep(struct ask_shard *shard, ask_u32 flags)
{
	ask_u64 slot = shard->deep, kind = ((ask_u32)shard->walk_pc * 0x9e3779b1u) >> 26;

	if (!slot && !shard->deep_lost)
		for (int i = 0; i < (int)ASK_DEEP_KINDS; i++)
			shard->deep_seen[i] = 0;
	ask_hide(kind);
	kind &= ASK_DEEP_KINDS - 1;
	ask_hide(slot);
	if (slot >= ASK_DEEP_FRAMES || shard->deep_seen[kind] >= ASK_DEEP_ALIKE) {
		shard->deep_lost++;
		return;
	}
	shard->deep_seen[kind]++;
	shard->deep_frames[slot].cfa = shard->walk_cfa;
	shard->deep_frames[slot].pc = (ask_u32)shard->walk_pc;
	shard->deep_frames[slot].flags = flags;
	shard->deep_numbers[slot] = shard->depth;
	shard->deep = (ask_u32)slot + 1;
}

/* Keeps the frame at (walk_pc, walk_cfa) and mixes its PC into the stack's hash. */
ask_inline void ask_keep_frame(struct ask_shard *shard)
{
	ask_u32 pc = (ask_u32)shard->walk_pc, depth = shard->depth;
	ask_u32 flags = ask_interesting(pc) ? ASK_WALKED_MATCH : 0;
	ask_u64 place = ask_walked_place(depth);

	if (shard->walk_inject) {
		flags |= ASK_WALKED_EXACT;
		if (ask_interesting(pc + 1))
			flags |= ASK_WALKED_MATCH;
	}
	ask_hide(place);
	if (place < ASK_MAX_FRAMES) {
		shard->walked[place].cfa = shard->walk_cfa;
		shard->walked[place].pc = pc;
		shard->walked[place].flags = flags;
	}
	if ((flags & ASK_WALKED_MATCH) && depth < ASK_LAYOUT(frames_leaf)) {
		ask_u64 slot = shard->matched;

		ask_hide(slot);
		shard->matches[slot & (ASK_MAX_FRAMES - 1)] = (ask_u16)depth;
		shard->matched++;
	} else if (flags & ASK_WALKED_MATCH) {
		ask_keep_deep(shard, flags);
	}
	ask_mix(&shard->hash[0], &shard->hash[1], pc);
	shard->depth = depth + 1;
}

/* Frames that ask_walk_fast() takes at once. */
#define ASK_FAST_FRAMES 8

/*
 * The common case, with everything in registers: a few frames along the frame
 * pointers, inside the window, in the leaf part, none of them interesting. It
 * stops before whatever is not like that, and ask_walk_step() looks at it in earnest.
 */
ask_inline void ask_walk_fast(struct ask_shard *shard, ask_u64 text)
{
	ask_u64 pc = shard->walk_pc, cfa = shard->walk_cfa, fp = shard->walk_fp;
	ask_u64 h0 = shard->hash[0], h1 = shard->hash[1];
	ask_u64 base = shard->window_base, size = shard->window_size;
	ask_u32 depth = shard->depth;

	for (int i = 0; i < ASK_FAST_FRAMES; i++) {
		ask_u64 at = cfa - 8 - base, link = fp - base, place = depth, next;

		if (ask_interesting((ask_u32)pc) || depth >= ASK_LAYOUT(frames_leaf))
			break;
		if (at >= size || link >= size || size - at < 8 || size - link < 8 || fp < cfa ||
		    (link & 7))
			break;
		at /= 8;
		link /= 8;
		ask_hide(at);
		ask_hide(link);
		next = shard->window[at & (ASK_WINDOW / 8 - 1)] - text;
		if (next >= ASK_LAYOUT(text_size) ||
		    ask_within(next, ASK_LAYOUT(goexit_lo), ASK_LAYOUT(goexit_hi)))
			break;
		ask_hide(place);
		if (place >= ASK_MAX_FRAMES)
			break;
		shard->walked[place].cfa = cfa;
		shard->walked[place].pc = (ask_u32)pc;
		shard->walked[place].flags = 0;
		ask_mix(&h0, &h1, (ask_u32)pc);
		depth++;
		pc = next;
		cfa = fp + 16;
		fp = shard->window[link & (ASK_WINDOW / 8 - 1)];
	}
	shard->walk_pc = pc;
	shard->walk_cfa = cfa;
	shard->walk_fp = fp;
	shard->hash[0] = h0;
	shard->hash[1] = h1;
	shard->depth = depth;
}

/* Steps of one walk between two looks at the clock. */
#define ASK_WALK_CLOCK 1024

/* One frame: keep it, then step to its caller. */
static long ask_walk_step(ask_u64 i, void *context)
{
	struct ask_call *call = context;
	struct ask_shard *shard = ask_shard(call->shard);
	struct ask_control *control = ask_control();
	ask_u64 pc, cfa, fp;
	ask_u32 inject;

	if (!shard || !control)
		return 1;
	/* One stack may be a million frames deep. */
	if (i % ASK_WALK_CLOCK == ASK_WALK_CLOCK - 1 && control->deadline &&
	    ask_now() > control->deadline) {
		shard->walk_status = ASK_WALK_LATE;
		return 1;
	}
	if (!shard->walk_cfi && !shard->walk_inject)
		ask_walk_fast(shard, control->text);
	ask_keep_frame(shard);
	inject = ask_within(shard->walk_pc, ASK_LAYOUT(sigpanic_lo), ASK_LAYOUT(sigpanic_hi)) ||
		 ask_within(shard->walk_pc, ASK_LAYOUT(sigpanic0_lo), ASK_LAYOUT(sigpanic0_hi)) ||
		 ask_within(shard->walk_pc, ASK_LAYOUT(asyncpreempt_lo),
			    ASK_LAYOUT(asyncpreempt_hi));
	pc = ask_word(shard, shard->walk_cfa - 8) - control->text;
	if (shard->walk_status != ASK_WALK_GOING)
		return 1;
	if (pc >= ASK_LAYOUT(text_size)) {
		shard->walk_status = ASK_STACK_BAD_CHAIN;
		return 1;
	}
	if (ask_within(pc, ASK_LAYOUT(goexit_lo), ASK_LAYOUT(goexit_hi))) {
		shard->walk_status = ASK_STACK_OK;
		return 1;
	}
	fp = shard->walk_fp;
	if (shard->walk_cfi || inject) {
		ask_u32 size = (ask_u32)ask_cfi(call->shard, (ask_u32)pc);

		if (!size) {
			shard->walk_status = ASK_STACK_NO_CFI;
			return 1;
		}
		cfa = shard->walk_cfa + size;
		if (!shard->walk_cfi && size != 8)
			fp = ask_word(shard, cfa - 16);
	} else {
		cfa = fp + 16;
		if (cfa > shard->walk_cfa)
			fp = ask_word(shard, fp);
	}
	if (shard->walk_status != ASK_WALK_GOING)
		return 1;
	if (cfa <= shard->walk_cfa || cfa > shard->walk_hi || (cfa & 7)) {
		shard->walk_status = ASK_STACK_BAD_CHAIN;
		return 1;
	}
	shard->walk_pc = pc;
	shard->walk_cfa = cfa;
	shard->walk_fp = fp;
	shard->walk_inject = inject;
	return 0;
}

/*
 * Walks from (pc, sp, bp); walk_lo, walk_hi, walk_cfi and walk_inject (the leaf's
 * PC is exact) are set. The result is in walk_status, depth, walked, matches and hash.
 */
ask_global ask_walk(ask_u32 shard_index, ask_u64 pc, ask_u64 sp, ask_u64 bp)
{
	struct ask_call call = {shard_index, 0};
	struct ask_shard *shard = ask_shard(shard_index);
	struct ask_control *control = ask_control();
	ask_u32 size;

	if (!shard || !control)
		return 0;
	shard->depth = 0;
	shard->matched = 0;
	shard->deep = 0;
	shard->deep_lost = 0;
	shard->deep_twice = 0;
	shard->deep_here = 0;
	shard->walk_sp = sp;
	shard->window_size = 0;
	pc -= control->text;
	if (pc >= ASK_LAYOUT(text_size) || sp < shard->walk_lo || sp >= shard->walk_hi) {
		shard->walk_status = ASK_STACK_BAD_LEAF;
		return 0;
	}
	size = (ask_u32)ask_cfi(shard_index, (ask_u32)pc);
	if (!size) {
		shard->walk_status = ASK_STACK_NO_CFI;
		return 0;
	}
	/* No frame yet: at a function's entry, or in its prologue's stack check. Not behind a call. */
	if (size == 8)
		shard->walk_inject = 1;
	shard->leaf_exact = shard->walk_inject;
	shard->hash[0] = shard->leaf_exact ? 0x2545f4914f6cdd1dull : 0x27d4eb2f165667c5ull;
	shard->hash[1] = shard->hash[0] * 3;
	shard->walk_status = ASK_WALK_GOING;
	shard->walk_pc = pc;
	shard->walk_cfa = sp + size;
	shard->walk_fp = bp;
	/* The first look brings the whole used part of an ordinary stack into the window. */
	ask_word(shard, sp & ~7ull);
	if (!shard->walk_cfi && size != 8)
		shard->walk_fp = ask_word(shard, sp + size - 16);
	if (shard->walk_status == ASK_WALK_GOING)
		ask_loop(1u << 23, ask_walk_step, &call);
	if (shard->walk_status == ASK_WALK_GOING)
		shard->walk_status = ASK_STACK_BAD_CHAIN;
	if (shard->walk_status == ASK_STACK_OK &&
	    shard->depth > ASK_LAYOUT(frames_leaf) + ASK_LAYOUT(frames_root))
		shard->walk_status = ASK_STACK_CUT;
	return 0;
}

#endif
