/* SPDX-License-Identifier: BSD-2-Clause */
#include "dump_int.h"

#include <xxhash.h>

struct error *dump_open(struct dump_reader *reader, const char *name, const void *data, size_t size)
{
	struct dump_header header;

	if (size < sizeof(header) || memcmp(data, DUMP_MAGIC, sizeof(header.magic)) != 0)
		return error_new(ERROR_DAMAGED, "%s: not an askance dump", name);
	memcpy(&header, data, sizeof(header));
	if (header.version < DUMP_OLDEST || header.version > DUMP_VERSION || header.flags)
		return error_new(ERROR_DAMAGED,
				 "%s: dump version %u, flags %#x; this program reads %u to %u",
				 name, header.version, header.flags, DUMP_OLDEST, DUMP_VERSION);
	*reader = (struct dump_reader){
		.name = name, .data = data, .size = size, .offset = sizeof(header)};
	return NULL;
}

/* The chunk at reader->offset; NULL, or why it is not whole. */
static const char *read_chunk(const struct dump_reader *reader, struct dump_chunk_view *view)
{
	size_t left = reader->size - reader->offset;
	struct dump_chunk_header header;

	if (!left)
		return "no end mark";
	if (left < sizeof(header))
		return "cut in a chunk's header";
	memcpy(&header, reader->data + reader->offset, sizeof(header));
	left -= sizeof(header);
	*view = (struct dump_chunk_view){
		.kind = header.kind,
		.process = header.process,
		.data = reader->data + reader->offset + sizeof(header),
		.size = (size_t)header.size,
	};
	if (header.size > left)
		return "cut in a chunk";
	if (XXH64(view->data, view->size, dump_seed(header.kind, header.process)) != header.hash)
		return "a chunk's checksum is wrong";
	if (header.kind == DUMP_END && (header.size || header.process))
		return "bad end mark";
	return NULL;
}

struct error *dump_next(struct dump_reader *reader, struct dump_chunk_view *view, bool *ret)
{
	struct dump_chunk_view chunk;
	size_t end, pad;

	if (reader->ended || reader->cut) {
		*ret = false;
		return NULL;
	}
	reader->cut = read_chunk(reader, &chunk);
	if (reader->cut) {
		*ret = false;
		return NULL;
	}
	end = (size_t)(chunk.data - reader->data) + chunk.size;
	/* where a dump was cut, the last chunk's padding may be missing */
	pad = -end & 7;
	reader->offset = pad < reader->size - end ? end + pad : reader->size;
	if (chunk.kind == DUMP_END) {
		if (reader->offset != reader->size)
			return error_new(ERROR_DAMAGED, "%s: %zu bytes after the end mark",
					 reader->name, reader->size - reader->offset);
		reader->ended = true;
		*ret = false;
		return NULL;
	}
	*view = chunk;
	*ret = true;
	return NULL;
}

static struct error *damaged(const struct dump_chunk_view *view, const char *what)
{
	return error_new(ERROR_DAMAGED, "damaged dump: %s of process %u", what, view->process);
}

static const char *parse_text(struct arena *arena, const uint8_t **at, const uint8_t *end)
{
	const uint8_t *text = *at + sizeof(uint32_t);
	uint32_t length;

	if ((size_t)(end - *at) < sizeof(length))
		return NULL;
	memcpy(&length, *at, sizeof(length));
	if ((size_t)(end - text) < length || memchr(text, '\0', length))
		return NULL;
	*at = text + length;
	return arena_strndup(arena, (const char *)text, length);
}

struct error *dump_process_parse(struct arena *arena, const struct dump_chunk_view *view,
				 struct dump_process *header, struct dump_process_texts *texts)
{
	const uint8_t *at = view->data + sizeof(*header), *end = view->data + view->size;
	const char *list[DUMP_TEXTS];
	struct dump_process parsed;

	if (view->kind != DUMP_PROCESS || view->size < sizeof(parsed))
		return damaged(view, "the header");
	memcpy(&parsed, view->data, sizeof(parsed));
	if (parsed.engine < DUMP_ENGINE_BPF || parsed.engine > DUMP_ENGINE_CORE ||
	    parsed.pause < DUMP_PAUSE_PTRACE || parsed.pause > DUMP_PAUSE_NONE)
		return damaged(view, "engine or pause");
	for (size_t i = 0; i < DUMP_TEXTS; i++) {
		list[i] = parse_text(arena, &at, end);
		if (!list[i])
			return damaged(view, "a text");
	}
	if (at != end)
		return damaged(view, "the end of the header");
	*header = parsed;
	*texts = (struct dump_process_texts){list[0], list[1], list[2], list[3],
					     list[4], list[5], list[6]};
	return NULL;
}

struct error *dump_records_parse(const struct dump_chunk_view *view, uint32_t *shard,
				 const uint8_t **records, size_t *size)
{
	uint32_t head[2];

	if (view->kind != DUMP_RECORDS || view->size < sizeof(head))
		return damaged(view, "a header of records");
	memcpy(head, view->data, sizeof(head));
	if (head[1])
		return damaged(view, "a header of records");
	*shard = head[0];
	*records = view->data + sizeof(head);
	*size = view->size - sizeof(head);
	return NULL;
}

/* Counters are only ever added at the end: what both know is a prefix. */
struct error *dump_statistics_parse(const struct dump_chunk_view *view, struct dump_statistics *ret)
{
	size_t size = view->size < sizeof(*ret) ? view->size : sizeof(*ret);

	if (view->kind != DUMP_STATISTICS || view->size % 8)
		return damaged(view, "the statistics");
	memset(ret, 0, sizeof(*ret));
	memcpy(ret, view->data, size);
	return NULL;
}
