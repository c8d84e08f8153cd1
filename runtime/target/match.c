/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * target_match(): rules over all processes. An attribute is read only when a rule
 * asks for it, and rules stop at the first that does not hold, so that a host with
 * thousands of processes costs little. Processes come and go meanwhile: one that
 * vanishes does not match; one that may not be looked at is counted, because "no
 * process matches" would be a guess then. With CAP_SYS_PTRACE no privilege is left to
 * ask for: what is hidden even so (a process with more capabilities than ours) counts
 * as another's.
 */
#include "target_int.h"

#include <dirent.h>
#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <unistd.h>

#include "schema.h"

struct pattern {
	enum schema_match_label label;
	regex_t regex;
};

struct patterns {
	struct pattern *data;
	size_t count; /* compiled so far */
};

static void patterns_free(struct patterns *patterns)
{
	for (size_t i = 0; i < patterns->count; i++)
		regfree(&patterns->data[i].regex);
}

static struct error *compile(struct arena *arena, const struct target_rule *rule,
			     struct pattern *pattern)
{
	int flags = REG_EXTENDED | REG_NOSUB, code;
	const char *text = rule->regex;
	char why[128];

	if (rule->label >= SCHEMA_MATCH_LABELS)
		return error_new(ERROR_USAGE, "unknown match label %u", rule->label);
	if (rule->label == SCHEMA_MATCH_ENVIRONMENT)
		flags |= REG_NEWLINE;
	pattern->label = rule->label;
	code = regcomp(&pattern->regex, text, flags);
	if (!code && rule->label == SCHEMA_MATCH_PID) {
		/* A pid that merely contains the number is never what was meant. */
		regfree(&pattern->regex);
		text = arena_printf(arena, "^(%s)$", text);
		code = regcomp(&pattern->regex, text, flags);
	}
	if (!code)
		return NULL;
	regerror(code, &pattern->regex, why, sizeof(why));
	return error_new(ERROR_USAGE, "regular expression \"%s\": %s", rule->regex, why);
}

/* The text that a label stands for. */
static struct error *attribute(struct arena *arena, int dir, pid_t pid,
			       enum schema_match_label label, const char **ret)
{
	switch (label) {
	case SCHEMA_MATCH_EXECUTABLE_NAME:
		TRY(proc_executable(arena, dir, pid, ret));
		*ret = path_base(*ret);
		return NULL;
	case SCHEMA_MATCH_EXECUTABLE_PATH:
		return proc_executable(arena, dir, pid, ret);
	case SCHEMA_MATCH_COMMAND_LINE:
		return proc_strings(arena, dir, pid, "cmdline", ' ', ret);
	case SCHEMA_MATCH_ENVIRONMENT:
		return proc_strings(arena, dir, pid, "environ", '\n', ret);
	case SCHEMA_MATCH_HOSTNAME:
		return proc_hostname(arena, dir, pid, ret);
	case SCHEMA_MATCH_PID:
		*ret = arena_printf(arena, "%d", pid);
		return NULL;
	case SCHEMA_MATCH_LABELS:
		break;
	}
	assert(!"a label that compile() let through");
	return NULL;
}

static struct error *matches(struct arena *arena, const struct patterns *patterns, pid_t pid,
			     bool *ret)
{
	cleanup_fd int dir = -1;
	struct proc_stat stat;

	TRY(proc_open(pid, &dir));
	TRY(proc_check(dir, pid, &stat));
	for (size_t i = 0; i < patterns->count; i++) {
		const struct pattern *pattern = &patterns->data[i];
		const char *text = "";
		int code;

		TRY(attribute(arena, dir, pid, pattern->label, &text));
		code = regexec(&pattern->regex, text, 0, NULL, 0);
		if (code == REG_NOMATCH) {
			*ret = false;
			return NULL;
		}
		if (code)
			return error_new(ERROR_HOST, "process %d: no memory to match a rule", pid);
	}
	*ret = true;
	return NULL;
}

static int compare_pids(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

static void closedir_cleanup(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

struct error *target_match(struct arena *arena, const struct target_rule *rules, size_t rules_count,
			   pid_t **ret, size_t *count)
{
	__attribute__((cleanup(patterns_free))) struct patterns patterns = {0};
	__attribute__((cleanup(closedir_cleanup))) DIR *proc = opendir("/proc");
	cleanup_arena struct arena scratch;
	VEC(pid_t) pids = {0};
	struct dirent *entry;
	size_t refused = 0;

	arena_init(&scratch);
	patterns.data = ARENA_ARRAY(arena, struct pattern, rules_count);
	for (; patterns.count < rules_count; patterns.count++)
		TRY(compile(arena, &rules[patterns.count], &patterns.data[patterns.count]));
	if (!proc)
		return error_os(ERROR_HOST, errno, "/proc");
	while ((entry = readdir(proc))) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
		bool matched = false;
		struct error *error;

		if (pid <= 0 || pid == getpid())
			continue;
		arena_reset(&scratch);
		error = matches(&scratch, &patterns, pid, &matched);
		refused += error && error->code == ERROR_HOST;
		error_free(error);
		if (matched)
			*VEC_PUSH(arena, &pids) = pid;
	}
	if (!pids.length && refused && !proc_can_ptrace())
		return error_new(ERROR_HOST,
				 "no process matches, but %zu could not be looked at: run as root or "
				 "with CAP_SYS_PTRACE",
				 refused);
	if (pids.length)
		qsort(pids.data, pids.length, sizeof(pid_t), compare_pids);
	*ret = pids.data;
	*count = pids.length;
	return NULL;
}
