/* SPDX-License-Identifier: BSD-2-Clause */
#include "resolve_fixture.h"

/* What `types:` leaves of the types of fixtures/views/main.go: rows, pointers, spans, mistakes. */

static const char *const toolchains[] = {"go1.20.14", "local"};

#define SESSIONS "functions:\n- {name: main.sessions, capture: [s, o, v]}\n"

/* Resolves `types` with `functions`, both YAML. */
static void run(const char *types, const char *functions)
{
	resolve_ok(arena_printf(&arena, "types:\n%s%s", types, functions));
}

/* The mistakes, as "LINE:COLUMN-END CODE: MESSAGE\n" each. */
static const char *mistakes(const char *types)
{
	const struct diagnostic **sorted;
	const char *text = "";
	size_t count;

	resolve_text(arena_printf(&arena, "types:\n%s" SESSIONS, types));
	sorted = diagnostics_sorted(&diags, &count);
	for (size_t i = 0; i < count; i++)
		text = arena_printf(&arena, "%s%u:%u-%u %s: %s\n", text, sorted[i]->span.line,
				    sorted[i]->span.column, sorted[i]->span.end_column,
				    sorted[i]->code, sorted[i]->message);
	return text;
}

static uint32_t type_commented(const char *comment)
{
	for (uint32_t i = 0; i < s->types_count; i++)
		if (!strcmp(ir->type_comments[i], comment))
			return i;
	fail_msg("no type \"%s\"", comment);
	return 0;
}

static size_t types_named(const char *name)
{
	size_t count = 0;

	for (uint32_t i = 0; i < s->types_count; i++)
		count += !strcmp(schema_text(s, s->types[i].name), name);
	return count;
}

/* "base id lock": the names of a type's fields, redacted ones with a minus. */
static const char *fields(uint32_t type)
{
	const char *text = "";

	for (uint32_t i = 0; i < s->types[type].fields; i++) {
		const struct schema_field *field = &s->fields[s->types[type].first_field + i];

		text = arena_printf(&arena, "%s%s%s%s", text, i ? " " : "",
				    field->flags & SCHEMA_FIELD_REDACTED ? "-" : "",
				    schema_text(s, field->name));
	}
	return text;
}

static uint32_t field_type(uint32_t type, const char *name)
{
	for (uint32_t i = 0; i < s->types[type].fields; i++) {
		const struct schema_field *field = &s->fields[s->types[type].first_field + i];

		if (!strcmp(schema_text(s, field->name), name))
			return field->type;
	}
	fail_msg("no field %s", name);
	return 0;
}

/* "KIND:TARGET KIND:TARGET": its pointers. */
static const char *pointers(uint32_t type)
{
	const char *text = "";

	for (uint32_t i = 0; i < s->engine_types[type].pointers; i++) {
		const struct ask_pointer *row =
			&s->pointers[s->engine_types[type].first_pointer + i];

		text = arena_printf(&arena, "%s%s%u:%s", text, i ? " " : "", row->kind,
				    ir->type_comments[row->target]);
	}
	return text;
}

/* "OFFSET+SIZE*REPEAT/STRIDE …": the bytes that are copied. */
static const char *spans(uint32_t type)
{
	const char *text = "";

	for (uint32_t i = 0; i < s->engine_types[type].spans; i++) {
		const struct ask_span *row = &s->spans[s->engine_types[type].first_span + i];

		text = arena_printf(&arena, "%s%s%u+%u", text, i ? " " : "", row->offset,
				    row->size);
		if (row->repeat > 1)
			text = arena_printf(&arena, "%s*%u/%u", text, row->repeat, row->stride);
	}
	return text;
}

/*
 * session: base 0 (id 0, note 8), *other 24, small 32, lock 40 (owner 40, busy 56), up 64, upper 72,
 * began 80, secret 104, pin 120, all 136; 144 bytes.
 */
static void test_shape(void **state)
{
	uint32_t type, part;

	(void)state;
	run("- {name: main.session, capture: [small, lock.busy, id, up.secret]}\n", SESSIONS);
	type = type_commented("main.session, chosen: base.id, small, lock.busy, up.secret");
	assert_int_equal(s->types[type].size, 144);
	assert_string_equal(fields(type), "base small lock up");
	assert_string_equal(pointers(type), "4:main.session, chosen: secret");
	assert_string_equal(spans(type), "0+8 32+1 56+1 64+8");
	assert_string_equal(fields(field_type(type, "lock")), "busy");
	part = field_type(type, "up");
	assert_int_equal(s->types[part].kind, SCHEMA_KIND_POINTER);
	assert_string_equal(schema_text(s, s->types[part].name), "*main.session");
	assert_string_equal(pointers(part), "4:main.session, chosen: secret");
	part = s->types[part].elem;
	assert_string_equal(fields(part), "secret");
	assert_string_equal(pointers(part), "2:uint8: a string's byte");
	assert_string_equal(spans(part), "104+16");
	/* what holds it by value is copied by spans too, what points to it is not */
	assert_string_equal(spans(type_commented("main.outer")),
			    "0+4 8+8*3/144 40+1*3/144 64+1*3/144 72+8*3/144 440+16");
	assert_string_equal(spans(s->captures[0].type), "");
	assert_int_equal(s->captures[2].type, type);
}

static void test_pointers_on_the_way(void **state)
{
	uint32_t type, part;

	(void)state;
	/* through an embedded pointer, a pointer to a pointer, and the struct's own type */
	run("- {name: main.session, capture: [remark, upper.small, up.up.small, up.all]}\n",
	    "functions:\n- {name: main.sessions, capture: [{expr: s, limits: {depth: 1}}]}\n");
	type = type_commented("main.session, chosen: other.remark, up.up.small, up.all, upper.small");
	assert_string_equal(pointers(field_type(type, "other")), "4:main.other, chosen: remark");
	part = field_type(type, "upper");
	assert_string_equal(pointers(part), "4:*main.session, chosen: small");
	part = s->types[part].elem;
	assert_string_equal(pointers(part), "4:main.session, chosen: small");
	/* equal parts are one view */
	assert_int_equal(s->types[part].elem, type_commented("main.session, chosen: small"));
	part = s->types[field_type(type, "up")].elem;
	assert_string_equal(fields(part), "up all");
	assert_int_equal(s->types[field_type(part, "up")].elem,
			 type_commented("main.session, chosen: small"));
	/* of the end of a path the type is the listed one again */
	assert_int_equal(s->types[s->types[field_type(part, "all")].elem].elem, type);
}

static void test_recursion_ends(void **state)
{
	uint32_t left, right;

	(void)state;
	run("- {name: main.left, capture: [id, right]}\n"
	    "- {name: main.right, capture: [left, left.id]}\n",
	    "functions:\n- {name: main.pair, capture: [l, r]}\n");
	left = type_commented("main.left, chosen: id, right");
	right = type_commented("main.right, chosen: left"); /* left.id adds nothing */
	assert_string_equal(pointers(left), "1:main.right, chosen: left");
	assert_string_equal(pointers(right), "1:main.left, chosen: id, right");
	assert_int_equal(types_named("main.left"), 1);
	assert_int_equal(types_named("main.right"), 1);
	/* each cuts the other, whatever its own choice */
	run("- {name: main.left, capture: [right.left.id]}\n"
	    "- {name: main.right, capture: [id, left.right.junk]}\n",
	    "functions:\n- {name: main.pair, capture: [l, r]}\n");
	left = type_commented("main.left, chosen: right.left.id");
	assert_string_equal(pointers(left), "4:main.right, chosen: left.id");
	assert_string_equal(pointers(type_commented("main.right, chosen: left.id")),
			    "4:main.left, chosen: id");
	assert_int_equal(types_named("main.left"), 3);
}

static void test_redacted(void **state)
{
	uint32_t type;

	(void)state;
	run("- name: main.session\n  capture:\n  - small\n  - {expr: secret, redact: true}\n"
	    "  - {expr: pin, redact: true}\n  - {expr: [nothing, up], redact: true}\n",
	    SESSIONS);
	type = s->captures[2].type;
	assert_string_equal(ir->type_comments[type], "main.session, chosen: small, up (redacted), "
						     "secret (redacted), pin (redacted)");
	assert_string_equal(fields(type), "small -up -secret -pin");
	assert_string_equal(pointers(type), "");
	assert_string_equal(spans(type), "32+1 112+8"); /* the length */
	assert_int_equal(s->types[field_type(type, "secret")].kind, SCHEMA_KIND_STRING);
	assert_int_equal(s->types[field_type(type, "pin")].kind, SCHEMA_KIND_UNKNOWN);
}

static void test_nothing_chosen(void **state)
{
	(void)state;
	run("- {name: main.session, capture: []}\n", SESSIONS);
	assert_string_equal(fields(s->captures[2].type), "");
	assert_string_equal(spans(s->captures[2].type), "0+0");
	assert_string_equal(spans(type_commented("main.outer")), "0+4 440+16");
}

static void test_patterns(void **state)
{
	(void)state;
	run("- {name: \"main.box[...]\", capture: [value]}\n",
	    "functions:\n- {name: main.boxes, capture: [i, s, n]}\n");
	assert_string_equal(spans(type_commented("main.box[int], chosen: value")), "16+8");
	assert_string_equal(spans(type_commented("main.box[string], chosen: value")), "16+16");
	run("- {name: \"main.le*\", capture: [id]}\n",
	    "functions:\n- {name: main.pair, capture: [l, r]}\n");
	type_commented("main.left, chosen: id");
	type_commented("main.right");
}

/* What is cut is cut also where only a descriptor describes the type. */
static void test_only_in_interfaces(void **state)
{
	(void)state;
	run("- {name: main.vault, capture: [open]}\n",
	    "functions:\n- {name: main.holder, capture: [v]}\n");
	assert_string_equal(spans(type_commented("main.vault, chosen: open")), "0+8");
	run("- {name: \"main.vau*\", capture: [open]}\n",
	    "functions:\n- {name: main.holder, capture: [v]}\n");
	assert_string_equal(spans(type_commented("main.vault, chosen: open")), "0+8");
}

/* What captures name themselves is not cut, but what it leads to. */
static void test_captures_go_on(void **state)
{
	(void)state;
	run("- {name: main.session, capture: [small]}\n",
	    "functions:\n- {name: main.sessions, capture: [s.lock, s.up, s.lock.owner, s.secret]}\n");
	assert_string_equal(fields(s->captures[0].type), "owner busy");
	assert_string_equal(pointers(s->captures[1].type), "1:main.session, chosen: small");
	assert_int_equal(s->types[s->captures[3].type].kind, SCHEMA_KIND_STRING);
}

/* A variable in pieces: copies of what is not chosen are left out, and it lacks nothing for them. */
static void test_values_in_frames(void **state)
{
	uint64_t copied = 0;

	(void)state;
	run("- {name: main.session, capture: [small]}\n", SESSIONS);
	for (uint32_t i = 0; i < s->exprs_count; i++) {
		const struct ask_expr *expr = &s->exprs[i];

		for (uint32_t o = 0; expr->capture == 2 && o < expr->ops; o++) {
			const struct ask_op *op = &s->ops[expr->first_op + o];

			if (op->kind != ASK_OP_COPY || op->c == expr->size)
				continue; /* whole copies obey the type's spans */
			assert_int_equal(op->b, 32);
			assert_int_equal(op->c, 1);
		}
		copied += expr->capture == 2 && expr->ops;
	}
	assert_true(copied);
	for (uint32_t i = 0; i < s->gaps_count; i++)
		if (s->exprs[s->gaps[i].expr].capture == 2)
			assert_int_equal(s->gaps[i].offset, 32);
}

static void test_mistakes(void **state)
{
	(void)state;
	assert_string_equal(mistakes("- {name: main.sesion, capture: [id]}\n"
				     "- {name: main.number, capture: [id]}\n"
				     "- {name: time.Time, capture: [wall]}\n"
				     "- {name: \"main.*Nothing\", capture: [id]}\n"),
			    "4:10-21 unknown-type: the binary has no type main.sesion\n"
			    "5:10-21 not-a-struct: main.number is no struct: it has no fields to "
			    "choose\n"
			    "6:10-19 not-a-struct: time.Time is shown as a time: it has no fields to "
			    "choose\n"
			    "7:11-24 unknown-type: the binary has no struct main.*Nothing\n");
	assert_string_equal(diags.list.data[0].suggestions.data[0], "main.session");
	assert_string_equal(
		mistakes("- name: main.session\n  capture:\n  - smal\n  - lock.busy.x\n"
			 "  - {expr: [nix, up.nix]}\n  - _\n  - note\n"),
		"6:5-9 unknown-field: main.session has no field smal\n"
		"7:15-16 unknown-field: bool has no field x: it is no struct\n"
		"8:5-26 no-alternative: main.session has none of these paths\n"
		"9:5-6 unknown-field: main.session has no field _\n"
		"10:5-9 ambiguous-field: note is ambiguous: 2 structs embedded in main.session "
		"have it\n");
	assert_string_equal(mistakes("- {name: main.session, capture: [lock, "
				     "{expr: lock.owner, redact: true}]}\n"),
			    "4:40-72 overlapping-paths: one path of main.session redacts what "
			    "another one shows: choose the fields beside it one by one\n");
	assert_string_equal(mistakes("- {name: main.session, capture: [{expr: lock.owner, "
				     "redact: true}, lock]}\n"),
			    "4:68-72 overlapping-paths: one path of main.session redacts what "
			    "another one shows: choose the fields beside it one by one\n");
	assert_string_equal(mistakes("- {name: main.session, capture: [small]}\n"
				     "- {name: \"main.sess*\", capture: [small]}\n"),
			    "5:11-21 duplicate-type: main.session is listed twice\n");
	/* of several types that lack a field one is told */
	assert_string_equal(mistakes("- {name: \"main.box[...]\", capture: [nix]}\n"),
			    "4:37-40 unknown-field: main.box[int] has no field nix\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_shape),	   TEST(test_pointers_on_the_way),
		TEST(test_recursion_ends), TEST(test_redacted),
		TEST(test_nothing_chosen), TEST(test_patterns), TEST(test_only_in_interfaces),
		TEST(test_captures_go_on), TEST(test_values_in_frames),
		TEST(test_mistakes),
	};
	int failed = build_programs("views", toolchains, ARRAY_SIZE(toolchains));

	for (toolchain = 0; !failed && toolchain < ARRAY_SIZE(toolchains); toolchain++)
		failed = cmocka_run_group_tests_name(toolchains[toolchain], tests, NULL, NULL);
	return remove_programs() || failed;
}
