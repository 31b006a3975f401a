from __future__ import annotations

from typing import Any

import pytest

from loaders.errors import ConfigurationError, LossError, RefusedError
from loaders.singer.tap.plan import plan
from loaders.singer.tap.table import discover
from loaders.singer.tap_mysql.catalogue import Table
from loaders.singer.tap_mysql.queries import rows_query
from loaders.singer.tap_mysql.rendering import Column, csv_select

ID = Column("id", "int", "int(11)", None, False)
UPDATED = Column("updated", "datetime", "datetime", None, True)
PRICE = Column("price", "decimal", "decimal(12,2)", None, True)
NAME = Column("name", "varchar", "varchar(20)", "latin1", True)


def table(
    name: str = "t", columns: tuple[Column, ...] = (ID, UPDATED, PRICE, NAME), key: tuple[str, ...] = ("id",)
) -> Table:
    return Table(name, columns, key, is_view=False, engine="InnoDB", data_bytes=0, approximate_rows=0)


def catalogue(*tables: Table, **of_table: Any) -> dict[str, Any]:
    found = discover(tables, "dtx1")
    for stream in found["streams"]:
        stream["metadata"][0]["metadata"] |= {name.replace("_", "-"): value for name, value in of_table.items()}
    return found


def deselect(found: dict[str, Any], column: str) -> dict[str, Any]:
    for entry in found["streams"][0]["metadata"]:
        if entry["breadcrumb"] == ["properties", column]:
            entry["metadata"]["selected"] = False
    return found


def incremental(key: str | None = "updated", **of_table: Any) -> dict[str, Any]:
    return catalogue(table(), replication_method="INCREMENTAL", replication_key=key, **of_table)


def state(value: str, key: str = "updated") -> dict[str, Any]:
    return {"bookmarks": {"t": {"replication_key": key, "replication_key_value": value}}}


def test_everything_is_read_in_full_unless_told_otherwise() -> None:
    (stream,) = plan(catalogue(table()), {"t": table()}, state("2024-01-01 00:00:00"))
    assert stream.columns == table().columns
    assert not stream.is_increment
    assert " where " not in rows_query(stream)


def test_a_stream_and_a_column_can_be_deselected_but_no_key() -> None:
    assert plan(catalogue(table(), selected=False), {"t": table()}, {}) == ()
    found = deselect(deselect(catalogue(table()), "name"), "id")
    (stream,) = plan(found, {"t": table()}, {})
    assert [column.name for column in stream.columns] == ["id", "updated", "price"]


def test_e6_what_is_selected_and_gone_stops_the_run_and_is_named() -> None:
    live = {"t": table(columns=(ID, UPDATED, PRICE))}
    with pytest.raises(LossError, match=r"gone from the source: t\.name, exemption"):
        plan(catalogue(table(), table("exemption")), live, {})


def test_an_increment_reads_ties_zero_dates_and_missing_keys_again() -> None:
    (stream,) = plan(incremental(), {"t": table()}, state("2024-01-01 00:00:00"))
    assert stream.is_increment
    assert rows_query(stream).endswith(
        " where `updated` >= '2024-01-01 00:00:00' or `updated` is null or `updated` < '0001-01-01'"
    )


def test_a_number_as_bookmark_is_not_compared_as_a_double() -> None:
    (stream,) = plan(incremental("price"), {"t": table()}, state("9007199254740993.10", "price"))
    assert rows_query(stream).endswith(" where `price` >= 9007199254740993.10 or `price` is null")


def test_a_bookmark_of_another_key_means_a_full_load() -> None:
    (stream,) = plan(incremental(), {"t": table()}, state("5", "id"))
    assert not stream.is_increment
    assert stream.replication_key == UPDATED


@pytest.mark.parametrize("bookmark", ["2024'; drop table t; --", "x"])
def test_a_bookmark_that_is_no_date_never_reaches_the_server(bookmark: str) -> None:
    (stream,) = plan(incremental(), {"t": table()}, state(bookmark))
    with pytest.raises(ConfigurationError, match="no date"):
        rows_query(stream)


@pytest.mark.parametrize("key", ["name", "gone", None])
def test_a_replication_key_that_cannot_work_is_refused(key: str | None) -> None:
    with pytest.raises(ConfigurationError, match=r"^t[.:]"):
        plan(incremental(key), {"t": table()}, {})


def test_an_increment_needs_a_primary_key() -> None:
    keyless = table(key=())
    found = catalogue(keyless, replication_method="INCREMENTAL", replication_key="updated")
    with pytest.raises(ConfigurationError, match="without a primary key"):
        plan(found, {"t": keyless}, {})


def test_names_that_postgresql_would_cut_or_that_are_ours_are_all_refused_at_once() -> None:
    long = "é" * 32
    tables = [
        table("_loads"),
        table("w" * 64, columns=(ID,)),
        table(
            "t", columns=(ID, Column(long, "int", "int", None, True), Column("_loaded_at", "int", "int", None, True))
        ),
    ]
    with pytest.raises(RefusedError) as caught:
        plan(catalogue(*tables), {each.name: each for each in tables}, {})
    for name in ("_loads", "w" * 64, f"t.{long}", "t._loaded_at"):
        assert name in str(caught.value)


def test_a_stream_without_columns_is_refused() -> None:
    keyless = table(columns=(NAME,), key=())
    with pytest.raises(RefusedError, match="no selected column"):
        plan(deselect(catalogue(keyless), "name"), {"t": keyless}, {})


def test_names_are_quoted_for_the_legacy_server() -> None:
    odd = Column("a`b'c", "int", "int", None, False)
    assert csv_select("x`y", (odd,)) == "select concat_ws(',', `a``b'c`) from `x``y`"
