/* SPDX-License-Identifier: BSD-2-Clause */
#include "ir.h"

/*
 * The compiled spec, between resolve (which makes it) and emit and schema_write()
 * (which turn it into C and into bytes).
 *
 *   resolve ──> struct ir ──┬─> ir_validate   validate.c: every promise of the tables
 *                           ├─> ir_print      print.c: the tables as a person reads them
 *                           ├─> ir_print_schema  schema_print.c: tables and columns of SQL
 *                           ├─> emit_c        the tables as C
 *                           └─> schema_write  the tables as bytes
 *
 * There is no second representation: the rows of `struct schema` are the very rows
 * that the engine reads, and the IR only puts words beside them. So what a golden
 * file shows, what a reviewer reads in the generated C and what the decoder obeys
 * cannot drift apart.
 *
 * The tables refer to each other like this; each arrow is (first, count), and equal
 * runs of rows are stored once:
 *
 *   range ─> probes ─> exprs ─> ops
 *   [lo,hi)  function  capture  CFA, DEREF, ADD, COPY, STATIC
 *                        └────> gaps: bytes of the value without a location
 *
 * What a range means: a frame whose return address is in [lo, hi) runs exactly the
 * functions of `probes`, innermost inlined one first, and each of their captures is
 * read by the same program. An expression without ops carries the reason instead.
 */

const char *ir_reason_text(uint32_t reason)
{
	switch ((enum ask_reason)reason) {
	case ASK_REASON_NONE:
		return "";
	case ASK_REASON_OPTIMIZED_OUT:
		return "the compiler removed the variable";
	case ASK_REASON_NO_LOCATION:
		return "not live here";
	case ASK_REASON_REGISTER:
		return "lives in a register";
	case ASK_REASON_PIECES:
		return "location pieces contradict the type's size or each other";
	case ASK_REASON_UNSUPPORTED:
		return "a location operator that is not understood";
	case ASK_REASON_RANGE_EDGE:
		return "interrupted exactly where the location changes";
	case ASK_REASON_NOT_IN_SCOPE:
		return "not in scope here";
	case ASK_REASON_SHARED_SLOT:
		return "another variable may use its stack slot";
	case ASK_REASON_NO_VARIABLE:
		return "this inlined instance does not describe the variable";
	}
	return "unknown reason";
}
