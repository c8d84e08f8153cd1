/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dumps: raw records on their way to a decoder.
 *
 * A dump is written while a target stands still or has just been let go, possibly
 * into a pipe over a slow network, and may end anywhere. So it is a stream of chunks
 * that stand alone: each says how long it is and carries a hash, nothing refers
 * forward, and an END chunk tells a whole dump from a cut one. Schemas travel
 * inside, before the first process that needs them.
 *
 *	header
 *	SCHEMA 0	the schema of one object
 *	PROCESS 0	names its schema by number and id
 *	RECORDS 0	one shard's output, as the engine wrote it; as often as needed
 *	STATISTICS 0	closes the process
 *	PROCESS 1 …
 *	END
 *
 * Records are neither copied nor looked at: this is a path that the length of the
 * collection depends on.
 */
#include "dump_int.h"

/* for a hash state on the stack */
#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>

static struct error *write_all(struct dump_writer *writer, const void *data, size_t size)
{
	return fd_write_all(writer->fd, writer->name, data, size);
}

struct error *dump_begin(struct dump_writer *writer, int fd, const char *name)
{
	struct dump_header header = {.magic = DUMP_MAGIC, .version = DUMP_VERSION};

	*writer = (struct dump_writer){.fd = fd, .name = name};
	return write_all(writer, &header, sizeof(header));
}

/*
 * A chunk whose payload is `head`, at most 8 bytes, and then `data`. Nothing is
 * allocated: records are written while a target waits.
 */
static struct error *write_chunk(struct dump_writer *writer, uint32_t kind, uint32_t process,
				 const void *head, size_t head_size, const void *data, size_t size)
{
	static const char zeros[8];
	struct {
		struct dump_chunk_header header;
		uint8_t head[8];
	} start = {.header = {.kind = kind, .process = process}};
	struct error *error;
	XXH64_state_t state;

	assert(head_size <= sizeof(start.head));
	XXH64_reset(&state, dump_seed(kind, process));
	if (head_size) {
		memcpy(start.head, head, head_size);
		XXH64_update(&state, head, head_size);
	}
	if (size)
		XXH64_update(&state, data, size);
	start.header.size = (uint64_t)head_size + size;
	start.header.hash = XXH64_digest(&state);
	if (writer->mutex)
		pthread_mutex_lock(writer->mutex);
	error = write_all(writer, &start, sizeof(start.header) + head_size);
	if (!error && size)
		error = write_all(writer, data, size);
	if (!error && start.header.size % 8)
		error = write_all(writer, zeros, 8 - start.header.size % 8);
	if (writer->mutex)
		pthread_mutex_unlock(writer->mutex);
	return error;
}

struct error *dump_chunk(struct dump_writer *writer, enum dump_chunk_kind kind, uint32_t process,
			 const void *data, size_t size)
{
	return write_chunk(writer, kind, process, NULL, 0, data, size);
}

struct error *dump_records(struct dump_writer *writer, uint32_t process, uint32_t shard,
			   const void *records, size_t size)
{
	uint32_t head[2] = {shard, 0};

	return write_chunk(writer, DUMP_RECORDS, process, head, sizeof(head), records, size);
}

struct error *dump_process_chunk(struct dump_writer *writer, uint32_t process,
				 const struct dump_process *header,
				 const struct dump_process_texts *texts)
{
	const char *list[DUMP_TEXTS] = {texts->name,	     texts->hostname,	 texts->executable,
					texts->command_line, texts->environment, texts->build_id,
					texts->go_version};
	cleanup_strbuf struct strbuf payload = STRBUF_INIT;

	strbuf_add(&payload, header, sizeof(*header));
	for (size_t i = 0; i < DUMP_TEXTS; i++) {
		size_t length = list[i] ? strlen(list[i]) : 0;
		uint32_t stored = (uint32_t)length;

		if (length > UINT32_MAX)
			return error_new(ERROR_IO, "%s: a text of process %u is too long",
					 writer->name, header->pid);
		strbuf_add(&payload, &stored, sizeof(stored));
		strbuf_add(&payload, list[i], length);
	}
	return dump_chunk(writer, DUMP_PROCESS, process, payload.data, payload.length);
}

struct error *dump_end(struct dump_writer *writer)
{
	return dump_chunk(writer, DUMP_END, 0, NULL, 0);
}
