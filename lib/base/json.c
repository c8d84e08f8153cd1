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

/* How many bytes from the first on are printable ASCII that needs no escape, eight at a time. */
static size_t plain_run(const unsigned char *p, size_t size)
{
	const uint64_t ones = 0x0101010101010101ull, highs = 0x8080808080808080ull;
	size_t i = 0;

	for (uint64_t w; i + sizeof(w) <= size; i += sizeof(w)) {
		uint64_t quote, backslash;

		memcpy(&w, p + i, sizeof(w));
		quote = w ^ ones * '"';
		backslash = w ^ ones * '\\';
		/* A byte's high bit: it is beyond ASCII, below a space, a quote, a backslash. */
		if ((w | ((w - ones * ' ') & ~w) | ((quote - ones) & ~quote) |
		     ((backslash - ones) & ~backslash)) &
		    highs)
			break;
	}
	while (i < size && p[i] >= ' ' && p[i] < 0x80 && p[i] != '"' && p[i] != '\\')
		i++;
	return i;
}

bool json_is_utf8(const void *data, size_t size)
{
	const unsigned char *p = data;

	for (size_t i = 0, n;; i += n) {
		i += plain_run(p + i, size - i);
		if (i == size)
			return true;
		n = sequence(p + i, size - i);
		if (!n)
			return false;
	}
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
	for (size_t i = 0;;) {
		size_t n;

		i += plain_run(p + i, length - i);
		if (i == length)
			break;
		n = sequence(p + i, length - i);
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
	strbuf_int(json->out, number);
}

void json_uint(struct json *json, uint64_t number)
{
	value(json);
	strbuf_uint(json->out, number);
}

void json_address(struct json *json, uint64_t address)
{
	value(json);
	strbuf_add(json->out, "\"0x", 3);
	strbuf_hex(json->out, address);
	strbuf_putc(json->out, '"');
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
 * Numbers that a decimal of at most 15 digits gives, and that %.15g writes without an
 * exponent, in about a tenth of the time. r is below 2^53 and 10^k below 10^22: both are
 * exact, so that r / 10^k is rounded once, as strtod() rounds the text: if it is the
 * number, that text is right, and the first k that works is the shortest. Of the decimals
 * of 15 digits or less the nearest to the number is always among those tried.
 */
static bool has_short_range(double number)
{
	return (fabs(number) >= 1e-4 && fabs(number) < 1e15) || number == 0;
}

static bool put_short(struct strbuf *out, double number)
{
	static const double powers[] = {1e0, 1e1, 1e2,	1e3,  1e4,  1e5,  1e6,	1e7,
					1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
					1e16, 1e17, 1e18};
	double size = fabs(number);

	for (size_t k = 0; k < sizeof(powers) / sizeof(*powers); k++) {
		double scaled = size * powers[k];
		uint64_t r;

		if (scaled >= 1e15)
			return false;
		r = (uint64_t)(scaled + 0.5);
		if ((double)r / powers[k] != size)
			continue;
		if (signbit(number))
			strbuf_putc(out, '-');
		strbuf_uint(out, r / (uint64_t)powers[k]);
		if (!k)
			return true;
		strbuf_putc(out, '.');
		r %= (uint64_t)powers[k];
		for (size_t i = k; i-- > 0 && r < (uint64_t)powers[i];)
			strbuf_putc(out, '0');
		strbuf_uint(out, r);
		return true;
	}
	return false;
}

/* `digits` digits of a number whose first one stands for 10^exponent, as %g writes them. */
static void put_digits(struct strbuf *out, uint64_t number, int digits, int exponent)
{
	char text[20];
	size_t whole = exponent < 0 ? 0 : (size_t)exponent + 1, end = (size_t)digits;

	for (int i = digits; i-- > 0; number /= 10)
		text[i] = (char)('0' + number % 10);
	while (end > whole && text[end - 1] == '0')
		end--;
	if (whole)
		strbuf_add(out, text, whole);
	else
		strbuf_putc(out, '0');
	if (end == whole)
		return;
	strbuf_putc(out, '.');
	if (exponent < 0)
		strbuf_repeat(out, '0', (size_t)-exponent - 1);
	strbuf_add(out, text + whole, end - whole);
}

/*
 * Numbers of the short range that need 16 or 17 digits: what %.16g and %.17g write, and
 * what strtod() makes of 16 digits, in whole numbers. The number is m / 2^shift with m
 * below 2^53 and shift from 3 to 66; 10^k is at most 10^20: all fits into 128 bits. D
 * digits give the number back when they are nearer to it than half a step of m. Below a
 * power of two that step is smaller, so those are left to the general way.
 */
static bool put_long(struct strbuf *out, double number)
{
	double size = fabs(number);
	unsigned __int128 power = 1, scaled, near, away;
	uint64_t bits, m;
	int shift, exponent = size >= 1 ? 0 : size >= 1e-1 ? -1 : size >= 1e-2 ? -2
							  : size >= 1e-3       ? -3
									       : -4;

	memcpy(&bits, &size, sizeof(bits));
	m = (bits & ((1ull << 52) - 1)) | 1ull << 52;
	shift = 1075 - (int)(bits >> 52);
	if (m == 1ull << 52 || shift < 3 || shift > 66)
		return false;
	for (double next = 10; size >= next; next *= 10)
		exponent++;
	for (int k = 0; k < 15 - exponent; k++)
		power *= 10;
	for (int digits = 16; digits <= 17; digits++, power *= 10) {
		scaled = m * power;
		near = (scaled + ((unsigned __int128)1 << (shift - 1))) >> shift;
		if (near << shift == scaled + ((unsigned __int128)1 << (shift - 1)))
			near &= ~(unsigned __int128)1; /* a tie goes to the even one */
		away = near << shift > scaled ? (near << shift) - scaled : scaled - (near << shift);
		if (digits == 16 && (2 * away > power || (2 * away == power && m & 1)))
			continue;
		/* the first digit may have been guessed wrongly, or a rounding made one more */
		if (near < (digits == 16 ? 1000000000000000ull : 10000000000000000ull) ||
		    near >= (digits == 16 ? 10000000000000000ull : 100000000000000000ull))
			return false;
		if (signbit(number))
			strbuf_putc(out, '-');
		put_digits(out, (uint64_t)near, digits, exponent);
		return true;
	}
	return false;
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
	value(json);
	if (has_short_range(number)) {
		if (put_short(json->out, number) || put_long(json->out, number))
			return;
		precision = 16;
	}
	do
		snprintf(text, sizeof(text), "%.*g", precision, number);
	while (precision++ < 17 && strtod(text, NULL) != number);
	strbuf_puts(json->out, text);
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
