/* SPDX-License-Identifier: BSD-2-Clause */
#include "spec_utf8.h"

size_t spec_utf8_decode(const char *text, size_t length, uint32_t *ret)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *p = (const unsigned char *)text;
	size_t size;
	uint32_t code;

	if (!length)
		return 0;
	if (p[0] < 0x80) {
		*ret = p[0];
		return 1;
	}
	if ((p[0] & 0xe0) == 0xc0) {
		size = 2;
		code = p[0] & 0x1f;
	} else if ((p[0] & 0xf0) == 0xe0) {
		size = 3;
		code = p[0] & 0x0f;
	} else if ((p[0] & 0xf8) == 0xf0) {
		size = 4;
		code = p[0] & 0x07;
	} else {
		return 0;
	}
	if (size > length)
		return 0;
	for (size_t i = 1; i < size; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (p[i] & 0x3f);
	}
	if (code < smallest[size] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	*ret = code;
	return size;
}

/*
 * Only what moves a caret visibly, and what could lie about the text: East Asian
 * wide letters, combining marks, and controls (C0, C1, and those that turn the
 * direction of writing). libc's wcwidth() would depend on the user's locale.
 */
static const struct {
	uint32_t first, last;
	int width;
} widths[] = {
	{0x0000, 0x001f, -1},	{0x007f, 0x009f, -1},	{0x0300, 0x036f, 0},
	{0x1100, 0x115f, 2},	{0x200b, 0x200f, -1},	{0x2028, 0x202e, -1},
	{0x2060, 0x2069, -1},	{0x20d0, 0x20ff, 0},	{0x2e80, 0x303e, 2},
	{0x3041, 0xa4cf, 2},	{0xac00, 0xd7a3, 2},	{0xf900, 0xfaff, 2},
	{0xfe00, 0xfe0f, 0},	{0xfe30, 0xfe6f, 2},	{0xfeff, 0xfeff, -1},
	{0xff00, 0xff60, 2},	{0xffe0, 0xffe6, 2},	{0x1f300, 0x1f64f, 2},
	{0x1f900, 0x1f9ff, 2},	{0x20000, 0x3fffd, 2},	{0xe0000, 0xe007f, -1},
};

int spec_utf8_width(uint32_t code)
{
	if (code >= 0x20 && code < 0x7f)
		return 1;
	for (size_t i = 0; i < ARRAY_SIZE(widths); i++)
		if (code >= widths[i].first && code <= widths[i].last)
			return widths[i].width;
	return 1;
}
