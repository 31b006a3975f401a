"""`target-postgres`: a Singer target's command line."""

from __future__ import annotations

import argparse
import json
import os
import queue
import selectors
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg

from loaders.singer.messages import parse_message
from loaders.singer.plugin import read_config, run
from loaders.singer.target_postgres.config import TargetConfig
from loaders.singer.target_postgres.coordinator import Coordinator
from loaders.singer.target_postgres.database import connect, database_error
from loaders.singer.target_postgres.load import Outcome
from loaders.singer.target_postgres.raw_table import prepare_schema

_READ_BYTES = 1 << 20


def main() -> None:
    """Run the target: exit 0 done, 1 loss or drift, 2 could not run, 3 refused."""
    run(_main)


def _main() -> None:
    parser = argparse.ArgumentParser(prog="target-postgres", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="settings, as JSON")
    config = read_config(parser.parse_args().config, TargetConfig)
    try:
        with connect(config) as connection:
            prepare_schema(connection, config.raw_schema)
            connection.commit()
            connection.autocommit = True
            _load_all(config, connection)
    except psycopg.Error as error:
        raise database_error(error, config.raw_schema) from None


def _load_all(config: TargetConfig, connection: psycopg.Connection) -> None:
    outcomes: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
    woken, waking = os.pipe()

    def finished(outcome: Outcome) -> None:
        outcomes.put(outcome)
        os.write(waking, b".")

    coordinator = Coordinator(config, connection, finished, _emit_state)
    stdin, rest = sys.stdin.fileno(), b""
    is_open = True
    with selectors.PollSelector() as selector:
        selector.register(stdin, selectors.EVENT_READ)
        selector.register(woken, selectors.EVENT_READ)
        while is_open or not coordinator.is_idle:
            for key, _ in selector.select():
                if key.fd == woken:
                    os.read(woken, 1)
                    coordinator.on_outcome(outcomes.get())
                    continue
                data = os.read(stdin, _READ_BYTES)
                *lines, rest = (rest + data).split(b"\n")
                if not data:
                    lines.append(rest)
                for line in lines:
                    if line.strip():
                        coordinator.handle(parse_message(line))
                if not data:
                    is_open = False
                    selector.unregister(stdin)
                    coordinator.on_end()


def _emit_state(state: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(state) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
