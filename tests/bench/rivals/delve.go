// SPDX-License-Identifier: BSD-2-Clause
package main

import (
	"fmt"
	"runtime"
	"time"

	"github.com/go-delve/delve/pkg/proc"
	"github.com/go-delve/delve/service"
	"github.com/go-delve/delve/service/debugger"
	"github.com/go-delve/delve/service/rpc2"
	"github.com/go-delve/delve/service/rpccommon"
)

const (
	pageSize = 1000 // goroutines of one request
	maxDepth = 50
)

// delve connects in the way `dlv attach` does, by a pipe within one process. The target is
// stopped from the attaching to the detaching; pause_ns leaves out the attaching, most of
// which is the reading of debug information.
func delve(pid int) error {
	begin := time.Now()
	listener, conn := service.ListenerPipe()
	server := rpccommon.NewServer(&service.Config{
		Listener:   listener,
		APIVersion: 2,
		Debugger:   debugger.Config{AttachPid: pid, Backend: "native"},
	})
	if err := server.Run(); err != nil {
		return err
	}
	client := rpc2.NewClientFromConn(conn)
	attached := time.Now()
	goroutines, frames, err := everyStack(client)
	read := time.Now()
	if detach := client.Detach(false); err == nil {
		err = detach
	}
	if err != nil {
		return err
	}
	fmt.Printf("attach_ns: %d\npause_ns: %d\nwall_ns: %d\ngoroutines: %d\nframes: %d\n", attached.Sub(begin),
		read.Sub(attached), time.Since(begin), goroutines, frames)
	return nil
}

func everyStack(client *rpc2.RPCClient) (goroutines, frames int, err error) {
	for start := 0; start >= 0; {
		page, next, err := client.ListGoroutines(start, pageSize)
		if err != nil {
			return 0, 0, err
		}
		if len(page) == 0 {
			break
		}
		start = next
		for _, g := range page {
			stack, err := client.Stacktrace(g.ID, maxDepth, 0, 0, nil)
			if err != nil {
				return 0, 0, fmt.Errorf("goroutine %d: %w", g.ID, err)
			}
			goroutines++
			frames += len(stack)
		}
	}
	return goroutines, frames, nil
}

func loadBinary(path string) error {
	begin := time.Now()
	info := proc.NewBinaryInfo(runtime.GOOS, runtime.GOARCH, false)
	defer info.Close()
	if err := info.LoadBinaryInfo(path, 0, nil); err != nil {
		return err
	}
	fmt.Printf("load_ns: %d\nfunctions: %d\n", time.Since(begin), len(info.Functions))
	return nil
}
