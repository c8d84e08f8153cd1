// SPDX-License-Identifier: BSD-2-Clause
package main

import (
	"reflect"
	"strconv"
)

func dynamicText(v any) string { return dynamic(reflect.ValueOf(v), 4) }

// describesClosures: DWARF tells what closures capture from Go 1.23 on.
func describesClosures() bool {
	return minor() >= 23
}

type funcs struct {
	Nil     func()
	Plain   func(int) int
	Value   func() int
	Ref     func() int
	Many    func() string
	Method  func() float64
	Generic func() int
	Any     any
}

//go:noinline
func double(n int) int { return 2 * n }

//go:noinline
func holdFuncs(v *funcs) {
	park()
	keep(v)
}

//go:noinline
func holdFunc(f func() int, none func()) {
	park()
	keep(f)
	keep(none)
}

//go:noinline
func byValue(n int) func() int { return func() int { return n } }

//go:noinline
func byReference(n int) func() int { return func() int { n++; return n } }

//go:noinline
func many(p *point, s string, list []int) func() string {
	return func() string {
		for _, n := range list {
			s += strconv.Itoa(n)
		}
		return s + strconv.Itoa(int(p.X))
	}
}

func holdFuncKinds() {
	ref := byReference(41)
	ref()
	list := []int{1, 2}
	v := &funcs{
		Plain:  double,
		Value:  byValue(7),
		Ref:    ref,
		Many:   many(&point{3, 4}, "s", list),
		Method: square{2}.Area,
		Any:    byValue(8),
	}
	captured := func(json string) string {
		if describesClosures() {
			return json
		}
		return `{"__status":"unavailable"}`
	}
	status := "ok"
	if !describesClosures() {
		status = "partial*"
	}
	truthJSON("holdFuncs", "v", `{"Nil":null,"Plain":{"func":"main.double","captured":{}},`+
		`"Value":{"func":"main.byValue.func1","captured":`+captured(`{"n":7}`)+`},`+
		`"Ref":{"func":"main.byReference.func1","captured":`+captured(`{"n":42}`)+`},`+
		`"Many":{"func":"main.many.func1","captured":`+captured(`{"s":"s","p":{"X":3,"Y":4},"list":{"array":[1,2],"len":2,"cap":2}}`)+`},`+
		`"Method":{"func":"main.square.Area-fm","captured":{"R":{"Side":2}}},"Generic":null,`+
		`"Any":{"func() int":{"func":"main.byValue.func1","captured":`+captured(`{"n":8}`)+`}}}`,
		status)
	hold(func() { holdFuncs(v) })

	truthJSON("holdFunc", "f", `{"func":"main.byValue.func1","captured":`+captured(`{"n":9}`)+`}`, status)
	expect("holdFunc", "none", "null", nil, "nil")
	f := byValue(9)
	hold(func() { holdFunc(f, nil) })
}
