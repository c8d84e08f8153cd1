/* SPDX-License-Identifier: BSD-2-Clause */
#include "json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void json_init(struct json *json, struct strbuf *out)
{
	*json = (struct json){.out = out};
}

static void value(struct json *json)
{
	if (json->comma)
		strbuf_putc(json->out, ',');
	json->comma = true;
}

static void begin(struct json *json, char bracket)
{
	value(json);
	strbuf_putc(json->out, bracket);
	json->comma = false;
}

static void end(struct json *json, char bracket)
{
	strbuf_putc(json->out, bracket);
	json->comma = true;
}

void json_object_begin(struct json *json)
{
	begin(json, '{');
}

void json_object_end(struct json *json)
{
	end(json, '}');
}

void json_array_begin(struct json *json)
{
	begin(json, '[');
}

void json_array_end(struct json *json)
{
	end(json, ']');
}

/*
 * The length of the well-formed UTF-8 sequence at `p`, 0 when there is none. The
 * second byte's range depends on the first: no overlong forms, no surrogates,
 * nothing beyond U+10FFFF.
 */
static size_t sequence(const unsigned char *p, size_t left)
{
	unsigned char c = p[0], lo = 0x80, hi = 0xbf;
	size_t length;

	if (c < 0x80)
		return 1;
	if (c < 0xc2 || c > 0xf4)
		return 0;
	length = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	if (left < length)
		return 0;
	if (c == 0xe0)
		lo = 0xa0;
	else if (c == 0xed)
		hi = 0x9f;
	else if (c == 0xf0)
		lo = 0x90;
	else if (c == 0xf4)
		hi = 0x8f;
	if (p[1] < lo || p[1] > hi)
		return 0;
	for (size_t i = 2; i < length; i++)
		if (p[i] < 0x80 || p[i] > 0xbf)
			return 0;
	return length;
}

bool json_is_utf8(const void *data, size_t size)
{
	const unsigned char *p = data;

	for (size_t i = 0, n; i < size; i += n) {
		n = sequence(p + i, size - i);
		if (!n)
			return false;
	}
	return true;
}

static void escape(struct strbuf *out, unsigned char c)
{
	static const char names[] = {
		['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n',  ['\f'] = 'f',
		['\r'] = 'r', ['"'] = '"',  ['\\'] = '\\',
	};

	if (c < sizeof(names) && names[c]) {
		strbuf_putc(out, '\\');
		strbuf_putc(out, names[c]);
	} else {
		strbuf_printf(out, "\\u%04x", c);
	}
}

/* Runs of what needs no escape are copied at once. */
static void quote(struct strbuf *out, const char *text, size_t length)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t plain = 0;

	strbuf_putc(out, '"');
	for (size_t i = 0; i < length;) {
		size_t n = sequence(p + i, length - i);

		if (n && p[i] >= 0x20 && p[i] != '"' && p[i] != '\\') {
			i += n;
			continue;
		}
		strbuf_add(out, text + plain, i - plain);
		if (n)
			escape(out, p[i]);
		else
			strbuf_puts(out, "\xef\xbf\xbd");
		plain = ++i;
	}
	strbuf_add(out, text + plain, length - plain);
	strbuf_putc(out, '"');
}

void json_key_length(struct json *json, const char *key, size_t length)
{
	value(json);
	quote(json->out, key, length);
	strbuf_putc(json->out, ':');
	json->comma = false;
}

void json_key(struct json *json, const char *key)
{
	json_key_length(json, key, strlen(key));
}

void json_string(struct json *json, const char *text, size_t length)
{
	value(json);
	quote(json->out, text, length);
}

void json_text(struct json *json, const char *text)
{
	if (text)
		json_string(json, text, strlen(text));
	else
		json_null(json);
}

void json_raw(struct json *json, const char *text, size_t length)
{
	value(json);
	strbuf_add(json->out, text, length);
}

void json_int(struct json *json, int64_t number)
{
	value(json);
	strbuf_printf(json->out, "%" PRId64, number);
}

void json_uint(struct json *json, uint64_t number)
{
	value(json);
	strbuf_printf(json->out, "%" PRIu64, number);
}

static bool not_a_number(struct json *json, double number)
{
	if (isnan(number))
		json_text(json, "NaN");
	else if (isinf(number))
		json_text(json, number > 0 ? "+Inf" : "-Inf");
	else
		return false;
	return true;
}

/*
 * A decimal of up to 15 digits survives the way through a normal double, so if
 * there is one %.15g finds it, and drops its zeros. Subnormal numbers have fewer
 * digits: for them every length is tried.
 */
void json_double(struct json *json, double number)
{
	char text[32];
	int precision = fpclassify(number) == FP_SUBNORMAL ? 1 : 15;

	if (not_a_number(json, number))
		return;
	do
		snprintf(text, sizeof(text), "%.*g", precision, number);
	while (precision++ < 17 && strtod(text, NULL) != number);
	json_raw(json, text, strlen(text));
}

void json_float(struct json *json, float number)
{
	char text[32];
	int precision = fpclassify(number) == FP_SUBNORMAL ? 1 : 6;

	if (not_a_number(json, (double)number))
		return;
	do
		snprintf(text, sizeof(text), "%.*g", precision, (double)number);
	while (precision++ < 9 && strtof(text, NULL) != number);
	json_raw(json, text, strlen(text));
}

void json_bool(struct json *json, bool yes)
{
	json_raw(json, yes ? "true" : "false", yes ? 4 : 5);
}

void json_null(struct json *json)
{
	json_raw(json, "null", 4);
}
