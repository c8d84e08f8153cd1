/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * --max-pause: the target goes on when it should, read or not.
 *
 * Whatever may last in the pause looks at one moment, target.read_until: the wait for threads
 * that do not stop, the program in the kernel (control.deadline), the native engine between two
 * steps, the wait for a thread that does not come back. What they leave undone stays in
 * the shards as it is, and is settled when the target runs again:
 *
 *   a goroutine in work          undone, as if it had not been begun
 *   goroutines not begun         counted
 *   values not looked at for     counted; what their pointers lead to has no record, and is
 *   pointers                     not_captured when decoded: absent, never nil or zero
 *   values that were not         counted; they stay read_failed
 *   resident
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "session.h"

/* A program ends some 20 us after the deadline; preempted hosts of virtual CPUs take longer. */
#define PROGRAM_PATIENCE_NS 20000000

static int64_t monotonic(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/*
 * Our CLOCK_MONOTONIC minus the kernel's, which bpf_ktime_get_ns() tells: time namespaces
 * shift the one and not the other (Linux 5.6, kernel/time/namespace.c). The file has lines
 * "CLOCK seconds nanoseconds". 0 where there is none, or we cannot read it.
 */
int64_t deadline_clock_offset(void)
{
	char text[256];
	long long seconds, ns;
	cleanup_fd int fd = open("/proc/self/timens_offsets", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (n <= 0)
		return 0;
	text[n] = '\0';
	if (sscanf(text, "monotonic %lld %lld", &seconds, &ns) != 2)
		return 0;
	return seconds * 1000000000 + ns;
}

void deadline_set(struct session *session)
{
	int64_t until = session->target.read_until;

	session->control->deadline = until ? (uint64_t)(until - session->clock_offset) : 0;
}

bool deadline_over(const struct session *session)
{
	return session->target.read_until && monotonic() >= session->target.read_until;
}

struct error *deadline_wait_for_programs(struct session *session)
{
	int64_t end = monotonic() + PROGRAM_PATIENCE_NS;

	__atomic_store_n(&session->control->armed, 0, __ATOMIC_SEQ_CST);
	for (uint32_t i = 0; i < session->shards_used; i++)
		while (__atomic_load_n(&session->shards[i].stop, __ATOMIC_SEQ_CST) ==
		       ASK_STOP_RUNNING) {
			if (monotonic() >= end)
				return error_new(ERROR_HOST,
						 "process %d: the capture program did not end at "
						 "the deadline: nothing was kept; try again",
						 (int)session->info.pid);
			sched_yield();
		}
	return NULL;
}

uint64_t deadline_give_up_batch(struct ask_shard *shard)
{
	uint64_t left;

	shard_undo(shard);
	if (shard->phase == ASK_PHASE_DONE)
		return 0;
	left = shard->batch_end - shard->batch_next;
	shard->batch_next = shard->batch_end;
	return left;
}

/* Values that still wait for their second, native read or scan. Marks of the engine's own go. */
static uint64_t give_up_failed(struct session *session, uint32_t index)
{
	struct ask_shard *shard = &session->shards[index];
	uint64_t count = 0, chunk = shard->drained;
	struct ask_record *record;
	uint32_t off = 0;

	if (!shard->failed_records)
		return 0;
	while ((record = shard_record(session, index, &chunk, &off))) {
		struct ask_value *value = (struct ask_value *)record;

		off += record->size;
		if (record->kind < ASK_RECORD_VALUE)
			continue;
		count += record->status == ASK_STATUS_READ_FAILED ||
			 (value->extra & ASK_VALUE_RESCAN);
		value->extra &= ~ASK_VALUE_RESCAN;
	}
	shard->failed_records = 0;
	return count;
}

static bool is_whole(const struct ask_shard *shard)
{
	return shard->phase == ASK_PHASE_DONE && !shard->retries && !shard->failed_records;
}

void deadline_settle(struct session *session)
{
	struct ask_control *control = session->control;
	struct dump_statistics *stats = &session->statistics;
	uint64_t begun = control->next < control->goroutines ? control->next : control->goroutines;

	for (uint32_t i = 0; i < session->shards_used; i++) {
		struct ask_shard *shard = &session->shards[i];

		if (is_whole(shard))
			continue;
		stats->deadline_goroutines += deadline_give_up_batch(shard) + shard->retries;
		shard->retries = 0;
		stats->deadline_values += give_up_failed(session, i);
		stats->deadline_values += native_drop_unscanned(session, i);
	}
	stats->deadline_goroutines += control->goroutines - begun;
	stats->dropped_goroutines += stats->deadline_goroutines;
	stats->dropped_pointees += stats->deadline_values;
}
