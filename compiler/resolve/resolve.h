/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef RESOLVE_H
#define RESOLVE_H

#include "base.h"
#include "binary.h"
#include "ir.h"
#include "spec.h"

/*
 * resolve: a spec's names meet a binary's DWARF. Functions become instances,
 * captures become expression programs for each PC range, types become tables.
 * Mistakes of the spec go to `diags`, all of them; *ret is set when there are none.
 * An error is returned when the binary itself cannot be understood.
 */
struct error *resolve(struct arena *arena, const struct spec *spec, struct binary *binary,
		      struct diagnostics *diags, struct ir **ret);

/*
 * The variables of every instance of a function (exact name), judged at each call
 * by the same rules as captures; those that the compiler made are left out. Empty when the binary has no such function.
 */
struct error *resolve_variables(struct arena *arena, struct binary *binary, const char *function,
				const struct ir_variable **ret, size_t *count);

#endif
