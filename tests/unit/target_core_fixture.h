/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TARGET_CORE_FIXTURE_H
#define TARGET_CORE_FIXTURE_H

/*
 * A small program and a core dump of it, made in memory: the program's first page, its
 * text (not dumped) and its data (half of it dumped), two threads, and all the notes.
 * Each lies in a file without a name. Include after cmocka.h.
 */
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/procfs.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core.h"

#define PAGE 4096u
#define BIAS 0x555500000000ull
#define TEXT_ADDRESS 0x400000ull /* link-time: the image from offset 0, three pages */
#define DATA_ADDRESS 0x403000ull /* the fourth page, writable */
#define HEAP 0xc000000000ull
#define ENTRY (TEXT_ADDRESS + 0x1234)
#define GO_ID "abc/def"
#define IMAGE_SIZE (4 * PAGE)

/* What a core is made of; tests change it before core_build(). */
struct core_recipe {
	const char *image;    /* path in NT_FILE */
	bool headers;	      /* the first page was dumped */
	size_t threads;	      /* 2 */
	bool same_thread;     /* both have one id */
	bool process, auxv, files;
	uint64_t file_rows;   /* what NT_FILE says; 2 */
	uint64_t page_size;   /* of NT_FILE */
	uint64_t text_page;   /* of the program, that NT_FILE has where the text is; 0 */
	size_t status_size;   /* of NT_PRSTATUS */
};

struct core_file {
	uint8_t *data;
	size_t size, notes_end; /* all that must be whole lies before notes_end */
	Elf64_Ehdr *header;
	Elf64_Phdr *segments; /* NOTE, text, data, heap, heap's second part */
	int fd;
	char path[32];
};

static inline struct core_recipe core_recipe(const char *image)
{
	return (struct core_recipe){
		.image = image,
		.headers = true,
		.threads = 2,
		.process = true,
		.auxv = true,
		.files = true,
		.file_rows = 2,
		.page_size = PAGE,
		.status_size = sizeof(struct elf_prstatus),
	};
}

static inline void memory_file(int *fd, char path[32], const void *data, size_t size)
{
	*fd = memfd_create("fixture", MFD_CLOEXEC);
	assert_true(*fd >= 0);
	assert_int_equal(pwrite(*fd, data, size, 0), size);
	snprintf(path, 32, "/proc/self/fd/%d", *fd);
}

/* ---- the program ---- */

static inline void put_note(uint8_t **at, const char *name, uint32_t type, const void *desc,
			    size_t size)
{
	Elf64_Nhdr note = {
		.n_namesz = (Elf64_Word)strlen(name) + 1, .n_descsz = (Elf64_Word)size, .n_type = type};

	memcpy(*at, &note, sizeof(note));
	memcpy(*at + sizeof(note), name, note.n_namesz);
	*at += sizeof(note) + ((note.n_namesz + 3) & ~3u);
	memcpy(*at, desc, size);
	*at += (size + 3) & ~(size_t)3;
}

/* `image` has IMAGE_SIZE bytes; each page is filled with its own letter behind the headers. */
static inline void make_image(uint8_t *image, const char *go_id)
{
	Elf64_Ehdr header = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, 1},
		.e_type = ET_DYN,
		.e_machine = EM_X86_64,
		.e_entry = ENTRY,
		.e_phoff = sizeof(header),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 4,
	};
	Elf64_Phdr segments[4] = {
		{.p_type = PT_PHDR,
		 .p_offset = sizeof(header),
		 .p_vaddr = TEXT_ADDRESS + sizeof(header)},
		{.p_type = PT_NOTE, .p_offset = 1024, .p_vaddr = TEXT_ADDRESS + 1024},
		{.p_type = PT_LOAD,
		 .p_flags = PF_R | PF_X,
		 .p_vaddr = TEXT_ADDRESS,
		 .p_filesz = 3 * PAGE,
		 .p_memsz = 3 * PAGE},
		{.p_type = PT_LOAD,
		 .p_flags = PF_R | PF_W,
		 .p_offset = 3 * PAGE,
		 .p_vaddr = DATA_ADDRESS,
		 .p_filesz = PAGE,
		 .p_memsz = 2 * PAGE},
	};
	uint8_t *at = image + 1024;

	for (size_t i = 0; i < IMAGE_SIZE; i++)
		image[i] = (uint8_t)('a' + i / PAGE);
	memset(at, 0, 64);
	put_note(&at, "Go", 4, go_id, strlen(go_id));
	segments[1].p_filesz = segments[1].p_memsz = (uint64_t)(at - image) - 1024;
	/* "Go\0\0": four bytes with both NULs, as the Go linker writes it */
	((Elf64_Nhdr *)(image + 1024))->n_namesz = 4;
	memcpy(image, &header, sizeof(header));
	memcpy(image + sizeof(header), segments, sizeof(segments));
}

/* ---- the core ---- */

static inline void put_threads(uint8_t **at, const struct core_recipe *recipe)
{
	for (size_t i = 0; i < recipe->threads; i++) {
		struct elf_prstatus status[2] = {0};
		struct user_regs_struct regs = {.rip = 0x1000 + i, .rsp = 0x2000 + i, .rbp = 0x3000 + i};

		status[0].pr_pid = recipe->same_thread ? 77 : 78 - (int)i;
		memcpy(status[0].pr_reg, &regs, sizeof(regs));
		put_note(at, "CORE", NT_PRSTATUS, status, recipe->status_size);
		put_note(at, "LINUX", NT_X86_XSTATE, "not for us", 10);
	}
}

static inline void put_process(uint8_t **at)
{
	struct elf_prpsinfo info = {.pr_pid = 77, .pr_fname = "fixture-with-no"};

	memset(info.pr_psargs, ' ', sizeof(info.pr_psargs)); /* no NUL: all 80 are text */
	memcpy(info.pr_psargs, "fixture -x 1", 12);
	put_note(at, "CORE", NT_PRPSINFO, &info, sizeof(info));
}

static inline void put_files(uint8_t **at, const struct core_recipe *recipe)
{
	uint64_t words[8] = {
		recipe->file_rows, recipe->page_size,
		BIAS + TEXT_ADDRESS, BIAS + TEXT_ADDRESS + 3 * PAGE, recipe->text_page,
		BIAS + DATA_ADDRESS, BIAS + DATA_ADDRESS + PAGE, 3,
	};
	uint8_t desc[1024];
	size_t length = strlen(recipe->image) + 1;

	memcpy(desc, words, sizeof(words));
	for (size_t i = 0; i < 2; i++)
		memcpy(desc + sizeof(words) + i * length, recipe->image, length);
	put_note(at, "CORE", NT_FILE, desc, sizeof(words) + 2 * length);
}

static inline void put_auxv(uint8_t **at)
{
	uint64_t auxv[] = {
		AT_PHDR, BIAS + TEXT_ADDRESS + sizeof(Elf64_Ehdr), AT_ENTRY, BIAS + ENTRY, AT_NULL, 0};

	put_note(at, "CORE", NT_AUXV, auxv, sizeof(auxv));
}

static inline Elf64_Phdr load(uint64_t address, uint64_t filesz, uint64_t memsz, uint64_t offset)
{
	return (Elf64_Phdr){.p_type = PT_LOAD,
			    .p_flags = PF_R,
			    .p_vaddr = address,
			    .p_filesz = filesz,
			    .p_memsz = memsz,
			    .p_offset = offset};
}

/* Pages of the core, behind its notes: image's first, half of the data, two of the heap. */
static inline void core_build(struct core_file *core, const struct core_recipe *recipe,
			      const uint8_t *image)
{
	const size_t first = 2 * PAGE;
	uint8_t *at;

	*core = (struct core_file){.size = first + 3 * PAGE + PAGE / 2};
	core->data = test_calloc(1, core->size);
	core->header = (Elf64_Ehdr *)core->data;
	core->segments = (Elf64_Phdr *)(core->data + sizeof(*core->header));
	*core->header = (Elf64_Ehdr){
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, 1},
		.e_type = ET_CORE,
		.e_machine = EM_X86_64,
		.e_phoff = sizeof(*core->header),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 5,
	};
	at = core->data + 512;
	put_threads(&at, recipe);
	if (recipe->process)
		put_process(&at);
	if (recipe->auxv)
		put_auxv(&at);
	if (recipe->files)
		put_files(&at, recipe);
	core->notes_end = (size_t)(at - core->data);
	assert_true(core->notes_end < first);
	core->segments[0] = (Elf64_Phdr){
		.p_type = PT_NOTE, .p_offset = 512, .p_filesz = core->notes_end - 512};
	core->segments[1] =
		load(BIAS + TEXT_ADDRESS, recipe->headers ? PAGE : 0, 3 * PAGE, first);
	core->segments[2] = load(BIAS + DATA_ADDRESS, PAGE / 2, 2 * PAGE, first + PAGE);
	core->segments[3] = load(HEAP + PAGE, PAGE, PAGE, first + 2 * PAGE + PAGE / 2);
	core->segments[4] = load(HEAP, PAGE, PAGE, first + PAGE + PAGE / 2);
	memcpy(core->data + first, image, PAGE);
	memset(core->data + first + PAGE, 'D', PAGE / 2);
	memset(core->data + first + PAGE + PAGE / 2, 'H', PAGE);
	memset(core->data + first + 2 * PAGE + PAGE / 2, 'h', PAGE);
	memory_file(&core->fd, core->path, core->data, core->size);
}

/* After the test has changed `data`. */
static inline void core_rewrite(struct core_file *core)
{
	assert_int_equal(pwrite(core->fd, core->data, core->size, 0), core->size);
}

static inline void core_unmake(struct core_file *core)
{
	close(core->fd);
	test_free(core->data);
}

#endif
