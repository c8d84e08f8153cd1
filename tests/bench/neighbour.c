/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * neighbour PAIRS WINDOW_MS each|held CMD ARGS…: what CMD costs a process that has nothing
 * to do with it and calls the kernel all the time.
 *
 * A child calls getppid() and reads from /dev/zero, turn by turn, and counts. The calls in
 * a window of time are compared with those in the next one; in one of the two, now the
 * first, now the second, CMD is at work:
 *
 *   each   is run at the beginning of the window
 *   held   runs all the time, gets a line at the beginning of the window, and answers
 *          with a line when it has done its work
 *
 * A window lasts longer when CMD does. Prints a line a pair: calls and length of the window
 * without, calls and length of the window with, how long CMD took; lengths in ns.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pid_t caller, held; /* 0: not started */
static int to_held, from_held;

/* Everything that was started ends with us, also when we are killed (PR_SET_PDEATHSIG). */
static void end_children(void)
{
	const pid_t children[] = {caller, held};

	for (size_t i = 0; i < 2; i++)
		if (children[i] > 0) {
			kill(children[i], SIGKILL);
			waitpid(children[i], NULL, 0);
		}
}

static void die(const char *what)
{
	fprintf(stderr, "neighbour: %s: %s\n", what, errno ? strerror(errno) : "failed");
	exit(1);
}

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void sleep_until(int64_t when)
{
	const struct timespec time = {.tv_sec = when / 1000000000, .tv_nsec = when % 1000000000};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR)
		;
}

static void call_for_ever(_Atomic uint64_t *calls)
{
	int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	char data[64];

	if (zero < 0)
		_exit(1);
	for (;;) {
		if (getppid() == 1 || read(zero, data, sizeof(data)) != sizeof(data))
			_exit(0);
		atomic_fetch_add_explicit(calls, 2, memory_order_relaxed);
	}
}

static pid_t start(char **argv, int in, int out)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid > 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if ((in >= 0 && dup2(in, STDIN_FILENO) < 0) || dup2(out, STDOUT_FILENO) < 0)
		_exit(126);
	execvp(argv[0], argv);
	_exit(127);
}

static void wait_for_line(void)
{
	char c = 0;

	while (c != '\n') {
		errno = 0;
		if (read(from_held, &c, 1) != 1)
			die("the held command ended");
	}
}

static void start_held(char **argv)
{
	int in[2], out[2];

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
		die("pipe");
	held = start(argv, in[0], out[1]);
	close(in[0]);
	close(out[1]);
	to_held = in[1];
	from_held = out[0];
	wait_for_line(); /* it is ready */
}

static void act(char **argv, int nowhere)
{
	int status;
	pid_t pid;

	errno = 0;
	if (held) {
		if (write(to_held, "\n", 1) != 1)
			die("the held command does not listen");
		wait_for_line();
		return;
	}
	pid = start(argv, -1, nowhere);
	if (waitpid(pid, &status, 0) < 0)
		die("waitpid");
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		die(argv[0]);
}

/* Window number `with` is the one in which the command is at work. */
static void one_pair(_Atomic uint64_t *calls, int64_t window, int with, char **argv, int nowhere)
{
	uint64_t counted[2]; /* without, with */
	int64_t begin = now(), took = 0, length[2];

	for (int half = 0; half < 2; half++) {
		uint64_t before = atomic_load(calls);
		bool at_work = half == with;

		if (at_work) {
			act(argv, nowhere);
			took = now() - begin;
		}
		sleep_until(begin + window);
		counted[at_work] = atomic_load(calls) - before;
		length[at_work] = now() - begin;
		begin += length[at_work];
	}
	printf("%" PRIu64 " %" PRId64 " %" PRIu64 " %" PRId64 " %" PRId64 "\n", counted[0],
	       length[0], counted[1], length[1], took);
}

int main(int argc, char **argv)
{
	int nowhere, pairs;
	_Atomic uint64_t *calls;
	int64_t window;

	if (argc < 5 || (strcmp(argv[3], "each") != 0 && strcmp(argv[3], "held") != 0)) {
		fprintf(stderr, "usage: neighbour PAIRS WINDOW_MS each|held CMD ARGS…\n");
		return 2;
	}
	pairs = atoi(argv[1]);
	window = atoll(argv[2]) * 1000000;
	atexit(end_children);
	signal(SIGPIPE, SIG_IGN);
	nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	calls = mmap(NULL, sizeof(*calls), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (nowhere < 0 || calls == MAP_FAILED || window <= 0)
		die("cannot begin");
	caller = fork();
	if (caller < 0)
		die("fork");
	if (caller == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		call_for_ever(calls);
	}
	if (strcmp(argv[3], "held") == 0)
		start_held(argv + 4);
	sleep_until(now() + 200000000); /* caches, clocks and the scheduler settle */
	for (int pair = 0; pair < pairs; pair++)
		one_pair(calls, window, pair % 2, argv + 4, nowhere);
	return 0;
}
