# Mutation testing of the pure modules: each change of the code that a tool can think of must be noticed by a unit test,
# or is left out in .cargo/mutants.toml with the reason. 38 minutes on two busy cores, 6 of them for the dependencies, which
# are built once; not part of a plain run.

readonly MUTANTS_VERSION=27.1.0
# shellcheck disable=SC2034 # The runner reads it.
readonly LIMIT_mutants=7200

suite_mutants() {
  need_rust
  need_mutants || { fail "cargo-mutants could not be installed"; return; }
  mutants retry-and-decide src/worker/retry.rs src/worker/decide.rs
  mutants provider 'src/provider/**'
  mutants run-state 'src/worker/state/**'
  mutants function src/function/auth.rs src/function/environment.rs src/function/gate.rs
  mutants email 'src/email/**'
}

# The unit tests by themselves, whose build takes a second or two. All groups share a target folder, so that the
# dependencies are built once. Random cases are few, since what only one in a hundred finds is too weak a test, always the
# same, and not made smaller: it is enough to know that one fails.
mutants() { # name, files
  local file files=()
  mkdir -p "$target/mutants/$1"
  for file in "${@:2}"; do files+=(--file "$file"); done
  run mutants "mutants of $1" env CARGO_TARGET_DIR="$target/mutants/build" PROPTEST_CASES=32 PROPTEST_RNG_SEED=1 \
    PROPTEST_MAX_SHRINK_ITERS=0 PATH="$tools/cargo/bin:$PATH" cargo mutants --no-shuffle --jobs 1 --gitignore=true \
    --minimum-test-timeout 60 --colors never --output "$target/mutants/$1" --cargo-arg=--lib "${files[@]}"
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
