"""`meltano run replicate-dispatch` against the floor, `psql` copying out piped into `psql` copying in.

    python benchmarks/replicate_postgres.py [--rows 1000000] [--rounds 3] [--json]

One table, the dispatch system's notifications as the sandbox generates them, on a private server that is source and
target. The contenders take turns, so that other load on the machine meets both; read the ratios first. Start-up is set
aside: for Meltano, whose start-up takes seconds, the time is that from the snapshot to the commit, as `_loads` has it;
the floor's is what it takes for the table less what it takes for an empty twin. Every run's rows are counted.
"""

from __future__ import annotations

import argparse
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from benchmarks.replicate import run
from loaders.console import print_json, print_table, stderr
from sandbox.dispatch.databases import TRANSFORM, Databases
from sandbox.dispatch.generator import notifications
from sandbox.servers import postgres as postgres_server
from sandbox.servers.temporary import server_folder

PROJECT = Path(__file__).resolve().parent.parent
TABLE, EMPTY = "dispatch_notification", "dispatch_notification_empty"
OURS, FLOOR = "meltano run replicate-dispatch", "COPY out | COPY in (floor)"


@dataclass(frozen=True)
class Rig:
    """The databases, a private folder, and the environment that Meltano and psql run in."""

    databases: Databases
    folder: Path
    environment: dict[str, str]
    rows: int

    def count(self, schema: str) -> int:
        """How many rows arrived."""
        with self.databases.postgres.connect(self.databases.target_name) as connection:
            row = connection.execute(f"select count(*) from {schema}.{TABLE}").fetchone()  # type: ignore[arg-type]
        return row[0] if row else 0


def copy_by_meltano(rig: Rig) -> float:
    """Our plugins, as the project's users run them; seconds from the snapshot to the commit."""
    run(["meltano", "run", "replicate-dispatch"], cwd=rig.folder, env=rig.environment)
    with rig.databases.postgres.connect(rig.databases.target_name) as connection:
        row = connection.execute(
            "select extract(epoch from loaded_at - as_of) from raw_dispatch._loads order by loaded_at desc limit 1"
        ).fetchone()
    if row is None or (arrived := rig.count("raw_dispatch")) != rig.rows:
        raise SystemExit(f"{arrived:,} of {rig.rows:,} rows arrived")
    return float(row[0])


def copy_by_psql(rig: Rig) -> float:
    """The floor: text as PostgreSQL prints it into a table of text columns; no snapshot, no count, no statistics."""
    started = time.monotonic()
    _pipe(rig, EMPTY)
    start_up = time.monotonic() - started
    started = time.monotonic()
    _pipe(rig, TABLE)
    seconds = time.monotonic() - started - start_up
    if (arrived := rig.count("floor")) != rig.rows:
        raise SystemExit(f"{arrived:,} of {rig.rows:,} rows arrived")
    return seconds


def _pipe(rig: Rig, table: str) -> None:
    psql = ["psql", "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", f"--username={TRANSFORM}"]
    load = f"begin; truncate floor.{table}; copy floor.{table} from stdin; commit"
    dump = ["psql", *psql[1:-1], "--username=dispatch_reader", f"--dbname={rig.databases.source_name}"]
    with subprocess.Popen(
        [*dump, f"--command=copy {table} to stdout"], stdout=subprocess.PIPE, env=rig.environment
    ) as source:
        command = [*psql, f"--dbname={rig.databases.target_name}", f"--command={load}"]
        run(command, cwd=rig.folder, env=rig.environment, stdin=source.stdout)
        if source.wait():
            raise SystemExit("copying out failed")


@contextmanager
def rig(rows: int) -> Iterator[Rig]:
    """Start the server and make the table and its empty twin."""
    with server_folder() as servers, tempfile.TemporaryDirectory() as folder:
        server = postgres_server.start(
            servers / "postgres", password=secrets.token_hex(12), role_password=secrets.token_hex(12)
        )
        databases = Databases(server)
        databases.create()
        with databases.source() as source:
            notifications.make_bulk(source, rows + notifications.PLANTED, seed=1)
            source.execute(f"create table {EMPTY} (like {TABLE})")
            source.execute(f"grant select on {EMPTY} to dispatch_reader")
            names = [column.name for column in source.execute(f"select * from {TABLE} limit 0").description or ()]
        with databases.source(autocommit=True) as source:
            source.execute("vacuum analyze")
        with server.connect(databases.target_name) as target:
            for schema in ("raw_dispatch", "floor"):
                target.execute(f"create schema {schema} authorization {TRANSFORM}")  # type: ignore[arg-type]
            for table in (TABLE, EMPTY):
                columns = ", ".join(f'"{name}" text' for name in names)
                target.execute(f"create table floor.{table} ({columns})")  # type: ignore[arg-type]
                target.execute(f"alter table floor.{table} owner to {TRANSFORM}")  # type: ignore[arg-type]
        document = yaml.safe_load((PROJECT / "meltano.yml").read_text(encoding="utf-8"))
        (tap,) = (each for each in document["plugins"]["extractors"] if each["name"] == "tap-postgres")
        tap["config"]["tables"] = [TABLE]
        (Path(folder) / "meltano.yml").write_text(yaml.safe_dump(document), encoding="utf-8")
        environment = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": folder,
            **databases.environment(),
            "PGHOST": server.host,
            "PGPORT": str(server.port),
            "PGPASSWORD": server.role_password,
        }
        yield Rig(databases, Path(folder), environment, rows)


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    seconds: dict[str, list[float]] = {OURS: [], FLOOR: []}
    with rig(arguments.rows) as servers:
        contenders = [(OURS, copy_by_meltano), (FLOOR, copy_by_psql)]
        for number in range(arguments.rounds):
            for name, copy in contenders[:: 1 if number % 2 == 0 else -1]:
                seconds[name].append(copy(servers))
                stderr.print(f"round {number + 1}: {name}: {seconds[name][-1]:.2f} s")
    table = [
        {
            "contender": name,
            "median_seconds": round(statistics.median(times), 2),
            "rows_per_second": round(arguments.rows / statistics.median(times)),
            "times_the_floor": [round(mine / floor, 2) for mine, floor in zip(times, seconds[FLOOR], strict=True)],
        }
        for name, times in seconds.items()
    ]
    if arguments.json:
        document = {"schema": "dtx.benchmark.replicate_postgres/1", "rows": arguments.rows}
        print_json({**document, "contenders": table})
        return
    print_table(
        f"{arguments.rows:,} notifications, {arguments.rounds} rounds, start-up aside",
        ["contender", "median s", "rows/s", "times the floor, by round"],
        [[*list(row.values())[:-1], ", ".join(map(str, row["times_the_floor"]))] for row in table],  # type: ignore[arg-type]
    )


if __name__ == "__main__":
    main()
