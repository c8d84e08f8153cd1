/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdarg.h>

/*
 * Errors are values. A fallible function returns `struct error *`, NULL when all
 * went well; its result goes through the last parameter, which is untouched on
 * failure. Whoever receives an error owns it: pass it on, or error_free() it.
 *
 * To add a code: add a row here and its exit code in error_exit_code().
 */
enum error_code {
	ERROR_USAGE,	/* the command line is wrong: exit 1 */
	ERROR_SPEC,	/* the spec is wrong; diagnostics were reported: exit 1 */
	ERROR_IO,	/* a file could not be read or written: exit 1 */
	ERROR_TARGET,	/* no such process, not Go, other build ID: exit 2 */
	ERROR_HOST,	/* the kernel or a permission refuses: exit 3 */
	ERROR_PARTIAL,	/* written, but something was dropped: exit 4 */
	ERROR_DAMAGED,	/* an input file is not what it should be: exit 5 */
};

struct error {
	enum error_code code;
	char *message; /* one line, no newline, no "error:" prefix; owned */
};

/* A new error with a printf-style message. Never returns NULL. */
struct error *error_new(enum error_code code, const char *format, ...)
	__attribute__((format(printf, 2, 3), returns_nonnull));

/* As error_new(), with ": " and strerror(errnum) appended. */
struct error *error_os(enum error_code code, int errnum, const char *format, ...)
	__attribute__((format(printf, 3, 4), returns_nonnull));

/* Puts "CONTEXT: " before the message of `error` (which must not be NULL) and returns it. */
struct error *error_wrap(struct error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3), returns_nonnull));

void error_free(struct error *error);

/* The documented exit code: 0 for NULL, else 1 to 5. */
int error_exit_code(const struct error *error);

/*
 * Prints "PROGRAM: message" on stderr when `error` is not NULL, frees it and
 * returns its exit code. For main() alone: libraries never print.
 */
int error_report(const char *program, struct error *error);

/* Out of memory: prints one line and exits with 3. Allocation helpers call it. */
void base_out_of_memory(void) __attribute__((noreturn));

#endif
