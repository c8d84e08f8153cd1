/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * page_out PID: asks the kernel to write the process's private writable memory to swap
 * (process_madvise(2), MADV_PAGEOUT), and prints how many KiB of it are there then.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

static FILE *open_proc(const char *pid, const char *file)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/%s", pid, file);
	f = fopen(path, "re");
	if (!f) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		exit(2);
	}
	return f;
}

int main(int argc, char **argv)
{
	char line[4096];
	FILE *file;
	int process;

	if (argc != 2) {
		fprintf(stderr, "usage: page_out PID\n");
		return 2;
	}
	process = (int)syscall(SYS_pidfd_open, (pid_t)strtol(argv[1], NULL, 10), 0);
	if (process < 0) {
		fprintf(stderr, "process %s: %s\n", argv[1], strerror(errno));
		return 2;
	}
	file = open_proc(argv[1], "maps");
	while (fgets(line, sizeof(line), file)) {
		uint64_t from, to;
		struct iovec range;
		char rights[5];

		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s", &from, &to, rights) != 3 ||
		    strcmp(rights, "rw-p") != 0)
			continue;
		range = (struct iovec){(void *)from, to - from};
		if (syscall(SYS_process_madvise, process, &range, 1, MADV_PAGEOUT, 0) < 0 &&
		    errno != EINVAL) /* memory that is locked, or no memory at all */
			fprintf(stderr, "%" PRIx64 ": %s\n", from, strerror(errno));
	}
	fclose(file);
	close(process);
	file = open_proc(argv[1], "status");
	while (fgets(line, sizeof(line), file)) {
		long kib;

		if (sscanf(line, "VmSwap: %ld", &kib) == 1)
			printf("%ld\n", kib);
	}
	fclose(file);
	return 0;
}
