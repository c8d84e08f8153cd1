/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The notes of a core dump. Layouts: Linux include/uapi/linux/elfcore.h (elf_prstatus,
 * elf_prpsinfo), fs/binfmt_elf.c (fill_files_note(), fill_auxv_note()); gdb writes the
 * same. A note is (name size, descriptor size, type, name, descriptor), the two texts
 * padded to 4 bytes. Notes of other kinds (floating point, signals, vendors') are passed by.
 */
#include "core_int.h"

#include <elf.h>
#include <sys/procfs.h>

#define PATH_BYTES 4096u /* PATH_MAX: the kernel writes no longer ones */

_Static_assert(sizeof(((struct elf_prstatus *)0)->pr_reg) == sizeof(struct user_regs_struct),
	       "elf_gregset_t is user_regs_struct");

static struct error *take_thread(struct arena *arena, const char *path, const uint8_t *data,
				 size_t size, struct core_notes *ret)
{
	struct elf_prstatus status;
	struct target_thread *thread;

	if (size != sizeof(status))
		return core_damaged(path, "a thread's note (NT_PRSTATUS) has the wrong size");
	memcpy(&status, data, sizeof(status));
	if (status.pr_pid <= 0)
		return core_damaged(path, "a thread (NT_PRSTATUS) has no id");
	thread = VEC_PUSH(arena, &ret->threads);
	thread->tid = thread->ns_tid = status.pr_pid;
	thread->stopped = true;
	memcpy(&thread->regs, status.pr_reg, sizeof(thread->regs));
	return NULL;
}

static struct error *take_process(struct arena *arena, const char *path, const uint8_t *data,
				  size_t size, struct core_notes *ret)
{
	struct elf_prpsinfo info;
	size_t length;

	if (size != sizeof(info))
		return core_damaged(path, "the process's note (NT_PRPSINFO) has the wrong size");
	memcpy(&info, data, sizeof(info));
	if (info.pr_pid <= 0)
		return core_damaged(path, "the process (NT_PRPSINFO) has no id");
	ret->has_process = true;
	ret->pid = info.pr_pid;
	ret->name =
		arena_strndup(arena, info.pr_fname, strnlen(info.pr_fname, sizeof(info.pr_fname)));
	/* The kernel puts a space after each argument. */
	length = strnlen(info.pr_psargs, sizeof(info.pr_psargs));
	while (length && info.pr_psargs[length - 1] == ' ')
		length--;
	ret->arguments = arena_strndup(arena, info.pr_psargs, length);
	return NULL;
}

static uint64_t word(const uint8_t *data, size_t index)
{
	uint64_t value;

	memcpy(&value, data + index * sizeof(value), sizeof(value));
	return value;
}

static struct error *take_mappings(struct arena *arena, const char *path, const uint8_t *data,
				   size_t size, struct core_notes *ret)
{
	const char *name, *end = (const char *)data + size;
	uint64_t count, page;

	if (size < 16)
		return core_damaged(path, "its list of mapped files (NT_FILE) is cut off");
	count = word(data, 0);
	page = word(data, 1);
	if (count > (size - 16) / 25) /* three words and at least a NUL each */
		return core_damaged(path, "its list of mapped files (NT_FILE) is cut off");
	name = (const char *)data + 16 + count * 24;
	for (uint64_t i = 0; i < count; i++) {
		size_t length = strnlen(name, (size_t)(end - name));
		struct core_mapping mapping = {
			.start = word(data, 2 + i * 3),
			.end = word(data, 3 + i * 3),
			.path = name,
		};

		if (name + length == end || length > PATH_BYTES)
			return core_damaged(path, "a mapped file (NT_FILE) has no whole name");
		if (mapping.start >= mapping.end ||
		    __builtin_mul_overflow(word(data, 4 + i * 3), page, &mapping.offset))
			return core_damaged(path, "a mapped file (NT_FILE) contradicts itself");
		*VEC_PUSH(arena, &ret->mappings) = mapping;
		name += length + 1;
	}
	return NULL;
}

static struct error *take_note(struct arena *arena, const char *path, uint32_t type,
			       const uint8_t *data, size_t size, struct core_notes *ret)
{
	switch (type) {
	case NT_PRSTATUS:
		return take_thread(arena, path, data, size, ret);
	case NT_PRPSINFO:
		if (ret->has_process)
			return core_damaged(path, "it has two processes (NT_PRPSINFO)");
		return take_process(arena, path, data, size, ret);
	case NT_AUXV:
		ret->auxv = data;
		ret->auxv_size = size;
		return NULL;
	case NT_FILE:
		if (ret->mappings.length)
			return core_damaged(path, "it has two lists of mapped files (NT_FILE)");
		return take_mappings(arena, path, data, size, ret);
	}
	return NULL;
}

static uint64_t padded(uint64_t size)
{
	return (size + 3) & ~(uint64_t)3;
}

struct error *core_notes_parse(struct arena *arena, const char *path, const uint8_t *data,
			       size_t size, struct core_notes *ret)
{
	uint64_t at = 0;

	while (at + sizeof(Elf64_Nhdr) <= size) {
		uint64_t name = at + sizeof(Elf64_Nhdr), desc;
		Elf64_Nhdr note;

		memcpy(&note, data + at, sizeof(note));
		desc = name + padded(note.n_namesz);
		if (desc > size || note.n_descsz > size - desc)
			return core_damaged(path, "a note is larger than its segment");
		/* "CORE" with its NUL; old writers left that out. */
		if (note.n_namesz >= 4 && note.n_namesz <= 5 && !memcmp(data + name, "CORE", 4))
			TRY(take_note(arena, path, note.n_type, data + desc, note.n_descsz, ret));
		at = desc + padded(note.n_descsz);
	}
	return NULL;
}
