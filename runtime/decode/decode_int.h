/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DECODE_INT_H
#define DECODE_INT_H

#include "decode.h"

/* ---- records.c: one record at a time, checked ---- */

/*
 * A record, copied out of the stream (which need not be aligned) and checked against
 * itself: its size fits its kind, its data is as long as it says.
 */
struct record {
	struct ask_record head;
	union {
		struct ask_goroutine goroutine;
		struct ask_stack stack;
		struct ask_frame frame;
		struct ask_value value;
	};
	const uint8_t *data; /* what follows the fixed part: PCs, bytes of a value */
	size_t data_size;
	size_t stream, offset; /* where it began */
};

/* Reads the streams one after the other, shard by shard. */
struct records {
	const struct decode_input *input;
	const struct decode_stream *streams; /* sorted by shard; chunks of a shard in dump order */
	size_t count;
	size_t stream, offset; /* of the next record */
};

void records_init(struct records *records, struct arena *arena, const struct decode_input *input);
/* *ret = false at the end of all streams. Crossing into another shard is the caller's to notice. */
struct error *records_next(struct records *records, struct record *record, bool *ret);
uint32_t records_shard(const struct records *records, const struct record *record);
/* ERROR_DAMAGED that names the file, the process, the stream and the record's offset. */
struct error *records_damaged(const struct records *records, const struct record *record,
			      const char *format, ...)
	__attribute__((format(printf, 3, 4), returns_nonnull));

/* ---- index.c: pass 1 ---- */

struct pointee {
	uint64_t address;
	uint32_t type;
	uint32_t length;	  /* of the longest copy, 0 when none was read */
	const uint8_t *data;	  /* NULL when none was read */
	bool read_failed, budget; /* a shard failed to read it, or was out of budget */
	uint64_t next;		  /* next pointee of the same hash + 1, 0: last */
};

struct stack {
	struct ask_stack head;
	const uint8_t *pcs; /* leaf + root PCs, 4 bytes each, not aligned */
	uint64_t next;	    /* next stack of the same hash + 1 */
	uint64_t number;    /* decode_goroutine.stack; UINT64_MAX: no goroutine has it */
	uint64_t goroutines;
	/* set by stack_symbolize() */
	uint64_t *first; /* logical index of each kept physical frame, and of the end */
	uint64_t frames; /* logical frames, skipped ones counted as physical */
	bool user_code;	 /* some frame is outside package runtime */
};

struct goroutine_place {
	uint64_t goid;
	size_t stream, offset;
};

struct goroutine_address {
	uint64_t address; /* of its g */
	uint64_t goid;
};

struct index {
	struct arena *arena;
	const struct schema *schema;
	uint64_t load_bias;
	const bool *is_closure; /* by type: objects that begin with their function's PC */
	bool collected_twice; /* the target's garbage collector ran more than once */
	bool over_budget;     /* statistics say that pointees were left out for `bytes` */
	bool dropped;	      /* they say that some were lost */
	uint64_t salt;	      /* of the keys of both maps */
	struct map pointee_map, stack_map;
	VEC(struct pointee) pointees;
	VEC(struct stack) stacks;
	VEC(struct goroutine_place) goroutines; /* sorted by goid once built */
	VEC(struct goroutine_address) addresses; /* sorted by address once built */
};

struct error *index_build(struct index *index, struct arena *arena, struct records *records);
/* The goroutine whose g lies at `address`; false when there is no record of it. */
bool index_goroutine(const struct index *index, uint64_t address, uint64_t *goid);
/* NULL when nothing was said about it. */
const struct pointee *index_pointee(const struct index *index, uint64_t address, uint32_t type);
struct stack *index_stack(const struct index *index, const ask_u64 hash[2]);

/* ---- stack.c: PCs to functions ---- */

struct pc_frames {
	const struct schema_frame *frames; /* innermost first */
	size_t count;			   /* 0: runtime.goexit, which is left out */
};

struct symbolizer {
	struct arena *arena;
	const struct schema *schema;
	struct map cache; /* PC looked up -> struct pc_frames * */
};

void symbolizer_init(struct symbolizer *symbolizer, struct arena *arena,
		     const struct schema *schema);
/* The frames of kept physical frame `i` (counted without the skipped ones). */
const struct pc_frames *stack_frames(struct symbolizer *symbolizer, const struct stack *stack,
				     uint32_t i);
uint32_t stack_pc(const struct stack *stack, uint32_t i);
/* Fills first, frames and user_code. */
void stack_symbolize(struct symbolizer *symbolizer, struct stack *stack);
/* Physical frame to kept frame; false when it is one of the skipped ones. */
bool stack_kept(const struct stack *stack, uint32_t physical, uint32_t *ret);
/* Logical index at which physical frame `physical` begins; it must be below head.depth. */
uint64_t stack_logical(const struct stack *stack, uint32_t physical);

/* ---- goroutine.c ---- */

/* `stack` may be NULL. Texts live in `arena`. */
void goroutine_decode(struct arena *arena, const struct decode_input *input,
		      const struct index *index, const struct ask_goroutine *g,
		      const struct stack *stack, struct decode_goroutine *ret);

/* ---- value.c, kinds.c, absence.c ---- */

/*
 * Decodes one VALUE record (NULL: there is none) to three cells: X, raw_X, status_X.
 * Texts live in `arena`.
 */
void value_decode(struct arena *arena, const struct index *index, const struct record *record,
		  struct decode_cell cells[3]);

/* ---- contexts.c ---- */

/*
 * The same of a capture that is a context. *found: the chain has such a value, whatever
 * is known of it.
 */
void context_decode(struct arena *arena, const struct index *index, const struct record *record,
		    struct decode_cell cells[3], bool *found);

/* ---- labels.c ---- */

/* The pprof labels at `address` as a JSON object; NULL where there are none (0). */
struct decode_cell labels_decode(struct arena *arena, const struct index *index, uint64_t address);

/* ---- ahead.c: decoding on one thread, the sink on another ---- */

struct batch_goroutine {
	struct decode_goroutine goroutine;
	struct decode_row *rows;
	size_t rows_count;
};

/* Goroutines that go to the sink together. Everything of theirs lives in `arena`. */
struct batch {
	struct arena arena;
	VEC(struct batch_goroutine) goroutines;
	bool last;	     /* none follows */
	struct error *error; /* what came behind them: none follows */
};

bool batch_is_full(const struct batch *batch);
/*
 * Has `fill` fill batches, an empty one each time, until one says that it is the last or
 * an error ends it, and gives them to the sink in that order. `fill` runs on a thread of
 * its own, a few batches ahead, and so must share nothing that changes with the sink; it
 * runs on the caller's where no thread can be had. The sink is called on the caller's.
 * The first error of either, the sink's before that of what was decoded behind it.
 */
struct error *ahead_run(struct error *(*fill)(void *data, struct batch *batch), void *data,
			const struct decode_sink *sink);

/* ---- text.c ---- */

/* Valid UTF-8 without control characters other than tab, newline and carriage return. */
bool text_is_printable(const void *text, size_t length);
/* Length without an unfinished UTF-8 sequence at the end: what a cut may leave. */
size_t text_trim(const void *text, size_t length);
void text_hex(struct strbuf *out, const uint8_t *data, size_t size);
/* RFC 3339 with nine digits, in UTC, of seconds since 0001-01-01T00:00:00Z. */
void text_time(struct strbuf *out, int64_t seconds, uint32_t nanoseconds);

#endif
