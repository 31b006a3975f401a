"""Rows of `vornado_feed`, as its ABSINSQRY export came, with their answers: the planted ones, then the bulk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from sandbox.generator import jsonb, names
from sandbox.generator.answers import ARCHIVED, AccountMeta, Answer, Planted, Target
from sandbox.generator.jsonb import Json
from sandbox.generator.plan import Dice
from sandbox.generator.population import ABSENT, SKIPPED
from sandbox.generator.vornado_feed_plants import CONTACTS, FLAGS, PLANTS, SAME
from sandbox.generator.world import World

_PERPETUAL = "12/31/2050"
_TEXTS = {
    "Property Code": "property_code",
    "Property Name": "property_name",
    "Building #": "building",
    "Tenant ID": "tenant_id",
    "Tenant Name": "tenant_name",
    "DBA Name": "dba_name",
    "Suite #": "suite",
    "Floor": "floor",
    "Lease #": "lease",
    "Lease Type": "lease_type",
    "Landlord's Entity": "landlord_entity",
    "Primary/Contributory": "primary_contributory",
    "Add'l Insured Wording": "additional_insured_wording",
    "Property Cost Basis": "property_cost_basis",
    "status": "status",
}
_DATES = {"Lease Start Date": "lease_start", "Lease End Date": "lease_end", "Move-In Date": "move_in"}
_AMOUNTS = {"Square Feet": "square_feet", "GL Limit": "gl_limit", "Umbrella Limit": "umbrella_limit"}
_MEANINGS = {"Y": True, "yes": True, "N": False, "no": False, "": None}
_CORRECTIONS = {
    "property_cost_basis": ("reokacnebt", "replacement"),
    "primary_contributory": ("Noncontributary", "Noncontributory"),
}


def rows(world: World) -> Iterator[Planted]:
    """All rows of the table, in order of their key."""
    for at, plant in enumerate(PLANTS):
        source = {**_ordinary(world, at), **plant.columns}
        yield _planted(world, source, plant.outcome, at, _value_of_plant(world, at))
    dice = world.dice("vornado_feed")
    for at in range(len(PLANTS), world.plan.rows_of("vornado_feed")):
        yield _bulk(world, dice, at)


def account_meta(world: World) -> Iterator[tuple[int, str, str]]:
    """(account index, key, value) of the AccountMetas that stand in the planted rows' places before."""
    for at, plant in enumerate(PLANTS):
        if plant.there is not None:
            value = jsonb.text(_value_of_plant(world, at)) if plant.there == SAME else plant.there
            yield world.account_of_record(_record(world, at)), _key(at + 1), value


def _record(world: World, at: int) -> int:
    # The last record's legacy key does not fit a signed PH_ID.
    return at % (world.records.count - 1)


def _key(vornado_feed_id: int) -> str:
    return f"vornado_feed:{vornado_feed_id}"


def _row(world: World, at: int, columns: Mapping[str, Any]) -> dict[str, Any]:
    """A row; the columns in the table's order."""
    return {
        "vornado_feed_id": at + 1,
        **columns,
        **dict.fromkeys(CONTACTS),
        "PH_ID": world.records.legacy(_record(world, at)),
        "status": "LOADED",
        "status_message": "",
        "create_time": "2022-03-14 06:00:00",
        "update_time": "2022-03-14 10:00:00",
    }


def _ordinary(world: World, at: int) -> dict[str, Any]:
    """An ordinary row, for the planted ones."""
    columns: dict[str, Any] = {
        "Property Code": "00001",
        "Property Name": "One Penn Plaza",
        "Building #": "1A",
        "Tenant ID": f"t{at:07}",
        "Tenant Name": "Café Müller",
        "DBA Name": "Müller's",
        "Suite #": "#12",
        "Floor": "-1",
        "Lease #": f"L-{at:06}",
        "Lease Type": "Retail",
        "Lease Start Date": "01/31/2019",
        "Lease End Date": "02/28/2036",
        "Move-In Date": "02/01/2019",
        "Square Feet": "1234.50",
        "Landlord's Entity": 'Landlord\'s "A" & B, LLC',
        "GL Required?": "Y",
        "GL Limit": "1000000.00",
        "Auto Required?": "yes",
        "WC Required?": "no",
        "Umbrella Required?": "N",
        "Umbrella Limit": None,
        **dict.fromkeys(("Property Required?", "Liquor Required?", "Boiler/Machinery Required?"), "N"),
        "Waiver of Subrogation?": "Y",
        "Primary/Contributory": "Primary & Noncontributory",
        "Add'l Insured Wording": "Landlord and its agents",
        "Property Cost Basis": "100% replacement cost",
    }
    return _row(world, at, columns)


def _value_of_plant(world: World, at: int) -> dict[str, Json]:
    return {**_value(_ordinary(world, at), world.records.target(_record(world, at))), **PLANTS[at].expects}


def _value(source: Mapping[str, Any], record_id: int) -> dict[str, Json]:
    """What a valid row of the generator's own spelling must arrive as."""
    value: dict[str, Json] = {"record_id": record_id, "lease_is_perpetual": source["Lease End Date"] == _PERPETUAL}
    for column, name in _TEXTS.items():
        value[name] = (source[column] or "").strip() or None
    for name, (wrong, correct) in _CORRECTIONS.items():
        text = value[name]
        value[name] = text.replace(wrong, correct) if isinstance(text, str) else None
    for column, name in _DATES.items():
        month, _, rest = (source[column] or "").partition("/")
        value[name] = f"{rest[3:]}-{month}-{rest[:2]}" if month else None
    if value["lease_is_perpetual"]:
        value["lease_end"] = None
    for column, name in _AMOUNTS.items():
        value[name] = None if source[column] is None else Decimal(source[column])
    for column, name in FLAGS.items():
        value[name] = _MEANINGS[source[column]]
    return value


def _planted(
    world: World, source: Mapping[str, Any], outcome: tuple[str, str], at: int, value: Mapping[str, Json]
) -> Planted:
    expected: tuple[Target, ...] = ()
    if outcome[0] == "publish":
        account_id = str(world.accounts.target(world.account_of_record(_record(world, at))))
        columns = {"account_id": account_id, "key": _key(at + 1), "value": jsonb.text(value)}
        expected = (Target(AccountMeta, columns),)
    return Planted(tuple(source.values()), {"archive": ARCHIVED, "seed_records": Answer(*outcome, expected)})


# Column, value and outcome of the defects that run through the bulk; each row has one at most.
_DEFECTS: tuple[tuple[str, Any, tuple[str, str]], ...] = (
    *(("PH_ID", -1, ("skip", "rejected_by_dtx1")),) * 12,
    *(("PH_ID", None, ("reject", "record_missing")),) * 4,
    ("PH_ID", ABSENT, ("reject", "record_absent")),
    ("PH_ID", SKIPPED, ("reject", "record_skipped")),
    ("Move-In Date", "02/30/2020", ("reject", "date_invalid")),
    ("Move-In Date", "1/5/20", ("reject", "date_invalid")),
    ("Liquor Required?", "?", ("reject", "flag_unmapped")),
    ("Contact Name", "Ana Müller", ("reject", "contact_unexpected")),
)
# One row in so many has a given defect.
_ONE_IN = 300


def _bulk(world: World, dice: Dice, at: int) -> Planted:
    """A tenant; one in fourteen has a defect, most of these were rejected by DTX 1.0 already."""
    yes_no = ("Y", "N", "yes", "no", "")
    columns: dict[str, Any] = {
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
        "Move-In Date": ("", None, "01/15/2020", "02/29/2020")[at % 4],
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
    }
    source = _row(world, at, columns)
    lot = dice.roll(at, 12, _ONE_IN)
    if lot >= len(_DEFECTS):
        value = _value(source, world.records.target(_record(world, at)))
        return _planted(world, source, ("publish", "mapped"), at, value)
    column, stored, outcome = _DEFECTS[lot]
    source[column] = stored
    if stored == -1:
        source["status"], source["status_message"] = "REJECTED", "Tenant not found"
    return _planted(world, source, outcome, at, {})
