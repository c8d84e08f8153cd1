/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef RESOLVE_MODEL_H
#define RESOLVE_MODEL_H

#include "resolve_int.h"

/* A few Go types and pieces, made by hand, for tests of resolve's pure functions. */

#define T(kind_, name_, size_, ...)                                                                \
	{                                                                                          \
		.name = (name_), .kind = SCHEMA_KIND_##kind_, .size = (size_), ##__VA_ARGS__       \
	}

static const struct binary_type m_uint8 = T(UINT, "uint8", 1);
static const struct binary_type m_int32 = T(INT, "int32", 4);
static const struct binary_type m_int = T(INT, "int", 8);
static const struct binary_type m_unknown = T(UNKNOWN, "weird", 8);
static const struct binary_type m_empty = T(STRUCT, "struct {}", 0);
static const struct binary_type m_string = T(STRING, "string", 16);
static const struct binary_type m_int_ptr = T(POINTER, "*int", 8, .elem = &m_int);
static const struct binary_type m_ints = T(SLICE, "[]int", 24, .elem = &m_int);

/* struct { flag int32; (4 bytes of padding); next *int } */
static const struct binary_field m_padded_fields[] = {
	{"flag", &m_int32, 0, false},
	{"next", &m_int_ptr, 8, false},
};
static const struct binary_type m_padded =
	T(STRUCT, "main.padded", 16, .fields = m_padded_fields, .fields_count = 2);
static const struct binary_type m_padded_ptr = T(POINTER, "*main.padded", 8, .elem = &m_padded);

#define CFA(offset_, value_, size_)                                                                \
	{                                                                                          \
		.kind = BINARY_PIECE_CFA, .offset = (offset_), .value_offset = (value_),           \
		.size = (size_)                                                                    \
	}
#define AT(kind_, offset_, value_, size_)                                                          \
	{                                                                                          \
		.kind = BINARY_PIECE_##kind_, .offset = (offset_), .value_offset = (value_),       \
		.size = (size_)                                                                    \
	}

#endif
