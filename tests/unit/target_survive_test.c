/* SPDX-License-Identifier: BSD-2-Clause */
/* The target survives us: killed at any instant, in a storm of signals, stopped, exiting, replaced. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "target_fixture.h"

#define SIGNALS 2000
#define KILLS 60

static void trigger_idle(struct target *target)
{
	size_t idle[64], count = 0;

	for (size_t i = 0; i < target->threads_count && count < 64; i++)
		if (target->threads[i].stopped && target->threads[i].idle)
			idle[count++] = i;
	assert_ok(target_trigger(target, idle, count));
}

static void round_trip(pid_t pid, int triggers)
{
	struct target target;

	assert_ok(target_seize(&target, pid));
	assert_ok(target_stop(&target));
	for (int i = 0; i < triggers; i++)
		trigger_idle(&target);
	target_deinit(&target);
}

/* A process that sends SIGNALS numbered real-time signals, to the process and to its threads. */
static pid_t start_sender(const struct fixture *fixture)
{
	pid_t sender = fork();

	if (sender)
		return sender;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int i = 1; i <= SIGNALS; i++) {
		siginfo_t info = {.si_code = SI_QUEUE, .si_value.sival_int = i};
		pid_t tid = i % 3 ? fixture->shared->tids[i % THREADS] : fixture->pid;

		while (syscall(SYS_rt_tgsigqueueinfo, fixture->pid, tid, SIGRTMIN, &info) < 0 &&
		       errno == EAGAIN)
			fixture_nap(100);
		syscall(SYS_tgkill, fixture->pid, tid, SIGURG);
		if (i % 8 == 0)
			fixture_nap(200);
	}
	_exit(0);
}

/* Each arrived once, with what it carried. */
static void assert_all_received(const struct fixture *fixture)
{
	const uint64_t sum = (uint64_t)SIGNALS * (SIGNALS + 1) / 2;

	for (int i = 0; i < 5000 && load(&fixture->shared->received) < SIGNALS; i++)
		fixture_nap(1000);
	fixture_nap(10000);
	assert_int_equal(load(&fixture->shared->received), SIGNALS);
	assert_int_equal(load(&fixture->shared->values), sum);
	assert_true(load(&fixture->shared->urgent) > 0);
}

static void test_no_signal_is_lost_or_doubled(void **state)
{
	struct fixture fixture = fixture_start(FIXTURE_QUIET);
	pid_t sender = start_sender(&fixture);
	int rounds = 0, status;

	(void)state;
	do {
		round_trip(fixture.pid, rounds % 3);
		rounds++;
	} while (waitpid(sender, &status, WNOHANG) == 0);
	assert_int_equal(status, 0);
	assert_true(rounds >= 5);
	assert_all_received(&fixture);
	assert_runs(&fixture);
	fixture_end(&fixture);
}

/* A tracer that works without end, until it is killed. */
static pid_t start_tracer(pid_t pid, int triggers)
{
	pid_t tracer = fork();

	if (tracer)
		return tracer;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		round_trip(pid, triggers);
}

static void kill_tracers(const struct fixture *fixture, int kills)
{
	for (int i = 0; i < kills; i++) {
		pid_t tracer = start_tracer(fixture->pid, i % 4);
		size_t count;

		fixture_nap(1000 + rand() % 9000);
		kill(tracer, SIGKILL);
		assert_int_equal(waitpid(tracer, NULL, 0), tracer);
		assert_int_equal(stopped_threads(fixture->pid, &count), 0);
		if (i % 10 == 0)
			assert_runs(fixture);
	}
}

static void test_we_are_killed_at_any_instant(void **state)
{
	struct fixture fixture = fixture_start(0);

	(void)state;
	srand(1);
	kill_tracers(&fixture, KILLS);
	assert_runs(&fixture);
	fixture_end(&fixture);
}

/* The hardest case: a signal that a thread is about to get is kept for it when we die. */
static void test_we_are_killed_in_a_signal_storm(void **state)
{
	struct fixture fixture = fixture_start(FIXTURE_QUIET);
	pid_t sender = start_sender(&fixture);
	int status;

	(void)state;
	srand(2);
	do {
		kill_tracers(&fixture, 1);
	} while (waitpid(sender, &status, WNOHANG) == 0);
	assert_int_equal(status, 0);
	assert_all_received(&fixture);
	assert_runs(&fixture);
	fixture_end(&fixture);
}

/* Certainly in the state "stopped to deliver a signal, and we have seen it". */
static void test_we_are_killed_holding_a_signal(void **state)
{
	struct fixture fixture = fixture_start(FIXTURE_QUIET);
	int ready[2];
	char c;
	pid_t tracer;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	tracer = fork();
	if (!tracer) {
		siginfo_t info = {.si_code = SI_QUEUE, .si_value.sival_int = 5};
		struct target target;
		size_t held = 0;

		assert_ok(target_seize(&target, fixture.pid));
		for (size_t i = 0; i < target.threads_count; i++)
			syscall(SYS_rt_tgsigqueueinfo, fixture.pid, target.threads[i].tid, SIGRTMIN,
				&info);
		fixture_nap(20000);
		assert_ok(target_stop(&target));
		for (size_t i = 0; i < target.threads_count; i++)
			held += target.threads[i].signal == SIGRTMIN;
		c = (char)held;
		(void)!write(ready[1], &c, 1);
		pause();
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	assert_int_equal(c, THREADS + 1);
	assert_int_equal(load(&fixture.shared->received), 0);
	kill(tracer, SIGKILL);
	waitpid(tracer, NULL, 0);
	for (int i = 0; i < 5000 && load(&fixture.shared->received) < THREADS + 1; i++)
		fixture_nap(1000);
	assert_int_equal(load(&fixture.shared->received), THREADS + 1);
	assert_int_equal(load(&fixture.shared->values), 5 * (THREADS + 1));
	assert_runs(&fixture);
	close(ready[0]);
	close(ready[1]);
	fixture_end(&fixture);
}

static void wait_for_stopped(const struct fixture *fixture, bool all)
{
	size_t count = 1, stopped = 0;

	for (int i = 0; i < 5000; i++) {
		stopped = stopped_threads(fixture->pid, &count);
		if (all ? stopped == count : stopped == 0)
			return;
		fixture_nap(1000);
	}
	fail_msg("%zu of %zu threads are stopped", stopped, count);
}

static void test_a_stopped_process_stays_stopped(void **state)
{
	struct fixture fixture = fixture_start(0);
	struct shared before;

	(void)state;
	kill(fixture.pid, SIGSTOP);
	wait_for_stopped(&fixture, true);
	before = *fixture.shared;
	for (int i = 0; i < 10; i++)
		round_trip(fixture.pid, i);
	fixture_nap(20000);
	wait_for_stopped(&fixture, true);
	assert_memory_equal(&before, fixture.shared, sizeof(before));
	assert_int_equal(thread_state(fixture.pid, fixture.pid), 'T');
	kill(fixture.pid, SIGCONT);
	assert_runs(&fixture);
	fixture_end(&fixture);
}

static void test_stop_and_continue_in_the_pause(void **state)
{
	struct fixture fixture = fixture_start(0);
	struct target target;

	(void)state;
	assert_ok(target_seize(&target, fixture.pid));
	assert_ok(target_stop(&target));
	kill(fixture.pid, SIGSTOP);
	trigger_idle(&target);
	target_deinit(&target);
	wait_for_stopped(&fixture, true);
	assert_ok(target_seize(&target, fixture.pid));
	assert_ok(target_stop(&target));
	kill(fixture.pid, SIGCONT);
	trigger_idle(&target);
	trigger_idle(&target);
	target_deinit(&target);
	wait_for_stopped(&fixture, false);
	assert_runs(&fixture);
	fixture_end(&fixture);
}

static void test_a_second_tracer_is_told_who_is_first(void **state)
{
	struct fixture fixture = fixture_start(FIXTURE_QUIET);
	struct target target, second;
	int ready[2];
	char c = 0, who[32];
	pid_t tracer;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	tracer = fork();
	if (!tracer) {
		assert_ok(target_seize(&target, fixture.pid));
		(void)!write(ready[1], &c, 1);
		pause();
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	snprintf(who, sizeof(who), "by process %d (target_", tracer);
	assert_error(target_seize(&second, fixture.pid), ERROR_HOST, who);
	target_deinit(&second);
	assert_runs(&fixture);
	kill(tracer, SIGKILL);
	waitpid(tracer, NULL, 0);
	assert_runs(&fixture);
	close(ready[0]);
	close(ready[1]);
	fixture_end(&fixture);
}

/* Ends the target at each stage; nobody hangs, and its parent hears of it. */
static void test_the_target_is_killed(void **state)
{
	(void)state;
	for (int stage = 0; stage < 4; stage++) {
		struct fixture fixture = fixture_start(FIXTURE_QUIET);
		pid_t tracer = fork();
		int status;

		if (!tracer) {
			struct target target;
			struct error *error;

			assert_ok(target_seize(&target, fixture.pid));
			if (stage > 0)
				assert_ok(target_stop(&target));
			if (stage == 2)
				trigger_idle(&target);
			kill(fixture.pid, SIGKILL);
			if (stage == 3)
				fixture_nap(20000);
			error = stage ? NULL : target_stop(&target);
			if (stage == 0)
				assert_error(error, ERROR_TARGET, "ended");
			target_release(&target);
			/* We live on; the parent must hear of it all the same. */
			fixture_nap(300000);
			target_deinit(&target);
			_exit(0);
		}
		fixture_nap(200000);
		assert_int_equal(waitpid(fixture.pid, &status, WNOHANG), fixture.pid);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		assert_int_equal(waitpid(tracer, &status, 0), tracer);
		assert_int_equal(status, 0);
		munmap(fixture.shared, sizeof(*fixture.shared));
	}
}

/* Killed while calls are being triggered. */
static void test_the_target_is_killed_during_triggers(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++) {
		struct fixture fixture = fixture_start(FIXTURE_QUIET);
		struct error *error = NULL;
		struct target target;
		pid_t killer;

		assert_ok(target_seize(&target, fixture.pid));
		assert_ok(target_stop(&target));
		killer = fork();
		if (!killer) {
			fixture_nap(100 + 300 * i);
			kill(fixture.pid, SIGKILL);
			_exit(0);
		}
		for (int round = 0; round < 100000 && !error; round++) {
			size_t idle[THREADS], count = 0;

			for (size_t j = 0; j < target.threads_count && count < THREADS; j++)
				if (target.threads[j].stopped && target.threads[j].idle)
					idle[count++] = j;
			if (!count)
				break;
			error = target_trigger(&target, idle, count);
		}
		if (error)
			assert_error(error, ERROR_TARGET, "ended");
		waitpid(killer, NULL, 0);
		target_deinit(&target);
		waitpid(fixture.pid, NULL, 0);
		munmap(fixture.shared, sizeof(*fixture.shared));
	}
}

static pid_t start_child(void (*body)(void))
{
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		body();
		_exit(0);
	}
	return pid;
}

static void exec_soon(void)
{
	fixture_nap(30000);
	execl("/bin/sleep", "sleep", "30", (char *)NULL);
}

static void test_execve_after_seizing(void **state)
{
	pid_t pid = start_child(exec_soon);
	struct target target;
	char c;

	(void)state;
	assert_ok(target_seize(&target, pid));
	fixture_nap(100000);
	assert_error(target_stop(&target), ERROR_TARGET, "another program");
	assert_true(target.exited);
	target_deinit(&target);
	fixture_nap(20000);
	c = thread_state(pid, pid);
	assert_true(c == 'S' || c == 'R');
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void *exec_thread(void *data)
{
	exec_soon();
	return data;
}

static void exec_in_a_thread(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, exec_thread, NULL);
	pause();
}

static void test_execve_of_another_thread(void **state)
{
	pid_t pid = start_child(exec_in_a_thread);
	struct target target;
	size_t count;

	(void)state;
	fixture_nap(10000);
	assert_ok(target_seize(&target, pid));
	fixture_nap(100000);
	assert_error(target_stop(&target), ERROR_TARGET, "another program");
	target_deinit(&target);
	assert_int_equal(stopped_threads(pid, &count), 0);
	assert_int_equal(count, 1);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void *spin_thread(void *data)
{
	fixture_nap(10000000);
	return data;
}

static void leader_exits(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, spin_thread, NULL);
	fixture_nap(30000);
	pthread_exit(NULL);
}

static void test_the_main_thread_exits(void **state)
{
	pid_t pid = start_child(leader_exits);
	struct target target;
	size_t count;

	(void)state;
	fixture_nap(10000);
	assert_ok(target_seize(&target, pid));
	assert_int_equal(target.threads_count, 2);
	fixture_nap(100000);
	assert_int_equal(thread_state(pid, pid), 'Z');
	assert_ok(target_stop(&target));
	assert_false(target.exited);
	target_deinit(&target);
	assert_int_equal(stopped_threads(pid, &count), 0);
	assert_error(target_seize(&target, pid), ERROR_TARGET, "main thread has exited");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void vfork_for_long(void)
{
	if (vfork() == 0) {
		fixture_nap(1500000);
		_exit(0);
	}
	for (;;)
		fixture_nap(10000);
}

/* A parent in vfork() cannot stop: we give up in time, and it is not left stopped. */
static void test_a_thread_that_does_not_stop(void **state)
{
	pid_t pid = start_child(vfork_for_long);
	struct target target;
	int64_t began;
	size_t count;

	(void)state;
	fixture_nap(50000);
	assert_ok(target_seize(&target, pid));
	began = now_ns();
	assert_error(target_stop(&target), ERROR_HOST, "state D");
	assert_true(now_ns() - began < 4 * TARGET_PATIENCE_NS);
	target_deinit(&target);
	fixture_nap(100000);
	assert_int_equal(stopped_threads(pid, &count), 0);
	assert_int_equal(count, 1);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void test_who_cannot_be_seized(void **state)
{
	struct target target;
	pid_t pid = fork();

	(void)state;
	if (!pid)
		_exit(0);
	fixture_nap(50000);
	assert_error(target_seize(&target, pid), ERROR_TARGET, "zombie");
	target_deinit(&target);
	waitpid(pid, NULL, 0);
	assert_error(target_seize(&target, pid), ERROR_TARGET, "no such process");
	assert_error(target_seize(&target, -1), ERROR_TARGET, "no such process");
	assert_error(target_seize(&target, getpid()), ERROR_TARGET, "itself");
	if (geteuid() == 0)
		assert_error(target_seize(&target, 2), ERROR_TARGET, "kernel thread");
}

static void test_no_permission(void **state)
{
	struct fixture fixture = fixture_start(FIXTURE_QUIET);
	pid_t pid = fork();
	int status;

	(void)state;
	if (!pid) {
		struct target target;
		pid_t victim = geteuid() ? 1 : fixture.pid;

		if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
			_exit(2);
		assert_error(target_seize(&target, victim), ERROR_HOST, "CAP_SYS_PTRACE");
		target_deinit(&target);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	assert_runs(&fixture);
	fixture_end(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_signal_is_lost_or_doubled),
		cmocka_unit_test(test_we_are_killed_at_any_instant),
		cmocka_unit_test(test_we_are_killed_in_a_signal_storm),
		cmocka_unit_test(test_we_are_killed_holding_a_signal),
		cmocka_unit_test(test_a_stopped_process_stays_stopped),
		cmocka_unit_test(test_stop_and_continue_in_the_pause),
		cmocka_unit_test(test_a_second_tracer_is_told_who_is_first),
		cmocka_unit_test(test_the_target_is_killed),
		cmocka_unit_test(test_the_target_is_killed_during_triggers),
		cmocka_unit_test(test_execve_after_seizing),
		cmocka_unit_test(test_execve_of_another_thread),
		cmocka_unit_test(test_the_main_thread_exits),
		cmocka_unit_test(test_a_thread_that_does_not_stop),
		cmocka_unit_test(test_who_cannot_be_seized),
		cmocka_unit_test(test_no_permission),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
