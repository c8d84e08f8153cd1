/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Regexes of `match`. glibc compiles a repeated part by copying it, so
 * ((a{1,255}){1,255}){1,255} takes all memory there is, and back-references (which
 * POSIX extended regexes do not have, but glibc does) take all time when matching.
 * Both are found before regcomp() sees the regex: one pass computes how many
 * copies it would make.
 */
#include "spec_int.h"

#include <regex.h>

/* No regex of SPEC_MAX_REGEX bytes without a repetition is refused, and none takes a second. */
#define MAX_COPIES SPEC_MAX_REGEX
#define MAX_GROUPS 64

struct costing {
	uint64_t groups[MAX_GROUPS]; /* copies in each open group so far */
	size_t depth;
	uint64_t atom; /* of them, in the last atom: a repetition multiplies these */
};

static uint64_t capped(uint64_t copies)
{
	return copies > MAX_COPIES ? MAX_COPIES + 1 : copies;
}

static void add_atom(struct costing *c, uint64_t copies)
{
	c->atom = copies;
	c->groups[c->depth] = capped(c->groups[c->depth] + copies);
}

static void repeat_atom(struct costing *c, uint64_t times)
{
	uint64_t copies = capped(c->atom * times);

	c->groups[c->depth] = capped(c->groups[c->depth] - c->atom + copies);
	c->atom = copies;
}

/* Past a bracket expression: `p` is after its `[`. Its end, or the NUL. */
static const char *skip_bracket(const char *p)
{
	if (*p == '^')
		p++;
	if (*p == ']')
		p++;
	while (*p && *p != ']') {
		/* [:alpha:], [.x.], [=x=]: their `]` does not end the bracket */
		if (p[0] == '[' && p[1] && strchr(":.=", p[1])) {
			char kind = p[1];

			for (p += 2; *p && !(p[0] == kind && p[1] == ']'); p++)
				;
			p += *p ? 2 : 0;
			continue;
		}
		p++;
	}
	return *p ? p + 1 : p;
}

/* {m}, {m,}, {m,n}: `p` is after the `{`. The number of copies it makes. */
static const char *interval(const char *p, uint64_t *times)
{
	uint64_t low = 0, high = 0;

	for (; *p >= '0' && *p <= '9'; p++)
		low = capped(low * 10 + (uint64_t)(*p - '0'));
	*times = low;
	if (*p == ',') {
		for (p++; *p >= '0' && *p <= '9'; p++)
			high = capped(high * 10 + (uint64_t)(*p - '0'));
		*times = high > low ? high : low + 1;
	}
	if (!*times)
		*times = 1;
	return *p == '}' ? p + 1 : p;
}

/* NULL, or why this regex is refused without asking regcomp(). */
static const char *refuse(const char *p)
{
	struct costing c = {0};

	while (*p) {
		uint64_t times;

		switch (*p++) {
		case '\\':
			if (*p >= '1' && *p <= '9')
				return "back-references are not supported";
			p += *p ? 1 : 0;
			add_atom(&c, 1);
			break;
		case '[':
			p = skip_bracket(p);
			add_atom(&c, 1);
			break;
		case '(':
			if (c.depth + 1 == MAX_GROUPS)
				return "too many groups inside each other";
			c.groups[++c.depth] = 1;
			break;
		case ')':
			if (c.depth) {
				c.depth--;
				add_atom(&c, c.groups[c.depth + 1]);
			}
			break;
		case '+':
			repeat_atom(&c, 2);
			break;
		case '*':
		case '?':
			break;
		case '{':
			p = interval(p, &times);
			repeat_atom(&c, times);
			break;
		default:
			add_atom(&c, 1);
		}
		if (c.groups[c.depth] > MAX_COPIES)
			return "it repeats too much";
	}
	return NULL;
}

const char *spec_regex_problem(struct arena *arena, const char *text)
{
	const char *problem;
	regex_t regex;
	char message[256];
	int failure;

	if (strlen(text) > SPEC_MAX_REGEX)
		return "it is longer than 1024 bytes";
	problem = refuse(text);
	if (problem)
		return problem;
	failure = regcomp(&regex, text, REG_EXTENDED | REG_NOSUB);
	if (!failure) {
		regfree(&regex);
		return NULL;
	}
	regerror(failure, &regex, message, sizeof(message));
	return arena_strdup(arena, message);
}
