#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# errors: what goes wrong has one clear line and the exit code that the contract names.
# specs/ holds one wrong spec a file; its last lines say what must be reported:
#   #! LINE:COLUMN PATTERN     an error there whose text matches (COLUMN may be left out)
#   #! ~ PATTERN               named somewhere else in the report: a suggestion
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../lib.sh"

here=$(cd "$(dirname "$0")" && pwd)
service=$SOURCE_DIR/spec-examples/slow-rpc
spec=$service/spec.ask.yaml
old=1.22.12 new=1.26.8
# Readable for everyone: part of this runs as nobody.
chmod 755 "$WORK"
cd "$WORK"

section() { say "--- $*"; }

check_wrong_spec() {
	local file=$1 name line place pattern
	name=$(basename "$file" .ask.yaml)
	cp "$file" "$name.ask.yaml"
	expect_exit 1 "$ASKC" build "$name.ask.yaml" --binary "$BIN" -o "$WORK"
	while read -r line; do
		line=${line#'#! '}
		place=${line%% *}
		pattern=${line#* }
		if [ "$place" = '~' ]; then
			expect_stderr "$pattern"
		else
			case $place in
			*:) place+='[0-9]+' ;;
			esac
			expect_stderr "^$name\.ask\.yaml:$place: error: .*$pattern"
		fi
	done < <(grep '^#! ' "$file")
	expect_stderr '^[ |0-9]*\^'
	expect "$name: nothing is written" "" "$(ls t.ask.o t.bpf.c 2>/dev/null || true)"
}

go_program "$service" "$new" slow-rpc
section specs
for file in "$here"/specs/*.ask.yaml; do
	check_wrong_spec "$file"
done
expect_exit 1 "$ASKC" build absent.ask.yaml --binary "$BIN"
expect_one_line

section binaries
expect_exit 2 "$ASKC" build "$spec" --binary "$spec" -o "$WORK"
expect_one_line
expect_exit 2 "$ASKC" build "$spec" --binary /bin/ls -o "$WORK"
expect_one_line
expect_exit 1 "$ASKC" build "$spec" --binary "$WORK/absent" -o "$WORK"
expect_one_line
good=$BIN
go_program "$service" "$new" slow-rpc-stripped -ldflags=-s
expect_exit 2 "$ASKC" build "$spec" --binary "$BIN" -o "$WORK"
expect_one_line
expect_stderr 'debug|stripped|DWARF'
head -c 300000 "$good" >cut-binary
code=0
"$ASKC" build "$spec" --binary cut-binary -o "$WORK" >out 2>err || code=$?
case $code in
2 | 5) ok "exit $code: a binary that was cut" ;;
*) fail "exit $code: a binary that was cut: $(cat err)" ;;
esac
expect "nothing is written" "" "$(ls slow-rpc.* 2>/dev/null || true)"

section usage
expect_exit 1 "$ASKC"
expect_exit 1 "$ASKC" frobnicate
expect_exit 1 "$ASKC" build
expect_exit 1 "$ASKC" build "$spec" --binary "$good" --no-such-option
expect_exit 1 "$ASKANCE"
expect_exit 1 "$ASKANCE" frobnicate
expect_exit 1 "$ASKANCE" snapshot
expect_exit 0 "$ASKC" -h
expect_exit 0 "$ASKANCE" -h
for command in build check functions vars; do
	expect_exit 0 "$ASKC" "$command" -h
	[ -s "$WORK/out" ] || fail "askc $command -h says nothing on stdout"
done
for command in doctor snapshot collect decode inspect stacks query; do
	expect_exit 0 "$ASKANCE" "$command" -h
	[ -s "$WORK/out" ] || fail "askance $command -h says nothing on stdout"
done

section targets
BIN=$good
build_object "$spec"
object=$OBJECT
start_target "$BIN"
mine=$TARGET
go_program "$service" "$old" slow-rpc
start_target "$BIN"
other=$TARGET
need_ptrace
snapshot() { expect_exit "$1" "$ASKANCE" snapshot "$object" --pid "$2" -o x.db --engine=native --max-pause=none; }
snapshot 2 "$other"
expect_stderr '[Bb]uild ID'
expect_one_line
sleep 1000 &
not_go=$!
TARGETS+=("$not_go")
snapshot 2 "$not_go"
expect_stderr '[Gg]o'
expect_one_line
snapshot 2 4194304
expect_one_line
expect_stderr 4194304
expect_exit 1 "$ASKANCE" snapshot "$object" --pid nonsense -o x.db
expect_exit 1 "$ASKANCE" snapshot absent.ask.o --pid "$mine" -o x.db
expect "no database is written" "" "$(ls x.db* 2>/dev/null || true)"
# An earlier database stays as it was.
echo precious >x.db
snapshot 2 "$other"
expect "an existing file is left alone" precious "$(cat x.db)"
rm -f x.db
snapshot 0 "$mine"

section rights
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
	mkdir -m 777 nobody
	cp "$ASKANCE" askance-copy
	cp "$object" copy.ask.o
	chmod 755 askance-copy copy.ask.o
	as_nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups --)
	for engine in auto native bpf; do
		expect_exit 3 "${as_nobody[@]}" ./askance-copy snapshot copy.ask.o --pid "$mine" -o nobody/x.db --engine="$engine"
		expect_one_line
	done
	expect "nobody left nothing" "" "$(ls nobody)"
else
	say "not root, or no setpriv: 'no rights' is not tried"
fi

section "damaged objects"
size=$(stat -c %s "$object")
damaged() { # CODES WHAT COMMAND…
	local codes=$1 what=$2 code=0
	shift 2
	"$@" >out 2>err || code=$?
	case " $codes " in
	*" $code "*) ;;
	*)
		fail "exit $code: $what: $(head -n 3 err)"
		return
		;;
	esac
	[ "$code" -eq 0 ] || [ -s err ] || fail "$what: exit $code without a word"
}
for length in 0 1 63 64 1000 $((size / 2)) $((size - 1)); do
	head -c "$length" "$object" >cut.ask.o
	damaged 5 "inspect of $length bytes of an object" "$ASKANCE" inspect cut.ask.o
	damaged 5 "snapshot with $length bytes of an object" "$ASKANCE" snapshot cut.ask.o --pid "$mine" -o y.db --engine=native
done
ok "cut objects"
head -c 5000 /dev/urandom >noise.ask.o
expect_exit 5 "$ASKANCE" inspect noise.ask.o
expect_one_line
# Bytes changed here and there: an answer or a clear error, never a crash.
flip() { # FILE SEED: 8 bytes, anywhere
	awk -v seed="$2" -v size="$(stat -c %s "$1")" 'BEGIN { srand(seed); for (i = 0; i < 8; i++) print int(rand() * size), int(rand() * 256) }' |
		while read -r offset byte; do
			# shellcheck disable=SC2059
			printf "\\$(printf %03o "$byte")" | dd of="$1" bs=1 seek="$offset" conv=notrunc status=none
		done
}
for seed in $(seq 1 25); do
	cp "$object" flipped.ask.o
	flip flipped.ask.o "$seed"
	damaged "0 5" "inspect with seed $seed" "$ASKANCE" inspect flipped.ask.o
done
ok "objects with flipped bytes"

section "damaged dumps"
expect_exit 0 "$ASKANCE" collect "$object" --pid "$mine" -o whole.askdump --engine=native --max-pause=none
size=$(stat -c %s whole.askdump)
for length in 0 1 15; do
	head -c "$length" whole.askdump >cut.askdump
	damaged 5 "decode of $length bytes of a dump" "$ASKANCE" decode cut.askdump -o y.db
done
for length in $((size / 2)) $((size * 3 / 4)) $((size - 1)); do
	head -c "$length" whole.askdump >cut.askdump
	damaged "4 5" "decode of $length bytes of a dump" "$ASKANCE" decode cut.askdump -o y.db
done
head -c $((size - 1)) whole.askdump >cut.askdump
expect_exit 4 "$ASKANCE" decode cut.askdump -o y.db
expect_stderr 'cut|end'
expect "a cut dump decodes up to where it was cut" 1 "$(sql y.db 'SELECT count(*) > 200 FROM goroutines')"
for seed in $(seq 1 25); do
	cp whole.askdump flipped.askdump
	flip flipped.askdump "$seed"
	damaged "0 4 5" "decode with seed $seed" "$ASKANCE" decode flipped.askdump -o y.db
done
ok "dumps with flipped bytes"
expect_exit 5 "$ASKANCE" decode "$spec" -o y.db
expect_one_line
expect_exit 5 "$ASKANCE" query "$spec" 'SELECT 1'
expect_exit 1 "$ASKANCE" query whole.db 'SELECT 1'

if alive "$mine"; then ok "the service goes on"; else fail "the service stands still"; fi
finish
