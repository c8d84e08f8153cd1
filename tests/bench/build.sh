# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# build: askc on programs of other people, against Delve, which has to read the same debug
# information before it can begin; and decoding.
#
# ASKANCE_BENCH_BINARY names one more program, ASKANCE_BENCH_SPEC a spec for it.

# shellcheck source=tests/oracle/delve.sh
. "$SOURCE_DIR/tests/oracle/delve.sh"

# All methods of a type, with their receiver: a hundred functions or more.
methods_spec() { # FILE TYPE RECEIVER
	printf 'askance: 1\nname: methods\nfunctions:\n  - {name: "%s.*", table: methods, capture: [%s]}\n' "$2" "$3" >"$1"
}

build_row() { # WORDS BINARY SPEC
	local words=$1 binary=$2 spec=$3 run runs=3 key=build.$1 dir=$WORK/build.$1
	mkdir -p "$dir"
	for ((run = 0; run < runs; run++)); do
		"$BENCH_MEASURE" "$WORK/measured" "$ASKC" build "$spec" --binary "$binary" --name it -o "$dir" --stop-after=c \
			>"$WORK/log" 2>&1 || die "askc build of $binary: $(cat "$WORK/log")"
		sample "$key.c" "$(value wall_ns "$WORK/measured")"
		sample "$key.rss" "$(value rss_bytes "$WORK/measured")"
		if [ -n "$RIVALS" ]; then
			"$BENCH_MEASURE" "$WORK/measured" "$RIVALS" load "$binary" >"$WORK/log" 2>&1 || die "Delve does not load $binary: $(cat "$WORK/log")"
			sample "$key.delve" "$(value load_ns "$WORK/log")"
			sample "$key.delve_rss" "$(value rss_bytes "$WORK/measured")"
		fi
		"$BENCH_MEASURE" "$WORK/measured" "$ASKC" build "$spec" --binary "$binary" --name it -o "$dir" \
			>"$WORK/log" 2>&1 || die "askc build of $binary: $(cat "$WORK/log")"
		sample "$key.all" "$(value wall_ns "$WORK/measured")"
	done
	row '%-16s %9s %9s %9s %9s %9s %9s %9s %9s%s\n' "$words" "$(mib "$(stat -L -c %s "$binary")")" "$(mib "$(stat -c %s "$dir/it.ask.o")")" \
		"$(scaled "$(median "$key.c")" 1e9 2)" "$(mib "$(most "$key.rss")")" "$(scaled "$(median "$key.all")" 1e9 2)" \
		"$(scaled "$(median "$key.delve")" 1e9 2)" "$(mib "$(most "$key.delve_rss")")" "$(ratio "$(median "$key.delve")" "$(median "$key.c")")" \
		"$(mark "$(median "$key.delve")" "$(median "$key.c")")"
}

bench_build() {
	build_rivals
	crowd_build
	local crowd=$BIN
	title "Building: askc without clang and with it, against Delve's loading of the same program; medians of 3"
	row '%-16s %9s %9s %9s %9s %9s %9s %9s %9s\n' '' program object 'askc, C' 'peak RSS' 'and clang' Delve 'peak RSS' 'x askc, C'
	row '%-16s %9s %9s %9s %9s %9s %9s %9s %9s\n' '' MiB MiB s MiB s s MiB ''
	build_row crowd "$crowd" "$BENCH_DIR/crowd/spec.ask.yaml"
	if [ -n "$RIVALS" ]; then
		methods_spec "$WORK/delve.ask.yaml" 'github.com/go-delve/delve/pkg/proc.(*BinaryInfo)' bi
		build_row delve "$RIVALS" "$WORK/delve.ask.yaml"
	fi
	# In a subshell: where its module cannot be had, the rest is measured all the same.
	if (module_program 1.26.8 github.com/nats-io/nats-server/v2 v2.10.4) >"$WORK/nats.log"; then
		module_program 1.26.8 github.com/nats-io/nats-server/v2 v2.10.4
		methods_spec "$WORK/nats.ask.yaml" 'github.com/nats-io/nats-server/v2/server.(*client)' c
		build_row nats-server "$BIN" "$WORK/nats.ask.yaml"
	else
		row 'nats-server: not measured: %s\n' "$(tail -n 1 "$WORK/nats.log")"
	fi
	[ -z "${ASKANCE_BENCH_BINARY:-}" ] || build_row "$(basename "$ASKANCE_BENCH_BINARY")" "$ASKANCE_BENCH_BINARY" "${ASKANCE_BENCH_SPEC:?ASKANCE_BENCH_SPEC must name a spec for it}"
}

bench_decode() {
	local run size goroutines=10000
	crowd decode -goroutines "$goroutines" -blocked 4
	ours decode "${ENGINES[0]}" "$goroutines"
	crowd_stop decode
	for ((run = 0; run < BENCH_RUNS; run++)); do
		rm -f "$WORK/decoded.db"
		"$BENCH_MEASURE" "$WORK/measured" "$ASKANCE" decode "$WORK/ours.askdump" -o "$WORK/decoded.db" 2>"$WORK/log" ||
			die "decode: $(cat "$WORK/log")"
		sample decode.wall "$(value wall_ns "$WORK/measured")"
		sample decode.rss "$(value rss_bytes "$WORK/measured")"
	done
	expect "decode: every goroutine's value" "$goroutines|15" "$(sql "$WORK/decoded.db" "SELECT count(DISTINCT id), (SELECT frame_count
		FROM hold JOIN goroutines USING (process_id, goroutine_id) LIMIT 1) FROM hold")" >>"$WORK/checks"
	size=$(stat -c %s "$WORK/ours.askdump")
	title "Decoding: a dump of $goroutines goroutines to a database; $BENCH_RUNS runs"
	row '%-16s %9s %9s %9s %9s %9s %9s\n' '' dump median least 'MB/s' database 'peak RSS'
	row '%-16s %9s %9s %9s %9s %9s %9s\n' '' MB ms ms '' MB MiB
	row '%-16s %9s %9s %9s %9s %9s %9s\n' 'askance decode' "$(scaled "$size" 1e6 2)" "$(ms "$(median decode.wall)")" "$(ms "$(least decode.wall)")" \
		"$(awk -v size="$size" -v ns="$(median decode.wall)" 'BEGIN { printf "%.0f", size / ns * 1e3 }')" \
		"$(scaled "$(stat -c %s "$WORK/decoded.db")" 1e6 2)" "$(mib "$(most decode.rss)")"
}
