#!/usr/bin/env bash
# The whole migration in the sandbox: generated legacy data in, every row accounted for, held against the answer key.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! scripts/run.sh python -m sandbox status >/dev/null; then
    # What this script started it also ends; after a failure the data stay, to be looked at.
    remove=
    trap 'scripts/run.sh python -m sandbox stop $remove >/dev/null 2>&1' EXIT
fi
step() { printf '\n== %s\n' "$*"; }

step "Sandbox: a private MariaDB, PostgreSQL, S3, Metabase and EFS, filled with a thousand rows a table and their defects"
scripts/run.sh python -m sandbox start
scripts/run.sh python -m sandbox generate --scale 10
step "Setup: schemas, ledger, least-privilege grants"
scripts/run.sh dtx setup >.sandbox/setup.log
echo "granted; see .sandbox/setup.log"
step "meltano run migrate: replicate, decode, transform, files, publish, reconcile"
# The log has everything; the terminal goes without dbt's line for each test.
scripts/run.sh meltano --log-format plain run migrate 2>&1 | tee .sandbox/migrate.log | grep -vE ' (START|OK|PASS) '
step "Reconcile, and the answer key"
scripts/run.sh dtx reconcile --rows .sandbox/outcomes.csv
scripts/run.sh python -m sandbox compare .sandbox/outcomes.csv
step "Reports: Metabase as the legacy definitions and schedules say, and a second plan that finds nothing to do"
scripts/run.sh dtx metabase apply >.sandbox/metabase.log
scripts/run.sh dtx metabase plan | tail -n 1
step "meltano run migrate-dispatch: the dispatch system into the orders platform"
scripts/run.sh dtx --system dispatch setup >>.sandbox/setup.log
scripts/run.sh meltano --log-format plain run migrate-dispatch 2>&1 | tee .sandbox/migrate-dispatch.log | grep -vE ' (START|OK|PASS) '
scripts/run.sh dtx --system dispatch reconcile --rows .sandbox/outcomes-dispatch.csv
scripts/run.sh python -m sandbox compare .sandbox/outcomes-dispatch.csv --system dispatch
remove=--remove-data
