/* SPDX-License-Identifier: BSD-2-Clause */
#include "binary_int.h"

#include <dwarf.h>
#include <stdlib.h>

/*
 * Line tables, DWARF 2 to 5. libdw reads them too, but it always decodes a whole
 * program (a list node a row) to give a single file name; here file names cost
 * the header alone, and rows are streamed.
 */

struct format {
	uint64_t type, form;
};
#define FORMATS_MAX 8

static struct error *damaged(struct binary *binary, uint64_t offset, const char *what)
{
	return error_new(ERROR_DAMAGED, "%s: damaged line table at 0x%" PRIx64 ": %s",
			 binary->dwarf_image->path, offset, what);
}

static const char *file_intern(struct binary *binary, const char *directory, const char *name)
{
	cleanup_strbuf struct strbuf path = STRBUF_INIT;
	const char *copy;
	uint64_t known;

	if (name[0] && name[0] != '/' && directory[0] && strcmp(directory, ".") != 0)
		strbuf_printf(&path, "%s/", directory);
	strbuf_puts(&path, name);
	if (strmap_get(&binary->files, path.data, &known))
		return (const char *)(uintptr_t)known;
	copy = arena_strdup(binary->arena, path.data);
	strmap_set(&binary->files, copy, (uintptr_t)copy);
	return copy;
}

/* ---- header ---- */

struct header {
	struct cursor cursor; /* of the whole unit, then of its header */
	unsigned version;
	size_t offset_size;
	VEC(const char *) directories;
	VEC(const char *) files;
};

static const char *section_text(struct binary *binary, const char *section, uint64_t offset)
{
	struct cursor text = image_debug(binary->dwarf_image, section);

	(void)cursor_take(&text, offset);
	return cursor_text(&text);
}

/* One value of a version 5 entry: a text or a number, or neither. */
static bool read_form(struct binary *binary, struct header *header, uint64_t form,
		      const char **text, uint64_t *number)
{
	struct cursor *cursor = &header->cursor;

	switch (form) {
	case DW_FORM_string:
		*text = cursor_text(cursor);
		return *text;
	case DW_FORM_line_strp:
		*text = section_text(binary, ".debug_line_str",
				     cursor_number(cursor, header->offset_size));
		return *text;
	case DW_FORM_strp:
		*text = section_text(binary, ".debug_str",
				     cursor_number(cursor, header->offset_size));
		return *text;
	case DW_FORM_udata:
		*number = cursor_uleb(cursor);
		return !cursor->bad;
	case DW_FORM_data1:
		*number = cursor_number(cursor, 1);
		return !cursor->bad;
	case DW_FORM_data2:
		*number = cursor_number(cursor, 2);
		return !cursor->bad;
	case DW_FORM_data4:
		*number = cursor_number(cursor, 4);
		return !cursor->bad;
	case DW_FORM_data8:
		*number = cursor_number(cursor, 8);
		return !cursor->bad;
	case DW_FORM_data16: /* MD5 */
		return cursor_take(cursor, 16);
	case DW_FORM_block:
		return cursor_take(cursor, cursor_uleb(cursor));
	default:
		return false;
	}
}

static const char *directory(const struct header *header, uint64_t index)
{
	return index < header->directories.length ? header->directories.data[index] : "";
}

/* A version 5 table of directories or files: formats, then entries in them. */
static bool read_entries(struct binary *binary, struct header *header, bool files)
{
	struct cursor *cursor = &header->cursor;
	struct format formats[FORMATS_MAX];
	size_t formats_count = cursor_u8(cursor);
	uint64_t count;

	if (formats_count > FORMATS_MAX)
		return false;
	for (size_t i = 0; i < formats_count; i++) {
		formats[i].type = cursor_uleb(cursor);
		formats[i].form = cursor_uleb(cursor);
	}
	count = cursor_uleb(cursor);
	/* Each entry takes at least a byte: a larger count is a lie. */
	if (cursor->bad || count > cursor_left(cursor) || (count && !formats_count))
		return false;
	for (uint64_t i = 0; i < count; i++) {
		const char *name = "";
		uint64_t dir = 0;

		for (size_t k = 0; k < formats_count; k++) {
			const char *text = "";
			uint64_t number = 0;

			if (!read_form(binary, header, formats[k].form, &text, &number))
				return false;
			if (formats[k].type == DW_LNCT_path)
				name = text;
			else if (formats[k].type == DW_LNCT_directory_index)
				dir = number;
		}
		if (files)
			*VEC_PUSH(binary->arena, &header->files) =
				file_intern(binary, directory(header, dir), name);
		else
			*VEC_PUSH(binary->arena, &header->directories) = name;
	}
	return true;
}

/* Up to version 4: texts, ended by an empty one; files count from 1. */
static bool read_old_entries(struct binary *binary, struct header *header)
{
	struct cursor *cursor = &header->cursor;
	const char *name;

	*VEC_PUSH(binary->arena, &header->directories) = "";
	while ((name = cursor_text(cursor)) && name[0])
		*VEC_PUSH(binary->arena, &header->directories) = name;
	*VEC_PUSH(binary->arena, &header->files) = "";
	while ((name = cursor_text(cursor)) && name[0]) {
		uint64_t dir = cursor_uleb(cursor);

		(void)cursor_uleb(cursor); /* time */
		(void)cursor_uleb(cursor); /* size */
		*VEC_PUSH(binary->arena, &header->files) =
			file_intern(binary, directory(header, dir), name);
	}
	return !cursor->bad;
}

static struct error *read_header(struct binary *binary, uint64_t offset, struct header *header,
				 struct line_table *table)
{
	struct cursor *cursor = &header->cursor;
	const uint8_t *start;
	uint64_t length;

	*cursor = image_debug(binary->dwarf_image, ".debug_line");
	(void)cursor_take(cursor, offset);
	header->offset_size = 4;
	length = cursor_number(cursor, 4);
	if (length == 0xffffffff) {
		header->offset_size = 8;
		length = cursor_number(cursor, 8);
	}
	if (cursor->bad || length > cursor_left(cursor))
		return damaged(binary, offset, "it ends beyond its section");
	cursor->end = cursor->p + length;
	header->version = (unsigned)cursor_number(cursor, 2);
	if (header->version < 2 || header->version > 5)
		return damaged(binary, offset, "unknown version");
	if (header->version == 5 && (cursor_u8(cursor) != 8 || cursor_u8(cursor) != 0))
		return damaged(binary, offset, "addresses are not 8 bytes");
	length = cursor_number(cursor, header->offset_size);
	if (cursor->bad || length > cursor_left(cursor))
		return damaged(binary, offset, "its header ends beyond it");
	table->program.p = cursor->p + length;
	table->program.end = cursor->end;
	cursor->end = table->program.p;
	table->min_instruction = cursor_u8(cursor);
	if (header->version >= 4 && cursor_u8(cursor) > 1)
		return damaged(binary, offset, "it is for a VLIW machine");
	start = cursor_take(cursor, 1); /* default_is_stmt: every row counts here */
	table->line_base = (int8_t)cursor_u8(cursor);
	table->line_range = cursor_u8(cursor);
	table->opcode_base = cursor_u8(cursor);
	if (!start || table->line_range == 0 || table->opcode_base == 0)
		return damaged(binary, offset, "its header makes no sense");
	table->lengths = cursor_take(cursor, table->opcode_base - 1u);
	return NULL;
}

struct error *line_table_read(struct binary *binary, uint64_t offset, const struct line_table **ret)
{
	struct line_table *table;
	struct header header = {0};
	uint64_t known;
	bool ok;

	if (map_get(&binary->line_tables, offset, &known)) {
		*ret = (const struct line_table *)(uintptr_t)known;
		return NULL;
	}
	table = ARENA_NEW(binary->arena, struct line_table);
	TRY(read_header(binary, offset, &header, table));
	if (header.version == 5)
		ok = read_entries(binary, &header, false) && read_entries(binary, &header, true);
	else
		ok = read_old_entries(binary, &header);
	if (!ok || header.cursor.bad)
		return damaged(binary, offset, "its file names cannot be read");
	table->files = header.files.data;
	table->files_count = header.files.length;
	map_set(&binary->line_tables, offset, (uintptr_t)table);
	*ret = table;
	return NULL;
}

/* ---- program ---- */

struct machine {
	uint64_t pc, file, line;
};

static struct error *emit(const struct line_table *table, const struct machine *machine,
			  struct error *(*row)(void *, uint64_t, const char *, uint32_t), void *arg)
{
	const char *file = machine->file < table->files_count ? table->files[machine->file] : "";

	return row(arg, machine->pc, file,
		   machine->line <= UINT32_MAX ? (uint32_t)machine->line : 0);
}

/* DW_LNE_*: sets *end when the sequence ends. Unknown ones are skipped by their length. */
static void run_extended(struct cursor *program, struct machine *machine, bool *end)
{
	struct cursor operands;
	uint64_t length = cursor_uleb(program);
	const uint8_t *data = cursor_take(program, length);

	if (!data)
		return;
	operands = (struct cursor){.p = data, .end = data + length};
	switch (cursor_u8(&operands)) {
	case DW_LNE_end_sequence:
		*end = true;
		break;
	case DW_LNE_set_address:
		machine->pc = cursor_number(&operands, cursor_left(&operands) == 8 ? 8 : 4);
		break;
	default:
		break;
	}
	program->bad |= operands.bad;
}

/* A standard opcode other than DW_LNS_copy. */
static void run_standard(struct cursor *program, const struct line_table *table, uint8_t opcode,
			 struct machine *machine)
{
	switch (opcode) {
	case DW_LNS_advance_pc:
		machine->pc += cursor_uleb(program) * table->min_instruction;
		break;
	case DW_LNS_advance_line:
		machine->line += (uint64_t)cursor_sleb(program);
		break;
	case DW_LNS_set_file:
		machine->file = cursor_uleb(program);
		break;
	case DW_LNS_const_add_pc:
		machine->pc += (uint64_t)((255 - table->opcode_base) / table->line_range) *
			       table->min_instruction;
		break;
	case DW_LNS_fixed_advance_pc:
		machine->pc += cursor_number(program, 2);
		break;
	default: /* it has operands of no interest, or is not known at all */
		for (unsigned i = 0; i < table->lengths[opcode - 1]; i++)
			(void)cursor_uleb(program);
		break;
	}
}

struct error *line_table_run(struct binary *binary, const struct line_table *table,
			     struct error *(*row)(void *arg, uint64_t pc, const char *file,
						  uint32_t line),
			     void *arg)
{
	static const struct machine start = {.file = 1, .line = 1};
	struct machine machine = start;
	struct cursor program = table->program;

	while (cursor_left(&program) && !program.bad) {
		uint8_t opcode = cursor_u8(&program);

		if (opcode >= table->opcode_base) {
			unsigned special = opcode - table->opcode_base;

			machine.pc +=
				(uint64_t)(special / table->line_range) * table->min_instruction;
			machine.line +=
				(uint64_t)(table->line_base + (int)(special % table->line_range));
			TRY(emit(table, &machine, row, arg));
		} else if (opcode == 0) {
			bool end = false;

			run_extended(&program, &machine, &end);
			if (end) {
				TRY(row(arg, machine.pc, NULL, 0));
				machine = start;
			}
		} else if (opcode == DW_LNS_copy) {
			TRY(emit(table, &machine, row, arg));
		} else {
			run_standard(&program, table, opcode, &machine);
		}
	}
	if (program.bad)
		return error_new(ERROR_DAMAGED, "%s: a line program is damaged",
				 binary->dwarf_image->path);
	return NULL;
}

/* ---- all rows ---- */

/*
 * Rows of one function are a sequence, and in order; functions are not. So
 * sequences are sorted, not millions of rows.
 */
struct sequence {
	uint64_t lo;
	size_t first, count;
};
struct rows {
	struct arena *arena;
	VEC(struct binary_line) rows;
	VEC(struct sequence) sequences;
	bool inside;
	const char *path;
};

static struct error *add_row(void *arg, uint64_t pc, const char *file, uint32_t line)
{
	struct rows *rows = arg;
	size_t count = rows->rows.length;

	if (!rows->inside)
		*VEC_PUSH(rows->arena, &rows->sequences) = (struct sequence){pc, count, 0};
	else if (pc < rows->rows.data[count - 1].pc)
		return error_new(ERROR_DAMAGED, "%s: a line table goes backwards at 0x%" PRIx64,
				 rows->path, pc);
	*VEC_PUSH(rows->arena, &rows->rows) =
		(struct binary_line){.pc = pc, .file = file, .line = line};
	rows->sequences.data[rows->sequences.length - 1].count++;
	rows->inside = file != NULL;
	return NULL;
}

static int by_lo(const void *a, const void *b)
{
	const struct sequence *x = a, *y = b;

	if (x->lo != y->lo)
		return x->lo < y->lo ? -1 : 1;
	return x->first < y->first ? -1 : x->first > y->first;
}

/* Of rows at one PC the last one holds; rows that repeat the one before say nothing. */
static void keep_row(struct binary_line *lines, size_t *count, const struct binary_line *line)
{
	if (*count && lines[*count - 1].pc == line->pc)
		--*count;
	if (*count && lines[*count - 1].file == line->file && lines[*count - 1].line == line->line)
		return;
	lines[(*count)++] = *line;
}

static struct error *sort_rows(struct binary *binary, const struct rows *rows)
{
	struct binary_line *lines =
		ARENA_ARRAY(binary->arena, struct binary_line, rows->rows.length);
	size_t count = 0;
	uint64_t end = 0;

	if (rows->sequences.length)
		qsort(rows->sequences.data, rows->sequences.length, sizeof(*rows->sequences.data),
		      by_lo);
	for (size_t i = 0; i < rows->sequences.length; i++) {
		const struct sequence *sequence = &rows->sequences.data[i];
		const struct binary_line *row = &rows->rows.data[sequence->first];

		if (sequence->lo < end)
			return error_new(ERROR_DAMAGED, "%s: line tables overlap at 0x%" PRIx64,
					 rows->path, sequence->lo);
		end = row[sequence->count - 1].pc;
		if (end == sequence->lo) /* it covers nothing */
			continue;
		for (size_t k = 0; k < sequence->count; k++)
			keep_row(lines, &count, &row[k]);
	}
	binary->lines = lines;
	binary->lines_count = count;
	binary->lines_done = true;
	return NULL;
}

static struct error *read_rows(struct binary *binary)
{
	cleanup_arena struct arena scratch = {0};
	struct rows rows = {.arena = &scratch, .path = binary->dwarf_image->path};
	struct map seen;

	map_init(&seen, &scratch);
	for (size_t i = 0; i < binary->units.length; i++) {
		const struct line_table *table;
		uint64_t offset, known;
		Dwarf_Die die;

		if (!die_at(binary, binary->units.data[i], &die) ||
		    !die_number(&die, DW_AT_stmt_list, &offset) || map_get(&seen, offset, &known))
			continue;
		map_set(&seen, offset, 1);
		TRY(line_table_read(binary, offset, &table));
		rows.inside = false;
		TRY(line_table_run(binary, table, add_row, &rows));
	}
	return sort_rows(binary, &rows);
}

struct error *binary_lines(struct binary *binary, const struct binary_line **ret, size_t *count)
{
	if (!binary->lines_done)
		TRY(read_rows(binary));
	*ret = binary->lines;
	*count = binary->lines_count;
	return NULL;
}
