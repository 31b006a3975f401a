"""A Singer tap's command line."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from loaders.errors import ExitCode
from loaders.singer.plugin import read_config, read_json, report, run
from loaders.singer.tap.extract import Outlet, extract, schema_message
from loaders.singer.tap.plan import plan
from loaders.singer.tap.source import ColumnT, Source
from loaders.singer.tap.spool import spool
from loaders.singer.tap.table import discover

ConfigT = TypeVar("ConfigT", bound=BaseModel)


def run_tap(name: str, config_model: type[ConfigT], source_of: Callable[[ConfigT], Source[ColumnT]]) -> None:
    """Run a tap: exit 0 done, 1 loss or drift, 2 could not run, 3 refused.

    Args:
        name: the program's.
        config_model: its settings.
        source_of: makes the source of the settings; must not connect yet.
    """
    run(lambda: _main(name, config_model, source_of))


def _main(name: str, config_model: type[ConfigT], source_of: Callable[[ConfigT], Source[ColumnT]]) -> None:
    parser = argparse.ArgumentParser(prog=name, description=f"`{name}`: a Singer tap.")
    parser.add_argument("--config", type=Path, required=True, help="settings, as JSON")
    parser.add_argument("--discover", action="store_true", help="print the catalogue and end")
    parser.add_argument("--catalog", type=Path, help="what to read; all that is discovered without it")
    parser.add_argument("--state", type=Path, help="bookmarks of the last run")
    arguments = parser.parse_args()
    # Meltano ends a tap whose target failed with SIGTERM: leave through the ordinary door, and remove the pipes.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(ExitCode.COULD_NOT_RUN))
    source = source_of(read_config(arguments.config, config_model))
    tables = source.read_tables()
    catalogue = discover(tables.values(), source.database)
    if arguments.discover:
        json.dump(catalogue, sys.stdout, indent=2)
        return
    if arguments.catalog:
        catalogue = read_json(arguments.catalog, "catalogue")
    state = read_json(arguments.state, "state") if arguments.state else {}
    streams = plan(catalogue, tables, state)
    outlet = Outlet(state)
    for stream in streams:
        outlet.send(schema_message(stream))
    with spool() as pipes, source.open(streams) as opened:
        report(f"snapshot as of {opened.as_of:%Y-%m-%d %H:%M:%S} UTC, connections: {len(opened.sessions)}")
        for warning in opened.warnings:
            report(f"warning: {warning}")
        extract(streams, opened, outlet, pipes)
