#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# kernels [--once] [PACKAGE…]: Askance on the kernels that apt offers for this distribution, in a
# virtual machine each: with two CPUs, with one, and locked down. An object of each clang
# that is here is loaded; both engines take snapshots of slow-rpc and must give the same
# bytes for a program that stands still; an ordinary user with the capabilities that
# `askance doctor` lists must get as far as root does.
#
# PACKAGE is a kernel image package or one that depends on it (linux-image-rt-amd64); the
# default is all linux-image-amd64 and linux-image-X.Y-amd64. Kernels are downloaded with
# `apt-get download`, never installed, and kept in E2E_KERNELS (default: kernels/ beside
# E2E_CACHE). With --once each is booted with two CPUs only. The last lines are figures;
# E2E_KEEP=1 keeps everything that was said.
#
# Where the CPU has no virtualization for /dev/kvm to use, qemu emulates one: then the
# figures are no measure of anything but each other. E2E_ACCEL=kvm|tcg overrides.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

: "${E2E_RECORDS:?E2E_RECORDS must name the records program}"
: "${E2E_KERNELS:=$(dirname "$E2E_CACHE")/kernels}"
here=$E2E_DIR/kernels
FIGURES=$WORK/figures

need_command qemu-system-x86_64 busybox cpio setpriv apt-get apt-cache dpkg-deb
busybox=$(command -v busybox)
! ldd "$busybox" >/dev/null 2>&1 || skip "$busybox is no static program (busybox-static)"
! ldd "$ASKANCE" | grep -q libasan || skip "under the sanitizers this takes too long"

# accelerator: kvm or tcg, and how long a machine may take. One thread for all emulated
# CPUs: with several qemu goes on running instructions that another CPU has patched, so
# that CPUs hang in the int3 of a tracepoint's static key, or of any other.
accelerator() {
	if [ -z "${E2E_ACCEL:-}" ]; then
		E2E_ACCEL=tcg
		# There is a /dev/kvm without hardware behind it; it does not get through a kernel's start.
		[ ! -w /dev/kvm ] || ! grep -Eqw 'vmx|svm' /proc/cpuinfo || E2E_ACCEL=kvm
	fi
	case $E2E_ACCEL in
	kvm) MACHINE=(-accel kvm -cpu host) PATIENCE=120 ;;
	*) MACHINE=(-accel "tcg,thread=single" -cpu max) PATIENCE=300 ;;
	esac
}

# The packages that hold kernels: of each argument, what it depends on or itself.
kernel_packages() {
	local name image
	for name in "$@"; do
		image=$(apt-cache depends --important "$name" 2>/dev/null |
			sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1) || true
		echo "${image:-$name}"
	done | sort -uV
}

# fetch_kernel PACKAGE: sets KERNEL, its name and its image. 1: it cannot be had.
fetch_kernel() {
	local package=$1 dir
	KERNEL=$E2E_KERNELS/$package/vmlinuz
	[ ! -s "$KERNEL" ] || return 0
	mkdir -p "$E2E_KERNELS"
	dir=$(mktemp -d "$E2E_KERNELS/fetching.XXXXXX")
	if (cd "$dir" && apt-get -qq download "$package") >"$WORK/apt.log" 2>&1 &&
		dpkg-deb --fsys-tarfile "$dir"/*.deb | tar -x -C "$dir" ./boot &&
		mv "$dir"/boot/vmlinuz-* "$dir/vmlinuz"; then
		rm -rf "$dir"/*.deb "${dir:?}/boot"
		mv -T "$dir" "$E2E_KERNELS/$package" 2>/dev/null || true
	fi
	rm -rf "$dir"
	[ -s "$KERNEL" ]
}

# An object of slow-rpc for each clang, OBJECTS their names; and one of park.
build_objects() {
	local version clang
	mkdir -p "$WORK/root/objects"
	OBJECTS=()
	for version in '' -14 -15 -16 -17 -18 -19 -20 -21 -22; do
		clang=clang$version
		command -v "$clang" >/dev/null 2>&1 || continue
		# A number is wanted in the name: `clang` is one of the others, or the only one.
		[ -n "$version" ] || ! compgen -c clang- | grep -Eqx 'clang-[0-9]+' || continue
		BIN=$SLOW_RPC CLANG=$clang build_object "$SOURCE_DIR/spec-examples/slow-rpc/spec.ask.yaml"
		cp "$OBJECT" "$WORK/root/objects/$clang.ask.o"
		OBJECTS+=("$clang")
	done
	BIN=$PARK build_object "$E2E_DIR/park/spec.ask.yaml"
	cp "$OBJECT" "$WORK/root/objects/park.ask.o"
}

# The whole of the guest's file system: what it runs, and the libraries of that.
build_root() {
	local root=$WORK/root program setpriv
	go_program "$SOURCE_DIR/spec-examples/slow-rpc" 1.26.8 slow-rpc
	SLOW_RPC=$BIN
	go_program "$E2E_DIR/park" 1.26.8 park
	PARK=$BIN
	build_objects
	setpriv=$(command -v setpriv)
	mkdir -p "$root"/{bin,usr/bin,proc,sys,dev,tmp}
	cp "$busybox" "$root/bin/busybox"
	cp "$SLOW_RPC" "$PARK" "$ASKANCE" "$E2E_RECORDS" "$root/bin/"
	cp -L "$setpriv" "$root/usr/bin/setpriv"
	cp "$here/init.sh" "$root/init"
	chmod 755 "$root/init" "$root/bin"/*
	for program in "$ASKANCE" "$E2E_RECORDS" "$setpriv"; do
		ldd "$program"
	done | grep -o '/[^ ]*' | grep -v ':$' | sort -u | while read -r program; do
		(cd "$root" && cp -L --parents "$program" .)
	done
	pack "$WORK/all.gz"
	# One compiler is enough to see what else differs.
	for program in "${OBJECTS[@]:1}"; do
		rm "$root/objects/$program.ask.o"
	done
	pack "$WORK/one.gz"
}

pack() { (cd "$WORK/root" && find . -print0 | cpio -0 -o -H newc -R 0:0 --quiet) | gzip -1 >"$1"; }

# boot NAME CPUS INITRD COMMAND-LINE…: what the guest made is in $WORK/NAME then.
# noirqdebug: with PREEMPT_RT the second serial port's interrupt looks like nobody's.
boot() {
	local name=$1 cpus=$2 initrd=$3 out=$WORK/$1 code=0
	shift 3
	mkdir "$out"
	timeout --kill-after=5 "$PATIENCE" qemu-system-x86_64 "${MACHINE[@]}" -smp "$cpus" -m 1G \
		-nodefaults -display none -no-reboot -kernel "$KERNEL" -initrd "$initrd" \
		-append "console=ttyS0 quiet loglevel=4 panic=-1 noirqdebug $*" \
		-serial "file:$out/console" -serial "file:$out/result" </dev/null >"$out/qemu" 2>&1 || code=$?
	gzip -dc <"$out/result" 2>/dev/null | tar -C "$out" -xf - 2>/dev/null || true
	if [ "$code" -eq 0 ] && [ -e "$out/end" ]; then
		return 0
	fi
	fail "$name did not come to its end in $PATIENCE s (qemu: exit $code)"
	tail -n 15 "$out/qemu" "$out/console" | sed 's/^/  /'
	return 1
}

# number FILE KEY: a figure of `askance snapshot -v`, 0 when there is none.
number() { sed -n "s/^$2: //p" "$1" | grep . || echo 0; }

# expect_done WHAT PATH: a command of the guest ended well; else what it said.
expect_done() {
	if [ "$(cat "$2.exit" 2>/dev/null)" = 0 ]; then
		ok "$1"
	else
		fail "$1: exit $(cat "$2.exit" 2>/dev/null || echo unknown)"
		cat "$2.out" "$2.err" 2>/dev/null | tail -n 12 | sed 's/^/  /'
	fi
}

check_doctor() { # WHAT PATH
	expect_done "$1: doctor" "$2"
	expect "$1: doctor finds nothing missing" '' "$(grep '^no ' "$2.out" || true)"
}

check_snapshot() { # WHAT PATH ENGINE
	say "-- $1"
	expect_done "$1: snapshot" "$2"
	[ -s "$2.db" ] || return 0
	expect "$1: engine" "$3" "$(sql "$2.db" 'SELECT engine FROM processes')"
	check_rows "$2.db" "$E2E_DIR/common.sql"
	check_rows "$2.db" "$here/rows.sql"
}

# check_boot NAME CPUS LOCKDOWN
check_boot() {
	local name=$1 out=$WORK/$1 object engine engines='bpf native auto' file
	expect "$name: CPUs" "$2" "$(cat "$out/cpus")"
	expect "$name: lockdown" "$3" "$(sed -n 's/.*\[\(.*\)\].*/\1/p' "$out/lockdown")"
	for file in "$out"/*.doctor.exit; do
		object=$(basename "$file" .doctor.exit)
		check_doctor "$name: $object" "$out/$object.doctor"
		[ "$object" != nobody ] || continue
		for engine in $engines; do
			file=$out/$object.$engine
			check_snapshot "$name: $object, $engine" "$file" "${engine/auto/bpf}"
			printf '%-44s %-9s %-7s %7.1f %9s %8.2f\n' "$name" "$object" "$engine" \
				"$(number "$file.err" load_ns | sed 's/$/e-6/')" "$(number "$file.err" verified_insns)" \
				"$(number "$file.err" pause_ns | sed 's/$/e-6/')" >>"$FIGURES"
		done
		engines=bpf # of the first object all, as in init.sh
	done
	expect_done "$name: nobody: snapshot" "$out/nobody.bpf"
	expect "$name: slow-rpc goes on" '' "$(grep -E '^[tTZX]' "$out/states" || true)"
	expect_done "$name: park, native" "$out/park.native"
	expect_done "$name: park, bpf" "$out/park.bpf"
	expect "$name: park has records" 1 "$(($(cat "$out/park.bpf.records") > 500))"
	expect "$name: both engines give the same bytes" '' "$(cat "$out/park.differs")"
	expect "$name: the kernel has nothing to complain of" '' \
		"$(grep -E 'BUG:|WARNING:|Oops|general protection' "$out/dmesg" || true)"
}

run_kernel() { # PACKAGE
	local name=${1#linux-image-}
	! boot "$name.cpus2" 2 "$WORK/all.gz" || check_boot "$name.cpus2" 2 none
	[ -z "$once" ] || return 0
	! boot "$name.cpus1" 1 "$WORK/one.gz" || check_boot "$name.cpus1" 1 none
	! boot "$name.locked" 2 "$WORK/one.gz" lockdown=confidentiality ||
		check_boot "$name.locked" 2 confidentiality
}

once=
if [ "${1:-}" = --once ]; then
	once=1
	shift
fi
if [ $# -eq 0 ]; then
	mapfile -t metas < <(apt-cache search --names-only '^linux-image-([0-9]+\.[0-9]+-)?amd64$' | cut -d' ' -f1)
	[ "${#metas[@]}" -gt 0 ] || skip "apt knows no linux-image-amd64"
	set -- "${metas[@]}"
fi
accelerator
mapfile -t packages < <(kernel_packages "$@")
build_root
booted=0
for package in "${packages[@]}"; do
	if fetch_kernel "$package"; then
		run_kernel "$package"
		booted=$((booted + 1))
	else
		say "no $package: $(tail -n 1 "$WORK/apt.log")"
	fi
done
[ "$booted" -gt 0 ] || skip "none of ${packages[*]} can be had"
say "with $E2E_ACCEL: kernel, clang, engine, load ms, instructions verified, pause ms"
cat "$FIGURES"
finish
