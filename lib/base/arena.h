/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>
#include <string.h>

/*
 * Memory that is freed all at once. The compiler has one arena for its whole
 * run; the decoder has one that it resets between records.
 */
struct arena_block;
struct arena {
	struct arena_block *block; /* newest block; older ones are linked behind it */
	size_t used;		   /* bytes handed out of the newest block */
};

void arena_init(struct arena *arena);
void arena_deinit(struct arena *arena);
/* Frees everything that was allocated, keeping one block for the next round. */
void arena_reset(struct arena *arena);

/* About how many bytes have been handed out: what older blocks had left over counts. */
size_t arena_used(const struct arena *arena);

/* Zeroed memory, aligned to 16 bytes. Never NULL. size 0 gives a valid, empty pointer. */
void *arena_alloc(struct arena *arena, size_t size)
	__attribute__((returns_nonnull, malloc));
void *arena_copy(struct arena *arena, const void *data, size_t size)
	__attribute__((returns_nonnull));
char *arena_strdup(struct arena *arena, const char *text) __attribute__((returns_nonnull));
/* The first `length` bytes of text, NUL-terminated. */
char *arena_strndup(struct arena *arena, const char *text, size_t length)
	__attribute__((returns_nonnull));
char *arena_printf(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3), returns_nonnull));

#define ARENA_NEW(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, n) ((type *)arena_array((arena), sizeof(type), (n)))
/* size * n, checked for overflow. */
void *arena_array(struct arena *arena, size_t size, size_t n) __attribute__((returns_nonnull));

#define cleanup_arena __attribute__((cleanup(arena_deinit)))

#endif
