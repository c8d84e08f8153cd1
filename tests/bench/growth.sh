# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# growth: does it stay linear, and what does it take of memory? A target for each size, all
# there at the same time, looked at in turn.

bench_growth() {
	local sizes=(1000 10000 100000) size engine run runs=$BENCH_RUNS available
	available=$(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo)
	if [ "$BENCH_MODE" = full ] && [ "$available" -gt $((8 << 20)) ]; then
		sizes+=(1000000)
	fi
	for size in "${sizes[@]}"; do
		crowd "growth$size" -goroutines "$size" -blocked 4
	done
	for ((run = 0; run < runs; run++)); do
		for size in "${sizes[@]}"; do
			# A million takes seconds to write; three looks are enough.
			[ "$size" -lt 1000000 ] || [ "$run" -lt 3 ] || continue
			crowd_use "growth$size"
			for engine in "${ENGINES[@]}"; do
				ours "growth$size.$engine" "$engine" "$size"
			done
		done
	done

	title "Growth: goroutines x 15 frames, one struct pointer each; $runs runs in turn"
	row '%-10s %-8s %9s %9s %9s %9s %11s %9s %9s %9s %9s %9s %9s\n' goroutines engine pause least gap 'pause/g' 'x of 10,000' stop triggers replayed rehearsal dump 'peak RSS'
	row '%-10s %-8s %9s %9s %9s %9s %11s %9s %9s %9s %9s %9s %9s\n' '' '' ms ms ms ns '' ms '' '' ms MiB MiB
	for engine in "${ENGINES[@]}"; do
		for size in "${sizes[@]}"; do
			local key=growth$size.$engine base
			base=$(scaled "$(median "growth10000.$engine.pause")" 10000 3)
			row '%-10s %-8s %9s %9s %9s %9s %11s %9s %9s %9s %9s %9s %9s\n' "$size" "$engine" "$(ms "$(median "$key.pause")")" \
				"$(ms "$(least "$key.pause")")" "$(ms "$(median "$key.gap")")" "$(scaled "$(median "$key.pause")" "$size" 0)" \
				"$(ratio "$(scaled "$(median "$key.pause")" "$size" 3)" "$base")" "$(ms "$(median "$key.stop")")" \
				"$(median "$key.triggers")" "$(median "$key.replayed_goroutines")" "$(ms "$(median "$key.rehearsal")")" "$(mib "$(median "$key.dump")")" "$(mib "$(most "$key.rss_bytes")")"
		done
	done
	for size in "${sizes[@]}"; do
		crowd_stop "growth$size"
	done
}
