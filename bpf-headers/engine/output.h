/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef ASK_OUTPUT_H
#define ASK_OUTPUT_H

/*
 * Output: records go to the shard's ring of chunks. ask_reserve() finds room,
 * the caller fills the record in, ask_commit() makes it part of the stream. When
 * the ring is full nothing has happened yet, and the engine returns to the runtime.
 */

/* What a callback of ask_loop() needs to find its shard again, and what it works on. */
struct ask_call {
	ask_u32 shard;
	ask_u32 index;
};

ask_inline ask_u32 ask_pad8(ask_u32 size)
{
	return (size + 7) & ~7u;
}

/* The chunk that record n of the shard's stream lies in. */
ask_inline ask_u32 ask_ring(const struct ask_shard *shard, ask_u64 chunk)
{
	return shard->first_chunk + (ask_u32)(chunk & (shard->chunks - 1));
}

/* 1 when a record of `size` bytes fits now: it goes to write_chunk, write_off. 0: the ring is full. */
ask_inline int ask_reserve(struct ask_shard *shard, ask_u32 size)
{
	if (shard->write_off + size <= ASK_CHUNK_SIZE)
		return 1;
	if (shard->write_chunk + 1 >= shard->drained + shard->chunks || size > ASK_CHUNK_SIZE)
		return 0;
	shard->used[shard->write_chunk & (shard->chunks - 1) & (ASK_SHARD_CHUNKS - 1)] =
		shard->write_off;
	shard->write_chunk++;
	shard->write_off = 0;
	return 1;
}

ask_inline void ask_commit(struct ask_shard *shard, ask_u32 size)
{
	shard->write_off += size;
}

/* Where the reserved record begins; ASK_READ_MAX + 64 bytes from there are in bounds. */
ask_inline ask_u8 *ask_place(struct ask_shard *shard)
{
	ask_u8 *chunk = ask_chunk(ask_ring(shard, shard->write_chunk));
	ask_u64 off = shard->write_off;

	ask_hide(off);
	if (!chunk || off >= ASK_CHUNK_SIZE)
		return 0;
	return chunk + off;
}

/*
 * Takes `size` bytes of the process's `bytes` budget; 0 when it is used up. Shards
 * take it in grants, so that they do not meet at one counter for every record.
 */
ask_inline int ask_charge(struct ask_shard *shard, ask_u32 size)
{
	struct ask_control *control = ask_control();
	ask_u64 grant = size > ASK_GRANT ? size : ASK_GRANT;

	if (shard->budget >= size) {
		shard->budget -= size;
		return 1;
	}
	if (!control)
		return 0;
	if (grant > control->bytes_limit)
		grant = size;
	if (__sync_fetch_and_add(&control->granted, grant) + grant > control->bytes_limit) {
		__sync_fetch_and_add(&control->granted, -grant);
		return 0;
	}
	shard->budget += grant - size;
	return 1;
}

/*
 * Copies `size` bytes of the target to offset `off` of a chunk, in reads that the verifier can
 * bound. Nothing is carried from one turn to the next, so that it looks at each of them once.
 */
ask_global ask_copy(ask_u32 chunk_index, ask_u32 off, ask_u32 size, ask_u64 from)
{
	ask_u8 *chunk = ask_chunk(chunk_index);

	if (!chunk)
		return -1;
	for (ask_u32 done = 0; done <= ASK_RECORD_MAX; done += ASK_READ_MAX) {
		ask_u64 at = (ask_u64)off + done, part = size - done;

		if (part > ASK_READ_MAX)
			part = ASK_READ_MAX;
		ask_hide(at);
		if (at >= ASK_CHUNK_SIZE)
			return -1;
		ask_hide(part);
		if (part > ASK_READ_MAX)
			return -1;
		if (ask_read(chunk + at, (ask_u32)part, from + done))
			return -1;
		if (size - done <= ASK_READ_MAX)
			return 0;
	}
	return -1;
}

/* Zeroes the eight bytes at offset `off` of a chunk. */
ask_inline void ask_zero8(ask_u32 chunk_index, ask_u64 off)
{
	ask_u8 *chunk = ask_chunk(chunk_index);

	ask_hide(off);
	if (chunk && off < ASK_CHUNK_SIZE)
		*(ask_u64 *)(chunk + off) = 0;
}

struct ask_zeroing {
	ask_u32 chunk, off;
};

static long ask_zero_step(ask_u64 i, void *context)
{
	struct ask_zeroing *zeroing = context;

	ask_zero8(zeroing->chunk, zeroing->off + i * 8);
	return 0;
}

/* Zeroes `size` bytes (a multiple of 8): what no piece of a value fills must not tell old secrets. */
ask_inline void ask_zero(ask_u32 chunk_index, ask_u32 off, ask_u32 size)
{
	struct ask_zeroing zeroing = {chunk_index, off};

	ask_loop(size / 8, ask_zero_step, &zeroing);
}

/* Copying what is chosen of the values of a type, one span a step. */
struct ask_picking {
	ask_u32 chunk, off, size; /* of the room; `size` of one value */
	ask_u32 first, spans;	  /* rows in the span table */
	ask_u32 values, value, span, repeat; /* how many values there are; where it stands */
	ask_u32 failed;
	ask_u64 from;
};
/* More steps than spans of a record: each but an empty one copies a byte. */
#define ASK_PICKS (1u << 20)

static long ask_pick_step(ask_u64 i, void *context)
{
	struct ask_picking *picking = context;
	const struct ask_span *span;
	ask_u32 at;

	(void)i;
	if (picking->value >= picking->values)
		return 1;
	span = ask_spans_row((ask_u64)picking->first + picking->span);
	if (!span) {
		picking->failed = 1;
		return 1;
	}
	at = picking->value * picking->size + span->offset + picking->repeat * span->stride;
	if (span->size &&
	    ask_copy(picking->chunk, picking->off + at, span->size, picking->from + at)) {
		picking->failed = 1;
		return 1;
	}
	if (++picking->repeat < span->repeat)
		return 0;
	picking->repeat = 0;
	if (++picking->span < picking->spans)
		return 0;
	picking->span = 0;
	picking->value++;
	return 0;
}

/*
 * Copies `length` bytes of values of a type to offset `off` (a multiple of 8) of a chunk: all
 * of them, or what the type's spans have, with zeroes between. Not 0: it could not be read.
 */
ask_global ask_copy_values(ask_u32 chunk, ask_u32 off, ask_u32 length, ask_u64 from,
			   ask_u32 type_index)
{
	const struct ask_type *type = ask_types_row(type_index);
	struct ask_picking picking = {.chunk = chunk, .off = off, .from = from};

	if (!type || !type->spans || !type->size)
		return ask_copy(chunk, off, length, from);
	picking.size = type->size;
	picking.first = type->first_span;
	picking.spans = type->spans;
	picking.values = length / type->size;
	ask_zero(chunk, off, ask_pad8(length));
	ask_loop(ASK_PICKS, ask_pick_step, &picking);
	return picking.failed || picking.value < picking.values;
}

#endif
