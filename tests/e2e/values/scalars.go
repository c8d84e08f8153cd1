// SPDX-License-Identifier: BSD-2-Clause
package main

import (
	"math"
	"time"
)

type weekday uint8
type celsius float64
type label string

type scalars struct {
	Yes, No    bool
	I          int
	I8         int8
	I16        int16
	I32        int32
	I64        int64
	U          uint
	U8         uint8
	U16        uint16
	U32        uint32
	U64        uint64
	Address    uintptr
	F32        float32
	F64        float64
	Rune       rune
	Byte       byte
	Day        weekday
	Degrees    celsius
	Took       time.Duration
	MinI64     int64
	MaxI64     int64
	MinI8      int8
	MaxU32     uint32
	Tiny, Huge float64
	Tenth      float64
	NegZero    float64
	NaN        float64
	Inf        float64
	NegInf     float64
	unexported int
}

//go:noinline
func holdScalars(v *scalars) {
	park()
	keep(v)
}

//go:noinline
func holdInts(a int, b int8, c int16, d int32, e int64, f bool, g bool) {
	park()
	keep(a)
	keep(b)
	keep(c)
	keep(d)
	keep(e)
	keep(f)
	keep(g)
}

//go:noinline
func holdUints(a uint, b uint8, c uint16, d uint32, e uint64, f uintptr) {
	park()
	keep(a)
	keep(b)
	keep(c)
	keep(d)
	keep(e)
	keep(f)
}

//go:noinline
func holdFloats(a float64, b float32, c celsius, nan, inf, negative float64) {
	park()
	keep(a)
	keep(b)
	keep(c)
	keep(nan)
	keep(inf)
	keep(negative)
}

//go:noinline
func holdDuration(d time.Duration, day weekday) {
	park()
	keep(d)
	keep(day)
}

func holdScalarKinds() {
	v := &scalars{
		Yes: true, I: -1, I8: -8, I16: -1600, I32: -320000, I64: -6400000000,
		U: 1, U8: 200, U16: 60000, U32: 4000000000, U64: 9000000000000000000,
		Address: 0xdeadbeef, F32: 1.5, F64: -2.25, Rune: 'Ä', Byte: 'b', Day: 3, Degrees: 36.5,
		Took: 1500 * time.Millisecond, MinI64: math.MinInt64, MaxI64: math.MaxInt64, MinI8: -128,
		MaxU32: math.MaxUint32, Tiny: 5e-324, Huge: math.MaxFloat64, Tenth: 0.1,
		NegZero: math.Copysign(0, -1), NaN: math.NaN(), Inf: math.Inf(1), NegInf: math.Inf(-1), unexported: 42,
	}
	truth("holdScalars", "v", v)
	truth("holdScalars", "i64", v.I64)
	truth("holdScalars", "f32", v.F32)
	truth("holdScalars", "yes", v.Yes)
	truth("holdScalars", "unexported", v.unexported)
	hold(func() { holdScalars(v) })

	truth("holdInts", "a", int(-7))
	truth("holdInts", "b", int8(-8))
	truth("holdInts", "c", int16(-9))
	truth("holdInts", "d", int32(-10))
	truth("holdInts", "e", int64(math.MinInt64))
	truth("holdInts", "f", true)
	truth("holdInts", "g", false)
	hold(func() { holdInts(-7, -8, -9, -10, math.MinInt64, true, false) })

	truth("holdUints", "a", uint(7))
	truth("holdUints", "b", uint8(255))
	truth("holdUints", "c", uint16(65535))
	truth("holdUints", "d", uint32(math.MaxUint32))
	truth("holdUints", "e", uint64(math.MaxUint64))
	truth("holdUints", "f", uintptr(0x1000))
	hold(func() { holdUints(7, 255, 65535, math.MaxUint32, math.MaxUint64, 0x1000) })

	truth("holdFloats", "a", 0.5)
	truth("holdFloats", "b", float32(0.25))
	truth("holdFloats", "c", celsius(-273.125))
	truth("holdFloats", "nan", math.NaN())
	truth("holdFloats", "inf", math.Inf(1))
	truth("holdFloats", "negative", math.Inf(-1))
	hold(func() { holdFloats(0.5, 0.25, -273.125, math.NaN(), math.Inf(1), math.Inf(-1)) })

	truth("holdDuration", "d", 90*time.Minute)
	truth("holdDuration", "day", weekday(6))
	hold(func() { holdDuration(90*time.Minute, 6) })
}
