// SPDX-License-Identifier: BSD-2-Clause
package main

import (
	"context"
	"net"
	"sync"
	"time"
)

// Timestamp is a moment on the wire.
type Timestamp struct {
	Seconds int64
	Nanos   int32
}

// InfoRequest asks for what the server knows about a client.
type InfoRequest struct {
	ClientID         int32
	RequestTimestamp *Timestamp
}

// InfoResponse says how often the client has called. It gives the request's
// timestamp back, so that the client can tell how long the call took.
type InfoResponse struct {
	NumCalls         int
	RequestTimestamp *Timestamp
}

// clientState is what the server keeps for each client.
type clientState struct {
	clientID int32
	numCalls int
	mu       struct {
		sync.Mutex
		processing                     bool
		lastBackgroundServiceStartTime time.Time
	}
}

type server struct {
	listener chan net.Conn
	mu       struct {
		sync.Mutex
		clientStates map[int32]*clientState
	}
}

func startServer(backlog int) *server {
	s := &server{listener: make(chan net.Conn, backlog)}
	s.mu.clientStates = make(map[int32]*clientState)
	go s.serve()
	return s
}

// connect gives the client's end of a new connection.
func (s *server) connect() *rpcClient {
	near, far := net.Pipe()
	s.listener <- far
	return &rpcClient{conn: near}
}

func (s *server) serve() {
	for conn := range s.listener {
		go s.serveConn(conn)
	}
}

// getClientState finds the state of a client, or makes it at its first call.
func (s *server) getClientState(clientID int32) *clientState {
	s.mu.Lock()
	defer s.mu.Unlock()
	cs, ok := s.mu.clientStates[clientID]
	if !ok {
		cs = &clientState{clientID: clientID}
		s.mu.clientStates[clientID] = cs
	}
	return cs
}

// GetInfo is the service's only call. It should take 10 ms.
func (s *server) GetInfo(ctx context.Context, request *InfoRequest) (*InfoResponse, error) {
	cs := s.getClientState(request.ClientID)
	cs.mu.Lock()
	defer cs.mu.Unlock()
	cs.numCalls++
	time.Sleep(10 * time.Millisecond)
	return &InfoResponse{NumCalls: cs.numCalls, RequestTimestamp: request.RequestTimestamp}, nil
}

// backgroundProcessor services one client after the other.
func (s *server) backgroundProcessor() {
	for {
		for _, cs := range s.clients() {
			s.processClient(cs)
		}
	}
}

// processClient is the bug: it holds the client's mutex for a minute.
func (s *server) processClient(cs *clientState) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	cs.mu.processing = true
	cs.mu.lastBackgroundServiceStartTime = time.Now()
	time.Sleep(time.Minute)
	cs.mu.processing = false
}

func (s *server) clients() []*clientState {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*clientState, 0, len(s.mu.clientStates))
	for _, cs := range s.mu.clientStates {
		all = append(all, cs)
	}
	return all
}

// waitForClients returns when n clients have called at least once.
func (s *server) waitForClients(n int) {
	for len(s.clients()) < n {
		time.Sleep(time.Millisecond)
	}
}
