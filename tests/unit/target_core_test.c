/* SPDX-License-Identifier: BSD-2-Clause */
/* Core dumps, good ones and bad ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "target_core_fixture.h"

static uint8_t image[IMAGE_SIZE];
static int image_fd, other_fd;
static char image_path[32], other_path[32];
static struct arena arena;

static int setup(void **state)
{
	uint8_t other[IMAGE_SIZE];

	(void)state;
	make_image(image, GO_ID);
	make_image(other, "abc/xyz");
	memory_file(&image_fd, image_path, image, sizeof(image));
	memory_file(&other_fd, other_path, other, sizeof(other));
	arena_init(&arena);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_deinit(&arena);
	close(image_fd);
	close(other_fd);
	return 0;
}

static void ok(struct error *error)
{
	if (error)
		fail_msg("%s", error->message);
}

static void fails(struct error *error, enum error_code code, const char *part)
{
	assert_non_null(error);
	if (error->code != code || !strstr(error->message, part))
		fail_msg("error %d \"%s\", expected %d with \"%s\"", error->code, error->message,
			 code, part);
	error_free(error);
}

static bool reads(const struct core *core, uint64_t address, void *data, size_t size)
{
	struct target_memory memory = core_memory(core);

	return memory.read(memory.source, address, data, size);
}

/* Opens a core of this recipe, which must fail so. */
static void recipe_fails(const struct core_recipe *recipe, const char *binary, enum error_code code,
			 const char *part)
{
	struct core_file file;
	struct core core = {0};

	core_build(&file, recipe, image);
	fails(core_open(&arena, file.path, binary, &core), code, part);
	assert_null(core.memory); /* untouched */
	core_unmake(&file);
}

static void test_facts(void **state)
{
	struct core_recipe recipe = core_recipe(image_path);
	struct core_file file;
	struct core core;

	(void)state;
	core_build(&file, &recipe, image);
	ok(core_open(&arena, file.path, NULL, &core));
	assert_int_equal(core.missing, 0);
	assert_int_equal(core.info.pid, 77);
	assert_string_equal(core.info.executable, image_path);
	assert_string_equal(core.info.name, strrchr(image_path, '/') + 1);
	assert_string_equal(core.info.command_line, "fixture -x 1");
	assert_string_equal(core.info.go_build_id, GO_ID);
	assert_string_equal(core.info.hostname, "");
	assert_string_equal(core.info.environment, "");
	assert_int_equal(core.info.start_time_ns, 0);
	assert_true(core.info.is_go);
	assert_int_equal(core.info.load_bias, BIAS);
	assert_true(core.time_ns > 0);
	assert_int_equal(core.threads_count, 2);
	assert_int_equal(core.threads[0].ns_tid, 77);
	assert_int_equal(core.threads[1].ns_tid, 78);
	for (size_t i = 0; i < 2; i++) {
		assert_true(core.threads[i].stopped);
		assert_int_equal(core.threads[i].regs.rip, 0x1001 - i);
		assert_int_equal(core.threads[i].regs.rsp, 0x2001 - i);
		assert_int_equal(core.threads[i].regs.rbp, 0x3001 - i);
	}
	core_close(&core);
	core_close(&core);
	core_unmake(&file);
}

/* `size` bytes at `address`, each of which is `letter`. */
static void assert_letters(const struct core *core, uint64_t address, size_t size, char letter)
{
	uint8_t data[2 * PAGE];

	assert_true(reads(core, address, data, size));
	for (size_t i = 0; i < size; i++)
		assert_int_equal(data[i], letter);
}

static void test_memory(void **state)
{
	struct core_recipe recipe = core_recipe(image_path);
	struct core_file file;
	uint8_t data[2 * PAGE];
	struct core core;

	(void)state;
	core_build(&file, &recipe, image);
	ok(core_open(&arena, file.path, NULL, &core));
	assert_letters(&core, HEAP, PAGE, 'H');
	assert_letters(&core, HEAP + PAGE, PAGE, 'h');
	assert_true(reads(&core, HEAP + PAGE - 1, data, 2));
	assert_memory_equal(data, "Hh", 2);
	assert_true(reads(&core, HEAP, data, 2 * PAGE));
	/* text: the first page from the core, the others from the program, up to its end */
	assert_true(reads(&core, BIAS + TEXT_ADDRESS + PAGE - 1, data, 2));
	assert_memory_equal(data, "ab", 2);
	assert_letters(&core, BIAS + TEXT_ADDRESS + PAGE, PAGE, 'b');
	assert_letters(&core, BIAS + TEXT_ADDRESS + 2 * PAGE, PAGE, 'c');
	assert_true(reads(&core, BIAS + DATA_ADDRESS - 1, data, 2));
	assert_memory_equal(data, "cD", 2);
	/* data: never its initial bytes, and what was not dumped is not zero */
	assert_letters(&core, BIAS + DATA_ADDRESS, PAGE / 2, 'D');
	assert_false(reads(&core, BIAS + DATA_ADDRESS + PAGE / 2, data, 1));
	assert_false(reads(&core, BIAS + DATA_ADDRESS + PAGE / 2 - 1, data, 2));
	assert_false(reads(&core, BIAS + DATA_ADDRESS + PAGE, data, 1));
	/* where nothing is */
	assert_false(reads(&core, BIAS + TEXT_ADDRESS - 1, data, 2));
	assert_false(reads(&core, HEAP - 1, data, 2));
	assert_false(reads(&core, HEAP + 2 * PAGE - 1, data, 2));
	assert_false(reads(&core, 0, data, 1));
	assert_false(reads(&core, UINT64_MAX, data, 1));
	assert_false(reads(&core, UINT64_MAX, data, 2));
	assert_false(reads(&core, TEXT_ADDRESS, data, 1));
	assert_true(reads(&core, 0, data, 0));
	core_close(&core);
	core_unmake(&file);
}

/* Text that was not dumped is there only when the right program is. */
static void test_program(void **state)
{
	struct core_recipe recipe = core_recipe("/nowhere/fixture (deleted)");
	const uint64_t text = BIAS + TEXT_ADDRESS + PAGE;
	struct core_file file;
	struct core core;
	uint8_t byte;

	(void)state;
	core_build(&file, &recipe, image);
	ok(core_open(&arena, file.path, NULL, &core));
	assert_string_equal(core.info.executable, "/nowhere/fixture");
	assert_string_equal(core.info.name, "fixture");
	assert_string_equal(core.info.go_build_id, GO_ID);
	assert_false(reads(&core, text, &byte, 1));
	core_close(&core);
	ok(core_open(&arena, file.path, image_path, &core));
	assert_letters(&core, text, PAGE, 'b');
	core_close(&core);
	fails(core_open(&arena, file.path, other_path, &core), ERROR_TARGET, "another build");
	fails(core_open(&arena, file.path, "/nowhere/x", &core), ERROR_IO, "/nowhere/x");
	fails(core_open(&arena, file.path, "/dev/null", &core), ERROR_TARGET, "not a program");
	core_unmake(&file);

	/* The path has another build by now; or it is no file at all. */
	recipe.image = other_path;
	core_build(&file, &recipe, image);
	ok(core_open(&arena, file.path, NULL, &core));
	assert_string_equal(core.info.go_build_id, GO_ID);
	assert_false(reads(&core, text, &byte, 1));
	core_close(&core);
	core_unmake(&file);
	recipe.image = "/dev/zero";
	core_build(&file, &recipe, image);
	ok(core_open(&arena, file.path, NULL, &core));
	assert_false(reads(&core, text, &byte, 1));
	core_close(&core);
	core_unmake(&file);

	/* Something else is mapped there than the program's headers say. */
	recipe = core_recipe(image_path);
	recipe.text_page = 1;
	core_build(&file, &recipe, image);
	ok(core_open(&arena, file.path, NULL, &core));
	assert_false(reads(&core, text, &byte, 1));
	core_close(&core);
	core_unmake(&file);

	/* Without a list of files only a program that is named counts. */
	recipe.text_page = 0;
	recipe.files = false;
	core_build(&file, &recipe, image);
	ok(core_open(&arena, file.path, NULL, &core));
	assert_false(reads(&core, text, &byte, 1));
	assert_string_equal(core.info.name, "fixture-with-no");
	core_close(&core);
	ok(core_open(&arena, file.path, image_path, &core));
	assert_letters(&core, text, PAGE, 'b');
	core_close(&core);
	core_unmake(&file);
}

static void set_time(int fd, time_t seconds)
{
	const struct timespec times[2] = {{.tv_sec = seconds}, {.tv_sec = seconds}};

	assert_int_equal(futimens(fd, times), 0);
}

/* A core that lacks the program's first page: is the file still the one that ran? */
static void test_without_headers(void **state)
{
	struct core_recipe recipe = core_recipe(image_path);
	struct core_file file;
	struct core core;

	(void)state;
	recipe.headers = false;
	core_build(&file, &recipe, image);
	set_time(image_fd, 1000);
	set_time(file.fd, 2000);
	ok(core_open(&arena, file.path, NULL, &core));
	assert_string_equal(core.info.go_build_id, GO_ID);
	assert_int_equal(core.info.load_bias, BIAS);
	assert_int_equal(core.time_ns, 2000 * 1000000000ll);
	core_close(&core);
	set_time(image_fd, 2001);
	fails(core_open(&arena, file.path, NULL, &core), ERROR_TARGET, "name it with --binary");
	ok(core_open(&arena, file.path, image_path, &core));
	assert_letters(&core, BIAS + TEXT_ADDRESS + PAGE, PAGE, 'b');
	core_close(&core);
	core_unmake(&file);

	recipe.image = "/nowhere";
	recipe_fails(&recipe, NULL, ERROR_TARGET, "/nowhere is not the program that ran");
	recipe.files = false;
	recipe_fails(&recipe, NULL, ERROR_TARGET, "no path");
}

static void test_no_core(void **state)
{
	struct core_recipe recipe = core_recipe(image_path);
	struct core_file file;
	struct core core;

	(void)state;
	fails(core_open(&arena, "/nowhere/core", NULL, &core), ERROR_IO, "/nowhere/core");
	fails(core_open(&arena, "/", NULL, &core), ERROR_DAMAGED, "not a file");
	fails(core_open(&arena, "/dev/zero", NULL, &core), ERROR_DAMAGED, "not a file");
	fails(core_open(&arena, image_path, NULL, &core), ERROR_DAMAGED, "not a core dump");
	core_build(&file, &recipe, image);
	file.header->e_machine = EM_AARCH64;
	core_rewrite(&file);
	fails(core_open(&arena, file.path, NULL, &core), ERROR_TARGET, "another machine");
	file.header->e_machine = EM_X86_64;
	file.header->e_ident[EI_CLASS] = ELFCLASS32;
	core_rewrite(&file);
	fails(core_open(&arena, file.path, NULL, &core), ERROR_TARGET, "another machine");
	core_unmake(&file);
}

static void test_notes(void **state)
{
	struct core_recipe good = core_recipe(image_path), recipe = good;

	(void)state;
	recipe.threads = 0;
	recipe_fails(&recipe, NULL, ERROR_DAMAGED, "no thread");
	recipe = good;
	recipe.same_thread = true;
	recipe_fails(&recipe, NULL, ERROR_DAMAGED, "a thread is there twice");
	recipe = good;
	recipe.status_size--;
	recipe_fails(&recipe, NULL, ERROR_DAMAGED, "NT_PRSTATUS) has the wrong size");
	recipe.status_size += 2;
	recipe_fails(&recipe, NULL, ERROR_DAMAGED, "NT_PRSTATUS) has the wrong size");
	recipe = good;
	recipe.process = false;
	recipe_fails(&recipe, NULL, ERROR_DAMAGED, "no process");
	recipe = good;
	recipe.auxv = false;
	recipe_fails(&recipe, NULL, ERROR_DAMAGED, "no auxiliary vector");
	for (uint64_t rows = 3; rows; rows = rows > UINT64_MAX / 3 ? 0 : rows * 3) {
		recipe = good;
		recipe.file_rows = rows;
		recipe_fails(&recipe, NULL, ERROR_DAMAGED, "NT_FILE");
	}
	recipe = good;
	recipe.page_size = UINT64_MAX / 2;
	recipe_fails(&recipe, NULL, ERROR_DAMAGED, "(NT_FILE) contradicts itself");
}

/* Changes segment `i` and expects the core to be refused. */
static void segment_fails(struct core_file *file, size_t i, Elf64_Phdr segment, const char *part)
{
	Elf64_Phdr good = file->segments[i];
	struct core core;

	file->segments[i] = segment;
	core_rewrite(file);
	fails(core_open(&arena, file->path, NULL, &core), ERROR_DAMAGED, part);
	file->segments[i] = good;
}

static void test_segments(void **state)
{
	struct core_recipe recipe = core_recipe(image_path);
	const uint64_t big = UINT64_MAX - PAGE + 1;
	struct core_file file;
	Elf64_Phdr notes;

	(void)state;
	core_build(&file, &recipe, image);
	segment_fails(&file, 3, load(HEAP, PAGE, PAGE, 0), "overlap");
	segment_fails(&file, 3, load(HEAP + PAGE - 1, PAGE, PAGE, 0), "overlap");
	segment_fails(&file, 3, load(HEAP + PAGE, PAGE, PAGE - 1, 0), "contradicts itself");
	segment_fails(&file, 3, load(big, PAGE, PAGE, 0), "contradicts itself");
	segment_fails(&file, 3, load(HEAP + PAGE, PAGE, big, 0), "contradicts itself");
	segment_fails(&file, 3, load(HEAP + PAGE, PAGE, PAGE, big), "contradicts itself");
	notes = file.segments[0];
	notes.p_filesz = file.size;
	segment_fails(&file, 0, notes, "cut off");
	notes.p_filesz = UINT64_MAX;
	segment_fails(&file, 0, notes, "notes are too large");
	notes.p_filesz = PAGE;
	notes.p_offset = UINT64_MAX - 10;
	segment_fails(&file, 0, notes, "cut off");
	/* A file may be as large as it likes without having a byte. */
	assert_int_equal(ftruncate(file.fd, 1ll << 40), 0);
	notes = file.segments[0];
	notes.p_filesz = 1ull << 39;
	segment_fails(&file, 0, notes, "notes are too large");
	file.segments[0].p_type = PT_NULL;
	segment_fails(&file, 1, file.segments[1], "no thread");
	core_unmake(&file);
}

/* The number of segments where it does not fit into the header. */
static void test_many_segments(void **state)
{
	struct core_recipe recipe = core_recipe(image_path);
	Elf64_Shdr section = {.sh_info = 5};
	struct core_file file;
	struct core core;

	(void)state;
	core_build(&file, &recipe, image);
	file.header->e_phnum = PN_XNUM;
	core_rewrite(&file);
	fails(core_open(&arena, file.path, NULL, &core), ERROR_DAMAGED, "number of its segments");
	file.header->e_shoff = file.size - sizeof(section);
	memcpy(file.data + file.header->e_shoff, &section, sizeof(section));
	core_rewrite(&file);
	ok(core_open(&arena, file.path, NULL, &core));
	assert_letters(&core, HEAP, PAGE, 'H');
	core_close(&core);
	((Elf64_Shdr *)(file.data + file.header->e_shoff))->sh_info = UINT32_MAX;
	core_rewrite(&file);
	fails(core_open(&arena, file.path, NULL, &core), ERROR_DAMAGED, "too many segments");
	((Elf64_Shdr *)(file.data + file.header->e_shoff))->sh_info = 1u << 20;
	core_rewrite(&file);
	fails(core_open(&arena, file.path, NULL, &core), ERROR_DAMAGED, "cut off");
	file.header->e_shoff = file.size - sizeof(section) + 1;
	core_rewrite(&file);
	fails(core_open(&arena, file.path, NULL, &core), ERROR_DAMAGED, "cut off");
	file.header->e_phnum = 0;
	core_rewrite(&file);
	fails(core_open(&arena, file.path, NULL, &core), ERROR_DAMAGED, "no segments");
	core_unmake(&file);
}

/* Cut anywhere: in headers and notes it is refused; behind them what is there is read. */
static void test_cut(void **state)
{
	struct core_recipe recipe = core_recipe(image_path);
	const size_t heap = 2 * PAGE + PAGE + PAGE / 2;
	struct core_file file;
	uint8_t data[PAGE];

	(void)state;
	core_build(&file, &recipe, image);
	for (size_t size = file.size; size-- > 0;) {
		struct error *error;
		struct core core;

		if (size > file.notes_end && size % 509 && file.size - size > 3)
			continue;
		assert_int_equal(ftruncate(file.fd, (off_t)size), 0);
		error = core_open(&arena, file.path, NULL, &core);
		if (size < file.notes_end) {
			fails(error, ERROR_DAMAGED, size < 64 ? "not a core dump" : "cut off");
			continue;
		}
		ok(error);
		assert_int_equal(core.missing, file.size - (size < 2 * PAGE ? 2 * PAGE : size));
		assert_int_equal(reads(&core, HEAP, data, PAGE), size >= heap + PAGE);
		assert_int_equal(reads(&core, HEAP, data, 1), size > heap);
		core_close(&core);
	}
	core_unmake(&file);
}

/* Any one byte may be anything. */
static void test_damage(void **state)
{
	static const uint8_t masks[] = {0xff, 0x80, 0x01};
	struct core_recipe recipe = core_recipe(image_path);
	struct core_file file;
	size_t opened = 0, refused = 0;
	uint8_t data[2 * PAGE];

	(void)state;
	core_build(&file, &recipe, image);
	for (size_t i = 0; i < file.size; i++) {
		if (i >= file.notes_end && (i < 2 * PAGE || i > 2 * PAGE + 1200))
			continue; /* the notes, and the image's headers in memory */
		for (size_t m = 0; m < ARRAY_SIZE(masks); m++) {
			struct error *error;
			struct core core;

			file.data[i] ^= masks[m];
			assert_int_equal(pwrite(file.fd, &file.data[i], 1, (off_t)i), 1);
			error = core_open(&arena, file.path, NULL, &core);
			file.data[i] ^= masks[m];
			assert_int_equal(pwrite(file.fd, &file.data[i], 1, (off_t)i), 1);
			if (error) {
				if (error->code != ERROR_DAMAGED && error->code != ERROR_TARGET)
					fail_msg("byte %zu: %s", i, error->message);
				error_free(error);
				refused++;
				arena_reset(&arena);
				continue;
			}
			for (uint64_t page = 0; page < 8; page++) {
				reads(&core, BIAS + TEXT_ADDRESS + page * PAGE - 8, data, 2 * PAGE);
				reads(&core, HEAP + page * PAGE - 8, data, 2 * PAGE);
			}
			core_close(&core);
			opened++;
			arena_reset(&arena);
		}
	}
	assert_true(opened > 100);
	assert_true(refused > 100);
	core_unmake(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_facts),	 cmocka_unit_test(test_memory),
		cmocka_unit_test(test_program),	 cmocka_unit_test(test_without_headers),
		cmocka_unit_test(test_no_core),	 cmocka_unit_test(test_notes),
		cmocka_unit_test(test_segments), cmocka_unit_test(test_many_segments),
		cmocka_unit_test(test_cut),	 cmocka_unit_test(test_damage),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
