// SPDX-License-Identifier: BSD-2-Clause

// interfaces: without and with methods, with a value, a pointer, a nil pointer or nothing in them.
package main

import "syscall"

type failure struct {
	Code  int32
	Cause error
}

func (*failure) Error() string { return "failure" }

type timeout int32

func (timeout) Error() string { return "timeout" }

var nothing error

//go:noinline
func park() {
	println("ready", syscall.Getpid())
	syscall.Pause()
}

//go:noinline
func hold(number, pointer any, value, typedNil, none error) bool {
	park()
	return number == pointer || value == typedNil || none == nil
}

func main() {
	hold(int64(42), &failure{7, timeout(8)}, timeout(9), (*failure)(nil), nothing)
}
