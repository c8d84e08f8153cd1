// SPDX-License-Identifier: BSD-2-Clause

// generics: one function and one type, each with two sets of type arguments. The two pointers share a
// shape: what they point to is in the dictionary, which only the running program knows.
package main

import "syscall"

type box[T any] struct {
	item  T
	count int32
}

type apple struct{ weight int32 }
type pear struct{ name string }

//go:noinline
func hold[T any](item T, next func()) T {
	next()
	return item
}

//go:noinline
func (b *box[T]) open(next func()) int32 {
	next()
	return b.count
}

//go:noinline
func park() {
	println("ready", syscall.Getpid())
	syscall.Pause()
}

func main() {
	apples, pears := &box[*apple]{&apple{3}, 4}, &box[int64]{5, 6}
	hold(int64(1), func() {
		hold(&apple{2}, func() {
			hold(&pear{"green"}, func() {
				apples.open(func() { pears.open(park) })
			})
		})
	})
}
