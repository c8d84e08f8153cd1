/* SPDX-License-Identifier: BSD-2-Clause */
#include "resolve_int.h"

/*
 * What maps, channels and closures are made of. To Go a map is a word; behind it are
 * structs of the runtime, which the linker writes down in DWARF for each map and channel
 * type (cmd/link/internal/ld/dwarf.go, synthesizemaptypes(), synthesizechantypes()).
 * They are captured like any struct, but their pointers cost nothing, and lengths are
 * not where a Go type has them. So each of them has a role, given when the map or channel
 * is met, and its own rows of pointers.
 *
 *	map, up to Go 1.23     hash<K,V> ─ buckets, oldbuckets ─> bucket<K,V> ─ overflow ─>
 *bucket<K,V> map, from Go 1.24 on   map<K,V> ─ dirPtr ─> group, or [dirLen]*table<K,V> ─>
 *table<K,V> ─ groups ─> groups channel                hchan<T> ─ buf ─> [dataqsiz]T ─ recvq.first,
 *sendq.first ─> sudog<T> ─ next ─> sudog<T> closure                {PC, captured variables}
 *
 * Nothing here knows a Go version: members are found by name, and what has not the members
 * that it should have is not followed. Keys and values of more than 128 bytes are held by
 * pointers, which DWARF shows as such: they are part of the map and cost nothing either.
 * sudog<T>.next points to a runtime.sudog in DWARF; it is captured as what it is.
 */

void flat_init(struct resolve_flat *flat, struct arena *arena, struct binary *binary)
{
	*flat = (struct resolve_flat){.arena = arena, .binary = binary};
	map_init(&flat->memo, arena);
	map_init(&flat->roles, arena);
	map_init(&flat->spans, arena);
}

const struct resolve_role *flat_role(const struct resolve_flat *flat,
				     const struct binary_type *type)
{
	uint64_t role;

	return map_get(&flat->roles, (uintptr_t)type, &role)
		       ? (const struct resolve_role *)(uintptr_t)role
		       : NULL;
}

static void set_role(struct resolve_flat *flat, const struct binary_type *type,
		     enum resolve_part part, const struct binary_type *of)
{
	struct resolve_role *role;

	if (flat_role(flat, type))
		return;
	role = ARENA_NEW(flat->arena, struct resolve_role);
	role->part = part;
	role->of = of;
	map_set(&flat->roles, (uintptr_t)type, (uintptr_t)role);
}

/* ---- members ---- */

/* A member of so many bytes; NULL when it is not there or lies outside. */
static const struct binary_type *sized(const struct binary_type *type, const char *path,
				       uint64_t size, uint64_t *offset)
{
	const struct binary_type *member = layout_member(type, path, offset);

	if (!member || member->size != size || *offset > type->size || size > type->size - *offset)
		return NULL;
	return member;
}

/* The struct that a pointer member points to, or NULL. */
static const struct binary_type *pointee(const struct binary_type *type, const char *path,
					 uint64_t *offset)
{
	const struct binary_type *member = sized(type, path, 8, offset);

	if (!member || member->kind != SCHEMA_KIND_POINTER || !member->elem ||
	    member->elem->kind != SCHEMA_KIND_STRUCT || !member->elem->size)
		return NULL;
	return member->elem;
}

static const struct binary_field *field_named(const struct binary_type *type, const char *name)
{
	for (size_t i = 0; i < type->fields_count; i++)
		if (!strcmp(type->fields[i].name, name))
			return &type->fields[i];
	return NULL;
}

/* ---- roles ---- */

#define SLOTS 8 /* in a bucket, in a group */

static bool is_slots(const struct binary_field *field)
{
	return field && field->type->kind == SCHEMA_KIND_ARRAY && field->type->count == SLOTS;
}

/* Go source: runtime/map.go, hmap and bmap. */
static bool know_hash(struct resolve_flat *flat, const struct binary_type *map)
{
	const struct binary_type *hash = map->internals, *bucket, *old;
	uint64_t at, offset;

	bucket = pointee(hash, "buckets", &at);
	old = pointee(hash, "oldbuckets", &at);
	if (!bucket || bucket != old || !sized(hash, "count", 8, &at) || at ||
	    !sized(hash, "B", 1, &at) || at > UINT8_MAX || !sized(hash, "flags", 1, &at) ||
	    at > UINT8_MAX)
		return false;
	if (!sized(bucket, "tophash", SLOTS, &offset) || offset || !is_slots(field_named(bucket, "keys")) ||
	    !is_slots(field_named(bucket, "values")) || pointee(bucket, "overflow", &at) != bucket)
		return false;
	set_role(flat, hash, RESOLVE_HASH, map);
	set_role(flat, bucket, RESOLVE_BUCKET, map);
	return true;
}

/* Go source: internal/runtime/maps/map.go, table.go, group.go. */
static bool know_swiss(struct resolve_flat *flat, const struct binary_type *map)
{
	const struct binary_type *directory, *table, *group;
	const struct binary_field *slots;
	uint64_t at, length;

	if (!sized(map->internals, "used", 8, &at) || at || !sized(map->internals, "dirLen", 8, &length))
		return false;
	directory = sized(map->internals, "dirPtr", 8, &at);
	if (!directory || directory->kind != SCHEMA_KIND_POINTER || length != at + 8 ||
	    !directory->elem || directory->elem->kind != SCHEMA_KIND_POINTER)
		return false;
	table = directory->elem->elem;
	if (!table || table->kind != SCHEMA_KIND_STRUCT ||
	    !sized(table, "groups.lengthMask", 8, &length) || !sized(table, "used", 2, &at))
		return false;
	group = pointee(table, "groups.data", &at);
	if (!group || length != at + 8 || !sized(group, "ctrl", SLOTS, &at) || at)
		return false;
	slots = field_named(group, "slots");
	if (!is_slots(slots) || slots->type->elem->kind != SCHEMA_KIND_STRUCT ||
	    !field_named(slots->type->elem, "key") || !field_named(slots->type->elem, "elem"))
		return false;
	set_role(flat, map->internals, RESOLVE_MAP, map);
	set_role(flat, directory->elem, RESOLVE_TABLE_POINTER, map);
	set_role(flat, table, RESOLVE_TABLE, map);
	set_role(flat, group, RESOLVE_GROUP, map);
	return true;
}

/* Go source: runtime/chan.go, hchan; runtime/runtime2.go, sudog. */
static bool know_chan(struct resolve_flat *flat, const struct binary_type *chan)
{
	const struct binary_type *hchan = chan->internals, *sudog;
	uint64_t at;

	sudog = pointee(hchan, "recvq.first", &at);
	if (!sudog || pointee(hchan, "sendq.first", &at) != sudog || !sized(hchan, "buf", 8, &at) ||
	    !sized(hchan, "qcount", 8, &at) || !sized(hchan, "dataqsiz", 8, &at) ||
	    !sized(hchan, "closed", 4, &at) || !sized(hchan, "recvx", 8, &at) ||
	    !sized(sudog, "next", 8, &at) || !sized(sudog, "g", 8, &at))
		return false;
	set_role(flat, hchan, RESOLVE_CHAN, chan);
	set_role(flat, sudog, RESOLVE_SUDOG, chan);
	return true;
}

bool internals_know(struct resolve_flat *flat, const struct binary_type *type)
{
	if (!type->internals || type->internals->kind != SCHEMA_KIND_STRUCT ||
	    !type->internals->size || type->internals->size > UINT32_MAX)
		return false;
	if (flat_role(flat, type->internals))
		return true;
	if (type->kind == SCHEMA_KIND_CHAN)
		return know_chan(flat, type);
	return know_hash(flat, type) || know_swiss(flat, type);
}

/* ---- rows ---- */

static bool push_free(struct resolve_flat *flat, struct resolve_pointers *ret, uint64_t offset,
		      const struct binary_type *target, const char *path)
{
	const struct resolve_pointer row = {
		.kind = ASK_POINTER_FREE, .repeat = 1, .target = target};

	return pointers_push(flat, ret, &row, offset, path);
}

static bool flatten_hash(struct resolve_flat *flat, const struct binary_type *hash,
			 struct resolve_pointers *ret)
{
	struct resolve_pointer row = {.kind = ASK_POINTER_BUCKETS, .repeat = 1};
	uint64_t at, b, flags;

	sized(hash, "B", 1, &b);
	sized(hash, "flags", 1, &flags);
	row.extra = (uint32_t)(b | flags << 8);
	row.target = pointee(hash, "buckets", &at);
	if (!pointers_push(flat, ret, &row, at, ".buckets"))
		return false;
	row.extra |= 1u << 16;
	row.target = pointee(hash, "oldbuckets", &at);
	return pointers_push(flat, ret, &row, at, ".oldbuckets");
}

/*
 * Pointers at `offset`, one a slot, that hold `type` because it is large: they cost
 * nothing. `from`: the first row that may be one of them.
 */
static void free_indirect(struct resolve_pointers *rows, size_t from, uint64_t offset,
			  const struct binary_type *held, const struct binary_type *type)
{
	if (held == type || held->kind != SCHEMA_KIND_POINTER || held->elem != type)
		return;
	for (size_t i = from; i < rows->rows.length; i++)
		if (rows->rows.data[i].offset == offset &&
		    rows->rows.data[i].kind == ASK_POINTER_PLAIN)
			rows->rows.data[i].kind = ASK_POINTER_FREE;
}

static bool flatten_bucket(struct resolve_flat *flat, const struct binary_type *bucket,
			   const struct binary_type *map, struct resolve_pointers *ret)
{
	const struct binary_field *keys = field_named(bucket, "keys");
	const struct binary_field *values = field_named(bucket, "values");
	uint64_t at;

	if (!pointers_member(flat, keys, ret) || !pointers_member(flat, values, ret))
		return false;
	free_indirect(ret, 0, keys->offset, keys->type->elem, map->key);
	free_indirect(ret, 0, values->offset, values->type->elem, map->elem);
	pointee(bucket, "overflow", &at);
	return push_free(flat, ret, at, bucket, ".overflow");
}

static bool flatten_map(struct resolve_flat *flat, const struct binary_type *map,
			struct resolve_pointers *ret)
{
	struct resolve_pointer row = {.kind = ASK_POINTER_DIRECTORY, .repeat = 1};
	uint64_t at, ignored;

	row.target = sized(map, "dirPtr", 8, &at)->elem;
	row.extra_type = pointee(row.target->elem, "groups.data", &ignored);
	return pointers_push(flat, ret, &row, at, ".dirPtr");
}

static bool flatten_table(struct resolve_flat *flat, const struct binary_type *table,
			  struct resolve_pointers *ret)
{
	struct resolve_pointer row = {.kind = ASK_POINTER_GROUPS, .repeat = 1};
	uint64_t at;

	sized(table, "used", 2, &at);
	row.extra = (uint32_t)at;
	row.target = pointee(table, "groups.data", &at);
	return pointers_push(flat, ret, &row, at, ".groups");
}

static bool flatten_group(struct resolve_flat *flat, const struct binary_type *group,
			  const struct binary_type *map, struct resolve_pointers *ret)
{
	const struct binary_field *slots = field_named(group, "slots");
	const struct binary_field *key = field_named(slots->type->elem, "key");
	const struct binary_field *elem = field_named(slots->type->elem, "elem");

	if (!pointers_member(flat, slots, ret))
		return false;
	free_indirect(ret, 0, slots->offset + key->offset, key->type, map->key);
	free_indirect(ret, 0, slots->offset + elem->offset, elem->type, map->elem);
	return true;
}

static bool flatten_chan(struct resolve_flat *flat, const struct binary_type *hchan,
			 const struct binary_type *chan, struct resolve_pointers *ret)
{
	struct resolve_pointer row = {
		.kind = ASK_POINTER_COUNTED, .repeat = 1, .target = chan->elem};
	const struct binary_type *sudog;
	uint64_t at;

	sized(hchan, "dataqsiz", 8, &at);
	row.extra = (uint32_t)at;
	sized(hchan, "buf", 8, &at);
	if (!pointers_lead_nowhere(chan->elem) && !pointers_push(flat, ret, &row, at, ".buf"))
		return false;
	sudog = pointee(hchan, "recvq.first", &at);
	if (!push_free(flat, ret, at, sudog, ".recvq.first"))
		return false;
	pointee(hchan, "sendq.first", &at);
	return push_free(flat, ret, at, sudog, ".sendq.first");
}

/* Variables captured by reference are pointers, but shown as the variables that they are. */
static bool flatten_closure(struct resolve_flat *flat, const struct binary_type *closure,
			    const struct resolve_role *role, struct resolve_pointers *ret)
{
	for (size_t i = 0; i < closure->fields_count; i++) {
		const struct binary_field *field = &closure->fields[i];
		size_t from = ret->rows.length;

		if (!pointers_member(flat, field, ret))
			return false;
		if (role->by_reference[i])
			free_indirect(ret, from, field->offset, field->type, field->type->elem);
	}
	return true;
}

bool internals_flatten(struct resolve_flat *flat, const struct binary_type *type,
		       const struct resolve_role *role, struct resolve_pointers *ret)
{
	uint64_t at;

	switch (role->part) {
	case RESOLVE_HASH:
		return flatten_hash(flat, type, ret);
	case RESOLVE_BUCKET:
		return flatten_bucket(flat, type, role->of, ret);
	case RESOLVE_MAP:
		return flatten_map(flat, type, ret);
	case RESOLVE_TABLE_POINTER:
	case RESOLVE_CHOSEN_POINTER:
		return push_free(flat, ret, 0, type->elem, "");
	case RESOLVE_TABLE:
		return flatten_table(flat, type, ret);
	case RESOLVE_GROUP:
		return flatten_group(flat, type, role->of, ret);
	case RESOLVE_CHAN:
		return flatten_chan(flat, type, role->of, ret);
	case RESOLVE_SUDOG:
		sized(type, "next", 8, &at);
		return push_free(flat, ret, at, type, ".next");
	case RESOLVE_CLOSURE:
		return flatten_closure(flat, type, role, ret);
	case RESOLVE_SYNC_MAP:
	case RESOLVE_SYNC_ENTRY:
	case RESOLVE_TRIE:
	case RESOLVE_TRIE_NODE:
	case RESOLVE_TRIE_ENTRY:
		return syncmap_flatten(flat, type, role, ret);
	case RESOLVE_NO_PART:
		break;
	}
	assert(!"a part");
	return false;
}

/* ---- closures ---- */

static const struct binary_type *word_type(struct resolve *resolve)
{
	static const struct binary_type word = {
		.name = "uintptr", .kind = SCHEMA_KIND_UINT, .size = 8};
	const struct binary_type *type = binary_type_find(resolve->binary, "uintptr");

	return type && type->kind == SCHEMA_KIND_UINT && type->size == 8 ? type : &word;
}

const struct binary_type *internals_funcval(struct resolve *resolve)
{
	struct binary_type *type = ARENA_NEW(resolve->arena, struct binary_type);
	struct binary_field *field = ARENA_NEW(resolve->arena, struct binary_field);

	*field = (struct binary_field){.name = "fn", .type = word_type(resolve)};
	*type = (struct binary_type){
		.name = "funcval",
		.kind = SCHEMA_KIND_STRUCT,
		.size = 8,
		.fields = field,
		.fields_count = 1,
	};
	return type;
}

/* Puts a captured variable in its place among the fields; false when two overlap or it is absurd.
 */
static bool place_captured(struct binary_field *fields, bool *by_reference, size_t count,
			   const struct binary_variable *variable)
{
	size_t at = count;

	for (; fields[at - 1].offset > variable->closure_offset; at--) {
		fields[at] = fields[at - 1];
		by_reference[at] = by_reference[at - 1];
	}
	fields[at] = (struct binary_field){.name = variable->name,
					   .type = variable->closure_type,
					   .offset = variable->closure_offset};
	by_reference[at] = variable->closure_type != variable->type;
	if (fields[at - 1].offset + fields[at - 1].type->size > fields[at].offset)
		return false;
	return at == count || fields[at].offset + fields[at].type->size <= fields[at + 1].offset;
}

#define CLOSURE_MAX (1u << 20) /* bytes; no closure of a compiler is as large */

/* The type of a function's closure object; by_reference: which fields are pointers to variables. */
static const struct binary_type *closure_of(struct resolve *resolve,
					    const struct binary_function *function,
					    const struct binary_field *fields,
					    const bool *by_reference, size_t count)
{
	const struct binary_field *last = &fields[count - 1];
	struct binary_type *type = ARENA_NEW(resolve->arena, struct binary_type);
	struct resolve_role *role = ARENA_NEW(resolve->arena, struct resolve_role);

	*type = (struct binary_type){
		.name = arena_printf(resolve->arena, "closure %s", function->name),
		.kind = SCHEMA_KIND_STRUCT,
		.size = last->offset + last->type->size,
		.fields = fields,
		.fields_count = count,
	};
	*role = (struct resolve_role){.part = RESOLVE_CLOSURE, .by_reference = by_reference};
	map_set(&resolve->flat.roles, (uintptr_t)type, (uintptr_t)role);
	return type;
}

struct error *internals_closure(struct resolve *resolve, const struct binary_function *function,
				const struct binary_type **ret)
{
	const struct binary_instance instance = {.function = function, .inline_index = UINT32_MAX};
	const struct binary_variable *variables;
	struct binary_field *fields;
	bool *by_reference;
	size_t found, count = 1;

	*ret = NULL;
	TRY(binary_variables(resolve->binary, &instance, &variables, &found));
	fields = ARENA_ARRAY(resolve->arena, struct binary_field, found + 1);
	by_reference = ARENA_ARRAY(resolve->arena, bool, found + 1);
	fields[0] = (struct binary_field){.name = "F", .type = word_type(resolve)};
	for (size_t i = 0; i < found; i++) {
		const struct binary_variable *variable = &variables[i];

		if (!variable->closure_offset)
			continue;
		if (variable->closure_offset > CLOSURE_MAX ||
		    variable->closure_type->size > CLOSURE_MAX ||
		    !place_captured(fields, by_reference, count++, variable))
			return NULL;
	}
	if (count > 1)
		*ret = closure_of(resolve, function, fields, by_reference, count);
	return NULL;
}

/* ---- method values ---- */

/*
 * The type of the receiver of "main.(*T).M-fm" or "main.T.M-fm", NULL when it is not found: the
 * type of what the object holds, an interface among others (cmd/compile/internal/ir/expr.go,
 * MethodSymSuffix()). A method of another package than its receiver's has the package's name
 * before its own; no type is called so. What generic code holds is a shape: not believed.
 */
static const struct binary_type *receiver_type(struct resolve *resolve, const char *name,
					       size_t suffix)
{
	static const char *const made[] = {"go:builtin.", "go:"}; /* error, and types without a name */
	const char *star, *receiver;
	size_t length;

	for (size_t i = 0; i < ARRAY_SIZE(made); i++)
		if (!strncmp(name, made[i], strlen(made[i]))) {
			name += strlen(made[i]);
			break;
		}
	star = strstr(name, ".(*");
	length = strlen(name) - suffix;
	while (length && name[length - 1] != '.')
		length--;
	if (length < 2 || strstr(name, "go.shape."))
		return NULL;
	length--; /* the dot before the method's name */
	receiver = arena_printf(resolve->arena, "%.*s", (int)length, name);
	if (star && star < name + length && receiver[length - 1] == ')')
		receiver = arena_printf(resolve->arena, "*%.*s%.*s", (int)(star + 1 - name), name,
					(int)(name + length - 1 - (star + 3)), star + 3);
	return binary_type_find(resolve->binary, receiver);
}

/*
 * A method value x.M is a closure that optimised code's debug info does not describe: struct{F
 * uintptr; R T}, where T is the type of x; F is the wrapper T.M-fm, which serves no other purpose
 * (cmd/compile/internal/walk/closure.go, walkMethodValue(); typecheck/func.go,
 * MethodValueType(); the same in Go 1.20 to 1.26).
 */
const struct binary_type *internals_method_value(struct resolve *resolve,
						 const struct binary_function *function)
{
	static const char suffix[] = "-fm";
	size_t length = strlen(function->name), end = sizeof(suffix) - 1;
	const struct binary_type *receiver;
	struct binary_field *fields;

	if (length <= end || strcmp(function->name + length - end, suffix) != 0)
		return NULL;
	receiver = receiver_type(resolve, function->name, end);
	if (!receiver || receiver->kind == SCHEMA_KIND_UNKNOWN || receiver->size > CLOSURE_MAX)
		return NULL;
	fields = ARENA_ARRAY(resolve->arena, struct binary_field, 2);
	fields[0] = (struct binary_field){.name = "F", .type = word_type(resolve)};
	fields[1] = (struct binary_field){.name = "R", .type = receiver, .offset = 8};
	return closure_of(resolve, function, fields, ARENA_ARRAY(resolve->arena, bool, 2), 2);
}
