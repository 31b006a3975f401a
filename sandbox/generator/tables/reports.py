"""Area 12's report templates: categories, reports, fields with their SQL fragments, and which field is where."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.generator import times
from sandbox.generator.plan import REPORT_CATEGORIES
from sandbox.generator.world import World

_CATEGORIES = (
    *("COI", "DOC", "Management", "Accounts", "Custom", "Custom Management", "Scheduled"),
    *("Special Request - SO Dashboard", "Auto Scheduled"),
)
_CUSTOM = 5
# The reports that the usage log names, by report_id: category, internal name, name.
KNOWN_REPORTS = {
    1: (4, "ACCT-Master", "Account Master"),
    55: (1, "COI-Link Customer Compliance", "Link Customer Compliance"),
    127: (2, "DOC-Not in Compliance", "DOC-Not in Compliance"),
    135: (1, "COI-Not in Compliance", "COI-Not in Compliance"),
}
_PREFIXES = {1: "COI", 2: "DOC", 3: "MAN", 4: "ACCT", 7: "SRS"}

# category, name, label, display_format, select_expression
_FIELDS = (
    ("Account Profile", "so_name", "Service Organization", "text", "rd.SO_Name"),
    ("Account Profile", "account_manager", "Account Manager", "text", "rd.SO_Account_Manager"),
    ("Client Profile", "ch_name", "Client", "text", "rd.CH_Name"),
    ("Client Profile", "ch_created", "Client since", "date", "rd.CH_Create_Time"),
    ("Account Data", "ph_name", "Policyholder", "text", "rd.PH_Name"),
    ("Account Data", "ph_city", "City", "text", "rd.PH_City"),
    ("Account Data", "coi_status", "COI Status", "status", "rd.PH_COI_Status"),
    ("Account Data", "doc_status", "DOC Status", "status", "rd.PH_DOC_Status"),
    ("Account Data", "is_compliant", "Compliant?", "yesno", "if(rd.PH_Is_Compliant = 'yes', 1, 0)"),
    ("Account Data", "compliant_count", "# Compliant", "number", "sum(v.days < __NUM_DAYS_COMPLIANT__)"),
    ("Account Data - Ping", "last_ping", "Last Contact", "datetime", "max(p.sent_time)"),
    ("Broker Profile", "broker_name", "Broker", "text", "b.name"),
    ("Carrier", "carrier_rating", "A.M. Best Rating", "text", "c.am_best"),
)


def report_category(world: World, count: int) -> Iterator[dict[str, Any]]:
    """The nine categories; one is a client's own."""
    for at, name in enumerate(_CATEGORIES[: min(count, REPORT_CATEGORIES)]):
        yield {"report_category_id": at + 1, "name": name, "customer_type": "A" if at == 7 else None}


def report_ids(count: int) -> list[int]:
    """report_ids in use: gaps where reports were deleted, so that schedules can outlive their report."""
    ids = [number for number in range(1, count * 2) if number in KNOWN_REPORTS or number % 8 != 3]
    return ids[:count]


def report(world: World, count: int) -> Iterator[dict[str, Any]]:
    """System reports (customer_id 0, an internal name) and custom ones of customers."""
    dice = world.dice("report")
    for at, report_id in enumerate(report_ids(count)):
        is_custom = report_id not in KNOWN_REPORTS and at % 5 == 4
        category = _CUSTOM if is_custom else 1 + dice.roll(at, 0, 4)
        internal: str | None = None if is_custom else f"{_PREFIXES[category]}-Report {report_id}"
        name = f"Rapport spécial {report_id}" if is_custom else f"Report {report_id}"
        if report_id in KNOWN_REPORTS:
            category, internal, name = KNOWN_REPORTS[report_id]
        yield {
            "report_id": report_id,
            "report_category_id": category,
            "customer_id": world.accounts.legacy(at % world.accounts.count) if is_custom else 0,
            "report_internal_name": internal,
            "name": name,
            "description": (None, "", 'All policyholders\nof a client\'s "centers"')[at % 3],
            "industry_sector": "Construction" if at % 14 == 9 else None,
            "csv_format": 1,
            "pdf_format": int(at % 20 == 2),
            "enabled": "no" if at % 16 == 6 else "yes",
            "display_order": (None, at, -1)[at % 3],
            "create_user_id": world.users.legacy(at % world.users.count),
            "create_time": times.local(dice, at, 1) if at % 10 else "0000-00-00 00:00:00",
            "update_user_id": None,
            "update_time": "2024-01-31 12:00:00",
        }


def report_field_definition(world: World, count: int) -> Iterator[dict[str, Any]]:
    """Fields with SQL fragments and placeholders; fragments are data, one would drop a table if it were run (T2)."""
    dice = world.dice("report_field_definition")
    for at in range(count):
        category, name, label, display_format, expression = _FIELDS[at % len(_FIELDS)]
        is_custom_field = at >= len(_FIELDS)
        yield {
            "report_field_id": at + 1,
            "category": category,
            "name": f"custom_field_{at}" if is_custom_field else name,
            "label": f"{label} {at}" if is_custom_field else label,
            "description": (None, "", f'{label}; § {at}, "as of" yesterday')[at % 3],
            "display_format": ("", None, display_format)[2 if at % 9 else at % 2],
            "select_expression": "1); DROP TABLE report_data; --" if at == 40 else expression,
            "table_name": "report_data rd" if expression.startswith("rd.") else "__CUSTOMER_SELECTOR_FROM__",
            "table_join": (
                None
                if at % 2
                else "LEFT JOIN vendor v\tUSING (PH_ID)\n\t__CUSTOMER_SELECTOR_WHERE__ __BETWEEN_INCLUSION__"
            ),
            "sort_expression": expression if at % 3 else "",
            "filter_type": ("none", "text", "date", "list", None)[dice.roll(at, 0, 5)],
            "enabled": int(at % 30 != 17),
            "create_time": "2013-11-03 01:30:00",
            "update_time": "2013-11-03 05:30:00",
        }


def report_definition(world: World, count: int) -> Iterator[dict[str, Any]]:
    """Columns of reports, eight a report; a few name a field that is gone."""
    fields = max(world.plan.rows_of("report_field_definition"), 1)
    reports = report_ids(max(world.plan.rows_of("report"), 1))
    for at in range(count):
        which, order = divmod(at, 8)
        yield {
            "report_definition_id": at + 1,
            "report_id": reports[which % len(reports)],
            "report_field_id": 999_999 if at % 60 == 31 else 1 + (which * 5 + order) % fields,
            "column_order": order if which % 4 else order * 10,
        }
