/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the engine follows beyond plain pointers: maps of both kinds, channels,
 * interfaces, funcs, indexes and assertions, over made-up memory. One goroutine with one
 * captured value of 64 bytes at BASE + VALUE; each test gives that value a type.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#define ASK_NATIVE
#include "engine/engine.h"
#include "base.h"

#define BASE 0xc000000000ull
#define SIZE (1u << 20)
#define TEXT 0x401000ull
#define TYPES 0x500000ull /* runtime.types, link-time */
#define BIAS 0x10000ull
#define VALUE 0x8000u
#define A (BASE + 0x20000) /* somewhere to point to */
#define B (BASE + 0x30000)
#define C (BASE + 0x40000)
#define HOLE (BASE + 0x80000)

enum { BYTE, ROOT, INT, WIDE, POINTER, FUNCVAL, CLOSURE, CELL, LINK, TYPES_COUNT };
static struct ask_type types[] = {
	[BYTE] = {1, 0, 0, 0, 0},	 [ROOT] = {64, 0, 1, 0, 0},    [INT] = {8, 0, 0, 0, 0},
	[WIDE] = {128, 0, 0, 0, 0}, [POINTER] = {8, 1, 1, 0, 0},  [FUNCVAL] = {8, 0, 0, 0, 0},
	[CLOSURE] = {24, 0, 0, 0, 0}, [CELL] = {16, 2, 1, 0, 0},
	[LINK] = {48, 3, 2, 0, 0},
};
/* row 0 is the root's, set by each test */
static struct ask_pointer pointers[] = {
	{0},
	{0, ASK_POINTER_PLAIN, INT, 1, 0, 0},
	{0, ASK_POINTER_FREE, CELL, 1, 0, 0},
	/* context.valueCtx: {Context, key, val} */
	{0, ASK_POINTER_CONTEXT, BYTE, 1, 0, 0},
	{32, ASK_POINTER_CONTEXT_VALUE, BYTE, 1, 0, 16},
};
static const struct ask_span spans[] = {{4, 3, 1, 0}, {8, 2, 2, 4}, {0, 8, 1, 0}, {0, 0, 1, 0}};
static struct ask_limits limits[] = {{2, 64, 64, 256}};
static const struct ask_range ranges[] = {{0x3000, 0x3040, 0, 1}};
static const struct ask_probe probes[] = {{0, ASK_NO_INLINE, 0, 1}};
static struct ask_expr exprs[] = {{0, ROOT, 64, 0, 2, 0, 0}};
static struct ask_op ops[4];
static const struct ask_cfi cfis[] = {{0, 8}, {0x3000, 64}, {0x3040, 0}};
static const struct ask_rtype rtypes[] = {
	{0x40, INT, 0, 0},
	{0x80, POINTER, ASK_RTYPE_DIRECT, 0},
	{0xc0, ASK_ABSENT, 0, 0},
};
/* context 0: key 0x100, value int; context 1: key 0x140, value *int */
static const struct ask_context_type context_types[] = {
	{0x40, 0, 0, 0, 1, 0},	  {0x80, 0, 0, 0, 2, 0},    {0x100, 0, 0, 1, 0, 0},
	{0x140, 0, 0, 2, 0, 0},	  {0x180, LINK, 0, 0, 0, 0}, {0x1c0, CELL, 24, 0, 0, 0},
	{0x200, 0, 0, 0, 0, ASK_CONTEXT_END},
};
static const struct ask_closure closures[] = {{0x5000, CLOSURE}};

static struct {
	struct ask_native native;
	struct ask_layout layout;
	struct ask_control control;
	struct ask_shard shards[ASK_MAX_SHARDS];
	struct ask_visited visits[1024];
	ask_u64 bitmap[17];
	ask_u8 chunks[2 * ASK_CHUNK_STRIDE];
	ask_u8 memory[SIZE];
} world;

static _Bool world_read(void *data, void *to, size_t size, ask_u64 from)
{
	(void)data;
	if (from < BASE || from + size > BASE + SIZE || (from < HOLE + 4096 && from + size > HOLE)) {
		memset(to, 0, size);
		return false;
	}
	memcpy(to, world.memory + (from - BASE), size);
	return true;
}

static ask_u64 world_now(void)
{
	return 1;
}

static void put(ask_u64 address, ask_u64 value)
{
	memcpy(world.memory + (address - BASE), &value, 8);
}

static int setup(void **state)
{
	ask_u64 g = BASE + 0x1000, lo = BASE + 0x4000, hi = BASE + VALUE + 0x100;

	(void)state;
	memset(&world, 0, sizeof(world));
	world.layout = (struct ask_layout){
		.text = TEXT, .text_size = 0x10000, .types_lo = TYPES, .types_size = 0x1000,
		.goexit_lo = 0x100, .goexit_hi = 0x110, .g_size = 200, .g_stack_hi = 8, .g_m = 48,
		.g_sched_sp = 56, .g_sched_pc = 64, .g_sched_bp = 72, .g_syscallsp = 80,
		.g_syscallpc = 88, .g_syscallbp = ASK_ABSENT, .g_atomicstatus = 96, .g_goid = 104,
		.g_waitsince = 112, .g_waitreason = 120, .g_parentgoid = ASK_ABSENT, .g_gopc = 128,
		.g_startpc = 136, .g_labels = 144, .frames_leaf = 8, .frames_root = 4,
		.cfi_rows = ARRAY_SIZE(cfis), .ranges = 1, .probes = 1, .exprs = 1,
		.ops = ARRAY_SIZE(ops), .types = ARRAY_SIZE(types),
		.pointers = ARRAY_SIZE(pointers), .spans = ARRAY_SIZE(spans), .limits = 1,
		.rtypes = ARRAY_SIZE(rtypes), .closures = 1, .context_types = ARRAY_SIZE(context_types),
		.itab_type = 8, .funcval_type = FUNCVAL, .labels_type = ASK_ABSENT,
	};
	world.native = (struct ask_native){
		.control = &world.control, .shards = world.shards, .chunks = world.chunks,
		.chunk_stride = ASK_CHUNK_STRIDE, .chunk_count = 2, .visit_count = 1024,
		.bitmap_words = 17, .visits = world.visits, .bitmap = world.bitmap,
		.layout = &world.layout, .limits = limits, .types = types, .pointers = pointers,
		.spans = spans,
		.ranges = ranges, .probes = probes, .exprs = exprs, .ops = ops, .cfis = cfis,
		.rtypes = rtypes, .closures = closures, .context_types = context_types, .read = world_read, .now = world_now,
	};
	world.control = (struct ask_control){
		.text = TEXT + BIAS, .load_bias = BIAS, .allgs = BASE + 0x100, .goroutines = 1,
		.bytes_limit = 1 << 20, .trigger_ns = 1ull << 60, .visited_slots = 1024};
	world.shards[0].chunks = 2;
	world.shards[0].retried = 1;
	world.bitmap[3] |= 1;
	ask_native = &world.native;
	/* one parked goroutine: its leaf is the captured function, 64 bytes, then goexit */
	put(BASE + 0x100, g);
	put(g, lo);
	put(g + 8, hi);
	put(g + 56, BASE + VALUE);
	put(g + 64, TEXT + BIAS + 0x3010);
	put(g + 96, ASK_G_WAITING);
	put(g + 104, 1);
	put(BASE + VALUE + 56, TEXT + BIAS + 0x101);
	types[ROOT].pointers = 1;
	exprs[0] = (struct ask_expr){0, ROOT, 64, 0, 2, 0, 0};
	ops[0] = (struct ask_op){ASK_OP_STATIC, 0, 0, 0, (ask_s64)(A + 0x8000 - BIAS)};
	ops[1] = (struct ask_op){ASK_OP_COPY, 0, 64, 0, 0};
	limits[0] = (struct ask_limits){2, 64, 64, 256};
	return 0;
}

/* The root value's memory. */
#define ROOT_AT (A + 0x8000)

static void run(struct ask_pointer row)
{
	pointers[0] = row;
	ask_run(0);
	assert_int_equal(world.shards[0].stop, ASK_STOP_DONE);
}

static const struct ask_value *find(ask_u32 kind, ask_u64 address, ask_u32 type)
{
	for (ask_u32 off = 0; off < world.shards[0].write_off;) {
		const struct ask_value *value = (const void *)(world.chunks + off);

		if (value->head.kind == kind && (kind == ASK_RECORD_VALUE ||
		    (value->address == address && value->type == type)))
			return value;
		off += value->head.size;
	}
	return NULL;
}

static const struct ask_value *pointee(ask_u64 address, ask_u32 type)
{
	return find(ASK_RECORD_POINTEE, address, type);
}

static const struct ask_value *root(void)
{
	return find(ASK_RECORD_VALUE, 0, 0);
}

static void test_inner_pointers_cost_no_depth(void **state)
{
	(void)state;
	/* a list of four cells behind a depth of 2 */
	put(ROOT_AT, A);
	for (int i = 0; i < 4; i++)
		put(A + (ask_u64)i * 32, i < 3 ? A + (ask_u64)(i + 1) * 32 : A);
	run((struct ask_pointer){0, ASK_POINTER_FREE, CELL, 1, 0, 0});
	for (int i = 0; i < 4; i++) {
		assert_non_null(pointee(A + (ask_u64)i * 32, CELL));
		assert_int_equal(pointee(A + (ask_u64)i * 32, CELL)->depth, 2);
	}
	assert_int_equal(world.shards[0].depth_cuts, 0);
}

static void test_counted_array(void **state)
{
	(void)state;
	put(ROOT_AT + 8, 3);  /* how many */
	put(ROOT_AT + 16, A); /* where */
	run((struct ask_pointer){16, ASK_POINTER_COUNTED, INT, 1, 0, 8});
	assert_int_equal(pointee(A, INT)->length, 24);
}

static void check_buckets(ask_u64 flags, ask_u32 old, ask_u32 expected)
{
	setup(NULL);
	put(ROOT_AT, 64);		  /* entries */
	put(ROOT_AT + 8, flags | 3 << 8); /* B = 3 */
	put(ROOT_AT + 16, A);
	limits[0].map = 1024;
	run((struct ask_pointer){16, ASK_POINTER_BUCKETS, INT, 1, 0, 9 | 8 << 8 | old << 16});
	assert_int_equal(pointee(A, INT)->length, expected * 8);
}

static void test_buckets(void **state)
{
	(void)state;
	check_buckets(0, 0, 8);
	check_buckets(0, 1, 4); /* half as many old ones */
	check_buckets(8, 1, 8); /* but for a same-size grow */
}

/* Where the limit is less than one bucket, the first one that has entries is kept. */
static void test_map_limit_keeps_at_least_one(void **state)
{
	(void)state;
	put(ROOT_AT, 20);
	put(ROOT_AT + 8, 3 << 8);
	put(ROOT_AT + 16, A);
	put(A + 256, 9);
	put(A + 384, 9);
	limits[0].map = 10;
	run((struct ask_pointer){16, ASK_POINTER_BUCKETS, WIDE, 1, 0, 9 | 8 << 8});
	assert_null(pointee(A, WIDE));
	assert_int_equal(pointee(A + 256, WIDE)->length, 128);
	assert_null(pointee(A + 384, WIDE));
	assert_int_equal(world.shards[0].length_cuts, 1);
}

static void test_directory(void **state)
{
	(void)state;
	put(ROOT_AT, 1);
	put(ROOT_AT + 16, A); /* length 0: one group */
	run((struct ask_pointer){16, ASK_POINTER_DIRECTORY, POINTER, 1, 0, WIDE});
	assert_int_equal(pointee(A, WIDE)->length, 128);
	setup(NULL);
	put(ROOT_AT, 1);
	put(ROOT_AT + 16, A);
	put(ROOT_AT + 24, 1); /* one table */
	put(A, B);
	run((struct ask_pointer){16, ASK_POINTER_DIRECTORY, POINTER, 1, 0, WIDE});
	assert_int_equal(pointee(A, POINTER)->length, 8);
	assert_non_null(pointee(B, INT));
	/* entries thin enough that all tables are needed, and so dense that a quarter is */
	for (int dense = 0; dense < 2; dense++) {
		setup(NULL);
		put(ROOT_AT, dense ? 60 : 16);
		put(ROOT_AT + 16, A);
		put(ROOT_AT + 24, 16);
		run((struct ask_pointer){16, ASK_POINTER_DIRECTORY, POINTER, 1, 0, WIDE});
		assert_int_equal(pointee(A, POINTER)->length, dense ? 5 * 8 : 16 * 8);
		assert_int_equal(world.shards[0].length_cuts, dense);
	}
	/* nothing in it: nothing is read */
	setup(NULL);
	put(ROOT_AT + 16, A);
	run((struct ask_pointer){16, ASK_POINTER_DIRECTORY, POINTER, 1, 0, WIDE});
	assert_null(pointee(A, WIDE));
}

static void test_groups(void **state)
{
	(void)state;
	put(ROOT_AT, A);
	put(ROOT_AT + 8, 1); /* mask: two groups */
	put(ROOT_AT + 16, 5 | 99 << 16); /* entries, and the table's capacity */
	run((struct ask_pointer){0, ASK_POINTER_GROUPS, WIDE, 1, 0, 16});
	assert_int_equal(pointee(A, WIDE)->length, 256);
}

static unsigned pointees(void)
{
	unsigned ret = 0;

	for (ask_u32 off = 0; off < world.shards[0].write_off;) {
		const struct ask_value *value = (const void *)(world.chunks + off);

		ret += value->head.kind == ASK_RECORD_POINTEE;
		off += value->head.size;
	}
	return ret;
}

/* 64 groups of 128 bytes at `groups`, three entries in two of them. */
static void put_thin_groups(ask_u64 groups)
{
	const ask_u64 empty = 0x8080808080808080;

	setup(NULL);
	put(ROOT_AT, groups);
	put(ROOT_AT + 8, 63);
	put(ROOT_AT + 16, 3);
	for (unsigned i = 0; i < 64; i++)
		put(groups + i * 128, empty);
	put(groups + 5 * 128, empty ^ 0xff);	     /* 0x7f */
	put(groups + 40 * 128, 0x80fe80008001fe80); /* deleted ones among them */
	put(groups + 50 * 128, 0); /* behind the last entry nobody looks */
}

static void test_thin_groups(void **state)
{
	const struct ask_pointer row = {0, ASK_POINTER_GROUPS, WIDE, 1, 0, 16};

	(void)state;
	put_thin_groups(A);
	run(row);
	assert_int_equal(pointee(A + 5 * 128, WIDE)->length, 128);
	assert_int_equal(pointee(A + 40 * 128, WIDE)->length, 128);
	assert_int_equal(pointees(), 2);
	assert_int_equal(world.shards[0].length_cuts, 0);
	/* in a page that is not there */
	put_thin_groups(HOLE - 20 * 128);
	run(row);
	assert_int_equal(pointee(HOLE - 15 * 128, WIDE)->head.status, ASK_STATUS_OK);
	assert_int_equal(pointee(HOLE, WIDE)->head.status, ASK_STATUS_READ_FAILED);
	put_thin_groups(HOLE - 20 * 128);
	world.shards[0].retried = 0;
	run(row);
	assert_int_equal(pointees(), 1);
	assert_true(root()->extra & ASK_VALUE_RESCAN);
}

/* Buckets that keep their overflow buckets, or were evacuated; 1 << 15 of them are too many. */
static void test_thin_buckets(void **state)
{
	const ask_u64 first[] = {0x0000000000000001, 0x0404040404040402, 0x0404040404040403,
				 0x0404040404040404, 0x00000000000000ff, 0x0500000000000001};
	const struct ask_pointer row = {16, ASK_POINTER_BUCKETS, INT, 1, 0, 9 | 8 << 8};

	(void)state;
	put(ROOT_AT, 9);
	put(ROOT_AT + 8, 15 << 8); /* B */
	put(ROOT_AT + 16, C);
	for (unsigned i = 0; i < ARRAY_SIZE(first); i++)
		put(C + 80 + i * 8, first[i]);
	put(C + (ASK_GROUPS_LOOKED - 1) * 8, 5);
	put(C + ASK_GROUPS_LOOKED * 8, 5);
	run(row);
	assert_non_null(pointee(C + 80, INT));
	assert_null(pointee(C + 88, INT));
	assert_null(pointee(C + 96, INT));
	assert_null(pointee(C + 104, INT));
	assert_non_null(pointee(C + 112, INT));
	assert_non_null(pointee(C + 120, INT));
	assert_non_null(pointee(C + (ASK_GROUPS_LOOKED - 1) * 8, INT));
	assert_int_equal(pointees(), 4);
	assert_int_equal(world.shards[0].length_cuts, 1);
}

static void test_trie(void **state)
{
	struct ask_pointer row = {0, ASK_POINTER_NODE, WIDE, 4, 8, CELL};

	(void)state;
	limits[0].depth = 0;
	put(ROOT_AT, B);
	put(B, 1); /* isEntry */
	put(ROOT_AT + 8, C);
	put(C, 0);
	put(ROOT_AT + 16, B + 0x100);
	put(B + 0x100, 2); /* neither */
	put(ROOT_AT + 24, HOLE);
	run(row);
	assert_int_equal(pointee(B, CELL)->length, 16);
	assert_int_equal(pointee(C, WIDE)->length, 128);
	assert_non_null(pointee(B + 0x100, WIDE)); /* whoever reads it sees the mark */
	assert_null(pointee(B + 0x100, CELL));
	assert_int_equal(pointee(HOLE, WIDE)->head.status, ASK_STATUS_READ_FAILED);
	assert_int_equal(world.shards[0].depth_cuts, 0);
	/* in the kernel what is absent may be read later */
	setup(NULL);
	put(ROOT_AT, HOLE);
	world.shards[0].retried = 0;
	row.repeat = 1;
	run(row);
	assert_true(root()->extra & ASK_VALUE_RESCAN);
	assert_null(pointee(HOLE, WIDE));
}

static void test_any(void **state)
{
	(void)state;
	put(ROOT_AT, TYPES + BIAS + 0x40);
	put(ROOT_AT + 8, A);
	run((struct ask_pointer){0, ASK_POINTER_ANY, BYTE, 1, 0, 0});
	assert_int_equal(pointee(A, INT)->depth, 1);
}

static void test_interface_is_resolved_in_the_copy(void **state)
{
	(void)state;
	put(ROOT_AT, B); /* itab */
	put(B + 8, TYPES + BIAS + 0x80);
	put(ROOT_AT + 8, A); /* a *int: the word is the value */
	run((struct ask_pointer){0, ASK_POINTER_INTERFACE, BYTE, 1, 0, 0});
	assert_int_equal(*(const ask_u64 *)root()->data, (TYPES + BIAS + 0x80) | ASK_DYNAMIC);
	assert_int_equal(pointee(A, INT)->depth, 1);
}

static void test_unknown_dynamic_types_are_named_only(void **state)
{
	(void)state;
	put(ROOT_AT, B);
	put(B + 8, TYPES + BIAS + 0xc0); /* no captured type */
	put(ROOT_AT + 8, A);
	run((struct ask_pointer){0, ASK_POINTER_INTERFACE, BYTE, 1, 0, 0});
	assert_int_equal(*(const ask_u64 *)root()->data, (TYPES + BIAS + 0xc0) | ASK_DYNAMIC);
	assert_int_equal(world.shards[0].write_off,
			 sizeof(struct ask_stack) + 8 + sizeof(struct ask_goroutine) +
				 sizeof(struct ask_frame) + sizeof(struct ask_value) + 64);
}

static void test_absent_itab_asks_for_another_look(void **state)
{
	(void)state;
	put(ROOT_AT, HOLE);
	put(ROOT_AT + 8, A);
	world.shards[0].retried = 0; /* as in the kernel */
	run((struct ask_pointer){0, ASK_POINTER_INTERFACE, BYTE, 1, 0, 0});
	assert_true(root()->extra & ASK_VALUE_RESCAN);
	assert_int_equal(world.shards[0].failed_records, 1);
	assert_int_equal(*(const ask_u64 *)root()->data, HOLE); /* not resolved */
}

static void test_free_pointers_skip(void **state)
{
	(void)state;
	put(ROOT_AT, A);
	run((struct ask_pointer){0, ASK_POINTER_FREE, INT, 1, 0, 40});
	assert_non_null(pointee(A + 40, INT));
	assert_null(pointee(A, INT));
}

/* The first word of a context whose dynamic type is at `type`: an itab of its own. */
static ask_u64 itab(ask_u64 type)
{
	put(B + 0x8000 + type, TYPES + BIAS + type - 8);
	put(B + 0x8000 + type + 8, TYPES + BIAS + type);
	return B + 0x8000 + type;
}

/* A valueCtx at `at`. */
static void put_link(ask_u64 at, ask_u64 next_type, ask_u64 next, ask_u64 key, ask_u64 type,
		     ask_u64 data)
{
	put(at, itab(next_type));
	put(at + 8, next);
	put(at + 16, TYPES + BIAS + key);
	put(at + 24, C + 0x100);
	put(at + 32, TYPES + BIAS + type);
	put(at + 40, data);
}

static const struct ask_pointer context_row = {0, ASK_POINTER_CONTEXT, BYTE, 1, 0, 0};

static void test_contexts(void **state)
{
	(void)state;
	/* 40 links, and what each holds lies at C; no depth is needed for the chain */
	limits[0].depth = 0;
	put(ROOT_AT, itab(0x180));
	put(ROOT_AT + 8, A);
	for (ask_u64 i = 0; i < 40; i++)
		put_link(A + i * 48, i < 39 ? 0x180 : 0x200, A + (i + 1) * 48,
			 i % 2 ? 0x100 : 0x140, 0x40, C + i * 8);
	run(context_row);
	for (ask_u64 i = 0; i < 40; i++) {
		assert_non_null(pointee(A + i * 48, LINK));
		/* of the one key an int is asked for, of the other one it is not */
		if (i % 2)
			assert_int_equal(pointee(C + i * 8, INT)->depth, 0);
		else
			assert_null(pointee(C + i * 8, INT));
	}
	assert_null(pointee(A + 40 * 48, LINK)); /* the end is no link */
	assert_null(pointee(C + 0x100, INT));	 /* no key is followed */
	assert_int_equal(*(const ask_u64 *)root()->data, (TYPES + BIAS + 0x180) | ASK_DYNAMIC);
}

static void test_context_values_cost_what_variables_do(void **state)
{
	(void)state;
	for (ask_u32 depth = 0; depth < 2; depth++) {
		setup(NULL);
		limits[0].depth = depth;
		put(ROOT_AT, itab(0x180));
		put(ROOT_AT + 8, A);
		put_link(A, 0x200, 1, 0x140, 0x80, C); /* a *int */
		run(context_row);
		if (depth)
			assert_int_equal(pointee(C, INT)->depth, 0);
		else
			assert_null(pointee(C, INT));
		assert_int_equal(world.shards[0].depth_cuts, !depth);
	}
}

static void test_context_values_of_any_key_or_type(void **state)
{
	(void)state;
	put(ROOT_AT, itab(0x180));
	put(ROOT_AT + 8, A);
	put_link(A, 0x200, 1, 0x999, 0x40, C); /* a key that is in no row */
	world.layout.any_key = 1;
	run(context_row);
	assert_non_null(pointee(C, INT));
	setup(NULL);
	put(ROOT_AT, itab(0x180));
	put(ROOT_AT + 8, A);
	put_link(A, 0x200, 1, 0x140, 0x40, C); /* an int, where any will do */
	world.layout.any_value = 2;
	run(context_row);
	assert_non_null(pointee(C, INT));
	setup(NULL);
	put(ROOT_AT, itab(0x180));
	put(ROOT_AT + 8, A);
	put_link(A, 0x200, 1, 0x100, 0x40, 0); /* no value */
	put(A + 32, 0);
	world.layout.any_value = 1;
	run(context_row);
	assert_null(pointee(0, INT));
}

static void test_links_are_skipped_into(void **state)
{
	(void)state;
	put(ROOT_AT, itab(0x1c0));
	put(ROOT_AT + 8, A);
	run(context_row);
	assert_int_equal(pointee(A + 24, CELL)->length, 16);
	assert_null(pointee(A, CELL));
	setup(NULL); /* nil, a type of no row, the end */
	put(ROOT_AT + 8, A);
	run(context_row);
	assert_null(pointee(A, LINK));
	for (int i = 0; i < 2; i++) {
		setup(NULL);
		put(ROOT_AT, itab(i ? 0x200 : 0x240));
		put(ROOT_AT + 8, A);
		run(context_row);
		assert_null(pointee(A, LINK));
		assert_null(pointee(A + 24, CELL));
	}
}

static void test_a_chain_that_bites_its_tail_ends(void **state)
{
	(void)state;
	put(ROOT_AT, itab(0x180));
	put(ROOT_AT + 8, A);
	put_link(A, 0x180, B, 0x100, 0x40, C);
	put_link(B, 0x180, A, 0x100, 0x40, C);
	run(context_row);
	assert_non_null(pointee(A, LINK));
	assert_non_null(pointee(B, LINK));
}

static void test_absent_context_asks_for_another_look(void **state)
{
	(void)state;
	put(ROOT_AT, HOLE);
	put(ROOT_AT + 8, A);
	world.shards[0].retried = 0; /* as in the kernel */
	run(context_row);
	assert_true(root()->extra & ASK_VALUE_RESCAN);
	assert_int_equal(*(const ask_u64 *)root()->data, HOLE);
}

static void check_func(ask_u32 pc, ask_u32 depth, ask_u32 type)
{
	setup(NULL);
	limits[0].depth = depth;
	put(ROOT_AT, A);
	put(A, TEXT + BIAS + pc);
	run((struct ask_pointer){0, ASK_POINTER_FUNC, BYTE, 1, 0, 0});
	assert_non_null(pointee(A, type));
	assert_null(pointee(A, type == CLOSURE ? FUNCVAL : CLOSURE));
}

static void test_func(void **state)
{
	(void)state;
	check_func(0x5000, 2, CLOSURE);
	check_func(0x5000, 0, FUNCVAL); /* its name costs nothing */
	check_func(0x5001, 2, FUNCVAL); /* no closure known */
}

static void set_path(struct ask_op step)
{
	types[ROOT].pointers = 0;
	exprs[0] = (struct ask_expr){0, INT, 8, 0, 3, 0, 0};
	ops[1] = step;
	ops[2] = (struct ask_op){ASK_OP_COPY, 0, 8, 0, 0};
}

static void test_index(void **state)
{
	(void)state;
	for (int length = 2; length <= 3; length++) {
		setup(NULL);
		set_path((struct ask_op){ASK_OP_INDEX, 8, 0, 0, 2});
		put(ROOT_AT, A);
		put(ROOT_AT + 8, (ask_u64)length);
		put(A + 16, 77);
		run((struct ask_pointer){0});
		if (length == 3) {
			assert_int_equal(*(const ask_u64 *)root()->data, 77);
		} else {
			assert_int_equal(root()->head.status, ASK_STATUS_UNAVAILABLE);
			assert_int_equal(root()->detail, ASK_REASON_INDEX);
		}
	}
}

static void test_assertion(void **state)
{
	(void)state;
	for (ask_u64 type = 0x40; type <= 0x80; type += 0x40) {
		setup(NULL);
		set_path((struct ask_op){ASK_OP_ASSERT, 1, 0, 0, 0x40});
		put(ROOT_AT, B);
		put(ROOT_AT + 8, A);
		put(B + 8, TYPES + BIAS + type);
		put(A, 78);
		run((struct ask_pointer){0});
		if (type == 0x40) {
			assert_int_equal(*(const ask_u64 *)root()->data, 78);
		} else {
			assert_int_equal(root()->head.status, ASK_STATUS_UNAVAILABLE);
			assert_int_equal(root()->detail, ASK_REASON_DYNAMIC_TYPE);
			assert_int_equal(root()->extra, 0x80);
		}
	}
	setup(NULL);
	set_path((struct ask_op){ASK_OP_ASSERT, 1, 0, 0, 0x40});
	run((struct ask_pointer){0});
	assert_int_equal(root()->head.status, ASK_STATUS_NIL);
}

/* Words that lie apart: one is looked at where the other is not. */
static void look(struct ask_op op, ask_u64 word, ask_u32 status, ask_u32 detail)
{
	setup(NULL);
	exprs[0] = (struct ask_expr){0, INT, 8, 0, 4, 0, 0};
	ops[1] = op;
	ops[0] = (struct ask_op){ASK_OP_STATIC, 0, 0, 0, (ask_s64)(HOLE - 8 - BIAS)};
	ops[2] = (struct ask_op){ASK_OP_STATIC, 0, 0, 0, (ask_s64)(A - BIAS)};
	ops[3] = (struct ask_op){ASK_OP_COPY, 0, 8, 0, 0};
	put(HOLE - 8, word); /* what follows it cannot be read */
	put(B + 8, TYPES + BIAS + 0x40);
	put(A, 79);
	run((struct ask_pointer){0});
	assert_int_equal(root()->head.status, status);
	if (status == ASK_STATUS_OK)
		assert_int_equal(*(const ask_u64 *)root()->data, 79);
	else if (status == ASK_STATUS_UNAVAILABLE)
		assert_int_equal(root()->detail, detail);
}

static void test_looks(void **state)
{
	(void)state;
	look((struct ask_op){ASK_OP_INDEX, 8, ASK_LOOK, 0, 2}, 3, ASK_STATUS_OK, 0);
	look((struct ask_op){ASK_OP_INDEX, 8, ASK_LOOK, 0, 3}, 3, ASK_STATUS_UNAVAILABLE,
	     ASK_REASON_INDEX);
	look((struct ask_op){ASK_OP_ASSERT, 1, ASK_LOOK, 0, 0x40}, B, ASK_STATUS_OK, 0);
	look((struct ask_op){ASK_OP_ASSERT, 1, ASK_LOOK, 0, 0x80}, B, ASK_STATUS_UNAVAILABLE,
	     ASK_REASON_DYNAMIC_TYPE);
	look((struct ask_op){ASK_OP_ASSERT, 0, ASK_LOOK, 0, 0x40}, TYPES + BIAS + 0x40,
	     ASK_STATUS_OK, 0);
	look((struct ask_op){ASK_OP_ASSERT, 1, ASK_LOOK, 0, 0x40}, 0, ASK_STATUS_NIL, 0);
}

/* Only the length leaves the target: no pointer, and no byte behind it. */
static void test_redacted(void **state)
{
	const struct ask_value *value;

	(void)state;
	put(ROOT_AT, A);
	put(ROOT_AT + 8, 6);
	memcpy(world.memory + (A - BASE), "secret", 6);
	types[ROOT].size = 16;
	exprs[0] = (struct ask_expr){0, ROOT, 16, 0, 2, 0, ASK_REASON_REDACTED};
	ops[1] = (struct ask_op){ASK_OP_COPY, 8, 8, 0, 8};
	run((struct ask_pointer){0, ASK_POINTER_STRING, BYTE, 1, 0, 0});
	types[ROOT].size = 64;
	value = root();
	assert_int_equal(value->head.status, ASK_STATUS_REDACTED);
	assert_int_equal(((const ask_u64 *)value->data)[0], 0);
	assert_int_equal(((const ask_u64 *)value->data)[1], 6);
	assert_null(memmem(world.chunks, world.shards[0].write_off, "secret", 6));
}

/* A slice of `count` cells at `address`, of which `rows` spans from row `first` on are copied. */
static const struct ask_value *cells(ask_u64 address, ask_u64 count, ask_u32 first, ask_u32 rows)
{
	put(ROOT_AT, address);
	put(ROOT_AT + 8, count);
	put(ROOT_AT + 16, count);
	types[CELL] = (struct ask_type){16, 0, 0, (ask_u16)rows, first};
	memset(world.chunks, 0xdd, sizeof(world.chunks)); /* what an older record left there */
	run((struct ask_pointer){0, ASK_POINTER_SLICE, CELL, 1, 0, 0});
	types[CELL] = (struct ask_type){16, 2, 1, 0, 0};
	return pointee(address, CELL);
}

static void test_spans_of_elements(void **state)
{
	static const ask_u8 want[16] = {0, 0, 0, 0, 4, 5, 6, 0, 8, 9, 0, 0, 12, 13, 0, 0};
	const struct ask_value *value;

	(void)state;
	for (ask_u32 i = 0; i < 64; i++)
		world.memory[A - BASE + i] = (ask_u8)(i % 16);
	value = cells(A, 3, 0, 2);
	assert_non_null(value);
	assert_int_equal(value->head.status, ASK_STATUS_OK);
	assert_int_equal(value->length, 48);
	for (ask_u32 i = 0; i < 3; i++)
		assert_memory_equal(value->data + i * 16, want, 16);
}

/* What is not chosen is not even read: it may be absent. */
static void test_spans_and_absent_memory(void **state)
{
	static const ask_u8 zeroes[16];
	const struct ask_value *value;

	(void)state;
	put(HOLE - 8, 0x1122334455667788);
	value = cells(HOLE - 8, 1, 2, 1);
	assert_int_equal(value->head.status, ASK_STATUS_OK);
	assert_int_equal(*(const ask_u64 *)value->data, 0x1122334455667788);
	assert_int_equal(*(const ask_u64 *)(value->data + 8), 0);
	setup(state);
	put(HOLE - 8, 0x1122334455667788);
	value = cells(HOLE - 8, 1, 0, 2); /* two of them lie in the hole */
	assert_int_equal(value->head.status, ASK_STATUS_READ_FAILED);
	assert_memory_equal(value->data, zeroes, 16);
	setup(state);
	value = cells(HOLE, 2, 3, 1); /* nothing is chosen */
	assert_int_equal(value->head.status, ASK_STATUS_OK);
	assert_memory_equal(value->data, zeroes, 16);
	setup(state);
	value = cells(A, 1, ARRAY_SIZE(spans), 1); /* no such row: no tables of ours say that */
	assert_int_equal(value->head.status, ASK_STATUS_READ_FAILED);
	assert_memory_equal(value->data, zeroes, 16);
}

static void test_spans_of_a_value(void **state)
{
	const struct ask_value *value;

	(void)state;
	memset(world.memory + (ROOT_AT - BASE), 0xee, 64);
	memset(world.chunks, 0xdd, sizeof(world.chunks));
	types[ROOT] = (struct ask_type){64, 0, 0, 2, 0};
	run((struct ask_pointer){0, ASK_POINTER_PLAIN, INT, 1, 0, 0});
	types[ROOT] = (struct ask_type){64, 0, 1, 0, 0};
	value = root();
	assert_int_equal(value->head.status, ASK_STATUS_OK);
	assert_int_equal(value->address, ROOT_AT);
	for (ask_u32 i = 0; i < 64; i++) {
		_Bool chosen = (i >= 4 && i < 7) || i == 8 || i == 9 || i == 12 || i == 13;

		assert_int_equal(value->data[i], chosen ? 0xee : 0);
	}
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_inner_pointers_cost_no_depth),
		TEST(test_counted_array),
		TEST(test_buckets),
		TEST(test_map_limit_keeps_at_least_one),
		TEST(test_directory),
		TEST(test_groups),
		TEST(test_thin_groups),
		TEST(test_thin_buckets),
		TEST(test_trie),
		TEST(test_any),
		TEST(test_interface_is_resolved_in_the_copy),
		TEST(test_unknown_dynamic_types_are_named_only),
		TEST(test_absent_itab_asks_for_another_look),
		TEST(test_free_pointers_skip),
		TEST(test_contexts),
		TEST(test_context_values_cost_what_variables_do),
		TEST(test_context_values_of_any_key_or_type),
		TEST(test_links_are_skipped_into),
		TEST(test_a_chain_that_bites_its_tail_ends),
		TEST(test_absent_context_asks_for_another_look),
		TEST(test_func),
		TEST(test_index),
		TEST(test_assertion),
		TEST(test_looks),
		TEST(test_redacted),
		TEST(test_spans_of_elements),
		TEST(test_spans_and_absent_memory),
		TEST(test_spans_of_a_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
