"""A cell as Metabase shows it, by the column settings of seeds/reporting/display_formats.csv: pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

NUMBER_SETTINGS = {"number_style", "decimals", "currency", "prefix", "suffix", "scale", "number_separators"}
DATE_SETTINGS = {"date_style", "date_separator", "date_abbreviate", "time_enabled", "time_style"}
OTHER_SETTINGS = {"text_align"}
SUPPORTED = NUMBER_SETTINGS | DATE_SETTINGS | OTHER_SETTINGS

_SYMBOLS = {"USD": "$", "CAD": "CA$", "EUR": "€", "GBP": "£"}
_TOKEN = re.compile(r"YYYY|MMMM|MMM|MM|M|dddd|ddd|DD|D|HH|H|hh|h|mm|ss|A")


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
    if isinstance(value, int | float | Decimal):
        return _number(Decimal(str(value)), settings)
    if isinstance(value, date):
        return _date(value, settings)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return f"{settings.get('prefix', '')}{value}{settings.get('suffix', '')}"


def is_number(value: Any) -> bool:
    """Whether Metabase aligns the value to the right."""
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _number(value: Decimal, settings: Mapping[str, Any]) -> str:
    if not value.is_finite():
        return str(value)
    style = settings.get("number_style", "decimal")
    scaled = value * Decimal(str(settings.get("scale", 1))) * (100 if style == "percent" else 1)
    decimals = settings.get("decimals", 2 if style == "currency" else None)
    # Without a number of decimals Metabase shows at most two, and none that is zero.
    digits = scaled.quantize(Decimal(1).scaleb(-(2 if decimals is None else decimals)), ROUND_HALF_UP)
    text = f"{digits:,f}"
    if decimals is None and "." in text:
        text = text.rstrip("0").rstrip(".")
    point, thousands = (settings.get("number_separators", ".,") + " ")[:2]
    text = text.replace(",", "\0").replace(".", point).replace("\0", thousands.strip())
    symbol = _SYMBOLS.get(settings.get("currency", "USD"), settings.get("currency", "")) if style == "currency" else ""
    sign, text = ("-", text[1:]) if text.startswith("-") else ("", text)
    unit = "%" if style == "percent" else ""
    return f"{settings.get('prefix', '')}{sign}{symbol}{text}{unit}{settings.get('suffix', '')}"


def _date(value: date, settings: Mapping[str, Any]) -> str:
    style = settings.get("date_style", "MMMM D, YYYY")
    if settings.get("date_abbreviate"):
        style = style.replace("MMMM", "MMM").replace("dddd", "ddd")
    style = style.replace("/", settings.get("date_separator", "/"))
    enabled = settings.get("time_enabled", "minutes")
    if isinstance(value, datetime) and enabled:
        clock = settings.get("time_style", "h:mm A")
        style = f"{style}, {clock.replace('mm', 'mm:ss')}" if enabled != "minutes" else f"{style}, {clock}"
    return _TOKEN.sub(lambda token: _part(value, token.group()), style)


def _part(value: date, token: str) -> str:
    moment = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)
    return {
        "YYYY": f"{moment.year:04d}",
        "MMMM": f"{moment:%B}",
        "MMM": f"{moment:%b}",
        "MM": f"{moment.month:02d}",
        "M": str(moment.month),
        "dddd": f"{moment:%A}",
        "ddd": f"{moment:%a}",
        "DD": f"{moment.day:02d}",
        "D": str(moment.day),
        "HH": f"{moment.hour:02d}",
        "H": str(moment.hour),
        "hh": f"{moment.hour % 12 or 12:02d}",
        "h": str(moment.hour % 12 or 12),
        "mm": f"{moment.minute:02d}",
        "ss": f"{moment.second:02d}",
        "A": "AM" if moment.hour < 12 else "PM",
    }[token]
