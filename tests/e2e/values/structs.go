// SPDX-License-Identifier: BSD-2-Clause
package main

import "sync"

type inner struct {
	Name  string
	Count uint16
}

type base struct {
	ID    int
	Title string
}

type outer struct {
	base
	*inner
	Flag   bool
	Nested struct {
		Deep struct{ Value float64 }
		List []inner
	}
	_     int32
	Void  struct{}
	Small struct{ B byte }
	mu    sync.RWMutex
	Last  int8
}

type large struct {
	Numbers [40]int
	Name    string
	Next    *inner
}

//go:noinline
func holdStruct(v *outer) {
	park()
	keep(v)
}

//go:noinline
func holdStructValue(v inner, p point, e struct{}) {
	park()
	keep(v)
	keep(p)
	keep(e)
}

//go:noinline
func holdLargeValue(v large) {
	park()
	keep(v.Next)
	keep(v.Name)
}

func holdStructKinds() {
	v := &outer{base: base{7, "title"}, inner: &inner{"embedded", 65535}, Flag: true, Last: -1}
	v.Nested.Deep.Value = 2.5
	v.Nested.List = []inner{{"a", 1}, {"b", 2}}
	v.Small.B = 9
	truth("holdStruct", "v", v)
	truth("holdStruct", "id", v.ID)
	truth("holdStruct", "name", v.Name)
	truth("holdStruct", "deep", v.Nested.Deep.Value)
	truth("holdStruct", "nested", v.Nested)
	hold(func() { holdStruct(v) })

	truth("holdStructValue", "v", inner{"by value", 3})
	truth("holdStructValue", "p", point{-1, 1})
	hold(func() { holdStructValue(inner{"by value", 3}, point{-1, 1}, struct{}{}) })

	l := large{Name: "large", Next: &inner{"next", 4}}
	for i := range l.Numbers {
		l.Numbers[i] = i * i
	}
	truth("holdLargeValue", "v", l)
	truth("holdLargeValue", "name", l.Name)
	truth("holdLargeValue", "next", l.Next)
	hold(func() { holdLargeValue(l) })
}
