/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "driver.h"

#define DEFAULT_MAX_PAUSE 50000000 /* ns */

static const struct option_row {
	uint32_t bit; /* enum option_bit */
	const char *name;
	char letter;	   /* 0: none */
	const char *value; /* NULL: takes none */
	const char *help;
} option_rows[] = {
	{OPTION_OUTPUT, "output", 'o', "FILE", "where to write; - is stdout for collect"},
	{OPTION_PID, "pid", 0, "PID", "a process; may be repeated"},
	{OPTION_MATCH, "match", 0, "LABEL=REGEX",
	 "processes for which all rules hold; may be repeated. Labels: executable_name,\n"
	 "executable_path, command_line, environment, hostname, pid"},
	{OPTION_CORE, "core", 0, "FILE", "a core dump instead of a process; may be repeated"},
	{OPTION_BINARY, "binary", 0, "FILE",
	 "the program that the core is of, for what was not dumped; else it is looked for\n"
	 "where it was when it ran"},
	{OPTION_ENGINE, "engine", 0, "auto|bpf|native", "what reads the process's memory"},
	{OPTION_PAUSE, "pause", 0, "auto|ptrace|none", "how it is made to stand still"},
	{OPTION_MAX_PAUSE, "max-pause", 0, "DURATION|none",
	 "let the process go on after this long, whatever is not read yet: 50ms (the\n"
	 "default), 500us, 2s; what is missing is counted, exit 4"},
	{OPTION_REHEARSE, "rehearse", 0, "auto|none",
	 "read the stacks of parked goroutines before the process stands still, and only look\n"
	 "then whether they have run meanwhile"},
	{OPTION_TOGETHER, "together", 0, NULL,
	 "stop all processes first, then read, then let all go on: one moment of them all"},
	{OPTION_BUFFER, "buffer", 0, "SIZE",
	 "memory for what is read of one process, 8MiB to 512MiB, and half as much for what is\n"
	 "read before the pause; more than fits is written out while the process stands still.\n"
	 "Without it: what its goroutines will need, if a quarter of the free memory is as much"},
	{OPTION_SHARDS, "shards", 0, "N", "at most N threads capture in parallel"},
	{OPTION_ENVIRONMENT, "environment", 0, NULL, "store the process's environment too"},
	{OPTION_SCHEMA, "schema", 0, "OBJ",
	 "decode with the tables, columns and links of this object; may be repeated"},
	{OPTION_FORMAT, "format", 0, "table|csv|json", "how rows are printed"},
	{OPTION_TABLES, "tables", 0, NULL, "the tables and columns that it gives"},
	{OPTION_JSON, "json", 0, NULL, "everything as one JSON document"},
	{OPTION_QUIET, "quiet", 'q', NULL, "no talk on stderr but errors"},
	{OPTION_VERBOSE, "verbose", 'v', NULL, "more talk"},
	{OPTION_HELP, "help", 'h', NULL, "this"},
};

/* Words of an option in the order of their enum, NULL at the end. */
static const char *const engine_words[] = {
	[COLLECT_AUTO] = "auto", [COLLECT_BPF] = "bpf", [COLLECT_NATIVE] = "native", NULL};
static const char *const pause_words[] = {[COLLECT_PAUSE_AUTO] = "auto",
					  [COLLECT_PAUSE_PTRACE] = "ptrace",
					  [COLLECT_PAUSE_NONE] = "none",
					  NULL};
static const char *const rehearse_words[] = {"auto", "none", NULL};
static const char *const format_words[] = {
	[DB_FORMAT_TABLE] = "table", [DB_FORMAT_CSV] = "csv", [DB_FORMAT_JSON] = "json", NULL};
static const char *const label_words[] = {
#define ROW(label, word) word,
	SCHEMA_MATCH_LABEL_ROWS(ROW)
#undef ROW
	NULL,
};

static bool find_word(const char *const *words, const char *text, size_t length, uint32_t *ret)
{
	for (uint32_t i = 0; words[i]; i++)
		if (strlen(words[i]) == length && memcmp(words[i], text, length) == 0) {
			*ret = i;
			return true;
		}
	return false;
}

static struct error *parse_word(const struct option_row *row, const char *const *words,
				const char *text, uint32_t *ret)
{
	if (find_word(words, text, strlen(text), ret))
		return NULL;
	return error_new(ERROR_USAGE, "--%s=%s: it is one of %s", row->name, text, row->value);
}

static struct error *parse_number(const struct option_row *row, const char *text, long most,
				  long *ret)
{
	char *end;
	long number;

	errno = 0;
	number = strtol(text, &end, 10);
	if (errno || end == text || *end || number < 1 || number > most)
		return error_new(ERROR_USAGE, "--%s=%s: not a number from 1 to %ld", row->name,
				 text, most);
	*ret = number;
	return NULL;
}

static struct error *parse_pause(const struct option_row *row, const char *text, uint64_t *ret)
{
	if (strcmp(text, "none") == 0) {
		*ret = 0;
		return NULL;
	}
	if (duration_parse(text, ret))
		return NULL;
	return error_new(ERROR_USAGE,
			 "--%s=%s: it is a duration from 10us to 3600s, such as 50ms, 500us or 1.5s, "
			 "or none", row->name, text);
}

static struct error *parse_buffer(const struct option_row *row, const char *text, uint64_t *ret)
{
	static const char *const units[] = {"KiB", "MiB", "GiB"};
	char *end;
	unsigned long long number;

	errno = 0;
	number = strtoull(text, &end, 10);
	for (unsigned i = 0; i < ARRAY_SIZE(units); i++)
		if (strcmp(end, units[i]) == 0 && number <= 1ull << 30) {
			number <<= 10 * (i + 1);
			end += 3;
			break;
		}
	*ret = number;
	if (!errno && end > text && !*end && *text >= '0' && *text <= '9' &&
	    number >= COLLECT_BUFFER_LEAST && number <= COLLECT_BUFFER_MOST)
		return NULL;
	return error_new(ERROR_USAGE, "--%s=%s: it is a size from 8MiB to 512MiB", row->name, text);
}

static struct error *parse_rule(struct options *options, const char *text)
{
	const char *equals = strchr(text, '=');
	struct target_rule rule;

	if (!equals || !find_word(label_words, text, (size_t)(equals - text), &rule.label))
		return error_new(ERROR_USAGE,
				 "--match=%s: it is LABEL=REGEX, with one of the labels "
				 "executable_name, executable_path, command_line, environment, "
				 "hostname, pid",
				 text);
	rule.regex = equals + 1;
	*VEC_PUSH(options->arena, &options->rules) = rule;
	return NULL;
}

static struct error *take(struct options *options, const struct option_row *row, const char *value)
{
	uint32_t word = 0;
	long number;

	switch ((enum option_bit)row->bit) {
	case OPTION_OUTPUT:
		options->output = value;
		return *value ? NULL : error_new(ERROR_USAGE, "-o: no file name");
	case OPTION_PID:
		TRY(parse_number(row, value, INT_MAX, &number));
		*VEC_PUSH(options->arena, &options->pids) = (pid_t)number;
		return NULL;
	case OPTION_MATCH:
		return parse_rule(options, value);
	case OPTION_ENGINE:
		TRY(parse_word(row, engine_words, value, &word));
		options->collect.engine = (enum collect_engine)word;
		return NULL;
	case OPTION_PAUSE:
		TRY(parse_word(row, pause_words, value, &word));
		options->collect.pause = (enum collect_pause)word;
		return NULL;
	case OPTION_MAX_PAUSE:
		return parse_pause(row, value, &options->collect.max_pause_ns);
	case OPTION_BUFFER:
		return parse_buffer(row, value, &options->collect.buffer);
	case OPTION_REHEARSE:
		TRY(parse_word(row, rehearse_words, value, &word));
		options->collect.no_rehearsal = word != 0;
		return NULL;
	case OPTION_TOGETHER:
		options->together = true;
		return NULL;
	case OPTION_SHARDS:
		TRY(parse_number(row, value, INT_MAX, &number));
		options->collect.shards = (uint32_t)number;
		return NULL;
	case OPTION_ENVIRONMENT:
		options->collect.environment = true;
		return NULL;
	case OPTION_SCHEMA:
		*VEC_PUSH(options->arena, &options->schemas) = value;
		return NULL;
	case OPTION_CORE:
		*VEC_PUSH(options->arena, &options->cores) = value;
		return NULL;
	case OPTION_BINARY:
		options->binary = value;
		return NULL;
	case OPTION_FORMAT:
		TRY(parse_word(row, format_words, value, &word));
		options->format = (enum db_format)word;
		return NULL;
	case OPTION_TABLES:
		options->tables = true;
		return NULL;
	case OPTION_JSON:
		options->json = true;
		return NULL;
	case OPTION_QUIET:
		options->quiet = true;
		return NULL;
	case OPTION_VERBOSE:
		options->verbose = true;
		return NULL;
	case OPTION_HELP:
		options->help = true;
		return NULL;
	}
	return NULL;
}

static const struct option_row *find_row(int letter, int index)
{
	if (letter == 0)
		return &option_rows[index];
	for (size_t i = 0; i < ARRAY_SIZE(option_rows); i++)
		if (option_rows[i].letter == letter)
			return &option_rows[i];
	return NULL;
}

static struct error *check(const struct options *options, const struct command *command,
			   uint32_t given)
{
	for (size_t i = 0; i < ARRAY_SIZE(option_rows); i++)
		if (command->required & ~given & option_rows[i].bit)
			return error_new(ERROR_USAGE, "%s: --%s is missing", command->name,
					 option_rows[i].name);
	if (options->arguments_count < command->at_least ||
	    options->arguments_count > command->at_most)
		return error_new(ERROR_USAGE, "%s: too %s arguments", command->name,
				 options->arguments_count < command->at_least ? "few" : "many");
	if (options->quiet && options->verbose)
		return error_new(ERROR_USAGE, "%s: -q and -v contradict each other", command->name);
	return core_check_options(options, command->name, given);
}

static struct error *parse(struct options *options, const struct command *command, int argc,
			   char **argv)
{
	struct option longs[ARRAY_SIZE(option_rows) + 1] = {0};
	uint32_t given = 0;
	int letter, index = 0;

	for (size_t i = 0; i < ARRAY_SIZE(option_rows); i++) {
		longs[i].name = option_rows[i].name;
		longs[i].has_arg = option_rows[i].value ? required_argument : no_argument;
	}
	optind = 0; /* also resets getopt's state from an earlier call */
	while ((letter = getopt_long(argc, argv, ":o:qvh", longs, &index)) != -1) {
		const struct option_row *row;

		if (letter == ':')
			return error_new(ERROR_USAGE, "%s: %s needs a value", command->name,
					 argv[optind - 1]);
		row = letter == '?' ? NULL : find_row(letter, index);
		if (!row || !(command->options & row->bit))
			return error_new(ERROR_USAGE, "%s: no option %s", command->name,
					 argv[optind - 1]);
		given |= row->bit;
		TRY(take(options, row, optarg));
	}
	options->arguments = argv + optind;
	options->arguments_count = (size_t)(argc - optind);
	return options->help ? NULL : check(options, command, given);
}

struct error *options_parse(struct options *options, struct arena *arena,
			    const struct command *command, int argc, char **argv)
{
	struct error *error;
	const char *message;

	*options = (struct options){.arena = arena, .collect.max_pause_ns = DEFAULT_MAX_PAUSE};
	error = parse(options, command, argc, argv);
	if (!error)
		return NULL;
	message = arena_printf(arena, "%s; usage: askance %s %s (-h tells more)", error->message,
			       command->name, command->arguments);
	error_free(error);
	return error_new(ERROR_USAGE, "%s", message);
}

void options_help(const struct command *command, FILE *out)
{
	fprintf(out, "usage: askance %s %s\n\n%s\n\n", command->name, command->arguments,
		command->summary);
	for (size_t i = 0; i < ARRAY_SIZE(option_rows); i++) {
		const struct option_row *row = &option_rows[i];
		const char *line = row->help, *end;
		char left[64];

		if (!(command->options & row->bit))
			continue;
		snprintf(left, sizeof(left), "%s%c%s--%s%s%s", row->letter ? "-" : "  ",
			 row->letter ? row->letter : ' ', row->letter ? ", " : " ", row->name,
			 row->value ? "=" : "", row->value ? row->value : "");
		for (; (end = strchr(line, '\n')); line = end + 1, left[0] = '\0')
			fprintf(out, "  %-30s %.*s\n", left, (int)(end - line), line);
		fprintf(out, "  %-30s %s\n", left, line);
	}
}

void say(const struct options *options, const char *format, ...)
{
	va_list args;

	if (options->quiet)
		return;
	flockfile(stderr); /* a line is a line, whoever else talks */
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	funlockfile(stderr);
}

const char *duration_text(struct arena *arena, uint64_t ns)
{
	if (ns < 1000000)
		return arena_printf(arena, "%.1f µs", (double)ns / 1e3);
	if (ns < 1000000000)
		return arena_printf(arena, "%.2f ms", (double)ns / 1e6);
	return arena_printf(arena, "%.2f s", (double)ns / 1e9);
}
