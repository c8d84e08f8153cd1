/* SPDX-License-Identifier: BSD-2-Clause */
#include <math.h>
#include <stdlib.h>

#include "value.h"

/*
 * The entries of a map, whatever kept them: sorted and written.
 *
 * A map has no order, and its memory has one that differs from run to run. Entries are
 * sorted by key where keys can be: numbers by value, strings by their bytes, interfaces
 * by their type and then so. Others stay as they lie.
 */

/* Ranks: keys that can be compared, NaN, keys that are not known. */
enum { RANK_KNOWN, RANK_NAN, RANK_NONE };

static void rank_number(const struct schema_type *t, const struct view *key, struct entry *entry)
{
	memcpy(&entry->number, key->data, t->size);
	if (t->kind != SCHEMA_KIND_INT)
		return;
	/* in the order of unsigned numbers, negative ones first */
	if (t->size < 8 && entry->number >> (t->size * 8 - 1))
		entry->number |= ~(uint64_t)0 << (t->size * 8);
	entry->number ^= (uint64_t)1 << 63;
}

static void rank_float(const struct schema_type *t, const struct view *key, struct entry *entry)
{
	float narrow;

	if (t->size == sizeof(narrow)) {
		memcpy(&narrow, key->data, sizeof(narrow));
		entry->real = (double)narrow;
	} else {
		memcpy(&entry->real, key->data, sizeof(entry->real));
	}
	if (isnan(entry->real)) {
		entry->rank = RANK_NAN;
		entry->real = 0;
	}
}

static void rank_string(const struct render *r, const struct view *key, struct entry *entry)
{
	uint64_t address = view_u64(key, 0), length = view_u64(key, 8);
	uint64_t want = length < r->limits->string ? length : r->limits->string;

	if (want &&
	    pointee_view(r, address, ASK_TYPE_BYTE, want, 1, &entry->text).kind != HOLE_NONE)
		entry->rank = RANK_NONE;
}

static void rank_key(const struct render *r, uint32_t type, struct entry *entry)
{
	const struct schema_type *t = &r->schema->types[type];
	struct view key = entry->key;

	entry->rank = RANK_KNOWN;
	if (entry->no_key.kind == HOLE_NONE &&
	    (t->kind == SCHEMA_KIND_ANY || t->kind == SCHEMA_KIND_INTERFACE)) {
		entry->dynamic = view_u64(&key, 0);
		if (!interface_value(r, &entry->key, type, &type, &key))
			entry->rank = RANK_NONE;
		t = &r->schema->types[type];
	}
	if (entry->no_key.kind != HOLE_NONE || entry->rank == RANK_NONE) {
		entry->rank = RANK_NONE;
		return;
	}
	switch (t->kind) {
	case SCHEMA_KIND_BOOL:
	case SCHEMA_KIND_INT:
	case SCHEMA_KIND_UINT:
	case SCHEMA_KIND_POINTER:
	case SCHEMA_KIND_UNSAFE_POINTER:
		rank_number(t, &key, entry);
		break;
	case SCHEMA_KIND_FLOAT:
		rank_float(t, &key, entry);
		break;
	case SCHEMA_KIND_STRING:
		rank_string(r, &key, entry);
		break;
	case SCHEMA_KIND_ARRAY: /* of bytes: a hash, an address, a UUID */
		if (r->schema->types[t->elem].kind == SCHEMA_KIND_UINT &&
		    r->schema->types[t->elem].size == 1)
			entry->text = key;
		break;
	default:
		break;
	}
}

static int by_key(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	uint64_t shorter = x->text.size < y->text.size ? x->text.size : y->text.size;
	int difference = 0;

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	if (x->dynamic != y->dynamic)
		return x->dynamic < y->dynamic ? -1 : 1;
	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	if (x->real < y->real || x->real > y->real)
		return x->real < y->real ? -1 : 1;
	if (shorter)
		difference = memcmp(x->text.data, y->text.data, shorter);
	if (difference)
		return difference;
	if (x->text.size != y->text.size)
		return x->text.size < y->text.size ? -1 : 1;
	return x->place < y->place ? -1 : x->place > y->place;
}

static void render_entry_part(struct render *r, const char *key, const struct view *v,
			      struct hole hole, uint32_t type, uint32_t depth)
{
	json_key(&r->json, key);
	if (hole.kind == HOLE_NONE)
		render_part(r, v, type, depth);
	else
		render_hole(r, hole);
}

void entries_sort(const struct render *r, struct entries *entries)
{
	struct entry *list = entries->list.data;

	for (size_t i = 0; i < entries->list.length; i++) {
		list[i].place = i;
		rank_key(r, entries->key, &list[i]);
	}
	if (entries->list.length > 1)
		qsort(list, entries->list.length, sizeof(*list), by_key);
}

static void render_list(struct render *r, struct entries *entries, uint32_t depth)
{
	const struct entry *list = entries->list.data;

	entries_sort(r, entries);
	json_array_begin(&r->json);
	for (size_t i = 0; i < entries->list.length; i++) {
		/* the object of an entry has marks of its own */
		if (!render_room(r, 0)) {
			render_budget(r, false);
			break;
		}
		r->nesting++;
		json_object_begin(&r->json);
		render_entry_part(r, "key", &list[i].key, list[i].no_key, entries->key, depth);
		render_entry_part(r, "value", &list[i].value, list[i].no_value, entries->value,
				  depth);
		json_object_end(&r->json);
		r->nesting--;
	}
	if (entries->missing.kind != HOLE_NONE && !r->full)
		render_hole(r, entries->missing);
	json_array_end(&r->json);
}

void render_entries(struct render *r, struct entries *entries, uint32_t depth, struct hole none)
{
	bool whole = none.kind == HOLE_NONE && entries->missing.kind == HOLE_NONE;

	json_key(&r->json, "entries");
	if (none.kind != HOLE_NONE) {
		render_hole(r, none);
		return;
	}
	render_list(r, entries, depth);
	json_key(&r->json, "len");
	if (entries->no_length.kind == HOLE_NONE)
		json_uint(&r->json, entries->length);
	else
		render_hole(r, entries->no_length);
	if (whole && entries->cut && entries->list.length < entries->length) {
		render_truncated(r);
		r->truncated = true;
	} else if (whole && entries->list.length != entries->length) {
		/* a thread was stopped in the middle of a change */
		json_key(&r->json, "__status");
		json_text(&r->json, "partial");
		render_partial(r, "the map was being changed");
	}
}
