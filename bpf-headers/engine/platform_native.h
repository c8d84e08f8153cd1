/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef ASK_PLATFORM_NATIVE_H
#define ASK_PLATFORM_NATIVE_H

#include <stddef.h>

#include "abi/state.h"

/*
 * The engine's platform in user space. The file that includes the engine with
 * ASK_NATIVE defined sets ask_native to what the engine works on: the same
 * structures as in the maps, and the tables of a schema.
 */
#define ask_inline static inline __attribute__((unused))
#define ask_global static __attribute__((unused)) int

struct ask_native {
	struct ask_control *control;
	struct ask_shard *shards;
	ask_u8 *chunks; /* ASK_CHUNK_STRIDE apart, as `chunk_stride` says */
	size_t chunk_stride;
	ask_u32 chunk_count, visit_count, thread_count, bitmap_words;
	struct ask_visited *visits;
	struct ask_thread *threads;
	ask_u64 *bitmap;
	const struct ask_rehearsed *rehearsal;
	const struct ask_layout *layout;
	const struct ask_limits *limits;
	const struct ask_type *types;
	const struct ask_pointer *pointers;
	const struct ask_span *spans;
	const struct ask_range *ranges;
	const struct ask_probe *probes;
	const struct ask_expr *exprs;
	const struct ask_op *ops;
	const struct ask_rtype *rtypes;
	const struct ask_closure *closures;
	const struct ask_context_type *context_types;
	const struct ask_cfi *cfis;
	/* Copies target memory; false (and zeroes) when any byte of it cannot be read. */
	_Bool (*read)(void *data, void *to, size_t size, ask_u64 from);
	ask_u64 (*now)(void);
	void *data;
};
static _Thread_local struct ask_native *ask_native;

ask_inline struct ask_control *ask_control(void)
{
	return ask_native->control;
}

ask_inline struct ask_shard *ask_shard(ask_u32 index)
{
	return index < ASK_MAX_SHARDS ? &ask_native->shards[index] : NULL;
}

ask_inline ask_u8 *ask_chunk(ask_u32 index)
{
	return index < ask_native->chunk_count ? ask_native->chunks + index * ask_native->chunk_stride
					       : NULL;
}

ask_inline struct ask_visited *ask_visit_slot(ask_u32 index)
{
	return index < ask_native->visit_count ? &ask_native->visits[index] : NULL;
}

ask_inline struct ask_thread *ask_thread(ask_u32 index)
{
	return index < ask_native->thread_count ? &ask_native->threads[index] : NULL;
}

ask_inline const struct ask_cfi *ask_cfi_row(ask_u32 index)
{
	return index < ask_native->layout->cfi_rows ? &ask_native->cfis[index] : NULL;
}

ask_inline ask_u64 *ask_bitmap_word(ask_u32 index)
{
	return index < ask_native->bitmap_words ? &ask_native->bitmap[index] : NULL;
}

ask_inline const struct ask_rehearsed *ask_rehearsed(ask_u32 index)
{
	return index < ask_native->control->rehearsed ? &ask_native->rehearsal[index] : NULL;
}

ask_inline long ask_read(void *to, ask_u32 size, ask_u64 from)
{
	return ask_native->read(ask_native->data, to, size, from) ? 0 : -1;
}

ask_inline ask_u64 ask_now(void)
{
	return ask_native->now();
}

ask_inline void ask_loop(ask_u32 iterations, long (*callback)(ask_u64, void *), void *context)
{
	for (ask_u32 i = 0; i < iterations; i++)
		if (callback(i, context))
			break;
}

#define ask_hide(value) ((void)(value))
#define ASK_LAYOUT(field) (ask_native->layout->field)

#define ASK_TABLE(name, row)                                                                       \
	ask_inline const struct row *ask_##name##_row(ask_u64 index)                               \
	{                                                                                          \
		return index < ask_native->layout->name ? &ask_native->name[index] : NULL;         \
	}
ASK_TABLE(limits, ask_limits)
ASK_TABLE(types, ask_type)
ASK_TABLE(pointers, ask_pointer)
ASK_TABLE(spans, ask_span)
ASK_TABLE(ranges, ask_range)
ASK_TABLE(probes, ask_probe)
ASK_TABLE(exprs, ask_expr)
ASK_TABLE(ops, ask_op)
ASK_TABLE(rtypes, ask_rtype)
ASK_TABLE(closures, ask_closure)
ASK_TABLE(context_types, ask_context_type)

#endif
