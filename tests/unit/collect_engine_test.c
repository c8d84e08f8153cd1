/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The capture engine over made-up memory: the very headers that run in the kernel,
 * under the sanitizers. A world is a megabyte at BASE with a text of 64 KiB, some
 * goroutines and their stacks.
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
#define GOEXIT 0x100u
#define LEAF 0x1000u   /* a frame of 64 bytes */
#define MIDDLE 0x2000u /* 32 bytes */
#define CAPTURED 0x3000u
#define PROLOGUE 0x4000u /* no frame yet */
#define SIGPANIC 0x5000u
#define ALLGS (BASE + 0x100)
#define HOLE (BASE + 0x80000) /* a page that cannot be read */

/* Types: 0 byte, 1 *node, 2 node, 3 string, 4 []int64, 5 int64 */
static const struct ask_type types[] = {
	{1, 0, 0, 0, 0}, {8, 0, 1, 0, 0}, {48, 1, 3, 0, 0}, {16, 4, 1, 0, 0}, {24, 5, 1, 0, 0}, {8, 0, 0, 0, 0},
};
static const struct ask_pointer pointers[] = {
	{0, ASK_POINTER_PLAIN, 2, 1, 8, 0},  {0, ASK_POINTER_PLAIN, 2, 1, 8, 0},
	{8, ASK_POINTER_STRING, 0, 1, 16, 0}, {24, ASK_POINTER_SLICE, 5, 1, 24, 0},
	{0, ASK_POINTER_STRING, 0, 1, 16, 0}, {0, ASK_POINTER_SLICE, 5, 1, 24, 0},
};
static const struct ask_limits limits[] = {{2, 8, 16, 64}};
static const struct ask_range ranges[] = {{CAPTURED + 1, CAPTURED + 0x40, 0, 1}};
static const struct ask_probe probes[] = {{0, ASK_NO_INLINE, 0, 3}};
static const struct ask_expr exprs[] = {
	{0, 1, 8, 0, 2, 0, 0},				/* n *node at CFA-32 */
	{1, 5, 8, 2, 3, 0, 0},				/* n.value: [CFA-32] + 40 */
	{2, 5, 8, 0, 0, 0, ASK_REASON_REGISTER},	/* lost */
};
static const struct ask_op ops[] = {
	{ASK_OP_CFA, 0, 0, 0, -32}, {ASK_OP_COPY, 0, 8, 0, 0}, {ASK_OP_CFA, 0, 0, 0, -32},
	{ASK_OP_DEREF, 0, 0, 0, 0}, {ASK_OP_COPY, 0, 8, 0, 40},
};
static const struct ask_cfi cfis[] = {
	{0, 0},		 {GOEXIT, 8},	     {GOEXIT + 16, 0}, {LEAF, 64},     {LEAF + 64, 0},
	{MIDDLE, 32},	 {MIDDLE + 64, 0},   {CAPTURED, 48},   {CAPTURED + 64, 0},
	{PROLOGUE, 8},	 {PROLOGUE + 64, 0}, {SIGPANIC, 32},   {SIGPANIC + 64, 0},
};

struct world {
	struct ask_native native;
	struct ask_layout layout;
	struct ask_control control;
	struct ask_shard shards[ASK_MAX_SHARDS];
	struct ask_visited visits[1024];
	struct ask_thread threads[4];
	ask_u64 bitmap[17];
	ask_u8 *chunks;
	ask_u8 memory[SIZE];
	ask_u64 goroutines;
	struct strbuf records; /* everything drained so far */
};

static struct world *world;

static _Bool world_read(void *data, void *to, size_t size, ask_u64 from)
{
	(void)data;
	if (from < BASE || from + size > BASE + SIZE || (from < HOLE + 4096 && from + size > HOLE)) {
		memset(to, 0, size);
		return false;
	}
	memcpy(to, world->memory + (from - BASE), size);
	return true;
}

static ask_u64 world_now(void)
{
	static ask_u64 now;

	return now += 100;
}

static void put(ask_u64 address, ask_u64 value)
{
	memcpy(world->memory + (address - BASE), &value, 8);
}

static int setup(void **state)
{
	(void)state;
	world = calloc(1, sizeof(*world));
	world->layout = (struct ask_layout){
		.text = TEXT, .text_size = 0x10000, .goexit_lo = GOEXIT, .goexit_hi = GOEXIT + 16,
		.sigpanic_lo = SIGPANIC, .sigpanic_hi = SIGPANIC + 64,
		.g_size = 200, .g_stack_lo = 0, .g_stack_hi = 8, .g_m = 48, .g_sched_sp = 56,
		.g_sched_pc = 64, .g_sched_bp = 72, .g_syscallsp = 80, .g_syscallpc = 88,
		.g_syscallbp = ASK_ABSENT, .g_atomicstatus = 96, .g_goid = 104, .g_waitsince = 112,
		.g_waitreason = 120, .g_parentgoid = ASK_ABSENT, .g_gopc = 128, .g_startpc = 136,
		.g_labels = 144, .labels_type = ASK_ABSENT, .m_procid = 8, .frames_leaf = 8, .frames_root = 4,
		.cfi_rows = ARRAY_SIZE(cfis), .ranges = 1, .probes = 1, .exprs = 3,
		.ops = ARRAY_SIZE(ops), .types = ARRAY_SIZE(types),
		.pointers = ARRAY_SIZE(pointers), .limits = 1,
	};
	world->chunks = calloc(8, ASK_CHUNK_STRIDE);
	strbuf_init(&world->records);
	world->native = (struct ask_native){
		.control = &world->control, .shards = world->shards, .chunks = world->chunks,
		.chunk_stride = ASK_CHUNK_STRIDE, .chunk_count = 8, .visit_count = 1024,
		.thread_count = 4, .bitmap_words = 17, .visits = world->visits,
		.threads = world->threads, .bitmap = world->bitmap, .layout = &world->layout,
		.limits = limits, .types = types, .pointers = pointers, .ranges = ranges,
		.probes = probes, .exprs = exprs, .ops = ops, .cfis = cfis,
		.read = world_read, .now = world_now,
	};
	world->control = (struct ask_control){.text = TEXT, .allgs = ALLGS, .bytes_limit = 1 << 20,
					      .trigger_ns = 1ull << 60, .visited_slots = 1024};
	world->shards[0].chunks = 8;
	world->shards[0].retried = 1;
	world->bitmap[CAPTURED >> 12] |= 1ull << ((CAPTURED >> 6) & 63);
	ask_native = &world->native;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	strbuf_deinit(&world->records);
	free(world->chunks);
	free(world);
	return 0;
}

/* A goroutine whose stack is [lo, lo + 0x2000); returns its g. */
static ask_u64 add_goroutine(ask_u32 status, ask_u32 pc, ask_u64 sp, ask_u64 bp)
{
	ask_u64 n = world->goroutines++, g = BASE + 0x10000 + n * 0x100;
	ask_u64 lo = BASE + 0x20000 + n * 0x2000;

	put(ALLGS + n * 8, g);
	put(g, lo);
	put(g + 8, lo + 0x2000);
	put(g + 56, sp);
	put(g + 64, TEXT + pc);
	put(g + 72, bp);
	put(g + 96, status);
	put(g + 104, n + 1);
	world->control.goroutines = world->goroutines;
	return g;
}

static ask_u64 stack_hi(ask_u64 n)
{
	return BASE + 0x20000 + (n + 1) * 0x2000;
}

/*
 * Lays out frames below `hi`, root first; pcs[0] is the leaf. Every frame is 48
 * bytes (64 for a LEAF at the bottom) and holds its caller's BP at CFA-16. Returns the leaf's SP.
 */
static ask_u64 lay_stack(ask_u64 hi, const ask_u32 *pcs, size_t n, ask_u64 *leaf_bp)
{
	ask_u64 cfa = hi - 8, bp = 0;

	put(cfa - 8, TEXT + GOEXIT + 1);
	for (size_t i = n; i-- > 0;) {
		ask_u32 size = 48;

		put(cfa - 16, bp);
		bp = cfa - 16;
		for (size_t c = 0; c < ARRAY_SIZE(cfis); c++)
			if (cfis[c].pc <= pcs[i] && cfis[c].cfa)
				size = cfis[c].cfa;
		*leaf_bp = bp;
		if (i == 0)
			return cfa - size;
		cfa -= size;
		put(cfa - 8, TEXT + pcs[i - 1 + 1]);
	}
	return cfa;
}

static void drain(ask_u32 index, bool all)
{
	struct ask_shard *shard = &world->shards[index];

	for (; shard->drained < (all ? shard->write_chunk : shard->scan_chunk); shard->drained++)
		strbuf_add(&world->records,
			   world->chunks + (shard->drained % shard->chunks) * ASK_CHUNK_STRIDE,
			   shard->used[shard->drained % shard->chunks]);
	if (all)
		strbuf_add(&world->records,
			   world->chunks + (shard->write_chunk % shard->chunks) * ASK_CHUNK_STRIDE,
			   shard->write_off);
}

static void run(void)
{
	struct ask_shard *shard = &world->shards[0];

	for (int i = 0; i < 100000 && shard->stop != ASK_STOP_DONE; i++) {
		ask_run(0);
		if (shard->stop == ASK_STOP_FULL) {
			ask_u64 before = shard->drained;

			drain(0, false);
			if (before == shard->drained)
				shard->phase = ASK_PHASE_SCAN;
		}
	}
	assert_int_equal(shard->stop, ASK_STOP_DONE);
	drain(0, true);
}

/* The n-th record of a kind, or NULL. */
static const void *record(ask_u32 kind, size_t n)
{
	for (size_t off = 0; off < world->records.length;) {
		const struct ask_record *r = (const void *)(world->records.data + off);

		assert_true(r->size >= sizeof(*r) && r->size % 8 == 0);
		if (r->kind == kind && n-- == 0)
			return r;
		off += r->size;
	}
	return NULL;
}

static const struct ask_value *pointee(ask_u64 address, ask_u32 type)
{
	const struct ask_value *value;

	for (size_t i = 0; (value = record(ASK_RECORD_POINTEE, i)); i++)
		if (value->address == address && value->type == type)
			return value;
	return NULL;
}

/* leaf -> captured -> middle -> goexit, with a node at CFA-32 of the captured frame. */
static ask_u64 captured_goroutine(ask_u64 node)
{
	ask_u64 hi = stack_hi(world->goroutines), bp, sp, cfa;
	const ask_u32 pcs[] = {LEAF + 8, CAPTURED + 0x20, MIDDLE + 8};

	sp = lay_stack(hi, pcs, 3, &bp);
	cfa = hi - 8 - 32; /* the middle's frame is 32 bytes */
	/* lay_stack() gives the captured frame 48 bytes below that */
	put(cfa - 32, node);
	return add_goroutine(ASK_G_WAITING, LEAF + 8, sp, bp);
}

static void make_node(ask_u64 at, ask_u64 next, ask_u64 text, ask_u64 length, ask_u64 array,
		      ask_u64 count, ask_u64 value)
{
	put(at, next);
	put(at + 8, text);
	put(at + 16, length);
	put(at + 24, array);
	put(at + 32, count);
	put(at + 40, value);
}

static void test_walks_and_captures(void **state)
{
	ask_u64 a = BASE + 0x60000, b = a + 64, text = a + 256, array = a + 512;
	const struct ask_goroutine *goroutine;
	const struct ask_stack *stack;
	const struct ask_value *value;

	(void)state;
	make_node(a, b, text, 11, array, 5, 42);
	make_node(b, a, 0, 0, 0, 0, 43); /* a cycle */
	memcpy(world->memory + (text - BASE), "hello world", 11);
	put(array, 7);
	put(array + 8, 8);
	captured_goroutine(a);
	add_goroutine(ASK_G_DEAD, 0, 0, 0);
	run();

	goroutine = record(ASK_RECORD_GOROUTINE, 0);
	assert_non_null(goroutine);
	assert_int_equal(goroutine->goid, 1);
	assert_int_equal(goroutine->stack_status, ASK_STACK_OK);
	assert_int_equal(goroutine->depth, 3);
	assert_null(record(ASK_RECORD_GOROUTINE, 1));
	assert_int_equal(world->shards[0].dead_goroutines, 1);
	stack = record(ASK_RECORD_STACK, 0);
	assert_int_equal(stack->leaf, 3);
	assert_int_equal(stack->pcs[0], LEAF + 8);
	assert_int_equal(stack->pcs[1], CAPTURED + 0x20);
	assert_int_equal(stack->pcs[2], MIDDLE + 8);

	assert_int_equal(((const struct ask_frame *)record(ASK_RECORD_FRAME, 0))->frame, 1);
	value = record(ASK_RECORD_VALUE, 0);
	assert_int_equal(value->head.status, ASK_STATUS_OK);
	assert_int_equal(*(const ask_u64 *)value->data, a);
	value = record(ASK_RECORD_VALUE, 1);
	assert_int_equal(*(const ask_u64 *)value->data, 42);
	assert_int_equal(value->address, a + 40);
	value = record(ASK_RECORD_VALUE, 2);
	assert_int_equal(value->head.status, ASK_STATUS_UNAVAILABLE);
	assert_int_equal(value->detail, ASK_REASON_REGISTER);
	assert_int_equal(value->length, 0);

	assert_int_equal(pointee(a, 2)->length, 48);
	assert_int_equal(pointee(b, 2)->depth, 0);
	/* the cycle ends at the depth limit of two pointers: b's next is a again, known already */
	assert_int_equal(world->shards[0].depth_cuts, 1);
	assert_int_equal(pointee(text, 0)->length, 8); /* limits.string */
	assert_memory_equal(pointee(text, 0)->data, "hello wo", 8);
	assert_int_equal(pointee(array, 5)->length, 16); /* limits.slice */
	assert_int_equal(world->shards[0].length_cuts, 2);
}

static void test_nil_path_has_no_bytes(void **state)
{
	const struct ask_value *value;

	(void)state;
	captured_goroutine(0);
	run();
	value = record(ASK_RECORD_VALUE, 1);
	assert_int_equal(value->head.status, ASK_STATUS_NIL);
	assert_int_equal(value->detail, 1);
	assert_int_equal(value->head.size, sizeof(*value));
}

static void test_unreadable_memory_fails_in_place(void **state)
{
	ask_u64 a = BASE + 0x60000;

	(void)state;
	make_node(a, HOLE + 16, 0, 0, 0, 0, 1);
	captured_goroutine(a);
	captured_goroutine(HOLE);
	run();
	assert_int_equal(pointee(HOLE + 16, 2)->head.status, ASK_STATUS_READ_FAILED);
	assert_int_equal(((const struct ask_value *)record(ASK_RECORD_VALUE, 3))->head.status,
			 ASK_STATUS_OK);
	assert_int_equal(((const struct ask_value *)record(ASK_RECORD_VALUE, 4))->head.status,
			 ASK_STATUS_READ_FAILED);
	assert_int_equal(pointee(HOLE, 2)->head.status, ASK_STATUS_READ_FAILED);
	assert_int_equal(pointee(a, 2)->head.status, ASK_STATUS_OK);
}

static void check_bad(enum ask_stack_status status)
{
	const struct ask_goroutine *goroutine;

	run();
	goroutine = record(ASK_RECORD_GOROUTINE, 0);
	assert_int_equal(goroutine->stack_status, status);
	assert_int_equal(goroutine->depth, 0);
	assert_int_equal(goroutine->stack_hash[0], 0);
	assert_null(record(ASK_RECORD_STACK, 0));
	assert_null(record(ASK_RECORD_FRAME, 0));
}

static void test_chain_without_root_gives_no_frame(void **state)
{
	ask_u64 g = captured_goroutine(0);

	(void)state;
	(void)g;
	put(stack_hi(0) - 16, 0x1234); /* not goexit */
	check_bad(ASK_STACK_BAD_CHAIN);
}

static void test_leaf_outside_of_text_gives_no_frame(void **state)
{
	ask_u64 g = captured_goroutine(0);

	(void)state;
	put(g + 64, 0x7fff00001234);
	check_bad(ASK_STACK_BAD_LEAF);
}

static void test_running_without_registers_gives_no_frame(void **state)
{
	ask_u64 g = captured_goroutine(0);

	(void)state;
	put(g + 96, ASK_G_RUNNING);
	check_bad(ASK_STACK_NO_THREAD);
}

static void test_running_walks_from_its_thread(void **state)
{
	ask_u64 a = BASE + 0x60000, m = BASE + 0x61000, sp, g = captured_goroutine(a);
	const struct ask_goroutine *goroutine;

	(void)state;
	memcpy(&sp, world->memory + (g + 56 - BASE), 8);
	put(g + 96, ASK_G_RUNNING);
	put(g + 48, m);
	put(m + 8, 77);
	put(g + 56, 1); /* stale */
	world->threads[0] = (struct ask_thread){.tid = 5};
	world->threads[1] = (struct ask_thread){.tid = 77, .pc = TEXT + LEAF + 3, .regs[ASK_REG_SP] = sp};
	world->threads[2] = (struct ask_thread){.tid = 78};
	world->control.threads = 3;
	run();
	goroutine = record(ASK_RECORD_GOROUTINE, 0);
	assert_int_equal(goroutine->stack_status, ASK_STACK_OK);
	assert_int_equal(goroutine->thread, 77);
	assert_int_equal(goroutine->flags, ASK_LEAF_EXACT);
	assert_int_equal(goroutine->depth, 3);
}

static void test_prologue_keeps_the_caller(void **state)
{
	/* Preempted at function entry: SP points at the return address, BP is the caller's. */
	const ask_u32 pcs[] = {CAPTURED + 0x20, MIDDLE + 8};
	ask_u64 hi = stack_hi(0), bp, sp = lay_stack(hi, pcs, 2, &bp);
	const struct ask_stack *stack;

	(void)state;
	put(sp - 8, TEXT + CAPTURED + 0x20);
	add_goroutine(ASK_G_RUNNABLE, PROLOGUE + 4, sp - 8, bp);
	run();
	stack = record(ASK_RECORD_STACK, 0);
	assert_int_equal(stack->depth, 3);
	assert_int_equal(stack->pcs[0], PROLOGUE + 4);
	assert_int_equal(stack->pcs[1], CAPTURED + 0x20);
	assert_int_equal(stack->flags, ASK_LEAF_EXACT);
	assert_non_null(record(ASK_RECORD_FRAME, 0));
}

static void test_deep_stack_keeps_both_ends(void **state)
{
	ask_u32 pcs[100];
	ask_u64 bp, sp;
	const struct ask_stack *stack;
	const struct ask_goroutine *goroutine;

	(void)state;
	for (int i = 0; i < 100; i++)
		pcs[i] = MIDDLE + 8 + (ask_u32)i % 32;
	pcs[0] = LEAF + 8;
	pcs[98] = CAPTURED + 0x20; /* the lock is held far up */
	sp = lay_stack(stack_hi(0), pcs, 100, &bp);
	add_goroutine(ASK_G_WAITING, LEAF + 8, sp, bp);
	run();
	goroutine = record(ASK_RECORD_GOROUTINE, 0);
	assert_int_equal(goroutine->stack_status, ASK_STACK_CUT);
	assert_int_equal(goroutine->depth, 100);
	stack = record(ASK_RECORD_STACK, 0);
	assert_int_equal(stack->leaf, 8);
	assert_int_equal(stack->root, 4);
	for (int i = 0; i < 8; i++)
		assert_int_equal(stack->pcs[i], pcs[i]);
	for (int i = 0; i < 4; i++)
		assert_int_equal(stack->pcs[8 + i], pcs[96 + i]);
	assert_int_equal(((const struct ask_frame *)record(ASK_RECORD_FRAME, 0))->frame, 98);
}

static int compare_records(const void *a, const void *b)
{
	const struct ask_record *x = *(const struct ask_record *const *)a;
	const struct ask_record *y = *(const struct ask_record *const *)b;

	return x->size != y->size ? (x->size < y->size ? -1 : 1) : memcmp(x, y, x->size);
}

/* The records of a stream, sorted, as one string: chunk ends may change their order. */
static char *sorted_records(const struct strbuf *stream, size_t begin, size_t *length)
{
	const void *rows[1024];
	char *sorted = malloc(stream->length);
	size_t n = 0;

	*length = 0;
	for (size_t off = begin; off < stream->length; n++) {
		rows[n] = stream->data + off;
		off += ((const struct ask_record *)rows[n])->size;
	}
	qsort(rows, n, sizeof(rows[0]), compare_records);
	for (size_t i = 0; i < n; i++) {
		memcpy(sorted + *length, rows[i], ((const struct ask_record *)rows[i])->size);
		*length += ((const struct ask_record *)rows[i])->size;
	}
	return sorted;
}

/* Through a ring of three chunks that are all but full, a step at a time: nothing gets lost. */
static void test_full_ring_loses_nothing(void **state)
{
	char *expected, *got;
	size_t expected_length, got_length;
	struct strbuf whole;
	ask_u64 a = BASE + 0x60000;

	(void)state;
	for (int i = 0; i < 20; i++) {
		make_node(a + (ask_u64)i * 64, 0, 0, 0, 0, 0, (ask_u64)i);
		captured_goroutine(a + (ask_u64)i * 64);
	}
	run();
	whole = world->records;
	strbuf_init(&world->records);
	memset(world->shards, 0, sizeof(world->shards));
	memset(world->visits, 0, sizeof(world->visits));
	world->control.next = 0;
	world->control.granted = 0;
	world->shards[0].chunks = 4;
	world->shards[0].retried = 1;
	/* Begin each chunk near its end, so that it is full after a few records. */
	world->shards[0].write_off = world->shards[0].scan_off = ASK_CHUNK_SIZE - 1000;
	world->control.trigger_ns = 1; /* and come back as often as can be */
	for (ask_u32 i = 0; i < 100000 && world->shards[0].stop != ASK_STOP_DONE; i++) {
		ask_run(0);
		if (world->shards[0].stop == ASK_STOP_FULL)
			drain(0, false);
	}
	drain(0, true);
	assert_int_equal(world->shards[0].stop, ASK_STOP_DONE);
	assert_true(world->shards[0].write_chunk > 0);
	/* the first chunk's unused beginning is not part of the stream */
	expected = sorted_records(&whole, 0, &expected_length);
	got = sorted_records(&world->records, ASK_CHUNK_SIZE - 1000, &got_length);
	assert_int_equal(got_length, expected_length);
	assert_memory_equal(got, expected, expected_length);
	free(expected);
	free(got);
	strbuf_deinit(&whole);
}

/* The deadline has come: not a byte is read, and the cursor stays where it is. */
static void test_nothing_is_read_after_the_deadline(void **state)
{
	struct ask_shard *shard = &world->shards[0];

	(void)state;
	captured_goroutine(0);
	world->control.deadline = world_now();
	ask_run(0);
	assert_int_equal(shard->stop, ASK_STOP_TIME);
	assert_int_equal(shard->write_off, 0);
	assert_int_equal(world->control.next, 0);
	world->control.deadline = 0;
	run();
	assert_non_null(record(ASK_RECORD_GOROUTINE, 0));
}

/* The deadline is earlier than the end of the trigger; what was done by then is whole. */
static void test_the_deadline_ends_a_trigger(void **state)
{
	struct ask_shard *shard = &world->shards[0];
	ask_u64 done = 0;

	(void)state;
	for (int i = 0; i < 40; i++)
		captured_goroutine(0);
	world->control.deadline = world_now() + 300; /* a look at the clock takes 100 */
	ask_run(0);
	assert_int_equal(shard->stop, ASK_STOP_TIME);
	drain(0, true);
	while (record(ASK_RECORD_GOROUTINE, done))
		done++;
	assert_in_range(done, 1, 39);
}

/* A stack so deep that the deadline comes while it is walked: the goroutine has not begun. */
static void test_the_deadline_ends_a_walk(void **state)
{
	struct ask_shard *shard = &world->shards[0];
	ask_u64 hi = BASE + SIZE - 0x1000, cfa = hi - 8, g;

	(void)state;
	/* frames of 32 bytes, by call frame information: the frame pointers lead nowhere */
	put(cfa - 8, TEXT + GOEXIT + 1);
	for (int i = 0; i < 4000; i++) {
		cfa -= 32;
		put(cfa - 8, TEXT + MIDDLE + 8);
	}
	g = add_goroutine(ASK_G_WAITING, MIDDLE + 8, cfa - 32, 0);
	put(g, BASE + 0x20000);
	put(g + 8, hi);
	world->control.deadline = world_now() + 250;
	ask_run(0);
	assert_int_equal(shard->stop, ASK_STOP_TIME);
	assert_int_equal(shard->write_off, 0);
	assert_int_equal(shard->phase, ASK_PHASE_GOROUTINE);
	assert_true(shard->batch_next < shard->batch_end);
	world->control.deadline = 0;
	shard->stop = ASK_STOP_TIME;
	run();
	assert_int_equal(((const struct ask_goroutine *)record(ASK_RECORD_GOROUTINE, 0))->depth, 4001);
}

static void test_budget_is_counted(void **state)
{
	ask_u64 a = BASE + 0x60000;

	(void)state;
	world->control.bytes_limit = 100;
	for (int i = 0; i < 10; i++) {
		make_node(a + (ask_u64)i * 64, 0, 0, 0, 0, 0, (ask_u64)i);
		captured_goroutine(a + (ask_u64)i * 64);
	}
	run();
	assert_true(world->shards[0].budget_cuts > 0);
	assert_non_null(record(ASK_RECORD_GOROUTINE, 9)); /* goroutines are never cut */
	assert_int_equal(((const struct ask_value *)record(ASK_RECORD_VALUE, 27))->head.status,
			 ASK_STATUS_BUDGET);
}

/* Forgets what the run left, but not the world. */
static void rewind_world(void)
{
	memset(world->shards, 0, sizeof(world->shards));
	memset(world->visits, 0, sizeof(world->visits));
	world->control.next = 0;
	world->control.granted = 0;
	world->shards[0].chunks = 8;
	world->shards[0].retried = 1;
}

/* Stacks that agree in the leaf's PC and in size, and differ in one word that the walk reads. */
static void test_known_shapes_change_nothing(void **state)
{
	ask_u64 a = BASE + 0x60000;
	size_t expected_length, got_length, kept = 0;
	struct ask_run walk = {.deadline = ~0ull};
	struct strbuf recalled;
	char *expected, *got;

	(void)state;
	for (ask_u64 i = 0; i < 30; i++) {
		ask_u64 hi = stack_hi(world->goroutines);

		make_node(a + i * 64, 0, 0, 0, 0, 0, i);
		captured_goroutine(a + i * 64);
		switch (i % 8) {
		case 4: /* another return address, and so another stack */
			put(hi - 48, TEXT + MIDDLE + 16);
			break;
		case 5: /* no root */
			put(hi - 16, 0);
			break;
		case 6: /* a broken chain: walked by call frame information */
			put(hi - 104, 8);
			break;
		case 7: /* the chain leaves a frame out */
			put(hi - 104, hi - 24);
			break;
		}
	}
	run();
	for (size_t i = 0; i < ASK_SHAPES; i++)
		kept += world->shards[0].shapes[i].depth == 3;
	assert_int_equal(kept, 1);
	recalled = world->records;
	strbuf_init(&world->records);
	rewind_world();
	/* Once more, with nothing to go by but the stacks themselves. */
	for (int i = 0; i < 100000 && world->shards[0].stop != ASK_STOP_DONE; i++) {
		memset(world->shards[0].shapes, 0, sizeof(world->shards[0].shapes));
		ask_step(0, &walk);
	}
	assert_int_equal(world->shards[0].stop, ASK_STOP_DONE);
	drain(0, true);
	expected = sorted_records(&world->records, 0, &expected_length);
	got = sorted_records(&recalled, 0, &got_length);
	assert_int_equal(got_length, expected_length);
	assert_memory_equal(got, expected, expected_length);
	free(expected);
	free(got);
	strbuf_deinit(&recalled);
}

/* g's that follow one another in memory are read together, up to one that is not resident. */
static void test_neighbours_are_read_together(void **state)
{
	const struct ask_goroutine *goroutine;

	(void)state;
	for (int i = 0; i < 20; i++)
		captured_goroutine(0);
	put(ALLGS + 7 * 8, HOLE + 8); /* not readable, and not in the row */
	put(ALLGS + 8 * 8, BASE + 0x10000 + 0x100 * 3); /* backwards */
	run();
	assert_int_equal(world->shards[0].dropped_goroutines, 1);
	for (size_t i = 0; (goroutine = record(ASK_RECORD_GOROUTINE, i)); i++) {
		ask_u64 n = i + (i >= 7);

		assert_int_equal(goroutine->index, n);
		assert_int_equal(goroutine->goid, n == 8 ? 4 : n + 1);
		assert_int_equal(goroutine->address, BASE + 0x10000 + 0x100 * (n == 8 ? 3 : n));
		assert_int_equal(goroutine->stack_status, ASK_STACK_OK);
	}
	assert_null(record(ASK_RECORD_GOROUTINE, 19));
	assert_non_null(record(ASK_RECORD_GOROUTINE, 18));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_walks_and_captures),
		TEST(test_nil_path_has_no_bytes),
		TEST(test_unreadable_memory_fails_in_place),
		TEST(test_chain_without_root_gives_no_frame),
		TEST(test_leaf_outside_of_text_gives_no_frame),
		TEST(test_running_without_registers_gives_no_frame),
		TEST(test_running_walks_from_its_thread),
		TEST(test_prologue_keeps_the_caller),
		TEST(test_deep_stack_keeps_both_ends),
		TEST(test_full_ring_loses_nothing),
		TEST(test_nothing_is_read_after_the_deadline),
		TEST(test_the_deadline_ends_a_trigger),
		TEST(test_the_deadline_ends_a_walk),
		TEST(test_budget_is_counted),
		TEST(test_known_shapes_change_nothing),
		TEST(test_neighbours_are_read_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
