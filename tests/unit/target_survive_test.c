/* SPDX-License-Identifier: BSD-2-Clause */
/* The target survives us: killed at any instant, in a signal storm, stopped, exiting, replaced. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "target_fixture.h"

#define SIGNALS 2000
#define KILLS 60
#define ROUNDS 5

/* False: a thread was late, and is on its way. */
static bool trigger_idle(struct target *target)
{
	size_t idle[64], count = idle_threads(target, idle, 64);
	struct error *error = target_trigger(target, idle, count);

	if (was_late(error))
		return false;
	assert_ok(error);
	return true;
}

static void round_trip(pid_t pid, int triggers)
{
	struct target target;

	seize_and_stop(&target, pid);
	for (int i = 0; i < triggers && trigger_idle(&target); i++)
		;
	let_go(&target);
}

/*
 * A process that sends SIGNALS numbered real-time signals, to the process and to its threads, and
 * not so fast that fewer than ROUNDS rounds come in between.
 */
static pid_t start_sender(const struct fixture *fixture)
{
	pid_t sender = fork();

	if (sender)
		return sender;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int i = 1; i <= SIGNALS; i++) {
		siginfo_t info = {.si_code = SI_QUEUE, .si_value.sival_int = i};
		pid_t tid = i % 3 ? fixture->shared->tids[i % THREADS] : fixture->pid;

		while (load(&fixture->shared->rounds) < (uint64_t)i * ROUNDS / SIGNALS)
			fixture_nap(100);
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

	assert_true(comes_true(load(&fixture->shared->received) >= SIGNALS));
	fixture_nap(10000);
	assert_int_equal(load(&fixture->shared->received), SIGNALS);
	assert_int_equal(load(&fixture->shared->values), sum);
	assert_true(load(&fixture->shared->urgent) > 0);
}

static void test_no_signal_is_lost_or_doubled(void **state)
{
	struct fixture fixture = fixture_start(FIXTURE_QUIET);
	pid_t sender = start_sender(&fixture);
	uint64_t rounds = 0;
	int status;

	(void)state;
	do {
		round_trip(fixture.pid, rounds % 3);
		__atomic_store_n(&fixture.shared->rounds, ++rounds, __ATOMIC_SEQ_CST);
	} while (waitpid(sender, &status, WNOHANG) == 0);
	assert_int_equal(status, 0);
	assert_true(rounds >= ROUNDS);
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
		__atomic_fetch_add(&fixture.shared->rounds, 1, __ATOMIC_SEQ_CST);
	} while (waitpid(sender, &status, WNOHANG) == 0);
	assert_int_equal(status, 0);
	assert_all_received(&fixture);
	assert_runs(&fixture);
	fixture_end(&fixture);
}

/* All threads are stopped, or none is. */
static bool are_stopped(pid_t pid, bool all)
{
	size_t count, stopped = stopped_threads(pid, &count);

	return count && stopped == (all ? count : 0);
}

static void wait_for_stopped(pid_t pid, bool all)
{
	size_t count;

	if (!comes_true(are_stopped(pid, all)))
		fail_msg("%zu of %zu threads are stopped", stopped_threads(pid, &count), count);
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
		wait_for_stopped(fixture.pid, true);
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
	assert_true(comes_true(load(&fixture.shared->received) == THREADS + 1));
	assert_int_equal(load(&fixture.shared->values), 5 * (THREADS + 1));
	assert_runs(&fixture);
	close(ready[0]);
	close(ready[1]);
	fixture_end(&fixture);
}

static void test_a_stopped_process_stays_stopped(void **state)
{
	struct fixture fixture = fixture_start(0);
	struct shared before;

	(void)state;
	kill(fixture.pid, SIGSTOP);
	wait_for_stopped(fixture.pid, true);
	before = *fixture.shared;
	for (int i = 0; i < 10; i++)
		round_trip(fixture.pid, i);
	fixture_nap(20000);
	wait_for_stopped(fixture.pid, true);
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
	seize_and_stop(&target, fixture.pid);
	kill(fixture.pid, SIGSTOP);
	trigger_idle(&target);
	let_go(&target);
	wait_for_stopped(fixture.pid, true);
	seize_and_stop(&target, fixture.pid);
	kill(fixture.pid, SIGCONT);
	if (trigger_idle(&target))
		trigger_idle(&target);
	let_go(&target);
	wait_for_stopped(fixture.pid, false);
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

/* Whoever is refused is told who the other one is, also when that one lets go at that moment. */
static void test_a_tracer_that_comes_and_goes(void **state)
{
	struct fixture fixture = fixture_start(FIXTURE_QUIET);
	int64_t end = now_ns() + 500000000;
	struct target target;
	pid_t tracer = fork();

	(void)state;
	if (!tracer) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;) {
			error_free(target_seize(&target, fixture.pid));
			target_deinit(&target);
		}
	}
	while (now_ns() < end) {
		struct error *error = target_seize(&target, fixture.pid);

		if (error)
			assert_error(error, ERROR_HOST, "already traced by process");
		let_go(&target);
	}
	kill(tracer, SIGKILL);
	waitpid(tracer, NULL, 0);
	assert_runs(&fixture);
	fixture_end(&fixture);
}

/* Kills the target at that stage, says so, and lives on until it is told to end. */
static void kill_at(const struct fixture *fixture, int stage, int told, int wait)
{
	struct target target;
	char c = 0;

	if (stage > 0)
		seize_and_stop(&target, fixture->pid);
	else
		assert_ok(target_seize(&target, fixture->pid));
	if (stage == 2)
		trigger_idle(&target);
	kill(fixture->pid, SIGKILL);
	if (stage == 3)
		fixture_nap(20000);
	if (stage == 0)
		assert_error(target_stop(&target), ERROR_TARGET, "ended");
	target_release(&target);
	if (write(told, &c, 1) != 1 || read(wait, &c, 1) != 0)
		_exit(1);
	target_deinit(&target);
	_exit(0);
}

/*
 * Ends the target at each stage; nobody hangs, and its parent hears of it while the tracer
 * lives on.
 */
static void test_the_target_is_killed(void **state)
{
	(void)state;
	for (int stage = 0; stage < 4; stage++) {
		struct fixture fixture = fixture_start(FIXTURE_QUIET);
		int told[2], wait[2], status;
		pid_t tracer;
		char c;

		assert_int_equal(pipe(told), 0);
		assert_int_equal(pipe(wait), 0);
		tracer = fork();
		if (!tracer) {
			close(wait[1]);
			kill_at(&fixture, stage, told[1], wait[0]);
		}
		assert_int_equal(read(told[0], &c, 1), 1);
		assert_true(comes_true(waitpid(fixture.pid, &status, WNOHANG) == fixture.pid));
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		assert_int_equal(waitpid(tracer, &status, WNOHANG), 0);
		for (int i = 0; i < 2; i++) {
			close(told[i]);
			close(wait[i]);
		}
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

		seize_and_stop(&target, fixture.pid);
		killer = fork();
		if (!killer) {
			fixture_nap(100 + 300 * i);
			kill(fixture.pid, SIGKILL);
			_exit(0);
		}
		for (int round = 0; round < 100000 && !error; round++) {
			size_t idle[THREADS], count = idle_threads(&target, idle, THREADS);

			if (!count)
				break;
			error = target_trigger(&target, idle, count);
		}
		if (error && !was_late(error))
			assert_error(error, ERROR_TARGET, "ended");
		waitpid(killer, NULL, 0);
		target_deinit(&target);
		waitpid(fixture.pid, NULL, 0);
		munmap(fixture.shared, sizeof(*fixture.shared));
	}
}

/* A child that runs the body, which may wait for a word of ours. */
static int word[2];

static pid_t start_child(void (*body)(void))
{
	pid_t pid;

	assert_int_equal(pipe2(word, O_CLOEXEC), 0);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		body();
		_exit(0);
	}
	return pid;
}

static void wait_for_word(void)
{
	char c;

	while (read(word[0], &c, 1) < 0 && errno == EINTR)
		;
}

static void give_word(void)
{
	assert_int_equal(write(word[1], "", 1), 1);
}

static void end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(word[0]);
	close(word[1]);
}

static bool has_threads(pid_t pid, size_t wanted)
{
	size_t count;

	stopped_threads(pid, &count);
	return count == wanted;
}

static void exec_at_a_word(void)
{
	wait_for_word();
	execl("/bin/sleep", "sleep", "600", (char *)NULL);
}

static void test_execve_after_seizing(void **state)
{
	pid_t pid = start_child(exec_at_a_word);
	struct target target;

	(void)state;
	assert_ok(target_seize(&target, pid));
	give_word();
	assert_true(comes_true(thread_state(pid, pid) == 't')); /* at the execve() */
	assert_error(target_stop(&target), ERROR_TARGET, "another program");
	assert_true(target.exited);
	target_deinit(&target);
	assert_true(comes_true(thread_state(pid, pid) == 'S'));
	end_child(pid);
}

static void *exec_thread(void *data)
{
	exec_at_a_word();
	return data;
}

static void exec_in_a_thread(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, exec_thread, NULL);
	for (;;)
		pause();
}

static void test_execve_of_another_thread(void **state)
{
	pid_t pid = start_child(exec_in_a_thread);
	struct target target;
	size_t count;

	(void)state;
	assert_true(comes_true(has_threads(pid, 2)));
	assert_ok(target_seize(&target, pid));
	give_word();
	assert_true(comes_true(thread_state(pid, pid) == 't'));
	assert_error(target_stop(&target), ERROR_TARGET, "another program");
	target_deinit(&target);
	assert_int_equal(stopped_threads(pid, &count), 0);
	assert_int_equal(count, 1);
	end_child(pid);
}

static void *pause_thread(void *data)
{
	for (;;)
		pause();
	return data;
}

static void leader_exits(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, pause_thread, NULL);
	wait_for_word();
	pthread_exit(NULL);
}

/* False: the other thread was late. */
static bool stop_without_a_main_thread(pid_t pid)
{
	struct target target;
	struct error *error;

	assert_true(comes_true(has_threads(pid, 2)));
	assert_ok(target_seize(&target, pid));
	assert_int_equal(target.threads_count, 2);
	give_word();
	assert_true(comes_true(thread_state(pid, pid) == 'Z'));
	error = target_stop(&target);
	if (was_late(error)) {
		let_go(&target);
		return false;
	}
	assert_ok(error);
	assert_false(target.exited);
	let_go(&target);
	return true;
}

static void test_the_main_thread_exits(void **state)
{
	struct target target;
	bool done = false;
	size_t count;

	(void)state;
	for (int tries = 0; tries < ATTEMPTS && !done; tries++) {
		pid_t pid = start_child(leader_exits);

		done = stop_without_a_main_thread(pid);
		assert_int_equal(stopped_threads(pid, &count), 0);
		assert_error(target_seize(&target, pid), ERROR_TARGET, "main thread has exited");
		end_child(pid);
	}
	assert_true(done);
}

static void vfork_until_a_word(void)
{
	if (vfork() == 0) {
		wait_for_word();
		_exit(0);
	}
	for (;;)
		pause();
}

/* A parent in vfork() cannot stop: we give up in time, and it is not left stopped. */
static void test_a_thread_that_does_not_stop(void **state)
{
	pid_t pid = start_child(vfork_until_a_word);
	struct target target;
	int64_t began;

	(void)state;
	assert_true(comes_true(thread_state(pid, pid) == 'D'));
	assert_ok(target_seize(&target, pid));
	began = now_ns();
	assert_error(target_stop(&target), ERROR_HOST, "state D");
	assert_true(now_ns() - began < 20 * TARGET_PATIENCE_NS);
	give_word();
	let_go(&target);
	wait_for_stopped(pid, false);
	assert_true(has_threads(pid, 1));
	end_child(pid);
}

static void test_who_cannot_be_seized(void **state)
{
	struct target target;
	pid_t pid = fork();

	(void)state;
	if (!pid)
		_exit(0);
	assert_true(comes_true(thread_state(pid, pid) == 'Z'));
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
		cmocka_unit_test(test_a_tracer_that_comes_and_goes),
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
