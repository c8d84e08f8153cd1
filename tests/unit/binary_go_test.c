/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "binary.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * The model of real Go programs: fixtures/binary/main.go, built as DWARF 4 (Go 1.22)
 * and DWARF 5, position-independent, unoptimised, and stripped with separate debug
 * info. Sizes and offsets are compared with what the program says of itself.
 */

#define SKIPPED 77

static struct arena arena;

static const char *fixture(const char *name)
{
	return arena_printf(&arena, "%s/%s", BINARY_FIXTURES, name);
}

static void assert_ok(struct error *error)
{
	if (error)
		fail_msg("%s", error->message);
}

static void assert_error(struct error *error, enum error_code code, const char *part)
{
	assert_non_null(error);
	if (error->code != code || !strstr(error->message, part))
		fail_msg("error %d: %s", error->code, error->message);
	error_free(error);
}

/* The fixture, or a visible skip when it could not be built here. */
static struct binary *open_fixture(const char *name)
{
	struct binary *binary;

	if (access(fixture(name), R_OK) != 0) {
		print_message("%s was not built\n", fixture(name));
		skip();
	}
	assert_ok(binary_open(&arena, fixture(name), NULL, &binary));
	return binary;
}

static const struct binary_type *type(struct binary *binary, const char *name)
{
	const struct binary_type *found = binary_type_find(binary, name);

	if (!found)
		fail_msg("no type %s", name);
	return found;
}

static const struct binary_field *field(const struct binary_type *of, const char *name)
{
	for (size_t i = 0; i < of->fields_count; i++)
		if (strcmp(of->fields[i].name, name) == 0)
			return &of->fields[i];
	fail_msg("%s has no field %s", of->name, name);
	return NULL;
}

static const struct binary_instance *instance(struct binary *binary, const char *name, size_t index)
{
	size_t count;
	const struct binary_instance *found = binary_instances(binary, name, &count);

	if (index >= count)
		fail_msg("%s has %zu instances", name, count);
	return &found[index];
}

/* The variable of that name with the largest block depth. */
static const struct binary_variable *variable(struct binary *binary,
					      const struct binary_instance *of, const char *name)
{
	const struct binary_variable *all, *found = NULL;
	size_t count;

	assert_ok(binary_variables(binary, of, &all, &count));
	for (size_t i = 0; i < count; i++)
		if (strcmp(all[i].name, name) == 0 && (!found || all[i].block > found->block))
			found = &all[i];
	if (!found)
		fail_msg("no variable %s", name);
	return found;
}

/* Where the variable is at the last call site of the function, "" nowhere. */
static const char *place_at_last_call(struct binary *binary, const char *function, const char *name)
{
	const struct binary_instance *of = instance(binary, function, 0);
	const struct binary_variable *v = variable(binary, of, name);
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	const uint64_t *sites;
	size_t count;

	assert_int_equal(of->inline_index, UINT32_MAX);
	assert_ok(binary_call_sites(binary, of->function->lo, of->function->hi, &sites, &count));
	assert_true(count > 0);
	for (size_t i = 0; i < v->locations_count; i++) {
		const struct binary_location *at = &v->locations[i];

		if (sites[count - 1] < at->lo || sites[count - 1] >= at->hi)
			continue;
		assert_false(at->contradictory);
		for (size_t k = 0; k < at->pieces_count; k++) {
			static const char *const kinds[] = {"cfa",  "deref", "reg",  "static",
							    "none", "odd",   "leaf", "dict"};

			strbuf_printf(&text, "%s%s@%u+%u", k ? " " : "", kinds[at->pieces[k].kind],
				      at->pieces[k].value_offset, at->pieces[k].size);
		}
	}
	return arena_strdup(&arena, text.data);
}

/* ---- identity ---- */

static void test_info(void **state)
{
	struct binary *binary = open_fixture(*state);
	const struct binary_info *info = binary_info(binary);
	uint64_t address, size;

	assert_string_equal(info->path, fixture(*state));
	assert_int_equal(strncmp(info->go_version, "go1.", 4), 0);
	if (strcmp(*state, "dwarf4") == 0)
		assert_string_equal(info->go_version, "go1.22.12");
	assert_true(strlen(info->go_build_id) > 40);
	assert_int_equal(info->pie, strcmp(*state, "pie") == 0);
	assert_true(binary_symbol(binary, "runtime.text", &address, &size));
	assert_int_equal(info->text, address);
	assert_true(binary_symbol(binary, "runtime.etext", &address, &size));
	assert_int_equal(info->text + info->text_size, address);
	assert_true(binary_symbol(binary, "main.main", &address, &size));
	assert_int_equal(address, instance(binary, "main.main", 0)->function->lo);
	assert_false(binary_symbol(binary, "main.nosuch", &address, &size));
	binary_close(binary);
}

/* ---- types ---- */

static const struct {
	const char *name;
	enum schema_kind kind;
	uint64_t size;
} kinds[] = {
	{"bool", SCHEMA_KIND_BOOL, 1},
	{"int8", SCHEMA_KIND_INT, 1},
	{"int64", SCHEMA_KIND_INT, 8},
	{"int", SCHEMA_KIND_INT, 8},
	{"uint16", SCHEMA_KIND_UINT, 2},
	{"uintptr", SCHEMA_KIND_UINT, 8},
	{"float32", SCHEMA_KIND_FLOAT, 4},
	{"float64", SCHEMA_KIND_FLOAT, 8},
	{"complex64", SCHEMA_KIND_COMPLEX, 8},
	{"complex128", SCHEMA_KIND_COMPLEX, 16},
	{"string", SCHEMA_KIND_STRING, 16},
	{"*main.Node", SCHEMA_KIND_POINTER, 8},
	{"**main.Node", SCHEMA_KIND_POINTER, 8},
	{"main.Node", SCHEMA_KIND_STRUCT, 24},
	{"[]main.Base", SCHEMA_KIND_SLICE, 24},
	{"[3]main.Color", SCHEMA_KIND_ARRAY, 3},
	{"main.Color", SCHEMA_KIND_UINT, 1},
	{"map[string]*main.Node", SCHEMA_KIND_MAP, 8},
	{"chan main.Base", SCHEMA_KIND_CHAN, 8},
	{"func(int) string", SCHEMA_KIND_FUNC, 8},
	{"main.Reader", SCHEMA_KIND_INTERFACE, 16},
	{"error", SCHEMA_KIND_INTERFACE, 16},
	{"interface {}", SCHEMA_KIND_ANY, 16},
	{"unsafe.Pointer", SCHEMA_KIND_UNSAFE_POINTER, 8},
	{"time.Time", SCHEMA_KIND_TIME, 24},
	{"time.Duration", SCHEMA_KIND_INT, 8},
	{"main.Pair[string,int]", SCHEMA_KIND_STRUCT, 24},
	{"sync.Mutex", SCHEMA_KIND_STRUCT, 8},
};

static void test_kinds(void **state)
{
	struct binary *binary = open_fixture(*state);

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const struct binary_type *t = type(binary, kinds[i].name);

		if (t->kind != kinds[i].kind || t->size != kinds[i].size ||
		    strcmp(t->name, kinds[i].name) != 0)
			fail_msg("%s: %s, kind %d, size %" PRIu64, kinds[i].name, t->name, t->kind,
				 t->size);
	}
	assert_null(binary_type_find(binary, "main.Nosuch"));
	assert_null(binary_type_find(binary, ""));
	binary_close(binary);
}

static void test_type_graph(void **state)
{
	struct binary *binary = open_fixture(*state);
	const struct binary_type *all = type(binary, "main.Everything");
	const struct binary_type *node = type(binary, "main.Node");

	assert_ptr_equal(field(node, "Left")->type, type(binary, "*main.Node"));
	assert_ptr_equal(field(node, "Left")->type->elem, node);
	assert_ptr_equal(type(binary, "main.Node"), node);
	assert_true(field(all, "Base")->embedded);
	assert_true(field(all, "Node")->embedded);
	assert_false(field(all, "B")->embedded);
	assert_ptr_equal(field(all, "Base")->type, type(binary, "main.Base"));
	assert_ptr_equal(field(all, "Err")->type, type(binary, "error"));
	assert_ptr_equal(field(all, "Any")->type, type(binary, "interface {}"));
	assert_ptr_equal(field(all, "Sl")->type->elem, type(binary, "main.Base"));
	assert_ptr_equal(field(all, "Ar")->type->elem, type(binary, "main.Color"));
	assert_int_equal(field(all, "Ar")->type->count, 3);
	assert_ptr_equal(field(all, "M")->type->key, type(binary, "string"));
	assert_ptr_equal(field(all, "M")->type->elem, type(binary, "*main.Node"));
	assert_ptr_equal(field(all, "Ch")->type->elem, type(binary, "main.Base"));
	assert_ptr_equal(field(all, "PP")->type->elem, type(binary, "*main.Node"));
	assert_int_equal(field(all, "Anon")->type->kind, SCHEMA_KIND_STRUCT);
	assert_null(type(binary, "unsafe.Pointer")->elem);
	assert_string_equal(type(binary, "string")->fields[1].name, "len");
	assert_int_equal(field(type(binary, "time.Time"), "ext")->offset, 8);
	/* an unexported array type that contains pointers to itself, and the runtime's own */
	assert_int_equal(type(binary, "runtime.g")->kind, SCHEMA_KIND_STRUCT);
	binary_close(binary);
}

/* What the program prints of unsafe.Sizeof and unsafe.Offsetof. */
static void test_truth(void **state)
{
	struct binary *binary = open_fixture(*state);
	const struct binary_type *all = type(binary, "main.Everything");
	FILE *file = fopen(fixture("truth"), "r");
	char name[64];
	unsigned value;
	int lines = 0;

	if (!file)
		skip();
	while (fscanf(file, "%63s %u", name, &value) == 2) {
		const char *dot = strchr(name, '.');

		if (dot)
			assert_int_equal(field(all, dot + 1)->offset, value);
		else
			assert_int_equal(all->size, value);
		lines++;
	}
	fclose(file);
	assert_int_equal(lines, 8);
	binary_close(binary);
}

/* The runtime's type at types + offset has the size that DWARF says (abi.Type.Size_). */
static void test_runtime_types(void **state)
{
	struct binary *binary = open_fixture(*state);
	static const char *const linked[] = {"main.Everything", "*main.Everything", "int",
					     "string"};

	for (size_t i = 0; i < ARRAY_SIZE(linked); i++) {
		const struct binary_type *t = type(binary, linked[i]);
		uint64_t size;

		assert_true(t->runtime_type > 0);
		assert_true(binary_read(binary, binary_info(binary)->types + t->runtime_type, &size,
					sizeof(size)));
		assert_int_equal(size, t->size);
	}
	binary_close(binary);
}

/* ---- functions ---- */

static void test_functions(void **state)
{
	struct binary *binary = open_fixture(*state);
	const struct binary_function *f;
	const char *const *names;
	size_t count, names_count;

	f = binary_functions(binary, &count);
	assert_true(count > 1000);
	for (size_t i = 0; i < count; i++) {
		assert_true(f[i].lo < f[i].hi);
		assert_true(f[i].name[0]);
		if (i)
			assert_true(f[i - 1].hi <= f[i].lo);
		for (uint32_t k = 0; k < f[i].inlines_count; k++) {
			const struct binary_inline *node = &f[i].inlines[k];

			assert_true(node->parent == UINT32_MAX || node->parent < k);
			assert_true(node->name[0] && node->call_file[0] && node->call_line);
			for (size_t r = 0; r < node->ranges_count; r++)
				assert_true(node->ranges[r].lo >= f[i].lo &&
					    node->ranges[r].hi <= f[i].hi);
		}
	}
	names = binary_function_names(binary, &names_count);
	for (size_t i = 1; i < names_count; i++)
		assert_true(strcmp(names[i - 1], names[i]) < 0);
	binary_close(binary);
}

/* A Go function that assembly calls is one; of an assembly function that Go calls the wrapper stays. */
static void test_wrappers_of_the_same_name(void **state)
{
	struct binary *binary = open_fixture(*state);
	const struct binary_function *f;
	const struct binary_instance *all;
	size_t count, same = 0;

	f = binary_functions(binary, &count);
	for (size_t i = 0; i < count; i++)
		same += !strcmp(f[i].name, "main.fromAssembly");
	assert_int_equal(same, 2); /* PCs in the wrapper have a name, too */
	all = binary_instances(binary, "main.fromAssembly", &count);
	assert_int_equal(count, 1);
	assert_non_null(strstr(all[0].function->file, "main.go"));
	all = binary_instances(binary, "main.throughAssembly", &count);
	assert_true(count > 0);
	for (size_t i = same = 0; i < count; i++)
		same += !strcmp(all[i].function->file, "<autogenerated>");
	assert_int_equal(same, 1);
	binary_close(binary);
}

/* What the compiler made is no instance, but for a literal that is called with what the user wrote. */
static void test_made_literals(void **state)
{
	struct binary *binary = open_fixture(*state);
	const struct binary_instance *all;
	const char *const *names;
	size_t count, literals = 0;

	names = binary_function_names(binary, &count);
	for (size_t i = 0; i < count; i++) {
		assert_null(strstr(names[i], "gowrap"));
		assert_null(strstr(names[i], "deferwrap"));
		literals += !strncmp(names[i], "main.passesOn[", 14) &&
			    !strcmp(names[i] + strlen(names[i]) - 6, ".func1");
	}
	assert_int_equal(literals, 1);
	all = binary_instances(binary, "main.passesOn[go.shape.int].func1", &count);
	assert_int_equal(count, 1);
	assert_string_equal(all[0].function->name, "main.passesOn[go.shape.int].func1");
	binary_close(binary);
}

/* add() is inlined into GetInfo? Only helper() surely is, into whoever has add(). */
static void test_inlines(void **state)
{
	struct binary *binary = open_fixture(*state);
	const struct binary_instance *all;
	size_t count, inlined = 0;

	all = binary_instances(binary, "main.helper", &count);
	assert_true(count > 0);
	for (size_t i = 0; i < count; i++) {
		const struct binary_inline *node;

		if (all[i].inline_index == UINT32_MAX)
			continue;
		inlined++;
		node = &all[i].function->inlines[all[i].inline_index];
		assert_string_equal(node->name, "main.helper");
		assert_string_equal(strrchr(node->call_file, '/'), "/main.go");
		assert_int_equal(node->call_line, 100);
		assert_string_equal(variable(binary, &all[i], "v")->type->name, "int");
		assert_true(variable(binary, &all[i], "v")->parameter);
		assert_true(variable(binary, &all[i], "v")->scope_count > 0);
	}
	assert_true(inlined > 0);
	assert_null(binary_instances(binary, "main.nosuch", &count));
	assert_int_equal(count, 0);
	binary_close(binary);
}

static void test_files_and_generics(void **state)
{
	struct binary *binary = open_fixture(*state);
	const struct binary_function *f = instance(binary, "main.(*server).GetInfo", 0)->function;

	assert_string_equal(strrchr(f->file, '/'), "/main.go");
	assert_int_equal(f->line, 83);
	/* out of line, but inlinable: DWARF gives its abstract DIE no file */
	f = instance(binary, "main.(*server).add", 0)->function;
	assert_string_equal(strrchr(f->file, '/'), "/main.go");
	assert_int_equal(f->line, 97);
	(void)instance(binary, "main.Max[go.shape.int]", 0);
	(void)instance(binary, "main.Max[go.shape.float64]", 0);
	(void)instance(binary, "main.(*Pair[go.shape.string,go.shape.int]).Hold", 0);
	(void)instance(binary, "main.main.func1", 0);
	/* ".param0" in DWARF, a *go.shape.int; the dictionary of its only instantiation knows better */
	assert_string_equal(
		variable(binary, instance(binary, "main.sink[go.shape.int]", 0), "p")->type->name,
		"*int");
	binary_close(binary);
}

/* ---- variables ---- */

static void test_scopes(void **state)
{
	struct binary *binary = open_fixture(*state);
	const struct binary_instance *of = instance(binary, "main.(*server).GetInfo", 0);
	const struct binary_variable *all, *inner = variable(binary, of, "local");
	size_t count;

	assert_ok(binary_variables(binary, of, &all, &count));
	assert_string_equal(all[0].name, "s");
	assert_string_equal(all[0].type->name, "*main.server");
	assert_true(all[0].parameter && !all[0].result && all[0].block == 0);
	assert_string_equal(all[3].name, "out");
	assert_true(all[3].parameter && all[3].result);
	assert_int_equal(inner->block, 1);
	assert_int_equal(inner->line, 86);
	assert_string_equal(inner->type->name, "string");
	assert_true(inner->scope[0].lo > of->function->lo);
	assert_true(inner->scope[inner->scope_count - 1].hi < of->function->hi);
	binary_close(binary);
}

/* No variable of any function breaks what binary.h promises of locations. */
static void test_all_locations(void **state)
{
	struct binary *binary = open_fixture(*state);
	const struct binary_function *f;
	size_t functions, places = 0;

	f = binary_functions(binary, &functions);
	for (size_t i = 0; i < functions; i++) {
		struct binary_instance of = {.function = &f[i], .inline_index = UINT32_MAX};
		const struct binary_variable *v;
		size_t count;

		assert_ok(binary_variables(binary, &of, &v, &count));
		for (size_t k = 0; k < count; k++) {
			uint64_t last = 0;

			if (strcmp(v[k].type->name, "go.shape.*uint8") != 0)
				assert_int_not_equal(v[k].type->kind, SCHEMA_KIND_UNKNOWN);
			for (size_t l = 0; l < v[k].locations_count; l++) {
				const struct binary_location *at = &v[k].locations[l];
				uint64_t end = 0;

				assert_true(at->lo < at->hi && at->lo >= last);
				last = at->hi;
				for (size_t p = 0; p < at->pieces_count; p++, places++) {
					assert_int_equal(at->pieces[p].value_offset, end);
					assert_int_not_equal(at->pieces[p].kind,
							     BINARY_PIECE_UNSUPPORTED);
					end += at->pieces[p].size;
				}
				if (at->pieces_count)
					assert_int_equal(end, v[k].type->size);
			}
		}
	}
	assert_true(places > 5000);
	binary_close(binary);
}

static void test_places(void **state)
{
	struct binary *binary = open_fixture(*state);

	assert_string_equal(place_at_last_call(binary, "main.(*server).GetInfo", "s"), "cfa@0+8");
	assert_string_equal(place_at_last_call(binary, "main.lenOnly", "s"), "none@0+16");
	assert_string_equal(place_at_last_call(binary, "main.pointerAndCap", "sl"), "none@0+24");
	assert_string_equal(place_at_last_call(binary, "main.padded", "p"), "cfa@0+8 cfa@8+8");
	assert_string_equal(place_at_last_call(binary, "main.stackArgument", "st"), "none@0+16");
	assert_string_equal(place_at_last_call(binary, "main.stackArgument", "whole"), "cfa@0+16");
	assert_string_equal(place_at_last_call(binary, "main.addressTaken", "x"), "cfa@0+16");
	assert_string_equal(place_at_last_call(binary, "main.addressTaken", "y"), "cfa@0+24");
	assert_string_equal(place_at_last_call(binary, "main.escapes", "n"), "deref@0+8");
	assert_string_equal(place_at_last_call(binary, "main.escapesLocal", "total"), "deref@0+8");
	assert_string_equal(place_at_last_call(binary, "main.stackArgument", "~r0"), "");
	binary_close(binary);
}

/* Without optimisation everything has a home. */
static void test_unoptimised(void **state)
{
	struct binary *binary = open_fixture("noopt");
	const struct binary_variable *x;

	(void)state;
	assert_string_equal(place_at_last_call(binary, "main.lenOnly", "s"), "cfa@0+16");
	assert_string_equal(place_at_last_call(binary, "main.pointerAndCap", "sl"), "cfa@0+24");
	assert_string_equal(place_at_last_call(binary, "main.padded", "p"), "cfa@0+16");
	assert_string_equal(place_at_last_call(binary, "main.stackArgument", "st"), "cfa@0+16");
	assert_string_equal(place_at_last_call(binary, "main.escapes", "n"), "deref@0+8");
	/* a pointer, what it points to known to the dictionary alone: together they are an `any` */
	assert_string_equal(place_at_last_call(binary, "main.either[go.shape.*uint8]", "x"),
			    "dict@0+8 deref@8+8");
	assert_string_equal(place_at_last_call(binary, "main.either[go.shape.*uint8]", "p"),
			    "dict@0+8 cfa@8+8");
	assert_string_equal(place_at_last_call(binary, "main.either[go.shape.*uint8]", "list"),
			    "cfa@0+24");
	x = variable(binary, instance(binary, "main.either[go.shape.*uint8]", 0), "x");
	assert_int_equal(x->type->kind, SCHEMA_KIND_ANY);
	assert_int_equal(x->type->size, 16);
	for (size_t i = 0; i < x->locations_count; i++)
		assert_int_equal(x->locations[i].pieces[0].reg, x->dictionary_index - 1);
	binary_close(binary);
}

static void test_globals(void **state)
{
	struct binary *binary = open_fixture(*state);
	const struct binary_global *global = binary_global_find(binary, "main.defaultServer");
	const char *const *strings;
	uint64_t address, size;
	size_t count;

	assert_non_null(global);
	assert_string_equal(global->type->name, "*main.server");
	assert_true(binary_symbol(binary, "main.defaultServer", &address, &size));
	assert_int_equal(global->address, address);
	assert_ptr_equal(binary_global_find(binary, "main.defaultServer"), global);
	assert_null(binary_global_find(binary, "main.nosuch"));
	assert_ok(binary_string_array(binary, "main.Words", &strings, &count));
	assert_int_equal(count, 4);
	assert_string_equal(strings[0], "alpha");
	assert_string_equal(strings[1], "");
	assert_string_equal(strings[2], "gamma ray");
	assert_ok(binary_string_array(binary, "runtime.waitReasonStrings", &strings, &count));
	assert_true(count >= 37);
	assert_string_equal(strings[1], "GC assist marking");
	assert_error(binary_string_array(binary, "main.counter", &strings, &count), ERROR_TARGET,
		     "no array of strings");
	assert_error(binary_string_array(binary, "main.nosuch", &strings, &count), ERROR_TARGET,
		     "no variable");
	assert_false(binary_read(binary, 0x10, &address, sizeof(address)));
	assert_false(binary_read(binary, UINT64_MAX - 3, &address, sizeof(address)));
	binary_close(binary);
}

/* ---- code ---- */

static void test_lines(void **state)
{
	struct binary *binary = open_fixture(*state);
	const struct binary_function *f = instance(binary, "main.leaf", 0)->function;
	const struct binary_line *rows;
	size_t count, first = 0;

	assert_ok(binary_lines(binary, &rows, &count));
	for (size_t i = 1; i < count; i++)
		assert_true(rows[i - 1].pc < rows[i].pc);
	while (first < count && rows[first].pc < f->lo)
		first++;
	assert_int_equal(rows[first].pc, f->lo);
	assert_ptr_equal(rows[first].file, f->file);
	assert_int_equal(rows[first].line, f->line);
	while (rows[first].file)
		assert_true(rows[first++].pc < f->hi);
	binary_close(binary);
}

static void test_cfi(void **state)
{
	struct binary *binary = open_fixture(*state);
	const struct binary_function *f = instance(binary, "main.(*server).GetInfo", 0)->function;
	const struct binary_cfi *rows;
	size_t count, at = 0;
	uint32_t most = 0;

	assert_ok(binary_cfi(binary, &rows, &count));
	for (size_t i = 1; i < count; i++)
		assert_true(rows[i - 1].pc < rows[i].pc && rows[i - 1].cfa != rows[i].cfa);
	assert_int_equal(rows[count - 1].cfa, 0);
	while (at + 1 < count && rows[at + 1].pc <= f->lo)
		at++;
	assert_int_equal(rows[at].cfa, 8);
	for (; at < count && rows[at].pc < f->hi; at++)
		most = rows[at].cfa > most ? rows[at].cfa : most;
	assert_true(most > 64);
	binary_close(binary);
}

/* indirect() calls f, concatstrings, f: relative and indirect; morestack is left out. */
static void test_call_sites(void **state)
{
	struct binary *binary = open_fixture(*state);
	const struct binary_function *f = instance(binary, "main.indirect", 0)->function;
	const uint64_t *sites;
	uint8_t code[2];
	size_t count, indirect = 0;

	assert_ok(binary_call_sites(binary, f->lo, f->hi, &sites, &count));
	assert_int_equal(count, 3);
	for (size_t i = 0; i < count; i++) {
		assert_true(sites[i] > f->lo && sites[i] <= f->hi);
		assert_true(binary_read(binary, sites[i] - 2, code, sizeof(code)));
		indirect += code[0] == 0xff;
	}
	assert_int_equal(indirect, 2);
	f = instance(binary, "main.leaf", 0)->function;
	assert_ok(binary_call_sites(binary, f->lo, f->hi, &sites, &count));
	assert_int_equal(count, 0);
	assert_error(binary_call_sites(binary, 16, 32, &sites, &count), ERROR_DAMAGED,
		     "not in the file");
	binary_close(binary);
}

/* ---- separate debug info ---- */

static void test_separate(void **state)
{
	struct binary *binary;
	const uint64_t *sites;
	size_t count;
	const struct binary_function *f;

	(void)state;
	if (access(fixture("separate.debug"), R_OK) != 0)
		skip();
	assert_error(binary_open(&arena, fixture("stripped"), NULL, &binary), ERROR_TARGET,
		     "--debug");
	assert_error(binary_open(&arena, fixture("stripped"), fixture("nosuch"), &binary), ERROR_IO,
		     "nosuch");
	if (access(fixture("dwarf4"), R_OK) == 0)
		assert_error(binary_open(&arena, fixture("stripped"), fixture("dwarf4"), &binary),
			     ERROR_TARGET, "another build");
	assert_error(binary_open(&arena, fixture("stripped"), fixture("stripped"), &binary),
		     ERROR_TARGET, "no debug info");
	assert_ok(binary_open(&arena, fixture("stripped"), fixture("separate.debug"), &binary));
	f = instance(binary, "main.indirect", 0)->function;
	assert_ok(binary_call_sites(binary, f->lo, f->hi, &sites, &count));
	assert_int_equal(count, 3);
	assert_string_equal(place_at_last_call(binary, "main.(*server).GetInfo", "s"), "cfa@0+8");
	binary_close(binary);
}

#define EACH(test)                                                                                 \
	{#test " (dwarf4)", test, NULL, NULL, (void *)"dwarf4"},                                   \
		{#test " (dwarf5)", test, NULL, NULL, (void *)"dwarf5"},                           \
	{                                                                                          \
#test " (pie)", test, NULL, NULL, (void *)"pie"                                    \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(test_info),
		EACH(test_kinds),
		EACH(test_type_graph),
		EACH(test_truth),
		EACH(test_runtime_types),
		EACH(test_functions),
		EACH(test_wrappers_of_the_same_name),
		EACH(test_made_literals),
		EACH(test_inlines),
		EACH(test_files_and_generics),
		EACH(test_scopes),
		EACH(test_all_locations),
		EACH(test_places),
		EACH(test_globals),
		EACH(test_lines),
		EACH(test_cfi),
		EACH(test_call_sites),
		cmocka_unit_test(test_unoptimised),
		cmocka_unit_test(test_separate),
	};
	int failed;

	if (access(fixture("dwarf5"), R_OK) != 0) {
		printf("skipped: no Go programs at %s\n", BINARY_FIXTURES);
		arena_deinit(&arena);
		return SKIPPED;
	}
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_deinit(&arena);
	return failed;
}
