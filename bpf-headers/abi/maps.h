/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef ASK_ABI_MAPS_H
#define ASK_ABI_MAPS_H

#include "state.h"

/*
 * How much of a Go map is copied: the engine copies by these rules, the decoder shows what they
 * have copied. `group` stands for a bucket, too (Go up to 1.23).
 *
 * limits.map is about entries, and memory has slots: a map that was emptied keeps all of them.
 * Where entries are dense, as many groups are copied in one go as should hold the limit's worth.
 * Where they are thin, the marks of one group after the other are read, and groups with entries copied.
 */
#define ASK_GROUP_SLOTS 8u
/* Groups of one array whose marks are read. A table has 128 at most, buckets may be any number. */
#define ASK_GROUPS_LOOKED (1u << 14)
/* Tables of one directory. */
#define ASK_TABLES_TAKEN (1u << 13)

#define ask_abi static inline __attribute__((always_inline, unused))

/*
 * Groups to copy in one go, of `count` (not 0) with `size` bytes each (not 0) and `used` entries
 * (not 0) in all; 0: they are looked at one by one.
 */
ask_abi ask_u64 ask_groups_at_once(ask_u64 count, ask_u64 size, ask_u64 used, ask_u64 limit)
{
	ask_u64 most = (ASK_RECORD_MAX - 64) / size, groups;

	if (count == 1)
		return 1;
	if (count >> 28)
		return 0;
	if (used > count * ASK_GROUP_SLOTS)
		used = count * ASK_GROUP_SLOTS;
	groups = limit * ASK_GROUP_SLOTS * count / used / size;
	if (!groups)
		groups = 1;
	if (groups > count)
		groups = count;
	if (groups * size > limit * 4)
		return 0;
	return groups > most ? most : groups;
}

/* 1: groups with `live` slots in use hold the limit's worth of entries. */
ask_abi int ask_groups_enough(ask_u64 live, ask_u64 size, ask_u64 limit)
{
	return live * size >= limit * ASK_GROUP_SLOTS;
}

/* Tables to copy of a directory of `length`; hashes spread entries evenly over its places. */
ask_abi ask_u64 ask_tables_taken(ask_u64 length, ask_u64 size, ask_u64 used, ask_u64 limit)
{
	ask_u64 tables;

	if (length >> 28)
		return ASK_TABLES_TAKEN;
	tables = limit * ASK_GROUP_SLOTS * length / used / size + 1;
	if (tables > length)
		tables = length;
	return tables < ASK_TABLES_TAKEN ? tables : ASK_TABLES_TAKEN;
}

#define ASK_EACH_BYTE 0x0101010101010101ull

/* Slots in use, by a group's control word: bit 7 is clear. Go source: internal/runtime/maps/group.go. */
ask_abi ask_u32 ask_group_live(ask_u64 marks)
{
	return (ask_u32)((~marks >> 7 & ASK_EACH_BYTE) * ASK_EACH_BYTE >> 56);
}

/* The same by a bucket's tophash: minTopHash, 5, and above. Go source: runtime/map.go. */
ask_abi ask_u32 ask_bucket_live(ask_u64 marks)
{
	ask_u64 high = ((marks & ~(ASK_EACH_BYTE << 7)) + 0x7b * ASK_EACH_BYTE) | marks;

	return (ask_u32)((high >> 7 & ASK_EACH_BYTE) * ASK_EACH_BYTE >> 56);
}

/*
 * 1: neither the bucket nor its overflow buckets have entries. The first mark tells: emptyRest
 * (0), or those of a bucket that was evacuated (2 to 4). Go source: runtime/map.go.
 */
ask_abi int ask_bucket_passed(ask_u64 marks)
{
	ask_u64 first = marks & 0xff;

	return first != 1 && first < 5;
}

#endif
