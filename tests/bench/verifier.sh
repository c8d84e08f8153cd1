#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# verifier: what the kernel's verifier has to do does not grow with the spec. A spec with
# 1 function and one with 200 for the same program: as many instructions processed.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../e2e/lib.sh"

need_engine bpf
"$(dirname "$0")/generate.sh" "$WORK/many" 200
go_program "$WORK/many" 1.26.8 many
start_target "$BIN"
for name in one all; do
	build_object "$WORK/many/$name.ask.yaml"
	take_snapshot bpf "$WORK/$name.db"
	sed -n 's/^verified_insns: //p' "$WORK/$name.db.log" >"$WORK/$name.insns"
	say "$name: $(cat "$WORK/$name.insns") instructions, load $(sed -n 's/^load_ns: //p' "$WORK/$name.db.log") ns, C of $(wc -c <"$GENERATED") bytes, object of $(wc -c <"$OBJECT")"
done
expect "1 function captured" 1 "$(sql "$WORK/one.db" 'SELECT count(*) FROM hold000')"
rows=''
for i in $(seq -f %03g 0 199); do
	rows+="${rows:+ UNION ALL }SELECT v->>'\$.Number' AS n, $((10#$i)) AS want FROM hold$i"
done
expect "200 functions captured" '200|0' "$(sql "$WORK/all.db" "SELECT count(*), sum(n <> want) FROM ($rows)")"
if [ "$(cat "$WORK/one.insns")" -gt 0 ] 2>/dev/null; then ok "the verifier's count is known"; else fail "no verified_insns: in askance snapshot -v"; fi
expect "the verifier's work is the same" "$(cat "$WORK/one.insns")" "$(cat "$WORK/all.insns")"
finish
