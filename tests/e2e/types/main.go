// SPDX-License-Identifier: BSD-2-Clause

// types holds values of types that a spec cuts to chosen paths, reached in every way that
// there is. What is left out says so in its bytes: none of them may be in a dump.
package main

import (
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// marker lies in structs themselves, where a copy of a whole struct would take it along.
type marker [24]byte

var hidden = marker{'N', 'O', 'T', '-', 'C', 'H', 'O', 'S', 'E', 'N', '-', 'B', 'Y', 'T', 'E', 'S'}

type lock struct {
	before     marker
	processing bool
	holder     string
	after      marker
}

type client struct {
	secret   marker
	clientID int
	name     string
	mu       lock
	parent   *client
	other    *client
	password string
	token    []byte
	pin      marker
}

// text is a string in memory of its own: it is there only if something leads to it.
func text(s string) string { return string(append([]byte(nil), s...)) }

func newClient(id int, parent *client) *client {
	return &client{
		secret: hidden, clientID: id, name: text("NOT-CHOSEN-NAME"),
		mu:     lock{hidden, id%2 == 1, text("NOT-CHOSEN-HOLDER"), hidden},
		parent: parent, other: parent, password: text("REDACTED-PASSWORD"),
		token: []byte("REDACTED-TOKEN"), pin: hidden,
	}
}

type base struct {
	secret marker
	id     int
}

// server embeds: base by value, client by pointer.
type server struct {
	base
	*client
	hits int
	junk marker
}

// node leads to itself.
type node struct {
	junk  marker
	id    int
	next  *node
	label string
}

type tree struct {
	left, right *tree
	junk        marker
	key         int
}

// left and right name each other.
type left struct {
	id    int
	junk  marker
	right *right
}

type right struct {
	junk marker
	id   int
	left *left
}

type box[T any] struct {
	junk  marker
	value T
	count int
}

// handle is pointer-shaped: an interface holds the pointer itself.
type handle struct{ to *client }

// gone is left out as a whole.
type gone struct {
	junk marker
	text string
}

type holder struct {
	id     int
	client client
	gone   gone
	late   *client
}

var (
	forever = make(chan struct{})
	parked  sync.WaitGroup
)

//go:noinline
func park() {
	parked.Done()
	<-forever
}

//go:noinline
func keep(...any) {}

//go:noinline
func holdValue(v client) {
	park()
	keep(&v)
}

//go:noinline
func holdPointer(p *client) {
	park()
	keep(p)
}

// holdExplicit's captures name what the type's spec leaves out.
//
//go:noinline
func holdExplicit(cs *client) {
	park()
	keep(cs)
}

//go:noinline
func holdSlice(s []client, p []*client) {
	park()
	keep(s, p)
}

//go:noinline
func holdArray(a *[3]client) {
	park()
	keep(a)
}

//go:noinline
func holdMaps(values map[string]client, pointers map[int]*client, small map[int]base) {
	park()
	keep(values, pointers, small)
}

//go:noinline
func holdEmbedded(s *server) {
	park()
	keep(s)
}

//go:noinline
func holdStruct(h *holder) {
	park()
	keep(h)
}

// holdInterfaces has h for debug info to describe its type: old linkers leave out what only
// interfaces hold.
//
//go:noinline
func holdInterfaces(value, pointer, shaped any, h *handle) {
	park()
	keep(value, pointer, shaped, h)
}

//go:noinline
func holdChan(c chan client) {
	park()
	keep(c)
}

//go:noinline
func holdFunc(f func() int) {
	park()
	keep(f())
}

//go:noinline
func holdAtomic(p *atomic.Pointer[client]) {
	park()
	keep(p)
}

//go:noinline
func holdList(n *node) {
	park()
	keep(n)
}

//go:noinline
func holdTree(t *tree) {
	park()
	keep(t)
}

//go:noinline
func holdPair(l *left, r *right) {
	park()
	keep(l, r)
}

//go:noinline
func holdBoxes(i *box[int], s *box[string], c *box[client]) {
	park()
	keep(i, s, c)
}

// holdNil's paths end at nil pointers.
//
//go:noinline
func holdNil(p *client, n *node) {
	park()
	keep(p, n)
}

func hold(f func()) {
	parked.Add(1)
	go f()
}

// list is a ring of three nodes.
func list() *node {
	c := &node{hidden, 3, nil, text("NOT-CHOSEN-LABEL")}
	b := &node{hidden, 2, c, text("NOT-CHOSEN-LABEL")}
	a := &node{hidden, 1, b, text("NOT-CHOSEN-LABEL")}
	c.next = a
	return a
}

func grow(depth, key int) *tree {
	if depth == 0 {
		return nil
	}
	return &tree{grow(depth-1, 2*key), grow(depth-1, 2*key+1), hidden, key}
}

func closure(v *client) func() int {
	c := *v
	return func() int { return c.clientID + v.clientID }
}

func main() {
	root := newClient(1, nil)
	one := newClient(7, newClient(4, root))
	two := newClient(8, root)

	hold(func() { holdValue(*one) })
	hold(func() { holdPointer(one) })
	hold(func() { holdExplicit(one) })
	hold(func() { holdSlice([]client{*one, *two}, []*client{two, nil}) })
	hold(func() { holdArray(&[3]client{*root, *two, *one}) })
	hold(func() {
		holdMaps(map[string]client{"a": *one, "b": *two}, map[int]*client{5: one},
			map[int]base{1: {hidden, 11}, 2: {hidden, 12}})
	})
	hold(func() { holdEmbedded(&server{base{hidden, 21}, one, 5, hidden}) })
	hold(func() { holdStruct(&holder{31, *two, gone{hidden, text("NOT-CHOSEN-TEXT")}, one}) })
	hold(func() { holdInterfaces(*one, two, handle{one}, &handle{one}) })
	c := make(chan client, 4)
	c <- *two
	c <- *one
	hold(func() { holdChan(c) })
	hold(func() { holdFunc(closure(one)) })
	p := new(atomic.Pointer[client])
	p.Store(one)
	hold(func() { holdAtomic(p) })
	hold(func() { holdList(list()) })
	hold(func() { holdTree(grow(4, 1)) })
	l := &left{41, hidden, nil}
	l.right = &right{hidden, 42, l}
	hold(func() { holdPair(l, l.right) })
	hold(func() {
		holdBoxes(&box[int]{hidden, 51, 1}, &box[string]{hidden, text("shown"), 2},
			&box[client]{hidden, *one, 3})
	})
	hold(func() { holdNil(root, &node{junk: hidden, id: 9}) })
	parked.Wait()
	time.Sleep(200 * time.Millisecond)
	fmt.Printf("ready %d\n", os.Getpid())
	time.Sleep(time.Hour)
}
