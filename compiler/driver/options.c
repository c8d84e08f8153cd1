/* SPDX-License-Identifier: BSD-2-Clause */
#include <getopt.h>

#include "driver_int.h"

/* The command line. One table names every option; a command says which of them it takes. */

enum {
	KEY_BINARY = 256,
	KEY_DEBUG,
	KEY_NAME,
	KEY_DENY,
	KEY_DIAGNOSTICS,
	KEY_DUMP,
	KEY_STOP,
	KEY_FORMAT,
};

/* To add an option: a row here, its bit in driver_int.h, its case in set(), its word in main.c. */
static const struct option_row {
	struct option option;
	unsigned bit; /* 0: every command takes it */
} rows[] = {
	{{"binary", required_argument, NULL, KEY_BINARY}, OPTION_BINARY},
	{{"debug", required_argument, NULL, KEY_DEBUG}, OPTION_DEBUG},
	{{"output", required_argument, NULL, 'o'}, OPTION_OUTPUT},
	{{"name", required_argument, NULL, KEY_NAME}, OPTION_OUTPUT},
	{{"dump", required_argument, NULL, KEY_DUMP}, OPTION_OUTPUT},
	{{"stop-after", required_argument, NULL, KEY_STOP}, OPTION_OUTPUT},
	{{"deny", required_argument, NULL, KEY_DENY}, OPTION_DENY},
	{{"diagnostics", required_argument, NULL, KEY_DIAGNOSTICS}, OPTION_DIAGNOSTICS},
	{{"format", required_argument, NULL, KEY_FORMAT}, OPTION_FORMAT},
	{{"help", no_argument, NULL, 'h'}, 0},
	{{"quiet", no_argument, NULL, 'q'}, 0},
	{{"verbose", no_argument, NULL, 'v'}, 0},
};

/* A word that an option takes. */
struct word {
	const char *text;
	int value;
};

static struct error *parse_word(const char *option, const char *text, const struct word *words,
				size_t n, int *ret)
{
	cleanup_strbuf struct strbuf known = STRBUF_INIT;

	for (size_t i = 0; i < n; i++) {
		if (!strcmp(words[i].text, text)) {
			*ret = words[i].value;
			return NULL;
		}
		strbuf_printf(&known, "%s%s", i ? ", " : "", words[i].text);
	}
	return error_new(ERROR_USAGE, "--%s takes %s, not %s", option, known.data, text);
}

static struct error *parse_deny(const char *list, struct options *options)
{
	while (*list) {
		size_t length = strcspn(list, ",");

		if (length == 5 && !memcmp(list, "never", 5))
			options->deny_never = true;
		else if (length == 7 && !memcmp(list, "partial", 7))
			options->deny_partial = true;
		else
			return error_new(ERROR_USAGE, "--deny takes never, partial, not %.*s",
					 (int)length, list);
		list += length + (list[length] == ',');
	}
	return NULL;
}

/* Options that take one of a few words. */
static struct error *set_word(struct options *options, int key, const char *value)
{
	static const struct word diagnostics[] = {
		{"human", FORMAT_HUMAN}, {"json", FORMAT_JSON}, {"sarif", FORMAT_SARIF}};
	static const struct word formats[] = {{"table", FORMAT_TABLE}, {"json", FORMAT_JSON}};
	static const struct word dumps[] = {
		{"spec", DUMP_SPEC}, {"ir", DUMP_IR}, {"schema", DUMP_SCHEMA}, {"c", DUMP_C}};
	static const struct word stages[] = {{"c", true}};
	int word = 0;

	switch (key) {
	case KEY_DIAGNOSTICS:
		TRY(parse_word("diagnostics", value, diagnostics, ARRAY_SIZE(diagnostics), &word));
		options->diagnostics = (enum driver_format)word;
		return NULL;
	case KEY_FORMAT:
		TRY(parse_word("format", value, formats, ARRAY_SIZE(formats), &word));
		options->report = (enum driver_format)word;
		return NULL;
	case KEY_DUMP:
		TRY(parse_word("dump", value, dumps, ARRAY_SIZE(dumps), &word));
		options->dump = (enum driver_dump)word;
		return NULL;
	case KEY_STOP:
		TRY(parse_word("stop-after", value, stages, ARRAY_SIZE(stages), &word));
		options->stop_after_c = word;
		return NULL;
	}
	assert(!"an option without a case");
	return NULL;
}

static struct error *set(struct options *options, int key, const char *value)
{
	switch (key) {
	case KEY_BINARY:
		options->binary = value;
		return NULL;
	case KEY_DEBUG:
		options->debug = value;
		return NULL;
	case KEY_NAME:
		options->name = value;
		return NULL;
	case 'o':
		options->directory = value;
		return NULL;
	case KEY_DENY:
		return parse_deny(value, options);
	case 'h':
		options->help = true;
		return NULL;
	case 'q':
		options->quiet = true;
		return NULL;
	case 'v':
		options->verbose = true;
		return NULL;
	default:
		return set_word(options, key, value);
	}
}

struct error *options_parse(int argc, char **argv, unsigned accepts, struct options *ret)
{
	struct option longs[ARRAY_SIZE(rows) + 1] = {0};
	struct options options = {.diagnostics = FORMAT_HUMAN, .report = FORMAT_TABLE};
	const char *shorts = accepts & OPTION_OUTPUT ? ":o:hqv" : ":hqv";
	size_t n = 0;
	int key;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (!rows[i].bit || rows[i].bit & accepts)
			longs[n++] = rows[i].option;
	optind = 0; /* glibc: forget what was parsed before */
	opterr = 0;
	while ((key = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (key == ':')
			return error_new(ERROR_USAGE, "%s wants a value", argv[optind - 1]);
		if (key == '?')
			return error_new(ERROR_USAGE, "askc %s: it does not take %s", argv[0],
					 argv[optind - 1]);
		TRY(set(&options, key, optarg));
	}
	if (argc - optind > 1)
		return error_new(ERROR_USAGE, "unexpected argument %s", argv[optind + 1]);
	options.argument = optind < argc ? argv[optind] : NULL;
	if (options.diagnostics != FORMAT_HUMAN && options.dump)
		return error_new(ERROR_USAGE, "--dump and --diagnostics both write to stdout");
	*ret = options;
	return NULL;
}
