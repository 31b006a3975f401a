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
        (None, {"decimals": 2}, ""),
        (True, {"decimals": 2}, "true"),
        (1234567, {}, "1,234,567"),
        (100, {}, "100"),
        (1234567, {"number_separators": "."}, "1234567"),
        (Decimal("12.345"), {}, "12.35"),
        (12.0, {}, "12"),
        (-1200.5, {"number_style": "decimal", "decimals": 0}, "-1,201"),
        (1200, {"decimals": 2}, "1,200.00"),
        (Decimal("0.256"), {"number_style": "percent", "decimals": 1}, "25.6%"),
        (1, {"number_style": "percent"}, "100%"),
        (Decimal("NaN"), {}, "NaN"),
        (Decimal("1e30"), {}, "1,000,000,000,000,000,000,000,000,000,000"),
        (DAY, {}, "March 5, 2026"),
        (DAY, {"date_style": "M/D/YYYY", "time_enabled": "minutes"}, "3/5/2026"),
        (MOMENT, {}, "March 5, 2026, 2:07 PM"),
        (MOMENT, {"date_style": "M/D/YYYY", "time_enabled": None}, "3/5/2026"),
        (MOMENT.replace(hour=0), {"date_style": "M/D/YYYY"}, "3/5/2026, 12:07 AM"),
        (MOMENT.replace(hour=12), {"date_style": "M/D/YYYY"}, "3/5/2026, 12:07 PM"),
        (["a", "é"], {}, '["a", "é"]'),
        ("05", {"decimals": 2}, "05"),
        ("somebody@example.com", {"view_as": "email_link"}, "somebody@example.com"),
    ],
)
def test_a_cell_reads_as_in_metabase(value: Any, settings: dict[str, Any], text: str) -> None:
    assert rendered(value, settings) == text
