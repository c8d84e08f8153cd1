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
	HOLE_TRUNCATED,	   /* what a limit cut would have told it */
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
	uint32_t work; /* steps through memory that gave no JSON */
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

/* false when too many steps were taken for this value: what they look for is left out. */
bool render_work(struct render *r, uint32_t steps);
/* Something else than `partial` already says becomes the status of the whole. */
void render_partial(struct render *r, const char *reason);

bool ancestor_push(struct render *r, uint64_t address, uint32_t type, bool array);
/*
 * The pointee at `address`: `want` bytes of it, or what there is of them if that is at
 * least `least`.
 */
struct hole pointee_view(const struct render *r, uint64_t address, uint32_t type, uint64_t want,
			 uint64_t least, struct view *ret);
/* What following a pointer of this type costs of `depth`: nothing on the way of a chosen path. */
uint32_t pointer_cost(const struct schema *schema, uint32_t type);
/* Follows the pointer in `v` to a value of the pointer's element type, which becomes an ancestor.
 */
struct hole pointer_follow(struct render *r, const struct view *v, uint32_t type, uint32_t depth,
			   struct view *ret);

/*
 * The `type` at `address`, which becomes an ancestor: where a pointer or an interface of
 * `depth` leads, that costs `cost` of it.
 */
struct hole address_follow(struct render *r, uint64_t address, uint32_t type, uint32_t depth,
			   uint32_t cost, struct view *ret);

/*
 * Prepares `r` for one VALUE record and gives its bytes. false: there are none, and
 * `cells` say why.
 */
bool value_begin(struct render *r, struct arena *arena, const struct index *index,
		 const struct record *record, struct decode_cell cells[3], struct view *ret);
/* Begins X or raw_X in `out`. */
void render_begin(struct render *r, struct strbuf *out, bool raw);
/* Writes X or raw_X of a value to a cell; a hole leaves NULL, but for holes that are no defect. */
struct hole render_root(struct render *r, const struct view *root, uint32_t root_type, bool raw,
			struct decode_cell *ret);
/* status_X of what was written. */
struct decode_cell value_status(struct render *r, struct hole hole);
struct decode_cell value_text(struct arena *arena, const char *text, size_t length);

/* ---- scalars.c ---- */

scalar_fn scalar_bool, scalar_int, scalar_float, scalar_unsafe_pointer, scalar_time;
render_fn render_complex;
/* A scalar inside something else: written by its kind's scalar_fn. */
render_fn render_scalar;
render_fn render_time;

/* ---- strings.c ---- */

scalar_fn scalar_string;
render_fn render_string;
/* A string's kept bytes as the key of an object; false when they are not there. */
bool render_text_key(struct render *r, const struct view *v);
/* "__status":"truncated" in an object. */
void render_truncated(struct render *r);
/* A word of a header in an object; `missing` says why it is not known, else NULL. */
void render_word(struct render *r, const char *key, int64_t value, const char *missing);
/* "__addr":"0x…", the same. */
void render_word_address(struct render *r, uint64_t address, const char *missing);

/* ---- sequences.c ---- */

scalar_fn scalar_array; /* of bytes */
render_fn render_array, render_slice;

/* ---- interfaces.c ---- */

render_fn render_interface;
/* What an interface holds, where that is there in full; false when it is not. */
bool interface_value(const struct render *r, const struct view *v, uint32_t type,
		     uint32_t *dynamic, struct view *ret);
/* The type whose descriptor lies at `offset` from runtime.types, or NULL. */
const struct ask_rtype *rtype_at(const struct schema *schema, uint64_t offset);

/* ---- funcs.c, channels.c, maps.c ---- */

render_fn render_func, render_chan, render_map;

/* ---- entries.c ---- */

/* One key and value of a map, or why they are not known. */
struct entry {
	struct view key, value;
	struct hole no_key, no_value;
	/* how it is sorted; a map's keys are all of one type */
	uint32_t rank;	  /* keys that have no order come last */
	uint64_t dynamic; /* the type that an interface holds */
	uint64_t number;
	double real;
	struct view text;
	size_t place; /* in the map: breaks ties */
};

/* What was found of a map. Types are those of its slots' keys and values, as they are shown. */
struct entries {
	VEC(struct entry) list;
	uint32_t key, value;
	uint32_t indirect_key, indirect_value; /* 1: slots hold pointers to them */
	uint64_t most;	     /* that limits.map allows */
	uint64_t length;     /* of the map, in truth */
	struct hole no_length; /* why `length` is not known; else NO_HOLE */
	struct hole missing; /* of its first part that could not be read */
	bool cut;	     /* a limit was met */
};

/* Sorts the list by key. */
void entries_sort(const struct render *r, struct entries *entries);
/* Writes "entries", "len" and a status, in an object; `none`: why there are none. */
void render_entries(struct render *r, struct entries *entries, uint32_t depth, struct hole none);

/* ---- maps.c ---- */

/*
 * Reads the map (of MAP type `type`) whose header lies at `address`, which becomes an
 * ancestor; *why says why there are no entries. false: the schema does not describe it.
 */
bool map_read(struct render *r, uint64_t address, uint32_t type, struct entries *ret,
	      struct hole *why);

/* ---- sync.c ---- */

/*
 * The types of sync and sync/atomic that stand for something else: atomic.Pointer,
 * atomic.Value, sync.Map. false: `type` is none of them, or not described well enough.
 */
bool render_sync(struct render *r, const struct view *v, uint32_t type, uint32_t depth,
		 struct hole *ret);

/* ---- trie.c ---- */

/* internal/sync.HashTrieMap as a map. false: the schema does not describe it. */
bool trie_render(struct render *r, const struct view *v, uint32_t type, uint32_t depth,
		 struct hole *ret);

/* ---- absence.c ---- */

/* status_X of a VALUE that has no bytes. */
struct decode_cell absence_status(struct arena *arena, const struct schema *schema,
				  const struct record *record);
/* Whether the value of this record must not be shown, and then its status and raw_X. */
bool absence_redacted(struct arena *arena, const struct schema *schema,
		      const struct record *record, struct decode_cell cells[3]);

/* ---- kinds.c ---- */

/*
 * As what the engine copies what the pointer at `offset` of a `type` leads to, at no
 * cost; `otherwise` when it has no such row.
 */
uint32_t pointer_target(const struct schema *schema, uint32_t type, uint64_t offset,
			uint32_t otherwise);
/* Type and words of what is not understood. */
render_fn render_unknown;

/* The field of this name, or NULL. */
const struct schema_field *struct_field(const struct schema *schema, const struct schema_type *type,
					const char *name);
/* The unsigned field of this name, of up to eight bytes; false when there is none. */
bool struct_number(const struct schema *schema, const struct view *v, uint32_t type,
		   const char *name, uint64_t *ret);

#endif
