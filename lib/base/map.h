/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"

/*
 * Two hash maps, open addressing, memory from an arena. Neither is ever iterated:
 * what is printed or written comes from sorted arrays, never from hash order.
 */

/* 64-bit key to 64-bit value. Zero-initialise `arena` and the rest, or call map_init(). */
struct map {
	struct arena *arena;
	struct map_entry *entries;
	size_t count, capacity;
};

void map_init(struct map *map, struct arena *arena);
/* Sets key to value; an older value is replaced. */
void map_set(struct map *map, uint64_t key, uint64_t value);
/* true and *ret = value when key is there; else false and *ret untouched. */
bool map_get(const struct map *map, uint64_t key, uint64_t *ret);

/* Strings to 64-bit values; keys are borrowed and must outlive the map. */
struct strmap {
	struct arena *arena;
	struct strmap_entry *entries;
	size_t count, capacity;
};

void strmap_init(struct strmap *map, struct arena *arena);
void strmap_set(struct strmap *map, const char *key, uint64_t value);
bool strmap_get(const struct strmap *map, const char *key, uint64_t *ret);

/* FNV-1a and a 64-bit finaliser; for tables in memory, never for anything stored. */
uint64_t hash_bytes(const void *data, size_t size);
uint64_t hash_u64(uint64_t x);

#endif
