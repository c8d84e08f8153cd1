// SPDX-License-Identifier: BSD-2-Clause

// inlining: one function out of line and inlined in two places, once within another
// inlined function; and variables that are gone where the program waits.
package main

import (
	"fmt"
	"os"
	"time"
)

type job struct {
	Number int
	Parent *job
}

var sink int

//go:noinline
func wait() { time.Sleep(time.Hour) }

// start is small: it is inlined wherever it is called by name.
func start(j *job) {
	j.Number++
	wait()
}

// restart calls start, and both are inlined in their callers.
func restart(j *job) {
	start(j)
}

//go:noinline
func direct(j *job) {
	start(j)
	sink += j.Number
}

//go:noinline
func nested(j, unused *job) {
	restart(j)
	sink += j.Number
}

//go:noinline
func dead(j *job) int {
	number := j.Number * 2
	wait()
	return number
}

func main() {
	outOfLine := start
	if len(os.Args) > 10 {
		outOfLine = restart
	}
	go direct(&job{Number: 10})
	go nested(&job{Number: 20, Parent: &job{Number: 21}}, nil)
	go dead(&job{Number: 30})
	go outOfLine(&job{Number: 40})
	time.Sleep(200 * time.Millisecond)
	fmt.Printf("ready %d\n", os.Getpid())
	time.Sleep(time.Hour)
}
