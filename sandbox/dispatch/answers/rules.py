"""What must become of each source row, under every option (docs/dispatch.md): a second reading of the contract.

Rows come as PostgreSQL prints them, column to text. No code is shared with the models.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid3

from sandbox.generator.answers import Answer, Target
from sandbox.generator.jsonb import Json
from sandbox.generator.jsonb import text as jsonb

NAMESPACE = UUID("6f2b3c1e-5d0a-4b7e-9c41-7a1d8e0f2b53")
Row = Mapping[str, str | None]
# Answers by option; "" where no decision makes a difference.
Answers = dict[str, Answer]

TEAMS = {
    "Patient": ("Patient Team", "Patients"),
    "Doctor": ("Medical Team", "Medical"),
    "Billing": ("Billing Team", "Financial"),
    "Administrator": ("Administrator Team", "Administrative"),
    "Master": ("Master Team", "Management"),
    "Export": ("Export Team", "Data"),
    "External": ("External Partners", "External"),
    "Sales": ("Sales Team", "Sales"),
    "Support": ("Support Team", "Support"),
    "Technician": ("Technician Team", "Technical"),
}
SHIPPED_STATUS = {"map_a": "4", "map_b": None, "map_c": "2"}


@dataclass(frozen=True)
class Order:
    """An order of the target: its id, its patient's profile, and its office's address."""

    id: str
    patient_profile: str
    address: Json


@dataclass(frozen=True)
class Lookups:
    """What the rules look up, by the source's key as text.

    Args:
        profiles: user to profile id and type.
        orders: instruction to order.
        templates: template to id.
        products: product to id.
        instructions: the source's rows.
        patients: the source's rows.
        course_of: product to course.
        deleted_products: keys.
        groups: group to name.
        role_of: user to the name of the role.
        members: users of the group Technician.
        medical_team: key of the group Doctor.
        models: content type to application and model.
        given_back: payments of which the gateway gave back all that it had charged.
    """

    profiles: Mapping[str, tuple[str, str]]
    orders: Mapping[str, Order]
    templates: Mapping[str, str]
    products: Mapping[str, str]
    instructions: Mapping[str, Row]
    patients: Mapping[str, Row]
    course_of: Mapping[str, str]
    deleted_products: frozenset[str]
    groups: Mapping[str, str]
    role_of: Mapping[str, str]
    members: frozenset[str]
    medical_team: str
    models: Mapping[str, tuple[str, str]]
    given_back: frozenset[str]


def published_id(target: str, source: str, key: str) -> str:
    """The id of a published row: a name-based UUID."""
    return str(uuid3(NAMESPACE, f"{target}:{source}:{key}"))


def payment(row: Row, find: Lookups) -> Answers:
    """D7-1, D7-2, D7-3, D7-12: a payment of its instruction's order."""
    instruction, key = row["instruction_id"], _key(row)
    order = find.orders.get(instruction or "")
    if order is None:
        return {"": Answer("reject", _without_order(instruction, find))}

    def part(**columns: str | None) -> Answer:
        return Answer("publish", "mapped", (Target("public.payments", columns),))

    installments: Json = json.loads(row["installments"] or "[]")
    numbers = "total_price subtotal_price paid_price tax_rate tax_value used_credit additional_price custom_price"
    metadata: dict[str, Json] = {name: _number(row[name]) for name in numbers.split()}
    metadata |= {name: _number(row[name]) for name in ("doctor_id", "office_id", "order_id", "instruction_id")}
    metadata |= {"installments": installments, "netsuite": _flag(row, "netsuite"), "free": _flag(row, "free")}
    canceled, paid, free = _flag(row, "canceled"), _flag(row, "paid"), _flag(row, "free")
    unless_paid = "completed" if paid else "pending"
    method = None if free else "other" if _flag(row, "netsuite") else "card"
    answers = {
        "": part(
            id=published_id("payments", "dispatch_payment", key),
            order_id=order.id,
            patient_id=order.patient_profile,
            currency="USD",
            external_payment_id=None,
            transaction_reference=None,
            processed_at=row["made_at"],
            legacy_payment_id=key,
            metadata=jsonb(metadata),
        ),
        "total_price": part(amount=row["total_price"]),
        "paid_price": part(amount=row["paid_price"]),
        "canceled_then_free_or_paid": part(
            status="cancelled" if canceled else "completed" if free or paid else "pending"
        ),
        "canceled_then_paid": part(status="cancelled" if canceled else unless_paid),
        "paid_then_failed": part(status="completed" if paid else "failed" if canceled else "pending"),
        "card_unless_free_or_netsuite": part(payment_method=method),
        "all_other": part(payment_method="other"),
    }
    if paid and key in find.given_back:
        # The last line of a payment, so that its status goes before D7-2's.
        answers["refunded_where_given_back"] = part(status="refunded")
    return answers


def _without_order(instruction: str | None, find: Lookups) -> str:
    if instruction is None:
        return "instruction_missing"
    row = find.instructions[instruction]
    if _flag(row, "deleted"):
        return "instruction_deleted"
    if row["patient_id"] is None:
        return "order_patient_unresolved"
    doctor = find.patients[row["patient_id"]]["doctor_id"] or ""
    return "order_absent" if find.profiles.get(doctor, ("", ""))[1] == "doctor" else "order_doctor_unresolved"


def operation(row: Row, published_payments: frozenset[str]) -> Answers:
    """D7-10: a transaction of the payment that it names."""
    key, payment_key = _key(row), row["payment_id"] or ""
    if payment_key not in published_payments:
        return {"": Answer("reject", "payment_rejected")}
    return _published(
        "payment_operations",
        "dispatch_operation",
        key,
        payment_id=published_id("payments", "dispatch_payment", payment_key),
        operation_type="refund" if row["type"] == "2" else "payment",
        amount=row["price"],
        square_order_id=row["sq_order_id"],
        square_payment_id=row["sq_payment_id"],
        square_refund_id=row["sq_refund_id"],
        card_brand=row["card_brand"],
        card_bin=None,
        card_last4=row["card_last"],
        office_card=row["office_card"],
        attempts=row["attempts"],
        processed_at=row["made_at"],
        legacy_operation_id=key,
        metadata=None,
    )


def template_product(row: Row, find: Lookups, earlier_pairs: set[tuple[str, str]]) -> Answers:
    """D7-4: the junction's own product, or the one that has its course's number.

    Args:
        row: the junction.
        find: the lookups.
        earlier_pairs: template and course of the rows before this one that `course_key` publishes; added to.
    """
    key, template, product = _key(row), find.templates.get(row["template_id"] or ""), row["product_id"] or ""

    def answer(product_id: str | None, missing: str) -> Answer:
        if template is None:
            return Answer("reject", "template_absent")
        if product_id is None:
            return Answer("reject", missing)
        return _published(
            "template_products",
            "dispatch_template_products",
            key,
            template_id=template,
            product_id=product_id,
            quantity="1",
            is_active="true",
            legacy_junction_id=key,
        )[""]

    right = answer(
        find.products.get(product), "product_deleted" if product in find.deleted_products else "product_absent"
    )
    course = find.course_of[product]
    by_course = answer(find.products.get(course), "course_without_product")
    pair = (row["template_id"] or "", course)
    if by_course.disposition == "publish" and pair in earlier_pairs:
        by_course = Answer("reject", "pair_duplicate")
    earlier_pairs.add(pair)
    return {"product_id": right, "course_key": by_course}


def template_view_group(row: Row, find: Lookups) -> Answers:
    """D7-11: who may see a template."""
    key, template, group = _key(row), find.templates.get(row["template_id"] or ""), row["group_id"] or ""
    if template is None:
        return {"": Answer("reject", "template_absent")}
    return _published(
        "template_view_groups",
        "dispatch_template_view_groups",
        key,
        template_id=template,
        group_name=find.groups[group],
        permission_level="view",
        is_active="true",
        legacy_group_id=group,
        legacy_junction_id=key,
    )


def technician(row: Row, find: Lookups) -> Answers:
    """D7-5: users with a technician's role, or members of the group."""
    key = _key(row)
    role = find.role_of.get(key)
    chosen = {"role_name": "Technician" in (role or ""), "group_membership": key in find.members}
    if not any(chosen.values()):
        return {"": Answer("skip", "not_technician")}
    if key not in find.profiles:
        found = Answer("reject", "profile_absent")
    else:
        found = _published(
            "technicians",
            "auth_user",
            key,
            profile_id=find.profiles[key][0],
            user_id=None,
            first_name=row["first_name"],
            last_name=row["last_name"],
            email=(row["email"] or "").strip() or None,
            phone=None,
            specialty=role,
            is_active=row["is_active"],
            hire_date=(row["date_joined"] or "")[:10],
            created_at=row["date_joined"],
            metadata=None,
            employee_id=row["username"],
            legacy_user_id=key,
        )[""]
    if all(chosen.values()):
        return {"": found}
    return {option: found if is_one else Answer("skip", "not_technician") for option, is_one in chosen.items()}


def shipment(row: Row, find: Lookups) -> Answers:
    """D7-6: derived from an instruction that was shipped."""
    key, order = _key(row), find.orders.get(_key(row))
    if order is None:
        return {"": Answer("skip", "order_absent")}
    not_shipped = Answer("skip", "not_shipped")
    if row["status"] not in SHIPPED_STATUS.values():
        return {"": not_shipped}
    shipped_at = row["updated_at"]
    metadata: dict[str, Json] = {
        "derived": True,
        "source_table": "dispatch_instruction",
        "legacy_instruction_id": int(key),
        "assumed_carrier": "UPS",
    }
    columns = {
        "id": published_id("shipments", "dispatch_instruction", key),
        "order_id": order.id,
        "tracking_number": f"LEGACY_{key}",
        "carrier": None,
        "shipped_at": shipped_at,
        "estimated_delivery_at": _days_later(shipped_at, 3),
        "delivered_at": None,
        "shipping_address": None if order.address is None else jsonb(order.address),
        "metadata": jsonb(metadata),
    }
    derived = Answer("publish", "derived", (Target("public.shipments", columns),))
    return {option: derived if row["status"] == status else not_shipped for option, status in SHIPPED_STATUS.items()}


def team(row: Row) -> Answers:
    """D7-7: a team for a group."""
    key, name = _key(row), row["name"] or ""
    if name not in TEAMS:
        return {"": Answer("reject", "group_unmapped")}
    team_name, department = TEAMS[name]
    found = _published(
        "teams",
        "auth_group",
        key,
        name=team_name,
        description=f"Group {name} of the dispatch system",
        team_type="operational",
        department=department,
        is_active="true",
        legacy_group_id=key,
    )
    if name == "Patient":
        return {"all_but_patient": Answer("skip", "group_of_patients"), "all_groups": found[""]}
    return found


def communication(row: Row, find: Lookups) -> Answers:
    """D7-8: a note of the production."""
    key, author = _key(row), row["author_id"]
    profile = find.profiles.get(author or "")
    columns = {
        "id": published_id("team_communications", "dispatch_note", key),
        "team_id": published_id("teams", "auth_group", find.medical_team),
        "communication_type": "production_note",
        "body": row["text"],
        "author_id": profile and profile[0],
        "department": "Medical",
        "visibility": "team",
        "created_at": row["created_at"],
        "source_table": "dispatch_note",
        "legacy_record_id": key,
        **dict.fromkeys(("triggers_workflow", "approval_required", "is_broadcast"), "false"),
        **dict.fromkeys(("subject", "order_id", "project_id", "task_id", "workflow_action", "approved_by")),
    }
    target = Target("public.team_communications", columns)
    found = Answer("publish", "mapped" if profile else "mapped_without_author", (target,))
    if profile and profile[1] == "doctor":
        return {"": found}
    reason = "author_missing" if author is None else "author_not_doctor" if profile else "author_absent"
    return {"any_author": found, "doctor_authors_only": Answer("reject", reason)}


def _published(target: str, source: str, key: str, **columns: str | None) -> Answers:
    found = Target(f"public.{target}", {"id": published_id(target, source, key), **columns})
    return {"": Answer("publish", "mapped", (found,))}


def _key(row: Row) -> str:
    return row["id"] or ""


def _flag(row: Row, column: str) -> bool:
    return row[column] == "true"


def _number(value: str | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def _days_later(moment: str | None, days: int) -> str | None:
    if moment is None:
        return None
    later = datetime.fromisoformat(moment) + timedelta(days=days)
    return later.strftime("%Y-%m-%d %H:%M:%S+00")
