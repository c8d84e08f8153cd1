// SPDX-License-Identifier: BSD-2-Clause

// paths: fields behind pointers, elements, the dynamic type of an interface, and the first of several.
package main

import "syscall"

type job struct {
	id   int64
	tags []string
}

type server struct {
	current *job
	recent  []*job
	slots   [4]int16
	state   any
}

//go:noinline
func park() {
	println("ready", syscall.Getpid())
	syscall.Pause()
}

//go:noinline
func hold(s *server) int64 {
	park()
	return s.current.id
}

func main() {
	last := &job{7, []string{"slow", "big"}}
	hold(&server{last, []*job{{5, nil}, {6, nil}, last}, [4]int16{10, 20, 30, 40}, last})
}
