#!/bin/sh
# Deploys the queue of this clone to a Supabase project: supabase/functions/deploy.sh --help
here=$(dirname -- "$0")
export EMAIL_QUEUE_COMMAND="supabase/functions/deploy.sh"
exec "$here/../../scripts/lib/run.sh" ../../pkg/command/main.js deploy --direct --workdir "$here/../.." "$@"
