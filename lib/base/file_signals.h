/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_FILE_SIGNALS_H
#define BASE_FILE_SIGNALS_H

#include <signal.h>

/* Between file.c and file_signals.c. `name` must stay where it is until it is forgotten. */
void file_signals_add(const char *name);
void file_signals_forget(const char *name);
/* Around the making of a file that is to be added: no signal comes in between. */
void file_signals_hold(sigset_t *before);
void file_signals_release(const sigset_t *before);

#endif
