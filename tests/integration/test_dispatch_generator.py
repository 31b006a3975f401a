"""The dispatch system of the sandbox: the documents' counts and sums, every defect, the same rows every time."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from functools import cache

import psycopg
import pytest
from dispatch_support import Filled

from sandbox.dispatch.generator import Plan, small_tables
from sandbox.dispatch.generator.notifications import PLANTED
from sandbox.dispatch.generator.plan import Tables
from sandbox.generator.plan import GeneratorError

SOURCE_ROWS = {
    "auth_group": 10,
    "auth_user": 9117,
    "dispatch_patient": 7854,
    "dispatch_instruction": 23272,
    "dispatch_payment": 16014,
    "dispatch_operation": 3522,
    "dispatch_template": 152,
    "dispatch_template_products": 166,
    "dispatch_template_view_groups": 183,
    "dispatch_template_view_roles": 1036,
    "dispatch_template_edit_roles": 603,
    "dispatch_template_predecessors": 191,
    "dispatch_course": 6,
    "dispatch_role": 46,
    "dispatch_note": 963,
    "django_content_type": 51,
}
TARGET_ROWS = {
    "profiles": 9085,
    "patients": 7854,
    "doctors": 1213,
    "orders": 23050,
    "products": 10,
    "templates": 152,
    "roles": 46,
    "payments": 0,
    "notifications": 0,
}


@pytest.fixture(scope="module")
def world(dispatch: Filled) -> Filled:
    return dispatch


@cache
def tables_of(seed: int) -> Tables:
    return small_tables(seed)


def test_the_source_has_the_rows_of_the_documents(world: Filled) -> None:
    assert {table: world.counts[table] for table in SOURCE_ROWS} == SOURCE_ROWS
    assert world.counts["dispatch_notification"] == 5103
    counted = {table: world.source(f"select count(*) from {table}")[0][0] for table in world.counts}
    assert counted == world.counts


def test_the_target_has_its_parents_and_nothing_of_phase_7(world: Filled) -> None:
    assert {table: world.target(f"select count(*) from {table}")[0][0] for table in TARGET_ROWS} == TARGET_ROWS
    assert dict(world.target("select profile_type::text, count(*) from profiles group by 1")) == {
        "patient": 7854,
        "doctor": 1213,
        "technician": 14,
        "master": 4,
    }
    assert world.target("select count(*) from orders where status = 'shipped'") == [(2453,)]
    assert world.target("select count(*) from products where legacy_course_id <> legacy_product_id") == [(0,)]


@pytest.mark.parametrize("seed", [1, 2])
def test_amounts_sum_to_the_cent_whatever_the_seed(seed: int) -> None:
    tables = tables_of(seed)
    assert sum(Decimal(row[3]) for row in tables["dispatch_operation"]) == Decimal("4042727.70")
    lost = {4711, 9402, 15333}
    loaded = [Decimal(row[6]) for row in tables["dispatch_payment"] if row[0] not in lost]
    assert (len(loaded), sum(loaded), min(loaded)) == (16011, Decimal("4090490.28"), 0)
    assert sum(1 for amount in loaded if amount) == 3459


def test_operations_pay_what_was_paid(world: Filled) -> None:
    """Each covered payment's operations make up its price, and a refund gives it back."""
    assert world.source("""
        select count(*) from (
            select payment.id
            from dispatch_payment as payment
            inner join dispatch_operation as operation on operation.payment_id = payment.id
            where operation.type is distinct from 2
            group by payment.id
            having sum(operation.price) <> payment.paid_price
        ) as wrong
    """) == [(0,)]
    assert world.source("select count(*), count(distinct payment_id) from dispatch_operation where type = 2") == [
        (24, 24)
    ]


def test_payments_of_every_kind(world: Filled) -> None:
    assert world.source("""
        select
            count(*) filter (where paid and canceled),
            count(*) filter (where free and not paid and not canceled),
            count(*) filter (where canceled),
            count(*) filter (where not paid and not canceled and not free)
        from dispatch_payment where id not in (4711, 9402, 15333)
    """) == [(41, 310, 127, 32)]
    assert world.source("select count(*) > 0 from dispatch_payment where netsuite and not free") == [(True,)]


def test_instructions_without_an_order_by_cause(world: Filled) -> None:
    assert world.source(
        "select count(*) filter (where deleted), count(*) filter (where patient_id is null) from dispatch_instruction"
    ) == [(180, 30)]
    ordered = {key for (key,) in world.target("select legacy_instruction_id from orders")}
    rest = world.source("select id from dispatch_instruction where not deleted and patient_id is not null")
    assert sum(1 for (key,) in rest if key not in ordered) == 12
    shipped = {key for (key,) in world.source("select id from dispatch_instruction where status = 4")}
    assert len(shipped & ordered) == 2453
    assert shipped - ordered, "some that were shipped have no order"


def test_an_order_needs_a_doctor(world: Filled) -> None:
    with world.databases.target() as connection:
        connection.execute("""
            update profiles set profile_type = 'master'
            where id = (select doctors.profile_id from doctors order by doctors.id limit 1)
        """)
        with pytest.raises(psycopg.errors.RaiseException, match="must have a profile of type doctor"):
            connection.execute("update orders set doctor_id = (select id from doctors order by id limit 1)")
        connection.rollback()


def test_technicians_are_those_of_the_documents(world: Filled) -> None:
    rows = world.source("""
        select dispatch_role.name, count(*), count(*) filter (where is_active), min(date_joined)::date::text,
            max(date_joined)::date::text
        from auth_user
        inner join dispatch_usersetting on dispatch_usersetting.user_id = auth_user.id
        inner join dispatch_role on dispatch_role.id = dispatch_usersetting.role_id
        where dispatch_role.name like '%Technician%'
        group by 1
    """)
    assert {name: (number, active) for name, number, active, _, _ in rows} == {
        "Sectioning Technician": (11, 2),
        "Designing Technician": (9, 3),
        "Remote Technician": (6, 4),
        "Manufacturing Technician": (4, 3),
        "Remote Technician Sectioning Approver": (1, 1),
        "Japan Aligner Technician": (1, 1),
    }
    assert (min(row[3] for row in rows), max(row[4] for row in rows)) == ("2018-02-22", "2025-07-29")
    assert world.source("select count(*) from dispatch_role where group_id = 11") == [(31,)]
    assert world.source("select count(distinct user_id) from auth_user_groups where group_id = 11") == [(85,)]


def test_notes_and_their_authors(world: Filled) -> None:
    assert world.source("""
        select count(distinct author_id), max(id), min(created_at)::date::text, max(created_at)::date::text,
            count(*) filter (where text = '')
        from dispatch_note
    """) == [(21, 973, "2021-05-04", "2025-06-11", 0)]


def test_view_groups_and_products_of_templates(world: Filled) -> None:
    assert dict(
        world.source("""
            select auth_group.name, count(*) from dispatch_template_view_groups
            inner join auth_group on auth_group.id = group_id group by 1
        """)
    ) == {"Technician": 92, "Master": 48, "Sales": 25, "Doctor": 18}
    assert world.source("""
        select count(*) filter (where course_id < 4), count(*) filter (where course_id = 7 and not deleted),
            count(*) filter (where deleted), count(*) filter (where product_id = course_id and not deleted)
        from dispatch_template_products inner join dispatch_product on dispatch_product.id = product_id
    """) == [(93, 68, 5, 6)]
    assert world.source("""
        select count(*) from (
            select 1 from dispatch_template_products inner join dispatch_product on dispatch_product.id = product_id
            group by template_id, course_id having count(*) > 1
        ) as twice
    """) == [(0,)]


def test_every_context_is_what_postgresql_says_of_it(world: Filled) -> None:
    """The answer key's reading of a context is PostgreSQL's own: what it takes as jsonb and prints, or refuses."""
    answers = {
        line["source_key"]: line for line in world.lines("dispatch_notification") if line["disposition"] != "skip"
    }
    contexts = world.source(f"select id, template_context from dispatch_notification where id <= {PLANTED}")
    judged = Counter()
    with world.databases.source(autocommit=True) as connection:
        for key, context in contexts:
            reason = answers[str(key)]["reason_code"]
            if context is None or not context.strip() or reason == "recipient_absent":
                continue
            try:
                printed = connection.execute("select (%s::jsonb)::text", [context]).fetchone()[0]
            except (psycopg.errors.InvalidTextRepresentation, psycopg.errors.UntranslatableCharacter):
                printed = None
            judged[reason if printed is None else "sound"] += 1
            expected = answers[str(key)]["expected"]
            assert (printed is None) == (reason.startswith("context_")), context
            if printed is not None:
                columns = next(
                    row for row in world.rows("dispatch_notification", {"all"}) if row["legacy_id"] == str(key)
                )
                assert (columns["template_context"], bool(expected)) == (printed, True)
    assert {reason: judged[reason] for reason in judged if reason != "sound"} == {
        "context_malformed": 18,
        "context_unicode": 6,
        "context_circular": 4,
    }


def test_the_bulk_of_the_notifications_is_sound(world: Filled) -> None:
    """What the counts of the answer key rely on: no context of the bulk is bad, or missing where it is needed."""
    with world.databases.source() as connection:
        ((contexts, missing),) = connection.execute(f"""
            select count(template_context::jsonb),
                count(*) filter (
                    where template_context is null and template_name not in ('weekly_digest', 'maintenance_notice')
                )
            from dispatch_notification where id > {PLANTED}
        """).fetchall()
    assert (contexts > 3000, missing) == (True, 0)
    assert world.source("select count(*) from dispatch_notification where sent and send") == [(round(5103 * 0.39972),)]
    kinds = world.source(
        "select count(distinct item_type_id), count(distinct template_name) from dispatch_notification"
    )
    assert kinds == [(11, 9)]


def test_another_seed_gives_other_rows_with_the_same_defects() -> None:
    one, other = tables_of(1), tables_of(2)
    changed = {table for table in one if one[table] != other[table]}
    assert changed >= {"auth_user", "dispatch_patient", "dispatch_instruction", "dispatch_payment", "dispatch_note"}
    assert {"auth_group", "dispatch_template_products", "dispatch_notification"}.isdisjoint(changed)


@pytest.mark.parametrize("share", [0, 0.00001, 1.1, float("nan")])
def test_a_share_without_room_for_the_planted_rows_is_refused(share: float) -> None:
    with pytest.raises(GeneratorError):
        Plan(notifications=share)
