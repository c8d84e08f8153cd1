/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stopping a live process and letting it go again.
 *
 * The process is somebody's production service: whatever happens to us, it goes on.
 * Nothing in it is written, no register, no memory. All we hold is ptrace stops,
 * and those the kernel ends by itself when we die.
 *
 *   seize    PTRACE_SEIZE every thread. Stops nothing; done before the pause, since
 *            it takes locks of the process. From here on a thread that gets a signal
 *            waits for us.
 *   stop     PTRACE_INTERRUPT all, then collect one stop of each, then look for
 *            threads that were born meanwhile, until there are none.
 *   trigger  drive idle threads through one system call entry (trigger.c)
 *   release  PTRACE_DETACH each with the signal it was about to get
 *
 * From stop to release our own thread has a real-time priority (urgent.c).
 *
 * No PTRACE_O_TRACECLONE, _TRACEEXIT: they would stop threads at each birth or death
 * before the pause, and scanning /proc/PID/task finds newcomers as well. A scan is
 * complete when every thread that was known before it stood still, none was new and
 * it saw as many as the directory's link count tells (2 + threads): a thread that
 * stands still creates no other, and readdir() may skip entries only while some
 * vanish. PTRACE_O_TRACEEXEC is set, because after execve() nothing we know of the
 * process holds; it stops the new program at its first instruction, which is
 * released at once.
 *
 * A thread can stop in four ways. By our interrupt, or in a group stop (SIGSTOP):
 * PTRACE_EVENT_STOP; the kernel resumes a group stop by itself after detaching.
 * About to get a signal: it is handed back with PTRACE_DETACH, and the kernel keeps
 * its siginfo as long as the number is the same. At execve(). Or it exits: then it is
 * reaped, because the kernel tells the parent only after the tracer.
 *
 * An interrupt makes a blocked system call return. Most return -ERESTART… and are
 * entered again by the kernel without user code seeing it; such a thread is idle:
 * trigger.c can use it. A few (epoll_wait, semop, io_getevents, sockets with a
 * timeout) return EINTR to the program, as after any debugger.
 */
#include "target_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define OPTIONS (PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC)
#define SPARE_THREADS 64

/* include/linux/errno.h: what a system call returns that the kernel will restart. */
#define ERESTARTSYS 512
#define ERESTARTNOINTR 513
#define ERESTARTNOHAND 514
#define ERESTART_RESTARTBLOCK 516

struct error *target_ended(const struct target *target)
{
	return error_new(ERROR_TARGET, "process %d ended or started another program", target->pid);
}

static struct error *thread_status(const struct target *target, pid_t tid, struct proc_status *ret)
{
	char name[32];

	snprintf(name, sizeof(name), "%d/status", tid);
	return proc_status(dirfd(target->watch->tasks), target->pid, name, ret);
}

struct error *thread_late(const struct target *target, const struct target_thread *thread)
{
	struct proc_status status = {.state = '?'};

	error_free(thread_status(target, thread->tid, &status));
	return error_new(
		ERROR_HOST, "process %d: thread %d did not stop in time (state %c%s): %s",
		target->pid, thread->tid, status.state,
		status.state == 'D' ? ", waiting in the kernel for a device or a child" : "",
		target->max_pause_ns && target->max_pause_ns < TARGET_PATIENCE_NS
			? "try again, or allow a longer pause (--max-pause)"
			: "try again");
}

/* The thread table */

/* Insertion sort: the table is nearly always sorted already, and must not allocate. */
static void sort_threads(struct target *target, bool by_ns_tid)
{
	struct target_thread *threads = target->threads;

	for (size_t i = 1; i < target->threads_count; i++) {
		struct target_thread thread = threads[i];
		pid_t key = by_ns_tid ? thread.ns_tid : thread.tid;
		size_t j = i;

		for (; j && (by_ns_tid ? threads[j - 1].ns_tid : threads[j - 1].tid) > key; j--)
			threads[j] = threads[j - 1];
		threads[j] = thread;
	}
}

/* Among the first `count` threads, which are sorted by tid. */
static struct target_thread *find_thread(const struct target *target, size_t count, pid_t tid)
{
	size_t lo = 0, hi = count;

	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;

		if (target->threads[middle].tid < tid)
			lo = middle + 1;
		else
			hi = middle;
	}
	return lo < count && target->threads[lo].tid == tid ? &target->threads[lo] : NULL;
}

static void reserve_threads(struct target *target, size_t capacity)
{
	struct target_thread *grown;

	if (capacity <= target->threads_capacity)
		return;
	grown = reallocarray(target->threads, capacity, sizeof(*grown));
	if (!grown)
		base_out_of_memory();
	target->threads = grown;
	target->threads_capacity = capacity;
}

void target_note_gone(struct target *target)
{
	for (size_t i = 0; i < target->threads_count; i++)
		if (!target->threads[i].gone)
			return;
	target->exited = true;
}

/* Seizing */

#define SEIZE_TRIES 10

/*
 * Why PTRACE_SEIZE refused. NULL and *gone: the thread is only dead. NULL otherwise: nobody is its
 * tracer, who may have let go of it, or have ended, before we looked for him; so it is to be asked for
 * again, unless this was the `last` time: then there is another reason.
 */
static struct error *seize_refused(const struct target *target, pid_t tid, int errnum, bool last,
				   bool *gone)
{
	struct proc_status status;
	struct error *error;

	*gone = errnum == ESRCH;
	if (*gone)
		return NULL;
	error = thread_status(target, tid, &status);
	*gone = error ? error->code == ERROR_TARGET : status.state == 'Z' || status.state == 'X';
	if (*gone) {
		error_free(error);
		return NULL;
	}
	if (error)
		return error;
	if (errnum != EPERM && errnum != EACCES)
		return error_os(ERROR_HOST, errnum, "process %d: cannot trace it", target->pid);
	if (status.tracer) {
		pid_t tracer = proc_owner(status.tracer);
		const char *name = proc_comm(tracer);

		if (*name || last)
			return error_new(ERROR_HOST,
					 "process %d is already traced by process %d (%s): a "
					 "process can have one tracer only",
					 target->pid, tracer, name);
	}
	return last ? proc_ptrace_refused(target->pid) : NULL;
}

/*
 * Between the scan and PTRACE_SEIZE a thread may die and its id go to a stranger.
 * Now that it is ours, its id cannot change hands any more: is it in the process?
 */
static void expel_stranger(struct target *target, struct target_thread *thread)
{
	char name[16];

	snprintf(name, sizeof(name), "%d", thread->tid);
	if (faccessat(dirfd(target->watch->tasks), name, F_OK, 0) == 0)
		return;
	ptrace(PTRACE_INTERRUPT, thread->tid, 0, 0);
	if (watch_wait(target->watch, thread) < WAIT_GONE)
		ptrace(PTRACE_DETACH, thread->tid, 0, thread->signal);
	thread->attached = thread->stopped = false;
	thread->signal = 0;
	thread->gone = true;
}

/*
 * Is the thread ours already? One that calls execve() takes over its leader's id: that leader was
 * seen dead, and here he is again, traced by us. A leader that is just dead is no news.
 */
static bool is_ours(const struct target *target, pid_t tid)
{
	struct proc_status status = {0};
	struct error *error = thread_status(target, tid, &status);
	bool ours = !error && status.state != 'Z' && status.state != 'X' &&
		    status.tracer == (pid_t)syscall(SYS_gettid);

	error_free(error);
	return ours;
}

/* *ret is false when the thread is dead. */
static struct error *seize_thread(struct target *target, struct target_thread *thread, bool *ret)
{
	struct proc_status status;
	bool gone;
	int code;

	for (int tries = 1; (code = watch_seize(target, thread->tid, OPTIONS)); tries++) {
		if (code == EPERM && is_ours(target, thread->tid))
			break;
		TRY(seize_refused(target, thread->tid, code, tries == SEIZE_TRIES, &gone));
		if (gone) {
			thread->gone = true;
			*ret = false;
			return NULL;
		}
	}
	*thread = (struct target_thread){.tid = thread->tid, .attached = true};
	expel_stranger(target, thread);
	thread->ns_tid = thread->tid;
	if (target->watch->other_namespace && !thread->gone) {
		struct error *error = thread_status(target, thread->tid, &status);

		/* Gone already: whoever waits for it will see. */
		if (error && error->code != ERROR_TARGET)
			return error;
		error_free(error);
		thread->ns_tid = error ? 0 : status.ns_pid;
	}
	*ret = !thread->gone;
	return NULL;
}

/*
 * Seizes what /proc/PID/task has and the table lacks. *complete: nothing was new
 * and nothing can have been overlooked.
 */
static struct error *scan(struct target *target, bool *complete)
{
	size_t known = target->threads_count, seen = 0, fresh = 0;
	struct dirent *entry;
	struct stat before;

	rewinddir(target->watch->tasks);
	if (fstat(dirfd(target->watch->tasks), &before) < 0)
		return target_ended(target);
	while ((entry = readdir(target->watch->tasks))) {
		pid_t tid = (pid_t)strtol(entry->d_name, NULL, 10);
		struct target_thread *thread;
		bool seized;

		if (tid <= 0)
			continue;
		seen++;
		thread = find_thread(target, known, tid);
		if (thread && !thread->gone)
			continue;
		if (!thread) {
			if (target->threads_count == target->threads_capacity)
				reserve_threads(target,
						target->threads_capacity * 2 + SPARE_THREADS);
			thread = &target->threads[target->threads_count++];
			*thread = (struct target_thread){.tid = tid, .ns_tid = tid, .cpu = -1};
		}
		/* One that was gone: a dead leader, or its id has been given to a new thread. */
		TRY(seize_thread(target, thread, &seized));
		fresh += seized;
	}
	sort_threads(target, false);
	*complete = !fresh && seen + 2 >= before.st_nlink;
	return NULL;
}

static struct error *open_watch(struct target *target)
{
	cleanup_fd int dir = -1;
	struct target_watch *watch;
	struct proc_stat unused;
	struct stat theirs, ours;
	int tasks;

	TRY(proc_open(target->pid, &dir));
	TRY(proc_check(dir, target->pid, &unused));
	if (target->pid == getpid())
		return error_new(ERROR_TARGET, "process %d: cannot trace itself", target->pid);
	tasks = openat(dir, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (tasks < 0)
		return proc_error(target->pid, errno, "task");
	watch = calloc(1, sizeof(*watch));
	if (!watch)
		base_out_of_memory();
	target->watch = watch;
	watch->target = target;
	watch->tasks = fdopendir(tasks);
	if (!watch->tasks)
		base_out_of_memory();
	/* When it cannot be told, each thread is asked for its id. */
	watch->other_namespace = fstatat(dir, "ns/pid", &theirs, 0) < 0 ||
				 stat("/proc/self/ns/pid", &ours) < 0 ||
				 theirs.st_ino != ours.st_ino || theirs.st_dev != ours.st_dev;
	return watch_init(watch);
}

static struct error *seize_all(struct target *target)
{
	bool complete;

	TRY(open_watch(target));
	watch_arm(target->watch, 0);
	reserve_threads(target, SPARE_THREADS);
	/* Threads that are born and die faster than we look are left to target_stop(). */
	for (int round = 0; round < 8; round++) {
		struct error *error = scan(target, &complete);

		if (error || complete) {
			watch_disarm(target->watch);
			return error;
		}
	}
	watch_disarm(target->watch);
	reserve_threads(target, target->threads_count * 2 + SPARE_THREADS);
	return NULL;
}

struct error *target_seize(struct target *target, pid_t pid)
{
	struct error *error;

	*target = (struct target){.pid = pid};
	error = seize_all(target);
	if (!error) {
		target_note_gone(target);
		if (target->exited)
			error = target_ended(target);
	}
	if (error)
		target_deinit(target);
	return error;
}

/* Stopping */

void thread_settle(struct target_thread *thread)
{
	long result;

	thread->idle = false;
	if (ptrace(PTRACE_GETREGS, thread->tid, 0, &thread->regs) < 0) {
		thread->stopped = false; /* SIGKILL ended the stop; release reaps it */
		return;
	}
	if (thread->signal || (long)thread->regs.orig_rax < 0)
		return;
	result = -(long)thread->regs.rax;
	thread->idle = result == ERESTARTSYS || result == ERESTARTNOINTR ||
		       result == ERESTARTNOHAND || result == ERESTART_RESTARTBLOCK;
}

static bool is_running(const struct target_thread *thread)
{
	return thread->attached && !thread->stopped && !thread->gone;
}

static void interrupt_all(struct target *target)
{
	/* ESRCH: it is dying; collect() sees that. */
	for (size_t i = 0; i < target->threads_count; i++)
		if (is_running(&target->threads[i]))
			ptrace(PTRACE_INTERRUPT, target->threads[i].tid, 0, 0);
}

/* Waits for every thread that was interrupted: the leader alone, or all others. */
static struct error *collect(struct target *target, bool leader)
{
	for (size_t i = 0; i < target->threads_count; i++) {
		struct target_thread *thread = &target->threads[i];

		if (!is_running(thread) || (thread->tid == target->pid) != leader)
			continue;
		switch (watch_wait(target->watch, thread)) {
		case WAIT_EXEC:
			target->exited = true;
			return target_ended(target);
		case WAIT_TIMEOUT:
			return thread_late(target, thread);
		case WAIT_INTERRUPTED:
		case WAIT_SIGNAL:
		case WAIT_SYSCALL:
		case WAIT_GONE:
			break;
		}
	}
	return NULL;
}

/* The leader last: its end cannot be waited for before the others are reaped. */
static struct error *collect_all(struct target *target)
{
	TRY(collect(target, false));
	TRY(collect(target, true));
	target_note_gone(target);
	return target->exited ? target_ended(target) : NULL;
}

/*
 * A thread that is being born or dying is counted and cannot be seen: it has to run on, which
 * it may not be able to while we, who are urgent, look for it on the same CPU.
 */
static void let_others_run(const struct target *target)
{
	const struct timespec moment = {.tv_nsec = 50000};

	for (size_t i = 0; i < target->threads_count; i++)
		if (is_running(&target->threads[i]))
			return; /* it is waited for, which is as good */
	nanosleep(&moment, NULL);
}

static struct error *stop_all(struct target *target)
{
	for (bool complete = false; !complete;) {
		interrupt_all(target);
		TRY(collect_all(target));
		TRY(scan(target, &complete));
		if (!complete && monotonic_ns() >= target->watch->deadline)
			return error_new(
				ERROR_HOST,
				"process %d creates threads faster than they can be stopped",
				target->pid);
		if (!complete)
			let_others_run(target);
	}
	return NULL;
}

/* What comes after the last read: its thread comes to its stop, we wake up, all are let go. */
static void set_deadline(struct target *target)
{
	int64_t after = 200000 + 4000 * (int64_t)target->threads_count;

	if (!target->max_pause_ns)
		return;
	if (after > target->max_pause_ns / 4)
		after = target->max_pause_ns / 4;
	target->deadline = target->interrupted_at + target->max_pause_ns;
	target->read_until = target->deadline - after;
}

/*
 * Where the threads sleep, which is of use for those that will run captures. A file of
 * /proc takes 5 us: some hundreds are enough, and not in the pause.
 */
static void note_cpus(struct target *target)
{
	for (size_t i = 0; i < target->threads_count; i++)
		target->threads[i].cpu = i < 4 * TARGET_MAX_TRIGGERED ? thread_cpu(target, i) : -1;
}

struct error *target_stop(struct target *target)
{
	struct error *error;

	note_cpus(target);
	sort_threads(target, false);
	urgent_begin();
	target->watch->urgent = true;
	target->interrupted_at = monotonic_ns();
	set_deadline(target);
	watch_arm(target->watch, target->read_until);
	error = stop_all(target);
	target->stopped_at = monotonic_ns();
	watch_disarm(target->watch);
	if (error) {
		target_release(target);
		return error;
	}
	for (size_t i = 0; i < target->threads_count; i++)
		if (target->threads[i].stopped)
			thread_settle(&target->threads[i]);
	sort_threads(target, true);
	return NULL;
}

/* Releasing */

/* ESRCH: SIGKILL ended the stop, so the thread is exiting. */
static void detach(struct target_thread *thread)
{
	if (ptrace(PTRACE_DETACH, thread->tid, 0, thread->signal) == 0)
		thread->attached = false;
	thread->stopped = false;
	thread->signal = 0;
}

/* Threads that are attached and running, or dying: stops, then detaches, or reaps them. */
static void detach_running(struct target *target, bool leader)
{
	for (size_t i = 0; i < target->threads_count; i++) {
		struct target_thread *thread = &target->threads[i];

		if (!thread->attached || (thread->tid == target->pid) != leader)
			continue;
		if (thread->gone) {
			watch_reap(thread); /* the dead leader; if not yet, the next call tries */
			continue;
		}
		ptrace(PTRACE_INTERRUPT, thread->tid, 0, 0);
		/* A second round: SIGKILL may come between the stop and the detaching. */
		for (int round = 0; round < 2 && thread->attached; round++)
			if (watch_wait(target->watch, thread) < WAIT_GONE)
				detach(thread);
	}
}

void target_release(struct target *target)
{
	bool any = false, left = false;

	for (size_t i = 0; i < target->threads_count; i++) {
		struct target_thread *thread = &target->threads[i];

		if (thread->stopped) {
			detach(thread);
			any = true;
		}
		left = left || thread->attached;
	}
	if (any)
		target->released_at = monotonic_ns();
	if (target->watch && target->watch->urgent) {
		target->watch->urgent = false;
		urgent_end();
	}
	if (!left)
		return;
	watch_arm(target->watch, 0);
	detach_running(target, false);
	detach_running(target, true);
	watch_disarm(target->watch);
	target_note_gone(target);
}

void target_deinit(struct target *target)
{
	struct target_watch *watch = target->watch;

	if (watch) {
		target_release(target);
		watch_deinit(watch);
		if (watch->tasks)
			closedir(watch->tasks);
		free(watch);
	}
	free(target->threads);
	target->threads = NULL;
	target->threads_count = target->threads_capacity = 0;
	target->watch = NULL;
}

bool target_read(pid_t pid, uint64_t address, void *data, size_t size)
{
	uint8_t *p = data;

	if (size && address + (size - 1) < address)
		return false;
	while (size) {
		struct iovec local = {.iov_base = p, .iov_len = size};
		struct iovec remote = {.iov_base = (void *)(uintptr_t)address, .iov_len = size};
		ssize_t n = process_vm_readv(pid, &local, 1, &remote, 1, 0);

		if (n <= 0)
			return false;
		p += n;
		address += (uint64_t)n;
		size -= (size_t)n;
	}
	return true;
}

static bool read_live(const void *source, uint64_t address, void *data, size_t size)
{
	return target_read(*(const pid_t *)source, address, data, size);
}

static void read_live_pieces(const void *source, struct target_piece *pieces, size_t count,
			     uint8_t *room)
{
	struct iovec remote[TARGET_MAX_PIECES], local = {.iov_base = room};
	size_t at = 0, got;
	ssize_t n;

	assert(count <= TARGET_MAX_PIECES);
	for (size_t i = 0; i < count; i++) {
		remote[i] = (struct iovec){(void *)(uintptr_t)pieces[i].address, pieces[i].size};
		local.iov_len += pieces[i].size;
	}
	n = count ? process_vm_readv(*(const pid_t *)source, &local, 1, remote, count, 0) : 0;
	got = n > 0 ? (size_t)n : 0;
	for (size_t i = 0; i < count; i++) {
		pieces[i].data = pieces[i].size <= got - at ? room + at : NULL;
		at = pieces[i].data ? at + pieces[i].size : got;
	}
}

struct target_memory target_memory(const pid_t *pid)
{
	return (struct target_memory){
		.read = read_live, .read_pieces = read_live_pieces, .source = pid};
}
