#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# http GO_VERSION ENGINE: a net/http server as it ships, idle and loaded.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../lib.sh"

version=$1 engine=$2
need_engine "$engine"
go_program "$SOURCE_DIR/spec-examples/http" "$version" http-demo
build_object "$SOURCE_DIR/spec-examples/http/spec.ask.yaml"

start_target "$BIN"
take_snapshot "$engine" "$WORK/idle.db"
check_rows "$WORK/idle.db" "$E2E_DIR/common.sql"
check_rows "$WORK/idle.db" "$(dirname "$0")/idle.sql"
if alive "$TARGET"; then ok "the idle server goes on"; else fail "the idle server stands still"; fi

# A handler sleeps for 100 ms and more and hands its connection to the next request in
# far less; a snapshot that finds some of them on the way is right, and tried again.
start_target "$BIN" -load
for try in $(seq 20); do
	db=$WORK/loaded-$try.db
	take_snapshot "$engine" "$db"
	waiting=$(sql "$db" "SELECT min(status = 'waiting') FROM goroutines
		JOIN http_server_requests USING (process_id, goroutine_id)")
	[ "$waiting" != 1 ] || break
done
check_rows "$db" "$E2E_DIR/common.sql"
check_rows "$db" "$(dirname "$0")/loaded.sql"
if alive "$TARGET"; then ok "the loaded server goes on"; else fail "the loaded server stands still"; fi
finish
