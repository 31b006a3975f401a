"""Mode merge_json: each value lands at its own place, and everything beside it stays whose it is."""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest
from faults import Hook, wait_until
from merge_models import application, build_label_rows, build_labels, labels, settings
from publish_rig import Rig
from relay import CommitEater

from loaders.errors import RefusedError
from sandbox.servers.postgres import PUBLISHER, ROLLBACK

REJECTS = "select legacy_key, reason_code, column_name from migration.reject order by legacy_key"


def label(n: int) -> tuple[int, list[str], str]:
    return n % 3 + 1, ["labels", str(n % 4), f"KEY_{n}"], f"label {n}"


def all_labels_are_there(rig: Rig, rows: int) -> None:
    for n in range(1, rows + 1):
        directory, path, text = label(n)
        assert rig.value("select settings #>> %s from app_directory where id = %s", path, directory) == text
    assert rig.value("select settings -> 'theme' ->> 'colour' from app_directory where id = 3") == "red"
    assert rig.value("select settings #>> '{labels,9,OWN}' from app_directory where id = 3") == "own"
    assert rig.value("select count(*) from migration.id_map where state = 'migrated'") == rows
    assert rig.value("select sum(rows_published) from migration.batch") == rows


@pytest.mark.parametrize("batch_size", [7, 100], ids=["several batches", "one batch"])
def test_each_value_lands_at_its_place_and_every_other_key_stays(rig: Rig, batch_size: int) -> None:
    """Thirty values into three documents: one of them empty, one NULL, one with keys of its own."""
    rig.use(labels(batch_size=batch_size))
    build_labels(rig)

    report = rig.publish_one()

    assert (report.updated, report.left) == (30, 0)
    all_labels_are_there(rig, 30)
    assert settings(rig, 2).keys() == {"labels"}
    assert rig.ledger("select json_path, target_id from migration.id_map where source_key = 'k5'") == [
        (["labels", "1", "KEY_5"], "3")
    ]
    before = rig.fingerprint("public")
    again = rig.publish_one()
    assert (again.updated, again.already_there, again.drift) == (0, 30, {})
    assert rig.fingerprint("public") == before


def test_paths_of_different_lengths_share_their_beginnings(rig: Rig) -> None:
    rig.use(labels())
    build_label_rows(
        rig,
        ("1", 1, "{a}", "1"),
        ("2", 1, "{b,c}", '{"deep": [1, 2.50]}'),
        ("3", 1, "{b,d,e,f}", "null"),
        ("4", 1, "{b,d,g}", '""'),
        ("5", 3, '{theme,"a,b",x}', "true"),
    )

    assert rig.publish_one().updated == 5
    assert settings(rig, 1) == {"a": 1, "b": {"c": {"deep": [1, 2.5]}, "d": {"e": {"f": None}, "g": ""}}}
    assert settings(rig, 3)["theme"] == {"colour": "red", "a,b": {"x": True}}
    assert rig.value("select settings #>> '{b,c,deep,1}' from app_directory where id = 1") == "2.50"


def test_p10_another_key_that_is_edited_meanwhile_survives(rig: Rig) -> None:
    """The application holds the row with an edit of its own while the batch comes to it."""
    rig.use(labels())
    build_labels(rig)
    with rig.connect() as application_session:
        application_session.execute(
            "update app_directory set settings = jsonb_set(settings, '{theme,colour}', '\"blue\"') where id = 3"
        )
        publisher = rig.start("publish")
        wait_until(lambda: rig.value("select count(*) from pg_locks where not granted") > 0)
    finished = publisher.finish()

    assert finished.returncode == 0, finished.stderr
    assert settings(rig, 3)["theme"] == {"colour": "blue"}
    assert rig.value("select count(*) from migration.id_map where state = 'migrated'") == 30


def test_p5_what_stands_in_the_way_is_rejected_with_its_reason(rig: Rig) -> None:
    rig.use(labels())
    rig.sql('update app_directory set settings = \'{"text": "x", "list": [{}], "nil": null}\' where id = 1')
    build_label_rows(
        rig,
        ("01 no target", 99, "{a}", "1"),
        ("02 text on the way", 1, "{text,a}", "1"),
        ("03 list on the way", 1, "{list,0,a}", "1"),
        ("04 null on the way", 1, "{nil,a}", "1"),
        ("05 another value", 1, "{text}", '"y"'),
        ("06 null in the place", 1, "{nil}", "1"),
        ("07 equal value", 1, "{text}", '"x"'),
        ("08 twin", 3, "{t}", "1"),
        ("09 twin", 3, "{t}", "1"),
        ("10 a place", 3, "{p}", '{"q": 1}'),
        ("11 inside it", 3, "{p,q,r}", "1"),
        ("12 alone", 3, "{q}", "1"),
    )

    report = rig.publish_one()

    assert rig.ledger(REJECTS) == [
        ("01 no target", "parent_vanished", "target_id"),
        ("02 text on the way", "place_taken", "json_path"),
        ("03 list on the way", "place_taken", "json_path"),
        ("04 null on the way", "place_taken", "json_path"),
        ("05 another value", "place_taken", "json_path"),
        ("06 null in the place", "place_taken", "json_path"),
        ("08 twin", "place_claimed_twice", "json_path"),
        ("09 twin", "place_claimed_twice", "json_path"),
        ("10 a place", "place_claimed_twice", "json_path"),
        ("11 inside it", "place_claimed_twice", "json_path"),
    ]
    assert (report.updated, report.rejected.total(), report.left) == (2, 10, 0)


def test_two_rows_claim_a_place_under_either_s_own_reason(rig: Rig) -> None:
    """05 and 07 of the test above claim one place as well; the first rule that a row breaks gives its reason."""
    rig.use(labels())
    build_label_rows(rig, ("1", 1, "{a}", "1"), ("2", 1, "{a}", "1"))
    rig.publish()
    build_label_rows(rig, ("2", 1, "{a}", "1"))
    assert rig.publish_one().updated == 1
    build_label_rows(rig, ("2", 1, "{a}", "1"), ("3", 1, "{a}", "1"), ("4", 1, "{a,b}", "1"))

    rig.publish()

    assert [row[:2] for row in rig.ledger(REJECTS)] == [("3", "place_taken"), ("4", "place_taken")]


def test_p5_what_comes_into_the_way_after_the_gates_is_rejected_too(
    rig: Rig, at: Callable[[str, int, Hook], None]
) -> None:
    rig.use(labels(batch_size=2))
    build_label_rows(rig, *((str(n), 1, f"{{a,{n}}}", "1") for n in range(1, 7)))

    def come_first() -> None:
        rig.sql('update app_directory set settings = settings || \'{"a": {"1": 1, "2": 1, "4": 0}}\' where id = 1')

    at("publish.batch_started", 2, come_first)
    report = rig.publish_one()

    assert (report.updated, dict(report.rejected)) == (5, {("publish", "place_taken"): 1})
    assert rig.ledger(REJECTS) == [("4", "place_taken", "json_path")]
    assert settings(rig, 1)["a"] == {"1": 1, "2": 1, "3": 1, "4": 0, "5": 1, "6": 1}


@pytest.mark.parametrize(
    "point",
    [
        "publish.frozen",
        "publish.between_batches@3",
        "publish.batch_started@3",
        "publish.rows_written@3",
        "publish.before_commit@3",
        "publish.after_commit@2",
    ],
)
def test_p1_a_killed_merge_is_finished_by_the_next_and_undone_whole(rig: Rig, point: str) -> None:
    before = application(rig)
    rig.use(labels(batch_size=10))
    build_labels(rig)

    assert rig.dtx("publish", DTX_FAILPOINT=point).returncode == -signal.SIGKILL
    landed = rig.value("select count(*) from migration.id_map where state = 'migrated'")
    assert landed == (0 if point == "publish.frozen" else 20)
    assert rig.dtx("publish").returncode == 0

    all_labels_are_there(rig, 30)
    for run in (2, 1):
        assert rig.roll_back(run=run).exit_code == 0
    assert application(rig) == before


@pytest.mark.parametrize("delivers", [True, False], ids=["committed", "not committed"])
def test_p2_a_lost_commit_reply_of_a_merge_is_asked_of_the_ledger(
    rig: Rig, at: Callable[[str, int, Hook], None], delivers: bool
) -> None:
    rig.use(labels(batch_size=10))
    build_labels(rig)
    relay = CommitEater(rig.settings.target_host, rig.settings.target_port)
    rig.settings = rig.settings.model_copy(update={"target_port": relay.port})
    at("publish.before_commit", 2, lambda: relay.arm(delivers=delivers))

    report = rig.publish_one()

    relay.close()
    assert relay.eaten == 1
    assert (report.updated, report.left) == (30, 0)
    all_labels_are_there(rig, 30)


def test_p4_a_stale_writer_merges_nothing(rig: Rig, at: Callable[[str, int, Hook], None]) -> None:
    rig.use(labels(batch_size=10))
    build_labels(rig)

    def usurp() -> None:
        rig.ledger("update migration.writer_lease set fencing_token = fencing_token + 1 where name = 'publish'")

    at("publish.between_batches", 2, usurp)
    with pytest.raises(RefusedError, match="lost its right to write"):
        rig.publish()

    assert rig.value("select count(*) from migration.id_map where state = 'migrated'") == 10


def test_p9_a_rebuild_in_mid_merge_changes_nothing_of_the_run(rig: Rig, at: Callable[[str, int, Hook], None]) -> None:
    rig.use(labels(batch_size=10))
    build_labels(rig)
    at("publish.between_batches", 2, lambda: build_labels(rig, 60))

    assert rig.publish_one().updated == 30
    all_labels_are_there(rig, 30)


def test_p11_one_value_that_the_target_refuses_is_rejected_alone(rig: Rig) -> None:
    rig.use(labels())
    build_labels(rig)
    rig.sql("alter table app_directory add constraint no_13 check (not settings @? '$.labels.*.KEY_13')")

    report = rig.publish_one()

    assert (report.updated, dict(report.rejected)) == (29, {("publish", "constraint_violation"): 1})
    assert rig.ledger("select legacy_key, sqlstate, column_name from migration.reject") == [
        ("000013", "23514", "settings")
    ]


def test_p12_a_dry_run_counts_what_a_merge_does_and_writes_nothing(rig: Rig) -> None:
    rig.use(labels())
    build_labels(rig)
    rig.sql("update app_directory set settings = '{\"labels\": 1}' where id = 1")
    before = rig.fingerprint("public", "migration")

    _, rehearsal = rig.examine()

    assert rehearsal is not None
    assert rig.fingerprint("public", "migration") == before
    expected = rehearsal.as_json()["models"][0]
    real = rig.publish_one().as_json()
    assert {**expected, "state": "published"} == real


def test_p3_a_path_that_leads_nowhere_or_a_column_without_places_blocks(rig: Rig) -> None:
    rig.use(labels())
    build_label_rows(rig, ("1", 1, "{}", "1"), ("2", 1, "{a,NULL}", "1"), ("3", 1, "{a}", "1"))

    blocking = [(f.where, f.rows) for f in rig.examine()[0] if f.effect == "blocks"]
    assert blocking == [("pub_label.json_path", 2)]

    rig.sql("alter table app_directory alter settings type text")
    assert "public.app_directory.settings" in {f.where for f in rig.examine()[0] if f.effect == "blocks"}


def test_p15_a_merge_needs_no_more_than_its_column(rig: Rig) -> None:
    rig.use(labels())
    for role in (PUBLISHER, ROLLBACK):
        for forbidden in (
            "update app_directory set name = ''",
            "insert into app_directory (name) values ('')",
            "delete from app_directory",
        ):
            with rig.connect(role) as connection, pytest.raises(Exception, match="permission denied"):
                connection.execute(forbidden)
