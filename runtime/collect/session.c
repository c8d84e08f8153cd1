/* SPDX-License-Identifier: BSD-2-Clause */
/* The engine's state before and at the beginning of the pause. */
#include "session.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>

void session_talk(const struct session *session, const char *format, ...)
{
	cleanup_strbuf struct strbuf line = STRBUF_INIT;
	va_list args;

	if (!session->options->talk)
		return;
	va_start(args, format);
	strbuf_vprintf(&line, format, args);
	va_end(args);
	session->options->talk(session->options->talk_data, line.data);
}

static struct error *map_memory(void **ret, size_t size)
{
	void *memory = mmap(NULL, size ? size : 1, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (memory == MAP_FAILED)
		return error_os(ERROR_HOST, errno, "no memory for %zu bytes of capture buffers",
				size);
	*ret = memory;
	return NULL;
}

struct error *session_allocate(struct session *session)
{
	session->chunk_stride = ASK_CHUNK_STRIDE;
	TRY(map_memory((void **)&session->control, sizeof(*session->control)));
	TRY(map_memory((void **)&session->shards, sizeof(*session->shards) * ASK_MAX_SHARDS));
	TRY(map_memory((void **)&session->chunks,
		       session->chunk_stride * (session->chunk_count + session->rehearsal_chunks)));
	TRY(map_memory((void **)&session->rehearsal,
		       sizeof(*session->rehearsal) * session->rehearsal_rows));
	TRY(map_memory((void **)&session->visits, sizeof(*session->visits) *
							  session->visit_slots *
							  session->shard_limit));
	TRY(map_memory((void **)&session->threads,
		       sizeof(*session->threads) * session->thread_rows));
	TRY(map_memory((void **)&session->bitmap, sizeof(uint64_t) * session->bitmap_words));
	return NULL;
}

static void unmap(void *memory, size_t size)
{
	if (memory)
		munmap(memory, size ? size : 1);
}

void session_free(struct session *session)
{
	unmap(session->control, sizeof(*session->control));
	unmap(session->shards, sizeof(*session->shards) * ASK_MAX_SHARDS);
	unmap(session->chunks,
	      session->chunk_stride * (session->chunk_count + session->rehearsal_chunks));
	unmap(session->rehearsal, sizeof(*session->rehearsal) * session->rehearsal_rows);
	unmap(session->visits,
	      sizeof(*session->visits) * session->visit_slots * session->shard_limit);
	unmap(session->threads, sizeof(*session->threads) * session->thread_rows);
	unmap(session->bitmap, sizeof(uint64_t) * session->bitmap_words);
	session->control = NULL;
	session->shards = NULL;
	session->chunks = NULL;
	session->visits = NULL;
	session->threads = NULL;
	session->bitmap = NULL;
	session->rehearsal = NULL;
}

/* One bit for each 64 bytes of text that [lo, hi) touches. */
static void mark(struct session *session, uint32_t lo, uint32_t hi)
{
	for (uint32_t bit = lo >> 6; lo < hi && bit <= (hi - 1) >> 6; bit++)
		if (bit / 64 < session->bitmap_words)
			session->bitmap[bit / 64] |= 1ull << (bit % 64);
}

/* Text that the engine must look at closely: captured functions, and those that signals inject. */
static void fill_bitmap(struct session *session)
{
	const struct schema *schema = session->schema;
	const struct ask_layout *layout = &schema->layout;

	for (uint32_t i = 0; i < schema->ranges_count; i++)
		mark(session, schema->ranges[i].lo, schema->ranges[i].hi);
	mark(session, layout->sigpanic_lo, layout->sigpanic_hi);
	mark(session, layout->sigpanic0_lo, layout->sigpanic0_hi);
	mark(session, layout->asyncpreempt_lo, layout->asyncpreempt_hi);
}

/* The rings of `shards` shards, side by side in the chunk array: each a power of two long. */
static void divide_chunks(struct session *session, uint32_t shards)
{
	uint32_t each = session->chunk_count / shards;

	if (each > ASK_SHARD_CHUNKS)
		each = ASK_SHARD_CHUNKS;
	while (each & (each - 1))
		each &= each - 1;
	for (uint32_t i = 0; i < shards; i++) {
		session->shards[i].first_chunk = i * each;
		session->shards[i].chunks = each;
	}
}

void session_prepare(struct session *session)
{
	const struct schema *schema = session->schema;
	struct ask_control *control = session->control;

	fill_bitmap(session);
	session->clock_offset = deadline_clock_offset();
	if (session->cfis)
		memcpy(session->cfis, schema->cfi, schema->cfi_count * sizeof(*schema->cfi));
	control->pidns_dev = session->info.pidns_dev;
	control->pidns_ino = session->info.pidns_ino;
	control->load_bias = session->info.load_bias;
	control->text = schema->layout.text + session->info.load_bias;
	control->bytes_limit = schema->meta.bytes_limit;
	control->trigger_ns = 6000000;
	control->visited_slots = session->visit_slots;
}

/* runtime.allgptr and allglen are stored one after the other, so that this order of reads is safe. */
static struct error *find_goroutines(struct session *session)
{
	const struct ask_layout *layout = &session->schema->layout;
	struct ask_control *control = session->control;
	uint64_t bias = session->info.load_bias, length, array, last;

	if (!session_read(session, layout->allglen + bias, &length, sizeof(length)) ||
	    !session_read(session, layout->allgptr + bias, &array, sizeof(array)))
		return error_new(ERROR_TARGET, "process %d: cannot read runtime.allgptr",
				 (int)session->info.pid);
	if (length && (length > (uint64_t)1 << 32 ||
		       !session_read(session, array + (length - 1) * 8, &last, 8)))
		return error_new(ERROR_TARGET,
				 "process %d: runtime.allgptr does not hold %" PRIu64
				 " goroutines; is the runtime still starting?",
				 (int)session->info.pid, length);
	control->allgs = array;
	control->goroutines = length;
	control->next = 0;
	session->statistics.listed_goroutines = length;
	return NULL;
}

static void fill_threads(struct session *session)
{
	uint32_t rows = 0;

	for (size_t i = 0; i < session->target.threads_count && rows < session->thread_rows; i++) {
		const struct target_thread *thread = &session->target.threads[i];
		const struct user_regs_struct *regs = &thread->regs;

		if (!thread->stopped || thread->gone)
			continue;
		session->threads[rows++] = (struct ask_thread){
			.tid = (uint64_t)thread->ns_tid,
			.pc = regs->rip,
			.fs_base = regs->fs_base,
			.regs = {regs->rax, regs->rdx, regs->rcx, regs->rbx, regs->rsi, regs->rdi,
				 regs->rbp, regs->rsp, regs->r8, regs->r9, regs->r10, regs->r11,
				 regs->r12, regs->r13, regs->r14, regs->r15},
		};
	}
	session->control->threads = rows;
}

struct error *session_begin(struct session *session)
{
	uint64_t gc = 0;

	divide_chunks(session, session->shards_used);
	fill_threads(session);
	deadline_set(session);
	rehearsal_begin(session);
	if (session->schema->meta.memstats_last_gc &&
	    session_read(session,
			 session->schema->meta.memstats_last_gc + session->info.load_bias, &gc,
			 sizeof(gc)))
		session->last_gc_ns = (int64_t)gc;
	return find_goroutines(session);
}

struct ask_record *shard_record(struct session *session, uint32_t index, uint64_t *chunk,
				uint32_t *off)
{
	const struct ask_shard *shard = &session->shards[index];

	while (*chunk < shard->write_chunk &&
	       *off >= shard->used[(*chunk % shard->chunks) & (ASK_SHARD_CHUNKS - 1)]) {
		++*chunk;
		*off = 0;
	}
	if (*chunk >= shard->write_chunk && *off >= shard->write_off)
		return NULL;
	return (struct ask_record *)(session->chunks +
				     (shard->first_chunk + *chunk % shard->chunks) *
					     session->chunk_stride +
				     *off);
}

void shard_undo(struct ask_shard *shard)
{
	if (shard->phase != ASK_PHASE_FRAME && shard->phase != ASK_PHASE_EXPR)
		return;
	shard->write_chunk = shard->undo_chunk;
	shard->write_off = shard->undo_off;
	shard->phase = ASK_PHASE_GOROUTINE;
}
