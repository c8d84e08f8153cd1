# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# rivals: the same process, stopped by us and by others, turn by turn. The longest gap is
# the target's own word and the same for all; what a tool says itself stands beside it.
#
#   ours       stacks of all goroutines, and a struct from each of 10,000
#   walker     stacks of waiting goroutines as addresses (rivals/walk.go)
#   pprof      runtime/pprof inside of the target; its own word is the length of the call,
#              most of which debug=0 spends beside the running program
#   Delve      all goroutines and stacks; its own word leaves out the attaching

# build_rivals: sets RIVALS, or leaves it empty and says why.
build_rivals() {
	local go dir=$BENCH_DIR/rivals
	[ -z "${RIVALS:-}" ] || return 0
	RIVALS=
	go=$("$SOURCE_DIR/scripts/go-toolchain" 1.26.8) || return 0
	RIVALS=$E2E_CACHE/rivals-$(cat "$dir"/*.go "$dir/go.mod" | sha256sum | cut -c1-16)
	[ ! -x "$RIVALS" ] || return 0
	mkdir -p "$E2E_CACHE"
	if ! (cd "$dir" && GOTOOLCHAIN=local GOFLAGS=-buildvcs=false "$go" mod download) >"$WORK/log" 2>&1; then
		row 'Delve and the walker: not measured, the modules cannot be downloaded: %s\n' "$(tail -n 1 "$WORK/log")"
		RIVALS=
		return 0
	fi
	(cd "$dir" && GOTOOLCHAIN=local GOFLAGS=-buildvcs=false "$go" build -o "$RIVALS.part" .) || die "go build of the rivals fails"
	mv "$RIVALS.part" "$RIVALS"
}

# rival KEY GOROUTINES ARGS…
rival() {
	local key=$1 goroutines=$2 log=$WORK/rival.log
	shift 2
	ask gap
	"$RIVALS" "$@" >"$log" 2>"$log.err" || die "rivals $*: $(cat "$log.err")"
	ask gap
	sample "$key.gap" "$ANSWER"
	sample "$key.pause" "$(value pause_ns "$log")"
	expect "$key: saw all stacks" yes "$([ "$(value goroutines "$log")" -ge "$goroutines" ] &&
		[ "$(value frames "$log")" -ge $((15 * goroutines)) ] && echo yes)" >>"$WORK/checks"
}

pprof() { # KEY LEVEL
	ask "profile $2"
	sample "$1.pause" "${ANSWER% *}"
	sample "$1.gap" "${ANSWER#* }"
}

rivals_row() { # KEY WORDS RIVAL?
	local warning=''
	[ -s "$WORK/samples/$1.gap" ] || return 0
	[ "$3" = no ] || warning=$(mark "$(median "$1.gap")" "$(median "$reference.gap")")
	row '%-34s %10s %10s %10s %10s %10s %9s %9s%s\n' "$2" "$(ms "$(median "$1.pause")")" "$(ms "$(least "$1.pause")")" \
		"$(ms "$(median "$1.gap")")" "$(ms "$(least "$1.gap")")" "$(scaled "$(median "$1.gap")" "$goroutines" 0)" \
		"$(ratio "$(median "$1.pause")" "$(median "$reference.pause")")" "$(ratio "$(median "$1.gap")" "$(median "$reference.gap")")" "$warning"
}

bench_rivals() {
	local goroutines=10000 runs=$BENCH_RUNS delves=1 run reference=${ENGINES[0]} engine
	[ "$BENCH_MODE" != full ] || delves=3
	build_rivals
	crowd rivals -goroutines "$goroutines" -blocked 4
	for ((run = 0; run < runs; run++)); do
		alone rivals
		for engine in "${ENGINES[@]}"; do
			ours "$engine" "$engine" "$goroutines"
			[ "$engine" != bpf ] || ours bpf1 bpf "$goroutines" --shards=1
			ours "$engine-all" "$engine" "$goroutines" --rehearse=none
		done
		pprof pprof0 0
		pprof pprof2 2
		if [ -n "$RIVALS" ]; then
			rival walk-stack "$goroutines" walk "$TARGET" stack
			rival walk-frame "$goroutines" walk "$TARGET" frame
			[ "$run" -ge "$delves" ] || rival delve "$goroutines" delve "$TARGET"
		fi
	done
	if alive "$TARGET"; then ok "after all of them the target is alive" >>"$WORK/checks"; else fail "the target was left stopped" >>"$WORK/checks"; fi
	crowd_stop rivals

	title "Rivals: $goroutines goroutines x 15 frames, one struct pointer each; $runs runs in turn (Delve $delves)"
	row '%-34s %10s %10s %10s %10s %10s %9s %9s\n' '' 'own word' least 'gap' least 'gap/g' 'x word' 'x gap'
	row '%-34s %10s %10s %10s %10s %10s %9s %9s\n' '' 'ms' ms 'ms' ms 'ns' 'of ours' 'of ours'
	rivals_row bpf "askance, BPF, $(median bpf.shards) shards" no
	rivals_row bpf-all 'the same, --rehearse=none' no
	rivals_row bpf1 'askance, BPF, 1 shard' no
	rivals_row native 'askance, native' no
	rivals_row native-all 'the same, --rehearse=none' no
	rivals_row walk-stack 'process_vm_readv, a read a stack' yes
	rivals_row walk-frame 'process_vm_readv, a read a frame' yes
	rivals_row pprof0 'runtime/pprof goroutine, debug=0' yes
	rivals_row pprof2 'runtime/pprof goroutine, debug=2' yes
	rivals_row delve 'Delve, goroutines -t' yes
	row '%-34s %10s %10s %10s %10s\n' 'nothing at all' - - "$(ms "$(median rivals.alone)")" "$(ms "$(least rivals.alone)")"

	title 'Inside of our pause (medians; walk and chase added up over shards), and outside of it'
	row '%-14s %8s %8s %8s %8s %10s %9s %8s %8s %8s %10s %9s\n' '' stop walk chase release rehearsal replayed load 'CPU, all' triggers 'peak RSS' verifier
	row '%-14s %8s %8s %8s %8s %10s %9s %8s %8s %8s %10s %9s\n' '' ms ms ms ms ms '' ms ms '' MiB insns
	for engine in bpf bpf-all bpf1 native native-all; do
		[ -s "$WORK/samples/$engine.gap" ] || continue
		row '%-14s %8s %8s %8s %8s %10s %9s %8s %8s %8s %10s %9s\n' "$engine" "$(ms "$(median "$engine.stop")")" \
			"$(ms "$(median "$engine.walk")")" "$(ms "$(median "$engine.chase")")" "$(ms "$(median "$engine.release")")" \
			"$(ms "$(median "$engine.rehearsal")")" "$(median "$engine.replayed_goroutines")" \
			"$(ms "$(median "$engine.load")")" "$(ms "$(median "$engine.cpu_ns")")" "$(median "$engine.triggers")" \
			"$(mib "$(most "$engine.rss_bytes")")" "$(median "$engine.verified_insns")"
	done
}
