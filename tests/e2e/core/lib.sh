# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# What the core dump cases share: make a core of a process that stands still, snapshot
# it, and compare databases row by row.
#
#   make_core PID FILTER      $WORK/the.core, by gdb; FILTER as in coredump_filter
#   core_snapshot DB [ARG…]   askance snapshot --core of $WORK/the.core
#   same_rows WHAT DB DB      all tables but those that tell how the snapshot was taken
#   same_table TABLE DB DB
#   other_values DB DB        cells of function tables that differ, and the second does not say that it lacks something
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

make_core() {
	rm -f "$WORK/the.core"
	echo "$2" >"/proc/$1/coredump_filter"
	gdb -nx -batch -p "$1" -ex "gcore $WORK/the.core" >"$WORK/gdb.log" 2>&1 || true
	[ -s "$WORK/the.core" ] || die "gdb wrote no core: $(cat "$WORK/gdb.log")"
}

core_snapshot() {
	local output=$1
	shift
	"$ASKANCE" snapshot "$OBJECT" --core "$WORK/the.core" -o "$output" -v "$@" >"$output.out" 2>"$output.log" ||
		die "askance snapshot --core: exit $?: $(cat "$output.log")"
}

# processes and snapshot_statistics tell how the snapshot was taken.
tables_of() {
	sql "$1" "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'
		AND name NOT IN ('processes', 'snapshot_statistics') ORDER BY 1"
}

# The columns of a table. A core does not tell the clock at which goroutines' waits end, and
# its own time is the file's.
columns_of() {
	sql "$1" "SELECT group_concat('\"' || replace(name, '\"', '\"\"') || '\"') FROM pragma_table_info('$2')
		WHERE NOT ('$2' = 'goroutines' AND name IN ('wait_for_ns', 'wait_at_most_ns'))"
}

same_table() {
	local columns rows
	columns=$(columns_of "$2" "$1")
	rows=$(sqlite3 -batch -readonly "$2" "ATTACH 'file:$3?mode=ro' AS b;
		SELECT '-', * FROM (SELECT $columns FROM main.\"$1\" EXCEPT SELECT $columns FROM b.\"$1\");
		SELECT '+', * FROM (SELECT $columns FROM b.\"$1\" EXCEPT SELECT $columns FROM main.\"$1\");
		SELECT 'other counts' WHERE (SELECT count(*) FROM main.\"$1\") <> (SELECT count(*) FROM b.\"$1\");" 2>&1) ||
		rows="comparing fails: $rows"
	expect "the same rows in $1" '' "${rows:0:2000}"
}

same_rows() {
	local table
	say "--- $1"
	expect "the same tables" "$(tables_of "$2")" "$(tables_of "$3")"
	for table in $(tables_of "$2"); do
		same_table "$table" "$2" "$3"
	done
}

# What the second database has another value for, unless it says that it could not read all of
# it: a closure's function is not_captured then, and a dynamic type unknown_type.
other_values() {
	local table column
	for table in $(sql "$1" "SELECT DISTINCT table_name FROM _columns WHERE column_name LIKE 'status\\_%' ESCAPE '\\' AND table_name
		IN (SELECT name FROM sqlite_schema WHERE type = 'table')"); do
		for column in $(sql "$1" "SELECT substr(name, 8) FROM pragma_table_info('$table') WHERE name LIKE 'status\\_%' ESCAPE '\\'"); do
			sqlite3 -batch -readonly "$1" "ATTACH 'file:$2?mode=ro' AS b;
				SELECT '$table.$column', c.\"status_$column\", a.\"raw_$column\", c.\"raw_$column\"
				FROM main.\"$table\" a JOIN b.\"$table\" c USING (process_id, goroutine_id, frame_idx)
				WHERE a.\"raw_$column\" IS NOT c.\"raw_$column\" AND c.\"status_$column\" NOT LIKE '%read_failed%'
				AND coalesce(c.\"raw_$column\", '') NOT LIKE '%read_failed%' AND c.\"status_$column\" NOT LIKE '%not_captured%' AND c.\"status_$column\" NOT LIKE '%unknown_type%'"
		done
	done
}
