// SPDX-License-Identifier: BSD-2-Clause

// large holds values of many bytes still: a long text, a slice of bytes, of numbers, of
// structs, and a map in each of -goroutines goroutines. The decode benchmark counts on
// the sums.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
)

type record struct {
	ID     int64
	Weight float64
	Name   string
	Flag   bool
}

type load struct {
	Text    string
	Bytes   []byte
	Numbers []int64
	Records []record
	Map     map[int64]string
}

var (
	forever = make(chan struct{})
	parked  sync.WaitGroup
)

//go:noinline
func keep(v *load) int { return len(v.Text) }

//go:noinline
func hold(id int64, v *load) {
	parked.Done()
	<-forever
	keep(v)
}

func fill(id int64) *load {
	v := &load{
		Text:    strings.Repeat(fmt.Sprintf("text %d, ", id), 500),
		Bytes:   make([]byte, 4096),
		Numbers: make([]int64, 512),
		Records: make([]record, 64),
		Map:     make(map[int64]string, 64),
	}
	for i := range v.Bytes {
		v.Bytes[i] = byte(i * int(id))
	}
	for i := range v.Numbers {
		v.Numbers[i] = id * int64(i) * 1234567
	}
	for i := range v.Records {
		name := fmt.Sprintf("record %d of %d", i, id)
		v.Records[i] = record{ID: int64(i), Weight: float64(id) / 7, Name: name, Flag: i%2 == 0}
		v.Map[int64(i)] = name
	}
	return v
}

func main() {
	goroutines := flag.Int("goroutines", 2000, "how many")
	flag.Parse()
	parked.Add(*goroutines)
	for i := 0; i < *goroutines; i++ {
		go hold(int64(i), fill(int64(i)))
	}
	parked.Wait()
	time.Sleep(200 * time.Millisecond)
	fmt.Printf("ready %d\n", os.Getpid())
	time.Sleep(time.Hour)
}
