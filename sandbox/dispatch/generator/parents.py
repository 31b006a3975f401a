"""The orders platform's parents, as the earlier phases left them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from hashlib import md5
from typing import Any
from uuid import UUID

from sandbox.dispatch.generator.plan import Tables
from sandbox.generator.jsonb import text as jsonb

Row = tuple[Any, ...]

_COURSE_TYPES = {1: "main", 2: "refinement", 3: "replacement", 4: "any", 7: "invoice", 8: "merchandise"}
_ORDER_STATUS = {0: "no_product", 1: "submitted", 2: "approved", 4: "shipped"}
_GENDERS = {1: "male", 2: "female", 0: "other", None: "unknown"}
_PATIENT_STATUS = {1: "active", 2: "in_treatment", 4: "completed", 10: "prospect"}
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def parent_id(table: str, legacy_key: int) -> str:
    """The id that an earlier phase drew for a row: any UUID, and always the same one."""
    digest = md5(f"{table} {legacy_key}".encode(), usedforsecurity=False).digest()
    return str(UUID(bytes=digest, version=4))


def generate(source: Tables, without_profile: range) -> Tables:
    """Rows of each parent by the columns in `COLUMNS`, in an order that foreign keys allow.

    Args:
        source: rows of the source's tables.
        without_profile: keys of the users that the earlier phases did not load.
    """
    patient_of = {row[1]: row for row in source["dispatch_patient"]}
    types = {row[0]: _profile_type(row, patient_of) for row in source["auth_user"] if row[0] not in without_profile}
    patients = {row[0]: row for row in source["dispatch_patient"]}
    return {
        "profiles": list(_profiles(source, types, patient_of)),
        "offices": [
            (
                parent_id("offices", key), name, street, unit or None, city, state, code, country, phone, rate,
                customer, valid, emails, key,
            )
            for key, name, street, unit, city, state, code, country, phone, rate, valid, customer, emails in source[
                "dispatch_office"
            ]
        ],
        "doctors": [
            (parent_id("doctors", user), parent_id("profiles", user), f"D{user:05}", user)
            for user, kind in types.items()
            if kind == "doctor"
        ],
        "patients": list(_patients(source, types)),
        "orders": list(_orders(source, types, patients)),
        "products": [
            (
                parent_id("products", key), name, _COURSE_TYPES[course], "0" if free else None,
                "{}" if customization == "{broken" else customization, key, key,
            )
            for key, name, _, free, deleted, customization, _, _, course in source["dispatch_product"]
            if not deleted
        ],
        "templates": [
            (parent_id("templates", row[0]), row[1] or row[3], row[2], row[5] == 1, row[6], row[0])
            for row in source["dispatch_template"]
        ],
        "roles": [(parent_id("roles", row[0]), row[1], row[0]) for row in source["dispatch_role"]],
    }  # fmt: skip


COLUMNS = {
    "profiles": "id profile_type first_name last_name email date_of_birth gender username is_active archived suspended"
    " patient_suffix last_login_at legacy_user_id legacy_patient_id",
    "offices": "id name address apartment city state zip_code country phone tax_rate square_customer_id is_active"
    " email_notifications legacy_office_id",
    "doctors": "id profile_id doctor_number legacy_user_id",
    "patients": "id profile_id patient_number suffix sex date_of_birth primary_doctor_id assigned_office_id status"
    " archived suspended schemes enrolled_at legacy_patient_id legacy_user_id",
    "orders": "id order_number patient_id doctor_id office_id course_type status notes complaint amount submitted_at"
    " approved_at shipped_at metadata exports legacy_instruction_id",
    "products": "id name course_type base_price customization legacy_course_id legacy_product_id",
    "templates": "id name action_name is_active estimated_duration_minutes legacy_template_id",
    "roles": "id name legacy_id",
}


def _profile_type(user: Row, patient_of: Mapping[int, Row]) -> str:
    if user[0] in patient_of:
        return "patient"
    return "master" if user[3] else "technician" if user[8] else "doctor"


def _profiles(source: Tables, types: Mapping[int, str], patient_of: Mapping[int, Row]) -> Iterator[Row]:
    for key, _, last_login, _, username, first, last, email, _, active, _ in source["auth_user"]:
        if key not in types:
            continue
        patient = patient_of.get(key)
        address = email.strip().lower()
        yield (
            parent_id("profiles", key), types[key], first or "Unknown", last or "Unknown",
            address if _ADDRESS.fullmatch(address) else None, patient and patient[4],
            _GENDERS[patient[5] if patient else None], username, active, bool(patient and patient[7]),
            bool(patient and patient[8]), patient and patient[6], last_login, key, patient and patient[0],
        )  # fmt: skip


def _patients(source: Tables, types: Mapping[int, str]) -> Iterator[Row]:
    for key, user, doctor, office, birthdate, sex, suffix, archived, suspended, status, schemes, submitted, _ in source[
        "dispatch_patient"
    ]:
        yield (
            parent_id("patients", key), parent_id("profiles", user), f"PT{key:05}", suffix, _GENDERS[sex], birthdate,
            parent_id("doctors", doctor) if types.get(doctor) == "doctor" else None,
            parent_id("offices", office) if office else None, _PATIENT_STATUS[status], archived, suspended, schemes,
            submitted, key, user,
        )  # fmt: skip


def _orders(source: Tables, types: Mapping[int, str], patients: Mapping[int, Row]) -> Iterator[Row]:
    for row in source["dispatch_instruction"]:
        key, patient, course, status, deleted, submitted, updated, _, notes, complaint, price, exports = row[:12]
        if deleted or not patient or types.get(patients[patient][2]) != "doctor":
            continue
        office = patients[patient][3]
        yield (
            parent_id("orders", key), f"{patients[patient][6]}-{key}", parent_id("patients", patient),
            parent_id("doctors", patients[patient][2]), parent_id("offices", office) if office else None,
            _COURSE_TYPES[course], _ORDER_STATUS[status], notes, complaint, price, submitted,
            updated if status >= 2 else None, updated if status == 4 else None, jsonb({"cbct": row[15]}),
            None if exports == "{}" else exports, key,
        )  # fmt: skip
