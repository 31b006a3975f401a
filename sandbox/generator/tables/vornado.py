"""Vornado's feed of tenants and leases, as its ABSINSQRY export came."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.generator import names
from sandbox.generator.world import World

_PERPETUAL = "12/31/2050"
_CONTACT = ("Name", "Title", "Email", "Phone", "Fax", "Address", "City/State/Zip")


def vornado_feed(world: World, count: int) -> Iterator[dict[str, Any]]:
    """Tenants; PH_ID -1 was rejected by DTX 1.0, and the two known spelling errors are in."""
    dice = world.dice("vornado_feed")
    yes_no = ("Y", "N", "yes", "no", "")
    for at in range(count):
        is_rejected = at % 9 == 4
        # The last record's legacy key does not fit a signed PH_ID.
        record = at % (world.records.count - 1)
        yield {
            "vornado_feed_id": at + 1,
            "Property Code": f"{at % 30:05}",
            "Property Name": ("One Penn Plaza", "888 Seventh Avenue", "Café Row")[at % 3],
            "Building #": f"{at % 7}A",
            "Tenant ID": f"t{at:07}" + (" " if at % 8 == 3 else ""),
            "Tenant Name": names.firm(dice, at, 0),
            "DBA Name": None if at % 4 else names.firm(dice, at, 3),
            "Suite #": f"#{at % 900}",
            "Floor": ("12", "PH", "-1", "")[at % 4],
            "Lease #": f"L-{at:06}",
            "Lease Type": ("Retail", "Office", None)[at % 3],
            "Lease Start Date": f"{1 + at % 12:02}/01/2019",
            "Lease End Date": _PERPETUAL if at % 5 == 2 else f"{1 + at % 12:02}/28/2036",
            "Move-In Date": ("", None, "02/30/2020", "1/5/20")[at % 4],
            "Square Feet": f"{dice.roll(at, 6, 900000) / 100:.2f}",
            "Landlord's Entity": 'Landlord\'s "A" & B, LLC',
            "GL Required?": "Y",
            "GL Limit": "1000000.00",
            "Auto Required?": yes_no[dice.roll(at, 7, 5)],
            "WC Required?": yes_no[dice.roll(at, 8, 5)],
            "Umbrella Required?": yes_no[dice.roll(at, 9, 5)],
            "Umbrella Limit": (None, "5000000.00", "0.00")[at % 3],
            "Property Required?": yes_no[dice.roll(at, 10, 5)],
            "Liquor Required?": "N",
            "Boiler/Machinery Required?": yes_no[dice.roll(at, 11, 5)],
            "Waiver of Subrogation?": "Y",
            "Primary/Contributory": ("Primary & Noncontributary", "Primary & Noncontributory", "")[at % 3],
            "Add'l Insured Wording": f"Landlord and its agents\r\nas per lease §{at % 40}; café",
            "Property Cost Basis": ("100% reokacnebt cost", "100% replacement cost", None)[at % 3],
            **{f"Contact {part}": None for part in _CONTACT},
            "PH_ID": -1 if is_rejected else world.records.legacy(record) if at % 10 else None,
            "status": "REJECTED" if is_rejected else "LOADED",
            "status_message": "Tenant not found" if is_rejected else "",
            "create_time": "2022-03-13 02:15:00" if at % 20 == 6 else "2022-03-14 06:00:00",
            "update_time": "2022-03-14 10:00:00",
        }
