#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# target GO_VERSION ENGINE: the target ends, or becomes another program, at random moments of
# a collection; and it has children meanwhile. Exit 2, or 4 (or 0, when it was too late)
# with a dump that decodes; no hang, no crash, no process that stands still.
# shellcheck source=tests/e2e/survive/common.sh
. "$(dirname "$0")/common.sh"

survive_program "$@"
goroutines=8000
start_target "$BIN" -goroutines "$goroutines"
dump=$WORK/x.askdump
collect() { timeout -k 1 120 "$ASKANCE" collect "$OBJECT" --pid "$TARGET" -o "$dump" --engine="$engine" --max-pause=none; }
took=$(a_run_lasts collect)
rm -f "$dump"
say "a run lasts $took ms"
stop_pid "$TARGET"
RANDOM=2

# outcome WHAT: of one run, whose exit code is in `code`.
declare -A outcomes
outcome() {
	outcomes[$code]=$((${outcomes[$code]:-0} + 1))
	case $code in
	0 | 4)
		[ -e "$dump" ] || die "$1: exit $code and no dump"
		"$ASKANCE" decode "$dump" -o "$WORK/x.db" 2>"$WORK/log" || [ $? -eq 4 ] || die "$1: exit $code, the dump does not decode: $(cat "$WORK/log")"
		expect_rows "$1"
		;;
	2)
		grep -q '^askance: ' "$WORK/err" || die "$1: exit 2 without a message"
		[ ! -e "$dump" ] || die "$1: exit 2 and a dump"
		;;
	3)
		was_late "$WORK/err" || die "$1: exit 3: $(cat "$WORK/err")"
		[ ! -e "$dump" ] || die "$1: exit 3 and a dump"
		;;
	*) die "$1: exit $code: $(cat "$WORK/err")" ;;
	esac
	rm -f "$dump" "$WORK/x.db"
}

# Whatever is there is right: nodes say who they are, and who comes next.
expect_rows() {
	[ "$(sql "$WORK/x.db" "SELECT count(*) FROM hold WHERE status_v = 'ok' AND (id IS NULL OR next <> -id)")" = 0 ] ||
		die "$1: wrong values"
	# What it became may have been met before it had a goroutine.
	[ "$code" = 4 ] || [[ $1 == exec* ]] || [ "$(sql "$WORK/x.db" 'SELECT count(DISTINCT id) FROM hold')" -ge 1 ] || die "$1: exit 0 without rows"
}

rounds() { # WHAT SIGNAL
	local i runtime
	outcomes=()
	for i in $(seq 30); do
		start_target "$BIN" -goroutines "$goroutines"
		collect 2>"$WORK/err" &
		runtime=$!
		pause_for "$took"
		kill -"$2" "$TARGET"
		code=0
		wait "$runtime" || code=$?
		[ "$code" -ne 0 ] || took=$((took * 9 / 10 + 1)) # too late: rather a little earlier
		outcome "$1 $i"
		if [ "$2" = USR1 ]; then
			local deadline=$((SECONDS + 60))
			until grep -q '^after' "$TARGET_OUT"; do
				[ "$SECONDS" -lt "$deadline" ] || die "$1 $i: it never became the other program"
				sleep 0.01
			done
			goes_on "$1 $i"
		else
			local deadline=$((SECONDS + 60))
			while [ -d "/proc/$TARGET" ] && ! grep -q '^State:.Z' "/proc/$TARGET/status" 2>/dev/null; do
				[ "$SECONDS" -lt "$deadline" ] || die "$1 $i: it has not ended: $(grep State "/proc/$TARGET/status")"
				sleep 0.01
			done
		fi
		stop_pid "$TARGET"
	done
	for code in "${!outcomes[@]}"; do say "$1: exit $code: ${outcomes[$code]} times"; done
	[ "${outcomes[2]:-0}" -gt 0 ] || fail "$1: never came in time"
	ok "$1, 30 times"
}
rounds killed KILL
rounds exec USR1
rounds exit USR2

# Children are born, by clone(CLONE_VFORK | CLONE_VM), all the time, and not one is harmed.
start_target "$BIN" -goroutines "$goroutines" -children
for i in $(seq 25); do
	code=0
	collect 2>"$WORK/err" || code=$?
	case $code in
	0) [ "$("$ASKANCE" decode "$dump" -o "$WORK/x.db" -q && sql "$WORK/x.db" 'SELECT count(DISTINCT id) FROM hold')" = "$goroutines" ] || die "children, run $i: rows are missing" ;;
	3) was_late "$WORK/err" || die "children, run $i: exit 3: $(cat "$WORK/err")" ;;
	*) die "children, run $i: exit $code: $(cat "$WORK/err")" ;;
	esac
	untouched "$TARGET" || sleep 0.1 # a thread in vfork() is let go when it comes back
	rm -f "$dump" "$WORK/x.db"
done
goes_on "with children"
expect "no child was harmed" 0 "$(grep -c '^lost' "$TARGET_OUT" || true)"
if grep -q '^child' "$TARGET_OUT"; then ok "children were born: $(grep '^child' "$TARGET_OUT" | tail -n 1)"; else fail "no child was born"; fi
finish
