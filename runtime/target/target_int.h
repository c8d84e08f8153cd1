/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TARGET_INT_H
#define TARGET_INT_H

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "target.h"

/* proc.c: /proc, read through a directory descriptor, so that a reused pid is never mixed in. */

/* What /proc/PID/status tells, of a process or of one thread. */
struct proc_status {
	char state;	  /* R S D T t Z X I */
	pid_t tgid;	  /* the process it belongs to */
	pid_t tracer;	  /* 0: none */
	pid_t ns_pid;	  /* as it sees itself */
	unsigned threads; /* in the process */
};

/* Fields of /proc/PID/stat that status lacks. */
struct proc_stat {
	uint64_t flags;	    /* PF_* of the kernel */
	uint64_t starttime; /* clock ticks since boot */
};
#define PROC_KERNEL_THREAD 0x00200000u /* PF_KTHREAD, include/linux/sched.h */

/* Opens /proc/PID. ERROR_TARGET: no such process. ERROR_HOST: hidden or refused. */
struct error *proc_open(pid_t pid, int *ret);
/*
 * Appends the whole of /proc/PID/NAME to `ret`. `dir` is from proc_open() and says
 * whose it is; `pid` is for messages. No more than `limit` bytes (ERROR_TARGET).
 */
struct error *proc_read(int dir, pid_t pid, const char *name, size_t limit, struct strbuf *ret);
/* An errno met while looking at process `pid`, as the error the user should see. */
struct error *proc_error(pid_t pid, int errnum, const char *what);
/* false: the text is not what the kernel writes. */
bool proc_parse_status(const char *text, struct proc_status *ret);
bool proc_parse_stat(const char *text, struct proc_stat *ret);
struct error *proc_status(int dir, pid_t pid, const char *name, struct proc_status *ret);
struct error *proc_stat(int dir, pid_t pid, struct proc_stat *ret);
/* Is it a live process of user space? ERROR_TARGET with what it is instead. */
struct error *proc_check(int dir, pid_t pid, struct proc_stat *ret);
/* The name of a process for messages ("gdb"), "" when unknown; in a static buffer of the thread. */
const char *proc_comm(pid_t pid);
/* The process that a thread belongs to; the thread's own id when it cannot be told. */
pid_t proc_owner(pid_t tid);
/* Have we CAP_SYS_PTRACE? */
bool proc_can_ptrace(void);
/* Why ptrace is refused and what to do: privileges, or Yama. */
struct error *proc_ptrace_refused(pid_t pid);

/* Texts about a process, in the arena. Errors as target_info()'s. */
struct error *proc_executable(struct arena *arena, int dir, pid_t pid, const char **ret);
/* NAME is "cmdline" or "environ": strings that end in NUL, joined by `separator`. */
struct error *proc_strings(struct arena *arena, int dir, pid_t pid, const char *name,
			   char separator, const char **ret);
/* Of its UTS namespace; "" when that is another one that we may not enter. */
struct error *proc_hostname(struct arena *arena, int dir, pid_t pid, const char **ret);
/* The part of a path after its last slash. */
const char *path_base(const char *path);

/* elf.c: just enough of an executable to know which one it is. */

/* What an ELF image is read from. */
struct elf_source {
	const char *name; /* for messages */
	uint64_t size;	  /* nothing lies beyond */
	int fd;		  /* the file, unless: */
	const struct target_memory *memory; /* it is mapped here, from offset 0 on … */
	uint64_t base;			    /* … at this address */
};

/* A PT_LOAD segment. */
struct elf_load {
	uint64_t address; /* link-time */
	uint64_t size;	  /* bytes that come from the file */
	uint64_t offset;  /* in the file */
	bool writable;
};

struct elf_facts {
	bool elf64;		  /* a 64-bit little-endian ELF file; else the rest is unset */
	const char *go_build_id;  /* "" when there is none */
	const char *gnu_build_id; /* hex, "" when there is none */
	bool has_headers;	  /* the program headers are loaded, at link-time address: */
	uint64_t headers;
	uint64_t entry; /* link-time address */
	VEC(struct elf_load) loads;
};

/* Reads the executable open as `fd`; `name` is for messages. ERROR_TARGET: damaged. */
struct error *elf_read(struct arena *arena, int fd, const char *name, struct elf_facts *ret);
struct error *elf_read_source(struct arena *arena, const struct elf_source *source,
			      struct elf_facts *ret);
/*
 * Run-time minus link-time address, from the auxiliary vector of the process
 * (`size` bytes of 64-bit pairs). ERROR_TARGET: the two do not fit together.
 */
struct error *elf_load_bias(const struct elf_facts *facts, const void *auxv, size_t size,
			    const char *name, uint64_t *ret);

/* wait.c: waiting for traced threads, with an end to patience. */

struct target_watch {
	struct target *target; /* whose this is */
	DIR *tasks;	      /* /proc/PID/task */
	bool other_namespace; /* its thread ids differ from ours */
	timer_t timer;
	bool has_timer;
	sigset_t old_mask; /* while armed */
	int64_t deadline;
	bool urgent; /* urgent_begin() was called for this process, and not yet urgent_end() */
};

enum wait_event {
	WAIT_INTERRUPTED, /* PTRACE_EVENT_STOP: by PTRACE_INTERRUPT, or by a group stop */
	WAIT_SIGNAL,	  /* about to deliver `signal` */
	WAIT_SYSCALL,	  /* at a system call's entry or exit */
	WAIT_EXEC,	  /* PTRACE_EVENT_EXEC */
	WAIT_GONE,	  /* it exited; still attached: a leader that cannot be reaped yet */
	WAIT_TIMEOUT,
};

int64_t monotonic_ns(void);
/* Creates the timer. */
struct error *watch_init(struct target_watch *watch);
void watch_deinit(struct target_watch *watch);
/*
 * From watch_arm() on, watch_wait() gives up after TARGET_PATIENCE_NS, or at `until`
 * (CLOCK_MONOTONIC in ns, 0: no such time) when that comes first.
 */
void watch_arm(struct target_watch *watch, int64_t until);
void watch_disarm(struct target_watch *watch);
/*
 * PTRACE_SEIZE, while the watch is armed; 0 or the error number. Threads of `target` that are
 * attached and end meanwhile are reaped.
 */
int watch_seize(struct target *target, pid_t tid, int options);
/*
 * Takes the end of a dead thread from the kernel, so that its parent hears of it.
 * false: it is not dead, or a leader that must wait for its other threads' end.
 */
bool watch_reap(struct target_thread *thread);
/*
 * Sleeps until the thread, which must be running, stops or ends. Sets stopped,
 * gone, attached and signal of the thread accordingly. The stop is looked at, not
 * consumed: see wait.c.
 */
enum wait_event watch_wait(struct target_watch *watch, struct target_thread *thread);

/* urgent.c: haste while others stand still. */

/*
 * Gives the calling thread the lowest real-time priority, where that is permitted. Calls
 * nest; the last urgent_end() restores what was before the first urgent_begin().
 */
void urgent_begin(void);
void urgent_end(void);

/* proc.c: the CPU that a thread ran on last, -1 when it cannot be told. */
int thread_cpu(const struct target *target, size_t thread);

/* target.c */

/* Reads the registers of a stopped thread and judges whether it is idle. */
void thread_settle(struct target_thread *thread);
struct error *target_ended(const struct target *target);
/* ERROR_HOST: a thread did not stop in time; says in which state it is. */
struct error *thread_late(const struct target *target, const struct target_thread *thread);
/* After WAIT_GONE: has the whole process ended with it? */
void target_note_gone(struct target *target);

#endif
