"""Area 12's 120 report fields by category: name, label, display format, and the SQL that computed them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

# A field that definitions name and nobody has.
UNKNOWN_FIELD = 999_999


@dataclass(frozen=True, slots=True)
class Field:
    """One row of `report_field_definition`, as far as it is told field from field."""

    report_field_id: int
    category: str
    name: str
    label: str | None
    display_format: str | None
    select_expression: str
    enabled: bool


# Category -> name, label, display_format, select_expression.
_FIELDS = {
    "Account Profile": (
        ("so_id", "Service Organization ID", "id", "rd.SO_ID"),
        ("so_name", "Service Organization", "text", "rd.SO_Name"),
        ("so_status", "Service Organization Status", "text", "rd.SO_Status"),
        ("so_industry", "Service Organization Industry", "text", "rd.SO_Industry"),
        ("so_account_manager_id", "Account Manager ID", "id", "rd.SO_Account_Manager_ID"),
        ("so_account_manager", "Account Manager", "text", "rd.SO_Account_Manager"),
        ("so_account_manager_email", "Account Manager Email", "email", "rd.SO_Account_Manager_Email"),
        ("as_of", "As of", "datetime", "rd.create_time"),
        ("billing_plan", "Plan", "text", "bp.plan"),
        ("payment_method", "Pays by", "text", "bp.method"),
    ),
    "Client Profile": (
        ("ch_id", "Client ID", "id", "rd.CH_ID"),
        ("ch_name", "Client", "text", "rd.CH_Name"),
        ("ch_status", "Client Status", "text", "rd.CH_Status"),
        ("ch_customer_type", "Client Type", "text", "rd.CH_Customer_Type"),
        ("ch_create_time", "Client since", "datetime", "rd.CH_Create_Time"),
        ("ch_inactivated_time", "Client Inactivated", "datetime", "rd.CH_Inactivated_Time"),
        ("ch_policyholder_count", "# Policyholders", "number", "count(rd.PH_ID)"),
        ("ch_active_policyholder_count", "# Active Policyholders", "number", "sum(rd.PH_Status = 'ACTIVE')"),
        ("ch_compliant_count", "# Compliant", "number", "sum(rd.PH_Is_Compliant = 'yes')"),
        ("ch_compliant_percent", "% Compliant", "percent", "avg(rd.PH_Is_Compliant = 'yes')"),
        ("ch_coi_compliant_count", "# COI Compliant", "number", "sum(rd.PH_Is_COI_Compliant = 'yes')"),
        ("ch_coi_compliant_percent", "% COI Compliant", "percent", "avg(rd.PH_Is_COI_Compliant = 'yes')"),
        ("ch_doc_compliant_count", "# DOC Compliant", "number", "sum(rd.PH_Is_DOC_Compliant = 'yes')"),
        ("ch_doc_compliant_percent", "% DOC Compliant", "percent", "avg(rd.PH_Is_DOC_Compliant = 'yes')"),
        ("ch_coi_expired_count", "# COI Expired", "number", "sum(rd.PH_COI_Next_Expiration_Date < now())"),
        ("ch_coi_pending_count", "# COI Pending", "number", "sum(rd.PH_COI_Status = 'Pending Review')"),
        ("ch_coi_none_count", "# Never Received", "number", "sum(rd.PH_COI_Count = 0)"),
        ("ch_exempt_count", "# Exempt", "number", "sum(rd.PH_Is_Exempt)"),
        ("ch_certificate_count", "# Certificates", "number", "sum(rd.PH_COI_Count)"),
        ("ch_document_count", "# Documents", "number", "sum(rd.PH_DOC_Count)"),
        ("ch_open_item_count", "# Open Items", "number", "sum(rd.PH_Open_Item_Count)"),
        ("ch_last_response_time", "Last Response", "datetime", "max(rd.PH_Last_Response_Time)"),
    ),
    "Account Data": (
        ("ph_id", "Policyholder ID", "id", "rd.PH_ID"),
        ("ph_name", "Policyholder", "text", "rd.PH_Name"),
        ("ph_dba_name", "DBA Name", "text", "rd.PH_DBA_Name"),
        ("ph_status", "Policyholder Status", "text", "rd.PH_Status"),
        ("ph_reference_number", "Reference #", "text", "rd.PH_Reference_Number"),
        ("ph_address_1", "Address 1", "text", "rd.PH_Address_1"),
        ("ph_address_2", "Address 2", "text", "rd.PH_Address_2"),
        ("ph_city", "City", "text", "rd.PH_City"),
        ("ph_state", "State", "text", "rd.PH_State"),
        ("ph_zip", "ZIP", "text", "rd.PH_Zip"),
        ("ph_country", "Country", "text", "rd.PH_Country"),
        ("ph_contact_name", "Contact Name", "text", "rd.PH_Contact_Name"),
        ("ph_contact_email", "Contact Email", "email", "rd.PH_Contact_Email"),
        ("ph_contact_phone", "Contact Phone", "phone", "rd.PH_Contact_Phone"),
        ("ph_create_time", "Created", "datetime", "rd.PH_Create_Time"),
        ("ph_activated_time", "Activated", "datetime", "rd.PH_Activated_Time"),
        ("ph_inactivated_time", "Inactivated", "datetime", "rd.PH_Inactivated_Time"),
        ("ph_last_update_time", "Last Update", "datetime", "rd.PH_Last_Update_Time"),
        ("ph_coi_riskprofile_id", "COI Risk Profile ID", "id", "rd.PH_COI_RiskProfile_ID"),
        ("ph_coi_riskprofile_name", "COI Risk Profile", "text", "rd.PH_COI_RiskProfile_Name"),
        ("ph_coi_status", "COI Status", "status", "rd.PH_COI_Status"),
        ("ph_coi_status_time", "COI Status since", "datetime", "rd.PH_COI_Status_Time"),
        ("ph_coi_compliant_time", "COI Compliant", "datetime", "rd.PH_COI_Compliant_Time"),
        ("ph_coi_noncompliant_time", "COI Noncompliant", "datetime", "rd.PH_COI_Noncompliant_Time"),
        ("ph_coi_received_time", "COI Received", "datetime", "rd.PH_COI_Received_Time"),
        ("ph_coi_reviewed_time", "COI Reviewed", "datetime", "rd.PH_COI_Reviewed_Time"),
        ("ph_coi_next_expiration_date", "COI Next Expiration Date", "date", "rd.PH_COI_Next_Expiration_Date"),
        ("ph_coi_noncompliance_reason", "COI Deficiency Reason", "text", "rd.PH_COI_Noncompliance_Reason"),
        ("ph_doc_riskprofile_id", "DOC Risk Profile ID", "id", "rd.PH_DOC_RiskProfile_ID"),
        ("ph_doc_riskprofile_name", "DOC Risk Profile", "text", "rd.PH_DOC_RiskProfile_Name"),
        ("ph_doc_status", "DOC Status", "status", "rd.PH_DOC_Status"),
        ("ph_doc_status_time", "DOC Status since", "datetime", "rd.PH_DOC_Status_Time"),
        ("ph_doc_compliant_time", "DOC Compliant", "datetime", "rd.PH_DOC_Compliant_Time"),
        ("ph_doc_noncompliant_time", "DOC Noncompliant", "datetime", "rd.PH_DOC_Noncompliant_Time"),
        ("ph_doc_received_time", "DOC Received", "datetime", "rd.PH_DOC_Received_Time"),
        ("ph_doc_reviewed_time", "DOC Reviewed", "datetime", "rd.PH_DOC_Reviewed_Time"),
        ("ph_doc_next_expiration_date", "DOC Next Expiration Date", "date", "rd.PH_DOC_Next_Expiration_Date"),
        ("ph_doc_noncompliance_reason", "DOC Deficiency Reason", "text", "rd.PH_DOC_Noncompliance_Reason"),
        ("ph_is_compliant", "Compliant?", "yesno", "rd.PH_Is_Compliant"),
        ("ph_is_coi_compliant", "COI Compliant?", "yesno", "rd.PH_Is_COI_Compliant"),
        ("ph_is_doc_compliant", "DOC Compliant?", "yesno", "rd.PH_Is_DOC_Compliant"),
        ("ph_is_exempt", "Exempt?", "yesno", "rd.PH_Is_Exempt"),
        ("ph_do_not_contact", "Do Not Contact", "yesno", "rd.PH_Do_Not_Contact"),
        ("ph_custom_field_1", "Custom Field 1", "text", "rd.PH_Custom_Field_1"),
        ("ph_custom_field_2", "Custom Field 2", "text", "rd.PH_Custom_Field_2"),
        ("ph_custom_field_3", "Custom Field 3", "text", "rd.PH_Custom_Field_3"),
        ("ph_custom_field_4", "Custom Field 4", "text", "rd.PH_Custom_Field_4"),
        ("ph_custom_field_5", "Custom Field 5", "text", "rd.PH_Custom_Field_5"),
        ("ph_custom_field_6", "Custom Field 6", "text", "rd.PH_Custom_Field_6"),
        ("ph_custom_field_7", "Custom Field 7", "text", "rd.PH_Custom_Field_7"),
        ("ph_custom_field_8", "Custom Field 8", "text", "rd.PH_Custom_Field_8"),
        ("ph_custom_field_9", "Custom Field 9", "text", "rd.PH_Custom_Field_9"),
        ("ph_custom_field_10", "Custom Field 10", "text", "rd.PH_Custom_Field_10"),
        ("ph_custom_field_11", "Custom Field 11", "text", "rd.PH_Custom_Field_11"),
        ("ph_custom_field_12", "Custom Field 12", "text", "rd.PH_Custom_Field_12"),
        ("ph_custom_field_13", "Custom Field 13", "text", "rd.PH_Custom_Field_13"),
        ("ph_coi_count", "# COIs", "number", "rd.PH_COI_Count"),
        ("ph_doc_count", "# DOCs", "number", "rd.PH_DOC_Count"),
        ("ph_exemption_count", "# Exemptions", "number", "rd.PH_Exemption_Count"),
        ("ph_open_item_count", "# Open Items", "number", "rd.PH_Open_Item_Count"),
        ("document_type", "Document", "text", "d.document_type"),
        ("document_status", "Document Status", "status", "d.status"),
        ("document_received_time", "Document Received", "datetime", "max(d.received)"),
        ("ph_requirements", "Requirements", "text", "group_concat(r.name)"),
        ("zz_test", "test do not use", "text", "1"),
    ),
    "Account Data - Ping": (
        ("ph_first_request_time", "First Request", "datetime", "rd.PH_First_Request_Time"),
        ("ph_last_request_time", "Last Request", "datetime", "rd.PH_Last_Request_Time"),
        ("ph_last_response_time", "Last Response", "datetime", "rd.PH_Last_Response_Time"),
        ("ph_nonresponsive_time", "Non-responsive", "datetime", "rd.PH_Nonresponsive_Time"),
        ("ph_coi_alert_1_date", "COI Alert 1 Date", "date", "rd.PH_COI_Alert_1_Date"),
        ("ph_coi_alert_2_date", "COI Alert 2 Date", "date", "rd.PH_COI_Alert_2_Date"),
        ("ph_coi_alert_3_date", "COI Alert 3 Date", "date", "rd.PH_COI_Alert_3_Date"),
        ("ph_doc_alert_1_date", "DOC Alert 1 Date", "date", "rd.PH_DOC_Alert_1_Date"),
        ("ph_doc_alert_2_date", "DOC Alert 2 Date", "date", "rd.PH_DOC_Alert_2_Date"),
        ("ph_doc_alert_3_date", "DOC Alert 3 Date", "date", "rd.PH_DOC_Alert_3_Date"),
        ("ph_last_alert_date", "Last Alert Date", "date", "rd.PH_Last_Alert_Date"),
        ("ph_next_alert_date", "Next Alert Date", "date", "rd.PH_Next_Alert_Date"),
        ("ph_is_nonresponsive", "Non-responsive?", "yesno", "rd.PH_Is_Nonresponsive"),
        ("ph_alert_count", "# Alerts", "number", "rd.PH_Alert_Count"),
        ("PH_Name ", "Policyholder pinged", "text", "rd.PH_Name"),
    ),
    "Broker Profile": (
        ("ph_has_broker", "Has Broker", "yesno", "rd.PH_Has_Broker"),
        ("ph_broker_count", "# Brokers", "number", "rd.PH_Broker_Count"),
        ("broker_name", "Broker", "text", "b.name"),
        ("broker_email", "Broker Email", "email", "b.email"),
        ("broker_phone", "Broker Phone", "phone", "b.phone"),
    ),
    "Carrier": (
        ("carrier_name", "Carrier", "text", "c.name"),
        ("carrier_rating", "A.M. Best Rating", "text", "c.am_best"),
        ("carrier_naic", "NAIC #", "id", "c.naic"),
    ),
}
# Labels and formats as people leave them; the reports show the field's name where there is no label.
_LABELS = {
    "ph_country": None,
    "ph_state": "  ",
    "ph_dba_name": '"DBA" Name; <i>café</i> & co.',
    "ph_coi_count": "# COIs\t",
}
_FORMATS = {
    "ph_dba_name": None,
    "ph_status": "",
    "ph_is_exempt": "YesNo ",
    "ph_zip": "zip5",
    "ph_custom_field_2": "multiline",
}
_SWITCHED_OFF = {"ph_exemption_count", "broker_phone", "zz_test"}
# Text that destroys what it can if anybody ever runs or renders it (T2).
HOSTILE = {
    "ph_zip": "1); DROP TABLE report_data; DROP SCHEMA raw_dtx1 CASCADE; --",
    "ph_country": "(select pg_sleep(3600))",
    "zz_test": "{{ 1 / 0 }} {% raw %} %s %(name)s ' \" \\ -- __customer__",
}


def _fields() -> Iterator[Field]:
    rows = ((category, *row) for category, rows in _FIELDS.items() for row in rows)
    for at, (category, name, label, display_format, expression) in enumerate(rows):
        yield Field(
            at + 1,
            category,
            name,
            _LABELS.get(name, label),
            _FORMATS.get(name, display_format),
            HOSTILE.get(name, expression),
            name not in _SWITCHED_OFF,
        )


FIELDS: tuple[Field, ...] = tuple(_fields())
FIELD_IDS = {field.name: field.report_field_id for field in FIELDS}
