/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "report.h"
#include "schema_fixture.h"

/* The availability report: three captures, one of each verdict. */

static struct fixture f;
static struct ir ir;
static char *text;
static size_t length;
static FILE *out;

static struct ir_address addresses[] = {{"main.(*server).GetInfo", 0x10, 0x50},
					{"main.work", 0x60, 0x80}};
static struct ir_availability rows[] = {
	{0, 0x18, "main.(*server).GetInfo", NULL, "/src/server.go", 20, IR_ALWAYS, 0},
	{0, 0x28, "main.(*server).GetInfo", NULL, "/src/server.go", 30, IR_PARTIAL,
	 ASK_REASON_OPTIMIZED_OUT},
	{1, 0x18, "main.(*server).GetInfo", NULL, "/src/server.go", 20, IR_NEVER,
	 ASK_REASON_REGISTER},
	{2, 0x80, "main.lock", "main.work", "/src/m.go", 7, IR_ALWAYS, 0},
};

static int setup(void **state)
{
	(void)state;
	fixture_init(&f);
	ir = (struct ir){.schema = f.schema,
			 .addresses = addresses,
			 .addresses_count = 2,
			 .availability = rows,
			 .availability_count = ARRAY_SIZE(rows)};
	out = open_memstream(&text, &length);
	return out ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	fclose(out);
	free(text);
	fixture_deinit(&f);
	return 0;
}

static void assert_says(const char *part)
{
	fflush(out);
	if (!strstr(text, part))
		fail_msg("no \"%s\" in\n%s", part, text);
}

static void test_table(void **state)
{
	(void)state;
	report_availability_table(&ir, out);
	assert_says("main.(*server).GetInfo  table server_GetInfo\n"
		    "  partial n  *main.node  (1 of 2 calls, 1 partial)\n"
		    "    partial at 1 call: the compiler removed the variable (server.go:30)\n");
	assert_says("  never   n.id  uint64  (0 of 1 calls)\n"
		    "    never   at 1 call: lives in a register (server.go:20)\n");
	assert_says("main.work  table work\n  always  n  *main.node  (1 of 1 calls)\n");
}

static void test_json(void **state)
{
	(void)state;
	report_availability_json(&ir, out);
	assert_says("{\"captures\":[{\"function\":\"main.(*server).GetInfo\","
		    "\"table\":\"server_GetInfo\",\"expr\":\"n\",\"column\":\"n\","
		    "\"type\":\"*main.node\",\"always\":1,\"partial\":1,\"never\":0,\"calls\":[");
	/* a call that ends its function belongs to it, not to the next one */
	assert_says("{\"function\":\"main.lock\",\"in\":\"main.work\",\"offset\":\"+0x20\","
		    "\"inlined\":true,\"file\":\"/src/m.go\",\"line\":7,\"verdict\":\"always\","
		    "\"reason\":null}");
}

static void test_deny(void **state)
{
	(void)state;
	assert_int_equal(report_denied(&ir, false, false, out), 0);
	assert_int_equal(report_denied(&ir, true, false, out), 1);
	assert_says("denied: n.id of main.(*server).GetInfo: unavailable at 1 of 1 calls\n");
	assert_int_equal(report_denied(&ir, false, true, out), 1);
	assert_says("denied: n of main.(*server).GetInfo: partial at 1 of 2 calls\n");
	assert_int_equal(report_denied(&ir, true, true, out), 2);
}

static void test_variables(void **state)
{
	static const struct ir_variable variables[] = {
		{0, "main.f", NULL, "/src/f.go", 3, "x", "int", IR_PARAMETER, 3, 4, 4, 0, 0},
		{0, "main.f", NULL, "/src/f.go", 3, "sé", "[]int", IR_LOCAL, 5, 2, 1, 1,
		 ASK_REASON_REGISTER},
		{1, "main.f", "main.g", "/src/g.go", 9, "x", "int", IR_RESULT, 0, 0, 0, 0, 0},
	};

	(void)state;
	report_variables(variables, ARRAY_SIZE(variables), out);
	assert_says("main.f at /src/f.go:3\n"
		    "  x   int    parameter, line 3  4 of 4 calls\n"
		    "  sé  []int  local, line 5      1 of 2 calls, 1 partial; else lives in a register\n"
		    "main.f, inlined in main.g at /src/g.go:9\n"
		    "  x  int  result  0 of 0 calls\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_table),
		TEST(test_json),
		TEST(test_deny),
		TEST(test_variables),
	};
#undef TEST

	return cmocka_run_group_tests(tests, NULL, NULL);
}
