// SPDX-License-Identifier: BSD-2-Clause

// delve PID PREFIX: what Delve sees in a live process, as lines of tab-separated text:
//
//	frame  goroutine  index  function  line
//	value  goroutine  function  variable  kind  text
//
// (judge.go has the other uses) for every goroutine, and the variables of functions whose names begin with PREFIX. The
// process goes on afterwards. Left out is what Delve cannot know (see trusted).
package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"reflect"
	"strconv"
	"strings"

	"github.com/go-delve/delve/service"
	"github.com/go-delve/delve/service/api"
	"github.com/go-delve/delve/service/debugger"
	"github.com/go-delve/delve/service/rpc2"
	"github.com/go-delve/delve/service/rpccommon"
)

const maxDepth = 1000

func main() {
	arguments := os.Args[1:]
	if len(arguments) == 4 && arguments[0] == "judge" {
		if err := judgeAll(arguments[1], arguments[2], arguments[3]); err != nil {
			fail(err)
		}
		return
	}
	if len(arguments) == 4 && arguments[0] == "post" {
		if err := post(arguments[1], arguments[2], arguments[3]); err != nil {
			fail(err)
		}
		return
	}
	if len(arguments) < 2 {
		fail("usage: delve PID PREFIX | spec PID FILE | hold PID FILE | judge FILE SQL OURS | post SOCKET PATH BODY")
	}
	mode := ""
	if arguments[0] == "spec" || arguments[0] == "hold" {
		mode, arguments = arguments[0], arguments[1:]
	}
	pid, err := strconv.Atoi(arguments[0])
	if err != nil {
		fail(err)
	}
	listener, conn := service.ListenerPipe()
	server := rpccommon.NewServer(&service.Config{
		Listener:   listener,
		APIVersion: 2,
		Debugger:   debugger.Config{AttachPid: pid, Backend: "native"},
	})
	if err := server.Run(); err != nil {
		fail(err)
	}
	client := rpc2.NewClientFromConn(conn)
	switch mode {
	case "spec":
		err = writeSpec(client, arguments[1])
	case "hold":
		err = hold(client, arguments[1])
	default:
		out := bufio.NewWriter(os.Stdout)
		err = printProcess(out, client, arguments[1])
		out.Flush()
	}
	if detach := client.Detach(false); err == nil {
		err = detach
	}
	if err != nil {
		fail(err)
	}
}

// post sends a request over HTTP to a Unix socket and copies the answer: programs under test need
// clients, and no port has to be known.
func post(socket, path, body string) error {
	client := http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		}}}
	answer, err := client.Post("http://socket"+path, "application/json", strings.NewReader(body))
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(os.Stdout, answer.Body); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", path, answer.Status)
	}
	return nil
}

func fail(why any) {
	fmt.Fprintln(os.Stderr, "delve:", why)
	os.Exit(1)
}

func printProcess(out *bufio.Writer, client *rpc2.RPCClient, prefix string) error {
	load := &api.LoadConfig{FollowPointers: true, MaxVariableRecurse: 0, MaxStringLen: 1 << 16, MaxArrayValues: 0, MaxStructFields: 0}
	for start := 0; start >= 0; {
		page, next, err := client.ListGoroutines(start, 1000)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			return nil
		}
		start = next
		for _, g := range page {
			frames, err := client.Stacktrace(g.ID, maxDepth, 0, 0, load)
			if err != nil {
				return fmt.Errorf("goroutine %d: %w", g.ID, err)
			}
			printStack(out, g.ID, frames, prefix)
		}
	}
	return nil
}

func printStack(out *bufio.Writer, goid int64, frames []api.Stackframe, prefix string) {
	index := 0
	for _, f := range frames {
		if f.Function == nil || f.Function.Name() == "runtime.goexit" {
			continue
		}
		name := f.Function.Name()
		fmt.Fprintf(out, "frame\t%d\t%d\t%s\t%d\n", goid, index, name, f.Line)
		index++
		if !strings.HasPrefix(name, prefix) {
			continue
		}
		for _, v := range append(f.Arguments, f.Locals...) {
			if kind, text, ok := describe(&v); ok {
				fmt.Fprintf(out, "value\t%d\t%s\t%s\t%s\t%s\n", goid, name, v.Name, kind, text)
			}
		}
	}
}

// describe gives what can be compared: scalars and texts as they are, and of what has
// parts the address, which says that the variable was found in the right place.
func describe(v *api.Variable) (kind, text string, ok bool) {
	if v.Unreadable != "" {
		return "", "", false
	}
	switch v.Kind {
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		if i := strings.LastIndexByte(v.Value, ' '); i >= 0 { // named constants: "Saturday (6)"
			return "", "", false
		}
		return "scalar", v.Value, true
	case reflect.String:
		if !trusted(v) || v.Len > 512 || strings.ContainsAny(v.Value, "\t\n\r\x00") {
			return "", "", false
		}
		return "string", v.Value, true
	case reflect.Pointer:
		if len(v.Children) != 1 {
			return "", "", false
		}
		return "pointer", fmt.Sprintf("%#x", v.Children[0].Addr), true
	case reflect.Slice:
		if !trusted(v) {
			return "", "", false
		}
		return "slice", fmt.Sprintf("%#x %d %d", v.Base, v.Len, v.Cap), true
	}
	return "", "", false
}

// trusted: Delve fills pieces that have no location with zeros and says nothing. What has
// words of zero beside words that are not is therefore not compared.
func trusted(v *api.Variable) bool {
	return v.Base != 0 && v.Len > 0 && (v.Kind != reflect.Slice || v.Cap >= v.Len)
}
