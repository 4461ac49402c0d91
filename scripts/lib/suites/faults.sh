# Every step of a run in every way it can fail, every answer of the provider, workers that overtake each other.

suite_faults() {
  need_npm test
  need_npm lite
  find_deno 2.1.4 >/dev/null || { fail "Deno 2.1.4 could not be installed"; return; }
  # shellcheck disable=SC2154 # scripts/test sets them
  # Those that turned the enumeration red: whether they can still be put in.
  run lines "known mistakes" node "$root/tests/faults/mutants.mjs" --check
  run lines "fault enumeration" node "$root/tests/faults/main.mjs" "${options[@]}"
}
