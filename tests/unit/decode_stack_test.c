/* SPDX-License-Identifier: BSD-2-Clause */
#include "decode_builder.h"

/* Stacks, frames and goroutines: what a PC is looked up as, logical indexes, states, waits. */

struct fixture {
	struct builder b;
	struct strbuf records;
};

static void setup(struct fixture *f)
{
	builder_init(&f->b);
	strbuf_init(&f->records);
}

static void teardown(struct fixture *f)
{
	strbuf_deinit(&f->records);
	builder_deinit(&f->b);
}

static void check(struct fixture *f, const char *expected)
{
	cleanup_strbuf struct strbuf got = STRBUF_INIT;

	build_schema(&f->b);
	assert_null(run_decode(&f->b, &f->records, 1, &got));
	assert_string_equal(got.data, expected);
	teardown(f);
}

/* A goroutine with this stack, nothing else of interest. */
static void add_goroutine(struct fixture *f, const uint32_t *pcs, uint32_t count, uint32_t flags)
{
	struct ask_goroutine g = new_goroutine(7, 5, count);

	put_stack(&f->records, 5, pcs, count, 0, count, flags);
	put_goroutine(&f->records, &g);
}

#define GOROUTINE(frames)                                                                          \
	"goroutine 7 waiting stack 0 (ok) frames " frames                                          \
	" reason 'select' for NULL most NULL thread NULL parent NULL by NULL\n"

static void test_return_addresses_look_back(void **state)
{
	struct fixture f;
	/* 0x110 and 0x210 are the first PCs of their lines: the calls are on the lines before */
	const uint32_t pcs[] = {0x110, 0x210, 0x300};

	(void)state;
	setup(&f);
	add_symbol(&f.b, "main.a", 0x100, 0x200);
	add_symbol(&f.b, "main.b", 0x200, 0x2f0);
	/* a return address right at the end: the next function is another one's */
	add_symbol(&f.b, "main.c", 0x2f0, 0x300);
	add_symbol(&f.b, "main.d", 0x310, 0x400);
	add_goroutine(&f, pcs, 3, 0);
	check(&f, "stack 0 depth 3 of 1\n"
		  "  0:0 main.a:10 pc 0x401110\n"
		  "  0:1 main.b:10 pc 0x401210\n"
		  "  0:2 main.c:10 pc 0x401300\n" GOROUTINE("3"));
}

static void test_exact_pcs(void **state)
{
	struct fixture f;
	/* interrupted leaf; sigpanic and asyncPreempt and who they interrupted; a first PC */
	const uint32_t pcs[] = {0x110, 0x8110, 0x110, 0x8210, 0x110, 0x110, 0x200};

	(void)state;
	setup(&f);
	add_symbol(&f.b, "main.a", 0x100, 0x200);
	add_symbol(&f.b, "main.b", 0x200, 0x300);
	add_symbol(&f.b, "runtime.sigpanic", 0x8100, 0x8140);
	add_symbol(&f.b, "runtime.asyncPreempt", 0x8200, 0x8240);
	add_goroutine(&f, pcs, 7, ASK_LEAF_EXACT);
	check(&f, "stack 0 depth 7 of 1\n"
		  "  0:0 main.a:11 pc 0x401110\n"
		  "  0:1 runtime.sigpanic:10 pc 0x409110\n"
		  "  0:2 main.a:11 pc 0x401110\n"
		  "  0:3 runtime.asyncPreempt:10 pc 0x409210\n"
		  "  0:4 main.a:11 pc 0x401110\n"
		  "  0:5 main.a:10 pc 0x401110\n"
		  "  0:6 main.b:10 pc 0x401200\n" GOROUTINE("7"));
}

static void test_inlined_and_unknown(void **state)
{
	struct fixture f;
	const uint32_t pcs[] = {0x118, 0x7000, 0x210, 0x8001};
	uint32_t node, i64;

	(void)state;
	setup(&f);
	i64 = add_type(&f.b, "int", SCHEMA_KIND_INT, 8, SCHEMA_NONE);
	node = add_symbol_inlining(&f.b, "main.outer", "main.inner", 0x100, 0x200);
	add_symbol(&f.b, "main.root", 0x200, 0x300);
	add_symbol(&f.b, "runtime.goexit", 0x8000, 0x8010);
	add_function(&f.b, "main.inner", "inner");
	f.b.probes.data[0].inline_node = node;
	add_capture(&f.b, "x", "x", i64, 0);
	add_function(&f.b, "main.outer", "outer");
	add_function(&f.b, "main.root", "root");
	add_goroutine(&f, pcs, 4, 0);
	put_frame(&f.records, 0, 0, 0x118);
	put_value(&f.records, &f.b, 0, ASK_STATUS_OK, 0, 0, &(int64_t){9});
	put_frame(&f.records, 0, 1, 0x118);
	put_frame(&f.records, 2, 2, 0x210);
	check(&f, "stack 0 depth 4 of 1\n"
		  "  0:0 main.inner:77 inlined pc 0x401118\n"
		  "  0:1 main.outer:11 pc 0x401118\n"
		  "  0:2 ?:0 pc 0x408000\n"
		  "  0:3 main.root:10 pc 0x401210\n" GOROUTINE(
			  "4") "row 0 goroutine 7 frame 0\n  9 | 9 | 'ok'\n"
			       "row 1 goroutine 7 frame 1\n"
			       "row 2 goroutine 7 frame 3\n");
}

static void test_cut_stack_keeps_true_indexes(void **state)
{
	struct fixture f;
	const uint32_t pcs[] = {0x118, 0x210, 0x210, 0x118};
	struct ask_goroutine g = new_goroutine(7, 5, 1000);

	(void)state;
	setup(&f);
	add_symbol_inlining(&f.b, "main.outer", "main.inner", 0x100, 0x200);
	add_symbol(&f.b, "main.root", 0x200, 0x300);
	add_function(&f.b, "main.outer", "outer");
	g.stack_status = ASK_STACK_CUT;
	put_stack(&f.records, 5, pcs, 2, 2, 1000, 0);
	put_goroutine(&f.records, &g);
	put_frame(&f.records, 0, 0, 0x118);
	put_frame(&f.records, 500, 0, 0x118); /* a skipped frame may have been captured */
	put_frame(&f.records, 999, 0, 0x118);
	check(&f,
	      "stack 0 depth 1002 of 1\n"
	      "  0:0 main.inner:77 inlined pc 0x401118\n"
	      "  0:1 main.outer:11 pc 0x401118\n"
	      "  0:2 main.root:10 pc 0x401210\n"
	      "  0:999 main.root:10 pc 0x401210\n"
	      "  0:1000 main.inner:77 inlined pc 0x401118\n"
	      "  0:1001 main.outer:11 pc 0x401118\n"
	      "goroutine 7 waiting stack 0 (cut) frames 1002 reason 'select' for NULL most NULL "
	      "thread NULL parent NULL by NULL\n"
	      "row 0 goroutine 7 frame 1\n"
	      "row 0 goroutine 7 frame 501\n"
	      "row 0 goroutine 7 frame 1001\n");
}

/* Two shards with the same stack; goroutines by number, stacks by first use. */
static void test_shards_do_not_show(void **state)
{
	cleanup_strbuf struct strbuf one = STRBUF_INIT, two = STRBUF_INIT;
	const uint32_t pcs[] = {0x210}, other[] = {0x220};
	struct fixture f;

	(void)state;
	for (int swap = 0; swap < 2; swap++) {
		struct strbuf streams[2] = {STRBUF_INIT, STRBUF_INIT};
		struct ask_goroutine g = new_goroutine(3, 5, 1);

		setup(&f);
		add_symbol(&f.b, "main.root", 0x200, 0x300);
		put_stack(&streams[swap], 5, pcs, 1, 0, 1, 0);
		put_goroutine(&streams[swap], &g);
		g.goid = 1;
		put_goroutine(&streams[swap], &g);
		put_stack(&streams[!swap], 6, other, 1, 0, 1, 0);
		put_stack(&streams[!swap], 5, pcs, 1, 0, 1, 0);
		g.goid = 2;
		put_goroutine(&streams[!swap], &g);
		g.goid = 4;
		g.stack_hash[0] = g.stack_hash[1] = 6;
		put_goroutine(&streams[!swap], &g);
		build_schema(&f.b);
		assert_null(run_decode(&f.b, streams, 2, swap ? &two : &one));
		strbuf_deinit(&streams[0]);
		strbuf_deinit(&streams[1]);
		teardown(&f);
	}
	assert_string_equal(one.data, two.data);
	assert_int_equal(strncmp(one.data,
				 "stack 0 depth 1 of 3\n  0:0 main.root:10 pc 0x401210\n"
				 "stack 1 depth 1 of 1\n",
				 73),
			 0);
}

/* A shard's stream comes in chunks: a frame may begin one. */
static void test_streams_continue(void **state)
{
	cleanup_strbuf struct strbuf out = STRBUF_INIT;
	struct strbuf first = STRBUF_INIT, second = STRBUF_INIT;
	struct decode_sink sink = {&out, print_stack, print_frame, print_goroutine, print_row};
	struct ask_goroutine g = new_goroutine(7, 0, 0);
	struct decode_stream streams[2];
	struct fixture f;

	(void)state;
	setup(&f);
	add_function(&f.b, "main.f", "f");
	build_schema(&f.b);
	put_goroutine(&first, &g);
	put_frame(&second, 3, 0, 0x10);
	streams[0] = (struct decode_stream){1, (const uint8_t *)first.data, first.length};
	streams[1] = (struct decode_stream){1, (const uint8_t *)second.data, second.length};
	assert_null(decode(&(struct decode_input){.name = "x",
						  .schema = &f.b.schema,
						  .process = &f.b.process,
						  .streams = streams,
						  .streams_count = 2},
			   &sink));
	assert_non_null(strstr(out.data, "row 0 goroutine 7 frame 3\n"));
	strbuf_deinit(&first);
	strbuf_deinit(&second);
	teardown(&f);
}

static void check_goroutine(struct ask_goroutine g, int64_t last_gc, const char *expected)
{
	cleanup_strbuf struct strbuf got = STRBUF_INIT;
	struct ask_goroutine old = new_goroutine(99, 0, 0);
	struct fixture f;
	char *end;

	setup(&f);
	add_symbol(&f.b, "main.main", 0x100, 0x200);
	add_symbol(&f.b, "runtime.main", 0x200, 0x300);
	add_symbol(&f.b, "runtime.bgsweep", 0x300, 0x400);
	add_symbol(&f.b, "runtime.runfinq", 0x400, 0x500);
	add_symbol(&f.b, "runtime/pprof.profileWriter", 0x500, 0x600);
	f.b.process.last_gc_ns = last_gc;
	put_goroutine(&f.records, &g);
	if (last_gc) { /* someone who waits since before the last collection but one */
		old.waitsince = 1;
		put_goroutine(&f.records, &old);
	}
	build_schema(&f.b);
	assert_null(run_decode(&f.b, &f.records, 1, &got));
	end = strchr(got.data, '\n');
	*end = '\0';
	assert_string_equal(got.data, expected);
	teardown(&f);
}

static struct ask_goroutine plain(uint32_t status)
{
	struct ask_goroutine g = new_goroutine(7, 0, 0);

	g.atomicstatus = status;
	return g;
}

#define UNREADABLE " stack none (unavailable: its memory could not be read) frames 0 "
#define REST " thread NULL parent NULL by NULL"

static void test_states(void **state)
{
	static const struct {
		uint32_t status;
		const char *name;
	} rows[] = {{0, "idle"},      {1, "runnable"},	{2, "running"}, {3, "syscall"},
		    {8, "copystack"}, {9, "preempted"}, {10, "leaked"}, {5, "unknown: 5"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char expected[256];

		snprintf(expected, sizeof(expected),
			 "goroutine 7 %s" UNREADABLE "reason %s for NULL most NULL" REST,
			 rows[i].name, rows[i].status == 10 ? "'select'" : "NULL");
		check_goroutine(plain(rows[i].status | 0x1000), 0, expected);
	}
}

static void test_waits(void **state)
{
	struct ask_goroutine g = plain(4);

	(void)state;
	g.waitsince = 2000000000;
	check_goroutine(g, 0,
			"goroutine 7 waiting" UNREADABLE
			"reason 'select' for 3000000000 most NULL" REST);
	/* known: no bound beside it */
	check_goroutine(g, 999000000000,
			"goroutine 7 waiting" UNREADABLE
			"reason 'select' for 3000000000 most NULL" REST);
	/* not seen waiting by the last collection, and it was not the first */
	g.waitsince = 0;
	check_goroutine(g, 999000000000,
			"goroutine 7 waiting" UNREADABLE
			"reason 'select' for NULL most 1000000000" REST);
	/* from the future */
	g.waitsince = 6000000000;
	check_goroutine(g, 0,
			"goroutine 7 waiting" UNREADABLE "reason 'select' for NULL most NULL" REST);
	/* not waiting: whatever the fields say */
	g = plain(1);
	g.waitsince = 2000000000;
	check_goroutine(g, 999000000000,
			"goroutine 7 runnable" UNREADABLE "reason NULL for NULL most NULL" REST);
	g = plain(4);
	g.waitreason = 77;
	check_goroutine(g, 0,
			"goroutine 7 waiting" UNREADABLE
			"reason 'unknown: 77' for NULL most NULL" REST);
	g.waitreason = 0;
	check_goroutine(g, 0,
			"goroutine 7 waiting" UNREADABLE "reason NULL for NULL most NULL" REST);
}

/* The first collection leaves waitsince 0 in everyone: then the last one bounds nothing. */
static void test_one_collection_bounds_nothing(void **state)
{
	cleanup_strbuf struct strbuf got = STRBUF_INIT;
	struct ask_goroutine g = plain(4);
	struct fixture f;

	(void)state;
	setup(&f);
	f.b.process.last_gc_ns = 999000000000;
	put_goroutine(&f.records, &g);
	build_schema(&f.b);
	assert_null(run_decode(&f.b, &f.records, 1, &got));
	assert_non_null(strstr(got.data, "for NULL most NULL"));
	teardown(&f);
}

static void test_who_and_where(void **state)
{
	struct ask_goroutine g = plain(1);

	(void)state;
	g.thread = 4243;
	g.parent_goid = 1;
	g.gopc = TEXT_ADDRESS + 0x1000 + 0x200; /* right behind main.main */
	check_goroutine(g, 0,
			"goroutine 7 runnable" UNREADABLE
			"reason NULL for NULL most NULL thread 4243 parent 1 by 'runtime.main'");
	g.gopc = TEXT_ADDRESS + 0x1000 + 0x1f0;
	check_goroutine(g, 0,
			"goroutine 7 runnable" UNREADABLE
			"reason NULL for NULL most NULL thread 4243 parent 1 by 'main.main'");
	g.gopc = 0x7fff00000000;
	check_goroutine(g, 0,
			"goroutine 7 runnable" UNREADABLE
			"reason NULL for NULL most NULL thread 4243 parent 1 by NULL");
	/* the first goroutine has a gopc, in the startup code */
	g = plain(1);
	g.goid = 1;
	g.gopc = TEXT_ADDRESS + 0x1000 + 0x1f0;
	check_goroutine(g, 0,
			"goroutine 1 runnable" UNREADABLE
			"reason NULL for NULL most NULL thread NULL parent NULL by NULL");
}

static void test_system_goroutines(void **state)
{
	static const struct {
		uint32_t start;
		bool system;
	} rows[] = {{0x100, false}, {0x200, false}, {0x300, true},
		    {0x400, true},  {0x500, false}, {0x9000, false}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ask_goroutine g = plain(1);
		char expected[256];

		g.startpc = TEXT_ADDRESS + 0x1000 + rows[i].start;
		snprintf(expected, sizeof(expected),
			 "goroutine 7%s runnable" UNREADABLE "reason NULL for NULL most NULL" REST,
			 rows[i].system ? " system" : "");
		check_goroutine(g, 0, expected);
	}
}

/* The finalizer goroutine is the user's while it runs a finalizer. */
static void test_finalizer(void **state)
{
	for (int user = 0; user < 2; user++) {
		cleanup_strbuf struct strbuf got = STRBUF_INIT;
		const uint32_t pcs[] = {user ? 0x110 : 0x210, 0x410};
		struct ask_goroutine g = new_goroutine(7, 5, 2);
		struct fixture f;

		(void)state;
		setup(&f);
		add_symbol(&f.b, "main.finalize", 0x100, 0x200);
		add_symbol(&f.b, "runtime.gopark", 0x200, 0x300);
		add_symbol(&f.b, "runtime.runfinq", 0x400, 0x500);
		g.startpc = TEXT_ADDRESS + 0x1000 + 0x400;
		put_stack(&f.records, 5, pcs, 2, 0, 2, 0);
		put_goroutine(&f.records, &g);
		build_schema(&f.b);
		assert_null(run_decode(&f.b, &f.records, 1, &got));
		assert_non_null(
			strstr(got.data, user ? "goroutine 7 waiting" : "goroutine 7 system"));
		teardown(&f);
	}
}

static void test_stack_statuses(void **state)
{
	(void)state;
	for (uint16_t i = ASK_STACK_RUNNING; i <= ASK_STACK_CHANGED; i++) {
		cleanup_strbuf struct strbuf got = STRBUF_INIT;
		struct ask_goroutine g = plain(1);
		struct fixture f;

		setup(&f);
		g.stack_status = i;
		put_goroutine(&f.records, &g);
		build_schema(&f.b);
		assert_null(run_decode(&f.b, &f.records, 1, &got));
		assert_non_null(strstr(got.data, "stack none (unavailable: "));
		teardown(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_return_addresses_look_back),
		cmocka_unit_test(test_exact_pcs),
		cmocka_unit_test(test_inlined_and_unknown),
		cmocka_unit_test(test_cut_stack_keeps_true_indexes),
		cmocka_unit_test(test_shards_do_not_show),
		cmocka_unit_test(test_streams_continue),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_waits),
		cmocka_unit_test(test_one_collection_bounds_nothing),
		cmocka_unit_test(test_who_and_where),
		cmocka_unit_test(test_system_goroutines),
		cmocka_unit_test(test_finalizer),
		cmocka_unit_test(test_stack_statuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
