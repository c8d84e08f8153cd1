/* SPDX-License-Identifier: BSD-2-Clause */
/* What the deadline left undone, settled: made-up shards in every state that it can meet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

#include "session.h"

#define CHUNKS 4u

/* Types: 0 a number, 1 a pointer to it. */
static const struct ask_type types[] = {{8, 0, 0, 0, 0}, {8, 0, 1, 0, 0}};

struct fixture {
	struct session session;
	struct schema schema;
	struct collect_options options;
	struct ask_control control;
	struct ask_shard *shard;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->schema.engine_types = types;
	f->schema.types_count = ARRAY_SIZE(types);
	f->session.schema = &f->schema;
	f->session.options = &f->options;
	f->session.control = &f->control;
	f->session.shards = calloc(ASK_MAX_SHARDS, sizeof(struct ask_shard));
	f->session.chunk_stride = ASK_CHUNK_STRIDE;
	f->session.chunk_count = CHUNKS;
	f->session.chunks = calloc(CHUNKS, ASK_CHUNK_STRIDE);
	f->session.shards_used = 1;
	f->control.goroutines = f->control.next = 64;
	f->shard = &f->session.shards[0];
	f->shard->chunks = CHUNKS;
	f->shard->batch_end = 64;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	free(f->session.shards);
	free(f->session.chunks);
	free(f);
	return 0;
}

static struct ask_record *put(struct fixture *f, ask_u32 kind, ask_u32 size)
{
	struct ask_shard *shard = f->shard;
	struct ask_record *record =
		(void *)(f->session.chunks + (shard->write_chunk % CHUNKS) * ASK_CHUNK_STRIDE +
			 shard->write_off);

	memset(record, 0, size);
	record->kind = (ask_u16)kind;
	record->size = size;
	shard->write_off += size;
	return record;
}

static void put_goroutine(struct fixture *f)
{
	put(f, ASK_RECORD_GOROUTINE, sizeof(struct ask_goroutine));
}

static struct ask_value *put_value(struct fixture *f, ask_u32 type, ask_u16 status)
{
	struct ask_value *value = (void *)put(f, ASK_RECORD_VALUE, sizeof(*value) + 8);

	value->type = type;
	value->length = 8;
	value->head.status = status;
	return value;
}

static void next_chunk(struct fixture *f)
{
	f->shard->used[f->shard->write_chunk % CHUNKS] = f->shard->write_off;
	f->shard->write_chunk++;
	f->shard->write_off = 0;
}

static void expect(struct fixture *f, uint64_t goroutines, uint64_t values)
{
	const struct dump_statistics *s = &f->session.statistics;

	deadline_settle(&f->session);
	assert_int_equal(s->deadline_goroutines, goroutines);
	assert_int_equal(s->dropped_goroutines, goroutines);
	assert_int_equal(s->deadline_values, values);
	assert_int_equal(s->dropped_pointees, values);
}

static void test_nothing_was_left(void **state)
{
	struct fixture *f = *state;

	f->shard->phase = ASK_PHASE_DONE;
	f->shard->batch_next = 64;
	put_goroutine(f);
	put_value(f, 1, ASK_STATUS_OK);
	f->shard->scan_off = f->shard->write_off;
	expect(f, 0, 0);
	assert_int_equal(f->shard->write_off, f->shard->scan_off);
}

/* In the middle of goroutine 3: as if it had not begun, also where it began in another chunk. */
static void test_a_goroutine_in_work_is_undone(void **state)
{
	static const ask_u32 phases[] = {ASK_PHASE_FRAME, ASK_PHASE_EXPR};

	for (size_t i = 0; i < ARRAY_SIZE(phases); i++) {
		struct fixture *f = *state;
		ask_u32 before;

		f->shard->batch_next = 3;
		f->shard->write_chunk = f->shard->scan_chunk = f->shard->drained = 0;
		f->shard->write_off = f->shard->scan_off = 0;
		put_goroutine(f);
		f->shard->scan_off = before = f->shard->write_off;
		f->shard->undo_off = before;
		f->shard->undo_chunk = 0;
		put_goroutine(f);
		next_chunk(f);
		put_value(f, 1, ASK_STATUS_OK);
		f->shard->phase = phases[i];
		memset(&f->session.statistics, 0, sizeof(f->session.statistics));
		expect(f, 64 - 3, 0);
		assert_int_equal(f->shard->write_chunk, 0);
		assert_int_equal(f->shard->write_off, before);
	}
}

static void test_goroutines_nobody_took(void **state)
{
	struct fixture *f = *state;

	f->control.goroutines = 1000;
	f->control.next = 128;
	f->shard->batch_next = 10;
	expect(f, (64 - 10) + (1000 - 128), 0);
}

/* The counter runs ahead of the end when shards look for more. */
static void test_all_were_taken(void **state)
{
	struct fixture *f = *state;

	f->control.goroutines = 1000;
	f->control.next = 1088;
	f->shard->batch_first = f->shard->batch_next = 960;
	f->shard->batch_end = 1000;
	expect(f, 40, 0);
}

static void test_goroutines_that_wait_for_pages(void **state)
{
	struct fixture *f = *state;

	f->shard->phase = ASK_PHASE_DONE;
	f->shard->batch_next = 64;
	f->shard->retries = 5;
	expect(f, 5, 0);
}

/* Only what has pointers lost anything; the scan stands behind the first value. */
static void test_values_not_scanned(void **state)
{
	struct fixture *f = *state;

	f->shard->phase = ASK_PHASE_SCAN;
	f->shard->batch_next = 64;
	put_goroutine(f);
	put_value(f, 1, ASK_STATUS_OK);
	f->shard->scan_off = f->shard->write_off;
	put_value(f, 1, ASK_STATUS_OK);
	put_value(f, 0, ASK_STATUS_OK);
	put_value(f, 1, ASK_STATUS_NIL);
	next_chunk(f);
	put_goroutine(f);
	put_value(f, 1, ASK_STATUS_OK);
	expect(f, 0, 2);
	assert_int_equal(f->shard->scan_chunk, 1);
	assert_int_equal(f->shard->scan_off, f->shard->write_off);
}

/* Absent pages that nobody came to read again; marks of the engine's own never reach a dump. */
static void test_values_that_wait_for_pages(void **state)
{
	struct fixture *f = *state;
	struct ask_value *marked;

	f->shard->phase = ASK_PHASE_GOROUTINE;
	f->shard->batch_next = 64;
	put_value(f, 1, ASK_STATUS_READ_FAILED);
	marked = put_value(f, 1, ASK_STATUS_OK);
	marked->extra = ASK_VALUE_RESCAN | 5;
	put_value(f, 1, ASK_STATUS_OK);
	f->shard->scan_off = f->shard->write_off;
	f->shard->failed_records = 2;
	expect(f, 0, 2);
	assert_int_equal(marked->extra, 5);
}

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void test_a_program_that_does_not_end(void **state)
{
	struct fixture *f = *state;
	struct error *error;

	f->control.armed = 1;
	f->shard->stop = ASK_STOP_NEVER_RAN;
	assert_null(deadline_wait_for_programs(&f->session));
	assert_int_equal(f->control.armed, 0);
	f->shard->stop = ASK_STOP_RUNNING;
	error = deadline_wait_for_programs(&f->session);
	assert_non_null(error);
	assert_int_equal(error->code, ERROR_HOST);
	error_free(error);
}

static void test_when_it_is_over(void **state)
{
	struct fixture *f = *state;

	assert_false(deadline_over(&f->session)); /* there is none */
	f->session.target.read_until = now() + 1000000000000;
	assert_false(deadline_over(&f->session));
	deadline_set(&f->session);
	assert_int_equal(f->control.deadline, f->session.target.read_until);
	f->session.clock_offset = 77;
	deadline_set(&f->session);
	assert_int_equal(f->control.deadline, f->session.target.read_until - 77);
	f->session.target.read_until = now();
	assert_true(deadline_over(&f->session));
	f->session.target.read_until = 0;
	deadline_set(&f->session);
	assert_int_equal(f->control.deadline, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nothing_was_left, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_goroutine_in_work_is_undone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_goroutines_nobody_took, setup, teardown),
		cmocka_unit_test_setup_teardown(test_all_were_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(test_goroutines_that_wait_for_pages, setup, teardown),
		cmocka_unit_test_setup_teardown(test_values_not_scanned, setup, teardown),
		cmocka_unit_test_setup_teardown(test_values_that_wait_for_pages, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_program_that_does_not_end, setup, teardown),
		cmocka_unit_test_setup_teardown(test_when_it_is_over, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
