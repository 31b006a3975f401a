"""The vornado_feed rows that are planted on purpose (D11-11): every rule, every reason code, every hazard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sandbox.generator.jsonb import Json
from sandbox.generator.population import ABSENT, REJECTED, SKIPPED

CONTACTS = tuple(f"Contact {part}" for part in ("Name", "Title", "Email", "Phone", "Fax", "Address", "City/State/Zip"))
FLAGS = {
    "GL Required?": "gl_required",
    "Auto Required?": "auto_required",
    "WC Required?": "wc_required",
    "Umbrella Required?": "umbrella_required",
    "Property Required?": "property_required",
    "Liquor Required?": "liquor_required",
    "Boiler/Machinery Required?": "boiler_machinery_required",
    "Waiver of Subrogation?": "waiver_of_subrogation",
}
SAME = "the value that it brings itself"


@dataclass(frozen=True)
class Tenant:
    """One planted row of vornado_feed; what is not said is an ordinary one that moves.

    Args:
        outcome: disposition and reason code under `seed_records`.
        columns: source columns that differ from the ordinary row.
        expects: parts of the value that must arrive otherwise than the ordinary row gives.
        there: value of the AccountMeta in its place before; SAME for its own.
    """

    outcome: tuple[str, str] = ("publish", "mapped")
    columns: Mapping[str, Any] = field(default_factory=dict)
    expects: Mapping[str, Json] = field(default_factory=dict)
    there: str | None = None


def _moved(columns: Mapping[str, Any], **expects: Json) -> Tenant:
    return Tenant(columns=columns, expects=expects)


def _text(column: str, name: str, stored: str | None, expected: str | None) -> Tenant:
    return Tenant(columns={column: stored}, expects={name: expected})


def _lost(reason_code: str, columns: Mapping[str, Any], disposition: str = "reject") -> Tenant:
    return Tenant((disposition, reason_code), columns)


_WORDING = 'Landlord "A" and\r\nits agents\tas per \\ lease §4; café \x01'

_TEXTS = (
    Tenant(),
    _text("Tenant Name", "tenant_name", "  Café & Co \t", "Café & Co"),
    _text("DBA Name", "dba_name", "\xa0Zoë's\xa0", "Zoë's"),
    _text("DBA Name", "dba_name", "", None),
    _text("Floor", "floor", "   ", None),
    _text("Suite #", "suite", "\xa0\t", None),
    _text("Lease Type", "lease_type", None, None),
    _text("status", "status", None, None),
    _text("Property Name", "property_name", "CafÃ© Row", "CafÃ© Row"),
    _text("Add'l Insured Wording", "additional_insured_wording", _WORDING, _WORDING),
    # Columns that nobody asks about.
    _moved({"status_message": "Tenant found", "create_time": "2022-03-13 02:15:00", "update_time": None}),
    _moved({"Contact Name": "", "Contact Email": "   "}),
)

_DATES = (
    _moved({"Lease Start Date": None}, lease_start=None),
    _moved({"Lease Start Date": ""}, lease_start=None),
    _moved({"Move-In Date": "  "}, move_in=None),
    _moved({"Move-In Date": "02/29/2020"}, move_in="2020-02-29"),
    _moved({"Move-In Date": "01/01/0009"}, move_in="0009-01-01"),
    _moved({"Lease End Date": "12/31/2050"}, lease_end=None, lease_is_perpetual=True),
    _moved({"Lease End Date": None}, lease_end=None),
    # One day off a sentinel, or in another column, it is a date like any other (M1).
    _moved({"Lease End Date": "12/30/2050"}, lease_end="2050-12-30"),
    _moved({"Lease End Date": "01/01/2051"}, lease_end="2051-01-01"),
    _moved({"Lease End Date": "12/31/9999"}, lease_end="9999-12-31"),
    _moved({"Lease Start Date": "12/31/2050"}, lease_start="2050-12-31"),
    _moved({"Move-In Date": "12/31/2050"}, move_in="2050-12-31"),
    _lost("date_invalid", {"Move-In Date": "02/30/2020"}),
    _lost("date_invalid", {"Move-In Date": "1/5/20"}),
    _lost("date_invalid", {"Lease Start Date": "1/5/2020"}),
    _lost("date_invalid", {"Lease Start Date": "02/29/2021"}),
    _lost("date_invalid", {"Lease Start Date": "2020-01-05"}),
    _lost("date_invalid", {"Lease End Date": "00/00/0000"}),
    _lost("date_invalid", {"Lease End Date": "12/31/0000"}),
    _lost("date_invalid", {"Lease End Date": "31/12/2050"}),
    _lost("date_invalid", {"Lease End Date": "TBD"}),
    _lost("date_invalid", {"Lease Start Date": "TBD", "GL Required?": "X"}),
)

_AMOUNTS = (
    _moved({"Square Feet": None, "GL Limit": None, "Umbrella Limit": None}, square_feet=None, gl_limit=None),
    _moved({"Square Feet": "-5.00"}, square_feet=Decimal("-5.00")),
    _moved({"Square Feet": "0.00"}, square_feet=Decimal("0.00")),
    _moved({"GL Limit": "999999999999.99"}, gl_limit=Decimal("999999999999.99")),
    _moved({"Umbrella Limit": "5000000.10"}, umbrella_limit=Decimal("5000000.10")),
)

_FLAGS = (
    *(
        _moved({column: stored}, **{name: expected})
        for column, name, stored, expected in (
            ("GL Required?", "gl_required", "y", True),
            ("Auto Required?", "auto_required", "YES", True),
            ("WC Required?", "wc_required", "N", False),
            ("Umbrella Required?", "umbrella_required", "no ", False),
            ("Property Required?", "property_required", " n", False),
            ("Liquor Required?", "liquor_required", None, None),
            ("Boiler/Machinery Required?", "boiler_machinery_required", "", None),
            ("Waiver of Subrogation?", "waiver_of_subrogation", "  ", None),
        )
    ),
    *(_lost("flag_unmapped", {column: "X"}) for column in FLAGS),
    _lost("flag_unmapped", {"GL Required?": "1"}),
    _lost("flag_unmapped", {"Waiver of Subrogation?": "N/A"}),
)

_SPELLING = (
    _text("Property Cost Basis", "property_cost_basis", " 100% reokacnebt cost", "100% replacement cost"),
    _text("Property Cost Basis", "property_cost_basis", "reokacnebt or reokacnebt", "replacement or replacement"),
    _text("Primary/Contributory", "primary_contributory", "Noncontributary", "Noncontributory"),
    # In the columns that the seed names, and as the seed spells them.
    _text("Property Cost Basis", "property_cost_basis", "Noncontributary", "Noncontributary"),
    _text("Property Cost Basis", "property_cost_basis", "REOKACNEBT cost", "REOKACNEBT cost"),
    _text("Add'l Insured Wording", "additional_insured_wording", "reokacnebt cost", "reokacnebt cost"),
)

_LOST = (
    _lost("text_unstorable", {"Add'l Insured Wording": "NUL\0"}),
    _lost("text_unstorable", {"Contact Fax": "NUL\0"}),
    _lost("text_unstorable", {"status_message": "NUL\0", "PH_ID": -1}),
    _lost("rejected_by_dtx1", {"PH_ID": -1, "status": "REJECTED", "status_message": "Tenant not found"}, "skip"),
    _lost("rejected_by_dtx1", {"PH_ID": -1, "Contact Name": "Ana", "Move-In Date": "TBD"}, "skip"),
    _lost("record_missing", {"PH_ID": None}),
    _lost("record_missing", {"PH_ID": 0}),
    _lost("record_absent", {"PH_ID": ABSENT}),
    _lost("record_absent", {"PH_ID": -2}),
    _lost("record_absent", {"PH_ID": 2_147_483_647}),
    _lost("record_rejected", {"PH_ID": REJECTED}),
    _lost("record_skipped", {"PH_ID": SKIPPED}),
    *(_lost("contact_unexpected", {column: "Ana"}) for column in CONTACTS),
    _lost("contact_unexpected", {"Contact Name": "Ana", "Move-In Date": "TBD"}),
)

_THERE_ALREADY = (
    Tenant(("already_present", "same_value"), there=SAME),
    Tenant(("reject", "meta_conflict"), there='{"lease": "another"}'),
    Tenant(("reject", "meta_conflict"), there=""),
)

PLANTS = (*_TEXTS, *_DATES, *_AMOUNTS, *_FLAGS, *_SPELLING, *_LOST, *_THERE_ALREADY)
