# Mutation testing of the pure modules: each change of the code that a tool can think of must be noticed by a test, or
# is left out in .cargo/mutants.toml with the reason. About an hour and a half on two cores; not part of a plain run.

readonly MUTANTS_VERSION=27.1.0
# shellcheck disable=SC2034 # The runner reads it.
readonly LIMIT_mutants=14400

suite_mutants() {
  need_rust
  need_mutants || { fail "cargo-mutants could not be installed"; return; }
  mutants retry-and-decide "--lib --test run" src/retry.rs src/decide.rs
  mutants outcome --lib 'src/outcome/**'
  mutants run-state "--lib --test run" 'src/run/state/**'
  mutants function --lib src/function/auth.rs src/function/environment.rs src/function/gate.rs
  mutants email --lib 'src/email/**'
}

# Fewer random cases each: what only one in a hundred finds is too weak a test.
mutants() { # name, options of cargo test, files
  local file files=() tests
  mkdir -p "$target/mutants/$1"
  read -ra tests <<<"$2"
  for file in "${@:3}"; do files+=(--file "$file"); done
  run mutants "mutants of $1" env PROPTEST_CASES=32 PATH="$tools/cargo/bin:$PATH" cargo mutants --no-shuffle --jobs 1 \
    --minimum-test-timeout 60 --colors never --output "$target/mutants/$1" "${files[@]}" -- "${tests[@]}"
}

count_mutants() { # 56 mutants tested in 8m: 2 missed, 50 caught, 6 unviable, 1 timeouts
  awk '
    function number(what) { return match($0, "[0-9]+ " what) ? substr($0, RSTART, RLENGTH) + 0 : 0 }
    /^[0-9]+ mutants? tested in / { passed = number("caught") + number("timeout"); failed = number("missed") }
    END { print passed + 0, failed + 0, 0 }' "$1"
}

need_mutants() {
  [ "$(cargo_mutants_version)" = "$MUTANTS_VERSION" ] && return
  say "building .tools/cargo (cargo-mutants $MUTANTS_VERSION, about two minutes)"
  (cd "$root" && CARGO_TARGET_DIR=$tools/cargo/target cargo install --locked --quiet --root "$tools/cargo" \
    "cargo-mutants@$MUTANTS_VERSION") && rm -rf "$tools/cargo/target"
}

cargo_mutants_version() {
  "$tools/cargo/bin/cargo-mutants" mutants --version 2>/dev/null | awk '{ print $2 }'
}
