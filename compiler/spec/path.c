/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Paths: a variable, then steps.
 *
 *   path     = variable [ "@" line ] { step }
 *   variable = [ "~" | "&" | "." ] name      ~r0 a result, &x an escaped one, .dict of generics
 *   step     = "." name  |  "[" number "]"  |  ".(" type ")"
 *   name     = letter or "_" or any non-ASCII character, then those and digits
 *   type     = a Go type, taken as it is, up to the parenthesis that closes it
 */
#include "spec_int.h"

struct scanner {
	struct spec_reader *reader;
	const struct spec_node *node;
	const char *text;
	size_t at;
};

static struct source_span part(const struct scanner *s, size_t from, size_t to)
{
	struct source_span span = s->node->span;

	if (!s->node->exact)
		return span;
	span.end_column = s->node->exact + (uint32_t)to;
	span.column = s->node->exact + (uint32_t)from;
	return span;
}

/* Complains about the character at `at`, or about the end. */
static bool bad_path(struct scanner *s, size_t at, const char *message)
{
	size_t end = at;

	if (s->text[end])
		end++;
	while (((unsigned char)s->text[end] & 0xc0) == 0x80)
		end++;
	spec_error(s->reader, part(s, at, end), "bad-path", "bad path `%s`: %s",
		   spec_quote(s->reader->arena, s->text), message);
	return false;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       (unsigned char)c >= 0x80;
}

/* Returns NULL when there is no name here. */
static const char *scan_name(struct scanner *s)
{
	size_t from = s->at;

	if (!is_letter(s->text[from]))
		return NULL;
	while (is_letter(s->text[s->at]) || is_digit(s->text[s->at]))
		s->at++;
	return arena_strndup(s->reader->arena, s->text + from, s->at - from);
}

static bool scan_number(struct scanner *s, uint64_t limit, uint64_t *ret)
{
	size_t from = s->at;
	uint64_t value = 0;

	if (!is_digit(s->text[s->at]))
		return bad_path(s, s->at, "a number is missing here");
	for (; is_digit(s->text[s->at]); s->at++) {
		value = value * 10 + (uint64_t)(s->text[s->at] - '0');
		if (value > limit)
			return bad_path(s, from, "this number is too large");
	}
	*ret = value;
	return true;
}

static bool scan_variable(struct scanner *s, struct spec_path *path)
{
	size_t from = s->at;

	if (s->text[s->at] && strchr("~&.", s->text[s->at]))
		s->at++;
	if (!scan_name(s))
		return bad_path(s, s->at, "the name of a variable is missing here");
	path->variable = arena_strndup(s->reader->arena, s->text + from, s->at - from);
	if (s->text[s->at] == '@') {
		size_t line = ++s->at;

		if (!scan_number(s, UINT32_MAX, &path->line))
			return false;
		if (!path->line)
			return bad_path(s, line, "lines are counted from 1");
	}
	path->variable_span = part(s, from, s->at);
	return true;
}

/* After ".(": up to the parenthesis that closes it. */
static bool scan_type(struct scanner *s, struct spec_step *step)
{
	size_t from = s->at, open = 1;

	for (; s->text[s->at]; s->at++) {
		if (s->text[s->at] == '(')
			open++;
		else if (s->text[s->at] == ')' && --open == 0)
			break;
	}
	if (!s->text[s->at])
		return bad_path(s, from - 1, "this parenthesis is not closed");
	while (from < s->at && s->text[from] == ' ')
		from++;
	if (from == s->at)
		return bad_path(s, s->at, "the name of a type is missing here");
	step->kind = SPEC_STEP_ASSERT;
	step->name = arena_strndup(s->reader->arena, s->text + from, s->at - from);
	step->span = part(s, from, s->at);
	s->at++;
	return true;
}

static bool scan_step(struct scanner *s, struct spec_step *step)
{
	size_t from = s->at++;

	if (s->text[from] == '[') {
		step->kind = SPEC_STEP_INDEX;
		if (!scan_number(s, UINT32_MAX, &step->index))
			return false;
		if (s->text[s->at] != ']')
			return bad_path(s, s->at, "`]` is missing here");
		s->at++;
		step->span = part(s, from, s->at);
		return true;
	}
	if (s->text[from] != '.')
		return bad_path(s, from, "a step is `.field`, `[number]` or `.(type)`");
	if (s->text[s->at] == '(') {
		s->at++;
		return scan_type(s, step);
	}
	from = s->at;
	step->kind = SPEC_STEP_FIELD;
	step->name = scan_name(s);
	if (!step->name)
		return bad_path(s, s->at, "the name of a field is missing here");
	step->span = part(s, from, s->at);
	return true;
}

bool spec_parse_path(struct spec_reader *reader, const struct spec_node *node,
		     struct spec_path *ret)
{
	struct spec_path path = {.span = node->span};
	struct scanner s = {.reader = reader, .node = node};
	size_t length = strlen(node->text);

	/* a block text ends with a line end that its author does not see */
	while (length && node->text[length - 1] == '\n')
		length--;
	path.text = s.text = arena_strndup(reader->arena, node->text, length);
	if (!scan_variable(&s, &path))
		return false;
	while (s.text[s.at]) {
		struct spec_step step = {0};

		if (path.steps.length == SPEC_MAX_STEPS)
			return bad_path(&s, s.at, "it has more than 64 steps");
		if (!scan_step(&s, &step))
			return false;
		*VEC_PUSH(reader->arena, &path.steps) = step;
	}
	*ret = path;
	return true;
}

bool spec_parse_type_path(struct spec_reader *reader, const struct spec_node *node,
			  struct spec_path *ret)
{
	struct spec_path path;
	struct spec_step *steps;

	if (!spec_parse_path(reader, node, &path))
		return false;
	if (path.line || !is_letter(path.variable[0])) {
		spec_error(reader, path.variable_span, "bad-path",
			   "bad path `%s`: a path of a type begins with a field",
			   spec_quote(reader->arena, path.text));
		return false;
	}
	for (size_t i = 0; i < path.steps.length; i++) {
		if (path.steps.data[i].kind == SPEC_STEP_FIELD)
			continue;
		spec_error(reader, path.steps.data[i].span, "bad-path",
			   "bad path `%s`: a path of a type is made of fields alone",
			   spec_quote(reader->arena, path.text));
		return false;
	}
	VEC_PUSH(reader->arena, &path.steps);
	steps = path.steps.data;
	memmove(steps + 1, steps, (path.steps.length - 1) * sizeof(*steps));
	steps[0] = (struct spec_step){
		.kind = SPEC_STEP_FIELD, .name = path.variable, .span = path.variable_span};
	path.variable = "";
	*ret = path;
	return true;
}
