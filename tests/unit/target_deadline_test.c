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

/* A process whose leader waits in vfork() for its child, until a word comes: ptrace cannot stop it meanwhile. */
static pid_t start_stuck(volatile uint64_t *counter, const int *word)
{
	pid_t pid = fork();
	pthread_t thread;

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close(word[1]);
	pthread_create(&thread, NULL, count, (void *)counter);
	if (vfork() == 0) {
		char c;

		while (read(word[0], &c, 1) < 0 && errno == EINTR)
			;
		_exit(0);
	}
	for (;;)
		pause();
}

/*
 * How long the threads of such a process stand still before they are let go. It is back from
 * vfork() afterwards.
 */
static int64_t give_up(volatile uint64_t *counter, pid_t *ret)
{
	struct target target;
	int64_t lasted;
	uint64_t before;
	int word[2];
	pid_t pid;

	assert_int_equal(pipe(word), 0);
	*counter = 0;
	*ret = pid = start_stuck(counter, word);
	assert_true(comes_true(thread_state(pid, pid) == 'D' && *counter));
	assert_ok(target_seize(&target, pid));
	target.max_pause_ns = 20000000;
	assert_error(target_stop(&target), ERROR_HOST, "did not stop in time");
	lasted = target.released_at - target.interrupted_at;
	before = *counter;
	assert_true(comes_true(*counter > before));
	close(word[1]);
	let_go(&target);
	assert_true(comes_true(thread_state(pid, pid) == 'S'));
	close(word[0]);
	return lasted;
}

/* The other way round: a process that stops knows when it has to go on. */
static void stop_in_time(pid_t pid)
{
	for (int tries = 0; tries < ATTEMPTS; tries++) {
		struct target target;
		struct error *error;

		assert_ok(target_seize(&target, pid));
		target.max_pause_ns = 1000000000;
		error = target_stop(&target);
		if (was_late(error)) {
			let_go(&target);
			continue;
		}
		assert_ok(error);
		assert_int_equal(target.deadline - target.interrupted_at, 1000000000);
		assert_true(target.read_until < target.deadline &&
			    target.read_until > target.stopped_at);
		let_go(&target);
		return;
	}
	fail_msg("it does not stop in %d attempts", ATTEMPTS);
}

static void test_a_thread_that_does_not_stop(void **state)
{
	volatile uint64_t *counter = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
					  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int64_t lasted = INT64_MAX;

	(void)state;
	/*
	 * The other thread is let go at the deadline, and TARGET_PATIENCE_NS is far longer. Now and
	 * then a host keeps us from it, but not every time.
	 */
	for (int tries = 0; tries < ATTEMPTS && lasted > 300000000; tries++) {
		pid_t pid;

		lasted = give_up(counter, &pid);
		assert_true(lasted >= 10000000);
		stop_in_time(pid);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	assert_true(lasted <= 300000000);
	munmap((void *)counter, 4096);
}

/* Several targets, each stopped by a thread of its own at the same time: they share a signal. */
static void *stop_often(void *data)
{
	const struct fixture *fixture = data;

	for (int i = 0, late = 0; i < 50; i++) {
		struct target target;
		struct error *error;

		if (target_seize(&target, fixture->pid))
			return (void *)"seize";
		target.max_pause_ns = 500000000;
		error = target_stop(&target);
		if (error && (!was_late(error) || ++late == ATTEMPTS))
			return (void *)"stop";
		fixture_nap(500);
		for (int tries = 0; tries < ATTEMPTS && holds_threads(&target); tries++)
			target_release(&target);
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
