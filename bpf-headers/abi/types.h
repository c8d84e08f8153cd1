/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef ASK_ABI_TYPES_H
#define ASK_ABI_TYPES_H

/*
 * Fixed-width integers without any system header, so that the same files compile
 * for BPF with nothing but clang, and for the host in askc and askance.
 */
typedef unsigned char ask_u8;
typedef unsigned short ask_u16;
typedef unsigned int ask_u32;
typedef unsigned long long ask_u64;
typedef int ask_s32;
typedef long long ask_s64;

#define ASK_ABI_CHECK(type, size) _Static_assert(sizeof(type) == (size), #type " changed size")

#endif
