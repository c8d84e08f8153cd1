/* SPDX-License-Identifier: BSD-2-Clause */
#include "lines.h"

static void put_varint(struct strbuf *out, uint64_t value)
{
	while (value >= 0x80) {
		strbuf_putc(out, (char)(value | 0x80));
		value >>= 7;
	}
	strbuf_putc(out, (char)value);
}

/* Small numbers of either sign become small: 0 -1 1 -2 -> 0 1 2 3. */
static uint64_t zigzag(int64_t value)
{
	return ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);
}

static int64_t unzigzag(uint64_t value)
{
	return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

static bool repeats(const struct schema_line_row *rows, size_t i)
{
	return i && rows[i].node == rows[i - 1].node && rows[i].file == rows[i - 1].file &&
	       rows[i].line == rows[i - 1].line;
}

void schema_lines_encode(struct strbuf *out, const struct schema_line_row *rows, size_t n,
			 uint32_t lo)
{
	uint32_t pc = lo, line = 0;
	size_t count = 0;

	assert(!n || rows[0].pc == lo);
	for (size_t i = 0; i < n; i++)
		count += !repeats(rows, i);
	put_varint(out, count);
	for (size_t i = 0; i < n; i++) {
		assert(!i || rows[i].pc > rows[i - 1].pc);
		if (repeats(rows, i))
			continue;
		put_varint(out, rows[i].pc - pc);
		put_varint(out, rows[i].node);
		put_varint(out, rows[i].file);
		put_varint(out, zigzag((int64_t)rows[i].line - line));
		pc = rows[i].pc;
		line = rows[i].line;
	}
}

/* A varint of at most 5 bytes: no number in a program is larger than 34 bits. */
static uint64_t get_varint(struct schema_line_reader *reader)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 35; shift += 7) {
		uint8_t byte;

		if (reader->at == reader->end)
			break;
		byte = *reader->at++;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return value;
	}
	reader->bad = true;
	return 0;
}

void schema_lines_begin(struct schema_line_reader *reader, const struct schema_blob *lines,
			uint32_t offset, uint32_t lo)
{
	*reader = (struct schema_line_reader){.first = true, .row.pc = lo};
	if (offset >= lines->size) {
		reader->bad = true;
		return;
	}
	reader->at = lines->data + offset;
	reader->end = lines->data + lines->size;
	reader->left = get_varint(reader);
}

bool schema_lines_next(struct schema_line_reader *reader)
{
	uint64_t delta, node, file, pc;
	int64_t line;

	if (reader->bad || !reader->left)
		return false;
	delta = get_varint(reader);
	node = get_varint(reader);
	file = get_varint(reader);
	line = (int64_t)reader->row.line + unzigzag(get_varint(reader));
	pc = reader->row.pc + delta;
	/* the first row is at lo, and every other one further on */
	if (reader->first != !delta || pc > UINT32_MAX || node > UINT32_MAX || file > UINT32_MAX ||
	    line < 0 || line > UINT32_MAX)
		reader->bad = true;
	if (reader->bad)
		return false;
	reader->first = false;
	reader->left--;
	reader->row = (struct schema_line_row){(uint32_t)pc, (uint32_t)node, (uint32_t)file,
					       (uint32_t)line};
	return true;
}
