/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef ASK_PLATFORM_BPF_H
#define ASK_PLATFORM_BPF_H

#include "abi/state.h"

/*
 * The engine's platform inside the kernel: five BPF helpers, eight maps. Helper
 * numbers are the kernel's (include/uapi/linux/bpf.h). No kernel struct is
 * touched, so neither BTF of the kernel nor CO-RE is needed.
 */
#define SEC(name) __attribute__((section(name), used))
#define ask_inline static inline __attribute__((always_inline, unused))
/*
 * A global function is verified once, for any argument, whoever calls it: so its callers
 * have to check what it returns. weak keeps the compiler from knowing better: clang 19
 * sees that a body returns 0 or 1, and drops such a check as useless.
 */
#define ask_global __attribute__((noinline, weak)) int

static void *(*const bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;
static ask_u64 (*const bpf_ktime_get_ns)(void) = (void *)5;
static long (*const bpf_probe_read_user)(void *to, ask_u32 size, const void *from) = (void *)112;
struct bpf_pidns_info {
	ask_u32 pid, tgid;
};
static long (*const bpf_get_ns_current_pid_tgid)(ask_u64 dev, ask_u64 ino,
						 struct bpf_pidns_info *ret,
						 ask_u32 size) = (void *)120;
static long (*const bpf_loop)(ask_u32 iterations, void *callback, void *context,
			      ask_u64 flags) = (void *)181;

#define ASK_MAP_TYPE_ARRAY 2
#define ASK_MAP_MMAPABLE (1u << 10)

/* A memory-mapped array of `entries` values. The runtime sets `entries` where it is 1 here. */
#define ASK_MAP(name, type_of_value, size, entries)                                                \
	struct {                                                                                   \
		int (*type)[ASK_MAP_TYPE_ARRAY];                                                   \
		int (*map_flags)[ASK_MAP_MMAPABLE];                                                \
		int (*max_entries)[entries];                                                       \
		int (*key_size)[sizeof(ask_u32)];                                                  \
		int (*value_size)[size];                                                           \
	} name SEC(".maps")

ASK_MAP(ask_controls, struct ask_control, sizeof(struct ask_control), 1);
ASK_MAP(ask_shards, struct ask_shard, sizeof(struct ask_shard), ASK_MAX_SHARDS);
ASK_MAP(ask_chunks, ask_u8, ASK_CHUNK_STRIDE, 1);
ASK_MAP(ask_visits, struct ask_visited, sizeof(struct ask_visited), 1);
ASK_MAP(ask_threads, struct ask_thread, sizeof(struct ask_thread), 1);
ASK_MAP(ask_cfis, struct ask_cfi, sizeof(struct ask_cfi), 1);
ASK_MAP(ask_bitmap, ask_u64, sizeof(ask_u64), 1);
ASK_MAP(ask_rehearsal, struct ask_rehearsed, sizeof(struct ask_rehearsed), 1);

ask_inline struct ask_control *ask_control(void)
{
	ask_u32 key = 0;

	return bpf_map_lookup_elem(&ask_controls, &key);
}

ask_inline struct ask_shard *ask_shard(ask_u32 index)
{
	return bpf_map_lookup_elem(&ask_shards, &index);
}

ask_inline ask_u8 *ask_chunk(ask_u32 index)
{
	return bpf_map_lookup_elem(&ask_chunks, &index);
}

ask_inline struct ask_visited *ask_visit_slot(ask_u32 index)
{
	return bpf_map_lookup_elem(&ask_visits, &index);
}

ask_inline struct ask_thread *ask_thread(ask_u32 index)
{
	return bpf_map_lookup_elem(&ask_threads, &index);
}

ask_inline struct ask_cfi *ask_cfi_row(ask_u32 index)
{
	return bpf_map_lookup_elem(&ask_cfis, &index);
}

ask_inline ask_u64 *ask_bitmap_word(ask_u32 index)
{
	return bpf_map_lookup_elem(&ask_bitmap, &index);
}

ask_inline const struct ask_rehearsed *ask_rehearsed(ask_u32 index)
{
	return bpf_map_lookup_elem(&ask_rehearsal, &index);
}

/* Copies target memory; on failure the destination is zeroed and the result is not 0. */
ask_inline long ask_read(void *to, ask_u32 size, ask_u64 from)
{
	return bpf_probe_read_user(to, size, (const void *)from);
}

ask_inline ask_u64 ask_now(void)
{
	return bpf_ktime_get_ns();
}

/* Calls `callback(i, context)` for i = 0, 1, … until it returns 1. */
ask_inline void ask_loop(ask_u32 iterations, long (*callback)(ask_u64, void *), void *context)
{
	bpf_loop(iterations, callback, context, 0);
}

/* Hides a value's origin from the compiler, so that the check which follows stays in the program. */
#define ask_hide(value) asm volatile("" : "+r"(value))

#define ASK_LAYOUT(field) (ask_layout.field)

/*
 * Leaves a value that is known to be `most` or less in a register of which the verifier
 * knows it, too. The compiler may have checked a copy of it and kept another one on the
 * stack: verifiers before Linux 6.9 do not see that the two are the same (commit
 * e67ddd9b1cff, "bpf: Track spilled unbounded scalars").
 */
#define ask_bound(value, most)                                                                     \
	asm volatile("if %0 <= %1 goto +1; %0 = 0" : "+r"(value) : "r"(most))

/*
 * ask_NAME_row(i): row i of a generated table, or 0. The row of zeroes behind the
 * last one may be had too: so the verifier never knows a row's number, nor what is
 * in it, and does the same work for any number of rows.
 */
#define ASK_TABLE(name, row)                                                                       \
	ask_inline const struct row *ask_##name##_row(ask_u64 index)                               \
	{                                                                                          \
		const struct row *rows = ask_##name;                                               \
		ask_u64 count = ask_layout.name;                                                   \
                                                                                                   \
		ask_hide(count);                                                                   \
		ask_hide(index);                                                                   \
		if (index > count)                                                                 \
			return 0;                                                                  \
		ask_bound(index, count);                                                           \
		ask_hide(rows); /* or the addition would be done before the check */               \
		return rows + index;                                                               \
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
