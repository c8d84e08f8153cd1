#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# zoo GO_VERSION ENGINE: a program that says itself what each of its values is. Not one
# of them may differ.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../lib.sh"

version=$1 engine=$2
here=$(cd "$(dirname "$0")" && pwd)
need_engine "$engine"
go_program "$here" "$version" zoo
build_object "$here/spec.ask.yaml"
start_target "$BIN"
take_snapshot "$engine" "$WORK/zoo.db"

sed -e '/^ready /d' "$TARGET_OUT" | paste -sd, - | sed -e 's/^/[/' -e 's/$/]/' >"$WORK/truth.json"
cd "$WORK"
sqlite3 -batch -cmd "ATTACH 'file:zoo.db?mode=ro' AS snapshot" compare.db ".read $here/../values/compare.sql" >compared 2>&1 ||
	die "comparing: $(tail -n 5 compared)"
expectations=$(sed -n '/^expectations$/{n;p}' compared)
if [ "${expectations:-0}" -ge 30 ]; then ok "$expectations expectations"; else fail "only $expectations expectations"; fi
expect "no value differs" '' "$(sed '1,/^differences$/d' compared | cut -c1-300)"

check_rows zoo.db "$E2E_DIR/common.sql"
check_rows zoo.db "$here/rows.sql"
finish
