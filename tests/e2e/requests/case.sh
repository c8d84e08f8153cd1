#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# requests GO_VERSION ENGINE: the example with contexts and chosen fields, live.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../lib.sh"

version=$1 engine=$2
need_engine "$engine"
go_program "$SOURCE_DIR/spec-examples/requests" "$version" requests
start_target "$BIN"
build_object "$SOURCE_DIR/spec-examples/requests/spec.ask.yaml"
take_snapshot "$engine" "$WORK/requests.db"
check_rows "$WORK/requests.db" "$E2E_DIR/common.sql"
check_rows "$WORK/requests.db" "$(dirname "$0")/rows.sql"
expect_exit 0 "$ASKANCE" collect "$OBJECT" --pid "$TARGET" -o "$WORK/raw.askdump" --engine="$engine" --max-pause=none
expect "no token left the process" 0 "$(grep -c 'token-of' "$WORK/raw.askdump" || true)"
finish
