/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BINARY_INT_H
#define BINARY_INT_H

#include "binary.h"

#include <elf.h>
#include <elfutils/libdw.h>
#include <libelf.h>

/* Attributes that the Go linker adds (cmd/internal/dwarf, DW_AT_go_*). */
#define DW_AT_go_kind 0x2900
#define DW_AT_go_key 0x2901
#define DW_AT_go_elem 0x2902
#define DW_AT_go_embedded_field 0x2903
#define DW_AT_go_runtime_type 0x2904
#define DW_AT_go_dict_index 0x2906
#define DW_AT_go_closure_offset 0x2907 /* Go 1.23 */

/*
 * Kinds of types as DW_AT_go_kind and type descriptors have them: reflect.Kind, abi.Kind. Go
 * source: internal/abi/type.go (Go 1.20 to 1.26).
 */
enum go_kind {
	GO_KIND_ARRAY = 17,
	GO_KIND_CHAN = 18,
	GO_KIND_FUNC = 19,
	GO_KIND_INTERFACE = 20,
	GO_KIND_MAP = 21,
	GO_KIND_POINTER = 22,
	GO_KIND_SLICE = 23,
	GO_KIND_STRING = 24,
	GO_KIND_STRUCT = 25,
	GO_KIND_UNSAFE_POINTER = 26,
	GO_KINDS = 32,
};
#define GO_KIND_MASK 31u /* older versions keep flags above */

/* DIEs nested deeper than this are not from a compiler. */
#define DIE_MAX_DEPTH 256

/* ---- bounded reading ---- */

/* A cursor that never leaves [p, end): a read beyond it gives 0 and sets `bad`. */
struct cursor {
	const uint8_t *p, *end;
	bool bad;
};

static inline size_t cursor_left(const struct cursor *cursor)
{
	return (size_t)(cursor->end - cursor->p);
}

/* `size` bytes, or NULL when they are not there. */
static inline const uint8_t *cursor_take(struct cursor *cursor, uint64_t size)
{
	const uint8_t *data = cursor->p;

	if (cursor->bad || size > cursor_left(cursor)) {
		cursor->bad = true;
		return NULL;
	}
	cursor->p += size;
	return data;
}

/* A little-endian number of `size` bytes, at most 8. */
static inline uint64_t cursor_number(struct cursor *cursor, size_t size)
{
	const uint8_t *data = cursor_take(cursor, size);
	uint64_t value = 0;

	for (size_t i = 0; data && i < size; i++)
		value |= (uint64_t)data[i] << (8 * i);
	return value;
}

static inline uint8_t cursor_u8(struct cursor *cursor)
{
	return (uint8_t)cursor_number(cursor, 1);
}

/* LEB128; more than 64 bits are bad. */
uint64_t cursor_uleb(struct cursor *cursor);
int64_t cursor_sleb(struct cursor *cursor);
/* A NUL-terminated text, or NULL. */
const char *cursor_text(struct cursor *cursor);

/* ---- image: an ELF file in memory ---- */

struct image {
	const char *path;
	unsigned char *data; /* the whole file, malloc'ed */
	size_t size;
	Elf *elf; /* over `data` */
	const Elf64_Phdr *segments;
	size_t segments_count;
	const Elf64_Shdr *sections; /* as in the file, before libelf decompresses any */
	const char *const *section_names;
	size_t sections_count;
	uint16_t type;		  /* ET_EXEC, ET_DYN */
	const char *go_build_id;  /* "" when none */
	const char *gnu_build_id; /* hex, "" when none */
};

/* Reads and checks a file. ERROR_TARGET: not x86-64 Linux ELF; ERROR_DAMAGED: cut or wild. */
struct error *image_open(struct arena *arena, const char *path, struct image *ret);
void image_close(struct image *image);
/* Index of the first section of that name that has bytes in the file; false when there is none. */
bool image_section(const struct image *image, const char *name, size_t *ret);
/* Bytes of a section as they are in the file. */
struct cursor image_bytes(const struct image *image, size_t section);
/*
 * Bytes of a debug section, decompressed. libdw has decompressed them when it
 * was opened, so this comes after dwarf_begin_elf(). Empty when there is none.
 */
struct cursor image_debug(const struct image *image, const char *name);
/* `size` bytes of the file that are loaded at `address`, or NULL. */
const uint8_t *image_loaded(const struct image *image, uint64_t address, uint64_t size);

/* ---- facts.c: symbols, relocations, build info ---- */

struct symbol {
	uint64_t address, size;
};
struct dictionary;
struct relocation { /* R_X86_64_RELATIVE: the word at `offset` is load bias + addend */
	uint64_t offset;
	int64_t addend;
};

/* ---- line.c ---- */

/* File names and the line program of one unit. */
struct line_table {
	const char *const *files; /* by the index that DWARF uses, "" where there is none */
	size_t files_count;
	struct cursor program;
	uint8_t min_instruction, opcode_base, line_range;
	int8_t line_base;
	const uint8_t *lengths; /* of standard opcodes, opcode_base - 1 of them */
};

/* ---- the model ---- */

struct type_node {
	struct binary_type type; /* first: a binary_type of ours is a type_node */
	enum { TYPE_NEW, TYPE_FILLED, TYPE_CHECKING, TYPE_CHECKED } state;
};

struct binary {
	struct arena *arena;
	struct image image; /* the program */
	struct image debug; /* its separate debug info; elf is NULL when there is none */
	Dwarf *dwarf;	    /* of `debug` or `image` */
	const struct image *dwarf_image;
	struct binary_info info;

	/* by image.c and facts.c */
	struct symbol *symbols;
	struct strmap symbol_index;	      /* name -> index in symbols */
	VEC(struct dictionary) dictionaries; /* sorted by name at first use */
	bool dictionaries_sorted;
	struct map any_of_shape; /* struct binary_type * of a shape -> that of its `any` */
	const struct relocation *relocations; /* sorted by offset */
	size_t relocations_count;

	/* by walk.c */
	VEC(Dwarf_Off) units; /* CU DIEs of Go units */
	VEC(struct binary_function) functions;
	VEC(struct binary_inline) inlines; /* while walking: of the current function */
	struct map names;		   /* subprogram DIE -> const char *, in the arena */
	struct map trampolines;		   /* subprogram DIE -> 1: a wrapper the compiler made */
	struct strmap type_index;	   /* name -> DIE */
	VEC(const char *) type_names;	   /* keys of type_index; sorted at first use */
	bool type_names_sorted;
	struct strmap global_index;	   /* name -> DIE */
	VEC(Dwarf_Off) described;	   /* types with a descriptor in the program */

	/* by instance.c, at first use */
	struct strmap instance_index; /* name -> index in instance_first */
	const char *const *instance_names;
	const uint32_t *instance_first; /* one more than names */
	size_t instance_names_count;
	const struct binary_instance *instances;
	bool instances_done;

	/* by type.c */
	struct map types; /* DIE -> struct type_node * */
	VEC(struct type_node *) type_queue;
	const struct binary_type *const *runtime_types; /* at first use */
	size_t runtime_types_count;
	const struct binary_descriptor *descriptors; /* at first use */
	size_t descriptors_count;
	struct strmap globals; /* name -> struct binary_global * */

	/* by line.c */
	struct map line_tables; /* offset in .debug_line -> struct line_table * */
	struct strmap files;	/* name -> interned const char * */
	const struct binary_line *lines;
	size_t lines_count;
	bool lines_done;

	/* by code.c */
	VEC(uint64_t) morestack; /* entries of runtime.morestack* */
	bool morestack_done;
};

/* facts.c */
struct error *facts_read(struct binary *binary);
/* After the walk: addresses that need DWARF when there is no symbol table. */
struct error *facts_addresses(struct binary *binary);

/* walk.c: functions, inline trees, name indexes. */
struct error *walk_units(struct binary *binary);
/* Whether a unit with this DW_AT_producer (NULL: none) was compiled so that locals share no slots. */
bool walk_own_slots(const char *producer);
/* The DIE at an offset; false when there is none. */
bool die_at(struct binary *binary, Dwarf_Off offset, Dwarf_Die *ret);
/* First child or next sibling; 0 found, 1 none. Never goes backwards, so that every walk ends. */
struct error *die_child(struct binary *binary, Dwarf_Die *die, Dwarf_Die *ret, int *result);
struct error *die_sibling(struct binary *binary, Dwarf_Die *die, int *result);
/* An unsigned constant; false when it is not there or not one. */
bool die_number(Dwarf_Die *die, unsigned attribute, uint64_t *ret);
bool die_flag(Dwarf_Die *die, unsigned attribute);
/* Offset of the DIE that an attribute refers to. */
bool die_reference(Dwarf_Die *die, unsigned attribute, Dwarf_Off *ret);
/* Code ranges of a DIE, empty ones left out, sorted. */
struct error *die_ranges(struct binary *binary, Dwarf_Die *die, const struct binary_range **ret,
			 size_t *count);
/* ERROR_DAMAGED about the DWARF at a DIE. */
struct error *die_damaged(struct binary *binary, Dwarf_Die *die, const char *what);

/* type.c: never NULL; UNKNOWN for what is not understood. */
const struct binary_type *type_at(struct binary *binary, Dwarf_Off offset);
/* Makes a filled type UNKNOWN when it contradicts itself. */
void type_check(struct type_node *node);

/* ---- dictionary.c: type parameters ---- */

/*
 * A type argument is known by its shape only. A shape is the underlying type, so values
 * are what they seem, but pointers may all be of this one: then what they point to is
 * unknown (Go source: cmd/compile/internal/noder/reader.go, shapify()).
 */
#define ANY_POINTER_SHAPE "go.shape.*uint8"

/* The dictionary of an instantiation of a generic function or type. */
struct dictionary {
	const char *name; /* of its symbol: "main..dict.F[main.T]" */
	uint64_t address, size;
};
bool dictionary_is_symbol(const char *name);
/*
 * Gives variables of an instance of `function` that have a dictionary index their concrete
 * types, where these are certain; makes an `any` of those whose shape says nothing where the
 * frame tells what they are.
 */
void dictionary_resolve(struct binary *binary, const char *function,
			struct binary_variable *variables, size_t count);

/* ---- descriptor.c: types in the running program ---- */

/* DW_AT_go_runtime_type: an offset from runtime.types, 0 when there is none. */
uint64_t die_runtime_type(Dwarf_Die *die);
/* Forgets a descriptor that is not this type's. */
void descriptor_check(struct binary *binary, struct binary_type *type);

/* line.c */
struct error *line_table_read(struct binary *binary, uint64_t offset,
			      const struct line_table **ret);
/* Calls row() for each row until it returns an error; file is NULL at the end of a sequence. */
struct error *line_table_run(struct binary *binary, const struct line_table *table,
			     struct error *(*row)(void *arg, uint64_t pc, const char *file,
						  uint32_t line),
			     void *arg);

/* ---- location.c: from expressions to pieces that can be trusted; pure ---- */

/* One entry as DWARF has it. value_offset is not set yet. */
struct location_entry {
	uint64_t lo, hi;
	const struct binary_piece *pieces;
	size_t count;
	bool whole; /* no DW_OP_piece: one piece without a size */
};

/*
 * `list`: the entries come from a location list, else from a plain expression.
 * Sorts `entries`. See location.c for what is certain and what is not.
 */
void location_normalise(struct arena *arena, const struct binary_type *type, bool list,
			struct location_entry *entries, size_t entries_count,
			const struct binary_location **ret, size_t *count);

/* ---- frame.c: pure ---- */
void frame_parse(struct arena *arena, struct cursor section, const struct binary_cfi **ret,
		 size_t *count);

#endif
