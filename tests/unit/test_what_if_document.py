"""What `dtx what-if` makes of counts, without a database."""

from __future__ import annotations

import json

import pytest

from loaders.console import print_table, visible
from loaders.decisions.document import as_document, verdict
from loaders.decisions.outcomes import Outcome, Standing, rollback_commands
from loaders.decisions.register import Decision
from loaders.decisions.tables import show
from loaders.errors import ExitCode

KEYWORDS = Decision("D-6", "keyword", ("meta", "archive"), ("import",), "meta", "provisional", "ann", None, None)
ONE_OPTION = Decision("D-9", "billing", ("archive",), (), "archive", "decided", None, None, None)
COUNTED = [
    Outcome("D-6", "keyword", "meta", "publish", "mapped", 5),
    Outcome("D-6", "keyword", "meta", "reject", "account_absent", 2),
    Outcome("D-6", "keyword", "meta", "reject", "keyword_missing", 1),
    Outcome("D-6", "keyword", "archive", "archive", "archived", 8),
]


def standing(option: str, agreeing: int, contradicting: int) -> Standing:
    return Standing("keyword", option, "public.meta", 7, 70, agreeing, contradicting)


@pytest.mark.parametrize(
    ("contradicted", "batches", "commands"),
    [
        (set(), {}, []),
        ({(7, 70)}, {7: {70}}, ["dtx rollback --run 7"]),
        ({(7, 70), (7, 71)}, {7: {70, 71, 72}}, ["dtx rollback --batch 71", "dtx rollback --batch 70"]),
        ({(7, 70), (9, 90)}, {7: {70}, 9: {90, 91}}, ["dtx rollback --batch 90", "dtx rollback --run 7"]),
    ],
    ids=["nothing", "a whole run", "part of a run", "the newest run first"],
)
def test_the_smallest_rollback_is_named(
    contradicted: set[tuple[int, int]], batches: dict[int, set[int]], commands: list[str]
) -> None:
    assert rollback_commands(contradicted, batches, "") == commands


@pytest.mark.parametrize(
    ("outcomes", "published", "code"),
    [
        (COUNTED, [], ExitCode.CLEAN),
        (COUNTED, [standing("meta", 5, 0), standing("archive", 0, 5)], ExitCode.CLEAN),
        (COUNTED, [standing("meta", 4, 1), standing("archive", 0, 5)], ExitCode.LOSS),
        (COUNTED[:-1], [], ExitCode.LOSS),
    ],
    ids=["not published", "published as chosen", "published otherwise", "an option without rows"],
)
def test_r4_only_the_option_in_force_decides_the_exit_code(
    outcomes: list[Outcome], published: list[Standing], code: ExitCode
) -> None:
    assert verdict(as_document([KEYWORDS], outcomes, published, {7: {70}})) == code


def test_options_stand_side_by_side(capsys: pytest.CaptureFixture[str]) -> None:
    published = [standing("meta", 5, 0), standing("archive", 0, 5)]
    document = as_document([KEYWORDS, ONE_OPTION], COUNTED, published, {7: {70}}, " --confirm-database x")

    show(json.loads(json.dumps(document)), register=True, reasons=False)

    lines = [" ".join(line.replace("│", " ").split()) for line in capsys.readouterr().out.splitlines()]
    assert "keyword publish 5 0" in lines
    assert "keyword reject 3 0" in lines
    assert "keyword all rows 8 8" in lines
    assert "keyword published, to roll back 0 5" in lines
    assert "import: not part of moving data; choosing it is refused" in lines
    assert "archive: 5 rows of keyword are published in public.meta and have to be rolled back first" in lines
    assert "dtx rollback --run 7 --confirm-database x" in lines
    assert not any("meta:" in line for line in lines)


def test_x1_no_cell_steers_the_terminal_or_the_markup(capsys: pytest.CaptureFixture[str]) -> None:
    print_table("title", ("value",), [("[/red][bold]",), ("a\x1b[31mb\u202ec\nd",)])
    printed = capsys.readouterr().out
    assert "[/red][bold]" in printed
    assert r"a\x1b[31mb\u202ec\nd" in printed
    assert visible("é 漢字 &") == "é 漢字 &"
