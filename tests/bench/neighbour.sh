# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# neighbour: what it costs a process that has nothing to do with it and calls the kernel all
# the time (neighbour.c). Windows with and without, in pairs, turn by turn. A window is as
# short as it can be, since noise grows with it; what was lost is given as a share of one
# second.

# neighbour_row WORDS HOW CMD…
neighbour_row() {
	local words=$1 out=$WORK/neighbour.out
	shift
	patiently "$BENCH_NEIGHBOUR" "$pairs" "$window" "$@" >"$out" 2>"$WORK/log" || die "neighbour $*: $(cat "$WORK/log")"
	# Of each pair: what was lost, in microseconds of the neighbour's time.
	awk '{ printf "%.1f\n", (1 - $3 / $4 / ($1 / $2)) * $4 / 1e3 }' "$out" | sort -n >"$out.lost"
	awk '{ print $5 }' "$out" | sort -n >"$out.took"
	row '%-44s %9s %9s %19s %10s %9s\n' "$words" \
		"$(awk '{ v[NR] = $1 } END { printf "%.2f", v[int((NR + 1) / 2)] / 1000 }' "$out.lost")" \
		"$(awk '{ v[NR] = $1 } END { printf "%.2f", v[int((NR + 1) / 2)] / 1e4 }' "$out.lost")" \
		"$(awk '{ v[NR] = $1 } END { printf "%.2f to %.2f", v[int((NR + 3) / 4)] / 1e4, v[int((3 * NR + 3) / 4)] / 1e4 }' "$out.lost")" \
		"$(awk '{ v[NR] = $1 } END { printf "%.2f", v[int((NR + 1) / 2)] / 1e6 }' "$out.took")" \
		"$(awk '{ v[NR] = $1 / $2 * 1e6 } END { printf "%.0f", v[int((NR + 1) / 2)] }' "$out")"
}

bench_neighbour() {
	local pairs=11 window=200
	[ "$BENCH_MODE" != full ] || { pairs=31 window=1000; }
	crowd neighbour -goroutines 10000 -blocked 4
	title "Neighbour: a process that only calls the kernel; $pairs pairs of windows of $window ms, with and without"
	row '%-44s %9s %9s %19s %10s %9s\n' '' lost 'of 1 s' 'of 1 s, quartiles' took 'calls/ms'
	row '%-44s %9s %9s %19s %10s %9s\n' '' ms % % ms ''
	neighbour_row 'nothing (the noise)' each true
	if [ "${ENGINES[0]}" = bpf ]; then
		neighbour_row 'attach and detach' held "$BENCH_ATTACH" "$OBJECT" 0
		neighbour_row 'attach, 6 ms attached, detach' held "$BENCH_ATTACH" "$OBJECT" 6000
		[ "$BENCH_MODE" != full ] || neighbour_row 'attach, 100 ms attached, detach' held "$BENCH_ATTACH" "$OBJECT" 100000
		neighbour_row 'load: open, verify, map (askance doctor)' each "$ASKANCE" doctor "$OBJECT"
		neighbour_row 'askance collect, BPF, all of it' each "$ASKANCE" collect "$OBJECT" --pid "$TARGET" --engine=bpf -q --max-pause=none -o "$WORK/n.askdump"
		neighbour_row 'the same, --rehearse=none' each "$ASKANCE" collect "$OBJECT" --pid "$TARGET" --engine=bpf -q --max-pause=none --rehearse=none -o "$WORK/n.askdump"
	fi
	neighbour_row 'askance collect, native, all of it' each "$ASKANCE" collect "$OBJECT" --pid "$TARGET" --engine=native -q --max-pause=none -o "$WORK/n.askdump"
	crowd_stop neighbour
}
