// SPDX-License-Identifier: BSD-2-Clause

// states: a goroutine in every state there is, each in a function named after it.
//
//	states [-spin go | -spin asm] [-deep N]
//
// Prints "state NAME GOID" for each, then "ready PID". With -spin some of them never
// leave the processor: they are running whenever anybody looks. The garbage collector cannot
// stop a loop in assembly, so those are on their own.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// The goroutine's number as the runtime prints it.
func goid() int64 {
	var buf [64]byte
	fields := strings.Fields(string(buf[:runtime.Stack(buf[:], false)]))
	id, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		panic(err)
	}
	return id
}

var (
	output  sync.Mutex
	blocked sync.WaitGroup
	sink    atomic.Int64
	depth   = flag.Int("deep", 100, "calls on the stack of the state deep")
)

// start runs a state in a goroutine of its own. Its own function announces it.
func start(name string, state func()) {
	blocked.Add(1)
	go func() {
		output.Lock()
		fmt.Printf("state %s %d\n", name, goid())
		output.Unlock()
		blocked.Done()
		state()
	}()
}

//go:noinline
func chanRecv(c chan int) int { return <-c + 1 }

//go:noinline
func chanSend(c chan int, value int) { c <- value; sink.Add(1) }

//go:noinline
func chanSelect(a, b chan int) int {
	select {
	case v := <-a:
		return v
	case b <- 3:
		return 4
	}
}

//go:noinline
func mutexLock(mu *sync.Mutex) { mu.Lock(); sink.Add(1) }

//go:noinline
func rwmutexRLock(mu *sync.RWMutex) { mu.RLock(); sink.Add(1) }

//go:noinline
func condWait(c *sync.Cond) { c.L.Lock(); c.Wait(); c.L.Unlock() }

//go:noinline
func groupWait(wg *sync.WaitGroup) { wg.Wait(); sink.Add(1) }

//go:noinline
func sleep(d time.Duration) { time.Sleep(d); sink.Add(1) }

//go:noinline
func timerWait(t *time.Timer) { <-t.C; sink.Add(1) }

//go:noinline
func pipeRead(f *os.File) int {
	var b [8]byte
	n, _ := f.Read(b[:])
	return n
}

//go:noinline
func socketAccept(l net.Listener) { l.Accept(); sink.Add(1) }

//go:noinline
func blockingRead(fd int) int {
	var b [8]byte
	n, _ := syscall.Read(fd, b[:])
	return n
}

//go:noinline
func lockedRecv(c chan int) int {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return <-c
}

//go:noinline
func deferBlock(c chan int) {
	defer func() {
		recover()
		<-c
		sink.Add(1)
	}()
	panic("blocked in its deferred function")
}

type node struct{ next *node }

//go:noinline
func nilDeref(n *node, c chan int) *node {
	defer func() {
		recover()
		<-c
		sink.Add(1)
	}()
	return n.next.next
}

//go:noinline
func deep(n int, c chan int) int {
	if n == 0 {
		return <-c
	}
	return deep(n-1, c) + 1
}

// A lock is held half way up a deep stack.
//
//go:noinline
func lockHolder(id, n int, mu *sync.Mutex, c chan int) int {
	mu.Lock()
	defer mu.Unlock()
	return deep(n, c) + id
}

//go:noinline
func deepLock(n, below int, mu *sync.Mutex, c chan int) int {
	if n == 0 {
		return lockHolder(4711, below, mu, c)
	}
	return deepLock(n-1, below, mu, c) + 1
}

//go:noinline
func labelled(c chan int) { <-c; sink.Add(1) }

//go:noinline
func child(c chan int) { <-c; sink.Add(1) }

//go:noinline
func parent(c chan int) {
	start("child", func() { child(c) })
	<-c
}

type finalized struct{ value [64]byte }

//go:noinline
func finalizer(f *finalized) { select {} }

func waiting() {
	never := make(chan int)
	full := make(chan int, 1)
	full <- 1
	start("chanRecv", func() { chanRecv(never) })
	start("chanSend", func() { chanSend(full, 7) })
	start("chanSelect", func() { chanSelect(never, full) })
	mu := new(sync.Mutex)
	mu.Lock()
	start("mutexLock", func() { mutexLock(mu) })
	rw := new(sync.RWMutex)
	rw.Lock()
	start("rwmutexRLock", func() { rwmutexRLock(rw) })
	start("condWait", func() { condWait(sync.NewCond(new(sync.Mutex))) })
	wg := new(sync.WaitGroup)
	wg.Add(1)
	start("groupWait", func() { groupWait(wg) })
	start("sleep", func() { sleep(time.Hour) })
	start("timerWait", func() { timerWait(time.NewTimer(time.Hour)) })
	r, w, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	start("pipeRead", func() { pipeRead(r); w.Close() })
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	start("socketAccept", func() { socketAccept(listener) })
	var fds [2]int
	if err := syscall.Pipe(fds[:]); err != nil {
		panic(err)
	}
	start("blockingRead", func() { blockingRead(fds[0]) })
	start("lockedRecv", func() { lockedRecv(never) })
	start("deferBlock", func() { deferBlock(never) })
	start("nilDeref", func() { nilDeref(new(node), never) })
	start("deep", func() { deep(*depth, never) })
	start("deepLock", func() { deepLock(*depth/2, *depth/2, new(sync.Mutex), never) })
	start("parent", func() { parent(never) })
	start("labelled", func() {
		pprof.Do(context.Background(), pprof.Labels("state", "labelled", "quote", "a\"b"),
			func(context.Context) { labelled(never) })
	})
	f := new(finalized)
	runtime.SetFinalizer(f, finalizer)
	f = nil
	runtime.GC()
	runtime.GC()
}

func main() {
	spin := flag.String("spin", "", "states that are always running, too: go, asm")
	flag.Parse()
	waiting()
	cgoStates()
	blocked.Wait()
	spinning(*spin)
	blocked.Wait()
	time.Sleep(300 * time.Millisecond)
	fmt.Printf("ready %d\n", os.Getpid())
	select {}
}
