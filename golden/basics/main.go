// SPDX-License-Identifier: BSD-2-Clause

// basics: paths through pointers, extra columns, a derived table and a link. Two calls
// wait for one account, a third for another.
package main

import (
	"fmt"
	"os"
	"sync"
	"time"
)

type owner struct {
	Name string
	VIP  bool
}

type account struct {
	mu      sync.Mutex
	ID      int32
	Balance int64
	Owner   *owner
}

type transfer struct {
	Amount int64
	From   *account
	Note   string
}

//go:noinline
func (a *account) acquire() { a.mu.Lock() }

//go:noinline
func (a *account) audit(reason string) {
	a.acquire()
	time.Sleep(time.Hour)
	fmt.Println(reason, a.Balance)
	a.mu.Unlock()
}

//go:noinline
func (t *transfer) run(attempt int) {
	t.From.acquire()
	t.From.Balance -= t.Amount
	t.From.mu.Unlock()
	fmt.Println(attempt)
}

func main() {
	alice := &account{ID: 1, Balance: 100, Owner: &owner{"alice", true}}
	bob := &account{ID: 2, Balance: -5}
	go alice.audit("quarterly")
	go bob.audit("suspicion")
	time.Sleep(100 * time.Millisecond)
	go (&transfer{Amount: 10, From: alice, Note: "rent"}).run(1)
	go (&transfer{Amount: 20, From: alice}).run(2)
	go (&transfer{Amount: 30, From: bob, Note: "fine"}).run(3)
	time.Sleep(200 * time.Millisecond)
	fmt.Printf("ready %d\n", os.Getpid())
	time.Sleep(time.Hour)
}
