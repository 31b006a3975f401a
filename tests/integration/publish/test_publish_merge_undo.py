"""Merged values later: what differs is told place by place, and a rollback leaves no trace of its own (P6, P7, P13)."""

from __future__ import annotations

import threading
import time

import pytest
from merge_models import application, build_label_rows, build_labels, labels, settings
from publish_rig import Rig

from loaders.publish.undo import Undo

DRIFT = "select legacy_key, source_state, target_state, columns from migration.drift where run_id = %s order by 1"


def publish_nine(rig: Rig) -> None:
    rig.use(labels())
    build_label_rows(rig, *((str(n), 1, f"{{a,{n}}}", str(n)) for n in range(1, 10)))
    assert rig.publish_one().updated == 9


def change(rig: Rig, expression: str) -> None:
    rig.sql(f"update app_directory set settings = {expression} where id = 1")


def test_p6_p7_the_nine_states_of_a_place(rig: Rig) -> None:
    """Source same, changed or gone by place same, changed or gone; other keys of the document are nobody's drift."""
    publish_nine(rig)
    rig.alter_model(
        "update migration_publish.pub_label set settings = '99' where legacy_key in ('4', '5', '6'); "
        "delete from migration_publish.pub_label where legacy_key in ('7', '8', '9')"
    )
    change(rig, "settings || '{\"other\": 1}' #- '{a,3}' #- '{a,6}' #- '{a,9}'")
    change(rig, """settings || jsonb_build_object('a', settings -> 'a' || '{"2": 0, "5": 0, "8": 0, "new": 1}')""")
    before = rig.fingerprint("public")

    report = rig.publish()

    assert rig.fingerprint("public") == before
    assert rig.ledger(DRIFT, report.run_id) == [
        ("2", "same", "changed", ["settings"]),
        ("3", "same", "deleted", ["settings"]),
        ("4", "changed", "same", ["settings"]),
        ("5", "changed", "changed", ["settings"]),
        ("6", "changed", "deleted", ["settings"]),
        ("7", "gone", "same", []),
        ("8", "gone", "changed", []),
        ("9", "gone", "deleted", []),
    ]
    assert report.models[0].drift == {
        "changed_in_target": 1,
        "deleted_in_target": 1,
        "source_changed": 1,
        "conflict": 3,
        "source_gone": 1,
        "gone_on_both_sides": 1,
    }

    _, rehearsal = rig.examine(applies_source_changes=True)
    applied = rig.publish(applies_source_changes=True)

    assert rehearsal is not None
    assert rehearsal.models[0].applied == applied.models[0].applied == 1
    assert settings(rig, 1)["a"] == {"1": 1, "2": 0, "4": 99, "5": 0, "7": 7, "8": 0, "new": 1}
    assert rig.roll_back(run=applied.run_id).undone == {("public.app_directory", "merge_json"): 1}
    assert rig.fingerprint("public") == before


def test_p7_a_value_that_moved_is_drift_and_is_not_applied_in_place(rig: Rig) -> None:
    publish_nine(rig)
    rig.alter_model(
        "update migration_publish.pub_label set json_path = '{b,1}' where legacy_key = '1'; "
        "update migration_publish.pub_label set target_id = 2 where legacy_key = '2'"
    )

    report = rig.publish(applies_source_changes=True)

    assert (report.models[0].applied, report.models[0].drift) == (0, {"source_changed": 2})
    assert rig.ledger(DRIFT, report.run_id) == [
        ("1", "changed", "same", ["json_path"]),
        ("2", "changed", "same", ["target_id"]),
    ]


def test_p13_a_rolled_back_merge_leaves_every_document_byte_for_byte(rig: Rig) -> None:
    """Empty, NULL and filled documents; objects that were there empty stay, those that were made go."""
    rig.sql("""update app_directory set settings = '{"labels": {"1": {}}, "n": 1.50}' where id = 1""")
    before = application(rig)
    rig.use(labels(batch_size=4))
    build_labels(rig)
    rig.publish()

    rehearsed = rig.roll_back(run=1, dry_run=True)
    done = rig.roll_back(run=1)

    assert rehearsed.undone == done.undone == {("public.app_directory", "merge_json"): 30}
    assert application(rig) == before
    assert rig.value("select settings is null from app_directory where id = 2")
    assert rig.roll_back(run=1).batches == 0
    again = rig.publish()
    assert again.models[0].updated == 30
    rig.roll_back(run=again.run_id)
    assert application(rig) == before


@pytest.mark.parametrize("order", [[1, 2, 3], [3, 1, 2], [2, 3, 1]])
def test_p13_batches_taken_back_in_any_order_leave_no_object_behind(rig: Rig, order: list[int]) -> None:
    before = application(rig)
    rig.use(labels(batch_size=10))
    build_labels(rig)
    rig.publish()

    for batch in order:
        assert rig.roll_back(batch=batch).exit_code == 0

    assert application(rig) == before


def test_p13_objects_of_a_later_run_are_kept_and_go_with_the_last_value(rig: Rig) -> None:
    before = application(rig)
    rig.use(labels())
    build_label_rows(rig, ("1", 2, "{a,b,1}", "1"))
    rig.publish()
    build_label_rows(rig, ("1", 2, "{a,b,1}", "1"), ("2", 2, "{a,b,2}", "2"), ("3", 2, "{a,c,3}", "3"))
    rig.publish()

    rig.roll_back(run=1)
    assert settings(rig, 2) == {"a": {"b": {"2": 2}, "c": {"3": 3}}}
    rig.roll_back(run=2)

    assert application(rig) == before


def test_p13_edited_and_removed_places_are_left_and_listed(rig: Rig) -> None:
    publish_nine(rig)
    change(rig, "jsonb_set(settings, '{a,3}', '0') #- '{a,4}' || '{\"own\": 1}'")
    rig.sql("delete from app_directory where id = 3")

    rehearsed = rig.roll_back(run=1, dry_run=True)
    done = rig.roll_back(run=1)

    assert (done.undone, done.refused) == (rehearsed.undone, rehearsed.refused)
    assert done.refused == {
        ("public.app_directory", "edited", ""): 1,
        ("public.app_directory", "deleted", ""): 1,
    }
    assert settings(rig, 1) == {"a": {"3": 0}, "own": 1}
    assert rig.ledger("select legacy_key, reason from migration.rollback_refusal order by 1") == [
        ("3", "edited"),
        ("4", "deleted"),
    ]


def test_p13_a_value_that_stood_there_before_stays_there(rig: Rig) -> None:
    change(rig, """'{"a": {"1": 1.0, "2": null}}'""")
    before = application(rig)
    rig.use(labels())
    build_label_rows(rig, ("1", 1, "{a,1}", "1.0"), ("2", 1, "{a,2}", "null"), ("3", 1, "{a,3}", "null"))
    assert rig.publish_one().updated == 3
    assert rig.ledger("select column_values ->> 'settings', objects_before from migration.before_image order by 1") == [
        ("1.0", 2),
        ("null", 2),
        (None, 2),
    ]

    rig.roll_back(run=1)

    assert application(rig) == before


def test_p13_whoever_edits_while_a_merge_is_taken_back_wins(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """An edit that comes while the rollback holds the document waits, and neither is lost."""
    publish_nine(rig)
    take_back = Undo._take_back_places
    edits: list[threading.Thread] = []

    def come_first(undo: Undo) -> None:
        edits.append(threading.Thread(target=change, args=(rig, "settings || '{\"own\": 1}'")))
        edits[0].start()
        time.sleep(0.3)
        take_back(undo)

    monkeypatch.setattr(Undo, "_take_back_places", come_first)
    report = rig.roll_back(run=1)
    edits[0].join()

    assert report.undone == {("public.app_directory", "merge_json"): 9}
    assert settings(rig, 1) == {"own": 1}
