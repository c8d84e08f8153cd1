/* SPDX-License-Identifier: BSD-2-Clause */
#include "decode_kinds_fixture.h"

/*
 * sync.Map: the trie of Go 1.24 and later, and the two maps before it, from memory made by
 * hand. What a hostile dump may hold: nodes in circles, marks that are neither 0 nor 1.
 */

struct node {
	uint8_t entry, pad[7];
	uint64_t parent;
	uint64_t children[16];
};
struct leaf {
	uint8_t entry, pad[7];
	uint64_t overflow;
	int64_t key, value;
};
struct trie_types {
	uint32_t map, node, entry;
};

static void add_pointer(struct builder *b, uint32_t type, struct ask_pointer row)
{
	struct ask_type *engine = &b->engine_types.data[type];

	engine->first_pointer = (uint32_t)b->pointers.length;
	engine->pointers = 1;
	*VEC_PUSH(&b->arena, &b->pointers) = row;
}

static struct trie_types add_trie(struct fixture *f)
{
	struct builder *b = &f->b;
	struct trie_types t;

	t.node = add_struct(b, "internal/sync.indirect[int,int]", sizeof(struct node));
	add_field(b, t.node, "parent", 8, f->unsafe);
	t.entry = add_struct(b, "internal/sync.entry[int,int]", sizeof(struct leaf));
	add_field(b, t.entry, "overflow", 8, f->unsafe);
	add_field(b, t.entry, "key", 16, f->i64);
	add_field(b, t.entry, "value", 24, f->i64);
	t.map = add_struct(b, "internal/sync.HashTrieMap[int,int]", 16);
	add_field(b, t.map, "inited", 0, f->u64);
	add_field(b, t.map, "root", 8, f->unsafe);
	add_pointer(b, t.map, (struct ask_pointer){8, ASK_POINTER_FREE, t.node, 1, 0, 0});
	add_pointer(b, t.node, (struct ask_pointer){16, ASK_POINTER_NODE, t.node, 16, 8, t.entry});
	add_pointer(b, t.entry, (struct ask_pointer){8, ASK_POINTER_FREE, t.entry, 1, 0, 0});
	return t;
}

static void put_node(struct fixture *f, const struct trie_types *t, uint64_t address, uint8_t mark,
		     uint64_t first, uint64_t last)
{
	struct node node = {.entry = mark};

	node.children[0] = first;
	node.children[15] = last;
	put_pointee(&f->records, address, t->node, ASK_STATUS_OK, &node, sizeof(node));
}

static void put_entry(struct fixture *f, const struct trie_types *t, uint64_t address, uint8_t mark,
		      int64_t key, uint64_t overflow)
{
	struct leaf leaf = {.entry = mark, .overflow = overflow, .key = key, .value = key * 10};

	put_pointee(&f->records, address, t->entry, ASK_STATUS_OK, &leaf, sizeof(leaf));
}

static const uint64_t map_words[2] = {1, 0x1000};

static void test_trie(void **state)
{
	static const char rows[] = "{'entries':[{'key':-1,'value':-10},{'key':2,'value':20},"
				   "{'key':3,'value':30},{'key':4,'value':40}],'len':4}";
	struct trie_types t;
	struct fixture f;

	(void)state;
	/* never used */
	setup(&f);
	t = add_trie(&f);
	check_cells(&f, t.map, (uint64_t[2]){0}, "{'entries':[],'len':0}", "{'entries':[],'len':0}",
		    "ok");
	setup(&f);
	t = add_trie(&f);
	put_node(&f, &t, 0x1000, 0, 0x2000, 0x3000);
	put_entry(&f, &t, 0x2000, 1, 3, 0x2100); /* two of one hash */
	put_entry(&f, &t, 0x2100, 1, 4, 0);
	put_node(&f, &t, 0x3000, 0, 0x3100, 0x3200);
	put_entry(&f, &t, 0x3100, 1, 2, 0);
	put_entry(&f, &t, 0x3200, 1, -1, 0);
	check_cells(&f, t.map, map_words, rows, rows, "ok");
	/* the sync.Map around it */
	setup(&f);
	t = add_trie(&f);
	put_node(&f, &t, 0x1000, 0, 0, 0);
	t.node = add_struct(&f.b, "sync.Map", 16);
	add_field(&f.b, t.node, "m", 0, t.map);
	check_cells(&f, t.node, map_words, "{'entries':[],'len':0}", "*", "ok");
}

/* `map` cuts what is shown; the entries are counted nevertheless. */
static void test_cut(void **state)
{
	struct trie_types t;
	struct fixture f;

	(void)state;
	setup(&f);
	t = add_trie(&f);
	add_limits(&f.b, 4, 512, 512);
	f.b.limits.data[0].map = 31;
	put_node(&f, &t, 0x1000, 0, 0x2000, 0x3000);
	put_entry(&f, &t, 0x2000, 1, 9, 0x2100);
	put_entry(&f, &t, 0x2100, 1, 4, 0);
	put_entry(&f, &t, 0x3000, 1, 5, 0);
	check_cells(&f, t.map, map_words,
		    "{'entries':[{'key':9,'value':90}],'len':3,'__status':'truncated'}", "*",
		    "truncated");
}

/* Where a part is missing nobody knows how many entries there are. */
static void check_missing(struct fixture *f, uint32_t type, const char *entries, const char *mark,
			  const char *status)
{
	char x[512];

	snprintf(x, sizeof(x), "{'entries':[%s%s{'__status':'%s'}],'len':{'__status':'%s'}}",
		 entries, *entries ? "," : "", mark, mark);
	check_cells(f, type, map_words, x, "*", status);
}

static void test_missing(void **state)
{
	static const char one[] = "{'key':1,'value':10}";
	struct trie_types t;
	struct fixture f;

	(void)state;
	/* a child that is not there, one that could not be read, be it node or entry */
	setup(&f);
	t = add_trie(&f);
	put_node(&f, &t, 0x1000, 0, 0x2000, 0x3000);
	put_entry(&f, &t, 0x2000, 1, 1, 0);
	check_missing(&f, t.map, one, "not_captured", "partial: not_captured");
	setup(&f);
	t = add_trie(&f);
	put_node(&f, &t, 0x1000, 0, 0x2000, 0x3000);
	put_entry(&f, &t, 0x2000, 1, 1, 0);
	put_pointee(&f.records, 0x3000, t.node, ASK_STATUS_READ_FAILED, NULL, sizeof(struct node));
	check_missing(&f, t.map, one, "read_failed", "partial: read_failed");
	setup(&f);
	t = add_trie(&f);
	put_node(&f, &t, 0x1000, 0, 0x2000, 0x3000);
	put_pointee(&f.records, 0x2000, t.entry, ASK_STATUS_READ_FAILED, NULL, sizeof(struct leaf));
	put_entry(&f, &t, 0x3000, 1, 1, 0);
	check_missing(&f, t.map, one, "read_failed", "partial: read_failed");
	/* the root */
	setup(&f);
	t = add_trie(&f);
	put_pointee(&f.records, 0x1000, t.node, ASK_STATUS_READ_FAILED, NULL, sizeof(struct node));
	check_cells(&f, t.map, map_words, "{'entries':{'__status':'read_failed'}}", "*",
		    "partial: read_failed");
}

static void test_hostile(void **state)
{
	static const char one[] = "{'key':1,'value':10}";
	struct trie_types t;
	struct fixture f;

	(void)state;
	/* a mark that is neither, and marks that contradict what was captured */
	setup(&f);
	t = add_trie(&f);
	put_node(&f, &t, 0x1000, 0, 0x2000, 0x3000);
	put_entry(&f, &t, 0x2000, 1, 1, 0);
	put_node(&f, &t, 0x3000, 7, 0, 0);
	check_missing(&f, t.map, one, "unavailable",
		      "partial: a node that is neither node nor entry");
	setup(&f);
	t = add_trie(&f);
	put_node(&f, &t, 0x1000, 0, 0x2000, 0x3000);
	put_entry(&f, &t, 0x2000, 0, 2, 0);
	put_entry(&f, &t, 0x3000, 1, 1, 0);
	check_missing(&f, t.map, one, "unavailable", "partial: an entry that is none");
	setup(&f);
	t = add_trie(&f);
	put_node(&f, &t, 0x1000, 1, 0, 0);
	check_cells(&f, t.map, map_words, "{'entries':{'__status':'unavailable'}}", "*",
		    "partial: its root is no node");
	/* circles: a node in itself, entries that follow each other */
	setup(&f);
	t = add_trie(&f);
	put_node(&f, &t, 0x1000, 0, 0x2000, 0x3000);
	put_entry(&f, &t, 0x2000, 1, 1, 0);
	put_node(&f, &t, 0x3000, 0, 0, 0x1000);
	check_missing(&f, t.map, one, "unavailable", "partial: a node that is inside itself");
	setup(&f);
	t = add_trie(&f);
	put_node(&f, &t, 0x1000, 0, 0x2000, 0);
	put_entry(&f, &t, 0x2000, 1, 1, 0x2000);
	check_missing(&f, t.map, one, "unavailable", "partial: its entries form a circle");
	/* deeper than a hash has bits */
	setup(&f);
	t = add_trie(&f);
	for (uint64_t i = 1; i < 40; i++)
		put_node(&f, &t, i << 12, 0, (i + 1) << 12, 0);
	check_missing(&f, t.map, "", "unavailable", "partial: more levels than a hash has bits");
	/* each node twice in the one above: more paths than anybody has the time to walk */
	setup(&f);
	t = add_trie(&f);
	for (uint64_t i = 1; i < 16; i++) {
		struct node node = {0};

		for (int n = 0; n < 16; n++)
			node.children[n] = (i + 1) << 12;
		put_pointee(&f.records, i << 12, t.node, ASK_STATUS_OK, &node, sizeof(node));
	}
	put_node(&f, &t, 16 << 12, 0, 0, 0);
	check_missing(&f, t.map, "", "budget", "partial: budget");
}

/* ---- up to Go 1.23 ---- */

struct old_types {
	uint32_t map, read, entry, any;
	struct old_map entries;
};

static uint32_t add_atomic(struct fixture *f, const char *name, uint32_t target)
{
	uint32_t blank = add_array(&f->b, "[0]*T", pointer_to(f, target), 0);
	uint32_t t = add_struct(&f->b, name, 8);

	add_field(&f->b, t, "_", 0, blank);
	add_field(&f->b, t, "v", 0, f->unsafe);
	return t;
}

static struct old_types add_old_sync(struct fixture *f)
{
	struct builder *b = &f->b;
	struct old_types t;
	uint32_t atomic;

	t.any = add_type(b, "interface {}", SCHEMA_KIND_ANY, 16, SCHEMA_NONE);
	add_rtype(b, 0x10, "int", f->i64, 0);
	atomic = add_atomic(f, "sync/atomic.Pointer[interface {}]", t.any);
	t.entry = add_struct(b, "sync.entry", 8);
	add_field(b, t.entry, "p", 0, atomic);
	atomic = pointer_to(f, t.entry);
	t.entries = add_old_map(f, f->i64, atomic, f->i64, atomic);
	t.read = add_struct(b, "sync.readOnly", 16);
	add_field(b, t.read, "m", 0, t.entries.map);
	add_field(b, t.read, "amended", 8, f->u8);
	atomic = add_atomic(f, "sync/atomic.Pointer[sync.readOnly]", t.read);
	t.map = add_struct(b, "sync.Map", 16);
	add_field(b, t.map, "read", 0, atomic);
	add_field(b, t.map, "dirty", 8, t.entries.map);
	return t;
}

/*
 * A map at 0x3000 of three entries: 1 is an int, 2 is deleted (nil), 3 holds a nil any or
 * is expunged: its bytes do not tell.
 */
static void put_old_entries(struct fixture *f, struct old_types *t, uint8_t amended)
{
	struct int_bucket bucket = {.tophash = {9, 9, 9},
				    .keys = {1, 2, 3},
				    .values = {0x5000, 0x5100, 0x5200}};
	uint64_t read[2] = {0x3000, amended};

	put_pointee(&f->records, 0x2000, t->read, ASK_STATUS_OK, read, sizeof(read));
	put_old_header(f, &t->entries, 0x3000, 3, 0, 0, 0x4000, 0);
	put_pointee(&f->records, 0x4000, t->entries.bucket, ASK_STATUS_OK, &bucket, sizeof(bucket));
	put_pointee(&f->records, 0x5000, t->entry, ASK_STATUS_OK, &(uint64_t){0x6000}, 8);
	put_pointee(&f->records, 0x5100, t->entry, ASK_STATUS_OK, &(uint64_t){0}, 8);
	put_pointee(&f->records, 0x5200, t->entry, ASK_STATUS_OK, &(uint64_t){0x6100}, 8);
	put_pointee(&f->records, 0x6000, t->any, ASK_STATUS_OK,
		    (uint64_t[]){LOAD_BIAS + TYPES_ADDRESS + 0x10, 0x7000}, 16);
	put_pointee(&f->records, 0x6100, t->any, ASK_STATUS_OK, (uint64_t[]){0, 0}, 16);
	put_pointee(&f->records, 0x7000, f->i64, ASK_STATUS_OK, &(int64_t){7}, 8);
}

static void test_two_maps(void **state)
{
	static const char live[] = "{'entries':[{'key':1,'value':{'int':7}},"
				   "{'key':3,'value':null}],'len':2}";
	struct old_types t;
	struct fixture f;

	(void)state;
	setup(&f);
	t = add_old_sync(&f);
	put_old_entries(&f, &t, 0);
	check_cells(&f, t.map, (uint64_t[]){0x2000, 0}, live, "*", "ok");
	/* amended: dirty has all there is */
	setup(&f);
	t = add_old_sync(&f);
	put_old_entries(&f, &t, 1);
	put_old_header(&f, &t.entries, 0x3800, 0, 0, 0, 0, 0);
	check_cells(&f, t.map, (uint64_t[]){0x2000, 0x3800}, "{'entries':[],'len':0}", "*", "ok");
	/* dirty is being filled: what looks like a nil value may be no entry */
	setup(&f);
	t = add_old_sync(&f);
	put_old_entries(&f, &t, 0);
	check_cells(&f, t.map, (uint64_t[]){0x2000, 0x3800},
		    "{'entries':[{'key':1,'value':{'int':7}},"
		    "{'key':3,'value':{'__status':'unavailable'}}],'len':2}",
		    "*", "partial: the map was being changed");
	/* a cut one: its count has deleted entries in it */
	setup(&f);
	t = add_old_sync(&f);
	add_limits(&f.b, 4, 512, 512);
	f.b.limits.data[0].map = 20;
	put_old_entries(&f, &t, 0);
	check_cells(&f, t.map, (uint64_t[]){0x2000, 0},
		    "{'entries':[{'key':1,'value':{'int':7}}],'len':{'__status':'truncated'},"
		    "'__status':'truncated'}",
		    "*", "truncated");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trie),	cmocka_unit_test(test_cut),
		cmocka_unit_test(test_missing), cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_two_maps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
