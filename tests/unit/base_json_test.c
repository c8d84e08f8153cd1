/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base.h"

static void test_shape(void **state)
{
	cleanup_strbuf struct strbuf out = STRBUF_INIT;
	struct json json;

	(void)state;
	json_init(&json, &out);
	json_object_begin(&json);
	json_key(&json, "a");
	json_array_begin(&json);
	json_int(&json, INT64_MIN);
	json_uint(&json, UINT64_MAX);
	json_bool(&json, true);
	json_bool(&json, false);
	json_null(&json);
	json_array_end(&json);
	json_key_length(&json, "bcd", 1);
	json_object_begin(&json);
	json_object_end(&json);
	json_key(&json, "");
	json_array_begin(&json);
	json_array_begin(&json);
	json_array_end(&json);
	json_object_begin(&json);
	json_key(&json, "\"");
	json_raw(&json, "[1,2]", 5);
	json_key(&json, "n");
	json_text(&json, NULL);
	json_object_end(&json);
	json_array_end(&json);
	json_object_end(&json);
	assert_string_equal(out.data,
			    "{\"a\":[-9223372036854775808,18446744073709551615,true,false,null],"
			    "\"b\":{},\"\":[[],{\"\\\"\":[1,2],\"n\":null}]}");
}

static void expect(const char *text, size_t length, const char *want)
{
	cleanup_strbuf struct strbuf out = STRBUF_INIT;
	struct json json;

	json_init(&json, &out);
	json_string(&json, text, length);
	assert_string_equal(out.data, want);
}

#define EXPECT(text, want) expect(text, sizeof(text) - 1, "\"" want "\"")
#define BAD "\xef\xbf\xbd" /* U+FFFD */

static void test_strings(void **state)
{
	(void)state;
	EXPECT("", "");
	EXPECT("a\"b\\c/", "a\\\"b\\\\c/");
	EXPECT("\b\f\n\r\t", "\\b\\f\\n\\r\\t");
	EXPECT("\0\x01\x1f\x7f", "\\u0000\\u0001\\u001f\x7f");
	EXPECT("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
	EXPECT("\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"); /* U+10FFFF */
	/* not UTF-8: lone bytes, overlong forms, surrogates, beyond Unicode, cut */
	EXPECT("a\xff"
	       "b",
	       "a" BAD "b");
	EXPECT("\x80", BAD);
	EXPECT("\xc0\x80", BAD BAD);
	EXPECT("\xc1\xbf", BAD BAD);
	EXPECT("\xe0\x9f\xbf", BAD BAD BAD);
	EXPECT("\xed\xa0\x80", BAD BAD BAD);
	EXPECT("\xf0\x8f\xbf\xbf", BAD BAD BAD BAD);
	EXPECT("\xf4\x90\x80\x80", BAD BAD BAD BAD);
	EXPECT("\xf5\x80\x80\x80", BAD BAD BAD BAD);
	EXPECT("\xe2\x82", BAD BAD);
	EXPECT("\xe2\x82\"", BAD BAD "\\\"");
	EXPECT("\xf0\x9f\x98", BAD BAD BAD);
}

static void test_utf8(void **state)
{
	(void)state;
	assert_true(json_is_utf8("", 0));
	assert_true(json_is_utf8("a\0b\xc3\xa4", 5));
	assert_false(json_is_utf8("a\xc3", 2));
	assert_false(json_is_utf8("\xed\xbf\xbf", 3));
	assert_true(json_is_utf8("\xee\x80\x80", 3));
	assert_true(json_is_utf8("\xed\x9f\xbf", 3));
}

/* Every text that JSON takes is UTF-8 itself, whatever the bytes were. */
static void test_any_bytes(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		cleanup_strbuf struct strbuf out = STRBUF_INIT;
		unsigned char bytes[12];
		struct json json;

		for (size_t j = 0; j < sizeof(bytes); j++)
			bytes[j] = (unsigned char)(seed = hash_u64(seed + j)) | (j % 3 ? 0x80 : 0);
		json_init(&json, &out);
		json_string(&json, (const char *)bytes, seed % 13);
		assert_true(json_is_utf8(out.data, out.length));
		for (size_t j = 0; j < out.length; j++)
			assert_true((unsigned char)out.data[j] >= 0x20);
	}
}

static const char *print(struct strbuf *out, double value)
{
	struct json json;

	strbuf_clear(out);
	json_init(&json, out);
	json_double(&json, value);
	return out->data;
}

static const char *print_float(struct strbuf *out, float value)
{
	struct json json;

	strbuf_clear(out);
	json_init(&json, out);
	json_float(&json, value);
	return out->data;
}

/* What printf finds, trying every precision. */
static void print_slowly(char text[32], double value)
{
	int precision = 1;

	do
		snprintf(text, 32, "%.*g", precision, value);
	while (precision++ < 17 && strtod(text, NULL) != value);
	/* the notation of %.15g, where it is enough */
	if (precision <= 16 && fpclassify(value) != FP_SUBNORMAL)
		snprintf(text, 32, "%.15g", value);
}

/* Numbers of few digits and of many, as people and as programs make them. */
static void test_doubles_as_printf(void **state)
{
	cleanup_strbuf struct strbuf out = STRBUF_INIT;
	static const char *const powers[] = {"1e-5", "1e-4", "1e-3", "1e-2", "1e-1", "1e0", "1e1",
					     "1e2",  "1e3",  "1e4",  "1e5",  "1e6",  "1e7", "1e8",
					     "1e9",  "1e11", "1e12", "1e13", "1e14", "1e15"};
	uint64_t seed = 5;
	char text[32];

	(void)state;
	for (int i = 0; i < 100000; i++) {
		double value, power = 1;

		seed = hash_u64(seed + 1);
		switch (i % 5) {
		case 0: /* any bits */
			memcpy(&value, &seed, sizeof(value));
			break;
		case 1: /* an integer of up to 17 digits over a power of ten */
			for (uint64_t k = seed >> 40; k % 23; k--)
				power *= 10;
			value = (double)((seed & 0xffffffff) % (1u << (seed >> 59))) / power;
			break;
		case 2: /* near the ends of the quick way */
			value = (i % 10 < 5 ? 1e-4 : 1e15) * (1 + ((double)(seed >> 44) - 524288) * 0x1p-52);
			break;
		case 3: /* at powers of two and of ten, where the digits' number changes */
			value = (i % 10 < 5 ? ldexp(1, (int)(seed % 66) - 15) : strtod(powers[seed % 20], NULL)) *
				(1 + ((double)(seed >> 60) - 8) * 0x1p-52);
			break;
		default:
			value = (double)(int64_t)seed / (double)(1ull << (seed & 63));
		}
		if (!isfinite(value))
			continue;
		print_slowly(text, value);
		if (strcmp(print(&out, value), text) != 0)
			fail_msg("%s, expected %s", out.data, text);
	}
	for (int exponent = -6; exponent < 18; exponent++)
		for (int digit = 1; digit < 1000; digit++) {
			snprintf(text, sizeof(text), "%de%d", digit, exponent);
			print_slowly(text, strtod(text, NULL));
			assert_string_equal(print(&out, strtod(text, NULL)), text);
			assert_int_equal(*print(&out, -strtod(text, NULL)), '-');
		}
}

static void test_integers(void **state)
{
	static const uint64_t numbers[] = {0, 1, 9, 10, 255, 1ull << 32, INT64_MAX,
					   (uint64_t)INT64_MAX + 1, UINT64_MAX};
	cleanup_strbuf struct strbuf out = STRBUF_INIT;
	char text[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		struct json json;

		strbuf_clear(&out);
		json_init(&json, &out);
		json_uint(&json, numbers[i]);
		json_int(&json, (int64_t)numbers[i]);
		json_address(&json, numbers[i]);
		snprintf(text, sizeof(text), "%" PRIu64 ",%" PRId64 ",\"0x%" PRIx64 "\"",
			 numbers[i], (int64_t)numbers[i], numbers[i]);
		assert_string_equal(out.data, text);
	}
}

/* Each byte at each place of a run: what must be escaped is, whatever stands around it. */
static void test_runs(void **state)
{
	cleanup_strbuf struct strbuf out = STRBUF_INIT, want = STRBUF_INIT;

	(void)state;
	for (int byte = 0; byte < 128; byte++)
		for (size_t length = 1; length <= 20; length++)
			for (size_t at = 0; at < length; at++) {
				char text[20];
				struct json json;

				memset(text, byte == 'x' ? '!' : 'x', sizeof(text));
				text[at] = (char)byte;
				strbuf_clear(&out);
				strbuf_clear(&want);
				json_init(&json, &out);
				json_string(&json, text, length);
				strbuf_putc(&want, '"');
				strbuf_add(&want, text, at);
				if (byte == '"' || byte == '\\')
					strbuf_printf(&want, "\\%c", byte);
				else if (byte >= ' ')
					strbuf_putc(&want, (char)byte);
				else if (byte && strchr("\b\t\n\f\r", byte))
					strbuf_printf(&want, "\\%c", "btn.fr"[byte - '\b']);
				else
					strbuf_printf(&want, "\\u%04x", byte);
				strbuf_add(&want, text + at + 1, length - at - 1);
				strbuf_putc(&want, '"');
				assert_string_equal(out.data, want.data);
				assert_true(json_is_utf8(text, length));
				text[at] = (char)(byte | 0x80);
				assert_false(json_is_utf8(text, length));
			}
}

static void test_doubles(void **state)
{
	cleanup_strbuf struct strbuf out = STRBUF_INIT;
	uint64_t seed = 3;

	(void)state;
	assert_string_equal(print(&out, 0), "0");
	assert_string_equal(print(&out, -0.0), "-0");
	assert_string_equal(print(&out, 1), "1");
	assert_string_equal(print(&out, 0.1), "0.1");
	assert_string_equal(print(&out, 0.1 + 0.2), "0.30000000000000004");
	assert_string_equal(print(&out, 1.0 / 3), "0.3333333333333333");
	assert_string_equal(print(&out, 1e300), "1e+300");
	assert_string_equal(print(&out, 5e-324), "5e-324");
	assert_string_equal(print(&out, DBL_MAX), "1.7976931348623157e+308");
	assert_string_equal(print(&out, DBL_MIN), "2.2250738585072014e-308");
	assert_string_equal(print(&out, NAN), "\"NaN\"");
	assert_string_equal(print(&out, INFINITY), "\"+Inf\"");
	assert_string_equal(print(&out, -INFINITY), "\"-Inf\"");
	assert_string_equal(print_float(&out, 0.1f), "0.1");
	assert_string_equal(print_float(&out, 16777216.0f), "16777216");
	assert_string_equal(print_float(&out, 1e-45f), "1e-45");
	assert_string_equal(print_float(&out, FLT_MAX), "3.4028235e+38");
	assert_string_equal(print_float(&out, -INFINITY), "\"-Inf\"");
	for (int i = 0; i < 100000; i++) {
		double value;

		seed = hash_u64(seed + 1);
		memcpy(&value, &seed, sizeof(value));
		if (isfinite(value))
			assert_true(strtod(print(&out, value), NULL) == value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shape),	cmocka_unit_test(test_strings),
		cmocka_unit_test(test_utf8),	cmocka_unit_test(test_any_bytes),
		cmocka_unit_test(test_doubles), cmocka_unit_test(test_doubles_as_printf),
		cmocka_unit_test(test_integers), cmocka_unit_test(test_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
