/* SPDX-License-Identifier: BSD-2-Clause */
/* Who a process is: /proc as the kernel writes it, executables as nobody should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <elf.h>
#include <link.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "schema.h"
#include "target_fixture.h"
#include "target_int.h"

/* A child that pauses, with its own arguments and environment when `program` is given. */
static pid_t start_program(const char *program, char *const argv[], char *const env[])
{
	int pipes[2];
	pid_t pid;
	char byte;

	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (program)
			execve(program, argv, env);
		close(pipes[0]);
		close(pipes[1]);
		pause();
		_exit(1);
	}
	close(pipes[1]);
	/* Its end is closed by the exec: only then is it that program. */
	assert_int_equal(read(pipes[0], &byte, 1), 0);
	close(pipes[0]);
	/* It has got to where it waits. */
	assert_true(comes_true(thread_state(pid, pid) == 'S'));
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void test_info_of_a_program(void **state)
{
	char *argv[] = {"sleep", "30.0", "1", NULL}, *env[] = {"A=1", "B=x y", NULL};
	cleanup_arena struct arena arena;
	struct target_info info;
	struct utsname uts;
	struct stat ns;
	pid_t pid = start_program("/bin/sleep", argv, env);

	(void)state;
	arena_init(&arena);
	uname(&uts);
	assert_ok(target_info(&arena, pid, true, &info));
	assert_int_equal(info.pid, pid);
	assert_string_equal(info.name, path_base(info.executable));
	assert_non_null(strstr(info.executable, "/bin/"));
	assert_string_equal(info.command_line, "sleep 30.0 1");
	assert_string_equal(info.environment, "A=1\nB=x y");
	assert_string_equal(info.hostname, uts.nodename);
	assert_false(info.is_go);
	assert_string_equal(info.go_build_id, "");
	assert_true(llabs((long long)(info.start_time_ns / 1000000000 - time(NULL))) <= 3);
	assert_int_equal(stat("/proc/self/ns/pid", &ns), 0);
	assert_int_equal(info.pidns_ino, ns.st_ino);
	assert_int_equal(info.pidns_dev, ns.st_dev); /* minor < 256: both codings agree */
	assert_ok(target_info(&arena, pid, false, &info));
	assert_string_equal(info.environment, "");
	end(pid);
}

static int first_object(struct dl_phdr_info *object, size_t size, void *data)
{
	(void)size;
	*(uint64_t *)data = object->dlpi_addr;
	return 1;
}

/* Our child has our own executable and bias. */
static void test_load_bias(void **state)
{
	cleanup_arena struct arena arena;
	struct target_info info;
	uint64_t bias = 1;
	char exe[4096] = {0};
	pid_t pid = start_program(NULL, NULL, NULL);

	(void)state;
	arena_init(&arena);
	dl_iterate_phdr(first_object, &bias);
	assert_true(readlink("/proc/self/exe", exe, sizeof(exe) - 1) > 0);
	assert_ok(target_info(&arena, pid, false, &info));
	assert_int_equal(info.load_bias, bias);
	assert_string_equal(info.executable, exe);
	end(pid);
}

/* The next release has replaced the file: the path is still the path. */
static void test_a_deleted_executable(void **state)
{
	char dir[] = "/tmp/askance-target-XXXXXX", path[64], *argv[] = {path, "30", NULL};
	cleanup_arena struct arena arena;
	struct target_info info;
	unsigned char *data;
	size_t size;
	pid_t pid;
	int fd;

	(void)state;
	arena_init(&arena);
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/program", dir);
	assert_ok(file_read("/bin/sleep", 64 << 20, &data, &size));
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	assert_ok(fd_write_all(fd, path, data, size));
	close(fd);
	free(data);
	pid = start_program(path, argv, environ);
	unlink(path);
	assert_ok(target_info(&arena, pid, false, &info));
	assert_string_equal(info.executable, path);
	assert_string_equal(info.name, "program");
	end(pid);
	rmdir(dir);
}

static void test_who_has_no_info(void **state)
{
	cleanup_arena struct arena arena;
	struct fixture fixture = fixture_start(FIXTURE_QUIET);
	struct target_info info = {.pid = 4711};
	pid_t pid = fork();
	int status;

	(void)state;
	arena_init(&arena);
	if (!pid)
		_exit(0);
	assert_true(comes_true(thread_state(pid, pid) == 'Z'));
	assert_error(target_info(&arena, pid, true, &info), ERROR_TARGET, "zombie");
	waitpid(pid, NULL, 0);
	assert_error(target_info(&arena, pid, true, &info), ERROR_TARGET, "no such process");
	assert_error(target_info(&arena, 0, true, &info), ERROR_TARGET, "no such process");
	assert_error(target_info(&arena, -5, true, &info), ERROR_TARGET, "no such process");
	assert_error(target_info(&arena, fixture.shared->tids[0], true, &info), ERROR_TARGET,
		     "is a thread of process");
	pid = fork();
	if (!pid) {
		pid_t victim = geteuid() ? 1 : fixture.pid;

		if (geteuid() == 0) {
			assert_error(target_info(&arena, 2, true, &info), ERROR_TARGET,
				     "kernel thread");
			if (setgid(65534) < 0 || setuid(65534) < 0)
				_exit(2);
		}
		assert_error(target_info(&arena, victim, true, &info), ERROR_HOST,
			     "run as root or with CAP_SYS_PTRACE");
		_exit(0);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	assert_int_equal(info.pid, 4711); /* untouched on failure */
	fixture_end(&fixture);
}

/* Many pieces at once, up to the first that is not there. */
static void test_pieces(void **state)
{
	static uint8_t from[3][100], room[1000];
	const pid_t self = getpid();
	struct target_memory memory = target_memory(&self);
	struct target_piece pieces[] = {
		{(uintptr_t)from[0], 100, NULL}, {(uintptr_t)from[1], 7, NULL}, {8, 16, NULL}, {(uintptr_t)from[2], 100, NULL},
	};

	(void)state;
	for (size_t i = 0; i < 300; i++)
		from[i / 100][i % 100] = (uint8_t)(i + 1);
	memory.read_pieces(memory.source, pieces, 2, room);
	assert_memory_equal(pieces[0].data, from[0], 100);
	assert_memory_equal(pieces[1].data, from[1], 7);
	memory.read_pieces(memory.source, pieces, 4, room);
	assert_memory_equal(pieces[1].data, from[1], 7);
	assert_null(pieces[2].data);
	assert_null(pieces[3].data);
	memory.read_pieces(memory.source, pieces + 2, 2, room);
	assert_null(pieces[2].data);
	assert_null(pieces[3].data);
	memory.read_pieces(memory.source, pieces, 0, room);
}

static void test_read(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), size = 64 * page;
	uint8_t *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint8_t *copy = malloc(size);
	uint64_t address = (uint64_t)(uintptr_t)map;
	pid_t pid;

	(void)state;
	for (size_t i = 0; i < size; i++)
		map[i] = (uint8_t)(i * 7 + i / page);
	pid = start_program(NULL, NULL, NULL);
	assert_true(target_read(pid, address, copy, size));
	assert_memory_equal(map, copy, size);
	assert_true(target_read(pid, address + page - 3, copy, 7));
	assert_memory_equal(map + page - 3, copy, 7);
	assert_true(target_read(pid, address, copy, 0));
	munmap(map + size - page, page);
	end(pid);
	pid = start_program(NULL, NULL, NULL);
	assert_true(target_read(pid, address, copy, size - page));
	assert_false(target_read(pid, address, copy, size));
	assert_false(target_read(pid, address + size - page - 1, copy, 2));
	assert_false(target_read(pid, 0, copy, 8));
	assert_false(target_read(pid, UINT64_MAX - 3, copy, 8));
	end(pid);
	assert_false(target_read(pid, address, copy, 8));
	munmap(map, size - page);
	free(copy);
}

static void test_status_and_stat_texts(void **state)
{
	static const char text[] = "Name:\tState: Z\\nTgid:\t1\nState:\tS (sleeping)\nTgid:\t70\n"
				   "Pid:\t70\nTracerPid:\t9\nNSpid:\t70\t8\t2\nThreads:\t3\n";
	struct proc_status status;
	struct proc_stat stat;

	(void)state;
	assert_true(proc_parse_status(text, &status));
	assert_int_equal(status.state, 'S');
	assert_int_equal(status.tgid, 70);
	assert_int_equal(status.tracer, 9);
	assert_int_equal(status.ns_pid, 2);
	assert_int_equal(status.threads, 3);
	for (size_t i = 0; i + 2 < sizeof(text); i++) {
		char *cut = strndup(text, i);

		(void)proc_parse_status(cut, &status);
		free(cut);
	}
	assert_false(proc_parse_status("", &status));
	assert_false(proc_parse_status(
		"State:\tS\nTgid:\t-1\nTracerPid:\t0\nThreads:\t1\nPid:\t1\n", &status));
	assert_false(proc_parse_status("State:\tS\nTgid:\t99999999999\nTracerPid:\t0\n"
				       "Threads:\t1\nPid:\t1\n",
				       &status));
	assert_true(proc_parse_stat("5 (a) S 1) 7 (x) R 1 2 3 4 5 2097152 0 0 0 0 0 0 0 0 20 0 1 0 "
				    "12345 1",
				    &stat));
	assert_int_equal(stat.flags, PROC_KERNEL_THREAD);
	assert_int_equal(stat.starttime, 12345);
	assert_false(proc_parse_stat("5 (a) S 1 2 3", &stat));
	assert_false(proc_parse_stat("5 (a)", &stat));
	assert_false(proc_parse_stat("", &stat));
}

/* Executables in memory */

struct image {
	Elf64_Ehdr header;
	Elf64_Phdr segments[4];
	uint8_t notes[256];
};

static size_t put_note(struct image *image, size_t at, uint32_t type, const char *name,
		       const void *desc, uint32_t size)
{
	Elf64_Nhdr note = {.n_namesz = 4, .n_descsz = size, .n_type = type};

	memcpy(image->notes + at, &note, sizeof(note));
	memcpy(image->notes + at + sizeof(note), name, 4);
	memcpy(image->notes + at + sizeof(note) + 4, desc, size);
	return at + sizeof(note) + 4 + ((size + 3) & ~3u);
}

static struct image good_image(void)
{
	struct image image = {
		.header =
			{
				.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB,
					    EV_CURRENT},
				.e_type = ET_DYN,
				.e_machine = EM_X86_64,
				.e_entry = 0x1234,
				.e_phoff = offsetof(struct image, segments),
				.e_phentsize = sizeof(Elf64_Phdr),
				.e_phnum = 4,
			},
	};
	size_t at = 0;

	at = put_note(&image, at, 1, "XYZ", "abcdef", 6);
	at = put_note(&image, at, 4, "Go\0", "ab/cd-e", 7);
	at = put_note(&image, at, NT_GNU_BUILD_ID, "GNU", "\x01\xfe\x30", 3);
	image.segments[0] = (Elf64_Phdr){.p_type = PT_LOAD, .p_vaddr = 0x400000, .p_filesz = 4096};
	image.segments[1] = (Elf64_Phdr){
		.p_type = PT_NOTE,
		.p_offset = offsetof(struct image, notes),
		.p_filesz = at,
		.p_align = 4,
	};
	return image;
}

static struct error *read_image(struct arena *arena, const void *data, size_t size,
				struct elf_facts *ret)
{
	cleanup_fd int fd = memfd_create("image", MFD_CLOEXEC);

	assert_ok(fd_write_all(fd, "image", data, size));
	return elf_read(arena, fd, "image", ret);
}

static void test_elf_notes(void **state)
{
	cleanup_arena struct arena arena;
	struct image image = good_image();
	struct elf_facts facts;

	(void)state;
	arena_init(&arena);
	assert_ok(read_image(&arena, &image, sizeof(image), &facts));
	assert_true(facts.elf64);
	assert_string_equal(facts.go_build_id, "ab/cd-e");
	assert_string_equal(facts.gnu_build_id, "01fe30");
	assert_true(facts.has_headers);
	assert_int_equal(facts.headers, 0x400000 + offsetof(struct image, segments));
	assert_int_equal(facts.entry, 0x1234);
	/* The last note's padding may be missing. */
	image.segments[1].p_filesz -= 1;
	assert_ok(read_image(&arena, &image, sizeof(image), &facts));
	assert_string_equal(facts.gnu_build_id, "01fe30");
	/* Not for us, but no reason to fail. */
	image.header.e_ident[EI_CLASS] = ELFCLASS32;
	assert_ok(read_image(&arena, &image, sizeof(image), &facts));
	assert_false(facts.elf64);
	assert_string_equal(facts.go_build_id, "");
	assert_ok(read_image(&arena, "#!/bin/sh", 9, &facts));
	assert_false(facts.elf64);
}

static void test_damaged_elf(void **state)
{
	cleanup_arena struct arena arena;
	struct elf_facts facts = {0};
	struct image image;

	(void)state;
	arena_init(&arena);
#define DAMAGED(change, part)                                                                      \
	do {                                                                                       \
		image = good_image();                                                              \
		change;                                                                            \
		assert_error(read_image(&arena, &image, sizeof(image), &facts), ERROR_TARGET,      \
			     part);                                                                \
	} while (0)
	DAMAGED(image.header.e_phoff = UINT64_MAX - 8, "cut off");
	DAMAGED(image.header.e_phnum = 60000, "cut off");
	DAMAGED(image.header.e_phnum = PN_XNUM, "program headers");
	DAMAGED(image.header.e_phentsize = 32, "program headers");
	DAMAGED(image.segments[1].p_offset = UINT64_MAX, "cut off");
	DAMAGED(image.segments[1].p_filesz = UINT64_MAX, "too large");
	DAMAGED(image.segments[1].p_filesz = 4096, "cut off");
	DAMAGED(image.segments[1].p_filesz = 20, "larger than its segment");
	DAMAGED(((Elf64_Nhdr *)image.notes)->n_descsz = UINT32_MAX, "larger than its segment");
	DAMAGED(((Elf64_Nhdr *)image.notes)->n_namesz = UINT32_MAX, "larger than its segment");
	DAMAGED(image.notes[24 + 16] = '\n', "not text");
#undef DAMAGED
	/* Any cut and any byte: an error or an answer, nothing worse. */
	image = good_image();
	for (size_t size = 0; size < sizeof(image); size++)
		error_free(read_image(&arena, &image, size, &facts));
	for (size_t i = 0; i < sizeof(image); i++) {
		image = good_image();
		((uint8_t *)&image)[i] ^= 0xff;
		error_free(read_image(&arena, &image, sizeof(image), &facts));
	}
}

static void test_bias_must_be_told_twice_alike(void **state)
{
	const struct elf_facts facts = {
		.elf64 = true, .entry = 0x1000, .has_headers = true, .headers = 0x40};
	const uint64_t good[] = {AT_PHDR, 0x5000040, AT_ENTRY, 0x5001000, AT_NULL, 0};
	const uint64_t other[] = {AT_PHDR, 0x6000040, AT_ENTRY, 0x5001000, AT_NULL, 0};
	const uint64_t odd[] = {AT_PHDR, 0x5000048, AT_ENTRY, 0x5001008, AT_NULL, 0};
	uint64_t bias = 1;

	(void)state;
	assert_ok(elf_load_bias(&facts, good, sizeof(good), "x", &bias));
	assert_int_equal(bias, 0x5000000);
	assert_error(elf_load_bias(&facts, other, sizeof(other), "x", &bias), ERROR_TARGET,
		     "contradict");
	assert_error(elf_load_bias(&facts, odd, sizeof(odd), "x", &bias), ERROR_TARGET,
		     "contradict");
	assert_error(elf_load_bias(&facts, good, 16, "x", &bias), ERROR_TARGET, "AT_ENTRY");
	assert_error(elf_load_bias(&facts, good, 0, "x", &bias), ERROR_TARGET, "AT_ENTRY");
}

/* Matching */

static bool matches(const struct target_rule *rules, size_t count, pid_t pid)
{
	cleanup_arena struct arena arena;
	size_t found = 0;
	pid_t *pids;

	arena_init(&arena);
	assert_ok(target_match(&arena, rules, count, &pids, &found));
	for (size_t i = 0; i < found; i++) {
		assert_true(pids[i] != getpid());
		if (i)
			assert_true(pids[i - 1] < pids[i]);
		if (pids[i] == pid)
			return true;
	}
	return false;
}

#define MATCHES(pid, ...)                                                                          \
	matches((const struct target_rule[]){__VA_ARGS__},                                         \
		sizeof((const struct target_rule[]){__VA_ARGS__}) / sizeof(struct target_rule),    \
		pid)

static void test_match(void **state)
{
	char *argv[] = {"sleep", "31.7", NULL}, *env[] = {"POD=web-1", "X=y", NULL};
	pid_t pid = start_program("/bin/sleep", argv, env);
	struct utsname uts;
	char text[32];

	(void)state;
	uname(&uts);
	snprintf(text, sizeof(text), "1x|%d", pid);
	assert_true(MATCHES(pid, {SCHEMA_MATCH_EXECUTABLE_NAME, "^(sleep|coreutils)$"}));
	assert_true(MATCHES(pid, {SCHEMA_MATCH_EXECUTABLE_PATH, "^/.*bin/"}));
	assert_true(MATCHES(pid, {SCHEMA_MATCH_COMMAND_LINE, "^sleep 31\\.7$"}));
	assert_true(MATCHES(pid, {SCHEMA_MATCH_ENVIRONMENT, "^X=y$"}));
	assert_true(MATCHES(pid, {SCHEMA_MATCH_ENVIRONMENT, "^POD=web-[0-9]+$"},
			    {SCHEMA_MATCH_HOSTNAME, uts.nodename}, {SCHEMA_MATCH_PID, text}));
	assert_false(MATCHES(pid, {SCHEMA_MATCH_EXECUTABLE_NAME, "bin"}));
	assert_false(MATCHES(pid, {SCHEMA_MATCH_ENVIRONMENT, "^POD=web-1$"},
			     {SCHEMA_MATCH_COMMAND_LINE, "^sleep 32"}));
	/* Part of a pid is another pid. */
	text[strlen(text) - 1] = '\0';
	assert_false(MATCHES(pid, {SCHEMA_MATCH_PID, text}));
	if (geteuid() == 0) /* kernel threads are no processes */
		assert_false(MATCHES(2, {SCHEMA_MATCH_COMMAND_LINE, ".*"}));
	assert_false(MATCHES(getpid(), {SCHEMA_MATCH_PID, ".*"}));
	end(pid);
}

static void test_match_errors(void **state)
{
	const struct target_rule broken = {SCHEMA_MATCH_PID, "a("}, unknown = {99, "a"};
	const struct target_rule nobody = {SCHEMA_MATCH_EXECUTABLE_NAME, "^no such program 0$"};
	cleanup_arena struct arena arena;
	size_t count = 1;
	pid_t *pids, pid;
	int status;

	(void)state;
	arena_init(&arena);
	assert_error(target_match(&arena, &broken, 1, &pids, &count), ERROR_USAGE, "\"a(\"");
	assert_error(target_match(&arena, &unknown, 1, &pids, &count), ERROR_USAGE, "99");
	assert_int_equal(count, 1);
	if (geteuid() != 0)
		return;
	assert_ok(target_match(&arena, &nobody, 1, &pids, &count));
	assert_int_equal(count, 0);
	pid = fork();
	if (!pid) {
		if (setgid(65534) < 0 || setuid(65534) < 0)
			_exit(2);
		assert_error(target_match(&arena, &nobody, 1, &pids, &count), ERROR_HOST,
			     "could not be looked at");
		_exit(0);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_info_of_a_program),
		cmocka_unit_test(test_load_bias),
		cmocka_unit_test(test_a_deleted_executable),
		cmocka_unit_test(test_who_has_no_info),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_status_and_stat_texts),
		cmocka_unit_test(test_elf_notes),
		cmocka_unit_test(test_damaged_elf),
		cmocka_unit_test(test_bias_must_be_told_twice_alike),
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_match_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
