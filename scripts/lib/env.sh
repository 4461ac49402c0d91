# Sourced by supabase/functions/deploy.sh and scripts/doctor after common.sh: reads .env. It is read and not sourced, so that
# nothing in it is run, and an address like Acme <mail@acme.example> needs no quotes.

# Exports the variables of ours that a file has. What is in the environment already wins. The Supabase CLI reads the same
# file and breaks on what is no line of it, without saying where: so that is refused here.
load_env() { # file
  local line more name value number=0 first quoted
  warn_of_readers "$1"
  while IFS= read -r line || [ -n "$line" ]; do
    number=$((number + 1)) first=$number
    line=${line%$'\r'}
    if [ "$number" = 1 ]; then line=${line#"$byte_order_mark"}; fi
    if [[ $line =~ ^[[:space:]]*(#.*)?$ ]]; then continue; fi
    [[ $line =~ ^[[:space:]]*(export[[:space:]]+)?([A-Za-z_][A-Za-z0-9_.]*)[[:space:]]*=([[:space:]]*)(.*)$ ]] ||
      die "line $number of $1 is neither NAME=value nor a comment"
    name=${BASH_REMATCH[2]} value=${BASH_REMATCH[4]}
    # "NAME=  # why" is empty; "NAME=#x" is not.
    if [ -n "${BASH_REMATCH[3]}" ] && [[ $value == \#* ]]; then value=''; fi
    # In quotes a value may have several lines, as others' keys do.
    while [[ $value == [\"\']* ]] && ! is_closed "$value"; do
      IFS= read -r more || [ -n "$more" ] || die "line $first of $1 has a quote that is not closed"
      number=$((number + 1)) value+=$'\n'${more%$'\r'}
    done
    quoted=''
    if [[ $value =~ ^\"((\\\"|[^\"])*)\"[[:space:]]*(#.*)?$ ]]; then
      quoted=yes value=${BASH_REMATCH[1]//\\\"/\"}
    elif [[ $value =~ ^\'([^\']*)\'[[:space:]]*(#.*)?$ ]]; then
      quoted=yes value=${BASH_REMATCH[1]}
    fi
    # Text after the closing quote belongs to the value, and so do the quotes: "Acme, Inc." <mail@acme.example>
    if [ -z "$quoted" ]; then value=${value%%[[:space:]]#*} value=${value%"${value##*[![:space:]]}"}; fi
    if [[ $name =~ ^(SUPABASE|RESEND|EMAIL|PROCESS_EMAIL_QUEUE)_[A-Z_]+$ ]] && [ -z "${!name-}" ] && [ -n "$value" ]; then export "$name=$value"; fi
  done <"$1"
}

# Windows' editors begin a file with it.
readonly byte_order_mark=$'\xef\xbb\xbf'

# Only a warning: who shares the machine may know it.
warn_of_readers() { # file
  local mode
  mode=$(ls -lLd -- "$1" 2>/dev/null) || return 0
  # -rw-r--r--: who else may read or write it.
  case ${mode:4:2}${mode:7:2} in
    *[rw]*) say "warning: $1 holds secrets, and others on this machine can open it: chmod 600 '$1'" ;;
  esac
}

# Whether the quote that a value begins with comes again, other than after a backslash: as the CLI reads it.
is_closed() { # value
  [[ ${1:1} =~ ^[${1:0:1}] || ${1:1} =~ [^\\][${1:0:1}] ]]
}

# The file that is read if there is one: .env of the project's root, or what EMAIL_QUEUE_ENV_FILE names.
env_file=${EMAIL_QUEUE_ENV_FILE:-$root/.env}

# Runs a module of scripts/lib under Node 20 or newer, or Deno 2.
run_module() ( # file, arguments
  # shellcheck disable=SC2034 # run.sh reads it
  here=$root/scripts
  # shellcheck source=run.sh
  source "$root/scripts/lib/run.sh"
  run_js "$@"
)
