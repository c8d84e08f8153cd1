/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DUMP_INT_H
#define DUMP_INT_H

#include "dump.h"

#define DUMP_MAGIC "ASKDUMP1"
#define DUMP_VERSION 2u /* docs/FORMATS.md says what changed */
#define DUMP_OLDEST 1u	/* that is still read */

struct dump_header {
	char magic[8];
	uint32_t version;
	uint32_t flags; /* none are defined: 0 */
};
_Static_assert(sizeof(struct dump_header) == 16, "the header is 16 bytes");

struct dump_chunk_header {
	uint32_t kind, process;
	uint64_t size; /* of the payload, without its padding */
	uint64_t hash; /* XXH64, seeded by dump_seed() */
};
_Static_assert(sizeof(struct dump_chunk_header) == 24, "a chunk header is 24 bytes");
_Static_assert(sizeof(struct dump_process) == 88, "struct dump_process is the file format");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "structs are written as they are");

/* A flipped bit in kind or process would hand good bytes to the wrong reader. */
static inline uint64_t dump_seed(uint32_t kind, uint32_t process)
{
	return kind | (uint64_t)process << 32;
}

/* The number of texts in struct dump_process_texts. */
#define DUMP_TEXTS 7

#endif
