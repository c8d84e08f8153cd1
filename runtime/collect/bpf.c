/* SPDX-License-Identifier: BSD-2-Clause */
/* The BPF engine: loading, mapping, attaching. The only file that knows libbpf. */
#include "session.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

struct bpf_engine {
	struct bpf_object *object;
	struct bpf_program *program;
	struct bpf_link *link;
	struct mapped {
		void *memory;
		size_t size;
	} maps[8];
	size_t maps_count;
};

/* libbpf's first complaint, for our error message; the verifier's reason goes before it. */
static _Thread_local char complaint[512];
static _Thread_local bool verifier_spoke;

static void forget_complaints(void)
{
	complaint[0] = '\0';
	verifier_spoke = false;
}

static void keep_line(const char *line, size_t length)
{
	snprintf(complaint, sizeof(complaint), "%.*s", (int)length, line);
}

/* The verifier's log ends with its reason, and below that its statistics. */
static void keep_reason(char *log)
{
	static const char *const statistics[] = {"processed ", "verification time ", "stack depth ",
						 "-- END PROG LOAD LOG"};
	char *reason = NULL, *rest = NULL;

	for (char *line = strtok_r(log, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		bool skip = false;

		for (size_t i = 0; i < ARRAY_SIZE(statistics); i++)
			skip = skip || !strncmp(line, statistics[i], strlen(statistics[i]));
		if (!skip)
			reason = line;
	}
	if (!reason)
		return;
	keep_line(reason, strlen(reason));
	verifier_spoke = true;
}

static int keep_complaint(enum libbpf_print_level level, const char *format, va_list args)
{
	cleanup_free char *text = NULL;
	char *log;

	if (level != LIBBPF_WARN)
		return 0;
	if (vasprintf(&text, format, args) < 0)
		base_out_of_memory();
	log = strstr(text, "-- BEGIN PROG LOAD LOG --\n");
	if (log)
		keep_reason(strchr(log, '\n') + 1);
	else if (text[0] && !complaint[0])
		keep_line(text, strcspn(text, "\n"));
	return 0;
}

static struct error *refused(const char *what, int code)
{
	/* EACCES is also the verifier's word for memory that a program must not touch. */
	if (code == -EPERM || (code == -EACCES && !verifier_spoke))
		return error_new(ERROR_HOST,
				 "%s: not permitted; run as root, or with CAP_BPF and CAP_PERFMON "
				 "(`askance doctor` tells more)",
				 what);
	return error_new(ERROR_HOST, "%s: %s%s%s", what, strerror(-code), complaint[0] ? ": " : "",
			 complaint);
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/*
 * Takes back what libbpf does to old kernels' programs. To see whether there is
 * bpf_probe_read_user() (Linux 5.5) it tries bpf_probe_read_kernel(), which came with it,
 * and where there is none it calls bpf_probe_read() instead (libbpf.c,
 * bpf_object__sanitize_prog). But lockdown=confidentiality takes away reading the kernel's
 * memory, and leaves reading the target's: there the substitute is what is refused. The
 * engine has no bpf_probe_read() of its own, and bpf_loop() is younger than 5.5.
 */
static int keep_probe_read_user(struct bpf_program *program, struct bpf_prog_load_opts *options,
				long cookie)
{
	size_t count = bpf_program__insn_cnt(program);
	cleanup_free struct bpf_insn *insns = calloc(count, sizeof(*insns));

	(void)options;
	(void)cookie;
	if (!insns)
		base_out_of_memory();
	memcpy(insns, bpf_program__insns(program), count * sizeof(*insns));
	for (size_t i = 0; i < count; i++)
		if (insns[i].code == (BPF_JMP | BPF_CALL) && !insns[i].src_reg &&
		    insns[i].imm == BPF_FUNC_probe_read)
			insns[i].imm = BPF_FUNC_probe_read_user;
	return bpf_program__set_insns(program, insns, count);
}

/* Raw tracepoints as libbpf has them, but for the above. Once is for ever. */
static struct error *register_handler(void)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static bool registered;
	LIBBPF_OPTS(libbpf_prog_handler_opts, options,
		    .prog_prepare_load_fn = keep_probe_read_user);
	int rc = 0;

	pthread_mutex_lock(&lock);
	if (!registered)
		rc = libbpf_register_prog_handler("raw_tp/", BPF_PROG_TYPE_RAW_TRACEPOINT, 0,
						  &options);
	registered = registered || rc >= 0;
	pthread_mutex_unlock(&lock);
	return rc < 0 ? refused("libbpf takes no handler for raw tracepoints", rc) : NULL;
}

static struct error *set_entries(struct bpf_engine *engine, const char *name, uint32_t entries)
{
	struct bpf_map *map = bpf_object__find_map_by_name(engine->object, name);
	int rc;

	if (!map)
		return error_new(ERROR_DAMAGED, "the object has no map %s", name);
	rc = bpf_map__set_max_entries(map, entries ? entries : 1);
	return rc ? refused(name, rc) : NULL;
}

/* Maps a BPF array into our memory; its values lie `*stride` bytes apart. */
static struct error *map_array(struct bpf_engine *engine, const char *name, size_t value_size,
			       void *ret)
{
	struct bpf_map *map = bpf_object__find_map_by_name(engine->object, name);
	size_t page = (size_t)sysconf(_SC_PAGESIZE), stride, size;
	void *memory;

	if (!map || bpf_map__value_size(map) != value_size)
		return error_new(ERROR_DAMAGED, "the object's map %s is not this version's", name);
	stride = (value_size + 7) & ~(size_t)7;
	size = (stride * bpf_map__max_entries(map) + page - 1) & ~(page - 1);
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);
	if (memory == MAP_FAILED)
		return error_os(ERROR_HOST, errno, "cannot map %s", name);
	engine->maps[engine->maps_count++] = (struct mapped){memory, size};
	*(void **)ret = memory;
	return NULL;
}

static struct error *map_all(struct session *session)
{
	struct bpf_engine *engine = session->bpf;

	session->chunk_stride = (ASK_CHUNK_STRIDE + 7) & ~(size_t)7;
	TRY(map_array(engine, "ask_controls", sizeof(*session->control), &session->control));
	TRY(map_array(engine, "ask_shards", sizeof(*session->shards), &session->shards));
	TRY(map_array(engine, "ask_chunks", ASK_CHUNK_STRIDE, &session->chunks));
	TRY(map_array(engine, "ask_visits", sizeof(*session->visits), &session->visits));
	TRY(map_array(engine, "ask_threads", sizeof(*session->threads), &session->threads));
	TRY(map_array(engine, "ask_cfis", sizeof(*session->cfis), &session->cfis));
	TRY(map_array(engine, "ask_bitmap", sizeof(*session->bitmap), &session->bitmap));
	TRY(map_array(engine, "ask_rehearsal", sizeof(*session->rehearsal), &session->rehearsal));
	return NULL;
}

static struct error *load(struct session *session)
{
	struct bpf_engine *engine = session->bpf;
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = "askance");
	int rc;

	TRY(register_handler());
	engine->object = bpf_object__open_mem(session->object->elf, session->object->elf_size,
					      &options);
	if (!engine->object) {
		rc = -errno;
		return error_new(ERROR_DAMAGED, "%s: libbpf cannot open it: %s%s%s",
				 session->object->path, strerror(-rc), complaint[0] ? ": " : "",
				 complaint);
	}
	engine->program = bpf_object__find_program_by_name(engine->object, "askance_capture");
	if (!engine->program)
		return error_new(ERROR_DAMAGED, "%s: no program askance_capture in it",
				 session->object->path);
	TRY(set_entries(engine, "ask_chunks", session->chunk_count + session->rehearsal_chunks));
	TRY(set_entries(engine, "ask_visits", session->visit_slots * session->shard_limit));
	TRY(set_entries(engine, "ask_threads", session->thread_rows));
	TRY(set_entries(engine, "ask_cfis", session->schema->cfi_count));
	TRY(set_entries(engine, "ask_bitmap", session->bitmap_words));
	TRY(set_entries(engine, "ask_rehearsal", session->rehearsal_rows));
	rc = bpf_object__load(engine->object);
	if (rc)
		return refused("the kernel does not load the capture program", rc);
	return map_all(session);
}

struct error *bpf_load(struct session *session, uint64_t *load_ns, uint64_t *insns)
{
	struct bpf_prog_info info = {0};
	uint32_t size = sizeof(info);
	uint64_t begin = now();
	struct error *error;

	forget_complaints();
	libbpf_set_print(keep_complaint);
	session->bpf = calloc(1, sizeof(*session->bpf));
	if (!session->bpf)
		base_out_of_memory();
	error = load(session);
	if (error) {
		bpf_unload(session);
		return error;
	}
	*load_ns = now() - begin;
	if (!bpf_obj_get_info_by_fd(bpf_program__fd(session->bpf->program), &info, &size))
		*insns = info.verified_insns;
	return NULL;
}

struct error *bpf_attach(struct session *session)
{
	session->bpf->link = bpf_program__attach_raw_tracepoint(session->bpf->program, "sys_enter");
	if (!session->bpf->link)
		return refused("cannot attach to raw_tp/sys_enter", -errno);
	return NULL;
}

void bpf_detach(struct session *session)
{
	if (session->bpf && session->bpf->link)
		bpf_link__destroy(session->bpf->link);
	if (session->bpf)
		session->bpf->link = NULL;
}

void bpf_unload(struct session *session)
{
	struct bpf_engine *engine = session->bpf;

	if (!engine)
		return;
	bpf_detach(session);
	for (size_t i = 0; i < engine->maps_count; i++)
		munmap(engine->maps[i].memory, engine->maps[i].size);
	bpf_object__close(engine->object);
	free(engine);
	session->bpf = NULL;
	session->control = NULL;
	session->shards = NULL;
	session->chunks = NULL;
	session->visits = NULL;
	session->threads = NULL;
	session->cfis = NULL;
	session->bitmap = NULL;
	session->rehearsal = NULL;
}

struct error *bpf_probe_host(void)
{
	/* r0 = 0; exit: the least that a raw tracepoint program can be, and then bpf_loop. */
	const struct bpf_insn nothing[] = {
		{.code = 0xb7, .dst_reg = 0, .imm = 0},
		{.code = 0x95},
	};
	int fd, rc;

	fd = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "askance_probe", "Dual BSD/GPL", nothing,
			   ARRAY_SIZE(nothing), NULL);
	forget_complaints();
	if (fd < 0)
		return refused("BPF programs cannot be loaded", -errno);
	close(fd);
	rc = libbpf_probe_bpf_helper(BPF_PROG_TYPE_RAW_TRACEPOINT, BPF_FUNC_loop, NULL);
	if (rc != 1)
		return error_new(ERROR_HOST,
				 "this kernel has no bpf_loop: Linux 5.17 or newer is needed");
	return NULL;
}
