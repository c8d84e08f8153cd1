/* SPDX-License-Identifier: BSD-2-Clause */
#include "decode_kinds_fixture.h"

/* What only the running program knew: interfaces, func values, who waits on a channel. */

#define DESCRIPTOR(offset) (LOAD_BIAS + TYPES_ADDRESS + (offset))
#define CODE(offset) (LOAD_BIAS + TEXT_ADDRESS + (offset))

/* ---- interfaces ---- */

struct interfaces {
	struct fixture f;
	uint32_t any, error, node, pointer, chan_direct;
};

static void setup_interfaces(struct interfaces *i, uint32_t depth)
{
	struct fixture *f = &i->f;
	uint32_t map;

	setup(f);
	add_limits(&f->b, depth, 512, 512);
	i->any = add_type(&f->b, "interface {}", SCHEMA_KIND_ANY, 16, SCHEMA_NONE);
	i->error = add_type(&f->b, "error", SCHEMA_KIND_INTERFACE, 16, SCHEMA_NONE);
	i->node = add_struct(&f->b, "main.node", 24);
	add_field(&f->b, i->node, "n", 0, f->i64);
	add_field(&f->b, i->node, "next", 8, i->any);
	i->pointer = add_type(&f->b, "*main.node", SCHEMA_KIND_POINTER, 8, i->node);
	map = add_old_map(f, f->i64, f->i64, f->i64, f->i64).map;
	add_rtype(&f->b, 0x10, "int", f->i64, 0);
	add_rtype(&f->b, 0x20, "*main.node", i->pointer, ASK_RTYPE_DIRECT);
	add_rtype(&f->b, 0x30, "main.node", i->node, 0);
	add_rtype(&f->b, 0x40, "main.secret", ASK_ABSENT, 0);
	add_rtype(&f->b, 0x50, "map[int]int", map, ASK_RTYPE_DIRECT);
	add_rtype(&f->b, 0x60, "main.broken", i->node, ASK_RTYPE_DIRECT);
	add_rtype(&f->b, 0x70, "struct {}", add_struct(&f->b, "struct {}", 0), 0);
}

static void put_node(struct interfaces *i, uint64_t address, int64_t n, uint64_t type,
		     uint64_t data)
{
	uint64_t words[3] = {(uint64_t)n, type, data};

	put_pointee(&i->f.records, address, i->node, ASK_STATUS_OK, words, sizeof(words));
}

static void check_any(uint32_t depth, uint64_t type, uint64_t data, const char *x, const char *raw,
		      const char *status)
{
	struct interfaces i;

	setup_interfaces(&i, depth);
	put_pointee(&i.f.records, 0x2000, i.f.i64, ASK_STATUS_OK, &(int64_t){-5}, 8);
	put_node(&i, 0x3000, 1, DESCRIPTOR(0x20), 0x3000);
	put_node(&i, 0x3100, 1, DESCRIPTOR(0x10), 0x2000);
	put_node(&i, 0x3200, 1, DESCRIPTOR(0x30), 0x3100);
	put_pointee(&i.f.records, 0x3300, i.node, ASK_STATUS_READ_FAILED, NULL, 24);
	check_cells(&i.f, i.any, (uint64_t[]){type, data}, x, raw, status);
}

static void test_any(void **state)
{
	(void)state;
	check_any(4, 0, 0, NULL, NULL, "nil");
	check_any(4, DESCRIPTOR(0x10), 0x2000, "{'int':-5}",
		  "{'__type':'int','__word':'0x2000','__value':-5}", "ok");
	/* a typed nil is no nil */
	check_any(4, DESCRIPTOR(0x20), 0, "{'*main.node':null}",
		  "{'__type':'*main.node','__word':'0x0','__value':null}", "ok");
	check_any(4, DESCRIPTOR(0x50), 0, "{'map[int]int':null}", "*", "ok");
	check_any(4, DESCRIPTOR(0x20), 0x3100, "{'*main.node':{'n':1,'next':{'int':-5}}}",
		  "{'__type':'*main.node','__word':'0x3100','__value':{'__addr':'0x3100',"
		  "'__value':{'n':1,'next':{'__type':'int','__word':'0x2000','__value':-5}}}}",
		  "ok");
	check_any(4, DESCRIPTOR(0x20), 0x3000,
		  "{'*main.node':{'n':1,'next':{'*main.node':{'__status':'cycle',"
		  "'__addr':'0x3000'}}}}",
		  "*", "ok");
	check_any(4, DESCRIPTOR(0x70), 0x9999, "{'struct {}':{}}", "*", "ok");
	check_any(4, DESCRIPTOR(0x30), 0x3300, "{'main.node':{'__status':'read_failed'}}", "*",
		  "partial: read_failed");
	check_any(4, DESCRIPTOR(0x30), 0x3400, "{'main.node':{'__status':'not_captured'}}", "*",
		  "partial: not_captured");
}

/* An interface and the pointer in it are one hop; a map in it is free once there. */
static void test_depth(void **state)
{
	(void)state;
	check_any(0, DESCRIPTOR(0x10), 0x2000, "{'int':{'__status':'depth'}}", "*", "ok");
	check_any(0, DESCRIPTOR(0x20), 0x3100, "{'*main.node':{'__status':'depth'}}", "*", "ok");
	check_any(0, DESCRIPTOR(0x50), 0x3100, "{'map[int]int':{'__status':'depth'}}", "*", "ok");
	check_any(1, DESCRIPTOR(0x20), 0x3100,
		  "{'*main.node':{'n':1,'next':{'int':{'__status':'depth'}}}}", "*", "ok");
	check_any(2, DESCRIPTOR(0x30), 0x3200,
		  "{'main.node':{'n':1,'next':{'main.node':{'n':1,"
		  "'next':{'int':{'__status':'depth'}}}}}}",
		  "*", "ok");
}

static void test_unknown_types(void **state)
{
	(void)state;
	/* named, but its values are not captured */
	check_any(4, DESCRIPTOR(0x40), 0x2000,
		  "{'__status':'unknown_type','__type':'main.secret'}",
		  "{'__status':'unknown_type','__type':'main.secret','__word':'0x2000'}",
		  "partial: unknown_type");
	/* made by reflection: in no table */
	check_any(4, 0xc000000040, 0x2000, "{'__status':'unknown_type'}",
		  "{'__status':'unknown_type','__word':'0x2000'}", "partial: unknown_type");
	check_any(4, DESCRIPTOR(0x11), 0x2000, "{'__status':'unknown_type'}", "*",
		  "partial: unknown_type");
	/* a schema that calls a struct of three words pointer-shaped */
	check_any(4, DESCRIPTOR(0x60), 0x3100, "{'main.broken':{'__status':'unavailable'}}", "*",
		  "partial: its dynamic type is not pointer-shaped");
}

static void check_error(uint64_t itab, uint64_t data, const char *x, const char *raw,
			const char *status)
{
	struct interfaces i;

	setup_interfaces(&i, 4);
	put_node(&i, 0x3100, 1, 0, 0);
	check_cells(&i.f, i.error, (uint64_t[]){itab, data}, x, raw, status);
}

static void test_interface_with_methods(void **state)
{
	(void)state;
	check_error(0, 0, NULL, NULL, "nil");
	check_error(DESCRIPTOR(0x20) | ASK_DYNAMIC, 0x3100, "{'*main.node':{'n':1,'next':null}}",
		    "{'__type':'*main.node','__word':'0x3100','__value':{'__addr':'0x3100',"
		    "'__value':{'n':1,'next':null}}}",
		    "ok");
	/* an itab that the engine did not resolve is no descriptor, wherever it lies */
	check_error(DESCRIPTOR(0x20), 0x3100, "{'__status':'unknown_type'}",
		    "{'__status':'unknown_type','__word':'0x3100'}", "partial: unknown_type");
}

/* ---- func values ---- */

static void setup_funcs(struct fixture *f, uint32_t *func, uint32_t depth)
{
	struct builder *b = &f->b;
	uint32_t closure, by_value;

	setup(f);
	add_limits(b, depth, 512, 512);
	*func = add_type(b, "func()", SCHEMA_KIND_FUNC, 8, SCHEMA_NONE);
	b->funcval = add_struct(b, "funcval", 8);
	add_field(b, b->funcval, "fn", 0, f->u64);
	closure = add_struct(b, "main.f.func1", 40);
	by_value = pointer_to(f, f->i64);
	add_field(b, closure, "F", 0, f->u64);
	add_field(b, closure, "F", 8, f->i64);
	add_field(b, closure, "ref", 16, by_value);
	b->fields.data[b->fields.length - 1].flags = SCHEMA_FIELD_BY_REFERENCE;
	add_field(b, closure, "p", 24, by_value);
	add_field(b, closure, "self", 32, *func);
	add_symbol(b, "main.f", 0x100, 0x200);
	add_symbol(b, "main.f.func1", 0x200, 0x300);
	add_closure(b, 0x200, closure);
	put_pointee(&f->records, 0xc000003000, closure, ASK_STATUS_OK,
		    (uint64_t[]){CODE(0x200), 7, 0xc000004000, 0xc000004008, 0xc000003000}, 40);
	put_pointee(&f->records, 0xc000004000, f->i64, ASK_STATUS_OK, &(int64_t){70}, 8);
	put_pointee(&f->records, 0xc000004008, f->i64, ASK_STATUS_OK, &(int64_t){80}, 8);
}

static void check_func(uint32_t depth, uint64_t object, uint64_t pc, const char *x, const char *raw,
		       const char *status)
{
	struct fixture f;
	uint32_t func;

	setup_funcs(&f, &func, depth);
	if (pc)
		put_pointee(&f.records, object, f.b.funcval, ASK_STATUS_OK, &pc, 8);
	check_cells(&f, func, &object, x, raw, status);
}

static void test_funcs(void **state)
{
	(void)state;
	check_func(4, 0, 0, NULL, NULL, "nil");
	/* a function's only object lies in the program itself */
	check_func(4, CODE(0x9000), CODE(0x100), "{'func':'main.f','captured':{}}",
		   "{'__addr':'0x40a000','func':'main.f','captured':{}}", "ok");
	/* an allocated one captured something that nothing describes */
	check_func(4, 0xc000009000, CODE(0x100),
		   "{'func':'main.f','captured':{'__status':'unavailable'}}", "*",
		   "partial: captured variables are not described");
	check_func(4, 0xc000003000, 0,
		   "{'func':'main.f.func1','captured':{'F':7,'ref':70,'p':80,"
		   "'self':{'func':'main.f.func1','captured':{'__status':'cycle',"
		   "'__addr':'0xc000003000'}}}}",
		   "{'__addr':'0xc000003000','func':'main.f.func1','captured':{'F':7,"
		   "'ref':{'__addr':'0xc000004000','__value':70},"
		   "'p':{'__addr':'0xc000004008','__value':80},"
		   "'self':{'__addr':'0xc000003000','func':'main.f.func1',"
		   "'captured':{'__status':'cycle','__addr':'0xc000003000'}}}}",
		   "ok");
	/* captured variables cost one, the name nothing */
	check_func(0, 0xc000003000, 0,
		   "{'func':'main.f.func1','captured':{'__status':'depth'}}", "*", "ok");
	check_func(1, 0xc000003000, 0,
		   "{'func':'main.f.func1','captured':{'F':7,'ref':{'__status':'depth'},"
		   "'p':{'__status':'depth'},'self':{'func':'main.f.func1',"
		   "'captured':{'__status':'cycle','__addr':'0xc000003000'}}}}",
		   "*", "ok");
}

static void test_bad_funcs(void **state)
{
	(void)state;
	check_func(4, 0xc000009000, 0, NULL,
		   "{'__addr':'0xc000009000','func':{'__status':'not_captured'}}", "not_captured");
	check_func(4, 0xc000009000, CODE(0x108), NULL,
		   "{'__addr':'0xc000009000','func':{'__status':'unavailable'}}",
		   "unavailable: its PC is no function of this program");
	check_func(4, 0xc000009000, 0x10, NULL, "*",
		   "unavailable: its PC is no function of this program");
}

/* ---- channels ---- */

static void check_chan(const struct hchan *h, uint32_t slice, const char *x, const char *raw,
		       const char *status)
{
	struct fixture f;
	struct channel_types c;

	setup(&f);
	add_limits(&f.b, 4, 512, slice);
	c = add_channel(&f, f.i64);
	put_g(&f, 100, 0xa000);
	put_g(&f, 200, 0xb000);
	put_sudog(&f, &c, 0x5000, 0xb000, 0x5100);
	put_sudog(&f, &c, 0x5100, 0xa000, 0);
	put_sudog(&f, &c, 0x5200, 0xa000, 0x5300); /* a circle of three */
	put_sudog(&f, &c, 0x5300, 0xa000, 0x5400);
	put_sudog(&f, &c, 0x5400, 0xa000, 0x5200);
	put_sudog(&f, &c, 0x5500, 0xcccc, 0x5600); /* of no known goroutine, and then lost */
	put_pointee(&f.records, 0x2000, f.i64, ASK_STATUS_OK, (int64_t[]){1, 2, 3, 4}, 32);
	if (h)
		put_pointee(&f.records, 0x1000, c.hchan, ASK_STATUS_OK, h, sizeof(*h));
	check_cells(&f, c.chan, &(uint64_t){h || slice ? 0x1000 : 0}, x, raw, status);
}

static void test_channels(void **state)
{
	struct hchan h = {.qcount = 3, .dataqsiz = 4, .buf = 0x2000, .recvx = 2, .sendx = 1};

	(void)state;
	check_chan(NULL, 0, NULL, NULL, "nil");
	check_chan(NULL, 1, NULL, "{'__addr':'0x1000','buffer':{'__status':'not_captured'}}",
		   "not_captured");
	check_chan(&h, 512,
		   "{'len':3,'cap':4,'closed':false,'buffer':[3,4,1],'recv_waiters':[],"
		   "'send_waiters':[]}",
		   "{'__addr':'0x1000','len':3,'cap':4,'closed':false,'buffer':[3,4,1],"
		   "'recv_waiters':[],'send_waiters':[]}",
		   "ok");
	/* of the ring's four places the first three are there */
	check_chan(&h, 24,
		   "{'len':3,'cap':4,'closed':false,'buffer':[3],'recv_waiters':[],"
		   "'send_waiters':[],'__status':'truncated'}",
		   "*", "truncated");
	h = (struct hchan){.closed = 1, .recvq = {0x5000}};
	check_chan(&h, 512,
		   "{'len':0,'cap':0,'closed':true,'buffer':[],'recv_waiters':[200,100],"
		   "'send_waiters':[]}",
		   "*", "ok");
	h = (struct hchan){.dataqsiz = 4, .buf = 0x9999, .sendq = {0x5100}};
	check_chan(&h, 512,
		   "{'len':0,'cap':4,'closed':false,'buffer':[],'recv_waiters':[],"
		   "'send_waiters':[100]}",
		   "*", "ok");
}

static void test_bad_channels(void **state)
{
	struct hchan h = {.qcount = 5, .dataqsiz = 4, .buf = 0x2000};

	(void)state;
	check_chan(&h, 512, NULL, "{'__addr':'0x1000','buffer':{'__status':'unavailable'}}",
		   "unavailable: it holds more elements than fit");
	h = (struct hchan){.qcount = 1, .dataqsiz = 4, .buf = 0x2000, .recvx = 4};
	check_chan(&h, 512, NULL, "*",
		   "unavailable: its first element is outside of its buffer");
	h = (struct hchan){.qcount = 1, .dataqsiz = 4, .buf = 0x2100};
	check_chan(&h, 512,
		   "{'len':1,'cap':4,'closed':false,'buffer':{'__status':'not_captured'},"
		   "'recv_waiters':[],'send_waiters':[]}",
		   "*", "partial: not_captured");
	h = (struct hchan){.recvq = {0x5200}, .sendq = {0x5500}};
	check_chan(&h, 512,
		   "{'len':0,'cap':0,'closed':false,'buffer':[],"
		   "'recv_waiters':[100,100,100,100,100,100,100,{'__status':'cycle','__addr':'0x5300'}],"
		   "'send_waiters':[{'__status':'not_captured'},{'__status':'not_captured'}]}",
		   "*", "partial: not_captured");
}

/* ---- values that stand for others ---- */

static void test_complex(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f);
	check_cells(&f, add_type(&f.b, "complex128", SCHEMA_KIND_COMPLEX, 16, SCHEMA_NONE),
		    (double[]){1.5, -__builtin_inf()}, "{'real':1.5,'imag':'-Inf'}",
		    "{'real':1.5,'imag':'-Inf'}", "ok");
	setup(&f);
	check_cells(&f, add_type(&f.b, "complex64", SCHEMA_KIND_COMPLEX, 8, SCHEMA_NONE),
		    (float[]){0.1f, -2}, "{'real':0.1,'imag':-2}", "*", "ok");
}

static void test_atomics(void **state)
{
	struct fixture f;
	uint32_t t, elem;

	(void)state;
	setup(&f);
	elem = add_array(&f.b, "[0]*int", pointer_to(&f, f.i64), 0);
	t = add_struct(&f.b, "sync/atomic.Pointer[int]", 8);
	add_field(&f.b, t, "_", 0, elem);
	add_field(&f.b, t, "v", 0, f.unsafe);
	put_pointee(&f.records, 0x2000, f.i64, ASK_STATUS_OK, &(int64_t){3}, 8);
	check_cells(&f, t, &(uint64_t){0x2000}, "3", "{'__addr':'0x2000','__value':3}", "ok");
	setup(&f);
	t = add_struct(&f.b, "sync/atomic.Value", 16);
	add_field(&f.b, t, "v", 0,
		  add_type(&f.b, "interface {}", SCHEMA_KIND_ANY, 16, SCHEMA_NONE));
	add_rtype(&f.b, 0x10, "int", f.i64, 0);
	put_pointee(&f.records, 0x2000, f.i64, ASK_STATUS_OK, &(int64_t){3}, 8);
	check_cells(&f, t, (uint64_t[]){DESCRIPTOR(0x10), 0x2000}, "{'int':3}",
		    "{'__type':'int','__word':'0x2000','__value':3}", "ok");
}

/* ---- no value ---- */

static void check_absent(uint32_t detail, uint32_t extra, const char *status)
{
	cleanup_strbuf struct strbuf got = STRBUF_INIT;
	struct ask_value *value;
	struct interfaces i;
	uint64_t words[2] = {0};
	struct strbuf out = STRBUF_INIT;

	setup_interfaces(&i, 4);
	add_function(&i.f.b, "main.f", "f");
	add_capture(&i.f.b, "a.(*main.node).b.(*main.node).c", "c", i.f.i64, 0);
	build_schema(&i.f.b);
	put_g(&i.f, 1, 0xa000);
	put_frame(&i.f.records, 0, 0, 0x10);
	put_value(&i.f.records, &i.f.b, 0, ASK_STATUS_UNAVAILABLE, 0, detail, words);
	value = (struct ask_value *)(i.f.records.data + i.f.records.length - sizeof(*value));
	value->extra = extra;
	assert_null(run_decode(&i.f.b, &i.f.records, 1, &out));
	strbuf_printf(&got, "NULL | NULL | '%s'\n", status);
	if (!strstr(out.data, got.data))
		fail_msg("%s has not %s", out.data, got.data);
	strbuf_deinit(&out);
	teardown(&i.f);
}

static void test_assertions(void **state)
{
	(void)state;
	check_absent(ASK_REASON_DYNAMIC_TYPE, 0x40, "unavailable: dynamic type is main.secret");
	check_absent(ASK_REASON_DYNAMIC_TYPE, 0x41, "unavailable: dynamic type is another");
	check_absent(ASK_REASON_DYNAMIC_TYPE, 0, "unavailable: dynamic type is another");
	check_absent(ASK_REASON_INDEX, 0, "unavailable: index out of range");
}

static void check_nil_part(uint32_t op, const char *status)
{
	cleanup_strbuf struct strbuf got = STRBUF_INIT;
	struct interfaces i;

	setup_interfaces(&i, 4);
	add_function(&i.f.b, "main.f", "f");
	add_capture(&i.f.b, "a.(*main.node).b.(*main.node).c", "c", i.f.i64, 0);
	*VEC_PUSH(&i.f.b.arena, &i.f.b.ops) = (struct ask_op){.kind = ASK_OP_ASSERT, .b = 1};
	*VEC_PUSH(&i.f.b.arena, &i.f.b.ops) = (struct ask_op){.kind = ASK_OP_DEREF, .b = 14};
	*VEC_PUSH(&i.f.b.arena, &i.f.b.ops) = (struct ask_op){.kind = ASK_OP_ASSERT, .b = 0};
	i.f.b.exprs.data[0].ops = 4;
	build_schema(&i.f.b);
	put_g(&i.f, 1, 0xa000);
	put_frame(&i.f.records, 0, 0, 0x10);
	put_value(&i.f.records, &i.f.b, 0, ASK_STATUS_NIL, 0, op, NULL);
	assert_null(run_decode(&i.f.b, &i.f.records, 1, &got));
	if (!strstr(got.data, status))
		fail_msg("%s has not %s", got.data, status);
	teardown(&i.f);
}

static void test_nil_interfaces(void **state)
{
	(void)state;
	check_nil_part(1, "'nil: a'\n");
	check_nil_part(2, "'nil: a.(*main.node)'\n");
	check_nil_part(3, "'nil: a.(*main.node).b'\n");
}

static void check_redacted(bool header, enum ask_status status, const char *expected)
{
	cleanup_strbuf struct strbuf got = STRBUF_INIT;
	uint64_t words[2] = {header ? 0x2000 : 11, 11};
	struct fixture f;

	setup(&f);
	add_function(&f.b, "main.f", "f");
	add_capture(&f.b, "password", "password", header ? f.string : f.i64, 0);
	f.b.captures.data[0].type = f.string;
	f.b.captures.data[0].flags = SCHEMA_CAPTURE_REDACTED;
	build_schema(&f.b);
	put_g(&f, 1, 0xa000);
	put_frame(&f.records, 0, 0, 0x10);
	put_value(&f.records, &f.b, 0, status, 0, ASK_REASON_REDACTED, words);
	if (status == ASK_STATUS_REDACTED) {
		uint32_t size = header ? 16 : 8;
		struct ask_value *value =
			(void *)(f.records.data + f.records.length - sizeof(*value));

		value->length = size;
		value->head.size += size;
		strbuf_add(&f.records, words, size);
	}
	put_pointee(&f.records, 0x2000, 0, ASK_STATUS_OK, "hunter2hunt", 11);
	assert_null(run_decode(&f.b, &f.records, 1, &got));
	assert_null(strstr(got.data, "hunter2"));
	if (!strstr(got.data, expected))
		fail_msg("%s has not %s", got.data, expected);
	teardown(&f);
}

static void test_redacted(void **state)
{
	(void)state;
	check_redacted(false, ASK_STATUS_REDACTED,
		       "NULL | '{\"__status\":\"redacted\",\"__type\":\"string\",\"len\":11}' | "
		       "'redacted'");
	check_redacted(true, ASK_STATUS_REDACTED,
		       "NULL | '{\"__status\":\"redacted\",\"__type\":\"string\",\"len\":11}' | "
		       "'redacted'");
	check_redacted(true, ASK_STATUS_UNAVAILABLE,
		       "NULL | '{\"__status\":\"redacted\",\"__type\":\"string\"}' | 'redacted'");
	/* bytes that should not be there */
	check_redacted(true, ASK_STATUS_OK,
		       "NULL | '{\"__status\":\"redacted\",\"__type\":\"string\"}' | 'redacted'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any),	      cmocka_unit_test(test_depth),
		cmocka_unit_test(test_unknown_types), cmocka_unit_test(test_interface_with_methods),
		cmocka_unit_test(test_funcs),	      cmocka_unit_test(test_bad_funcs),
		cmocka_unit_test(test_channels),      cmocka_unit_test(test_bad_channels),
		cmocka_unit_test(test_complex),	      cmocka_unit_test(test_atomics),
		cmocka_unit_test(test_assertions),    cmocka_unit_test(test_nil_interfaces),
		cmocka_unit_test(test_redacted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
