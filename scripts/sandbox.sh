#!/bin/sh
# Starts the sandbox; the first time it is also filled and set up, so that `meltano run migrate` has something to do.
set -eu
cd "$(dirname "$0")/.."

scripts/run.sh python -m sandbox start
if [ ! -d .sandbox/answer_key ]; then
    scripts/run.sh python -m sandbox generate --scale 10
    scripts/run.sh dtx setup >.sandbox/setup.log
    scripts/run.sh dtx --system dispatch setup >>.sandbox/setup.log
fi
