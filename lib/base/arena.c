/* SPDX-License-Identifier: BSD-2-Clause */
#include "arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "error.h"

#define BLOCK_SIZE ((size_t)256 << 10)
#define ALIGN ((size_t)16)

struct arena_block {
	struct arena_block *older;
	size_t size; /* of data */
	_Alignas(16) unsigned char data[];
};

void arena_init(struct arena *arena)
{
	arena->block = NULL;
	arena->used = 0;
}

void arena_deinit(struct arena *arena)
{
	struct arena_block *block = arena->block;

	while (block) {
		struct arena_block *older = block->older;

		free(block);
		block = older;
	}
	arena_init(arena);
}

void arena_reset(struct arena *arena)
{
	struct arena_block *keep = arena->block;

	if (!keep)
		return;
	while (keep->older) {
		struct arena_block *older = keep->older;

		keep->older = older->older;
		free(older);
	}
	arena->used = 0;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	struct arena_block *block = arena->block;
	size_t need = (size + ALIGN - 1) & ~(ALIGN - 1);
	void *data;

	if (need < size)
		base_out_of_memory();
	if (!block || block->size - arena->used < need) {
		size_t room = need > BLOCK_SIZE ? need : BLOCK_SIZE;

		block = malloc(sizeof(*block) + room);
		if (!block)
			base_out_of_memory();
		block->size = room;
		block->older = arena->block;
		arena->block = block;
		arena->used = 0;
	}
	data = block->data + arena->used;
	arena->used += need;
	return memset(data, 0, need);
}

void *arena_array(struct arena *arena, size_t size, size_t n)
{
	size_t bytes;

	if (__builtin_mul_overflow(size, n, &bytes))
		base_out_of_memory();
	return arena_alloc(arena, bytes);
}

void *arena_copy(struct arena *arena, const void *data, size_t size)
{
	void *copy = arena_alloc(arena, size);

	if (size)
		memcpy(copy, data, size);
	return copy;
}

char *arena_strndup(struct arena *arena, const char *text, size_t length)
{
	char *copy;

	if (length == SIZE_MAX)
		base_out_of_memory();
	copy = arena_alloc(arena, length + 1);
	memcpy(copy, text, length);
	return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
	return arena_strndup(arena, text, strlen(text));
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args;
	char *text, *copy;
	int length;

	va_start(args, format);
	length = vasprintf(&text, format, args);
	va_end(args);
	if (length < 0)
		base_out_of_memory();
	copy = arena_strndup(arena, text, (size_t)length);
	free(text);
	return copy;
}
