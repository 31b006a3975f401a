"""Queries between Metabase's numbers and the names of tables and columns."""

from __future__ import annotations

import pytest

from loaders.metabase.queries import Tables, from_metabase, to_metabase

TABLES = Tables({"rpt_a": 10}, {"rpt_a.x": 100, "rpt_a.account_id": 101})
QUERY = {
    "source-table": "rpt_a",
    "fields": ["rpt_a.x", "rpt_a.account_id"],
    "filters": [["=", "rpt_a.account_id", 17]],
}


def test_a_query_goes_there_and_comes_back() -> None:
    sent = to_metabase(QUERY, 3, TABLES)

    assert sent == {
        "lib/type": "mbql/query",
        "database": 3,
        "stages": [
            {
                "lib/type": "mbql.stage/mbql",
                "source-table": 10,
                "fields": [["field", {}, 100], ["field", {}, 101]],
                "filters": [["=", {}, ["field", {}, 101], 17]],
            }
        ],
    }
    assert from_metabase(sent, 3, TABLES) == QUERY


def test_what_metabase_adds_by_itself_is_no_difference() -> None:
    added = {"lib/uuid": "u", "base-type": "type/Text", "effective-type": "type/Text"}
    stored = to_metabase(QUERY, 3, TABLES)
    stage = stored["stages"][0]
    stage["fields"] = [["field", added, 100], ["field", added, 101]]
    stage["filters"] = [["=", {"lib/uuid": "v"}, ["field", added, 101], 17]]
    assert from_metabase(stored, 3, TABLES) == QUERY


@pytest.mark.parametrize(
    "edit",
    [
        {"limit": 5},
        {"filters": []},
        {"fields": [["field", {}, 101], ["field", {}, 100]]},
        {"fields": [["field", {"temporal-unit": "month"}, 100], ["field", {}, 101]]},
        {"source-table": 11},
    ],
)
def test_what_people_change_is_one(edit: dict[str, object]) -> None:
    stored = to_metabase(QUERY, 3, TABLES)
    stored["stages"][0] |= edit
    assert from_metabase(stored, 3, TABLES) != QUERY


def test_another_kind_of_query_and_another_database_are_differences() -> None:
    native = {
        "lib/type": "mbql/query",
        "database": 3,
        "stages": [{"lib/type": "mbql.stage/native", "native": "select 1"}],
    }
    assert from_metabase(native, 3, TABLES) == {"native": "select 1"}
    assert from_metabase(to_metabase(QUERY, 4, TABLES), 3, TABLES) == {**QUERY, "database": 4}


def test_an_emptied_query_is_empty() -> None:
    assert from_metabase({}, 3, TABLES) == {}


def test_a_column_that_metabase_does_not_know_is_named() -> None:
    with pytest.raises(LookupError, match=r"rpt_a\.gone"):
        to_metabase({"source-table": "rpt_a", "fields": ["rpt_a.gone"]}, 3, TABLES)


def test_tables_of_other_schemas_and_inactive_ones_are_not_known() -> None:
    def table(name: str, schema: str, *, active: bool = True) -> dict[str, object]:
        return {"id": 1, "name": name, "schema": schema, "active": active, "fields": [{"id": 2, "name": "c"}]}

    metadata = {"tables": [table("a", "reporting"), table("b", "public"), table("c", "reporting", active=False)]}
    assert Tables.of(metadata, "reporting") == Tables({"a": 1}, {"a.c": 2})
