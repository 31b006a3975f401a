"""A cell as Metabase's table shows it, by the column settings of seeds/reporting/display_formats.csv: pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

# A link of the kind email_link reads as its address does.
SUPPORTED = {"number_style", "decimals", "number_separators", "date_style", "time_enabled", "view_as"}
# PostgreSQL's numeric has at most so many digits before and after the point.
_EXACT = Context(prec=131_072 + 16_383)
_TOKEN = re.compile(r"YYYY|MMMM|M|D")


def rendered(value: Any, settings: Mapping[str, Any]) -> str:
    """The text of one cell.

    Args:
        value: as psycopg reads it; None is an empty cell.
        settings: Metabase's column settings, of `SUPPORTED` keys; a key that does not concern the value's type is
            passed over, as Metabase does.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if is_number(value):
        return _number(Decimal(str(value)), settings)
    if isinstance(value, date):
        return _date(value, settings)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def is_number(value: Any) -> bool:
    """Whether Metabase aligns the value to the right."""
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _number(value: Decimal, settings: Mapping[str, Any]) -> str:
    if not value.is_finite():
        return str(value)
    is_percent = settings.get("number_style") == "percent"
    decimals = settings.get("decimals")
    # Left to itself Metabase shows at most two decimals, and none that is zero at the end.
    shown = value.scaleb(2, _EXACT) if is_percent else value
    digits = shown.quantize(Decimal(1).scaleb(-(2 if decimals is None else decimals)), ROUND_HALF_UP, _EXACT)
    text = f"{digits:,f}"
    if decimals is None:
        text = text.rstrip("0").rstrip(".")
    if settings.get("number_separators") == ".":
        text = text.replace(",", "")
    return f"{text}%" if is_percent else text


def _date(value: date, settings: Mapping[str, Any]) -> str:
    parts = {"YYYY": f"{value.year:04d}", "MMMM": f"{value:%B}", "M": str(value.month), "D": str(value.day)}
    day = _TOKEN.sub(lambda token: parts[token.group()], settings.get("date_style", "MMMM D, YYYY"))
    if not isinstance(value, datetime) or settings.get("time_enabled", "minutes") is None:
        return day
    return f"{day}, {value.hour % 12 or 12}:{value:%M} {'AM' if value.hour < 12 else 'PM'}"
