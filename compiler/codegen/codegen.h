/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CODEGEN_H
#define CODEGEN_H

#include "base.h"

/*
 * codegen: generated C to an eBPF object. libclang parses the text from memory
 * first: its diagnostics become errors, and the record layouts that it computes
 * for the BPF target are compared with those this program was built with. Then
 * clang compiles it and the schema is put into section .askance.schema.
 *
 * `schema` is the serialised schema. *ret is the object's bytes.
 */
struct error *codegen_check(const char *name, const char *source, size_t length);
struct error *codegen_compile(const char *name, const char *source, size_t length,
			      const void *schema, size_t schema_size, struct strbuf *ret);

#endif
