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
	uint64_t random; /* address of 16 bytes that execve() made up (AT_RANDOM); 0: not known */
	/* its pid namespace for bpf_get_ns_current_pid_tgid(): dev as the kernel codes it */
	uint64_t pidns_dev, pidns_ino;
};

/*
 * ERROR_TARGET: no such process, a zombie, a kernel thread, a thread's id, an
 * executable whose notes are damaged. ERROR_HOST: no permission to look. Nothing
 * of the process is changed. An executable that is no 64-bit little-endian ELF file
 * has no build IDs and bias 0.
 */
struct error *target_info(struct arena *arena, pid_t pid, bool environment,
			  struct target_info *ret);

struct target_rule {
	uint32_t label;	   /* enum schema_match_label */
	const char *regex; /* POSIX extended, found anywhere; a pid must match whole */
};
/*
 * All processes whose attributes match every rule, in ascending order. Kernel
 * threads, zombies and the caller are left out. In the environment ^ and $ stand
 * for the ends of one variable. ERROR_USAGE: a regex that does not compile, or an
 * unknown label. ERROR_HOST: nothing matched, but without CAP_SYS_PTRACE not all
 * processes could be looked at.
 */
struct error *target_match(struct arena *arena, const struct target_rule *rules, size_t rules_count,
			   pid_t **ret, size_t *count);

/* One thread of a seized process. */
struct target_thread {
	pid_t tid;     /* as we see it */
	pid_t ns_tid;  /* as it sees itself: innermost NSpid; runtime.m.procid */
	bool attached; /* we are its tracer */
	bool stopped;  /* in a ptrace stop now */
	bool gone;     /* it has exited */
	int signal;    /* it stopped to deliver this signal, handed back at release; 0 */
	int cpu;       /* that it ran on last, looked up just before the stop; -1: not known */
	bool idle;     /* its stop left a system call to restart: it can run a capture */
	struct user_regs_struct regs; /* valid while stopped */
};

struct target {
	pid_t pid;
	struct target_thread *threads; /* sorted by ns_tid while stopped; capacity is reserved beforehand */
	size_t threads_count, threads_capacity;
	bool exited; /* the whole process went away */
	int64_t interrupted_at; /* CLOCK_MONOTONIC in ns of the first interrupt */
	int64_t stopped_at;	/* all threads stood still */
	int64_t released_at;	/* the last thread was let go */
	/*
	 * How long the process may stand still, set by the caller between target_seize() and
	 * target_stop(); 0: no bound. target_stop() makes the two times of it: `deadline`, when all
	 * threads should go on, and a little earlier, for letting them go takes time too,
	 * `read_until`. target_stop() gives up then, and target_trigger() soon after it. Both
	 * are 0 without a bound.
	 */
	int64_t max_pause_ns;
	int64_t read_until, deadline;
	struct target_watch *watch; /* private */
};

/*
 * How long threads may take to stand still before we give up. A thread in the
 * kernel's uninterruptible sleep (vfork, a page from a slow disk) is worth this much.
 */
#define TARGET_PATIENCE_NS 1000000000ll

/*
 * PTRACE_SEIZE on every thread: stops nothing. If we die, the kernel detaches. A
 * thread that gets a signal from now on waits for us, so stop and release soon.
 * *target is set up from nothing, and safe to target_deinit() after a failure. All
 * calls for one target must come from the same thread: ptrace knows threads only.
 * While one of them lasts, the process's SIGRTMAX is ours; not at other times.
 * ERROR_HOST: another tracer (says which), or no permission; ERROR_TARGET: gone.
 */
struct error *target_seize(struct target *target, pid_t pid);
/*
 * Interrupts every thread, and again until no new one appears; then all stand
 * still, registers read. ERROR_TARGET: the process ended or called execve().
 * ERROR_HOST: a thread did not stop in time, which is TARGET_PATIENCE_NS or
 * max_pause_ns, whichever is less. After a failure nothing is stopped.
 */
struct error *target_stop(struct target *target);
/*
 * Lets idle threads go just far enough to enter their system call again, where
 * the attached sys_enter program runs, and waits until they stand still again at the
 * call's exit. `threads` are indexes of the threads to drive at the same time; each
 * must be stopped and idle. The threads run no user code but the system call
 * instruction itself. A thread for which this failed (a signal came first, the call
 * completed, it was killed) has idle = false afterwards; that is no error. A
 * completed call has run the program, a signal may have come before it: ask the
 * program. ERROR_TARGET: the process ended. ERROR_HOST: a thread did not come back
 * within TARGET_PATIENCE_NS, or before the deadline: it may still be on its way.
 */
#define TARGET_MAX_TRIGGERED 64 /* most threads of one call */
struct error *target_trigger(struct target *target, const size_t *threads, size_t count);
/*
 * Releases all threads (PTRACE_DETACH with their pending signals). Safe to call
 * twice. A thread that has not stopped within TARGET_PATIENCE_NS (see above) cannot
 * be released; it stays attached and the next call tries again.
 */
void target_release(struct target *target);
/*
 * Frees the thread table; releases first if needed. What could not be released
 * then is released by the kernel when we exit.
 */
void target_deinit(struct target *target);

/* process_vm_readv, whole or false. Handles partial reads across pages. */
bool target_read(pid_t pid, uint64_t address, void *data, size_t size);

/* A piece of memory to be read, and where it goes; in order, one behind the other. */
struct target_piece {
	uint64_t address;
	size_t size;
	uint8_t *data; /* NULL when it could not be read, or another one before it */
};
#define TARGET_MAX_PIECES 64 /* of one call */

/* The memory of a process, wherever it is: live, or in a core dump (core.h). */
struct target_memory {
	/* All of it, or false; then `data` may hold anything. */
	bool (*read)(const void *source, uint64_t address, void *data, size_t size);
	/* Many in one system call; `room` holds them all. NULL: there is no such thing. */
	void (*read_pieces)(const void *source, struct target_piece *pieces, size_t count,
			    uint8_t *room);
	const void *source;
};
/* A live process's, by target_read(). `pid` is kept. */
struct target_memory target_memory(const pid_t *pid);

#endif
