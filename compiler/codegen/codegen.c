/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * codegen: from generated C to NAME.ask.o.
 *
 * libclang looks at the text first (check.c). Then clang itself compiles it, in
 * a temporary directory that holds the program, the engine's headers and the
 * schema, all under fixed names: no path of this host can get into the object, so
 * the same input gives the same bytes. The schema comes in by an .incbin that the
 * template asks for when ASK_SCHEMA is defined.
 */
#include "codegen.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "codegen_int.h"
#include "embedded_headers.h"

extern char **environ;

/* Newest first; `clang` is the distribution's choice, and CLANG in the environment the user's. */
static const char *const compilers[] = {
	"clang",    "clang-22", "clang-21", "clang-20", "clang-19",
	"clang-18", "clang-17", "clang-16", "clang-15", "clang-14",
};

static bool in_path(const char *program)
{
	const char *path = getenv("PATH");

	if (strchr(program, '/'))
		return access(program, X_OK) == 0;
	for (path = path ? path : "/usr/bin:/bin"; *path;) {
		size_t length = strcspn(path, ":");
		char *file;
		bool found;

		if (asprintf(&file, "%.*s/%s", (int)length, path, program) < 0)
			base_out_of_memory();
		found = access(file, X_OK) == 0;
		free(file);
		if (found)
			return true;
		path += length + (path[length] == ':');
	}
	return false;
}

static struct error *find_clang(const char **ret)
{
	const char *chosen = getenv("CLANG");

	if (chosen && *chosen) {
		*ret = chosen;
		return NULL;
	}
	for (size_t i = 0; i < ARRAY_SIZE(compilers); i++) {
		if (in_path(compilers[i])) {
			*ret = compilers[i];
			return NULL;
		}
	}
	return error_new(ERROR_HOST, "no clang in PATH: install clang 14 or newer, or set CLANG");
}

static int remove_entry(const char *path, const struct stat *st, int flag, struct FTW *walk)
{
	(void)st;
	(void)flag;
	(void)walk;
	remove(path);
	return 0;
}

static void remove_directory(char **directory)
{
	if (*directory)
		nftw(*directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	free(*directory);
}

static struct error *make_directory(char **ret)
{
	const char *base = getenv("TMPDIR");
	char *path;

	if (asprintf(&path, "%s/askc-XXXXXX", base && *base ? base : "/tmp") < 0)
		base_out_of_memory();
	if (!mkdtemp(path)) {
		struct error *error =
			error_os(ERROR_IO, errno, "%s: cannot make a temporary directory", path);

		free(path);
		return error;
	}
	*ret = path;
	return NULL;
}

/* Writes DIRECTORY/RELATIVE, making the directories on the way. */
static struct error *put_file(const char *directory, const char *relative, const void *data,
			      size_t size)
{
	cleanup_free char *path = NULL;
	cleanup_fd int fd = -1;

	if (asprintf(&path, "%s/%s", directory, relative) < 0)
		base_out_of_memory();
	for (char *slash = path + strlen(directory) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		if (mkdir(path, 0700) < 0 && errno != EEXIST)
			return error_os(ERROR_IO, errno, "%s", path);
		*slash = '/';
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_os(ERROR_IO, errno, "%s", path);
	return fd_write_all(fd, path, data, size);
}

/* Reads what the compiler has to say, up to a screenful, until it closes its end. */
static void read_talk(int fd, struct strbuf *talk)
{
	char part[4096];
	ssize_t n;

	while ((n = read(fd, part, sizeof(part))) > 0 || (n < 0 && errno == EINTR))
		if (n > 0 && talk->length < 16384)
			strbuf_add(talk, part, (size_t)n);
}

/* Runs argv in `directory`; its stderr goes to `talk`. */
static struct error *run(char *const argv[], const char *directory, struct strbuf *talk,
			 int *status)
{
	posix_spawn_file_actions_t actions;
	int pipes[2], rc;
	pid_t pid;

	if (pipe2(pipes, O_CLOEXEC) < 0)
		return error_os(ERROR_HOST, errno, "cannot make a pipe");
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addchdir_np(&actions, directory);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, pipes[1], 1);
	posix_spawn_file_actions_adddup2(&actions, pipes[1], 2);
	rc = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(pipes[1]);
	if (rc == 0) {
		read_talk(pipes[0], talk);
		while (waitpid(pid, status, 0) < 0 && errno == EINTR)
			;
	}
	close(pipes[0]);
	return rc ? error_os(ERROR_HOST, rc, "%s: cannot run", argv[0]) : NULL;
}

struct error *codegen_compile(const char *name, const char *source, size_t length,
			      const void *schema, size_t schema_size, struct strbuf *ret)
{
	__attribute__((cleanup(remove_directory))) char *directory = NULL;
	cleanup_strbuf struct strbuf talk = STRBUF_INIT;
	cleanup_free char *file = NULL, *object = NULL, *map = NULL;
	unsigned char *bytes = NULL;
	const char *clang;
	size_t size;
	int status = 0;

	TRY(find_clang(&clang));
	TRY(make_directory(&directory));
	if (asprintf(&file, "%s.bpf.c", name) < 0 ||
	    asprintf(&object, "%s/object", directory) < 0 ||
	    asprintf(&map, "-fdebug-prefix-map=%s=.", directory) < 0)
		base_out_of_memory();
	TRY(put_file(directory, file, source, length));
	TRY(put_file(directory, "schema", schema, schema_size));
	for (const struct embedded_file *header = embedded_headers; header->path; header++)
		TRY(put_file(directory, header->path, header->data, header->size));
	{
		char *const argv[] = {(char *)clang, CODEGEN_FLAGS, "-Werror", "-Ibpf-headers",
				      "-DASK_SCHEMA=\"schema\"", map,
				      "-fdebug-compilation-dir=.", "-c", file, "-o", "object",
				      NULL};

		TRY(run(argv, directory, &talk, &status));
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		return error_new(ERROR_HOST, "%s cannot compile the generated C:\n%s", clang,
				 talk.data);
	TRY(file_read(object, (size_t)1 << 30, &bytes, &size));
	strbuf_add(ret, bytes, size);
	free(bytes);
	return NULL;
}
