#!/bin/sh
# Runs a module of scripts/lib under Node 20 or newer with npm, or else under Deno 2 or newer:
#   run.sh demo.mjs --json
set -eu
case $0 in */*) lib=${0%/*} ;; *) lib=. ;; esac

has() { command -v "$1" >/dev/null 2>&1; }

major() {
  version=${1#v}
  version=${version%%.*}
  case $version in '' | *[!0-9]*) printf 0 ;; *) printf %s "$version" ;; esac
}

script=$lib/$1
shift
node_version=
deno_version=
if has node; then node_version=$(node --version 2>/dev/null) || node_version=; fi
if [ "$(major "$node_version")" -ge 20 ] && has npm; then exec node "$script" "$@"; fi
if has deno; then
  deno_version=$(deno --version 2>/dev/null) || deno_version=
  deno_version=${deno_version#deno }
  deno_version=${deno_version%% *}
fi
if [ "$(major "$deno_version")" -ge 2 ]; then
  exec deno run -A --quiet --no-lock --node-modules-dir=manual "$script" "$@"
fi
printf 'Node 20 or newer with npm (https://nodejs.org) is needed, or Deno 2 or newer (https://deno.com).\n' >&2
printf 'Found: node %s, npm %s, deno %s.\n' "${node_version:-none}" "$(has npm && printf yes || printf none)" "${deno_version:-none}" >&2
exit 1
