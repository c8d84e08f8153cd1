/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bpf_left: prints a line for each BPF program and map of Askance's that the kernel holds now,
 * and for each link of such a program: "prog ID", "map ID", "link ID". Names are given
 * by libbpf: the program's function, the maps' variables, cut to 15 characters.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int bpf(int command, union bpf_attr *attr)
{
	return (int)syscall(__NR_bpf, command, attr, sizeof(*attr));
}

static bool get_info(int fd, void *info, uint32_t size)
{
	union bpf_attr attr = {0};

	attr.info.bpf_fd = (uint32_t)fd;
	attr.info.info_len = size;
	attr.info.info = (uintptr_t)info;
	return bpf(BPF_OBJ_GET_INFO_BY_FD, &attr) == 0;
}

/* What the kernel tells of the object that `command` gives a descriptor of by its id. */
static bool get_info_by_id(int command, uint32_t id, void *info, uint32_t size)
{
	union bpf_attr attr = {0};
	bool told;
	int fd;

	attr.prog_id = id; /* map_id and link_id lie there, too */
	fd = bpf(command, &attr);
	if (fd < 0)
		return false;
	told = get_info(fd, info, size);
	close(fd);
	return told;
}

static bool is_program(uint32_t id)
{
	struct bpf_prog_info info = {0};

	return get_info_by_id(BPF_PROG_GET_FD_BY_ID, id, &info, sizeof(info)) &&
	       !strcmp(info.name, "askance_capture");
}

static bool is_map(uint32_t id)
{
	struct bpf_map_info info = {0};

	return get_info_by_id(BPF_MAP_GET_FD_BY_ID, id, &info, sizeof(info)) &&
	       (!strncmp(info.name, "ask_", 4) || !strncmp(info.name, "askance.", 8));
}

static bool is_link(uint32_t id)
{
	struct bpf_link_info info = {0};

	return get_info_by_id(BPF_LINK_GET_FD_BY_ID, id, &info, sizeof(info)) &&
	       is_program(info.prog_id);
}

/* false: the kernel does not tell. */
static bool list(int command, const char *what, bool (*ours)(uint32_t id))
{
	union bpf_attr attr = {0};

	while (bpf(command, &attr) == 0) {
		uint32_t id = attr.next_id;

		if (ours(id))
			printf("%s %u\n", what, id);
		memset(&attr, 0, sizeof(attr));
		attr.start_id = id;
	}
	if (errno == ENOENT)
		return true;
	perror(what);
	return false;
}

int main(void)
{
	return list(BPF_PROG_GET_NEXT_ID, "prog", is_program) &&
			       list(BPF_MAP_GET_NEXT_ID, "map", is_map) &&
			       list(BPF_LINK_GET_NEXT_ID, "link", is_link)
		       ? 0
		       : 1;
}
