/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SCHEMA_INT_H
#define SCHEMA_INT_H

#include "schema.h"

#define SCHEMA_MAGIC "ASKSCHEM"
/*
 * Versions 3 and 4 are read, too: their struct ask_layout is the first part of ours, and what is
 * behind it is zero; a body of version 3 is not packed. 1 and 2 had another one.
 */
#define SCHEMA_VERSION 5u
#define SCHEMA_VERSION_SHORT 4u
#define SCHEMA_VERSION_PLAIN 3u
#define SCHEMA_SHORT_LAYOUT 272u
#define SCHEMA_SECTIONS_MAX 256u
/* A body is never larger; a bound on what a hostile file can make us allocate. */
#define SCHEMA_BODY_MAX ((uint64_t)1 << 30)

#define SCHEMA_SECTION_LAYOUT 2u
/* The section that is no array: the line programs. */
#define SCHEMA_SECTION_LINES 28u

struct schema_header {
	char magic[8];
	uint32_t version;
	uint32_t reserved;
	uint64_t body_size;
	uint64_t compressed_size;
	uint8_t id[32];
};
_Static_assert(sizeof(struct schema_header) == 64, "the header is 64 bytes");

/* A row of the section table that opens the body. */
struct schema_section_row {
	uint32_t id;
	uint32_t element_size;
	uint64_t count;
	uint64_t offset; /* from the body's start, a multiple of 8 */
};
_Static_assert(sizeof(struct schema_section_row) == 24, "a section row is 24 bytes");

/* A packed body is the body and this many bytes before it. */
#define SCHEMA_PACK_HEAD 16u
/* Appends a body that schema_write() made to `ret`, turned so that it compresses well. */
void schema_pack(const struct strbuf *body, struct strbuf *ret);
/*
 * Undoes schema_pack(): SCHEMA_PACK_HEAD + size bytes at `packed` become `size` bytes at
 * `body`. Nothing of `packed` is trusted; what comes out is still to be checked.
 */
struct error *schema_unpack(const char *name, const unsigned char *packed, unsigned char *body,
			    uint64_t size);

/* enum ask_reason and one more than its last. */
#define REASONS ((uint32_t)ASK_REASONS)

/*
 * A check in progress. `work` bounds what spans that overlap could add up to: a
 * real schema refers to each row about once.
 */
struct schema_check {
	const char *name; /* of the file, for messages */
	const struct schema *schema;
	uint64_t work;
};
#define SCHEMA_WORK_MAX ((uint64_t)1 << 28)

/* All that readers of a schema rely on. ERROR_DAMAGED names the first row that is wrong. */
struct error *schema_check(const char *name, const struct schema *schema);
struct error *schema_check_types(struct schema_check *check);
struct error *schema_check_programs(struct schema_check *check);
struct error *schema_check_symbols(struct schema_check *check);

/* Counts `n` rows of work; an error when it is more than any real schema needs. */
struct error *schema_check_spend(struct schema_check *check, uint64_t n);
/* "FILE: damaged schema: ARRAY[row]: message" */
struct error *schema_check_fail(const struct schema_check *check, const char *array, size_t row,
				const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
