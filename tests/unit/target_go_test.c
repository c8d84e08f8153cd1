/* SPDX-License-Identifier: BSD-2-Clause */
/* A real Go program: its threads wait on futexes, and preempt each other with SIGURG. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <poll.h>
#include <cmocka.h>

#include "target_fixture.h"

static const char source[] =
	"package main\n"
	"import (\n\t\"fmt\"\n\t\"os\"\n\t\"os/signal\"\n\t\"sync\"\n\t\"syscall\"\n\t\"time\"\n)\n"
	"func main() {\n"
	"\tvar wait sync.WaitGroup\n"
	"\tfor i := 0; i < 2; i++ {\n"
	"\t\tgo func() { n := 0; for { n++; if n&0xffff == 0 { time.Sleep(time.Microsecond) } } "
	"}()\n"
	"\t}\n"
	"\tfor i := 0; i < 6; i++ { /* threads of their own, in system calls */\n"
	"\t\tvar p [2]int\n\t\tsyscall.Pipe(p[:])\n"
	"\t\tgo func() { var b [1]byte; syscall.Read(p[0], b[:]) }()\n"
	"\t}\n"
	"\tc := make(chan os.Signal, 10000)\n\tsignal.Notify(c, syscall.SIGUSR1)\n"
	"\tticks := 0\n"
	"\tgot := 0\n"
	"\tfor range time.Tick(time.Millisecond) {\n"
	"\t\tticks++\n"
	"\t\tfor len(c) > 0 { <-c; got++ }\n"
	"\t\tif ticks%5 == 0 { fmt.Printf(\"%010d %010d\\n\", ticks, got) }\n"
	"\t}\n"
	"\twait.Wait()\n"
	"}\n";

static char directory[] = "/tmp/askance-target-go-XXXXXX", program[64];

static int build(void **state)
{
	char path[64], command[512];
	FILE *file;

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/main.go", directory);
	snprintf(program, sizeof(program), "%s/program", directory);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(source, file);
	fclose(file);
	snprintf(command, sizeof(command),
		 "PATH=$PATH:/usr/local/go/bin; command -v go >/dev/null || exit 99; cd %s && "
		 "GO111MODULE=off go build -o program main.go",
		 directory);
	if (system(command) != 0)
		program[0] = '\0';
	return 0;
}

static int clean(void **state)
{
	char path[64];

	(void)state;
	snprintf(path, sizeof(path), "%s/main.go", directory);
	unlink(path);
	if (program[0])
		unlink(program);
	rmdir(directory);
	return 0;
}

/* The last whole line of what the program says: ticks, and signals received. */
static void listen(int fd, long *ticks, long *got)
{
	static char buffer[1 << 20];
	ssize_t n = read(fd, buffer, sizeof(buffer));

	assert_true(n >= 22 && n % 22 == 0);
	assert_int_equal(sscanf(buffer + n - 22, "%ld %ld", ticks, got), 2);
}

/* The same; how many signals it has received. */
static size_t heard(int fd, long *ticks, long *got)
{
	listen(fd, ticks, got);
	return (size_t)*got;
}

static pid_t start_go(int *ret)
{
	int out[2];
	pid_t pid;

	if (!program[0]) {
		print_message("SKIPPED: no Go toolchain\n");
		skip();
	}
	assert_int_equal(pipe(out), 0);
	fcntl(out[0], F_SETPIPE_SZ, 1 << 20);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(out[1], 1);
		execl(program, program, (char *)NULL);
		_exit(1);
	}
	close(out[1]);
	*ret = out[0];
	/* Once it says something it is that program. */
	assert_int_equal(poll(&(struct pollfd){.fd = out[0], .events = POLLIN}, 1, 60000), 1);
	return pid;
}

static void test_info_of_go(void **state)
{
	cleanup_arena struct arena arena;
	struct target_info info;
	int fd = -1;
	pid_t pid;

	(void)state;
	pid = start_go(&fd);
	arena_init(&arena);
	assert_ok(target_info(&arena, pid, false, &info));
	assert_true(info.is_go);
	assert_true(strlen(info.go_build_id) > 40);
	assert_int_equal(info.load_bias, 0);
	assert_string_equal(info.executable, program);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(fd);
}

static void test_rounds_on_go(void **state)
{
	long ticks, got, more;
	size_t count, most = 0, sent = 0, late = 0;
	int fd = -1;
	pid_t pid;

	(void)state;
	pid = start_go(&fd);
	listen(fd, &ticks, &got);
	for (int i = 0; i < 100; i++) {
		struct target target;
		size_t idle[4];

		seize_and_stop(&target, pid);
		for (int j = 0; j < 5; j++) {
			struct error *error;

			count = idle_threads(&target, idle, 4);
			most = count > most ? count : most;
			error = target_trigger(&target, idle, count);
			if (was_late(error)) {
				assert_true(++late < ATTEMPTS);
				break;
			}
			assert_ok(error);
		}
		let_go(&target);
		/* Standard signals merge while pending: the next only when this one was taken. */
		kill(pid, SIGUSR1);
		sent++;
		assert_true(comes_true(heard(fd, &more, &got) >= sent));
	}
	assert_true(most >= 3);
	fixture_nap(100000);
	listen(fd, &more, &got);
	assert_true(more > ticks + 100);
	assert_int_equal(got, sent);
	assert_int_equal(stopped_threads(pid, &count), 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_info_of_go),
		cmocka_unit_test(test_rounds_on_go),
	};

	return cmocka_run_group_tests(tests, build, clean);
}
