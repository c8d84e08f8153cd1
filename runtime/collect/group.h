/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GROUP_H
#define GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct collect_group;

/* Where sessions of a group wait for one another. */
enum group_stage {
	GROUP_LOADED,  /* engines are loaded: nobody's pause has to share the CPUs with that */
	GROUP_READY,   /* threads are seized, programs attached */
	GROUP_STOPPED, /* all processes stand still */
	GROUP_READ,    /* all are read: they may go on */
	GROUP_DONE,    /* all run again: what was read may be written */
	GROUP_STAGES,
};

/* One session's place in a group; without a group nothing here ever waits. */
struct seat {
	struct collect_group *group; /* NULL: alone */
	unsigned cpus;		     /* held by seat_take() */
	bool left;
};

/*
 * Waits until all sessions that are still in the group have come to this stage, or until
 * the time `until` (CLOCK_MONOTONIC in ns, 0: no such time). READY, STOPPED and READ are
 * stages of groups that stop together alone; others pass.
 */
void seat_arrive(struct seat *seat, enum group_stage stage, int64_t until);
bool seat_together(const struct seat *seat);
/* Waits until `cpus` CPUs (as many as there are, at most) are not in use by other sessions. */
void seat_take(struct seat *seat, unsigned cpus, int64_t until);
void seat_give(struct seat *seat);
/* This session will come to no further stage. Safe to call again. */
void seat_leave(struct seat *seat);

#endif
