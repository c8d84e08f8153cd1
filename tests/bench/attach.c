/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * attach OBJECT HOLD_US: loads an object's program as a snapshot does, says "ready", and for
 * each line on standard input attaches it to raw_tp/sys_enter, keeps it there for HOLD_US
 * microseconds, detaches it, and answers "ATTACH DETACH", both in ns. No process is its
 * target: all that happens is what happens to everybody else on the host. Its maps are as
 * small as the object says; a snapshot makes them larger, which takes memory, not time.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int complain(const char *what, int code)
{
	fprintf(stderr, "attach: %s: %s\n", what, strerror(code < 0 ? -code : code));
	return 1;
}

static int attach_once(const struct bpf_program *program, useconds_t hold)
{
	int64_t begin = now(), attached, detaching;
	struct bpf_link *link = bpf_program__attach_raw_tracepoint(program, "sys_enter");

	if (!link)
		return complain("cannot attach", errno);
	attached = now();
	usleep(hold);
	detaching = now();
	bpf_link__destroy(link);
	printf("%" PRId64 " %" PRId64 "\n", attached - begin, now() - detaching);
	fflush(stdout);
	return 0;
}

int main(int argc, char **argv)
{
	struct bpf_object *object;
	struct bpf_program *program;
	char line[16];
	int rc;

	if (argc != 3) {
		fprintf(stderr, "usage: attach OBJECT HOLD_US\n");
		return 2;
	}
	object = bpf_object__open_file(argv[1], NULL);
	if (!object)
		return complain(argv[1], errno);
	program = bpf_object__find_program_by_name(object, "askance_capture");
	rc = program ? bpf_object__load(object) : -ENOENT;
	if (rc) {
		bpf_object__close(object);
		return complain("cannot load", rc);
	}
	puts("ready");
	fflush(stdout);
	while (!rc && fgets(line, sizeof(line), stdin))
		rc = attach_once(program, (useconds_t)atoi(argv[2]));
	bpf_object__close(object);
	return rc;
}
