"""The stand-in Metabase over a real PostgreSQL: metadata, questions, dashboards, what is kept and given back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from loaders.settings import Settings
from sandbox.metabase.server import LocalMetabase
from sandbox.servers.postgres import REPORTING, Postgres

Json = Any


@pytest.fixture
def client(metabase: LocalMetabase) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=metabase.url, headers={"X-API-KEY": metabase.api_key}) as client:
        yield client


@pytest.fixture
def warehouse(postgres: Postgres, database: Settings) -> Settings:
    """A schema `reporting` that the read-only role sees, and one that it does not."""
    with postgres.connect(database.target_database, autocommit=True) as connection:
        connection.execute("""
            create schema reporting;
            create schema hidden;
            create table hidden.secret (id integer);
            create table reporting.rpt_account (account_id integer primary key, name text, opened date);
            create table reporting.rpt_record (
                record_id bigint primary key,
                account_id integer references reporting.rpt_account,
                name text,
                premium numeric(10, 2),
                compliant boolean,
                seen_at timestamptz
            );
            comment on column reporting.rpt_record.premium is 'What is paid a year.';
            insert into reporting.rpt_account values (1, 'Ash', '2020-01-31'), (2, 'Birch', '2021-02-28');
            insert into reporting.rpt_record values
                (10, 1, 'Crane 50%', 12.50, true, '2026-03-01 12:00+00'),
                (11, 1, 'Dock', 7, false, null),
                (12, 2, null, null, null, '2026-04-01 12:00+00');
        """)
        connection.execute(f"grant usage on schema reporting to {REPORTING}")
        connection.execute(f"grant select on all tables in schema reporting to {REPORTING}")
    return database


def details(settings: Settings) -> Json:
    assert settings.reporting_password
    return {
        "host": settings.target_host,
        "port": settings.target_port,
        "dbname": settings.target_database,
        "user": settings.reporting_user,
        "password": settings.reporting_password.get_secret_value(),
    }


@pytest.fixture
def connected(metabase: LocalMetabase, client: httpx.Client, warehouse: Settings) -> Json:
    """The database's metadata, synced: tables by name with fields by name."""
    body = {"name": "DTX", "engine": "postgres", "details": details(warehouse)}
    created = client.post("/api/database", json=body).raise_for_status().json()
    metabase.wait()
    return client.get(f"/api/database/{created['id']}/metadata").raise_for_status().json()


def table(metadata: Json, name: str) -> Json:
    return next(each for each in metadata["tables"] if each["name"] == name)


def field_id(metadata: Json, table_name: str, name: str) -> int:
    return int(next(each["id"] for each in table(metadata, table_name)["fields"] if each["name"] == name))


def question(client: httpx.Client, query: Json, **more: Json) -> Json:
    body = {"name": "Q", "dataset_query": query, "display": "table", "visualization_settings": {}, **more}
    return client.post("/api/card", json=body).raise_for_status().json()


def mbql(metadata: Json, **clauses: Json) -> Json:
    source = table(metadata, "rpt_record")["id"]
    return {"type": "query", "database": metadata["id"], "query": {"source-table": source, **clauses}}


def test_a_sync_reads_what_the_reporting_role_sees_and_nothing_else(connected: Json) -> None:
    assert {(each["schema"], each["name"]) for each in connected["tables"]} == {
        ("reporting", "rpt_account"),
        ("reporting", "rpt_record"),
    }
    fields = {each["name"]: each for each in table(connected, "rpt_record")["fields"]}
    assert {name: each["base_type"] for name, each in fields.items()} == {
        "record_id": "type/BigInteger",
        "account_id": "type/Integer",
        "name": "type/Text",
        "premium": "type/Decimal",
        "compliant": "type/Boolean",
        "seen_at": "type/DateTimeWithLocalTZ",
    }
    assert fields["record_id"]["semantic_type"] == "type/PK"
    assert fields["account_id"]["fk_target_field_id"] == field_id(connected, "rpt_account", "account_id")
    assert fields["premium"]["description"] == "What is paid a year."
    assert connected["details"]["password"] == "**MetabasePass**"
    assert connected["initial_sync_status"] == "complete"


def test_numbers_stay_when_a_view_is_rebuilt_and_a_dropped_one_is_inactive(
    metabase: LocalMetabase, client: httpx.Client, connected: Json, postgres: Postgres, warehouse: Settings
) -> None:
    before = field_id(connected, "rpt_account", "name")
    with postgres.connect(warehouse.target_database, autocommit=True) as connection:
        connection.execute("drop table reporting.rpt_record")
        connection.execute("alter table reporting.rpt_account add column city text")
    assert client.post(f"/api/database/{connected['id']}/sync_schema").json() == {"status": "ok"}
    metabase.wait()
    after = client.get(f"/api/database/{connected['id']}/metadata").json()
    assert [each["name"] for each in after["tables"]] == ["rpt_account"]
    assert field_id(after, "rpt_account", "name") == before
    assert field_id(after, "rpt_account", "city") > before


def test_a_question_of_picked_columns_runs_with_its_filters_in_its_order(client: httpx.Client, connected: Json) -> None:
    name, premium, key = (field_id(connected, "rpt_record", each) for each in ("name", "premium", "record_id"))
    query = mbql(
        connected,
        fields=[["field", name, None], ["field", premium, None]],
        filter=["and", [">", ["field", premium, None], 5], ["contains", ["field", name, None], "50%"]],
    )
    query["query"]["order-by"] = [["desc", ["field", key, None]]]
    card = question(client, query)
    result = client.post(f"/api/card/{card['id']}/query", json={})
    assert result.status_code == 202
    body = result.json()
    assert (body["status"], body["row_count"], body["data"]["rows"]) == ("completed", 1, [["Crane 50%", 12.5]])
    assert [column["display_name"] for column in body["data"]["cols"]] == ["Name", "Premium"]
    assert [column["name"] for column in card["result_metadata"]] == ["name", "premium"]
    assert (card["table_id"], card["query_type"]) == (table(connected, "rpt_record")["id"], "query")


def test_a_broken_question_is_answered_202_failed(client: httpx.Client, connected: Json) -> None:
    native = {"query": "select nothing from reporting.rpt_record"}
    card = question(client, {"type": "native", "database": connected["id"], "native": native})
    result = client.post(f"/api/card/{card['id']}/query", json={})
    assert (result.status_code, result.json()["status"]) == (202, "failed")
    assert "nothing" in result.json()["error"]
    assert card["result_metadata"] is None


@pytest.mark.parametrize(
    "statement", ["select * from hidden.secret", "delete from reporting.rpt_record returning 1 as one"]
)
def test_a_question_can_neither_leave_reporting_nor_write(
    client: httpx.Client, connected: Json, statement: str
) -> None:
    body = {"type": "native", "database": connected["id"], "native": {"query": statement}}
    assert client.post("/api/dataset", json=body).json()["status"] == "failed"
    body["native"] = {"query": "select count(*) as n from reporting.rpt_record"}
    assert client.post("/api/dataset", json=body).json()["data"]["rows"] == [[3]]
