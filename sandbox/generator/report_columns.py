"""Which report shows which fields, in which order: Area 12's `report_definition`, the same at every scale."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.generator.report_fields import FIELD_IDS, FIELDS, UNKNOWN_FIELD
from sandbox.generator.report_titles import REPORT_IDS, UNKNOWN_REPORT


@dataclass(frozen=True, slots=True)
class ReportColumn:
    """One row of `report_definition`, less its key."""

    report_id: int
    report_field_id: int
    column_order: int


# Fields that go together. A name in capitals stands for its fields.
_GROUPS = {
    "CLIENT": "so_name ch_name",
    "VENDOR": "ch_name ph_name ph_status",
    "CONTACT": "ph_contact_name ph_contact_email ph_contact_phone",
    "ADDRESS": "ph_address_1 ph_address_2 ph_city ph_state ph_zip ph_country",
    "CERTIFICATE": "ph_coi_status ph_coi_received_time ph_coi_next_expiration_date",
    "PAPERS": "ph_doc_status ph_doc_received_time ph_doc_noncompliance_reason",
    "MANAGER": "so_account_manager so_account_manager_email",
    "ACCOUNT": "CLIENT ch_status so_industry ch_create_time",
    "COUNTS": "ch_policyholder_count ch_active_policyholder_count ch_compliant_count",
    "SHARES": "ch_policyholder_count ch_compliant_count ch_compliant_percent",
    "FLAGS": "ph_is_compliant ph_is_coi_compliant ph_is_doc_compliant ph_is_exempt",
    "ALERTS": "ph_coi_alert_1_date ph_coi_alert_2_date ph_coi_alert_3_date ph_next_alert_date",
    "CUSTOM": "ph_custom_field_1 ph_custom_field_2 ph_custom_field_3 ph_custom_field_4 ph_custom_field_5",
}
_SHOWN = {
    1: "ACCOUNT billing_plan payment_method COUNTS ch_certificate_count ch_document_count ch_open_item_count as_of",
    2: "ACCOUNT COUNTS ch_last_response_time",
    3: "ACCOUNT ch_inactivated_time",
    4: "ACCOUNT billing_plan",
    5: "CLIENT ph_name CONTACT",
    7: "so_industry CLIENT ch_status ch_policyholder_count",
    8: "MANAGER CLIENT ch_status",
    9: "ch_id CLIENT billing_plan payment_method ch_certificate_count ch_document_count",
    12: "CLIENT ph_name ph_last_request_time ph_last_response_time ph_last_alert_date",
    13: "VENDOR ph_create_time ph_last_update_time",
    14: "VENDOR CUSTOM ph_custom_field_6 ph_custom_field_13",
    16: "CLIENT ch_status ch_last_response_time ch_open_item_count",
    17: "so_id so_name ch_id ch_name ch_customer_type",
    19: "ADDRESS",
    20: "VENDOR ADDRESS CONTACT",
    42: "VENDOR CERTIFICATE",
    43: "VENDOR CERTIFICATE CONTACT",
    44: "VENDOR CERTIFICATE CONTACT",
    45: "VENDOR CERTIFICATE CONTACT",
    46: "VENDOR ph_coi_received_time carrier_name",
    47: "VENDOR ph_coi_received_time carrier_name",
    48: "VENDOR ph_coi_status ph_coi_received_time",
    49: "VENDOR ph_coi_status ph_coi_reviewed_time",
    51: "VENDOR ph_first_request_time ph_coi_count",
    52: "VENDOR carrier_name ph_coi_next_expiration_date",
    53: "VENDOR carrier_name carrier_rating carrier_naic",
    54: "VENDOR broker_name broker_email broker_phone ph_has_broker",
    55: "CLIENT SHARES ch_coi_compliant_count ch_coi_compliant_percent ch_doc_compliant_count ch_doc_compliant_percent "
    "ch_coi_expired_count ch_coi_pending_count ch_coi_none_count ch_exempt_count",
    56: "CLIENT SHARES",
    57: "CLIENT ph_name ph_coi_compliant_time ph_coi_noncompliant_time",
    58: "VENDOR ph_coi_riskprofile_name ph_requirements",
    59: "VENDOR ph_coi_riskprofile_id ph_coi_riskprofile_name",
    60: "VENDOR ph_coi_noncompliance_reason ph_open_item_count",
    61: "VENDOR ph_is_exempt ph_exemption_count",
    62: "VENDOR ph_first_request_time ph_last_request_time",
    63: "VENDOR ALERTS",
    64: "VENDOR ph_is_nonresponsive ph_nonresponsive_time ph_last_response_time",
    66: "VENDOR CONTACT",
    67: "VENDOR ph_coi_count",
    80: "MANAGER ph_name ph_coi_reviewed_time ph_doc_reviewed_time",
    81: "CLIENT ph_name ph_coi_received_time ph_coi_reviewed_time",
    82: "MANAGER ch_name SHARES",
    83: "CLIENT SHARES",
    84: "so_industry SHARES",
    85: "CLIENT ph_name ph_is_nonresponsive",
    86: "CLIENT ph_name ph_alert_count ph_last_alert_date",
    87: "CLIENT ph_name ph_exemption_count",
    88: "CLIENT ph_name ph_open_item_count",
    89: "CLIENT ch_create_time ch_policyholder_count",
    91: "VENDOR ph_do_not_contact CONTACT",
    92: "CLIENT VENDOR FLAGS CERTIFICATE PAPERS",
    93: "CLIENT ch_document_count",
    94: "CLIENT ch_certificate_count",
    96: "CLIENT ph_name ph_last_request_time ph_last_response_time",
    120: "VENDOR PAPERS",
    121: "VENDOR ph_doc_received_time ph_doc_count",
    122: "VENDOR ph_doc_status ph_doc_received_time",
    123: "VENDOR ph_doc_status ph_doc_reviewed_time",
    124: "VENDOR ph_doc_status ph_doc_next_expiration_date",
    125: "VENDOR ph_doc_status ph_doc_next_expiration_date CONTACT",
    126: "VENDOR ph_doc_status ph_is_doc_compliant",
    127: "VENDOR CONTACT document_type document_status document_received_time ph_requirements",
    128: "CLIENT ch_doc_compliant_count ch_doc_compliant_percent",
    129: "VENDOR ph_doc_riskprofile_name",
    130: "VENDOR ph_doc_alert_1_date ph_doc_alert_2_date ph_doc_alert_3_date",
    131: "VENDOR ph_is_exempt ph_exemption_count",
    132: "VENDOR CONTACT ph_doc_status",
    133: "VENDOR ph_doc_count",
    134: "CLIENT VENDOR PAPERS ph_is_doc_compliant ph_doc_count ph_requirements as_of",
    135: "VENDOR CONTACT CERTIFICATE ph_coi_noncompliance_reason ph_coi_riskprofile_name carrier_name",
    136: "VENDOR CERTIFICATE ph_is_coi_compliant",
    137: "VENDOR ph_inactivated_time CERTIFICATE",
    138: "VENDOR ph_first_request_time ph_last_request_time ph_last_response_time",
    139: "CLIENT VENDOR CERTIFICATE FLAGS CUSTOM ph_coi_count carrier_name as_of",
    150: "VENDOR FLAGS",
    151: "VENDOR CERTIFICATE",
    152: "VENDOR ph_is_nonresponsive ph_last_response_time",
    153: "VENDOR FLAGS ph_open_item_count",
    154: "CLIENT COUNTS ch_open_item_count",
    155: "VENDOR ph_coi_received_time ph_doc_received_time",
    157: "VENDOR ph_coi_reviewed_time",
    158: "VENDOR FLAGS",
    160: "VENDOR FLAGS ph_open_item_count",
    161: "VENDOR CERTIFICATE",
    162: "VENDOR PAPERS",
    163: "CLIENT SHARES",
    165: "VENDOR CERTIFICATE",
    166: "VENDOR ph_is_compliant ph_open_item_count",
    167: "VENDOR ph_create_time CONTACT",
    168: "ALERTS ph_alert_count",
    170: "VENDOR ph_coi_status ph_coi_status_time ph_doc_status ph_doc_status_time",
    175: "VENDOR PAPERS",
    176: "VENDOR ph_dba_name ph_doc_count",
    177: "MANAGER ch_name",
    178: "VENDOR CERTIFICATE",
    180: "VENDOR",
    181: "VENDOR CUSTOM",
    203: "VENDOR CERTIFICATE ph_coi_noncompliance_reason",
    214: "CLIENT VENDOR CERTIFICATE FLAGS broker_name",
    217: "VENDOR ph_custom_field_1 ph_custom_field_9",
    223: "ph_name CONTACT",
    224: "ph_name ph_doc_status ph_doc_noncompliance_reason",
    226: "ADDRESS",
    240: "CLIENT FLAGS ph_open_item_count",
    242: "MANAGER SHARES",
}
# Every other report of a customer shows this, and a custom field.
_USUAL = "VENDOR CERTIFICATE ph_is_compliant"
_WITHOUT_COLUMNS = 179
ALL_FIELDS = 225
# Reports whose rows are told one by one, in the order of their keys: field and column_order.
_ROW_BY_ROW: dict[int, tuple[tuple[str, int], ...]] = {
    # Gaps, and keys in another order than the columns.
    41: (("ph_coi_next_expiration_date", 30), ("ch_name", 1), ("ph_coi_status", 9), ("ph_name", 2)),
    # Two columns in one place.
    171: (("ph_name", 1), ("ph_status", 2), ("ph_coi_status", 2), ("ch_name", 2), ("ph_coi_count", 3)),
    # A field twice; two fields that become one column; two names of one field.
    172: (
        *(("ph_name", 1), ("ph_coi_status_time", 2), ("ph_coi_reviewed_time", 3), ("ph_name", 4)),
        *(("PH_Name ", 5), ("ph_coi_status", 6)),
    ),
    # A field that nobody has, one that is switched off, one that nobody has mapped.
    173: (("ph_name", 1), ("", 2), ("ph_exemption_count", 3), ("zz_test", 4)),
    # The extremes of a SMALLINT.
    174: (("ph_status", 32_767), ("ch_name", -32_768), ("ph_name", -1), ("ph_coi_status", 0)),
}
_ROW_BY_ROW[UNKNOWN_REPORT] = (("ph_name", 1), ("ch_name", 2), ("", 3))


def shown(report_id: int) -> list[str]:
    """Names of a report's fields, in the order in which it shows them; of those reports that have it simple."""
    if report_id == _WITHOUT_COLUMNS:
        return []
    if report_id == ALL_FIELDS:
        return [field.name for field in FIELDS]
    usual = f"{_USUAL} ph_custom_field_{1 + report_id % 5}"
    return list(dict.fromkeys(_spelled_out(_SHOWN.get(report_id, usual))))


def report_columns() -> Iterator[ReportColumn]:
    """Every row, by its key; a third of the reports counts in tens, half of them list the last column first."""
    for report_id in (*REPORT_IDS, UNKNOWN_REPORT):
        if report_id in _ROW_BY_ROW:
            yield from (
                ReportColumn(report_id, FIELD_IDS.get(name, UNKNOWN_FIELD), order)
                for name, order in _ROW_BY_ROW[report_id]
            )
            continue
        step = 10 if report_id % 3 == 0 else 1
        columns = [
            ReportColumn(report_id, FIELD_IDS[name], step * place) for place, name in enumerate(shown(report_id), 1)
        ]
        yield from reversed(columns) if report_id % 2 else columns


def _spelled_out(names: str) -> Iterator[str]:
    for name in names.split():
        if name in _GROUPS:
            yield from _spelled_out(_GROUPS[name])
        else:
            yield name
