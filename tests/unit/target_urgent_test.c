/* SPDX-License-Identifier: BSD-2-Clause */
/* Our own priority while others stand still, and nobody else's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "target_fixture.h"

static bool set_policy(int policy, int priority)
{
	struct sched_param param = {.sched_priority = priority};

	return sched_setscheduler(0, policy, &param) == 0;
}

/* What the pause should be of, beginning with an ordinary policy. */
static int expected(int policy)
{
	if (!set_policy(SCHED_FIFO, 1))
		return policy;
	assert_true(set_policy(policy, 0));
	return SCHED_FIFO;
}

static bool is_ordinary(pid_t pid, pid_t tid, void *data)
{
	(void)pid;
	(void)data;
	return sched_getscheduler(tid) == SCHED_OTHER;
}

static void test_for_the_pause_only(void **state)
{
	const int policies[] = {SCHED_OTHER, SCHED_BATCH};
	struct fixture fixture = fixture_start(FIXTURE_QUIET);
	struct target target;
	size_t threads, agreed;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
		int in_pause = expected(policies[i]);

		assert_true(set_policy(policies[i], 0));
		for (int round = 0; round < 2; round++) {
			assert_ok(target_seize(&target, fixture.pid));
			assert_int_equal(sched_getscheduler(0), policies[i]);
			target_deinit(&target);
			seize_and_stop(&target, fixture.pid);
			assert_int_equal(sched_getscheduler(0), in_pause);
			threads = each_thread(fixture.pid, is_ordinary, NULL, &agreed);
			assert_true(threads > 1);
			assert_int_equal(agreed, threads);
			target_release(&target);
			assert_int_equal(sched_getscheduler(0), policies[i]);
			target_deinit(&target);
			assert_int_equal(sched_getscheduler(0), policies[i]);
		}
	}
	assert_true(set_policy(SCHED_OTHER, 0));
	fixture_end(&fixture);
}

/* The first to be released is not the last to be stopped. */
static void test_two_processes(void **state)
{
	struct fixture fixtures[2] = {fixture_start(FIXTURE_QUIET), fixture_start(FIXTURE_QUIET)};
	int in_pause = expected(SCHED_OTHER);
	struct target targets[2];

	(void)state;
	for (size_t i = 0; i < 2; i++)
		seize_and_stop(&targets[i], fixtures[i].pid);
	target_release(&targets[0]);
	assert_int_equal(sched_getscheduler(0), in_pause);
	target_release(&targets[1]);
	assert_int_equal(sched_getscheduler(0), SCHED_OTHER);
	for (size_t i = 0; i < 2; i++) {
		target_deinit(&targets[i]);
		fixture_end(&fixtures[i]);
	}
	assert_int_equal(sched_getscheduler(0), SCHED_OTHER);
}

static void test_after_a_stop_that_failed(void **state)
{
	struct fixture fixture = fixture_start(FIXTURE_QUIET);
	struct target target;
	struct error *error;

	(void)state;
	assert_ok(target_seize(&target, fixture.pid));
	kill(fixture.pid, SIGKILL);
	assert_true(comes_true(thread_state(fixture.pid, fixture.pid) == 'Z'));
	error = target_stop(&target);
	assert_non_null(error);
	error_free(error);
	assert_int_equal(sched_getscheduler(0), SCHED_OTHER);
	target_deinit(&target);
	fixture_end(&fixture);
}

static void test_the_users_own_priority_stays(void **state)
{
	struct fixture fixture = fixture_start(FIXTURE_QUIET);
	struct sched_param param = {0};
	struct target target;

	(void)state;
	if (!set_policy(SCHED_RR, 3)) {
		fixture_end(&fixture);
		print_message("SKIPPED: no real-time priorities here\n");
		skip();
	}
	seize_and_stop(&target, fixture.pid);
	assert_int_equal(sched_getscheduler(0), SCHED_RR);
	target_deinit(&target);
	assert_int_equal(sched_getscheduler(0), SCHED_RR);
	assert_int_equal(sched_getparam(0, &param), 0);
	assert_int_equal(param.sched_priority, 3);
	assert_true(set_policy(SCHED_OTHER, 0));
	fixture_end(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_for_the_pause_only),
		cmocka_unit_test(test_two_processes),
		cmocka_unit_test(test_after_a_stop_that_failed),
		cmocka_unit_test(test_the_users_own_priority_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
