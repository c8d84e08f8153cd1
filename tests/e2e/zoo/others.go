// SPDX-License-Identifier: BSD-2-Clause
package main

import (
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

	truthJSON("holdComplex", "a", `{"real":1.5,"imag":-2}`, "ok")
	truthJSON("holdComplex", "b", `{"real":0.5,"imag":0}`, "ok")
	hold(func() { holdComplex(complex(1.5, -2), 0.5) })
}
