/* SPDX-License-Identifier: BSD-2-Clause */
#include "db_int.h"

/*
 * Values as people read them on a terminal. They come from a program that one may not
 * trust: no byte of theirs may reach the terminal as a control sequence.
 */

static size_t sequence(const unsigned char *p, size_t left)
{
	for (size_t n = 1; n <= 4 && n <= left; n++)
		if (json_is_utf8(p, n))
			return n;
	return 0;
}

static bool is_control(const unsigned char *p, size_t n)
{
	return n == 1 ? p[0] < 0x20 || p[0] == 0x7f : n == 2 && p[0] == 0xc2 && p[1] < 0xa0;
}

void cell_line(struct strbuf *out, const char *text, size_t length, size_t most)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t width = 0, n;

	for (size_t i = 0; i < length; i += n, width++) {
		n = sequence(p + i, length - i);
		if (width == most) {
			strbuf_puts(out, "…");
			return;
		}
		if (n && !is_control(p + i, n)) {
			strbuf_add(out, text + i, n);
			continue;
		}
		if (p[i] == '\n')
			strbuf_puts(out, "\\n");
		else if (p[i] == '\t')
			strbuf_puts(out, "\\t");
		else
			strbuf_printf(out, "\\x%02x", p[i]);
		n = 1;
	}
}

size_t cell_width(const char *text, size_t length)
{
	size_t width = 0;

	for (size_t i = 0; i < length; i++)
		width += ((unsigned char)text[i] & 0xc0) != 0x80;
	return width;
}
