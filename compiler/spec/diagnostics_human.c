/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Diagnostics for people:
 *
 *   spec.yaml:5:7: error: unknown key `nmae` in a function
 *     - nmae: main.f
 *       ^~~~
 *   note: did you mean `name`?
 *
 * Everything printed here may come from a hostile file (a spec, or names from a
 * binary's DWARF), so nothing that a terminal would obey passes: controls and
 * signs that turn the direction of writing become `?`.
 */
#include "diagnostics_int.h"

#include "spec_utf8.h"

/* A longer line is shown as a piece of it around the span, marked by `...` where it was cut. */
#define LINE_SHOWN 160
#define LINE_BEFORE 60 /* of it, at most so much before the span */
#define CUT "..."

/* Appends one code point made harmless; returns its bytes in text. *width is its columns. */
static size_t put_safe(struct strbuf *out, const char *text, size_t length, int *width)
{
	uint32_t code;
	size_t size = spec_utf8_decode(text, length, &code);

	*width = size ? spec_utf8_width(code) : -1;
	if (*width < 0) {
		strbuf_putc(out, '?');
		*width = 1;
		return size ? size : 1;
	}
	strbuf_add(out, text, size);
	return size;
}

static void print_safe(const char *text, FILE *out)
{
	cleanup_strbuf struct strbuf safe = STRBUF_INIT;
	size_t length = strlen(text);
	int width;

	while (length) {
		size_t size = put_safe(&safe, text, length, &width);

		text += size;
		length -= size;
	}
	fwrite(safe.data, 1, safe.length, out);
}

static bool continues(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* Bytes [*from, *to) of the line are shown: all of it, or a window in which the span begins. */
static void choose_window(const char *line, size_t length, size_t at, size_t *from, size_t *to)
{
	*from = 0;
	*to = length;
	if (length <= LINE_SHOWN)
		return;
	if (at > LINE_BEFORE)
		*from = at - LINE_BEFORE;
	if (length - *from > LINE_SHOWN)
		*to = *from + LINE_SHOWN;
	else
		*from = length - LINE_SHOWN;
	while (*from < at && continues(line[*from]))
		(*from)++;
	while (*to > at + 1 && *to < length && continues(line[*to]))
		(*to)--;
}

/*
 * The source line, and under it a caret: tabs are repeated, so that it stands right at
 * any tab width.
 */
static void print_line(const char *line, size_t length, struct source_span span, FILE *out)
{
	cleanup_strbuf struct strbuf shown = STRBUF_INIT;
	cleanup_strbuf struct strbuf under = STRBUF_INIT;
	size_t start = span.column - 1, end, from, to;
	bool caret = false;

	if (start > length)
		start = length;
	end = span.end_column > span.column ? span.end_column - 1 : start + 1;
	choose_window(line, length, start, &from, &to);
	if (from) {
		strbuf_puts(&shown, CUT);
		strbuf_repeat(&under, ' ', strlen(CUT));
	}
	for (size_t i = from; i < to;) {
		bool inside = i >= start && i < end;
		int width;

		if (line[i] == '\t') {
			strbuf_putc(&shown, '\t');
			/* past the caret a tab would tear the tildes: one for the whole tab */
			strbuf_putc(&under, !inside ? '\t' : caret ? '~' : '^');
			caret |= inside;
			i++;
			continue;
		}
		i += put_safe(&shown, line + i, to - i, &width);
		for (int w = 0; w < width; w++) {
			strbuf_putc(&under, !inside ? ' ' : caret ? '~' : '^');
			caret |= inside;
		}
	}
	if (to < length)
		strbuf_puts(&shown, CUT);
	if (!caret)
		strbuf_putc(&under, '^');
	while (under.length && (under.data[under.length - 1] == ' ' ||
				under.data[under.length - 1] == '\t'))
		strbuf_truncate(&under, under.length - 1);
	fprintf(out, "%s\n%s\n", shown.data, under.data);
}

static void print_one(const struct diagnostic *diag, FILE *out)
{
	for (size_t i = 0; i < diag->suggestions.length; i++) {
		fputs(i ? ", `" : "note: did you mean `", out);
		print_safe(diag->suggestions.data[i], out);
		fputs("`", out);
	}
	if (diag->suggestions.length)
		fputs("?\n", out);
	for (size_t i = 0; i < diag->notes.length; i++) {
		fputs("note: ", out);
		print_safe(diag->notes.data[i], out);
		fputs("\n", out);
	}
}

void diagnostics_print_human(const struct diagnostics *diags, FILE *out)
{
	struct line_cursor cursor = LINE_CURSOR_INIT;
	size_t n;
	const struct diagnostic **sorted = diagnostics_sorted(diags, &n);

	for (size_t i = 0; i < n; i++) {
		const struct diagnostic *diag = sorted[i];
		const char *line;
		size_t length;

		print_safe(diags->file, out);
		if (diag->span.line)
			fprintf(out, ":%" PRIu32 ":%" PRIu32, diag->span.line, diag->span.column);
		fprintf(out, ": %s: ", severity_name(diag->severity));
		print_safe(diag->message, out);
		fputs("\n", out);
		if (diag->span.line && diag->span.column &&
		    line_cursor_seek(&cursor, diags, diag->span.line, &line, &length))
			print_line(line, length, diag->span, out);
		print_one(diag, out);
	}
}
