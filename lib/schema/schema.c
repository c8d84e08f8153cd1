/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A schema as bytes.
 *
 * askc knows everything about a binary once; askance must know it again on a host
 * with neither the binary nor the spec. What travels is a struct schema, flattened:
 * arrays of fixed-size structs that refer to each other by index and to texts by
 * offset. There is nothing to relocate, so reading is one decompression, one look
 * at the section table and one pass of checks, and the arrays are used where they lie.
 *
 *	header	magic, version, sizes, SHA-256 of the body
 *	body	(one zstd frame, of what pack.c makes of it)
 *		u32 number of sections, u32 0
 *		section table: {id, element size, count, offset}
 *		the arrays, each at a multiple of 8, zeros between them
 *
 * arrays.def has a row for each array, and three things are made from it: the
 * table written here, the table accepted here, and the checks of every index in
 * check.c. A file may come from anywhere, so no reader of a schema checks an index
 * again: what schema_check() has passed is safe to follow. schema_write() runs the
 * same checks, so askc cannot write what askance would refuse.
 *
 * The id is the hash of the uncompressed body: it names the content, whatever
 * version of zstd packed it. The level is fixed and packing is single-threaded, so
 * that equal schemas are equal bytes.
 */
#include "schema_int.h"

#include <nettle/sha2.h>
#include <stdlib.h>
#include <zstd.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	       "arrays are used as they lie in the file");

/* On a Go binary's bytes level 9 takes twice the time and saves 5 %. */
#define LEVEL 5
/* The densest zstd block stands for 128 KiB in 4 bytes: a file cannot hold more than this allows.
 */
#define RATIO_MAX 32768u

static const char *const kind_names[] = {
#define SCHEMA_KIND(name, text, sql) [SCHEMA_KIND_##name] = text,
#include "kinds.def"
#undef SCHEMA_KIND
};

static const char *const kind_sql[] = {
#define SCHEMA_KIND(name, text, sql) [SCHEMA_KIND_##name] = sql,
#include "kinds.def"
#undef SCHEMA_KIND
};

/* Go source: sync/atomic/type.go: each keeps its number in a field v; Bool's is a uint32. */
const struct schema_field *schema_atomic_number(const struct schema *schema, uint32_t type)
{
	static const char *const names[] = {"Bool",   "Int32",	"Int64",
					    "Uint32", "Uint64", "Uintptr"};
	static const char package[] = "sync/atomic.";
	const struct schema_type *t = &schema->types[type];
	const char *name = schema_text(schema, t->name);
	bool known = false;

	if (t->kind != SCHEMA_KIND_STRUCT || strncmp(name, package, sizeof(package) - 1) != 0)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		known |= strcmp(name + sizeof(package) - 1, names[i]) == 0;
	for (uint32_t i = 0; known && i < t->fields; i++) {
		const struct schema_field *field = &schema->fields[t->first_field + i];
		uint32_t kind = schema->types[field->type].kind;

		if (strcmp(schema_text(schema, field->name), "v") == 0)
			return kind == SCHEMA_KIND_INT || kind == SCHEMA_KIND_UINT ? field : NULL;
	}
	return NULL;
}

const char *schema_kind_name(enum schema_kind kind)
{
	assert((unsigned)kind < SCHEMA_KINDS);
	return kind_names[kind];
}

const char *schema_reason_text(uint32_t reason)
{
	static const char *const texts[] = {
#define ASK_REASON(name, text) text,
#include "abi/reasons.def"
#undef ASK_REASON
	};

	return reason < ARRAY_SIZE(texts) ? texts[reason] : "unknown reason";
}

const char *schema_kind_sql(enum schema_kind kind)
{
	assert((unsigned)kind < SCHEMA_KINDS);
	return kind_sql[kind];
}

const char *schema_column_type_name(enum schema_column_type type)
{
	static const char *const names[] = {
#define ROW(type) #type,
		SCHEMA_COLUMN_TYPE_ROWS(ROW)
#undef ROW
	};

	assert((unsigned)type < SCHEMA_COLUMN_TYPES);
	return names[type];
}

/* Where the rows of a section are in memory. Records have one row. */
struct section {
	const char *name;
	uint32_t id, element_size;
	size_t data;  /* offset in struct schema: of the record, or of the pointer to the rows */
	size_t count; /* offset in struct schema of the uint32_t count; 0: a record */
};

/* `lines` is no array of rows: section_rows() and read_section() know it. */
#define BYTES_strings offsetof(struct schema, strings), offsetof(struct schema, strings_size)
#define BYTES_lines 0, 0

static const struct section sections[] = {
#define SCHEMA_BYTES(id, name) {#name, id, 1, BYTES_##name},
#define SCHEMA_RECORD(id, member, type, rules)                                                     \
	{#member, id, sizeof(type), offsetof(struct schema, member), 0},
#define SCHEMA_ARRAY_OF(id, member, type, rules)                                                   \
	{#member, id, sizeof(type), offsetof(struct schema, member),                               \
	 offsetof(struct schema, member##_count)},
#include "arrays.def"
#undef SCHEMA_RECORD
#undef SCHEMA_ARRAY_OF
};

/* The rows of a section of `schema`. */
static void section_rows(const struct schema *schema, const struct section *section,
			 const void **data, uint64_t *count)
{
	const char *base = (const char *)schema;

	if (section->id == SCHEMA_SECTION_LINES) {
		*data = schema->lines.data;
		*count = schema->lines.size;
	} else if (!section->count) {
		*data = base + section->data;
		*count = 1;
	} else {
		uint32_t rows;

		memcpy(data, base + section->data, sizeof(*data));
		memcpy(&rows, base + section->count, sizeof(rows));
		*count = rows;
	}
}

static void section_set_rows(struct schema *schema, const struct section *section, const void *data,
			     uint64_t count, uint32_t element_size)
{
	char *base = (char *)schema;

	if (section->id == SCHEMA_SECTION_LINES) {
		schema->lines = (struct schema_blob){data, (size_t)count};
	} else if (!section->count) {
		memcpy(base + section->data, data, element_size);
	} else {
		uint32_t rows = (uint32_t)count;

		memcpy(base + section->data, &data, sizeof(data));
		memcpy(base + section->count, &rows, sizeof(rows));
	}
}

static void pad_to_8(struct strbuf *buf)
{
	strbuf_repeat(buf, '\0', -buf->length & 7);
}

static struct error *write_body(const struct schema *schema, struct strbuf *body)
{
	uint32_t head[2] = {ARRAY_SIZE(sections), 0};
	uint64_t offset = sizeof(head) + ARRAY_SIZE(sections) * sizeof(struct schema_section_row);
	const void *data;
	uint64_t count;

	strbuf_add(body, head, sizeof(head));
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++) {
		struct schema_section_row row = {sections[i].id, sections[i].element_size, 0,
						 offset};

		section_rows(schema, &sections[i], &data, &count);
		row.count = count;
		strbuf_add(body, &row, sizeof(row));
		offset += (count * row.element_size + 7) & ~(uint64_t)7;
	}
	if (offset > SCHEMA_BODY_MAX)
		return error_new(ERROR_IO, "schema of %" PRIu64 " bytes is larger than %" PRIu64,
				 offset, SCHEMA_BODY_MAX);
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++) {
		section_rows(schema, &sections[i], &data, &count);
		strbuf_add(body, data, (size_t)count * sections[i].element_size);
		pad_to_8(body);
	}
	return NULL;
}

static void hash(const void *data, size_t size, uint8_t *ret)
{
	struct sha256_ctx context;

	sha256_init(&context);
	sha256_update(&context, size, data);
	sha256_digest(&context, SHA256_DIGEST_SIZE, ret);
}

static void free_context(ZSTD_CCtx **context)
{
	ZSTD_freeCCtx(*context);
}

struct error *schema_write(struct schema *schema, struct strbuf *ret)
{
	cleanup_strbuf struct strbuf body = STRBUF_INIT, packed = STRBUF_INIT;
	__attribute__((cleanup(free_context))) ZSTD_CCtx *context = ZSTD_createCCtx();
	struct schema_header header = {.magic = SCHEMA_MAGIC, .version = SCHEMA_VERSION};
	size_t at = ret->length, room, size;
	char *out;

	if (!context)
		base_out_of_memory();
	TRY(schema_check("schema to be written", schema));
	TRY(write_body(schema, &body));
	schema_pack(&body, &packed);
	room = ZSTD_compressBound(packed.length);
	out = strbuf_reserve(ret, sizeof(header) + room);
	ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, LEVEL);
	size = ZSTD_compress2(context, out + sizeof(header), room, packed.data, packed.length);
	if (ZSTD_isError(size)) {
		strbuf_truncate(ret, at);
		return error_new(ERROR_IO, "cannot compress the schema: %s",
				 ZSTD_getErrorName(size));
	}
	header.body_size = body.length;
	header.compressed_size = size;
	hash(body.data, body.length, header.id);
	memcpy(out, &header, sizeof(header));
	strbuf_commit(ret, sizeof(header) + size);
	memcpy(schema->id, header.id, sizeof(schema->id));
	return NULL;
}

/* Finds the section table in a body, having checked that it is whole. */
static struct error *read_table(const char *name, const unsigned char *body, uint64_t size,
				struct schema_section_row **ret, uint32_t *ret_count)
{
	uint32_t count;

	if (size < 8)
		return error_new(ERROR_DAMAGED, "%s: damaged schema: no section table", name);
	memcpy(&count, body, sizeof(count));
	if (count > SCHEMA_SECTIONS_MAX || size - 8 < count * sizeof(struct schema_section_row))
		return error_new(ERROR_DAMAGED, "%s: damaged schema: bad section table", name);
	*ret = (struct schema_section_row *)(body + 8);
	*ret_count = count;
	return NULL;
}

static struct error *read_section(const char *name, const struct section *section,
				  const struct schema_section_row *row, const unsigned char *body,
				  uint64_t size, uint32_t version, struct schema *schema)
{
	uint32_t element_size = section->element_size;
	uint64_t bytes;

	if (version <= SCHEMA_VERSION_SHORT && section->id == SCHEMA_SECTION_LAYOUT)
		element_size = SCHEMA_SHORT_LAYOUT;
	if (row->element_size != element_size)
		return error_new(ERROR_DAMAGED,
				 "%s: damaged schema: elements of %s have %u bytes, not %u", name,
				 section->name, row->element_size, element_size);
	if (row->offset % 8 || row->offset > size || row->count > UINT32_MAX ||
	    __builtin_mul_overflow(row->count, row->element_size, &bytes) ||
	    bytes > size - row->offset)
		return error_new(ERROR_DAMAGED, "%s: damaged schema: section %s is out of bounds",
				 name, section->name);
	if (section->data && !section->count && row->count != 1)
		return error_new(ERROR_DAMAGED, "%s: damaged schema: %" PRIu64 " rows of %s", name,
				 row->count, section->name);
	section_set_rows(schema, section, body + row->offset, row->count, element_size);
	return NULL;
}

/*
 * Sections are written in the order of their ids, once each; those that this
 * version does not know are additions of a later one, and are skipped.
 */
static struct error *read_body(const char *name, const unsigned char *body, uint64_t size,
			       uint32_t version, struct schema *schema)
{
	struct schema_section_row *rows;
	uint32_t count, row = 0;

	TRY(read_table(name, body, size, &rows, &count));
	for (uint32_t i = 1; i < count; i++)
		if (rows[i].id <= rows[i - 1].id)
			return error_new(ERROR_DAMAGED, "%s: damaged schema: sections out of order",
					 name);
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++) {
		while (row < count && rows[row].id < sections[i].id)
			row++;
		if (row == count || rows[row].id != sections[i].id)
			return error_new(ERROR_DAMAGED, "%s: damaged schema: section %s is missing",
					 name, sections[i].name);
		TRY(read_section(name, &sections[i], &rows[row], body, size, version, schema));
	}
	return NULL;
}

static struct error *read_header(const char *name, const void *data, size_t size,
				 struct schema_header *ret)
{
	if (size < sizeof(*ret) || memcmp(data, SCHEMA_MAGIC, sizeof(ret->magic)) != 0)
		return error_new(ERROR_DAMAGED, "%s: not an askance schema", name);
	memcpy(ret, data, sizeof(*ret));
	if (ret->version > SCHEMA_VERSION || ret->version < SCHEMA_VERSION_PLAIN)
		return error_new(ERROR_DAMAGED, "%s: schema version %u; this program reads %u",
				 name, ret->version, SCHEMA_VERSION);
	if (ret->reserved)
		return error_new(ERROR_DAMAGED, "%s: damaged schema: bad header", name);
	if (ret->compressed_size != size - sizeof(*ret))
		return error_new(ERROR_DAMAGED, "%s: damaged schema: %zu bytes instead of %" PRIu64,
				 name, size - sizeof(*ret), ret->compressed_size);
	if (ret->body_size > SCHEMA_BODY_MAX || ret->body_size > ret->compressed_size * RATIO_MAX)
		return error_new(ERROR_DAMAGED, "%s: damaged schema: body of %" PRIu64 " bytes",
				 name, ret->body_size);
	return NULL;
}

/* The body, out of its frame and unpacked. */
static struct error *read_frame(struct arena *arena, const char *name,
				const struct schema_header *header, const unsigned char *frame,
				unsigned char **ret)
{
	bool plain = header->version == SCHEMA_VERSION_PLAIN;
	uint64_t size = header->body_size + (plain ? 0 : SCHEMA_PACK_HEAD);
	cleanup_free unsigned char *packed = NULL;
	unsigned char *body, *out;
	size_t n;

	if (ZSTD_findFrameCompressedSize(frame, header->compressed_size) !=
		    header->compressed_size ||
	    ZSTD_getFrameContentSize(frame, header->compressed_size) != size)
		return error_new(ERROR_DAMAGED,
				 "%s: damaged schema: not one zstd frame of %" PRIu64 " bytes",
				 name, size);
	body = out = arena_alloc(arena, header->body_size);
	if (!plain) {
		packed = out = malloc(size);
		if (!packed)
			base_out_of_memory();
	}
	n = ZSTD_decompress(out, size, frame, header->compressed_size);
	if (ZSTD_isError(n) || n != size)
		return error_new(ERROR_DAMAGED, "%s: damaged schema: %s", name,
				 ZSTD_isError(n) ? ZSTD_getErrorName(n) : "short body");
	if (!plain)
		TRY(schema_unpack(name, packed, body, header->body_size));
	*ret = body;
	return NULL;
}

struct error *schema_read(struct arena *arena, const char *name, const void *data, size_t size,
			  struct schema **ret)
{
	const unsigned char *frame = (const unsigned char *)data + sizeof(struct schema_header);
	struct schema *schema = ARENA_NEW(arena, struct schema);
	struct schema_header header;
	uint8_t id[32];
	unsigned char *body;

	TRY(read_header(name, data, size, &header));
	TRY(read_frame(arena, name, &header, frame, &body));
	hash(body, header.body_size, id);
	if (memcmp(id, header.id, sizeof(id)) != 0)
		return error_new(ERROR_DAMAGED, "%s: damaged schema: its hash does not match",
				 name);
	TRY(read_body(name, body, header.body_size, header.version, schema));
	memcpy(schema->id, id, sizeof(id));
	TRY(schema_check(name, schema));
	*ret = schema;
	return NULL;
}

/* An object is a schema and a few maps; beyond this it is not ours. */
#define OBJECT_MAX ((size_t)2 << 30)

struct error *schema_open(struct arena *arena, const char *path, struct schema **ret)
{
	cleanup_free unsigned char *file = NULL;
	const void *section;
	size_t size, section_size;

	TRY(file_read(path, OBJECT_MAX, &file, &size));
	TRY(schema_section(path, file, size, &section, &section_size));
	return schema_read(arena, path, section, section_size, ret);
}
