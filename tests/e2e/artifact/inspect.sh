#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# inspect: what an object says of itself, to askance and to other people's tools.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../lib.sh"

says() { # WHAT PATTERN FILE
	if grep -Eq -- "$2" "$3"; then ok "$1"; else fail "$1: no $2 in $(head -c 2000 "$3")"; fi
}

for version in 1.22.12 1.26.8; do
	go_program "$SOURCE_DIR/spec-examples/slow-rpc" "$version" slow-rpc
	build_object "$SOURCE_DIR/spec-examples/slow-rpc/spec.ask.yaml"
	go=$("$SOURCE_DIR/scripts/go-toolchain" "$version")
	build_id=$(GOTOOLCHAIN=local "$go" tool buildid "$BIN")

	expect_exit 0 "$ASKANCE" inspect "$OBJECT"
	says "inspect names the artifact" slow-rpc "$WORK/out"
	says "and the Go version" "go$version" "$WORK/out"
	if grep -qF -- "$build_id" "$WORK/out"; then ok "and the build ID"; else fail "no build ID $build_id"; fi

	expect_exit 0 "$ASKANCE" inspect "$OBJECT" --tables
	for table in server_GetInfo server_processClient blocked_by cs_addr last_background_service_time; do
		says "inspect --tables: $table" "$table" "$WORK/out"
	done

	expect_exit 0 "$ASKANCE" inspect "$OBJECT" --json
	expect "inspect --json is JSON" 1 "$(sqlite3 :memory: "SELECT json_valid(readfile('$WORK/out'))")"
	expect "with the build ID" 1 "$(sqlite3 :memory: "SELECT count(*) FROM json_tree(readfile('$WORK/out')) WHERE atom = '$build_id'")"

	# The object is an ordinary ELF file for BPF, with the schema as a section of its own.
	readelf -SW "$OBJECT" >"$WORK/sections" 2>&1
	says "readelf shows the schema" '\.askance\.schema' "$WORK/sections"
	readelf -hW "$OBJECT" >"$WORK/header" 2>&1
	says "for BPF" 'Linux BPF|Machine:.*(247|BPF)' "$WORK/header"
	says "and the programs' license" 'Dual BSD/GPL' <(strings -a "$OBJECT")
done
finish
