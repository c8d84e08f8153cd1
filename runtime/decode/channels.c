/* SPDX-License-Identifier: BSD-2-Clause */
#include "value.h"

/*
 * Channels. Go source: runtime/chan.go, hchan: qcount of dataqsiz elements lie in the ring
 * buf, the oldest one at recvx; recvq and sendq {first, last} are lists of sudog (runtime2.go),
 * one for each goroutine that waits. A sudog's g is an address, which becomes a goroutine id
 * through the GOROUTINE records.
 */

/*
 * Of one queue; what is beyond it is marked. All of a crowd's members show the crowd when
 * they capture what they wait for: unbounded, that would grow with its square.
 */
#define WAITERS_MAX 1024u

struct channel {
	uint64_t address;
	uint64_t count, room; /* elements in the buffer, and how many fit */
	uint64_t buffer;      /* its address */
	uint64_t next;	      /* index of the oldest element */
	bool closed;
	uint64_t receiver, sender; /* addresses of the first sudog of each queue, 0: none */
	uint32_t sudog;		   /* its type */
	const char *invalid;	   /* why it cannot be a channel */
};

/* The first sudog of a queue, and the type of all of them. */
static bool queue(const struct schema *schema, const struct view *v, uint32_t type,
		  const char *name, uint64_t *first, uint32_t *sudog)
{
	const struct schema_field *field = struct_field(schema, &schema->types[type], name), *inner;
	const struct schema_type *t;

	if (!field)
		return false;
	inner = struct_field(schema, &schema->types[field->type], "first");
	if (!inner)
		return false;
	t = &schema->types[inner->type];
	if (t->kind != SCHEMA_KIND_POINTER || schema->types[t->elem].kind != SCHEMA_KIND_STRUCT)
		return false;
	*first = view_u64(v, field->offset + inner->offset);
	*sudog = t->elem;
	return true;
}

/* false: hchan is not described as expected. */
static bool channel_read(const struct schema *schema, const struct view *v, uint32_t type,
			 struct channel *ret)
{
	uint64_t closed;

	ret->address = v->address;
	if (!struct_number(schema, v, type, "qcount", &ret->count) ||
	    !struct_number(schema, v, type, "dataqsiz", &ret->room) ||
	    !struct_number(schema, v, type, "buf", &ret->buffer) ||
	    !struct_number(schema, v, type, "recvx", &ret->next) ||
	    !struct_number(schema, v, type, "closed", &closed) ||
	    !queue(schema, v, type, "sendq", &ret->sender, &ret->sudog) ||
	    !queue(schema, v, type, "recvq", &ret->receiver, &ret->sudog))
		return false;
	ret->closed = closed != 0;
	if (ret->room > INT64_MAX || ret->count > ret->room)
		ret->invalid = "it holds more elements than fit";
	else if (ret->room && ret->next >= ret->room)
		ret->invalid = "its first element is outside of its buffer";
	return true;
}

/* The captured part of the ring: as many elements from its beginning as `slice` allows. */
static struct hole ring_read(const struct render *r, const struct channel *c, uint32_t elem,
			     struct view *ret, uint64_t *slots)
{
	uint64_t size = r->schema->types[elem].size, most;
	struct hole hole;

	*ret = (struct view){.data = (const uint8_t *)"", .address = c->buffer};
	most = r->limits->slice / (size ? size : 1);
	*slots = !most ? 1 : most < c->room ? most : c->room;
	if (!c->count || !size)
		return NO_HOLE;
	if (!c->buffer)
		return UNAVAILABLE("it has elements and no buffer");
	hole = pointee_view(r, c->buffer, elem, *slots * size, size, ret);
	if (hole.kind == HOLE_NONE)
		*slots = ret->size / size;
	return hole;
}

/* Oldest first. true: some are not there. */
static bool render_buffer(struct render *r, const struct channel *c, uint32_t elem, uint32_t depth)
{
	uint64_t size = r->schema->types[elem].size, slots, slot = c->next, i;
	struct view ring;
	struct hole hole = ring_read(r, c, elem, &ring, &slots);

	if (hole.kind != HOLE_NONE) {
		render_hole(r, hole);
		return false;
	}
	json_array_begin(&r->json);
	for (i = 0; i < c->count; i++) {
		struct view part;

		if (size ? slot >= slots : i >= slots)
			break;
		if (!render_room(r, 0)) {
			render_budget(r, false);
			break;
		}
		part = view_part(&ring, slot * size, size);
		render_part(r, &part, elem, depth);
		slot = slot + 1 == c->room ? 0 : slot + 1;
	}
	json_array_end(&r->json);
	return i < c->count;
}

/* What ends a list of waiters before its end. */
static void render_mark(struct render *r, const char *status)
{
	json_object_begin(&r->json);
	json_key(&r->json, "__status");
	json_text(&r->json, status);
	json_object_end(&r->json);
}

/* A sudog: whose it is, the next one's address, and its type. */
static struct hole sudog_read(const struct render *r, uint64_t *address, uint32_t *type,
			      uint64_t *g)
{
	const struct schema *schema = r->schema;
	const struct schema_type *t = &schema->types[*type];
	const struct schema_field *owner = struct_field(schema, t, "g");
	const struct schema_field *next = struct_field(schema, t, "next");
	struct hole hole;
	struct view v;

	if (!owner || !next || schema->types[owner->type].size != 8 ||
	    schema->types[next->type].size != 8)
		return UNAVAILABLE("runtime.sudog is not described");
	hole = pointee_view(r, *address, *type, t->size, t->size, &v);
	if (hole.kind != HOLE_NONE)
		return hole;
	*g = view_u64(&v, owner->offset);
	*address = view_u64(&v, next->offset);
	/* DWARF calls the next one a plain runtime.sudog; what counts is as what it was captured */
	*type = pointer_target(schema, *type, next->offset, *type);
	return NO_HOLE;
}

static void render_waiters(struct render *r, const char *key, uint64_t address, uint32_t sudog)
{
	uint64_t milestone = 0, g = 0, goid;

	json_key(&r->json, key);
	json_array_begin(&r->json);
	for (uint32_t i = 0; address; i++) {
		struct hole hole;

		if (address == milestone) {
			render_hole(r, (struct hole){HOLE_CYCLE, NULL, address});
			break;
		}
		if (i == WAITERS_MAX) {
			render_mark(r, "truncated");
			r->truncated = true;
			break;
		}
		if (!render_room(r, 0) || !render_work(r, 1)) {
			render_budget(r, false);
			break;
		}
		/* a list that runs into itself meets the last power of two again */
		if (!(i & (i - 1)))
			milestone = address;
		hole = sudog_read(r, &address, &sudog, &g);
		if (hole.kind != HOLE_NONE) {
			render_hole(r, hole);
			break;
		}
		if (index_goroutine(r->index, g, &goid))
			json_uint(&r->json, goid);
		else
			render_hole(r, HOLE(HOLE_NOT_CAPTURED));
	}
	json_array_end(&r->json);
}

static void render_channel(struct render *r, const struct channel *c, uint32_t elem, uint32_t depth)
{
	bool truncated;

	json_key(&r->json, "len");
	json_uint(&r->json, c->count);
	json_key(&r->json, "cap");
	json_uint(&r->json, c->room);
	json_key(&r->json, "closed");
	json_bool(&r->json, c->closed);
	json_key(&r->json, "buffer");
	truncated = render_buffer(r, c, elem, depth) && !r->full;
	render_waiters(r, "recv_waiters", c->receiver, c->sudog);
	render_waiters(r, "send_waiters", c->sender, c->sudog);
	if (truncated) {
		render_truncated(r);
		r->truncated = true;
	}
}

struct hole render_chan(struct render *r, const struct view *v, uint32_t type, uint32_t depth)
{
	const struct schema_type *t = &r->schema->types[type];
	size_t ancestors = r->ancestors.length;
	const char *gap = view_gap(r, v, 0, 8);
	struct channel c = {0};
	struct hole hole;
	struct view header;

	if (gap)
		return UNAVAILABLE(gap);
	if (!view_u64(v, 0))
		return HOLE(HOLE_NIL);
	if (t->elem == SCHEMA_NONE || t->internals == SCHEMA_NONE ||
	    r->schema->types[t->internals].kind != SCHEMA_KIND_STRUCT)
		return render_unknown(r, v, type, depth);
	hole = address_follow(r, view_u64(v, 0), t->internals, depth, 0, &header);
	if (hole.kind == HOLE_NONE && !channel_read(r->schema, &header, t->internals, &c)) {
		r->ancestors.length = ancestors;
		return render_unknown(r, v, type, depth);
	}
	if (hole.kind == HOLE_NONE && c.invalid)
		hole = UNAVAILABLE(c.invalid);
	if (hole.kind == HOLE_NONE || r->raw) {
		json_object_begin(&r->json);
		if (r->raw)
			render_address(r, "__addr", view_u64(v, 0));
		if (hole.kind == HOLE_NONE) {
			render_channel(r, &c, t->elem, depth);
		} else {
			json_key(&r->json, "buffer");
			render_hole(r, hole);
		}
		json_object_end(&r->json);
		hole = NO_HOLE;
	}
	r->ancestors.length = ancestors;
	return hole;
}
