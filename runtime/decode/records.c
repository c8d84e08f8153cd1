/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>

#include "decode_int.h"

/*
 * The lowest layer: whole records out of streams that nobody has to trust. Whatever
 * this file lets pass has the size its kind asks for and data as long as its own
 * counts say, so that the layers above never compute an address beyond it.
 */

/* Pointers into one array: their order is the array's, which breaks ties. */
static int by_shard(const void *a, const void *b)
{
	const struct decode_stream *const *x = a, *const *y = b;

	if ((*x)->shard != (*y)->shard)
		return (*x)->shard < (*y)->shard ? -1 : 1;
	return *x < *y ? -1 : *x > *y;
}

void records_init(struct records *records, struct arena *arena, const struct decode_input *input)
{
	size_t count = input->streams_count;
	const struct decode_stream **order =
		ARENA_ARRAY(arena, const struct decode_stream *, count);
	struct decode_stream *sorted = ARENA_ARRAY(arena, struct decode_stream, count);

	/* chunks of one shard continue each other: bring them together, in order */
	for (size_t i = 0; i < count; i++)
		order[i] = &input->streams[i];
	qsort(order, count, sizeof(*order), by_shard);
	for (size_t i = 0; i < count; i++)
		sorted[i] = *order[i];
	*records = (struct records){.input = input, .streams = sorted, .count = count};
}

uint32_t records_shard(const struct records *records, const struct record *record)
{
	return records->streams[record->stream].shard;
}

struct error *records_damaged(const struct records *records, const struct record *record,
			      const char *format, ...)
{
	cleanup_free char *what = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&what, format, args) < 0)
		base_out_of_memory();
	va_end(args);
	return error_new(ERROR_DAMAGED, "%s: process %u, shard %u, stream %zu, offset %zu: %s",
			 records->input->name, records->input->process->pid,
			 records_shard(records, record), record->stream, record->offset, what);
}

/* Bytes of the fixed part of each kind; 0: no such kind. */
static size_t fixed_size(uint16_t kind)
{
	static const uint8_t sizes[] = {
		[ASK_RECORD_GOROUTINE] = sizeof(struct ask_goroutine),
		[ASK_RECORD_STACK] = sizeof(struct ask_stack),
		[ASK_RECORD_FRAME] = sizeof(struct ask_frame),
		[ASK_RECORD_VALUE] = sizeof(struct ask_value),
		[ASK_RECORD_POINTEE] = sizeof(struct ask_value),
	};

	return kind < ARRAY_SIZE(sizes) ? sizes[kind] : 0;
}

static bool has_data(uint16_t status)
{
	return status == ASK_STATUS_OK || status == ASK_STATUS_PARTIAL ||
	       status == ASK_STATUS_REDACTED;
}

/*
 * The data that the fixed part promises, padded to 8. What follows a value that could
 * not be read is no data: the engine may have made room for it before it knew.
 */
static uint64_t promised(const struct record *record)
{
	uint64_t bytes = 0;

	switch (record->head.kind) {
	case ASK_RECORD_STACK:
		bytes = ((uint64_t)record->stack.leaf + record->stack.root) * 4;
		break;
	case ASK_RECORD_VALUE:
	case ASK_RECORD_POINTEE:
		if (!has_data(record->head.status))
			return record->data_size;
		bytes = record->value.length;
		break;
	default:
		break;
	}
	return (bytes + 7) & ~(uint64_t)7;
}

struct error *records_next(struct records *records, struct record *record, bool *ret)
{
	const struct decode_stream *stream;
	size_t left, fixed;

	while (records->stream < records->count &&
	       records->offset == records->streams[records->stream].size) {
		records->stream++;
		records->offset = 0;
	}
	if (records->stream == records->count) {
		*ret = false;
		return NULL;
	}
	stream = &records->streams[records->stream];
	left = stream->size - records->offset;
	record->stream = records->stream;
	record->offset = records->offset;
	if (left < sizeof(record->head))
		return records_damaged(records, record, "%zu bytes are left, less than a record",
				       left);
	memcpy(&record->head, stream->data + records->offset, sizeof(record->head));
	fixed = fixed_size(record->head.kind);
	if (!fixed)
		return records_damaged(records, record, "unknown record kind %u",
				       record->head.kind);
	if (record->head.size % 8 || record->head.size < fixed || record->head.size > left)
		return records_damaged(records, record,
				       "record of kind %u has size %u, where %zu bytes are left",
				       record->head.kind, record->head.size, left);
	memcpy(&record->goroutine, stream->data + records->offset, fixed);
	record->data = stream->data + records->offset + fixed;
	record->data_size = record->head.size - fixed;
	if (record->data_size != promised(record))
		return records_damaged(
			records, record,
			"record of kind %u has %zu bytes of data and promises %" PRIu64,
			record->head.kind, record->data_size, promised(record));
	records->offset += record->head.size;
	*ret = true;
	return NULL;
}
