/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The target becomes another program while its threads are being seized. Its execve() waits for
 * those that are ours to be reaped, and PTRACE_SEIZE waits for the execve().
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "target_fixture.h"

#define RUNS 150
#define MANY 60		   /* threads: seizing them takes as long as an execve() */
#define WINDOW_NS 600000   /* within which it begins */
#define TOO_LONG_S 10	   /* nobody waits for ever, in a test either */

struct meeting {
	uint32_t ready, go;
	int64_t delay;
};

static void *sleeper(void *data)
{
	struct meeting *meeting = data;

	__atomic_fetch_add(&meeting->ready, 1, __ATOMIC_SEQ_CST);
	for (;;)
		pause();
	return NULL;
}

static void *becomes_another(void *data)
{
	struct meeting *meeting = data;
	int64_t begin;

	__atomic_fetch_add(&meeting->ready, 1, __ATOMIC_SEQ_CST);
	while (!__atomic_load_n(&meeting->go, __ATOMIC_SEQ_CST))
		;
	for (begin = now_ns(); now_ns() - begin < meeting->delay;)
		;
	execl("/bin/sleep", "sleep", "600", (char *)NULL);
	_exit(1);
}

static void __attribute__((noreturn)) crowd(struct meeting *meeting)
{
	pthread_attr_t small;
	pthread_t thread;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 64 << 10);
	for (int i = 0; i < MANY; i++)
		if (pthread_create(&thread, &small,
				   i == MANY / 2 ? becomes_another : sleeper, meeting))
			_exit(1);
	for (;;)
		pause();
}

/* Ends the process if it is still there when everything should long be over. */
static pid_t start_guard(pid_t pid)
{
	pid_t guard = fork();

	if (guard)
		return guard;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sleep(TOO_LONG_S);
	kill(pid, SIGKILL);
	_exit(1);
}

static bool runs_sleep(pid_t pid)
{
	char path[32], name[8] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	fd = open(path, O_RDONLY);
	if (fd >= 0) {
		(void)!read(fd, name, sizeof(name) - 1);
		close(fd);
	}
	return !strcmp(name, "sleep\n");
}

enum met { OTHER_TIME, MET, LATE };

/* MET: it became another program while it was seized, or stopped, and we are told. */
static enum met meet(struct meeting *meeting, int64_t delay)
{
	struct target target;
	struct error *error;
	pid_t pid, guard;
	int status;
	size_t count;

	*meeting = (struct meeting){.delay = delay};
	pid = fork();
	if (!pid)
		crowd(meeting);
	assert_true(comes_true(__atomic_load_n(&meeting->ready, __ATOMIC_SEQ_CST) == MANY));
	guard = start_guard(pid);
	__atomic_store_n(&meeting->go, 1, __ATOMIC_SEQ_CST);
	error = target_seize(&target, pid);
	if (!error)
		error = target_stop(&target);
	target_deinit(&target);
	kill(guard, SIGKILL);
	assert_int_equal(waitpid(guard, &status, 0), guard);
	if (!WIFSIGNALED(status))
		fail_msg("seizing and execve() waited for each other for %d s", TOO_LONG_S);
	/* Whatever came first, the new program runs. */
	assert_true(comes_true(runs_sleep(pid)));
	assert_true(comes_true(thread_state(pid, pid) == 'S'));
	assert_int_equal(stopped_threads(pid, &count), 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	if (!error)
		return OTHER_TIME;
	if (was_late(error))
		return LATE;
	/* Half-way its main thread is dead, or it is not to be found: any word of its end will do. */
	if (error->code != ERROR_TARGET)
		fail_msg("error %d \"%s\"", error->code, error->message);
	error_free(error);
	return MET;
}

static void test_execve_while_it_is_seized(void **state)
{
	struct meeting *meeting = mmap(NULL, sizeof(*meeting), PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int count[LATE + 1] = {0};

	(void)state;
	assert_true(meeting != MAP_FAILED);
	for (int64_t i = 0; i < RUNS; i++)
		count[meet(meeting, i * WINDOW_NS / RUNS)]++;
	munmap(meeting, sizeof(*meeting));
	assert_true(count[MET] > 0);
	/* A starved host may make a thread late, but not often. */
	assert_in_range(count[LATE], 0, RUNS / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_execve_while_it_is_seized),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
