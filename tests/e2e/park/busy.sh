#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# busy GO_VERSION ENGINE: a snapshot of a program that is idle, and of one that keeps all
# CPUs busy. Both are one moment of the program: no thread of it ran in between.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../lib.sh"

version=$1 engine=$2
here=$(dirname "$0")
need_engine "$engine"
go_program "$here" "$version" park
build_object "$here/spec.ask.yaml"

start_target "$BIN" -goroutines 500
take_snapshot "$engine" "$WORK/idle.db"
check_rows "$WORK/idle.db" "$E2E_DIR/common.sql"
check_rows "$WORK/idle.db" "$here/rows.sql"
if alive "$TARGET"; then ok "the idle program goes on"; else fail "the idle program stands still"; fi
stop_pid "$TARGET"

start_target "$BIN" -goroutines 500 -busy "$(($(nproc) + 2))"
for i in 1 2 3 4 5; do
	db=$WORK/busy-$i.db
	take_snapshot "$engine" "$db"
	check_rows "$db" "$E2E_DIR/common.sql"
	check_rows "$db" "$here/rows.sql"
	expect "busy, snapshot $i: rounds are of one moment" "1|0" "$(sql "$db" "
		SELECT max(round) - min(round) <= 1 AND min(round) > 0,
		       (SELECT count(*) FROM hold a JOIN hold b ON b.id = a.id + 1 WHERE b.round > a.round) FROM hold")"
	expect "busy, snapshot $i: goroutines that run have a stack or a reason" 0 "$(sql "$db" "
		SELECT count(*) FROM goroutines WHERE status = 'running' AND stack_id IS NULL
		AND stack_status NOT LIKE 'unavailable: _%'")"
done
expect "rounds went on between snapshots" 1 "$(sqlite3 "$WORK/busy-1.db" "ATTACH '$WORK/busy-5.db' AS later;
	SELECT (SELECT max(round) FROM later.hold) > (SELECT max(round) FROM main.hold)")"
if alive "$TARGET"; then ok "the busy program goes on"; else fail "the busy program stands still"; fi
finish
