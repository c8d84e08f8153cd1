/* SPDX-License-Identifier: BSD-2-Clause */
#include "file_signals.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base.h"

/*
 * Temporary files that a signal must not leave behind. The handler removes them and then lets
 * the signal do what it does: no exit code is made up, and whoever waits sees why we ended.
 */

#define MOST_FILES 8 /* written at the same time; the programs write two at most */

static _Atomic(const char *) names[MOST_FILES];

static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGXCPU, SIGXFSZ};

static void remove_all(int signal)
{
	for (size_t i = 0; i < MOST_FILES; i++) {
		const char *name = atomic_load(&names[i]);

		if (name)
			unlink(name);
	}
	/* SA_RESETHAND: now it ends us, as soon as the handler returns. */
	raise(signal);
}

void file_remove_on_signals(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		struct sigaction action = {.sa_handler = remove_all, .sa_flags = SA_RESETHAND}, before;

		/* nohup and the like: what was ignored stays so */
		if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler == SIG_IGN)
			continue;
		sigaction(signals[i], &action, NULL);
	}
}

void file_signals_hold(sigset_t *before)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaddset(&set, signals[i]);
	pthread_sigmask(SIG_BLOCK, &set, before);
}

void file_signals_release(const sigset_t *before)
{
	pthread_sigmask(SIG_SETMASK, before, NULL);
}

void file_signals_add(const char *name)
{
	for (size_t i = 0; i < MOST_FILES; i++) {
		const char *none = NULL;

		if (atomic_compare_exchange_strong(&names[i], &none, name))
			return;
	}
	assert(!"no place for another temporary file");
}

void file_signals_forget(const char *name)
{
	for (size_t i = 0; i < MOST_FILES; i++) {
		const char *here = name;

		atomic_compare_exchange_strong(&names[i], &here, NULL);
	}
}
