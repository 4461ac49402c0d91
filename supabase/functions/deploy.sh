#!/bin/sh
# Deploys the queue to a Supabase project: supabase/functions/deploy.sh --help
exec "$(dirname -- "$0")/../../scripts/lib/run.sh" deploy.mjs "$@"
