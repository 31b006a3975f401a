"""Area 12's report templates: categories, reports, fields with their SQL fragments, and which field is where."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from sandbox.generator import times
from sandbox.generator.report_columns import report_columns
from sandbox.generator.report_fields import FIELDS, Field
from sandbox.generator.report_titles import CATEGORIES, REPORTS
from sandbox.generator.world import World

_OF_ONE_KIND_OF_CUSTOMER = 8
_DESCRIPTIONS = {
    1: "All accounts with their plan and their policyholders.",
    55: "Compliance by client,\nas of the last refresh",
    127: "Documents that are missing, pending or expired.",
    135: "Policyholders whose certificates do not comply.",
}
# A fragment's placeholders, by the alias that its expression reads.
_JOINS = {
    "v": "LEFT JOIN vendor v\tUSING (PH_ID)\n\t__CUSTOMER_SELECTOR_WHERE__",
    "b": "LEFT JOIN broker b ON b.id = v.broker_id __CUSTOMER_SELECTOR_WHERE__",
    "c": "LEFT JOIN carrier c ON c.id = i.carrier_id AND i.expires __BETWEEN_INCLUSION__",
    "d": "LEFT JOIN document d ON d.PH_ID = rd.PH_ID AND d.age <= __NUM_DAYS_COMPLIANT__ __CUSTOMER_SELECTOR_WHERE__",
}


def report_category(world: World, count: int) -> Iterator[dict[str, Any]]:
    """The nine categories; one is a client's own."""
    for category_id, name in islice(CATEGORIES.items(), count):
        customer_type = "A" if category_id == _OF_ONE_KIND_OF_CUSTOMER else None
        yield {"report_category_id": category_id, "name": name, "customer_type": customer_type}


def report(world: World, count: int) -> Iterator[dict[str, Any]]:
    """System reports (customer_id 0, an internal name) and custom ones of customers."""
    dice = world.dice("report")
    for at, each in enumerate(REPORTS[:count]):
        odd = (None, "", 'All policyholders\nof a client\'s "centers"', "  Überfällige\tVersicherungen <br/> ")[at % 4]
        yield {
            "report_id": each.report_id,
            "report_category_id": each.category,
            "customer_id": each.customer_id(world),
            "report_internal_name": each.internal_name,
            "name": each.title,
            "description": _DESCRIPTIONS.get(each.report_id, odd),
            "industry_sector": "Construction" if at % 14 == 9 else None,
            "csv_format": 1,
            "pdf_format": int(at % 20 == 2),
            "enabled": "yes" if each.enabled else "no",
            "display_order": (None, at, -1)[at % 3],
            "create_user_id": world.users.legacy(at % world.users.count),
            "create_time": times.local(dice, at, 1) if at % 10 else "0000-00-00 00:00:00",
            "update_user_id": None,
            "update_time": "2024-01-31 12:00:00",
        }


def report_field_definition(world: World, count: int) -> Iterator[dict[str, Any]]:
    """Fields with SQL fragments and placeholders; fragments are data, some would destroy if they were run (T2)."""
    dice = world.dice("report_field_definition")
    for at, field in enumerate(FIELDS[:count]):
        table_name, table_join = _tables(field)
        yield {
            "report_field_id": field.report_field_id,
            "category": field.category,
            "name": field.name,
            "label": field.label,
            "description": (None, "", f'{field.name}; § {at}, "as of" yesterday')[at % 3],
            "display_format": field.display_format,
            "select_expression": field.select_expression,
            "table_name": table_name,
            "table_join": table_join,
            "sort_expression": field.select_expression[:255] if at % 3 else "",
            "filter_type": ("none", "text", "date", "list", None)[dice.roll(at, 0, 5)],
            "enabled": int(field.enabled),
            "create_time": "2013-11-03 01:30:00",
            "update_time": "2013-11-03 05:30:00",
        }


def _tables(field: Field) -> tuple[str, str | None]:
    """table_name and table_join; sums go over the customers that the report is run for."""
    alias = field.select_expression.partition("(")[2] or field.select_expression
    if alias.startswith("rd."):
        summed = "(" in field.select_expression
        return ("report_data rd, __CUSTOMER_SELECTOR_FROM__", _JOINS["v"]) if summed else ("report_data rd", None)
    return "report_data rd", _JOINS.get(alias.partition(".")[0])


def report_definition(world: World, count: int) -> Iterator[dict[str, Any]]:
    """Columns of reports; a few name a field or a report that is gone."""
    for at, column in enumerate(islice(report_columns(), count)):
        yield {
            "report_definition_id": at + 1,
            "report_id": column.report_id,
            "report_field_id": column.report_field_id,
            "column_order": column.column_order,
        }
