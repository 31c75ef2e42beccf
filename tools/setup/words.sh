# shellcheck shell=bash
# Words that the other parts are written in.

say() { printf '[%4ds] %s\n' "$SECONDS" "$*" >&2; }
die() { say "error: $*"; exit 1; }

# Runs a set-up step, unless it is done already for the same key.
once() { # name key command…
  local stamp=$home/done/$1
  [[ ! -f $stamp || $(<"$stamp") != "$2" ]] || return 0
  rm -f "$stamp"
  "${@:3}"
  printf '%s' "$2" >"$stamp"
}

# Starts a command in a process group of its own, which `finish` ends.
start() {
  set -m
  "$@" <&0 &
  child=$!
  set +m
  echo "$child" >"$home/running/$$"
}

await() {
  local status=0
  wait "$child" || status=$?
  child=
  return "$status"
}

# Awaits a long command; every 10 s says how far it is.
await_saying() { # command that tells it…
  local next=$((SECONDS + 10))
  while kill -0 "$child" 2>/dev/null; do
    if ((SECONDS >= next)); then
      say "$("$@")"
      next=$((SECONDS + 10))
    fi
    sleep 0.2
  done
  await
}

# Runs a command of the user's. One at a terminal may read the keyboard.
attend() {
  if [[ -t 0 ]]; then "$@"; else start "$@" && await; fi
}

finish() {
  local status=$?
  trap '' INT TERM
  if [[ ${child:-} ]]; then
    kill "-${signal:-TERM}" -- "-$child" 2>/dev/null || :
    wait "$child" || :
  fi
  [[ ! ${test_database:-} ]] || drop_test_databases $$ || :
  leave_postgres
  rm -f "$home/running/$$"
  exit "$status"
}
