"""Reads what the rules look up, from the source's tables and the target's parents."""

from __future__ import annotations

from typing import Any

import psycopg

from sandbox.dispatch.answers.rules import Lookups, Order, Row


def read_lookups(source: psycopg.Connection, target: psycopg.Connection) -> Lookups:
    """Everything by the source's key as text."""
    groups = _pairs(source, "select id::text, name from auth_group")
    return Lookups(
        profiles={
            key: (profile, kind)
            for key, profile, kind in target.execute(
                "select legacy_user_id::text, id::text, profile_type::text from profiles"
            )
        },
        orders={
            key: Order(order, profile, _address(address) if address else None)
            for key, order, profile, address in target.execute(_ORDERS)
        },
        templates=_pairs(target, "select legacy_template_id::text, id::text from templates"),
        products=_pairs(target, "select legacy_product_id::text, id::text from products"),
        instructions=_rows(source, "select id::text, patient_id::text, deleted::text from dispatch_instruction"),
        patients=_rows(source, "select id::text, doctor_id::text from dispatch_patient"),
        course_of=_pairs(source, "select id::text, course_id::text from dispatch_product"),
        deleted_products=frozenset(_pairs(source, "select id::text, name from dispatch_product where deleted")),
        groups=groups,
        role_of=_pairs(
            source,
            "select dispatch_usersetting.user_id::text, name from dispatch_usersetting"
            " inner join dispatch_role on dispatch_role.id = dispatch_usersetting.role_id",
        ),
        members=frozenset(
            _pairs(
                source,
                "select auth_user_groups.user_id::text, auth_group.name from auth_user_groups"
                " inner join auth_group on auth_group.id = group_id where auth_group.name = 'Technician'",
            )
        ),
        medical_team=next(key for key, name in groups.items() if name == "Doctor"),
        models={
            key: (application, model)
            for key, application, model in source.execute("select id::text, app_label, model from django_content_type")
        },
        given_back=frozenset(key for (key,) in source.execute(_GIVEN_BACK)),
    )


_ORDERS = """
select orders.legacy_instruction_id::text, orders.id::text, patients.profile_id::text, to_jsonb(offices) as office
from orders
inner join patients on patients.id = orders.patient_id
left join offices on offices.id = orders.office_id
"""

_GIVEN_BACK = """
select payment_id::text
from dispatch_operation
group by payment_id
having sum(case when type = 2 then price else 0 end) > 0
    and sum(case when type = 2 then price else 0 end) >= sum(case when type = 2 then 0 else price end)
"""


def _address(office: dict[str, Any]) -> dict[str, Any]:
    names = {"street": "address", "unit": "apartment", "city": "city", "state": "state", "zip": "zip_code"}
    return {name: office[column] or None for name, column in {**names, "country": "country"}.items()}


def _pairs(connection: psycopg.Connection, statement: str) -> dict[str, str]:
    return dict(connection.execute(statement).fetchall())


def _rows(connection: psycopg.Connection, statement: str) -> dict[str, Row]:
    cursor = connection.execute(statement)
    names = [column.name for column in cursor.description or ()]
    return {row[0]: dict(zip(names, row, strict=True)) for row in cursor}
