/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef ASK_SEARCH_H
#define ASK_SEARCH_H

/*
 * Binary search in tables of rows that are sorted by one of their members.
 *
 * ASK_SEARCH(name, row, row_at, member) makes ask_search_NAME(shard, rows, call) for a table
 * of struct `row`: of its first `rows` rows the last one whose `member` is not above
 * call->index. It returns that row and leaves its number in shard->search_lo. When all rows
 * are above it, or there are none, that is row 0, or no row (0): so the caller looks whether
 * the row holds what it wants. `row_at(i)` gives row i, or 0 for one that is not there, which
 * ends the search. call->shard is the number of `shard`.
 *
 * The bounds are kept in the shard: on the stack the verifier would follow each value they
 * may have. It is a macro because the callback of bpf_loop() must be known when the program is
 * compiled, and so must be whatever that calls.
 */
#define ASK_SEARCH(name, row, row_at, member)                                                      \
	static long ask_search_##name##_step(ask_u64 i, void *context)                             \
	{                                                                                          \
		struct ask_call *call = context;                                                   \
		struct ask_shard *shard = ask_shard(call->shard);                                  \
		const struct row *at;                                                              \
		ask_u32 middle;                                                                    \
                                                                                                   \
		(void)i;                                                                           \
		if (!shard || shard->search_hi - shard->search_lo <= 1)                            \
			return 1;                                                                  \
		middle = shard->search_lo + (shard->search_hi - shard->search_lo) / 2;             \
		at = row_at(middle);                                                               \
		if (!at)                                                                           \
			return 1;                                                                  \
		if (at->member <= call->index)                                                     \
			shard->search_lo = middle;                                                 \
		else                                                                               \
			shard->search_hi = middle;                                                 \
		return 0;                                                                          \
	}                                                                                          \
                                                                                                   \
	ask_inline const struct row *ask_search_##name(struct ask_shard *shard, ask_u32 rows,      \
						       struct ask_call *call)                      \
	{                                                                                          \
		shard->search_lo = 0;                                                              \
		shard->search_hi = rows;                                                           \
		ask_loop(32, ask_search_##name##_step, call);                                      \
		return row_at(shard->search_lo);                                                   \
	}
ASK_SEARCH(threads, ask_thread, ask_thread, tid)
ASK_SEARCH(cfi, ask_cfi, ask_cfi_row, pc)
ASK_SEARCH(ranges, ask_range, ask_ranges_row, lo)
ASK_SEARCH(rtypes, ask_rtype, ask_rtypes_row, offset)
ASK_SEARCH(closures, ask_closure, ask_closures_row, pc)
ASK_SEARCH(context_types, ask_context_type, ask_context_types_row, offset)

/*
 * Index of the range that holds text offset `pc`, -1 when there is none. The last answers are kept,
 * also that there is none: the bitmap lets through whatever is near a captured function.
 */
ask_global ask_range(ask_u32 shard_index, ask_u32 pc)
{
	struct ask_call call = {shard_index, pc};
	struct ask_shard *shard = ask_shard(shard_index);
	const struct ask_range *row;
	ask_u64 place = pc * 0x9e3779b1u >> 16;

	if (!shard)
		return -1;
	ask_hide(place);
	place &= ASK_RANGES_KEPT - 1;
	if (shard->ranges_kept[place].pc == pc && shard->ranges_kept[place].found)
		return shard->ranges_kept[place].found == ASK_RANGE_NONE
			       ? -1
			       : (int)shard->ranges_kept[place].found - 1;
	row = ask_search_ranges(shard, ASK_LAYOUT(ranges), &call);
	shard->ranges_kept[place].pc = pc;
	if (!row || pc < row->lo || pc >= row->hi) {
		shard->ranges_kept[place].found = ASK_RANGE_NONE;
		return -1;
	}
	shard->ranges_kept[place].found = shard->search_lo + 1;
	return (int)shard->search_lo;
}

#endif
