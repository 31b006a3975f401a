"""The dispatch migration's catalogue, decisions, reasons and value maps agree with each other and with the DDL."""

from __future__ import annotations

import csv
import re
from collections import Counter

from loaders.settings import PROJECT_ROOT
from sandbox.dispatch.answers import rules
from sandbox.dispatch.answers.notifications import NEED_NO_CONTEXT
from sandbox.dispatch.databases import SQL_FOLDER
from sandbox.dispatch.decisions import chosen_options
from sandbox.dispatch.generator.notifications import TEMPLATES

SEEDS = PROJECT_ROOT / "seeds" / "dispatch"
Line = dict[str, str]


def lines(name: str) -> list[Line]:
    with (SEEDS / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


COLUMNS, TABLES = lines("ledger/source_columns"), lines("ledger/source_tables")
DECISIONS, REASONS = lines("ledger/decisions"), lines("ledger/reason_codes")


def ddl() -> list[tuple[str, str, str, str, str]]:
    """Table, column, type, nullable and key of each column, read from the DDL's text."""
    found = []
    script = (SQL_FOLDER / "source_tables.sql").read_text(encoding="utf-8")
    for table, body in re.findall(r"create table (\w+) \((.*?)\n\);", script, flags=re.DOTALL):
        for name, rest in re.findall(r'^    "?(?!unique)(\w+)"? (.+?),?$', body, flags=re.MULTILINE):
            key = "primary" if "primary key" in rest else ""
            nullable = "false" if key or "not null" in rest else "true"
            kind = re.sub(r" ?(primary key|not null|unique)", "", rest).replace(", ", ",")
            found.append((table, name, kind, nullable, key))
    return found


def test_the_catalogue_is_the_ddl() -> None:
    assert [
        (c["source_table"], c["column_name"], c["postgres_type"], c["nullable"], c["key"]) for c in COLUMNS
    ] == ddl()
    widths = Counter(column["source_table"] for column in COLUMNS)
    assert {table["source_table"]: int(table["columns"]) for table in TABLES} == widths
    assert {(column["system"], table["system"]) for column in COLUMNS for table in TABLES} == {("dispatch", "dispatch")}


def test_credentials_and_nothing_else_stay_in_the_source() -> None:
    kept = {f"{c['source_table']}.{c['column_name']}" for c in COLUMNS if c["extracted"] == "false"}
    assert kept == {"auth_user.password", "dispatch_operation.card_bin", "dispatch_globalsetting.value"}
    assert kept == {f"{c['source_table']}.{c['column_name']}" for c in COLUMNS if c["privacy"] == "credential"}


def test_classes_are_those_of_the_other_catalogue() -> None:
    with (PROJECT_ROOT / "seeds" / "ledger" / "source_columns.csv").open(newline="", encoding="utf-8") as file:
        known = {line["privacy"] for line in csv.DictReader(file)}
    assert {column["privacy"] for column in COLUMNS} <= known
    assert {column["evidence"] for column in COLUMNS} == {"named", "inferred"}


def test_every_column_and_table_is_described_in_one_sentence() -> None:
    assert [line for line in (*COLUMNS, *TABLES) if not re.fullmatch(r"\S[^\n]{2,118}\.", line["description"])] == []


def test_each_component_has_a_decision_and_reasons() -> None:
    known = {decision["decision_id"] for decision in DECISIONS}
    components = [table for table in TABLES if table["component"]]
    assert len(components) == 9
    assert {table["decision_id"] for table in components} <= known
    given = {reason["source_table"] for reason in REASONS if reason["stage"] == "transform"}
    assert given == {table["source_table"] for table in components}
    assert {reason["decision_id"] for reason in REASONS if reason["stage"] == "transform"} <= known
    assert {table["disposition"] for table in TABLES if not table["component"]} == {"elsewhere"}


def test_options_are_unique_among_all_decisions_and_the_chosen_one_is_among_them() -> None:
    options = [option for decision in DECISIONS for option in decision["options"].split("|")]
    assert len(options) == len(set(options))
    assert all(decision["chosen"] in decision["options"].split("|") for decision in DECISIONS)
    assert all(not set(d["options"].split("|")) & set(d["refused_options"].split("|")) for d in DECISIONS)
    assert chosen_options() == {decision["chosen"] for decision in DECISIONS}


def test_no_reason_is_listed_twice() -> None:
    codes = [(reason["source_table"], reason["reason_code"], reason["disposition"]) for reason in REASONS]
    assert len(codes) == len(set(codes))


def test_value_maps_say_what_the_answer_key_says() -> None:
    teams = {line["group_name"]: (line["team_name"], line["department"]) for line in lines("value_maps/team_names")}
    assert teams == rules.TEAMS
    shipped = {
        line["status_map"]: line["instruction_status"]
        for line in lines("value_maps/instruction_status")
        if line["is_shipped"] == "true"
    }
    assert shipped == {option: status for option, status in rules.SHIPPED_STATUS.items() if status}
    templates = {line["template_name"]: line["needs_context"] for line in lines("value_maps/notification_templates")}
    assert list(templates) == list(TEMPLATES)
    assert {name for name, needed in templates.items() if needed == "false"} == NEED_NO_CONTEXT
