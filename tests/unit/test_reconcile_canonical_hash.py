"""The verifier's canonical hash, held against the worked examples of docs/canonical_hash.md (reliability R2, R3)."""

from __future__ import annotations

import hashlib

import pytest

from loaders.reconcile.canonical_hash import Column, RowHasher


def test_worked_example() -> None:
    columns = [Column("file", "text"), Column("pages", "int4"), Column("note", "text"), Column("needs_review", "bool")]
    digest = RowHasher(columns).digest(["a/é.pdf", "12", None, "t"])
    assert digest.hex() == "f2f00eb0015af07cfb10468baed93af408b0d8f12fc3924569f8b69763d445eb"


@pytest.mark.parametrize(
    ("type_name", "printed", "canonical"),
    [
        pytest.param("bool", "f", "1:vb5:false", id="boolean"),
        pytest.param("numeric", "16777217.00", "1:vn8:16777217", id="numeric without trailing zeros"),
        pytest.param("numeric", "16777216.25", "1:vn11:16777216.25", id="numeric with a fraction"),
        pytest.param("numeric", "100", "1:vn3:100", id="zeros before the point stay"),
        pytest.param("bytea", "\\x00ff", "1:vy4:00ff", id="bytes"),
        pytest.param("bpchar", "a   ", "1:vt1:a", id="padded characters"),
        pytest.param("text", "a   ", "1:vt4:a   ", id="blanks of a text stay"),
        pytest.param("text", "", "1:vt0:", id="empty text"),
        pytest.param("text", None, "1:v-", id="null"),
        pytest.param("timestamptz", "2023-01-31 23:59:59+00", "1:vz22:2023-01-31 23:59:59+00", id="instant"),
        pytest.param("inet", "10.0.0.1", "1:vo8:10.0.0.1", id="any other type"),
    ],
)
def test_r2_values_are_typed_and_sized(type_name: str, printed: str | None, canonical: str) -> None:
    assert RowHasher([Column("v", type_name)]).digest([printed]) == hashlib.sha256(canonical.encode()).digest()


def test_r2_boundaries_between_values_count() -> None:
    hasher = RowHasher([Column("a", "text"), Column("b", "text")])
    assert hasher.digest(["ab", "c"]) != hasher.digest(["a", "bc"])
