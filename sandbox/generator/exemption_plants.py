"""The exemptions that are planted on purpose (D11-7): every rule, every reason code, every hazard at least once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.generator.areas import DocumentState
from sandbox.generator.population import ABSENT, ABSENT_LARGE, REJECTED, SKIPPED
from sandbox.generator.world import DECIDED, LONER, TORN

# item_name -> coverage_type, coverage_subtype, item_key (spec: area11, D11-7).
COVERAGES = {
    "GL": ("GeneralLiability", "", ""),
    "Auto": ("AutoLiability", "", ""),
    "WC": ("WorkersCompensation", "", ""),
    "UMB": ("UmbrellaLiability", "", ""),
    "Professional Liability": ("OtherCoverage", "Professional Liability", ""),
    "Boiler and Machinery": ("PropertyCoverage", "Boiler and Machinery", ""),
    "EPLI": ("OtherCoverage", "EPLI", ""),
    "Business Personal Property": ("PropertyCoverage", "Business Personal Property", ""),
    "Business Income": ("PropertyCoverage", "Business Income", ""),
    "Primary & Non-Contributory": ("GeneralLiability", "", "primary_non_contributory"),
}


@dataclass(frozen=True)
class Exemption:
    """One planted exemption; what is not said is ordinary.

    Args:
        outcome: disposition and reason code.
        columns: source columns that differ from the ordinary row.
        expects: target columns that differ from what the ordinary row gives.
        group: plants with the same name share a RequirementsGroup; each other has its own.
        second_record: for the group's second record.
        extra_record: for one of the world's extra records.
        extra_group: the extra group that is expected.
        foreign_requirements: requirements_id is that of group 0, not of the expected group.
        documents: how the group's first DocRequirements are before the migration.
        override: somebody made a ManualOverride in the application for the ordinary row's coverage; the columns in
            which it differs from that.
    """

    outcome: tuple[str, str]
    columns: Mapping[str, Any] = field(default_factory=dict)
    expects: Mapping[str, str | None] = field(default_factory=dict)
    group: str = ""
    second_record: bool = False
    extra_record: int | None = None
    extra_group: int | None = None
    foreign_requirements: bool = False
    documents: tuple[DocumentState, ...] = ()
    override: Mapping[str, str | None] | None = None


def _published(reason_code: str = "mapped", **arguments: Any) -> Exemption:
    return Exemption(("publish", reason_code), **arguments)


def _rejected(reason_code: str, /, **columns: Any) -> Exemption:
    return Exemption(("reject", reason_code), columns)


def _coverage(item_name: str, canonical: str = "") -> Exemption:
    coverage_type, subtype, item_key = COVERAGES[canonical or item_name]
    return _published(
        columns={"item_name": item_name},
        expects={"coverage_type": coverage_type, "coverage_subtype": subtype, "item_key": item_key},
    )


def _expiry(reason_code: str, stored: str | None, expected: str | None) -> Exemption:
    return _published(reason_code, columns={"ExemptExpDate": stored}, expects={"expires_at": expected})


def _reason(stored: str | None, expected: str) -> Exemption:
    return _published(columns={"ExemptReason": stored}, expects={"reason": expected})


def _competing(
    group: str, create_time: str | None, outcome: tuple[str, str], /, second_record: bool = False, **columns: Any
) -> Exemption:
    expects: dict[str, str | None] = {"approved_at": None} if create_time is None else {}
    return Exemption(
        outcome, {"create_time": create_time, **columns}, expects, group=group, second_record=second_record
    )


def _document(outcome: tuple[str, str], /, *documents: DocumentState, group: str = "", **columns: Any) -> Exemption:
    return Exemption(outcome, _DOCUMENT | columns, documents=documents, group=group)


_DOCUMENT = {"item_type": "DOCUMENT", "item_name": "W-9", "ExemptExpDate": None}
_WINS, _LOSES = ("publish", "mapped"), ("skip", "superseded")
_UPDATES = ("update", "mapped")
_EARLY, _LATE = "2019-03-04 09:00:00", "2021-03-04 09:00:00"

_COVERAGE_NAMES = (
    *(_coverage(item_name) for item_name in list(COVERAGES)[:8]),
    # Ids 9 and 10: as text, 9 comes after 10.
    _competing("same time, larger id", _LATE, _LOSES),
    _competing("same time, larger id", _LATE, _WINS),
    *(_coverage(item_name) for item_name in list(COVERAGES)[8:]),
    # Case and outer white space do not matter (M3).
    _coverage("gl", "GL"),
    _coverage(" Auto  ", "Auto"),
    _coverage("PRIMARY & non-contributory", "Primary & Non-Contributory"),
    _coverage("business income", "Business Income"),
    # MySQL's own comparison ignores case and trailing blanks (M3).
    _published(columns={"item_type": "coi"}),
    _published(columns={"ExemptReviewStatus": "Compliant "}),
)

_EXPIRIES = (
    _expiry("never_expires", "3000-01-01", None),
    _expiry("never_expires", "2050-01-01", None),
    _expiry("never_expires", "2050-12-31", None),
    _expiry("no_expiry_given", "0000-00-00", None),
    _expiry("no_expiry_given", None, None),
    _expiry("expired", "2019-12-31", "2019-12-31 00:00:00+00"),
    _expiry("expired", "0009-06-15", "0009-06-15 00:00:00+00"),
    # One day off a sentinel is a date like any other (M1).
    _expiry("mapped", "2049-12-31", "2049-12-31 00:00:00+00"),
    _expiry("mapped", "2051-01-01", "2051-01-01 00:00:00+00"),
    _expiry("mapped", "3000-01-02", "3000-01-02 00:00:00+00"),
    _expiry("mapped", "9999-12-31", "9999-12-31 00:00:00+00"),
    _rejected("expiry_invalid", ExemptExpDate="2036-00-15"),
    _rejected("expiry_invalid", ExemptExpDate="2036-02-00"),
)

_TIMES = (
    _published(columns={"create_time": None}, expects={"approved_at": None}),
    _published(columns={"create_time": "0000-00-00 00:00:00"}, expects={"approved_at": None}),
    # Twice that night: PostgreSQL's AT TIME ZONE takes standard time, UTC-5 (E3).
    _published(columns={"create_time": "2022-11-06 01:30:00"}, expects={"approved_at": "2022-11-06 06:30:00+00"}),
    _rejected("approved_at_in_dst_gap", create_time="2023-03-12 02:30:00"),
    _rejected("approved_at_invalid", create_time="2021-00-15 10:00:00"),
)

_INNER_BLANKS = 'WC NOT MANDATORY\tIN TX;\nsee "note" \\ it\'s waived'
_REASONS = (
    _reason("  Sole proprietor \t\r\n", "  Sole proprietor"),
    _reason(_INNER_BLANKS, _INNER_BLANKS),
    _reason("JosÃ© waived", "JosÃ© waived"),
    _reason(None, ""),
    _reason("", ""),
    _rejected("text_unstorable", ExemptReason="wai\0ved"),
)

_PARENTS = (
    _published(columns={"create_user_id": None}, expects={"approved_by_id": None}),
    _published(columns={"create_user_id": 0}, expects={"approved_by_id": None}),
    _published(columns={"requirements_id": None}, expects={"coi_risk_profile_id": None}),
    _published(columns={"requirements_id": 0}, expects={"coi_risk_profile_id": None}),
    # The Record is in one group; the requirements name another, and still give the risk profile.
    _published(foreign_requirements=True),
    _published(extra_record=DECIDED, extra_group=3),
    _rejected("record_missing", vendor_id=None),
    _rejected("record_missing", vendor_id=0),
    _rejected("record_absent", vendor_id=ABSENT),
    _rejected("record_absent", vendor_id=ABSENT_LARGE),
    _rejected("record_rejected", vendor_id=REJECTED),
    _rejected("record_skipped", vendor_id=SKIPPED),
    _rejected("requirements_absent", requirements_id=ABSENT),
    _rejected("requirements_rejected", requirements_id=REJECTED),
    _rejected("requirements_skipped", requirements_id=SKIPPED),
    _rejected("user_absent", create_user_id=ABSENT),
    _rejected("user_rejected", create_user_id=REJECTED),
    _rejected("user_skipped", create_user_id=SKIPPED),
    Exemption(("reject", "group_missing"), extra_record=LONER),
    Exemption(("reject", "group_ambiguous"), extra_record=TORN),
    Exemption(("reject", "group_ambiguous"), {"requirements_id": None}, extra_record=TORN),
    _rejected("item_type_unmapped", item_type="BROKER"),
    _rejected("item_name_unmapped", item_name="Cyber"),
    _rejected("item_name_unmapped", item_name=""),
    _rejected("review_status_unmapped", ExemptReviewStatus="PENDING"),
    _rejected("review_status_unmapped", ExemptReviewStatus=None),
)

_SUPERSEDED = (
    _competing("later time wins, smaller id", _LATE, _WINS),
    _competing("later time wins, smaller id", _EARLY, _LOSES),
    _competing("no time is earliest", _EARLY, _WINS),
    _competing("no time is earliest", None, _LOSES),
    _competing("two records of one group", _EARLY, _LOSES),
    _competing("two records of one group", _LATE, _WINS, second_record=True),
    _competing("two spellings", _EARLY, _LOSES, item_name="GL"),
    _competing("two spellings", _LATE, _WINS, item_name="gl "),
    # A rejected one does not compete, however late.
    _competing("one is rejected", _EARLY, _WINS),
    _competing("one is rejected", _LATE, ("reject", "user_absent"), create_user_id=ABSENT),
    # Different risk profiles, subtypes and items do not compete.
    Exemption(("publish", "mapped"), group="two risk profiles"),
    Exemption(
        ("publish", "mapped"), {"requirements_id": None}, {"coi_risk_profile_id": None}, group="two risk profiles"
    ),
)

_DOCUMENTS = (
    _document(_UPDATES),
    _document(_UPDATES, ExemptExpDate="3000-01-01"),
    _document(_UPDATES, ExemptExpDate="0000-00-00"),
    # The name is compared as MySQL would (M3).
    _document(_UPDATES, item_name="w-9 "),
    _document(("update", "expiry_in_metadata"), ExemptExpDate="2036-05-01"),
    _document(
        ("update", "expiry_in_metadata"),
        DocumentState("W-9", metadata='{"source": "app"}'),
        ExemptExpDate="2037-01-31",
    ),
    _document(
        ("already_present", "already_exempted"), DocumentState("W-9", is_exempted=True, note="Exempted in the app")
    ),
    _document(("reject", "document_type_unmatched"), item_name="OSHA 300"),
    _document(("reject", "document_type_ambiguous"), DocumentState("Lease"), DocumentState("lease"), item_name="LEASE"),
    _document(("reject", "document_exemption_expired"), ExemptExpDate="2019-12-31"),
    _document(("skip", "superseded"), group="two for one document", create_time=_EARLY),
    _document(_UPDATES, group="two for one document", create_time=_LATE),
)

_OVERRIDDEN = ("already_present", "already_overridden")

_OVERRIDES = (
    Exemption(_OVERRIDDEN, override={}),
    Exemption(_OVERRIDDEN, {"requirements_id": None}, override={"coi_risk_profile_id": None}),
    Exemption(_OVERRIDDEN, override={"status": "revoked", "expires_at": "2025-01-01 00:00:00+00"}),
    # Asked before `superseded`, and after the rejects.
    Exemption(_OVERRIDDEN, {"create_time": _EARLY}, group="both overridden", override={}),
    Exemption(_OVERRIDDEN, {"create_time": _LATE}, group="both overridden"),
    Exemption(("reject", "user_absent"), {"create_user_id": ABSENT}, override={}),
    # Another risk profile, subtype or item is another override.
    _published(override={"coi_risk_profile_id": None}),
    _published(override={"coverage_subtype": "Products"}),
    _published(override={"item_key": "primary_non_contributory"}),
)

PLANTS = (*_COVERAGE_NAMES, *_EXPIRIES, *_TIMES, *_REASONS, *_PARENTS, *_SUPERSEDED, *_DOCUMENTS, *_OVERRIDES)
