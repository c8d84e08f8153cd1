/* SPDX-License-Identifier: BSD-2-Clause */
/* pprof labels, as Go 1.24 and later keep them; and what is not all there, or not like that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "decode_builder.h"

#define LABELS 0xc000010000ull
#define LIST 0xc000020000ull
#define TEXTS 0xc000030000ull

struct fixture {
	struct builder b;
	struct strbuf stream, out;
	uint32_t text, label, list, set, labels;
};

/* struct{ LabelSet{ list []label{key, value string} } } */
static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	uint32_t byte;

	builder_init(&f->b);
	strbuf_init(&f->stream);
	strbuf_init(&f->out);
	byte = ASK_TYPE_BYTE;
	f->text = add_type(&f->b, "string", SCHEMA_KIND_STRING, 16, byte);
	f->label = add_struct(&f->b, "runtime/pprof.label", 32);
	add_field(&f->b, f->label, "key", 0, f->text);
	add_field(&f->b, f->label, "value", 16, f->text);
	f->list = add_type(&f->b, "[]runtime/pprof.label", SCHEMA_KIND_SLICE, 24, f->label);
	f->set = add_struct(&f->b, "runtime/pprof.LabelSet", 24);
	add_field(&f->b, f->set, "list", 0, f->list);
	f->labels = add_struct(&f->b, "runtime/pprof.labelMap", 24);
	add_field(&f->b, f->labels, "LabelSet", 0, f->set);
	f->b.labels = f->labels;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	strbuf_deinit(&f->stream);
	strbuf_deinit(&f->out);
	builder_deinit(&f->b);
	free(f);
	return 0;
}

static void put_text(struct fixture *f, uint64_t *header, uint64_t at, const char *text)
{
	header[0] = TEXTS + at;
	header[1] = strlen(text);
	put_pointee(&f->stream, header[0], ASK_TYPE_BYTE, ASK_STATUS_OK, text,
		    (uint32_t)header[1]);
}

/* A goroutine with labels; what the pointees say comes before it. */
static void expect(struct fixture *f, const char *labels)
{
	struct ask_goroutine g = new_goroutine(1, 0, 0);
	const char *got;
	char *end;

	g.labels = LABELS;
	put_goroutine(&f->stream, &g);
	build_schema(&f->b);
	succeed(run_decode(&f->b, &f->stream, 1, &f->out));
	got = f->out.data ? strstr(f->out.data, " labels ") : NULL;
	assert_non_null(got);
	end = strchr(got, '\n');
	assert_non_null(end);
	*end = 0;
	assert_string_equal(got + 8, labels);
}

static void put_set(struct fixture *f, uint64_t address, uint64_t count)
{
	const uint64_t set[3] = {address, count, count};

	put_pointee(&f->stream, LABELS, f->labels, ASK_STATUS_OK, set, sizeof(set));
}

static void test_labels(void **state)
{
	struct fixture *f = *state;
	uint64_t list[8];

	put_set(f, LIST, 2);
	put_text(f, list, 0, "a");
	put_text(f, list + 2, 16, "first \"one\"");
	put_text(f, list + 4, 64, "b");
	put_text(f, list + 6, 80, "");
	put_pointee(&f->stream, LIST, f->label, ASK_STATUS_OK, list, sizeof(list));
	expect(f, "{\"a\":\"first \\\"one\\\"\",\"b\":\"\"}");
}

static void test_no_labels(void **state)
{
	put_set(*state, 0, 0);
	expect(*state, "{}");
}

static void test_list_that_was_cut(void **state)
{
	struct fixture *f = *state;
	uint64_t list[4];

	put_set(f, LIST, 3);
	put_text(f, list, 0, "a");
	put_text(f, list + 2, 16, "1");
	put_pointee(&f->stream, LIST, f->label, ASK_STATUS_OK, list, sizeof(list));
	expect(f, "{\"a\":\"1\",\"__status\":\"partial\"}");
}

static void test_key_that_is_not_there(void **state)
{
	struct fixture *f = *state;
	uint64_t list[4] = {TEXTS, 1, TEXTS + 16, 1};

	put_set(f, LIST, 1);
	put_pointee(&f->stream, LIST, f->label, ASK_STATUS_OK, list, sizeof(list));
	expect(f, "{\"__status\":\"partial\"}");
}

static void test_count_that_cannot_be(void **state)
{
	put_set(*state, LIST, UINT64_MAX / 2);
	expect(*state, "{\"__status\":\"partial\"}");
}

static void test_unreadable(void **state)
{
	struct fixture *f = *state;

	put_pointee(&f->stream, LABELS, f->labels, ASK_STATUS_READ_FAILED, NULL, 24);
	expect(f, "{\"__status\":\"read_failed\"}");
}

static void test_nothing_captured(void **state)
{
	expect(*state, "{\"__status\":\"not_captured\"}");
}

static void test_another_shape(void **state)
{
	struct fixture *f = *state;
	uint64_t word = 5;

	f->b.labels = add_type(&f->b, "int", SCHEMA_KIND_INT, 8, SCHEMA_NONE);
	put_pointee(&f->stream, LABELS, f->b.labels, ASK_STATUS_OK, &word, sizeof(word));
	expect(f, "{\"__status\":\"partial\"}");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_labels),
		TEST(test_no_labels),
		TEST(test_list_that_was_cut),
		TEST(test_key_that_is_not_there),
		TEST(test_count_that_cannot_be),
		TEST(test_unreadable),
		TEST(test_nothing_captured),
		TEST(test_another_shape),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
