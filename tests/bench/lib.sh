# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# What the parts of bench.sh share, after tests/e2e/lib.sh: samples and their medians, the
# target that knows how long it stood still (crowd), a run of ours, and the table.
#
#   sample KEY VALUE           one measurement
#   median KEY / least KEY     of all with that key; - when there is none
#   crowd NAME ARGS…           starts one, and makes it the target: TARGET, TARGET_OUT
#   crowd_use NAME             makes an earlier one the target
#   ask COMMAND                asks the target; sets ANSWER
#   ours KEY ENGINE ARGS…      `askance collect` of the target; samples KEY.pause, KEY.gap, …
#   row FORMAT ARGS…           one line of the report, which is printed at the end

mkdir -p "$WORK/samples" "$WORK/crowd"
REPORT=$WORK/report
: >"$REPORT"
declare -A CROWD_PID=() CROWD_OUT=() CROWD_CONTROL=() CROWD_ANSWERS=()

sample() { printf '%s\n' "$2" >>"$WORK/samples/$1"; }
samples() { cat "$WORK/samples/$1" 2>/dev/null || true; }
median() { samples "$1" | sort -n | awk '{ v[NR] = $1 } END { print NR ? v[int((NR + 1) / 2)] : "-" }'; }
least() { samples "$1" | sort -n | awk 'NR == 1 { print; found = 1 } END { if (!found) print "-" }'; }
most() { samples "$1" | sort -n | awk '{ v = $1 } END { print NR ? v : "-" }'; }

# Numbers for people; - stays -.
scaled() { awk -v n="$1" -v by="$2" -v digits="$3" 'BEGIN { if (n == "-" || n == "") print "-"; else printf "%.*f\n", digits, n / by }'; }
ms() { scaled "$1" 1e6 2; }
mib() { scaled "$1" 1048576 1; }
# ratio A B: A / B, with as many digits as tell something.
ratio() {
	awk -v a="$1" -v b="$2" 'BEGIN {
		if (a == "-" || b == "-" || a == "" || b == "" || b + 0 == 0) { print "-"; exit }
		r = a / b
		printf r < 10 ? "%.2f\n" : r < 100 ? "%.1f\n" : "%.0f\n", r
	}'
}
# mark A B: a mark when A, of the rival, is not more than B, of ours.
mark() {
	awk -v a="$1" -v b="$2" 'BEGIN { print a != "-" && b != "-" && a + 0 <= b + 0 ? "  (!) not better than the rival" : "" }'
}
now() { echo "${EPOCHREALTIME/[.,]/}000"; }
# value KEY FILE: from lines of "key: value".
value() { sed -n "s/^\(askance: \)\{0,1\}$1: //p" "$2"; }

row() {
	# shellcheck disable=SC2059
	printf "$@" >>"$REPORT"
}
title() { row '\n%s\n' "$*"; }

# ---- the target ----

crowd_build() {
	[ -n "${CROWD_BIN:-}" ] || {
		go_program "$BENCH_DIR/crowd" 1.26.8 crowd
		CROWD_BIN=$BIN
	}
	BIN=$CROWD_BIN
	[ -n "${CROWD_OBJECT:-}" ] || {
		build_object "$BENCH_DIR/crowd/spec.ask.yaml"
		CROWD_OBJECT=$OBJECT
	}
	OBJECT=$CROWD_OBJECT
}

crowd() {
	local name=$1 control answers
	shift
	crowd_build
	mkfifo "$WORK/crowd/$name"
	exec {control}<>"$WORK/crowd/$name"
	# shellcheck disable=SC2016
	start_target bash -c 'fifo=$1; shift; exec "$@" <"$fifo"' - "$WORK/crowd/$name" "$CROWD_BIN" "$@"
	exec {answers}<"$TARGET_OUT"
	read -r _ <&"$answers" # "ready"
	CROWD_PID[$name]=$TARGET CROWD_OUT[$name]=$TARGET_OUT
	CROWD_CONTROL[$name]=$control CROWD_ANSWERS[$name]=$answers
	CROWD=$name
}

crowd_use() {
	CROWD=$1 TARGET=${CROWD_PID[$1]} TARGET_OUT=${CROWD_OUT[$1]}
}

crowd_stop() {
	local control=${CROWD_CONTROL[$1]} answers=${CROWD_ANSWERS[$1]}
	stop_pid "${CROWD_PID[$1]}"
	exec {control}>&- {answers}<&-
	rm -f "$WORK/crowd/$1"
}

ask() {
	local deadline=$((SECONDS + 60))
	printf '%s\n' "$1" >&"${CROWD_CONTROL[$CROWD]}"
	# The answer comes into a file: until it is there, its end is.
	until read -r ANSWER <&"${CROWD_ANSWERS[$CROWD]}"; do
		kill -0 "$TARGET" 2>/dev/null || die "the target ended: $(cat "$TARGET_OUT.err")"
		[ "$SECONDS" -lt "$deadline" ] || die "the target does not answer $1"
		sleep 0.005
	done
	case $ANSWER in error*) die "the target: $ANSWER" ;; esac
}

# ---- ours ----

# Runs where BPF can be loaded, else natively only.
bench_engines() {
	local why
	ENGINES=(native)
	if why=$("$E2E_PROBE" 2>&1); then
		ENGINES=(bpf native)
	else
		row 'bpf: not measured, this host cannot load BPF: %s\n' "$why"
	fi
}

# alone KEY: the gap in a moment in which nobody does anything.
alone() {
	ask gap
	sleep 0.05
	ask gap
	sample "$1.alone" "$ANSWER"
}

# KEY ENGINE GOROUTINES [ASKANCE ARGS…]: everything must have been captured.
ours() {
	local key=$1 engine=$2 goroutines=$3 name log=$WORK/ours.log
	shift 3
	ask gap
	patiently "$BENCH_MEASURE" "$WORK/ours.measure" "$ASKANCE" collect "$OBJECT" --pid "$TARGET" -v --max-pause=none -o "$WORK/ours.askdump" --engine="$engine" "$@" \
		2>"$log" || die "askance collect --engine=$engine: $(cat "$log")"
	ask gap
	sample "$key.gap" "$ANSWER"
	for name in pause stop walk chase release rehearsal load; do
		sample "$key.$name" "$(value "${name}_ns" "$log")"
	done
	for name in bytes triggers shards replayed_goroutines verified_insns; do
		sample "$key.$name" "$(value "$name" "$log")"
	done
	for name in wall_ns cpu_ns rss_bytes; do
		sample "$key.$name" "$(value "$name" "$WORK/ours.measure")"
	done
	sample "$key.dump" "$(stat -c %s "$WORK/ours.askdump")"
	# Threads that run at that moment may have no stack that can be told; who waits has one.
	expect "$key: all $goroutines goroutines, whole stacks, a value and what it points to in each" "$goroutines $goroutines 0 yes" \
		"$(value captured_values "$log") $(value pointees "$log") $(value read_failures "$log") $(
			[ "$(value frames "$log")" -ge $((15 * goroutines)) ] && echo yes
		)" >>"$WORK/checks"
}
