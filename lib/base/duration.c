/* SPDX-License-Identifier: BSD-2-Clause */
#include <ctype.h>

#include "base.h"

static const struct {
	const char *name;
	uint64_t ns;
} units[] = {
	{"us", 1000}, {"µs", 1000}, {"ms", 1000000}, {"s", 1000000000},
};

/* A decimal number below ten million, in billionths. false: it is none. */
static bool parse_billionths(const char **text, uint64_t *ret)
{
	uint64_t number = 0, scale = 1000000000;
	const char *p = *text;

	if (!isdigit((unsigned char)*p))
		return false;
	for (; isdigit((unsigned char)*p); p++) {
		number = number * 10 + (uint64_t)(*p - '0');
		if (number >= 10000000)
			return false;
	}
	number *= scale;
	if (*p == '.' && !isdigit((unsigned char)p[1]))
		return false;
	if (*p == '.')
		for (p++; isdigit((unsigned char)*p); p++) {
			scale /= 10; /* 0 in the end: nobody waits for less than a billionth */
			number += (uint64_t)(*p - '0') * scale;
		}
	*text = p;
	*ret = number;
	return true;
}

bool duration_parse(const char *text, uint64_t *ret)
{
	uint64_t number;

	if (!parse_billionths(&text, &number))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		unsigned __int128 ns = (unsigned __int128)number * units[i].ns / 1000000000;

		if (strcmp(text, units[i].name) != 0)
			continue;
		if (ns < DURATION_LEAST || ns > DURATION_MOST)
			return false;
		*ret = (uint64_t)ns;
		return true;
	}
	return false;
}
