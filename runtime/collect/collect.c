/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * collect: one snapshot of one process.
 *
 * Everything that can happen before the pause does: the object is opened, verified
 * and loaded, its maps are sized and mapped, tables filled, the threads seized
 * (which stops nothing) and the program attached. Then
 *
 *   stop      every thread of the target is interrupted and stands still
 *   begin     goroutine array, registers, shards: a few reads
 *   capture   idle threads run the program, several at once, again and again
 *             until their shards are done; whatever they cannot do the native
 *             engine does, on the same memory
 *   release   all threads go on
 *
 * and after it the records are written out. If this process dies at any point the
 * kernel detaches its tracees and the programs with it: nothing is left behind.
 */
#include "collect.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "session.h"

#define DEFAULT_BUFFER ((uint64_t)32 << 20) /* the least that is taken unasked */
#define ROOM_A_GOROUTINE 400 /* bytes of records, with one captured frame and what it points to */
#define MIN_RING 4u /* chunks of a shard: a goroutine, the scan behind it, and air */
#define MIN_VISIT_SLOTS (1u << 15)
#define GOROUTINES_A_CPU 2000
#define MAX_VISIT_SLOTS (1u << 22) /* 96 MiB a shard */

static int64_t clock_ns(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

struct error *session_identify(const struct session *session)
{
	const struct schema *schema = session->schema;
	const char *go = schema_text(schema, schema->meta.go_build_id);
	const char *gnu = schema_text(schema, schema->meta.gnu_build_id);
	const struct target_info *info = &session->info;

	if (!info->is_go)
		return error_new(ERROR_TARGET, "process %d (%s) is not a Go program: %s",
				 (int)info->pid, info->name, "it has no Go build ID");
	if (*go && strcmp(go, info->go_build_id) != 0)
		return error_new(ERROR_TARGET,
				 "process %d (%s) was built from other sources than %s: its build ID "
				 "is %s, the object's is %s; build the object from this binary",
				 (int)info->pid, info->name, session->object->path,
				 info->go_build_id, go);
	if (*gnu && *info->gnu_build_id && strcmp(gnu, info->gnu_build_id) != 0)
		return error_new(ERROR_TARGET,
				 "process %d (%s): its GNU build ID is %s, that of %s is %s",
				 (int)info->pid, info->name, info->gnu_build_id,
				 session->object->path, gnu);
	return NULL;
}

/*
 * While the engine was loaded the process may have called execve(), or have ended and left its
 * id to another one. From the seizing on neither can happen unseen.
 */
static struct error *check_unchanged(const struct session *session)
{
	const struct target_info *then = &session->info;
	cleanup_arena struct arena arena;
	struct target_info now;
	int64_t apart;

	arena_init(&arena);
	TRY(target_info(&arena, then->pid, false, &now));
	/* The kernel tells the time of boot in seconds, and moves it when the clock is set. */
	apart = now.start_time_ns - then->start_time_ns;
	if (apart > -2000000000 && apart < 2000000000 && now.load_bias == then->load_bias &&
	    !strcmp(now.go_build_id, then->go_build_id) &&
	    !strcmp(now.gnu_build_id, then->gnu_build_id))
		return NULL;
	return error_new(ERROR_TARGET, "process %d ended or started another program",
			 (int)then->pid);
}

/*
 * Slots of each shard's visited set: four for each goroutine that there is now. It is
 * a guess at how much they hold together; a set that is too small costs room, not truth.
 */
static uint32_t plan_visits(const struct session *session)
{
	uint32_t slots = MIN_VISIT_SLOTS;

	while (slots < MAX_VISIT_SLOTS && slots / 4 < session->goroutines_before)
		slots *= 2;
	return slots;
}

/* How many CPUs a session wants for itself. With fewer goroutines more are of little use. */
static unsigned plan_cpus(const struct session *session)
{
	uint64_t cpus = 1 + session->goroutines_before / GOROUTINES_A_CPU;

	if (!session->bpf)
		return 1; /* one thread reads */
	return cpus < session->shard_limit ? (unsigned)cpus : session->shard_limit;
}

/*
 * Room for records. What does not fit is written out in the pause, so there should be
 * enough for what so many goroutines usually give, if that is no more than a quarter of
 * the memory that is free.
 */
static uint64_t plan_buffer(const struct session *session)
{
	uint64_t free = (uint64_t)sysconf(_SC_AVPHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t want = session->goroutines_before < COLLECT_BUFFER_MOST / ROOM_A_GOROUTINE
				? session->goroutines_before * ROOM_A_GOROUTINE
				: COLLECT_BUFFER_MOST;

	if (session->options->buffer)
		return session->options->buffer;
	if (want > free / 4)
		want = free / 4;
	return want > DEFAULT_BUFFER ? want : DEFAULT_BUFFER;
}

/* Chunks of each of `shards` rings: a power of two, as many as fit or, unasked, as are needed. */
static uint32_t plan_ring(const struct session *session, uint32_t shards)
{
	uint64_t chunks = plan_buffer(session) / ASK_CHUNK_SIZE / shards;
	uint32_t ring = MIN_RING;

	while (ring < ASK_SHARD_CHUNKS && ring * 2 <= chunks)
		ring *= 2;
	if (!session->options->buffer && ring < ASK_SHARD_CHUNKS && ring < chunks)
		ring *= 2;
	return ring;
}

void session_plan(struct session *session)
{
	const struct collect_options *options = session->options;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	uint32_t shards = options->shards ? options->shards : (uint32_t)(cpus > 0 ? cpus : 1);

	if (shards > ASK_MAX_SHARDS)
		shards = ASK_MAX_SHARDS;
	session->shard_limit = shards;
	if (!session_read(session, session->schema->layout.allglen + session->info.load_bias,
			  &session->goroutines_before, sizeof(session->goroutines_before)))
		session->goroutines_before = 0; /* session_begin() says what is wrong */
	session->chunk_count = shards * plan_ring(session, shards);
	session->visit_slots = plan_visits(session);
	session->thread_rows = ASK_MAX_THREADS;
	session->bitmap_words = (uint32_t)(session->schema->layout.text_size >> 12) + 2;
	rehearsal_plan(session, plan_buffer(session) / 2);
}

/* The BPF engine if it may be, else memory for the native one. */
static struct error *make_engine(struct session *session, struct collect_result *result)
{
	const struct collect_options *options = session->options;
	struct error *error = NULL;

	if (options->engine != COLLECT_NATIVE && options->pause != COLLECT_PAUSE_NONE) {
		uint32_t least = session->shard_limit * MIN_RING;

		error = bpf_load(session, &result->load_ns, &result->verified_insns);
		if (error && error->code == ERROR_HOST && session->chunk_count > least) {
			/* a limit on memory may be what it ran into */
			error_free(error);
			session->chunk_count = least;
			rehearsal_plan(session, 0);
			error = bpf_load(session, &result->load_ns, &result->verified_insns);
		}
		if (!error)
			return NULL;
		if (options->engine == COLLECT_BPF || error->code == ERROR_DAMAGED)
			return error;
		session_talk(session, "no BPF: %s", error->message);
		error_free(error);
		result->fallback = "BPF cannot be used here (`askance doctor` says why)";
	} else if (options->engine == COLLECT_BPF) {
		return error_new(ERROR_USAGE, "--pause=none reads natively: it cannot be used with "
					      "--engine=bpf");
	}
	return session_allocate(session);
}

/* Picks an idle thread that no shard has; SIZE_MAX when there is none. */
static size_t idle_thread(const struct session *session, const size_t *taken, size_t count)
{
	for (size_t i = 0; i < session->target.threads_count; i++) {
		const struct target_thread *thread = &session->target.threads[i];
		bool free = thread->stopped && thread->idle && !thread->gone;

		for (size_t j = 0; free && j < count; j++)
			free = taken[j] != i;
		if (free)
			return i;
	}
	return SIZE_MAX;
}

/*
 * Picks a thread for each shard, on different CPUs where there are such: a thread that
 * is resumed wakes up where it ran last, and behind a program that runs there it would
 * wait until that is over. The one on our own CPU comes last, for it runs when we sleep.
 */
static void choose_threads(struct session *session, size_t *threads, uint32_t shards)
{
	int here = sched_getcpu(), cpus[ASK_MAX_SHARDS];
	size_t count = session->target.threads_count;
	uint32_t chosen = 0;

	for (size_t i = 0; i < count && chosen < shards; i++) {
		bool other = true;
		int cpu;

		if (!session->target.threads[i].stopped || !session->target.threads[i].idle)
			continue;
		cpu = session->target.threads[i].cpu;
		for (uint32_t j = 0; j < chosen; j++)
			other = other && cpus[j] != cpu;
		if (!other)
			continue;
		cpus[chosen] = cpu;
		threads[chosen++] = i;
	}
	for (uint32_t j = 0; j + 1 < chosen; j++) {
		size_t thread = threads[j];

		if (cpus[j] != here)
			continue;
		threads[j] = threads[chosen - 1];
		threads[chosen - 1] = thread;
		break;
	}
	for (; chosen < shards; chosen++)
		threads[chosen] = idle_thread(session, threads, chosen);
}

/* Looks at a shard after its trigger. false: it will not run again in this way. */
static bool serve_shard(struct session *session, uint32_t shard, size_t *thread,
			const size_t *threads, size_t count)
{
	struct ask_shard *state = &session->shards[shard];

	if (state->stop == ASK_STOP_DONE || deadline_over(session))
		return false;
	switch (state->stop) {
	case ASK_STOP_FULL:
		native_make_room(session, shard);
		break;
	case ASK_STOP_RETRY:
		native_retry(session, shard);
		break;
	}
	if (state->stop == ASK_STOP_NEVER_RAN || !session->target.threads[*thread].idle) {
		/* This thread will not do any more: another one goes on from the cursor. */
		session->target.threads[*thread].idle = false;
		*thread = idle_thread(session, threads, count);
		if (*thread == SIZE_MAX)
			return false;
		state->tid = (ask_u32)session->target.threads[*thread].ns_tid;
	}
	return true;
}

/* Drives the idle threads until every shard is done or has no thread left. */
static struct error *capture_in_context(struct session *session)
{
	size_t threads[ASK_MAX_SHARDS], running[ASK_MAX_SHARDS];
	uint32_t shards = session->shards_used, count;
	bool active[ASK_MAX_SHARDS];
	struct error *error;

	choose_threads(session, threads, shards);
	for (uint32_t i = 0; i < shards; i++) {
		session->shards[i].tid = (ask_u32)session->target.threads[threads[i]].ns_tid;
		active[i] = true;
	}
	__atomic_store_n(&session->control->armed, 1, __ATOMIC_SEQ_CST);
	do {
		count = 0;
		for (uint32_t i = 0; i < shards; i++) {
			if (!active[i])
				continue;
			session->shards[i].stop = ASK_STOP_NEVER_RAN;
			running[count++] = threads[i];
		}
		if (!count || deadline_over(session))
			break;
		error = target_trigger(&session->target, running, count);
		if (error && (session->target.exited || !deadline_over(session)))
			return error;
		if (error) { /* a thread is late: with what it has read, but no more */
			error_free(error);
			return deadline_wait_for_programs(session);
		}
		for (uint32_t i = 0; i < shards; i++)
			if (active[i])
				active[i] = serve_shard(session, i, &threads[i], threads, shards);
	} while (!session->target.exited);
	return NULL;
}

static struct error *capture(struct session *session)
{
	size_t idle = 0;
	struct error *error = NULL;

	for (size_t i = 0; i < session->target.threads_count; i++)
		idle += session->target.threads[i].stopped && session->target.threads[i].idle;
	session->shards_used = session->bpf ? session->shard_limit : 1;
	if (session->seat.cpus && session->seat.cpus < session->shards_used)
		session->shards_used = session->seat.cpus; /* the others are somebody else's */
	if (session->bpf && idle < session->shards_used)
		session->shards_used = idle ? (uint32_t)idle : 1;
	TRY(session_begin(session));
	if (session->bpf && idle)
		error = capture_in_context(session);
	session->control->armed = 0;
	if (error)
		return error;
	for (uint32_t i = 0; i < session->shards_used && !session->target.exited; i++) {
		if (deadline_over(session))
			break;
		if (session->shards[i].stop != ASK_STOP_DONE)
			native_run(session, i, session->options->pause == COLLECT_PAUSE_NONE);
		native_retry(session, i);
	}
	return NULL;
}

/* Together: when all stand still, and CPUs are free. */
static struct error *capture_in_turn(struct session *session)
{
	struct error *error;

	seat_arrive(&session->seat, GROUP_STOPPED, session->target.read_until);
	if (seat_together(&session->seat))
		seat_take(&session->seat, plan_cpus(session), session->target.read_until);
	error = capture(session);
	if (seat_together(&session->seat))
		seat_give(&session->seat);
	return error;
}

/* Stop, capture, release. The target runs again whatever happens. */
static struct error *pause_and_capture(struct session *session)
{
	struct dump_statistics *stats = &session->statistics;
	struct error *error = NULL;
	int64_t begin, end;

	session->capture_time_ns = clock_ns(CLOCK_REALTIME);
	session->capture_monotonic_ns = clock_ns(CLOCK_MONOTONIC);
	if (session->options->pause == COLLECT_PAUSE_NONE)
		return capture(session);
	seat_arrive(&session->seat, GROUP_READY, 0);
	begin = session->capture_monotonic_ns;
	session->target.max_pause_ns = (int64_t)session->options->max_pause_ns;
	stats->max_pause_ns = session->options->max_pause_ns;
	error = target_stop(&session->target);
	if (!error)
		error = capture_in_turn(session);
	if (error)
		seat_leave(&session->seat); /* nobody stands still for our sake */
	seat_arrive(&session->seat, GROUP_READ, session->target.read_until);
	end = clock_ns(CLOCK_MONOTONIC);
	if (session->control)
		session->control->armed = 0;
	target_release(&session->target);
	seat_give(&session->seat);
	if (session->target.interrupted_at) {
		begin = session->target.interrupted_at;
		session->capture_time_ns += begin - session->capture_monotonic_ns;
		session->capture_monotonic_ns = begin;
	}
	stats->pause_ns = (uint64_t)(session->target.released_at - begin);
	stats->stop_ns = (uint64_t)(session->target.stopped_at - begin);
	stats->release_ns = (uint64_t)(session->target.released_at - end);
	return error;
}

static void add_up(struct session *session)
{
	struct dump_statistics *stats = &session->statistics;

	stats->shards = session->shards_used;
	for (uint32_t i = 0; i < session->shards_used; i++) {
		const struct ask_shard *shard = &session->shards[i];

		stats->walk_ns += shard->walk_ns;
		stats->chase_ns += shard->chase_ns;
		stats->triggers += shard->triggers;
		stats->dead_goroutines += shard->dead_goroutines;
		stats->dropped_goroutines += shard->dropped_goroutines;
		stats->dropped_pointees += shard->dropped_pointees;
		stats->budget_cuts += shard->budget_cuts;
		stats->depth_cuts += shard->depth_cuts;
		stats->length_cuts += shard->length_cuts;
		stats->deep_cuts += shard->deep_cuts;
		stats->replayed_goroutines += shard->replayed;
	}
}

struct error *session_finish(struct session *session, struct collect_result *result)
{
	drain_rest(session);
	add_up(session);
	if (session->output_error) {
		struct error *error = session->output_error;

		session->output_error = NULL;
		return error;
	}
	result->engine = session_engine(session);
	result->statistics = session->statistics;
	return dump_chunk(session->writer, DUMP_STATISTICS, session->process, &session->statistics,
			  sizeof(session->statistics));
}

static struct error *run(struct session *session, struct collect_result *result)
{
	struct error *error;

	TRY(session_identify(session));
	session_plan(session);
	TRY(make_engine(session, result));
	session_prepare(session);
	native_create(session, session->options->pause != COLLECT_PAUSE_NONE);
	seat_arrive(&session->seat, GROUP_LOADED, 0);
	/* Now, not when its threads are seized: from then on a signal makes them wait for us. */
	if (!seat_together(&session->seat))
		seat_take(&session->seat, plan_cpus(session), 0);
	rehearse(session);
	if (session->options->pause != COLLECT_PAUSE_NONE) {
		TRY(target_seize(&session->target, session->info.pid));
		TRY(check_unchanged(session));
	}
	if (session->bpf)
		TRY(bpf_attach(session));
	error = pause_and_capture(session);
	bpf_detach(session);
	if (error)
		return error;
	seat_give(&session->seat); /* where nothing stood still */
	seat_arrive(&session->seat, GROUP_DONE, 0);
	if (session->target.exited)
		return error_new(ERROR_TARGET, "process %d exited during the snapshot",
				 (int)session->info.pid);
	deadline_settle(session);
	return session_finish(session, result);
}

/*
 * A full ring is written out in the pause. A file takes that; a pipe would let its reader
 * decide how long the target stands still. So what goes to anything but a file is kept in
 * memory until the target has been released.
 */
static struct error *open_spool(const struct dump_writer *writer, struct dump_writer *spool)
{
	struct stat st;

	*spool = *writer;
	if (fstat(writer->fd, &st) == 0 && S_ISREG(st.st_mode))
		return NULL;
	spool->mutex = NULL; /* nobody else's */
	spool->fd = memfd_create("askance-spool", MFD_CLOEXEC);
	if (spool->fd < 0)
		return error_os(ERROR_HOST, errno, "cannot make a buffer for %s", writer->name);
	return NULL;
}

/* Copies what the spool holds to where it belongs, and closes it. */
static struct error *close_spool(const struct dump_writer *writer, struct dump_writer *spool)
{
	struct error *error = NULL;
	char part[65536];
	ssize_t n = 1;

	if (spool->fd == writer->fd)
		return NULL;
	if (writer->mutex)
		pthread_mutex_lock(writer->mutex);
	if (lseek(spool->fd, 0, SEEK_SET) < 0)
		error = error_os(ERROR_IO, errno, "%s: cannot rewind its buffer", writer->name);
	while (!error && n > 0) {
		n = read(spool->fd, part, sizeof(part));
		if (n > 0)
			error = fd_write_all(writer->fd, writer->name, part, (size_t)n);
		else if (n < 0)
			error = error_os(ERROR_IO, errno, "%s: cannot read its buffer",
					 writer->name);
	}
	if (writer->mutex)
		pthread_mutex_unlock(writer->mutex);
	close(spool->fd);
	return error;
}

struct error *collect(struct arena *arena, const struct collect_object *object, pid_t pid,
		      const struct collect_options *options, struct dump_writer *writer,
		      uint32_t process, struct collect_result *ret)
{
	struct collect_result result = {0};
	struct session *session = calloc(1, sizeof(*session));
	struct dump_writer spool;
	struct error *error, *late;

	if (!session)
		base_out_of_memory();
	session->object = object;
	session->schema = object->schema;
	session->options = options;
	session->writer = &spool;
	session->process = process;
	session->seat.group = options->group;
	session->memory = target_memory(&session->info.pid);
	error = open_spool(writer, &spool);
	if (!error)
		error = target_info(arena, pid, options->environment, &session->info);
	if (!error)
		error = run(session, &result);
	seat_leave(&session->seat);
	target_deinit(&session->target);
	native_destroy(session);
	if (session->bpf)
		bpf_unload(session);
	else
		session_free(session);
	error_free(session->output_error);
	free(session);
	if (spool.fd >= 0) {
		late = close_spool(writer, &spool);
		if (error)
			error_free(late);
		else
			error = late;
	}
	if (!error)
		*ret = result;
	return error;
}
