#!/bin/sh
# Runs a command as the project's user would: .venv's programs first, settings from .env; what is set already wins.
set -eu
cd "$(dirname "$0")/.."
if [ ! -x .venv/bin/python ]; then
    echo "There is no .venv: run 'make setup' first." >&2
    exit 2
fi
PATH=$PWD/.venv/bin:$PATH
VIRTUAL_ENV=$PWD/.venv
export PATH VIRTUAL_ENV
if [ -f .env ]; then
    exec dotenv --file .env run --no-override -- "$@"
fi
exec "$@"
