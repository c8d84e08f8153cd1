// SPDX-License-Identifier: BSD-2-Clause

// requests is a server's inside: each request goes through authentication, which puts
// the user into its context, and then waits for a shard of a store. One shard is slow. Which
// users wait, for which request, and what holds them up? Nothing here knows of Askance.
package main

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"
)

type requestIDKey struct{}
type userKey struct{}

// user is who asks. The token is nobody's business.
type user struct {
	Name   string
	Tenant string
	Token  string
	quota  map[string]int
}

// shard is a part of the store. A cache of everything makes it large.
type shard struct {
	id     int
	lock   sync.Mutex
	holder string
	cache  map[string][]byte
	next   *shard
}

var names = []string{"ada", "grace", "edsger", "barbara"}

//go:noinline
func (s *shard) read(ctx context.Context, key string) string {
	s.lock.Lock()
	s.holder = key
	if s.id == 0 {
		<-ctx.Done() // the slow one: it holds its lock for a long time
		key = fmt.Sprint(key, ctx.Err())
	}
	s.lock.Unlock()
	return key
}

//go:noinline
func handle(ctx context.Context, shards []*shard, n int) string {
	ctx, cancel := context.WithTimeout(ctx, time.Hour)
	defer cancel()
	s := shards[n%len(shards)]
	return fmt.Sprint(s.id, s.read(ctx, fmt.Sprint("key", n)))
}

//go:noinline
func authenticate(ctx context.Context, shards []*shard, n int) string {
	name := names[n%len(names)]
	u := &user{Name: name, Tenant: "tenant-" + name[:1], Token: "token-of-" + name}
	return handle(context.WithValue(ctx, userKey{}, u), shards, n)
}

func serve(shards []*shard, n int) {
	ctx := context.WithValue(context.Background(), requestIDKey{}, fmt.Sprintf("r-%04d", n))
	fmt.Println(authenticate(ctx, shards, n))
}

func main() {
	ring := []*shard{{id: 0}, {id: 1}}
	for _, s := range ring {
		s.next = ring[(s.id+1)%len(ring)]
		s.cache = map[string][]byte{"everything": make([]byte, 1<<20)}
	}
	for n := 0; n < 20; n += 2 { // the even ones all need shard 0
		go serve(ring, n)
	}
	time.Sleep(200 * time.Millisecond)
	fmt.Printf("ready %d\n", os.Getpid())
	time.Sleep(time.Hour)
}
