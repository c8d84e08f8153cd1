/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What /proc says about a process. Everything goes through a descriptor of
 * /proc/PID: the kernel ties it to the process itself, so that all answers are
 * about the same one even when it dies and its pid is given away. Texts are the
 * target's own and may be anything; only their framing by the kernel is trusted.
 */
#include "target_int.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Kernel texts are small; what the process chose (arguments, environment) can be megabytes. */
#define STATUS_LIMIT (1u << 16)
#define STRINGS_LIMIT (64u << 20)
#define CAPABILITY_SYS_PTRACE 19

static struct error *no_such_process(pid_t pid)
{
	return error_new(ERROR_TARGET, "no such process: %d", pid);
}

struct error *proc_error(pid_t pid, int errnum, const char *what)
{
	if (errnum == ENOENT || errnum == ESRCH)
		return no_such_process(pid);
	if (errnum == EACCES || errnum == EPERM)
		return error_new(ERROR_HOST,
				 "process %d: no permission to read %s: run as root or with "
				 "CAP_SYS_PTRACE",
				 pid, what);
	return error_os(ERROR_HOST, errnum, "process %d: cannot read %s", pid, what);
}

struct error *proc_open(pid_t pid, int *ret)
{
	char path[32];
	int fd;

	if (pid <= 0)
		return no_such_process(pid);
	snprintf(path, sizeof(path), "/proc/%d", pid);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && (kill(pid, 0) == 0 || errno == EPERM))
		return error_new(ERROR_HOST,
				 "process %d exists, but /proc hides it (hidepid): run as root",
				 pid);
	if (fd < 0)
		return proc_error(pid, errno, path);
	*ret = fd;
	return NULL;
}

struct error *proc_read(int dir, pid_t pid, const char *name, size_t limit, struct strbuf *ret)
{
	cleanup_fd int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	size_t total = 0;

	if (fd < 0)
		return proc_error(pid, errno, name);
	for (;;) {
		size_t room = total < 65536 ? 4096 : 65536;
		ssize_t n = read(fd, strbuf_reserve(ret, room), room);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return proc_error(pid, errno, name);
		if (n == 0)
			return NULL;
		strbuf_commit(ret, (size_t)n);
		total += (size_t)n;
		if (total > limit)
			return error_new(ERROR_TARGET, "process %d: %s is larger than %zu bytes",
					 pid, name, limit);
	}
}

/* The text after "KEY:" at the beginning of a line; NULL when there is no such line. */
static const char *status_field(const char *text, const char *key)
{
	size_t length = strlen(key);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		if (*line == '\n')
			line++;
		if (!strncmp(line, key, length) && line[length] == ':')
			return line + length + 1 + strspn(line + length + 1, " \t");
		if (!*line)
			break;
	}
	return NULL;
}

static bool status_number(const char *text, const char *key, long *ret)
{
	const char *field = status_field(text, key);
	char *end;
	long value;

	if (!field)
		return false;
	value = strtol(field, &end, 10);
	if (end == field || value < 0 || value > INT_MAX)
		return false;
	*ret = value;
	return true;
}

bool proc_parse_status(const char *text, struct proc_status *ret)
{
	const char *state = status_field(text, "State"), *ids = status_field(text, "NSpid");
	long tgid, tracer, threads, last = -1;

	if (!state || *state < 'A' || !status_number(text, "Tgid", &tgid) ||
	    !status_number(text, "TracerPid", &tracer) || !status_number(text, "Threads", &threads))
		return false;
	/* Kernels without pid namespaces have no NSpid. The innermost namespace comes last. */
	if (!ids && !status_number(text, "Pid", &last))
		return false;
	while (ids && *ids >= '0' && *ids <= '9') {
		char *end;

		last = strtol(ids, &end, 10);
		ids = end + strspn(end, " \t");
	}
	if (last < 0 || last > INT_MAX)
		return false;
	*ret = (struct proc_status){
		.state = *state,
		.tgid = (pid_t)tgid,
		.tracer = (pid_t)tracer,
		.ns_pid = (pid_t)last,
		.threads = (unsigned)threads,
	};
	return true;
}

/* PID (COMM) S ppid …: proc(5). COMM may hold anything, also parentheses and spaces. */
bool proc_parse_stat(const char *text, struct proc_stat *ret)
{
	const char *p = strrchr(text, ')');
	struct proc_stat stat = {0};

	if (!p || p[1] != ' ' || !p[2] || p[3] != ' ')
		return false;
	p += 4;
	for (int field = 4; field <= 22; field++) {
		char *end;
		uint64_t value = strtoull(p, &end, 10);

		if (end == p)
			return false;
		if (field == 9)
			stat.flags = value;
		if (field == 22)
			stat.starttime = value;
		p = end;
	}
	*ret = stat;
	return true;
}

struct error *proc_status(int dir, pid_t pid, const char *name, struct proc_status *ret)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	TRY(proc_read(dir, pid, name, STATUS_LIMIT, &text));
	if (!proc_parse_status(text.data, ret))
		return error_new(ERROR_HOST, "process %d: cannot understand %s", pid, name);
	return NULL;
}

struct error *proc_stat(int dir, pid_t pid, struct proc_stat *ret)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	TRY(proc_read(dir, pid, "stat", STATUS_LIMIT, &text));
	if (!proc_parse_stat(text.data, ret))
		return error_new(ERROR_HOST, "process %d: cannot understand stat", pid);
	return NULL;
}

struct error *proc_check(int dir, pid_t pid, struct proc_stat *ret)
{
	struct proc_status status;
	struct proc_stat stat;

	TRY(proc_status(dir, pid, "status", &status));
	TRY(proc_stat(dir, pid, &stat));
	if (stat.flags & PROC_KERNEL_THREAD)
		return error_new(ERROR_TARGET, "%d is a kernel thread", pid);
	if (status.tgid != pid)
		return error_new(ERROR_TARGET, "%d is a thread of process %d", pid, status.tgid);
	if (status.state == 'Z' || status.state == 'X')
		return error_new(ERROR_TARGET,
				 status.threads > 1 ? "process %d: its main thread has exited"
						    : "process %d has exited (zombie)",
				 pid);
	*ret = stat;
	return NULL;
}

const char *proc_comm(pid_t pid)
{
	static _Thread_local char name[32];
	char path[32];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? 0 : read(fd, name, sizeof(name) - 1);
	name[n < 0 ? 0 : n] = '\0';
	for (char *p = name; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 127)
			*p = p[1] ? '?' : '\0';
	return name;
}

pid_t proc_owner(pid_t tid)
{
	struct proc_status status;
	struct error *error;
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d", tid);
	cleanup_fd int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return tid;
	error = proc_status(dir, tid, "status", &status);
	error_free(error);
	return error ? tid : status.tgid;
}

bool proc_can_ptrace(void)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	cleanup_fd int dir = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct error *error;
	const char *field;

	if (dir < 0)
		return false;
	error = proc_read(dir, getpid(), "status", STATUS_LIMIT, &text);
	if (error) {
		error_free(error); /* then we cannot tell: the message speaks of privileges */
		return false;
	}
	field = status_field(text.data, "CapEff");
	return field && strtoull(field, NULL, 16) >> CAPABILITY_SYS_PTRACE & 1;
}

/* kernel.yama.ptrace_scope, 0 where there is no Yama. */
static int yama_scope(void)
{
	cleanup_fd int fd = open("/proc/sys/kernel/yama/ptrace_scope", O_RDONLY | O_CLOEXEC);
	char digit = '0';

	return fd >= 0 && read(fd, &digit, 1) == 1 && digit >= '0' && digit <= '9' ? digit - '0'
										   : 0;
}

struct error *proc_ptrace_refused(pid_t pid)
{
	bool capable = proc_can_ptrace();
	int scope = yama_scope();

	if (scope >= 3)
		return error_new(
			ERROR_HOST,
			"process %d: this host allows no ptrace at all until it is rebooted "
			"(kernel.yama.ptrace_scope = %d)",
			pid, scope);
	if (capable)
		return error_new(
			ERROR_HOST,
			"process %d: ptrace is refused in spite of CAP_SYS_PTRACE: it is in a "
			"user namespace above ours, or a security module (AppArmor, SELinux) "
			"forbids it: run as root on the host",
			pid);
	if (scope)
		return error_new(
			ERROR_HOST,
			"process %d: no permission to trace it (kernel.yama.ptrace_scope = "
			"%d): run as root or with CAP_SYS_PTRACE%s",
			pid, scope,
			scope == 1 ? ", or set kernel.yama.ptrace_scope to 0 if it runs as "
				     "the same user"
				   : "");
	return error_new(
		ERROR_HOST,
		"process %d: no permission to trace it: run as root or with CAP_SYS_PTRACE", pid);
}

const char *path_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

struct error *proc_executable(struct arena *arena, int dir, pid_t pid, const char **ret)
{
	static const char deleted[] = " (deleted)";
	char path[PATH_MAX + 1];
	ssize_t n = readlinkat(dir, "exe", path, sizeof(path) - 1);
	size_t length, tail = sizeof(deleted) - 1;
	struct stat stat;

	if (n < 0)
		return proc_error(pid, errno, "exe");
	path[n] = '\0';
	length = (size_t)n;
	/* The kernel's mark of a file that was replaced, unless the file is really called that. */
	if (length > tail && !strcmp(path + length - tail, deleted) &&
	    fstatat(dir, "exe", &stat, 0) == 0 && stat.st_nlink == 0)
		length -= tail;
	*ret = arena_strndup(arena, path, length);
	return NULL;
}

struct error *proc_strings(struct arena *arena, int dir, pid_t pid, const char *name,
			   char separator, const char **ret)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	TRY(proc_read(dir, pid, name, STRINGS_LIMIT, &text));
	while (text.length && !text.data[text.length - 1])
		strbuf_truncate(&text, text.length - 1);
	for (size_t i = 0; i < text.length; i++)
		if (!text.data[i])
			text.data[i] = separator;
	*ret = arena_strndup(arena, text.data, text.length);
	return NULL;
}

struct hostname_job {
	int ns; /* the namespace to look into */
	bool ok;
	char name[HOST_NAME_MAX + 1];
};

static void *hostname_thread(void *data)
{
	struct hostname_job *job = data;

	job->ok =
		setns(job->ns, CLONE_NEWUTS) == 0 && gethostname(job->name, sizeof(job->name)) == 0;
	return NULL;
}

/*
 * A container has its own host name. setns() changes the calling thread alone, so
 * a thread that ends right after it leaves nothing to put back.
 */
struct error *proc_hostname(struct arena *arena, int dir, pid_t pid, const char **ret)
{
	cleanup_fd int ns = openat(dir, "ns/uts", O_RDONLY | O_CLOEXEC);
	struct hostname_job job = {.ns = ns};
	struct stat theirs, ours;
	pthread_t thread;
	int errnum;

	if (ns < 0 || fstat(ns, &theirs) < 0)
		return proc_error(pid, errno, "ns/uts");
	if (stat("/proc/self/ns/uts", &ours) == 0 && ours.st_ino == theirs.st_ino &&
	    ours.st_dev == theirs.st_dev) {
		job.ok = gethostname(job.name, sizeof(job.name)) == 0;
	} else {
		errnum = pthread_create(&thread, NULL, hostname_thread, &job);
		if (errnum)
			return error_os(ERROR_HOST, errnum, "cannot create a thread");
		pthread_join(thread, NULL);
	}
	job.name[HOST_NAME_MAX] = '\0';
	*ret = arena_strdup(arena, job.ok ? job.name : "");
	return NULL;
}

int thread_cpu(const struct target *target, size_t thread)
{
	char path[64], text[1024];
	const char *p;
	int fd, cpu = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", (int)target->pid,
		 (int)target->threads[thread].tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return -1;
	text[n] = '\0';
	/* Field 39, counted from the state, field 3, behind the command's closing parenthesis. */
	p = strrchr(text, ')');
	for (int field = 2; p && field < 39; field++)
		p = strchr(p + 1, ' ');
	if (p && sscanf(p, "%d", &cpu) != 1)
		cpu = -1;
	return cpu;
}
