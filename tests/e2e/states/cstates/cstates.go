// SPDX-License-Identifier: BSD-2-Clause

// Package cstates has the states that need C. Go assembly may not stand beside C.
package cstates

/*
#include <pthread.h>
#include <unistd.h>
extern void goCallback(int);
static void sleep_in_c(void) { for (;;) pause(); }
static void call_back(int n) { goCallback(n); }
static void *thread(void *unused) { (void)unused; goCallback(2); return 0; }
static int start_thread(void) { pthread_t t; return pthread_create(&t, 0, thread, 0); }
static void spin_in_c(volatile unsigned *stop) { while (!*stop) ; }
*/
import "C"

// Called is run by the callbacks from C.
var Called func(kind int)

//export goCallback
func goCallback(kind C.int) { Called(int(kind)) }

// Sleep blocks in C.
//
//go:noinline
func Sleep() { C.sleep_in_c() }

// CallBack blocks in Go, which C has called, which Go has called.
//
//go:noinline
func CallBack() { C.call_back(1) }

// StartThread makes a thread of C's, which calls Go.
func StartThread() { C.start_thread() }

// Spin runs in C.
//
//go:noinline
func Spin(stop *uint32) { C.spin_in_c((*C.uint)(stop)) }
