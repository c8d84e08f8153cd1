/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EMIT_INT_H
#define EMIT_INT_H

#include "ir.h"

/* One function fills one section of the template; the table in emit.c says which. */
void emit_banner(const struct ir *ir, const char *spec_file, struct strbuf *out);
void emit_limits(const struct ir *ir, const char *spec_file, struct strbuf *out);
void emit_addresses(const struct ir *ir, const char *spec_file, struct strbuf *out);
void emit_layout(const struct ir *ir, const char *spec_file, struct strbuf *out);
void emit_types(const struct ir *ir, const char *spec_file, struct strbuf *out);
void emit_programs(const struct ir *ir, const char *spec_file, struct strbuf *out);
void emit_ranges(const struct ir *ir, const char *spec_file, struct strbuf *out);
void emit_dynamic(const struct ir *ir, const char *spec_file, struct strbuf *out);
void emit_license(const struct ir *ir, const char *spec_file, struct strbuf *out);

/* Writes text for the inside of a C comment: one line, no end of comment, no control characters. */
void emit_comment(struct strbuf *out, const char *text);
/* For each address row its #define, FN_main_server_GetInfo; distinct for distinct rows. */
const char *const *emit_address_names(struct arena *arena, const struct ir *ir);
/* `pc` as "FN_name + 0x8f"; `first` as the row that it is relative to, SIZE_MAX to find it. */
size_t emit_address_row(const struct ir *ir, uint32_t pc);

#endif
