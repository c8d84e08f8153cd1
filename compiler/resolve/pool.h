/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef RESOLVE_POOL_H
#define RESOLVE_POOL_H

#include "base.h"

/*
 * A table in which equal runs of rows are stored once. Rows are plain structs
 * without padding, compared by their bytes. The order of rows is the order of first
 * use; the hash only finds equal runs and never orders anything.
 */
struct pool {
	struct arena *arena;
	size_t size; /* bytes of a row */
	VEC(unsigned char) bytes;
	uint32_t count;	  /* rows */
	struct map first; /* hash -> newest run with it + 1 */
	VEC(struct pool_run) runs;
};
struct pool_run {
	uint32_t first, count;
	uint64_t older; /* index + 1 of another run with the same hash */
};

void pool_init(struct pool *pool, struct arena *arena, size_t size);
/* The index of the first of `count` rows equal to `rows`, appended if need be. 0 for no rows. */
uint32_t pool_add(struct pool *pool, const void *rows, uint32_t count);
/* Row `index`; valid until the next pool_add(). */
const void *pool_row(const struct pool *pool, uint32_t index);

#endif
