// SPDX-License-Identifier: BSD-2-Clause

// closures: func values with what they captured, by value and by reference, and as variables
// of the closure itself.
package main

import "syscall"

type counter struct{ hits int }

func (c *counter) hit() { c.hits++ }

//go:noinline
func park() {
	println("ready", syscall.Getpid())
	syscall.Pause()
}

//go:noinline
func hold(run, plain, method, none func()) bool {
	run()
	return run == nil || plain == nil || method == nil || none == nil
}

func plain() {}

func main() {
	name, calls := "by value", 1
	c := &counter{5}
	run := func() {
		calls++
		park()
		println(name, calls)
	}
	calls++
	hold(run, plain, c.hit, nil)
	println(calls)
}
