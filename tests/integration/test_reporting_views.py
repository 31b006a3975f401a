"""The reporting views over the generated DTX 2.0 say what an independent reckoning says, and again after a refresh."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dbt_support import dbt
from psycopg import sql
from reporting_oracle import BY_COI_STATUS, COUNTED, Oracle

from loaders.database import connect
from loaders.settings import Settings
from sandbox import dtx2
from sandbox.dtx1 import schema
from sandbox.generator import Plan, generate
from sandbox.servers.mariadb import MariaDB
from sandbox.servers.postgres import OWNER, Postgres

BUILD = ("build", "--select", "+tag:reporting", "--exclude-resource-type", "unit_test", "test")
REFRESH = ("build", "--select", "tag:reporting", "--exclude-resource-type", "unit_test")
WIDE = (
    "record_id account_id is_followed_up coi_status doc_status is_coi_compliant is_doc_compliant is_compliant "
    "is_exempt coi_count doc_count exemption_count open_item_count last_response_at custom_field_0 custom_field_1 "
    "custom_field_2 custom_field_3 custom_field_4"
)
ACCOUNT_MASTER = (
    "account_id billing_plan payment_method record_count followed_up_count compliant_count coi_count doc_count "
    "open_item_count last_response_at"
)
LINK_CUSTOMER = " ".join(
    (
        *("account_id record_count", *(f"{name}_count" for name in COUNTED)),
        *(f"coi_{status}_count" for status in BY_COI_STATUS),
        *(f"{name}_share" for name in COUNTED[:3]),
    )
)
# What the generator leaves out, because nobody did it in an application: ends that fall on the hour and the day of the
# report, exemptions of documents that have ended, Documents that nobody assigned, and fields with a note beside them.
EDGES = """
update docutrax_profiles_certificate set
    status = 'approved', compliance_status = 'compliant', earliest_expires_on = %(today)s::date + (id %% 3)::integer - 1
where id %% 4 = 0;
update docutrax_profiles_docrequirement set
    is_exempted = true,
    metadata = jsonb_build_object(
        'exemption_expires_on', (%(now)s::timestamptz at time zone 'UTC')::date + (id %% 3)::integer - 1
    )
where id %% 9 in (1, 2);
update docutrax_profiles_manualoverride set
    status = 'approved', expires_at = %(now)s::timestamptz + (id %% 2 - 0.5) * interval '2 hours'
where id %% 3 = 0;
update docutrax_profiles_document set record_id = null where id %% 31 = 0;
update docutrax_hierarchy_record set internal_id = 'ours' where id %% 5 = 0;
insert into docutrax_hierarchy_accountmeta (account_id, key, value, created, updated)
select account_id, format('custom_field_%%s:record:%%s', id %% 5, id), 'noted', now(), now()
from docutrax_hierarchy_record where id %% 4 = 0
on conflict (account_id, key) do update set value = excluded.value;
"""
WORK = """
update docutrax_profiles_document set status = 'approved' where id %% 2 = 0;
update docutrax_hierarchy_record set status = 'archived' where id %% 7 = 0;
delete from docutrax_profiles_certificate where id %% 6 = 0;
delete from docutrax_profiles_requirementsgroupmember where id %% 8 = 0;
"""


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> ZoneInfo:
    """A reporting time zone where it is another day than in UTC, and an hour or more from midnight."""
    name = "Etc/GMT-14" if datetime.now(UTC).hour >= 11 else "Etc/GMT+12"
    monkeypatch.setenv("DTX_REPORTING_TIME_ZONE", name)
    return ZoneInfo(name)


@pytest.fixture
def world(
    ledger: Settings, mariadb: MariaDB, postgres: Postgres, zone: ZoneInfo, tmp_path: Path
) -> Iterator[tuple[Settings, Postgres]]:
    """The generated DTX 2.0, with ends that fall on the day and the hour of the report."""
    name = ledger.target_database
    dtx2.migrate(dtx2.Database(postgres.host, postgres.port, name, postgres.role_password))
    with mariadb.connect(ledger.source_database) as source, postgres.connect(name, role=OWNER) as target:
        schema.apply(source)
        generate(Plan(scale=4), source, target, tmp_path / "efs", tmp_path / "answer_key")
    change(postgres, name, EDGES, zone)
    yield ledger, postgres


def change(postgres: Postgres, database: str, statements: str, zone: ZoneInfo) -> None:
    now = datetime.now(UTC)
    with postgres.connect(database) as superuser:
        for statement in statements.split(";\n"):
            superuser.execute(statement, {"now": now, "today": now.astimezone(zone).date()})


def view(settings: Settings, name: str, columns: str) -> list[tuple[Any, ...]]:
    with connect(settings, "transform") as transform:
        wanted = sql.SQL(", ").join(map(sql.Identifier, columns.split()))
        return transform.execute(
            sql.SQL("select {} from {}").format(wanted, sql.Identifier("reporting", name))
        ).fetchall()


def by_key(rows: list[tuple[Any, ...]]) -> dict[int, tuple[Any, ...]]:
    assert len({row[0] for row in rows}) == len(rows)
    return {row[0]: row[1:] for row in rows}


def assert_reports_agree(settings: Settings, zone: ZoneInfo) -> Oracle:
    """Every row of the wide view and of the four reports is what the oracle reckons."""
    [(moment,)] = {row[-1:] for row in view(settings, "rpt_record_compliance", "record_id refreshed_at")}
    with connect(settings, "transform") as transform:
        oracle = Oracle(transform, moment, moment.astimezone(zone).date())

    assert by_key(view(settings, "rpt_record_compliance", WIDE)) == oracle.wide()
    assert by_key(view(settings, "rpt_account_master", ACCOUNT_MASTER)) == oracle.account_master()
    assert by_key(view(settings, "rpt_link_customer_compliance", LINK_CUSTOMER)) == oracle.link_customer_compliance()
    listed = view(settings, "rpt_doc_not_in_compliance", "record_id document_type requirement_status")
    assert len(listed) == len(oracle.doc_not_in_compliance())
    assert {(row[0], row[1].lower()): row[2] for row in listed} == oracle.doc_not_in_compliance()
    unfit = view(settings, "rpt_coi_not_in_compliance", "record_id coi_status")
    assert {record: status for record, (status,) in by_key(unfit).items()} == oracle.coi_not_in_compliance()
    return oracle


def test_t4_the_reports_agree_with_an_independent_reckoning(
    world: tuple[Settings, Postgres], zone: ZoneInfo, tmp_path: Path
) -> None:
    """Before and after people work in DTX 2.0; while a refresh runs, a reader sees whole tables of one moment."""
    settings, postgres = world
    assert dbt(settings, tmp_path, *BUILD)[0] == 0
    oracle = assert_reports_agree(settings, zone)

    assert {each.coi_status for each in oracle.standings} == {"compliant", "waived", *BY_COI_STATUS}
    assert {each.doc_status for each in oracle.standings} == {"compliant", "pending", "non_compliant", "not_required"}
    assert set(oracle.doc_not_in_compliance().values()) == {"missing", "pending", "rejected", "expired"}
    assert (
        {each.exempt for each in oracle.standings}
        == {each.is_followed_up for each in oracle.standings}
        == {True, False}
    )
    assert ends_of(oracle) >= {oracle.today - timedelta(days=1), oracle.today, oracle.today + timedelta(days=1)}

    change(postgres, settings.target_database, WORK, zone)
    done = threading.Event()
    with ThreadPoolExecutor() as pool:
        reader = pool.submit(watch, settings, done)
        try:
            code, statuses, _ = dbt(settings, tmp_path, *REFRESH)
        finally:
            done.set()
    seen = reader.result()

    assert {name: status for name, status in statuses.items() if status not in ("success", "pass")} == {}
    assert code == 0
    assert {(rows, moments) for rows, moments, _ in seen} == {(len(oracle.standings), 1)}
    assert len(seen) == 2
    later = assert_reports_agree(settings, zone)
    assert later.coi_not_in_compliance() != oracle.coi_not_in_compliance()
    assert later.doc_not_in_compliance() != oracle.doc_not_in_compliance()


def ends_of(oracle: Oracle) -> set[date]:
    return {each["earliest_expires_on"] for standing in oracle.standings for each in standing.certificates}


def watch(settings: Settings, done: threading.Event) -> set[tuple[int, int, datetime]]:
    """What a reader of the wide view sees until then: rows, moments of refresh, and the last of these."""
    query = "select count(*), count(distinct refreshed_at), max(refreshed_at) from reporting.rpt_record_compliance"
    seen: set[tuple[int, int, datetime]] = set()
    with connect(settings, "transform", autocommit=True) as connection:
        while True:
            last = done.wait(0.005)
            seen |= set(connection.execute(query).fetchall())
            if last:
                return seen
