/* SPDX-License-Identifier: BSD-2-Clause */
#include "error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *vprint(const char *format, va_list args)
{
	char *text;

	if (vasprintf(&text, format, args) < 0)
		base_out_of_memory();
	return text;
}

static struct error *create(enum error_code code, char *message)
{
	struct error *error = malloc(sizeof(*error));

	if (!error)
		base_out_of_memory();
	error->code = code;
	error->message = message;
	return error;
}

struct error *error_new(enum error_code code, const char *format, ...)
{
	va_list args;
	char *message;

	va_start(args, format);
	message = vprint(format, args);
	va_end(args);
	return create(code, message);
}

struct error *error_os(enum error_code code, int errnum, const char *format, ...)
{
	va_list args;
	char *what, *message;

	va_start(args, format);
	what = vprint(format, args);
	va_end(args);
	if (asprintf(&message, "%s: %s", what, strerror(errnum)) < 0)
		base_out_of_memory();
	free(what);
	return create(code, message);
}

struct error *error_wrap(struct error *error, const char *format, ...)
{
	va_list args;
	char *context, *message;

	va_start(args, format);
	context = vprint(format, args);
	va_end(args);
	if (asprintf(&message, "%s: %s", context, error->message) < 0)
		base_out_of_memory();
	free(context);
	free(error->message);
	error->message = message;
	return error;
}

void error_free(struct error *error)
{
	if (!error)
		return;
	free(error->message);
	free(error);
}

int error_exit_code(const struct error *error)
{
	if (!error)
		return 0;
	switch (error->code) {
	case ERROR_USAGE:
	case ERROR_SPEC:
	case ERROR_IO:
		return 1;
	case ERROR_TARGET:
		return 2;
	case ERROR_HOST:
		return 3;
	case ERROR_PARTIAL:
		return 4;
	case ERROR_DAMAGED:
		return 5;
	}
	return 1;
}

int error_report(const char *program, struct error *error)
{
	int code = error_exit_code(error);

	if (error && error->message[0])
		fprintf(stderr, "%s: %s\n", program, error->message);
	error_free(error);
	return code;
}

void base_out_of_memory(void)
{
	static const char line[] = "out of memory\n";

	(void)!write(STDERR_FILENO, line, sizeof(line) - 1);
	_exit(3);
}
