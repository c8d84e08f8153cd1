// SPDX-License-Identifier: BSD-2-Clause

// zoo holds values of the kinds that the Go runtime implements in memory of its own: maps
// of all sizes and states, channels with those who wait on them, interfaces, func values,
// and types that stand for others. As in values, each lies in the frame of a function of
// its own, and the program prints what a snapshot must show of it.
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
	holdMapKinds()
	holdInterfaceKinds()
	holdFuncKinds()
	holdOthers()
	holdChannelKinds()
	parked.Wait()
	time.Sleep(200 * time.Millisecond)
	fmt.Printf("ready %d\n", os.Getpid())
	time.Sleep(time.Hour)
}
