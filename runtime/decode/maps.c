/* SPDX-License-Identifier: BSD-2-Clause */
#include "abi/maps.h"
#include "value.h"

/*
 * Maps: finding the live entries in what the engine copied of them. Which of the two
 * implementations a program has, the fields of the map's header tell.
 *
 * Go up to 1.23, runtime/map.go: hmap has 1 << B buckets of eight slots, each with a chain
 * of overflow buckets. A slot's tophash is at least minTopHash when there is an entry in it;
 * below are the marks of empty slots and of those whose entry went to the new buckets.
 * While the map grows, oldbuckets is there too: an entry is in one or the other, and its
 * slot in the other one has a mark. So all live slots of both arrays are the map.
 *
 * Go 1.24 and later, internal/runtime/maps: a map of up to eight entries is one group. A
 * larger one has a directory of tables, in which a table may stand several times, side
 * by side; a table has groups. A group has eight slots and as many control bytes: bit 7 is
 * clear when there is an entry in the slot.
 *
 * Keys and values over 128 bytes lie elsewhere, slots have pointers to them.
 *
 * limits.map cuts as the engine does (abi/maps.h), and then entries by what they take themselves, so
 * that what is shown does not depend on what other captures fetched of the same map. Where the
 * engine looked at groups one by one, those it passed over have no entries and no copies.
 */
#define MIN_TOPHASH 5u
#define FLAG_SAME_SIZE_GROW 8u
#define SLOTS ASK_GROUP_SLOTS
#define CTRL_EMPTY_OR_DELETED 0x80u
/* Groups without a copy that are looked for at the price of one step. */
#define LOOKED_A_STEP 16u

/* The map in work. */
struct map_reader {
	struct render *r;
	struct entries *entries;
	uint32_t slots; /* the type of a bucket or a group */
	/* where keys and values lie in it, and from one to the next */
	uint64_t marks, keys, values, key_step, value_step;
	uint32_t slot_key, slot_value; /* types in the slots */
	uint64_t overflow;	       /* offset of the bucket's overflow pointer */
	bool swiss;
	bool thin; /* groups were looked at one by one: one that has no copy says nothing */
};

/* The struct that the pointer in this field leads to, SCHEMA_NONE when it is not like that. */
static uint32_t target(const struct schema *schema, uint32_t type, const char *name)
{
	const struct schema_field *field = struct_field(schema, &schema->types[type], name);
	const struct schema_type *t = field ? &schema->types[field->type] : NULL;

	return t && t->kind == SCHEMA_KIND_POINTER ? t->elem : SCHEMA_NONE;
}

static void note_missing(struct map_reader *m, struct hole hole)
{
	if (m->entries->missing.kind == HOLE_NONE)
		m->entries->missing = hole;
}

/* A group that has no copy was passed over, or lost: here entries are short, and nothing was cut. */
static void note_lost(struct map_reader *m)
{
	if (m->r->index->over_budget)
		note_missing(m, HOLE(HOLE_BUDGET));
	else if (m->r->index->dropped)
		note_missing(m, HOLE(HOLE_NOT_CAPTURED));
}

/* One step of work; false, and noted, when there was enough. */
static bool step(struct map_reader *m)
{
	if (render_work(m->r, 1))
		return true;
	note_missing(m, HOLE(HOLE_BUDGET));
	return false;
}

/*
 * What a slot holds: the thing itself where sizes agree, else a pointer to it. *shown is
 * the type that is written.
 */
static bool slot_type(const struct schema *schema, uint32_t slot, uint32_t declared,
		      uint32_t *indirect, uint32_t *shown)
{
	const struct schema_type *t = &schema->types[slot];

	*indirect = t->size != schema->types[declared].size;
	*shown = *indirect ? t->elem : slot;
	return !*indirect || (t->kind == SCHEMA_KIND_POINTER &&
			      schema->types[t->elem].size == schema->types[declared].size);
}

static bool slots_are_sound(struct map_reader *m, const struct schema_type *map)
{
	const struct schema *schema = m->r->schema;
	struct entries *entries = m->entries;
	uint64_t bytes;

	if (!slot_type(schema, m->slot_key, map->key, &entries->indirect_key, &entries->key) ||
	    !slot_type(schema, m->slot_value, map->elem, &entries->indirect_value,
		       &entries->value))
		return false;
	bytes = schema->types[map->key].size + schema->types[map->elem].size;
	entries->most = m->r->limits->map / (bytes ? bytes : 1);
	if (!entries->most)
		entries->most = 1;
	return true;
}

/* `count` slots' array field of the struct `type`; false when it is no such thing. */
static bool array_field(const struct schema *schema, uint32_t type, const char *name,
			uint64_t *offset, uint32_t *elem)
{
	const struct schema_field *field = struct_field(schema, &schema->types[type], name);
	const struct schema_type *t = field ? &schema->types[field->type] : NULL;

	if (!t || t->kind != SCHEMA_KIND_ARRAY || t->count != SLOTS)
		return false;
	*offset = field->offset;
	*elem = t->elem;
	return true;
}

static void part_or_pointee(struct map_reader *m, const struct view *slot, uint32_t shown,
			    uint32_t indirect, struct view *ret, struct hole *hole)
{
	uint64_t size = m->r->schema->types[shown].size;

	*hole = NO_HOLE;
	if (!indirect)
		*ret = *slot;
	else if (!view_u64(slot, 0))
		*hole = UNAVAILABLE("a slot that points to nothing");
	else
		*hole = pointee_view(m->r, view_u64(slot, 0), shown, size, size, ret);
}

/* false: enough. */
static bool take_slot(struct map_reader *m, const struct view *v, uint32_t i)
{
	const struct schema_type *types = m->r->schema->types;
	struct entries *entries = m->entries;
	struct view key, value;
	struct entry *entry;

	if (entries->list.length >= entries->most) {
		entries->cut = true;
		return false;
	}
	if (!step(m))
		return false;
	key = view_part(v, m->keys + i * m->key_step, types[m->slot_key].size);
	value = view_part(v, m->values + i * m->value_step, types[m->slot_value].size);
	entry = VEC_PUSH(m->r->arena, &entries->list);
	part_or_pointee(m, &key, entries->key, entries->indirect_key, &entry->key, &entry->no_key);
	part_or_pointee(m, &value, entries->value, entries->indirect_value, &entry->value,
			&entry->no_value);
	return true;
}

/* Slots in use of a bucket or a group. */
static uint32_t live_slots(const struct map_reader *m, const struct view *v)
{
	uint64_t marks = view_u64(v, m->marks);

	return m->swiss ? ask_group_live(marks) : ask_bucket_live(marks);
}

/* The first `groups` of an array of `count`. false: enough. */
static bool take_at_once(struct map_reader *m, uint64_t address, uint64_t groups, uint64_t count,
			 bool (*take)(struct map_reader *m, struct view v))
{
	uint64_t size = m->r->schema->types[m->slots].size, kept;
	struct hole hole;
	struct view v;

	hole = pointee_view(m->r, address, m->slots, groups * size, size, &v);
	if (hole.kind != HOLE_NONE) {
		note_missing(m, hole);
		return true;
	}
	kept = v.size / size;
	m->entries->cut |= kept < count;
	for (uint64_t i = 0; i < kept; i++)
		if (!take(m, view_part(&v, i * size, size)))
			return false;
	return true;
}

/* Those of an array of `count` that the engine looked at, and that have entries. false: enough. */
static bool take_one_by_one(struct map_reader *m, uint64_t address, uint64_t count, uint64_t used,
			    bool (*take)(struct map_reader *m, struct view v))
{
	uint64_t size = m->r->schema->types[m->slots].size, live = 0;
	uint64_t looked = count < ASK_GROUPS_LOOKED ? count : ASK_GROUPS_LOOKED;

	m->thin = true;
	for (uint64_t i = 0; i < looked; i++) {
		struct view v;
		struct hole hole;

		if (i % LOOKED_A_STEP == 0 && !step(m))
			return false;
		if (!index_pointee(m->r->index, address + i * size, m->slots))
			continue;
		hole = pointee_view(m->r, address + i * size, m->slots, size, size, &v);
		if (hole.kind != HOLE_NONE) {
			note_missing(m, hole);
			continue;
		}
		live += live_slots(m, &v);
		if (!take(m, v))
			return false;
		if (live >= used)
			return true;
		if (ask_groups_enough(live, size, m->r->limits->map)) {
			m->entries->cut = true;
			return true;
		}
	}
	m->entries->cut |= looked < count;
	return true;
}

/*
 * An array of `count` buckets or groups, `used` entries in all, of which the engine takes
 * what the limit allows. false: enough.
 */
static bool take_array(struct map_reader *m, uint64_t address, uint64_t count, uint64_t used,
		       bool (*take)(struct map_reader *m, struct view v))
{
	uint64_t size = m->r->schema->types[m->slots].size, groups;

	if (!used)
		return true;
	groups = ask_groups_at_once(count, size, used, m->r->limits->map);
	return groups ? take_at_once(m, address, groups, count, take)
		      : take_one_by_one(m, address, count, used, take);
}

/* ---- hmap ---- */

static bool bucket_layout(struct map_reader *m)
{
	const struct schema *schema = m->r->schema;
	const struct schema_type *t = &schema->types[m->slots];
	const struct schema_field *overflow = struct_field(schema, t, "overflow");
	uint32_t mark;

	if (t->kind != SCHEMA_KIND_STRUCT || !overflow ||
	    schema->types[overflow->type].size != 8 ||
	    !array_field(schema, m->slots, "tophash", &m->marks, &mark) ||
	    schema->types[mark].size != 1 ||
	    !array_field(schema, m->slots, "keys", &m->keys, &m->slot_key) ||
	    !array_field(schema, m->slots, "values", &m->values, &m->slot_value))
		return false;
	m->overflow = overflow->offset;
	m->key_step = schema->types[m->slot_key].size;
	m->value_step = schema->types[m->slot_value].size;
	return true;
}

/* A bucket and its overflow buckets. false: enough. */
static bool take_chain(struct map_reader *m, struct view v)
{
	uint64_t size = m->r->schema->types[m->slots].size, next, milestone = v.address;

	for (uint64_t steps = 1;; steps++) {
		struct hole hole;

		if (!step(m))
			return false;
		for (uint32_t i = 0; i < SLOTS; i++)
			if (v.data[m->marks + i] >= MIN_TOPHASH && !take_slot(m, &v, i))
				return false;
		next = view_u64(&v, m->overflow);
		if (!next)
			return true;
		/* a chain that runs into itself meets the last power of two again */
		if (next == milestone) {
			note_missing(m, UNAVAILABLE("its overflow buckets form a circle"));
			return true;
		}
		hole = pointee_view(m->r, next, m->slots, size, size, &v);
		if (hole.kind != HOLE_NONE) {
			note_missing(m, hole);
			return true;
		}
		if (!(steps & (steps - 1)))
			milestone = next;
	}
}

static struct hole hmap_read(struct map_reader *m, const struct view *header, uint32_t type)
{
	const struct schema *schema = m->r->schema;
	uint64_t b, flags, buckets, old, used = m->entries->length;

	if (!struct_number(schema, header, type, "B", &b) ||
	    !struct_number(schema, header, type, "flags", &flags) ||
	    !struct_number(schema, header, type, "buckets", &buckets) ||
	    !struct_number(schema, header, type, "oldbuckets", &old))
		return UNAVAILABLE("its header is not described");
	if (b > 40 || m->entries->length >> 48)
		return UNAVAILABLE("it has more buckets than there is memory");
	if (buckets && !take_array(m, buckets, (uint64_t)1 << b, used, take_chain))
		return NO_HOLE;
	if (old)
		take_array(m, old, (uint64_t)1 << (flags & FLAG_SAME_SIZE_GROW || !b ? b : b - 1),
			   used, take_chain);
	return NO_HOLE;
}

/* ---- Swiss maps ---- */

static bool group_layout(struct map_reader *m)
{
	const struct schema *schema = m->r->schema;
	const struct schema_type *t = &schema->types[m->slots];
	const struct schema_field *ctrl = struct_field(schema, t, "ctrl"), *key, *value;
	uint64_t slots;
	uint32_t slot;

	if (t->kind != SCHEMA_KIND_STRUCT || !ctrl || schema->types[ctrl->type].size != SLOTS ||
	    !array_field(schema, m->slots, "slots", &slots, &slot))
		return false;
	key = struct_field(schema, &schema->types[slot], "key");
	value = struct_field(schema, &schema->types[slot], "elem");
	if (!key || !value)
		return false;
	m->marks = ctrl->offset;
	m->keys = slots + key->offset;
	m->values = slots + value->offset;
	m->slot_key = key->type;
	m->slot_value = value->type;
	m->key_step = m->value_step = schema->types[slot].size;
	return true;
}

/* false: enough. */
static bool take_group(struct map_reader *m, struct view v)
{
	if (!step(m))
		return false;
	for (uint32_t i = 0; i < SLOTS; i++)
		if (!(v.data[m->marks + i] & CTRL_EMPTY_OR_DELETED) && !take_slot(m, &v, i))
			return false;
	return true;
}

/* false: enough. */
static bool take_table(struct map_reader *m, uint64_t address, uint32_t table,
		       const struct schema_field *groups)
{
	const struct schema *schema = m->r->schema;
	uint64_t size = schema->types[table].size, data, mask, used;
	struct view v, part;
	struct hole hole = pointee_view(m->r, address, table, size, size, &v);

	if (hole.kind != HOLE_NONE) {
		note_missing(m, hole);
		return true;
	}
	if (!struct_number(schema, &v, table, "used", &used)) {
		note_missing(m, UNAVAILABLE("a table that does not count its entries"));
		return true;
	}
	part = view_part(&v, groups->offset, schema->types[groups->type].size);
	if (!struct_number(schema, &part, groups->type, "data", &data) ||
	    !struct_number(schema, &part, groups->type, "lengthMask", &mask) || mask >> 40) {
		note_missing(m, UNAVAILABLE("a table without groups"));
		return true;
	}
	return take_array(m, data, mask + 1, used, take_group);
}

/* The directory: pointers to tables, as many as the engine takes. */
static void take_directory(struct map_reader *m, uint64_t address, uint64_t length,
			   uint32_t pointer, const struct schema_field *groups)
{
	const struct schema *schema = m->r->schema;
	uint64_t most = ask_tables_taken(length, schema->types[m->slots].size, m->entries->length,
					 m->r->limits->map);
	struct hole hole;
	struct map seen;
	struct view v;

	hole = pointee_view(m->r, address, pointer, most * 8, 8, &v);
	if (hole.kind != HOLE_NONE) {
		note_missing(m, hole);
		return;
	}
	m->entries->cut |= v.size / 8 < length;
	map_init(&seen, m->r->arena);
	for (uint64_t i = 0; i < v.size / 8; i++) {
		uint64_t table = view_u64(&v, i * 8), ignored;

		if (!step(m))
			return;
		if (map_get(&seen, table, &ignored))
			continue;
		map_set(&seen, table, 0);
		if (!take_table(m, table, schema->types[pointer].elem, groups))
			return;
	}
}

/* The types on the way from a Swiss map's header to its groups. */
static bool swiss_types(struct map_reader *m, uint32_t type, uint32_t *pointer,
			const struct schema_field **groups)
{
	const struct schema *schema = m->r->schema;
	uint32_t table;

	*pointer = target(schema, type, "dirPtr");
	if (*pointer == SCHEMA_NONE || schema->types[*pointer].kind != SCHEMA_KIND_POINTER)
		return false;
	table = schema->types[*pointer].elem;
	*groups = struct_field(schema, &schema->types[table], "groups");
	if (!*groups)
		return false;
	m->slots = target(schema, (*groups)->type, "data");
	return m->slots != SCHEMA_NONE;
}

static struct hole swiss_read(struct map_reader *m, const struct view *header, uint32_t type,
			      uint32_t pointer, const struct schema_field *groups)
{
	const struct schema *schema = m->r->schema;
	uint64_t directory, length;

	if (!struct_number(schema, header, type, "dirPtr", &directory) ||
	    !struct_number(schema, header, type, "dirLen", &length))
		return UNAVAILABLE("its header is not described");
	if (length >> 40 || m->entries->length >> 48)
		return UNAVAILABLE("it has more tables than there is memory");
	if (!directory || !m->entries->length)
		return NO_HOLE;
	if (length)
		take_directory(m, directory, length, pointer, groups);
	else
		take_at_once(m, directory, 1, 1, take_group);
	return NO_HOLE;
}

/* ---- both ---- */

bool map_read(struct render *r, uint64_t address, uint32_t type, struct entries *ret,
	      struct hole *why)
{
	const struct schema *schema = r->schema;
	const struct schema_type *t = &schema->types[type];
	struct map_reader m = {.r = r, .entries = ret};
	const struct schema_field *groups = NULL;
	uint32_t pointer = SCHEMA_NONE;
	struct view header;

	ret->missing = NO_HOLE;
	if (t->kind != SCHEMA_KIND_MAP || t->elem == SCHEMA_NONE || t->key == SCHEMA_NONE ||
	    t->internals == SCHEMA_NONE || schema->types[t->internals].kind != SCHEMA_KIND_STRUCT)
		return false;
	m.slots = target(schema, t->internals, "buckets");
	m.swiss = m.slots == SCHEMA_NONE;
	if (m.swiss ? !swiss_types(&m, t->internals, &pointer, &groups) || !group_layout(&m)
		  : !bucket_layout(&m))
		return false;
	if (!slots_are_sound(&m, t))
		return false;
	*why = address_follow(r, address, t->internals, 0, 0, &header);
	if (why->kind != HOLE_NONE)
		return true;
	if (!struct_number(schema, &header, t->internals, m.swiss ? "used" : "count", &ret->length))
		return false;
	*why = m.swiss ? swiss_read(&m, &header, t->internals, pointer, groups)
		     : hmap_read(&m, &header, t->internals);
	if (m.thin && !ret->cut && ret->list.length < ret->length)
		note_lost(&m);
	return true;
}

struct hole render_map(struct render *r, const struct view *v, uint32_t type, uint32_t depth)
{
	size_t ancestors = r->ancestors.length;
	const char *gap = view_gap(r, v, 0, 8);
	struct entries entries = {0};
	struct hole hole;

	if (gap)
		return UNAVAILABLE(gap);
	if (!view_u64(v, 0))
		return HOLE(HOLE_NIL);
	if (!map_read(r, view_u64(v, 0), type, &entries, &hole)) {
		r->ancestors.length = ancestors;
		return render_unknown(r, v, type, depth);
	}
	if (hole.kind == HOLE_NONE || r->raw) {
		json_object_begin(&r->json);
		if (r->raw)
			render_address(r, "__addr", view_u64(v, 0));
		render_entries(r, &entries, depth, hole);
		json_object_end(&r->json);
		hole = NO_HOLE;
	}
	r->ancestors.length = ancestors;
	return hole;
}
