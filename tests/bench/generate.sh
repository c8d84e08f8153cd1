#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# generate.sh DIR N: a Go program with N functions that each hold a value, and two specs
# for it: one.ask.yaml names the first function, all.ask.yaml names all of them.
set -euo pipefail
dir=$1 n=$2
mkdir -p "$dir"
printf 'module many\n\ngo 1.20\n' >"$dir/go.mod"
{
	cat <<'END'
package main

import (
	"fmt"
	"os"
	"sync"
	"time"
)

type value struct {
	Number int64
	Name   string
	Next   *value
}

var (
	forever = make(chan struct{})
	parked  sync.WaitGroup
)

//go:noinline
func park() {
	parked.Done()
	<-forever
}

//go:noinline
func keep(any) {}
END
	for ((i = 0; i < n; i++)); do
		printf '\n//go:noinline\nfunc hold%03d(v *value) {\n\tpark()\n\tkeep(v)\n}\n' "$i"
	done
	printf '\nfunc main() {\n\tparked.Add(%d)\n' "$n"
	for ((i = 0; i < n; i++)); do
		printf '\tgo hold%03d(&value{Number: %d, Name: "value %d"})\n' "$i" "$i" "$i"
	done
	printf '\tparked.Wait()\n\ttime.Sleep(200 * time.Millisecond)\n'
	printf '\tfmt.Printf("ready %%d\\n", os.Getpid())\n\ttime.Sleep(time.Hour)\n}\n'
} >"$dir/main.go"
spec() { # NAME LAST
	printf 'askance: 1\nname: %s\nfunctions:\n' "$1"
	for ((i = 0; i <= $2; i++)); do
		printf '  - {name: main.hold%03d, capture: [v]}\n' "$i"
	done
}
spec one 0 >"$dir/one.ask.yaml"
spec all $((n - 1)) >"$dir/all.ask.yaml"
