#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# together GO_VERSION ENGINE: several processes of two programs in one go, each with its own
# pause, or with one moment in common.
# shellcheck source=tests/e2e/survive/common.sh
. "$(dirname "$0")/common.sh"

survive_program "$@"
mkdir "$WORK/objects"
pids=() processes=() all=()
start() { # SIZE
	start_target "$BIN" -goroutines "$1"
	all+=("$TARGET")
	processes+=("$TARGET|$1")
	pids+=(--pid "$TARGET")
}
cp "$OBJECT" "$WORK/objects"
start 1000
start 3000
go_program "$here/../park" "$version" park
build_object "$here/../park/spec.ask.yaml"
cp "$OBJECT" "$WORK/objects"
start 200
start 5000
wanted=$(printf '%s\n' "${processes[@]}")

many() { "$ASKANCE" snapshot "$WORK/objects" -o "$WORK/x.db" --engine="$engine" --max-pause=none -v "$@"; }
check() { # WHAT
	expect "$1: a row a process, in the order of the command line" "$wanted" "$(sql "$WORK/x.db" "SELECT pid,
		(SELECT count(DISTINCT id) FROM hold h WHERE h.process_id = p.process_id) FROM processes p ORDER BY process_id")"
	expect "$1: nothing was lost" 0 "$(sql "$WORK/x.db" 'SELECT sum(dropped_goroutines + dropped_pointees) FROM snapshot_statistics')"
	expect "$1: pauses were measured" "4|0" "$(sql "$WORK/x.db" 'SELECT count(*), sum(pause_ns <= 0) FROM processes')"
}
overlap="SELECT max(capture_time_ns) < min(capture_time_ns + pause_ns) FROM processes"

for i in 1 2 3; do
	expect_exit 0 many "${pids[@]}"
	check "at once"
	expect_exit 0 many "${pids[@]}" --together
	check "together"
	expect "together: there is a moment at which all stood still" 1 "$(sql "$WORK/x.db" "$overlap")"
done
expect_exit 0 many --match 'executable_name=^(park|survive)$' --match "pid=$(IFS='|'; echo "${all[*]}")" --together
expect "rules, together: four processes at one moment" "4|1" "$(sql "$WORK/x.db" "SELECT (SELECT count(*) FROM processes), ($overlap)")"
expect_exit 0 many "${pids[@]}" "${pids[@]}"
check "named twice"
expect_exit 1 many "${pids[@]}" --together --pause=none
piped() { "$ASKANCE" collect "$WORK/objects" "${pids[@]}" -o - --engine="$engine" --max-pause=none | cat >"$WORK/piped.askdump"; }
patiently piped 2>/dev/null
expect_exit 0 "$ASKANCE" decode "$WORK/piped.askdump" -o "$WORK/x.db"
check "into a pipe"

# One fails: the others are there.
strace=$(command -v strace || true)
if [ -n "$strace" ]; then
	strace -f -q -e trace=none -p "${all[1]}" 2>/dev/null &
	tracer=$!
	TARGETS+=("$tracer")
	deadline=$((SECONDS + 60))
	until grep -q '^TracerPid:.[1-9]' "/proc/${all[1]}/status"; do
		[ "$SECONDS" -lt "$deadline" ] || die "strace did not attach"
		sleep 0.05
	done
	for mode in "" --together; do
		expect_exit 4 many "${pids[@]}" ${mode:+"$mode"}
		expect_stderr "process ${all[1]} is already traced by process $tracer \\(strace\\)"
		expect_stderr '1 of 4 processes could not be captured'
		expect "one is traced by another${mode:+, $mode}" "${all[0]}
${all[2]}
${all[3]}" "$(sql "$WORK/x.db" 'SELECT pid FROM processes ORDER BY process_id')"
	done
	stop_pid "$tracer"
fi

# One dies in between: whatever comes out decodes, and nobody stands still.
RANDOM=3
took=$(a_run_lasts many "${pids[@]}" --together)
go_program "$here" "$version" survive
for i in $(seq 10); do
	start_target "$BIN" -goroutines 1000
	victim=$TARGET code=0
	many "${pids[@]}" --pid "$victim" --together >/dev/null 2>"$WORK/err" &
	runtime=$!
	pause_for "$took"
	kill -KILL "$victim"
	wait "$runtime" || code=$?
	case $code in
	0 | 4) ;;
	3) was_late "$WORK/err" || die "a victim, round $i: exit 3: $(cat "$WORK/err")" ;;
	2) grep -Eq "process:? $victim" "$WORK/err" || die "a victim, round $i: $(cat "$WORK/err")" ;; # it was gone at the start
	*) die "a victim, round $i: exit $code: $(cat "$WORK/err")" ;;
	esac
	[ "$code" = 2 ] || was_late "$WORK/err" || [ "$(sql "$WORK/x.db" 'SELECT count(*) FROM processes WHERE pause_ns > 0')" -ge 4 ] || die "a victim, round $i: not all of the others"
	for pid in "${all[@]}"; do untouched "$pid" || die "a victim, round $i: process $pid is stopped or traced"; done
	stop_pid "$victim"
done
ok "a process that is killed does not hold up the others, 10 times"

# The deadline is each one's own.
expect_exit 4 many "${pids[@]}" --together --max-pause=3ms --rehearse=none
expect "the deadline, together: numbers add up" "0" "$(sql "$WORK/x.db" "SELECT count(*) FROM snapshot_statistics
	WHERE goroutines + dead_goroutines + dropped_goroutines <> listed_goroutines")"
for pid in "${all[@]}"; do if untouched "$pid"; then ok "process $pid goes on"; else fail "process $pid is stopped"; fi; done
finish
