// SPDX-License-Identifier: BSD-2-Clause
package main

import "time"

type times struct {
	Now    time.Time // with a monotonic clock reading
	Zero   time.Time
	UTC    time.Time
	Zone   time.Time
	Before time.Time // before 1970
	Old    time.Time // before 1885: not in the form with a monotonic reading
	Late   time.Time
	Exact  time.Time // no fraction
	Ptr    *time.Time
	NilPtr *time.Time
	List   []time.Time
	Took   time.Duration
}

//go:noinline
func holdTimes(v *times) {
	park()
	keep(v)
}

//go:noinline
func holdTime(t time.Time) {
	park()
	keep(t)
}

//go:noinline
func holdTimeUTC(t time.Time) {
	park()
	keep(t)
}

func holdTimeKinds() {
	now := time.Now()
	utc := time.Date(2024, 2, 29, 23, 59, 59, 123456789, time.UTC)
	v := &times{
		Now: now, UTC: utc, Zone: utc.In(time.FixedZone("X", -5*3600-1800)),
		Before: time.Date(1969, 12, 31, 23, 59, 59, 999999999, time.UTC),
		Old:    time.Date(1815, 6, 18, 11, 35, 0, 5, time.UTC),
		Late:   time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
		Exact:  time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC),
		Ptr:    &utc, List: []time.Time{utc, now}, Took: time.Hour,
	}
	truth("holdTimes", "v", v)
	truth("holdTimes", "now", now)
	truth("holdTimes", "zero", v.Zero)
	truth("holdTimes", "old", v.Old)
	truth("holdTimes", "ptr", v.Ptr)
	truth("holdTimes", "nilptr", v.NilPtr)
	hold(func() { holdTimes(v) })
	truth("holdTime", "t", now)
	hold(func() { holdTime(now) })
	truth("holdTimeUTC", "t", utc)
	hold(func() { holdTimeUTC(utc) })
}
