#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# clangs: the kernel that runs here takes what each clang that is here makes of the engine.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../lib.sh"

need_engine bpf
park=$E2E_DIR/park
go_program "$park" 1.26.8 park
start_target "$BIN" -goroutines 100
for version in '' -14 -15 -16 -17 -18 -19 -20 -21 -22; do
	clang=clang$version
	command -v "$clang" >/dev/null 2>&1 || continue
	export CLANG=$clang
	build_object "$park/spec.ask.yaml"
	expect_exit 0 "$ASKANCE" doctor "$OBJECT"
	expect "$clang: the object loads" "ok" "$(awk '/object loads/ {print $1}' "$WORK/out")"
	take_snapshot bpf "$WORK/$clang.db"
	expect "$clang: rows" 100 "$(sql "$WORK/$clang.db" 'SELECT count(*) FROM hold')"
done
finish
