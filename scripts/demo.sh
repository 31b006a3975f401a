#!/bin/sh
# The whole migration in the sandbox: generated legacy data in, every row accounted for, held against the answer key.
set -eu
cd "$(dirname "$0")/.."

if ! scripts/run.sh python -m sandbox status >/dev/null; then
    trap 'scripts/run.sh python -m sandbox stop >/dev/null' EXIT
fi
step() { printf '\n== %s\n' "$*"; }

step "Sandbox: a private MariaDB, PostgreSQL, S3 and EFS, filled with a thousand rows a table and their defects"
scripts/run.sh python -m sandbox start
scripts/run.sh python -m sandbox generate --scale 10
step "Setup: schemas, ledger, least-privilege grants"
scripts/run.sh dtx setup >.sandbox/setup.log
echo "granted; see .sandbox/setup.log"
step "meltano run migrate: replicate, decode, transform, files, publish, reconcile"
scripts/run.sh meltano run migrate >.sandbox/migrate.log 2>&1 || {
    tail -n 40 .sandbox/migrate.log
    echo "the migration failed; all of its output is in .sandbox/migrate.log" >&2
    exit 1
}
echo "done; see .sandbox/migrate.log"
step "Reconcile, and the answer key"
scripts/run.sh dtx reconcile --rows .sandbox/outcomes.csv
scripts/run.sh python -m sandbox compare .sandbox/outcomes.csv
