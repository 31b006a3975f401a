"""The archive's memory does not depend on how many rows a table has."""

from __future__ import annotations

from pathlib import Path

import pytest
from archive_support import Rig

from loaders.archive.catalogue import read_catalogue
from loaders.settings import Settings
from sandbox.dtx1.schema import apply
from sandbox.servers.mariadb import MariaDB

PEAK = """
import re, sys
from pathlib import Path
from loaders.cli import main
try:
    main()
finally:
    print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1], file=sys.stderr)
"""


@pytest.fixture
def rig(ledger: Settings, mariadb: MariaDB, tmp_path: Path) -> Rig:
    rig = Rig(ledger.model_copy(update={"archive_url": str(tmp_path / "archives")}), mariadb, read_catalogue())
    with rig.source() as connection:
        apply(connection)
    rig.execute("insert into work_log (user_id, session_id, customer_id) select seq, sha1(seq), 7 from seq_1_to_3000")
    return rig


def test_memory_does_not_grow_with_a_table(rig: Rig) -> None:
    def peak_megabytes(*arguments: str) -> float:
        process = rig.start(*arguments, code=PEAK)
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
        return int(errors.split()[-1]) / 1024

    little = peak_megabytes(), peak_megabytes("verify")
    rig.execute("insert into work_log select seq, sha1(seq), seq, '2024-01-01', null from seq_1_to_500000")
    much = peak_megabytes(), peak_megabytes("verify")
    ((plain,),) = rig.ledger("select max(plain_bytes) / 1e6 from migration.archive_object")
    assert plain > 35, "megabytes of CSV"
    assert max(after - before for before, after in zip(little, much, strict=True)) < 20
