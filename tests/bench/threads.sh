# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# threads: what stopping and releasing cost, and what becomes of the pause, as the target has
# more threads, and threads that do not wait. Where threads want more CPUs than there are, the
# gap is long without us too, for the one that measures it has to wait for its turn.

bench_threads() {
	local goroutines=1000 run runs=$BENCH_RUNS case name arguments engine
	# NAME ARGUMENTS
	local cases=(
		'quiet -blocked 0'
		'blocked-64 -blocked 64'
		'blocked-256 -blocked 256'
		'computing-2 -busy 2 -blocked 2'
		'computing-8 -busy 8 -blocked 2'
		'calling-2 -calling 2 -blocked 2'
		'calling-8 -calling 8 -blocked 2'
	)
	if [ "$BENCH_MODE" = full ]; then
		cases+=(
			'blocked-8 -blocked 8'
			'blocked-1024 -blocked 1024'
			'computing-64 -busy 64 -blocked 2'
			'calling-64 -calling 64 -blocked 2'
		)
	else
		runs=3
	fi
	title "Threads: $goroutines goroutines; threads that are blocked in read(), compute, or call the kernel all the time; $runs runs"
	row '%-14s %-8s %8s %9s %9s %9s %9s %9s %9s %9s\n' '' engine threads pause least stop least release gap 'gap alone'
	row '%-14s %-8s %8s %9s %9s %9s %9s %9s %9s %9s\n' '' '' '' ms ms ms ms ms ms ms
	for case in "${cases[@]}"; do
		read -r name arguments <<<"$case"
		# One at a time: targets that compute would take the CPUs from each other.
		# shellcheck disable=SC2086
		crowd "$name" -goroutines "$goroutines" $arguments
		local count
		count=$(find "/proc/$TARGET/task" -mindepth 1 -maxdepth 1 | wc -l)
		for ((run = 0; run < runs; run++)); do
			alone "$name"
			for engine in "${ENGINES[@]}"; do
				ours "$name.$engine" "$engine" "$goroutines"
			done
		done
		crowd_stop "$name"
		for engine in "${ENGINES[@]}"; do
			local key=$name.$engine
			row '%-14s %-8s %8s %9s %9s %9s %9s %9s %9s %9s\n' "$name" "$engine" "$count" "$(ms "$(median "$key.pause")")" \
				"$(ms "$(least "$key.pause")")" "$(ms "$(median "$key.stop")")" "$(ms "$(least "$key.stop")")" \
				"$(ms "$(median "$key.release")")" "$(ms "$(median "$key.gap")")" "$(ms "$(median "$name.alone")")"
		done
	done
}
