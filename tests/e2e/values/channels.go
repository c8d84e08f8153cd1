// SPDX-License-Identifier: BSD-2-Clause
package main

import (
	"bytes"
	"reflect"
	"runtime"
	"strconv"
	"time"
)

type channels struct {
	Nil       chan int
	Empty     chan int
	Some      chan int
	Full      chan string
	Wrapped   chan int
	Closed    chan int
	ClosedRem chan string
	Void      chan struct{}
	Structs   chan inner
	Pointers  chan *node
	Anys      chan any
	Chans     chan chan int
	Recv      <-chan int
	Send      chan<- int
	Waited    chan int
	Selected  chan string
	Blocked   chan int
	Jammed    chan place
	Large     chan int
}

//go:noinline
func holdChannels(v *channels) {
	park()
	keep(v)
}

//go:noinline
func holdChannelVariables(c chan int, none chan int, r <-chan int, pc *chan int) {
	park()
	keep(c)
	keep(none)
	keep(r)
	keep(pc)
}

// goid is the id of the goroutine that calls it.
func goid() int64 {
	buffer := make([]byte, 64)
	fields := bytes.Fields(buffer[:runtime.Stack(buffer, false)])
	id, err := strconv.ParseInt(string(fields[1]), 10, 64)
	if err != nil {
		panic(err)
	}
	return id
}

// blocked: the goroutine stands still, in the runtime's own words.
func blocked(id int64) bool {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	_, state, _ := bytes.Cut(stacks, []byte("goroutine "+strconv.FormatInt(id, 10)+" ["))
	return len(state) > 0 && !bytes.HasPrefix(state, []byte("run"))
}

// waiter starts a goroutine that blocks in f for ever, and gives its id.
func waiter(f func()) int64 {
	id := make(chan int64)
	go func() {
		id <- goid()
		f()
	}()
	got := <-id
	for !blocked(got) { // the next one is to queue behind it
		time.Sleep(time.Millisecond)
	}
	return got
}

func know(c any, w waiters) { knownChannels[reflect.ValueOf(c).Pointer()] = w }

func holdChannelKinds() {
	v := &channels{
		Empty: make(chan int, 3), Some: make(chan int, 5), Full: make(chan string, 2), Wrapped: make(chan int, 4),
		Closed: make(chan int), ClosedRem: make(chan string, 4), Void: make(chan struct{}, 3),
		Structs: make(chan inner, 2), Pointers: make(chan *node, 3), Anys: make(chan any, 4),
		Chans: make(chan chan int, 2), Recv: make(chan int, 1), Send: make(chan int, 1),
		Waited: make(chan int), Selected: make(chan string, 1), Blocked: make(chan int), Jammed: make(chan place, 2),
		Large: make(chan int, 60),
	}
	v.Some <- 1
	v.Some <- -2
	v.Full <- "a"
	v.Full <- ""
	for i := 0; i < 7; i++ {
		v.Wrapped <- i
		if i >= 3 {
			<-v.Wrapped
		}
	}
	close(v.Closed)
	know(v.Closed, waiters{closed: true})
	v.ClosedRem <- "left"
	v.ClosedRem <- "over"
	close(v.ClosedRem)
	know(v.ClosedRem, waiters{closed: true, buffer: []any{"left", "over"}})
	v.Void <- struct{}{}
	v.Void <- struct{}{}
	v.Structs <- inner{"s", 1}
	v.Pointers <- &node{1, &node{2, nil}}
	v.Pointers <- nil
	v.Anys <- 5
	v.Anys <- nil
	v.Anys <- &node{6, nil}
	know(v.Anys, waiters{buffer: []any{5, nil, &node{6, nil}}})
	v.Chans <- v.Some
	v.Chans <- nil
	for i := 0; i < 40; i++ {
		v.Large <- i * i
	}
	know(v.Recv, waiters{})
	v.Send <- 77
	know(v.Send, waiters{buffer: []any{77}})

	know(v.Waited, waiters{receivers: []int64{
		waiter(func() { <-v.Waited }), waiter(func() { <-v.Waited }), waiter(func() { <-v.Waited })}})
	know(v.Selected, waiters{receivers: []int64{waiter(func() {
		select {
		case <-v.Selected:
		case <-forever:
		}
	})}})
	know(v.Blocked, waiters{senders: []int64{waiter(func() { v.Blocked <- 1 }), waiter(func() { v.Blocked <- 2 })}})
	v.Jammed <- place{1, 2}
	v.Jammed <- place{3, 4}
	know(v.Jammed, waiters{senders: []int64{waiter(func() { v.Jammed <- place{5, 6} })},
		buffer: []any{place{1, 2}, place{3, 4}}})
	truthFields("holdChannels", "v", v)
	hold(func() { holdChannels(v) })

	truth("holdChannelVariables", "c", v.Some)
	truth("holdChannelVariables", "none", v.Nil)
	truth("holdChannelVariables", "r", v.Recv)
	truth("holdChannelVariables", "pc", &v.Wrapped)
	hold(func() { holdChannelVariables(v.Some, nil, v.Recv, &v.Wrapped) })
}
