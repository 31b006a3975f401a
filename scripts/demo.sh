#!/bin/sh
# The whole migration in the sandbox: generated legacy data in, every row accounted for, held against the answer key.
set -eu
cd "$(dirname "$0")/.."

if ! scripts/run.sh python -m sandbox status >/dev/null; then
    trap 'scripts/run.sh python -m sandbox stop >/dev/null' EXIT
fi
scripts/run.sh python -m sandbox start
scripts/run.sh python -m sandbox generate --scale 1
scripts/run.sh dtx setup
scripts/run.sh meltano run migrate
scripts/run.sh dtx reconcile --rows .sandbox/outcomes.csv
scripts/run.sh python -m sandbox compare .sandbox/outcomes.csv
