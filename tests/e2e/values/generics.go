// SPDX-License-Identifier: BSD-2-Clause
package main

// Type parameters: code and debug info are one for all types of a shape. The type is
// known where a shape has one instantiation.

type degrees float64

type couple[K comparable, V any] struct {
	Key   K
	Value V
	Next  *couple[K, V]
}

//go:noinline
func holdOnly[T any](v T, list []T, table map[string]T, p *T) {
	park()
	keep(v)
	keep(list)
	keep(table)
	keep(p)
}

//go:noinline
func holdAmong[T any](v T, p *T, n *int) {
	park()
	keep(v)
	keep(p)
	keep(n)
}

//go:noinline
func (p *couple[K, V]) holdMethod(v V) {
	park()
	keep(p)
	keep(v)
}

//go:noinline
func holdPair[K comparable, V any](k K, v V) {
	park()
	keep(k)
	keep(v)
}

func holdGenerics() {
	v := &node{1, &node{2, nil}}
	truth("holdOnly", "v", v)
	truth("holdOnly", "list", []*node{v, nil})
	truth("holdOnly", "table", map[string]*node{"a": v})
	truth("holdOnly", "p", &v)
	hold(func() { holdOnly(v, []*node{v, nil}, map[string]*node{"a": v}, &v) })

	// of two pointer types nobody knows which it is, but where the dictionary is in the frame
	n := 7
	if optimised {
		truthStatus("holdAmong", "v", "text", "partial: unknown_type")
		truthStatus("holdAmong", "p", "null", "not_captured")
	} else {
		truthAny("holdAmong", "v", v)
		truthAny("holdAmong", "p", &v)
	}
	truth("holdAmong", "n", &n)
	hold(func() { holdAmong(v, &v, &n) })
	go func() {
		if other := (&place{1, 2}); n == 8 {
			holdAmong(other, &other, &n)
		}
	}()

	p := &couple[degrees, *node]{36.6, v, nil}
	truth("holdMethod", "p", p)
	truth("holdMethod", "v", v)
	hold(func() { p.holdMethod(v) })
	hold(func() { holdPair[degrees](1.5, v) })
	truth("holdPair", "k", degrees(1.5))
	truth("holdPair", "v", v)
}
