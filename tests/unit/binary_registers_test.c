/* SPDX-License-Identifier: BSD-2-Clause */
/* When a register of a location list is certain: made-up code, a variable in register 3 (rbx). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "binary_int.h"

#define REG 3u
#define BIT (1u << REG)
#define LO 0x1000u /* instructions are 64 bytes apart: no window is short */
#define STEP 64u
#define PC(n) (LO + STEP * (n))

static const struct binary_piece in_register = {
	.kind = BINARY_PIECE_REGISTER, .reg = REG, .size = 8};
static const struct binary_piece in_memory = {.kind = BINARY_PIECE_CFA, .offset = 16, .size = 8};

static struct arena arena;
static struct binary_instruction code[10];
static struct binary_location locations[3];
static struct binary_variable variable;

/* Ten instructions of which the first writes the register; the variable is in it from the second on. */
static int setup(void **state)
{
	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < ARRAY_SIZE(code); i++)
		code[i] = (struct binary_instruction){.pc = PC(i), .size = STEP, .plain = true};
	code[0].writes = BIT;
	code[9].ends = true;
	locations[0] = (struct binary_location){PC(1), PC(10), &in_register, 1, false};
	variable = (struct binary_variable){.locations = locations, .locations_count = 1};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_deinit(&arena);
	return 0;
}

/* Instructions before which the variable's register is certain, as the engine looks them up. */
static void expect(const char *wanted)
{
	char got[ARRAY_SIZE(code) + 1] = {0};

	registers_certify(&arena, code, ARRAY_SIZE(code), &variable);
	for (size_t n = 0; n < ARRAY_SIZE(code); n++) {
		unsigned here = 0;

		for (uint64_t pc = PC(n); pc <= PC(n) + 1; pc++)
			for (size_t i = 0; i < variable.locations_count; i++) {
				const struct binary_location *l = &variable.locations[i];

				here += l->lo <= pc && pc < l->hi &&
					l->pieces[0].kind == BINARY_PIECE_LEAF;
			}
		got[n] = here == 2 ? 'x' : '.';
	}
	assert_string_equal(got, wanted);
	/* nothing else of the locations changes */
	for (size_t i = 1; i < variable.locations_count; i++)
		assert_true(variable.locations[i - 1].hi <= variable.locations[i].lo);
}

static void test_to_the_end(void **state)
{
	(void)state;
	expect(".xxxxxxxxx");
}

static void test_until_it_is_written(void **state)
{
	(void)state;
	code[4].writes = BIT | 1;
	expect(".xxxx.....");
}

static void test_until_a_call(void **state)
{
	(void)state;
	code[4].call = true;
	expect(".xxxx.....");
	/* a return address is looked up alone */
	for (size_t i = 0; i < variable.locations_count; i++)
		if (variable.locations[i].pieces[0].kind == BINARY_PIECE_LEAF)
			assert_true(variable.locations[i].hi <= PC(5));
}

static void test_not_put_there_by_the_instruction_before(void **state)
{
	(void)state;
	code[0].writes = 1;
	expect("..........");
}

static void test_two_destinations(void **state)
{
	(void)state;
	code[0].writes = BIT | 1;
	expect("..........");
}

static void test_of_a_kind_that_is_not_known(void **state)
{
	(void)state;
	code[0].plain = false;
	expect("..........");
}

static void test_begins_inside_an_instruction(void **state)
{
	(void)state;
	locations[0].lo++;
	expect("..........");
}

static void test_begins_with_the_function(void **state)
{
	(void)state;
	locations[0].lo = PC(0);
	expect("..........");
}

/* Behind a jump, and nobody jumps there. */
static void test_begins_behind_a_jump(void **state)
{
	(void)state;
	code[0].ends = true;
	expect("..........");
}

static void test_loop_inside(void **state)
{
	(void)state;
	code[6].target = PC(2);
	expect(".xxxxxxxxx");
}

static void test_loop_to_its_beginning(void **state)
{
	(void)state;
	code[6].target = PC(1);
	expect(".xxxxxxxxx");
}

static void test_loop_that_writes(void **state)
{
	(void)state;
	code[6].target = PC(3);
	code[5].writes = BIT;
	expect(".xx.......");
}

static void test_jump_from_before(void **state)
{
	(void)state;
	locations[0].lo = PC(4);
	code[3].writes = BIT;
	code[0].target = PC(6);
	expect("....xx....");
}

static void test_jump_from_outside_to_its_beginning(void **state)
{
	(void)state;
	code[5].writes = BIT;
	code[7].target = PC(1);
	expect("..........");
}

/* The jump into the window comes from a part that another jump cuts off. */
static void test_cut_again(void **state)
{
	(void)state;
	locations[0].lo = PC(2);
	code[1].writes = BIT;
	code[0].target = PC(7);
	code[8].target = PC(4);
	expect("..xx......");
}

static void test_behind_a_jump_that_always_goes(void **state)
{
	(void)state;
	code[4].ends = true;
	expect(".xxxx.....");
}

static void test_behind_a_jump_and_a_target(void **state)
{
	(void)state;
	code[4].ends = true;
	code[4].target = PC(7);
	code[7].target = PC(5);
	expect(".xxxxxxxxx");
}

static void test_unknown_instruction(void **state)
{
	(void)state;
	code[9].unknown = true;
	expect("..........");
}

/* Another part of the variable moved, this one stayed where it was. */
static void test_goes_on_in_the_next_entry(void **state)
{
	(void)state;
	locations[0].hi = PC(3);
	locations[1] = (struct binary_location){PC(3), PC(10), &in_register, 1, false};
	variable.locations_count = 2;
	expect(".xxxxxxxxx");
}

/* The list keeps it in the register, although the instruction before the next entry wrote that. */
static void test_next_entry_behind_a_write(void **state)
{
	(void)state;
	locations[0].hi = PC(4);
	locations[1] = (struct binary_location){PC(4), PC(10), &in_register, 1, false};
	variable.locations_count = 2;
	code[3].writes = BIT;
	expect(".xxx......");
}

static void test_from_memory(void **state)
{
	(void)state;
	locations[0] = (struct binary_location){PC(1), PC(5), &in_memory, 1, false};
	locations[1] = (struct binary_location){PC(5), PC(10), &in_register, 1, false};
	variable.locations_count = 2;
	code[4].writes = BIT;
	expect(".....xxxxx");
}

static void test_contradictory(void **state)
{
	(void)state;
	locations[0].contradictory = true;
	expect("..........");
}

/* What nobody stays in is not worth a row; a loop is. */
static void make_short(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(code); i++) {
		code[i].pc = LO + 4 * i;
		code[i].size = 4;
	}
	locations[0].lo = LO + 4;
	locations[0].hi = LO + 40;
	registers_certify(&arena, code, ARRAY_SIZE(code), &variable);
	assert_int_equal(variable.locations_count, 1);
}

static void test_short(void **state)
{
	(void)state;
	make_short();
	assert_int_equal(variable.locations[0].pieces[0].kind, BINARY_PIECE_REGISTER);
}

static void test_short_loop(void **state)
{
	(void)state;
	code[6].target = LO + 8;
	make_short();
	assert_int_equal(variable.locations[0].pieces[0].kind, BINARY_PIECE_LEAF);
}

static void test_vector_register(void **state)
{
	static const struct binary_piece vector = {
		.kind = BINARY_PIECE_REGISTER, .reg = 17 + REG, .size = 8};

	(void)state;
	locations[0].pieces = &vector;
	expect("..........");
}

static void test_no_code(void **state)
{
	(void)state;
	registers_certify(&arena, code, 0, &variable);
	assert_int_equal(variable.locations_count, 1);
	assert_int_equal(variable.locations[0].pieces[0].kind, BINARY_PIECE_REGISTER);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_to_the_end),
		TEST(test_until_it_is_written),
		TEST(test_until_a_call),
		TEST(test_not_put_there_by_the_instruction_before),
		TEST(test_two_destinations),
		TEST(test_of_a_kind_that_is_not_known),
		TEST(test_begins_inside_an_instruction),
		TEST(test_begins_with_the_function),
		TEST(test_begins_behind_a_jump),
		TEST(test_loop_inside),
		TEST(test_loop_to_its_beginning),
		TEST(test_loop_that_writes),
		TEST(test_jump_from_before),
		TEST(test_jump_from_outside_to_its_beginning),
		TEST(test_cut_again),
		TEST(test_behind_a_jump_that_always_goes),
		TEST(test_behind_a_jump_and_a_target),
		TEST(test_unknown_instruction),
		TEST(test_goes_on_in_the_next_entry),
		TEST(test_next_entry_behind_a_write),
		TEST(test_from_memory),
		TEST(test_contradictory),
		TEST(test_short),
		TEST(test_short_loop),
		TEST(test_vector_register),
		TEST(test_no_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
