/* SPDX-License-Identifier: BSD-2-Clause */
#include "resolve_fixture.h"

/*
 * Kinds that are more than bytes, against fixtures/kinds/main.go: Go 1.22 has bucket
 * maps, Go 1.24 and later Swiss ones; Go 1.23 and later describe closures.
 */

static const char *const toolchains[] = {"go1.22.12", "local"};
static bool is_old; /* bucket maps, no closures */

/* Resolves functions, written as YAML. */
static void run(const char *functions)
{
	is_old = toolchain == 0;
	resolve_ok(arena_printf(&arena, "functions:\n%s", functions));
}

static uint32_t type_named(const char *name)
{
	for (uint32_t i = 0; i < s->types_count; i++)
		if (!strcmp(schema_text(s, s->types[i].name), name))
			return i;
	fail_msg("no type %s", name);
	return 0;
}

/* The pointer row at `offset` of a type. */
static const struct ask_pointer *row_at(uint32_t type, uint32_t offset, uint32_t kind)
{
	const struct ask_type *row = &s->engine_types[type];

	for (uint32_t i = 0; i < row->pointers; i++) {
		const struct ask_pointer *pointer = &s->pointers[row->first_pointer + i];

		if (pointer->offset == offset) {
			assert_int_equal(pointer->kind, kind);
			return pointer;
		}
	}
	fail_msg("%s has no pointer at %u", schema_text(s, s->types[type].name), offset);
	return NULL;
}

static uint32_t offset_of(uint32_t type, const char *field)
{
	const struct schema_type *row = &s->types[type];

	for (uint32_t i = 0; i < row->fields; i++)
		if (!strcmp(schema_text(s, s->fields[row->first_field + i].name), field))
			return (uint32_t)s->fields[row->first_field + i].offset;
	fail_msg("%s has no field %s", schema_text(s, row->name), field);
	return 0;
}

/* What a map type is made of: its buckets or groups. */
static uint32_t slots_of_map(uint32_t map)
{
	uint32_t inside = s->types[map].internals, table;
	const struct ask_pointer *row;

	assert_int_equal(s->types[map].kind, SCHEMA_KIND_MAP);
	assert_int_equal(row_at(map, 0, ASK_POINTER_FREE)->target, inside);
	if (is_old) {
		row = row_at(inside, offset_of(inside, "buckets"), ASK_POINTER_BUCKETS);
		assert_int_equal(row->extra, offset_of(inside, "B") | offset_of(inside, "flags")
									      << 8);
		assert_int_equal(
			row_at(inside, offset_of(inside, "oldbuckets"), ASK_POINTER_BUCKETS)->extra,
			row->extra | 1 << 16);
		return row->target;
	}
	row = row_at(inside, offset_of(inside, "dirPtr"), ASK_POINTER_DIRECTORY);
	table = row_at(row->target, 0, ASK_POINTER_FREE)->target;
	assert_int_equal(row_at(table, offset_of(table, "groups"), ASK_POINTER_GROUPS)->target,
			 row->extra);
	return row->extra;
}

static void test_maps(void **state)
{
	const struct ask_pointer *row;
	uint32_t slots, large;

	(void)state;
	run("  - {name: main.maps, capture: [plain, big, nested, set]}\n");
	slots = slots_of_map(s->captures[0].type);
	row = row_at(slots, 8, ASK_POINTER_STRING); /* keys */
	assert_int_equal(row->repeat, 8);
	assert_int_equal(row->stride, is_old ? 16 : 24);
	row = row_at(slots, is_old ? 8 + 8 * 16 : 24, ASK_POINTER_PLAIN);
	assert_int_equal(row->target, type_named("main.square"));
	if (is_old)
		assert_int_equal(
			row_at(slots, offset_of(slots, "overflow"), ASK_POINTER_FREE)->target,
			slots);
	/* large keys and values are held by pointers, which cost nothing */
	slots = slots_of_map(s->captures[1].type);
	large = type_named("main.large");
	assert_int_equal(s->types[s->captures[1].type].key, large);
	assert_int_equal(row_at(slots, 8, ASK_POINTER_FREE)->target, large);
	assert_int_equal(row_at(slots, is_old ? 8 + 8 * 8 : 16, ASK_POINTER_FREE)->target, large);
	/* a map of itself */
	slots = slots_of_map(s->captures[2].type);
	assert_int_equal(row_at(slots, is_old ? 8 + 8 * 16 : 24, ASK_POINTER_FREE)->target,
			 s->types[s->captures[2].type].internals);
	slots = slots_of_map(s->captures[3].type);
	assert_int_equal(row_at(slots, 8, ASK_POINTER_INTERFACE)->repeat, 8);
}

/* What a sync.Map is made of costs nothing, and leads to its keys and values. */
static void test_sync_map(void **state)
{
	uint32_t map, trie, node, entry;
	const struct ask_pointer *row;

	(void)state;
	run("  - {name: main.synced, capture: [{expr: m, limits: {depth: 1}}]}\n");
	map = type_named("sync.Map");
	if (is_old) {
		entry = type_named("sync.entry");
		node = type_named("sync.readOnly");
		assert_int_equal(
			row_at(map, offset_of(map, "read"), ASK_POINTER_FREE)->target, node);
		row_at(entry, 0, ASK_POINTER_FREE);
		row_at(type_named("*sync.entry"), 0, ASK_POINTER_FREE);
		slots_of_map(type_named("map[interface {}]*sync.entry"));
		return;
	}
	trie = type_named("internal/sync.HashTrieMap[interface {},interface {}]");
	node = type_named("internal/sync.indirect[interface {},interface {}]");
	entry = type_named("internal/sync.entry[interface {},interface {}]");
	assert_int_equal(row_at(map, offset_of(trie, "root"), ASK_POINTER_FREE)->target, node);
	assert_int_equal(s->engine_types[trie].pointers, 1);
	row = row_at(node, offset_of(node, "children"), ASK_POINTER_NODE);
	assert_int_equal(s->engine_types[node].pointers, 1);
	assert_int_equal(row->target, node);
	assert_int_equal(row->extra, entry);
	assert_int_equal(row->repeat, 16);
	assert_int_equal(row->stride, 8);
	assert_int_equal(row_at(entry, offset_of(entry, "overflow"), ASK_POINTER_FREE)->target,
			 entry);
	row_at(entry, offset_of(entry, "key"), ASK_POINTER_ANY);
	row_at(entry, offset_of(entry, "value"), ASK_POINTER_ANY);
}

static void test_chans(void **state)
{
	uint32_t inside, sudog, next = SCHEMA_NONE;

	(void)state;
	run("  - {name: main.chans, capture: [strings, signal, receive]}\n");
	inside = s->types[s->captures[0].type].internals;
	assert_int_equal(s->types[s->captures[0].type].elem, type_named("string"));
	assert_int_equal(row_at(s->captures[0].type, 0, ASK_POINTER_FREE)->target, inside);
	assert_int_equal(row_at(inside, offset_of(inside, "buf"), ASK_POINTER_COUNTED)->extra,
			 offset_of(inside, "dataqsiz"));
	sudog = row_at(inside, offset_of(inside, "recvq"), ASK_POINTER_FREE)->target;
	assert_int_equal(row_at(inside, offset_of(inside, "sendq"), ASK_POINTER_FREE)->target,
			 sudog);
	assert_int_equal(s->engine_types[sudog].pointers, 1);
	assert_int_equal(row_at(sudog, offset_of(sudog, "next"), ASK_POINTER_FREE)->target, sudog);
	for (uint32_t i = 0; i < s->types[sudog].fields; i++)
		if (!strcmp(schema_text(s, s->fields[s->types[sudog].first_field + i].name),
			    "next"))
			next = s->fields[s->types[sudog].first_field + i].type;
	assert_int_equal(s->types[next].elem, sudog);	  /* the field says it, too */
	inside = s->types[s->captures[1].type].internals; /* nothing lies in its buffer */
	assert_int_equal(s->engine_types[inside].pointers, 2);
	assert_int_equal(s->rtypes_count, 0); /* no interface is within reach */
	assert_int_equal(s->layout.funcval_type, ASK_ABSENT);
}

static const struct ask_rtype *rtype_named(const char *name)
{
	for (uint32_t i = 0; i < s->rtypes_count; i++)
		if (!strcmp(schema_text(s, s->rtypes[i].name), name))
			return &s->rtypes[i];
	fail_msg("no runtime type %s", name);
	return NULL;
}

static void assert_rtype(const char *name, uint32_t flags)
{
	const struct ask_rtype *row = rtype_named(name);

	assert_int_equal(row->flags, flags);
	assert_int_equal(row->type, type_named(name));
	assert_int_equal(s->types[row->type].runtime_type, row->offset);
}

static void test_interfaces(void **state)
{
	const struct schema_type *hidden;

	(void)state;
	run("  - {name: main.dynamics, capture: [empty, full, list]}\n");
	row_at(s->captures[0].type, 0, ASK_POINTER_ANY);
	row_at(s->captures[1].type, 0, ASK_POINTER_INTERFACE);
	row_at(s->types[s->captures[2].type].elem, 0, ASK_POINTER_ANY);
	assert_rtype("main.square", 0);
	assert_rtype("int", 0);
	assert_rtype("*main.square", ASK_RTYPE_DIRECT);
	assert_rtype("main.wrapped", ASK_RTYPE_DIRECT);
	assert_rtype("map[string]int", ASK_RTYPE_DIRECT);
	/* Go 1.26 asks for the size only, before a struct had to have one field */
	assert_rtype("main.padded", is_old ? 0 : ASK_RTYPE_DIRECT);
	/* Go 1.22 has it in no debug info, but its descriptor has its name and fields */
	assert_rtype("main.hidden", 0);
	hidden = &s->types[type_named("main.hidden")];
	assert_int_equal(hidden->kind, SCHEMA_KIND_STRUCT);
	assert_int_equal(hidden->size, 24);
	assert_int_equal(hidden->fields, 3);
	assert_int_equal(offset_of(type_named("main.hidden"), "c"), 16);
	assert_rtype("*main.hidden", ASK_RTYPE_DIRECT);
	assert_int_equal(s->types[type_named("*main.hidden")].elem, type_named("main.hidden"));
	/* a number needs no more than that */
	assert_int_not_equal(rtype_named("main.bare")->type, ASK_ABSENT);
	assert_int_equal(s->types[type_named("main.bare")].kind, SCHEMA_KIND_INT);
	assert_int_equal(s->types[type_named("main.bare")].size, 2);
	assert_int_equal(rtype_named("error")->type, ASK_ABSENT); /* never a dynamic type */
	assert_true(s->layout.types_lo && s->layout.types_size);
	assert_int_equal(s->layout.itab_type, 8);
	assert_int_equal(s->layout.rtypes, s->rtypes_count);
}

static void test_depth_bounds_dynamic_types(void **state)
{
	uint32_t captured = 0;

	(void)state;
	run("  - {name: main.dynamics, capture: [{expr: empty, limits: {depth: 0}}]}\n");
	for (uint32_t i = 0; i < s->rtypes_count; i++)
		captured += s->rtypes[i].type != ASK_ABSENT;
	assert_int_equal(captured, 1); /* uint8, which is there always; but all have their names */
	rtype_named("main.square");
}

static void test_funcs(void **state)
{
	const struct schema_type *closure;
	const struct schema_field *fields;
	const struct ask_pointer *row;

	(void)state;
	run("  - {name: main.funcs, capture: [f, raw]}\n");
	row_at(s->captures[0].type, 0, ASK_POINTER_FUNC);
	assert_int_equal(s->engine_types[s->captures[1].type].pointers, 0);
	assert_string_equal(schema_text(s, s->types[s->layout.funcval_type].name), "funcval");
	if (is_old) { /* method values alone */
		for (uint32_t i = 0; i < s->closures_count; i++) {
			const char *name = schema_text(s, s->types[s->closures[i].type].name);

			assert_non_null(strstr(name, "-fm"));
		}
		return;
	}
	closure = &s->types[type_named("closure main.main.func1")];
	fields = &s->fields[closure->first_field];
	assert_int_equal(closure->fields, 3);
	assert_string_equal(schema_text(s, fields[1].name), "n");
	assert_int_equal(fields[1].flags, SCHEMA_FIELD_BY_REFERENCE);
	assert_int_equal(s->types[fields[1].type].kind, SCHEMA_KIND_POINTER);
	assert_string_equal(schema_text(s, fields[2].name), "text");
	assert_int_equal(fields[2].flags, 0);
	row = row_at((uint32_t)(closure - s->types), 8, ASK_POINTER_FREE);
	assert_int_equal(row->target, type_named("int"));
	row_at((uint32_t)(closure - s->types), 16, ASK_POINTER_STRING);
	for (uint32_t i = 0; i < s->closures_count; i++)
		if (s->closures[i].type == closure - s->types) {
			const struct schema_symbol *symbol = schema_symbol_at(s, s->closures[i].pc);

			assert_string_equal(schema_text(s, symbol->name), "main.main.func1");
			assert_int_equal(symbol->lo, s->closures[i].pc);
			return;
		}
	fail_msg("main.main.func1 is no closure");
}

/* The closure object of a method value is a PC and its receiver. */
static void check_method_value(const char *wrapper, const char *receiver, uint32_t size)
{
	char name[80];
	const struct schema_type *object;
	const struct schema_field *field;
	uint32_t type;

	snprintf(name, sizeof(name), "closure %s", wrapper);
	type = type_named(name);
	object = &s->types[type];
	field = &s->fields[object->first_field + 1];
	assert_int_equal(object->fields, 2);
	assert_int_equal(object->size, 8 + size);
	assert_string_equal(schema_text(s, field->name), "R");
	assert_int_equal(field->offset, 8);
	assert_int_equal(field->flags, 0);
	assert_string_equal(schema_text(s, s->types[field->type].name), receiver);
	for (uint32_t i = 0; i < s->closures_count; i++)
		if (s->closures[i].type == type) {
			const struct schema_symbol *symbol = schema_symbol_at(s, s->closures[i].pc);

			assert_string_equal(schema_text(s, symbol->name), wrapper);
			return;
		}
	fail_msg("%s is no closure", wrapper);
}

static void test_method_values(void **state)
{
	(void)state;
	run("  - {name: main.funcs, capture: [f]}\n");
	check_method_value("main.(*square).grow-fm", "*main.square", 8);
	check_method_value("main.square.area-fm", "main.square", 8);
	check_method_value("main.shape.area-fm", "main.shape", 16);
	check_method_value("go:builtin.error.Error-fm", "error", 16);
	/* generic code's is a closure of another name, or none that is believed */
	for (uint32_t i = 0; i < s->closures_count; i++) {
		const char *name = schema_text(s, s->types[s->closures[i].type].name);

		assert_false(strstr(name, "-fm") && strstr(name, "go.shape."));
	}
}

/* How many of its calls have a capture. */
static size_t always(uint32_t capture)
{
	size_t count = 0;

	for (size_t i = 0; i < ir->availability_count; i++)
		count += ir->availability[i].capture == capture &&
			 ir->availability[i].verdict == IR_ALWAYS;
	return count;
}

static void test_captured_variables_are_variables(void **state)
{
	(void)state;
	run("  - {name: main.main.func1, capture: [n, text]}\n");
	assert_string_equal(schema_text(s, s->types[s->captures[0].type].name), "int");
	assert_true(always(0) > 0);
	if (!is_old) /* DWARF gives them the line of their first use; the call comes before it */
		assert_true(always(1) > 0);
}

/* An expression of a capture that has ops; NULL when there is none. */
static const struct ask_expr *expr_of(uint32_t capture)
{
	for (uint32_t i = 0; i < s->exprs_count; i++)
		if (s->exprs[i].capture == capture && s->exprs[i].ops)
			return &s->exprs[i];
	return NULL;
}

static const struct ask_op *op_of(const struct ask_expr *expr, uint32_t kind)
{
	for (uint32_t i = 0; expr && i < expr->ops; i++)
		if (s->ops[expr->first_op + i].kind == kind)
			return &s->ops[expr->first_op + i];
	fail_msg("no such op");
	return NULL;
}

static void test_assertions_and_indexes(void **state)
{
	const struct ask_op *op;

	(void)state;
	run("  - name: main.dynamics\n    capture: ['empty.(main.wrapped).p', "
	    "'full.(main.square).side', 'list[1].(map[string]int)']\n");
	op = op_of(expr_of(0), ASK_OP_ASSERT);
	assert_int_equal(op->b, 0);
	assert_int_equal(op->c, 1); /* pointer-shaped */
	op = op_of(expr_of(1), ASK_OP_ASSERT);
	assert_int_equal(op->a, binary_type_find(binary, "main.square")->runtime_type);
	assert_int_equal(op->b, 1);
	assert_int_equal(op->c, 0);
	op = op_of(expr_of(2), ASK_OP_INDEX);
	assert_int_equal(op->a, 1);
	assert_int_equal(op->b, 16);
	op_of(expr_of(2), ASK_OP_ASSERT);
	assert_int_equal(s->rtypes_count, 0); /* what is captured has no interface in it */
}

static void test_redacted(void **state)
{
	const struct ask_expr *expr;
	const struct ask_op *copy;

	(void)state;
	run("  - name: main.secrets\n    capture: [{expr: s.name, redact: true}, "
	    "{expr: s.key, redact: true}, {expr: s.pin, redact: true}, {expr: s, redact: true}]\n");
	for (uint32_t c = 0; c < 4; c++)
		assert_int_equal(s->captures[c].flags, SCHEMA_CAPTURE_REDACTED);
	for (uint32_t c = 0; c < 2; c++) {
		expr = expr_of(c);
		copy = op_of(expr, ASK_OP_COPY);
		assert_int_equal(expr->reason, ASK_REASON_REDACTED);
		assert_int_equal(copy->b, 8);
		assert_int_equal(copy->c, 8);
	}
	assert_null(expr_of(2));
	assert_null(expr_of(3));
	assert_true(always(2) > 0);		/* there as asked for */
	assert_int_equal(s->pointers_count, 0); /* nobody can get at the bytes either */
}

static void test_generics(void **state)
{
	uint32_t kinds[SCHEMA_KINDS] = {0};

	(void)state;
	run("  - {name: 'main.generic[...]', capture: [x]}\n"
	    "  - {name: 'main.(*box[...]).hold', capture: [b, x]}\n");
	for (uint32_t i = 0; i < s->exprs_count; i++)
		if (s->exprs[i].capture == 0)
			kinds[s->types[s->exprs[i].type].kind]++;
	assert_true(kinds[SCHEMA_KIND_INT] && kinds[SCHEMA_KIND_STRING]);
	/* two pointer types have this shape: its value is never shown as something it is not */
	assert_true(kinds[SCHEMA_KIND_UNKNOWN]);
	assert_int_equal(s->types[type_named("go.shape.*uint8")].kind, SCHEMA_KIND_UNKNOWN);
	assert_int_equal(s->types[s->captures[0].type].kind, SCHEMA_KIND_UNKNOWN);
	/* the only box is one of pointers to int, and its dictionary says so */
	assert_int_equal(s->captures[1].type, type_named("*main.box[*int]"));
	assert_int_equal(s->captures[2].type, type_named("*int"));
	assert_int_equal(s->types[s->captures[2].type].kind, SCHEMA_KIND_POINTER);
}

static void check_generic(const char *function, const char *variable, const char *type)
{
	run(arena_printf(&arena, "  - {name: '%s', table: t, capture: [%s]}\n", function, variable));
	assert_string_equal(schema_text(s, s->types[s->captures[0].type].name), type);
	assert_int_equal(teardown(NULL) + setup(NULL), 0);
}

/* Dictionaries tell type arguments, but only where all that can have been passed agree. */
static void test_type_arguments(void **state)
{
	(void)state;
	check_generic("main.unique[go.shape.int]", "x", "main.number");
	check_generic("main.unique[go.shape.int]", "list", "[]main.number");
	check_generic("main.unique[go.shape.int]", "table", "map[main.number]*main.number");
	check_generic("main.pair[go.shape.int,go.shape.*uint8]", "k", "main.number");
	check_generic("main.pair[go.shape.int,go.shape.*uint8]", "v", "go.shape.*uint8");
	/* one that was inlined with another type may have left no dictionary */
	check_generic("main.inlined[go.shape.*uint8]", "x", "go.shape.*uint8");
	check_generic("main.inlined[go.shape.*uint8]", "x", "go.shape.*uint8");
	/* its closures may be those of inlined calls */
	check_generic("main.closures[go.shape.*uint8].func1", "y", "go.shape.*uint8");
	check_generic("main.closures[go.shape.*uint8]", "y", "*int");
}

static void test_alternatives(void **state)
{
	(void)state;
	run("  - {name: main.secrets, capture: [{expr: [s.title, t, s.name, s.pin], as: n}]}\n");
	assert_string_equal(schema_text(s, s->captures[0].expr), "s.name");
	assert_string_equal(schema_text(s, s->captures[0].column), "n");
}

static void test_written_schema(void **state)
{
	static const char spec[] =
		"functions:\n"
		"  - {name: main.dynamics, capture: [empty, full, list]}\n"
		"  - {name: main.maps, capture: [plain, big, nested, set]}\n"
		"  - {name: main.funcs, capture: [f]}\n"
		"  - {name: main.secrets, capture: [{expr: s.key, redact: true}]}\n"
		"  - {name: 'main.generic[...]', capture: [x]}\n";

	(void)state;
	assert_written_schema(spec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_maps),
		TEST(test_sync_map),
		TEST(test_chans),
		TEST(test_interfaces),
		TEST(test_depth_bounds_dynamic_types),
		TEST(test_funcs),
		TEST(test_method_values),
		TEST(test_captured_variables_are_variables),
		TEST(test_assertions_and_indexes),
		TEST(test_redacted),
		TEST(test_generics),
		TEST(test_type_arguments),
		TEST(test_alternatives),
		TEST(test_written_schema),
	};
	int failed = build_programs("kinds", toolchains, ARRAY_SIZE(toolchains));

	for (toolchain = 0; !failed && toolchain < ARRAY_SIZE(toolchains); toolchain++)
		failed = cmocka_run_group_tests_name(toolchains[toolchain], tests, NULL, NULL);
	return remove_programs() || failed;
}
