"""The remedies of rejects: their data held against the seeds and the catalogue, and lines made of values."""

from __future__ import annotations

import csv

import pytest

from loaders.rejects.remedies import Remedy, Value, is_placeholder, merge_values, seed_line
from loaders.settings import PROJECT_ROOT


def rows_of(path: str) -> list[dict[str, str]]:
    with (PROJECT_ROOT / path).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


REMEDIES = rows_of("seeds/ledger/reject_remedies.csv")
NAME = Remedy("exemption", "item_name_unmapped", None, "seeds/names.csv", ("{item_name}", "", "D-1"))
PLACE = Remedy("form_field", "property_unmapped", None, "seeds/places.csv", ("{form}", "{property}", "", "D-2"))


def lines(*values: Value, remedy: Remedy = NAME) -> list[tuple[str, int]]:
    return [(line.line, line.rejects) for line in merge_values([(remedy, values)])]


@pytest.mark.parametrize("row", REMEDIES, ids=lambda row: f"{row['source_table']}-{row['reason_code']}")
def test_each_remedy_fits_its_seed_and_its_table(row: dict[str, str]) -> None:
    cells = next(csv.reader([row["line_template"]]))
    header = next(csv.reader([(PROJECT_ROOT / row["seed_file"]).read_text(encoding="utf-8").splitlines()[0]]))
    assert len(cells) == len(header)
    decisions = {each["decision_id"] for each in rows_of("seeds/ledger/decisions.csv")}
    assert cells[header.index("decision_id")] in decisions
    columns = {
        each["column_name"]
        for each in rows_of("seeds/ledger/source_columns.csv")
        if each["source_table"] == row["source_table"]
    }
    shown = {cell[1:-1] for cell in cells if is_placeholder(cell)}
    assert shown
    assert shown | ({row["column_name"]} - {""}) <= columns
    (reason,) = (
        each
        for each in rows_of("seeds/ledger/reason_codes.csv")
        if (each["source_table"], each["reason_code"]) == (row["source_table"], row["reason_code"])
    )
    assert (reason["disposition"], reason["stage"]) == ("reject", "transform")
    assert row["seed_file"] in reason["what_to_do"]


def test_each_reason_that_a_seed_line_cures_has_its_remedy() -> None:
    cured = {
        (each["source_table"], each["reason_code"])
        for each in rows_of("seeds/ledger/reason_codes.csv")
        if "Add a line to seeds/" in each["what_to_do"]
    }
    assert cured == {(each["source_table"], each["reason_code"]) for each in REMEDIES}


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("Flood", "Flood,,D-1"),
        ('a "b", c', '"a ""b"", c",,D-1'),
        ("{item_name}", "{item_name},,D-1"),
        ("=cmd()", "=cmd(),,D-1"),
        ("Größe 漢字", "Größe 漢字,,D-1"),
    ],
)
def test_a_value_stands_in_its_line_as_csv_wants_it(value: str, line: str) -> None:
    made = seed_line(NAME, Value((value.lower(),), (value,), 1))
    assert (made.line, made.problem) == (line, "")
    assert next(csv.reader([made.line]))[0] == value


@pytest.mark.parametrize(
    ("value", "line"),
    [("a\nb", r'"a\nb",,D-1'), ("a\u200bb", r"a\u200bb,,D-1"), ("a\u00a0b", r"a\xa0b,,D-1"), (None, ",,D-1")],
)
def test_x1_what_cannot_be_seen_or_named_is_no_line(value: str | None, line: str) -> None:
    made = seed_line(NAME, Value((value,), (value,), 1))
    assert made.line == line
    assert made.problem


def test_the_word_null_is_no_line() -> None:
    assert "null" in seed_line(NAME, Value(("null",), ("NULL",), 1)).problem


def test_the_most_frequent_come_first() -> None:
    listed = lines(Value(("a",), ("A",), 1), Value(("b",), ("b",), 7), Value(("c",), ("c",), 1))
    assert listed == [("b,,D-1", 7), ("A,,D-1", 1), ("c,,D-1", 1)]


def test_several_columns_fill_one_line() -> None:
    assert lines(Value(("f", "p"), ("F", "p"), 2), remedy=PLACE) == [("F,p,,D-2", 2)]


def test_a_value_that_two_columns_hold_is_one_line() -> None:
    """Pasted twice, it would break the seed's own test."""
    first = Remedy("feed", "flag_unmapped", "GL?", "seeds/flags.csv", ("{GL?}", "", "D-1"))
    second = Remedy("feed", "flag_unmapped", "WC?", "seeds/flags.csv", ("{WC?}", "", "D-1"))
    found = [(first, [Value(("tbd",), ("TBD",), 2)]), (second, [Value(("tbd",), ("tbd",), 3)])]
    assert [(line.line, line.rejects) for line in merge_values(found)] == [("tbd,,D-1", 5)]
