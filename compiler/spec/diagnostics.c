/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Diagnostics: gathering, order and suggestions. The printers are in
 * diagnostics_human.c and diagnostics_json.c.
 *
 * A suggestion is a name that the user may have meant. Names here are Go's as
 * well as a spec's keys, so three kinds of likeness count: a few edits (with a
 * wrong case counting half an edit), the same letters in other punctuation
 * (main.server.GetInfo for main.(*server).GetInfo), and one name inside the other
 * (GetInfo). The score of a name is the lowest of these; below, all are in half
 * edits.
 */
#include "diagnostics_int.h"

#include <stdlib.h>

#define EDIT 2
#define CASE_EDIT 1
#define SCORE_SAME_LETTERS 1
#define SCORE_PREFIX 3
#define SCORE_INSIDE 4
#define SUGGESTIONS 3
#define SHORTEST_INSIDE 3 /* shorter names are inside everything */
#define LONGEST_EDITED 256 /* longer names are only tested for being inside */

void diagnostics_init(struct diagnostics *diags, struct arena *arena, const char *file,
		      const char *text, size_t text_length)
{
	*diags = (struct diagnostics){
		.arena = arena, .file = file, .text = text, .text_length = text_length};
}

static char *format_text(struct arena *arena, const char *format, va_list args)
{
	cleanup_strbuf struct strbuf buf = STRBUF_INIT;

	strbuf_vprintf(&buf, format, args);
	return arena_strndup(arena, buf.data, buf.length);
}

struct diagnostic *diagnostics_add(struct diagnostics *diags, enum severity severity,
				   const char *code, struct source_span span, const char *format,
				   ...)
{
	struct diagnostic *diag = VEC_PUSH(diags->arena, &diags->list);
	va_list args;

	va_start(args, format);
	*diag = (struct diagnostic){.severity = severity,
				    .code = code,
				    .span = span,
				    .message = format_text(diags->arena, format, args)};
	va_end(args);
	if (severity == SEVERITY_ERROR)
		diags->errors++;
	return diag;
}

void diagnostic_note(struct diagnostics *diags, struct diagnostic *diag, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	*VEC_PUSH(diags->arena, &diag->notes) = format_text(diags->arena, format, args);
	va_end(args);
}

static unsigned smaller(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static unsigned replace_cost(char a, char b)
{
	if (a == b)
		return 0;
	return lower(a) == lower(b) ? CASE_EDIT : EDIT;
}

/*
 * Edit distance with swaps of neighbours (optimal string alignment), in half
 * edits; limit + 1 when it is more than limit. Only the band around the diagonal
 * that `limit` can reach is computed: a binary has 100,000 names to compare with.
 */
static unsigned edit_distance(const char *a, size_t la, const char *b, size_t lb, unsigned limit)
{
	unsigned rows[3][LONGEST_EDITED + 2];
	unsigned *before = rows[0], *above = rows[1], *row = rows[2];
	unsigned far = limit + 1, least_above = 0;
	size_t difference = la > lb ? la - lb : lb - la, band = limit / EDIT;

	if (la > LONGEST_EDITED || lb > LONGEST_EDITED || difference > band)
		return far;
	for (size_t j = 0; j <= lb + 1; j++)
		above[j] = j <= band ? (unsigned)j * EDIT : far;
	for (size_t i = 1; i <= la; i++) {
		size_t from = i > band ? i - band : 1, to = i + band < lb ? i + band : lb;
		unsigned *spare = before;
		unsigned least = row[from - 1] = from > 1 ? far : (unsigned)i * EDIT;

		for (size_t j = from; j <= to; j++) {
			row[j] = smaller(smaller(above[j], row[j - 1]) + EDIT,
					 above[j - 1] + replace_cost(a[i - 1], b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = smaller(row[j], before[j - 2] + EDIT);
			least = smaller(least, row[j]);
		}
		row[to + 1] = far;
		/* a swap reaches over one row */
		if (least > limit && least_above > limit)
			return far;
		least_above = least;
		before = above;
		above = row;
		row = spare;
	}
	return smaller(above[lb], far);
}

/* Letters and digits alone, in lower case. */
static void squeeze(struct strbuf *buf, const char *text)
{
	strbuf_clear(buf);
	for (; *text; text++) {
		char c = lower(*text);

		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80)
			strbuf_putc(buf, c);
	}
}

static unsigned likeness(const struct strbuf *a, const struct strbuf *b)
{
	const struct strbuf *shorter = a->length < b->length ? a : b;
	const struct strbuf *longer = shorter == a ? b : a;
	const char *found;

	if (a->length == b->length && a->length && !memcmp(a->data, b->data, a->length))
		return SCORE_SAME_LETTERS;
	if (shorter->length < SHORTEST_INSIDE)
		return UINT32_MAX;
	found = strstr(longer->data, shorter->data);
	if (!found)
		return UINT32_MAX;
	return found == longer->data ? SCORE_PREFIX : SCORE_INSIDE;
}

struct candidate {
	const char *name;
	unsigned score;
	size_t difference; /* of the lengths */
};

static bool nearer(const struct candidate *a, const struct candidate *b)
{
	if (a->score != b->score)
		return a->score < b->score;
	return a->difference < b->difference;
}

/* Keeps the best, in order; of equals the one that came first. */
static void keep_best(struct candidate *best, size_t *count, struct candidate candidate)
{
	size_t at = *count;

	for (size_t i = 0; i < *count; i++)
		if (!strcmp(best[i].name, candidate.name))
			return;
	while (at > 0 && nearer(&candidate, &best[at - 1]))
		at--;
	if (at == SUGGESTIONS)
		return;
	if (*count < SUGGESTIONS)
		(*count)++;
	memmove(&best[at + 1], &best[at], (*count - at - 1) * sizeof(*best));
	best[at] = candidate;
}

void diagnostic_suggest(struct diagnostics *diags, struct diagnostic *diag, const char *wrong,
			const char *const *names, size_t n)
{
	cleanup_strbuf struct strbuf squeezed_wrong = STRBUF_INIT;
	cleanup_strbuf struct strbuf squeezed = STRBUF_INIT;
	struct candidate best[SUGGESTIONS];
	size_t count = 0, length = strlen(wrong);

	if (diags->list.length > DIAGNOSTICS_MAX_SUGGESTED || !length)
		return;
	squeeze(&squeezed_wrong, wrong);
	for (size_t i = 0; i < n; i++) {
		size_t l = strlen(names[i]);
		size_t longest = l > length ? l : length;
		unsigned allowed = longest > LONGEST_EDITED ? SCORE_INSIDE
							    : (unsigned)(longest * EDIT + 2) / 3;
		struct candidate candidate = {names[i], 0, longest - (l < length ? l : length)};

		if (!strcmp(names[i], wrong))
			continue;
		if (count == SUGGESTIONS)
			allowed = smaller(allowed, best[SUGGESTIONS - 1].score);
		squeeze(&squeezed, names[i]);
		candidate.score = edit_distance(wrong, length, names[i], l, allowed);
		if (candidate.score > allowed)
			candidate.score = UINT32_MAX;
		candidate.score = smaller(candidate.score, likeness(&squeezed_wrong, &squeezed));
		if (candidate.score != UINT32_MAX)
			keep_best(best, &count, candidate);
	}
	for (size_t i = 0; i < count; i++)
		*VEC_PUSH(diags->arena, &diag->suggestions) =
			arena_strdup(diags->arena, best[i].name);
}

const char *severity_name(enum severity severity)
{
	static const char *const names[] = {
		[SEVERITY_ERROR] = "error",
		[SEVERITY_WARNING] = "warning",
		[SEVERITY_NOTE] = "note",
	};

	return names[severity];
}

static int by_place(const void *a, const void *b)
{
	const struct diagnostic *x = *(const struct diagnostic *const *)a;
	const struct diagnostic *y = *(const struct diagnostic *const *)b;

	if (x->span.line != y->span.line)
		return x->span.line < y->span.line ? -1 : 1;
	if (x->span.column != y->span.column)
		return x->span.column < y->span.column ? -1 : 1;
	/* both point into one array: the order in which they were added */
	return x < y ? -1 : x > y;
}

static bool repeats(const struct diagnostic *a, const struct diagnostic *b)
{
	return a->span.line == b->span.line && a->span.column == b->span.column &&
	       !strcmp(a->code, b->code) && !strcmp(a->message, b->message);
}

const struct diagnostic **diagnostics_sorted(const struct diagnostics *diags, size_t *n)
{
	size_t count = diags->list.length, kept = 0;
	const struct diagnostic **sorted =
		ARENA_ARRAY(diags->arena, const struct diagnostic *, count);

	for (size_t i = 0; i < count; i++)
		sorted[i] = &diags->list.data[i];
	if (count)
		qsort(sorted, count, sizeof(*sorted), by_place);
	for (size_t i = 0; i < count; i++)
		if (!kept || !repeats(sorted[kept - 1], sorted[i]))
			sorted[kept++] = sorted[i];
	*n = kept;
	return sorted;
}

bool line_cursor_seek(struct line_cursor *cursor, const struct diagnostics *diags, uint32_t line,
		      const char **ret, size_t *length)
{
	const char *text = diags->text;

	if (line < cursor->line || !text)
		return false;
	while (cursor->line < line) {
		size_t start = cursor->line ? cursor->end + 1 : 0;
		const char *end;

		if (start > diags->text_length)
			return false;
		end = memchr(text + start, '\n', diags->text_length - start);
		cursor->start = start;
		cursor->end = end ? (size_t)(end - text) : diags->text_length;
		cursor->line++;
	}
	*ret = text + cursor->start;
	*length = cursor->end - cursor->start;
	if (*length && (*ret)[*length - 1] == '\r')
		(*length)--;
	return true;
}
