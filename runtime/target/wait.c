/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waiting for a traced thread: sleeping, but not for ever, and without making the
 * kernel forget a signal.
 *
 * Stops are looked at with WNOWAIT and never consumed. A thread about to get a
 * signal keeps it in task->exit_code while it stops (kernel/signal.c, ptrace_stop
 * and ptrace_signal). An ordinary wait() zeroes that field (kernel/exit.c,
 * wait_task_stopped); if the tracer is killed then, the thread goes on with 0,
 * "the debugger cancelled it", and the signal is lost. Left alone, the field still
 * holds the signal when the kernel detaches us, and it is delivered. At system-call
 * stops the field holds SIGTRAP | 0x80, which the kernel would send on; no signal has
 * that number, so nothing happens. That is why PTRACE_O_TRACESYSGOOD is needed. The
 * stop at execve() alone is consumed: the kernel refuses to do anything with a thread
 * that took over its leader's id until that was seen (kernel/ptrace.c,
 * looks_like_a_spurious_pid), and no signal is at stake.
 *
 * waitid() has no timeout. A thread in uninterruptible sleep stops when it wakes up,
 * a leader that called pthread_exit() never. So a timer ticks while we wait and makes
 * waitid() fail with EINTR; each tick looks at the clock and at the thread's state.
 * The timer's signal and its empty handler are there only between arm and disarm.
 */
#include "target_int.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define TICK_NS 5000000 /* only slow cases ever see one */
#define NS_PER_S 1000000000ll

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

static int tick_signal(void)
{
	return SIGRTMAX;
}

static void tick(int signal)
{
	(void)signal; /* its arrival is all that matters */
}

int64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

struct error *watch_init(struct target_watch *watch)
{
	struct sigevent event = {
		.sigev_notify = SIGEV_THREAD_ID,
		.sigev_signo = tick_signal(),
		.sigev_notify_thread_id = (pid_t)syscall(SYS_gettid),
	};

	if (timer_create(CLOCK_MONOTONIC, &event, &watch->timer) < 0)
		return error_os(ERROR_HOST, errno, "cannot create a timer");
	watch->has_timer = true;
	return NULL;
}

void watch_deinit(struct target_watch *watch)
{
	if (watch->has_timer)
		timer_delete(watch->timer);
	watch->has_timer = false;
}

static void set_timer(struct target_watch *watch, long ns)
{
	const struct itimerspec spec = {
		.it_value.tv_nsec = ns,
		.it_interval.tv_nsec = ns,
	};
	int code = timer_settime(watch->timer, 0, &spec, NULL);

	assert(code == 0);
	(void)code;
}

void watch_arm(struct target_watch *watch)
{
	struct sigaction action = {.sa_handler = tick}; /* no SA_RESTART */
	sigset_t ours;

	sigaction(tick_signal(), &action, &watch->old_action);
	sigemptyset(&ours);
	sigaddset(&ours, tick_signal());
	pthread_sigmask(SIG_UNBLOCK, &ours, &watch->old_mask);
	watch->deadline = monotonic_ns() + TARGET_PATIENCE_NS;
	set_timer(watch, TICK_NS);
}

void watch_disarm(struct target_watch *watch)
{
	set_timer(watch, 0); /* a tick that was due is handled before this returns */
	pthread_sigmask(SIG_SETMASK, &watch->old_mask, NULL);
	sigaction(tick_signal(), &watch->old_action, NULL);
}

/* A leader that exited while other threads live on: waitid() will not tell until they are gone. */
static bool is_zombie(const struct target_watch *watch, pid_t tid)
{
	struct proc_status status;
	struct error *error;
	char name[32];

	snprintf(name, sizeof(name), "%d/status", tid);
	error = proc_status(dirfd(watch->tasks), tid, name, &status);
	if (error) {
		/* Not there any more: the next waitid() tells the same. */
		error_free(error);
		return false;
	}
	return status.state == 'Z' || status.state == 'X';
}

/* `attached`: it is dead, but its end cannot be waited for yet. */
static enum wait_event gone(struct target_thread *thread, bool attached)
{
	thread->gone = true;
	thread->attached = attached;
	thread->stopped = false;
	thread->idle = false;
	thread->signal = 0;
	return WAIT_GONE;
}

bool watch_reap(struct target_thread *thread)
{
	siginfo_t info = {0};

	if (waitid(P_PID, (id_t)thread->tid, &info, WEXITED | WNOHANG | __WALL) == 0 &&
	    info.si_pid == 0)
		return false;
	gone(thread, false);
	return true;
}

static enum wait_event stopped(struct target_thread *thread, int status)
{
	int event = status >> 8, signal = status & 0xff;

	thread->stopped = true;
	thread->signal = 0;
	if (event == PTRACE_EVENT_STOP)
		return WAIT_INTERRUPTED;
	if (event == PTRACE_EVENT_EXEC)
		return WAIT_EXEC;
	if (signal == (SIGTRAP | 0x80))
		return WAIT_SYSCALL;
	thread->signal = signal;
	return WAIT_SIGNAL;
}

enum wait_event watch_wait(struct target_watch *watch, struct target_thread *thread)
{
	siginfo_t info = {0};

	while (waitid(P_PID, (id_t)thread->tid, &info, WEXITED | WSTOPPED | WNOWAIT | __WALL) < 0) {
		if (errno != EINTR)
			return gone(thread, false); /* ECHILD: another thread's execve() reaped it */
		/* In this order: a zombie that cannot be reaped is a leader that left others behind. */
		if (is_zombie(watch, thread->tid) && !watch_reap(thread))
			return gone(thread, true);
		if (thread->gone)
			return WAIT_GONE;
		if (monotonic_ns() >= watch->deadline)
			return WAIT_TIMEOUT;
		info = (siginfo_t){0};
	}
	if (info.si_code == CLD_TRAPPED || info.si_code == CLD_STOPPED) {
		enum wait_event event = stopped(thread, info.si_status);

		if (event == WAIT_EXEC)
			waitid(P_PID, (id_t)thread->tid, &info, WSTOPPED | WNOHANG | __WALL);
		return event;
	}
	/* Exited. Our wait comes first; only then does the parent hear of it. */
	watch_reap(thread);
	return WAIT_GONE;
}
