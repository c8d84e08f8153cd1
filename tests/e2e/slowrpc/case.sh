#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# slowrpc GO_VERSION ENGINE: the demo service and its spec, live. The numbers in rows.sql
# are those of the walkthrough that this service is a twin of.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../lib.sh"

version=$1 engine=$2
need_engine "$engine"
go_program "$SOURCE_DIR/spec-examples/slow-rpc" "$version" slow-rpc

# A call takes 10 ms, the way from one call to the next some microseconds: now and then
# a snapshot falls into that gap, or finds calls contending for the server's own mutex.
# Such a snapshot is right too, but the walkthrough's numbers are those of the usual one.
usual() {
	[ "$(sql "$1" "SELECT (SELECT count(*) BETWEEN 99 AND 100 FROM server_GetInfo)
		AND (SELECT count(DISTINCT stack_id) = 2 FROM server_GetInfo
		     JOIN goroutines USING (process_id, goroutine_id) WHERE status = 'waiting')" 2>/dev/null)" = 1 ]
}
usual_snapshot() {
	local try
	for try in $(seq 20); do
		take_snapshot "$engine" "$WORK/$1-$try.db"
		DB=$WORK/$1-$try.db
		! usual "$DB" || return 0
	done
}

start_target "$BIN"
build_object "$SOURCE_DIR/spec-examples/slow-rpc/spec.ask.yaml"
usual_snapshot shipped
check_rows "$DB" "$E2E_DIR/common.sql"
check_rows "$DB" "$(dirname "$0")/rows.sql"

build_object "$(dirname "$0")/spec.ask.yaml"
usual_snapshot all
check_rows "$DB" "$E2E_DIR/common.sql"
check_rows "$DB" "$(dirname "$0")/all.sql"

if alive "$TARGET"; then ok "the service goes on"; else fail "the service stands still"; fi
finish
