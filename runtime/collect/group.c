/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Several processes at once.
 *
 * Each has a session of its own in a thread of its own: ptrace obeys only the thread that
 * seized, so a session's whole life belongs to one. What they share is here.
 *
 * A pause is short only where nothing else wants the CPUs. So all load first, then
 * those pauses run at the same time that find a CPU each, then all write. A large process
 * takes all CPUs for itself, small ones share them.
 *
 * Together, all stop before one is read, and all are read before one goes on: what was
 * read is one moment of all of them. A session that fails leaves, and the others stop
 * waiting for it. The deadline is stronger: a process goes on when its time is over, however
 * far the others are.
 */
#include "group.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "collect.h"

struct collect_group {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t members; /* that have not left */
	size_t arrived[GROUP_STAGES];
	unsigned cpus, taken;
	bool together;
};

struct collect_group *collect_group_create(size_t members, bool together)
{
	struct collect_group *group = calloc(1, sizeof(*group));
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	pthread_condattr_t monotonic;

	if (!group)
		base_out_of_memory();
	pthread_mutex_init(&group->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&group->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	group->members = members;
	group->cpus = cpus > 0 ? (unsigned)cpus : 1;
	group->together = together;
	return group;
}

void collect_group_destroy(struct collect_group *group)
{
	if (!group)
		return;
	pthread_cond_destroy(&group->changed);
	pthread_mutex_destroy(&group->lock);
	free(group);
}

void collect_group_absent(struct collect_group *group)
{
	struct seat seat = {.group = group};

	seat_leave(&seat);
}

/* With the lock held. false: the time is over. */
static bool wait_for_change(struct collect_group *group, int64_t until)
{
	const struct timespec end = {until / 1000000000, until % 1000000000};

	if (!until)
		return pthread_cond_wait(&group->changed, &group->lock) == 0;
	return pthread_cond_timedwait(&group->changed, &group->lock, &end) == 0;
}

bool seat_together(const struct seat *seat)
{
	return seat->group && seat->group->together;
}

void seat_arrive(struct seat *seat, enum group_stage stage, int64_t until)
{
	struct collect_group *group = seat->group;

	if (!group || seat->left)
		return;
	if (!group->together && stage != GROUP_LOADED && stage != GROUP_DONE)
		return;
	pthread_mutex_lock(&group->lock);
	group->arrived[stage]++;
	pthread_cond_broadcast(&group->changed);
	/* Who leaves has come to all stages before, and nobody waits there any more. */
	while (group->arrived[stage] < group->members)
		if (!wait_for_change(group, until))
			break;
	pthread_mutex_unlock(&group->lock);
}

void seat_take(struct seat *seat, unsigned cpus, int64_t until)
{
	struct collect_group *group = seat->group;

	if (!group || seat->left)
		return;
	cpus = cpus < group->cpus ? cpus : group->cpus;
	pthread_mutex_lock(&group->lock);
	while (group->taken + cpus > group->cpus)
		if (!wait_for_change(group, until))
			break;
	group->taken += cpus;
	seat->cpus = cpus;
	pthread_mutex_unlock(&group->lock);
}

void seat_give(struct seat *seat)
{
	struct collect_group *group = seat->group;

	if (!group || !seat->cpus)
		return;
	pthread_mutex_lock(&group->lock);
	group->taken -= seat->cpus;
	seat->cpus = 0;
	pthread_cond_broadcast(&group->changed);
	pthread_mutex_unlock(&group->lock);
}

void seat_leave(struct seat *seat)
{
	struct collect_group *group = seat->group;

	if (!group || seat->left)
		return;
	seat_give(seat);
	seat->left = true;
	pthread_mutex_lock(&group->lock);
	group->members--;
	pthread_cond_broadcast(&group->changed);
	pthread_mutex_unlock(&group->lock);
}
