/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * target_info(): who a process is. Several files of /proc are read one after the
 * other; a process that calls execve() in between would give a mixture. So the
 * executable is compared before and after.
 */
#include "target_int.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define NS_PER_S 1000000000ll
#define AUXV_LIMIT 65536u
#define MINOR_BITS 20 /* MINORBITS, include/linux/kdev_t.h */

/* /proc/stat has the Unix time of boot, /proc/PID/stat the clock ticks since. */
static struct error *start_time(const struct proc_stat *stat, int64_t *ret)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	cleanup_fd int dir = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int64_t ticks = sysconf(_SC_CLK_TCK), boot;
	const char *line;

	if (dir < 0)
		return error_os(ERROR_HOST, errno, "/proc");
	TRY(proc_read(dir, getpid(), "stat", 64 << 20, &text));
	line = strstr(text.data, "\nbtime ");
	if (!line || ticks <= 0)
		return error_new(ERROR_HOST, "/proc/stat: no time of boot");
	boot = strtoll(line + 7, NULL, 10);
	*ret = boot * NS_PER_S + (int64_t)(stat->starttime / (uint64_t)ticks) * NS_PER_S +
	       (int64_t)(stat->starttime % (uint64_t)ticks) * (NS_PER_S / ticks);
	return NULL;
}

static struct error *pid_namespace(int dir, struct target_info *info)
{
	struct stat stat;

	if (fstatat(dir, "ns/pid", &stat, 0) < 0)
		return proc_error(info->pid, errno, "ns/pid");
	/* stat(2) codes a device as (minor & 0xff) | major << 8 | …; the kernel inside as here. */
	info->pidns_dev = (uint64_t)major(stat.st_dev) << MINOR_BITS | minor(stat.st_dev);
	info->pidns_ino = stat.st_ino;
	return NULL;
}

/* Where AT_RANDOM of the auxiliary vector points to. */
static uint64_t random_bytes(const struct strbuf *auxv)
{
	uint64_t pair[2];

	for (size_t at = 0; at + sizeof(pair) <= auxv->length; at += sizeof(pair)) {
		memcpy(pair, auxv->data + at, sizeof(pair));
		if (pair[0] == AT_RANDOM)
			return pair[1];
	}
	return 0;
}

static struct error *executable_facts(struct arena *arena, int dir, struct target_info *info)
{
	cleanup_fd int exe = openat(dir, "exe", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	cleanup_strbuf struct strbuf auxv = STRBUF_INIT;
	struct stat before, after;
	struct elf_facts facts;

	if (exe < 0 || fstat(exe, &before) < 0)
		return proc_error(info->pid, errno, "exe");
	TRY(proc_read(dir, info->pid, "auxv", AUXV_LIMIT, &auxv));
	if (fstatat(dir, "exe", &after, 0) < 0)
		return proc_error(info->pid, errno, "exe");
	if (before.st_dev != after.st_dev || before.st_ino != after.st_ino)
		return error_new(ERROR_TARGET,
				 "process %d started another program while it was looked at",
				 info->pid);
	info->random = random_bytes(&auxv);
	TRY(elf_read(arena, exe, info->executable, &facts));
	if (facts.elf64)
		TRY(elf_load_bias(&facts, auxv.data, auxv.length, info->executable,
				  &info->load_bias));
	info->go_build_id = facts.go_build_id;
	info->gnu_build_id = facts.gnu_build_id;
	info->is_go = facts.go_build_id[0] != '\0';
	return NULL;
}

struct error *target_info(struct arena *arena, pid_t pid, bool environment, struct target_info *ret)
{
	struct target_info info = {.pid = pid, .environment = ""};
	struct proc_stat stat;
	cleanup_fd int dir = -1;

	TRY(proc_open(pid, &dir));
	TRY(proc_check(dir, pid, &stat));
	TRY(proc_executable(arena, dir, pid, &info.executable));
	info.name = path_base(info.executable);
	TRY(proc_strings(arena, dir, pid, "cmdline", ' ', &info.command_line));
	if (environment)
		TRY(proc_strings(arena, dir, pid, "environ", '\n', &info.environment));
	TRY(proc_hostname(arena, dir, pid, &info.hostname));
	TRY(start_time(&stat, &info.start_time_ns));
	TRY(pid_namespace(dir, &info));
	TRY(executable_facts(arena, dir, &info));
	*ret = info;
	return NULL;
}
