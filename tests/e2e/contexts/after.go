// SPDX-License-Identifier: BSD-2-Clause

//go:build go1.21

package main

import "context"

// after has the links that Go 1.21 brought.
func after() context.Context {
	ctx, _ := context.WithCancel(request("after"))
	ctx = context.WithoutCancel(ctx)
	ctx, _ = context.WithCancelCause(ctx)
	context.AfterFunc(ctx, func() {})
	return context.WithoutCancel(ctx)
}
