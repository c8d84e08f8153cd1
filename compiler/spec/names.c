/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names: what a table or column is called when the spec does not say, and which
 * functions a name means.
 */
#include "spec_int.h"

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || (unsigned char)c >= 0x80;
}

/* Words joined by "_": what is between them, before and after is left out. */
static char *join_words(struct arena *arena, const char *text)
{
	cleanup_strbuf struct strbuf buf = STRBUF_INIT;
	bool between = false;

	for (; *text; text++) {
		if (!is_word(*text)) {
			between = buf.length > 0;
			continue;
		}
		if (between)
			strbuf_putc(&buf, '_');
		strbuf_putc(&buf, *text);
		between = false;
	}
	return arena_strndup(arena, buf.data, buf.length);
}

/*
 * A Go name is PACKAGE.REST. The path of the package may have dots and slashes, but
 * slashes also stand in type arguments: the package ends at the first dot after the
 * last slash that is before any parenthesis or bracket.
 */
char *spec_table_name(struct arena *arena, const char *function)
{
	size_t end = strcspn(function, "([");
	size_t base = 0;
	const char *dot;

	for (size_t i = 0; i < end; i++)
		if (function[i] == '/')
			base = i + 1;
	dot = memchr(function + base, '.', end - base);
	return join_words(arena, dot ? dot + 1 : function + base);
}

char *spec_column_name(struct arena *arena, const char *path)
{
	return join_words(arena, path);
}

#define ANY_INSTANCE "[...]"

static bool is_star(const char *pattern, size_t at)
{
	return pattern[at] == '*' && !(at > 0 && pattern[at - 1] == '(');
}

static bool is_any_instance(const char *pattern)
{
	return !strncmp(pattern, ANY_INSTANCE, strlen(ANY_INSTANCE));
}

bool spec_name_has_star(const char *pattern)
{
	for (size_t i = 0; pattern[i]; i++)
		if (is_star(pattern, i))
			return true;
	return false;
}

bool spec_name_is_pattern(const char *pattern)
{
	return spec_name_has_star(pattern) || strstr(pattern, ANY_INSTANCE);
}

/* Bytes from `[` to the bracket that closes it; 0 when it is no `[` or none does. */
static size_t group_length(const char *name)
{
	size_t open = 0;

	if (name[0] != '[')
		return 0;
	for (size_t i = 0; name[i]; i++) {
		if (name[i] == '[')
			open++;
		else if (name[i] == ']' && --open == 0)
			return i + 1;
	}
	return 0;
}

/* Where in a name or pattern we are, and in how many brackets. */
struct bracket_place {
	size_t at;
	size_t open;
};

static struct bracket_place one_on(const char *name, struct bracket_place place)
{
	if (name[place.at] == '[')
		place.open++;
	else if (name[place.at] == ']' && place.open)
		place.open--;
	place.at++;
	return place;
}

/*
 * A glob with one point of return, the last `*`, as usual: what stands between two
 * `*` may be matched at the first place where it fits. That holds with `[...]` too,
 * for it only stands for a group that is in as many brackets as it is itself in the
 * pattern: such groups are disjoint, so a match that begins earlier also ends
 * earlier. The time is that of the two lengths multiplied, however hostile the name.
 */
bool spec_name_matches(const char *pattern, const char *name)
{
	struct bracket_place n = {0, 0}, p = {0, 0}, retry_n = {0, 0}, retry_p = {0, 0};
	bool has_star = false;

	while (name[n.at]) {
		if (is_star(pattern, p.at)) {
			has_star = true;
			p.at++;
			retry_p = p;
			retry_n = n;
			continue;
		}
		if (is_any_instance(pattern + p.at)) {
			size_t group = n.open == p.open ? group_length(name + n.at) : 0;

			if (group) {
				n.at += group;
				p.at += strlen(ANY_INSTANCE);
				continue;
			}
		} else if (pattern[p.at] == name[n.at]) {
			p = one_on(pattern, p);
			n = one_on(name, n);
			continue;
		}
		if (!has_star)
			return false;
		retry_n = one_on(name, retry_n);
		n = retry_n;
		p = retry_p;
	}
	while (is_star(pattern, p.at))
		p.at++;
	return !pattern[p.at];
}
