// SPDX-License-Identifier: BSD-2-Clause
package main

import (
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

type atomics struct {
	Number  atomic.Int64
	Small   atomic.Uint32
	Flag    atomic.Bool
	Pointer atomic.Pointer[point]
	Nil     atomic.Pointer[point]
	Value   atomic.Value
	Empty   atomic.Value
}

//go:noinline
func holdAtomics(v *atomics) {
	park()
	keep(v)
}

//go:noinline
func holdSyncMaps(m, few, none *sync.Map) {
	park()
	keep(m)
	keep(few)
	keep(none)
}

// minor is the Go version's second number.
func minor() int {
	n, err := strconv.Atoi(strings.Split(strings.TrimPrefix(runtime.Version(), "go1."), ".")[0])
	if err != nil {
		panic(err)
	}
	return n
}

type login struct {
	User     string
	Password string
	Key      []byte
	Pin      int
}

// Paths of the spec: redacted, indexed, asserted.
//
//go:noinline
func holdPaths(v *login, s shape, list []shape) {
	park()
	keep(v)
	keep(s)
	keep(list)
}

//go:noinline
func holdComplex(a complex128, b complex64) {
	park()
	keep(a)
	keep(b)
}

func holdOthers() {
	v := &atomics{}
	v.Number.Store(-6)
	v.Small.Store(6)
	v.Flag.Store(true)
	v.Pointer.Store(&point{1, 2})
	v.Value.Store("stored")
	truthJSON("holdAtomics", "v", `{"Number":-6,"Small":6,"Flag":true,"Pointer":{"X":1,"Y":2},"Nil":null,"Value":{"string":"stored"},"Empty":null}`, "ok")
	number := "-6"
	expect("holdAtomics", "number", "integer", &number, "ok")
	hold(func() { holdAtomics(v) })

	var m, few, none sync.Map
	for i := 0; i < 20; i++ {
		m.Store(strconv.Itoa(i), i)
	}
	for i := 0; i < 100; i++ { // promotes what was stored
		m.Load("none")
	}
	m.Delete("7")
	m.Store("new", 5)
	m.Delete("8")
	few.Store("key", "value")
	var entries []string
	for _, n := range []int{0, 1, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 2, 3, 4, 5, 6, 9} {
		entries = append(entries, `{"key":{"string":"`+strconv.Itoa(n)+`"},"value":{"int":`+strconv.Itoa(n)+`}}`)
	}
	entries = append(entries, `{"key":{"string":"new"},"value":{"int":5}}`)
	truthJSON("holdSyncMaps", "m", `{"entries":[`+strings.Join(entries, ",")+`],"len":19}`, "ok")
	truthJSON("holdSyncMaps", "few", `{"entries":[{"key":{"string":"key"},"value":{"string":"value"}}],"len":1}`, "ok")
	truthJSON("holdSyncMaps", "none", `{"entries":[],"len":0}`, "ok")
	hold(func() { holdSyncMaps(&m, &few, &none) })

	side, third := "2", "3"
	expect("holdPaths", "side", "real", &side, "ok")
	expect("holdPaths", "other", "null", nil, "unavailable: dynamic type is main.square")
	expect("holdPaths", "third", "real", &third, "ok")
	expect("holdPaths", "fourth", "null", nil, "unavailable: index out of range")
	expect("holdPaths", "missing", "null", nil, "nil: list[[]0[]]")
	for _, column := range []string{"user", "password", "secret", "pin"} {
		expect("holdPaths", column, "null", nil, "redacted")
	}
	hold(func() {
		holdPaths(&login{"somebody", "correct horse", []byte("battery"), 1234}, square{2}, []shape{nil, nil, square{3}})
	})

	truthJSON("holdComplex", "a", `{"real":1.5,"imag":-2}`, "ok")
	truthJSON("holdComplex", "b", `{"real":0.5,"imag":0}`, "ok")
	hold(func() { holdComplex(complex(1.5, -2), 0.5) })
}
