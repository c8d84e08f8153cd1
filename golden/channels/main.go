// SPDX-License-Identifier: BSD-2-Clause

// channels: what is in their buffers, in order, and who waits for them.
package main

import "syscall"

//go:noinline
func park() {
	println("ready", syscall.Getpid())
	syscall.Pause()
}

//go:noinline
func hold(full chan string, empty chan int32, closed chan struct{}) int {
	park()
	return len(full) + len(empty) + len(closed)
}

func main() {
	full, empty, closed := make(chan string, 3), make(chan int32), make(chan struct{}, 1)
	for _, text := range []string{"taken", "second", "third", "fourth"} {
		if len(full) == cap(full) {
			<-full
		}
		full <- text
	}
	close(closed)
	go func() { full <- "waits for room" }()
	go func() { <-empty }()
	syscall.Nanosleep(&syscall.Timespec{Nsec: 9e8}, nil) // until both wait
	hold(full, empty, closed)
}
