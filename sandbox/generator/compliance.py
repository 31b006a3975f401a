"""What people did about compliance in DTX 2.0 since the earlier areas ran: every state that the reports tell apart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.generator import names, times
from sandbox.generator.jsonb import Json, text
from sandbox.generator.postgres_copy import PostgresCopier
from sandbox.generator.times import EPOCH
from sandbox.generator.world import DOCUMENT_TYPES, World

# Status of the file, outcome of its evaluation, first year of its end (None: no day was read), reasons.
_CERTIFICATES: tuple[tuple[str, str, int | None, list[Json]], ...] = (
    ("new", "pending", None, []),
    ("processing", "pending", 2036, []),
    ("approved", "waived", 2022, []),
    ("approved", "compliant", None, []),
    ("expired", "compliant", 2022, []),
    ("approved", "compliant", 2040, []),
    ("approved", "non_compliant", 2036, ["GL limit too low", "No additional insured"]),
    ("rejected", "non_compliant", None, []),
)
_STATUSES = ("approved", "approved", "new", "processing", "rejected", "expired")
_SPELLINGS = (str, str.lower, str.upper, " {} ".format)
# Sets of an override: status, and when it ends.
_OVERRIDES = (
    ("approved", "2040-01-01 00:00:00+00"),
    ("approved", "2022-01-01 00:00:00+00"),
    ("pending", None),
    ("revoked", None),
)


def fill(copier: PostgresCopier, world: World) -> None:
    """Copy certificates, documents and overrides, after the rows that Areas 1 to 6 left.

    Args:
        copier: writes to DTX 2.0.
        world: the populations.
    """
    copier.copy(
        "public.docutrax_profiles_certificate",
        "record_id file original_filename status carrier_name earliest_expires_on compliance_status "
        "compliance_evaluated_at non_compliance_reasons created updated",
        _certificates(world),
    )
    copier.copy(
        "public.docutrax_profiles_document",
        "account_id record_id file original_filename status needs_review created updated metadata",
        _documents(world),
    )
    copier.copy(
        "public.docutrax_profiles_manualoverride",
        "requirements_group_id coverage_type coverage_subtype item_key reason expires_at status created updated",
        _overrides(world),
    )


def _certificates(world: World) -> Iterator[tuple[Any, ...]]:
    """For two Records of three: a certificate after the one that Area 4 may have brought."""
    dice = world.dice("later certificate")
    for at in range(world.records.count):
        if dice.roll(at, 0, 3):
            status, outcome, year, reasons = _CERTIFICATES[dice.roll(at, 1, len(_CERTIFICATES))]
            received = f"{times.day(dice, at, 2, 2025, 1)} 09:00:00+00"
            yield (
                *(world.records.target(at), f"certificates/2025/12/{at:08}.pdf", names.file(dice, at, 10), status),
                *(("Zürich", "AIG", "Chubb", "The Hartford", "")[dice.roll(at, 3, 5)],),
                *(year and times.day(dice, at, 4, year, 2), outcome, None if outcome == "pending" else received),
                *(text(reasons), received, received),
            )


def _documents(world: World) -> Iterator[tuple[Any, ...]]:
    """A third of the Records brings all that is asked for, a third something, a third nothing."""
    dice = world.dice("later document")
    for at in range(world.records.count):
        eagerness = dice.roll(at, 0, 3)
        for lane, document_type in enumerate(DOCUMENT_TYPES, start=1):
            if eagerness == 0 or (eagerness == 1 and dice.roll(at, lane, 4) == 0):
                continue
            status = "approved" if eagerness == 2 else _STATUSES[dice.roll(at, lane + 10, len(_STATUSES))]
            spelt = _SPELLINGS[dice.roll(at, lane + 20, len(_SPELLINGS))](document_type)
            received = f"{times.day(dice, at, lane + 30, 2025, 1)} 10:00:00+00"
            yield (
                *(world.accounts.target(world.account_of_record(at)), world.records.target(at)),
                *(f"documents/2025/12/{at:08}-{lane}.pdf", f"{document_type}.pdf", status, False),
                *(received, received, text({"made_in": "app", "document_type": spelt})),
            )


def _overrides(world: World) -> Iterator[tuple[Any, ...]]:
    """For each third group: of a coverage that no exemption of DTX 1.0 has by that name."""
    for group in range(0, world.groups.count, 3):
        status, expires_at = _OVERRIDES[group // 3 % len(_OVERRIDES)]
        yield (
            *(world.groups.target(group), "OtherCoverage", "made in the app", "", "Agreed with the broker", expires_at),
            *(status, EPOCH, EPOCH),
        )
