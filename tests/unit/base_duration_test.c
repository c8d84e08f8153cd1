/* SPDX-License-Identifier: BSD-2-Clause */
/* Durations on the command line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base.h"

static void test_good(void **state)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} good[] = {
		{"50ms", 50000000},   {"500us", 500000},     {"500µs", 500000},
		{"1s", 1000000000},   {"1.5ms", 1500000},    {"0.25s", 250000000},
		{"10us", 10000},      {"3600s", DURATION_MOST}, {"007ms", 7000000},
		{"1.0000000009ms", 1000000}, {"0.012345678s", 12345678},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		uint64_t ns = 0;

		assert_true(duration_parse(good[i].text, &ns));
		assert_int_equal(ns, good[i].ns);
	}
}

static void test_bad(void **state)
{
	static const char *const bad[] = {
		"", "0", "0ms", "5", "ms", ".5ms", "5.ms", "5ms.", "5 ms", " 5ms", "5ms ", "-5ms", "+5ms",
		"5m", "5h", "1e3ms", "9us", "3601s", "99999999ms", "18446744073709551616us", "5msms",
		"0x5ms", "1.2.3ms", "none", "50MS",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		uint64_t ns = 42;

		assert_false(duration_parse(bad[i], &ns));
		assert_int_equal(ns, 42);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
