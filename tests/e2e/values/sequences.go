// SPDX-License-Identifier: BSD-2-Clause
package main

type point struct{ X, Y int32 }

type block struct {
	Number int
	Data   [100]int64 // larger than the limit for slices
}

type arrays struct {
	Ints   [3]int
	Names  [2]string
	Points [2]point
	Grid   [2][3]int8
	None   [0]int
	Hash   [4]byte
	Ptrs   [2]*point
}

type slices struct {
	Nil     []int
	Empty   []int
	Ints    []int
	Names   []string
	Points  []point
	Ptrs    []*point
	Grid    [][]int8
	Bytes   []byte
	Binary  []byte
	Spare   []int16
	Long    []int32
	Blocks  []block
	LongRaw []byte
	Flags   []bool
}

//go:noinline
func holdArrays(v *arrays) {
	park()
	keep(v)
}

//go:noinline
func holdArrayValue(a [3]int, hash [4]byte, points [2]point) {
	park()
	keep(a)
	keep(hash)
	keep(points)
}

//go:noinline
func holdSlices(v *slices) {
	park()
	keep(v)
}

//go:noinline
func holdSlice(s []int, empty []string, none []int) {
	park()
	keep(s)
	keep(empty)
	keep(none)
}

//go:noinline
func holdPointSlice(points []point, bytes []byte, names []string) {
	park()
	keep(points)
	keep(bytes)
	keep(names)
}

//go:noinline
func holdLongSlice(s []int32) {
	park()
	keep(s)
}

//go:noinline
func holdSlicePointer(p *[]int) {
	park()
	keep(p)
}

func holdSequenceKinds() {
	a := &arrays{
		Ints: [3]int{1, -2, 3}, Names: [2]string{"one", "two"}, Points: [2]point{{1, 2}, {3, 4}},
		Grid: [2][3]int8{{1, 2, 3}, {4, 5, 6}}, Hash: [4]byte{0xde, 0xad, 0xbe, 0xef},
		Ptrs: [2]*point{{7, 8}, nil},
	}
	truth("holdArrays", "v", a)
	truth("holdArrays", "ints", a.Ints)
	truth("holdArrays", "hash", a.Hash)
	truth("holdArrays", "names", a.Names)
	hold(func() { holdArrays(a) })
	truth("holdArrayValue", "a", a.Ints)
	truth("holdArrayValue", "hash", a.Hash)
	truth("holdArrayValue", "points", a.Points)
	hold(func() { holdArrayValue(a.Ints, a.Hash, a.Points) })

	long := make([]int32, 1000)
	for i := range long {
		long[i] = int32(i)
	}
	blocks := make([]block, 3)
	for i := range blocks {
		blocks[i].Number = i + 1
		blocks[i].Data[99] = int64(i)
	}
	s := &slices{
		Empty: []int{}, Ints: []int{10, 20, 30}, Names: []string{"x", "", "yy"}, Points: []point{{5, 6}},
		Ptrs: []*point{nil, {1, 1}}, Grid: [][]int8{{1}, nil, {2, 3}}, Bytes: []byte("printable"),
		Binary: []byte{0, 1, 0xff}, Spare: make([]int16, 2, 10), Long: long, Blocks: blocks,
		LongRaw: make([]byte, 3000), Flags: []bool{true, false, true},
	}
	truth("holdSlices", "v", s)
	truth("holdSlices", "ints", s.Ints)
	truth("holdSlices", "bytes", s.Bytes)
	truth("holdSlices", "none", s.Nil)
	truth("holdSlices", "empty", s.Empty)
	truth("holdSlices", "blocks", s.Blocks)
	truth("holdSlices", "ptrs", s.Ptrs)
	hold(func() { holdSlices(s) })

	tail := long[10:13]
	truth("holdSlice", "s", s.Ints)
	truth("holdSlice", "empty", []string{})
	truth("holdSlice", "none", []int(nil))
	hold(func() { holdSlice(s.Ints, []string{}, nil) })
	truth("holdPointSlice", "points", s.Points)
	truth("holdPointSlice", "bytes", s.Binary)
	truth("holdPointSlice", "names", s.Names)
	hold(func() { holdPointSlice(s.Points, s.Binary, s.Names) })
	truth("holdLongSlice", "s", long)
	hold(func() { holdLongSlice(long) })
	p := []int{int(tail[0]), int(tail[1])}
	truth("holdSlicePointer", "p", &p)
	hold(func() { holdSlicePointer(&p) })
}
