/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef REPORT_H
#define REPORT_H

#include <stdio.h>

#include "binary.h"
#include "ir.h"

/* The availability report: for each capture x call site always / partial / never, and why. */
void report_availability_table(const struct ir *ir, FILE *out);
void report_availability_json(const struct ir *ir, FILE *out);
/* Captures that a --deny list forbids: counts those with a NEVER (or PARTIAL) call site. */
size_t report_denied(const struct ir *ir, bool never, bool partial, FILE *out);

/* askc functions, vars, types. */
void report_functions(struct binary *binary, const char *pattern, FILE *out);
struct error *report_variables(struct binary *binary, const char *function, FILE *out);

#endif
