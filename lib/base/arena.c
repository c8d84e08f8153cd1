/* SPDX-License-Identifier: BSD-2-Clause */
#include "arena.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "error.h"

/*
 * Blocks come from calloc(), which knows which pages are zero already. An arena that gets
 * large is mostly the cost of its page faults: from then on its blocks are ones of which
 * the kernel can make huge pages.
 */
#define BLOCK_SIZE ((size_t)256 << 10)
#define LARGE_AFTER ((size_t)4 << 20)
#define HUGE_PAGE ((size_t)2 << 20)
#define ALIGN ((size_t)16)

struct arena_block {
	struct arena_block *older;
	size_t size;  /* of data */
	size_t dirty; /* bytes of data that were handed out once; those behind are zero */
	size_t total; /* of this block and all older ones */
	bool mapped;  /* by mmap(), not calloc() */
	_Alignas(16) unsigned char data[];
};

void arena_init(struct arena *arena)
{
	arena->block = NULL;
	arena->used = 0;
}

static void free_block(struct arena_block *block)
{
	if (block->mapped)
		munmap(block, sizeof(*block) + block->size);
	else
		free(block);
}

void arena_deinit(struct arena *arena)
{
	struct arena_block *block = arena->block;

	while (block) {
		struct arena_block *older = block->older;

		free_block(block);
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
		free_block(older);
	}
	keep->total = keep->size;
	arena->used = 0;
}

size_t arena_used(const struct arena *arena)
{
	return arena->block ? arena->block->total - arena->block->size + arena->used : 0;
}

/* Whole huge pages, at the address of one. NULL when there is no memory. */
static void *map_huge(size_t size)
{
	unsigned char *data = mmap(NULL, size + HUGE_PAGE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t before = -(uintptr_t)data & (HUGE_PAGE - 1);

	if (data == MAP_FAILED)
		return NULL;
	if (before)
		munmap(data, before);
	munmap(data + before + size, HUGE_PAGE - before);
	madvise(data + before, size, MADV_HUGEPAGE); /* where it is refused, pages are small */
	return data + before;
}

/* A block for at least `size` bytes. */
static struct arena_block *new_block(size_t size, size_t older)
{
	bool mapped = older >= LARGE_AFTER;
	size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
	struct arena_block *block;

	if (room > SIZE_MAX / 2)
		return NULL;
	room += sizeof(*block);
	if (mapped)
		room = (room + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
	block = mapped ? map_huge(room) : calloc(1, room);
	if (block) {
		block->size = room - sizeof(*block);
		block->mapped = mapped;
	}
	return block;
}

static void grow(struct arena *arena, size_t need)
{
	size_t older = arena->block ? arena->block->total : 0;
	struct arena_block *block = new_block(need, older);

	if (!block)
		base_out_of_memory();
	block->total = older + block->size;
	block->older = arena->block;
	arena->block = block;
	arena->used = 0;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	size_t need = (size + ALIGN - 1) & ~(ALIGN - 1);
	struct arena_block *block;
	unsigned char *data;

	if (need < size)
		base_out_of_memory();
	if (!arena->block || arena->block->size - arena->used < need)
		grow(arena, need);
	block = arena->block;
	data = block->data + arena->used;
	if (arena->used < block->dirty)
		memset(data, 0, need < block->dirty - arena->used ? need
								    : block->dirty - arena->used);
	arena->used += need;
	if (arena->used > block->dirty)
		block->dirty = arena->used;
	return data;
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
