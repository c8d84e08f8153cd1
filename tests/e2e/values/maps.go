// SPDX-License-Identifier: BSD-2-Clause
package main

import (
	"fmt"
	"math"
	"unsafe"
)

type place struct{ X, Y int32 }

type hash200 [200]byte

type maps struct {
	Nil      map[int]int
	Empty    map[string]bool
	One      map[string]int
	Seven    map[uint8]string
	Eight    map[int]string
	Nine     map[int]string
	Hundred  map[int64]uint16
	Many     map[int]int
	Growing  map[int]string
	Deleted  map[int]string
	Emptied  map[int]int
	Churned  map[int]int
	Strings  map[string]string
	Floats   map[float64]int
	Bools    map[bool]string
	Pointers map[string]*node
	BigKeys  map[hash200]int
	BigVals  map[int]hash200
	BigBoth  map[hash200]*record
	Large    map[string]record
	Nested   map[string]map[int][]string
	Sets     map[string]struct{}
	Named    registry
	Anys     map[string]any
	Chans    map[string]chan int
	Funcs    map[string]func() int
	Inside   *struct{ M map[int]*place }
	Self     map[string]any
}

type registry map[label]weekday

type record struct {
	Words [20]int
	Name  string
}

// unordered are maps whose keys have no order: their entries are compared as a set.
type unordered struct {
	Structs  map[place]string
	Anys     map[any]int
	Shapes   map[shape]int
	Arrays   map[[2]int]bool
	Complex  map[complex128]int
	NaN      map[float64]int
	PtrKeys  map[*node]int
	ChanKeys map[chan int]int
	Empty    map[struct{}]int
}

//go:noinline
func holdMaps(v *maps) {
	park()
	keep(v)
}

//go:noinline
func holdUnordered(v *unordered) {
	park()
	keep(v)
}

//go:noinline
func holdMapVariables(m map[string]int, none map[string]int, pm *map[int]int) {
	park()
	keep(m)
	keep(none)
	keep(pm)
}

//go:noinline
func holdCutMap(m map[int]int) {
	park()
	keep(m)
}

// header gives the words of a map's header: {count, flags and B, buckets, oldbuckets}
// before Go 1.24, {used, seed, dirPtr, dirLen} since.
func header[K comparable, V any](m map[K]V) *[4]uintptr {
	return *(**[4]uintptr)(unsafe.Pointer(&m))
}

func count(n int) map[int]string {
	m := map[int]string{}
	for i := 0; i < n; i++ {
		m[i*7-20] = fmt.Sprint("v", i)
	}
	return m
}

// growing stops in the middle of a map's move to its new buckets, where Go has that.
func growing() map[int]string {
	m := count(500)
	for i := 0; i < 5000; i++ {
		m[1000000+i] = fmt.Sprint("g", i)
		if header(m)[3] != 0 {
			break
		}
	}
	return m
}

// churned has been filled and emptied so often that it is reorganised at its size.
func churned() map[int]int {
	m := map[int]int{}
	for i := 0; i < 20000; i++ {
		m[i] = i
		if i >= 100 {
			delete(m, i-100)
		}
		if !swissMaps && i > 2000 && header(m)[1]&8 != 0 {
			break
		}
	}
	return m
}

func holdMapKinds() {
	v := &maps{
		Empty: map[string]bool{}, One: map[string]int{"one": 1}, Seven: map[uint8]string{},
		Eight: count(8), Nine: count(9), Hundred: map[int64]uint16{}, Many: map[int]int{},
		Growing: growing(), Deleted: count(1000), Emptied: map[int]int{}, Churned: churned(),
		Strings:  map[string]string{"": "empty", "a": "", "ü": "umlaut", "long": string(make([]byte, 300))},
		Floats:   map[float64]int{math.Inf(-1): 1, -2.5: 2, 0: 3, 1e300: 4, math.Inf(1): 5},
		Bools:    map[bool]string{true: "yes", false: "no"},
		Pointers: map[string]*node{"none": nil, "one": {1, nil}, "two": {2, &node{3, nil}}},
		BigKeys:  map[hash200]int{}, BigVals: map[int]hash200{}, BigBoth: map[hash200]*record{{9}: {Name: "nine"}},
		Large:  map[string]record{"l": {Words: [20]int{1, 2, 3}, Name: "l"}, "m": {Name: "m"}},
		Nested: map[string]map[int][]string{"nil": nil, "a": {1: {"x", "y"}, 2: nil}, "b": {}},
		Sets:   map[string]struct{}{"in": {}, "also": {}},
		Named:  registry{"mon": 1, "tue": 2},
		Anys:   map[string]any{"int": 1, "nil": nil, "ptr": &node{5, nil}, "s": "text", "m": map[string]int{"k": 1}},
		Chans:  map[string]chan int{"nil": nil, "c": make(chan int, 2)},
		Funcs:  map[string]func() int{"nil": nil, "f": seven},
	}
	for i := 0; i < 7; i++ {
		v.Seven[uint8(i*40)] = fmt.Sprint(i)
	}
	for i := 0; i < 100; i++ {
		v.Hundred[int64(i)<<40] = uint16(i)
	}
	for i := 0; i < 5000; i++ {
		v.Many[i-2500] = i
		v.Emptied[i] = i
	}
	for i := range v.Deleted {
		if i%3 != 0 {
			delete(v.Deleted, i)
		}
	}
	for i := range v.Emptied {
		delete(v.Emptied, i)
	}
	v.BigKeys[hash200{1}] = 1
	for i := 0; i < 12; i++ {
		v.BigVals[i] = hash200{byte(i), 255}
	}
	v.Inside = &struct{ M map[int]*place }{map[int]*place{1: {1, -1}}}
	v.Self = map[string]any{}
	v.Self["self"] = v.Self
	truthFields("holdMaps", "v", v)
	hold(func() { holdMaps(v) })

	u := &unordered{
		Structs:  map[place]string{{1, 2}: "a", {3, 4}: "b", {-1, 0}: "c"},
		Anys:     map[any]int{1: 1, "one": 2, place{1, 1}: 3, int8(1): 4, nil: 5, "two": 6, [1]int{1}: 7},
		Shapes:   map[shape]int{square{2}: 4, &circle{Name: "c"}: 1},
		Arrays:   map[[2]int]bool{{1, 2}: true, {2, 1}: false},
		Complex:  map[complex128]int{1 + 2i: 1, 2: 2},
		NaN:      map[float64]int{math.NaN(): 1, 1: 2},
		PtrKeys:  map[*node]int{{1, nil}: 1, {2, nil}: 2, nil: 3},
		ChanKeys: map[chan int]int{make(chan int): 1, nil: 2, make(chan int, 3): 3},
		Empty:    map[struct{}]int{{}: 1},
	}
	u.NaN[math.NaN()] = 3
	truthEntries("holdUnordered", "v_Structs", u.Structs, limitDepth)
	truthEntries("holdUnordered", "v_Anys", u.Anys, limitDepth)
	truthEntries("holdUnordered", "v_Shapes", u.Shapes, limitDepth)
	truthEntries("holdUnordered", "v_Arrays", u.Arrays, limitDepth)
	truthEntries("holdUnordered", "v_Complex", u.Complex, limitDepth)
	truthEntries("holdUnordered", "v_PtrKeys", u.PtrKeys, limitDepth)
	truthEntries("holdUnordered", "v_ChanKeys", u.ChanKeys, limitDepth)
	truthEntries("holdUnordered", "v_Empty", u.Empty, limitDepth)
	hold(func() { holdUnordered(u) })

	two := map[int]int{1: 2, 3: 4}
	truth("holdMapVariables", "m", v.One)
	truth("holdMapVariables", "none", map[string]int(nil))
	truth("holdMapVariables", "pm", &two)
	hold(func() { holdMapVariables(v.One, nil, &two) })
	hold(func() { holdCutMap(v.Many) })
}
