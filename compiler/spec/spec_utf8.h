/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SPEC_UTF8_H
#define SPEC_UTF8_H

#include "base.h"

/*
 * Decodes the code point at the start of text and returns its length in bytes,
 * 1 to 4; 0 when it is not valid UTF-8 (overlong forms, surrogates and what is
 * past U+10FFFF included) or `length` is 0.
 */
size_t spec_utf8_decode(const char *text, size_t length, uint32_t *ret);

/* Columns of a code point on a terminal: 0, 1 or 2; -1 when it must not be printed there. */
int spec_utf8_width(uint32_t code);

#endif
