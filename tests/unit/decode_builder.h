/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DECODE_BUILDER_H
#define DECODE_BUILDER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "decode.h"
#include "lines.h"
#include "string_table.h"

/*
 * Schemas and record streams made by hand, for the tests of decode and db. Types are
 * added first, then functions with their captures; build_schema() closes the schema so that
 * schema_write() would take it. Records are appended to a strbuf.
 */
#define TEXT_ADDRESS 0x400000ull
#define TYPES_ADDRESS 0x800000ull
#define LOAD_BIAS 0x1000ull

/* Fails the test with the error's own words. */
static inline void succeed(struct error *error)
{
	if (error)
		fail_msg("%s", error->message);
}

struct builder {
	struct arena arena;
	struct schema_strings strings;
	struct schema schema;
	VEC(struct schema_type) types;
	VEC(struct ask_type) engine_types;
	VEC(struct ask_pointer) pointers;
	VEC(struct schema_field) fields;
	VEC(struct schema_function) functions;
	VEC(struct schema_capture) captures;
	VEC(struct schema_column) columns;
	VEC(struct schema_table) tables;
	VEC(struct schema_link) links;
	VEC(struct schema_link_pair) pairs;
	VEC(struct schema_gap) gaps;
	VEC(struct schema_symbol) symbols;
	VEC(struct schema_inline) inlines;
	VEC(schema_str) files;
	VEC(schema_str) reasons;
	VEC(struct ask_limits) limits;
	VEC(struct ask_probe) probes;
	VEC(struct ask_expr) exprs;
	VEC(struct ask_op) ops;
	VEC(struct ask_rtype) rtypes;	   /* add them in the order of their offsets */
	VEC(struct ask_closure) closures; /* in the order of their PCs */
	uint32_t funcval;		   /* its type, 0: none */
	VEC(struct schema_context) contexts;
	VEC(struct ask_context_type) context_types; /* in the order of their offsets */
	uint32_t labels; /* type of the pprof labels, 0 none */
	struct strbuf lines;
	struct dump_process process;
	struct dump_statistics statistics;
};

static inline schema_str str(struct builder *b, const char *text)
{
	return schema_strings_add(&b->strings, text);
}

static inline uint32_t add_type(struct builder *b, const char *name, enum schema_kind kind,
				uint64_t size, uint32_t elem)
{
	struct schema_type *type = VEC_PUSH(&b->arena, &b->types);

	*type = (struct schema_type){
		.name = str(b, name), .kind = kind, .size = size, .elem = elem, .key = SCHEMA_NONE};
	*VEC_PUSH(&b->arena, &b->engine_types) = (struct ask_type){.size = (uint32_t)size};
	return (uint32_t)b->types.length - 1;
}

static inline uint32_t add_array(struct builder *b, const char *name, uint32_t elem, uint64_t count)
{
	uint32_t t = add_type(b, name, SCHEMA_KIND_ARRAY, b->types.data[elem].size * count, elem);

	b->types.data[t].count = count;
	return t;
}

/* A struct: its fields follow with add_field(), before another struct begins. */
static inline uint32_t add_struct(struct builder *b, const char *name, uint64_t size)
{
	uint32_t t = add_type(b, name, SCHEMA_KIND_STRUCT, size, SCHEMA_NONE);

	b->types.data[t].first_field = (uint32_t)b->fields.length;
	return t;
}

static inline void add_field(struct builder *b, uint32_t type, const char *name, uint64_t offset,
			     uint32_t field_type)
{
	*VEC_PUSH(&b->arena, &b->fields) =
		(struct schema_field){.offset = offset, .name = str(b, name), .type = field_type};
	b->types.data[type].fields++;
}

static inline uint32_t add_function(struct builder *b, const char *name, const char *table)
{
	*VEC_PUSH(&b->arena, &b->functions) = (struct schema_function){
		.name = str(b, name),
		.table = str(b, table),
		.first_capture = (uint32_t)b->captures.length,
		.first_column = (uint32_t)b->columns.length,
	};
	*VEC_PUSH(&b->arena, &b->probes) = (struct ask_probe){
		.function = (uint32_t)b->functions.length - 1,
		.inline_node = ASK_NO_INLINE,
		.first_expr = (uint32_t)b->exprs.length,
	};
	return (uint32_t)b->functions.length - 1;
}

/* A type descriptor at `offset` from runtime.types, and its run-time address. */
static inline uint64_t add_rtype(struct builder *b, uint32_t offset, const char *name,
				 uint32_t type, uint32_t flags)
{
	*VEC_PUSH(&b->arena, &b->rtypes) = (struct ask_rtype){
		.offset = offset, .type = type, .flags = flags, .name = str(b, name)};
	return LOAD_BIAS + TYPES_ADDRESS + offset;
}

static inline void add_closure(struct builder *b, uint32_t pc, uint32_t type)
{
	*VEC_PUSH(&b->arena, &b->closures) = (struct ask_closure){.pc = pc, .type = type};
}

/* A capture of the last function, with one expression of the same number. */
static inline uint32_t add_capture(struct builder *b, const char *expr, const char *column,
				   uint32_t type, uint32_t limits)
{
	uint32_t function = (uint32_t)b->functions.length - 1;

	*VEC_PUSH(&b->arena, &b->captures) = (struct schema_capture){
		.function = function,
		.expr = str(b, expr),
		.column = str(b, column),
		.type = type,
		.limits = limits,
	};
	*VEC_PUSH(&b->arena, &b->exprs) = (struct ask_expr){
		.capture = (uint32_t)b->captures.length - 1,
		.type = type,
		.size = (uint32_t)b->types.data[type].size,
		.first_op = (uint32_t)b->ops.length,
		.ops = 1,
		.limits = (uint16_t)limits,
	};
	*VEC_PUSH(&b->arena, &b->ops) = (struct ask_op){.kind = ASK_OP_CFA};
	b->functions.data[function].captures++;
	b->probes.data[function].exprs++;
	return (uint32_t)b->exprs.length - 1;
}

static inline void add_limits(struct builder *b, uint32_t depth, uint32_t string, uint32_t slice)
{
	*VEC_PUSH(&b->arena, &b->limits) =
		(struct ask_limits){.depth = depth, .string = string, .slice = slice, .map = 2048};
}

/* A function in the text: `lo` to `hi`; one line each 16 bytes, from 10 on. */
static inline uint32_t add_symbol(struct builder *b, const char *name, uint32_t lo, uint32_t hi)
{
	struct schema_line_row rows[16];
	size_t n = 0;

	for (uint32_t pc = lo; pc < hi && n < ARRAY_SIZE(rows); pc += 16, n++)
		rows[n] = (struct schema_line_row){.pc = pc, .line = 10 + (uint32_t)n};
	*VEC_PUSH(&b->arena, &b->symbols) = (struct schema_symbol){
		.lo = lo,
		.hi = hi,
		.name = str(b, name),
		.file = str(b, "/src/a.go"),
		.line = 9,
		.first_node = (uint32_t)b->inlines.length,
		.rows = (uint32_t)b->lines.length,
	};
	schema_lines_encode(&b->lines, rows, n, lo);
	return (uint32_t)b->symbols.length - 1;
}

/* A function with `inlined` inlined at its PCs lo + 16 to lo + 32. */
static inline uint32_t add_symbol_inlining(struct builder *b, const char *name, const char *inlined,
					   uint32_t lo, uint32_t hi)
{
	struct schema_line_row rows[] = {{.pc = lo, .line = 10},
					 {.pc = lo + 16, .node = 1, .line = 77},
					 {.pc = lo + 32, .line = 12}};
	struct schema_symbol *symbol = VEC_PUSH(&b->arena, &b->symbols);

	*symbol = (struct schema_symbol){
		.lo = lo,
		.hi = hi,
		.name = str(b, name),
		.file = str(b, "/src/a.go"),
		.line = 9,
		.first_node = (uint32_t)b->inlines.length,
		.nodes = 1,
		.rows = (uint32_t)b->lines.length,
	};
	*VEC_PUSH(&b->arena, &b->inlines) = (struct schema_inline){.name = str(b, inlined),
								   .parent = SCHEMA_NONE,
								   .call_file = str(b, "/src/a.go"),
								   .call_line = 11};
	schema_lines_encode(&b->lines, rows, ARRAY_SIZE(rows), lo);
	return symbol->first_node;
}

static inline void builder_init(struct builder *b)
{
	*b = (struct builder){.lines = STRBUF_INIT};
	arena_init(&b->arena);
	schema_strings_init(&b->strings, &b->arena);
	add_type(b, "uint8", SCHEMA_KIND_UINT, 1, SCHEMA_NONE);
	*VEC_PUSH(&b->arena, &b->files) = str(b, "/src/a.go");
	for (size_t i = 0; i < 3; i++)
		*VEC_PUSH(&b->arena, &b->reasons) =
			str(b, ((const char *const[]){"", "select", "chan receive"})[i]);
	b->process = (struct dump_process){
		.pid = 4242,
		.load_bias = LOAD_BIAS,
		.capture_time_ns = 1000000000000,
		.capture_monotonic_ns = 5000000000,
		.engine = DUMP_ENGINE_NATIVE,
		.pause = DUMP_PAUSE_PTRACE,
	};
}

static inline void builder_deinit(struct builder *b)
{
	strbuf_deinit(&b->lines);
	arena_deinit(&b->arena);
}

#define BUILD(member, vec) (s->member = (vec).data, s->member##_count = (uint32_t)(vec).length)

static inline struct schema *build_schema(struct builder *b)
{
	struct schema *s = &b->schema;

	if (!b->limits.length)
		add_limits(b, 4, 512, 512);
	s->meta.name = str(b, "test");
	s->meta.go_build_id = str(b, "build/1");
	s->meta.go_version = str(b, "go1.26.8");
	s->layout.text = TEXT_ADDRESS;
	s->layout.text_size = 0x10000;
	s->layout.goexit_lo = 0x8000;
	s->layout.goexit_hi = 0x8010;
	s->layout.sigpanic_lo = 0x8100;
	s->layout.sigpanic_hi = 0x8140;
	s->layout.asyncpreempt_lo = 0x8200;
	s->layout.asyncpreempt_hi = 0x8240;
	BUILD(types, b->types);
	BUILD(engine_types, b->engine_types);
	BUILD(pointers, b->pointers);
	BUILD(fields, b->fields);
	BUILD(functions, b->functions);
	BUILD(captures, b->captures);
	BUILD(columns, b->columns);
	BUILD(tables, b->tables);
	BUILD(links, b->links);
	BUILD(link_pairs, b->pairs);
	BUILD(gaps, b->gaps);
	BUILD(symbols, b->symbols);
	BUILD(inline_nodes, b->inlines);
	BUILD(files, b->files);
	BUILD(wait_reasons, b->reasons);
	BUILD(limits, b->limits);
	BUILD(probes, b->probes);
	BUILD(exprs, b->exprs);
	BUILD(ops, b->ops);
	BUILD(rtypes, b->rtypes);
	BUILD(closures, b->closures);
	BUILD(contexts, b->contexts);
	BUILD(context_types, b->context_types);
	s->layout.types_lo = TYPES_ADDRESS;
	s->layout.types_size = 0x10000;
	s->layout.funcval_type = b->funcval ? b->funcval : ASK_ABSENT;
	s->layout.labels_type = b->labels ? b->labels : ASK_ABSENT;
	s->layout.rtypes = s->rtypes_count;
	s->layout.closures = s->closures_count;
	s->layout.pointers = s->pointers_count;
	s->layout.context_types = s->context_types_count;
	s->layout.g_size = 448;
	s->layout.probes = s->probes_count;
	s->layout.exprs = s->exprs_count;
	s->layout.ops = s->ops_count;
	s->layout.types = s->engine_types_count;
	s->layout.limits = s->limits_count;
	s->lines.data = (const uint8_t *)b->lines.data;
	s->lines.size = b->lines.length;
	s->strings = b->strings.data;
	s->strings_size = b->strings.size;
	return s;
}

/* ---- records ---- */

static inline void put(struct strbuf *out, const void *fixed, size_t fixed_size, const void *data,
		       size_t size)
{
	size_t padded = (size + 7) & ~(size_t)7;
	struct ask_record head;
	size_t at = out->length;

	strbuf_add(out, fixed, fixed_size);
	strbuf_add(out, data, size);
	strbuf_repeat(out, '\0', padded - size);
	memcpy(&head, out->data + at, sizeof(head));
	head.size = (uint32_t)(fixed_size + padded);
	memcpy(out->data + at, &head, sizeof(head));
}

static inline void put_stack(struct strbuf *out, uint64_t hash, const uint32_t *pcs, uint32_t leaf,
			     uint32_t root, uint32_t depth, uint32_t flags)
{
	struct ask_stack stack = {
		.head = {.kind = ASK_RECORD_STACK},
		.hash = {hash, hash},
		.depth = depth,
		.leaf = leaf,
		.root = root,
		.flags = flags,
	};

	put(out, &stack, sizeof(stack), pcs, (leaf + root) * sizeof(*pcs));
}

static inline struct ask_goroutine new_goroutine(uint64_t goid, uint64_t hash, uint32_t depth)
{
	return (struct ask_goroutine){
		.head = {.kind = ASK_RECORD_GOROUTINE},
		.goid = goid,
		.stack_hash = {hash, hash},
		.atomicstatus = 4,
		.waitreason = 1,
		.depth = depth,
		.stack_status = hash ? ASK_STACK_OK : ASK_STACK_READ_FAILED,
	};
}

static inline void put_goroutine(struct strbuf *out, const struct ask_goroutine *g)
{
	put(out, g, sizeof(*g), NULL, 0);
}

static inline void put_frame(struct strbuf *out, uint32_t frame, uint32_t probe, uint32_t pc)
{
	struct ask_frame record = {
		.head = {.kind = ASK_RECORD_FRAME}, .frame = frame, .probe = probe, .pc = pc};

	put(out, &record, sizeof(record), NULL, 0);
}

static inline void put_value(struct strbuf *out, const struct builder *b, uint32_t expr,
			     enum ask_status status, uint64_t address, uint32_t detail,
			     const void *data)
{
	bool has = status == ASK_STATUS_OK || status == ASK_STATUS_PARTIAL;
	struct ask_value value = {
		.head = {.kind = ASK_RECORD_VALUE, .status = (uint16_t)status},
		.address = address,
		.type = b->exprs.data[expr].type,
		.length = has ? b->exprs.data[expr].size : 0,
		.expr = expr,
		.detail = detail,
	};

	put(out, &value, sizeof(value), data, value.length);
}

static inline void put_pointee(struct strbuf *out, uint64_t address, uint32_t type,
			       enum ask_status status, const void *data, uint32_t length)
{
	struct ask_value value = {
		.head = {.kind = ASK_RECORD_POINTEE, .status = (uint16_t)status},
		.address = address,
		.type = type,
		.length = length,
	};

	put(out, &value, sizeof(value), data, status == ASK_STATUS_OK ? length : 0);
}

/* ---- a sink that writes everything down ---- */

static inline void print_cell(struct strbuf *out, const struct decode_cell *cell)
{
	switch (cell->type) {
	case DECODE_NULL:
		strbuf_puts(out, "NULL");
		break;
	case DECODE_INTEGER:
		strbuf_printf(out, "%" PRId64, cell->integer);
		break;
	case DECODE_REAL:
		strbuf_printf(out, "r%.17g", cell->real);
		break;
	case DECODE_TEXT:
		strbuf_putc(out, '\'');
		strbuf_add(out, cell->text, cell->length);
		strbuf_putc(out, '\'');
		break;
	}
}

static inline struct error *print_stack(void *out, uint64_t index, uint64_t depth, uint64_t count)
{
	strbuf_printf(out, "stack %" PRIu64 " depth %" PRIu64 " of %" PRIu64 "\n", index, depth,
		      count);
	return NULL;
}

static inline struct error *print_frame(void *out, uint64_t stack,
					const struct decode_frame_row *row)
{
	strbuf_printf(out, "  %" PRIu64 ":%" PRIu64 " %s:%u%s pc %#" PRIx64 "\n", stack,
		      row->frame_idx, row->function ? row->function : "?", row->line,
		      row->inlined ? " inlined" : "", row->pc);
	return NULL;
}

static inline struct error *print_goroutine(void *out, const struct decode_goroutine *row)
{
	strbuf_printf(out, "goroutine %" PRIu64 "%s %s stack ", row->goroutine_id,
		      row->is_system ? " system" : "", row->status);
	if (row->stack == UINT64_MAX)
		strbuf_puts(out, "none");
	else
		strbuf_printf(out, "%" PRIu64, row->stack);
	strbuf_printf(out, " (%s) frames %" PRIu64 " reason ", row->stack_status, row->frame_count);
	print_cell(out, &row->wait_reason);
	strbuf_puts(out, " for ");
	print_cell(out, &row->wait_for_ns);
	strbuf_puts(out, " most ");
	print_cell(out, &row->wait_at_most_ns);
	strbuf_puts(out, " thread ");
	print_cell(out, &row->thread_id);
	strbuf_puts(out, " parent ");
	print_cell(out, &row->parent_goroutine_id);
	strbuf_puts(out, " by ");
	print_cell(out, &row->created_by);
	if (row->labels.type != DECODE_NULL)
		strbuf_printf(out, " labels %.*s", (int)row->labels.length, row->labels.text);
	strbuf_puts(out, "\n");
	return NULL;
}

static inline struct error *print_row(void *out, const struct decode_row *row)
{
	strbuf_printf(out, "row %u goroutine %" PRIu64 " frame %" PRIu64, row->function,
		      row->goroutine_id, row->frame_idx);
	for (size_t i = 0; i < row->values_count; i++) {
		strbuf_puts(out, i % 3 ? " | " : "\n  ");
		print_cell(out, &row->values[i]);
	}
	strbuf_puts(out, "\n");
	return NULL;
}

/* Decodes streams (shards 0, 1, …) and writes down what comes. */
static inline struct error *run_decode(const struct builder *b, const struct strbuf *streams,
				       size_t count, struct strbuf *out)
{
	struct decode_sink sink = {out, print_stack, print_frame, print_goroutine, print_row};
	struct decode_stream list[4];
	struct decode_input input = {
		.name = "test.askdump",
		.schema = &b->schema,
		.process = &b->process,
		.statistics = &b->statistics,
		.streams = list,
		.streams_count = count,
	};

	for (size_t i = 0; i < count; i++)
		list[i] = (struct decode_stream){.shard = (uint32_t)i,
						 .data = (const uint8_t *)streams[i].data,
						 .size = streams[i].length};
	return decode(&input, &sink);
}

#endif
