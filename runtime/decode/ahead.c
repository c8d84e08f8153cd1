/* SPDX-License-Identifier: BSD-2-Clause */
#include <pthread.h>
#include <signal.h>

#include "decode_int.h"

/*
 * Making rows of records takes about as long as putting them into a database, and neither
 * needs the other but for the rows. So one thread makes them and the caller's, which the
 * sink belongs to, takes them. Batches go round between the two: a batch has an arena, which
 * is emptied when it comes back. Few and small ones, so that they stay in the cache and a
 * dump of any size takes the same memory.
 */
#define BATCHES 4u
#define BATCH_GOROUTINES 64u
#define BATCH_BYTES ((size_t)256 << 10)
/* A value nests as deep as the spec lets it; what is enough for a program's first thread is here. */
#define STACK_SIZE ((size_t)8 << 20)

struct ahead {
	struct error *(*fill)(void *data, struct batch *batch);
	void *data;
	struct batch batches[BATCHES];
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* counted on without end: batch n is batches[n % BATCHES] */
	size_t filled, taken;
	bool stop; /* the sink takes no more */
};

bool batch_is_full(const struct batch *batch)
{
	return batch->goroutines.length == BATCH_GOROUTINES ||
	       arena_used(&batch->arena) >= BATCH_BYTES;
}

static void batch_clear(struct batch *batch)
{
	struct arena arena = batch->arena;

	arena_reset(&arena);
	*batch = (struct batch){.arena = arena};
}

/* true when another batch follows. */
static bool fill_one(struct ahead *ahead, struct batch *batch)
{
	batch_clear(batch);
	batch->error = ahead->fill(ahead->data, batch);
	return !batch->error && !batch->last;
}

static void *fill_all(void *data)
{
	struct ahead *ahead = data;
	bool more = true;

	pthread_mutex_lock(&ahead->lock);
	while (more) {
		while (!ahead->stop && ahead->filled - ahead->taken == BATCHES)
			pthread_cond_wait(&ahead->changed, &ahead->lock);
		if (ahead->stop)
			break;
		pthread_mutex_unlock(&ahead->lock);
		more = fill_one(ahead, &ahead->batches[ahead->filled % BATCHES]);
		pthread_mutex_lock(&ahead->lock);
		ahead->filled++;
		pthread_cond_signal(&ahead->changed);
	}
	pthread_mutex_unlock(&ahead->lock);
	return NULL;
}

static struct error *give(const struct batch *batch, const struct decode_sink *sink)
{
	for (size_t i = 0; i < batch->goroutines.length; i++) {
		const struct batch_goroutine *g = &batch->goroutines.data[i];

		TRY(sink->goroutine(sink->data, &g->goroutine));
		for (size_t j = 0; j < g->rows_count; j++)
			TRY(sink->row(sink->data, &g->rows[j]));
	}
	return NULL;
}

/* Gives a batch and takes its error. *ret = true when another follows. */
static struct error *take_one(struct batch *batch, const struct decode_sink *sink, bool *ret)
{
	struct error *error = batch->error;

	*ret = !error && !batch->last;
	TRY(give(batch, sink));
	batch->error = NULL;
	return error;
}

static struct error *take_all(struct ahead *ahead, const struct decode_sink *sink)
{
	struct error *error = NULL;
	bool more = true;

	pthread_mutex_lock(&ahead->lock);
	while (more && !error) {
		while (ahead->filled == ahead->taken)
			pthread_cond_wait(&ahead->changed, &ahead->lock);
		pthread_mutex_unlock(&ahead->lock);
		error = take_one(&ahead->batches[ahead->taken % BATCHES], sink, &more);
		pthread_mutex_lock(&ahead->lock);
		ahead->taken++;
		pthread_cond_signal(&ahead->changed);
	}
	ahead->stop = true;
	pthread_cond_signal(&ahead->changed);
	pthread_mutex_unlock(&ahead->lock);
	return error;
}

/* Signals are for the program's own threads: whoever waits for one finds it there. */
static bool start(struct ahead *ahead, pthread_t *ret)
{
	sigset_t all, before;
	pthread_attr_t attributes;
	bool started;

	if (pthread_attr_init(&attributes))
		return false;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	started = !pthread_attr_setstacksize(&attributes, STACK_SIZE) &&
		  !pthread_create(ret, &attributes, fill_all, ahead);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return started;
}

/* In turn, where there is no thread to be had. */
static struct error *run_alone(struct ahead *ahead, const struct decode_sink *sink)
{
	bool more = true;

	while (more) {
		fill_one(ahead, &ahead->batches[0]);
		TRY(take_one(&ahead->batches[0], sink, &more));
	}
	return NULL;
}

struct error *ahead_run(struct error *(*fill)(void *data, struct batch *batch), void *data,
			const struct decode_sink *sink)
{
	struct ahead ahead = {.fill = fill,
			      .data = data,
			      .lock = PTHREAD_MUTEX_INITIALIZER,
			      .changed = PTHREAD_COND_INITIALIZER};
	struct error *error;
	pthread_t thread;

	if (start(&ahead, &thread)) {
		error = take_all(&ahead, sink);
		pthread_join(thread, NULL);
	} else {
		error = run_alone(&ahead, sink);
	}
	for (size_t i = 0; i < BATCHES; i++) {
		error_free(ahead.batches[i].error);
		arena_deinit(&ahead.batches[i].arena);
	}
	return error;
}
