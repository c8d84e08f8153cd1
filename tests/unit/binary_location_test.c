/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "binary_int.h"

#include <stdio.h>
#include <stdlib.h>

/*
 * location_normalise() on synthetic input. Each case is a line: the entries of a
 * list, and what must come of it, both in a small notation:
 *	entry     "LO-HI PIECE..."; pieces "cfa-24:8" (no ":8" without DW_OP_piece),
 *	          "r3:8", "none:8", "deref-24", "static4096", "odd"; entries split by ";"
 *	result    "LO-HI KIND@VALUE_OFFSET+SIZE..." and "!" for a contradictory one
 */

static struct binary_type int32_type = {.name = "int32", .kind = SCHEMA_KIND_INT, .size = 4};
static struct binary_type int64_type = {.name = "int64", .kind = SCHEMA_KIND_INT, .size = 8};
static struct binary_type float_type = {.name = "float64", .kind = SCHEMA_KIND_FLOAT, .size = 8};
static struct binary_type bool_type = {.name = "bool", .kind = SCHEMA_KIND_BOOL, .size = 1};
static struct binary_type string_type = {.name = "string", .kind = SCHEMA_KIND_STRING, .size = 16};
static struct binary_type slice_type = {
	.name = "[]int64", .kind = SCHEMA_KIND_SLICE, .size = 24, .elem = &int64_type};
static struct binary_type complex_type = {
	.name = "complex128", .kind = SCHEMA_KIND_COMPLEX, .size = 16};
static struct binary_type unknown_type = {.name = "?", .kind = SCHEMA_KIND_UNKNOWN, .size = 16};
static struct binary_type empty_type = {.name = "struct {}", .kind = SCHEMA_KIND_STRUCT};

static const struct binary_field padded_fields[] = {
	{.name = "A", .type = &int32_type}, {.name = "B", .type = &int64_type, .offset = 8}};
static struct binary_type padded_type = {.name = "main.Padded",
					 .kind = SCHEMA_KIND_STRUCT,
					 .size = 16,
					 .fields = padded_fields,
					 .fields_count = 2};

static const struct binary_field mixed_fields[] = {
	{.name = "A", .type = &bool_type}, {.name = "B", .type = &string_type, .offset = 8}};
static struct binary_type mixed_type = {.name = "main.Mixed",
					.kind = SCHEMA_KIND_STRUCT,
					.size = 24,
					.fields = mixed_fields,
					.fields_count = 2};

static const struct binary_field tail_fields[] = {{.name = "A", .type = &int64_type},
						  {.name = "B", .type = &bool_type, .offset = 8}};
static struct binary_type tail_type = {.name = "main.Tail",
				       .kind = SCHEMA_KIND_STRUCT,
				       .size = 16,
				       .fields = tail_fields,
				       .fields_count = 2};

static const struct binary_field large_fields[] = {
	{.name = "A", .type = &slice_type}, {.name = "B", .type = &string_type, .offset = 24}};
static struct binary_type large_type = {.name = "main.Large",
					.kind = SCHEMA_KIND_STRUCT,
					.size = 40,
					.fields = large_fields,
					.fields_count = 2};

static struct binary_type one_type = {.name = "[1]string",
				      .kind = SCHEMA_KIND_ARRAY,
				      .size = 16,
				      .count = 1,
				      .elem = &string_type};
static struct binary_type array_type = {
	.name = "[2]int64", .kind = SCHEMA_KIND_ARRAY, .size = 16, .count = 2, .elem = &int64_type};

static const struct {
	const char *why;
	const struct binary_type *type;
	const char *entries, *expect;
} lists[] = {
	/* what Go writes for the ordinary cases */
	{"register, then spilled", &int64_type, "10-20 r0;20-30 cfa+8",
	 "10-20 r0@0+8;20-30 cfa+8@0+8"},
	{"all leaves", &string_type, "10-20 cfa+8:8 cfa+16:8", "10-20 cfa+8@0+16"},
	{"leaves apart", &string_type, "10-20 cfa-24:8 cfa-40:8", "10-20 cfa-24@0+8 cfa-40@8+8"},
	{"dead pointer, known place", &string_type, "10-20 none:8 r2:8", "10-20 none@0+8 r2@8+8"},
	{"all dead", &slice_type, "10-20 none:8 none:8 none:8", "10-20 none@0+24"},
	{"optimised out", &int64_type, "10-20", "10-20"},
	{"nested leaves", &one_type, "10-20 cfa-24:8 cfa-40:8", "10-20 cfa-24@0+8 cfa-40@8+8"},
	{"halves", &complex_type, "10-20 r17:8 r18:8", "10-20 r17@0+8 r18@8+8"},
	/* padding, which Go leaves out */
	{"padding is skipped", &padded_type, "10-20 cfa-48:4 cfa-24:8",
	 "10-20 cfa-48@0+8 cfa-24@8+8"},
	{"padding before a string", &mixed_type, "10-20 r2:1 r5:8 r4:8",
	 "10-20 r2@0+8 r5@8+8 r4@16+8"},
	{"padding at the end", &tail_type, "10-20 r2:8 r5:1", "10-20 r2@0+8 r5@8+8"},
	{"padding as a hole (unoptimised)", &padded_type, "10-20 r0:4 none:4 r3:8",
	 "10-20 r0@0+8 r3@8+8"},
	{"a hole too many", &padded_type, "10-20 r0:4 none:8 r3:8", "10-20 !none@0+16"},
	/* leaves that are missing without a trace */
	{"two of three equal ones: which?", &slice_type, "10-20 cfa-24:8 cfa-32:8",
	 "10-20 none@0+24"},
	{"by its size", &mixed_type, "10-20 cfa-24:1 cfa-40:8", "10-20 cfa-24@0+8 none@8+16"},
	{"no such leaf", &mixed_type, "10-20 cfa-24:4 cfa-40:8", "10-20 !none@0+24"},
	{"wrong order", &mixed_type, "10-20 cfa-24:8 cfa-40:1", "10-20 !none@0+24"},
	/* one leaf left: no DW_OP_piece */
	{"lone leaf in a register", &string_type, "10-20 r3;20-30 cfa-24", "10-30 none@0+16"},
	{"lone leaf, spilled at once", &string_type, "10-20 cfa-40;20-30 cfa-40",
	 "10-30 none@0+16"},
	{"lone leaf, empty entry tells", &string_type, "10-10 r3;10-30 cfa-40", "10-30 none@0+16"},
	{"lone leaf, moved", &string_type, "10-20 cfa-40;25-30 cfa-64",
	 "10-20 none@0+16;25-30 none@0+16"},
	{"lone stack argument", &string_type, "10-30 cfa+8", "10-30 none@0+16"},
	{"would cover the frame pointer", &string_type, "10-30 cfa-24", "10-30 none@0+16"},
	{"lives in memory", &string_type, "10-30 cfa-32", "10-30 cfa-32@0+16"},
	{"lives in memory, twice", &string_type, "10-20 cfa-32;25-30 cfa-32",
	 "10-20 cfa-32@0+16;25-30 cfa-32@0+16"},
	{"unoptimised: registers, then whole", &slice_type, "10-20 r2:8 r5:8 r4:8;20-30 cfa+16",
	 "10-20 r2@0+8 r5@8+8 r4@16+8;20-30 cfa+16@0+24"},
	{"never split: too large", &large_type, "10-30 cfa+8", "10-30 cfa+8@0+40"},
	{"never split: array", &array_type, "10-30 cfa+8", "10-30 cfa+8@0+16"},
	{"heap", &string_type, "10-30 deref-24", "10-30 deref-24@0+16"},
	/* doubled pieces, golang/go#61700 */
	{"halves agree", &string_type, "10-20 r0:8 r1:8 r0:8 r1:8", "10-20 r0@0+8 r1@8+8"},
	{"pairs agree", &string_type, "10-20 r0:8 r0:8 r1:8 r1:8", "10-20 r0@0+8 r1@8+8"},
	{"halves differ", &string_type, "10-20 r0:8 r1:8 r0:8 r2:8", "10-20 !none@0+16"},
	{"whole and leaves", &slice_type, "10-20 r3:24 none:8 none:8 none:8", "10-20 !none@0+24"},
	{"whole and some leaves", &string_type, "10-20 r3:16 cfa-24:8", "10-20 !none@0+16"},
	{"more than the type", &int64_type, "10-20 r0:8 r1:8 r2:8", "10-20 !none@0+8"},
	{"huge piece", &int64_type, "10-20 r0:4294967295", "10-20 !none@0+8"},
	/* contradictions */
	{"a register is too small", &large_type, "10-20 r3", "10-20 !none@0+40"},
	{"xmm holds a float", &float_type, "10-20 r17", "10-20 r17@0+8"},
	{"two places at once", &int64_type, "10-30 r0;20-40 r1", "10-40 !none@0+8"},
	{"the same place twice", &int64_type, "10-30 r0;20-40 r0", "10-40 r0@0+8"},
	{"pieces of what is never split", &array_type, "10-20 r0:8 r1:8", "10-20 none@0+16"},
	{"pieces of an unknown type", &unknown_type, "10-20 r0:8 r1:8", "10-20 none@0+16"},
	{"unknown operator", &int64_type, "10-20 odd", "10-20 odd@0+8"},
	/* lists */
	{"unsorted and empty entries", &int64_type, "30-40 r1;5-5 r0;10-20 r0",
	 "10-20 r0@0+8;30-40 r1@0+8"},
	{"equal neighbours", &int64_type, "10-20 r0;20-30 r0", "10-30 r0@0+8"},
	{"nothing", &int64_type, "", ""},
	{"no bytes", &empty_type, "10-20 cfa-8", "10-20 cfa-8@0+0"},
};

static const struct {
	const char *why;
	const struct binary_type *type;
	const char *entries, *expect;
} plain[] = {
	{"a home on the stack", &string_type, "10-30 cfa+8", "10-30 cfa+8@0+16"},
	{"a home below", &slice_type, "10-30 cfa-24", "10-30 cfa-24@0+24"},
	{"static", &string_type, "10-30 static4096", "10-30 static4096@0+16"},
	{"register for more than it holds", &string_type, "10-30 r0", "10-30 !none@0+16"},
};

static struct location_entry parse_entry(struct arena *arena, char *text)
{
	struct location_entry entry = {0};
	VEC(struct binary_piece) pieces = {0};
	char *save = NULL, *word = strtok_r(text, " ", &save);

	assert_int_equal(sscanf(word, "%" SCNu64 "-%" SCNu64, &entry.lo, &entry.hi), 2);
	while ((word = strtok_r(NULL, " ", &save))) {
		struct binary_piece *piece = VEC_PUSH(arena, &pieces);
		char *size = strchr(word, ':');

		entry.whole = !size;
		if (size)
			piece->size = (uint32_t)strtoul(size + 1, NULL, 10);
		if (sscanf(word, "cfa%" SCNi64, &piece->offset) == 1)
			piece->kind = BINARY_PIECE_CFA;
		else if (sscanf(word, "deref%" SCNi64, &piece->offset) == 1)
			piece->kind = BINARY_PIECE_CFA_DEREF;
		else if (sscanf(word, "static%" SCNi64, &piece->offset) == 1)
			piece->kind = BINARY_PIECE_STATIC;
		else if (sscanf(word, "r%" SCNu32, &piece->reg) == 1)
			piece->kind = BINARY_PIECE_REGISTER;
		else
			piece->kind = strncmp(word, "odd", 3) == 0 ? BINARY_PIECE_UNSUPPORTED
								   : BINARY_PIECE_EMPTY;
	}
	entry.pieces = pieces.data;
	entry.count = pieces.length;
	return entry;
}

static void print_piece(struct strbuf *buf, const struct binary_piece *piece)
{
	switch (piece->kind) {
	case BINARY_PIECE_CFA:
		strbuf_printf(buf, "cfa%+" PRIi64, piece->offset);
		break;
	case BINARY_PIECE_CFA_DEREF:
		strbuf_printf(buf, "deref%+" PRIi64, piece->offset);
		break;
	case BINARY_PIECE_STATIC:
		strbuf_printf(buf, "static%" PRIi64, piece->offset);
		break;
	case BINARY_PIECE_REGISTER:
	case BINARY_PIECE_LEAF:
		strbuf_printf(buf, "r%" PRIu32, piece->reg);
		break;
	case BINARY_PIECE_DICTIONARY:
		strbuf_printf(buf, "dict%+" PRIi64 "[%" PRIu32 "]", piece->offset, piece->reg);
		break;
	case BINARY_PIECE_EMPTY:
		strbuf_puts(buf, "none");
		break;
	case BINARY_PIECE_UNSUPPORTED:
		strbuf_puts(buf, "odd");
		break;
	}
	strbuf_printf(buf, "@%" PRIu32 "+%" PRIu32, piece->value_offset, piece->size);
}

static void check(const char *why, const struct binary_type *type, bool list, const char *entries,
		  const char *expect)
{
	cleanup_arena struct arena arena = {0};
	cleanup_strbuf struct strbuf result = STRBUF_INIT;
	VEC(struct location_entry) parsed = {0};
	const struct binary_location *locations;
	char *save = NULL, *copy = arena_strdup(&arena, entries);
	size_t count;

	for (char *part = strtok_r(copy, ";", &save); part; part = strtok_r(NULL, ";", &save))
		*VEC_PUSH(&arena, &parsed) = parse_entry(&arena, part);
	location_normalise(&arena, type, list, parsed.data, parsed.length, &locations, &count);
	for (size_t i = 0; i < count; i++) {
		strbuf_printf(&result, "%s%" PRIu64 "-%" PRIu64, i ? ";" : "", locations[i].lo,
			      locations[i].hi);
		if (locations[i].pieces_count == 0)
			continue;
		strbuf_puts(&result, locations[i].contradictory ? " !" : " ");
		for (size_t k = 0; k < locations[i].pieces_count; k++) {
			if (k)
				strbuf_putc(&result, ' ');
			print_piece(&result, &locations[i].pieces[k]);
		}
	}
	if (strcmp(result.data, expect) != 0)
		fail_msg("%s: %s\n gives  %s\n not    %s", why, entries, result.data, expect);
}

static void test_lists(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		check(lists[i].why, lists[i].type, true, lists[i].entries, lists[i].expect);
}

static void test_plain(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
		check(plain[i].why, plain[i].type, false, plain[i].entries, plain[i].expect);
}

/* More leaves or pieces than any value has: refused, not overrun. */
static void test_many(void **state)
{
	cleanup_arena struct arena arena = {0};
	cleanup_strbuf struct strbuf entry = STRBUF_INIT;
	struct binary_field fields[40];
	struct binary_type type = {.name = "main.Many",
				   .kind = SCHEMA_KIND_STRUCT,
				   .size = sizeof(fields) / sizeof(*fields) * 8,
				   .fields = fields,
				   .fields_count = ARRAY_SIZE(fields)};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		fields[i] =
			(struct binary_field){.name = "F", .type = &int64_type, .offset = i * 8};
	strbuf_puts(&entry, "10-20");
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		strbuf_puts(&entry, " r1:8");
	check("too many leaves", &type, true, entry.data, "10-20 none@0+320");
	strbuf_clear(&entry);
	strbuf_puts(&entry, "10-20");
	for (size_t i = 0; i < 500; i++)
		strbuf_puts(&entry, " r1:1");
	check("too many pieces", &int64_type, true, entry.data, "10-20 !none@0+8");
}

static void test_slots_of_their_own(void **state)
{
	static const char *const own[] = {
		"Go cmd/compile go1.26.8; -N -l regabi", "Go cmd/compile go1.26.8; -N",
		"Go cmd/compile go1.24.13; -l -N regabi", "Go cmd/compile go1.20.14; regabi",
		"Go cmd/compile go1.22.12",
	};
	static const char *const shared[] = {
		NULL,
		"",
		"Go cmd/compile ",
		"Go cmd/compile go1.",
		"Go cmd/compile go1.26.8",
		"Go cmd/compile go1.23.0; regabi",
		"Go cmd/compile go1.26.8; -l regabi",
		"Go cmd/compile go1.26.8; -Nx -l",
		"Go cmd/compile go1.26.8 -N",
		"Go cmd/compile go1.-1",
		"Go cmd/compile go1.99999999999999999999999",
		"Go cmd/compile devel go1.22-0123456",
		"GNU C17 12.2.0 -N",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		assert_true(walk_own_slots(own[i]));
	for (size_t i = 0; i < ARRAY_SIZE(shared); i++)
		assert_false(walk_own_slots(shared[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slots_of_their_own),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
