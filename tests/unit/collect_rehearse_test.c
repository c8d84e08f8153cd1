/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rehearsal over made-up memory. Two goroutines are parked with the same stack, of which the
 * second is taken over from the rehearsal: unless something of what must hold does not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#define ASK_NATIVE
#include "engine/engine.h"
#include "session.h"

#define BASE 0xc000000000ull
#define SIZE (1u << 20)
#define TEXT 0x401000ull
#define GOEXIT 0x100u
#define GOPARK 0x1000u	 /* a frame of 64 bytes */
#define CAPTURED 0x3000u /* 48 bytes */
#define ALLGLEN (BASE + 0x10)
#define ALLGPTR (BASE + 0x18)
#define RANDOM (BASE + 0x20)
#define TIME_TO_RUN (BASE + 0x40) /* two counters */
#define ALLGS (BASE + 0x100)
#define G(n) (BASE + 0x10000 + (n) * 0x100)
#define STACK_HI(n) (BASE + 0x22000 + (n) * 0x2000)
#define CFA(n) (STACK_HI(n) - 8)	  /* of the captured frame */
#define SP(n) (CFA(n) - 48 - 64)
#define VALUE(n) (CFA(n) - 32)
#define SUDOG (BASE + 0x40000)
#define CHANNEL (BASE + 0x41000)
#define NODE (BASE + 0x50000)

/* of g */
#define G_STATUS 96
#define G_GOID 104
#define G_SINCE 112
#define G_SEQ 121
#define G_LOCKEDM 152
#define G_WAITING 160

static const struct ask_type types[] = {{8, 0, 0, 0, 0}};
static const struct ask_limits limits[] = {{2, 8, 16, 64}};
static const struct ask_range ranges[] = {{CAPTURED + 1, CAPTURED + 0x40, 0, 1}};
static struct ask_probe probes[] = {{0, ASK_NO_INLINE, 0, 1}};
static const struct ask_expr exprs[] = {
	{0, 0, 8, 0, 2, 0, 0}, /* what is at CFA-32 */
	{1, 0, 8, 2, 3, 0, 0}, /* what that points to */
};
static const struct ask_op ops[] = {
	{ASK_OP_CFA, 0, 0, 0, -32},   {ASK_OP_COPY, 0, 8, 0, 0}, {ASK_OP_CFA, 0, 0, 0, -32},
	{ASK_OP_DEREF, 0, 0, 0, 0}, {ASK_OP_COPY, 0, 8, 0, 0},
};
static const struct ask_cfi cfis[] = {
	{0, 0}, {GOEXIT, 8}, {GOEXIT + 16, 0}, {GOPARK, 64}, {GOPARK + 64, 0}, {CAPTURED, 48}, {CAPTURED + 64, 0},
};

struct world {
	struct session session;
	struct schema schema;
	struct collect_options options;
	struct ask_native native;
	struct ask_control control;
	struct ask_shard shards[ASK_MAX_SHARDS];
	struct ask_visited visits[1024];
	struct ask_rehearsed rows[4];
	uint64_t bitmap[17];
	uint8_t memory[SIZE];
};

static struct world *world;

static bool memory_read(const void *source, uint64_t address, void *data, size_t size)
{
	(void)source;
	if (address < BASE || size > SIZE || address - BASE > SIZE - size)
		return false;
	memcpy(data, world->memory + (address - BASE), size);
	return true;
}

/* As process_vm_readv() does: up to the first that cannot be read. */
static void memory_pieces(const void *source, struct target_piece *pieces, size_t count, uint8_t *room)
{
	bool good = true;

	for (size_t i = 0; i < count; room += pieces[i++].size) {
		good = good && memory_read(source, pieces[i].address, room, pieces[i].size);
		pieces[i].data = good ? room : NULL;
	}
}

static _Bool world_read(void *data, void *to, size_t size, ask_u64 from)
{
	return memory_read(data, from, to, size);
}

static ask_u64 world_now(void)
{
	static ask_u64 now;

	return now += 100;
}

static void put(uint64_t address, uint64_t value)
{
	memcpy(world->memory + (address - BASE), &value, 8);
}

static void put8(uint64_t address, uint8_t value)
{
	world->memory[address - BASE] = value;
}

/* Parked in gopark, called by the captured function, with `value` in its variable. */
static void park(uint64_t n, uint64_t value)
{
	put(ALLGS + n * 8, G(n));
	put(G(n), STACK_HI(n) - 0x2000);
	put(G(n) + 8, STACK_HI(n));
	put(G(n) + 56, SP(n));
	put(G(n) + 64, TEXT + GOPARK + 8);
	put(G(n) + 72, CFA(n) - 48 - 16);
	put(G(n) + G_STATUS, ASK_G_WAITING);
	put(G(n) + G_GOID, n + 1);
	put(CFA(n) - 8, TEXT + GOEXIT + 1);
	put(CFA(n) - 48 - 8, TEXT + CAPTURED + 0x20);
	put(CFA(n) - 48 - 16, CFA(n) - 16);
	put(VALUE(n), value);
}

static void make_layout(struct ask_layout *layout)
{
	*layout = (struct ask_layout){
		.text = TEXT, .text_size = 0x10000, .goexit_lo = GOEXIT, .goexit_hi = GOEXIT + 16,
		.allglen = ALLGLEN, .allgptr = ALLGPTR,
		.g_size = 200, .g_stack_lo = 0, .g_stack_hi = 8, .g_m = 48, .g_sched_sp = 56,
		.g_sched_pc = 64, .g_sched_bp = 72, .g_syscallsp = 80, .g_syscallpc = 88,
		.g_syscallbp = ASK_ABSENT, .g_atomicstatus = G_STATUS, .g_goid = G_GOID,
		.g_waitsince = G_SINCE, .g_waitreason = 120, .g_parentgoid = ASK_ABSENT,
		.g_gopc = 128, .g_startpc = 136, .g_labels = 144, .labels_type = ASK_ABSENT,
		.m_procid = 8, .frames_leaf = 8, .frames_root = 4,
		.cfi_rows = ARRAY_SIZE(cfis), .ranges = 1, .probes = 1, .exprs = ARRAY_SIZE(exprs),
		.ops = ARRAY_SIZE(ops), .types = 1, .limits = 1,
		.gopark_lo = GOPARK, .gopark_hi = GOPARK + 64, .g_trackingseq = G_SEQ,
		.g_lockedm = G_LOCKEDM, .g_waiting = G_WAITING, .sudog_elem = 24, .sudog_c = 80,
		.sudog_waitlink = 64, .hchan_elemsize = 24, .time_to_run_size = 16,
		.time_to_run = TIME_TO_RUN,
	};
}

static void make_session(struct session *session)
{
	struct schema *schema = &world->schema;

	make_layout(&schema->layout);
	schema->engine_types = types;
	schema->limits = limits;
	schema->ranges = ranges;
	schema->probes = probes;
	schema->exprs = exprs;
	schema->ops = ops;
	schema->cfi = cfis;
	*session = (struct session){
		.schema = schema, .options = &world->options, .memory = {memory_read, memory_pieces, NULL},
		.info.random = RANDOM, .control = &world->control, .shards = world->shards,
		.chunk_stride = ASK_CHUNK_STRIDE, .chunk_count = 4, .visits = world->visits,
		.visit_slots = 1024, .shard_limit = 1, .bitmap = world->bitmap, .bitmap_words = 17,
		.goroutines_before = 2, .rehearsal = world->rows,
	};
	rehearsal_plan(session, 1 << 20);
	assert_int_equal(session->rehearsal_rows, 2);
	assert_true(session->rehearsal_chunks >= 1);
	session->chunks = calloc(session->chunk_count + session->rehearsal_chunks, ASK_CHUNK_STRIDE);
}

static int setup(void **state)
{
	(void)state;
	world = calloc(1, sizeof(*world));
	probes[0].exprs = 1;
	make_session(&world->session);
	world->control = (struct ask_control){.text = TEXT, .allgs = ALLGS, .goroutines = 2, .bytes_limit = 1 << 20,
					      .trigger_ns = 1ull << 60, .visited_slots = 1024};
	world->shards[0].chunks = 4;
	world->shards[0].retried = 1;
	world->bitmap[CAPTURED >> 12] |= 1ull << ((CAPTURED >> 6) & 63);
	put(ALLGLEN, 2);
	put(ALLGPTR, ALLGS);
	put(TIME_TO_RUN, 1000);
	put(TIME_TO_RUN + 8, 500);
	put(RANDOM, 0x1234);
	park(0, 41);
	park(1, 42);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(world->session.chunks);
	free(world);
	return 0;
}

/* The second goroutine's captured value in the records. */
static uint64_t second_value(void)
{
	const struct ask_shard *shard = &world->shards[0];
	size_t values = 0;
	uint64_t value = 0;

	for (uint32_t off = 0; off < shard->write_off;) {
		const struct ask_record *record = (const void *)(world->session.chunks + off);

		assert_true(record->size >= sizeof(*record) && record->size % 8 == 0);
		if (record->kind == ASK_RECORD_VALUE && values++ == 1)
			memcpy(&value, ((const struct ask_value *)record)->data, sizeof(value));
		off += record->size;
	}
	return value;
}

/* The pause. True: the second goroutine was taken over from the rehearsal. */
static bool replayed(void)
{
	rehearsal_begin(&world->session);
	native_tables(&world->session, &world->native);
	world->native.read = world_read;
	world->native.now = world_now;
	ask_native = &world->native;
	ask_run(0);
	assert_int_equal(world->shards[0].stop, ASK_STOP_DONE);
	assert_in_range(world->shards[0].replayed, 0, 1);
	assert_true(second_value() != 0);
	return world->shards[0].replayed == 1;
}

static bool rehearsed(void)
{
	rehearse(&world->session);
	return world->rows[1].goid != 0;
}

static void test_taken_over(void **state)
{
	(void)state;
	assert_true(rehearsed());
	put(VALUE(1), 77); /* nobody does; it shows that the stack is not read again */
	assert_true(replayed());
	assert_int_equal(second_value(), 42);
}

static void test_nothing_was_rehearsed(void **state)
{
	(void)state;
	assert_false(replayed());
	assert_int_equal(second_value(), 42);
}

/* ---- what may change between the rehearsal and the pause ---- */

#define CHANGED(name, change)                                                                      \
	static void test_changed_##name(void **state)                                              \
	{                                                                                          \
		(void)state;                                                                       \
		assert_true(rehearsed());                                                          \
		change;                                                                            \
		put(VALUE(1), 77);                                                                 \
		assert_false(replayed());                                                          \
		if (world->shards[0].phase == ASK_PHASE_DONE && !world->shards[0].dead_goroutines) \
			assert_int_equal(second_value(), 77);                                      \
	}
CHANGED(seq, put8(G(1) + G_SEQ, 1))
CHANGED(goid, put(G(1) + G_GOID, 9))
CHANGED(scan, put(G(1) + G_STATUS, ASK_G_WAITING | ASK_G_SCAN))
CHANGED(m, put(G(1) + 48, BASE + 0x60000))
CHANGED(hi, put(G(1) + 8, STACK_HI(1) + 8))
CHANGED(ran, put(TIME_TO_RUN + 8, 500 + ASK_RAN_MOST + 1))
CHANGED(ran_backwards, put(TIME_TO_RUN + 8, 499))
CHANGED(program, put(RANDOM + 8, 1))
CHANGED(since_began, (put(G(1) + G_SINCE, 7), put8(G(1) + G_SEQ, 1)))

static void test_since_is_enough(void **state)
{
	(void)state;
	put(G(1) + G_SINCE, 5);
	assert_true(rehearsed());
	put(TIME_TO_RUN, 1000000);
	assert_true(replayed());
}

static void test_another_since(void **state)
{
	(void)state;
	put(G(1) + G_SINCE, 5);
	assert_true(rehearsed());
	put(G(1) + G_SINCE, 6);
	put(TIME_TO_RUN, 1000000);
	assert_false(replayed());
}

/* A GC that came between says nothing: the other mark decides. */
static void test_seq_is_enough(void **state)
{
	(void)state;
	put8(G(1) + G_SEQ, 200);
	assert_true(rehearsed());
	put(G(1) + G_SINCE, 6);
	put(TIME_TO_RUN, 1000 + ASK_RAN_MOST);
	assert_true(replayed());
}

/* ---- what is not kept ---- */

#define NOT_KEPT(name, change)                                                                     \
	static void test_not_kept_##name(void **state)                                             \
	{                                                                                          \
		(void)state;                                                                       \
		change;                                                                            \
		assert_false(rehearsed());                                                         \
		assert_int_equal(world->rows[0].goid, 1); /* the other one is */                   \
		assert_false(replayed());                                                          \
	}
NOT_KEPT(runnable, put(G(1) + G_STATUS, ASK_G_RUNNABLE))
NOT_KEPT(scanned, put(G(1) + G_STATUS, ASK_G_WAITING | ASK_G_SCAN))
NOT_KEPT(on_an_m, put(G(1) + 48, BASE + 0x60000))
NOT_KEPT(locked, put(G(1) + G_LOCKEDM, 1))
NOT_KEPT(not_in_gopark, world->schema.layout.gopark_lo = GOPARK + 9; put(G(0) + 64, TEXT + GOPARK + 10))

/* One sudog, whose element lies at `elem`. */
static void wait_for_channel(uint64_t elem, uint16_t size)
{
	put(G(1) + G_WAITING, SUDOG);
	put(SUDOG + 24, elem);
	put(SUDOG + 80, CHANNEL);
	put(SUDOG + 64, 0);
	put(CHANNEL + 24, size);
}
NOT_KEPT(written_to, wait_for_channel(VALUE(1), 8))
NOT_KEPT(written_to_from_below, wait_for_channel(VALUE(1) - 8, 9))
NOT_KEPT(a_second_sudog, wait_for_channel(0, 8); put(SUDOG + 64, SUDOG + 0x100); put(SUDOG + 0x100 + 24, VALUE(1) + 7);
	 put(SUDOG + 0x100 + 80, CHANNEL))
NOT_KEPT(no_channel, wait_for_channel(SP(1), 8); put(SUDOG + 80, 0))
NOT_KEPT(a_circle, wait_for_channel(0, 8); put(SUDOG + 64, SUDOG))
NOT_KEPT(a_wild_sudog, put(G(1) + G_WAITING, 8))

static void test_kept_beside(void **state)
{
	(void)state;
	wait_for_channel(VALUE(1) - 8, 8); /* up to the variable, which is not touched */
	assert_true(rehearsed());
	assert_true(replayed());
}

static void test_kept_elsewhere(void **state)
{
	(void)state;
	wait_for_channel(NODE, 1000); /* on the heap */
	assert_true(rehearsed());
	assert_true(replayed());
}

/* What lies elsewhere may change at any time. */
static void test_not_kept_through_a_pointer(void **state)
{
	(void)state;
	probes[0].exprs = 2;
	put(VALUE(0), NODE);
	put(VALUE(1), NODE);
	put(NODE, 5);
	assert_false(rehearsed());
	assert_false(replayed());
}

/* One by one, where there is no other way. */
static void test_without_pieces(void **state)
{
	(void)state;
	world->session.memory.read_pieces = NULL;
	assert_true(rehearsed());
	assert_true(replayed());
}

/* The list of goroutines may be gone, or hold anything. */
static void test_nothing_to_read(void **state)
{
	(void)state;
	put(ALLGPTR, 16);
	assert_false(rehearsed());
	assert_false(replayed());
}

static void test_wild_goroutines(void **state)
{
	(void)state;
	put(ALLGLEN, UINT64_MAX);
	put(ALLGS, 8);
	assert_true(rehearsed());
	put(ALLGS, G(0));
	assert_true(replayed());
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(taken_over),
		TEST(nothing_was_rehearsed),
		TEST(changed_seq),
		TEST(changed_goid),
		TEST(changed_scan),
		TEST(changed_m),
		TEST(changed_hi),
		TEST(changed_ran),
		TEST(changed_ran_backwards),
		TEST(changed_program),
		TEST(changed_since_began),
		TEST(since_is_enough),
		TEST(another_since),
		TEST(seq_is_enough),
		TEST(not_kept_runnable),
		TEST(not_kept_scanned),
		TEST(not_kept_on_an_m),
		TEST(not_kept_locked),
		TEST(not_kept_not_in_gopark),
		TEST(not_kept_written_to),
		TEST(not_kept_written_to_from_below),
		TEST(not_kept_a_second_sudog),
		TEST(not_kept_no_channel),
		TEST(not_kept_a_circle),
		TEST(not_kept_a_wild_sudog),
		TEST(kept_beside),
		TEST(kept_elsewhere),
		TEST(not_kept_through_a_pointer),
		TEST(without_pieces),
		TEST(nothing_to_read),
		TEST(wild_goroutines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
