"""The generator's pure parts: populations, times, text, plans, and the planted cases themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from email_validator import EmailNotValidError, validate_email

from sandbox.generator import (
    GeneratorError,
    Plan,
    build_world,
    exemptions,
    generate,
    rendering,
    repo_files,
    reviewers,
    times,
)
from sandbox.generator.answers import Planted
from sandbox.generator.efs import Entry, Tree
from sandbox.generator.exemption_plants import PLANTS as EXEMPTIONS
from sandbox.generator.plan import Dice
from sandbox.generator.population import ABSENT, REJECTED, SKIPPED, Population
from sandbox.generator.reviewer_plants import PLANTS as REVIEWERS
from sandbox.generator.world import DECIDED, LONER, TORN, World


def world(**rows: int) -> World:
    return build_world(Plan(rows=rows), lambda table, count: 1)


@pytest.mark.parametrize("count", [1, 2, 3, 40, 41, 1000])
def test_populations_map_one_to_one(count: int) -> None:
    population = Population("public.t", count, 17)
    legacy = {population.legacy(at) for at in range(count)}
    assert len(legacy) == count
    assert legacy.isdisjoint({ABSENT, REJECTED, SKIPPED, 0})
    assert {population.target(at) for at in range(count)} == set(range(17, 17 + count))


def test_legacy_keys_and_ids_overlap_in_another_order() -> None:
    records = world().records
    pairs = [(records.legacy(at), records.target(at)) for at in range(records.count)]
    assert {legacy for legacy, _ in pairs} & {target for _, target in pairs}
    assert [target for _, target in pairs] != sorted(target for _, target in pairs)


def test_records_share_their_groups_account() -> None:
    places = world()
    for group in range(places.groups.count):
        for record in places.members_of(group):
            assert places.account_of_record(record) == places.account_of_group(group)


def test_extra_records_are_in_none_or_two_groups() -> None:
    places = world()
    groups = [
        [group for group in range(places.groups.count) if places.extra_record(which) in places.members_of(group)]
        for which in (LONER, TORN, DECIDED)
    ]
    assert [len(found) for found in groups] == [0, 2, 2]
    assert places.extra_record(DECIDED) == places.records.count - 1


@pytest.mark.parametrize(
    ("local", "instant"),
    [
        ("2021-07-15 14:05:09", "2021-07-15 18:05:09+00"),
        ("2021-01-15 20:00:00", "2021-01-16 01:00:00+00"),
        ("2022-11-06 01:30:00", "2022-11-06 06:30:00+00"),
    ],
)
def test_e3_instants_print_as_postgresql_prints_them(local: str, instant: str) -> None:
    assert times.instant(local) == instant


def test_drawn_times_avoid_gaps_and_overlaps() -> None:
    dice = Dice(1, "times")
    assert all("08:00:00" <= times.local(dice, row, 0)[11:] < "18:00:00" for row in range(2000))


def test_text_is_escaped_for_both_servers() -> None:
    assert rendering.line([None, True, False, 5, "a\tb\\\n\r", ""]) == "\\N\t1\t0\t5\ta\\tb\\\\\\n\\r\t\n"
    assert rendering.escaped_bytes(b"\xe9\0\t\\N") == b"\xe9\\0\\t\\\\N"


def test_e1_latin1_is_mysqls() -> None:
    assert rendering.mysql_latin1("é€\x81") == b"\xe9\x80\x81"


def test_dice_depend_on_seed_and_table() -> None:
    def drawn(seed: int, name: str) -> list[int]:
        return [Dice(seed, name).roll(row, 0, 1000) for row in range(20)]

    assert drawn(1, "exemption") == drawn(1, "exemption")
    assert drawn(1, "exemption") != drawn(2, "exemption")
    assert drawn(1, "exemption") != drawn(1, "repo_file")


def test_plan_counts_rows() -> None:
    plan = Plan(scale=2, rows={"exemption": 500})
    assert [plan.rows_of(table) for table in ("keyword", "repo_file", "exemption", "report_category")] == [
        200,
        270,
        500,
        9,
    ]


@pytest.mark.parametrize("plan", [Plan(scale=0.5), Plan(rows={"no_such_table": 5})])
def test_impossible_plans_are_refused_before_anything_is_written(plan: Plan, tmp_path: Path) -> None:
    with pytest.raises(GeneratorError) as refusal:
        generate(plan, None, None, tmp_path / "efs", tmp_path / "key")  # type: ignore[arg-type]
    assert refusal.value.hint
    assert list(tmp_path.iterdir()) == []


def test_m5_twins_have_keys_that_sort_differently_as_text() -> None:
    assert [EXEMPTIONS[at].outcome for at in (8, 9)] == [("skip", "superseded"), ("publish", "mapped")]
    assert EXEMPTIONS[8].group == EXEMPTIONS[9].group != ""
    assert REVIEWERS[9].outcome == ("skip", "duplicate_address")
    assert REVIEWERS[8].account == REVIEWERS[9].account is not None


def exemption_key(row: Planted) -> tuple[object, ...]:
    columns = row.answer.expected[0].columns
    names = ("requirements_group_id", "coi_risk_profile_id", "coverage_type", "coverage_subtype", "item_key")
    return tuple(columns[name] for name in names)


def test_m5_no_two_published_exemptions_cover_the_same() -> None:
    rows = list(exemptions.rows(world(exemption=5000)))
    published = [exemption_key(row) for row in rows if row.answer.disposition == "publish"]
    assert len(published) > 3000
    assert len(set(published)) == len(published)
    assert sum(row.answer.reason_code == "superseded" for row in rows) > 100


def test_m7_addresses_are_what_the_answers_say() -> None:
    published = [
        target.columns["email"] for row in reviewers.rows(world(reviewer_address=500)) for target in row.answer.expected
    ]
    assert len(published) > 150
    for address in published:
        assert validate_email(str(address), check_deliverability=False, allow_smtputf8=False)
    invalid = [plant for plant in REVIEWERS if plant.outcome == ("reject", "address_invalid") and not plant.present]
    assert len(invalid) > 5
    for plant in invalid:
        address = (plant.payload or b"").split(b'"')[1].decode("cp1252")
        with pytest.raises(EmailNotValidError):
            validate_email(address, check_deliverability=False, allow_smtputf8=False)


@pytest.mark.parametrize("make", [exemptions.rows, reviewers.rows])
def test_rows_are_the_same_every_time(make: Callable[[World], Iterator[Planted]]) -> None:
    assert list(make(world())) == list(make(world()))


def test_bulk_shares_are_realistic(tmp_path: Path) -> None:
    rows = list(repo_files.rows(world(repo_file=4000), Tree(tmp_path, Plan())))
    share = {
        kind: sum(row.answer.disposition == kind for row in rows) / len(rows)
        for kind in ("elsewhere", "skip", "publish", "reject")
    }
    assert share["elsewhere"] == pytest.approx(0.70, abs=0.05)
    assert share["skip"] == pytest.approx(0.15, abs=0.03)
    assert share["publish"] == pytest.approx(0.10, abs=0.03)


@pytest.mark.parametrize("count", [135, 20_000])
def test_rejected_files_stay_within_the_publish_budget(count: int, tmp_path: Path) -> None:
    """Below a fifth of the files that are copied at all, also where root is not the one who reads."""
    answers = [row.answer for row in repo_files.rows(world(repo_file=count), Tree(tmp_path, Plan()))]
    published = sum(answer.disposition == "publish" for answer in answers)
    rejected = sum(answer.reason_code.startswith("file_") for answer in answers)
    assert 0 < rejected + 1 < 0.2 * (published + rejected)


def test_marks_belong_to_the_rows_that_area_4_processed(tmp_path: Path) -> None:
    places = world(repo_file=1000)
    processed = {
        row.values[0]
        for row in repo_files.rows(places, Tree(tmp_path, Plan()))
        if row.answer.reason_code == "area4_processed"
    }
    marked = {mark.repo_file_id for mark in repo_files.marks(places) if mark.target_id is not None}
    deleted_but_marked = marked - processed
    assert processed < marked
    assert len(deleted_but_marked) == 1


def test_files_differ_and_keep_their_size(tmp_path: Path) -> None:
    tree = Tree(tmp_path / "efs", Plan(file_bytes=(300, 500)))
    sizes = [tree.write(Entry(f"a/b/{number}"), number) for number in range(50)]
    contents = [(tmp_path / "efs" / "a" / "b" / str(number)).read_bytes() for number in range(50)]
    assert [len(content) for content in contents] == sizes
    assert all(300 <= size <= 500 for size in sizes)
    assert len(set(contents)) == 50
