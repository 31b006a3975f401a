"""D7-8 and D7-9: the models under every option, held against the answer key, in one build."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from dbt_support import dbt
from dispatch_support import Filled, filled
from singer_pair import PostgresPair

from loaders.settings import PROJECT_ROOT, DispatchSettings
from loaders.setup.commands import run_setup
from sandbox.dispatch.databases import READER, TRANSFORM
from sandbox.servers.postgres import Postgres

Outcome = tuple[str, str]
OPTIONS = {
    "dispatch_note": ("any_author", "doctor_authors_only"),
    "dispatch_notification": ("all", "send", "sent_and_send"),
}
CASES = [(table, option) for table, options in OPTIONS.items() for option in options]


@pytest.fixture(scope="module")
def built(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """Two components' models, built from the generated source."""
    folder = tmp_path_factory.mktemp("filters")
    with filled(postgres, folder) as world:
        settings = world.databases.settings()
        dbt(settings, folder, "parse")
        run_setup(settings, folder / "manifest.json")
        replicate(settings, folder, postgres, world.databases.source_name)
        models = [f"+int_dispatch__{table.removeprefix('dispatch_')}_by_option" for table in OPTIONS]
        selected = [
            *models,
            "+int_dispatch__notification_outcomes",
            "+pub_dispatch__notification",
            "+rej_dispatch__notification",
        ]
        code, _, printed = dbt(
            settings, folder, "build", "--exclude-resource-type", "test", "unit_test", "--select", *selected
        )
        assert code == 0, printed
        yield world


def replicate(settings: DispatchSettings, folder: Path, postgres: Postgres, source_name: str) -> None:
    document = yaml.safe_load((PROJECT_ROOT / "meltano.yml").read_text(encoding="utf-8"))
    (tap,) = [each for each in document["plugins"]["extractors"] if each["name"] == "tap-postgres"]
    chosen = {name: tap["config"][name] for name in ("tables", "withheld_columns")}
    pair = PostgresPair(settings, folder, postgres, source_name)
    ran = pair.run(tap={**chosen, "user": READER}, target={"schema": settings.system.raw_schema})
    assert ran.codes == (0, 0), ran.log


def query(world: Filled, statement: str, parameters: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    with world.databases.target(role=TRANSFORM) as connection:
        return connection.execute(statement, parameters).fetchall()  # type: ignore[arg-type]


@pytest.mark.parametrize(("table", "option"), CASES)
def test_each_option_gives_the_outcomes_of_the_answer_key(built: Filled, table: str, option: str) -> None:
    expected = built.outcomes(table, {option})
    found: dict[str, Outcome] = {
        key: (disposition, reason)
        for key, disposition, reason in query(
            built,
            f"select source_key, disposition, reason_code from migration_intermediate."
            f"int_dispatch__{table.removeprefix('dispatch_')}_by_option where option = %s",
            (option,),
        )
        if key in expected
    }
    assert expected
    assert found == expected


def test_every_notification_is_counted_under_every_filter(built: Filled) -> None:
    with (built.answer_key / "counts" / "dispatch_notification.csv").open(encoding="utf-8", newline="") as file:
        expected = {
            (line["option"], line["disposition"], line["reason_code"]): int(line["rows"])
            for line in csv.DictReader(file)
        }
    counted = query(
        built,
        "select option, disposition, reason_code, sum(row_count)::integer "
        "from migration_intermediate.int_dispatch__notification_outcomes group by 1, 2, 3",
    )
    listed = query(
        built,
        "select option, disposition, reason_code, count(*) "
        "from migration_intermediate.int_dispatch__notification_by_option group by 1, 2, 3",
    )
    assert {tuple(row[:3]): row[3] for row in counted} == expected
    assert {tuple(row[:3]): row[3] for row in listed} == expected
    totals = Counter[str]()
    for (option, _, _), rows in expected.items():
        totals[option] += rows
    assert set(totals.values()) == {built.counts["dispatch_notification"]}


def test_a_bad_context_stays_out_and_its_raw_text_is_kept(built: Filled) -> None:
    raw = dict(built.source("select id::text, template_context from dispatch_notification where id <= 40"))
    rejected = query(
        built,
        "select source_key, reason_code, payload ->> 'template_context' "
        "from migration_rejects.rej_dispatch__notification where reason_code like 'context_%%'",
    )
    assert {key: text for key, _, text in rejected} == raw
    assert Counter(reason for _, reason, _ in rejected) == {
        "context_malformed": 18,
        "context_missing": 12,
        "context_unicode": 6,
        "context_circular": 4,
    }


def test_published_notifications_have_the_values_of_the_answer_key(built: Filled) -> None:
    expected = built.rows("dispatch_notification", {"all"})
    names = sorted(expected[0])
    assert all(re.fullmatch(r"\w+", name) for name in names)
    values = ", ".join(f"{name}::text" for name in names)
    found = query(built, f"select {values} from migration_publish.pub_dispatch__notification")
    missing = {tuple(row[name] for name in names) for row in expected} - set(found)
    assert expected
    assert missing == set()


def test_a_notification_is_judged_once_for_the_option_that_is_asked_for(built: Filled) -> None:
    """Joined with all options and filtered afterwards, five million rows would be fifteen million."""
    statement = (
        "explain (analyze, format json) select source_key, disposition "
        "from migration_intermediate.int_dispatch__notification_by_option where option = 'send'"
    )
    ((plans,),) = query(built, statement)
    rows: list[float] = []

    def walk(node: dict[str, Any]) -> None:
        rows.append(node["Actual Rows"] * node["Actual Loops"])
        for child in node.get("Plans", ()):
            walk(child)

    walk(plans[0]["Plan"])
    # But for the parents, which are few at full scale: profiles and orders are more than these 5,103 notifications.
    parents = {row for (row,) in query(built, "select count(*) from profiles union select count(*) from orders")}
    assert max(row for row in rows if row not in parents) == built.counts["dispatch_notification"]


@pytest.mark.parametrize("context", ["[1e200000]", "1" * 140_000, "[" * 100_000 + "]" * 100_000])
def test_json_that_is_too_large_for_jsonb_does_not_fail_the_build(built: Filled, context: str) -> None:
    ((reason,),) = query(built, "select migration_intermediate.context_fault(%s)", (context,))
    assert reason == "context_too_large"
