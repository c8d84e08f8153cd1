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
 * no expunged ones; else read.m has, and none is expunged either. Go source: sync/map.go.
 * Later ones are a trie whose nodes are cast to what a flag in them says: no type of the
 * schema tells what is behind them, and they are shown as they are declared.
 */

static bool named(const struct schema *schema, uint32_t type, const char *name)
{
	const struct schema_type *t = &schema->types[type];

	return t->kind == SCHEMA_KIND_STRUCT && strcmp(schema_text(schema, t->name), name) == 0;
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
				const char *name, uint32_t *depth, uint32_t *elem,
				struct view *ret)
{
	const struct schema_field *field = struct_field(r->schema, &r->schema->types[type], name);
	struct hole hole;
	uint64_t offset;

	if (!field || !atomic_pointer(r->schema, field->type, elem, &offset))
		return UNAVAILABLE("sync.Map is not described");
	hole = address_follow(r, view_u64(v, field->offset + offset), *elem, *depth, 1, ret);
	*depth = *depth ? *depth - 1 : 0;
	return hole;
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

/* Puts in each entry's place the value that it points to, and drops those that are deleted. */
static void resolve_entries(struct render *r, struct entries *entries, uint32_t entry,
			    uint32_t depth)
{
	size_t kept = 0;

	for (size_t i = 0; i < entries->list.length; i++) {
		struct entry e = entries->list.data[i];
		size_t ancestors = r->ancestors.length;
		uint32_t left = depth, any;
		struct view object, value = {0};
		struct hole hole = e.no_value;

		if (hole.kind == HOLE_NONE)
			hole = address_follow(r, view_u64(&e.value, 0), entry, left, 1, &object);
		left = left ? left - 1 : 0;
		if (hole.kind == HOLE_NONE) {
			hole = follow_field(r, &object, entry, "p", &left, &any, &value);
			if (hole.kind == HOLE_NIL) {
				r->ancestors.length = ancestors;
				continue;
			}
			entries->value = hole.kind == HOLE_NONE ? any : entries->value;
		}
		e.value = value;
		e.no_value = hole;
		entries->list.data[kept++] = e;
		r->ancestors.length = ancestors;
	}
	entries->list.length = kept;
}

/* false: not described as expected, nothing was written. */
static bool render_sync_map(struct render *r, const struct view *v, uint32_t type, uint32_t depth,
			    struct hole *ret)
{
	const struct schema *schema = r->schema;
	const struct schema_field *dirty, *m, *amended, *field;
	size_t ancestors = r->ancestors.length;
	uint32_t read, entry, map, left = depth;
	struct entries entries = {0};
	struct view only, holder = *v;
	struct hole hole;

	if (v->gaps || !entry_map(schema, type, "dirty", &dirty, &entry))
		return false;
	hole = follow_field(r, v, type, "read", &left, &read, &only);
	if (hole.kind == HOLE_UNAVAILABLE)
		return false;
	field = dirty;
	if (hole.kind == HOLE_NONE) {
		amended = struct_field(schema, &schema->types[read], "amended");
		if (!amended || schema->types[amended->type].size != 1 ||
		    !entry_map(schema, read, "m", &m, &entry)) {
			r->ancestors.length = ancestors;
			return false;
		}
		if (!only.data[amended->offset]) {
			field = m;
			holder = only;
			depth = left;
		}
		hole = NO_HOLE;
	} else if (hole.kind == HOLE_NIL) {
		hole = NO_HOLE; /* nothing was ever stored or loaded */
	}
	map = field->type;
	entries.missing = NO_HOLE;
	if (hole.kind == HOLE_NONE && view_u64(&holder, field->offset) &&
	    !map_read(r, view_u64(&holder, field->offset), map, &entries, &hole)) {
		r->ancestors.length = ancestors;
		return false;
	}
	if (hole.kind == HOLE_NONE) {
		resolve_entries(r, &entries, entry, depth);
		if (!entries.cut)
			entries.length = entries.list.length;
		json_object_begin(&r->json);
		render_entries(r, &entries, depth >= 2 ? depth - 2 : 0, hole);
		json_object_end(&r->json);
	}
	*ret = hole;
	r->ancestors.length = ancestors;
	return true;
}

bool render_sync(struct render *r, const struct view *v, uint32_t type, uint32_t depth,
		 struct hole *ret)
{
	const struct schema_field *field;
	struct view part;
	uint64_t offset;
	uint32_t elem;

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
