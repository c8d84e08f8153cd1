/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef ASK_CONTEXTS_H
#define ASK_CONTEXTS_H

/*
 * Chains of contexts. Go source: context/context.go: each context.Context holds the one
 * it was derived from, down to the background context; context.valueCtx {Context; key,
 * val any} holds a value too.
 *
 * Of a link no more is captured than what leads on: a view, of at most a few words. The
 * value of a valueCtx is followed only where key and value have the types of one of the
 * spec's contexts. What else a chain holds (tokens, requests, users) stays where it is.
 */

/* Row of the type descriptor at `address`, -1 when contexts have nothing to do with it. */
ask_global ask_context(ask_u32 shard_index, ask_u64 address)
{
	struct ask_call call = {shard_index, 0};
	struct ask_shard *shard = ask_shard(shard_index);
	struct ask_control *control = ask_control();
	const struct ask_context_type *row;
	ask_u32 offset;

	if (!shard || !control || !ASK_LAYOUT(context_types))
		return -1;
	offset = ask_descriptor_offset(control, address);
	if (offset == ASK_ABSENT)
		return -1;
	call.index = offset;
	row = ask_search_context_types(shard, ASK_LAYOUT(context_types), &call);
	return row && row->offset == offset ? (int)shard->search_lo : -1;
}

/* A context.Context: the view of its dynamic type. */
ask_inline int ask_lead_context(struct ask_shard *shard, ask_u32 shard_index, ask_u64 *word,
				ask_u32 depth, struct ask_lead *lead)
{
	const struct ask_context_type *row;
	ask_u64 descriptor = ask_dynamic_type(ASK_POINTER_INTERFACE, word);
	int index;

	if (descriptor == 1)
		return ask_lead_unread(shard);
	word[0] = descriptor | ASK_DYNAMIC;
	index = ask_context(shard_index, descriptor);
	row = index < 0 ? 0 : ask_context_types_row((ask_u32)index);
	if (!row || !row->view || !word[1])
		return 0;
	lead->address = word[1] + row->skip;
	lead->type = row->view;
	return ask_lead_one(shard, lead, depth, 0);
}

/* Whether the spec asks for the value of a valueCtx; these are the type words of both. */
ask_inline int ask_context_wanted(ask_u32 shard_index, ask_u64 key, ask_u64 value)
{
	ask_u32 keys = ASK_LAYOUT(any_key), values = ASK_LAYOUT(any_value);
	int index = ask_context(shard_index, key);
	const struct ask_context_type *row = index < 0 ? 0 : ask_context_types_row((ask_u32)index);

	if (row)
		keys |= row->keys;
	if (!keys)
		return 0;
	index = ask_context(shard_index, value);
	row = index < 0 ? 0 : ask_context_types_row((ask_u32)index);
	if (row)
		values |= row->values;
	return (keys & values) != 0;
}

#endif
