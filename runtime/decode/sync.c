/* SPDX-License-Identifier: BSD-2-Clause */
#include "value.h"

/*
 * Types of sync and sync/atomic that stand for another value, and are shown as that.
 *
 * atomic.Pointer[T] {_ [0]*T; _ noCopy; v unsafe.Pointer} is a *T; atomic.Value {v any} is
 * what was stored. Go source: sync/atomic/type.go, value.go.
 *
 * sync.Map up to Go 1.23 {mu; read atomic.Pointer[readOnly]; dirty map[any]*entry; misses}:
 * readOnly {m map[any]*entry; amended bool}, entry {p atomic.Pointer[any]}; a nil p, or a
 * p that is `expunged`, is no entry. Where `amended` is set, dirty has all entries, and
 * no expunged ones; else read.m has, and none is expunged either, but while a thread is
 * filling dirty: then an entry with a nil value may be one or not. Its maps count what was
 * deleted, too, so that there is a `len` only where all entries were seen. Go source:
 * sync/map.go. From Go 1.24 on it is a trie: trie.c.
 */

static bool named(const struct schema *schema, uint32_t type, const char *name)
{
	const struct schema_type *t = &schema->types[type];

	return t->kind == SCHEMA_KIND_STRUCT && strcmp(schema_text(schema, t->name), name) == 0;
}

/* internal/sync.HashTrieMap[K,V] */
static bool is_trie(const struct schema *schema, uint32_t type)
{
	static const char name[] = "internal/sync.HashTrieMap[";

	return schema->types[type].kind == SCHEMA_KIND_STRUCT &&
	       strncmp(schema_text(schema, schema->types[type].name), name, sizeof(name) - 1) == 0;
}

/* What an atomic.Pointer points to, and where its word is; false when `type` is none. */
static bool atomic_pointer(const struct schema *schema, uint32_t type, uint32_t *elem,
			   uint64_t *offset)
{
	static const char name[] = "sync/atomic.Pointer[";
	const struct schema_type *t = &schema->types[type];
	const struct ask_type *engine = &schema->engine_types[type];
	const struct schema_field *v;

	if (t->kind != SCHEMA_KIND_STRUCT ||
	    strncmp(schema_text(schema, t->name), name, sizeof(name) - 1) != 0)
		return false;
	v = struct_field(schema, t, "v");
	if (!v || schema->types[v->type].size != 8)
		return false;
	*offset = v->offset;
	/* the engine follows it as what the type parameter says */
	for (uint32_t i = 0; i < engine->pointers; i++) {
		const struct ask_pointer *row = &schema->pointers[engine->first_pointer + i];

		if (row->offset == v->offset && row->kind == ASK_POINTER_PLAIN) {
			*elem = row->target;
			return true;
		}
	}
	for (uint32_t i = 0; i < t->fields; i++) {
		const struct schema_type *of =
			&schema->types[schema->fields[t->first_field + i].type];

		if (of->kind == SCHEMA_KIND_ARRAY && !of->count &&
		    schema->types[of->elem].kind == SCHEMA_KIND_POINTER) {
			*elem = schema->types[of->elem].elem;
			return true;
		}
	}
	return false;
}

static struct hole render_atomic_pointer(struct render *r, const struct view *v, uint64_t offset,
					 uint32_t elem, uint32_t depth)
{
	size_t ancestors = r->ancestors.length;
	const char *gap = view_gap(r, v, offset, 8);
	uint64_t address = view_u64(v, offset);
	struct view pointee;
	struct hole hole;

	if (gap)
		return UNAVAILABLE(gap);
	hole = address_follow(r, address, elem, depth, 1, &pointee);
	if (hole.kind == HOLE_NIL)
		return hole;
	if (!r->raw) {
		if (hole.kind == HOLE_NONE)
			hole = render_value(r, &pointee, elem, depth - 1);
	} else {
		json_object_begin(&r->json);
		render_address(r, "__addr", address);
		json_key(&r->json, "__value");
		if (hole.kind == HOLE_NONE)
			render_part(r, &pointee, elem, depth - 1);
		else
			render_hole(r, hole);
		json_object_end(&r->json);
		hole = NO_HOLE;
	}
	r->ancestors.length = ancestors;
	return hole;
}

/* ---- sync.Map ---- */

/* The struct behind the atomic.Pointer in field `name`. */
static struct hole follow_field(struct render *r, const struct view *v, uint32_t type,
				const char *name, uint32_t *elem, struct view *ret)
{
	const struct schema_field *field = struct_field(r->schema, &r->schema->types[type], name);
	uint64_t offset;

	if (!field || !atomic_pointer(r->schema, field->type, elem, &offset))
		return UNAVAILABLE("sync.Map is not described");
	return address_follow(r, view_u64(v, field->offset + offset), *elem, 0, 0, ret);
}

/* The map in field `name`; *value is what its values, *entry, lead to: any. */
static bool entry_map(const struct schema *schema, uint32_t type, const char *name,
		      const struct schema_field **ret, uint32_t *entry)
{
	const struct schema_field *field = struct_field(schema, &schema->types[type], name);
	const struct schema_type *map = field ? &schema->types[field->type] : NULL;

	if (!map || map->kind != SCHEMA_KIND_MAP || map->elem == SCHEMA_NONE ||
	    schema->types[map->elem].kind != SCHEMA_KIND_POINTER)
		return false;
	*ret = field;
	*entry = schema->types[map->elem].elem;
	return schema->types[*entry].kind == SCHEMA_KIND_STRUCT &&
	       struct_field(schema, &schema->types[*entry], "p");
}

/*
 * Puts in each entry's place the value that it points to, and drops those that are deleted.
 * `filling`: those whose value is nil may be expunged.
 */
static void resolve_entries(struct render *r, struct entries *entries, uint32_t entry, bool filling)
{
	size_t kept = 0;

	for (size_t i = 0; i < entries->list.length; i++) {
		struct entry e = entries->list.data[i];
		size_t ancestors = r->ancestors.length;
		struct view object, value = {0};
		struct hole hole = e.no_value;
		uint32_t any;

		if (hole.kind == HOLE_NONE)
			hole = address_follow(r, view_u64(&e.value, 0), entry, 0, 0, &object);
		if (hole.kind == HOLE_NONE) {
			hole = follow_field(r, &object, entry, "p", &any, &value);
			if (hole.kind == HOLE_NIL) {
				r->ancestors.length = ancestors;
				continue;
			}
			entries->value = hole.kind == HOLE_NONE ? any : entries->value;
		}
		if (hole.kind == HOLE_NONE && filling && (value.size < 8 || !view_u64(&value, 0)))
			hole = UNAVAILABLE("the map was being changed");
		e.value = value;
		e.no_value = hole;
		entries->list.data[kept++] = e;
		r->ancestors.length = ancestors;
	}
	entries->list.length = kept;
}

/* The map that has all entries, of the two. */
struct holder {
	const struct schema_field *map;
	struct view view; /* of the struct that it is a field of */
	uint32_t entry;	  /* type */
	bool filling;	  /* dirty is being filled from it */
};

/* false: not described as expected. */
static bool find_holder(struct render *r, const struct view *v, uint32_t type, struct holder *ret,
			struct hole *hole)
{
	const struct schema *schema = r->schema;
	const struct schema_field *dirty, *m, *amended;
	struct view only;
	uint32_t read;

	if (v->gaps || !entry_map(schema, type, "dirty", &dirty, &ret->entry))
		return false;
	ret->map = dirty;
	ret->view = *v;
	*hole = follow_field(r, v, type, "read", &read, &only);
	if (hole->kind == HOLE_NIL)
		*hole = NO_HOLE; /* nothing was ever stored or loaded */
	else if (hole->kind == HOLE_NONE) {
		amended = struct_field(schema, &schema->types[read], "amended");
		if (!amended || schema->types[amended->type].size != 1 ||
		    !entry_map(schema, read, "m", &m, &ret->entry))
			return false;
		if (only.data[amended->offset])
			return true;
		ret->map = m;
		ret->view = only;
		ret->filling = view_u64(v, dirty->offset);
	}
	return hole->kind != HOLE_UNAVAILABLE;
}

/* false: not described as expected, nothing was written. */
static bool render_old_map(struct render *r, const struct view *v, uint32_t type, uint32_t depth,
			   struct hole *ret)
{
	struct entries entries = {0};
	struct holder holder = {0};
	uint64_t header;
	bool counted;

	if (!find_holder(r, v, type, &holder, ret))
		return false;
	header = ret->kind == HOLE_NONE ? view_u64(&holder.view, holder.map->offset) : 0;
	if (header && !map_read(r, header, holder.map->type, &entries, ret))
		return false;
	if (ret->kind != HOLE_NONE)
		return true;
	if (entries.missing.kind != HOLE_NONE)
		entries.no_length = entries.missing;
	else if (entries.cut && entries.list.length < entries.length)
		entries.no_length = HOLE(HOLE_TRUNCATED);
	counted = entries.list.length == entries.length;
	resolve_entries(r, &entries, holder.entry, holder.filling);
	if (counted)
		entries.length = entries.list.length;
	json_object_begin(&r->json);
	render_entries(r, &entries, depth, NO_HOLE);
	json_object_end(&r->json);
	return true;
}

static bool render_sync_map(struct render *r, const struct view *v, uint32_t type, uint32_t depth,
			    struct hole *ret)
{
	const struct schema_field *m = struct_field(r->schema, &r->schema->types[type], "m");
	size_t ancestors = r->ancestors.length;
	struct view part;
	bool is;

	if (m) {
		part = view_part(v, m->offset, r->schema->types[m->type].size);
		return is_trie(r->schema, m->type) && trie_render(r, &part, m->type, depth, ret);
	}
	is = render_old_map(r, v, type, depth, ret);
	r->ancestors.length = ancestors;
	return is;
}

bool render_sync(struct render *r, const struct view *v, uint32_t type, uint32_t depth,
		 struct hole *ret)
{
	const struct schema_field *field;
	struct view part;
	uint64_t offset;
	uint32_t elem;

	if (is_trie(r->schema, type))
		return trie_render(r, v, type, depth, ret);
	if (strncmp(schema_text(r->schema, r->schema->types[type].name), "sync", 4) != 0)
		return false;
	if (atomic_pointer(r->schema, type, &elem, &offset)) {
		*ret = render_atomic_pointer(r, v, offset, elem, depth);
		return true;
	}
	if (named(r->schema, type, "sync.Map"))
		return render_sync_map(r, v, type, depth, ret);
	if (!named(r->schema, type, "sync/atomic.Value"))
		return false;
	field = struct_field(r->schema, &r->schema->types[type], "v");
	if (!field || r->schema->types[field->type].kind != SCHEMA_KIND_ANY)
		return false;
	part = view_part(v, field->offset, r->schema->types[field->type].size);
	*ret = render_value(r, &part, field->type, depth);
	return true;
}
