/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Making a thread of the target run our BPF program, while all others stand still.
 *
 * A thread that was interrupted in a blocking system call has -ERESTART… in its
 * return register. When it is resumed, the kernel moves its instruction pointer back
 * by the two bytes of the `syscall` instruction and returns to user space, where that
 * very instruction runs and enters the call again: exactly one instruction of user
 * code, and one that has been begun already. On the way into the call lies the
 * sys_enter tracepoint, where the program waits for this thread's id. One round:
 *
 *   stopped, -ERESTART… --PTRACE_SYSCALL--> at the call's entry
 *        the kernel reports the entry before it fires the tracepoint
 *        (kernel/entry, syscall_trace_enter: ptrace, seccomp, tracepoint)
 *   at the entry --PTRACE_INTERRUPT, PTRACE_SYSCALL--> the program runs; at the exit
 *
 * The interrupt is sent while the thread still stands at the entry. A trap clears
 * pending interrupts when it begins (kernel/signal.c, ptrace_stop), so this one
 * stays pending, the thread resumes with a signal pending, and the blocking call
 * returns -ERESTART… before it sleeps: no race and no second thread to wake it up.
 * Was there nothing to wait for (a timeout, data that came), the call completes;
 * the thread stops at its exit all the same, because of PTRACE_SYSCALL.
 *
 * At the exit TIF_SIGPENDING is still set (recalc_sigpending_tsk() only sets it), so
 * the next resumption or the detaching goes through the signal code again, which
 * restarts the call. Nothing of this needs us alive.
 *
 * If a signal came since the stop, the kernel reports it before it restarts the call:
 * the thread stops for it instead, and is of no use for captures any more.
 */
#include "target_int.h"

#include <errno.h>
#include <sys/ptrace.h>

/* A group stop or its end reports itself before the thread gets on; more is no progress. */
#define MAX_DETOURS 8

static void resume(struct target_thread *thread)
{
	thread->stopped = false;
	/* ESRCH: it was killed; the wait that follows reaps it. */
	ptrace(PTRACE_SYSCALL, thread->tid, 0, 0);
}

/*
 * Is the thread at the entry (or exit) of the system call whose `syscall` instruction
 * it stood behind before? Then it has run nothing else.
 */
static bool at_syscall(const struct target_thread *thread, uint8_t op)
{
	struct __ptrace_syscall_info info = {0};
	long size = ptrace(PTRACE_GET_SYSCALL_INFO, thread->tid, sizeof(info), &info);

	return size > 0 && info.op == op && info.instruction_pointer == thread->regs.rip;
}

/* It stopped elsewhere than it should: usable for nothing, but released like any other. */
static void abandon(struct target_thread *thread)
{
	if (thread->stopped)
		thread_settle(thread);
	thread->idle = false;
}

/* From the resumption to the call's entry; *ret = it stands there. */
static struct error *enter(struct target *target, struct target_thread *thread, bool *ret)
{
	for (int detours = 0; detours < MAX_DETOURS; detours++) {
		enum wait_event event = watch_wait(target->watch, thread);

		if (event == WAIT_TIMEOUT) {
			thread->idle = false;
			return thread_late(target, thread);
		}
		if (event == WAIT_SYSCALL && at_syscall(thread, PTRACE_SYSCALL_INFO_ENTRY)) {
			*ret = true;
			return NULL;
		}
		if (event != WAIT_INTERRUPTED)
			break;
		resume(thread);
	}
	abandon(thread);
	return NULL;
}

/* To the call's exit. */
static struct error *leave(struct target *target, struct target_thread *thread)
{
	enum wait_event event = watch_wait(target->watch, thread);

	if (event == WAIT_TIMEOUT) {
		thread->idle = false;
		return thread_late(target, thread);
	}
	if (event == WAIT_SYSCALL && at_syscall(thread, PTRACE_SYSCALL_INFO_EXIT))
		thread_settle(thread);
	else
		abandon(thread);
	return NULL;
}

/* Keeps the first error; the other threads are driven to their stop all the same. */
static void keep(struct error **first, struct error *error)
{
	if (*first)
		error_free(error);
	else
		*first = error;
}

struct error *target_trigger(struct target *target, const size_t *threads, size_t count)
{
	bool entered[TARGET_MAX_TRIGGERED] = {false};
	struct error *error = NULL;

	assert(count <= TARGET_MAX_TRIGGERED);
	for (size_t i = 0; i < count; i++) {
		assert(threads[i] < target->threads_count);
		assert(target->threads[threads[i]].stopped && target->threads[threads[i]].idle);
	}
	/* The program itself ends at read_until; half of what is left then is for coming back. */
	watch_arm(target->watch, target->deadline - (target->deadline - target->read_until) / 2);
	for (size_t i = 0; i < count; i++)
		resume(&target->threads[threads[i]]);
	for (size_t i = 0; i < count; i++)
		keep(&error, enter(target, &target->threads[threads[i]], &entered[i]));
	/* All at once from here: a program that ran alone would keep a CPU from the next thread's wake-up. */
	for (size_t i = 0; i < count; i++)
		if (entered[i])
			ptrace(PTRACE_INTERRUPT, target->threads[threads[i]].tid, 0, 0);
	for (size_t i = 0; i < count; i++)
		if (entered[i])
			resume(&target->threads[threads[i]]);
	for (size_t i = 0; i < count; i++)
		if (entered[i])
			keep(&error, leave(target, &target->threads[threads[i]]));
	watch_disarm(target->watch);
	target_note_gone(target);
	if (target->exited)
		keep(&error, target_ended(target));
	return error;
}
