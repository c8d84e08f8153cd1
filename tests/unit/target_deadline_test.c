/* SPDX-License-Identifier: BSD-2-Clause */
/* A pause has an end, also when a thread of the target does not stop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "target_fixture.h"

/* Counts as long as it runs. */
static void *count(void *data)
{
	volatile uint64_t *counter = data;

	for (;;) {
		(*counter)++;
		fixture_nap(100);
	}
	return NULL;
}

/* A process whose leader waits in vfork() for its child: ptrace cannot stop it meanwhile. */
static pid_t start_stuck(volatile uint64_t *counter)
{
	pid_t pid = fork();
	pthread_t thread;

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pthread_create(&thread, NULL, count, (void *)counter);
	if (vfork() == 0) {
		struct timespec nap = {.tv_sec = 2};

		nanosleep(&nap, NULL);
		_exit(0);
	}
	for (;;)
		pause();
}

static void wait_for_state(pid_t pid, char state)
{
	for (int i = 0; i < 2000 && thread_state(pid, pid) != state; i++)
		fixture_nap(1000);
	assert_int_equal(thread_state(pid, pid), state);
}

static void test_a_thread_that_does_not_stop(void **state)
{
	volatile uint64_t *counter = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
					  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid = start_stuck(counter);
	struct target target;
	uint64_t before;

	(void)state;
	wait_for_state(pid, 'D');
	assert_ok(target_seize(&target, pid));
	target.max_pause_ns = 20000000;
	assert_error(target_stop(&target), ERROR_HOST, "did not stop in time");
	/* The other thread was let go at the deadline; TARGET_PATIENCE_NS is far longer. */
	assert_in_range(target.released_at - target.interrupted_at, 10000000, 300000000);
	before = *counter;
	fixture_nap(50000);
	assert_true(*counter > before);
	target_deinit(&target);
	wait_for_state(pid, 'S');
	assert_ok(target_seize(&target, pid));
	target.max_pause_ns = 1000000000;
	assert_ok(target_stop(&target));
	assert_int_equal(target.deadline - target.interrupted_at, 1000000000);
	assert_true(target.read_until < target.deadline && target.read_until > target.stopped_at);
	target_deinit(&target);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	munmap((void *)counter, 4096);
}

/* Several targets, each stopped by a thread of its own at the same time: they share a signal. */
static void *stop_often(void *data)
{
	const struct fixture *fixture = data;

	for (int i = 0; i < 50; i++) {
		struct target target;

		if (target_seize(&target, fixture->pid))
			return (void *)"seize";
		target.max_pause_ns = 500000000;
		if (target_stop(&target))
			return (void *)"stop";
		fixture_nap(500);
		target_deinit(&target);
	}
	return NULL;
}

static void test_several_at_once(void **state)
{
	struct fixture fixtures[3];
	pthread_t threads[3];
	void *failed;

	(void)state;
	for (int i = 0; i < 3; i++)
		fixtures[i] = fixture_start(FIXTURE_QUIET);
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, stop_often, &fixtures[i]), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_null(failed);
	}
	for (int i = 0; i < 3; i++) {
		assert_runs(&fixtures[i]);
		fixture_end(&fixtures[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_thread_that_does_not_stop),
		cmocka_unit_test(test_several_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
