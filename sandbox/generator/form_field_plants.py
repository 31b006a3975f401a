"""The form_fields that are planted on purpose (D11-5): every rule, every reason code, every hazard at least once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.generator.population import ABSENT, ABSENT_LARGE, REJECTED, SKIPPED

Outcome = tuple[str, str]
UPDATES, PUBLISHES = ("update", "mapped"), ("publish", "mapped")


@dataclass(frozen=True)
class FormField:
    """One planted form_field; what is not said is an ordinary custom_field_0 that moves.

    Args:
        on_record: disposition and reason code under `record_internal_id`.
        as_meta: the same under `account_meta`; as on_record where the place is AccountMeta under both.
        number: the number of the custom field: 0 and 1 are columns of the Record.
        value: as stored.
        expects: the value as it must arrive, where it differs from what is stored.
        record: plants with the same name share a Record; each other has its own.
        has_vendor: without one the value belongs to the whole Account.
        foreign_customer: customer_id is that of another Account than the vendor's.
        columns: source columns that differ from the ordinary row.
        internal_ids: internal_id and internal_id1 of the Record before.
        meta: value of the AccountMeta that stands in the row's place before.
    """

    on_record: Outcome = UPDATES
    as_meta: Outcome | None = PUBLISHES
    number: int = 0
    value: str | None = "L-1"
    expects: str | None = None
    record: str = ""
    has_vendor: bool = True
    foreign_customer: bool = False
    columns: Mapping[str, Any] = field(default_factory=dict)
    internal_ids: tuple[str, str] = ("", "")
    meta: str | None = None


def _moved(value: str, expects: str | None = None, **columns: Any) -> FormField:
    return FormField(value=value, expects=expects, columns=columns)


def _meta(number: int, outcome: Outcome = PUBLISHES, /, **arguments: Any) -> FormField:
    """A field whose place is AccountMeta under both options."""
    return FormField(outcome, None, number, **arguments)


def _lost(disposition: str, reason_code: str, /, **columns: Any) -> FormField:
    return FormField((disposition, reason_code), None, columns=columns)


def _rejected(reason_code: str, /, **columns: Any) -> FormField:
    return _lost("reject", reason_code, **columns)


def _place(record: str, *claims: tuple[Outcome, str], number: int = 0, **arguments: Any) -> tuple[FormField, ...]:
    """Fields of one place, each with its outcome where AccountMeta is not the place, and its value."""
    return tuple(
        FormField(
            outcome,
            PUBLISHES if outcome == UPDATES else outcome,
            number,
            value,
            expects=value.strip(),
            record=record,
            **arguments,
        )
        for outcome, value in claims
    )


_DUPLICATE, _CONTRADICTS = ("skip", "duplicate_value"), ("reject", "contradicting_values")
_PRESENT = ("already_present", "same_value")
_CONFLICT, _META_CONFLICT = ("reject", "internal_id_conflict"), ("reject", "meta_conflict")
_TOO_LONG, _MISMATCH = ("reject", "value_too_long"), ("reject", "account_mismatch")

_MOVED = (
    FormField(),
    FormField(number=1),
    *(_meta(number) for number in (2, 3, 4)),
    # Names compare as MySQL compares them (M3); AccountMeta's key is the seed's spelling.
    _moved("L-1", form_name="VENDOR_VIEW ", model_name="vendorhistory", property_name="Custom_Field_0 "),
    _moved("  L-1 \t\r\n", "L-1"),
    _moved("\xa0L-1\xa0", "L-1"),
    # Ids 9 and 10: as text, 9 comes after 10.
    FormField(record="SAME VALUE"),
    FormField(_DUPLICATE, _DUPLICATE, record="SAME VALUE"),
    _moved("Größe\t§4\n2. Stock"),
    _moved("JosÃ©"),
    *map(_moved, ("0", "NULL", "N;", '"quoted" \\ it\'s')),
    # 100 characters, in 200 bytes; blanks do not count (M6).
    _moved("é" * 100),
    _moved("é" * 100 + "   ", "é" * 100),
    FormField(_TOO_LONG, value="é" * 101),
    FormField(_TOO_LONG, value="L" * 101, number=1),
    _meta(2, value="long " * 1000 + "end"),
    # Columns that nobody asks about.
    _moved("L-1", enabled=7, label=None, field_type=None, create_time="0000-00-00 00:00:00", create_user_id=ABSENT),
)

# Values of the Account as a whole: there is no Record to put them into.
_WITHOUT_VENDOR = (
    _meta(2, has_vendor=False),
    _meta(3, has_vendor=False, columns={"vendor_id": 0}),
    FormField(("reject", "record_missing"), has_vendor=False),
    FormField(("reject", "record_missing"), number=1, has_vendor=False, columns={"vendor_id": 0}),
    _meta(4, has_vendor=False, record="WHOLE ACCOUNT"),
    _meta(4, _DUPLICATE, has_vendor=False, record="WHOLE ACCOUNT", columns={"vendor_id": 0}),
    # The same field of a vendor of that Account is another place.
    _meta(4, record="WHOLE ACCOUNT"),
)

_LOST = (
    *(_lost("skip", "value_blank", value=value) for value in (None, "", "   ", "\t\r\n", "\xa0 ")),
    _lost("skip", "value_blank", value="", customer_id=ABSENT),
    _rejected("property_unmapped", form_name="customer_edit", model_name="Customer"),
    _rejected("property_unmapped", form_name="vendor_edit"),
    _rejected("property_unmapped", model_name="Vendor"),
    _rejected("property_unmapped", property_name="custom_field_9"),
    _rejected("property_unmapped", property_name=""),
    _rejected("property_unmapped", property_name="custom_field_9", value=None),
    _rejected("text_unstorable", value="L\0001"),
    _rejected("text_unstorable", label="Lease\0#"),
    _rejected("text_unstorable", property_name="custom_field_9", value=None, options="a\0b"),
    _rejected("account_missing", customer_id=None),
    _rejected("account_missing", customer_id=0),
    _rejected("account_absent", customer_id=ABSENT),
    _rejected("account_absent", customer_id=ABSENT_LARGE),
    _rejected("account_rejected", customer_id=REJECTED),
    _rejected("account_skipped", customer_id=SKIPPED),
    _rejected("account_absent", customer_id=ABSENT, vendor_id=ABSENT),
    _rejected("record_absent", vendor_id=ABSENT),
    _rejected("record_absent", vendor_id=ABSENT_LARGE),
    _rejected("record_rejected", vendor_id=REJECTED),
    _rejected("record_skipped", vendor_id=SKIPPED),
    _meta(2, ("reject", "record_skipped"), columns={"vendor_id": SKIPPED}),
    FormField(_MISMATCH, None, foreign_customer=True),
    _meta(2, _MISMATCH, foreign_customer=True),
)

_TWINS = (
    # Two columns of one Record are two places.
    FormField(record="TWO COLUMNS"),
    FormField(number=1, value="L-2", record="TWO COLUMNS"),
    # The trimmed value counts, and its case.
    *_place("BLANKS ASIDE", (UPDATES, "L-1"), (_DUPLICATE, " L-1  "), (_DUPLICATE, "L-1\t")),
    *_place("CONTRADICTED", (_CONTRADICTS, "L-1"), (_CONTRADICTS, "l-1")),
    *_place("CONTRADICTED TWICE", (_CONTRADICTS, "L-1"), (_CONTRADICTS, "L-1"), (_CONTRADICTS, "L-2")),
    *_place("META TWINS", (PUBLISHES, "L-1"), (_DUPLICATE, "L-1"), number=3),
    *_place("META CONTRADICTED", (_CONTRADICTS, "L-1"), (_CONTRADICTS, "L-2"), number=3),
    # Only rows that passed every rule before count; what is too long for a Record is a rival in AccountMeta.
    FormField(record="ONE REJECTED"),
    FormField(("reject", "account_absent"), None, value="L-2", record="ONE REJECTED", columns={"customer_id": ABSENT}),
    FormField(as_meta=_CONTRADICTS, record="ONE TOO LONG"),
    FormField(_TOO_LONG, _CONTRADICTS, value="L" * 101, record="ONE TOO LONG"),
)

_THERE_ALREADY = (
    FormField(_PRESENT, internal_ids=("L-1", "")),
    FormField(_CONFLICT, internal_ids=("L-2", "")),
    FormField(_CONFLICT, internal_ids=("l-1", "")),
    FormField(_CONFLICT, number=1, internal_ids=("", "L-2")),
    # The other column's value is no obstacle, nor are blanks in a Record's column.
    FormField(internal_ids=("", "L-2")),
    FormField(internal_ids=("   ", "")),
    FormField(as_meta=_PRESENT, meta="L-1"),
    FormField(as_meta=_META_CONFLICT, meta="L-2"),
    _meta(2, _PRESENT, meta="L-1"),
    _meta(2, _META_CONFLICT, meta="L-2"),
    # A row with a blank value is a row: nothing may be put over it.
    _meta(2, _META_CONFLICT, meta=""),
    _meta(2, _META_CONFLICT, meta="L-2", has_vendor=False),
    # Twins, and their value there already: the first finds it, the other is a twin still.
    FormField(_PRESENT, record="THERE ALREADY", internal_ids=("L-1", "")),
    FormField(_DUPLICATE, _DUPLICATE, record="THERE ALREADY", internal_ids=("L-1", "")),
    *_place("CONTRADICTED AND THERE", (_CONTRADICTS, "L-1"), (_CONTRADICTS, "L-2"), internal_ids=("L-1", "")),
)

PLANTS = (*_MOVED, *_WITHOUT_VENDOR, *_LOST, *_TWINS, *_THERE_ALREADY)
