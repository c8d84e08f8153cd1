// Goroutines that compute without a call: what their functions know is in registers.
package main

import (
	"fmt"
	"os"
	"runtime"
	"time"
)

type box struct {
	id, twin int
	next     *box
}

var sink [64]int
var stop int

// Captured by value, none is ever assigned to: twin is 3*id + 1, and the others follow from them.
func start(id int) {
	twin := 3*id + 1
	b := &box{id: id, twin: twin, next: &box{id: twin}}
	name := fmt.Sprint("goroutine ", id)
	go func() {
		s := 0
		for stop == 0 {
			for i := 0; i < 1000; i++ {
				s += sink[i&63]*id ^ twin
				s += b.next.id
				if i < len(name) {
					s ^= int(name[i])
				}
			}
			sink[id&63] = s
		}
	}()
}

// Debug info says of `a` that it is in b's register from the first instruction on, and of `x` that it
// has its old value. Neither is to be believed.
//
//go:noinline
func assigned(b, a, n int) int {
	x := a
	s := 0
	for i := 0; i < n; i++ {
		s += sink[i&63] * a
	}
	x = x*3 + 1
	for i := 0; i < n; i++ {
		s += sink[i&63]*x ^ a
	}
	a = b
	for i := 0; i < n; i++ {
		s ^= sink[i&63] + a
	}
	return s + a + b + x
}

func main() {
	runtime.GOMAXPROCS(3)
	start(17)
	go func() {
		for stop == 0 {
			sink[9] = assigned(1000, 2000, 3000)
		}
	}()
	fmt.Println("ready", os.Getpid())
	time.Sleep(time.Hour)
}
