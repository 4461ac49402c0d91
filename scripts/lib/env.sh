# Sourced by supabase/functions/deploy.sh after common.sh.

# Exports the variables of ours that a file has and the environment has not.
load_env() { # file
  local pair pairs
  pairs=$(mktemp)
  run_module env.mjs "$1" >"$pairs" || { rm -f "$pairs"; exit 1; }
  while IFS= read -r -d '' pair; do export "${pair?}"; done <"$pairs"
  rm -f "$pairs"
}

# Windows' editors begin a file with it.
readonly byte_order_mark=$'\xef\xbb\xbf'

# The file that is read if there is one: .env of the project's root, or what EMAIL_QUEUE_ENV_FILE names.
env_file=${EMAIL_QUEUE_ENV_FILE:-$root/.env}

# Runs a module of scripts/lib under Node 20 or newer, or Deno 2.
run_module() { # file, arguments
  "$root/scripts/lib/run.sh" "$@"
}
