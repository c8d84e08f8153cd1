/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kill_in_pause PID SEED LONGEST COMMAND…: runs the command, waits until process PID
 * stands still for a tracer, lets a random time pass (by SEED, at most LONGEST
 * nanoseconds: how long a pause is known to last) and kills the command with SIGKILL. Says "in the pause" when the process still
 * stood still at that moment, else "after the pause"; exits 1 when the command
 * ended by itself before any pause was seen.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The state letter of a process's main thread: the one after the last ')' of its stat line. */
static char state_of(const char *path)
{
	char line[512];
	size_t size;
	FILE *file = fopen(path, "r");
	const char *paren;

	if (!file)
		return 0;
	size = fread(line, 1, sizeof(line) - 1, file);
	fclose(file);
	line[size] = '\0';
	paren = strrchr(line, ')');
	return paren && paren[1] == ' ' ? paren[2] : 0;
}

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

int main(int argc, char **argv)
{
	const double patience_ms = 20000;
	double start, pause_began, longest_ms;
	char path[64];
	pid_t child;
	int status;
	char state;

	if (argc < 5) {
		fprintf(stderr, "usage: kill_in_pause PID SEED LONGEST COMMAND…\n");
		return 1;
	}
	snprintf(path, sizeof(path), "/proc/%s/stat", argv[1]);
	srand48(strtol(argv[2], NULL, 10));
	longest_ms = strtod(argv[3], NULL) / 1e6;
	child = fork();
	if (child < 0) {
		perror("fork");
		return 1;
	}
	if (child == 0) {
		execv(argv[4], argv + 4);
		perror(argv[4]);
		_exit(127);
	}
	start = now_ms();
	while (state_of(path) != 't') {
		if (waitpid(child, &status, WNOHANG) == child) {
			fprintf(stderr, "the command ended (status %#x), no pause was seen\n", (unsigned)status);
			return 1;
		}
		if (now_ms() - start > patience_ms) {
			kill(child, SIGKILL);
			waitpid(child, &status, 0);
			fprintf(stderr, "no pause within %.0f ms\n", patience_ms);
			return 1;
		}
	}
	pause_began = now_ms();
	start = drand48() * longest_ms;
	while (now_ms() - pause_began < start)
		;
	state = state_of(path);
	kill(child, SIGKILL);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	puts(state == 't' ? "in the pause" : "after the pause");
	return 0;
}
