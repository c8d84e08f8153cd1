// SPDX-License-Identifier: BSD-2-Clause

//go:build !go1.21

package main

import "context"

func after() context.Context {
	ctx, _ := context.WithCancel(request("after"))
	return ctx
}
