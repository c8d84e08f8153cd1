// SPDX-License-Identifier: BSD-2-Clause
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"sync/atomic"
	"time"
	"unsafe"
)

type shape interface{ Area() float64 }

type namedShape interface {
	shape
	fmt.Stringer
}

type square struct{ Side float64 }

func (s square) Area() float64  { return s.Side * s.Side }
func (s square) String() string { return "square" }

type circle struct {
	Name   string
	Radius float64
}

func (c *circle) Area() float64 { return c.Radius }

// The words of parameters need not lie side by side, as Go 1.20 and 1.21 show.
//
//go:noinline
func holdApart(s shape, list []shape, a any, p any, n []int) {
	park()
	keep(s)
	keep(list)
	keep(a)
	keep(p)
	keep(n)
}

type sides int

func (s sides) Area() float64 { return float64(s) }

type funcShape func() float64

func (f funcShape) Area() float64 { return f() }

type mapShape map[string]float64

func (m mapShape) Area() float64 { return m["area"] }

type pointerShape struct{ P *circle }

func (p pointerShape) Area() float64 { return 0 }

type (
	bareInt     int16
	bareWord    uintptr
	bareFloat   float32
	bareText    string
	bareFlag    bool
	bareComplex complex64
)

// Only interfaces hold these: up to Go 1.23 their descriptors are all there is of them.
type (
	onlyElement struct {
		Small int8
		Text  string
		Word  uint64
	}
	onlyPointee struct {
		Next  *onlyPointee
		Value onlyElement
	}
	onlyBase   struct{ Base bareInt }
	onlyShape  struct{ P *onlyPointee }
	onlyList   []onlyShape
	onlyMatrix [2][2]onlyElement
	onlyAll    struct {
		_ bool
		onlyBase
		*onlyPointee
		Elements []onlyElement
		Pair     [2]onlyElement
		Pointers []*onlyElement
		Any      any
		Shape    shape
		Error    error
		Empty    struct{}
		Func     func() int
		Time     time.Time
		Atomic   atomic.Int32
		Inline   struct{ A, B int16 }
	}
)

func (o *onlyAll) Area() float64 { return 0 }

type embedsShape struct {
	shape
	Extra int
}

type box[T any] struct {
	Value T
	Next  *box[T]
}

type deepError struct {
	Op    string
	Cause error
}

func (e deepError) Error() string { return e.Op }
func (e deepError) Unwrap() error { return e.Cause }

type interfaces struct {
	Nil        any
	NilShape   shape
	NilError   error
	Int        any
	Small      any
	Zero       any
	Bool       any
	Float      any
	Complex    any
	String     any
	EmptyText  any
	Invalid    any
	Struct     any
	Void       any
	Pointer    any
	TypedNil   any
	Slice      any
	NilSlice   any
	Array      any
	Map        any
	NilMap     any
	Chan       any
	NilChan    any
	Func       any
	NilFunc    any
	Unsafe     any
	One        any // a struct of one pointer
	OneArray   any // an array of one pointer
	Nested     any // a struct of an array of a struct of one pointer
	OneMap     any
	Two        any
	PtrPtr     any
	PtrAny     any
	Generic    any
	GenericPtr any
	Time       any
	Duration   any
	Made       any // of a type that was made at run time
	Square     shape
	Circle     shape
	Sides      shape
	NilCircle  shape
	FuncShape  shape
	MapShape   shape
	PtrShape   shape
	Embeds     shape
	EmbedsPtr  shape
	Namer      namedShape
	Plain      error
	Wrapped    error
	Twice      error
	Deep       error
	Joined     error
	Path       error
	Reader     io.Reader
	Stringer   fmt.Stringer
	Anys       []any
	Errors     []error
	Array3     [3]any
	Embedded   embedsShape
	Self       any
	Context    context.Context
	Deadline   context.Context
	Bare       []any // of types that only their descriptors describe, up to Go 1.23
	Only       []any // the same, and not of basic kinds
	OnlyShape  shape
}

//go:noinline
func holdInterfaces(v *interfaces) {
	park()
	keep(v)
}

//go:noinline
func holdInterfaceVariables(a any, none any, s shape, err error, nilErr error, ctx context.Context) {
	park()
	keep(a)
	keep(none)
	keep(s)
	keep(err)
	keep(nilErr)
	keep(ctx)
}

type contextKey string

type nestedOne struct{ A [1]pointerShape }
type oneMap struct{ M map[string]int }

// Up to Go 1.24 debug info has only types that some variable has, or a type of one.
//
//go:noinline
func describe(a [1]*node, b *nestedOne, c *oneMap, d map[int]bool, e contextKey, f unsafe.Pointer) {
	keep(a)
	keep(b)
	keep(c)
	keep(d)
	keep(e)
	keep(f)
}

func holdInterfaceKinds() {
	n := &node{7, nil}
	text := "pointed to"
	var boxed any = 12
	plain := errors.New("plain")
	v := &interfaces{
		Int: 1234567, Small: int8(-5), Zero: 0, Bool: true, Float: 2.5, Complex: complex64(1 - 2i),
		String: "hello", EmptyText: "", Invalid: "a\xff", Struct: inner{"in any", 9}, Void: struct{}{}, Pointer: n,
		TypedNil: (*node)(nil), Slice: []int{1, 2}, NilSlice: []string(nil), Array: [3]int8{1, 2, 3},
		Map: map[string]int{"k": 1}, NilMap: map[int]bool(nil), Chan: make(chan int, 1), NilChan: (chan string)(nil),
		Func: seven, NilFunc: (func() int)(nil), Unsafe: unsafe.Pointer(n), One: pointerShape{&circle{"one", 1}},
		OneArray: [1]*node{n}, Nested: nestedOne{[1]pointerShape{{&circle{"nested", 2}}}},
		OneMap: oneMap{map[string]int{"in": 2}}, Two: struct{ A, B *node }{n, nil},
		PtrPtr: &n, PtrAny: &boxed, Generic: box[int]{Value: 3}, GenericPtr: &box[string]{"g", &box[string]{"h", nil}},
		Time: time.Date(2024, 1, 2, 3, 4, 5, 6, time.UTC), Duration: time.Minute,
		Square: square{3}, Circle: &circle{"c", 1}, Sides: sides(4), NilCircle: (*circle)(nil),
		FuncShape: funcShape(half), MapShape: mapShape{"area": 1}, PtrShape: pointerShape{nil},
		Embeds: embedsShape{square{5}, 1}, EmbedsPtr: &embedsShape{&circle{"e", 2}, 2}, Namer: square{6},
		Plain: plain, Wrapped: fmt.Errorf("wrapped: %w", plain), Deep: deepError{"a", deepError{"b", &failure{1}}},
		Joined: errors.Join(plain, &failure{2}), Path: &os.PathError{Op: "open", Path: "/none", Err: os.ErrNotExist},
		Reader: io.LimitReader(nil, 5), Stringer: time.Second,
		Anys: []any{1, "two", nil, 3.0, []any{4, &text}, uint64(1<<64 - 1)}, Errors: []error{nil, plain},
		Array3: [3]any{1, "s", nil}, Embedded: embedsShape{sides(1), 3},
	}
	describe([1]*node{}, nil, nil, nil, "", nil)
	v.Twice = fmt.Errorf("twice: %w", v.Wrapped)
	v.Made = reflect.New(reflect.StructOf([]reflect.StructField{{Name: "Made", Type: reflect.TypeOf(1)}})).Elem().Interface()
	v.Self = &v.Self
	v.Bare = []any{bareInt(-3), bareWord(1 << 63), bareFloat(0.5), bareText("bare"), bareFlag(true), bareComplex(1 + 2i)}
	element := onlyElement{-1, "element", 1 << 60}
	last := &onlyPointee{nil, element}
	all := &onlyAll{
		onlyBase: onlyBase{7}, onlyPointee: &onlyPointee{last, onlyElement{}}, Elements: []onlyElement{element, {}},
		Pair: [2]onlyElement{{}, element}, Pointers: []*onlyElement{nil, &element}, Any: onlyShape{last}, Shape: square{8},
		Error: plain, Func: seven, Time: time.Date(2025, 1, 2, 3, 4, 5, 6, time.UTC), Inline: struct{ A, B int16 }{1, -2},
	}
	all.Atomic.Store(5)
	v.Only = []any{
		element, &onlyPointee{last, element}, onlyShape{last}, onlyList{{last}, {nil}}, onlyMatrix{1: {element, element}},
		[]onlyMatrix{{}, {{element}}}, [1]*onlyPointee{last}, all, struct{ X, Y onlyBase }{onlyBase{1}, onlyBase{2}},
	}
	v.OnlyShape = all
	v.Context = context.WithValue(context.WithValue(context.Background(), contextKey("a"), 1), contextKey("b"), n)
	deadline, cancel := context.WithTimeout(v.Context, 10*time.Hour)
	hold(func() { park(); cancel() }) // some one keeps it
	v.Deadline = deadline
	truthFields("holdInterfaces", "v", v, "Made", "Deadline")
	hold(func() { holdInterfaces(v) })

	truthAny("holdInterfaceVariables", "a", inner{"variable", 1})
	truthAny("holdInterfaceVariables", "none", nil)
	truthAny("holdInterfaceVariables", "s", square{2})
	truthAny("holdInterfaceVariables", "err", v.Wrapped)
	truthAny("holdInterfaceVariables", "nilErr", nil)
	truthAny("holdInterfaceVariables", "ctx", v.Context)
	hold(func() { holdInterfaceVariables(inner{"variable", 1}, nil, square{2}, v.Wrapped, nil, v.Context) })

	three, five, one := "3", "5", "1"
	scalar := func(column, kind string, value *string, status string) {
		expectation{"holdApart", column, kind, value, status}.print()
	}
	scalar("side", "real", &three, "ok")
	scalar("other", "null", nil, "unavailable: dynamic type is main.square")
	scalar("third", "real", &five, "ok")
	scalar("beyond", "null", nil, "unavailable: index out of range")
	scalar("first", "null", nil, "nil: list[[]0[]]")
	scalar("place", "integer", &three, "ok")
	scalar("pointed", "integer", &one, "ok")
	scalar("number", "integer", &five, "ok")
	expectation{"holdApart", "length", "null", nil, "unavailable: index out of range"}.print()
	hold(func() {
		holdApart(square{3}, []shape{nil, nil, square{5}}, place{3, 4}, &node{1, nil}, []int{4, 5})
	})
}
