/* SPDX-License-Identifier: BSD-2-Clause */
#include "binary_int.h"

#include <stdlib.h>

/*
 * An ELF file, checked before anybody trusts it. The file is read, not mapped: a
 * file that is cut while we look at it must not kill us with SIGBUS. libelf and
 * libdw only ever see header tables and sections that lie within the file.
 */

#define IMAGE_LIMIT ((size_t)8 << 30)
/* Deflate cannot do better than 1032:1, so more is a lie about the size. */
#define INFLATE_RATIO 1032ull

uint64_t cursor_uleb(struct cursor *cursor)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 70; shift += 7) {
		uint8_t byte = cursor_u8(cursor);

		if (shift == 63 && (byte & 0x7e))
			break;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return value;
	}
	cursor->bad = true;
	return 0;
}

int64_t cursor_sleb(struct cursor *cursor)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 70; shift += 7) {
		uint8_t byte = cursor_u8(cursor);

		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			if (shift < 57 && (byte & 0x40))
				value |= ~0ull << (shift + 7);
			return (int64_t)value;
		}
	}
	cursor->bad = true;
	return 0;
}

const char *cursor_text(struct cursor *cursor)
{
	const uint8_t *nul = cursor->bad ? NULL : memchr(cursor->p, 0, cursor_left(cursor));
	const char *text = (const char *)cursor->p;

	if (!nul) {
		cursor->bad = true;
		return NULL;
	}
	cursor->p = nul + 1;
	return text;
}

static bool inside(const struct image *image, uint64_t offset, uint64_t size)
{
	return offset <= image->size && size <= image->size - offset;
}

static struct error *damaged(const struct image *image, const char *what)
{
	return error_new(ERROR_DAMAGED, "%s: damaged ELF file: %s", image->path, what);
}

static struct error *check_header(struct image *image, Elf64_Ehdr *header)
{
	if (image->size < EI_NIDENT || memcmp(image->data, ELFMAG, SELFMAG) != 0)
		return error_new(ERROR_TARGET, "%s: not an ELF file", image->path);
	if (image->data[EI_CLASS] != ELFCLASS64 || image->data[EI_DATA] != ELFDATA2LSB)
		return error_new(ERROR_TARGET, "%s: not a 64-bit x86 program", image->path);
	if (image->size < sizeof(*header))
		return damaged(image, "it ends within its header");
	memcpy(header, image->data, sizeof(*header));
	if (header->e_machine != EM_X86_64)
		return error_new(ERROR_TARGET, "%s: not an x86-64 program (ELF machine %u)",
				 image->path, header->e_machine);
	if (header->e_type != ET_EXEC && header->e_type != ET_DYN)
		return error_new(ERROR_TARGET, "%s: not a program but ELF type %u", image->path,
				 header->e_type);
	if (header->e_ident[EI_VERSION] != EV_CURRENT || header->e_version != EV_CURRENT)
		return damaged(image, "unknown ELF version");
	image->type = header->e_type;
	return NULL;
}

static struct error *read_segments(struct arena *arena, struct image *image,
				   const Elf64_Ehdr *header)
{
	Elf64_Phdr *segments;
	uint64_t size = (uint64_t)header->e_phnum * sizeof(*segments);

	if (header->e_phnum == 0)
		return NULL;
	if (header->e_phnum == PN_XNUM || header->e_phentsize != sizeof(*segments) ||
	    !inside(image, header->e_phoff, size))
		return damaged(image, "its program headers are not within the file");
	segments = arena_copy(arena, image->data + header->e_phoff, size);
	image->segments = segments;
	image->segments_count = header->e_phnum;
	return NULL;
}

static struct error *check_compression(const struct image *image, size_t section)
{
	const Elf64_Shdr *header = &image->sections[section];
	const char *name = image->section_names[section];
	const unsigned char *data = image->data + header->sh_offset;
	uint64_t size;

	if (header->sh_flags & SHF_COMPRESSED) {
		Elf64_Chdr compression;

		if (header->sh_size < sizeof(compression))
			return damaged(image, "a compressed section has no header");
		memcpy(&compression, data, sizeof(compression));
		if (compression.ch_type != ELFCOMPRESS_ZLIB)
			return error_new(ERROR_TARGET,
					 "%s: section %s is compressed by a method other than "
					 "zlib; run objcopy --decompress-debug-sections on it",
					 image->path, name);
		size = compression.ch_size;
	} else if (strncmp(name, ".zdebug", 7) == 0) {
		if (header->sh_size < 12 || memcmp(data, "ZLIB", 4) != 0)
			return damaged(image, "a .zdebug section has no header");
		size = 0;
		for (int i = 4; i < 12; i++)
			size = size << 8 | data[i];
	} else {
		return NULL;
	}
	if (size / INFLATE_RATIO > header->sh_size)
		return damaged(image, "a compressed section claims an impossible size");
	return NULL;
}

static struct error *read_sections(struct arena *arena, struct image *image,
				   const Elf64_Ehdr *header)
{
	uint64_t size = (uint64_t)header->e_shnum * sizeof(Elf64_Shdr);
	const Elf64_Shdr *strings;
	const char **names;

	/* Zero with a table, or SHN_XINDEX: more than 65,279 sections. No Go program has them. */
	if (header->e_shnum == 0)
		return NULL;
	if (header->e_shentsize != sizeof(Elf64_Shdr) || !inside(image, header->e_shoff, size))
		return damaged(image, "its section headers are not within the file");
	if (header->e_shstrndx >= header->e_shnum)
		return damaged(image, "it has no section names");
	image->sections = arena_copy(arena, image->data + header->e_shoff, size);
	image->sections_count = header->e_shnum;
	for (size_t i = 1; i < image->sections_count; i++) {
		const Elf64_Shdr *section = &image->sections[i];

		if (section->sh_type != SHT_NOBITS && section->sh_type != SHT_NULL &&
		    !inside(image, section->sh_offset, section->sh_size))
			return error_new(ERROR_DAMAGED,
					 "%s: damaged ELF file: section %zu ends beyond the file "
					 "(is it a cut copy?)",
					 image->path, i);
	}
	strings = &image->sections[header->e_shstrndx];
	names = ARENA_ARRAY(arena, const char *, image->sections_count);
	for (size_t i = 0; i < image->sections_count; i++) {
		struct cursor text = image_bytes(image, header->e_shstrndx);

		names[i] = "";
		if (i == 0 || strings->sh_type != SHT_STRTAB)
			continue;
		if (!cursor_take(&text, image->sections[i].sh_name) || !cursor_left(&text))
			return damaged(image, "a section name is out of bounds");
		names[i] = cursor_text(&text);
		if (!names[i])
			return damaged(image, "a section name does not end");
	}
	image->section_names = names;
	for (size_t i = 1; i < image->sections_count; i++) {
		if (image->sections[i].sh_type != SHT_NOBITS &&
		    image->sections[i].sh_type != SHT_NULL)
			TRY(check_compression(image, i));
	}
	return NULL;
}

/* A note's descriptor as text (Go) or hex (GNU). */
static void read_note(struct arena *arena, struct image *image, struct cursor *notes)
{
	uint64_t name_size = cursor_number(notes, 4);
	uint64_t desc_size = cursor_number(notes, 4);
	uint64_t type = cursor_number(notes, 4);
	const uint8_t *name = cursor_take(notes, (name_size + 3) & ~3ull);
	const uint8_t *desc = cursor_take(notes, desc_size);

	if (!name || !desc)
		return;
	/* Padding after the last descriptor may be missing. */
	if (-desc_size % 4 <= cursor_left(notes))
		(void)cursor_take(notes, -desc_size % 4);
	if (type == 4 && name_size == 4 && memcmp(name, "Go\0\0", 4) == 0) {
		size_t length = strnlen((const char *)desc, desc_size);

		image->go_build_id = arena_strndup(arena, (const char *)desc, length);
	} else if (type == NT_GNU_BUILD_ID && name_size == 4 && memcmp(name, "GNU", 4) == 0 &&
		   desc_size <= 64) {
		cleanup_strbuf struct strbuf hex = STRBUF_INIT;

		for (uint64_t i = 0; i < desc_size; i++)
			strbuf_printf(&hex, "%02x", desc[i]);
		image->gnu_build_id = arena_strdup(arena, hex.data);
	}
}

static struct error *image_parse(struct arena *arena, struct image *image)
{
	Elf64_Ehdr header;

	TRY(check_header(image, &header));
	TRY(read_segments(arena, image, &header));
	TRY(read_sections(arena, image, &header));
	for (size_t i = 1; i < image->sections_count; i++) {
		struct cursor notes = image_bytes(image, i);

		while (image->sections[i].sh_type == SHT_NOTE && cursor_left(&notes) >= 12 &&
		       !notes.bad)
			read_note(arena, image, &notes);
	}
	elf_version(EV_CURRENT);
	image->elf = elf_memory((char *)image->data, image->size);
	if (!image->elf || elf_kind(image->elf) != ELF_K_ELF)
		return error_new(ERROR_DAMAGED, "%s: damaged ELF file: %s", image->path,
				 elf_errmsg(-1));
	return NULL;
}

struct error *image_open(struct arena *arena, const char *path, struct image *ret)
{
	struct image image = {
		.path = arena_strdup(arena, path), .go_build_id = "", .gnu_build_id = ""};
	struct error *error = file_read(path, IMAGE_LIMIT, &image.data, &image.size);

	if (error)
		return error;
	error = image_parse(arena, &image);
	if (error) {
		image_close(&image);
		return error;
	}
	*ret = image;
	return NULL;
}

void image_close(struct image *image)
{
	if (image->elf)
		elf_end(image->elf);
	free(image->data);
	image->elf = NULL;
	image->data = NULL;
}

bool image_section(const struct image *image, const char *name, size_t *ret)
{
	for (size_t i = 1; i < image->sections_count; i++) {
		if (image->sections[i].sh_type != SHT_NOBITS && image->sections[i].sh_size &&
		    strcmp(image->section_names[i], name) == 0) {
			*ret = i;
			return true;
		}
	}
	return false;
}

struct cursor image_bytes(const struct image *image, size_t section)
{
	const Elf64_Shdr *header = &image->sections[section];
	const uint8_t *data;

	if (header->sh_type == SHT_NOBITS || header->sh_type == SHT_NULL)
		return (struct cursor){.p = image->data, .end = image->data};
	data = image->data + header->sh_offset;
	return (struct cursor){.p = data, .end = data + header->sh_size};
}

struct cursor image_debug(const struct image *image, const char *name)
{
	struct cursor none = {.p = image->data, .end = image->data};
	char *old_name __attribute__((cleanup(free_cleanup))) = NULL;
	Elf_Data *data;
	size_t section;

	if (!image_section(image, name, &section)) {
		if (asprintf(&old_name, ".z%s", name + 1) < 0)
			base_out_of_memory();
		if (!image_section(image, old_name, &section))
			return none;
	}
	data = elf_getdata(elf_getscn(image->elf, section), NULL);
	if (!data || !data->d_buf)
		return none;
	return (struct cursor){.p = data->d_buf, .end = (uint8_t *)data->d_buf + data->d_size};
}

const uint8_t *image_loaded(const struct image *image, uint64_t address, uint64_t size)
{
	for (size_t i = 0; i < image->segments_count; i++) {
		const Elf64_Phdr *segment = &image->segments[i];

		if (segment->p_type != PT_LOAD || address < segment->p_vaddr ||
		    address - segment->p_vaddr > segment->p_filesz ||
		    size > segment->p_filesz - (address - segment->p_vaddr))
			continue;
		if (!inside(image, segment->p_offset, segment->p_filesz))
			return NULL;
		return image->data + segment->p_offset + (address - segment->p_vaddr);
	}
	return NULL;
}
