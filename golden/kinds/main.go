// SPDX-License-Identifier: BSD-2-Clause

// kinds: a type of each kind, by pointer and by value, what is cut, and what is not
// understood.
package main

import (
	"fmt"
	"os"
	"strings"
	"time"
)

type celsius float64

type inner struct {
	Name string
	Tags []string
}

type everything struct {
	inner
	Bool    bool
	Int     int8
	Uint    uint64
	Float   float32
	Degrees celsius
	Text    string
	Long    string
	Array   [2]int16
	Hash    [4]byte
	Slice   []inner
	Bytes   []byte
	Numbers []int32
	Pointer *inner
	Nil     *inner
	Self    *everything
	When    time.Time
	Took    time.Duration
	Map     map[string]int
	Any     any
	Func    func()
}

//go:noinline
func wait() { time.Sleep(time.Hour) }

//go:noinline
func keep(any) {}

//go:noinline
func byPointer(v *everything) {
	wait()
	keep(v)
}

//go:noinline
func byValue(text string, numbers []int32, array [2]int16, when time.Time, flag bool, degrees celsius) {
	wait()
	keep(text)
	keep(numbers)
	keep(array)
	keep(when)
	keep(flag)
	keep(degrees)
}

func main() {
	v := &everything{
		inner: inner{"embedded", []string{"a", "", "b"}}, Bool: true, Int: -1, Uint: 1 << 63, Float: 0.5, Degrees: -40,
		Text: "täxt", Long: strings.Repeat("long ", 20), Array: [2]int16{-3, 4}, Hash: [4]byte{0xca, 0xfe, 0, 1},
		Slice: []inner{{"first", nil}, {"second", []string{}}}, Bytes: []byte("bytes"), Numbers: make([]int32, 100),
		Pointer: &inner{Name: "pointed at"}, When: time.Date(2024, 2, 29, 12, 0, 0, 1, time.UTC), Took: 2 * time.Second,
		Map: map[string]int{"x": 1}, Any: 1, Func: wait,
	}
	v.Self = v
	go byPointer(v)
	go byValue("by value", []int32{1, 2, 3}, v.Array, v.When, true, 36.5)
	time.Sleep(200 * time.Millisecond)
	fmt.Printf("ready %d\n", os.Getpid())
	time.Sleep(time.Hour)
}
