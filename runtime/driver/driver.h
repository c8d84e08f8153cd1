/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DRIVER_H
#define DRIVER_H

#include "base.h"
#include "collect.h"
#include "db.h"
#include "schema.h"
#include "target.h"

/* The program: argv[0] is its name. Returns the exit code. */
int askance_main(int argc, char **argv);

/* ---- options.c: the command line ---- */

/* To add one: add a row to option_rows[] in options.c and its bit to the commands that take it. */
enum option_bit {
	OPTION_OUTPUT = 1 << 0,
	OPTION_PID = 1 << 1,
	OPTION_MATCH = 1 << 2,
	OPTION_ENGINE = 1 << 3,
	OPTION_PAUSE = 1 << 4,
	OPTION_SHARDS = 1 << 5,
	OPTION_ENVIRONMENT = 1 << 6,
	OPTION_SCHEMA = 1 << 7,
	OPTION_FORMAT = 1 << 8,
	OPTION_TABLES = 1 << 9,
	OPTION_JSON = 1 << 10,
	OPTION_QUIET = 1 << 11,
	OPTION_VERBOSE = 1 << 12,
	OPTION_HELP = 1 << 13,
	OPTION_CORE = 1 << 14,
	OPTION_BINARY = 1 << 15,
	OPTION_MAX_PAUSE = 1 << 16,
	OPTION_TOGETHER = 1 << 17,
	OPTION_BUFFER = 1 << 18,
	OPTION_REHEARSE = 1 << 19,
};
#define OPTIONS_TALK (OPTION_QUIET | OPTION_VERBOSE | OPTION_HELP)
#define OPTIONS_CAPTURE                                                                            \
	(OPTION_OUTPUT | OPTION_PID | OPTION_MATCH | OPTION_ENGINE | OPTION_PAUSE |                \
	 OPTION_SHARDS | OPTION_ENVIRONMENT | OPTION_CORE | OPTION_BINARY | OPTION_MAX_PAUSE |     \
	 OPTION_TOGETHER | OPTION_BUFFER | OPTION_REHEARSE)

struct options {
	struct arena *arena;
	const char *output; /* -o, NULL when not given */
	VEC(pid_t) pids;
	VEC(struct target_rule) rules;
	VEC(const char *) schemas;
	VEC(const char *) cores;
	const char *binary; /* of the cores, NULL when not given */
	struct collect_options collect;
	enum db_format format;
	bool tables, json, quiet, verbose, help;
	bool together; /* all processes stand still at the same time */
	char *const *arguments; /* what is no option */
	size_t arguments_count;
};

/* One command. */
struct command {
	const char *name;
	const char *arguments;	  /* for the usage line */
	const char *summary;	  /* one line */
	uint32_t options;	  /* enum option_bit */
	uint32_t required;	  /* of those, the ones that must be given */
	size_t at_least, at_most; /* arguments */
	struct error *(*run)(struct options *options);
};

/* argv[0] is the command's name. ERROR_USAGE; with -h nothing is required. */
struct error *options_parse(struct options *options, struct arena *arena,
			    const struct command *command, int argc, char **argv);
void options_help(const struct command *command, FILE *out);

/* One line of talk on stderr, unless -q. */
void say(const struct options *options, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* "2.31 ms" */
const char *duration_text(struct arena *arena, uint64_t ns);

/* ---- objects.c: NAME.ask.o files ---- */

struct objects {
	VEC(struct collect_object) list;
};
/* Each path is an object, or a directory whose *.ask.o files are taken. */
struct error *objects_load(struct arena *arena, char *const *paths, size_t count,
			   struct objects *ret);
/* The one for a process with this Go build ID; NULL when there is none. ERROR_USAGE: two. */
struct error *objects_find(const struct objects *objects, const struct target_info *info,
			   const struct collect_object **ret);

/* ---- core.c: core dumps instead of processes ---- */

/* ERROR_USAGE: options that ask something of a process when there is none. */
struct error *core_check_options(const struct options *options, const char *command,
				 uint32_t given);
/*
 * Captures one core dump with the object that is for its program. *cut: the file is cut
 * off, so there may be less than there was.
 */
struct error *core_capture(const struct options *options, const struct objects *objects,
			   const char *path, const struct collect_options *collect,
			   struct dump_writer *writer, uint32_t process, bool *cut,
			   struct collect_result *ret);

/* ---- parallel.c ---- */

/*
 * Calls run(data, i) for i = 0 … count - 1, each in a thread of its own, in which signals are
 * blocked; returns when all have returned. refused(): there is no thread for this one.
 */
void parallel_run(struct arena *arena, size_t count, void (*run)(void *data, size_t i),
		  void (*refused)(void *data, size_t i, int errnum), void *data);

/* ---- the commands ---- */

struct error *command_collect(struct options *options);
struct error *command_snapshot(struct options *options);
struct error *command_doctor(struct options *options);
struct error *command_inspect(struct options *options);
struct error *command_decode(struct options *options);
struct error *command_stacks(struct options *options);
struct error *command_query(struct options *options);

/* What db_decode() did: talk, and ERROR_PARTIAL when something is missing. */
struct error *report_database(const struct options *options, const char *path,
			      struct db_result *result);

#endif
