/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DECODE_H
#define DECODE_H

#include "base.h"
#include "dump.h"
#include "schema.h"

/*
 * decode: capture records to values. Reads a process's record streams once to index
 * them, then walks goroutines and frames in order and hands rows to a sink. Needs
 * a dump and a schema; no root, no process, no libbpf.
 */

/* A value ready for SQL. Texts live until the next row. */
enum decode_type { DECODE_NULL, DECODE_INTEGER, DECODE_REAL, DECODE_TEXT };
struct decode_cell {
	enum decode_type type;
	int64_t integer;
	double real;
	const char *text;
	size_t length;
};

struct decode_goroutine {
	uint64_t goroutine_id;
	bool is_system;
	const char *status;
	struct decode_cell wait_reason, wait_for_ns, wait_at_most_ns, thread_id,
		parent_goroutine_id, created_by, labels;
	uint64_t stack; /* index of the stack, UINT64_MAX when unavailable */
	const char *stack_status;
	uint64_t frame_count; /* logical frames, inlined ones counted */
	/* 3 a context of the schema, as in a row: of the leaf-most frame that has it */
	const struct decode_cell *contexts;
	size_t contexts_count;
};

struct decode_frame_row {
	uint64_t frame_idx;
	const char *function, *file;
	uint32_t line;
	bool inlined;
	uint64_t pc; /* run-time address */
};

/* One row of a function table: for each capture X, raw_X, status_X. */
struct decode_row {
	uint64_t goroutine_id;
	uint64_t frame_idx;
	uint32_t function;		  /* in schema->functions */
	const struct decode_cell *values; /* 3 a capture, in the function's capture order */
	size_t values_count;
};

/* Receives rows, in an order that keeps foreign keys whole: stacks, frames, goroutines, rows. */
struct decode_sink {
	void *data;
	/* stacks: index counts from 0 in this process, goroutine_count = goroutines that share it
	 */
	struct error *(*stack)(void *data, uint64_t index, uint64_t depth,
			       uint64_t goroutine_count);
	struct error *(*frame)(void *data, uint64_t stack, const struct decode_frame_row *row);
	struct error *(*goroutine)(void *data, const struct decode_goroutine *row);
	struct error *(*row)(void *data, const struct decode_row *row);
};

/* The record streams of one process, as they lie in the dump. */
struct decode_stream {
	uint32_t shard;
	const uint8_t *data;
	size_t size;
};
struct decode_input {
	const char *name; /* the dump's, for messages */
	const struct schema *schema;
	const struct dump_process *process;
	const struct dump_statistics *statistics; /* NULL when the dump was cut before them */
	const struct decode_stream *streams;
	size_t streams_count;
};

/* ERROR_DAMAGED when a record contradicts the schema or itself. */
struct error *decode(const struct decode_input *input, const struct decode_sink *sink);

#endif
