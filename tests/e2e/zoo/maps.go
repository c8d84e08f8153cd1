// SPDX-License-Identifier: BSD-2-Clause
package main

import (
	"math"
	"strconv"
)

type point struct{ X, Y int32 }

// Keys and values of more than 128 bytes, which slots hold by pointers.
type wide struct {
	Name string
	Rest [16]int64
}

type wideKey [20]int64

type maps struct {
	Nil      map[string]int
	Empty    map[string]int
	One      map[string]point
	Strings  map[string]string
	Set      map[uint16]struct{}
	Bools    map[bool]int8
	Floats   map[float64]int
	Large    map[uint64]int
	Pointers map[string]*point
	Slices   map[int8][]string
	Maps     map[string]map[string]int
	Any      map[string]any
	AnyKeys  map[any]string
	Points   map[point]string
	Values   map[int]wide
	Keys     map[wideKey]int
	Arrays   map[string][3]point
	Named    weekdays
}

type weekdays map[weekday]string
type weekday uint8

//go:noinline
func holdMaps(v *maps) {
	park()
	keep(v)
}

//go:noinline
func holdMap(m map[int]string, none map[int]string, p *map[string]int) {
	park()
	keep(m)
	keep(none)
	keep(p)
}

// A map of each size: in groups or buckets, just grown and growing.
//
//go:noinline
func holdSizes(v []map[int]int) {
	park()
	keep(v)
}

// Maps that lost entries: what was deleted must not be seen.
//
//go:noinline
func holdDeleted(v []map[string]int) {
	park()
	keep(v)
}

// A map that is larger than its limit.
//
//go:noinline
func holdCut(m map[int]int) {
	park()
	keep(m)
}

// Maps that were large once: few entries in many slots. The limit is about entries.
//
//go:noinline
func holdThin(v []map[int]string) {
	park()
	keep(v)
}

//go:noinline
func holdMapCycle(m map[string]any) {
	park()
	keep(m)
}

func holdMapKinds() {
	v := &maps{
		Empty:    map[string]int{},
		One:      map[string]point{"one": {1, -1}},
		Strings:  map[string]string{},
		Set:      map[uint16]struct{}{3: {}, 1: {}, 65535: {}},
		Bools:    map[bool]int8{true: 1, false: -1},
		Floats:   map[float64]int{1.5: 1, math.Inf(-1): 2, -3: 3, math.NaN(): 4},
		Large:    map[uint64]int{math.MaxUint64: 1, 0: 2, math.MaxInt64: 3},
		Pointers: map[string]*point{"a": {1, 2}, "nil": nil, "b": {3, 4}},
		Slices:   map[int8][]string{-1: {"x", "y"}, 1: nil, 0: {}},
		Maps:     map[string]map[string]int{"inner": {"a": 1}, "none": nil},
		Any:      map[string]any{"int": 1, "text": "s", "nil": nil, "point": point{5, 6}, "pointer": &point{7, 8}},
		AnyKeys:  map[any]string{"b": "2", "a": "1"},
		Points:   map[point]string{{1, 2}: "only"},
		Values:   map[int]wide{1: {Name: "first", Rest: [16]int64{7, 15: 9}}, 2: {Name: "second"}},
		Keys:     map[wideKey]int{{1, 19: 2}: 3},
		Arrays:   map[string][3]point{"a": {{1, 1}, {2, 2}, {3, 3}}},
		Named:    weekdays{1: "Monday", 0: "Sunday"},
	}
	for i := 0; i < 40; i++ {
		v.Strings["key "+strconv.Itoa(i)] = "value " + strconv.Itoa(i*i)
	}
	truth("holdMaps", "v", v)
	hold(func() { holdMaps(v) })

	m := map[int]string{-5: "minus five", 12: "twelve", 3: ""}
	p := map[string]int{"through a pointer": 1}
	truth("holdMap", "m", m)
	expect("holdMap", "none", "null", nil, "nil")
	truth("holdMap", "p", p)
	hold(func() { holdMap(m, nil, &p) })

	var sizes []map[int]int
	for i := 0; i < 60; i++ {
		m := make(map[int]int)
		for j := 0; j < i*i/12; j++ {
			m[j*j-1000] = j
		}
		sizes = append(sizes, m)
	}
	truth("holdSizes", "v", sizes)
	hold(func() { holdSizes(sizes) })

	var deleted []map[string]int
	for i := 0; i < 40; i++ {
		m := make(map[string]int)
		for j := 0; j < i*10; j++ {
			m[strconv.Itoa(j)] = j
			if j%3 != 0 {
				delete(m, strconv.Itoa(j-i))
			}
		}
		deleted = append(deleted, m)
	}
	truth("holdDeleted", "v", deleted)
	hold(func() { holdDeleted(deleted) })

	cut := make(map[int]int)
	for i := 0; i < 5000; i++ {
		cut[i] = i * 2
	}
	hold(func() { holdCut(cut) })

	var thin []map[int]string
	for _, n := range []struct{ most, left int }{{5000, 1}, {20000, 5}, {300, 0}, {1000, 30}, {60, 2}, {2000, 60}} {
		m := make(map[int]string)
		for i := 0; i < n.most; i++ {
			m[i] = strconv.Itoa(i)
		}
		for i := n.left; i < n.most; i++ {
			delete(m, (i*7+3)%n.most)
		}
		thin = append(thin, m)
	}
	truth("holdThin", "v", thin)
	hold(func() { holdThin(thin) })

	cycle := map[string]any{"n": 1}
	cycle["self"] = cycle
	hold(func() { holdMapCycle(cycle) })
}
