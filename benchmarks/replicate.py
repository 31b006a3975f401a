"""`meltano run replicate` against pgloader and against the floor, a client's dump piped into COPY.

    python benchmarks/replicate.py [--rows 1000000] [--rounds 3] [--json]

One table, DTX 1.0's repo_file (27 columns), on private servers. Contenders take turns, so that other load on the
machine meets all of them; read the ratios first. Start-up is set aside: for Meltano, whose start-up takes seconds, the
time is that from the snapshot to the commit, as `_loads` has it; for the others it is what they take for the table less
what they take for an empty twin. Every run's rows are counted.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from loaders.console import print_json, print_table, stderr
from sandbox.dtx1 import schema
from sandbox.servers import mariadb as mariadb_server
from sandbox.servers import postgres as postgres_server
from sandbox.servers.mariadb import MariaDB
from sandbox.servers.postgres import TRANSFORM, Postgres
from sandbox.servers.temporary import server_folder

PROJECT = Path(__file__).resolve().parent.parent
DATABASE = "dtx1"
EMPTY = "repo_file_empty"
FULL = "repo_file"

# Widths and shares of NULL as in the sampled rows; one row in 200 has a zero date, one in 50 a quote and an accent.
ROWS = """
insert into repo_file
select seq, seq % 5000, concat('Certificate of Insurance ', seq, if(seq % 50 = 0, ' "renewal" José', ''), '.pdf'),
  elt(1 + seq % 3, 'COI_MANUAL', 'COI_OCR', 'DOC'), nullif(seq % 900, 0),
  elt(1 + seq % 4, 'new', 'processed', 'deleted', 'review'), elt(1 + seq % 3, 'new', 'processed', null),
  if(seq % 3 = 0, seq * 7, null), if(seq % 5 = 0, seq * 3, null), null, elt(1 + seq % 3, 'email', 'web', 'api'),
  concat('sender', seq % 7000, '@example.com'), seq % 300, concat('10.', seq % 250, '.', seq % 199, '.', seq % 77),
  if(seq % 200 = 0, '0000-00-00 00:00:00', '2015-01-01' + interval seq minute),
  concat('2019/', seq % 12, '/', md5(seq), '.pdf'), if(seq % 2 = 0, seq * 11, null), elt(1 + seq % 2, 'PASS', 'FAIL'),
  'no', null, seq % 2, 'application/pdf', seq * 131 % 9000000, seq % 300, sha1(seq), seq % 5000,
  '2020-01-01' + interval seq second
from seq_1_to_{rows}
"""
PGLOADER = """
LOAD DATABASE FROM mysql://{source.user}:{source.password}@{source.host}:{source.port}/{database}
  INTO postgresql://{role}:{target.role_password}@{target.host}:{target.port}/{database}
WITH workers = 2, concurrency = 1, batch rows = 10000, prefetch rows = 10000, include drop, create tables,
  create no indexes, no foreign keys, reset no sequences
INCLUDING ONLY TABLE NAMES MATCHING '{table}'
ALTER SCHEMA '{database}' RENAME TO 'pgloader';
"""


@dataclass(frozen=True)
class Rig:
    """The servers, a private folder, and the environment that Meltano runs in."""

    source: MariaDB
    target: Postgres
    folder: Path
    environment: dict[str, str]

    def count(self, schema_name: str, table: str) -> int:
        """How many rows arrived."""
        with self.target.connect(DATABASE) as connection:
            row = connection.execute(f'select count(*) from "{schema_name}"."{table}"').fetchone()  # type: ignore[arg-type]
        return row[0] if row else 0


@dataclass(frozen=True)
class Contender:
    """A way to copy a table, and the schema that it copies it to."""

    name: str
    schema: str
    copy: Callable[[Rig, str], None]


def copy_by_meltano(rig: Rig, table: str) -> None:
    """Our plugins, as the project's users run them."""
    project = rig.folder / f"meltano-{table}"
    if not project.is_dir():
        project.mkdir()
        document = yaml.safe_load((PROJECT / "meltano.yml").read_text(encoding="utf-8"))
        config = document["plugins"]["extractors"][0]["config"]
        config["tables"], config["bytes_columns"] = [table], []
        (project / "meltano.yml").write_text(yaml.safe_dump(document), encoding="utf-8")
    run(["meltano", "run", "replicate"], cwd=project, env=rig.environment)


def copy_by_pgloader(rig: Rig, table: str) -> None:
    """pgloader with the batch size at which it survives a million rows."""
    command = rig.folder / "pgloader.load"
    command.write_text(
        PGLOADER.format(source=rig.source, target=rig.target, role=TRANSFORM, database=DATABASE, table=table)
    )
    run(["pgloader", "--quiet", "--root-dir", str(rig.folder), str(command)], cwd=rig.folder, env=rig.environment)


def copy_by_dump(rig: Rig, table: str) -> None:
    """The floor: no snapshot, no check, and it cannot tell the text NULL from a NULL."""
    dump = ["mariadb", f"--defaults-file={rig.folder / 'client.cnf'}", "--quick", "--batch", "--skip-column-names"]
    load = f"begin; truncate floor.{table}; copy floor.{table} from stdin with (null 'NULL'); commit"
    psql = ["psql", "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", f"--dbname={DATABASE}"]
    with subprocess.Popen([*dump, DATABASE, f"--execute=select * from {table}"], stdout=subprocess.PIPE) as process:
        run([*psql, f"--command={load}"], cwd=rig.folder, env=rig.environment, stdin=process.stdout)
        if process.wait():
            raise SystemExit("the dump failed")


CONTENDERS = (
    Contender("meltano run replicate", "raw_dtx1", copy_by_meltano),
    Contender("pgloader", "pgloader", copy_by_pgloader),
    Contender("dump | COPY (floor)", "floor", copy_by_dump),
)


def run(command: list[str], *, cwd: Path, env: dict[str, str], stdin: object = None) -> None:
    """Run a contender's program; its output is shown only if it fails."""
    result = subprocess.run(
        command,
        cwd=cwd,
        env=env,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,  # type: ignore[call-overload]
    )
    if result.returncode:
        raise SystemExit(f"{command[0]} ended with {result.returncode}:\n{result.stdout[-3000:]}")


@contextmanager
def rig(rows: int) -> Iterator[Rig]:
    """Start the servers and make the table and its empty twin."""
    with server_folder() as servers, tempfile.TemporaryDirectory() as folder:
        source = mariadb_server.start(
            servers / "mariadb", password=secrets.token_hex(12), reader_password=secrets.token_hex(12)
        )
        target = postgres_server.start(
            servers / "postgres", password=secrets.token_hex(12), role_password=secrets.token_hex(12)
        )
        source.create_database(DATABASE)
        target.create_database(DATABASE)
        names = [column.column_name for column in schema.read_catalogue() if column.source_table == FULL]
        with source.connect(DATABASE) as connection, connection.cursor() as cursor:
            schema.apply(connection)
            cursor.execute(ROWS.format(rows=rows))
            cursor.execute(f"create table {EMPTY} like {FULL}")
        columns = ", ".join(f'"{name}" text' for name in names)
        with target.connect(DATABASE) as postgres:
            for schema_name in ("raw_dtx1", "pgloader", "floor"):
                postgres.execute(f"create schema {schema_name} authorization {TRANSFORM}")  # type: ignore[arg-type]
            for table in (FULL, EMPTY):
                postgres.execute(f"create table floor.{table} ({columns})")  # type: ignore[arg-type]
                postgres.execute(f"alter table floor.{table} owner to {TRANSFORM}")  # type: ignore[arg-type]
        client = Path(folder) / "client.cnf"
        client.touch(mode=0o600)
        client.write_text(
            f"[client]\nhost={source.host}\nport={source.port}\nuser={source.user}\npassword={source.password}\n"
            "default-character-set=utf8mb4\n"
        )
        yield Rig(source, target, Path(folder), environment(source, target, Path(folder)))


def environment(source: MariaDB, target: Postgres, home: Path) -> dict[str, str]:
    """What Meltano and psql read."""
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(home),
        "DTX_SOURCE_HOST": source.host,
        "DTX_SOURCE_PORT": str(source.port),
        "DTX_SOURCE_USER": source.reader_user,
        "DTX_SOURCE_PASSWORD": source.reader_password,
        "DTX_SOURCE_DATABASE": DATABASE,
        "DTX_TARGET_HOST": target.host,
        "DTX_TARGET_PORT": str(target.port),
        "DTX_TARGET_USER": TRANSFORM,
        "DTX_TARGET_PASSWORD": target.role_password,
        "DTX_TARGET_DATABASE": DATABASE,
        "PGHOST": target.host,
        "PGPORT": str(target.port),
        "PGUSER": TRANSFORM,
        "PGPASSWORD": target.role_password,
    }


def timed(contender: Contender, rig: Rig, table: str, rows: int) -> float:
    """Copy a table; return the seconds that the program took. The rows must have arrived."""
    started = time.monotonic()
    contender.copy(rig, table)
    seconds = time.monotonic() - started
    if (arrived := rig.count(contender.schema, table)) != rows:
        raise SystemExit(f"{contender.name}: {arrived:,} of {rows:,} rows arrived")
    return seconds


def net_and_total(contender: Contender, rig: Rig, rows: int) -> tuple[float, float]:
    """Seconds that the table's rows took, and seconds that the program took for them."""
    if contender.copy is copy_by_meltano:
        total = timed(contender, rig, FULL, rows)
        with rig.target.connect(DATABASE) as connection:
            row = connection.execute(
                "select extract(epoch from loaded_at - as_of) from raw_dtx1._loads order by loaded_at desc limit 1"
            ).fetchone()
        return float(row[0]) if row else total, total
    empty = timed(contender, rig, EMPTY, 0)
    total = timed(contender, rig, FULL, rows)
    return total - empty, total


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    for program in ("pgloader", "psql", "mariadb"):
        if shutil.which(program) is None:
            raise SystemExit(f"{program} is not installed")
    net: dict[str, list[float]] = {contender.name: [] for contender in CONTENDERS}
    total: dict[str, list[float]] = {contender.name: [] for contender in CONTENDERS}
    with rig(arguments.rows) as servers:
        for number in range(arguments.rounds):
            # Nobody is always first.
            turn = number % len(CONTENDERS)
            for contender in CONTENDERS[turn:] + CONTENDERS[:turn]:
                times = net_and_total(contender, servers, arguments.rows)
                net[contender.name].append(times[0])
                total[contender.name].append(times[1])
                stderr.print(f"round {number + 1}: {contender.name}: {times[0]:.2f} s of {times[1]:.2f} s")
    ours = net[CONTENDERS[0].name]
    table = []
    for contender in CONTENDERS:
        seconds = net[contender.name]
        ratios = [theirs / own for theirs, own in zip(seconds, ours, strict=True)]
        table.append(
            {
                "contender": contender.name,
                "median_seconds": round(statistics.median(seconds), 2),
                "median_seconds_with_start_up": round(statistics.median(total[contender.name]), 2),
                "rows_per_second": round(arguments.rows / statistics.median(seconds)),
                "median_ratio_to_ours": round(statistics.median(ratios), 2),
                "ratios_to_ours": [round(ratio, 2) for ratio in ratios],
            }
        )
    if arguments.json:
        print_json({"schema": "dtx.benchmark.replicate/1", "rows": arguments.rows, "contenders": table})
        return
    print_table(
        f"{arguments.rows:,} rows of {FULL}, {arguments.rounds} rounds, start-up aside",
        ["contender", "median s", "with start-up s", "rows/s", "times ours", "by round"],
        [[*list(row.values())[:-1], ", ".join(map(str, row["ratios_to_ours"]))] for row in table],  # type: ignore[arg-type]
    )


if __name__ == "__main__":
    main()
