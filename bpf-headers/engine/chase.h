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
/* Records without pointers that a step passes over. */
#define ASK_SCAN_SKIPS 8

/*
 * 1: capture it (and it is noted as captured). 0: captured already, as long and as deep.
 * Linear probing; where the set is full things are captured twice, which costs room, not truth.
 */
ask_inline int ask_visit(ask_u32 shard_index, ask_u64 address, ask_u32 type, ask_u32 limits,
			 ask_u32 depth, ask_u32 length)
{
	struct ask_control *control = ask_control();
	ask_u64 hash = (address >> 16 ^ ((ask_u64)type << 40) ^ ((ask_u64)limits << 56)) *
		       0x9e3779b97f4a7c15ull;
	ask_u32 mask, base;

	if (!control || !control->visited_slots)
		return 1;
	mask = control->visited_slots - 1;
	base = shard_index * control->visited_slots;
	hash = (hash >> 24) + (address >> 4 & 0xfff);
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
	if (ask_copy_values(chunk, shard->write_off + sizeof(*value), lead->length, lead->address,
			    lead->type)) {
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
	value->extra = 0;
	ask_commit(shard, sizeof(*value) + padded);
	shard->effort += padded >> 10;
	return 0;
}

/* The longest thing that fits in a record. */
#define ASK_LEAD_MAX (ASK_RECORD_MAX - (ask_u32)sizeof(struct ask_value) - 8)

/*
 * An array of `count` elements of the lead's type: as many as `limit` bytes hold, and at
 * least one. 0: there is nothing, or it cannot be.
 */
ask_inline int ask_lead_array(struct ask_shard *shard, struct ask_lead *lead, ask_u64 count,
			      ask_u32 limit)
{
	const struct ask_type *type = ask_types_row(lead->type);
	ask_u64 most;

	if (!type || !type->size || !count || count >> 48)
		return 0;
	most = limit / type->size;
	if (!most)
		most = 1;
	if (count > most) {
		shard->length_cuts++;
		count = most;
	}
	count *= type->size;
	lead->length = (ask_u32)count;
	return count <= ASK_LEAD_MAX;
}

/* One value of the lead's type, which costs one of `depth`. */
ask_inline int ask_lead_one(struct ask_shard *shard, struct ask_lead *lead, ask_u32 depth,
			    ask_u32 cost)
{
	const struct ask_type *type = ask_types_row(lead->type);

	if (!type || !type->size)
		return 0;
	if (depth < cost) {
		shard->depth_cuts++;
		return 0;
	}
	lead->depth = depth - cost;
	lead->length = type->size;
	return lead->length <= ASK_LEAD_MAX;
}

/* The word at `offset` of the value that begins at chunk + value; in bounds by the caller's word. */
ask_inline ask_u64 ask_value_word(const ask_u8 *chunk, ask_u64 value, ask_u32 offset)
{
	ask_u64 at = value + offset;

	ask_hide(at);
	return at < ASK_CHUNK_SIZE ? *(const ask_u64 *)(chunk + (at & ~7ull)) >> (at & 7) * 8 : 0;
}

/*
 * The group or bucket that scan_group stands at, of an array where entries are thin. 1: it has
 * entries. -1: its marks are not resident.
 */
ask_inline int ask_look_at_group(struct ask_shard *shard, ask_u32 size, ask_u32 limit)
{
	ask_u64 marks = 0, next = (ask_u64)shard->scan_group + 1;
	ask_u32 live;

	shard->groups_at += (ask_u64)shard->scan_group * size;
	if (ask_read(&marks, sizeof(marks), shard->groups_at)) {
		if (!shard->retried)
			return -1;
		/* its copy will say that it cannot be read */
		marks = shard->groups_old;
	}
	live = shard->groups_old ? ask_bucket_live(marks) : ask_group_live(marks);
	shard->groups_live = shard->scan_live + live;
	if (shard->groups_live < shard->groups_used) {
		shard->groups_more = next < shard->groups_count && next < ASK_GROUPS_LOOKED &&
				     !ask_groups_enough(shard->groups_live, size, limit);
		if (!shard->groups_more && next < shard->groups_count)
			shard->length_cuts++;
	}
	return shard->groups_old ? !ask_bucket_passed(marks) : live > 0;
}

/*
 * The array of groups or buckets at groups_at: how many bytes of it to copy from there, which it
 * moves when they are looked at one by one. -1: that cannot be told before more of the target is
 * resident.
 */
ask_global ask_groups(ask_u32 shard_index, ask_u32 type_index, ask_u32 limit)
{
	const struct ask_type *type = ask_types_row(type_index);
	struct ask_shard *shard = ask_shard(shard_index);
	ask_u64 groups;
	int found;

	if (!shard || !type || !type->size || !shard->groups_count || shard->groups_count >> 48 ||
	    !shard->groups_used)
		return 0;
	groups = ask_groups_at_once(shard->groups_count, type->size, shard->groups_used, limit);
	if (!groups) {
		found = ask_look_at_group(shard, type->size, limit);
		return found > 0 ? (int)type->size : found;
	}
	if (groups < shard->groups_count)
		shard->length_cuts++;
	return (int)(groups * type->size);
}

ask_inline int ask_lead_groups(struct ask_shard *shard, ask_u32 shard_index, struct ask_lead *lead,
			       ask_u32 limit)
{
	int length;

	shard->groups_at = lead->address;
	length = ask_groups(shard_index, lead->type, limit);
	if (length <= 0)
		return length;
	lead->address = shard->groups_at;
	lead->length = (ask_u32)length;
	return lead->length <= ASK_LEAD_MAX;
}

/*
 * Swiss maps with `used` entries: one group, or the pointers to the tables. Returns how many of
 * these to copy, of `length`.
 */
ask_inline ask_u32 ask_lead_directory(const struct ask_pointer *pointer, ask_u64 *length,
				      ask_u64 used, ask_u32 limit, struct ask_lead *lead)
{
	const struct ask_type *group = ask_types_row(pointer->extra);

	if (!group || !group->size || !used) {
		*length = 0;
	} else if (!*length) {
		lead->type = pointer->extra;
		*length = 1;
	} else {
		return (ask_u32)ask_tables_taken(*length, group->size, used, limit);
	}
	return 1;
}

/*
 * A child in a trie: what it is, its first byte tells. One that cannot be read, or holds
 * neither 0 nor 1, goes as a node: the copy says then what is wrong with it. -1: not resident.
 */
ask_inline int ask_lead_node(struct ask_shard *shard, const struct ask_pointer *pointer,
			     ask_u32 depth, struct ask_lead *lead)
{
	ask_u8 mark = 0;

	if (ask_read(&mark, sizeof(mark), lead->address) && !shard->retried)
		return -1;
	if (mark == 1)
		lead->type = pointer->extra;
	return ask_lead_one(shard, lead, depth, 0);
}

/*
 * Where the pointer at `word` leads. `value` is the place of the value that it is part
 * of. 0: nowhere. -1: that cannot be told before more of the target is resident.
 */
ask_inline int ask_follow(struct ask_shard *shard, ask_u32 shard_index,
			  const struct ask_pointer *pointer, ask_u8 *chunk, ask_u64 value,
			  ask_u64 *word, ask_u32 depth, struct ask_lead *lead)
{
	const struct ask_limits *limits = ask_limits_row(lead->limits);
	ask_u32 limit;
	ask_u64 count;

	lead->address = word[0];
	lead->type = pointer->target;
	lead->depth = depth;
	if (!limits || !lead->address)
		return 0;
	limit = limits->slice;
	switch (pointer->kind) {
	case ASK_POINTER_PLAIN:
		return ask_lead_one(shard, lead, depth, 1);
	case ASK_POINTER_FREE:
		lead->address += pointer->extra;
		return ask_lead_one(shard, lead, depth, 0);
	case ASK_POINTER_STRING:
		count = word[1];
		limit = limits->string;
		break;
	case ASK_POINTER_SLICE:
		count = word[1];
		break;
	case ASK_POINTER_COUNTED:
		count = ask_value_word(chunk, value, pointer->extra);
		break;
	case ASK_POINTER_GROUPS:
		shard->groups_count = word[1] + 1;
		shard->groups_used = ask_value_word(chunk, value, pointer->extra) & 0xffff;
		shard->groups_old = 0;
		return ask_lead_groups(shard, shard_index, lead, limits->map);
	case ASK_POINTER_DIRECTORY:
		count = word[1];
		limit = sizeof(ask_u64) * ask_lead_directory(pointer, &count,
							     ask_value_word(chunk, value, 0),
							     limits->map, lead);
		break;
	case ASK_POINTER_BUCKETS:
		/* Go source: runtime/map.go, hmap; sameSizeGrow is flag 8. */
		count = ask_value_word(chunk, value, pointer->extra & 0xff) & 63;
		if ((pointer->extra >> 16 & 1) && count &&
		    !(ask_value_word(chunk, value, pointer->extra >> 8 & 0xff) & 8))
			count--;
		shard->groups_count = 1ull << count;
		shard->groups_used = ask_value_word(chunk, value, 0);
		shard->groups_old = 1;
		return ask_lead_groups(shard, shard_index, lead, limits->map);
	case ASK_POINTER_CONTEXT:
		return ask_lead_context(shard, shard_index, word, depth, lead);
	case ASK_POINTER_CONTEXT_VALUE:
		if (!ask_context_wanted(shard_index, ask_value_word(chunk, value, pointer->extra),
					word[0]))
			return 0;
		/* fall through */
	case ASK_POINTER_ANY:
	case ASK_POINTER_INTERFACE:
		return ask_lead_dynamic(shard, shard_index, pointer->kind, word, depth, lead);
	case ASK_POINTER_FUNC:
		return ask_lead_func(shard, shard_index, depth, lead);
	case ASK_POINTER_NODE:
		return ask_lead_node(shard, pointer, depth, lead);
	default:
		return 0;
	}
	return ask_lead_array(shard, lead, count, limit);
}

/* The pprof labels of the goroutine at `off`. 1: the ring is full. */
ask_inline int ask_capture_labels(struct ask_shard *shard, ask_u32 shard_index,
				  const struct ask_goroutine *g)
{
	struct ask_lead lead = {.address = g->labels, .type = ASK_LAYOUT(labels_type),
				.limits = ASK_LAYOUT(labels_limits)};

	return ask_lead_one(shard, &lead, 0, 0) && ask_capture(shard, shard_index, &lead);
}

/* Moves the scan position past the record it is on. */
ask_inline void ask_scan_next(struct ask_shard *shard, ask_u32 size)
{
	shard->scan_off += size;
	shard->scan_elem = 0;
	shard->scan_row = 0;
	shard->scan_repeat = 0;
	shard->scan_group = 0;
	shard->scan_live = 0;
}

/*
 * Moves the scan to a record that has pointers, a few records at a time. Returns
 * its place in its chunk; 0: not found yet, or the scan has caught up (then the
 * phase is GOROUTINE again).
 */
ask_inline ask_u8 *ask_scan_find(struct ask_shard *shard, ask_u64 *ret)
{
	for (int i = 0; i < ASK_SCAN_SKIPS; i++) {
		const struct ask_value *value;
		const struct ask_type *type;
		ask_u64 off = shard->scan_off;
		ask_u8 *chunk;

		if (shard->scan_chunk < shard->write_chunk) {
			ask_u64 ring = shard->scan_chunk & (shard->chunks - 1);

			if (off >= shard->used[ring & (ASK_SHARD_CHUNKS - 1)]) {
				shard->scan_chunk++;
				shard->scan_off = 0;
				return 0;
			}
		} else if (off >= shard->write_off) {
			shard->phase = ASK_PHASE_GOROUTINE;
			return 0;
		}
		chunk = ask_chunk(ask_ring(shard, shard->scan_chunk));
		ask_hide(off);
		if (!chunk || off >= ASK_CHUNK_SIZE)
			return 0;
		value = (const struct ask_value *)(chunk + off);
		if (value->head.kind >= ASK_RECORD_VALUE && value->head.status == ASK_STATUS_OK) {
			type = ask_types_row(value->type);
			if (type && type->pointers && type->size &&
			    (shard->scan_elem + 1) * (ask_u64)type->size <= value->length) {
				*ret = off;
				return chunk;
			}
		}
		if (value->head.kind == ASK_RECORD_GOROUTINE &&
		    ((const struct ask_goroutine *)value)->labels &&
		    ASK_LAYOUT(labels_type) != ASK_ABSENT) {
			*ret = off;
			return chunk;
		}
		ask_scan_next(shard, value->head.size);
	}
	return 0;
}

/* Follows one pointer. 1: end the trigger. */
ask_global ask_scan(ask_u32 shard_index)
{
	struct ask_shard *shard = ask_shard(shard_index);
	const struct ask_pointer *pointer;
	const struct ask_type *type;
	struct ask_lead lead = {};
	struct ask_value *value;
	ask_u64 off = 0, at;
	ask_u8 *chunk;
	int leads;

	if (!shard)
		return 1;
	chunk = ask_scan_find(shard, &off);
	ask_hide(off);
	if (!chunk || off >= ASK_CHUNK_SIZE)
		return 0;
	value = (struct ask_value *)(chunk + off);
	if (value->head.kind == ASK_RECORD_GOROUTINE) {
		if (ask_capture_labels(shard, shard_index, (const struct ask_goroutine *)value))
			return 1;
		ask_scan_next(shard, sizeof(struct ask_goroutine));
		return 0;
	}
	type = ask_types_row(value->type);
	pointer = type ? ask_pointers_row(type->first_pointer + shard->scan_row) : 0;
	if (!type || !pointer)
		return 1;
	lead.limits = value->limits;
	shard->groups_more = 0;
	off += sizeof(*value) + (ask_u64)shard->scan_elem * type->size;
	at = off + pointer->offset + (ask_u64)shard->scan_repeat * pointer->stride;
	ask_hide(at);
	if (at >= ASK_CHUNK_SIZE)
		return 1;
	leads = ask_follow(shard, shard_index, pointer, chunk,
			   off + (ask_u64)shard->scan_repeat * pointer->stride,
			   (ask_u64 *)(chunk + at), value->depth, &lead);
	if (leads < 0) {
		value->extra |= ASK_VALUE_RESCAN;
		shard->failed_records++;
	}
	if (leads > 0 && ask_capture(shard, shard_index, &lead))
		return 1;
	if (shard->groups_more) {
		shard->scan_group++;
		shard->scan_live = shard->groups_live;
		return 0;
	}
	shard->scan_group = 0;
	shard->scan_live = 0;
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
