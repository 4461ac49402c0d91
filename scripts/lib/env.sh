# Sourced by supabase/functions/deploy.sh and scripts/doctor after common.sh: reads .env. It is read and not sourced, so that
# nothing in it is run, and an address like Acme <mail@acme.example> needs no quotes.

# Exports the variables of ours that a file has. What is in the environment already wins.
load_env() { # file
  local line name value
  while IFS= read -r line || [ -n "$line" ]; do
    line=${line%$'\r'}
    [[ $line =~ ^[[:space:]]*(export[[:space:]]+)?((SUPABASE|RESEND|EMAIL|PROCESS_EMAIL_QUEUE)_[A-Z_]+)[[:space:]]*=[[:space:]]*(.*)$ ]] || continue
    name=${BASH_REMATCH[2]} value=${BASH_REMATCH[4]}
    case $value in
      \"*\"*) value=${value#\"} value=${value%%\"*} ;;
      \'*\'*) value=${value#\'} value=${value%%\'*} ;;
      *) value=${value%%[[:space:]]#*} value=${value%"${value##*[![:space:]]}"} ;;
    esac
    if [ -z "${!name-}" ] && [ -n "$value" ]; then export "$name=$value"; fi
  done <"$1"
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
