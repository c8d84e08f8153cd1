#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# swapped GO_VERSION ENGINE: a process whose memory is in swap is read whole, and right.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../lib.sh"

version=$1 engine=$2
here=$(dirname "$0")
: "${E2E_PAGE_OUT:?E2E_PAGE_OUT must name the page_out program}"
need_engine "$engine"
need_command mkswap swapon swapoff
# A file of its own: what swap the host has may be full, or switched off.
dd if=/dev/zero of="$WORK/swap" bs=1M count=96 status=none
chmod 600 "$WORK/swap"
mkswap "$WORK/swap" >/dev/null
swapon "$WORK/swap" 2>"$WORK/swapon" || skip "no swap here: $(cat "$WORK/swapon")"
trap 'swapoff "$WORK/swap"; cleanup' EXIT

go_program "$here" "$version" park
build_object "$here/spec.ask.yaml"
start_target "$BIN" -goroutines 500
kib=$("$E2E_PAGE_OUT" "$TARGET")
say "$kib KiB in swap"
if [ "$kib" -ge 1500 ]; then ok "the stacks are in swap"; else fail "only $kib KiB are in swap"; fi
take_snapshot "$engine" "$WORK/rows.db"
expect "every goroutine has its item" '500|124750|0' "$(sql "$WORK/rows.db" \
	"SELECT count(*), sum(v ->> '\$.ID'), sum(v ->> '\$.Check' <> 7919 * (v ->> '\$.ID')) FROM hold")"
expect "every stack is whole" 0 "$(sql "$WORK/rows.db" "SELECT count(*) FROM goroutines WHERE stack_status <> 'ok'")"
if [ "$engine" = bpf ]; then
	retries=$(sql "$WORK/rows.db" 'SELECT native_retries FROM snapshot_statistics')
	if [ "$retries" -ge 100 ]; then ok "what was in swap was read again natively"; else fail "only $retries native retries"; fi
fi
if alive "$TARGET"; then ok "the program goes on"; else fail "the program stands still"; fi
finish
