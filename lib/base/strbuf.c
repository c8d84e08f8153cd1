/* SPDX-License-Identifier: BSD-2-Clause */
#include "strbuf.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"

void strbuf_init(struct strbuf *buf)
{
	buf->data = (char *)"";
	buf->length = 0;
	buf->capacity = 0;
}

void strbuf_deinit(struct strbuf *buf)
{
	if (buf->capacity)
		free(buf->data);
	strbuf_init(buf);
}

void strbuf_clear(struct strbuf *buf)
{
	strbuf_truncate(buf, 0);
}

void strbuf_truncate(struct strbuf *buf, size_t length)
{
	assert(length <= buf->length);
	buf->length = length;
	if (buf->capacity)
		buf->data[length] = '\0';
}

char *strbuf_reserve(struct strbuf *buf, size_t more)
{
	size_t need;

	if (__builtin_add_overflow(buf->length, more, &need) ||
	    __builtin_add_overflow(need, 1, &need))
		base_out_of_memory();
	if (need > buf->capacity) {
		size_t capacity = buf->capacity ? buf->capacity : 128;
		char *data;

		while (capacity < need && !__builtin_mul_overflow(capacity, 2, &capacity))
			;
		data = realloc(buf->capacity ? buf->data : NULL, capacity);
		if (!data || capacity < need)
			base_out_of_memory();
		buf->data = data;
		buf->capacity = capacity;
		buf->data[buf->length] = '\0';
	}
	return buf->data + buf->length;
}

void strbuf_commit(struct strbuf *buf, size_t added)
{
	if (!added)
		return;
	assert(buf->length + added < buf->capacity);
	buf->length += added;
	buf->data[buf->length] = '\0';
}

void strbuf_add(struct strbuf *buf, const void *data, size_t size)
{
	if (!size)
		return;
	memcpy(strbuf_reserve(buf, size), data, size);
	strbuf_commit(buf, size);
}

void strbuf_puts(struct strbuf *buf, const char *text)
{
	strbuf_add(buf, text, strlen(text));
}

void strbuf_putc(struct strbuf *buf, char c)
{
	*strbuf_reserve(buf, 1) = c;
	buf->data[++buf->length] = '\0';
}

void strbuf_uint(struct strbuf *buf, uint64_t number)
{
	char digits[20], *p = digits + sizeof(digits);

	do {
		*--p = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	strbuf_add(buf, p, (size_t)(digits + sizeof(digits) - p));
}

void strbuf_int(struct strbuf *buf, int64_t number)
{
	if (number < 0)
		strbuf_putc(buf, '-');
	strbuf_uint(buf, number < 0 ? -(uint64_t)number : (uint64_t)number);
}

void strbuf_hex(struct strbuf *buf, uint64_t number)
{
	char digits[16], *p = digits + sizeof(digits);

	do {
		*--p = "0123456789abcdef"[number & 15];
		number >>= 4;
	} while (number);
	strbuf_add(buf, p, (size_t)(digits + sizeof(digits) - p));
}

void strbuf_repeat(struct strbuf *buf, char c, size_t n)
{
	if (!n)
		return;
	memset(strbuf_reserve(buf, n), c, n);
	strbuf_commit(buf, n);
}

void strbuf_vprintf(struct strbuf *buf, const char *format, va_list args)
{
	va_list again;
	int length;

	va_copy(again, args);
	length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (length < 0)
		base_out_of_memory();
	vsnprintf(strbuf_reserve(buf, (size_t)length), (size_t)length + 1, format, args);
	strbuf_commit(buf, (size_t)length);
}

void strbuf_printf(struct strbuf *buf, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	strbuf_vprintf(buf, format, args);
	va_end(args);
}

static int is_word(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

void c_ident(struct strbuf *buf, const char *text)
{
	int pending = 0, any = 0;

	for (; *text; text++) {
		if (!is_word((unsigned char)*text)) {
			pending = any;
			continue;
		}
		if (!any && *text >= '0' && *text <= '9')
			strbuf_putc(buf, '_');
		if (pending)
			strbuf_putc(buf, '_');
		strbuf_putc(buf, *text);
		pending = 0;
		any = 1;
	}
	if (!any)
		strbuf_putc(buf, '_');
}

void c_string(struct strbuf *buf, const char *text, size_t length)
{
	strbuf_putc(buf, '"');
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '"' || c == '\\' || c == '?')
			strbuf_printf(buf, "\\%c", c);
		else if (c == '\n')
			strbuf_puts(buf, "\\n");
		else if (c < 0x20 || c > 0x7e)
			strbuf_printf(buf, "\\%03o", c);
		else
			strbuf_putc(buf, (char)c);
	}
	strbuf_putc(buf, '"');
}

void sql_ident(struct strbuf *buf, const char *name)
{
	strbuf_putc(buf, '"');
	for (; *name; name++) {
		if (*name == '"')
			strbuf_putc(buf, '"');
		strbuf_putc(buf, *name);
	}
	strbuf_putc(buf, '"');
}
