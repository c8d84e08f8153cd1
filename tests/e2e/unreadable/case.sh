#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# unreadable GO_VERSION ENGINE: what cannot be read is read_failed in its place, and all
# the rest is there.
# shellcheck source=tests/e2e/survive/common.sh
. "$(dirname "$0")/../survive/common.sh"

version=$1 engine=$2
here=$(dirname "$0")
need_engine "$engine"
go_program "$here" "$version" unreadable
build_object "$here/spec.ask.yaml"
start_target "$BIN" -file "$WORK/mapped"
for i in 1 2; do
	take_snapshot "$engine" "$WORK/rows$i.db"
	check_rows "$WORK/rows$i.db" "$here/rows.sql"
	goes_on "after snapshot $i"
done
ok "the program goes on"
finish
