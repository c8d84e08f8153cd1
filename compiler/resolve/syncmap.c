/* SPDX-License-Identifier: BSD-2-Clause */
#include "resolve_int.h"

/*
 * sync.Map: what it is made of costs nothing of `depth`, as with any map.
 *
 * Go 1.24 and later, internal/sync/hashtriemap.go: a trie by the bits of the key's hash.
 * HashTrieMap[K,V].root leads to an indirect[K,V], whose 16 children are each a
 * *node[K,V], the first field of both an indirect and an entry[K,V]; node.isEntry tells
 * which of them it is. So a child is a pointer of kind NODE: the engine reads that byte and
 * takes one of two types. Entries of equal hashes are a list, entry.overflow.
 *
 * Go up to 1.23, sync/map.go: Map.read leads to a readOnly {m map[any]*entry; amended},
 * Map.dirty is a map[any]*entry, and entry.p leads to the value, an `any`.
 *
 * These types are known by their names, as nothing else tells them from a user's; where
 * their members lie is looked up, and what has not the expected ones is an ordinary struct.
 */

#define TRIE_CHILDREN 16

static bool name_begins(const struct binary_type *type, const char *prefix)
{
	return type && !strncmp(type->name, prefix, strlen(prefix));
}

static const struct binary_field *field_of(const struct binary_type *type, const char *name)
{
	for (size_t i = 0; i < type->fields_count; i++)
		if (!strcmp(type->fields[i].name, name))
			return &type->fields[i];
	return NULL;
}

/* The place of an atomic.Pointer's word in field `name`; its target in *ret. */
static bool atomic_word(const struct binary_type *type, const char *name, uint64_t *offset,
			const struct binary_type **ret)
{
	const struct binary_field *field = field_of(type, name), *word;

	*ret = field ? pointers_atomic_target(field->type) : NULL;
	word = *ret ? field_of(field->type, "v") : NULL;
	if (!word || word->type->size != 8)
		return false;
	*offset = field->offset + word->offset;
	return true;
}

/* Whether a struct begins with a node, and node.isEntry with that: the engine reads this byte. */
static bool is_node(const struct binary_type *type)
{
	const struct binary_field *node = type ? field_of(type, "node") : NULL;
	const struct binary_field *mark = node ? field_of(node->type, "isEntry") : NULL;

	return type && type->kind == SCHEMA_KIND_STRUCT && mark && node->offset == 0 &&
	       mark->offset == 0 && mark->type->kind == SCHEMA_KIND_BOOL;
}

/* The types of a trie with these type arguments, "[K,V]". */
struct trie {
	const struct binary_type *indirect, *entry;
	uint64_t children, child; /* of the first child's word in indirect; from one to the next */
	uint64_t overflow;
};

static bool trie_find(struct resolve_flat *flat, const char *arguments, struct trie *ret)
{
	const struct binary_type *overflow, *child;
	const struct binary_field *children, *word;

	*ret = (struct trie){
		.indirect = binary_type_find(
			flat->binary,
			arena_printf(flat->arena, "internal/sync.indirect%s", arguments)),
		.entry = binary_type_find(
			flat->binary,
			arena_printf(flat->arena, "internal/sync.entry%s", arguments)),
	};
	if (!is_node(ret->indirect) || !is_node(ret->entry) || !field_of(ret->entry, "key") ||
	    !field_of(ret->entry, "value") ||
	    !atomic_word(ret->entry, "overflow", &ret->overflow, &overflow) ||
	    overflow != ret->entry)
		return false;
	children = field_of(ret->indirect, "children");
	if (!children || children->type->kind != SCHEMA_KIND_ARRAY ||
	    children->type->count != TRIE_CHILDREN)
		return false;
	child = children->type->elem;
	word = field_of(child, "v");
	if (!name_begins(pointers_atomic_target(child), "internal/sync.node[") || !word ||
	    word->type->size != 8)
		return false;
	ret->children = children->offset + word->offset;
	ret->child = child->size;
	return true;
}

static enum resolve_part part_of(struct resolve_flat *flat, const struct binary_type *type)
{
	const char *arguments = strchr(type->name, '[');
	const struct binary_type *target;
	struct trie trie;
	uint64_t offset;

	if (!strcmp(type->name, "sync.entry"))
		return atomic_word(type, "p", &offset, &target) && target->kind == SCHEMA_KIND_ANY
			       ? RESOLVE_SYNC_ENTRY
			       : RESOLVE_NO_PART;
	if (!strcmp(type->name, "sync.Map"))
		return atomic_word(type, "read", &offset, &target) &&
				       !strcmp(target->name, "sync.readOnly")
			       ? RESOLVE_SYNC_MAP
			       : RESOLVE_NO_PART;
	if (!arguments || !flat->binary || !name_begins(type, "internal/sync.") ||
	    !trie_find(flat, arguments, &trie))
		return RESOLVE_NO_PART;
	if (type == trie.indirect)
		return RESOLVE_TRIE_NODE;
	if (type == trie.entry)
		return RESOLVE_TRIE_ENTRY;
	return name_begins(type, "internal/sync.HashTrieMap[") &&
			       atomic_word(type, "root", &offset, &target) &&
			       target == trie.indirect
		       ? RESOLVE_TRIE
		       : RESOLVE_NO_PART;
}

const struct resolve_role *syncmap_role(struct resolve_flat *flat, const struct binary_type *type)
{
	struct resolve_role *role;
	enum resolve_part part;

	if (type->kind != SCHEMA_KIND_STRUCT ||
	    (!name_begins(type, "sync.") && !name_begins(type, "internal/sync.")))
		return NULL;
	part = part_of(flat, type);
	if (part == RESOLVE_NO_PART)
		return NULL;
	role = ARENA_NEW(flat->arena, struct resolve_role);
	role->part = part;
	map_set(&flat->roles, (uintptr_t)type, (uintptr_t)role);
	return role;
}

bool syncmap_is_inner(const struct binary_type *type)
{
	return type && type->kind == SCHEMA_KIND_STRUCT &&
	       (!strcmp(type->name, "sync.entry") || !strcmp(type->name, "sync.readOnly"));
}

/* ---- rows ---- */

static bool push_free(struct resolve_flat *flat, struct resolve_pointers *ret, uint64_t offset,
		      const struct binary_type *target, const char *path)
{
	const struct resolve_pointer row = {
		.kind = ASK_POINTER_FREE, .repeat = 1, .target = target};

	return pointers_push(flat, ret, &row, offset, path);
}

static bool flatten_entry(struct resolve_flat *flat, const struct binary_type *entry,
			  const struct trie *trie, struct resolve_pointers *ret)
{
	return pointers_member(flat, field_of(entry, "key"), ret) &&
	       pointers_member(flat, field_of(entry, "value"), ret) &&
	       push_free(flat, ret, trie->overflow, entry, ".overflow");
}

bool syncmap_flatten(struct resolve_flat *flat, const struct binary_type *type,
		     const struct resolve_role *role, struct resolve_pointers *ret)
{
	const struct binary_type *target;
	struct resolve_pointer row = {.kind = ASK_POINTER_NODE};
	struct trie trie = {0};
	uint64_t offset;

	switch (role->part) {
	case RESOLVE_SYNC_MAP: /* atomic.Pointer and map: both cost nothing by themselves */
		atomic_word(type, "read", &offset, &target);
		return push_free(flat, ret, offset, target, ".read.v") &&
		       (!field_of(type, "dirty") ||
			pointers_member(flat, field_of(type, "dirty"), ret));
	case RESOLVE_SYNC_ENTRY:
		atomic_word(type, "p", &offset, &target);
		return push_free(flat, ret, offset, target, ".p.v");
	case RESOLVE_TRIE:
		atomic_word(type, "root", &offset, &target);
		return push_free(flat, ret, offset, target, ".root.v");
	default:
		break;
	}
	if (!trie_find(flat, strchr(type->name, '['), &trie))
		return false;
	if (role->part == RESOLVE_TRIE_ENTRY)
		return flatten_entry(flat, type, &trie, ret);
	row.target = trie.indirect;
	row.extra_type = trie.entry;
	row.repeat = TRIE_CHILDREN;
	row.stride = (uint32_t)trie.child;
	return pointers_push(flat, ret, &row, trie.children, ".children[]");
}
