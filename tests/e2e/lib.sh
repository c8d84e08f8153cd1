# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# What the e2e cases, the goldens and the benchmarks share: build a Go program with a
# given toolchain, start it, wait until it says "ready", snapshot it, compare rows,
# and leave nothing running. A case is a script that sources this file:
#
#   go_program DIR VERSION NAME     builds DIR, sets BIN (cached by sources and version)
#   go_program_as BUILD DIR VERSION NAME  the same in one of the ways below; sets DEBUG, too
#   start_target BIN ARGS…          starts it, waits for "ready PID", sets TARGET
#   build_object SPEC               askc build, sets OBJECT
#   stand_still PID                 SIGSTOP, and waits until every thread has stopped
#   patiently CMD…                  runs it again while the host keeps the target's threads from their stop
#   take_snapshot ENGINE OUTPUT     askance snapshot of TARGET
#   check_rows DB FILE              queries with the rows they must give (see below)
#   expect_exit CODE CMD…           runs CMD; its stdout and stderr are in $WORK/out and err
#   ok WHAT / fail WHAT / skip WHY
#
# Environment: ASKC, ASKANCE, E2E_PROBE (programs under test and the BPF probe), E2E_CACHE
# (built Go programs), CI (true: a skip for want of BPF is a failure).
#
# check_rows reads a SQL file. Each query ends with the rows that it must give, values
# separated by |, NULL as nothing, as `sqlite3` prints them:
#
#   -- one background job
#   SELECT count(*) FROM server_processClient;
#   --> 1
#
# A query that must give no row ends with a bare `-->|`.

set -euo pipefail

E2E_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
SOURCE_DIR=$(cd "$E2E_DIR/../.." && pwd)
: "${ASKC:?ASKC must name the askc program}"
: "${ASKANCE:?ASKANCE must name the askance program}"
: "${E2E_PROBE:?E2E_PROBE must name the BPF probe}"
: "${E2E_CACHE:?E2E_CACHE must name a directory}"

WORK=$(mktemp -d "${TMPDIR:-/tmp}/askance-e2e.XXXXXX")
TARGETS=()  # processes that we started and have to end
FAILURES=0
CHECKS=0

cleanup() {
	local pid
	for pid in "${TARGETS[@]:+${TARGETS[@]}}"; do
		stop_pid "$pid"
	done
	if [ "${E2E_KEEP:-}" = 1 ]; then
		echo "kept: $WORK" >&2
	else
		rm -rf "$WORK"
	fi
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Ends a process that we started, also a stopped one, and reaps it.
stop_pid() {
	kill -KILL "$1" 2>/dev/null || true
	wait "$1" 2>/dev/null || true
}

say() { printf '%s\n' "$*"; }
ok() {
	CHECKS=$((CHECKS + 1))
	say "ok: $*"
}
fail() {
	CHECKS=$((CHECKS + 1))
	FAILURES=$((FAILURES + 1))
	say "FAILED: $*"
}
# Ends the case at once: what follows would make no sense.
die() {
	say "FAILED: $*"
	exit 1
}
# ctest's SKIP_RETURN_CODE: shown as skipped, never as passed.
skip() {
	say "SKIPPED: $*"
	exit 77
}
# The last call of every case.
finish() {
	say "$CHECKS checks, $FAILURES failed"
	[ "$CHECKS" -gt 0 ] || die "the case checked nothing"
	[ "$FAILURES" -eq 0 ] || exit 1
	exit 0
}

# This host must let us load BPF: else the case is skipped, or fails where CI=true.
need_bpf() {
	local why
	if ! why=$("$E2E_PROBE" 2>&1); then
		[ "${CI:-}" != true ] || die "CI=true, and this host cannot load BPF: $why"
		skip "this host cannot load BPF: $why"
	fi
}

# This host must let us trace a process that is not our child.
need_ptrace() {
	local scope=0
	[ "$(id -u)" -ne 0 ] || return 0
	[ ! -r /proc/sys/kernel/yama/ptrace_scope ] || read -r scope </proc/sys/kernel/yama/ptrace_scope
	[ "$scope" = 0 ] || skip "not root, and kernel.yama.ptrace_scope is $scope"
}

# need_engine ENGINE: what the engine needs.
need_engine() {
	need_ptrace
	[ "$1" != bpf ] || need_bpf
}

need_command() {
	local name
	for name in "$@"; do
		command -v "$name" >/dev/null 2>&1 || skip "there is no $name"
	done
}

# build_once FILE COMMAND…: runs COMMAND, which makes the program FILE in E2E_CACHE, unless it is there. Of
# several tests that want the same at the same time one builds it, and the others wait.
build_once() {
	local file=$1 lock code=0
	shift
	[ ! -x "$file" ] || return 0
	mkdir -p "$E2E_CACHE/locks"
	exec {lock}>"$E2E_CACHE/locks/$(sha256sum <<<"$file" | cut -c1-16)"
	flock "$lock"
	[ -x "$file" ] || "$@" || code=$?
	exec {lock}>&-
	return "$code"
}

# go_program DIR VERSION NAME [GO BUILD FLAG…]: builds the Go program in DIR, sets BIN.
go_program() {
	local dir=$1 version=$2 name=$3 go key
	shift 3
	go=$("$SOURCE_DIR/scripts/go-toolchain" "$version") || skip "no Go $version"
	key=$( (cd "$dir" && cat ./*.go go.mod; printf '%s\n' "$version" "$@") | sha256sum | cut -c1-16)
	BIN=$E2E_CACHE/$name-go$version-$key/$name
	build_once "$BIN" go_build "$dir" "$go" "$@"
}

# go_build DIR GO [GO BUILD FLAG…]: builds BIN, all or nothing.
go_build() {
	local dir=$1 go=$2 out
	shift 2
	out=$(mktemp -d "$E2E_CACHE/building.XXXXXX")
	# Paths are trimmed, so that a program is the same wherever the sources lie.
	(cd "$dir" && GOTOOLCHAIN=local GOFLAGS=-buildvcs=false GOROOT='' CGO_ENABLED="${E2E_CGO:-0}" \
		"$go" build -trimpath "$@" -o "$out/$(basename "$BIN")" .) || die "go build $dir fails"
	rm -rf "$(dirname "$BIN")" # of a build that was cut short
	mv -T "$out" "$(dirname "$BIN")"
}

# go_program_as BUILD DIR VERSION NAME: go_program as programs are built in practice; sets BIN, and DEBUG to
# askc's arguments for debug info that lies elsewhere. BUILD is default, plain (not optimised), pie, paths (not
# trimmed), uncompressed (debug info), cgo or stripped.
go_program_as() {
	local build=$1 flags=()
	shift
	DEBUG=()
	case $build in
	default | stripped) ;;
	plain) flags=("-gcflags=all=-N -l") ;;
	pie) flags=(-buildmode=pie) ;;
	paths) flags=(-trimpath=false) ;;
	uncompressed) flags=(-ldflags=-compressdwarf=false) ;;
	cgo)
		need_command gcc
		local E2E_CGO=1
		flags=(-tags=withcgo -ldflags=-linkmode=external)
		;;
	*) die "no build $build" ;;
	esac
	go_program "$@" "${flags[@]:+${flags[@]}}"
	[ "$build" = stripped ] || return 0
	need_command objcopy strip
	objcopy --only-keep-debug "$BIN" "$WORK/$3.debug"
	strip -o "$WORK/$3" "$BIN"
	BIN=$WORK/$3
	DEBUG=(--debug "$WORK/$3.debug")
}

# patiently COMMAND…: askance gives up when a thread does not come to its stop in a second, and
# says "try again". On a host so busy that this happens it is the right answer: so do that, ten times
# at most.
patiently() {
	local try code err
	err=$(mktemp "$WORK/patiently.XXXXXX")
	for try in 1 2 3 4 5 6 7 8 9 10; do
		code=0
		"$@" 2>"$err" || code=$?
		[ "$code" -ne 0 ] && grep -q 'did not stop in time' "$err" || break
		[ "$try" -eq 10 ] || sleep 0.5
	done
	cat "$err" >&2
	rm -f "$err"
	return "$code"
}

# settle PID: waits until no thread of it wants a CPU: on a busy host goroutines may still be on
# their way to where they wait when the program says it is ready. Some programs always want one: those get
# half a second.
settle() {
	local file line quiet=0 look
	for look in $(seq 50); do
		quiet=$((quiet + 1))
		for file in /proc/"$1"/task/*/stat; do
			read -r line 2>/dev/null <"$file" || continue
			line=${line##*) }
			case $line in
			R* | D*) quiet=0 ;;
			esac
		done
		[ "$quiet" -lt 3 ] || return 0
		sleep 0.01
	done
	say "settle: after look $look process $1 computes"
}

# start_target BIN ARGS…: starts a program and waits for its line "ready PID", and until it is; sets TARGET.
# What it printed before and after that line is in $TARGET_OUT.
start_target() {
	TARGET_OUT=$WORK/target-${#TARGETS[@]}.out
	: >"$TARGET_OUT" # there before the program is
	"$@" >>"$TARGET_OUT" 2>"$TARGET_OUT.err" &
	TARGET=$!
	TARGETS+=("$TARGET")
	local deadline=$((SECONDS + 120))
	until grep -q '^ready ' "$TARGET_OUT"; do
		kill -0 "$TARGET" 2>/dev/null || die "$1 ended before it was ready: $(cat "$TARGET_OUT.err")"
		[ "$SECONDS" -lt "$deadline" ] || die "$1 is not ready after 120 s"
		sleep 0.02
	done
	settle "$TARGET"
}

# stand_still PID: SIGSTOP, wherever it happens to be; waits until every thread of it has stopped.
stand_still() {
	local deadline=$((SECONDS + 60))
	kill -STOP "$1"
	while grep -h '^State:' /proc/"$1"/task/*/status | grep -qv T; do
		[ "$SECONDS" -lt "$deadline" ] || die "process $1 does not stop"
		sleep 0.02
	done
}

# alive PID: it runs, and none of its threads is stopped.
alive() {
	local state task
	[ -d "/proc/$1/task" ] || return 1
	for task in /proc/"$1"/task/*/status; do
		state=$(sed -n 's/^State:\t\(.\).*/\1/p' "$task" 2>/dev/null) || continue
		case $state in
		t | T | Z | X) return 1 ;;
		esac
	done
}

# build_object SPEC [ASKC ARGS…]: compiles SPEC for BIN; sets OBJECT and GENERATED.
build_object() {
	local spec=$1 name dir
	shift
	dir=$(mktemp -d "$WORK/object.XXXXXX")
	name=$(sed -n 's/^name: *\([^ #]*\).*/\1/p' "$spec" | head -n 1)
	"$ASKC" build "$spec" --binary "$BIN" -o "$dir" "$@" >"$WORK/askc.out" 2>"$WORK/askc.err" ||
		die "askc build $spec: exit $?: $(cat "$WORK/askc.err")"
	OBJECT=$dir/$name.ask.o
	GENERATED=$dir/$name.bpf.c
	[ -s "$OBJECT" ] || die "askc build wrote no $OBJECT"
	[ -s "$GENERATED" ] || die "askc build wrote no $GENERATED"
}

# take_snapshot ENGINE OUTPUT [ASKANCE ARGS…]: a snapshot of TARGET with OBJECT. What it
# said is in OUTPUT.log. Exit codes other than 0 end the case.
take_snapshot() {
	local engine=$1 output=$2
	shift 2
	patiently "$ASKANCE" snapshot "$OBJECT" --pid "$TARGET" -o "$output" --engine="$engine" --max-pause=none -v "$@" \
		>"$output.out" 2>"$output.log" ||
		die "askance snapshot --engine=$engine: exit $?: $(cat "$output.log")"
	[ -s "$output" ] || die "askance snapshot wrote no $output"
	[ "$(sql "$output" 'SELECT DISTINCT engine FROM processes')" = "$engine" ] || die "not the $engine engine: $(cat "$output.log")"
}

# sql DB SQL: rows of a query, as sqlite3 prints them.
sql() { sqlite3 -batch -readonly "$1" "$2"; }

# expect WHAT EXPECTED ACTUAL
expect() {
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		fail "$1"
		printf '  expected: %s\n  got:      %s\n' "${2//$'\n'/$'\n'            }" "${3//$'\n'/$'\n'            }"
	fi
}

# expect_exit CODE CMD…: runs it, patiently; stdout and stderr go to $WORK/out and $WORK/err.
expect_exit() {
	local code=$1 got=0
	shift
	patiently "$@" >"$WORK/out" 2>"$WORK/err" || got=$?
	if [ "$got" -eq "$code" ]; then
		ok "exit $code: ${*##*/}"
	else
		fail "exit $got instead of $code: $*"
		sed 's/^/  stderr: /' "$WORK/err" | head -n 20
	fi
}

# expect_stderr PATTERN: what the last expect_exit said.
expect_stderr() {
	if grep -Eq -- "$1" "$WORK/err"; then
		ok "stderr says $1"
	else
		fail "stderr does not say $1"
		sed 's/^/  stderr: /' "$WORK/err" | head -n 20
	fi
}

# expect_one_line: the last expect_exit's stderr was one line.
expect_one_line() {
	local lines
	lines=$(grep -c '' "$WORK/err" || true)
	expect "one line on stderr" 1 "$lines"
}

# check_rows DB FILE
check_rows() {
	local db=$1 file=$2 line query='' title='' expected='' has=0
	while IFS= read -r line || [ -n "$line" ]; do
		case $line in
		'--> '* | '-->')
			line=${line#-->}
			expected+=${expected:+$'\n'}${line# }
			has=1
			;;
		'-->|') has=1 ;;
		'-- '*)
			check_one_query "$db" "$title" "$query" "$expected" "$has"
			[ "$has" -eq 0 ] || { query='' expected='' title='' has=0; }
			title+=${title:+ }${line#-- }
			;;
		'') ;;
		*)
			if [ "$has" -eq 1 ]; then
				check_one_query "$db" "$title" "$query" "$expected" 1
				query='' expected='' title='' has=0
			fi
			query+=$line$'\n'
			;;
		esac
	done <"$file"
	check_one_query "$db" "$title" "$query" "$expected" "$has"
}

check_one_query() {
	local db=$1 title=$2 query=$3 expected=$4 has=$5 got
	[ "$has" -eq 1 ] || return 0
	if got=$(sql "$db" "$query" 2>&1); then
		expect "${title:-$query}" "$expected" "$got"
	else
		fail "$title: $got"
	fi
}
