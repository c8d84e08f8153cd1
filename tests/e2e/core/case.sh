#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# core GO_VERSION [BUILD]: a core dump gives the rows that the stopped process gave, whatever
# the dump left out as long as the program is there; and says what is missing when it is not.
# shellcheck source=tests/e2e/core/lib.sh
. "$(dirname "$0")/lib.sh"

version=$1 build=${2:-default}
need_ptrace
need_command gdb
flags=() debug=()
case $build in
default | stripped) ;;
pie) flags=(-buildmode=pie) ;;
cgo)
	need_command gcc
	E2E_CGO=1
	flags=(-tags=withcgo -ldflags=-linkmode=external)
	;;
*) die "no build $build" ;;
esac
go_program "$E2E_DIR/values" "$version" values "${flags[@]:+${flags[@]}}"
program=$BIN
if [ "$build" = stripped ]; then
	need_command objcopy strip
	objcopy --only-keep-debug "$BIN" "$WORK/values.debug"
	debug=(--debug "$WORK/values.debug")
fi
# A copy that can be taken away.
cp "$program" "$WORK/values"
[ "$build" != stripped ] || strip "$WORK/values"
BIN=$WORK/values
build_object "$E2E_DIR/values/spec.ask.yaml" "${debug[@]:+${debug[@]}}"
start_target "$BIN"
stand_still "$TARGET"
take_snapshot native "$WORK/native.db"
engines=native
if "$E2E_PROBE" >/dev/null 2>&1; then
	take_snapshot bpf "$WORK/bpf.db" --shards=1
	engines+=' bpf'
fi

# What a coredump_filter leaves out, core(5): 0x33 is the default, 0x23 has no ELF headers, 0x7f
# has everything.
filters=0x33
[ "$build" != default ] || filters='0x7f 0x23 0x33'
for filter in $filters; do
	make_core "$TARGET" "$filter"
	core_snapshot "$WORK/core.db"
	for engine in $engines; do
		same_rows "filter $filter, as the $engine engine on the process" "$WORK/$engine.db" "$WORK/core.db"
	done
done
expect "the process's row" "values|$TARGET|core|none|0|1|1|1" "$(sql "$WORK/core.db" "SELECT name, pid, engine, pause, pause_ns,
	hostname IS NULL, process_start_time_ns IS NULL, executable = '$BIN' FROM processes")"
expect "the same build" "$(sql "$WORK/native.db" 'SELECT build_id, go_version FROM processes')" \
	"$(sql "$WORK/core.db" 'SELECT build_id, go_version FROM processes')"

# On another machine there is no such program: read-only data is unreadable, not zero, and the
# rest is there. When it is named, all is there again.
mv "$WORK/values" "$WORK/moved"
core_snapshot "$WORK/alone.db"
expect "constants cannot be read without the program" 1 \
	"$(sql "$WORK/alone.db" 'SELECT read_failures > 0 FROM snapshot_statistics')"
expect "and nothing else differs" '' "$(other_values "$WORK/native.db" "$WORK/alone.db")"
same_table goroutines "$WORK/native.db" "$WORK/alone.db"
same_table frames "$WORK/native.db" "$WORK/alone.db"
core_snapshot "$WORK/named.db" --binary "$WORK/moved"
same_rows "with --binary" "$WORK/native.db" "$WORK/named.db"
mv "$WORK/moved" "$WORK/values"

# collect, then decode.
"$ASKANCE" collect "$OBJECT" --core "$WORK/the.core" -o "$WORK/core.askdump" -q || die "collect --core: exit $?"
"$ASKANCE" decode "$WORK/core.askdump" -o "$WORK/decoded.db" -q || die "decode: exit $?"
same_rows "collect and decode" "$WORK/native.db" "$WORK/decoded.db"
finish
