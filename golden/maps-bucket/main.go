// SPDX-License-Identifier: BSD-2-Clause

// maps-bucket: the hash map of Go 1.23 and before: buckets of eight, chained.
package main

import "syscall"

//go:noinline
func park() {
	println("ready", syscall.Getpid())
	syscall.Pause()
}

//go:noinline
func hold(small map[string]int, large map[int32]bool, none map[string]int) int {
	park()
	return len(small) + len(large) + len(none)
}

func main() {
	large := map[int32]bool{}
	for i := int32(0); i < 20; i++ {
		large[i] = i%2 == 0
	}
	hold(map[string]int{"one": 1, "two": 2, "three": 3}, large, nil)
}
