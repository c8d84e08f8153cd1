#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# tracers GO_VERSION ENGINE: a process has one tracer. The second one says who is the first,
# exits 3, and disturbs nobody.
# shellcheck source=tests/e2e/survive/common.sh
. "$(dirname "$0")/common.sh"

survive_program "$@"
goroutines=20000
start_target "$BIN" -goroutines "$goroutines"

# Two of ours at the same time, again and again. One at least gets its snapshot, whole; the
# other one, if they met, says so.
met=0
for i in $(seq 200); do
	[ "$i" -le 40 ] || [ "$met" -eq 0 ] || break
	codes=''
	for n in 1 2; do
		"$ASKANCE" collect "$OBJECT" --pid "$TARGET" -o "$WORK/$n.askdump" --engine="$engine" --max-pause=none 2>"$WORK/$n.log" &
		eval "runtime$n=$!"
	done
	for n in 1 2; do
		runtime=runtime$n code=0
		wait "${!runtime}" || code=$?
		codes+=" $code"
		case $code in
		0)
			"$ASKANCE" decode "$WORK/$n.askdump" -q -o "$WORK/$n.db"
			[ "$(sql "$WORK/$n.db" 'SELECT count(DISTINCT id), sum(id + next) FROM hold')" = "$goroutines|0" ] || die "round $i: a disturbed snapshot"
			;;
		3)
			[ ! -e "$WORK/$n.askdump" ] || die "round $i: exit 3 and a dump"
			if was_late "$WORK/$n.log"; then
				codes+=late
				continue
			fi
			met=$((met + 1))
			grep -Eq "^askance: process $TARGET is already traced by process [0-9]+ \(askance\)" "$WORK/$n.log" ||
				die "round $i: $(cat "$WORK/$n.log")"
			;;
		*) die "round $i: exit $code: $(cat "$WORK/$n.log")" ;;
		esac
		rm -f "$WORK/$n.askdump" "$WORK/$n.db"
	done
	[ "$codes" != " 3 3" ] || die "round $i: both were refused"
	untouched "$TARGET" || die "round $i: a thread is stopped or traced"
done
ok "two at the same time, again and again; they met $met times"
[ "$met" -gt 0 ] || fail "they never met"
goes_on "after two at the same time"

# traced_by NAME COMMAND…: while COMMAND traces TARGET.
traced_by() {
	local name=$1 tracer deadline=$((SECONDS + 60))
	shift
	"$@" >"$WORK/$name.out" 2>&1 </dev/null &
	tracer=$!
	TARGETS+=("$tracer")
	until grep -q '^TracerPid:.[1-9]' "/proc/$TARGET/status"; do
		[ "$SECONDS" -lt "$deadline" ] || { fail "$name did not attach: $(cat "$WORK/$name.out")"; return; }
		sleep 0.05
	done
	expect_exit 3 "$ASKANCE" collect "$OBJECT" --pid "$TARGET" -o "$WORK/no.askdump" --engine="$engine"
	expect_stderr "process $TARGET is already traced by process $tracer \\($name\\)"
	expect_one_line
	grep -q '^TracerPid:.[1-9]' "/proc/$TARGET/status" && ok "$name still traces it" || fail "$name lost it"
	expect_exit 3 "$ASKANCE" doctor --pid "$TARGET"
	grep -q "no .*ptrace .*$name" "$WORK/out" && ok "doctor names $name" || fail "doctor does not name $name: $(cat "$WORK/out")"
	stop_pid "$tracer"
	deadline=$((SECONDS + 60))
	until untouched "$TARGET"; do
		[ "$SECONDS" -lt "$deadline" ] || die "$name has left, and the program stands still"
		sleep 0.05
	done
}
for name in strace gdb dlv; do
	command -v "$name" >/dev/null 2>&1 || { say "there is no $name"; continue; }
	case $name in
	strace) traced_by strace strace -f -q -e trace=none -p "$TARGET" ;;
	gdb) traced_by gdb gdb -q -nx -batch -p "$TARGET" -ex 'shell sleep 30' ;;
	dlv) traced_by dlv dlv attach "$TARGET" --headless --listen=127.0.0.1:0 ;;
	esac
done
goes_on "after them all"
finish
