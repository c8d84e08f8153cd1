/* SPDX-License-Identifier: BSD-2-Clause */
#include "map.h"

#include <string.h>

struct map_entry {
	uint64_t key, value;
	bool used;
};

struct strmap_entry {
	const char *key; /* NULL: free */
	uint64_t hash, value;
};

uint64_t hash_u64(uint64_t x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdull;
	x ^= x >> 33;
	x *= 0xc4ceb9fe1a85ec53ull;
	return x ^ (x >> 33);
}

uint64_t hash_bytes(const void *data, size_t size)
{
	const unsigned char *p = data;
	uint64_t h = 0xcbf29ce484222325ull;

	for (size_t i = 0; i < size; i++)
		h = (h ^ p[i]) * 0x100000001b3ull;
	return hash_u64(h);
}

void map_init(struct map *map, struct arena *arena)
{
	*map = (struct map){.arena = arena};
}

static struct map_entry *find(struct map_entry *entries, size_t capacity, uint64_t key)
{
	size_t i = hash_u64(key) & (capacity - 1);

	while (entries[i].used && entries[i].key != key)
		i = (i + 1) & (capacity - 1);
	return &entries[i];
}

void map_set(struct map *map, uint64_t key, uint64_t value)
{
	struct map_entry *entry;

	if (map->count * 2 >= map->capacity) {
		size_t capacity = map->capacity ? map->capacity * 2 : 64;
		struct map_entry *entries = ARENA_ARRAY(map->arena, struct map_entry, capacity);

		for (size_t i = 0; i < map->capacity; i++)
			if (map->entries[i].used)
				*find(entries, capacity, map->entries[i].key) = map->entries[i];
		map->entries = entries;
		map->capacity = capacity;
	}
	entry = find(map->entries, map->capacity, key);
	if (!entry->used)
		map->count++;
	*entry = (struct map_entry){.key = key, .value = value, .used = true};
}

bool map_get(const struct map *map, uint64_t key, uint64_t *ret)
{
	const struct map_entry *entry;

	if (!map->count)
		return false;
	entry = find(map->entries, map->capacity, key);
	if (!entry->used)
		return false;
	*ret = entry->value;
	return true;
}

void strmap_init(struct strmap *map, struct arena *arena)
{
	*map = (struct strmap){.arena = arena};
}

static struct strmap_entry *strfind(struct strmap_entry *entries, size_t capacity, const char *key,
				    uint64_t hash)
{
	size_t i = hash & (capacity - 1);

	while (entries[i].key && (entries[i].hash != hash || strcmp(entries[i].key, key) != 0))
		i = (i + 1) & (capacity - 1);
	return &entries[i];
}

void strmap_set(struct strmap *map, const char *key, uint64_t value)
{
	uint64_t hash = hash_bytes(key, strlen(key));
	struct strmap_entry *entry;

	if (map->count * 2 >= map->capacity) {
		size_t capacity = map->capacity ? map->capacity * 2 : 64;
		struct strmap_entry *entries =
			ARENA_ARRAY(map->arena, struct strmap_entry, capacity);

		for (size_t i = 0; i < map->capacity; i++) {
			struct strmap_entry *old = &map->entries[i];

			if (old->key)
				*strfind(entries, capacity, old->key, old->hash) = *old;
		}
		map->entries = entries;
		map->capacity = capacity;
	}
	entry = strfind(map->entries, map->capacity, key, hash);
	if (!entry->key)
		map->count++;
	*entry = (struct strmap_entry){.key = key, .hash = hash, .value = value};
}

bool strmap_get(const struct strmap *map, const char *key, uint64_t *ret)
{
	const struct strmap_entry *entry;

	if (!map->count)
		return false;
	entry = strfind(map->entries, map->capacity, key, hash_bytes(key, strlen(key)));
	if (!entry->key)
		return false;
	*ret = entry->value;
	return true;
}
