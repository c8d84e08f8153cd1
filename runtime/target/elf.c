/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A running executable's build IDs and where it was loaded. The file is read
 * through /proc/PID/exe: it is the very one that runs, also when its path has been
 * overwritten by the next release. Of a core dump the image in memory is read instead,
 * whose first page has all of this. Only program headers are used; sections may be
 * stripped. The file may be damaged or change under us: every offset is checked,
 * and nothing is mapped.
 *
 * Notes are (name size, descriptor size, type, name, descriptor), the two texts
 * padded to 4 bytes (to 8 in segments of that alignment: .note.gnu.property).
 */
#include "target_int.h"

#include <elf.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOTES_LIMIT (1u << 20) /* of one segment; real ones have a hundred bytes */
#define GO_BUILD_ID_TYPE 4     /* cmd/link/internal/ld/elf.go: ELF_NOTE_GOBUILDID_TAG */
#define PAGE_BYTES 4096u

static struct error *damaged(const struct elf_source *file, const char *what)
{
	return error_new(ERROR_TARGET, "%s: not a valid ELF file: %s", file->name, what);
}

static struct error *read_at(const struct elf_source *file, uint64_t offset, void *data, size_t size)
{
	uint8_t *p = data;

	if (offset > file->size || size > file->size - offset)
		return damaged(file, "it is cut off");
	if (file->memory) {
		if (!file->memory->read(file->memory->source, file->base + offset, data, size))
			return error_new(ERROR_TARGET, "%s: its headers in memory cannot be read",
					 file->name);
		return NULL;
	}
	while (size) {
		ssize_t n = pread(file->fd, p, size, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_os(ERROR_TARGET, errno, "%s: cannot read", file->name);
		if (n == 0)
			return damaged(file, "it is cut off");
		p += n;
		offset += (uint64_t)n;
		size -= (size_t)n;
	}
	return NULL;
}

static const char *hex(struct arena *arena, const uint8_t *data, size_t size)
{
	char *text = arena_array(arena, 2, size + 1);

	for (size_t i = 0; i < size; i++)
		snprintf(text + 2 * i, 3, "%02x", data[i]);
	return text;
}

static struct error *take_note(struct arena *arena, const struct elf_source *file,
			       const Elf64_Nhdr *note, const uint8_t *name, const uint8_t *desc,
			       struct elf_facts *facts)
{
	if (note->n_namesz != 4)
		return NULL;
	if (!memcmp(name, "Go\0", 4) && note->n_type == GO_BUILD_ID_TYPE &&
	    !facts->go_build_id[0]) {
		for (size_t i = 0; i < note->n_descsz; i++)
			if (desc[i] <= ' ' || desc[i] > '~')
				return damaged(file, "its Go build ID is not text");
		facts->go_build_id = arena_strndup(arena, (const char *)desc, note->n_descsz);
	}
	if (!memcmp(name, "GNU", 4) && note->n_type == NT_GNU_BUILD_ID && !facts->gnu_build_id[0])
		facts->gnu_build_id = hex(arena, desc, note->n_descsz);
	return NULL;
}

static uint64_t padded(uint64_t size, uint64_t align)
{
	return (size + align - 1) & ~(align - 1);
}

static struct error *read_notes(struct arena *arena, const struct elf_source *file,
				const Elf64_Phdr *segment, struct elf_facts *facts)
{
	uint64_t size = segment->p_filesz, align = segment->p_align == 8 ? 8 : 4, at = 0;
	uint8_t *data;

	if (size > NOTES_LIMIT)
		return damaged(file, "a note segment is too large");
	data = arena_alloc(arena, size);
	TRY(read_at(file, segment->p_offset, data, size));
	while (at + sizeof(Elf64_Nhdr) <= size) {
		Elf64_Nhdr note;
		uint64_t name, desc;

		memcpy(&note, data + at, sizeof(note));
		name = at + sizeof(note);
		desc = padded(name + note.n_namesz, align);
		if (desc > size || note.n_descsz > size - desc)
			return damaged(file, "a note is larger than its segment");
		TRY(take_note(arena, file, &note, data + name, data + desc, facts));
		at = padded(desc + note.n_descsz, align); /* the last one may lack its padding */
	}
	return NULL;
}

/* The link-time address of the program headers, which the kernel gives as AT_PHDR. */
static void find_headers(const Elf64_Ehdr *header, const Elf64_Phdr *segment,
			 struct elf_facts *facts)
{
	uint64_t before = header->e_phoff - segment->p_offset;

	if (segment->p_type == PT_PHDR) {
		facts->headers = segment->p_vaddr;
		facts->has_headers = true;
	} else if (segment->p_type == PT_LOAD && !facts->has_headers &&
		   header->e_phoff >= segment->p_offset && before < segment->p_filesz) {
		facts->headers = segment->p_vaddr + before;
		facts->has_headers = true;
	}
}

static struct error *take_segment(struct arena *arena, const struct elf_source *file,
				  const Elf64_Ehdr *header, const Elf64_Phdr *segment,
				  struct elf_facts *facts)
{
	if (segment->p_type == PT_NOTE)
		return read_notes(arena, file, segment, facts);
	find_headers(header, segment, facts);
	if (segment->p_type == PT_LOAD)
		*VEC_PUSH(arena, &facts->loads) = (struct elf_load){
			.address = segment->p_vaddr,
			.size = segment->p_filesz,
			.offset = segment->p_offset,
			.writable = segment->p_flags & PF_W,
		};
	return NULL;
}

struct error *elf_read_source(struct arena *arena, const struct elf_source *file,
			      struct elf_facts *ret)
{
	struct elf_facts facts = {.go_build_id = "", .gnu_build_id = ""};
	Elf64_Ehdr header;
	Elf64_Phdr *segments;

	if (file->size < sizeof(header)) {
		*ret = facts;
		return NULL;
	}
	TRY(read_at(file, 0, &header, sizeof(header)));
	if (memcmp(header.e_ident, ELFMAG, SELFMAG) || header.e_ident[EI_CLASS] != ELFCLASS64 ||
	    header.e_ident[EI_DATA] != ELFDATA2LSB) {
		*ret = facts;
		return NULL;
	}
	if (header.e_phentsize != sizeof(*segments) || !header.e_phnum || header.e_phnum == PN_XNUM)
		return damaged(file, "its program headers");
	facts.elf64 = true;
	facts.entry = header.e_entry;
	segments = ARENA_ARRAY(arena, Elf64_Phdr, header.e_phnum);
	TRY(read_at(file, header.e_phoff, segments, header.e_phnum * sizeof(*segments)));
	for (size_t i = 0; i < header.e_phnum; i++)
		TRY(take_segment(arena, file, &header, &segments[i], &facts));
	*ret = facts;
	return NULL;
}

struct error *elf_read(struct arena *arena, int fd, const char *name, struct elf_facts *ret)
{
	struct elf_source file = {.fd = fd, .name = name};
	struct stat stat;

	if (fstat(fd, &stat) < 0)
		return error_os(ERROR_TARGET, errno, "%s: cannot read", name);
	file.size = stat.st_size < 0 ? 0 : (uint64_t)stat.st_size;
	return elf_read_source(arena, &file, ret);
}

/*
 * The bias is told twice, by the program headers' address and by the entry point's;
 * they must agree. Otherwise the file is not the image that runs there.
 */
struct error *elf_load_bias(const struct elf_facts *facts, const void *auxv, size_t size,
			    const char *name, uint64_t *ret)
{
	uint64_t entry = 0, headers = 0, bias;

	for (size_t at = 0; at + 16 <= size; at += 16) {
		uint64_t pair[2];

		memcpy(pair, (const uint8_t *)auxv + at, sizeof(pair));
		if (pair[0] == AT_NULL)
			break;
		if (pair[0] == AT_ENTRY)
			entry = pair[1];
		if (pair[0] == AT_PHDR)
			headers = pair[1];
	}
	if (!entry)
		return error_new(ERROR_TARGET, "%s: its process has no entry point (AT_ENTRY)",
				 name);
	bias = entry - facts->entry;
	if (bias % PAGE_BYTES || (facts->has_headers && headers != facts->headers + bias))
		return error_new(
			ERROR_TARGET,
			"%s: cannot tell where it was loaded: its process's entry point and "
			"program headers contradict the file",
			name);
	*ret = bias;
	return NULL;
}
