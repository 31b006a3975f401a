"""The dispatch migration's answer key: the documents' figures, rows that the target takes, a comparison that sees."""

from __future__ import annotations

import csv
import json
import shutil
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from dispatch_support import COMPONENTS, Filled, published_counts, shipped_otherwise

from loaders.errors import ConfigurationError
from loaders.ledger.schema import upgrade_ledger
from loaders.settings import PROJECT_ROOT
from sandbox.dispatch.compare import compare
from sandbox.dispatch.databases import OWNER
from sandbox.dispatch.decisions import REGISTER, chosen_options

CHOSEN = set(chosen_options())


@pytest.fixture(scope="module")
def world(dispatch: Filled) -> Filled:
    return dispatch


def published(world: Filled, table: str, options: set[str] | None = None) -> int:
    return len(world.rows(table, CHOSEN if options is None else options))


def rejected(world: Filled, table: str, options: set[str] | None = None) -> dict[str, int]:
    outcomes = world.outcomes(table, CHOSEN if options is None else options).values()
    return dict(Counter(reason for disposition, reason in outcomes if disposition == "reject"))


def test_published_rows_are_the_documents_or_better(world: Filled) -> None:
    assert {table: published(world, table) for table in COMPONENTS if table != "dispatch_notification"} == {
        "auth_group": 9,
        "dispatch_payment": 16011,
        "dispatch_operation": 3522,
        "dispatch_template_products": 161,
        "dispatch_template_view_groups": 183,
        "auth_user": 32,
        "dispatch_instruction": 2453,
        "dispatch_note": 963,
    }


def test_other_options_reproduce_the_first_load(world: Filled) -> None:
    assert published(world, "dispatch_template_products", {"course_key"}) == 93
    assert published(world, "dispatch_note", {"doctor_authors_only"}) == 783
    assert published(world, "auth_user", {"group_membership"}) == 85
    assert published(world, "auth_group", {"all_groups"}) == 10
    assert [published(world, "dispatch_instruction", {option}) for option in ("map_b", "map_c")] == [0, 3120]


def test_rejects_name_their_cause(world: Filled) -> None:
    assert rejected(world, "dispatch_payment") == {
        "instruction_missing": 1,
        "instruction_deleted": 1,
        "order_doctor_unresolved": 1,
    }
    assert rejected(world, "dispatch_template_products") == {"product_deleted": 5}
    assert rejected(world, "dispatch_template_products", {"course_key"}) == {"course_without_product": 73}
    assert rejected(world, "dispatch_note", {"doctor_authors_only"}) == {"author_not_doctor": 168, "author_missing": 12}


def test_by_course_most_products_are_wrong(world: Filled) -> None:
    """The 93 rows that the first load kept: only 6 of them got the product that they name."""
    right = {row["legacy_junction_id"]: row["product_id"] for row in world.rows("dispatch_template_products", CHOSEN)}
    first = world.rows("dispatch_template_products", {"course_key"})
    assert sum(1 for row in first if right[row["legacy_junction_id"]] == row["product_id"]) == 6


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("canceled_then_free_or_paid", {"completed": 15852, "cancelled": 127, "pending": 32}),
        ("canceled_then_paid", {"completed": 15542, "cancelled": 127, "pending": 342}),
        ("paid_then_failed", {"completed": 15583, "failed": 86, "pending": 342}),
    ],
)
def test_status_variants(world: Filled, option: str, expected: dict[str, int]) -> None:
    assert Counter(row["status"] for row in world.rows("dispatch_payment", {option})) == expected


def test_what_was_given_back_is_refunded_under_its_option(world: Filled) -> None:
    statuses = Counter(
        row["status"] for row in world.rows("dispatch_payment", {"canceled_then_paid", "refunded_where_given_back"})
    )
    assert statuses == {"completed": 15542, "cancelled": 103, "pending": 342, "refunded": 24}


def test_money_is_right_to_the_cent(world: Filled) -> None:
    def total(table: str, option: str) -> Decimal:
        return sum((Decimal(row["amount"] or 0) for row in world.rows(table, {option})), Decimal(0))

    assert total("dispatch_payment", "total_price") == Decimal("4090490.28")
    assert total("dispatch_operation", "by_payment") == Decimal("4042727.70")
    assert total("dispatch_payment", "paid_price") < total("dispatch_payment", "total_price")


def test_notifications_are_counted_under_each_filter(world: Filled) -> None:
    with (world.answer_key / "counts" / "dispatch_notification.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    totals: Counter[str] = Counter()
    for line in lines:
        totals[line["option"]] += int(line["rows"])
    assert totals == dict.fromkeys(("all", "send", "sent_and_send"), 5103)
    bad = {line["reason_code"]: int(line["rows"]) for line in lines if line["reason_code"].startswith("context_")}
    assert bad == {"context_malformed": 18, "context_missing": 12, "context_unicode": 6, "context_circular": 4}
    ((all_of_them, to_send, sent),) = world.source(
        "select count(*), count(*) filter (where send), count(*) filter (where send and sent)"
        " from dispatch_notification"
    )
    selected = {
        option: sum(int(n["rows"]) for n in lines if n["option"] == option and n["disposition"] != "skip")
        for option in totals
    }
    assert selected == {"all": all_of_them, "send": to_send, "sent_and_send": sent}


def test_every_source_row_has_one_outcome_under_the_chosen_options(world: Filled) -> None:
    for table in COMPONENTS:
        if table == "dispatch_notification":
            continue
        held = [line for line in world.lines(table) if line["option"] in CHOSEN | {""}]
        outcomes = {(line["source_key"], line["disposition"], line["reason_code"]) for line in held}
        keys = {str(key) for (key,) in world.source(f"select id from {table}")}
        assert (len(outcomes), {key for key, _, _ in outcomes}) == (len(keys), keys), table


def test_every_outcome_is_in_the_vocabulary(world: Filled) -> None:
    path = PROJECT_ROOT / "seeds" / "dispatch" / "ledger" / "reason_codes.csv"
    with path.open(newline="", encoding="utf-8") as file:
        known = {(line["source_table"], line["disposition"], line["reason_code"]) for line in csv.DictReader(file)}
    used = {(t, line["disposition"], line["reason_code"]) for t in COMPONENTS for line in world.lines(t)}
    assert used <= known


def test_the_target_takes_every_row_that_the_key_asks_for(world: Filled, published_world: tuple[Any, Path]) -> None:
    """Types, checks, enums, uniqueness and foreign keys agree with the answer key."""
    connection, _ = published_world
    assert published_counts(connection) == {table: published(world, table) for table in COMPONENTS}
    assert shipped_otherwise(connection) == (0, 0)


def run_pipeline(world: Filled, connection: psycopg.Connection, outcomes: Path) -> None:
    """Publish what the key asks for by the simplest means, with its ledger, and write the outcomes."""
    world.publish(connection, CHOSEN)
    connection.execute("create schema migration_seeds")
    connection.execute("create table migration_seeds.decisions (decision_id text, chosen text)")
    with REGISTER.open(newline="", encoding="utf-8") as file:
        for line in csv.DictReader(file):
            connection.execute(
                "insert into migration_seeds.decisions values (%s, %s)", [line["decision_id"], line["chosen"]]
            )
    connection.execute("set session_replication_role = replica")
    with outcomes.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(("source_table", "source_key", "disposition", "reason_code"))
        for table, target in COMPONENTS.items():
            rows = world.outcomes(table, CHOSEN)
            if table == "dispatch_notification":
                rows |= count_the_rest(world, rows)
            lines.writerows((table, key, *outcome) for key, outcome in rows.items())
            ids = {
                key: json.loads(line["expected"])[0]["columns"].get("id")
                for line in world.lines(table)
                if (key := line["source_key"]) and line["option"] in CHOSEN | {""} and line["expected"]
                and "id" in json.loads(line["expected"])[0]["columns"]
            }  # fmt: skip
            for key, (disposition, _) in rows.items():
                if disposition == "publish":
                    connection.execute(
                        "insert into migration.id_map (entity, source_key, legacy_key, target_table, target_id, area,"
                        " state, batch_id) values (%s, %s, %s, %s, %s, 'dispatch', 'migrated', 1)",
                        [table, key, key, f"public.{target}", ids.get(key, "unlisted")],
                    )


def count_the_rest(world: Filled, listed: dict[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """Outcomes of the notifications without lines, as the counts have them."""
    with (world.answer_key / "counts" / "dispatch_notification.csv").open(newline="") as file:
        counts = Counter(
            {
                (n["disposition"], n["reason_code"]): int(n["rows"])
                for n in csv.DictReader(file)
                if n["option"] in CHOSEN
            }
        )
    rest = list((counts - Counter(listed.values())).elements())
    return {f"unlisted {number}": outcome for number, outcome in enumerate(rest)}


@pytest.fixture(scope="module")
def published_world(world: Filled, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Path]]:
    """The target after a faultless run, in a transaction that is never committed; and the outcomes."""
    outcomes = tmp_path_factory.mktemp("outcomes") / "outcomes.csv"
    with world.databases.target(role=OWNER) as owner:
        upgrade_ledger(owner)
    with world.databases.postgres.connect(world.databases.target_name, options="-c TimeZone=UTC") as connection:
        run_pipeline(world, connection, outcomes)
        yield connection, outcomes
        connection.rollback()


def alone(world: Filled, table: str, folder: Path) -> Path:
    """The answer key of one table."""
    (folder / "counts").mkdir(parents=True)
    for name in (f"{table}.csv", "counts/dispatch_notification.csv"):
        shutil.copy(world.answer_key / name, folder / name)
    return folder


def test_without_a_register_there_is_nothing_to_compare(world: Filled, tmp_path: Path) -> None:
    with (
        world.databases.target() as connection,
        pytest.raises(ConfigurationError, match=r"no migration_seeds\.decisions"),
    ):
        compare(connection, world.answer_key, tmp_path / "none.csv")


def test_a_faultless_run_compares_equal(world: Filled, published_world: tuple[Any, Path]) -> None:
    connection, outcomes = published_world
    found = {each.table: each for each in compare(connection, world.answer_key, outcomes)}
    assert set(found) == set(COMPONENTS)
    assert [each for each in found.values() if each.differences] == []
    assert found["dispatch_payment"].rows == 16014
    assert found["dispatch_notification"].rows == 5103
    assert found["dispatch_payment"].option == ("canceled_then_free_or_paid+card_unless_free_or_netsuite+total_price")


@pytest.mark.parametrize(
    ("table", "statement"),
    [
        ("dispatch_payment", "update payments set amount = amount + 0.01 where legacy_payment_id = 17"),
        ("dispatch_payment", "update payments set patient_id = null where legacy_payment_id = 17"),
        ("dispatch_operation", "update payment_operations set card_bin = '400000' where legacy_operation_id = 1"),
        (
            "dispatch_template_products",
            "update template_products set product_id = (select id from products where legacy_product_id = 12)"
            " where legacy_junction_id = 1",
        ),
        ("auth_group", "update teams set department = null where name = 'Medical Team'"),
        (
            "dispatch_instruction",
            "update shipments set carrier = 'UPS' where tracking_number = (select min(tracking_number) from shipments)",
        ),
        (
            "dispatch_note",
            "update migration.id_map set state = 'undone' where entity = 'dispatch_note' and source_key = '1'",
        ),
        ("dispatch_notification", "update notifications set is_read = not is_read where legacy_id = 1000"),
        (
            "dispatch_notification",
            "insert into migration.id_map"
            " (entity, source_key, legacy_key, target_table, target_id, area, state, batch_id)"
            " values ('dispatch_notification', 'x', 'x', 'public.notifications', 'x', 'x', 'migrated', 1)",
        ),
    ],
)
def test_a_fault_is_a_difference(
    world: Filled, published_world: tuple[Any, Path], tmp_path: Path, table: str, statement: str
) -> None:
    connection, outcomes = published_world
    with connection.transaction(force_rollback=True):
        assert connection.execute(statement).rowcount == 1
        (found,) = compare(connection, alone(world, table, tmp_path), outcomes)
    assert (found.table, found.differences > 0) == (table, True)


def test_another_outcome_is_a_difference(world: Filled, published_world: tuple[Any, Path], tmp_path: Path) -> None:
    connection, outcomes = published_world
    other = tmp_path / "outcomes.csv"
    text = outcomes.read_text(encoding="utf-8")
    assert text.count("dispatch_payment,4711,reject,instruction_missing\n") == 1
    other.write_text(
        text.replace(
            "dispatch_payment,4711,reject,instruction_missing", "dispatch_payment,4711,skip,instruction_missing"
        ),
        encoding="utf-8",
    )
    (found,) = compare(connection, alone(world, "dispatch_payment", tmp_path / "key"), other)
    assert [(each.source_key, each.actual) for each in found.first[:1]] == [("4711", "skip instruction_missing")]
