#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# stress GO_VERSION [SNAPSHOTS]: a program that starts and ends goroutines as fast as it can, with the
# engines and --pause=none in turn: every snapshot is consistent, and the program goes on.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../lib.sh"

version=$1 snapshots=${2:-200}
here=$(cd "$(dirname "$0")" && pwd)
need_engine bpf
go_program "$here" "$version" stress
build_object "$here/spec.ask.yaml"
start_target "$BIN"

counted() { sed -n 's/^count //p' "$TARGET_OUT" | tail -n 1; }

began=$SECONDS stood=0 bad=0 values=0 running=0 unavailable=0 last=0
for i in $(seq "$snapshots"); do
	case $((i % 3)) in
	0) arguments=(--engine=native --pause=none) ;;
	1) arguments=(--engine=bpf) ;;
	2) arguments=(--engine=native) ;;
	esac
	code=0
	rm -f "$WORK/one.db"
	patiently "$ASKANCE" snapshot "$OBJECT" --pid "$TARGET" -o "$WORK/one.db" -q --max-pause=none "${arguments[@]}" >"$WORK/out" 2>"$WORK/err" || code=$?
	# Whoever reads a process that runs may lose something under his hands: exit 4 says so.
	if [ "$code" -ne 0 ] && ! { [ "$code" -eq 4 ] && [ $((i % 3)) -eq 0 ]; }; then
		fail "snapshot $i (${arguments[*]}): exit $code: $(cat "$WORK/err")"
		bad=$((bad + 1))
		break
	fi
	broken=$(sqlite3 -batch -readonly "$WORK/one.db" <"$here/rules.sql" 2>&1)
	if [ -n "$broken" ]; then
		fail "snapshot $i (${arguments[*]}): $(printf '%s' "$broken" | cut -c1-300 | head -n 8)"
		bad=$((bad + 1))
		[ "$bad" -lt 5 ] || break
	fi
	IFS='|' read -r v r u < <(sql "$WORK/one.db" "SELECT (SELECT count(*) FROM grow WHERE status_p = 'ok') + (SELECT count(*) FROM work WHERE status_p = 'ok'),
		(SELECT count(*) FROM goroutines WHERE status = 'running' AND stack_id IS NOT NULL), (SELECT count(*) FROM goroutines WHERE stack_id IS NULL)")
	values=$((values + v)) running=$((running + r)) unavailable=$((unavailable + u))
	if [ $((i % 20)) -eq 0 ]; then
		# It counts twice a second, where the host lets it.
		deadline=$((SECONDS + 60))
		until now=$(counted) && [ "${now:-0}" -gt "$last" ] || [ "$SECONDS" -ge "$deadline" ]; do
			sleep 0.05
		done
		if [ "${now:-0}" -le "$last" ] || ! alive "$TARGET"; then
			stood=$((stood + 1))
		fi
		last=${now:-0}
	fi
done
expect "every snapshot was taken" "$snapshots" "$i"
expect "the target never stood still" 0 "$stood"
expect "no snapshot is inconsistent" 0 "$bad"
if [ "$values" -gt 100 ]; then ok "$values values of goroutines that come and go"; else fail "only $values values"; fi
if [ "$running" -gt 20 ]; then ok "$running stacks of running goroutines"; else fail "only $running stacks of running goroutines"; fi
say "$unavailable stacks were unavailable; $((SECONDS - began)) s; $(counted) goroutines ended"
finish
