/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "binary.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * Files that are not what they should be. Whatever the bytes are, the answer is a
 * result or an error, never a crash or a hang. ROUNDS=n in the environment makes
 * the random part longer; the seed is fixed.
 */

static char *scratch; /* the file that is written over and over */
static unsigned char *program;
static size_t program_size;

static uint64_t random_state = 0x9e3779b97f4a7c15;

static uint64_t random_number(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static void put(const void *data, size_t size)
{
	FILE *file = fopen(scratch, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, size, file), size);
	fclose(file);
}

/* Asks for everything. Errors are fine. */
static void use(struct binary *binary)
{
	const struct binary_function *f;
	const struct binary_variable *variables;
	const struct binary_instance *instances;
	const struct binary_line *lines;
	const struct binary_cfi *cfi;
	const char *const *texts;
	const uint64_t *sites;
	size_t functions, count;

	f = binary_functions(binary, &functions);
	for (size_t i = 0; i < functions; i++) {
		struct binary_instance of = {.function = &f[i], .inline_index = UINT32_MAX};

		error_free(binary_variables(binary, &of, &variables, &count));
		for (uint32_t k = 0; k < f[i].inlines_count; k++) {
			of.inline_index = k;
			error_free(binary_variables(binary, &of, &variables, &count));
		}
		if (i % 64 == 0)
			error_free(binary_call_sites(binary, f[i].lo, f[i].hi, &sites, &count));
	}
	error_free(binary_lines(binary, &lines, &count));
	error_free(binary_cfi(binary, &cfi, &count));
	error_free(binary_string_array(binary, "runtime.waitReasonStrings", &texts, &count));
	(void)binary_function_names(binary, &count);
	instances = binary_instances(binary, "main.main", &count);
	(void)instances;
	(void)binary_type_find(binary, "runtime.g");
	(void)binary_global_find(binary, "runtime.allgs");
}

/* Opens what is in the scratch file and uses it; 0 when it was refused. */
static int try_file(void)
{
	cleanup_arena struct arena arena = {0};
	struct binary *binary;
	struct error *error = binary_open(&arena, scratch, NULL, &binary);

	if (error) {
		assert_true(error->message[0]);
		assert_null(strchr(error->message, '\n'));
		error_free(error);
		return 0;
	}
	use(binary);
	binary_close(binary);
	return 1;
}

/* Bytes of a type, its parts added up; a type that held itself would not end. */
static void assert_sound(const struct binary_type *type, unsigned depth)
{
	assert_true(depth < 1000);
	if (type->kind == SCHEMA_KIND_ARRAY) {
		assert_int_equal(type->elem->size * type->count, type->size);
		assert_sound(type->elem, depth + 1);
	}
	for (size_t i = 0; i < type->fields_count; i++) {
		const struct binary_field *field = &type->fields[i];

		assert_true(field->name[0]);
		assert_true(field->offset <= type->size &&
			    field->type->size <= type->size - field->offset);
		assert_sound(field->type, depth + 1);
	}
}

/* Reads every type descriptor in the scratch file; how many structs only descriptors describe. */
static size_t try_descriptors(uint64_t *types, uint64_t *types_size)
{
	cleanup_arena struct arena arena = {0};
	const struct binary_descriptor *all;
	struct binary *binary;
	struct error *error = binary_open(&arena, scratch, NULL, &binary);
	size_t count, structs = 0;

	assert_null(error);
	*types = binary_info(binary)->types;
	*types_size = binary_info(binary)->types_size;
	all = binary_descriptors(binary, &count);
	for (size_t i = 0; i < count; i++) {
		assert_non_null(all[i].name);
		if (!all[i].type)
			continue;
		assert_sound(all[i].type, 0);
		structs += !all[i].type->die && all[i].type->kind == SCHEMA_KIND_STRUCT &&
			   all[i].type->fields_count;
	}
	binary_close(binary);
	return structs;
}

static void expect_error(enum error_code code, const char *part)
{
	cleanup_arena struct arena arena = {0};
	struct binary *binary;
	struct error *error = binary_open(&arena, scratch, NULL, &binary);

	assert_non_null(error);
	if (error->code != code || !strstr(error->message, part))
		fail_msg("%d %s", error->code, error->message);
	error_free(error);
}

static void test_not_a_program(void **state)
{
	Elf64_Ehdr header = {.e_ident = ELFMAG "\x02\x01\x01",
			     .e_type = ET_EXEC,
			     .e_machine = EM_X86_64,
			     .e_version = EV_CURRENT};

	(void)state;
	put("", 0);
	expect_error(ERROR_TARGET, "not an ELF file");
	put("#!/bin/sh\nexit 0 # no ELF file at all\n", 38);
	expect_error(ERROR_TARGET, "not an ELF file");
	put(&header, 20);
	expect_error(ERROR_DAMAGED, "ends within its header");
	put(&header, sizeof(header));
	expect_error(ERROR_TARGET, "not a Go program");
	header.e_machine = EM_AARCH64;
	put(&header, sizeof(header));
	expect_error(ERROR_TARGET, "not an x86-64 program");
	header.e_machine = EM_X86_64;
	header.e_type = ET_REL;
	put(&header, sizeof(header));
	expect_error(ERROR_TARGET, "not a program");
	header.e_type = ET_EXEC;
	header.e_ident[EI_CLASS] = ELFCLASS32;
	put(&header, sizeof(header));
	expect_error(ERROR_TARGET, "not a 64-bit");
	header.e_ident[EI_CLASS] = ELFCLASS64;
	header.e_shoff = UINT64_MAX - 8;
	header.e_shnum = 3;
	header.e_shentsize = sizeof(Elf64_Shdr);
	put(&header, sizeof(header));
	expect_error(ERROR_DAMAGED, "section headers");
	header.e_phoff = 1u << 30;
	header.e_phnum = 8;
	header.e_phentsize = sizeof(Elf64_Phdr);
	put(&header, sizeof(header));
	expect_error(ERROR_DAMAGED, "program headers");
}

static void test_truncated(void **state)
{
	(void)state;
	if (!program)
		skip();
	for (size_t i = 1; i <= 16; i++) {
		put(program, program_size / 17 * i);
		assert_int_equal(try_file(), 0);
	}
}

/* A section's range in the file. */
static bool find_section(const char *name, size_t *offset, size_t *size)
{
	Elf64_Ehdr header;
	Elf64_Shdr names, section;

	memcpy(&header, program, sizeof(header));
	memcpy(&names, program + header.e_shoff + header.e_shstrndx * sizeof(names), sizeof(names));
	for (size_t i = 1; i < header.e_shnum; i++) {
		memcpy(&section, program + header.e_shoff + i * sizeof(section), sizeof(section));
		if (strcmp((char *)program + names.sh_offset + section.sh_name, name) != 0)
			continue;
		*offset = section.sh_offset;
		*size = section.sh_size;
		return true;
	}
	return false;
}

/* A few bytes of one section, or of the headers, are changed. */
static void damage(unsigned char *copy, const char *section)
{
	static const uint64_t nasty[] = {0,    1,	   0x7f,       0x80,
					 0xff, UINT32_MAX, UINT64_MAX, 1ull << 63};
	size_t offset = 0, size = 4096;

	if (section && !find_section(section, &offset, &size))
		return;
	for (uint64_t n = 1 + random_number() % 24; n; n--) {
		size_t at = offset + random_number() % size;
		uint64_t value = random_number() % 2 ? random_number()
						     : nasty[random_number() % ARRAY_SIZE(nasty)];
		size_t width = 1u << random_number() % 4;

		if (at + width <= offset + size)
			memcpy(copy + at, &value, width);
	}
}

static void test_mutations(void **state)
{
	static const char *const sections[] = {
		".debug_info",	   ".debug_info",      ".debug_info",
		".debug_abbrev",   ".debug_loclists",  ".debug_loc",
		".debug_rnglists", ".debug_ranges",    ".debug_addr",
		".debug_line",	   ".debug_frame",     ".symtab",
		".go.buildinfo",   ".note.go.buildid", NULL,
	};
	const char *wish = getenv("ROUNDS");
	unsigned rounds = wish ? (unsigned)strtoul(wish, NULL, 10) : 15, survived = 0;
	unsigned char *copy;

	(void)state;
	if (!program)
		skip();
	copy = malloc(program_size);
	assert_non_null(copy);
	for (unsigned i = 0; i < rounds; i++) {
		memcpy(copy, program, program_size);
		damage(copy, sections[i % ARRAY_SIZE(sections)]);
		put(copy, program_size);
		survived += (unsigned)try_file();
	}
	free(copy);
	print_message("%u of %u damaged files could still be used\n", survived, rounds);
}

/* Where in the file what is loaded at an address is. */
static size_t file_offset(uint64_t address)
{
	Elf64_Ehdr header;
	Elf64_Phdr segment;

	memcpy(&header, program, sizeof(header));
	for (size_t i = 0; i < header.e_phnum; i++) {
		memcpy(&segment, program + header.e_phoff + i * sizeof(segment), sizeof(segment));
		if (segment.p_type == PT_LOAD && address >= segment.p_vaddr &&
		    address - segment.p_vaddr < segment.p_filesz)
			return segment.p_offset + (address - segment.p_vaddr);
	}
	fail_msg("nothing is loaded at 0x%lx", (unsigned long)address);
	return 0;
}

/* Type data in which words, sizes, counts and names are wrong. */
static void test_damaged_descriptors(void **state)
{
	uint64_t types, size, word;
	unsigned char *copy, *data;
	size_t sound;

	(void)state;
	if (!program)
		skip();
	put(program, program_size);
	sound = try_descriptors(&types, &size);
	print_message("%zu structs are described by descriptors alone\n", sound);
	assert_true(sound > 0);
	copy = malloc(program_size);
	assert_non_null(copy);
	data = copy + file_offset(types);
	for (unsigned round = 0; round < 24; round++) {
		memcpy(copy, program, program_size);
		for (uint64_t n = 0; n < size / 256; n++) {
			size_t at = random_number() % (size / 8 - 1) * 8;
			size_t other = random_number() % (size / 8 - 1) * 8;

			/* another word of the same: often a pointer to another type */
			memcpy(&word, data + other, sizeof(word));
			if (round % 3 == 1)
				word = random_number() % 64;
			else if (round % 3 == 2)
				word = types + random_number() % size;
			memcpy(data + at, &word, sizeof(word));
		}
		put(copy, program_size);
		(void)try_descriptors(&types, &size);
	}
	free(copy);
}

/* The program as it is can be used: else the tests above test nothing. */
static void test_sound(void **state)
{
	(void)state;
	if (!program)
		skip();
	put(program, program_size);
	assert_int_equal(try_file(), 1);
}

static int run(const char *name, const struct CMUnitTest *tests, size_t count)
{
	char *path = NULL;
	struct error *error;
	int failed;

	if (asprintf(&path, "%s/%s", BINARY_FIXTURES, name) < 0)
		return 1;
	error = file_read(path, (size_t)1 << 30, &program, &program_size);
	if (error)
		printf("%s: not there: the tests that need it are skipped\n", path);
	error_free(error);
	free(path);
	failed = _cmocka_run_group_tests(name, tests, count, NULL, NULL);
	free(program);
	program = NULL;
	return failed;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_not_a_program),
		cmocka_unit_test(test_sound),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_mutations),
	};
	const struct CMUnitTest descriptor_tests[] = {
		cmocka_unit_test(test_damaged_descriptors),
	};
	char name[] = "/tmp/binary_damage_test.XXXXXX";
	int fd = mkstemp(name), failed;

	if (fd < 0)
		return 1;
	close(fd);
	scratch = name;
	failed = run("tiny", tests, ARRAY_SIZE(tests));
	failed += run("tiny4", tests, ARRAY_SIZE(tests));
	/* debug info of this Go leaves out types that only interfaces hold */
	failed += run("dwarf4", descriptor_tests, ARRAY_SIZE(descriptor_tests));
	unlink(name);
	return failed;
}
