/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The schema's section in an ELF object. askance reads objects that clang and askc
 * made: 64-bit, little-endian, a plain section table. Finding one section in those
 * needs no ELF library, and decoding on any machine then needs none either.
 */
#include "schema_int.h"

#include <elf.h>

#define SECTION_NAME ".askance.schema"

static bool inside(uint64_t offset, uint64_t size, uint64_t whole)
{
	return offset <= whole && size <= whole - offset;
}

static struct error *damaged(const char *name, const char *what)
{
	return error_new(ERROR_DAMAGED, "%s: damaged object: %s", name, what);
}

static struct error *read_header(const char *name, const unsigned char *data, size_t size,
				 Elf64_Ehdr *ret)
{
	if (size < sizeof(*ret) || memcmp(data, ELFMAG, SELFMAG) != 0)
		return error_new(ERROR_DAMAGED, "%s: not an ELF object", name);
	memcpy(ret, data, sizeof(*ret));
	if (ret->e_ident[EI_CLASS] != ELFCLASS64 || ret->e_ident[EI_DATA] != ELFDATA2LSB)
		return error_new(ERROR_DAMAGED, "%s: not a 64-bit little-endian ELF object", name);
	if (!ret->e_shoff)
		return damaged(name, "no section table");
	if (ret->e_shentsize != sizeof(Elf64_Shdr) ||
	    !inside(ret->e_shoff, (uint64_t)ret->e_shnum * sizeof(Elf64_Shdr), size))
		return damaged(name, "bad section table");
	if (ret->e_shstrndx >= ret->e_shnum)
		return damaged(name, "no section names");
	return NULL;
}

/* Section headers may lie at any address: copied before use. */
static Elf64_Shdr section_header(const unsigned char *data, const Elf64_Ehdr *header, unsigned i)
{
	Elf64_Shdr section;

	memcpy(&section, data + header->e_shoff + i * sizeof(section), sizeof(section));
	return section;
}

struct error *schema_section(const char *name, const void *data, size_t size, const void **ret,
			     size_t *ret_size)
{
	const unsigned char *bytes = data;
	Elf64_Ehdr header;
	Elf64_Shdr names, found = {0};
	bool any = false;

	TRY(read_header(name, bytes, size, &header));
	names = section_header(bytes, &header, header.e_shstrndx);
	if (names.sh_type != SHT_STRTAB || !inside(names.sh_offset, names.sh_size, size))
		return damaged(name, "bad section names");
	for (unsigned i = 0; i < header.e_shnum; i++) {
		Elf64_Shdr section = section_header(bytes, &header, i);

		if (!inside(section.sh_name, sizeof(SECTION_NAME), names.sh_size) ||
		    memcmp(bytes + names.sh_offset + section.sh_name, SECTION_NAME,
			   sizeof(SECTION_NAME)) != 0)
			continue;
		if (any)
			return damaged(name, "two sections " SECTION_NAME);
		found = section;
		any = true;
	}
	if (!any)
		return error_new(ERROR_DAMAGED, "%s: no section " SECTION_NAME ": not made by askc",
				 name);
	if (found.sh_type == SHT_NOBITS || found.sh_flags & SHF_COMPRESSED ||
	    !inside(found.sh_offset, found.sh_size, size))
		return damaged(name, "bad section " SECTION_NAME);
	*ret = bytes + found.sh_offset;
	*ret_size = found.sh_size;
	return NULL;
}
