#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# registers GO_VERSION ENGINE: a goroutine is stopped at random in a loop without calls. What its
# function keeps in registers is the value that the program gave it, or unavailable with a
# reason; and most of the time it is there, from Go 1.23 on, which tells what closures capture.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../lib.sh"

version=$1 engine=$2
here=$(cd "$(dirname "$0")" && pwd)
need_engine "$engine"
go_program "$here" "$version" registers
build_object "$here/spec.ask.yaml"
start_target "$BIN"

# Over the rows so far: seen, with both of id and twin, with all of them.
seen=0 pairs=0 whole=0
: >"$WORK/wrong"
for round in $(seq 30); do
	sleep "0.0$((RANDOM % 50 + 10))"
	db=$WORK/round.db
	rm -f "$db"
	take_snapshot "$engine" "$db"
	sql "$db" "SELECT 'round $round', *, '' FROM spin WHERE (id IS NOT NULL AND id <> 17)
		OR (twin IS NOT NULL AND twin <> 52) OR (next_id IS NOT NULL AND next_id <> 52)
		OR (status_name = 'ok' AND name <> 'goroutine 17')
		OR (status_b = 'ok' AND (b ->> '\$.id' IS NOT 17 OR b ->> '\$.twin' IS NOT 52))
		OR (secret IS NOT NULL) OR coalesce(raw_secret ->> '\$.len', 12) <> 12
		OR raw_secret LIKE '%goroutine 17%'
		OR (status_id <> 'ok' AND status_id NOT LIKE 'unavailable: _%')" >>"$WORK/wrong"
	# what is assigned to is in registers, too: nothing tells which value its register has
	sql "$db" "SELECT 'round $round', * FROM assigned WHERE a IS NOT NULL OR x IS NOT NULL" >>"$WORK/wrong"
	seen=$((seen + $(sql "$db" "SELECT count(*) FROM spin")))
	pairs=$((pairs + $(sql "$db" "SELECT count(*) FROM spin WHERE twin = 3 * id + 1")))
	whole=$((whole + $(sql "$db" "SELECT count(*) FROM spin WHERE twin = 3 * id + 1 AND next_id = twin
		AND name = 'goroutine 17' AND status_b = 'ok' AND status_secret = 'redacted'")))
done
say "$seen rows, $pairs with id and twin, $whole with everything"
expect "no wrong value" '' "$(head -n 20 "$WORK/wrong" | cut -c1-400)"
if [ "$seen" -ge 25 ]; then ok "$seen rows"; else fail "only $seen rows"; fi
case $version in
1.20.* | 1.21.* | 1.22.*) expect "without closures' layout nothing is certain" 0 "$pairs" ;;
*)
	if [ $((pairs * 10)) -ge $((seen * 8)) ]; then ok "$pairs pairs"; else fail "only $pairs pairs"; fi
	if [ $((whole * 10)) -ge $((seen * 7)) ]; then ok "$whole whole rows"; else fail "only $whole whole rows"; fi
	;;
esac
finish
