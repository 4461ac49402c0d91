# A deployment from its first command to a mail that nobody asked for: deploy.sh against a mock of Supabase, real pg_cron,
# what the doctor finds; upgrades; wake-ups.

suite_deploy() {
  need_npm test
  need_npm lite
  find_deno 2.1.4 >/dev/null || { fail "Deno 2.1.4 could not be installed"; return; }
  # A server each, as pg_cron works in one database of a server. Side by side: one of them waits for pg_cron's next minute.
  local name databases=()
  for name in deploy doctor upgrade; do
    start_cron_cluster || return
    databases+=("DATABASE_URL_$name=$DATABASE_URL")
  done
  run node "variables, deploy, doctor, upgrade" env "${databases[@]}" node --test --test-reporter=spec \
    "$root"/tests/deploy/{variables,deploy,doctor,upgrade}.test.mjs
  # Alone, because it measures.
  start_cron_cluster || return
  run node "wake-up" env "DATABASE_URL_wake=$DATABASE_URL" node --test --test-reporter=spec "$root/tests/deploy/wake.test.mjs"
}

start_cron_cluster() {
  start_cluster 15 -c "shared_preload_libraries=pg_stat_statements,auto_explain,pg_cron" -c cron.database_name=postgres -c cron.host=127.0.0.1 -c max_connections=150 ||
    { fail "PostgreSQL 15 did not start"; return; }
  DATABASE_URL="postgresql://postgres@127.0.0.1:$PGPORT/postgres"
}
