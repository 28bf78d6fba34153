# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: MIT
#
# What the tests of the product share. Each is called as TEST PROGRAM [CASES], with the built sipfall and the
# program that lists the cases of a JUnit report; it sources this file, makes its checks and ends with `conclude`.
set -eu
export LC_ALL=C.UTF-8
program=$(readlink -f -- "$1")
junit_cases=$(readlink -f -- "${2:-/bin/false}")
source_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
work=$(mktemp -d)
# Where the labs of this test make their files: by it their processes are told from others'.
marker=$work/labs
mkdir "$marker"
checks=0
failures=0

# Nothing that a test started may stay, however it ends.
clean_up() {
  local pid
  for pid in $(lab_processes) $(jobs -p); do
    kill -9 "$pid" 2>/dev/null || true
  done
  rm -rf "$work"
}
trap clean_up EXIT

conclude() {
  echo "$checks checks, $failures failures"
  [ $failures -eq 0 ] && [ $checks -gt 0 ]
}

not_ok() {
  printf 'not ok: %s\n  expected: %s\n  actual:   %s\n' "$1" "$2" "$3"
  failures=$((failures + 1))
}

# is TEXT EXPECTED ACTUAL
is() {
  checks=$((checks + 1))
  [ "$2" = "$3" ] || not_ok "$1" "$2" "$3"
}

# has TEXT PART ACTUAL: the part stands in it. `lacks`: it doesn't.
has() {
  checks=$((checks + 1))
  [[ $3 == *"$2"* ]] || not_ok "$1" "…$2…" "$3"
}

lacks() {
  checks=$((checks + 1))
  [[ $3 != *"$2"* ]] || not_ok "$1" "nothing like $2" "$3"
}

# like TEXT PATTERN ACTUAL: an extended regular expression matches.
like() {
  checks=$((checks + 1))
  [[ $3 =~ $2 ]] || not_ok "$1" "like $2" "$3"
}

# sipfall ARGUMENT…: runs it in $work; sets `status`, `out` and `err`.
sipfall() {
  status=0
  (cd "$work" && TMPDIR=$marker exec "$program" "$@") >"$work/out" 2>"$work/err" </dev/null || status=$?
  out=$(<"$work/out")
  err=$(<"$work/err")
}

# start ARGUMENT…: runs it in the background; sets `runner` to its process. finish: waits for it, sets the rest.
start() {
  (cd "$work" && TMPDIR=$marker exec "$program" "$@") >"$work/out" 2>"$work/err" </dev/null &
  runner=$!
}

finish() {
  status=0
  wait "$runner" 2>/dev/null || status=$?
  out=$(<"$work/out")
  err=$(<"$work/err")
}

# scenario FILE [FIELDS] <<BODY: a scenario with one proxy p1 and one phone alice, whose run function is the body.
# FIELDS stands on line 5, the body begins on line 17.
scenario() {
  mkdir -p "$(dirname "$work/$1")"
  {
    cat <<LUA
local sipfall = require "sipfall"

return sipfall.scenario {
  title = "the title of $1",
${2:-}
  dns = { zone = [[
    \$ORIGIN example.com.
    _sip._udp 300 IN SRV 10 10 5060 p1
    p1        300 IN A {p1}
  ]] },
  proxies = { p1 = {} },
  phones = { alice = { profile = "cisco-mpp", config = {
    ["Proxy"] = "example.com", ["Use DNS SRV"] = "Yes", ["DNS SRV Auto Prefix"] = "Yes",
  } } },
  run = function(lab)
    local alice, p1 = lab.phones.alice, lab.proxies.p1
LUA
    cat
    printf '  end,\n}\n'
  } >"$work/$1"
}

# passing FILE: a scenario that passes, for company.
passing() {
  scenario "$1" <<'LUA'
    alice:start()
    p1:expect("REGISTER"):within(1)
LUA
}

# result FILE: the word before it in the output: pass, FAIL, …
result() {
  sed -n "s|^\([A-Za-z-]*\)  *$1\$|\1|p" "$work/out"
}

# section FILE: what the output says of it.
section() {
  awk -v file="$1" '/^[A-Za-z-]+ +[^ ]/ { inside = $2 == file } /^$/ { inside = 0 } inside' "$work/out"
}

# digests: the digest of each scenario of the output, in its order.
digests() {
  sed -n 's/.* digest \([0-9a-f]*\).*/\1/p' "$work/out"
}

# The processes of this test's labs, without the runner.
lab_processes() {
  local file pid
  for file in $(grep -lsF -e "TMPDIR=$marker" -e "HOME=$marker" /proc/[0-9]*/environ || true); do
    pid=${file#/proc/}
    pid=${pid%/environ}
    [ "$pid" = "${runner:-}" ] || echo "$pid"
  done
}

# lab_process NAME: those that run this program.
lab_process() {
  local pid
  for pid in $(lab_processes); do
    [ "$(cat "/proc/$pid/comm" 2>/dev/null)" != "$1" ] || echo "$pid"
  done
}

# await TENTHS COMMAND…: until the command prints something, which it prints; fails when that takes longer. Real
# time, because what is waited for is another process of the machine.
await() {
  local tenths=$1 printed
  shift
  for ((; tenths > 0; tenths--)); do
    printed=$("$@")
    if [ -n "$printed" ]; then
      echo "$printed"
      return 0
    fi
    sleep 0.1
  done
  return 1
}

nothing_left() {
  [ -n "$(lab_processes)" ] || echo nothing
}

# The promise: when the runner is killed, its processes are gone within 3 s.
left_tenths=30

# nothing_is_left TEXT
nothing_is_left() {
  is "$1: no process is left" nothing "$(await $left_tenths nothing_left || lab_processes)"
}

no_file_is_left() {
  is "$1: no file is left" '' "$(ls -A "$marker")"
}
