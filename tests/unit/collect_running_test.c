/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the stack of a running goroutine begins, and what of a deep stack is looked at: the
 * engine over made-up memory with one goroutine, its m, g0 and gsignal, and one thread.
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
#define FRAME 0x1000u	 /* functions whose frame has 32 bytes */
#define CAPTURED 0x3000u /* one of them, with a variable at CFA-24 */
#define GOGO 0x4000u
#define ENTRY 0x5000u /* captured, and without a frame yet */
#define ALLGS (BASE + 0x100)
#define G (BASE + 0x1000)
#define M (BASE + 0x2000)
#define G0 (BASE + 0x3000)
#define GSIGNAL (BASE + 0x4000)
#define FS (BASE + 0x5008) /* the g is the word before */
#define G0_STACK (BASE + 0x10000)
#define SIGNAL_STACK (BASE + 0x20000)
#define SIGNAL_SIZE 0x8000u
#define STACK (BASE + 0x40000)
#define STACK_SIZE 0x40000u
#define VDSO 0x7ffff7fc1000ull
#define TID 77u

/* offsets in the made-up g and m */
enum { G_LO, G_HI = 8, G_M = 16, G_SP = 24, G_PC = 32, G_BP = 40, G_SYSSP = 48, G_SYSPC = 56,
       G_STATUS = 64, G_GOID = 72, G_SINCE = 80, G_REASON = 88, G_GOPC = 96, G_START = 104,
       G_LABELS = 112, G_END = 120 };
enum { M_PROCID = 8, M_CURG = 16, M_G0 = 24, M_GSIGNAL = 32, M_VDSOSP = 40, M_VDSOPC = 48 };

static const struct ask_type types[] = {{1, 0, 0, 0, 0}, {8, 0, 0, 0, 0}};
static const struct ask_limits limits[] = {{2, 8, 16, 64}};
static const struct ask_range ranges[] = {{CAPTURED + 1, CAPTURED + 0x40, 0, 1},
					  {ENTRY, ENTRY + 0x40, 1, 1}};
static const struct ask_probe probes[] = {{0, ASK_NO_INLINE, 0, 1}, {0, ASK_NO_INLINE, 1, 1}};
static const struct ask_expr exprs[] = {{0, 1, 8, 0, 2, 0, 0}, {0, 1, 8, 2, 2, 0, 0}};
static const struct ask_op ops[] = {
	{ASK_OP_CFA, 0, 0, 0, -24}, {ASK_OP_COPY, 0, 8, 0, 0}, /* in the frame */
	{ASK_OP_CFA, 0, 0, 0, 8},   {ASK_OP_COPY, 0, 8, 0, 0}, /* where an argument is spilled */
};
static const struct ask_cfi cfis[] = {
	{0, 0},		 {GOEXIT, 8},	{GOEXIT + 16, 0}, {FRAME, 32},	{GOGO, 8},
	{GOGO + 0x40, 0}, {ENTRY, 8}, {ENTRY + 0x40, 0},
};

static struct world {
	struct ask_native native;
	struct ask_layout layout;
	struct ask_control control;
	struct ask_shard shards[ASK_MAX_SHARDS];
	struct ask_visited visits[64];
	struct ask_thread threads[1];
	ask_u64 bitmap[17];
	ask_u8 *chunks;
	ask_u8 memory[SIZE];
	ask_u64 sp; /* of the leaf that the stack was laid out for */
} *world;

static _Bool world_read(void *data, void *to, size_t size, ask_u64 from)
{
	(void)data;
	if (from < BASE || from + size > BASE + SIZE) {
		memset(to, 0, size);
		return false;
	}
	memcpy(to, world->memory + (from - BASE), size);
	return true;
}

static ask_u64 world_now(void)
{
	return 1;
}

static void put(ask_u64 address, ask_u64 value)
{
	memcpy(world->memory + (address - BASE), &value, 8);
}

static void interesting(ask_u32 pc)
{
	world->bitmap[pc >> 12] |= 1ull << ((pc >> 6) & 63);
}

static void make_tables(void)
{
	world->layout = (struct ask_layout){
		.text = TEXT, .text_size = 0x10000, .goexit_lo = GOEXIT, .goexit_hi = GOEXIT + 16,
		.gogo_lo = GOGO, .gogo_hi = GOGO + 0x40, .tls_g = (ask_u32)-8,
		.g_size = G_END, .g_stack_lo = G_LO, .g_stack_hi = G_HI, .g_m = G_M,
		.g_sched_sp = G_SP, .g_sched_pc = G_PC, .g_sched_bp = G_BP, .g_syscallsp = G_SYSSP,
		.g_syscallpc = G_SYSPC, .g_syscallbp = ASK_ABSENT, .g_atomicstatus = G_STATUS,
		.g_goid = G_GOID, .g_waitsince = G_SINCE, .g_waitreason = G_REASON,
		.g_parentgoid = ASK_ABSENT, .g_gopc = G_GOPC, .g_startpc = G_START,
		.g_labels = G_LABELS, .labels_type = ASK_ABSENT, .m_procid = M_PROCID,
		.m_curg = M_CURG, .m_g0 = M_G0, .m_gsignal = M_GSIGNAL, .m_vdsosp = M_VDSOSP,
		.m_vdsopc = M_VDSOPC, .frames_leaf = 8, .frames_root = 4,
		.cfi_rows = ARRAY_SIZE(cfis), .ranges = 2, .probes = 2, .exprs = 2,
		.ops = ARRAY_SIZE(ops), .types = 2, .limits = 1,
	};
	world->native = (struct ask_native){
		.control = &world->control, .shards = world->shards, .chunks = world->chunks,
		.chunk_stride = ASK_CHUNK_STRIDE, .chunk_count = 4, .visit_count = 64,
		.thread_count = 1, .bitmap_words = 17, .visits = world->visits,
		.threads = world->threads, .bitmap = world->bitmap, .layout = &world->layout,
		.limits = limits, .types = types, .ranges = ranges, .probes = probes,
		.exprs = exprs, .ops = ops, .cfis = cfis, .read = world_read, .now = world_now,
	};
	world->control = (struct ask_control){
		.text = TEXT, .allgs = ALLGS, .goroutines = 1, .bytes_limit = 1 << 20,
		.trigger_ns = 1ull << 60, .threads = 1, .visited_slots = 64};
	world->shards[0].chunks = 4;
	world->shards[0].retried = 1;
	interesting(CAPTURED);
	ask_native = &world->native;
}

/* A running goroutine, whose thread is on its own stack and whose sched is stale. */
static int setup(void **state)
{
	(void)state;
	world = calloc(1, sizeof(*world));
	world->chunks = calloc(4, ASK_CHUNK_STRIDE);
	make_tables();
	put(ALLGS, G);
	put(G + G_LO, STACK);
	put(G + G_HI, STACK + STACK_SIZE);
	put(G + G_M, M);
	put(G + G_STATUS, ASK_G_RUNNING);
	put(G + G_GOID, 1);
	put(M + M_PROCID, TID);
	put(M + M_CURG, G);
	put(M + M_G0, G0);
	put(M + M_GSIGNAL, GSIGNAL);
	put(GSIGNAL + G_LO, SIGNAL_STACK);
	put(GSIGNAL + G_HI, SIGNAL_STACK + SIGNAL_SIZE);
	put(FS - 8, G);
	world->threads[0] = (struct ask_thread){.tid = TID, .fs_base = FS};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(world->chunks);
	free(world);
	return 0;
}

/* Frames of 32 bytes with these PCs, pcs[0] the leaf; variables are 1000 + physical number. */
static void lay_stack(const ask_u32 *pcs, size_t count)
{
	ask_u64 cfa = STACK + STACK_SIZE - 8;

	put(cfa - 8, TEXT + GOEXIT + 1);
	for (size_t i = count; i-- > 0; cfa -= 32) {
		put(cfa - 24, 1000 + i);
		if (i)
			put(cfa - 32 - 8, TEXT + pcs[i]);
	}
	world->sp = cfa;
}

static const ask_u32 usual[] = {FRAME + 8, CAPTURED + 0x20, FRAME + 0x20};

static void thread_at(ask_u64 pc, ask_u64 sp)
{
	world->threads[0].pc = pc;
	world->threads[0].regs[ASK_REG_SP] = sp;
}

static void run(void)
{
	for (int i = 0; i < 100 && world->shards[0].stop != ASK_STOP_DONE; i++)
		ask_run(0);
	assert_int_equal(world->shards[0].stop, ASK_STOP_DONE);
}

static const void *record(ask_u32 kind, size_t n)
{
	for (size_t off = 0; off < world->shards[0].write_off;) {
		const struct ask_record *r = (const void *)(world->chunks + off);

		if (r->kind == kind && n-- == 0)
			return r;
		off += r->size;
	}
	return NULL;
}

static void expect_stack(ask_u32 depth, bool exact)
{
	const struct ask_goroutine *g;

	run();
	g = record(ASK_RECORD_GOROUTINE, 0);
	assert_non_null(g);
	assert_int_equal(g->stack_status, ASK_STACK_OK);
	assert_int_equal(g->depth, depth);
	assert_int_equal(g->flags, exact ? ASK_LEAF_EXACT : 0);
}

static void expect_none(ask_u32 status)
{
	const struct ask_goroutine *g;

	run();
	g = record(ASK_RECORD_GOROUTINE, 0);
	assert_non_null(g);
	assert_int_equal(g->stack_status, status);
	assert_null(record(ASK_RECORD_STACK, 0));
	assert_null(record(ASK_RECORD_FRAME, 0));
}

static void save_sched(void)
{
	put(G + G_SP, world->sp);
	put(G + G_PC, TEXT + FRAME + 8);
}

static void park_in_syscall(ask_u64 status)
{
	lay_stack(usual, 3);
	save_sched();
	put(G + G_STATUS, status);
	put(G + G_M, 0);
	put(G + G_SYSSP, world->sp + 32);
	put(G + G_SYSPC, TEXT + CAPTURED + 0x20);
}

static void test_system_call(void **state)
{
	(void)state;
	park_in_syscall(ASK_G_SYSCALL);
	expect_stack(2, false);
}

/* exitsyscall that found no P has parked by mcall and not cleared syscallsp. */
static void test_runnable_behind_a_system_call(void **state)
{
	(void)state;
	park_in_syscall(ASK_G_RUNNABLE);
	expect_stack(3, false);
}

static void test_own_stack(void **state)
{
	(void)state;
	lay_stack(usual, 3);
	thread_at(TEXT + FRAME + 8, world->sp);
	expect_stack(3, true);
}

static void test_thread_that_was_not_stopped(void **state)
{
	(void)state;
	lay_stack(usual, 3);
	save_sched();
	world->threads[0].tid = TID + 1;
	expect_none(ASK_STACK_NO_THREAD);
}

static void test_system_stack(void **state)
{
	(void)state;
	lay_stack(usual, 3);
	save_sched();
	thread_at(TEXT + FRAME + 0x30, G0_STACK);
	put(FS - 8, G0);
	expect_stack(3, false);
}

/* The race detector's calls change SP and nothing else: sched is of another time. */
static void test_other_stack_without_a_switch(void **state)
{
	(void)state;
	lay_stack(usual, 3);
	save_sched();
	thread_at(TEXT + FRAME + 0x30, G0_STACK);
	expect_none(ASK_STACK_RUNNING);
}

static void test_thread_that_runs_another_goroutine(void **state)
{
	(void)state;
	lay_stack(usual, 3);
	save_sched();
	thread_at(TEXT + FRAME + 0x30, G0_STACK);
	put(FS - 8, G0);
	put(M + M_CURG, G + 0x200);
	expect_none(ASK_STACK_RUNNING);
}

/* gogo has restored SP; the frame at SP is not gogo's. */
static void test_gogo_on_both_stacks(void **state)
{
	(void)state;
	lay_stack(usual, 3);
	save_sched();
	put(G + G_SP, 0);
	thread_at(TEXT + GOGO + 0x20, world->sp);
	expect_stack(3, false);
}

static void test_gogo_before_it_changes_stacks(void **state)
{
	(void)state;
	lay_stack(usual, 3);
	save_sched();
	thread_at(TEXT + GOGO + 8, G0_STACK);
	expect_stack(3, false);
}

static void test_vdso(void **state)
{
	(void)state;
	lay_stack(usual, 3);
	put(G + G_SP, 1);
	put(M + M_VDSOSP, world->sp);
	put(M + M_VDSOPC, TEXT + FRAME + 8);
	thread_at(VDSO, G0_STACK);
	expect_stack(3, false);
}

/* Lays a signal frame's ucontext down at `at`. */
static void signal_frame(ask_u64 at, ask_u64 pc, ask_u64 sp)
{
	put(at, 7);
	put(at + 8, 0);
	put(at + 16, SIGNAL_STACK);
	put(at + 24, 0);
	put(at + 32, SIGNAL_SIZE);
	put(at + 40 + 15 * 8, sp);
	put(at + 40 + 16 * 8, pc);
}

static void handle_signal(void)
{
	lay_stack(usual, 3);
	put(FS - 8, GSIGNAL);
	thread_at(TEXT + FRAME + 0x30, SIGNAL_STACK + 0x6000);
	signal_frame(SIGNAL_STACK + 0x7000, TEXT + FRAME + 8, world->sp);
}

static void test_signal(void **state)
{
	(void)state;
	handle_signal();
	expect_stack(3, true);
}

static void test_two_signal_frames(void **state)
{
	(void)state;
	handle_signal();
	signal_frame(SIGNAL_STACK + 0x6800, TEXT + FRAME + 8, world->sp);
	expect_none(ASK_STACK_SIGNAL);
}

static void test_signal_frame_of_another_stack(void **state)
{
	(void)state;
	handle_signal();
	put(SIGNAL_STACK + 0x7000 + 16, SIGNAL_STACK + 16);
	expect_none(ASK_STACK_SIGNAL);
}

/* A handler that injects a call has pushed the PC, and not changed it yet. */
static void test_signal_that_injects_a_call(void **state)
{
	(void)state;
	handle_signal();
	put(world->sp, TEXT + FRAME + 8);
	expect_none(ASK_STACK_SIGNAL);
}

static void test_signal_frame_beyond_the_stack(void **state)
{
	(void)state;
	handle_signal();
	put(SIGNAL_STACK + 0x7000 + 16, 0);
	signal_frame(SIGNAL_STACK + SIGNAL_SIZE - 48, TEXT + FRAME + 8, world->sp);
	expect_none(ASK_STACK_SIGNAL);
}

static void test_no_variable_below_sp(void **state)
{
	const ask_u32 pcs[] = {CAPTURED + 0x10, FRAME + 0x20};
	const struct ask_value *value;

	(void)state;
	lay_stack(pcs, 2);
	thread_at(TEXT + CAPTURED + 0x10, world->sp);
	run();
	value = record(ASK_RECORD_VALUE, 0);
	assert_int_equal(value->head.status, ASK_STATUS_OK);
	assert_int_equal(*(const ask_u64 *)value->data, 1000);
}

/* As in a prologue: the frame has 8 bytes, and the variable's place is below SP. */
static void test_variable_below_sp(void **state)
{
	static const struct ask_cfi early[] = {{0, 0}, {GOEXIT, 8}, {GOEXIT + 16, 0}, {FRAME, 32},
					       {CAPTURED, 16}, {CAPTURED + 0x18, 32}};
	const ask_u32 pcs[] = {CAPTURED + 0x10, FRAME + 0x20};
	const struct ask_value *value;

	(void)state;
	lay_stack(pcs, 2);
	world->native.cfis = early;
	world->layout.cfi_rows = ARRAY_SIZE(early);
	thread_at(TEXT + CAPTURED + 0x10, world->sp + 16);
	run();
	value = record(ASK_RECORD_VALUE, 0);
	assert_int_equal(value->head.status, ASK_STATUS_UNAVAILABLE);
	assert_int_equal(value->detail, ASK_REASON_NO_LOCATION);
}

/* Without a frame an argument may not have been spilled yet: only behind morestack it was. */
static void no_frame(ask_u32 status, ask_u32 expected)
{
	const ask_u32 pcs[] = {ENTRY + 8, FRAME + 0x20};
	const struct ask_value *value;
	ask_u64 sp;

	lay_stack(pcs, 2);
	sp = world->sp + 24;
	interesting(ENTRY);
	put(G + G_STATUS, status);
	put(G + G_SP, sp);
	put(G + G_PC, TEXT + ENTRY + 8);
	thread_at(TEXT + ENTRY + 8, sp);
	run();
	value = record(ASK_RECORD_VALUE, 0);
	assert_non_null(value);
	assert_int_equal(value->head.status, expected);
}

static void test_argument_without_a_frame(void **state)
{
	(void)state;
	no_frame(ASK_G_RUNNING, ASK_STATUS_UNAVAILABLE);
}

static void set_program(struct ask_op *own, struct ask_op first, struct ask_op second)
{
	memcpy(own, ops, sizeof(ops));
	own[0] = first;
	own[1] = second;
	world->native.ops = own;
	for (ask_u64 i = 0; i < ASK_REGS; i++)
		if (i != ASK_REG_SP)
			world->threads[0].regs[i] = STACK + STACK_SIZE - 0x100 + i * 8;
	put(STACK + STACK_SIZE - 0x100 + 9 * 8, 4711);
}

/* The value of a leaf in CAPTURED, or of its caller, that takes ops of its own. */
static const struct ask_value *register_value(bool leaf, struct ask_op first, struct ask_op second)
{
	const ask_u32 pcs[] = {leaf ? CAPTURED + 0x10 : FRAME + 8, CAPTURED + 0x20};
	static struct ask_op own[ARRAY_SIZE(ops)];

	lay_stack(pcs, leaf ? 1 : 2);
	set_program(own, first, second);
	thread_at(TEXT + pcs[0], world->sp);
	run();
	assert_non_null(record(ASK_RECORD_VALUE, 0));
	return record(ASK_RECORD_VALUE, 0);
}

static void expect_no_register(const struct ask_value *value, ask_u32 reason)
{
	assert_int_equal(value->head.status, ASK_STATUS_UNAVAILABLE);
	assert_int_equal(value->detail, reason);
	assert_int_equal(value->length, 0);
}

static void test_register(void **state)
{
	const struct ask_value *value;

	(void)state;
	value = register_value(true, (struct ask_op){ASK_OP_REGISTER, 0, 4, 0, 9},
			       (struct ask_op){ASK_OP_REGISTER, 4, 2, 0, 8});
	assert_int_equal(value->head.status, ASK_STATUS_OK);
	assert_int_equal(*(const ask_u64 *)value->data,
			 (ask_u32)(STACK + STACK_SIZE - 0x100 + 9 * 8) |
				 (ask_u64)(ask_u16)(STACK + STACK_SIZE - 0x100 + 8 * 8) << 32);
}

static void test_pointer_in_register(void **state)
{
	const struct ask_value *value;

	(void)state;
	value = register_value(true, (struct ask_op){ASK_OP_REGISTER, 0, 0, 0, 9},
			       (struct ask_op){ASK_OP_COPY, 0, 8, 0, 0});
	assert_int_equal(value->head.status, ASK_STATUS_OK);
	assert_int_equal(*(const ask_u64 *)value->data, 4711);
}

static void test_register_of_a_caller(void **state)
{
	(void)state;
	expect_no_register(register_value(false, (struct ask_op){ASK_OP_REGISTER, 0, 8, 0, 9},
					  (struct ask_op){ASK_OP_REGISTER, 0, 8, 0, 9}),
			   ASK_REASON_REGISTER);
}

/* The goroutine is not running: the thread's registers are those of another one. */
static void test_register_of_a_waiting_leaf(void **state)
{
	(void)state;
	put(G + G_STATUS, ASK_G_RUNNABLE);
	put(G + G_SP, STACK + STACK_SIZE - 8 - 32);
	put(G + G_PC, TEXT + CAPTURED + 0x10);
	expect_no_register(register_value(true, (struct ask_op){ASK_OP_REGISTER, 0, 8, 0, 9},
					  (struct ask_op){ASK_OP_REGISTER, 0, 8, 0, 9}),
			   ASK_REASON_REGISTER);
}

static void test_no_such_register(void **state)
{
	(void)state;
	expect_no_register(register_value(true, (struct ask_op){ASK_OP_REGISTER, 0, 8, 0, 16},
					  (struct ask_op){ASK_OP_REGISTER, 0, 8, 0, -1}),
			   ASK_REASON_REGISTER);
}

static void test_register_beyond_the_value(void **state)
{
	(void)state;
	expect_no_register(register_value(true, (struct ask_op){ASK_OP_REGISTER, 4, 8, 0, 9},
					  (struct ask_op){ASK_OP_REGISTER, 0, 8, 0, 9}),
			   ASK_REASON_UNSUPPORTED);
}

static void test_argument_spilled_before_morestack(void **state)
{
	(void)state;
	no_frame(ASK_G_RUNNABLE, ASK_STATUS_OK);
}

/* A stack of `depth` frames of which those numbered in `at` are captured. */
static void deep_stack(ask_u32 depth, const ask_u32 *at, size_t count, ask_u32 every)
{
	ask_u32 *pcs = calloc(depth, sizeof(*pcs));

	for (ask_u32 i = 0; i < depth; i++)
		pcs[i] = every ? CAPTURED + 0x20 : FRAME + 8;
	for (size_t i = 0; i < count; i++)
		pcs[at[i]] = CAPTURED + 0x28;
	pcs[0] = FRAME + 8;
	lay_stack(pcs, depth);
	free(pcs);
	thread_at(TEXT + FRAME + 8, world->sp);
	run();
	assert_int_equal(((const struct ask_goroutine *)record(ASK_RECORD_GOROUTINE, 0))->depth,
			 depth);
}

static void test_deep_frames(void **state)
{
	/* the leaf part has 8, the root part 4 of them */
	const ask_u32 at[] = {3, 500, 900, 998};

	(void)state;
	deep_stack(1000, at, 4, 0);
	for (size_t i = 0; i < 4; i++) {
		const struct ask_frame *frame = record(ASK_RECORD_FRAME, i);
		const struct ask_value *value = record(ASK_RECORD_VALUE, i);

		assert_non_null(frame);
		assert_int_equal(frame->frame, at[i]);
		assert_int_equal(*(const ask_u64 *)value->data, 1000 + at[i]);
	}
	assert_null(record(ASK_RECORD_FRAME, 4));
	assert_int_equal(world->shards[0].deep_cuts, 0);
}

static void test_recursion_leaves_room(void **state)
{
	const ask_u32 at[] = {700};
	const struct ask_frame *frame;
	size_t frames = 0;
	bool found = false;

	(void)state;
	deep_stack(1000, at, 1, 1);
	while ((frame = record(ASK_RECORD_FRAME, frames))) {
		found |= frame->frame == 700;
		frames++;
	}
	assert_true(found);
	assert_int_equal(frames, 7 + ASK_DEEP_ALIKE + 1 + 4);
	assert_int_equal(world->shards[0].deep_cuts, 999 - frames);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_system_call),
		TEST(test_runnable_behind_a_system_call),
		TEST(test_own_stack),
		TEST(test_thread_that_was_not_stopped),
		TEST(test_system_stack),
		TEST(test_other_stack_without_a_switch),
		TEST(test_thread_that_runs_another_goroutine),
		TEST(test_gogo_on_both_stacks),
		TEST(test_gogo_before_it_changes_stacks),
		TEST(test_vdso),
		TEST(test_signal),
		TEST(test_two_signal_frames),
		TEST(test_signal_frame_of_another_stack),
		TEST(test_signal_that_injects_a_call),
		TEST(test_signal_frame_beyond_the_stack),
		TEST(test_no_variable_below_sp),
		TEST(test_variable_below_sp),
		TEST(test_argument_without_a_frame),
		TEST(test_argument_spilled_before_morestack),
		TEST(test_register),
		TEST(test_pointer_in_register),
		TEST(test_register_of_a_caller),
		TEST(test_register_of_a_waiting_leaf),
		TEST(test_no_such_register),
		TEST(test_register_beyond_the_value),
		TEST(test_deep_frames),
		TEST(test_recursion_leaves_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
