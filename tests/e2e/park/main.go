// SPDX-License-Identifier: BSD-2-Clause

// park holds many goroutines with known values still, and some busy ones if asked to.
// The e2e cases and the benchmark count on its numbers:
//
//   - goroutine i waits in hold, under -depth calls of descend, with an item whose ID is
//     i and whose Check is 7919 i;
//   - with -busy, as many goroutines compute; one of them stores a round number into all
//     items one after the other, in order. At any one moment at most two rounds are to be
//     seen, and the newer one comes first: whoever sees more has not stopped the program.
//   - with -tick, a line is printed every 20 ms: the program goes on.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// item is what each goroutine holds: 48 bytes.
type item struct {
	ID    int64
	Check int64
	Round int64
	X, Y  int32
	Next  *item
	Flag  bool
}

var (
	forever = make(chan struct{})
	parked  sync.WaitGroup
)

//go:noinline
func use(v *item) int { return int(v.Check) }

//go:noinline
func hold(v *item) int {
	parked.Done()
	<-forever
	return use(v)
}

//go:noinline
func descend(n int, v *item) int {
	if n <= 0 {
		return hold(v)
	}
	return descend(n-1, v) + n
}

func worker(depth int, v *item) {
	use(&item{Check: int64(descend(depth, v))})
}

// sweep stores round after round into all items, in order.
func sweep(items []*item) {
	for round := int64(1); ; round++ {
		for _, v := range items {
			atomic.StoreInt64(&v.Round, round)
		}
	}
}

//go:noinline
func mix(x uint64) uint64 { return x*6364136223846793005 + 1442695040888963407 }

// compute keeps a CPU busy with calls, without allocating or blocking.
func compute(result *uint64) {
	for x := uint64(1); ; {
		x = mix(x)
		atomic.StoreUint64(result, x)
	}
}

func main() {
	goroutines := flag.Int("goroutines", 100, "goroutines that wait")
	depth := flag.Int("depth", 9, "calls of descend in each")
	busy := flag.Int("busy", 0, "goroutines that compute")
	tick := flag.Bool("tick", false, "print a line every 20 ms")
	flag.Parse()

	items := make([]*item, *goroutines)
	for i := range items {
		items[i] = &item{ID: int64(i), Check: 7919 * int64(i), X: int32(i), Y: int32(-i), Flag: i%2 == 1}
		parked.Add(1)
		go worker(*depth, items[i])
	}
	parked.Wait()
	runtime.GC()
	debug.SetGCPercent(-1) // from here on nothing moves by itself
	if *busy > 0 {
		go sweep(items)
	}
	for i := 1; i < *busy; i++ {
		go compute(new(uint64))
	}
	time.Sleep(300 * time.Millisecond)
	fmt.Printf("ready %d\n", os.Getpid())
	for *tick {
		time.Sleep(20 * time.Millisecond)
		fmt.Println("tick")
	}
	time.Sleep(time.Hour)
}
