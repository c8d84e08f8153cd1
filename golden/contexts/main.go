// SPDX-License-Identifier: BSD-2-Clause

// contexts: values of a chain of contexts, by their keys.
package main

import (
	"context"
	"syscall"
)

type requestIDKey struct{}
type tenant struct{ Name string }
type tenantKey struct{}

//go:noinline
func park() {
	println("ready", syscall.Getpid())
	syscall.Pause()
}

//go:noinline
func hold(ctx context.Context) error {
	park()
	return ctx.Err()
}

func main() {
	ctx := context.WithValue(context.Background(), tenantKey{}, &tenant{"acme"})
	ctx = context.WithValue(ctx, requestIDKey{}, "outer")
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	hold(context.WithValue(ctx, requestIDKey{}, "inner"))
}
