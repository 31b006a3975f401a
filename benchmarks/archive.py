"""`dtx archive` against `mariadb-dump | zstd`: the same rows, the same server, in turns; then verify and restore.

    python -m benchmarks.archive [--rows 1000000] [--rounds 3]

The dump is read once and compressed at the same level. `dtx archive` reads the rows, asks the server for their number
and checksum, hashes at three steps, compresses, encrypts, stores, reads back and records. Both are timed from the start
of their process to its end.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from loaders.database import connect
from loaders.ledger.schema import upgrade_ledger
from sandbox.dtx1 import schema
from sandbox.servers import env_file
from sandbox.servers import mariadb as mariadb_server
from sandbox.servers import postgres as postgres_server
from sandbox.servers import s3 as s3_server
from sandbox.servers.postgres import PUBLISHER
from sandbox.servers.stack import Stack
from sandbox.servers.temporary import server_folder

# Rows of some 330 bytes of CSV in 27 columns, of numbers, names, paths and dates.
ROWS = """
insert into repo_file (repo_file_id, customer_id, name, treatment, vendor_id, status, upload_src, upload_user_id,
    intake_date, repo_filepath, ocr_qa, display, type, size, client_id, update_time)
select seq, seq % 977, concat('certificate of insurance ', sha1(seq), '.pdf'), 'COI_OCR', seq % 49999, 'SUBMITTED',
    'Email', seq % 313, '2019-01-01' + interval seq minute, concat('2019/', seq % 365, '/', md5(seq), '.pdf'), 'PASS',
    'no', 'application/pdf', 20000 + seq % 900000, seq % 977, '2020-01-01' + interval seq second
from seq_1_to_{rows}
"""

# The kernel counts a child's memory from before its exec, which is its parent's: so the process says what it took.
DTX = """
import os, re
from pathlib import Path
from loaders.cli import main
try:
    main()
finally:
    Path(os.environ["PEAK"]).write_text(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""


@dataclass(frozen=True)
class Measurement:
    """One run: seconds, CPU seconds of its processes, and the peak of our own in MB."""

    seconds: float
    cpu: float
    peak: float


def measure(command: list[str], environment: dict[str, str]) -> Measurement:
    """Run a command to its end; it must succeed."""
    started = time.monotonic()
    peak = Path(environment["PEAK"])
    peak.write_text("0")
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command[0]} ended with {process.returncode}")
    return Measurement(time.monotonic() - started, usage.ru_utime + usage.ru_stime, int(peak.read_text()) / 1024)


def show(what: str, runs: list[Measurement], megabytes: float) -> None:
    """Print the median of the runs."""
    seconds = statistics.median(run.seconds for run in runs)
    cpu = statistics.median(run.cpu for run in runs)
    peak = max(run.peak for run in runs)
    memory = f"{peak:7.0f} MB peak" if peak else ""
    print(f"{what:24} {seconds:7.1f} s {megabytes / seconds:7.0f} MB/s {cpu:7.1f} CPU s {memory}")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with server_folder() as folder:
        mariadb = mariadb_server.start(folder / "mariadb", password="benchmark", reader_password="benchmark")
        postgres = postgres_server.start(folder / "postgres", password="benchmark", role_password="benchmark")
        s3 = s3_server.start(folder / "s3", access_key="AKIABENCHMARK", secret_key="benchmark-secret")
        (folder / "efs").mkdir()
        stack = Stack(mariadb, postgres, s3, folder / "efs", "benchmark", "benchmark", "benchmark")
        mariadb.create_database(stack.source_database)
        postgres.create_database(stack.target_database)
        with mariadb.connect(stack.source_database) as source, source.cursor() as cursor:
            schema.apply(source)
            cursor.execute(ROWS.format(rows=arguments.rows))
        with connect(stack.settings(), "owner") as owner:
            upgrade_ledger(owner)
            owner.execute(f"grant usage on schema migration to {PUBLISHER}")
            owner.execute(f"grant select, insert, update on all tables in schema migration to {PUBLISHER}")
        run(stack, folder, arguments.rounds)


def run(stack: Stack, folder: Path, rounds: int) -> None:
    """Let the contenders take turns."""
    archives = folder / "archives"
    environment = {
        **os.environ,
        **env_file.variables(stack),
        "DTX_ARCHIVE_URL": str(archives),
        "PEAK": f"{folder}/peak",
    }
    dtx = [sys.executable, "-c", DTX, "archive"]
    login = f"--host={stack.mariadb.host} --port={stack.mariadb.port} --user={stack.mariadb.user}"
    dump = f"mariadb-dump {login} --single-transaction {stack.source_database} | zstd -q -3 -f -o {folder}/dump.zst"
    dumps, archived = [], []
    for _ in range(rounds):
        shutil.rmtree(archives, ignore_errors=True)
        dumps.append(measure(["sh", "-c", dump], {**environment, "MYSQL_PWD": stack.mariadb.password}))
        archived.append(measure(dtx, environment))
    with connect(stack.settings(), "publisher") as publisher:
        row = publisher.execute("select sum(plain_bytes) / 1e6, sum(stored_bytes) / 1e6 from migration.archive_object")
        plain, stored = (float(value) / rounds for value in row.fetchone() or (0, 0))
    size = (folder / "dump.zst").stat().st_size / 1e6
    print(f"{plain:,.0f} MB of CSV; stored: {stored:,.0f} MB, the dump {size:,.0f} MB")
    show("mariadb-dump | zstd -3", dumps, plain)
    show("dtx archive", archived, plain)
    show("dtx archive, unchanged", [measure(dtx, environment)], plain)
    # Of the archives that the ledger knows only the last one is still there.
    with connect(stack.settings(), "publisher") as publisher:
        publisher.execute("update migration.archive_object set keep_until = '2000-01-01' where run_id < %s", [rounds])
    show("dtx archive verify", [measure([*dtx, "verify"], environment)], plain)
    stack.mariadb.create_database("restored")
    into = f"mysql://{stack.mariadb.user}@{stack.mariadb.host}:{stack.mariadb.port}/restored"
    show("dtx archive restore", [measure([*dtx, "restore", "--into", into], environment)], plain)
    to = str(folder / "masked")
    show("dtx archive export", [measure([*dtx, "export", "--masked", "--to", to], environment)], plain)


if __name__ == "__main__":
    main()
