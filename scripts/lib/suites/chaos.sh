# Eight processes, killed at random, before a provider that fails and on a PostgreSQL that crashes.

# Options: --seed N --messages N.
suite_chaos() {
  need_chaos || return
  # shellcheck disable=SC2154 # scripts/test sets them
  run lines "chaos" node "$root/tests/chaos/main.mjs" "${options[@]}"
}

# Eight runs share the rate of the provider.
suite_rate() {
  need_chaos || return
  run lines "rate of the provider" node "$root/tests/chaos/rate.mjs"
}

need_chaos() {
  need_npm test
  need_npm lite
  find_deno 2.1.4 >/dev/null || fail "Deno 2.1.4 could not be installed"
}
