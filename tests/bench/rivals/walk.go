// SPDX-License-Identifier: BSD-2-Clause
package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"syscall"
	"time"
	"unsafe"
)

// The plain walker: what one would write first. All threads are stopped by ptrace, then every
// g is read, and its stack along the frame pointers, with one process_vm_readv() for each
// thing. It takes the stacks of goroutines that wait, as program counters, and nothing else:
// no variables, no names, no stacks of threads.

const (
	sysProcessVMReadv = 310 // linux/amd64
	ptraceSeize       = 0x4206
	ptraceInterrupt   = 0x4207
	ptraceDetach      = 17
	statusWaiting     = 4 // runtime._Gwaiting
	mostFrames        = 256
	mostStack         = 64 << 10
)

type iovec struct {
	base uintptr
	size uint64
}

// read fills `to` from the process; false when not all of it is there.
func read(pid int, address uint64, to []byte) bool {
	local := iovec{uintptr(unsafe.Pointer(&to[0])), uint64(len(to))}
	remote := iovec{uintptr(address), uint64(len(to))}
	n, _, errno := syscall.RawSyscall6(sysProcessVMReadv, uintptr(pid), uintptr(unsafe.Pointer(&local)), 1,
		uintptr(unsafe.Pointer(&remote)), 1, 0)
	return errno == 0 && int(n) == len(to)
}

func ptrace(request, tid int) error {
	if _, _, errno := syscall.RawSyscall6(syscall.SYS_PTRACE, uintptr(request), uintptr(tid), 0, 0, 0, 0); errno != 0 {
		return errno
	}
	return nil
}

type walker struct {
	pid     int
	layout  layout
	threads map[int]bool
	pcs     []uint64
	g       []byte
	window  []byte
	waiting int
}

// seize attaches to the threads that are not ours yet; it stops none.
func (w *walker) seize() (fresh int, err error) {
	tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", w.pid))
	if err != nil {
		return 0, err
	}
	for _, task := range tasks {
		tid, err := strconv.Atoi(task.Name())
		if err != nil || w.threads[tid] {
			continue
		}
		if err := ptrace(ptraceSeize, tid); err == syscall.ESRCH {
			continue
		} else if err != nil {
			return 0, fmt.Errorf("thread %d: %w", tid, err)
		}
		w.threads[tid] = true
		fresh++
	}
	return fresh, nil
}

// stop interrupts all threads, and again until there are no new ones.
func (w *walker) stop() error {
	stopped := map[int]bool{}
	for {
		for tid := range w.threads {
			if !stopped[tid] {
				if err := ptrace(ptraceInterrupt, tid); err != nil {
					return err
				}
			}
		}
		for tid := range w.threads {
			var status syscall.WaitStatus
			if stopped[tid] {
				continue
			}
			if _, err := syscall.Wait4(tid, &status, syscall.WALL, nil); err != nil {
				return err
			}
			stopped[tid] = true
		}
		if fresh, err := w.seize(); fresh == 0 || err != nil {
			return err
		}
	}
}

func (w *walker) word(offset uint64) uint64 { return binary.LittleEndian.Uint64(w.g[offset:]) }

// byFrame reads the two words that each frame pointer points to.
func (w *walker) byFrame(bp, hi uint64) {
	for n := 0; n < mostFrames && bp != 0 && bp <= hi-16; n++ {
		if !read(w.pid, bp, w.window[:16]) {
			return
		}
		w.pcs = append(w.pcs, binary.LittleEndian.Uint64(w.window[8:]))
		bp = binary.LittleEndian.Uint64(w.window)
	}
}

// byStack reads all of the stack first.
func (w *walker) byStack(sp, bp, hi uint64) {
	size := hi - sp
	if size > mostStack {
		size = mostStack
	}
	if !read(w.pid, sp, w.window[:size]) {
		return
	}
	for n := 0; n < mostFrames && bp >= sp && bp <= sp+size-16; n++ {
		w.pcs = append(w.pcs, binary.LittleEndian.Uint64(w.window[bp-sp+8:]))
		bp = binary.LittleEndian.Uint64(w.window[bp-sp:])
	}
}

func (w *walker) goroutine(address uint64, wholeStack bool) error {
	if !read(w.pid, address, w.g) {
		return fmt.Errorf("a g at %#x cannot be read", address)
	}
	if status := binary.LittleEndian.Uint32(w.g[w.layout.status:]); status != statusWaiting {
		return nil
	}
	sp, bp, hi := w.word(w.layout.sp), w.word(w.layout.bp), w.word(w.layout.stackHi)
	if sp >= hi {
		return nil
	}
	w.waiting++
	w.pcs = append(w.pcs, w.word(w.layout.pc))
	if wholeStack {
		w.byStack(sp, bp, hi)
	} else {
		w.byFrame(bp, hi)
	}
	return nil
}

func (w *walker) capture(wholeStack bool) error {
	header := make([]byte, 16) // pointer and length of a slice
	if !read(w.pid, w.layout.allgs, header) {
		return fmt.Errorf("runtime.allgs cannot be read")
	}
	array, count := binary.LittleEndian.Uint64(header), binary.LittleEndian.Uint64(header[8:])
	if count == 0 || count > 1<<26 {
		return fmt.Errorf("%d goroutines", count)
	}
	pointers := make([]byte, 8*count)
	if !read(w.pid, array, pointers) {
		return fmt.Errorf("the array of goroutines cannot be read")
	}
	for i := uint64(0); i < count; i++ {
		if err := w.goroutine(binary.LittleEndian.Uint64(pointers[8*i:]), wholeStack); err != nil {
			return err
		}
	}
	return nil
}

func walk(pid int, how string) error {
	if how != "frame" && how != "stack" {
		return fmt.Errorf("%s: frame or stack", how)
	}
	runtime.LockOSThread() // ptrace knows threads
	l, err := readLayout(fmt.Sprintf("/proc/%d/exe", pid))
	if err != nil {
		return err
	}
	w := walker{pid: pid, layout: l, threads: map[int]bool{}, pcs: make([]uint64, 0, 1<<20), g: make([]byte, l.size),
		window: make([]byte, mostStack)}
	if _, err := w.seize(); err != nil {
		return err
	}
	debug.SetGCPercent(-1)
	begin := time.Now()
	err = w.stop()
	stopped := time.Now()
	if err == nil {
		err = w.capture(how == "stack")
	}
	for tid := range w.threads {
		if detach := ptrace(ptraceDetach, tid); err == nil {
			err = detach
		}
	}
	pause := time.Since(begin)
	if err != nil {
		return err
	}
	fmt.Printf("pause_ns: %d\nstop_ns: %d\ngoroutines: %d\nframes: %d\n", pause, stopped.Sub(begin), w.waiting, len(w.pcs))
	return nil
}
