#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# determinism: same spec, same binary, same bytes: from other directories, under other
# names of those directories, in another locale and time zone, at another time.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../lib.sh"

for version in 1.22.12 1.26.8; do
	go_program "$SOURCE_DIR/spec-examples/slow-rpc" "$version" slow-rpc
	one=$WORK/one-$version two="$WORK/two $version/deeper"
	mkdir -p "$one" "$two/out"
	cp "$BIN" "$SOURCE_DIR/spec-examples/slow-rpc/spec.ask.yaml" "$one"
	cp "$BIN" "$SOURCE_DIR/spec-examples/slow-rpc/spec.ask.yaml" "$two"
	(cd "$one" && "$ASKC" build spec.ask.yaml --binary slow-rpc) >"$WORK/log" 2>&1 || die "askc build: $(cat "$WORK/log")"
	sleep 1.1
	(cd / && env -i PATH="$PATH" HOME=/nonexistent LC_ALL=C TZ=Asia/Kathmandu \
		"$ASKC" build "$two/spec.ask.yaml" --binary "$two/slow-rpc" -o "$two/out") >"$WORK/log" 2>&1 ||
		die "askc build: $(cat "$WORK/log")"
	for file in slow-rpc.bpf.c slow-rpc.ask.o; do
		if cmp "$one/$file" "$two/out/$file"; then
			ok "$version: $file is the same"
		else
			fail "$version: $file differs"
		fi
	done
	if grep -aqE "$WORK|$SOURCE_DIR|/nonexistent" "$one/slow-rpc.bpf.c" "$one/slow-rpc.ask.o"; then
		fail "$version: a host path is in the artifact"
	else
		ok "$version: no host path is in the artifact"
	fi
done
finish
