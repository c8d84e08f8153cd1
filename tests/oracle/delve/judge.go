// SPDX-License-Identifier: BSD-2-Clause
package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"reflect"
	"sort"
	"strconv"
	"strings"

	"github.com/go-delve/delve/service/api"
	"github.com/go-delve/delve/service/rpc2"
)

// The judge compares every variable of every frame, part by part, with what a snapshot of
// the same stopped process has:
//
//	delve spec PID FILE   writes a spec that captures everything which is on a stack now,
//	                      and FILE.sql that selects it from a snapshot
//	delve hold PID FILE   writes what Delve sees to FILE, prints "held", and keeps the
//	                      process stopped until its standard input ends
//	delve judge FILE SQL OURS compares; OURS is the output of the queries in SQL
//
// Parts are compared where both have them. A part that only Delve has must have a reason
// of ours (a status in its place); else it is wrong, as is one that differs.

type variable struct {
	Name  string
	Value api.Variable
}

type frame struct {
	Goroutine int64
	Function  string
	Nth       int // of the frames of this function on this stack, from the root
	OnThread  bool
	Variables []variable
}

// functionName is what a spec calls a function: instances of generic ones are one.
func functionName(name string) string {
	var out strings.Builder
	depth := 0
	for _, c := range name {
		if c == '[' {
			if depth == 0 {
				out.WriteString("[...]")
			}
			depth++
		}
		if depth == 0 {
			out.WriteRune(c)
		}
		if c == ']' {
			depth--
		}
	}
	return out.String()
}

func seeFrames(client *rpc2.RPCClient) ([]frame, error) {
	load := &api.LoadConfig{FollowPointers: true, MaxVariableRecurse: 2, MaxStringLen: 512, MaxArrayValues: 64, MaxStructFields: -1}
	var frames []frame
	for start := 0; start >= 0; {
		page, next, err := client.ListGoroutines(start, 1000)
		if err != nil {
			return nil, err
		}
		if len(page) == 0 {
			break
		}
		start = next
		for _, g := range page {
			stack, err := client.Stacktrace(g.ID, maxDepth, 0, 0, load)
			if err != nil {
				continue
			}
			seen := map[string]int{}
			for i := len(stack) - 1; i >= 0; i-- {
				f := stack[i]
				if f.Function == nil || f.Function.Name() == "runtime.goexit" {
					continue
				}
				name := functionName(f.Function.Name())
				r := frame{Goroutine: g.ID, Function: name, Nth: seen[name], OnThread: g.ThreadID != 0}
				seen[name]++
				for _, v := range append(f.Arguments, f.Locals...) {
					if v.Flags&api.VariableShadowed == 0 && !strings.ContainsAny(v.Name, "~.&") && v.Name != "_" && v.Name != "" {
						r.Variables = append(r.Variables, variable{v.Name, v})
					}
				}
				frames = append(frames, r)
			}
		}
	}
	return frames, nil
}

// column is a variable of a function, and where the spec puts it.
type column struct{ Function, Variable, Table, Column string }

func columns(frames []frame) []column {
	variables := map[string]map[string]bool{}
	for _, f := range frames {
		for _, v := range f.Variables {
			if variables[f.Function] == nil {
				variables[f.Function] = map[string]bool{}
			}
			variables[f.Function][v.Name] = true
		}
	}
	functions := make([]string, 0, len(variables))
	for name := range variables {
		functions = append(functions, name)
	}
	sort.Strings(functions)
	var all []column
	for i, function := range functions {
		var names []string
		for name := range variables[function] {
			names = append(names, name)
		}
		sort.Strings(names)
		for j, name := range names {
			all = append(all, column{function, name, fmt.Sprint("f", i), fmt.Sprint("v", j)})
		}
	}
	return all
}

func printSpec(out io.Writer, frames []frame) {
	fmt.Fprint(out, "askance: 1\nname: everything\nlimits: {depth: 3, slice: 8KiB, map: 8KiB, bytes: 512MiB}\nfunctions:\n")
	last := ""
	for _, c := range columns(frames) {
		if c.Function != last {
			fmt.Fprintf(out, "  - name: %q\n    table: %s\n    capture:\n", c.Function, c.Table)
			last = c.Function
		}
		fmt.Fprintf(out, "      - {expr: %q, as: %s}\n", c.Variable, c.Column)
	}
}

func printQueries(out io.Writer, all []column) {
	for _, c := range all {
		fmt.Fprintf(out, "SELECT goroutine_id AS goroutine, '%s' AS function, '%s' AS variable, "+
			"rank() OVER (PARTITION BY goroutine_id ORDER BY frame_idx DESC) - 1 AS nth, raw_%s AS raw, status_%s AS status FROM %s;\n",
			c.Function, c.Variable, c.Column, c.Column, c.Table)
	}
}

func writeSpec(client *rpc2.RPCClient, path string) error {
	frames, err := seeFrames(client)
	if err != nil {
		return err
	}
	var spec, queries bytes.Buffer
	printSpec(&spec, frames)
	printQueries(&queries, columns(frames))
	if err := os.WriteFile(path, spec.Bytes(), 0o644); err != nil {
		return err
	}
	return os.WriteFile(path+".sql", queries.Bytes(), 0o644)
}

func hold(client *rpc2.RPCClient, path string) error {
	frames, err := seeFrames(client)
	if err != nil {
		return err
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := json.NewEncoder(file).Encode(frames); err != nil {
		return err
	}
	fmt.Println("held")
	io.Copy(io.Discard, os.Stdin)
	return nil
}

// ---- judging ----

type ours struct {
	Goroutine int64
	Function  string
	Variable  string
	Nth       int
	Raw       any
	Status    string
}

type judge struct {
	equal, missing, wrong int
	where                 string
	out                   *bufio.Writer
}

func (j *judge) differs(path string, ours any, theirs string) {
	j.wrong++
	text, _ := json.Marshal(ours)
	if len(text) > 200 {
		text = text[:200]
	}
	fmt.Fprintf(j.out, "wrong\t%s%s\tours %s\tDelve %s\n", j.where, path, text, theirs)
}

func (j *judge) same(path string, is bool, ours any, theirs string) {
	if is {
		j.equal++
	} else {
		j.differs(path, ours, theirs)
	}
}

// hole: the part has a status in place of a value.
func hole(part any) bool {
	object, is := part.(map[string]any)
	if !is {
		return false
	}
	status, is := object["__status"].(string)
	return is && (len(object) == 1 || status == "unknown_type" || status == "cycle")
}

func address(part any) (uint64, bool) {
	text, is := part.(string)
	if !is {
		return 0, false
	}
	n, err := strconv.ParseUint(strings.TrimPrefix(text, "0x"), 16, 64)
	return n, err == nil
}

func number(part any) string {
	switch n := part.(type) {
	case json.Number:
		return n.String()
	case string:
		return n
	case bool:
		return map[bool]string{true: "1", false: "0"}[n]
	}
	return ""
}

func float(text string) (float64, bool) {
	f, err := strconv.ParseFloat(text, 64)
	return f, err == nil
}

func (j *judge) part(path string, part any, v *api.Variable) {
	if v.Unreadable != "" || v.Kind == reflect.Invalid || v.OnlyAddr || v.Flags&api.VariableFakeAddress == 0 && v.Value == "" && scalar(v.Kind) {
		return // not loaded
	}
	if hole(part) {
		j.missing++
		return
	}
	if strings.HasPrefix(v.RealType, "sync/atomic.") && v.Kind == reflect.Struct {
		for i := range v.Children {
			if v.Children[i].Name == "v" {
				j.part(path+".v", part, &v.Children[i])
			}
		}
		return
	}
	object, _ := part.(map[string]any)
	switch v.Kind {
	case reflect.Bool:
		j.same(path, number(part) == map[string]string{"true": "1", "false": "0"}[v.Value], part, v.Value)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		text := v.Value
		if i := strings.LastIndexByte(text, '('); i >= 0 { // named constants: "Saturday (6)"
			text = strings.TrimSuffix(text[i+1:], ")")
		}
		got := number(part)
		if b, is := part.(bool); is {
			got = map[bool]string{true: "1", false: "0"}[b]
		}
		j.same(path, got == text, part, v.Value)
	case reflect.Float32, reflect.Float64:
		a, ok := float(number(part))
		b, also := float(v.Value)
		if v.Kind == reflect.Float32 {
			a, b = float64(float32(a)), float64(float32(b))
		}
		j.same(path, ok && also && (a == b || a != a && b != b), part, v.Value)
	case reflect.String:
		j.text(path, part, object, v)
	case reflect.Pointer:
		j.pointer(path, part, object, v)
	case reflect.UnsafePointer:
		var got any = part
		if object != nil {
			got = object["__addr"]
		}
		n, _ := address(got)
		if len(v.Children) == 1 {
			j.same(path, n == v.Children[0].Addr, part, fmt.Sprintf("%#x", v.Children[0].Addr))
		}
	case reflect.Struct:
		j.structure(path, part, object, v)
	case reflect.Array:
		j.array(path, part, v)
	case reflect.Slice:
		j.slice(path, part, object, v)
	case reflect.Map, reflect.Chan:
		j.container(path, part, object, v)
	case reflect.Func:
		if v.Base == 0 {
			j.same(path, part == nil, part, "nil")
		} else if !hole(object["func"]) {
			j.same(path, object["func"] == v.Value, part, v.Value)
		}
	case reflect.Interface:
		j.dynamic(path, part, object, v)
	}
}

func scalar(kind reflect.Kind) bool { return kind >= reflect.Bool && kind <= reflect.Float64 }

func (j *judge) text(path string, part any, object map[string]any, v *api.Variable) {
	if object == nil {
		j.differs(path, part, strconv.Quote(v.Value))
		return
	}
	if hole(object["len"]) || hole(object["__value"]) && number(object["len"]) == strconv.FormatInt(v.Len, 10) {
		j.missing++
		return
	}
	value := object["__value"]
	if cut, is := value.(map[string]any); is {
		if bytes, is := cut["__bytes"].(string); is {
			raw, _ := hex.DecodeString(bytes)
			value = string(raw)
		} else if cut["__value"] != nil {
			value = cut["__value"]
		}
	}
	got, _ := value.(string)
	n := min(len(got), len(v.Value))
	j.same(path, number(object["len"]) == strconv.FormatInt(v.Len, 10) && got[:n] == v.Value[:n], part, strconv.Quote(v.Value))
}

func (j *judge) pointer(path string, part any, object map[string]any, v *api.Variable) {
	if len(v.Children) != 1 {
		return
	}
	target := &v.Children[0]
	n, is := address(object["__addr"])
	if !is && part != nil {
		j.differs(path, part, fmt.Sprintf("%#x", target.Addr))
		return
	}
	j.same(path, n == target.Addr, part, fmt.Sprintf("%#x", target.Addr))
	if n != 0 && n == target.Addr && !target.OnlyAddr {
		j.part(path+".*", object["__value"], target)
	}
}

func (j *judge) structure(path string, part any, object map[string]any, v *api.Variable) {
	if v.RealType == "sync.Map" || strings.HasPrefix(v.RealType, "internal/sync.") {
		return
	}
	if object == nil && len(v.Children) > 0 {
		j.differs(path, part, "a struct")
		return
	}
	for i := range v.Children {
		child := &v.Children[i]
		if child.Name == "_" || v.RealType == "time.Time" && child.Name == "loc" {
			continue
		}
		inner, there := object[child.Name]
		if !there && child.Name != "" && v.Children[i].Unreadable == "" {
			// embedded fields are under the name of their type, without the package
			inner, there = object[child.Name[strings.LastIndexByte(child.Name, '.')+1:]]
		}
		if !there {
			if object["__status"] != nil {
				j.missing++
			} else {
				j.differs(path+"."+child.Name, part, "a field")
			}
			continue
		}
		j.part(path+"."+child.Name, inner, child)
	}
}

func (j *judge) array(path string, part any, v *api.Variable) {
	list, _ := part.([]any)
	if text, is := part.(string); is {
		list = byteList(text)
	}
	for i := range v.Children {
		if i >= len(list) {
			j.differs(path, part, fmt.Sprint(v.Len, " elements"))
			return
		}
		j.part(fmt.Sprintf("%s[%d]", path, i), list[i], &v.Children[i])
	}
}

func byteList(text string) (list []any) {
	raw, _ := hex.DecodeString(text)
	for _, b := range raw {
		list = append(list, json.Number(strconv.Itoa(int(b))))
	}
	return list
}

func (j *judge) slice(path string, part any, object map[string]any, v *api.Variable) {
	if part == nil {
		j.same(path, v.Base == 0 && v.Len == 0, part, fmt.Sprintf("%#x %d %d", v.Base, v.Len, v.Cap))
		return
	}
	for _, word := range []struct{ key, want string }{
		{"len", strconv.FormatInt(v.Len, 10)}, {"cap", strconv.FormatInt(v.Cap, 10)}} {
		if hole(object[word.key]) {
			j.missing++ // Delve has a zero for what has no location
		} else {
			j.same(path+"."+word.key, number(object[word.key]) == word.want, part, word.want)
		}
	}
	if n, is := address(object["__addr"]); is {
		j.same(path, n == v.Base, part, fmt.Sprintf("%#x", v.Base))
	}
	list, _ := object["array"].([]any)
	if text, is := object["bytes"].(string); is {
		list = byteList(text)
	}
	for i := 0; i < len(v.Children) && i < len(list); i++ {
		j.part(fmt.Sprintf("%s[%d]", path, i), list[i], &v.Children[i])
	}
	if len(list) < len(v.Children) {
		if object["__status"] != nil || hole(object["array"]) || hole(object["len"]) {
			j.missing++
		} else {
			j.differs(path, part, fmt.Sprint(len(v.Children), " elements"))
		}
	}
}

func (j *judge) container(path string, part any, object map[string]any, v *api.Variable) {
	if v.Base == 0 && v.Len == 0 && part == nil {
		j.equal++
		return
	}
	if hole(object["entries"]) || hole(object["buffer"]) {
		j.missing++
		return
	}
	if v.Kind == reflect.Chan { // Delve shows its header
		for i := range v.Children {
			text := v.Children[i].Value
			switch v.Children[i].Name {
			case "qcount":
				j.same(path+".len", number(object["len"]) == text, part, "len "+text)
			case "dataqsiz":
				j.same(path+".cap", number(object["cap"]) == text, part, "cap "+text)
			case "closed":
				j.same(path+".closed", object["closed"] == (text != "0"), part, "closed "+text)
			}
		}
		return
	}
	j.same(path+".len", number(object["len"]) == strconv.FormatInt(v.Len, 10), part, fmt.Sprint("len ", v.Len))
	// Entries by key, where keys are numbers or strings.
	byKey := map[string]any{}
	list, _ := object["entries"].([]any)
	for _, e := range list {
		entry, _ := e.(map[string]any)
		key := entry["key"]
		if text, is := key.(map[string]any); is {
			key = text["__value"]
		}
		byKey[fmt.Sprint(key)] = entry["value"]
	}
	for i := 0; i+1 < len(v.Children); i += 2 {
		key := &v.Children[i]
		if key.Kind != reflect.String && (key.Kind < reflect.Int || key.Kind > reflect.Uint64) || key.Unreadable != "" {
			continue
		}
		value, there := byKey[key.Value]
		switch {
		case there:
			j.part(fmt.Sprintf("%s[%s]", path, key.Value), value, &v.Children[i+1])
		case object["__status"] != nil:
			j.missing++
		case !strings.Contains(key.Value, " (") && int64(len(key.Value)) == max(key.Len, int64(len(key.Value))):
			j.differs(path, part, "key "+key.Value)
		}
	}
}

func (j *judge) dynamic(path string, part any, object map[string]any, v *api.Variable) {
	if len(v.Children) != 1 || v.Children[0].Unreadable != "" {
		return
	}
	data := &v.Children[0]
	if data.Kind == reflect.Invalid {
		if data.Addr == 0 && part != nil && !hole(object["__type"]) && object["__word"] == "0x0" {
			j.differs(path, part, "nil")
		}
		return
	}
	if hole(object["__type"]) {
		j.missing++
		return
	}
	name, _ := object["__type"].(string)
	j.same(path+".(type)", name == data.Type || name == data.RealType, part, data.Type)
	if value, there := object["__value"]; there {
		j.part(path+".("+data.Type+")", value, data)
	}
}

func judgeAll(theirs, queries, oursPath string) error {
	var frames []frame
	asked, err := os.ReadFile(queries)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(theirs)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &frames); err != nil {
		return err
	}
	file, err := os.Open(oursPath)
	if err != nil {
		return err
	}
	defer file.Close()
	type key struct {
		goroutine          int64
		function, variable string
		nth                int
	}
	known := map[key]ours{}
	decoder := json.NewDecoder(bufio.NewReaderSize(file, 1<<20))
	decoder.UseNumber()
	for {
		var rows []ours
		if err := decoder.Decode(&rows); err == io.EOF {
			break
		} else if err != nil {
			return err
		}
		for _, r := range rows {
			known[key{r.Goroutine, r.Function, r.Variable, r.Nth}] = r
		}
	}
	j := &judge{out: bufio.NewWriter(os.Stdout)}
	variables, both, unavailable, absent, onThread, unasked, more := 0, 0, 0, 0, 0, 0, 0
	for _, f := range frames {
		for _, v := range f.Variables {
			variables++
			mine, there := known[key{f.Goroutine, f.Function, v.Name, f.Nth}]
			j.where = fmt.Sprintf("%d %s %s", f.Goroutine, f.Function, v.Name)
			readable := v.Value.Unreadable == ""
			switch {
			case !there && !bytes.Contains(asked, []byte(fmt.Sprintf("'%s' AS function, '%s' AS variable", f.Function, v.Name))):
				unasked++ // left out, or not on a stack when the spec was made
			case !there && f.OnThread:
				// Delve has the thread's registers and we, looking on without pausing, only what
				// the runtime wrote down when the goroutine entered the system call.
				onThread++
			case !there:
				absent++
				fmt.Fprintf(j.out, "absent\t%s\n", j.where)
			case mine.Raw == nil && !strings.HasPrefix(mine.Status, "nil"):
				if readable {
					unavailable++
					fmt.Fprintf(j.out, "missing\t%s\t%s\tDelve %.100s\n", j.where, mine.Status, v.Value.SinglelineString())
				}
			case !readable:
				more++
			default:
				both++
				j.part("", parse(mine.Raw, &v.Value), &v.Value)
			}
		}
	}
	j.out.Flush()
	fmt.Printf("total\tvariables %d\tboth %d\tours alone %d\tDelve alone %d\tno row %d\tin a system call %d\tnot asked for %d\tparts equal %d\tparts missing %d\tparts wrong %d\n",
		variables, both, more, unavailable, absent, onThread, unasked, j.equal, j.missing, j.wrong)
	return nil
}

// parse makes of a cell what it is: JSON, or a text of its own.
func parse(raw any, v *api.Variable) any {
	text, is := raw.(string)
	if !is || text == "" || !strings.ContainsRune("{[\"", rune(text[0])) {
		return raw
	}
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.UseNumber()
	var value any
	if decoder.Decode(&value) != nil {
		return raw
	}
	return value
}
