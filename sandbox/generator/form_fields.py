"""Rows of `form_field` with their answers, and what stands in their places before: the planted ones, then the bulk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.generator import times
from sandbox.generator.answers import ARCHIVED, AccountMeta, Answer, Planted, Record, Target
from sandbox.generator.claims import TAKES, Claim, settle
from sandbox.generator.form_field_plants import PLANTS, PUBLISHES, UPDATES, FormField
from sandbox.generator.plan import Dice
from sandbox.generator.population import ABSENT, SKIPPED
from sandbox.generator.world import FORM_FIELDS_PER_RECORD, World

# Columns of the Record that custom_field_0 and custom_field_1 go to (spec: area11, D11-5).
_RECORD_COLUMNS = ("internal_id", "internal_id1")
_MOST_CHARACTERS = 100
_FIRST_MODELS = {"form_name": "vendor_view", "model_name": "Vendorhistory"}


def _planted_records() -> list[int]:
    """Record of each plant: its own, or the one of its name."""
    named: dict[str, int] = {}
    return [named.setdefault(plant.record or f"plant {at}", len(named)) for at, plant in enumerate(PLANTS)]


RECORDS = _planted_records()
RECORD_COUNT = max(RECORDS) + 1


def rows(world: World) -> Iterator[Planted]:
    """All rows of the table, in order of their key."""
    for at, (plant, record) in enumerate(zip(PLANTS, RECORDS, strict=True)):
        yield _planted(world, at, plant, record)
    dice = world.dice("form_field")
    for block in range(_blocks(world)):
        yield from _bulk_rows(world, dice, block)


def internal_ids(record: int) -> tuple[str, str]:
    """internal_id and internal_id1 that a Record has before; one in ten of the bulk has the first."""
    if record < RECORD_COUNT:
        return PLANTS[RECORDS.index(record)].internal_ids
    return (f"A-{record:06}" if record % 10 == 7 else "", "")


def account_meta(world: World) -> Iterator[tuple[int, str, str]]:
    """(account index, key, value) of the AccountMetas that stand in the fields' places before."""
    for plant, record in zip(PLANTS, RECORDS, strict=True):
        if plant.meta is not None:
            key = _meta_key(world, plant.number, record if plant.has_vendor else None)
            yield world.account_of_record(record), key, plant.meta


def _blocks(world: World) -> int:
    return -(-(world.plan.rows_of("form_field") - len(PLANTS)) // FORM_FIELDS_PER_RECORD)


def _row(world: World, dice: Dice, at: int, record: int, *, number: int, value: str | None) -> dict[str, Any]:
    """An ordinary row; the columns in the table's order."""
    return {
        "form_field_id": at + 1,
        "customer_id": world.accounts.legacy(world.account_of_record(record)),
        "vendor_id": world.records.legacy(record),
        **_FIRST_MODELS,
        "property_name": f"custom_field_{number}",
        "value": value,
        "label": ("Lease #", "Bâtiment", "", None)[number % 4],
        "field_type": ("text", "select", "date", "checkbox", None)[number],
        "options": "a|b|c" if number == 1 else None,
        "default_value": "" if number else None,
        "required": ("yes", "no", None)[at % 3],
        "display_order": (-1, 0, 1, 2, None)[number],
        "enabled": (0, 1, 1, 7)[at % 4],
        "create_user_id": world.users.legacy(at % world.users.count),
        "create_time": "0000-00-00 00:00:00" if at % 9 == 4 else times.local(dice, at, 1),
        "update_time": "2023-11-05 05:30:00" if at % 2 else "2023-11-05 06:30:00",
    }


def _meta_key(world: World, number: int, record: int | None) -> str:
    name = f"custom_field_{number}"
    return name if record is None else f"{name}:record:{world.records.target(record)}"


def _answers(
    world: World,
    record: int,
    number: int,
    value: str,
    *,
    on_record: tuple[str, str],
    as_meta: tuple[str, str],
    has_vendor: bool = True,
) -> Mapping[str, Answer]:
    account_id = str(world.accounts.target(world.account_of_record(record)))
    key = _meta_key(world, number, record if has_vendor else None)
    published = (Target(AccountMeta, {"account_id": account_id, "key": key, "value": value}),)
    answers = {}
    for option, outcome in (("record_internal_id", on_record), ("account_meta", as_meta)):
        expected: tuple[Target, ...] = published if outcome[0] == "publish" else ()
        if outcome[0] == "update":
            expected = (Target(Record, {_RECORD_COLUMNS[number]: value}, row_id=world.records.target(record)),)
        answers[option] = Answer(*outcome, expected)
    return {**answers, "archive": ARCHIVED}


def _planted(world: World, at: int, plant: FormField, record: int) -> Planted:
    source = _row(world, world.dice("form_field"), at, record, number=plant.number, value=plant.value)
    if not plant.has_vendor:
        source["vendor_id"] = None
    if plant.foreign_customer:
        source["customer_id"] = world.accounts.legacy((world.account_of_record(record) + 1) % world.accounts.count)
    source |= plant.columns
    value = plant.value if plant.expects is None else plant.expects
    as_meta = plant.on_record if plant.as_meta is None else plant.as_meta
    answers = _answers(
        world,
        record,
        plant.number,
        value or "",
        on_record=plant.on_record,
        as_meta=as_meta,
        has_vendor=plant.has_vendor,
    )
    return Planted(tuple(source.values()), answers)


# Columns and values of the defects that run through the bulk, one a block at most.
_DEFECT_SLOT = 2
_DEFECTS: tuple[tuple[dict[str, Any], str], ...] = (
    ({"form_name": "customer_edit", "model_name": "Customer"}, "property_unmapped"),
    ({"property_name": "custom_field_9"}, "property_unmapped"),
    ({"customer_id": ABSENT}, "account_absent"),
    ({"customer_id": None}, "account_missing"),
    ({"vendor_id": ABSENT}, "record_absent"),
    ({"vendor_id": SKIPPED}, "record_skipped"),
)


def _value(dice: Dice, at: int) -> str | None:
    lot = dice.roll(at, 5, 100)
    if lot < 90:
        return (f"Lease {at}", f"Größe {at}\t§4\n2. Stock", f"{at}")[lot % 3]
    if lot < 95:
        return f"  Lease {at} "
    return (None, "", "  ", "é" * 101, "é" * 100)[lot - 95]


def _bulk_rows(world: World, dice: Dice, block: int) -> Iterator[Planted]:
    """The custom fields of one Record."""
    record = RECORD_COUNT + block
    sources, reason_code = _bulk_sources(world, dice, block, record)
    fields = [(int(source["property_name"][-1]), (source["value"] or "").strip()) for source in sources]
    lost = [n == _DEFECT_SLOT and bool(reason_code) for n in range(len(sources))]
    verdicts = settle(
        [
            Claim(None if is_lost or not value or _too_long(number, value) else number, n, value)
            for n, ((number, value), is_lost) in enumerate(zip(fields, lost, strict=True))
        ]
    )
    for source, (number, value), is_lost, verdict in zip(sources, fields, lost, verdicts, strict=True):
        on_record, as_meta = UPDATES if number < len(_RECORD_COLUMNS) else PUBLISHES, PUBLISHES
        held = internal_ids(record)[number] if number < len(_RECORD_COLUMNS) else ""
        if is_lost:
            on_record = as_meta = ("reject", reason_code)
        elif not value:
            on_record = as_meta = ("skip", "value_blank")
        elif verdict != TAKES:
            on_record = as_meta = verdict
        elif _too_long(number, value):
            on_record = ("reject", "value_too_long")
        elif held:
            on_record = ("already_present", "same_value") if value == held else ("reject", "internal_id_conflict")
        answers = _answers(world, record, number, value, on_record=on_record, as_meta=as_meta)
        yield Planted(tuple(source.values()), answers)


def _bulk_sources(world: World, dice: Dice, block: int, record: int) -> tuple[list[dict[str, Any]], str]:
    """The rows of one Record, and the reason code of the one that has a defect, if any.

    In one of forty Records two fields repeat or contradict each other, and one of seventeen has a defect.
    """
    first = len(PLANTS) + block * FORM_FIELDS_PER_RECORD
    count = min(world.plan.rows_of("form_field") - first, FORM_FIELDS_PER_RECORD)
    sources = [_row(world, dice, first + n, record, number=n, value=_value(dice, first + n)) for n in range(count)]
    held, twin, defect = internal_ids(record)[0], dice.roll(block, 6, 80), dice.roll(block, 7, 100)
    if held and dice.roll(block, 8, 5):
        sources[0]["value"] = held
    if twin < 2 and count == FORM_FIELDS_PER_RECORD:
        other = sources[_DEFECT_SLOT + 1]
        sources[-1]["property_name"] = other["property_name"]
        sources[-1]["value"] = other["value"] if twin else "Lease of somebody else"
    if defect >= len(_DEFECTS) or count <= _DEFECT_SLOT:
        return sources, ""
    columns, reason_code = _DEFECTS[defect]
    sources[_DEFECT_SLOT] |= columns
    return sources, reason_code


def _too_long(number: int, value: str) -> bool:
    return number < len(_RECORD_COLUMNS) and len(value) > _MOST_CHARACTERS
