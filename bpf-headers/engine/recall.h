/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef ASK_RECALL_H
#define ASK_RECALL_H

/*
 * Stacks that look like one that was walked before.
 *
 * A program's goroutines wait in few places, and those in one place have stacks that
 * differ in data alone. A walk along frame pointers depends on nothing but the leaf's PC
 * and the words that it reads: the return address and the saved frame pointer of each
 * frame. So a shard keeps, for some (leaf's PC, bytes in use), what the last walk found and
 * where. When all those words are the same again, relative to SP, then so is the walk's
 * result: comparing them is a third of the work, and no less sure.
 *
 * Only whole and ordinary walks are kept: the stack fits in the window, nothing was
 * injected, the root was reached. A shape is kept when it is met for the second time.
 */

/* 1 when this shard has written a STACK record for the hash; slot tells where it is or may go. */
ask_inline int ask_stack_known(const struct ask_shard *shard, ask_u64 h0, ask_u64 h1,
			       ask_u32 *slot)
{
	*slot = ASK_STACK_SLOTS;
	for (int i = 0; i < 4; i++) {
		ask_u64 place = h0 + i;

		ask_hide(place);
		place &= ASK_STACK_SLOTS - 1;
		if (shard->stacks[place][0] == h0 && shard->stacks[place][1] == h1)
			return 1;
		if (!shard->stacks[place][0] && !shard->stacks[place][1]) {
			*slot = (ask_u32)place;
			return 0;
		}
	}
	return 0;
}

/* Number of the place where stacks of this shape are kept. */
ask_inline ask_u32 ask_shape_place(ask_u32 pc, ask_u32 size)
{
	return (pc * 0x9e3779b1u ^ size * 0x85ebca6bu) >> 16 & (ASK_SHAPES - 1);
}

ask_inline struct ask_shape *ask_shape(struct ask_shard *shard, ask_u64 place)
{
	ask_hide(place);
	return &shard->shapes[place & (ASK_SHAPES - 1)];
}

/* Frames that one step compares. */
#define ASK_RECALL_FRAMES 8
#if ASK_SHAPE_FRAMES % ASK_RECALL_FRAMES
#error "the frames of a shape are compared in whole groups"
#endif
/*
 * What verifiers before Linux 6.9 see of a number of a frame, whichever copy of it the compiler
 * compares with ASK_SHAPE_FRAMES (see ask_bound()). Behind the frames lies more of the shard.
 */
#define ASK_SHAPE_MASK 63u
#if ASK_SHAPE_FRAMES > ASK_SHAPE_MASK
#error "ASK_SHAPE_MASK must let every frame through"
#endif

/*
 * Compares the next frames with the window: recall_differs keeps what bits differ. Behind the last
 * frame the group is filled up with copies of the first, so that nothing is asked for each.
 */
static long ask_recall_step(ask_u64 i, void *context)
{
	struct ask_call *call = context;
	struct ask_shard *shard = ask_shard(call->shard);
	struct ask_control *control = ask_control();
	const struct ask_shape_frame *frame;
	ask_u64 sp, text, differs = 0;

	if (!shard || !control)
		return 1;
	i *= ASK_RECALL_FRAMES;
	ask_hide(i);
	i &= ASK_SHAPE_MASK;
	if (i > ASK_SHAPE_FRAMES - ASK_RECALL_FRAMES)
		return 1;
	frame = &ask_shape(shard, call->index)->frames[i];
	sp = shard->window_base;
	text = control->text;
	for (int k = 0; k < ASK_RECALL_FRAMES; k++, frame++) {
		ask_u64 word = frame->word & (ASK_WINDOW / 8 - 1);

		if (frame->link)
			differs |= shard->window[word] ^ (sp + frame->link);
		differs |= (shard->window[word + 1] - text) ^ frame->ret;
	}
	shard->recall_differs |= differs;
	return differs != 0;
}

/* Sets match number `i` of a stack that was recalled, and its frame in `walked`. */
static long ask_recall_match(ask_u64 i, void *context)
{
	struct ask_call *call = context;
	struct ask_shard *shard = ask_shard(call->shard);
	struct ask_shape *shape;
	ask_u64 number;

	ask_hide(i);
	i &= ASK_SHAPE_MASK;
	if (!shard || i >= ASK_SHAPE_FRAMES)
		return 1;
	shape = ask_shape(shard, call->index);
	number = shape->matches[i];
	if (number >= ASK_SHAPE_FRAMES)
		return 1;
	shard->walked[number].cfa = shard->window_base + (shape->frames[number].word + 2) * 8ull;
	shard->walked[number].pc = shape->frames[number].pc;
	shard->walked[number].flags = ASK_WALKED_MATCH;
	shard->matches[i] = (ask_u16)number;
	return 0;
}

/*
 * 1: the stack that begins at (pc, sp) is like one that was walked before and whose
 * STACK record was written; depth, hash, matches, their frames in `walked`, and
 * walk_status are set. 0: it must be walked.
 */
ask_global ask_recall(ask_u32 shard_index, ask_u64 pc, ask_u64 sp)
{
	struct ask_call call = {shard_index, 0};
	struct ask_shard *shard = ask_shard(shard_index);
	struct ask_control *control = ask_control();
	struct ask_shape *shape;
	ask_u64 size;
	ask_u32 slot;

	if (!shard || !control || sp < shard->walk_lo || sp >= shard->walk_hi || (sp & 7))
		return 0;
	pc -= control->text;
	size = shard->walk_hi - sp;
	if (pc >= ASK_LAYOUT(text_size) || size > ASK_WINDOW)
		return 0;
	call.index = ask_shape_place((ask_u32)pc, (ask_u32)size);
	shape = ask_shape(shard, call.index);
	if (!shape->depth || shape->pc != pc || shape->size != size ||
	    !ask_stack_known(shard, shape->hash[0], shape->hash[1], &slot))
		return 0;
	ask_hide(size);
	if (size > ASK_WINDOW || ask_read(shard->window, (ask_u32)size, sp))
		return 0;
	shard->window_base = sp;
	shard->window_size = (ask_u32)size;
	shard->walk_sp = sp;
	shard->recall_differs = 0;
	ask_loop((shape->depth + ASK_RECALL_FRAMES - 1) / ASK_RECALL_FRAMES, ask_recall_step, &call);
	if (shard->recall_differs)
		return 0;
	shard->matched = shape->matched;
	ask_loop(shape->matched, ask_recall_match, &call);
	shard->depth = shape->depth;
	shard->hash[0] = shape->hash[0];
	shard->hash[1] = shape->hash[1];
	shard->walk_status = ASK_STACK_OK;
	return 1;
}

/* Keeps frame `number` of the walk that was just done; stops where it is not ordinary. */
static long ask_remember_step(ask_u64 number, void *context)
{
	struct ask_call *call = context;
	struct ask_shard *shard = ask_shard(call->shard);
	struct ask_control *control = ask_control();
	ask_u64 sp, cfa, next, word, after;
	struct ask_shape_frame *frame;
	struct ask_shape *shape;
	ask_u64 slot;

	if (!shard || !control)
		return 1;
	/*
	 * recall_at is `number`, but the verifier does not know it: Linux 6.12 loses the
	 * bounds of a number when another one that is it and one more is compared.
	 */
	after = shard->recall_at + 1ull;
	ask_hide(number);
	ask_hide(after);
	if (number >= ASK_SHAPE_FRAMES || after > ASK_SHAPE_FRAMES)
		return 1;
	shape = ask_shape(shard, call->index);
	frame = &shape->frames[number];
	sp = shard->window_base;
	cfa = shard->walked[number].cfa - sp;
	next = after < shard->depth ? shard->walked[after].cfa - 16 - sp : 0;
	word = cfa / 8 - 2;
	ask_hide(word);
	if ((shard->walked[number].flags & ASK_WALKED_EXACT) || (cfa & 7) ||
	    (next && shard->window[word & (ASK_WINDOW / 8 - 1)] != sp + next))
		return 1;
	word++;
	ask_hide(word);
	frame->word = (ask_u32)(cfa / 8 - 2);
	frame->link = (ask_u32)next;
	frame->pc = shard->walked[number].pc;
	frame->ret = (ask_u32)(shard->window[word & (ASK_WINDOW / 8 - 1)] - control->text);
	shard->recall_at++;
	/* What the bitmap let through in vain is not to be looked at each time. */
	if (!(shard->walked[number].flags & ASK_WALKED_MATCH) ||
	    ask_range(call->shard, frame->pc) < 0)
		return 0;
	slot = shape->matched;
	ask_hide(slot);
	slot &= ASK_SHAPE_MASK;
	if (slot >= ASK_SHAPE_FRAMES)
		return 1;
	shape->matches[slot] = (ask_u8)(shard->recall_at - 1);
	shape->matched = (ask_u32)slot + 1;
	return 0;
}

/* Fills the shape's last group up. */
static long ask_fill_step(ask_u64 i, void *context)
{
	struct ask_call *call = context;
	struct ask_shard *shard = ask_shard(call->shard);
	struct ask_shape *shape;
	ask_u64 number;

	if (!shard)
		return 1;
	shape = ask_shape(shard, call->index);
	number = shard->depth + i;
	ask_hide(number);
	if (number >= ASK_SHAPE_FRAMES)
		return 1;
	shape->frames[number] = shape->frames[0];
	return 0;
}

/* Keeps the shape of the stack that was just walked from (pc, sp), if it is met again and ordinary. */
ask_global ask_remember(ask_u32 shard_index, ask_u64 pc, ask_u64 sp)
{
	struct ask_call call = {shard_index, 0};
	struct ask_shard *shard = ask_shard(shard_index);
	struct ask_control *control = ask_control();
	struct ask_shape *shape;
	ask_u64 size;

	if (!shard || !control)
		return 0;
	pc -= control->text;
	size = shard->walk_hi - sp;
	if (shard->walk_status != ASK_STACK_OK || shard->walk_cfi || shard->leaf_exact ||
	    shard->window_base != sp || shard->window_size != size ||
	    shard->depth > ASK_SHAPE_FRAMES || shard->depth > ASK_LAYOUT(frames_leaf))
		return 0;
	call.index = ask_shape_place((ask_u32)pc, (ask_u32)size);
	shape = ask_shape(shard, call.index);
	shape->depth = 0;
	if (shape->pc != pc || shape->size != size) {
		shape->pc = (ask_u32)pc;
		shape->size = (ask_u32)size;
		return 0;
	}
	shape->matched = 0;
	shard->recall_at = 0;
	ask_loop(shard->depth, ask_remember_step, &call);
	if (shard->recall_at != shard->depth)
		return 0;
	ask_loop(ASK_RECALL_FRAMES - 1, ask_fill_step, &call);
	shape->hash[0] = shard->hash[0];
	shape->hash[1] = shard->hash[1];
	shape->depth = shard->depth;
	return 0;
}

#endif
