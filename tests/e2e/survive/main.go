// SPDX-License-Identifier: BSD-2-Clause

// survive is a target to whom things happen. Goroutine i waits in hold with a node whose ID
// is i and whose Next is a node with ID -i. Every 10 ms it prints "tick N".
//
//   - SIGUSR1: it becomes another program: itself with -after, or a shell when its process id is odd
//   - SIGUSR2: it exits with code 7
//   - with -children it starts one child after the other, whose code must be 3; "child N"
//     tells of each hundredth, "lost" of one that ended in another way
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

type node struct {
	ID   int64
	Name string
	Next *node
}

var (
	forever = make(chan struct{})
	parked  sync.WaitGroup
)

//go:noinline
func use(v *node) int64 { return v.ID }

//go:noinline
func hold(v *node) int64 {
	parked.Done()
	<-forever
	return use(v)
}

// shell goes on as main does.
const shell = "echo after; n=0; while sleep 0.01; do n=$((n + 1)); echo tick $n; done"

func obey() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1, syscall.SIGUSR2)
	go func() {
		if <-signals == syscall.SIGUSR2 {
			os.Exit(7)
		}
		if os.Getpid()%2 == 1 {
			fmt.Println(syscall.Exec("/bin/sh", []string{"sh", "-c", shell}, os.Environ()))
			os.Exit(1)
		}
		fmt.Println(syscall.Exec("/proc/self/exe", []string{os.Args[0], "-after"}, os.Environ()))
		os.Exit(1)
	}()
}

func bear() {
	for n := 1; ; n++ {
		err := exec.Command("/bin/sh", "-c", "exit 3").Run()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 3 {
			fmt.Println("lost", err)
		}
		if n%20 == 0 {
			fmt.Println("child", n)
		}
	}
}

func main() {
	goroutines := flag.Int("goroutines", 2000, "goroutines that wait")
	children := flag.Bool("children", false, "start children")
	after := flag.Bool("after", false, "the program that another one became")
	flag.Parse()
	if *after {
		fmt.Println("after")
		*goroutines = 1
	}
	obey()
	for i := 0; i < *goroutines; i++ {
		parked.Add(1)
		go hold(&node{int64(i), fmt.Sprint("node ", i), &node{ID: int64(-i)}})
	}
	parked.Wait()
	if *children {
		go bear()
	}
	time.Sleep(100 * time.Millisecond)
	fmt.Printf("ready %d\n", os.Getpid())
	for n := 1; ; n++ {
		time.Sleep(10 * time.Millisecond)
		fmt.Println("tick", n)
	}
}
