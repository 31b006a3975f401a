"""What the tests of the stand-in share: requests in a line, and names in metadata."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx
import psycopg

from sandbox.servers.postgres import Postgres

Json = Any


@dataclass(frozen=True)
class Warehouse:
    """A database with reporting views, and the details that Metabase connects with."""

    name: str
    details: dict[str, Json]
    postgres: Postgres

    def execute(self, statements: str) -> None:
        """Run statements as the superuser."""
        with psycopg.connect(
            host=self.postgres.host,
            port=self.postgres.port,
            dbname=self.name,
            user=self.postgres.user,
            password=self.postgres.password,
            autocommit=True,
        ) as connection:
            connection.execute(statements)


def post(client: httpx.Client, path: str, body: Json = None) -> Json:
    """The answer's body; fails on an error."""
    return client.post(path, json=body).raise_for_status().json()


def put(client: httpx.Client, path: str, body: Json) -> Json:
    """The answer's body; fails on an error."""
    return client.put(path, json=body).raise_for_status().json()


def get(client: httpx.Client, path: str, **query: Json) -> Json:
    """The answer's body; fails on an error."""
    return client.get(path, params=query).raise_for_status().json()


def table(metadata: Json, name: str) -> Json:
    """A table of a database's metadata."""
    return next(each for each in metadata["tables"] if each["name"] == name)


def field_id(metadata: Json, table_name: str, name: str) -> int:
    """The number of a field of a database's metadata."""
    return int(next(each["id"] for each in table(metadata, table_name)["fields"] if each["name"] == name))


def mbql(metadata: Json, **clauses: Json) -> Json:
    """An MBQL 4 query of the Records; `order_by` is its order-by."""
    renamed = {name.replace("_", "-"): clause for name, clause in clauses.items()}
    return {
        "type": "query",
        "database": metadata["id"],
        "query": {"source-table": table(metadata, "rpt_record")["id"], **renamed},
    }


def native(metadata: Json, statement: str, tags: Json = None) -> Json:
    """A query in SQL."""
    return {
        "type": "native",
        "database": metadata["id"],
        "native": {"query": statement, **({"template-tags": tags} if tags else {})},
    }


def question(client: httpx.Client, query: Json, **more: Json) -> Json:
    """A new card."""
    body = {"name": "Q", "dataset_query": query, "display": "table", "visualization_settings": {}, **more}
    return post(client, "/api/card", body)


def run(client: httpx.Client, card: Json, **body: Json) -> Json:
    """A card's result; the status is 202 whatever became of it."""
    answer = client.post(f"/api/card/{card['id']}/query", json=body)
    assert answer.status_code == 202
    return answer.json()


def rows(client: httpx.Client, card: Json, **body: Json) -> Json:
    """A card's rows; fails unless it completed."""
    result = run(client, card, **body)
    assert result["status"] == "completed", result
    return result["data"]["rows"]
