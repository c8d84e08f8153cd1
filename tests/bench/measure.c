/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * measure FILE CMD ARGS…: runs a command and writes what it took to FILE, as lines of
 * "key: value": wall_ns, cpu_ns (user and system), rss_bytes (at its highest). Of several
 * processes the largest counts. Exits as the command does.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int64_t ns(const struct timeval *time)
{
	return (int64_t)time->tv_sec * 1000000000 + (int64_t)time->tv_usec * 1000;
}

int main(int argc, char **argv)
{
	struct rusage usage;
	int64_t begin, wall;
	int status;
	FILE *out;
	pid_t pid;

	if (argc < 3) {
		fprintf(stderr, "usage: measure FILE CMD ARGS…\n");
		return 2;
	}
	out = fopen(argv[1], "we");
	if (!out) {
		fprintf(stderr, "%s: %s\n", argv[1], strerror(errno));
		return 2;
	}
	begin = now();
	pid = fork();
	if (pid == 0) {
		execvp(argv[2], argv + 2);
		fprintf(stderr, "%s: %s\n", argv[2], strerror(errno));
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) < 0) {
		fprintf(stderr, "measure: %s\n", strerror(errno));
		return 2;
	}
	wall = now() - begin;
	fprintf(out, "wall_ns: %" PRId64 "\ncpu_ns: %" PRId64 "\nrss_bytes: %ld\n", wall,
		ns(&usage.ru_utime) + ns(&usage.ru_stime), usage.ru_maxrss * 1024);
	if (fclose(out)) {
		fprintf(stderr, "%s: %s\n", argv[1], strerror(errno));
		return 2;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
