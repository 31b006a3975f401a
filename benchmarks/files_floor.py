"""What `dtx files` is held against beside s5cmd: the same puts, readings back and SHA-256 by obstore, and nothing else.

    python files_floor.py ENDPOINT BUCKET TREE WORKERS

A process on each core, no plan, no ledger, no report, no look at what changed: what a script that trusts nothing but
its bytes would do. It runs in the environment of the benchmark's tools.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import timedelta
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path

from obstore.store import S3Store


def move(endpoint: str, bucket: str, paths: list[Path], workers: int) -> int:
    """Put each file, read it back and compare; returns how many were the same."""
    store = S3Store(
        bucket,
        config={
            "endpoint": endpoint,
            "region": "us-east-1",
            "virtual_hosted_style_request": False,
            "checksum_algorithm": "SHA256",
            "unsigned_payload": True,
        },
        client_options={"allow_http": True, "timeout": timedelta(seconds=60)},
    )

    def one(path: Path) -> bool:
        body = path.read_bytes()
        key = f"floor/{path.parent.name}/{path.name}"
        attributes = {"Content-Type": "application/pdf", "sha256": sha256(body).hexdigest()}
        store.put(key, body, mode="create", use_multipart=False, attributes=attributes)
        return bool(store.get(key).bytes() == body)

    with ThreadPoolExecutor(workers) as threads:
        return sum(threads.map(one, paths))


def main(endpoint: str, bucket: str, tree: str, workers: str) -> None:
    """Move the tree; exit code 1 when an object differs from its file."""
    # obstore's own thread only waits for sockets; a second one costs CPU, in waking each other.
    os.environ["TOKIO_WORKER_THREADS"] = "1"
    paths = sorted(Path(tree).glob("*/*"))
    cores = len(os.sched_getaffinity(0))
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as processes:
        shares = [paths[number::cores] for number in range(cores)]
        same = sum(processes.map(move, [endpoint] * cores, [bucket] * cores, shares, [int(workers) // cores] * cores))
    sys.exit(same != len(paths))


if __name__ == "__main__":
    main(*sys.argv[1:])
