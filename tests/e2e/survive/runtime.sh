#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# runtime GO_VERSION ENGINE: the runtime ends at 100 random moments of a run. The target goes
# on, nothing of ours is left in the kernel, no half file has the final name.
# shellcheck source=tests/e2e/survive/common.sh
. "$(dirname "$0")/common.sh"

: "${E2E_BPF_LEFT:?E2E_BPF_LEFT must name the bpf_left program}"
survive_program "$@"
start_target "$BIN" -goroutines 20000

mkdir "$WORK/out"
db=$WORK/out/x.db
command=("$ASKANCE" snapshot "$OBJECT" --pid "$TARGET" -o "$db" --engine="$engine" --max-pause=none)
took=$(a_run_lasts "${command[@]}")
say "a run lasts $took ms"
rm -f "$db"
[ "$engine" = native ] || "$E2E_BPF_LEFT" >"$WORK/bpf.before" || skip "BPF objects cannot be listed here"

RANDOM=1
# whole_or_nothing WHAT: what has the final name is complete.
whole=0
whole_or_nothing() {
	[ -e "$db" ] || return 0
	[ "$(sql "$db" 'SELECT count(DISTINCT id) FROM hold')" = 20000 ] || die "$1: half a database under the final name"
	whole=$((whole + 1))
	rm -f "$db"
}

for i in $(seq 100); do
	"${command[@]}" >/dev/null 2>&1 &
	runtime=$!
	pause_for "$took"
	kill -KILL "$runtime" 2>/dev/null || true
	wait "$runtime" 2>/dev/null || true
	untouched "$TARGET" || die "kill $i: a thread is stopped or traced"
	[ ! -e "$db" ] || took=$((took * 19 / 20 + 1)) # too late: rather a little earlier
	whole_or_nothing "kill $i"
	[ $((i % 10)) -ne 0 ] || goes_on "kill $i"
	rm -f "$WORK"/out/* # a killed program cleans nothing up
done
goes_on "after 100 kills"
ok "100 kills, and the program went on after each; $whole came too late"
[ "$whole" -lt 90 ] || fail "$whole of 100 kills came too late to be worth anything"

for signal in TERM INT HUP; do
	cut=0
	for i in $(seq 15); do
		code=0
		# Background jobs of a script ignore SIGINT; a new session's leader need not.
		setsid env --default-signal=INT,TERM,HUP "${command[@]}" >/dev/null 2>"$WORK/err" &
		runtime=$!
		pause_for "$took"
		kill -"$signal" "$runtime" 2>/dev/null || true
		wait "$runtime" 2>/dev/null || code=$?
		untouched "$TARGET" || die "SIG$signal $i: a thread is stopped or traced"
		case $code in
		0) took=$((took * 9 / 10 + 1)) ;; # too late: rather a little earlier
		3) was_late "$WORK/err" || die "SIG$signal $i: exit 3: $(cat "$WORK/err")" ;;
		129 | 130 | 143) cut=$((cut + 1)) ;;
		*) die "SIG$signal $i: exit $code" ;;
		esac
		whole_or_nothing "SIG$signal $i"
		[ -z "$(ls -A "$WORK/out")" ] || die "SIG$signal $i: left behind: $(ls -A "$WORK/out")"
	done
	ok "SIG$signal: $cut of 15 runs were cut short, no file was left"
	[ "$cut" -gt 0 ] || fail "SIG$signal never came in time"
done
goes_on "after the signals"
[ "$engine" = native ] || no_bpf_left "after all" "$WORK/bpf.before"

take_snapshot "$engine" "$WORK/after.db"
expect "a later snapshot is whole" "20000|0" "$(sql "$WORK/after.db" 'SELECT count(DISTINCT id), sum(next + id) FROM hold')"
finish
