/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CODEGEN_INT_H
#define CODEGEN_INT_H

/*
 * How a program is compiled, by askc and by hand alike. mcpu=v3 (kernel 5.12) has
 * the atomic fetch-and-add that hands out work; -g makes the BTF that libbpf needs.
 */
#define CODEGEN_FLAGS "--target=bpf", "-mcpu=v3", "-O2", "-g", "-std=gnu11", "-Wall", "-Wextra"

#endif
