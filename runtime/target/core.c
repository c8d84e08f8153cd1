/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A core dump: an ELF file of type ET_CORE whose program headers are PT_NOTE (threads,
 * process, auxiliary vector, mapped files: core_notes.c) and a PT_LOAD for each mapping.
 * A PT_LOAD has p_memsz bytes in the process and p_filesz in the file: what
 * /proc/PID/coredump_filter leaves out is missing, and is not zero as in a program's
 * .bss. Unmodified pages of the program's text are left out by default; core_image.c
 * takes them from the program's own file.
 *
 * The file may be damaged, cut by RLIMIT_CORE or made by an enemy. Program headers and
 * notes are bounded before they are read, every offset is checked, and nothing is
 * mapped: memory is read with pread() where it is asked for, however large the file.
 */
#include "core_int.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* vm.max_map_count is 65,530 by default, and some raise it; 56 bytes each. */
#define SEGMENTS_LIMIT (1u << 21)
/* Of all notes: 4 KiB a thread with its vector registers, and the mapped files. */
#define NOTES_LIMIT (256u << 20)

struct error *core_damaged(const char *path, const char *what)
{
	return error_new(ERROR_DAMAGED, "%s: not a whole core dump: %s", path, what);
}

static bool pread_all(int fd, uint64_t offset, void *data, size_t size)
{
	uint8_t *p = data;

	while (size) {
		ssize_t n = pread(fd, p, size, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		offset += (uint64_t)n;
		size -= (size_t)n;
	}
	return true;
}

/* All of it, or ERROR_DAMAGED: it ends before. ERROR_IO. */
static struct error *read_file(const struct core_memory *memory, uint64_t offset, void *data,
			       size_t size)
{
	if (offset > memory->file_size || size > memory->file_size - offset)
		return core_damaged(memory->path, "it is cut off");
	errno = 0;
	if (!pread_all(memory->fd, offset, data, size))
		return errno ? error_os(ERROR_IO, errno, "%s: cannot read", memory->path)
			     : core_damaged(memory->path, "it is cut off");
	return NULL;
}

/* ---- headers ---- */

static struct error *check_header(const struct core_memory *memory, const Elf64_Ehdr *header)
{
	if (memcmp(header->e_ident, ELFMAG, SELFMAG) || header->e_type != ET_CORE)
		return error_new(ERROR_DAMAGED, "%s: not a core dump", memory->path);
	if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB ||
	    header->e_machine != EM_X86_64)
		return error_new(ERROR_TARGET,
				 "%s: a core dump of another machine (class %u, machine %u): only "
				 "x86-64 is read",
				 memory->path, header->e_ident[EI_CLASS], header->e_machine);
	if (header->e_phentsize != sizeof(Elf64_Phdr))
		return core_damaged(memory->path, "its program headers are not those of ELF64");
	return NULL;
}

/* More than 65,534 segments are counted in the first section header: elf(5), PN_XNUM. */
static struct error *count_segments(const struct core_memory *memory, const Elf64_Ehdr *header,
				    size_t *ret)
{
	Elf64_Shdr section;

	*ret = header->e_phnum;
	if (header->e_phnum == PN_XNUM) {
		if (!header->e_shoff)
			return core_damaged(memory->path, "the number of its segments is missing");
		TRY(read_file(memory, header->e_shoff, &section, sizeof(section)));
		*ret = section.sh_info;
	}
	if (!*ret)
		return core_damaged(memory->path, "it has no segments");
	if (*ret > SEGMENTS_LIMIT)
		return core_damaged(memory->path, "it has too many segments");
	return NULL;
}

static int by_address(const void *a, const void *b)
{
	const struct core_segment *x = a, *y = b;

	return (x->address > y->address) - (x->address < y->address);
}

static struct error *take_load(struct core *core, const Elf64_Phdr *load)
{
	struct core_memory *memory = core->memory;
	uint64_t size = load->p_filesz, end, left;

	if (load->p_filesz > load->p_memsz ||
	    __builtin_add_overflow(load->p_vaddr, load->p_memsz, &end) ||
	    __builtin_add_overflow(load->p_offset, size, &end))
		return core_damaged(core->path, "a segment contradicts itself");
	left = load->p_offset < memory->file_size ? memory->file_size - load->p_offset : 0;
	if (size > left) {
		/* Each is below 2^63, for it ends in the file's offsets; a sum is only for people. */
		if (__builtin_add_overflow(core->missing, size - left, &core->missing))
			core->missing = UINT64_MAX;
		size = left;
	}
	if (size)
		memory->segments[memory->segments_count++] = (struct core_segment){
			.address = load->p_vaddr, .size = size, .offset = load->p_offset};
	return NULL;
}

static struct error *check_overlaps(const struct core_memory *memory)
{
	const struct core_segment *s = memory->segments;

	for (size_t i = 1; i < memory->segments_count; i++)
		if (s[i].address - s[i - 1].address < s[i - 1].size)
			return core_damaged(memory->path, "its segments overlap");
	return NULL;
}

static struct error *read_segments(struct arena *arena, struct core *core,
				   struct core_notes *notes)
{
	struct core_memory *memory = core->memory;
	uint64_t notes_size = 0;
	Elf64_Ehdr header;
	Elf64_Phdr *list;
	size_t count;

	if (memory->file_size < sizeof(header))
		return error_new(ERROR_DAMAGED, "%s: not a core dump", memory->path);
	TRY(read_file(memory, 0, &header, sizeof(header)));
	TRY(check_header(memory, &header));
	TRY(count_segments(memory, &header, &count));
	if (count > memory->file_size / sizeof(*list))
		return core_damaged(memory->path, "it is cut off");
	list = ARENA_ARRAY(arena, Elf64_Phdr, count);
	TRY(read_file(memory, header.e_phoff, list, count * sizeof(*list)));
	memory->segments = ARENA_ARRAY(arena, struct core_segment, count);
	for (size_t i = 0; i < count; i++) {
		uint8_t *data;

		if (list[i].p_type == PT_LOAD)
			TRY(take_load(core, &list[i]));
		if (list[i].p_type != PT_NOTE)
			continue;
		if (list[i].p_filesz > NOTES_LIMIT - notes_size)
			return core_damaged(memory->path, "its notes are too large");
		notes_size += list[i].p_filesz;
		if (list[i].p_filesz > memory->file_size)
			return core_damaged(memory->path, "it is cut off");
		data = arena_alloc(arena, list[i].p_filesz);
		TRY(read_file(memory, list[i].p_offset, data, list[i].p_filesz));
		TRY(core_notes_parse(arena, core->path, data, list[i].p_filesz, notes));
	}
	if (memory->segments_count)
		qsort(memory->segments, memory->segments_count, sizeof(*memory->segments),
		      by_address);
	return check_overlaps(memory);
}

/* ---- threads ---- */

static int by_tid(const void *a, const void *b)
{
	const struct target_thread *x = a, *y = b;

	return (x->ns_tid > y->ns_tid) - (x->ns_tid < y->ns_tid);
}

static struct error *take_threads(const struct core_notes *notes, struct core *core)
{
	struct target_thread *threads = notes->threads.data;
	size_t count = notes->threads.length;

	if (!count)
		return core_damaged(core->path, "it has no thread (NT_PRSTATUS)");
	qsort(threads, count, sizeof(*threads), by_tid);
	for (size_t i = 1; i < count; i++)
		if (threads[i].ns_tid == threads[i - 1].ns_tid)
			return core_damaged(core->path, "a thread is there twice (NT_PRSTATUS)");
	core->threads = threads;
	core->threads_count = count;
	return NULL;
}

/* ---- open, read, close ---- */

static struct error *open_core(struct arena *arena, const char *binary, struct core *core)
{
	struct core_memory *memory = core->memory;
	struct core_notes notes = {0};
	struct stat st;

	memory->fd = open(core->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (memory->fd < 0 || fstat(memory->fd, &st) < 0)
		return error_os(ERROR_IO, errno, "%s", core->path);
	if (!S_ISREG(st.st_mode))
		return error_new(ERROR_DAMAGED, "%s: not a core dump: not a file", core->path);
	memory->file_size = (uint64_t)st.st_size;
	core->time_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	TRY(read_segments(arena, core, &notes));
	TRY(take_threads(&notes, core));
	return core_identify(arena, &notes, binary, core);
}

struct error *core_open(struct arena *arena, const char *path, const char *binary, struct core *ret)
{
	struct core core = {.path = path};
	struct error *error;

	core.memory = ARENA_NEW(arena, struct core_memory);
	*core.memory = (struct core_memory){.path = path, .fd = -1, .binary = -1};
	error = open_core(arena, binary, &core);
	if (error) {
		core_close(&core);
		return error;
	}
	*ret = core;
	return NULL;
}

void core_close(struct core *core)
{
	if (!core->memory)
		return;
	if (core->memory->fd >= 0)
		close(core->memory->fd);
	if (core->memory->binary >= 0)
		close(core->memory->binary);
	core->memory = NULL;
}

/* How many segments begin at or below the address: the last of them may hold it. */
static size_t segments_below(const struct core_memory *memory, uint64_t address)
{
	size_t low = 0, high = memory->segments_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memory->segments[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool read_core(const void *source, uint64_t address, void *data, size_t size)
{
	const struct core_memory *memory = source;
	uint8_t *p = data;

	if (size && address + (size - 1) < address)
		return false;
	while (size) {
		size_t next = segments_below(memory, address), part = size;
		const struct core_segment *segment = next ? &memory->segments[next - 1] : NULL;
		uint64_t in = segment ? address - segment->address : 0, offset;
		int fd = memory->fd;

		if (segment && in < segment->size) {
			offset = segment->offset + in;
			if (part > segment->size - in)
				part = segment->size - in;
		} else {
			if (next < memory->segments_count &&
			    part > memory->segments[next].address - address)
				part = memory->segments[next].address - address;
			part = core_image_find(memory, address, part, &offset);
			fd = memory->binary;
		}
		if (!part || !pread_all(fd, offset, p, part))
			return false;
		p += part;
		address += part;
		size -= part;
	}
	return true;
}

struct target_memory core_memory(const struct core *core)
{
	return (struct target_memory){.read = read_core, .source = core->memory};
}
