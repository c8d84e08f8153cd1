// SPDX-License-Identifier: BSD-2-Clause

// values holds one value of each kind in the frame of a function of its own, and
// prints what each of them is: a line of JSON for each column that a snapshot must
// have. truth.go computes those lines from the values themselves by reflection.
//
// Every hold function parks in the middle and uses its variables afterwards, as
// ordinary code does, so that they are still alive where it waits.
package main

import (
	"fmt"
	"os"
	"sync"
	"time"
)

var (
	forever = make(chan struct{})
	parked  sync.WaitGroup
	// optimised: unless an argument says that the program was built without.
	optimised = len(os.Args) < 2
)

// park blocks for ever. The hold functions call it where ordinary code would wait
// for the network, a lock or a channel.
//
//go:noinline
func park() {
	parked.Done()
	<-forever
}

// keep uses a value.
//
//go:noinline
func keep(any) {}

// hold starts a goroutine that holds a value.
func hold(f func()) {
	parked.Add(1)
	go f()
}

func main() {
	holdScalarKinds()
	holdTextKinds()
	holdPointerKinds()
	holdSequenceKinds()
	holdStructKinds()
	holdTimeKinds()
	holdOtherKinds()
	holdMapKinds()
	holdChannelKinds()
	holdInterfaceKinds()
	holdFuncKinds()
	holdSyncKinds()
	holdGenerics()
	holdUnavailable()
	parked.Wait()
	time.Sleep(200 * time.Millisecond)
	fmt.Printf("ready %d\n", os.Getpid())
	time.Sleep(time.Hour)
}
