/* SPDX-License-Identifier: BSD-2-Clause */
/* `limits` and `match`: the numbers and the regexes of a spec. */
#include "spec_int.h"

static bool split_number(const char *text, uint64_t *value, const char **unit)
{
	const char *p = text;

	if (*p < '0' || *p > '9' || (p[0] == '0' && p[1] >= '0' && p[1] <= '9'))
		return false;
	for (*value = 0; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(*value, 10, value) ||
		    __builtin_add_overflow(*value, (uint64_t)(*p - '0'), value))
			*value = UINT64_MAX; /* more than any limit: the range says so */
	*unit = p;
	return true;
}

static const struct {
	const char *name;
	unsigned shift;
} units[] = {
	{"", 0},
	{"KiB", 10},
	{"MiB", 20},
	{"GiB", 30},
};

static void bad_number(struct spec_reader *reader, const struct spec_node *value, bool bytes)
{
	spec_error(reader, value->span, "bad-number",
		   bytes ? "`%s` is not a size: a whole number, plain or with KiB, MiB or GiB"
			 : "`%s` is not a whole number",
		   spec_quote(reader->arena, value->text));
}

/* A number within [low, high], in bytes (units allowed) or a count. */
static void read_number(struct spec_reader *reader, const struct spec_node *value, bool bytes,
			uint64_t low, uint64_t high, uint64_t *ret)
{
	const char *unit;
	uint64_t number;
	size_t i;

	if (!spec_is_text(reader, value, "a limit"))
		return;
	if (!split_number(value->text, &number, &unit)) {
		bad_number(reader, value, bytes);
		return;
	}
	for (i = 0; i < ARRAY_SIZE(units); i++)
		if (!strcmp(units[i].name, unit))
			break;
	if (i == ARRAY_SIZE(units) || (i && !bytes)) {
		bad_number(reader, value, bytes);
		return;
	}
	if (number > high >> units[i].shift || number << units[i].shift < low) {
		spec_error(reader, value->span, "out-of-range",
			   "%s is out of range: from %" PRIu64 " to %" PRIu64,
			   spec_quote(reader->arena, value->text), low, high);
		return;
	}
	*ret = number << units[i].shift;
}

static void read_depth(struct spec_reader *reader, const struct spec_node *value, void *ret)
{
	read_number(reader, value, false, 0, SPEC_MAX_DEPTH, ret);
}

static void read_length(struct spec_reader *reader, const struct spec_node *value, void *ret)
{
	read_number(reader, value, true, 1, SPEC_MAX_LENGTH, ret);
}

static void read_leaf(struct spec_reader *reader, const struct spec_node *value, void *ret)
{
	read_number(reader, value, false, 1, SPEC_MAX_FRAMES, ret);
}

static void read_root(struct spec_reader *reader, const struct spec_node *value, void *ret)
{
	read_number(reader, value, false, 0, SPEC_MAX_FRAMES, ret);
}

static void read_bytes(struct spec_reader *reader, const struct spec_node *value, void *ret)
{
	read_number(reader, value, true, 1, SPEC_MAX_BYTES, ret);
}

static const struct spec_key frames_keys[] = {
	{"leaf", read_leaf, offsetof(struct spec_limits, frames_leaf), 0},
	{"root", read_root, offsetof(struct spec_limits, frames_root), 0},
};

static void read_frames(struct spec_reader *reader, const struct spec_node *value, void *ret)
{
	struct spec_limits *limits = ret;
	uint64_t leaf, root;

	spec_read_mapping(reader, value, "`frames`", frames_keys, ARRAY_SIZE(frames_keys), limits);
	leaf = limits->frames_leaf == SPEC_UNSET ? SPEC_DEFAULT_FRAMES_LEAF : limits->frames_leaf;
	root = limits->frames_root == SPEC_UNSET ? SPEC_DEFAULT_FRAMES_ROOT : limits->frames_root;
	if (leaf + root > SPEC_MAX_FRAMES)
		spec_error(reader, value->span, "out-of-range",
			   "leaf %" PRIu64 " and root %" PRIu64 " are more than %d frames together",
			   leaf, root, SPEC_MAX_FRAMES);
}

/* To add a limit: a row here, its field in struct spec_limits, its use in resolve. */
#define CAPTURE_LIMITS                                                                             \
	{"depth", read_depth, offsetof(struct spec_limits, depth), 0},                             \
	{"string", read_length, offsetof(struct spec_limits, string), 0},                          \
	{"slice", read_length, offsetof(struct spec_limits, slice), 0},                            \
	{"map", read_length, offsetof(struct spec_limits, map), 0}

static const struct spec_key limits_keys[] = {
	CAPTURE_LIMITS,
	{"frames", read_frames, 0, SPEC_KEY_MAY_BE_EMPTY},
	{"bytes", read_bytes, offsetof(struct spec_limits, bytes), 0},
};

static const struct spec_key capture_limits_keys[] = {
	CAPTURE_LIMITS,
	{"frames", read_frames, 0, SPEC_KEY_ELSEWHERE},
	{"bytes", read_bytes, 0, SPEC_KEY_ELSEWHERE},
};

struct spec_limits spec_limits_unset(void)
{
	return (struct spec_limits){.depth = SPEC_UNSET,
				    .string = SPEC_UNSET,
				    .slice = SPEC_UNSET,
				    .map = SPEC_UNSET,
				    .frames_leaf = SPEC_UNSET,
				    .frames_root = SPEC_UNSET,
				    .bytes = SPEC_UNSET};
}

void spec_read_limits(struct spec_reader *reader, const struct spec_node *value, void *ret)
{
	struct spec_limits *limits = ret;

	limits->span = value->span;
	spec_read_mapping(reader, value, "`limits`", limits_keys, ARRAY_SIZE(limits_keys), limits);
}

void spec_read_capture_limits(struct spec_reader *reader, const struct spec_node *value, void *ret)
{
	struct spec_limits *limits = ret;

	limits->span = value->span;
	spec_read_mapping(reader, value, "a capture's `limits`", capture_limits_keys,
			  ARRAY_SIZE(capture_limits_keys), limits);
}

/* While `match` is read: one regex for each label, in the order of the labels. */
struct match_texts {
	struct spec_text regex[SCHEMA_MATCH_LABELS];
};

static void read_regex(struct spec_reader *reader, const struct spec_node *value, void *ret)
{
	struct spec_text text = {0};
	const char *problem;
	struct diagnostic *diag;

	spec_read_text(reader, value, &text);
	if (!text.text)
		return;
	problem = spec_regex_problem(reader->arena, text.text);
	if (!problem) {
		*(struct spec_text *)ret = text;
		return;
	}
	diag = spec_error(reader, text.span, "bad-regex", "bad regex `%s`: %s",
			  spec_quote(reader->arena, text.text), problem);
	diagnostic_note(reader->diags, diag, "regexes are POSIX extended ones");
}

static const struct spec_key match_keys[] = {
#define ROW(label, word)                                                                           \
	{word, read_regex, offsetof(struct match_texts, regex[SCHEMA_MATCH_##label]), 0},
	SCHEMA_MATCH_LABEL_ROWS(ROW)
#undef ROW
};

void spec_read_match(struct spec_reader *reader, const struct spec_node *value, void *ret)
{
	struct match_texts texts = {0};
	struct spec *spec = ret;

	spec_read_mapping(reader, value, "`match`", match_keys, ARRAY_SIZE(match_keys), &texts);
	for (unsigned label = 0; label < SCHEMA_MATCH_LABELS; label++)
		if (texts.regex[label].text)
			*VEC_PUSH(reader->arena, &spec->matches) =
				(struct spec_match){label, texts.regex[label]};
}
