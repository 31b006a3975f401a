"""`tap-mysql`: a Singer tap's command line."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from pathlib import Path

from loaders.errors import ExitCode
from loaders.singer.plugin import read_config, read_json, report, run
from loaders.singer.tap_mysql.catalogue import discover, read_tables
from loaders.singer.tap_mysql.config import TapConfig
from loaders.singer.tap_mysql.extract import Outlet, extract, schema_message
from loaders.singer.tap_mysql.plan import StreamPlan, plan
from loaders.singer.tap_mysql.snapshot import Snapshot, consistent_snapshot
from loaders.singer.tap_mysql.source import connect, naming_errors
from loaders.singer.tap_mysql.spool import spool


def main() -> None:
    """Run the tap: exit 0 done, 1 loss or drift, 2 could not run, 3 refused."""
    run(_main)


def _main() -> None:
    parser = argparse.ArgumentParser(prog="tap-mysql", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="settings, as JSON")
    parser.add_argument("--discover", action="store_true", help="print the catalogue and end")
    parser.add_argument("--catalog", type=Path, help="what to read; all that is discovered without it")
    parser.add_argument("--state", type=Path, help="bookmarks of the last run")
    arguments = parser.parse_args()
    # Meltano ends a tap whose target failed with SIGTERM: leave through the ordinary door, and remove the pipes.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(ExitCode.COULD_NOT_RUN))
    config = read_config(arguments.config, TapConfig)
    with naming_errors(config.database):
        connection = connect(config)
        try:
            tables = read_tables(connection, config)
        finally:
            connection.close()
    catalogue = discover(tables.values(), config.database)
    if arguments.discover:
        json.dump(catalogue, sys.stdout, indent=2)
        return
    if arguments.catalog:
        catalogue = read_json(arguments.catalog, "catalogue")
    state = read_json(arguments.state, "state") if arguments.state else {}
    _sync(config, plan(catalogue, tables, state), Outlet(state))


def _sync(config: TapConfig, streams: tuple[StreamPlan, ...], outlet: Outlet) -> None:
    for stream in streams:
        outlet.send(schema_message(stream))
    tables = [stream.table for stream in streams]
    wanted = max(1, min(config.connections, len(streams)))
    with (
        naming_errors(config.database),
        spool() as pipes,
        consistent_snapshot(lambda: connect(config), tables, wanted) as snapshot,
    ):
        _report_snapshot(snapshot)
        extract(streams, snapshot.connections, snapshot.as_of, outlet, pipes)


def _report_snapshot(snapshot: Snapshot) -> None:
    report(f"snapshot as of {snapshot.as_of:%Y-%m-%d %H:%M:%S} UTC, connections: {len(snapshot.connections)}")
    if snapshot.is_single:
        report(
            "warning: the tables could not be locked for the moment that several snapshots need, so one connection "
            "reads them all; grant LOCK TABLES to the source's user, and look for writers that take more than 10 s"
        )
    if snapshot.uncovered:
        report(
            f"warning: not in the snapshot and not locked: {', '.join(snapshot.uncovered)}; later changes may show in "
            "them; grant LOCK TABLES to the source's user, or stop the writers"
        )


if __name__ == "__main__":
    main()
