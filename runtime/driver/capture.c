/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "driver.h"

/*
 * collect and snapshot: which processes, each with which object, then a few at a time, or all
 * together, into one dump. If we are interrupted on the way, the kernel releases the
 * processes that stand still: ptrace and BPF objects end with us.
 */

#define WAVE 8 /* processes captured at once, unless all are wanted together */
#define MOST_TOGETHER 64
#define MEMORY ((uint64_t)256 << 20) /* of rings, for all that are captured at once */
#define MEMORY_LEAST ((uint64_t)8 << 20) /* of one */
#define MEMORY_MOST ((uint64_t)32 << 20)

struct job {
	pid_t pid;
	const struct collect_object *object;
	const char *core; /* a core dump instead; pid and object are in it. NULL: a process */
	/* once it was captured */
	struct error *error;
	struct collect_result result;
};

struct capture {
	struct options *options;
	struct arena *arena;
	struct objects objects;
	VEC(struct job) jobs;
	size_t other_builds; /* processes that match rules, but no object is for them */
	struct error *first; /* of several processes one failed: the others go on */
	size_t captured;
	const char *losses; /* of the first process that lost something; NULL: none did */
	const char *cut; /* a core dump that is cut off; NULL: there is none */
};

/* ---- which processes ---- */

static bool has_job(const struct capture *c, pid_t pid)
{
	for (size_t i = 0; i < c->jobs.length; i++)
		if (c->jobs.data[i].pid == pid)
			return true;
	return false;
}

/* The one object that was named, whatever it is for: collect() then says what is wrong. */
static struct error *add_pid(struct capture *c, pid_t pid)
{
	struct job job = {.pid = pid, .object = &c->objects.list.data[0]};
	struct target_info info;

	if (has_job(c, pid))
		return NULL; /* named twice */
	if (c->objects.list.length > 1) {
		TRY(target_info(c->arena, pid, false, &info));
		TRY(objects_find(&c->objects, &info, &job.object));
		if (!job.object)
			return error_new(ERROR_TARGET,
					 "process %d (%s): none of %zu objects is for its build "
					 "ID '%s'",
					 (int)pid, info.name, c->objects.list.length,
					 info.go_build_id);
	}
	*VEC_PUSH(c->arena, &c->jobs) = job;
	return NULL;
}

/* Rules may hold for processes of other builds, or for no Go programs at all: left out. */
static struct error *add_matching(struct capture *c, const struct target_rule *rules, size_t count)
{
	struct error *error;
	size_t matches;
	pid_t *pids;

	TRY(target_match(c->arena, rules, count, &pids, &matches));
	for (size_t i = 0; i < matches; i++) {
		struct job job = {.pid = pids[i]};
		struct target_info info;

		error = target_info(c->arena, pids[i], false, &info);
		if (error && c->options->verbose)
			say(c->options, "%s", error->message);
		if (error) {
			error_free(error); /* it has ended, or it is not ours to see */
			continue;
		}
		TRY(objects_find(&c->objects, &info, &job.object));
		if (!job.object) {
			c->other_builds++;
			if (c->options->verbose)
				say(c->options,
				    "process %d (%s) matches, but no object is for its build ID",
				    (int)info.pid, info.name);
		} else if (!has_job(c, job.pid)) {
			*VEC_PUSH(c->arena, &c->jobs) = job;
		}
	}
	return NULL;
}

/* The rules of an object's own spec. */
static struct error *add_default(struct capture *c, const struct schema *schema)
{
	struct target_rule *rules =
		ARENA_ARRAY(c->arena, struct target_rule, schema->matches_count);

	for (uint32_t i = 0; i < schema->matches_count; i++)
		rules[i] = (struct target_rule){
			.label = schema->matches[i].label,
			.regex = schema_text(schema, schema->matches[i].regex),
		};
	return schema->matches_count ? add_matching(c, rules, schema->matches_count) : NULL;
}

static struct error *find_jobs(struct capture *c)
{
	const struct options *options = c->options;
	bool defaults = !options->pids.length && !options->rules.length, any = false;

	for (size_t i = 0; i < options->cores.length; i++)
		*VEC_PUSH(c->arena, &c->jobs) = (struct job){.core = options->cores.data[i]};
	if (options->cores.length)
		return NULL; /* core_check_options() saw to it that nothing else is asked for */
	for (size_t i = 0; i < options->pids.length; i++)
		TRY(add_pid(c, options->pids.data[i]));
	if (options->rules.length)
		TRY(add_matching(c, options->rules.data, options->rules.length));
	for (size_t i = 0; defaults && i < c->objects.list.length; i++) {
		any |= c->objects.list.data[i].schema->matches_count > 0;
		TRY(add_default(c, c->objects.list.data[i].schema));
	}
	if (defaults && !any)
		return error_new(ERROR_USAGE,
				 "which process? None of --pid, --match and --core is given, and the "
				 "spec has no match rules");
	if (!c->jobs.length && c->other_builds)
		return error_new(ERROR_TARGET,
				 "%zu processes match, but no object is for the build ID of one",
				 c->other_builds);
	if (!c->jobs.length)
		return error_new(ERROR_TARGET, "no process matches");
	return NULL;
}

/* ---- capture ---- */

static void talk(void *data, const char *line)
{
	say(data, "%s", line);
}

static void tell(const struct capture *c, const struct job *job,
		 const struct collect_result *result)
{
	static const char *const engines[] = {
		[DUMP_ENGINE_BPF] = "BPF", [DUMP_ENGINE_NATIVE] = "the native engine"};
	const struct dump_statistics *s = &result->statistics;
	const struct options *options = c->options;

	if (result->fallback)
		say(options, "BPF is not used: %s", result->fallback);
	if (job->core)
		say(options, "%s: %" PRIu64 " goroutines, %" PRIu64 " frames", job->core,
		    s->goroutines, s->frames);
	else
		say(options,
		    "process %d: %" PRIu64 " goroutines, %" PRIu64 " frames, read by %s in %s",
		    (int)job->pid, s->goroutines, s->frames, engines[result->engine],
		    duration_text(c->arena, s->pause_ns));
	if (!options->verbose)
		return;
	say(options, "load_ns: %" PRIu64, result->load_ns);
	say(options, "verified_insns: %" PRIu64, result->verified_insns);
#define X(name, unit, doc) say(options, #name ": %" PRIu64, s->name);
	DUMP_STATISTICS_ROWS(X)
#undef X
}

/* The first process's losses are the error in the end; those of the others are talk. */
static void note_losses(struct capture *c, const struct job *job)
{
	cleanup_strbuf struct strbuf losses = STRBUF_INIT;

	if (!dump_describe_losses(&job->result.statistics, &losses))
		return;
	if (c->losses)
		say(c->options, "process %d: %s", (int)job->pid, losses.data);
	else
		c->losses = arena_printf(c->arena, "process %d: %s", (int)job->pid, losses.data);
}

/* Of several processes one may end meanwhile, or be another's to trace: the rest counts. */
static struct error *tolerate(struct capture *c, struct error *error)
{
	if (c->jobs.length == 1 || (error->code != ERROR_TARGET && error->code != ERROR_HOST))
		return error;
	say(c->options, "%s", error->message);
	if (c->first)
		error_free(error);
	else
		c->first = error;
	return NULL;
}

/* Only ever one at a time, in this thread. */
static struct error *capture_core(struct capture *c, struct job *job,
				  const struct collect_options *options,
				  struct dump_writer *writer, uint32_t number)
{
	bool cut = false;

	TRY(core_capture(c->options, &c->objects, job->core, options, writer, number, &cut,
			 &job->result));
	if (cut)
		c->cut = job->core;
	return NULL;
}

/* Processes that are captured at once, or one core dump. */
struct wave {
	struct capture *capture;
	struct job *jobs;
	uint32_t first; /* number of jobs[0] */
	struct collect_options options;
	struct dump_writer *writer;
};

static void capture_member(void *data, size_t i)
{
	struct wave *wave = data;
	struct job *job = &wave->jobs[i];
	cleanup_arena struct arena arena;

	arena_init(&arena);
	if (job->core) {
		job->error = capture_core(wave->capture, job, &wave->options, wave->writer,
					  wave->first + (uint32_t)i);
		return;
	}
	job->error = collect(&arena, job->object, job->pid, &wave->options, wave->writer,
			     wave->first + (uint32_t)i, &job->result);
}

static void member_refused(void *data, size_t i, int errnum)
{
	struct wave *wave = data;
	struct job *job = &wave->jobs[i];

	job->error = error_os(ERROR_HOST, errnum, "process %d: no thread to capture it",
			      (int)job->pid);
	collect_group_absent(wave->options.group);
}

static void capture_wave(struct capture *c, struct wave *wave, size_t count)
{
	if (count == 1) {
		capture_member(wave, 0);
		return;
	}
	if (!wave->options.buffer)
		wave->options.buffer = MEMORY / count < MEMORY_LEAST  ? MEMORY_LEAST
				       : MEMORY / count > MEMORY_MOST ? MEMORY_MOST
								      : MEMORY / count;
	wave->options.group = collect_group_create(count, c->options->together);
	parallel_run(c->arena, count, capture_member, member_refused, wave);
	collect_group_destroy(wave->options.group);
}

/* What became of each process, in the order of the command line. */
static struct error *judge_wave(struct capture *c, struct wave *wave, size_t count)
{
	struct error *first = NULL;

	for (size_t i = 0; i < count; i++) {
		struct job *job = &wave->jobs[i];
		struct error *error = job->error ? tolerate(c, job->error) : NULL;

		if (first)
			error_free(error);
		else
			first = error;
		if (job->error)
			continue;
		c->captured++;
		note_losses(c, job);
		tell(c, job, &job->result);
	}
	return first;
}

static struct error *capture_all(struct capture *c, int fd, const char *name)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	size_t most = c->options->cores.length ? 1 : c->options->together ? MOST_TOGETHER : WAVE;
	struct dump_writer writer;

	if (c->options->together && c->jobs.length > most)
		return error_new(ERROR_USAGE,
				 "--together: %zu processes are meant, and %zu can be stopped together",
				 c->jobs.length, most);
	TRY(dump_begin(&writer, fd, name));
	writer.mutex = &mutex;
	for (size_t i = 0; i < c->jobs.length; i += most) {
		size_t left = c->jobs.length - i, count = left < most ? left : most;
		struct wave wave = {
			.capture = c,
			.jobs = &c->jobs.data[i],
			.first = (uint32_t)i,
			.options = c->options->collect,
			.writer = &writer,
		};

		wave.options.talk = c->options->verbose ? talk : NULL;
		wave.options.talk_data = c->options;
		capture_wave(c, &wave, count);
		TRY(judge_wave(c, &wave, count));
	}
	if (!c->captured) {
		struct error *error = c->first;

		c->first = NULL;
		return error;
	}
	return dump_end(&writer);
}

static struct error *prepare(struct capture *c, struct options *options)
{
	*c = (struct capture){.options = options, .arena = options->arena};
	if (options->together && options->collect.pause == COLLECT_PAUSE_NONE)
		return error_new(ERROR_USAGE, "--together: with --pause=none nothing is stopped");
	TRY(objects_load(options->arena, options->arguments, options->arguments_count,
			 &c->objects));
	return find_jobs(c);
}

/* What is missing although something was written. */
static struct error *finish(struct capture *c)
{
	size_t missing = c->jobs.length - c->captured;
	struct error *error = c->first;

	c->first = NULL;
	if (error) {
		error->code = ERROR_PARTIAL;
		return error_wrap(error, "%zu of %zu processes could not be captured", missing,
				  c->jobs.length);
	}
	if (c->cut)
		return error_new(ERROR_PARTIAL,
				 "%s is cut off: what was behind its end is read_failed", c->cut);
	return NULL;
}

static struct error *collect_to_stdout(struct capture *c)
{
	if (isatty(STDOUT_FILENO))
		return error_new(ERROR_USAGE, "-o -: a dump is nothing for a terminal");
	return capture_all(c, STDOUT_FILENO, "stdout");
}

static struct error *collect_to_file(struct capture *c, const char *path)
{
	cleanup_file_writer struct file_writer writer = {.fd = -1};

	TRY(file_create(&writer, path));
	TRY(capture_all(c, writer.fd, path));
	TRY(file_commit(&writer));
	say(c->options, "wrote %s", path);
	return NULL;
}

struct error *command_collect(struct options *options)
{
	struct capture c;

	TRY(prepare(&c, options));
	if (strcmp(options->output, "-") == 0)
		TRY(collect_to_stdout(&c));
	else
		TRY(collect_to_file(&c, options->output));
	TRY(finish(&c));
	return c.losses ? error_new(ERROR_PARTIAL, "%s", c.losses) : NULL;
}

/* ---- snapshot ---- */

/* A file without a name, on the file system where the database will be. */
static struct error *open_scratch(struct arena *arena, const char *output, int *ret)
{
	const char *slash = strrchr(output, '/');
	size_t length = slash ? (size_t)(slash - output) + 1 : 0;
	const char *directory = slash ? arena_strndup(arena, output, length) : ".";
	char *name;
	int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0) { /* not every file system has such files */
		name = arena_printf(arena, "%s/.askdump.XXXXXX", directory);
		fd = mkostemp(name, O_CLOEXEC);
		if (fd < 0)
			return error_os(ERROR_IO, errno, "%s: cannot create", output);
		unlink(name);
	}
	*ret = fd;
	return NULL;
}

struct error *command_snapshot(struct options *options)
{
	cleanup_fd int fd = -1;
	struct db_result result;
	struct db_input input = {.name = "snapshot"};
	struct capture c;

	TRY(prepare(&c, options));
	TRY(open_scratch(options->arena, options->output, &fd));
	TRY(capture_all(&c, fd, options->output));
	input.path = arena_printf(options->arena, "/proc/self/fd/%d", fd);
	TRY(db_decode(&input, 1, options->output, &result));
	TRY(report_database(options, options->output, &result));
	return finish(&c);
}

struct error *command_doctor(struct options *options)
{
	struct objects objects = {0};
	bool works;

	if (options->pids.length > 1)
		return error_new(ERROR_USAGE, "doctor looks at one process at a time");
	TRY(objects_load(options->arena, options->arguments, options->arguments_count, &objects));
	if (objects.list.length > 1)
		return error_new(ERROR_USAGE, "doctor looks at one object at a time");
	TRY(collect_doctor(objects.list.length ? objects.list.data : NULL,
			   options->pids.length ? options->pids.data[0] : 0, stdout, &works));
	/* what is missing was said, on stdout */
	return works ? NULL : error_new(ERROR_HOST, "%s", "");
}
