"""A second, equal world of the dispatch system, and what two months of work make of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from dispatch_support import COMPONENTS, Filled, filled, published_counts, shipped_otherwise

from sandbox.dispatch.decisions import chosen_options
from sandbox.dispatch.growth import grow
from sandbox.servers.postgres import Postgres

CHOSEN = set(chosen_options())
Rows = dict[str, dict[str, dict[str, str | None]]]


@dataclass(frozen=True)
class Grown:
    """A world after its growth, and what it was before."""

    world: Filled
    digests: dict[str, str]
    keys: dict[str, set[str]]
    rows: Rows
    counts: dict[tuple[str, str], int]

    def listed(self, table: str, change: str) -> list[dict[str, str]]:
        lines = self.world.lines("growth")
        return [line for line in lines if (line["source_table"], line["change"]) == (table, change)]


def digests(world: Filled) -> dict[str, str]:
    """Of each table of both databases, and of each file of the answer key."""
    found = {}
    for side, connection in (("source", world.databases.source()), ("target", world.databases.target())):
        with connection:
            tables = connection.execute("select tablename from pg_tables where schemaname = 'public'").fetchall()
            for (table,) in tables:
                # created_at and updated_at of parents are the moment of their loading.
                statement = (
                    "select md5(string_agg((to_jsonb(row) - %s::text[])::text, E'\\n' order by row.id))"
                    f" from {table} as row"
                )
                loaded_at = ["created_at", "updated_at"] if side == "target" else []
                found[f"{side} {table}"] = connection.execute(statement, [loaded_at]).fetchone()[0]
    for path in sorted(world.answer_key.rglob("*.csv")):
        found[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def keys_of(world: Filled) -> dict[str, set[str]]:
    return {table: {str(key) for (key,) in world.source(f"select id from {table}")} for table in COMPONENTS}


def rows_of(world: Filled) -> Rows:
    return {table: {str(row["id"]): row for row in world.rows(table, CHOSEN)} for table in COMPONENTS}


@pytest.fixture(scope="module")
def grown(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grown]:
    with filled(postgres, tmp_path_factory.mktemp("grown")) as world:
        digested, keys, rows = digests(world), keys_of(world), rows_of(world)
        yield Grown(world, digested, keys, rows, grow(world.databases, world.answer_key))


def test_the_same_plan_gives_the_same_rows(dispatch: Filled, grown: Grown) -> None:
    assert len(grown.digests) > 50
    assert digests(dispatch) == grown.digests


def test_growth_is_that_of_the_documents(grown: Grown) -> None:
    counts = {f"{table} {change}": rows for (table, change), rows in grown.counts.items()}
    assert counts.pop("dispatch_notification new") == 598
    assert counts.pop("dispatch_notification changed") > 20
    assert counts == {
        "dispatch_payment new": 1119,
        "dispatch_payment changed": 32,
        "dispatch_operation new": 198,
        "dispatch_template_products new": 17,
        "dispatch_template_view_groups new": 16,
        "dispatch_instruction new": 10,
        "dispatch_instruction changed": 5,
        "dispatch_note new": 24,
        "dispatch_note changed": 4,
        "auth_user changed": 1,
    }


@pytest.mark.parametrize("table", COMPONENTS)
def test_new_rows_are_listed(grown: Grown, table: str) -> None:
    now = keys_of(grown.world)[table]
    assert {line["source_key"] for line in grown.listed(table, "new")} == now - grown.keys[table]


@pytest.mark.parametrize("table", [table for table in COMPONENTS if table != "dispatch_notification"])
def test_changed_rows_are_listed_with_their_columns(grown: Grown, table: str) -> None:
    before, after = grown.rows[table], rows_of(grown.world)[table]
    assert set(before) <= set(after)
    changed = ["|".join(sorted(name for name in row if row[name] != after[key][name])) for key, row in before.items()]
    assert sorted(filter(None, changed)) == sorted(line["target_columns"] for line in grown.listed(table, "changed"))


def test_flipped_notifications_are_listed(grown: Grown) -> None:
    changed = grown.listed("dispatch_notification", "changed")
    assert {line["target_columns"] for line in changed} == {"is_read", "is_sent"}
    keys = ", ".join(line["source_key"] for line in changed)
    flipped = grown.world.source(f"select id::text, read, sent from dispatch_notification where id in ({keys})")
    states = {key: {"is_read": read, "is_sent": sent} for key, read, sent in flipped}
    assert all(states[line["source_key"]][line["target_columns"]] for line in changed)


def test_a_payment_of_an_instruction_that_is_too_new_waits(grown: Grown) -> None:
    reasons = [reason for _, reason in grown.world.outcomes("dispatch_payment", CHOSEN).values()]
    assert reasons.count("order_absent") == 2


def test_the_target_takes_the_rows_of_other_options(grown: Grown) -> None:
    options = {"total_price", "paid_then_failed", "all_other", "course_key", "group_membership", "map_c"}
    options |= {"all_groups", "doctor_authors_only", "sent_and_send"}
    with grown.world.databases.target() as connection:
        grown.world.publish(connection, options)
        asked = {table: len(grown.world.rows(table, options)) for table in COMPONENTS}
        assert published_counts(connection) == asked
        assert shipped_otherwise(connection) == (0, asked["dispatch_instruction"])
        connection.rollback()
