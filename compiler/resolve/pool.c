/* SPDX-License-Identifier: BSD-2-Clause */
#include "pool.h"

void pool_init(struct pool *pool, struct arena *arena, size_t size)
{
	*pool = (struct pool){.arena = arena, .size = size};
	map_init(&pool->first, arena);
}

const void *pool_row(const struct pool *pool, uint32_t index)
{
	assert(index < pool->count);
	return pool->bytes.data + (size_t)index * pool->size;
}

static uint32_t append(struct pool *pool, const void *rows, uint32_t count)
{
	size_t size = (size_t)count * pool->size;
	uint32_t first = pool->count;

	/* vec_grow() makes room for one element at a time: grow by doubling ourselves */
	if (pool->bytes.capacity - pool->bytes.length < size) {
		size_t capacity = (pool->bytes.capacity + size) * 2;
		unsigned char *data = arena_alloc(pool->arena, capacity);

		if (pool->bytes.length)
			memcpy(data, pool->bytes.data, pool->bytes.length);
		pool->bytes.data = data;
		pool->bytes.capacity = capacity;
	}
	memcpy(pool->bytes.data + pool->bytes.length, rows, size);
	pool->bytes.length += size;
	pool->count += count;
	return first;
}

uint32_t pool_add(struct pool *pool, const void *rows, uint32_t count)
{
	uint64_t hash, at = 0;
	struct pool_run *run;

	if (!count)
		return 0;
	hash = hash_bytes(rows, (size_t)count * pool->size);
	(void)map_get(&pool->first, hash, &at);
	for (uint64_t i = at; i; i = run->older) {
		run = &pool->runs.data[i - 1];
		if (run->count == count &&
		    !memcmp(pool_row(pool, run->first), rows, (size_t)count * pool->size))
			return run->first;
	}
	run = VEC_PUSH(pool->arena, &pool->runs);
	run->first = append(pool, rows, count);
	run->count = count;
	run->older = at;
	map_set(&pool->first, hash, pool->runs.length);
	return run->first;
}
