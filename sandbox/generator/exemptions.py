"""Rows of `exemption` with their answers: the planted ones first, then the bulk."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sandbox.generator import jsonb, times
from sandbox.generator.answers import Answer, DocRequirement, ManualOverride, Planted, Target, planted
from sandbox.generator.areas import DocumentState
from sandbox.generator.exemption_plants import COVERAGES, PLANTS, Exemption
from sandbox.generator.jsonb import Json
from sandbox.generator.plan import Dice
from sandbox.generator.population import ABSENT, REJECTED, SKIPPED
from sandbox.generator.world import EXEMPTIONS_PER_GROUP, World

_COLUMNS = (
    *("exemption_id", "vendor_id", "item_type", "item_name", "ExemptExpDate", "ExemptReason", "ExemptReviewStatus"),
    *("create_user_id", "create_time", "requirements_id", "src"),
)
_NEVER = ("3000-01-01", "2050-01-01", "2050-06-30", "2050-12-31")
_NONE = (None, "0000-00-00")
# Dates that nobody has ruled on, each on one row in six hundred: before 1990, after 2045, and at the extreme (M1).
_SUSPICIOUS = ("1970-01-01", "1989-12-31", "2046-01-01", "9999-12-31")


def _planted_groups() -> list[int]:
    """Group of each plant: its own, or the one of its name."""
    named: dict[str, int] = {}
    return [named.setdefault(plant.group or f"plant {at}", len(named)) for at, plant in enumerate(PLANTS)]


GROUPS = _planted_groups()
GROUP_COUNT = max(GROUPS) + 1


def document_states(world: World) -> dict[int, DocumentState]:
    """DocRequirements that the planted exemptions need otherwise than usual, by index."""
    return {
        world.document_requirement(group, at): state
        for plant, group in zip(PLANTS, GROUPS, strict=True)
        for at, state in enumerate(plant.documents)
    }


def overrides(world: World) -> Iterator[dict[str, str | None]]:
    """ManualOverrides that people made in the application for what planted exemptions cover; all columns but times."""
    for at, (plant, group) in enumerate(zip(PLANTS, GROUPS, strict=True)):
        if plant.override is not None:
            yield {
                **_override(world, group, group, item_name="GL", user=at % world.users.count),
                "reason": "Approved in the app",
                **plant.override,
            }


def rows(world: World) -> Iterator[Planted]:
    """All rows of the table, in order of their key."""
    for at, (plant, group) in enumerate(zip(PLANTS, GROUPS, strict=True)):
        yield _planted(world, at, plant, group)
    dice = world.dice("exemption")
    for at in range(world.plan.rows_of("exemption") - len(PLANTS)):
        yield _bulk(world, dice, at)


def _planted(world: World, at: int, plant: Exemption, group: int) -> Planted:
    record = world.members_of(group)[plant.second_record]
    if plant.extra_record is not None:
        record = world.extra_record(plant.extra_record)
    if plant.extra_group is not None:
        group = world.extra_group(plant.extra_group)
    requirements_group = 0 if plant.foreign_requirements else group
    user = at % world.users.count
    source: dict[str, Any] = {
        "exemption_id": at + 1,
        "vendor_id": world.records.legacy(record),
        "item_type": "COI",
        "item_name": "GL",
        "ExemptExpDate": "2036-05-01",
        "ExemptReason": "Sole proprietor",
        "ExemptReviewStatus": "COMPLIANT",
        "create_user_id": world.users.legacy(user),
        "create_time": "2020-07-15 14:05:09",
        "requirements_id": world.legacy_requirements(requirements_group),
        "src": "PH",
        **plant.columns,
    }
    disposition, reason_code = plant.outcome
    expected: tuple[Target, ...] = ()
    if disposition == "publish":
        override = {
            **_override(world, group, requirements_group, item_name="GL", user=user),
            "reason": source["ExemptReason"],
            "expires_at": times.midnight(str(source["ExemptExpDate"])),
            "approved_at": None if "approved_at" in plant.expects else times.instant(source["create_time"]),
        }
        expected = (Target(ManualOverride, {**override, **plant.expects}),)
    elif disposition == "update":
        metadata = json.loads(plant.documents[0].metadata) if plant.documents else {}
        if reason_code == "expiry_in_metadata":
            metadata["exemption_expires_on"] = source["ExemptExpDate"]
        expected = (_exempted(world, group, source["ExemptReason"], metadata),)
    return planted(tuple(source[column] for column in _COLUMNS), Answer(disposition, reason_code, expected))


def _override(
    world: World, group: int, requirements_group: int | None, item_name: str, user: int
) -> dict[str, str | None]:
    coverage_type, subtype, item_key = COVERAGES[item_name]
    profile = None
    if requirements_group is not None:
        profile = str(world.risk_profiles.target(world.risk_profile_of_group(requirements_group)))
    return {
        "requirements_group_id": str(world.groups.target(group)),
        "coi_risk_profile_id": profile,
        "coverage_type": coverage_type,
        "coverage_subtype": subtype,
        "item_key": item_key,
        "approved_by_id": str(world.users.target(user)),
        "status": "approved",
    }


def _exempted(world: World, group: int, note: str, metadata: dict[str, Json]) -> Target:
    """A group's first DocRequirement, exempted."""
    row_id = world.document_requirements.target(world.document_requirement(group, 0))
    columns = {"is_exempted": "true", "note": note, "metadata": jsonb.text(metadata)}
    return Target(DocRequirement, columns, row_id=row_id)


# Column and value of the defects that run through the bulk; each row has one at most.
_DEFECTS = (
    ("create_user_id", ABSENT, "user_absent"),
    ("create_user_id", REJECTED, "user_rejected"),
    ("vendor_id", SKIPPED, "record_skipped"),
    ("vendor_id", None, "record_missing"),
    ("requirements_id", ABSENT, "requirements_absent"),
    ("item_name", "Cyber", "item_name_unmapped"),
    ("ExemptReviewStatus", "PENDING", "review_status_unmapped"),
    ("ExemptExpDate", "2036-00-15", "expiry_invalid"),
    ("create_time", "2023-03-12 02:30:00", "approved_at_in_dst_gap"),
)
_REASONS = ("Sole proprietor", "WC NOT MANDATORY IN TX", "waived", "Propriétaire unique", "see lease §4", "per José")
_ITEMS = tuple(COVERAGES)
_FIRST_TWIN, _SECOND_TWIN, _DEFECT_SLOT, _DOCUMENT_SLOT = 2, 3, 5, 9


def _bulk(world: World, dice: Dice, at: int) -> Planted:
    """One row of the bulk: slot 9 of a group is a document, slots 2 and 3 of every second group are twins."""
    group, slot = GROUP_COUNT + at // EXEMPTIONS_PER_GROUP, at % EXEMPTIONS_PER_GROUP
    has_twins = group % 2 == 0 and slot in (_FIRST_TWIN, _SECOND_TWIN)
    create_time = times.local(dice, at, 0)
    reason = _REASONS[dice.roll(at, 2, len(_REASONS))]
    expiry, reason_code, expires_at = _expiry(dice, at)
    user = dice.roll(at, 6, world.users.count)
    requirements_group = group if has_twins or dice.roll(at, 7, 10) < 7 else None
    is_document = slot == _DOCUMENT_SLOT
    source: dict[str, Any] = {
        "exemption_id": len(PLANTS) + at + 1,
        "vendor_id": world.records.legacy(world.members_of(group)[at % 2]),
        "item_type": "DOCUMENT" if is_document else "COI",
        "item_name": "W-9" if is_document else _ITEMS[_FIRST_TWIN if has_twins else slot],
        "ExemptExpDate": expiry,
        "ExemptReason": reason + ("  " if dice.roll(at, 8, 5) == 0 else ""),
        "ExemptReviewStatus": "COMPLIANT",
        "create_user_id": world.users.legacy(user),
        "create_time": create_time,
        "requirements_id": None if requirements_group is None else world.legacy_requirements(requirements_group),
        "src": "PH" if dice.roll(at, 9, 3) else str(world.certificates.legacy(at % world.certificates.count)),
    }
    if slot == _DEFECT_SLOT and group % 5 == 1:
        column, value, code = _DEFECTS[group // 5 % len(_DEFECTS)]
        source[column] = value
        answer = Answer("reject", code)
    elif has_twins and not _wins(dice, at, slot, world.plan.rows_of("exemption") - len(PLANTS)):
        answer = Answer("skip", "superseded")
    elif is_document:
        answer = _document_answer(world, group, reason, expiry, reason_code)
    else:
        override = _override(world, group, requirements_group, item_name=source["item_name"], user=user)
        override |= {"reason": reason, "expires_at": expires_at, "approved_at": times.instant(create_time)}
        answer = Answer("publish", reason_code, (Target(ManualOverride, override),))
    return planted(tuple(source.values()), answer)


def _expiry(dice: Dice, at: int) -> tuple[str | None, str, str | None]:
    """ExemptExpDate, the reason code that it gives an override, and its expires_at."""
    if (lot := dice.roll(at, 10, 600)) < len(_SUSPICIOUS):
        return _suspicious(_SUSPICIOUS[lot])
    kind = dice.roll(at, 3, 20)
    if kind < 3:
        return _NEVER[dice.roll(at, 4, len(_NEVER))], "never_expires", None
    if kind < 5:
        return _NONE[dice.roll(at, 4, len(_NONE))], "no_expiry_given", None
    expired = kind < 8
    day = times.day(dice, at, 4, 2014 if expired else 2036, 9)
    return day, "expired" if expired else "mapped", times.midnight(day)


def _suspicious(day: str) -> tuple[str, str, str]:
    return day, "expired" if day < "2000" else "mapped", times.midnight(day)


def _document_answer(world: World, group: int, reason: str, expiry: str | None, reason_code: str) -> Answer:
    if reason_code == "expired":
        return Answer("reject", "document_exemption_expired")
    if reason_code == "mapped":
        expected = _exempted(world, group, reason, {"exemption_expires_on": expiry})
        return Answer("update", "expiry_in_metadata", (expected,))
    return Answer("update", "mapped", (_exempted(world, group, reason, {}),))


def _wins(dice: Dice, at: int, slot: int, bulk_rows: int) -> bool:
    """Whether a twin has the later time; on a tie the larger id wins."""
    other = at + (_SECOND_TWIN - _FIRST_TWIN if slot == _FIRST_TWIN else _FIRST_TWIN - _SECOND_TWIN)
    mine, others = times.local(dice, at, 0), times.local(dice, other, 0)
    return other >= bulk_rows or (mine, at) > (others, other)
