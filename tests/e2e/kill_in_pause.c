/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kill_in_pause PID SEED LONGEST COMMAND…: runs the command, waits until process PID
 * stands still for a tracer, lets a random time pass (by SEED, at most LONGEST
 * nanoseconds: how long a pause is known to last) and kills the command with SIGKILL. Says "in the
 * pause" when the process still stood still at that moment, else "after the pause"; exits 1 when
 * the command ended by itself before any pause was seen.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A thread's state letter: the one after the last ')' of its stat line. */
static char state_of(int tasks, const char *tid)
{
	char path[300], line[512];
	const char *paren;
	ssize_t size;
	int fd;

	snprintf(path, sizeof(path), "%s/stat", tid);
	fd = openat(tasks, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	size = read(fd, line, sizeof(line) - 1);
	close(fd);
	if (size <= 0)
		return 0;
	line[size] = '\0';
	paren = strrchr(line, ')');
	return paren && paren[1] == ' ' ? paren[2] : 0;
}

/*
 * A thread of the process stands still for a tracer. Any one will do: the one in whose
 * context the capture runs, perhaps the main one, does not.
 */
static bool stands_still(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	bool still = false;

	while (dir && !still && (entry = readdir(dir)))
		still = entry->d_name[0] != '.' && state_of(dirfd(dir), entry->d_name) == 't';
	if (dir)
		closedir(dir);
	return still;
}

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

/* Others have to get on. */
static void nap(void)
{
	const struct timespec moment = {.tv_nsec = 50000};

	nanosleep(&moment, NULL);
}

int main(int argc, char **argv)
{
	const struct sched_param urgent = {.sched_priority = 2};
	const double patience_ms = 120000;
	double start, pause_began, longest_ms;
	char path[64];
	pid_t child;
	int status;
	bool still;

	if (argc < 5) {
		fprintf(stderr, "usage: kill_in_pause PID SEED LONGEST COMMAND…\n");
		return 1;
	}
	snprintf(path, sizeof(path), "/proc/%s/task", argv[1]);
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
	/*
	 * The command is urgent in the pause, and would keep us from seeing it where CPUs are
	 * scarce. Where this is refused it is refused to the command too.
	 */
	sched_setscheduler(0, SCHED_FIFO, &urgent);
	start = now_ms();
	while (!stands_still(path)) {
		nap();
		if (waitpid(child, &status, WNOHANG) == child) {
			fprintf(stderr, "the command ended (status %#x), no pause was seen\n",
				(unsigned)status);
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
		nap();
	still = stands_still(path);
	kill(child, SIGKILL);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	puts(still ? "in the pause" : "after the pause");
	return 0;
}
