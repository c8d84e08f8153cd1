// SPDX-License-Identifier: BSD-2-Clause

package main

import (
	"runtime"
	"runtime/debug"
	"syscall"
	"time"
)

// In loop_amd64.s: a function without a frame, and one that counts in a loop with a frame.
func asmLoop(stop *uint32)
func asmFrame(stop *uint32)

var never uint32

// The arguments stay in registers: they are the leaf's truth.
//
//go:noinline
func tightLoop(first, second int, text string) int {
	sum := 0
	for never == 0 {
		sum += first ^ second
	}
	return sum + len(text)
}

//go:noinline
func leafCalls(n int) int { return n ^ 0x55 }

//go:noinline
func callLoop() int {
	sum := 0
	for never == 0 {
		sum += leafCalls(sum)
	}
	return sum
}

//go:noinline
func grow(n int) int {
	var buf [512]byte
	buf[n&511] = 1
	if n == 0 {
		return int(buf[0])
	}
	return grow(n-1) + int(buf[n&511])
}

// Every goroutine begins with a small stack: morestack, copystack, newstack.
//
//go:noinline
func growLoop() {
	done := make(chan int)
	for never == 0 {
		go func() { done <- grow(200) }()
		<-done
	}
}

//go:noinline
func memStatsLoop() {
	var stats runtime.MemStats
	for never == 0 {
		runtime.ReadMemStats(&stats) // stops the world
		time.Sleep(time.Millisecond)
	}
}

//go:noinline
func collectLoop() {
	for never == 0 {
		runtime.GC()
		time.Sleep(5 * time.Millisecond)
	}
}

//go:noinline
func allocate() []byte { return make([]byte, 1<<12) }

//go:noinline
func allocateLoop() {
	for never == 0 {
		sink.Add(int64(len(allocate())))
	}
}

// Mostly in the vDSO.
//
//go:noinline
func clockLoop() {
	for never == 0 {
		sink.Add(int64(time.Now().Nanosecond()))
	}
}

// System calls that the scheduler knows nothing of.
//
//go:noinline
func rawSyscallLoop() {
	for never == 0 {
		syscall.RawSyscall(syscall.SYS_GETPPID, 0, 0, 0)
	}
}

//go:noinline
func syscallLoop() {
	for never == 0 {
		syscall.Getppid()
	}
}

//go:noinline
func panicOnce(n *node) (ret *node) {
	defer func() { recover() }()
	return n.next
}

//go:noinline
func sigpanicLoop() {
	for never == 0 {
		panicOnce(nil)
	}
}

//go:noinline
func yieldLoop() {
	for never == 0 {
		runtime.Gosched()
	}
}

func spinning(kind string) {
	switch kind {
	case "go":
		runtime.GOMAXPROCS(6)
		start("tightLoop", func() { tightLoop(0x1234, 0x777, "leaf") })
		start("callLoop", func() { callLoop() })
		start("growLoop", growLoop)
		start("memStatsLoop", memStatsLoop)
		start("collectLoop", collectLoop)
		start("allocateLoop", allocateLoop)
		start("clockLoop", clockLoop)
		start("rawSyscallLoop", rawSyscallLoop)
		start("syscallLoop", syscallLoop)
		start("sigpanicLoop", sigpanicLoop)
		start("yieldLoop", yieldLoop)
	case "asm":
		debug.SetGCPercent(-1)
		runtime.GOMAXPROCS(4)
		start("asmLoop", func() { asmLoop(&never) })
		start("asmFrame", func() { asmFrame(&never) })
	}
}
