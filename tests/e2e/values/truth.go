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
	Kind   string  `json:"kind"`  // integer real text json null: SQLite's type, or JSON text
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
	w := &writer{status: "ok"}
	v := reflect.ValueOf(value)
	// A scalar behind pointers is the scalar, but following them has its price.
	followed := v
	left := depth
	for followed.Kind() == reflect.Pointer && !followed.IsNil() && left > 0 {
		followed, left = followed.Elem(), left-1
	}
	e := expectation{Table: table, Column: column, Status: "ok"}
	text := func(kind, s string) { e.Kind, e.Value = kind, &s }
	switch {
	case followed.Kind() == reflect.Pointer && followed.IsNil():
		e.Kind, e.Status = "null", "nil*"
	case followed.Type() == reflect.TypeOf(time.Time{}):
		text("text", timeText(followed.Interface().(time.Time)))
	case followed.Kind() == reflect.Slice && followed.IsNil():
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

// writer writes values as DESIGN describes them, section by section of its table.
type writer struct {
	strings.Builder
	status    string
	ancestors []uintptr // pointers that lead to where we are
}

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
	case v.Kind() != reflect.Complex128 && v.IsNil(): // of the kinds below, nil is all there is to know
		w.WriteString("null")
	case v.Kind() == reflect.Complex128:
		fmt.Fprintf(w, `{"real":%s,"imag":%s}`, floatText(real(v.Complex())), floatText(imag(v.Complex())))
	case v.Kind() == reflect.Map:
		w.mapping(v, depth)
	case v.Kind() == reflect.Chan: // those here are empty and nobody waits
		fmt.Fprintf(w, `{"len":0,"cap":%d,"closed":false,"buffer":[],"recv_waiters":[],"send_waiters":[]}`, v.Cap())
	case v.Kind() == reflect.Func: // those here capture nothing
		fmt.Fprintf(w, `{"func":%q,"captured":{}}`, runtime.FuncForPC(v.Pointer()).Name())
	case v.Kind() == reflect.Interface:
		fmt.Fprintf(w, `{%q:`, typeName(v.Elem().Type()))
		w.value(v.Elem(), depth)
		w.WriteString("}")
	default:
		panic(v.Type().String())
	}
}

// mapping writes a map with string keys, sorted.
func (w *writer) mapping(v reflect.Value, depth int) {
	keys := v.MapKeys()
	sort.Slice(keys, func(i, j int) bool { return keys[i].String() < keys[j].String() })
	w.WriteString(`{"entries":[`)
	for i, key := range keys {
		if i > 0 {
			w.WriteString(",")
		}
		w.WriteString(`{"key":`)
		w.value(key, depth)
		w.WriteString(`,"value":`)
		w.value(v.MapIndex(key), depth)
		w.WriteString("}")
	}
	fmt.Fprintf(w, `],"len":%d}`, v.Len())
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
	for _, ancestor := range w.ancestors {
		if ancestor == v.Pointer() {
			fmt.Fprintf(w, `{"__status":"cycle","__addr":"%#x"}`, v.Pointer())
			return
		}
	}
	if depth == 0 {
		w.WriteString(`{"__status":"depth"}`)
		return
	}
	w.ancestors = append(w.ancestors, v.Pointer())
	w.value(v.Elem(), depth-1)
	w.ancestors = w.ancestors[:len(w.ancestors)-1]
}

func (w *writer) structure(v reflect.Value, depth int) {
	// An atomic is its value; the other fields are there for the compiler.
	if v.Type().PkgPath() == "sync/atomic" {
		if inner := v.FieldByName("v"); v.Type().Name() == "Bool" {
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
	switch {
	case t.Name() != "" && t.PkgPath() != "":
		return t.PkgPath() + "." + t.Name()
	case t.Kind() == reflect.Interface && t.Name() == "" && t.NumMethod() == 0:
		return "interface {}"
	}
	return t.String()
}
