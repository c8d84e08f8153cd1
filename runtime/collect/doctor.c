/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * askance doctor: tries, one after the other, what a snapshot needs, and prints a
 * line for each: "ok", "no" with the remedy, or "--" where it does not matter.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "session.h"

static void line(FILE *out, const char *state, const char *what, const char *more)
{
	fprintf(out, "%-3s %-22s %s\n", state, what, more);
}

/* The first line of a small file under /proc or /sys; "" when it cannot be read. */
static const char *first_line(struct arena *arena, const char *path)
{
	char text[512];
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (n <= 0)
		return "";
	text[n] = '\0';
	return arena_strndup(arena, text, strcspn(text, "\n"));
}

/* Bits of CapEff that matter, with what each is for (linux/capability.h). */
static const struct {
	int bit;
	const char *name, *use;
} capabilities[] = {
	{39, "CAP_BPF", "load the capture program"},
	{38, "CAP_PERFMON", "attach it, read the target's memory in it"},
	{19, "CAP_SYS_PTRACE", "stop the target, read its registers"},
	{23, "CAP_SYS_NICE", "keep the pause short where threads compete for CPUs"},
	{2, "CAP_DAC_READ_SEARCH", "look at other users' /proc/PID/exe"},
};

static uint64_t effective_capabilities(void)
{
	FILE *status = fopen("/proc/self/status", "re");
	char text[256];
	unsigned long long mask = 0;

	while (status && fgets(text, sizeof(text), status))
		if (sscanf(text, "CapEff: %llx", &mask) == 1)
			break;
	if (status)
		fclose(status);
	return mask;
}

static void check_kernel(FILE *out, struct arena *arena)
{
	const char *lockdown = first_line(arena, "/sys/kernel/security/lockdown");
	struct utsname name;

	if (!uname(&name))
		line(out, "ok", "kernel", arena_printf(arena, "%s %s", name.release, name.machine));
	if (strstr(lockdown, "[confidentiality]") || strstr(lockdown, "[integrity]"))
		line(out, "--", "lockdown",
		     arena_printf(arena, "%s: the program uses only helpers that lockdown leaves open",
				  lockdown));
	else
		line(out, "--", "lockdown", *lockdown ? lockdown : "not compiled in");
}

static void check_capabilities(FILE *out, struct arena *arena)
{
	uint64_t mask = effective_capabilities();
	bool admin = mask >> 21 & 1; /* CAP_SYS_ADMIN stands in for BPF and PERFMON */

	for (size_t i = 0; i < ARRAY_SIZE(capabilities); i++) {
		bool have = (mask >> capabilities[i].bit & 1) ||
			    (admin && capabilities[i].bit >= 38);

		line(out, have ? "ok" : "no", capabilities[i].name,
		     have ? arena_printf(arena, "to %s", capabilities[i].use)
			  : arena_printf(arena, "missing, to %s: run as root or grant it",
					 capabilities[i].use));
	}
}

/* What --max-pause and shards stand on. */
static void check_time(FILE *out, struct arena *arena)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct timespec tick = {0};

	clock_getres(CLOCK_MONOTONIC, &tick);
	if (tick.tv_sec || tick.tv_nsec > 100000)
		line(out, "--", "max-pause",
		     arena_printf(arena,
				  "timers tick every %ld us here: a pause may end that much late",
				  tick.tv_nsec / 1000));
	else
		line(out, "ok", "max-pause", "timers are exact");
	line(out, cpus > 1 ? "ok" : "--", "CPUs",
	     cpus > 1 ? arena_printf(arena, "%ld: as many threads capture at once", cpus)
		      : "1: nothing is captured in parallel, several processes one after the other");
}

/* Loads the object itself, as a snapshot would. */
static bool check_object(FILE *out, struct arena *arena, const struct collect_object *object)
{
	struct collect_options options = {0};
	struct session session = {.object = object, .schema = object->schema, .options = &options};
	uint64_t load_ns = 0, insns = 0;
	struct error *error;

	session.chunk_count = 8;
	session.shard_limit = 1;
	session.visit_slots = 1024;
	session.thread_rows = ASK_MAX_THREADS;
	session.bitmap_words = (uint32_t)(object->schema->layout.text_size >> 12) + 2;
	error = bpf_load(&session, &load_ns, &insns);
	if (error) {
		line(out, "no", "object loads", error->message);
		error_free(error);
		return false;
	}
	line(out, "ok", "object loads",
	     arena_printf(arena, "%" PRIu64 " ms, %" PRIu64 " instructions verified",
			  load_ns / 1000000, insns));
	bpf_unload(&session);
	return true;
}

static bool check_bpf(FILE *out, struct arena *arena, const struct collect_object *object)
{
	struct error *error = bpf_probe_host();

	if (error) {
		line(out, "no", "BPF", error->message);
		error_free(error);
		return false;
	}
	line(out, "ok", "BPF", "raw tracepoints and bpf_loop are there");
	return !object || check_object(out, arena, object);
}

/* Seizes the process for a moment: what a snapshot does first, and it stops nothing. */
static bool check_process(FILE *out, struct arena *arena, const struct collect_object *object,
			  pid_t pid)
{
	struct target target = {0};
	struct target_info info;
	struct error *error = target_info(arena, pid, false, &info);

	if (error) {
		line(out, "no", "process", error->message);
		error_free(error);
		return false;
	}
	line(out, info.is_go ? "ok" : "no", "process",
	     arena_printf(arena, "%d %s%s", (int)pid, info.executable,
			  info.is_go ? "" : ": not a Go program"));
	if (!info.is_go)
		return false;
	if (object) {
		const char *want = schema_text(object->schema, object->schema->meta.go_build_id);
		bool same = !strcmp(want, info.go_build_id);

		line(out, same ? "ok" : "no", "build ID",
		     same ? info.go_build_id
			  : arena_printf(arena, "the process has %s, the object is for %s",
					 info.go_build_id, want));
		if (!same)
			return false;
	}
	error = target_seize(&target, pid);
	line(out, error ? "no" : "ok", "ptrace",
	     error ? error->message : arena_printf(arena, "%zu threads", target.threads_count));
	target_deinit(&target);
	if (error) {
		error_free(error);
		return false;
	}
	return true;
}

struct error *collect_doctor(const struct collect_object *object, pid_t pid, FILE *out, bool *ret)
{
	cleanup_arena struct arena arena;
	bool bpf, process = true;
	const char *yama;

	arena_init(&arena);
	check_kernel(out, &arena);
	check_capabilities(out, &arena);
	check_time(out, &arena);
	yama = first_line(&arena, "/proc/sys/kernel/yama/ptrace_scope");
	if (*yama)
		line(out, "--", "yama",
		     arena_printf(&arena, "ptrace_scope %s%s", yama,
				  *yama == '0' ? "" : ": CAP_SYS_PTRACE is needed"));
	bpf = check_bpf(out, &arena, object);
	if (pid)
		process = check_process(out, &arena, object, pid);
	else if (!(effective_capabilities() >> 19 & 1))
		line(out, "--", "ptrace", "without CAP_SYS_PTRACE only your own processes");
	if (!bpf)
		line(out, "--", "engine", "native: it needs no BPF, but a longer pause");
	*ret = process;
	return NULL;
}
