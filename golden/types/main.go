// SPDX-License-Identifier: BSD-2-Clause

// Sessions of which a spec wants a few fields, by themselves, in a slice and in a list.
package main

import (
	"fmt"
	"os"
	"time"
)

type lock struct {
	owner string
	busy  bool
}

type session struct {
	buffer [64]byte
	id     int
	lock   lock
	parent *session
	secret string
}

type list struct {
	first *session
	note  string
	next  *list
}

var forever = make(chan struct{})

//go:noinline
func serve(s *session, queue []session) int {
	<-forever
	return s.id + len(queue)
}

//go:noinline
func drain(l *list) string {
	<-forever
	return l.note
}

func main() {
	root := &session{id: 1, lock: lock{"nobody", false}, secret: "s3cret"}
	child := &session{id: 2, lock: lock{"ann", true}, parent: root, secret: "hidden"}

	go serve(child, []session{*root, *child})
	go drain(&list{child, "first note", &list{root, "second note", nil}})
	time.Sleep(100 * time.Millisecond)
	fmt.Printf("ready %d\n", os.Getpid())
	time.Sleep(time.Hour)
}
