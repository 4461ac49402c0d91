# Sourced after tools.sh: throw-away PostgreSQL clusters of major version 15 and 17, each run from a copy of the programs
# in the caller's temporary folder ($work). 15 is the machine's own, with Debian's extensions laid over the copy, so that
# nothing on the machine is touched; 17 is npm's. The copy can be read by the user that the server runs as, wherever the
# project is. The clusters are like a Supabase project's, see postgres-project.mjs; the copies also have stand-ins of
# the extensions pg_net and supabase_vault, and on 17 of pg_cron.

readonly POSTGRES_DEBS=(postgresql-15-cron postgresql-15-pgtap postgresql-15-plpgsql-check libtap-parser-sourcehandler-pgtap-perl)

# PostgreSQL does not run as root.
server_user=
if [ "$(id -u)" = 0 ]; then server_user=$(id -un postgres 2>/dev/null || echo nobody); fi

as_server_user() {
  if [ -n "$server_user" ]; then runuser -u "$server_user" -- "$@"; else "$@"; fi
}

# Copies PostgreSQL 15 or 17 into $work. pg_programs is the folder of its programs; psql and pgtap (the file) are set too.
need_postgres() { # 15 or 17
  copy_postgres "$1" || return 1
  local compiled share=$work/postgres-17/share/postgresql
  if [ "$1" = 15 ]; then share=$work/postgres-15/usr/share/postgresql/15; fi
  cp "$root"/scripts/lib/postgres/extension/* "$share/extension/"
  if [ "$1" = 17 ]; then cp "$root"/scripts/lib/postgres/extension-17/* "$share/extension/"; fi
  chmod a+r "$share/extension"/*
  pg_modules=$work/modules-$1
  if [ ! -d "$pg_modules" ]; then
    compiled=$(ask_module postgres-project.mjs ensureModules "$1") || return 1
    cp -R "$compiled" "$pg_modules"
    chmod -R a+rX "$pg_modules"
  fi
}

copy_postgres() { # 15 or 17
  local deb to15=$work/postgres-15 to17=$work/postgres-17
  need_debs "${POSTGRES_DEBS[@]}" || return 1
  chmod 755 "$work"
  if [ ! -d "$to15" ]; then
    mkdir -p "$to15/usr/lib/postgresql" "$to15/usr/share/postgresql"
    if [ -d /usr/lib/postgresql/15 ]; then
      cp -R /usr/lib/postgresql/15 "$to15/usr/lib/postgresql/"
      cp -R /usr/share/postgresql/15 "$to15/usr/share/postgresql/"
    fi
    for deb in "${POSTGRES_DEBS[@]}"; do dpkg -x "$tools/debs/$deb.deb" "$to15"; done
    chmod -R a+rX "$to15"
  fi
  psql=$to15/usr/lib/postgresql/15/bin/psql
  if [ ! -x "$psql" ]; then
    need_debs postgresql-client-15 libpq5 || return 1
    for deb in postgresql-client-15 libpq5; do dpkg -x "$tools/debs/$deb.deb" "$to15"; done
    LD_LIBRARY_PATH=$(dirname "$(find "$to15" -name libpq.so.5)")
    export LD_LIBRARY_PATH
  fi
  pgtap=$(echo "$to15"/usr/share/postgresql/15/extension/pgtap--[0-9].[0-9].[0-9].sql)

  if [ "$1" = 15 ]; then
    pg_programs=$to15/usr/lib/postgresql/15/bin
    [ -x "$pg_programs/postgres" ] || { say "error: PostgreSQL 15 is not on this machine (Debian: postgresql-15)"; return 1; }
    return
  fi
  if [ ! -d "$to17" ]; then
    local found
    found=$(ask_module postgres.mjs findPostgres 17) || { say "error: npm has no PostgreSQL 17 for this machine"; return 1; }
    cp -R "$(dirname "$found")" "$to17"
    chmod -R a+rX "$to17"
  fi
  pg_programs=$to17/bin
}

# Starts a new cluster that trusts this machine, and exports PGHOST, PGPORT, PGUSER, PGDATABASE; database_url is the same.
# project_preload and project_grants say which kind of project: see postgres-project.mjs.
start_cluster() { # 15 or 17, postgres' options
  need_postgres "$1" || return 1
  local data attempt
  data=$(mktemp -d "$work/cluster-$1-XXXXXX")
  if [ -n "$server_user" ]; then chown "$server_user" "$data"; fi
  (cd "$data" && as_server_user "$pg_programs/initdb" -D "$data/data" -U supabase_admin --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync >"$data.initdb.log" 2>&1) ||
    { cat "$data.initdb.log" >&2; return 1; }
  ask_module postgres-project.mjs configuration "$pg_modules" >>"$data/data/postgresql.conf" || return 1
  export PGHOST=127.0.0.1 PGUSER=postgres PGDATABASE=postgres PGPORT
  for attempt in 1 2 3 4 5; do
    # Somebody else can take the free port before the server does: then the next one.
    PGPORT=$(node -p 'const s = require("node:net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); }); ""' | tr -d '\n')
    database_url="postgresql://postgres@127.0.0.1:$PGPORT/postgres?sslmode=disable"
    if (cd "$data" && as_server_user "$pg_programs/pg_ctl" start -w -t 60 -s -D "$data/data" -l "$data/log" \
      -o "-p $PGPORT -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off -c full_page_writes=off ${*:2}" \
      >"$data.start.log" 2>&1 </dev/null); then
      cluster=$data
      make_project
      return
    fi
    grep -q 'Address already in use' "$data/log" 2>/dev/null || break
  done
  cat "$data.start.log" "$data/log" >&2
  return 1
}

make_project() {
  local from=$root/scripts/lib/postgres database
  local settings="set project.preload = '${project_preload:-supautils, safeupdate}'; set project.grants = '${project_grants:-old}';"
  { echo "$settings" && cat "$from/roles.sql"; } | as_admin postgres || return 1
  for database in template1 postgres; do { echo "$settings" && cat "$from/database.sql"; } | as_admin "$database" || return 1; done
}

# Runs SQL as the superuser, quietly.
as_admin() { # database, psql's options
  "$psql" -XqAt -U supabase_admin -d "$1" -v ON_ERROR_STOP=1 "${@:2}" >"$work/as-admin.log" 2>&1 || { cat "$work/as-admin.log" >&2; return 1; }
}

# Stops every cluster below $work, started by whatever part of the script.
stop_clusters() {
  local data
  for data in "$work"/cluster-*/data; do
    [ -f "$data/postmaster.pid" ] || continue
    case $data in *cluster-15-*) pg_programs=$work/postgres-15/usr/lib/postgresql/15/bin ;; *) pg_programs=$work/postgres-17/bin ;; esac
    (cd / && as_server_user "$pg_programs/pg_ctl" stop -s -m immediate -D "$data" >/dev/null 2>&1) || true
    rm -rf "$(dirname "$data")"
  done
}
