#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# byhand: the generated C compiles by hand, with the command that README.md shows and
# nothing but clang and the headers, and without a warning.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../lib.sh"

# The README's command is the line that starts with clang.
command=$(sed -n 's/^ *\(clang .*-target bpf.*\)/\1/p' "$SOURCE_DIR/README.md" | head -n 1)
[ -n "$command" ] || die "README.md shows no clang command"
case $command in
*-Wall*-Wextra*) ok "the README's command asks for warnings" ;;
*) fail "the README's command lacks -Wall -Wextra: $command" ;;
esac
clang=''
for name in clang clang-22 clang-19 clang-16 clang-14; do
	! command -v "$name" >/dev/null 2>&1 || { clang=$name && break; }
done
[ -n "$clang" ] || skip "there is no clang"

cd "$SOURCE_DIR"
for version in 1.22.12 1.26.8; do
	for name in slow-rpc http; do
		go_program "$SOURCE_DIR/spec-examples/$name" "$version" "$name"
		build_object "$SOURCE_DIR/spec-examples/$name/spec.ask.yaml"
		# The same words with this object's names for the README's.
		words=${command/#clang/$clang}
		words=${words//slow-rpc.bpf.c/$GENERATED}
		words=${words//slow-rpc.bpf.o/$WORK/byhand.o}
		rm -f "$WORK/byhand.o"
		# shellcheck disable=SC2086
		if (eval "$words") >"$WORK/log" 2>&1 && [ -s "$WORK/byhand.o" ] && [ ! -s "$WORK/log" ]; then
			ok "$name, Go $version: compiles by hand, no warning"
		else
			fail "$name, Go $version: $words: $(head -n 20 "$WORK/log")"
		fi
	done
done
finish
