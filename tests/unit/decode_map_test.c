/* SPDX-License-Identifier: BSD-2-Clause */
#include "decode_kinds_fixture.h"

/* Both kinds of maps, from memory made by hand. */

static const uint64_t map_word = 0x1000;

/* ---- up to Go 1.23 ---- */

static void test_nil_and_empty(void **state)
{
	struct fixture f;
	struct old_map m;

	(void)state;
	setup(&f);
	m = add_old_map(&f, f.i64, f.i64, f.i64, f.i64);
	check_cells(&f, m.map, &(uint64_t){0}, NULL, NULL, "nil");
	setup(&f);
	m = add_old_map(&f, f.i64, f.i64, f.i64, f.i64);
	put_old_header(&f, &m, 0x1000, 0, 0, 0, 0, 0);
	check_cells(&f, m.map, &map_word, "{'entries':[],'len':0}",
		    "{'__addr':'0x1000','entries':[],'len':0}", "ok");
}

/* Marks and what is stale behind them are no entries; keys come in their order. */
static void test_one_bucket(void **state)
{
	struct int_bucket bucket = {
		.tophash = {5, 1, 255, 2, 100, 3, 4, 0},
		.keys = {30, 99, -1, 99, 7, 99, 99, 99},
		.values = {300, 0, 100, 0, 70, 0, 0, 0},
	};
	struct fixture f;
	struct old_map m;

	(void)state;
	setup(&f);
	m = add_old_map(&f, f.i64, f.i64, f.i64, f.i64);
	put_old_header(&f, &m, 0x1000, 3, 0, 0, 0x2000, 0);
	put_pointee(&f.records, 0x2000, m.bucket, ASK_STATUS_OK, &bucket, sizeof(bucket));
	check_cells(&f, m.map, &map_word,
		    "{'entries':[{'key':-1,'value':100},{'key':7,'value':70},"
		    "{'key':30,'value':300}],'len':3}",
		    "{'__addr':'0x1000','entries':[{'key':-1,'value':100},{'key':7,'value':70},"
		    "{'key':30,'value':300}],'len':3}",
		    "ok");
}

static void put_chain(struct fixture *f, const struct old_map *m, uint64_t overflow)
{
	struct int_bucket first = {.tophash = {9}, .keys = {1}, .values = {10}, .overflow = 0x3000};
	struct int_bucket second = {
		.tophash = {9}, .keys = {2}, .values = {20}, .overflow = 0x4000};
	struct int_bucket third = {
		.tophash = {9}, .keys = {3}, .values = {30}, .overflow = overflow};

	put_old_header(f, m, 0x1000, 3, 0, 0, 0x2000, 0);
	put_pointee(&f->records, 0x2000, m->bucket, ASK_STATUS_OK, &first, sizeof(first));
	put_pointee(&f->records, 0x3000, m->bucket, ASK_STATUS_OK, &second, sizeof(second));
	put_pointee(&f->records, 0x4000, m->bucket, ASK_STATUS_OK, &third, sizeof(third));
}

static void test_overflow(void **state)
{
	struct fixture f;
	struct old_map m;

	(void)state;
	setup(&f);
	m = add_old_map(&f, f.i64, f.i64, f.i64, f.i64);
	put_chain(&f, &m, 0);
	check_cells(&f, m.map, &map_word,
		    "{'entries':[{'key':1,'value':10},{'key':2,'value':20},{'key':3,'value':30}],"
		    "'len':3}",
		    "*", "ok");
	/* an overflow bucket that is not there */
	setup(&f);
	m = add_old_map(&f, f.i64, f.i64, f.i64, f.i64);
	put_chain(&f, &m, 0x5000);
	put_pointee(&f.records, 0x5000, m.bucket, ASK_STATUS_READ_FAILED, NULL, 8);
	check_cells(&f, m.map, &map_word,
		    "{'entries':[{'key':1,'value':10},{'key':2,'value':20},{'key':3,'value':30},"
		    "{'__status':'read_failed'}],'len':3}",
		    "*", "partial: read_failed");
	/* one that leads back */
	setup(&f);
	m = add_old_map(&f, f.i64, f.i64, f.i64, f.i64);
	add_limits(&f.b, 4, 512, 512);
	f.b.limits.data[0].map = 48;
	put_chain(&f, &m, 0x3000);
	check_cells(&f, m.map, &map_word,
		    "{'entries':[{'key':1,'value':10},{'key':2,'value':20},{'key':3,'value':30}],"
		    "'len':3}",
		    "*", "ok");
	setup(&f);
	m = add_old_map(&f, f.i64, f.i64, f.i64, f.i64);
	put_chain(&f, &m, 0x4000);
	check_cells(&f, m.map, &map_word,
		    "{'entries':[{'key':1,'value':10},{'key':2,'value':20},{'key':3,'value':30},"
		    "{'__status':'unavailable'}],'len':3}",
		    "*", "partial: its overflow buckets form a circle");
}

/* Two old buckets, four new ones: bucket 0 was evacuated, bucket 1 was not. */
static void test_growing(void **state)
{
	struct int_bucket old[2] = {
		{.tophash = {2, 3, 4, 4, 4, 4, 4, 4}, .keys = {10, 20}, .values = {1, 2}},
		{.tophash = {77, 1, 78}, .keys = {30, 0, 40}, .values = {3, 0, 4}},
	};
	struct int_bucket new[4] = {
		{.tophash = {50}, .keys = {10}, .values = {1}},
		{.tophash = {0}},
		{.tophash = {51, 52}, .keys = {20, 25}, .values = {2, 25}},
		{.tophash = {0}},
	};
	struct fixture f;
	struct old_map m;

	(void)state;
	setup(&f);
	m = add_old_map(&f, f.i64, f.i64, f.i64, f.i64);
	put_old_header(&f, &m, 0x1000, 5, 2, 0, 0x2000, 0x3000);
	put_pointee(&f.records, 0x2000, m.bucket, ASK_STATUS_OK, new, sizeof(new));
	put_pointee(&f.records, 0x3000, m.bucket, ASK_STATUS_OK, old, sizeof(old));
	check_cells(&f, m.map, &map_word,
		    "{'entries':[{'key':10,'value':1},{'key':20,'value':2},{'key':25,'value':25},"
		    "{'key':30,'value':3},{'key':40,'value':4}],'len':5}",
		    "*", "ok");
	/* to the same size: as many old ones as new ones */
	setup(&f);
	m = add_old_map(&f, f.i64, f.i64, f.i64, f.i64);
	put_old_header(&f, &m, 0x1000, 4, 1, 8, 0x2000, 0x3000);
	put_pointee(&f.records, 0x2000, m.bucket, ASK_STATUS_OK, new, 2 * sizeof(new[0]));
	old[0].tophash[3] = 90;
	old[0].keys[3] = 11;
	put_pointee(&f.records, 0x3000, m.bucket, ASK_STATUS_OK, old, sizeof(old));
	check_cells(&f, m.map, &map_word,
		    "{'entries':[{'key':10,'value':1},{'key':11,'value':0},{'key':30,'value':3},"
		    "{'key':40,'value':4}],'len':4}",
		    "*", "ok");
}

/* limits.map cuts by what keys and values take; at least one entry is there. */
static void check_cut(uint32_t limit, const char *x)
{
	struct int_bucket buckets[2] = {
		{.tophash = {50, 51}, .keys = {8, 9}, .values = {1, 2}},
		{.tophash = {52}, .keys = {7}, .values = {3}},
	};
	struct fixture f;
	struct old_map m;

	setup(&f);
	m = add_old_map(&f, f.i64, f.i64, f.i64, f.i64);
	add_limits(&f.b, 4, 512, 512);
	f.b.limits.data[0].map = limit;
	put_old_header(&f, &m, 0x1000, 3, 1, 0, 0x2000, 0);
	put_pointee(&f.records, 0x2000, m.bucket, ASK_STATUS_OK, buckets, sizeof(buckets));
	check_cells(&f, m.map, &map_word, x, "*", "truncated");
}

static void test_cut(void **state)
{
	(void)state;
	check_cut(0, "{'entries':[{'key':8,'value':1}],'len':3,'__status':'truncated'}");
	check_cut(31, "{'entries':[{'key':8,'value':1}],'len':3,'__status':'truncated'}");
	/* two entries; slots without one do not count */
	check_cut(32, "{'entries':[{'key':8,'value':1},{'key':9,'value':2}],'len':3,"
		      "'__status':'truncated'}");
}

/*
 * Of 64 buckets few have entries: the engine passed over the others. `third`: the status of
 * one's copy; -1: there is none.
 */
static void check_thin(uint32_t limit, int third, const char *x, const char *status)
{
	struct int_bucket buckets[3] = {
		{.tophash = {50}, .keys = {8}, .values = {1}},
		{.tophash = {1, 51}, .keys = {99, 9}, .values = {99, 2}},
		{.tophash = {52}, .keys = {7}, .values = {3}},
	};
	const uint64_t at[3] = {0x2000, 0x2000 + 10 * 144, 0x2000 + 63 * 144};
	struct fixture f;
	struct old_map m;

	setup(&f);
	m = add_old_map(&f, f.i64, f.i64, f.i64, f.i64);
	add_limits(&f.b, 4, 512, 512);
	f.b.limits.data[0].map = limit;
	put_old_header(&f, &m, 0x1000, 3, 6, 0, 0x2000, 0);
	for (unsigned i = 0; i < 2; i++)
		put_pointee(&f.records, at[i], m.bucket, ASK_STATUS_OK, &buckets[i],
			    sizeof(buckets[i]));
	if (third >= 0)
		put_pointee(&f.records, at[2], m.bucket, (uint16_t)third, &buckets[2],
			    sizeof(buckets[2]));
	check_cells(&f, m.map, &map_word, x, "*", status);
}

static void test_thin(void **state)
{
	const char *two = "{'entries':[{'key':8,'value':1},{'key':9,'value':2}],'len':3,"
			  "'__status':'%s'}";
	char text[160];

	(void)state;
	check_thin(64, ASK_STATUS_OK,
		   "{'entries':[{'key':7,'value':3},{'key':8,'value':1},{'key':9,'value':2}],'len':3}",
		   "ok");
	snprintf(text, sizeof(text), two, "truncated");
	check_thin(32, ASK_STATUS_OK, text, "truncated");
	check_thin(64, ASK_STATUS_READ_FAILED,
		   "{'entries':[{'key':8,'value':1},{'key':9,'value':2},{'__status':'read_failed'}],"
		   "'len':3}",
		   "partial: read_failed");
	snprintf(text, sizeof(text), two, "partial");
	check_thin(64, -1, text, "partial: the map was being changed");
}

/* Slots that hold pointers to keys and values of more than 128 bytes. */
static void test_indirect(void **state)
{
	uint64_t big[2][17] = {{2}, {1}}, value[18] = {5};
	struct {
		uint8_t tophash[8];
		uint64_t keys[8], values[8], overflow;
	} bucket = {.tophash = {9, 9, 9}, .keys = {0x3000, 0x3100, 0}, .values = {0x4000, 0x4100}};
	uint32_t key, elem, small_key, small_elem;
	struct fixture f;
	struct old_map m;

	(void)state;
	setup(&f);
	key = add_struct(&f.b, "main.K", 136);
	add_field(&f.b, key, "a", 0, f.u64);
	elem = add_struct(&f.b, "main.V", 144);
	add_field(&f.b, elem, "b", 0, f.u64);
	small_key = pointer_to(&f, key);
	small_elem = pointer_to(&f, elem);
	m = add_old_map(&f, key, elem, small_key, small_elem);
	put_old_header(&f, &m, 0x1000, 3, 0, 0, 0x2000, 0);
	put_pointee(&f.records, 0x2000, m.bucket, ASK_STATUS_OK, &bucket, sizeof(bucket));
	put_pointee(&f.records, 0x3000, key, ASK_STATUS_OK, big[0], 136);
	put_pointee(&f.records, 0x3100, key, ASK_STATUS_OK, big[1], 136);
	put_pointee(&f.records, 0x4000, elem, ASK_STATUS_OK, value, 144);
	put_pointee(&f.records, 0x4100, elem, ASK_STATUS_READ_FAILED, NULL, 144);
	check_cells(&f, m.map, &map_word,
		    "{'entries':[{'key':{'a':2},'value':{'b':5}},"
		    "{'key':{'a':1},'value':{'__status':'read_failed'}},"
		    "{'key':{'__status':'unavailable'},'value':{'__status':'unavailable'}}],"
		    "'len':3}",
		    "*", "partial: read_failed");
	/* pointers that are the keys themselves */
	setup(&f);
	small_key = pointer_to(&f, f.i64);
	m = add_old_map(&f, small_key, f.i64, small_key, f.i64);
	put_old_header(&f, &m, 0x1000, 1, 0, 0, 0x2000, 0);
	memset(bucket.tophash, 0, 8);
	bucket.tophash[0] = 9;
	put_pointee(&f.records, 0x2000, m.bucket, ASK_STATUS_OK, &bucket, sizeof(bucket));
	put_pointee(&f.records, 0x3000, f.i64, ASK_STATUS_OK, big[0], 8);
	check_cells(&f, m.map, &map_word, "{'entries':[{'key':2,'value':16384}],'len':1}",
		    "{'__addr':'0x1000','entries':[{'key':{'__addr':'0x3000','__value':2},"
		    "'value':16384}],'len':1}",
		    "ok");
}

static void test_missing(void **state)
{
	struct fixture f;
	struct old_map m;

	(void)state;
	setup(&f);
	m = add_old_map(&f, f.i64, f.i64, f.i64, f.i64);
	check_cells(&f, m.map, &map_word, NULL,
		    "{'__addr':'0x1000','entries':{'__status':'not_captured'}}", "not_captured");
	setup(&f);
	m = add_old_map(&f, f.i64, f.i64, f.i64, f.i64);
	put_old_header(&f, &m, 0x1000, 3, 0, 0, 0x2000, 0);
	check_cells(&f, m.map, &map_word, "{'entries':[{'__status':'not_captured'}],'len':3}", "*",
		    "partial: not_captured");
	setup(&f);
	m = add_old_map(&f, f.i64, f.i64, f.i64, f.i64);
	put_old_header(&f, &m, 0x1000, 3, 200, 0, 0x2000, 0);
	check_cells(&f, m.map, &map_word, NULL, "*",
		    "unavailable: it has more buckets than there is memory");
	/* a header whose count is not what is there: a thread stopped while it changed the map */
	setup(&f);
	m = add_old_map(&f, f.i64, f.i64, f.i64, f.i64);
	put_chain(&f, &m, 0);
	f.records.data[sizeof(struct ask_value)] = 4;
	check_cells(&f, m.map, &map_word,
		    "{'entries':[{'key':1,'value':10},{'key':2,'value':20},{'key':3,'value':30}],"
		    "'len':4,'__status':'partial'}",
		    "*", "partial: the map was being changed");
}

/* ---- how keys are sorted ---- */

static void check_order(uint32_t (*type)(struct fixture *f), const void *keys, uint32_t size,
			const char *x)
{
	struct {
		uint8_t tophash[8];
		uint8_t rest[8 * 16 + 8 * 8 + 8];
	} bucket = {.tophash = {9, 9, 9, 9}};
	struct fixture f;
	struct old_map m;
	uint32_t key;

	setup(&f);
	key = type(&f);
	m = add_old_map(&f, key, f.u8, key, f.u8);
	put_old_header(&f, &m, 0x1000, 4, 0, 0, 0x2000, 0);
	memcpy(bucket.rest, keys, 4 * size);
	for (uint8_t i = 0; i < 4; i++)
		((uint8_t *)&bucket)[m.values + i] = i;
	put_pointee(&f.records, 0x2000, m.bucket, ASK_STATUS_OK, &bucket, (uint32_t)m.size);
	put_pointee(&f.records, 0x3000, 0, ASK_STATUS_OK, "ab\xff", 3);
	put_pointee(&f.records, 0x3100, 0, ASK_STATUS_OK, "B", 1);
	check_cells(&f, m.map, &map_word, x, "*", "ok");
}

static uint32_t type_i8(struct fixture *f)
{
	return f->i8;
}

static uint32_t type_u64(struct fixture *f)
{
	return f->u64;
}

static uint32_t type_f64(struct fixture *f)
{
	return f->f64;
}

static uint32_t type_f32(struct fixture *f)
{
	return f->f32;
}

static uint32_t type_string(struct fixture *f)
{
	return f->string;
}

static uint32_t type_hash(struct fixture *f)
{
	return add_array(&f->b, "[2]uint8", f->u8, 2);
}

static uint32_t type_any(struct fixture *f)
{
	add_rtype(&f->b, 0x10, "int", f->i64, 0);
	add_rtype(&f->b, 0x20, "string", f->string, 0);
	put_pointee(&f->records, 0x4000, f->i64, ASK_STATUS_OK, &(int64_t){10}, 8);
	put_pointee(&f->records, 0x4100, f->i64, ASK_STATUS_OK, &(int64_t){9}, 8);
	put_pointee(&f->records, 0x4200, f->string, ASK_STATUS_OK, (uint64_t[]){0x3000, 2}, 16);
	put_pointee(&f->records, 0x4300, f->string, ASK_STATUS_OK, (uint64_t[]){0x3100, 1}, 16);
	return add_type(&f->b, "interface {}", SCHEMA_KIND_ANY, 16, SCHEMA_NONE);
}

static void test_order(void **state)
{
	const int8_t small[4] = {5, -128, 127, -1};
	const uint64_t large[4] = {UINT64_MAX, 1, 0, INT64_MAX};
	const double reals[4] = {__builtin_nan(""), 1.5, -__builtin_inf(), -2};
	const float narrow[4] = {0.5f, -0.5f, 0.25f, 100};
	const uint64_t strings[8] = {0x3000, 3, 0x3000, 2, 0x3100, 1, 0, 0};
	const uint8_t hashes[8] = {2, 0, 1, 255, 1, 2, 0, 9};
	const uint64_t type = LOAD_BIAS + TYPES_ADDRESS;
	const uint64_t any[8] = {type + 0x20, 0x4200, type + 0x10, 0x4000,
				 type + 0x20, 0x4300, type + 0x10, 0x4100};

	(void)state;
	check_order(type_i8, small, 1,
		    "{'entries':[{'key':-128,'value':1},{'key':-1,'value':3},{'key':5,'value':0},"
		    "{'key':127,'value':2}],'len':4}");
	check_order(type_u64, large, 8,
		    "{'entries':[{'key':0,'value':2},{'key':1,'value':1},"
		    "{'key':9223372036854775807,'value':3},"
		    "{'key':'18446744073709551615','value':0}],'len':4}");
	check_order(type_f64, reals, 8,
		    "{'entries':[{'key':'-Inf','value':2},{'key':-2,'value':3},"
		    "{'key':1.5,'value':1},{'key':'NaN','value':0}],'len':4}");
	check_order(type_f32, narrow, 4,
		    "{'entries':[{'key':-0.5,'value':1},{'key':0.25,'value':2},"
		    "{'key':0.5,'value':0},{'key':100,'value':3}],'len':4}");
	check_order(type_string, strings, 16,
		    "{'entries':[{'key':'','value':3},{'key':'B','value':2},"
		    "{'key':'ab','value':1},{'key':{'__bytes':'6162ff'},'value':0}],'len':4}");
	check_order(type_hash, hashes, 2,
		    "{'entries':[{'key':'0009','value':3},{'key':'0102','value':2},"
		    "{'key':'01ff','value':1},{'key':'0200','value':0}],'len':4}");
	check_order(type_any, any, 16,
		    "{'entries':[{'key':{'int':9},'value':3},{'key':{'int':10},'value':1},"
		    "{'key':{'string':'B'},'value':2},{'key':{'string':'ab'},'value':0}],'len':4}");
}

/* ---- from Go 1.24 on ---- */

static void test_swiss_small(void **state)
{
	struct int_group group = {
		.ctrl = {0x7f, EMPTY, 0, DELETED, EMPTY, EMPTY, EMPTY, 1},
		.slots = {{9, 90}, {99, 0}, {8, 80}, {99, 0}, {99, 0}, {0, 0}, {0, 0}, {-7, 70}},
	};
	struct fixture f;
	struct swiss_map m;

	(void)state;
	setup(&f);
	m = add_swiss_map(&f, f.i64, f.i64, f.i64, f.i64);
	put_swiss_header(&f, &m, 0x1000, 3, 0x2000, 0);
	put_pointee(&f.records, 0x2000, m.group, ASK_STATUS_OK, &group, sizeof(group));
	check_cells(&f, m.map, &map_word,
		    "{'entries':[{'key':-7,'value':70},{'key':8,'value':80},"
		    "{'key':9,'value':90}],'len':3}",
		    "{'__addr':'0x1000','entries':[{'key':-7,'value':70},{'key':8,'value':80},"
		    "{'key':9,'value':90}],'len':3}",
		    "ok");
	setup(&f);
	m = add_swiss_map(&f, f.i64, f.i64, f.i64, f.i64);
	put_swiss_header(&f, &m, 0x1000, 0, 0, 0);
	check_cells(&f, m.map, &map_word, "{'entries':[],'len':0}", "*", "ok");
}

/* A directory of four pointers to three tables, one of which has two groups. */
static void put_directory(struct fixture *f, const struct swiss_map *m, bool second_missing)
{
	const uint64_t directory[4] = {0x3000, 0x3000, 0x3100, 0x3200};
	struct int_group groups[2] = {
		{.ctrl = {1, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY}, .slots = {{1, 10}}},
		{.ctrl = {DELETED, 1, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY},
		 .slots = {{99, 0}, {2, 20}}},
	};
	struct int_group third = {
		.ctrl = {EMPTY, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY, 3, 4},
		.slots = {[6] = {3, 30}, [7] = {4, 40}},
	};
	struct int_group none;

	memset(&none, EMPTY, sizeof(none));
	put_swiss_header(f, m, 0x1000, 4, 0x2000, 4);
	put_pointee(&f->records, 0x2000, m->table_pointer, ASK_STATUS_OK, directory,
		    sizeof(directory));
	put_table(f, m, 0x3000, 0x4000, 1);
	if (second_missing)
		put_pointee(&f->records, 0x3100, m->table, ASK_STATUS_READ_FAILED, NULL, 32);
	else
		put_table(f, m, 0x3100, 0x5000, 0);
	put_table(f, m, 0x3200, 0x6000, 0);
	put_pointee(&f->records, 0x4000, m->group, ASK_STATUS_OK, groups, sizeof(groups));
	put_pointee(&f->records, 0x5000, m->group, ASK_STATUS_OK, &none, sizeof(none));
	put_pointee(&f->records, 0x6000, m->group, ASK_STATUS_OK, &third, sizeof(third));
}

static void test_swiss_directory(void **state)
{
	struct fixture f;
	struct swiss_map m;

	(void)state;
	setup(&f);
	m = add_swiss_map(&f, f.i64, f.i64, f.i64, f.i64);
	add_limits(&f.b, 4, 512, 512);
	f.b.limits.data[0].map = 1 << 20;
	put_directory(&f, &m, false);
	check_cells(&f, m.map, &map_word,
		    "{'entries':[{'key':1,'value':10},{'key':2,'value':20},{'key':3,'value':30},"
		    "{'key':4,'value':40}],'len':4}",
		    "*", "ok");
	setup(&f);
	m = add_swiss_map(&f, f.i64, f.i64, f.i64, f.i64);
	add_limits(&f.b, 4, 512, 512);
	f.b.limits.data[0].map = 1 << 20;
	put_directory(&f, &m, true);
	check_cells(&f, m.map, &map_word,
		    "{'entries':[{'key':1,'value':10},{'key':2,'value':20},{'key':3,'value':30},"
		    "{'key':4,'value':40},{'__status':'read_failed'}],'len':4}",
		    "*", "partial: read_failed");
	/* of 32 bytes the directory's share is half of its pointers, the first table's one group */
	setup(&f);
	m = add_swiss_map(&f, f.i64, f.i64, f.i64, f.i64);
	add_limits(&f.b, 4, 512, 512);
	f.b.limits.data[0].map = 32;
	put_directory(&f, &m, false);
	check_cells(&f, m.map, &map_word,
		    "{'entries':[{'key':1,'value':10}],'len':4,'__status':'truncated'}", "*",
		    "truncated");
}

static void test_swiss_indirect(void **state)
{
	uint64_t big[17] = {6};
	struct {
		uint8_t ctrl[8];
		struct {
			uint64_t key, value;
		} slots[8];
	} group = {.ctrl = {1, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY},
		   .slots = {{0x3000, 0x4000}}};
	struct fixture f;
	struct swiss_map m;
	uint32_t type, pointer;

	(void)state;
	setup(&f);
	type = add_struct(&f.b, "main.K", 136);
	add_field(&f.b, type, "a", 0, f.u64);
	pointer = pointer_to(&f, type);
	m = add_swiss_map(&f, type, type, pointer, pointer);
	put_swiss_header(&f, &m, 0x1000, 1, 0x2000, 0);
	put_pointee(&f.records, 0x2000, m.group, ASK_STATUS_OK, &group, sizeof(group));
	put_pointee(&f.records, 0x3000, type, ASK_STATUS_OK, big, sizeof(big));
	put_pointee(&f.records, 0x4000, type, ASK_STATUS_BUDGET, NULL, 136);
	check_cells(&f, m.map, &map_word,
		    "{'entries':[{'key':{'a':6},'value':{'__status':'budget'}}],'len':1}", "*",
		    "partial: budget");
}

/* map[string]any that holds itself, as map[string]T of the same header. */
static void test_cycle(void **state)
{
	struct {
		uint8_t ctrl[8];
		struct {
			int64_t key;
			uint64_t type, data;
		} slots[8];
	} group = {.ctrl = {1, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY},
		   .slots = {{1, LOAD_BIAS + TYPES_ADDRESS + 0x10, 0x1000}}};
	struct fixture f;
	struct swiss_map m;
	uint32_t any;

	(void)state;
	setup(&f);
	any = add_type(&f.b, "interface {}", SCHEMA_KIND_ANY, 16, SCHEMA_NONE);
	m = add_swiss_map(&f, f.i64, any, f.i64, any);
	add_rtype(&f.b, 0x10, "main.M", m.map, ASK_RTYPE_DIRECT);
	put_swiss_header(&f, &m, 0x1000, 1, 0x2000, 0);
	put_pointee(&f.records, 0x2000, m.group, ASK_STATUS_OK, &group, sizeof(group));
	check_cells(&f, m.map, &map_word,
		    "{'entries':[{'key':1,'value':{'main.M':{'__status':'cycle',"
		    "'__addr':'0x1000'}}}],'len':1}",
		    "*", "ok");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nil_and_empty),	cmocka_unit_test(test_one_bucket),
		cmocka_unit_test(test_overflow),	cmocka_unit_test(test_growing),
		cmocka_unit_test(test_cut), cmocka_unit_test(test_thin),		cmocka_unit_test(test_indirect),
		cmocka_unit_test(test_missing),		cmocka_unit_test(test_order),
		cmocka_unit_test(test_swiss_small),	cmocka_unit_test(test_swiss_directory),
		cmocka_unit_test(test_swiss_indirect),	cmocka_unit_test(test_cycle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
