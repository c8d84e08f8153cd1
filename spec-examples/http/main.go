// SPDX-License-Identifier: BSD-2-Clause

// http-demo is an ordinary net/http server and its clients, in one process.
// Idle, its clients hold open connections and ask for nothing; with -load they
// ask all the time. Nothing here knows of Askance, and net/http is as it ships.
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"
)

func main() {
	load := flag.Bool("load", false, "let the clients ask all the time")
	clients := flag.Int("clients", 20, "number of clients, each with its own connection")
	flag.Parse()
	if *clients < 1 || *clients > 1000 {
		log.Fatal("http-demo: -clients must be from 1 to 1000")
	}

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	base := "http://" + listener.Addr().String()
	go func() { log.Fatal(newServer(listener.Addr().String()).Serve(listener)) }()

	for i := 0; i < *clients; i++ {
		c := newClient(base, i)
		if err := c.get("/hello"); err != nil {
			log.Fatal(err)
		}
		if *load {
			go c.run()
		}
	}
	// Let the servers' goroutines come to rest after the first requests.
	time.Sleep(100 * time.Millisecond)
	fmt.Printf("ready %d\n", os.Getpid())
	select {}
}

func newServer(address string) *http.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("/hello", hello)
	mux.HandleFunc("/report", report)
	return &http.Server{Addr: address, Handler: mux, ReadHeaderTimeout: 5 * time.Second}
}

// hello answers at once.
func hello(w http.ResponseWriter, r *http.Request) {
	io.WriteString(w, "hello, "+r.RemoteAddr+"\n")
}

// report takes its time: as many milliseconds as the query's ms says.
func report(w http.ResponseWriter, r *http.Request) {
	ms, err := strconv.Atoi(r.URL.Query().Get("ms"))
	if err != nil || ms < 0 || ms > 1000 {
		http.Error(w, "ms must be from 0 to 1000", http.StatusBadRequest)
		return
	}
	time.Sleep(time.Duration(ms) * time.Millisecond)
	fmt.Fprintf(w, "%s took %d ms\n", r.URL.Path, ms)
}

// client is a user with one connection.
type client struct {
	http *http.Client
	base string
	id   int
}

func newClient(base string, id int) *client {
	transport := &http.Transport{MaxConnsPerHost: 1, MaxIdleConnsPerHost: 1}
	return &client{http: &http.Client{Transport: transport, Timeout: time.Minute}, base: base, id: id}
}

// run asks for a slow report, again and again.
func (c *client) run() {
	for {
		if err := c.get("/report?ms=" + strconv.Itoa(100+c.id)); err != nil {
			log.Print(err)
			return
		}
	}
}

func (c *client) get(path string) error {
	response, err := c.http.Get(c.base + path)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return err
}
