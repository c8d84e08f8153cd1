// SPDX-License-Identifier: BSD-2-Clause

// times: time.Time, its zero value, and time.Duration.
package main

import (
	"syscall"
	"time"
)

//go:noinline
func park() {
	println("ready", syscall.Getpid())
	syscall.Pause()
}

//go:noinline
func hold(began time.Time, took time.Duration, never *time.Time) bool {
	park()
	return began.Add(took).Before(*never)
}

func main() {
	hold(time.Date(2024, 2, 29, 12, 0, 0, 1, time.UTC), 1500*time.Millisecond, &time.Time{})
}
