/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * emit: IR to C.
 *
 * templates/program.bpf.c is a C file with bare section marks. It is copied
 * through, and each mark is replaced by what its function here writes. No
 * conditions or loops live in the template, no prose in this code: whoever wants
 * to change how a generated program reads edits the template, and whoever changes
 * what is in a table edits sections.c.
 *
 * The output is made of the IR's arrays in their order, so that the same IR gives
 * the same text.
 */
#include "emit.h"

#include "embedded_template.h"
#include "emit_int.h"

/* To add a section: add a row here, its mark to the template, its function to sections.c. */
static const struct {
	const char *mark;
	void (*fill)(const struct ir *ir, const char *spec_file, struct strbuf *out);
} sections[] = {
	{"/* @banner */", emit_banner},	    {"/* @limits */", emit_limits},
	{"/* @addresses */", emit_addresses}, {"/* @layout */", emit_layout},
	{"/* @types */", emit_types},	    {"/* @programs */", emit_programs},
	{"/* @ranges */", emit_ranges},	    {"/* @dynamic */", emit_dynamic},
	{"/* @license */", emit_license},
};

struct error *emit_c(const struct ir *ir, const char *spec_file, struct strbuf *ret)
{
	const char *line = embedded_template[0].data;
	size_t next = 0;

	TRY(ir_validate(ir));
	while (*line) {
		const char *end = strchrnul(line, '\n');
		size_t length = (size_t)(end - line);

		if (next < ARRAY_SIZE(sections) && length == strlen(sections[next].mark) &&
		    !memcmp(line, sections[next].mark, length))
			sections[next++].fill(ir, spec_file, ret);
		else
			strbuf_add(ret, line, length + (*end ? 1 : 0));
		line = end + (*end ? 1 : 0);
	}
	assert(next == ARRAY_SIZE(sections));
	return NULL;
}

void emit_comment(struct strbuf *out, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c == 0x7f)
			strbuf_putc(out, ' ');
		else if ((c == '/' && text[1] == '*') || (c == '*' && text[1] == '/'))
			strbuf_printf(out, "%c ", c);
		else
			strbuf_putc(out, (char)c);
	}
}

size_t emit_address_row(const struct ir *ir, uint32_t pc)
{
	size_t lo = 0, hi = ir->addresses_count;

	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;

		if (ir->addresses[middle].lo <= pc)
			lo = middle + 1;
		else
			hi = middle;
	}
	return lo ? lo - 1 : SIZE_MAX;
}

const char *const *emit_address_names(struct arena *arena, const struct ir *ir)
{
	const char **names = ARENA_ARRAY(arena, const char *, ir->addresses_count);
	cleanup_strbuf struct strbuf name = STRBUF_INIT;
	struct strmap seen; /* identifier -> rows that have it so far */

	strmap_init(&seen, arena);
	for (size_t i = 0; i < ir->addresses_count; i++) {
		uint64_t same = 0;

		strbuf_clear(&name);
		strbuf_puts(&name, "FN_");
		c_ident(&name, ir->addresses[i].name);
		names[i] = arena_strdup(arena, name.data);
		strmap_get(&seen, names[i], &same);
		strmap_set(&seen, names[i], same + 1);
		if (same)
			names[i] = arena_printf(arena, "%s__%" PRIu64, name.data, same + 1);
	}
	return names;
}
