/* SPDX-License-Identifier: BSD-2-Clause */
#include "decode_kinds_fixture.h"

/*
 * Values of contexts: chains of views as the engine copies them, whole, broken and made
 * to do harm; and what a goroutine has of them.
 */

#define DESCRIPTOR(offset) (LOAD_BIAS + TYPES_ADDRESS + (offset))
#define LINK(offset) (DESCRIPTOR(offset) | ASK_DYNAMIC)

/* type descriptors */
enum { VALUE = 0x10, CANCEL = 0x20, EMBEDS = 0x30, END = 0x40, OPAQUE = 0x50, KEY = 0x60,
       OTHER_KEY = 0x70, STRING = 0x80, INT = 0x90, NODE = 0xa0, UNSEEN = 0xb0 };

struct chain {
	struct fixture f;
	uint32_t context, value, pointer, node;
};

static void add_row(struct chain *c, uint32_t type, struct ask_pointer row)
{
	struct builder *b = &c->f.b;
	struct ask_type *engine = &b->engine_types.data[type];

	if (!engine->pointers++)
		engine->first_pointer = (uint32_t)b->pointers.length;
	*VEC_PUSH(&b->arena, &b->pointers) = row;
}

static void add_link(struct chain *c, uint32_t offset, uint32_t view, uint32_t skip, uint32_t keys,
		     uint32_t values, uint32_t flags)
{
	*VEC_PUSH(&c->f.b.arena, &c->f.b.context_types) =
		(struct ask_context_type){offset, view, skip, keys, values, flags};
}

static void add_context(struct chain *c, const char *column, uint32_t type)
{
	struct builder *b = &c->f.b;

	*VEC_PUSH(&b->arena, &b->contexts) = (struct schema_context){
		.expr = str(b, "context.Value(k)"), .column = str(b, column), .type = type};
}

/* Context 0: key KEY, value string; context 1: key OTHER_KEY, any value. */
static void setup_chain(struct chain *c)
{
	struct fixture *f = &c->f;
	struct builder *b = &f->b;

	setup(f);
	add_limits(b, 4, 512, 512);
	c->context = add_type(b, "context.Context", SCHEMA_KIND_INTERFACE, 16, SCHEMA_NONE);
	c->value = add_type(b, "context.valueCtx", SCHEMA_KIND_UNKNOWN, 48, SCHEMA_NONE);
	c->pointer = add_type(b, "a pointer", SCHEMA_KIND_UNKNOWN, 8, SCHEMA_NONE);
	c->node = add_struct(b, "main.node", 8);
	add_field(b, c->node, "n", 0, f->i64);
	add_type(b, "any", SCHEMA_KIND_UNKNOWN, 0, SCHEMA_NONE);
	add_row(c, c->context, (struct ask_pointer){0, ASK_POINTER_CONTEXT, 0, 1, 0, 0});
	add_row(c, c->value, (struct ask_pointer){0, ASK_POINTER_CONTEXT, 0, 1, 0, 0});
	add_row(c, c->value, (struct ask_pointer){32, ASK_POINTER_CONTEXT_VALUE, 0, 1, 0, 16});
	add_row(c, c->pointer, (struct ask_pointer){0, ASK_POINTER_FREE, c->context, 1, 0, 8});
	add_link(c, VALUE, c->value, 0, 0, 0, 0);
	add_link(c, CANCEL, c->context, 24, 0, 0, 0);
	add_link(c, EMBEDS, c->pointer, 16, 0, 0, 0);
	add_link(c, END, 0, 0, 0, 0, ASK_CONTEXT_END);
	add_link(c, KEY, 0, 0, 1, 0, 0);
	add_link(c, OTHER_KEY, 0, 0, 2, 0, 0);
	add_link(c, STRING, 0, 0, 0, 1, 0);
	b->schema.layout.any_value = 2;
	add_rtype(b, OPAQUE, "*main.opaque", ASK_ABSENT, 0);
	add_rtype(b, STRING, "string", f->string, 0);
	add_rtype(b, INT, "int", f->i64, 0);
	add_rtype(b, NODE, "*main.node", pointer_to(f, c->node), ASK_RTYPE_DIRECT);
	add_rtype(b, UNSEEN, "main.unseen", ASK_ABSENT, 0);
	add_context(c, "x", f->string);
	add_context(c, "y", (uint32_t)b->types.length - 2);
	put_pointee(&f->records, 0x9000, f->string, ASK_STATUS_OK, (uint64_t[]){0x9100, 5}, 16);
	put_pointee(&f->records, 0x9100, f->u8, ASK_STATUS_OK, "hello", 5);
	put_pointee(&f->records, 0x9200, f->i64, ASK_STATUS_OK, &(int64_t){42}, 8);
	put_pointee(&f->records, 0x9300, c->node, ASK_STATUS_OK, &(int64_t){7}, 8);
}

/* A valueCtx at `address`. */
static void put_link(struct chain *c, uint64_t address, uint64_t next_type, uint64_t next,
		     uint64_t key, uint64_t type, uint64_t data)
{
	uint64_t words[6] = {next_type, next, DESCRIPTOR(key), 0x8888, type, data};

	put_pointee(&c->f.records, address, c->value, ASK_STATUS_OK, words, sizeof(words));
}

static void put_next(struct chain *c, uint64_t address, uint64_t type, uint64_t data)
{
	put_pointee(&c->f.records, address, c->context, ASK_STATUS_OK, (uint64_t[]){type, data}, 16);
}

static void decode_context(struct chain *c, uint32_t context, uint64_t type, uint64_t data,
			   const char *x, const char *raw, const char *status)
{
	struct builder *b = &c->f.b;
	cleanup_strbuf struct strbuf got = STRBUF_INIT, expected = STRBUF_INIT;
	struct ask_goroutine g = new_goroutine(1, 0, 0);
	char *row;

	add_function(b, "main.f", "f");
	add_capture(b, "context.Value(k)", "x", c->context, 0);
	b->captures.data[0].type = b->contexts.data[context].type;
	b->captures.data[0].flags = SCHEMA_CAPTURE_CONTEXT;
	b->captures.data[0].context = context;
	build_schema(b);
	put_goroutine(&c->f.records, &g);
	put_frame(&c->f.records, 0, 0, 0x10);
	put_value(&c->f.records, b, 0, ASK_STATUS_OK, 0xc000010000, 0, (uint64_t[]){type, data});
	succeed(run_decode(b, &c->f.records, 1, &got));
	row = strstr(got.data, "\n  ");
	assert_non_null(row);
	if (x && x[0] >= '0' && x[0] <= '9')
		strbuf_puts(&expected, x); /* a number */
	else
		put_expected(&expected, x);
	strbuf_puts(&expected, " | ");
	put_expected(&expected, raw);
	strbuf_puts(&expected, " | ");
	put_expected(&expected, status);
	strbuf_puts(&expected, "\n");
	assert_string_equal(row + 3, expected.data);
	teardown(&c->f);
}

/* ---- chains ---- */

#define HELLO "{'__type':'string','__word':'0x9000','__value':{'__addr':'0x9100','len':5,'__value':'hello'}}"

static void test_topmost_wins(void **state)
{
	struct chain c;

	(void)state;
	setup_chain(&c);
	/* a value of another type, then one that counts, then one more */
	put_link(&c, 0x1000, LINK(CANCEL), 0x2000, KEY, DESCRIPTOR(INT), 0x9200);
	put_next(&c, 0x2000 + 24, LINK(VALUE), 0x3000);
	put_link(&c, 0x3000, LINK(VALUE), 0x4000, KEY, DESCRIPTOR(STRING), 0x9000);
	put_link(&c, 0x4000, LINK(END), 0x1, KEY, DESCRIPTOR(STRING), 0x9999);
	decode_context(&c, 0, LINK(VALUE), 0x1000, "hello", HELLO, "ok");
}

static void test_embedded_pointers_are_followed(void **state)
{
	struct chain c;

	(void)state;
	setup_chain(&c);
	put_pointee(&c.f.records, 0x1010, c.pointer, ASK_STATUS_OK, (uint64_t[]){0x2000}, 8);
	put_next(&c, 0x2008, LINK(VALUE), 0x3000);
	put_link(&c, 0x3000, LINK(END), 0x1, KEY, DESCRIPTOR(STRING), 0x9000);
	decode_context(&c, 0, LINK(EMBEDS), 0x1000, "hello", HELLO, "ok");
}

static void check_any(uint64_t type, uint64_t data, const char *x, const char *raw,
		      const char *status)
{
	struct chain c;

	setup_chain(&c);
	put_link(&c, 0x1000, LINK(END), 0x1, OTHER_KEY, type, data);
	decode_context(&c, 1, LINK(VALUE), 0x1000, x, raw, status);
}

static void test_values_of_any_type(void **state)
{
	(void)state;
	check_any(DESCRIPTOR(INT), 0x9200, "42", "{'__type':'int','__word':'0x9200','__value':42}",
		  "ok");
	check_any(DESCRIPTOR(STRING), 0x9000, "hello", HELLO, "ok");
	check_any(DESCRIPTOR(NODE), 0x9300, "{'n':7}",
		  "{'__type':'*main.node','__word':'0x9300','__value':{'__addr':'0x9300',"
		  "'__value':{'n':7}}}",
		  "ok");
	check_any(DESCRIPTOR(NODE), 0, NULL,
		  "{'__type':'*main.node','__word':'0x0','__value':null}", "nil");
	check_any(0, 0, NULL, NULL, "nil"); /* the value itself is nil */
	check_any(DESCRIPTOR(UNSEEN), 0x9200,
		  "{'__status':'unknown_type','__type':'main.unseen'}",
		  "{'__type':'main.unseen','__word':'0x9200','__value':{'__status':"
		  "'unknown_type','__type':'main.unseen'}}",
		  "partial: unknown_type");
	check_any(0xdead, 0x9200, "{'__status':'unknown_type'}",
		  "{'__word':'0x9200','__value':{'__status':'unknown_type'}}",
		  "partial: unknown_type");
	/* found, and not there */
	check_any(DESCRIPTOR(INT), 0x9999, NULL,
		  "{'__type':'int','__word':'0x9999','__value':{'__status':'not_captured'}}",
		  "not_captured");
}

static void check_end(uint64_t type, uint64_t data, const char *status)
{
	struct chain c;

	setup_chain(&c);
	/* 0x1000: whole. 0x2000: nobody knows what follows. 0x3000: not read. 0x4000: a circle */
	put_link(&c, 0x1000, LINK(END), 0x1, KEY, DESCRIPTOR(INT), 0x9200);
	put_link(&c, 0x2000, LINK(OPAQUE), 0x1, KEY, DESCRIPTOR(INT), 0x9200);
	put_pointee(&c.f.records, 0x3000, c.value, ASK_STATUS_READ_FAILED, NULL, 48);
	put_link(&c, 0x4000, LINK(CANCEL), 0x4100, KEY, DESCRIPTOR(INT), 0x9200);
	put_next(&c, 0x4100 + 24, LINK(VALUE), 0x4000);
	put_pointee(&c.f.records, 0x5010, c.pointer, ASK_STATUS_OK, (uint64_t[]){0}, 8);
	put_link(&c, 0x6000, 0x4242, 0x1, KEY, DESCRIPTOR(INT), 0x9200);
	put_link(&c, 0x7000, LINK(0x4242), 0x1, KEY, DESCRIPTOR(INT), 0x9200);
	put_link(&c, 0x8000, 0, 0, KEY, DESCRIPTOR(INT), 0x9200);
	decode_context(&c, 0, type, data, NULL, NULL, status);
}

static void test_chains_without_it(void **state)
{
	(void)state;
	check_end(0, 0, "nil: context");
	check_end(LINK(END), 0x1, "nil: no such value in the chain");
	check_end(LINK(VALUE), 0x1000, "nil: no such value in the chain");
	check_end(LINK(VALUE), 0x8000, "nil: no such value in the chain"); /* a nil Context */
	check_end(LINK(EMBEDS), 0x5000, "nil: no such value in the chain"); /* a nil pointer */
	/* where a link is not known, nothing is said of what it hides */
	check_end(LINK(OPAQUE), 0x1, "unavailable: the chain may go on behind *main.opaque");
	check_end(LINK(VALUE), 0x2000, "unavailable: the chain may go on behind *main.opaque");
	check_end(LINK(VALUE), 0x7000, "unavailable: the chain may go on behind a type without a name");
	check_end(LINK(VALUE), 0x3000, "read_failed");
	check_end(LINK(VALUE), 0x3333, "not_captured");
	check_end(LINK(VALUE), 0x6000, "read_failed"); /* its itab was never read */
	check_end(LINK(VALUE), 0x4000, "unavailable: the chain of contexts has no end");
}

static void test_gaps(void **state)
{
	struct chain c;

	(void)state;
	setup_chain(&c);
	*VEC_PUSH(&c.f.b.arena, &c.f.b.gaps) = (struct schema_gap){
		.expr = 0, .offset = 8, .size = 8, .reason = ASK_REASON_REGISTER};
	decode_context(&c, 0, LINK(VALUE), 0, NULL, NULL, "unavailable: lives in a register");
}

static void test_long_chain(void **state)
{
	struct chain c;

	(void)state;
	setup_chain(&c);
	for (uint64_t i = 0; i < 10000; i++)
		put_link(&c, 0x100000 + i * 48, LINK(VALUE), 0x100000 + (i + 1) * 48, OTHER_KEY,
			 DESCRIPTOR(INT), 0x9200);
	put_link(&c, 0x100000 + 10000 * 48, LINK(END), 0x1, KEY, DESCRIPTOR(STRING), 0x9000);
	decode_context(&c, 0, LINK(VALUE), 0x100000, "hello", HELLO, "ok");
}

/* Views that no compiler makes: pointers to themselves, a view that leads nowhere. */
static void test_hostile_views(void **state)
{
	struct chain c;

	(void)state;
	setup_chain(&c);
	c.f.b.pointers.data[3].target = c.pointer;
	put_pointee(&c.f.records, 0x1010, c.pointer, ASK_STATUS_OK, (uint64_t[]){0x1008}, 8);
	decode_context(&c, 0, LINK(EMBEDS), 0x1000, NULL, NULL,
		       "unavailable: the chain of contexts has no end");
	setup_chain(&c);
	c.f.b.engine_types.data[c.pointer].pointers = 0;
	put_pointee(&c.f.records, 0x1010, c.pointer, ASK_STATUS_OK, (uint64_t[]){0x1008}, 8);
	decode_context(&c, 0, LINK(EMBEDS), 0x1000, NULL, NULL,
		       "unavailable: the chain of contexts has no end");
	setup_chain(&c);
	c.f.b.context_types.data[1].view = c.f.u16; /* two bytes */
	put_pointee(&c.f.records, 0x1018, c.f.u16, ASK_STATUS_OK, "xy", 2);
	decode_context(&c, 0, LINK(CANCEL), 0x1000, NULL, NULL,
		       "unavailable: the chain of contexts has no end");
}

/* ---- goroutines ---- */

static struct error *take_goroutine(void *data, const struct decode_goroutine *row)
{
	assert_int_equal(row->contexts_count, 6);
	for (size_t i = 0; i < row->contexts_count; i++) {
		strbuf_puts(data, i ? " | " : "");
		print_cell(data, &row->contexts[i]);
	}
	strbuf_puts(data, "\n");
	return NULL;
}

static struct error *ignore_stack(void *data, uint64_t index, uint64_t depth, uint64_t count)
{
	(void)data;
	(void)index;
	(void)depth;
	(void)count;
	return NULL;
}

static struct error *ignore_frame(void *data, uint64_t stack, const struct decode_frame_row *row)
{
	(void)data;
	(void)stack;
	(void)row;
	return NULL;
}

static struct error *ignore_row(void *data, const struct decode_row *row)
{
	(void)data;
	(void)row;
	return NULL;
}

/*
 * A goroutine whose frames, from the leaf on, have these contexts: 0 one that could not be
 * read, 1 the background, 2 none, for the function has no context.
 */
static void put_stack_of(struct chain *c, uint64_t goid, const uint64_t *links, size_t count)
{
	struct ask_goroutine g = new_goroutine(goid, 0, 0);

	put_goroutine(&c->f.records, &g);
	for (size_t i = 0; i < count; i++) {
		put_frame(&c->f.records, (uint32_t)i, 0, 0x10);
		put_value(&c->f.records, &c->f.b, 0,
			  links[i] % 2 || links[i] > 2 ? ASK_STATUS_OK : ASK_STATUS_UNAVAILABLE,
			  0xc000010000, links[i] == 2 ? ASK_REASON_NO_CONTEXT : ASK_REASON_REGISTER,
			  (uint64_t[]){links[i] == 1 ? LINK(END) : LINK(VALUE), links[i]});
	}
}

static void test_goroutines(void **state)
{
	cleanup_strbuf struct strbuf got = STRBUF_INIT;
	struct decode_sink sink = {&got, ignore_stack, ignore_frame, take_goroutine, ignore_row};
	struct decode_input input = {.name = "test.askdump", .streams_count = 1};
	struct decode_stream stream = {0};
	struct builder *b;
	struct chain c;

	(void)state;
	setup_chain(&c);
	b = &c.f.b;
	add_function(b, "main.f", "f");
	add_capture(b, "context.Value(k)", "x", c.context, 0);
	b->captures.data[0].type = c.f.string;
	b->captures.data[0].flags = SCHEMA_CAPTURE_CONTEXT;
	build_schema(b);
	put_link(&c, 0x1000, LINK(END), 0x1, KEY, DESCRIPTOR(STRING), 0x9000);
	put_pointee(&c.f.records, 0x9400, c.f.string, ASK_STATUS_OK, (uint64_t[]){0x9101, 4}, 16);
	put_pointee(&c.f.records, 0x9101, 0, ASK_STATUS_OK, "ello", 4);
	put_link(&c, 0x2000, LINK(END), 0x1, KEY, DESCRIPTOR(STRING), 0x9400);
	put_stack_of(&c, 1, (uint64_t[]){0x2000, 0x1000}, 2);
	put_stack_of(&c, 2, (uint64_t[]){1, 0, 0x1000, 0x2000}, 4);
	put_stack_of(&c, 3, (uint64_t[]){1, 0}, 2); /* the second may have one */
	put_stack_of(&c, 4, (uint64_t[]){1, 1}, 2);
	put_stack_of(&c, 5, NULL, 0);
	put_stack_of(&c, 6, (uint64_t[]){2, 1}, 2);
	put_stack_of(&c, 7, (uint64_t[]){2}, 1);
	stream.data = (const uint8_t *)c.f.records.data;
	stream.size = c.f.records.length;
	input.schema = &b->schema;
	input.process = &b->process;
	input.statistics = &b->statistics;
	input.streams = &stream;
	succeed(decode(&input, &sink));
#define REST " | NULL | NULL | 'not_captured: no frame with a context'\n"
#define WORD(word, text, address, length)                                                          \
	"'" text "' | '{\"__type\":\"string\",\"__word\":\"" word "\",\"__value\":{\"__addr\":\"" address "\",\"len\":" length ",\"__value\":\"" text "\"}}' | 'ok'"
	assert_string_equal(got.data,
			    WORD("0x9400", "ello", "0x9101", "4") REST
			    WORD("0x9000", "hello", "0x9100", "5") REST
			    "NULL | NULL | 'unavailable: lives in a register'" REST
			    "NULL | NULL | 'nil: no such value in the chain'" REST
			    "NULL | NULL | 'not_captured: no frame with a context'" REST
			    "NULL | NULL | 'nil: no such value in the chain'" REST
			    "NULL | NULL | 'not_captured: no frame with a context'" REST);
	teardown(&c.f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_topmost_wins),
		cmocka_unit_test(test_embedded_pointers_are_followed),
		cmocka_unit_test(test_values_of_any_type),
		cmocka_unit_test(test_chains_without_it),
		cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_long_chain),
		cmocka_unit_test(test_hostile_views),
		cmocka_unit_test(test_goroutines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
