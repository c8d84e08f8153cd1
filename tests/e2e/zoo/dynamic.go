// SPDX-License-Identifier: BSD-2-Clause
package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

type shape interface{ Area() float64 }

type square struct{ Side float64 }

func (s square) Area() float64 { return s.Side * s.Side }

type circle struct {
	Name   string
	Radius float64
	Inner  shape
}

func (c *circle) Area() float64 { return 3 * c.Radius * c.Radius }

// Types that are pointers to Go's eye, and so lie in the interface itself.
type boxed struct{ P *point }
type table map[string]int

func (t table) Area() float64 { return float64(len(t)) }

type interfaces struct {
	Nil      any
	Int      any
	Small    any
	Text     any
	Float    any
	Complex  any
	Struct   any
	Empty    any
	Pointer  any
	TypedNil any
	NilMap   any
	Map      any
	Slice    any
	Array    any
	Boxed    any
	One      any
	Double   any
	Words    any
	NoShape  shape
	Square   shape
	Circle   shape
	Table    shape
	NilShape shape
	List     []any
}

//go:noinline
func holdInterfaces(v *interfaces) {
	park()
	keep(v)
}

// Go 1.22 describes only the types of variables.
//
//go:noinline
func holdDirect(b boxed, t table, o [1]*point) {
	park()
	keep(b)
	keep(t)
	keep(o)
}

//go:noinline
func holdInterface(a any, s shape, n any, e error) {
	park()
	keep(a)
	keep(s)
	keep(n)
	keep(e)
}

//go:noinline
func holdErrors(plain, wrapped, own error, eof error) {
	park()
	keep(plain)
	keep(wrapped)
	keep(own)
	keep(eof)
}

type failure struct {
	Code  int
	Cause error
}

func (f *failure) Error() string { return fmt.Sprint(f.Code, f.Cause) }

type linked struct {
	N    int
	Next any
}

//go:noinline
func holdDeep(v any) {
	park()
	keep(v)
}

//go:noinline
func holdInterfaceCycle(v *linked) {
	park()
	keep(v)
}

//go:noinline
func holdReader(r io.Reader) {
	park()
	keep(r)
}

func holdInterfaceKinds() {
	pointer := &point{3, 4}
	v := &interfaces{
		Int:      -7,
		Small:    uint8(200),
		Text:     "text",
		Float:    float32(0.5),
		Complex:  complex(1, -2.5),
		Struct:   point{1, 2},
		Empty:    struct{}{},
		Pointer:  pointer,
		TypedNil: (*point)(nil),
		NilMap:   map[string]int(nil),
		Map:      map[string]int{"b": 2, "a": 1},
		Slice:    []int16{1, 2, 3},
		Array:    [2]string{"x", "y"},
		Boxed:    boxed{pointer},
		One:      [1]*point{pointer},
		Double:   &pointer,
		Words:    [3]uintptr{1, 2, 3},
		Square:   square{2},
		Circle:   &circle{"c", 1, square{3}},
		Table:    table{"t": 5},
		NilShape: (*circle)(nil),
		List:     []any{1, "two", nil, 3.5, &point{5, 6}, []any{true}},
	}
	truth("holdInterfaces", "v", v)
	hold(func() { holdInterfaces(v) })

	direct := boxed{pointer}
	truth("holdDirect", "b", direct)
	truth("holdDirect", "t", table{"t": 5})
	truth("holdDirect", "o", [1]*point{pointer})
	hold(func() { holdDirect(direct, table{"t": 5}, [1]*point{pointer}) })

	truthJSON("holdInterface", "a", `{"main.point":{"X":9,"Y":-9}}`, "ok")
	truthJSON("holdInterface", "s", `{"*main.circle":{"Name":"s","Radius":2,"Inner":null}}`, "ok")
	expect("holdInterface", "n", "null", nil, "nil")
	expect("holdInterface", "e", "null", nil, "nil")
	hold(func() { holdInterface(point{9, -9}, &circle{"s", 2, nil}, nil, nil) })

	plain := errors.New("plain")
	wrapped := fmt.Errorf("wrapped: %w", plain)
	own := &failure{404, wrapped}
	truthJSON("holdErrors", "plain", `{"*errors.errorString":{"s":"plain"}}`, "ok")
	truthJSON("holdErrors", "wrapped", `{"*fmt.wrapError":{"msg":"wrapped: plain","err":{"*errors.errorString":{"s":"plain"}}}}`, "ok")
	truthJSON("holdErrors", "own", `{"*main.failure":{"Code":404,"Cause":{"*fmt.wrapError":{"msg":"wrapped: plain","err":{"*errors.errorString":{"s":"plain"}}}}}}`, "ok")
	truthJSON("holdErrors", "eof", `{"*errors.errorString":{"s":"EOF"}}`, "ok")
	hold(func() { holdErrors(plain, wrapped, own, io.EOF) })

	deep := any(linked{1, linked{2, linked{3, linked{4, linked{5, nil}}}}})
	truthJSON("holdDeep", "v", dynamicText(deep), "ok")
	hold(func() { holdDeep(deep) })

	cycle := &linked{N: 1}
	cycle.Next = linked{2, cycle}
	truthJSON("holdInterfaceCycle", "v", fmt.Sprintf(`{"N":1,"Next":{"main.linked":{"N":2,"Next":{"*main.linked":{"__status":"cycle","__addr":"%p"}}}}}`, cycle), "ok")
	hold(func() { holdInterfaceCycle(cycle) })

	reader := strings.NewReader("read me")
	reader.ReadByte()
	truthJSON("holdReader", "r", `{"*strings.Reader":{"s":"read me","i":1,"prevRune":-1}}`, "ok")
	hold(func() { holdReader(reader) })
}
