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
		cmocka_unit_test(test_doubles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
