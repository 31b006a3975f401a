"""The tables whose decision has options: the planted cases against the rules' own page, and the bulk against itself."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from loaders.settings import PROJECT_ROOT
from sandbox.generator import (
    PLANTED,
    GeneratorError,
    Plan,
    build_world,
    check,
    exemptions,
    form_fields,
    imap_uploads,
    jsonb,
    keywords,
    vornado_feeds,
)
from sandbox.generator.answers import AccountMeta, Directory, Document, Planted, Record, Target
from sandbox.generator.claims import CONTRADICTING, DUPLICATE, TAKES, Claim, settle
from sandbox.generator.exemption_plants import PLANTS as EXEMPTIONS
from sandbox.generator.world import World

Rows = Callable[[World], Iterator[Planted]]
TABLES: dict[str, Rows] = {
    "form_field": form_fields.rows,
    "keyword": keywords.rows,
    "imap_upload": imap_uploads.rows,
    "vornado_feed": vornado_feeds.rows,
}
OPTIONS = {
    "form_field": {"record_internal_id", "account_meta", "archive"},
    "keyword": {"account_meta", "directory_settings", "archive"},
    "imap_upload": {"document_metadata", "archive"},
    "vornado_feed": {"archive", "seed_records"},
}
# Which of the shared rules a table's section refers to.
ACCOUNT = {"account_missing", "account_absent", "account_rejected", "account_skipped"}
TWINS = {"duplicate_value", "contradicting_values"}
SHARED = {
    "form_field": {"mapped", "archived", "same_value"} | ACCOUNT | TWINS,
    "keyword": {"mapped", "archived", "same_value"} | ACCOUNT | TWINS,
    "imap_upload": {"mapped", "archived", "same_value"},
    "vornado_feed": {"mapped", "archived", "same_value"},
}
# What else the sections put between backticks.
NO_CODES = {"publish", "update", "reject", "skip", "archive", "internal_id", "internal_id1", "record_column"} | {
    *("account_meta", "record_internal_id", "directory_settings", "document_metadata", "seed_records"),
    *("label_overrides", "upload_provenance", "lease_is_perpetual"),
}


def world(**rows: int) -> World:
    return build_world(Plan(rows=rows), lambda table, count: 1)


def section(table: str) -> str:
    """The table's rules as docs/area11.md states them, without the list of JSON keys."""
    page = (PROJECT_ROOT / "docs" / "area11.md").read_text(encoding="utf-8")
    found = re.search(rf"^## {table} .*?(?=^## |\Z)", page, flags=re.MULTILINE | re.DOTALL)
    assert found
    return found[0].partition("The object's keys:")[0]


@pytest.mark.parametrize("table", TABLES)
def test_every_reason_code_of_the_rules_is_planted_and_no_other(table: str) -> None:
    codes = set(re.findall(r"`([a-z][a-z0-9_]*)`", section(table))) - NO_CODES | SHARED[table]
    assert len(codes) > 8
    planted = {
        answer.reason_code for row in TABLES[table](world(**{table: PLANTED[table]})) for answer in row.answers.values()
    }
    assert planted == codes


def test_the_rule_added_to_exemption_is_planted() -> None:
    assert set(re.findall(r"`([a-z_]+)` \(already_present\)", section("exemption"))) == {"already_overridden"}
    overridden = [plant for plant in EXEMPTIONS if plant.outcome == ("already_present", "already_overridden")]
    assert len(overridden) == 5
    made = list(exemptions.overrides(world()))
    assert {row["status"] for row in made} == {"approved", "revoked"}
    assert len(made) == 8


@pytest.mark.parametrize("table", TABLES)
def test_every_row_has_an_answer_for_every_option(table: str) -> None:
    for row in TABLES[table](world(**{table: 400})):
        assert set(row.answers) == OPTIONS[table]
        assert row.answers["archive"].disposition == "archive"
        for answer in row.answers.values():
            assert bool(answer.expected) == (answer.disposition in ("publish", "update"))


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("more", [0, 1, 3, 7, 1000])
def test_tables_have_the_rows_that_are_asked_for(table: str, more: int) -> None:
    count = PLANTED[table] + more
    keys = [row.source_key for row in TABLES[table](world(**{table: count}))]
    assert len(keys) == len(set(keys)) == count


@pytest.mark.parametrize("table", TABLES)
def test_rows_are_the_same_every_time(table: str) -> None:
    assert list(TABLES[table](world())) == list(TABLES[table](world()))


def value_at(place: Any, path: tuple[str, ...]) -> Any:
    """What stands at a path of a JSON value; fails where something on the way is no object."""
    for step in path:
        assert isinstance(place, dict)
        if step not in place:
            return None
        place = place[step]
    raise AssertionError(f"{path} is taken")


def places(options: dict[str, str], made: World) -> Iterator[Target]:
    """Every target row that the answers of these tables expect under these options."""
    for table, option in options.items():
        for row in TABLES[table](made):
            yield from row.answers[option].expected


@pytest.mark.parametrize(
    "options",
    [
        {"form_field": "record_internal_id", "keyword": "account_meta", "imap_upload": "document_metadata"},
        {"form_field": "account_meta", "keyword": "directory_settings", "vornado_feed": "seed_records"},
        {"form_field": "account_meta", "keyword": "account_meta", "vornado_feed": "seed_records"},
    ],
)
def test_m5_what_moves_finds_its_place_free(options: dict[str, str]) -> None:
    """No two rows move to one place, whatever table they come from, and nothing stands there before."""
    made = world(form_field=3000, keyword=3000, imap_upload=2000, vornado_feed=2000, repo_file=2000)
    present = {
        (str(made.accounts.target(account)), key)
        for module in (form_fields, keywords, vornado_feeds)
        for account, key, _ in module.account_meta(made)
    }
    records = {made.records.target(at): form_fields.internal_ids(at) for at in range(made.records.count)}
    settings = {
        made.directories.target(at): keywords.directory_settings(made, at) for at in range(made.directories.count)
    }
    metadata = {
        made.documents.target(at): imap_uploads.document_metadata(made, at) for at in range(made.documents.count)
    }
    taken = set()
    for target in places(options, made):
        if target.table == AccountMeta:
            place: tuple[Any, ...] = (target.columns["account_id"], target.columns["key"])
            assert place not in present
        elif target.table == Record:
            (column,) = target.columns
            place = (target.row_id, column)
            assert not records[target.row_id or 0][("internal_id", "internal_id1").index(column)].strip()
        else:
            place = (target.table, target.row_id, target.row_of, target.json_path)
            assert target.table in (Directory, Document)
            if target.row_id is not None:
                before = settings if target.table == Directory else metadata
                assert value_at(json.loads(before[target.row_id]), target.json_path) is None
        assert place not in taken
        taken.add(place)
    assert len(taken) > 3000


def shares(table: str, option: str, **rows: int) -> dict[str, float]:
    """Disposition to share of the bulk."""
    bulk = list(TABLES[table](world(**{table: 5000, **rows})))[PLANTED[table] :]
    found = [row.answers[option].disposition for row in bulk]
    return {disposition: found.count(disposition) / len(found) for disposition in set(found)}


def test_bulk_shares_are_realistic() -> None:
    assert shares("vornado_feed", "seed_records")["publish"] == pytest.approx(0.93, abs=0.02)
    keyword = shares("keyword", "directory_settings")
    assert keyword["update"] == pytest.approx(0.90, abs=0.03)
    assert 0 < keyword["reject"] < 0.05
    form_field = shares("form_field", "record_internal_id")
    assert form_field["update"] + form_field["publish"] == pytest.approx(0.90, abs=0.04)
    assert form_field["already_present"] == pytest.approx(0.016, abs=0.01)
    mailed = shares("imap_upload", "document_metadata", repo_file=5000)
    assert mailed["archive"] == pytest.approx(0.46, abs=0.05)
    assert mailed["update"] == pytest.approx(0.32, abs=0.05)


def test_census_values_are_rare() -> None:
    """M1: dates that nobody has ruled on are there, and are no spike."""
    days = [str(row.values[4]) for row in exemptions.rows(world(exemption=20_000))]
    for day in ("9999-12-31", "1970-01-01", "2046-01-01"):
        assert 0.0005 < days.count(day) / len(days) < 0.01


@pytest.mark.parametrize(
    ("claims", "verdicts"),
    [
        ([], []),
        ([Claim("a", 1, "x"), Claim("b", 2, "y")], [TAKES, TAKES]),
        ([Claim("a", 10, "x"), Claim("a", 9, "x"), Claim("a", 11, "x")], [DUPLICATE, TAKES, DUPLICATE]),
        ([Claim("a", 1, "x"), Claim("a", 2, "X"), Claim("a", 3, "x")], [CONTRADICTING] * 3),
        ([Claim("a", 1, "x"), Claim(None, 2, "y"), Claim(None, 0, "x")], [TAKES, TAKES, TAKES]),
    ],
)
def test_m5_rivals_are_settled(claims: list[Claim], verdicts: list[tuple[str, str]]) -> None:
    assert settle(claims) == verdicts


def test_jsonb_is_printed_as_postgresql_prints_it() -> None:
    value: dict[str, jsonb.Json] = {"bb": [1, None], "é": True, "a": Decimal("10.00"), "c": 'q"\\\n\x01é/'}
    assert jsonb.text(value) == '{"a": 10.00, "c": "q\\"\\\\\\n\\u0001é/", "bb": [1, null], "é": true}'


def test_keyword_keys_number_equal_rows() -> None:
    equal = [row for row in keywords.rows(world()) if row.values[1] == "SHELF_EQUAL"]
    assert [row.source_key.partition("#")[2] for row in equal] == ["1", "2", "3"]
    assert len({row.source_key.partition("#")[0] for row in equal}) == 1
    assert [row.answers["account_meta"].reason_code for row in equal] == ["mapped", *["duplicate_value"] * 2]


@pytest.mark.parametrize("table", PLANTED)
def test_too_few_rows_are_refused_with_the_least_count(table: str) -> None:
    with pytest.raises(GeneratorError, match=f"planted case: {table} {PLANTED[table] - 1}$") as refusal:
        check(Plan(rows={table: PLANTED[table] - 1}))
    assert refusal.value.hint == f"At least {table} {PLANTED[table]}; or raise the scale."
    check(Plan(rows={table: PLANTED[table]}))


def test_the_page_about_the_sandbox_counts_the_planted_cases() -> None:
    page = (PROJECT_ROOT / "docs" / "sandbox.md").read_text(encoding="utf-8")
    counted = re.findall(r"^\| (\w+) \| (\d+) \| (\d+) \|", page, flags=re.MULTILINE)
    assert {table: int(planted) for table, planted, _ in counted} == PLANTED
    assert {table: int(rows) for table, _, rows in counted} == {table: Plan().rows_of(table) for table in PLANTED}
