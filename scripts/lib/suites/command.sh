# The command: its decisions, what it does to repositories, and, with both Supabase CLIs, to databases with a history.

suite_command() {
  need_npm test
  need_npm supabase-2
  need_npm lite
  need_rust
  local version programs=()
  for version in 15 17; do
    need_postgres "$version" || { fail "there is no PostgreSQL $version"; return; }
    programs+=("POSTGRES_$version=$pg_programs")
  done
  local files=("$root"/tests/command/*.test.mjs)
  need_files "${files[@]}" || return
  run node "on repositories and databases" env "${programs[@]}" node --test --test-concurrency=2 --test-reporter=spec "${files[@]}"
}
