"""The answer key's rules for the dispatch system, on rows made by hand (docs/dispatch.md)."""

from __future__ import annotations

import json
from uuid import UUID

import pytest

from sandbox.dispatch.answers import rules
from sandbox.dispatch.answers.notifications import notification, read_context
from sandbox.dispatch.answers.rules import Answers, Lookups, Order
from sandbox.dispatch.generator.notifications import BAD_ESCAPES, CIRCULAR, MALFORMED
from sandbox.generator.answers import Answer

ADDRESS = {"street": "1 Example Street", "unit": None, "city": "Boston", "state": "MA", "zip": "02108", "country": "US"}
FIND = Lookups(
    profiles={"1": ("profile-1", "doctor"), "2": ("profile-2", "technician"), "3": ("profile-3", "patient")},
    orders={"10": Order("order-10", "profile-3", ADDRESS), "11": Order("order-11", "profile-3", None)},
    templates={"1": "template-1"},
    products={"1": "product-1", "2": "product-2"},
    instructions={
        "10": {"patient_id": "1", "deleted": "false"},
        "20": {"patient_id": "1", "deleted": "true"},
        "21": {"patient_id": None, "deleted": "false"},
        "22": {"patient_id": "2", "deleted": "false"},
        "23": {"patient_id": "1", "deleted": "false"},
        "24": {"patient_id": "3", "deleted": "false"},
    },
    patients={"1": {"doctor_id": "1"}, "2": {"doctor_id": "2"}, "3": {"doctor_id": "9"}},
    course_of={"1": "2", "2": "2", "7": "7", "8": "1"},
    deleted_products=frozenset({"7"}),
    groups={"1": "Patient", "2": "Doctor", "5": "Master"},
    role_of={"1": "Sectioning Technician", "2": "Supervisor"},
    members=frozenset({"1", "2"}),
    medical_team="2",
    models={"23": ("dispatch", "instruction"), "57": ("archive", "instruction"), "11": ("dispatch", "patient")},
    given_back=frozenset({"18"}),
)


def payment(**changes: str | None) -> dict[str, str | None]:
    return {
        **{"id": "17", "made_at": "2025-01-02 03:04:05+00", "instruction_id": "10", "order_id": None, "doctor_id": "1"},
        **{"office_id": None, "total_price": "10.50", "subtotal_price": "10.00", "paid_price": "0.00"},
        **{"tax_rate": "0.0500", "tax_value": "0.50", "used_credit": "0.00", "additional_price": "0.00"},
        **{"custom_price": None, "paid": "false", "canceled": "false", "free": "false", "netsuite": "false"},
        **{"installments": ""},
        **changes,
    }


def columns(answers: Answers, *options: str) -> dict[str, str | None]:
    """The target row that these options give, beside what every option gives."""
    held = [answers[option] for option in ("", *options) if option in answers]
    return {name: value for answer in held for target in answer.expected for name, value in target.columns.items()}


def test_a_payment_belongs_to_the_order_of_its_instruction_and_to_that_orders_patient() -> None:
    answers = rules.payment(payment(), FIND)
    found = columns(answers, "total_price")
    assert found["id"] == "3913f627-5436-3c32-8e59-22ba67b3166e"
    assert (found["order_id"], found["patient_id"], found["amount"]) == ("order-10", "profile-3", "10.50")
    assert columns(answers, "paid_price")["amount"] == "0.00"
    metadata = json.loads(found["metadata"] or "")
    assert metadata["installments"] == []
    assert metadata["custom_price"] is None
    assert '"tax_rate": 0.0500' in (found["metadata"] or "")


@pytest.mark.parametrize(
    ("key", "flags", "status"),
    [
        ("18", {"paid": "true"}, "refunded"),
        ("17", {"paid": "true"}, "completed"),
        ("18", {"paid": "true", "canceled": "true"}, "refunded"),
        ("17", {"paid": "true", "canceled": "true"}, "cancelled"),
        ("18", {}, "pending"),
    ],
)
def test_a_payment_that_was_given_back_is_refunded_by_its_option_alone(
    key: str, flags: dict[str, str], status: str
) -> None:
    answers = rules.payment(payment(id=key, **flags), FIND)
    assert columns(answers, "canceled_then_paid", "refunded_where_given_back")["status"] == status
    assert columns(answers, "canceled_then_paid", "keep_status")["status"] != "refunded"


def test_published_ids_are_name_based() -> None:
    identifier = UUID(rules.published_id("payments", "dispatch_payment", "17"))
    assert identifier.version == 3
    others = {("payments", "dispatch_payment", "18"), ("shipments", "dispatch_payment", "17"), ("payments", "x", "17")}
    assert str(identifier) not in {rules.published_id(*other) for other in others}


@pytest.mark.parametrize(
    ("flags", "chosen", "canceled_then_paid", "paid_then_failed"),
    [
        ("paid", "completed", "completed", "completed"),
        ("", "pending", "pending", "pending"),
        ("canceled", "cancelled", "cancelled", "failed"),
        ("paid canceled", "cancelled", "cancelled", "completed"),
        ("free", "completed", "pending", "pending"),
        ("free canceled", "cancelled", "cancelled", "failed"),
    ],
)
def test_status_variants(flags: str, chosen: str, canceled_then_paid: str, paid_then_failed: str) -> None:
    answers = rules.payment(payment(**dict.fromkeys(flags.split(), "true")), FIND)
    assert columns(answers, "canceled_then_free_or_paid")["status"] == chosen
    assert columns(answers, "canceled_then_paid")["status"] == canceled_then_paid
    assert columns(answers, "paid_then_failed")["status"] == paid_then_failed


@pytest.mark.parametrize(
    ("flags", "method"), [("", "card"), ("netsuite", "other"), ("free", None), ("free netsuite", None)]
)
def test_method_variants(flags: str, method: str | None) -> None:
    answers = rules.payment(payment(**dict.fromkeys(flags.split(), "true")), FIND)
    assert columns(answers, "card_unless_free_or_netsuite")["payment_method"] == method
    assert columns(answers, "all_other")["payment_method"] == "other"


@pytest.mark.parametrize(
    ("instruction", "reason"),
    [
        (None, "instruction_missing"),
        ("20", "instruction_deleted"),
        ("21", "order_patient_unresolved"),
        ("22", "order_doctor_unresolved"),
        ("24", "order_doctor_unresolved"),
        ("23", "order_absent"),
    ],
)
def test_a_payment_without_an_order_names_its_cause(instruction: str | None, reason: str) -> None:
    assert rules.payment(payment(instruction_id=instruction), FIND) == {"": Answer("reject", reason)}


def test_an_operation_follows_its_payment() -> None:
    row: dict[str, str | None] = {"id": "3", "payment_id": "17", "card_bin": "400000", "type": None, "price": "1.00"}
    row |= dict.fromkeys(("made_at", "sq_order_id", "sq_payment_id", "sq_refund_id", "card_brand", "card_last"))
    row |= dict.fromkeys(("office_card", "attempts"))
    answers = rules.operation(row, frozenset({"17"}))
    found = columns(answers)
    assert found["payment_id"] == rules.published_id("payments", "dispatch_payment", "17")
    assert (found["operation_type"], found["card_bin"]) == ("payment", None)
    assert columns(rules.operation(row | {"type": "2"}, frozenset({"17"})))["operation_type"] == "refund"
    assert rules.operation(row, frozenset({"18"})) == {"": Answer("reject", "payment_rejected")}


@pytest.mark.parametrize(
    ("product", "right", "by_course"),
    [
        ("1", "product-1", "product-2"),
        ("2", "product-2", "product-2"),
        ("7", "product_deleted", "course_without_product"),
        ("8", "product_absent", "product-1"),
    ],
)
def test_a_junctions_product(product: str, right: str, by_course: str) -> None:
    row = {"id": "5", "template_id": "1", "product_id": product}
    answers = rules.template_product(row, FIND, set())

    def shown(option: str) -> str | None:
        return columns(answers, option).get("product_id", answers[option].reason_code)

    assert (shown("product_id"), shown("course_key")) == (right, by_course)


def test_by_course_two_products_of_a_course_are_one_pair() -> None:
    pairs: set[tuple[str, str]] = set()
    for key, product in (("5", "1"), ("6", "2")):
        answers = rules.template_product({"id": key, "template_id": "1", "product_id": product}, FIND, pairs)
    assert answers["course_key"] == Answer("reject", "pair_duplicate")
    assert answers["product_id"].disposition == "publish"
    absent = rules.template_product({"id": "7", "template_id": "9", "product_id": "1"}, FIND, pairs)
    assert absent["product_id"] == absent["course_key"] == Answer("reject", "template_absent")


def test_technicians_by_role_and_by_group() -> None:
    row = {"first_name": "Ana", "last_name": "Brown", "email": " ", "is_active": "false", "username": "ana"}
    row |= {"date_joined": "2018-02-22 23:59:00+00"}
    both = columns(rules.technician(row | {"id": "1"}, FIND))
    assert (both["specialty"], both["hire_date"], both["email"]) == ("Sectioning Technician", "2018-02-22", None)
    member = rules.technician(row | {"id": "2"}, FIND)
    assert member["role_name"] == Answer("skip", "not_technician")
    assert columns(member, "group_membership")["specialty"] == "Supervisor"
    assert rules.technician(row | {"id": "3"}, FIND) == {"": Answer("skip", "not_technician")}


def test_a_shipment_is_derived_and_says_so() -> None:
    answers = rules.shipment({"id": "10", "status": "4", "updated_at": "2024-02-28 12:00:00+00"}, FIND)
    found = columns(answers, "map_a")
    assert (found["tracking_number"], found["carrier"]) == ("LEGACY_10", None)
    assert found["estimated_delivery_at"] == "2024-03-02 12:00:00+00"
    assert json.loads(found["shipping_address"] or "") == ADDRESS
    assert json.loads(found["metadata"] or "")["derived"] is True
    assert answers["map_b"] == answers["map_c"] == Answer("skip", "not_shipped")
    other = rules.shipment({"id": "11", "status": "2", "updated_at": None}, FIND)
    assert columns(other, "map_c")["estimated_delivery_at"] is None
    assert columns(other, "map_c")["shipping_address"] is None
    assert rules.shipment({"id": "20", "status": "4", "updated_at": None}, FIND) == {"": Answer("skip", "order_absent")}


def test_teams_and_communications() -> None:
    assert columns(rules.team({"id": "2", "name": "Doctor"}))["name"] == "Medical Team"
    assert rules.team({"id": "1", "name": "Patient"})["all_but_patient"] == Answer("skip", "group_of_patients")
    assert rules.team({"id": "99", "name": "Unheard of"}) == {"": Answer("reject", "group_unmapped")}
    note = {"id": "4", "text": "Check.", "created_at": "2021-05-04 13:20:00+00"}
    reasons = {}
    for author in ("1", "2", "9", None):
        answers = rules.communication(note | {"author_id": author}, FIND)
        strict = answers.get("doctor_authors_only", answers.get(""))
        assert strict is not None
        assert columns(answers, "any_author")["team_id"] == rules.published_id("teams", "auth_group", "2")
        reasons[author] = (strict.disposition, strict.reason_code, columns(answers, "any_author")["author_id"])
    assert reasons == {
        "1": ("publish", "mapped", "profile-1"),
        "2": ("reject", "author_not_doctor", "profile-2"),
        "9": ("reject", "author_absent", None),
        None: ("reject", "author_missing", None),
    }


def notice(**changes: str | None) -> Answers:
    row = {
        **{"id": "8", "created_at": "2025-01-01 00:00:00+00", "sender": "scheduler", "template_name": "plan_ready"},
        **{"template_context": "{}", "read": "false", "item_id": "10", "item_type_id": "23", "recipient_id": "3"},
        **{"sent": "true", "send": "true"},
        **changes,
    }
    return notification(row, FIND)


def test_the_filter_decides_before_anything_else() -> None:
    assert set(notice()) == {""}
    unsent = notice(sent=None, template_context="{")
    assert unsent["all"] == unsent["send"] == Answer("reject", "context_malformed")
    assert unsent["sent_and_send"] == Answer("skip", "not_sent")
    unwanted = notice(send="false", recipient_id="9")
    assert unwanted["all"] == Answer("reject", "recipient_absent")
    assert unwanted["send"] == unwanted["sent_and_send"] == Answer("skip", "not_to_send")


@pytest.mark.parametrize(
    ("kind", "item", "order", "reason"),
    [
        ("23", "10", "order-10", "mapped"),
        ("23", "20", None, "item_without_order"),
        ("23", None, None, "mapped"),
        ("57", "10", None, "mapped"),
        ("11", "10", None, "mapped"),
        (None, "10", None, "mapped"),
    ],
)
def test_a_link_leads_to_an_order_by_its_content_type(
    kind: str | None, item: str | None, order: str | None, reason: str
) -> None:
    answers = notice(item_type_id=kind, item_id=item)
    assert (answers[""].reason_code, columns(answers)["order_id"]) == (reason, order)


@pytest.mark.parametrize(
    ("reason", "texts"),
    [("context_malformed", MALFORMED), ("context_circular", CIRCULAR), ("context_unicode", BAD_ESCAPES)],
)
def test_bad_contexts_by_cause(reason: str, texts: tuple[str, ...]) -> None:
    assert {text: read_context(text, needed=True) for text in texts} == dict.fromkeys(texts, (reason, None))


def test_a_context_may_be_missing_where_none_is_needed() -> None:
    for blank in (None, "", "  "):
        assert read_context(blank, needed=True) == ("context_missing", None)
        assert read_context(blank, needed=False) == ("", None)
    assert notice(template_name="unlisted", template_context=None) == {"": Answer("reject", "context_missing")}
    assert notice(template_name="weekly_digest", template_context=None)[""].disposition == "publish"
