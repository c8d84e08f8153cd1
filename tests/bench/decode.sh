#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# decode [RUNS]: what it costs to turn a dump into a database: many small records, and few large
# values. Prints a table of medians; asserts no times, for they are the host's, but does check
# that all of it was decoded.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../e2e/lib.sh"

runs=${1:-3}
here=$(cd "$(dirname "$0")" && pwd)
need_ptrace
need_command /usr/bin/time

median() { sort -n | awk '{ v[NR] = $1 } END { print NR ? v[int((NR + 1) / 2)] : "-" }'; }

# measure LABEL CHECK-SQL CHECK-RESULT: decodes a dump of TARGET, which then ends.
measure() {
	local label=$1 query=$2 result=$3 run dump=$WORK/run.askdump size
	patiently "$ASKANCE" collect "$OBJECT" --pid "$TARGET" -o "$dump" --engine=native -q --max-pause=none || die "collect: exit $?"
	stop_pid "$TARGET"
	rm -f "$WORK"/m.*
	for ((run = 0; run < runs; run++)); do
		rm -f "$WORK/run.db"
		# seconds, seconds of CPU in user space and in the kernel, KiB
		/usr/bin/time -f '%e %U %S %M' -o "$WORK/time" "$ASKANCE" decode "$dump" -o "$WORK/run.db" -q ||
			die "decode: exit $?"
		awk '{ print $1 > wall; print $2 + $3 > cpu; print $4 > rss }' wall="$WORK/wall" cpu="$WORK/cpu" rss="$WORK/rss" "$WORK/time"
		for key in wall cpu rss; do cat "$WORK/$key" >>"$WORK/m.$key"; done
		expect "$label, run $((run + 1)): everything was decoded" "$result" "$(sql "$WORK/run.db" "$query")" >>"$WORK/checks"
	done
	size=$(stat -c %s "$dump")
	awk -v label="$label" -v size="$size" -v db="$(stat -c %s "$WORK/run.db")" -v wall="$(median <"$WORK/m.wall")" \
		-v cpu="$(median <"$WORK/m.cpu")" -v rss="$(median <"$WORK/m.rss")" 'BEGIN {
		printf "%-36s %8.1f %8.1f %8.2f %8.2f %8s %8.1f\n", label, size / 1e6, db / 1e6, wall, cpu,
			(cpu > 0 ? sprintf("%.0f", size / 1e6 / cpu) : "-"), rss / 1024 }'
}

printf 'askance decode; medians of %s runs; %s CPUs, Linux %s\n\n' "$runs" "$(nproc)" "$(uname -r)"
printf '%-36s %8s %8s %8s %8s %8s %8s\n' '' dump database wall CPU 'dump/CPU' 'peak RSS'
printf '%-36s %8s %8s %8s %8s %8s %8s\n' '' MB MB s s MB/s MiB
go_program "$E2E_DIR/park" 1.26.8 park
build_object "$E2E_DIR/park/spec.ask.yaml"
for goroutines in 10000 100000; do
	start_target "$BIN" -goroutines "$goroutines" -depth 8
	measure "$goroutines goroutines, a struct each" 'SELECT count(DISTINCT id), min(id), max(id) FROM hold' \
		"$goroutines|0|$((goroutines - 1))"
done
go_program "$here/large" 1.26.8 large
build_object "$here/large/spec.ask.yaml"
start_target "$BIN" -goroutines 2000
measure '2000 goroutines, 25 kB each' "SELECT count(*), sum(json_array_length(v_Numbers, '\$.array')),
	sum(json_array_length(v_Records, '\$.array')), sum(json_array_length(v_Map, '\$.entries')),
	sum(length(v_Bytes ->> '\$.bytes')) FROM hold WHERE status_v_Text = 'ok'" \
	"2000|$((2000 * 512))|$((2000 * 64))|$((2000 * 64))|$((2000 * 8192))"
echo
if grep -q '^FAILED' "$WORK/checks"; then
	grep -A2 '^FAILED' "$WORK/checks"
	die "a dump was not decoded in full"
fi
CHECKS=$(grep -c '^ok' "$WORK/checks")
finish
