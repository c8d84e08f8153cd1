// SPDX-License-Identifier: BSD-2-Clause

// rivals does what others do, and says how long it took:
//
//	rivals delve PID       Delve attaches, and lists all goroutines with their stacks, as its
//	                       command `goroutines -t` does
//	rivals walk PID HOW    stops all threads, reads every stack with process_vm_readv():
//	                       HOW is `frame` (a read a frame) or `stack` (a read a stack)
//	rivals load BINARY     Delve reads a program's debug information
//
// Output is lines of "key: value", times in ns; pause_ns is by the rival's own account the
// time that it keeps the process stopped for reading.
package main

import (
	"fmt"
	"os"
	"strconv"
)

func run(arguments []string) error {
	switch {
	case len(arguments) == 2 && arguments[0] == "load":
		return loadBinary(arguments[1])
	case len(arguments) == 2 && arguments[0] == "delve", len(arguments) == 3 && arguments[0] == "walk":
		pid, err := strconv.Atoi(arguments[1])
		if err != nil {
			return err
		}
		if arguments[0] == "delve" {
			return delve(pid)
		}
		return walk(pid, arguments[2])
	}
	return fmt.Errorf("usage: rivals delve PID | walk PID frame|stack | load BINARY")
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "rivals:", err)
		os.Exit(1)
	}
}
