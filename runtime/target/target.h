/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TARGET_H
#define TARGET_H

#include <sys/types.h>
#include <sys/user.h>

#include "base.h"

/*
 * target: a live process, seen from outside. Finds out who it is, stops and
 * releases its threads by ptrace, reads its memory. Knows nothing of BPF or Go
 * beyond the build IDs in its notes.
 */

/* Who a process is; texts live in the arena, "" when unknown. */
struct target_info {
	pid_t pid;
	const char *name;	  /* executable's base name */
	const char *executable;	  /* path as the process sees it */
	const char *command_line; /* arguments joined by spaces */
	const char *environment;  /* "A=1\nB=2"; filled only when asked for */
	const char *hostname;
	const char *go_build_id;
	const char *gnu_build_id; /* hex */
	bool is_go;		  /* it has a Go build ID */
	uint64_t load_bias;	  /* of the executable: run-time minus link-time address */
	int64_t start_time_ns;	  /* Unix time */
	uint64_t pidns_dev, pidns_ino; /* of its pid namespace: bpf_get_ns_current_pid_tgid() */
};

/*
 * ERROR_TARGET: no such process, a zombie, a kernel thread. ERROR_HOST: no
 * permission to look. Nothing of the process is changed.
 */
struct error *target_info(struct arena *arena, pid_t pid, bool environment,
			  struct target_info *ret);
/* All processes whose attributes match every rule. Kernel threads and the caller are left out. */
struct target_rule {
	uint32_t label; /* enum schema_match_label */
	const char *regex;
};
struct error *target_match(struct arena *arena, const struct target_rule *rules, size_t rules_count,
			   pid_t **ret, size_t *count);

/* One thread of a seized process. */
struct target_thread {
	pid_t tid;    /* as we see it */
	pid_t ns_tid; /* as it sees itself: innermost NSpid; runtime.m.procid */
	bool stopped; /* in a ptrace stop now */
	bool gone;    /* it has exited */
	int signal;   /* it stopped to deliver this signal, handed back at release; 0 */
	bool idle;    /* its stop left a system call to restart: it can run a capture */
	struct user_regs_struct regs; /* valid while stopped */
};

struct target {
	pid_t pid;
	struct target_thread *threads; /* sorted by ns_tid while stopped; capacity is reserved beforehand */
	size_t threads_count, threads_capacity;
	bool exited; /* the whole process went away */
	int64_t interrupted_at; /* CLOCK_MONOTONIC of the first interrupt */
	int64_t stopped_at;	/* all threads stood still */
	int64_t released_at;	/* the last thread was let go */
};

/*
 * PTRACE_SEIZE on every thread: stops nothing. If we die, the kernel detaches.
 * ERROR_HOST: another tracer (says which), or no permission; ERROR_TARGET: gone.
 */
struct error *target_seize(struct target *target, pid_t pid);
/* Interrupts every thread, and again until no new one appears; then all stand still, registers read. */
struct error *target_stop(struct target *target);
/*
 * Lets one idle thread go just far enough to enter its system call again, where
 * the attached sys_enter program runs, and waits until it stands still again at the
 * call's exit. `threads` are indexes of the threads to drive at the same time.
 * The threads run no user code but the system call instruction itself.
 * A thread for which this failed has idle = false afterwards.
 */
struct error *target_trigger(struct target *target, const size_t *threads, size_t count);
/* Releases all threads (PTRACE_DETACH with their pending signals). Safe to call twice. */
void target_release(struct target *target);
/* Frees the thread table; releases first if needed. */
void target_deinit(struct target *target);

/* process_vm_readv, whole or false. Handles partial reads across pages. */
bool target_read(pid_t pid, uint64_t address, void *data, size_t size);

#endif
