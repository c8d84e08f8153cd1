/* SPDX-License-Identifier: BSD-2-Clause */
#include "binary_int.h"

#include <stdlib.h>

/*
 * What an ELF file says without its DWARF: symbols, relative relocations, the Go
 * version, and initialised data as it is once the relocations are applied (with
 * load bias 0: addresses of this room are link-time).
 */

/* ---- symbols ---- */

static struct error *read_symbols(struct binary *binary, const struct image *image)
{
	struct arena *arena = binary->arena;
	const Elf64_Shdr *header;
	struct cursor table, strings;
	size_t section, count;

	if (!image_section(image, ".symtab", &section))
		return NULL;
	header = &image->sections[section];
	if (header->sh_type != SHT_SYMTAB || (header->sh_flags & SHF_COMPRESSED) ||
	    header->sh_link == 0 || header->sh_link >= image->sections_count)
		return error_new(ERROR_DAMAGED, "%s: its symbol table is damaged", image->path);
	table = image_bytes(image, section);
	strings = image_bytes(image, header->sh_link);
	count = cursor_left(&table) / sizeof(Elf64_Sym);
	binary->symbols = ARENA_ARRAY(arena, struct symbol, count);
	for (size_t i = 0, n = 0; i < count; i++) {
		struct cursor text = strings;
		const char *name;
		Elf64_Sym symbol;
		uint64_t old;

		memcpy(&symbol, table.p + i * sizeof(symbol), sizeof(symbol));
		if (symbol.st_shndx == SHN_UNDEF || symbol.st_name == 0 ||
		    ELF64_ST_TYPE(symbol.st_info) == STT_FILE ||
		    ELF64_ST_TYPE(symbol.st_info) == STT_SECTION)
			continue;
		(void)cursor_take(&text, symbol.st_name);
		name = cursor_text(&text);
		if (!name)
			return error_new(ERROR_DAMAGED, "%s: a symbol's name is out of bounds",
					 image->path);
		if (strmap_get(&binary->symbol_index, name, &old))
			continue;
		binary->symbols[n] = (struct symbol){symbol.st_value, symbol.st_size};
		strmap_set(&binary->symbol_index, name, n++);
		if (dictionary_is_symbol(name))
			*VEC_PUSH(arena, &binary->dictionaries) =
				(struct dictionary){name, symbol.st_value, symbol.st_size};
	}
	return NULL;
}

bool binary_symbol(struct binary *binary, const char *name, uint64_t *address, uint64_t *size)
{
	uint64_t index;

	if (!strmap_get(&binary->symbol_index, name, &index))
		return false;
	*address = binary->symbols[index].address;
	*size = binary->symbols[index].size;
	return true;
}

/* ---- data ---- */

static int by_offset(const void *a, const void *b)
{
	const struct relocation *x = a, *y = b;

	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* An internally linked PIE keeps its pointers here alone: the words themselves are zero. */
static void read_relocations(struct binary *binary)
{
	const struct image *image = &binary->image;
	VEC(struct relocation) found = {0};

	for (size_t i = 1; i < image->sections_count; i++) {
		struct cursor table = image_bytes(image, i);

		if (image->sections[i].sh_type != SHT_RELA ||
		    !(image->sections[i].sh_flags & SHF_ALLOC))
			continue;
		while (cursor_left(&table) >= sizeof(Elf64_Rela)) {
			Elf64_Rela row;

			memcpy(&row, cursor_take(&table, sizeof(row)), sizeof(row));
			if (ELF64_R_TYPE(row.r_info) == R_X86_64_RELATIVE)
				*VEC_PUSH(binary->arena, &found) =
					(struct relocation){row.r_offset, row.r_addend};
		}
	}
	if (found.length)
		qsort(found.data, found.length, sizeof(*found.data), by_offset);
	binary->relocations = found.data;
	binary->relocations_count = found.length;
}

/* Overlays the relocated words that reach into [address, address + size). */
static void relocate(const struct binary *binary, uint64_t address, uint8_t *data, size_t size)
{
	uint64_t from = address < 7 ? 0 : address - 7;
	size_t lo = 0, hi = binary->relocations_count;

	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;

		if (binary->relocations[middle].offset < from)
			lo = middle + 1;
		else
			hi = middle;
	}
	for (; lo < binary->relocations_count; lo++) {
		const struct relocation *row = &binary->relocations[lo];

		if (row->offset >= address && row->offset - address >= size)
			return;
		for (size_t byte = 0; byte < 8; byte++) {
			uint64_t at = row->offset + byte - address;

			if (at < size)
				data[at] = (uint8_t)((uint64_t)row->addend >> (8 * byte));
		}
	}
}

bool binary_read(struct binary *binary, uint64_t address, void *data, size_t size)
{
	const uint8_t *bytes = image_loaded(&binary->image, address, size);

	if (!bytes)
		return false;
	if (size)
		memcpy(data, bytes, size);
	relocate(binary, address, data, size);
	return true;
}

static uint64_t word(const uint8_t *data)
{
	struct cursor cursor = {.p = data, .end = data + 8};

	return cursor_number(&cursor, 8);
}

/* A Go string header in the data; NULL when it is not all there or longer than `limit`. */
static const char *read_string(struct binary *binary, uint64_t address, uint64_t limit)
{
	uint8_t header[16];
	uint64_t length;
	const uint8_t *text;

	if (!binary_read(binary, address, header, sizeof(header)))
		return NULL;
	length = word(header + 8);
	if (length == 0)
		return "";
	text = length <= limit ? image_loaded(&binary->image, word(header), length) : NULL;
	return text ? arena_strndup(binary->arena, (const char *)text, length) : NULL;
}

#define STRING_LIMIT ((uint64_t)64 << 10)
#define STRING_ARRAY_LIMIT 4096u

struct error *binary_string_array(struct binary *binary, const char *name, const char *const **ret,
				  size_t *count)
{
	const struct binary_global *global = binary_global_find(binary, name);
	const char *path = binary->image.path;
	const char **strings;

	if (!global)
		return error_new(ERROR_TARGET, "%s: it has no variable %s", path, name);
	if (global->type->kind != SCHEMA_KIND_ARRAY || !global->type->elem ||
	    global->type->elem->kind != SCHEMA_KIND_STRING || global->type->elem->size != 16)
		return error_new(ERROR_TARGET, "%s: variable %s is no array of strings", path,
				 name);
	if (global->type->count > STRING_ARRAY_LIMIT)
		return error_new(ERROR_DAMAGED, "%s: variable %s has %" PRIu64 " strings", path,
				 name, global->type->count);
	strings = ARENA_ARRAY(binary->arena, const char *, global->type->count);
	for (size_t i = 0; i < global->type->count; i++) {
		strings[i] = read_string(binary, global->address + i * 16, STRING_LIMIT);
		if (!strings[i])
			return error_new(ERROR_DAMAGED,
					 "%s: string %zu of variable %s is not in the file", path,
					 i, name);
	}
	*ret = strings;
	*count = global->type->count;
	return NULL;
}

/* ---- Go's build info ---- */

#define BUILDINFO_MAGIC "\xff Go buildinf:"
#define BUILDINFO_FLAGS 15
#define BUILDINFO_INLINE                                                                           \
	2 /* since Go 1.18: varint-prefixed strings at 32; else two pointers at 16 */

static void read_build_info(struct binary *binary)
{
	struct cursor cursor;
	const uint8_t *header, *text;
	const char *version = NULL;
	uint64_t length;
	size_t section;

	if (!image_section(&binary->image, ".go.buildinfo", &section))
		return;
	cursor = image_bytes(&binary->image, section);
	header = cursor_take(&cursor, 32);
	if (!header || memcmp(header, BUILDINFO_MAGIC, sizeof(BUILDINFO_MAGIC) - 1) != 0)
		return;
	if (header[BUILDINFO_FLAGS] & BUILDINFO_INLINE) {
		length = cursor_uleb(&cursor);
		text = length <= STRING_LIMIT ? cursor_take(&cursor, length) : NULL;
		if (text)
			version = arena_strndup(binary->arena, (const char *)text, length);
	} else {
		uint64_t at = binary->image.sections[section].sh_addr + 16;
		uint8_t pointer[8];

		if (binary_read(binary, at, pointer, sizeof(pointer)))
			version = read_string(binary, word(pointer), STRING_LIMIT);
	}
	if (version)
		binary->info.go_version = version;
}

struct error *facts_read(struct binary *binary)
{
	struct binary_info *info = &binary->info;

	info->path = binary->image.path;
	info->go_build_id = binary->image.go_build_id;
	info->gnu_build_id = binary->image.gnu_build_id;
	info->go_version = "";
	info->pie = binary->image.type == ET_DYN;
	read_relocations(binary);
	read_build_info(binary);
	TRY(read_symbols(binary, &binary->image));
	if (!binary->symbols && binary->debug.data)
		TRY(read_symbols(binary, &binary->debug));
	return NULL;
}

/* A word of runtime.firstmoduledata, by the name of its field. */
static bool moduledata_word(struct binary *binary, const char *field, uint64_t *ret)
{
	const struct binary_global *module = binary_global_find(binary, "runtime.firstmoduledata");
	uint8_t data[8];

	for (size_t i = 0; module && i < module->type->fields_count; i++) {
		const struct binary_field *row = &module->type->fields[i];

		if (strcmp(row->name, field) != 0)
			continue;
		if (row->type->size != sizeof(data) ||
		    !binary_read(binary, module->address + row->offset, data, sizeof(data)))
			return false;
		*ret = word(data);
		return true;
	}
	return false;
}

/*
 * Where a thread's g is. The TLS block of the program ends at the FS base (ELF for TLS,
 * variant II): runtime.tlsg is a symbol in it. Go's own linker puts nothing else there
 * (cmd/link/internal/ld/lib.go, Tlsoffset), so without the symbol it is the word before.
 */
static int32_t tls_g(struct binary *binary)
{
	const struct image *image = &binary->image;
	uint64_t value, size;

	if (!binary_symbol(binary, "runtime.tlsg", &value, &size))
		return -8;
	for (size_t i = 0; i < image->segments_count; i++) {
		const Elf64_Phdr *segment = &image->segments[i];
		uint64_t align = segment->p_align ? segment->p_align : 1, block;

		if (segment->p_type != PT_TLS)
			continue;
		block = (segment->p_memsz + align - 1) / align * align;
		if (block < INT32_MAX && value <= segment->p_memsz)
			return (int32_t)((int64_t)value - (int64_t)block);
	}
	return -8;
}

struct error *facts_addresses(struct binary *binary)
{
	struct binary_info *info = &binary->info;
	uint64_t size, etext, etypes;

	if (!binary_symbol(binary, "runtime.text", &info->text, &size) &&
	    !moduledata_word(binary, "text", &info->text))
		return error_new(ERROR_TARGET, "%s: it does not tell where its code is (%s)",
				 info->path, "neither symbol runtime.text nor module data");
	if (!binary_symbol(binary, "runtime.etext", &etext, &size) &&
	    !moduledata_word(binary, "etext", &etext))
		return error_new(ERROR_TARGET, "%s: it does not tell where its code ends (%s)",
				 info->path, "neither symbol runtime.etext nor module data");
	if (etext <= info->text || etext - info->text > UINT32_MAX)
		return error_new(ERROR_DAMAGED, "%s: its code ends before it begins", info->path);
	info->text_size = etext - info->text;
	if (!binary_symbol(binary, "runtime.types", &info->types, &size) &&
	    !moduledata_word(binary, "types", &info->types))
		return error_new(ERROR_TARGET, "%s: it does not tell where its types are (%s)",
				 info->path, "neither symbol runtime.types nor module data");
	if (!binary_symbol(binary, "runtime.etypes", &etypes, &size) &&
	    !moduledata_word(binary, "etypes", &etypes))
		return error_new(ERROR_TARGET, "%s: it does not tell where its types end (%s)",
				 info->path, "neither symbol runtime.etypes nor module data");
	if (etypes < info->types || etypes - info->types > UINT32_MAX)
		return error_new(ERROR_DAMAGED, "%s: its types end before they begin", info->path);
	info->types_size = etypes - info->types;
	info->tls_g = tls_g(binary);
	/* Types that were read to find the module data could not be checked against it. */
	map_init(&binary->types, binary->arena);
	map_init(&binary->any_of_shape, binary->arena);
	strmap_init(&binary->globals, binary->arena);
	return NULL;
}
