"""Meltano runs the plugins with the project's own meltano.yml, and with no network."""

from __future__ import annotations

from pathlib import Path

import pytest
from meltano_project import meltano
from singer_pair import Pair

from loaders.settings import Settings
from sandbox.dtx1 import schema
from sandbox.servers.mariadb import MariaDB


@pytest.fixture
def pair(database: Settings, mariadb: MariaDB, tmp_path: Path) -> Pair:
    return Pair(database, tmp_path, mariadb)


def raw_columns(pair: Pair) -> list[tuple[str, str]]:
    with pair.target() as connection:
        return connection.execute(
            "select table_name, column_name from information_schema.columns where table_schema = 'raw_dtx1' "
            "and column_name not in ('_loaded_at', '_unstorable') and table_name <> '_loads' order by 1, 2"
        ).fetchall()


def test_meltano_replicates_all_of_dtx1_and_stops_at_drift(pair: Pair) -> None:
    columns = sorted((column.source_table, column.column_name) for column in schema.read_catalogue())
    with pair.source() as connection:
        schema.apply(connection)
    pair.execute(
        "insert into reviewer_address (reviewer_address_id, email_string) "
        "values (1, _latin1 x'733a313a22e9223b'), (2, null)"
    )
    ran = meltano(pair, "run", "replicate")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    secrets = [pair.settings.source_password, pair.settings.target_password]
    assert not any(secret.get_secret_value() in ran.stdout + ran.stderr for secret in secrets)
    assert pair.raw("reviewer_address", "reviewer_address_id", "email_string") == [("1", b's:1:"\xe9";'), ("2", None)]
    assert raw_columns(pair) == columns

    pair.execute("alter table exemption add column surprise int", "insert into exemption (exemption_id) values (1)")
    ran = meltano(pair, "run", "replicate")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "new columns in the source: exemption.surprise" in ran.stdout + ran.stderr
    assert pair.raw("exemption", "exemption_id", "surprise") == [("1", None)]
    assert raw_columns(pair) == sorted([*columns, ("exemption", "surprise")])

    pair.execute("alter table exemption drop column surprise")
    ran = meltano(pair, "run", "replicate")
    assert ran.returncode == 1
    assert "columns are gone from the source: exemption.surprise" in ran.stdout + ran.stderr
    assert pair.raw("exemption", "exemption_id", "surprise") == [("1", None)]
