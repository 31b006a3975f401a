"""How a run's workers and its rate are shared out among processes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from loaders.files.crew import shares
from loaders.files.options import Options

OPTIONS = Options(
    bucket="b",
    endpoint_url=None,
    storage_class="STANDARD",
    server_side_encryption=None,
    kms_key_id=None,
    client="direct",
    attempts=8,
    timeout_seconds=60,
    workers=8,
    files_per_second=None,
    bytes_per_second=None,
)


@pytest.mark.parametrize(("workers", "count"), [(8, 2), (7, 3), (256, 64), (2, 2)])
def test_all_processes_together_have_what_was_set(workers: int, count: int) -> None:
    options = replace(OPTIONS, workers=workers, files_per_second=100.0, bytes_per_second=5e6)
    shared = shares(options, count)
    assert len(shared) == count
    assert sum(one.workers for one in shared) == workers
    assert min(one.workers for one in shared) >= 1
    assert sum(one.files_per_second or 0 for one in shared) == pytest.approx(100)
    assert sum(one.bytes_per_second or 0 for one in shared) == pytest.approx(5e6)


def test_no_limit_stays_no_limit() -> None:
    assert {(one.files_per_second, one.bytes_per_second) for one in shares(OPTIONS, 4)} == {(None, None)}
