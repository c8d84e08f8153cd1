/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BINARY_DESCRIPTORS_H
#define BINARY_DESCRIPTORS_H

#include "binary_int.h"

/*
 * Type descriptors as data of the program: what typelinks.c, which finds and names
 * them, and composite.c, which makes types of them, share. Descriptors are named by
 * their offset from runtime.types. Nothing in them is believed.
 */

struct descriptor_queued {
	uint64_t descriptor;
	struct type_node *node;
};

struct descriptors {
	struct binary *binary;
	struct arena scratch;
	uint64_t size, flag, kind, str;	 /* offsets of abi.Type's members */
	uint64_t elem[GO_KINDS]; /* of Elem, where a kind has it; 0: it has not */
	uint64_t array_count;		 /* of ArrayType.Len, 0 unknown */
	uint64_t methods;		 /* of InterfaceType.Methods, 0 unknown */
	uint64_t fields;		 /* of StructType.Fields, 0 unknown */
	struct {			 /* of abi.StructField's members, and its own size */
		uint64_t name, type, offset, size;
	} field;
	uint64_t fields_left; /* there can be no more in the program: each is in one type */
	uint64_t names_left;  /* bytes: descriptors that share all of a name would never end */
	struct map nodes;     /* descriptor -> struct type_node *, those of debug info among them */
	VEC(struct descriptor_queued) queue; /* those that are not */
	VEC(struct binary_descriptor) found;
};

/* ---- typelinks.c ---- */

/* The struct of which descriptors of a kind begin, internal/abi.Type where there is no other. */
const struct binary_type *descriptor_layout(struct binary *binary, unsigned kind);
/* The member with one of two names, or NULL. */
const struct binary_field *descriptor_member(const struct binary_type *type, const char *name,
					     const char *old_name);
/* A number among the type data; false when it lies outside. */
bool descriptor_number(struct descriptors *walk, uint64_t offset, size_t size, uint64_t *ret);
/* The same of a pointer to type data, as an offset from runtime.types. */
bool descriptor_pointer(struct descriptors *walk, uint64_t offset, uint64_t *ret);
/*
 * An abi.Name: a byte of flags, the length as a varint, the bytes. In `scratch`. NULL: none that
 * makes sense.
 */
const char *descriptor_name(struct descriptors *walk, uint64_t offset);
/* The type of a descriptor: of debug info, else one that is still to be filled. */
struct type_node *descriptor_node(struct descriptors *walk, uint64_t descriptor);

/* ---- composite.c ---- */

/* Places of members, from DWARF. */
void composite_begin(struct descriptors *walk);
/* What a descriptor says of a type that has its name alone. UNKNOWN when that is not enough. */
void composite_fill(struct descriptors *walk, uint64_t descriptor, unsigned kind,
		    struct binary_type *type);

#endif
