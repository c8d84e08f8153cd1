#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# identity GO_VERSION: on a program that stands still the engine writes the same bytes,
# whether it runs in the kernel or natively, when one thread does it all.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../lib.sh"

version=$1
here=$(dirname "$0")
need_engine bpf
: "${E2E_RECORDS:?E2E_RECORDS must name the records program}"

compare() { # WHAT
	local engine
	for engine in native bpf; do
		patiently "$ASKANCE" collect "$OBJECT" --pid "$TARGET" -o "$WORK/$engine.askdump" --engine="$engine" --shards=1 --max-pause=none \
			2>"$WORK/$engine.log" || die "collect --engine=$engine: exit $?: $(cat "$WORK/$engine.log")"
		"$E2E_RECORDS" "$WORK/$engine.askdump" >"$WORK/$engine.txt"
		"$E2E_RECORDS" --raw "$WORK/$engine.askdump" >"$WORK/$engine.raw"
	done
	[ -s "$WORK/native.raw" ] || die "$1: no records"
	if cmp -s "$WORK/native.raw" "$WORK/bpf.raw"; then
		ok "$1: $(wc -l <"$WORK/native.txt") records, the same bytes"
	else
		fail "$1: native and bpf records differ"
		diff "$WORK/native.txt" "$WORK/bpf.txt" | cut -c1-400 | head -n 10
	fi
}

go_program "$here" "$version" park
build_object "$here/spec.ask.yaml"
start_target "$BIN" -goroutines 500
compare "parked goroutines"

go_program "$here/../values" "$version" values
build_object "$here/../values/spec.ask.yaml"
start_target "$BIN"
compare "values of every kind"
finish
