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
#define FINE_TICK_NS 1000000 /* where the end of patience is a promise */
#define NS_PER_S 1000000000ll

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

static int tick_signal(void)
{
	return SIGRTMAX;
}

/* The process of which this thread seizes a thread just now, or NULL. */
static _Thread_local struct target *volatile seizing;

/*
 * An execve() kills the other threads, and waits for those that have a tracer until he has reaped
 * them (fs/exec.c, de_thread): who waits for its end must not leave that for later.
 */
static void reap_dead(struct target *target)
{
	for (size_t i = 0; i < target->threads_count; i++)
		if (target->threads[i].attached && !target->threads[i].gone)
			watch_reap(&target->threads[i]);
}

/*
 * Its arrival is all that matters to whoever waits for a stop. Seizing is different: it wants a
 * lock that execve() holds (kernel/ptrace.c, ptrace_attach; cred_guard_mutex), and the
 * kernel begins the call anew after a signal. So the dead are reaped here, or both would wait
 * for ever.
 */
static void tick(int signal)
{
	struct target *target = seizing;
	int code = errno;

	(void)signal;
	if (target)
		reap_dead(target);
	errno = code;
}

int watch_seize(struct target *target, pid_t tid, int options)
{
	int code;

	seizing = target;
	code = ptrace(PTRACE_SEIZE, tid, 0, options) < 0 ? errno : 0;
	seizing = NULL;
	return code;
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

static void set_timer(struct target_watch *watch, int64_t ns)
{
	const struct itimerspec spec = {
		.it_value.tv_sec = ns / NS_PER_S,
		.it_value.tv_nsec = ns % NS_PER_S,
		.it_interval.tv_sec = ns / NS_PER_S,
		.it_interval.tv_nsec = ns % NS_PER_S,
	};
	int code = timer_settime(watch->timer, 0, &spec, NULL);

	assert(code == 0);
	(void)code;
}

/*
 * Several threads may wait, each for a process of its own: the handler stays as long as one
 * does.
 */
static pthread_mutex_t handler_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned handler_users;
static struct sigaction handler_before;

static void hold_handler(void)
{
	struct sigaction action = {.sa_handler = tick}; /* no SA_RESTART */

	pthread_mutex_lock(&handler_lock);
	if (!handler_users++)
		sigaction(tick_signal(), &action, &handler_before);
	pthread_mutex_unlock(&handler_lock);
}

static void drop_handler(void)
{
	pthread_mutex_lock(&handler_lock);
	if (!--handler_users)
		sigaction(tick_signal(), &handler_before, NULL);
	pthread_mutex_unlock(&handler_lock);
}

/* Ticks that are evenly spaced, and one of them falls on the end of patience. */
static int64_t tick_length(int64_t left, bool fine)
{
	int64_t tick = fine ? FINE_TICK_NS : TICK_NS, ticks = (left + tick - 1) / tick;

	return left > 0 ? left / ticks + 1 : 1;
}

void watch_arm(struct target_watch *watch, int64_t until)
{
	int64_t now = monotonic_ns();
	sigset_t ours;

	hold_handler();
	sigemptyset(&ours);
	sigaddset(&ours, tick_signal());
	pthread_sigmask(SIG_UNBLOCK, &ours, &watch->old_mask);
	watch->deadline = now + TARGET_PATIENCE_NS;
	if (until && until < watch->deadline)
		watch->deadline = until;
	set_timer(watch, tick_length(watch->deadline - now, until != 0));
}

void watch_disarm(struct target_watch *watch)
{
	set_timer(watch, 0); /* a tick that was due is handled before this returns */
	pthread_sigmask(SIG_SETMASK, &watch->old_mask, NULL);
	drop_handler();
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

	/* A look first: a tracer is told of stops, too, whatever it asks for, and they are not to
	 * be consumed. */
	if (waitid(P_PID, (id_t)thread->tid, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0 &&
	    (info.si_pid == 0 || info.si_code == CLD_TRAPPED || info.si_code == CLD_STOPPED))
		return false;
	waitid(P_PID, (id_t)thread->tid, &info, WEXITED | WNOHANG | __WALL);
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
			return gone(thread,
				    false); /* ECHILD: another thread's execve() reaped it */
		/* In this order: a zombie that cannot be reaped is a leader that left others
		 * behind. */
		if (is_zombie(watch, thread->tid) && !watch_reap(thread))
			return gone(thread, true);
		reap_dead(watch->target);
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
