#!/usr/bin/env bash
# The whole migration in the sandbox: generated legacy data in, every row accounted for, held against the answer key.
# The two migrations share nothing but servers and run side by side; dispatch's output is shown after that of DTX 1.0.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PWD/.venv/bin:$PATH
# dbt's second log, every statement in it, takes a seventh of its time; what it prints is kept in .sandbox/.
export DBT_LOG_LEVEL_FILE=none

step() { printf '\n== %s\n' "$*"; }

# The log has everything; the terminal goes without dbt's line for each test.
migrate() { meltano --log-format plain run "$1" 2>&1 | tee ".sandbox/$1.log" | grep -vE ' (START|OK|PASS) '; }

dtx1() {
    step "Setup: schemas, ledger, least-privilege grants"
    dtx setup >.sandbox/setup.log
    echo "granted; see .sandbox/setup.log"
    step "meltano run migrate: replicate, decode, transform, files, publish, reconcile"
    migrate migrate
    # Takes as long as the two that follow, and touches nothing of theirs.
    dtx metabase apply >.sandbox/metabase.log &
    applying=$!
    step "Reconcile, and the answer key"
    dtx reconcile --rows .sandbox/outcomes.csv
    python -m sandbox compare .sandbox/outcomes.csv
    step "Reports: Metabase as the legacy definitions and schedules say, and a second plan that finds nothing to do"
    wait "$applying"
    applying=
    dtx metabase plan | tail -n 1
}

dispatch() {
    step "meltano run migrate-dispatch: the dispatch system into the orders platform"
    dtx --system dispatch setup >.sandbox/setup-dispatch.log
    migrate migrate-dispatch
    dtx --system dispatch reconcile --rows .sandbox/outcomes-dispatch.csv
    python -m sandbox compare .sandbox/outcomes-dispatch.csv --system dispatch
    dtx --system dispatch components
}

# What this script started it also ends; after a failure the data stay, to be looked at.
running_before=yes remove='' beside='' applying=''
finish() {
    if [ -n "$applying" ]; then kill "$applying" 2>/dev/null || true; fi
    if [ -n "$beside" ]; then kill -- "-$beside" 2>/dev/null || true; fi
    if [ -z "$running_before" ]; then python -m sandbox stop $remove >/dev/null 2>&1 || true; fi
}
if [ ! -f .sandbox/state.json ] || ! python -m sandbox status >/dev/null; then running_before=; fi
trap finish EXIT

step "Sandbox: a private MariaDB, PostgreSQL, S3, Metabase and EFS, filled with a thousand rows a table and their defects"
python -m sandbox start
set -a
# shellcheck source=/dev/null
. ./.env
set +a
python -m sandbox generate --scale 10

# A process group of its own, so that it can be ended as a whole; a system database of its own, since Meltano makes the
# first one without a lock.
mkdir -p .meltano
set -m
MELTANO_DATABASE_URI=sqlite:///$PWD/.meltano/dispatch.db dispatch </dev/null >.sandbox/dispatch.log 2>&1 &
beside=$!
set +m

dtx1
if wait "$beside"; then outcome=0; else outcome=$?; fi
beside=
cat .sandbox/dispatch.log
if [ $outcome -eq 0 ]; then remove=--remove-data; fi
exit $outcome
