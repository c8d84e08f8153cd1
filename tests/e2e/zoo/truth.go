// SPDX-License-Identifier: BSD-2-Clause
package main

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"sort"
	"strconv"
	"strings"
)

// expectation is a line of the program's output: what a column must hold.
type expectation struct {
	Table  string  `json:"table"`
	Column string  `json:"column"`
	Kind   string  `json:"kind"`  // integer real text json null: SQLite's type, or JSON text
	Value  *string `json:"value"` // as text
	Status string  `json:"status"`
}

func expect(table, column, kind string, value *string, status string) {
	line, err := json.Marshal(expectation{table, column, kind, value, status})
	if err != nil {
		panic(err)
	}
	fmt.Println(string(line))
}

// truth says what JSON a column must hold: that of this value, followed to depth 4.
func truth(table, column string, value any) {
	truthJSON(table, column, text(reflect.ValueOf(value), 4), "ok")
}

func truthJSON(table, column, json, status string) { expect(table, column, "json", &json, status) }

// text writes a value as docs/DATABASE.md describes it. Func values and channels are the
// program's to describe: reflection knows too little of them.
func text(v reflect.Value, depth int) string {
	switch v.Kind() {
	case reflect.Bool:
		return fmt.Sprint(v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.FormatInt(v.Int(), 10)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		if v.Uint() > math.MaxInt64 {
			return strconv.Quote(strconv.FormatUint(v.Uint(), 10))
		}
		return strconv.FormatUint(v.Uint(), 10)
	case reflect.Float32, reflect.Float64:
		return float(v.Float())
	case reflect.Complex64, reflect.Complex128:
		return `{"real":` + float(real(v.Complex())) + `,"imag":` + float(imag(v.Complex())) + "}"
	case reflect.String:
		b, err := json.Marshal(v.String())
		if err != nil {
			panic(err)
		}
		return string(b)
	case reflect.Struct:
		return structure(v, depth)
	case reflect.Array:
		return elements(v, depth)
	}
	if v.IsNil() {
		return "null"
	}
	switch v.Kind() {
	case reflect.Slice:
		return fmt.Sprintf(`{"array":%s,"len":%d,"cap":%d}`, elements(v, depth), v.Len(), v.Cap())
	case reflect.Map:
		return entries(v, depth)
	case reflect.Pointer:
		if depth == 0 {
			return `{"__status":"depth"}`
		}
		return text(v.Elem(), depth-1)
	case reflect.Interface:
		return dynamic(v.Elem(), depth)
	}
	panic("no words for " + v.Type().String())
}

// dynamic is what an interface holds. It and the pointer in it are one hop.
func dynamic(v reflect.Value, depth int) string {
	inner := v
	for inner.Kind() == reflect.Struct && inner.NumField() == 1 || inner.Kind() == reflect.Array && inner.Len() == 1 {
		if inner.Kind() == reflect.Struct {
			inner = inner.Field(0)
		} else {
			inner = inner.Index(0)
		}
	}
	key := strconv.Quote(v.Type().String())
	switch {
	case inner.Kind() == reflect.Pointer || inner.Kind() == reflect.Func:
		return "{" + key + ":" + text(v, depth) + "}"
	case depth == 0 && !(inner.Kind() == reflect.Map && inner.IsNil()):
		return "{" + key + `:{"__status":"depth"}}`
	}
	return "{" + key + ":" + text(v, depth-1) + "}"
}

func structure(v reflect.Value, depth int) string {
	var parts []string
	for i := 0; i < v.NumField(); i++ {
		if name := v.Type().Field(i).Name; name != "_" {
			parts = append(parts, strconv.Quote(name)+":"+text(v.Field(i), depth))
		}
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func elements(v reflect.Value, depth int) string {
	parts := make([]string, v.Len())
	for i := range parts {
		parts[i] = text(v.Index(i), depth)
	}
	return "[" + strings.Join(parts, ",") + "]"
}

// entries of a map, sorted: numbers by value, NaN last, strings by their bytes.
func entries(v reflect.Value, depth int) string {
	type entry struct {
		key  reflect.Value
		json string
	}
	var all []entry
	for iter := v.MapRange(); iter.Next(); {
		all = append(all, entry{iter.Key(), fmt.Sprintf(`{"key":%s,"value":%s}`,
			text(iter.Key(), depth), text(iter.Value(), depth))})
	}
	sort.SliceStable(all, func(i, j int) bool { return less(all[i].key, all[j].key) })
	parts := make([]string, len(all))
	for i, e := range all {
		parts[i] = e.json
	}
	return fmt.Sprintf(`{"entries":[%s],"len":%d}`, strings.Join(parts, ","), v.Len())
}

func less(a, b reflect.Value) bool {
	switch {
	case a.Kind() == reflect.Interface:
		return less(a.Elem(), b.Elem())
	case a.Kind() == reflect.Bool:
		return !a.Bool() && b.Bool()
	case a.CanInt():
		return a.Int() < b.Int()
	case a.CanUint():
		return a.Uint() < b.Uint()
	case a.CanFloat():
		return a.Float() < b.Float() || math.IsNaN(b.Float()) && !math.IsNaN(a.Float())
	case a.Kind() == reflect.String:
		return a.String() < b.String()
	}
	panic("no order of " + a.Type().String())
}

func float(f float64) string {
	switch {
	case math.IsNaN(f):
		return `"NaN"`
	case math.IsInf(f, 1):
		return `"+Inf"`
	case math.IsInf(f, -1):
		return `"-Inf"`
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}
