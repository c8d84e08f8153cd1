#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# nonresident GO_VERSION ENGINE: values in pages that are not in memory are read right;
# values in a page that cannot be read are not made up.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../lib.sh"

version=$1 engine=$2
here=$(dirname "$0")
need_engine "$engine"
go_program "$here" "$version" nonresident
build_object "$here/spec.ask.yaml"
start_target "$BIN" -file "$WORK/mapped"

# A value that could not be read is data on the value, no loss of the snapshot's: 0, or 4.
# The second time pages have been brought in, if only by the first.
for rehearse in none auto; do
	code=0
	rm -f "$WORK/rows.db"
	patiently "$ASKANCE" snapshot "$OBJECT" --pid "$TARGET" -o "$WORK/rows.db" --engine="$engine" --max-pause=none --rehearse=$rehearse -v >/dev/null 2>"$WORK/log" || code=$?
	case $code in
	0 | 4) ok "exit $code" ;;
	*) die "exit $code: $(cat "$WORK/log")" ;;
	esac
	check_rows "$WORK/rows.db" "$here/rows.sql"
	[ "$rehearse" = none ] || continue
	[ "$engine" = bpf ] || continue
	expect "absent pages were read again natively" 1 "$(sql "$WORK/rows.db" 'SELECT native_retries >= 4 FROM snapshot_statistics')"
done
if alive "$TARGET"; then ok "the program goes on"; else fail "the program stands still"; fi
finish
