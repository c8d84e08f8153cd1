/* SPDX-License-Identifier: BSD-2-Clause */
#include "value.h"

/*
 * internal/sync.HashTrieMap, which is sync.Map from Go 1.24 on (internal/sync/hashtriemap.go).
 *
 * Its root is a node of 16 children. A child is a node or an entry: the flag isEntry, the
 * first byte of both, tells. The engine has read that byte to know what to copy; here it is
 * read again from the copy, and where the two disagree nothing is shown. A node of each level
 * takes four more bits of a 64-bit hash, so a trie has 16 levels; entries with one hash are
 * a list. Removed entries are taken out, so all that is there is the map.
 *
 * It keeps no count: `len` is the number of entries found, and there is none where parts of
 * the trie could not be read.
 */
#define LEVELS 16u

/* Where things lie in the trie, from the schema. */
struct trie {
	struct render *r;
	struct entries *entries;
	uint32_t node, entry; /* types */
	struct ask_pointer children;
	uint64_t key, value, overflow;
	uint32_t slot_key, slot_value; /* types */
};

static const struct ask_pointer *row_of_kind(const struct schema *schema, uint32_t type,
					     uint32_t kind)
{
	const struct ask_type *engine = &schema->engine_types[type];

	for (uint32_t i = 0; i < engine->pointers; i++)
		if (schema->pointers[engine->first_pointer + i].kind == kind)
			return &schema->pointers[engine->first_pointer + i];
	return NULL;
}

/* The word of the atomic.Pointer in field `name`, which leads to a `target` at no cost. */
static bool atomic_field(const struct schema *schema, uint32_t type, const char *name,
			 uint64_t *offset, uint32_t *target)
{
	const struct schema_field *field = struct_field(schema, &schema->types[type], name);

	if (!field || schema->types[field->type].size != 8)
		return false;
	*offset = field->offset;
	*target = pointer_target(schema, type, field->offset, SCHEMA_NONE);
	return *target != SCHEMA_NONE && schema->types[*target].kind == SCHEMA_KIND_STRUCT;
}

static bool trie_layout(struct trie *t, uint32_t map, uint64_t *root)
{
	const struct schema *schema = t->r->schema;
	const struct schema_field *key, *value;
	const struct ask_pointer *children;
	uint32_t overflow;

	if (!atomic_field(schema, map, "root", root, &t->node))
		return false;
	children = row_of_kind(schema, t->node, ASK_POINTER_NODE);
	if (!children || children->target != t->node ||
	    schema->types[children->extra].kind != SCHEMA_KIND_STRUCT)
		return false;
	t->children = *children;
	t->entry = children->extra;
	key = struct_field(schema, &schema->types[t->entry], "key");
	value = struct_field(schema, &schema->types[t->entry], "value");
	if (!key || !value ||
	    !atomic_field(schema, t->entry, "overflow", &t->overflow, &overflow) ||
	    overflow != t->entry)
		return false;
	t->key = key->offset;
	t->value = value->offset;
	t->slot_key = key->type;
	t->slot_value = value->type;
	return true;
}

static void note_missing(struct trie *t, struct hole hole)
{
	if (t->entries->missing.kind == HOLE_NONE)
		t->entries->missing = hole;
}

static void take_entry(struct trie *t, const struct view *v)
{
	const struct schema_type *types = t->r->schema->types;
	struct entries *entries = t->entries;
	struct entry *entry;

	entries->length++;
	if (entries->list.length >= entries->most) {
		entries->cut = true;
		return;
	}
	entry = VEC_PUSH(t->r->arena, &entries->list);
	entry->key = view_part(v, t->key, types[t->slot_key].size);
	entry->value = view_part(v, t->value, types[t->slot_value].size);
	entry->no_key = entry->no_value = NO_HOLE;
}

/* An entry and those with the same hash. false: enough. */
static bool take_list(struct trie *t, struct view v)
{
	uint64_t size = t->r->schema->types[t->entry].size, milestone = v.address, next;

	for (uint64_t steps = 1;; steps++) {
		struct hole hole;

		if (!render_work(t->r, 1)) {
			note_missing(t, HOLE(HOLE_BUDGET));
			return false;
		}
		if (v.data[0] != 1) {
			note_missing(t, UNAVAILABLE("an entry that is none"));
			return true;
		}
		take_entry(t, &v);
		next = view_u64(&v, t->overflow);
		if (!next)
			return true;
		/* a list that runs into itself meets the last power of two again */
		if (next == milestone) {
			note_missing(t, UNAVAILABLE("its entries form a circle"));
			return true;
		}
		hole = pointee_view(t->r, next, t->entry, size, size, &v);
		if (hole.kind != HOLE_NONE) {
			note_missing(t, hole);
			return true;
		}
		if (!(steps & (steps - 1)))
			milestone = next;
	}
}

static bool take_node(struct trie *t, const struct view *v, unsigned level);

/* false: enough. */
static bool take_child(struct trie *t, uint64_t address, unsigned level)
{
	uint64_t size = t->r->schema->types[t->entry].size;
	size_t ancestors = t->r->ancestors.length;
	struct hole hole;
	struct view v;
	bool more = true;

	hole = pointee_view(t->r, address, t->entry, size, size, &v);
	if (hole.kind == HOLE_NONE)
		return take_list(t, v);
	if (hole.kind == HOLE_READ_FAILED) {
		note_missing(t, hole);
		return true;
	}
	hole = address_follow(t->r, address, t->node, 0, 0, &v);
	if (hole.kind == HOLE_CYCLE)
		hole = UNAVAILABLE("a node that is inside itself");
	else if (hole.kind == HOLE_NONE && v.data[0] != 0)
		hole = UNAVAILABLE("a node that is neither node nor entry");
	else if (hole.kind == HOLE_NONE && level == LEVELS)
		hole = UNAVAILABLE("more levels than a hash has bits");
	if (hole.kind == HOLE_NONE)
		more = take_node(t, &v, level + 1);
	else
		note_missing(t, hole);
	t->r->ancestors.length = ancestors;
	return more;
}

/* Goes as deep as LEVELS. false: enough. */
static bool take_node(struct trie *t, const struct view *v, unsigned level)
{
	for (uint32_t i = 0; i < t->children.repeat; i++) {
		uint64_t child =
			view_u64(v, t->children.offset + (uint64_t)i * t->children.stride);

		if (!render_work(t->r, 1)) {
			note_missing(t, HOLE(HOLE_BUDGET));
			return false;
		}
		if (child && !take_child(t, child, level))
			return false;
	}
	return true;
}

static void render_trie(struct trie *t, const struct view *v, uint64_t root, uint32_t depth)
{
	const struct schema_type *types = t->r->schema->types;
	uint64_t bytes = types[t->slot_key].size + types[t->slot_value].size;
	struct entries *entries = t->entries;
	struct hole hole;
	struct view node;

	entries->key = t->slot_key;
	entries->value = t->slot_value;
	entries->most = t->r->limits->map / (bytes ? bytes : 1);
	if (!entries->most)
		entries->most = 1;
	entries->missing = NO_HOLE;
	/* a map that was never used has no root */
	hole = address_follow(t->r, view_u64(v, root), t->node, 0, 0, &node);
	if (hole.kind == HOLE_NIL)
		hole = NO_HOLE;
	else if (hole.kind == HOLE_CYCLE)
		hole = UNAVAILABLE("its root is inside itself");
	else if (hole.kind == HOLE_NONE && node.data[0] != 0)
		hole = UNAVAILABLE("its root is no node");
	else if (hole.kind == HOLE_NONE)
		take_node(t, &node, 1);
	if (hole.kind == HOLE_NONE && entries->missing.kind != HOLE_NONE)
		entries->no_length = entries->missing;
	json_object_begin(&t->r->json);
	render_entries(t->r, entries, depth, hole);
	json_object_end(&t->r->json);
}

bool trie_render(struct render *r, const struct view *v, uint32_t type, uint32_t depth,
		 struct hole *ret)
{
	size_t ancestors = r->ancestors.length;
	struct entries entries = {0};
	struct trie trie = {.r = r, .entries = &entries};
	const char *gap;
	uint64_t root;

	if (!trie_layout(&trie, type, &root))
		return false;
	gap = view_gap(r, v, root, 8);
	*ret = gap ? UNAVAILABLE(gap) : NO_HOLE;
	if (!gap)
		render_trie(&trie, v, root, depth);
	r->ancestors.length = ancestors;
	return true;
}
