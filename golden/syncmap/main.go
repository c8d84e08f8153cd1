// SPDX-License-Identifier: BSD-2-Clause

// syncmap: a sync.Map, which since Go 1.24 is a trie of hashes, shown as the map that it is.
package main

import (
	"sync"
	"syscall"
)

//go:noinline
func park() {
	println("ready", syscall.Getpid())
	syscall.Pause()
}

//go:noinline
func hold(m *sync.Map) bool {
	park()
	_, ok := m.Load("one")
	return ok
}

func main() {
	m := &sync.Map{}
	for i, name := range []string{"one", "two", "three", "gone"} {
		m.Store(name, int64(i+1))
	}
	m.Delete("gone")
	hold(m)
}
