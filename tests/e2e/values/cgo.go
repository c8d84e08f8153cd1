// SPDX-License-Identifier: BSD-2-Clause

//go:build withcgo

package main

/*
#include <stdint.h>
struct c_node { int64_t value; struct c_node *next; };
static int64_t c_sum(const struct c_node *n) { return n ? n->value + c_sum(n->next) : 0; }
*/
import "C"

// With C in the program, units of two languages and of two versions of DWARF lie side by side.
func init() {
	keep(C.c_sum(&C.struct_c_node{value: 1}))
}
