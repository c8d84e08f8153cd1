/* SPDX-License-Identifier: BSD-2-Clause */
#include "vec.h"

void *vec_grow(struct arena *arena, void *data, size_t length, size_t *capacity, size_t size)
{
	void *grown;

	if (length < *capacity)
		return data;
	*capacity = *capacity ? *capacity * 2 : 8;
	grown = arena_array(arena, size, *capacity);
	if (length)
		memcpy(grown, data, length * size);
	return grown;
}
