/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stddef.h>
#include <stdio.h>

#include "error.h"

/* Reads a whole file of at most `limit` bytes; *data is malloc'ed, NUL-terminated beyond *size. */
struct error *file_read(const char *path, size_t limit, unsigned char **data, size_t *size);

/*
 * A file that appears under its final name only when it is complete: written to
 * a temporary name in the same directory, fsync'ed and renamed by file_commit().
 */
struct file_writer {
	char *path;	 /* final name */
	char *temporary; /* name while it is written */
	int fd;		 /* open for writing, -1 when not */
};

struct error *file_create(struct file_writer *writer, const char *path);
/* All of data, or an error. */
struct error *file_write(struct file_writer *writer, const void *data, size_t size);
/* Publishes the file. On failure the temporary file is removed. */
struct error *file_commit(struct file_writer *writer);
/* Removes what was written, if it was not committed. Safe on a committed or zeroed writer. */
void file_abort(struct file_writer *writer);

/*
 * For programs: from now on SIGINT, SIGTERM and their like, where they end the program, remove
 * what was not committed. The thread that creates files must be the one that gets them.
 */
void file_remove_on_signals(void);

#define cleanup_file_writer __attribute__((cleanup(file_abort)))

/* write(2) until all is out; EINTR is retried. */
struct error *fd_write_all(int fd, const char *name, const void *data, size_t size);

/* Creates the directory `path` and its parents where they do not exist; all may exist already. */
struct error *file_make_directory(const char *path);

static inline void fd_cleanup(int *fd)
{
	extern int close(int);

	if (*fd >= 0)
		close(*fd);
}

static inline void free_cleanup(void *pointer)
{
	extern void free(void *);

	free(*(void **)pointer);
}

#define cleanup_fd __attribute__((cleanup(fd_cleanup)))
#define cleanup_free __attribute__((cleanup(free_cleanup)))

#endif
