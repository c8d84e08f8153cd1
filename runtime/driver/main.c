/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>

#include "driver.h"

/*
 * askance: ask a live Go program.
 *
 * A snapshot goes through these stages, each a library that knows nothing of the next:
 *
 *	NAME.ask.o ── schema ──┐
 *	                       ▼
 *	PID ── target ──► collect ──► X.askdump ──► decode ──► db ──► X.db
 *	   stop, release   the engine   dump:        values,    tables, links,
 *	   its threads     reads        raw records  stacks     derived tables
 *
 * `snapshot` runs all of it, `collect` ends at the dump, `decode` begins there, on any
 * machine. Only target and collect need a live process and rights; everything after the
 * dump needs nothing but files. The other commands look at the two files.
 *
 *	options.c	the command line
 *	objects.c	objects from disk, the one that fits a process
 *	capture.c	collect, snapshot, doctor
 *	core.c		core dumps for collect and snapshot
 *	inspect.c	inspect
 *	database.c	decode, stacks, query
 *
 * stdout is data, stderr is talk. To add a command: add a row to cmds[].
 */

static const struct command cmds[] = {
	{"collect", "OBJ… (--pid PID | --match LABEL=REGEX | --core FILE)… -o X.askdump",
	 "capture processes, or core dumps, into a file of raw records", OPTIONS_CAPTURE | OPTIONS_TALK,
	 OPTION_OUTPUT, 1, SIZE_MAX, command_collect},
	{"decode", "X.askdump… [--schema OBJ]… -o X.db",
	 "turn raw records into a SQLite database, anywhere",
	 OPTION_OUTPUT | OPTION_SCHEMA | OPTIONS_TALK, OPTION_OUTPUT, 1, SIZE_MAX, command_decode},
	{"snapshot", "OBJ… (--pid PID | --match LABEL=REGEX | --core FILE)… -o X.db",
	 "collect and decode in one go", OPTIONS_CAPTURE | OPTIONS_TALK, OPTION_OUTPUT, 1, SIZE_MAX,
	 command_snapshot},
	{"inspect", "OBJ|X.askdump", "what an object or a dump says about itself",
	 OPTION_TABLES | OPTION_JSON | OPTIONS_TALK, 0, 1, 1, command_inspect},
	{"stacks", "X.db", "goroutines grouped by identical stacks, with their variables",
	 OPTIONS_TALK, 0, 1, 1, command_stacks},
	{"query", "X.db SQL", "answer one SELECT", OPTION_FORMAT | OPTIONS_TALK, 0, 2, 2,
	 command_query},
	{"doctor", "[OBJ] [--pid PID]", "what this host allows, and what is missing",
	 OPTION_PID | OPTIONS_TALK, 0, 0, 1, command_doctor},
};

static void print_usage(FILE *out)
{
	fputs("usage: askance COMMAND …\n\n", out);
	for (size_t i = 0; i < ARRAY_SIZE(cmds); i++)
		fprintf(out, "  %-9s %s\n", cmds[i].name, cmds[i].summary);
	fputs("\naskance COMMAND -h tells more.\n"
	      "Exit codes: 0 done, 1 usage, 2 the process does not match, 3 the host refuses,\n"
	      "4 written but something is missing, 5 damaged input.\n",
	      out);
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(cmds); i++)
		if (strcmp(cmds[i].name, name) == 0)
			return &cmds[i];
	return NULL;
}

static struct error *run(const struct command *command, struct arena *arena, int argc, char **argv)
{
	struct options options;

	TRY(options_parse(&options, arena, command, argc, argv));
	if (options.help) {
		options_help(command, stdout);
		return NULL;
	}
	return command->run(&options);
}

int askance_main(int argc, char **argv)
{
	const struct command *command;
	struct error *error;
	struct arena arena;
	int code;

	if (argc > 1 && (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0)) {
		print_usage(stdout);
		return 0;
	}
	if (argc > 1 && strcmp(argv[1], "--version") == 0) {
		puts("askance " ASKANCE_VERSION);
		return 0;
	}
	command = argc > 1 ? find_command(argv[1]) : NULL;
	if (!command) {
		if (argc > 1)
			fprintf(stderr, "askance: no command '%s'\n", argv[1]);
		print_usage(stderr);
		return 1;
	}
	file_remove_on_signals();
	arena_init(&arena);
	error = run(command, &arena, argc - 1, argv + 1);
	code = error_report("askance", error);
	arena_deinit(&arena);
	return code;
}
