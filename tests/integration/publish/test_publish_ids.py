"""Ids come from the column's own sequence, beside a live application, and an idle run burns none (P8)."""

from __future__ import annotations

import threading

import psycopg
import pytest
from publish_rig import Rig, documents, requirements


def test_p8_ids_never_collide_with_four_writers_of_the_application(rig: Rig) -> None:
    rig.use(documents(batch_size=100))
    rig.build_documents(2000)
    stop = threading.Event()
    written: list[int] = []
    failures: list[str] = []

    def write(number: int) -> None:
        with rig.connect("dtx2", autocommit=True) as application:
            while not stop.is_set():
                try:
                    row = application.execute(
                        "insert into app_document (account_id, file, title, status, created, metadata) "
                        "values (1, 'own', %s, 'new', now(), '{}') returning id",
                        [f"own {number} {len(written)}"],
                    ).fetchone()
                    assert row is not None
                    written.append(row[0])
                except psycopg.Error as error:
                    if error.diag.constraint_name != "document_title_once":
                        failures.append(error.sqlstate or "")

    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for writer in writers:
        writer.start()
    report = rig.publish_one()
    stop.set()
    for writer in writers:
        writer.join()

    assert failures == []
    assert report.published == 2000
    assert len(written) > 4
    assert rig.value("select count(*) from app_document") == 2000 + len(written)
    assert rig.value("select last_value >= (select max(id) from app_document) from app_document_id_seq")
    assert rig.value("select count(*) from app_document where file <> 'own' and id = any (%s)", written) == 0


def test_p8_an_idle_run_burns_no_id(rig: Rig) -> None:
    rig.use(documents())
    rig.build_documents(300)
    rig.publish()
    before = rig.value("select last_value from app_document_id_seq")

    assert rig.publish_one().already_there == 300
    assert rig.value("select last_value from app_document_id_seq") == before == 300


@pytest.mark.parametrize("key", ["bigint generated always as identity", "serial", "bigserial"])
def test_p8_every_kind_of_sequence_is_found(rig: Rig, key: str) -> None:
    rig.sql(
        f"drop table app_page; drop table app_document; create table app_document (id {key} primary key, "
        "account_id bigint not null, file varchar(100), title varchar(50), status varchar(20), pages integer, "
        "price numeric(8, 2), created timestamptz, metadata jsonb)"
    )
    rig.use(documents())
    rig.build_documents(30)

    assert rig.publish_one().published == 30
    assert rig.sql("insert into app_document (account_id) values (1) returning id") == [(31,)]


def test_p8_ids_follow_the_legacy_keys(rig: Rig) -> None:
    rig.use(documents(batch_size=70))
    rig.build_documents(300)
    rig.publish()

    assert rig.value(
        "select bool_and(legacy_key::integer = target_id::integer) from migration.id_map where state = 'migrated'"
    )


def test_a_key_without_a_sequence_and_a_supplied_key_are_refused(rig: Rig) -> None:
    rig.use(documents(), requirements())
    rig.build_documents(3)
    rig.build_requirements(3)
    rig.sql(
        "alter table app_document alter id drop identity; alter table app_requirement drop constraint "
        "app_requirement_pkey"
    )

    findings, _ = rig.examine()

    assert {(f.where, f.problem) for f in findings if f.effect == "blocks"} == {
        ("public.app_document.id", "has no sequence to draw ids from"),
        ("public.app_requirement", "has no primary key of one column"),
    }


def test_keys_are_paged_by_bytes_not_by_language(rig: Rig) -> None:
    """Keys that a language's collation would order otherwise, or take for equal."""
    rig.use(documents(batch_size=3))
    keys = ["a", "B", "ä", "A", "a ", "Z", "É", "é", "e", "#1", "10", "9", "_", "~", "ß", "ss", "a\u0301", "á"]
    rig.build_documents(len(keys))
    for number, key in enumerate(keys, 1):
        with rig.connect("dtx_transform") as connection:
            connection.execute(
                "update migration_publish.pub_document set legacy_key = %s where source_key = %s", [key, str(number)]
            )

    assert rig.publish_one().published == len(keys)
    assert [
        key for (key,) in rig.ledger("select legacy_key from migration.id_map order by target_id::bigint")
    ] == sorted(keys, key=str.encode)
