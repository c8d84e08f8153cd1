#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# builds GO_VERSION: the same rows however the program was built: position independent,
# without optimisation, and stripped on the host where it runs.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../lib.sh"

version=$1
here=$(dirname "$0")
need_ptrace
engine=native
! "$E2E_PROBE" >/dev/null 2>&1 || engine=bpf

same_rows() { # WHAT: of BIN, whose object is OBJECT
	say "--- $1"
	start_target "$BIN" -goroutines 500
	take_snapshot "$engine" "$WORK/$1.db"
	check_rows "$WORK/$1.db" "$here/rows.sql"
	check_rows "$WORK/$1.db" "$E2E_DIR/common.sql"
	stop_pid "$TARGET"
}

go_program "$here" "$version" park-pie -buildmode=pie
build_object "$here/spec.ask.yaml"
same_rows pie

go_program "$here" "$version" park-plain "-gcflags=all=-N -l"
build_object "$here/spec.ask.yaml"
same_rows plain

# What ships is stripped; the object was made from what the build left.
go_program "$here" "$version" park
build_object "$here/spec.ask.yaml"
strip -o "$WORK/park-stripped" "$BIN"
BIN=$WORK/park-stripped
same_rows stripped

# The debug info may lie beside it, too.
if command -v objcopy >/dev/null 2>&1; then
	go_program "$here" "$version" park
	objcopy --only-keep-debug "$BIN" "$WORK/park.debug"
	BIN=$WORK/park-stripped
	build_object "$here/spec.ask.yaml" --debug "$WORK/park.debug"
	same_rows debug
fi
finish
