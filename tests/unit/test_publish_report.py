"""What a run reports: every row in one place, and the exit code that follows (R4)."""

from __future__ import annotations

import itertools
import json

import pytest
from publish_manifest import manifest, publish_meta, publish_node

from loaders.errors import ExitCode, RefusedError
from loaders.publish.contract import PublishContract, parse_manifest
from loaders.publish.findings import Finding, refuse_if_blocked
from loaders.publish.report import ModelReport, PublishReport, drift_name


@pytest.fixture
def contract() -> PublishContract:
    return parse_manifest(manifest(publish_node("pub_thing", {"name": "text"}, publish_meta())), None).contracts[0]


def test_left_is_whatever_is_nowhere_else(contract: PublishContract) -> None:
    report = ModelReport(contract, rows_in=10, published=3, already_there=2)
    report.rejected["publish", "parent_vanished"] = 1

    assert report.left == 4
    assert report.as_json()["left"] == 4


@pytest.mark.parametrize(
    ("drift", "over_budget", "held", "code"),
    [
        (0, False, False, ExitCode.CLEAN),
        (1, False, False, ExitCode.LOSS),
        (0, True, False, ExitCode.LOSS),
        (0, False, True, ExitCode.REFUSED),
        (1, False, True, ExitCode.LOSS),
    ],
)
def test_r4_the_exit_code_follows_from_the_rows(
    contract: PublishContract, drift: int, over_budget: bool, held: bool, code: ExitCode
) -> None:
    report = ModelReport(contract, is_over_budget=over_budget, is_held_back=held)
    report.drift.update({"changed_in_target": drift} if drift else {})
    report.rejected["files", "file_missing"] = 5

    assert PublishReport(1, [ModelReport(contract), report]).exit_code == code


def test_p7_every_pair_of_states_has_a_name() -> None:
    pairs = set(itertools.product(("same", "changed", "gone"), ("same", "changed", "deleted"))) - {("same", "same")}
    names = {pair: drift_name(*pair) for pair in pairs}

    assert names == {
        ("same", "changed"): "changed_in_target",
        ("same", "deleted"): "deleted_in_target",
        ("changed", "same"): "source_changed",
        ("changed", "changed"): "conflict",
        ("changed", "deleted"): "conflict",
        ("gone", "same"): "source_gone",
        ("gone", "changed"): "conflict",
        ("gone", "deleted"): "gone_on_both_sides",
    }


def test_json_and_table_have_the_same_models(contract: PublishContract, capsys: pytest.CaptureFixture[str]) -> None:
    report = PublishReport(7, [ModelReport(contract, state="published", rows_in=1234, published=1234)])

    report.show(as_json=True)
    document = json.loads(capsys.readouterr().out)
    report.show(as_json=False)
    table = capsys.readouterr().out

    assert (document["schema"], document["run_id"], document["dry_run"]) == ("dtx.publish/1", 7, False)
    assert document["models"][0]["published"] == 1234
    assert "pub_thing" in table
    assert "1,234" in table
    assert "Nothing to publish" not in table


def test_a_run_that_published_nothing_says_so(contract: PublishContract, capsys: pytest.CaptureFixture[str]) -> None:
    PublishReport(8, [ModelReport(contract, rows_in=5, already_there=5)]).show(as_json=False)

    assert "Nothing to publish" in capsys.readouterr().out


def test_only_blocking_findings_refuse_and_all_of_them_are_named() -> None:
    note = Finding("note", "m", "public.a.b", "is odd")
    refuse_if_blocked([note])

    with pytest.raises(RefusedError) as refused:
        refuse_if_blocked(
            [note, Finding("blocks", "m", "t.a", "is gone", "Do x."), Finding("blocks", "m", "t.b", "too")]
        )

    assert "2 to put right: t.a: is gone; t.b: too" in str(refused.value)
    assert refused.value.hint == "Do x."
