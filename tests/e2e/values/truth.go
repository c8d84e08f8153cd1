// SPDX-License-Identifier: BSD-2-Clause
package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
	"unsafe"
)

// The limits of spec.ask.yaml, which are the language's defaults.
const (
	limitDepth  = 4
	limitString = 512
	limitSlice  = 512
)

// expectation is a line of the program's output: what a column must hold.
type expectation struct {
	Table  string  `json:"table"`
	Column string  `json:"column"`
	Kind   string  `json:"kind"`  // integer real text json null: SQLite's type, or JSON text; entries: a map's, in any order
	Value  *string `json:"value"` // as text
	Status string  `json:"status"`
}

func (e expectation) print() {
	line, err := json.Marshal(e)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(line))
}

// truth says what column must hold for this value, at the default limits.
func truth(table, column string, value any) { truthDepth(table, column, value, limitDepth) }

// truthStatus says that a column has no value and why (a GLOB pattern).
func truthStatus(table, column, kind, status string) {
	expectation{table, column, kind, nil, status}.print()
}

func truthDepth(table, column string, value any, depth int) {
	truthValue(table, column, reflect.ValueOf(value), depth)
}

func truthValue(table, column string, v reflect.Value, depth int) {
	w := &writer{status: "ok"}
	// A scalar behind pointers is the scalar, but following them has its price.
	followed := v
	left := depth
	for followed.Kind() == reflect.Pointer && !followed.IsNil() && left > 0 {
		followed, left = followed.Elem(), left-1
	}
	if t := followed.Type(); t.PkgPath() == "sync/atomic" && (t.Name() == "Value" || strings.HasPrefix(t.Name(), "Pointer[")) {
		// JSON of what they hold, also where that is a scalar
		if followed = atomicTarget(followed); !followed.IsNil() {
			w.value(followed, left)
			text := w.String()
			expectation{table, column, "json", &text, w.status + "*"}.print()
			return
		}
	}
	e := expectation{Table: table, Column: column, Status: "ok"}
	text := func(kind, s string) { e.Kind, e.Value = kind, &s }
	switch {
	case followed.Kind() == reflect.Pointer && followed.IsNil():
		e.Kind, e.Status = "null", "nil*"
	case followed.Type() == reflect.TypeOf(time.Time{}):
		text("text", timeText(followed.Interface().(time.Time)))
	case nullable(followed) && followed.IsNil():
		e.Kind, e.Status = "null", "nil*"
	case followed.Kind() == reflect.Bool:
		text("integer", map[bool]string{false: "0", true: "1"}[followed.Bool()])
	case followed.CanInt():
		text("integer", strconv.FormatInt(followed.Int(), 10))
	case followed.CanUint() && followed.Uint() > math.MaxInt64:
		text("text", strconv.FormatUint(followed.Uint(), 10))
	case followed.CanUint():
		text("integer", strconv.FormatUint(followed.Uint(), 10))
	case followed.CanFloat():
		if f := followed.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
			text("text", floatText(f))
		} else {
			text("real", floatText(f))
		}
	case followed.Kind() == reflect.String:
		s := followed.String()
		if len(s) > limitString {
			e.Status, s = "truncated*", s[:limitString]
		}
		if utf8.ValidString(s) {
			text("text", s)
		} else {
			text("json", `{"__bytes":"`+hex.EncodeToString([]byte(s))+`"}`)
		}
	case followed.Kind() == reflect.Array && followed.Type().Elem().Kind() == reflect.Uint8:
		w.value(followed, left)
		text("text", strings.Trim(w.String(), `"`))
	default:
		w.value(v, depth)
		text("json", w.String())
		e.Status = w.status + "*"
	}
	e.print()
}

// truthEntries says what entries a map must have, where keys have no order.
func truthEntries(table, column string, m any, depth int) {
	w := &writer{status: "ok"}
	var entries []string
	v := reflect.ValueOf(m)
	for _, key := range v.MapKeys() {
		entries = append(entries, w.entry(key, v.MapIndex(key), depth))
	}
	sort.Strings(entries)
	text := "[" + strings.Join(entries, ",") + "]"
	expectation{table, column, "entries", &text, w.status + "*"}.print()
}

// truthFields says so for the fields of a struct, captured one by one as NAME.FIELD.
func truthFields(table, name string, pointer any, except ...string) {
	v := reflect.ValueOf(pointer).Elem()
	for i := 0; i < v.NumField(); i++ {
		field := v.Type().Field(i).Name
		if !strings.Contains(" "+strings.Join(except, " ")+" ", " "+field+" ") {
			truthValue(table, name+"_"+field, v.Field(i), limitDepth)
		}
	}
}

// truthAny is for a variable whose type is an interface.
func truthAny(table, column string, value any) {
	truthValue(table, column, reflect.ValueOf(&value).Elem(), limitDepth)
}

func nullable(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map, reflect.Chan, reflect.Func, reflect.Interface:
		return true
	}
	return false
}

// What reflection cannot tell of channels and funcs, by their address.
type waiters struct {
	closed             bool
	receivers, senders []int64
	buffer             []any
}

var (
	knownChannels = map[uintptr]waiters{}
	knownClosures = map[uintptr]variables{} // nil: not described in any version
)

// closuresAreDescribed: Go 1.23 was the first to say where captured variables are.
func closuresAreDescribed() bool { return minorVersion() >= 23 }

// variables are names and values in turn. A value is given by its address where its type
// is an interface.
type variables []any

// captures says what a func value captured.
func captures[F any](f F, v variables) { knownClosures[*(*uintptr)(unsafe.Pointer(&f))] = v }

// open makes a value that was reached through unexported fields as good as any other.
// The layout of reflect.Value has been {type, pointer, flag} in all of Go 1.
func open(v reflect.Value) reflect.Value {
	const readOnly = 1<<5 | 1<<6
	type value struct {
		typ, ptr unsafe.Pointer
		flag     uintptr
	}
	(*value)(unsafe.Pointer(&v)).flag &^= readOnly
	return v
}

type ancestor struct {
	address uintptr
	typ     reflect.Type
	array   bool
}

// writer writes values as DESIGN describes them, section by section of its table.
type writer struct {
	strings.Builder
	status    string
	ancestors []ancestor // what leads to where we are
}

// enter says whether we are inside of this already; if not, we now are, until leave.
func (w *writer) enter(a ancestor) (cycle bool) {
	for _, b := range w.ancestors {
		if a == b {
			fmt.Fprintf(w, `{"__status":"cycle","__addr":"%#x"}`, a.address)
			return true
		}
	}
	w.ancestors = append(w.ancestors, a)
	return false
}

func (w *writer) leave() { w.ancestors = w.ancestors[:len(w.ancestors)-1] }

func (w *writer) text(s string) {
	if !utf8.ValidString(s) {
		fmt.Fprintf(w, `{"__bytes":%q}`, hex.EncodeToString([]byte(s)))
		return
	}
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	w.Write(b)
}

func (w *writer) part(status string) {
	if w.status == "ok" || status == "partial" {
		w.status = status
	}
}

func (w *writer) value(v reflect.Value, depth int) {
	v = open(v)
	switch {
	case v.Type() == reflect.TypeOf(time.Time{}):
		w.text(timeOf(v))
	case v.Kind() == reflect.Bool:
		fmt.Fprint(w, v.Bool())
	case v.CanInt():
		fmt.Fprint(w, v.Int())
	case v.CanUint() && v.Uint() > math.MaxInt64:
		w.text(strconv.FormatUint(v.Uint(), 10)) // readers of JSON would round the number
	case v.CanUint():
		fmt.Fprint(w, v.Uint())
	case v.CanFloat():
		if f := v.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
			w.text(floatText(f))
		} else {
			w.WriteString(floatText(f))
		}
	case v.Kind() == reflect.String:
		w.stringValue(v.String())
	case v.Kind() == reflect.Pointer:
		w.pointer(v, depth)
	case v.Kind() == reflect.Struct:
		w.structure(v, depth)
	case v.Kind() == reflect.Array:
		w.array(v, depth)
	case v.Kind() == reflect.Slice:
		w.slice(v, depth)
	case v.Kind() == reflect.UnsafePointer && v.Pointer() != 0:
		fmt.Fprintf(w, `"%#x"`, v.Pointer())
	case v.CanComplex():
		c := v.Complex()
		w.WriteString(`{"real":`)
		w.value(reflect.ValueOf(real(c)), depth)
		w.WriteString(`,"imag":`)
		w.value(reflect.ValueOf(imag(c)), depth)
		w.WriteString("}")
	case v.IsNil():
		w.WriteString("null")
	case v.Kind() == reflect.Map:
		w.mapping(v, depth)
	case v.Kind() == reflect.Chan:
		w.channel(v, depth)
	case v.Kind() == reflect.Func:
		w.function(v, depth)
	case v.Kind() == reflect.Interface:
		w.dynamic(v.Elem(), depth)
	default:
		panic("no form for " + v.Type().String())
	}
}

// entry is written apart, and the indices of its own brackets do not count.
func (w *writer) entry(key, value reflect.Value, depth int) string {
	e := &writer{status: w.status, ancestors: w.ancestors}
	e.WriteString(`{"key":`)
	e.value(key, depth)
	e.WriteString(`,"value":`)
	e.value(value, depth)
	e.WriteString("}")
	w.status = e.status
	return e.String()
}

// less is the order of keys that have one.
func less(a, b reflect.Value) bool {
	switch {
	case a.CanInt():
		return a.Int() < b.Int()
	case a.CanUint():
		return a.Uint() < b.Uint()
	case a.CanFloat():
		return a.Float() < b.Float()
	case a.Kind() == reflect.String:
		return a.String() < b.String()
	case a.Kind() == reflect.Bool:
		return !a.Bool() && b.Bool()
	case a.Kind() == reflect.Pointer:
		return a.Pointer() < b.Pointer()
	}
	panic("no order for " + a.Type().String())
}

// mapping writes all entries: captures of large maps have limits that let them.
func (w *writer) mapping(v reflect.Value, depth int) {
	if w.enter(ancestor{v.Pointer(), v.Type(), false}) {
		return
	}
	keys := v.MapKeys()
	if len(keys) > 1 {
		sort.Slice(keys, func(i, j int) bool { return less(keys[i], keys[j]) })
	}
	w.WriteString(`{"entries":[`)
	for i, key := range keys {
		if i > 0 {
			w.WriteString(",")
		}
		w.WriteString(w.entry(key, v.MapIndex(key), depth))
	}
	fmt.Fprintf(w, `],"len":%d}`, v.Len())
	w.leave()
}

func (w *writer) channel(v reflect.Value, depth int) {
	if w.enter(ancestor{v.Pointer(), v.Type(), false}) {
		return
	}
	known := knownChannels[v.Pointer()]
	if known.buffer == nil && !known.closed && v.Len() > 0 {
		// Out and in again: the elements are the same afterwards, in the same order.
		for n := v.Len(); n > 0; n-- {
			element, _ := v.Recv()
			known.buffer = append(known.buffer, element.Interface())
			v.Send(element)
		}
	}
	fmt.Fprintf(w, `{"len":%d,"cap":%d,"closed":%v,"buffer":[`, v.Len(), v.Cap(), known.closed)
	for i, element := range known.buffer {
		if i > 0 {
			w.WriteString(",")
		}
		slot := reflect.New(v.Type().Elem()).Elem()
		if element != nil {
			slot.Set(reflect.ValueOf(element))
		}
		w.value(slot, depth)
	}
	w.WriteString(`],"recv_waiters":`)
	w.goroutines(known.receivers)
	w.WriteString(`,"send_waiters":`)
	w.goroutines(known.senders)
	w.WriteString("}")
	w.leave()
}

func (w *writer) goroutines(ids []int64) {
	if ids == nil {
		ids = []int64{}
	}
	text, _ := json.Marshal(ids)
	w.Write(text)
}

func (w *writer) function(v reflect.Value, depth int) {
	name := runtime.FuncForPC(v.Pointer()).Name()
	slot := reflect.New(v.Type())
	slot.Elem().Set(v)
	object := *(*uintptr)(slot.UnsafePointer())
	variables, known := knownClosures[object]
	fmt.Fprintf(w, `{"func":%q,"captured":`, name)
	switch {
	case !known:
		w.WriteString("{}")
	case variables == nil || !closuresAreDescribed() && !strings.HasSuffix(name, "-fm"):
		w.part("partial")
		w.WriteString(`{"__status":"unavailable"}`)
	case depth == 0:
		w.WriteString(`{"__status":"depth"}`)
	case !w.enter(ancestor{object, v.Type(), false}):
		separator := "{"
		for i := 0; i < len(variables); i += 2 {
			fmt.Fprintf(w, "%s%q:", separator, variables[i])
			value := reflect.ValueOf(variables[i+1])
			if value.Kind() == reflect.Pointer && value.Elem().Kind() == reflect.Interface {
				value = value.Elem()
			}
			w.value(value, depth-1)
			separator = ","
		}
		w.WriteString("}")
		w.leave()
	}
	w.WriteString("}")
}

// pointerShaped gives the kind of the one word that a type consists of, if it is a pointer.
func pointerShaped(t reflect.Type) (reflect.Kind, bool) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Chan, reflect.Func, reflect.UnsafePointer:
		return t.Kind(), true
	case reflect.Array:
		if t.Len() == 1 {
			return pointerShaped(t.Elem())
		}
	case reflect.Struct:
		if t.NumField() == 1 {
			return pointerShaped(t.Field(0).Type)
		}
	}
	return 0, false
}

// dynamic writes what is in an interface. Getting at it costs as much as a pointer, unless
// the value is one itself.
func (w *writer) dynamic(v reflect.Value, depth int) {
	name, _ := json.Marshal(typeName(v.Type()))
	fmt.Fprintf(w, "{%s:", name)
	kind, direct := pointerShaped(v.Type())
	if !direct || kind == reflect.Map || kind == reflect.Chan {
		depth--
	}
	if depth < 0 {
		w.WriteString(`{"__status":"depth"}`)
	} else {
		w.value(v, depth)
	}
	w.WriteString("}")
}

func (w *writer) stringValue(s string) {
	if len(s) <= limitString {
		w.text(s)
		return
	}
	w.part("truncated")
	fmt.Fprintf(w, `{"__status":"truncated","len":%d,"__value":`, len(s))
	w.text(s[:limitString])
	w.WriteString("}")
}

func (w *writer) pointer(v reflect.Value, depth int) {
	if v.IsNil() {
		w.WriteString("null")
		return
	}
	if depth == 0 && !w.inside(ancestor{v.Pointer(), v.Type().Elem(), false}) {
		w.WriteString(`{"__status":"depth"}`)
		return
	}
	if !w.enter(ancestor{v.Pointer(), v.Type().Elem(), false}) {
		w.value(v.Elem(), depth-1)
		w.leave()
	}
}

func (w *writer) inside(a ancestor) bool {
	for _, b := range w.ancestors {
		if a == b {
			return true
		}
	}
	return false
}

func (w *writer) structure(v reflect.Value, depth int) {
	// An atomic is its value; the other fields are there for the compiler.
	if v.Type().PkgPath() == "sync/atomic" && v.Type().Name() != "noCopy" {
		if inner := atomicTarget(v); v.Type().Name() == "Bool" {
			fmt.Fprint(w, inner.Uint() != 0)
		} else {
			w.value(inner, depth)
		}
		return
	}
	separator := "{"
	for i := 0; i < v.NumField(); i++ {
		name := v.Type().Field(i).Name
		if name == "_" {
			continue
		}
		w.WriteString(separator)
		w.text(name)
		w.WriteString(":")
		w.value(v.Field(i), depth)
		separator = ","
	}
	if separator == "{" {
		w.WriteString("{")
	}
	w.WriteString("}")
}

// atomicTarget is what an atomic holds.
func atomicTarget(v reflect.Value) reflect.Value {
	inner := open(open(v).FieldByName("v"))
	if !strings.HasPrefix(v.Type().Name(), "Pointer[") {
		return inner
	}
	target := v.Type().Field(0).Type.Elem() // _ [0]*T
	return reflect.NewAt(target.Elem(), inner.UnsafePointer())
}

func (w *writer) array(v reflect.Value, depth int) {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		b := make([]byte, v.Len())
		for i := range b {
			b[i] = byte(v.Index(i).Uint())
		}
		w.text(hex.EncodeToString(b))
		return
	}
	w.elements(v, v.Len(), depth)
}

func (w *writer) elements(v reflect.Value, n, depth int) {
	w.WriteString("[")
	for i := 0; i < n; i++ {
		if i > 0 {
			w.WriteString(",")
		}
		w.value(v.Index(i), depth)
	}
	w.WriteString("]")
}

func (w *writer) slice(v reflect.Value, depth int) {
	if v.IsNil() {
		w.WriteString("null")
		return
	}
	n := v.Len()
	if size := int(v.Type().Elem().Size()); size > 0 && n*size > limitSlice {
		n = limitSlice / size
		if n == 0 {
			n = 1
		}
		w.part("truncated")
	}
	w.WriteString("{")
	if v.Type().Elem().Kind() == reflect.Uint8 {
		b := v.Bytes()[:n]
		fmt.Fprintf(w, `"bytes":%q`, hex.EncodeToString(b))
		if printable(b) {
			w.WriteString(`,"text":`)
			w.text(string(b))
		}
	} else {
		w.WriteString(`"array":`)
		w.elements(v, n, depth)
	}
	fmt.Fprintf(w, `,"len":%d,"cap":%d`, v.Len(), v.Cap())
	if n < v.Len() {
		w.WriteString(`,"__status":"truncated"`)
	}
	w.WriteString("}")
}

func printable(b []byte) bool {
	for _, r := range string(b) {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}

func timeText(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000000Z07:00") }

// timeOf reads a time.Time that may be an unexported field's.
func timeOf(v reflect.Value) string { return timeText(v.Interface().(time.Time)) }

func floatText(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "+Inf"
	case math.IsInf(f, -1):
		return "-Inf"
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// typeName is a type's name with its full import path.
func typeName(t reflect.Type) string {
	if t.Name() != "" && t.PkgPath() != "" {
		return t.PkgPath() + "." + t.Name()
	}
	if t.Name() != "" {
		return t.Name()
	}
	switch t.Kind() {
	case reflect.Pointer:
		return "*" + typeName(t.Elem())
	case reflect.Slice:
		return "[]" + typeName(t.Elem())
	case reflect.Array:
		return fmt.Sprintf("[%d]%s", t.Len(), typeName(t.Elem()))
	case reflect.Map:
		return "map[" + typeName(t.Key()) + "]" + typeName(t.Elem())
	}
	return t.String()
}

// swissMaps: this Go's maps are those of Go 1.24 and later.
var swissMaps = minorVersion() >= 24

func minorVersion() int {
	minor, _, _ := strings.Cut(strings.TrimPrefix(runtime.Version(), "go1."), ".")
	n, err := strconv.Atoi(minor)
	if err != nil {
		panic(runtime.Version())
	}
	return n
}
