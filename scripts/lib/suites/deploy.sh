# A deployment from its first command to a mail that nobody asked for: deploy.sh against a mock of Supabase, real pg_cron,
# what the doctor finds; wake-ups; upgrades.

suite_deploy() {
  need_npm test
  need_npm lite
  find_deno 2.1.4 >/dev/null || { fail "Deno 2.1.4 could not be installed"; return; }
  local file name cases=("$root"/tests/deploy/*.test.mjs)
  need_files "${cases[@]}" || return
  # A server each: pg_cron works in one database of a server.
  for file in "${cases[@]}"; do
    name=$(basename "$file" .test.mjs)
    start_cluster 15 -c shared_preload_libraries=pg_cron -c cron.database_name=postgres -c cron.host=127.0.0.1 -c max_connections=150 ||
      { fail "PostgreSQL 15 did not start"; return; }
    run node "$name" env DATABASE_URL="postgresql://postgres@127.0.0.1:$PGPORT/postgres" PSQL="$psql" \
      node --test --test-reporter=spec "$file"
    stop_clusters
  done
}
