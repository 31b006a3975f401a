"""The census asks about every temporal and code column that decides or lands: no sentinel slips by a column (M1)."""

from __future__ import annotations

import re

from loaders.mapping.column_maps import read_column_maps, read_seed
from loaders.settings import PROJECT_ROOT

MODELS = PROJECT_ROOT / "dbt_project" / "models" / "preflight"
TEMPORAL = re.compile(r"date|datetime|timestamp|time|year")
NUMERIC = re.compile(r"(tiny|small|medium|big)?int|decimal|float|double")
# Vornado's dates are text in DTX 1.0.
TEXT_DATES = {("vornado_feed", name) for name in ("Lease Start Date", "Lease End Date", "Move-In Date")}


def asked() -> dict[tuple[str, str], str]:
    """Table and column to the kind that the census takes it for."""
    found = {}
    for path in MODELS.glob("pre_dtx1__*_extremes.sql"):
        (table,) = re.findall(r"sentinel_census\('(\w+)'", path.read_text(encoding="utf-8"))
        assert path.stem == f"pre_dtx1__{table}_extremes"
        for column, kind in re.findall(r"^    '(.+?)': \[.*'(\w+)'\]", path.read_text(encoding="utf-8"), re.MULTILINE):
            found[table, column] = kind
    return found


def kind_of(table: str, column: str, mysql_type: str) -> str | None:
    if (table, column) in TEXT_DATES:
        return "us_date"
    if TEMPORAL.match(mysql_type):
        return "date"
    return "number" if NUMERIC.match(mysql_type) else None


def test_m1_the_census_asks_about_every_temporal_and_code_column_that_decides_or_lands() -> None:
    types = {(c["source_table"], c["column_name"]): c["mysql_type"] for c in read_seed("ledger/source_columns.csv")}
    maps = read_column_maps()
    published = [
        line for lines in maps.values() if any(each.disposition == "mapped" for each in lines) for line in lines
    ]
    keys = {(line.source_table, line.column_name) for line in published if line.disposition == "key"}
    moving = {
        (line.source_table, line.column_name) for line in published if line.decides or line.disposition == "mapped"
    }
    wanted = {key: kind_of(*key, types[key]) for key in moving - keys}

    assert asked() == {key: kind for key, kind in wanted.items() if kind}


def test_m1_the_census_reads_the_staging_column_that_holds_the_source_column() -> None:
    """A census of another column than it names would rule on the wrong values."""
    for path in MODELS.glob("pre_dtx1__*_extremes.sql"):
        text = path.read_text(encoding="utf-8")
        (table,) = re.findall(r"sentinel_census\('(\w+)'", text)
        staging = (PROJECT_ROOT / f"dbt_project/models/staging/dtx1/stg_dtx1__{table}.sql").read_text(encoding="utf-8")
        for column, staged in re.findall(r"^    '(.+?)': \['source\.(\w+)", text, re.MULTILINE):
            quoted = f'source."{column}"' if not re.fullmatch(r"[a-z_0-9]+", column) else f"source.{column}"
            (line,) = [
                line for line in staging.splitlines() if re.search(rf"(as {staged}|source\.{staged}),?$", line.strip())
            ]
            assert quoted in line, f"{table}.{column}"
