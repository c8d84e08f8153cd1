/* SPDX-License-Identifier: BSD-2-Clause */
#include "driver.h"

/*
 * collect --core, snapshot --core: the same object, the native engine, and a file
 * where the process would be.
 */

struct error *core_check_options(const struct options *options, const char *command, uint32_t given)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} live[] = {
		{OPTION_PID, "--pid"},		 {OPTION_MATCH, "--match"},
		{OPTION_PAUSE, "--pause"},	 {OPTION_SHARDS, "--shards"},
		{OPTION_ENVIRONMENT, "--environment"}, {OPTION_REHEARSE, "--rehearse"},
	};

	if (!(given & OPTION_CORE))
		return given & OPTION_BINARY ? error_new(ERROR_USAGE, "%s: --binary needs --core",
							 command)
					     : NULL;
	for (size_t i = 0; i < ARRAY_SIZE(live); i++)
		if (given & live[i].bit)
			return error_new(ERROR_USAGE,
					 "%s: --core reads a file, %s asks for a live process",
					 command, live[i].name);
	if (options->collect.engine == COLLECT_BPF)
		return error_new(ERROR_USAGE,
				 "%s: --core reads a file natively: it cannot be used with "
				 "--engine=bpf",
				 command);
	return NULL;
}

static struct error *find_object(const struct objects *objects, const struct core *core,
				 const struct collect_object **ret)
{
	*ret = &objects->list.data[0];
	if (objects->list.length == 1)
		return NULL; /* collect_core() says what is wrong with it */
	TRY(objects_find(objects, &core->info, ret));
	if (!*ret)
		return error_new(ERROR_TARGET,
				 "%s (%s): none of %zu objects is for its build ID '%s'",
				 core->path, core->info.name, objects->list.length,
				 core->info.go_build_id);
	return NULL;
}

struct error *core_capture(const struct options *options, const struct objects *objects,
			   const char *path, const struct collect_options *collect,
			   struct dump_writer *writer, uint32_t process, bool *cut,
			   struct collect_result *ret)
{
	cleanup_core struct core core = {0};
	const struct collect_object *object;

	TRY(core_open(options->arena, path, options->binary, &core));
	TRY(find_object(objects, &core, &object));
	TRY(collect_core(object, &core, collect, writer, process, ret));
	*cut = core.missing > 0;
	return NULL;
}
