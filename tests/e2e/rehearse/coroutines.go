// SPDX-License-Identifier: BSD-2-Clause

//go:build go1.23

package main

import (
	"iter"
	"time"
)

// Switches to another coroutine and back, which no count of the runtime's tells, and sleeps.
func startCoroutines(count int) {
	for i := 0; i < count; i++ {
		next, _ := iter.Pull(func(yield func(int) bool) {
			w := &worker{id: i, kind: "inside", wait: func(*worker) { yield(1) }}
			live(w, -1)
		})
		start("outside", 1, func(w *worker) {
			next()
			if w.n%8 == 0 {
				time.Sleep(nap())
			}
		})
	}
}
