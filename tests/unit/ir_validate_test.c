/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "ir.h"
#include "schema_fixture.h"

/* A sound IR passes; each promise, broken alone, is named. And what the sound one prints. */

static struct fixture f;
static struct ir ir;
static const char *const words[16] = {"w0", "w1", "w2", "w3", "w4", "w5", "w6", "w7", "w8"};
static const char *const probe_words[] = {"main.(*server).GetInfo",
					  "main.work (inlined in main.x)"};
static struct ir_address addresses[] = {{"main.a", 0x8, 0x20}, {"main.b", 0x20, 0x100}};
static struct ir_availability availability[2];

static void sound(void)
{
	fixture_init(&f);
	f.exprs[2].first_op = 0;
	f.gaps[0] = (struct schema_gap){2, 4, 4, ASK_REASON_REGISTER};
	f.ops[1].c = 8;
	f.schema.gaps_count = 0;
	ir = (struct ir){
		.schema = f.schema,
		.type_comments = words,
		.pointer_comments = words,
		.span_comments = words,
		.range_comments = words,
		.probe_comments = probe_words,
		.expr_comments = words,
		.op_comments = words,
		.addresses = addresses,
		.addresses_count = 2,
		.availability = availability,
		.availability_count = 2,
	};
	ir.schema.layout.funcval_type = ASK_ABSENT;
	ir.schema.layout.labels_type = ASK_ABSENT;
	availability[0] = (struct ir_availability){.capture = 0, .verdict = IR_ALWAYS};
	availability[1] = (struct ir_availability){
		.capture = 1, .verdict = IR_NEVER, .reason = ASK_REASON_REGISTER};
}

static void assert_sound(void)
{
	struct error *error = ir_validate(&ir);

	if (error)
		fail_msg("%s", error->message);
}

/* The broken IR is refused with these words; then all is put right. */
static void assert_broken(const char *part)
{
	struct error *error = ir_validate(&ir);

	if (!error)
		fail_msg("passed, but: %s", part);
	assert_int_equal(error->code, ERROR_DAMAGED);
	if (!strstr(error->message, part))
		fail_msg("%s, but: %s", part, error->message);
	error_free(error);
	fixture_deinit(&f);
	sound();
}

static void test_sound(void **state)
{
	(void)state;
	sound();
	assert_sound();
	fixture_deinit(&f);
}

static void test_types(void **state)
{
	(void)state;
	sound();
	f.types[T_NODE].size = 95;
	assert_broken("two sizes");
	f.types[T_NODE_PTR].elem = 9;
	assert_broken("element out of bounds");
	f.types[T_NODE].fields = 7;
	assert_broken("fields out of bounds");
	f.fields[5].offset = 89;
	assert_broken("lies outside");
	f.fields[0].type = 99;
	assert_broken("lies outside");
	f.types[1].kind = SCHEMA_KINDS;
	assert_broken("no such kind");
	f.types[0].size = f.engine_types[0].size = 2;
	assert_broken("not a byte");
	f.pointers[3].offset = 80;
	assert_broken("pointer 3: lies outside");
	f.pointers[3].repeat = 0;
	assert_broken("bad row");
	f.pointers[3].target = 9;
	assert_broken("bad row");
	f.spans[1].repeat = 4;
	assert_broken("span 1: lies outside");
	f.spans[0].repeat = 0;
	assert_broken("span 0: bad row");
	f.engine_types[T_NODE].spans = 3;
	assert_broken("spans out of bounds");
	f.engine_types[T_NODE].pointers = 5;
	assert_broken("pointers out of bounds");
	f.types[2].name = f.schema.strings_size;
	assert_broken("text out of bounds");
	ir.schema.engine_types_count--;
	assert_broken("types");
	fixture_deinit(&f);
}

static void test_programs(void **state)
{
	(void)state;
	sound();
	f.ranges[1].lo = 0x1f;
	assert_broken("not sorted or not disjoint");
	f.ranges[0].hi = f.ranges[0].lo;
	assert_broken("not sorted or not disjoint");
	f.ranges[1].probes = 3;
	assert_broken("probes out of bounds");
	f.probes[0].function = 2;
	assert_broken("index out of bounds");
	f.probes[0].inline_node = 3;
	assert_broken("index out of bounds");
	f.probes[0].exprs = 1;
	assert_broken("an expression a capture");
	f.probes[0].first_expr = 1;
	assert_broken("out of order");
	f.exprs[0].size = 4;
	assert_broken("disagrees with its capture");
	f.exprs[0].reason = ASK_REASON_PIECES;
	assert_broken("either ops or a reason");
	f.exprs[1].reason = 0;
	assert_broken("either ops or a reason");
	f.ops[0].kind = 9;
	assert_broken("no such op");
	f.ops[0].kind = ASK_OP_DEREF;
	assert_broken("has no address");
	f.ops[1].c = 9;
	assert_broken("out of place");
	f.exprs[0].ops = 4;
	assert_broken("index out of bounds");
	ir.schema.layout.ops = 7;
	assert_broken("miscounts");
	f.cfi[1].pc = 0;
	assert_broken("cfi row 1");
	fixture_deinit(&f);
}

static void test_gaps(void **state)
{
	(void)state;
	sound();
	f.ops[1].c = 4;
	ir.schema.gaps_count = 1;
	assert_sound();
	f.ops[1].c = 8;
	assert_broken("copied too");
	ir.schema.gaps_count = 1;
	f.ops[1].c = 4;
	f.gaps[0].size = 5;
	assert_broken("outside its value");
	ir.schema.gaps_count = 1;
	f.gaps[0].expr = 1;
	assert_broken("outside its value");
	ir.schema.gaps_count = 1;
	f.gaps[0].reason = 0;
	assert_broken("no reason");
	ir.schema.gaps_count = 2;
	f.ops[1].c = 4;
	f.gaps[1] = f.gaps[0];
	assert_broken("not sorted");
	fixture_deinit(&f);
}

static void test_symbols_and_words(void **state)
{
	(void)state;
	sound();
	f.symbols[1].lo = 0x40;
	assert_broken("symbol 1: not sorted");
	f.symbols[1].nodes = 9;
	assert_broken("symbol 1: index");
	f.inline_nodes[1].parent = 1;
	assert_broken("parent out of order");
	ir.op_comments = NULL;
	assert_broken("no comments");
	addresses[1].lo = 0x10;
	assert_broken("address 1");
	addresses[1].lo = 0x20;
	availability[1].capture = 3;
	assert_broken("availability 1");
	availability[1].verdict = IR_ALWAYS;
	assert_broken("availability 1");
	f.functions[1].first_capture = 1;
	assert_broken("out of order");
	f.captures[2].type = 9;
	assert_broken("capture 2");
	fixture_deinit(&f);
}

static void assert_prints(const struct strbuf *text, const char *part)
{
	if (!strstr(text->data, part))
		fail_msg("no \"%s\" in\n%s", part, text->data);
}

static void test_print(void **state)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	(void)state;
	sound();
	f.ops[1].c = 4;
	ir.schema.gaps_count = 1;
	ir_print(&ir, &text);
	assert_prints(&text, "artifact slow-rpc\n");
	assert_prints(&text, "  0: depth 4 string 512 slice 512 map 2048\n");
	assert_prints(&text, "  main.node: struct, 96 bytes\n    +8 string of uint8\n"
			     "    +24 pointer to main.node\n    +56 slice of string\n");
	assert_prints(&text, "  main.(*server).GetInfo: table server_GetInfo\n"
			     "    n: *main.node as n, limits 0\n");
	/* PCs as function + offset, no address */
	assert_prints(&text, "  main.a+0x8..+0x18\n    main.(*server).GetInfo\n"
			     "      n: CFA+16, copy [+0] to 0..4\n"
			     "      n.id: unavailable: lives in a register\n");
	assert_prints(&text, "    main.work (inlined in main.x)\n"
			     "      n: CFA+16, copy [+0] to 0..4\n"
			     "        gap 4..8: lives in a register\n");
	assert_null(strstr(text.data, "0x401000"));
	fixture_deinit(&f);
}

static void test_print_schema(void **state)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	(void)state;
	sound();
	ir_print_schema(&ir.schema, &text);
	assert_prints(&text, "match executable_name ^server$\n");
	assert_prints(&text, "table server_GetInfo (main.(*server).GetInfo)\n"
			     "  n JSON = n *main.node\n  raw_n, status_n\n");
	assert_prints(&text, "  began TIMESTAMP_NS: \"n ->> '$.began'\"\n");
	assert_prints(&text, "view both\n  doc \"who shares a node\"\n");
	assert_prints(&text, "derived table counted\n");
	assert_prints(&text, "link server_GetInfo -> work\n  process_id = process_id\n  n = n\n");
	fixture_deinit(&f);
}

static void test_reasons_have_words(void **state)
{
	(void)state;
	assert_string_equal(ir_reason_text(ASK_REASON_REGISTER), "lives in a register");
	for (uint32_t r = ASK_REASON_NONE + 1; r < ASK_REASONS; r++)
		assert_true(*ir_reason_text(r) && strcmp(ir_reason_text(r), ir_reason_text(99)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sound),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_programs),
		cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_symbols_and_words),
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_print_schema),
		cmocka_unit_test(test_reasons_have_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
