#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# rehearse GO_VERSION ENGINE MODE [SNAPSHOTS]: what was read before the pause is never shown when it
# does not hold any more.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../lib.sh"

version=$1 engine=$2 mode=$3 snapshots=${4:-60}
here=$(cd "$(dirname "$0")" && pwd)
need_engine "$engine"
go_program "$here" "$version" rehearse
build_object "$here/spec.ask.yaml"
start_target "$BIN" -mode "$mode"

# While it is being parked, or interrupted, a goroutine may stand between the two counts.
stale="SELECT kind, g.goroutine_id, g.wait_reason, n, real FROM hold JOIN goroutines g USING (process_id, goroutine_id)
	WHERE g.status = 'waiting' AND g.wait_reason <> 'preempted' AND status_n = 'ok' AND n <> real"
replayed=0 rows=0 moved=0 before=0
for i in $(seq "$snapshots"); do
	rm -f "$WORK/one.db"
	take_snapshot "$engine" "$WORK/one.db" --shards=2
	broken=$(sql "$WORK/one.db" "$stale")
	[ -z "$broken" ] || { fail "snapshot $i: $(printf '%s' "$broken" | head -n 5)"; break; }
	IFS='|' read -r r v n < <(sql "$WORK/one.db" "SELECT (SELECT replayed_goroutines FROM snapshot_statistics), count(*), sum(real) FROM hold WHERE status_n = 'ok' AND status_w = 'ok'")
	replayed=$((replayed + r)) rows=$((rows + v))
	[ "$n" -le "$before" ] || moved=$((moved + 1))
	before=$n
done
expect "every snapshot was taken" "$snapshots" "$i"
if [ "$replayed" -gt $((snapshots * 500)) ]; then ok "$replayed of $rows goroutines were taken from the rehearsal"; else fail "$replayed of $rows goroutines were taken from the rehearsal"; fi
if [ "$moved" -gt $((snapshots / 2)) ]; then ok "the program ran on between them"; else fail "only $moved times the program ran on"; fi
take_snapshot "$engine" "$WORK/none.db" --rehearse=none
expect "--rehearse=none takes none" 0 "$(sql "$WORK/none.db" 'SELECT replayed_goroutines FROM snapshot_statistics')"
expect "of each of the ${mode} program's kinds some, and no column failed" 1 "$(sql "$WORK/none.db" "SELECT count(DISTINCT kind) >= 2 AND NOT EXISTS (SELECT 1 FROM _problems) FROM hold")"
finish
