// SPDX-License-Identifier: BSD-2-Clause
package main

import "strings"

//go:noinline
func seven() int { return 7 }

//go:noinline
func half() float64 { return 0.5 }

type funcs struct {
	Nil        func()
	Plain      func() int
	Library    func(string, string) bool
	Nothing    func() int
	ByValue    func(int) int
	ByRef      func() int
	Both       func(string) string
	Strings    func() string
	Structs    func() int
	Pointers   func() *node
	Func       func() int
	Any        func() any
	Deep       func() *node
	Method     func() float64
	PtrMethod  func() float64
	Interface  func() float64
	Expr       func(square) float64
	List       []func() int
	PtrFunc    *func() int
	Operand    func(int) string
	Dictionary func() int
}

//go:noinline
func holdFuncs(v *funcs) {
	park()
	keep(v)
}

//go:noinline
func holdFuncVariables(f func() int, none func(), closure func(int) int) {
	park()
	keep(f)
	keep(none)
	keep(closure)
}

func holdFuncKinds() {
	v := &funcs{
		Plain: seven, Library: strings.Contains, Nothing: func() int { keep(1); return 1 },
		Expr: square.Area, List: []func() int{seven, nil, seven},
	}
	holdClosures(v)
	v.PtrFunc = &v.Plain
	if optimised {
		truthFields("holdFuncs", "v", v, "Operand", "Dictionary")
		truthStatus("holdFuncs", "v_Operand", "text", "partial: *captured variable* not described")
	} else {
		truthFields("holdFuncs", "v", v, "Dictionary") // reflection has another name for it
	}
	hold(func() { holdFuncs(v) })
	truth("holdFuncVariables", "f", v.Plain)
	truth("holdFuncVariables", "none", v.Nil)
	truth("holdFuncVariables", "closure", v.ByValue)
	hold(func() { holdFuncVariables(v.Plain, nil, v.ByValue) })
}

// variable hides from the compiler that its argument is constant.
//
//go:noinline
func variable[T any](v T) T {
	keep(v)
	return v
}

// The literal needs the dictionary, and captures it: nobody wrote that.
//
//go:noinline
func makes[T any](n T) func() int {
	return func() int {
		keep(n)
		keep(n)
		return len(variable([]T{n}))
	}
}

// A captured variable that is used once, in the operand of an instruction, has no entry in
// the debug info at all: those here are used in other ways too.
//
// Variables captured by reference are changed after the closure is made, so that it
// must be the variable that is shown and not a copy.
//
//go:noinline
func holdClosures(v *funcs) {
	n, text, list := variable(5), variable("captured"), []int{1, 2}
	v.ByValue = func(by int) int { by = variable(n + by); return by * n }
	captures(v.ByValue, variables{"n", n})
	counter, name := 0, "before"
	v.ByRef = func() int { counter++; return counter }
	v.Both = func(s string) string { name += s; counter++; return name + text }
	v.ByRef()
	v.Both("+")
	captures(v.ByRef, variables{"counter", counter})
	captures(v.Both, variables{"name", name, "counter", counter, "text", text})
	v.Strings = func() string { keep(list); return text }
	captures(v.Strings, variables{"list", list, "text", text})
	big := variable(record{Name: "big"})
	v.Structs = func() int { keep(big); return 1 }
	captures(v.Structs, variables{"big", big})
	head := &node{1, &node{2, nil}}
	v.Pointers = func() *node { return head }
	captures(v.Pointers, variables{"head", head})
	plain := v.Plain
	v.Func = func() int { return plain() }
	captures(v.Func, variables{"plain", plain})
	var anything any = inner{"inner", 3}
	v.Any = func() any { return anything }
	captures(v.Any, variables{"anything", &anything})
	long := chain(10)
	v.Deep = func() *node { return long }
	captures(v.Deep, variables{"long", long})
	v.Method = square{4}.Area
	captures(v.Method, variables{"R", square{4}})
	operand, behind := variable(6), variable("behind")
	v.Operand = func(by int) string {
		by += operand
		keep(by)
		keep(behind)
		return behind
	}
	captures(v.Operand, variables{"operand", operand, "behind", behind})
	v.Dictionary = makes(n)
	c := &circle{"method", 8}
	v.PtrMethod = c.Area
	captures(v.PtrMethod, variables{"R", c})
	var s shape = c
	v.Interface = s.Area
	captures(v.Interface, variables{"R", &s})
}
