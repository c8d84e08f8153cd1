/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BINARY_H
#define BINARY_H

#include "base.h"
#include "schema.h" /* enum schema_kind */

/*
 * binary: a read-only model of a Go program: ELF, DWARF 4 and 5, Go types, build
 * IDs. Knows nothing of specs. Everything lives in the arena given to
 * binary_open(); addresses are link-time. Only Go units count: units of other
 * languages (cgo) are skipped, but their presence is no error.
 */
struct binary;

/* Identity and facts of the file. Texts are never NULL; "" when absent. */
struct binary_info {
	const char *path;
	const char *go_build_id;    /* .note.go.buildid */
	const char *gnu_build_id;   /* .note.gnu.build-id, hex */
	const char *go_version;	    /* .go.buildinfo: "go1.26.8" */
	bool pie;		    /* ET_DYN */
	uint64_t text, text_size;   /* runtime.text to runtime.etext */
	uint64_t types, types_size; /* runtime.types to runtime.etypes */
	int32_t tls_g; /* where from the FS base on a thread's g is: runtime.tlsg in the program's
			* thread-local storage */
};

/*
 * Opens `path`; debug info is taken from it, else from `debug_path` (matched by
 * build ID when it is not NULL), else from /usr/lib/debug/.build-id.
 * ERROR_TARGET: not an ELF file for x86-64 Linux, not Go, other build ID, stripped.
 * ERROR_DAMAGED: ELF or DWARF that contradicts itself.
 */
struct error *binary_open(struct arena *arena, const char *path, const char *debug_path,
			  struct binary **ret);
/* Closes the ELF and DWARF handles. What lives in the arena stays. */
void binary_close(struct binary *binary);
const struct binary_info *binary_info(const struct binary *binary);

/* ---- types ---- */

/*
 * A Go type. Equal types are the same pointer (a `typedef T` of a `struct T` is that
 * struct); a typedef with a name of its own keeps it, with the kind and fields of what
 * it names. What is not understood, or contradicts itself, is UNKNOWN. Types refer
 * to each other in cycles, but no type contains itself.
 */
struct binary_field {
	const char *name;
	const struct binary_type *type;
	uint64_t offset;
	bool embedded;
};
struct binary_type {
	const char *name; /* "*main.clientState"; Go's spelling with full import paths */
	enum schema_kind kind;
	uint64_t size;
	uint64_t count; /* ARRAY */
	/* POINTER SLICE ARRAY MAP CHAN; NULL for others, and for *T of unknown T */
	const struct binary_type *elem;
	const struct binary_type *key; /* MAP */
	/* MAP CHAN: the runtime's struct that it points to (hash<K,V>, map<K,V>, hchan<T>); NULL
	 * unknown */
	const struct binary_type *internals;
	/* STRUCT, TIME; also the words of STRING SLICE INTERFACE ANY */
	const struct binary_field *fields;
	size_t fields_count;
	uint64_t runtime_type; /* offset from runtime.types (DW_AT_go_runtime_type), 0 none */
	uint64_t die;	       /* offset in .debug_info: its identity */
};
/* The type by its full Go name, or NULL. */
const struct binary_type *binary_type_find(struct binary *binary, const char *name);
/* Every name that binary_type_find() knows, sorted, distinct. */
const char *const *binary_type_names(struct binary *binary, size_t *count);
/* Every type that has a descriptor in the program (runtime_type is not 0), sorted by it, distinct.
 */
const struct binary_type *const *binary_runtime_types(struct binary *binary, size_t *count);
/*
 * Every type descriptor that can be found, sorted, distinct: also those of types that
 * debug info leaves out: of these there is a name, and a type unless it is a map or channel.
 */
struct binary_descriptor {
	uint64_t offset; /* from runtime.types */
	const char *name;
	const struct binary_type *type; /* NULL: not described */
};
const struct binary_descriptor *binary_descriptors(struct binary *binary, size_t *count);
/*
 * Whether an interface holds a value of the type itself instead of its address; read
 * from the type's descriptor. false for a type without one.
 */
bool binary_type_is_direct(struct binary *binary, const struct binary_type *type);

/* ---- functions ---- */

/* Half-open range of link-time addresses. */
struct binary_range {
	uint64_t lo, hi;
};

/* A node of a concrete function's inline tree. */
struct binary_inline {
	const char *name;      /* full Go name of the inlined function */
	uint32_t parent;       /* index in `inlines`, UINT32_MAX: the function itself */
	const char *call_file; /* where the call stood; "" unknown */
	uint32_t call_line;
	const struct binary_range *ranges;
	size_t ranges_count;
	uint64_t die;
};

/* A concrete function: a subprogram with code. The compiler's wrappers are among them. */
struct binary_function {
	const char *name; /* full Go name: "main.(*server).GetInfo", "main.F[go.shape.int]" */
	const char *file; /* of its declaration, "" unknown */
	uint32_t line;
	uint64_t lo, hi;
	const struct binary_inline *inlines; /* parents before children, else by address */
	size_t inlines_count;
	uint64_t die;
	bool closure; /* it has captured variables, and DWARF says where (Go 1.23) */
	/* Each local in memory has a stack slot of its own: compiled with -N, or by Go < 1.23. */
	bool own_slots;
};
/* All concrete Go functions, sorted by address. */
const struct binary_function *binary_functions(const struct binary *binary, size_t *count);

/* One place where a function's code is: out of line, or inlined in another one. */
struct binary_instance {
	const struct binary_function *function; /* the concrete one */
	uint32_t inline_index;			/* in function->inlines, UINT32_MAX: out of line */
};
/*
 * All instances of the function with exactly this name: the concrete one and
 * every inlined copy, by address. Empty when the binary has no such function.
 * Wrappers that the compiler made (DW_AT_trampoline, or beside a Go function of the same
 * name) are no instances; what is inlined into them is.
 */
const struct binary_instance *binary_instances(struct binary *binary, const char *name,
					       size_t *count);
/* Every function name that has an instance, sorted, distinct. */
const char *const *binary_function_names(struct binary *binary, size_t *count);

/* ---- variables and locations ---- */

enum binary_piece_kind {
	BINARY_PIECE_CFA,	  /* at CFA + offset */
	BINARY_PIECE_CFA_DEREF,	  /* at *(CFA + offset): the variable escaped to the heap */
	BINARY_PIECE_REGISTER,	  /* in DWARF register `reg`, as far as DWARF knows */
	BINARY_PIECE_STATIC,	  /* at link-time address `offset` */
	BINARY_PIECE_EMPTY,	  /* no location, or none that is certain to be this part's */
	BINARY_PIECE_UNSUPPORTED, /* an operator that Go does not emit and we do not understand */
	BINARY_PIECE_LEAF,	  /* a REGISTER that is certain where a thread is about to run the PC */
	BINARY_PIECE_DICTIONARY,  /* word `reg` of the dictionary that *(CFA + offset) leads to */
};
struct binary_piece {
	enum binary_piece_kind kind;
	int64_t offset;
	uint32_t reg;
	uint32_t value_offset; /* where in the variable this piece belongs */
	uint32_t size;	       /* bytes */
};
/*
 * Where a variable is while the PC is in [lo, hi). A plain expression covers the
 * whole scope. A list's entries are as DWARF has them: they may reach beyond the
 * scope, where they mean nothing. Pieces are in order of value_offset and cover the
 * type exactly; padding belongs to the piece before it. They are *not* DWARF's
 * literal ones: Go leaves out dead parts and padding without a trace, and the type
 * decides where a piece belongs (essay in location.c). A contradictory location has one
 * EMPTY piece.
 */
struct binary_location {
	uint64_t lo, hi;
	const struct binary_piece *pieces; /* none: optimised out */
	size_t pieces_count;
	bool contradictory; /* pieces add up to more than the type, or two places at one PC */
};

struct binary_variable {
	const char *name; /* Go's: "cs", "~r0"; an escaped variable, DWARF's "&x", is "x" */
	/*
	 * Of a type parameter the concrete type where that is certain, else its shape. Where that
	 * says nothing and the frame has the dictionary: an `any`, whose first word is in there.
	 */
	const struct binary_type *type;
	bool parameter;
	bool result;	/* DW_AT_variable_parameter */
	uint32_t line;	/* of its declaration, 0 unknown */
	uint32_t block; /* depth of the lexical block that declares it, 0 = the function's own */
	uint64_t
		closure_offset; /* of a captured variable in the closure object (Go 1.23), 0 none */
	const struct binary_type
		*closure_type;		  /* of what lies there; a pointer: captured by reference */
	uint64_t dictionary_index; /* of its type in the function's dictionary, counted from 1; 0 none */
	const struct binary_range *scope; /* of that lexical block; the instance's own for 0 */
	size_t scope_count;
	const struct binary_location *locations; /* sorted by lo */
	size_t locations_count;
};
/* Variables of one instance, in DIE order, without duplicate DIEs. ERROR_DAMAGED: broken DWARF. */
struct error *binary_variables(struct binary *binary, const struct binary_instance *instance,
			       const struct binary_variable **ret, size_t *count);

/* A package-level variable by its full Go name. NULL when there is none. */
struct binary_global {
	const char *name;
	const struct binary_type *type;
	uint64_t address;
};
const struct binary_global *binary_global_find(struct binary *binary, const char *name);

/* ---- code ---- */

/* Return addresses of all calls in [lo, hi), sorted; calls of runtime.morestack are left out. */
struct error *binary_call_sites(struct binary *binary, uint64_t lo, uint64_t hi,
				const uint64_t **ret, size_t *count);

/* An instruction: what it leaves in the registers, and where control goes from there. */
struct binary_instruction {
	uint64_t pc;
	uint64_t target; /* of a direct jump, 0: it is none */
	uint16_t writes; /* bit n: DWARF register n may hold something else afterwards */
	uint8_t size;
	bool plain;   /* of a kind that is known to write no more than its one destination */
	bool call;    /* control comes back, with anything in the registers */
	bool ends;    /* control does not go on behind it */
	bool unknown; /* not decoded, or a jump to where nobody knows */
};
/* All instructions in [lo, hi). */
struct error *binary_instructions(struct binary *binary, uint64_t lo, uint64_t hi,
				  const struct binary_instruction **ret, size_t *count);
/*
 * Splits the locations of a variable of `function` that was never assigned to after its
 * declaration: where its registers are certain they become LEAF. See registers.c.
 */
void registers_certify(struct arena *arena, const struct binary_instruction *code, size_t count,
		       struct binary_variable *variable);

/* A row of the line table: holds until the next row. Rows of Go units, sorted, distinct. */
struct binary_line {
	uint64_t pc;
	const char *file; /* interned: equal names are the same pointer; NULL: end of sequence */
	uint32_t line;
};
struct error *binary_lines(struct binary *binary, const struct binary_line **ret, size_t *count);

/* From this PC on CFA = SP + cfa (0: unknown). Rows of .debug_frame, sorted by PC. */
struct binary_cfi {
	uint64_t pc;
	uint32_t cfa;
};
struct error *binary_cfi(struct binary *binary, const struct binary_cfi **ret, size_t *count);

/* Address and size of an ELF symbol; false when there is none. */
bool binary_symbol(struct binary *binary, const char *name, uint64_t *address, uint64_t *size);
/* Copies initialised bytes, relocated, at a link-time address; false when not in the file. */
bool binary_read(struct binary *binary, uint64_t address, void *data, size_t size);
/* A Go string array variable (runtime.waitReasonStrings), read from the file's data. */
struct error *binary_string_array(struct binary *binary, const char *name, const char *const **ret,
				  size_t *count);

#endif
