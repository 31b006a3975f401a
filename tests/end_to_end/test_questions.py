"""Reports of DTX 1.0 as the catalogue lists them: every question and column, worked out a second time in Python."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict

import pytest
from migration import Migration
from psycopg import sql

from loaders.settings import PROJECT_ROOT
from sandbox.generator.population import ABSENT, ABSENT_LARGE, REJECTED, SKIPPED
from sandbox.generator.report_columns import report_columns
from sandbox.generator.report_fields import FIELDS, HOSTILE, UNKNOWN_FIELD
from sandbox.generator.report_titles import CATEGORIES, MOST_USED, REPORTS

SEEDS = PROJECT_ROOT / "seeds" / "reporting"
PER_ACCOUNT_FIRST = ("rpt_account_master", "rpt_link_customer_compliance", "rpt_record_compliance")
RETIRED, OF_A_LOST_CATEGORY = {177, 178, 213}, {180}
WITHOUT_ACCOUNT = {229: REJECTED, 230: SKIPPED, 231: ABSENT, 232: ABSENT_LARGE, 245: ABSENT}
# What the hazards must become, written by hand: coverage, columns with their titles, missing fields.
NAME, STATUS = ("record_name", "Policyholder"), ("coi_status", "COI Status")
BY_HAND: dict[int, tuple[str, list[tuple[str, str]], list[str]]] = {
    41: (
        "complete",
        [("account_name", "Client"), NAME, STATUS, ("coi_next_expires_on", "COI Next Expiration Date")],
        [],
    ),
    171: (
        "complete",
        [NAME, ("record_status", "Policyholder Status"), STATUS, ("account_name", "Client"), ("coi_count", "# COIs")],
        [],
    ),
    172: (
        "complete",
        [
            *(NAME, ("coi_evaluated_at", "COI Status since"), ("coi_evaluated_at", "COI Reviewed")),
            *(("record_name", "Policyholder pinged"), STATUS),
        ],
        [],
    ),
    173: ("partial", [NAME, ("exemption_count", "# Exemptions")], ["#999999", "zz_test"]),
    174: ("complete", [("account_name", "Client"), NAME, STATUS, ("record_status", "Policyholder Status")], []),
    19: ("none", [], ["ph_address_1", "ph_address_2", "ph_city", "ph_state", "ph_zip", "ph_country"]),
    179: ("none", [], []),
}
NAMES = {
    41: "COI Status (41)",
    171: "COI Status (171)",
    172: "coi status (172)",
    173: "COI Status (41) (173)",
    175: "DOC-Blank",
    200: "Our Vendors (200)",
    201: "Our Vendors (201)",
    202: "Our Vendors",
}


def seed(name: str) -> list[dict[str, str]]:
    with (SEEDS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


COUNTERPARTS = {
    (line["field_name"], line["reporting_model"]): line["reporting_column"] for line in seed("report_fields.csv")
}
OWN_VIEWS = {int(line["report_id"]): line["reporting_model"] for line in seed("report_models.csv")}


def fields_of() -> dict[int, list[tuple[str, str]]]:
    """Name and title of each report's fields, in the legacy order, each once."""
    fields = {field.report_field_id: field for field in FIELDS}
    rows = sorted(enumerate(report_columns()), key=lambda row: (row[1].report_id, row[1].column_order, row[0]))
    found: dict[int, dict[int, tuple[str, str]]] = defaultdict(dict)
    for _, column in rows:
        field = fields.get(column.report_field_id)
        name = field.name.strip() if field else f"#{column.report_field_id}"
        title = ((field.label if field else None) or "").strip() or name
        found[column.report_id].setdefault(column.report_field_id, (name, title))
    return {report_id: list(named.values()) for report_id, named in found.items()}


def shown(view: str, fields: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(COUNTERPARTS[name.lower(), view], title) for name, title in fields if (name.lower(), view) in COUNTERPARTS]


def expected(report_id: int) -> tuple[str | None, str, list[tuple[str, str]], list[str]]:
    """View, coverage, columns and missing fields of a report."""
    fields = fields_of().get(report_id, [])
    views = (OWN_VIEWS[report_id],) if report_id in OWN_VIEWS else PER_ACCOUNT_FIRST
    view = max(views, key=lambda each: len(shown(each, fields)))
    columns = shown(view, fields)
    missing = [name for name, _ in fields if (name.lower(), view) not in COUNTERPARTS]
    if not columns:
        return None, "none", [], missing
    return view, "partial" if missing else "complete", columns, missing


def columns_of(migration: Migration) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for key, position, column, title in migration.query(
        "select question_key, position, reporting_column, title from migration_catalogue.cat_dtx1__question_column "
        "order by question_key, position"
    ):
        found[key].append((column, title))
        assert position == len(found[key])
    return found


def test_each_report_is_a_question_with_its_columns_in_the_legacy_order(migration: Migration) -> None:
    columns = columns_of(migration)
    questions = migration.query(
        "select question_key, report_id, reporting_model, coverage, missing_fields "
        "from migration_catalogue.cat_dtx1__question"
    )
    assert Counter(coverage for *_, coverage, _ in questions).keys() == {"complete", "partial", "none"}
    for key, report_id, view, coverage, missing in questions:
        assert (view, coverage, columns.get(key, []), missing) == expected(report_id), key
    not_made = RETIRED | OF_A_LOST_CATEGORY | set(WITHOUT_ACCOUNT)
    assert {report_id for _, report_id, *_ in questions} == {report.report_id for report in REPORTS} - not_made


@pytest.mark.parametrize("report_id", BY_HAND)
def test_hazards_become_what_was_written_by_hand(migration: Migration, report_id: int) -> None:
    coverage, columns, missing = BY_HAND[report_id]
    [found] = migration.query(
        "select coverage, missing_fields from migration_catalogue.cat_dtx1__question "
        f"where question_key = 'report:{report_id}'"
    )
    assert found == (coverage, missing)
    assert columns_of(migration).get(f"report:{report_id}", []) == columns


def test_a_report_lies_in_its_category_and_a_customers_own_in_its_account(migration: Migration) -> None:
    """Through the Account map; a question made for an Account is filtered by it, whoever asked for it."""
    accounts = dict(
        migration.query(
            "select legacy_key, target_id::bigint from migration.id_map where entity = 'account' and state = 'migrated'"
        )
    )
    owners = dict(migration.query("select report_id, customer_id from raw_dtx1.report where customer_id <> '0'"))
    lying = migration.query(
        "select question_key, report_id, account_id, collection_key from migration_catalogue.cat_dtx1__question"
    )
    own = {f"report:{report}:account:{accounts[owner]}" for report, owner in owners.items() if owner in accounts}
    asked = {
        f"report:{report}" + (f":account:{account}" if account else "")
        for report, account in migration.query(
            "select report_id, account_id from migration_intermediate.int_dtx1__scheduled_question"
        )
    }
    of_the_system = {f"report:{report.report_id}" for report in REPORTS if str(report.report_id) not in owners}
    made = {key for key, *_ in lying}
    assert made <= own | of_the_system | asked
    assert asked <= made
    assert own - made == {f"report:213:account:{accounts[owners['213']]}"}
    categories = {report.report_id: report.category for report in REPORTS}
    for key, report_id, account_id, collection in lying:
        assert collection == (f"account:{account_id}" if account_id else f"category:{categories[report_id]}"), key


def test_names_tell_questions_of_a_collection_apart(migration: Migration) -> None:
    names = dict(
        migration.query(
            "select distinct on (report_id) report_id, name from migration_catalogue.cat_dtx1__question "
            f"where report_id in ({', '.join(map(str, NAMES))}) and report_id < 200 or report_id in (200, 201, 202) "
            "order by report_id, account_id nulls first"
        )
    )
    assert {report_id: names[report_id] for report_id in NAMES} == NAMES


def test_each_category_has_a_page_of_its_most_used_reports(migration: Migration) -> None:
    cards = migration.query(
        "select dashboard_key, question_key from migration_catalogue.cat_dtx1__dashboard_card "
        "where dashboard_key like 'category:%' order by dashboard_key, position"
    )
    pages: dict[str, list[str]] = defaultdict(list)
    for dashboard, question in cards:
        pages[dashboard].append(question)
    of_customers_alone = {"category:6"}
    assert set(pages) == {f"category:{category}" for category in CATEGORIES} - of_customers_alone
    assert max(map(len, pages.values())) == 10
    assert {pages["category:4"][0], pages["category:2"][0], *pages["category:1"][:2]} == {
        f"report:{report_id}" for report_id in MOST_USED
    }


def test_p12_2_tells_of_every_report_and_why_it_is_not_made_again(migration: Migration) -> None:
    told = migration.query("select report_id, row_count, outcome from migration_preflight.pre_dtx1__report_usage")
    outcomes = {report_id: outcome for report_id, _, outcome in told}
    for report in REPORTS:
        assert report.report_id in outcomes
    assert {report_id for report_id, outcome in outcomes.items() if outcome == "report_disabled"} == RETIRED
    assert {report_id for report_id, outcome in outcomes.items() if outcome == "category_absent"} == OF_A_LOST_CATEGORY
    reasons = {REJECTED: "account_rejected", SKIPPED: "account_skipped"}
    for report_id, customer in WITHOUT_ACCOUNT.items():
        assert outcomes[report_id] == reasons.get(customer, "account_absent")
    by_runs = sorted((row for row in told if row[0]), key=lambda row: -row[1])
    assert {report_id for report_id, *_ in by_runs[:4]} == set(MOST_USED)
    assert sum(runs for _, runs, _ in told) == migration.query("select count(*) from raw_dtx1.report_master_log")[0][0]


def test_p12_3_tells_of_every_field_by_how_many_reports_show_it(migration: Migration) -> None:
    told = migration.query(
        "select report_field_id, row_count, outcome, placeholders from migration_preflight.pre_dtx1__report_fields"
    )
    reports = {report.report_id for report in REPORTS}
    shows = {(column.report_id, column.report_field_id) for column in report_columns() if column.report_id in reports}
    uses = Counter(field for _, field in shows)
    assert {field: count for field, count, *_ in told} == {
        field: uses[field] for field in {each.report_field_id for each in FIELDS} | {UNKNOWN_FIELD}
    }
    names = {name for name, _ in COUNTERPARTS}
    for field in FIELDS:
        [outcome] = [row[2] for row in told if row[0] == field.report_field_id]
        assert (outcome == "unmapped") == (field.name.strip().lower() not in names), field.name
    assert {name for *_, listed in told if listed for name in listed.split(", ")} == {
        *("__BETWEEN_INCLUSION__", "__CUSTOMER_SELECTOR_FROM__", "__CUSTOMER_SELECTOR_WHERE__"),
        "__NUM_DAYS_COMPLIANT__",
    }


def test_t2_no_fragment_of_sql_is_anywhere_behind_staging(migration: Migration) -> None:
    """Every row of every table and view of ours is searched; staging, where they are, shows that the search finds."""
    fragments = [*HOSTILE.values(), "rd.PH_", "LEFT JOIN vendor", "report_data rd"]
    relations = migration.query(
        "select table_schema, table_name from information_schema.tables "
        "where table_schema in ('migration', 'reporting') or table_schema like 'migration\\_%'"
    )
    assert len(relations) > 100
    searched = sql.SQL(" union all ").join(
        sql.SQL("select {}::text as relation, t::text as line from {} as t").format(name, sql.Identifier(schema, name))
        for schema, name in relations
    )
    found = migration.query(
        sql.SQL(
            "select distinct relation from ({}) as lines "
            "where exists (select from unnest({}::text[]) as fragment where strpos(line, fragment) > 0)"
        ).format(searched, fragments)
    )
    assert found == [("stg_dtx1__report_field_definition",)]
