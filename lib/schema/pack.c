/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A body, turned so that zstd finds more in it.
 *
 * Most of a schema is arrays of 32-bit fields that grow from row to row: PCs, offsets,
 * row numbers. As they lie, no four bytes of them ever come again. So each array is
 * laid down field by field, each as its difference to the row before, and of the
 * differences first all low bytes, then all second ones and so on: most planes are
 * almost all zeros. Line programs are torn apart in the same way: all row counts, all
 * PC deltas, all nodes, all files, all line deltas, each kind of number with its like.
 *
 *	u32 sizes of the PC deltas, nodes, files and line deltas
 *	the body with its arrays turned, section by section in its place
 *
 * Nothing here knows what a section means: arrays are those with elements of whole
 * words, and only `lines` has an id. The body itself, its hash and the checks of it
 * are what they were, so a packed body that was tampered with shows like any other.
 */
#include "schema_int.h"

enum { COUNTS, FIELDS = 4, STREAMS = 1 + FIELDS };

static uint32_t load_word(const unsigned char *at)
{
	uint32_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

/* Small differences of either sign become small numbers. */
static uint32_t zigzag(uint32_t difference)
{
	return difference << 1 ^ (0 - (difference >> 31));
}

static uint32_t unzigzag(uint32_t value)
{
	return value >> 1 ^ (0 - (value & 1));
}

/* `rows` rows of `words` words each, from `in` to `out`; both have room for them. */
static void turn(const unsigned char *in, unsigned char *out, size_t rows, size_t words)
{
	for (size_t w = 0; w < words; w++) {
		unsigned char *plane = out + w * 4 * rows;
		uint32_t last = 0;

		for (size_t r = 0; r < rows; r++) {
			uint32_t word = load_word(in + (r * words + w) * 4);
			uint32_t value = zigzag(word - last);

			for (size_t b = 0; b < 4; b++)
				plane[b * rows + r] = (unsigned char)(value >> 8 * b);
			last = word;
		}
	}
}

static void turn_back(const unsigned char *in, unsigned char *out, size_t rows, size_t words)
{
	for (size_t w = 0; w < words; w++) {
		const unsigned char *plane = in + w * 4 * rows;
		uint32_t word = 0;

		for (size_t r = 0; r < rows; r++) {
			uint32_t value = 0;

			for (size_t b = 0; b < 4; b++)
				value |= (uint32_t)plane[b * rows + r] << 8 * b;
			word += unzigzag(value);
			memcpy(out + (r * words + w) * 4, &word, sizeof(word));
		}
	}
}

/* ---- line programs ---- */

/* Numbers that follow each other. */
struct stream {
	const unsigned char *at, *end;
};

/* Moves one number of at most 5 bytes to `out`, which may be NULL; false: there is none. */
static bool move_varint(struct stream *from, struct strbuf *out, uint64_t *value)
{
	*value = 0;
	for (size_t i = 0; i < 5 && from->at + i < from->end; i++) {
		*value |= (uint64_t)(from->at[i] & 0x7f) << 7 * i;
		if (from->at[i] & 0x80)
			continue;
		strbuf_add(out, from->at, i + 1);
		from->at += i + 1;
		return true;
	}
	return false;
}

static bool split_lines(const unsigned char *lines, size_t size, struct strbuf streams[STREAMS])
{
	struct stream from = {lines, lines + size};
	uint64_t rows, value;

	while (from.at < from.end) {
		if (!move_varint(&from, &streams[COUNTS], &rows))
			return false;
		for (; rows; rows--)
			for (size_t f = 1; f < STREAMS; f++)
				if (!move_varint(&from, &streams[f], &value))
					return false;
	}
	return true;
}

/* Packs `lines`; bytes that are no programs stay as they are, with all sizes 0. */
static void pack_lines(const unsigned char *lines, size_t size, unsigned char *out,
		       uint32_t sizes[FIELDS])
{
	struct strbuf streams[STREAMS] = {STRBUF_INIT, STRBUF_INIT, STRBUF_INIT, STRBUF_INIT,
					  STRBUF_INIT};

	if (split_lines(lines, size, streams)) {
		for (size_t s = 0; s < STREAMS; s++) {
			memcpy(out, streams[s].data, streams[s].length);
			out += streams[s].length;
			if (s != COUNTS)
				sizes[s - 1] = (uint32_t)streams[s].length;
		}
	}
	for (size_t s = 0; s < STREAMS; s++)
		strbuf_deinit(&streams[s]);
}

/* Puts the numbers of all programs back in order; false when they do not come out even. */
static bool join_lines(struct stream streams[STREAMS], struct strbuf *out)
{
	uint64_t rows, value;

	while (streams[COUNTS].at < streams[COUNTS].end) {
		if (!move_varint(&streams[COUNTS], out, &rows))
			return false;
		for (; rows; rows--)
			for (size_t f = 1; f < STREAMS; f++)
				if (!move_varint(&streams[f], out, &value))
					return false;
	}
	for (size_t f = 1; f < STREAMS; f++)
		if (streams[f].at != streams[f].end)
			return false;
	return true;
}

static struct error *unpack_lines(const char *name, const unsigned char *in, uint64_t size,
				  const uint32_t sizes[FIELDS], unsigned char *out)
{
	cleanup_strbuf struct strbuf lines = STRBUF_INIT;
	struct stream streams[STREAMS];
	uint64_t fields = 0;

	for (size_t f = 0; f < FIELDS; f++)
		fields += sizes[f];
	if (!fields)
		return NULL; /* as they are */
	if (fields <= size) {
		const unsigned char *at = in + (size - fields);

		streams[COUNTS] = (struct stream){in, at};
		for (size_t f = 0; f < FIELDS; f++) {
			streams[f + 1] = (struct stream){at, at + sizes[f]};
			at += sizes[f];
		}
		if (join_lines(streams, &lines) && lines.length == size) {
			memcpy(out, lines.data, size);
			return NULL;
		}
	}
	return error_new(ERROR_DAMAGED, "%s: damaged schema: its line programs do not fit together",
			 name);
}

/* ---- bodies ---- */

/*
 * An array of words? All else stays as it is; and what is empty, whose elements may be said to
 * have any size: there are as many planes to walk through as an element has words.
 */
static bool is_turned(const struct schema_section_row *row)
{
	return row->count && row->element_size && row->element_size % 4 == 0;
}

void schema_pack(const struct strbuf *body, struct strbuf *ret)
{
	const unsigned char *from = (const unsigned char *)body->data;
	uint32_t sizes[FIELDS] = {0};
	unsigned char *head = (unsigned char *)strbuf_reserve(ret, sizeof(sizes) + body->length);
	unsigned char *to = head + sizeof(sizes);
	struct schema_section_row row;
	uint32_t count = load_word(from);

	memcpy(to, from, body->length);
	for (uint32_t i = 0; i < count; i++) {
		memcpy(&row, from + 8 + i * sizeof(row), sizeof(row));
		if (row.id == SCHEMA_SECTION_LINES)
			pack_lines(from + row.offset, row.count, to + row.offset, sizes);
		else if (is_turned(&row))
			turn(from + row.offset, to + row.offset, row.count, row.element_size / 4);
	}
	memcpy(head, sizes, sizeof(sizes));
	strbuf_commit(ret, sizeof(sizes) + body->length);
}

struct error *schema_unpack(const char *name, const unsigned char *packed, unsigned char *body,
			    uint64_t size)
{
	const unsigned char *from = packed + SCHEMA_PACK_HEAD;
	struct schema_section_row row;
	uint32_t sizes[FIELDS], count = size < 8 ? 0 : load_word(from);
	uint64_t end = 8 + (uint64_t)count * sizeof(row), bytes;

	_Static_assert(sizeof(sizes) == SCHEMA_PACK_HEAD, "the head is the sizes");
	memcpy(sizes, packed, sizeof(sizes));
	memcpy(body, from, size);
	if (count > SCHEMA_SECTIONS_MAX || end > size)
		return error_new(ERROR_DAMAGED, "%s: damaged schema: bad section table", name);
	for (uint32_t i = 0; i < count; i++) {
		memcpy(&row, from + 8 + i * sizeof(row), sizeof(row));
		/* in order and apart: each byte is worked on once */
		if (row.offset < end || row.offset > size ||
		    __builtin_mul_overflow(row.count, row.element_size, &bytes) ||
		    bytes > size - row.offset)
			return error_new(ERROR_DAMAGED,
					 "%s: damaged schema: section %u is out of bounds", name,
					 row.id);
		end = row.offset + bytes;
		if (row.id == SCHEMA_SECTION_LINES)
			TRY(unpack_lines(name, from + row.offset, bytes, sizes,
					 body + row.offset));
		else if (is_turned(&row))
			turn_back(from + row.offset, body + row.offset, row.count,
				  row.element_size / 4);
	}
	return NULL;
}
