/* SPDX-License-Identifier: BSD-2-Clause */
#include "resolve_fixture.h"

/*
 * Contexts against fixtures/contexts/main.go: which variable counts, where each type of
 * context keeps the next one, and what a wrong context is told.
 */

static const char *const toolchains[] = {"local"};

static const struct ask_context_type *row_named(const char *name)
{
	for (uint32_t i = 0; i < s->context_types_count; i++)
		for (uint32_t r = 0; r < s->rtypes_count; r++)
			if (s->rtypes[r].offset == s->context_types[i].offset &&
			    !strcmp(schema_text(s, s->rtypes[r].name), name))
				return &s->context_types[i];
	return NULL;
}

static const struct ask_pointer *first_row(uint32_t type)
{
	assert_true(s->engine_types[type].pointers > 0);
	return &s->pointers[s->engine_types[type].first_pointer];
}

#define KEY "contexts: [{key: main.key, value: int, as: id}]\n"

static void test_captures(void **state)
{
	(void)state;
	resolve_ok("functions:\n- {name: main.second, capture: [n]}\n"
		   "- {name: main.none, capture: [n]}\n" KEY);
	assert_int_equal(s->functions[0].captures, 2);
	assert_int_equal(s->functions[1].captures, 1); /* no context.Context there */
	assert_int_equal(s->captures[1].flags, SCHEMA_CAPTURE_CONTEXT);
	assert_int_equal(s->captures[1].context, 0);
	assert_string_equal(schema_text(s, s->captures[1].expr), "context.Value(main.key).(int)");
	assert_string_equal(schema_text(s, s->captures[1].column), "id");
	assert_string_equal(schema_text(s, s->types[s->captures[1].type].name), "int");
	assert_int_equal(s->captures[1].limits, 0);
	assert_int_equal(s->contexts_count, 1);
	for (uint32_t i = 0; i < s->exprs_count; i++) {
		if (s->exprs[i].capture != 1)
			continue;
		assert_int_equal(s->types[s->exprs[i].type].kind, SCHEMA_KIND_INTERFACE);
		assert_int_equal(first_row(s->exprs[i].type)->kind, ASK_POINTER_CONTEXT);
	}
}

/* The variable that the context of function 0 is read from, by the comments of its operators. */
static bool reads(const char *variable)
{
	bool found = false;

	for (uint32_t i = 0; i < s->exprs_count; i++)
		for (uint32_t o = 0; o < s->exprs[i].ops; o++)
			found |= !strncmp(ir->op_comments[s->exprs[i].first_op + o], variable,
					  strlen(variable));
	return found;
}

static void test_which_variable(void **state)
{
	(void)state;
	resolve_ok("functions: [{name: main.second}]\n" KEY);
	assert_true(reads("ctx: "));
	assert_false(reads("later: ")); /* the first parameter */
	teardown(NULL);
	setup(NULL);
	resolve_ok("functions: [{name: main.variable}]\n" KEY);
	assert_true(reads("first: "));
	assert_false(reads("later: "));
	teardown(NULL);
	setup(NULL);
	/* what it will return is not its context */
	resolve_ok("functions: [{name: main.result}]\n" KEY);
	assert_int_equal(s->functions[0].captures, 0);
}

static void assert_link(const char *name, uint32_t skip, const char *view)
{
	const struct ask_context_type *row = row_named(name);

	if (!row)
		fail_msg("%s is no link", name);
	assert_int_equal(row->skip, skip);
	assert_string_equal(schema_text(s, s->types[row->view].name), view);
}

static void test_links(void **state)
{
	const struct ask_context_type *row;

	(void)state;
	resolve_ok("functions: [{name: main.second}]\n" KEY);
	assert_link("main.direct", 16, "context.Context");
	assert_link("*main.direct", 16, "context.Context");
	assert_link("main.single", 16, "context.Context"); /* the data word is the pointer */
	assert_link("main.shallow", 16, "context.Context");
	assert_link("main.named", 0, "context.Context");
	assert_link("*main.deep", 16, "a pointer to an embedded context");
	assert_link("main.deep", 16, "a pointer to an embedded context");
	row = row_named("main.deep");
	assert_int_equal(first_row(row->view)->kind, ASK_POINTER_FREE);
	assert_int_equal(first_row(row->view)->extra, 16);
	assert_link("*context.valueCtx", 0, "context.valueCtx");
	assert_link("*context.cancelCtx", 0, "context.Context");
	assert_link("*context.timerCtx", 0, "context.Context");
	row = row_named("*context.valueCtx");
	assert_int_equal(s->types[row->view].size, 48);
	assert_int_equal(s->engine_types[row->view].pointers, 2);
	assert_int_equal(first_row(row->view)[1].kind, ASK_POINTER_CONTEXT_VALUE);
	/* what is not known, is not said to lead on */
	assert_null(row_named("main.other"));
	assert_null(row_named("main.hidden"));
	assert_null(row_named("*main.opaque"));
	assert_int_equal(row_named("context.backgroundCtx")->flags, ASK_CONTEXT_END);
	assert_int_equal(row_named("context.backgroundCtx")->view, 0);
}

static void test_masks(void **state)
{
	(void)state;
	resolve_ok("functions: [{name: main.second}]\n"
		   "contexts: [{key: main.key, value: int}, {key: main.numberKey},"
		   " {value: string}, {key: main.key, value: string, as: text}]\n");
	assert_int_equal(row_named("main.key")->keys, 1 | 8);
	assert_int_equal(row_named("main.key")->values, 0);
	assert_int_equal(row_named("main.numberKey")->keys, 2);
	assert_int_equal(row_named("int")->values, 1);
	assert_int_equal(row_named("string")->values, 4 | 8);
	assert_int_equal(s->layout.any_key, 4);
	assert_int_equal(s->layout.any_value, 2);
	assert_string_equal(schema_text(s, s->contexts[0].column), "key");
	assert_string_equal(schema_text(s, s->contexts[1].expr), "context.Value(main.numberKey)");
	assert_string_equal(schema_text(s, s->contexts[2].expr), "context.Value(_).(string)");
	assert_int_equal(s->types[s->contexts[1].type].kind, SCHEMA_KIND_UNKNOWN);
	assert_int_equal(s->layout.context_types, s->context_types_count);
}

/* Without a function that has one nothing of it is in the tables, but for the columns' names. */
static void test_no_function(void **state)
{
	(void)state;
	resolve_ok("functions: [{name: main.none}]\n" KEY);
	assert_int_equal(s->contexts_count, 1);
	assert_int_equal(s->context_types_count, 0);
	assert_int_equal(s->rtypes_count, 0);
	assert_int_equal(s->captures_count, 0);
}

static void assert_mistake(const char *text, const char *expected)
{
	cleanup_strbuf struct strbuf got = STRBUF_INIT;
	const struct diagnostic *diag;

	setup(NULL);
	resolve_text(text);
	assert_int_equal(diags.errors, 1);
	diag = &diags.list.data[0];
	strbuf_printf(&got, "%u:%u %s: %s", diag->span.line, diag->span.column, diag->code,
		      diag->message);
	if (diag->suggestions.length)
		strbuf_printf(&got, " (%s)", diag->suggestions.data[0]);
	assert_string_equal(got.data, expected);
	teardown(NULL);
}

static void test_mistakes(void **state)
{
	(void)state;
	assert_mistake("contexts: [{key: main.kye}]\n",
		       "3:18 unknown-type: no interface of this binary holds a main.kye: it has no "
		       "type descriptor (main.key)");
	assert_mistake("contexts: [{key: main.key, value: error}]\n",
		       "3:35 not-concrete: error is an interface: no dynamic type is one");
	assert_mistake("contexts: [{key: main.key, as: status}]\n",
		       "3:32 duplicate-column: goroutines has a column status: give this context "
		       "another name with `as`");
	assert_mistake("contexts: [{key: main.key, as: n}]\n"
		       "functions: [{name: main.second, capture: [n]}]\n",
		       "3:32 duplicate-column: column n is already that of the capture n: give this "
		       "capture another name with `as`");
	/* of a function without a context it is no clash */
	setup(NULL);
	resolve_ok("contexts: [{key: main.key, as: n}]\n"
		   "functions: [{name: main.none, capture: [n]}]\n");
	teardown(NULL);
	setup(NULL); /* the test's own */
}

/* A link may use a context's column only where there is one. */
static void test_links_of_tables(void **state)
{
	(void)state;
	resolve_text("functions: [{name: main.second}, {name: main.none}]\n" KEY
		     "links: [{from: {table: second, columns: [id]}, to: {table: none, columns: [id]}}]\n");
	assert_int_equal(diags.errors, 1);
	assert_string_equal(diags.list.data[0].code, "invalid-link");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_captures), TEST(test_which_variable), TEST(test_links),
		TEST(test_masks),    TEST(test_no_function),    TEST(test_mistakes),
		TEST(test_links_of_tables),
	};
	int failed = build_programs("contexts", toolchains, ARRAY_SIZE(toolchains));

	for (toolchain = 0; !failed && toolchain < ARRAY_SIZE(toolchains); toolchain++)
		failed = cmocka_run_group_tests_name(toolchains[toolchain], tests, NULL, NULL);
	return remove_programs() || failed;
}
