# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# What the survive cases share; lib.sh comes with it.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

# survive_program GO_VERSION ENGINE: BIN and OBJECT are those of the program here. Sets version,
# engine and here.
survive_program() {
	version=$1 engine=$2
	here=$E2E_DIR/survive
	need_engine "$engine"
	go_program "$here" "$version" survive
	build_object "$here/spec.ask.yaml"
}

# untouched PID: it lives, no thread of it is stopped or has a tracer.
untouched() {
	local task field value
	[ -d "/proc/$1/task" ] || return 1
	for task in /proc/"$1"/task/*/status; do
		while read -r field value _; do
			case $field in
			State:) case $value in t | T | Z | X) return 1 ;; esac ;;
			TracerPid:) [ "$value" = 0 ] || return 1 ;;
			esac
		done 2>/dev/null <"$task" || true
	done
}

ticks() { grep -c '^tick' "$TARGET_OUT" || true; }

# goes_on WHAT: TARGET, which has been left alone, is untouched and ticks within 60 s.
goes_on() {
	local before deadline
	untouched "$TARGET" || die "$1: a thread is stopped or traced: $(grep -H -E '^(State|TracerPid)' /proc/"$TARGET"/task/*/status)"
	before=$(ticks)
	deadline=$((SECONDS + 60))
	until [ "$(ticks)" -gt "$((before + 1))" ]; do
		[ "$SECONDS" -lt "$deadline" ] || die "$1: the program does not go on"
		sleep 0.01
	done
}

# pause_for MOST: sleeps a random time of at most MOST milliseconds.
pause_for() {
	local us=$((RANDOM * 32768 + RANDOM))
	us=$((us % ($1 * 1000)))
	sleep "$((us / 1000000)).$(printf '%06d' $((us % 1000000)))"
}

# a_run_lasts COMMAND…: milliseconds that it takes, at the best of three times.
a_run_lasts() {
	local begin took least=1000000
	for _ in 1 2 3; do
		begin=$(date +%s%N)
		"$@" >/dev/null 2>&1 || true
		took=$((($(date +%s%N) - begin) / 1000000 + 1))
		[ "$took" -ge "$least" ] || least=$took
	done
	echo "$least"
}

# was_late FILE: what askance said there is that a thread did not come to its stop in time, which a
# busy host may be to blame for.
was_late() { grep -q 'did not stop in time' "$1"; }

# no_bpf_left WHAT BEFORE: what was not there before is gone, or goes within 60 s: the
# kernel frees such objects a little later. Other runs on this host come and go meanwhile.
no_bpf_left() {
	local deadline=$((SECONDS + 60)) left
	"$E2E_BPF_LEFT" >"$WORK/bpf.after"
	left=$(grep -Fxv -f "$2" "$WORK/bpf.after" || true)
	while [ -n "$left" ]; do
		[ "$SECONDS" -lt "$deadline" ] || { fail "$1: BPF objects are left: $left"; return; }
		sleep 0.1
		"$E2E_BPF_LEFT" >"$WORK/bpf.now"
		left=$(printf '%s\n' "$left" | grep -Fx -f "$WORK/bpf.now" || true)
	done
	ok "$1: no BPF object is left"
}
