#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# values GO_VERSION ENGINE [BUILD]: a program that says itself what each of its values is. Not
# one of them may differ, however it was built.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../lib.sh"

version=$1 engine=$2 build=${3:-default}
here=$(cd "$(dirname "$0")" && pwd)
need_engine "$engine"
flags=() debug=() arguments=()
case $build in
default | stripped) ;;
plain)
	flags=("-gcflags=all=-N -l")
	arguments=(plain)
	;;
pie) flags=(-buildmode=pie) ;;
paths) flags=(-trimpath=false) ;;
uncompressed) flags=(-ldflags=-compressdwarf=false) ;;
cgo)
	need_command gcc
	E2E_CGO=1
	flags=(-tags=withcgo -ldflags=-linkmode=external)
	;;
*) die "no build $build" ;;
esac
go_program "$here" "$version" values "${flags[@]:+${flags[@]}}"
if [ "$build" = stripped ]; then
	need_command objcopy strip
	objcopy --only-keep-debug "$BIN" "$WORK/values.debug"
	strip -o "$WORK/values" "$BIN"
	BIN=$WORK/values
	debug=(--debug "$WORK/values.debug")
fi
build_object "$here/spec.ask.yaml" "${debug[@]:+${debug[@]}}"
start_target "$BIN" "${arguments[@]:+${arguments[@]}}"
take_snapshot "$engine" "$WORK/values.db"

sed -e '/^ready /d' "$TARGET_OUT" | paste -sd, - | sed -e 's/^/[/' -e 's/$/]/' >"$WORK/truth.json"
cd "$WORK"
sqlite3 -batch -cmd "ATTACH 'file:values.db?mode=ro' AS snapshot" compare.db ".read $here/compare.sql" >compared 2>&1 ||
	die "comparing: $(tail -n 5 compared)"
expectations=$(sed -n '/^expectations$/{n;p}' compared)
if [ "${expectations:-0}" -gt 90 ]; then ok "$expectations expectations"; else fail "only $expectations expectations"; fi
expect "no value differs" '' "$(sed '1,/^differences$/d' compared | cut -c1-300)"

check_rows values.db "$E2E_DIR/common.sql"
[ "$build" = plain ] || check_rows values.db "$here/rows.sql" # nothing is inlined there
finish
