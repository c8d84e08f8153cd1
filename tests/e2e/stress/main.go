// SPDX-License-Identifier: BSD-2-Clause

// stress: goroutines that are born and die all the time, grow their stacks and are moved,
// while the garbage collector runs. Prints "ready PID", then "count N" twice a second: how many
// it has started.
package main

import (
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"time"
)

var started, finished atomic.Int64

// Whoever holds a pair finds: check is the complement of id, and text is made of id.
type pair struct {
	id    uint64
	check uint64
	text  string
}

func newPair(id uint64) *pair {
	return &pair{id, ^id, fmt.Sprintf("pair-%d", id)}
}

//go:noinline
func grow(n int, p *pair) uint64 {
	var buf [256]byte
	buf[n&255] = byte(p.id)
	if n == 0 {
		runtime.Gosched()
		return uint64(buf[0])
	}
	return grow(n-1, p) + p.check + uint64(buf[n&255])
}

//go:noinline
func work(p *pair) uint64 {
	sum := grow(int(p.id%24), p)
	finished.Add(1)
	return sum + p.id + uint64(len(p.text))
}

//go:noinline
func hold(p *pair, c chan int) int {
	n := <-c
	runtime.KeepAlive(p)
	return n + int(p.id)
}

func spawn(base uint64) {
	for id := base; ; id++ {
		for started.Load()-finished.Load() > 150 {
			runtime.Gosched()
		}
		started.Add(1)
		go work(newPair(id))
	}
}

func main() {
	runtime.GOMAXPROCS(4)
	never := make(chan int)
	for i := 0; i < 200; i++ {
		go hold(newPair(uint64(i)), never)
	}
	go spawn(1 << 32)
	go spawn(1 << 33)
	go func() {
		for {
			runtime.GC()
			time.Sleep(10 * time.Millisecond)
		}
	}()
	fmt.Printf("ready %d\n", os.Getpid())
	for {
		time.Sleep(500 * time.Millisecond)
		fmt.Printf("count %d\n", finished.Load())
	}
}
