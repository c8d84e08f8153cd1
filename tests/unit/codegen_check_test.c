/* SPDX-License-Identifier: BSD-2-Clause */
/* The gate before clang: a program whose structs differ from ours must not get through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "codegen.h"

static const char good[] =
	"#include \"abi/state.h\"\n"
	"static const struct ask_limits ask_limits[] = {{0}};\n"
	"static const struct ask_layout ask_layout = {.g_size = 8};\n"
	"static const struct ask_type ask_types[] = {{0}};\n"
	"static const struct ask_pointer ask_pointers[] = {{0}};\n"
	"static const struct ask_span ask_spans[] = {{0}};\n"
	"static const struct ask_op ask_ops[] = {{0}};\n"
	"static const struct ask_expr ask_exprs[] = {{0}};\n"
	"static const struct ask_probe ask_probes[] = {{0}};\n"
	"static const struct ask_range ask_ranges[] = {{0}};\n"
	"static const struct ask_rtype ask_rtypes[] = {{0}};\n"
	"static const struct ask_closure ask_closures[] = {{0}};\n"
	"static const struct ask_context_type ask_context_types[] = {{0}};\n"
	"#include \"engine/engine.h\"\n"
	"const char ask_license[] SEC(\"license\") = \"Dual BSD/GPL\";\n"
	"#ifdef ASK_SCHEMA\n"
	"asm(\".section .askance.schema,\\\"\\\",@progbits\\n\\t.incbin \\\"\" ASK_SCHEMA \"\\\"\\n\\t.previous\");\n"
	"#endif\n";

static void expect(const char *source, const char *complaint)
{
	struct error *error = codegen_check("test", source, strlen(source));

	if (!complaint) {
		if (error)
			fail_msg("%s", error->message);
		return;
	}
	assert_non_null(error);
	if (!strstr(error->message, complaint))
		fail_msg("\"%s\" does not say \"%s\"", error->message, complaint);
	error_free(error);
}

static void test_the_engine_passes(void **state)
{
	(void)state;
	expect(good, NULL);
}

static void test_mistakes_have_a_place(void **state)
{
	cleanup_strbuf struct strbuf source = STRBUF_INIT;

	(void)state;
	strbuf_printf(&source, "%sint broken(void) { return nothing; }\n", good);
	expect(source.data, "test.bpf.c:19:");
	strbuf_clear(&source);
	strbuf_printf(&source, "%sstatic int unused(void) { return 0; }\n", good);
	expect(source.data, "unused"); /* warnings count */
}

/* Another member in front moves all that follow, for BPF alone. */
static void test_drift_is_caught(void **state)
{
	cleanup_strbuf struct strbuf source = STRBUF_INIT;

	(void)state;
	strbuf_printf(&source, "#include \"abi/types.h\"\n"
			       "#define tid tid; ask_u32 drifted\n%s", good);
	expect(source.data, "struct ask_");
	expect("struct ask_record { unsigned kind; };\n", "struct ask_record: field kind lies at");
	expect("int nothing;\n", "has no field");
}

static void test_same_input_same_bytes(void **state)
{
	cleanup_strbuf struct strbuf one = STRBUF_INIT, two = STRBUF_INIT;
	char *here = getcwd(NULL, 0);
	struct error *error;

	(void)state;
	error = codegen_compile("test", good, strlen(good), "schema!", 7, &one);
	if (error)
		fail_msg("%s", error->message);
	assert_int_equal(chdir("/"), 0);
	setenv("TMPDIR", "/var/tmp", 1);
	error = codegen_compile("test", good, strlen(good), "schema!", 7, &two);
	unsetenv("TMPDIR");
	assert_int_equal(chdir(here), 0);
	free(here);
	if (error)
		fail_msg("%s", error->message);
	assert_int_equal(one.length, two.length);
	assert_memory_equal(one.data, two.data, one.length);
	assert_non_null(memmem(one.data, one.length, "schema!", 7));
	assert_null(memmem(one.data, one.length, "/tmp", 4));
}

static void test_no_clang_is_an_error(void **state)
{
	cleanup_strbuf struct strbuf object = STRBUF_INIT;
	struct error *error;

	(void)state;
	setenv("CLANG", "/nonexistent/clang", 1);
	error = codegen_compile("test", good, strlen(good), "", 0, &object);
	unsetenv("CLANG");
	assert_non_null(error);
	assert_int_equal(error_exit_code(error), 3);
	assert_int_equal(object.length, 0);
	error_free(error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_engine_passes),
		cmocka_unit_test(test_mistakes_have_a_place),
		cmocka_unit_test(test_drift_is_caught),
		cmocka_unit_test(test_same_input_same_bytes),
		cmocka_unit_test(test_no_clang_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
