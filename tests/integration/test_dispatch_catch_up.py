"""Between rehearsal and cut-over: two months of work arrive though nothing says when a row changed (P7).

The tests build on one another, in their order: a first run, the growth, a second run, and one that applies the changes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from dbt_support import dbt
from dispatch_support import COMPONENTS, Filled, filled
from test_dispatch_migration import World

from loaders.components.command import as_document, collect_components
from loaders.errors import ExitCode
from loaders.publish.report import ModelReport, PublishReport
from loaders.reconcile.command import judge
from loaders.reconcile.report import verdict
from loaders.setup.commands import run_setup
from sandbox.dispatch.compare import compare
from sandbox.dispatch.databases import TRANSFORM
from sandbox.dispatch.growth import grow
from sandbox.servers.postgres import Postgres

pytestmark = pytest.mark.timeout(900)
# The eight components of the document: selected, loaded by the first load; and published here.
DOCUMENT = {
    "payments": (16_014, 16_011, 16_011),
    "payment_operations": (3_522, 3_522, 3_522),
    "template_products": (166, 93, 161),
    "template_view_groups": (183, 183, 183),
    "technicians": (32, 32, 32),
    "shipments": (2_453, 2_453, 2_453),
    "teams": (9, 9, 9),
    "team_communications": (963, 783, 963),
}
# The newest instructions have no order yet; two of the new payments are for them, and one operation is of those.
WAITING = {"dispatch_payment": 2, "dispatch_operation": 1, "dispatch_instruction": 10}


@dataclass
class CatchUp:
    """The generated dispatch system and its migration."""

    world: World
    filled: Filled

    def run(self, **options: bool) -> dict[str, ModelReport]:
        """Replicate, build and publish; the models' reports by source table."""
        self.world.replicate()
        code, _, printed = dbt(self.world.settings, self.world.folder, "build", "--exclude-resource-type", "unit_test")
        assert code == 0, printed
        return self.by_table(self.world.publish(**options))

    def by_table(self, report: PublishReport) -> dict[str, ModelReport]:
        return {model.contract.meta.source_table: model for model in report.models}

    def differences(self) -> dict[str, object]:
        """What is not as the answer key says."""
        outcomes = self.world.folder / "outcomes.csv"
        judge(self.world.settings, outcomes)
        with self.filled.databases.target(role=TRANSFORM) as target:
            compared = compare(target, self.filled.answer_key, outcomes)
        assert {each.table for each in compared} == set(COMPONENTS)
        return {each.table: each.first for each in compared if each.differences}

    def grown(self, change: str) -> dict[tuple[str, str], list[str]]:
        """Target columns by source table and key, of the rows that are new or changed."""
        return {
            (line["source_table"], line["source_key"]): sorted(filter(None, line["target_columns"].split("|")))
            for line in self.filled.lines("growth")
            if line["change"] == change
        }

    def drift(self) -> dict[tuple[str, str], list[str]]:
        """What the last run recorded as changed at the source alone: columns by source table and key."""
        statement = """
            select target_table, legacy_key, columns, source_state, target_state from migration.drift
            where run_id = (select max(run_id) from migration.run)
        """
        with self.filled.databases.target(role=TRANSFORM) as connection:
            rows = connection.execute(statement).fetchall()
        assert {(source, target) for *_, source, target in rows} <= {("changed", "same")}
        tables = {f"public.{target}": source for source, target in COMPONENTS.items()}
        return {(tables[target], key): sorted(columns) for target, key, columns, _, _ in rows}


@pytest.fixture(scope="module")
def catch_up(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CatchUp]:
    folder = tmp_path_factory.mktemp("catch_up")
    with filled(postgres, folder) as made:
        world = World(made.databases, made.databases.settings(), folder)
        dbt(world.settings, folder, "parse")
        run_setup(world.settings, folder / "manifest.json", allows_source_changes=True)
        yield CatchUp(world, made)


def test_r1_the_eight_components_are_the_documents_or_better(catch_up: CatchUp) -> None:
    """And under the options that do as the first load did, the same source gives the first load's figures."""
    reports = catch_up.run()
    assert {report.state for report in reports.values()} == {"published"}
    assert catch_up.differences() == {}

    components, links = collect_components(catch_up.world.settings)
    found = {each.name: each for each in components}
    assert set(found) == {*DOCUMENT, "notifications"}
    for name, (selected, loaded, published) in DOCUMENT.items():
        component = found[name]
        assert component.first_load is not None
        assert (component.first_load.selected, component.first_load.published) == (selected, loaded), name
        assert (component.selected, component.published) == (selected, published), name
        under_option = component.first_load.selected_under_option, component.first_load.published_under_option
        assert under_option == (selected, loaded), name
    assert found["payments"].rejected == {
        "instruction_missing": 1,
        "instruction_deleted": 1,
        "order_doctor_unresolved": 1,
    }
    assert found["template_products"].rejected == {"product_deleted": 5}
    assert found["technicians"].left_out == {"not_technician": 9_117 - 32}
    assert found["notifications"].source_rows == catch_up.filled.counts["dispatch_notification"]
    assert all(each.adds_up and each.is_clean and not each.unexplained for each in components)
    assert as_document(components, links)["clean"]

    by_name = {f"{check.link.table}.{check.link.column}": check for check in links}
    assert len(by_name) == 12
    assert all(check.is_right for check in links)
    assert all(check.rows == check.linked + check.none_named + check.unresolved for check in links)
    assert {name: check.rows for name, check in by_name.items() if check.linked != check.rows} == {
        "team_communications.author_id": 963,
        "notifications.order_id": found["notifications"].published,
    }
    assert by_name["team_communications.author_id"].none_named == 12
    assert by_name["notifications.order_id"].unresolved > 0


def test_r3_a_link_to_the_wrong_row_is_found_though_nothing_is_an_orphan(catch_up: CatchUp) -> None:
    product = "update template_products set product_id = %s where legacy_junction_id = %s"
    with catch_up.filled.databases.target() as target:
        right = target.execute(
            "select product_id, legacy_junction_id from template_products where legacy_junction_id in (1, 2)"
        ).fetchall()
        (other,) = target.execute("select id from products where legacy_product_id = 12").fetchall()
        for _, junction in right:
            target.execute(product, (*other, junction))
        target.commit()
        components, links = collect_components(catch_up.world.settings)
        for before in right:
            target.execute(product, before)
        target.commit()
    wrong = {f"{check.link.table}.{check.link.column}": check.wrong for check in links if not check.is_right}
    assert wrong == {"template_products.product_id": 2}
    assert sum(check.orphans for check in links) == 0
    assert not as_document(components, links)["clean"]
    assert catch_up.differences() == {}


def test_p7_a_second_run_publishes_what_is_new_and_reports_what_changed(catch_up: CatchUp) -> None:
    grow(catch_up.filled.databases, catch_up.filled.answer_key)
    reports = catch_up.run()

    new = Counter(table for table, _ in catch_up.grown("new"))
    assert new["dispatch_payment"] == 1_119
    assert new["dispatch_notification"] > 500
    expected = {table: new[table] - WAITING.get(table, 0) for table in COMPONENTS}
    assert {table: report.published for table, report in reports.items()} == expected

    changed = catch_up.grown("changed")
    assert {table for table, _ in changed} == {
        "dispatch_payment",
        "dispatch_instruction",
        "dispatch_note",
        "dispatch_notification",
        "auth_user",
    }
    assert catch_up.drift() == changed
    drift = {table: report.drift for table, report in reports.items() if report.drift}
    assert drift == {
        table: Counter({"source_changed": rows}) for table, rows in Counter(table for table, _ in changed).items()
    }
    # What was published is as it was: a change is people's to accept.
    assert all(report.applied == 0 for report in reports.values())
    # The answer key lists each thousandth notification, and none of those has changed.
    assert set(catch_up.differences()) == set(drift) - {"dispatch_notification"}


def test_p7_the_changes_are_applied_on_request(catch_up: CatchUp) -> None:
    reports = catch_up.by_table(catch_up.world.publish(applies_source_changes=True))
    applied = {table: report.applied for table, report in reports.items() if report.applied}
    assert applied == dict(Counter(table for table, _ in catch_up.grown("changed")))
    assert sum(report.published for report in reports.values()) == 0
    assert catch_up.drift() == {}
    assert catch_up.differences() == {}
    assert verdict(judge(catch_up.world.settings)) == ExitCode.CLEAN

    components, links = collect_components(catch_up.world.settings)
    found = {each.name: each for each in components}
    assert found["payments"].rejected["order_absent"] == WAITING["dispatch_payment"]
    assert as_document(components, links)["clean"]


def test_a_third_run_has_nothing_to_do(catch_up: CatchUp) -> None:
    report = catch_up.world.publish()
    assert report.exit_code == ExitCode.CLEAN
    assert {model.state for model in report.models} == {"nothing to do"}
