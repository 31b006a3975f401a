"""Publish freezes nothing that dbt has half built, and nothing of another manifest (P9)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from publish_manifest import manifest, model_node
from publish_rig import Rig, documents

from loaders.errors import RefusedError
from sandbox.servers.postgres import OWNER, TRANSFORM

PUB, OTHER = "model.dtx.pub_document", "model.dtx.pub_gone"


def run(rig: Rig, invocation: str, started: int, ended: int | None, selected: list[str], built: list[str]) -> None:
    """Record a dbt run by the hours of a day at which it began and ended."""
    rig.sql(
        "insert into migration.build (invocation_id, selected, built, application_name, started_at, "
        "finished_at) values (%s, %s, %s, 'dtx dbt test', '2026-01-01 00:00+00'::timestamptz + %s * interval '1 hour', "
        "'2026-01-01 00:00+00'::timestamptz + %s * interval '1 hour')",
        invocation,
        selected,
        built,
        started,
        ended,
        role=TRANSFORM,
    )


def prepare(rig: Rig) -> None:
    rig.use(documents())
    rig.build_documents(5)
    rig.sql("delete from migration.build", role=OWNER)


def refusal(rig: Rig) -> str:
    before = rig.fingerprint("public", "migration_frozen")
    with pytest.raises(RefusedError) as refused:
        rig.publish()
    assert rig.fingerprint("public", "migration_frozen") == before
    findings, rehearsal = rig.examine()
    assert rehearsal is None
    assert next(f.problem for f in findings if f.effect == "blocks") in str(refused.value)
    return str(refused.value)


def test_p9_no_recorded_run_is_no_build(rig: Rig) -> None:
    prepare(rig)

    assert "no dbt run has been recorded" in refusal(rig)


def test_p9_a_run_that_has_not_ended_is_waited_for(rig: Rig) -> None:
    prepare(rig)
    run(rig, "parse", 1, 2, [PUB], [PUB])
    run(rig, "later", 3, None, [PUB], [])

    assert "the dbt run that began at 2026-01-01 03:00:00 UTC has not ended" in refusal(rig)


def test_p9_a_run_that_was_given_up_too_early_is_waited_for(rig: Rig) -> None:
    """A later run found no session of it; there is one now."""
    prepare(rig)
    run(rig, "alive", 1, None, [PUB], [])
    rig.sql("update migration.build set broken_off_at = '2026-01-01 02:00+00'", role=OWNER)
    run(rig, "parse", 3, 4, [PUB], [PUB])

    with rig.connect(TRANSFORM, application_name="dtx dbt test"):
        assert "the dbt run that began at 2026-01-01 01:00:00 UTC has not ended" in refusal(rig)
    assert rig.publish_one().published == 5


def test_p9_what_a_broken_off_run_left_must_be_built_again(rig: Rig) -> None:
    """A later run of something else does not heal it; one of the same models does."""
    prepare(rig)
    run(rig, "broken", 1, None, [PUB, OTHER], [])
    rig.sql("update migration.build set broken_off_at = '2026-01-01 02:00+00'", role=OWNER)
    run(rig, "test", 3, 4, [], [])
    assert "no dbt run that finished, and ran alone, has built pub_document" in refusal(rig)

    run(rig, "parse", 5, 6, [PUB], [PUB])

    assert rig.publish_one().published == 5


def test_p9_a_model_that_failed_is_not_healed_by_a_run_of_others(rig: Rig) -> None:
    prepare(rig)
    run(rig, "failed", 1, 2, [PUB], [])
    run(rig, "parse", 3, 4, ["seed.dtx.decisions"], ["seed.dtx.decisions"])

    assert "has built pub_document" in refusal(rig)


@pytest.mark.parametrize(("first", "second"), [((1, 4), (2, 3)), ((1, 3), (2, 4))])
def test_p9_runs_that_overlapped_prove_nothing(rig: Rig, first: tuple[int, int], second: tuple[int, int]) -> None:
    prepare(rig)
    run(rig, "first", *first, [PUB], [PUB])
    run(rig, "parse", *second, [PUB], [PUB])

    assert "has built pub_document" in refusal(rig)


def test_p9_another_project_s_manifest_is_refused(rig: Rig) -> None:
    prepare(rig)
    run(rig, "parse", 1, 2, [PUB], [PUB])
    run(rig, "elsewhere", 3, 4, [PUB], [PUB])

    assert "the manifest is not that of the last dbt run, which began at 2026-01-01 03:00:00 UTC" in refusal(rig)


def test_p9_a_run_that_begins_between_preflight_and_freeze_is_seen(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its first hook commits before any of its models; the snapshot is taken after the inputs are locked."""
    prepare(rig)
    run(rig, "parse", 1, 2, [PUB], [PUB])
    from loaders.publish import engine  # noqa: PLC0415

    lock = engine.lock_inputs

    def begin(*arguments: object) -> None:
        run(rig, "later", 3, None, [PUB], [])
        lock(*arguments)

    monkeypatch.setattr(engine, "lock_inputs", begin)
    with pytest.raises(RefusedError, match="has not ended"):
        rig.publish()


def run_tests_only(rig: Rig, *nodes: dict[str, Any]) -> None:
    """What a `dbt test` leaves: a manifest of the code as it is now, and a recorded run that has built nothing."""
    document = manifest(*nodes)
    document["metadata"]["invocation_id"] = "tests"
    rig.manifest_path.write_text(json.dumps(document))
    run(rig, "tests", 1, 2, [], [])


def test_p9_a_model_that_was_changed_after_dbt_built_it_is_not_published_as_it_was(rig: Rig) -> None:
    rig.use(documents())
    rig.build_documents(5)
    run_tests_only(rig, documents() | {"checksum": {"name": "sha256", "checksum": "other code"}})

    assert "changed since dbt built it: pub_document" in refusal(rig)

    rig.record_build()
    assert rig.publish_one().published == 5


def test_p9_a_reporting_table_that_changed_holds_up_nothing(rig: Rig) -> None:
    report = model_node("rpt_document", "migration_reporting", {"id": "bigint"}, {}) | {"tags": ["reporting"]}
    rig.use(documents(), report)
    rig.build_documents(5)
    run_tests_only(rig, documents(), report | {"checksum": {"name": "sha256", "checksum": "other code"}})

    assert rig.publish_one().published == 5
