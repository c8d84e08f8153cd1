#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# deadline GO_VERSION ENGINE: --max-pause ends the pause, and what is missing is counted.
# shellcheck source=tests/e2e/survive/common.sh
. "$(dirname "$0")/common.sh"

survive_program "$@"
goroutines=60000
start_target "$BIN" -goroutines "$goroutines"
take_snapshot "$engine" "$WORK/whole.db"
whole_ns=$(sql "$WORK/whole.db" 'SELECT pause_ns FROM processes')
for i in 1 2 3; do # the shortest, so that a busy host does not spare us the deadline
	take_snapshot "$engine" "$WORK/again.db"
	ns=$(sql "$WORK/again.db" 'SELECT pause_ns FROM processes')
	[ "$ns" -ge "$whole_ns" ] || whole_ns=$ns
done
say "a whole pause lasts $whole_ns ns"
expect "without a deadline nothing is cut" "0|0|0|1" "$(sql "$WORK/whole.db" "SELECT max_pause_ns, deadline_goroutines, deadline_values,
	goroutines + dead_goroutines + dropped_goroutines = listed_goroutines FROM snapshot_statistics")"

# cut_at PERMILLE: a pause of so much of a whole one, and what is left of the snapshot then. A host that
# is busy may keep the threads from their stop for so short a time again and again: then there is nothing to see.
least_over=1000000000 cuts=0
cut_at() {
	local us=$((whole_ns * $1 / 1000000)) db=$WORK/cut.db code=0 over
	patiently "$ASKANCE" snapshot "$OBJECT" --pid "$TARGET" -o "$db" --engine="$engine" --max-pause=${us}us >"$WORK/out" 2>"$WORK/err" || code=$?
	if [ "$code" -eq 3 ] && was_late "$WORK/err"; then
		say "$us us: not stopped in time"
		return
	fi
	expect "exit 4 at the deadline" 4 "$code"
	[ -s "$db" ] || return 0
	cuts=$((cuts + 1))
	expect_stderr "[0-9]+ of $goroutines|[0-9]+ of [0-9]+ goroutines.*--max-pause|what [0-9]+ value.*--max-pause"
	expect "$us us: the numbers add up" "1|1|1|1" "$(sql "$db" "SELECT
		goroutines + dead_goroutines + dropped_goroutines = listed_goroutines,
		goroutines = (SELECT count(*) FROM goroutines),
		dropped_goroutines = deadline_goroutines AND dropped_pointees = deadline_values AND dropped_goroutines + dropped_pointees > 0,
		max_pause_ns = $us * 1000 FROM snapshot_statistics")"
	expect "$us us: each captured goroutine has its row" 0 "$(sql "$db" "SELECT count(*) FROM goroutines g JOIN frames f USING (stack_id)
		LEFT JOIN hold h USING (process_id, goroutine_id) WHERE f.function = 'main.hold' AND h.goroutine_id IS NULL")"
	expect "$us us: what is not there is not made up" "" "$(sql "$db" "SELECT DISTINCT status_v FROM hold WHERE
		NOT (status_v = 'ok' AND next = -id AND v ->> '$.Name' = 'node ' || id)
		AND NOT (status_v = 'not_captured' AND v IS NULL)
		AND NOT (status_v = 'partial: not_captured')")"
	expect "$us us: parts that are not there say so" 0 "$(sql "$db" "SELECT count(*) FROM hold WHERE status_v LIKE 'partial%'
		AND v ->> '$.Name.__status' IS NOT 'not_captured' AND v ->> '$.Next.__status' IS NOT 'not_captured'")"
	over=$(sql "$db" 'SELECT pause_ns - max_pause_ns FROM snapshot_statistics')
	say "$us us: pause over by $over ns, $(sql "$db" 'SELECT goroutines FROM snapshot_statistics') goroutines"
	[ "$over" -ge "$least_over" ] || least_over=$over
	rm -f "$db"
}
# Each a few times. The scheduler may keep us from the CPU at the deadline: so until one pause ended in time.
for permille in 50 100 150 200; do
	for i in 1 2 3 4; do cut_at "$permille"; done
done
for i in $(seq 40); do
	[ "$least_over" -gt 0 ] || break
	cut_at $((50 + 50 * (i % 4)))
done
if [ "$cuts" -gt 0 ]; then ok "$cuts pauses were cut short"; else fail "the program never stopped in so short a time"; fi
if [ "$least_over" -le 0 ]; then ok "the deadline holds"; else fail "no pause ended in time, the best was $least_over ns late"; fi

# Everything else that may last.
goes_on "after the deadlines"
expect_exit 4 "$ASKANCE" collect "$OBJECT" --pid "$TARGET" -o "$WORK/cut.askdump" --engine="$engine" --max-pause=$((whole_ns / 4000))us
expect_stderr 'process [0-9]+: .*--max-pause'
expect_exit 4 "$ASKANCE" decode "$WORK/cut.askdump" -o "$WORK/again.db"
for bad in 0 0ms 5 5m ms -5ms 5.ms 5ms. 1e3ms 999999999999s 5us 50 "" " 5ms" nonsense; do
	expect_exit 1 "$ASKANCE" collect "$OBJECT" --pid "$TARGET" -o "$WORK/bad.askdump" --max-pause="$bad"
done
expect_stderr 'a duration'
for bad in 0 7MiB 513MiB 1GiB 8MB 8 -8MiB MiB "" 99999999999999999999MiB 17179869184GiB; do
	expect_exit 1 "$ASKANCE" collect "$OBJECT" --pid "$TARGET" -o "$WORK/bad.askdump" --buffer="$bad"
done
expect_stderr 'a size from'
# A ring that is too small for all of it is emptied in the pause: the same goroutines.
expect_exit 0 "$ASKANCE" snapshot "$OBJECT" --pid "$TARGET" -o "$WORK/small.db" --engine="$engine" --max-pause=none --buffer=8MiB
expect "all of them through a small ring" "$goroutines" "$(sql "$WORK/small.db" 'SELECT count(*) FROM hold')"
for good in 9s 9.5s 9000ms 9000000us none; do
	expect_exit 0 "$ASKANCE" collect "$OBJECT" --pid "$TARGET" -o "$WORK/good.askdump" --engine="$engine" --max-pause="$good"
done

finish
