#!/usr/bin/env bash
# Deploys all of it: migrations, secrets, the function, the default sender, Vault, the schedule; then asks the doctor.
# It can be run again at any time: what is as it should be stays. It stops at the first failure and says what to do.
#
#   supabase/functions/deploy.sh              reads .env (see .env.example); variables of the environment win
#   supabase/functions/deploy.sh --dry-run    checks tools and variables, shows which migrations would be applied
#   supabase/functions/deploy.sh --skip-migrations    where they were applied by other means
#   supabase/functions/deploy.sh --use-api    has Supabase bundle the function, even where Docker is running
#
# Needs the Supabase CLI 3 (or npx) and Node 20 (or Deno 2). Secrets go to children by their environment and by a file
# that only you can read: never on a command line, never into the output.
set -euo pipefail
# shellcheck source=../../scripts/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib/common.sh"
# shellcheck source=../../scripts/lib/env.sh
source "$root/scripts/lib/env.sh"
# shellcheck source=../../scripts/lib/database-url.sh
source "$root/scripts/lib/database-url.sh"
# shellcheck source=../../scripts/lib/variables.sh
source "$root/scripts/lib/variables.sh"

# The version that is tested; npx brings it where the machine has none.
readonly CLI_VERSION=3.1.0
readonly FUNCTION=process-email-queue

main() {
  dry_run='' use_api='' skip_migrations=''
  local argument
  for argument; do
    case $argument in
      --dry-run) dry_run=yes ;;
      --use-api) use_api=yes ;;
      --skip-migrations) skip_migrations=yes ;;
      -h | --help) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; return ;;
      *) die "$argument is no option (see --help)" ;;
    esac
  done
  if [ -f "$env_file" ]; then load_env "$env_file"; fi
  private=$(mktemp -d)
  trap 'rm -rf "$private"' EXIT

  step "Variables and tools"
  check_variables
  find_runtime
  find_cli
  # The CLI only warns of a file that is not there, and uploads the others.
  run_module imports.mjs "supabase/functions/$FUNCTION/index.ts" || die "the function is not whole. Nothing was changed."
  check_login
  keep_secret

  if [ -n "$dry_run" ]; then
    step "Migrations that would be applied"
    push_migrations --dry-run
    say "Nothing was changed. Next: secrets ($(secret_names)), the function $FUNCTION, sender, Vault, schedule, doctor."
    return
  fi
  step "Migrations"
  push_migrations
  step "Secrets of the function: $(secret_names)"
  set_secrets
  step "Function"
  deploy_function
  step "Sender, Vault and schedule"
  run_module connect.mjs || die "Nothing after this step was done. Run deploy.sh again when it is mended."
  step "Doctor"
  run_module doctor.mjs || die "Deployed, but not healthy: the remedies are above."
}

step() { say "== $*"; }

find_cli() {
  local version
  cli=(supabase)
  if have supabase && version=$(supabase --version 2>/dev/null) && [ "${version%%.*}" -ge 3 ] 2>/dev/null; then
    say "Supabase CLI $version"
  elif have npx; then
    cli=(npx --yes "supabase@$CLI_VERSION")
    say "Supabase CLI $CLI_VERSION through npx"
  else
    die "the Supabase CLI 3 is missing: npm install --global supabase@$CLI_VERSION (or see https://supabase.com/docs/guides/cli)"
  fi
}

find_runtime() {
  { have node && [ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ]; } || have deno ||
    die "Node 20 or newer (https://nodejs.org) or Deno 2 (https://deno.com) is missing"
}

supabase_cli() {
  DO_NOT_TRACK=1 "${cli[@]}" "$@" --workdir "$root" </dev/null >&2
}

check_login() {
  if [ -z "${SUPABASE_ACCESS_TOKEN-}" ] && ! supabase_cli projects list >/dev/null 2>&1; then
    die "SUPABASE_ACCESS_TOKEN is not set, and nobody is logged in: make one at $tokens, or run: supabase login"
  fi
}

keep_secret() {
  [ -z "${PROCESS_EMAIL_QUEUE_SECRET-}" ] || return 0
  if [ -n "$dry_run" ]; then
    say "PROCESS_EMAIL_QUEUE_SECRET is not set: one will be made, and kept in ${env_file#"$root"/}"
    return
  fi
  PROCESS_EMAIL_QUEUE_SECRET=$(head -c 32 /dev/urandom | base64 | tr -d '\n=' | tr '+/' '-_')
  export PROCESS_EMAIL_QUEUE_SECRET
  (
    umask 077
    touch "$env_file"
    # An empty line of it, as in .env.example, gives way. In place, so that owner and mode stay.
    LC_ALL=C grep -vE "^($byte_order_mark)?[[:space:]]*(export[[:space:]]+)?PROCESS_EMAIL_QUEUE_SECRET[[:space:]]*=" "$env_file" >"$private/env" || true
    # A last line without an end would run into the new one.
    if [ -n "$(tail -c 1 "$private/env")" ]; then echo >>"$private/env"; fi
    printf 'PROCESS_EMAIL_QUEUE_SECRET=%s\n' "$PROCESS_EMAIL_QUEUE_SECRET" >>"$private/env"
    cat "$private/env" >"$env_file"
  ) || die "PROCESS_EMAIL_QUEUE_SECRET could not be kept in $env_file: make the file writable, or set the variable"
  say "PROCESS_EMAIL_QUEUE_SECRET was made, and is kept in ${env_file#"$root"/}"
}

push_migrations() { # options
  if [ -n "$skip_migrations" ]; then
    say "skipped"
    return
  fi
  local target=$SUPABASE_PROJECT_ID
  if [ -n "${SUPABASE_DB_URL-}" ]; then
    target=$database_target
    if [ -n "$database_password" ]; then export PGPASSWORD=$database_password; fi
  fi
  if ! supabase_cli db push --yes --remote="$target" "$@" 2>&1 | tee "$private/push" >&2; then
    if grep -q "Remote migration versions not found" "$private/push"; then refuse_foreign_history; fi
    die "the migrations were not applied (above is why). Where the token may make no temporary login: set SUPABASE_DB_PASSWORD. Where the database is not reached, or the CLI asks for the connection pooler's URL: set SUPABASE_DB_URL to it (see .env.example)"
  fi
  unset PGPASSWORD
}

# The CLI compares the project's history with one folder, and its own advice would take the user's rows out of it.
refuse_foreign_history() {
  say ""
  say "The project has migrations of its own, which are not in this repository, so the CLI applies none of these. Nothing was changed."
  say "Do NOT run 'supabase migration repair --status reverted', as the CLI advises: it removes your own migrations from the"
  say "project's history, and the next 'supabase db push' from your repository would run them again."
  say "What works: apply the SQL as role postgres, each file as a whole, in the order of the names, with the database's address"
  say "from the dashboard (Connect), which asks for the password:"
  say "  cat supabase/migrations/*_*.sql | psql --single-transaction -v ON_ERROR_STOP=1 'postgresql://postgres@<host>:5432/postgres'"
  say "then deploy the rest with: supabase/functions/deploy.sh --skip-migrations"
  die "the migrations were not applied: the project's history has migrations that are not here"
}

secret_names() {
  local name names=()
  for name in "${function_variables[@]}"; do if [ -n "${!name-}" ] || [ "$name" = PROCESS_EMAIL_QUEUE_SECRET ]; then names+=("$name"); fi; done
  echo "${names[*]}"
}

set_secrets() {
  local name
  (
    umask 077
    for name in "${function_variables[@]}"; do secret_line "$name"; done >"$private/secrets"
  )
  supabase_cli secrets set --env-file "$private/secrets" --yes --remote="$SUPABASE_PROJECT_ID" ||
    die "the secrets were not set: the token needs the permission edge_functions_secrets_write for this project"
  rm -f "$private/secrets"
}

deploy_function() {
  # pg_net's calls carry no JWT, and a publishable key would pass Supabase's check: the function checks its callers itself.
  local options=(--yes --no-verify-jwt)
  if [ -n "$use_api" ] || ! docker info >/dev/null 2>&1; then
    options+=(--use-api)
    say "bundled by Supabase (no Docker)"
  fi
  supabase_cli functions deploy "$FUNCTION" "${options[@]}" --remote="$SUPABASE_PROJECT_ID" ||
    die "the function was not deployed: the token needs the permission edge_functions_write for this project"
}

main "$@"
