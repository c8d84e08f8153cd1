// SPDX-License-Identifier: BSD-2-Clause
package main

import (
	"bytes"
	"fmt"
	"runtime"
	"strconv"
	"time"
)

type channels struct {
	Nil      chan int
	Plain    chan int
	Buffered chan string
	Wrapped  chan int
	Closed   chan point
	Signals  chan struct{}
	OneWay   <-chan *point
}

//go:noinline
func holdChannels(v *channels) {
	park()
	keep(v)
}

//go:noinline
func holdWaiters(receivers chan int, senders chan string) {
	park()
	keep(receivers)
	keep(senders)
}

func goid() uint64 {
	var b [64]byte
	fields := bytes.Fields(b[:runtime.Stack(b[:], false)])
	id, err := strconv.ParseUint(string(fields[1]), 10, 64)
	if err != nil {
		panic(err)
	}
	return id
}

// blocked: the goroutine stands still, in the runtime's own words.
func blocked(id uint64) bool {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	_, state, _ := bytes.Cut(stacks, []byte("goroutine "+strconv.FormatUint(id, 10)+" ["))
	return len(state) > 0 && !bytes.HasPrefix(state, []byte("run"))
}

// waiting starts a goroutine and waits until it blocks.
func waiting(f func()) uint64 {
	id := make(chan uint64)
	go func() {
		id <- goid()
		f()
	}()
	ret := <-id
	for !blocked(ret) {
		time.Sleep(time.Millisecond)
	}
	return ret
}

func holdChannelKinds() {
	one := make(chan *point, 1)
	one <- &point{1, 2}
	v := &channels{
		Plain:    make(chan int),
		Buffered: make(chan string, 3),
		Wrapped:  make(chan int, 4),
		Closed:   make(chan point, 2),
		Signals:  make(chan struct{}, 5),
		OneWay:   one,
	}
	v.Buffered <- "a"
	v.Buffered <- "b"
	for i := 0; i < 4; i++ {
		v.Wrapped <- i
	}
	<-v.Wrapped
	<-v.Wrapped
	<-v.Wrapped
	v.Wrapped <- 4
	v.Wrapped <- 5
	v.Closed <- point{7, 8}
	close(v.Closed)
	v.Signals <- struct{}{}
	v.Signals <- struct{}{}
	shape := func(n, room int, closed bool, buffer string) string {
		return fmt.Sprintf(`{"len":%d,"cap":%d,"closed":%v,"buffer":[%s],"recv_waiters":[],"send_waiters":[]}`, n, room, closed, buffer)
	}
	truthJSON("holdChannels", "v", `{"Nil":null,"Plain":`+shape(0, 0, false, "")+
		`,"Buffered":`+shape(2, 3, false, `"a","b"`)+
		`,"Wrapped":`+shape(3, 4, false, "3,4,5")+
		`,"Closed":`+shape(1, 2, true, `{"X":7,"Y":8}`)+
		`,"Signals":`+shape(2, 5, false, "{},{}")+
		`,"OneWay":`+shape(1, 1, false, `{"X":1,"Y":2}`)+"}", "ok")
	hold(func() { holdChannels(v) })

	receivers, senders, other := make(chan int), make(chan string), make(chan int)
	first := waiting(func() { <-receivers })
	second := waiting(func() {
		select {
		case <-receivers:
		case <-other:
		}
	})
	third := waiting(func() { <-receivers })
	sender := waiting(func() { senders <- "unsent" })
	truthJSON("holdWaiters", "receivers", fmt.Sprintf(`{"len":0,"cap":0,"closed":false,"buffer":[],"recv_waiters":[%d,%d,%d],"send_waiters":[]}`, first, second, third), "ok")
	truthJSON("holdWaiters", "senders", fmt.Sprintf(`{"len":0,"cap":0,"closed":false,"buffer":[],"recv_waiters":[],"send_waiters":[%d]}`, sender), "ok")
	hold(func() { holdWaiters(receivers, senders) })
}
