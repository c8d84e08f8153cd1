// SPDX-License-Identifier: BSD-2-Clause

// redact: a password alone, a type with one in it, and a key of fixed size.
package main

import "syscall"

type login struct {
	User     string
	Password string
	Key      [8]byte
}

//go:noinline
func park() {
	println("ready", syscall.Getpid())
	syscall.Pause()
}

//go:noinline
func hold(l *login, token []byte) int {
	park()
	return len(l.Password) + len(token)
}

func main() {
	hold(&login{"ann", "hunter2", [8]byte{1, 2, 3}}, []byte("bearer"))
}
