#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# states GO_VERSION ENGINE: goroutines in every state, against what the program says of them.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../lib.sh"

version=$1 engine=$2
here=$(cd "$(dirname "$0")" && pwd)
need_engine "$engine"
E2E_CGO=1 go_program "$here" "$version" states
build_object "$here/spec.ask.yaml"

# truth: the program's own word, in a table beside the snapshot.
truth() {
	rm -f "$WORK/truth.db"
	sed -n 's/^state \([^ ]*\) \([0-9]*\)$/\1|\2/p' "$TARGET_OUT" >"$WORK/truth.txt"
	sqlite3 "$WORK/truth.db" 'CREATE TABLE state(name, goid INTEGER)' ".import $WORK/truth.txt state"
	sqlite3 "$WORK/truth.db" "ATTACH '$1' AS s" "CREATE TABLE goroutines AS SELECT * FROM s.goroutines" \
		"CREATE TABLE frames AS SELECT * FROM s.frames"
}

start_target "$BIN" -deep 20000
take_snapshot "$engine" "$WORK/states.db"
truth "$WORK/states.db"
check_rows "$WORK/truth.db" "$here/states.sql"
check_rows "$WORK/states.db" "$here/rows.sql"
# Of goroutine and parent alike the program knows the number.
if [ "$version" = 1.20.14 ]; then parent=''; else parent=$(sql "$WORK/truth.db" "SELECT goid FROM state WHERE name = 'parent'"); fi
expect "child: its parent" "$parent" "$(sql "$WORK/truth.db" "SELECT parent_goroutine_id FROM state JOIN goroutines ON goid = goroutine_id WHERE name = 'child'")"
# A goroutine that is locked to its thread and blocked in C has that thread.
for state in blockingRead cgoSleep; do
	tid=$(sql "$WORK/truth.db" "SELECT thread_id FROM state JOIN goroutines ON goid = goroutine_id WHERE name = '$state'")
	if [ -d "/proc/$TARGET/task/$tid" ]; then ok "$state: a thread of the process"; else fail "$state: no thread '$tid'"; fi
done
expect "blockingRead: its thread is in read()" 0 "$(cut -d' ' -f1 "/proc/$TARGET/task/$(sql "$WORK/truth.db" "SELECT thread_id FROM state JOIN goroutines ON goid = goroutine_id WHERE name = 'blockingRead'")/syscall")"
stop_pid "$TARGET"

# What never stops running, twenty times: a stack down to its root, or the reason why there is none.
for spin in go asm; do
	start_target "$BIN" -spin $spin
	running=0
	for round in $(seq 10); do
		expect_exit 0 "$ASKANCE" collect "$OBJECT" --pid "$TARGET" -o "$WORK/try.askdump" --engine="$engine" -q --max-pause=none
		rm -f "$WORK/$spin$round.db"
		"$ASKANCE" decode "$WORK/try.askdump" -o "$WORK/$spin$round.db" -q || die "decode: exit $?"
		truth "$WORK/$spin$round.db"
		running=$((running + $(sql "$WORK/truth.db" "SELECT count(*) FROM goroutines WHERE status = 'running' AND stack_status IN ('ok', 'cut')")))
		expect "$spin $round: each state's function is on its stack, above the root" '' "$(sql "$WORK/truth.db" "
			SELECT name, status, stack_status, (SELECT group_concat(function, ' < ') FROM frames f WHERE f.stack_id = g.stack_id)
			FROM state JOIN goroutines g ON goid = goroutine_id WHERE name LIKE '%Loop' AND stack_status IN ('ok', 'cut')
			AND (NOT EXISTS (SELECT 1 FROM frames f WHERE f.stack_id = g.stack_id AND f.function = 'main.' || name)
			OR (SELECT function FROM frames f WHERE f.stack_id = g.stack_id ORDER BY frame_idx DESC LIMIT 1) <> 'main.start.func1')")"
		expect "$spin $round: why there is no stack" '' "$(sql "$WORK/truth.db" "SELECT status, stack_status FROM goroutines
			WHERE stack_id IS NULL AND NOT (status = 'copystack' AND stack_status = 'unavailable: the runtime is moving it')
			AND NOT (status = 'running' AND stack_status IN ('unavailable: running, and its thread is on another stack', 'unavailable: running, and its thread handles a signal', 'unavailable: the walk left the stack before its root'))")"
	done
	if [ "$running" -ge 8 ]; then ok "$spin: $running stacks of running goroutines"; else fail "$spin: only $running stacks of running goroutines"; fi
	if alive "$TARGET"; then ok "$spin: the target runs"; else fail "$spin: the target does not run"; fi
	stop_pid "$TARGET"
done
finish
