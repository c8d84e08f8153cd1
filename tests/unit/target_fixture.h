/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TARGET_FIXTURE_H
#define TARGET_FIXTURE_H

/*
 * A real process to practise on: a child with threads that spin, sleep, wait on
 * futexes, read a pipe and poll, and that count what they do in memory shared with
 * the test. It dies with the test. Include after cmocka.h.
 */
#include <errno.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "target.h"

#define WAITERS 4

enum fixture_thread {
	SPIN,
	SLEEP,
	POLL,
	PIPE,
	WAKER,
	FIRST_WAITER,
	THREADS = FIRST_WAITER + WAITERS
};

struct shared {
	uint64_t beats[THREADS];   /* each thread's loops */
	uint32_t tokens;	   /* futex: what waiters consume */
	uint64_t received, values; /* real-time signals, and the sum of their values */
	uint64_t urgent;	   /* SIGURG */
	uint64_t births;
	uint64_t rounds; /* what the test has done so far; who storms it waits for that */
	uint32_t ready;
	pid_t tids[THREADS];
};

struct fixture {
	pid_t pid;
	struct shared *shared;
};

#define FIXTURE_STORM 1 /* threads are born and die all the time */
#define FIXTURE_QUIET 2 /* no spinning, waker every 10 ms: leaves the CPUs to others */

static struct shared *fixture_shared;
static int fixture_flags, fixture_pipe[2];

static inline void fixture_nap(long us)
{
	struct timespec t = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};

	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		;
}

static inline int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

/* Whether the condition comes true: in a minute, which is longer than a host starves anyone. */
#define comes_true(condition)                                                                      \
	({                                                                                         \
		int64_t end_ = now_ns() + 60000000000ll;                                           \
		bool true_;                                                                        \
                                                                                                   \
		while (!(true_ = (condition)) && now_ns() < end_)                                  \
			fixture_nap(1000);                                                         \
		true_;                                                                             \
	})

static inline uint64_t load(const uint64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_SEQ_CST);
}

static void fixture_consume(struct shared *s)
{
	uint32_t n = __atomic_load_n(&s->tokens, __ATOMIC_SEQ_CST);

	while (!n || !__atomic_compare_exchange_n(&s->tokens, &n, n - 1, false, __ATOMIC_SEQ_CST,
						  __ATOMIC_SEQ_CST)) {
		if (!n)
			syscall(SYS_futex, &s->tokens, FUTEX_WAIT, 0, NULL, NULL, 0);
		n = __atomic_load_n(&s->tokens, __ATOMIC_SEQ_CST);
	}
}

static void fixture_beat(struct shared *s, size_t role, int epoll)
{
	struct epoll_event event;
	char c = 0;

	switch (role) {
	case SPIN:
		if (fixture_flags & FIXTURE_QUIET)
			fixture_nap(1000);
		break;
	case SLEEP:
		fixture_nap(1000);
		break;
	case POLL:
		epoll_wait(epoll, &event, 1, 2);
		break;
	case PIPE:
		while (read(fixture_pipe[0], &c, 1) != 1)
			;
		break;
	case WAKER:
		fixture_nap(fixture_flags & FIXTURE_QUIET ? 10000 : 1000);
		(void)!write(fixture_pipe[1], &c, 1);
		__atomic_fetch_add(&s->tokens, 1, __ATOMIC_SEQ_CST);
		syscall(SYS_futex, &s->tokens, FUTEX_WAKE, 1, NULL, NULL, 0);
		break;
	default:
		fixture_consume(s);
	}
}

static void *fixture_role(void *data)
{
	size_t role = (size_t)data;
	struct shared *s = fixture_shared;
	int epoll = role == POLL ? epoll_create1(0) : -1;

	s->tids[role] = (pid_t)syscall(SYS_gettid);
	__atomic_fetch_add(&s->ready, 1, __ATOMIC_SEQ_CST);
	for (;;) {
		fixture_beat(s, role, epoll);
		__atomic_fetch_add(&s->beats[role], 1, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

static void *fixture_short_life(void *data)
{
	return data;
}

static void fixture_signal(int number, siginfo_t *info, void *context)
{
	(void)context;
	if (number == SIGURG) {
		__atomic_fetch_add(&fixture_shared->urgent, 1, __ATOMIC_SEQ_CST);
		return;
	}
	__atomic_fetch_add(&fixture_shared->received, 1, __ATOMIC_SEQ_CST);
	__atomic_fetch_add(&fixture_shared->values, (uint64_t)info->si_value.sival_int,
			   __ATOMIC_SEQ_CST);
}

static void __attribute__((noreturn)) fixture_main(void)
{
	struct sigaction action = {.sa_sigaction = fixture_signal,
				   .sa_flags = SA_SIGINFO | SA_RESTART};
	pthread_attr_t small;
	pthread_t thread;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigaction(SIGRTMIN, &action, NULL);
	sigaction(SIGURG, &action, NULL);
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 256 << 10);
	if (pipe(fixture_pipe) < 0)
		_exit(1);
	for (size_t i = 0; i < THREADS; i++)
		if (pthread_create(&thread, &small, fixture_role, (void *)i))
			_exit(1);
	for (;;) {
		if (!(fixture_flags & FIXTURE_STORM)) {
			pause();
			continue;
		}
		if (pthread_create(&thread, &small, fixture_short_life, NULL) == 0) {
			pthread_join(thread, NULL);
			__atomic_fetch_add(&fixture_shared->births, 1, __ATOMIC_SEQ_CST);
		}
	}
}

/* The state letter of a thread, '-' when it is not there. */
static inline char thread_state(pid_t pid, pid_t tid)
{
	char path[64], text[512];
	const char *end;
	int fd;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", pid, tid);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return '-';
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return '-';
	text[n] = '\0';
	end = strrchr(text, ')');
	return end && end[1] ? end[2] : '-';
}

/* Calls `visit` for each thread; returns how many there are. */
static inline size_t each_thread(pid_t pid, bool (*visit)(pid_t pid, pid_t tid, void *data),
				 void *data, size_t *agreed)
{
	char path[32];
	struct dirent *entry;
	size_t count = 0;
	DIR *dir;

	*agreed = 0;
	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	if (!dir)
		return 0;
	while ((entry = readdir(dir))) {
		pid_t tid = atoi(entry->d_name);

		if (tid > 0) {
			count++;
			*agreed += visit(pid, tid, data);
		}
	}
	closedir(dir);
	return count;
}

static inline bool print_thread(pid_t pid, pid_t tid, void *data)
{
	print_error("thread %d of %d: state %c\n", tid, pid, thread_state(pid, tid));
	return !data;
}

/* Not all threads have begun: a starved host, or a bug. Says how each of them does. */
static inline void fixture_late(const struct fixture *fixture)
{
	size_t count;

	each_thread(fixture->pid, print_thread, NULL, &count);
	kill(fixture->pid, SIGKILL);
	waitpid(fixture->pid, NULL, 0);
	fail_msg("%u of %d threads of the fixture have begun in a minute", fixture->shared->ready,
		 THREADS);
}

static inline struct fixture fixture_start(int flags)
{
	struct fixture fixture;

	fixture_flags = flags;
	fixture_shared = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(fixture_shared != MAP_FAILED);
	fixture.shared = fixture_shared;
	fixture.pid = fork();
	assert_true(fixture.pid >= 0);
	if (!fixture.pid)
		fixture_main();
	if (!comes_true(__atomic_load_n(&fixture.shared->ready, __ATOMIC_SEQ_CST) == THREADS))
		fixture_late(&fixture);
	return fixture;
}

static inline void fixture_end(struct fixture *fixture)
{
	kill(fixture->pid, SIGKILL);
	waitpid(fixture->pid, NULL, 0);
	munmap(fixture->shared, sizeof(struct shared));
}

static inline bool is_stopped(pid_t pid, pid_t tid, void *data)
{
	char state = thread_state(pid, tid);

	(void)data;
	return state == 't' || state == 'T';
}

static inline size_t stopped_threads(pid_t pid, size_t *count)
{
	size_t stopped;

	*count = each_thread(pid, is_stopped, NULL, &stopped);
	return stopped;
}

/* Every thread gets on, and none is stopped. */
static inline void assert_runs(const struct fixture *fixture)
{
	uint64_t before[THREADS];
	size_t count;

	for (size_t i = 0; i < THREADS; i++)
		before[i] = load(&fixture->shared->beats[i]);
	for (size_t i = 0; i < THREADS; i++) {
		if (!comes_true(load(&fixture->shared->beats[i]) != before[i]))
			fail_msg("thread %zu (%d) does not get on, state %c", i,
				 fixture->shared->tids[i],
				 thread_state(fixture->pid, fixture->shared->tids[i]));
	}
	assert_int_equal(stopped_threads(fixture->pid, &count), 0);
	assert_true(count >= THREADS + 1);
}

/* Indexes of threads that can be triggered. */
static inline size_t idle_threads(const struct target *target, size_t *ret, size_t room)
{
	size_t count = 0;

	for (size_t i = 0; i < target->threads_count && count < room; i++)
		if (target->threads[i].stopped && target->threads[i].idle)
			ret[count++] = i;
	return count;
}

static inline void assert_ok(struct error *error)
{
	if (error) {
		fprintf(stderr, "%s\n", error->message);
		fail();
	}
}

static inline void assert_error(struct error *error, enum error_code code, const char *part)
{
	assert_non_null(error);
	if (error->code != code || !strstr(error->message, part))
		fail_msg("error %d \"%s\", expected %d with \"%s\"", error->code, error->message,
			 code, part);
	error_free(error);
}

#define ATTEMPTS 20

/*
 * A thread did not get to its stop in TARGET_PATIENCE_NS: on a host that starves it that is
 * the right answer, and the test tries again. Frees the error then.
 */
static inline bool was_late(struct error *error)
{
	if (!error || error->code != ERROR_HOST || !strstr(error->message, "did not stop in time"))
		return false;
	error_free(error);
	return true;
}

static inline bool holds_threads(const struct target *target)
{
	for (size_t i = 0; i < target->threads_count; i++)
		if (target->threads[i].attached && !target->threads[i].gone)
			return true;
	return false;
}

/* Lets all threads go, those too that are late for it. */
static inline void let_go(struct target *target)
{
	for (int tries = 0; tries < ATTEMPTS; tries++) {
		target_release(target);
		if (!holds_threads(target))
			break;
	}
	assert_false(holds_threads(target));
	target_deinit(target);
}

static inline void seize_and_stop(struct target *target, pid_t pid)
{
	for (int tries = 0; tries < ATTEMPTS; tries++) {
		struct error *error;

		assert_ok(target_seize(target, pid));
		error = target_stop(target);
		if (!was_late(error)) {
			assert_ok(error);
			return;
		}
		let_go(target);
	}
	fail_msg("process %d does not stop in %d attempts", pid, ATTEMPTS);
}

#endif
