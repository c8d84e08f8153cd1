/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SCHEMA_FIXTURE_H
#define SCHEMA_FIXTURE_H

#include "schema.h"
#include "lines.h"
#include "string_table.h"

/*
 * A small schema with every array filled, whose rows a test may spoil one by one:
 *
 *	type node struct { id uint64; name string; next *node; began time.Time; tags []string;
 *			   pair [2]int32 }
 *	functions main.(*server).GetInfo (captures n, n.id) and main.work (capture n)
 */
struct fixture {
	struct schema schema;
	struct schema_type types[9];
	struct schema_field fields[6];
	struct schema_function functions[2];
	struct schema_capture captures[3];
	struct schema_column columns[2];
	struct schema_table tables[2];
	struct schema_link links[1];
	struct schema_link_pair link_pairs[2];
	struct schema_match matches[1];
	struct schema_gap gaps[2];
	struct schema_symbol symbols[2];
	struct schema_inline inline_nodes[3];
	schema_str files[2];
	schema_str wait_reasons[2];
	struct ask_limits limits[1];
	struct ask_type engine_types[9];
	struct ask_pointer pointers[5];
	struct ask_span spans[2];
	struct ask_range ranges[2];
	struct ask_probe probes[2];
	struct ask_expr exprs[3];
	struct ask_op ops[3];
	struct ask_cfi cfi[2];
	struct schema_strings strings;
	struct strbuf lines;
	struct arena arena;
};

enum { T_BYTE, T_STRING, T_NODE, T_NODE_PTR, T_TIME, T_STRINGS, T_INT32, T_PAIR, T_UINT64 };

static inline schema_str S(struct fixture *f, const char *text)
{
	schema_str offset = schema_strings_add(&f->strings, text);

	f->schema.strings = f->strings.data;
	f->schema.strings_size = f->strings.size;
	return offset;
}

static inline void fixture_type(struct fixture *f, int i, const char *name, uint32_t kind,
				uint32_t size)
{
	f->types[i] = (struct schema_type){.name = S(f, name),
					   .kind = kind,
					   .size = size,
					   .elem = SCHEMA_NONE,
					   .key = SCHEMA_NONE};
	f->engine_types[i] = (struct ask_type){.size = size};
}

static inline void fixture_types(struct fixture *f)
{
	fixture_type(f, T_BYTE, "uint8", SCHEMA_KIND_UINT, 1);
	fixture_type(f, T_STRING, "string", SCHEMA_KIND_STRING, 16);
	fixture_type(f, T_NODE, "main.node", SCHEMA_KIND_STRUCT, 96);
	fixture_type(f, T_NODE_PTR, "*main.node", SCHEMA_KIND_POINTER, 8);
	fixture_type(f, T_TIME, "time.Time", SCHEMA_KIND_TIME, 24);
	fixture_type(f, T_STRINGS, "[]string", SCHEMA_KIND_SLICE, 24);
	fixture_type(f, T_INT32, "int32", SCHEMA_KIND_INT, 4);
	fixture_type(f, T_PAIR, "[2]int32", SCHEMA_KIND_ARRAY, 8);
	fixture_type(f, T_UINT64, "uint64", SCHEMA_KIND_UINT, 8);
	f->types[T_NODE_PTR].elem = T_NODE;
	f->types[T_STRINGS].elem = T_STRING;
	f->types[T_PAIR].elem = T_INT32;
	f->types[T_PAIR].count = 2;
	f->types[T_NODE].fields = 6;
	f->fields[0] = (struct schema_field){.offset = 0, .name = S(f, "id"), .type = T_UINT64};
	f->fields[1] = (struct schema_field){.offset = 8, .name = S(f, "name"), .type = T_STRING};
	f->fields[2] = (struct schema_field){.offset = 24, .name = S(f, "next"), .type = T_NODE_PTR};
	f->fields[3] = (struct schema_field){.offset = 32, .name = S(f, "began"), .type = T_TIME};
	f->fields[4] = (struct schema_field){.offset = 56, .name = S(f, "tags"), .type = T_STRINGS};
	f->fields[5] = (struct schema_field){.offset = 80, .name = S(f, "pair"), .type = T_PAIR};
	f->pointers[0] = (struct ask_pointer){0, ASK_POINTER_STRING, T_BYTE, 1, 16, 0};
	f->pointers[1] = (struct ask_pointer){8, ASK_POINTER_STRING, T_BYTE, 1, 16, 0};
	f->pointers[2] = (struct ask_pointer){24, ASK_POINTER_PLAIN, T_NODE, 1, 8, 0};
	f->pointers[3] = (struct ask_pointer){56, ASK_POINTER_SLICE, T_STRING, 1, 24, 0};
	f->pointers[4] = (struct ask_pointer){0, ASK_POINTER_PLAIN, T_NODE, 1, 8, 0};
	f->engine_types[T_STRING] = (struct ask_type){16, 0, 1, 0, 0};
	f->engine_types[T_NODE] = (struct ask_type){96, 1, 3, 2, 0};
	f->spans[0] = (struct ask_span){0, 32, 1, 0};
	f->spans[1] = (struct ask_span){56, 8, 3, 16};
	f->engine_types[T_NODE_PTR] = (struct ask_type){8, 4, 1, 0, 0};
}

static inline void fixture_spec(struct fixture *f)
{
	f->functions[0] = (struct schema_function){S(f, "main.(*server).GetInfo"),
						   S(f, "server_GetInfo"), 0, 2, 0, 2};
	f->functions[1] = (struct schema_function){S(f, "main.work"), S(f, "work"), 2, 1, 2, 0};
	f->captures[0] = (struct schema_capture){0, S(f, "n"), S(f, "n"), T_NODE_PTR, 0, 0, 0};
	f->captures[1] = (struct schema_capture){0, S(f, "n.id"), S(f, "n_id"), T_UINT64, 0, 0, 0};
	f->captures[2] = (struct schema_capture){1, S(f, "n"), S(f, "n"), T_NODE_PTR, 0, 0, 0};
	f->columns[0] = (struct schema_column){0, S(f, "addr"), S(f, "raw_n ->> '$.__addr'"),
					       SCHEMA_COLUMN_TEXT};
	f->columns[1] = (struct schema_column){0, S(f, "began"), S(f, "n ->> '$.began'"),
					       SCHEMA_COLUMN_TIMESTAMP_NS};
	f->tables[0] = (struct schema_table){
		S(f, "both"), S(f, "who shares a node"),
		S(f, "SELECT g.goroutine_id AS a, w.goroutine_id AS b FROM server_GetInfo g"
		     " JOIN work w ON g.addr = w.raw_n ->> '$.__addr'"),
		0};
	f->tables[1] = (struct schema_table){S(f, "counted"), 0,
					     S(f, "SELECT count(*) AS n FROM both"), 1};
	f->links[0] = (struct schema_link){S(f, "server_GetInfo"), S(f, "work"), 0, 2,
					   S(f, "a note"), 0};
	f->link_pairs[0] = (struct schema_link_pair){S(f, "process_id"), S(f, "process_id")};
	f->link_pairs[1] = (struct schema_link_pair){S(f, "n"), S(f, "n")};
	f->matches[0] = (struct schema_match){SCHEMA_MATCH_EXECUTABLE_NAME, S(f, "^server$")};
}

static inline void fixture_programs(struct fixture *f)
{
	f->limits[0] = (struct ask_limits){4, 512, 512, 2048};
	f->exprs[0] = (struct ask_expr){0, T_NODE_PTR, 8, 0, 2, 0, 0};
	f->exprs[1] = (struct ask_expr){1, T_UINT64, 8, 2, 0, 0, ASK_REASON_REGISTER};
	f->exprs[2] = (struct ask_expr){2, T_NODE_PTR, 8, 1, 2, 0, 0};
	f->ops[0] = (struct ask_op){ASK_OP_CFA, 0, 0, 0, 16};
	f->ops[1] = (struct ask_op){ASK_OP_COPY, 0, 8, 0, 0};
	f->ops[2] = (struct ask_op){ASK_OP_STATIC, 0, 0, 0, 0x1000};
	f->probes[0] = (struct ask_probe){0, ASK_NO_INLINE, 0, 2};
	f->probes[1] = (struct ask_probe){1, 1, 2, 1};
	f->ranges[0] = (struct ask_range){0x10, 0x20, 0, 1};
	f->ranges[1] = (struct ask_range){0x20, 0x101, 0, 2};
	f->gaps[0] = (struct schema_gap){0, 0, 4, ASK_REASON_OPTIMIZED_OUT};
	f->gaps[1] = (struct schema_gap){0, 4, 4, ASK_REASON_REGISTER};
	f->cfi[0] = (struct ask_cfi){0, 8};
	f->cfi[1] = (struct ask_cfi){0x14, 24};
	f->schema.layout = (struct ask_layout){
		.text = 0x401000, .text_size = 0x100, .g_size = 512, .funcval_type = ASK_ABSENT,
		.labels_type = ASK_ABSENT, .cfi_rows = 2, .ranges = 2, .probes = 2, .exprs = 3, .ops = 3,
		.types = 9, .pointers = 5, .spans = 2, .limits = 1};
}

/*
 * GetInfo is [0x10, 0x50): at 0x20 lock is inlined at server.go:30, and in it from
 * 0x28 fast at mutex.go:90.
 */
static inline void fixture_symbols(struct fixture *f)
{
	static const struct schema_line_row first[] = {
		{0x10, 0, 0, 20}, {0x20, 1, 1, 91}, {0x28, 2, 1, 45}, {0x30, 0, 0, 31}};
	static const struct schema_line_row second[] = {{0x60, 0, 0, 7}, {0x70, 1, 1, 3}};

	f->files[0] = S(f, "server.go");
	f->files[1] = S(f, "mutex.go");
	f->symbols[0] = (struct schema_symbol){.lo = 0x10, .hi = 0x50,
					       .name = S(f, "main.(*server).GetInfo"),
					       .file = f->files[0], .line = 19,
					       .first_node = 0, .nodes = 2};
	f->symbols[1] = (struct schema_symbol){.lo = 0x60, .hi = 0x80, .name = S(f, "main.work"),
					       .file = f->files[0], .line = 6,
					       .first_node = 2, .nodes = 1};
	f->inline_nodes[0] = (struct schema_inline){S(f, "sync.lock"), SCHEMA_NONE, f->files[0], 30};
	f->inline_nodes[1] = (struct schema_inline){S(f, "sync.fast"), 0, f->files[1], 90};
	f->inline_nodes[2] = (struct schema_inline){S(f, "sync.lock"), SCHEMA_NONE, f->files[0], 8};
	strbuf_init(&f->lines);
	f->symbols[0].rows = (uint32_t)f->lines.length;
	schema_lines_encode(&f->lines, first, ARRAY_SIZE(first), 0x10);
	f->symbols[1].rows = (uint32_t)f->lines.length;
	schema_lines_encode(&f->lines, second, ARRAY_SIZE(second), 0x60);
	f->schema.lines = (struct schema_blob){(const uint8_t *)f->lines.data, f->lines.length};
}

static inline void fixture_init(struct fixture *f)
{
	struct schema *s = &f->schema;

	memset(f, 0, sizeof(*f));
	schema_strings_init(&f->strings, &f->arena);
	s->meta.name = S(f, "slow-rpc");
	s->meta.go_version = S(f, "go1.26.8");
	s->meta.bytes_limit = 64 << 20;
	f->wait_reasons[0] = 0;
	f->wait_reasons[1] = S(f, "chan receive");
	fixture_types(f);
	fixture_spec(f);
	fixture_programs(f);
	fixture_symbols(f);
#define SET(member)                                                                                \
	s->member = f->member;                                                                     \
	s->member##_count = ARRAY_SIZE(f->member)
	SET(types); SET(fields); SET(functions); SET(captures); SET(columns); SET(tables);
	SET(links); SET(link_pairs); SET(matches); SET(gaps); SET(symbols); SET(inline_nodes);
	SET(files); SET(wait_reasons); SET(limits); SET(engine_types); SET(pointers); SET(spans); SET(ranges);
	SET(probes); SET(exprs); SET(ops); SET(cfi);
#undef SET
}

static inline void fixture_deinit(struct fixture *f)
{
	strbuf_deinit(&f->lines);
	arena_deinit(&f->arena);
}

#endif
