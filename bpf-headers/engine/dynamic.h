/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef ASK_DYNAMIC_H
#define ASK_DYNAMIC_H

/*
 * What only the running program knows: the dynamic type behind an interface, the
 * function behind a func value. Both are found by binary search in tables made from
 * DWARF: type descriptors by their offset from runtime.types (DW_AT_go_runtime_type),
 * closures by their entry. contexts.h has contexts, which are interfaces too.
 *
 * Layouts, Go source: runtime/runtime2.go, iface {tab, data} and eface {_type, data};
 * internal/abi/iface.go, ITab {Inter, Type, ...}; a func value points to an object
 * that begins with the function's PC (runtime2.go, funcval).
 */

/* What a pointer leads to. */
struct ask_lead {
	ask_u64 address;
	ask_u32 type;
	ask_u32 length;
	ask_u32 depth;
	ask_u32 limits;
};

/* Offset from runtime.types of the descriptor at `address`; ASK_ABSENT when it lies elsewhere. */
ask_inline ask_u32 ask_descriptor_offset(const struct ask_control *control, ask_u64 address)
{
	ask_u64 offset = address - ASK_LAYOUT(types_lo) - control->load_bias;

	return offset < ASK_LAYOUT(types_size) ? (ask_u32)offset : ASK_ABSENT;
}

/* Row of the type descriptor at `address`, -1 when it is none that DWARF names. */
ask_global ask_rtype(ask_u32 shard_index, ask_u64 address)
{
	struct ask_call call = {shard_index, 0};
	struct ask_shard *shard = ask_shard(shard_index);
	struct ask_control *control = ask_control();
	const struct ask_rtype *row;
	ask_u32 offset;

	if (!shard || !control || !ASK_LAYOUT(rtypes))
		return -1;
	offset = ask_descriptor_offset(control, address);
	if (offset == ASK_ABSENT)
		return -1;
	call.index = offset;
	row = ask_rtypes_row(shard->rtype_row);
	if (row && row->offset == offset)
		return (int)shard->rtype_row;
	row = ask_search_rtypes(shard, ASK_LAYOUT(rtypes), &call);
	if (!row || row->offset != offset)
		return -1;
	shard->rtype_row = shard->search_lo;
	return (int)shard->search_lo;
}

/* Type of the closure object of the function at text offset `pc`, -1 when it is not known. */
ask_global ask_closure(ask_u32 shard_index, ask_u32 pc)
{
	struct ask_call call = {shard_index, pc};
	struct ask_shard *shard = ask_shard(shard_index);
	const struct ask_closure *row;

	if (!shard || !ASK_LAYOUT(closures))
		return -1;
	row = ask_search_closures(shard, ASK_LAYOUT(closures), &call);
	return row && row->pc == pc ? (int)row->type : -1;
}

ask_inline int ask_lead_one(struct ask_shard *shard, struct ask_lead *lead, ask_u32 depth,
			    ask_u32 cost);

/* Where it leads cannot be read: -1, or, once all was made resident that can be, nowhere. */
ask_inline int ask_lead_unread(struct ask_shard *shard)
{
	if (!shard->retried)
		return -1;
	shard->read_failures++;
	return 0;
}

/* A func value: its closure object when captured variables are known and may be followed, else the PC. */
ask_inline int ask_lead_func(struct ask_shard *shard, ask_u32 shard_index, ask_u32 depth,
			     struct ask_lead *lead)
{
	struct ask_control *control = ask_control();
	ask_u64 pc = 0;
	int type;

	if (!control || ASK_LAYOUT(funcval_type) == ASK_ABSENT)
		return 0;
	if (ask_read(&pc, sizeof(pc), lead->address))
		return ask_lead_unread(shard);
	lead->type = ASK_LAYOUT(funcval_type);
	pc -= control->text;
	type = pc < ASK_LAYOUT(text_size) ? ask_closure(shard_index, (ask_u32)pc) : -1;
	if (type >= 0 && depth) {
		lead->type = (ask_u32)type;
		return ask_lead_one(shard, lead, depth, 1);
	}
	if (type >= 0)
		shard->depth_cuts++;
	return ask_lead_one(shard, lead, depth, 0);
}

/* The address of the dynamic type's descriptor. 0: nil. 1: not resident, or not readable at all. */
ask_inline ask_u64 ask_dynamic_type(ask_u32 kind, ask_u64 *word)
{
	ask_u64 type = 0;

	if (kind != ASK_POINTER_INTERFACE)
		return word[0];
	if (word[0] & ASK_DYNAMIC)
		return word[0] & ~ASK_DYNAMIC;
	if (ask_read(&type, sizeof(type), word[0] + ASK_LAYOUT(itab_type)))
		return 1;
	return type;
}

/*
 * An interface. Its data word leads to a value of the dynamic type, or, when that is
 * pointer-shaped, is the value: then it leads to what that one points to. One hop either
 * way; the interface in a context is none, only a pointer in it is.
 */
ask_inline int ask_lead_dynamic(struct ask_shard *shard, ask_u32 shard_index, ask_u32 kind,
				ask_u64 *word, ask_u32 depth, struct ask_lead *lead)
{
	const struct ask_pointer *inner;
	const struct ask_rtype *row;
	const struct ask_type *type;
	ask_u64 descriptor = ask_dynamic_type(kind, word);
	ask_u32 cost = kind != ASK_POINTER_CONTEXT_VALUE;
	int index;

	if (descriptor == 1)
		return ask_lead_unread(shard);
	if (kind == ASK_POINTER_INTERFACE)
		word[0] = descriptor | ASK_DYNAMIC;
	index = ask_rtype(shard_index, descriptor);
	row = index < 0 ? 0 : ask_rtypes_row((ask_u32)index);
	type = row ? ask_types_row(row->type) : 0;
	lead->address = word[1];
	if (!type || !lead->address)
		return 0;
	lead->type = row->type;
	if (!(row->flags & ASK_RTYPE_DIRECT))
		return ask_lead_one(shard, lead, depth, cost);
	inner = type->pointers ? ask_pointers_row(type->first_pointer) : 0;
	if (!inner)
		return 0;
	if (inner->kind == ASK_POINTER_FUNC)
		return ask_lead_func(shard, shard_index, depth, lead);
	lead->type = inner->target;
	if (inner->kind == ASK_POINTER_PLAIN)
		cost = 1;
	return ask_lead_one(shard, lead, depth, cost);
}

#endif
