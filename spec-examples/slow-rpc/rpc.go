// SPDX-License-Identifier: BSD-2-Clause
package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"sync/atomic"
	"time"
)

// The wire format: requests and responses of fixed size, little-endian.
const (
	requestSize  = 16 // client ID, seconds, nanoseconds
	responseSize = 20 // number of calls, seconds, nanoseconds
)

// rpcClient is one client's connection. Calls on it are made one at a time.
type rpcClient struct {
	conn  net.Conn
	since atomic.Int64 // when the call under way began, Unix nanoseconds; 0: none is
}

// GetInfo sends the request and waits for the answer.
func (c *rpcClient) GetInfo(ctx context.Context, request *InfoRequest) (*InfoResponse, error) {
	c.since.Store(time.Now().UnixNano())
	defer c.since.Store(0)
	var frame [requestSize]byte
	binary.LittleEndian.PutUint32(frame[0:], uint32(request.ClientID))
	binary.LittleEndian.PutUint64(frame[4:], uint64(request.RequestTimestamp.Seconds))
	binary.LittleEndian.PutUint32(frame[12:], uint32(request.RequestTimestamp.Nanos))
	if _, err := c.conn.Write(frame[:]); err != nil {
		return nil, err
	}
	var answer [responseSize]byte
	if _, err := io.ReadFull(c.conn, answer[:]); err != nil {
		return nil, err
	}
	return &InfoResponse{
		NumCalls: int(binary.LittleEndian.Uint64(answer[0:])),
		RequestTimestamp: &Timestamp{
			Seconds: int64(binary.LittleEndian.Uint64(answer[8:])),
			Nanos:   int32(binary.LittleEndian.Uint32(answer[16:])),
		},
	}, nil
}

// pending is how long the call under way has lasted, 0 when there is none.
func (c *rpcClient) pending() time.Duration {
	since := c.since.Load()
	if since == 0 {
		return 0
	}
	return time.Duration(time.Now().UnixNano() - since)
}

// serveConn answers the calls of one connection, one after the other.
func (s *server) serveConn(conn net.Conn) {
	ctx := context.Background()
	for {
		var frame [requestSize]byte
		if _, err := io.ReadFull(conn, frame[:]); err != nil {
			return
		}
		request := &InfoRequest{
			ClientID: int32(binary.LittleEndian.Uint32(frame[0:])),
			RequestTimestamp: &Timestamp{
				Seconds: int64(binary.LittleEndian.Uint64(frame[4:])),
				Nanos:   int32(binary.LittleEndian.Uint32(frame[12:])),
			},
		}
		response, err := s.GetInfo(ctx, request)
		if err != nil {
			fmt.Fprintln(os.Stderr, "server:", err)
			return
		}
		var answer [responseSize]byte
		binary.LittleEndian.PutUint64(answer[0:], uint64(response.NumCalls))
		binary.LittleEndian.PutUint64(answer[8:], uint64(response.RequestTimestamp.Seconds))
		binary.LittleEndian.PutUint32(answer[16:], uint32(response.RequestTimestamp.Nanos))
		if _, err := conn.Write(answer[:]); err != nil {
			return
		}
	}
}
