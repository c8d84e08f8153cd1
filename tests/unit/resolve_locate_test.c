/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "resolve_model.h"

/* From one location to ops and gaps: which bytes are there, and why others are not. */

static struct arena arena;
static struct resolve_program program;
static bool redact; /* compile() as a redacted capture */

/* Compiles an access of `type` at `offset` in a variable of `of` that lies in `pieces`. */
static void compile(const struct binary_type *of, const struct binary_type *type, uint64_t offset,
		    const uint64_t *hops, size_t hops_count, const struct binary_piece *pieces,
		    size_t count)
{
	struct binary_location location = {100, 200, pieces, count, false};
	struct binary_variable variable = {
		.name = "x", .type = of, .locations = &location, .locations_count = 1};
	struct resolve_hop followed[4] = {0};
	struct resolve_access access = {.variable = &variable,
					.type = type,
					.offset = offset,
					.hops = followed,
					.hops_count = hops_count,
					.redact = redact};

	for (size_t i = 0; i < hops_count; i++)
		followed[i].add = hops[i];
	locate(&arena, &access, &location, &program);
}

static void whole(const struct binary_type *type, const struct binary_piece *pieces, size_t count)
{
	compile(type, type, 0, NULL, 0, pieces, count);
}

static void assert_op(uint32_t index, uint32_t kind, int64_t a, uint32_t b, uint32_t c)
{
	assert_true(index < program.ops_count);
	assert_int_equal(program.ops[index].kind, kind);
	assert_int_equal(program.ops[index].a, a);
	assert_int_equal(program.ops[index].b, b);
	assert_int_equal(program.ops[index].c, c);
}

static void assert_gap(uint32_t index, uint32_t offset, uint32_t size, uint32_t reason)
{
	assert_true(index < program.gaps_count);
	assert_int_equal(program.gaps[index].offset, offset);
	assert_int_equal(program.gaps[index].size, size);
	assert_int_equal(program.gaps[index].reason, reason);
}

static void assert_unavailable(uint32_t reason)
{
	assert_int_equal(program.ops_count, 0);
	assert_int_equal(program.gaps_count, 0);
	assert_int_equal(program.reason, reason);
}

static void test_one_piece(void **state)
{
	const struct binary_piece piece[] = {CFA(16, 0, 16)};

	(void)state;
	whole(&m_string, piece, 1);
	assert_int_equal(program.ops_count, 2);
	assert_op(0, ASK_OP_CFA, 16, 0, 0);
	assert_op(1, ASK_OP_COPY, 0, 0, 16);
	assert_int_equal(program.gaps_count, 0);
	assert_int_equal(program.reason, 0);
}

static void test_path_inside_a_variable(void **state)
{
	const struct binary_piece pieces[] = {CFA(-64, 0, 8), CFA(32, 8, 8)};

	(void)state;
	compile(&m_padded, &m_int_ptr, 8, NULL, 0, pieces, 2);
	assert_int_equal(program.ops_count, 2); /* only the piece that the field is in */
	assert_op(0, ASK_OP_CFA, 32, 0, 0);
	assert_op(1, ASK_OP_COPY, 0, 0, 8);
}

static void test_path_through_pointers(void **state)
{
	const struct binary_piece piece[] = {CFA(8, 0, 8)};
	const uint64_t hops[] = {8, 0};

	(void)state;
	compile(&m_padded_ptr, &m_int, 0, hops, 2, piece, 1);
	assert_int_equal(program.ops_count, 5);
	assert_op(0, ASK_OP_CFA, 8, 0, 0);
	assert_op(1, ASK_OP_DEREF, 0, 0, 0);
	assert_op(2, ASK_OP_ADD, 8, 0, 0);
	assert_op(3, ASK_OP_DEREF, 0, 0, 0);
	assert_op(4, ASK_OP_COPY, 0, 0, 8);
}

/* A slice or interface whose words lie apart, and one hop from it. */
static void compile_apart(const struct binary_type *of, struct resolve_hop hop,
			  const struct binary_piece *pieces, size_t count)
{
	struct binary_location location = {100, 200, pieces, count, false};
	struct binary_variable variable = {
		.name = "x", .type = of, .locations = &location, .locations_count = 1};
	struct resolve_access access = {
		.variable = &variable, .type = &m_int, .hops = &hop, .hops_count = 1};

	locate(&arena, &access, &location, &program);
}

static void test_words_that_lie_apart(void **state)
{
	static const struct binary_type boxed = {.name = "main.boxed", .runtime_type = 0x40};
	const struct binary_piece words[] = {CFA(-64, 0, 8), CFA(32, 8, 8), CFA(40, 16, 8)};
	const struct binary_piece half[] = {CFA(-64, 0, 8), AT(REGISTER, 0, 8, 8), CFA(40, 16, 8)};
	struct resolve_hop hop = {.kind = RESOLVE_INDEX, .index = 3, .element_size = 16, .add = 8};

	(void)state;
	compile_apart(&m_ints, hop, words, 3);
	assert_int_equal(program.ops_count, 5);
	assert_op(0, ASK_OP_CFA, 32, 0, 0);
	assert_op(1, ASK_OP_INDEX, 3, 0, ASK_LOOK);
	assert_op(2, ASK_OP_CFA, -64, 0, 0);
	assert_op(3, ASK_OP_DEREF, 0, 0, 0);
	assert_op(4, ASK_OP_COPY, 3 * 16 + 8, 0, 8);
	compile_apart(&m_ints, hop, half, 3);
	assert_unavailable(ASK_REASON_REGISTER);
	hop = (struct resolve_hop){.kind = RESOLVE_ASSERT, .type = &boxed, .methods = true};
	compile_apart(&m_ints, hop, words, 3);
	assert_int_equal(program.ops_count, 5);
	assert_op(0, ASK_OP_CFA, -64, 0, 0);
	assert_op(1, ASK_OP_ASSERT, 0x40, 1, ASK_LOOK);
	assert_op(2, ASK_OP_CFA, 32, 0, 0);
	assert_op(3, ASK_OP_DEREF, 0, 0, 0);
	hop.direct = true; /* the second word is the value */
	compile_apart(&m_ints, hop, words, 3);
	assert_int_equal(program.ops_count, 4);
	assert_op(3, ASK_OP_COPY, 0, 0, 8);
	/* an index that no address reaches */
	hop = (struct resolve_hop){
		.kind = RESOLVE_INDEX, .index = UINT64_MAX / 2, .element_size = 16};
	compile_apart(&m_ints, hop, words, 3);
	assert_unavailable(ASK_REASON_UNSUPPORTED);
}

static void test_last_hop_is_folded_into_the_copy(void **state)
{
	const struct binary_piece piece[] = {CFA(8, 0, 8)};
	const uint64_t hops[] = {40};

	(void)state;
	compile(&m_padded_ptr, &m_int, 0, hops, 1, piece, 1);
	assert_int_equal(program.ops_count, 3);
	assert_op(2, ASK_OP_COPY, 40, 0, 8);
}

static void test_pieces_in_different_places(void **state)
{
	const struct binary_piece pieces[] = {CFA(-32, 0, 8), CFA(24, 8, 8), CFA(32, 16, 8)};

	(void)state;
	whole(&m_ints, pieces, 3);
	assert_int_equal(program.ops_count, 3);
	assert_op(0, ASK_OP_CFA, -32, 0, 0);
	assert_op(1, ASK_OP_COPY, 0, 0, 8);
	assert_op(2, ASK_OP_COPY, 56, 8, 16); /* relative to CFA-32; neighbours are joined */
}

static void test_pieces_of_different_kinds(void **state)
{
	const struct binary_piece pieces[] = {CFA(16, 0, 8), AT(CFA_DEREF, -8, 8, 8),
					      CFA(64, 16, 8)};

	(void)state;
	whole(&m_ints, pieces, 3);
	assert_int_equal(program.ops_count, 7);
	assert_op(0, ASK_OP_CFA, 16, 0, 0);
	assert_op(1, ASK_OP_COPY, 0, 0, 8);
	assert_op(2, ASK_OP_CFA, -8, 0, 0);
	assert_op(3, ASK_OP_DEREF, 0, 0, 0);
	assert_op(4, ASK_OP_COPY, 0, 8, 8);
	assert_op(5, ASK_OP_CFA, 64, 0, 0); /* the address was lost: it is set again */
	assert_op(6, ASK_OP_COPY, 0, 16, 8);
}

static void test_missing_pieces_are_gaps(void **state)
{
	const struct binary_piece pieces[] = {
		CFA(24, 0, 8),
		{.kind = BINARY_PIECE_REGISTER, .reg = 3, .value_offset = 8, .size = 8}};

	(void)state;
	whole(&m_ints, pieces, 2); /* the trailing piece, cap, is left out by Go */
	assert_int_equal(program.ops_count, 2);
	assert_op(1, ASK_OP_COPY, 0, 0, 8);
	assert_int_equal(program.gaps_count, 2);
	assert_gap(0, 8, 8, ASK_REASON_REGISTER);
	assert_gap(1, 16, 8, ASK_REASON_OPTIMIZED_OUT);
}

static void test_dead_pointer_of_a_string_is_partial(void **state)
{
	const struct binary_piece pieces[] = {AT(EMPTY, 0, 0, 8), CFA(-16, 8, 8)};

	(void)state;
	whole(&m_string, pieces, 2);
	assert_op(1, ASK_OP_COPY, 0, 8, 8);
	assert_int_equal(program.gaps_count, 1);
	assert_gap(0, 0, 8, ASK_REASON_OPTIMIZED_OUT);
}

static void test_padding_is_no_gap(void **state)
{
	const struct binary_piece holes[] = {CFA(0, 0, 4), AT(EMPTY, 0, 4, 4), CFA(40, 8, 8)};
	const struct binary_piece left_out[] = {CFA(0, 0, 4), CFA(40, 8, 8)};
	const struct binary_piece split[] = {CFA(0, 0, 8), AT(EMPTY, 0, 8, 8)};

	(void)state;
	whole(&m_padded, holes, 3);
	assert_int_equal(program.gaps_count, 0);
	whole(&m_padded, left_out, 2);
	assert_int_equal(program.gaps_count, 0);
	assert_op(1, ASK_OP_COPY, 0, 0, 4);
	assert_op(2, ASK_OP_COPY, 40, 8, 8);
	whole(&m_padded, split, 2);
	assert_int_equal(program.gaps_count, 1);
	assert_gap(0, 8, 8, ASK_REASON_OPTIMIZED_OUT);
}

static void test_nothing_there(void **state)
{
	const struct binary_piece in_register[] = {{.kind = BINARY_PIECE_REGISTER, .size = 8}};
	const struct binary_piece dead[] = {AT(EMPTY, 0, 0, 8)};
	const struct binary_piece strange[] = {AT(UNSUPPORTED, 0, 0, 8)};
	const struct binary_piece mixed[] = {
		AT(EMPTY, 0, 0, 8), {.kind = BINARY_PIECE_REGISTER, .value_offset = 8, .size = 8}};
	struct binary_variable variable = {.name = "x", .type = &m_int};
	struct resolve_access access = {.variable = &variable, .type = &m_int};
	struct binary_location location = {1, 2, NULL, 0, false};

	(void)state;
	whole(&m_int, in_register, 1);
	assert_unavailable(ASK_REASON_REGISTER);
	whole(&m_int, dead, 1);
	assert_unavailable(ASK_REASON_OPTIMIZED_OUT);
	whole(&m_int, strange, 1);
	assert_unavailable(ASK_REASON_UNSUPPORTED);
	whole(&m_string, mixed, 2);
	assert_unavailable(ASK_REASON_REGISTER);
	locate(&arena, &access, NULL, &program); /* no location anywhere */
	assert_unavailable(ASK_REASON_OPTIMIZED_OUT);
	variable.locations = &location;
	variable.locations_count = 1;
	locate(&arena, &access, &location, &program); /* an empty one here */
	assert_unavailable(ASK_REASON_OPTIMIZED_OUT);
	locate(&arena, &access, NULL, &program); /* one elsewhere */
	assert_unavailable(ASK_REASON_NO_LOCATION);
}

static void test_contradictions(void **state)
{
	const struct binary_piece overlap[] = {CFA(0, 0, 8), CFA(40, 4, 8)};
	const struct binary_piece too_long[] = {CFA(0, 0, 24)};
	const struct binary_piece fine[] = {CFA(0, 0, 16)};
	struct binary_location location = {1, 2, fine, 1, true};
	struct binary_variable variable = {
		.name = "x", .type = &m_string, .locations = &location, .locations_count = 1};
	struct resolve_access access = {.variable = &variable, .type = &m_string};

	(void)state;
	whole(&m_string, overlap, 2);
	assert_unavailable(ASK_REASON_PIECES);
	whole(&m_string, too_long, 1);
	assert_unavailable(ASK_REASON_PIECES);
	locate(&arena, &access, &location, &program);
	assert_unavailable(ASK_REASON_PIECES);
}

static void test_a_followed_pointer_must_be_whole(void **state)
{
	const struct binary_piece halves[] = {CFA(0, 0, 4), CFA(40, 4, 4)};
	const struct binary_piece in_register[] = {{.kind = BINARY_PIECE_REGISTER, .size = 8}};
	const uint64_t hops[] = {0};

	(void)state;
	compile(&m_int_ptr, &m_int, 0, hops, 1, halves, 2);
	assert_unavailable(ASK_REASON_PIECES);
	compile(&m_int_ptr, &m_int, 0, hops, 1, in_register, 1);
	assert_unavailable(ASK_REASON_REGISTER);
	compile(&m_int_ptr, &m_int, 0, hops, 1, NULL, 0);
	assert_unavailable(ASK_REASON_OPTIMIZED_OUT);
}

static void test_indirect_and_static(void **state)
{
	const struct binary_piece indirect[] = {AT(CFA_DEREF, 24, 0, 16)};
	const struct binary_piece fixed[] = {AT(STATIC, 0x5000, 0, 16)};
	const uint64_t hops[] = {0};

	(void)state;
	compile(&m_padded, &m_int_ptr, 8, NULL, 0, indirect, 1);
	assert_int_equal(program.ops_count, 3);
	assert_op(0, ASK_OP_CFA, 24, 0, 0);
	assert_op(1, ASK_OP_DEREF, 0, 0, 0);
	assert_op(2, ASK_OP_COPY, 8, 0, 8);
	compile(&m_padded, &m_int, 8, hops, 1, indirect, 1);
	assert_int_equal(program.ops_count, 5);
	assert_op(2, ASK_OP_ADD, 8, 0, 0);
	compile(&m_padded, &m_int_ptr, 8, NULL, 0, fixed, 1);
	assert_op(0, ASK_OP_STATIC, 0x5008, 0, 0);
	assert_op(1, ASK_OP_COPY, 0, 0, 8);
}

static void test_values_without_bytes(void **state)
{
	const struct binary_piece piece[] = {CFA(8, 0, 8)};
	const struct binary_piece none[] = {CFA(8, 0, 0)};
	const uint64_t hops[] = {16};

	(void)state;
	whole(&m_empty, none, 1);
	assert_int_equal(program.ops_count, 1);
	assert_op(0, ASK_OP_CFA, 0, 0, 0);
	compile(&m_int_ptr, &m_empty, 0, hops, 1, piece, 1);
	assert_int_equal(program.ops_count, 2); /* nil is still found out */
	assert_op(1, ASK_OP_DEREF, 0, 0, 0);
}

static void test_more_pieces_than_ops(void **state)
{
	struct binary_piece pieces[40];
	const struct binary_type wide = T(ARRAY, "[40]int", 320, .elem = &m_int, .count = 40);

	(void)state;
	for (uint32_t i = 0; i < ARRAY_SIZE(pieces); i++)
		pieces[i] = (struct binary_piece)AT(CFA_DEREF, -8 * (int64_t)i, 8 * i, 8);
	whole(&wide, pieces, ARRAY_SIZE(pieces));
	assert_unavailable(ASK_REASON_UNSUPPORTED);
}

static void test_bytes_that_matter(void **state)
{
	const struct binary_field blank[] = {{"_", &m_int, 0, false}, {"x", &m_int32, 8, false}};
	const struct binary_type odd = T(STRUCT, "odd", 16, .fields = blank, .fields_count = 2);
	const struct binary_type odds = T(ARRAY, "[3]odd", 48, .elem = &odd, .count = 3);

	(void)state;
	assert_true(locate_has_data(NULL, &m_padded, 0, 4));
	assert_false(locate_has_data(NULL, &m_padded, 4, 8));
	assert_true(locate_has_data(NULL, &m_padded, 4, 9));
	assert_false(locate_has_data(NULL, &odd, 0, 8));
	assert_true(locate_has_data(NULL, &odd, 0, 9));
	assert_false(locate_has_data(NULL, &odd, 12, 16));
	assert_false(locate_has_data(NULL, &odds, 12, 24)); /* padding of one, blank of the next */
	assert_true(locate_has_data(NULL, &odds, 12, 25));
	assert_true(locate_has_data(NULL, &odds, 16, 40));
	assert_false(locate_has_data(NULL, &m_int, 3, 3));
}

static void test_large_locals_are_not_believed(void **state)
{
	const struct binary_type wide = T(ARRAY, "[4]int", 32, .elem = &m_int, .count = 4);
	const struct binary_field two[] = {{"a", &m_string, 0, false}, {"b", &m_string, 16, false}};
	const struct binary_type pair = T(STRUCT, "pair", 32, .fields = two, .fields_count = 2);
	struct binary_variable variable = {.name = "x", .type = &wide};
	struct binary_function function = {.name = "main.f"};

	(void)state;
	assert_true(locate_is_unsure(&function, &variable, false));
	function.own_slots = true;
	assert_false(locate_is_unsure(&function, &variable, false));
	assert_false(locate_is_unsure(&function, &variable, true));
	function.own_slots = false;
	variable.parameter = true;
	assert_false(locate_is_unsure(&function, &variable, false));
	assert_true(locate_is_unsure(&function, &variable, true)); /* of an inlined function: a local */
	variable.parameter = false;
	variable.result = true;
	assert_false(locate_is_unsure(&function, &variable, false));
	variable.result = false;
	variable.type = &m_ints; /* three words */
	assert_false(locate_is_unsure(&function, &variable, false));
	variable.type = &pair; /* four words that the compiler keeps apart */
	assert_false(locate_is_unsure(&function, &variable, false));
}

static void test_only_stack_slots_are_shared(void **state)
{
	const struct binary_type wide = T(ARRAY, "[4]int", 32, .elem = &m_int, .count = 4);
	const struct binary_piece slot[] = {CFA(-64, 0, 32)};
	const struct binary_piece heap[] = {AT(CFA_DEREF, -64, 0, 32)};
	struct binary_location location = {1, 2, slot, 1, false};
	struct binary_variable variable = {
		.name = "x", .type = &wide, .locations = &location, .locations_count = 1};
	struct resolve_access access = {.variable = &variable, .type = &m_int, .unsure = true};

	(void)state;
	locate(&arena, &access, &location, &program);
	assert_unavailable(ASK_REASON_SHARED_SLOT);
	location.pieces = heap; /* it escaped: the heap object is its own */
	locate(&arena, &access, &location, &program);
	assert_int_equal(program.ops_count, 3);
}

static void test_which_location(void **state)
{
	const struct binary_range scope[] = {{100, 110}, {120, 130}};
	const struct binary_piece piece[] = {CFA(8, 0, 8)};
	const struct binary_piece in_register[] = {{.kind = BINARY_PIECE_REGISTER, .size = 8}};
	struct binary_location everywhere[] = {{100, 110, piece, 1, false},
					       {120, 130, piece, 1, false}};
	struct binary_location list[] = {{104, 110, piece, 1, false}, {120, 130, piece, 1, false}};
	struct binary_variable variable = {.type = &m_int,
					   .block = 1,
					   .scope = scope,
					   .scope_count = 2,
					   .locations = everywhere,
					   .locations_count = 2};

	(void)state;
	/* a plain expression also holds for a call that ends its scope */
	assert_true(locate_is_plain(&variable));
	assert_ptr_equal(locate_at(&variable, 101), &everywhere[0]);
	assert_ptr_equal(locate_at(&variable, 110), &everywhere[0]);
	assert_ptr_equal(locate_at(&variable, 130), &everywhere[1]);
	assert_null(locate_at(&variable, 115));
	/* a list is taken by the letter, at the return address itself */
	variable.locations = list;
	assert_false(locate_is_plain(&variable));
	assert_null(locate_at(&variable, 103));
	assert_ptr_equal(locate_at(&variable, 104), &list[0]);
	assert_null(locate_at(&variable, 110));
	everywhere[0].pieces = everywhere[1].pieces = in_register;
	variable.locations = everywhere;
	assert_false(locate_is_plain(&variable)); /* only memory holds that long */
}

/* x[3].n of a slice of padded structs, from pieces that lie in one row or not */
static void index_slice(const struct binary_piece *pieces, size_t count)
{
	static const struct binary_type paddeds = T(SLICE, "[]main.padded", 24, .elem = &m_padded);
	struct binary_location location = {100, 200, pieces, count, false};
	struct binary_variable variable = {
		.name = "x", .type = &paddeds, .locations = &location, .locations_count = 1};
	const struct resolve_hop hop = {
		.kind = RESOLVE_INDEX, .index = 3, .element_size = 16, .add = 8, .name = "x"};
	struct resolve_access access = {
		.variable = &variable, .type = &m_int_ptr, .hops = &hop, .hops_count = 1};

	locate(&arena, &access, &location, &program);
}

static void test_an_index_wants_pointer_and_length(void **state)
{
	const struct binary_piece row[] = {CFA(-24, 0, 8), CFA(-16, 8, 8), AT(EMPTY, 0, 16, 8)};
	const struct binary_piece apart[] = {CFA(-24, 0, 8), CFA(-64, 8, 16)};
	const struct binary_piece no_length[] = {CFA(-24, 0, 8), AT(EMPTY, 0, 8, 16)};

	(void)state;
	index_slice(row, 3); /* the capacity is not needed */
	assert_int_equal(program.ops_count, 3);
	assert_op(0, ASK_OP_CFA, -24, 0, 0);
	assert_op(1, ASK_OP_INDEX, 3, 16, 0);
	assert_op(2, ASK_OP_COPY, 8, 0, 8);
	index_slice(apart, 2); /* each of them in its place */
	assert_int_equal(program.ops_count, 5);
	assert_op(0, ASK_OP_CFA, -64, 0, 0);
	index_slice(no_length, 2);
	assert_int_equal(program.reason, ASK_REASON_OPTIMIZED_OUT);
}

static void test_assertions(void **state)
{
	static const struct binary_type any = T(ANY, "any", 16);
	static const struct binary_type held = T(POINTER, "*main.T", 8, .runtime_type = 0x1234);
	const struct binary_piece piece[] = {CFA(-32, 0, 16)};
	struct binary_location location = {100, 200, piece, 1, false};
	struct binary_variable variable = {
		.name = "x", .type = &any, .locations = &location, .locations_count = 1};
	const struct resolve_hop hop = {
		.kind = RESOLVE_ASSERT, .type = &held, .direct = true, .methods = true};
	struct resolve_access access = {
		.variable = &variable, .type = &held, .hops = &hop, .hops_count = 1};

	(void)state;
	locate(&arena, &access, &location, &program);
	assert_int_equal(program.ops_count, 3);
	assert_op(1, ASK_OP_ASSERT, 0x1234, 1, 1);
	assert_op(2, ASK_OP_COPY, 0, 0, 8);
}

/* Not one byte of a redacted value is read: of a string its length, of the rest nothing. */
static void test_redacted(void **state)
{
	const struct binary_piece words[] = {CFA(-24, 0, 8), CFA(-40, 8, 8)};
	const struct binary_piece no_length[] = {CFA(-24, 0, 8), AT(EMPTY, 0, 8, 8)};
	const struct binary_piece pointer[] = {CFA(-24, 0, 8)};
	const uint64_t hops[] = {40};

	(void)state;
	redact = true;
	whole(&m_string, words, 2);
	assert_int_equal(program.reason, ASK_REASON_REDACTED);
	assert_int_equal(program.gaps_count, 0);
	assert_int_equal(program.ops_count, 2);
	assert_op(0, ASK_OP_CFA, -40, 0, 0);
	assert_op(1, ASK_OP_COPY, 0, 8, 8);
	compile(&m_padded_ptr, &m_string, 0, hops, 1, pointer, 1);
	assert_int_equal(program.reason, ASK_REASON_REDACTED);
	assert_int_equal(program.ops_count, 3);
	assert_op(2, ASK_OP_COPY, 48, 8, 8);
	whole(&m_string, no_length, 2);
	assert_int_equal(program.reason, ASK_REASON_OPTIMIZED_OUT);
	assert_int_equal(program.ops_count, 0);
	whole(&m_padded, words, 2);
	assert_int_equal(program.reason, ASK_REASON_REDACTED);
	assert_int_equal(program.ops_count, 0);
	redact = false;
}

static int setup(void **state)
{
	(void)state;
	arena_init(&arena);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_deinit(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_index_wants_pointer_and_length),
		cmocka_unit_test(test_assertions),
		cmocka_unit_test(test_redacted),
		cmocka_unit_test(test_one_piece),
		cmocka_unit_test(test_path_inside_a_variable),
		cmocka_unit_test(test_path_through_pointers),
		cmocka_unit_test(test_words_that_lie_apart),
		cmocka_unit_test(test_last_hop_is_folded_into_the_copy),
		cmocka_unit_test(test_pieces_in_different_places),
		cmocka_unit_test(test_pieces_of_different_kinds),
		cmocka_unit_test(test_missing_pieces_are_gaps),
		cmocka_unit_test(test_dead_pointer_of_a_string_is_partial),
		cmocka_unit_test(test_padding_is_no_gap),
		cmocka_unit_test(test_nothing_there),
		cmocka_unit_test(test_contradictions),
		cmocka_unit_test(test_a_followed_pointer_must_be_whole),
		cmocka_unit_test(test_indirect_and_static),
		cmocka_unit_test(test_values_without_bytes),
		cmocka_unit_test(test_more_pieces_than_ops),
		cmocka_unit_test(test_bytes_that_matter),
		cmocka_unit_test(test_large_locals_are_not_believed),
		cmocka_unit_test(test_only_stack_slots_are_shared),
		cmocka_unit_test(test_which_location),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
