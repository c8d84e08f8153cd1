/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Haste while others stand still.
 *
 * A thread that is let go runs at once, and may take the CPU from us before the next one is
 * let go: where a process has more threads that compute than there are CPUs, most of them
 * then stood still for as long as the first ones liked to run. Likewise each stop has to be
 * seen by us, between other programs. So from the first interrupt to the last release our
 * thread is of the lowest real-time priority. It sleeps most of that time, and no other
 * thread's priority is touched: dying leaves nothing behind.
 *
 * That takes CAP_SYS_NICE (or RLIMIT_RTPRIO). Without it, and in a control group that has no
 * real-time budget, all goes on as it was, and the pause may be longer.
 */
#include "target_int.h"

#include <sched.h>

static __thread unsigned depth; /* processes that this thread has stopped */
static __thread bool raised;
static __thread int policy_before;
static __thread struct sched_param param_before;

/* What sched_getscheduler() adds to a policy; only the privileged may take it away. */
#define FLAGS SCHED_RESET_ON_FORK

void urgent_begin(void)
{
	const struct sched_param lowest = {.sched_priority = 1};
	int policy;

	if (depth++)
		return;
	policy = sched_getscheduler(0);
	if (policy < 0 || sched_getparam(0, &param_before) < 0)
		return;
	/* Who was made urgent by the user knows better. */
	if ((policy & ~FLAGS) != SCHED_OTHER && (policy & ~FLAGS) != SCHED_BATCH &&
	    (policy & ~FLAGS) != SCHED_IDLE)
		return;
	policy_before = policy;
	raised = sched_setscheduler(0, SCHED_FIFO | (policy & FLAGS), &lowest) == 0;
}

void urgent_end(void)
{
	assert(depth);
	if (--depth || !raised)
		return;
	sched_setscheduler(0, policy_before, &param_before);
	raised = false;
}
