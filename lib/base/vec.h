/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_VEC_H
#define BASE_VEC_H

#include "arena.h"

/*
 * A growing array in an arena: declare VEC(struct thing) things; zero-initialise
 * it, append with VEC_PUSH, read with things.data[i], i < things.length.
 */
#define VEC(type)                                                                                  \
	struct {                                                                                   \
		type *data;                                                                        \
		size_t length, capacity;                                                           \
	}

/* Appends one zeroed element and returns a pointer to it, valid until the next push. */
#define VEC_PUSH(arena, vec)                                                                       \
	((vec)->data = vec_grow((arena), (vec)->data, (vec)->length, &(vec)->capacity,             \
				sizeof(*(vec)->data)),                                             \
	 &(vec)->data[(vec)->length++])

void *vec_grow(struct arena *arena, void *data, size_t length, size_t *capacity, size_t size);

#endif
