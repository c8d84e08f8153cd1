// SPDX-License-Identifier: BSD-2-Clause
package main

import (
	"sync/atomic"
	"unsafe"
)

// others has a field of each kind that leads on by more than a pointer.
type others struct {
	Before  int
	Map     map[string]int
	Chan    chan int
	Func    func() int
	Any     any
	Error   error
	Complex complex128
	Unsafe  unsafe.Pointer
	NilMap  map[int]int
	NilChan chan int
	NilFunc func()
	NilAny  any
	NilErr  error
	NilPtr  unsafe.Pointer
	After   string
}

// atomics are their values.
type atomics struct {
	Flag atomic.Bool
	Off  atomic.Bool
	I32  atomic.Int32
	I64  atomic.Int64
	U32  atomic.Uint32
	U64  atomic.Uint64
	Ptr  atomic.Uintptr
}

type failure struct{ code int }

func (f *failure) Error() string { return "failure" }

//go:noinline
func holdOthers(v *others) {
	park()
	keep(v)
}

//go:noinline
func holdAtomics(v *atomics) {
	park()
	keep(v)
}

//go:noinline
func holdMap(m map[string]int, after int) {
	park()
	keep(m)
	keep(after)
}

func holdOtherKinds() {
	v := &others{
		Before: 1, Map: map[string]int{"a": 1}, Chan: make(chan int, 3), Func: func() int { return 1 },
		Any: 5, Error: &failure{3}, Complex: 1 + 2i, After: "after",
	}
	v.Unsafe = unsafe.Pointer(v)
	truth("holdOthers", "v", v)
	truth("holdOthers", "before", v.Before)
	truth("holdOthers", "after", v.After)
	hold(func() { holdOthers(v) })
	truthStatus("holdOthers", "nothing", "null", "nil*")
	truth("holdMap", "after", 12)
	hold(func() { holdMap(v.Map, 12) })

	a := &atomics{}
	a.Flag.Store(true)
	a.I32.Store(-7)
	a.I64.Store(-1 << 63)
	a.U32.Store(1<<32 - 1)
	a.U64.Store(1<<64 - 1)
	a.Ptr.Store(12)
	truth("holdAtomics", "v", a)
	truth("holdAtomics", "flag", true)
	truth("holdAtomics", "most", uint64(1<<64-1))
	hold(func() { holdAtomics(a) })
}

// holdDead's parameters are used before it waits and not after: they are gone.
//
//go:noinline
func holdDead(early *node, late *node, n int) int {
	sum := early.Value + n
	park()
	return sum + late.Value
}

// holdUnused never looks at its first parameter.
//
//go:noinline
func holdUnused(unused *node, used *node) {
	park()
	keep(used)
}

func holdUnavailable() {
	if optimised {
		truthStatus("holdDead", "early", "null", "unavailable*")
		truthStatus("holdDead", "early_Value", "null", "unavailable*")
		truthStatus("holdUnused", "unused", "null", "*")
	} else {
		truth("holdDead", "early", &node{Value: 1})
		truth("holdUnused", "unused", &node{Value: 3})
	}
	truth("holdDead", "late", &node{Value: 2})
	hold(func() { keep(holdDead(&node{Value: 1}, &node{Value: 2}, 3)) })
	truth("holdUnused", "used", &node{Value: 4})
	hold(func() { holdUnused(&node{Value: 3}, &node{Value: 4}) })
}
