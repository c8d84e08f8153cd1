// SPDX-License-Identifier: BSD-2-Clause

//go:build cgo

package main

import (
	"fmt"

	"states/cstates"
)

//go:noinline
func called(c chan int) { <-c; sink.Add(1) }

func cgoStates() {
	never := make(chan int)
	cstates.Called = func(kind int) {
		if kind == 2 {
			output.Lock()
			fmt.Printf("state cgoThread %d\n", goid())
			output.Unlock()
			blocked.Done()
		}
		called(never)
	}
	start("cgoSleep", cstates.Sleep)
	start("cgoCallback", cstates.CallBack)
	blocked.Add(1)
	cstates.StartThread()
}
