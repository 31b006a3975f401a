"""Meltano runs the plugins with the project's own meltano.yml, and with no network."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from singer_pair import Pair

from loaders.settings import PROJECT_ROOT, Settings
from sandbox.dtx1 import schema
from sandbox.servers.mariadb import MariaDB

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def pair(database: Settings, mariadb: MariaDB, tmp_path: Path) -> Pair:
    return Pair(database, tmp_path, mariadb)


def meltano(pair: Pair, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Meltano in a folder that holds nothing but meltano.yml; whatever it would fetch is out of reach."""
    shutil.copy(PROJECT_ROOT / "meltano.yml", pair.folder)
    s = pair.settings
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(pair.folder),
        "MELTANO_HUB_URL": NOWHERE,
        "HTTP_PROXY": NOWHERE,
        "HTTPS_PROXY": NOWHERE,
        "NO_COLOR": "1",
        "DTX_SOURCE_HOST": s.source_host,
        "DTX_SOURCE_PORT": str(s.source_port),
        "DTX_SOURCE_USER": s.source_user,
        "DTX_SOURCE_PASSWORD": s.source_password.get_secret_value(),
        "DTX_SOURCE_DATABASE": s.source_database,
        "DTX_TARGET_HOST": s.target_host,
        "DTX_TARGET_PORT": str(s.target_port),
        "DTX_TARGET_USER": s.target_user,
        "DTX_TARGET_PASSWORD": s.target_password.get_secret_value(),
        "DTX_TARGET_DATABASE": s.target_database,
    }
    return subprocess.run(
        ["meltano", *arguments],
        cwd=pair.folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )


def test_meltano_replicates_all_of_dtx1_and_stops_at_drift(pair: Pair) -> None:
    with pair.source() as connection:
        schema.apply(connection)
        with connection.cursor() as cursor:
            cursor.execute(
                "insert into reviewer_address (reviewer_address_id, email_string) "
                "values (1, _latin1 x'733a313a22e9223b'), (2, null)"
            )
    ran = meltano(pair, "run", "replicate")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert pair.raw("reviewer_address", "reviewer_address_id", "email_string") == [("1", b's:1:"\xe9";'), ("2", None)]
    columns = schema.read_catalogue()
    with pair.target() as connection:
        raw = connection.execute(
            "select table_name, column_name from information_schema.columns where table_schema = 'raw_dtx1' "
            "and column_name not in ('_loaded_at', '_unstorable') and table_name <> '_loads' "
            "order by table_name, ordinal_position"
        ).fetchall()
        secrets = [pair.settings.source_password, pair.settings.target_password]
        assert not any(secret.get_secret_value() in ran.stdout + ran.stderr for secret in secrets)
    assert sorted(raw) == sorted((column.source_table, column.column_name) for column in columns)

    pair.execute("alter table exemption add column surprise int", "insert into exemption (exemption_id) values (1)")
    ran = meltano(pair, "run", "replicate")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "new columns in the source: exemption.surprise" in ran.stdout + ran.stderr
    assert pair.raw("exemption", "exemption_id", "surprise") == [("1", None)]

    pair.execute("alter table exemption drop column surprise")
    ran = meltano(pair, "run", "replicate")
    assert ran.returncode == 1
    assert "columns are gone from the source: exemption.surprise" in ran.stdout + ran.stderr
    assert pair.raw("exemption", "exemption_id", "surprise") == [("1", None)]
