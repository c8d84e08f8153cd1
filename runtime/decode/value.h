/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DECODE_VALUE_H
#define DECODE_VALUE_H

#include "decode_int.h"

/*
 * Between value.c (what all values have in common) and kinds.c (one function a Go
 * kind). A value is written as JSON, in one of two forms: plain (X) or raw.
 */

/* Why there is no value. To add one: add a row in hole_words[] of value.c. */
enum hole_kind {
	HOLE_NONE,	   /* there is a value, and it was written */
	HOLE_NIL,	   /* it is nil: null */
	HOLE_DEPTH,	   /* a pointer that `depth` forbids to follow: no defect */
	HOLE_CYCLE,	   /* a pointer back to `address`, which is being written: no defect */
	HOLE_READ_FAILED,  /* the target's memory could not be read */
	HOLE_BUDGET,	   /* `bytes` was used up, or the JSON got too large */
	HOLE_NOT_CAPTURED, /* the dump says nothing about it */
	HOLE_UNAVAILABLE,  /* no location, or bytes that cannot be a value of its type: `reason` */
};
struct hole {
	enum hole_kind kind;
	const char *reason;
	uint64_t address;
};
#define NO_HOLE ((struct hole){HOLE_NONE, NULL, 0})
#define HOLE(kind) ((struct hole){(kind), NULL, 0})
#define UNAVAILABLE(why) ((struct hole){HOLE_UNAVAILABLE, (why), 0})

/* Bytes of a value as they lay in the target. */
struct view {
	const uint8_t *data;
	uint64_t size;
	uint64_t address; /* in the target, 0 when not known */
	uint64_t offset;  /* in the captured value, for its gaps */
	bool gaps;	  /* it is of a captured value that has gaps */
};

/* A thing that is being written right now: a pointer to it closes a cycle. */
struct ancestor {
	uint64_t address;
	uint32_t type;
	bool array; /* the elements of a slice of `type` */
};

struct render {
	struct arena *arena;
	const struct index *index;
	const struct schema *schema;
	const struct ask_limits *limits;
	const struct schema_gap *gaps; /* of this expression */
	uint32_t gaps_count;
	struct strbuf *out;
	struct json json;
	bool raw;
	uint32_t nesting;
	bool full; /* the size limit was met: nothing more is begun */
	VEC(struct ancestor) ancestors;
	/* what the whole lacks */
	const char *partial; /* NULL, or why the first missing part is missing */
	bool truncated;
};

/* A scalar becomes a typed SQL value where it stands alone. */
struct scalar {
	struct decode_cell cell;
	bool boolean; /* true and false in JSON, not 1 and 0 */
};

/* `text` must live as long as the row. */
static inline void scalar_set_text(struct scalar *ret, const char *text, size_t length)
{
	ret->cell = (struct decode_cell){.type = DECODE_TEXT, .text = text, .length = length};
}

/* Writes one value, or writes nothing and says why. */
typedef struct hole render_fn(struct render *r, const struct view *v, uint32_t type,
			      uint32_t depth);
/*
 * Gives a scalar's value or a hole. *is = false: values of this type are no scalars,
 * and nothing else was done.
 */
typedef struct hole scalar_fn(struct render *r, const struct view *v, uint32_t type, bool *is,
			      struct scalar *ret);

struct kind {
	render_fn *render;
	scalar_fn *scalar; /* NULL: never a scalar */
	bool raw_differs;  /* a scalar whose raw form is JSON */
};
extern const struct kind value_kinds[SCHEMA_KINDS];

/* ---- value.c ---- */

/* Part of a view; it must lie inside. */
struct view view_part(const struct view *v, uint64_t offset, uint64_t size);
uint64_t view_u64(const struct view *v, uint64_t offset);
/* Why `size` bytes at `offset` are not all known; NULL when they are. */
const char *view_gap(const struct render *r, const struct view *v, uint64_t offset, uint64_t size);

/* Writes a part in its place: the value, or the mark of its hole. */
void render_part(struct render *r, const struct view *v, uint32_t type, uint32_t depth);
/* Writes the value that `v` holds, as render_fn; for pointers in plain form, which vanish. */
render_fn render_value;
void render_hole(struct render *r, struct hole hole);
void render_address(struct render *r, const char *key, uint64_t address);
/* true while `bytes` more fit; else the render is full from now on. */
bool render_room(struct render *r, uint64_t bytes);
/* In an array or an object that had to end early. */
void render_budget(struct render *r, bool object);

bool ancestor_push(struct render *r, uint64_t address, uint32_t type, bool array);
/*
 * The pointee at `address`: `want` bytes of it, or what there is of them if that is at
 * least `least`.
 */
struct hole pointee_view(const struct render *r, uint64_t address, uint32_t type, uint64_t want,
			 uint64_t least, struct view *ret);
/* Follows the pointer in `v` to a value of the pointer's element type, which becomes an ancestor.
 */
struct hole pointer_follow(struct render *r, const struct view *v, uint32_t type, uint32_t depth,
			   struct view *ret);

/* ---- scalars.c ---- */

scalar_fn scalar_bool, scalar_int, scalar_float, scalar_unsafe_pointer, scalar_time;
/* A scalar inside something else: written by its kind's scalar_fn. */
render_fn render_scalar;
render_fn render_time;

/* ---- strings.c ---- */

scalar_fn scalar_string;
render_fn render_string;
/* "__status":"truncated" in an object. */
void render_truncated(struct render *r);
/* A word of a header in an object; `missing` says why it is not known, else NULL. */
void render_word(struct render *r, const char *key, int64_t value, const char *missing);
/* "__addr":"0x…", the same. */
void render_word_address(struct render *r, uint64_t address, const char *missing);

/* ---- sequences.c ---- */

scalar_fn scalar_array; /* of bytes */
render_fn render_array, render_slice;

/* ---- kinds.c ---- */

/* The field of this name, or NULL. */
const struct schema_field *struct_field(const struct schema *schema, const struct schema_type *type,
					const char *name);

#endif
