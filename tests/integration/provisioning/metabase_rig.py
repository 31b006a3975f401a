"""A stand-in Metabase, reporting tables, a catalogue of reports, and the real roles on a real PostgreSQL."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from catalogue_tables import CATALOGUE_DDL, children, insert
from metabase_catalogue import CATALOGUE, FORMATS
from publish_manifest import manifest, model_node
from pydantic import SecretStr

from loaders.database import connect
from loaders.metabase.catalogue import Catalogue
from loaders.metabase.client import Metabase
from loaders.metabase.command import run_apply, run_plan
from loaders.metabase.diff import Change, Choices
from loaders.settings import Settings
from loaders.setup.commands import run_setup
from sandbox.metabase.server import LocalMetabase
from sandbox.servers.postgres import OWNER, REPORTING, TRANSFORM, Postgres

REPORTING_DDL = """
create table reporting.rpt_account_master (account_id integer, account_name text, expires_on date, balance numeric);
create table reporting.rpt_record_compliance (record_id bigint, account_id integer, status text);
insert into reporting.rpt_account_master values (17, 'Acme', '2027-01-31', 12.5), (18, 'Birch', null, 0);
insert into reporting.rpt_record_compliance values (1, 17, 'compliant'), (2, 18, 'expired');
"""


def node(name: str, columns: dict[str, str]) -> dict[str, Any]:
    """A reporting model's node with what dbt-metabase reads; `columns` is name to description."""
    model = model_node(name, "reporting", dict.fromkeys(columns, "text"), {})
    described = {column: {"name": column, "description": text, "meta": {}} for column, text in columns.items()}
    return {
        **model,
        "database": "dtx2",
        "description": f"About {name}.",
        "meta": {},
        "config": {**model["config"], "materialized": "table"},
        "columns": described,
    }


def relationship(child: str, column: str, parent: str) -> dict[str, Any]:
    """The node of a test that a child's column holds keys of its parent's column of the same name."""
    return {
        "unique_id": f"test.dtx.{child}_{column}",
        "name": f"relationships_{child}_{column}",
        "resource_type": "test",
        "schema": "tests",
        "column_name": column,
        "config": {},
        "created_at": 1000.0,
        "test_metadata": {"name": "relationships", "kwargs": {"field": column}},
        "refs": [{"name": parent}, {"name": child}],
        "depends_on": {"nodes": [f"model.dtx.{parent}", f"model.dtx.{child}"]},
    }


def reporting_manifest(account_name: str = "The Account's name.") -> dict[str, Any]:
    """A manifest of both reporting models, one with a foreign key to the other."""
    link = relationship("rpt_record_compliance", "account_id", "rpt_account_master")
    document = manifest(
        node("rpt_account_master", {"account_id": "Its key.", "account_name": account_name}),
        node("rpt_record_compliance", {"record_id": "Its key.", "account_id": "Whose Record."}),
        link,
    )
    children = {key: [] for key in document["nodes"]}
    children["model.dtx.rpt_record_compliance"] = [link["unique_id"]]
    return {**document, "sources": {}, "child_map": children}


@dataclass
class MetabaseRig:
    """A Metabase and a target database."""

    settings: Settings
    server: LocalMetabase
    postgres: Postgres
    manifest: Path

    def plan(self, **choices: bool) -> list[Change]:
        """What `plan` returns, less what is to be left as it is."""
        return acting(run_plan(self.settings, self.manifest, Choices(**choices), as_json=True))

    def apply(self, **choices: bool) -> list[Change]:
        """As `plan`, of `apply`."""
        return acting(run_apply(self.settings, self.manifest, Choices(**choices), as_json=True))

    def check(self) -> list[Change]:
        """What was edited by hand."""
        return run_plan(self.settings, self.manifest, Choices(), as_json=True, only_edits=True)

    def connect(self) -> psycopg.Connection:
        """The superuser's connection."""
        return self.postgres.connect(self.settings.target_database, autocommit=True)

    def use_catalogue(self, catalogue: Catalogue) -> None:
        """Build the catalogue's tables, as the transform role."""
        with connect(self.settings, "transform") as connection:
            connection.execute("set client_min_messages = warning")
            connection.execute(CATALOGUE_DDL)
            for name, rows in (
                ("collection", catalogue.collections),
                ("question", catalogue.questions),
                ("dashboard", catalogue.dashboards),
                ("schedule", catalogue.schedules),
                ("subscription", catalogue.subscriptions),
            ):
                insert(connection, name, rows)
            insert(connection, "question_column", children(catalogue.questions, "question_key", "columns"))
            insert(connection, "dashboard_card", children(catalogue.dashboards, "dashboard_key", "cards"))

    def use_manifest(self, document: dict[str, Any]) -> None:
        """Write dbt's manifest."""
        self.manifest.write_text(json.dumps(document), encoding="utf-8")

    def card(self, key: str = "[report:1]") -> dict[str, Any]:
        """The stand-in's card whose description ends with this key."""
        (card,) = (each for each in self.server.store.all("card") if str(each["description"]).endswith(key))
        return card

    def counts(self) -> Counter[str]:
        """How many objects of each kind there are."""
        kinds = ("database", "group", "card", "dashboard", "dashcard", "pulse")
        return Counter({kind: len(self.server.store.all(kind)) for kind in kinds}, collection=len(self.collections()))

    def collections(self) -> list[int]:
        """The numbers of the stand-in's collections, less its trash and the personal ones."""
        return [
            each["id"]
            for each in self.server.store.all("collection")
            if each.get("type") != "trash" and each["personal_owner_id"] is None
        ]


def acting(changes: Iterable[Change]) -> list[Change]:
    return [change for change in changes if change.action != "leave"]


TEMPLATE = "metabase_template"
# What the first apply leaves, with the groups that Metabase has anyway.
CREATED = {"database": 1, "group": 5, "collection": 3, "card": 3, "dashboard": 1, "dashcard": 1, "pulse": 1}
_numbers = itertools.count(1)


def target(postgres: Postgres, database: str) -> Settings:
    """Settings of a target database alone: Metabase has nothing to do with DTX 1.0 and files."""
    return postgres.settings(database, reporting_user=REPORTING, reporting_password=postgres.role_password)


def make_template(postgres: Postgres, folder: Path) -> None:
    """A database that is set up and has reporting tables, seeds and a catalogue."""
    postgres.create_database(TEMPLATE)
    settings = target(postgres, TEMPLATE)
    rig = MetabaseRig(settings, None, postgres, folder / "manifest.json")  # type: ignore[arg-type]
    rig.use_manifest(reporting_manifest())
    with rig.connect() as superuser:
        superuser.execute(f"grant create on database {TEMPLATE} to {TRANSFORM}, {OWNER}")
    run_setup(settings, rig.manifest)
    with connect(settings, "transform") as connection:
        connection.execute(
            "create table migration_seeds.decisions (decision_id text, subject text, options text, "
            "refused_options text, chosen text, status text, decided_by text, decided_on date, text text)"
        )
        connection.execute(
            "insert into migration_seeds.decisions (decision_id, subject, options, chosen, status) "
            "values ('D12-1', 'reporting', 'build|metabase', 'metabase', 'decided')"
        )
        connection.execute("create table migration_seeds.display_formats (display_format text, metabase_settings text)")
        for name, shown in FORMATS.items():
            connection.execute("insert into migration_seeds.display_formats values (%s, %s)", [name, json.dumps(shown)])
        connection.execute(REPORTING_DDL)
    rig.use_catalogue(CATALOGUE)


@contextmanager
def make_rig(server: LocalMetabase, postgres: Postgres, folder: Path) -> Iterator[MetabaseRig]:
    """A copy of the template, and an empty Metabase."""
    name = f"metabase_{next(_numbers)}"
    postgres.create_database(name, template=TEMPLATE)
    settings = target(postgres, name).model_copy(
        update={"metabase_url": server.url, "metabase_api_key": SecretStr(server.api_key)}
    )
    rig = MetabaseRig(settings, server, postgres, folder / "manifest.json")
    rig.use_manifest(reporting_manifest())
    with rig.connect() as superuser:
        superuser.execute(f"grant create on database {name} to {TRANSFORM}")
    yield rig
    postgres.drop_database(name)


def actions(changes: list[Change]) -> dict[str, str]:
    return {change.key: change.action for change in changes}


def edit(rig: MetabaseRig, path: str, **body: Any) -> None:
    """What a person does in Metabase."""
    with Metabase(rig.server.url, rig.server.api_key) as person:
        person.put(path, body)
    rig.server.forget()
