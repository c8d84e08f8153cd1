/* SPDX-License-Identifier: BSD-2-Clause */
#include "decode_value_fixture.h"

/*
 * The shapes of values, literally: what has many parts or lacks some, and the bounds on what
 * is written.
 */

static void test_slices(void **state)
{
	struct fixture f;
	uint64_t words[3] = {0x1000, 3, 4}, nil[3] = {0, 0, 0}, empty[3] = {0x1000, 0, 0},
		 longer[3] = {0x1000, 100, 100};
	int32_t elements[] = {10, 20, 30, 40, 50};

	(void)state;
	setup(&f);
	put_pointee(&f.records, 0x1000, f.i32, ASK_STATUS_OK, elements, 12);
	check(&f, slice_of(&f, f.i32), words,
	      "'{\"array\":[10,20,30],\"len\":3,\"cap\":4}' | "
	      "'{\"__addr\":\"0x1000\",\"array\":[10,20,30],\"len\":3,\"cap\":4}' | 'ok'");
	setup(&f);
	check(&f, slice_of(&f, f.i32), nil, "NULL | NULL | 'nil'");
	setup(&f);
	check(&f, slice_of(&f, f.i32), empty,
	      "'{\"array\":[],\"len\":0,\"cap\":0}' | "
	      "'{\"__addr\":\"0x1000\",\"array\":[],\"len\":0,\"cap\":0}' | 'ok'");
	/* cut to the capture's own limit, though more was fetched */
	setup(&f);
	add_limits(&f.b, 4, 512, 9);
	put_pointee(&f.records, 0x1000, f.i32, ASK_STATUS_OK, elements, 20);
	check(&f, slice_of(&f, f.i32), longer,
	      "'{\"array\":[10,20],\"len\":100,\"cap\":100,\"__status\":\"truncated\"}' | "
	      "'{\"__addr\":\"0x1000\",\"array\":[10,20],\"len\":100,\"cap\":100,\"__status\":"
	      "\"truncated\"}' | 'truncated'");
	/* at least one element is kept */
	setup(&f);
	add_limits(&f.b, 4, 512, 1);
	put_pointee(&f.records, 0x1000, f.i32, ASK_STATUS_OK, elements, 4);
	check(&f, slice_of(&f, f.i32), longer,
	      "'{\"array\":[10],\"len\":100,\"cap\":100,\"__status\":\"truncated\"}' | "
	      "'{\"__addr\":\"0x1000\",\"array\":[10],\"len\":100,\"cap\":100,\"__status\":"
	      "\"truncated\"}' | 'truncated'");
	/* header known, elements not */
	setup(&f);
	put_pointee(&f.records, 0x1000, f.i32, ASK_STATUS_READ_FAILED, NULL, 12);
	check(&f, slice_of(&f, f.i32), words,
	      "'{\"array\":{\"__status\":\"read_failed\"},\"len\":3,\"cap\":4}' | "
	      "'{\"__addr\":\"0x1000\",\"array\":{\"__status\":\"read_failed\"},\"len\":3,"
	      "\"cap\":4}' | 'partial: read_failed'");
}

static void test_impossible_slices(void **state)
{
	static const struct {
		uint64_t words[3];
		const char *expected;
	} rows[] = {
		{{0x1000, 5, 4},
		 "NULL | "
		 "'{\"__addr\":\"0x1000\",\"array\":{\"__status\":\"unavailable\"},\"len\":5,"
		 "\"cap\":4}' | 'unavailable: its length is more than its capacity'"},
		{{0x1000, UINT64_MAX, UINT64_MAX},
		 "NULL | "
		 "'{\"__addr\":\"0x1000\",\"array\":{\"__status\":\"unavailable\"},\"len\":-1,"
		 "\"cap\":-1}' | 'unavailable: its length is negative'"},
		{{0x1000, INT64_MAX, INT64_MAX},
		 "NULL | '{\"__addr\":\"0x1000\",\"array\":{\"__status\":\"unavailable\"},"
		 "\"len\":9223372036854775807,\"cap\":9223372036854775807}' | "
		 "'unavailable: its length is impossible'"},
		{{0, 1, 1},
		 "NULL | '{\"__addr\":\"0x0\",\"array\":{\"__status\":\"unavailable\"},\"len\":1,"
		 "\"cap\":1}' | 'unavailable: it has a length and no address'"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct fixture f;

		setup(&f);
		check(&f, slice_of(&f, f.i32), rows[i].words, rows[i].expected);
	}
}

static void test_bytes(void **state)
{
	struct fixture f;
	uint64_t words[3] = {0x1000, 5, 8}, empty[3] = {0x1000, 0, 0};
	uint8_t id[4] = {0, 0x11, 0xe5, 0xff};

	(void)state;
	setup(&f);
	put_pointee(&f.records, 0x1000, 0, ASK_STATUS_OK, "hello", 5);
	check(&f, slice_of(&f, f.u8), words,
	      "'{\"bytes\":\"68656c6c6f\",\"text\":\"hello\",\"len\":5,\"cap\":8}' | "
	      "'{\"__addr\":\"0x1000\",\"bytes\":\"68656c6c6f\",\"text\":\"hello\",\"len\":5,"
	      "\"cap\":8}' | 'ok'");
	setup(&f);
	put_pointee(&f.records, 0x1000, 0, ASK_STATUS_OK, "he\0lo", 5);
	check(&f, slice_of(&f, f.u8), words,
	      "'{\"bytes\":\"6865006c6f\",\"len\":5,\"cap\":8}' | "
	      "'{\"__addr\":\"0x1000\",\"bytes\":\"6865006c6f\",\"len\":5,\"cap\":8}' | 'ok'");
	setup(&f);
	check(&f, slice_of(&f, f.u8), empty,
	      "'{\"bytes\":\"\",\"text\":\"\",\"len\":0,\"cap\":0}' | "
	      "'{\"__addr\":\"0x1000\",\"bytes\":\"\",\"text\":\"\",\"len\":0,\"cap\":0}' | 'ok'");
	setup(&f);
	add_limits(&f.b, 4, 512, 2);
	put_pointee(&f.records, 0x1000, 0, ASK_STATUS_OK, "hello", 5);
	check(&f, slice_of(&f, f.u8), words,
	      "'{\"bytes\":\"6865\",\"text\":\"he\",\"len\":5,\"cap\":8,\"__status\":"
	      "\"truncated\"}' | '{\"__addr\":\"0x1000\",\"bytes\":\"6865\",\"text\":\"he\","
	      "\"len\":5,\"cap\":8,\"__status\":\"truncated\"}' | 'truncated'");
	setup(&f);
	check(&f, add_array(&f.b, "[4]uint8", f.u8, 4), id, "'0011e5ff' | '0011e5ff' | 'ok'");
}

static void test_arrays(void **state)
{
	struct fixture f;
	int32_t three[3] = {1, -2, 3};
	uint32_t array, all;

	(void)state;
	setup(&f);
	check(&f, add_array(&f.b, "[3]int32", f.i32, 3), three, "'[1,-2,3]' | '[1,-2,3]' | 'ok'");
	setup(&f);
	check(&f, add_array(&f.b, "[0]int32", f.i32, 0), three, "'[]' | '[]' | 'ok'");
	/* [N]byte, uint64 and floats inside of others */
	setup(&f);
	array = add_array(&f.b, "[2]uint8", f.u8, 2);
	all = add_struct(&f.b, "main.all", 24);
	add_field(&f.b, all, "id", 0, array);
	add_field(&f.b, all, "big", 8, f.u64);
	add_field(&f.b, all, "f", 16, f.f64);
	{
		struct {
			uint8_t id[8];
			uint64_t big;
			double f;
		} v = {{1, 2}, UINT64_MAX, __builtin_nan("")};

		check(&f, all, &v,
		      "'{\"id\":\"0102\",\"big\":\"18446744073709551615\",\"f\":\"NaN\"}' | "
		      "'{\"id\":\"0102\",\"big\":\"18446744073709551615\",\"f\":\"NaN\"}' | 'ok'");
	}
}

static void test_nested_strings(void **state)
{
	struct fixture f;
	uint64_t words[4] = {0x1000, 9, 0x2000, 2};
	uint32_t pair;

	(void)state;
	setup(&f);
	add_limits(&f.b, 4, 4, 512);
	pair = add_struct(&f.b, "main.texts", 32);
	add_field(&f.b, pair, "a", 0, f.string);
	add_field(&f.b, pair, "b", 16, f.string);
	put_pointee(&f.records, 0x1000, 0, ASK_STATUS_OK, "a\"bcdefgh", 9);
	put_pointee(&f.records, 0x2000, 0, ASK_STATUS_READ_FAILED, NULL, 2);
	check(&f, pair, words,
	      "'{\"a\":{\"__status\":\"truncated\",\"len\":9,\"__value\":\"a\\\"bc\"},"
	      "\"b\":{\"__status\":\"read_failed\"}}' | '{\"a\":{\"__addr\":\"0x1000\","
	      "\"__status\":\"truncated\",\"len\":9,\"__value\":\"a\\\"bc\"},\"b\":{\"__addr\":"
	      "\"0x2000\",\"len\":2,\"__value\":{\"__status\":\"read_failed\"}}}' | "
	      "'partial: read_failed'");
}

static void test_unknown_kinds(void **state)
{
	struct fixture f;
	uint64_t words[2] = {0x10, 0x20}, nil[2] = {0, 0};
	uint32_t holder;

	(void)state;
	setup(&f);
	check(&f, add_type(&f.b, "error", SCHEMA_KIND_INTERFACE, 16, SCHEMA_NONE), words,
	      "'{\"__status\":\"unknown_type\"}' | '{\"__status\":\"unknown_type\","
	      "\"__word\":\"0x20\"}' | 'partial: unknown_type'");
	setup(&f);
	check(&f, add_type(&f.b, "any", SCHEMA_KIND_ANY, 16, SCHEMA_NONE), nil,
	      "NULL | NULL | 'nil'");
	setup(&f);
	check(&f, add_type(&f.b, "main.X", SCHEMA_KIND_UNKNOWN, 16, SCHEMA_NONE), nil,
	      "'{\"__status\":\"unknown_type\",\"__type\":\"main.X\"}' | '{\"__status\":"
	      "\"unknown_type\",\"__type\":\"main.X\",\"__words\":[\"0x0\",\"0x0\"]}' | "
	      "'partial: unknown_type'");
	setup(&f);
	holder = add_struct(&f.b, "main.holder", 16);
	add_field(&f.b, holder, "m", 0,
		  add_type(&f.b, "map[int]int", SCHEMA_KIND_MAP, 8, SCHEMA_NONE));
	add_field(&f.b, holder, "f", 8, add_type(&f.b, "func()", SCHEMA_KIND_FUNC, 8, SCHEMA_NONE));
	words[1] = 0;
	check(&f, holder, words,
	      "'{\"m\":{\"__status\":\"unknown_type\",\"__type\":\"map[int]int\"},\"f\":null}' | "
	      "'{\"m\":{\"__status\":\"unknown_type\",\"__type\":\"map[int]int\",\"__words\":"
	      "[\"0x10\"]},\"f\":null}' | 'partial: unknown_type'");
}

/* A VALUE with gaps: `words` as the engine left them, zero where there is no location. */
static void check_gap(uint32_t kind, uint32_t offset, uint32_t size, const uint64_t *words,
		      const char *expected)
{
	cleanup_strbuf struct strbuf got = STRBUF_INIT;
	struct fixture f;
	int32_t elements[] = {10, 20};
	uint32_t type;

	setup(&f);
	switch (kind) {
	case SCHEMA_KIND_SLICE:
		type = slice_of(&f, f.i32);
		break;
	case SCHEMA_KIND_STRING:
		type = f.string;
		break;
	case SCHEMA_KIND_ANY:
		type = add_type(&f.b, "any", SCHEMA_KIND_ANY, 16, SCHEMA_NONE);
		break;
	default:
		type = add_struct(&f.b, "main.s", 24);
		add_field(&f.b, type, "a", 0, f.i64);
		add_field(&f.b, type, "b", 8, f.i64);
		add_field(&f.b, type, "c", 16, f.i32);
	}
	*VEC_PUSH(&f.b.arena, &f.b.gaps) = (struct schema_gap){
		.expr = 0, .offset = offset, .size = size, .reason = ASK_REASON_REGISTER};
	put_pointee(&f.records, 0x1000, f.i32, ASK_STATUS_OK, elements, 8);
	decode_one(&f, type, ASK_STATUS_PARTIAL, 0, words, &got);
	assert_string_equal(got.data, expected);
	teardown(&f);
}

static void test_gaps(void **state)
{
	static const uint64_t no_cap[3] = {0x1000, 2, 0}, no_len[3] = {0x1000, 0, 2},
			      no_pointer[3] = {0, 2, 2}, numbers[3] = {1, 0, 3};

	(void)state;
	/* Go leaves out trailing dead pieces: the capacity is often unknown */
	check_gap(SCHEMA_KIND_SLICE, 16, 8, no_cap,
		  "'{\"array\":[10,20],\"len\":2,\"cap\":{\"__status\":\"unavailable\"}}' | "
		  "'{\"__addr\":\"0x1000\",\"array\":[10,20],\"len\":2,\"cap\":{\"__status\":"
		  "\"unavailable\"}}' | 'partial: lives in a register'");
	check_gap(SCHEMA_KIND_SLICE, 8, 8, no_len,
		  "'{\"array\":{\"__status\":\"unavailable\"},\"len\":{\"__status\":"
		  "\"unavailable\"},\"cap\":2}' | '{\"__addr\":\"0x1000\",\"array\":{\"__status\":"
		  "\"unavailable\"},\"len\":{\"__status\":\"unavailable\"},\"cap\":2}' | "
		  "'partial: lives in a register'");
	check_gap(SCHEMA_KIND_SLICE, 0, 8, no_pointer,
		  "'{\"array\":{\"__status\":\"unavailable\"},\"len\":2,\"cap\":2}' | "
		  "'{\"__addr\":{\"__status\":\"unavailable\"},\"array\":{\"__status\":"
		  "\"unavailable\"},\"len\":2,\"cap\":2}' | 'partial: lives in a register'");
	check_gap(SCHEMA_KIND_STRING, 0, 8, no_pointer,
		  "NULL | '{\"__addr\":{\"__status\":\"unavailable\"},\"len\":2,\"__value\":"
		  "{\"__status\":\"unavailable\"}}' | 'unavailable: lives in a register'");
	check_gap(SCHEMA_KIND_STRUCT, 8, 8, numbers,
		  "'{\"a\":1,\"b\":{\"__status\":\"unavailable\"},\"c\":3}' | "
		  "'{\"a\":1,\"b\":{\"__status\":\"unavailable\"},\"c\":3}' | "
		  "'partial: lives in a register'");
	/* padding is no part */
	check_gap(SCHEMA_KIND_STRUCT, 20, 4, numbers,
		  "'{\"a\":1,\"b\":0,\"c\":3}' | '{\"a\":1,\"b\":0,\"c\":3}' | 'ok'");
	/* a word of an interface that is not there is not nil */
	check_gap(SCHEMA_KIND_ANY, 0, 8, no_pointer,
		  "NULL | '{\"__type\":{\"__status\":\"unavailable\"},\"__word\":\"0x2\"}' | "
		  "'unavailable: lives in a register'");
}

/* A list node that points to the next one twice: 2^depth nodes to write. */
static void test_json_is_bounded(void **state)
{
	cleanup_strbuf struct strbuf got = STRBUF_INIT;
	struct fixture f;
	uint32_t node, pointer;
	uint64_t address = 0x1000;
	size_t length;

	(void)state;
	setup(&f);
	add_limits(&f.b, 60, 512, 512);
	node = add_struct(&f.b, "main.twice", 16);
	pointer = add_type(&f.b, "*main.twice", SCHEMA_KIND_POINTER, 8, node);
	add_field(&f.b, node, "left", 0, pointer);
	add_field(&f.b, node, "right", 8, pointer);
	for (uint64_t i = 0; i < 60; i++) {
		uint64_t next[2] = {0x1000 + (i + 1) * 16, 0x1000 + (i + 1) * 16};

		put_pointee(&f.records, 0x1000 + i * 16, node, ASK_STATUS_OK, next, 16);
	}
	decode_one(&f, pointer, ASK_STATUS_OK, 0, &address, &got);
	length = (size_t)(strstr(got.data, " | ") - got.data);
	assert_in_range(length, 900000, (1 << 20) + 2);
	assert_non_null(strstr(got.data, "{\"__status\":\"budget\"}"));
	assert_non_null(strstr(got.data, "'partial: budget'"));
	/* braces pair: the text is whole */
	for (size_t i = 0, open = 0; i < length; i++) {
		open += got.data[i] == '{';
		open -= got.data[i] == '}';
		assert_true(open < 1000);
		if (i == length - 1)
			assert_int_equal(open, 0);
	}
	teardown(&f);
}

/* type t []t, and a list as long as its depth allows: recursion is bounded. */
static void test_nesting_is_bounded(void **state)
{
	cleanup_strbuf struct strbuf got = STRBUF_INIT;
	struct fixture f;
	uint64_t words[3] = {0x10000, 1, 1};
	uint32_t t;

	(void)state;
	setup(&f);
	t = add_type(&f.b, "main.t", SCHEMA_KIND_SLICE, 24, (uint32_t)f.b.types.length);
	for (uint64_t i = 0; i < 5000; i++) {
		uint64_t next[3] = {0x10000 + (i + 1) * 24, 1, 1};

		put_pointee(&f.records, 0x10000 + i * 24, t, ASK_STATUS_OK, next, 24);
	}
	decode_one(&f, t, ASK_STATUS_OK, 0, words, &got);
	assert_non_null(strstr(got.data, "'partial: budget'"));
	teardown(&f);
	/* a slice that is its own element */
	setup(&f);
	t = add_type(&f.b, "main.t", SCHEMA_KIND_SLICE, 24, (uint32_t)f.b.types.length);
	put_pointee(&f.records, 0x10000, t, ASK_STATUS_OK, words, 24);
	check(&f, t, words,
	      "'{\"array\":[{\"array\":{\"__status\":\"cycle\",\"__addr\":\"0x10000\"},\"len\":1,"
	      "\"cap\":1}],\"len\":1,\"cap\":1}' | '{\"__addr\":\"0x10000\",\"array\":[{\"__addr\":"
	      "\"0x10000\",\"array\":{\"__status\":\"cycle\",\"__addr\":\"0x10000\"},\"len\":1,"
	      "\"cap\":1}],\"len\":1,\"cap\":1}' | 'ok'");
}

/* A large []byte keeps its shape when its JSON would be too long. */
static void test_large_bytes(void **state)
{
	cleanup_strbuf struct strbuf got = STRBUF_INIT, bytes = STRBUF_INIT;
	struct fixture f;
	uint64_t words[3] = {0x10000, 1 << 20, 1 << 20};

	(void)state;
	setup(&f);
	add_limits(&f.b, 4, 512, 1 << 20);
	strbuf_repeat(&bytes, 'x', 1 << 20);
	put_pointee(&f.records, 0x10000, 0, ASK_STATUS_OK, bytes.data, 1 << 20);
	decode_one(&f, slice_of(&f, f.u8), ASK_STATUS_OK, 0, words, &got);
	assert_string_equal(
		got.data, "'{\"array\":{\"__status\":\"budget\"},\"len\":1048576,\"cap\":1048576}'"
			  " | '{\"__addr\":\"0x10000\",\"array\":{\"__status\":\"budget\"},\"len\":"
			  "1048576,\"cap\":1048576}' | 'partial: budget'");
	teardown(&f);
}

/* Slices of nothing: no memory to look for, and no end of elements to write. */
static void test_empty_elements(void **state)
{
	cleanup_strbuf struct strbuf got = STRBUF_INIT;
	struct fixture f;
	uint64_t words[3] = {0x10000, 1ull << 40, 1ull << 40}, pointer = 0x20000;

	(void)state;
	setup(&f);
	decode_one(&f, slice_of(&f, add_struct(&f.b, "struct {}", 0)), ASK_STATUS_OK, 0, words,
		   &got);
	assert_non_null(strstr(got.data, "'truncated'"));
	assert_true(got.length < 10000);
	teardown(&f);
	setup(&f);
	check(&f, pointer_to(&f, add_struct(&f.b, "struct {}", 0)), &pointer,
	      "'{}' | '{\"__addr\":\"0x20000\",\"__value\":{}}' | 'ok'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slices),
		cmocka_unit_test(test_impossible_slices),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_arrays),
		cmocka_unit_test(test_nested_strings),
		cmocka_unit_test(test_unknown_kinds),
		cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_json_is_bounded),
		cmocka_unit_test(test_nesting_is_bounded),
		cmocka_unit_test(test_large_bytes),
		cmocka_unit_test(test_empty_elements),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
