"""The dispositions of the tables that stay in the archive as a whole, built by dbt on real rows (R1, R2)."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from dbt_support import create_world, dbt

from loaders.database import connect
from loaders.settings import PROJECT_ROOT, Settings
from sandbox.servers.postgres import Postgres

# The tables that no option of any decision publishes.
KEYLESS = ("repo_throughput", "billing_data", "inactivated_billing_data", "lost_revenue", "prepay_so_list", "work_log")


def archived_tables() -> dict[str, dict[str, str]]:
    models = PROJECT_ROOT / "dbt_project" / "models" / "dispositions"
    with (PROJECT_ROOT / "seeds" / "ledger" / "source_tables.csv").open(encoding="utf-8", newline="") as file:
        return {
            line["source_table"]: line
            for line in csv.DictReader(file)
            if "archived_rows(" in (models / f"dsp_dtx1__{line['source_table']}.sql").read_text(encoding="utf-8")
        }


TABLES = archived_tables()
# Of a seed's tests only those that look at nothing else.
SELECTION = (
    *("--indirect-selection", "cautious"),
    *("--select", "decisions", "reason_codes", *(f"+dsp_dtx1__{table}" for table in TABLES)),
)


@pytest.fixture
def loaded(ledger: Settings, postgres: Postgres) -> Settings:
    """Two rows in each archived table with a key; in each without one two equal rows, and two with NULL and ''."""
    create_world(ledger, postgres)
    with connect(ledger, "transform") as transform:
        for table, line in TABLES.items():
            if key := line["key_columns"]:
                transform.execute(f"insert into raw_dtx1.{table} (\"{key}\") values ('1'), ('2')")
                continue
            (column,) = transform.execute(
                "select column_name from information_schema.columns "
                "where table_schema = 'raw_dtx1' and table_name = %s and ordinal_position = 1",
                [table],
            ).fetchone()
            quoted = '"' + column.replace("%", "%%") + '"'
            transform.execute(f"insert into raw_dtx1.{table} ({quoted}) values ('1'), ('1'), (null), ('')")
    return ledger


def test_r1_every_row_of_an_archived_table_is_archived_under_its_decision(loaded: Settings, tmp_path: Path) -> None:
    assert len(TABLES) == 15
    assert {table for table, line in TABLES.items() if not line["key_columns"]} == set(KEYLESS)

    code, statuses, _ = dbt(loaded, tmp_path, "build", *SELECTION)

    assert {name: status for name, status in statuses.items() if status not in ("success", "pass")} == {}
    assert code == 0
    with connect(loaded, "publisher") as publisher:
        for table, line in TABLES.items():
            rows = publisher.execute(
                "select source_key, disposition, reason_code, decision_id "
                f"from migration_dispositions.dsp_dtx1__{table}"
            ).fetchall()
            assert {row[1:] for row in rows} == {("archive", "archived", line["decision_id"])}, table
            keys = {row[0] for row in rows}
            assert len(keys) == len(rows) == (2 if line["key_columns"] else 4), table
            if not line["key_columns"]:
                assert sorted(key.partition("#")[2] for key in keys) == ["1", "1", "1", "2"], table
