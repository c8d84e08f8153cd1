// SPDX-License-Identifier: BSD-2-Clause

// slow-rpc is a service with a performance bug. A hundred clients call GetInfo,
// which takes 10 ms. Now and then a call takes up to a minute, and nothing says
// why: a background job holds the mutex of that client all the while.
//
// Server and clients are goroutines of one process; they speak over in-memory
// connections with a framing of their own. Nothing here knows of Askance.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"time"
)

func main() {
	clients := flag.Int("clients", 100, "number of clients")
	flag.Parse()

	s := startServer(*clients)
	var connections []*rpcClient
	for id := int32(1); id <= int32(*clients); id++ {
		client := s.connect()
		connections = append(connections, client)
		go runClient(id, client)
	}
	s.waitForClients(*clients)
	go s.backgroundProcessor()
	for slowest(connections) < 250*time.Millisecond {
		time.Sleep(10 * time.Millisecond)
	}
	// The runtime notes that a goroutine waits only when a garbage collection sees
	// it waiting, with the time of the collection before. Services collect garbage
	// all the time.
	runtime.GC()
	runtime.GC()
	fmt.Printf("ready %d\n", os.Getpid())
	for {
		time.Sleep(2 * time.Second)
		runtime.GC()
	}
}

// runClient calls the server as fast as it answers, for ever.
func runClient(clientID int32, client *rpcClient) {
	for {
		now := time.Now()
		request := &InfoRequest{
			ClientID: clientID,
			RequestTimestamp: &Timestamp{
				Seconds: now.Unix(),
				Nanos:   int32(now.Nanosecond()),
			},
		}
		if _, err := client.GetInfo(context.Background(), request); err != nil {
			fmt.Fprintln(os.Stderr, "client:", err)
			os.Exit(1)
		}
	}
}

// slowest is how long the oldest call that has no answer yet has been under way.
func slowest(connections []*rpcClient) time.Duration {
	var oldest time.Duration
	for _, client := range connections {
		if age := client.pending(); age > oldest {
			oldest = age
		}
	}
	return oldest
}
