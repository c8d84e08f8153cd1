/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DRIVER_INT_H
#define DRIVER_INT_H

#include <stdio.h>

#include "binary.h"
#include "ir.h"
#include "spec.h"

/* Private to the driver. */

enum driver_format { FORMAT_HUMAN, FORMAT_JSON, FORMAT_SARIF, FORMAT_TABLE };
enum driver_dump { DUMP_NONE, DUMP_SPEC, DUMP_IR, DUMP_SCHEMA, DUMP_C };

/* What the command line says. Texts are argv's; NULL where not given. */
struct options {
	const char *argument; /* the one that is no option */
	const char *binary, *debug, *directory, *name;
	enum driver_format diagnostics; /* HUMAN, JSON, SARIF */
	enum driver_format report;	/* TABLE, JSON */
	enum driver_dump dump;
	bool deny_never, deny_partial;
	bool stop_after_c;
	bool help, quiet, verbose;
};

/* Bits for the options that a command takes; -h, -q and -v all do. */
enum {
	OPTION_BINARY = 1 << 0,
	OPTION_DEBUG = 1 << 1,
	OPTION_OUTPUT = 1 << 2, /* -o, --name, --dump, --stop-after */
	OPTION_DENY = 1 << 3,
	OPTION_DIAGNOSTICS = 1 << 4,
	OPTION_FORMAT = 1 << 5,
};

/* Parses a command's words; argv[0] is the command, `accepts` its options. ERROR_USAGE. */
struct error *options_parse(int argc, char **argv, unsigned accepts, struct options *ret);

/* --dump=spec: the AST as indented text. */
void dump_spec(const struct spec *spec, FILE *out);

#endif
