/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DECODE_KINDS_FIXTURE_H
#define DECODE_KINDS_FIXTURE_H

#include "decode_value_fixture.h"

/* Expected texts with ' for ", and the types that the runtime makes maps and channels of. */

static inline void put_expected(struct strbuf *out, const char *text)
{
	if (!text) {
		strbuf_puts(out, "NULL");
		return;
	}
	strbuf_putc(out, '\'');
	for (; *text; text++)
		strbuf_putc(out, *text == '\'' ? '"' : *text);
	strbuf_putc(out, '\'');
}

/* X, raw_X and status_X of one value; raw "*": whatever it is. NULL: SQL's. */
static inline void check_cells(struct fixture *f, uint32_t type, const void *data, const char *x,
			       const char *raw, const char *status)
{
	cleanup_strbuf struct strbuf got = STRBUF_INIT, head = STRBUF_INIT, tail = STRBUF_INIT;

	put_expected(&head, x);
	strbuf_puts(&head, " | ");
	strbuf_puts(&tail, " | ");
	put_expected(&tail, status);
	decode_one(f, type, ASK_STATUS_OK, 0, data, &got);
	if (raw && strcmp(raw, "*") == 0) {
		if (strncmp(got.data, head.data, head.length) != 0 || got.length < tail.length ||
		    strcmp(got.data + got.length - tail.length, tail.data) != 0)
			fail_msg("%s\nis not\n%s…%s", got.data, head.data, tail.data);
	} else {
		put_expected(&head, raw);
		strbuf_puts(&head, tail.data);
		assert_string_equal(got.data, head.data);
	}
	teardown(f);
}

/* ---- maps up to Go 1.23 ---- */

struct old_map {
	uint32_t map, hash, bucket;
	uint64_t values, overflow, size; /* offsets in a bucket, and its size */
};

/* The slots hold pointers where slot_key or slot_value are pointers to key or value. */
static inline struct old_map add_old_map(struct fixture *f, uint32_t key, uint32_t value,
					 uint32_t slot_key, uint32_t slot_value)
{
	struct builder *b = &f->b;
	uint64_t k = b->types.data[slot_key].size, v = b->types.data[slot_value].size;
	struct old_map m = {.values = 8 + 8 * k, .overflow = 8 + 8 * k + 8 * v};
	uint32_t marks = add_array(b, "[8]uint8", 0, 8);
	uint32_t keys = add_array(b, "[]key", slot_key, 8);
	uint32_t values = add_array(b, "[]val", slot_value, 8);
	uint32_t pointer;

	m.size = m.overflow + 8;
	m.bucket = add_struct(b, "bucket<K,V>", m.size);
	add_field(b, m.bucket, "tophash", 0, marks);
	add_field(b, m.bucket, "keys", 8, keys);
	add_field(b, m.bucket, "values", m.values, values);
	add_field(b, m.bucket, "overflow", m.overflow, f->unsafe);
	pointer = add_type(b, "*bucket<K,V>", SCHEMA_KIND_POINTER, 8, m.bucket);
	m.hash = add_struct(b, "hash<K,V>", 48);
	add_field(b, m.hash, "count", 0, f->i64);
	add_field(b, m.hash, "flags", 8, f->u8);
	add_field(b, m.hash, "B", 9, f->u8);
	add_field(b, m.hash, "buckets", 16, pointer);
	add_field(b, m.hash, "oldbuckets", 24, pointer);
	m.map = add_type(b, "map[K]V", SCHEMA_KIND_MAP, 8, value);
	b->types.data[m.map].key = key;
	b->types.data[m.map].internals = m.hash;
	return m;
}

static inline void put_old_header(struct fixture *f, const struct old_map *m, uint64_t address,
				  uint64_t count, uint8_t b, uint8_t flags, uint64_t buckets,
				  uint64_t oldbuckets)
{
	uint64_t words[6] = {count, (uint64_t)b << 8 | flags, buckets, oldbuckets};

	put_pointee(&f->records, address, m->hash, ASK_STATUS_OK, words, sizeof(words));
}

/* int keys and values: 8 tophash bytes, 8 keys, 8 values, overflow. */
struct int_bucket {
	uint8_t tophash[8];
	int64_t keys[8], values[8];
	uint64_t overflow;
};

/* ---- maps from Go 1.24 on ---- */

struct swiss_map {
	uint32_t map, header, table, table_pointer, group;
	uint64_t value, step, size; /* offset of a slot's value, bytes of a slot and of a group */
};

static inline struct swiss_map add_swiss_map(struct fixture *f, uint32_t key, uint32_t value,
					     uint32_t slot_key, uint32_t slot_value)
{
	struct builder *b = &f->b;
	uint64_t k = (b->types.data[slot_key].size + 7) & ~7ull;
	struct swiss_map m = {.value = k, .step = k + ((b->types.data[slot_value].size + 7) & ~7ull)};
	uint32_t slot, slots, groups, group_pointer, directory;

	m.size = 8 + 8 * m.step;
	slot = add_struct(b, "struct {key K; elem V}", m.step);
	add_field(b, slot, "key", 0, slot_key);
	add_field(b, slot, "elem", m.value, slot_value);
	slots = add_array(b, "[8]struct {key K; elem V}", slot, 8);
	m.group = add_struct(b, "group[K,V]", m.size);
	add_field(b, m.group, "ctrl", 0, f->u64);
	add_field(b, m.group, "slots", 8, slots);
	group_pointer = add_type(b, "*group[K,V]", SCHEMA_KIND_POINTER, 8, m.group);
	groups = add_struct(b, "groupReference<K,V>", 16);
	add_field(b, groups, "data", 0, group_pointer);
	add_field(b, groups, "lengthMask", 8, f->u64);
	m.table = add_struct(b, "table<K,V>", 32);
	add_field(b, m.table, "used", 0, f->u16);
	add_field(b, m.table, "index", 8, f->i64);
	add_field(b, m.table, "groups", 16, groups);
	m.table_pointer = add_type(b, "*table<K,V>", SCHEMA_KIND_POINTER, 8, m.table);
	directory = add_type(b, "**table<K,V>", SCHEMA_KIND_POINTER, 8, m.table_pointer);
	m.header = add_struct(b, "map<K,V>", 48);
	add_field(b, m.header, "used", 0, f->u64);
	add_field(b, m.header, "seed", 8, f->u64);
	add_field(b, m.header, "dirPtr", 16, directory);
	add_field(b, m.header, "dirLen", 24, f->i64);
	m.map = add_type(b, "map[K]V", SCHEMA_KIND_MAP, 8, value);
	b->types.data[m.map].key = key;
	b->types.data[m.map].internals = m.header;
	return m;
}

static inline void put_swiss_header(struct fixture *f, const struct swiss_map *m, uint64_t address,
				    uint64_t used, uint64_t directory, uint64_t length)
{
	uint64_t words[6] = {used, 0x5eed, directory, length};

	put_pointee(&f->records, address, m->header, ASK_STATUS_OK, words, sizeof(words));
}

static inline void put_table(struct fixture *f, const struct swiss_map *m, uint64_t address,
			     uint64_t groups, uint64_t mask)
{
	/* as many entries as there are slots: how thin they are is up to the tests of that */
	uint64_t words[4] = {(mask + 1) * 8 & 0xffff, 0, groups, mask};

	put_pointee(&f->records, address, m->table, ASK_STATUS_OK, words, sizeof(words));
}

struct int_group {
	uint8_t ctrl[8];
	struct {
		int64_t key, value;
	} slots[8];
};
#define EMPTY 0x80
#define DELETED 0xfe

/* ---- channels ---- */

struct channel_types {
	uint32_t chan, hchan, sudog;
};

static inline struct channel_types add_channel(struct fixture *f, uint32_t elem)
{
	struct builder *b = &f->b;
	struct channel_types c;
	uint32_t first, queue;

	c.sudog = add_struct(b, "sudog<T>", 24);
	add_field(b, c.sudog, "g", 0, f->u64);
	add_field(b, c.sudog, "next", 8, f->unsafe);
	first = add_type(b, "*sudog<T>", SCHEMA_KIND_POINTER, 8, c.sudog);
	queue = add_struct(b, "waitq<T>", 16);
	add_field(b, queue, "first", 0, first);
	add_field(b, queue, "last", 8, first);
	c.hchan = add_struct(b, "hchan<T>", 80);
	add_field(b, c.hchan, "qcount", 0, f->u64);
	add_field(b, c.hchan, "dataqsiz", 8, f->u64);
	add_field(b, c.hchan, "buf", 16, f->unsafe);
	add_field(b, c.hchan, "closed", 24, f->i32);
	add_field(b, c.hchan, "sendx", 32, f->u64);
	add_field(b, c.hchan, "recvx", 40, f->u64);
	add_field(b, c.hchan, "recvq", 48, queue);
	add_field(b, c.hchan, "sendq", 64, queue);
	c.chan = add_type(b, "chan T", SCHEMA_KIND_CHAN, 8, elem);
	b->types.data[c.chan].internals = c.hchan;
	return c;
}

struct hchan {
	uint64_t qcount, dataqsiz, buf, closed, sendx, recvx, recvq[2], sendq[2];
};

static inline void put_sudog(struct fixture *f, const struct channel_types *c, uint64_t address,
			     uint64_t g, uint64_t next)
{
	uint64_t words[3] = {g, next, 0xdead};

	put_pointee(&f->records, address, c->sudog, ASK_STATUS_OK, words, sizeof(words));
}

/* A goroutine without a stack, whose g lies at `address`. */
static inline void put_g(struct fixture *f, uint64_t goid, uint64_t address)
{
	struct ask_goroutine g = new_goroutine(goid, 0, 0);

	g.address = address;
	put_goroutine(&f->records, &g);
}

#endif
