"""Cells as Metabase's table shows them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from loaders.metabase.formats import rendered

DAY = date(2026, 3, 5)
MOMENT = datetime(2026, 3, 5, 14, 7, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "settings", "text"),
    [
        (None, {"prefix": "$"}, ""),
        (True, {"decimals": 2}, "true"),
        (1234567, {}, "1,234,567"),
        (1234567, {"number_separators": "."}, "1234567"),
        (Decimal("1234.5"), {"number_separators": ",."}, "1.234,5"),
        (Decimal("12.345"), {}, "12.35"),
        (12.0, {}, "12"),
        (1200, {"decimals": 2}, "1,200.00"),
        (Decimal("0.256"), {"number_style": "percent"}, "25.6%"),
        (37, {"suffix": "%", "decimals": 0}, "37%"),
        (-1500000, {"number_style": "currency", "currency": "USD"}, "-$1,500,000.00"),
        (-1500000, {"number_style": "currency", "currency": "CHF", "decimals": 0}, "-CHF1,500,000"),
        (5, {"scale": 0.01}, "0.05"),
        (Decimal("NaN"), {}, "NaN"),
        (DAY, {}, "March 5, 2026"),
        (DAY, {"date_style": "M/D/YYYY"}, "3/5/2026"),
        (DAY, {"date_style": "YYYY/M/D", "date_separator": "-"}, "2026-3-5"),
        (DAY, {"date_style": "dddd, MMMM D, YYYY", "date_abbreviate": True}, "Thu, Mar 5, 2026"),
        (MOMENT, {}, "March 5, 2026, 2:07 PM"),
        (MOMENT, {"time_enabled": None}, "March 5, 2026"),
        (MOMENT, {"time_enabled": "seconds", "time_style": "HH:mm"}, "March 5, 2026, 14:07:09"),
        (MOMENT.replace(hour=0), {"date_style": "M/D/YYYY"}, "3/5/2026, 12:07 AM"),
        (["a", "é"], {}, '["a", "é"]'),
        ("05", {"decimals": 2}, "05"),
        ("text", {"prefix": "<", "suffix": ">"}, "<text>"),
    ],
)
def test_a_cell_reads_as_in_metabase(value: Any, settings: dict[str, Any], text: str) -> None:
    assert rendered(value, settings) == text
