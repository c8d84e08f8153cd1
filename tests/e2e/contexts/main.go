// SPDX-License-Identifier: BSD-2-Clause

// contexts holds chains of contexts, each in a goroutine of its own that parks in a
// function whose parameter is the chain's top.
package main

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"
)

type requestIDKey struct{}
type userKey string
type shardKey int
type ownerKey struct{ name string }
type secretKey struct{}

type user struct {
	ID   int
	Name string
	Boss *user
}

type trace struct {
	Span   string
	Parent *trace
}

type tenant string

var (
	forever = make(chan struct{})
	parked  sync.WaitGroup
	owner   = &ownerKey{"the pointer itself is the key"}
)

// park blocks for ever. The functions call it where ordinary code would wait.
//
//go:noinline
func park() {
	parked.Done()
	<-forever
}

//go:noinline
func keep(any) {}

func hold(f func()) {
	parked.Add(1)
	go f()
}

// handle is what most chains are given to.
//
//go:noinline
func handle(ctx context.Context, name string) {
	park()
	keep(ctx)
	keep(name)
}

// outer has a context of its own, and calls handle with another one.
//
//go:noinline
func outer(ctx context.Context, inner context.Context, name string) {
	handle(inner, name)
	keep(ctx)
	keep(inner)
}

// local has no parameter that is a context: its first variable counts.
//
//go:noinline
func local(name string) {
	ctx := context.WithValue(context.Background(), requestIDKey{}, "local "+name)
	park()
	keep(ctx)
	keep(name)
}

// without has no context at all.
//
//go:noinline
func without(name string) {
	park()
	keep(name)
}

// closure has a function that captures a context.
//
//go:noinline
func closure(ctx context.Context) {
	hold(func() {
		park()
		keep(ctx)
	})
}

// withContext and without have one table by a pattern.
//
//go:noinline
func withContext(c context.Context) {
	without("inside")
	keep(c)
}

// A user's contexts: the next link is embedded, deep and behind pointers.
type base struct {
	password [24]byte
	context.Context
	more string
}
type middle struct {
	before [2]uint64
	*base
}
type derived struct {
	id int
	middle
}

// one consists of a pointer, which an interface holds in place of its address.
type one struct{ *base }

// opaque is a context, and nothing of it says that it holds another.
type opaque struct{ inner context.Context }

func (o *opaque) Deadline() (time.Time, bool) { return o.inner.Deadline() }
func (o *opaque) Done() <-chan struct{}       { return o.inner.Done() }
func (o *opaque) Err() error                  { return o.inner.Err() }
func (o *opaque) Value(key any) any           { return o.inner.Value(key) }

// ring holds itself: no program does that, and its memory may say so all the same.
type ring struct{ context.Context }

func deep() context.Context {
	ctx := context.Context(context.Background())
	ctx = context.WithValue(ctx, requestIDKey{}, "deep")
	for i := 0; i < 30; i++ {
		switch i % 4 {
		case 0:
			ctx, _ = context.WithCancel(ctx)
		case 1:
			ctx, _ = context.WithTimeout(ctx, time.Hour)
		case 2:
			ctx = context.WithValue(ctx, userKey("other"), i)
		case 3:
			ctx = derived{i, middle{base: &base{Context: ctx}}}
		}
	}
	return ctx
}

func request(id string) context.Context {
	return context.WithValue(context.Background(), requestIDKey{}, id)
}

func main() {
	start := func(name string, ctx context.Context) {
		hold(func() { handle(ctx, name) })
	}
	start("plain", request("r-1"))
	start("deep", deep())
	start("topmost", context.WithValue(request("below"), requestIDKey{}, "above"))
	// of another type: the one below counts
	start("wrong type", context.WithValue(request("below"), requestIDKey{}, 42))
	start("nil", nil)
	start("background", context.Background())
	start("todo", context.TODO())
	start("nil value", context.WithValue(request("below"), userKey("u"), nil))
	start("key", context.WithValue(context.Background(), userKey("u"),
		&user{7, "ada", &user{8, "boss", nil}}))
	start("key, a number", context.WithValue(context.Background(), userKey("u"), 1234567))
	start("key, a text", context.WithValue(context.Background(), userKey("u"), "eve"))
	start("key, a struct", context.WithValue(context.Background(), userKey("u"), user{9, "bob", nil}))
	start("key, a map", context.WithValue(context.Background(), userKey("u"), map[string]int{"a": 1}))
	start("key, a func", context.WithValue(context.Background(), userKey("u"), park))
	start("key, a nil pointer", context.WithValue(context.Background(), userKey("u"), (*user)(nil)))
	start("int key", context.WithValue(context.Background(), shardKey(3), uint64(1)<<63+5))
	acme := tenant("acme")
	keep(&acme) // a variable: before Go 1.26 debug info has the types of variables alone
	start("pointer key", context.WithValue(context.Background(), owner, acme))
	start("value", context.WithValue(context.Background(), userKey("x"),
		&trace{"leaf", &trace{"root", nil}}))
	start("value, any key", context.WithValue(request("v"), struct{ anonymous int }{1},
		&trace{"here", nil}))
	secretBase := &base{Context: request("one"), more: "SECRET-OF-A-LINK"}
	copy(secretBase.password[:], "SECRET-OF-A-LINK")
	start("one", one{secretBase})
	start("pointer to user's", &derived{1, middle{base: &base{Context: request("derived")}}})
	start("nil inside", &derived{1, middle{base: &base{}}})
	start("nil pointer inside", &derived{})
	start("opaque", context.WithValue(&opaque{request("hidden")}, userKey("u"), "over it"))
	r := &ring{}
	r.Context = r
	start("ring", r)
	start("secret", context.WithValue(request("public"), secretKey{}, "SECRET-IN-A-CONTEXT"))
	start("secret type", context.WithValue(request("public"), requestIDKey{}, secret()))
	start("after", after())
	hold(func() { outer(request("outer"), request("inner"), "both") })
	hold(func() { outer(request("outer"), context.Background(), "outer only") })
	hold(func() { outer(context.Background(), nil, "none") })
	hold(func() { local("one") })
	hold(func() { without("none") })
	hold(func() { withContext(request("pattern")) })
	closure(request("captured"))
	parked.Wait()
	time.Sleep(200 * time.Millisecond)
	fmt.Printf("ready %d\n", os.Getpid())
	time.Sleep(time.Hour)
}

type sealed struct{ Text string }

// secret has the key of a request, and a type that the spec does not ask for.
func secret() sealed { return sealed{"SECRET-OF-ANOTHER-TYPE"} }
