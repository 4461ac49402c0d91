# What a real Supabase project does to the queue: its roles, what it loads into sessions, its extensions, dumps, other
# people's functions; and every statement of the migrations, read by PostgreSQL's own parser.

suite_project() {
  need_npm test
  need_npm lite
  need_npm parser
  need_rust
  local version programs=()
  for version in 15 17; do
    need_postgres "$version" || { fail "there is no PostgreSQL $version"; return; }
    programs+=("POSTGRES_$version=$pg_programs")
  done
  local files=("$root"/tests/project/*.test.mjs "$root"/tests/docs/sql.test.mjs)
  need_files "${files[@]}" || return
  run node "on projects of both kinds" env "${programs[@]}" node --test --test-concurrency=2 --test-reporter=spec "${files[@]}"
}
