#!/bin/busybox sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The only process of the machine that kernels.sh boots: runs askance with every object
# under /objects and sends what came of it, as a tar of /out, through the second serial
# port. It judges nothing but whether to try a snapshot again; kernels.sh looks at the rest.
export PATH=/bin HOME=/
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp
mount -t bpf bpf /sys/fs/bpf
mount -t securityfs security /sys/kernel/security
ifconfig lo up
exec </dev/null >/dev/ttyS0 2>&1
mkdir -p /out

# The end, whatever came before: the host learns by /out/end whether it was reached in order.
leave() {
	[ $# -eq 0 ] || echo "guest: $*" | tee /out/failed
	dmesg >/out/dmesg
	stty -F /dev/ttyS1 raw -echo
	tar -C /out -cf - . | gzip >/dev/ttyS1
	echo "guest: off"
	poweroff -f
}

# run NAME CMD…: leaves NAME.out, NAME.err and NAME.exit.
run() {
	name=$1
	shift
	echo "guest: $name"
	"$@" >"/out/$name.out" 2>"/out/$name.err"
	echo $? >"/out/$name.exit"
}

# target NAME CMD…: starts it, waits until it is ready, sets pid.
target() {
	name=$1
	shift
	"$@" >"/tmp/$name" 2>&1 &
	pid=$!
	n=0
	until grep -q '^ready ' "/tmp/$name"; do
		n=$((n + 1))
		[ $n -lt 900 ] && kill -0 $pid || leave "$name is not ready: $(cat "/tmp/$name")"
		sleep 0.1
	done
}

# The background job changes its client once a minute; between two it holds up nobody.
snapshot() { # OBJECT ENGINE
	for try in 1 2 3 4 5; do
		run "$1.$2" askance snapshot "/objects/$1.ask.o" --pid "$pid" -o "/out/$1.$2.db" --engine="$2" --max-pause=none -v
		[ "$(askance query "/out/$1.$2.db" --format=json 'SELECT count(*) AS n FROM blocked_by' |
			tr -dc 0-9)" != 1 ] || return
	done
}

uname -r >/out/release
nproc >/out/cpus
cat /sys/kernel/security/lockdown >/out/lockdown

target slow-rpc slow-rpc
engines='bpf native auto'
for object in /objects/*.ask.o; do
	object=${object#/objects/}
	object=${object%.ask.o}
	[ "$object" != park ] || continue
	run "$object.doctor" askance doctor "/objects/$object.ask.o" --pid $pid
	for engine in $engines; do
		snapshot "$object" $engine
	done
	engines=bpf # the others do not depend on the compiler
	last=/objects/$object.ask.o
done
# Not root, with the capabilities that doctor lists and no others.
caps=-all,+bpf,+perfmon,+sys_ptrace,+dac_read_search,+sys_nice
nobody() { # NAME CMD…
	name=$1
	shift
	run "$name" /usr/bin/setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=$caps \
		--ambient-caps=$caps --bounding-set=$caps "$@"
}
mkdir -m 777 /tmp/nobody
nobody nobody.doctor askance doctor "$last" --pid $pid
nobody nobody.bpf askance snapshot "$last" --pid $pid -o /tmp/nobody/bpf.db --engine=bpf --max-pause=none -v
sed -n 's/^State:[[:space:]]*//p' /proc/$pid/task/*/status >/out/states
kill -9 $pid

# Both engines on a program that stands still.
target park park -goroutines 500
for engine in native bpf; do
	run park.$engine askance collect /objects/park.ask.o --pid $pid -o /tmp/$engine.askdump --engine=$engine --shards=1 --max-pause=none
	e2e_records --raw /tmp/$engine.askdump >/tmp/$engine.raw
	e2e_records /tmp/$engine.askdump | wc -l >/out/park.$engine.records
done
cmp /tmp/native.raw /tmp/bpf.raw >/out/park.differs 2>&1
touch /out/end
leave
