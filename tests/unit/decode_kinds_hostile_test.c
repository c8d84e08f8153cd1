/* SPDX-License-Identifier: BSD-2-Clause */
#include <time.h>

#include "decode_kinds_fixture.h"

/* Maps, channels, interfaces and func values of any bytes at all: no crash, no hang, valid JSON. */

struct zoo {
	struct fixture f;
	uint32_t holder;
	struct old_map old;
	struct swiss_map swiss;
	struct channel_types chan;
	uint32_t any, iface, func, closure;
};

#define DESCRIPTOR(offset) (LOAD_BIAS + TYPES_ADDRESS + (offset))
#define CODE(offset) (LOAD_BIAS + TEXT_ADDRESS + (offset))

static void add_types(struct zoo *z)
{
	struct fixture *f = &z->f;
	struct builder *b = &f->b;

	setup(f);
	add_limits(b, 8, 512, 512);
	b->limits.data[0].map = 1 << 16;
	z->any = add_type(b, "interface {}", SCHEMA_KIND_ANY, 16, SCHEMA_NONE);
	z->iface = add_type(b, "error", SCHEMA_KIND_INTERFACE, 16, SCHEMA_NONE);
	z->func = add_type(b, "func()", SCHEMA_KIND_FUNC, 8, SCHEMA_NONE);
	z->old = add_old_map(f, z->any, z->any, z->any, z->any);
	z->swiss = add_swiss_map(f, f->string, z->any, f->string, z->any);
	z->chan = add_channel(f, z->any);
	b->funcval = add_struct(b, "funcval", 8);
	add_field(b, b->funcval, "fn", 0, f->u64);
	z->closure = add_struct(b, "closure", 24);
	add_field(b, z->closure, "F", 0, f->u64);
	add_field(b, z->closure, "n", 8, pointer_to(f, f->i64));
	b->fields.data[b->fields.length - 1].flags = SCHEMA_FIELD_BY_REFERENCE;
	add_field(b, z->closure, "again", 16, z->func);
	add_symbol(b, "main.f", 0x100, 0x200);
	add_closure(b, 0x100, z->closure);
	z->holder = add_struct(b, "main.holder", 64);
	add_field(b, z->holder, "a", 0, z->any);
	add_field(b, z->holder, "e", 16, z->iface);
	add_field(b, z->holder, "o", 32, z->old.map);
	add_field(b, z->holder, "s", 40, z->swiss.map);
	add_field(b, z->holder, "c", 48, z->chan.chan);
	add_field(b, z->holder, "f", 56, z->func);
	add_rtype(b, 0x10, "*main.holder", add_type(b, "*T", SCHEMA_KIND_POINTER, 8, z->holder),
		  ASK_RTYPE_DIRECT);
	add_rtype(b, 0x20, "main.holder", z->holder, 0);
	add_rtype(b, 0x30, "map", z->old.map, ASK_RTYPE_DIRECT);
	add_rtype(b, 0x40, "swiss", z->swiss.map, ASK_RTYPE_DIRECT);
	add_rtype(b, 0x50, "chan", z->chan.chan, ASK_RTYPE_DIRECT);
	add_rtype(b, 0x60, "func", z->func, ASK_RTYPE_DIRECT);
	add_rtype(b, 0x70, "unknown", ASK_ABSENT, 0);
	add_function(b, "main.f", "f");
	add_capture(b, "v", "v", z->holder, 0);
	build_schema(b);
}

/* Everything leads to everything. */
static void add_records(struct zoo *z)
{
	struct fixture *f = &z->f;
	struct {
		uint8_t tophash[8];
		uint64_t keys[8][2], values[8][2], overflow;
	} bucket[2] = {
		{.tophash = {9, 8, 2, 0, 7},
		 .keys = {{DESCRIPTOR(0x10), 0x1000}, {DESCRIPTOR(0x30), 0x2000}},
		 .values = {{DESCRIPTOR(0x20), 0x1000}, {DESCRIPTOR(0x60), 0x7000}},
		 .overflow = 0x3000},
		{.tophash = {5}, .keys = {{DESCRIPTOR(0x40), 0x4000}}},
	};
	struct {
		uint8_t ctrl[8];
		uint64_t slots[8][4];
	} group[2];
	const uint64_t directory[4] = {0x5000, 0x5000, 0x5100, 0x5000};
	struct hchan h = {.qcount = 2,
			  .dataqsiz = 3,
			  .buf = 0x6100,
			  .recvx = 2,
			  .recvq = {0x6200},
			  .sendq = {0x6300}};
	const uint64_t buffer[6] = {DESCRIPTOR(0x50), 0x6000, 0, 0, DESCRIPTOR(0x10), 0x1000};
	const uint64_t holder[8] = {DESCRIPTOR(0x40), 0x4000, DESCRIPTOR(0x20) | ASK_DYNAMIC,
				    0x1000,	      0x2000, 0x4000,
				    0x6000,	      0x7000};

	memset(group, EMPTY, sizeof(group));
	for (uint32_t i = 0; i < 2; i++) {
		group[i].ctrl[i] = 1;
		memcpy(group[i].slots[i],
		       (uint64_t[]){0x8000, 3, DESCRIPTOR(0x30), 0x2000}, 32);
	}
	put_g(f, 1, 0xa000);
	put_frame(&f->records, 0, 0, 0x10);
	put_value(&f->records, &f->b, 0, ASK_STATUS_OK, 0x1000, 0, holder);
	put_pointee(&f->records, 0x1000, z->holder, ASK_STATUS_OK, holder, sizeof(holder));
	put_old_header(f, &z->old, 0x2000, 4, 1, 0, 0x2100, 0x3000);
	put_pointee(&f->records, 0x2100, z->old.bucket, ASK_STATUS_OK, bucket, sizeof(bucket));
	put_pointee(&f->records, 0x3000, z->old.bucket, ASK_STATUS_OK, &bucket[1],
		    sizeof(bucket[1]));
	put_swiss_header(f, &z->swiss, 0x4000, 3, 0x4100, 4);
	put_pointee(&f->records, 0x4100, z->swiss.table_pointer, ASK_STATUS_OK, directory,
		    sizeof(directory));
	put_table(f, &z->swiss, 0x5000, 0x5200, 1);
	put_table(f, &z->swiss, 0x5100, 0x5200, 0);
	put_pointee(&f->records, 0x5200, z->swiss.group, ASK_STATUS_OK, group, sizeof(group));
	put_pointee(&f->records, 0x6000, z->chan.hchan, ASK_STATUS_OK, &h, sizeof(h));
	put_pointee(&f->records, 0x6100, z->any, ASK_STATUS_OK, buffer, sizeof(buffer));
	put_sudog(f, &z->chan, 0x6200, 0xa000, 0x6300);
	put_sudog(f, &z->chan, 0x6300, 0xa000, 0);
	put_pointee(&f->records, 0x7000, z->closure, ASK_STATUS_OK,
		    (uint64_t[]){CODE(0x100), 0x7100, 0x7000}, 24);
	put_pointee(&f->records, 0x7100, f->i64, ASK_STATUS_OK, (int64_t[]){5}, 8);
	put_pointee(&f->records, 0x8000, 0, ASK_STATUS_OK, "key", 3);
}

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* Words that lead somewhere, or are near some bound. */
static uint64_t nasty(uint64_t random)
{
	static const uint64_t words[] = {0,	 1,	 2,	 7,	 8,	 0x1000, 0x2000,
					 0x2100, 0x3000, 0x4000, 0x4100, 0x5000, 0x5100, 0x5200,
					 0x6000, 0x6100, 0x6200, 0x6300, 0x7000, 0x8000, 0xa000,
					 INT64_MAX, UINT64_MAX, 0x0505050505050505, 1ull << 40,
					 DESCRIPTOR(0x10), DESCRIPTOR(0x20), DESCRIPTOR(0x30),
					 DESCRIPTOR(0x40), DESCRIPTOR(0x50) | ASK_DYNAMIC,
					 DESCRIPTOR(0x60), DESCRIPTOR(0x70), CODE(0x100)};

	return random & 3 ? words[(random >> 8) % ARRAY_SIZE(words)] : random;
}

/* Strings end and brackets pair: enough to tell that nothing was cut in the middle. */
static void check_json(const char *text)
{
	char open[4096];
	size_t depth = 0;
	bool string = false;

	for (; *text && (string || *text != '\''); text++) {
		if (string && *text == '\\' && text[1])
			text++;
		else if (*text == '"')
			string = !string;
		else if (!string && (*text == '{' || *text == '[') && depth < sizeof(open))
			open[depth++] = *text;
		else if (!string && (*text == '}' || *text == ']'))
			assert_true(depth > 0 && open[--depth] == (*text == '}' ? '{' : '['));
	}
	assert_false(string);
	assert_int_equal(depth, 0);
}

static void test_right_records(void **state)
{
	cleanup_strbuf struct strbuf out = STRBUF_INIT;
	struct zoo z;

	(void)state;
	add_types(&z);
	add_records(&z);
	succeed(run_decode(&z.f.b, &z.f.records, 1, &out));
	assert_non_null(strstr(out.data, "\"recv_waiters\":[1,1],\"send_waiters\":[1]"));
	assert_non_null(strstr(out.data, "{\"func\":\"main.f\",\"captured\":{\"n\":5,\"again\":"));
	assert_non_null(strstr(out.data, "{\"key\":\"key\",\"value\":{\"map\":{\"entries\":[{\"key\":"));
	assert_non_null(strstr(out.data, "\"__status\":\"cycle\""));
	teardown(&z.f);
}

/* Words of the captured memory change, records stay whole. */
static void test_any_memory(void **state)
{
	uint64_t seed = 0x9e3779b97f4a7c15;
	struct strbuf changed = STRBUF_INIT;
	clock_t begin = clock();
	struct zoo z;

	(void)state;
	add_types(&z);
	add_records(&z);
	for (int i = 0; i < 4000; i++) {
		cleanup_strbuf struct strbuf out = STRBUF_INIT;
		const char *row;

		strbuf_clear(&changed);
		strbuf_add(&changed, z.f.records.data, z.f.records.length);
		for (size_t at = 0; at < changed.length;) {
			struct ask_value *value = (void *)(changed.data + at);
			uint64_t words = value->length / 8, random = next_random(&seed);

			if (value->head.kind >= ASK_RECORD_VALUE && words && random % 3 == 0) {
				uint64_t word = nasty(next_random(&seed));

				memcpy(value->data + next_random(&seed) % words * 8, &word, 8);
			}
			at += value->head.size;
		}
		succeed(run_decode(&z.f.b, &changed, 1, &out));
		row = strstr(out.data, "\n  '");
		if (row)
			check_json(row + 4);
		assert_true(out.length < 3u << 20);
	}
	assert_true((double)(clock() - begin) / CLOCKS_PER_SEC < 240);
	strbuf_deinit(&changed);
	teardown(&z.f);
}

/* A map of 131072 empty buckets, thousands of times: what is not shown is not looked at for ever. */
static void test_bounded_work(void **state)
{
	const uint32_t buckets = 1 << 17, maps = 4096;
	struct strbuf memory = STRBUF_INIT, out = STRBUF_INIT;
	uint64_t *words = malloc(maps * sizeof(*words));
	struct fixture f;
	struct old_map m;
	uint32_t array;

	(void)state;
	setup(&f);
	m = add_old_map(&f, f.u8, f.u8, f.u8, f.u8);
	array = add_array(&f.b, "[4096]map", m.map, maps);
	add_limits(&f.b, 4, 512, 512);
	f.b.limits.data[0].map = 1 << 30;
	put_old_header(&f, &m, 0x1000, 5, 17, 0, 0x2000, 0);
	strbuf_repeat(&memory, '\0', buckets * m.size);
	put_pointee(&f.records, 0x2000, m.bucket, ASK_STATUS_OK, memory.data,
		    (uint32_t)memory.length);
	for (uint32_t i = 0; i < maps; i++)
		words[i] = 0x1000;
	decode_one(&f, array, ASK_STATUS_OK, 0, words, &out);
	assert_non_null(strstr(out.data, "'partial: "));
	assert_non_null(strstr(out.data, "{\"entries\":[{\"__status\":\"budget\"}],\"len\":5}"));
	free(words);
	strbuf_deinit(&memory);
	strbuf_deinit(&out);
	teardown(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_right_records),
		cmocka_unit_test(test_any_memory),
		cmocka_unit_test(test_bounded_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
