# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# For the cases of this directory, after lib.sh: Delve, and programs of other people.

# build_delve: sets `delve`. Built once, with the newest Go that is tested.
build_delve() {
	local go dir
	dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/delve" && pwd)
	go=$("$SOURCE_DIR/scripts/go-toolchain" 1.26.8) || skip "no Go to build Delve with"
	delve=$E2E_CACHE/delve-$(cat "$dir"/*.go "$dir/go.mod" | sha256sum | cut -c1-16)
	build_once "$delve" make_delve "$dir" "$go"
}

make_delve() { # DIR GO
	(cd "$1" && GOTOOLCHAIN=local GOFLAGS=-buildvcs=false "$2" mod download) >"$WORK/log" 2>&1 ||
		skip "Delve's module cannot be downloaded: $(tail -n 1 "$WORK/log")"
	(cd "$1" && GOTOOLCHAIN=local GOFLAGS=-buildvcs=false "$2" build -o "$delve.part" .) || die "go build of the oracle fails"
	mv "$delve.part" "$delve"
}

# module_program GO_VERSION MODULE VERSION [PACKAGE]: the program of a published module; sets BIN.
module_program() {
	local go name
	go=$("$SOURCE_DIR/scripts/go-toolchain" "$1") || skip "no Go $1"
	name=${2%/v[0-9]*}
	name=${name##*/}
	BIN=$E2E_CACHE/$name-$3-go$1/$name
	build_once "$BIN" install_module "$go" "$2${4:+/$4}@$3"
}

install_module() { # GO PACKAGE@VERSION
	local out
	out=$(dirname "$BIN")
	mkdir -p "$out.part"
	GOBIN=$out.part GOTOOLCHAIN=local GOFLAGS=-buildvcs=false CGO_ENABLED=0 "$1" install -trimpath "$2" >"$WORK/log" 2>&1 ||
		skip "$2 cannot be built: $(tail -n 1 "$WORK/log")"
	mv -T "$out.part" "$out"
}

# required_program GO_VERSION MODULE VERSION: module_program for a module whose go.mod replaces others, which
# `go install` refuses: it is what a module of ours requires, with the versions that itself requires.
required_program() {
	local go name
	go=$("$SOURCE_DIR/scripts/go-toolchain" "$1") || skip "no Go $1"
	name=${2%/v[0-9]*}
	name=${name##*/}
	BIN=$E2E_CACHE/$name-$3-go$1/$name
	build_once "$BIN" build_required "$go" "$@"
}

build_required() { # GO GO_VERSION MODULE VERSION
	local out
	out=$(dirname "$BIN")
	mkdir -p "$out.part" "$WORK/module"
	printf 'module judged\n\ngo %s\n' "$2" >"$WORK/module/go.mod"
	(
		cd "$WORK/module"
		export GOTOOLCHAIN=local GOFLAGS=-buildvcs=false CGO_ENABLED=0
		"$1" get "$3@$4" && "$1" build -trimpath -o "$out.part/$(basename "$BIN")" "$3"
	) >"$WORK/log" 2>&1 || skip "$3 cannot be built: $(tail -n 1 "$WORK/log")"
	mv -T "$out.part" "$out"
}

# listening_port PID: the port of 127.0.0.1 that the process listens on.
listening_port() {
	local link inode
	for link in /proc/"$1"/fd/*; do
		inode=$(readlink "$link" 2>/dev/null | sed -n 's/^socket:\[\(.*\)\]$/\1/p')
		[ -n "$inode" ] || continue
		awk -v inode="$inode" '$4 == "0A" && $10 == inode && $2 ~ /^0100007F:/ { print substr($2, 10) }' "/proc/$1/net/tcp"
	done | head -n 1 | { read -r hex && echo $((16#$hex)); }
}
