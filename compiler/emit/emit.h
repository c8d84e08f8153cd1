/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EMIT_H
#define EMIT_H

#include "ir.h"

/* Fills templates/program.bpf.c with the IR's tables. `spec_file` is named in the banner. */
struct error *emit_c(const struct ir *ir, const char *spec_file, struct strbuf *ret);

#endif
