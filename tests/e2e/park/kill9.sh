#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# kill9 GO_VERSION ENGINE: the runtime is killed again and again, most times while the
# program stands still for it. The program goes on, and none of its threads is stopped.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../lib.sh"

version=$1 engine=$2
here=$(dirname "$0")
need_engine "$engine"
: "${E2E_KILLER:?E2E_KILLER must name the kill_in_pause program}"
go_program "$here" "$version" park
build_object "$here/spec.ask.yaml"
start_target "$BIN" -goroutines 40000 -depth 20 -busy 1 -tick

# How long a pause lasts here and now, when nothing else is in its way: the kills are to fall into it.
pause_ns=0
for i in 1 2 3; do
	take_snapshot "$engine" "$WORK/before.db"
	ns=$(sql "$WORK/before.db" 'SELECT pause_ns FROM snapshot_statistics')
	[ "$pause_ns" -ne 0 ] && [ "$ns" -ge "$pause_ns" ] || pause_ns=$ns
done
say "a whole pause lasts $pause_ns ns"

ticks() { grep -c '^tick' "$TARGET_OUT" || true; }
# Whoever is to kill may himself be kept from the CPU: it is enough to be in time at last.
killed=0
for i in $(seq 1 120); do
	[ "$i" -le 30 ] || [ "$killed" -lt 15 ] || break
	# Says whether the program stood still at the moment of the kill.
	told=$("$E2E_KILLER" "$TARGET" "$i" $((pause_ns * 3 / 4)) "$ASKANCE" collect "$OBJECT" --pid "$TARGET" -o "$WORK/killed.askdump" \
		--engine="$engine" --max-pause=none 2>&1) || case $told in
	*'(status 0)'* | *'(status 0x300)'*) ;; # the pause was over before anyone looked, or it was late
	*) die "round $i: $told" ;;
	esac
	[ "$told" != "in the pause" ] || killed=$((killed + 1))
	# A kill may come too late; what then has the final name is a whole dump.
	if [ -e "$WORK/killed.askdump" ]; then
		"$ASKANCE" decode "$WORK/killed.askdump" -o "$WORK/killed.db" 2>"$WORK/log" ||
			fail "round $i ($told): half a dump under the final name: $(cat "$WORK/log")"
		rm "$WORK/killed.askdump"
	fi
	before=$(ticks)
	deadline=$((SECONDS + 60))
	until alive "$TARGET" && [ "$(ticks)" -gt "$((before + 1))" ]; do
		[ "$SECONDS" -lt "$deadline" ] || die "round $i ($told): the program does not go on"
		sleep 0.02
	done
done
ok "30 kills and more, and the program went on after each"
if [ "$killed" -ge 15 ]; then ok "$killed of them in the pause"; else fail "only $killed in the pause"; fi

# And a later snapshot works.
take_snapshot "$engine" "$WORK/after.db"
expect "a snapshot afterwards is whole" 40000 "$(sql "$WORK/after.db" 'SELECT count(DISTINCT id) FROM hold')"
finish
