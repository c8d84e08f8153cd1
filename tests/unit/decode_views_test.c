/* SPDX-License-Identifier: BSD-2-Clause */
#include "decode_value_fixture.h"

/* Types that the spec's `types` cut: pointers that cost nothing, fields that are redacted. */

/* *T that costs nothing, as on the way of a chosen path. */
static uint32_t free_pointer_to(struct fixture *f, uint32_t elem)
{
	uint32_t type = pointer_to(f, elem);
	struct ask_type *engine = &f->b.engine_types.data[type];

	engine->first_pointer = (uint32_t)f->b.pointers.length;
	engine->pointers = 1;
	*VEC_PUSH(&f->b.arena, &f->b.pointers) = (struct ask_pointer){
		.kind = ASK_POINTER_FREE, .target = elem, .repeat = 1};
	return type;
}

static void test_pointers_on_the_way(void **state)
{
	struct fixture f;
	uint64_t word = 0x1000, inner[] = {0x2000}, number = 7;
	uint32_t type, pointer;

	(void)state;
	/* a struct with a chosen pointer, where depth is used up */
	setup(&f);
	add_limits(&f.b, 1, 512, 512);
	pointer = free_pointer_to(&f, f.i64);
	type = add_struct(&f.b, "main.T", 8);
	add_field(&f.b, type, "up", 0, pointer);
	put_pointee(&f.records, 0x1000, type, ASK_STATUS_OK, inner, 8);
	put_pointee(&f.records, 0x2000, f.i64, ASK_STATUS_OK, &number, 8);
	check(&f, pointer_to(&f, type), &word,
	      "'{\"up\":7}' | '{\"__addr\":\"0x1000\",\"__value\":{\"up\":{\"__addr\":\"0x2000\","
	      "\"__value\":7}}}' | 'ok'");
}

/* Nothing but what it costs ends a chain of pointers: one that costs nothing must end too. */
static void test_a_chain_without_end(void **state)
{
	struct fixture f;
	struct strbuf got = STRBUF_INIT;
	uint64_t word = 0x1000;
	uint32_t type;

	(void)state;
	setup(&f);
	type = free_pointer_to(&f, 0);
	f.b.types.data[type].elem = type;
	f.b.pointers.data[f.b.pointers.length - 1].target = type;
	for (uint64_t i = 0; i < 5000; i++) {
		uint64_t next = 0x1000 + (i + 1) * 16;

		put_pointee(&f.records, 0x1000 + i * 16, type, ASK_STATUS_OK, &next, 8);
	}
	decode_one(&f, type, ASK_STATUS_OK, 0, &word, &got);
	assert_non_null(strstr(got.data, "NULL | "));
	assert_non_null(strstr(got.data, "'not_captured: budget'"));
	strbuf_deinit(&got);
	teardown(&f);
}

static void test_redacted_fields(void **state)
{
	struct fixture f;
	uint64_t data[4] = {0, 12, 0, 3};
	uint32_t type;

	(void)state;
	setup(&f);
	type = add_struct(&f.b, "main.T", 32);
	add_field(&f.b, type, "password", 0, f.string);
	add_field(&f.b, type, "pin", 16, f.i64);
	add_field(&f.b, type, "id", 24, f.i64);
	f.b.fields.data[f.b.fields.length - 3].flags = SCHEMA_FIELD_REDACTED;
	f.b.fields.data[f.b.fields.length - 2].flags = SCHEMA_FIELD_REDACTED;
	check(&f, type, data,
	      "'{\"password\":{\"__status\":\"redacted\"},\"pin\":{\"__status\":\"redacted\"},"
	      "\"id\":3}' | '{\"password\":{\"__status\":\"redacted\",\"__type\":\"string\","
	      "\"len\":12},\"pin\":{\"__status\":\"redacted\",\"__type\":\"int\"},\"id\":3}' | "
	      "'ok'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pointers_on_the_way),
		cmocka_unit_test(test_a_chain_without_end),
		cmocka_unit_test(test_redacted_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
