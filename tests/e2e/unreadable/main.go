// SPDX-License-Identifier: BSD-2-Clause

// unreadable points into memory that nobody can read: a page without rights, a mapping of
// a file that has been truncated since, a mapping that is gone, and from each of them a bit of
// good memory beside it.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

const pageSize = 4096

type record struct {
	ID   int64
	Name string
	Next *record
}

// wide does not fit between the good bytes and the end of their page.
type wide struct {
	A, B int64
	Rest [64]byte
}

var (
	forever = make(chan struct{})
	parked  sync.WaitGroup
)

//go:noinline
func keep(any) {}

//go:noinline
func park() {
	parked.Done()
	<-forever
}

// Each function holds a bad pointer between good values.
//
//go:noinline
func holdForbidden(before int64, r *record, text string, after *record) {
	park()
	keep(before)
	keep(r)
	keep(text)
	keep(after)
}

//go:noinline
func holdTruncated(before int64, r *record, bytes []byte, after *record) {
	park()
	keep(before)
	keep(r)
	keep(bytes)
	keep(after)
}

//go:noinline
func holdGone(before int64, r *record, after *record) {
	park()
	keep(before)
	keep(r)
	keep(after)
}

//go:noinline
func holdCrossing(w *wide, last *int64) {
	park()
	keep(w)
	keep(last)
}

//go:noinline
func holdMixed(list []*record, chain *record, dynamic any, m map[int64]*record) {
	park()
	keep(list)
	keep(chain)
	keep(dynamic)
	keep(m)
}

func hold(f func()) {
	parked.Add(1)
	go f()
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func anonymous(pages int) []byte {
	memory, err := syscall.Mmap(-1, 0, pages*pageSize, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	must(err)
	return memory
}

func at(memory []byte, offset int) unsafe.Pointer {
	return unsafe.Add(unsafe.Pointer(unsafe.SliceData(memory)), offset)
}

func main() {
	path := flag.String("file", "", "a file to create, map and truncate")
	flag.Parse()

	good := &record{ID: 7, Name: "good", Next: &record{ID: 8, Name: "next"}}

	forbidden := anonymous(1)
	*(*record)(at(forbidden, 64)) = record{ID: 1}
	*(*int64)(at(forbidden, 128)) = 5

	must(os.WriteFile(*path, make([]byte, 2*pageSize), 0o600))
	file, err := os.OpenFile(*path, os.O_RDWR, 0)
	must(err)
	mapped, err := syscall.Mmap(int(file.Fd()), 0, 2*pageSize, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	must(err)
	mapped[0], mapped[pageSize] = 'x', 'y'

	gone := anonymous(1)

	border := anonymous(2)
	w := (*wide)(at(border, pageSize-16))
	w.A, w.B = 11, 12
	last := (*int64)(at(border, pageSize-8))

	bad := (*record)(at(forbidden, 64))
	lost := (*record)(at(mapped, pageSize+64))
	chain := &record{ID: 21, Name: "first", Next: &record{ID: 22, Name: "second", Next: bad}}
	list := []*record{good, bad, {ID: 9, Name: "third"}, lost}

	hold(func() { holdForbidden(1, bad, unsafe.String((*byte)(at(forbidden, 128)), 10), good) })
	hold(func() { holdTruncated(2, lost, unsafe.Slice((*byte)(at(mapped, pageSize)), 16), good) })
	hold(func() { holdGone(3, (*record)(at(gone, 64)), good) })
	hold(func() { holdCrossing(w, last) })
	hold(func() { holdMixed(list, chain, bad, map[int64]*record{1: good, 2: bad}) })
	parked.Wait()

	must(syscall.Mprotect(forbidden, syscall.PROT_NONE))
	must(file.Truncate(pageSize))
	must(syscall.Munmap(gone))
	must(syscall.Mprotect(border[pageSize:], syscall.PROT_NONE))
	time.Sleep(100 * time.Millisecond)
	fmt.Printf("ready %d\n", os.Getpid())
	for n := 1; ; n++ {
		time.Sleep(10 * time.Millisecond)
		fmt.Println("tick", n)
	}
}
