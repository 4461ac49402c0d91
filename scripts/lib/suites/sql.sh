# The migrations as the Supabase CLI applies them, its linters, and the pgTAP tests, on PostgreSQL 15 and 17.

suite_sql() {
  need_npm test
  need_npm lite
  need_rust
  local version
  for version in 15 17; do sql_on "$version"; done
}

sql_on() { # major version
  local on="PostgreSQL $1" project=$work/sql-$1
  local options=()
  # Projects made before 2026, and those since; and the one extension of Supabase's that Debian has: 17 has a stand-in.
  local project_preload='safeupdate' project_grants=old
  if [ "$1" = 15 ]; then
    options=(-c "shared_preload_libraries=pg_stat_statements,auto_explain,pg_cron" -c cron.database_name=postgres)
  else
    project_preload='supautils, safeupdate' project_grants=new
  fi
  start_cluster "$1" "${options[@]}" || { fail "$on did not start"; return; }

  # A copy, so that the CLI writes its notes there, and two runs side by side do not share them.
  mkdir -p "$project/supabase" "$project/home"
  cp -R "$root/supabase/migrations" "$project/supabase/"
  if [ -f "$root/supabase/config.toml" ]; then cp "$root/supabase/config.toml" "$project/supabase/"; fi
  run check "$on: supabase db push" supabase_cli "$project" db push --yes || return
  run check "$on: supabase db push again has nothing to do" says "up to date" supabase_cli "$project" db push --yes
  if [ "$1" = 15 ]; then
    run check "$on: supabase db lint" supabase_cli "$project" db lint --level warning --fail-on warning
    run check "$on: supabase db advisors" supabase_cli "$project" db advisors --level warn --fail-on warn
  fi

  # The migrations have created what this server offers. The tests bring their own.
  run check "$on: the migrations create the extensions" says "created: pg_cron,pg_net" "$psql" -XqAt -c \
    "select 'created: ' || string_agg(extname, ',' order by extname) from pg_extension where extname in ('pg_cron', 'pg_net')"
  as_admin postgres -c "drop extension if exists pg_cron, pg_net, supabase_vault cascade" || return

  # One plain SQL file, into the schema where Supabase keeps extensions; 17 gets it the same way.
  { echo 'set client_min_messages = warning; set search_path = extensions;'; grep -v '^[\\]' "$pgtap"; } |
    "$psql" -Xq -v ON_ERROR_STOP=1 -f - >"$logs/sql-pgtap-$1.log" 2>&1 || { fail "$on: pgTAP could not be loaded"; return; }
  need_files "$root"/supabase/tests/*.sql || return
  run prove "$on: pg_prove" env PERL5LIB="$work/postgres-15/usr/share/perl5" \
    perl "$work/postgres-15/usr/bin/pg_prove" --verbose --psql-bin "$psql" "$root"/supabase/tests/*.sql
  if [ "$1" = 15 ]; then
    run prove "$on: what a claim reads beside a million that are not due" env PERL5LIB="$work/postgres-15/usr/share/perl5" \
      perl "$work/postgres-15/usr/bin/pg_prove" --verbose --psql-bin "$psql" --set scale=10 \
      "$root/supabase/tests/claim_cost_does_not_grow_with_what_is_not_due.sql"
  fi

  # The same cases over the queue in memory and over this database, and sessions that meet in it.
  local database=(env DATABASE_URL="postgresql://postgres@127.0.0.1:$PGPORT/postgres")
  if cargo nextest --version >/dev/null 2>&1; then
    run nextest "$on: conformance" "${database[@]}" EMAIL_QUEUE_REQUIRE_DATABASE=1 \
      cargo nextest run --locked --test conformance --status-level=fail --final-status-level=none
  else
    run cargo "$on: conformance" "${database[@]}" EMAIL_QUEUE_REQUIRE_DATABASE=1 cargo test --locked --test conformance
  fi
  if [ "$1" = 15 ]; then
    run node "$on: races" "${database[@]}" node --test --test-concurrency=1 --test-reporter=spec "$root"/tests/races/*.test.mjs
  fi
}

supabase_cli() { # project's folder, arguments
  env -u SUPABASE_ACCESS_TOKEN HOME="$1/home" DO_NOT_TRACK=1 \
    "$tools/test/node_modules/.bin/supabase" "${@:2}" --workdir "$1" --remote="$database_url"
}

# Passes on a command's output, and fails unless it has the text.
says() { # text, command
  "${@:2}" 2>&1 | tee "$work/said"
  [ "${PIPESTATUS[0]}" -eq 0 ] && grep -qF -- "$1" "$work/said"
}
