/* @banner */

#include "abi/state.h"

/*
 * Limits: after how much a value is cut. Expressions refer to them by row.
 */
/* @limits */

/*
 * Addresses of the captured code, as offsets from runtime.text. Everything below
 * refers to them, so a rebuilt binary moves these lines and few others.
 */
/* @addresses */

/*
 * Where this Go runtime keeps its things: offsets of struct members by name, taken
 * from the binary's DWARF.
 */
/* @layout */

/*
 * Types that are captured, and the pointers in them that are followed. What has
 * no row in ask_pointers is never followed. Of a type that has rows in ask_spans those
 * bytes are copied and no others. First come the types that the spec itself leads to. An
 * interface may hold any type of the program and a func value any closure, so where the
 * spec reaches one, those follow under headings of their own.
 */
/* @types */

/*
 * What is read in a captured function. ask_probes: which expressions; ask_exprs:
 * their types and limits, or why one has no value there; ask_ops: where the bytes
 * are. CFA is the frame's canonical frame address.
 */
/* @programs */

/*
 * PC ranges, by return address: which probes apply there.
 */
/* @ranges */

/*
 * What only the running program knows: the types behind interfaces, by their
 * descriptors, the functions behind func values, by their entries, and what types have to
 * do with chains of contexts. A value that a context holds is followed only where its key
 * and its type have a bit in common.
 */
/* @dynamic */

/*
 * The capture engine. It obeys the tables above and knows nothing else of the spec.
 */
#include "engine/engine.h"

/* @license */

#ifdef ASK_SCHEMA
/* Put in by askc: what `askance` needs to load and decode, so that this object suffices. */
asm(".section .askance.schema,\"\",@progbits\n\t.incbin \"" ASK_SCHEMA "\"\n\t.previous");
#endif
