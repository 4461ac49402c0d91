# Sourced by supabase/functions/deploy.sh after common.sh and env.sh: looks at every variable before anything is changed, so
# that no value can break a deployment that works. Each refusal names the variable, and never shows the value.

readonly tokens=https://supabase.com/dashboard/account/tokens
readonly where="Put it into ${env_file#"$root"/} (see .env.example)"
readonly no_spaces="must have no spaces, and only printable characters"

check_variables() {
  # Ranges like [!-~] mean ASCII here, wherever this runs.
  local LC_ALL=C name
  need SUPABASE_PROJECT_ID "the project's reference, from the dashboard's address" '^[a-z]{20}$' "must be the 20 lower-case letters of the project's reference"
  need SUPABASE_URL "the project's address" "$http_address" "must be an address like https://<reference>.supabase.co"
  SUPABASE_URL=${SUPABASE_URL%/}
  if [[ $SUPABASE_URL =~ ^https://([a-z]{20})\.supabase\.co$ ]] && [ "${BASH_REMATCH[1]}" != "$SUPABASE_PROJECT_ID" ]; then
    die "SUPABASE_URL is of another project than SUPABASE_PROJECT_ID"
  fi
  if [ -z "${SUPABASE_SECRET_KEY-}" ]; then
    [ -n "${SUPABASE_SERVICE_ROLE_KEY-}" ] || die "SUPABASE_SECRET_KEY (or SUPABASE_SERVICE_ROLE_KEY) is not set: a secret key, from the dashboard's API keys. $where"
  fi
  for name in SUPABASE_SECRET_KEY SUPABASE_SERVICE_ROLE_KEY; do may_be "$name" '^[!-~]+$' "$no_spaces"; done
  [[ ${SUPABASE_SECRET_KEY-} != sb_publishable_* ]] || die "SUPABASE_SECRET_KEY is a publishable key: a secret one is needed (sb_secret_...)"
  need RESEND_API_KEY "Resend's key, from https://resend.com/api-keys" '^[!-~]+$' "$no_spaces"
  may_be RESEND_BASE_URL "$http_address" "must be an http(s) address without a query"
  need EMAIL_FROM "the default sender, of a domain that Resend has verified" "$sender" "must be an address, or: Name <address>"
  [ "$EMAIL_FROM" != "$(example_of EMAIL_FROM)" ] || die "EMAIL_FROM is still the example's: it must be a sender of a domain that Resend has verified"
  may_be SUPABASE_ACCESS_TOKEN '^sbp_[!-~]+$' "must begin with sbp_, and have no spaces: make one at $tokens"
  # Left out, it is made.
  may_be PROCESS_EMAIL_QUEUE_SECRET '^[!-~]{16,}$' "must have at least 16 printable characters and no spaces"
  may_be EMAIL_QUEUE_RUN_SECONDS '^([1-9][0-9]|10[0-9]|110)$' "must be a whole number from 10 to 110"
  may_be EMAIL_QUEUE_WALL_SECONDS '^([3-9][0-9]|[1-3][0-9][0-9]|400)$' "must be a whole number from 30 to 400"
  may_be EMAIL_QUEUE_WAKE '^(on|off)$' "must be on or off"
  : "${EMAIL_QUEUE_WAKE:=on}" "${EMAIL_QUEUE_EVERY:=10 seconds}"
  is_interval "$EMAIL_QUEUE_EVERY" || is_cron_line "$EMAIL_QUEUE_EVERY" ||
    die "EMAIL_QUEUE_EVERY must be 1 to 59 seconds, minutes that divide an hour, hours that divide a day, or a cron line of five fields"
  [ -z "${SUPABASE_DB_URL-}" ] || read_database_url
  for name in "${function_variables[@]}"; do
    secret_line "$name" >/dev/null || die "$name has quotes or a backslash that the file for \`supabase secrets set\` cannot hold: choose another value"
  done
  export SUPABASE_URL EMAIL_QUEUE_WAKE EMAIL_QUEUE_EVERY
  say "project $SUPABASE_PROJECT_ID"
}

readonly http_address='^https?://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?(/[^[:space:]?#<>]*)?$'

# An address, or Name <address>; what is special in a name stands in quotes. The function is told no less strictly.
readonly address="[A-Za-z0-9!#\$%&'*+/=?^_\`{|}~-]+(\\.[A-Za-z0-9!#\$%&'*+/=?^_\`{|}~-]+)*@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\\.)+[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
readonly sender="^($address|(\"([^\"\\[:cntrl:]]|\\\\[^[:cntrl:]])*\"|[^\"<>@[:cntrl:]]*|[^\"<>,;[:cntrl:]]*)[ ]*<$address>)\$"

need() { # name, what it is, pattern, rule
  [ -n "${!1-}" ] || die "$1 is not set: $2. $where"
  may_be "$1" "$3" "$4"
}

may_be() { # name, pattern, rule
  [ -z "${!1-}" ] || [[ ${!1} =~ $2 ]] || die "$1 $3"
}

# Never a SUPABASE_*: the platform sets those.
readonly function_variables=(RESEND_API_KEY PROCESS_EMAIL_QUEUE_SECRET EMAIL_FROM RESEND_BASE_URL EMAIL_QUEUE_RUN_SECONDS EMAIL_QUEUE_WALL_SECONDS)

# A variable as `supabase secrets set --env-file` reads it, which undoes no escape: in quotes that the value has not. Where
# it ends with a backslash the closing quote would count as escaped, and "..." makes a line break of \n.
secret_line() { # name
  local value=${!1-}
  case $value in
    '') ;;
    *$'\n'* | *$'\r'* | *\\) return 1 ;;
    *\'*)
      case $value in
        *[\"\\]*) [[ $value != *\`* ]] && printf '%s=`%s`\n' "$1" "$value" ;;
        *) printf '%s="%s"\n' "$1" "$value" ;;
      esac
      ;;
    *) printf "%s='%s'\n" "$1" "$value" ;;
  esac
}

example_of() { # name
  sed -n "s/^$1=//p" "$root/.env.example"
}

# As email_queue_schedule takes it, which refuses what cron cannot do at even distances.
is_interval() { # text
  [[ $1 =~ ^([0-9]{1,5})[[:space:]]+(second|sec|minute|min|hour|day)s?$ ]] || return
  local number=$((10#${BASH_REMATCH[1]})) seconds
  [ "$number" -gt 0 ] || return
  case ${BASH_REMATCH[2]} in
    sec*) seconds=$number ;;
    min*) seconds=$((number * 60)) ;;
    hour) seconds=$((number * 3600)) ;;
    day) seconds=$((number * 86400)) ;;
  esac
  if [ "$seconds" -lt 60 ]; then return; fi
  if [ "$seconds" -le 3600 ]; then
    [ $((seconds % 60)) = 0 ] && [ $((3600 % seconds)) = 0 ]
  else
    [ "$seconds" -le 86400 ] && [ $((seconds % 3600)) = 0 ] && [ $((86400 % seconds)) = 0 ]
  fi
}

# Five fields that pg_cron would take.
is_cron_line() { # text
  local fields
  read -ra fields <<<"$1"
  [ "${#fields[@]}" = 5 ] && [[ $1 != *$'\n'* ]] &&
    is_cron_field "${fields[0]}" 0 59 && is_cron_field "${fields[1]}" 0 23 &&
    { [ "${fields[2]}" = '$' ] || is_cron_field "${fields[2]}" 1 31; } &&
    is_cron_field "${fields[3]}" 1 12 jan feb mar apr may jun jul aug sep oct nov dec &&
    is_cron_field "${fields[4]}" 0 7 sun mon tue wed thu fri sat
}

is_cron_field() { # field, lowest, highest, names of lowest and what follows it
  local field lowest=$2 highest=$3 name number=$2 from to
  # macOS' bash 3.2 has no ${1,,}.
  field=,$(printf '%s' "$1" | tr '[:upper:]' '[:lower:]')
  shift 3
  for name; do field=${field//"$name"/$number} number=$((number + 1)); done
  while [ -n "$field" ]; do
    [[ $field =~ ^,(\*|([0-9]{1,2})(-([0-9]{1,2}))?)(/([0-9]{1,2}))?(,.*)?$ ]] || return
    # A step of a single number is none to cron.
    [ -z "${BASH_REMATCH[5]}" ] || [ "${BASH_REMATCH[1]}" = '*' ] || [ -n "${BASH_REMATCH[3]}" ] || return
    field=${BASH_REMATCH[7]} from=$((10#${BASH_REMATCH[2]:-$lowest})) to=$((10#${BASH_REMATCH[4]:-$highest}))
    [ -n "${BASH_REMATCH[4]}" ] || [ "${BASH_REMATCH[1]}" = '*' ] || to=$from
    [ "$from" -ge "$lowest" ] && [ "$from" -le "$to" ] && [ "$to" -le "$highest" ] || return
    [ -z "${BASH_REMATCH[5]}" ] || [ $((10#${BASH_REMATCH[6]})) -gt 0 ] || return
  done
}
