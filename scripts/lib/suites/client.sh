# The package for applications: the cases that every queue passes, what goes wrong, how it is installed, its types, and
# the examples.

suite_client() {
  need_rust
  need_npm lite
  need_npm client
  need_npm compat
  local version
  for version in newest 2.1.4; do find_deno "$version" >/dev/null || fail "Deno $version could not be installed"; done
  run cargo "the cases, native" node tests/client/native.mjs cargo test --locked --test client
  run node "the cases in JavaScript, and the package" node --test --test-reporter=spec "$root"/tests/client/*.test.mjs
  run node "what the documents show" node --test --test-reporter=spec "$root"/tests/docs/{words,shell,typescript}.test.mjs
}
