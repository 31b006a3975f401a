"""Payments, their operations and shipments: every option held against the answer key, the money to the cent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal

import pytest
from dbt_support import choose, dbt
from dispatch_support import Filled, filled
from test_dispatch_migration import World, published

from loaders.database import connect
from loaders.publish.interrupt import Interrupt
from loaders.publish.report import PublishReport
from loaders.publish.rollback import roll_back
from loaders.reconcile.command import judge
from loaders.setup.commands import run_setup
from sandbox.dispatch.compare import compare
from sandbox.dispatch.databases import TRANSFORM
from sandbox.servers.postgres import Postgres

OURS = ("dispatch_payment", "dispatch_operation", "dispatch_instruction")
# What the options change.
CHANGED = ("pub_dispatch__payment", "dsp_dispatch__instruction", "pub_dispatch__shipment", "path:models/preflight")
IN_FORCE = {
    "D7_1": "total_price",
    "D7_2": "canceled_then_free_or_paid",
    "D7_3": "card_unless_free_or_netsuite",
    "D7_6": "map_a",
    "D7_12": "keep_status",
}
# With those in force every option of the five decisions; a refund alone goes before another option's value.
OTHERS = (
    {"D7_1": "paid_price", "D7_2": "canceled_then_paid", "D7_3": "all_other", "D7_6": "map_b"},
    {
        "D7_1": "paid_price",
        "D7_2": "paid_then_failed",
        "D7_3": "all_other",
        "D7_6": "map_c",
        "D7_12": "refunded_where_given_back",
    },
)
SHIPMENTS = {"map_a": 2_453, "map_b": 0, "map_c": 3_120}


@dataclass(frozen=True)
class Money:
    """The generated dispatch system, replicated and built."""

    world: World
    filled: Filled

    def rebuild(self) -> None:
        """Build what the options change, with its tests of the data."""
        arguments = ("build", "--select", *CHANGED, "--exclude-resource-type", "unit_test")
        code, _, printed = dbt(self.world.settings, self.world.folder, *arguments)
        assert code == 0, printed

    @contextmanager
    def published(self) -> Iterator[PublishReport]:
        """Publish everything, and take it back at the end."""
        report = self.world.publish()
        yield report
        roll_back(self.world.settings, run_id=report.run_id, batch_id=None, dry_run=False, interrupt=Interrupt())

    def differences(self) -> dict[str, object]:
        """What of our tables is not as the answer key says."""
        outcomes = self.world.folder / "outcomes.csv"
        judge(self.world.settings, outcomes)
        with self.filled.databases.target(role=TRANSFORM) as target:
            compared = compare(target, self.filled.answer_key, outcomes)
        ours = {each.table: each for each in compared if each.table in OURS}
        assert set(ours) == set(OURS)
        assert all(each.rows for each in ours.values())
        return {table: each.first for table, each in ours.items() if each.differences}


@pytest.fixture(scope="module")
def money(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Money]:
    folder = tmp_path_factory.mktemp("money")
    with filled(postgres, folder) as made:
        world = World(made.databases, made.databases.settings(), folder)
        dbt(world.settings, folder, "parse")
        run_setup(world.settings, folder / "manifest.json")
        world.replicate()
        code, _, printed = dbt(world.settings, folder, "build", "--exclude-resource-type", "unit_test")
        assert code == 0, printed
        yield Money(world, made)


def test_what_is_in_force_is_published_to_the_cent(money: Money) -> None:
    """16,011 of 16,014 payments, 3,522 operations, 2,453 shipments, and what each of them is worth."""
    with money.published() as report:
        assert published(report)["pub_dispatch__payment"] == 16_011
        assert published(report)["pub_dispatch__payment_operation"] == 3_522
        assert published(report)["pub_dispatch__shipment"] == SHIPMENTS["map_a"]
        assert money.differences() == {}

        loaded = dict(money.filled.target("select status, sum(amount) from payments group by status"))
        assert sum(loaded.values()) == Decimal("4090490.28")
        assert money.filled.target("select sum(amount) from payment_operations") == [(Decimal("4042727.70"),)]
        # The source's own sums, but for the payments that are rejected: those are reported one by one.
        with connect(money.world.settings, "publisher") as publisher:
            rejected = publisher.execute(
                "select payment_id, total_price from migration_preflight.pre_dispatch__payment_rejects"
            ).fetchall()
        assert {key for key, _ in rejected} == {"15333", "4711", "9402"}
        keys = ", ".join(key for key, _ in rejected)
        by_status = money.filled.source(f"""
            select case when canceled then 'cancelled' when paid or free then 'completed' else 'pending' end,
                sum(total_price)
            from dispatch_payment where id not in ({keys}) group by 1
        """)
        assert loaded == dict(by_status)
        assert set(loaded) == {"cancelled", "completed", "pending"}
        in_all = money.filled.source("select sum(total_price) from dispatch_payment")[0][0]
        assert in_all == sum(loaded.values()) + sum(amount for _, amount in rejected)

        assert money.filled.target("""
            select count(*) from shipments
            where carrier is not null or delivered_at is not null or tracking_number not like 'LEGACY\\_%'
            or metadata -> 'derived' is distinct from 'true'
        """) == [(0,)]


@pytest.mark.parametrize("options", OTHERS, ids=["second", "third"])
def test_every_other_option_gives_the_rows_of_the_answer_key(money: Money, options: dict[str, str]) -> None:
    choose(money.world.settings, **options)
    try:
        money.rebuild()
        with money.published() as report:
            assert published(report)["pub_dispatch__payment"] == 16_011
            assert published(report)["pub_dispatch__shipment"] == SHIPMENTS[options["D7_6"]]
            assert money.differences() == {}
    finally:
        choose(money.world.settings, **IN_FORCE)
        money.rebuild()


def test_an_open_status_or_method_holds_the_payments_and_their_operations(money: Money) -> None:
    """A publish model names one decision; the other two hold its source table by the preflight."""
    state = "update migration_seeds.decisions set status = %s where decision_id = 'D7-3'"
    with connect(money.world.settings, "transform") as transform:
        transform.execute(state, ["open"])
    try:
        money.rebuild()
        with money.published() as report:
            held = {model.contract.model for model in report.models if model.is_held}
            assert held == {"pub_dispatch__payment", "pub_dispatch__payment_operation"}
            assert money.filled.target("select count(*) from payments") == [(0,)]
    finally:
        with connect(money.world.settings, "transform") as transform:
            transform.execute(state, ["provisional"])
        money.rebuild()
