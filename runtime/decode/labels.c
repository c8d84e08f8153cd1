/* SPDX-License-Identifier: BSD-2-Clause */
#include "value.h"

/*
 * The pprof labels of a goroutine, {"key":"value"}. g.labels points to a runtime/pprof.labelMap:
 *
 *	map[string]string				Go 1.20 to 1.23
 *	struct{ LabelSet{ list []label } }		Go 1.24 and 1.25, sorted by key
 *	struct{ label.Set{ List []label.Label } }	Go 1.26, the same
 *
 * and a label is a struct of two strings. What is not like that, or is not all there, is
 * marked by "__status" in the object.
 */

#define NESTING_MAX 8 /* structs around the list */
#define STRING_SIZE 16

static bool is_string(const struct schema *schema, uint32_t type)
{
	return schema->types[type].kind == SCHEMA_KIND_STRING &&
	       schema->types[type].size == STRING_SIZE;
}

static void mark(struct render *r, const char *status)
{
	json_key(&r->json, "__status");
	json_text(&r->json, status);
}

/* "key":"value"; false when the key is not known. */
static bool put(struct render *r, const struct view *key, const struct view *value, uint32_t type)
{
	if (!render_room(r, 0) || !render_text_key(r, key))
		return false;
	render_part(r, value, type, 0);
	return true;
}

static bool put_map(struct render *r, const struct view *v, uint32_t type)
{
	struct entries entries = {0};
	struct hole hole = NO_HOLE;

	if (!view_u64(v, 0))
		return true;
	if (!map_read(r, view_u64(v, 0), type, &entries, &hole) || hole.kind != HOLE_NONE ||
	    !is_string(r->schema, entries.key) || !is_string(r->schema, entries.value))
		return false;
	entries_sort(r, &entries);
	for (size_t i = 0; i < entries.list.length; i++) {
		const struct entry *entry = &entries.list.data[i];

		if (entry->no_key.kind != HOLE_NONE || entry->no_value.kind != HOLE_NONE ||
		    !put(r, &entry->key, &entry->value, entries.value))
			return false;
	}
	return entries.missing.kind == HOLE_NONE && entries.list.length == entries.length;
}

static bool put_list(struct render *r, const struct view *v, uint32_t type)
{
	const struct schema *schema = r->schema;
	uint32_t label = schema->types[type].elem;
	const struct schema_type *t = &schema->types[label == SCHEMA_NONE ? 0 : label];
	uint64_t count = view_u64(v, 8), kept;
	const struct schema_field *fields;
	struct view all;

	if (!count)
		return true;
	if (t->kind != SCHEMA_KIND_STRUCT || t->fields != 2 || !t->size || count >> 32)
		return false;
	fields = &schema->fields[t->first_field];
	for (int i = 0; i < 2; i++)
		if (!is_string(schema, fields[i].type) || fields[i].offset + STRING_SIZE > t->size)
			return false;
	if (pointee_view(r, view_u64(v, 0), label, count * t->size, t->size, &all).kind !=
	    HOLE_NONE)
		return false;
	kept = all.size / t->size;
	for (uint64_t i = 0; i < kept; i++) {
		struct view key = view_part(&all, i * t->size + fields[0].offset, STRING_SIZE);
		struct view value = view_part(&all, i * t->size + fields[1].offset, STRING_SIZE);

		if (!put(r, &key, &value, fields[1].type))
			return false;
	}
	return kept == count;
}

/* Goes through the structs around the map or list. */
static bool put_labels(struct render *r, struct view v, uint32_t type)
{
	for (int i = 0; i < NESTING_MAX; i++) {
		const struct schema_type *t = &r->schema->types[type];
		const struct schema_field *field;

		if (t->kind == SCHEMA_KIND_MAP)
			return put_map(r, &v, type);
		if (t->kind == SCHEMA_KIND_SLICE)
			return put_list(r, &v, type);
		if (t->kind != SCHEMA_KIND_STRUCT || t->fields != 1)
			return false;
		field = &r->schema->fields[t->first_field];
		if (field->offset + r->schema->types[field->type].size > v.size)
			return false;
		v = view_part(&v, field->offset, r->schema->types[field->type].size);
		type = field->type;
	}
	return false;
}

struct decode_cell labels_decode(struct arena *arena, const struct index *index, uint64_t address)
{
	const struct ask_layout *layout = &index->schema->layout;
	cleanup_strbuf struct strbuf out = STRBUF_INIT;
	struct render r = {.arena = arena, .index = index, .schema = index->schema, .out = &out};
	struct decode_cell cell = {.type = DECODE_TEXT};
	struct hole hole;
	struct view v;

	if (!address || layout->labels_type == ASK_ABSENT)
		return (struct decode_cell){.type = DECODE_NULL};
	r.limits = &index->schema->limits[layout->labels_limits];
	json_init(&r.json, &out);
	json_object_begin(&r.json);
	hole = pointee_view(&r, address, layout->labels_type,
			    index->schema->types[layout->labels_type].size,
			    index->schema->types[layout->labels_type].size, &v);
	if (hole.kind == HOLE_NONE) {
		if (!put_labels(&r, v, layout->labels_type))
			mark(&r, "partial");
	} else {
		mark(&r, hole.kind == HOLE_READ_FAILED ? "read_failed"
			 : hole.kind == HOLE_BUDGET    ? "budget"
						       : "not_captured");
	}
	json_object_end(&r.json);
	cell.text = arena_strndup(arena, out.data, out.length);
	cell.length = out.length;
	return cell;
}
