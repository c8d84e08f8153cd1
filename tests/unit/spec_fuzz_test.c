/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mutations of a valid spec, from fixed seeds: whatever comes out of the parser, it
 * must not crash (the sanitizers watch), each span must lie in the text, and the
 * printers must cope. A text without diagnostics must have a whole AST.
 */
#include "spec_helpers.h"

#define ROUNDS 3000

static const char seed_text[] =
	"askance: 1\nname: x\nmatch: {executable_name: 'a(b|c)+[[:alpha:]]{1,3}'}\n"
	"limits: {depth: 4, string: 512, frames: {leaf: 5, root: 3}, bytes: 64MiB}\n"
	"functions:\n- name: main.(*server).GetInfo\n  table: &t g\n"
	"  capture: &c\n  - cs.mu[2].(*pkg.T).x\n  - {expr: [a@3.b, \"\\u00e9\"], as: k, redact: true}\n"
	"  columns: [{name: n, expr: \"a ->> '$.b'\", type: JSON}]\n"
	"- {name: 'p.Map[...]', capture: *c}\n"
	"tables:\n- name: d\n  sql: |\n    SELECT 1\n  materialize: false\n"
	"links:\n- from: {table: *t, columns: [k, n]}\n  to: {table: d, columns: [a, b]}\n";

static const char *const pieces[] = {
	"&a ", "*a", "*c", "- ", "{", "}", "[", "]", ": ", "\n", "\t", "\"", "'", "|\n", ">", "!!str ",
	"\xff", "\xc3", "\xe2\x80\xa8", "\xc2\x85", "%", "@", "#", "? ", "---\n", "...\n", "~", "\\",
	"<<: ", "((((", "{9,99}", "\r", "99999999999999999999", "KiB", "name: ", "functions:\n",
};

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void mutate(struct strbuf *buf, uint64_t *random)
{
	size_t at = next_random(random) % (buf->length + 1);
	size_t rest = buf->length - at;
	size_t n = 1 + next_random(random) % 12;
	char tail[8192];

	assert_true(rest < sizeof(tail));
	memcpy(tail, buf->data + at, rest);
	strbuf_truncate(buf, at);
	switch (next_random(random) % 4) {
	case 0: /* leave some bytes out */
		n = n < rest ? n : rest;
		strbuf_add(buf, tail + n, rest - n);
		return;
	case 1: /* repeat some */
		n = n < rest ? n : rest;
		strbuf_add(buf, tail, n);
		break;
	case 2:
		strbuf_puts(buf, pieces[next_random(random) % ARRAY_SIZE(pieces)]);
		break;
	default: /* another byte */
		strbuf_putc(buf, (char)next_random(random));
		if (rest) {
			strbuf_add(buf, tail + 1, rest - 1);
			return;
		}
	}
	strbuf_add(buf, tail, rest);
}

static void check_spans(const struct parsed *p)
{
	uint32_t lines = 1;

	for (size_t i = 0; i < p->diags.text_length; i++)
		lines += p->diags.text[i] == '\n';
	for (size_t i = 0; i < p->diags.list.length; i++) {
		struct source_span span = p->diags.list.data[i].span;

		assert_in_range(span.line, 1, lines);
		assert_true(span.column >= 1 && span.end_column >= span.column);
		assert_true(span.end_column <= p->diags.text_length + 2);
	}
}

static void check_ast(const struct parsed *p)
{
	for (size_t i = 0; i < p->spec->functions.length; i++) {
		const struct spec_function *f = &p->spec->functions.data[i];

		assert_non_null(f->name.text);
		for (size_t j = 0; j < f->captures.length; j++) {
			assert_true(f->captures.data[j].paths.length > 0);
			assert_non_null(f->captures.data[j].paths.data[0].variable);
		}
		for (size_t j = 0; j < f->columns.length; j++)
			assert_non_null(f->columns.data[j].expr.text);
	}
	for (size_t i = 0; i < p->spec->tables.length; i++)
		assert_non_null(p->spec->tables.data[i].sql.text);
	for (size_t i = 0; i < p->spec->links.length; i++) {
		assert_non_null(p->spec->links.data[i].to.table.text);
		assert_int_equal(p->spec->links.data[i].from.columns.length,
				 p->spec->links.data[i].to.columns.length);
	}
}

static void test_mutations(void **state)
{
	uint64_t random = 0x9e3779b97f4a7c15;
	size_t right = 0;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		cleanup_strbuf struct strbuf buf = STRBUF_INIT;
		cleanup_parsed struct parsed p;
		size_t times = round ? 1 + next_random(&random) % 4 : 0;

		strbuf_puts(&buf, seed_text);
		while (times--)
			mutate(&buf, &random);
		parse_bytes(&p, buf.data, buf.length);
		assert_non_null(p.spec);
		assert_non_null(p.spec->name.text);
		check_spans(&p);
		printed(&p, diagnostics_print_human);
		printed(&p, diagnostics_print_json);
		printed(&p, diagnostics_print_sarif);
		if (!p.diags.errors) {
			check_ast(&p);
			right++;
		}
		if (!round)
			assert_string_equal(summary(&p), "");
	}
	/* some mutations hit comments, texts and blanks: else the seed was wrong to begin with */
	assert_true(right > ROUNDS / 100);
}

/* The same for names alone, where every byte string may come. */
static void test_random_names(void **state)
{
	static const char alphabet[] = "ab.*([])@/~&09 \xc3";
	uint64_t random = 42;
	struct arena arena;

	(void)state;
	arena_init(&arena);
	for (int round = 0; round < 20000; round++) {
		char pattern[24], name[24];
		size_t lp = next_random(&random) % sizeof(pattern);
		size_t ln = next_random(&random) % sizeof(name);

		for (size_t i = 0; i < lp; i++)
			pattern[i] = alphabet[next_random(&random) % (sizeof(alphabet) - 1)];
		for (size_t i = 0; i < ln; i++)
			name[i] = alphabet[next_random(&random) % (sizeof(alphabet) - 1)];
		pattern[lp] = name[ln] = '\0';
		spec_name_matches(pattern, name);
		if (!spec_name_is_pattern(pattern))
			assert_true(spec_name_matches(pattern, pattern));
		spec_table_name(&arena, pattern);
		spec_column_name(&arena, pattern);
	}
	arena_deinit(&arena);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mutations),
		cmocka_unit_test(test_random_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
