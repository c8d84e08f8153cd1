/* SPDX-License-Identifier: BSD-2-Clause */
/* Decoding ahead of the sink: nothing lost, nothing out of order, whoever fails, with a thread and without. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <cmocka.h>

#include "decode_int.h"

static bool no_threads;

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
			  void *(*run)(void *), void *data);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
			  void *(*run)(void *), void *data);

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
			  void *(*run)(void *), void *data)
{
	return no_threads ? EAGAIN : __real_pthread_create(thread, attributes, run, data);
}

/* What is decoded: `goroutines` of them, goroutine n with n % 3 rows and a text of `text_size`. */
struct source {
	uint64_t goroutines, next;
	size_t text_size;
	uint64_t fails_at; /* UINT64_MAX: never */
	bool dirty;	   /* a batch came with something in it */
	pthread_t thread;
};

/* What came of it. */
struct taken {
	uint64_t goroutines, rows, fails_at;
	size_t text_size;
	pthread_t thread;
};

static void add(struct source *source, struct batch *batch)
{
	struct batch_goroutine *g = VEC_PUSH(&batch->arena, &batch->goroutines);
	char *text = arena_alloc(&batch->arena, source->text_size + 1);

	memset(text, 'a' + (int)(source->next % 26), source->text_size);
	*g = (struct batch_goroutine){.goroutine = {.goroutine_id = source->next, .status = text},
				      .rows_count = source->next % 3};
	g->rows = ARENA_ARRAY(&batch->arena, struct decode_row, g->rows_count);
	for (size_t i = 0; i < g->rows_count; i++)
		g->rows[i] = (struct decode_row){.goroutine_id = source->next, .frame_idx = i};
	source->next++;
}

static struct error *fill(void *data, struct batch *batch)
{
	struct source *source = data;

	source->thread = pthread_self();
	source->dirty |= batch->goroutines.length || batch->last || batch->error;
	while (source->next < source->goroutines && !batch_is_full(batch)) {
		if (source->next == source->fails_at)
			return error_new(ERROR_DAMAGED, "goroutine %" PRIu64, source->next);
		add(source, batch);
	}
	batch->last = source->next == source->goroutines;
	return NULL;
}

static struct error *take_goroutine(void *data, const struct decode_goroutine *g)
{
	struct taken *taken = data;
	char letter = (char)('a' + (int)(taken->goroutines % 26));

	taken->thread = pthread_self();
	if (taken->goroutines == taken->fails_at)
		return error_new(ERROR_IO, "full");
	assert_int_equal(g->goroutine_id, taken->goroutines);
	assert_int_equal(strlen(g->status), taken->text_size);
	assert_true(g->status[0] == letter && g->status[taken->text_size - 1] == letter);
	taken->goroutines++;
	return NULL;
}

static struct error *take_row(void *data, const struct decode_row *row)
{
	struct taken *taken = data;

	assert_int_equal(row->goroutine_id, taken->goroutines - 1);
	taken->rows++;
	return NULL;
}

static struct error *run(struct source *source, struct taken *taken)
{
	const struct decode_sink sink = {
		.data = taken, .goroutine = take_goroutine, .row = take_row};

	taken->text_size = source->text_size;
	taken->thread = source->thread = pthread_self();
	return ahead_run(fill, source, &sink);
}

static void check_all(uint64_t goroutines, size_t text_size)
{
	struct source source = {goroutines, .text_size = text_size, .fails_at = UINT64_MAX};
	struct taken taken = {.fails_at = UINT64_MAX};
	uint64_t rows = 0;

	for (uint64_t i = 0; i < goroutines; i++)
		rows += i % 3;
	assert_null(run(&source, &taken));
	assert_false(source.dirty);
	assert_int_equal(taken.goroutines, goroutines);
	assert_int_equal(taken.rows, rows);
	assert_true(pthread_equal(taken.thread, pthread_self()));
	assert_true(!pthread_equal(source.thread, pthread_self()) == !no_threads);
}

static void test_everything_in_order(void **state)
{
	(void)state;
	for (int alone = 0; alone < 2; alone++) {
		no_threads = alone;
		for (uint64_t n = 0; n < 5; n++)
			check_all(n, 10);
		check_all(64, 10);
		check_all(65, 10);
		check_all(100000, 10);
		check_all(500, 100000); /* a batch is full by its size */
		check_all(9, 3000000);	/* by one of them */
	}
	no_threads = false;
}

/* All that came before the error is given, and nothing behind it. */
static void test_decoding_fails(void **state)
{
	static const uint64_t places[] = {0, 1, 63, 64, 65, 200, 9999};

	(void)state;
	for (int alone = 0; alone < 2; alone++)
		for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
			struct source source = {10000, .text_size = 10, .fails_at = places[i]};
			struct taken taken = {.fails_at = UINT64_MAX};
			struct error *error;

			no_threads = alone;
			error = run(&source, &taken);
			assert_non_null(error);
			assert_int_equal(error->code, ERROR_DAMAGED);
			assert_int_equal(taken.goroutines, places[i]);
			error_free(error);
		}
	no_threads = false;
}

/* The sink fails: its error counts, also where decoding has failed further on already. */
static void test_sink_fails(void **state)
{
	static const uint64_t places[] = {0, 1, 64, 100, 5000};

	(void)state;
	for (int alone = 0; alone < 2; alone++)
		for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
			struct source source = {
				10000, .text_size = 10, .fails_at = places[i] + 20};
			struct taken taken = {.fails_at = places[i]};
			struct error *error;

			no_threads = alone;
			error = run(&source, &taken);
			assert_non_null(error);
			assert_int_equal(error->code, ERROR_IO);
			assert_int_equal(taken.goroutines, places[i]);
			error_free(error);
			/* not the whole dump was decoded for nobody */
			assert_true(source.next <= places[i] + 20);
		}
	no_threads = false;
}

/* A sink that takes nothing: those who decode wait for it, and a few batches are all they have. */
static struct error *refuse(void *data, const struct decode_goroutine *g)
{
	(void)data;
	assert_int_equal(g->goroutine_id, 0);
	for (int i = 0; i < 100; i++)
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	return error_new(ERROR_IO, "full");
}

static void test_memory_is_bounded(void **state)
{
	struct source source = {1000000, .text_size = 10, .fails_at = UINT64_MAX};
	const struct decode_sink sink = {.goroutine = refuse};
	struct error *error = ahead_run(fill, &source, &sink);

	(void)state;
	assert_non_null(error);
	assert_int_equal(error->code, ERROR_IO);
	error_free(error);
	assert_true(source.next <= 4 * 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything_in_order),
		cmocka_unit_test(test_decoding_fails),
		cmocka_unit_test(test_sink_fails),
		cmocka_unit_test(test_memory_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
