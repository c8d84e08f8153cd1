/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A snapshot of a core dump. It stands still by itself: so the native engine runs over
 * its memory from beginning to end, in one shard, with registers from its notes, and
 * writes what it would have written of the process.
 */
#include <stdlib.h>

#include "session.h"

static struct error *run(struct session *session, struct collect_result *result)
{
	struct error *error = session_identify(session);

	if (error)
		return error_wrap(error, "%s", session->core->path);
	session_plan(session);
	TRY(session_allocate(session));
	session_prepare(session);
	native_create(session, true);
	session->shards_used = 1;
	error = session_begin(session);
	if (error && session->core->missing) {
		error->code = ERROR_DAMAGED; /* what is not there is behind the file's end */
		return error_wrap(error, "%s is cut off", session->core->path);
	}
	if (error)
		return error_wrap(error, "%s", session->core->path);
	native_run(session, 0, false);
	return session_finish(session, result);
}

struct error *collect_core(const struct collect_object *object, const struct core *core,
			   const struct collect_options *options, struct dump_writer *writer,
			   uint32_t process, struct collect_result *ret)
{
	const struct collect_options own = {
		.engine = COLLECT_NATIVE,
		.pause = COLLECT_PAUSE_NONE,
		.shards = 1,
		.buffer = options->buffer,
		.talk = options->talk,
		.talk_data = options->talk_data,
	};
	struct collect_result result = {0};
	struct session *session = calloc(1, sizeof(*session));
	struct error *error;

	if (!session)
		base_out_of_memory();
	session->object = object;
	session->schema = object->schema;
	session->options = &own;
	session->writer = writer;
	session->process = process;
	session->core = core;
	session->info = core->info;
	session->memory = core_memory(core);
	session->target.threads = core->threads; /* the core's: not to be freed here */
	session->target.threads_count = core->threads_count;
	session->capture_time_ns = core->time_ns;
	error = run(session, &result);
	native_destroy(session);
	session_free(session);
	error_free(session->output_error);
	free(session);
	if (!error)
		*ret = result;
	return error;
}
