#!/usr/bin/env bash
# Deploys all of it: migrations, secrets, the function, the default sender, Vault, the schedule; then asks the doctor.
# It can be run again at any time: what is as it should be stays. It stops at the first failure and says what to do.
#
#   supabase/functions/deploy.sh              reads .env (see .env.example); variables of the environment win
#   supabase/functions/deploy.sh --dry-run    checks tools and variables, shows which migrations would be applied
#   supabase/functions/deploy.sh --use-api    has Supabase bundle the function, even where Docker is running
#
# Needs the Supabase CLI 3 (or npx) and Node 20 (or Deno 2). Secrets go to children by their environment and by a file
# that only you can read: never on a command line, never into the output.
set -euo pipefail
# shellcheck source=../../scripts/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib/common.sh"
# shellcheck source=../../scripts/lib/env.sh
source "$root/scripts/lib/env.sh"

# The version that is tested; npx brings it where the machine has none.
readonly CLI_VERSION=3.1.0
readonly FUNCTION=process-email-queue

main() {
  dry_run='' use_api=''
  local argument
  for argument; do
    case $argument in
      --dry-run) dry_run=yes ;;
      --use-api) use_api=yes ;;
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

check_variables() {
  need SUPABASE_PROJECT_ID "the project's reference, from the dashboard's address" '^[a-z]{20}$' "must be the 20 lower-case letters of the project's reference"
  need SUPABASE_URL "the project's address" '^https?://[^[:space:]<>]+$' "must be an address like https://<reference>.supabase.co"
  SUPABASE_URL=${SUPABASE_URL%/}
  if [[ $SUPABASE_URL =~ ^https://([a-z]{20})\.supabase\.co$ ]] && [ "${BASH_REMATCH[1]}" != "$SUPABASE_PROJECT_ID" ]; then
    die "SUPABASE_URL is of another project than SUPABASE_PROJECT_ID"
  fi
  if [ -z "${SUPABASE_SECRET_KEY-}" ]; then
    [ -n "${SUPABASE_SERVICE_ROLE_KEY-}" ] || die "SUPABASE_SECRET_KEY (or SUPABASE_SERVICE_ROLE_KEY) is not set: a secret key, from the dashboard's API keys. $where"
  fi
  [[ ${SUPABASE_SECRET_KEY-} != sb_publishable_* ]] || die "SUPABASE_SECRET_KEY is a publishable key: a secret one is needed (sb_secret_...)"
  need RESEND_API_KEY "Resend's key, from https://resend.com/api-keys" '^[!-~]+$' "must have no spaces"
  need EMAIL_FROM "the default sender, of a domain that Resend has verified" '@[A-Za-z0-9.-]+>?$' "must be an address, or: Name <address>"
  [[ ${SUPABASE_ACCESS_TOKEN:-sbp_} == sbp_* ]] || die "SUPABASE_ACCESS_TOKEN must begin with sbp_: make one at $tokens"
  # Left out, it is made.
  [ -z "${PROCESS_EMAIL_QUEUE_SECRET-}" ] || need PROCESS_EMAIL_QUEUE_SECRET "" '^[!-~]{16,}$' "must have at least 16 printable characters and no spaces"
  case ${EMAIL_QUEUE_WAKE:=on} in on | off) ;; *) die "EMAIL_QUEUE_WAKE must be on or off" ;; esac
  : "${EMAIL_QUEUE_EVERY:=10 seconds}"
  [ -z "${SUPABASE_DB_URL-}" ] || [[ $SUPABASE_DB_URL =~ $database_url_form ]] || die "SUPABASE_DB_URL must be postgresql://user:password@host:port/database"
  export SUPABASE_URL EMAIL_QUEUE_WAKE EMAIL_QUEUE_EVERY
  say "project $SUPABASE_PROJECT_ID"
}

check_login() {
  if [ -z "${SUPABASE_ACCESS_TOKEN-}" ] && ! supabase_cli projects list >/dev/null 2>&1; then
    die "SUPABASE_ACCESS_TOKEN is not set, and nobody is logged in: make one at $tokens, or run: supabase login"
  fi
}

readonly tokens=https://supabase.com/dashboard/account/tokens
readonly where="Put it into ${env_file#"$root"/} (see .env.example)"

need() { # name, what it is, pattern, rule
  local value=${!1-}
  [ -n "$value" ] || die "$1 is not set: $2. $where"
  [[ $value =~ $3 ]] || die "$1 $4"
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
    grep -vE '^[[:space:]]*(export[[:space:]]+)?PROCESS_EMAIL_QUEUE_SECRET[[:space:]]*=' "$env_file" >"$private/env" || true
    printf 'PROCESS_EMAIL_QUEUE_SECRET=%s\n' "$PROCESS_EMAIL_QUEUE_SECRET" >>"$private/env"
    cat "$private/env" >"$env_file"
  ) || die "PROCESS_EMAIL_QUEUE_SECRET could not be kept in $env_file: make the file writable, or set the variable"
  say "PROCESS_EMAIL_QUEUE_SECRET was made, and is kept in ${env_file#"$root"/}"
}

readonly database_url_form='^(postgres(ql)?://[^:@/]+)(:([^@/]*))?@(.+)$'

push_migrations() { # options
  local target=$SUPABASE_PROJECT_ID
  if [[ ${SUPABASE_DB_URL-} =~ $database_url_form ]]; then
    # The password travels in the environment: an address on a command line shows it to everybody.
    target=${BASH_REMATCH[1]}@${BASH_REMATCH[5]}
    if [ -n "${BASH_REMATCH[4]}" ]; then
      local password=${BASH_REMATCH[4]}
      printf -v password '%b' "${password//%/\\x}"
      export PGPASSWORD=$password
    fi
  fi
  supabase_cli db push --yes --remote="$target" "$@" ||
    die "the migrations were not applied (above is why). Where the token may make no temporary login: set SUPABASE_DB_PASSWORD"
  unset PGPASSWORD
}

# Never a SUPABASE_*: the platform sets those.
function_variables=(RESEND_API_KEY PROCESS_EMAIL_QUEUE_SECRET EMAIL_FROM RESEND_BASE_URL EMAIL_QUEUE_RUN_SECONDS)

secret_names() {
  local name names=()
  for name in "${function_variables[@]}"; do if [ -n "${!name-}" ] || [ "$name" = PROCESS_EMAIL_QUEUE_SECRET ]; then names+=("$name"); fi; done
  echo "${names[*]}"
}

set_secrets() {
  local name
  (
    umask 077
    for name in "${function_variables[@]}"; do
      case ${!name-} in
        '') ;;
        *\'*) printf '%s="%s"\n' "$name" "${!name}" ;;
        *) printf "%s='%s'\n" "$name" "${!name}" ;;
      esac
    done >"$private/secrets"
  )
  supabase_cli secrets set --env-file "$private/secrets" --yes --remote="$SUPABASE_PROJECT_ID" ||
    die "the secrets were not set: the token needs the permission edge_functions_secrets_write for this project"
  rm -f "$private/secrets"
}

deploy_function() {
  local options=(--yes)
  if [ -n "$use_api" ] || ! docker info >/dev/null 2>&1; then
    options+=(--use-api)
    say "bundled by Supabase (no Docker)"
  fi
  supabase_cli functions deploy "$FUNCTION" "${options[@]}" --remote="$SUPABASE_PROJECT_ID" ||
    die "the function was not deployed: the token needs the permission edge_functions_write for this project"
}

main "$@"
