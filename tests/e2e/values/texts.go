// SPDX-License-Identifier: BSD-2-Clause
package main

import "strings"

type texts struct {
	Plain, Empty, Unicode string
	Quotes                string
	Control               string
	Invalid               string
	Named                 label
	Long                  string
	Exact                 string
}

//go:noinline
func holdString(s string) {
	park()
	keep(s)
}

//go:noinline
func holdEmptyString(s string) {
	park()
	keep(s)
}

//go:noinline
func holdLongString(s string) {
	park()
	keep(s)
}

//go:noinline
func holdInvalidString(s string) {
	park()
	keep(s)
}

//go:noinline
func holdNulString(s string) {
	park()
	keep(s)
}

//go:noinline
func holdTexts(v *texts) {
	park()
	keep(v)
}

//go:noinline
func holdStringPointer(p *string, pp **string) {
	park()
	keep(p)
	keep(pp)
}

func holdTextKinds() {
	truth("holdString", "s", "hello, 世界")
	hold(func() { holdString("hello, 世界") })
	truth("holdEmptyString", "s", "")
	hold(func() { holdEmptyString("") })
	long := strings.Repeat("0123456789", 200)
	truth("holdLongString", "s", long)
	hold(func() { holdLongString(long) })
	invalid := "a\xff\xfeb"
	truth("holdInvalidString", "s", invalid)
	hold(func() { holdInvalidString(invalid) })

	hold(func() { holdNulString("a\x00b") }) // rows.sql knows what it must be

	v := &texts{
		Plain: "plain", Unicode: "Straße \U0001F680", Quotes: `"'\ back`, Control: "tab\tline\nlow\x01\x7f",
		Invalid: "\x80\x81", Named: "named", Long: long, Exact: strings.Repeat("x", limitString),
	}
	truth("holdTexts", "v", v)
	truth("holdTexts", "control", v.Control)
	truth("holdTexts", "exact", v.Exact)
	hold(func() { holdTexts(v) })

	s := "pointed at"
	p := &s
	truth("holdStringPointer", "p", p)
	truth("holdStringPointer", "pp", &p)
	hold(func() { holdStringPointer(p, &p) })
}
