/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db_int.h"

/*
 * A dump, taken apart: its schemas, and for each process its header, the pieces of its
 * record streams and its statistics. Pieces point into the file, which stays mapped:
 * a dump may be larger than what one wants to have in memory.
 */

/* Of a dump that cannot be mapped, as it comes through a pipe. */
#define READ_MAX ((size_t)16 << 30)

static struct error *map_file(struct input *input, const char *path)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *data;

	if (fd < 0 || fstat(fd, &st) < 0)
		return error_os(ERROR_IO, errno, "%s", path);
	if (!S_ISREG(st.st_mode) || !st.st_size)
		return file_read(path, READ_MAX, &input->data, &input->size);
	data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		return error_os(ERROR_IO, errno, "%s: cannot map", path);
	input->data = data;
	input->size = (size_t)st.st_size;
	input->mapped = true;
	return NULL;
}

static struct input_process *find_process(struct input *input, uint32_t number)
{
	uint64_t i;

	return map_get(&input->process_map, number, &i) ? &input->processes.data[i] : NULL;
}

static const struct schema *find_schema(const struct input *input, uint32_t number)
{
	uint64_t i;

	return map_get(&input->schema_map, number, &i) ? input->schemas.data[i] : NULL;
}

static struct error *take_schema(struct input *input, const struct dump_chunk_view *view)
{
	struct schema *schema;

	if (find_schema(input, view->process))
		return error_new(ERROR_DAMAGED, "%s: schema %u twice", input->path, view->process);
	TRY(schema_read(input->arena, input->path, view->data, view->size, &schema));
	map_set(&input->schema_map, view->process, input->schemas.length);
	*VEC_PUSH(input->arena, &input->schemas) = schema;
	return NULL;
}

static struct error *take_process(struct input *input, const struct dump_chunk_view *view)
{
	struct input_process process = {.number = view->process};

	if (find_process(input, view->process))
		return error_new(ERROR_DAMAGED, "%s: process %u twice", input->path, view->process);
	TRY(dump_process_parse(input->arena, view, &process.header, &process.texts));
	process.schema = find_schema(input, process.header.schema);
	if (!process.schema)
		return error_new(ERROR_DAMAGED, "%s: process %u has no schema", input->path,
				 view->process);
	if (memcmp(process.schema->id, process.header.schema_id, sizeof(process.schema->id)) != 0)
		return error_new(ERROR_DAMAGED, "%s: process %u was captured with another schema",
				 input->path, view->process);
	map_set(&input->process_map, view->process, input->processes.length);
	*VEC_PUSH(input->arena, &input->processes) = process;
	return NULL;
}

static struct error *take_records(struct input *input, const struct dump_chunk_view *view)
{
	struct input_process *process = find_process(input, view->process);
	struct decode_stream stream;

	if (!process)
		return error_new(ERROR_DAMAGED, "%s: records of process %u, which is not there",
				 input->path, view->process);
	TRY(dump_records_parse(view, &stream.shard, &stream.data, &stream.size));
	*VEC_PUSH(input->arena, &process->streams) = stream;
	return NULL;
}

static struct error *take_statistics(struct input *input, const struct dump_chunk_view *view)
{
	struct input_process *process = find_process(input, view->process);

	if (!process || process->closed)
		return error_new(ERROR_DAMAGED, "%s: statistics of process %u %s", input->path,
				 view->process, process ? "twice" : "and no process");
	TRY(dump_statistics_parse(view, &process->statistics));
	process->closed = true;
	return NULL;
}

static struct error *take(struct input *input, const struct dump_chunk_view *view)
{
	switch (view->kind) {
	case DUMP_SCHEMA:
		return take_schema(input, view);
	case DUMP_PROCESS:
		return take_process(input, view);
	case DUMP_RECORDS:
		return take_records(input, view);
	case DUMP_STATISTICS:
		return take_statistics(input, view);
	default: /* of a newer program: whatever it is, it can be done without */
		return NULL;
	}
}

/* Processes that were captured at once come in any order; their numbers are the command line's. */
static int by_number(const void *a, const void *b)
{
	const struct input_process *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

struct error *input_open(struct input *input, struct arena *arena, const char *path,
			 const char *name)
{
	struct dump_reader reader;
	struct dump_chunk_view view;
	bool more;

	*input = (struct input){.path = name ? name : path, .arena = arena};
	map_init(&input->schema_map, arena);
	map_init(&input->process_map, arena);
	TRY(map_file(input, path));
	TRY(dump_open(&reader, input->path, input->data, input->size));
	for (;;) {
		TRY(dump_next(&reader, &view, &more));
		if (!more)
			break;
		TRY(take(input, &view));
	}
	if (input->processes.length)
		qsort(input->processes.data, input->processes.length,
		      sizeof(*input->processes.data), by_number);
	input->cut = reader.ended ? NULL : reader.cut;
	return NULL;
}

void input_close(struct input *input)
{
	if (input->mapped)
		munmap(input->data, input->size);
	else
		free(input->data);
	input->data = NULL;
	input->mapped = false;
}
