/* SPDX-License-Identifier: BSD-2-Clause */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "driver.h"

/* The same function at once in several threads. */

struct worker {
	pthread_t thread;
	void (*run)(void *data, size_t i);
	void *data;
	size_t i;
	bool started;
};

static void *work(void *data)
{
	struct worker *worker = data;

	worker->run(worker->data, worker->i);
	return NULL;
}

void parallel_run(struct arena *arena, size_t count, void (*run)(void *data, size_t i),
		  void (*refused)(void *data, size_t i, int errnum), void *data)
{
	struct worker *workers = ARENA_ARRAY(arena, struct worker, count);
	sigset_t all, before;

	/* Signals are for the main thread, which knows what to clean up. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (size_t i = 0; i < count; i++) {
		int errnum;

		workers[i] = (struct worker){.run = run, .data = data, .i = i};
		errnum = pthread_create(&workers[i].thread, NULL, work, &workers[i]);
		workers[i].started = !errnum;
		if (errnum)
			refused(data, i, errnum);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	for (size_t i = 0; i < count; i++)
		if (workers[i].started)
			pthread_join(workers[i].thread, NULL);
}
