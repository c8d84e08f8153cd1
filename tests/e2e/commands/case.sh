#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# commands: the ways from a process to rows: collect and decode apart, through a pipe, as
# another user, several dumps in one database; and what is asked of a database.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../lib.sh"

need_ptrace
park=$E2E_DIR/park
go_program "$park" 1.26.8 park
build_object "$park/spec.ask.yaml"
start_target "$BIN" -goroutines 500
cd "$WORK"
chmod 755 "$WORK"

take_snapshot native direct.db
check_rows direct.db "$E2E_DIR/common.sql"
check_rows direct.db "$park/rows.sql"

# Two steps give what one gives.
expect_exit 0 "$ASKANCE" collect "$OBJECT" --pid "$TARGET" -o park.askdump --engine=native --max-pause=none
expect_exit 0 "$ASKANCE" decode park.askdump -o decoded.db
rows() { sql "$1" "SELECT goroutine_id, frame_idx, v, raw_v, status_v, id, round FROM hold ORDER BY 1"; }
expect "collect and decode give what snapshot gives" "$(rows direct.db | sha256sum)" "$(rows decoded.db | sha256sum)"
expect_exit 0 "$ASKANCE" inspect park.askdump
if grep -q park "$WORK/out"; then ok "inspect knows the dump"; else fail "inspect: $(cat "$WORK/out")"; fi

# Through a pipe; nothing but the dump is on stdout.
piped() { "$ASKANCE" collect "$OBJECT" --pid "$TARGET" -o - --engine=native --max-pause=none -v | cat >piped.askdump; }
patiently piped 2>piped.log
expect_exit 0 "$ASKANCE" decode piped.askdump -o piped.db
expect "a piped dump is the same" "$(rows direct.db | sha256sum)" "$(rows piped.db | sha256sum)"

# By anyone, anywhere: no process, no object, no rights.
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
	mkdir -m 777 nobody
	cp "$ASKANCE" askance-copy
	chmod 755 askance-copy
	chmod 644 park.askdump
	expect_exit 0 setpriv --reuid=65534 --regid=65534 --clear-groups -- ./askance-copy decode park.askdump -o nobody/x.db
	expect "decoded as nobody" "$(rows direct.db | sha256sum)" "$(rows nobody/x.db | sha256sum)"
fi

# Several dumps in one database.
expect_exit 0 "$ASKANCE" decode park.askdump piped.askdump -o both.db
expect "two dumps, two processes" '2|2|1000' "$(sql both.db "SELECT (SELECT count(*) FROM processes),
	count(DISTINCT process_id), count(*) FROM hold")"
expect "foreign keys hold" "" "$(sql both.db 'PRAGMA foreign_key_check')"

# A newer spec over an old dump: other columns and tables, nothing is collected again.
sed 's/  - name: main.hold/&\n    table: held/' "$park/spec.ask.yaml" >newer.ask.yaml
cat >>newer.ask.yaml <<'END'
tables:
  - name: odd
    sql: SELECT id FROM held WHERE id % 2
END
old=$OBJECT
build_object "$WORK/newer.ask.yaml"
expect_exit 0 "$ASKANCE" decode park.askdump --schema "$OBJECT" -o newer.db
expect "an old dump with a newer spec" 250 "$(sql newer.db 'SELECT count(*) FROM odd')"
OBJECT=$old

# Found by rules instead of by pid, and an object found in a directory.
expect_exit 0 "$ASKANCE" snapshot "$(dirname "$OBJECT")" --match 'executable_name=^park$' --match "pid=^$TARGET\$" -o matched.db --engine=native --max-pause=none
expect "the match rules find it" "$(rows direct.db | sha256sum)" "$(rows matched.db | sha256sum)"
expect_exit 2 "$ASKANCE" snapshot "$OBJECT" --match 'executable_name=^no-such-program$' -o none.db --engine=native --max-pause=none

# doctor
expect_exit 0 "$ASKANCE" doctor "$OBJECT" --pid "$TARGET"
[ "$(grep -c '' "$WORK/out")" -ge 3 ] || fail "doctor says little: $(cat "$WORK/out")"

# query: one SELECT, on this database only
expect_exit 0 "$ASKANCE" query direct.db 'SELECT count(*) AS n FROM hold'
if grep -q 500 "$WORK/out"; then ok "query prints rows"; else fail "query: $(cat "$WORK/out")"; fi
expect_exit 0 "$ASKANCE" query direct.db "SELECT id, 'a,\"b' AS t FROM hold ORDER BY id LIMIT 2" --format=csv
expect "query --format=csv" $'id,t\n0,"a,""b"\n1,"a,""b"' "$(tr -d '\r' <"$WORK/out")"
expect_exit 0 "$ASKANCE" query direct.db 'SELECT id, v FROM hold ORDER BY id LIMIT 3' --format=json
expect "query --format=json" '3|2' "$(sqlite3 :memory: "SELECT json_array_length(d), d->>'\$[2].id' FROM (SELECT readfile('$WORK/out') AS d)")"
sum=$(sha256sum direct.db)
for bad in 'DELETE FROM hold' "ATTACH 'x.db' AS x" 'SELECT 1; DROP TABLE hold' 'PRAGMA writable_schema=1' \
	"SELECT load_extension('x')" "SELECT writefile('x', 'y')" 'SELECT nothing FROM nowhere' 'WITH x AS (SELECT 1) INSERT INTO hold SELECT * FROM hold'; do
	expect_exit 1 "$ASKANCE" query direct.db "$bad"
done
expect "and the database is as it was" "$sum" "$(sha256sum direct.db)"

# stacks
expect_exit 0 "$ASKANCE" stacks direct.db
for text in 500 main.hold main.descend main.worker 'chan receive'; do
	if grep -q "$text" "$WORK/out"; then ok "stacks: $text"; else fail "stacks: no $text: $(head -n 30 "$WORK/out")"; fi
done

# -q is silent; stdout is for data.
expect_exit 0 "$ASKANCE" snapshot "$OBJECT" --pid "$TARGET" -o quiet.db --engine=native --max-pause=none -q
expect "-q says nothing" "" "$(cat "$WORK/out" "$WORK/err")"
if alive "$TARGET"; then ok "the program goes on"; else fail "the program stands still"; fi
finish
