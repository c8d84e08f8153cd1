/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the rings to the dump. Normally everything is written after the target has
 * been released; only when a ring is full are its finished chunks written in the
 * pause. Records are counted as they pass: what the statistics say is what the dump holds.
 */
#include "session.h"

static void keep_error(struct session *session, struct error *error)
{
	if (!error)
		return;
	if (session->output_error)
		error_free(error);
	else
		session->output_error = error;
}

/* The PROCESS chunk comes before the first record. */
static void write_process(struct session *session)
{
	const struct target_info *info = &session->info;
	struct dump_process header = {
		.schema = session->process,
		.pid = (uint32_t)info->pid,
		.load_bias = info->load_bias,
		.process_start_time_ns = info->start_time_ns,
		.capture_time_ns = session->capture_time_ns,
		.capture_monotonic_ns = session->capture_monotonic_ns,
		.last_gc_ns = session->last_gc_ns,
		.engine = session_engine(session),
		.pause = session->options->pause == COLLECT_PAUSE_NONE ? DUMP_PAUSE_NONE
								       : DUMP_PAUSE_PTRACE,
	};
	const struct dump_process_texts texts = {
		.name = info->name,
		.hostname = info->hostname,
		.executable = info->executable,
		.command_line = info->command_line,
		.environment = session->options->environment ? info->environment : "",
		.build_id = info->go_build_id,
		.go_version = schema_text(session->schema, session->schema->meta.go_version),
	};

	memcpy(header.schema_id, session->schema->id, sizeof(header.schema_id));
	if (!session->output_error)
		keep_error(session, dump_chunk(session->writer, DUMP_SCHEMA, session->process,
					       session->object->schema_bytes,
					       session->object->schema_size));
	if (!session->output_error)
		keep_error(session, dump_process_chunk(session->writer, session->process, &header,
						       &texts));
	session->process_written = true;
}

/* Counts the records of a chunk into the statistics. */
static void count_records(struct session *session, const uint8_t *data, uint32_t size)
{
	struct dump_statistics *stats = &session->statistics;
	uint32_t last_frame = UINT32_MAX;

	for (uint32_t off = 0; off + sizeof(struct ask_record) <= size;) {
		const struct ask_record *record = (const void *)(data + off);
		const struct ask_goroutine *goroutine = (const void *)record;

		switch (record->kind) {
		case ASK_RECORD_GOROUTINE:
			stats->goroutines++;
			stats->frames += goroutine->depth;
			stats->frame_cuts += goroutine->stack_status == ASK_STACK_CUT;
			stats->bad_stacks += goroutine->stack_status > ASK_STACK_CUT;
			last_frame = UINT32_MAX;
			break;
		case ASK_RECORD_STACK:
			stats->distinct_stacks++;
			break;
		case ASK_RECORD_FRAME:
			stats->captured_frames +=
				((const struct ask_frame *)record)->frame != last_frame;
			last_frame = ((const struct ask_frame *)record)->frame;
			break;
		case ASK_RECORD_VALUE:
			stats->captured_values++;
			stats->read_failures += record->status == ASK_STATUS_READ_FAILED;
			break;
		case ASK_RECORD_POINTEE:
			stats->pointees++;
			stats->read_failures += record->status == ASK_STATUS_READ_FAILED;
			break;
		}
		if (!record->size)
			break;
		off += record->size;
	}
	stats->bytes += size;
}

static void write_chunk(struct session *session, uint32_t shard, uint64_t chunk, uint32_t size)
{
	const struct ask_shard *state = &session->shards[shard];
	const uint8_t *data = session->chunks +
			      (state->first_chunk + chunk % state->chunks) * session->chunk_stride;

	if (!session->process_written)
		write_process(session);
	if (!size)
		return;
	count_records(session, data, size);
	if (!session->output_error)
		keep_error(session,
			   dump_records(session->writer, session->process, shard, data, size));
}

uint32_t drain_scanned(struct session *session, uint32_t shard)
{
	struct ask_shard *state = &session->shards[shard];
	uint32_t count = 0;

	if (state->failed_records)
		native_retry(session, shard);
	while (state->drained < state->scan_chunk && state->drained < state->write_chunk) {
		write_chunk(session, shard, state->drained,
			    state->used[(state->drained % state->chunks) & (ASK_SHARD_CHUNKS - 1)]);
		state->drained++;
		count++;
	}
	return count;
}

void drain_rest(struct session *session)
{
	for (uint32_t i = 0; i < session->shards_used; i++) {
		struct ask_shard *state = &session->shards[i];

		for (; state->drained < state->write_chunk; state->drained++)
			write_chunk(session, i, state->drained,
				    state->used[(state->drained % state->chunks) &
						(ASK_SHARD_CHUNKS - 1)]);
		write_chunk(session, i, state->write_chunk, state->write_off);
	}
	if (!session->process_written)
		write_process(session);
}
