/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "base.h"

static void test_errors(void **state)
{
	struct error *error = error_os(ERROR_HOST, 2, "%s", "x");

	(void)state;
	error = error_wrap(error, "%d", 7);
	assert_string_equal(error->message, "7: x: No such file or directory");
	assert_int_equal(error_exit_code(error), 3);
	error_free(error);
	assert_int_equal(error_exit_code(NULL), 0);
}

static void test_arena(void **state)
{
	struct arena arena;
	char *big;

	(void)state;
	arena_init(&arena);
	for (int i = 0; i < 1000; i++) {
		unsigned char *p = arena_alloc(&arena, (size_t)i);

		assert_int_equal((uintptr_t)p % 16, 0);
		for (int j = 0; j < i; j++)
			assert_int_equal(p[j], 0);
		memset(p, 0xff, (size_t)i);
	}
	big = arena_alloc(&arena, 10 << 20);
	big[(10 << 20) - 1] = 1;
	arena_reset(&arena);
	assert_string_equal(arena_printf(&arena, "%d-%s", 3, "a"), "3-a");
	/* large enough for blocks of another kind; all of it is zeroed, after a reset too */
	for (int round = 0; round < 3; round++, arena_reset(&arena))
		for (size_t size = 100000; size < 12000000; size += size / 3) {
			big = arena_alloc(&arena, size);
			assert_int_equal((uintptr_t)big % 16, 0);
			for (size_t j = 0; j < size; j++)
				if (big[j])
					fail_msg("byte %zu of %zu is not zero", j, size);
			memset(big, 0xff, size);
		}
	arena_deinit(&arena);
}

static void test_strbuf_and_escapers(void **state)
{
	struct strbuf buf = STRBUF_INIT;

	(void)state;
	c_ident(&buf, "main.(*server).GetInfo");
	assert_string_equal(buf.data, "main_server_GetInfo");
	strbuf_clear(&buf);
	c_string(&buf, "a\"\\\n\0?\xff" "1", 8);
	assert_string_equal(buf.data, "\"a\\\"\\\\\\n\\000\\?\\3771\"");
	strbuf_clear(&buf);
	sql_ident(&buf, "a\"b");
	assert_string_equal(buf.data, "\"a\"\"b\"");
	strbuf_clear(&buf);
	for (int i = 0; i < 5000; i++)
		strbuf_printf(&buf, "%d,", i);
	assert_int_equal(buf.length, strlen(buf.data));
	strbuf_deinit(&buf);
}

static void test_maps(void **state)
{
	cleanup_arena struct arena arena;
	struct map map;
	struct strmap strmap;
	uint64_t value;

	(void)state;
	arena_init(&arena);
	map_init(&map, &arena);
	strmap_init(&strmap, &arena);
	assert_false(map_get(&map, 0, &value));
	for (uint64_t i = 0; i < 5000; i++) {
		map_set(&map, i * 4096, i);
		strmap_set(&strmap, arena_printf(&arena, "k%d", (int)i), i);
	}
	map_set(&map, 0, 77);
	for (uint64_t i = 1; i < 5000; i++) {
		assert_true(map_get(&map, i * 4096, &value));
		assert_int_equal(value, i);
		assert_true(strmap_get(&strmap, arena_printf(&arena, "k%d", (int)i), &value));
		assert_int_equal(value, i);
	}
	assert_true(map_get(&map, 0, &value));
	assert_int_equal(value, 77);
	assert_false(map_get(&map, 1, &value));
	assert_false(strmap_get(&strmap, "k5000", &value));
}

static void test_file_appears_whole_or_not(void **state)
{
	char dir[] = "/tmp/askance-base-XXXXXX", path[64];
	struct file_writer writer;
	unsigned char *data;
	size_t size;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/f", dir);
	assert_null(file_create(&writer, path));
	assert_null(file_write(&writer, "hello", 5));
	assert_int_equal(access(path, F_OK), -1);
	file_abort(&writer);
	assert_int_equal(access(path, F_OK), -1);
	assert_null(file_create(&writer, path));
	assert_null(file_write(&writer, "hello", 5));
	assert_null(file_commit(&writer));
	assert_null(file_read(path, 100, &data, &size));
	assert_int_equal(size, 5);
	assert_string_equal((char *)data, "hello");
	free(data);
	struct error *error = file_read(path, 4, &data, &size);
	assert_int_equal(error->code, ERROR_DAMAGED);
	error_free(error);
	unlink(path);
	assert_int_equal(rmdir(dir), 0); /* no temporary file was left */
}

static void test_directories_with_their_parents(void **state)
{
	char dir[] = "/tmp/askance-base-XXXXXX", path[64];
	static const char *const made[] = {"a//b/c/", "a/b", "d", "link/e", "a/e", "a/b/c",
					   "a/b", "a", "d", "link"};
	struct error *error;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/link", dir);
	assert_int_equal(symlink("a", path), 0);
	for (size_t i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, made[i]);
		assert_null(file_make_directory(path));
		assert_int_equal(access(path, W_OK | X_OK), 0);
		assert_null(file_make_directory(path));
	}
	assert_null(file_make_directory("."));
	assert_null(file_make_directory("/"));
	error = file_make_directory("");
	assert_int_equal(error->code, ERROR_IO);
	error_free(error);
	/* a file in the way is named, as a parent and as the last one */
	snprintf(path, sizeof(path), "%s/f", dir);
	fclose(fopen(path, "w"));
	error = file_make_directory(path);
	assert_non_null(strstr(error->message, "/f: cannot create the directory: Not a dir"));
	error_free(error);
	snprintf(path, sizeof(path), "%s/f/g/h", dir);
	error = file_make_directory(path);
	assert_int_equal(error->code, ERROR_IO);
	assert_non_null(strstr(error->message, "/f: cannot create the directory: Not a dir"));
	error_free(error);
	snprintf(path, sizeof(path), "%s/f", dir);
	unlink(path);
	for (size_t i = 4; i < ARRAY_SIZE(made); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, made[i]);
		remove(path);
	}
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_arena),
		cmocka_unit_test(test_strbuf_and_escapers),
		cmocka_unit_test(test_maps),
		cmocka_unit_test(test_file_appears_whole_or_not),
		cmocka_unit_test(test_directories_with_their_parents),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
