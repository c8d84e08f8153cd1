#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# contexts GO_VERSION ENGINE: values found in chains of contexts; and nothing else of them
# leaves the process.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../lib.sh"

version=$1 engine=$2
here=$(cd "$(dirname "$0")" && pwd)
need_engine "$engine"
go_program "$here" "$version" contexts
build_object "$here/spec.ask.yaml"
start_target "$BIN"
take_snapshot "$engine" "$WORK/contexts.db"
check_rows "$WORK/contexts.db" "$E2E_DIR/common.sql"
check_rows "$WORK/contexts.db" "$here/rows.sql"
case $version in
1.2[0-2].*) # debug info has captured variables from the line of their first use on
	expect "what a closure captured" '|unavailable: not in scope here' "$(sql "$WORK/contexts.db" 'SELECT request_id, status_request_id FROM closure')"
	;;
*)
	expect "what a closure captured" 'captured|ok' "$(sql "$WORK/contexts.db" 'SELECT request_id, status_request_id FROM closure')"
	;;
esac

# What nobody asked for is not in the records: other values of the chain, fields of its links.
expect_exit 0 "$ASKANCE" collect "$OBJECT" --pid "$TARGET" --engine="$engine" --max-pause=none -o "$WORK/raw.askdump"
"$(dirname "$E2E_PROBE")/e2e_records" --raw "$WORK/raw.askdump" >"$WORK/raw"
for wanted in r-1 'over it' acme; do
	if grep -aqF "$wanted" "$WORK/raw"; then ok "the records hold $wanted"; else fail "the records do not hold $wanted"; fi
done
for secret in SECRET-IN-A-CONTEXT SECRET-OF-ANOTHER-TYPE SECRET-OF-A-LINK hidden; do
	if grep -aqF "$secret" "$WORK/raw"; then fail "the records hold $secret"; else ok "the records do not hold $secret"; fi
done

# An older dump has what its spec asked for; what a newer spec adds is not captured.
sed -e 's/^  - {key: main.shardKey.*/  - {key: main.secretKey, as: secret}/' "$here/spec.ask.yaml" >"$WORK/newer.ask.yaml"
build_object "$WORK/newer.ask.yaml"
expect_exit 0 "$ASKANCE" decode "$WORK/raw.askdump" --schema "$OBJECT" -o "$WORK/newer.db"
expect "an old dump, a newer spec" 'r-1|||not_captured: not in the spec of this dump' \
	"$(sql "$WORK/newer.db" "SELECT request_id, user, secret, status_secret FROM handle WHERE name = 'plain'")"
expect "its goroutines" 'r-1|ok||not_captured: not in the spec of this dump' \
	"$(sql "$WORK/newer.db" "SELECT g.request_id, g.status_request_id, g.secret, g.status_secret
	FROM goroutines g JOIN handle h USING (process_id, goroutine_id) WHERE h.name = 'plain'")"
finish
