// SPDX-License-Identifier: BSD-2-Clause

// crowd is what the benchmarks look at: many goroutines that hold a value each and wait, and
// as many threads of the operating system as asked for, which compute, sleep in the kernel or
// go in and out of it.
//
// It knows by itself how long it stood still. A thread of its own sleeps for 100 µs again and
// again; the longest time between two of its looks at the clock is the longest gap. Whoever
// stops it, with whatever means, shows up there, and cannot talk it down.
//
// Commands come on standard input, one a line, and each is answered with one line:
//
//	gap          the longest gap since the last "gap", in ns
//	profile N    runtime/pprof's goroutine profile with debug=N: "CALL GAP", both in ns
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
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
	start   = time.Now()
	longest atomic.Int64
	looks   atomic.Int64 // of the meter, at the clock
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

const prSetTimerSlack = 29 // linux/prctl.h

// meter keeps the longest gap. The sleep is a system call that the scheduler knows of, so
// that a stop of the world shows like a stop of the threads.
func meter() {
	runtime.LockOSThread()
	syscall.Syscall(syscall.SYS_PRCTL, prSetTimerSlack, 1, 0)
	pause := syscall.Timespec{Nsec: 100_000}
	for last := time.Since(start); ; {
		syscall.Syscall(syscall.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&pause)), 0, 0)
		now := time.Since(start)
		if gap := int64(now - last); gap > longest.Load() {
			longest.Store(gap)
		}
		last = now
		looks.Add(1)
	}
}

// longestGap waits for one more look: a thread that has just been let go may not have had the
// time to see that it stood still.
func longestGap() int64 {
	for seen := looks.Load(); looks.Load() == seen; {
		time.Sleep(50 * time.Microsecond)
	}
	return longest.Swap(0)
}

// blocked keeps a thread in read() on a pipe where nothing ever comes. The call goes past
// the poller, which would not keep a thread for it.
func blocked(fd int) {
	runtime.LockOSThread()
	parked.Done()
	var one [1]byte
	syscall.Read(fd, one[:])
}

// calling keeps a thread going in and out of the kernel.
func calling() {
	runtime.LockOSThread()
	parked.Done()
	for {
		syscall.Getppid()
	}
}

//go:noinline
func mix(x uint64) uint64 { return x*6364136223846793005 + 1442695040888963407 }

func computing() {
	runtime.LockOSThread()
	parked.Done()
	for x := uint64(1); ; {
		x = mix(x)
	}
}

// threads starts n threads that run f.
func threads(n int, f func()) {
	parked.Add(n)
	for i := 0; i < n; i++ {
		go f()
	}
	parked.Wait()
}

func profile(level int) string {
	longest.Store(0)
	begin := time.Now()
	if err := pprof.Lookup("goroutine").WriteTo(io.Discard, level); err != nil {
		return "error: " + err.Error()
	}
	call := time.Since(begin)
	return fmt.Sprint(int64(call), " ", longestGap())
}

func answer(command string) string {
	var level int
	if command == "gap" {
		return fmt.Sprint(longestGap())
	}
	if n, _ := fmt.Sscanf(command, "profile %d", &level); n == 1 {
		return profile(level)
	}
	return "error: no such command: " + command
}

func main() {
	goroutines := flag.Int("goroutines", 100, "goroutines that wait")
	depth := flag.Int("depth", 8, "calls of descend in each; 15 frames with 8")
	busy := flag.Int("busy", 0, "threads that compute")
	sleeping := flag.Int("blocked", 0, "threads blocked in read()")
	entering := flag.Int("calling", 0, "threads that call the kernel all the time")
	flag.Parse()

	debug.SetMaxThreads(*busy + *sleeping + *entering + 10000)
	items := make([]item, *goroutines)
	parked.Add(*goroutines)
	for i := range items {
		items[i] = item{ID: int64(i), Check: 7919 * int64(i), X: int32(i), Y: int32(-i), Flag: i%2 == 1}
		go worker(*depth, &items[i])
	}
	parked.Wait()
	runtime.GC()
	debug.SetGCPercent(-1) // from here on nothing moves by itself
	var pipe [2]int
	if err := syscall.Pipe(pipe[:]); err != nil {
		panic(err)
	}
	threads(*sleeping, func() { blocked(pipe[0]) })
	runtime.GOMAXPROCS(runtime.NumCPU() + *busy + *entering)
	threads(*busy, computing)
	threads(*entering, calling)
	go meter()
	time.Sleep(300 * time.Millisecond)
	longest.Store(0)
	fmt.Printf("ready %d\n", os.Getpid())
	commands := bufio.NewScanner(os.Stdin)
	for commands.Scan() {
		fmt.Println(answer(commands.Text()))
	}
}
