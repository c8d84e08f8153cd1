// SPDX-License-Identifier: BSD-2-Clause

// nonresident holds values that lie in memory which is not there: pages of a file that
// nobody has touched yet, and a page that nobody may read.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

const pageSize = 4096

// record lies in the mapped file; no pointers in it.
type record struct {
	Magic  uint64
	Number int64
	Letter [8]byte
}

var (
	forever = make(chan struct{})
	parked  sync.WaitGroup
)

//go:noinline
func park() {
	parked.Done()
	<-forever
}

//go:noinline
func keep(any) {}

//go:noinline
func holdText(s string) {
	park()
	keep(s)
}

//go:noinline
func holdBytes(b []byte) {
	park()
	keep(b)
}

//go:noinline
func holdRecord(r *record) {
	park()
	keep(r)
}

//go:noinline
func holdCrossing(s string) {
	park()
	keep(s)
}

//go:noinline
func holdForbidden(before int, s string, r *record, after int) {
	park()
	keep(before)
	keep(s)
	keep(r)
	keep(after)
}

func hold(f func()) {
	parked.Add(1)
	go f()
}

// writeFile fills the file: each page its own text, page 3 a record.
func writeFile(path string) {
	var b strings.Builder
	for page := 0; page < 8; page++ {
		line := fmt.Sprintf("page %d. ", page)
		b.WriteString(strings.Repeat(line, pageSize/len(line)+1)[:pageSize])
	}
	data := []byte(b.String())
	r := (*record)(unsafe.Pointer(&data[3*pageSize]))
	*r = record{Magic: 0x1122334455667788, Number: -33, Letter: [8]byte{'l', 'e', 't', 't', 'e', 'r', '!', '!'}}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		log.Fatal(err)
	}
}

func main() {
	path := flag.String("file", "", "a file to create and map")
	flag.Parse()
	writeFile(*path)
	file, err := os.Open(*path)
	if err != nil {
		log.Fatal(err)
	}
	mapped, err := syscall.Mmap(int(file.Fd()), 0, 8*pageSize, syscall.PROT_READ, syscall.MAP_PRIVATE)
	if err != nil {
		log.Fatal(err)
	}
	// Faults bring in the pages around as well; not here.
	if err := syscall.Madvise(mapped, syscall.MADV_RANDOM); err != nil {
		log.Fatal(err)
	}
	forbidden, err := syscall.Mmap(-1, 0, pageSize, syscall.PROT_NONE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		log.Fatal(err)
	}

	at := func(offset int) *byte { return (*byte)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(mapped)), offset)) }
	hold(func() { holdText(unsafe.String(at(1*pageSize), 60)) })
	hold(func() { holdBytes(unsafe.Slice(at(2*pageSize), 16)) })
	hold(func() { holdRecord((*record)(unsafe.Pointer(at(3 * pageSize)))) })
	hold(func() { holdCrossing(unsafe.String(at(6*pageSize-8), 16)) })
	gone := unsafe.SliceData(forbidden)
	hold(func() { holdForbidden(1, unsafe.String(gone, 10), (*record)(unsafe.Pointer(gone)), 2) })
	parked.Wait()
	time.Sleep(200 * time.Millisecond)
	fmt.Printf("ready %d\n", os.Getpid())
	time.Sleep(time.Hour)
}
