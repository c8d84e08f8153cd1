#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# errors: what askance says to options that contradict --core, to files that are no cores, that
# are cut off, or that are of another program.
# shellcheck source=tests/e2e/core/lib.sh
. "$(dirname "$0")/lib.sh"

need_ptrace
need_command gdb
go_program "$E2E_DIR/park" 1.26.8 park
build_object "$E2E_DIR/park/spec.ask.yaml"
start_target "$BIN" -goroutines 50
stand_still "$TARGET"
make_core "$TARGET" 0x33
core=$WORK/the.core out=$WORK/out.db

say "--- options"
for option in "--pid $TARGET" --match=pid=1 --engine=bpf --pause=ptrace --shards=2 --environment; do
	for command in collect snapshot; do
		# shellcheck disable=SC2086 # an option and its value
		expect_exit 1 "$ASKANCE" $command "$OBJECT" --core "$core" $option -o "$out"
		expect_stderr "--core reads a file"
		expect_one_line
	done
done
expect_exit 1 "$ASKANCE" snapshot "$OBJECT" --pid "$TARGET" --binary "$BIN" -o "$out"
expect_stderr '--binary needs --core'
expect_exit 0 "$ASKANCE" snapshot "$OBJECT" --core "$core" --engine=native -o "$out"
rm "$out"

say "--- other files"
expect_exit 1 "$ASKANCE" snapshot "$OBJECT" --core "$WORK/none" -o "$out"
expect_exit 5 "$ASKANCE" snapshot "$OBJECT" --core "$BIN" -o "$out"
expect_stderr 'not a core dump'
expect_one_line
expect_exit 5 "$ASKANCE" snapshot "$OBJECT" --core /dev/null -o "$out"
expect_exit 5 "$ASKANCE" snapshot "$OBJECT" --core "$WORK" -o "$out"
expect_exit 2 "$ASKANCE" snapshot "$OBJECT" --core "$core" --binary "$ASKANCE" -o "$out"
expect_stderr 'another build'

say "--- cut off"
size=$(stat -c %s "$core")
# gdb writes the notes behind the memory: so it is all or nothing. Of the kernel's cores, where
# they come first, running.sh cuts off memory.
for bytes in 0 10 64 500 100000 $((size / 2)) $((size - 8192)); do
	head -c "$bytes" "$core" >"$WORK/cut.core"
	expect_exit 5 "$ASKANCE" snapshot "$OBJECT" --core "$WORK/cut.core" -o "$out"
	expect_one_line
done
rm "$WORK/cut.core"
if [ -e "$out" ]; then fail "$out was written"; else ok "nothing was written"; fi

say "--- other programs"
go_program "$E2E_DIR/zoo" 1.26.8 zoo
build_object "$E2E_DIR/zoo/spec.ask.yaml"
expect_exit 2 "$ASKANCE" snapshot "$OBJECT" --core "$core" -o "$out"
expect_stderr 'its build ID is'
expect_one_line
mkdir "$WORK/objects"
cp "$OBJECT" "$WORK/objects"
sleep 600 &
sleeper=$!
TARGETS+=("$sleeper")
make_core "$sleeper" 0x33
expect_exit 2 "$ASKANCE" snapshot "$OBJECT" --core "$core" -o "$out"
expect_stderr 'not a Go program'
expect_one_line

say "--- which object"
go_program "$E2E_DIR/park" 1.26.8 park
build_object "$E2E_DIR/park/spec.ask.yaml"
make_core "$TARGET" 0x33
expect_exit 2 "$ASKANCE" snapshot "$WORK/objects" --core "$core" -o "$out"
cp "$OBJECT" "$WORK/objects"
expect_exit 0 "$ASKANCE" snapshot "$WORK/objects" --core "$core" -o "$out"
expect "the object that fits" "park|50" "$(sql "$out" 'SELECT program, (SELECT count(*) FROM hold) FROM processes')"
expect_exit 0 "$ASKANCE" snapshot "$OBJECT" --core "$core" --core "$core" -o "$out"
expect "a core, twice" "2|100" "$(sql "$out" 'SELECT count(*), (SELECT count(*) FROM hold) FROM processes')"
finish
