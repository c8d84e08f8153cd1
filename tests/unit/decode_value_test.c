/* SPDX-License-Identifier: BSD-2-Clause */
#include "decode_value_fixture.h"

/* The shapes of values, literally: scalars, strings, structs, pointers, and no value at all. */

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
	      "NULL | "
	      "'{\"__addr\":\"0x1000\",\"len\":5,\"__value\":{\"__status\":\"read_failed\"}}'"
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
	check_time(
		0, 0, 0,
		"'0001-01-01T00:00:00.000000000Z' | '{\"wall\":0,\"ext\":0,\"loc\":null}' | 'ok'");
	check_time(5, unix_to_internal + 951782400, 0x5000,
		   "'2000-02-29T00:00:00.000000005Z' | "
		   "'{\"wall\":5,\"ext\":63087379200,\"loc\":{\"__addr\":\"0x5000\"}}' | 'ok'");
	check_time((uint64_t)1 << 63 | (uint64_t)(unix_to_wall + 1795454491) << 30 | 123456789, 99,
		   0,
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
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_atomics),
		cmocka_unit_test(test_absent_values),
		cmocka_unit_test(test_nil_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
