/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef ASK_LEAF_H
#define ASK_LEAF_H

/*
 * Where the stack of a running goroutine begins. Its g.sched is stale, but for the
 * times when its thread is on another stack; what is right then depends on who the
 * runtime says the thread is working for (its g in thread-local storage):
 *
 *   SP on the goroutine's own stack   the thread's registers. In gogo, which has just
 *                                     restored SP and not jumped yet, g.sched.pc
 *   m.vdsoSP on its own stack         the caller of a function that is in the vDSO
 *                                     (runtime/sys_linux_amd64.s, nanotime1, walltime)
 *   the thread's g is m.g0            g.sched: systemstack, mcall, morestack and
 *                                     asmcgocall save it before they change the thread's
 *                                     g, gogo uses it up after it changed that back
 *                                     (runtime/asm_amd64.s, Go 1.20 to 1.26)
 *   SP on m.gsignal's stack           the registers that the kernel saved in the signal
 *                                     frame, where there is exactly one
 *
 * Everything else (a few instructions of a switch, the race detector's calls, C code that
 * brought its own stack) is unavailable. m.curg must be the goroutine in all of them.
 */

#define ASK_SIGNAL_STEP 16u	 /* a ucontext is aligned so: get_sigframe(), arch/x86/kernel/signal.c */
#define ASK_SIGNAL_STACK (1u << 16) /* bytes of a signal stack that are searched */

/* Counts what looks like a signal frame's ucontext on the signal stack in shard->signal. */
static long ask_signal_step(ask_u64 i, void *context)
{
	struct ask_call *call = context;
	struct ask_shard *shard = ask_shard(call->shard);
	struct ask_ucontext *frame;
	ask_u64 at;

	if (!shard)
		return 1;
	at = shard->signal.at + i * ASK_SIGNAL_STEP;
	frame = &shard->signal.frame;
	if (at + sizeof(*frame) + sizeof(struct ask_sigcontext) > shard->signal.hi ||
	    ask_read(frame, sizeof(*frame), at))
		return 1;
	if (!frame->link && frame->flags < 16 && frame->stack_base == shard->signal.lo &&
	    frame->stack_size == shard->signal.hi - shard->signal.lo) {
		shard->signal.found = at;
		shard->signal.count++;
	}
	return 0;
}

/*
 * The registers that a signal has interrupted, whose handler runs with the registers in
 * shard->regs on the stack of `gsignal`: put in their place. 0: they are not to be had.
 */
ask_global ask_interrupted(ask_u32 shard_index, ask_u64 gsignal)
{
	struct ask_shard *shard = ask_shard(shard_index);
	struct ask_call call = {shard_index, 0};
	struct ask_sigcontext *saved;
	ask_u64 sp;

	if (!shard || ask_read(&shard->signal.lo, 8, gsignal + ASK_LAYOUT(g_stack_lo)) ||
	    ask_read(&shard->signal.hi, 8, gsignal + ASK_LAYOUT(g_stack_hi)))
		return 0;
	sp = shard->regs[ASK_REG_SP];
	if (sp < shard->signal.lo || sp >= shard->signal.hi ||
	    shard->signal.hi - shard->signal.lo > ASK_SIGNAL_STACK)
		return 0;
	shard->walk_status = ASK_STACK_SIGNAL;
	shard->signal.at = (sp + ASK_SIGNAL_STEP - 1) & ~(ask_u64)(ASK_SIGNAL_STEP - 1);
	shard->signal.count = 0;
	ask_loop(ASK_SIGNAL_STACK / ASK_SIGNAL_STEP, ask_signal_step, &call);
	saved = &shard->signal.saved;
	if (shard->signal.count != 1 ||
	    ask_read(saved, sizeof(*saved), shard->signal.found + sizeof(struct ask_ucontext)))
		return 0;
	/*
	 * A handler that injects a call pushes the PC first and changes it afterwards
	 * (runtime/signal_amd64.go, pushCall): in between the frame is eight bytes off.
	 */
	if (ask_read(&shard->signal.pushed, 8, saved->sp) || shard->signal.pushed == saved->ip)
		return 0;
	shard->leaf_pc = saved->ip;
	for (int i = 0; i < 8; i++)
		shard->regs[8 + i] = saved->r8_to_r15[i];
	shard->regs[0] = saved->ax;
	shard->regs[1] = saved->dx;
	shard->regs[2] = saved->cx;
	shard->regs[3] = saved->bx;
	shard->regs[4] = saved->si;
	shard->regs[5] = saved->di;
	shard->regs[ASK_REG_BP] = saved->bp;
	shard->regs[ASK_REG_SP] = saved->sp;
	return 1;
}

/* The leaf's registers are in shard->regs, its PC in leaf_pc. 0: they are not on its own stack. */
ask_inline int ask_leaf_registers(struct ask_shard *shard)
{
	struct ask_control *control = ask_control();
	ask_u64 sp = shard->regs[ASK_REG_SP], pc;

	if (!control || sp < shard->walk_lo || sp >= shard->walk_hi)
		return 0;
	shard->leaf_sp = sp;
	shard->leaf_bp = shard->regs[ASK_REG_BP];
	pc = shard->leaf_pc - control->text;
	if (pc >= ASK_LAYOUT(gogo_lo) && pc < ASK_LAYOUT(gogo_hi)) {
		shard->leaf_pc = ask_g64(shard, ASK_LAYOUT(g_sched_pc));
		return 1;
	}
	shard->walk_inject = 1;
	shard->leaf_live = 1;
	return 1;
}

/* The thread, whose FS base is `tls`, is on another stack than its goroutine's. 1: the leaf is found. */
ask_global ask_leaf_elsewhere(ask_u32 shard_index, ask_u64 g, ask_u64 m, ask_u64 tls)
{
	struct ask_shard *shard = ask_shard(shard_index);
	struct ask_control *control = ask_control();
	struct ask_m *held;
	ask_u64 pc;

	if (!shard || !control)
		return 0;
	held = &shard->m;
	if (ask_read(&held->curg, 8, m + ASK_LAYOUT(m_curg)) || held->curg != g ||
	    ask_read(&held->g0, 8, m + ASK_LAYOUT(m_g0)) ||
	    ask_read(&held->gsignal, 8, m + ASK_LAYOUT(m_gsignal)) ||
	    ask_read(&held->vdso_sp, 8, m + ASK_LAYOUT(m_vdsosp)) ||
	    ask_read(&held->vdso_pc, 8, m + ASK_LAYOUT(m_vdsopc)) ||
	    ask_read(&held->current, 8, tls + (ask_s64)(ask_s32)ASK_LAYOUT(tls_g)))
		return 0;
	if (held->vdso_sp >= shard->walk_lo && held->vdso_sp < shard->walk_hi) {
		shard->leaf_sp = held->vdso_sp;
		shard->leaf_pc = held->vdso_pc;
		return 1;
	}
	pc = shard->leaf_pc - control->text;
	if (held->current == held->g0 ||
	    (held->current == g && pc >= ASK_LAYOUT(gogo_lo) && pc < ASK_LAYOUT(gogo_hi))) {
		shard->leaf_sp = ask_g64(shard, ASK_LAYOUT(g_sched_sp));
		shard->leaf_pc = ask_g64(shard, ASK_LAYOUT(g_sched_pc));
		shard->leaf_bp = ask_g64(shard, ASK_LAYOUT(g_sched_bp));
		return 1;
	}
	/* A handler makes gsignal the thread's g after its first few instructions. */
	if (held->current == held->gsignal || held->current == g)
		return ask_interrupted(shard_index, held->gsignal) && ask_leaf_registers(shard);
	return 0;
}

/*
 * Finds the leaf of the running goroutine in shard->g, at address `g`, on thread `thread`, whose
 * m is `m`: leaf_pc, leaf_sp and leaf_bp. Otherwise 0, and walk_status says why not.
 */
ask_global ask_running_leaf(ask_u32 shard_index, ask_u64 g, ask_u64 m, ask_u64 thread)
{
	struct ask_shard *shard = ask_shard(shard_index);
	const struct ask_thread *row;

	if (!shard)
		return 0;
	shard->walk_status = ASK_STACK_NO_THREAD;
	row = thread ? ask_find_thread(shard_index, thread) : 0;
	if (!row)
		return 0;
	shard->walk_status = ASK_STACK_RUNNING;
	shard->leaf_pc = row->pc;
	for (ask_u32 i = 0; i < ASK_REGS; i++)
		shard->regs[i] = row->regs[i];
	if (ask_leaf_registers(shard))
		return 1;
	return ask_leaf_elsewhere(shard_index, g, m, row->fs_base);
}

#endif
