#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# examples GO_VERSION: every spec in spec-examples/ compiles for the program beside it,
# and the reports about it are there.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../lib.sh"

version=$1
for spec in "$SOURCE_DIR"/spec-examples/*/spec.ask.yaml; do
	dir=$(dirname "$spec")
	go_program "$dir" "$version" "$(basename "$dir")"
	build_object "$spec"
	ok "$(basename "$dir"): builds"
	expect_exit 0 "$ASKC" check "$spec" --binary "$BIN"
	if grep -Eq 'always' "$WORK/out"; then ok "check says what is available"; else fail "check: $(cat "$WORK/out")"; fi
	expect_exit 0 "$ASKC" check "$spec" --binary "$BIN" --format=json
	expect "check --format=json is JSON" 1 "$(sqlite3 :memory: "SELECT json_valid(readfile('$WORK/out'))")"
done

go_program "$SOURCE_DIR/spec-examples/slow-rpc" "$version" slow-rpc
expect_exit 0 "$ASKC" functions --binary "$BIN" 'main.(*server).*'
expect "functions finds the methods" 1 "$(grep -Ec 'main\.\(\*server\)\.processClient( |$|	)' "$WORK/out")"
if grep -Eq 'server\.go:[0-9]+' "$WORK/out"; then ok "with file and line"; else fail "no file:line: $(cat "$WORK/out")"; fi
expect_exit 0 "$ASKC" functions --binary "$BIN" 'sync.(*Mutex).Lock'
if grep -Eiq 'inlin' "$WORK/out"; then ok "and inlined instances"; else fail "Lock is inlined: $(cat "$WORK/out")"; fi
expect_exit 0 "$ASKC" vars --binary "$BIN" 'main.(*server).GetInfo'
for variable in request cs ctx '~r0' '\*main\.clientState' '\*main\.InfoRequest'; do
	if grep -Eq -- "$variable" "$WORK/out"; then ok "vars: $variable"; else fail "vars: no $variable: $(cat "$WORK/out")"; fi
done
expect_exit 1 "$ASKC" vars --binary "$BIN" 'main.(*server).GetInfos'
expect_stderr 'main\.\(\*server\)\.GetInfo\b'

# What askc writes beside a package's sources does not disturb go build.
cp -r "$SOURCE_DIR/spec-examples/slow-rpc" "$WORK/package"
expect_exit 0 "$ASKC" build "$WORK/package/spec.ask.yaml" --binary "$BIN" -o "$WORK/package"
go=$("$SOURCE_DIR/scripts/go-toolchain" "$version")
if (cd "$WORK/package" && GOTOOLCHAIN=local GOFLAGS=-buildvcs=false CGO_ENABLED=0 "$go" build -o "$WORK/again" .) 2>"$WORK/err"; then
	ok "go build beside the generated C"
else
	fail "go build beside the generated C: $(cat "$WORK/err")"
fi

# A release gate: request is there at every call, cs at most of them, ctx at none.
spec=$WORK/gate.ask.yaml
gate() { # CODE CAPTURE DENY
	printf 'askance: 1\nname: gate\nfunctions:\n  - {name: "main.(*server).GetInfo", capture: [%s]}\n' "$2" >"$spec"
	expect_exit "$1" "$ASKC" build "$spec" --binary "$BIN" -o "$WORK" "--deny=$3"
}
gate 1 ctx never
expect_stderr '^denied: ctx of main\.\(\*server\)\.GetInfo: unavailable at 7 of 7 calls'
expect "a denied build writes nothing" "" "$(ls "$WORK"/gate.ask.o 2>/dev/null || true)"
gate 1 cs never,partial
gate 0 cs never
gate 0 request never,partial
expect_exit 0 "$ASKC" build "$spec" --binary "$BIN" -o "$WORK"
expect_exit 0 "$ASKC" build "$spec" --binary "$BIN" -o "$WORK" --stop-after=c
expect_exit 0 "$ASKC" build "$spec" --binary "$BIN" -o "$WORK/new/directory"
expect "the output directory is made" "gate.ask.o gate.bpf.c" "$(cd "$WORK/new/directory" && echo *)"
expect_exit 1 "$ASKC" build "$spec" --binary "$BIN" -o "$spec/directory"
expect_stderr 'gate.ask.yaml: cannot create the directory: Not a directory'
printf 'askance: 1\nname: gate\nfunctions:\n  - {name: "main.(*server).GetInfo", capture: [unknown]}\n' >"$spec"
expect_exit 1 "$ASKC" build "$spec" --binary "$BIN" -o "$WORK" --diagnostics=json
expect "diagnostics as JSON" "1|$spec|4" "$(sqlite3 :memory: "SELECT json_array_length(d, '$.diagnostics'),
	d->>'$.diagnostics[0].file', d->>'$.diagnostics[0].line' FROM (SELECT readfile('$WORK/out') AS d)")"
finish
