/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef RESOLVE_FIXTURE_H
#define RESOLVE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "diagnostics_int.h"
#include "resolve.h"

/*
 * Specs against a real Go program: fixtures/NAME, built when the tests run. A test program
 * says what to build it with:
 *
 *	static const char *const toolchains[] = {"go1.22.12", "local"};
 *
 * and runs its tests for each of them: build_programs() first, then `toolchain` from 0 on, then
 * remove_programs(). Where one is missing its tests are skipped, visibly.
 */
static char directory[] = "/tmp/askance-resolve-XXXXXX";
static const char *const *toolchain_names; /* as GOTOOLCHAIN has them; "local" is the installed Go */
static size_t toolchain;		   /* the one under test */
static struct arena arena;		   /* of one test, like all that follows */
static struct diagnostics diags;
static struct binary *binary; /* NULL: not opened yet */
static struct ir *ir;
static const struct schema *s; /* ir's, after a spec without mistakes */

/* Builds fixtures/`fixture` with each of `names`. 0, or -1 when there is no place for them. */
static inline int build_programs(const char *fixture, const char *const *names, size_t count)
{
	toolchain_names = names;
	if (!mkdtemp(directory))
		return -1;
	for (size_t i = 0; i < count; i++) {
		char command[256];

		snprintf(command, sizeof(command),
			 "cd tests/unit/fixtures/%s && GOFLAGS=-buildvcs=false GOTOOLCHAIN=%s "
			 "CGO_ENABLED=0 go build -o %s/%s . 2>&1",
			 fixture, names[i], directory, names[i]);
		if (system(command))
			print_message("%s cannot build here\n", names[i]);
	}
	return 0;
}

static inline int remove_programs(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", directory);
	return system(command);
}

static inline int setup(void **state)
{
	(void)state;
	arena_init(&arena);
	binary = NULL;
	ir = NULL;
	s = NULL;
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	if (binary)
		binary_close(binary);
	arena_deinit(&arena);
	return 0;
}

/* One of a test program's tests. */
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static inline void assert_ok(struct error *error)
{
	if (error)
		fail_msg("%s", error->message);
}

static inline void assert_no_mistakes(void)
{
	if (diags.errors) {
		diagnostics_print_human(&diags, stderr);
		fail_msg("%zu mistakes", diags.errors);
	}
}

static inline void open_program(void)
{
	const char *path = arena_printf(&arena, "%s/%s", directory, toolchain_names[toolchain]);

	if (binary)
		return;
	if (access(path, R_OK)) {
		print_message("%s was not built\n", path);
		skip();
	}
	assert_ok(binary_open(&arena, path, NULL, &binary));
}

/* Resolves what follows the name in a spec, YAML from line 3 on. Mistakes are in `diags`. */
static inline void resolve_text(const char *text)
{
	struct spec *spec;

	open_program();
	text = arena_printf(&arena, "askance: 1\nname: t\n%s", text);
	spec_parse(&arena, "dir/t.yaml", text, strlen(text), &diags, &spec);
	assert_no_mistakes();
	assert_ok(resolve(&arena, spec, binary, &diags, &ir));
}

/* The same for a spec without mistakes. */
static inline void resolve_ok(const char *text)
{
	resolve_text(text);
	assert_no_mistakes();
	assert_non_null(ir);
	assert_ok(ir_validate(ir));
	s = &ir->schema;
}

/* The schema of such a spec: what is written can be read, and the same input gives the same bytes. */
static inline void assert_written_schema(const char *text)
{
	cleanup_strbuf struct strbuf first = STRBUF_INIT, second = STRBUF_INIT;
	struct schema *read;

	resolve_ok(text);
	assert_ok(schema_write(&ir->schema, &first));
	assert_ok(schema_read(&arena, "t", first.data, first.length, &read));
	assert_int_equal(read->types_count, s->types_count);
	assert_int_equal(read->rtypes_count, s->rtypes_count);
	binary_close(binary);
	binary = NULL;
	resolve_ok(text);
	assert_ok(schema_write(&ir->schema, &second));
	assert_int_equal(first.length, second.length);
	assert_memory_equal(first.data, second.data, first.length);
}

#endif
