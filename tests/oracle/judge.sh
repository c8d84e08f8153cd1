#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# judge GO_VERSION PROGRAM [BUILD]: every variable of every function that is on a stack, part by part,
# as Delve and as we see it in one and the same stopped process. PROGRAM is a directory of
# tests/e2e, built as BUILD says (go_program_as), or the name of a real program below.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../e2e/lib.sh"
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/oracle/delve.sh
. "$here/delve.sh"

DEBUG=()
version=$1 program=$2 build=${3:-default}
need_ptrace
build_delve

# A real program says it is ready in its log; PATTERN.
wait_for_log() {
	local deadline=$((SECONDS + 120))
	until grep -q "$1" "$WORK/log"; do
		kill -0 "$TARGET" 2>/dev/null && [ "$SECONDS" -lt "$deadline" ] || die "$program is not ready: $(tail -n 20 "$WORK/log")"
		sleep 0.1
	done
}

# etcd_answers PATH BODY WHAT: etcd itself gives up after some seconds, which a busy host may take.
etcd_answers() {
	local try
	for try in 1 2 3 4 5; do
		! "$delve" post judge:1 "$1" "$2" >>"$WORK/answers" 2>&1 || return 0
		say "etcd, try $try: $(tail -n 1 "$WORK/answers")"
		sleep 2
	done
	die "etcd does not $3: $(tail -n 5 "$WORK/answers")"
}

case $program in
nats-server)
	module_program "$version" github.com/nats-io/nats-server/v2 v2.10.4
	"$BIN" -a 127.0.0.1 -p -1 >"$WORK/log" 2>&1 &
	TARGET=$!
	TARGETS+=("$TARGET")
	wait_for_log 'Server is ready'
	# A client that says hello and stays.
	port=$(sed -n 's/.*Listening for client connections on .*:\([0-9]*\)$/\1/p' "$WORK/log")
	exec {client}<>"/dev/tcp/127.0.0.1/$port"
	printf 'CONNECT {"verbose":false,"name":"judge"}\r\nSUB a.b 1\r\nSUB c.* q 2\r\nPUB a.b 5\r\nhello\r\nPING\r\n' >&"$client"
	sleep 1
	;;
caddy)
	module_program "$version" github.com/caddyserver/caddy/v2 v2.8.4 cmd/caddy
	# Port 0 is any: the log tells which. The second route waits for an answer that never comes.
	cat >"$WORK/caddy.json" <<-'END'
		{"admin": {"disabled": true}, "logging": {"logs": {"default": {"level": "DEBUG"}}}, "apps": {"http": {"servers": {"judge": {
		"listen": ["127.0.0.1:0"], "automatic_https": {"disable": true}, "routes": [
		{"match": [{"path": ["/hello*"]}], "handle": [{"handler": "static_response", "body": "hello"}]},
		{"handle": [{"handler": "request_body", "max_size": 4096}, {"handler": "templates"},
		{"handler": "reverse_proxy", "upstreams": [{"dial": "127.0.0.1:9"}], "load_balancing": {"try_duration": "600s"}}]}]}}}}}
	END
	HOME=$WORK "$BIN" run --config "$WORK/caddy.json" >"$WORK/log" 2>&1 &
	TARGET=$!
	TARGETS+=("$TARGET")
	wait_for_log 'serving initial configuration'
	port=$(listening_port "$TARGET")
	exec {client}<>"/dev/tcp/127.0.0.1/$port"
	printf 'GET /hello HTTP/1.1\r\nHost: judge\r\n\r\n' >&"$client"
	exec {second}<>"/dev/tcp/127.0.0.1/$port"
	printf 'POST /upstream?q=1 HTTP/1.1\r\nHost: judge\r\nContent-Length: 5\r\nX-Judge: yes\r\n\r\nhello' >&"$second"
	sleep 1
	;;
etcd)
	required_program "$version" go.etcd.io/etcd/server/v3 v3.6.8
	# Its gateway calls itself at the address it was given, which port 0 is not: hence a Unix socket.
	cd "$WORK"
	"$BIN" --data-dir data --initial-cluster default=http://127.0.0.1:0 --initial-advertise-peer-urls http://127.0.0.1:0 \
		--listen-peer-urls http://127.0.0.1:0 --listen-client-urls unix://judge:1 --advertise-client-urls unix://judge:1 >"$WORK/log" 2>&1 &
	TARGET=$!
	TARGETS+=("$TARGET")
	wait_for_log 'serving client traffic'
	# Keys, a lease, a watch; who has a lock, and who waits for it; an election that is won.
	for body in '{"key":"YQ==","value":"Yg=="}' '{"key":"Yw==","value":"ZA==","prev_kv":true}'; do
		etcd_answers /v3/kv/put "$body" 'keep a key'
	done
	etcd_answers /v3/lease/grant '{"TTL":3600}' 'grant a lease'
	etcd_answers /v3/lock/lock '{"name":"bA=="}' 'give a lock'
	for request in '/v3/lock/lock {"name":"bA=="}' '/v3/watch {"create_request":{"key":"YQ=="}}' '/v3/election/observe {"name":"ZQ=="}'; do
		"$delve" post judge:1 "${request%% *}" "${request#* }" >"$WORK/hanging" 2>&1 &
		TARGETS+=("$!")
	done
	sleep 2
	;;
*)
	# Delve wants debug info where the program is: what runs is what a stripped one was before.
	go_program_as "${build/stripped/default}" "$E2E_DIR/$program" "$version" "$program"
	arguments=()
	[ "$build" != plain ] || arguments=(plain)
	start_target "$BIN" "${arguments[@]:+${arguments[@]}}"
	[ "$build" != stripped ] || go_program_as "$build" "$E2E_DIR/$program" "$version" "$program"
	;;
esac

# What a stack has now is what the spec asks for; then both look, at one instant.
"$delve" spec "$TARGET" "$WORK/everything.ask.yaml" || die "delve gives no spec"
# A name with two types needs to be told apart by its line: those are left out, and counted.
spec=$WORK/everything.ask.yaml
"$ASKC" check "$spec" --binary "$BIN" "${DEBUG[@]:+${DEBUG[@]}}" --diagnostics=json >"$WORK/diagnostics.json" 2>"$WORK/askc.err" || true
sqlite3 -batch :memory: "SELECT DISTINCT value->>'\$.line' FROM json_each(readfile('$WORK/diagnostics.json'), '\$.diagnostics')
	WHERE value->>'\$.severity' = 'error' AND value->>'\$.message' LIKE '%more than one type%'" >"$WORK/refused"
while read -r line; do
	table=$(head -n "$line" "$spec" | sed -n 's/^    table: //p' | tail -n 1)
	column=$(sed -n "${line}s/.*, as: \(.*\)}/\1/p" "$spec")
	sed -i "/status_$column AS status FROM $table;/d" "$spec.sql"
	sed -i "${line}s/.*/      # left out/" "$spec"
done <"$WORK/refused"
say "left out: $(grep -c . "$WORK/refused" || true)"
build_object "$WORK/everything.ask.yaml" "${DEBUG[@]:+${DEBUG[@]}}"

mkfifo "$WORK/release"
"$delve" hold "$TARGET" "$WORK/theirs.json" <"$WORK/release" >"$WORK/held" 2>"$WORK/delve.err" &
holder=$!
exec {release}>"$WORK/release"
deadline=$((SECONDS + 300))
until grep -q '^held' "$WORK/held"; do
	kill -0 "$holder" 2>/dev/null || die "delve: $(cat "$WORK/delve.err")"
	[ "$SECONDS" -lt "$deadline" ] || die "delve does not come to an end"
	sleep 0.1
done
take_snapshot native "$WORK/ours.db" --pause=none
exec {release}>&-
wait "$holder" || die "delve: $(cat "$WORK/delve.err")"

sqlite3 -batch -readonly -json "$WORK/ours.db" <"$WORK/everything.ask.yaml.sql" >"$WORK/ours.json" 2>"$WORK/sql.err" || die "$(cat "$WORK/sql.err")"
"$delve" judge "$WORK/theirs.json" "$spec.sql" "$WORK/ours.json" >"$WORK/judged"
grep '^total' "$WORK/judged"
cut -f1 "$WORK/judged" | sort | uniq -c
# Where Delve is known to be wrong, and why it is: known-differences has a pattern a line.
sed -e '/^#/d' -e '/^$/d' "$here/known-differences" >"$WORK/known"
say "known differences: $(grep -a '^wrong\|^missing' "$WORK/judged" | grep -acEf "$WORK/known" || true)"
equal=$(sed -n 's/^total.*parts equal \([0-9]*\).*/\1/p' "$WORK/judged")
if [ "$equal" -ge 1000 ]; then ok "$equal equal parts"; else fail "only $equal equal parts"; fi
expect "nothing is wrong" '' "$(grep -a '^wrong' "$WORK/judged" | grep -avEf "$WORK/known" | cut -c1-400 | head -n 40)"
expect "what Delve can read, we can" '' "$(grep -a '^missing\|^absent' "$WORK/judged" | grep -avEf "$WORK/known" | cut -c1-300 | head -n 40)"

# Delve traced the process, so it was read natively. The program's own functions stand still:
# BPF must read the same of them.
if [ "$program" = values ] && "$E2E_PROBE" >/dev/null 2>&1; then
	take_snapshot bpf "$WORK/bpf.db"
	grep "'main\.[^']*' AS function" "$spec.sql" >"$WORK/own.sql"
	for db in ours bpf; do
		sqlite3 -batch -readonly "$WORK/$db.db" <"$WORK/own.sql" >"$WORK/$db.own" 2>"$WORK/sql.err" || die "$(cat "$WORK/sql.err")"
	done
	say "rows of the program's own functions: $(wc -l <"$WORK/ours.own")"
	expect "BPF reads what the native engine reads" '' "$(diff "$WORK/ours.own" "$WORK/bpf.own" | cut -c1-300 | head -n 20)"
fi
finish
