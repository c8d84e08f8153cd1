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
arguments=()
[ "$build" != plain ] || arguments=(plain)
go_program_as "$build" "$here" "$version" values
build_object "$here/spec.ask.yaml" "${DEBUG[@]:+${DEBUG[@]}}"
start_target "$BIN" "${arguments[@]:+${arguments[@]}}"
take_snapshot "$engine" "$WORK/values.db"

sed -e '/^ready /d' "$TARGET_OUT" | paste -sd, - | sed -e 's/^/[/' -e 's/$/]/' >"$WORK/truth.json"
cd "$WORK"
sqlite3 -batch -cmd "ATTACH 'file:values.db?mode=ro' AS snapshot" compare.db ".read $here/compare.sql" >compared 2>&1 ||
	die "comparing: $(tail -n 5 compared)"
expectations=$(sed -n '/^expectations$/{n;p}' compared)
if [ "${expectations:-0}" -gt 90 ]; then ok "$expectations expectations"; else fail "only $expectations expectations"; fi
expect "no value differs" '' "$(sed '1,/^differences$/d' compared | cut -c1-300)"
expect "a closure of a generic function, without the dictionary" 'main.makes[go.shape.int].func1|0' \
	"$(sql values.db "SELECT v_Dictionary ->> 'func', v_Dictionary LIKE '%.dict%' FROM holdFuncs")"

check_rows values.db "$E2E_DIR/common.sql"
[ "$build" = plain ] || check_rows values.db "$here/rows.sql" # nothing is inlined there
finish
