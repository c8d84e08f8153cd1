#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# types GO_VERSION ENGINE: types cut to chosen paths, reached in every way that there is.
# Nothing of what was not chosen is in the dump.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../lib.sh"

version=$1 engine=$2
here=$(cd "$(dirname "$0")" && pwd)
need_engine "$engine"
go_program "$here" "$version" types
build_object "$here/spec.ask.yaml"
start_target "$BIN"
take_snapshot "$engine" "$WORK/types.db"

cd "$WORK"
check_rows types.db "$E2E_DIR/common.sql"
check_rows types.db "$here/rows.sql"
# Before Go 1.23 debug info does not describe closures.
case $version in
1.20.* | 1.21.* | 1.22.*) ;;
*) check_rows types.db "$here/closures.sql" ;;
esac

# secrets: what of the marks of what is left out is in a dump of OBJECT, and how often
secrets() {
	expect_exit 0 "$ASKANCE" collect "$OBJECT" --pid "$TARGET" -q --max-pause=none --engine="$engine" -o "$WORK/$1.askdump"
	"$E2E_RECORDS" --raw "$WORK/$1.askdump" >"$WORK/$1.raw"
	SECRETS=$(grep -aoE 'NOT-CHOSEN-(BYTES|HOLDER|LABEL|NAME|TEXT)|REDACTED-(PASSWORD|TOKEN)' "$WORK/$1.raw" | sort | uniq -c | sed 's/^ *//' || true)
}

# What holdExplicit's captures name by themselves is there, once each, and nothing else.
secrets all
expect "of what was not chosen only what other captures name" \
	"2 NOT-CHOSEN-BYTES
1 NOT-CHOSEN-HOLDER
1 NOT-CHOSEN-NAME" "$SECRETS"
sed '/holdExplicit/,/capture/d' "$here/spec.ask.yaml" >"$WORK/chosen.ask.yaml"
build_object "$WORK/chosen.ask.yaml"
secrets chosen
expect "no byte of what was not chosen" "" "$SECRETS"
# The test tests something: without the list everything is there.
sed -e '/^types:/,/^functions:/{/^functions:/!d}' "$WORK/chosen.ask.yaml" >"$WORK/whole.ask.yaml"
build_object "$WORK/whole.ask.yaml"
secrets whole
if [ "$(grep -c . <<<"$SECRETS")" -eq 7 ]; then ok "without the list all is there"; else fail "without the list: $SECRETS"; fi
alive "$TARGET" || fail "the target is not as it was"
finish
