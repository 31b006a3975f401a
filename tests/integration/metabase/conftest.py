"""A PostgreSQL database with a schema `reporting`, and the stand-in connected to it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import httpx
import pytest
from standin import Json, Warehouse, get, post

from sandbox.metabase.server import LocalMetabase
from sandbox.servers.postgres import REPORTING, Postgres

_numbers = itertools.count(1)
_CONTENTS = """
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
"""


@pytest.fixture
def warehouse(postgres: Postgres) -> Iterator[Warehouse]:
    """A schema `reporting` that the read-only role sees, and one that it does not."""
    name = f"warehouse_{next(_numbers)}"
    postgres.create_database(name)
    access = {"user": REPORTING, "password": postgres.role_password}
    made = Warehouse(name, {"host": postgres.host, "port": postgres.port, "dbname": name, **access}, postgres)
    made.execute(_CONTENTS)
    made.execute(f"grant usage on schema reporting to {REPORTING}")
    made.execute(f"grant select on all tables in schema reporting to {REPORTING}")
    yield made
    postgres.drop_database(name)


@pytest.fixture
def client(metabase: LocalMetabase) -> Iterator[httpx.Client]:
    """A client with the administrators' key."""
    with httpx.Client(base_url=metabase.url, headers={"X-API-KEY": metabase.api_key}, timeout=30) as client:
        yield client


@pytest.fixture
def connected(metabase: LocalMetabase, client: httpx.Client, warehouse: Warehouse) -> Json:
    """The metadata of the warehouse, once the stand-in has synced it."""
    body = {"name": "DTX", "engine": "postgres", "details": warehouse.details}
    created = post(client, "/api/database", body)
    metabase.wait()
    return get(client, f"/api/database/{created['id']}/metadata")
