/* SPDX-License-Identifier: BSD-2-Clause */
#include "value.h"

/* Arrays and slices. */

static bool is_byte(const struct schema *schema, uint32_t type)
{
	return schema->types[type].kind == SCHEMA_KIND_UINT && schema->types[type].size == 1;
}

static void render_elements(struct render *r, const struct view *v, uint32_t elem, uint64_t count,
			    uint32_t depth)
{
	uint64_t size = r->schema->types[elem].size;

	json_array_begin(&r->json);
	for (uint64_t i = 0; i < count; i++) {
		struct view part = view_part(v, i * size, size);

		if (!render_room(r, 0)) {
			render_budget(r, false);
			break;
		}
		render_part(r, &part, elem, depth);
	}
	json_array_end(&r->json);
}

struct hole scalar_array(struct render *r, const struct view *v, uint32_t type, bool *is,
			 struct scalar *ret)
{
	cleanup_strbuf struct strbuf hex = STRBUF_INIT;
	const char *gap;

	*is = is_byte(r->schema, r->schema->types[type].elem);
	if (!*is)
		return NO_HOLE;
	gap = view_gap(r, v, 0, v->size);
	if (gap)
		return UNAVAILABLE(gap);
	text_hex(&hex, v->data, v->size);
	scalar_set_text(ret, arena_strndup(r->arena, hex.data, hex.length), hex.length);
	return NO_HOLE;
}

struct hole render_array(struct render *r, const struct view *v, uint32_t type, uint32_t depth)
{
	const struct schema_type *t = &r->schema->types[type];

	if (is_byte(r->schema, t->elem))
		return render_scalar(r, v, type, depth);
	render_elements(r, v, t->elem, t->count, depth);
	return NO_HOLE;
}

/* Go source: runtime/slice.go, slice {array unsafe.Pointer; len, cap int} */
struct slice {
	uint64_t address;
	int64_t len, cap;			  /* in truth */
	const char *no_address, *no_len, *no_cap; /* why a piece is not known */
	const char *invalid;			  /* why it cannot be a slice */
	struct hole array;			  /* why there are no elements */
	struct view kept;			  /* the elements there are */
	uint64_t count;				  /* and their number */
};

static void slice_header(struct render *r, const struct view *v, uint64_t size, struct slice *ret)
{
	uint64_t bytes;

	ret->no_address = view_gap(r, v, 0, 8);
	ret->no_len = view_gap(r, v, 8, 8);
	ret->no_cap = view_gap(r, v, 16, 8);
	ret->address = view_u64(v, 0);
	ret->len = (int64_t)view_u64(v, 8);
	ret->cap = (int64_t)view_u64(v, 16);
	if (!ret->no_len && ret->len < 0)
		ret->invalid = "its length is negative";
	else if (!ret->no_cap && ret->cap < 0)
		ret->invalid = "its capacity is negative";
	else if (!ret->no_len && !ret->no_cap && ret->len > ret->cap)
		ret->invalid = "its length is more than its capacity";
	else if (!ret->no_len && __builtin_mul_overflow((uint64_t)ret->len, size, &bytes))
		ret->invalid = "its length is impossible";
	else if (!ret->no_address && !ret->address &&
		 ((!ret->no_len && ret->len) || (!ret->no_cap && ret->cap)))
		ret->invalid = "it has a length and no address";
}

static struct hole slice_elements(struct render *r, const struct view *v, uint32_t elem,
				  struct slice *s)
{
	uint64_t size = r->schema->types[elem].size;
	uint64_t most = r->limits->slice / (size ? size : 1);
	struct hole hole;

	s->kept = (struct view){.data = v->data, .address = s->address};
	if (s->no_len)
		return UNAVAILABLE(s->no_len);
	if (s->no_address && s->len)
		return UNAVAILABLE(s->no_address);
	if (!most)
		most = 1;
	s->count = (uint64_t)s->len < most ? (uint64_t)s->len : most;
	if (s->count && size) {
		hole = pointee_view(r, s->address, elem, s->count * size, size, &s->kept);
		if (hole.kind != HOLE_NONE)
			return hole;
		s->count = s->kept.size / size;
	}
	if (s->count && !ancestor_push(r, s->address, elem, true))
		return (struct hole){HOLE_CYCLE, NULL, s->address};
	return NO_HOLE;
}

/* {"bytes":"<hex>","text":…} in place of "array": text when it can be read as such. */
static void render_byte_elements(struct render *r, const struct slice *s, bool truncated)
{
	cleanup_strbuf struct strbuf hex = STRBUF_INIT;
	size_t length = s->kept.size;

	text_hex(&hex, s->kept.data, s->kept.size);
	json_key(&r->json, "bytes");
	json_string(&r->json, hex.data, hex.length);
	if (truncated)
		length = text_trim(s->kept.data, length);
	if (!text_is_printable(s->kept.data, length))
		return;
	json_key(&r->json, "text");
	json_string(&r->json, (const char *)s->kept.data, length);
}

static void render_slice_elements(struct render *r, const struct slice *s, uint32_t elem,
				  uint32_t depth, bool truncated)
{
	bool bytes = s->array.kind == HOLE_NONE && is_byte(r->schema, elem);

	/* two digits a byte, and up to six characters of text */
	if (bytes && render_room(r, s->kept.size * 8)) {
		render_byte_elements(r, s, truncated);
		return;
	}
	json_key(&r->json, "array");
	if (bytes)
		render_hole(r, HOLE(HOLE_BUDGET));
	else if (s->array.kind == HOLE_NONE)
		render_elements(r, &s->kept, elem, s->count, depth);
	else
		render_hole(r, s->array);
}

struct hole render_slice(struct render *r, const struct view *v, uint32_t type, uint32_t depth)
{
	uint32_t elem = r->schema->types[type].elem;
	size_t ancestors = r->ancestors.length;
	struct slice s = {0};
	bool truncated;

	slice_header(r, v, r->schema->types[elem].size, &s);
	if (s.invalid && !r->raw)
		return UNAVAILABLE(s.invalid);
	if (!s.invalid && !s.no_address && !s.address)
		return HOLE(HOLE_NIL);
	s.array = s.invalid ? UNAVAILABLE(s.invalid) : slice_elements(r, v, elem, &s);
	truncated = s.array.kind == HOLE_NONE && s.count < (uint64_t)s.len;
	json_object_begin(&r->json);
	if (r->raw)
		render_word_address(r, s.address, s.no_address);
	render_slice_elements(r, &s, elem, depth, truncated);
	render_word(r, "len", s.len, s.no_len);
	render_word(r, "cap", s.cap, s.no_cap);
	if (truncated) {
		render_truncated(r);
		r->truncated = true;
	}
	json_object_end(&r->json);
	r->ancestors.length = ancestors;
	return NO_HOLE;
}
