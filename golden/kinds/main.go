// SPDX-License-Identifier: BSD-2-Clause

// kinds: numbers, texts, arrays, slices and structs, by pointer and by value, and what is cut.
// Each other kind has a case of its own.
package main

import (
	"syscall"
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
}

//go:noinline
func wait() {
	println("ready", syscall.Getpid())
	syscall.Pause()
}

//go:noinline
func byPointer(v *everything) int {
	byValue(v.Text, []int32{1, 2, 3}, v.Array, v.Bool, 36.5)
	return len(v.Text)
}

//go:noinline
func byValue(text string, numbers []int32, array [2]int16, flag bool, degrees celsius) int {
	wait()
	if flag {
		return keep(text, numbers, array, degrees)
	}
	return 0
}

//go:noinline
func keep(text string, numbers []int32, array [2]int16, degrees celsius) int {
	return len(text) + len(numbers) + int(array[1]) + int(degrees)
}

func main() {
	v := &everything{
		inner: inner{"embedded", []string{"a", "", "b"}}, Bool: true, Int: -1, Uint: 1 << 63,
		Float: 0.5, Degrees: -40, Text: "täxt", Long: "a text that is longer than thirty-two bytes",
		Array: [2]int16{-3, 4}, Hash: [4]byte{0xca, 0xfe, 0, 1},
		Slice: []inner{{"first", nil}, {"second", []string{}}}, Bytes: []byte("bytes"),
		Numbers: make([]int32, 100), Pointer: &inner{Name: "pointed at"},
	}
	v.Self = v
	byPointer(v)
}
