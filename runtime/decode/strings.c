/* SPDX-License-Identifier: BSD-2-Clause */
#include "value.h"

/* Strings, and words that may be missing for themselves. */

struct text {
	uint64_t address;
	int64_t length;			    /* in truth */
	const char *no_address, *no_length; /* why a piece is not known */
	struct view kept;		    /* the bytes there are */
	bool truncated;
};

/* Go source: runtime/string.go, stringStruct {str unsafe.Pointer; len int} */
static struct hole text_read(struct render *r, const struct view *v, struct text *ret)
{
	uint64_t want = r->limits->string;
	struct hole hole;

	ret->no_address = view_gap(r, v, 0, 8);
	ret->no_length = view_gap(r, v, 8, 8);
	ret->address = view_u64(v, 0);
	ret->length = (int64_t)view_u64(v, 8);
	if (ret->no_length)
		return UNAVAILABLE(ret->no_length);
	if (ret->length < 0)
		return UNAVAILABLE("its length is negative");
	if (!ret->length)
		return NO_HOLE;
	if (ret->no_address)
		return UNAVAILABLE(ret->no_address);
	if (!ret->address)
		return UNAVAILABLE("it has a length and no address");
	if ((uint64_t)ret->length < want)
		want = (uint64_t)ret->length;
	if (want) {
		hole = pointee_view(r, ret->address, ASK_TYPE_BYTE, want, 1, &ret->kept);
		if (hole.kind != HOLE_NONE)
			return hole;
	}
	ret->truncated = ret->kept.size < (uint64_t)ret->length;
	if (ret->truncated) {
		r->truncated = true;
		ret->kept.size = text_trim(ret->kept.data, ret->kept.size);
	}
	return NO_HOLE;
}

static void render_bytes(struct render *r, const struct view *v)
{
	cleanup_strbuf struct strbuf hex = STRBUF_INIT;

	text_hex(&hex, v->data, v->size);
	json_object_begin(&r->json);
	json_key(&r->json, "__bytes");
	json_string(&r->json, hex.data, hex.length);
	json_object_end(&r->json);
}

static void render_text(struct render *r, const struct view *kept)
{
	if (!render_room(r, kept->size * 6))
		render_hole(r, HOLE(HOLE_BUDGET));
	else if (!kept->size || json_is_utf8(kept->data, kept->size))
		json_string(&r->json, (const char *)kept->data, kept->size);
	else
		render_bytes(r, kept);
}

bool render_text_key(struct render *r, const struct view *v)
{
	struct text text = {0};

	if (text_read(r, v, &text).kind != HOLE_NONE)
		return false;
	json_key_length(&r->json, text.kept.size ? (const char *)text.kept.data : "",
			text.kept.size);
	return true;
}

struct hole scalar_string(struct render *r, const struct view *v, uint32_t type, bool *is,
			  struct scalar *ret)
{
	struct text text = {0};
	struct hole hole = text_read(r, v, &text);

	(void)type;
	*is = true;
	if (hole.kind != HOLE_NONE)
		return hole;
	if (!text.kept.size) {
		scalar_set_text(ret, "", 0);
	} else if (json_is_utf8(text.kept.data, text.kept.size)) {
		scalar_set_text(ret, (const char *)text.kept.data, text.kept.size);
	} else {
		render_bytes(r, &text.kept);
		scalar_set_text(ret, arena_strndup(r->arena, r->out->data, r->out->length),
				r->out->length);
	}
	return NO_HOLE;
}

void render_truncated(struct render *r)
{
	json_key(&r->json, "__status");
	json_text(&r->json, "truncated");
}

/* A word that may be missing for itself. */
void render_word(struct render *r, const char *key, int64_t value, const char *missing)
{
	json_key(&r->json, key);
	if (missing)
		render_hole(r, UNAVAILABLE(missing));
	else
		json_int(&r->json, value);
}

void render_word_address(struct render *r, uint64_t address, const char *missing)
{
	if (missing)
		render_word(r, "__addr", 0, missing);
	else
		render_address(r, "__addr", address);
}

struct hole render_string(struct render *r, const struct view *v, uint32_t type, uint32_t depth)
{
	struct text text = {0};
	struct hole hole = text_read(r, v, &text);

	(void)type;
	(void)depth;
	if (!r->raw && hole.kind != HOLE_NONE)
		return hole;
	if (!r->raw && !text.truncated) {
		render_text(r, &text.kept);
		return NO_HOLE;
	}
	json_object_begin(&r->json);
	if (r->raw)
		render_word_address(r, text.address, text.no_address);
	if (text.truncated)
		render_truncated(r);
	render_word(r, "len", text.length, text.no_length);
	json_key(&r->json, "__value");
	if (hole.kind != HOLE_NONE)
		render_hole(r, hole);
	else
		render_text(r, &text.kept);
	json_object_end(&r->json);
	return NO_HOLE;
}
