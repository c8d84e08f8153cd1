/* SPDX-License-Identifier: BSD-2-Clause */
/* Stopping, triggering and releasing a process whose threads do everything at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "target_fixture.h"

static bool is_listed(pid_t pid, pid_t tid, void *data)
{
	const struct target *target = data;

	for (size_t i = 0; i < target->threads_count; i++)
		if (target->threads[i].tid == tid)
			return target->threads[i].stopped && thread_state(pid, tid) == 't';
	return false;
}

/* All that the kernel lists stands still, and is in the table, in order. */
static void assert_stands_still(struct target *target)
{
	size_t agreed, count = each_thread(target->pid, is_listed, target, &agreed);

	assert_true(count >= 1);
	assert_int_equal(agreed, count);
	for (size_t i = 1; i < target->threads_count; i++)
		assert_true(target->threads[i - 1].ns_tid < target->threads[i].ns_tid);
}

/* The idle threads whose calls neither time nor a byte ends: they are idle again after each trigger. */
static size_t patient_threads(const struct target *target, const struct fixture *fixture, size_t *ret)
{
	const pid_t *tids = fixture->shared->tids;
	size_t idle[THREADS + 1], count = idle_threads(target, idle, THREADS + 1), kept = 0;

	for (size_t i = 0; i < count; i++) {
		pid_t tid = target->threads[idle[i]].tid;

		if (tid != tids[SLEEP] && tid != tids[POLL] && tid != tids[PIPE] && tid != tids[WAKER])
			ret[kept++] = idle[i];
	}
	return kept;
}

/*
 * Stops the process when enough of its threads have got to their system calls, which a
 * busy host takes its time for, and when no token waits: a futex that has changed ends the
 * calls of all that wait for it.
 */
static void stop_idle(struct target *target, const struct fixture *fixture)
{
	size_t idle[THREADS + 1];

	for (int tries = 0; tries < 200; tries++) {
		seize_and_stop(target, fixture->pid);
		if (!fixture->shared->tokens && patient_threads(target, fixture, idle) >= WAITERS - 1)
			return;
		let_go(target);
		fixture_nap(10000);
	}
	fail_msg("its threads are never idle");
}

static void test_everything_stands_still(void **state)
{
	struct fixture fixture = fixture_start(0);
	struct shared before;
	struct target target;
	size_t idle[THREADS], count;

	(void)state;
	stop_idle(&target, &fixture);
	assert_stands_still(&target);
	assert_int_equal(target.threads_count, THREADS + 1);
	before = *fixture.shared;
	fixture_nap(20000);
	assert_memory_equal(&before, fixture.shared, sizeof(before));
	assert_true(target.stopped_at >= target.interrupted_at);
	assert_true(idle_threads(&target, idle, THREADS) >= WAITERS - 1);
	for (size_t i = 0; i < target.threads_count; i++) {
		assert_int_equal(target.threads[i].ns_tid, target.threads[i].tid);
		if (target.threads[i].tid == fixture.shared->tids[SPIN])
			assert_false(target.threads[i].idle);
		assert_true(target.threads[i].regs.rip != 0);
	}
	target_release(&target);
	assert_true(target.released_at >= target.stopped_at);
	assert_int_equal(stopped_threads(fixture.pid, &count), 0);
	target_release(&target);
	assert_runs(&fixture);
	target_deinit(&target);
	target_deinit(&target);
	fixture_end(&fixture);
}

static void test_seizing_stops_nothing(void **state)
{
	struct fixture fixture = fixture_start(0);
	struct target target;

	(void)state;
	assert_ok(target_seize(&target, fixture.pid));
	assert_runs(&fixture);
	target_deinit(&target);
	assert_runs(&fixture);
	fixture_end(&fixture);
}

static void test_200_rounds(void **state)
{
	struct fixture fixture = fixture_start(0);
	struct target target;

	(void)state;
	for (int i = 0; i < 200; i++) {
		seize_and_stop(&target, fixture.pid);
		if (i % 20 == 0)
			assert_stands_still(&target);
		target_release(&target);
		target_deinit(&target);
	}
	assert_runs(&fixture);
	fixture_end(&fixture);
}

/* 100 triggers of every idle thread, all at once; nothing but them moves. False: one was late. */
static bool trigger_100_times(const struct fixture *fixture, struct target *target)
{
	size_t idle[THREADS + 1], patient = patient_threads(target, fixture, idle), timeouts = 0;
	struct shared before = *fixture->shared;

	for (int round = 0; round < 100; round++) {
		size_t count = patient_threads(target, fixture, idle);
		struct error *error;

		assert_int_equal(count, patient);
		count = idle_threads(target, idle, THREADS + 1);
		error = target_trigger(target, idle, count);
		if (was_late(error))
			return false;
		assert_ok(error);
		for (size_t i = 0; i < count; i++) {
			const struct target_thread *thread = &target->threads[idle[i]];

			assert_true(thread->stopped);
			assert_int_equal(thread_state(target->pid, thread->tid), 't');
			timeouts += !thread->idle;
		}
	}
	assert_true(timeouts <= 4); /* sleep, poll, pipe, waker */
	assert_memory_equal(&before, fixture->shared, sizeof(before));
	assert_stands_still(target);
	return true;
}

static void test_trigger_again_and_again(void **state)
{
	struct fixture fixture = fixture_start(0);
	struct target target;
	bool done = false;

	(void)state;
	for (int tries = 0; tries < ATTEMPTS && !done; tries++) {
		stop_idle(&target, &fixture);
		done = trigger_100_times(&fixture, &target);
		let_go(&target);
		assert_runs(&fixture);
	}
	assert_true(done);
	fixture_end(&fixture);
}

/* Stops when no token waits and that waiter is idle; its index. */
static size_t stop_with_idle_waiter(struct target *target, const struct fixture *fixture)
{
	for (int tries = 0; tries < 200; tries++) {
		stop_idle(target, fixture);
		for (size_t i = 0; i < target->threads_count; i++)
			if (target->threads[i].tid == fixture->shared->tids[FIRST_WAITER] &&
			    target->threads[i].idle)
				return i;
		let_go(target);
		fixture_nap(10000);
	}
	fail_msg("the waiter is never idle");
	return SIZE_MAX;
}

/* A call that can be completed is, and its thread stays at its exit. */
static void test_trigger_of_a_call_that_completes(void **state)
{
	struct fixture fixture = fixture_start(FIXTURE_QUIET);
	struct target target;
	struct shared before;
	bool late = true;
	uint64_t beats;
	size_t count;

	(void)state;
	for (int tries = 0; tries < ATTEMPTS && late; tries++) {
		size_t at = stop_with_idle_waiter(&target, &fixture);
		struct error *error;

		before = *fixture.shared;
		__atomic_fetch_add(&fixture.shared->tokens, 1, __ATOMIC_SEQ_CST);
		beats = load(&fixture.shared->beats[FIRST_WAITER]);
		error = target_trigger(&target, &at, 1);
		late = was_late(error);
		if (!late) {
			assert_ok(error);
			assert_true(target.threads[at].stopped);
			assert_false(target.threads[at].idle); /* EAGAIN: the futex has changed */
			assert_int_equal(-(long)target.threads[at].regs.rax, EAGAIN);
			fixture_nap(5000);
			assert_int_equal(load(&fixture.shared->beats[FIRST_WAITER]), beats);
			assert_int_equal(fixture.shared->tokens, before.tokens + 1);
		}
		let_go(&target);
		assert_int_equal(stopped_threads(fixture.pid, &count), 0);
		assert_runs(&fixture);
	}
	assert_false(late);
	fixture_end(&fixture);
}

/* A signal that is pending comes before the call: the thread stops for it, and keeps it. */
static void test_trigger_with_a_pending_signal(void **state)
{
	struct fixture fixture = fixture_start(FIXTURE_QUIET);
	union sigval value = {.sival_int = 77};
	siginfo_t info = {.si_code = SI_QUEUE, .si_value = value};
	uint64_t sent = 0;
	bool late = true;

	(void)state;
	while (late && sent < ATTEMPTS) {
		size_t idle[THREADS + 1], count;
		struct target target;
		struct error *error;

		stop_idle(&target, &fixture);
		count = idle_threads(&target, idle, THREADS + 1);
		assert_true(count > 1);
		assert_int_equal(syscall(SYS_rt_tgsigqueueinfo, fixture.pid,
					 target.threads[idle[0]].tid, SIGRTMIN, &info),
				 0);
		error = target_trigger(&target, idle, count);
		late = was_late(error);
		if (!late) {
			assert_ok(error);
			assert_false(target.threads[idle[0]].idle);
			assert_int_equal(target.threads[idle[0]].signal, SIGRTMIN);
			assert_true(target.threads[idle[1]].stopped);
			assert_int_equal(load(&fixture.shared->received), sent);
		}
		let_go(&target);
		sent++;
		assert_true(comes_true(load(&fixture.shared->received) == sent));
		assert_int_equal(load(&fixture.shared->values), 77 * sent);
	}
	assert_false(late);
	assert_runs(&fixture);
	fixture_end(&fixture);
}

static void test_threads_born_and_dying(void **state)
{
	struct fixture fixture = fixture_start(FIXTURE_STORM);
	uint64_t births = load(&fixture.shared->births);
	struct target target;

	(void)state;
	for (int i = 0, late = 0; i < 100; i++) {
		size_t idle[2 * THREADS], count;
		struct error *error;

		seize_and_stop(&target, fixture.pid);
		assert_stands_still(&target);
		count = idle_threads(&target, idle, 2 * THREADS);
		error = target_trigger(&target, idle, count);
		if (was_late(error)) {
			assert_true(++late < ATTEMPTS);
		} else {
			assert_ok(error);
			assert_stands_still(&target);
		}
		let_go(&target);
	}
	assert_runs(&fixture);
	assert_true(load(&fixture.shared->births) > births);
	fixture_end(&fixture);
}

/* The namespace's first process sees itself as 1. */
static void test_ids_inside_a_pid_namespace(void **state)
{
	pid_t middle;
	int status;

	(void)state;
	if (geteuid() != 0) {
		print_message("SKIPPED: needs root for a pid namespace\n");
		skip();
	}
	middle = fork();
	if (!middle) {
		struct fixture fixture;
		struct target target;
		bool good;

		if (unshare(CLONE_NEWPID) < 0)
			_exit(77);
		fixture = fixture_start(FIXTURE_QUIET);
		seize_and_stop(&target, fixture.pid);
		good = target.threads_count == THREADS + 1;
		for (size_t i = 0; i < target.threads_count; i++)
			good = good && target.threads[i].ns_tid == (pid_t)i + 1 &&
			       target.threads[i].tid != target.threads[i].ns_tid;
		target_deinit(&target);
		fixture_end(&fixture);
		_exit(good ? 0 : 1);
	}
	waitpid(middle, &status, 0);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77) {
		print_message("SKIPPED: no pid namespaces here\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything_stands_still),
		cmocka_unit_test(test_seizing_stops_nothing),
		cmocka_unit_test(test_200_rounds),
		cmocka_unit_test(test_trigger_again_and_again),
		cmocka_unit_test(test_trigger_of_a_call_that_completes),
		cmocka_unit_test(test_trigger_with_a_pending_signal),
		cmocka_unit_test(test_threads_born_and_dying),
		cmocka_unit_test(test_ids_inside_a_pid_namespace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
