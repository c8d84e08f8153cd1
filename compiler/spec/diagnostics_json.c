/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Diagnostics for programs: our own JSON document (DESIGN 3), and SARIF 2.1.0,
 * which code hosts and editors show beside the line.
 */
#include "diagnostics_int.h"

#include <stdlib.h>

#include "spec_utf8.h"

/* A JSON string with its quotes. What is not UTF-8 becomes U+FFFD: the document always parses. */
static void put_string(const char *text, FILE *out)
{
	size_t length = strlen(text);

	fputc('"', out);
	while (length) {
		uint32_t code;
		size_t size = spec_utf8_decode(text, length, &code);

		if (!size) {
			fputs("\\ufffd", out);
			size = 1;
		} else if (code == '"' || code == '\\') {
			fprintf(out, "\\%c", (int)code);
		} else if (code < 0x20 || code == 0x7f) {
			fprintf(out, "\\u%04" PRIx32, code);
		} else {
			fwrite(text, 1, size, out);
		}
		text += size;
		length -= size;
	}
	fputc('"', out);
}

static void put_strings(const char *key, const char *const *texts, size_t n, FILE *out)
{
	fprintf(out, "\"%s\":[", key);
	for (size_t i = 0; i < n; i++) {
		if (i)
			fputc(',', out);
		put_string(texts[i], out);
	}
	fputc(']', out);
}

void diagnostics_print_json(const struct diagnostics *diags, FILE *out)
{
	size_t n;
	const struct diagnostic **sorted = diagnostics_sorted(diags, &n);

	fputs("{\"diagnostics\":[", out);
	for (size_t i = 0; i < n; i++) {
		const struct diagnostic *diag = sorted[i];

		fprintf(out, "%s\n{\"severity\":\"%s\",\"code\":", i ? "," : "",
			severity_name(diag->severity));
		put_string(diag->code, out);
		fputs(",\"message\":", out);
		put_string(diag->message, out);
		fputs(",\"file\":", out);
		put_string(diags->file, out);
		fprintf(out, ",\"line\":%" PRIu32 ",\"column\":%" PRIu32 ",\"end_column\":%" PRIu32
			",", diag->span.line, diag->span.column, diag->span.end_column);
		put_strings("suggestions", diag->suggestions.data, diag->suggestions.length, out);
		fputc(',', out);
		put_strings("notes", diag->notes.data, diag->notes.length, out);
		fputc('}', out);
	}
	fputs(n ? "\n]}\n" : "]}\n", out);
}

/* RFC 3986: what is not unreserved is percent-encoded; slashes stay. */
static void put_uri(const char *path, FILE *out)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-._~/";

	/* a colon in the first segment would be taken for a scheme: it is encoded like the rest */
	fputc('"', out);
	for (; *path; path++) {
		if (strchr(plain, *path))
			fputc(*path, out);
		else
			fprintf(out, "%%%02X", (unsigned)(unsigned char)*path);
	}
	fputc('"', out);
}

/* SARIF counts code points (columnKind below), a span counts bytes. */
static uint32_t code_point_column(const char *line, size_t length, uint32_t column)
{
	uint32_t points = 1;
	size_t i = 0;

	while (i < length && i < column - 1) {
		uint32_t code;
		size_t size = spec_utf8_decode(line + i, length - i, &code);

		i += size ? size : 1;
		points++;
	}
	return points + (column - 1 > i ? column - 1 - (uint32_t)i : 0);
}

static void put_region(struct source_span span, const char *line, size_t length, FILE *out)
{
	fprintf(out, ",\"region\":{\"startLine\":%" PRIu32 ",\"startColumn\":%" PRIu32
		",\"endLine\":%" PRIu32 ",\"endColumn\":%" PRIu32 "}",
		span.line, code_point_column(line, length, span.column), span.line,
		code_point_column(line, length,
				  span.end_column > span.column ? span.end_column : span.column));
}

/* SARIF has no place for suggestions without an edit: they and the notes follow the message. */
static void put_message(const struct diagnostic *diag, FILE *out)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	strbuf_puts(&text, diag->message);
	for (size_t i = 0; i < diag->suggestions.length; i++)
		strbuf_printf(&text, "%s`%s`", i ? ", " : "; did you mean ",
			      diag->suggestions.data[i]);
	if (diag->suggestions.length)
		strbuf_putc(&text, '?');
	for (size_t i = 0; i < diag->notes.length; i++)
		strbuf_printf(&text, "\n%s", diag->notes.data[i]);
	fputs("\"message\":{\"text\":", out);
	put_string(text.data, out);
	fputc('}', out);
}

static int by_code(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void put_rules(const struct diagnostics *diags, const struct diagnostic **sorted, size_t n,
		      FILE *out)
{
	const char **codes = ARENA_ARRAY(diags->arena, const char *, n);
	bool any = false;

	for (size_t i = 0; i < n; i++)
		codes[i] = sorted[i]->code;
	if (n)
		qsort(codes, n, sizeof(*codes), by_code);
	fputs("\"rules\":[", out);
	for (size_t i = 0; i < n; i++) {
		if (i && !strcmp(codes[i - 1], codes[i]))
			continue;
		fputs(any ? ",{\"id\":" : "{\"id\":", out);
		put_string(codes[i], out);
		fputc('}', out);
		any = true;
	}
	fputc(']', out);
}

void diagnostics_print_sarif(const struct diagnostics *diags, FILE *out)
{
	struct line_cursor cursor = LINE_CURSOR_INIT;
	size_t n;
	const struct diagnostic **sorted = diagnostics_sorted(diags, &n);

	fputs("{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\","
	      "\"version\":\"2.1.0\",\"runs\":[{\"tool\":{\"driver\":{\"name\":\"askc\","
	      "\"version\":\"" ASKANCE_VERSION "\",", out);
	put_rules(diags, sorted, n, out);
	fputs("}},\"columnKind\":\"unicodeCodePoints\",\"results\":[", out);
	for (size_t i = 0; i < n; i++) {
		const struct diagnostic *diag = sorted[i];
		const char *line = "";
		size_t length = 0;

		fputs(i ? ",\n{\"ruleId\":" : "\n{\"ruleId\":", out);
		put_string(diag->code, out);
		fprintf(out, ",\"level\":\"%s\",", severity_name(diag->severity));
		put_message(diag, out);
		fputs(",\"locations\":[{\"physicalLocation\":{\"artifactLocation\":{\"uri\":", out);
		put_uri(diags->file, out);
		fputc('}', out);
		if (diag->span.line && diag->span.column) {
			line_cursor_seek(&cursor, diags, diag->span.line, &line, &length);
			put_region(diag->span, line, length, out);
		}
		fputs("}}]}", out);
	}
	fputs("]}]}\n", out);
}
