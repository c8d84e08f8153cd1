/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <stdio.h>
#include <cmocka.h>

#include "schema_fixture.h"

/* Every rule, broken once. The message must name the array, and say what is wrong. */
struct rule {
	const char *message;
	void (*spoil)(struct fixture *f);
};

#define RULE(function, statement)                                                                  \
	static void function(struct fixture *f)                                                    \
	{                                                                                          \
		statement;                                                                         \
	}

/* strings */
RULE(first_string, f->strings.data[0] = 'x')
RULE(last_string, f->strings.data[f->strings.size - 1] = 'x')
RULE(no_strings, f->schema.strings_size = 0)
/* references: one of each rule of arrays.def, in more than one array */
RULE(text_out, f->schema.meta.go_version = f->strings.size)
RULE(type_name, f->types[3].name = UINT32_MAX)
RULE(pie, f->schema.meta.pie = 2)
RULE(meta_pad, f->schema.meta.pad = 1)
RULE(kind, f->types[2].kind = SCHEMA_KINDS)
RULE(elem, f->types[T_NODE_PTR].elem = 9)
RULE(fields_span, f->types[T_NODE].first_field = 1)
RULE(fields_span_wraps, f->types[T_NODE].first_field = UINT32_MAX - 2)
RULE(field_type, f->fields[0].type = SCHEMA_NONE)
RULE(field_flags, f->fields[0].flags = 8)
RULE(captures_span, f->functions[1].captures = 2)
RULE(columns_span, f->functions[1].columns = 1)
RULE(capture_function, f->captures[0].function = 2)
RULE(capture_type, f->captures[0].type = 9)
RULE(capture_limits, f->captures[0].limits = 1)
RULE(column_type, f->columns[0].type = SCHEMA_COLUMN_TYPES)
RULE(table_materialize, f->tables[0].materialize = 2)
RULE(link_span, f->links[0].pairs = 3)
RULE(link_text, f->link_pairs[1].to_column = f->strings.size)
RULE(match_label, f->matches[0].label = SCHEMA_MATCH_LABELS)
RULE(gap_expr, f->gaps[1].expr = 3)
RULE(gap_reason, f->gaps[1].reason = ASK_REASONS)
RULE(symbol_span, f->symbols[1].nodes = 2)
RULE(inline_parent, f->inline_nodes[1].parent = 3)
RULE(file_text, f->files[1] = f->strings.size)
RULE(wait_reason, f->wait_reasons[1] = f->strings.size)
RULE(pointer_span, f->engine_types[T_NODE].pointers = 5)
RULE(span_span, f->engine_types[T_NODE].spans = 3)
RULE(span_repeat, f->spans[1].repeat = 0)
RULE(span_stride, f->spans[1].stride = 7)
RULE(span_empty, f->spans[0].size = 0)
RULE(span_beyond, f->spans[1].repeat = 4)
RULE(span_far, f->spans[0].offset = UINT32_MAX)
RULE(span_huge, f->spans[1].repeat = UINT32_MAX; f->spans[1].stride = UINT32_MAX)
RULE(pointer_target, f->pointers[2].target = 9)
RULE(range_span, f->ranges[1].probes = 3)
RULE(probe_function, f->probes[1].function = 2)
RULE(probe_node, f->probes[1].inline_node = 3)
RULE(probe_span, f->probes[1].exprs = 2)
RULE(expr_capture, f->exprs[0].capture = 3)
RULE(expr_type, f->exprs[0].type = 9)
RULE(expr_limits, f->exprs[0].limits = 1)
RULE(expr_span, f->exprs[2].ops = 3)
RULE(expr_reason, f->exprs[1].reason = ASK_REASONS)
RULE(op_pad, f->ops[0].pad = 1)
/* functions */
RULE(others_capture, f->functions[0].captures = 3)
RULE(lost_capture, f->functions[1].captures = 0)
RULE(others_column, f->functions[1].first_column = 1; f->functions[1].columns = 1)
RULE(lost_column, f->functions[0].columns = 1)
RULE(no_pairs, f->links[0].pairs = 0)
/* types */
RULE(engine_count, f->schema.engine_types_count = 8; f->schema.layout.types = 8)
RULE(engine_size, f->engine_types[T_NODE].size = 88)
RULE(string_size, f->types[T_STRING].size = f->engine_types[T_STRING].size = 8)
RULE(int_size, f->types[T_INT32].size = f->engine_types[T_INT32].size = 3)
RULE(int_size_16, f->types[T_INT32].size = f->engine_types[T_INT32].size = 16)
RULE(int_size_huge, f->types[T_INT32].size = f->engine_types[T_INT32].size = 1u << 31)
RULE(int_size_0, f->types[T_INT32].size = f->engine_types[T_INT32].size = 0)
RULE(pointer_elem, f->types[T_NODE_PTR].elem = SCHEMA_NONE)
RULE(int_elem, f->types[T_INT32].elem = T_BYTE)
RULE(slice_key, f->types[T_STRINGS].key = T_BYTE)
RULE(int_fields, f->types[T_INT32].fields = 1)
RULE(int_count, f->types[T_INT32].count = 1)
RULE(array_count, f->types[T_PAIR].count = 3)
RULE(array_overflow, f->types[T_PAIR].count = ((uint64_t)1 << 62) + 2)
RULE(field_beyond, f->fields[5].offset = 89)
RULE(field_far, f->fields[5].offset = UINT64_MAX - 3)
RULE(field_order, f->fields[1].offset = 26)
RULE(self_field, f->fields[2].type = T_NODE; f->fields[2].offset = 8; f->fields[3].type = T_INT32;
     f->types[T_NODE].fields = 3; f->types[T_NODE].size = f->engine_types[T_NODE].size = 96;
     f->fields[0].type = T_INT32; f->fields[1].offset = 0; f->fields[1].type = T_INT32;
     f->fields[2].offset = 0)
RULE(self_array, f->types[T_PAIR].elem = T_PAIR; f->types[T_PAIR].count = 1)
RULE(byte_kind, f->types[T_BYTE].kind = SCHEMA_KIND_BOOL)
RULE(pointer_kind, f->pointers[0].kind = 99)
RULE(pointer_kind_0, f->pointers[0].kind = 0)
RULE(pointer_repeat, f->pointers[0].repeat = 0)
RULE(pointer_stride, f->pointers[2].repeat = 2; f->pointers[2].stride = 4)
RULE(pointer_beyond, f->pointers[3].offset = 73)
RULE(pointer_repeat_beyond, f->pointers[2].repeat = 11; f->pointers[2].stride = 8)
RULE(pointer_repeat_huge, f->pointers[2].repeat = UINT32_MAX; f->pointers[2].stride = UINT32_MAX)
/* programs */
RULE(layout_count, f->schema.layout.ops = 4)
RULE(layout_text, f->schema.layout.text_size = UINT32_MAX)
RULE(layout_g, f->schema.layout.g_labels = 505)
RULE(layout_gopark, f->schema.layout.gopark_hi = 1; f->schema.layout.g_waiting = ASK_ABSENT)
RULE(layout_sudog, f->schema.layout.sudog_c = 505)
RULE(layout_time, f->schema.layout.time_to_run_size = 4100)
RULE(layout_g_size, f->schema.layout.g_size = 4097)
RULE(range_empty, f->ranges[0].hi = 0x10)
RULE(range_overlap, f->ranges[1].lo = 0x1f)
RULE(range_text, f->ranges[1].hi = 0x102)
RULE(cfi_order, f->cfi[1].pc = 0)
RULE(expr_size, f->exprs[0].size = 16)
static const struct ask_op many_ops[65];
RULE(expr_ops, f->exprs[0].ops = 65; f->schema.ops = many_ops; f->schema.ops_count = 65;
     f->schema.layout.ops = 65)
RULE(expr_reason_and_ops, f->exprs[0].reason = 1)
RULE(expr_nothing, f->exprs[1].reason = 0)
RULE(op_kind, f->ops[1].kind = 99)
RULE(op_kind_0, f->ops[1].kind = 0)
RULE(op_copy, f->ops[1].b = 1)
RULE(op_copy_wraps, f->ops[1].b = UINT32_MAX)
RULE(probe_foreign, f->probes[1].first_expr = 1)
RULE(probe_mixed, f->probes[0].exprs = 3)
RULE(gap_beyond, f->gaps[1].size = 5)
RULE(gap_empty, f->gaps[1].size = 0)
RULE(gap_reason_0, f->gaps[1].reason = 0)
RULE(gap_overlap, f->gaps[1].offset = 3)
RULE(gap_order, f->gaps[0].expr = 1)
/* symbols */
RULE(symbol_empty, f->symbols[0].lo = 0x50)
RULE(symbol_overlap, f->symbols[1].lo = 0x4f)
RULE(inline_order, f->inline_nodes[0].parent = 1)
RULE(inline_foreign, f->inline_nodes[2].parent = 1)
RULE(line_beyond, f->symbols[1].hi = 0x70)
RULE(line_node, f->symbols[0].nodes = 1)
RULE(line_file, f->schema.files_count = 1)
RULE(line_offset, f->symbols[1].rows = (uint32_t)f->lines.length)
RULE(line_cut, f->schema.lines.size--)
RULE(line_varint, memset(f->lines.data + f->symbols[1].rows, 0xff, 6))
RULE(line_first, f->lines.data[f->symbols[1].rows + 1] = 1)
RULE(line_again, f->lines.data[f->symbols[1].rows + 5] = 0)
RULE(line_negative, f->lines.data[f->symbols[1].rows + 4] = 1)

/* contexts: the fixture gets two, the first read by capture 0; then something is wrong */
static struct schema_context contexts[ASK_CONTEXTS_MAX + 1];
static struct ask_context_type context_types[2];

static void with_contexts(struct fixture *f)
{
	memset(contexts, 0, sizeof(contexts));
	memset(context_types, 0, sizeof(context_types));
	context_types[1].offset = 8;
	f->schema.contexts = contexts;
	f->schema.contexts_count = 2;
	f->schema.context_types = context_types;
	f->schema.context_types_count = f->schema.layout.context_types = 2;
	f->captures[0].flags = SCHEMA_CAPTURE_CONTEXT;
	/* its expressions have a context.Context, and a row that follows it */
	fixture_type(f, T_PAIR, "context.Context", SCHEMA_KIND_INTERFACE, 16);
	f->exprs[0].type = T_PAIR;
	f->exprs[0].size = 16;
}

#define CONTEXT_RULE(function, statement)                                                          \
	static void function(struct fixture *f)                                                    \
	{                                                                                          \
		with_contexts(f);                                                                  \
		statement;                                                                         \
	}

CONTEXT_RULE(context_missing, f->captures[0].context = 2)
CONTEXT_RULE(context_unasked, f->captures[1].context = 1)
CONTEXT_RULE(context_many, f->schema.contexts_count = ASK_CONTEXTS_MAX + 1)
CONTEXT_RULE(context_no_interface, f->captures[0].flags = 0; f->captures[1].flags = SCHEMA_CAPTURE_CONTEXT)
CONTEXT_RULE(context_text, contexts[1].expr = UINT32_MAX)
CONTEXT_RULE(context_type, contexts[1].type = 9)
CONTEXT_RULE(context_view, context_types[1].view = 9)
CONTEXT_RULE(context_flags, context_types[1].flags = 2)
CONTEXT_RULE(context_order, context_types[1].offset = 0)
CONTEXT_RULE(context_count, f->schema.layout.context_types = 1)
CONTEXT_RULE(context_key, f->pointers[2].kind = ASK_POINTER_CONTEXT_VALUE; f->pointers[2].extra = 81)

/* clang-format off */
static const struct rule rules[] = {
	{"bad string table", first_string}, {"bad string table", last_string},
	{"bad string table", no_strings},
	{"meta[0]: go_version: no text", text_out}, {"types[3]: name: no text", type_name},
	{"meta[0]: pie is 2 of 2", pie}, {"meta[0]: pad is 1 of 1", meta_pad},
	{"types[2]: kind is 18 of 18", kind}, {"types[3]: elem is 9 of 9", elem},
	{"types[2]: fields: 6 rows from 1 of 6", fields_span},
	{"types[2]: fields: 6 rows from 4294967293 of 6", fields_span_wraps},
	{"fields[0]: type is 4294967295 of 9", field_type}, {"fields[0]: flags is 8", field_flags},
	{"functions[1]: captures", captures_span}, {"functions[1]: columns", columns_span},
	{"captures[0]: function is 2", capture_function}, {"captures[0]: type is 9", capture_type},
	{"captures[0]: limits is 1", capture_limits}, {"columns[0]: type is 6", column_type},
	{"tables[0]: materialize is 2", table_materialize}, {"links[0]: pairs", link_span},
	{"link_pairs[1]: to_column", link_text}, {"matches[0]: label is 6", match_label},
	{"gaps[1]: expr is 3", gap_expr}, {"gaps[1]: reason is 14", gap_reason},
	{"symbols[1]: nodes", symbol_span}, {"inline_nodes[1]: parent is 3", inline_parent},
	{"files[1]: text", file_text}, {"wait_reasons[1]: text", wait_reason},
	{"engine_types[2]: pointers", pointer_span}, {"pointers[2]: target is 9", pointer_target},
	{"ranges[1]: probes", range_span}, {"probes[1]: function is 2", probe_function},
	{"probes[1]: inline_node is 3", probe_node}, {"probes[1]: exprs", probe_span},
	{"exprs[0]: capture is 3", expr_capture}, {"exprs[0]: type is 9", expr_type},
	{"exprs[0]: limits is 1", expr_limits}, {"exprs[2]: ops", expr_span},
	{"exprs[1]: reason is 14", expr_reason}, {"ops[0]: pad is 1", op_pad},
	{"functions[0]: its capture 2 is another", others_capture},
	{"captures[2]: its function has it not", lost_capture},
	{"functions[1]: its column 0 is another", others_column},
	{"columns[1]: its function has it not", lost_column}, {"links[0]: no columns", no_pairs},
	{"9 types, 8 in the engine", engine_count}, {"types[2]: the engine's size is 88", engine_size},
	{"types[1]: 8 bytes of a string", string_size}, {"types[6]: 3 bytes of a int", int_size},
	{"types[6]: 16 bytes of a int", int_size_16}, {"bytes of a int", int_size_huge},
	{"types[6]: 0 bytes", int_size_0},
	{"types[3]: no element", pointer_elem}, {"types[6]: an element", int_elem},
	{"types[5]: a key", slice_key}, {"types[6]: fields", int_fields},
	{"types[6]: a count", int_count}, {"types[7]: its elements do not", array_count},
	{"types[7]: its elements do not", array_overflow},
	{"types[2]: field 5 is not inside", field_beyond}, {"types[2]: field 5 is not inside", field_far},
	{"types[2]: field 2 is out of order", field_order}, {"types[2]: contains itself", self_field},
	{"types[7]: contains itself", self_array}, {"types[0]: not a string's byte", byte_kind},
	{"engine_types[1]: pointer 0 is malformed", pointer_kind},
	{"engine_types[1]: pointer 0 is malformed", pointer_kind_0},
	{"engine_types[1]: pointer 0 is malformed", pointer_repeat},
	{"engine_types[2]: pointer 1 is malformed", pointer_stride},
	{"engine_types[2]: pointer 2 is not inside", pointer_beyond},
	{"engine_types[2]: pointer 1 is not inside", pointer_repeat_beyond},
	{"engine_types[2]: pointer 1 is not inside", pointer_repeat_huge},
	{"engine_types[2]: spans", span_span},
	{"engine_types[2]: span 1 is malformed", span_repeat},
	{"engine_types[2]: span 1 is malformed", span_stride},
	{"engine_types[2]: span 0 is malformed", span_empty},
	{"engine_types[2]: span 1 is not inside", span_beyond},
	{"engine_types[2]: span 0 is not inside", span_far},
	{"engine_types[2]: span 1 is not inside", span_huge},
	{"layout[0]: ops is 4, there are 3", layout_count}, {"layout[0]: text_size", layout_text},
	{"layout[0]: g_labels at 505 is beyond", layout_g}, {"layout[0]: g_size", layout_g_size},
	{"layout[0]: gopark is from 0 to 1", layout_gopark}, {"layout[0]: a sudog has members at", layout_sudog},
	{"layout[0]: time_to_run_size is 4100", layout_time},
	{"ranges[0]: empty", range_empty}, {"ranges[1]: empty or out of order", range_overlap},
	{"ranges[1]: beyond the text", range_text}, {"cfi[1]: out of order", cfi_order},
	{"exprs[0]: 16 bytes of a type of 8", expr_size}, {"exprs[0]: 65 operators", expr_ops},
	{"exprs[0]: 2 operators with reason 1", expr_reason_and_ops},
	{"exprs[1]: 0 operators with reason 0", expr_nothing},
	{"exprs[0]: operator 1 is unknown", op_kind}, {"exprs[0]: operator 1 is unknown", op_kind_0},
	{"exprs[0]: operator 1 copies too much", op_copy},
	{"exprs[0]: operator 1 copies too much", op_copy_wraps},
	{"probes[1]: an expression of another", probe_foreign},
	{"probes[0]: an expression of another", probe_mixed},
	{"gaps[1]: not inside", gap_beyond}, {"gaps[1]: not inside", gap_empty},
	{"gaps[1]: no reason", gap_reason_0}, {"gaps[1]: out of order", gap_overlap},
	{"gaps[1]: out of order", gap_order},
	{"captures[0]: context is 2 of 2", context_missing},
	{"captures[1]: context is 1 of 2", context_unasked},
	{"contexts[32]: one too many", context_many},
	{"its context is no interface", context_no_interface},
	{"contexts[1]: expr: no text", context_text}, {"contexts[1]: type is 9", context_type},
	{"context_types[1]: view is 9 of 9", context_view},
	{"context_types[1]: flags is 2 of 2", context_flags},
	{"context_types[1]: out of order", context_order},
	{"layout[0]: context_types is 1, there are 2", context_count},
	{"engine_types[2]: pointer 1 is malformed", context_key},
	{"symbols[0]: empty", symbol_empty}, {"symbols[1]: empty or out of order", symbol_overlap},
	{"inline_nodes[0]: before its parent", inline_order},
	{"symbols[1]: inline node 0 is in another symbol", inline_foreign},
	{"symbols[1]: a line beyond its end", line_beyond},
	{"symbols[0]: a line of inline node 2 of 1", line_node},
	{"symbols[0]: a line of file 1 of 1", line_file},
	{"symbols[1]: its line program is malformed", line_offset},
	{"symbols[1]: its line program is malformed", line_cut},
	{"symbols[1]: its line program is malformed", line_varint},
	{"symbols[1]: its line program is malformed", line_first},
	{"symbols[1]: its line program is malformed", line_again},
	{"symbols[1]: its line program is malformed", line_negative},
};
/* clang-format on */

static void test_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		cleanup_strbuf struct strbuf out = STRBUF_INIT;
		static struct fixture f;
		struct error *error;

		fixture_init(&f);
		rules[i].spoil(&f);
		error = schema_write(&f.schema, &out);
		if (!error || !strstr(error->message, rules[i].message))
			fail_msg("rule %zu: expected \"%s\", got \"%s\"", i, rules[i].message,
				 error ? error->message : "no error");
		assert_int_equal(error->code, ERROR_DAMAGED);
		assert_int_equal(out.length, 0);
		error_free(error);
		fixture_deinit(&f);
	}
}

/* A chain of structs in each other, `depth` deep; the last one may hold the first. */
static struct error *write_chain(uint32_t depth, bool loop)
{
	cleanup_strbuf struct strbuf out = STRBUF_INIT;
	cleanup_arena struct arena arena = {0};
	static struct fixture f;
	struct schema_type *types = ARENA_ARRAY(&arena, struct schema_type, depth + 1);
	struct schema_field *fields = ARENA_ARRAY(&arena, struct schema_field, depth);
	struct ask_type *engine = ARENA_ARRAY(&arena, struct ask_type, depth + 1);
	struct error *error;

	fixture_init(&f);
	types[0] = f.types[0];
	engine[0] = f.engine_types[0];
	for (uint32_t i = 1; i <= depth; i++) {
		types[i] = (struct schema_type){.kind = SCHEMA_KIND_STRUCT,
						.size = 1,
						.elem = SCHEMA_NONE,
						.key = SCHEMA_NONE,
						.first_field = i - 1,
						.fields = 1};
		engine[i].size = 1;
		fields[i - 1].type = i < depth ? i + 1 : loop ? 1 : 0;
	}
	f.schema = (struct schema){.strings = f.schema.strings,
				   .strings_size = f.schema.strings_size,
				   .types = types,
				   .types_count = depth + 1,
				   .engine_types = engine,
				   .engine_types_count = depth + 1,
				   .fields = fields,
				   .fields_count = depth,
				   .layout = {.g_size = 8, .types = depth + 1, .labels_type = ASK_ABSENT}};
	error = schema_write(&f.schema, &out);
	fixture_deinit(&f);
	return error;
}

static void test_nesting(void **state)
{
	struct error *error;

	(void)state;
	assert_null(write_chain(199, false));
	error = write_chain(200, false);
	assert_non_null(strstr(error->message, "nested too deep"));
	error_free(error);
	error = write_chain(100000, false);
	assert_non_null(strstr(error->message, "nested too deep"));
	error_free(error);
	error = write_chain(150, true);
	assert_non_null(strstr(error->message, "contains itself"));
	error_free(error);
}

/* Many rows that all span the same many rows: checked in bounded time. */
static void test_overlapping_spans(void **state)
{
	enum { N = 60000 };
	cleanup_strbuf struct strbuf out = STRBUF_INIT;
	cleanup_arena struct arena arena = {0};
	static struct fixture f;
	struct schema_symbol *symbols = ARENA_ARRAY(&arena, struct schema_symbol, N);
	struct schema_inline *nodes = ARENA_ARRAY(&arena, struct schema_inline, N);
	struct error *error;

	(void)state;
	fixture_init(&f);
	for (uint32_t i = 0; i < N; i++) {
		symbols[i] = (struct schema_symbol){.lo = i, .hi = i + 1, .nodes = N};
		nodes[i].parent = SCHEMA_NONE;
	}
	strbuf_clear(&f.lines);
	strbuf_putc(&f.lines, 0);
	f.schema.lines = (struct schema_blob){(const uint8_t *)f.lines.data, 1};
	f.schema.symbols = symbols;
	f.schema.symbols_count = N;
	f.schema.inline_nodes = nodes;
	f.schema.inline_nodes_count = N;
	error = schema_write(&f.schema, &out);
	assert_non_null(error);
	assert_non_null(strstr(error->message, "overlap too much"));
	error_free(error);
	/* and an inline chain that would have to be climbed for every PC of it */
	for (uint32_t i = 1; i < N; i++)
		nodes[i].parent = i - 1;
	f.schema.symbols_count = 0;
	error = schema_write(&f.schema, &out);
	assert_non_null(strstr(error->message, "nested too deep"));
	error_free(error);
	fixture_deinit(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_nesting),
		cmocka_unit_test(test_overlapping_spans),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
