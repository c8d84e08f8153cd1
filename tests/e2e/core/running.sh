#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# running GO_VERSION: goroutines on threads, whose stacks begin in the registers of a core's
# notes; and a core that the kernel wrote when the program died.
# shellcheck source=tests/e2e/core/lib.sh
. "$(dirname "$0")/lib.sh"

version=$1
need_ptrace
need_command gdb
go_program "$E2E_DIR/park" "$version" park
build_object "$E2E_DIR/park/spec.ask.yaml"

start_target "$BIN" -goroutines 200 -busy 2
stand_still "$TARGET"
take_snapshot native "$WORK/native.db"
make_core "$TARGET" 0x33
core_snapshot "$WORK/core.db"
same_rows "busy goroutines" "$WORK/native.db" "$WORK/core.db"
expect "some were running, with a stack" 1 "$(sql "$WORK/core.db" "SELECT count(*) > 0 FROM goroutines
	WHERE status = 'running' AND stack_id IS NOT NULL AND thread_id IS NOT NULL")"
stop_pid "$TARGET"

# The kernel writes a core into the directory of the process only where nobody asked for
# something else; the host's setting is not ours to change.
pattern=$(cat /proc/sys/kernel/core_pattern)
case $pattern in
core | core.%p) ;;
*)
	say "the kernel's own core is not looked at: kernel.core_pattern is $pattern"
	finish
	;;
esac
hard=$(ulimit -H -c)
[ "$hard" = unlimited ] || skip "no core files: ulimit -H -c is $hard"
kernel_core() { # FILTER
	start_target bash -c "cd '$WORK' && ulimit -c unlimited && echo $1 >/proc/self/coredump_filter &&
		GOTRACEBACK=crash exec '$BIN' -goroutines 200"
	take_snapshot native "$WORK/native.db"
	rm -f "$WORK"/core "$WORK"/core.[0-9]*
	kill -ABRT "$TARGET"
	wait "$TARGET" 2>/dev/null || true
	for file in "$WORK"/core "$WORK"/core.[0-9]*; do
		[ ! -s "$file" ] || mv "$file" "$WORK/the.core"
	done
	[ -s "$WORK/the.core" ] || die "the kernel wrote no core"
}

# A goroutine on its way into a fatal signal moves; those that wait do not.
parked="SELECT g.goroutine_id, g.status, g.wait_reason, g.stack_status, g.frame_count, g.created_by,
	g.parent_goroutine_id, h.frame_idx, h.v, h.raw_v, h.status_v, h.id, f.frame_idx, f.function, f.file, f.line, f.pc
	FROM hold h JOIN goroutines g USING (process_id, goroutine_id) JOIN frames f USING (stack_id) ORDER BY 1, f.frame_idx"
for filter in 0x33 0x7f 0x23; do
	kernel_core "$filter"
	core_snapshot "$WORK/core.db"
	expect "filter $filter: 200 goroutines" 200 "$(sql "$WORK/core.db" 'SELECT count(*) FROM hold')"
	sql "$WORK/native.db" "$parked" >"$WORK/native.rows"
	sql "$WORK/core.db" "$parked" >"$WORK/core.rows"
	if cmp -s "$WORK/native.rows" "$WORK/core.rows"; then
		ok "filter $filter: $(wc -l <"$WORK/core.rows") rows, the same as of the process before"
	else
		fail "filter $filter: rows differ"
		diff "$WORK/native.rows" "$WORK/core.rows" | cut -c1-300 | head -n 6
	fi
	expect "filter $filter: what it is of" "park|$TARGET|core" "$(sql "$WORK/core.db" 'SELECT name, pid, engine FROM processes')"
	check_rows "$WORK/core.db" "$E2E_DIR/common.sql"
done

say "--- a core that is cut off behind its notes"
expect_exit 0 "$ASKANCE" collect "$OBJECT" --core "$WORK/the.core" -o "$WORK/whole.askdump"
truncate -s -4096 "$WORK/the.core"
for command in "collect $WORK/cut.askdump" "snapshot $WORK/cut.db"; do
	expect_exit 4 "$ASKANCE" "${command% *}" "$OBJECT" --core "$WORK/the.core" -o "${command#* }"
	expect_stderr 'the.core is cut off'
done
expect "what is there is read" 200 "$(sql "$WORK/cut.db" 'SELECT count(*) FROM hold')"
truncate -s 100K "$WORK/the.core"
expect_exit 5 "$ASKANCE" snapshot "$OBJECT" --core "$WORK/the.core" -o "$WORK/cut2.db"
expect_stderr 'the.core is cut off: .*cannot read runtime.allgptr'
expect_one_line
finish
