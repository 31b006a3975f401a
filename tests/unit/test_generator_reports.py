"""Area 12 as the generator plants it: reports, fields and their SQL fragments, columns, and who ran what."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from typing import Any

import pytest

from sandbox.generator import Plan, build_world
from sandbox.generator.plan import FIXED_ROWS
from sandbox.generator.population import ABSENT, REJECTED, SKIPPED
from sandbox.generator.report_columns import ALL_FIELDS, shown
from sandbox.generator.report_fields import FIELDS, HOSTILE, UNKNOWN_FIELD
from sandbox.generator.report_titles import CATEGORIES, MOST_USED, REPORT_IDS, REPORTS, UNKNOWN_REPORT
from sandbox.generator.tables import TABLES


def rows(table: str, scale: float = 1) -> list[dict[str, Any]]:
    world = build_world(Plan(scale=scale), lambda name, count: 1)
    return list(TABLES[table](world, world.plan.rows_of(table)))


@pytest.mark.parametrize("scale", [1, 7])
@pytest.mark.parametrize(("table", "count"), FIXED_ROWS.items())
def test_what_people_wrote_is_as_much_at_every_scale(table: str, count: int, scale: float) -> None:
    assert len(rows(table, scale)) == count


@pytest.mark.parametrize("table", ["report_data", "report_master_log"])
def test_what_machines_wrote_grows(table: str) -> None:
    assert len(rows(table, 7)) == 700


def test_every_category_has_reports_and_one_report_has_none() -> None:
    assert {report.category for report in REPORTS} - set(CATEGORIES) == {12}
    assert set(CATEGORIES) <= {report.category for report in REPORTS}
    assert len(set(REPORT_IDS)) == len(REPORTS)


def test_reports_of_the_system_have_internal_names_and_customers_ones_have_owners() -> None:
    planted = rows("report")
    for row in planted:
        internal = row["report_internal_name"]
        if row["customer_id"]:
            assert internal is None
        else:
            assert internal is None or re.match(r"(ACCT|COI|DOC|MAN|SRS)-", internal)
    owners = {row["customer_id"] for row in planted}
    accounts = build_world(Plan(), lambda name, count: 1).accounts
    assert {REJECTED, SKIPPED, ABSENT, accounts.legacy(0), accounts.legacy(accounts.count - 1)} < owners
    assert {row["report_id"] for row in planted if row["enabled"] == "no"} == {177, 178, 213}
    assert max(len(row["name"]) for row in planted) == 255
    assert [row["report_id"] for row in planted if not row["name"].strip()] == [175]


def test_t2_fragments_hold_placeholders_and_text_that_destroys() -> None:
    fields = rows("report_field_definition")
    fragments = " ".join(f"{f['select_expression']} {f['table_name']} {f['table_join']}" for f in fields)
    assert set(re.findall(r"__[A-Z_]+?__", fragments)) == {
        "__CUSTOMER_SELECTOR_FROM__",
        "__CUSTOMER_SELECTOR_WHERE__",
        "__NUM_DAYS_COMPLIANT__",
        "__BETWEEN_INCLUSION__",
    }
    assert {f["name"] for f in fields if f["select_expression"] in HOSTILE.values()} == set(HOSTILE)
    assert {f["category"] for f in fields} == {
        *("Account Profile", "Account Data", "Account Data - Ping", "Broker Profile", "Carrier", "Client Profile")
    }


def test_columns_have_gaps_ties_repetitions_and_names_that_lead_nowhere() -> None:
    by_report: dict[int, list[dict[str, Any]]] = {}
    for row in rows("report_definition"):
        by_report.setdefault(row["report_id"], []).append(row)
    orders = {report: [row["column_order"] for row in each] for report, each in by_report.items()}
    fields = {report: [row["report_field_id"] for row in each] for report, each in by_report.items()}
    assert orders[41] == [30, 1, 9, 2]
    assert len(set(orders[171])) < len(orders[171])
    assert len(set(fields[172])) < len(fields[172])
    assert UNKNOWN_FIELD in fields[173]
    assert (min(orders[174]), max(orders[174])) == (-32768, 32767)
    assert set(by_report) - set(REPORT_IDS) == {UNKNOWN_REPORT}
    assert set(REPORT_IDS) - set(by_report) == {179}
    assert len(fields[ALL_FIELDS]) == len(FIELDS) == 120


def test_simple_reports_show_what_is_said_whatever_the_order_of_their_rows() -> None:
    names = {field.report_field_id: field.name for field in FIELDS}
    columns = [row for row in rows("report_definition") if row["report_id"] == 55]
    assert columns != sorted(columns, key=lambda row: int(row["column_order"]))
    columns.sort(key=lambda row: int(row["column_order"]))
    assert [names[row["report_field_id"]] for row in columns] == shown(55)
    assert shown(55)[:2] == ["so_name", "ch_name"]


@pytest.mark.parametrize("scale", [1, 30])
def test_the_log_is_that_of_the_documents(scale: float) -> None:
    log = rows("report_master_log", scale)
    runs = Counter(row["report_id"] for row in log)
    assert {report for report, _ in runs.most_common(4)} == set(MOST_USED)
    assert runs[UNKNOWN_REPORT] > 0
    assert {row["scheduled"] for row in log} == {0}
    times = [datetime.fromisoformat(row["timestamp"]) for row in log if row["timestamp"][:4] != "0000"]
    assert len(log) > len(times) > 0.9 * len(log)
    assert all(time.weekday() < 5 and 9 <= time.hour < 18 for time in times)
