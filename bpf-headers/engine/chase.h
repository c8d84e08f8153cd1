/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef ASK_CHASE_H
#define ASK_CHASE_H

/*
 * Following pointers, breadth first. The output is its own queue: a scan position
 * runs behind the write position, looks at every VALUE and POINTEE, and appends
 * what their pointers lead to. When it has caught up, all that is reachable within
 * the limits has been captured. A set of (address, type, limits) keeps shared
 * and cyclic structures from being copied twice; something met again is copied again
 * only when it may now be followed deeper, or more of it is wanted.
 */
#define ASK_VISIT_PROBES 16

/*
 * 1: capture it (and it is noted as captured). 0: captured already, as long and as deep.
 * Linear probing; where the set is full things are captured twice, which costs room, not truth.
 */
ask_inline int ask_visit(ask_u32 shard_index, ask_u64 address, ask_u32 type, ask_u32 limits,
			 ask_u32 depth, ask_u32 length)
{
	struct ask_control *control = ask_control();
	ask_u64 hash = (address ^ ((ask_u64)type << 40) ^ ((ask_u64)limits << 56)) *
		       0x9e3779b97f4a7c15ull;
	ask_u32 mask, base;

	if (!control || !control->visited_slots)
		return 1;
	mask = control->visited_slots - 1;
	base = shard_index * control->visited_slots;
	hash >>= 24;
	for (ask_u32 i = 0; i < ASK_VISIT_PROBES; i++) {
		struct ask_visited *slot = ask_visit_slot(base + (((ask_u32)hash + i) & mask));

		if (!slot)
			return 1;
		if (!slot->used) {
			slot->address = address;
			slot->type = type;
			slot->limits = (ask_u16)limits;
			slot->depth = (ask_u16)depth;
			slot->length = length;
			slot->used = 1;
			return 1;
		}
		if (slot->address == address && slot->type == type && slot->limits == limits) {
			if (slot->depth >= depth && slot->length >= length)
				return 0;
			if (slot->depth < depth)
				slot->depth = (ask_u16)depth;
			if (slot->length < length)
				slot->length = length;
			return 1;
		}
	}
	return 1;
}

/* What a pointer leads to. */
struct ask_lead {
	ask_u64 address;
	ask_u32 type;
	ask_u32 length;
	ask_u32 depth;
	ask_u32 limits;
};

/* Copies the pointee, unless it was captured before. 1: the ring is full. */
ask_inline int ask_capture(struct ask_shard *shard, ask_u32 shard_index,
			   const struct ask_lead *lead)
{
	ask_u32 padded = ask_pad8(lead->length), chunk, status = ASK_STATUS_OK;
	struct ask_value *value;

	if (!ask_reserve(shard, sizeof(*value) + padded)) {
		shard->stop = ASK_STOP_FULL;
		return 1;
	}
	if (!ask_visit(shard_index, lead->address, lead->type, lead->limits, lead->depth,
		       lead->length))
		return 0;
	if (!ask_charge(shard, padded)) {
		shard->budget_cuts++;
		return 0;
	}
	chunk = ask_ring(shard, shard->write_chunk);
	ask_zero8(chunk, (ask_u64)shard->write_off + sizeof(*value) + padded - 8);
	if (ask_copy(chunk, shard->write_off + sizeof(*value), lead->length, lead->address)) {
		status = ASK_STATUS_READ_FAILED;
		shard->failed_records++;
		ask_zero(chunk, shard->write_off + sizeof(*value), padded);
	}
	value = (struct ask_value *)ask_place(shard);
	if (!value)
		return 1;
	value->head.size = sizeof(*value) + padded;
	value->head.kind = ASK_RECORD_POINTEE;
	value->head.status = (ask_u16)status;
	value->address = lead->address;
	value->type = lead->type;
	value->length = lead->length;
	value->expr = 0;
	value->depth = (ask_u16)lead->depth;
	value->limits = (ask_u16)lead->limits;
	value->detail = 0;
	value->pad = 0;
	ask_commit(shard, sizeof(*value) + padded);
	return 0;
}

/* Elements to keep of `count` of them: as many as `limit` bytes hold, and at least one. */
ask_inline ask_u64 ask_cut(struct ask_shard *shard, ask_u64 count, ask_u32 size, ask_u32 limit)
{
	ask_u64 most = limit / size;

	if (!most)
		most = 1;
	if (count <= most)
		return count;
	shard->length_cuts++;
	return most;
}

/* Reads the pointer of kind `pointer` at `word` and says where it leads. 0: nowhere. */
ask_inline int ask_follow(struct ask_shard *shard, const struct ask_pointer *pointer,
			  const ask_u64 *word, ask_u32 depth, struct ask_lead *lead)
{
	const struct ask_type *target = ask_types_row(pointer->target);
	const struct ask_limits *limits = ask_limits_row(lead->limits);
	ask_u64 count;

	lead->address = word[0];
	if (!target || !limits || !target->size || !lead->address)
		return 0;
	lead->type = pointer->target;
	lead->depth = depth;
	switch (pointer->kind) {
	case ASK_POINTER_PLAIN:
		if (!depth) {
			shard->depth_cuts++;
			return 0;
		}
		lead->depth = depth - 1;
		lead->length = target->size;
		return lead->length <= ASK_RECORD_MAX - sizeof(struct ask_value) - 8;
	case ASK_POINTER_STRING:
	case ASK_POINTER_SLICE:
		count = word[1];
		if (!count || count >> 48)
			return 0;
		count = ask_cut(shard, count, target->size,
				pointer->kind == ASK_POINTER_STRING ? limits->string
								    : limits->slice);
		count *= target->size;
		if (count > ASK_RECORD_MAX - sizeof(struct ask_value) - 8)
			return 0;
		lead->length = (ask_u32)count;
		return 1;
	}
	return 0;
}

/* Moves the scan position past the record it is on. */
ask_inline void ask_scan_next(struct ask_shard *shard, ask_u32 size)
{
	shard->scan_off += size;
	shard->scan_elem = 0;
	shard->scan_row = 0;
	shard->scan_repeat = 0;
}

/* Follows one pointer. Phase becomes GOROUTINE when the scan has caught up. 1: end the trigger. */
ask_global ask_scan(ask_u32 shard_index)
{
	struct ask_shard *shard = ask_shard(shard_index);
	const struct ask_pointer *pointer;
	const struct ask_value *value;
	const struct ask_type *type;
	struct ask_lead lead = {};
	ask_u64 off, at;
	ask_u32 depth;
	ask_u8 *chunk;

	if (!shard)
		return 1;
	if (shard->scan_chunk < shard->write_chunk) {
		ask_u64 ring = shard->chunks ? shard->scan_chunk % shard->chunks : 0;

		if (shard->scan_off >= shard->used[ring & (ASK_SHARD_CHUNKS - 1)]) {
			shard->scan_chunk++;
			shard->scan_off = 0;
			return 0;
		}
	} else if (shard->scan_off >= shard->write_off) {
		shard->phase = ASK_PHASE_GOROUTINE;
		return 0;
	}
	chunk = ask_chunk(ask_ring(shard, shard->scan_chunk));
	off = shard->scan_off;
	ask_hide(off);
	if (!chunk || off >= ASK_CHUNK_SIZE)
		return 1;
	value = (const struct ask_value *)(chunk + off);
	if (value->head.kind < ASK_RECORD_VALUE || value->head.status != ASK_STATUS_OK) {
		ask_scan_next(shard, value->head.size);
		return 0;
	}
	type = ask_types_row(value->type);
	if (!type || !type->pointers || !type->size ||
	    (shard->scan_elem + 1) * (ask_u64)type->size > value->length) {
		ask_scan_next(shard, value->head.size);
		return 0;
	}
	pointer = ask_pointers_row(type->first_pointer + shard->scan_row);
	if (!pointer)
		return 1;
	lead.limits = value->limits;
	depth = value->depth;
	at = off + sizeof(*value) + (ask_u64)shard->scan_elem * type->size + pointer->offset +
	     (ask_u64)shard->scan_repeat * pointer->stride;
	ask_hide(at);
	if (at >= ASK_CHUNK_SIZE)
		return 1;
	if (ask_follow(shard, pointer, (const ask_u64 *)(chunk + at), depth, &lead) &&
	    ask_capture(shard, shard_index, &lead))
		return 1;
	if (++shard->scan_repeat < pointer->repeat)
		return 0;
	shard->scan_repeat = 0;
	if (++shard->scan_row < type->pointers)
		return 0;
	shard->scan_row = 0;
	shard->scan_elem++;
	return 0;
}

#endif
