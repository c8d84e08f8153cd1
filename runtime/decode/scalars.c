/* SPDX-License-Identifier: BSD-2-Clause */
#include <math.h>
#include <stdlib.h>

#include "value.h"

/* Numbers and what is shown as one text: values without parts. */

static void set_integer(struct scalar *ret, int64_t value)
{
	ret->cell = (struct decode_cell){.type = DECODE_INTEGER, .integer = value};
}

/* The shapes that are written the same alone and inside others. */
static void render_scalar_cell(struct render *r, const struct scalar *scalar)
{
	const struct decode_cell *cell = &scalar->cell;

	if (scalar->boolean)
		json_bool(&r->json, cell->integer);
	else if (cell->type == DECODE_INTEGER)
		json_int(&r->json, cell->integer);
	else if (cell->type == DECODE_REAL)
		json_double(&r->json, cell->real);
	else
		json_string(&r->json, cell->text, cell->length);
}

struct hole render_scalar(struct render *r, const struct view *v, uint32_t type, uint32_t depth)
{
	struct scalar scalar = {0};
	bool is = false;
	struct hole hole =
		value_kinds[r->schema->types[type].kind].scalar(r, v, type, &is, &scalar);

	(void)depth;
	if (hole.kind == HOLE_NONE)
		render_scalar_cell(r, &scalar);
	return hole;
}

struct hole scalar_bool(struct render *r, const struct view *v, uint32_t type, bool *is,
			struct scalar *ret)
{
	const char *gap = view_gap(r, v, 0, v->size);

	(void)type;
	*is = true;
	if (gap)
		return UNAVAILABLE(gap);
	if (v->data[0] > 1)
		return UNAVAILABLE("its byte is neither true nor false");
	ret->boolean = true;
	set_integer(ret, v->data[0]);
	return NO_HOLE;
}

struct hole scalar_int(struct render *r, const struct view *v, uint32_t type, bool *is,
		       struct scalar *ret)
{
	const char *gap = view_gap(r, v, 0, v->size);
	bool is_signed = r->schema->types[type].kind == SCHEMA_KIND_INT;
	uint64_t value = 0;

	*is = true;
	if (gap)
		return UNAVAILABLE(gap);
	assert(v->size <= sizeof(value));
	memcpy(&value, v->data, v->size);
	if (is_signed && v->size < 8 && value >> (v->size * 8 - 1))
		value |= ~(uint64_t)0 << (v->size * 8);
	if (is_signed || value <= INT64_MAX) {
		set_integer(ret, (int64_t)value);
	} else {
		char *text = arena_printf(r->arena, "%" PRIu64, value);

		scalar_set_text(ret, text, strlen(text));
	}
	return NO_HOLE;
}

/*
 * A float32 is given as the double that its shortest decimal form reads as: 0.1 is 0.1,
 * as Go prints it, not 0.10000000149011612.
 */
static double widen(float value)
{
	char text[32];
	int precision = 6;

	if (!isfinite(value))
		return (double)value;
	do
		snprintf(text, sizeof(text), "%.*g", precision, (double)value);
	while (precision++ < 9 && strtof(text, NULL) != value);
	return strtod(text, NULL);
}

struct hole scalar_float(struct render *r, const struct view *v, uint32_t type, bool *is,
			 struct scalar *ret)
{
	const char *gap = view_gap(r, v, 0, v->size);
	double value;

	(void)type;
	*is = true;
	if (gap)
		return UNAVAILABLE(gap);
	if (v->size == sizeof(float)) {
		float narrow;

		memcpy(&narrow, v->data, sizeof(narrow));
		value = widen(narrow);
	} else {
		assert(v->size == sizeof(value));
		memcpy(&value, v->data, sizeof(value));
	}
	if (isnan(value))
		scalar_set_text(ret, "NaN", 3);
	else if (isinf(value))
		scalar_set_text(ret, value > 0 ? "+Inf" : "-Inf", 4);
	else
		ret->cell = (struct decode_cell){.type = DECODE_REAL, .real = value};
	return NO_HOLE;
}

/* Go source: cmd/compile/internal/types/size.go: two floats, the real part first. */
struct hole render_complex(struct render *r, const struct view *v, uint32_t type, uint32_t depth)
{
	static const char *const keys[] = {"real", "imag"};
	uint64_t size = v->size / 2;

	(void)depth;
	json_object_begin(&r->json);
	for (uint32_t i = 0; i < 2; i++) {
		struct view part = view_part(v, i * size, size);
		struct scalar scalar = {0};
		struct hole hole;
		bool is;

		hole = scalar_float(r, &part, type, &is, &scalar);
		json_key(&r->json, keys[i]);
		if (hole.kind == HOLE_NONE)
			render_scalar_cell(r, &scalar);
		else
			render_hole(r, hole);
	}
	json_object_end(&r->json);
	return NO_HOLE;
}

struct hole scalar_unsafe_pointer(struct render *r, const struct view *v, uint32_t type, bool *is,
				  struct scalar *ret)
{
	const char *gap = view_gap(r, v, 0, 8);
	char *text;

	(void)type;
	*is = true;
	if (gap)
		return UNAVAILABLE(gap);
	if (!view_u64(v, 0))
		return HOLE(HOLE_NIL);
	text = arena_printf(r->arena, "0x%" PRIx64, view_u64(v, 0));
	scalar_set_text(ret, text, strlen(text));
	return NO_HOLE;
}

/* ---- time.Time ---- */

/*
 * Go source: time/time.go, type Time. wall: 1 bit "has a monotonic reading", 33 bits
 * seconds since 1885, 30 bits nanoseconds. Without that bit the 33 are zero and ext has
 * the seconds since year 1; with it ext is the monotonic reading.
 */
#define TIME_HAS_MONOTONIC ((uint64_t)1 << 63)
#define TIME_NANOSECONDS (((uint64_t)1 << 30) - 1)
#define TIME_SECONDS (((uint64_t)1 << 33) - 1)
#define TIME_1885 ((int64_t)(1884 * 365 + 1884 / 4 - 1884 / 100 + 1884 / 400) * 86400)

struct time_words {
	uint64_t wall, ext, loc;
	const char *no_wall, *no_ext, *no_loc;
};

static bool time_word(struct render *r, const struct view *v, uint32_t type, const char *name,
		      uint64_t *ret, const char **gap)
{
	const struct schema_type *t = &r->schema->types[type];
	const struct schema_field *field = struct_field(r->schema, t, name);

	if (!field || r->schema->types[field->type].size != 8)
		return false;
	*ret = view_u64(v, field->offset);
	*gap = view_gap(r, v, field->offset, 8);
	return true;
}

static bool time_read(struct render *r, const struct view *v, uint32_t type, struct time_words *ret)
{
	return time_word(r, v, type, "wall", &ret->wall, &ret->no_wall) &&
	       time_word(r, v, type, "ext", &ret->ext, &ret->no_ext) &&
	       time_word(r, v, type, "loc", &ret->loc, &ret->no_loc);
}

struct hole scalar_time(struct render *r, const struct view *v, uint32_t type, bool *is,
			struct scalar *ret)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	uint32_t nanoseconds;
	struct time_words t;
	int64_t seconds;

	*is = true;
	if (!time_read(r, v, type, &t))
		return UNAVAILABLE("this time.Time has other fields than known ones");
	if (t.no_wall)
		return UNAVAILABLE(t.no_wall);
	nanoseconds = (uint32_t)(t.wall & TIME_NANOSECONDS);
	if (nanoseconds >= 1000000000)
		return UNAVAILABLE("its nanoseconds are out of range");
	if (t.wall & TIME_HAS_MONOTONIC) {
		seconds = TIME_1885 + (int64_t)(t.wall >> 30 & TIME_SECONDS);
	} else {
		if (t.no_ext)
			return UNAVAILABLE(t.no_ext);
		seconds = (int64_t)t.ext;
	}
	text_time(&text, seconds, nanoseconds);
	scalar_set_text(ret, arena_strndup(r->arena, text.data, text.length), text.length);
	return NO_HOLE;
}

static void render_unsigned(struct render *r, const char *key, uint64_t value, const char *missing)
{
	char text[24];

	if (missing || value <= INT64_MAX) {
		render_word(r, key, (int64_t)value, missing);
		return;
	}
	snprintf(text, sizeof(text), "%" PRIu64, value);
	json_key(&r->json, key);
	json_text(&r->json, text);
}

struct hole render_time(struct render *r, const struct view *v, uint32_t type, uint32_t depth)
{
	struct time_words t;

	if (!r->raw || !time_read(r, v, type, &t))
		return render_scalar(r, v, type, depth);
	json_object_begin(&r->json);
	render_unsigned(r, "wall", t.wall, t.no_wall);
	render_word(r, "ext", (int64_t)t.ext, t.no_ext);
	json_key(&r->json, "loc");
	if (t.no_loc) {
		render_hole(r, UNAVAILABLE(t.no_loc));
	} else if (!t.loc) {
		json_null(&r->json);
	} else {
		json_object_begin(&r->json);
		render_address(r, "__addr", t.loc);
		json_object_end(&r->json);
	}
	json_object_end(&r->json);
	return NO_HOLE;
}
