#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# golden CASE: compiles golden/CASE/spec.ask.yaml for golden/CASE/main.go and compares what
# each stage gives with the files beside them; UPDATE_GOLDEN=1 rewrites those instead.
#
#   ir.txt          the compiled spec: probes, ranges, expression programs, types
#   program.bpf.c   the generated C
#   schema.txt      tables and columns
#   rows.txt        what a native snapshot of the running program gives
#
# The Go version is the toolchain line of the case's go.mod, paths are trimmed and cgo is
# off: so a difference means that we behave differently, not that the host does.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../e2e/lib.sh"

case_dir=$SOURCE_DIR/golden/$1
version=$(sed -n 's/^toolchain go//p' "$case_dir/go.mod")
[ -n "$version" ] || die "$case_dir/go.mod names no toolchain"
go_program "$case_dir" "$version" "$1"
got=$WORK/got
mkdir "$got"

# Goroutine and process numbers and addresses change from run to run. Addresses become
# <a1>, <a2> … in order of appearance: equal ones stay equal. Goroutines that wait for a
# channel become <goroutine>. Rows are in the order of
# their values.
print_rows() { # DB
	local db=$1 table columns order builtin
	builtin="'processes','goroutines','stacks','frames','globals','all_captured_data','links','link_edges','snapshot_statistics'"
	sql "$db" "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT IN ($builtin)
		AND name NOT LIKE '\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite%' ORDER BY name" >"$WORK/tables"
	while IFS= read -r table; do
		columns=$(sql "$db" "SELECT group_concat('\"' || name || '\"') FROM pragma_table_info('$table')
			WHERE name NOT IN ('process_id', 'goroutine_id')")
		order=$(sql "$db" "SELECT group_concat('\"' || name || '\"') FROM pragma_table_info('$table')
			WHERE name NOT IN ('process_id', 'goroutine_id') AND name NOT LIKE 'raw\\_%' ESCAPE '\\' AND name NOT LIKE '%addr%'")
		printf '== %s: %s rows\n\n' "$table" "$(sql "$db" "SELECT count(*) FROM \"$table\"")"
		sqlite3 -batch -readonly -line "$db" "SELECT $columns FROM \"$table\" ORDER BY $order"
		echo
	done <"$WORK/tables"
	printf '== goroutines of the program\n\n'
	sql "$db" "SELECT status, wait_reason, stack_status, created_by, frame_count FROM goroutines
		WHERE NOT is_system ORDER BY 4, 1, 2, 3, 5"
	printf '\n== stacks of the program, leaf first\n'
	sql "$db" "SELECT CASE frame_idx WHEN 0 THEN char(10) ELSE '' END || function || ' ' || file || ':' || line ||
			CASE WHEN inlined THEN ' (inlined)' ELSE '' END
		FROM frames f JOIN (SELECT stack_id, min(ifnull(created_by, '') || wait_reason) AS k,
			(SELECT group_concat(function || line) FROM frames i WHERE i.stack_id = g.stack_id) AS text
			FROM goroutines g WHERE NOT is_system GROUP BY 1) USING (stack_id) ORDER BY k, text, frame_idx"
	printf '\n== links\n\n'
	sql "$db" "SELECT from_table, to_table, count(*) FROM link_edges GROUP BY 1, 2"
}
normalise() {
	awk '{
		out = ""
		while (match($0, /0x[0-9a-f]+/)) {
			address = substr($0, RSTART, RLENGTH)
			if (length(address) > 6) {
				if (!(address in seen)) seen[address] = "<a" (++n) ">"
				address = seen[address]
			}
			out = out substr($0, 1, RSTART - 1) address
			$0 = substr($0, RSTART + RLENGTH)
		}
		print out $0
	}' | sed -E ':next; s/(_waiters":\[(<goroutine>,)*)[0-9]+/\1<goroutine>/g; t next'
}

cd "$case_dir"
build_object spec.ask.yaml
cp "$GENERATED" "$got/program.bpf.c"
"$ASKC" build spec.ask.yaml --binary "$BIN" -o "$WORK" --stop-after=c --dump=ir >"$got/ir.txt" || die "--dump=ir: exit $?"
"$ASKC" build spec.ask.yaml --binary "$BIN" -o "$WORK" --stop-after=c --dump=schema >"$got/schema.txt" || die "--dump=schema: exit $?"
need_ptrace
# programs without imports say that they are ready by println, on stderr
start_target sh -c 'exec "$0" 2>&1' "$BIN"
take_snapshot native "$WORK/golden.db"
print_rows "$WORK/golden.db" | normalise >"$got/rows.txt"

for file in ir.txt program.bpf.c schema.txt rows.txt; do
	[ -s "$got/$file" ] || die "$file is empty"
	if [ "${UPDATE_GOLDEN:-}" = 1 ]; then
		cp "$got/$file" "$case_dir/$file"
		ok "$file: written"
	elif [ ! -e "$case_dir/$file" ]; then
		fail "$file: there is none in golden/$1 (UPDATE_GOLDEN=1 writes it)"
	elif diff -u "$case_dir/$file" "$got/$file" >"$WORK/diff"; then
		ok "$file"
	else
		fail "$file differs"
		sed 's/^/  /' "$WORK/diff" | head -n 60
	fi
done
finish
