"""How long `dtx decode` takes: `python -m benchmarks.decode [payloads]`, on a private PostgreSQL.

One to three addresses a payload, every address and every domain a new one, every hundredth payload damaged.
"""

from __future__ import annotations

import random
import resource
import secrets
import sys
import time
from collections.abc import Iterator

import psycopg

from loaders.console import print_table
from loaders.decode.payload_columns import PayloadColumn
from loaders.decode.stage import decode_column
from sandbox.servers import postgres
from sandbox.servers.temporary import server_folder

BAR_SECONDS = 20  # for 200,000 payloads


def payloads(count: int) -> Iterator[tuple[str, bytes]]:
    """`count` keys and serialized lists."""
    draw = random.Random(11)
    number = 0
    for key in range(count):
        elements = []
        for position in range(draw.choice((1, 1, 2, 3))):
            number += 1
            address = f"reviewer.{number}@company-{number}.example.com"
            elements.append(f'i:{position};s:{len(address) + (key % 100 == 0)}:"{address}";')
        yield str(key), f"a:{len(elements)}:{{{''.join(elements)}}}".encode()


def run(server: postgres.Postgres, database: str, count: int) -> list[object]:
    """Fill a table, decode it, return its figures."""
    column = PayloadColumn("reviewers", "emails", "latin1", ("id",))
    with (
        server.connect(database, autocommit=True) as reader,
        server.connect(database, autocommit=True) as writer,
    ):
        writer.execute("create schema raw_dtx1; create schema decoded")
        writer.execute("create table raw_dtx1.reviewers (id text, emails bytea)")
        with writer.cursor().copy("copy raw_dtx1.reviewers from stdin") as copy:
            for row in payloads(count):
                copy.write_row(row)
        return measure(reader, writer, column)


def measure(reader: psycopg.Connection, writer: psycopg.Connection, column: PayloadColumn) -> list[object]:
    """Payloads, decoded rows, seconds, seconds of processor time of this process, payloads a second, peak MB."""
    started, processor = time.perf_counter(), time.process_time()
    outcome = decode_column(reader, writer, column)
    seconds, processor = time.perf_counter() - started, time.process_time() - processor
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return [
        outcome.rows,
        outcome.verdicts.total(),
        round(seconds, 1),
        round(processor, 1),
        round(outcome.rows / seconds),
        peak,
    ]


def main() -> None:
    """Start a server, measure, print, stop the server."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    with server_folder() as folder:
        server = postgres.start(
            folder / "postgres", password=secrets.token_hex(12), role_password=secrets.token_hex(12)
        )
        server.create_database("benchmark")
        figures = run(server, "benchmark", count)
    print_table(
        f"dtx decode, bar: 200,000 payloads in under {BAR_SECONDS} s",
        ["payloads", "decoded rows", "seconds", "processor seconds", "payloads/s", "peak MB"],
        [figures],
    )


if __name__ == "__main__":
    main()
