"""The source catalogue: complete, consistent, and at the widths that the area documents state."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter

import pytest

from loaders.settings import PROJECT_ROOT
from sandbox.dtx1.schema import SourceColumn, create_statements, read_catalogue

LEDGER = PROJECT_ROOT / "seeds" / "ledger"
TEXT_TYPE = re.compile(r"(var)?char\(|(tiny|medium|long)?text$|enum\(|set\(")

# Widths as the documents of Areas 11 and 12 state them.
AREA_11 = {
    "repo_file": 27,
    "repo_file_audit": 29,
    "repo_throughput": 19,
    "imap_upload": 10,
    "form_field": 17,
    "keyword": 3,
    "exemption": 11,
    "reviewer_address": 6,
    "billing_data": 21,
    "inactivated_billing_data": 12,
    "lost_revenue": 9,
    "prepay_so_list": 1,
    "work_log": 5,
    "vornado_feed": 41,
}
AREA_12 = {
    "report_category": 3,
    "report": 15,
    "report_field_definition": 14,
    "report_definition": 4,
    "report_data": 93,
    "report_master_schedule": 16,
    "report_master_log": 8,
    "report_master_schedule_log": 5,
}
WITHOUT_KEY = {
    "repo_throughput",
    "billing_data",
    "inactivated_billing_data",
    "lost_revenue",
    "prepay_so_list",
    "work_log",
    "keyword",
}
# How many columns the documents name, of the tables they describe column by column.
NAMED = {"repo_file": 26, "exemption": 11, "reviewer_address": 4, "work_log": 5}
PHP_PAYLOADS = {
    ("reviewer_address", "email_string"),
    ("report_master_schedule", "email"),
    ("report_master_schedule", "do_not_send_email"),
}

Line = dict[str, str]


def lines(path: str) -> list[Line]:
    with (PROJECT_ROOT / path).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


COLUMNS = lines("seeds/ledger/source_columns.csv")
TABLES = lines("seeds/ledger/source_tables.csv")


def of_table(table: str) -> list[Line]:
    return [column for column in COLUMNS if column["source_table"] == table]


def offenders(columns: Iterable[Line]) -> list[str]:
    return [f"{column['source_table']}.{column['column_name']}" for column in columns]


def test_every_table_has_the_width_of_its_document() -> None:
    assert Counter(column["source_table"] for column in COLUMNS) == AREA_11 | AREA_12


def test_the_list_of_tables_agrees_with_the_list_of_columns() -> None:
    assert {table["source_table"]: (table["area"], int(table["columns"])) for table in TABLES} == {
        name: (area, width) for area, tables in (("11", AREA_11), ("12", AREA_12)) for name, width in tables.items()
    }
    assert [table["source_table"] for table in TABLES] == [
        name for name, _ in groupby(COLUMNS, key=itemgetter("source_table"))
    ]


def test_keys_are_those_of_the_list_of_tables() -> None:
    for table in TABLES:
        key = [column["column_name"] for column in of_table(table["source_table"]) if column["key"] == "primary"]
        assert "+".join(key) == table["key_columns"]
    assert {table["source_table"] for table in TABLES if not table["key_columns"]} == WITHOUT_KEY
    assert not offenders(c for c in COLUMNS if c["key"] == "primary" and c["nullable"] == "true")


@pytest.mark.parametrize("table", AREA_11 | AREA_12)
def test_columns_are_numbered_and_no_two_share_a_name(table: str) -> None:
    columns = of_table(table)
    assert [column["ordinal"] for column in columns] == [str(place) for place in range(1, len(columns) + 1)]
    assert not [n for n, times in Counter(c["column_name"].lower() for c in columns).items() if times > 1]


def test_closed_fields_hold_their_vocabulary() -> None:
    for field, allowed in {
        "system": {"dtx1"},
        "nullable": {"true", "false"},
        "key": {"primary", ""},
        "evidence": {"named", "inferred"},
        "php_payload": {"true", "false"},
        "character_set": {"latin1", "utf8mb3", "utf8mb4", ""},
    }.items():
        assert not offenders(c for c in COLUMNS if c[field] not in allowed), field
    assert {t["disposition"] for t in TABLES} <= {"publish", "update", "archive"}
    assert all(re.fullmatch(r"D1[12]-\d+", t["decision_id"]) for t in TABLES)


def test_text_columns_and_no_others_have_a_character_set() -> None:
    assert not offenders(c for c in COLUMNS if bool(TEXT_TYPE.match(c["mysql_type"])) != bool(c["character_set"]))


def test_php_payloads_are_the_three_that_the_documents_name() -> None:
    assert {(c["source_table"], c["column_name"]) for c in COLUMNS if c["php_payload"] == "true"} == PHP_PAYLOADS


def test_every_column_and_table_is_described_in_one_sentence() -> None:
    assert not offenders(c for c in COLUMNS if not re.fullmatch(r"\S[^\n]{2,118}\.", c["description"]))
    assert all(re.fullmatch(r"\S[^\n]{2,118}\.", t["description"]) for t in TABLES)


def test_as_many_columns_are_named_as_the_documents_name() -> None:
    named = Counter(c["source_table"] for c in COLUMNS if c["evidence"] == "named")
    assert {table: named[table] for table in NAMED} == NAMED


def test_odd_names_of_the_reporting_snapshots_are_kept() -> None:
    characters = {
        table: {c for column in of_table(table) for c in column["column_name"] if not re.match(r"\w", c)}
        for table in ("repo_throughput", "billing_data", "inactivated_billing_data", "vornado_feed")
    }
    assert characters["repo_throughput"] >= set("#% ")
    assert characters["billing_data"] >= set("#% '/?")
    assert characters["inactivated_billing_data"] >= set("#% '/?")
    assert characters["vornado_feed"] >= set("# '/?")


def test_ddl_quotes_every_name_and_holds_each_column_once() -> None:
    statements = create_statements(read_catalogue())
    assert len(statements) == len(TABLES)
    for table, statement in zip(TABLES, statements, strict=True):
        defined = re.findall(r"^  `(.+?)` ", statement, flags=re.MULTILINE)
        assert defined == [column["column_name"] for column in of_table(table["source_table"])]


def test_ddl_doubles_backticks_and_keeps_the_order_of_a_key() -> None:
    columns = [
        SourceColumn("odd`s", "b", "char(1)", "latin1", nullable=False, is_primary=True),
        SourceColumn("odd`s", "a`", "int(11)", "", nullable=False, is_primary=True),
    ]
    assert create_statements(columns) == [
        "create table `odd``s` (\n"
        "  `b` char(1) character set latin1 collate latin1_swedish_ci not null,\n"
        "  `a``` int(11) not null,\n"
        "  primary key (`b`, `a```)\n"
        ") engine=InnoDB default charset=latin1"
    ]
