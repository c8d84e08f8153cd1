#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# bench [RUNS]: what a snapshot costs: 10,000 goroutines x 15 frames, one pointer to a
# struct of 48 bytes captured in each. Prints a table of medians; asserts no times, for they
# are the host's, but does check that all of it was captured.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../e2e/lib.sh"

runs=${1:-5}
goroutines=10000
need_ptrace
go_program "$E2E_DIR/park" 1.26.8 park

median() { sort -n | awk '{ v[NR] = $1 } END { print NR ? v[int((NR + 1) / 2)] : "-" }'; }
now() { echo "${EPOCHREALTIME/[.,]/}000"; }
milliseconds() { awk -v ns="$1" 'BEGIN { if (ns == "-" || ns == "") print "-"; else printf "%.2f\n", ns / 1e6 }'; }

begin=$(now)
build_object "$E2E_DIR/park/spec.ask.yaml"
build_ns=$(($(now) - begin))

# One set of runs: LABEL ENGINE PARK-ARGS…
measure() {
	local label=$1 engine=$2 run db key
	shift 2
	start_target "$BIN" -goroutines "$goroutines" -depth 8 "$@"
	rm -f "$WORK"/m.*
	for ((run = 0; run < runs; run++)); do
		db=$WORK/run.db
		rm -f "$db"
		begin=$(now)
		take_snapshot "$engine" "$db"
		echo $(($(now) - begin)) >>"$WORK/m.wall_ns"
		for key in pause_ns stop_ns walk_ns chase_ns release_ns shards triggers bytes; do
			sql "$db" "SELECT $key FROM snapshot_statistics" >>"$WORK/m.$key"
		done
		for key in load_ns verified_insns; do
			sed -n "s/^$key: //p" "$db.log" >>"$WORK/m.$key"
		done
		expect "$label, run $((run + 1)): everything was captured" "$goroutines|15" "$(sql "$db" "SELECT count(DISTINCT id), (SELECT frame_count
			FROM hold JOIN goroutines USING (process_id, goroutine_id) LIMIT 1) FROM hold")" >>"$WORK/checks"
	done
	"$ASKANCE" collect "$OBJECT" --pid "$TARGET" -o "$WORK/run.askdump" --engine="$engine" --max-pause=none 2>"$WORK/log" ||
		die "collect: $(cat "$WORK/log")"
	for ((run = 0; run < runs; run++)); do
		rm -f "$WORK/decoded.db"
		begin=$(now)
		"$ASKANCE" decode "$WORK/run.askdump" -o "$WORK/decoded.db" 2>"$WORK/log" || die "decode: $(cat "$WORK/log")"
		echo $(($(now) - begin)) >>"$WORK/m.decode_ns"
	done
	local pause
	pause=$(median <"$WORK/m.pause_ns")
	printf '%-14s %9s %9s %9s %9s %9s %9s %9s %9s %7s %9s\n' "$label" "$(milliseconds "$pause")" \
		"$((pause / goroutines))" "$(milliseconds "$(median <"$WORK/m.stop_ns")")" "$(milliseconds "$(median <"$WORK/m.walk_ns")")" \
		"$(milliseconds "$(median <"$WORK/m.chase_ns")")" "$(milliseconds "$(median <"$WORK/m.release_ns")")" \
		"$(milliseconds "$(median <"$WORK/m.decode_ns")")" "$(milliseconds "$(median <"$WORK/m.load_ns")")" \
		"$(median <"$WORK/m.shards")" "$(median <"$WORK/m.verified_insns")"
	stop_pid "$TARGET"
}

printf '%s goroutines x 15 frames, one struct pointer each; medians of %s runs; %s CPUs, Linux %s\n\n' \
	"$goroutines" "$runs" "$(nproc)" "$(uname -r)"
printf 'askc build: %s ms (with clang)\n\n' "$(milliseconds "$build_ns")"
printf '%-14s %9s %9s %9s %9s %9s %9s %9s %9s %7s %9s\n' '' pause 'pause/g' stop walk chase release decode load shards verifier
printf '%-14s %9s %9s %9s %9s %9s %9s %9s %9s %7s %9s\n' '' ms ns ms 'ms, sum' 'ms, sum' ms ms ms '' insns
measure native native
measure native-busy native -busy "$(nproc)"
if why=$("$E2E_PROBE" 2>&1); then
	measure bpf bpf
	measure bpf-busy bpf -busy "$(nproc)"
else
	echo "bpf: not measured, this host cannot load BPF: $why"
fi
echo
if grep -q '^FAILED' "$WORK/checks"; then
	grep -A2 '^FAILED' "$WORK/checks"
	die "a snapshot was not whole"
fi
CHECKS=$(grep -c '^ok' "$WORK/checks")
finish
