"""The stand-in's two forms of Metabase's query language: going over and back changes nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.metabase import mbql
from sandbox.metabase.errors import ApiError

options = st.sampled_from([None, {"base-type": "type/Text"}, {"join-alias": "Account"}, {"temporal-unit": "month"}])
fields = st.builds(
    lambda number, more: ["field", number, more], st.integers(1, 99) | st.text("abc", min_size=1), options
)
literals = st.one_of(st.integers(), st.text(), st.booleans(), st.none(), st.floats(allow_nan=False))
comparisons = st.builds(
    lambda operator, field, value: [operator, field, value],
    st.sampled_from(["=", "!=", "<", ">=", "contains"]),
    fields,
    literals,
)
with_options = st.builds(lambda clause: [*clause, {"case-sensitive": False}], comparisons)
conditions = st.recursive(
    comparisons | with_options,
    lambda inner: st.builds(
        lambda word, parts: [word, *parts], st.sampled_from(["or", "not"]), st.lists(inner, min_size=1)
    ),
    max_leaves=6,
)


@given(conditions)
def test_a_clause_goes_over_and_back(clause: list[Any]) -> None:
    assert mbql.clause4(mbql.clause5(clause)) == clause


@given(
    st.lists(fields, min_size=1), st.lists(conditions, min_size=1), st.integers(1, 9), st.sampled_from([7, "card__7"])
)
def test_a_query_goes_over_and_back(chosen: list[Any], found: list[Any], limit: int, source: int | str) -> None:
    query = {
        "source-table": source,
        "fields": chosen,
        "filter": found[0] if len(found) == 1 else ["and", *found],
        "order-by": [["desc", chosen[0]]],
        "aggregation": [["count"], ["sum", chosen[0]]],
        "breakout": chosen,
        "expressions": {"total": ["+", chosen[0], 1]},
        "limit": limit,
    }
    sent = {"type": "query", "database": 1, "query": query}
    kept = mbql.to_mbql5(sent)
    assert mbql.to_mbql4(kept) == sent
    assert mbql.to_mbql5(kept)["stages"] == kept["stages"], "uuids that are there stay"


def test_native_sql_goes_over_and_back_with_its_tags() -> None:
    tag = {"name": "a", "display-name": "A", "type": "dimension", "widget-type": "number/="}
    tags = {"a": {**tag, "dimension": ["field", 3, None]}}
    sent = {"type": "native", "database": 1, "native": {"query": "select 1 where {{a}}", "template-tags": tags}}
    kept = mbql.to_mbql5(sent)
    assert kept["stages"][0]["template-tags"]["a"]["dimension"][2] == 3
    assert mbql.to_mbql4(kept) == sent


def test_a_clause_of_the_other_form_is_refused() -> None:
    stage = {"lib/type": "mbql.stage/mbql", "source-table": 1, "filters": [["=", ["field", 1, None], 2]]}
    for sent in (
        {"lib/type": "mbql/query", "database": 1, "stages": [stage]},
        {"type": "query", "database": 1, "query": {"source-table": 1, "filter": ["=", {}, ["field", {}, 1], 2]}},
    ):
        with pytest.raises(ApiError) as caught:
            mbql.to_mbql5(sent)
        assert caught.value.status == 500
