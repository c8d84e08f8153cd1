/* SPDX-License-Identifier: BSD-2-Clause */
#include "file.h"
#include "file_signals.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct error *file_read(const char *path, size_t limit, unsigned char **data, size_t *size)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned char *bytes = NULL;
	size_t length = 0, capacity = 0;

	if (fd < 0)
		return error_os(ERROR_IO, errno, "%s", path);
	for (;;) {
		ssize_t n;

		if (length == capacity) {
			unsigned char *grown;

			capacity = capacity ? capacity * 2 : 65536;
			grown = realloc(bytes, capacity + 1);
			if (!grown)
				base_out_of_memory();
			bytes = grown;
		}
		n = read(fd, bytes + length, capacity - length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int saved = errno;

			free(bytes);
			return error_os(ERROR_IO, saved, "%s", path);
		}
		if (n == 0)
			break;
		length += (size_t)n;
		if (length > limit) {
			free(bytes);
			return error_new(ERROR_DAMAGED, "%s: larger than %zu bytes", path, limit);
		}
	}
	bytes[length] = '\0';
	*data = bytes;
	*size = length;
	return NULL;
}

struct error *fd_write_all(int fd, const char *name, const void *data, size_t size)
{
	const char *p = data;

	while (size) {
		ssize_t n = write(fd, p, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_os(ERROR_IO, errno, "%s: cannot write", name);
		p += n;
		size -= (size_t)n;
	}
	return NULL;
}

/* mkdir(2), or nothing where a directory, or a link to one, is. */
static struct error *make_one_directory(const char *path)
{
	struct stat status;
	int saved;

	if (mkdir(path, 0777) == 0)
		return NULL;
	saved = errno;
	if (stat(path, &status) == 0) {
		if (S_ISDIR(status.st_mode))
			return NULL;
		saved = ENOTDIR;
	}
	return error_os(ERROR_IO, saved, "%s: cannot create the directory", path);
}

struct error *file_make_directory(const char *path)
{
	cleanup_free char *parent = strdup(path);

	if (!parent)
		base_out_of_memory();
	/* each parent, from the first on: the path up to a slash that ends a name */
	for (char *p = parent; *p; p++) {
		struct error *error;

		if (*p != '/' || p == parent || p[-1] == '/')
			continue;
		*p = '\0';
		error = make_one_directory(parent);
		*p = '/';
		if (error)
			return error;
	}
	return make_one_directory(path);
}

struct error *file_create(struct file_writer *writer, const char *path)
{
	sigset_t signals;
	mode_t mask;

	*writer = (struct file_writer){.fd = -1};
	writer->path = strdup(path);
	if (!writer->path || asprintf(&writer->temporary, "%s.XXXXXX", path) < 0)
		base_out_of_memory();
	file_signals_hold(&signals);
	writer->fd = mkostemp(writer->temporary, O_CLOEXEC);
	if (writer->fd >= 0)
		file_signals_add(writer->temporary);
	file_signals_release(&signals);
	if (writer->fd < 0) {
		struct error *error = error_os(ERROR_IO, errno, "%s: cannot create", path);

		free(writer->temporary);
		writer->temporary = NULL;
		file_abort(writer);
		return error;
	}
	mask = umask(0);
	umask(mask);
	(void)!fchmod(writer->fd, 0666 & ~mask);
	return NULL;
}

struct error *file_write(struct file_writer *writer, const void *data, size_t size)
{
	return fd_write_all(writer->fd, writer->path, data, size);
}

struct error *file_commit(struct file_writer *writer)
{
	struct error *error = NULL;

	if (fsync(writer->fd) < 0 && errno != EINVAL && errno != EROFS)
		error = error_os(ERROR_IO, errno, "%s: cannot write", writer->path);
	else if (rename(writer->temporary, writer->path) < 0)
		error = error_os(ERROR_IO, errno, "%s: cannot rename into place", writer->path);
	if (!error) {
		file_signals_forget(writer->temporary);
		free(writer->temporary);
		writer->temporary = NULL;
	}
	file_abort(writer);
	return error;
}

void file_abort(struct file_writer *writer)
{
	if (writer->temporary) {
		unlink(writer->temporary);
		file_signals_forget(writer->temporary);
		free(writer->temporary);
	}
	if (writer->path && writer->fd >= 0)
		close(writer->fd);
	free(writer->path);
	*writer = (struct file_writer){.fd = -1};
}
