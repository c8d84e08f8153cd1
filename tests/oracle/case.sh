#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# oracle GO_VERSION: Delve looks at the same process, which stands still meanwhile. Every stack of a
# waiting goroutine has the same frames and lines; every variable that both can read has
# the same value, or lies at the same address.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../e2e/lib.sh"

version=$1
here=$(cd "$(dirname "$0")" && pwd)
values=$E2E_DIR/values
need_ptrace

# shellcheck source=tests/oracle/delve.sh
. "$here/delve.sh"
build_delve
go_program "$values" "$version" values
build_object "$values/spec.ask.yaml"
start_target "$BIN"
stand_still "$TARGET"
take_snapshot native "$WORK/values.db"
"$delve" "$TARGET" main. >"$WORK/oracle.txt" 2>"$WORK/oracle.err" || die "delve: $(cat "$WORK/oracle.err")"

cd "$WORK"
grep -a '^frame' oracle.txt | cut -f2- >frames.tsv
grep -a '^value' oracle.txt | cut -f2- >values.tsv
sqlite3 -batch -cmd "ATTACH 'file:values.db?mode=ro' AS snapshot" compare.db ".read $here/compare.sql" >compared 2>&1 ||
	die "comparing: $(tail -n 5 compared)"
count() { sed -n "/^$1\$/{n;p}" compared; }
if [ "$(count stacks)" -ge 35 ]; then ok "$(count stacks) stacks"; else fail "only $(count stacks) stacks"; fi
if [ "$(count values)" -ge 40 ]; then ok "$(count values) values"; else fail "only $(count values) values"; fi
expect "nothing differs" '' "$(sed '1,/^differences$/d' compared | cut -c1-400)"
finish
