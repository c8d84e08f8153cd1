/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * records FILE.askdump: the capture records of a dump on stdout, one line each with
 * all of its bytes in hex, for comparing what two engines wrote.
 * records --raw FILE.askdump: the bytes themselves, one after the other.
 *
 * Only the records: chunk headers, times and statistics differ between two runs.
 */
#include <stdio.h>
#include <string.h>

#include "abi/records.h"
#include "base.h"
#include "dump.h"

static const char *const kind_names[] = {
	[ASK_RECORD_GOROUTINE] = "GOROUTINE", [ASK_RECORD_STACK] = "STACK",
	[ASK_RECORD_FRAME] = "FRAME",	      [ASK_RECORD_VALUE] = "VALUE",
	[ASK_RECORD_POINTEE] = "POINTEE",
};

static struct error *print_record(const char *name, const uint8_t *data, size_t size,
				  size_t *ret)
{
	struct ask_record head;

	if (size < sizeof(head))
		return error_new(ERROR_DAMAGED, "%s: a record is cut", name);
	memcpy(&head, data, sizeof(head));
	if (head.size < sizeof(head) || head.size > size || head.size % 8)
		return error_new(ERROR_DAMAGED, "%s: a record of %u bytes", name, head.size);
	if (head.kind >= ARRAY_SIZE(kind_names) || !kind_names[head.kind])
		return error_new(ERROR_DAMAGED, "%s: a record of kind %u", name, head.kind);
	printf("%s %u ", kind_names[head.kind], head.status);
	for (size_t i = 0; i < head.size; i++)
		printf("%02x", data[i]);
	putchar('\n');
	*ret = head.size;
	return NULL;
}

static struct error *print_chunk(const char *name, const struct dump_chunk_view *chunk, bool raw)
{
	const size_t prefix = 8; /* u32 shard, u32 0 */

	if (chunk->size < prefix)
		return error_new(ERROR_DAMAGED, "%s: a RECORDS chunk is too short", name);
	if (raw) {
		fwrite(chunk->data + prefix, 1, chunk->size - prefix, stdout);
		return NULL;
	}
	for (size_t at = prefix, size; at < chunk->size; at += size)
		TRY(print_record(name, chunk->data + at, chunk->size - at, &size));
	return NULL;
}

static struct error *print_dump(const char *name, bool raw)
{
	cleanup_free unsigned char *data = NULL;
	struct dump_reader reader;
	struct dump_chunk_view chunk;
	size_t size;
	bool more;

	TRY(file_read(name, (size_t)1 << 32, &data, &size));
	TRY(dump_open(&reader, name, data, size));
	for (;;) {
		TRY(dump_next(&reader, &chunk, &more));
		if (!more)
			break;
		if (chunk.kind == DUMP_RECORDS)
			TRY(print_chunk(name, &chunk, raw));
	}
	if (!reader.ended)
		return error_new(ERROR_DAMAGED, "%s is cut", name);
	return NULL;
}

int main(int argc, char **argv)
{
	bool raw = argc == 3 && !strcmp(argv[1], "--raw");

	if (argc != 2 + raw) {
		fprintf(stderr, "usage: records [--raw] FILE.askdump\n");
		return 1;
	}
	return error_report("records", print_dump(argv[argc - 1], raw));
}
