// SPDX-License-Identifier: BSD-2-Clause

// rehearse: goroutines that are parked, run a little, and are parked again, in every way there is.
// Each counts the same in two places: in a variable on its stack, and in its worker on the heap. Whenever
// it is parked the two are equal. The heap is read in the pause, the stack perhaps before it: what
// was read before and does not hold any more shows as a difference.
//
// Prints "ready PID", then "count N" twice a second.
package main

import (
	"flag"
	"fmt"
	"math/rand"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

type worker struct {
	id   int
	kind string
	n    uint64
	in   chan struct{}
	out  chan struct{}
	wait func(*worker)
}

var total atomic.Uint64

// Parks in w.wait() alone, and then the two are equal.
//
//go:noinline
func hold(w *worker, n uint64) uint64 {
	w.wait(w)
	if w.n != n {
		panic("not equal")
	}
	return n + 1
}

func live(w *worker, rounds int) {
	for i := 0; i != rounds; i++ {
		atomic.StoreUint64(&w.n, hold(w, w.n))
		total.Add(1)
	}
	hold(w, w.n)
}

func start(kind string, count int, wait func(*worker)) []*worker {
	workers := make([]*worker, count)
	for i := range workers {
		w := &worker{id: i, kind: kind, wait: wait, in: make(chan struct{}), out: make(chan struct{})}
		workers[i] = w
		go live(w, -1)
	}
	return workers
}

var least, most time.Duration

func nap() time.Duration { return least + time.Duration(rand.Int63n(int64(most-least))) }

func never(w *worker)  { <-w.in }
func sleeps(w *worker) { time.Sleep(nap()) }
func selects(w *worker) {
	select {
	case <-w.in:
	case <-w.out:
	case <-time.After(nap()):
	}
}

func locked(w *worker) {
	runtime.LockOSThread()
	time.Sleep(nap())
	runtime.UnlockOSThread()
}

//go:noinline
func deep(n int) int {
	var pad [512]byte
	pad[n&511] = byte(n)
	if n == 0 {
		return int(pad[0])
	}
	return deep(n-1) + int(pad[n&511])
}

// Its stack grows, and the garbage collector makes it smaller again while it sleeps.
func grows(w *worker) {
	deep(8 + int(w.n%64))
	time.Sleep(nap())
}

var lock sync.Mutex

func contends(w *worker) {
	lock.Lock()
	time.Sleep(time.Millisecond)
	lock.Unlock()
	time.Sleep(nap())
}

// Parks in a read that the poller ends.
func reads(from, to *os.File) func(*worker) {
	return func(w *worker) {
		var b [1]byte
		from.Read(b[:])
		go func() {
			time.Sleep(nap())
			to.Write(b[:])
		}()
	}
}

func pairs(count int) {
	for i := 0; i < count; i++ {
		a, b := make(chan struct{}), make(chan struct{})
		start("pair", 1, func(*worker) { a <- struct{}{}; <-b })
		start("pair", 1, func(*worker) { <-a; b <- struct{}{} })
	}
}

// With one P: each stops running exactly 256 times, and then nothing happens for a while.
func bursts(count int) {
	workers := start("burst", count, never)
	for {
		for _, w := range workers {
			for i := 0; i < 256; i++ {
				n := atomic.LoadUint64(&w.n)
				w.in <- struct{}{}
				for atomic.LoadUint64(&w.n) == n {
					runtime.Gosched()
				}
				runtime.Gosched()
			}
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// Goroutines that end, whose g and stack are used again.
func churn() {
	for {
		var all sync.WaitGroup
		for i := 0; i < 20; i++ {
			all.Add(1)
			go func() {
				live(&worker{id: i, kind: "churn", wait: sleeps}, 2)
				all.Done()
			}()
		}
		all.Wait()
	}
}

func main() {
	mode := flag.String("mode", "calm", "calm, busy or burst")
	flag.Parse()
	procs := 2
	least, most = 50*time.Millisecond, 500*time.Millisecond
	switch *mode {
	case "busy":
		procs = 4
		least, most = time.Millisecond, 20*time.Millisecond
	case "burst":
		procs = 1
	}
	runtime.GOMAXPROCS(procs)
	start("never", 1500, never)
	if *mode == "burst" {
		time.Sleep(50 * time.Millisecond)
		// So that those that are parked have the other mark: the first GC has no time to write.
		runtime.GC()
		runtime.GC()
		go bursts(100)
	} else {
		start("sleeps", 100, sleeps)
		start("selects", 100, selects)
		start("locked", 5, locked)
		start("grows", 50, grows)
		start("contends", 20, contends)
		startCoroutines(50)
		for i := 0; i < 20; i++ {
			from, to, err := os.Pipe()
			if err != nil {
				panic(err)
			}
			to.Write([]byte{1})
			start("reads", 1, reads(from, to))
		}
	}
	if *mode == "busy" {
		pairs(4)
		go churn()
		go func() {
			for {
				runtime.GC()
				time.Sleep(3 * time.Millisecond)
			}
		}()
	}
	time.Sleep(100 * time.Millisecond)
	fmt.Printf("ready %d\n", os.Getpid())
	for {
		time.Sleep(500 * time.Millisecond)
		fmt.Printf("count %d\n", total.Load())
	}
}
