/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef REPORT_H
#define REPORT_H

#include <stdio.h>

#include "binary.h"
#include "ir.h"

/* The availability report: for each capture x call site always / partial / never, and why. */
void report_availability_table(const struct ir *ir, FILE *out);
void report_availability_json(const struct ir *ir, FILE *out);
/*
 * Captures that a --deny list forbids: those that the table calls never (at no call)
 * or partial (not wholly, or not at every call). Counts them and names each on `out`.
 */
size_t report_denied(const struct ir *ir, bool never, bool partial, FILE *out);

/* Whether a function's name is wanted: spec_name_matches(), which this module cannot see. */
typedef bool report_matches_fn(const char *pattern, const char *name);

/* askc functions: name, place, instances; `pattern` NULL is every function. Counts the lines. */
size_t report_functions(struct binary *binary, const char *pattern, report_matches_fn *matches,
			FILE *out);
/* askc vars: rows in the order of resolve_variables(). */
void report_variables(const struct ir_variable *variables, size_t count, FILE *out);

#endif
