"""Reconcile of tables without a key, and of what is kept in the archive alone (reliability R1, R2, A4)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from archive_support import Rig
from singer_pair import Pair

from loaders.database import connect
from loaders.reconcile import command
from loaders.reconcile.report import as_document
from loaders.reconcile.source_tables import SourceTable
from loaders.settings import Settings
from sandbox.servers.mariadb import MariaDB

TABLES = {"pairs": SourceTable("dtx1", "pairs", ()), "report": SourceTable("dtx1", "report", ("report_id",))}
ROWS = [
    "('ab', 'c', 16777216.25, 0.1, '0000-00-00', x'00ff')",
    "('a', 'bc', 16777217, 16777217, '2024-02-30', null)",
    "('', null, null, null, null, x'')",
    "(null, '', null, null, null, x'')",
    "('twice', 'x', 1, 1, null, null)",
    "('twice', 'x', 1, 1, null, null)",
    "(concat('nul', char(0)), 'é', -0.00, 1e-40, null, null)",
]


@pytest.fixture
def rig(ledger: Settings, mariadb: MariaDB, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rig:
    """Two tables, replicated, archived, and with dispositions: `pairs`, without a key, and `report`."""
    settings = ledger.model_copy(update={"archive_url": str(tmp_path / "archives")})
    rig = Rig(settings, mariadb, {})
    rig.execute(
        "create table pairs (`# One` varchar(20), two varchar(20), exact decimal(20,2), short float, day date, "
        "raw blob)",
        *(f"insert into pairs values {row}" for row in ROWS),
        "create table report (report_id int primary key, name varchar(20))",
        "insert into report values (1, 'one'), (2, 'two')",
    )
    rig.classify(
        pairs=dict.fromkeys(("# One", "two", "exact", "short", "day", "raw"), "none"),
        report={"report_id": "none", "name": "none"},
    )
    assert Pair(settings, tmp_path, mariadb).run().codes == (0, 0)
    rig.run()
    record_dispositions(settings)
    monkeypatch.setattr(command, "read_source_tables", lambda _: TABLES)
    return rig


def record_dispositions(settings: Settings) -> None:
    """What the publisher writes of the models: docs/architecture.md, Source keys."""
    with connect(settings, "transform") as transform:
        keys = [
            (key,)
            for (key,) in transform.execute(
                "select h || '#' || row_number() over (partition by h) from (select md5(("
                "case when _unstorable is null then to_jsonb(t.*) - '_loaded_at' - '_unstorable' "
                "else to_jsonb(t.*) - '_loaded_at' end)::text) as h from raw_dtx1.pairs t) as hashed"
            )
        ]
    with connect(settings, "publisher") as publisher, publisher.cursor() as cursor:
        cursor.execute(
            "insert into migration.run (command, state, code_version, host, process_id) "
            "values ('publish', 'succeeded', 'test', 'test', 1)"
        )
        insert = (
            "insert into migration.disposition "
            "(system, source_table, source_key, disposition, reason_code, decision_id, run_id) "
            "select 'dtx1', '{}', %s, 'archive', 'archived', 'D11-9', max(run_id) from migration.run"
        )
        cursor.executemany(insert.format("pairs"), keys)
        cursor.executemany(insert.format("report"), [("1",), ("2",)])


def judged(rig: Rig) -> tuple[bool, dict[str, Any]]:
    """Whether reconcile is clean, and its findings by table and name."""
    document = as_document(command.judge(rig.settings))
    return document["clean"], {
        f"{table['table']}: {each['what']}": (each["rows"], list(each["keys"]))
        for table in document["tables"]
        for each in table["findings"]
    }


def test_r1_r2_archived_rows_are_proven_by_the_archive(rig: Rig) -> None:
    document = as_document(command.judge(rig.settings))
    assert document["clean"]
    pairs, report = document["tables"]
    assert (pairs["source_rows"], pairs["unexplained"]) == (len(ROWS), 0)
    assert pairs["dispositions"] == [{"disposition": "archive", "reason_code": "archived", "rows": len(ROWS)}]
    assert (pairs["archive"]["object_name"], pairs["archive"]["rows"]) == ("pairs.csv.zst.age", len(ROWS))
    assert report["archive"]["rows"] == 2
    assert document == as_document(command.judge(rig.settings)), "R6: the same ledger gives the same bytes"


@pytest.mark.parametrize(
    ("change", "gone", "new"),
    [
        pytest.param("delete from pairs where two = 'x' limit 1", 1, 0, id="one of two equal rows"),
        pytest.param("insert into pairs (`# One`, two, exact, short) values ('twice', 'x', 1, 1)", 0, 1, id="a third"),
        pytest.param("update pairs set two = '' where `# One` = ''", 1, 1, id="NULL made empty"),
        pytest.param("update pairs set `# One` = 'a', two = 'bc' where `# One` = 'ab'", 1, 1, id="a moved letter"),
        pytest.param("update pairs set exact = 16777217 where exact = 16777216.25", 1, 1, id="a float's neighbour"),
        pytest.param("update pairs set short = 0.1000001 where `# One` = 'ab'", 1, 1, id="the last bit of a float"),
        pytest.param("update pairs set `# One` = concat('nul', char(0, 0)) where two = 'é'", 1, 1, id="a further NUL"),
        pytest.param("update pairs set raw = x'00fe' where raw = x'00ff'", 1, 1, id="a byte"),
    ],
)
def test_r2_rows_without_a_key_are_compared_as_a_multiset(rig: Rig, change: str, gone: int, new: int) -> None:
    rig.execute(change)
    clean, findings = judged(rig)
    assert not clean
    assert findings.get("pairs: replicated_but_gone_from_source", (0, []))[0] == gone
    assert findings.get("pairs: in_source_but_not_replicated", (0, []))[0] == new
    assert len(findings) == bool(gone) + bool(new)


def execute(rig: Rig, statement: str) -> None:
    with connect(rig.settings, "owner") as owner:
        owner.execute(statement)


def test_a4_without_its_archive_a_table_is_lost(rig: Rig) -> None:
    execute(rig, "delete from migration.archive_object where source_table = 'pairs'")
    clean, findings = judged(rig)
    assert not clean
    assert findings["pairs: archive_missing"] == (len(ROWS), [])
    assert findings["pairs: not_archived"][0] == len(ROWS)
    assert not [each for each in findings if each.startswith("report")]


def test_a4_a_damaged_archive_is_none(rig: Rig) -> None:
    (archive,) = rig.folder.iterdir()
    (archive / "report.csv.zst.age").write_bytes(b"gone")
    rig.run("verify", code=1)
    clean, findings = judged(rig)
    assert not clean
    assert set(findings) == {"report: archive_missing", "report: not_archived"}
    rig.run()
    assert judged(rig) == (True, {})


def test_a4_an_archive_of_another_number_of_rows_proves_nothing(rig: Rig) -> None:
    execute(rig, "update migration.archive_object set row_count = 3 where source_table = 'report'")
    clean, findings = judged(rig)
    assert not clean
    assert findings == {"report: archive_differs": (1, []), "report: not_archived": (2, ["1", "2"])}


def test_a4_a_published_table_needs_its_archive_too(rig: Rig) -> None:
    execute(rig, "update migration.disposition set disposition = 'skip' where source_table = 'report'")
    assert judged(rig) == (True, {})
    execute(rig, "delete from migration.archive_object where source_table = 'report'")
    assert judged(rig) == (False, {"report: archive_missing": (2, [])})


def test_r6_a_table_of_the_catalogue_that_was_not_replicated_is_named(rig: Rig) -> None:
    execute(rig, "delete from raw_dtx1._loads where source_table = 'report'")
    clean, findings = judged(rig)
    assert not clean
    assert findings == {"report: not_replicated": (0, [])}


def test_a_table_that_is_gone_from_the_source_is_named(rig: Rig) -> None:
    rig.execute("alter table pairs drop column day")
    clean, findings = judged(rig)
    assert not clean
    assert findings["pairs: replicated_but_gone_from_source"][0] == 2, "the rows that had a day"
