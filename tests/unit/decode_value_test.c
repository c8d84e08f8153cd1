/* SPDX-License-Identifier: BSD-2-Clause */
#include "decode_builder.h"

/*
 * The shapes of values, literally: each test captures one value and compares X, raw_X and
 * status_X as one text.
 */

struct fixture {
	struct builder b;
	struct strbuf records; /* pointees; the value comes last */
	uint32_t u8, i8, u16, i32, i64, u64, f32, f64, boolean, string, unsafe;
};

static void setup(struct fixture *f)
{
	struct builder *b = &f->b;

	builder_init(b);
	strbuf_init(&f->records);
	f->u8 = 0;
	f->i8 = add_type(b, "int8", SCHEMA_KIND_INT, 1, SCHEMA_NONE);
	f->u16 = add_type(b, "uint16", SCHEMA_KIND_UINT, 2, SCHEMA_NONE);
	f->i32 = add_type(b, "int32", SCHEMA_KIND_INT, 4, SCHEMA_NONE);
	f->i64 = add_type(b, "int", SCHEMA_KIND_INT, 8, SCHEMA_NONE);
	f->u64 = add_type(b, "uint64", SCHEMA_KIND_UINT, 8, SCHEMA_NONE);
	f->f32 = add_type(b, "float32", SCHEMA_KIND_FLOAT, 4, SCHEMA_NONE);
	f->f64 = add_type(b, "float64", SCHEMA_KIND_FLOAT, 8, SCHEMA_NONE);
	f->boolean = add_type(b, "bool", SCHEMA_KIND_BOOL, 1, SCHEMA_NONE);
	f->string = add_type(b, "string", SCHEMA_KIND_STRING, 16, SCHEMA_NONE);
	f->unsafe = add_type(b, "unsafe.Pointer", SCHEMA_KIND_UNSAFE_POINTER, 8, SCHEMA_NONE);
}

static void teardown(struct fixture *f)
{
	strbuf_deinit(&f->records);
	builder_deinit(&f->b);
}

static uint32_t pointer_to(struct fixture *f, uint32_t elem)
{
	return add_type(&f->b, "*T", SCHEMA_KIND_POINTER, 8, elem);
}

static uint32_t slice_of(struct fixture *f, uint32_t elem)
{
	return add_type(&f->b, "[]T", SCHEMA_KIND_SLICE, 24, elem);
}

/* Decodes one value; the three cells in `ret`. May be called once for a fixture. */
static void decode_one(struct fixture *f, uint32_t type, enum ask_status status, uint32_t detail,
		       const void *data, struct strbuf *ret)
{
	struct ask_goroutine g = new_goroutine(1, 0, 0);
	const char *row;

	add_function(&f->b, "main.f", "f");
	add_capture(&f->b, "a.b.c", "c", type, 0);
	build_schema(&f->b);
	put_goroutine(&f->records, &g);
	put_frame(&f->records, 0, 0, 0x10);
	put_value(&f->records, &f->b, 0, status, 0xc000010000, detail, data);
	assert_null(run_decode(&f->b, &f->records, 1, ret));
	row = strstr(ret->data, "\n  ");
	assert_non_null(row);
	memmove(ret->data, row + 3, strlen(row + 3) + 1);
	strbuf_truncate(ret, strlen(ret->data) - 1);
}

static void check(struct fixture *f, uint32_t type, const void *data, const char *expected)
{
	cleanup_strbuf struct strbuf got = STRBUF_INIT;

	decode_one(f, type, ASK_STATUS_OK, 0, data, &got);
	assert_string_equal(got.data, expected);
	teardown(f);
}

#define CHECK_SCALAR(member, ctype, value, expected)                                               \
	do {                                                                                       \
		struct fixture f;                                                                  \
		ctype v = (ctype)(value);                                                          \
		setup(&f);                                                                         \
		check(&f, f.member, &v, expected);                                                 \
	} while (0)

static void test_scalars(void **state)
{
	(void)state;
	CHECK_SCALAR(boolean, uint8_t, 1, "1 | 1 | 'ok'");
	CHECK_SCALAR(boolean, uint8_t, 0, "0 | 0 | 'ok'");
	CHECK_SCALAR(boolean, uint8_t, 7,
		     "NULL | NULL | 'unavailable: its byte is neither true nor false'");
	CHECK_SCALAR(i8, int8_t, -128, "-128 | -128 | 'ok'");
	CHECK_SCALAR(u8, uint8_t, 200, "200 | 200 | 'ok'");
	CHECK_SCALAR(u16, uint16_t, 65535, "65535 | 65535 | 'ok'");
	CHECK_SCALAR(i32, int32_t, -2, "-2 | -2 | 'ok'");
	CHECK_SCALAR(i64, int64_t, INT64_MIN, "-9223372036854775808 | -9223372036854775808 | 'ok'");
	CHECK_SCALAR(u64, uint64_t, INT64_MAX, "9223372036854775807 | 9223372036854775807 | 'ok'");
	CHECK_SCALAR(u64, uint64_t, UINT64_MAX,
		     "'18446744073709551615' | '18446744073709551615' | 'ok'");
	CHECK_SCALAR(f64, double, 0.1, "r0.10000000000000001 | r0.10000000000000001 | 'ok'");
	CHECK_SCALAR(f32, float, 0.1f, "r0.10000000000000001 | r0.10000000000000001 | 'ok'");
	CHECK_SCALAR(f64, double, __builtin_nan(""), "'NaN' | 'NaN' | 'ok'");
	CHECK_SCALAR(f64, double, __builtin_inf(), "'+Inf' | '+Inf' | 'ok'");
	CHECK_SCALAR(f32, float, -__builtin_inff(), "'-Inf' | '-Inf' | 'ok'");
	CHECK_SCALAR(unsafe, uint64_t, 0xc000000010, "'0xc000000010' | '0xc000000010' | 'ok'");
	CHECK_SCALAR(unsafe, uint64_t, 0, "NULL | NULL | 'nil'");
}

static void check_string(const char *bytes, uint32_t captured, int64_t length, uint64_t address,
			 const char *expected)
{
	struct fixture f;
	uint64_t words[2] = {address, (uint64_t)length};

	setup(&f);
	add_limits(&f.b, 4, 8, 16);
	if (bytes)
		put_pointee(&f.records, address, 0, ASK_STATUS_OK, bytes, captured);
	check(&f, f.string, words, expected);
}

static void test_strings(void **state)
{
	(void)state;
	check_string("hello", 5, 5, 0x1000,
		     "'hello' | '{\"__addr\":\"0x1000\",\"len\":5,\"__value\":\"hello\"}' | 'ok'");
	check_string(NULL, 0, 0, 0,
		     "'' | '{\"__addr\":\"0x0\",\"len\":0,\"__value\":\"\"}' | 'ok'");
	/* cut at 8 bytes; a longer copy that another capture fetched does not show */
	check_string("0123456789abcdef", 16, 16, 0x1000,
		     "'01234567' | '{\"__addr\":\"0x1000\",\"__status\":\"truncated\",\"len\":16,"
		     "\"__value\":\"01234567\"}' | 'truncated'");
	/* cut inside a character: the whole characters */
	check_string("1234567\xc3\xa4xx", 8, 11, 0x1000,
		     "'1234567' | '{\"__addr\":\"0x1000\",\"__status\":\"truncated\",\"len\":11,"
		     "\"__value\":\"1234567\"}' | 'truncated'");
	check_string("a\xff", 2, 2, 0x1000,
		     "'{\"__bytes\":\"61ff\"}' | '{\"__addr\":\"0x1000\",\"len\":2,"
		     "\"__value\":{\"__bytes\":\"61ff\"}}' | 'ok'");
	/* nothing was captured, and nothing says why */
	check_string(NULL, 0, 5, 0x1000,
		     "NULL | '{\"__addr\":\"0x1000\",\"len\":5,"
		     "\"__value\":{\"__status\":\"not_captured\"}}' | 'not_captured'");
	check_string(NULL, 0, -1, 0x1000,
		     "NULL | '{\"__addr\":\"0x1000\",\"len\":-1,"
		     "\"__value\":{\"__status\":\"unavailable\"}}' | "
		     "'unavailable: its length is negative'");
	check_string(NULL, 0, 3, 0,
		     "NULL | '{\"__addr\":\"0x0\",\"len\":3,"
		     "\"__value\":{\"__status\":\"unavailable\"}}' | "
		     "'unavailable: it has a length and no address'");
	/* the engine's own bound on one read: shorter than the limit, nothing failed */
	check_string("0123", 4, 16, 0x1000,
		     "'0123' | '{\"__addr\":\"0x1000\",\"__status\":\"truncated\",\"len\":16,"
		     "\"__value\":\"0123\"}' | 'truncated'");
}

static void test_missing_strings(void **state)
{
	struct fixture f;
	uint64_t words[2] = {0x1000, 5};

	(void)state;
	setup(&f);
	put_pointee(&f.records, 0x1000, 0, ASK_STATUS_READ_FAILED, NULL, 5);
	check(&f, f.string, words,
	      "NULL | '{\"__addr\":\"0x1000\",\"len\":5,\"__value\":{\"__status\":\"read_failed\"}}'"
	      " | 'read_failed'");
	setup(&f);
	put_pointee(&f.records, 0x1000, 0, ASK_STATUS_BUDGET, NULL, 5);
	check(&f, f.string, words,
	      "NULL | '{\"__addr\":\"0x1000\",\"len\":5,\"__value\":{\"__status\":\"budget\"}}'"
	      " | 'not_captured: budget'");
	/* the statistics say that something was left out for the budget */
	setup(&f);
	f.b.statistics.budget_cuts = 1;
	check(&f, f.string, words,
	      "NULL | '{\"__addr\":\"0x1000\",\"len\":5,\"__value\":{\"__status\":\"budget\"}}'"
	      " | 'not_captured: budget'");
	/* one shard failed, another one read it */
	setup(&f);
	put_pointee(&f.records, 0x1000, 0, ASK_STATUS_READ_FAILED, NULL, 5);
	put_pointee(&f.records, 0x1000, 0, ASK_STATUS_OK, "abcde", 5);
	put_pointee(&f.records, 0x1000, 0, ASK_STATUS_OK, "abc", 3);
	check(&f, f.string, words,
	      "'abcde' | '{\"__addr\":\"0x1000\",\"len\":5,\"__value\":\"abcde\"}' | 'ok'");
}

/* struct { flag bool; _ [3]uint8; n int32; name string; next *node } */
static uint32_t add_node(struct fixture *f, uint32_t *pointer)
{
	uint32_t node = add_struct(&f->b, "main.node", 32);

	*pointer = add_type(&f->b, "*main.node", SCHEMA_KIND_POINTER, 8, node);
	add_field(&f->b, node, "flag", 0, f->boolean);
	add_field(&f->b, node, "_", 1, f->u8);
	add_field(&f->b, node, "n", 4, f->i32);
	add_field(&f->b, node, "name", 8, f->string);
	add_field(&f->b, node, "next", 24, *pointer);
	return node;
}

struct node {
	uint8_t flag, pad[3];
	int32_t n;
	uint64_t name, name_length, next;
};

static void test_structs_and_pointers(void **state)
{
	struct fixture f;
	uint32_t node, pointer;
	struct node first = {.flag = 1, .n = -5, .name = 0x2000, .name_length = 2, .next = 0x3000};
	struct node second = {.n = 6};
	uint64_t address = 0x1000;

	(void)state;
	setup(&f);
	node = add_node(&f, &pointer);
	put_pointee(&f.records, 0x1000, node, ASK_STATUS_OK, &first, sizeof(first));
	put_pointee(&f.records, 0x3000, node, ASK_STATUS_OK, &second, sizeof(second));
	put_pointee(&f.records, 0x2000, 0, ASK_STATUS_OK, "hi", 2);
	check(&f, pointer, &address,
	      "'{\"flag\":true,\"n\":-5,\"name\":\"hi\",\"next\":{\"flag\":false,\"n\":6,"
	      "\"name\":\"\",\"next\":null}}' | "
	      "'{\"__addr\":\"0x1000\",\"__value\":{\"flag\":true,\"n\":-5,\"name\":{\"__addr\":"
	      "\"0x2000\",\"len\":2,\"__value\":\"hi\"},\"next\":{\"__addr\":\"0x3000\","
	      "\"__value\":{\"flag\":false,\"n\":6,\"name\":{\"__addr\":\"0x0\",\"len\":0,"
	      "\"__value\":\"\"},\"next\":null}}}}' | 'ok'");
}

static void test_nil_pointer(void **state)
{
	struct fixture f;
	uint64_t address = 0;

	(void)state;
	setup(&f);
	check(&f, pointer_to(&f, f.i64), &address, "NULL | NULL | 'nil'");
}

static void test_scalar_behind_pointers(void **state)
{
	struct fixture f;
	uint64_t address = 0x1000, inner = 0x2000;
	int64_t n = 42;
	uint32_t p;

	(void)state;
	setup(&f);
	p = pointer_to(&f, f.i64);
	put_pointee(&f.records, 0x1000, p, ASK_STATUS_OK, &inner, 8);
	put_pointee(&f.records, 0x2000, f.i64, ASK_STATUS_OK, &n, 8);
	check(&f, pointer_to(&f, p), &address,
	      "42 | '{\"__addr\":\"0x1000\",\"__value\":{\"__addr\":\"0x2000\",\"__value\":42}}'"
	      " | 'ok'");
	/* and when it is not there */
	setup(&f);
	put_pointee(&f.records, 0x1000, f.i64, ASK_STATUS_READ_FAILED, NULL, 8);
	check(&f, pointer_to(&f, f.i64), &address,
	      "NULL | '{\"__addr\":\"0x1000\",\"__value\":{\"__status\":\"read_failed\"}}'"
	      " | 'read_failed'");
}

static void test_depth(void **state)
{
	struct fixture f;
	uint32_t node, pointer;
	struct node n = {.n = 1, .next = 0x2000};
	uint64_t address = 0x1000;

	(void)state;
	setup(&f);
	add_limits(&f.b, 1, 512, 512);
	node = add_node(&f, &pointer);
	put_pointee(&f.records, 0x1000, node, ASK_STATUS_OK, &n, sizeof(n));
	/* another capture went further: this one's limit still holds */
	put_pointee(&f.records, 0x2000, node, ASK_STATUS_OK, &n, sizeof(n));
	check(&f, pointer, &address,
	      "'{\"flag\":false,\"n\":1,\"name\":\"\",\"next\":{\"__status\":\"depth\"}}' | "
	      "'{\"__addr\":\"0x1000\",\"__value\":{\"flag\":false,\"n\":1,\"name\":{\"__addr\":"
	      "\"0x0\",\"len\":0,\"__value\":\"\"},\"next\":{\"__addr\":\"0x2000\",\"__value\":"
	      "{\"__status\":\"depth\"}}}}' | 'ok'");
	setup(&f);
	add_limits(&f.b, 0, 512, 512);
	check(&f, pointer_to(&f, f.i64), &address,
	      "'{\"__status\":\"depth\"}' | '{\"__addr\":\"0x1000\",\"__value\":"
	      "{\"__status\":\"depth\"}}' | 'ok'");
}

static void test_cycles_and_shared(void **state)
{
	struct fixture f;
	uint32_t node, pointer, pair;
	struct node n = {.n = 1, .next = 0x1000};
	uint64_t address = 0x1000, both[2] = {0x3000, 0x3000};
	struct node shared = {.n = 3};

	(void)state;
	setup(&f);
	node = add_node(&f, &pointer);
	put_pointee(&f.records, 0x1000, node, ASK_STATUS_OK, &n, sizeof(n));
	check(&f, pointer, &address,
	      "'{\"flag\":false,\"n\":1,\"name\":\"\",\"next\":{\"__status\":\"cycle\",\"__addr\":"
	      "\"0x1000\"}}' | '{\"__addr\":\"0x1000\",\"__value\":{\"flag\":false,\"n\":1,"
	      "\"name\":{\"__addr\":\"0x0\",\"len\":0,\"__value\":\"\"},\"next\":{\"__addr\":"
	      "\"0x1000\",\"__value\":{\"__status\":\"cycle\",\"__addr\":\"0x1000\"}}}}' | 'ok'");
	/* the value itself is an ancestor: it lies at 0xc000010000 */
	setup(&f);
	node = add_node(&f, &pointer);
	n.next = 0xc000010000;
	check(&f, node, &n,
	      "'{\"flag\":false,\"n\":1,\"name\":\"\",\"next\":{\"__status\":\"cycle\",\"__addr\":"
	      "\"0xc000010000\"}}' | '{\"flag\":false,\"n\":1,\"name\":{\"__addr\":\"0x0\","
	      "\"len\":0,\"__value\":\"\"},\"next\":{\"__addr\":\"0xc000010000\",\"__value\":"
	      "{\"__status\":\"cycle\",\"__addr\":\"0xc000010000\"}}}' | 'ok'");
	/* twice is no cycle */
	setup(&f);
	node = add_node(&f, &pointer);
	pair = add_struct(&f.b, "main.pair", 16);
	add_field(&f.b, pair, "A", 0, pointer);
	add_field(&f.b, pair, "B", 8, pointer);
	put_pointee(&f.records, 0x3000, node, ASK_STATUS_OK, &shared, sizeof(shared));
	{
		cleanup_strbuf struct strbuf got = STRBUF_INIT;

		static const char expected[] =
			"'{\"A\":{\"flag\":false,\"n\":3,\"name\":\"\",\"next\":null},\"B\":{"
			"\"flag\":false,\"n\":3,\"name\":\"\",\"next\":null}}' | ";

		decode_one(&f, pair, ASK_STATUS_OK, 0, both, &got);
		assert_int_equal(strncmp(got.data, expected, sizeof(expected) - 1), 0);
		teardown(&f);
	}
}

/* type p *p, pointing to itself */
static void test_pointer_to_itself(void **state)
{
	struct fixture f;
	uint64_t address = 0x1000;
	uint32_t p;

	(void)state;
	setup(&f);
	p = add_type(&f.b, "main.p", SCHEMA_KIND_POINTER, 8, (uint32_t)f.b.types.length);
	put_pointee(&f.records, 0x1000, p, ASK_STATUS_OK, &address, 8);
	check(&f, p, &address,
	      "'{\"__status\":\"cycle\",\"__addr\":\"0x1000\"}' | '{\"__addr\":\"0x1000\","
	      "\"__value\":{\"__addr\":\"0x1000\",\"__value\":{\"__status\":\"cycle\",\"__addr\":"
	      "\"0x1000\"}}}' | 'ok'");
}

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
		 "NULL | '{\"__addr\":\"0x1000\",\"array\":{\"__status\":\"unavailable\"},\"len\":5,"
		 "\"cap\":4}' | 'unavailable: its length is more than its capacity'"},
		{{0x1000, UINT64_MAX, UINT64_MAX},
		 "NULL | '{\"__addr\":\"0x1000\",\"array\":{\"__status\":\"unavailable\"},\"len\":-1,"
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

static uint32_t add_time(struct fixture *f)
{
	uint32_t loc = pointer_to(f, f->i64), t;

	t = add_type(&f->b, "time.Time", SCHEMA_KIND_TIME, 24, SCHEMA_NONE);
	f->b.types.data[t].first_field = (uint32_t)f->b.fields.length;
	add_field(&f->b, t, "wall", 0, f->u64);
	add_field(&f->b, t, "ext", 8, f->i64);
	add_field(&f->b, t, "loc", 16, loc);
	return t;
}

static void check_time(uint64_t wall, int64_t ext, uint64_t loc, const char *expected)
{
	struct fixture f;
	uint64_t words[3] = {wall, (uint64_t)ext, loc};

	setup(&f);
	check(&f, add_time(&f), words, expected);
}

static void test_times(void **state)
{
	/* seconds from year 1 to 1970, and from 1885 to 1970 */
	const int64_t unix_to_internal = 62135596800, unix_to_wall = 2682288000;

	(void)state;
	check_time(0, 0, 0,
		   "'0001-01-01T00:00:00.000000000Z' | '{\"wall\":0,\"ext\":0,\"loc\":null}' | 'ok'");
	check_time(5, unix_to_internal + 951782400, 0x5000,
		   "'2000-02-29T00:00:00.000000005Z' | "
		   "'{\"wall\":5,\"ext\":63087379200,\"loc\":{\"__addr\":\"0x5000\"}}' | 'ok'");
	check_time((uint64_t)1 << 63 | (uint64_t)(unix_to_wall + 1795454491) << 30 | 123456789,
		   99, 0,
		   "'2026-11-23T17:21:31.123456789Z' | "
		   "'{\"wall\":\"14031311426666876181\",\"ext\":99,\"loc\":null}' | 'ok'");
	/* before year 1, and the ends of 64 bits */
	check_time(0, -1, 0,
		   "'0000-12-31T23:59:59.000000000Z' | '{\"wall\":0,\"ext\":-1,\"loc\":null}' | "
		   "'ok'");
	check_time(0, INT64_MIN, 0,
		   "'-292277024626-01-27T08:29:52.000000000Z' | "
		   "'{\"wall\":0,\"ext\":-9223372036854775808,\"loc\":null}' | 'ok'");
	check_time(0, INT64_MAX, 0,
		   "'292277024627-12-06T15:30:07.000000000Z' | "
		   "'{\"wall\":0,\"ext\":9223372036854775807,\"loc\":null}' | 'ok'");
	/* not a time */
	check_time(1000000000, 0, 0,
		   "NULL | '{\"wall\":1000000000,\"ext\":0,\"loc\":null}' | "
		   "'unavailable: its nanoseconds are out of range'");
}

static void test_atomics(void **state)
{
	struct fixture f;
	uint32_t counter, flag, both;
	struct {
		int64_t n;
		uint32_t flag, pad;
	} v = {-7, 1, 0};

	(void)state;
	setup(&f);
	counter = add_struct(&f.b, "sync/atomic.Int64", 8);
	add_field(&f.b, counter, "_", 0, add_struct(&f.b, "sync/atomic.noCopy", 0));
	f.b.types.data[counter].fields = 0;
	f.b.types.data[counter].first_field = (uint32_t)f.b.fields.length;
	add_field(&f.b, counter, "v", 0, f.i64);
	check(&f, counter, &v, "-7 | -7 | 'ok'");
	setup(&f);
	counter = add_struct(&f.b, "sync/atomic.Int64", 8);
	add_field(&f.b, counter, "v", 0, f.i64);
	flag = add_struct(&f.b, "sync/atomic.Bool", 4);
	add_field(&f.b, flag, "v", 0, add_type(&f.b, "uint32", SCHEMA_KIND_UINT, 4, SCHEMA_NONE));
	both = add_struct(&f.b, "main.both", 16);
	add_field(&f.b, both, "n", 0, counter);
	add_field(&f.b, both, "done", 8, flag);
	check(&f, both, &v, "'{\"n\":-7,\"done\":true}' | '{\"n\":-7,\"done\":true}' | 'ok'");
}

static void test_unknown_kinds(void **state)
{
	struct fixture f;
	uint64_t words[2] = {0x10, 0x20}, nil[2] = {0, 0};
	uint32_t holder;

	(void)state;
	setup(&f);
	check(&f, add_type(&f.b, "error", SCHEMA_KIND_INTERFACE, 16, SCHEMA_NONE), words,
	      "'{\"__status\":\"unknown_type\",\"__type\":\"error\"}' | '{\"__status\":"
	      "\"unknown_type\",\"__type\":\"error\",\"__words\":[\"0x10\",\"0x20\"]}' | "
	      "'partial: unknown_type'");
	setup(&f);
	check(&f, add_type(&f.b, "any", SCHEMA_KIND_ANY, 16, SCHEMA_NONE), nil,
	      "NULL | NULL | 'nil'");
	setup(&f);
	check(&f, add_type(&f.b, "complex128", SCHEMA_KIND_COMPLEX, 16, SCHEMA_NONE), nil,
	      "'{\"__status\":\"unknown_type\",\"__type\":\"complex128\"}' | '{\"__status\":"
	      "\"unknown_type\",\"__type\":\"complex128\",\"__words\":[\"0x0\",\"0x0\"]}' | "
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

static void check_absent(enum ask_status status, uint32_t detail, const char *expected)
{
	cleanup_strbuf struct strbuf got = STRBUF_INIT;
	struct fixture f;

	setup(&f);
	decode_one(&f, f.i64, status, detail, NULL, &got);
	assert_string_equal(got.data, expected);
	teardown(&f);
}

static void test_absent_values(void **state)
{
	(void)state;
	check_absent(ASK_STATUS_NIL, 0, "NULL | NULL | 'nil: a pointer in a.b.c'");
	check_absent(ASK_STATUS_READ_FAILED, 0, "NULL | NULL | 'read_failed'");
	check_absent(ASK_STATUS_BUDGET, 0, "NULL | NULL | 'not_captured: budget'");
	check_absent(ASK_STATUS_UNAVAILABLE, ASK_REASON_OPTIMIZED_OUT,
		     "NULL | NULL | 'optimized_out'");
	check_absent(ASK_STATUS_UNAVAILABLE, ASK_REASON_REGISTER,
		     "NULL | NULL | 'unavailable: lives in a register'");
	check_absent(ASK_STATUS_UNAVAILABLE, 99, "NULL | NULL | 'unavailable: unknown reason'");
}

/* An operator that says which part of the path it follows. */
static void test_nil_part(void **state)
{
	cleanup_strbuf struct strbuf got = STRBUF_INIT;
	struct fixture f;

	(void)state;
	setup(&f);
	*VEC_PUSH(&f.b.arena, &f.b.ops) = (struct ask_op){.kind = ASK_OP_CFA};
	add_function(&f.b, "main.f", "f");
	add_capture(&f.b, "a.b.c", "c", f.i64, 0);
	*VEC_PUSH(&f.b.arena, &f.b.ops) = (struct ask_op){.kind = ASK_OP_DEREF, .b = 3};
	f.b.exprs.data[0].ops = 2;
	build_schema(&f.b);
	{
		struct ask_goroutine g = new_goroutine(1, 0, 0);

		put_goroutine(&f.records, &g);
		put_frame(&f.records, 0, 0, 0x10);
		put_value(&f.records, &f.b, 0, ASK_STATUS_NIL, 0, 1, NULL);
	}
	assert_null(run_decode(&f.b, &f.records, 1, &got));
	assert_non_null(strstr(got.data, "NULL | NULL | 'nil: a.b'"));
	teardown(&f);
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
		  "'{\"__status\":\"unknown_type\",\"__type\":\"any\"}' | '{\"__status\":"
		  "\"unknown_type\",\"__type\":\"any\",\"__words\":[{\"__status\":\"unavailable\"},"
		  "\"0x2\"]}' | 'partial: unknown_type'");
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
	assert_string_equal(got.data,
			    "'{\"array\":{\"__status\":\"budget\"},\"len\":1048576,\"cap\":1048576}'"
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
		cmocka_unit_test(test_scalars),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_missing_strings),
		cmocka_unit_test(test_structs_and_pointers),
		cmocka_unit_test(test_nil_pointer),
		cmocka_unit_test(test_scalar_behind_pointers),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_cycles_and_shared),
		cmocka_unit_test(test_pointer_to_itself),
		cmocka_unit_test(test_slices),
		cmocka_unit_test(test_impossible_slices),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_arrays),
		cmocka_unit_test(test_nested_strings),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_atomics),
		cmocka_unit_test(test_unknown_kinds),
		cmocka_unit_test(test_absent_values),
		cmocka_unit_test(test_nil_part),
		cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_json_is_bounded),
		cmocka_unit_test(test_nesting_is_bounded),
		cmocka_unit_test(test_large_bytes),
		cmocka_unit_test(test_empty_elements),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
