// SPDX-License-Identifier: BSD-2-Clause
package main

import (
	"fmt"
	"unsafe"
)

// others has a field of each kind that truth.go has no words for; the program zoo has
// more of them.
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
	After   string
}

type failure struct{ code int }

func (f *failure) Error() string { return "failure" }

//go:noinline
func holdOthers(v *others) {
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
	text := fmt.Sprintf(`{"Before":1,"Map":{"entries":[{"key":"a","value":1}],"len":1},`+
		`"Chan":{"len":0,"cap":3,"closed":false,"buffer":[],"recv_waiters":[],"send_waiters":[]},`+
		`"Func":{"func":"main.holdOtherKinds.func1","captured":{}},"Any":{"int":5},`+
		`"Error":{"*main.failure":{"code":3}},"Complex":{"real":1,"imag":2},`+
		`"Unsafe":"%p","NilMap":null,"After":"after"}`, v)
	expectation{"holdOthers", "v", "json", &text, "ok"}.print()
	truth("holdOthers", "before", v.Before)
	truth("holdOthers", "after", v.After)
	hold(func() { holdOthers(v) })
	truth("holdMap", "after", 12)
	hold(func() { holdMap(v.Map, 12) })
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
	truthStatus("holdDead", "early", "null", "unavailable*")
	truthStatus("holdDead", "early_Value", "null", "unavailable*")
	truth("holdDead", "late", &node{Value: 2})
	hold(func() { keep(holdDead(&node{Value: 1}, &node{Value: 2}, 3)) })
	truthStatus("holdUnused", "unused", "null", "*")
	truth("holdUnused", "used", &node{Value: 4})
	hold(func() { holdUnused(&node{Value: 3}, &node{Value: 4}) })
}
