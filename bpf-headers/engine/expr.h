/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef ASK_EXPR_H
#define ASK_EXPR_H

/*
 * Captured functions in a frame, and their expressions. ask_frame() finds what the
 * range table says of the frame's PC; ask_expr() then evaluates one expression a
 * step: an address that begins at the CFA, a few operators, a copy into a VALUE.
 */

/* The ring is full in the middle of a goroutine: as if it had not begun. */
ask_inline int ask_goroutine_undo(struct ask_shard *shard)
{
	shard->write_chunk = shard->undo_chunk;
	shard->write_off = shard->undo_off;
	shard->phase = ASK_PHASE_GOROUTINE;
	shard->stop = ASK_STOP_FULL;
	return 1;
}

/* A frame that was walked, by its physical number; no flags: it was not kept. */
ask_inline struct ask_walked ask_walked_frame(const struct ask_shard *shard, ask_u32 number)
{
	struct ask_walked none = {};
	ask_u64 place = ask_walked_place(number);

	ask_hide(place);
	return place < ASK_MAX_FRAMES ? shard->walked[place] : none;
}

/*
 * Frame shard->frame of those to look at: the interesting ones of the leaf part, those
 * behind it, then the root part. Sets shard->match. No flags: nothing to do.
 */
ask_inline struct ask_walked ask_next_frame(struct ask_shard *shard)
{
	ask_u32 root = shard->depth - ask_kept_root(shard), frame = shard->frame;
	struct ask_walked none = {};
	ask_u64 place = frame;

	if (frame < shard->matched) {
		ask_hide(place);
		shard->match = shard->matches[place & (ASK_MAX_FRAMES - 1)];
		return ask_walked_frame(shard, shard->match);
	}
	place = frame - shard->matched;
	if (place < shard->deep) {
		ask_hide(place);
		if (place >= ASK_DEEP_FRAMES)
			return none;
		shard->match = shard->deep_numbers[place];
		if (shard->match < root)
			return shard->deep_frames[place];
		shard->deep_twice++;
		return none;
	}
	shard->match = root + (ask_u32)(place - shard->deep);
	none = ask_walked_frame(shard, shard->match);
	if (none.flags & ASK_WALKED_MATCH)
		shard->deep_here++;
	return none;
}

/*
 * Where a frame that was interrupted begins. In its prologue and epilogue, and in the call of
 * morestack behind its end, the location lists speak of slots that are below SP, where
 * there is nothing, or that the arguments have not been spilled to yet: with no frame at all
 * only what was spilled before morestack was called is sure.
 */
ask_inline ask_u64 ask_floor(const struct ask_shard *shard, const struct ask_walked *walked)
{
	if (shard->match || !(walked->flags & ASK_WALKED_EXACT))
		return 0;
	return shard->leaf_live && walked->cfa - shard->walk_sp == 8 ? ~0ull : shard->walk_sp;
}

/* Looks at the next frame that the bitmap let through. */
ask_global ask_frame(ask_u32 shard_index)
{
	struct ask_shard *shard = ask_shard(shard_index);
	const struct ask_range *row;
	struct ask_walked walked;
	ask_u32 pc;
	int range;

	if (!shard)
		return 1;
	if (ask_last_frame(shard)) {
		ask_goroutine_done(shard);
		return 0;
	}
	walked = ask_next_frame(shard);
	shard->frame++;
	pc = walked.pc;
	if (!(walked.flags & ASK_WALKED_MATCH))
		return 0;
	shard->edge = 0;
	if (walked.flags & ASK_WALKED_EXACT) {
		/* About to run `pc`: what is active there is what a return to pc+1 would find;
		 * values only where both look-ups agree, for locations are those at pc. */
		range = ask_range(shard_index, pc + 1);
		shard->edge = range != ask_range(shard_index, pc);
	} else {
		range = ask_range(shard_index, pc);
	}
	if (range < 0)
		return 0;
	row = ask_ranges_row((ask_u32)range);
	if (!row)
		return 0;
	shard->match_pc = pc;
	shard->frame_live = shard->leaf_live && !shard->match && (walked.flags & ASK_WALKED_EXACT);
	/* Go's arguments may lie above the CFA, but never outside of the stack. */
	shard->cfa = walked.cfa;
	shard->floor = ask_floor(shard, &walked);
	shard->probe = row->first_probe;
	shard->probes_end = row->first_probe + row->probes;
	shard->expr = 0;
	shard->exprs_end = 0;
	shard->phase = ASK_PHASE_EXPR;
	return 0;
}

ask_inline void ask_eval_fail(struct ask_eval *eval, ask_u32 reason)
{
	eval->status = ASK_STATUS_UNAVAILABLE;
	eval->detail = reason;
}

/* address = element op->a of the slice at address. 1: the expression ends. */
ask_inline long ask_op_index(struct ask_eval *eval, const struct ask_op *op)
{
	ask_u64 slice[2] = {};

	if (op->c == ASK_LOOK ? ask_read(&slice[1], sizeof(slice[1]), eval->address)
			      : ask_read(slice, sizeof(slice), eval->address)) {
		eval->status = ASK_STATUS_READ_FAILED;
		return 1;
	}
	if ((ask_u64)op->a >= slice[1] || slice[1] >> 48) {
		ask_eval_fail(eval, ASK_REASON_INDEX);
		return 1;
	}
	if (op->c != ASK_LOOK)
		eval->address = slice[0] + (ask_u64)op->a * op->b;
	return 0;
}

/* address = the value in the interface at address, if it has the wanted type. 1: the expression ends. */
ask_inline long ask_op_assert(struct ask_eval *eval, const struct ask_op *op)
{
	ask_u64 word[2] = {}, type;

	if (op->c == ASK_LOOK ? ask_read(word, sizeof(word[0]), eval->address)
			      : ask_read(word, sizeof(word), eval->address)) {
		eval->status = ASK_STATUS_READ_FAILED;
		return 1;
	}
	if (!word[0]) {
		eval->status = ASK_STATUS_NIL;
		return 1;
	}
	type = ask_dynamic_type(op->b ? ASK_POINTER_INTERFACE : ASK_POINTER_ANY, word);
	if (type == 1) {
		eval->status = ASK_STATUS_READ_FAILED;
		return 1;
	}
	type -= ASK_LAYOUT(types_lo) + eval->load_bias;
	if (type != (ask_u64)op->a) {
		ask_eval_fail(eval, ASK_REASON_DYNAMIC_TYPE);
		eval->extra = type < ASK_LAYOUT(types_size) ? (ask_u32)type : 0;
		return 1;
	}
	if (op->c != ASK_LOOK)
		eval->address = op->c ? eval->address + 8 : word[1];
	return 0;
}

/* What ask_take_register() did; the other results are reasons. */
#define ASK_TOOK_VALUE 0
#define ASK_TOOK_ADDRESS 0x100

/*
 * Takes the register of row `op` of the frame in work to shard->taken; its low bytes become
 * bytes of the value of `size` bytes at `off` of chunk `chunk`, unless it is an address.
 */
ask_global ask_take_register(ask_u32 shard_index, ask_u32 row, ask_u32 chunk, ask_u32 off,
			     ask_u32 size)
{
	struct ask_shard *shard = ask_shard(shard_index);
	const struct ask_op *op = ask_ops_row(row);
	ask_u8 *to = ask_chunk(chunk);
	ask_u64 at, place;

	if (!shard || !op || !to)
		return ASK_REASON_UNSUPPORTED;
	place = (ask_u64)op->a;
	at = (ask_u64)off + op->b;
	ask_hide(at);
	ask_hide(place);
	if (!shard->frame_live || place >= ASK_REGS)
		return ASK_REASON_REGISTER;
	shard->taken = shard->regs[place];
	if (!op->c)
		return ASK_TOOK_ADDRESS;
	if ((ask_u64)op->b + op->c > size || at >= ASK_CHUNK_SIZE)
		return ASK_REASON_UNSUPPORTED;
	to += at;
	if (op->c == 8)
		__builtin_memcpy(to, &shard->taken, 8);
	else if (op->c == 4)
		__builtin_memcpy(to, &shard->taken, 4);
	else if (op->c == 2)
		__builtin_memcpy(to, &shard->taken, 2);
	else
		*to = (ask_u8)shard->taken;
	return ASK_TOOK_VALUE;
}

/* Bytes of a register become bytes of the value, or it is the address. 1: the expression ends. */
ask_inline long ask_op_register(struct ask_shard *shard, ask_u32 shard_index, ask_u32 row)
{
	struct ask_eval *eval = &shard->eval;
	int took = ask_take_register(shard_index, row, eval->chunk, eval->off, eval->size);
	long on = 0;

	ask_hide(on); /* a compiler would return `took`, which the verifier does not know to be 0 */
	if (took == ASK_TOOK_VALUE)
		return on;
	if (took != ASK_TOOK_ADDRESS) {
		ask_eval_fail(eval, (ask_u32)took);
		return 1;
	}
	eval->in_frame = 0;
	eval->address = shard->taken;
	if (eval->address)
		return 0;
	eval->status = ASK_STATUS_NIL;
	return 1;
}

static long ask_op_step(ask_u64 i, void *context)
{
	struct ask_call *call = context;
	struct ask_shard *shard = ask_shard(call->shard);
	const struct ask_op *op = ask_ops_row(call->index + i);
	struct ask_eval *eval;
	ask_u64 word = 0;

	if (!shard || !op)
		return 1;
	eval = &shard->eval;
	eval->detail = (ask_u32)i;
	if (op->kind == ASK_OP_REGISTER)
		return ask_op_register(shard, call->shard, call->index + (ask_u32)i);
	if (eval->in_frame && op->kind != ASK_OP_CFA) {
		ask_u64 add = op->kind == ASK_OP_COPY ? (ask_u64)op->a : 0;

		if (op->kind != ASK_OP_ADD && eval->address + add < eval->floor) {
			ask_eval_fail(eval, ASK_REASON_NO_LOCATION);
			return 1;
		}
		eval->in_frame = op->kind == ASK_OP_COPY || op->kind == ASK_OP_ADD;
	}
	switch (op->kind) {
	case ASK_OP_CFA:
		eval->address = eval->cfa + (ask_u64)op->a;
		eval->in_frame = 1;
		return 0;
	case ASK_OP_STATIC:
		eval->in_frame = 0;
		eval->address = eval->load_bias + (ask_u64)op->a;
		return 0;
	case ASK_OP_ADD:
		eval->address += (ask_u64)op->a;
		return 0;
	case ASK_OP_DEREF:
		if (ask_read(&word, sizeof(word), eval->address)) {
			eval->status = ASK_STATUS_READ_FAILED;
			return 1;
		}
		if (!word) {
			eval->status = ASK_STATUS_NIL;
			return 1;
		}
		eval->address = word;
		return 0;
	case ASK_OP_INDEX:
		return ask_op_index(eval, op);
	case ASK_OP_ASSERT:
		return ask_op_assert(eval, op);
	case ASK_OP_COPY:
		if (op->b > eval->size || op->c > eval->size - op->b) {
			ask_eval_fail(eval, ASK_REASON_UNSUPPORTED);
			return 1;
		}
		if (op->c == eval->size) {
			eval->origin = eval->address + (ask_u64)op->a;
			if (op->c && ask_copy_values(eval->chunk, eval->off, op->c, eval->origin,
						     eval->type)) {
				eval->status = ASK_STATUS_READ_FAILED;
				return 1;
			}
			return 0;
		}
		if (op->c && ask_copy(eval->chunk, eval->off + op->b, op->c,
				      eval->address + (ask_u64)op->a)) {
			eval->status = ASK_STATUS_READ_FAILED;
			return 1;
		}
		return 0;
	}
	ask_eval_fail(eval, ASK_REASON_UNSUPPORTED);
	return 1;
}

/*
 * Evaluates expression `index` with CFA `cfa` into the VALUE record at `off` of
 * chunk `chunk`, for which there is room. Returns the bytes of data that belong to
 * the record. Called again natively for a VALUE that could not be read.
 */
ask_global ask_evaluate(ask_u32 shard_index, ask_u32 index, ask_u32 chunk, ask_u32 at)
{
	struct ask_call call = {shard_index, 0};
	const struct ask_expr *expr = ask_exprs_row(index);
	struct ask_shard *shard = ask_shard(shard_index);
	struct ask_control *control = ask_control();
	const struct ask_limits *limits;
	struct ask_eval *eval;
	const struct ask_op *last;
	struct ask_value *value;
	ask_u32 length = 0;
	ask_u64 off = at;
	ask_u8 *place;

	if (!expr || !shard || !control)
		return 0;
	eval = &shard->eval;
	eval->chunk = chunk;
	eval->off = at + sizeof(*value);
	eval->size = expr->size;
	eval->type = expr->type;
	eval->status = ASK_STATUS_OK;
	eval->extra = 0;
	eval->detail = 0;
	eval->address = 0;
	eval->origin = 0;
	eval->in_frame = 0;
	call.index = expr->first_op;
	eval->cfa = shard->cfa;
	eval->load_bias = control->load_bias;
	eval->floor = shard->floor;
	if (!expr->ops || shard->edge) {
		eval->status = ASK_STATUS_UNAVAILABLE;
		eval->detail = expr->ops ? ASK_REASON_RANGE_EDGE : expr->reason;
	} else if (!ask_charge(shard, ask_pad8(eval->size))) {
		eval->status = ASK_STATUS_BUDGET;
		shard->budget_cuts++;
	} else {
		ask_u32 padded = ask_pad8(eval->size);

		last = ask_ops_row(expr->first_op + expr->ops - 1);
		if (last && last->c != eval->size)
			ask_zero(chunk, eval->off, padded);
		else if (padded)
			ask_zero8(chunk, eval->off + padded - 8);
		ask_loop(expr->ops <= ASK_MAX_OPS ? expr->ops : 0, ask_op_step, &call);
		if (eval->status == ASK_STATUS_OK || eval->status == ASK_STATUS_READ_FAILED)
			length = eval->size;
		if (eval->status == ASK_STATUS_READ_FAILED) {
			shard->failed_records++;
			ask_zero(chunk, eval->off, padded);
		}
		if (eval->status == ASK_STATUS_OK)
			eval->detail = 0;
		if (eval->status == ASK_STATUS_OK && expr->reason == ASK_REASON_REDACTED)
			eval->status = ASK_STATUS_REDACTED;
	}
	limits = ask_limits_row(expr->limits);
	place = ask_chunk(chunk);
	ask_hide(off);
	if (!place || off >= ASK_CHUNK_SIZE)
		return 0;
	value = (struct ask_value *)(place + off);
	value->head.size = sizeof(*value) + ask_pad8(length);
	value->head.kind = ASK_RECORD_VALUE;
	value->head.status = (ask_u16)eval->status;
	value->address = eval->status == ASK_STATUS_OK ? eval->origin : 0;
	value->type = expr->type;
	value->length = length;
	value->expr = index;
	value->depth = limits ? (ask_u16)limits->depth : 0;
	value->limits = expr->limits;
	value->detail = eval->detail;
	value->extra = eval->extra;
	return (int)ask_pad8(length);
}

/* Writes the FRAME record of the next probe. 0: the ring is full. */
ask_inline int ask_emit_frame(struct ask_shard *shard)
{
	const struct ask_probe *probe = ask_probes_row(shard->probe);
	struct ask_frame *frame;

	if (!ask_reserve(shard, sizeof(*frame)))
		return 0;
	frame = (struct ask_frame *)ask_place(shard);
	if (!probe || !frame)
		return 0;
	frame->head.size = sizeof(*frame);
	frame->head.kind = ASK_RECORD_FRAME;
	frame->head.status = 0;
	frame->cfa = shard->cfa;
	frame->frame = shard->match;
	frame->probe = shard->probe;
	frame->pc = shard->match_pc;
	frame->pad = 0;
	ask_commit(shard, sizeof(*frame));
	shard->expr = probe->first_expr;
	shard->exprs_end = probe->first_expr + probe->exprs;
	shard->probe++;
	return 1;
}

/* The next expression of the frame in work; a FRAME record before the first one of each probe. */
ask_global ask_expr(ask_u32 shard_index)
{
	struct ask_shard *shard = ask_shard(shard_index);
	const struct ask_expr *expr;
	ask_u32 data;

	if (!shard)
		return 1;
	if (shard->expr >= shard->exprs_end && shard->probe < shard->probes_end &&
	    !ask_emit_frame(shard))
		return ask_goroutine_undo(shard);
	if (shard->expr < shard->exprs_end) {
		expr = ask_exprs_row(shard->expr);
		if (!expr || !ask_reserve(shard, sizeof(struct ask_value) + ask_pad8(expr->size)))
			return ask_goroutine_undo(shard);
		data = (ask_u32)ask_evaluate(shard_index, shard->expr,
					     ask_ring(shard, shard->write_chunk), shard->write_off);
		if (data > ASK_RECORD_MAX)
			return 1;
		ask_commit(shard, sizeof(struct ask_value) + data);
		shard->effort += data >> 10;
		shard->expr++;
	}
	if (shard->expr < shard->exprs_end || shard->probe < shard->probes_end)
		return 0;
	shard->phase = ASK_PHASE_FRAME;
	if (ask_last_frame(shard))
		ask_goroutine_done(shard);
	return 0;
}

#endif
