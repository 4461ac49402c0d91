# Sourced by supabase/functions/deploy.sh after common.sh: takes SUPABASE_DB_URL apart, so that its password travels in the
# environment. An address on a command line shows it to everybody on the machine.

# Sets database_target (the address without a password) and database_password; ends where the address has another form.
read_database_url() {
  local form="must be postgresql://user:password@host:port/database (a / ? or # in the password written as %2F %3F %23)"
  local scheme authority user host more
  [[ $SUPABASE_DB_URL =~ ^(postgres(ql)?://)([^/?#]*)(.*)$ ]] || die "SUPABASE_DB_URL $form"
  scheme=${BASH_REMATCH[1]} authority=${BASH_REMATCH[3]} more=${BASH_REMATCH[4]}
  # At the last @, as browsers and the CLI do: a password may have one that nobody has encoded.
  host=${authority##*@} user=${authority%@*}
  database_password=''
  if [[ $user == *:* ]]; then database_password=$(decode_percent "${user#*:}") user=${user%%:*}; fi
  # What is left of it must have nowhere to hide a part of a password that a / ? or # has cut in two.
  [[ $authority == *@* && $user =~ ^[A-Za-z0-9._%-]+$ && $host =~ ^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?$ ]] || die "SUPABASE_DB_URL $form"
  [[ $more =~ ^(/[A-Za-z0-9._%~-]*)?(\?[A-Za-z0-9._%~=\&+/:,-]*)?$ ]] || die "SUPABASE_DB_URL $form"
  if [[ $(decode_percent "$more" | tr '[:upper:]' '[:lower:]') == *password=* ]]; then
    die "SUPABASE_DB_URL must not have password= in its query: it would be on a command line. Write it before the @: postgresql://user:password@host"
  fi
  # shellcheck disable=SC2034 # deploy.sh reads it
  database_target=$scheme$user@$host$more
}

# %XX becomes its byte, everything else stays: a backslash, and a % that begins no such pair.
decode_percent() { # text
  local rest=$1 decoded='' byte
  while [[ $rest == *%* ]]; do
    decoded+=${rest%%\%*} rest=${rest#*\%}
    if [[ $rest =~ ^[0-9A-Fa-f]{2} ]]; then
      printf -v byte '%b' "\\x${rest:0:2}"
      decoded+=$byte rest=${rest:2}
    else
      decoded+=%
    fi
  done
  printf '%s' "$decoded$rest"
}
