/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "binary_int.h"

/* frame_parse() on sections that are built here, sound and broken. */

static void number(struct strbuf *buf, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		strbuf_putc(buf, (char)(value >> (8 * i)));
}

/* Go's CIE: CFA = RSP + 8 at entry, code alignment 1, data alignment -8. */
static const char go_cie[] = "\x03\0\x01\x78\x10\x0c\x07\x08\x90\x01";

static void add(struct strbuf *buf, uint64_t id, const char *data, size_t size)
{
	number(buf, 4 + size, 4);
	number(buf, id, 4);
	strbuf_add(buf, data, size);
}

static void add_fde(struct strbuf *buf, uint64_t cie, uint64_t lo, uint64_t size,
		    const char *program, size_t program_size)
{
	cleanup_strbuf struct strbuf body = STRBUF_INIT;

	number(&body, lo, 8);
	number(&body, size, 8);
	strbuf_add(&body, program, program_size);
	add(buf, cie, body.data, body.length);
}
#define FDE(buf, lo, size, program) add_fde(buf, 0, lo, size, program, sizeof(program) - 1)

static void check(const struct strbuf *buf, const char *expect)
{
	cleanup_arena struct arena arena = {0};
	cleanup_strbuf struct strbuf result = STRBUF_INIT;
	const uint8_t *data = (const uint8_t *)buf->data;
	const struct binary_cfi *rows;
	size_t count;

	frame_parse(&arena, (struct cursor){.p = data, .end = data + buf->length}, &rows, &count);
	for (size_t i = 0; i < count; i++)
		strbuf_printf(&result, "%s%" PRIx64 "=%" PRIu32, i ? " " : "", rows[i].pc,
			      rows[i].cfa);
	assert_string_equal(result.data, expect);
}

static void test_go(void **state)
{
	cleanup_strbuf struct strbuf buf = STRBUF_INIT;

	(void)state;
	add(&buf, 0xffffffff, go_cie, sizeof(go_cie) - 1);
	/* push rbp at 0x100a, sub rsp at 0x100e, back at 0x1020: DW_CFA_def_cfa_offset_sf */
	FDE(&buf, 0x1000, 0x40, "\x4a\x13\x7e\x44\x13\x74\x52\x13\x7f\0\0");
	FDE(&buf, 0x1040, 0x10, "\0\0\0");	 /* right behind, no gap */
	FDE(&buf, 0x2000, 0x10, "\x48\x0e\x20"); /* a gap before it; def_cfa_offset */
	check(&buf, "1000=8 100a=16 100e=96 1020=8 1050=0 2000=8 2008=32 2010=0");
}

static void test_not_understood(void **state)
{
	cleanup_strbuf struct strbuf buf = STRBUF_INIT;

	(void)state;
	add(&buf, 0xffffffff, go_cie, sizeof(go_cie) - 1);
	FDE(&buf, 0x1000, 0x10, "\x44\x3f");		     /* unknown opcode */
	FDE(&buf, 0x2000, 0x10, "\x44\x0e");		     /* operand missing */
	FDE(&buf, 0x3000, 0x10, "\x44\x0d\x06\x48\x0d\x07"); /* CFA by rbp, then by rsp again */
	FDE(&buf, 0x4000, 0x10, "\x44\x0f\x01\x9c");	     /* CFA by an expression */
	FDE(&buf, 0x5000, 0x10, "\x44\x0a\x0e\x20\x44\x0b"); /* remember, restore */
	FDE(&buf, 0x6000, 0x10, "\x0b");		     /* restore nothing */
	FDE(&buf, 0x7000, 0x10, "\x7f\x0e\x20\x7f\x0e\x28"); /* rows beyond the end */
	check(&buf, "1000=0 3000=8 3004=0 300c=8 3010=0 4000=8 4004=0 5000=8 5004=32 5008=8 "
		    "5010=0 7000=8 7010=0");
}

static void test_overlap_and_order(void **state)
{
	cleanup_strbuf struct strbuf buf = STRBUF_INIT;

	(void)state;
	add(&buf, 0xffffffff, go_cie, sizeof(go_cie) - 1);
	FDE(&buf, 0x3000, 0x10, "");
	FDE(&buf, 0x1000, 0x20, ""); /* these two claim the same code */
	FDE(&buf, 0x1010, 0x20, "");
	FDE(&buf, 0x2000, 0x10, "");
	check(&buf, "1000=0 2000=8 2010=0 3000=8 3010=0");
}

static void test_damaged(void **state)
{
	cleanup_strbuf struct strbuf buf = STRBUF_INIT;

	(void)state;
	check(&buf, "");
	FDE(&buf, 0x1000, 0x10, "\x44\x0e\x20"); /* it is its own CIE */
	check(&buf, "1000=0");
	add_fde(&buf, 0x7fffffff, 0x2000, 0x10, "", 0); /* its CIE is nowhere */
	add_fde(&buf, 0, UINT64_MAX - 4, 0x10, "", 0);	/* it wraps */
	check(&buf, "1000=0");
	number(&buf, 0x10000, 4); /* ends beyond the section */
	check(&buf, "1000=0");
}

/* Every prefix of a sound section, and every single byte changed, must be survived. */
static void test_mutations(void **state)
{
	cleanup_strbuf struct strbuf buf = STRBUF_INIT;

	(void)state;
	add(&buf, 0xffffffff, go_cie, sizeof(go_cie) - 1);
	FDE(&buf, 0x1000, 0x40, "\x4a\x13\x7e\x44\x13\x74\x52\x13\x7f\x0a\x0b\x16\x01\x01\x02");
	for (size_t i = 0; i < buf.length; i++) {
		for (unsigned value = 0; value < 256; value += 5) {
			cleanup_arena struct arena arena = {0};
			uint8_t *data = arena_copy(&arena, buf.data, buf.length);
			const struct binary_cfi *rows;
			size_t count;

			data[i] = (uint8_t)value;
			frame_parse(&arena, (struct cursor){.p = data, .end = data + buf.length},
				    &rows, &count);
			frame_parse(&arena, (struct cursor){.p = data, .end = data + i}, &rows,
				    &count);
			for (size_t k = 1; k < count; k++)
				assert_true(rows[k - 1].pc < rows[k].pc);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_go),
		cmocka_unit_test(test_not_understood),
		cmocka_unit_test(test_overlap_and_order),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_mutations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
