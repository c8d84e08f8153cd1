#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# bench [PART…]: what a snapshot costs, and what others cost, in one report. Asserts no
# times, for they are the host's, but does check that everything was captured. A line where
# a rival does as well as we or better has a mark. Parts: rivals growth threads neighbour
# decode build; all of them when none is named. docs/PERFORMANCE.md explains the tables.
#
#   ASKANCE_BENCH=full        more runs, 1,000,000 goroutines, windows of a second
#   ASKANCE_BENCH_DOC=FILE    puts the report between the lines "```report" and "```" of FILE
#   ASKANCE_BENCH_BINARY=P ASKANCE_BENCH_SPEC=S    builds S for the program P too
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../e2e/lib.sh"
BENCH_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
: "${BENCH_MEASURE:?BENCH_MEASURE must name a program}"
: "${BENCH_NEIGHBOUR:?BENCH_NEIGHBOUR must name a program}"
: "${BENCH_ATTACH:?BENCH_ATTACH must name a program}"
# shellcheck source=tests/bench/lib.sh
. "$BENCH_DIR/lib.sh"
for part in rivals growth threads neighbour build; do
	# shellcheck source=/dev/null
	. "$BENCH_DIR/$part.sh"
done

parts=(rivals growth threads neighbour decode build)
[ $# -eq 0 ] || parts=("$@")
BENCH_MODE=${ASKANCE_BENCH:-quick}
case $BENCH_MODE in
quick) BENCH_RUNS=5 ;;
full) BENCH_RUNS=15 ;;
*) die "ASKANCE_BENCH=$BENCH_MODE: full, or nothing" ;;
esac
need_ptrace
bench_engines
row '%s CPUs (%s), Linux %s, %s MiB of memory, load %s at the beginning; %s\n' "$(nproc)" \
	"$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" "$(uname -r)" \
	"$(awk '/^MemTotal:/ { printf "%d", $2 / 1024 }' /proc/meminfo)" "$(cut -d ' ' -f 1 /proc/loadavg)" "$BENCH_MODE"
for part in "${parts[@]}"; do
	declare -F "bench_$part" >/dev/null || die "no part $part: one of rivals growth threads neighbour decode build"
	say "$part …"
	begin=$SECONDS
	"bench_$part"
	say "$part: $((SECONDS - begin)) s"
done
row '\nload %s at the end\n' "$(cut -d ' ' -f 1 /proc/loadavg)"
echo
cat "$REPORT"
echo
# All or nothing: what comes of a run that failed is no figure.
publish() {
	[ -n "${ASKANCE_BENCH_DOC:-}" ] || return 0
	grep -qx '```report' "$ASKANCE_BENCH_DOC" || die "$ASKANCE_BENCH_DOC has no line \`\`\`report"
	awk -v report="$REPORT" '
		/^```report$/ { print; while ((getline line < report) > 0) print line; inside = 1; next }
		/^```$/ { inside = 0 }
		!inside' "$ASKANCE_BENCH_DOC" >"$WORK/doc"
	cat "$WORK/doc" >"$ASKANCE_BENCH_DOC"
}

touch "$WORK/checks"
if grep -q '^FAILED' "$WORK/checks"; then
	grep -A2 '^FAILED' "$WORK/checks"
	die "not everything was captured"
fi
publish
CHECKS=$((CHECKS + $(grep -c '^ok' "$WORK/checks" || true)))
[ "$CHECKS" -gt 0 ] || ok "the parts that were asked for ran"
finish
