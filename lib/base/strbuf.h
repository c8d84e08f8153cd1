/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_STRBUF_H
#define BASE_STRBUF_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* A growing string, always NUL-terminated (`data` is "" before the first write). */
struct strbuf {
	char *data;    /* owned unless capacity is 0 */
	size_t length; /* bytes without the NUL */
	size_t capacity;
};

#define STRBUF_INIT { .data = (char *)"", .length = 0, .capacity = 0 }

void strbuf_init(struct strbuf *buf);
void strbuf_deinit(struct strbuf *buf);
/* Empties the buffer and keeps its memory. */
void strbuf_clear(struct strbuf *buf);
/* Shortens the buffer to `length`, which must not be more than it holds. */
void strbuf_truncate(struct strbuf *buf, size_t length);
/* Makes room for `more` bytes and returns where they go; strbuf_commit() then says how many came. */
char *strbuf_reserve(struct strbuf *buf, size_t more);
void strbuf_commit(struct strbuf *buf, size_t added);
void strbuf_add(struct strbuf *buf, const void *data, size_t size);
void strbuf_puts(struct strbuf *buf, const char *text);
void strbuf_putc(struct strbuf *buf, char c);
/* Decimal, and lower-case hexadecimal without leading zeros: what printf would give, faster. */
void strbuf_uint(struct strbuf *buf, uint64_t number);
void strbuf_int(struct strbuf *buf, int64_t number);
void strbuf_hex(struct strbuf *buf, uint64_t number);
void strbuf_repeat(struct strbuf *buf, char c, size_t n);
void strbuf_printf(struct strbuf *buf, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void strbuf_vprintf(struct strbuf *buf, const char *format, va_list args);

#define cleanup_strbuf __attribute__((cleanup(strbuf_deinit)))

/*
 * The three escapers, the only ones there are. Each appends the escaped form.
 */
/* `text` as a C identifier: every run of other characters becomes one `_`. */
void c_ident(struct strbuf *buf, const char *text);
/* `text` as a C string literal with its quotes; trigraphs, NUL and non-ASCII bytes are safe. */
void c_string(struct strbuf *buf, const char *text, size_t length);
/* `name` as a quoted SQL identifier: "a""b". */
void sql_ident(struct strbuf *buf, const char *name);

#endif
