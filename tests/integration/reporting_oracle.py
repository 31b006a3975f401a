"""The reports' figures once more: read from DTX 2.0's tables with plain selects and reckoned in Python, rule by rule.

It shares no code with the dbt models; what both follow is docs/reporting.md.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import psycopg
from psycopg.rows import dict_row

Row = dict[str, Any]
FOLLOWED_UP = {"active", "pending"}
COUNTED = ("compliant", "coi_compliant", "doc_compliant", "exempt")
BY_COI_STATUS = ("expired", "non_compliant", "pending", "none_received")


@dataclass
class Standing:
    """One Record, as the wide view should show it."""

    record: Row
    coi_status: str
    doc_status: str
    # Document type, as it compares -> why it is open.
    open_types: dict[str, str]
    exemptions: int
    certificates: list[Row]
    documents: list[Row]
    custom_fields: list[str | None]

    @property
    def is_followed_up(self) -> bool:
        return self.record["status"] in FOLLOWED_UP

    @property
    def coi_compliant(self) -> bool:
        return self.coi_status in ("compliant", "waived")

    @property
    def doc_compliant(self) -> bool:
        return self.doc_status in ("compliant", "not_required")

    @property
    def compliant(self) -> bool:
        return self.coi_compliant and self.doc_compliant

    @property
    def exempt(self) -> bool:
        return self.exemptions > 0

    @property
    def open_items(self) -> int:
        return len(self.open_types) + (0 if self.coi_compliant else 1)

    @property
    def last_response(self) -> datetime | None:
        return max((each["created"] for each in [*self.certificates, *self.documents]), default=None)


@dataclass
class Oracle:
    """What the reporting views should hold, of what DTX 2.0 holds when it is asked.

    Args:
        connection: to the target; used at once, and not kept.
        moment: for which the reports are.
        today: the day that it is then where the readers are.
    """

    connection: psycopg.Connection
    moment: datetime
    today: date

    def __post_init__(self) -> None:
        self.accounts = [row["id"] for row in self._rows("hierarchy_account")]
        profiles = self._rows("billing_billingprofile")
        self.billed = {row["account_id"]: (row["plan"], row["payment_method"]) for row in profiles}
        self.standings = list(self._standings())

    def _rows(self, table: str) -> list[Row]:
        with self.connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(f"select * from public.docutrax_{table}").fetchall()

    def _by(self, key: str, table: str) -> dict[int, list[Row]]:
        found: dict[int, list[Row]] = defaultdict(list)
        for row in sorted(self._rows(table), key=lambda row: row["id"]):
            found[row[key]].append(row)
        return found

    def _standings(self) -> Iterable[Standing]:
        certificates = self._by("record_id", "profiles_certificate")
        documents = self._by("record_id", "profiles_document")
        members = self._by("record_id", "profiles_requirementsgroupmember")
        required = self._requirements()
        overrides = Counter(
            row["requirements_group_id"]
            for row in self._rows("profiles_manualoverride")
            if row["status"] == "approved" and not (row["expires_at"] and row["expires_at"] <= self.moment)
        )
        meta = {(row["account_id"], row["key"]): row["value"] for row in self._rows("hierarchy_accountmeta")}
        for record in self._rows("hierarchy_record"):
            groups = [row["requirements_group_id"] for row in members[record["id"]]]
            let_off, still_open = self._documents(groups, required, documents[record["id"]])
            own = [record["internal_id"] or None, record["internal_id1"] or None, None, None, None]
            yield Standing(
                record,
                self._coi_status(certificates[record["id"]]),
                self._doc_status(bool(let_off) or any(required[group] for group in groups), still_open),
                still_open,
                len(let_off) + sum(overrides[group] for group in groups),
                certificates[record["id"]],
                documents[record["id"]],
                [
                    value or meta.get((record["account_id"], f"custom_field_{at}:record:{record['id']}"))
                    for at, value in enumerate(own)
                ],
            )

    def _requirements(self) -> dict[int, dict[str, bool]]:
        """Group -> document type, as it compares -> whether the group is exempt."""
        found: dict[int, dict[str, bool]] = defaultdict(dict)
        for row in self._rows("profiles_docrequirement"):
            until = row["metadata"].get("exemption_expires_on")
            ended = until is not None and datetime.fromisoformat(until).replace(tzinfo=UTC) <= self.moment
            found[row["requirements_group_id"]][_key(row["document_type"])] = row["is_exempted"] and not ended
        return found

    def _documents(
        self, groups: list[int], required: dict[int, dict[str, bool]], documents: list[Row]
    ) -> tuple[set[str], dict[str, str]]:
        """The types that the Record is let off, and the open ones with their state."""
        latest: dict[str, Row] = {}
        for row in sorted(documents, key=lambda row: (row["created"], row["id"])):
            if isinstance(row["metadata"], dict) and row["metadata"].get("document_type"):
                latest[_key(row["metadata"]["document_type"])] = row
        let_off: set[str] = set()
        still_open: dict[str, str] = {}
        for document_type in {each for group in groups for each in required[group]}:
            asking = [required[group][document_type] for group in groups if document_type in required[group]]
            status = latest[document_type]["status"] if document_type in latest else "missing"
            if all(asking):
                let_off.add(document_type)
            elif status != "approved":
                still_open[document_type] = "pending" if status in ("new", "processing") else status
        return let_off, still_open

    def _doc_status(self, is_asked: bool, still_open: dict[str, str]) -> str:
        if not is_asked:
            return "not_required"
        if not still_open:
            return "compliant"
        return "pending" if set(still_open.values()) == {"pending"} else "non_compliant"

    def _coi_status(self, certificates: list[Row]) -> str:
        if not certificates:
            return "none_received"
        last = max(certificates, key=lambda row: (row["created"], row["id"]))
        outcome: str = last["compliance_status"]
        if outcome == "waived":
            return outcome
        if last["status"] == "rejected":
            return "non_compliant"
        ends = last["earliest_expires_on"]
        if outcome == "compliant" and (last["status"] == "expired" or (ends and ends < self.today)):
            return "expired"
        return outcome

    def wide(self) -> dict[int, tuple[Any, ...]]:
        return {
            each.record["id"]: (
                *(each.record["account_id"], each.is_followed_up, each.coi_status, each.doc_status),
                *(each.coi_compliant, each.doc_compliant, each.compliant, each.exempt),
                *(len(each.certificates), len(each.documents), each.exemptions, each.open_items, each.last_response),
                *each.custom_fields,
            )
            for each in self.standings
        }

    def coi_not_in_compliance(self) -> dict[int, str]:
        return {
            each.record["id"]: each.coi_status
            for each in self.standings
            if each.is_followed_up and not each.coi_compliant
        }

    def doc_not_in_compliance(self) -> dict[tuple[int, str], str]:
        return {
            (each.record["id"], document_type): state
            for each in self.standings
            if each.is_followed_up
            for document_type, state in each.open_types.items()
        }

    def link_customer_compliance(self) -> dict[int, tuple[Any, ...]]:
        found = {}
        for account in self.accounts:
            asked = [e for e in self.standings if e.record["account_id"] == account and e.is_followed_up]
            counts = [sum(getattr(each, name) for each in asked) for name in COUNTED]
            shares = [_share(count, len(asked)) for count in counts[:3]]
            statuses = Counter(each.coi_status for each in asked)
            found[account] = (len(asked), *counts, *(statuses[status] for status in BY_COI_STATUS), *shares)
        return found

    def account_master(self) -> dict[int, tuple[Any, ...]]:
        found = {}
        for account in self.accounts:
            everybody = [each for each in self.standings if each.record["account_id"] == account]
            asked = [each for each in everybody if each.is_followed_up]
            found[account] = (
                *self.billed.get(account, (None, None)),
                *(len(everybody), len(asked), sum(each.compliant for each in asked)),
                *(sum(len(each.certificates) for each in everybody), sum(len(each.documents) for each in everybody)),
                sum(each.open_items for each in asked),
                max((each.last_response for each in everybody if each.last_response), default=None),
            )
        return found


def _key(document_type: str) -> str:
    return document_type.strip().lower()


def _share(count: int, total: int) -> Decimal | None:
    return (Decimal(count) / total).quantize(Decimal("0.0001"), ROUND_HALF_UP) if total else None
