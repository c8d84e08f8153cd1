/* SPDX-License-Identifier: BSD-2-Clause */
#include "decode_builder.h"

/* Records that contradict themselves, each other or the schema; and any bytes at all. */

struct fixture {
	struct builder b;
	struct strbuf records;
	uint32_t i64, string;
};

/* A stream with one record of each kind, all of it right. */
static void setup(struct fixture *f)
{
	struct builder *b = &f->b;
	struct ask_goroutine g = new_goroutine(7, 5, 2);
	const uint32_t pcs[] = {0x110, 0x210};
	uint64_t words[2] = {0x1000, 5}, slice[3] = {0x2000, 2, 2};
	int64_t numbers[2] = {1, 2};

	builder_init(b);
	strbuf_init(&f->records);
	f->i64 = add_type(b, "int", SCHEMA_KIND_INT, 8, SCHEMA_NONE);
	f->string = add_type(b, "string", SCHEMA_KIND_STRING, 16, SCHEMA_NONE);
	add_type(b, "[]int", SCHEMA_KIND_SLICE, 24, f->i64);
	add_symbol_inlining(b, "main.a", "main.inner", 0x100, 0x200);
	add_symbol(b, "main.b", 0x200, 0x300);
	add_function(b, "main.f", "f");
	add_capture(b, "n", "n", f->i64, 0);
	add_capture(b, "s", "s", f->string, 0);
	add_capture(b, "l", "l", 3, 0);
	add_function(b, "main.g", "g");
	add_capture(b, "n", "n", f->i64, 0);
	build_schema(b);
	put_stack(&f->records, 5, pcs, 2, 0, 2, 0);
	put_goroutine(&f->records, &g);
	put_frame(&f->records, 0, 0, 0x110);
	put_value(&f->records, b, 0, ASK_STATUS_OK, 0, 0, &(int64_t){9});
	put_value(&f->records, b, 1, ASK_STATUS_OK, 0, 0, words);
	put_value(&f->records, b, 2, ASK_STATUS_OK, 0, 0, slice);
	put_pointee(&f->records, 0x1000, 0, ASK_STATUS_OK, "hello", 5);
	put_pointee(&f->records, 0x2000, f->i64, ASK_STATUS_OK, numbers, 16);
}

static void teardown(struct fixture *f)
{
	strbuf_deinit(&f->records);
	builder_deinit(&f->b);
}

/* Where the records of setup() begin. */
enum {
	STACK = 0,
	GOROUTINE = STACK + sizeof(struct ask_stack) + 8,
	FRAME = GOROUTINE + sizeof(struct ask_goroutine),
	NUMBER = FRAME + sizeof(struct ask_frame),
	TEXT = NUMBER + sizeof(struct ask_value) + 8,
	SLICE = TEXT + sizeof(struct ask_value) + 16,
	POINTEE = SLICE + sizeof(struct ask_value) + 24,
	NUMBERS = POINTEE + sizeof(struct ask_value) + 8,
	END = NUMBERS + sizeof(struct ask_value) + 16,
};

static void expect_damage(struct fixture *f, const char *what)
{
	cleanup_strbuf struct strbuf out = STRBUF_INIT;
	struct error *error = run_decode(&f->b, &f->records, 1, &out);

	assert_non_null(error);
	assert_int_equal(error->code, ERROR_DAMAGED);
	assert_non_null(strstr(error->message, "test.askdump: process 4242, shard 0, stream 0, "
					       "offset "));
	if (!strstr(error->message, what))
		fail_msg("'%s' does not say '%s'", error->message, what);
	error_free(error);
	teardown(f);
}

/* Overwrites four bytes of the right stream. */
static void check_change(size_t at, uint32_t value, const char *what)
{
	struct fixture f;

	setup(&f);
	assert_int_equal(f.records.length, END);
	memcpy(f.records.data + at, &value, sizeof(value));
	expect_damage(&f, what);
}

static void test_right_stream(void **state)
{
	cleanup_strbuf struct strbuf out = STRBUF_INIT;
	struct fixture f;

	(void)state;
	setup(&f);
	assert_null(run_decode(&f.b, &f.records, 1, &out));
	assert_non_null(strstr(out.data, "9 | 9 | 'ok'"));
	teardown(&f);
}

#define AT(record, type, member) ((record) + offsetof(struct type, member))

static void test_sizes(void **state)
{
	(void)state;
	check_change(STACK, 0, "size 0");
	check_change(STACK, 47, "size 47");
	check_change(STACK, 40, "promises 8");
	check_change(STACK, UINT32_MAX - 7, "bytes are left");
	check_change(GOROUTINE, 120, "size 120");
	check_change(NUMBERS, 64, "bytes are left");
	check_change(STACK + 4, 0, "unknown record kind 0");
	check_change(STACK + 4, 6, "unknown record kind 6");
	check_change(AT(STACK, ask_stack, leaf), 3, "promises");
	check_change(AT(STACK, ask_stack, leaf), UINT32_MAX, "promises");
	check_change(AT(NUMBER, ask_value, length), UINT32_MAX, "promises");
	check_change(AT(POINTEE, ask_value, length), 9, "promises");
}

static void test_cut_in_a_record(void **state)
{
	(void)state;
	for (size_t length = 1; length < END; length++) {
		cleanup_strbuf struct strbuf out = STRBUF_INIT;
		struct fixture f;
		struct error *error;

		setup(&f);
		strbuf_truncate(&f.records, length);
		error = run_decode(&f.b, &f.records, 1, &out);
		/* between records it is a shorter stream, and right */
		if (error)
			assert_int_equal(error->code, ERROR_DAMAGED);
		else
			assert_int_equal(length % 8, 0);
		error_free(error);
		teardown(&f);
	}
}

static void test_indexes(void **state)
{
	(void)state;
	check_change(AT(FRAME, ask_frame, probe), 2, "no probe 2");
	check_change(AT(FRAME, ask_frame, probe), 1, "expression 0 is not of probe 1");
	check_change(AT(FRAME, ask_frame, frame), 2, "no frame 2 in a stack of 2");
	check_change(AT(FRAME, ask_frame, frame), 1, "frame 1 is at 0x110, in the stack at 0x210");
	check_change(AT(NUMBER, ask_value, expr), 3, "expression 3 is not of probe 0");
	check_change(AT(NUMBER, ask_value, expr), UINT32_MAX, "is not of probe 0");
	check_change(AT(NUMBER, ask_value, type), 2, "where expression 0 has type 1");
	check_change(AT(POINTEE, ask_value, type), 99, "no type 99");
	check_change(AT(POINTEE, ask_value, type), 1, "5 bytes of type 1");
	check_change(AT(NUMBER, ask_value, head) + 4, ASK_RECORD_VALUE | 7 << 16,
		     "unknown status 7");
	check_change(AT(POINTEE, ask_value, head) + 4, ASK_RECORD_POINTEE | ASK_STATUS_NIL << 16,
		     "a pointee with status 1");
}

static void test_stacks(void **state)
{
	struct fixture f;
	const uint32_t pcs[] = {0x110, 0x220};

	(void)state;
	check_change(AT(STACK, ask_stack, depth), 1, "a stack of depth 1 with 2 PCs");
	check_change(AT(STACK, ask_stack, depth), 3, "has 2 frames, its stack 3");
	check_change(AT(STACK, ask_stack, hash), 6, "has a stack that is not there");
	check_change(AT(GOROUTINE, ask_goroutine, stack_status), 99, "unknown stack status 99");
	check_change(AT(GOROUTINE, ask_goroutine, goid) + 4, UINT32_MAX, "no goroutine has");
	setup(&f);
	put_stack(&f.records, 5, pcs, 2, 0, 2, 0);
	expect_damage(&f, "two different stacks, one hash");
	setup(&f);
	put_stack(&f.records, 0, pcs, 2, 0, 2, 0);
	expect_damage(&f, "a stack without a hash");
}

static void test_order(void **state)
{
	struct fixture f;
	struct ask_goroutine g = new_goroutine(7, 5, 2);

	(void)state;
	setup(&f);
	strbuf_clear(&f.records);
	put_frame(&f.records, 0, 0, 0x10);
	expect_damage(&f, "a frame before any goroutine");
	setup(&f);
	put_goroutine(&f.records, &g);
	expect_damage(&f, "goroutine 7 twice");
	setup(&f);
	g.goid = 8;
	put_goroutine(&f.records, &g);
	put_value(&f.records, &f.b, 0, ASK_STATUS_OK, 0, 0, &(int64_t){9});
	expect_damage(&f, "a value before any frame");
}

/* A stack of four thousand million frames, of which two are here. */
static void test_enormous_depth(void **state)
{
	cleanup_strbuf struct strbuf out = STRBUF_INIT;
	struct ask_goroutine g = new_goroutine(1, 9, UINT32_MAX);
	const uint32_t pcs[] = {0x110, 0x210};
	struct fixture f;

	(void)state;
	setup(&f);
	g.stack_status = ASK_STACK_CUT;
	put_stack(&f.records, 9, pcs, 1, 1, UINT32_MAX, 0);
	put_goroutine(&f.records, &g);
	put_frame(&f.records, UINT32_MAX - 1, 0, 0x210);
	put_frame(&f.records, UINT32_MAX - 2, 0, 0x110);
	assert_null(run_decode(&f.b, &f.records, 1, &out));
	assert_non_null(strstr(out.data, "goroutine 1 frame 4294967294"));
	assert_non_null(strstr(out.data, "goroutine 1 frame 4294967293"));
	teardown(&f);
}

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* Values that break counts and offsets more often than chance would. */
static uint8_t nasty(uint64_t random)
{
	static const uint8_t bytes[] = {0, 1, 2, 5, 7, 8, 0x7f, 0x80, 0xfe, 0xff};

	return random & 1 ? bytes[(random >> 8) % ARRAY_SIZE(bytes)] : (uint8_t)(random >> 16);
}

static void test_any_bytes(void **state)
{
	uint64_t seed = 0x2545f4914f6cdd1d;
	struct strbuf changed = STRBUF_INIT;
	struct fixture f;
	size_t decoded = 0;

	(void)state;
	setup(&f);
	for (int i = 0; i < 20000; i++) {
		cleanup_strbuf struct strbuf out = STRBUF_INIT;
		struct error *error;

		strbuf_clear(&changed);
		strbuf_add(&changed, f.records.data, f.records.length);
		for (uint64_t n = 1 + next_random(&seed) % 4; n > 0; n--)
			changed.data[next_random(&seed) % changed.length] =
				(char)nasty(next_random(&seed));
		error = run_decode(&f.b, &changed, 1, &out);
		if (error)
			assert_int_equal(error->code, ERROR_DAMAGED);
		else
			decoded++;
		error_free(error);
	}
	/* many changes hit addresses and data: they must still decode */
	assert_in_range(decoded, 1000, 19000);
	strbuf_deinit(&changed);
	teardown(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_right_stream),	cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_cut_in_a_record), cmocka_unit_test(test_indexes),
		cmocka_unit_test(test_stacks),		cmocka_unit_test(test_order),
		cmocka_unit_test(test_enormous_depth),	cmocka_unit_test(test_any_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
