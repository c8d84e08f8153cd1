#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# states GO_VERSION: a process with goroutines in every state stands still (SIGSTOP); we look at it
# with both engines, then Delve does. Each goroutine's stack has the same functions, all the way
# to its root. Goroutines on a thread may have frames more at Delve's, at the leaf: the runtime's own
# stack, C, the vDSO, the system call. What is running is met at several random moments.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../e2e/lib.sh"

version=$1
here=$(cd "$(dirname "$0")" && pwd)
need_engine bpf
# shellcheck source=tests/oracle/delve.sh
. "$here/delve.sh"
build_delve
E2E_CGO=1 go_program "$E2E_DIR/states" "$version" states
build_object "$here/states.ask.yaml"

# look NAME: our two views and Delve's of TARGET, which stands still; it goes on afterwards.
look() {
	local name=$1 engine
	for engine in native bpf; do
		take_snapshot "$engine" "$WORK/$name.$engine.db"
	done
	timeout 600 "$delve" "$TARGET" none. >"$WORK/$name.txt" 2>"$WORK/$name.err" ||
		die "delve: $(cat "$WORK/$name.err")"
	kill -CONT "$TARGET"
	grep -a '^frame' "$WORK/$name.txt" | cut -f2- >"$WORK/frames.tsv"
	for engine in native bpf; do
		rm -f "$WORK/compare.db"
		(cd "$WORK" && sqlite3 -batch -cmd "ATTACH 'file:$name.$engine.db?mode=ro' AS snapshot" \
			compare.db ".read $here/states.sql") >"$WORK/compared" 2>&1 || die "comparing: $(cat "$WORK/compared")"
		same=$((same + $(sed -n 's/^same //p' "$WORK/compared")))
		known=$((known + $(sed -n 's/^known //p' "$WORK/compared")))
		running=$((running + $(sed -n 's/^running //p' "$WORK/compared")))
		sed -n 's/^unavailable //p' "$WORK/compared" >>"$WORK/unavailable"
		if grep '^differs' "$WORK/compared" >"$WORK/differs"; then
			say "differs: $name, $engine: $(cat "$WORK/differs")"
			odd[$name]=1
		else
			ok "$name, $engine: nothing differs"
		fi
	done
}

same=0 running=0 known=0
declare -A odd=()
: >"$WORK/unavailable"
looks() { # SPIN FROM TO
	local round
	start_target "$BIN" -spin "$1"
	for round in $(seq "$2" "$3"); do
		sleep "0.$((RANDOM % 400 + 100))"
		stand_still "$TARGET"
		look "$1$round"
	done
	stop_pid "$TARGET"
}
looks none 1 1
looks go 1 20
looks asm 1 1
# Delve errs in a new way now and then, at one instruction of a switch between stacks. What is wrong
# with us would be seen again and again: where one look is not all, three times as many tell.
tolerated=1
if [ "${#odd[@]}" -gt "$tolerated" ]; then
	looks go 21 60
	tolerated=3
fi
say "$same equal stacks, $running of running goroutines, $known where Delve is known to err; unavailable: $(sort "$WORK/unavailable" | uniq -c | tr '\n' ';')"
# Where nothing runs it never errs.
if [ "${#odd[@]}" -le "$tolerated" ] && [ -z "${odd[none1]:-}" ]; then ok "our stacks are Delve's"; else fail "stacks differ in ${!odd[*]}"; fi
if [ "$same" -ge 500 ]; then ok "enough stacks"; else fail "only $same equal stacks"; fi
if [ "$running" -ge 40 ]; then ok "enough running goroutines"; else fail "only $running running goroutines"; fi
finish
